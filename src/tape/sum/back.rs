//! The backward pass, run: loops over chunks of points, compiled for each width of vector.

use super::partial::WeightedCall;
use crate::number::Arch;
use crate::number::op::{ConstantOp, NumberedOp, number};
use crate::number::{Columns, Lanes, Op, Real, Smooth};
use crate::tape::adjoint::send_back_of;
use crate::tape::block::{Chunk, WIDTH};
use crate::tape::program::Program;
use pulp::NullaryFnOnce;
use std::marker::PhantomData;

/// The chunk that is 0 in every lane.
pub(super) const ZERO: Chunk = Lanes([0.0; WIDTH]);

/// A step back. Adjoints are in registers of their own, a row of chunks each; what the forward pass left is only read.
#[derive(Clone, Copy, Debug)]
pub(super) enum BackwardStep {
    /// What an operation sends to its operands.
    Send(Send),
    /// Two adjoints of one value, or what is sent to it and its opposite, joined.
    Combine { subtract: bool, a: u32, b: u32, out: u32 },
    /// An adjoint summed over the points.
    Sum { adjoint: u32, sum: u32 },
    /// An adjoint times a value, summed over the points.
    SumProduct { adjoint: u32, factor: ForwardValue, sum: u32 },
    /// What a kernel sends to its inputs: first and count of its inputs and targets. The adjoint may have the other sign.
    Kernel { kernel: u32, range: (u32, u32), adjoint: u32, negated: bool },
}

/// Where the forward pass has left a value: its first chunk among those, or with stride 0 its place among the values that
/// are the same for all points.
#[derive(Clone, Copy, Debug)]
pub(super) struct ForwardValue {
    start: u32,
    stride: u32,
}

impl ForwardValue {
    /// No value: a place that can be read.
    pub(super) const NONE: ForwardValue = ForwardValue { start: 0, stride: 1 };

    pub(super) fn varying(start: usize) -> ForwardValue {
        ForwardValue { start: start as u32, stride: 1 }
    }

    pub(super) fn uniform(value: u32) -> ForwardValue {
        ForwardValue { start: value, stride: 0 }
    }
}

/// What an operation sends to its operands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Send {
    pub(super) run: SendLoop,
    pub(super) operands: [ForwardValue; 4],
    pub(super) value: ForwardValue,
    pub(super) adjoint: u32,
    pub(super) targets: [AdjointTarget; 4],
}

/// Where something sent goes: added to register `from` it is put in register `to`, and its sum over the points is
/// added to a sum. One of the two is wanted, and the other thrown away: that costs less than to choose.
#[derive(Clone, Copy, Debug)]
pub(super) struct AdjointTarget {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) sum: u32,
}

impl AdjointTarget {
    /// The register that holds 0.
    pub(super) const NOTHING: u32 = 0;
    /// The register that nothing reads.
    pub(super) const UNWANTED: u32 = 1;
    /// How many registers have such a meaning.
    pub(super) const REGISTERS: u32 = 2;
    /// Nowhere.
    pub(super) const NONE: AdjointTarget =
        AdjointTarget { from: AdjointTarget::NOTHING, to: AdjointTarget::UNWANTED, sum: 0 };
}

/// The inputs and targets of kernels, which may have any number of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Kernels {
    pub(super) inputs: Vec<ForwardValue>,
    pub(super) targets: Vec<AdjointTarget>,
}

impl BackwardStep {
    /// Visits each register, those that are read first; `true` comes with those that are written.
    pub(super) fn registers(&mut self, kernels: &mut Kernels, mut visit: impl FnMut(&mut u32, bool)) {
        let all = |targets: &mut [AdjointTarget], visit: &mut dyn FnMut(&mut u32, bool)| {
            targets.iter_mut().for_each(|target| visit(&mut target.from, false));
            targets.iter_mut().for_each(|target| visit(&mut target.to, true));
        };
        match self {
            BackwardStep::Send(send) => {
                visit(&mut send.adjoint, false);
                all(&mut send.targets, &mut visit);
            }
            BackwardStep::Combine { a, b, out, .. } => {
                visit(a, false);
                visit(b, false);
                visit(out, true);
            }
            BackwardStep::Sum { adjoint, .. } | BackwardStep::SumProduct { adjoint, .. } => {
                visit(adjoint, false)
            }
            BackwardStep::Kernel { range: (start, count), adjoint, .. } => {
                visit(adjoint, false);
                let range = *start as usize..(*start + *count) as usize;
                all(&mut kernels.targets[range], &mut visit);
            }
        }
    }
}

/// What the steps back work on: the first chunks of a block.
pub(super) struct BackwardBlock<'a> {
    pub(super) kernels: &'a Kernels,
    pub(super) program: &'a Program,
    /// The forward pass's results: the values each point has of its own, and those that are the same for all.
    pub(super) values: &'a [Chunk],
    pub(super) uniform: &'a [f64],
    /// The registers, `row` chunks each.
    pub(super) memory: &'a mut [Chunk],
    pub(super) sums: &'a mut [Chunk],
    pub(super) row: usize,
    pub(super) chunks: usize,
    pub(super) scratch: &'a mut Scratch,
    /// The calls of kernels with weights, where those are asked for.
    pub(super) calls: Option<&'a mut Vec<WeightedCall<f32>>>,
}

/// The columns of a kernel's inputs, and of its values and slopes there.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    inputs: Vec<f32>,
    slopes: Vec<f32>,
    adjoints: Vec<Chunk>,
}

/// A value's chunks: one a step of the loop, or the same at each.
#[derive(Clone, Copy)]
struct ChunkColumn<'a> {
    chunks: &'a [Chunk],
    stride: usize,
}

impl ChunkColumn<'_> {
    #[inline(always)]
    fn at(&self, c: usize) -> &Chunk {
        &self.chunks[c * self.stride]
    }
}

/// Some lanes of a chunk.
#[inline(always)]
#[allow(clippy::manual_memcpy)] // what is not inlined would be compiled for the plainest machine
fn part<const LANES: usize>(chunk: &Chunk, start: usize) -> Lanes<LANES> {
    let mut lanes = [0.0; LANES];
    for i in 0..LANES {
        lanes[i] = chunk.0[start + i];
    }
    Lanes(lanes)
}

impl<'a> BackwardBlock<'a> {
    /// Runs steps.
    pub(super) fn back(&mut self, arch: Arch, steps: &[BackwardStep]) {
        for step in steps {
            match step {
                BackwardStep::Send(send) => (send.run)(arch, send, self),
                &BackwardStep::Kernel { kernel, range, adjoint, negated } => {
                    self.kernel(kernel, range, adjoint, negated)
                }
                _ => arch.dispatch(PlainStep { step, frame: self }),
            }
        }
    }

    /// The column of an operand; if it is the same for all points, it is spread in `spread`.
    #[inline(always)]
    fn column<'b>(&self, operand: ForwardValue, spread: &'b mut Chunk) -> ChunkColumn<'b>
    where
        'a: 'b,
    {
        let (start, stride) = (operand.start as usize, operand.stride as usize);
        match stride {
            0 => {
                *spread = Lanes([self.uniform[start] as f32; WIDTH]);
                ChunkColumn { chunks: std::slice::from_ref(spread), stride }
            }
            _ => ChunkColumn { chunks: &self.values[start..start + self.chunks], stride },
        }
    }

    /// Adds what a step has summed: the chunks of a block first to one another, for their rounding's sake.
    #[inline(always)]
    fn add_to(&mut self, sum: u32, total: Chunk) {
        let sum = &mut self.sums[sum as usize];
        *sum = *sum + total;
    }

    #[inline(always)]
    fn row(&self, register: u32) -> usize {
        register as usize * self.row
    }

    #[inline(always)]
    fn combine(&mut self, subtract: bool, [a, b, out]: [u32; 3]) {
        let [a, b, out] = [a, b, out].map(|register| register as usize * self.row);
        let memory = &mut *self.memory;
        for c in 0..self.chunks {
            let (a, b) = (memory[a + c], memory[b + c]);
            memory[out + c] = if subtract { a - b } else { a + b };
        }
    }

    #[inline(always)]
    fn sum(&mut self, adjoint: u32, sum: u32) {
        let start = self.row(adjoint);
        let mut total = ZERO;
        for chunk in &self.memory[start..start + self.chunks] {
            total = total + *chunk;
        }
        self.add_to(sum, total);
    }

    #[inline(always)]
    fn sum_product(&mut self, adjoint: u32, factor: ForwardValue, sum: u32) {
        let mut spread = ZERO;
        let factor = self.column(factor, &mut spread);
        let start = self.row(adjoint);
        let mut total = ZERO;
        for (c, chunk) in self.memory[start..start + self.chunks].iter().enumerate() {
            let factor = *factor.at(c);
            total = total + send_back_of::<NumberedOp<{ number::MUL }>, _>(0, |_| factor, &ZERO, *chunk);
        }
        self.add_to(sum, total);
    }

    /// What an operation sends to the operands of the mask: with both constants, the rule is compiled into the loop,
    /// and what its parts have in common is worked out once.
    ///
    /// `LANES` of a chunk go through the rule at a time. With one the compiler makes vectors of the loop over lanes,
    /// in much less time than of rules over whole chunks.
    #[inline(always)]
    fn send<O: ConstantOp, const MASK: u8, const LANES: usize>(&mut self, send: &Send) {
        let mut spread = [ZERO; 5];
        let [s0, s1, s2, s3, s4] = &mut spread;
        let [o0, o1, o2, o3] = send.operands;
        let operands = [self.column(o0, s0), self.column(o1, s1), self.column(o2, s2), self.column(o3, s3)];
        let value = self.column(send.value, s4);
        let adjoint = self.row(send.adjoint);
        let rows = send.targets.map(|target| [self.row(target.from), self.row(target.to)]);
        let memory = &mut *self.memory;
        let wanted = |n: usize| MASK >> n & 1 == 1;
        let mut totals = [ZERO; 4];
        for c in 0..self.chunks {
            let arguments = [operands[0].at(c), operands[1].at(c), operands[2].at(c), operands[3].at(c)];
            let (adjoint, value) = (memory[adjoint + c], value.at(c));
            let mut sent = [ZERO; 4];
            let mut lane = 0;
            while lane < WIDTH {
                for n in 0..4 {
                    if wanted(n) {
                        let arg = |i: usize| part::<LANES>(arguments[i], lane);
                        let adjoint = part::<LANES>(&adjoint, lane);
                        let part = send_back_of::<O, _>(n, arg, &part::<LANES>(value, lane), adjoint);
                        for i in 0..LANES {
                            sent[n].0[lane + i] = part.0[i];
                        }
                    }
                }
                lane += LANES;
            }
            let mut joined = [ZERO; 4];
            for n in 0..4 {
                if wanted(n) {
                    joined[n] = memory[rows[n][0] + c] + sent[n];
                    totals[n] = totals[n] + sent[n];
                }
            }
            // All is read: what is written may take the place of what is not read again.
            for n in 0..4 {
                if wanted(n) {
                    memory[rows[n][1] + c] = joined[n];
                }
            }
        }
        for n in 0..4 {
            if wanted(n) {
                self.add_to(send.targets[n].sum, totals[n]);
            }
        }
    }

    /// What a kernel sends to its inputs, lane by lane.
    fn kernel(&mut self, number: u32, (start, count): (u32, u32), adjoint: u32, negated: bool) {
        let range = start as usize..(start + count) as usize;
        let (inputs, targets) = (&self.kernels.inputs[range.clone()], &self.kernels.targets[range]);
        let kernel = &self.program.kernels[number as usize];
        let (scratch, rows) = (&mut *self.scratch, self.chunks * WIDTH);
        scratch.inputs.clear();
        for operand in inputs {
            match operand.stride {
                0 => scratch.inputs.extend((0..rows).map(|_| self.uniform[operand.start as usize] as f32)),
                _ => (0..self.chunks)
                    .for_each(|c| scratch.inputs.extend(self.values[operand.start as usize + c].0)),
            }
        }
        if let Some(calls) = self.calls.as_mut().filter(|_| kernel.weight_count() > 0) {
            let first = adjoint as usize * self.row;
            let adjoints = self.memory[first..first + self.chunks].iter().flat_map(|chunk| chunk.0);
            let sign = if negated { -1.0 } else { 1.0 };
            let mut columns = scratch.inputs.clone();
            columns.extend(adjoints.map(|adjoint| sign * adjoint));
            calls.push(WeightedCall { kernel: number, rows, columns });
        }
        if targets.iter().all(|target| target.to == AdjointTarget::UNWANTED && target.sum == 0) {
            return;
        }
        scratch.slopes.resize((1 + inputs.len()) * rows, 0.0);
        kernel.values_with_gradient_f32(Columns::new(&scratch.inputs, rows), &mut scratch.slopes);
        // A target may have the register that the adjoint had.
        let first = adjoint as usize * self.row;
        scratch.adjoints.clear();
        scratch.adjoints.extend_from_slice(&self.memory[first..first + self.chunks]);
        for (target, slopes) in targets.iter().zip(scratch.slopes.chunks_exact(rows).skip(1)) {
            let mut total = ZERO;
            for c in 0..self.chunks {
                let adjoint = scratch.adjoints[c];
                let slope = Lanes(*slopes[c * WIDTH..].first_chunk().expect("a chunk"));
                // What counts for nothing sends nothing, however steep it is.
                let sent = adjoint.gated(slope);
                self.memory[target.to as usize * self.row + c] = sent;
                total = total + sent;
            }
            let sum = &mut self.sums[target.sum as usize];
            *sum = *sum + total;
        }
    }
}

/// A loop that sends.
pub(super) type SendLoop = fn(Arch, &Send, &mut BackwardBlock);

/// The loop of an operation that sends to the operands of the mask.
///
/// Each is a function of its own: in one large function they take the compiler many minutes.
fn run<O: ConstantOp, const MASK: u8, const LANES: usize>(
    arch: Arch,
    send: &Send,
    frame: &mut BackwardBlock,
) {
    arch.dispatch(Sending::<O, MASK, LANES> { send, frame, operation: PhantomData });
}

// What is compiled for each width of vector. These are types with a method, since a closure is not inlined for certain.

/// See [`run`].
struct Sending<'s, 'f, 'a, O, const MASK: u8, const LANES: usize> {
    send: &'s Send,
    frame: &'f mut BackwardBlock<'a>,
    operation: PhantomData<O>,
}

impl<O: ConstantOp, const MASK: u8, const LANES: usize> NullaryFnOnce
    for Sending<'_, '_, '_, O, MASK, LANES>
{
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.frame.send::<O, MASK, LANES>(self.send);
    }
}

/// A step that works no rule out.
struct PlainStep<'s, 'f, 'a> {
    step: &'s BackwardStep,
    frame: &'f mut BackwardBlock<'a>,
}

impl NullaryFnOnce for PlainStep<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        match *self.step {
            BackwardStep::Combine { subtract: false, a, b, out } => self.frame.combine(false, [a, b, out]),
            BackwardStep::Combine { subtract: true, a, b, out } => self.frame.combine(true, [a, b, out]),
            BackwardStep::Sum { adjoint, sum } => self.frame.sum(adjoint, sum),
            BackwardStep::SumProduct { adjoint, factor, sum } => self.frame.sum_product(adjoint, factor, sum),
            BackwardStep::Send(_) | BackwardStep::Kernel { .. } => {
                unreachable!("these have loops of their own")
            }
        }
    }
}

/// The loop that sends to all of a group of operands, a bit each; it may be one that works out more.
pub(super) fn loop_of(op: Op, group: u8) -> SendLoop {
    macro_rules! each {
        ($($kind:tt $($op:pat => $constant:expr),*;)*) => {
            match op {
                $($($op => {
                    struct This;
                    impl ConstantOp for This {
                        const OP: Op = $constant;
                    }
                    each!(@of $kind)
                })*)*
                _ => unreachable!("what such an operation sends back is not worked out"),
            }
        };
        (@of sine) => { run::<This, 1, WIDTH> };
        (@of one) => { run::<This, 1, 1> };
        (@of cheap) => {
            match group {
                1 => run::<This, 1, 1>,
                2 => run::<This, 2, 1>,
                _ => run::<This, 3, 1>,
            }
        };
        (@of power) => {
            match group {
                1 => run::<This, 1, 1>,
                _ => run::<This, 3, 1>,
            }
        };
        (@of two) => { run::<This, 3, 1> };
        (@of blend) => {
            match group {
                1..=3 => run::<This, 3, 1>,
                _ => run::<This, 7, 1>,
            }
        };
        (@of three) => { run::<This, 7, 1> };
        (@of choice) => {
            match group {
                4 => run::<This, 4, 1>,
                8 => run::<This, 8, 1>,
                _ => run::<This, 12, 1>,
            }
        };
    }
    each! {
        sine Op::Sin => Op::Sin, Op::Cos => Op::Cos;
        one
        Op::Abs => Op::Abs,
        Op::Sqrt => Op::Sqrt,
        Op::Square => Op::Square,
        Op::Recip => Op::Recip,
        Op::Exp => Op::Exp,
        Op::Ln => Op::Ln,
        Op::Tan => Op::Tan,
        Op::Asin => Op::Asin,
        Op::Acos => Op::Acos,
        Op::Atan => Op::Atan,
        Op::Ramp => Op::Ramp;
        cheap
        Op::Mul => Op::Mul,
        Op::Div => Op::Div,
        Op::Min => Op::Min,
        Op::Max => Op::Max;
        power Op::Pow => Op::Pow;
        two
        Op::Atan2 => Op::Atan2,
        Op::Modulo => Op::Modulo,
        Op::Hypot => Op::Hypot,
        Op::DirectionCosine => Op::DirectionCosine;
        blend
        Op::Mix => Op::Mix,
        Op::SmoothMin(Smooth::Quadratic) => Op::SmoothMin(Smooth::Quadratic),
        Op::SmoothMin(Smooth::Cubic) => Op::SmoothMin(Smooth::Cubic),
        Op::SmoothMin(Smooth::Quartic) => Op::SmoothMin(Smooth::Quartic),
        Op::SmoothMin(Smooth::Circular) => Op::SmoothMin(Smooth::Circular),
        Op::SmoothMin(Smooth::Exponential) => Op::SmoothMin(Smooth::Exponential),
        Op::SmoothMin(Smooth::Root) => Op::SmoothMin(Smooth::Root),
        Op::SmoothWeight(Smooth::Quadratic) => Op::SmoothWeight(Smooth::Quadratic),
        Op::SmoothWeight(Smooth::Cubic) => Op::SmoothWeight(Smooth::Cubic),
        Op::SmoothWeight(Smooth::Quartic) => Op::SmoothWeight(Smooth::Quartic),
        Op::SmoothWeight(Smooth::Circular) => Op::SmoothWeight(Smooth::Circular),
        Op::SmoothWeight(Smooth::Exponential) => Op::SmoothWeight(Smooth::Exponential),
        Op::SmoothWeight(Smooth::Root) => Op::SmoothWeight(Smooth::Root);
        three Op::Length => Op::Length;
        choice Op::IfLess => Op::IfLess;
    }
}
