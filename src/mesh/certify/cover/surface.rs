//! The most that a field is on triangles.
//!
//! Branch and bound (Land & Doig 1960): triangles are looked at together, in boxes, then one by one, in pieces; each is cut in four
//! until it is shown that f is nowhere above the most that was found, or a level, but for a tolerance. Over a piece f has planes above
//! it ([`LinearBounds`]), as near as the square of the piece's size, across the seams of unions too; and in the corners it has
//! planes below it, so that the most that was found is a value.

use super::super::grown;
use super::super::octree::BoxSides;
use super::{SMALLEST, around};
use crate::mesh::{Distance, Point};
use crate::number::{Interval, LinearBounds};
use crate::tape::{Asked, Machine, Tape, Tracer};
use crate::task;

/// What is allowed for rounding, in parts of a coordinate.
const ROUNDING: f64 = 1e-13;
/// So many triangles are looked at one by one.
const FEW: usize = 2;

/// A search for the most on some triangles.
pub(super) struct Search<'a> {
    target: &'a Distance,
    size: f64,
    /// The most that was found, and where.
    pub(super) best: (f64, Point),
    /// No value is above this where all was looked at.
    pub(super) upper: f64,
    tolerance: f64,
    pub(super) looks: usize,
}

impl Search<'_> {
    /// A search in a mesh of that size, of which a level is known that does as the most.
    pub(super) fn new(target: &Distance, size: f64, level: (f64, Point), tolerance: f64) -> Search<'_> {
        Search { target, size, best: level, upper: level.0, tolerance, looks: 0 }
    }

    /// Takes note of a bound; whether that is enough.
    fn is_enough(&mut self, bound: f64) -> bool {
        let is_enough = bound <= self.best.0 + self.tolerance;
        if is_enough {
            self.upper = self.upper.max(bound);
        }
        is_enough
    }

    /// Looks at triangles in their box, and closer if that is not enough.
    pub(super) fn look_into(&mut self, tape: &Tape, mut triangles: Vec<u32>) {
        if triangles.is_empty() || task::is_given_up() {
            return;
        }
        self.looks += 1;
        let mesh = self.target.mesh();
        let corners = triangles.iter().flat_map(|&n| mesh.corners(n as usize));
        let sides = around(corners);
        let mut tracer = Tracer::new(tape);
        let bound = self.over(&mut tracer, &sides);
        if self.is_enough(bound) {
            return;
        }
        let tape = tracer.prune(Asked::Value).unwrap_or_else(|| tape.clone());
        if triangles.len() <= FEW {
            let machine = &mut Machine::new(&tape);
            return triangles.iter().for_each(|&n| self.look_at(&tape, machine, mesh.corners(n as usize)));
        }
        let axis = longest(&sides);
        let middle = |n: &u32| mesh.corners(*n as usize).iter().map(|corner| corner[axis]).sum::<f64>();
        triangles.sort_by(|a, b| middle(a).total_cmp(&middle(b)).then(a.cmp(b)));
        let rest = triangles.split_off(triangles.len() / 2);
        self.look_into(&tape, triangles);
        self.look_into(&tape, rest);
    }

    /// The most that there may be in a box.
    fn over(&self, tracer: &mut Tracer, sides: &BoxSides) -> f64 {
        let [x, y, z] = grown(sides, ROUNDING * self.size);
        tracer.over([x, y, z, Interval::point(0.0)])[0].hi()
    }

    /// Looks at a piece of a triangle.
    fn look_at(&mut self, tape: &Tape, machine: &mut Machine<LinearBounds>, piece: [Point; 3]) {
        if task::is_given_up() {
            return;
        }
        self.looks += 1;
        let sides = around(piece.into_iter());
        // The corners of pieces are rounded.
        let reach = sides.iter().map(|side| side.largest()).fold(self.size, f64::max);
        let coordinate =
            |axis: usize| LinearBounds::about(piece.map(|corner| corner[axis]), ROUNDING * reach);
        let found = &machine.at_point([0, 1, 2].map(coordinate))[0];
        let (bound, lows) = (found.range().hi(), found.low());
        for (low, corner) in lows.into_iter().zip(piece) {
            if low > self.best.0 {
                self.best = (low, corner);
            }
        }
        if self.is_enough(bound) {
            return;
        }
        if sides[longest(&sides)].width() <= SMALLEST * self.size {
            // Here the bound is what it is.
            self.upper = self.upper.max(bound);
            return;
        }
        let mut tracer = Tracer::new(tape);
        let plain = self.over(&mut tracer, &sides);
        if self.is_enough(plain) {
            return;
        }
        let pruned = tracer.prune(Asked::Value);
        let mut own = pruned.as_ref().map(Machine::new);
        let (tape, machine) = (pruned.as_ref().unwrap_or(tape), own.as_mut().unwrap_or(machine));
        let [a, b, c] = piece;
        let between = |p: Point, q: Point| [0, 1, 2].map(|n| 0.5 * (p[n] + q[n]));
        let [ab, bc, ca] = [between(a, b), between(b, c), between(c, a)];
        let parts = [[a, ab, ca], [ab, b, bc], [ca, bc, c], [bc, ca, ab]];
        parts.into_iter().for_each(|part| self.look_at(tape, machine, part));
    }
}

fn longest(sides: &BoxSides) -> usize {
    (0..3).max_by(|&a, &b| sides[a].width().total_cmp(&sides[b].width())).unwrap_or(0)
}
