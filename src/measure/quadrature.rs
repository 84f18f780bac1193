//! How large a solid is, and how its mass lies: volume, area, centroid, inertia, each with an error bound. Uses tapes.

use super::bounds::Bounds;
use super::cell::{Cell, Survey, look_at};
use super::clip::{Moments, PAIRS};
use super::looker::Looker;
use super::unusable;
use crate::error::{Error, Result};
use crate::field::Field;
use crate::tape::Tape;
use rayon::prelude::*;
use std::sync::Arc;

/// A number and how far the truth may be from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The best guess.
    pub value: f64,
    /// The truth is within this of it.
    pub error: f64,
}

impl Estimate {
    /// Whether the bound allows for the number.
    pub fn allows(&self, truth: f64) -> bool {
        (self.value - truth).abs() <= self.error
    }
}

/// What a solid of density 1 measures at one time.
///
/// The errors of volume, centroid and inertia are rigorous: intervals bound the part of every cell that is inside.
/// That of the area is rigorous where some component of ∇f keeps its sign over each cell that the surface meets, as it
/// does near a smooth surface once cells are small. In the cells left over (at edges and corners, or where that component
/// may almost vanish) the area is taken to be at most the sum of three faces of the cell: true of a piece of surface that
/// each of the cell's lines along the axes meets at most once, not of one that is rougher than the cells. The bound on the
/// area shrinks with the size of the cells, those of the others with its square: the area itself is commonly far better than
/// its bound says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// The volume.
    pub volume: Estimate,
    /// The area of the surface.
    pub area: Estimate,
    /// The centre of mass. At 0 with an infinite error where the volume may be 0.
    pub centroid: [Estimate; 3],
    /// The inertia about the centroid, ∫(|x|² I − x xᵀ).
    pub inertia: [[Estimate; 3]; 3],
}

/// The most cells that are kept.
const CELLS: usize = 600_000;
/// The work of a cell besides its tape's when it is split, in lines of tapes.
const CELL_COST: usize = 200;
/// What rounding may add to every sum, in parts of the whole box's.
const ROUNDING: f64 = 1e-12;

/// Which error is to fall below the tolerance.
#[derive(Clone, Copy, PartialEq)]
enum Goal {
    Volume,
    Area,
}

/// # Volume and area
impl Field {
    /// Volume, area, centroid and inertia of the solid {f ≤ 0} within `bounds` (its own, if not given) at a time.
    ///
    /// Cells are split until the error of the volume is below `tolerance`, in parts of the volume, or 600,000 cells
    /// are reached: the result says what was attained. With bounds that cut the solid, the cut is not counted as area.
    #[track_caller]
    pub fn measures(&self, bounds: Option<Bounds>, t: f64, tolerance: f64) -> Result<Measures> {
        self.tape()?.measures(bounds, t, tolerance)
    }

    /// The volume at a time, to a relative tolerance: see [`Field::measures`].
    #[track_caller]
    pub fn volume(&self, t: f64, tolerance: f64) -> Result<Estimate> {
        Ok(measure(&self.tape()?, None, t, VolumeEffort::to(tolerance), Goal::Volume)?.volume)
    }

    /// The area at a time, to a relative tolerance. See [`Field::measures`], and there what its error means: below a
    /// tolerance of about 0.01 the cells run out.
    #[track_caller]
    pub fn area(&self, t: f64, tolerance: f64) -> Result<Estimate> {
        Ok(measure(&self.tape()?, None, t, VolumeEffort::to(tolerance), Goal::Area)?.area)
    }
}

impl Tape {
    /// What [`Field::measures`] says of a field's tape, its parameters at the tape's values.
    #[track_caller]
    pub fn measures(&self, bounds: Option<Bounds>, t: f64, tolerance: f64) -> Result<Measures> {
        measure(self, bounds, t, VolumeEffort::to(tolerance), Goal::Volume)
    }

    /// The same, to the tolerance or after so much work, in lines of tapes for each cell that is split.
    pub(crate) fn measures_within(
        &self,
        bounds: Option<Bounds>,
        t: f64,
        tolerance: f64,
        work: usize,
    ) -> Result<Measures> {
        measure(self, bounds, t, VolumeEffort { tolerance, work }, Goal::Volume)
    }
}

/// When cells are split no more, short of there being too many.
#[derive(Clone, Copy)]
struct VolumeEffort {
    /// Which part of the volume its error is.
    tolerance: f64,
    /// How much work is done, in lines of tapes for each cell that is split.
    work: usize,
}

impl VolumeEffort {
    fn to(tolerance: f64) -> VolumeEffort {
        VolumeEffort { tolerance, work: usize::MAX }
    }
}

#[track_caller]
fn measure(
    tape: &Tape,
    bounds: Option<Bounds>,
    t: f64,
    effort: VolumeEffort,
    goal: Goal,
) -> Result<Measures> {
    let VolumeEffort { tolerance, mut work } = effort;
    if !(tolerance > 0.0 && t.is_finite()) {
        return Err(unusable("measures", "tolerance", format!("{tolerance} at t = {t} is of no use")));
    }
    let tape = Arc::new(tape.fixed([None, None, None, Some(t)]));
    let bounds = match bounds {
        Some(bounds) => bounds,
        None => match tape.bounds((t, t))? {
            Some(bounds) => bounds.grown(1e-9 * bounds.longest()),
            None => return Ok(CertainPart::new([0.0; 3], 0.0).measures(&[])),
        },
    };
    if !(0..3)
        .all(|i| bounds.min[i] <= bounds.max[i] && bounds.min[i].is_finite() && bounds.max[i].is_finite())
    {
        return Err(unusable("measures", "bounds", format!("{bounds:?} is not a box")));
    }
    let mut sum = CertainPart::new(bounds.center(), bounds.longest());
    let mut looker = Looker::default();
    let mut survey = look_at(&mut looker, &tape, &[[bounds.min, bounds.max]], t);
    let mut cells = std::mem::take(&mut survey.crossed);
    sum.add_inside(&survey);
    loop {
        let error = |cell: &Cell| match goal {
            Goal::Volume => 0.5 * cell.open,
            Goal::Area => cell.area.error,
        };
        let total: f64 = cells.iter().map(error).sum();
        let value = match goal {
            Goal::Volume => sum.moments.volume + cells.iter().map(|cell| cell.inside.volume).sum::<f64>(),
            Goal::Area => cells.iter().map(|cell| cell.area.value).sum::<f64>(),
        };
        // What cannot be told from nothing is measured against the box.
        let scale = match goal {
            Goal::Volume => value.max(1e-9 * bounds.size().iter().product::<f64>()),
            Goal::Area => value.max(1e-9 * bounds.longest().powi(2)),
        };
        let excess = total - tolerance * scale;
        if excess <= 0.0 || cells.len() >= CELLS {
            break;
        }
        // The cells with the largest errors are split: those that hold the excess, and a little more.
        let mut order: Vec<(f64, usize)> = cells.iter().map(error).zip(0..).collect();
        order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut held = 0.0;
        let largest = order.into_iter().take((CELLS - cells.len()) / 16 + 1);
        let chosen = largest.take_while(|&(error, i)| {
            let cost = cells[i].tape.cost() + CELL_COST;
            let goes_on = held < 1.2 * excess && cost <= work;
            held += error;
            work = if goes_on { work - cost } else { work };
            goes_on
        });
        let mut split: Vec<usize> = chosen.map(|(_, i)| i).filter(|&i| cells[i].is_splittable()).collect();
        if split.is_empty() {
            break; // cells as small as rounding allows
        }
        split.sort_unstable();
        let look = |looker: &mut Looker, &i: &usize| look_at(looker, &cells[i].tape, &cells[i].children(), t);
        let found: Vec<Survey> = split.par_iter().with_min_len(4).map_init(Looker::default, look).collect();
        // A cell's first child takes its place; where all are settled the last cell does.
        let mut settled = Vec::new();
        for (i, mut survey) in split.into_iter().zip(found) {
            sum.add_inside(&survey);
            match survey.crossed.pop() {
                Some(child) => cells[i] = child,
                None => settled.push(i),
            }
            cells.append(&mut survey.crossed);
        }
        for i in settled.into_iter().rev() {
            cells.swap_remove(i);
        }
    }
    if !cells.iter().all(|cell| cell.open.is_finite()) {
        return Err(Error::Undefined("the field is not a number within the bounds".into()));
    }
    Ok(sum.measures(&cells))
}

/// What is certain, summed about a point near the solid.
struct CertainPart {
    about: [f64; 3],
    scale: f64,
    moments: Moments,
}

impl CertainPart {
    fn new(about: [f64; 3], scale: f64) -> CertainPart {
        CertainPart { about, scale, moments: Moments::default() }
    }

    fn add_inside(&mut self, survey: &Survey) {
        for corners in survey.inside.iter() {
            let [low, high] = corners.map(|corner| [0, 1, 2].map(|i| corner[i] - self.about[i]));
            self.moments += Moments::of_box(low, high);
        }
    }

    /// With the cells that are not certain. The volume inside is halfway between its bounds, so that half of what is
    /// open is its error; a moment is that of some part between the same bounds, so that it may be wrong by all of
    /// what is open, times the most that the summed quantity is in the cell.
    fn measures(mut self, cells: &[Cell]) -> Measures {
        let whole = self.scale.powi(3) * ROUNDING;
        let mut error = Moments {
            volume: whole,
            first: [whole * self.scale; 3],
            second: [whole * self.scale * self.scale; 6],
        };
        let mut area = Estimate { value: 0.0, error: self.scale.powi(2) * ROUNDING };
        for cell in cells {
            let middle = [0, 1, 2].map(|i| 0.5 * (cell.low[i] + cell.high[i]) - self.about[i]);
            let far = [0, 1, 2].map(|i| middle[i].abs() + 0.5 * (cell.high[i] - cell.low[i]));
            self.moments += cell.inside.moved(middle);
            error += Moments {
                volume: 0.5 * cell.open,
                first: far.map(|v| cell.open * v),
                second: PAIRS.map(|(i, j)| cell.open * far[i] * far[j]),
            };
            area.value += cell.area.value;
            area.error += cell.area.error;
        }
        let moments = self.moments;
        let volume = Estimate { value: moments.volume, error: error.volume };
        let least = volume.value - volume.error;
        if least <= 0.0 {
            let unknown = Estimate { value: 0.0, error: f64::INFINITY };
            return Measures { volume, area, centroid: [unknown; 3], inertia: [[unknown; 3]; 3] };
        }
        // first/volume, and how far a quotient of two uncertain numbers may be off.
        let offset = moments.first.map(|first| first / volume.value);
        let slack = [0, 1, 2].map(|i| (error.first[i] + offset[i].abs() * volume.error) / least);
        let centroid = [0, 1, 2].map(|i| Estimate { value: self.about[i] + offset[i], error: slack[i] });
        // About the centroid: ∫xy − first·first/volume, with the errors of each.
        let central = PAIRS.map(|(i, j)| {
            let n = PAIRS.iter().position(|&pair| pair == (i, j)).unwrap_or(0);
            let value = moments.second[n] - moments.first[i] * offset[j];
            let product = error.first[i] * (offset[j].abs() + slack[j]) + moments.first[i].abs() * slack[j];
            Estimate { value, error: error.second[n] + product }
        });
        let [xx, yy, zz, xy, yz, zx] = central;
        let sum = |a: Estimate, b: Estimate| Estimate { value: a.value + b.value, error: a.error + b.error };
        let less = |a: Estimate| Estimate { value: -a.value, ..a };
        let inertia = [
            [sum(yy, zz), less(xy), less(zx)],
            [less(xy), sum(zz, xx), less(yz)],
            [less(zx), less(yz), sum(xx, yy)],
        ];
        Measures { volume, area, centroid, inertia }
    }
}

impl Measures {
    /// The inertia's values, as a matrix.
    pub fn inertia_matrix(&self) -> nalgebra::Matrix3<f64> {
        nalgebra::Matrix3::from_fn(|i, j| self.inertia[i][j].value)
    }
}
