//! A number far from the origin, along a cone of directions: what shows that a solid is bounded. Uses numbers and tapes.

use crate::number::{Interval, Output, Real, Smooth};
use crate::tape::{Apart, Which};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A quantity along the rays p = ρ·R·u, for every ρ ≥ 1 and every direction u of a cone: it is within `range`, and within
/// `order` times ρ to the power of `degree`.
///
/// An interval with an infinite end forgets that two coordinates grow together, and so cannot tell a turned box from a
/// plane: x·cos a − z·sin a is anything where both are. Here x is R·u times ρ, what is homogeneous (sums, products,
/// lengths, the choice of the least) keeps its degree, and what is of a lower degree is small beside it, the smaller the
/// greater R. Whatever has no degree falls back to the plain interval of all values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Far {
    range: Interval,
    degree: f64,
    order: Interval,
}

/// What is in both; where rounding left nothing, the first.
fn both(a: Interval, b: Interval) -> Interval {
    let (lo, hi) = (a.lo().max(b.lo()), a.hi().min(b.hi()));
    if lo <= hi { Interval::new(lo, hi) } else { a }
}

/// All values of `order` times ρ to some power, with ρ ≥ 1.
fn values_of(degree: f64, order: Interval) -> Interval {
    let (lo, hi) = (order.lo(), order.hi());
    if degree > 0.0 {
        let low = if lo < 0.0 { f64::NEG_INFINITY } else { lo };
        Interval::new(low, if hi > 0.0 { f64::INFINITY } else { hi })
    } else if degree < 0.0 {
        Interval::new(lo.min(0.0), hi.max(0.0))
    } else {
        order
    }
}

impl Far {
    /// A coordinate whose part of the direction is within `direction`.
    pub(super) fn along(direction: Interval, radius: f64) -> Far {
        Far::of(1.0, direction * Interval::point(radius), Interval::WHOLE)
    }

    /// A quantity that is within `range` at every distance.
    pub(super) fn flat(range: Interval) -> Far {
        Far { range, degree: 0.0, order: range }
    }

    fn of(degree: f64, order: Interval, range: Interval) -> Far {
        let range = both(range, values_of(degree, order));
        let has_no_degree = degree == 0.0 || order == Interval::WHOLE || degree > 0.0 && range.is_finite();
        if has_no_degree { Far::flat(range) } else { Far { range, degree, order } }
    }

    /// Its order beside quantities of a degree that is not lower.
    fn order_at(self, degree: f64) -> Interval {
        if self.degree < degree { values_of(-1.0, self.order) } else { self.order }
    }

    /// An operation for which f(s·a, s·b, …) is s·f(a, b, …) for s > 0.
    fn homogeneous<const N: usize>(of: [Far; N], f: impl Fn([Interval; N]) -> Interval) -> Far {
        let degree = of.iter().map(|a| a.degree).fold(f64::NEG_INFINITY, f64::max);
        Far::of(degree, f(of.map(|a| a.order_at(degree))), f(of.map(|a| a.range)))
    }

    /// Whether it is known by its values alone.
    fn is_flat(self) -> bool {
        self.degree == 0.0
    }

    /// All values, at any distance.
    pub(super) fn range(self) -> Interval {
        self.range
    }

    /// Whether the quantity is above a number at every distance.
    pub(super) fn is_above(self, least: f64) -> bool {
        self.range.lo() > least
    }

    /// How near it is to being positive: first all its values count, then its growth.
    pub(super) fn merit(self) -> (f64, f64) {
        (self.range.lo(), self.order.lo())
    }

    /// A function that stays between `low` and `high` from the value.
    fn stepped(self, step: fn(Interval) -> Interval, low: f64, high: f64) -> Far {
        let near = self + Far::flat(Interval::new(low, high));
        Far::of(near.degree, near.order, step(self.range))
    }

    fn hull(self, other: Far) -> Far {
        Far::homogeneous([self, other], |[a, b]| a.hull(b))
    }
}

/// Jumps of what does not depend on the distance: of the angles of a cone.
impl Apart for Far {
    const COUNT: usize = 1;
    const ROUNDING: f64 = <Interval as Apart>::ROUNDING;
    const PATIENT: bool = true;

    fn in_box(&self, _which: usize) -> Interval {
        self.range
    }

    fn apart(&self, other: &Far) -> Which {
        self.range.apart(&other.range)
    }

    fn is_one_long(&self) -> Which {
        self.range.is_one_long()
    }

    fn is_in_two(&self, cell: &Far) -> Which {
        self.range.is_in_two(&cell.range)
    }

    fn is_at_cut(&self, x: &Self) -> Which {
        self.range.is_at_cut(&x.range)
    }

    fn of_bounds(bounds: Interval) -> Far {
        Far::flat(bounds)
    }

    fn held_in_box(self, _which: usize, to: Interval) -> (Far, bool) {
        let (range, is_possible) = self.range.held_in_box(0, to);
        (Far::of(self.degree, if self.is_flat() { range } else { self.order }, range), is_possible)
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
        Far::homogeneous([self, other], |[a, b]| a + b)
    }
}

impl Neg for Far {
    type Output = Far;
    fn neg(self) -> Far {
        Far { range: -self.range, degree: self.degree, order: -self.order }
    }
}

impl Sub for Far {
    type Output = Far;
    fn sub(self, other: Far) -> Far {
        Far::homogeneous([self, other], |[a, b]| a - b)
    }
}

impl Mul for Far {
    type Output = Far;
    fn mul(self, other: Far) -> Far {
        Far::of(self.degree + other.degree, self.order * other.order, self.range * other.range)
    }
}

impl Div for Far {
    type Output = Far;
    fn div(self, other: Far) -> Far {
        Far::of(self.degree - other.degree, self.order / other.order, self.range / other.range)
    }
}

/// Operations on the range of all values.
macro_rules! of_ranges {
    ($($method:ident($($arg:ident),*);)*) => {$(
        fn $method(self $(, $arg: Self)*) -> Self {
            Far::flat(Real::$method(self.range $(, $arg.range)*))
        }
    )*};
}

impl Real for Far {
    fn constant(value: f64) -> Self {
        Far::flat(Interval::point(value))
    }

    of_ranges! {
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
        modulo(divisor);
        direction_cosine(length);
    }

    fn sqrt(self) -> Self {
        Far::of(0.5 * self.degree, self.order.sqrt(), self.range.sqrt())
    }

    fn recip(self) -> Self {
        Far::of(-self.degree, self.order.recip(), self.range.recip())
    }

    fn abs(self) -> Self {
        Far::homogeneous([self], |[a]| a.abs())
    }

    fn square(self) -> Self {
        Far::of(2.0 * self.degree, self.order.square(), self.range.square())
    }

    /// (ρᵏ·a)ⁿ is ρᵏⁿ·aⁿ, of a negative a where n is whole.
    fn pow(self, exponent: Self) -> Self {
        let (n, range) = (exponent.range, self.range.pow(exponent.range));
        let is_one = n.is_finite() && n.lo() == n.hi() && (n.lo().fract() == 0.0 || self.order.lo() > 0.0);
        if is_one { Far::of(n.lo() * self.degree, self.order.pow(n), range) } else { Far::flat(range) }
    }

    /// An angle is that of the vector's direction.
    fn atan2(self, x: Self) -> Self {
        let degree = self.degree.max(x.degree);
        let angle = self.order_at(degree).atan2(x.order_at(degree));
        Far::flat(both(self.range.atan2(x.range), angle))
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
        let difference = (self - other).range;
        if difference.hi() <= 0.0 {
            self
        } else if difference.lo() >= 0.0 {
            other
        } else {
            Far::homogeneous([self, other], |[a, b]| a.min(b))
        }
    }

    fn max(self, other: Self) -> Self {
        -(-self).min(-other)
    }

    fn hypot(self, other: Self) -> Self {
        Far::homogeneous([self, other], |[a, b]| a.hypot(b))
    }

    fn length(a: Self, b: Self, c: Self) -> Self {
        Far::homogeneous([a, b, c], |[a, b, c]| Interval::length(a, b, c))
    }

    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        let difference = (a - b).range;
        if difference.hi() < 0.0 {
            then
        } else if difference.lo() >= 0.0 {
            otherwise
        } else {
            then.hull(otherwise)
        }
    }

    fn mix(a: Self, b: Self, w: Self) -> Self {
        if w.is_flat() && w.range.lo() >= 0.0 && w.range.hi() <= 1.0 {
            return Far::homogeneous([a, b], |[a, b]| Interval::mix(a, b, w.range));
        }
        a * (Far::one() - w) + b * w
    }

    /// The plain minimum less at most what the blend takes off where both are equal.
    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        let zero = Interval::point(0.0);
        let most = Interval::smooth_min(zero, zero, k.range, kind);
        a.min(b) + Far::flat(most.hull(zero))
    }

    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        let ranges: Vec<Interval> = inputs.iter().map(|input| input.range).collect();
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
                |a, b, _| {
                    let side = a.clone().square() + b.clone().square();
                    side.sqrt() - b.square() / (R::one() + a.abs())
                },
                |a, b, _| a.clone().pow(R::constant(3.0)) - b.pow(R::constant(2.0)) * a,
                |a, b, _| (R::one() + a.square()).pow(R::constant(-1.5)) * b,
                |a, b, _| a.max(R::constant(0.1)).recip() * b.min(R::one()),
                |a, b, _| b.clone().modulo(R::constant(1.5)) - a.min(b.ramp()),
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
                            let distance = [1.0, 1.5, 8.0, 1e4][n % 4];
                            let p = |direction: f64| distance * radius * direction + 0.0;
                            let value = near(p(at(u, 1)), p(at(v, 4)), p(at(w, 16)));
                            let slack = 1e-9 * (1.0 + value.abs());
                            let scale = distance.powf(bound.degree);
                            let (low, high) = (scale * bound.order.lo(), scale * bound.order.hi());
                            let within = |low: f64, high: f64| low - slack <= value && value <= high + slack;
                            let holds = within(low, high) && within(bound.range.lo(), bound.range.hi());
                            assert!(
                                holds || value.is_nan(),
                                "{value} of {bound:?} at {distance} in {u:?} {v:?} {w:?}"
                            );
                        }
                    }
                }
            }
        }
    }
}
