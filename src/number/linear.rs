//! Bounds over a triangle that are linear there: a plane below a function and one above.
//!
//! Of a linear function on a triangle the values at the corners say all, and what is convex in linear functions is below the plane
//! through its own values there. So kinks cost nothing where they are of the right kind: above a minimum there is every mean of
//! planes above its operands, and the best of these is chosen; above a maximum, a length, an absolute value there is the plane through
//! the values at the corners. What is smooth is within its mean values (Moore 1966), a line's width apart that shrinks with the square
//! of the triangle's size. Planes on both sides are McCormick's relaxations ("Computability of global solutions to factorable
//! nonconvex programs", 1976).

use super::{Interval, Op, Output, Real, Smooth, Smoothness};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Bounds on a function over a triangle: linear ones, by their values at the three corners, and constant ones.
///
/// They hold the true values of what is computed, all rounding of the bounds themselves included.
///
/// ```
/// use fieldgrad::number::{LinearBounds, Real};
///
/// // Along the seam of two planes, whose minimum is 0 there and less beside it.
/// let x = LinearBounds::through([-1.0, 1.0, -1.0]);
/// let ridge = x.clone().min(-x);
/// assert!(ridge.range().hi() <= 1e-15 && ridge.range().lo() >= -1.0 - 1e-15);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LinearBounds {
    low: [f64; 3],
    high: [f64; 3],
    range: Interval,
}

/// How often the place where a plane touches a smooth minimum is moved.
const MOVES: usize = 6;

fn down(value: f64) -> f64 {
    value.next_down()
}

fn up(value: f64) -> f64 {
    value.next_up()
}

fn least(of: &[f64; 3]) -> f64 {
    of[0].min(of[1]).min(of[2])
}

fn most(of: &[f64; 3]) -> f64 {
    of[0].max(of[1]).max(of[2])
}

impl LinearBounds {
    /// The linear function that has these values at the corners.
    pub fn through(corners: [f64; 3]) -> LinearBounds {
        LinearBounds { low: corners, high: corners, range: Interval::new(least(&corners), most(&corners)) }
    }

    /// The same, give or take as much.
    pub fn about(corners: [f64; 3], off: f64) -> LinearBounds {
        let (low, high) = (corners.map(|x| down(x - off)), corners.map(|x| up(x + off)));
        LinearBounds { low, high, range: Interval::new(least(&low), most(&high)) }
    }

    /// Bounds on all values.
    pub fn range(&self) -> Interval {
        self.range
    }

    /// What the function is no less than at each corner.
    pub fn low(&self) -> [f64; 3] {
        self.low
    }

    /// What the function is no more than at each corner.
    pub fn high(&self) -> [f64; 3] {
        self.high
    }

    fn flat(range: Interval) -> LinearBounds {
        LinearBounds { low: [range.lo(); 3], high: [range.hi(); 3], range }
    }

    /// Planes, of something that is within a range too.
    fn within(low: [f64; 3], high: [f64; 3], range: Interval) -> LinearBounds {
        if !low.iter().chain(&high).all(|x| x.is_finite()) {
            return LinearBounds::flat(range);
        }
        let (lo, hi) = (least(&low).max(range.lo()), most(&high).min(range.hi()));
        LinearBounds { low, high, range: if lo <= hi { Interval::new(lo, hi) } else { range } }
    }

    /// The planes times a number, which may turn them over.
    fn scaled(&self, by: f64) -> ([f64; 3], [f64; 3]) {
        let (low, high) = if by >= 0.0 { (&self.low, &self.high) } else { (&self.high, &self.low) };
        (low.map(|x| down(by * x)), high.map(|x| up(by * x)))
    }

    /// The one number that it is, if it is one.
    fn number(&self) -> Option<f64> {
        (self.range.lo() == self.range.hi()).then_some(self.range.lo())
    }

    /// An operation with bounded derivatives, by its mean values; within its range alone where there are none.
    fn smooth<const N: usize>(op: Op, args: [LinearBounds; N]) -> LinearBounds {
        let ranges: [Interval; N] = std::array::from_fn(|i| args[i].range);
        let value = op.apply(|i| ranges[i]);
        if !is_smooth(op, &ranges) {
            return LinearBounds::flat(value);
        }
        let at = op.apply(|i| Interval::point(ranges[i].middle()));
        let slope = |i: usize| op.partial(i, |j| ranges[j], &value);
        LinearBounds::mean_value(&args, at, slope, value)
    }

    /// The value with all operands at the middles of their ranges, and the slopes times what they are off.
    fn mean_value(
        args: &[LinearBounds],
        at: Interval,
        slope: impl Fn(usize) -> Interval,
        value: Interval,
    ) -> LinearBounds {
        let (mut low, mut high) = ([at.lo(); 3], [at.hi(); 3]);
        for (i, arg) in args.iter().enumerate().filter(|(_, arg)| arg.number().is_none()) {
            let (slope, from) = (slope(i), arg.range.middle());
            let middle = slope.middle();
            let off = up((slope.hi() - middle).max(middle - slope.lo()));
            for k in 0..3 {
                let (below, above) = (down(arg.low[k] - from), up(arg.high[k] - from));
                let ends = if middle >= 0.0 {
                    (middle * below, middle * above)
                } else {
                    (middle * above, middle * below)
                };
                // The absolute value is convex.
                let away = up(off * above.max(-below));
                low[k] = down(down(low[k] + down(ends.0)) - away);
                high[k] = up(up(high[k] + up(ends.1)) + away);
            }
        }
        LinearBounds::within(low, high, value)
    }

    /// The plane above both planes' minimum that is least at its highest corner: a mean of the two, and so much of the first.
    fn above_both(a: &[f64; 3], b: &[f64; 3]) -> f64 {
        let highest = |share: f64| most(&[0, 1, 2].map(|k| b[k] + share * (a[k] - b[k])));
        let mut best = if most(a) <= most(b) { (most(a), 1.0) } else { (most(b), 0.0) };
        for (i, j) in [(0, 1), (1, 2), (2, 0)] {
            // Where two corners are as high.
            let share = (b[j] - b[i]) / ((a[i] - b[i]) - (a[j] - b[j]));
            if share > 0.0 && share < 1.0 && highest(share) < best.0 {
                best = (highest(share), share);
            }
        }
        best.1
    }

    /// A mean of two planes, rounded up.
    fn mean(a: &[f64; 3], b: &[f64; 3], share: f64) -> [f64; 3] {
        match share {
            0.0 => *b,
            1.0 => *a,
            // Of what is left of 1 the rounding counts too.
            _ => [0, 1, 2].map(|k| {
                let rounding = f64::EPSILON * (a[k].abs() + b[k].abs());
                up(up(share * a[k]) + up((1.0 - share) * b[k])) + rounding
            }),
        }
    }

    /// The plane that touches the smooth minimum of two planes, of a width above 0, where it is least at its highest corner: the
    /// smooth minimum is concave.
    fn above_smooth(a: &[f64; 3], b: &[f64; 3], k: f64, kind: Smooth) -> [f64; 3] {
        let apart = [0, 1, 2].map(|n| a[n] - b[n]);
        let (mut from, mut to) = (least(&apart), most(&apart));
        if kind.is_banded() {
            if from >= k {
                return *b;
            } else if to <= -k {
                return *a;
            }
            (from, to) = (from.max(-k), to.min(k));
        }
        let point = Interval::point;
        let touching = |at: f64| {
            let weight = Interval::smooth_weight(point(at), point(0.0), point(k), kind);
            let share = 1.0 - weight.middle();
            let value = Interval::smooth_min(point(at), point(0.0), point(k), kind).hi();
            let largest = apart.iter().fold(at.abs(), |most, x| most.max(x.abs()));
            // The weight's rounding, as far as the plane goes; and the exponential kind's end.
            let off = up(2.0 * largest * (weight.width() + 2.0 * f64::EPSILON)) + 1e-15 * k;
            let more = up(up(value - down(share * at)) + off);
            LinearBounds::mean(a, b, share).map(|x| up(x + more))
        };
        let mut best = touching(from.max(to.min(apart.iter().sum::<f64>() / 3.0)));
        for _ in 0..MOVES {
            let [near, far] = [0.382, 0.618].map(|part| from + part * (to - from));
            let [own, other] = [near, far].map(touching);
            let is_near = most(&own) <= most(&other);
            if is_near {
                to = far
            } else {
                from = near
            }
            let found = if is_near { own } else { other };
            if most(&found) < most(&best) {
                best = found;
            }
        }
        best
    }
}

/// Whether mean values hold: an operation is continuous where its operands are, with slopes within those of its rule.
fn is_smooth(op: Op, ranges: &[Interval]) -> bool {
    match op {
        Op::Recip => !ranges[0].contains(0.0),
        Op::Sqrt | Op::Ln => ranges[0].lo() > 0.0,
        Op::Asin | Op::Acos => ranges[0].lo() > -1.0 && ranges[0].hi() < 1.0,
        Op::Tan => ranges[0].tan().is_finite(),
        Op::Pow => {
            let exponent = ranges[1].lo();
            let is_power = exponent == ranges[1].hi() && exponent >= 1.0 && exponent.fract() == 0.0;
            ranges[0].lo() > 0.0 || is_power
        }
        Op::Atan2 => ranges[1].lo() > 0.0 || !ranges[0].contains(0.0),
        Op::SmoothWeight(_) => ranges[2].lo() > 0.0,
        _ => true,
    }
}

impl Neg for LinearBounds {
    type Output = Self;
    fn neg(self) -> Self {
        LinearBounds { low: self.high.map(|x| -x), high: self.low.map(|x| -x), range: -self.range }
    }
}

impl Add for LinearBounds {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let low = [0, 1, 2].map(|k| down(self.low[k] + other.low[k]));
        let high = [0, 1, 2].map(|k| up(self.high[k] + other.high[k]));
        LinearBounds::within(low, high, self.range + other.range)
    }
}

impl Sub for LinearBounds {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for LinearBounds {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let range = self.range * other.range;
        if let (Some(by), _) | (_, Some(by)) = (self.number(), other.number()) {
            let of = if self.number().is_some() { &other } else { &self };
            let (low, high) = of.scaled(by);
            return LinearBounds::within(low, high, range);
        }
        // ab = b₀a + a₀b − a₀b₀ + (a − a₀)(b − b₀), the last no more than half of either range.
        let (a, b) = (self.range.middle(), other.range.middle());
        let half = |range: Interval, middle: f64| up((range.hi() - middle).max(middle - range.lo()));
        let off = Interval::new(-1.0, 1.0)
            * Interval::point(half(self.range, a))
            * Interval::point(half(other.range, b));
        let rest = off - Interval::point(a) * Interval::point(b);
        let ((a_low, a_high), (b_low, b_high)) = (self.scaled(b), other.scaled(a));
        let low = [0, 1, 2].map(|k| down(down(a_low[k] + b_low[k]) + rest.lo()));
        let high = [0, 1, 2].map(|k| up(up(a_high[k] + b_high[k]) + rest.hi()));
        LinearBounds::within(low, high, range)
    }
}

impl Div for LinearBounds {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let range = self.range / other.range;
        let quotient = self * other.recip();
        LinearBounds::within(quotient.low, quotient.high, range)
    }
}

impl Real for LinearBounds {
    fn constant(value: f64) -> Self {
        LinearBounds::flat(Interval::point(value))
    }

    fn abs(self) -> Self {
        let range = self.range.abs();
        let other = -self.clone();
        let whole = self.max(other);
        LinearBounds::within(whole.low, whole.high, range)
    }

    /// Convex: above is the chord of its range, below the tangent at the middle.
    fn square(self) -> Self {
        let (lo, hi, middle) = (self.range.lo(), self.range.hi(), self.range.middle());
        let point = Interval::point;
        let (chord, tangent) = (lo + hi, 2.0 * middle);
        // The slope is rounded: it is a chord of numbers a little off.
        let rounding = up(f64::EPSILON * chord.abs() * self.range.largest());
        let (from, under) = (-(point(lo) * point(hi)), -point(middle).square());
        let above = self.scaled(chord).1.map(|x| up(up(x + from.hi()) + rounding));
        let below = self.scaled(tangent).0.map(|x| down(x + under.lo()));
        LinearBounds::within(below, above, self.range.square())
    }

    fn sqrt(self) -> Self {
        LinearBounds::smooth(Op::Sqrt, [self])
    }
    fn recip(self) -> Self {
        LinearBounds::smooth(Op::Recip, [self])
    }
    fn exp(self) -> Self {
        LinearBounds::smooth(Op::Exp, [self])
    }
    fn ln(self) -> Self {
        LinearBounds::smooth(Op::Ln, [self])
    }
    fn sin(self) -> Self {
        LinearBounds::smooth(Op::Sin, [self])
    }
    fn cos(self) -> Self {
        LinearBounds::smooth(Op::Cos, [self])
    }
    fn tan(self) -> Self {
        LinearBounds::smooth(Op::Tan, [self])
    }
    fn asin(self) -> Self {
        LinearBounds::smooth(Op::Asin, [self])
    }
    fn acos(self) -> Self {
        LinearBounds::smooth(Op::Acos, [self])
    }
    fn atan(self) -> Self {
        LinearBounds::smooth(Op::Atan, [self])
    }
    fn ramp(self) -> Self {
        LinearBounds::smooth(Op::Ramp, [self])
    }

    fn floor(self) -> Self {
        LinearBounds::flat(self.range.floor())
    }
    fn ceil(self) -> Self {
        LinearBounds::flat(self.range.ceil())
    }
    fn round(self) -> Self {
        LinearBounds::flat(self.range.round())
    }
    fn sign(self) -> Self {
        LinearBounds::flat(self.range.sign())
    }

    fn min(self, other: Self) -> Self {
        let share = LinearBounds::above_both(&self.high, &other.high);
        let high = LinearBounds::mean(&self.high, &other.high, share);
        let low = [0, 1, 2].map(|k| self.low[k].min(other.low[k]));
        LinearBounds::within(low, high, self.range.min(other.range))
    }

    fn max(self, other: Self) -> Self {
        -(-self).min(-other)
    }

    fn pow(self, exponent: Self) -> Self {
        LinearBounds::smooth(Op::Pow, [self, exponent])
    }

    fn atan2(self, x: Self) -> Self {
        LinearBounds::smooth(Op::Atan2, [self, x])
    }

    /// Within one cell a difference.
    fn modulo(self, divisor: Self) -> Self {
        let range = self.range.modulo(divisor.range);
        let cell = (self.range / divisor.range).floor();
        match cell.lo() == cell.hi() && cell.is_finite() {
            true => {
                let rest = self - divisor * LinearBounds::constant(cell.lo());
                LinearBounds::within(rest.low, rest.high, range)
            }
            false => LinearBounds::flat(range),
        }
    }

    fn hypot(self, other: Self) -> Self {
        Self::length(self, other, LinearBounds::constant(0.0))
    }

    /// Convex, and no less than what its parts are along a unit vector.
    fn length(a: Self, b: Self, c: Self) -> Self {
        let parts = [a, b, c];
        let [x, y, z] = [0, 1, 2].map(|n| parts[n].range);
        let range = Interval::length(x, y, z);
        let high = [0, 1, 2].map(|k| {
            let [x, y, z] = [0, 1, 2].map(|n| Interval::point(parts[n].high[k].max(-parts[n].low[k])));
            Interval::length(x, y, z).hi()
        });
        let middle = [x, y, z].map(Interval::middle);
        let size = up(f64::length(middle[0], middle[1], middle[2])) * (1.0 + 8.0 * f64::EPSILON);
        let mut low = [0.0; 3];
        if size > 0.0 && size.is_finite() {
            for (part, along) in parts.iter().zip(middle) {
                let along = part.scaled(along / size).0;
                (0..3).for_each(|k| low[k] = down(low[k] + along[k]));
            }
        }
        LinearBounds::within(low, high, range)
    }

    fn mix(a: Self, b: Self, w: Self) -> Self {
        let range = Interval::mix(a.range, b.range, w.range);
        let whole = match w.number() {
            Some(_) => a * (LinearBounds::constant(1.0) - w.clone()) + b * w,
            // Here the weight is but once.
            None => a.clone() + (b - a) * w,
        };
        LinearBounds::within(whole.low, whole.high, range)
    }

    /// Concave, and the less the wider the band.
    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        if k.range.hi() <= 0.0 {
            return a.min(b);
        }
        let range = Interval::smooth_min(a.range, b.range, k.range, kind);
        let widest = Interval::point(k.range.hi());
        let low = [0, 1, 2].map(|n| {
            let ends = (Interval::point(a.low[n]), Interval::point(b.low[n]));
            Interval::smooth_min(ends.0, ends.1, widest, kind).lo()
        });
        let high = match k.range.lo() > 0.0 {
            true => LinearBounds::above_smooth(&a.high, &b.high, k.range.lo(), kind),
            false => a.min(b).high,
        };
        LinearBounds::within(low, high, range)
    }

    fn smooth_weight(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        LinearBounds::smooth(Op::SmoothWeight(kind), [a, b, k])
    }

    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        if (0..3).all(|k| a.high[k] < b.low[k]) {
            return then;
        } else if (0..3).all(|k| a.low[k] >= b.high[k]) {
            return otherwise;
        }
        let low = [0, 1, 2].map(|k| then.low[k].min(otherwise.low[k]));
        let high = [0, 1, 2].map(|k| then.high[k].max(otherwise.high[k]));
        LinearBounds::within(low, high, Interval::if_less(a.range, b.range, then.range, otherwise.range))
    }

    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        let ranges: Vec<Interval> = inputs.iter().map(|input| input.range).collect();
        if output.smoothness(output.number(), &ranges) == Smoothness::MayJump {
            return LinearBounds::flat(Interval::kernel(output, &ranges));
        }
        let (value, slopes) = Interval::kernel_with_gradient(output, &ranges);
        if !slopes.iter().all(|slope| slope.is_finite()) {
            return LinearBounds::flat(value);
        }
        let middles: Vec<Interval> = ranges.iter().map(|range| Interval::point(range.middle())).collect();
        LinearBounds::mean_value(inputs, Interval::kernel(output, &middles), |i| slopes[i], value)
    }

    /// The quotient, where it is one: held between −1 and 1 it would be no smooth function of both where a side may be longer
    /// than the length as far as their ranges say.
    fn direction_cosine(self, length: Self) -> Self {
        let range = self.range.direction_cosine(length.range);
        if length.range.lo() <= 0.0 {
            return LinearBounds::flat(range);
        }
        let quotient = LinearBounds::smooth(Op::Div, [self, length]);
        LinearBounds::within(quotient.low, quotient.high, range)
    }
}

#[cfg(test)]
mod tests;
