//! How a number's slope along one direction may change over many boxes: what tells the minima along it apart.

use super::called::Called;
use super::{Dual, Intervals, Lanes, Output, Real, Rise, Smooth, rule};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `N` intervals, with bounds on how the number changes along one direction, and on how its slope does, that hold across
/// kinks.
///
/// At a kink the slope jumps: up, where the larger of two is taken, or down, where the smaller is. So one end of its
/// bounds is infinite there and the other is not: a distance to a box bends down by no more than the way to it does,
/// whatever edges it has. With no less than m a function lies above a parabola through each of its points (it is
/// semiconvex), which bounds it far better than its slope does where it is least.
///
/// The bounds hold where those on the rise are finite: elsewhere the number itself may jump.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bend<const N: usize> {
    rise: Rise<N>,
    bend: Intervals<N>,
}

impl<const N: usize> Bend<N> {
    /// A coordinate across the direction: it does not change.
    pub fn across(value: Intervals<N>) -> Self {
        Bend { rise: Rise::across(value), bend: Intervals::zero() }
    }

    /// The coordinate along the direction.
    pub fn along(value: Intervals<N>) -> Self {
        Bend { rise: Rise::along(value), bend: Intervals::zero() }
    }

    /// Bounds on the value.
    #[inline(always)]
    pub fn value(&self) -> &Intervals<N> {
        self.rise.value()
    }

    /// Bounds on its change for a step of one along the direction.
    #[inline(always)]
    pub fn slope(&self) -> &Intervals<N> {
        self.rise.slope()
    }

    /// Bounds on the change of its slope for a step of one.
    #[inline(always)]
    pub fn bend(&self) -> &Intervals<N> {
        &self.bend
    }

    /// This, if it is everywhere the one or the other of two, and its slope only jumps up where it goes over: it bends down
    /// no more than they do.
    #[inline(always)]
    pub(crate) fn bending_as(self, one: Self, other: Self) -> Self {
        let lo = self.bend.lo().max(one.bend.lo().min(other.bend.lo()));
        Bend { rise: self.rise, bend: Intervals::new(lo, self.bend.hi()) }
    }

    /// As a value with a slope, each with its rise.
    #[inline(always)]
    fn dual(self) -> Dual<Rise<N>, 1> {
        let slope = Rise::from_dual(Dual { value: *self.slope(), slope: [self.bend] });
        Dual { value: self.rise, slope: [slope] }
    }

    /// The same, for long rules.
    #[inline(always)]
    fn called(self) -> Dual<Called<Rise<N>>, 1> {
        let Dual { value, slope: [slope] } = self.dual();
        Dual { value: Called(value), slope: [Called(slope)] }
    }

    /// The same as if its slope stood still.
    #[inline(always)]
    fn straight(self) -> Dual<Rise<N>, 1> {
        Dual { value: self.rise, slope: [Rise::across(*self.slope())] }
    }

    /// By the rules of derivatives alone: all numbers where one of them is not finite.
    #[inline(always)]
    fn of(dual: Dual<Rise<N>, 1>) -> Self {
        Bend { rise: dual.value, bend: *dual.slope[0].slope() }
    }

    #[inline(always)]
    fn of_called(dual: Dual<Called<Rise<N>>, 1>) -> Self {
        let Dual { value: Called(value), slope: [Called(slope)] } = dual;
        Self::of(Dual { value, slope: [slope] })
    }

    /// A smooth operation with some of its partial derivatives: `straight` is what it gives if no operand bends.
    #[inline(always)]
    fn curved<const A: usize>(
        straight: Dual<Rise<N>, 1>,
        operands: [Self; A],
        partials: [Intervals<N>; A],
    ) -> Self {
        let mut all = Self::of(straight);
        for i in 0..A {
            all.bend = all.bend + weighed(operands[i].bend, partials[i]);
        }
        all
    }

    /// The same for what is convex in its operands.
    #[inline(always)]
    fn convex<const A: usize>(
        mut straight: Dual<Rise<N>, 1>,
        operands: [Self; A],
        partials: [Intervals<N>; A],
    ) -> Self {
        let [slope] = straight.slope;
        let bend = Intervals::new(slope.slope().lo().max(Lanes([0.0; N])), slope.slope().hi());
        straight.slope = [Rise::from_dual(Dual { value: *slope.value(), slope: [bend] })];
        Self::curved(straight, operands, partials)
    }

    /// The bend of what is one of two, `then` where a < b: both, where that is not decided.
    #[inline(always)]
    fn chosen(a: &Self, b: &Self, then: Intervals<N>, otherwise: Intervals<N>) -> (Intervals<N>, [bool; N]) {
        let decided = Intervals::if_less(*a.value(), *b.value(), Intervals::zero(), Intervals::one());
        (Intervals::if_less(*a.value(), *b.value(), then, otherwise), decided.are_points())
    }
}

/// A bend times a number that does not jump. What is infinite at one end only stays so; times 0 it is 0.
#[inline(always)]
fn weighed<const N: usize>(bend: Intervals<N>, factor: Intervals<N>) -> Intervals<N> {
    let (mut lo, mut hi) = (Lanes([0.0; N]), Lanes([0.0; N]));
    for i in 0..N {
        let times = |a: f32, b: f32| if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
        let (low, high) = (bend.lo().0[i], bend.hi().0[i]);
        let (least, most) = (factor.lo().0[i], factor.hi().0[i]);
        let [p, q, r, s] = [times(low, least), times(low, most), times(high, least), times(high, most)];
        lo.0[i] = p.min(q).min(r.min(s));
        hi.0[i] = p.max(q).max(r.max(s));
    }
    Intervals::new(lo, hi).wider(1.0)
}

/// a/length where |a| is no larger than that.
#[inline(always)]
fn cosine<const N: usize>(a: Intervals<N>, length: Intervals<N>) -> Intervals<N> {
    let plain = a.direction_cosine(length);
    let (mut lo, mut hi) = (plain.lo(), plain.hi());
    for i in 0..N {
        let (least, most) =
            (if a.lo().0[i] >= 0.0 { 0.0 } else { -1.0 }, if a.hi().0[i] <= 0.0 { 0.0 } else { 1.0 });
        lo.0[i] = lo.0[i].max(least);
        hi.0[i] = hi.0[i].min(most);
    }
    Intervals::new(lo, hi)
}

impl<const N: usize> Add for Bend<N> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Bend { rise: self.rise + other.rise, bend: self.bend + other.bend }
    }
}

impl<const N: usize> Sub for Bend<N> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Bend { rise: self.rise - other.rise, bend: self.bend - other.bend }
    }
}

impl<const N: usize> Mul for Bend<N> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let twice = *self.slope() * *other.slope() * Intervals::constant(2.0);
        let bend = weighed(self.bend, *other.value()) + weighed(other.bend, *self.value()) + twice;
        Bend { rise: self.rise * other.rise, bend }
    }
}

impl<const N: usize> Div for Bend<N> {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        Self::of_called(self.called() / other.called())
    }
}

impl<const N: usize> Neg for Bend<N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Bend { rise: -self.rise, bend: -self.bend }
    }
}

/// Operations by the rules of derivatives alone.
macro_rules! plain {
    ($($method:ident($($arg:ident),*);)*) => {
        $(fn $method(self $(, $arg: Self)*) -> Self {
            Self::of_called(self.called().$method($($arg.called()),*))
        })*
    };
}

impl<const N: usize> Real for Bend<N> {
    fn constant(value: f64) -> Self {
        Bend { rise: Rise::constant(value), bend: Intervals::zero() }
    }

    plain! {
        recip(); exp(); ln(); sin(); cos(); tan(); asin(); acos(); atan();
        floor(); ceil(); round(); sign(); ramp();
        pow(exponent); atan2(x); modulo(divisor); direction_cosine(length);
    }

    #[inline(always)]
    fn abs(self) -> Self {
        let (zero, rise) = (Self::across(Intervals::zero()), self.rise.abs());
        let (bend, decided) = Self::chosen(&self, &zero, -self.bend, self.bend);
        Bend { rise, bend: Intervals::new(bend.lo(), unless(decided, bend.hi(), f32::INFINITY)) }
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        let (bend, decided) = Self::chosen(&self, &other, other.bend, self.bend);
        let bend = Intervals::new(bend.lo(), unless(decided, bend.hi(), f32::INFINITY));
        Bend { rise: self.rise.max(other.rise), bend }
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        let (bend, decided) = Self::chosen(&other, &self, other.bend, self.bend);
        let bend = Intervals::new(unless(decided, bend.lo(), f32::NEG_INFINITY), bend.hi());
        Bend { rise: self.rise.min(other.rise), bend }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        let straight = self.straight().sqrt();
        let partial = rule::sqrt(0, &|_| *self.value(), straight.value.value());
        Self::curved(straight, [self], [partial])
    }

    #[inline(always)]
    fn square(self) -> Self {
        Self::convex(self.straight().square(), [self], [*self.value() + *self.value()])
    }

    #[inline(always)]
    fn hypot(self, other: Self) -> Self {
        let straight = self.straight().hypot(other.straight());
        let length = *straight.value.value();
        let partials = [cosine(*self.value(), length), cosine(*other.value(), length)];
        Self::convex(straight, [self, other], partials)
    }

    #[inline(always)]
    fn length(a: Self, b: Self, c: Self) -> Self {
        let straight = Dual::length(a.straight(), b.straight(), c.straight());
        let length = *straight.value.value();
        Self::convex(straight, [a, b, c], [a, b, c].map(|side| cosine(*side.value(), length)))
    }

    #[inline(always)]
    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        let (bend, decided) = Self::chosen(&a, &b, then.bend, otherwise.bend);
        let rise = Rise::if_less(a.rise, b.rise, then.rise, otherwise.rise);
        Bend { rise, bend: Intervals::pick(decided, bend, Intervals::WHOLE) }
    }

    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        let duals: Vec<Dual<Rise<N>, 1>> = inputs.iter().map(|input| input.dual()).collect();
        Self::of(Dual::kernel(output, &duals))
    }

    fn mix(a: Self, b: Self, w: Self) -> Self {
        Self::of_called(Dual::mix(a.called(), b.called(), w.called()))
    }

    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        Self::of_called(Dual::smooth_min(a.called(), b.called(), k.called(), kind))
    }

    fn smooth_weight(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        Self::of_called(Dual::smooth_weight(a.called(), b.called(), k.called(), kind))
    }
}

/// The ends where `decided`, else another.
#[inline(always)]
fn unless<const N: usize>(decided: [bool; N], mut ends: Lanes<N>, otherwise: f32) -> Lanes<N> {
    for i in 0..N {
        ends.0[i] = if decided[i] { ends.0[i] } else { otherwise };
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::super::rise::tests::range;
    use super::*;
    use crate::number::{Interval, Op};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// Along any line of operands within their ranges the middle of two places is as far from their mean as the bend
        /// allows, where each operand is itself one of the operations.
        #[test]
        fn bounds_every_second_difference(
            ranges in proptest::array::uniform4(proptest::array::uniform4(range())),
            inner in proptest::array::uniform4(0..Op::ALL.len()),
            [a, b] in proptest::array::uniform2(0.0f64..=1.0),
        ) {
            // All operands but the last go from end to end of their range while the direction goes from 0 to 1.
            let at = |[lo, hi]: [f32; 2], moves: bool, s: f64| {
                f64::from(lo) + if moves { s * (f64::from(hi) - f64::from(lo)) } else { 0.0 }
            };
            let over = |[lo, hi]: [f32; 2], moves: bool| {
                let value = Intervals::<4>::new(Lanes([lo; 4]), Lanes([hi; 4]));
                let width = if moves { f64::from(hi) - f64::from(lo) } else { 0.0 };
                let rise = Rise::from_dual(Dual { value, slope: [Intervals::constant(width)] });
                Bend { rise, bend: Intervals::zero() }
            };
            let inner = inner.map(|n| Op::ALL[n]);
            let arg = |i: usize| inner[i].on(|j| over(ranges[i][j], j < 3));
            for op in Op::ALL {
                let found = op.on(arg);
                let (rise, bend) = (found.slope().lane(1), found.bend().lane(1));
                // What stands still does so to the last digit, which doubles may round to either side of a jump.
                let stands = [0, 1, 2, 3].map(|i| arg(i).slope().lane(1) == Interval::point(0.0));
                let operand = |i: usize, s: f64| {
                    let s = if stands[i] { a } else { s };
                    inner[i].on(|j| at(ranges[i][j], j < 3, s))
                };
                let f = |s: f64| op.on(|i| operand(i, s));
                let places = [a, 0.5 * (a + b), b];
                let [from, middle, to] = places.map(f);
                let is_inside = |s: f64| {
                    op.is_defined(|i| operand(i, s))
                        && (0..4).all(|i| {
                            operand(i, s).is_finite() && inner[i].is_defined(|j| at(ranges[i][j], j < 3, s))
                        })
                };
                let (half, change) = (0.5 * (b - a).abs(), (from - middle) + (to - middle));
                if !rise.is_finite() || !change.is_finite() || half < 1e-3 || !places.into_iter().all(is_inside) {
                    continue;
                }
                let slack = 1e-5 * (1.0 + from.abs() + to.abs());
                let within = bend.lo() * half * half - slack <= change && change <= bend.hi() * half * half + slack;
                prop_assert!(within, "{op:?} of {inner:?} {ranges:?} {a} {b}: {change} in {bend:?} times {half}²");
            }
        }
    }

    #[test]
    fn the_distance_to_a_corner_bends_down_no_more_than_inside_and_outside() {
        let t = Bend::<1>::along(Intervals::new(Lanes([-1.0]), Lanes([1.0])));
        let (zero, one) = (Bend::zero(), Bend::constant(1.0));
        // Two sides whose slopes fall by as much as 2 and 1, and a third that stays below them.
        let sides = [one - t * t, t.abs() - t.square() * Bend::constant(0.5), Bend::constant(-1.5)];
        let largest = sides[0].max(sides[1]).max(sides[2]);
        let length = Bend::length(sides[0].max(zero), sides[1].max(zero), sides[2].max(zero));
        let sum = length + largest.min(zero);
        assert_eq!(sum.bend().lane(0).lo(), f64::NEG_INFINITY);
        let bend = sum.bending_as(length, largest).bend().lane(0);
        assert!(bend.lo().is_finite() && bend.hi() == f64::INFINITY, "{bend:?}");
        let f = |t: f64| {
            let sides = [1.0 - t * t, t.abs() - 0.5 * t * t, -1.5];
            let outside = sides.map(|side| side.max(0.0) * side.max(0.0)).iter().sum::<f64>().sqrt();
            outside + sides.into_iter().fold(f64::NEG_INFINITY, f64::max).min(0.0)
        };
        for n in 0..400 {
            for half in [0.01, 0.1, 0.5] {
                let at = -1.0 + half + (2.0 - 2.0 * half) * f64::from(n) / 399.0;
                let change = f(at - half) - 2.0 * f(at) + f(at + half);
                assert!(change >= bend.lo() * half * half - 1e-9, "{change} about {at}");
            }
        }
    }

    #[test]
    fn the_larger_of_two_bends_down_no_more_than_they_do() {
        let t = Bend::<1>::along(Intervals::new(Lanes([-1.0]), Lanes([1.0])));
        let kinked = (t * Bend::constant(2.0)).max(-t).bend().lane(0);
        assert!(kinked.lo().abs() < 1e-30 && kinked.hi() == f64::INFINITY, "{kinked:?}");
        // Past a box whose edge it goes by.
        let [over, zero] = [t.abs() - Bend::constant(0.3), Bend::zero()];
        let distance = Bend::length(over.max(zero), Bend::constant(0.2), zero);
        let bend = distance.bend().lane(0);
        assert!(bend.lo() > -1e-6 && bend.hi() == f64::INFINITY, "{bend:?}");
        let smaller = (t * t).min(Bend::constant(0.5)).bend().lane(0);
        assert!(smaller.lo() == f64::NEG_INFINITY && smaller.hi() < 2.1, "{smaller:?}");
    }
}
