//! Sums over points in `f64`: values and adjoints on blocks of [`Doubles`](crate::number::Doubles), a line at a time.

use super::partial::{Adder, PartialSum, WeightedCall, add_in_pieces, count_of};
use super::plan;
use super::rule::{Sent, rules};
use super::settled::Settled;
use crate::number::op::{NumberedOp, of_every_operation};
use crate::number::{Columns, Doubles, Op, Real};
use crate::tape::Tape;
use crate::tape::adjoint::send_back_of;
use crate::tape::block::first_stage_coordinates;
use crate::tape::block64::{Block64, DoubleLanes, LANES};
use crate::tape::program::{Code, Program};
use pulp::{NullaryFnOnce, Simd, WithSimd};
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

/// A loss of any number of outputs in `f64`: see [`ColumnLoss`](super::ColumnLoss).
pub type ColumnLoss64<'a> = dyn Fn(usize, &[&[f64]], &mut [&mut [f64]]) -> f64 + Sync + 'a;

/// A sum over points of a loss, or of a tape's first output, and its derivative in every parameter, in `f64` throughout.
///
/// It is used as [`Sum`](super::Sum) is, which is several times as fast and has the digits of `f32`. This is for fits that
/// go on to the last digits, and for whoever checks the other.
///
/// ```
/// use fieldgrad::prelude::*;
/// use fieldgrad::tape::Sum64;
///
/// let tape = sphere(param("r", 0.5)).tape()?;
/// let (xs, ys, zs) = (vec![0.0; 100], vec![0.8; 100], vec![0.0; 100]);
/// let mut sum = Sum64::new(&tape);
/// sum.add_loss([&xs, &ys, &zs], &|_, values, seeds| {
///     seeds[0].iter_mut().zip(values[0]).for_each(|(seed, f)| *seed = 2.0 * f);
///     values[0].iter().map(|f| f * f).sum()
/// });
/// assert!((sum.total() - 100.0 * 0.3 * 0.3).abs() < 1e-12);
/// assert!((sum.gradient()[0] + 100.0 * 2.0 * 0.3).abs() < 1e-12);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sum64 {
    /// The forward pass: the tape, with what the backward pass reads as further outputs.
    block: Block64,
    plan: Arc<Plan>,
    /// The adjoints of those values; of what is the same for all points, lane by lane, summed over a piece so far.
    adjoints: Vec<DoubleLanes>,
    /// What all points since the last change of time have added.
    part: PartialSum<f64>,
    /// The derivatives of what was added before.
    settled: Settled,
    /// The outputs and their seeds at a block's points, a column each.
    values: Vec<[f64; LANES]>,
    seeds: Vec<[f64; LANES]>,
    /// The columns of a kernel's inputs, and of its values and slopes there.
    inputs: Vec<f64>,
    slopes: Vec<f64>,
}

/// The backward pass.
#[derive(Debug)]
struct Plan {
    /// The lines that a parameter moves, the last first.
    lines: Vec<BackwardLine>,
    /// The values that a parameter moves and that are the same for all points: the first adjoints are theirs, in order.
    uniform: Vec<u32>,
    /// The adjoint of each output, where a parameter moves it.
    outputs: Vec<Option<u32>>,
}

/// A line of the backward pass: what it reads, by registers of the forward pass, and to which adjoints it adds.
#[derive(Debug)]
struct BackwardLine {
    code: Code,
    operands: Box<[u32]>,
    value: u32,
    adjoint: u32,
    targets: Box<[Option<u32>]>,
}

impl Sum64 {
    /// A sum over points that share one time, at first 0. Parameters are at the tape's values.
    pub fn new(tape: &Tape) -> Sum64 {
        Sum64::of_program(&tape.program, &tape.values, 2, false)
    }

    /// A sum over points that have a time each, given as a fourth coordinate.
    pub fn over_times(tape: &Tape) -> Sum64 {
        Sum64::of_program(&tape.program, &tape.values, 1, false)
    }

    /// A sum over points like these, none of which it has, that gives [the derivative in weights](Sum64::weight_gradient)
    /// too. It keeps the inputs of each call of a kernel with weights, and what was sent back to it.
    pub fn for_weights(self) -> Sum64 {
        let mut program = Program::clone(&self.block.program);
        program.outputs.truncate(self.values.len());
        let parameters = &self.block.uniform[program.parameter_values()];
        Sum64::of_program(&program, parameters, self.block.first_stage, true)
    }

    fn of_program(program: &Program, parameters: &[f64], first_stage: usize, for_weights: bool) -> Sum64 {
        let varies = plan::varying(program, for_weights);
        let mut keeping = program.clone();
        keeping.outputs.extend(plan::kept(program, first_stage, &varies, for_weights));
        let outputs = program.outputs.len();
        let plan = Plan::of(&keeping, outputs, first_stage, &varies);
        let count = varies.iter().filter(|&&varies| varies).count();
        let block = Block64::of_program(Arc::new(keeping), parameters, first_stage);
        let settled = Settled::none(block.program.clone(), first_stage, varies, for_weights);
        Sum64 {
            block,
            adjoints: vec![DoubleLanes::zero(); count],
            part: PartialSum::of(plan.uniform.len(), outputs),
            settled,
            values: vec![[0.0; LANES]; outputs],
            seeds: vec![[0.0; LANES]; outputs],
            inputs: Vec::new(),
            slopes: Vec::new(),
            plan: Arc::new(plan),
        }
    }

    /// Sets the parameters, in the tape's order, and begins a new sum. Panics if their number is not the tape's, or if
    /// the tape was pruned for others.
    pub fn set_parameters(&mut self, values: &[f64]) {
        self.block.set_parameters(values);
        self.part.clear();
        self.settled.clear();
    }

    /// Sets the time that all points added from now on share.
    pub fn set_time(&mut self, t: f64) {
        let sent = self.sent();
        self.settled.settle(&self.block.uniform, sent, &mut self.part);
        self.block.set_time(t);
    }

    /// Adds the tape's first output at any number of points, given as x, y and z (and t, for a sum
    /// [over times](Sum64::over_times)). Panics if lengths differ, or the number of coordinates is wrong.
    pub fn add<const N: usize>(&mut self, points: [&[f64]; N]) {
        self.add_loss(points, &|_, values, seeds| {
            let (Some(values), Some(seeds)) = (values.first(), seeds.first_mut()) else {
                return 0.0;
            };
            seeds.fill(1.0);
            values.iter().sum()
        });
    }

    /// Adds a loss at any number of points: the function is called for a few points at a time, from any thread, with the
    /// index of the first, a column of values for each output, and a column of seeds for each, at first 0, to write the
    /// loss's derivative in that output to. It returns the loss of these points. Panics if lengths differ, or the number of
    /// coordinates is wrong.
    ///
    /// With seeds that are given, and 0 returned, [`gradient`](Sum64::gradient) is the product of the seeds with the
    /// Jacobian of all outputs at all points in the parameters.
    pub fn add_loss<const N: usize>(&mut self, points: [&[f64]; N], loss: &ColumnLoss64) {
        self.add_columns(&points, loss);
    }

    /// The sum of what was added since the parameters were set.
    pub fn total(&self) -> f64 {
        self.part.total
    }

    /// The derivative of the sum in every parameter, in the tape's order.
    pub fn gradient(&self) -> Vec<f64> {
        self.settled.gradient(&self.block.uniform, self.sent())
    }

    /// The derivative of the sum in every weight of the tape's kernels, in the order of [`Tape::weights`]. Panics if the sum
    /// was not made [for weights](Sum64::for_weights).
    pub fn weight_gradient(&self) -> Vec<f64> {
        assert!(self.settled.for_weights, "a sum for weights");
        self.settled.weight_gradient(&self.block.uniform, self.sent(), &self.part)
    }

    /// The adjoints that points sent to the values that are the same for all of them.
    fn sent(&self) -> Vec<Option<f64>> {
        let mut adjoints = vec![None; self.block.uniform.len()];
        for (&value, &total) in self.plan.uniform.iter().zip(&self.part.sums) {
            adjoints[value as usize] = Some(total);
        }
        adjoints
    }

    fn add_columns(&mut self, points: &[&[f64]], loss: &ColumnLoss64) {
        let count = count_of(points, first_stage_coordinates(self.block.first_stage));
        add_in_pieces(self, count, |adder, piece| adder.add_piece(points, piece, loss));
    }

    fn add_piece(&mut self, points: &[&[f64]], piece: Range<usize>, loss: &ColumnLoss64) {
        for start in piece.clone().step_by(LANES) {
            let rows = start..piece.end.min(start + LANES);
            let count = rows.len();
            self.block.forward(points, rows);
            for (output, values) in self.values.iter_mut().enumerate() {
                *values = self.block.output(output).0;
            }
            self.seeds.fill([0.0; LANES]);
            let values: Vec<&[f64]> = self.values.iter().map(|column| &column[..count]).collect();
            let mut seeds: Vec<&mut [f64]> =
                self.seeds.iter_mut().map(|column| &mut column[..count]).collect();
            self.part.total += loss(start, &values, &mut seeds);
            self.back(count);
        }
        let uniform = &mut self.adjoints[..self.plan.uniform.len()];
        for (total, lanes) in self.part.sums.iter_mut().zip(uniform) {
            *total += std::mem::replace(lanes, DoubleLanes::zero()).0.iter().sum::<f64>();
        }
    }

    /// Sends the seeds of a block's points back.
    fn back(&mut self, rows: usize) {
        let plan = self.plan.clone();
        self.adjoints[plan.uniform.len()..].fill(DoubleLanes::zero());
        for (&adjoint, &seeds) in plan.outputs.iter().zip(&self.seeds) {
            if let Some(adjoint) = adjoint {
                // Beyond the last point the seeds are 0, and so is all that comes of them.
                let adjoint = &mut self.adjoints[adjoint as usize];
                *adjoint = *adjoint + Doubles(seeds);
            }
        }
        let mut lines = &plan.lines[..];
        while !lines.is_empty() {
            let is_kernel = |line: &BackwardLine| matches!(line.code, Code::Kernel(_));
            let (plain, rest) = lines.split_at(lines.iter().position(is_kernel).unwrap_or(lines.len()));
            let (registers, adjoints) = (&self.block.registers[..], &mut self.adjoints[..]);
            self.block
                .arch
                .dispatch(DoubleRun { lines: plain, frame: BackwardFrame { registers, adjoints } });
            lines = match rest {
                [] => rest,
                [kernel, rest @ ..] => {
                    self.kernel(kernel, rows);
                    rest
                }
            };
        }
    }

    /// What a kernel sends to its inputs.
    fn kernel(&mut self, line: &BackwardLine, rows: usize) {
        let Code::Kernel(number) = line.code else { unreachable!("only kernels come here") };
        let kernel = &self.block.program.kernels[number as usize];
        let adjoint = self.adjoints[line.adjoint as usize];
        self.inputs.clear();
        for &operand in &line.operands {
            self.inputs.extend_from_slice(&self.block.registers[operand as usize].0[..rows]);
        }
        if self.settled.for_weights && kernel.weight_count() > 0 {
            let columns = [&self.inputs[..], &adjoint.0[..rows]].concat();
            self.part.calls.push(WeightedCall { kernel: number, rows, columns });
        }
        if line.targets.iter().all(Option::is_none) {
            return;
        }
        self.slopes.resize((1 + line.operands.len()) * rows, 0.0);
        kernel.values_with_gradient(Columns::new(&self.inputs, rows), &mut self.slopes);
        for (target, slopes) in line.targets.iter().zip(self.slopes.chunks_exact(rows).skip(1)) {
            let Some(target) = *target else { continue };
            let mut slope = DoubleLanes::zero();
            slope.0[..rows].copy_from_slice(slopes);
            // What counts for nothing sends nothing, however steep it is.
            let to = &mut self.adjoints[target as usize];
            *to = *to + adjoint.gated(slope);
        }
    }
}

impl Adder for Sum64 {
    type Float = f64;

    fn part(&mut self) -> &mut PartialSum<f64> {
        &mut self.part
    }
}

impl Plan {
    /// The backward pass of a program, of whose outputs the first are its own and the rest are kept for this.
    fn of(program: &Program, outputs: usize, first_stage: usize, varies: &[bool]) -> Plan {
        let registers = program.registers(first_stage);
        let mut adjoints = vec![None; varies.len()];
        let varying = (0..varies.len()).filter(|&value| varies[value]);
        for (adjoint, value) in varying.enumerate() {
            adjoints[value] = Some(adjoint as u32);
        }
        let first = program.stage(first_stage).start;
        let uniform = (0..program.value_of_line(first) as u32).filter(|&value| varies[value as usize]);
        let line = |i: usize| {
            let line = &program.lines[i];
            let adjoint = adjoints[program.value_of_line(i)]?;
            let operands = program.operands(line);
            let sends = |n: usize| match line.code {
                Code::Op(op) => rules(op)[n].sent != Sent::Nothing,
                Code::Kernel(_) => true,
            };
            let target = |(n, &operand): (usize, &u32)| adjoints[operand as usize].filter(|_| sends(n));
            Some(BackwardLine {
                code: line.code,
                operands: registers.operands[line.operands.start as usize..line.operands.end as usize].into(),
                value: registers.written[i],
                adjoint,
                targets: operands.iter().enumerate().map(target).collect(),
            })
        };
        Plan {
            lines: (first..program.lines.len()).rev().filter_map(line).collect(),
            uniform: uniform.collect(),
            outputs: program.outputs[..outputs].iter().map(|&output| adjoints[output as usize]).collect(),
        }
    }
}

/// What lines of the backward pass work on.
struct BackwardFrame<'a> {
    /// The forward pass's results.
    registers: &'a [DoubleLanes],
    adjoints: &'a mut [DoubleLanes],
}

/// A run of plain lines, the last first.
struct DoubleRun<'a> {
    lines: &'a [BackwardLine],
    frame: BackwardFrame<'a>,
}

impl WithSimd for DoubleRun<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        for line in self.lines {
            let Code::Op(op) = line.code else { unreachable!("kernels are not run here") };
            DoubleTable::<S>::LINES[op.number()](simd, &mut self.frame, line);
        }
    }
}

/// A line of one operation.
struct DoubleLineOf<'f, 'a, const OP: usize> {
    frame: &'f mut BackwardFrame<'a>,
    line: &'f BackwardLine,
}

impl<const OP: usize> NullaryFnOnce for DoubleLineOf<'_, '_, OP> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let DoubleLineOf { frame: BackwardFrame { registers, adjoints }, line } = self;
        let (adjoint, value) = (adjoints[line.adjoint as usize], registers[line.value as usize]);
        let arg = |n: usize| registers[line.operands[n] as usize];
        for n in 0..const { Op::ALL[OP].arity() } {
            if let Some(target) = line.targets[n] {
                let to = &mut adjoints[target as usize];
                *to = *to + send_back_of::<NumberedOp<OP>, _>(n, arg, &value, adjoint);
            }
        }
    }
}

fn line<S: Simd, const OP: usize>(simd: S, frame: &mut BackwardFrame, line: &BackwardLine) {
    simd.vectorize(DoubleLineOf::<OP> { frame, line });
}

/// Runs a line of one operation.
type RunDoubleLine<S> = fn(S, &mut BackwardFrame, &BackwardLine);

/// A function for each operation, compiled for one width of vector.
struct DoubleTable<S>(PhantomData<S>);

macro_rules! lines {
    ($($op:literal)*) => { [$(line::<S, $op>),*] };
}

impl<S: Simd> DoubleTable<S> {
    const LINES: [RunDoubleLine<S>; Op::ALL.len()] = of_every_operation!(lines);
}
