//! Combining two shapes with something between them: a smooth blend, a fillet, a chamfer, steps, a mixture.

use super::arguments::*;
use super::combine::{default_material, shared_material};
use crate::field::*;
use crate::number::Smooth;
use std::f64::consts::FRAC_1_SQRT_2;

/// The union of any number of shapes with blends of width `k`, each blended into what those before it made:
/// [`smooth_union`]`(smooth_union(a, b, k), c, k)` and so on. Of no shapes, it is nothing at all, as [`union`](super::union)
/// is.
///
/// ```
/// use fieldgrad::prelude::*;
///
/// let row = smooth_union_all((0..4).map(|i| sphere(0.4).translate([0.5 * f64::from(i), 0.0, 0.0])), 0.2);
/// assert!(row.value_at([0.75, 0.33, 0.0, 0.0])? < 0.0); // between two balls and outside of both: in the blend
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[track_caller]
pub fn smooth_union_all(shapes: impl Shapes, k: impl Length) -> Field {
    let (Fields(shapes), k) = (shapes.into_fields(), k.into());
    let all = shapes.into_iter().reduce(|a, b| smooth_union(a, b, &k));
    all.unwrap_or_else(|| super::union(Vec::<Field>::new()))
}

combinations! {
    "Blends of two shapes"

    /// The union with a blend of width `k`: the cubic smooth minimum. It adds at most k/6, and where the shapes
    /// are further apart than k it is the plain union. A bound. With k ≤ 0 it is the plain union.
    bound(Nearest) smooth_union(a: impl Number, b: impl Number, k: impl Length) {
        let [a, b] = pair(default_material(vec![a, b]));
        blended(a, b, k, Smooth::Cubic)
    } as in super::sphere(0.5).smooth_union(super::sphere(0.4).translate([0.6, 0.3, 0.1]), 0.4);

    /// The intersection with a blend of width `k`, which takes off at most k/6. A bound.
    bound(All) smooth_intersection(a: impl Number, b: impl Number, k: impl Length) {
        let [a, b] = pair(shared_material(vec![a, b]));
        -blended(-a, -b, k, Smooth::Cubic)
    } as in super::sphere(0.8)
        .smooth_intersection(super::r#box([1.0, 2.0, 0.7]).translate([0.2, 0.1, 0.0]), 0.3);

    /// a less b, with a blend of width `k`, which takes off at most k/6. A bound.
    bound(First) smooth_difference(a: impl Number, b: impl Number, k: impl Length) {
        let [a, b] = pair(shared_material(vec![a, b]));
        -blended(-a, b, k, Smooth::Cubic)
    } as in super::sphere(0.8)
        .smooth_difference(super::sphere(0.5).translate([0.5, 0.3, 0.1]), 0.3);

    /// The cubic smooth minimum of two numbers over a band of width `k`; where |a − b| ≥ k the plain minimum.
    /// As steep as the steeper operand.
    bound(Nearest) smooth_min(a: impl Number, b: impl Number, k: impl Length) {
        blended(a, b, k, Smooth::Cubic)
    } as in super::sphere(0.5).smooth_min(super::sphere(0.4).translate([0.6, 0.3, 0.1]), 0.5);

    /// The cubic smooth maximum of two numbers over a band of width `k`.
    bound(All) smooth_max(a: impl Number, b: impl Number, k: impl Length) {
        -blended(-a, -b, k, Smooth::Cubic)
    } as in super::sphere(0.8).smooth_max(super::sphere(0.7).translate([0.4, 0.3, 0.1]), 0.5);

    /// A smooth minimum of another kind: `"cubic"`, `"quadratic"`, `"quartic"`, `"circular"`, `"exponential"` or
    /// `"root"`; see [`Smooth`] for what each adds.
    bound(Nearest) smooth_min_kind(a: impl Number, b: impl Number, k: impl Length, kind: impl SmoothKind) {
        blended(a, b, k, kind)
    } as in super::sphere(0.5)
        .smooth_min_kind(super::sphere(0.4).translate([0.6, 0.3, 0.1]), 0.3, "circular");

    /// A smooth maximum of another kind; see [`smooth_min_kind`].
    bound(All) smooth_max_kind(a: impl Number, b: impl Number, k: impl Length, kind: impl SmoothKind) {
        -blended(-a, -b, k, kind)
    } as in super::sphere(0.8)
        .smooth_max_kind(super::sphere(0.7).translate([0.4, 0.3, 0.1]), 0.3, "root");

    /// The union with a fillet of radius `r` in the corner between the shapes. A true fillet where the surfaces
    /// meet at a right angle. Neither a distance nor a bound: up to √2 steep where both surfaces face one way.
    neither(Nearest) round_union(a: impl Number, b: impl Number, r: impl Length) {
        let [a, b] = pair(default_material(vec![a, b]));
        let (u, v) = ((&r - &a).max(0), (&r - &b).max(0));
        (a.min(b)).max(r) - hypot(u, v)
    } as in super::sphere(0.6).round_union(super::sphere(0.5).translate([0.7, 0.3, 0.1]), 0.2);

    /// The union with the corner between the shapes filled by a flat of width `r` along each.
    /// Neither a distance nor a bound: up to √2 steep where both surfaces face one way.
    neither(Nearest) chamfer_union(a: impl Number, b: impl Number, r: impl Length) {
        let [a, b] = pair(default_material(vec![a, b]));
        let flat = (&a + &b - r) * FRAC_1_SQRT_2;
        a.min(b).min(flat)
    } as in super::sphere(0.6).chamfer_union(super::sphere(0.5).translate([0.7, 0.3, 0.1]), 0.2);

    /// The union with the corner between the shapes filled by `n` steps over a width `r`. A bound.
    bound(Nearest) stairs_union(a: impl Number, b: impl Number, r: impl Length, n: impl Count) {
        let [a, b] = pair(default_material(vec![a, b]));
        // A staircase in the (a, b) plane: a triangle wave along the diagonal, never steeper than a or b.
        let step = (&r / n.max(1)).max(1e-12);
        let across = &b - &a;
        let wave = ((&across - &r + &step).modulo(2 * &step) - &step).abs();
        let stairs = (&a + &b - r + wave) / 2;
        a.min(b).min(stairs)
    } as in super::sphere(0.6)
        .stairs_union(super::sphere(0.5).translate([0.7, 0.3, 0.1]), 0.3, 3);

    /// Between two shapes: a(1 − w) + b·w, a at w = 0 and b at w = 1. A bound while w is a constant from 0 to 1;
    /// where w varies in space, its slope times |b − a| comes on top.
    bound(All) blend(a: impl Number, b: impl Number, w: impl Number) {
        let [a, b] = pair(default_material(vec![a, b]));
        mix(a, b, w)
    } as in super::sphere(0.8).blend(super::r#box([1.2, 1.0, 0.8]), 0.4);
}

/// The smooth minimum as one operation.
fn blended(a: Field, b: Field, k: Field, kind: Smooth) -> Field {
    crate::number::Real::smooth_min(a, b, k, kind)
}

fn pair(fields: Vec<Field>) -> [Field; 2] {
    fields.try_into().expect("two fields in, two fields out")
}
