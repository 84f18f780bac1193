//! Least squares from several places: where a search ends in a local minimum, others may not.

use super::journal::{Journal, JournalWatch};
use super::least_squares::{LeastSquares, Residuals};
use super::objective::{Ended, Solution};
use super::starts::near;
use crate::error::Result;

/// How least squares are tried again where what was found is not enough: from places near the start and near the best so
/// far in turn. A try that leaves far more than the best so far is not gone through to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tries {
    /// The search of each.
    pub by: LeastSquares,
    /// How many there are at most.
    pub count: usize,
    /// How far off a place the next begins, in parts of each number.
    pub part: f64,
    /// The seed of their draws.
    pub seed: u64,
}

/// The part of the value by which a try goes down at each step at first, and in multiples of the best value what it may
/// leave then to go on.
const ROUGH: f64 = 1e-3;
const PROMISING: f64 = 10.0;

impl Tries {
    /// The best solution from some starts, and where that is not enough from places near. An error where the journal is of
    /// another run. Panics if there is no start.
    pub fn solve<R: Residuals>(
        &self,
        of: &mut R,
        starts: &[Vec<f64>],
        ranges: &[(f64, f64)],
        journal: &mut Journal,
        mut is_enough: impl FnMut(&mut R, &Solution) -> bool,
        watch: &mut JournalWatch,
    ) -> Result<Solution> {
        let (first, others) = starts.split_first().expect("there is a start");
        let mut best = of.search(&self.by, first, ranges, journal, watch)?;
        let mut is_stopped = best.ended == Ended::Stopped;
        for start in others {
            if is_stopped {
                break;
            }
            let next = of.search(&self.by, start, ranges, journal, watch)?;
            is_stopped = next.ended == Ended::Stopped;
            best = better(best, next);
        }
        for n in 0..self.count {
            if is_stopped || is_enough(of, &best) {
                break;
            }
            let from = if n % 2 == 0 { first } else { &best.at };
            let from = near(from, ranges, self.part, self.seed.wrapping_add(n as u64));
            let rough = LeastSquares { value_tolerance: ROUGH, ..self.by };
            let mut next = of.search(&rough, &from, ranges, journal, watch)?;
            if next.ended != Ended::Stopped && next.value < PROMISING * best.value {
                next = of.search(&self.by, &next.at, ranges, journal, watch)?;
            }
            is_stopped = next.ended == Ended::Stopped;
            best = better(best, next);
        }
        Ok(best)
    }
}

/// The better of two solutions, and of equal ones the first. How the search went on to its end is said of the whole.
fn better(best: Solution, next: Solution) -> Solution {
    let is_stopped = next.ended == Ended::Stopped;
    let better = if next.value < best.value || best.value.is_nan() { next } else { best };
    if is_stopped { Solution { ended: Ended::Stopped, ..better } } else { better }
}
