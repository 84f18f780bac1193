//! A cell that the surface crosses, and how much of it is inside: f squeezed between linear functions. Uses tapes.

use super::clip::{Moments, part_of_box, part_of_rectangle, section_of_box, share_of_box};
use super::looker::{Looker, is_coarse};
use super::quadrature::Estimate;
use super::slope::Slope;
use super::{Region, look_straight};
use crate::number::{Dual, Interval, Real};
use crate::tape::{BOXES, Machine, Tape, Tracer};
use std::sync::Arc;

/// A box that the surface may cross, and what is known of it.
pub(super) struct Cell {
    pub(super) low: [f64; 3],
    pub(super) high: [f64; 3],
    pub(super) tape: Arc<Tape>,
    /// The part inside, about the cell's own centre: a best guess.
    pub(super) inside: Moments,
    /// How much of the cell is not known to be inside or outside.
    pub(super) open: f64,
    pub(super) area: Estimate,
}

/// What was found in some boxes.
#[derive(Default)]
pub(super) struct Survey {
    /// Boxes that lie inside the solid, by two corners.
    pub(super) inside: Vec<[[f64; 3]; 2]>,
    /// Boxes that the surface may cross.
    pub(super) crossed: Vec<Cell>,
}

/// Looks at the parts of a box in which one tape is enough, each given by two corners: the first and the last part reach
/// from end to end.
///
/// Sixteen at a time in `f32`, unless they are too small for that.
pub(super) fn look_at(looker: &mut Looker, tape: &Arc<Tape>, boxes: &[[[f64; 3]; 2]], t: f64) -> Survey {
    let mut survey = Survey::default();
    let (whole, tape) = &whole_of(tape, boxes, t);
    if whole.lo() > 0.0 {
        return survey;
    } else if whole.hi() <= 0.0 {
        survey.inside.extend_from_slice(boxes);
        return survey;
    }
    let region = |[low, high]: [[f64; 3]; 2]| {
        let [x, y, z] = [0, 1, 2].map(|i| Interval::new(low[i], high[i]));
        [x, y, z, point(t)]
    };
    if !boxes.iter().all(|&corners| is_coarse(&region(corners))) {
        return look_closely(tape, boxes, t);
    }
    let mut open = Vec::with_capacity(boxes.len());
    for corners in boxes.chunks(BOXES) {
        let parts: Vec<Region> = corners.iter().copied().map(region).collect();
        let bounds = looker.bounds(tape, &parts);
        for (&corners, bounds) in corners.iter().zip(bounds) {
            if bounds.hi() <= 0.0 {
                survey.inside.push(corners);
            } else if bounds.lo() <= 0.0 {
                open.push(corners);
            }
        }
    }
    for corners in open.chunks(BOXES) {
        let parts: Vec<Region> = corners.iter().copied().map(region).collect();
        let (slopes, values) = (looker.slopes(tape, &parts), looker.at_centres(tape, &parts));
        for (&corners, (slope, value)) in corners.iter().zip(slopes.into_iter().zip(values)) {
            survey.note(corners, tape, value, [slope[0], slope[1], slope[2]]);
        }
    }
    survey
}

/// The same, one box at a time in `f64`.
fn look_closely(tape: &Arc<Tape>, boxes: &[[[f64; 3]; 2]], t: f64) -> Survey {
    let mut tracer = Tracer::new(tape);
    let mut machine = Machine::<Slope<3>>::new(tape);
    machine.set_time(Slope::coordinate(Dual::fixed(point(t)), 3));
    let mut survey = Survey::default();
    for &[low, high] in boxes {
        let side = [0, 1, 2].map(|i| Interval::new(low[i], high[i]));
        let outputs = tracer.over([side[0], side[1], side[2], point(t)]);
        if outputs[0].lo() > 0.0 {
            continue;
        } else if outputs[0].hi() <= 0.0 {
            survey.inside.push([low, high]);
            continue;
        }
        let coordinate = |i| Slope::coordinate(Dual::variable(side[i], i), i);
        let slope = machine.at_point([0, 1, 2].map(coordinate))[0].bound.slope;
        let [x, y, z] = middle_of(low, high).map(point);
        let value = tracer.over([x, y, z, point(t)])[0];
        survey.note([low, high], tape, value, slope);
    }
    survey
}

fn middle_of(low: [f64; 3], high: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|i| 0.5 * (low[i] + high[i]))
}

impl Survey {
    /// Takes up a box with f = `value` at its centre and slopes within bounds that hold for every difference.
    fn note(&mut self, [low, high]: [[f64; 3]; 2], tape: &Arc<Tape>, value: Interval, slope: [Interval; 3]) {
        let tape = tape.clone();
        if !slope.iter().all(|slope| slope.is_finite()) {
            return self.crossed.push(Cell::unknown(low, high, tape));
        }
        let middle = middle_of(low, high);
        let half = [0, 1, 2].map(|i| (high[i] - middle[i]).max(middle[i] - low[i]));
        let spread: f64 = (0..3).map(|i| half[i] * slope[i].largest()).sum();
        let spread = spread * (1.0 + 1e-14);
        if value.hi() <= -spread {
            self.inside.push([low, high]);
        } else if value.lo() <= spread {
            self.crossed.push(Cell::squeezed(low, high, tape, value, slope));
        }
    }
}

/// Bounds on f over all of several boxes, and the tape that is enough there.
fn whole_of(tape: &Arc<Tape>, boxes: &[[[f64; 3]; 2]], t: f64) -> (Interval, Arc<Tape>) {
    let [[low, high], .., [other, end]] = boxes else { return (Interval::WHOLE, tape.clone()) };
    let side = |i: usize| Interval::new(low[i].min(other[i]), high[i].max(end[i]));
    look_straight(tape, [side(0), side(1), side(2), point(t)])
}

fn point(value: f64) -> Interval {
    Interval::point(value)
}

impl Cell {
    /// Whether halving it gives new numbers.
    pub(super) fn is_splittable(&self) -> bool {
        let wide = |i: usize| self.high[i] - self.low[i] > 1e-12 * self.high[i].abs().max(self.low[i].abs());
        (0..3).any(wide)
    }

    /// The parts it is split into, each by two corners: up to four along its longest sides.
    pub(super) fn children(&self) -> Vec<[[f64; 3]; 2]> {
        let size = [0, 1, 2].map(|i| self.high[i] - self.low[i]);
        let longest = size.into_iter().fold(0.0, f64::max);
        let count = size.map(|size| {
            if size > 0.6 * longest {
                4
            } else if size > 0.3 * longest {
                2
            } else {
                1
            }
        });
        let end = |axis: usize, n: usize| match n {
            0 => self.low[axis],
            n if n == count[axis] => self.high[axis],
            n => self.low[axis] + size[axis] * (n as f64 / count[axis] as f64),
        };
        let place = |n: usize| [n / (count[1] * count[2]), n / count[2] % count[1], n % count[2]];
        let part = |n: usize| [0, 1].map(|up| [0, 1, 2].map(|axis| end(axis, place(n)[axis] + up)));
        (0..count.iter().product()).map(part).collect()
    }

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
            area: Estimate { value: 0.5 * faces, error: 0.5 * faces },
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
        Cell { low, high, tape, inside, open, area }
    }
}

/// The area of the surface in a cell.
fn area(half: [f64; 3], value: Interval, slope: [Interval; 3]) -> Estimate {
    let guess = section_of_box(half.map(|v| -v), half, value.middle(), slope.map(Interval::middle));
    let steady = |k: usize| slope[k].lo() > 0.0 || slope[k].hi() < 0.0;
    // How upright the surface is over the face across k, at worst.
    let tilt = |k: usize| {
        let [a, b] = [(k + 1) % 3, (k + 2) % 3].map(|i| (slope[i] / slope[k]).largest());
        1.0 + a * a + b * b
    };
    let faces = 4.0 * (half[0] * half[1] + half[1] * half[2] + half[2] * half[0]);
    let at_most = guess.min(faces);
    let unknown = Estimate { value: at_most, error: at_most.max(faces - at_most) };
    let Some(k) = (0..3).filter(|&k| steady(k)).min_by(|&a, &b| tilt(a).total_cmp(&tilt(b))) else {
        return unknown;
    };
    // Along k each line meets the surface once at most: where f has different signs at its two ends.
    let across = [(k + 1) % 3, (k + 2) % 3];
    let ends = [-half[k], half[k]].map(|end| value + slope[k] * Interval::point(end));
    let [start, end] = if slope[k].lo() > 0.0 { ends } else { [ends[1], ends[0]] };
    let (mut least, mut most) = (0.0, 0.0);
    let size = across.map(|i| half[i]);
    for quadrant in 0..4 {
        let up = [quadrant & 1 == 1, quadrant & 2 == 2];
        // Outwards from the centre, the slope is this or its opposite.
        let outwards = [0, 1].map(|i| if up[i] { slope[across[i]] } else { -slope[across[i]] });
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
    let error = (value - low).max(high - value);
    if error <= faces { Estimate { value, error } } else { unknown }
}
