//! Sixteen parts looked at together: bounds on f, on its slopes, and f at their centres. Uses numbers and tapes.

use super::{Region, centre};
use crate::number::{Interval, Intervals, Rise};
use crate::tape::{BOXES, Boxes, Tape};

/// Boxes in `f32`, with the memory that looking at them needs.
#[derive(Default)]
pub(super) struct Looker {
    boxes: Boxes,
    rises: Boxes<Rise<BOXES>>,
}

/// The slopes along the four axes.
pub(super) type AxisSlopes = [Interval; 4];

/// Wider parts than this, beside the numbers that say where they are, are far coarser than `f32`.
const COARSE: f64 = 5e-4;

/// Whether `f32` tells places in a part well apart.
pub(super) fn is_coarse(part: &Region) -> bool {
    let farthest = part[..3].iter().map(|side| side.largest()).fold(0.0, f64::max);
    let widest = part[..3].iter().map(|side| side.width()).fold(0.0, f64::max);
    widest > COARSE * farthest && farthest < 1e12 && part[3].largest() < 1e12
}

/// One axis of some parts, of which there are at most sixteen: the last for all that are missing.
fn side(parts: &[Region], axis: usize) -> Intervals<BOXES> {
    Intervals::around(std::array::from_fn(|n| parts[n.min(parts.len() - 1)][axis]))
}

impl Looker {
    /// Bounds on f over each of at most sixteen parts.
    pub(super) fn bounds(&mut self, tape: &Tape, parts: &[Region]) -> [Interval; BOXES] {
        self.boxes.over(tape, [0, 1, 2, 3].map(|axis| side(parts, axis)));
        let found = self.boxes.output(tape, 0);
        std::array::from_fn(|n| found.lane(n))
    }

    /// The values of f at the centres of at most sixteen parts.
    pub(super) fn at_centres(&mut self, tape: &Tape, parts: &[Region]) -> [Interval; BOXES] {
        let centres = parts.iter().map(|&part| centre(part).map(Interval::point)).collect::<Vec<_>>();
        self.bounds(tape, &centres)
    }

    /// Bounds on f's slopes over each of at most sixteen parts, so wide that they bound every difference; 0 along an axis
    /// along which no part is wide.
    pub(super) fn slopes(&mut self, tape: &Tape, parts: &[Region]) -> [AxisSlopes; BOXES] {
        let mut found = [[Interval::point(0.0); 4]; BOXES];
        for axis in 0..4 {
            if parts.iter().all(|part| part[axis].width() == 0.0) {
                continue;
            }
            let along = |i: usize| match i == axis {
                true => Rise::along(side(parts, i)),
                false => Rise::across(side(parts, i)),
            };
            self.rises.over(tape, [0, 1, 2, 3].map(along));
            let rise = self.rises.output(tape, 0);
            (0..BOXES).for_each(|n| found[n][axis] = rise.slope().lane(n));
        }
        found
    }
}
