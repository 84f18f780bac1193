//! Slopes in space at many points: forward mode in lanes, along a tape of values.
//!
//! A tape of the derivatives would have to be written anew for each box that the values are pruned to; this needs only
//! [`Op::partial`], an operation at a time. As in the backward pass of [`Adjoint`](super::Adjoint), an operand that counts for
//! nothing gives nothing, however steep it is: a branch not taken stays out.

use super::Tape;
use super::block::{Chunk, WIDTH};
use super::program::{Code, Program};
use crate::number::Arch;
use crate::number::op::{NumberedOp, apply_known, of_every_operation};
use crate::number::{Lanes, Op, Real, partial_of};
use crate::task;
use pulp::{NullaryFnOnce, Simd, WithSimd};
use std::marker::PhantomData;
use std::ops::Range;

/// A value's derivatives in x, y and z.
type ChunkSlope = [Chunk; 3];

const STILL: ChunkSlope = [Lanes([0.0; WIDTH]); 3];

/// Finds the slopes of tapes; keeps its memory from one to the next.
///
/// ```
/// use fieldgrad::prelude::*;
/// use fieldgrad::tape::Slopes;
///
/// let tape = sphere(0.5).tape()?;
/// let (xs, ys, zs) = (vec![1.0; 100], vec![0.0; 100], vec![0.0; 100]);
/// let [mut dx, mut dy, mut dz] = [vec![0.0; 100], vec![0.0; 100], vec![0.0; 100]];
/// Slopes::default().eval(&tape, [&xs, &ys, &zs], [&mut dx, &mut dy, &mut dz]);
/// assert_eq!([dx[99], dy[99], dz[99]], [1.0, 0.0, 0.0]);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Slopes {
    arch: Arch,
    /// The coordinates, the parameters, the constants, and a value a line; and the slope of each.
    values: Vec<Chunk>,
    slopes: Vec<ChunkSlope>,
    inputs: Vec<Chunk>,
}

impl Default for Slopes {
    fn default() -> Slopes {
        Slopes { arch: Arch::new(), values: Vec::new(), slopes: Vec::new(), inputs: Vec::new() }
    }
}

impl Slopes {
    /// The derivatives in x, y and z of a tape's first output, at points given as x, y and z; at time 0, where it is not
    /// fixed in the tape. Parameters are at the tape's values. Panics if lengths differ.
    pub fn eval(&mut self, tape: &Tape, points: [&[f32]; 3], mut slopes: [&mut [f32]; 3]) {
        let all = points[0].len();
        let lengths = points.iter().map(|axis| axis.len()).chain(slopes.iter().map(|axis| axis.len()));
        assert!({ lengths }.all(|length| length == all), "a slope for each point");
        let program = &*tape.program;
        let count = program.value_of_line(program.lines.len());
        if self.values.len() < count {
            self.values.resize(count, STILL[0]);
            self.slopes.resize(count, STILL);
        }
        let leaves = tape.leaf_values([STILL[0]; 4]);
        self.values.iter_mut().zip(leaves).for_each(|(value, leaf)| *value = leaf);
        self.slopes[..program.leaves()].fill(STILL);
        (0..3).for_each(|axis| self.slopes[axis][axis] = Lanes([1.0; WIDTH]));
        for start in (0..all).step_by(WIDTH) {
            if task::is_given_up() {
                return;
            }
            let range = start..(start + WIDTH).min(all);
            for (axis, column) in points.into_iter().enumerate() {
                let column = &column[range.clone()];
                // A chunk that is not full repeats a point: what it gives is not read.
                self.values[axis].0.fill(column[0]);
                self.values[axis].0[..column.len()].copy_from_slice(column);
            }
            self.run(program);
            let found = &self.slopes[program.outputs[0] as usize];
            for (column, found) in slopes.iter_mut().zip(found) {
                column[range.clone()].copy_from_slice(&found.0[..range.len()]);
            }
        }
    }

    fn run(&mut self, program: &Program) {
        for (lines, kernel) in program.runs(0..program.lines.len()) {
            let (values, slopes) = (&mut self.values[..], &mut self.slopes[..]);
            self.arch.dispatch(SlopeRun { program, lines, values, slopes });
            if let Some(line) = kernel {
                self.run_kernel(program, line);
            }
        }
    }

    fn run_kernel(&mut self, program: &Program, line: usize) {
        let Code::Kernel(kernel) = program.lines[line].code else { unreachable!("only kernels come here") };
        let (operands, out) = (program.operands(&program.lines[line]), program.value_of_line(line));
        self.inputs.clear();
        self.inputs.extend(operands.iter().map(|&operand| self.values[operand as usize]));
        let (value, factors) = Chunk::kernel_with_gradient(&program.kernels[kernel as usize], &self.inputs);
        (self.values[out], self.slopes[out]) = (value, STILL);
        for (factor, &operand) in factors.into_iter().zip(operands) {
            for axis in 0..3 {
                self.slopes[out][axis] =
                    self.slopes[out][axis] + factor.gated(self.slopes[operand as usize][axis]);
            }
        }
    }
}

/// A run of plain lines, to be compiled for each width of vector.
struct SlopeRun<'a> {
    program: &'a Program,
    lines: Range<usize>,
    values: &'a mut [Chunk],
    slopes: &'a mut [ChunkSlope],
}

impl WithSimd for SlopeRun<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let SlopeRun { program, lines, values, slopes } = self;
        let leaves = program.leaves();
        for i in lines {
            let line = &program.lines[i];
            let Code::Op(op) = line.code else { unreachable!("kernels are not run here") };
            SlopeTable::<S>::LINES[op.number()](simd, values, slopes, program.operands(line), leaves + i);
        }
    }
}

/// A line of one operation: the values and slopes, which of them are its operands', and where its own go.
struct SlopeLineOf<'a, const OP: usize> {
    values: &'a mut [Chunk],
    slopes: &'a mut [ChunkSlope],
    operands: &'a [u32],
    out: usize,
}

impl<const OP: usize> NullaryFnOnce for SlopeLineOf<'_, OP> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let SlopeLineOf { values, slopes, operands, out } = self;
        let op = const { Op::ALL[OP] };
        let arg = |n: usize| values[operands[n] as usize];
        let value = apply_known!(Op::ALL[OP], Chunk, arg);
        let mut sum = STILL;
        if let Op::Add | Op::Sub = op {
            let [a, b] = [operands[0] as usize, operands[1] as usize];
            for axis in 0..3 {
                let (a, b) = (slopes[a][axis], slopes[b][axis]);
                sum[axis] = if op == Op::Add { a + b } else { a - b };
            }
        } else {
            for n in 0..const { Op::ALL[OP].arity() } {
                let factor = partial_of::<NumberedOp<OP>, _>(n, arg, &value);
                let slope = &slopes[operands[n] as usize];
                for axis in 0..3 {
                    sum[axis] = sum[axis] + factor.gated(slope[axis]);
                }
            }
        }
        (values[out], slopes[out]) = (value, sum);
    }
}

fn line<S: Simd, const OP: usize>(
    simd: S,
    values: &mut [Chunk],
    slopes: &mut [ChunkSlope],
    operands: &[u32],
    out: usize,
) {
    simd.vectorize(SlopeLineOf::<OP> { values, slopes, operands, out });
}

/// Runs a line of one operation.
type RunSlopeLine<S> = fn(S, &mut [Chunk], &mut [ChunkSlope], &[u32], usize);

/// A function for each operation, compiled for one width of vector.
struct SlopeTable<S>(PhantomData<S>);

macro_rules! lines {
    ($($op:literal)*) => { [$(line::<S, $op>),*] };
}

impl<S: Simd> SlopeTable<S> {
    const LINES: [RunSlopeLine<S>; Op::ALL.len()] = of_every_operation!(lines);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[test]
    fn slopes_are_those_of_the_derivatives_fields() {
        let noisy = sphere(0.8).twist(0.7).smooth_union(torus(0.9, 0.2), 0.3) + noise(2.0) * 0.1;
        let cut =
            noisy.intersection(r#box([0.7, 0.9, 0.8])).difference(sphere(0.3).translate([0.4, 0.3, 0.2]));
        let tape = cut.tape().unwrap();
        let axis =
            |n: usize, by: f32| -> Vec<f32> { (0..301).map(|i| ((i * n) as f32 * by).sin() * 1.3).collect() };
        let [xs, ys, zs] = [axis(3, 0.37), axis(5, 0.23), axis(7, 0.31)];
        let [mut dx, mut dy, mut dz] = [0, 1, 2].map(|_| vec![0.0; xs.len()]);
        Slopes::default().eval(&tape, [&xs, &ys, &zs], [&mut dx, &mut dy, &mut dz]);
        for n in 0..xs.len() {
            let at = [xs[n], ys[n], zs[n], 0.0].map(f64::from);
            let true_slope = cut.gradient_at(at).unwrap();
            for axis in 0..3 {
                let off = (f64::from([&dx, &dy, &dz][axis][n]) - true_slope[axis]).abs();
                assert!(off < 2e-4, "{off} along axis {axis} at {at:?}");
            }
        }
    }

    #[test]
    fn a_branch_not_taken_gives_nothing() {
        // 1/x has no end of slope at 0, where it is not the least.
        let tape = x().recip().max(y() * 2.0).tape().unwrap();
        let low = (x() * x()).recip().min(y() * 2.0).tape().unwrap();
        let slope = |tape: &Tape, [x, y, z]: [f32; 3]| {
            let mut slope = [0.0; 3];
            let [dx, dy, dz] = &mut slope;
            let columns = [dx, dy, dz].map(std::slice::from_mut);
            Slopes::default().eval(tape, [&[x], &[y], &[z]], columns);
            slope
        };
        assert_eq!(slope(&low, [0.0, 0.3, 0.0]), [0.0, 2.0, 0.0]);
        assert_eq!(slope(&tape, [-1.0, 0.3, 0.0]), [0.0, 2.0, 0.0]);
    }
}
