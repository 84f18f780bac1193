//! Fields that a scene makes of data files beside it. Files are found as imports are; what was read of one is kept for as
//! long as a scene holds it, so that a text read again, as at each key in an editor, does not read its data again.

use super::draft::Draft;
use super::script::worked;
use super::statements::{constant, constant_corner};
use super::words::made;
use super::{Home, Origin};
use crate::error::{Error, Result};
use crate::learn::Network;
use crate::mesh::{Distance, Mesh, PointCloud, PointSurface};
use crate::shape::grid::{GridSamples, Interpolation, SplineKernel, check_box, placed, usual_box};
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

/// The most bytes of mesh files that a scene may read, of all together.
const MAX_MESH_BYTES: u64 = 1 << 28;

/// The most bytes of files of points that a scene may read, of all together.
const MAX_POINT_BYTES: u64 = 1 << 27;

/// The most bytes of networks that a scene may read, of all together.
const MAX_NETWORK_BYTES: u64 = 1 << 26;

/// The data files that a scene has read.
pub(super) struct Data {
    origin: Origin,
    grids: HashMap<(PathBuf, Interpolation), Arc<SplineKernel>>,
    samples: usize,
    meshes: HashMap<PathBuf, Arc<Distance>>,
    mesh_bytes: u64,
    networks: HashMap<PathBuf, Arc<Network>>,
    network_bytes: u64,
    /// By the radius too, as bits.
    surfaces: HashMap<(PathBuf, Option<u64>), Arc<PointSurface>>,
    point_bytes: u64,
    /// How long the script's thread was busy with files, which is not the script's own work.
    pub(super) worked: Duration,
}

/// A file as it is now: where it is, how long, and when it was last written.
#[derive(Clone, Debug, PartialEq)]
struct FileState {
    path: PathBuf,
    length: u64,
    modified: SystemTime,
    /// How a grid's samples are interpolated.
    interpolation: Option<Interpolation>,
    /// The radius that points are smoothed over, as bits.
    radius: Option<u64>,
}

/// What scenes hold of files, each with the state its file had.
struct Held<T>(Mutex<Vec<(FileState, Weak<T>)>>);

static GRIDS: Held<SplineKernel> = Held(Mutex::new(Vec::new()));
static MESHES: Held<Distance> = Held(Mutex::new(Vec::new()));
static NETWORKS: Held<Network> = Held(Mutex::new(Vec::new()));
static SURFACES: Held<PointSurface> = Held(Mutex::new(Vec::new()));

impl FileState {
    /// Nothing where the file is not there, or when it was written is not known.
    fn of(path: &Path, interpolation: Option<Interpolation>) -> Option<FileState> {
        let about = std::fs::metadata(path).ok()?;
        let (length, modified) = (about.len(), about.modified().ok()?);
        Some(FileState { path: path.into(), length, modified, interpolation, radius: None })
    }

    /// The same file as it is now.
    fn again(&self) -> Option<FileState> {
        Some(FileState { radius: self.radius, ..FileState::of(&self.path, self.interpolation)? })
    }
}

impl<T> Held<T> {
    fn get(&self, state: &FileState) -> Option<Arc<T>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().find(|(own, _)| own == state).and_then(|(_, made)| made.upgrade())
    }

    /// Keeps what was made of a file, unless the file was written meanwhile and may be another than was read.
    fn hold(&self, state: Option<FileState>, made: &Arc<T>) {
        let now = state.as_ref().and_then(FileState::again);
        let Some(state) = state.filter(|state| now.as_ref() == Some(state)) else { return };
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(own, made)| made.strong_count() > 0 && *own != state);
        held.push((state, Arc::downgrade(made)));
    }
}

impl Data {
    pub(super) fn new(origin: &Origin) -> Data {
        Data {
            origin: origin.clone(),
            grids: HashMap::new(),
            samples: 0,
            meshes: HashMap::new(),
            mesh_bytes: 0,
            networks: HashMap::new(),
            network_bytes: 0,
            surfaces: HashMap::new(),
            point_bytes: 0,
            worked: Duration::ZERO,
        }
    }

    /// The identities of all that was read: what a scene is of besides its texts.
    pub(super) fn identities(&self) -> Vec<String> {
        let grids = self.grids.values().map(|grid| grid.content());
        let meshes = self.meshes.values().map(|mesh| mesh.content());
        let networks = self.networks.values().map(|network| network.identity());
        let surfaces = self.surfaces.values().map(|surface| surface.content());
        let all = grids.chain(meshes).chain(networks).chain(surfaces);
        let mut all: Vec<String> = all.map(|content| format!("{content:?}")).collect();
        all.sort();
        all
    }

    /// What messages call a file, and where it is.
    fn located(&self, asker: &str, path: &str, ending: &str) -> Result<(String, PathBuf), String> {
        let (shown, found) = self.origin.locate(asker, path, "read", ending)?;
        let found = found.filter(|_| matches!(self.origin.home, Home::Folder(_))); // the gallery has no data
        let found = found.ok_or_else(|| format!("there is no file {shown} to read"))?;
        Ok((shown, found))
    }

    fn check_count(&self) -> Result<(), String> {
        let count = self.grids.len() + self.meshes.len() + self.networks.len() + self.surfaces.len();
        match count < MAX_FILES {
            true => Ok(()),
            false => Err(format!("a scene reads at most {MAX_FILES} data files")),
        }
    }

    /// The distance to the mesh of a file. `asker` is the script that names it.
    fn mesh(&mut self, asker: &str, path: &str) -> Result<Arc<Distance>, String> {
        let (shown, found) = self.located(asker, path, "obj")?;
        if let Some(mesh) = self.meshes.get(&found) {
            return Ok(mesh.clone());
        }
        self.check_count()?;
        let start = worked();
        let state = FileState::of(&found, None);
        let (length, most) =
            (state.as_ref().map_or(0, |state| state.length), MAX_MESH_BYTES - self.mesh_bytes);
        let held = state.as_ref().filter(|_| length <= most).and_then(|state| MESHES.get(state));
        let read = || -> Result<Arc<Distance>> {
            let mesh = Mesh::from_file_of(&found, &shown, most)?;
            task::check()?;
            let distance = Arc::new(Distance::of(&mesh)?);
            task::check()?; // what was given up is not whole
            Ok(distance)
        };
        let mesh = held.map_or_else(read, Ok).map_err(|error| error.to_string());
        self.worked += worked().saturating_sub(start);
        let mesh = mesh?;
        MESHES.hold(state, &mesh);
        self.mesh_bytes += length;
        self.meshes.insert(found, mesh.clone());
        Ok(mesh)
    }

    /// The network of a file. `asker` is the script that names it.
    fn network(&mut self, asker: &str, path: &str) -> Result<Arc<Network>, String> {
        let (shown, found) = self.located(asker, path, "safetensors")?;
        if let Some(network) = self.networks.get(&found) {
            return Ok(network.clone());
        }
        self.check_count()?;
        let start = worked();
        let state = FileState::of(&found, None);
        let (length, most) =
            (state.as_ref().map_or(0, |state| state.length), MAX_NETWORK_BYTES - self.network_bytes);
        let held = state.as_ref().filter(|_| length <= most).and_then(|state| NETWORKS.get(state));
        let read = || Ok(Arc::new(Network::read_at_most(&found, &shown, most)?));
        let network = held.map_or_else(read, Ok).map_err(|error: crate::error::Error| error.to_string());
        self.worked += worked().saturating_sub(start);
        let network = network?;
        NETWORKS.hold(state, &network);
        self.network_bytes += length;
        self.networks.insert(found, network.clone());
        Ok(network)
    }

    /// The surface through the points of a file. `asker` is the script that names it.
    fn points(&mut self, asker: &str, path: &str, radius: Option<f64>) -> Result<Arc<PointSurface>, String> {
        let (shown, found) = self.located(asker, path, "ply")?;
        let key = (found, radius.map(f64::to_bits));
        if let Some(surface) = self.surfaces.get(&key) {
            return Ok(surface.clone());
        }
        self.check_count()?;
        let start = worked();
        let state = FileState::of(&key.0, None).map(|state| FileState { radius: key.1, ..state });
        let length = state.as_ref().map_or(0, |state| state.length);
        if length > MAX_POINT_BYTES - self.point_bytes {
            return Err(format!(
                "{shown} is too large: a scene reads at most {MAX_POINT_BYTES} bytes of points"
            ));
        }
        let read = || -> Result<Arc<PointSurface>> {
            let cloud = PointCloud::from_file_as(&key.0, &shown)?;
            task::check()?;
            let surface = match radius {
                Some(radius) => PointSurface::smoothed(&cloud, radius),
                None => PointSurface::of(&cloud),
            };
            let surface = surface.map_err(|error| Error::Input(format!("{shown}: {error}")))?;
            task::check()?; // what was given up is not whole
            Ok(Arc::new(surface))
        };
        let held = state.as_ref().and_then(|state| SURFACES.get(state));
        let surface = held.map_or_else(read, Ok).map_err(|error| error.to_string());
        self.worked += worked().saturating_sub(start);
        let surface = surface?;
        SURFACES.hold(state, &surface);
        self.point_bytes += length;
        self.surfaces.insert(key, surface.clone());
        Ok(surface)
    }

    /// The grid of a file. `asker` is the script that names it.
    fn grid(
        &mut self,
        asker: &str,
        path: &str,
        interpolation: Interpolation,
    ) -> Result<Arc<SplineKernel>, String> {
        let (shown, found) = self.located(asker, path, "npy")?;
        let key = (found, interpolation);
        if let Some(grid) = self.grids.get(&key) {
            return Ok(grid.clone());
        }
        self.check_count()?;
        let start = worked();
        let grid = read(&key.0, &shown, interpolation, MAX_SAMPLES - self.samples);
        self.worked += worked().saturating_sub(start);
        let grid = grid?;
        self.samples += grid.counts().iter().product::<usize>();
        self.grids.insert(key, grid.clone());
        Ok(grid)
    }
}

fn read(
    path: &Path,
    shown: &str,
    interpolation: Interpolation,
    most: usize,
) -> Result<Arc<SplineKernel>, String> {
    let state = FileState::of(path, Some(interpolation));
    let held = state.as_ref().and_then(|state| GRIDS.get(state));
    if let Some(grid) = held.filter(|grid| grid.counts().iter().product::<usize>() <= most) {
        return Ok(grid);
    }
    let samples = GridSamples::read_at_most(path, shown, most).map_err(|error| error.to_string())?;
    let grid = Arc::new(SplineKernel::of(&samples, interpolation));
    task::check().map_err(|error| error.to_string())?; // what was given up is not whole
    GRIDS.hold(state, &grid);
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

/// `mesh(file)`.
pub(super) fn mesh(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let [file] = &given[..] else { return Err("mesh needs a file".into()) };
    let path = String::from(file.clone());
    let asker = draft.place.file.clone();
    let distance = draft.data.mesh(&asker, &path).map_err(|problem| format!("mesh: {problem}"))?;
    let field = Call::new("mesh", draft.place.clone()).finish(Distance::field_of(distance));
    made(draft, field)
}

/// `points(file)`, `points(file, radius)`.
pub(super) fn points(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let [file, radius @ ..] = &given[..] else { return Err("points needs a file".into()) };
    let radius = match radius.first() {
        Some(radius) => Some(constant("points: the radius", radius)?),
        None => None,
    };
    let path = String::from(file.clone());
    let asker = draft.place.file.clone();
    let surface = draft.data.points(&asker, &path, radius).map_err(|problem| format!("points: {problem}"))?;
    let field = Call::new("points", draft.place.clone()).finish(PointSurface::field_of(surface));
    made(draft, field)
}

/// `neural(file)`.
pub(super) fn neural(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let [file] = &given[..] else { return Err("neural needs a file".into()) };
    let path = String::from(file.clone());
    let asker = draft.place.file.clone();
    let network = draft.data.network(&asker, &path).map_err(|problem| format!("neural: {problem}"))?;
    let field = Call::new("neural", draft.place.clone()).finish(network.field());
    made(draft, field)
}
