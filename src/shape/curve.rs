//! Round tubes: all points within `r` of a curve. Sizes that are parameters may fall to 0 or below, as in
//! [`super::solid`].
//!
//! A tube's field is the distance to its curve less `r`. That is the distance to the tube everywhere outside, and
//! inside as long as the tube is thinner than the curve's bends.

#![allow(non_snake_case)] // R and r are the two radii of a torus, wherever people write of one.

use super::arguments::*;
use crate::field::*;
use std::f64::consts::{PI, TAU};

shapes! {
    /// All points within `r` of the segment from `a` to `b`.
    ///
    /// Exact. Where a = b it is a ball.
    exact capsule(a: impl Triple, b: impl Triple, r: impl Length) {
        to_segment(&a, &b) - r
    } as in capsule([-0.7, -0.4, 0.1], [0.6, 0.5, -0.2], 0.3);

    /// A tube of radius `r` along the broken line through `points`: the union of their capsules.
    ///
    /// A bound, and outside exact. Inside, beside a bend, it is below the true depth.
    bound tube(points: impl Path, r: impl Length) {
        let segments = points.0.windows(2).map(|ends| to_segment(&ends[0], &ends[1]));
        segments.reduce(|nearest, segment| nearest.min(segment)).unwrap_or_else(|| Field::constant(0.0)) - r
    } as in tube([[-0.9, -0.5, 0.0], [-0.2, 0.6, 0.3], [0.4, -0.3, -0.2], [1.0, 0.4, 0.1]], 0.18);

    /// A torus around the y axis: a tube of radius `r` along a circle of radius `R`.
    ///
    /// Exact where r ≤ R. Where the tube is wider than the circle it has no hole, and inside the field is a bound.
    exact torus(R: impl Length, r: impl Length) {
        hypot(hypot(x(), z()) - R, y()) - r
    } as in torus(0.8, 0.25);

    /// A part of a torus around the y axis, with round ends: within `angle` to either side of the x axis, in radians,
    /// from 0 (a ball) to π (the whole torus).
    ///
    /// Exact where r ≤ R and the ends do not touch; elsewhere it is exact outside, and inside a bound.
    exact capped_torus(angle: impl Number, R: impl Length, r: impl Length) {
        let angle = angle.clamp(0, PI);
        let (cos, sin, aside) = (angle.cos(), angle.sin(), z().abs());
        let to_end = length([x() - &R * &cos, y(), &aside - &R * &sin]);
        let to_arc = hypot(hypot(x(), z()) - R, y());
        // On the ray through the end both are the same; an arc of no length has its end alone.
        if_less(aside * cos, x() * sin, to_arc, to_end) - r
    } as in capped_torus(2.1, 0.8, 0.22);

    /// A link of a chain, in the xy plane: two straight bars of `length` along y, joined by half circles of radius `R`;
    /// the tube's own radius is `r`.
    ///
    /// Exact where r ≤ R. Where the tube is wider than that it has no hole, and inside the field is a bound.
    exact link(length: impl Length, R: impl Length, r: impl Length) {
        let past = (y().abs() - length / 2).max(0);
        hypot(hypot(x(), past) - R, z()) - r
    } as in link(0.7, 0.5, 0.2);

    /// A coil without ends: a tube of radius `r` along the helix that winds around the y axis at radius `R` and rises by
    /// `pitch` a turn, from (R, 0, 0) towards z.
    ///
    /// Exact where r ≤ R + (pitch/2π)²/R and the turns do not touch; elsewhere it is exact outside, and inside a bound.
    /// (By an iteration: to rounding, but to 1e-7 beside the one line where two nearest points merge into one.)
    /// Where `pitch` is 0 or below it is the cylinder the coil would lie on, its wall 2r thick.
    exact helix(R: impl Length, r: impl Length, pitch: impl Positive) {
        let rho = hypot(x(), z());
        let rise = &pitch / TAU;
        // How far above the curve the point is, by the turn next to it: within half a pitch.
        let above = y() - atan2(z(), x()) * &rise;
        let above = &above - &pitch * (&above / &pitch).round();
        // The nearest point of the curve lies between the point's own angle and that at which the curve has its
        // height: there is one zero of (d/dδ of half the squared distance) between. First as if sin δ were a parabola,
        // then closer by Newton's method.
        let (end, square, product) = (above.abs(), rise.square(), &rho * R.max(0));
        let arch = &product * (4.0 / (PI * PI));
        let middle = &arch * PI + &square;
        let root = (middle.square() - &arch * &end * &rise * 4).max(0).sqrt();
        let mut delta = &end * &rise * 2 / (&middle + root);
        let last = &end / &rise;
        for _ in 0..NEWTON {
            let slope = &product * delta.sin() - (&end - &delta * &rise) * &rise;
            let bend = (&product * delta.cos() + &square).max((&product + &square) * 1e-3);
            delta = (&delta - slope / bend).clamp(0, &last);
        }
        let radius = R.max(0);
        let coil = length([&rho - &radius * delta.cos(), &radius * delta.sin(), end - delta * rise]);
        if_less(0, pitch, coil, (rho - radius).abs()) - r
    } as in helix(0.7, 0.15, 0.6);
}

/// Enough for rounding nearly everywhere: the line on which Newton's method is slow is that of the evolute's cusps.
const NEWTON: usize = 8;

/// The distance to the segment from a to b.
fn to_segment(a: &Vector<3>, b: &Vector<3>) -> Field {
    let at = [x(), y(), z()];
    let from_a: [Field; 3] = std::array::from_fn(|i| &at[i] - &a.0[i]);
    let whole: [Field; 3] = std::array::from_fn(|i| &b.0[i] - &a.0[i]);
    let square = dot(whole.clone(), whole.clone());
    let along = if_less(1e-200, &square, dot(from_a.clone(), whole.clone()) / &square, 0).clamp(0, 1);
    length(std::array::from_fn(|i| &from_a[i] - &whole[i] * &along))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::testing::{near, value};

    #[test]
    fn a_capsule_is_round_at_its_ends_and_straight_between() {
        let capsule = capsule([0, 0, 0], [2, 0, 0], 0.5);
        near(value(&capsule, [1.0, 0.0, 3.0]), 2.5);
        near(value(&capsule, [-3.0, 4.0, 0.0]), 4.5);
        near(value(&capsule, [0.3, 0.0, 0.0]), -0.5);
    }

    #[test]
    fn a_tube_of_one_segment_is_a_capsule() {
        let (a, b) = ([0.1, 0.2, 0.3], [-0.4, 0.5, 0.6]);
        for p in [[0.0, 0.0, 0.0], [1.0, -0.4, 0.2], [-0.5, 0.5, 0.5]] {
            near(value(&tube([a, b], 0.2), p), value(&capsule(a, b, 0.2), p));
        }
        assert!(tube([a], 0.2).check().is_err(), "one point is no path");
    }

    #[test]
    fn a_torus_whole_and_in_part() {
        let (whole, half) = (torus(1.0, 0.25), capped_torus(PI / 2.0, 1.0, 0.25));
        near(value(&whole, [0.0; 3]), 0.75);
        near(value(&whole, [1.0, 0.0, 0.0]), -0.25);
        near(value(&half, [2.0, 0.0, 0.0]), 0.75);
        near(value(&half, [-3.0, 0.0, 1.0]), 2.75);
        near(value(&capped_torus(PI, 1.0, 0.25), [-1.0, 0.0, 0.2]), value(&whole, [-1.0, 0.0, 0.2]));
        near(value(&capped_torus(0.0, 1.0, 0.25), [1.0, 1.0, 0.0]), 0.75);
        for angle in [0.0, -0.7, -PI] {
            let (ball, center) = (capped_torus(angle, 1.0, 0.25), [1.0, 0.0, 0.0]);
            for p in [[-1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [2.0, -0.3, 0.0], [-0.4, 0.2, 0.0]]
            {
                let away: [f64; 3] = std::array::from_fn(|i| p[i] - center[i]);
                let size = away.iter().map(|c| c * c).sum::<f64>().sqrt();
                near(value(&ball, p), size - 0.25);
                let slope = ball.gradient_at([p[0], p[1], p[2], 0.0]).unwrap();
                (0..3).for_each(|i| near(slope[i], away[i] / size));
            }
        }
    }

    #[test]
    fn a_link_is_a_torus_pulled_apart() {
        let link = link(1.0, 0.5, 0.1);
        near(value(&link, [0.0, 1.0, 0.0]), -0.1);
        near(value(&link, [0.5, 0.4, 0.0]), -0.1);
        near(value(&link, [0.0; 3]), 0.4);
    }

    #[test]
    fn a_helix_has_its_distance_at_the_nearest_turn() {
        for pitch in [0.3, 0.6, 1.7, 5.0] {
            let (helix, rise) = (helix(0.7, 0.1, pitch), pitch / TAU);
            for i in 0..300 {
                let spread = |step: f64| (i as f64 * step).fract() * 4.0 - 2.0;
                let p = [spread(0.754877666), spread(0.569840296), spread(0.362437038)];
                let to = |angle: f64| {
                    let (sin, cos) = angle.sin_cos();
                    let (dx, dy, dz) = (p[0] - 0.7 * cos, p[1] - rise * angle, p[2] - 0.7 * sin);
                    (dx * dx + dy * dy + dz * dz).sqrt()
                };
                // A turn up and down from the point's height, then the best place halved in on.
                let all = (-700..=700).map(|k| p[1] / rise + k as f64 * 0.01);
                let mut best = all.min_by(|a, b| to(*a).total_cmp(&to(*b))).unwrap();
                let mut step = 0.01;
                while step > 1e-10 {
                    step /= 2.0;
                    best = [best, best - step, best + step]
                        .into_iter()
                        .min_by(|a, b| to(*a).total_cmp(&to(*b)))
                        .unwrap();
                }
                near(value(&helix, p), to(best) - 0.1);
            }
        }
    }
}
