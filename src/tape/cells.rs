//! The cells of an octree that may hold the surface, each with the tape that is enough there.

use super::{Asked, BOXES, Boxes, Tape};
use crate::number::{Interval, Intervals};
use crate::task;

/// How many levels are gone down between one pruning and the next.
const LEVELS: u32 = 2;

/// A tape is pruned where that leaves no more than this part of it.
const WORTH: f64 = 0.8;

impl Tape {
    /// Visits the cells that may hold the surface, where the first output is 0: the leaves of an octree that halves a box
    /// `depth` times, without those that bounds show to be all inside or all outside.
    ///
    /// Each comes with its sides along x, y and z, and with a tape that gives what this one gives everywhere in it and at
    /// all times of the span, and is often much shorter. Cells come in a fixed order.
    ///
    /// ```
    /// use fieldgrad::number::Interval;
    /// use fieldgrad::prelude::*;
    ///
    /// let tape = sphere(1.0).tape()?;
    /// let side = Interval::new(-1.2, 1.2);
    /// let mut count = 0;
    /// tape.cells([side, side, side, Interval::point(0.0)], 4, &mut |_cell, _tape| count += 1);
    /// assert!(count > 500 && count < 900, "of 4096 cells: {count}");
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn cells(&self, over: [Interval; 4], depth: u32, visit: &mut dyn FnMut([Interval; 3], &Tape)) {
        let [x, y, z, t] = over;
        Walk { t, boxes: Boxes::default(), visit }.look_into(self, &[[x, y, z]], depth);
    }
}

struct Walk<'a> {
    t: Interval,
    boxes: Boxes,
    visit: &'a mut dyn FnMut([Interval; 3], &Tape),
}

impl Walk<'_> {
    /// Visits what may hold the surface in some cells, so many levels further down.
    fn look_into(&mut self, tape: &Tape, cells: &[[Interval; 3]], depth: u32) {
        for cells in cells.chunks(BOXES) {
            if task::is_given_up() {
                return;
            }
            let side =
                |axis: usize| Intervals::around(std::array::from_fn(|n| cells[n.min(cells.len() - 1)][axis]));
            self.boxes.over(tape, [side(0), side(1), side(2), Intervals::around([self.t; BOXES])]);
            let bounds = self.boxes.output(tape, 0);
            let most = (WORTH * tape.len() as f64) as usize;
            let mut found = Vec::with_capacity(BOXES);
            for (n, &cell) in cells.iter().enumerate() {
                let own = bounds.lane(n);
                if !(own.lo() > 0.0 || own.hi() < 0.0) {
                    found.push((cell, self.boxes.prune(tape, n, Asked::Value, most)));
                }
            }
            for (cell, pruned) in found {
                let tape = pruned.as_ref().unwrap_or(tape);
                match depth.min(LEVELS) {
                    0 => (self.visit)(cell, tape),
                    levels => self.look_into(tape, &parts_of(cell, 1 << levels), depth - levels),
                }
            }
        }
    }
}

/// The parts of a cell, so many along each axis.
fn parts_of(cell: [Interval; 3], count: usize) -> Vec<[Interval; 3]> {
    let place = |n: usize| [n / count / count, n / count % count, n % count];
    let part = |n: usize| [0, 1, 2].map(|axis| part_of(cell[axis], place(n)[axis], count));
    (0..count.pow(3)).map(part).collect()
}

/// One of so many parts of an interval. Neighbours share an end.
fn part_of(whole: Interval, n: usize, parts: usize) -> Interval {
    let end = |n: usize| match n {
        0 => whole.lo(),
        n if n == parts => whole.hi(),
        n => whole.lo() + (whole.hi() - whole.lo()) * (n as f64 / parts as f64),
    };
    Interval::new(end(n), end(n + 1))
}
