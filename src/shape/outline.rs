//! Straight edges, and the outlines made of them.

use crate::field::*;
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// An edge shorter than this has no direction of its own.
const SHORTEST: f64 = 1e-12;

fn if_some(length: &Field, then: Field, otherwise: impl Into<Field>) -> Field {
    if_less(SHORTEST, length, then, otherwise)
}

/// A directed edge: where it begins, its unit direction, its length.
pub(super) struct Edge {
    pub from: Vector<2>,
    pub direction: [Field; 2],
    pub length: Field,
}

/// A point as an edge sees it.
pub(super) struct EdgeView {
    /// How far past the nearer end, along the edge; not above 0 beside the edge.
    pub beyond: Field,
    /// How far to the left of the line through it.
    pub left: Field,
}

impl Edge {
    /// The edge from `a` to `b`. One of hardly any length points along x, and is still as far away as its only point.
    pub(super) fn new(a: &Vector<2>, b: &Vector<2>) -> Edge {
        let (Vector([ax, ay]), Vector([bx, by])) = (a, b);
        let (dx, dy) = (bx - ax, by - ay);
        let length = hypot(&dx, &dy);
        let direction = [if_some(&length, dx / &length, 1), if_some(&length, dy / &length, 0)];
        Edge { from: a.clone(), direction, length }
    }

    /// `then` of an edge that has a direction of its own.
    pub(super) fn some(&self, then: Field, otherwise: impl Into<Field>) -> Field {
        if_some(&self.length, then, otherwise)
    }

    pub(super) fn seen_from(&self, x: &Field, y: &Field) -> EdgeView {
        let (Vector([ax, ay]), [ex, ey]) = (&self.from, &self.direction);
        let (px, py) = (x - ax, y - ay);
        let along = &px * ex + &py * ey;
        EdgeView { beyond: (&along - &self.length).max(-along), left: py * ex - px * ey }
    }
}

impl EdgeView {
    /// The distance to the edge.
    pub(super) fn distance(&self) -> Field {
        hypot(self.beyond.max(0), &self.left)
    }

    /// The distance to the edge, but smooth across it: a point on the edge counts as to its left.
    fn distance_smooth(&self) -> Field {
        let beside = if_less(&self.left, 0, -&self.left, &self.left);
        if_less(0, &self.beyond, hypot(&self.beyond, &self.left), beside)
    }
}

/// The point (x, y) folded by the mirrors of a figure that has `n` corners, one of them straight up, into the angle π/n
/// to the right of +y: how far it is from the origin, and its angle, which is never more than π/n, not even by rounding.
///
/// It is the angle that is folded: over an interval that loses nothing, where mirrors one after another, or a turn by
/// one of several angles, would.
pub(super) fn folded(n: &Field) -> (Field, Field) {
    let (px, py) = (x().abs(), y());
    let mut angle = FRAC_PI_2 - atan2(&py, &px); // from +y; it does not meet the cut of `atan2`
    match n.as_constant() {
        // By halves: what is left is so many times the angle π/n.
        Some(n) => {
            let mut left = n;
            while left > 1.0 {
                left = (left / 2.0).ceil();
                let mirror = left * PI / n;
                angle = mirror - (angle - mirror).abs();
            }
        }
        // By the nearest corner.
        None => {
            let mirror = PI / n;
            let folded = (&angle - (&angle * n / TAU).round() * TAU / n).abs();
            angle = &mirror - (folded - &mirror).abs();
        }
    }
    (hypot(px, py), angle)
}

/// The signed distance to a polygon: that to the nearest edge, negative where a ray towards +x crosses the outline an
/// odd number of times.
///
/// Edges are read downwards, and a horizontal one towards +x. Then a point on an edge counts as to its left, which is
/// where it would be if it were a little farther to the right and, much less, up. With that every point sees each
/// vertex above or below it, never level; and on the outline the sign and the slope of the distance agree, so that the
/// gradient there is the outward normal and not 0.
pub(super) fn polygon(points: &[Vector<2>]) -> Field {
    let (px, py) = (x(), y());
    let mut distance: Option<Field> = None;
    let mut side = Field::constant(1.0);
    for (i, a) in points.iter().enumerate() {
        let (a, b) = downwards(a, &points[(i + 1) % points.len()]);
        let edge = Edge::new(&a, &b).seen_from(&px, &py);
        let away = edge.distance_smooth();
        distance = Some(match distance {
            Some(nearest) => nearest.min(away),
            None => away,
        });
        let crossed = if_less(&edge.left, 0, -1, 1);
        side *= if_less(&py, &b.0[1], 1, if_less(&py, &a.0[1], crossed, 1));
    }
    let distance = distance.unwrap_or_else(|| Field::constant(1.0)); // no points: a mistake reported with the call
    // Outside the bounding box the side is known, which spares intervals the question whether a ray crosses.
    let overall = |axis: usize, pick: fn(&Field, &Field) -> Field| {
        points.iter().map(|point| point.0[axis].clone()).reduce(|p, q| pick(&p, &q))
    };
    for (axis, at) in [px, py].into_iter().enumerate() {
        let (low, high) = (overall(axis, |p, q| p.min(q)), overall(axis, |p, q| p.max(q)));
        if let (Some(low), Some(high)) = (low, high) {
            side = if_less(0, (low - &at).max(at - high), 1, side);
        }
    }
    if_less(side, 0, -&distance, distance)
}

/// An edge's two ends, the upper one first; of a level edge the left one.
fn downwards(a: &Vector<2>, b: &Vector<2>) -> (Vector<2>, Vector<2>) {
    let (Vector([ax, ay]), Vector([bx, by])) = (a, b);
    let choose = |kept: &Field, swapped: &Field| {
        if_less(ay, by, swapped, if_less(by, ay, kept, if_less(bx, ax, swapped, kept)))
    };
    (Vector([choose(ax, bx), choose(ay, by)]), Vector([choose(bx, ax), choose(by, ay)]))
}
