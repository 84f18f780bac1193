//! Numbers: what a field can be run on. Knows nothing of geometry and uses no other room.
//!
//! [`Real`] says what a number must do. [`Op`] names the scalar operations and holds each one's derivative, once, for
//! every number type. The number types are `f64` and `f32` ([`float`]), [`Lanes`] of `f32`, [`Interval`] and [`Intervals`],
//! [`LinearBounds`] over triangles, and [`Dual`] over any of them; `Field` itself, the graph, is one more and lives in its own room.
//!
//! Conventions, the same on every type:
//!
//! * at a tie `min` and `max` give their first operand;
//! * `round` takes halves to the even neighbour, `modulo` floors;
//! * derivatives are total: where a rule would divide by zero at a kink or an edge (`abs`, `sqrt`, `hypot`, `length`
//!   at 0, `asin` and `acos` at ±1, `atan2` at the origin, `pow` at base 0) it gives 0 instead;
//! * outside an operation's domain (`sqrt(-1)`, `ln(-1)`, `1/0`) the value is what IEEE 754 says, NaN or infinity.

mod arch;
pub mod bend;
mod called;
pub mod doubles;
pub mod dual;
pub(crate) mod elementary;
pub mod float;
pub mod interval;
pub mod intervals;
pub mod kernel;
pub mod lanes;
pub mod linear;
pub mod op;
pub mod rise;
mod rule;
pub mod smooth;

pub(crate) use arch::Arch;
pub use bend::Bend;
pub use doubles::Doubles;
pub use dual::Dual;
pub use interval::Interval;
pub use intervals::Intervals;
pub use kernel::{Closure, Columns, Derivative, Identity, Kernel, Output, Shader, Smoothness};
pub use lanes::Lanes;
pub use linear::LinearBounds;
pub use op::Op;
pub use rise::Rise;
pub(crate) use rule::partial_of;
pub use smooth::Smooth;

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// What a number must do for a field to be run on it.
///
/// The required methods are the primitive operations, one for each [`Op`]; the provided ones compose them.
pub trait Real:
    Clone
    + Debug
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The number that stands for `value` everywhere.
    fn constant(value: f64) -> Self;

    /// |a|, with derivative 0 at 0.
    fn abs(self) -> Self;
    /// √a, with derivative 0 at 0.
    fn sqrt(self) -> Self;
    /// a².
    fn square(self) -> Self;
    /// 1/a.
    fn recip(self) -> Self;
    /// eᵃ.
    fn exp(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// Sine, in radians.
    fn sin(self) -> Self;
    /// Cosine, in radians.
    fn cos(self) -> Self;
    /// Tangent, in radians.
    fn tan(self) -> Self;
    /// Arc sine.
    fn asin(self) -> Self;
    /// Arc cosine.
    fn acos(self) -> Self;
    /// Arc tangent.
    fn atan(self) -> Self;
    /// The largest whole number not above a.
    fn floor(self) -> Self;
    /// The smallest whole number not below a.
    fn ceil(self) -> Self;
    /// The nearest whole number, halves to the even one.
    fn round(self) -> Self;
    /// −1, 0 or 1, as a is below, at or above 0.
    fn sign(self) -> Self;
    /// The smooth ramp: 0 below 0, 1 above 1, 3a² − 2a³ between.
    fn ramp(self) -> Self;

    /// The smaller, the first at a tie.
    fn min(self, other: Self) -> Self;
    /// The larger, the first at a tie.
    fn max(self, other: Self) -> Self;
    /// a to the power of b.
    fn pow(self, exponent: Self) -> Self;
    /// The angle of the point (x, y), y first.
    fn atan2(self, x: Self) -> Self;
    /// a − b·⌊a/b⌋: the remainder of a floored division, with the sign of b.
    fn modulo(self, divisor: Self) -> Self;
    /// √(a² + b²), with derivative 0 at the origin.
    fn hypot(self, other: Self) -> Self;
    /// √(a² + b² + c²), with derivative 0 at the origin.
    fn length(a: Self, b: Self, c: Self) -> Self;
    /// `then` where a < b, else `otherwise`.
    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self;
    /// An output of a function with code and derivatives of its own, applied to `inputs`.
    fn kernel(output: &Output, inputs: &[Self]) -> Self;

    /// a(1 − w) + b·w: a at w = 0, b at w = 1.
    #[inline(always)]
    fn mix(a: Self, b: Self, w: Self) -> Self {
        a * (Self::one() - w.clone()) + b * w
    }

    /// The smooth minimum of a and b over a band of width k, of the given kind; the plain minimum where k ≤ 0.
    #[inline(always)]
    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        kind.value(a, b, k)
    }

    /// The derivative of the smooth minimum in b: how much of b is in the blend, from 0 to 1.
    #[inline(always)]
    fn smooth_weight(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        kind.weight_of_b(a, b, k)
    }

    /// A kernel's output and its derivative in each input, at once where that is cheaper.
    fn kernel_with_gradient(output: &Output, inputs: &[Self]) -> (Self, Vec<Self>) {
        let slope =
            |input| output.derivative(input).map_or_else(Self::zero, |slope| Self::kernel(&slope, inputs));
        let gradient = (0..inputs.len()).map(slope).collect();
        (Self::kernel(output, inputs), gradient)
    }

    /// `self`/`length` where |self| ≤ length is known, by the reciprocal of the length, so that all cosines of one
    /// direction share it. 0 where the length is 0; else the length is no smaller than the root of the least number.
    #[inline(always)]
    fn direction_cosine(self, length: Self) -> Self {
        self * Self::if_less(Self::zero(), length.clone(), length.recip(), Self::zero())
    }

    /// `self`·`factor`, but 0 where `self` is 0, however wild the factor: what a branch not taken sends back.
    #[inline(always)]
    fn gated(self, factor: Self) -> Self {
        Self::if_less(Self::zero(), self.clone().abs(), self * factor, Self::zero())
    }

    /// Zero.
    #[inline(always)]
    fn zero() -> Self {
        Self::constant(0.0)
    }
    /// One.
    #[inline(always)]
    fn one() -> Self {
        Self::constant(1.0)
    }
    /// a − ⌊a⌋.
    #[inline(always)]
    fn fract(self) -> Self {
        self.clone() - self.floor()
    }
    /// a held between `low` and `high`.
    #[inline(always)]
    fn clamp(self, low: Self, high: Self) -> Self {
        self.max(low).min(high)
    }
    /// The smooth ramp from 0 at `low` to 1 at `high`.
    #[inline(always)]
    fn smoothstep(self, low: Self, high: Self) -> Self {
        ((self - low.clone()) / (high - low)).ramp()
    }
}
