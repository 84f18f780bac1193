//! Sixteen boxes at once: a tape on `f32` intervals, at the widest vectors the machine has.

use super::Tape;
use super::prune::{Asked, Plan};
use super::wide::Wide;
use crate::number::{Interval, Intervals, Real, Rise};

/// How many boxes are looked at together.
pub const BOXES: usize = 16;

/// A number that bounds itself in each of sixteen boxes.
pub trait Bounding: Real + Copy {
    /// The bounds in one of them.
    fn lane(&self, which: usize) -> Interval;
}

impl Bounding for Intervals<BOXES> {
    #[inline(always)]
    fn lane(&self, which: usize) -> Interval {
        Intervals::lane(self, which)
    }
}

impl Bounding for Rise<BOXES> {
    #[inline(always)]
    fn lane(&self, which: usize) -> Interval {
        self.value().lane(which)
    }
}

/// Runs tapes on intervals, sixteen boxes at a time, and prunes them to each of the boxes.
///
/// What it finds holds for [`Block`](super::Block) and for `f64` alike (see [`Intervals`]). It keeps its memory from
/// one tape to the next. On [`Rise`] it says besides how steep the outputs are in the boxes.
#[derive(Clone, Debug)]
pub struct Boxes<R = Intervals<BOXES>> {
    wide: Wide<R>,
    plan: Plan,
}

impl<R> Default for Boxes<R> {
    fn default() -> Self {
        Boxes { wide: Wide::default(), plan: Plan::default() }
    }
}

impl<R: Bounding> Boxes<R> {
    /// Looks at boxes of space and time, with the parameters at their own values.
    pub fn over(&mut self, tape: &Tape, over: [R; 4]) {
        self.wide.over(tape, over);
    }

    /// Bounds on an output of the tape last looked at.
    pub fn output(&self, tape: &Tape, output: usize) -> R {
        self.wide.output(tape, output)
    }

    /// The shorter tape that gives what is asked everywhere in one of the boxes last looked at, with this same tape;
    /// none where it would be more than `most` lines.
    pub fn prune(&mut self, tape: &Tape, which: usize, asked: Asked, most: usize) -> Option<Tape> {
        let mut plan = std::mem::take(&mut self.plan);
        let pruned = self.prune_by(&mut plan, tape, which, asked, most);
        self.plan = plan;
        pruned
    }

    /// The same, in memory of the caller's: so that several threads can look at one run.
    pub(super) fn prune_by(
        &self,
        plan: &mut Plan,
        tape: &Tape,
        which: usize,
        asked: Asked,
        most: usize,
    ) -> Option<Tape> {
        let program = &tape.program;
        let values = &self.wide.values;
        assert_eq!(values.len(), program.leaves() + program.lines.len(), "the tape last looked at");
        let left = plan.find(program, asked, |value| values[value].lane(which));
        (left <= most).then(|| Tape { program: plan.carry_out(program) })
    }
}
