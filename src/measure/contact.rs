//! When two moving solids first touch, by boxes of space and time (Snyder et al., "Interval methods for multi-point
//! collisions between time-dependent curved surfaces", 1993). Uses tapes.

use super::slope::Slope;
use super::{Region, centre, halves, look, unusable};
use crate::error::{Error, Result};
use crate::field::Field;
use crate::number::{Dual, Interval};
use crate::tape::{Machine, Tape};
use nalgebra::{Matrix5, Vector5};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Where and when two solids first touch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contact {
    /// The time.
    pub time: f64,
    /// A point that is in both.
    pub point: [f64; 3],
}

/// How many boxes of space and time are tried.
const BOXES: usize = 1_000_000;

/// The first time within a span at which two moving solids touch: some point has a ≤ 0 and b ≤ 0. `None` where they
/// stay apart.
///
/// Intervals exclude every earlier time, so no contact is reported later than it is by more than `tolerance` (in time;
/// in space the same, in units of length), and none is missed. Solids that pass each other more closely than the
/// tolerance lets intervals tell are reported as touching. Where both surfaces are smooth at the contact, Newton's
/// method on a = b = 0 with opposed gradients then gives time and point to the last digits.
///
/// [`Error::Unbounded`] where the part common to both cannot be bounded, and [`Error::Undefined`] where a million
/// boxes do not settle it: allow a larger tolerance.
#[track_caller]
pub fn first_contact(a: &Field, b: &Field, span: (f64, f64), tolerance: f64) -> Result<Option<Contact>> {
    let finite = span.0.is_finite() && span.1.is_finite() && span.0 <= span.1;
    if !(finite && tolerance > 0.0) {
        return Err(unusable("first_contact", "span", format!("{span:?} to {tolerance} is of no use")));
    }
    let Some(bounds) = a.max(b).bounds(span)? else {
        return Ok(None);
    };
    let whole = bounds.during(Interval::new(span.0, span.1));
    let tape = Arc::new(Tape::new(&[a.clone(), b.clone()])?);
    let search = ContactSearch { whole, tolerance };
    let mut open: BinaryHeap<Touch> = search.touch(&tape, whole).into_iter().collect();
    for _ in 0..BOXES {
        let Some(first) = open.pop() else {
            return Ok(None);
        };
        let [x, y, z, _] = centre(first.part);
        let time = first.part[3];
        let settled = first.size <= tolerance || {
            let both = Machine::<f64>::new(&first.tape).at([x, y, z, time.hi()]).to_vec();
            both[0].max(both[1]) <= 0.0
        };
        if settled && time.width() <= tolerance {
            let found = Contact { time: time.lo(), point: [x, y, z] };
            let reach = first.part[..3].iter().map(|side| side.width()).fold(tolerance, f64::max);
            return Ok(Some(polish(&tape, found, time, reach)));
        }
        for part in halves(first.part, first.axis) {
            open.extend(search.touch(&first.tape, part));
        }
    }
    Err(Error::Undefined(format!("the first contact was not settled to {tolerance} in {BOXES} boxes")))
}

/// A box of space and time in which the solids may touch.
struct Touch {
    /// How far the fields vary over it along `axis`, as a distance.
    size: f64,
    axis: usize,
    part: Region,
    tape: Arc<Tape>,
}

impl Ord for Touch {
    /// The earliest first, then the smallest.
    fn cmp(&self, other: &Touch) -> Ordering {
        let early = other.part[3].lo().total_cmp(&self.part[3].lo());
        early.then(other.size.total_cmp(&self.size))
    }
}

ranked!(Touch);

struct ContactSearch {
    whole: Region,
    tolerance: f64,
}

impl ContactSearch {
    /// The box, unless the solids cannot both reach into it at one point.
    fn touch(&self, tape: &Arc<Tape>, part: Region) -> Option<Touch> {
        let (outputs, tape) = look(tape, part);
        if outputs.iter().any(|output| output.lo() > 0.0) {
            return None;
        }
        let mut machine = Machine::<Slope<4>>::new(&tape);
        let bound = machine.at(Slope::variables(part)).to_vec();
        let widths = part.map(Interval::width);
        let steepest =
            |of: &Slope<4>| of.bound.slope[..3].iter().map(|slope| slope.largest()).fold(0.0, f64::max);
        let steep = [steepest(&bound[0]), steepest(&bound[1])];
        let mut sides: [f64; 4] = std::array::from_fn(|i| {
            let side = |n: usize| bound[n].bound.slope[i].largest() * widths[i] / steep[n];
            side(0).max(side(1))
        });
        if sides.iter().all(|side| side.is_finite()) {
            let middle = centre(part);
            let value = machine.at(Slope::at(middle)).iter().map(|out| out.bound.value).collect::<Vec<_>>();
            // max(a, b) is nowhere less than any average of a and b. Where the solids face each other the slopes of the
            // average cancel, so that the gap between them is seen in boxes much larger than it.
            let apart = [0.0, steep[1] / (steep[0] + steep[1]), 1.0].into_iter().any(|w| {
                let mix = |a: Interval, b: Interval| a * Interval::point(w) + b * Interval::point(1.0 - w);
                let mean = (0..4).fold(mix(value[0], value[1]), |mean, i| {
                    let slope = mix(bound[0].bound.slope[i], bound[1].bound.slope[i]);
                    mean + slope * (part[i] - Interval::point(middle[i]))
                });
                mean.lo() > 0.0
            });
            if apart {
                return None;
            }
        } else {
            let longest = self.whole[..3].iter().map(|side| side.width()).fold(0.0, f64::max);
            let later = widths[3] * longest / self.whole[3].width();
            sides = [widths[0], widths[1], widths[2], if widths[3] > 0.0 { later } else { 0.0 }];
        }
        let largest = (1..4).fold(0, |best, i| if sides[i] > sides[best] { i } else { best });
        let only_time = sides[largest] <= self.tolerance && widths[3] > self.tolerance;
        let axis = if only_time { 3 } else { largest };
        Some(Touch { size: sides[largest], axis, part, tape })
    }
}

/// Newton's method on a = 0, b = 0 and ∇a + λ∇b = 0, for a point, a time and λ > 0: taken where it ends close by.
fn polish(tape: &Tape, found: Contact, span: Interval, reach: f64) -> Contact {
    let mut machine = Machine::<Dual<Dual<f64>>>::new(tape);
    let mut at = [found.point[0], found.point[1], found.point[2], span.middle()];
    let mut lambda = None;
    for _ in 0..30 {
        let out = machine.at(Dual::variables(Dual::variables(at))).to_vec();
        let slope = |n: usize, i: usize| out[n].slope[i].value;
        let bend = |n: usize, i: usize, j: usize| out[n].slope[i].slope[j];
        let norm = |n: usize| (0..3).map(|i| slope(n, i).powi(2)).sum::<f64>().sqrt();
        let l = *lambda.get_or_insert(norm(0) / norm(1));
        let residual = Vector5::from_fn(|i, _| match i {
            3 => out[0].value.value,
            4 => out[1].value.value,
            i => slope(0, i) + l * slope(1, i),
        });
        let matrix = Matrix5::from_fn(|i, j| match (i, j) {
            (3, 4) | (4, 4) => 0.0,
            (3, j) => slope(0, j),
            (4, j) => slope(1, j),
            (i, 4) => slope(1, i),
            (i, j) => bend(0, i, j) + l * bend(1, i, j),
        });
        let Some(step) = matrix.lu().solve(&residual) else {
            return found;
        };
        if !step.iter().all(|v| v.is_finite()) {
            return found;
        }
        for i in 0..4 {
            at[i] -= step[i];
        }
        lambda = Some(l - step[4]);
        if step.norm() <= 1e-14 {
            break;
        }
    }
    let out = Machine::<f64>::new(tape).at(at).to_vec();
    let point = [at[0], at[1], at[2]];
    let moved = (0..3).map(|i| (point[i] - found.point[i]).abs()).fold(0.0, f64::max);
    let spare = span.width();
    let close = moved <= 2.0 * reach && at[3] >= span.lo() - 1e-12 && at[3] <= span.hi() + spare;
    let touching = out.iter().all(|value| value.abs() <= 1e-12) && lambda.is_some_and(|l| l > 0.0);
    match close && touching {
        true => Contact { time: at[3], point },
        false => found,
    }
}
