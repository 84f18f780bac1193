//! A number with bounds on its slopes that a jump makes infinite: what mean values may rest on. Uses numbers only.

use crate::number::{Dual, Interval, Output, Real, Smooth};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Bounds on a value and its slopes, as `Dual<Interval>`, but sound across jumps and sharper at kinks.
///
/// `Dual<Interval>` bounds the derivative wherever there is one, and says that a step is flat. The mean value theorem
/// asks for more: f(p) − f(c) = g·(p − c) with g within the bounds needs f to be continuous. Here `floor`, `sign`,
/// `modulo`, `atan2` across its cut and a choice that is not decided count as infinitely steep, whether or not the two
/// sides happen to meet, so that finite slopes always bound differences. A kernel is taken to be continuous.
///
/// At a kink it keeps apart what is on its two sides, for one kink at a time. The distance to a box is
/// max(q, 0) + min(q, 0) near a face: two choices, each with a slope from 0 to 1, but the same choice. That they are
/// the same is known by `key`, a fingerprint of how a number was computed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slope<const N: usize> {
    /// What holds on both sides.
    pub(super) bound: Dual<Interval, N>,
    key: u64,
    sides: Option<Sides<N>>,
}

/// What a number is on the two sides of a kink.
#[derive(Clone, Copy, Debug)]
struct Sides<const N: usize> {
    /// Which two numbers are compared, the one with the smaller key first.
    kink: u64,
    /// Where the first is the smaller, and where it is the larger.
    of: [Dual<Interval, N>; 2],
}

impl Slope<4> {
    /// The four coordinates over a part of space and time.
    pub(super) fn variables(over: [Interval; 4]) -> [Self; 4] {
        [0, 1, 2, 3].map(|i| Slope::coordinate(Dual::variable(over[i], i), i))
    }

    /// The four coordinates at a point.
    pub(super) fn at(point: [f64; 4]) -> [Self; 4] {
        [0, 1, 2, 3].map(|i| Slope::coordinate(Dual::fixed(Interval::point(point[i])), i))
    }
}

impl<const N: usize> Slope<N> {
    /// The coordinate along an axis, 0 to 3, with whatever slopes it has.
    pub(super) fn coordinate(bound: Dual<Interval, N>, axis: usize) -> Self {
        let key = mixed(1, [axis as u64]);
        Slope { bound, key, sides: None }
    }

    /// Whether every slope is bounded.
    pub(super) fn is_bounded(&self) -> bool {
        self.bound.slope.iter().all(|slope| slope.is_finite())
    }

    /// A bound on the norm of some of the slopes: the worse of the two sides of a kink.
    pub(super) fn norm(&self, axes: &[usize]) -> f64 {
        let of = |bound: &Dual<Interval, N>| {
            let squares = axes.iter().map(|&axis| bound.slope[axis].square());
            let sum = squares.fold(Interval::point(0.0), |sum, square| sum + square);
            sum.sqrt().hi()
        };
        match &self.sides {
            Some(sides) => of(&sides.of[0]).max(of(&sides.of[1])),
            None => of(&self.bound),
        }
    }

    /// An operation without a jump, on each side of the first kink there is among its operands.
    fn smooth<const A: usize>(
        tag: u64,
        args: [Self; A],
        operation: impl Fn([Dual<Interval, N>; A]) -> Dual<Interval, N>,
    ) -> Self {
        let key = mixed(tag, args.map(|arg| arg.key));
        let Some(kink) = args.iter().find_map(|arg| arg.sides).map(|sides| sides.kink) else {
            let bound = operation(args.map(|arg| arg.bound));
            return Slope { bound, key, sides: None };
        };
        let on = |side: usize| {
            operation(args.map(|arg| match arg.sides {
                Some(sides) if sides.kink == kink => sides.of[side],
                _ => arg.bound,
            }))
        };
        Slope::with_sides(key, kink, [on(0), on(1)])
    }

    fn with_sides(key: u64, kink: u64, of: [Dual<Interval, N>; 2]) -> Self {
        let bound = Dual {
            value: of[0].value.hull(of[1].value),
            slope: std::array::from_fn(|n| of[0].slope[n].hull(of[1].slope[n])),
        };
        // Sides alike in slope are worth nothing: the place is free for another kink.
        let sides = (of[0].slope != of[1].slope).then_some(Sides { kink, of });
        Slope { bound, key, sides }
    }

    /// What a choice between two numbers gives: `low` where a ≤ b, `high` where a ≥ b.
    fn kinked(tag: u64, a: Self, b: Self, low: Dual<Interval, N>, high: Dual<Interval, N>) -> Self {
        let key = mixed(tag, [a.key, b.key]);
        let kink = mixed(2, [a.key.min(b.key), a.key.max(b.key)]);
        let of = if a.key <= b.key { [low, high] } else { [high, low] };
        Slope::with_sides(key, kink, of)
    }

    /// The same value, infinitely steep.
    fn jump(self) -> Self {
        let slope = [Interval::WHOLE; N];
        Slope { bound: Dual { slope, ..self.bound }, sides: None, ..self }
    }

    /// Flat where the value is one number, else a jump.
    fn step(self) -> Self {
        let value = self.bound.value;
        if value.lo() == value.hi() { self } else { self.jump() }
    }
}

/// Mixes words well: equal for equal words, else different but for one chance in 2⁶⁴.
fn mixed<const A: usize>(tag: u64, words: [u64; A]) -> u64 {
    words.into_iter().fold(tag.wrapping_mul(0x9e37_79b9_7f4a_7c15), |h, word| {
        let h = (h ^ word).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let h = (h ^ (h >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
        h ^ (h >> 29)
    })
}

/// A dual whose value is also known to be within other bounds.
fn within<const N: usize>(of: Dual<Interval, N>, lo: f64, hi: f64) -> Dual<Interval, N> {
    let (lo, hi) = (of.value.lo().max(lo), of.value.hi().min(hi));
    let value = if lo <= hi { Interval::new(lo, hi) } else { of.value };
    Dual { value, ..of }
}

macro_rules! operator {
    ($($trait:ident $method:ident $tag:literal),*) => {$(
        impl<const N: usize> $trait for Slope<N> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                Slope::smooth($tag, [self, other], |[a, b]| a.$method(b))
            }
        }
    )*};
}

operator!(Add add 10, Sub sub 11, Mul mul 12, Div div 13);

impl<const N: usize> Neg for Slope<N> {
    type Output = Self;
    fn neg(self) -> Self {
        Slope::smooth(14, [self], |[a]| -a)
    }
}

/// Operations without a jump, as the dual has them.
macro_rules! continuous {
    ($($method:ident($($arg:ident),*) $tag:literal;)*) => {$(
        fn $method(self $(, $arg: Self)*) -> Self {
            Slope::smooth($tag, [self $(, $arg)*], |[a $(, $arg)*]| Real::$method(a $(, $arg)*))
        }
    )*};
}

impl<const N: usize> Real for Slope<N> {
    fn constant(value: f64) -> Self {
        let key = mixed(3, [value.to_bits()]);
        Slope { bound: Dual::constant(value), key, sides: None }
    }

    continuous! {
        sqrt() 20;
        square() 21;
        recip() 22;
        exp() 23;
        ln() 24;
        sin() 25;
        cos() 26;
        asin() 27;
        acos() 28;
        atan() 29;
        ramp() 30;
        pow(exponent) 31;
        hypot(other) 32;
    }

    fn abs(self) -> Self {
        let value = self.bound.value;
        if value.lo() >= 0.0 {
            self
        } else if value.hi() <= 0.0 {
            -self
        } else if self.sides.is_some() {
            Slope::smooth(33, [self], |[a]| a.abs())
        } else {
            let (low, high) =
                (within(-self.bound, 0.0, f64::INFINITY), within(self.bound, 0.0, f64::INFINITY));
            Slope::kinked(33, self, Slope::zero(), low, high)
        }
    }

    fn min(self, other: Self) -> Self {
        let (a, b) = (self.bound, other.bound);
        if a.value.hi() <= b.value.lo() {
            self
        } else if b.value.hi() <= a.value.lo() {
            other
        } else if self.sides.is_some() || other.sides.is_some() {
            Slope::smooth(34, [self, other], |[a, b]| a.min(b))
        } else {
            let (low, high) = (f64::NEG_INFINITY, a.value.hi().min(b.value.hi()));
            Slope::kinked(34, self, other, within(a, low, high), within(b, low, high))
        }
    }

    fn max(self, other: Self) -> Self {
        let (a, b) = (self.bound, other.bound);
        if a.value.lo() >= b.value.hi() {
            self
        } else if b.value.lo() >= a.value.hi() {
            other
        } else if self.sides.is_some() || other.sides.is_some() {
            Slope::smooth(35, [self, other], |[a, b]| a.max(b))
        } else {
            let (low, high) = (a.value.lo().max(b.value.lo()), f64::INFINITY);
            Slope::kinked(35, self, other, within(b, low, high), within(a, low, high))
        }
    }

    fn tan(self) -> Self {
        let tan = Slope::smooth(36, [self], |[a]| a.tan());
        if tan.bound.value.is_finite() { tan } else { tan.jump() }
    }

    fn floor(self) -> Self {
        Slope::smooth(37, [self], |[a]| a.floor()).step()
    }
    fn ceil(self) -> Self {
        Slope::smooth(38, [self], |[a]| a.ceil()).step()
    }
    fn round(self) -> Self {
        Slope::smooth(39, [self], |[a]| a.round()).step()
    }
    fn sign(self) -> Self {
        Slope::smooth(40, [self], |[a]| a.sign()).step()
    }

    fn modulo(self, divisor: Self) -> Self {
        let cell = (self.bound.value / divisor.bound.value).floor();
        let out = Slope::smooth(41, [self, divisor], |[a, b]| a.modulo(b));
        if cell.lo() == cell.hi() { out } else { out.jump() }
    }

    fn atan2(self, x: Self) -> Self {
        let cut = self.bound.value.contains(0.0) && x.bound.value.lo() <= 0.0;
        let out = Slope::smooth(42, [self, x], |[y, x]| y.atan2(x));
        if cut { out.jump() } else { out }
    }

    /// Of one part alone the length is its size, also where that may be 0.
    fn length(a: Self, b: Self, c: Self) -> Self {
        let zero = |part: &Dual<Interval, N>| part.value.lo() == 0.0 && part.value.hi() == 0.0;
        Slope::smooth(43, [a, b, c], |parts| {
            let mut rest = parts.iter().filter(|part| !zero(part));
            match (rest.next(), rest.next()) {
                (None, _) => Dual::zero(),
                (Some(part), None) if part.value.lo() >= 0.0 => *part,
                (Some(part), None) if part.value.hi() <= 0.0 => -*part,
                _ => Dual::length(parts[0], parts[1], parts[2]),
            }
        })
    }

    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        let (low, high) = (a.bound.value, b.bound.value);
        if low.hi() < high.lo() {
            then
        } else if low.lo() >= high.hi() {
            otherwise
        } else {
            Slope::smooth(44, [a, b, then, otherwise], |[a, b, c, d]| Dual::if_less(a, b, c, d)).jump()
        }
    }

    fn mix(a: Self, b: Self, w: Self) -> Self {
        Slope::smooth(45, [a, b, w], |[a, b, w]| Dual::mix(a, b, w))
    }

    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        let tag = Smooth::ALL.iter().position(|&known| known == kind).unwrap_or(Smooth::ALL.len());
        Slope::smooth(46 + tag as u64, [a, b, k], |[a, b, k]| Dual::smooth_min(a, b, k, kind))
    }

    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        let identity = output.identity().word();
        let words = [identity as u64, (identity >> 64) as u64];
        let key = inputs.iter().fold(mixed(4, words), |key, input| mixed(key, [input.key]));
        let bounds: Vec<Interval> = inputs.iter().map(|input| input.bound.value).collect();
        let slope = std::array::from_fn(|n| {
            let rises: Vec<Interval> = inputs.iter().map(|input| input.bound.slope[n]).collect();
            output.rise(output.number(), &bounds, &rises)
        });
        Slope { bound: Dual { value: output.bounds(&bounds), slope }, key, sides: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_infinitely_steep_and_a_kink_is_not() {
        let over = |lo, hi| Slope::<1>::coordinate(Dual::variable(Interval::new(lo, hi), 0), 0);
        assert!(over(-1.0, 1.0).abs().is_bounded());
        assert!(over(0.2, 0.8).floor().is_bounded());
        assert!(!over(0.2, 1.2).floor().is_bounded());
        assert!(!over(-1.0, 1.0).sign().is_bounded());
        assert!(!over(-1.0, 1.0).recip().is_bounded());
        let choice = |a: Slope<1>| Slope::if_less(a, Slope::zero(), Slope::zero(), Slope::one());
        assert!(choice(over(0.5, 1.0)).is_bounded());
        assert!(!choice(over(-0.5, 1.0)).is_bounded());
    }

    #[test]
    fn the_same_kink_is_one_kink() {
        let q = Slope::<1>::coordinate(Dual::variable(Interval::new(-1.0, 2.0), 0), 0);
        let zero = Slope::zero();
        let rejoined = q.max(zero) + q.min(zero);
        assert_eq!(rejoined.bound.slope[0], Interval::point(1.0));
        let outside = Slope::length(zero.max(q), zero, zero) + q.min(zero);
        assert_eq!(outside.bound.slope[0], Interval::point(1.0));
        let doubled = q.abs() + q.max(zero);
        assert_eq!(doubled.bound.slope[0], Interval::new(-1.0, 2.0));
        // Another number with the same bounds is another kink.
        let other = Slope::<1>::coordinate(q.bound, 1);
        assert_eq!((q.max(zero) + other.min(zero)).bound.slope[0], Interval::new(0.0, 2.0));
    }
}
