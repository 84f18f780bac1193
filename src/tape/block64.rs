//! Many points at once in `f64`: a tape on blocks of [`Doubles`], a line at a time.
//!
//! It gives the bits of [`Machine<f64>`](super::Machine), point for point; plain arithmetic goes through the vector units,
//! and a line is read once for a block. Outputs of one kernel at the same inputs are computed in one walk.

use super::Tape;
use super::block::first_stage_coordinates;
use super::program::{Code, Program};
use crate::number::Arch;
use crate::number::{Columns, Doubles, Real};
use crate::task;
use std::ops::Range;
use std::sync::Arc;

/// How many points are worked on together: a register is four vectors of AVX-512, eight of AVX2.
pub(super) const LANES: usize = 32;
pub(super) type DoubleLanes = Doubles<LANES>;

/// Runs a tape on blocks of points in `f64`.
///
/// [`Tape::eval`] does so on all threads, for points in any layout; this is for whoever keeps the memory from one call to
/// the next.
///
/// ```
/// use fieldgrad::prelude::*;
/// use fieldgrad::tape::Block64;
///
/// let tape = sphere(param("r", 0.5)).tape()?;
/// let mut block = Block64::new(&tape);
/// let mut values = [0.0; 2];
/// block.eval([&[1.0, 2.0], &[0.0; 2], &[0.0; 2]], &mut [&mut values]);
/// assert_eq!(values, [0.5, 1.5]);
/// block.set_parameters(&[1.0]);
/// block.eval([&[1.0, 2.0], &[0.0; 2], &[0.0; 2]], &mut [&mut values]);
/// assert_eq!(values, [0.0, 1.0]);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Block64 {
    pub(super) program: Arc<Program>,
    pub(super) arch: Arch,
    /// The values that are the same for all points: leaves, and the lines of the uniform stages.
    pub(super) uniform: Vec<f64>,
    /// The first stage that is run for each point: 2, or 1 where each point has its own time.
    pub(super) first_stage: usize,
    /// The register each line writes. Those of uniform values hold them in all lanes.
    written: Vec<u32>,
    operands: Vec<u32>,
    read: Vec<u32>,
    pub(super) registers: Vec<DoubleLanes>,
    /// The columns of a kernel's inputs and results, and which outputs they are of.
    inputs: Vec<f64>,
    results: Vec<f64>,
    asked: Vec<usize>,
}

impl Block64 {
    /// A block whose points share one time, at first 0. Parameters are at the tape's values.
    pub fn new(tape: &Tape) -> Block64 {
        Block64::with_first_stage(tape, 2)
    }

    /// A block whose points have a time each, given as a fourth coordinate.
    pub fn over_times(tape: &Tape) -> Block64 {
        Block64::with_first_stage(tape, 1)
    }

    fn with_first_stage(tape: &Tape, first_stage: usize) -> Block64 {
        Block64::of_program(tape.program.clone(), &tape.values, first_stage)
    }

    pub(super) fn of_program(program: Arc<Program>, parameters: &[f64], first_stage: usize) -> Block64 {
        let registers = program.registers(first_stage);
        let count = program.value_of_line(program.stage(first_stage).start);
        let mut uniform = Vec::with_capacity(count);
        uniform.extend(program.leaf_values([0.0; 4], parameters));
        uniform.resize(count, 0.0);
        let mut block = Block64 {
            program,
            arch: Arch::new(),
            uniform,
            first_stage,
            written: registers.written,
            operands: registers.operands,
            read: registers.read,
            registers: vec![DoubleLanes::zero(); registers.count],
            inputs: Vec::new(),
            results: Vec::new(),
            asked: Vec::new(),
        };
        block.run_uniform(0);
        block
    }

    /// Sets the parameters, in the tape's order. Panics if their number is not the tape's, or if the tape was pruned for
    /// others.
    pub fn set_parameters(&mut self, values: &[f64]) {
        self.program.set_parameters(&mut self.uniform, values);
        self.run_uniform(0);
    }

    /// Sets the time that all points share.
    pub fn set_time(&mut self, t: f64) {
        self.uniform[3] = t;
        self.run_uniform(1);
    }

    /// Computes what is the same for all points from a stage on, and spreads it over its registers.
    fn run_uniform(&mut self, from: usize) {
        for stage in from..self.first_stage {
            self.program.run(self.program.stage(stage), &mut self.uniform);
        }
        for (register, &value) in self.registers.iter_mut().zip(&self.uniform) {
            *register = DoubleLanes::constant(value);
        }
    }

    /// The outputs at any number of points, given as x, y and z (and t, for a block
    /// [over times](Block64::over_times)): `outputs[i]` gets output i. Panics if lengths differ, or the number of coordinates
    /// or outputs is wrong.
    pub fn eval<const N: usize>(&mut self, points: [&[f64]; N], outputs: &mut [&mut [f64]]) {
        self.eval_columns(&points, outputs);
    }

    /// The same, compiled here and not in the program that calls it.
    fn eval_columns(&mut self, points: &[&[f64]], outputs: &mut [&mut [f64]]) {
        let coordinates = first_stage_coordinates(self.first_stage);
        assert_eq!(points.len(), coordinates, "x, y and z, and t if each point has its own");
        assert_eq!(outputs.len(), self.read.len(), "a slice for each output");
        let count = points[0].len();
        for (name, axis) in ["x", "y", "z", "t"].iter().zip(points) {
            assert!(axis.len() == count, "a {name} for each x: {} for {count}", axis.len());
        }
        for (n, out) in outputs.iter().enumerate() {
            assert!(out.len() == count, "room for each point in output {n}: {} for {count}", out.len());
        }
        for start in (0..count).step_by(LANES) {
            if task::is_given_up() {
                return;
            }
            let rows = start..count.min(start + LANES);
            self.forward(points, rows.clone());
            for (output, out) in outputs.iter_mut().enumerate() {
                out[rows.clone()].copy_from_slice(&self.output(output).0[..rows.len()]);
            }
        }
    }

    /// Runs the lines at a few points.
    pub(super) fn forward(&mut self, points: &[&[f64]], rows: Range<usize>) {
        for (register, axis) in self.registers.iter_mut().zip(points) {
            register.0[..rows.len()].copy_from_slice(&axis[rows.clone()]);
            // Lanes without a point repeat one: what they give is not read.
            register.0[rows.len()..].fill(axis[rows.start]);
        }
        self.run(rows.len());
    }

    /// An output at the points that the lines were last run at.
    pub(super) fn output(&self, output: usize) -> &DoubleLanes {
        &self.registers[self.read[output] as usize]
    }

    /// Runs the lines of all points.
    fn run(&mut self, rows: usize) {
        let program = self.program.clone();
        let (mut start, end) = (program.stage(self.first_stage).start, program.lines.len());
        while start < end {
            let is_kernel = |line: &usize| matches!(program.lines[*line].code, Code::Kernel(_));
            let kernel = (start..end).find(is_kernel).unwrap_or(end);
            self.arch.dispatch(RunOfLines {
                program: &program,
                lines: start..kernel,
                written: &self.written,
                operands: &self.operands,
                registers: &mut self.registers,
            });
            start = if kernel < end { self.run_kernel(&program, kernel, rows) } else { end };
        }
    }

    /// Runs a kernel for the outputs from a line on that are of one call, and gives the line behind them.
    fn run_kernel(&mut self, program: &Program, line: usize, rows: usize) -> usize {
        let is_beside = |&other: &usize| {
            other < program.lines.len() && program.are_one_call(&program.lines[line], &program.lines[other])
        };
        let end = (line + 1..).take_while(is_beside).last().unwrap_or(line) + 1;
        self.inputs.clear();
        let Range { start: from, end: to } = program.lines[line].operands.clone();
        for &operand in &self.operands[from as usize..to as usize] {
            self.inputs.extend_from_slice(&self.registers[operand as usize].0[..rows]);
        }
        self.asked.clear();
        let outputs = program.lines[line..end].iter().map(|line| match line.code {
            Code::Kernel(kernel) => &program.kernels[kernel as usize],
            Code::Op(_) => unreachable!("all of one call are kernels"),
        });
        self.asked.extend(outputs.clone().map(|output| output.number()));
        self.results.clear();
        self.results.resize((end - line) * rows, 0.0);
        let first = outputs.clone().next().expect("the line itself");
        first.values(&self.asked, Columns::new(&self.inputs, rows), &mut self.results);
        for (&register, column) in self.written[line..end].iter().zip(self.results.chunks_exact(rows)) {
            self.registers[register as usize].0[..rows].copy_from_slice(column);
        }
        end
    }
}

/// A run of plain lines, to be compiled for each width of vector.
struct RunOfLines<'a> {
    program: &'a Program,
    lines: Range<usize>,
    written: &'a [u32],
    operands: &'a [u32],
    registers: &'a mut [DoubleLanes],
}

impl pulp::NullaryFnOnce for RunOfLines<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let RunOfLines { program, lines, written, operands, registers } = self;
        for i in lines {
            let line = &program.lines[i];
            let Code::Op(op) = line.code else { unreachable!("kernels are not run here") };
            let operands = &operands[line.operands.start as usize..line.operands.end as usize];
            registers[written[i] as usize] = op.apply(|n| registers[operands[n] as usize]);
        }
    }
}
