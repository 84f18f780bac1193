//! Forward mode: a value and its derivatives in N directions, over any number (Wengert, "A simple automatic derivative
//! evaluation program", 1964).

use super::{Output, Real, Smooth, rule};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number with its derivatives in `N` directions, by default x, y, z and t.
///
/// Generic over what lies beneath: `Dual<f64>` carries ∇f, `Dual<Dual<f64>>` the Hessian, `Dual<Interval>` bounds on
/// the gradient, and `Dual<Field>` the derivative as a new graph. `Dual<f64, 1>` carries one directional derivative.
#[derive(Clone, Debug, PartialEq)]
pub struct Dual<R, const N: usize = 4> {
    /// The value.
    pub value: R,
    /// Its derivative in each direction.
    pub slope: [R; N],
}

impl<R: Copy, const N: usize> Copy for Dual<R, N> {}

/// The chain rule, by a rule of [`rule`]. A macro, so that no optimiser need find out which rule it is.
macro_rules! chain {
    ($args:expr, $value:expr, $rule:path) => {{
        let (args, value) = ($args, $value);
        let arg = |i: usize| args[i].value.clone();
        let factor = $rule(0, &arg, &value);
        let mut slope = args[0].slope.clone();
        for n in 0..N {
            slope[n] = slope[n].clone() * factor.clone();
        }
        for i in 1..args.len() {
            let factor = $rule(i, &arg, &value);
            for n in 0..N {
                slope[n] = slope[n].clone() + args[i].slope[n].clone() * factor.clone();
            }
        }
        Dual { value, slope }
    }};
}

/// A slope in each direction. Not by `array::from_fn`, whose layers take the compiler longer than all that is in them.
#[inline(always)]
fn each<R: Real, const N: usize>(like: &Dual<R, N>, slope: impl Fn(usize) -> R) -> [R; N] {
    let mut slopes = like.slope.clone();
    for n in 0..N {
        slopes[n] = slope(n);
    }
    slopes
}

impl<R: Real, const N: usize> Dual<R, N> {
    /// A value that stands still: every derivative is 0.
    pub fn fixed(value: R) -> Self {
        Dual { value, slope: std::array::from_fn(|_| R::zero()) }
    }

    /// The variable of one direction: derivative 1 there, 0 elsewhere.
    pub fn variable(value: R, direction: usize) -> Self {
        let slope = std::array::from_fn(|i| if i == direction { R::one() } else { R::zero() });
        Dual { value, slope }
    }

    /// Each number as the variable of its own direction: the coordinates to run a field on for its gradient.
    pub fn variables(at: [R; N]) -> [Self; N] {
        let mut direction = 0;
        at.map(|value| {
            direction += 1;
            Dual::variable(value, direction - 1)
        })
    }

    /// Combines the slopes of two operands, direction by direction.
    #[inline(always)]
    fn pairwise(a: &Self, b: &Self, combine: impl Fn(R, R) -> R) -> [R; N] {
        each(a, |n| combine(a.slope[n].clone(), b.slope[n].clone()))
    }
}

impl<const N: usize> Dual<f64, N> {
    /// Whether the value and every derivative are finite.
    pub fn is_finite(&self) -> bool {
        self.value.is_finite() && self.slope.iter().all(|slope| slope.is_finite())
    }
}

impl<R: Real, const N: usize> Add for Dual<R, N> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let slope = Self::pairwise(&self, &other, |a, b| a + b);
        Dual { value: self.value + other.value, slope }
    }
}

impl<R: Real, const N: usize> Sub for Dual<R, N> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let slope = Self::pairwise(&self, &other, |a, b| a - b);
        Dual { value: self.value - other.value, slope }
    }
}

impl<R: Real, const N: usize> Mul for Dual<R, N> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let value = self.value.clone() * other.value.clone();
        chain!([self, other], value, rule::mul)
    }
}

impl<R: Real, const N: usize> Div for Dual<R, N> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let value = self.value.clone() / other.value.clone();
        chain!([self, other], value, rule::div)
    }
}

impl<R: Real, const N: usize> Neg for Dual<R, N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        let slope = each(&self, |n| -self.slope[n].clone());
        Dual { value: -self.value, slope }
    }
}

/// Operations whose rule is the chain rule and nothing more.
macro_rules! chained {
    ($($method:ident($($arg:ident),*))*) => {$(
        #[inline(always)]
        fn $method(self $(, $arg: Self)*) -> Self {
            let value = self.value.clone().$method($($arg.value.clone()),*);
            chain!([self $(, $arg)*], value, rule::$method)
        }
    )*};
}

impl<R: Real, const N: usize> Real for Dual<R, N> {
    fn constant(value: f64) -> Self {
        Self::fixed(R::constant(value))
    }

    chained! {
        abs() sqrt() square() recip() exp() ln() sin() cos() tan() asin() acos() atan() ramp()
        pow(exponent) atan2(x) modulo(divisor) hypot(other)
        direction_cosine(length)
    }

    #[inline(always)]
    fn length(a: Self, b: Self, c: Self) -> Self {
        let value = R::length(a.value.clone(), b.value.clone(), c.value.clone());
        chain!([a, b, c], value, rule::length)
    }

    // Steps are flat between their jumps.

    fn floor(self) -> Self {
        Self::fixed(self.value.floor())
    }
    fn ceil(self) -> Self {
        Self::fixed(self.value.ceil())
    }
    fn round(self) -> Self {
        Self::fixed(self.value.round())
    }
    fn sign(self) -> Self {
        Self::fixed(self.value.sign())
    }

    // Choices and averages take the slopes of what they choose, never a product with the branch not taken: a slope
    // of infinity there stays there, and over intervals the result is the hull, not the sum, of the two.

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        let slope =
            Self::pairwise(&self, &other, |a, b| R::if_less(other.value.clone(), self.value.clone(), b, a));
        Dual { value: self.value.min(other.value), slope }
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        let slope =
            Self::pairwise(&self, &other, |a, b| R::if_less(self.value.clone(), other.value.clone(), b, a));
        Dual { value: self.value.max(other.value), slope }
    }

    #[inline(always)]
    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        let choose = |then, otherwise| R::if_less(a.value.clone(), b.value.clone(), then, otherwise);
        let slope = Self::pairwise(&then, &otherwise, &choose);
        Dual { value: choose(then.value, otherwise.value), slope }
    }

    fn mix(a: Self, b: Self, w: Self) -> Self {
        let rise = b.value.clone() - a.value.clone();
        let slope = each(&a, |n| {
            R::mix(a.slope[n].clone(), b.slope[n].clone(), w.value.clone())
                + rise.clone() * w.slope[n].clone()
        });
        Dual { value: R::mix(a.value, b.value, w.value), slope }
    }

    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        let weight = R::smooth_weight(a.value.clone(), b.value.clone(), k.value.clone(), kind);
        let slope_in_k = kind.slope_in_k(a.value.clone(), b.value.clone(), k.value.clone());
        let slope = each(&a, |n| {
            R::mix(a.slope[n].clone(), b.slope[n].clone(), weight.clone())
                + slope_in_k.clone() * k.slope[n].clone()
        });
        Dual { value: R::smooth_min(a.value, b.value, k.value, kind), slope }
    }

    fn smooth_weight(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        let curve = kind.curve(a.value.clone(), b.value.clone(), k.value.clone());
        let in_k = rule::smooth_weight_in_k(&curve, [&a.value, &b.value, &k.value]);
        let slope = each(&a, |n| {
            a.slope[n].clone() * curve.clone()
                + b.slope[n].clone() * -curve.clone()
                + k.slope[n].clone() * in_k.clone()
        });
        Dual { value: R::smooth_weight(a.value, b.value, k.value, kind), slope }
    }

    fn gated(self, factor: Self) -> Self {
        let slope = Self::pairwise(&self, &factor, |own, theirs| {
            own.gated(factor.value.clone()) + self.value.clone().gated(theirs)
        });
        Dual { value: self.value.gated(factor.value), slope }
    }

    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        let values: Vec<R> = inputs.iter().map(|input| input.value.clone()).collect();
        let (value, gradient) = R::kernel_with_gradient(output, &values);
        let slope = std::array::from_fn(|n| {
            let terms =
                inputs.iter().zip(&gradient).map(|(input, g)| input.slope[n].clone().gated(g.clone()));
            terms.reduce(|sum, term| sum + term).unwrap_or_else(R::zero)
        });
        Dual { value, slope }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hessian_of(f: impl Fn(Dual<Dual<f64>>) -> Dual<Dual<f64>>, at: f64) -> (f64, f64, f64) {
        let inner = Dual::variable(at, 0);
        let out = f(Dual::variable(inner, 0));
        (out.value.value, out.value.slope[0], out.slope[0].slope[0])
    }

    #[test]
    fn second_derivatives_by_nesting() {
        let (value, first, second) = hessian_of(|a| a.sin() * a.exp(), 0.4);
        let (s, c, e) = (0.4f64.sin(), 0.4f64.cos(), 0.4f64.exp());
        assert!((value - s * e).abs() < 1e-15);
        assert!((first - (c + s) * e).abs() < 1e-15);
        assert!((second - 2.0 * c * e).abs() < 1e-15);
    }

    #[test]
    fn kinks_and_edges_are_finite() {
        let at = |v: f64| Dual::<f64>::variable(v, 0);
        assert_eq!(at(0.0).abs().slope[0], 0.0);
        assert_eq!(at(0.0).sqrt().slope[0], 0.0);
        assert_eq!(at(1.0).asin().slope[0], 0.0);
        assert_eq!(at(-1.0).acos().slope[0], 0.0);
        assert_eq!(at(0.0).hypot(at(0.0)).slope[0], 0.0);
        assert_eq!(at(0.0).atan2(at(0.0)).slope[0], 0.0);
        assert_eq!(at(0.0).pow(Dual::constant(0.5)).slope[0], 0.0);
        assert_eq!(at(0.0).pow(Dual::constant(1.0)).slope[0], 1.0);
        assert_eq!(at(-2.0).pow(Dual::constant(3.0)).slope[0], 12.0);
        assert_eq!(at(0.0).min(at(0.0) * Dual::constant(2.0)).slope[0], 1.0, "the first at a tie");
    }

    #[test]
    fn a_branch_not_taken_sends_nothing() {
        let zero = Dual::<f64>::variable(0.0, 0);
        let out = Dual::if_less(zero, Dual::constant(1.0), zero, zero.recip());
        assert!(out.is_finite() && out.slope[0] == 1.0);
        assert!(zero.min(zero.recip()).is_finite());
    }
}
