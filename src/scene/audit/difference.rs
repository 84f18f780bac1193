//! Derivatives beside difference quotients, where the field is smooth.

use super::{Audit, AuditedPoint, TOLERANCE, steepest};
use crate::number::Dual;
use crate::tape::{Adjoint, Machine};

/// How many parameters are compared at one point; at the next point the next ones.
const PARAMETERS: usize = 16;

/// A derivative and the difference quotient it should be.
pub(super) struct Difference {
    pub(super) name: String,
    pub(super) at: [f64; 4],
    pub(super) derivative: f64,
    pub(super) difference: f64,
    /// How far they are apart, in parts of the steepest derivative, or of 1 if that is more.
    pub(super) off: f64,
}

/// Takes differences of a tape's values.
pub(super) struct Differ<'t> {
    audit: &'t Audit<'t>,
    values: Machine<f64>,
    duals: Machine<Dual<f64>>,
    adjoint: Adjoint<f64>,
    parameters: Vec<f64>,
    /// The parameter that is compared next.
    next: usize,
}

/// The steps tried, in parts of the scale: a short one where the field is not smooth over a long one.
const STEPS: [f64; 2] = [1e-4, 1e-6];

impl<'t> Differ<'t> {
    pub(super) fn new(audit: &'t Audit<'t>) -> Differ<'t> {
        let tape = &audit.tape;
        let parameters = tape.values().to_vec();
        Differ {
            audit,
            values: Machine::new(tape),
            duals: Machine::new(tape),
            adjoint: Adjoint::new(tape),
            parameters,
            next: 0,
        }
    }

    pub(super) fn differences(&mut self, seen: &AuditedPoint) -> Vec<Difference> {
        let mut found = Vec::new();
        let scale = self.audit.scale;
        for (i, name) in ["x", "y", "z", "t"].into_iter().enumerate() {
            let moved = |d: f64| {
                let mut at = seen.at;
                at[i] += d;
                at
            };
            let step = STEPS.iter().map(|step| step * scale[i]).find(|&step| {
                let [below, above] = [-step, step].map(|d| self.duals.at(Dual::variables(moved(d)))[0]);
                let size = steepest(&seen.dual).max(1.0);
                let smooth = |i: usize| is_smooth(below.slope[i], seen.dual.slope[i], above.slope[i], size);
                below.is_finite() && above.is_finite() && (0..4).all(smooth)
            });
            let Some(step) = step else { continue };
            let quotient =
                |step: f64| (self.values.at(moved(step))[0] - self.values.at(moved(-step))[0]) / (2.0 * step);
            found.extend(extrapolated(quotient, step, seen.dual.slope[i], &seen.dual).map(
                |(difference, off)| Difference {
                    name: name.into(),
                    at: seen.at,
                    derivative: seen.dual.slope[i],
                    difference,
                    off,
                },
            ));
        }
        for _ in 0..PARAMETERS.min(self.parameters.len()) {
            let i = self.next;
            self.next = (i + 1) % self.parameters.len();
            let own = self.parameters[i];
            let step = STEPS[0] * own.abs().max(1e-2);
            let slope = seen.slopes[i];
            let mut moved = |d: f64| {
                let mut values = self.parameters.clone();
                values[i] += d;
                self.adjoint.set_parameters(&values);
                let value = self.adjoint.forward(seen.at).next().copied().unwrap_or(f64::NAN);
                self.adjoint.back(&[1.0]);
                (value, self.adjoint.parameters().nth(i).unwrap_or(f64::NAN))
            };
            let size = steepest(&seen.dual).max(slope.abs()).max(1.0);
            if is_smooth(moved(-step).1, slope, moved(step).1, size) {
                let name =
                    || self.audit.tape.parameters().nth(i).map_or(String::new(), |own| own.name().into());
                let quotient = |step: f64| (moved(step).0 - moved(-step).0) / (2.0 * step);
                found.extend(extrapolated(quotient, step, slope, &seen.dual).map(|(difference, off)| {
                    Difference { name: name(), at: seen.at, derivative: slope, difference, off }
                }));
            }
        }
        found
    }
}

/// Whether a derivative, here and a step below and above, changes as that of a smooth function does: little, and as much
/// on the one side as on the other. Beside a kink it does not. Never for what is no number.
fn is_smooth(below: f64, here: f64, above: f64, size: f64) -> bool {
    let little = [below, above].iter().all(|there| (there - here).abs() <= 0.02 * size);
    little && (below + above - 2.0 * here).abs() <= 0.3 * TOLERANCE * size
}

/// The difference quotient by Richardson's extrapolation, and how far the derivative is from it, where it converges.
fn extrapolated(
    mut quotient: impl FnMut(f64) -> f64,
    step: f64,
    derivative: f64,
    dual: &Dual<f64>,
) -> Option<(f64, f64)> {
    let (coarse, fine) = (quotient(step), quotient(0.5 * step));
    let size = steepest(dual).max(derivative.abs()).max(1.0);
    // What rounding alone may do to the quotient.
    let noise = 8.0 * f64::EPSILON * (dual.value.abs() + 1.0) / step;
    let difference = (4.0 * fine - coarse) / 3.0;
    let off = ((derivative - difference).abs() - noise).max(0.0) / size;
    ((coarse - fine).abs() <= 1e-4 * size + noise).then_some((difference, off))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kink_is_not_smooth_however_slight() {
        assert!(is_smooth(0.99, 1.0, 1.01, 1.0) && is_smooth(1.0, 1.0, 1.0, 1.0));
        assert!(!is_smooth(1.0, 1.0, 1.001, 1.0) && !is_smooth(f64::NAN, 1.0, 1.0, 1.0));
    }
}
