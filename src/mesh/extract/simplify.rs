//! Fewer triangles where the surface is flat: vertices taken away by collapsing edges, within a tolerance.
//!
//! A vertex is moved onto a neighbour and gone; the others stay where they are, on the surface and on its creases. A
//! collapse is left out where the mesh would no longer be a manifold (the link condition, Dey et al., "Topology preserving
//! edge contraction", 1999), where a triangle would turn over or lose its area, and where what was taken away, now and
//! before, would lie farther from the triangles than the tolerance. Whether triangles far apart along the surface meet is
//! looked at when all is done: vertices where they do are kept, and it is done again from the beginning.

use super::stars::{GONE, Stars, flatness, normal_of};
use crate::mesh::Point;
use crate::mesh::exact::are_collinear;
use crate::mesh::intersect::BoxTree;
use crate::mesh::{Mesh, cross, dot, minus};
use crate::task;
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How far a triangle may turn from where it faced to begin with: the cosine.
const TURN: f64 = 0.5;
/// How much the triangles about a triangle count in where it faces, in parts of their area: only those without much area of
/// their own, whose normals are rounding, face as the others do.
const SHARE: f64 = 0.01;
/// The least height of a triangle that a collapse makes, in parts of its longest side, unless one was as flat before.
const FLATTEST: f64 = 0.01;
/// How far a vertex may be moved off the planes that were about it, in tolerances: on a bend it is four times as far as the
/// bend rises above the edge that remains.
const TILT: f64 = 4.0;
/// How often it is done again with more vertices kept, before all is left as it was.
const ATTEMPTS: usize = 6;

/// The mesh with fewer triangles, none of them farther from the vertices taken away than a tolerance. The mesh must be a
/// closed manifold; what comes back is one too, and does not meet itself. None, where it still does with all vertices kept
/// about where it does: then the mesh itself meets there.
pub(super) fn simplified(mesh: &Mesh, tolerance: f64) -> Option<Mesh> {
    let mut kept = vec![false; mesh.vertices.len()];
    for _ in 0..ATTEMPTS {
        let found = Collapsing::new(mesh, &kept, tolerance).run();
        if task::is_given_up() {
            return None;
        }
        let meetings = found.self_intersections();
        if meetings.is_empty() {
            return Some(found);
        }
        // All that was taken away about triangles that meet.
        let mut lost: Vec<[Point; 2]> = Vec::new();
        for triangle in meetings.into_iter().flatten() {
            let corners = found.corners(triangle);
            let reach = 4.0 * tolerance;
            let end = |up: bool| {
                [0, 1, 2].map(|axis| {
                    let all = corners.map(|corner| corner[axis]);
                    if up {
                        all.into_iter().fold(f64::MIN, f64::max) + reach
                    } else {
                        all.into_iter().fold(f64::MAX, f64::min) - reach
                    }
                })
            };
            lost.push([end(false), end(true)]);
        }
        let lost = BoxTree::of(lost);
        kept.par_iter_mut().zip(&mesh.vertices).for_each(|(kept, vertex)| {
            lost.visit([*vertex; 2], &mut |_| *kept = true);
        });
    }
    None
}

/// Planes, each counted by its triangle's area: the mean square of a point's distance to them is a quadric (Garland &
/// Heckbert, "Surface simplification using quadric error metrics", 1997).
#[derive(Clone, Copy, Default)]
struct Planes {
    /// Above the diagonal too: the products of normals, of normals and distances, of distances.
    squares: [f64; 6],
    mixed: Point,
    rest: f64,
    weight: f64,
}

impl Planes {
    fn of(corners: [Point; 3]) -> Planes {
        let long = normal_of(corners);
        let size = dot(long, long).sqrt();
        if size == 0.0 {
            return Planes::default();
        }
        let n = long.map(|x| x / size);
        let d = -dot(n, corners[0]);
        let squares = [n[0] * n[0], n[1] * n[1], n[2] * n[2], n[0] * n[1], n[1] * n[2], n[2] * n[0]];
        let weight = 0.5 * size;
        Planes {
            squares: squares.map(|x| weight * x),
            mixed: n.map(|x| weight * d * x),
            rest: weight * d * d,
            weight,
        }
    }

    fn add(&mut self, other: &Planes) {
        (0..6).for_each(|n| self.squares[n] += other.squares[n]);
        (0..3).for_each(|n| self.mixed[n] += other.mixed[n]);
        self.rest += other.rest;
        self.weight += other.weight;
    }

    /// The mean square of the distances from a point.
    fn mean_square(&self, p: Point) -> f64 {
        let [xx, yy, zz, xy, yz, zx] = self.squares;
        let [x, y, z] = p;
        let sum = xx * x * x + yy * y * y + zz * z * z + 2.0 * (xy * x * y + yz * y * z + zx * z * x);
        (sum + 2.0 * dot(self.mixed, p) + self.rest).max(0.0) / self.weight.max(f64::MIN_POSITIVE)
    }
}

struct Collapsing<'a> {
    /// What planes are counted from.
    middle: Point,
    places: &'a [Point],
    kept: &'a [bool],
    tolerance: f64,
    /// Distances that are only rounding.
    rounding: f64,
    stars: Stars,
    /// Where each triangle faced to begin with.
    facing: Vec<Point>,
    /// How far from the surface at most what was moved onto a vertex may be.
    off: Vec<f64>,
    /// The planes of all triangles that were about a vertex, and what was moved onto it, to begin with.
    planes: Vec<Planes>,
    /// How often what is about a vertex has changed.
    changes: Vec<u32>,
}

/// A collapse that may be made: how bad it is, and onto which vertex.
type Choice = (f64, u32);

impl Collapsing<'_> {
    fn new<'a>(mesh: &'a Mesh, kept: &'a [bool], tolerance: f64) -> Collapsing<'a> {
        let stars = Stars::of(mesh);
        let largest = mesh.vertices.iter().flatten().fold(0.0f64, |most, x| most.max(x.abs()));
        let middle = mesh.vertices.first().copied().unwrap_or_default();
        let mut planes = vec![Planes::default(); stars.around.len()];
        for n in 0..mesh.triangles.len() {
            let of = Planes::of(mesh.corners(n).map(|corner| minus(corner, middle)));
            mesh.triangles[n].iter().for_each(|&corner| planes[corner as usize].add(&of));
        }
        let normals: Vec<Point> =
            (0..mesh.triangles.len()).into_par_iter().map(|n| normal_of(mesh.corners(n))).collect();
        let sum = |of: &Vec<u32>| {
            of.iter().fold([0.0; 3], |sum, &n| [0, 1, 2].map(|axis| sum[axis] + normals[n as usize][axis]))
        };
        let sums: Vec<Point> = stars.around.par_iter().map(sum).collect();
        let facing = (0..normals.len()).into_par_iter().map(|n| {
            let [a, b, c] = mesh.triangles[n].map(|corner| sums[corner as usize]);
            [0, 1, 2].map(|axis| normals[n][axis] + SHARE * (a[axis] + b[axis] + c[axis]))
        });
        Collapsing {
            facing: facing.collect(),
            middle,
            planes,
            places: &mesh.vertices,
            kept,
            tolerance,
            rounding: 2.0 * f64::from(f32::EPSILON) * largest,
            off: vec![0.0; stars.around.len()],
            changes: vec![0; stars.around.len()],
            stars,
        }
    }

    /// Collapses all that may be, the least bad first; the mesh that is left.
    fn run(mut self) -> Mesh {
        let choices: Vec<Option<Choice>> =
            (0..self.stars.around.len() as u32).into_par_iter().map(|vertex| self.choice(vertex)).collect();
        // Numbers that are not negative are in the order of their bits. A vertex is queued once: where what is about it has
        // changed since, it is looked at anew in its turn.
        let entry =
            |vertex: u32, (cost, onto): Choice, change: u32| Reverse((cost.to_bits(), vertex, onto, change));
        let mut queued: Vec<bool> = choices.iter().map(Option::is_some).collect();
        let all = (0..).zip(choices).filter_map(|(n, choice)| Some(entry(n, choice?, 0)));
        let mut heap: BinaryHeap<_> = all.collect();
        let last = self.tolerance * self.tolerance;
        let mut changed = Vec::new();
        let mut steps = 0u32;
        while let Some(Reverse((_, vertex, onto, change))) = heap.pop() {
            steps = steps.wrapping_add(1);
            if steps.is_multiple_of(4096) && task::is_given_up() {
                break;
            }
            queued[vertex as usize] = false;
            let now = self.changes[vertex as usize];
            if self.stars.around[vertex as usize].is_empty() {
                continue;
            }
            if change != now {
                if let Some(choice) = self.choice(vertex) {
                    heap.push(entry(vertex, choice, now));
                    queued[vertex as usize] = true;
                }
                continue;
            }
            self.collapse(vertex, onto, &mut changed);
            for &other in &changed {
                self.changes[other as usize] += 1;
                if !queued[other as usize] && !self.kept[other as usize] {
                    // There was no way before, and there may be one now.
                    heap.push(entry(other, (last, onto), u32::MAX));
                    queued[other as usize] = true;
                }
            }
        }
        self.stars.left(self.places)
    }

    /// The least bad collapse of a vertex onto a neighbour.
    fn choice(&self, vertex: u32) -> Option<Choice> {
        if self.kept[vertex as usize] {
            return None;
        }
        let neighbours = self.stars.neighbours(vertex);
        let mut best: Option<Choice> = None;
        for &onto in &neighbours {
            if let Some(cost) =
                self.cost(vertex, onto, &neighbours, best.map_or(f64::INFINITY, |best| best.0))
                && best.is_none_or(|best| (cost, onto) < best)
            {
                best = Some((cost, onto));
            }
        }
        best
    }

    /// How bad it is to move a vertex onto a neighbour, if that may be, and is less bad than `most`.
    fn cost(&self, vertex: u32, onto: u32, neighbours: &[u32], most: f64) -> Option<f64> {
        let place = |n: u32| self.places[n as usize];
        let (from, to) = (place(vertex), place(onto));
        let along = minus(to, from);
        // Among those that cost nothing else the nearest first.
        let length = 1e-9 * dot(along, along);
        if length >= most {
            return None;
        }
        let (mut nearest, mut rest) = (f64::INFINITY, 0);
        for &triangle in &self.stars.around[vertex as usize] {
            let corners = self.stars.triangles[triangle as usize];
            if corners.contains(&onto) {
                continue;
            }
            rest += 1;
            let before = corners.map(place);
            let after = corners.map(|corner| if corner == vertex { to } else { place(corner) });
            let (normal, was) = (normal_of(after), normal_of(before));
            let facing = self.facing[triangle as usize];
            let sizes = dot(normal, normal) * dot(facing, facing);
            let turn = dot(normal, facing);
            if !(turn > 0.0 && turn * turn > TURN * TURN * sizes) {
                return None;
            }
            if flatness(after, normal) < FLATTEST.min(flatness(before, was))
                || are_collinear(after[0], after[1], after[2])
            {
                return None;
            }
            nearest = nearest.min(distance_to(from, after));
        }
        // Not off the planes it came from: else a triangle might turn a little at each step, and far in the end.
        let tilt = self.planes[vertex as usize].mean_square(minus(to, self.middle));
        if tilt > (TILT * self.tolerance + self.rounding).powi(2) {
            return None;
        }
        if rest < 1 || !self.stars.may_collapse(neighbours, onto) {
            return None;
        }
        let distance = (nearest - self.rounding).max(0.0);
        let off = self.off[vertex as usize] + distance;
        (off <= self.tolerance).then_some(off * off + tilt / (TILT * TILT) + length)
    }

    /// Moves a vertex onto a neighbour, and tells about which vertices that changed something.
    fn collapse(&mut self, vertex: u32, onto: u32, changed: &mut Vec<u32>) {
        let from = self.places[vertex as usize];
        let own = std::mem::take(&mut self.stars.around[vertex as usize]);
        let planes = self.planes[vertex as usize];
        self.planes[onto as usize].add(&planes);
        let mut nearest = f64::INFINITY;
        for triangle in own {
            let corners = self.stars.triangles[triangle as usize];
            if corners.contains(&onto) {
                for corner in corners.into_iter().filter(|&corner| corner != vertex) {
                    self.stars.around[corner as usize].retain(|&other| other != triangle);
                }
                self.stars.triangles[triangle as usize] = GONE;
            } else {
                let moved = corners.map(|corner| if corner == vertex { onto } else { corner });
                self.stars.triangles[triangle as usize] = moved;
                self.stars.around[onto as usize].push(triangle);
                nearest = nearest.min(distance_to(from, moved.map(|corner| self.places[corner as usize])));
            }
        }
        let off = self.off[vertex as usize] + (nearest - self.rounding).max(0.0);
        self.off[onto as usize] = self.off[onto as usize].max(off);
        *changed = self.stars.neighbours(onto);
        changed.push(onto);
    }
}

/// The distance of a point to a triangle (Ericson, "Real-time collision detection", 2005, 5.1.5).
fn distance_to(p: Point, [a, b, c]: [Point; 3]) -> f64 {
    let between = |s: f64, from: Point, by: Point| [0, 1, 2].map(|n| from[n] + s * by[n]);
    let length = |q: Point| dot(minus(p, q), minus(p, q)).sqrt();
    let (ab, ac, ap) = (minus(b, a), minus(c, a), minus(p, a));
    let (d1, d2) = (dot(ab, ap), dot(ac, ap));
    if d1 <= 0.0 && d2 <= 0.0 {
        return length(a);
    }
    let bp = minus(p, b);
    let (d3, d4) = (dot(ab, bp), dot(ac, bp));
    if d3 >= 0.0 && d4 <= d3 {
        return length(b);
    }
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        return length(between(d1 / (d1 - d3), a, ab));
    }
    let cp = minus(p, c);
    let (d5, d6) = (dot(ab, cp), dot(ac, cp));
    if d6 >= 0.0 && d5 <= d6 {
        return length(c);
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        return length(between(d2 / (d2 - d6), a, ac));
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && d4 - d3 >= 0.0 && d5 - d6 >= 0.0 {
        return length(between((d4 - d3) / ((d4 - d3) + (d5 - d6)), b, minus(c, b)));
    }
    let normal = cross(ab, ac);
    dot(normal, ap).abs() / dot(normal, normal).sqrt()
}
