//! How steeply a number may rise along one direction over many boxes: what lets a ray step safely
//! (Galin et al., "Segment tracing using local Lipschitz bounds", 2020).

use super::{Columns, Dual, Interval, Intervals, Lanes, Output, Real, Smooth};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `N` intervals, with bounds on how the number changes along one direction, that hold across jumps.
///
/// A derivative's bounds, which are what `Dual<Intervals>` gives, say that a step is flat. Here whatever may jump
/// within its box counts as infinitely steep: so a finite rise bounds every difference, a distance without a surface in
/// it.
///
/// Of what is made of exponentials, products and sums of what is not negative, the rise in parts of itself is known
/// too, u'/u: of a sum it lies between those of its terms, whatever their sizes. So the logarithm of a sum of
/// exponentials, which blends shapes, is as steep as they are, and not as the quotient of two wide intervals. And its
/// logarithm is known where it has run out of `f32`, so that far from what is blended the blend has bounds: those of
/// real numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rise<const N: usize> {
    dual: Dual<Intervals<N>, 1>,
    /// The rise of what is not negative, in parts of itself; all numbers where it is not known.
    relative: Intervals<N>,
    /// The logarithm of what is not negative; all numbers where it is not known.
    log: Intervals<N>,
}

impl<const N: usize> Rise<N> {
    /// A coordinate across the direction: it does not change.
    pub fn across(value: Intervals<N>) -> Self {
        Self::of(Dual::fixed(value))
    }

    /// The coordinate along the direction.
    pub fn along(value: Intervals<N>) -> Self {
        Self::of(Dual { value, slope: [Intervals::one()] })
    }

    /// A number with bounds on its change for a step of one along the direction.
    pub(crate) fn from_dual(dual: Dual<Intervals<N>, 1>) -> Self {
        Self::of(dual)
    }

    #[inline(always)]
    fn of(dual: Dual<Intervals<N>, 1>) -> Self {
        Rise { dual, relative: Intervals::WHOLE, log: Intervals::WHOLE }
    }

    /// With that rise in parts of itself, and that logarithm, where `known`.
    #[inline(always)]
    fn relatively(self, known: [bool; N], relative: Intervals<N>, log: Intervals<N>) -> Self {
        let only = |of: Intervals<N>| Intervals::pick(known, of, Intervals::WHOLE);
        Rise { relative: only(relative), log: only(log), ..self }
    }

    /// Whether it is not negative: as what has a logarithm is not, though rounding may have lowered its bound to below 0.
    #[inline(always)]
    fn counts(&self) -> [bool; N] {
        let mut counts = self.value().exclude_negative();
        for i in 0..N {
            counts[i] |= self.log.hi().0[i] < f32::INFINITY;
        }
        counts
    }

    /// Bounds on the value.
    #[inline(always)]
    pub fn value(&self) -> &Intervals<N> {
        &self.dual.value
    }

    /// The same, its value known to be within other bounds besides.
    #[inline(always)]
    pub(crate) fn within(self, bounds: Intervals<N>) -> Self {
        let value = self.dual.value.within(bounds);
        Rise { dual: Dual { value, ..self.dual }, ..self }
    }

    /// Bounds on its change for a step of one along the direction.
    #[inline(always)]
    pub fn slope(&self) -> &Intervals<N> {
        &self.dual.slope[0]
    }

    /// Infinitely steep where `jumps` cannot be ruled out.
    #[inline(always)]
    fn unless(self, steady: [bool; N]) -> Self {
        let slope = [Intervals::pick(steady, *self.slope(), Intervals::WHOLE)];
        Rise {
            dual: Dual { slope, ..self.dual },
            relative: Intervals::pick(steady, self.relative, Intervals::WHOLE),
            log: self.log,
        }
    }

    /// Where it does not change along the direction: what is made of it alone does not jump there either.
    #[inline(always)]
    fn is_still(&self) -> [bool; N] {
        let slope = self.slope();
        let mut is = [false; N];
        for i in 0..N {
            is[i] = (slope.lo().0[i] == 0.0) & (slope.hi().0[i] == 0.0);
        }
        is
    }
}

/// Whether either holds.
#[inline(always)]
fn either<const N: usize>(mut a: [bool; N], b: [bool; N]) -> [bool; N] {
    for i in 0..N {
        a[i] |= b[i];
    }
    a
}

/// Whether both hold.
#[inline(always)]
fn both<const N: usize>(mut a: [bool; N], b: [bool; N]) -> [bool; N] {
    for i in 0..N {
        a[i] &= b[i];
    }
    a
}

impl<const N: usize> Add for Rise<N> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let known = both(self.counts(), other.counts());
        // A sum of two is at least the larger, and at most twice that.
        let twice = Intervals::new(Lanes([0.0; N]), Lanes([std::f32::consts::LN_2; N]));
        let log = self.log.max(other.log) + twice;
        Self::of(self.dual + other.dual).relatively(known, self.relative.hull(other.relative), log)
    }
}

impl<const N: usize> Sub for Rise<N> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self::of(self.dual - other.dual)
    }
}

impl<const N: usize> Mul for Rise<N> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let known = both(self.counts(), other.counts());
        Self::of(self.dual * other.dual).relatively(
            known,
            self.relative + other.relative,
            self.log + other.log,
        )
    }
}

/// What has a pole: infinitely steep where it is unbounded.
impl<const N: usize> Div for Rise<N> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let known = both(self.counts(), other.counts());
        let quotient = Self::of(self.dual / other.dual);
        let quotient = quotient.relatively(known, self.relative - other.relative, self.log - other.log);
        quotient.unless(either(other.value().exclude_zero(), other.is_still()))
    }
}

impl<const N: usize> Neg for Rise<N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self::of(-self.dual)
    }
}

/// Operations without a jump, as the dual has them; before those, what is `stepped`: those that are flat but for their jumps.
macro_rules! delegated {
    (stepped $($stepped:ident)*; $($method:ident($($arg:ident),*);)*) => {
        $(#[inline(always)]
        fn $method(self $(, $arg: Self)*) -> Self {
            Self::of(self.dual.$method($($arg.dual),*))
        })*
        $(#[inline(always)]
        fn $stepped(self) -> Self {
            let step = Self::of(self.dual.$stepped());
            step.unless(either(step.value().are_points(), self.is_still()))
        })*
    };
}

impl<const N: usize> Real for Rise<N> {
    fn constant(value: f64) -> Self {
        let is_known = [value >= 0.0; N];
        let log = if value > 0.0 { Intervals::constant(value.ln()) } else { Intervals::WHOLE };
        Self::of(Dual::constant(value)).relatively(is_known, Intervals::zero(), log)
    }

    delegated! {
        stepped floor ceil round sign;
        abs(); sin(); cos(); asin(); acos(); atan(); ramp();
        min(other); max(other); hypot(other);
    }

    /// Has a pole at 0, across which it may jump, where the exponent may be negative; and is a number below 0 for whole
    /// exponents alone, from one to the next of which it jumps.
    fn pow(self, exponent: Self) -> Self {
        let mut steady = self.value().exclude_zero();
        let positive = exponent.value().exclude_below_zero();
        let (still, above) = (exponent.value().are_points(), self.value().exclude_negative());
        for i in 0..N {
            steady[i] = (steady[i] | positive[i]) & (still[i] | above[i]);
        }
        Self::of(self.dual.pow(exponent.dual)).unless(steady)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        let half = Intervals::constant(0.5);
        Self::of(self.dual.sqrt()).relatively(self.counts(), self.relative * half, self.log * half)
    }

    #[inline(always)]
    fn square(self) -> Self {
        Self::of(self.dual.square()).relatively(
            self.counts(),
            self.relative + self.relative,
            self.log + self.log,
        )
    }

    #[inline(always)]
    fn exp(self) -> Self {
        Self::of(self.dual.exp()).relatively([true; N], *self.slope(), *self.value())
    }

    #[inline(always)]
    fn ln(self) -> Self {
        // Where the argument may have run out of `f32` its own logarithm is what is known, if that is.
        let fits = both(self.value().exclude_below_zero(), self.value().are_finite());
        let known = self.log.are_finite();
        let Dual { value, slope: [slope] } = self.dual.ln();
        let value = Intervals::pick(fits, value, Intervals::pick(known, self.log, value));
        let otherwise = Intervals::pick(known, self.relative, slope);
        Self::of(Dual { value, slope: [Intervals::pick(fits, slope.meet(self.relative), otherwise)] })
    }

    #[inline(always)]
    fn recip(self) -> Self {
        let inverse = Self::of(self.dual.recip()).relatively(self.counts(), -self.relative, -self.log);
        inverse.unless(self.value().exclude_zero())
    }

    fn tan(self) -> Self {
        let tan = Self::of(self.dual.tan());
        tan.unless(tan.value().are_finite())
    }

    /// Jumps across the negative x axis.
    fn atan2(self, x: Self) -> Self {
        let (y, right) = (self.value().exclude_zero(), x.value().exclude_below_zero());
        let still = both(self.is_still(), x.is_still());
        Self::of(self.dual.atan2(x.dual)).unless(either(either(y, right), still))
    }

    fn modulo(self, divisor: Self) -> Self {
        let cells = (*self.value() / *divisor.value()).floor();
        let still = both(self.is_still(), divisor.is_still());
        Self::of(self.dual.modulo(divisor.dual)).unless(either(cells.are_points(), still))
    }

    #[inline(always)]
    fn length(a: Self, b: Self, c: Self) -> Self {
        Self::of(Dual::length(a.dual, b.dual, c.dual))
    }

    /// Jumps where the length is 0.
    #[inline(always)]
    fn direction_cosine(self, length: Self) -> Self {
        let steady = either(length.value().exclude_zero(), both(self.is_still(), length.is_still()));
        Self::of(self.dual.direction_cosine(length.dual)).unless(steady)
    }

    #[inline(always)]
    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        let decided = Intervals::if_less(*a.value(), *b.value(), Intervals::zero(), Intervals::one());
        let steady = either(decided.are_points(), both(a.is_still(), b.is_still()));
        // Both sides may be one number, whatever is decided.
        let same = then.value().hull(*otherwise.value()).are_points();
        Self::of(Dual::if_less(a.dual, b.dual, then.dual, otherwise.dual)).unless(either(steady, same))
    }

    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        let (mut values, mut slopes) = ([Interval::WHOLE; N], [Interval::WHOLE; N]);
        let boxes = Intervals::lanes(&inputs.iter().map(|input| *input.value()).collect::<Vec<_>>());
        let rises = Intervals::lanes(&inputs.iter().map(|input| *input.slope()).collect::<Vec<_>>());
        let [boxes, rises] = [&boxes, &rises].map(|columns| Columns::new(columns, N));
        output.rises_over(output.number(), boxes, rises, &mut values, &mut slopes);
        // As wide as the rounding of a kernel's own `f32`.
        let value = Intervals::around(values).wider(1.0);
        Self::of(Dual { value, slope: [Intervals::around(slopes)] })
    }

    #[inline(always)]
    fn mix(a: Self, b: Self, w: Self) -> Self {
        Self::of(Dual::mix(a.dual, b.dual, w.dual))
    }

    #[inline(always)]
    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        Self::of(Dual::smooth_min(a.dual, b.dual, k.dual, kind))
    }

    fn smooth_weight(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        // Where there is no band the weight jumps from 0 to 1.
        let banded = k.value().exclude_below_zero();
        Self::of(Dual::smooth_weight(a.dual, b.dual, k.dual, kind)).unless(banded)
    }
}

impl<const N: usize> Intervals<N> {
    pub(super) fn are_points(&self) -> [bool; N] {
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

    /// Whether none of it is below 0.
    #[inline(always)]
    fn exclude_negative(&self) -> [bool; N] {
        let mut exclude = [false; N];
        for i in 0..N {
            exclude[i] = self.lo().0[i] >= 0.0;
        }
        exclude
    }

    /// What is in both, which have something in common.
    #[inline(always)]
    fn meet(self, other: Self) -> Self {
        Self::new(self.lo().max(other.lo()), self.hi().min(other.hi()))
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
pub(super) mod tests {
    use super::*;
    use crate::number::Op;
    use proptest::prelude::*;

    /// Ranges of an operand, some of them single numbers, some that begin or end at whole ones.
    pub(in crate::number) fn range() -> impl Strategy<Value = [f32; 2]> {
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
                Rise::of(Dual { value, slope: [Intervals::constant(width)] })
            };
            for op in Op::ALL {
                let rise = op.on(arg).slope().lane(1);
                let [from, to] = [a.min(b), a.max(b)].map(|s| op.on(|i| at(i, s)));
                let (run, change) = ((a - b).abs(), to - from);
                let is_defined = [a, b].iter().all(|&s| op.is_defined(|i| at(i, s)));
                if !change.is_finite() || !rise.is_finite() || !is_defined {
                    continue;
                }
                let slack = 1e-5 * (1.0 + from.abs());
                let within = rise.lo() * run - slack <= change && change <= rise.hi() * run + slack;
                prop_assert!(within, "{op:?} {ranges:?} from {a} to {b}: {change} in {rise:?}");
            }
        }
    }

    #[test]
    fn a_blend_by_exponentials_is_no_steeper_than_what_it_blends() {
        let x = Rise::<1>::along(Intervals::new(Lanes([-0.4]), Lanes([0.5])));
        let [a, b] = [30.0, -20.0].map(|k| (x * Rise::constant(k)).exp());
        let soft = (a + b * Rise::constant(3.0)).ln();
        let rise = soft.slope().lane(0);
        assert!(
            rise.lo() >= -20.01 && rise.hi() <= 30.01 && rise.contains(-20.0) && rise.contains(30.0),
            "{rise:?}"
        );
        let root = (a / b).sqrt().ln().slope().lane(0);
        assert!(root.contains(25.0) && root.hi() - root.lo() < 1e-3, "{root:?}");
    }

    #[test]
    fn a_blend_is_bounded_where_its_exponentials_run_out_of_numbers() {
        let x = Rise::<1>::along(Intervals::new(Lanes([4.0]), Lanes([4.1])));
        for sign in [1.0, -1.0] {
            let [a, b] = [40.0, 30.0].map(|k| (x * Rise::constant(sign * k)).exp());
            let soft = (a * Rise::constant(2.0) + b).square().ln();
            let (value, rise) = (soft.value().lane(0), soft.slope().lane(0));
            let of = |x: f64| 2.0 * (2.0 * (40.0 * x * sign).exp() + (30.0 * x * sign).exp()).ln();
            for x in [4.0, 4.03, 4.1] {
                assert!(value.contains(of(x)), "{} in {value:?}", of(x));
            }
            assert!(value.width() < 10.0, "{value:?}");
            assert!(rise.lo().abs().max(rise.hi().abs()) < 80.1 && rise.contains(sign * 61.0), "{rise:?}");
        }
    }

    #[test]
    fn a_pole_is_infinitely_steep() {
        let x = Rise::<1>::along(Intervals::new(Lanes([-1.0]), Lanes([2.0])));
        // 1/x falls on either side of 0, and jumps up at it.
        for exponent in [-1.0, -2.0, -3.0] {
            let slope = x.pow(Rise::constant(exponent)).slope().lane(0);
            assert!(slope.lo() == f64::NEG_INFINITY && slope.hi() == f64::INFINITY, "{exponent}: {slope:?}");
        }
        assert!(x.pow(Rise::constant(2.0)).slope().lane(0).is_finite());
    }

    #[test]
    fn a_jump_is_infinitely_steep_and_a_flat_is_flat() {
        let over = |lo: f32, hi: f32| Rise::<1>::along(Intervals::new(Lanes([lo]), Lanes([hi])));
        assert_eq!(over(0.2, 0.9).floor().slope().lane(0), Interval::point(0.0));
        assert_eq!(over(0.2, 1.1).floor().slope().lane(0), Interval::WHOLE);
        assert_eq!(over(-1.0, 1.0).recip().slope().lane(0), Interval::WHOLE);
        let choice = Rise::if_less(over(-1.0, 1.0), Rise::zero(), Rise::zero(), Rise::one());
        assert_eq!(choice.slope().lane(0), Interval::WHOLE);
        let same = Rise::if_less(over(-1.0, 1.0), Rise::zero(), Rise::one(), Rise::one());
        assert_eq!(same.slope().lane(0), Interval::point(0.0));
    }

    #[test]
    fn what_stands_still_along_the_direction_does_not_jump() {
        let across = Rise::<1>::across(Intervals::new(Lanes([-1.5]), Lanes([2.5])));
        let hash = (across + across * Rise::constant(12.9898)).sin() * Rise::constant(43758.5453);
        let flat = [hash.floor(), hash.modulo(Rise::one()), (hash - hash.floor()).square(), across.sign()];
        assert!(flat.iter().all(|flat| flat.slope().lane(0) == Interval::point(0.0)), "{flat:?}");
    }
}
