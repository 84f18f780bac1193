//! How vertices slide along the surface as it moves: so that edges keep their lengths as well as they can.
//!
//! The sheets of a vertex say how it moves across them. Along them it may go anywhere, and goes so that the squares of the rates
//! at which edges are strained have the least sum: motions of rigid parts are found as what they are (an as-Killing-as-possible
//! field: Solomon, Ben-Chen, Butscher & Guibas, "As-Killing-As-Possible Vector Fields for Planar Deformation", 2011). A little of
//! the differences themselves is added, which settles the rest. Solved by conjugate gradients.

use crate::mesh::{Mesh, Point, VertexMotion, dot, minus};
use std::collections::HashMap;

/// The weight of differences of velocities beside rates of lengths.
const EVEN: f64 = 0.02;
/// How much more than others an edge may count.
const STIFF: f64 = 1e3;
/// How often conjugate gradients are turned at most, and how much less of the rest is enough.
const TURNS: usize = 250;
const ENOUGH: f64 = 1e-4;

/// Velocities with which the vertices stay on their sheets, and that distort the mesh little.
pub(super) fn velocities(mesh: &Mesh, motion: &VertexMotion) -> Vec<Point> {
    let across = motion.velocities();
    let edges = edges(mesh);
    let along = |of: &mut Vec<Point>| {
        of.iter_mut().enumerate().for_each(|(n, own)| *own = motion.along_sheets(n, *own));
    };
    // The energy's slope in each velocity.
    let slope = |of: &[Point]| {
        let mut sums = vec![[0.0; 3]; of.len()];
        for &CarriedEdge { ends: [a, b], way, weight } in &edges {
            let by = minus(of[a], of[b]);
            let longer = dot(way, by);
            for n in 0..3 {
                let part = weight * (longer * way[n] + EVEN * by[n]);
                sums[a][n] += part;
                sums[b][n] -= part;
            }
        }
        along(&mut sums);
        sums
    };
    let sum = |a: &[Point], b: &[Point]| a.iter().zip(b).map(|(a, b)| dot(*a, *b)).sum::<f64>();
    let add = |to: &mut [Point], by: f64, of: &[Point]| {
        to.iter_mut().zip(of).for_each(|(to, of)| (0..3).for_each(|n| to[n] += by * of[n]));
    };
    let mut found = across;
    let mut rest: Vec<Point> = slope(&found).into_iter().map(|own| own.map(|x| -x)).collect();
    let mut way = rest.clone();
    let first = sum(&rest, &rest);
    let mut square = first;
    for _ in 0..TURNS {
        if square <= ENOUGH * ENOUGH * first || square == 0.0 {
            break;
        }
        let turned = slope(&way);
        let bend = sum(&way, &turned);
        if bend <= 0.0 || bend.is_nan() {
            break;
        }
        add(&mut found, square / bend, &way);
        add(&mut rest, -square / bend, &turned);
        let next = sum(&rest, &rest);
        let kept = next / square;
        way.iter_mut()
            .zip(&rest)
            .for_each(|(way, rest)| (0..3).for_each(|n| way[n] = rest[n] + kept * way[n]));
        square = next;
    }
    found
}

/// An edge: its ends, its direction, and what a change of its length counts.
struct CarriedEdge {
    ends: [usize; 2],
    way: Point,
    weight: f64,
}

/// The edges, each once. A rate of strain counts by the area of the triangles beside: short edges are stiff.
fn edges(mesh: &Mesh) -> Vec<CarriedEdge> {
    let mut numbers: HashMap<(u32, u32), usize> = HashMap::new();
    let mut found: Vec<CarriedEdge> = Vec::new();
    for (triangle, corners) in mesh.triangles.iter().enumerate() {
        let area = mesh.triangle_area(triangle);
        for n in 0..3 {
            let (a, b) = (corners[n].min(corners[(n + 1) % 3]), corners[n].max(corners[(n + 1) % 3]));
            let number = *numbers.entry((a, b)).or_insert_with(|| {
                let ends = [a as usize, b as usize];
                found.push(CarriedEdge {
                    ends,
                    way: minus(mesh.vertices[ends[0]], mesh.vertices[ends[1]]),
                    weight: 0.0,
                });
                found.len() - 1
            });
            found[number].weight += area;
        }
    }
    for edge in &mut found {
        let square = dot(edge.way, edge.way).max(f64::MIN_POSITIVE);
        edge.way = edge.way.map(|x| x / square.sqrt());
        edge.weight = (edge.weight / square).clamp(1.0 / STIFF, STIFF);
    }
    found
}
