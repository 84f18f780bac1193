//! Plane figures, in the xy plane. No figure depends on z: read in space it is an infinite prism, and
//! [`extrude`](Field::extrude) and its kin in [`super::into_space`] make solids of it.
//!
//! Figures are centred, widths are whole widths, angles are radians. A stroke (`segment`, `arc`, `bezier`, `text`) is
//! drawn with a round pen. Figures with more geometry to them are worked out in `outline.rs`, `ellipse.rs`, `bezier.rs`
//! and `text.rs` beside this file.
//!
//! Sizes may be parameters, and a fit may take one to 0 or below. There every figure stays finite, with its derivatives,
//! and what it shows is no figure any more: a circle, a ring or a stroke of negative size, for one, has no inside.

#![allow(non_snake_case)] // R beside r, as in the formulas and in scenes

use super::arguments::*;
use super::outline::{self, Edge};
use super::solid::signed;
pub use super::text::Text;
use crate::field::*;

/// How many corners: a whole number from 3, if it is a constant.
pub trait Corners: Into<Field> {
    #[doc(hidden)]
    fn taken(self, call: &mut super::catalogue::Call, argument: &'static str) -> Field {
        let count = self.into();
        if let Some(value) = count.as_constant().filter(|value| *value < 3.0 || value.fract() != 0.0) {
            call.wrong(argument, format!("is {value}, and must be a whole number, at least 3"));
        }
        Number::taken(count, call, argument).round().max(3)
    }
}
impl<T: Into<Field>> Corners for T {}

shapes! {
    /// A disc of radius `r` around the origin.
    ///
    /// Exact. At r = 0 it is a point, below that nothing.
    exact circle(r: impl Length) {
        hypot(x(), y()) - r
    } as in circle(0.8);

    /// A rectangle of the whole size `[w, h]`.
    ///
    /// Exact. With a side of 0 it is a line, with both a point.
    exact rect(size: impl Extent2) {
        let Vector([w, h]) = size;
        boxed(x().abs() - w / 2, y().abs() - h / 2)
    } as in rect([1.5, 0.9]);

    /// A rectangle of the whole size `[w, h]` with corners rounded to the radius `r`.
    ///
    /// Exact. `r` is held between 0 and half the shorter side.
    exact rounded_rect(size: impl Extent2, r: impl Length) {
        let Vector([w, h]) = size;
        let r = r.min(w.min(&h) / 2).max(0);
        boxed(x().abs() - w / 2 + &r, y().abs() - h / 2 + &r) - r
    } as in rounded_rect([1.6, 1.1], 0.3);

    /// An ellipse with the half axes `[rx, ry]`.
    ///
    /// Exact, to rounding: the nearest point is found by a few steps of a fast iteration. A half axis of 0 or below gives
    /// a line, two a point.
    exact ellipse(radii: impl Extent2) {
        super::ellipse::distance(radii)
    } as in ellipse([1.2, 0.7]);

    /// The polygon through `points`, which closes itself. Either sense of turning will do.
    ///
    /// Exact. Where the outline crosses itself, what is inside an even number of times is outside. Repeated points do
    /// no harm. It takes work in proportion to the number of points.
    exact polygon(points: impl Outline) {
        outline::polygon(&points.0)
    } as in polygon([[-1.1, -0.8], [1.2, -0.6], [0.9, 0.7], [0.1, 0.05], [-0.7, 1.1]]);

    /// A regular polygon with `n` corners on the circle of radius `r`, one of them straight up.
    ///
    /// Exact. `n` is rounded to a whole number, at least 3, so the derivative in it is 0.
    exact regular_polygon(n: impl Corners, r: impl Length) {
        // Seen along the direction of the middle of the nearest edge.
        let (away, angle) = outline::folded(&n);
        let (px, py) = (&away * angle.sin(), away * angle.cos());
        let (s, c) = ((PI / &n).sin(), (PI / n).cos());
        let (beyond, out) = (&py * &s - &px * &c - &r * &s, px * s + py * &c - r * c);
        let away = hypot(&out, beyond.max(0));
        signed(out, away)
    } as in regular_polygon(5, 0.9);

    /// A star with `n` points on the circle of radius `r` and as many notches on the circle of radius `inner`, one
    /// point straight up.
    ///
    /// Exact. `n` is rounded to a whole number, at least 3, so the derivative in it is 0. With `inner` = 0 it is `n`
    /// lines and has no inside.
    exact star(n: impl Corners, r: impl Length, inner: impl Length) {
        // Folded onto one side of one point the outline is one edge, from the tip to the notch, and all that lies to its
        // left is outside.
        let half = PI / &n;
        let (away, angle) = outline::folded(&n);
        let (px, py) = (&away * angle.sin(), &away * angle.cos());
        let tip = Vector([Field::constant(0.0), r.clone()]);
        let notch = Vector([&inner * half.sin(), &inner * half.cos()]);
        let edge = Edge::new(&tip, &notch);
        // How far to its left, from the areas of the triangles between the origin, the tip, the notch and the point. The
        // point lies within the sector of the edge, so that where there is no star, its tip or its notch in the middle,
        // nothing is subtracted, and nothing lies to the right.
        let past = &away * (&inner * (&half - &angle).sin() + &r * angle.sin()) - &r * &inner * half.sin();
        let left = edge.some(past / &edge.length, &py);
        let beyond = edge.seen_from(&px, &py).beyond;
        let corner = hypot(&beyond, &left);
        if_less(0, &beyond, if_less(&left, 0, -&corner, corner), left)
    } as in star(5, 1.1, 0.45);

    /// The line from `a` to `b`, drawn with a round pen of the whole width `width`.
    ///
    /// Exact. Where `a` = `b` it is a disc.
    exact segment(a: impl Pair, b: impl Pair, width: impl Length) {
        Edge::new(&a, &b).seen_from(&x(), &y()).distance() - width / 2
    } as in segment([-0.9, -0.5], [0.8, 0.6], 0.35);

    /// An arc of the circle of radius `R`, drawn with a round pen of radius `r`: from straight up, `angle` to each side.
    ///
    /// Exact while the pen does not overlap itself (r ≤ R, and the ends apart); where it does, a bound inside.
    /// `angle` is held between 0, a disc, and π, the whole ring.
    exact arc(angle: impl Number, R: impl Length, r: impl Length) {
        let angle = angle.clamp(0, PI);
        arc_distance(&x(), &y(), &angle.sin(), &angle.cos(), &R) - r
    } as in arc(2.1, 0.8, 0.2);

    /// The ring drawn along the circle of radius `R` with a round pen of radius `r`: between R − r and R + r.
    ///
    /// Exact. Where r > R the hole has closed and it is a disc.
    exact ring(R: impl Length, r: impl Length) {
        let d = hypot(x(), y());
        if_less(&R, &r, &d - &R - &r, (d - &R).abs() - &r)
    } as in ring(0.8, 0.25);

    /// What two discs of radius `r` have in common, their centres `d` apart on the x axis: a lens that stands upright.
    ///
    /// Exact. `d` is held between 0, the whole disc, and 2r, the point at the origin.
    exact vesica(r: impl Length, d: impl Length) {
        let r = r.max(0);
        let half = (d / 2).min(&r).max(0);
        let tip = (r.square() - half.square()).max(0).sqrt();
        let (px, py) = (x().abs(), y().abs());
        // The right-hand arc is nearest within the angle that it fills from its centre (−half, 0), else the tip.
        let arc = hypot(&px + &half, &py) - r;
        let away = if_less(&px * &tip, (&py - &tip) * half, hypot(px, (py - tip).max(0)), arc.max(0));
        signed(arc, away)
    } as in vesica(1.2, 1.2);

    /// A heart of the whole height `size`: a square on its corner, with a half disc on each upper side.
    ///
    /// Exact. At size 0 it is a point.
    exact heart(size: impl Length) {
        // In terms of half the square's diagonal q, with the lower corner at the origin: a half disc around
        // (q/2, 3q/2) of radius q/√2 meets the side x = y smoothly at (q, q), and its twin at the dip (0, 2q).
        let q = &size / (1.5 + FRAC_1_SQRT_2);
        let (px, py) = (x().abs(), y() + size / 2);
        let (up, over) = (&px + &py, &py - 2 * &q);
        // Below the lines x + y = 2q, where the dip counts, it is seen between two directions at right angles.
        let dip = hypot((&px - &over).max(0), (&px + over).min(0)) * FRAC_1_SQRT_2;
        let across = (&px - &py) * FRAC_1_SQRT_2;
        let beyond = hypot(&across, up.min(0) * FRAC_1_SQRT_2);
        let side = signed(across, beyond);
        let arc = hypot(px - 0.5 * &q, py - 1.5 * &q) - FRAC_1_SQRT_2 * &q;
        if_less(2 * q, up, arc, side.max(-dip))
    } as in heart(1.8);

    /// The curve from `a` to `c` that heads for `b` and comes from it (a quadratic Bézier curve), drawn with a round
    /// pen of the whole width `width`.
    ///
    /// Exact while the pen does not overlap itself (half the width is below the curve's radius, and no two stretches
    /// touch); where it does, a bound inside. A straight or a single-point curve is as good as any.
    exact bezier(a: impl Pair, b: impl Pair, c: impl Pair, width: impl Length) {
        super::bezier::distance(&a, &b, &c) - width / 2
    } as in bezier([-1.0, -0.6], [0.2, 1.6], [0.9, -0.5], 0.25);

    /// Lines of text, centred, with capital letters of the height `size`, drawn with a round pen of width size/7.
    ///
    /// Letters, digits and signs of ASCII; `\n` begins a new line. Exact outside; inside, where strokes meet, a bound.
    /// Blank text is nothing: 1e6 away from everywhere. The work is in proportion to the number of strokes.
    bound text(string: impl Text, size: impl Length) {
        super::text::distance(&string, &size)
    } as in text("Field", 0.7);

    /// From the plane figure `a` below to the plane figure `b` above, changing evenly along z over the whole height
    /// `h`, centred.
    ///
    /// Neither exact nor a bound: between figures that differ by at most D where it matters, its Lipschitz constant is
    /// √(1 + (D/h)²). At h = 0 it is flat, and midway between the two.
    neither loft(a: impl Number, b: impl Number, h: impl Length) {
        let w = if_less(0, &h, z() / &h + 0.5, 0.5).clamp(0, 1);
        boxed(mix(a, b, w), z().abs() - h / 2)
    } as in loft(circle(0.8), rect([0.8, 0.8]), 1.4);
}

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// The intersection of two regions whose boundaries are perpendicular, from their distances: exact if they are.
pub(super) fn boxed(a: Field, b: Field) -> Field {
    hypot(a.max(0), b.max(0)) + a.max(b).min(0)
}

/// The distance to an arc of radius `r` around the origin, from +y to each side through the angle of that sine and
/// cosine, at most a half turn.
pub(super) fn arc_distance(x: &Field, y: &Field, sin: &Field, cos: &Field, r: &Field) -> Field {
    let x = x.abs();
    let end = hypot(&x - r * sin, y - r * cos);
    if_less(&x * cos, y * sin, (hypot(&x, y) - r).abs(), end)
}

#[cfg(test)]
mod tests;
