//! How steep a field is over a box, and how fast it changes. Uses tapes.

use super::bounds::variation;
use super::claims::{Of, with_claims};
use super::slope::Slope;
use super::{Region, centre, halves, look, look_straight};
use crate::error::Result;
use crate::field::{Axis, Field};
use crate::number::{Dual, Interval, Real};
use crate::tape::{Careful, Machine, Tape};
use crate::task;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// How many parts a box is split into at most.
const PARTS: usize = 4096;
/// A bound this close to a value that is reached is good enough.
const CLOSE: f64 = 1e-4;
/// A bound that is not this many times what is reached is better lowered by cutting the part than by looking at the square.
const NEAR: f64 = 1.5;
/// Bounds closer than this to each other, in parts of them, do not tell which axis to cut.
const TELLING: f64 = 1e-3;

/// When a search for the steepest place ends, short of all its parts.
#[derive(Clone, Copy)]
struct SteepnessEffort {
    /// How close the bound is to what is reached, in parts of it.
    close: f64,
    /// How much work is done, in lines of tapes.
    work: usize,
}

/// Until the bound is as good as it gets.
const FULL: SteepnessEffort = SteepnessEffort { close: CLOSE, work: usize::MAX };

/// # Lipschitz constants
impl Field {
    /// A bound on |∇ₓf|, the gradient in space alone, over a box of space and time.
    ///
    /// It bounds the derivative wherever f has one, so that for a continuous f it is a Lipschitz constant: f differs
    /// by at most so much times the distance. (The norm of the gradient in space and time is not one.) The box is
    /// split into up to 4096 parts, the steepest first, until the bound is within 1e-4 of a steepness that is
    /// reached. Infinite where it cannot be bounded. At a kink the bound may stay above what is reached, where more than
    /// a length, a choice or the corner of a box meets there.
    ///
    /// What the functions of the shape library claim of their fields ([`Claim`](crate::shape::Claim)) is believed, where
    /// their arguments are the same everywhere: what claims to be a distance is no steeper than 1.
    pub fn lipschitz(&self, over: [Interval; 4]) -> Result<f64> {
        let [x, y, z, _] = self.gradient();
        steepest(self, over, &[0, 1, 2], x.square() + y.square() + z.square(), FULL)
    }

    /// A bound as [`Field::lipschitz`] gives, to so many parts of itself or after so much work, in lines of tapes.
    pub(crate) fn lipschitz_within(&self, over: [Interval; 4], close: f64, work: usize) -> Result<f64> {
        let [x, y, z, _] = self.gradient();
        let square = x.square() + y.square() + z.square();
        steepest(self, over, &[0, 1, 2], square, SteepnessEffort { close, work })
    }

    /// A bound on |f_t| over a box of space and time: how fast the value at a fixed point may change. For a field with
    /// |∇ₓf| = 1 it bounds the speed of the surface. Found as [`Field::lipschitz`] is.
    pub fn rate(&self, over: [Interval; 4]) -> Result<f64> {
        steepest(self, over, &[3], self.dt().square(), FULL)
    }

    /// A bound as [`Field::rate`] gives, to so many parts of itself or after so much work, in lines of tapes.
    pub(crate) fn rate_within(&self, over: [Interval; 4], close: f64, work: usize) -> Result<f64> {
        steepest(self, over, &[3], self.dt().square(), SteepnessEffort { close, work })
    }
}

/// A part, and a bound on the slopes over it.
struct Steep {
    bound: f64,
    part: Region,
    /// The tapes that are enough there: of the field, and of the square of its slopes.
    tapes: [Arc<Tape>; 2],
}

impl Ord for Steep {
    fn cmp(&self, other: &Steep) -> Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

ranked!(Steep);

/// A bound on the norm of some slopes over a part, split where the bound is largest. `square` is the norm's square.
///
/// Each part is bounded by the slopes' own bounds, which hold at kinks, and, where that is near what is reached anywhere but
/// not close to it, by the mean value theorem on the square too, which is of second order where the slopes are smooth.
fn steepest(
    field: &Field,
    over: Region,
    axes: &[usize],
    square: Field,
    effort: SteepnessEffort,
) -> Result<f64> {
    field.check()?;
    let claims = if axes == [3] { Of::Standing } else { Of::Space };
    let tapes = [Arc::new(with_claims(field, claims).tape()?), Arc::new(square.tape()?)];
    let mut search = SteepestSearch { over, axes, close: 1.0 + effort.close, reached: 0.0, done: 0 };
    let mut open = BinaryHeap::from([search.steep(&tapes, over)]);
    for _ in 0..PARTS {
        let Some(top) = open.peek() else { break };
        let is_close = top.bound <= search.reached * search.close;
        if is_close || search.done >= effort.work || task::is_given_up() {
            break;
        }
        let Some(axis) = search.axis_to_cut(top) else { break };
        let Some(top) = open.pop() else { break };
        open.extend(halves(top.part, axis).map(|part| search.steep(&top.tapes, part)));
    }
    Ok(open.peek().map_or(0.0, |top| top.bound))
}

/// A search for where some slopes are steepest.
struct SteepestSearch<'a> {
    over: Region,
    axes: &'a [usize],
    /// How many times what is reached is close enough.
    close: f64,
    /// The largest norm that was met.
    reached: f64,
    /// How much work was done, in lines of tapes.
    done: usize,
}

impl SteepestSearch<'_> {
    /// The part with a bound on the norm of its slopes.
    fn steep(&mut self, tapes: &[Arc<Tape>; 2], part: Region) -> Steep {
        let (_, tape) = look_straight(&tapes[0], part);
        self.done += tape.cost();
        let mut machine = Machine::<Dual<Interval>>::new(&tape);
        let slope = machine.at(Dual::variables(part))[0].slope;
        let here = machine.at(Dual::variables(centre(part).map(Interval::point)))[0].slope;
        self.reached = self.reached.max(self.norm(here).lo());
        let plain = self.norm(slope).hi().min(self.norm_apart(&mut Careful::new(&tape), part));
        let is_near = plain <= self.reached * NEAR;
        let (bound, of_square) = if plain <= self.reached * self.close || !is_near {
            (plain, tapes[1].clone())
        } else {
            let (outputs, of_square) = look(&tapes[1], part);
            self.done += of_square.cost();
            let mean = variation(&of_square, part, self.over).most;
            (plain.min(outputs[0].hi().min(mean).max(0.0).sqrt().next_up()), of_square)
        };
        Steep { bound, part, tapes: [tape, of_square] }
    }

    fn norm(&self, slope: [Interval; 4]) -> Interval {
        let squares = self.axes.iter().map(|&axis| slope[axis].square());
        squares.fold(Interval::point(0.0), |sum, square| sum + square).sqrt()
    }

    /// A bound on the norm over a part. At a jump there is no derivative: its sides count, each by itself.
    fn norm_apart(&self, machine: &mut Careful<Slope<4, true>>, part: Region) -> f64 {
        machine.at(Slope::variables(part), &[], |_| true).norm(self.axes)
    }

    /// The axis to cut a part across: that along which the bound falls most where the part is narrowed to its middle. Where
    /// that says nothing it is the longest in proportion to the whole, so that axes of different units take turns.
    fn axis_to_cut(&mut self, top: &Steep) -> Option<usize> {
        let tape = &top.tapes[0];
        let mut machine = Careful::new(tape);
        let mut best: Option<(usize, f64, f64)> = None;
        for axis in Axis::ALL.into_iter().filter(|&axis| tape.depends_on(axis)).map(|axis| axis as usize) {
            if top.part[axis].width() == 0.0 {
                continue;
            }
            let mut narrow = top.part;
            narrow[axis] = Interval::point(top.part[axis].middle());
            let bound = self.norm_apart(&mut machine, narrow);
            self.done += tape.cost() / 2;
            let share = top.part[axis].width() / self.over[axis].width();
            let is_better = best.is_none_or(|(_, least, longest)| {
                let is_lower = bound < least * (1.0 - TELLING);
                is_lower || bound <= least * (1.0 + TELLING) && share > longest
            });
            if is_better {
                best = Some((axis, bound, share));
            }
        }
        best.map(|(axis, ..)| axis)
    }
}
