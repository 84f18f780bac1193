//! Many points at once: a tape on blocks of `f32`, at the widest vectors the machine has.
//!
//! The interpreter reads a step once for a block of points, and the step's loop runs over chunks of 16 lanes,
//! compiled for each width of vector and chosen when the program runs (AVX-512, AVX2, NEON, plain). A step is an
//! operation, or a small tree of them whose inner results never see memory ([`step`]); [`plan`] chooses the trees and
//! gives each value its [`place`]. No chunk depends on another and each operation is rounded by itself, so the results
//! are the same bits whatever the width and whatever is run as one. A block is as long as its registers fit the
//! caches nearby.

mod place;
mod plan;
mod step;

use super::Tape;
use super::program::Program;
use crate::number::Arch;
use crate::number::{Columns, Lanes};
use crate::task;
use plan::BlockPlan;
use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;
use step::Steps;
pub(super) use step::{Chunk, WIDTH};

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
pub struct Block {
    pub(super) program: Arc<Program>,
    pub(super) arch: Arch,
    plan: BlockPlan,
    /// The values that are the same for all points, in `f64`: leaves, and the lines of the uniform stages.
    pub(super) uniform: Vec<f64>,
    /// The first stage that is run for each point: 2, or 1 where each point has its own time.
    pub(super) first_stage: usize,
    /// A chunk for each uniform value that steps read, then the blocks' registers.
    pub(super) memory: Vec<Chunk>,
    /// The columns of a kernel's inputs and results.
    inputs: Vec<f32>,
    results: Vec<f32>,
}

impl Block {
    /// A block whose points share one time, at first 0. Parameters are at the tape's values.
    pub fn new(tape: &Tape) -> Block {
        Block::of_program(tape.program.clone(), &tape.values, 2)
    }

    /// A block whose points have a time each, given as a fourth coordinate.
    pub fn over_times(tape: &Tape) -> Block {
        Block::of_program(tape.program.clone(), &tape.values, 1)
    }

    /// A block of a program with its parameters at some values, and its first stage that is run for each point.
    pub(super) fn of_program(program: Arc<Program>, values: &[f64], first_stage: usize) -> Block {
        let plan = BlockPlan::of(&program, first_stage, first_stage_coordinates(first_stage));
        let count = program.value_of_line(program.stage(first_stage).start);
        let mut uniform = Vec::with_capacity(count);
        uniform.extend(program.leaf_values([0.0; 4], values));
        uniform.resize(count, 0.0);
        let mut block = Block {
            arch: Arch::new(),
            uniform,
            first_stage,
            memory: vec![Lanes([0.0; WIDTH]); plan.memory],
            plan,
            inputs: Vec::new(),
            results: Vec::new(),
            program,
        };
        block.run_all_uniform();
        block
    }

    /// How many points are worked on together.
    pub fn points(&self) -> usize {
        self.plan.chunks * WIDTH
    }

    /// Sets the parameters, in the tape's order. Panics if their number is not the tape's, or if the tape was pruned for
    /// others.
    pub fn set_parameters(&mut self, values: &[f64]) {
        self.program.set_parameters(&mut self.uniform, values);
        self.run_all_uniform();
    }

    fn run_all_uniform(&mut self) {
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
        if stage < self.first_stage {
            self.program.run(self.program.stage(stage), &mut self.uniform);
        }
    }

    /// Rounds what is the same for all points to `f32`, and spreads it over a chunk.
    fn spread_uniform(&mut self) {
        for (chunk, uniform) in self.memory[self.plan.uniform_start..].iter_mut().zip(&self.plan.uniform) {
            *chunk = Lanes([uniform.number(&self.uniform); WIDTH]);
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
        assert_eq!(outputs.len(), self.plan.outputs.len(), "a slice for each output");
        let count = points[0].len();
        for (name, axis) in ["x", "y", "z", "t"].iter().zip(points) {
            assert!(axis.len() == count, "a {name} for each x: {} for {count}", axis.len());
        }
        for (n, out) in outputs.iter().enumerate() {
            assert!(out.len() == count, "room for each point in output {n}: {} for {count}", out.len());
        }
        let block = self.points();
        for start in (0..count).step_by(block) {
            if task::is_given_up() {
                return;
            }
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

    /// Copies an output at the first points of the last block.
    pub(super) fn copy_output(&self, output: usize, out: &mut [f32]) {
        let place = self.plan.outputs[output];
        for (c, values) in out.chunks_mut(WIDTH).enumerate() {
            let chunk = &self.memory[place.at(c)];
            values.copy_from_slice(&chunk.0[..values.len()]);
        }
    }

    /// The first chunk in memory of an output that each point has its own of.
    pub(super) fn start_of_output(&self, output: usize) -> usize {
        self.plan.outputs[output].at(0)
    }

    /// How many chunks a block has.
    pub(super) fn chunks(&self) -> usize {
        self.plan.chunks
    }

    /// Runs the tape over at most a block of points: the outputs are then in memory.
    pub(super) fn forward<const N: usize>(&mut self, points: [&[f32]; N]) {
        let count = points[0].len();
        for (i, axis) in points.iter().enumerate() {
            let first = i * self.plan.chunks;
            for (chunk, values) in self.memory[first..].iter_mut().zip(axis.chunks(WIDTH)) {
                if let Ok(full) = values.try_into() {
                    chunk.0 = full;
                    continue;
                }
                chunk.0[..values.len()].copy_from_slice(values);
                // A last chunk that is not full repeats a point: what it gives is not read.
                chunk.0[values.len()..].fill(values[0]);
            }
        }
        self.run(count);
    }

    /// Runs the steps over the first points of the registers.
    fn run(&mut self, count: usize) {
        let chunks = count.div_ceil(WIDTH);
        // Kernels are rare, and break the run: what lies between them goes through the vector units.
        let mut start = 0;
        for k in 0..self.plan.kernels.len() {
            let at = self.plan.kernels[k].before;
            self.run_steps(start..at, chunks);
            self.run_kernel(k, count);
            start = at;
        }
        self.run_steps(start..self.plan.steps.len(), chunks);
    }

    fn run_steps(&mut self, range: Range<usize>, chunks: usize) {
        let (steps, places) = (&self.plan.steps[range], &self.plan.places[..]);
        let memory = Cell::from_mut(&mut self.memory[..]).as_slice_of_cells();
        self.arch.dispatch(Steps { steps, places, memory, chunks });
    }

    fn run_kernel(&mut self, index: usize, rows: usize) {
        if task::is_given_up() {
            return; // a search may take long
        }
        let step = &self.plan.kernels[index];
        let operands = &self.plan.operands[step.operands.clone()];
        self.inputs.clear();
        for (n, place) in operands.iter().enumerate() {
            (0..rows.div_ceil(WIDTH)).for_each(|c| self.inputs.extend(self.memory[place.at(c)].0));
            self.inputs.truncate((n + 1) * rows); // what fills the last chunk is no point
        }
        self.results.resize(step.outs.len() * rows, 0.0);
        let kernel = &self.program.kernels[step.kernel as usize];
        kernel.values_f32(&step.numbers, Columns::new(&self.inputs, rows), &mut self.results);
        for (place, column) in step.outs.iter().zip(self.results.chunks_exact(rows)) {
            for (c, values) in column.chunks(WIDTH).enumerate() {
                self.memory[place.at(c)].0[..values.len()].copy_from_slice(values);
            }
        }
    }
}

/// How many coordinates each point has of its own.
pub(super) const fn first_stage_coordinates(first_stage: usize) -> usize {
    if first_stage == 2 { 3 } else { 4 }
}
