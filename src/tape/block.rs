//! Many points at once: a tape on blocks of `f32`, at the widest vectors the machine has.
//!
//! The interpreter reads an instruction once for a block of points, and its inner loop runs over chunks of 16 lanes,
//! compiled for each width of vector and chosen when the program runs (AVX-512, AVX2, NEON, plain). No chunk depends
//! on another and nothing is fused, so the results are the same bits whatever the width. A block is as long as its
//! registers fit the caches nearby.

use super::Tape;
use super::program::{COORDINATES, Code, Program};
use crate::number::{Lanes, Op, Real, Smooth};
use pulp::Arch;
use rayon::prelude::*;
use std::borrow::Cow;

/// The lanes of a chunk: one vector of AVX-512, two of AVX2, four of NEON or SSE2.
pub(super) const WIDTH: usize = 16;
pub(super) type Chunk = Lanes<WIDTH>;

/// How much a block's registers may fill: more than the first-level cache, since for a long tape with many registers
/// reading each instruction costs more than the second level does (`benches/versus --only prospero`: 24 KiB takes 2.3
/// times as long as this, 512 KiB as long).
const CACHE: usize = 128 * 1024;

/// The most chunks in a block: beyond this, reading an instruction costs nothing to speak of.
const MOST_CHUNKS: usize = 16;

/// How many points a thread takes at a time.
const PIECE: usize = 4096;

/// An instruction with its operands found.
#[derive(Clone, Copy, Debug)]
struct Step {
    code: Code,
    out: u32,
    operands: [Operand; 4],
}

/// Where an operand is: its first chunk in memory, its chunks `stride` apart. With stride 0 it is the same for all
/// points, and `start` is its place among the uniform values: it is spread over a chunk when it is needed, so that
/// thousands of constants take little of the cache.
#[derive(Clone, Copy, Debug)]
struct Operand {
    start: u32,
    stride: u32,
}

impl Operand {
    /// No operand: a place that can be read.
    const NONE: Operand = Operand { start: 0, stride: 1 };
}

/// The first chunks of the memory: where uniform operands are spread, one for each operand an operation may have.
const SPREAD: usize = 4;

/// Runs a tape on blocks of points in `f32`.
///
/// ```
/// use fieldgrad::prelude::*;
/// use fieldgrad::tape::Block;
///
/// let tape = sphere(0.5).gradient_tape()?;
/// let (xs, ys, zs) = (vec![1.0; 1000], vec![0.0; 1000], vec![0.0; 1000]);
/// let mut outputs = vec![vec![0.0; 1000]; 5];
/// let mut views: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
/// Block::new(&tape).eval([&xs, &ys, &zs], &mut views);
/// assert_eq!((outputs[0][999], outputs[1][999]), (0.5, 1.0));
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Block<'t> {
    pub(super) program: Cow<'t, Program>,
    pub(super) arch: Arch,
    steps: Vec<Step>,
    /// The operands of kernels.
    pool: Vec<Operand>,
    /// The values that are the same for all points, in `f64`: leaves, and the lines of the uniform stages.
    pub(super) uniform: Vec<f64>,
    /// The first stage that is run for each point: 2, or 1 where each point has its own time.
    pub(super) first_stage: usize,
    /// The same in `f32`.
    spread: Vec<f32>,
    /// The chunks uniform values are spread over, then the blocks' registers, `chunks` each.
    pub(super) memory: Vec<Chunk>,
    pub(super) chunks: usize,
    outputs: Vec<Operand>,
    /// The inputs of a kernel, gathered.
    inputs: Vec<Chunk>,
}

impl<'t> Block<'t> {
    /// A block whose points share one time, at first 0. Parameters are at their own values.
    pub fn new(tape: &'t Tape) -> Block<'t> {
        Block::of_program(Cow::Borrowed(&tape.program), 2)
    }

    /// A block whose points have a time each, given as a fourth coordinate.
    pub fn over_times(tape: &'t Tape) -> Block<'t> {
        Block::of_program(Cow::Borrowed(&tape.program), 1)
    }

    /// A block of a program, with its first stage that is run for each point.
    pub(super) fn of_program(program: Cow<'t, Program>, first_stage: usize) -> Block<'t> {
        let (registers, count) = program.allocate(first_stage);
        let leaves = program.leaves();
        let uniforms = leaves + program.stage(first_stage).start;
        // The coordinates of the points have registers of blocks, before the others.
        let per_point = first_stage_coordinates(first_stage);
        let blocks = count - uniforms + per_point;
        let chunks = (CACHE / (blocks * size_of::<Chunk>())).clamp(1, MOST_CHUNKS);
        let at = |value: u32| {
            let register = match value as usize {
                coordinate if coordinate < per_point => return Operand::block(coordinate, chunks),
                leaf if leaf < leaves => leaf,
                line => registers[line - leaves] as usize,
            };
            match register.checked_sub(uniforms) {
                None => Operand { start: register as u32, stride: 0 },
                Some(block) => Operand::block(block + per_point, chunks),
            }
        };
        let mut pool = Vec::new();
        let lines = program.lines[program.stage(first_stage).start..].iter().enumerate();
        let steps = lines.map(|(i, line)| {
            let mut operands = [Operand::NONE; 4];
            let found = program.operands(line).iter().map(|&value| at(value));
            match line.code {
                Code::Op(_) => operands.iter_mut().zip(found).for_each(|(operand, found)| *operand = found),
                Code::Kernel(_) => {
                    // A kernel may have any number of operands: they stand in the pool.
                    operands[0] = Operand { start: pool.len() as u32, stride: found.len() as u32 };
                    pool.extend(found);
                }
            }
            Step { code: line.code, out: at((uniforms + i) as u32).start, operands }
        });
        let steps = steps.collect();
        let outputs = program.outputs.iter().map(|&value| at(value)).collect();
        let parameters: Vec<f64> = program.parameters.iter().map(|parameter| parameter.value()).collect();
        let mut block = Block {
            arch: Arch::new(),
            steps,
            pool,
            uniform: vec![0.0; uniforms],
            first_stage,
            spread: vec![0.0; uniforms],
            memory: vec![Lanes([0.0; WIDTH]); SPREAD + blocks * chunks],
            chunks,
            outputs,
            inputs: Vec::new(),
            program,
        };
        let constants = COORDINATES + parameters.len();
        block.uniform[constants..leaves].copy_from_slice(&block.program.constants);
        block.set_parameters(&parameters);
        block
    }

    /// How many points are worked on together.
    pub fn points(&self) -> usize {
        self.chunks * WIDTH
    }

    /// Sets the parameters, in the tape's order. Panics if their number is not the tape's.
    pub fn set_parameters(&mut self, values: &[f64]) {
        let count = self.program.parameters.len();
        assert_eq!(values.len(), count, "as many values as the tape has parameters");
        self.uniform[COORDINATES..COORDINATES + count].copy_from_slice(values);
        self.run_uniform(0);
        self.run_uniform(1);
        self.spread_uniform();
    }

    /// Sets the time that all points share.
    pub fn set_time(&mut self, t: f64) {
        self.uniform[3] = t;
        self.run_uniform(1);
        self.spread_uniform();
    }

    /// Computes what is the same for all points, in `f64`.
    fn run_uniform(&mut self, stage: usize) {
        let program = &*self.program;
        if stage < self.first_stage {
            for i in program.stage(stage) {
                let line = &program.lines[i];
                let operands = program.operands(line);
                let arg = |n: usize| self.uniform[operands[n] as usize];
                let value = match line.code {
                    Code::Op(op) => op.apply(arg),
                    Code::Kernel(kernel) => {
                        let inputs: Vec<f64> = (0..operands.len()).map(arg).collect();
                        program.kernels[kernel as usize].value(&inputs)
                    }
                };
                self.uniform[program.leaves() + i] = value;
            }
        }
    }

    /// Rounds what is the same for all points to `f32`.
    fn spread_uniform(&mut self) {
        for (spread, &value) in self.spread.iter_mut().zip(&self.uniform) {
            *spread = value as f32;
        }
    }

    /// The outputs at any number of points, given as x, y and z (and t, for a block [over times](Block::over_times)):
    /// `outputs[i]` gets output i. Panics if lengths differ, or the number of coordinates or outputs is wrong.
    pub fn eval<const N: usize>(&mut self, points: [&[f32]; N], outputs: &mut [&mut [f32]]) {
        assert_eq!(
            N,
            first_stage_coordinates(self.first_stage),
            "x, y and z, and t if each point has its own"
        );
        assert_eq!(outputs.len(), self.outputs.len(), "a slice for each output");
        let count = points[0].len();
        assert!(points.iter().all(|axis| axis.len() == count), "as many of each coordinate");
        assert!(outputs.iter().all(|out| out.len() == count), "as many of each output as points");
        let block = self.points();
        for start in (0..count).step_by(block) {
            let end = (start + block).min(count);
            self.eval_block(points.map(|axis| &axis[start..end]), outputs, start);
        }
    }

    fn eval_block<const N: usize>(&mut self, points: [&[f32]; N], outputs: &mut [&mut [f32]], start: usize) {
        self.forward(points);
        let count = points[0].len();
        for (output, out) in outputs.iter_mut().enumerate() {
            self.copy_output(output, &mut out[start..start + count]);
        }
    }

    /// The first chunk in memory of an output that each point has its own of.
    pub(super) fn start_of_output(&self, output: usize) -> usize {
        self.outputs[output].start as usize
    }

    /// Copies an output at the first points of the last block.
    pub(super) fn copy_output(&self, output: usize, out: &mut [f32]) {
        let operand = self.outputs[output];
        if operand.stride == 0 {
            return out.fill(self.spread[operand.start as usize]);
        }
        for (c, values) in out.chunks_mut(WIDTH).enumerate() {
            let chunk = &self.memory[operand.at(c)];
            values.copy_from_slice(&chunk.0[..values.len()]);
        }
    }

    /// Runs the tape over at most a block of points: the outputs are then in memory.
    pub(super) fn forward<const N: usize>(&mut self, points: [&[f32]; N]) {
        let count = points[0].len();
        for (i, axis) in points.iter().enumerate() {
            let first = SPREAD + i * self.chunks;
            for (chunk, values) in self.memory[first..].iter_mut().zip(axis.chunks(WIDTH)) {
                chunk.0[..values.len()].copy_from_slice(values);
                // A last chunk that is not full repeats a point: what it gives is not read.
                chunk.0[values.len()..].fill(values[0]);
            }
        }
        self.run(count.div_ceil(WIDTH));
    }

    /// Runs the instructions over the first chunks of the registers.
    fn run(&mut self, chunks: usize) {
        // Kernels are rare, and break the run: what lies between them goes through the vector units.
        let mut start = 0;
        while start < self.steps.len() {
            let is_kernel = |step: &Step| matches!(step.code, Code::Kernel(_));
            let rest = &self.steps[start..];
            let plain = rest.iter().position(is_kernel).unwrap_or(rest.len());
            let (spread, memory) = (&self.spread[..], &mut self.memory[..]);
            self.arch.dispatch(Run { steps: &rest[..plain], spread, memory, chunks });
            start += plain;
            if start < self.steps.len() {
                self.run_kernel(start, chunks);
                start += 1;
            }
        }
    }

    fn run_kernel(&mut self, step: usize, chunks: usize) {
        let Step { code, out, operands: [Operand { start, stride: count }, ..] } = self.steps[step];
        let Code::Kernel(kernel) = code else { unreachable!("only kernels come here") };
        for c in 0..chunks {
            let operands = &self.pool[start as usize..(start + count) as usize];
            self.inputs.clear();
            self.inputs.extend(operands.iter().map(|operand| match operand.stride {
                0 => Lanes([self.spread[operand.start as usize]; WIDTH]),
                _ => self.memory[operand.at(c)],
            }));
            let value = Chunk::kernel(&self.program.kernels[kernel as usize], &self.inputs);
            self.memory[out as usize + c] = value;
        }
    }
}

impl Operand {
    fn block(block: usize, chunks: usize) -> Operand {
        Operand { start: (SPREAD + block * chunks) as u32, stride: 1 }
    }

    #[inline(always)]
    fn at(self, chunk: usize) -> usize {
        self.start as usize + chunk * self.stride as usize
    }
}

/// How many coordinates each point has of its own.
pub(super) const fn first_stage_coordinates(first_stage: usize) -> usize {
    if first_stage == 2 { 3 } else { 4 }
}

/// A run of plain instructions, to be compiled for each width of vector.
struct Run<'a> {
    steps: &'a [Step],
    spread: &'a [f32],
    memory: &'a mut [Chunk],
    chunks: usize,
}

impl pulp::NullaryFnOnce for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Run { steps, spread, memory, chunks } = self;
        for step in steps {
            let Code::Op(op) = step.code else { unreachable!("kernels are not run here") };
            let (out, mut operands) = (step.out as usize, step.operands);
            for n in 0..SPREAD {
                if operands[n].stride == 0 {
                    memory[n] = Lanes([spread[operands[n].start as usize]; WIDTH]);
                    operands[n].start = n as u32;
                }
            }
            /// One loop for each operation: with the operation a constant, its rule is compiled into the loop.
            macro_rules! each {
                ($($op:pat => $constant:expr;)*) => {
                    match op {
                        $($op => {
                            for c in 0..chunks {
                                memory[out + c] = $constant.apply(|n| memory[operands[n].at(c)]);
                            }
                        })*
                    }
                };
            }
            each! {
                Op::Neg => Op::Neg;
                Op::Abs => Op::Abs;
                Op::Sqrt => Op::Sqrt;
                Op::Square => Op::Square;
                Op::Recip => Op::Recip;
                Op::Exp => Op::Exp;
                Op::Ln => Op::Ln;
                Op::Sin => Op::Sin;
                Op::Cos => Op::Cos;
                Op::Tan => Op::Tan;
                Op::Asin => Op::Asin;
                Op::Acos => Op::Acos;
                Op::Atan => Op::Atan;
                Op::Floor => Op::Floor;
                Op::Ceil => Op::Ceil;
                Op::Round => Op::Round;
                Op::Sign => Op::Sign;
                Op::Ramp => Op::Ramp;
                Op::Add => Op::Add;
                Op::Sub => Op::Sub;
                Op::Mul => Op::Mul;
                Op::Div => Op::Div;
                Op::Min => Op::Min;
                Op::Max => Op::Max;
                Op::Pow => Op::Pow;
                Op::Atan2 => Op::Atan2;
                Op::Modulo => Op::Modulo;
                Op::Hypot => Op::Hypot;
                Op::Length => Op::Length;
                Op::Mix => Op::Mix;
                Op::SmoothMin(Smooth::Quadratic) => Op::SmoothMin(Smooth::Quadratic);
                Op::SmoothMin(Smooth::Cubic) => Op::SmoothMin(Smooth::Cubic);
                Op::SmoothMin(Smooth::Quartic) => Op::SmoothMin(Smooth::Quartic);
                Op::SmoothMin(Smooth::Circular) => Op::SmoothMin(Smooth::Circular);
                Op::SmoothMin(Smooth::Exponential) => Op::SmoothMin(Smooth::Exponential);
                Op::SmoothMin(Smooth::Root) => Op::SmoothMin(Smooth::Root);
                Op::SmoothWeight(Smooth::Quadratic) => Op::SmoothWeight(Smooth::Quadratic);
                Op::SmoothWeight(Smooth::Cubic) => Op::SmoothWeight(Smooth::Cubic);
                Op::SmoothWeight(Smooth::Quartic) => Op::SmoothWeight(Smooth::Quartic);
                Op::SmoothWeight(Smooth::Circular) => Op::SmoothWeight(Smooth::Circular);
                Op::SmoothWeight(Smooth::Exponential) => Op::SmoothWeight(Smooth::Exponential);
                Op::SmoothWeight(Smooth::Root) => Op::SmoothWeight(Smooth::Root);
                Op::IfLess => Op::IfLess;
            }
        }
    }
}

impl Tape {
    /// The outputs at any number of points in `f32`, a `Vec` for each output, on all threads of the current rayon
    /// pool: the same bits for any number of them.
    pub fn eval_points(&self, xs: &[f32], ys: &[f32], zs: &[f32], ts: &[f32]) -> Vec<Vec<f32>> {
        let count = self.output_count();
        let pieces: Vec<Vec<Vec<f32>>> = (0..xs.len().div_ceil(PIECE))
            .into_par_iter()
            .map_init(
                || Block::over_times(self),
                |block, piece| {
                    let range = piece * PIECE..((piece + 1) * PIECE).min(xs.len());
                    let mut outputs = vec![vec![0.0; range.len()]; count];
                    let mut views: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
                    let points = [xs, ys, zs, ts].map(|axis| &axis[range.clone()]);
                    block.eval(points, &mut views);
                    outputs
                },
            )
            .collect();
        (0..count)
            .map(|output| pieces.iter().flat_map(|piece| piece[output].iter().copied()).collect())
            .collect()
    }
}
