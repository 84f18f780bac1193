//! A number far from the origin, along a cone of directions: what shows that a solid is bounded. Uses numbers and tapes.

use crate::number::{Interval, Output, Real, Smooth};
use crate::tape::{Apart, Which};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A quantity along the rays p = (R + σ)·u, for every σ ≥ 0 and every direction u of a cone: it is within
/// σ·`growth` + `base`.
///
/// An interval with an infinite end forgets that two coordinates grow together, and so cannot tell a turned box from a
/// plane: x·cos a − z·sin a is anything where both are. Here x is R·u + σ·u, and what is linear stays exact. Whatever
/// is neither linear, a choice nor a length falls back to the plain interval of all values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Far {
    pub(super) base: Interval,
    pub(super) growth: Interval,
}

impl Far {
    /// A coordinate whose part of the direction is within `direction`.
    pub(super) fn along(direction: Interval, radius: f64) -> Far {
        Far { base: direction * Interval::point(radius), growth: direction }
    }

    /// A quantity that is within `range` at every distance.
    pub(super) fn flat(range: Interval) -> Far {
        Far { base: range, growth: Interval::point(0.0) }
    }

    fn is_flat(self) -> bool {
        self.growth == Interval::point(0.0)
    }

    /// Every value, at any distance.
    fn range(self) -> Interval {
        let lo = if self.growth.lo() < 0.0 { f64::NEG_INFINITY } else { self.base.lo() };
        let hi = if self.growth.hi() > 0.0 { f64::INFINITY } else { self.base.hi() };
        Interval::new(lo, hi)
    }

    /// A function that stays between `low` and `high` from the value.
    fn stepped(self, step: fn(Interval) -> Interval, low: f64, high: f64) -> Far {
        match self.is_flat() {
            true => Far::flat(step(self.base)),
            false => self + Far::flat(Interval::new(low, high)),
        }
    }

    /// Whether it is not negative and does not shrink, nor do its bounds.
    fn is_rising(self) -> bool {
        self.base.lo() >= 0.0 && self.growth.lo() >= 0.0
    }

    /// Whether the quantity is above 0 at every distance.
    pub(super) fn is_positive(self) -> bool {
        self.range().lo() > 0.0
    }

    fn hull(self, other: Far) -> Far {
        Far { base: self.base.hull(other.base), growth: self.growth.hull(other.growth) }
    }

    /// From a lower bound of one and an upper bound of another.
    fn between(low: Far, high: Far) -> Far {
        Far {
            base: Interval::new(low.base.lo(), high.base.hi().max(low.base.lo())),
            growth: Interval::new(low.growth.lo(), high.growth.hi().max(low.growth.lo())),
        }
    }
}

/// The angles of the points (x, y) of a box with y ≥ 0, from 0 to π.
fn upper_angle(y: Interval, x: Interval) -> Interval {
    use std::f64::consts::PI;
    let low = y.lo().max(0.0);
    if low == 0.0 && x.contains(0.0) || !x.is_finite() && !y.is_finite() {
        return Interval::new(0.0, 4.0);
    }
    let right = if x.hi() >= 0.0 { low } else { y.hi() };
    let left = if x.lo() <= 0.0 { low } else { y.hi() };
    let spare = 1e-14;
    Interval::new((right.atan2(x.hi()) - spare).max(0.0), (left.atan2(x.lo()) + spare).min(PI + spare))
}

/// Jumps of what does not depend on the distance: of the angles of a cone.
impl Apart for Far {
    const COUNT: usize = 1;
    const ROUNDING: f64 = <Interval as Apart>::ROUNDING;

    fn in_box(&self, _which: usize) -> Interval {
        self.range()
    }

    fn apart(&self, other: &Far) -> Which {
        self.range().apart(&other.range())
    }

    fn is_one_long(&self) -> Which {
        self.range().is_one_long()
    }

    fn is_in_two(&self, cell: &Far) -> Which {
        self.range().is_in_two(&cell.range())
    }

    fn held_in_box(self, _which: usize, to: Interval) -> (Far, bool) {
        match Apart::held_in_box(self.base, 0, to) {
            (base, possible) if self.is_flat() => (Far::flat(base), possible),
            _ => (self, true),
        }
    }

    fn joined(self, other: Far, which: &Which) -> Far {
        if which[0] { self.hull(other) } else { self }
    }

    fn replaced(self, other: Far, which: &Which) -> Far {
        if which[0] { other } else { self }
    }
}

impl Add for Far {
    type Output = Far;
    fn add(self, other: Far) -> Far {
        Far { base: self.base + other.base, growth: self.growth + other.growth }
    }
}

impl Neg for Far {
    type Output = Far;
    fn neg(self) -> Far {
        Far { base: -self.base, growth: -self.growth }
    }
}

impl Sub for Far {
    type Output = Far;
    fn sub(self, other: Far) -> Far {
        self + -other
    }
}

impl Mul for Far {
    type Output = Far;
    fn mul(self, other: Far) -> Far {
        match (self.is_flat(), other.is_flat()) {
            (_, true) => Far { base: self.base * other.base, growth: self.growth * other.base },
            (true, _) => other * self,
            // (σa + b)(σc + d) is at least σ(ad + bc) + bd where nothing is negative.
            _ if self.is_rising() && other.is_rising() => {
                let growth = self.growth * other.base + self.base * other.growth;
                Far { base: self.base * other.base, growth: Interval::new(growth.lo(), f64::INFINITY) }
            }
            _ => Far::flat(self.range() * other.range()),
        }
    }
}

impl Div for Far {
    type Output = Far;
    fn div(self, other: Far) -> Far {
        if other.is_flat() {
            return self * Far::flat(other.base.recip());
        }
        if other.base.lo() > 0.0 && other.growth.lo() >= 0.0 {
            // (σa + b)/(σc + d) is an average of a/c and b/d, with the weights σc and d.
            return Far::flat((self.base / other.base).hull(self.growth / other.growth));
        }
        Far::flat(self.range() / other.range())
    }
}

/// Operations on the range of all values.
macro_rules! of_ranges {
    ($($method:ident($($arg:ident),*);)*) => {$(
        fn $method(self $(, $arg: Self)*) -> Self {
            Far::flat(Real::$method(self.range() $(, $arg.range())*))
        }
    )*};
}

impl Real for Far {
    fn constant(value: f64) -> Self {
        Far::flat(Interval::point(value))
    }

    of_ranges! {
        sqrt();
        recip();
        exp();
        ln();
        sin();
        cos();
        tan();
        asin();
        acos();
        atan();
        sign();
        ramp();
        pow(exponent);
        modulo(divisor);
        direction_cosine(length);
    }

    fn abs(self) -> Self {
        if self.range().lo() >= 0.0 {
            self
        } else if self.range().hi() <= 0.0 {
            -self
        } else {
            // Below, either sign's own line holds too, but its base may be negative: 0 is as good.
            Far {
                base: Interval::new(0.0, self.base.largest()),
                growth: Interval::new(0.0, self.growth.largest()),
            }
        }
    }

    fn square(self) -> Self {
        let size = Real::abs(self);
        size * size
    }

    /// The vector σa + b points between a and b, where both lie on one side of the x axis.
    fn atan2(self, x: Self) -> Self {
        // On the cut itself the angle is π or −π, after the sign of a zero: a cone that touches it is not known.
        let right = x.range().lo() > 0.0;
        if self.is_rising() && (self.base.lo() > 0.0 || right) {
            let hull = upper_angle(self.base, x.base).hull(upper_angle(self.growth, x.growth));
            return Far::flat(match x.is_flat() || self.is_flat() {
                true => hull.hull(upper_angle(self.range(), x.range())),
                false => hull,
            });
        }
        if (-self).is_rising() && self.base.hi() < 0.0 {
            return -(-self).atan2(x);
        }
        if x.is_rising() && x.base.lo() > 0.0 {
            // In the right half plane too, if on both sides of the x axis.
            return Far::flat(self.base.atan2(x.base).hull(self.growth.atan2(x.growth)));
        }
        Far::flat(self.range().atan2(x.range()))
    }

    fn floor(self) -> Self {
        self.stepped(Interval::floor, -1.0, 0.0)
    }
    fn ceil(self) -> Self {
        self.stepped(Interval::ceil, 0.0, 1.0)
    }
    fn round(self) -> Self {
        self.stepped(Interval::round, -0.5, 0.5)
    }

    fn min(self, other: Self) -> Self {
        let difference = (self - other).range();
        if difference.hi() <= 0.0 {
            return self;
        }
        if difference.lo() >= 0.0 {
            return other;
        }
        // Below both lines; and no higher than the lower of the two upper lines.
        let rank = |a: Far| (a.growth.hi(), a.base.hi());
        let high = if rank(self) <= rank(other) { self } else { other };
        Far::between(self.hull(other), high)
    }

    fn max(self, other: Self) -> Self {
        -(-self).min(-other)
    }

    fn hypot(self, other: Self) -> Self {
        Far::length(self, other, Far::zero())
    }

    /// At least the projection on any direction, here that of the base; at most the sum of the two lengths.
    fn length(a: Self, b: Self, c: Self) -> Self {
        let parts = [a, b, c];
        let of = |part: fn(Far) -> Interval| {
            let [x, y, z] = parts.map(part);
            Interval::length(x, y, z)
        };
        let high = Far { base: of(|a| a.base), growth: of(|a| a.growth) };
        let middle = parts.map(|a| if a.base.is_finite() { a.base.middle() } else { 0.0 });
        let long = middle.iter().map(|v| v * v).sum::<f64>().sqrt();
        let flat = Far::flat(Interval::new(high.base.lo().min(0.0), f64::INFINITY));
        let low = if long > 0.0 && long.is_finite() {
            // Its length may exceed 1 by rounding: a little is taken off.
            let unit = middle.map(|v| Far::flat(Interval::point(v / long * (1.0 - 1e-14))));
            a * unit[0] + b * unit[1] + c * unit[2]
        } else {
            flat
        };
        // Where the projection shrinks, 0 is better.
        let low = if low.growth.lo() < 0.0 { Far::zero() } else { low };
        Far::between(low, high)
    }

    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        let difference = (a - b).range();
        if difference.hi() < 0.0 {
            then
        } else if difference.lo() >= 0.0 {
            otherwise
        } else {
            then.hull(otherwise)
        }
    }

    fn mix(a: Self, b: Self, w: Self) -> Self {
        let range = w.range();
        if range.lo() >= 0.0 && range.hi() <= 1.0 && range.width() > 0.0 {
            return a.hull(b); // an average of the two, whichever
        }
        a * (Far::one() - w) + b * w
    }

    /// The plain minimum less at most what the blend takes off where both are equal.
    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        let zero = Interval::point(0.0);
        let most = Interval::smooth_min(zero, zero, k.range(), kind);
        a.min(b) + Far::flat(most.hull(zero))
    }

    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        let ranges: Vec<Interval> = inputs.iter().map(|input| input.range()).collect();
        Far::flat(output.bounds(&ranges))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At some distances along some rays of a cone, every operation's bounds hold what `f64` computes.
    #[test]
    fn bounds_hold_along_rays() {
        type Test<R> = fn(R, R, R) -> R;
        fn tests<R: Real>() -> Vec<Test<R>> {
            vec![
                |a, b, _| a * R::constant(0.6) - b * R::constant(0.8),
                |a, b, c| R::length(a, b - R::one(), c),
                |a, b, c| R::length(a.max(R::zero()), b.abs(), c.min(R::zero())),
                |a, b, _| a.square() - b,
                |a, b, _| a.clone() / (R::one() + a.square() + b.square()),
                |a, b, _| b / (R::one() + a.abs()),
                |a, b, _| b.atan2(a),
                |a, b, _| (-b).atan2(a),
                |a, _, _| R::zero().atan2(a),
                |a, b, c| R::smooth_min(a, b, c.abs(), Smooth::Cubic),
                |a, b, c| R::mix(a, b, c.sin().square()),
                |a, b, c| R::if_less(a, b.clone(), b, c),
                |a, b, _| a.round() + b.floor() - R::constant(0.3).ceil(),
                |a, b, _| a * b.sin(),
            ]
        }
        let cones =
            [[-1.0, -0.4], [-0.5, 0.5], [0.0, 0.3], [0.25, 1.0], [-0.2, 0.0], [1.0, 1.0], [-1.0, -1.0]];
        let radius = 3.0;
        for (far, near) in tests::<Far>().into_iter().zip(tests::<f64>()) {
            for u in cones {
                for v in cones {
                    for w in [[0.5, 0.75], [-0.25, 0.25]] {
                        let along = |[lo, hi]: [f64; 2]| Far::along(Interval::new(lo, hi), radius);
                        let bound = far(along(u), along(v), along(w));
                        for n in 0..60 {
                            let at = |[lo, hi]: [f64; 2], k: usize| {
                                (lo + (hi - lo) * ((n / k) % 4) as f64 / 3.0).clamp(lo, hi)
                            };
                            let sigma = [0.0, 0.5, 7.0, 1e4][n % 4];
                            let p = |direction: f64| (radius + sigma) * direction + 0.0;
                            let value = near(p(at(u, 1)), p(at(v, 4)), p(at(w, 16)));
                            let slack = 1e-9 * (1.0 + value.abs());
                            let grown = |end: f64| if sigma > 0.0 { sigma * end } else { 0.0 }; // not 0·∞
                            let low = grown(bound.growth.lo()) + bound.base.lo();
                            let high = grown(bound.growth.hi()) + bound.base.hi();
                            let holds = value.is_nan() || (low - slack <= value && value <= high + slack);
                            assert!(holds, "{value} of {bound:?} at {sigma} in {u:?} {v:?} {w:?}");
                        }
                    }
                }
            }
        }
    }
}
