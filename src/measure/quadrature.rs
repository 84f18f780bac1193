//! How large a solid is, and how its mass lies: volume, area, centroid, inertia, each with an error bound. Uses tapes.

use super::bounds::Bounds;
use super::clip::{Moments, PAIRS, part_of_box, part_of_rectangle, section_of_box, share_of_box};
use super::slope::Slope;
use super::unusable;
use crate::error::{Error, Result};
use crate::field::Field;
use crate::number::{Dual, Interval, Real};
use crate::tape::{Machine, Tape, Tracer};
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
/// does near a smooth surface once cells are small. In the cells left over (at edges and corners) the area is taken to
/// be at most the sum of three faces of the cell: true of a piece of surface that each of the cell's lines along the
/// axes meets at most once, not of one that is rougher than the cells. The bound on the area shrinks with the size of
/// the cells, those of the others with its square: the area itself is commonly far better than its bound says.
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
/// What rounding may add to every sum, in parts of the whole box's.
const ROUNDING: f64 = 1e-12;

/// Which error is to fall below the tolerance.
#[derive(Clone, Copy, PartialEq)]
enum Goal {
    Volume,
    Area,
}

impl Field {
    /// Volume, area, centroid and inertia of the solid {f ≤ 0} within `bounds` (its own, if not given) at a time.
    ///
    /// Cells are split until the error of the volume is below `tolerance`, in parts of the volume, or 600,000 cells
    /// are reached: the result says what was attained. With bounds that cut the solid, the cut is not counted as area.
    #[track_caller]
    pub fn measures(&self, bounds: Option<Bounds>, t: f64, tolerance: f64) -> Result<Measures> {
        measure(self, bounds, t, tolerance, Goal::Volume)
    }

    /// The volume at a time, to a relative tolerance: see [`Field::measures`].
    #[track_caller]
    pub fn volume(&self, t: f64, tolerance: f64) -> Result<Estimate> {
        Ok(measure(self, None, t, tolerance, Goal::Volume)?.volume)
    }

    /// The area at a time, to a relative tolerance. See [`Field::measures`], and there what its error means: below a
    /// tolerance of about 0.01 the cells run out.
    #[track_caller]
    pub fn area(&self, t: f64, tolerance: f64) -> Result<Estimate> {
        Ok(measure(self, None, t, tolerance, Goal::Area)?.area)
    }
}

/// A box that the surface may cross, and what is known of it.
struct Cell {
    low: [f64; 3],
    high: [f64; 3],
    tape: Arc<Tape>,
    /// The part inside, about the cell's own centre: a best guess.
    inside: Moments,
    /// How much of the cell is not known to be inside or outside.
    open: f64,
    area: Estimate,
}

/// What a box turned out to be.
enum Kind {
    Inside([f64; 3], [f64; 3]),
    Outside,
    Crossed(Box<Cell>),
}

#[track_caller]
fn measure(field: &Field, bounds: Option<Bounds>, t: f64, tolerance: f64, goal: Goal) -> Result<Measures> {
    if !(tolerance > 0.0 && t.is_finite()) {
        return Err(unusable(
            "measures",
            "tolerance",
            format!("{tolerance} at t = {t} is of no use"),
        ));
    }
    let tape = Arc::new(field.tape()?);
    let bounds = match bounds {
        Some(bounds) => bounds,
        None => match field.bounds((t, t))? {
            Some(bounds) => bounds.grown(1e-9 * bounds.longest()),
            None => return Ok(Sum::new([0.0; 3], 0.0).measures(&[])),
        },
    };
    if !(0..3)
        .all(|i| bounds.min[i] <= bounds.max[i] && bounds.min[i].is_finite() && bounds.max[i].is_finite())
    {
        return Err(unusable("measures", "bounds", format!("{bounds:?} is not a box")));
    }
    let mut sum = Sum::new(bounds.center(), bounds.longest());
    let mut cells = Vec::new();
    let sort = |kinds: Vec<Kind>, cells: &mut Vec<Cell>, sum: &mut Sum| {
        for kind in kinds {
            match kind {
                Kind::Inside(low, high) => sum.add_box(low, high),
                Kind::Crossed(cell) => cells.push(*cell),
                Kind::Outside => (),
            }
        }
    };
    sort(
        look_at(&tape, vec![(bounds.min, bounds.max)], t),
        &mut cells,
        &mut sum,
    );
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
        let mut order: Vec<usize> = (0..cells.len()).collect();
        order.sort_by(|&a, &b| error(&cells[b]).total_cmp(&error(&cells[a])).then(a.cmp(&b)));
        let mut held = 0.0;
        let most = (CELLS - cells.len()) / 3 + 1;
        let chosen = order.iter().take(most).take_while(|&&i| {
            let go_on = held < 1.2 * excess;
            held += error(&cells[i]);
            go_on
        });
        let mut split = vec![false; cells.len()];
        let mut any = false;
        for &i in chosen {
            split[i] = splittable(&cells[i]);
            any |= split[i];
        }
        if !any {
            break; // cells as small as rounding allows
        }
        let mut keep = split.iter().map(|split| !split);
        let (kept, parents): (Vec<Cell>, Vec<Cell>) =
            cells.into_iter().partition(|_| keep.next() == Some(true));
        let found: Vec<Vec<Kind>> = parents
            .par_iter()
            .with_min_len(16)
            .map(|parent| look_at(&parent.tape, children(parent), t))
            .collect();
        cells = kept;
        sort(found.into_iter().flatten().collect(), &mut cells, &mut sum);
    }
    if !cells.iter().all(|cell| cell.open.is_finite()) {
        return Err(Error::Undefined(
            "the field is not a number within the bounds".into(),
        ));
    }
    Ok(sum.measures(&cells))
}

fn splittable(cell: &Cell) -> bool {
    (0..3).any(|i| cell.high[i] - cell.low[i] > 1e-12 * cell.high[i].abs().max(cell.low[i].abs()))
}

/// The halves of a cell along its longest sides: up to eight.
fn children(of: &Cell) -> Vec<([f64; 3], [f64; 3])> {
    let size = [0, 1, 2].map(|i| of.high[i] - of.low[i]);
    let longest = size.into_iter().fold(0.0, f64::max);
    let mut parts = vec![(of.low, of.high)];
    for axis in (0..3).filter(|&axis| size[axis] > 0.6 * longest) {
        parts = parts
            .into_iter()
            .flat_map(|(low, high)| {
                let middle = 0.5 * (low[axis] + high[axis]);
                let (mut first, mut second) = ((low, high), (low, high));
                first.1[axis] = middle;
                second.0[axis] = middle;
                [first, second]
            })
            .collect();
    }
    parts
}

/// Looks at boxes in which one tape is enough.
fn look_at(tape: &Arc<Tape>, boxes: Vec<([f64; 3], [f64; 3])>, t: f64) -> Vec<Kind> {
    let mut tracer = Tracer::new(tape);
    let mut machine = Machine::<Slope<3>>::new(tape);
    machine.set_time(Slope::coordinate(Dual::fixed(point(t)), 3));
    let look = |(low, high): ([f64; 3], [f64; 3])| {
        let side = [0, 1, 2].map(|i| Interval::new(low[i], high[i]));
        let (outputs, trace) = tracer.over([side[0], side[1], side[2], Interval::point(t)]);
        if outputs[0].lo() > 0.0 {
            return Kind::Outside;
        } else if outputs[0].hi() <= 0.0 {
            return Kind::Inside(low, high);
        }
        let tape = match trace.decided() {
            0 => tape.clone(),
            _ => Arc::new(tape.prune(trace)),
        };
        let coordinate = |i| Slope::coordinate(Dual::variable(side[i], i), i);
        let bound = machine.at_point([0, 1, 2].map(coordinate))[0];
        if !bound.is_bounded() {
            return Kind::Crossed(Box::new(Cell::unknown(low, high, tape)));
        }
        let middle = [0, 1, 2].map(|i| 0.5 * (low[i] + high[i]));
        let value = tracer
            .over([point(middle[0]), point(middle[1]), point(middle[2]), point(t)])
            .0[0];
        let half = [0, 1, 2].map(|i| (high[i] - middle[i]).max(middle[i] - low[i]));
        let spread = [0, 1, 2].map(|i| half[i] * bound.bound.slope[i].largest());
        let spread = (spread[0] + spread[1] + spread[2]) * (1.0 + 1e-14);
        if value.lo() > spread {
            return Kind::Outside;
        } else if value.hi() <= -spread {
            return Kind::Inside(low, high);
        }
        Kind::Crossed(Box::new(Cell::squeezed(
            low,
            high,
            tape,
            value,
            bound.bound.slope,
        )))
    };
    boxes.into_iter().map(look).collect()
}

fn point(value: f64) -> Interval {
    Interval::point(value)
}

impl Cell {
    /// A cell of which nothing is known but that it may be crossed.
    fn unknown(low: [f64; 3], high: [f64; 3], tape: Arc<Tape>) -> Cell {
        let half = [0, 1, 2].map(|i| 0.5 * (high[i] - low[i]));
        let whole = Moments::of_box(half.map(|v| -v), half);
        let faces = 4.0 * (half[0] * half[1] + half[1] * half[2] + half[2] * half[0]);
        Cell {
            low,
            high,
            tape,
            inside: whole * 0.5,
            open: whole.volume,
            area: Estimate {
                value: 0.5 * faces,
                error: 0.5 * faces,
            },
        }
    }

    /// A cell with f = `value` at its centre and slopes within bounds: in each octant about the centre f is between
    /// two linear functions, and the part inside between the two parts that those cut off.
    fn squeezed(
        low: [f64; 3],
        high: [f64; 3],
        tape: Arc<Tape>,
        value: Interval,
        slope: [Interval; 3],
    ) -> Cell {
        let half = [0, 1, 2].map(|i| 0.5 * (high[i] - low[i]));
        let octant_volume = half[0] * half[1] * half[2];
        let (mut least, mut most) = (0.0, 0.0);
        for octant in 0..8 {
            // Outwards from the centre, the slope is this or its opposite.
            let outwards = [0, 1, 2].map(|i| if octant >> i & 1 == 1 { slope[i] } else { -slope[i] });
            let rise = |end: fn(Interval) -> f64| [0, 1, 2].map(|i| half[i] * end(outwards[i]));
            most += octant_volume * share_of_box(value.lo(), rise(Interval::lo));
            least += octant_volume * share_of_box(value.hi(), rise(Interval::hi));
        }
        let open = (most - least).max(0.0);
        // The plane through the middle of the bounds cuts off a part that is between the two as well.
        let low_corner = half.map(|v| -v);
        let mut inside = part_of_box(low_corner, half, value.middle(), slope.map(Interval::middle));
        inside.volume = 0.5 * (least + most);
        let area = area(half, value, slope);
        Cell {
            low,
            high,
            tape,
            inside,
            open,
            area,
        }
    }
}

/// The area of the surface in a cell.
fn area(half: [f64; 3], value: Interval, slope: [Interval; 3]) -> Estimate {
    let guess = section_of_box(
        half.map(|v| -v),
        half,
        value.middle(),
        slope.map(Interval::middle),
    );
    let steady = |k: usize| slope[k].lo() > 0.0 || slope[k].hi() < 0.0;
    // How upright the surface is over the face across k, at worst.
    let tilt = |k: usize| {
        let [a, b] = [(k + 1) % 3, (k + 2) % 3].map(|i| (slope[i] / slope[k]).largest());
        1.0 + a * a + b * b
    };
    let Some(k) = (0..3)
        .filter(|&k| steady(k))
        .min_by(|&a, &b| tilt(a).total_cmp(&tilt(b)))
    else {
        let faces = 4.0 * (half[0] * half[1] + half[1] * half[2] + half[2] * half[0]);
        let value = guess.min(faces);
        return Estimate {
            value,
            error: value.max(faces - value),
        };
    };
    // Along k each line meets the surface once at most: where f has different signs at its two ends.
    let across = [(k + 1) % 3, (k + 2) % 3];
    let ends = [-half[k], half[k]].map(|end| value + slope[k] * Interval::point(end));
    let [start, end] = if slope[k].lo() > 0.0 {
        ends
    } else {
        [ends[1], ends[0]]
    };
    let (mut least, mut most) = (0.0, 0.0);
    let size = across.map(|i| half[i]);
    for quadrant in 0..4 {
        let up = [quadrant & 1 == 1, quadrant & 2 == 2];
        // Outwards from the centre, the slope is this or its opposite.
        let outwards = [0, 1].map(|i| {
            if up[i] {
                slope[across[i]]
            } else {
                -slope[across[i]]
            }
        });
        let (low, high) = (outwards.map(Interval::lo), outwards.map(Interval::hi));
        let part = |value, slope| part_of_rectangle(size, value, slope);
        least += (part(start.hi(), high) - part(end.lo(), low)).max(0.0);
        most += (part(start.lo(), low) - part(end.hi(), high)).max(0.0);
    }
    let ratio = across.map(|i| (slope[i] / slope[k]).square());
    let (low, high) = (
        least * (1.0 + ratio[0].lo() + ratio[1].lo()).sqrt(),
        most * (1.0 + ratio[0].hi() + ratio[1].hi()).sqrt(),
    );
    let value = guess.clamp(low, high.max(low));
    Estimate {
        value,
        error: (value - low).max(high - value),
    }
}

/// What is certain, summed about a point near the solid.
struct Sum {
    about: [f64; 3],
    scale: f64,
    moments: Moments,
}

impl Sum {
    fn new(about: [f64; 3], scale: f64) -> Sum {
        Sum {
            about,
            scale,
            moments: Moments::default(),
        }
    }

    fn add_box(&mut self, low: [f64; 3], high: [f64; 3]) {
        let [low, high] = [low, high].map(|corner| [0, 1, 2].map(|i| corner[i] - self.about[i]));
        self.moments += Moments::of_box(low, high);
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
        let mut area = Estimate {
            value: 0.0,
            error: self.scale.powi(2) * ROUNDING,
        };
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
        let volume = Estimate {
            value: moments.volume,
            error: error.volume,
        };
        let least = volume.value - volume.error;
        if least <= 0.0 {
            let unknown = Estimate {
                value: 0.0,
                error: f64::INFINITY,
            };
            return Measures {
                volume,
                area,
                centroid: [unknown; 3],
                inertia: [[unknown; 3]; 3],
            };
        }
        // first/volume, and how far a quotient of two uncertain numbers may be off.
        let offset = moments.first.map(|first| first / volume.value);
        let slack = [0, 1, 2].map(|i| (error.first[i] + offset[i].abs() * volume.error) / least);
        let centroid = [0, 1, 2].map(|i| Estimate {
            value: self.about[i] + offset[i],
            error: slack[i],
        });
        // About the centroid: ∫xy − first·first/volume, with the errors of each.
        let central = PAIRS.map(|(i, j)| {
            let n = PAIRS.iter().position(|&pair| pair == (i, j)).unwrap_or(0);
            let value = moments.second[n] - moments.first[i] * offset[j];
            let product = error.first[i] * (offset[j].abs() + slack[j]) + moments.first[i].abs() * slack[j];
            Estimate {
                value,
                error: error.second[n] + product,
            }
        });
        let [xx, yy, zz, xy, yz, zx] = central;
        let sum = |a: Estimate, b: Estimate| Estimate {
            value: a.value + b.value,
            error: a.error + b.error,
        };
        let less = |a: Estimate| Estimate { value: -a.value, ..a };
        let inertia = [
            [sum(yy, zz), less(xy), less(zx)],
            [less(xy), sum(zz, xx), less(yz)],
            [less(zx), less(yz), sum(xx, yy)],
        ];
        Measures {
            volume,
            area,
            centroid,
            inertia,
        }
    }
}

impl Measures {
    /// The inertia's values, as a matrix.
    pub fn inertia_matrix(&self) -> nalgebra::Matrix3<f64> {
        nalgebra::Matrix3::from_fn(|i, j| self.inertia[i][j].value)
    }
}
