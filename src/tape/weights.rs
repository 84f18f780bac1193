//! Weights: the numbers that a tape's kernels carry, which a fit may move.

use super::program::{Code, Line, Program};
use super::{Adjoint, Tape};
use crate::error::{Error, Result};
use crate::number::{Columns, Identity};
use std::ops::Range;

/// A kernel with weights, which some lines call outputs of, and where its weights stand among all of a tape's.
#[derive(Clone, Debug)]
pub(super) struct Carrier {
    /// Where it stands among the program's kernels: once for each output.
    pub(super) kernels: Vec<u32>,
    pub(super) weights: Range<usize>,
}

impl Program {
    /// Whether a line calls a kernel with weights.
    pub(super) fn has_weights(&self, line: &Line) -> bool {
        matches!(line.code, Code::Kernel(kernel) if self.kernels[kernel as usize].weight_count() > 0)
    }

    /// The kernels with weights, in the order of the lines that first call them.
    pub(super) fn carriers(&self) -> Vec<Carrier> {
        let mut found: Vec<(Identity, Carrier)> = Vec::new();
        for (n, output) in self.kernels.iter().enumerate() {
            let (identity, count) = (output.kernel_identity(), output.weight_count());
            if count == 0 {
                continue;
            }
            match found.iter_mut().find(|(own, _)| *own == identity) {
                Some((_, carrier)) => carrier.kernels.push(n as u32),
                None => {
                    let start = found.last().map_or(0, |(_, last)| last.weights.end);
                    found
                        .push((identity, Carrier { kernels: vec![n as u32], weights: start..start + count }));
                }
            }
        }
        found.into_iter().map(|(_, carrier)| carrier).collect()
    }

    /// How many weights all of them have.
    pub(super) fn weight_count(&self) -> usize {
        self.carriers().last().map_or(0, |last| last.weights.end)
    }
}

impl Tape {
    /// The weights of its kernels, one kernel's after the other's, in the order of the lines that first call them.
    ///
    /// ```
    /// use fieldgrad::prelude::*;
    /// use fieldgrad::shape::grid::{GridSamples, Interpolation, sampled};
    /// use fieldgrad::tape::{Machine, Sum};
    ///
    /// // x, at the corners of a box; the samples are the weights.
    /// let values = vec![-1.0, -1.0, -1.0, -1.0, 1.0, 1.0, 1.0, 1.0];
    /// let samples = GridSamples::new(&[2, 2, 2], [-1.0; 4], [1.0; 4], values)?;
    /// let tape = sampled(&samples, Interpolation::Linear).tape()?;
    /// assert_eq!(tape.weights(), [-1.0, -1.0, -1.0, -1.0, 1.0, 1.0, 1.0, 1.0]);
    ///
    /// let mut sum = Sum::new(&tape).for_weights();
    /// sum.add([&[0.5], &[0.0], &[0.0]]);
    /// assert_eq!(sum.weight_gradient(), [0.0625, 0.0625, 0.0625, 0.0625, 0.1875, 0.1875, 0.1875, 0.1875]);
    ///
    /// let doubled: Vec<f64> = tape.weights().iter().map(|weight| 2.0 * weight).collect();
    /// let tape = tape.with_weights(&doubled)?;
    /// assert_eq!(Machine::<f64>::new(&tape).at([0.5, 0.0, 0.0, 0.0]), [1.0]);
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn weights(&self) -> Vec<f64> {
        let carriers = self.program.carriers();
        carriers.iter().flat_map(|own| self.program.kernels[own.kernels[0] as usize].weights()).collect()
    }

    /// The same tape with its kernels' weights at other values: no line is written again.
    ///
    /// An error where a kernel does not take them. Panics if their number is not that of the weights.
    pub fn with_weights(&self, weights: &[f64]) -> Result<Tape> {
        let carriers = self.program.carriers();
        assert_eq!(weights.len(), self.program.weight_count(), "as many values as there are weights");
        let mut kernels = self.program.kernels.to_vec();
        for Carrier { kernels: own, weights: range } in carriers {
            let kernel = &kernels[own[0] as usize];
            let Some(moved) = kernel.with_weights(&weights[range]) else {
                return Err(Error::Input(format!("{} takes no other weights", kernel.name())));
            };
            for n in own {
                kernels[n as usize] = kernels[n as usize].of(moved.clone());
            }
        }
        let program = Program { kernels: kernels.into(), ..Program::clone(&self.program) };
        Ok(Tape { program: program.into(), values: self.values.clone() })
    }
}

impl Adjoint<f64> {
    /// The derivative in each weight of the tape's kernels, in the order of [`Tape::weights`], of what was last sent
    /// [back](Adjoint::back).
    pub fn weights(&self) -> Vec<f64> {
        weight_gradient(&self.program, 0..self.program.lines.len(), &self.values, |value| {
            self.adjoints[value]
        })
    }
}

/// What some of a program's lines send to the weights of the kernels they call.
pub(super) fn weight_gradient(
    program: &Program,
    lines: Range<usize>,
    values: &[f64],
    adjoint: impl Fn(usize) -> Option<f64>,
) -> Vec<f64> {
    let carriers = program.carriers();
    let mut all = vec![0.0; program.weight_count()];
    for carrier in carriers {
        for i in lines.clone() {
            let Code::Kernel(kernel) = program.lines[i].code else { continue };
            let sent = adjoint(program.value_of_line(i)).filter(|&sent| sent != 0.0);
            let Some(sent) = sent.filter(|_| carrier.kernels.contains(&kernel)) else { continue };
            let operands = program.operands(&program.lines[i]);
            let inputs: Vec<f64> = operands.iter().map(|&operand| values[operand as usize]).collect();
            let output = &program.kernels[kernel as usize];
            let mut to_inputs = vec![0.0; inputs.len()];
            output.backward(
                &[output.number()],
                Columns::new(&inputs, 1),
                Columns::new(&[sent], 1),
                &mut to_inputs,
                &mut all[carrier.weights.clone()],
            );
        }
    }
    all
}
