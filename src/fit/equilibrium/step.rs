//! A step by a quadratic model of an energy and linear models of what bounds it: a convex quadratic programme whose bounds have a
//! price, so that it always has a solution.

use nalgebra::{Cholesky, DMatrix, DVector};

/// The step d for which g·d + ½ d·Bd and a price times what is violated are least, where each gap v + Ad is to be 0 or more, or 0.
///
/// The price makes it feasible wherever the gaps are (Fletcher's Sℓ₁QP, 1985); B is to be positive definite.
pub(super) struct StepModel<'a> {
    /// g.
    pub slope: &'a DVector<f64>,
    /// B.
    pub curvature: &'a DMatrix<f64>,
    /// v.
    pub gaps: &'a DVector<f64>,
    /// A, a row for each gap.
    pub rows: &'a DMatrix<f64>,
    /// Which gaps are to be 0.
    pub are_equations: &'a [bool],
    pub price: f64,
}

/// A step, and what the gaps push with there: so much of each gap's derivative balances the energy's.
pub(super) struct PricedStep {
    pub step: DVector<f64>,
    pub pushes: DVector<f64>,
}

/// How many iterations there are at most, and how exactly complementarity is to hold, in parts of what is at stake.
const ITERATIONS: usize = 80;
const EXACT: f64 = 1e-13;
/// How near to the ends of what is allowed an iteration goes.
const NEAR: f64 = 0.995;

impl StepModel<'_> {
    /// The violations, times their prices.
    pub(super) fn priced(&self, gaps: &DVector<f64>) -> f64 {
        self.price * gaps.iter().zip(self.are_equations).map(|(gap, is)| violation(*gap, *is)).sum::<f64>()
    }

    /// How much less all is after a step.
    pub(super) fn gain(&self, step: &DVector<f64>) -> f64 {
        let after = self.gaps + self.rows * step;
        self.priced(self.gaps)
            - self.priced(&after)
            - self.slope.dot(step)
            - 0.5 * step.dot(&(self.curvature * step))
    }

    /// The best step, by a primal-dual interior-point method (Mehrotra 1992). A push is from 0, or minus the price for an
    /// equation, to the price; with s − t = v + Ad, s times what it is above the one and t times what it is below the other go to 0
    /// together. None where B is not positive definite, or anything is not finite.
    pub(super) fn best(&self) -> Option<PricedStep> {
        let count = self.gaps.len();
        if count == 0 {
            let step = -Cholesky::new(self.curvature.clone())?.solve(self.slope);
            return Some(PricedStep { step, pushes: DVector::zeros(0) });
        }
        let steep = self.slope.amax().max(1e-6 * self.price);
        let least = |n: usize| if self.are_equations[n] { -self.price } else { 0.0 };
        let mut at = Iterate {
            step: DVector::zeros(self.slope.len()),
            pushes: DVector::from_fn(count, |n, _| {
                if self.are_equations[n] { 0.0 } else { steep.min(0.5 * self.price) }
            }),
            over: self.gaps.map(|gap| gap.max(0.0) + 1.0),
            under: self.gaps.map(|gap| (-gap).max(0.0) + 1.0),
        };
        let mut best = f64::INFINITY;
        let mut found = None;
        for _ in 0..ITERATIONS {
            let mean = (0..count)
                .map(|n| at.over[n] * (at.pushes[n] - least(n)) + at.under[n] * (self.price - at.pushes[n]))
                .sum::<f64>()
                / (2 * count) as f64;
            let slope = self.slope + self.curvature * &at.step - self.rows.tr_mul(&at.pushes);
            let left = mean + slope.amax();
            if left.is_nan() {
                break;
            }
            if left < best {
                best = left;
                found = Some(PricedStep { step: at.step.clone(), pushes: at.pushes.clone() });
            }
            if left <= EXACT * steep {
                break;
            }
            let Some(next) = self.iteration(&at, mean, &slope) else { break };
            at = next;
        }
        found
    }

    fn iteration(&self, at: &Iterate, mean: f64, slope: &DVector<f64>) -> Option<Iterate> {
        let count = self.gaps.len();
        let least = |n: usize| if self.are_equations[n] { -self.price } else { 0.0 };
        let above = DVector::from_fn(count, |n, _| at.pushes[n] - least(n));
        let below = at.pushes.map(|push| self.price - push);
        let weights = DVector::from_fn(count, |n, _| 1.0 / (at.over[n] / above[n] + at.under[n] / below[n]));
        let mut weighted = self.rows.clone();
        weighted.row_iter_mut().zip(weights.iter()).for_each(|(mut row, weight)| row *= *weight);
        let matrix = self.curvature + self.rows.tr_mul(&weighted);
        let factor = Cholesky::new(matrix)?;
        let now = self.gaps + self.rows * &at.step;
        // The direction to where each product of s is `over`, and of t `under`.
        let direction = |over: &DVector<f64>, under: &DVector<f64>| -> Iterate {
            let off = DVector::from_fn(count, |n, _| now[n] - over[n] / above[n] + under[n] / below[n]);
            let off = off.component_mul(&weights);
            let step = factor.solve(&-(slope + self.rows.tr_mul(&off)));
            let pushes = -(&off + (self.rows * &step).component_mul(&weights));
            let over = DVector::from_fn(count, |n, _| {
                over[n] / above[n] - at.over[n] - at.over[n] / above[n] * pushes[n]
            });
            let under = DVector::from_fn(count, |n, _| {
                under[n] / below[n] - at.under[n] + at.under[n] / below[n] * pushes[n]
            });
            Iterate { step, pushes, over, under }
        };
        let longest = |by: &Iterate| {
            let mut most: f64 = 1.0 / NEAR;
            let mut keep = |value: f64, change: f64| {
                if change < 0.0 {
                    most = most.min(-value / change);
                }
            };
            for n in 0..count {
                keep(at.over[n], by.over[n]);
                keep(at.under[n], by.under[n]);
                keep(above[n], by.pushes[n]);
                keep(below[n], -by.pushes[n]);
            }
            NEAR * most
        };
        let none = DVector::zeros(count);
        let ahead = direction(&none, &none);
        let far = longest(&ahead);
        let then = (0..count)
            .map(|n| {
                (at.over[n] + far * ahead.over[n]) * (above[n] + far * ahead.pushes[n])
                    + (at.under[n] + far * ahead.under[n]) * (below[n] - far * ahead.pushes[n])
            })
            .sum::<f64>()
            / (2 * count) as f64;
        let aim = mean * (then / mean).clamp(0.0, 1.0).powi(3);
        let over = DVector::from_fn(count, |n, _| aim - ahead.over[n] * ahead.pushes[n]);
        let under = DVector::from_fn(count, |n, _| aim + ahead.under[n] * ahead.pushes[n]);
        let by = direction(&over, &under);
        let far = longest(&by);
        let is_finite = |of: &DVector<f64>| of.iter().all(|x| x.is_finite());
        let next = Iterate {
            step: &at.step + far * by.step,
            pushes: &at.pushes + far * by.pushes,
            over: &at.over + far * by.over,
            under: &at.under + far * by.under,
        };
        (is_finite(&next.step) && is_finite(&next.pushes)).then_some(next)
    }
}

/// How far a gap is from what it is to be.
pub(super) fn violation(gap: f64, is_equation: bool) -> f64 {
    if is_equation { gap.abs() } else { (-gap).max(0.0) }
}

/// A step under way, or a change of one: its pushes, and how far each gap is over and under 0.
struct Iterate {
    step: DVector<f64>,
    pushes: DVector<f64>,
    over: DVector<f64>,
    under: DVector<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn best(model: &StepModel) -> PricedStep {
        model.best().unwrap()
    }

    #[test]
    fn a_step_ends_in_a_corner_and_says_what_holds_it_there() {
        // Down to the corner x ≥ −1, y ≥ −2, which one more row grazes.
        let rows = DMatrix::from_row_slice(3, 2, &[1.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        let model = StepModel {
            slope: &DVector::from_vec(vec![3.0, 5.0]),
            curvature: &(DMatrix::identity(2, 2) * 1e-6),
            gaps: &DVector::from_vec(vec![1.0, 2.0, 4.0]),
            rows: &rows,
            are_equations: &[false; 3],
            price: 100.0,
        };
        let PricedStep { step, pushes } = best(&model);
        assert!((step[0] + 1.0).abs() < 1e-9 && (step[1] + 2.0).abs() < 1e-9, "{step}");
        assert!((pushes[0] - 3.0).abs() < 1e-5 && (pushes[1] - 5.0).abs() < 1e-5 && pushes[2] < 1e-9);
    }

    #[test]
    fn what_cannot_hold_is_violated_at_its_price() {
        // x = 1 and x = 2 cannot both be; x ≥ 4 neither.
        let rows = DMatrix::from_element(3, 1, 1.0);
        let model = StepModel {
            slope: &DVector::zeros(1),
            curvature: &DMatrix::identity(1, 1),
            gaps: &DVector::from_vec(vec![-1.0, -2.0, -4.0]),
            rows: &rows,
            are_equations: &[true, true, false],
            price: 10.0,
        };
        // Of three prices the middle one decides.
        let found = best(&model);
        assert!((found.step[0] - 2.0).abs() < 1e-6, "{}", found.step);
        assert!((model.gain(&found.step) - (10.0 * (7.0 - 1.0 - 2.0) - 2.0)).abs() < 1e-4);
    }

    #[test]
    fn at_any_step_the_pushes_balance_and_push_only_what_touches() {
        let mut random = Random(7);
        let mut number = || 2.0 * random.unit() - 1.0;
        for round in 0..200 {
            let (n, m) = (1 + round % 6, 1 + round % 9);
            let half = DMatrix::from_fn(n, n, |_, _| number());
            let curvature = &half * half.transpose() + DMatrix::identity(n, n) * 1e-3;
            let rows = DMatrix::from_fn(m, n, |_, _| number());
            let gaps = DVector::from_fn(m, |_, _| number() + 0.3);
            let slope = DVector::from_fn(n, |_, _| number());
            let are_equations: Vec<bool> = (0..m).map(|i| i == 0 && round % 3 == 0).collect();
            let model = StepModel {
                slope: &slope,
                curvature: &curvature,
                gaps: &gaps,
                rows: &rows,
                are_equations: &are_equations,
                price: 50.0,
            };
            let PricedStep { step, pushes } = best(&model);
            let left = &slope + &curvature * &step - rows.tr_mul(&pushes);
            assert!(left.amax() < 1e-9, "{round}: {left}");
            let after = &gaps + &rows * &step;
            for i in 0..m {
                let touches = after[i].abs() < 1e-6;
                let priced = (pushes[i].abs() - 50.0).abs() < 1e-6;
                assert!(touches || priced || pushes[i].abs() < 1e-6, "{round}: {} {}", after[i], pushes[i]);
                assert!(after[i] > -1e-6 || priced, "{round}: {}", after[i]);
            }
        }
    }
}
