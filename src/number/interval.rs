//! Intervals: bounds on every value that a number can take over a box (Moore, "Interval analysis", 1966).

use super::{Output, Real, Smooth};
use std::f64::consts::{FRAC_PI_2, PI, TAU};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// All numbers from `lo` to `hi`, both included; an end may be infinite and is never NaN.
///
/// What an operation gives contains, for all points in its operands, both the true value and the value that `f64`'s
/// own rule ([`float`](super::float)) computes, rounding errors included. So what an interval excludes can be
/// skipped. By construction:
///
/// * `+ − × ÷ √` and the square are rounded outwards by one step, but not where they are known to be exact;
/// * transcendental functions are widened by 4 ulp (the platform's are within 1) and held to their range;
/// * operations of several roundings say how far those can lead, and are widened by as much.
///
/// Outside an operation's domain there is no value, and nothing to contain. `√[−1, 4]` is `[0, 2]`; where no point is
/// in the domain the interval is [`WHOLE`](Interval::WHOLE). So a choice that rests on a NaN is not bounded. Division
/// by zero counts as outside too: `1/[0, 2]` is `[½, ∞]`, which leaves out the −∞ of `1/−0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    lo: f64,
    hi: f64,
}

impl Interval {
    /// Every number.
    pub const WHOLE: Interval = Interval::of(f64::NEG_INFINITY, f64::INFINITY);
    const ZERO: Interval = Interval::of(0.0, 0.0);
    const ONE: Interval = Interval::of(1.0, 1.0);

    /// The numbers between two, given in either order; every number where one is NaN.
    pub fn new(lo: f64, hi: f64) -> Self {
        if lo <= hi {
            Interval::of(lo, hi)
        } else if hi < lo {
            Interval::of(hi, lo)
        } else {
            Interval::WHOLE
        }
    }

    /// One number; every number for NaN.
    pub fn point(value: f64) -> Self {
        Interval::new(value, value)
    }

    /// The lower end.
    #[inline(always)]
    pub const fn lo(self) -> f64 {
        self.lo
    }

    /// The upper end.
    #[inline(always)]
    pub const fn hi(self) -> f64 {
        self.hi
    }

    /// The distance between the ends.
    pub fn width(self) -> f64 {
        if self.is_point() { 0.0 } else { self.hi - self.lo }
    }

    /// A number halfway between the ends, finite unless both ends are the same infinity.
    pub fn middle(self) -> f64 {
        let half = self.lo.max(f64::MIN) * 0.5 + self.hi.min(f64::MAX) * 0.5;
        half.max(self.lo).min(self.hi)
    }

    /// The largest |v| inside.
    pub fn largest(self) -> f64 {
        self.lo.abs().max(self.hi.abs())
    }

    /// The smallest |v| inside.
    fn smallest(self) -> f64 {
        self.lo.max(-self.hi).max(0.0)
    }

    /// Whether the number is inside; NaN never is.
    pub fn contains(self, value: f64) -> bool {
        self.lo <= value && value <= self.hi
    }

    /// The smallest interval that contains both.
    pub fn hull(self, other: Self) -> Self {
        Interval::of(least(self.lo, other.lo), most(self.hi, other.hi))
    }

    /// Whether both ends are finite.
    pub fn is_finite(self) -> bool {
        self.lo.is_finite() && self.hi.is_finite()
    }

    #[inline(always)]
    const fn of(lo: f64, hi: f64) -> Self {
        Interval { lo, hi }
    }

    /// An end that came out NaN, as ∞ − ∞ does, is undecided: infinite.
    #[inline(always)]
    fn decided(lo: f64, hi: f64) -> Self {
        let low = if lo.is_nan() { f64::NEG_INFINITY } else { lo };
        Interval::of(low, if hi.is_nan() { f64::INFINITY } else { hi })
    }

    #[inline(always)]
    fn is_point(self) -> bool {
        self.lo == self.hi
    }

    #[inline(always)]
    fn is_zero(self) -> bool {
        (self.lo == 0.0) & (self.hi == 0.0)
    }

    /// Each end held to a range. An interval that lies outside ends up on the range's edge.
    fn held(self, lo: f64, hi: f64) -> Self {
        Interval::of(self.lo.clamp(lo, hi), self.hi.clamp(lo, hi))
    }

    /// An increasing `f64` function from its value at each end, with 4 ulp to spare; exact where it gives 0.
    fn increasing(self, function: impl Fn(f64) -> f64) -> Self {
        let (lo, hi) = (function(self.lo), function(self.hi));
        let low = if lo == 0.0 { lo } else { below(lo) };
        Interval::of(low, if hi == 0.0 { hi } else { above(hi) })
    }

    /// Sine or cosine: a wave of period 2π whose crests lie `crest` of a turn after 0.
    fn wave(self, function: impl Fn(f64) -> f64, crest: f64) -> Self {
        if self.largest() > MAX_ANGLE || self.hi - self.lo > 7.0 {
            return Interval::of(-1.0, 1.0);
        }
        let ends = Interval::new(function(self.lo), function(self.hi));
        let Interval { lo, hi } = ends.increasing(|v| v).held(-1.0, 1.0);
        let (crest, trough) = (self.meets(TAU, crest), self.meets(TAU, crest + 0.5));
        Interval::of(if trough { -1.0 } else { lo }, if crest { 1.0 } else { hi })
    }

    /// Whether some (n + phase)·period, n whole, is inside: rather yes than no, where rounding leaves it open.
    fn meets(self, period: f64, phase: f64) -> bool {
        let (lo, hi) = (self.lo / period, self.hi / period);
        let error = 4.0 * f64::EPSILON * (1.0 + lo.abs().max(hi.abs()));
        (lo - phase - error).ceil() <= (hi - phase + error).floor()
    }

    /// aᵇ for a ≥ 0. For a fixed a it is monotone in b and for a fixed b in a, also over 0 and ∞, so its extremes
    /// are at corners.
    fn power_of_magnitude(self, exponent: Self) -> Self {
        if self.hi == 0.0 && exponent.lo > 0.0 {
            return Interval::ZERO;
        }
        let (a, b) = (self.lo.abs(), self.hi.abs()); // −0 has other powers
        let mut ends = Interval::new(a.powf(exponent.lo), b.powf(exponent.lo));
        if !exponent.is_point() {
            ends = ends.hull(Interval::new(a.powf(exponent.hi), b.powf(exponent.hi)));
        }
        Interval::of(below(ends.lo).max(0.0), above(ends.hi))
    }
}

/// Beyond it an `f64` angle is too coarse to tell where in the turn it is.
const MAX_ANGLE: f64 = 1e15;

// π and π/2 lie just above their nearest `f64`.
const ABOVE_PI: f64 = PI.next_up();
const ABOVE_HALF_PI: f64 = FRAC_PI_2.next_up();

/// One step below, unless exact.
#[inline(always)]
fn down(value: f64, exact: bool) -> f64 {
    if exact { value } else { value.next_down() }
}

/// One step above, unless exact.
#[inline(always)]
fn up(value: f64, exact: bool) -> f64 {
    if exact { value } else { value.next_up() }
}

/// 4 ulp below.
fn below(value: f64) -> f64 {
    (0..4).fold(value, |v, _| v.next_down())
}

/// 4 ulp above.
fn above(value: f64) -> f64 {
    (0..4).fold(value, |v, _| v.next_up())
}

// One comparison each, for ends, which are never NaN.

#[inline(always)]
fn least(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

#[inline(always)]
fn most(a: f64, b: f64) -> f64 {
    if a < b { b } else { a }
}

/// Whether `f32` holds the number. The product of two such is exact in `f64`, neither over- nor underflowing: a cheap
/// proof of exactness, which keeps whole numbers and dyadic boxes as they are.
#[inline(always)]
fn is_short(value: f64) -> bool {
    f64::from(value as f32) == value
}

/// The sum, and a number with the sign of what rounding took off it: 0 where the sum is exact, NaN where it is infinite.
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

impl Add for Interval {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        let (lo, lo_error) = two_sum(self.lo, other.lo);
        let (hi, hi_error) = two_sum(self.hi, other.hi);
        Interval::decided(down(lo, lo_error >= 0.0), up(hi, hi_error <= 0.0))
    }
}

impl Sub for Interval {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for Interval {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Interval::of(-self.hi, -self.lo)
    }
}

impl Mul for Interval {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        let (a, b) = (self, other);
        if a.is_zero() | b.is_zero() {
            return Interval::ZERO;
        }
        let (mut p, mut q, mut r, mut s) = (a.lo * b.lo, a.hi * b.hi, a.lo * b.hi, a.hi * b.lo);
        if (p + q + r + s).is_nan() {
            // 0·∞ is 0: the other corners hold what lies between.
            [p, q, r, s] = [p, q, r, s].map(|v| if v.is_nan() { 0.0 } else { v });
        }
        let (lo, hi) = (least(least(p, q), least(r, s)), most(most(p, q), most(r, s)));
        // With the last 29 of 53 bits of every factor 0, products are exact but where they over- or underflow.
        let bits = a.lo.to_bits() | a.hi.to_bits() | b.lo.to_bits() | b.hi.to_bits();
        let short = bits << 35 == 0;
        let (lo, hi) = (down(lo, short & lo.is_normal()), up(hi, short & hi.is_normal()));
        // A factor of exactly 0 gives exactly 0, which the step outwards leaves: back to the sign the factors have.
        let same = ((a.lo >= 0.0) & (b.lo >= 0.0)) | ((a.hi <= 0.0) & (b.hi <= 0.0));
        let opposite = ((a.lo >= 0.0) & (b.hi <= 0.0)) | ((a.hi <= 0.0) & (b.lo >= 0.0));
        let low = if same & (lo < 0.0) { 0.0 } else { lo };
        Interval::of(low, if opposite & (hi > 0.0) { 0.0 } else { hi })
    }
}

impl Div for Interval {
    type Output = Self;
    #[inline]
    fn div(self, other: Self) -> Self {
        if other.hi < 0.0 || (other.hi == 0.0 && other.lo < 0.0) {
            return -self / -other;
        }
        let (a, b) = (self, other);
        if b.lo < 0.0 || b.hi == 0.0 {
            let vanishes = a.is_zero() && !b.is_zero();
            return if vanishes { Interval::ZERO } else { Interval::WHOLE };
        }
        let near = b.lo.abs(); // no −0, which would turn the infinity round
        let under_lo = if a.lo >= 0.0 { b.hi } else { near };
        let under_hi = if a.hi >= 0.0 { near } else { b.hi };
        let (lo, hi) = (a.lo / under_lo, a.hi / under_hi);
        let exact = |q: f64, under: f64, over: f64| is_short(q) & is_short(under) & (q * under == over);
        // Of 0/0 and ∞/∞ the sign is known, and `max` and `min` let go of NaN. An underflow keeps its sign too.
        let (lo, hi) = (down(lo, exact(lo, under_lo, a.lo)), up(hi, exact(hi, under_hi, a.hi)));
        let low = if a.lo >= 0.0 { lo.max(0.0) } else { lo };
        Interval::decided(low, if a.hi <= 0.0 { hi.min(0.0) } else { hi })
    }
}

impl Real for Interval {
    #[inline]
    fn constant(value: f64) -> Self {
        Interval::point(value)
    }

    #[inline]
    fn abs(self) -> Self {
        Interval::of(self.smallest(), self.largest())
    }

    fn sqrt(self) -> Self {
        if self.hi < 0.0 {
            return Interval::WHOLE;
        }
        let a = self.lo.max(0.0);
        let (lo, hi) = (a.sqrt(), self.hi.sqrt());
        let exact = |root: f64, square: f64| is_short(root) && root * root == square;
        Interval::of(down(lo, exact(lo, a)), up(hi, exact(hi, self.hi)))
    }

    #[inline]
    fn square(self) -> Self {
        let (a, b) = (self.smallest(), self.largest());
        Interval::of(down(a * a, is_short(a)).max(0.0), up(b * b, is_short(b)))
    }

    #[inline]
    fn recip(self) -> Self {
        Interval::ONE / self
    }

    fn exp(self) -> Self {
        Interval::of(below(self.lo.exp()).max(0.0), above(self.hi.exp()))
    }

    fn ln(self) -> Self {
        if self.hi < 0.0 {
            return Interval::WHOLE;
        }
        Interval::of(self.lo.max(0.0), self.hi.abs()).increasing(f64::ln)
    }

    fn sin(self) -> Self {
        self.wave(f64::sin, 0.25)
    }

    fn cos(self) -> Self {
        self.wave(f64::cos, 0.0)
    }

    /// Every number as soon as a pole may be inside; without one, increasing.
    fn tan(self) -> Self {
        if self.largest() > MAX_ANGLE || self.meets(PI, 0.5) {
            return Interval::WHOLE;
        }
        self.increasing(f64::tan)
    }

    fn asin(self) -> Self {
        if self.hi < -1.0 || self.lo > 1.0 {
            return Interval::WHOLE;
        }
        let angle = self.held(-1.0, 1.0).increasing(f64::asin);
        angle.held(-ABOVE_HALF_PI, ABOVE_HALF_PI)
    }

    fn acos(self) -> Self {
        if self.hi < -1.0 || self.lo > 1.0 {
            return Interval::WHOLE;
        }
        let angle = (-self.held(-1.0, 1.0)).increasing(|v| (-v).acos());
        angle.held(0.0, ABOVE_PI)
    }

    fn atan(self) -> Self {
        self.increasing(f64::atan).held(-ABOVE_HALF_PI, ABOVE_HALF_PI)
    }

    fn floor(self) -> Self {
        Interval::of(self.lo.floor(), self.hi.floor())
    }
    fn ceil(self) -> Self {
        Interval::of(self.lo.ceil(), self.hi.ceil())
    }
    fn round(self) -> Self {
        Interval::of(self.lo.round_ties_even(), self.hi.round_ties_even())
    }
    fn sign(self) -> Self {
        Interval::of(self.lo.sign(), self.hi.sign())
    }

    /// Increasing. The rule rounds three times, so inside it may be off by 3 half-ulps relative to the value and at
    /// the end by 3 more: 8 ulp to spare.
    fn ramp(self) -> Self {
        let (lo, hi) = (below(below(self.lo.ramp())), above(above(self.hi.ramp())));
        let low = if self.lo >= 1.0 { 1.0 } else { lo.max(0.0) };
        Interval::of(low, if self.hi <= 0.0 { 0.0 } else { hi.min(1.0) })
    }

    #[inline]
    fn min(self, other: Self) -> Self {
        Interval::of(least(self.lo, other.lo), least(self.hi, other.hi))
    }

    #[inline]
    fn max(self, other: Self) -> Self {
        Interval::of(most(self.lo, other.lo), most(self.hi, other.hi))
    }

    /// A negative base has a power where the exponent is whole, of either sign where it may be even or odd.
    fn pow(self, exponent: Self) -> Self {
        if exponent.is_zero() {
            return Interval::ONE;
        }
        if self.lo >= 0.0 {
            return self.power_of_magnitude(exponent);
        }
        let has_whole = exponent.lo.ceil() <= exponent.hi.floor();
        if has_whole && exponent.is_point() && exponent.is_finite() {
            if exponent.lo % 2.0 == 0.0 {
                return self.abs().power_of_magnitude(exponent);
            }
            if self.hi <= 0.0 {
                return -(-self).power_of_magnitude(exponent);
            }
            if exponent.lo < 0.0 {
                return Interval::WHOLE;
            }
            let end = |magnitude| Interval::point(magnitude).power_of_magnitude(exponent).hi;
            return Interval::of(-end(-self.lo), end(self.hi));
        }
        if has_whole {
            let largest = self.abs().power_of_magnitude(exponent).hi;
            return Interval::of(-largest, largest);
        }
        // No whole exponent: NaN for every negative base but −∞.
        if self.lo == f64::NEG_INFINITY {
            Interval::of(0.0, f64::INFINITY)
        } else if self.hi < 0.0 {
            Interval::WHOLE
        } else {
            Interval::of(0.0, self.hi).power_of_magnitude(exponent)
        }
    }

    /// The angle jumps across the negative x axis, where it is π or −π after the sign of y, were it the sign of a
    /// zero. A box off that axis and the origin lies in the angle between two of its corners.
    fn atan2(self, x: Self) -> Self {
        let y = self;
        if y.lo <= 0.0 && y.hi >= 0.0 && x.lo <= 0.0 {
            return Interval::of(-ABOVE_PI, ABOVE_PI);
        }
        let corners = Interval::new(y.lo.atan2(x.lo), y.lo.atan2(x.hi))
            .hull(Interval::new(y.hi.atan2(x.lo), y.hi.atan2(x.hi)));
        let least = if y.lo >= 0.0 { 0.0 } else { -ABOVE_PI };
        let most = if y.hi <= 0.0 { 0.0 } else { ABOVE_PI };
        Interval::of(below(corners.lo), above(corners.hi)).held(least, most)
    }

    /// Within one cell, a − b·k with that cell's k, which holds for every rounding; across cells [0, b], less and
    /// more the rounding of a/b and of b·k: half an ulp of |a| for the first, of |a| + b for the second, and that of
    /// the difference, so that 4 ε (|a| + b) is ample. Near overflow b·k may be infinite.
    fn modulo(self, divisor: Self) -> Self {
        if divisor.hi < 0.0 {
            return -(-self).modulo(-divisor);
        }
        let cells = (self / divisor).floor();
        if divisor.lo <= 0.0 || !cells.is_finite() {
            return Interval::WHOLE;
        }
        if cells.is_point() {
            return self - divisor * cells;
        }
        let magnitude = self.largest() + divisor.hi;
        if magnitude > 1e300 {
            return Interval::WHOLE;
        }
        let error = (4.0 * f64::EPSILON * magnitude).next_up();
        Interval::of(-error, (divisor.hi + error).next_up())
    }

    fn hypot(self, other: Self) -> Self {
        Self::length(self, other, Interval::ZERO)
    }

    /// Increasing in each |a|, and so is the rule's every rounding. The true length is within 2 ulp of the rule's,
    /// except where a square over- or underflows: there the rule gives ∞ or 0, and the truth lies between the
    /// largest part and the sum of the parts.
    fn length(a: Self, b: Self, c: Self) -> Self {
        const UNDERFLOW: f64 = 1e-290;
        let squares = |[a, b, c]: [f64; 3]| a * a + b * b + c * c;
        let near = [a.smallest(), b.smallest(), c.smallest()];
        let far = [a.largest(), b.largest(), c.largest()];
        let (least, most) = (squares(near), squares(far));
        let lo = match least {
            f64::INFINITY => near[0].max(near[1]).max(near[2]),
            _ if least < UNDERFLOW => 0.0,
            _ => below(least.sqrt()),
        };
        let hi = match most {
            _ if far == [0.0; 3] => 0.0,
            _ if most < UNDERFLOW => above(most.sqrt().max(far[0] + far[1] + far[2])),
            _ => above(most.sqrt()),
        };
        Interval::of(lo, hi)
    }

    /// For w in [0, 1] increasing in a and b, also as it is rounded, and linear in w: its extremes are at the ends of
    /// w. There and inside it is rounded by at most 3 half-ulps of the larger of |a| and |b|: 4 ε to spare.
    fn mix(a: Self, b: Self, w: Self) -> Self {
        if w.is_zero() || w == Interval::ONE {
            return if w.is_zero() { a } else { b };
        }
        if w.lo < 0.0 || w.hi > 1.0 || a.largest().max(b.largest()) > 1e300 {
            return a * (Interval::ONE - w) + b * w;
        }
        let ends = |a: f64, b: f64| (f64::mix(a, b, w.lo), f64::mix(a, b, w.hi));
        let error = |a: f64, b: f64| 4.0 * f64::EPSILON * a.abs().max(b.abs());
        let (lo, hi) = (ends(a.lo, b.lo), ends(a.hi, b.hi));
        let low = below(lo.0.min(lo.1) - error(a.lo, b.lo));
        Interval::of(low, above(hi.0.max(hi.1) + error(a.hi, b.hi)))
    }

    /// Increasing in a and b, decreasing in k (k ≤ 0 is the limit). Outside its band a banded kind is the plain
    /// minimum exactly, and every kind's rounding is a few ε of |min(a, b)| + k, since an operand farther than k from
    /// the minimum no longer moves it: 16 ε to spare.
    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        let plain = a.min(b);
        if k.hi <= 0.0 {
            return plain;
        }
        if kind.is_banded() && (b - a).lo >= k.hi {
            return a;
        }
        if kind.is_banded() && (a - b).lo >= k.hi {
            return b;
        }
        let error = |least: f64| 16.0 * f64::EPSILON * (least.abs() + k.hi);
        let lo = below(kind.value(a.lo, b.lo, k.hi) - error(plain.lo));
        let hi = above(kind.value(a.hi, b.hi, k.lo) + error(plain.hi));
        Interval::decided(lo, hi)
    }

    #[inline]
    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        if a.hi < b.lo {
            then
        } else if a.lo >= b.hi {
            otherwise
        } else {
            then.hull(otherwise)
        }
    }

    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        output.bounds(inputs)
    }

    fn direction_cosine(self, length: Self) -> Self {
        if self.is_zero() || length.hi <= 0.0 {
            Interval::ZERO
        } else if length.lo > 0.0 {
            (self * length.recip()).held(-1.0, 1.0)
        } else {
            self.sign().hull(Interval::ZERO)
        }
    }

    /// The product: 0 times anything is 0 already, and a factor range that contains 0 gives one that does.
    #[inline]
    fn gated(self, factor: Self) -> Self {
        self * factor
    }

    fn fract(self) -> Self {
        let cell = self.floor();
        let one_cell = cell.is_point() && cell.is_finite();
        if one_cell { self - cell } else { Interval::of(0.0, 1.0) }
    }
}

#[cfg(test)]
mod tests;
