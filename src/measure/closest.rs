//! The point of the surface that is closest to a given one, by branch and bound on intervals (Snyder, "Interval analysis
//! for computer graphics", 1992). Uses tapes.

use super::slope::Slope;
use super::{Region, halves, look, unusable};
use crate::error::{Error, Result};
use crate::field::Field;
use crate::number::{Dual, Interval};
use crate::tape::{Machine, Tape};
use nalgebra::{Matrix4, Vector4};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// How far [`Field::closest_point`] looks.
const REACH: f64 = 1e6;
/// How many boxes are tried.
const BOXES: usize = 200_000;
/// Boxes that could bring the point closer by less than this, in parts of the distance, are left.
const CLOSE: f64 = 1e-12;

/// # The closest point of the surface
impl Field {
    /// The point of the surface f = 0 that is closest to (x, y, z), at the time t, looked for within 1e6 of it along
    /// each axis: see [`Field::closest_point_within`].
    #[track_caller]
    pub fn closest_point(&self, to: [f64; 4]) -> Result<[f64; 3]> {
        self.closest_point_within(to, REACH)
    }

    /// The point of the surface f = 0 that is closest to (x, y, z), at the time t, looked for in the cube of points
    /// that differ from it by at most `reach` in each coordinate. It may be inside the solid or outside.
    ///
    /// The point is the closest of all, not of a neighbourhood: boxes nearer than it are excluded by intervals, since f
    /// has no zero there or no gradient in the direction of the point asked about. It is then polished by Newton's
    /// method, to about 1e-10 where the surface is smooth. Where many points are equally close (the centre of a ball)
    /// any of them may be given; there the search ends after 200,000 boxes and the point is one that no neighbour beats.
    ///
    /// [`Error::Undefined`] where there is no surface within reach.
    #[track_caller]
    pub fn closest_point_within(&self, to: [f64; 4], reach: f64) -> Result<[f64; 3]> {
        self.tape()?.closest_point_within(to, reach)
    }
}

impl Tape {
    /// What [`Field::closest_point_within`] says of a field's tape, its parameters at the tape's values.
    #[track_caller]
    pub fn closest_point_within(&self, to: [f64; 4], reach: f64) -> Result<[f64; 3]> {
        if !(to.iter().all(|v| v.is_finite()) && reach > 0.0 && reach.is_finite()) {
            return Err(unusable("closest_point", "to", format!("{to:?} within {reach} is of no use")));
        }
        let tape = Arc::new(self.fixed([None; 4]));
        let [x, y, z, t] = to;
        let target = [x, y, z];
        let mut search = ClosestSearch { target, t, best: None };
        let side = |v: f64| Interval::new(v - reach, v + reach);
        let whole = [side(x), side(y), side(z), Interval::point(t)];
        let mut open: BinaryHeap<Near> = search.near(&tape, whole).into_iter().collect();
        for _ in 0..BOXES {
            let Some(near) = open.pop() else { break };
            if near.distance >= search.distance() * (1.0 - CLOSE)
                || near.size <= 1e-13 * (1.0 + super::hit::largest(target))
            {
                break;
            }
            search.try_from(&near);
            for part in halves(near.part, near.axis) {
                open.extend(search.near(&near.tape, part));
            }
        }
        let best = search.best.ok_or_else(|| {
            Error::Undefined(format!("no surface was found within {reach} of ({x}, {y}, {z}) at t = {t}"))
        })?;
        Ok(polish(&tape, target, t, best.1))
    }
}

/// A box that may hold the closest point.
struct Near {
    /// The least distance of its points.
    distance: f64,
    size: f64,
    axis: usize,
    part: Region,
    tape: Arc<Tape>,
}

impl Ord for Near {
    /// The nearest first, then the smallest.
    fn cmp(&self, other: &Near) -> Ordering {
        other.distance.total_cmp(&self.distance).then(other.size.total_cmp(&self.size))
    }
}

ranked!(Near);

struct ClosestSearch {
    target: [f64; 3],
    t: f64,
    /// The closest point of the surface so far, and its distance.
    best: Option<(f64, [f64; 3])>,
}

impl ClosestSearch {
    fn distance(&self) -> f64 {
        self.best.map_or(f64::INFINITY, |best| best.0)
    }

    /// The box, unless it cannot hold a point of the surface that is closest.
    fn near(&self, tape: &Arc<Tape>, part: Region) -> Option<Near> {
        let gap = |i: usize| (part[i].lo() - self.target[i]).max(self.target[i] - part[i].hi()).max(0.0);
        let distance = length([gap(0), gap(1), gap(2)]);
        if distance >= self.distance() {
            return None;
        }
        let (outputs, tape) = look(tape, part);
        if !outputs[0].contains(0.0) {
            return None;
        }
        let bound = Machine::<Slope<4>>::new(&tape).at(Slope::variables(part))[0].bound;
        let g = bound.slope;
        if g[..3].iter().all(|slope| slope.is_finite()) {
            // At the closest point the gradient is along the line to it: their cross product is 0. At a kink that holds
            // for one of the gradients around it, all of which are within these bounds.
            let d = [0, 1, 2].map(|i| part[i] - Interval::point(self.target[i]));
            let cross = [(1, 2), (2, 0), (0, 1)].map(|(i, j)| d[i] * g[j] - d[j] * g[i]);
            if cross.iter().any(|part| !part.contains(0.0)) {
                return None;
            }
        }
        let axis = (1..3).fold(0, |best, i| if part[i].width() > part[best].width() { i } else { best });
        Some(Near { distance, size: part[axis].width(), axis, part, tape })
    }

    /// Goes from the box's point nearest to the target down to the surface: a point of it, if not the closest.
    fn try_from(&mut self, near: &Near) {
        let mut machine = Machine::<Dual<f64>>::new(&near.tape);
        let mut p = [0, 1, 2].map(|i| near.part[i].middle());
        let start = p;
        for _ in 0..24 {
            let here = machine.at(Dual::variables([p[0], p[1], p[2], self.t]))[0];
            let g = [here.slope[0], here.slope[1], here.slope[2]];
            let square = g.iter().map(|v| v * v).sum::<f64>();
            let step = g.map(|v| v * here.value / square);
            let scale = 1e-15 * (1e-3 + super::hit::largest(p));
            if here.value == 0.0 || length(step) <= scale {
                let distance = length([0, 1, 2].map(|i| p[i] - self.target[i]));
                if distance < self.distance() {
                    self.best = Some((distance, p));
                }
                return;
            }
            p = [0, 1, 2].map(|i| p[i] - step[i]);
            // The box's tape holds in the box alone: what leaves it is not followed.
            if !(0..3).all(|i| (p[i] - start[i]).abs() <= 0.5 * near.part[i].width() * (1.0 + 1e-9)) {
                return;
            }
        }
    }
}

fn length(v: [f64; 3]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// Newton's method on p − q + λ∇f = 0 and f = 0. What it gives is taken if it is as near the surface and no farther.
fn polish(tape: &Tape, target: [f64; 3], t: f64, from: [f64; 3]) -> [f64; 3] {
    let mut machine = Machine::<Dual<Dual<f64>>>::new(tape);
    let mut at = |p: [f64; 3]| machine.at(Dual::variables(Dual::variables([p[0], p[1], p[2], t])))[0];
    let difference = |p: [f64; 3]| [0, 1, 2].map(|i| p[i] - target[i]);
    let (mut p, mut lambda) = (from, None);
    let start = at(from);
    for _ in 0..20 {
        let here = at(p);
        let g = [0, 1, 2].map(|i| here.slope[i].value);
        let d = difference(p);
        let square = g.iter().map(|v| v * v).sum::<f64>();
        // At first the λ that fits best.
        let along = (0..3).map(|i| d[i] * g[i]).sum::<f64>();
        let l = *lambda.get_or_insert(-along / square);
        let matrix = Matrix4::from_fn(|i, j| match (i, j) {
            (3, 3) => 0.0,
            (3, j) => g[j],
            (i, 3) => g[i],
            (i, j) => l * here.slope[i].slope[j] + if i == j { 1.0 } else { 0.0 },
        });
        let residual = Vector4::from_fn(|i, _| if i < 3 { d[i] + l * g[i] } else { here.value.value });
        let Some(step) = matrix.lu().solve(&residual) else {
            return from;
        };
        if !step.iter().all(|v| v.is_finite()) {
            return from;
        }
        p = [0, 1, 2].map(|i| p[i] - step[i]);
        lambda = Some(l - step[3]);
        if step.norm() <= 1e-15 * (1.0 + super::hit::largest(p)) {
            break;
        }
    }
    let (before, after) = (length(difference(from)), length(difference(p)));
    let slack = 1e-9 * (before + 1e-3);
    let near = length([0, 1, 2].map(|i| p[i] - from[i])) <= 1e-2 * (before + 1e-3);
    let on_surface =
        at(p).value.value.abs() <= start.value.value.abs().max(1e-14 * (1.0 + super::hit::largest(p)));
    if near && on_surface && after <= before + slack { p } else { from }
}
