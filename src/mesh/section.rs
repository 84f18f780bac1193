//! A solid's outline in a plane: closed loops, for what is cut, routed and drawn.
//!
//! The solid is extracted in a slab about the plane, and its mesh is cut there: since that is closed and a manifold, every
//! edge across the plane is left by one segment and reached by another, so that the segments are closed loops. Their points
//! are then moved onto the surface within the plane, by Newton's steps, and those on straight lines are left out (Ramer
//! 1972, Douglas & Peucker 1973).

mod files;

pub use files::OutlineFormat;

use super::{Extraction, Mesh};
use crate::error::{Error, Result};
use crate::field::{Axis, Field};
use crate::measure::Bounds;
use crate::tape::Coordinates;
use std::collections::HashMap;

/// How many cells the slab is thick, on each side of the plane.
const MARGIN: f64 = 2.0;
/// How often a point is moved towards the surface.
const STEPS: usize = 4;

/// A solid's outline in a plane across an axis of space.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Section {
    /// The axes across and up the plane: the two that it is not across, in their order.
    pub axes: [Axis; 2],
    /// Closed loops, the first point not repeated: counter-clockwise about the solid, clockwise about holes.
    pub loops: Vec<Vec<[f64; 2]>>,
}

impl Section {
    /// The area within: of the loops about the solid, less that of holes.
    pub fn area(&self) -> f64 {
        let turn = |[a, b]: [f64; 2], [c, d]: [f64; 2]| (a * d - b * c) / 2.0;
        self.loops.iter().map(|points| sides(points).map(|[from, to]| turn(from, to)).sum::<f64>()).sum()
    }

    /// The length of all loops.
    pub fn length(&self) -> f64 {
        let length = |[from, to]: [[f64; 2]; 2]| (to[0] - from[0]).hypot(to[1] - from[1]);
        self.loops.iter().map(|points| sides(points).map(length).sum::<f64>()).sum()
    }
}

/// The sides of a closed loop.
fn sides(points: &[[f64; 2]]) -> impl Iterator<Item = [[f64; 2]; 2]> {
    points.iter().zip(points.iter().cycle().skip(1)).map(|(&from, &to)| [from, to])
}

impl Mesh {
    /// The outline of a closed mesh where a coordinate of space has a value. An error if the mesh is open there, or for time.
    ///
    /// ```
    /// use fieldgrad::field::Axis;
    /// use fieldgrad::mesh::Mesh;
    ///
    /// let corners = vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    /// let mesh = Mesh::new(corners, vec![[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])?;
    /// let section = mesh.section(Axis::Z, 0.5)?;
    /// assert_eq!((section.loops.len(), section.area()), (1, 0.125));
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn section(&self, axis: Axis, at: f64) -> Result<Section> {
        let across = match axis {
            Axis::T => return Err(Error::Input("a section is across an axis of space".into())),
            axis => axis as usize,
        };
        let axes = [[Axis::Y, Axis::Z], [Axis::X, Axis::Z], [Axis::X, Axis::Y]][across];
        let is_above = |vertex: u32| self.vertices[vertex as usize][across] >= at;
        let mut points: Vec<[f64; 2]> = Vec::new();
        let mut numbers: HashMap<[u32; 2], usize> = HashMap::new();
        let mut next: Vec<Option<usize>> = Vec::new();
        for corners in &self.triangles {
            let edges = [0, 1, 2].map(|n| [corners[n], corners[(n + 1) % 3]]);
            let mut number_of = |is_up: bool| {
                let edge =
                    edges.into_iter().find(|&[from, to]| is_above(from) != is_up && is_above(to) == is_up)?;
                let edge = if edge[0] < edge[1] { edge } else { [edge[1], edge[0]] };
                Some(*numbers.entry(edge).or_insert_with(|| {
                    let [from, to] = edge.map(|vertex| self.vertices[vertex as usize]);
                    let part = (at - from[across]) / (to[across] - from[across]);
                    points.push(
                        axes.map(|axis| {
                            from[axis as usize] + part * (to[axis as usize] - from[axis as usize])
                        }),
                    );
                    next.push(None);
                    points.len() - 1
                }))
            };
            // Seen from above, the solid is to the left of who goes from the edge down to the edge up.
            if let (Some(down), Some(up)) = (number_of(false), number_of(true)) {
                next[down] = Some(up);
            }
        }
        let mut loops = Vec::new();
        for start in 0..points.len() {
            let (mut own, mut at) = (Vec::new(), start);
            while let Some(following) = next[at].take() {
                own.push(points[at]);
                at = following;
            }
            if at != start {
                return Err(Error::Input(
                    "the mesh is open in that plane, which has no outline there".into(),
                ));
            }
            // From above, x goes to the left of z where the plane is across y.
            if axis == Axis::Y {
                own.reverse();
            }
            if own.len() > 2 {
                loops.push(own);
            }
        }
        Ok(Section { axes, loops })
    }
}

impl Field {
    /// The outline of a solid where a coordinate of space has a value. An error if it is unbounded and no bounds are given,
    /// or for time.
    ///
    /// ```
    /// use fieldgrad::field::Axis;
    /// use fieldgrad::mesh::Extraction;
    /// use fieldgrad::prelude::*;
    ///
    /// let section = torus(1.0, 0.25).section(Axis::Y, 0.0, &Extraction::default())?;
    /// let area = std::f64::consts::PI * (1.25f64.powi(2) - 0.75f64.powi(2));
    /// assert!(section.loops.len() == 2 && (section.area() - area).abs() < 0.01);
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn section(&self, axis: Axis, at: f64, options: &Extraction) -> Result<Section> {
        let across = axis as usize;
        if across > 2 || !at.is_finite() {
            return Err(Error::Input(format!("a section where {} is {at}", axis.name())));
        }
        let found = || self.bounds((options.time, options.time));
        let empty = || Mesh::default().section(axis, at);
        let Some(Bounds { mut min, mut max }) = options.bounds.map_or_else(found, |own| Ok(Some(own)))?
        else {
            return empty();
        };
        if !(min[across] < at && at < max[across]) {
            return empty();
        }
        let longest = (0..3).map(|axis| max[axis] - min[axis]).fold(0.0, f64::max);
        let cell = longest / options.resolution.max(1) as f64;
        // The sides of a solid that was found to be bounded are no part of it: they may lie in its surface.
        if options.bounds.is_none() {
            (0..3).for_each(|axis| (min[axis], max[axis]) = (min[axis] - cell, max[axis] + cell));
        }
        // The longest side stays as long as it is, and cells as large, where it is not the slab's.
        (min[across], max[across]) = (at - MARGIN * cell, at + MARGIN * cell);
        let in_plane = (0..3).map(|axis| max[axis] - min[axis]).fold(0.0, f64::max);
        let resolution = ((in_plane / cell).ceil() as usize).max(1);
        let asked = options.clone().bounds(Bounds { min, max }).resolution(resolution);
        let found = self.extract(&asked)?;
        let mut section = found.mesh.section(axis, at)?;
        section.settle(self, at, options.time, found.cell)?;
        section.loops =
            section.loops.iter().map(|points| simplified(points, options.tolerance * cell)).collect();
        section.loops.retain(|points| points.len() > 2);
        Ok(section)
    }
}

impl Section {
    /// Moves points onto the surface within the plane, each by less than a cell, and only where it gets nearer.
    fn settle(&mut self, field: &Field, at: f64, t: f64, cell: f64) -> Result<()> {
        let tape = field.gradient_tape()?;
        let axes = self.axes.map(|axis| axis as usize);
        let mut points: Vec<[f64; 3]> = Vec::new();
        for &[u, v] in self.loops.iter().flatten() {
            let mut point = [at; 3];
            (point[axes[0]], point[axes[1]]) = (u, v);
            points.push(point);
        }
        if points.is_empty() {
            return Ok(());
        }
        let starts = points.clone();
        let mut best: Vec<f64> = vec![f64::INFINITY; points.len()];
        let mut settled = points.clone();
        for _ in 0..STEPS {
            let columns = tape.eval(Coordinates::from(&points[..]).at_time(t));
            for (n, point) in points.iter_mut().enumerate() {
                let value = columns[0][n];
                if value.abs() < best[n] {
                    (best[n], settled[n]) = (value.abs(), *point);
                }
                let slopes = axes.map(|axis| columns[1 + axis][n]);
                let steepness = slopes[0] * slopes[0] + slopes[1] * slopes[1];
                let step = if steepness > 0.0 { value / steepness } else { 0.0 };
                for (axis, slope) in axes.into_iter().zip(slopes) {
                    let moved = point[axis] - step * slope;
                    if (moved - starts[n][axis]).abs() < 0.5 * cell {
                        point[axis] = moved;
                    }
                }
            }
        }
        for (point, settled) in self.loops.iter_mut().flatten().zip(settled) {
            *point = axes.map(|axis| settled[axis]);
        }
        Ok(())
    }
}

/// A loop without the points that lie within a distance of the lines between others.
fn simplified(points: &[[f64; 2]], tolerance: f64) -> Vec<[f64; 2]> {
    let count = points.len();
    // What is farthest from a point is a corner: from one, and the one farthest from it, on.
    let farthest = |points: &[[f64; 2]]| {
        let far = |n: &usize| (points[*n][0] - points[0][0]).hypot(points[*n][1] - points[0][1]);
        (0..count).max_by(|a, b| far(a).total_cmp(&far(b))).unwrap_or(0)
    };
    let mut points = points.to_vec();
    let corner = farthest(&points);
    points.rotate_left(corner);
    let opposite = farthest(&points);
    let mut stays = vec![false; count];
    (stays[0], stays[opposite]) = (true, true);
    let mut open = vec![[0, opposite], [opposite, count]];
    while let Some([from, to]) = open.pop() {
        let (a, b) = (points[from], points[to % count]);
        let along = [b[0] - a[0], b[1] - a[1]];
        let length = along[0].hypot(along[1]);
        let off = |n: &usize| {
            let at = [points[*n][0] - a[0], points[*n][1] - a[1]];
            match length > 0.0 {
                true => (along[0] * at[1] - along[1] * at[0]).abs() / length,
                false => at[0].hypot(at[1]),
            }
        };
        let worst = (from + 1..to).max_by(|a, b| off(a).total_cmp(&off(b)));
        if let Some(worst) = worst.filter(|worst| off(worst) > tolerance) {
            stays[worst] = true;
            open.extend([[from, worst], [worst, to]]);
        }
    }
    points.iter().zip(stays).filter(|(_, stays)| *stays).map(|(&point, _)| point).collect()
}
