//! Kernels of closures, whose derivatives are differences.

use super::{Derivative, Kernel};
use crate::number::Interval;
use std::fmt;
use std::sync::Arc;

/// A function of which nothing is known but its values and bounds on them: a kernel in a line.
///
/// Its derivatives are differences of the fourth order, those of higher order differences of differences: each less exact
/// than the one before. Where it may be written over [`Real`](crate::number::Real) write it so, and call it with fields: then
/// its derivatives are exact, and bounded.
///
/// ```
/// use fieldgrad::number::{Closure, Interval, Real};
/// use fieldgrad::prelude::*;
///
/// // From elsewhere, with bounds.
/// let table = |at: &[f64]| at[0].cbrt();
/// let bounds = |over: &[Interval]| Interval::new(over[0].lo().cbrt(), over[0].hi().cbrt());
/// let root = kernel(Closure::new("root", table, bounds), [x()]);
/// assert_eq!(root.value_at([8.0, 0.0, 0.0, 0.0])?, 2.0);
/// assert!((root.gradient_at([8.0, 0.0, 0.0, 0.0])?[0] - 1.0 / 12.0).abs() < 1e-8);
///
/// // Of a number's own operations: no kernel at all.
/// fn waves<R: Real>(x: R, y: R) -> R {
///     (x.clone() * x + y).sin()
/// }
/// assert_eq!(waves(x(), y()).gradient_at([1.0, -1.0, 0.0, 0.0])?, [2.0, 1.0, 0.0, 0.0]);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
pub struct Closure<V, B> {
    name: String,
    value: V,
    bounds: B,
}

impl<V, B> Closure<V, B>
where
    V: Fn(&[f64]) -> f64 + Send + Sync + 'static,
    B: Fn(&[Interval]) -> Interval + Send + Sync + 'static,
{
    /// The kernel of a function, and of one that gives an interval with all its values over its inputs' intervals.
    ///
    /// It may jump anywhere, as far as anybody knows; rays look at it every quarter of a pixel.
    #[allow(clippy::new_ret_no_self)] // a kernel is what is wanted of it
    pub fn new(name: &str, value: V, bounds: B) -> Arc<dyn Kernel> {
        Arc::new(Closure { name: name.into(), value, bounds })
    }

    fn difference(&self, order: &[usize], step: f64, inputs: &mut [f64]) -> f64 {
        let Some((&input, others)) = order.split_first() else { return (self.value)(inputs) };
        let middle = inputs[input];
        let by = step * middle.abs().max(1.0);
        let mut at = |place: f64| {
            inputs[input] = place;
            self.difference(others, step, inputs)
        };
        let (below, above) = (middle - by, middle + by);
        // Each over the distance that is left of it once the two places are rounded.
        let near = (at(above) - at(below)) / (above - below);
        let (below, above) = (middle - 2.0 * by, middle + 2.0 * by);
        let far = (at(above) - at(below)) / (above - below);
        inputs[input] = middle;
        (4.0 * near - far) / 3.0
    }
}

impl<V, B> fmt::Debug for Closure<V, B> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Closure({})", self.name)
    }
}

impl<V, B> Kernel for Closure<V, B>
where
    V: Fn(&[f64]) -> f64 + Send + Sync + 'static,
    B: Fn(&[Interval]) -> Interval + Send + Sync + 'static,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn value(&self, output: usize, inputs: &[f64]) -> f64 {
        let order = order_of(output);
        // Where rounding and curving do about the same.
        let step = f64::EPSILON.powf(1.0 / (4.0 + order.len() as f64));
        self.difference(&order, step, &mut inputs.to_vec())
    }

    fn bounds(&self, output: usize, inputs: &[Interval]) -> Interval {
        if output == 0 { (self.bounds)(inputs) } else { Interval::WHOLE }
    }

    fn derivative(&self, output: usize, input: usize) -> Derivative {
        let number = output.checked_mul(BASE).and_then(|number| number.checked_add(input + 1));
        number.filter(|_| input + 1 < BASE).map_or(Derivative::Zero, Derivative::Own)
    }
}

/// An output is a derivative in some inputs: the digits of its number to this base, each one more than the input.
const BASE: usize = 256;

fn order_of(mut output: usize) -> Vec<usize> {
    let mut order = Vec::new();
    while output > 0 {
        order.push(output % BASE - 1);
        output /= BASE;
    }
    order.reverse();
    order
}
