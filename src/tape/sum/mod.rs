//! Sums over points, with the derivative of the sum in every parameter: what fits are made with.
//!
//! A block of points is run through the tape and back ([`back`]) while it is in the nearer caches, along a way that is
//! planned once ([`plan`]): what the derivative rules ([`rule`]) send back to each operand, and nothing for what no
//! parameter moves. What is the same for all points gets its adjoint summed over them, in `f32` for some points and
//! then in `f64`; the lines that are the same for all points are gone back through once, at the end, in `f64`.

mod back;
mod plan;
mod rule;

use super::Tape;
use super::adjoint::send_back_through;
use super::block::{Block, Chunk, WIDTH, first_stage_coordinates};
use super::program::{COORDINATES, Program};
use super::weights::weight_gradient;
use crate::number::Columns;
use back::{BackwardBlock, Call, Scratch, Source, ZERO};
use plan::{BackwardPlan, Seed};
use rayon::prelude::*;
use std::array::from_fn;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// How many points a thread takes at a time.
const PIECE: usize = 8192;

/// How many pieces are summed each by itself before they are added up.
const PIECES: usize = 1024;

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
    /// Which values a parameter moves.
    varies: Arc<[bool]>,
    /// The registers of the backward pass.
    memory: Vec<Chunk>,
    /// The plan's sums for the last blocks, lane by lane, and how many blocks those are.
    recent: Vec<Chunk>,
    blocks: usize,
    /// The plan's sums for the piece under way, lane by lane.
    piece: Vec<[f64; WIDTH]>,
    /// What all points since the last change of time have added.
    part: PartialSum,
    /// The derivative in each parameter, and in each weight, of what was added before.
    settled: Vec<f64>,
    settled_weights: Vec<f64>,
    /// The outputs and their seeds at a block's points, a column each.
    values: Vec<Vec<f32>>,
    seeds: Vec<Vec<f32>>,
    scratch: Scratch,
}

/// What points add to a sum.
#[derive(Clone, Debug)]
struct PartialSum {
    total: f64,
    /// To each of the plan's sums.
    sums: Vec<f64>,
    /// To each output's seed.
    seeds: Vec<f64>,
    /// The calls of kernels with weights.
    calls: Vec<Call>,
}

impl PartialSum {
    fn of(sums: usize, outputs: usize) -> PartialSum {
        PartialSum { total: 0.0, sums: vec![0.0; sums], seeds: vec![0.0; outputs], calls: Vec::new() }
    }

    fn clear(&mut self) {
        self.total = 0.0;
        self.sums.fill(0.0);
        self.seeds.fill(0.0);
        self.calls.clear();
    }

    fn join(&mut self, other: &PartialSum) {
        let add = |to: &mut [f64], from: &[f64]| to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        self.total += other.total;
        add(&mut self.sums, &other.sums);
        add(&mut self.seeds, &other.seeds);
        self.calls.extend_from_slice(&other.calls);
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
        let program = &tape.program;
        let varies = plan::varying(program);
        let kept = plan::kept(program, first_stage, &varies);
        let mut keeping = Program::clone(program);
        keeping.outputs.extend(&kept);
        let block = Block::of_program(Arc::new(keeping), &tape.values, first_stage);
        let outputs = program.outputs.len();
        let starts = (outputs..).map(|output| block.start_of_output(output));
        let starts: HashMap<u32, usize> = kept.into_iter().zip(starts).collect();
        let place = |value: u32| match plan::is_uniform(program, first_stage, value) {
            true => Source::uniform(value),
            false => Source::varying(starts[&value]),
        };
        let plan = plan::plan(program, first_stage, &varies, &place);
        let size = block.points();
        Sum {
            memory: vec![ZERO; plan.registers * block.chunks()],
            recent: vec![ZERO; plan.sums.len()],
            blocks: 0,
            piece: vec![[0.0; WIDTH]; plan.sums.len()],
            part: PartialSum::of(plan.sums.len(), outputs),
            settled: vec![0.0; program.parameters.len()],
            settled_weights: vec![0.0; program.carriers().last().map_or(0, |last| last.weights.end)],
            values: vec![vec![0.0; size]; outputs],
            seeds: vec![vec![0.0; size]; outputs],
            scratch: Scratch::default(),
            varies: varies.into(),
            plan: Arc::new(plan),
            block,
        }
    }

    /// Sets the parameters, in the tape's order, and begins a new sum. Panics if their number is not the tape's, or if
    /// the tape was pruned for others.
    pub fn set_parameters(&mut self, values: &[f64]) {
        self.block.set_parameters(values);
        self.part.clear();
        self.settled.fill(0.0);
        self.settled_weights.fill(0.0);
    }

    /// Sets the time that all points added from now on share.
    pub fn set_time(&mut self, t: f64) {
        (self.settled, self.settled_weights) = (self.gradient(), self.weight_gradient());
        let total = self.part.total;
        self.part.clear();
        self.part.total = total;
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
        let slopes = self.uniform_adjoints();
        let slopes = slopes[COORDINATES..].iter().map(|adjoint| adjoint.unwrap_or(0.0));
        self.settled.iter().zip(slopes).map(|(settled, slope)| settled + slope).collect()
    }

    /// The derivative of the sum in every weight of the tape's kernels, in the order of [`Tape::weights`].
    pub fn weight_gradient(&self) -> Vec<f64> {
        let mut all = self.settled_weights.clone();
        if all.is_empty() {
            return all;
        }
        let program = &self.block.program;
        let adjoints = self.uniform_adjoints();
        let lines = 0..program.stage(self.block.first_stage).start;
        let uniform = weight_gradient(program, lines, &self.block.uniform, |value| adjoints[value]);
        all.iter_mut().zip(uniform).for_each(|(sum, more)| *sum += more);
        for carrier in program.carriers() {
            for &kernel in &carrier.kernels {
                self.send_to_weights(kernel, &mut all[carrier.weights.clone()]);
            }
        }
        all
    }

    /// Adds to weights what an output of their kernel was sent.
    fn send_to_weights(&self, kernel: u32, weights: &mut [f64]) {
        let output = &self.block.program.kernels[kernel as usize];
        let mut columns: Vec<Vec<f64>> = Vec::new();
        for Call { rows, columns: own, .. } in self.part.calls.iter().filter(|call| call.kernel == kernel) {
            let (inputs, adjoints) = own.split_at(own.len() - rows);
            columns.resize(own.len() / rows, Vec::new());
            let counts = (0..*rows).filter(|&row| adjoints[row] != 0.0);
            for row in counts {
                let row_of = inputs.chunks_exact(*rows).chain([adjoints]).map(|column| column[row]);
                columns.iter_mut().zip(row_of).for_each(|(column, value)| column.push(f64::from(value)));
            }
        }
        let rows = columns.last().map_or(0, Vec::len);
        if rows > 0 {
            let all = columns.concat();
            let (inputs, adjoints) = all.split_at(all.len() - rows);
            let (inputs, adjoints) = (Columns::new(inputs, rows), Columns::new(adjoints, rows));
            let mut to_inputs = vec![0.0; inputs.all().len()];
            output.backward(&[output.number()], inputs, adjoints, &mut to_inputs, weights);
        }
    }

    /// What is sent to the values that are the same for all points.
    fn uniform_adjoints(&self) -> Vec<Option<f64>> {
        let program = &self.block.program;
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
        let lines = 0..program.stage(self.block.first_stage).start;
        send_back_through(program, lines, &self.block.uniform, &mut adjoints, &self.varies);
        adjoints
    }

    /// Adds what `fill` makes of values and seeds: piece by piece, in the same pieces whoever works on them.
    fn add_with<const N: usize>(
        &mut self,
        points: [&[f32]; N],
        fill: impl Fn(usize, usize, &[Vec<f32>], &mut [Vec<f32>]) -> f64 + Sync,
    ) {
        let coordinates = first_stage_coordinates(self.block.first_stage);
        assert_eq!(N, coordinates, "x, y and z, and t if each point has its own");
        let count = points[0].len();
        for (name, axis) in ["x", "y", "z", "t"].iter().zip(points) {
            assert!(axis.len() == count, "a {name} for each x: {} for {count}", axis.len());
        }
        let piece = |n: usize| n * PIECE..((n + 1) * PIECE).min(count);
        let pieces = count.div_ceil(PIECE);
        if pieces <= 1 {
            return self.add_piece(points, 0..count, &fill);
        }
        for start in (0..pieces).step_by(PIECES) {
            // Workers begin without what is there.
            let empty = PartialSum::of(self.part.sums.len(), self.part.seeds.len());
            let before = std::mem::replace(&mut self.part, empty);
            let own = &*self;
            let parts: Vec<PartialSum> = (start..(start + PIECES).min(pieces))
                .into_par_iter()
                .map_init(
                    || own.clone(),
                    |worker, n| {
                        worker.part.clear();
                        worker.add_piece(points, piece(n), &fill);
                        worker.part.clone()
                    },
                )
                .collect();
            self.part = before;
            parts.iter().for_each(|part| self.part.join(part));
        }
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
            calls: &mut self.part.calls,
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
