//! How far a proven mesh and its surface are from one another at most.
//!
//! From a point of the mesh where |f| ≤ φ one need go no farther than φ/m to the surface, along a direction in which f rises at
//! a rate of at least m as far as that leads. And a point where f > φ, if nowhere on the mesh |f| > φ, is outside the mesh: along
//! its line of the proof's vector field f only rises, so that the line does not meet the mesh. So from a point of the surface it
//! is no farther than φ/m to the mesh either.

use super::facets::Facets;
use super::octree::{BoxSides, Octree};
use super::{grown, pruned};
use crate::measure::cone::{direction, rise};
use crate::mesh::Point;
use crate::number::Interval;
use crate::tape::{Branches, Tape, Tracer};
use rayon::prelude::*;

/// A box in which f and the mesh rise, and the triangles that meet it.
pub(super) struct Rising {
    pub sides: BoxSides,
    pub triangles: Vec<u32>,
}

/// A distance that is good enough, and the size of pieces that are not cut further, in cells.
const ENOUGH: f64 = 0.03;
const SMALLEST: f64 = 0.05;
/// How much more than in its middle |f| may be on a piece that is not cut further.
const SHARP: f64 = 1.5;
/// How far it is looked for at first, and the farthest, in cells.
const REACH: f64 = 0.06;
const FARTHEST: f64 = 0.5;
/// The side of a box of the surface that is not cut for a better bound, in cells.
const SMALL: f64 = 0.6;
/// What is allowed for rounding, in parts of a coordinate.
const ROUNDING: f64 = 1e-13;
/// How many branches are looked at.
const BRANCHES: usize = 64;

/// How far from the surface a piece of the mesh is at most.
#[derive(Clone, Copy, Default)]
struct Off {
    distance: f64,
    /// The most that |f| is on it.
    most: f64,
    /// What |f| is in its middle.
    middle: f64,
}

impl Off {
    fn take(&mut self, other: &Off) {
        self.distance = self.distance.max(other.distance);
        self.most = self.most.max(other.most);
    }

    /// Whether cutting it smaller would bring little.
    fn is_sharp(&self) -> bool {
        self.most <= SHARP * self.middle
    }
}

/// Bounds on the distance from any point of the mesh to the surface, and from any of the surface to the mesh; none where some
/// was not found.
pub(super) fn hausdorff(tape: &Tape, rising: &[Rising], facets: &Facets, cell: f64) -> Option<[f64; 2]> {
    let enough = |part: &Rising| pruned(tape, &grown(&part.sides, FARTHEST * cell));
    let on_mesh = rising.par_iter().map(|part| {
        let tape = enough(part);
        part.triangles.iter().try_fold(Off::default(), |mut most, &triangle| {
            let polygon = clipped(&facets.mesh.corners(triangle as usize), &part.sides);
            most.take(&from_polygon(&tape, polygon, cell)?);
            Some(most)
        })
    });
    let join = |mut a: Off, b: Off| {
        a.take(&b);
        Some(a)
    };
    let off = on_mesh.try_reduce(Off::default, join)?;
    let on_surface = rising.par_iter().map(|part| to_mesh(&enough(part), &part.sides, &off, cell));
    let to_mesh = on_surface.try_reduce(|| 0.0, |a: f64, b: f64| Some(a.max(b)))?;
    Some([off.distance, to_mesh])
}

/// How far it is from a piece of a triangle to the surface at most, and how far f is from 0 on it.
fn from_polygon(tape: &Tape, polygon: Vec<Point>, cell: f64) -> Option<Off> {
    let mut open = vec![polygon];
    let mut most = Off::default();
    while let Some(polygon) = open.pop() {
        if polygon.is_empty() {
            continue;
        }
        let within = around(&polygon);
        let size = within.iter().map(|side| side.width()).fold(0.0, f64::max);
        let is_small = size <= SMALLEST * cell;
        match off(tape, &polygon, &within, REACH * cell) {
            Some(found) if found.distance <= ENOUGH * cell || found.is_sharp() || is_small => {
                most.take(&found)
            }
            _ if is_small => most.take(&off(tape, &polygon, &within, FARTHEST * cell)?),
            _ => {
                let axis = (0..3).max_by(|&a, &b| within[a].width().total_cmp(&within[b].width()))?;
                let middle = within[axis].middle();
                open.extend([1.0, -1.0].map(|way| half(&polygon, axis, middle, way)));
            }
        }
    }
    Some(most)
}

/// The same of a piece that is not cut, if it is no farther than so much.
fn off(tape: &Tape, polygon: &[Point], within: &BoxSides, reach: f64) -> Option<Off> {
    let sides = grown(within, reach);
    let tape = pruned(tape, &sides);
    let mut branches = Branches::new(&tape);
    let slopes = branches.over(sides, BRANCHES)?;
    let way = direction(slopes.iter())?;
    let rate = slopes.iter().map(|slope| rise(way, slope).lo()).fold(f64::INFINITY, f64::min);
    // In the triangle's plane, along which f hardly changes.
    let mean = |n: usize| polygon.iter().map(|corner| corner[n]).sum::<f64>() / polygon.len() as f64;
    let middle = [0, 1, 2].map(|n| Interval::point(mean(n)));
    let at = Tracer::new(&tape).over([middle[0], middle[1], middle[2], Interval::point(0.0)])[0];
    // Of a straight line the most is at an end, and f is within those of all slopes there may be (Lebourg's mean values).
    let along = |corner: &Point, slope: &[Interval; 3]| {
        let term = |n: usize| slope[n] * (Interval::point(corner[n]) - middle[n]);
        (term(0) + term(1) + term(2)).largest()
    };
    let farthest = slopes.iter().flat_map(|slope| polygon.iter().map(|corner| along(corner, slope)));
    // The polygon's corners are rounded.
    let size = sides.iter().map(|side| side.largest()).fold(0.0, f64::max);
    let steepest = slopes.iter().flatten().map(|slope| slope.largest()).fold(0.0, f64::max);
    let most = farthest.fold(0.0, f64::max) + at.largest() + ROUNDING * size * steepest;
    let distance = most / rate * (1.0 + 1e-9);
    (distance <= reach).then_some(Off { distance, most, middle: at.largest() })
}

/// How far it is to the mesh from the surface in a box.
fn to_mesh(tape: &Tape, sides: &BoxSides, off: &Off, cell: f64) -> Option<f64> {
    let mut open = vec![*sides];
    let mut farthest = 0.0f64;
    while let Some(sides) = open.pop() {
        let [x, y, z] = sides;
        let value = Tracer::new(tape).over([x, y, z, Interval::point(0.0)])[0];
        if !value.contains(0.0) {
            continue;
        }
        let wide = [REACH, FARTHEST].into_iter().find_map(|reach| {
            rate(tape, &grown(&sides, reach * cell)).and_then(|rate| {
                let distance = off.most / rate * (1.0 + 1e-9);
                (distance <= reach * cell).then_some(distance)
            })
        });
        let side = sides[0].width();
        match wide {
            // In a large box f may rise slowly along its one direction, though it is steep everywhere.
            Some(distance) if distance <= SHARP * off.distance || side < SMALL * cell => {
                farthest = farthest.max(distance);
            }
            None if side < SMALLEST * cell => return None,
            _ => {
                let mut tree = Octree::new(sides);
                tree.split(0);
                open.extend(&tree.sides[1..]);
            }
        }
    }
    Some(farthest)
}

/// How fast f rises at least along a direction in a box.
fn rate(tape: &Tape, sides: &BoxSides) -> Option<f64> {
    let mut branches = Branches::new(&pruned(tape, sides));
    let slopes = branches.over(*sides, BRANCHES)?;
    let way = direction(slopes.iter())?;
    Some(slopes.iter().map(|slope| rise(way, slope).lo()).fold(f64::INFINITY, f64::min))
}

fn around(polygon: &[Point]) -> BoxSides {
    [0, 1, 2].map(|n| {
        let hull = |hull: Interval, corner: &Point| hull.hull(Interval::point(corner[n]));
        polygon.iter().fold(Interval::point(polygon[0][n]), hull)
    })
}

/// The part of a triangle in a box, and what rounding adds.
fn clipped(corners: &[Point; 3], sides: &BoxSides) -> Vec<Point> {
    let mut polygon = corners.to_vec();
    for axis in 0..3 {
        for (way, end) in [(1.0, sides[axis].lo()), (-1.0, sides[axis].hi())] {
            polygon = half(&polygon, axis, end - way * 1e-9 * sides[axis].width(), way);
        }
    }
    polygon
}

/// The part of a convex polygon above a plane, or below it.
fn half(polygon: &[Point], axis: usize, at: f64, way: f64) -> Vec<Point> {
    let above = |p: &Point| way * (p[axis] - at);
    let mut part = Vec::with_capacity(polygon.len() + 1);
    for (n, p) in polygon.iter().enumerate() {
        let next = &polygon[(n + 1) % polygon.len()];
        let (here, there) = (above(p), above(next));
        if here >= 0.0 {
            part.push(*p);
        }
        if (here > 0.0) != (there > 0.0) && here != there {
            let s = here / (here - there);
            part.push([0, 1, 2].map(|n| p[n] + s * (next[n] - p[n])));
        }
    }
    part
}
