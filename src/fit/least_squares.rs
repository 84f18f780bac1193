//! Levenberg–Marquardt: sums of squares, within ranges.

use super::journal::{Journal, JournalWatch};
use super::model::{Factor, Model};
use super::objective::{Ended, Progress, Solution, Watch, goes_on, is_held, project};
use super::robust::Robust;
use crate::error::Result;

/// Residuals, of which half the sum of squares, or of what a [`Robust`] cost takes in its place, is to be made small.
pub trait Residuals {
    /// What is made small, at a place.
    fn cost(&mut self, at: &[f64]) -> f64;

    /// The same; and the residuals there with their derivatives, each times the root of its weight, go to a model.
    fn linearise(&mut self, at: &[f64], model: &mut Model) -> f64;

    /// Jᵀ times the residuals' second derivative along a step, at the place that was linearised last; nothing where
    /// that is not known. With it steps bend along curved valleys.
    fn bend(&mut self, _at: &[f64], _step: &[f64]) -> Option<Vec<f64>> {
        None
    }

    /// The solution of a search that a journal notes: by least squares alone, where the residuals do not know of more that
    /// is to hold. An error where the journal is of another run.
    fn search(
        &mut self,
        by: &LeastSquares,
        start: &[f64],
        ranges: &[(f64, f64)],
        journal: &mut Journal,
        watch: &mut JournalWatch,
    ) -> Result<Solution>
    where
        Self: Sized,
    {
        journal.solve(by, self, start, ranges, watch)
    }
}

/// Residuals as a function: given a place, it writes the residuals, and their derivatives row by row where they are
/// asked for.
///
/// ```
/// use fieldgrad::fit::{LeastSquares, ResidualFn, UNBOUNDED};
///
/// // Rosenbrock's valley.
/// let mut valley = ResidualFn::new(2, |at: &[f64], residuals: &mut [f64], rows: Option<&mut [f64]>| {
///     residuals.copy_from_slice(&[10.0 * (at[1] - at[0] * at[0]), 1.0 - at[0]]);
///     if let Some(rows) = rows {
///         rows.copy_from_slice(&[-20.0 * at[0], 10.0, -1.0, 0.0]);
///     }
/// });
/// let solution = LeastSquares::default().solve(&mut valley, &[-1.2, 1.0], &[UNBOUNDED; 2]);
/// assert!(solution.value < 1e-20 && (solution.at[1] - 1.0).abs() < 1e-10);
/// ```
#[derive(Clone, Debug)]
pub struct ResidualFn<F> {
    function: F,
    robust: Robust,
    residuals: Vec<f64>,
    /// Of the place that was linearised last: the residuals, the roots of their weights, and the rows times those.
    last: Vec<f64>,
    roots: Vec<f64>,
    rows: Vec<f64>,
}

impl<F: FnMut(&[f64], &mut [f64], Option<&mut [f64]>)> ResidualFn<F> {
    /// So many residuals by a function.
    pub fn new(count: usize, function: F) -> ResidualFn<F> {
        let [last, roots, rows] = [const { Vec::new() }; 3];
        ResidualFn { function, robust: Robust::Square, residuals: vec![0.0; count], last, roots, rows }
    }

    /// The same, at another cost than their squares.
    pub fn with_cost(self, robust: Robust) -> ResidualFn<F> {
        ResidualFn { robust, ..self }
    }
}

impl<F: FnMut(&[f64], &mut [f64], Option<&mut [f64]>)> Residuals for ResidualFn<F> {
    fn cost(&mut self, at: &[f64]) -> f64 {
        (self.function)(at, &mut self.residuals, None);
        self.residuals.iter().map(|&r| self.robust.cost(r)).sum()
    }

    fn linearise(&mut self, at: &[f64], model: &mut Model) -> f64 {
        self.rows.resize(self.residuals.len() * at.len(), 0.0);
        (self.function)(at, &mut self.residuals, Some(&mut self.rows));
        for (&residual, row) in self.residuals.iter().zip(self.rows.chunks_exact_mut(at.len().max(1))) {
            let root = self.robust.weight(residual).sqrt();
            row.iter_mut().for_each(|slope| *slope *= root);
            model.add(root * residual, row);
        }
        self.last.clone_from(&self.residuals);
        self.roots.clear();
        self.roots.extend(self.residuals.iter().map(|&r| self.robust.weight(r).sqrt()));
        self.residuals.iter().map(|&r| self.robust.cost(r)).sum()
    }

    fn bend(&mut self, at: &[f64], step: &[f64]) -> Option<Vec<f64>> {
        let ahead: Vec<f64> = at.iter().zip(step).map(|(x, part)| x + AHEAD * part).collect();
        (self.function)(&ahead, &mut self.residuals, None);
        let mut bend = vec![0.0; at.len()];
        for (n, row) in self.rows.chunks_exact(at.len().max(1)).enumerate() {
            let along: f64 = row.iter().zip(step).map(|(slope, part)| slope * part).sum();
            let change = self.roots[n] * (self.residuals[n] - self.last[n]) / AHEAD;
            let second = 2.0 / AHEAD * (change - along);
            bend.iter_mut().zip(row).for_each(|(bend, slope)| *bend += slope * second);
        }
        bend.iter().all(|part| part.is_finite()).then_some(bend)
    }
}

/// The method of Levenberg and Marquardt, in ranges.
///
/// Each unknown is measured by how much the residuals depend on it (Moré 1978), damping follows how well steps kept
/// what they promised (Nielsen 1999), steps bend along the valley they are in where [its bend](Residuals::bend) is
/// known (Transtrum and Sethna 2012), and a step that leaves a range stops at its end while the other unknowns make
/// the best of it. What stopped is free again as soon as it would move back inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeastSquares {
    /// The most iterations.
    pub iterations: usize,
    /// It has [settled](Ended::Settled) where an iteration lowers the value by less than this part of it.
    pub value_tolerance: f64,
    /// It has [narrowed](Ended::Narrowed) down where a step is shorter than this part of the place, both as measured.
    pub step_tolerance: f64,
    /// It is [stationary](Ended::Stationary) where the cosine between the residuals and each unknown's derivatives is
    /// below this.
    pub slope_tolerance: f64,
    /// How derivatives are kept.
    pub factor: Factor,
}

impl Default for LeastSquares {
    fn default() -> LeastSquares {
        LeastSquares {
            iterations: 2000,
            value_tolerance: 1e-15,
            step_tolerance: 1e-15,
            slope_tolerance: 1e-15,
            factor: Factor::Triangle,
        }
    }
}

/// After so many iterations, what unknowns were measured by before fades by a part in each: down a long valley
/// derivatives change by many powers of ten.
const LONG: usize = 200;
const FADING: f64 = 0.7;
/// How far along a step its bend is looked at, in parts of it.
const AHEAD: f64 = 0.1;
/// The most a step is bent, in parts of it.
const MAX_BEND: f64 = 0.75;
/// The damping at the start, in parts of the squares of the unknowns' measures.
const FIRST_DAMPING: f64 = 1e-3;
/// How much the damping grows at the first failure; at each further one twice as much.
const GROWTH: f64 = 2.0;
const MIN_DAMPING: f64 = 1e-16;
const MAX_DAMPING: f64 = 1e16;
/// The part of what a step promised that it has to keep.
const KEPT: f64 = 1e-4;
/// How many undamped steps follow at the end for as long as they bring the slope down: the last digits.
const POLISHING: usize = 8;

impl LeastSquares {
    /// The unknowns that make residuals small, from a start, within ranges.
    pub fn solve(&self, of: &mut impl Residuals, start: &[f64], ranges: &[(f64, f64)]) -> Solution {
        self.solve_watched(of, start, ranges, &mut |_| true)
    }

    /// The same from a state that a search was in, watched with each state it is in.
    pub(super) fn resume(
        &self,
        of: &mut impl Residuals,
        from: State,
        ranges: &[(f64, f64)],
        watch: &mut StateWatch,
    ) -> Solution {
        LeastSquaresSearch::from_state(self, of, ranges, from).solved(watch)
    }

    /// The same from a start, watched with each state it is in.
    pub(super) fn solve_in_sight(
        &self,
        of: &mut impl Residuals,
        start: &[f64],
        ranges: &[(f64, f64)],
        watch: &mut StateWatch,
    ) -> Solution {
        LeastSquaresSearch::from_start(self, of, ranges, start).solved(watch)
    }

    /// The same, watched.
    pub fn solve_watched(
        &self,
        of: &mut impl Residuals,
        start: &[f64],
        ranges: &[(f64, f64)],
        watch: &mut Watch,
    ) -> Solution {
        LeastSquaresSearch::from_start(self, of, ranges, start).solved(&mut |progress, _| watch(progress))
    }
}

/// Where a search by least squares is between two steps: with the residuals and the ranges all that it needs to go on, bit
/// for bit. [`Journal`](super::Journal) keeps one.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The best place so far.
    pub at: Vec<f64>,
    /// The value there.
    pub value: f64,
    /// How many iterations are done.
    pub iterations: usize,
    /// How many times the residuals were evaluated.
    pub evaluations: usize,
    /// The measure of each unknown.
    pub scales: Vec<f64>,
    /// The damping of the next step.
    pub damping: f64,
}

impl State {
    /// Why no search of unknowns in these ranges can be there; nothing, if one can.
    pub(super) fn problem(&self, ranges: &[(f64, f64)]) -> Option<String> {
        let count = ranges.len();
        let is_measure = |x: &f64| *x > 0.0 && x.is_finite();
        let is_inside = |(x, range): (&f64, &(f64, f64))| (range.0..=range.1).contains(x);
        match self {
            State { at, .. } if at.len() != count => Some(format!("{} unknowns, not {count}", at.len())),
            State { scales, .. } if scales.len() != count => {
                Some(format!("{} scales, not {count}", scales.len()))
            }
            State { at, .. } if !at.iter().zip(ranges).all(is_inside) => {
                Some("an unknown outside of its range".into())
            }
            State { scales, .. } if !scales.iter().all(is_measure) => {
                Some("a scale that is not above 0".into())
            }
            State { damping, .. } if !is_measure(damping) => Some(format!("a damping of {damping}")),
            State { value, .. } if value.is_finite() => None,
            _ => Some("a value that is not finite".into()),
        }
    }
}

/// Looks at a search's progress and its state before each iteration, and says whether it is to go on.
pub(super) type StateWatch<'a> = dyn FnMut(&Progress, &State) -> bool + 'a;

struct LeastSquaresSearch<'a, R> {
    options: &'a LeastSquares,
    of: &'a mut R,
    ranges: &'a [(f64, f64)],
    model: Model,
    gradient: Vec<f64>,
    /// How the damping grows at the next failure.
    growth: f64,
    state: State,
}

impl<'a, R: Residuals> LeastSquaresSearch<'a, R> {
    fn new(
        options: &'a LeastSquares,
        of: &'a mut R,
        ranges: &'a [(f64, f64)],
        state: State,
    ) -> LeastSquaresSearch<'a, R> {
        let model = Model::new(state.at.len(), options.factor);
        LeastSquaresSearch { options, of, ranges, model, gradient: Vec::new(), growth: GROWTH, state }
    }

    /// A search from the beginning.
    fn from_start(
        options: &'a LeastSquares,
        of: &'a mut R,
        ranges: &'a [(f64, f64)],
        start: &[f64],
    ) -> LeastSquaresSearch<'a, R> {
        let mut at = start.to_vec();
        project(&mut at, ranges);
        let (value, scales, damping) = (f64::NAN, Vec::new(), FIRST_DAMPING);
        let state = State { at, value, iterations: 0, evaluations: 0, scales, damping };
        let mut search = LeastSquaresSearch::new(options, of, ranges, state);
        search.state.value = search.linearise();
        let scales = search.model.lengths().into_iter();
        search.state.scales = scales.map(|scale| if scale > 0.0 { scale } else { 1.0 }).collect();
        if search.is_finite() {
            search.damp_the_first_step();
        }
        search
    }

    /// A search that goes on.
    fn from_state(
        options: &'a LeastSquares,
        of: &'a mut R,
        ranges: &'a [(f64, f64)],
        state: State,
    ) -> LeastSquaresSearch<'a, R> {
        let evaluations = state.evaluations;
        let mut search = LeastSquaresSearch::new(options, of, ranges, state);
        search.linearise();
        search.state.evaluations = evaluations;
        search
    }

    fn is_finite(&self) -> bool {
        self.state.value.is_finite() && self.gradient.iter().all(|slope| slope.is_finite())
    }

    fn measure(&self, step: &[f64]) -> f64 {
        step.iter().zip(&self.state.scales).map(|(part, scale)| (part * scale).powi(2)).sum::<f64>().sqrt()
    }

    /// Raises the damping until the first step is no longer than the way from 0.
    fn damp_the_first_step(&mut self) {
        let reach = match self.measure(&self.state.at) {
            0.0 => 1.0,
            reach => reach,
        };
        while self.state.damping < MAX_DAMPING
            && self.step(self.state.damping).is_none_or(|step| self.measure(&step) > reach)
        {
            self.state.damping *= 4.0;
        }
    }

    /// The best step at a damping; at the ends of their ranges those unknowns that would leave them.
    fn step(&mut self, damping: f64) -> Option<Vec<f64>> {
        let n = self.state.at.len();
        let mut free: Vec<usize> =
            (0..n).filter(|&j| !is_held(self.state.at[j], self.gradient[j], self.ranges[j])).collect();
        let mut step = vec![0.0; n];
        while !free.is_empty() {
            self.model.solve(&mut step, &free, &self.state.scales, damping)?;
            let before = free.len();
            free.retain(|&j| {
                let (low, high) = self.ranges[j];
                let to = self.state.at[j] + step[j];
                if to < low || to > high {
                    step[j] = to.clamp(low, high) - self.state.at[j];
                }
                (low..=high).contains(&to)
            });
            if free.len() == before {
                break;
            }
        }
        Some(step)
    }

    /// How a step bends along the valley; nothing, where that is not known or is too much.
    fn bend(&mut self, step: &[f64]) -> Option<Vec<f64>> {
        let second = self.of.bend(&self.state.at, step)?;
        self.state.evaluations += 1;
        let is_inside = |&j: &usize| {
            let ((low, high), to) = (self.ranges[j], self.state.at[j] + step[j]);
            step[j] != 0.0 && low < to && to < high
        };
        let free: Vec<usize> = (0..step.len()).filter(is_inside).collect();
        let bend = self.model.solve_for(&second, &free, &self.state.scales, self.state.damping)?;
        (self.measure(&bend) <= MAX_BEND * self.measure(step)).then_some(bend)
    }

    /// The largest cosine between the residuals and the derivatives in an unknown that may move.
    fn slope(&mut self) -> f64 {
        let size = (2.0 * self.state.value).sqrt();
        let lengths = self.model.lengths();
        let free = (0..self.state.at.len())
            .filter(|&j| !is_held(self.state.at[j], self.gradient[j], self.ranges[j]));
        let cosines = free.map(|j| match lengths[j] * size {
            0.0 => 0.0,
            whole => self.gradient[j].abs() / whole,
        });
        cosines.fold(0.0, f64::max)
    }

    fn linearise(&mut self) -> f64 {
        self.model.clear();
        self.state.evaluations += 1;
        let value = self.of.linearise(&self.state.at, &mut self.model);
        self.gradient = self.model.gradient();
        value
    }

    /// Goes to the end.
    fn solved(mut self, watch: &mut StateWatch) -> Solution {
        let ended = self.run(watch);
        if ended.is_converged() {
            self.polish();
        }
        let State { at, value, iterations, evaluations, .. } = self.state;
        Solution { at, value, iterations, evaluations, ended }
    }

    fn run(&mut self, watch: &mut StateWatch) -> Ended {
        if !self.is_finite() {
            return Ended::NotFinite;
        }
        loop {
            let slope = self.slope();
            if slope <= self.options.slope_tolerance {
                return Ended::Stationary;
            }
            if self.state.iterations >= self.options.iterations {
                return Ended::Iterations;
            }
            let (iteration, value, at) = (self.state.iterations, self.state.value, &self.state.at[..]);
            let progress = Progress { iteration, value, slope, at };
            if !goes_on(&mut |progress| watch(progress, &self.state), &progress) {
                return Ended::Stopped;
            }
            if let Some(ended) = self.iterate() {
                return ended;
            }
        }
    }

    /// One step that lowers the value; or why there is none.
    fn iterate(&mut self) -> Option<Ended> {
        loop {
            let step = match self.step(self.state.damping) {
                Some(step) => step,
                None if self.state.damping < MAX_DAMPING => {
                    self.raise_damping();
                    continue;
                }
                None => return Some(Ended::Narrowed),
            };
            let promised = self.model.reduction(&step);
            let bend = self.bend(&step).unwrap_or_else(|| vec![0.0; step.len()]);
            let parts = step.iter().zip(&bend).map(|(part, bend)| part + 0.5 * bend);
            let mut to: Vec<f64> = self.state.at.iter().zip(parts).map(|(x, part)| x + part).collect();
            project(&mut to, self.ranges);
            let value = self.of.cost(&to);
            self.state.evaluations += 1;
            let gained = self.state.value - value;
            let is_short = self.measure(&step) <= self.options.step_tolerance * self.measure(&self.state.at);
            let tolerance = self.options.value_tolerance * self.state.value;
            if value.is_finite() && gained > 0.0 && gained >= KEPT * promised {
                let before = std::mem::replace(&mut self.state.at, to);
                self.state.iterations += 1;
                let kept = gained / promised;
                self.state.damping *= (1.0 - (2.0 * kept - 1.0).powi(3)).max(1.0 / 3.0);
                self.state.damping = self.state.damping.max(MIN_DAMPING);
                self.growth = GROWTH;
                self.linearise();
                if !self.is_finite() {
                    // Its derivatives end where its values do not.
                    self.state.at = before;
                    self.linearise();
                    self.raise_damping();
                    continue;
                }
                self.state.value = value;
                let lengths = self.model.lengths();
                let kept = if self.state.iterations > LONG { FADING } else { 1.0 };
                self.state.scales.iter_mut().zip(lengths).for_each(|(own, new)| *own = new.max(kept * *own));
                return match () {
                    () if gained <= tolerance && promised <= tolerance => Some(Ended::Settled),
                    () if is_short => Some(Ended::Narrowed),
                    () => None,
                };
            }
            if is_short || self.state.damping >= MAX_DAMPING {
                return Some(Ended::Narrowed);
            }
            if promised <= tolerance && gained.abs() <= tolerance {
                return Some(Ended::Settled);
            }
            self.raise_damping();
        }
    }

    fn raise_damping(&mut self) {
        self.state.damping = (self.state.damping * self.growth).min(MAX_DAMPING);
        self.growth *= 2.0;
    }

    /// Undamped steps at the end, where values are too much alike to tell better from worse, but slopes are not.
    fn polish(&mut self) {
        for _ in 0..POLISHING {
            let slope = self.slope();
            let Some(step) = self.step(MIN_DAMPING) else { return };
            let (before, value) = (self.state.at.clone(), self.state.value);
            self.state.at.iter_mut().zip(&step).for_each(|(x, part)| *x += part);
            project(&mut self.state.at, self.ranges);
            self.state.value = self.linearise();
            let is_no_worse = self.is_finite() && self.state.value <= value * (1.0 + 1e-12);
            if !is_no_worse || self.slope() >= slope {
                self.state.at = before;
                self.state.value = value;
                self.linearise();
                return;
            }
        }
    }
}
