//! A number with bounds on its slopes that a jump makes infinite: what mean values may rest on. Uses numbers only.

use crate::number::{Dual, Interval, Kernel, Real, Smooth};
use std::ops::{Add, Div, Mul, Neg, Sub};
use std::sync::Arc;

/// Bounds on a value and its slopes, as `Dual<Interval>`, except where the value may jump: there every slope may be
/// anything.
///
/// `Dual<Interval>` bounds the derivative wherever there is one, and says that a step is flat. The mean value theorem
/// asks for more: f(p) − f(c) = g·(p − c) with g within the bounds needs f to be continuous. Here `floor`, `sign`,
/// `modulo`, `atan2` across its cut and a choice that is not decided count as infinitely steep, whether or not the two
/// sides happen to meet, so that finite slopes always bound differences. A kernel is taken to be continuous.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slope<const N: usize>(pub(super) Dual<Interval, N>);

impl<const N: usize> Slope<N> {
    /// The same value, infinitely steep.
    fn jump(self) -> Self {
        Slope(Dual {
            value: self.0.value,
            slope: [Interval::WHOLE; N],
        })
    }

    /// Flat where the value is one number, else a jump.
    fn step(self) -> Self {
        let value = self.0.value;
        if value.lo() == value.hi() {
            self
        } else {
            self.jump()
        }
    }

    /// Whether every slope is bounded.
    pub(super) fn is_bounded(&self) -> bool {
        self.0.slope.iter().all(|slope| slope.is_finite())
    }
}

macro_rules! operator {
    ($($trait:ident $method:ident),*) => {$(
        impl<const N: usize> $trait for Slope<N> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                Slope(self.0.$method(other.0))
            }
        }
    )*};
}

operator!(Add add, Sub sub, Mul mul, Div div);

impl<const N: usize> Neg for Slope<N> {
    type Output = Self;
    fn neg(self) -> Self {
        Slope(-self.0)
    }
}

/// Operations without a jump, as the dual has them.
macro_rules! continuous {
    ($($method:ident($($arg:ident),*);)*) => {$(
        fn $method(self $(, $arg: Self)*) -> Self {
            Slope(Real::$method(self.0 $(, $arg.0)*))
        }
    )*};
}

impl<const N: usize> Real for Slope<N> {
    fn constant(value: f64) -> Self {
        Slope(Dual::constant(value))
    }

    continuous! {
        abs();
        sqrt();
        square();
        recip();
        exp();
        ln();
        sin();
        cos();
        asin();
        acos();
        atan();
        ramp();
        min(other);
        max(other);
        pow(exponent);
        hypot(other);
    }

    fn tan(self) -> Self {
        let tan = Slope(self.0.tan());
        if tan.0.value.is_finite() { tan } else { tan.jump() }
    }

    fn floor(self) -> Self {
        Slope(self.0.floor()).step()
    }
    fn ceil(self) -> Self {
        Slope(self.0.ceil()).step()
    }
    fn round(self) -> Self {
        Slope(self.0.round()).step()
    }
    fn sign(self) -> Self {
        Slope(self.0.sign()).step()
    }

    fn modulo(self, divisor: Self) -> Self {
        let cell = (self.0.value / divisor.0.value).floor();
        let out = Slope(self.0.modulo(divisor.0));
        if cell.lo() == cell.hi() { out } else { out.jump() }
    }

    fn atan2(self, x: Self) -> Self {
        let cut = self.0.value.contains(0.0) && x.0.value.lo() <= 0.0;
        let out = Slope(self.0.atan2(x.0));
        if cut { out.jump() } else { out }
    }

    fn length(a: Self, b: Self, c: Self) -> Self {
        Slope(Dual::length(a.0, b.0, c.0))
    }

    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        let (low, high) = (a.0.value, b.0.value);
        let decided = low.hi() < high.lo() || low.lo() >= high.hi();
        let out = Slope(Dual::if_less(a.0, b.0, then.0, otherwise.0));
        if decided { out } else { out.jump() }
    }

    fn mix(a: Self, b: Self, w: Self) -> Self {
        Slope(Dual::mix(a.0, b.0, w.0))
    }

    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        Slope(Dual::smooth_min(a.0, b.0, k.0, kind))
    }

    fn kernel(kernel: &Arc<dyn Kernel>, inputs: &[Self]) -> Self {
        let inputs: Vec<Dual<Interval, N>> = inputs.iter().map(|input| input.0).collect();
        Slope(Dual::kernel(kernel, &inputs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_infinitely_steep_and_a_kink_is_not() {
        let over = |lo, hi| Slope::<1>(Dual::variable(Interval::new(lo, hi), 0));
        assert!(over(-1.0, 1.0).abs().is_bounded());
        assert!(over(0.2, 0.8).floor().is_bounded());
        assert!(!over(0.2, 1.2).floor().is_bounded());
        assert!(!over(-1.0, 1.0).sign().is_bounded());
        assert!(!over(-1.0, 1.0).recip().is_bounded());
        let choice = |a: Slope<1>| Slope::if_less(a, Slope::zero(), Slope::zero(), Slope::one());
        assert!(choice(over(0.5, 1.0)).is_bounded());
        assert!(!choice(over(-0.5, 1.0)).is_bounded());
    }
}
