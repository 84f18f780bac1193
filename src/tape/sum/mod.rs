//! Sums over points, with the derivative of the sum in every parameter: what fits are made with.
//!
//! A block of points is run through the tape and back ([`back`]) while it is in the nearer caches, along a way that is
//! planned once ([`plan`]): what the derivative rules ([`rule`]) send back to each operand, and nothing for what no
//! parameter moves. What is the same for all points gets its adjoint summed over them, in `f32` for some points and
//! then in `f64`; the lines that are the same for all points are gone back through once, at the end, in `f64`.

mod back;
mod double;
mod partial;
mod plan;
mod rule;
mod settled;

use super::Tape;
use super::block::{Block, Chunk, WIDTH, first_stage_coordinates};
use super::program::Program;
use back::{BackwardBlock, ForwardValue, Scratch, ZERO};
pub use double::{ColumnLoss64, Sum64};
use partial::{Adder, PartialSum, add_in_pieces, count_of};
use plan::{BackwardPlan, Seed};
use settled::Settled;
use std::array::from_fn;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// How many blocks go into the sums in `f32` before these are added to those in `f64`.
///
/// A block adds 16 chunks to a sum at most 16 times, the chunks of each first to one another, so that a lane is rounded at
/// most 16 + 16·16 times between: an error below 272·2⁻²⁴ ≈ 1.6e-5 of the sum of the addends' sizes at the very worst,
/// and about √272·2⁻²⁵ ≈ 5e-7 where roundings fall either way, which is less than the addends' own.
const BLOCKS: usize = 16;

/// A loss of any number of outputs: given the index of the first of a few points and a column of values for each output, it
/// writes its derivative in each to a column of seeds, at first 0, and gives the loss of these points.
pub type ColumnLoss<'a> = dyn Fn(usize, &[&[f32]], &mut [&mut [f32]]) -> f64 + Sync + 'a;

/// A sum over points of a loss, or of a tape's first output, and its derivative in every parameter.
///
/// Points come in columns, any number at a time; many are worked on by all threads of the current rayon pool, and the
/// result is the same bits for any number of threads. Values and what is sent back are in `f32`, the sums in `f64`.
///
/// A loss is a function of a tape's outputs: it is given a column of values for each and fills a column of seeds for
/// each, the loss's derivative in that output at each point. Here a ball's radius is what is fitted, to points that
/// should be on its surface:
///
/// ```
/// use fieldgrad::prelude::*;
/// use fieldgrad::tape::Sum;
///
/// let tape = sphere(param("r", 0.5)).tape()?;
/// let (xs, ys, zs) = (vec![0.0; 100], vec![0.8; 100], vec![0.0; 100]);
/// let mut sum = Sum::new(&tape);
/// sum.add_loss([&xs, &ys, &zs], |_, [values], [seeds]| {
///     let mut loss = 0.0;
///     for (seed, &f) in seeds.iter_mut().zip(values) {
///         *seed = 2.0 * f;
///         loss += f64::from(f * f);
///     }
///     loss
/// });
/// assert!((sum.total() - 100.0 * 0.3 * 0.3).abs() < 1e-4);
/// assert!((sum.gradient()[0] + 100.0 * 2.0 * 0.3).abs() < 1e-4); // a larger ball is nearer
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sum {
    /// The forward pass: the tape, with what the backward pass reads as further outputs.
    block: Block,
    plan: Arc<BackwardPlan>,
    /// The registers of the backward pass.
    memory: Vec<Chunk>,
    /// The plan's sums for the last blocks, lane by lane, and how many blocks those are.
    recent: Vec<Chunk>,
    blocks: usize,
    /// The plan's sums for the piece under way, lane by lane.
    piece: Vec<[f64; WIDTH]>,
    /// What all points since the last change of time have added.
    part: PartialSum<f32>,
    /// The derivatives of what was added before.
    settled: Settled,
    /// The outputs and their seeds at a block's points, a column each.
    values: Vec<Vec<f32>>,
    seeds: Vec<Vec<f32>>,
    scratch: Scratch,
}

impl Adder for Sum {
    type Float = f32;

    fn part(&mut self) -> &mut PartialSum<f32> {
        &mut self.part
    }
}

impl Sum {
    /// A sum over points that share one time, at first 0. Parameters are at the tape's values.
    pub fn new(tape: &Tape) -> Sum {
        Sum::with_first_stage(tape, 2)
    }

    /// A sum over points that have a time each, given as a fourth coordinate.
    pub fn over_times(tape: &Tape) -> Sum {
        Sum::with_first_stage(tape, 1)
    }

    fn with_first_stage(tape: &Tape, first_stage: usize) -> Sum {
        Sum::of_program(&tape.program, &tape.values, first_stage, false)
    }

    fn of_program(program: &Program, parameters: &[f64], first_stage: usize, for_weights: bool) -> Sum {
        let varies = plan::varying(program, for_weights);
        let kept = plan::kept(program, first_stage, &varies, for_weights);
        let mut keeping = program.clone();
        keeping.outputs.extend(&kept);
        let block = Block::of_program(Arc::new(keeping), parameters, first_stage);
        let outputs = program.outputs.len();
        let starts = (outputs..).map(|output| block.start_of_output(output));
        let starts: HashMap<u32, usize> = kept.into_iter().zip(starts).collect();
        let place = |value: u32| match plan::is_uniform(program, first_stage, value) {
            true => ForwardValue::uniform(value),
            false => ForwardValue::varying(starts[&value]),
        };
        let plan = plan::plan(program, first_stage, &varies, &place);
        let size = block.points();
        let settled = Settled::none(block.program.clone(), first_stage, varies, for_weights);
        Sum {
            memory: vec![ZERO; plan.registers * block.chunks()],
            recent: vec![ZERO; plan.sums.len()],
            blocks: 0,
            piece: vec![[0.0; WIDTH]; plan.sums.len()],
            part: PartialSum::of(plan.sums.len(), outputs),
            values: vec![vec![0.0; size]; outputs],
            seeds: vec![vec![0.0; size]; outputs],
            scratch: Scratch::default(),
            plan: Arc::new(plan),
            block,
            settled,
        }
    }

    /// A sum over points like these, none of which it has, that gives [the derivative in weights](Sum::weight_gradient) too. It keeps the inputs of each call of
    /// a kernel with weights, and what was sent back to it: 20 bytes for each point and call of a kernel of three inputs.
    pub fn for_weights(self) -> Sum {
        let mut program = Program::clone(&self.block.program);
        program.outputs.truncate(self.values.len());
        let parameters = &self.block.uniform[program.parameter_values()];
        Sum::of_program(&program, parameters, self.block.first_stage, true)
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
    /// [over times](Sum::over_times)). Panics if lengths differ, or the number of coordinates is wrong.
    pub fn add<const N: usize>(&mut self, points: [&[f32]; N]) {
        self.add_with(points, |_, count, values, seeds| {
            let (Some(values), Some(seeds)) = (values.first(), seeds.first_mut()) else {
                return 0.0;
            };
            seeds[..count].fill(1.0);
            values[..count].iter().map(|&value| f64::from(value)).sum()
        });
    }

    /// Adds a loss at any number of points.
    ///
    /// `loss` is called for a few points at a time, from any thread, with the index of the first, a column of values
    /// for each output, and a column of seeds for each, at first 0, to write the loss's derivative in that output to.
    /// It returns the loss of these points. Panics if lengths differ, or a number of coordinates or columns is wrong.
    pub fn add_loss<const N: usize, const OUTPUTS: usize>(
        &mut self,
        points: [&[f32]; N],
        loss: impl Fn(usize, [&[f32]; OUTPUTS], [&mut [f32]; OUTPUTS]) -> f64 + Sync,
    ) {
        assert_eq!(OUTPUTS, self.values.len(), "a column for each output");
        self.add_with(points, |start, count, values, seeds| {
            let mut seeds = seeds.iter_mut();
            let seeds = from_fn(|_| &mut seeds.next().expect("as many as there are outputs")[..count]);
            loss(start, from_fn(|output| &values[output][..count]), seeds)
        });
    }

    /// Adds a loss of as many outputs as the tape has, as [`Sum::add_loss`] does for a number that is known to the compiler.
    pub fn add_loss_of_columns<const N: usize>(&mut self, points: [&[f32]; N], loss: &ColumnLoss) {
        self.add_with(points, |start, count, values, seeds| {
            let values: Vec<&[f32]> = values.iter().map(|column| &column[..count]).collect();
            let mut seeds: Vec<&mut [f32]> = seeds.iter_mut().map(|column| &mut column[..count]).collect();
            loss(start, &values, &mut seeds)
        });
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
    /// was not made [for weights](Sum::for_weights).
    pub fn weight_gradient(&self) -> Vec<f64> {
        assert!(self.settled.for_weights, "a sum for weights");
        self.settled.weight_gradient(&self.block.uniform, self.sent(), &self.part)
    }

    /// The adjoints that points sent to the values that are the same for all of them.
    fn sent(&self) -> Vec<Option<f64>> {
        let mut adjoints = vec![None; self.block.uniform.len()];
        let mut add = |value: u32, more: f64| *adjoints[value as usize].get_or_insert(0.0) += more;
        for (sum, &total) in self.plan.sums.iter().zip(&self.part.sums).skip(1) {
            add(sum.value, if sum.negated { -total } else { total });
        }
        for (seed, &total) in self.plan.seeds.iter().zip(&self.part.seeds) {
            if let Seed::Uniform(value) = *seed {
                add(value, total);
            }
        }
        adjoints
    }

    /// Adds what `fill` makes of values and seeds: piece by piece, in the same pieces whoever works on them.
    fn add_with<const N: usize>(
        &mut self,
        points: [&[f32]; N],
        fill: impl Fn(usize, usize, &[Vec<f32>], &mut [Vec<f32>]) -> f64 + Sync,
    ) {
        let count = count_of(&points, first_stage_coordinates(self.block.first_stage));
        add_in_pieces(self, count, |adder, piece| adder.add_piece(points, piece, &fill));
    }

    fn add_piece<const N: usize>(
        &mut self,
        points: [&[f32]; N],
        range: Range<usize>,
        fill: &impl Fn(usize, usize, &[Vec<f32>], &mut [Vec<f32>]) -> f64,
    ) {
        let size = self.block.points();
        for start in range.clone().step_by(size) {
            let end = (start + size).min(range.end);
            let count = end - start;
            self.block.forward(points.map(|axis| &axis[start..end]));
            for (output, values) in self.values.iter_mut().enumerate() {
                self.block.copy_output(output, &mut values[..count]);
            }
            self.seeds.iter_mut().for_each(|seeds| seeds.fill(0.0));
            self.part.total += fill(start, count, &self.values, &mut self.seeds);
            self.back(count);
            self.blocks += 1;
            if self.blocks == BLOCKS {
                self.widen();
            }
        }
        self.widen();
        for (total, lanes) in self.part.sums.iter_mut().zip(&mut self.piece) {
            *total += lanes.iter().sum::<f64>();
            *lanes = [0.0; WIDTH];
        }
    }

    /// Sends the seeds of a block's points back.
    fn back(&mut self, count: usize) {
        let row = self.block.chunks();
        for ((seed, column), total) in self.plan.seeds.iter().zip(&self.seeds).zip(&mut self.part.seeds) {
            match *seed {
                Seed::Unused => (),
                Seed::Uniform(_) => {
                    *total += column[..count].iter().map(|&seed| f64::from(seed)).sum::<f64>()
                }
                Seed::Register(register) => {
                    // Beyond the last point the seeds are 0, and so is all that comes of them.
                    let chunks = &mut self.memory[register as usize * row..][..row];
                    for (chunk, seeds) in chunks.iter_mut().zip(column.chunks_exact(WIDTH)) {
                        chunk.0.copy_from_slice(seeds);
                    }
                }
            }
        }
        let mut frame = BackwardBlock {
            kernels: &self.plan.kernels,
            program: &self.block.program,
            values: &self.block.memory,
            uniform: &self.block.uniform,
            memory: &mut self.memory,
            sums: &mut self.recent,
            row,
            chunks: count.div_ceil(WIDTH),
            scratch: &mut self.scratch,
            calls: self.settled.for_weights.then_some(&mut self.part.calls),
        };
        frame.back(self.block.arch, &self.plan.steps);
    }

    /// Adds the sums in `f32` to those in `f64`.
    fn widen(&mut self) {
        for (lanes, recent) in self.piece.iter_mut().zip(&mut self.recent) {
            for (lane, recent) in lanes.iter_mut().zip(&mut recent.0) {
                *lane += f64::from(std::mem::take(recent));
            }
        }
        self.blocks = 0;
    }
}
