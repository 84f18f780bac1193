//! Boxes that straddle a jump: what lies on its sides is looked at apart, and joined.
//!
//! A repetition moves a point into the cell it is in. Over a box that lies in two cells the moved coordinate may be
//! anywhere in a cell, and its bounds say nothing, however small the box is. But it is one of two things: so the lines
//! behind the jump are run once with the one and once with the other, and what they give is joined.

use super::program::{COORDINATES, Code, Program};
use super::{BOXES, Tape};
use crate::number::{Interval, Intervals, Op, Real};
use std::ops::Range;
use std::sync::Arc;

/// A box that straddles more jumps than this is too large to be worth the work: there are two sides for each.
const MAX_SEAMS: usize = 3;

/// Some of the boxes that are looked at together.
pub(crate) type Which = [bool; BOXES];

/// Bounds in one box or in several, which jumps can be taken apart in.
pub(crate) trait Apart: Copy {
    /// How many boxes.
    const COUNT: usize;
    /// The rounding of a few operations, for numbers of size one.
    const ROUNDING: f64;

    /// The bounds in a box.
    fn in_box(&self, which: usize) -> Interval;

    /// The same with what is in one of the boxes also known to be within other bounds; and whether that is possible.
    fn held_in_box(self, which: usize, to: Interval) -> (Self, bool);

    /// In some boxes what is in either, in the others this.
    fn joined(self, other: Self, which: &Which) -> Self;

    /// In some boxes the other, elsewhere this.
    fn replaced(self, other: Self, which: &Which) -> Self;
}

/// What is in both, if anything is.
fn both(a: Interval, b: Interval) -> Option<Interval> {
    let (lo, hi) = (a.lo().max(b.lo()), a.hi().min(b.hi()));
    (lo <= hi).then(|| Interval::new(lo, hi))
}

impl Apart for Interval {
    const COUNT: usize = 1;
    const ROUNDING: f64 = 4.0 * f64::EPSILON;

    fn in_box(&self, _which: usize) -> Interval {
        *self
    }

    fn held_in_box(self, _which: usize, to: Interval) -> (Self, bool) {
        both(self, to).map_or((self, false), |both| (both, true))
    }

    fn joined(self, other: Self, which: &Which) -> Self {
        if which[0] { self.hull(other) } else { self }
    }

    fn replaced(self, other: Self, which: &Which) -> Self {
        if which[0] { other } else { self }
    }
}

impl Apart for Intervals<BOXES> {
    const COUNT: usize = BOXES;
    const ROUNDING: f64 = 8.0 * f32::EPSILON as f64;

    fn in_box(&self, which: usize) -> Interval {
        self.lane(which)
    }

    fn held_in_box(self, which: usize, to: Interval) -> (Self, bool) {
        match both(self.lane(which), to) {
            Some(held) => (self.with_lane(which, held), true),
            None => (self, false),
        }
    }

    fn joined(self, other: Self, which: &Which) -> Self {
        Intervals::pick(*which, self.hull(other), self)
    }

    fn replaced(self, other: Self, which: &Which) -> Self {
        Intervals::pick(*which, other, self)
    }
}

/// A line that jumps within a box, and what it is on the two sides.
struct Seam {
    line: usize,
    which: usize,
    /// Which of the jumps in that box: lines that jump together are one.
    jump: usize,
    sides: [Interval; 2],
}

/// The memory that looking apart needs.
#[derive(Clone, Debug)]
pub(crate) struct Sides<V> {
    /// What lines give on one side.
    side: Vec<V>,
}

impl<V> Default for Sides<V> {
    fn default() -> Self {
        Sides { side: Vec::new() }
    }
}

impl<V: Apart> Sides<V> {
    /// Narrows what lines were found to be in some boxes, where jumps were in the way: `run` runs lines. Gives the first
    /// line that may have changed; none where there is no jump to be taken apart.
    pub(crate) fn look_apart(
        &mut self,
        program: &Program,
        values: &mut [V],
        which: &Which,
        mut run: impl FnMut(Range<usize>, &mut [V]),
    ) -> Option<usize> {
        let jumps: Vec<usize> = (0..program.lines.len()).filter(|&i| may_jump(program, i)).collect();
        if jumps.is_empty() {
            return None;
        }
        let mut seams: Vec<Seam> = Vec::new();
        let (mut straddling, mut most) = ([false; BOXES], 0);
        for n in (0..V::COUNT).filter(|&n| which[n]) {
            let count = seams_of(program, &jumps, values, n, &mut seams);
            straddling[n] = count > 0;
            most = most.max(count);
        }
        if most == 0 {
            return None;
        }
        seams.sort_by_key(|seam| seam.line);
        let (start, end, leaves) = (seams[0].line, program.lines.len(), program.leaves());
        let (mut found, mut any) = (values[leaves + start..].to_vec(), [false; BOXES]);
        self.side.clear();
        self.side.extend_from_slice(values);
        for round in 0..1 << most {
            let (mut next, mut possible) = (start, straddling);
            for seam in &seams {
                if seam.line >= next {
                    run(next..seam.line + 1, &mut self.side);
                    next = seam.line + 1;
                }
                let value = &mut self.side[leaves + seam.line];
                let (held, is_possible) = value.held_in_box(seam.which, seam.sides[round >> seam.jump & 1]);
                *value = held;
                possible[seam.which] &= is_possible;
            }
            run(next..end, &mut self.side);
            let again: Which = std::array::from_fn(|n| possible[n] && any[n]);
            let first: Which = std::array::from_fn(|n| possible[n] && !any[n]);
            for (found, &side) in found.iter_mut().zip(&self.side[leaves + start..]) {
                *found = found.joined(side, &again).replaced(side, &first);
            }
            (0..BOXES).for_each(|n| any[n] |= possible[n]);
        }
        values[leaves + start..].copy_from_slice(&found);
        Some(start)
    }
}

/// Runs a tape on a type of bounds, a box at a time, the sides of jumps apart.
pub(crate) struct Careful<V> {
    program: Arc<Program>,
    values: Vec<V>,
    sides: Sides<V>,
}

impl<V: Real + Apart> Careful<V> {
    pub(crate) fn new(tape: &Tape) -> Self {
        let values = tape.program.memory(&tape.values);
        Careful { program: tape.program.clone(), values, sides: Sides::default() }
    }

    /// The first output in a box; jumps are taken apart where it is `open` what follows from it.
    pub(crate) fn at(&mut self, over: [V; 4], open: impl Fn(&V) -> bool) -> V {
        let program = &*self.program;
        let output = program.outputs[0] as usize;
        self.values[..COORDINATES].copy_from_slice(&over);
        program.run(0..program.lines.len(), &mut self.values);
        if open(&self.values[output]) {
            let run = |lines: Range<usize>, values: &mut [_]| program.run(lines, values);
            self.sides.look_apart(program, &mut self.values, &[true; BOXES], run);
        }
        self.values[output]
    }
}

fn op(program: &Program, line: usize) -> Option<Op> {
    match program.lines[line].code {
        Code::Op(op) => Some(op),
        Code::Kernel(_) => None,
    }
}

fn may_jump(program: &Program, line: usize) -> bool {
    matches!(op(program, line), Some(Op::Floor | Op::Ceil | Op::Round | Op::Modulo | Op::IfLess))
}

impl Program {
    /// Whether it has lines that may jump.
    pub(super) fn may_jump(&self) -> bool {
        (0..self.lines.len()).any(|line| may_jump(self, line))
    }
}

/// Adds the lines that jump in a box. Says how many jumps there are; none where they are too many.
fn seams_of<V: Apart>(
    program: &Program,
    jumps: &[usize],
    values: &[V],
    which: usize,
    seams: &mut Vec<Seam>,
) -> usize {
    let own = seams.len();
    let (mut count, mut conditions) = (0, Vec::new());
    for &line in jumps {
        let operands = program.operands(&program.lines[line]);
        let arg = |n: usize| values[operands[n] as usize].in_box(which);
        let value = values[program.value_of_line(line)].in_box(which);
        let sides = match op(program, line) {
            Some(Op::IfLess) => choice([0, 1, 2, 3].map(arg)),
            Some(Op::Modulo) => remainder::<V>(arg(0), arg(1)),
            _ => (value.hi() - value.lo() == 1.0).then(|| [value.lo(), value.hi()].map(Interval::point)),
        };
        let Some(sides) = sides else { continue };
        // What is decided by one comparison is decided together.
        let condition = (op(program, line) == Some(Op::IfLess)).then(|| [operands[0], operands[1]]);
        let known = { conditions.iter() }.find(|(of, _)| condition.is_some() && *of == condition);
        let jump = match known {
            Some(&(_, jump)) => jump,
            None => {
                conditions.push((condition, count));
                count += 1;
                count - 1
            }
        };
        if count > MAX_SEAMS {
            seams.truncate(own);
            return 0;
        }
        seams.push(Seam { line, which, jump, sides });
    }
    count
}

/// What an undecided choice is between, if those have nothing in common.
fn choice([a, b, then, otherwise]: [Interval; 4]) -> Option<[Interval; 2]> {
    let is_open = a.lo() < b.hi() && a.hi() >= b.lo();
    (is_open && both(then, otherwise).is_none()).then_some([then, otherwise])
}

/// A remainder in the two cells it may be in, if it may be in two.
fn remainder<V: Apart>(a: Interval, b: Interval) -> Option<[Interval; 2]> {
    if b.lo() <= 0.0 || !a.is_finite() || !b.is_finite() {
        return None;
    }
    let by = |end: Interval| {
        let error = V::ROUNDING * (1.0 + end.largest());
        [end.lo() - error, end.hi() + error]
    };
    let [lo, hi] = by(a / b).map(f64::floor);
    if hi - lo != 1.0 {
        return None;
    }
    let error = V::ROUNDING * (a.largest() + b.hi()) * 2.0;
    let side = |cell: f64| a - b * Interval::point(cell);
    let (lower, upper) = (side(lo), side(hi));
    let ends = |from: f64, to: f64| (from <= to).then(|| Interval::new(from, to));
    Some([
        ends(lower.lo() - error, lower.hi().min(b.hi()) + error)?,
        ends(upper.lo().max(0.0) - error, upper.hi() + error)?,
    ])
}
