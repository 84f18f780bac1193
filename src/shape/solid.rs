//! Solids: centred at the origin, sizes are whole sizes, the axis is y.
//!
//! Polyhedra and prisms are in [`super::polyhedron`], tubes around curves in [`super::curve`], surfaces that fill space
//! in [`super::lattice`].
//!
//! A size may be a parameter, and a parameter may fall to 0 or below. A size of 0 leaves what is left of the solid (a
//! disc, a segment, a point); below 0 a size counts as 0, or leaves an empty solid whose field still rises by at most
//! 1 a length. Either way the field and its derivatives stay finite.
//!
//! Exact fields of convex solids are made alike: inside, the largest of the distances to the planes of the faces, which
//! passes smoothly through the surface; outside, the smallest distance to a face, edge or corner.

use super::arguments::*;
use crate::field::*;
use std::f64::consts::PI;

shapes! {
    /// A ball of radius `r` around the origin.
    ///
    /// Exact.
    exact sphere(r: impl Length) {
        length([x(), y(), z()]) - r
    } as in sphere(0.8);

    /// An ellipsoid of half axes `[rx, ry, rz]`.
    ///
    /// A bound: the distance in a space stretched to make it a ball, times the least half axis. |∇f| lies between
    /// least/greatest and 1, so the field of a slender one is much below the distance along its long axis. With a
    /// half axis of 0 the field is the distance to that axis' plane.
    bound ellipsoid(radii: impl Extent3) {
        let (Vector([a, b, c]), least) = to_ball(radii);
        length([x() * a, y() * b, z() * c]) - least
    } as in ellipsoid([1.1, 0.7, 0.5]);

    /// A box of the whole size `[w, h, d]`.
    ///
    /// Exact.
    exact r#box(size: impl Extent3) {
        let Vector([w, h, d]) = size;
        around(x().abs() - w / 2, y().abs() - h / 2, z().abs() - d / 2)
    } as in r#box([1.2, 0.8, 0.5]);

    /// A box of the whole size `[w, h, d]`, rounding included, whose edges and corners are rounded with radius `r`.
    ///
    /// Exact. `r` counts as at most half the least side.
    exact rounded_box(size: impl Extent3, r: impl Length) {
        let Vector([w, h, d]) = size;
        let r = r.max(0).min(w.min(&h).min(&d) / 2);
        around(x().abs() - w / 2 + &r, y().abs() - h / 2 + &r, z().abs() - d / 2 + &r) - r
    } as in rounded_box([1.2, 0.8, 0.6], 0.15);

    /// The twelve edges of a box of the whole size `[w, h, d]`, as square bars `thickness` wide, inside the box.
    ///
    /// Exact. Where bars are too thick to leave an opening, there is none.
    exact box_frame(size: impl Extent3, thickness: impl Length) {
        let half = size.0.map(|side| (side / 2).max(0));
        let inner = [0, 1, 2].map(|i| (&half[i] - &thickness).max(0).min(&half[i]));
        let at = [x().abs(), y().abs(), z().abs()];
        let beyond = [0, 1, 2].map(|i| &at[i] - &half[i]);
        let across = [0, 1, 2].map(|i| (&at[i] - (&half[i] + &inner[i]) / 2).abs() - (&half[i] - &inner[i]) / 2);
        // Inside, the faces of the box and of the three bores through it are near; a bore is where two axes are low.
        let mut inside = beyond[0].max(&beyond[1]).max(&beyond[2]);
        let mut outside: Option<Field> = None;
        for (i, j, k) in [(0, 1, 2), (1, 2, 0), (2, 0, 1)] {
            let bore = meet(&at[i] - &inner[i], &at[j] - &inner[j]);
            inside = if_less(0, inner[i].min(&inner[j]), inside.max(-bore), &inside);
            let bar = length([beyond[k].max(0), across[i].max(0), across[j].max(0)]);
            outside = Some(outside.map_or(bar.clone(), |nearest| nearest.min(bar)));
        }
        signed(inside, outside.expect("three bars"))
    } as in box_frame([1.6, 1.2, 1.0], 0.2);

    /// A cylinder of radius `r` and height `h`.
    ///
    /// Exact.
    exact cylinder(r: impl Length, h: impl Length) {
        meet(hypot(x(), z()) - r, y().abs() - h / 2)
    } as in cylinder(0.6, 1.3);

    /// A cylinder of radius `r` without ends.
    ///
    /// Exact.
    exact infinite_cylinder(r: impl Length) {
        hypot(x(), z()) - r
    } as in infinite_cylinder(0.5);

    /// A cone that stands on a disc of radius `r`, its tip `h` above it. The origin is halfway up.
    ///
    /// Exact.
    exact cone(r: impl Length, h: impl Length) {
        frustum(r, Field::constant(0.0), h)
    } as in cone(0.7, 1.4);

    /// A cone between discs of radius `r_bottom` and `r_top`, `h` apart. The origin is halfway up.
    ///
    /// Exact.
    exact capped_cone(r_bottom: impl Length, r_top: impl Length, h: impl Length) {
        frustum(r_bottom, r_top, h)
    } as in capped_cone(0.8, 0.35, 1.1);

    /// The hull of two balls: of radius `r_bottom` around (0, −h/2, 0), and of radius `r_top` around (0, h/2, 0).
    ///
    /// Exact. `h` is the distance of the centres, not the whole height. Where one ball holds the other, it is the
    /// field of the larger.
    exact round_cone(r_bottom: impl Length, r_top: impl Length, h: impl Length) {
        // The solid is a union of balls along the axis whose radius goes evenly from one to the other. How far up the
        // nearest of them lies is found by going from the point to the axis along the slant's normal.
        let (rho, narrowing) = (hypot(x(), z()), &r_bottom - &r_top);
        let slant = (h.square() - narrowing.square()).max(0).sqrt();
        let above = y() + &h / 2;
        let up = ((&above - &rho * &narrowing / slant) / &h).clamp(0, 1);
        let hull = hypot(&rho, &above - &up * &h) - (&r_bottom - up * &narrowing);
        let balls = (hypot(&rho, above) - r_bottom).min(hypot(&rho, y() - &h / 2) - r_top);
        if_less(narrowing.abs(), h, hull, balls)
    } as in round_cone(0.6, 0.3, 0.9);

    /// The part of a ball of radius `r` that lies within `angle` of the upward axis: a ball's sector, its tip at the
    /// origin. `angle` is the half aperture in radians, from 0 (a segment) to π (the whole ball).
    ///
    /// Exact.
    exact solid_angle(angle: impl Number, r: impl Length) {
        let (angle, r) = (angle.clamp(0, PI), r.max(0));
        let (rho, ball) = (hypot(x(), z()), length([x(), y(), z()]) - &r);
        // Distance from the cone, positive outside, and place along it, on the slanted edge from tip to rim.
        let off = &rho * angle.cos() - y() * angle.sin();
        let along = rho * angle.sin() + y() * angle.cos();
        let past = (-&along).max(along - r).max(0);
        let edge = hypot(&off, &past);
        // Seen from within, the tip of an aperture over a right angle is a corner that points inwards.
        let within = ball.max(if_less(0, past, -&edge, &off));
        let sector = if_less(0, &angle, if_less(0, off, &edge, within), &edge);
        if_less(angle, PI, sector, ball)
    } as in solid_angle(0.7, 1.1);

    /// What is left of a ball of radius `r` above the plane y = `h`.
    ///
    /// Exact. `h` counts as −r below −r, and as r above r: the whole ball, or its topmost point.
    exact cut_sphere(r: impl Length, h: impl Number) {
        let r = r.max(0);
        let h = h.clamp(-&r, &r);
        let rim = (r.square() - h.square()).max(0).sqrt();
        let (rho, from_centre) = (hypot(x(), z()), length([x(), y(), z()]));
        let below = &h - y();
        let ball = &from_centre - &r;
        // Below the cone from the centre through the rim, the plane or the rim is nearest; above it, the ball.
        let flat = hypot((rho - rim).max(0), &below);
        let outside = if_less(y() * r, h * from_centre, flat, ball.max(0));
        signed(ball.max(below), outside)
    } as in cut_sphere(0.9, -0.2);

    /// The half of space behind a plane: f = n·p/|n| − `offset`, for a `normal` n of any length.
    ///
    /// Exact. A normal of 0 gives the constant −offset.
    exact plane(normal: impl Direction, offset: impl Number) {
        let size = normal.length();
        if_less(0, &size, normal.dot([x(), y(), z()]) / &size, 0) - offset
    } as in plane([0.3, 1.0, 0.2], 0.25);

    /// A superquadric of half axes `[a, b, c]`: (|x/a|^(2/e2) + |z/c|^(2/e2))^(e2/e1) + |y/b|^(2/e1) = 1.
    /// `e1` rounds it along y, `e2` around y: 0 is square, 1 round, 2 a straight bevel.
    ///
    /// A bound. Exponents are held between 0.01 and 2: above 2 it would be no longer convex, and no multiple of its
    /// field a bound. |∇f| falls with the ratio of the axes, and with exponents over 1 (at worst by half).
    bound superquadric(radii: impl Extent3, e1: impl Number, e2: impl Number) {
        // The solid is the unit ball of a norm. How steep that norm is: ‖(u, v)‖_p ≤ 2^(1/p − 1/2)·‖(u, v)‖₂ where
        // p = 2/e is below 2, and ≤ ‖(u, v)‖₂ elsewhere.
        let (Vector([a, b, c]), least) = to_ball(radii);
        let (e1, e2) = (e1.clamp(0.01, 2), e2.clamp(0.01, 2));
        let steepness = Field::constant(2.0).pow(((&e1 - 1).max(0) + (&e2 - 1).max(0)) / 2);
        let around = norm(x().abs() * a, z().abs() * c, e2);
        (norm(around, y().abs() * b, e1) - least) / steepness
    } as in superquadric([0.9, 0.7, 0.6], 0.4, 1.3);
}

/// Two figures in directions at right angles, as one solid: exact if both are. Both are distances from it, negative
/// within.
pub(super) fn meet(a: Field, b: Field) -> Field {
    hypot(a.max(0), b.max(0)) + a.max(b).min(0)
}

/// The same for three.
fn around(a: Field, b: Field, c: Field) -> Field {
    length([a.max(0), b.max(0), c.max(0)]) + a.max(b).max(c).min(0)
}

/// The field that is `inside` where that is not above 0, and `outside` elsewhere.
pub(super) fn signed(inside: Field, outside: Field) -> Field {
    if_less(0, &inside, outside, &inside)
}

/// The direction of (a, b), or (1, 0) where both are 0; and the length.
pub(super) fn direction(a: &Field, b: &Field) -> ([Field; 2], Field) {
    let size = hypot(a, b);
    ([if_less(0, &size, a / &size, 1), if_less(0, &size, b / &size, 0)], size)
}

/// What to multiply the coordinates with to make an ellipsoid the ball of its least half axis; and that half axis.
fn to_ball(radii: Vector<3>) -> (Vector<3>, Field) {
    let radii = radii.0.map(|r| r.max(0));
    let least = radii[0].min(&radii[1]).min(&radii[2]);
    (Vector(radii.map(|r| if_less(0, &r, &least / &r, 1))), least)
}

/// (u^p + v^p)^(1/p) for u, v ≥ 0 and p = 2/e, without overflow.
fn norm(u: Field, v: Field, e: Field) -> Field {
    let (large, small) = (u.max(&v), v.min(&u));
    let sum = 1 + (small / &large).pow(2 / &e);
    if_less(1e-100, &large, &large * sum.pow(e / 2), 0) // 1/large² is still finite
}

/// A cone between two discs: the distance to a trapezium in the half plane (ρ, y).
fn frustum(bottom: Field, top: Field, h: Field) -> Field {
    let (bottom, top, h) = (bottom.max(0), top.max(0), h.max(0));
    let (rho, above, over) = (hypot(x(), z()), y() + &h / 2, y() - &h / 2);
    let ([nx, ny], slant) = direction(&h, &(&bottom - &top));
    let out = &rho - &bottom;
    let off = &out * &nx + &above * &ny;
    let along = &above * nx - out * ny;
    let side = hypot(&off, &along - along.clamp(0, slant));
    let lower = hypot((&rho - &bottom).max(0), above);
    let upper = hypot((&rho - &top).max(0), over);
    // That ρ is at most the greater radius says nothing new but where the cone is a flat disc.
    let inside = off.max(y().abs() - h / 2).max(rho - bottom.max(top));
    signed(inside, side.min(lower).min(upper))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::testing::{near, value};

    #[test]
    fn boxes() {
        let solid = r#box([2.0, 4.0, 6.0]);
        near(value(&solid, [0.0; 3]), -1.0);
        near(value(&solid, [4.0, 6.0, 3.0]), 5.0);
        let rounded = rounded_box([2.0, 4.0, 6.0], 0.5);
        near(value(&rounded, [0.0, 3.0, 0.0]), 1.0); // the rounding takes nothing from the size
        near(value(&rounded, [1.0, 2.0, 0.0]), 0.5 * 2f64.sqrt() - 0.5);
        near(value(&rounded_box([2.0, 4.0, 6.0], 9.0), [0.0; 3]), -1.0);
    }

    #[test]
    fn a_frame_is_open_and_its_bars_are_square() {
        let frame = box_frame([2.0, 2.0, 2.0], 0.2);
        near(value(&frame, [0.0; 3]), 0.8 * 2f64.sqrt());
        near(value(&frame, [0.9, 0.9, 0.0]), -0.1);
        near(value(&frame, [0.9, 0.0, 0.0]), 0.8);
        near(value(&frame, [0.9, 0.9, 0.9]), -0.1);
        near(value(&frame, [0.85, 0.85, 0.85]), -0.05 * 2f64.sqrt()); // inner edges are nearer than outer faces
        near(value(&box_frame([2.0, 2.0, 2.0], 1.5), [0.0; 3]), -1.0);
    }

    #[test]
    fn solids_of_revolution() {
        near(value(&cylinder(1.0, 4.0), [4.0, 6.0, 0.0]), 5.0);
        near(value(&infinite_cylinder(1.0), [3.0, 99.0, 4.0]), 4.0);
        let cone = cone(1.0, 1.0);
        near(value(&cone, [0.0, 2.5, 0.0]), 2.0);
        near(value(&cone, [1.0, 0.5, 0.0]), 0.5f64.sqrt());
        near(value(&cone, [0.0, -0.4, 0.0]), -0.1);
        near(value(&capped_cone(2.0, 1.0, 1.0), [0.0, 1.0, 0.0]), 0.5);
        near(
            value(&capped_cone(1.0, 1.0, 2.0), [0.3, 0.1, 0.2]),
            value(&cylinder(1.0, 2.0), [0.3, 0.1, 0.2]),
        );
        near(value(&capped_cone(1.0, 0.0, 0.0), [4.0, 0.0, 0.0]), 3.0); // a disc
        near(value(&round_cone(0.5, 0.5, 2.0), [2.0, 0.3, 0.0]), 1.5); // a capsule
        near(value(&round_cone(1.0, 0.2, 0.5), [0.0, 3.0, 0.0]), 2.25); // one ball within the other
        near(value(&round_cone(1.0, 0.5, 2.0), [0.0, 3.0, 0.0]), 1.5);
    }

    #[test]
    fn parts_of_a_ball() {
        near(value(&solid_angle(PI / 4.0, 1.0), [0.0, 2.0, 0.0]), 1.0);
        near(value(&solid_angle(PI / 4.0, 1.0), [0.0, -2.0, 0.0]), 2.0);
        near(value(&solid_angle(PI / 4.0, 1.0), [0.0, 0.5, 0.0]), -0.5 * 0.5f64.sqrt());
        near(value(&solid_angle(PI, 1.0), [0.0, -0.5, 0.0]), -0.5);
        near(value(&solid_angle(0.0, 1.0), [0.0, -0.5, 0.0]), 0.5);
        near(value(&cut_sphere(1.0, 0.0), [0.0, -0.5, 0.0]), 0.5);
        near(value(&cut_sphere(1.0, 0.0), [2.0, 0.0, 0.0]), 1.0);
        near(value(&cut_sphere(1.0, 0.0), [0.0, 0.2, 0.0]), -0.2);
        near(value(&cut_sphere(1.0, -5.0), [0.0, -0.2, 0.0]), -0.8);
        near(value(&cut_sphere(1.0, 0.6), [2.0, 0.6, 0.0]), 1.2); // to the rim
    }

    #[test]
    fn ellipsoids_and_superquadrics_pass_through_the_ends_of_their_axes() {
        for solid in [ellipsoid([1.0, 0.7, 0.4]), superquadric([1.0, 0.7, 0.4], 0.3, 1.6)] {
            for end in [[1.0, 0.0, 0.0], [0.0, -0.7, 0.0], [0.0, 0.0, 0.4]] {
                near(value(&solid, end), 0.0);
            }
        }
        for p in [[0.3, 0.2, -0.1], [1.0, -2.0, 0.5]] {
            near(value(&superquadric([1.0, 0.7, 0.4], 1.0, 1.0), p), value(&ellipsoid([1.0, 0.7, 0.4]), p));
            let bevelled = value(&superquadric([1.0; 3], 2.0, 2.0), p);
            near(bevelled, (p.iter().map(|c: &f64| c.abs()).sum::<f64>() - 1.0) / 2.0);
        }
        assert!(value(&superquadric([1.0; 3], 0.0, 0.0), [1e6, 0.3, 0.2]) > 9e5);
    }

    #[test]
    fn a_plane_has_a_normal_of_any_length() {
        near(value(&plane([0.0, 10.0, 0.0], 0.5), [3.0, 2.0, 1.0]), 1.5);
        assert!(plane([0, 0, 0], 1).check().is_err());
    }

    #[test]
    fn the_gradient_passes_smoothly_through_faces() {
        let faces: [(Field, [f64; 3], [f64; 3]); 6] = [
            (r#box([2.0; 3]), [1.0, 0.2, 0.1], [1.0, 0.0, 0.0]),
            (box_frame([2.0; 3], 0.5), [0.5, 0.8, 0.1], [-1.0, 0.0, 0.0]),
            (cylinder(1.0, 2.0), [0.0, 1.0, 0.3], [0.0, 1.0, 0.0]),
            (capped_cone(1.0, 1.0, 2.0), [0.6, 0.1, 0.8], [0.6, 0.0, 0.8]),
            (
                solid_angle(2.0, 1.0),
                [0.5 * 2f64.sin(), 0.5 * 2f64.cos(), 0.0],
                [2f64.cos(), -2f64.sin(), 0.0],
            ),
            (cut_sphere(1.0, 0.3), [0.1, 0.3, 0.2], [0.0, -1.0, 0.0]),
        ];
        for (solid, [x, y, z], normal) in faces {
            let slope = solid.gradient_at([x, y, z, 0.0]).unwrap();
            for i in 0..3 {
                assert!((slope[i] - normal[i]).abs() < 1e-9, "{}: {slope:?}", solid.title());
            }
        }
    }
}
