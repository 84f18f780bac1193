//! L-BFGS with ranges: any objective with a gradient, of few unknowns or of millions.

use super::line_search::{Trial, search};
use super::objective::{Ended, Objective, Progress, Solution, Watch, goes_on, project, projected_slope};
use nalgebra::{DMatrix, DVector};
use std::collections::VecDeque;

/// The limited-memory BFGS method in ranges (Byrd, Lu, Nocedal and Zhu 1995), with the projected subspace step of
/// Morales and Nocedal (2011) and the line search of Moré and Thuente.
///
/// ```
/// use fieldgrad::fit::{QuasiNewton, UNBOUNDED};
///
/// // The nearest point of a quarter plane to (−1, 2).
/// let mut distance = |at: &[f64], gradient: &mut [f64]| {
///     gradient.copy_from_slice(&[2.0 * (at[0] + 1.0), 2.0 * (at[1] - 2.0)]);
///     (at[0] + 1.0).powi(2) + (at[1] - 2.0).powi(2)
/// };
/// let solution = QuasiNewton::default().solve(&mut distance, &[3.0, 3.0], &[(0.0, 5.0), UNBOUNDED]);
/// assert!(solution.at[0] == 0.0 && (solution.at[1] - 2.0).abs() < 1e-9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuasiNewton {
    /// How many of the last steps the curvature is known from.
    pub memory: usize,
    /// The most iterations.
    pub iterations: usize,
    /// It has [settled](Ended::Settled) where an iteration lowers the value by less than this part of it.
    pub value_tolerance: f64,
    /// It is [stationary](Ended::Stationary) where no part of the gradient that the ranges leave is above this.
    pub slope_tolerance: f64,
}

impl Default for QuasiNewton {
    fn default() -> QuasiNewton {
        QuasiNewton { memory: 10, iterations: 1000, value_tolerance: 1e-14, slope_tolerance: 1e-10 }
    }
}

/// How far a step may go that no range ends.
const FAR: f64 = 1e10;

impl QuasiNewton {
    /// The unknowns that make an objective small, from a start, within ranges.
    pub fn solve(&self, of: &mut impl Objective, start: &[f64], ranges: &[(f64, f64)]) -> Solution {
        self.solve_watched(of, start, ranges, &mut |_| true)
    }

    /// The same, watched.
    pub fn solve_watched(
        &self,
        of: &mut impl Objective,
        start: &[f64],
        ranges: &[(f64, f64)],
        watch: &mut Watch,
    ) -> Solution {
        let mut at = start.to_vec();
        project(&mut at, ranges);
        let mut gradient = vec![0.0; at.len()];
        let mut value = of.value(&at, &mut gradient);
        let mut curvature = Curvature::new(self.memory);
        let (mut iterations, mut evaluations) = (0, 1);
        let ended = loop {
            if !value.is_finite() || gradient.iter().any(|slope| !slope.is_finite()) {
                break Ended::NotFinite;
            }
            let slope = projected_slope(&at, &gradient, ranges);
            if slope <= self.slope_tolerance {
                break Ended::Stationary;
            }
            if iterations >= self.iterations {
                break Ended::Iterations;
            }
            if !goes_on(watch, &Progress { iteration: iterations, value, slope, at: &at }) {
                break Ended::Stopped;
            }
            let target = curvature.minimum(&at, &gradient, ranges);
            let direction: Vec<f64> = target.iter().zip(&at).map(|(to, x)| to - x).collect();
            let steep = dot(&direction, &gradient);
            let most = longest(&at, &direction, ranges);
            let first =
                if curvature.is_empty() { (1.0 / dot(&direction, &direction).sqrt()).min(1.0) } else { 1.0 };
            let mut trials: Vec<(f64, Vec<f64>, Vec<f64>)> = Vec::new();
            let found = (steep < 0.0).then(|| {
                let start = Trial { step: 0.0, value, slope: steep };
                search(start, first, most, |step| {
                    let mut to: Vec<f64> = at.iter().zip(&direction).map(|(x, d)| x + step * d).collect();
                    project(&mut to, ranges);
                    let mut gradient = vec![0.0; to.len()];
                    let value = of.value(&to, &mut gradient);
                    evaluations += 1;
                    let slope = dot(&direction, &gradient);
                    trials.push((step, to, gradient));
                    Trial { step, value, slope }
                })
            });
            let Some(found) = found.flatten() else {
                // From what is known of the curvature nothing is found: once more without it.
                if curvature.is_empty() {
                    break Ended::Narrowed;
                }
                curvature.clear();
                continue;
            };
            let (_, to, to_gradient) = trials
                .into_iter()
                .rev()
                .find(|trial| trial.0 == found.step)
                .expect("what was found was tried");
            let moved: Vec<f64> = to.iter().zip(&at).map(|(to, x)| to - x).collect();
            let turned: Vec<f64> = to_gradient.iter().zip(&gradient).map(|(to, from)| to - from).collect();
            curvature.learn(moved, turned);
            let gained = value - found.value;
            (at, gradient, value) = (to, to_gradient, found.value);
            iterations += 1;
            if gained <= self.value_tolerance * value.abs().max(value + gained) {
                break Ended::Settled;
            }
        };
        Solution { at, value, iterations, evaluations, ended }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// How far along a direction all ranges let go.
fn longest(at: &[f64], direction: &[f64], ranges: &[(f64, f64)]) -> f64 {
    let ends = at.iter().zip(direction).zip(ranges).map(|((&x, &d), &(low, high))| match () {
        () if d > 0.0 => (high - x) / d,
        () if d < 0.0 => (low - x) / d,
        () => FAR,
    });
    ends.fold(FAR, f64::min).max(0.0)
}

/// What the last steps say about the second derivatives: B = θ − W M Wᵀ, with W = [Y, θS].
struct Curvature {
    memory: usize,
    steps: VecDeque<Vec<f64>>,
    turns: VecDeque<Vec<f64>>,
    theta: f64,
    /// M.
    middle: DMatrix<f64>,
}

impl Curvature {
    fn new(memory: usize) -> Curvature {
        let memory = memory.max(1);
        let (steps, turns) = (VecDeque::new(), VecDeque::new());
        Curvature { memory, steps, turns, theta: 1.0, middle: DMatrix::zeros(0, 0) }
    }

    fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    fn clear(&mut self) {
        *self = Curvature::new(self.memory);
    }

    /// Takes in a step and by how much it turned the gradient.
    fn learn(&mut self, step: Vec<f64>, turn: Vec<f64>) {
        let (along, size) = (dot(&step, &turn), dot(&turn, &turn));
        if along.is_nan() || along <= f64::EPSILON * size {
            return; // it is not convex there
        }
        if self.steps.len() == self.memory {
            self.steps.pop_front();
            self.turns.pop_front();
        }
        self.theta = size / along;
        self.steps.push_back(step);
        self.turns.push_back(turn);
        let count = self.steps.len();
        let middle = DMatrix::from_fn(2 * count, 2 * count, |i, j| {
            let (i, j) = (i.max(j), i.min(j));
            match (i < count, j < count) {
                (true, _) => {
                    if i == j {
                        -dot(&self.steps[i], &self.turns[i])
                    } else {
                        0.0
                    }
                }
                (false, true) => {
                    if i - count > j {
                        dot(&self.steps[i - count], &self.turns[j])
                    } else {
                        0.0
                    }
                }
                (false, false) => self.theta * dot(&self.steps[i - count], &self.steps[j - count]),
            }
        });
        match middle.try_inverse() {
            Some(inverse) => self.middle = inverse,
            None => self.clear(),
        }
    }

    /// A row of W.
    fn row(&self, i: usize) -> DVector<f64> {
        let count = self.steps.len();
        DVector::from_fn(2 * count, |k, _| match k < count {
            true => self.turns[k][i],
            false => self.theta * self.steps[k - count][i],
        })
    }

    /// Wᵀv.
    fn inward(&self, v: &[f64]) -> DVector<f64> {
        let count = self.steps.len();
        DVector::from_fn(2 * count, |k, _| match k < count {
            true => dot(&self.turns[k], v),
            false => self.theta * dot(&self.steps[k - count], v),
        })
    }

    /// Where the quadratic model about a place is least within ranges, or nearly so.
    fn minimum(&self, at: &[f64], gradient: &[f64], ranges: &[(f64, f64)]) -> Vec<f64> {
        let (corner, along) = self.cauchy_point(at, gradient, ranges);
        if self.is_empty() {
            return corner;
        }
        self.subspace_minimum(at, gradient, ranges, corner, &along)
    }

    /// The first minimum along the projected gradient, and Wᵀ of the way there.
    fn cauchy_point(&self, at: &[f64], gradient: &[f64], ranges: &[(f64, f64)]) -> (Vec<f64>, DVector<f64>) {
        let ends: Vec<f64> = (0..at.len())
            .map(|i| match gradient[i] {
                slope if slope < 0.0 => (at[i] - ranges[i].1) / slope,
                slope if slope > 0.0 => (at[i] - ranges[i].0) / slope,
                _ => f64::INFINITY,
            })
            .collect();
        let mut direction: Vec<f64> =
            gradient.iter().zip(&ends).map(|(slope, &end)| if end > 0.0 { -slope } else { 0.0 }).collect();
        let mut order: Vec<usize> = (0..at.len()).filter(|&i| ends[i] > 0.0 && ends[i].is_finite()).collect();
        order.sort_by(|&a, &b| ends[a].total_cmp(&ends[b]).then(a.cmp(&b)));
        let mut inner = self.inward(&direction);
        let mut along = DVector::zeros(inner.len());
        let mut slope = -dot(&direction, &direction);
        let mut bend = -self.theta * slope - (&self.middle * &inner).dot(&inner);
        let least_bend = f64::EPSILON * bend.abs();
        let (mut corner, mut gone) = (at.to_vec(), 0.0);
        let mut ahead = -slope / bend;
        for i in order {
            let span = ends[i] - gone;
            if ahead < span {
                break;
            }
            corner[i] = if gradient[i] < 0.0 { ranges[i].1 } else { ranges[i].0 };
            let (off, steep) = (corner[i] - at[i], gradient[i]);
            along += &inner * span;
            slope += span * bend + steep * steep + self.theta * steep * off;
            bend -= self.theta * steep * steep;
            if !self.is_empty() {
                let row = self.row(i);
                let turned = &self.middle * &row;
                slope -= steep * turned.dot(&along);
                bend -= 2.0 * steep * turned.dot(&inner) + steep * steep * turned.dot(&row);
                inner += &row * steep;
            }
            bend = bend.max(least_bend);
            direction[i] = 0.0;
            gone = ends[i];
            ahead = if slope < 0.0 { -slope / bend } else { 0.0 };
        }
        let ahead = if ahead.is_finite() { ahead.max(0.0) } else { 0.0 };
        let length = gone + ahead;
        for i in (0..at.len()).filter(|&i| direction[i] != 0.0) {
            corner[i] = (at[i] + length * direction[i]).clamp(ranges[i].0, ranges[i].1);
        }
        along += inner * ahead;
        (corner, along)
    }

    /// The model's minimum over what no range holds at the Cauchy point, brought into the ranges.
    fn subspace_minimum(
        &self,
        at: &[f64],
        gradient: &[f64],
        ranges: &[(f64, f64)],
        corner: Vec<f64>,
        along: &DVector<f64>,
    ) -> Vec<f64> {
        let free: Vec<usize> =
            (0..at.len()).filter(|&i| corner[i] > ranges[i].0 && corner[i] < ranges[i].1).collect();
        if free.is_empty() {
            return corner;
        }
        let turned = &self.middle * along;
        let rows: Vec<DVector<f64>> = free.iter().map(|&i| self.row(i)).collect();
        let reduced: Vec<f64> = free
            .iter()
            .zip(&rows)
            .map(|(&i, row)| gradient[i] + self.theta * (corner[i] - at[i]) - row.dot(&turned))
            .collect();
        let width = along.len();
        let mut inner = DVector::zeros(width);
        let mut square = DMatrix::zeros(width, width);
        for (row, &slope) in rows.iter().zip(&reduced) {
            inner.axpy(slope, row, 1.0);
            square.ger(1.0 / self.theta, row, row, 1.0);
        }
        let system = DMatrix::identity(width, width) - &self.middle * square;
        let Some(inner) = system.lu().solve(&(&self.middle * inner)) else { return corner };
        let mut target = corner.clone();
        for ((&i, row), &slope) in free.iter().zip(&rows).zip(&reduced) {
            target[i] -= slope / self.theta + row.dot(&inner) / (self.theta * self.theta);
        }
        let mut within = target.clone();
        project(&mut within, ranges);
        let steep: f64 = within.iter().zip(at).zip(gradient).map(|((to, x), slope)| (to - x) * slope).sum();
        if steep < 0.0 {
            return within;
        }
        // Otherwise as far as the first range that ends the way from the Cauchy point.
        let way: Vec<f64> = target.iter().zip(&corner).map(|(to, from)| to - from).collect();
        let part = longest(&corner, &way, ranges).min(1.0);
        let mut target: Vec<f64> = corner.iter().zip(&way).map(|(from, way)| from + part * way).collect();
        project(&mut target, ranges);
        target
    }
}
