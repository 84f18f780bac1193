//! How far a point of one surface is at most from another: bounds on the one-sided Hausdorff distance.
//!
//! Triangles are cut where the bound from above is largest, until it is near enough to the farthest point found
//! (branch and bound, as Tang, Lee and Kim 2009 do).

use crate::error::Result;
use crate::mesh::{Distance, Mesh, cross, dot, minus};
use crate::task;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// How many triangles are cut at most: the bounds are as far apart then as they are.
const MAX_CUTS: usize = 200_000;
/// The most that rounding takes off a distance, in parts of the meshes' size.
const ROUNDING: f64 = 1e-13;

type TriangleCorners = [[f64; 3]; 3];

/// A part of a triangle, and how far from the other surface its points may be.
struct TrianglePiece {
    at_most: f64,
    corners: TriangleCorners,
    /// The distances of the corners and of the middle, and the triangles nearest to them.
    nearest: [(f64, usize); 4],
}

impl PartialEq for TrianglePiece {
    fn eq(&self, other: &TrianglePiece) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for TrianglePiece {}

impl PartialOrd for TrianglePiece {
    fn partial_cmp(&self, other: &TrianglePiece) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TrianglePiece {
    fn cmp(&self, other: &TrianglePiece) -> Ordering {
        self.at_most.total_cmp(&other.at_most)
    }
}

impl TrianglePiece {
    fn of(corners: TriangleCorners, [a, b, c]: [(f64, usize); 3], to: &Distance) -> TrianglePiece {
        let middle = std::array::from_fn(|axis| corners.iter().map(|corner| corner[axis]).sum::<f64>() / 3.0);
        let nearest = [a, b, c, nearest(to, middle)];
        // The distance to one triangle is convex: over these points it is largest at a corner.
        let to_one = |&(_, triangle): &(f64, usize)| {
            let one = to.mesh().corners(triangle);
            corners.iter().map(|&corner| to_triangle(corner, one)).fold(0.0, f64::max)
        };
        let at_most = nearest.iter().map(to_one).fold(f64::INFINITY, f64::min);
        TrianglePiece { at_most, corners, nearest }
    }

    /// The farthest of its points that were looked at.
    fn far(&self) -> f64 {
        self.nearest.iter().fold(0.0, |far, &(distance, _)| far.max(distance))
    }
}

fn nearest(to: &Distance, point: [f64; 3]) -> (f64, usize) {
    let closest = to.closest(point);
    (closest.distance.abs(), closest.triangle)
}

/// Bounds on the largest distance of a mesh's points from a surface, no farther apart than a tolerance where that can be
/// had.
pub(super) fn farthest(from: &Mesh, to: &Distance, tolerance: f64) -> Result<[f64; 2]> {
    let nearest = |point: [f64; 3]| nearest(to, point);
    let at_vertices: Vec<(f64, usize)> = from.vertices.par_iter().map(|&vertex| nearest(vertex)).collect();
    task::check()?;
    let whole = |n: usize| {
        let own = from.triangles[n].map(|vertex| at_vertices[vertex as usize]);
        TrianglePiece::of(from.corners(n), own, to)
    };
    let pieces: Vec<TrianglePiece> = (0..from.triangles.len()).into_par_iter().map(whole).collect();
    let mut found = pieces.iter().map(TrianglePiece::far).fold(0.0, f64::max);
    let mut open: BinaryHeap<TrianglePiece> =
        pieces.into_iter().filter(|piece| piece.at_most > found).collect();
    for cuts in 0..MAX_CUTS {
        if cuts % 1024 == 0 {
            task::check()?;
        }
        let Some(worst) = open.peek().filter(|worst| worst.at_most > found + tolerance) else { break };
        let ([a, b, c], [at_a, at_b, at_c, _]) = (worst.corners, worst.nearest);
        open.pop();
        let [ab, bc, ca] = [[a, b], [b, c], [c, a]].map(|[from, to]| middle(from, to));
        let [at_ab, at_bc, at_ca] = [ab, bc, ca].map(nearest);
        for (corners, at) in [
            ([a, ab, ca], [at_a, at_ab, at_ca]),
            ([ab, b, bc], [at_ab, at_b, at_bc]),
            ([ca, bc, c], [at_ca, at_bc, at_c]),
            ([ab, bc, ca], [at_ab, at_bc, at_ca]),
        ] {
            let piece = TrianglePiece::of(corners, at, to);
            found = found.max(piece.far());
            if piece.at_most > found {
                open.push(piece);
            }
        }
    }
    let at_most = open.peek().map_or(found, |worst| worst.at_most.max(found));
    let size = |mesh: &Mesh| mesh.vertices.iter().flatten().fold(0.0, |far: f64, x| far.max(x.abs()));
    let rounding = ROUNDING * size(from).max(size(to.mesh()));
    Ok([(found - rounding).max(0.0), at_most + rounding])
}

fn middle(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|axis| 0.5 * a[axis] + 0.5 * b[axis])
}

/// The distance from a point to a triangle.
fn to_triangle(point: [f64; 3], corners: TriangleCorners) -> f64 {
    let [a, b, c] = corners;
    let normal = cross(minus(b, a), minus(c, a));
    let edges = [[a, b], [b, c], [c, a]];
    let is_over =
        |[from, to]: &[[f64; 3]; 2]| dot(cross(minus(*to, *from), minus(point, *from)), normal) >= 0.0;
    let area = dot(normal, normal).sqrt();
    if area > 0.0 && edges.iter().all(is_over) {
        return (dot(minus(point, a), normal) / area).abs();
    }
    edges.map(|[from, to]| to_segment(point, from, to)).into_iter().fold(f64::INFINITY, f64::min)
}

fn to_segment(point: [f64; 3], from: [f64; 3], to: [f64; 3]) -> f64 {
    let (along, at) = (minus(to, from), minus(point, from));
    let length = dot(along, along);
    let part = if length > 0.0 { (dot(at, along) / length).clamp(0.0, 1.0) } else { 0.0 };
    let away: [f64; 3] = std::array::from_fn(|axis| at[axis] - part * along[axis]);
    dot(away, away).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn the_distance_to_a_triangle_is_the_least_over_its_points() {
        let mut random = Random(3);
        for _ in 0..300 {
            let mut draw = || -> [f64; 3] { std::array::from_fn(|_| random.between(-1.0, 1.0)) };
            let (point, corners) = (draw(), [draw(), draw(), draw()]);
            let found = to_triangle(point, corners);
            const STEPS: i32 = 60;
            let mut least = f64::INFINITY;
            for i in 0..=STEPS {
                for j in 0..=STEPS - i {
                    let [u, v] = [i, j].map(|n| f64::from(n) / f64::from(STEPS));
                    let at: [f64; 3] = std::array::from_fn(|axis| {
                        corners[0][axis] * (1.0 - u - v) + corners[1][axis] * u + corners[2][axis] * v
                    });
                    let away = minus(point, at);
                    least = least.min(dot(away, away).sqrt());
                }
            }
            assert!(found <= least + 1e-12 && least < found + 0.08, "{found} {least}");
        }
    }
}
