//! The tape: fields flattened to a straight-line program, run on any number type. Uses numbers and fields.
//!
//! [`Tape`] is the program, [`Machine`] the one generic interpreter and [`Adjoint`] the reverse pass. [`Block`] runs
//! many points at once, and [`Sum`] sums over them with the derivative in every parameter. [`Tracer`] runs intervals
//! over a box, [`Boxes`] over sixteen, and both make the shorter tape that is enough inside; [`Grid`] uses that for
//! whole pictures of space and time.

mod adjoint;
mod block;
mod boxes;
mod fixed;
mod grid;
mod machine;
mod program;
mod prune;
#[cfg(feature = "gpu")]
mod registers;
mod slopes;
#[cfg(feature = "gpu")]
mod steady;
mod sum;

pub use adjoint::Adjoint;
pub use block::Block;
pub use boxes::{BOXES, Bounding, Boxes};
pub use grid::{Grid, Samples};
pub use machine::Machine;
pub use prune::{Asked, Tracer};
pub use slopes::Slopes;
pub use sum::Sum;

use crate::error::Result;
use crate::field::{Field, Listing, Parameter};
use crate::number::{Op, Output};
use program::{Code, Program};
use std::sync::Arc;

/// Fields flattened to a straight-line program with one output a field.
///
/// Subexpressions that are equal are computed once, dead ones are gone, and registers are reused. What depends on
/// parameters alone is computed when they are set, what depends on t besides when the time is set.
///
/// ```
/// use fieldgrad::prelude::*;
/// use fieldgrad::tape::{Machine, Tape};
///
/// let ball = sphere(param("r", 0.5));
/// let tape = Tape::new(&[ball])?;
/// let mut machine = Machine::<f64>::new(&tape);
/// assert_eq!(machine.at([2.0, 0.0, 0.0, 0.0]), [1.5]);
/// machine.set_parameters(&[1.0]);
/// assert_eq!(machine.at([2.0, 0.0, 0.0, 0.0]), [1.0]);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tape {
    program: Program,
}

impl Tape {
    /// Flattens fields to one program, an output a field.
    pub fn new(fields: &[Field]) -> Result<Tape> {
        for field in fields {
            field.check()?;
        }
        let parameters = Listing::of(fields).parameters()?;
        Ok(Tape { program: Program::of(fields, parameters)? })
    }

    /// The parameters, in the order their values are given in.
    pub fn parameters(&self) -> impl ExactSizeIterator<Item = &Parameter> {
        self.program.parameters.iter().map(Arc::as_ref)
    }

    /// How many operations the program has in all.
    pub fn len(&self) -> usize {
        self.program.lines.len()
    }

    /// Whether the program has no operations: its outputs are coordinates, parameters or numbers.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many operations are run for each point, once the parameters and the time are set.
    pub fn len_per_point(&self) -> usize {
        self.program.stage(2).len()
    }

    /// How many outputs the program has.
    pub fn output_count(&self) -> usize {
        self.program.outputs.len()
    }

    /// The constants: the values behind those of x, y, z, t and the parameters.
    pub(crate) fn constants(&self) -> &[f64] {
        &self.program.constants
    }

    /// The lines: each makes the next value, behind the constants.
    pub(crate) fn statements(&self) -> impl Iterator<Item = Statement<'_>> {
        self.program.lines.iter().map(|line| {
            let operands = self.program.operands(line);
            match line.code {
                Code::Op(op) => Statement::Op(op, operands),
                Code::Kernel(kernel) => Statement::Kernel(&self.program.kernels[kernel as usize], operands),
            }
        })
    }

    /// The values the outputs are.
    pub(crate) fn outputs(&self) -> &[u32] {
        &self.program.outputs
    }
}

/// A line of a tape, as what writes it out reads it: what is done to which values.
pub(crate) enum Statement<'t> {
    Op(Op, &'t [u32]),
    Kernel(&'t Output, &'t [u32]),
}

impl Field {
    /// The field as a tape with one output.
    pub fn tape(&self) -> Result<Tape> {
        Tape::new(std::slice::from_ref(self))
    }

    /// The field and its four partial derivatives as a tape with five outputs.
    pub fn gradient_tape(&self) -> Result<Tape> {
        let [x, y, z, t] = self.gradient();
        Tape::new(&[self.clone(), x, y, z, t])
    }
}
