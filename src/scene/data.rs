//! Fields that a scene makes of data files beside it. Files are found as imports are; what was read of one is kept for as
//! long as a scene holds it, so that a text read again, as at each key in an editor, does not read its data again.

use super::draft::Draft;
use super::script::worked;
use super::statements::constant_corner;
use super::words::made;
use super::{Home, Origin};
use crate::error::Result;
use crate::shape::grid::{Grid, GridSamples, Interpolation, check_box, placed, usual_box};
use crate::shape::{Argument, Call};
use crate::task;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

/// The most samples that a scene may read, of all its files together.
pub(crate) const MAX_SAMPLES: usize = 1 << 26;
/// The most data files of a scene, one counted for each way it is read.
pub(super) const MAX_FILES: usize = 64;

/// The data files that a scene has read.
pub(super) struct Data {
    origin: Origin,
    grids: HashMap<(PathBuf, Interpolation), Arc<Grid>>,
    samples: usize,
    /// How long the script's thread was busy with files, which is not the script's own work.
    pub(super) worked: Duration,
}

/// A file as it is now: where it is, how long, and when it was last written.
#[derive(Clone, Debug, PartialEq)]
struct State {
    path: PathBuf,
    length: u64,
    modified: SystemTime,
    interpolation: Interpolation,
}

/// The grids that scenes hold, each with the state its file had.
static HELD: Mutex<Vec<(State, Weak<Grid>)>> = Mutex::new(Vec::new());

impl State {
    /// Nothing where the file is not there, or when it was written is not known.
    fn of(path: &Path, interpolation: Interpolation) -> Option<State> {
        let about = std::fs::metadata(path).ok()?;
        let (length, modified) = (about.len(), about.modified().ok()?);
        Some(State { path: path.into(), length, modified, interpolation })
    }

    fn held(&self) -> Option<Arc<Grid>> {
        let held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().find(|(state, _)| state == self).and_then(|(_, grid)| grid.upgrade())
    }

    fn hold(self, grid: &Arc<Grid>) {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(state, grid)| grid.strong_count() > 0 && *state != self);
        held.push((self, Arc::downgrade(grid)));
    }
}

impl Data {
    pub(super) fn new(origin: &Origin) -> Data {
        Data { origin: origin.clone(), grids: HashMap::new(), samples: 0, worked: Duration::ZERO }
    }

    /// The identities of all that was read: what a scene is of besides its texts.
    pub(super) fn identities(&self) -> Vec<String> {
        let mut all: Vec<String> = self.grids.values().map(|grid| format!("{:?}", grid.content())).collect();
        all.sort();
        all
    }

    /// The grid of a file. `asker` is the script that names it.
    fn grid(&mut self, asker: &str, path: &str, interpolation: Interpolation) -> Result<Arc<Grid>, String> {
        let (shown, found) = self.origin.locate(asker, path, "read", "npy")?;
        let found = found.filter(|_| matches!(self.origin.home, Home::Folder(_))); // the gallery has no data
        let found = found.ok_or_else(|| format!("there is no file {shown} to read"))?;
        let key = (found, interpolation);
        if let Some(grid) = self.grids.get(&key) {
            return Ok(grid.clone());
        }
        if self.grids.len() >= MAX_FILES {
            return Err(format!("a scene reads at most {MAX_FILES} data files"));
        }
        let start = worked();
        let grid = read(&key.0, &shown, interpolation, MAX_SAMPLES - self.samples);
        self.worked += worked().saturating_sub(start);
        let grid = grid?;
        self.samples += grid.counts().iter().product::<usize>();
        self.grids.insert(key, grid.clone());
        Ok(grid)
    }
}

fn read(path: &Path, shown: &str, interpolation: Interpolation, most: usize) -> Result<Arc<Grid>, String> {
    let state = State::of(path, interpolation);
    let held = state.as_ref().and_then(State::held);
    if let Some(grid) = held.filter(|grid| grid.counts().iter().product::<usize>() <= most) {
        return Ok(grid);
    }
    let samples = GridSamples::read_at_most(path, shown, most).map_err(|error| error.to_string())?;
    let grid = Arc::new(Grid::of(&samples, interpolation));
    task::check().map_err(|error| error.to_string())?; // what was given up is not whole
    // A file that was written meanwhile may be another than was read.
    if let Some(state) = state.filter(|state| State::of(path, interpolation).as_ref() == Some(state)) {
        state.hold(&grid);
    }
    Ok(grid)
}

/// `grid(file)`, `grid(file, lower, upper)`, either with a last word for how it is interpolated.
pub(super) fn grid(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let (file, corners, how) = match &given[..] {
        [file, lower, upper, how @ ..] => (file, Some([lower, upper]), how.first()),
        [file, how @ ..] => (file, None, how.first()),
        [] => return Err("grid needs a file".into()),
    };
    let interpolation = match how.map(|how| String::from(how.clone())).as_deref() {
        None | Some("cubic") => Interpolation::Cubic,
        Some("linear") => Interpolation::Linear,
        Some(other) => return Err(format!("grid: how is {other:?}, and must be one of cubic, linear")),
    };
    let path = String::from(file.clone());
    let asker = draft.place.file.clone();
    let grid = draft.data.grid(&asker, &path, interpolation).map_err(|problem| format!("grid: {problem}"))?;
    let counts = grid.counts();
    let [lower, upper] = match corners {
        None => usual_box(counts),
        Some([lower, upper]) => {
            let moves = counts[0] > 1;
            let lower = constant_corner("grid: lower", lower, moves)?;
            let upper = constant_corner("grid: upper", upper, moves)?;
            check_box(counts, lower, upper).map_err(|problem| format!("grid: its box {problem}"))?;
            [lower, upper]
        }
    };
    let field = Call::new("grid", draft.place.clone()).finish(placed(grid, lower, upper));
    made(draft, field)
}
