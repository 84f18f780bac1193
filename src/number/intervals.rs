//! Many intervals at once: what prunes pictures.

use super::{Columns, Interval, Lanes, Output, Real, Smooth};
use std::f32::consts::{PI, TAU};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `N` intervals in `f32`, one a box, worked on together.
///
/// What an operation gives contains, lane by lane and for all points in its operands, the true value, the value
/// [`f64`'s rule](super::float) gives, and the value [`Lanes`] gives: so a box that it rules out is ruled out for a
/// block of points too, to the last bit. That is bought with a step of 2⁻²³ outwards at every operation, which
/// [`Interval`], one box in `f64`, does not need.
///
/// An end is never NaN: where it would be, it is infinite. As for [`Interval`] there is nothing to contain outside an
/// operation's domain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intervals<const N: usize> {
    lo: Lanes<N>,
    hi: Lanes<N>,
}

/// A step outwards: at least to the next number, and no subnormal one, which some machines are slow with.
const STEP: f32 = f32::EPSILON;

// Loops are written out, and closures inlined, for the reason `Lanes` gives.
impl<const N: usize> Lanes<N> {
    /// This less `steps` steps of its own size.
    #[inline(always)]
    fn below(self, steps: f32) -> Self {
        self.less(self, steps)
    }

    #[inline(always)]
    fn above(self, steps: f32) -> Self {
        -(-self).less(self, steps)
    }

    /// This less `steps` steps of the size of `scale`. What is too large for `f32` is no less than the largest.
    #[inline(always)]
    fn less(self, scale: Self, steps: f32) -> Self {
        let held = |v: f32| if v > f32::MAX { f32::MAX } else { v };
        let mut lanes = [0.0; N];
        for i in 0..N {
            lanes[i] = held(self.0[i]) - (held(scale.0[i].abs()) * (STEP * steps) + f32::MIN_POSITIVE);
        }
        Lanes(lanes)
    }

    /// This less a step of its own size.
    #[inline(always)]
    fn stepped_down(self) -> Self {
        let mut lanes = [0.0; N];
        for i in 0..N {
            let v = if self.0[i] > f32::MAX { f32::MAX } else { self.0[i] };
            lanes[i] = v - v.abs() * STEP;
        }
        Lanes(lanes)
    }

    #[inline(always)]
    fn any(self, what: impl Fn(f32) -> bool) -> bool {
        let mut any = false;
        for i in 0..N {
            any |= what(self.0[i]);
        }
        any
    }
}

impl<const N: usize> Intervals<N> {
    /// Every number, in each lane.
    pub const WHOLE: Self = Intervals { lo: Lanes([f32::NEG_INFINITY; N]), hi: Lanes([f32::INFINITY; N]) };

    /// The numbers between two, lane by lane, the first of which is not the larger. An end that is NaN is infinite.
    #[inline(always)]
    pub fn new(lo: Lanes<N>, hi: Lanes<N>) -> Self {
        Self::of(lo, hi)
    }

    /// The smallest `f32` intervals that contain those.
    pub fn around(intervals: [Interval; N]) -> Self {
        let (mut lo, mut hi) = ([0.0; N], [0.0; N]);
        for (i, interval) in intervals.into_iter().enumerate() {
            let (low, high) = (interval.lo() as f32, interval.hi() as f32);
            lo[i] = if f64::from(low) > interval.lo() { low.next_down() } else { low };
            hi[i] = if f64::from(high) < interval.hi() { high.next_up() } else { high };
        }
        Intervals { lo: Lanes(lo), hi: Lanes(hi) }
    }

    /// Boxes as the columns that a kernel takes.
    pub(super) fn lanes(inputs: &[Self]) -> Vec<Interval> {
        inputs.iter().flat_map(|input| (0..N).map(|lane| input.lane(lane))).collect()
    }

    /// One lane.
    #[inline(always)]
    pub fn lane(&self, lane: usize) -> Interval {
        Interval::new(f64::from(self.lo.0[lane]), f64::from(self.hi.0[lane]))
    }

    /// The same with other bounds in one lane.
    pub(crate) fn with_lane(mut self, lane: usize, bounds: Interval) -> Self {
        let Intervals { lo, hi } = Intervals::<1>::around([bounds]);
        (self.lo.0[lane], self.hi.0[lane]) = (lo.0[0], hi.0[0]);
        self
    }

    /// What is in both, lane by lane; this, where nothing is.
    #[inline(always)]
    pub(crate) fn within(self, other: Self) -> Self {
        let (lo, hi) = (self.lo.max(other.lo), self.hi.min(other.hi));
        let mut some = [false; N];
        for i in 0..N {
            some[i] = lo.0[i] <= hi.0[i];
        }
        Self::pick(some, Intervals { lo, hi }, self)
    }

    /// The lower ends.
    #[inline(always)]
    pub fn lo(self) -> Lanes<N> {
        self.lo
    }

    /// The upper ends.
    #[inline(always)]
    pub fn hi(self) -> Lanes<N> {
        self.hi
    }

    /// NaN, as of ∞ − ∞, is no end.
    #[inline(always)]
    fn of(lo: Lanes<N>, hi: Lanes<N>) -> Self {
        let (mut low, mut high) = ([0.0; N], [0.0; N]);
        for i in 0..N {
            low[i] = if lo.0[i] >= f32::MIN { lo.0[i] } else { f32::NEG_INFINITY };
            high[i] = if hi.0[i] <= f32::MAX { hi.0[i] } else { f32::INFINITY };
        }
        Intervals { lo: Lanes(low), hi: Lanes(high) }
    }

    /// The same, a number of steps wider.
    #[inline(always)]
    fn wider_by(lo: Lanes<N>, hi: Lanes<N>, steps: f32) -> Self {
        Self::of(lo.below(steps), hi.above(steps))
    }

    /// Steps wider.
    pub(super) fn wider(self, steps: f32) -> Self {
        Self::wider_by(self.lo, self.hi, steps)
    }

    /// Each end held to a range.
    #[inline(always)]
    fn held(self, lo: f32, hi: f32) -> Self {
        let hold = |end: Lanes<N>| end.max(Lanes([lo; N])).min(Lanes([hi; N]));
        Intervals { lo: hold(self.lo), hi: hold(self.hi) }
    }

    #[inline(always)]
    fn smallest(self) -> Lanes<N> {
        self.lo.max(-self.hi).max(Lanes::zero())
    }

    #[inline(always)]
    fn largest(self) -> Lanes<N> {
        self.lo.abs().max(self.hi.abs())
    }

    /// What is in either.
    #[inline(always)]
    pub fn hull(self, other: Self) -> Self {
        Intervals { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// Lane by lane one or the other.
    #[inline(always)]
    pub(crate) fn pick(choose: [bool; N], then: Self, otherwise: Self) -> Self {
        let mut picked = otherwise;
        for i in 0..N {
            picked.lo.0[i] = if choose[i] { then.lo.0[i] } else { otherwise.lo.0[i] };
            picked.hi.0[i] = if choose[i] { then.hi.0[i] } else { otherwise.hi.0[i] };
        }
        picked
    }

    /// A rare operation, lane by lane in `f64`, `steps` wider for what `Lanes` rounds.
    #[inline(never)]
    fn each<const A: usize>(args: [Self; A], steps: f32, rule: impl Fn([Interval; A]) -> Interval) -> Self {
        let mut bounds = [Interval::WHOLE; N];
        for (lane, bound) in bounds.iter_mut().enumerate() {
            *bound = rule(args.map(|arg| arg.lane(lane)));
        }
        let found = Self::around(bounds);
        Self::wider_by(found.lo, found.hi, steps)
    }

    /// Sine or cosine, whose crests lie `crest` of a turn after 0.
    #[inline(always)]
    fn wave(self, rule: impl Fn(Lanes<N>) -> Lanes<N>, crest: f32) -> Self {
        /// From here on too coarse to tell where in the turn an angle is.
        const MAX_ANGLE: f32 = 1e4;
        /// A little over the most that `Lanes` may give.
        const ONE: f32 = 1.0 + 2.0 * STEP;
        let (a, b) = (rule(self.lo), rule(self.hi));
        let one = Lanes([1.0; N]);
        let (mut lo, mut hi) = (a.min(b).less(one, 4.0), -(-a.max(b)).less(one, 4.0));
        for i in 0..N {
            let (from, to) = (self.lo.0[i], self.hi.0[i]);
            let unknown = !((to - from < 6.0) & (from > -MAX_ANGLE) & (to < MAX_ANGLE));
            let trough = unknown | meets(from, to, TAU, crest + 0.5);
            let top = unknown | meets(from, to, TAU, crest);
            lo.0[i] = if trough { -ONE } else { lo.0[i] };
            hi.0[i] = if top { ONE } else { hi.0[i] };
        }
        Intervals { lo, hi }.held(-ONE, ONE)
    }
}

/// Whether some (n + phase)·period, n whole, is between: rather yes than no.
#[inline(always)]
fn meets(lo: f32, hi: f32, period: f32, phase: f32) -> bool {
    let (lo, hi) = (lo / period, hi / period);
    let error = 8.0 * STEP * (1.0 + lo.abs() + hi.abs());
    let floor = |v: f32| super::elementary::floor(v);
    -floor(phase - lo + error) <= floor(hi - phase + error)
}

/// The least and the most of a result at the corners; both NaN, which is undecided, where one is, as 0·∞ and ∞/∞ are.
#[inline(always)]
fn extremes([p, q, r, s]: [f32; 4]) -> (f32, f32) {
    let nan = (p + q + r + s) * 0.0;
    let least = |a: f32, b: f32| if b < a { b } else { a };
    let most = |a: f32, b: f32| if a < b { b } else { a };
    (least(least(p, q), least(r, s)) + nan, most(most(p, q), most(r, s)) + nan)
}

impl<const N: usize> Add for Intervals<N> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // A sum too small for a step of its own size is exact: so that the sum of two slopes of 0 is 0.
        let (lo, hi) = (self.lo + other.lo, -(self.hi + other.hi));
        Self::of(lo.stepped_down(), -hi.stepped_down())
    }
}

impl<const N: usize> Sub for Intervals<N> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl<const N: usize> Neg for Intervals<N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Intervals { lo: -self.hi, hi: -self.lo }
    }
}

impl<const N: usize> Mul for Intervals<N> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let (mut lo, mut hi) = (Lanes([0.0; N]), Lanes([0.0; N]));
        for i in 0..N {
            let (p, q) = (self.lo.0[i] * other.lo.0[i], self.lo.0[i] * other.hi.0[i]);
            let (r, s) = (self.hi.0[i] * other.lo.0[i], self.hi.0[i] * other.hi.0[i]);
            (lo.0[i], hi.0[i]) = extremes([p, q, r, s]);
        }
        let mut product = Self::wider_by(lo, hi, 1.0);
        for i in 0..N {
            // But 0 itself, times anything, is 0: the slope of what does not change.
            let is_zero = |of: &Self| (of.lo.0[i] == 0.0) & (of.hi.0[i] == 0.0);
            let zero = is_zero(&self) | is_zero(&other);
            product.lo.0[i] = if zero { 0.0 } else { product.lo.0[i] };
            product.hi.0[i] = if zero { 0.0 } else { product.hi.0[i] };
        }
        product
    }
}

impl<const N: usize> Div for Intervals<N> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        if other.smallest().any(|size| size <= 0.0) {
            return Self::each([self, other], 1.0, |[a, b]| a / b);
        }
        let (mut lo, mut hi) = (Lanes([0.0; N]), Lanes([0.0; N]));
        for i in 0..N {
            let (p, q) = (self.lo.0[i] / other.lo.0[i], self.lo.0[i] / other.hi.0[i]);
            let (r, s) = (self.hi.0[i] / other.lo.0[i], self.hi.0[i] / other.hi.0[i]);
            (lo.0[i], hi.0[i]) = extremes([p, q, r, s]);
        }
        Self::wider_by(lo, hi, 1.0)
    }
}

impl<const N: usize> Real for Intervals<N> {
    /// The number, and what `f32` makes of it.
    #[inline]
    fn constant(value: f64) -> Self {
        let short = value as f32;
        match f64::from(short) == value {
            true => Intervals { lo: Lanes([short; N]), hi: Lanes([short; N]) },
            false => Self::of(Lanes([short.next_down(); N]), Lanes([short.next_up(); N])),
        }
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Intervals { lo: self.smallest(), hi: self.largest() }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        let zero = Lanes::zero();
        let root = Self::wider_by(self.lo.max(zero).sqrt(), self.hi.max(zero).sqrt(), 1.0);
        let mut outside = [false; N];
        for i in 0..N {
            outside[i] = self.hi.0[i] < 0.0;
        }
        Self::pick(outside, Self::WHOLE, Intervals { lo: root.lo.max(zero), hi: root.hi })
    }

    #[inline(always)]
    fn square(self) -> Self {
        let square = Self::wider_by(self.smallest().square(), self.largest().square(), 1.0);
        Intervals { lo: square.lo.max(Lanes::zero()), hi: square.hi }
    }

    #[inline(always)]
    fn recip(self) -> Self {
        Self::one() / self
    }

    #[inline(always)]
    fn exp(self) -> Self {
        // Too large for `f32` is no less than the largest.
        let least = self.lo.exp().min(Lanes([f32::MAX; N]));
        let power = Self::wider_by(least, self.hi.exp(), 2.0);
        Intervals { lo: power.lo.max(Lanes::zero()), hi: power.hi }
    }

    #[inline(always)]
    fn ln(self) -> Self {
        let zero = Lanes::zero();
        let (lo, hi) = (self.lo.max(zero).ln(), self.hi.max(zero).ln());
        let mut outside = [false; N];
        for i in 0..N {
            outside[i] = self.hi.0[i] < 0.0;
        }
        Self::pick(outside, Self::WHOLE, Self::wider_by(lo, hi, 2.0))
    }

    #[inline(always)]
    fn sin(self) -> Self {
        self.wave(Lanes::sin, 0.25)
    }

    #[inline(always)]
    fn cos(self) -> Self {
        self.wave(Lanes::cos, 0.0)
    }

    fn tan(self) -> Self {
        let pole = |a: f64, b: f64| b - a > 3.0 || meets(a as f32, b as f32, PI, 0.5);
        Self::each([self], 2.0, |[a]| if pole(a.lo(), a.hi()) { Interval::WHOLE } else { a.tan() })
    }

    #[inline(always)]
    fn asin(self) -> Self {
        let held = self.held(-1.0, 1.0);
        Self::wider_by(held.lo.asin(), held.hi.asin(), 2.0)
    }

    #[inline(always)]
    fn acos(self) -> Self {
        let held = self.held(-1.0, 1.0);
        Self::wider_by(held.hi.acos(), held.lo.acos(), 2.0)
    }

    #[inline(always)]
    fn atan(self) -> Self {
        Self::wider_by(self.lo.atan(), self.hi.atan(), 2.0)
    }

    #[inline(always)]
    fn floor(self) -> Self {
        Intervals { lo: self.lo.floor(), hi: self.hi.floor() }
    }

    #[inline(always)]
    fn ceil(self) -> Self {
        Intervals { lo: self.lo.ceil(), hi: self.hi.ceil() }
    }

    #[inline(always)]
    fn round(self) -> Self {
        Intervals { lo: self.lo.round(), hi: self.hi.round() }
    }

    #[inline(always)]
    fn sign(self) -> Self {
        Intervals { lo: self.lo.sign(), hi: self.hi.sign() }
    }

    /// Increasing, and rounded three times.
    #[inline(always)]
    fn ramp(self) -> Self {
        let ramp = Self::wider_by(self.lo.ramp(), self.hi.ramp(), 8.0);
        let mut held = ramp.held(0.0, 1.0);
        for i in 0..N {
            held.lo.0[i] = if self.lo.0[i] >= 1.0 { 1.0 } else { held.lo.0[i] };
            held.hi.0[i] = if self.hi.0[i] <= 0.0 { 0.0 } else { held.hi.0[i] };
        }
        held
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Intervals { lo: self.lo.min(other.lo), hi: self.hi.min(other.hi) }
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Intervals { lo: self.lo.max(other.lo), hi: self.hi.max(other.hi) }
    }

    fn pow(self, exponent: Self) -> Self {
        Self::each([self, exponent], 2.0, |[a, b]| a.pow(b))
    }

    fn atan2(self, x: Self) -> Self {
        Self::each([self, x], 2.0, |[y, x]| y.atan2(x))
    }

    /// The steps of the rule, each with its rounding; and never far outside the divisor's own range.
    #[inline(always)]
    fn modulo(self, divisor: Self) -> Self {
        let steps = self - divisor * (self / divisor).floor();
        let mut rest = steps;
        for i in 0..N {
            let (least, most) = (divisor.lo.0[i], divisor.hi.0[i]);
            let margin = 8.0 * STEP * (self.lo.0[i].abs() + self.hi.0[i].abs() + least.abs() + most.abs());
            let (low, high) = (least.min(0.0) - margin, most.max(0.0) + margin);
            let sound = (least > 0.0) | (most < 0.0);
            rest.lo.0[i] = if sound & (low > steps.lo.0[i]) { low } else { steps.lo.0[i] };
            rest.hi.0[i] = if sound & (high < steps.hi.0[i]) { high } else { steps.hi.0[i] };
        }
        Self::of(rest.lo, rest.hi)
    }

    #[inline(always)]
    fn hypot(self, other: Self) -> Self {
        (self.square() + other.square()).sqrt()
    }

    #[inline(always)]
    fn length(a: Self, b: Self, c: Self) -> Self {
        (a.square() + b.square() + c.square()).sqrt()
    }

    /// For w in [0, 1] increasing in a and b and linear in w: its extremes are at ends.
    #[inline(always)]
    fn mix(a: Self, b: Self, w: Self) -> Self {
        let general = a * (Self::one() - w) + b * w;
        let (from, to) = (Lanes::mix(a.lo, b.lo, w.lo), Lanes::mix(a.lo, b.lo, w.hi));
        let lo = from.min(to).less(a.lo.abs().max(b.lo.abs()), 4.0);
        let (from, to) = (Lanes::mix(a.hi, b.hi, w.lo), Lanes::mix(a.hi, b.hi, w.hi));
        let hi = -(-from.max(to)).less(a.hi.abs().max(b.hi.abs()), 4.0);
        let mut within = [false; N];
        for i in 0..N {
            within[i] = (w.lo.0[i] >= 0.0) & (w.hi.0[i] <= 1.0);
        }
        Self::pick(within, Self::of(lo, hi), general)
    }

    /// Increasing in a and b, decreasing in k; the plain minimum where k ≤ 0 and, for a banded kind, out of the band.
    #[inline(always)]
    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        let plain = a.min(b);
        let low = kind.value(a.lo, b.lo, k.hi).less(plain.lo.abs() + k.hi.abs(), 16.0);
        let high = kind.value(a.hi, b.hi, k.lo);
        let high = -(-high).less(plain.hi.abs() + k.lo.abs(), 16.0);
        let (mut apart, mut lo, mut hi) = ([false; N], plain.lo, plain.hi);
        for i in 0..N {
            let band = k.hi.0[i];
            let clear = band + 8.0 * STEP * (a.hi.0[i].abs() + b.hi.0[i].abs() + band.abs());
            let far = (b.lo.0[i] - a.hi.0[i] >= clear) | (a.lo.0[i] - b.hi.0[i] >= clear);
            apart[i] = (band <= 0.0) | (kind.is_banded() & far);
            lo.0[i] = low.0[i];
            // Never above the plain one, which is also what is left where the rule gives NaN.
            hi.0[i] = if high.0[i] < plain.hi.0[i] { high.0[i] } else { plain.hi.0[i] };
        }
        Self::pick(apart, plain, Self::of(lo, hi))
    }

    /// Increasing in a, decreasing in b, and in k one or the other all the way.
    #[inline(always)]
    fn smooth_weight(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        let least = kind.weight_of_b(a.lo, b.hi, k.lo).min(kind.weight_of_b(a.lo, b.hi, k.hi));
        let most = kind.weight_of_b(a.hi, b.lo, k.lo).max(kind.weight_of_b(a.hi, b.lo, k.hi));
        // 1 − u, whatever is left of it, is rounded as 1 is.
        let one = Lanes([1.0; N]);
        Self::of(least.less(one, 16.0), -(-most).less(one, 16.0)).held(0.0, 1.0)
    }

    #[inline(always)]
    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        let (mut less, mut not) = ([false; N], [false; N]);
        for i in 0..N {
            less[i] = a.hi.0[i] < b.lo.0[i];
            not[i] = a.lo.0[i] >= b.hi.0[i];
        }
        Self::pick(less, then, Self::pick(not, otherwise, then.hull(otherwise)))
    }

    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        let mut bounds = [Interval::WHOLE; N];
        output.bounds_over(output.number(), Columns::new(&Self::lanes(inputs), N), &mut bounds);
        Self::around(bounds).wider(1.0)
    }

    #[inline(always)]
    fn direction_cosine(self, length: Self) -> Self {
        let (mut lo, mut hi) = (self.lo, self.hi);
        for i in 0..N {
            let (near, far) = (length.lo.0[i], length.hi.0[i]);
            lo.0[i] /= if lo.0[i] >= 0.0 { far } else { near };
            hi.0[i] /= if hi.0[i] >= 0.0 { near } else { far };
        }
        let mut ratio = Self::wider_by(lo, hi, 3.0).held(-1.0, 1.0);
        for i in 0..N {
            let (a, b) = (self.lo.0[i], self.hi.0[i]);
            let none = ((a == 0.0) & (b == 0.0)) | (length.hi.0[i] <= 0.0);
            let unknown = length.lo.0[i] <= 0.0;
            let (low, high) = (if a < 0.0 { -1.0 } else { 0.0 }, if b > 0.0 { 1.0 } else { 0.0 });
            let (low, high) = if none { (0.0, 0.0) } else { (low, high) };
            ratio.lo.0[i] = if none | unknown { low } else { ratio.lo.0[i] };
            ratio.hi.0[i] = if none | unknown { high } else { ratio.hi.0[i] };
        }
        ratio
    }

    #[inline(always)]
    fn gated(self, factor: Self) -> Self {
        self * factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Op;
    use proptest::prelude::*;

    /// An interval, and places inside it as parts of its width.
    fn range() -> impl Strategy<Value = [f32; 2]> {
        let end = prop_oneof![-4.0f32..4.0, (-3i8..4).prop_map(f32::from), -1e6f32..1e6];
        let width = prop_oneof![Just(0.0f32), 0.0f32..0.01, 0.0f32..2.0, 0.0f32..1e4];
        (end, width).prop_map(|(lo, width)| [lo, lo + width])
    }

    /// Inside the domain of every operation it is asked of.
    fn fits(op: Op, [a, b, c, d]: [f64; 4]) -> bool {
        op.is_defined(|i| [a, b, c, d][i])
            && match op {
                Op::Div => b != 0.0,
                Op::Recip => a != 0.0,
                _ => true,
            }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn contains_what_doubles_and_lanes_give(
            ranges in [range(), range(), range(), range()],
            at in proptest::array::uniform4(0.0f32..=1.0),
        ) {
            let spot = |i: usize| {
                let [lo, hi] = ranges[i];
                (lo + at[i] * (hi - lo)).clamp(lo, hi)
            };
            let args = ranges.map(|[lo, hi]| Intervals::<4>::new(Lanes([lo; 4]), Lanes([hi; 4])));
            for op in Op::ALL {
                let points = [0, 1, 2, 3].map(|i| f64::from(spot(i)));
                if !fits(op, points) || (matches!(op, Op::Sin | Op::Cos | Op::Tan) && points[0].abs() > 1e4) {
                    continue;
                }
                let bound = op.on(|i| args[i]).lane(2);
                let exact = op.on(|i| points[i]);
                prop_assert!(exact.is_nan() || bound.contains(exact), "{op:?} {ranges:?} {points:?}: {exact} in {bound:?}");
                let lane = f64::from(op.on(|i| Lanes([spot(i)])).0[0]);
                prop_assert!(exact.is_nan() || lane.is_nan() || bound.contains(lane), "{op:?} {ranges:?} {points:?}: {lane} in {bound:?}");
            }
        }

        #[test]
        fn is_hardly_wider_than_one_interval_in_f64(ranges in [range(), range(), range(), range()]) {
            let wide = ranges.map(|[lo, hi]| Intervals::<4>::new(Lanes([lo; 4]), Lanes([hi; 4])));
            let one = ranges.map(|[lo, hi]| Interval::new(f64::from(lo), f64::from(hi)));
            let size = ranges.iter().flatten().fold(1f64, |most, &end| most.max(f64::from(end.abs())));
            for op in Op::ALL.into_iter().filter(|op| !matches!(op, Op::Pow | Op::Exp | Op::Div | Op::Recip)) {
                let (many, single) = (op.on(|i| wide[i]).lane(1), op.on(|i| one[i]));
                if !single.is_finite() || (matches!(op, Op::Sin | Op::Cos | Op::Tan) && size > 1e4) || op == Op::Tan {
                    continue;
                }
                // A quotient on the edge between two cells may fall to either.
                let edge = if op == Op::Modulo { size } else { 0.0 };
                let slack = 1e-5 * size * size + 2.0 * edge;
                prop_assert!(many.lo() >= single.lo() - slack && many.hi() <= single.hi() + slack, "{op:?} {ranges:?}: {many:?} {single:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn slopes_contain_what_doubles_give(
            ranges in [range(), range(), range(), range()],
            at in proptest::array::uniform4(0.0f32..=1.0),
        ) {
            use crate::number::Dual;
            let spot = |i: usize| {
                let [lo, hi] = ranges[i];
                f64::from((lo + at[i] * (hi - lo)).clamp(lo, hi))
            };
            let wide = |i: usize| Intervals::<4>::new(Lanes([ranges[i][0]; 4]), Lanes([ranges[i][1]; 4]));
            for op in Op::ALL {
                let is_far = matches!(op, Op::Sin | Op::Cos | Op::Tan) && spot(0).abs() > 1e4;
                if is_far || !op.is_defined(spot) {
                    continue;
                }
                let bound = op.on(|i| Dual::<_, 4>::variable(wide(i), i));
                let exact = op.on(|i| Dual::<f64, 4>::variable(spot(i), i));
                for (bound, exact) in bound.slope.iter().zip(exact.slope) {
                    let bound = bound.lane(3);
                    prop_assert!(!exact.is_finite() || bound.contains(exact), "{op:?} {ranges:?} {at:?}: {exact} in {bound:?}");
                }
            }
        }
    }

    #[test]
    fn ends_are_never_nan() {
        let ends = [f32::NEG_INFINITY, f32::MIN, -1.0, 0.0, 1.0, f32::MAX, f32::INFINITY];
        let all = ends.iter().enumerate().flat_map(|(i, &lo)| ends[i..].iter().map(move |&hi| [lo, hi]));
        let ranges: Vec<Intervals<1>> =
            all.map(|[lo, hi]| Intervals::new(Lanes([lo]), Lanes([hi]))).collect();
        for op in Op::ALL {
            for &a in &ranges {
                for &b in &ranges {
                    let bound = op.on(|i| if i % 2 == 0 { a } else { b });
                    assert!(bound.lo.0[0] <= bound.hi.0[0], "{op:?} {a:?} {b:?}: {bound:?}");
                }
            }
        }
    }
}
