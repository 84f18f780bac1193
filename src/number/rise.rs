//! How steeply a number may rise along one direction over many boxes: what lets a ray step safely.

use super::{Dual, Interval, Intervals, Kernel, Real, Smooth};
use std::ops::{Add, Div, Mul, Neg, Sub};
use std::sync::Arc;

/// `N` intervals, with bounds on how the number changes along one direction, that hold across jumps.
///
/// A derivative's bounds, which are what `Dual<Intervals>` gives, say that a step is flat. Here whatever may jump
/// within its box counts as infinitely steep: so a finite rise bounds every difference, a distance without a surface in
/// it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rise<const N: usize>(Dual<Intervals<N>, 1>);

impl<const N: usize> Rise<N> {
    /// A coordinate across the direction: it does not change.
    pub fn across(value: Intervals<N>) -> Self {
        Rise(Dual::fixed(value))
    }

    /// The coordinate along the direction.
    pub fn along(value: Intervals<N>) -> Self {
        Rise(Dual { value, slope: [Intervals::one()] })
    }

    /// Bounds on the value.
    #[inline(always)]
    pub fn value(&self) -> &Intervals<N> {
        &self.0.value
    }

    /// Bounds on its change for a step of one along the direction.
    #[inline(always)]
    pub fn slope(&self) -> &Intervals<N> {
        &self.0.slope[0]
    }

    /// Infinitely steep where `jumps` cannot be ruled out.
    #[inline(always)]
    fn unless(self, steady: [bool; N]) -> Self {
        let slope = [Intervals::pick(steady, *self.slope(), Intervals::WHOLE)];
        Rise(Dual { slope, ..self.0 })
    }

    /// Flat where the value is one number.
    #[inline(always)]
    fn step(self) -> Self {
        self.unless(self.value().are_points())
    }

    fn bounds(of: &[Self], lane: usize) -> Vec<Interval> {
        of.iter().map(|input| input.value().lane(lane)).collect()
    }
}

macro_rules! operator {
    ($($trait:ident $method:ident)*) => {$(
        impl<const N: usize> $trait for Rise<N> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Rise(self.0.$method(other.0))
            }
        }
    )*};
}

operator!(Add add  Sub sub  Mul mul);

/// What has a pole: infinitely steep where it is unbounded.
impl<const N: usize> Div for Rise<N> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Rise(self.0 / other.0).unless(other.value().exclude_zero())
    }
}

impl<const N: usize> Neg for Rise<N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Rise(-self.0)
    }
}

/// Operations without a jump, as the dual has them; before those, what is `stepped`: those that are flat but for their jumps.
macro_rules! delegated {
    (stepped $($stepped:ident)*; $($method:ident($($arg:ident),*);)*) => {
        $(#[inline(always)]
        fn $method(self $(, $arg: Self)*) -> Self {
            Rise(self.0.$method($($arg.0),*))
        })*
        $(#[inline(always)]
        fn $stepped(self) -> Self {
            Rise(self.0.$stepped()).step()
        })*
    };
}

impl<const N: usize> Real for Rise<N> {
    fn constant(value: f64) -> Self {
        Rise(Dual::constant(value))
    }

    delegated! {
        stepped floor ceil round sign;
        abs(); sqrt(); square(); exp(); ln(); sin(); cos(); asin(); acos(); atan(); ramp();
        min(other); max(other); pow(exponent); hypot(other);
    }

    #[inline(always)]
    fn recip(self) -> Self {
        Rise(self.0.recip()).unless(self.value().exclude_zero())
    }

    fn tan(self) -> Self {
        let tan = Rise(self.0.tan());
        tan.unless(tan.value().are_finite())
    }

    /// Jumps across the negative x axis.
    fn atan2(self, x: Self) -> Self {
        let (y, right) = (self.value().exclude_zero(), x.value().exclude_below_zero());
        let mut steady = y;
        for i in 0..N {
            steady[i] |= right[i];
        }
        Rise(self.0.atan2(x.0)).unless(steady)
    }

    fn modulo(self, divisor: Self) -> Self {
        let cells = (*self.value() / *divisor.value()).floor();
        Rise(self.0.modulo(divisor.0)).unless(cells.are_points())
    }

    #[inline(always)]
    fn length(a: Self, b: Self, c: Self) -> Self {
        Rise(Dual::length(a.0, b.0, c.0))
    }

    #[inline(always)]
    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        let decided = Intervals::if_less(*a.value(), *b.value(), Intervals::zero(), Intervals::one());
        Rise(Dual::if_less(a.0, b.0, then.0, otherwise.0)).unless(decided.are_points())
    }

    fn kernel(kernel: &Arc<dyn Kernel>, inputs: &[Self]) -> Self {
        let (mut values, mut slopes) = ([Interval::WHOLE; N], [Interval::WHOLE; N]);
        for lane in 0..N {
            let bounds = Self::bounds(inputs, lane);
            let (value, gradient) = Interval::kernel_with_gradient(kernel, &bounds);
            values[lane] = value;
            let terms = inputs.iter().zip(gradient).map(|(input, g)| input.slope().lane(lane) * g);
            slopes[lane] = terms.fold(Interval::point(0.0), |sum, term| sum + term);
        }
        Rise(Dual { value: Intervals::around(values), slope: [Intervals::around(slopes)] })
    }

    #[inline(always)]
    fn mix(a: Self, b: Self, w: Self) -> Self {
        Rise(Dual::mix(a.0, b.0, w.0))
    }

    #[inline(always)]
    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        Rise(Dual::smooth_min(a.0, b.0, k.0, kind))
    }

    fn smooth_weight(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        // Where there is no band the weight jumps from 0 to 1.
        let banded = k.value().exclude_below_zero();
        Rise(Dual::smooth_weight(a.0, b.0, k.0, kind)).unless(banded)
    }
}

impl<const N: usize> Intervals<N> {
    fn are_points(&self) -> [bool; N] {
        let mut are = [false; N];
        for i in 0..N {
            are[i] = self.lo().0[i] == self.hi().0[i];
        }
        are
    }

    fn are_finite(&self) -> [bool; N] {
        let mut are = [false; N];
        for i in 0..N {
            are[i] = self.lo().0[i].is_finite() & self.hi().0[i].is_finite();
        }
        are
    }

    fn exclude_zero(&self) -> [bool; N] {
        let mut exclude = [false; N];
        for i in 0..N {
            exclude[i] = (self.lo().0[i] > 0.0) | (self.hi().0[i] < 0.0);
        }
        exclude
    }

    /// Whether all of it is above 0.
    fn exclude_below_zero(&self) -> [bool; N] {
        let mut exclude = [false; N];
        for i in 0..N {
            exclude[i] = self.lo().0[i] > 0.0;
        }
        exclude
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::{Lanes, Op};
    use proptest::prelude::*;

    fn range() -> impl Strategy<Value = [f32; 2]> {
        let end = prop_oneof![-4.0f32..4.0, (-3i8..4).prop_map(f32::from)];
        let width = prop_oneof![Just(0.0f32), 0.0f32..0.01, 0.0f32..2.0];
        (end, width).prop_map(|(lo, width)| [lo, lo + width])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// Along any line of operands within their ranges, values differ by no more than the rise allows.
        #[test]
        fn bounds_every_difference(
            ranges in [range(), range(), range(), range()],
            [a, b] in proptest::array::uniform2(0.0f64..=1.0),
            steady in 0usize..4,
        ) {
            // All operands but one go from end to end of their range while the direction goes from 0 to 1.
            let at = |i: usize, s: f64| {
                let [lo, hi] = ranges[i].map(f64::from);
                if i == steady { lo } else { lo + s * (hi - lo) }
            };
            let arg = |i: usize| {
                let [lo, hi] = ranges[i];
                let width = if i == steady { 0.0 } else { f64::from(hi) - f64::from(lo) };
                let value = Intervals::<4>::new(Lanes([lo; 4]), Lanes([hi; 4]));
                Rise(Dual { value, slope: [Intervals::constant(width)] })
            };
            for op in Op::ALL {
                let rise = op.apply(arg).slope().lane(1);
                let [from, to] = [a.min(b), a.max(b)].map(|s| op.apply(|i| at(i, s)));
                let (run, change) = ((a - b).abs(), to - from);
                if !change.is_finite() || !rise.is_finite() {
                    continue;
                }
                let slack = 1e-5 * (1.0 + from.abs());
                let within = rise.lo() * run - slack <= change && change <= rise.hi() * run + slack;
                prop_assert!(within, "{op:?} {ranges:?} from {a} to {b}: {change} in {rise:?}");
            }
        }
    }

    #[test]
    fn a_jump_is_infinitely_steep_and_a_flat_is_flat() {
        let over = |lo: f32, hi: f32| Rise::<1>::along(Intervals::new(Lanes([lo]), Lanes([hi])));
        assert_eq!(over(0.2, 0.9).floor().slope().lane(0), Interval::point(0.0));
        assert_eq!(over(0.2, 1.1).floor().slope().lane(0), Interval::WHOLE);
        assert_eq!(over(-1.0, 1.0).recip().slope().lane(0), Interval::WHOLE);
        let choice = Rise::if_less(over(-1.0, 1.0), Rise::zero(), Rise::zero(), Rise::one());
        assert_eq!(choice.slope().lane(0), Interval::WHOLE);
    }
}
