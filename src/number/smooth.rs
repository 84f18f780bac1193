//! The kinds of smooth minimum.
//!
//! Every kind has the form min(a, b) − k·s(u) with u = |a − b|/k: a *depth* s that the blend takes off, largest where
//! a = b. Then the derivative in the farther operand is the *weight* w(u) = −s′(u), in the nearer 1 − w, and in k
//! −(s + u·w). The weights sum to 1, so blending never makes a field steeper than its steepest operand. The polynomial
//! kinds and the circular one are I. Quilez's ("smooth minimum", 2013 to 2024).

use super::Real;

/// How a smooth minimum blends its operands over a band of width `k`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Smooth {
    /// h²/4 with h = max(1 − u, 0): adds at most k/4. First derivatives are continuous.
    Quadratic,
    /// h³/6: adds at most k/6. Second derivatives are continuous. The default.
    #[default]
    Cubic,
    /// h³(4 − h)/16: adds at most 3k/16. Second derivatives are continuous.
    Quartic,
    /// A quarter circle: adds at most (1 − √½)k ≈ 0.293 k.
    Circular,
    /// ln(1 + e⁻ᵘ): adds at most 0.693 k, and a little everywhere.
    Exponential,
    /// (√(u² + 1) − u)/2: adds at most k/2, and a little everywhere.
    Root,
}

impl Smooth {
    /// Every kind, once.
    pub const ALL: [Smooth; 6] = [
        Smooth::Quadratic,
        Smooth::Cubic,
        Smooth::Quartic,
        Smooth::Circular,
        Smooth::Exponential,
        Smooth::Root,
    ];

    /// Its name in scenes.
    pub const fn name(self) -> &'static str {
        match self {
            Smooth::Quadratic => "quadratic",
            Smooth::Cubic => "cubic",
            Smooth::Quartic => "quartic",
            Smooth::Circular => "circular",
            Smooth::Exponential => "exponential",
            Smooth::Root => "root",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Smooth> {
        Smooth::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// s(0): the most a blend adds to a union, in units of k.
    pub fn deepest(self) -> f64 {
        self.depth(0.0)
    }

    /// Whether the blend is confined to its band: where |a − b| ≥ k the result is the plain minimum.
    pub const fn is_banded(self) -> bool {
        !matches!(self, Smooth::Exponential | Smooth::Root)
    }

    /// The u beyond which the exponential kind takes off nothing: e⁻ᵘ is then below half an ulp of 1.
    pub(crate) const EXPONENTIAL_REACH: f64 = 40.0;

    /// e⁻ᵘ, and exactly 0 beyond the reach, so that the blend can be pruned there bit for bit.
    #[inline(always)]
    fn decay<R: Real>(u: R) -> R {
        R::if_less(u.clone(), R::constant(Self::EXPONENTIAL_REACH), (-u).exp(), R::zero())
    }

    /// s(u), for u ≥ 0.
    #[inline(always)]
    pub fn depth<R: Real>(self, u: R) -> R {
        let (c, one) = (R::constant, R::one);
        let h = |u: R| (one() - u).max(R::zero());
        match self {
            Smooth::Quadratic => c(0.25) * h(u).square(),
            Smooth::Cubic => {
                let h = h(u);
                c(1.0 / 6.0) * (h.clone() * h.square())
            }
            Smooth::Quartic => {
                let h = h(u);
                c(1.0 / 16.0) * (h.clone() * h.clone().square()) * (c(4.0) - h)
            }
            Smooth::Circular => {
                let u = u.min(one());
                c(0.5) * (c(2.0) - u.clone() - (c(2.0) - u.square()).sqrt())
            }
            Smooth::Exponential => (one() + Self::decay(u)).ln(),
            Smooth::Root => c(0.5) / ((u.clone().square() + one()).sqrt() + u),
        }
    }

    /// w(u) = −s′(u), for u ≥ 0: between 0 and ½.
    #[inline(always)]
    pub fn weight<R: Real>(self, u: R) -> R {
        let (c, one) = (R::constant, R::one);
        let h = |u: R| (one() - u).max(R::zero());
        match self {
            Smooth::Quadratic => c(0.5) * h(u),
            Smooth::Cubic => c(0.5) * h(u).square(),
            Smooth::Quartic => {
                let h = h(u);
                c(0.25) * h.clone().square() * (c(3.0) - h)
            }
            Smooth::Circular => {
                let u = u.min(one());
                c(0.5) * (one() - u.clone() / (c(2.0) - u.square()).sqrt())
            }
            Smooth::Exponential => {
                let e = Self::decay(u);
                e.clone() / (one() + e)
            }
            Smooth::Root => {
                let root = (u.clone().square() + one()).sqrt();
                c(0.5) / (root.clone() * (root + u))
            }
        }
    }

    /// The smooth minimum itself; the plain one where k ≤ 0.
    #[inline(always)]
    pub fn value<R: Real>(self, a: R, b: R, k: R) -> R {
        let u = (a.clone() - b.clone()).abs() / k.clone();
        let plain = a.min(b);
        R::if_less(R::zero(), k.clone(), plain.clone() - k * self.depth(u), plain)
    }

    /// The derivative in b; that in a is one less this.
    #[inline(always)]
    pub fn weight_of_b<R: Real>(self, a: R, b: R, k: R) -> R {
        let u = (a.clone() - b.clone()).abs() / k.clone().max(R::zero());
        let w = R::if_less(R::zero(), k, self.weight(u), R::zero());
        R::if_less(b, a, R::one() - w.clone(), w)
    }

    /// The derivative in k, −(s + u·w).
    #[inline(always)]
    pub fn slope_in_k<R: Real>(self, a: R, b: R, k: R) -> R {
        let u = (a - b).abs() / k.clone().max(R::zero());
        R::if_less(R::zero(), k, -self.depth_and_drift(u), R::zero())
    }

    /// How fast the weight of b grows with a, −w′(u)/k: as fast as it falls with b.
    #[inline(always)]
    pub fn curve<R: Real>(self, a: R, b: R, k: R) -> R {
        let u = (a - b).abs() / k.clone().max(R::zero());
        R::if_less(R::zero(), k.clone(), self.minus_slope_of_weight(u) / k, R::zero())
    }

    /// −w′(u) = s″(u), for u ≥ 0; at the edge of a band it is that inside.
    #[inline(always)]
    fn minus_slope_of_weight<R: Real>(self, u: R) -> R {
        let (c, one) = (R::constant, R::one);
        let h = |u: R| (one() - u).max(R::zero());
        let inside = |u: R, value: R| R::if_less(one(), u, R::zero(), value);
        match self {
            Smooth::Quadratic => inside(u, c(0.5)),
            Smooth::Cubic => h(u),
            Smooth::Quartic => {
                let h = h(u);
                c(0.75) * h.clone() * (c(2.0) - h)
            }
            Smooth::Circular => {
                let square = c(2.0) - u.clone().min(one()).square();
                inside(u, one() / (square.clone() * square.sqrt()))
            }
            Smooth::Exponential => {
                let e = Self::decay(u);
                e.clone() / (one() + e).square()
            }
            Smooth::Root => {
                let square = u.square() + one();
                c(0.5) / (square.clone() * square.sqrt())
            }
        }
    }

    /// s(u) + u·w(u), for u ≥ 0, in closed form: it falls from s(0) to 0.
    #[inline(always)]
    fn depth_and_drift<R: Real>(self, u: R) -> R {
        let (c, one) = (R::constant, R::one);
        let h = |u: R| (one() - u).max(R::zero());
        match self {
            Smooth::Quadratic => {
                let h = h(u);
                c(0.25) * h.clone() * (c(2.0) - h)
            }
            Smooth::Cubic => {
                let h = h(u);
                c(1.0 / 6.0) * h.clone().square() * (c(3.0) - c(2.0) * h)
            }
            Smooth::Quartic => {
                let h = h(u);
                c(3.0 / 16.0) * (h.clone() * (c(2.0) - h)).square()
            }
            Smooth::Circular => one() - one() / (c(2.0) - u.min(one()).square()).sqrt(),
            Smooth::Exponential => {
                let u = u.min(c(Self::EXPONENTIAL_REACH));
                let e = Self::decay(u.clone());
                (one() + e.clone()).ln() + u * e.clone() / (one() + e)
            }
            Smooth::Root => c(0.5) / (u.square() + one()).sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_what_its_kind_documents() {
        let documented = [1.0 / 4.0, 1.0 / 6.0, 3.0 / 16.0, 1.0 - 0.5f64.sqrt(), 2f64.ln(), 0.5];
        for (kind, most) in Smooth::ALL.into_iter().zip(documented) {
            assert!((kind.deepest() - most).abs() < 1e-15, "{kind:?}");
            assert!((kind.value(1.0, 1.0, 2.0) - (1.0 - 2.0 * most)).abs() < 1e-15, "{kind:?}");
        }
    }

    #[test]
    fn weight_is_minus_the_slope_of_depth() {
        for kind in Smooth::ALL {
            for i in 1..60 {
                let (u, e) = (i as f64 * 0.031, 1e-6);
                let slope = (kind.depth(u + e) - kind.depth(u - e)) / (2.0 * e);
                assert!((kind.weight(u) + slope).abs() < 1e-6, "{kind:?} at {u}");
                let slope = (kind.weight(u + e) - kind.weight(u - e)) / (2.0 * e);
                assert!((kind.curve(u, 0.0, 1.0) + slope).abs() < 1e-6, "{kind:?} at {u}");
                let sum = kind.depth(u) + u * kind.weight(u);
                assert!((kind.slope_in_k(u, 0.0, 1.0) + sum).abs() < 1e-15, "{kind:?} at {u}");
            }
        }
    }

    #[test]
    fn is_the_plain_minimum_off_the_band_and_without_a_band() {
        for kind in Smooth::ALL {
            for k in [0.0, -1.0] {
                assert_eq!(kind.value(2.0, 3.0, k), 2.0);
                assert_eq!(kind.weight_of_b(3.0, 3.0, k), 0.0, "the first operand at a tie");
                assert_eq!(kind.weight_of_b(3.0, 2.0, k), 1.0);
                assert_eq!(kind.slope_in_k(3.0, 3.0, k), 0.0);
            }
            if kind.is_banded() {
                assert_eq!(kind.value(2.0, 3.0, 1.0), 2.0);
            }
            assert_eq!(kind.value(2.0, 3.0, 1e-300), 2.0);
            assert_eq!(kind.slope_in_k(2.0, 3.0, 1e-300), 0.0);
        }
    }
}
