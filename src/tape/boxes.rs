//! Sixteen boxes at once: a tape on `f32` intervals, at the widest vectors the machine has.

use super::Tape;
use super::corner::corner_at;
use super::program::{Code, Program};
use super::prune::{Asked, Pruning};
use super::seams::{Apart, Sides, Which};
use crate::number::Arch;
use crate::number::op::{apply_known, of_every_operation};
use crate::number::{Bend, Interval, Intervals, Op, Real, Rise};
use pulp::{NullaryFnOnce, Simd, WithSimd};
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

/// How many boxes are looked at together.
pub const BOXES: usize = 16;

/// A number that bounds itself in each of sixteen boxes.
pub trait Bounding: Real + Copy + lines::RunLines {
    /// The bounds in one of them.
    fn lane(&self, which: usize) -> Interval {
        self.bounds().lane(which)
    }

    /// The bounds in all of them.
    fn bounds(&self) -> Intervals<BOXES>;

    /// Whether jumps in a box are taken apart.
    const SEES_SEAMS: bool = true;

    /// The same, known to be within other bounds besides.
    #[inline(always)]
    fn within(self, _bounds: Intervals<BOXES>) -> Self {
        self
    }

    /// Whether [`at_corner`](Self::at_corner) adds anything.
    const KNOWS_CORNERS: bool = false;

    /// This, which is the distance to a corner, with what is known of that: its distance outside and that inside, of which
    /// it is the one or the other.
    #[inline(always)]
    fn at_corner(self, _outside: Self, _inside: Self) -> Self {
        self
    }
}

impl Bounding for Intervals<BOXES> {
    #[inline(always)]
    fn bounds(&self) -> Intervals<BOXES> {
        *self
    }

    #[inline(always)]
    fn within(self, bounds: Intervals<BOXES>) -> Self {
        Intervals::within(self, bounds)
    }
}

impl Bounding for Rise<BOXES> {
    #[inline(always)]
    fn bounds(&self) -> Intervals<BOXES> {
        *self.value()
    }

    #[inline(always)]
    fn within(self, bounds: Intervals<BOXES>) -> Self {
        Rise::within(self, bounds)
    }
}

impl Bounding for Bend<BOXES> {
    #[inline(always)]
    fn bounds(&self) -> Intervals<BOXES> {
        *self.value()
    }

    const SEES_SEAMS: bool = false;
    const KNOWS_CORNERS: bool = true;

    #[inline(always)]
    fn at_corner(self, outside: Self, inside: Self) -> Self {
        self.bending_as(outside, inside)
    }
}

/// Runs tapes on intervals, sixteen boxes at a time, and prunes them to each of the boxes.
///
/// What it finds holds for [`Block`](super::Block) and for `f64` alike (see [`Intervals`]). It keeps its memory from
/// one tape to the next. On [`Rise`] it says besides how steep the outputs are in the boxes, on [`Bend`] also how their
/// slopes change.
#[derive(Clone, Debug)]
pub struct Boxes<R = Intervals<BOXES>> {
    arch: Arch,
    values: Vec<R>,
    /// The bounds alone, where jumps are taken apart; and the memory for that.
    known: Vec<Intervals<BOXES>>,
    sides: Sides<Intervals<BOXES>>,
    plan: Pruning,
}

impl<R> Default for Boxes<R> {
    fn default() -> Self {
        let (sides, plan) = Default::default();
        Boxes { arch: Arch::new(), values: Vec::new(), known: Vec::new(), sides, plan }
    }
}

impl<R: Bounding> Boxes<R> {
    /// Looks at boxes of space and time, with the parameters at the tape's values.
    pub fn over(&mut self, tape: &Tape, over: [R; 4]) {
        self.over_leaves(tape, tape.leaf_values(over));
    }

    /// Looks at boxes of space, time and parameters.
    pub fn over_with(&mut self, tape: &Tape, over: [R; 4], parameters: impl Iterator<Item = R>) {
        let constants = tape.program.constants.iter().copied().map(R::constant);
        self.over_leaves(tape, over.into_iter().chain(parameters).chain(constants));
    }

    fn over_leaves(&mut self, tape: &Tape, leaves: impl Iterator<Item = R>) {
        let program = &*tape.program;
        self.values.clear();
        self.values.extend(leaves);
        self.values.resize(program.value_of_line(program.lines.len()), R::zero());
        let all = 0..program.lines.len();
        run_all(self.arch, tape, all.clone(), &mut self.values, None);
        if R::SEES_SEAMS {
            self.look_apart(tape, all);
        }
    }

    /// Takes apart what lies on the sides of jumps, in the boxes in which the first output may change its sign.
    fn look_apart(&mut self, tape: &Tape, all: Range<usize>) {
        let program = &*tape.program;
        let Some(&output) = program.outputs.first() else { return };
        let bounds = self.values[output as usize].bounds();
        let open: Which = std::array::from_fn(|n| bounds.in_box(n).contains(0.0));
        if !open.contains(&true) || !program.may_jump() {
            return;
        }
        self.known.clear();
        self.known.extend(self.values.iter().map(R::bounds));
        let run = |lines: Range<usize>, values: &mut [_]| run_all(self.arch, tape, lines, values, None);
        let start = self.sides.look_apart(program, &mut self.known, &open, run);
        if let Some(start) = start {
            run_all(self.arch, tape, start..all.end, &mut self.values, Some(&self.known));
        }
    }

    /// Bounds on an output of the tape last looked at.
    pub fn output(&self, tape: &Tape, output: usize) -> R {
        self.values[tape.program.outputs[output] as usize]
    }

    /// The shorter tape that gives what is asked everywhere in one of the boxes last looked at, with this same tape;
    /// none where it would be more than `most` lines. It holds for the tape's values of its parameters, and for no others.
    pub fn prune(&mut self, tape: &Tape, which: usize, asked: Asked, most: usize) -> Option<Tape> {
        let mut plan = std::mem::take(&mut self.plan);
        let pruned = self.prune_by(&mut plan, tape, which, asked, most);
        self.plan = plan;
        pruned
    }

    /// The same, in memory of the caller's: so that several threads can look at one run.
    pub(super) fn prune_by(
        &self,
        plan: &mut Pruning,
        tape: &Tape,
        which: usize,
        asked: Asked,
        most: usize,
    ) -> Option<Tape> {
        let program = &*tape.program;
        assert_eq!(self.values.len(), program.value_of_line(program.lines.len()), "the tape last looked at");
        let held = tape.values.iter().map(|&value| Interval::point(value)).collect();
        let pruned = plan.prune(program, asked, most, held, |value| self.values[value].lane(which))?;
        Some(Tape { program: Arc::new(pruned), values: tape.values.clone() })
    }
}

/// Runs some lines, kernels too; values are `known` besides to be within bounds.
fn run_all<R: Bounding>(
    arch: Arch,
    tape: &Tape,
    lines: Range<usize>,
    values: &mut [R],
    known: Option<&[Intervals<BOXES>]>,
) {
    let program = &*tape.program;
    for (lines, kernel) in program.runs(lines) {
        R::run_lines(arch, tape, lines, values, known);
        if let Some(line) = kernel {
            let Code::Kernel(kernel) = program.lines[line].code else {
                unreachable!("only kernels come here")
            };
            let operands = program.operands(&program.lines[line]);
            let inputs: Vec<R> = operands.iter().map(|&operand| values[operand as usize]).collect();
            values[program.value_of_line(line)] = R::kernel(&program.kernels[kernel as usize], &inputs);
        }
    }
}

/// Running lines on a type of number: for each type compiled here, and not again by all who use it.
mod lines {
    use super::{Arch, BOXES, BoxRun, Range, Tape};
    use crate::number::{Bend, Intervals, Rise};

    pub trait RunLines: Sized {
        fn run_lines(
            arch: Arch,
            tape: &Tape,
            lines: Range<usize>,
            values: &mut [Self],
            known: Option<&[Intervals<BOXES>]>,
        );
    }

    macro_rules! run_lines {
        ($($type:ty)*) => {$(
            impl RunLines for $type {
                fn run_lines(
                    arch: Arch,
                    tape: &Tape,
                    lines: Range<usize>,
                    values: &mut [Self],
                    known: Option<&[Intervals<BOXES>]>,
                ) {
                    arch.dispatch(BoxRun { program: &tape.program, lines, values, known });
                }
            }
        )*};
    }

    run_lines! { Intervals<BOXES> Rise<BOXES> Bend<BOXES> }
}

/// A run of plain lines.
struct BoxRun<'a, R> {
    program: &'a Program,
    lines: Range<usize>,
    values: &'a mut [R],
    /// What is known of the values besides, if anything.
    known: Option<&'a [Intervals<BOXES>]>,
}

impl<R: Bounding> WithSimd for BoxRun<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let BoxRun { program, lines, values, known } = self;
        let leaves = program.leaves();
        for i in lines {
            let line = &program.lines[i];
            let Code::Op(op) = line.code else { unreachable!("kernels are not run here") };
            BoxTable::<S, R>::LINES[op.number()](simd, values, program.operands(line), leaves + i);
            if R::KNOWS_CORNERS
                && op == Op::Add
                && let Some([outside, inside]) = corner_at(program, i)
            {
                values[leaves + i] = values[leaves + i].at_corner(values[outside], values[inside]);
            }
            if let Some(known) = known {
                values[leaves + i] = values[leaves + i].within(known[leaves + i]);
            }
        }
    }
}

/// A line of one operation: the values, which of them are its operands, and where its own goes.
struct BoxLineOf<'a, R, const OP: usize> {
    values: &'a mut [R],
    operands: &'a [u32],
    out: usize,
}

impl<R: Bounding, const OP: usize> NullaryFnOnce for BoxLineOf<'_, R, OP> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let BoxLineOf { values, operands, out } = self;
        values[out] = apply_known!(Op::ALL[OP], R, |n: usize| values[operands[n] as usize]);
    }
}

fn line<S: Simd, R: Bounding, const OP: usize>(simd: S, values: &mut [R], operands: &[u32], out: usize) {
    simd.vectorize(BoxLineOf::<R, OP> { values, operands, out });
}

/// Runs a line of one operation: the values, which of them are its operands, and where its own goes.
type RunBoxLine<S, R> = fn(S, &mut [R], &[u32], usize);

/// A function for each operation, compiled for one width of vector: all of them in one took the compiler minutes.
struct BoxTable<S, R>(PhantomData<(S, R)>);

macro_rules! lines {
    ($($op:literal)*) => { [$(line::<S, R, $op>),*] };
}

impl<S: Simd, R: Bounding> BoxTable<S, R> {
    const LINES: [RunBoxLine<S, R>; Op::ALL.len()] = of_every_operation!(lines);
}
