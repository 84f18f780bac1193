//! Kernels: functions with code and derivatives of their own.

use super::Interval;
use std::fmt::Debug;
use std::sync::Arc;

/// A function of several numbers that is not composed of scalar operations: a custom derivative rule.
///
/// A kernel's derivative is again a kernel, so that gradients, Hessians and derivatives as fields all come from these
/// three methods. A kernel must be deterministic, and total in the way the built-in operations are: finite for
/// finite inputs inside its domain.
///
/// ```
/// use fieldgrad::prelude::*;
/// use std::sync::Arc;
///
/// /// sin(a), or its n-th derivative.
/// #[derive(Debug)]
/// struct Wave(u32);
///
/// impl Kernel for Wave {
///     fn name(&self) -> &str { "wave" }
///     fn value(&self, inputs: &[f64]) -> f64 { (inputs[0] + self.0 as f64 * std::f64::consts::FRAC_PI_2).sin() }
///     fn bounds(&self, _: &[Interval]) -> Interval { Interval::new(-1.0, 1.0) }
///     fn derivative(&self, _: usize) -> Arc<dyn Kernel> { Arc::new(Wave(self.0 + 1)) }
/// }
///
/// let wave = kernel(Arc::new(Wave(0)), [x() * 2.0]);
/// assert!((wave.gradient_at([0.3, 0.0, 0.0, 0.0])?[0] - 2.0 * 0.6f64.cos()).abs() < 1e-15);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
pub trait Kernel: Debug + Send + Sync {
    /// What pictures of the graph call it.
    fn name(&self) -> &str;

    /// How deep kernels are nested here: 1, unless this one evaluates fields that have kernels in them.
    fn depth(&self) -> usize {
        1
    }

    /// The value at the inputs.
    fn value(&self, inputs: &[f64]) -> f64;

    /// An interval that contains every value over the inputs' intervals.
    fn bounds(&self, inputs: &[Interval]) -> Interval;

    /// The derivative in one input, itself a kernel of the same inputs.
    fn derivative(&self, input: usize) -> Arc<dyn Kernel>;

    /// The value, and the derivative in each input. Worth writing where one search serves all of them.
    fn value_with_gradient(&self, inputs: &[f64], gradient: &mut [f64]) -> f64 {
        for (i, slope) in gradient.iter_mut().enumerate() {
            *slope = self.derivative(i).value(inputs);
        }
        self.value(inputs)
    }

    /// How a shader computes it, if one can.
    fn shader(&self) -> Option<ShaderCall> {
        None
    }
}

/// A call of a function that shaders are given, of a kernel's inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShaderCall {
    /// The function, by its name in `shaders/`.
    pub function: &'static str,
    /// Whole numbers it takes behind the inputs.
    pub numbers: [u8; 4],
}
