//! A number with bounds on its slopes that a jump makes infinite: what mean values may rest on. Uses numbers and tapes.

mod apart;
mod norms;

use super::claims::Claimed;
use crate::number::{Dual, Interval, Output, Real, Smooth};
use norms::{above_all, norm_of, rounded_up, stretch};
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
///
/// The norm of the slopes in space is bounded by itself too: about a point the distance to it has slopes from −1 to 1 along
/// each axis, whose norm is 1. And where two numbers are added of which one is always 0, as those of a box outside and
/// inside are, the sum is as steep as the one or the other. Where that norm is asked for, it is that of the derivative where
/// there is one, so that a jump counts as flat there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slope<const N: usize, const NORM: bool = false> {
    /// What holds on both sides.
    pub(super) bound: Dual<Interval, N>,
    key: u64,
    sides: Option<KinkSides<N>>,
    /// A bound on the norm of the first three slopes, where that is asked for: `NORM`.
    norm: f64,
    part: ZeroPart,
}

/// What is known of where a number is 0, by the keys of the numbers that it depends on: their sum, 0 if nothing is known.
#[derive(Clone, Copy, Debug, Default)]
struct ZeroPart {
    /// Those whose largest it is.
    largest_of: u64,
    /// It is 0 where none of those is above 0.
    above: u64,
    /// It is 0 where any of those is above 0.
    below: u64,
}

/// What a number is on the two sides of a kink.
#[derive(Clone, Copy, Debug)]
struct KinkSides<const N: usize> {
    /// Which two numbers are compared, the one with the smaller key first.
    kink: u64,
    /// Where the first is the smaller, and where it is the larger.
    of: [Dual<Interval, N>; 2],
}

impl<const NORM: bool> Slope<4, NORM> {
    /// The four coordinates over a part of space and time.
    pub(super) fn variables(over: [Interval; 4]) -> [Self; 4] {
        [0, 1, 2, 3].map(|i| Slope::coordinate(Dual::variable(over[i], i), i))
    }

    /// The four coordinates at a point.
    pub(super) fn at(point: [f64; 4]) -> [Self; 4] {
        [0, 1, 2, 3].map(|i| Slope::coordinate(Dual::fixed(Interval::point(point[i])), i))
    }
}

impl<const N: usize, const NORM: bool> Slope<N, NORM> {
    /// The coordinate along an axis, 0 to 3, with whatever slopes it has.
    pub(super) fn coordinate(bound: Dual<Interval, N>, axis: usize) -> Self {
        Slope::plain(bound, mixed(1, [axis as u64]))
    }

    fn plain(bound: Dual<Interval, N>, key: u64) -> Self {
        let part = ZeroPart { largest_of: key, ..ZeroPart::default() };
        let norm = if NORM { norm_of(&bound) } else { f64::INFINITY };
        Slope { bound, key, sides: None, norm, part }
    }

    fn largest(&self) -> f64 {
        self.bound.value.largest()
    }

    fn smallest(&self) -> f64 {
        let value = self.bound.value;
        value.lo().max(-value.hi()).max(0.0)
    }

    fn is_zero(&self) -> bool {
        self.bound.value == Interval::point(0.0)
    }

    /// The same, the norm of its slopes in space no more than that.
    fn no_steeper_than(mut self, norm: f64) -> Self {
        self.norm = if norm < self.norm { norm } else { self.norm };
        self
    }

    /// The same, by what is claimed of it as a function of a place: it changes no faster than the place moves, times so much.
    fn claimed(mut self, claimed: &Claimed, place: [Self; 3]) -> Self {
        if !NORM {
            return self;
        }
        let in_space = rounded_up(claimed.steepest * stretch(&place));
        let speeds = place.iter().map(|part| part.bound.slope[N - 1].square());
        let speed = speeds.fold(Interval::point(0.0), |sum, square| sum + square).sqrt().hi();
        let in_time = if claimed.stands { rounded_up(claimed.steepest * speed) } else { f64::INFINITY };
        let hold = |mut of: Dual<Interval, N>| {
            for axis in 0..N {
                let most = if axis < 3 { in_space } else { in_time };
                of.slope[axis] = held(of.slope[axis], most);
            }
            of
        };
        self.sides = self.sides.map(|sides| KinkSides { of: sides.of.map(hold), ..sides });
        self.bound = hold(self.bound);
        self.no_steeper_than(in_space)
    }

    /// Whether every slope is bounded.
    #[cfg(test)]
    fn is_bounded(&self) -> bool {
        self.bound.slope.iter().all(|slope| slope.is_finite())
    }

    /// A bound on the norm of some of the slopes: the worse of the two sides of a kink.
    pub(super) fn norm(&self, axes: &[usize]) -> f64 {
        let of = |bound: &Dual<Interval, N>| {
            let squares = axes.iter().map(|&axis| bound.slope[axis].square());
            let sum = squares.fold(Interval::point(0.0), |sum, square| sum + square);
            sum.sqrt().hi()
        };
        let norm = match &self.sides {
            Some(sides) => of(&sides.of[0]).max(of(&sides.of[1])),
            None => of(&self.bound),
        };
        if axes == [0, 1, 2] { norm.min(self.norm) } else { norm }
    }

    /// An operation without a jump, on each side of the first kink there is among its operands.
    fn smooth<const A: usize>(
        tag: u64,
        args: [Self; A],
        operation: impl Fn([Dual<Interval, N>; A]) -> Dual<Interval, N>,
    ) -> Self {
        let key = mixed(tag, args.map(|arg| arg.key));
        let Some(kink) = args.iter().find_map(|arg| arg.sides).map(|sides| sides.kink) else {
            return Slope::plain(operation(args.map(|arg| arg.bound)), key);
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
        let sides = (of[0].slope != of[1].slope).then_some(KinkSides { kink, of });
        let norm = if NORM { norm_of(&of[0]).max(norm_of(&of[1])) } else { f64::INFINITY };
        Slope { sides, norm, ..Slope::plain(bound, key) }
    }

    /// What a choice between two numbers gives: `low` where a ≤ b, `high` where a ≥ b.
    fn kinked(tag: u64, a: Self, b: Self, low: Dual<Interval, N>, high: Dual<Interval, N>) -> Self {
        let key = mixed(tag, [a.key, b.key]);
        let kink = mixed(2, [a.key.min(b.key), a.key.max(b.key)]);
        let of = if a.key <= b.key { [low, high] } else { [high, low] };
        Slope::with_sides(key, kink, of)
    }

    /// The same value, infinitely steep but where jumps count as flat.
    fn jump(self) -> Self {
        if NORM {
            return self;
        }
        let slope = [Interval::WHOLE; N];
        Slope::plain(Dual { slope, ..self.bound }, self.key)
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

/// What of a slope is no larger than that.
fn held(slope: Interval, most: f64) -> Interval {
    let (lo, hi) = (slope.lo().max(-most), slope.hi().min(most));
    if lo <= hi { Interval::new(lo, hi) } else { slope }
}

macro_rules! operator {
    ($($trait:ident $method:ident $tag:literal |$a:ident, $b:ident| $norm:expr),*) => {$(
        impl<const N: usize, const NORM: bool> $trait for Slope<N, NORM> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                let ($a, $b) = (&self, &other);
                let norm: f64 = $norm;
                Slope::smooth($tag, [self, other], |[a, b]| a.$method(b)).no_steeper_than(rounded_up(norm))
            }
        }
    )*};
}

operator! {
    Sub sub 11 |a, b| [a.norm, b.norm].into_iter().sum(),
    Mul mul 12 |a, b| a.norm * b.largest() + b.norm * a.largest(),
    Div div 13 |a, b| if b.norm == 0.0 { a.norm / b.smallest() } else { f64::INFINITY }
}

impl<const N: usize, const NORM: bool> Add for Slope<N, NORM> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let sum = Slope::smooth(10, [self, other], |[a, b]| a + b);
        let is_one = |a: &Self, b: &Self| a.part.above != 0 && a.part.above == b.part.below;
        match is_one(&self, &other) || is_one(&other, &self) {
            true => sum.no_steeper_than(self.norm.max(other.norm)),
            false => sum.no_steeper_than(rounded_up(self.norm + other.norm)),
        }
    }
}

impl<const N: usize, const NORM: bool> Neg for Slope<N, NORM> {
    type Output = Self;
    fn neg(self) -> Self {
        Slope::smooth(14, [self], |[a]| -a).no_steeper_than(self.norm)
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

impl<const N: usize, const NORM: bool> Real for Slope<N, NORM> {
    fn constant(value: f64) -> Self {
        Slope::plain(Dual::constant(value), mixed(3, [value.to_bits()]))
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
    }

    fn hypot(self, other: Self) -> Self {
        let parts = [self, other];
        let mut hypot = Slope::smooth(32, parts, |[a, b]| Real::hypot(a, b));
        hypot.part.above = above_all(&parts);
        hypot.no_steeper_than(stretch(&parts))
    }

    fn abs(self) -> Self {
        let value = self.bound.value;
        if value.lo() >= 0.0 {
            self
        } else if value.hi() <= 0.0 {
            -self
        } else if self.sides.is_some() {
            Slope::smooth(33, [self], |[a]| a.abs()).no_steeper_than(self.norm)
        } else {
            let (low, high) =
                (within(-self.bound, 0.0, f64::INFINITY), within(self.bound, 0.0, f64::INFINITY));
            Slope::kinked(33, self, Slope::zero(), low, high).no_steeper_than(self.norm)
        }
    }

    fn min(self, other: Self) -> Self {
        let (a, b) = (self.bound, other.bound);
        if a.value.hi() <= b.value.lo() {
            return self;
        } else if b.value.hi() <= a.value.lo() {
            return other;
        }
        let least = if self.sides.is_some() || other.sides.is_some() {
            Slope::smooth(34, [self, other], |[a, b]| a.min(b))
        } else {
            let (low, high) = (f64::NEG_INFINITY, a.value.hi().min(b.value.hi()));
            Slope::kinked(34, self, other, within(a, low, high), within(b, low, high))
        };
        let mut least = least.no_steeper_than(self.norm.max(other.norm));
        least.part.below = match (self.is_zero(), other.is_zero()) {
            (true, false) => other.part.largest_of,
            (false, true) => self.part.largest_of,
            _ => 0,
        };
        least
    }

    fn max(self, other: Self) -> Self {
        let (a, b) = (self.bound, other.bound);
        if a.value.lo() >= b.value.hi() {
            return self;
        } else if b.value.lo() >= a.value.hi() {
            return other;
        }
        let most = if self.sides.is_some() || other.sides.is_some() {
            Slope::smooth(35, [self, other], |[a, b]| a.max(b))
        } else {
            let (low, high) = (a.value.lo().max(b.value.lo()), f64::INFINITY);
            Slope::kinked(35, self, other, within(b, low, high), within(a, low, high))
        };
        let mut most = most.no_steeper_than(self.norm.max(other.norm));
        most.part.largest_of = self.part.largest_of.wrapping_add(other.part.largest_of);
        most.part.above = match (self.is_zero(), other.is_zero()) {
            (true, false) => other.part.largest_of,
            (false, true) => self.part.largest_of,
            _ => 0,
        };
        most
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
        let out = if divisor.norm == 0.0 { out.no_steeper_than(self.norm) } else { out };
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
        let parts = [a, b, c];
        let mut length = Slope::smooth(43, parts, |parts| {
            let mut rest = parts.iter().filter(|part| !zero(part));
            match (rest.next(), rest.next()) {
                (None, _) => Dual::zero(),
                (Some(part), None) if part.value.lo() >= 0.0 => *part,
                (Some(part), None) if part.value.hi() <= 0.0 => -*part,
                _ => Dual::length(parts[0], parts[1], parts[2]),
            }
        });
        length.part.above = above_all(&parts);
        length.no_steeper_than(stretch(&parts))
    }

    fn direction_cosine(self, length: Self) -> Self {
        let nears = length.bound.value.lo() <= 0.0;
        let out = Slope::smooth(60, [self, length], |[a, length]| a.direction_cosine(length));
        if nears { out.jump() } else { out }
    }

    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        let (low, high) = (a.bound.value, b.bound.value);
        if low.hi() < high.lo() {
            then
        } else if low.lo() >= high.hi() {
            otherwise
        } else {
            let choice = Slope::smooth(44, [a, b, then, otherwise], |[a, b, c, d]| Dual::if_less(a, b, c, d));
            choice.no_steeper_than(then.norm.max(otherwise.norm)).jump()
        }
    }

    fn mix(a: Self, b: Self, w: Self) -> Self {
        let mix = Slope::smooth(45, [a, b, w], |[a, b, w]| Dual::mix(a, b, w));
        let between = w.bound.value.lo() >= 0.0 && w.bound.value.hi() <= 1.0;
        if between && w.norm == 0.0 { mix.no_steeper_than(rounded_up(a.norm.max(b.norm))) } else { mix }
    }

    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        let tag = Smooth::ALL.iter().position(|&known| known == kind).unwrap_or(Smooth::ALL.len());
        let blend = Slope::smooth(46 + tag as u64, [a, b, k], |[a, b, k]| Dual::smooth_min(a, b, k, kind));
        // An average of the two, where the band is the same everywhere.
        if k.norm == 0.0 { blend.no_steeper_than(rounded_up(a.norm.max(b.norm))) } else { blend }
    }

    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        if let (Some(claimed), [x, y, z, value]) = (Claimed::of(output), inputs) {
            return value.claimed(claimed, [*x, *y, *z]);
        }
        let identity = output.identity().word();
        let words = [identity as u64, (identity >> 64) as u64];
        let key = inputs.iter().fold(mixed(4, words), |key, input| mixed(key, [input.key]));
        let bounds: Vec<Interval> = inputs.iter().map(|input| input.bound.value).collect();
        let slope = std::array::from_fn(|n| {
            let rises: Vec<Interval> = inputs.iter().map(|input| input.bound.slope[n]).collect();
            output.rise(output.number(), &bounds, &rises)
        });
        Slope::plain(Dual { value: output.bounds(&bounds), slope }, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_infinitely_steep_and_a_kink_is_not() {
        let over = |lo, hi| Slope::<1, false>::coordinate(Dual::variable(Interval::new(lo, hi), 0), 0);
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
    fn distances_are_no_steeper_than_1() {
        let at = |lo: [f64; 3]| {
            [0, 1, 2].map(|i| {
                Slope::<3, true>::coordinate(Dual::variable(Interval::new(lo[i], lo[i] + 1.0), i), i)
            })
        };
        let length = |[x, y, z]: [Slope<3, true>; 3]| Slope::length(x, y, z);
        let norm = |slope: Slope<3, true>| slope.norm(&[0, 1, 2]);
        let (c, s) = (Slope::constant(0.8), Slope::constant(0.6));
        for lo in [[-0.5; 3], [-0.2, 0.3, -0.9], [1.0, -0.5, 0.0]] {
            let [x, y, z] = at(lo);
            let turned = [x * c + z * s, y, z * c - x * s];
            assert!(norm(length(turned)) < 1.0 + 1e-9, "about {lo:?}: {}", norm(length(turned)));
            // A box, outside and inside.
            let q = [x, y, z].map(|v| v.abs() - Slope::constant(0.3));
            let outside = length(q.map(|v| v.max(Slope::zero())));
            let inside = q[0].max(q[1].max(q[2])).min(Slope::zero());
            assert!(norm(outside + inside) < 1.0 + 1e-9, "about {lo:?}: {}", norm(outside + inside));
            assert!(norm(outside + outside) > 1.5 || lo[0] > 0.9, "two of them are as steep as both");
        }
    }

    #[test]
    fn the_same_kink_is_one_kink() {
        let q = Slope::<1, false>::coordinate(Dual::variable(Interval::new(-1.0, 2.0), 0), 0);
        let zero = Slope::zero();
        let rejoined = q.max(zero) + q.min(zero);
        assert_eq!(rejoined.bound.slope[0], Interval::point(1.0));
        let outside = Slope::length(zero.max(q), zero, zero) + q.min(zero);
        assert_eq!(outside.bound.slope[0], Interval::point(1.0));
        let doubled = q.abs() + q.max(zero);
        assert_eq!(doubled.bound.slope[0], Interval::new(-1.0, 2.0));
        // Another number with the same bounds is another kink.
        let other = Slope::<1, false>::coordinate(q.bound, 1);
        assert_eq!((q.max(zero) + other.min(zero)).bound.slope[0], Interval::new(0.0, 2.0));
    }
}
