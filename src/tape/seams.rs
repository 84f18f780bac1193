//! Boxes that straddle a jump: what lies on its sides is looked at apart, and joined.
//!
//! A repetition moves a point into the cell it is in. Over a box that lies in two cells the moved coordinate may be
//! anywhere in a cell, and its bounds say nothing, however small the box is. But it is one of two things: so the lines
//! behind the jump are run once with the one and once with the other, and what they give is joined.

use super::program::{COORDINATES, Code, Program};
use super::{BOXES, Tape};
use crate::number::{Interval, Intervals, Op, Real};
use std::f64::consts::PI;
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
    /// Whether in a box that straddles more jumps than are looked at the first ones are worth the work.
    const PATIENT: bool;

    /// The bounds in a box.
    fn in_box(&self, which: usize) -> Interval;

    /// In which boxes this and the other have nothing in common.
    fn apart(&self, other: &Self) -> Which;

    /// In which boxes it is one long, as what is rounded to two neighbouring whole numbers is.
    fn is_one_long(&self) -> Which;

    /// In which boxes it is in two neighbouring cells of that length.
    fn is_in_two(&self, cell: &Self) -> Which;

    /// In which boxes the angle of (x, y), of which this is y, jumps by a whole turn.
    fn is_at_cut(&self, x: &Self) -> Which;

    /// A number within bounds in each box.
    fn of_bounds(bounds: Interval) -> Self;

    /// The same with what is in one of the boxes also known to be within other bounds; and whether that is possible.
    fn held_in_box(self, which: usize, to: Interval) -> (Self, bool);

    /// In some boxes what is in either, in the others this.
    fn joined(self, other: Self, which: &Which) -> Self;

    /// In some boxes the other, elsewhere this.
    fn replaced(self, other: Self, which: &Which) -> Self;
}

/// What is in both, if anything is.
pub(super) fn both(a: Interval, b: Interval) -> Option<Interval> {
    let (lo, hi) = (a.lo().max(b.lo()), a.hi().min(b.hi()));
    (lo <= hi).then(|| Interval::new(lo, hi))
}

impl Apart for Interval {
    const COUNT: usize = 1;
    const ROUNDING: f64 = 4.0 * f64::EPSILON;
    const PATIENT: bool = true;

    fn in_box(&self, _which: usize) -> Interval {
        *self
    }

    fn apart(&self, other: &Self) -> Which {
        [self.hi() < other.lo() || other.hi() < self.lo(); BOXES]
    }

    fn is_one_long(&self) -> Which {
        [self.hi() - self.lo() == 1.0; BOXES]
    }

    fn is_in_two(&self, cell: &Self) -> Which {
        (*self / *cell).floor().is_one_long()
    }

    fn is_at_cut(&self, x: &Self) -> Which {
        [x.hi() < 0.0 && self.contains(0.0); BOXES]
    }

    fn of_bounds(bounds: Interval) -> Self {
        bounds
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
    const PATIENT: bool = false;

    fn in_box(&self, which: usize) -> Interval {
        self.lane(which)
    }

    fn apart(&self, other: &Self) -> Which {
        let (a, b) = (self.lo().0, self.hi().0);
        let (c, d) = (other.lo().0, other.hi().0);
        std::array::from_fn(|n| (b[n] < c[n]) | (d[n] < a[n]))
    }

    fn is_one_long(&self) -> Which {
        let (lo, hi) = (self.lo().0, self.hi().0);
        std::array::from_fn(|n| hi[n] - lo[n] == 1.0)
    }

    fn is_in_two(&self, cell: &Self) -> Which {
        (*self / *cell).floor().is_one_long()
    }

    fn is_at_cut(&self, x: &Self) -> Which {
        let (lo, hi, right) = (self.lo().0, self.hi().0, x.hi().0);
        std::array::from_fn(|n| (right[n] < 0.0) & (lo[n] <= 0.0) & (hi[n] >= 0.0))
    }

    fn of_bounds(bounds: Interval) -> Self {
        Intervals::around([bounds; BOXES])
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

/// The memory that looking apart needs.
#[derive(Clone, Debug)]
pub(crate) struct Sides<V> {
    /// The lines that may jump.
    jumps: Vec<usize>,
    /// What all lines give on one side.
    side: Vec<V>,
    /// What they give on all sides that were looked at.
    found: Vec<V>,
}

impl<V> Default for Sides<V> {
    fn default() -> Self {
        Sides { jumps: Vec::new(), side: Vec::new(), found: Vec::new() }
    }
}

/// The jumps met on one way through a program, in one box: of a choice, what is compared. What is decided by one comparison
/// is decided together.
#[derive(Clone, Copy, Default)]
struct SeamMet {
    conditions: [Option<[u32; 2]>; MAX_SEAMS],
    count: usize,
}

impl SeamMet {
    /// Which jump that is; none where there are too many.
    fn jump(&mut self, condition: Option<[u32; 2]>) -> Option<usize> {
        let known = { self.conditions[..self.count].iter() }.position(|of| of.is_some() && *of == condition);
        if known.is_some() || self.count == MAX_SEAMS {
            return known;
        }
        self.conditions[self.count] = condition;
        self.count += 1;
        Some(self.count - 1)
    }
}

impl<V: Apart> Sides<V> {
    /// Memory enough for a program.
    pub(super) fn of(program: &Program) -> Self {
        let jumps = (0..program.lines.len()).filter(|&line| may_jump(program, line)).count();
        let room = |count: usize| Vec::with_capacity(if jumps > 0 { count } else { 0 });
        let values = program.value_of_line(program.lines.len());
        Sides { jumps: Vec::with_capacity(jumps), side: room(values), found: room(values) }
    }

    /// Narrows what lines were found to be in some boxes, where jumps were in the way: `run` runs lines. Gives the first
    /// line that may have changed; none where there is no jump to be taken apart.
    pub(crate) fn look_apart(
        &mut self,
        program: &Program,
        values: &mut [V],
        which: &Which,
        mut run: impl FnMut(Range<usize>, &mut [V]),
    ) -> Option<usize> {
        let Sides { jumps, side, found } = self;
        jumps.clear();
        jumps.extend((0..program.lines.len()).filter(|&line| may_jump(program, line)));
        let (mut met, mut start) = ([SeamMet::default(); BOXES], None);
        let (mut straddling, mut too_many) = ([false; BOXES], [false; BOXES]);
        for &line in &*jumps {
            let may = may_straddle(program, line, values, which);
            for n in (0..V::COUNT).filter(|&n| may[n] && sides_of(program, line, values, n).is_some()) {
                start = start.or(Some(line));
                straddling[n] = true;
                too_many[n] |= met[n].jump(condition_of(program, line)).is_none() && !V::PATIENT;
            }
        }
        (0..BOXES).for_each(|n| straddling[n] &= !too_many[n]);
        if !straddling.contains(&true) {
            return None;
        }
        let start = start?;
        let (end, from) = (program.lines.len(), program.value_of_line(start));
        side.clear();
        side.extend_from_slice(values);
        found.clear();
        found.extend_from_slice(&values[from..]);
        // Each round goes another way: its bits say to which side of the first jump that is met, and of the second.
        let (mut any, mut most, mut round) = ([false; BOXES], 0, 0usize);
        while round < 1 << most {
            let (mut next, mut possible, mut met) = (start, straddling, [SeamMet::default(); BOXES]);
            for &line in jumps.iter().filter(|&&line| line >= start) {
                run(next..line + 1, side);
                next = line + 1;
                let may = may_straddle(program, line, side, &straddling);
                for n in (0..V::COUNT).filter(|&n| may[n]) {
                    let Some(sides) = sides_of(program, line, side, n) else { continue };
                    let Some(jump) = met[n].jump(condition_of(program, line)) else { continue };
                    let value = &mut side[program.value_of_line(line)];
                    let (held, is_possible) = value.held_in_box(n, sides[round >> jump & 1]);
                    *value = held;
                    possible[n] &= is_possible;
                }
            }
            run(next..end, side);
            let again: Which = std::array::from_fn(|n| possible[n] && any[n]);
            let first: Which = std::array::from_fn(|n| possible[n] && !any[n]);
            for (found, &side) in found.iter_mut().zip(&side[from..]) {
                *found = found.joined(side, &again).replaced(side, &first);
            }
            (0..BOXES).for_each(|n| any[n] |= possible[n]);
            most = met.iter().map(|met| met.count).fold(most, usize::max);
            round += 1;
        }
        values[from..].copy_from_slice(found);
        Some(start)
    }
}

/// Runs a tape on a type of bounds, a box at a time, the sides of jumps apart, and angles where that is asked.
pub(crate) struct Careful<V> {
    program: Arc<Program>,
    values: Vec<V>,
    sides: Sides<V>,
    /// The values that are read as angles: coordinates, and lines of which nothing else is read.
    angles: Vec<u32>,
    /// The lines that are sines and cosines of them, each with the number of its angle.
    turns: Vec<(usize, usize)>,
    /// Those of the lines whose angle is held, and to what.
    held: Vec<(usize, Angle)>,
}

/// Some of the angles that a line may be in a box.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Angle {
    /// Those that it is itself.
    Own(Interval),
    /// Those that it is but for whole turns.
    Turned(Interval),
}

impl<V: Real + Apart> Careful<V> {
    pub(crate) fn new(tape: &Tape) -> Self {
        let values = tape.program.memory(&tape.values);
        let (angles, turns) = angles(&tape.program);
        let (program, sides) = (tape.program.clone(), Sides::default());
        Careful { program, values, sides, angles, turns, held: Vec::new() }
    }

    /// How many values there are of which only the sine and the cosine are read.
    pub(crate) fn angle_count(&self) -> usize {
        self.angles.len()
    }

    /// One of those in the box last looked at.
    pub(crate) fn angle(&self, which: usize) -> V {
        self.values[self.angles[which] as usize]
    }

    /// The first output in a box, at those of the angles that are given; jumps are taken apart where it is `open` what
    /// follows from it.
    pub(crate) fn at(&mut self, over: [V; 4], angles: &[Option<Angle>], open: impl Fn(&V) -> bool) -> V {
        let Careful { program, values, sides, held, .. } = self;
        let output = program.outputs[0] as usize;
        held.clear();
        held.extend(
            self.turns.iter().filter_map(|&(line, which)| Some((line, *angles.get(which)?.as_ref()?))),
        );
        let run = |lines: Range<usize>, values: &mut [V]| {
            let mut next = lines.start;
            for &(line, angle) in held.iter().filter(|(line, _)| lines.contains(line)) {
                program.run(next..line, values);
                next = line + 1;
                let own = values[program.operands(&program.lines[line])[0] as usize];
                let angle = match angle {
                    Angle::Own(part) => own.held_in_box(0, part).0,
                    Angle::Turned(part) => V::of_bounds(part),
                };
                let is_sine = op(program, line) == Some(Op::Sin);
                values[program.value_of_line(line)] = if is_sine { angle.sin() } else { angle.cos() };
            }
            program.run(next..lines.end, values);
        };
        values[..COORDINATES].copy_from_slice(&over);
        run(0..program.lines.len(), values);
        if open(&values[output]) {
            sides.look_apart(program, values, &[true; BOXES], run);
        }
        values[output]
    }
}

/// The coordinates of space, and the lines of which nothing else is read, that sines and cosines are of; and those, each
/// with the number of its angle.
fn angles(program: &Program) -> (Vec<u32>, Vec<(usize, usize)>) {
    let leaves = program.leaves();
    let mut is_read_otherwise = vec![false; leaves + program.lines.len()];
    let mut turns = Vec::new();
    for line in 0..program.lines.len() {
        let operands = program.operands(&program.lines[line]);
        match op(program, line) {
            Some(Op::Sin | Op::Cos) => turns.push((line, operands[0])),
            _ => operands.iter().for_each(|&value| is_read_otherwise[value as usize] = true),
        }
    }
    program.outputs.iter().for_each(|&value| is_read_otherwise[value as usize] = true);
    let mut angles = Vec::new();
    let mut of_angles = Vec::new();
    for (line, value) in turns {
        let at = value as usize;
        if at < COORDINATES - 1 || at >= leaves && !is_read_otherwise[at] {
            let which = angles.iter().position(|&angle| angle == value).unwrap_or_else(|| {
                angles.push(value);
                angles.len() - 1
            });
            of_angles.push((line, which));
        }
    }
    (angles, of_angles)
}

fn op(program: &Program, line: usize) -> Option<Op> {
    match program.lines[line].code {
        Code::Op(op) => Some(op),
        Code::Kernel(_) => None,
    }
}

fn may_jump(program: &Program, line: usize) -> bool {
    matches!(op(program, line), Some(Op::Floor | Op::Ceil | Op::Round | Op::Modulo | Op::Atan2 | Op::IfLess))
}

impl Program {
    /// Whether it has lines that may jump.
    pub(super) fn may_jump(&self) -> bool {
        (0..self.lines.len()).any(|line| may_jump(self, line))
    }
}

/// In which of some boxes a line may be on two sides of a jump: rather yes than no.
fn may_straddle<V: Apart>(program: &Program, line: usize, values: &[V], which: &Which) -> Which {
    let operands = program.operands(&program.lines[line]);
    let arg = |n: usize| &values[operands[n] as usize];
    let mut may = match op(program, line) {
        Some(Op::IfLess) => {
            let (decided, differ) = (arg(0).apart(arg(1)), arg(2).apart(arg(3)));
            std::array::from_fn(|n| differ[n] & !decided[n])
        }
        Some(Op::Modulo) => arg(0).is_in_two(arg(1)),
        // Where angles are cut is worth its work to readers that take their time alone.
        Some(Op::Atan2) if !V::PATIENT => [false; BOXES],
        Some(Op::Atan2) => arg(0).is_at_cut(arg(1)),
        _ => values[program.value_of_line(line)].is_one_long(),
    };
    (0..BOXES).for_each(|n| may[n] &= which[n]);
    may
}

/// What a choice compares.
fn condition_of(program: &Program, line: usize) -> Option<[u32; 2]> {
    let operands = program.operands(&program.lines[line]);
    (op(program, line) == Some(Op::IfLess)).then(|| [operands[0], operands[1]])
}

/// What a line is on the two sides of a jump, where there is one in a box.
fn sides_of<V: Apart>(program: &Program, line: usize, values: &[V], which: usize) -> Option<[Interval; 2]> {
    let operands = program.operands(&program.lines[line]);
    let arg = |n: usize| values[operands[n] as usize].in_box(which);
    match op(program, line) {
        Some(Op::IfLess) => choice([0, 1, 2, 3].map(arg)),
        Some(Op::Modulo) => remainder::<V>(arg(0), arg(1)),
        Some(Op::Atan2) => angle::<V>(arg(0), arg(1)),
        _ => {
            let value = values[program.value_of_line(line)].in_box(which);
            (value.hi() - value.lo() == 1.0).then(|| [value.lo(), value.hi()].map(Interval::point))
        }
    }
}

/// What an undecided choice is between, if those have nothing in common.
fn choice([a, b, then, otherwise]: [Interval; 4]) -> Option<[Interval; 2]> {
    let is_open = a.lo() < b.hi() && a.hi() >= b.lo();
    (is_open && both(then, otherwise).is_none()).then_some([then, otherwise])
}

/// The angle of (x, y) above the cut at negative x and below it, where it is on both sides of the cut.
fn angle<V: Apart>(y: Interval, x: Interval) -> Option<[Interval; 2]> {
    if !(x.hi() < 0.0 && y.contains(0.0)) {
        return None;
    }
    let error = 4.0 * V::ROUNDING;
    let least = |y: f64| y.atan2(x.hi()) - error;
    let above = Interval::new(least(y.hi().abs()), PI + error);
    Some([above, -Interval::new(least(y.lo().abs()), PI + error)])
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
