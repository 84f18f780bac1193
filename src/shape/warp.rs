//! Warping: the shape bent, twisted, swollen, roughened. Distances are not kept; each text says how steep the field
//! may become, in terms of the shape's own steepness.

use super::arguments::*;
use crate::field::*;

methods! {
    "Warping"

    /// Swollen by `r` (shrunk, if r is negative): every surface moves out by r, and outer edges are rounded. A bound,
    /// if the shape is one; exact outside, if the shape is.
    bound offset(self, r: impl Number) {
        self - r
    } as in super::r#box([0.8, 0.6, 0.5]).offset(0.2);

    /// The surface alone, as a sheet of the whole thickness `thickness`. A bound, if the shape is one.
    bound shell(self, thickness: impl Length) {
        self.abs() - thickness / 2
    } as in super::r#box([1.0, 0.8, 0.6]).shell(0.1);

    /// The field raised by another: the surface moves in by about `by`, out where it is negative. As steep as the
    /// two together.
    neither displace(self, by: impl Number) {
        self + by
    } as in super::sphere(0.8).displace(0.05 * (6 * x()).sin() * (6 * y()).sin());

    /// Displaced by a field in each direction: what was at p appears at p + `by`. A constant displacement is a
    /// translation. As steep as the shape, times 1 plus the displacement's own slope.
    neither warp(self, by: impl Triple) {
        let Vector([dx, dy, dz]) = by;
        self.remap([x() - dx, y() - dy, z() - dz, t()])
    } as in super::r#box([1.0, 0.6, 0.8]).warp((0, 0.15 * (4 * x()).sin(), 0));

    /// Displaced in space and in time: what was at p and t appears at p + `by` and t + `later`.
    neither warp_time(self, by: impl Triple, later: impl Number) {
        let Vector([dx, dy, dz]) = by;
        self.remap([x() - dx, y() - dy, z() - dz, t() - later])
    } as in super::sphere(0.5).translate((0.2 * t().sin(), 0, 0)).warp_time((0.1 * (3 * y()).sin(), 0, 0), 0.3 * x());

    /// Twisted about the y axis by `rate` radians a unit of height. Up to v/2 + √(1 + v²/4) times as steep as the
    /// shape, with v = rate·(distance from the axis).
    neither twist(self, rate: impl Number) {
        let angle = rate * y();
        let (s, c) = (angle.sin(), angle.cos());
        self.remap([x() * &c - z() * &s, y(), z() * &c + x() * &s, t()])
    } as in super::r#box([0.8, 1.6, 0.4]).twist(1.5);

    /// Bent about the z axis, so that the x axis becomes an arc of curvature `curvature`, towards positive y: lengths
    /// along the x axis are kept. Up to 1/|1 − curvature·y| times as steep, in the bent shape's own y; the field is
    /// singular at the arc's centre, and has a seam beyond it. A curvature of 0 leaves the shape as it is.
    neither bend(self, curvature: impl Number) {
        let k = &curvature;
        // With h the distance to the centre in units of the radius: x′ = angle/k, y′ = (1 − h)/k, written so that
        // nothing is divided by a small k.
        let (u, v) = (k * x(), 1 - k * y());
        let h = hypot(&u, &v);
        let across = (2 * y() - k * (x().square() + y().square())) / (1 + h);
        let small = 1e-6;
        let straight = x() * (1 + k * y());
        let along = if_less(k.abs(), small, straight, atan2(u, v) / if_less(k.abs(), small, 1, k));
        self.remap([along, across, z(), t()])
    } as in super::r#box([1.6, 0.4, 0.5]).bend(0.7);

    /// Narrowed along y: the cross-section at height y is scaled by 1 − rate·y, and never by less than 0.05. About
    /// 1 + |rate|·(distance from the axis) times as steep as the shape.
    neither taper(self, rate: impl Number) {
        let factor = (1 - rate * y()).max(0.05);
        self.remap([x() / &factor, y(), z() / &factor, t()]) * factor.min(1)
    } as in super::r#box([0.8, 1.2, 0.8]).taper(0.4);

    /// Sheared along y: what is at height y moves by `rate`·y in x and z. Up to v/2 + √(1 + v²/4) times as steep,
    /// with v the length of the rate.
    neither shear(self, rate: impl Pair) {
        let Vector([rx, rz]) = rate;
        self.remap([x() - rx * y(), y(), z() - rz * y(), t()])
    } as in super::r#box([0.8, 1.0, 0.6]).shear([0.4, -0.2]);
}
