//! What solvers are given, and what they give back.

use crate::task;

/// A function of some numbers, with its gradient: what is to be made small.
///
/// A function `|at, gradient| value` is one. Where it is not finite, or not a number, it counts as larger than anywhere
/// else: solvers take a shorter step.
pub trait Objective {
    /// The value at a place; its derivative in each number is written to `gradient`.
    fn value(&mut self, at: &[f64], gradient: &mut [f64]) -> f64;
}

impl<F: FnMut(&[f64], &mut [f64]) -> f64> Objective for F {
    fn value(&mut self, at: &[f64], gradient: &mut [f64]) -> f64 {
        self(at, gradient)
    }
}

/// The least and the greatest value of a number that may have any.
pub const UNBOUNDED: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// How far a solver is, at the end of an iteration.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// How many iterations are done.
    pub iteration: usize,
    /// The value of what is made small, at the best place so far.
    pub value: f64,
    /// How far from stationary that place is: the largest part of the gradient that the ranges leave.
    pub slope: f64,
    /// The best place so far.
    pub at: &'a [f64],
}

/// Looks at a solver's progress after each iteration, and says whether it is to go on.
pub type Watch<'a> = dyn FnMut(&Progress) -> bool + 'a;

/// Why a solver ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The gradient, as far as ranges leave it, is small: a stationary point.
    Stationary,
    /// The value does not get smaller by more than the tolerance.
    Settled,
    /// Steps are shorter than the tolerance.
    Narrowed,
    /// As many iterations as were allowed are done.
    Iterations,
    /// Who watched it, or waited for it, had enough.
    Stopped,
    /// The value is not finite where it was to begin.
    NotFinite,
    /// No place was found where all constraints hold.
    Infeasible,
}

impl Ended {
    /// Whether it ended because no nearby place is better.
    pub fn is_converged(self) -> bool {
        matches!(self, Ended::Stationary | Ended::Settled | Ended::Narrowed)
    }
}

/// Where a solver ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// The best place that was found, within the ranges.
    pub at: Vec<f64>,
    /// The value there.
    pub value: f64,
    /// How many iterations were done.
    pub iterations: usize,
    /// How many times the objective was evaluated.
    pub evaluations: usize,
    /// Why it ended.
    pub ended: Ended,
}

/// A place brought into its ranges; what is not a number becomes the nearest to 0 that is allowed.
pub(super) fn project(at: &mut [f64], ranges: &[(f64, f64)]) {
    assert_eq!(at.len(), ranges.len(), "a range for each number");
    for (x, &(low, high)) in at.iter_mut().zip(ranges) {
        let number = if x.is_nan() { 0.0 } else { *x };
        *x = number.max(low).min(high);
    }
}

/// Whether a number is held by its range against the way down.
pub(super) fn is_held(x: f64, slope: f64, (low, high): (f64, f64)) -> bool {
    low >= high || (x <= low && slope > 0.0) || (x >= high && slope < 0.0)
}

/// The largest step that a gradient asks of any number and its range allows: 0 at a stationary point.
pub(super) fn projected_slope(at: &[f64], gradient: &[f64], ranges: &[(f64, f64)]) -> f64 {
    let parts = at.iter().zip(gradient).zip(ranges).map(|((&x, &slope), &(low, high))| {
        let to = (x - slope).max(low).min(high);
        (to - x).abs()
    });
    parts.fold(0.0, f64::max)
}

/// Whether a solver is to go on: asked after each iteration.
pub(super) fn goes_on(watch: &mut Watch, progress: &Progress) -> bool {
    !task::is_given_up() && watch(progress)
}
