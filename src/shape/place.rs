//! Placing: moved, turned, scaled, mirrored, repeated. Each is a remap of the coordinates.

use super::arguments::*;
use crate::field::*;
use std::f64::consts::{PI, TAU};

/// The least scale: a parameter that wanders to 0 or below scales by this.
const MIN_SCALE: f64 = 1e-6;

methods! {
    "Placing"

    /// Moved by a vector, which may change with time. As good as the shape.
    keeps translate(self, by: impl Triple) {
        let Vector([dx, dy, dz]) = by;
        self.remap([x() - dx, y() - dy, z() - dz, t()])
    } as in super::sphere(0.6).translate((0.3, 0.1 + 0.4 * t(), -0.2));

    /// Turned about an axis through the origin, by an angle in radians, the right-handed way. As good as the shape.
    keeps rotate(self, axis: impl Direction, angle: impl Number) {
        // Rodrigues' formula, for the inverse turn.
        let long = axis.length();
        let unit = axis.0.each_ref().map(|part| if_less(0, &long, part / &long, 0));
        let (s, c) = (angle.sin(), angle.cos());
        let p = [x(), y(), z()];
        let along = dot(unit.clone(), p.clone()) * (1 - &c);
        let turned = |i: usize| {
            let (j, k) = ((i + 1) % 3, (i + 2) % 3);
            &p[i] * &c + &unit[i] * &along - (&unit[j] * &p[k] - &unit[k] * &p[j]) * &s
        };
        self.remap([turned(0), turned(1), turned(2), t()])
    } as in super::r#box([1.0, 0.7, 0.4]).rotate([1.0, 2.0, 0.5], 0.8 + t());

    /// Turned about the x axis, y towards z. As good as the shape.
    keeps rotate_x(self, angle: impl Number) {
        let (s, c) = (angle.sin(), angle.cos());
        self.remap([x(), y() * &c + z() * &s, z() * &c - y() * &s, t()])
    } as in super::r#box([1.0, 0.7, 0.4]).rotate_x(0.7);

    /// Turned about the y axis, z towards x. As good as the shape.
    keeps rotate_y(self, angle: impl Number) {
        let (s, c) = (angle.sin(), angle.cos());
        self.remap([x() * &c - z() * &s, y(), z() * &c + x() * &s, t()])
    } as in super::r#box([1.0, 0.7, 0.4]).rotate_y(0.7);

    /// Turned about the z axis, x towards y. As good as the shape.
    keeps rotate_z(self, angle: impl Number) {
        let (s, c) = (angle.sin(), angle.cos());
        self.remap([x() * &c + y() * &s, y() * &c - x() * &s, z(), t()])
    } as in super::r#box([1.0, 0.7, 0.4]).rotate_z(0.7);

    /// Scaled alike in all directions; distances are scaled too. As good as the shape.
    /// A factor that is a parameter acts as 1e-6 at and below 0.
    keeps scale(self, factor: impl Positive) {
        let factor = factor.max(MIN_SCALE);
        let p = [x() / &factor, y() / &factor, z() / &factor, t()];
        self.remap(p) * factor
    } as in super::r#box([1.0, 0.7, 0.4]).scale(1.3);

    /// Scaled by a factor for each axis. A bound, if the shape is one: distances are scaled by the least factor.
    bound stretch(self, factors: impl Extent3) {
        let [sx, sy, sz] = factors.0.map(|factor| factor.max(MIN_SCALE));
        self.remap([x() / &sx, y() / &sy, z() / &sz, t()]) * sx.min(sy).min(sz)
    } as in super::sphere(0.5).stretch([2.0, 1.0, 1.5]);

    /// The half on the positive side of an axis (`"x"`, `"y"` or `"z"`), and its mirror image. A bound.
    bound mirror(self, axis: impl SpaceAxis) {
        let mut p = [x(), y(), z(), t()];
        p[axis as usize] = p[axis as usize].abs();
        self.remap(p)
    } as in super::sphere(0.5).translate([0.4, 0.2, 0.0]).mirror("x");

    /// Repeated for ever, `period` apart along each axis; 0 leaves an axis alone. A bound, if the shape is one and
    /// fits its cell, half a period to each side of the origin: the copies on both sides of a point are looked at.
    bound repeat(self, period: impl Extent3) {
        nearest_copies(self, [0, 1, 2].map(|i| {
            let (p, period) = ([x(), y(), z()][i].clone(), &period.0[i]);
            if period.as_constant() == Some(0.0) {
                return vec![p];
            }
            // The nearest of every second copy, and of the others.
            let period = period.max(MIN_SCALE);
            let both = 2 * &period;
            vec![(&p + &period).modulo(&both) - &period, p.modulo(&both) - period]
        }))
    } as in super::sphere(0.3).translate([0.1, 0.05, 0.0]).repeat([1.1, 0.9, 0.0]);

    /// Repeated `count` times along each axis, `period` apart, centred; a count of 1 leaves an axis alone. A bound,
    /// if the shape is one and fits its cell, half a period to each side of the origin.
    bound repeat_count(self, period: impl Extent3, count: impl Triple) {
        nearest_copies(self, [0, 1, 2].map(|i| {
            let (p, period) = ([x(), y(), z()][i].clone(), period.0[i].max(MIN_SCALE));
            let last = (&count.0[i] - 1).max(0);
            if last.as_constant() == Some(0.0) {
                return vec![p];
            }
            // Copies are numbered from 0 to `last`; the middle of them is at the origin.
            let place = &p / &period + &last / 2;
            let from = |index: Field| &p - (clamp(index, 0, &last) - &last / 2) * &period;
            vec![from(2 * ((&place + 1) / 2).floor()), from(2 * (place / 2).floor() + 1)]
        }))
    } as in super::sphere(0.3).translate([0.1, 0.05, 0.0]).repeat_count([0.8, 0.7, 1.0], [3.0, 2.0, 1.0]);

    /// Repeated `n` times around the y axis; the shape itself stands on the positive x side. A bound, if the shape is
    /// one and fits its sector, half a turn/n to each side. Where n is not whole there is a seam on the negative z
    /// side.
    bound polar_repeat(self, n: impl Count) {
        let sector = TAU / n.max(1);
        // The angle, on the right and on the left half apart, so that it has no seam but at negative z. By it the nearest
        // of every second copy is found, and the nearest of the others: so near a copy only another one jumps.
        let right = atan2(z(), x().abs());
        let (both, angle) = (2 * &sector, if_less(x(), 0, PI - &right, right));
        let turned = |by: Field| {
            let (s, c) = (by.sin(), by.cos());
            self.remap([x() * &c + z() * &s, y(), z() * &c - x() * &s, t()])
        };
        let place = angle / &both;
        let even = turned((&place + 0.5).floor() * &both);
        even.min(turned(place.floor() * &both + &sector))
    } as in super::r#box([0.5, 0.4, 0.2]).translate([0.8, 0.0, 0.1]).polar_repeat(5);

    /// Pulled apart: the shape is cut at its middle and the gap, of the whole size `size`, is filled with the cut's
    /// outline. A bound, if the shape is one.
    bound elongate(self, size: impl Extent3) {
        let apart = |p: Field, size: &Field| &p - clamp(&p, -size / 2, size / 2);
        let Vector([w, h, d]) = &size;
        self.remap([apart(x(), w), apart(y(), h), apart(z(), d), t()])
    } as in super::sphere(0.5).elongate([0.6, 0.0, 0.3]);
}

/// The union of the copies whose coordinates are each combination of the candidates for x, y and z.
fn nearest_copies(shape: &Field, candidates: [Vec<Field>; 3]) -> Field {
    let [xs, ys, zs] = candidates;
    let mut copies = Vec::new();
    for x in &xs {
        for y in &ys {
            copies.extend(zs.iter().map(|z| shape.remap([x.clone(), y.clone(), z.clone(), t()])));
        }
    }
    copies.into_iter().reduce(|a, b| a.min(b)).expect("at least the shape's own cell")
}
