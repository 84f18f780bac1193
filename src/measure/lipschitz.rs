//! How steep a field is over a box, and how fast it changes. Uses tapes.

use super::bounds::variation;
use super::slope::Slope;
use super::{Region, centre, halves, look, look_straight};
use crate::error::Result;
use crate::field::Field;
use crate::number::{Dual, Interval, Real};
use crate::tape::{Careful, Machine, Tape};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// How many parts a box is split into at most.
const PARTS: usize = 4096;
/// A bound this close to a value that is reached is good enough.
const CLOSE: f64 = 1e-4;

/// When a search for the steepest place ends, short of all its parts.
#[derive(Clone, Copy)]
struct Effort {
    /// How close the bound is to what is reached, in parts of it.
    close: f64,
    /// How much work is done, in lines of tapes.
    work: usize,
}

/// Until the bound is as good as it gets.
const FULL: Effort = Effort { close: CLOSE, work: usize::MAX };

/// # Lipschitz constants
impl Field {
    /// A bound on |∇ₓf|, the gradient in space alone, over a box of space and time.
    ///
    /// It bounds the derivative wherever f has one, so that for a continuous f it is a Lipschitz constant: f differs
    /// by at most so much times the distance. (The norm of the gradient in space and time is not one.) The box is
    /// split into up to 4096 parts, the steepest first, until the bound is within 1e-4 of a steepness that is
    /// reached. Infinite where it cannot be bounded. At a kink the bound may stay above what is reached, where more than
    /// a length, a choice or the corner of a box meets there.
    pub fn lipschitz(&self, over: [Interval; 4]) -> Result<f64> {
        let [x, y, z, _] = self.gradient();
        steepest(self, over, &[0, 1, 2], x.square() + y.square() + z.square(), FULL)
    }

    /// A bound as [`Field::lipschitz`] gives, to so many parts of itself or after so much work, in lines of tapes.
    pub(crate) fn lipschitz_within(&self, over: [Interval; 4], close: f64, work: usize) -> Result<f64> {
        let [x, y, z, _] = self.gradient();
        let square = x.square() + y.square() + z.square();
        steepest(self, over, &[0, 1, 2], square, Effort { close, work })
    }

    /// A bound on |f_t| over a box of space and time: how fast the value at a fixed point may change. For a field with
    /// |∇ₓf| = 1 it bounds the speed of the surface. Found as [`Field::lipschitz`] is.
    pub fn rate(&self, over: [Interval; 4]) -> Result<f64> {
        steepest(self, over, &[3], self.dt().square(), FULL)
    }

    /// A bound as [`Field::rate`] gives, to so many parts of itself or after so much work, in lines of tapes.
    pub(crate) fn rate_within(&self, over: [Interval; 4], close: f64, work: usize) -> Result<f64> {
        steepest(self, over, &[3], self.dt().square(), Effort { close, work })
    }
}

/// A part, and a bound on the slopes over it.
struct Steep {
    bound: f64,
    part: Region,
    axis: usize,
    /// The tapes that are enough there: of the field, and of the square of its slopes.
    tapes: [Arc<Tape>; 2],
}

impl Ord for Steep {
    fn cmp(&self, other: &Steep) -> Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

impl PartialOrd for Steep {
    fn partial_cmp(&self, other: &Steep) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Steep {}

impl PartialEq for Steep {
    fn eq(&self, other: &Steep) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

/// A bound on the norm of some slopes over a part, split where the bound is largest. `square` is the norm's square.
///
/// Each part is bounded by the slopes' own bounds, which hold at kinks, and, where that is not close to what is reached
/// anywhere, by the mean value theorem on the square too, which is of second order where the slopes are smooth.
fn steepest(field: &Field, over: Region, axes: &[usize], square: Field, effort: Effort) -> Result<f64> {
    let close = 1.0 + effort.close;
    let mut work = 0;
    let norm = |slope: [Interval; 4]| {
        let squares = axes.iter().map(|&axis| slope[axis].square());
        squares.fold(Interval::point(0.0), |sum, square| sum + square).sqrt()
    };
    // What is reached, which grows as more parts are looked at, and a bound.
    let mut bound = |tapes: &[Arc<Tape>; 2], part: Region, reached: f64| {
        let (_, tape) = look_straight(&tapes[0], part);
        work += tape.cost();
        let mut machine = Machine::<Dual<Interval>>::new(&tape);
        let slope = machine.at(Dual::variables(part))[0].slope;
        let here = machine.at(Dual::variables(centre(part).map(Interval::point)))[0].slope;
        let reached = reached.max(norm(here).lo());
        // At a jump there is no derivative: its sides count, each by itself.
        let sides = Careful::<Slope<4, true>>::new(&tape).at(Slope::variables(part), &[], |_| true);
        let plain = norm(slope).hi().min(sides.norm(axes));
        let (bound, of_square) = if plain <= reached * close {
            (plain, tapes[1].clone())
        } else {
            let (outputs, of_square) = look(&tapes[1], part);
            work += of_square.cost();
            let mean = variation(&of_square, part, over).most;
            (plain.min(outputs[0].hi().min(mean).max(0.0).sqrt().next_up()), of_square)
        };
        // Longest in proportion to the whole, so that axes of different units take turns.
        let share = |i: usize| {
            if part[i].width() > 0.0 { part[i].width() / over[i].width() } else { 0.0 }
        };
        let axis = (1..4).fold(0, |best, i| if share(i) > share(best) { i } else { best });
        let tapes = [tape, of_square];
        (reached, work, Steep { bound, part, axis, tapes })
    };
    let tapes = [Arc::new(field.tape()?), Arc::new(square.tape()?)];
    let (mut reached, mut done, first) = bound(&tapes, over, 0.0);
    let mut open = BinaryHeap::from([first]);
    for _ in 0..PARTS {
        let Some(top) = open.peek() else { break };
        if top.bound <= reached * close
            || done >= effort.work
            || top.part.iter().all(|side| side.width() == 0.0)
        {
            break;
        }
        let Some(top) = open.pop() else { break };
        for part in halves(top.part, top.axis) {
            let (here, work, steep) = bound(&top.tapes, part, reached);
            (reached, done) = (here, work);
            open.push(steep);
        }
    }
    Ok(open.peek().map_or(0.0, |top| top.bound))
}
