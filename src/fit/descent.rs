//! First-order descent: steps by the gradient alone, for noisy gradients and very many unknowns.

use super::objective::{Ended, Objective, Progress, Solution, Watch, goes_on, project, projected_slope};
use super::schedule::Schedule;
use rayon::prelude::*;

/// How many numbers are moved together: what goes to threads.
const PIECE: usize = 1 << 14;

/// How a gradient becomes a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Down the gradient, and on along a part of the last step (Polyak 1964); 0 is plain descent.
    Momentum {
        /// The part of the last step.
        part: f64,
    },
    /// Each number by the mean of its slopes over the root of the mean of their squares (Kingma and Ba 2015); and a
    /// part of each number goes at every step, whatever its slope (Loshchilov and Hutter 2019), which is AdamW where
    /// it is not 0.
    Adam {
        /// How much of the mean slope stays at a step.
        mean: f64,
        /// How much of the mean square stays.
        square: f64,
        /// Added to the root, so that numbers without slopes stay.
        floor: f64,
        /// The part of each number that goes at a step, times the rate.
        decay: f64,
    },
}

impl Rule {
    /// Adam, as published.
    pub const ADAM: Rule = Rule::Adam { mean: 0.9, square: 0.999, floor: 1e-8, decay: 0.0 };

    /// A step of some of the numbers: each goes by itself. `steps` have been made with this one.
    fn step(
        self,
        rate: f64,
        steps: usize,
        at: &mut [f64],
        gradient: &[f64],
        [means, squares]: [&mut [f64]; 2],
    ) {
        let number = |slope: f64| if slope.is_nan() { 0.0 } else { slope };
        let numbers = at.iter_mut().zip(gradient).zip(means.iter_mut().zip(squares));
        match self {
            Rule::Momentum { part } => {
                for ((x, &slope), (mean, _)) in numbers {
                    *mean = part * *mean - rate * number(slope);
                    *x += *mean;
                }
            }
            Rule::Adam { mean: keep, square: keep_square, floor, decay } => {
                let count = steps.min(i32::MAX as usize) as i32;
                let (fresh, fresh_square) = (1.0 - keep.powi(count), 1.0 - keep_square.powi(count));
                for ((x, &slope), (mean, square)) in numbers {
                    let slope = number(slope);
                    *mean = keep * *mean + (1.0 - keep) * slope;
                    *square = keep_square * *square + (1.0 - keep_square) * slope * slope;
                    let (drift, size) = (*mean / fresh, *square / fresh_square);
                    *x -= rate * (drift / (size.sqrt() + floor) + decay * *x);
                }
            }
        }
    }
}

/// A descent: its rule, its rates, and what it remembers of the steps so far.
///
/// A step can be made at a time, on whatever gradient there is; or [`Descent::solve`] makes them all.
///
/// ```
/// use fieldgrad::fit::{Decay, Descent, Rule, Schedule, UNBOUNDED};
///
/// let rates = Schedule::new(0.1).with_decay(Decay::Cosine { steps: 400, to: 0.0 });
/// let mut bowl = |at: &[f64], gradient: &mut [f64]| {
///     gradient.copy_from_slice(&[at[0] - 3.0, 100.0 * at[1]]);
///     0.5 * ((at[0] - 3.0).powi(2) + 100.0 * at[1].powi(2))
/// };
/// let found = Descent::new(Rule::ADAM, rates).solve(&mut bowl, &[0.0, 1.0], &[UNBOUNDED; 2], 400);
/// assert!((found.at[0] - 3.0).abs() < 1e-3 && found.at[1].abs() < 1e-3);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Descent {
    rule: Rule,
    rates: Schedule,
    steps: usize,
    /// The last step, or the mean slopes; and the mean squares.
    means: Vec<f64>,
    squares: Vec<f64>,
}

impl Descent {
    /// A descent by a rule, before its first step.
    pub fn new(rule: Rule, rates: impl Into<Schedule>) -> Descent {
        Descent { rule, rates: rates.into(), steps: 0, means: Vec::new(), squares: Vec::new() }
    }

    /// How many steps it has made.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Its memory: how many steps it has made, the last step or the mean slopes, and the mean squares.
    pub(super) fn memory(&self) -> (usize, &[f64], &[f64]) {
        (self.steps, &self.means, &self.squares)
    }

    /// The same, remembering what another did.
    pub(super) fn with_memory(self, steps: usize, means: Vec<f64>, squares: Vec<f64>) -> Descent {
        Descent { steps, means, squares, ..self }
    }

    /// Makes a step by a gradient, within ranges. A slope that is not a number counts as 0. Panics if lengths differ.
    pub fn step(&mut self, at: &mut [f64], gradient: &[f64], ranges: &[(f64, f64)]) {
        assert_eq!(at.len(), gradient.len(), "a slope for each number");
        self.means.resize(at.len(), 0.0);
        self.squares.resize(at.len(), 0.0);
        let rate = self.rates.rate(self.steps);
        self.steps += 1;
        let pieces = at.par_chunks_mut(PIECE).zip(gradient.par_chunks(PIECE));
        let memory = self.means.par_chunks_mut(PIECE).zip(self.squares.par_chunks_mut(PIECE));
        let (rule, steps) = (self.rule, self.steps);
        pieces.zip(memory).for_each(|((at, gradient), (means, squares))| {
            rule.step(rate, steps, at, gradient, [means, squares]);
        });
        project(at, ranges);
    }

    /// So many steps down an objective, from a start, within ranges: the best place that was seen.
    pub fn solve(
        &mut self,
        of: &mut impl Objective,
        start: &[f64],
        ranges: &[(f64, f64)],
        steps: usize,
    ) -> Solution {
        self.solve_watched(of, start, ranges, steps, &mut |_| true)
    }

    /// The same, watched.
    pub fn solve_watched(
        &mut self,
        of: &mut impl Objective,
        start: &[f64],
        ranges: &[(f64, f64)],
        steps: usize,
        watch: &mut Watch,
    ) -> Solution {
        let mut at = start.to_vec();
        project(&mut at, ranges);
        let mut gradient = vec![0.0; at.len()];
        let (mut best, mut least) = (at.clone(), f64::INFINITY);
        let (mut iterations, mut evaluations) = (0, 0);
        let ended = loop {
            let value = of.value(&at, &mut gradient);
            evaluations += 1;
            if value < least {
                (least, best) = (value, at.clone());
            }
            if !value.is_finite() {
                break Ended::NotFinite;
            }
            if iterations >= steps {
                break Ended::Iterations;
            }
            let slope = projected_slope(&at, &gradient, ranges);
            if slope == 0.0 {
                break Ended::Stationary;
            }
            if !goes_on(watch, &Progress { iteration: iterations, value: least, slope, at: &best }) {
                break Ended::Stopped;
            }
            self.step(&mut at, &gradient, ranges);
            iterations += 1;
        };
        Solution { at: best, value: least, iterations, evaluations, ended }
    }
}
