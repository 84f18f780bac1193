//! The way to where an energy settles: steps by quadratic models with a drag, which grows where a step was too long and lessens where
//! one was right, until it is none.

use super::settling::{Settling, Situation};
use super::step::{PricedStep, StepModel, violation};
use crate::error::{Error, Result};
use crate::task;
use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// Where a fall ends.
pub(super) struct Fallen {
    pub at: DVector<f64>,
    /// The push of each gap there.
    pub pushes: DVector<f64>,
    /// The price of a violation.
    pub price: f64,
    /// Whether steps became as small as they can be before the forces balance, as they do at a kink.
    pub is_stuck: bool,
}

/// How many steps there are at most.
const STEPS: usize = 600;
/// The length that the first steps have at most, in units; each step that is cut so doubles it.
const FIRST: f64 = 0.5;
/// How far off anything is said to be without end, in units.
const ENDLESS: f64 = 1e7;
/// The drag where a fall is over, the least and the most there is, in parts of the largest slope or curvature.
const LITTLE_DRAG: f64 = 1e-6;
const LEAST_DRAG: f64 = 1e-10;
const MOST_DRAG: f64 = 1e11;
/// The step where it is over, in units.
const SHORT: f64 = 1e-9;
/// Rounding in an energy, in parts of it.
pub(super) const ROUNDING: f64 = 1e-15;
/// After how many steps kinks are looked for though it is not stuck.
const MANY: usize = 50;
/// How often it is stuck, at most, and how far a kink leads on then, in units, if it is stuck elsewhere.
const OFTEN: usize = 8;
const ASTRAY: f64 = 1e-3;

impl Settling<'_> {
    /// Downhill from a place where the constraints hold, to about where it settles.
    pub(super) fn fall(&mut self, mut at: DVector<f64>) -> Result<Fallen> {
        let mut seen = self.look(&at);
        if !seen.is_finite() {
            return Err(Error::Undefined("the energy or a constraint is not finite where it starts".into()));
        }
        let mut pushes = DVector::zeros(seen.gaps.len());
        let mut price = 10.0 * self.reference(&at, &seen, &pushes);
        let mut drag = seen.slope.norm().max(LEAST_DRAG * price);
        let (mut longest, mut stuck) = (FIRST, 0);
        for n in 0..STEPS {
            task::check()?;
            let (hessian, reference) = self.model(&at, &seen, &pushes);
            let found = loop {
                let Some((model_gain, next)) =
                    self.step(&at, &seen, &hessian, drag, &mut price, &mut longest)
                else {
                    drag = 10.0 * drag.max(LEAST_DRAG * reference);
                    if drag > MOST_DRAG * reference {
                        break None;
                    }
                    continue;
                };
                let noise = ROUNDING * (seen.energy.abs() + price * violated(&seen.gaps, self));
                let is_short = (&next.at - &at).amax() <= SHORT || model_gain <= noise;
                if is_short && drag <= LITTLE_DRAG * reference {
                    let PricedPlace { at, pushes, .. } = next;
                    return Ok(Fallen { at, pushes, price, is_stuck: false });
                }
                let ratio = if model_gain <= noise { 1.0 } else { next.gain / model_gain };
                if ratio > 0.1 || (model_gain <= noise && next.gain >= -10.0 * noise) {
                    if ratio > 0.6 {
                        drag = (0.1 * drag).max(LEAST_DRAG * reference);
                    }
                    break Some(next);
                }
                drag = 10.0 * drag.max(LEAST_DRAG * reference);
                if drag > MOST_DRAG * reference {
                    break None;
                }
            };
            match found {
                // Many steps may be such that cross a kink to and fro.
                Some(_) if n % MANY == MANY - 1 => at = self.along_kinks(&at, price)?,
                Some(next) => (at, pushes) = (next.at, next.pushes),
                None => {
                    let next = self.along_kinks(&at, price)?;
                    let moved = (&next - &at).amax();
                    at = next;
                    if moved <= ASTRAY || stuck == OFTEN {
                        return Ok(Fallen { at, pushes, price, is_stuck: true });
                    }
                    stuck += 1;
                    drag = reference;
                }
            }
            seen = self.look(&at);
            if !seen.is_finite() {
                return Err(Error::Undefined("the energy's derivatives are not finite on the way".into()));
            }
            if at.amax() > ENDLESS {
                let farthest = at.iamax();
                return Err(Error::Undefined(format!(
                    "the energy falls without end: nothing holds {}, which is at {:.3e}",
                    self.of.name(farthest),
                    at[farthest] * self.of.units[farthest]
                )));
            }
        }
        Ok(Fallen { at, pushes, price, is_stuck: true })
    }

    /// The largest slope or curvature.
    fn reference(&mut self, at: &DVector<f64>, seen: &Situation, pushes: &DVector<f64>) -> f64 {
        let curvatures = self.curvatures(at, pushes);
        let curved = self.own_columns(&curvatures).amax();
        let most = seen.slope.amax().max(if curved.is_finite() { curved } else { 0.0 });
        if most > 0.0 { most } else { 1.0 }
    }

    /// The curvature of a model, and the largest slope or curvature. It is that of the Lagrangian along what the gaps that push leave
    /// free, and positive everywhere, so that steps lead away from where the energy is greatest.
    fn model(&mut self, at: &DVector<f64>, seen: &Situation, pushes: &DVector<f64>) -> (DMatrix<f64>, f64) {
        let curvatures = self.curvatures(at, pushes);
        let mut hessian = self.own_columns(&curvatures);
        if hessian.iter().any(|own| !own.is_finite()) {
            hessian.fill(0.0);
        }
        let curved = hessian.amax();
        let most = seen.slope.amax().max(curved);
        let reference = if most > 0.0 { most } else { 1.0 };
        for n in 0..pushes.len() {
            if pushes[n].abs() > seen.gaps[n].abs() * reference {
                let row = seen.rows.row(n);
                let square = row.norm_squared();
                if square > 0.0 {
                    hessian += row.transpose() * row * (10.0 * curved / square);
                }
            }
        }
        let eigen = SymmetricEigen::new(hessian);
        let positive = DMatrix::from_diagonal(&eigen.eigenvalues.map(f64::abs));
        (&eigen.eigenvectors * positive * eigen.eigenvectors.transpose(), reference)
    }

    /// The step with so much drag, and what it gains by the model. Where it gains less than it should since gaps are curved, it is
    /// mended by how they are where it ends (Fletcher 1982). None where the model has none.
    fn step(
        &mut self,
        at: &DVector<f64>,
        seen: &Situation,
        hessian: &DMatrix<f64>,
        drag: f64,
        price: &mut f64,
        longest: &mut f64,
    ) -> Option<(f64, PricedPlace)> {
        let are_equations: Vec<bool> = self.of.gaps.iter().map(|gap| gap.is_equation).collect();
        let curvature = hessian + DMatrix::identity(at.len(), at.len()) * drag;
        let (model, mut found) = loop {
            let model = StepModel {
                slope: &seen.slope,
                curvature: &curvature,
                gaps: &seen.gaps,
                rows: &seen.rows,
                are_equations: &are_equations,
                price: *price,
            };
            let found = model.best()?;
            // At more than half the price it might be cheaper to violate.
            if found.pushes.amax() < 0.5 * *price || *price > 1e12 * seen.slope.amax().max(1e-12) {
                break (model, found);
            }
            *price *= 10.0;
        };
        let length = found.step.norm();
        let is_cut = length > *longest;
        if is_cut {
            found.step *= *longest / length;
        }
        let model_gain = model.gain(&found.step);
        let before = seen.energy + model.priced(&seen.gaps);
        let try_at = |settling: &mut Self, next: DVector<f64>, pushes: DVector<f64>| {
            let (energy, gaps) = settling.measure(&next);
            let gain = before - energy - model.priced(&gaps);
            (PricedPlace { at: next, pushes, gain }, gaps)
        };
        let PricedStep { step, pushes } = found;
        let (mut best, gaps) = try_at(self, at + &step, pushes);
        if best.gain.is_nan() {
            best.gain = f64::NEG_INFINITY;
        }
        if best.gain < 0.9 * model_gain
            && !gaps.is_empty()
            && gaps.iter().all(|gap| gap.is_finite())
            && !is_cut
        {
            let bent = gaps - &seen.rows * &step;
            let mended = StepModel { gaps: &bent, ..model }.best();
            if let Some(PricedStep { step, pushes }) = mended {
                let (other, _) = try_at(self, at + &step, pushes);
                if other.gain > best.gain {
                    best = other;
                }
            }
        }
        if is_cut && best.gain > 0.1 * model_gain {
            *longest *= 2.0;
        }
        Some((model_gain, best))
    }
}

/// A place that was tried, what the gaps push with there by the model, and how much less all is there.
struct PricedPlace {
    at: DVector<f64>,
    pushes: DVector<f64>,
    gain: f64,
}

/// How much is violated in all.
pub(super) fn violated(gaps: &DVector<f64>, settling: &Settling) -> f64 {
    gaps.iter().zip(&settling.of.gaps).map(|(gap, of)| violation(*gap, of.is_equation)).sum()
}
