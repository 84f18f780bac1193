//! The tape: fields flattened to a straight-line program, run on any number type. Uses numbers and fields.
//!
//! [`Tape`] is the program, of fields or of [`Reading`]s of them; [`Tape::eval`] gives its outputs at many points, whatever
//! layout their [`Coordinates`] have. [`Machine`] is the one generic interpreter and [`Adjoint`] the backward pass.
//! [`Block`] runs many points at once in `f32`, [`Block64`] in `f64`, and [`Sum`] sums over them with the derivative in
//! every parameter. [`Tracer`] runs intervals over a box, [`Boxes`] over sixteen, and both make the shorter tape that is
//! enough inside; [`Tape::cells`] uses that for an octree about the surface, [`Grid`] for whole pictures of space and time.

mod adjoint;
mod block;
mod block64;
mod boxes;
mod branches;
mod cells;
mod coordinates;
mod corner;
mod eval;
mod fixed;
mod grid;
#[cfg(feature = "mesh")]
mod jumps;
mod machine;
mod operands;
mod program;
mod prune;
mod reading;
#[cfg(feature = "gpu")]
mod registers;
mod seams;
mod sign;
mod slopes;
#[cfg(feature = "gpu")]
mod steady;
mod straight;
mod sum;
pub(crate) mod text;
mod weights;

pub use adjoint::Adjoint;
pub use block::Block;
pub use block64::Block64;
pub use boxes::{BOXES, Bounding, Boxes};
pub(crate) use branches::Branches;
pub use coordinates::Coordinates;
pub use grid::{Grid, Samples};
#[cfg(feature = "mesh")]
pub(crate) use jumps::may_jump;
pub use machine::Machine;
pub use prune::{Asked, Tracer};
pub use reading::Reading;
pub(crate) use seams::{Angle, Apart, Careful, Which};
pub use slopes::Slopes;
pub use sum::{ColumnLoss, ColumnLoss64, Sum, Sum64};

use crate::error::Result;
use crate::field::{Axis, Field, Listing, Parameter, Vector};
use crate::number::{Op, Output, Real};
use program::{Code, Line, Program};
use std::sync::Arc;

/// Fields flattened to a straight-line program with one output a field.
///
/// Subexpressions that are equal are computed once, dead ones are gone, and registers are reused. What depends on
/// parameters alone is computed when they are set, what depends on t besides when the time is set.
///
/// A tape is a program, which is shared, and the values its parameters have for whoever runs it: at first those they are
/// declared with. The same tape at other values ([`Tape::with_values`]) is the same program; nothing is built again. What
/// runs a tape owns its share of the program, so that a structure can keep a tape and a machine together.
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
///
/// let larger = tape.with_values(&[1.0]); // the same program, for all that takes a tape
/// assert_eq!(Machine::<f64>::new(&larger).at([2.0, 0.0, 0.0, 0.0]), [1.0]);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
///
/// A tape that was [fixed](Tape::fixed) has no parameters left. One that was pruned ([`Tracer::prune`],
/// [`Boxes::prune`]) holds for the values it was pruned with: it takes no others, and panics where it is given some.
#[derive(Clone, Debug)]
pub struct Tape {
    program: Arc<Program>,
    /// The parameters' values, in their order.
    values: Arc<[f64]>,
}

impl Tape {
    /// Flattens fields to one program, an output a field.
    pub fn new(fields: &[Field]) -> Result<Tape> {
        fields.iter().try_for_each(Field::check)?;
        Tape::in_order(fields, Listing::of(fields).parameters()?)
    }

    /// Tapes of which each takes the values of all their parameters, in one order: that in which they first appear.
    ///
    /// ```
    /// use fieldgrad::prelude::*;
    /// use fieldgrad::tape::Tape;
    ///
    /// let (ball, wall) = (sphere(param("r", 0.5)), x() - param("at", 2.0));
    /// let [ball, wall] = Tape::together([&[ball], &[wall]])?;
    /// assert_eq!(ball.values(), [0.5, 2.0]);
    /// assert_eq!(wall.values(), [0.5, 2.0]);
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn together<const N: usize>(of: [&[Field]; N]) -> Result<[Tape; N]> {
        let all = of.concat();
        all.iter().try_for_each(Field::check)?;
        let parameters = Listing::of(&all).parameters()?;
        let tapes = of.iter().map(|fields| Tape::in_order(fields, parameters.clone()));
        let tapes = tapes.collect::<Result<Vec<Tape>>>()?;
        Ok(tapes.try_into().expect("a tape for each"))
    }

    /// A tape that takes the values of these parameters in their order, those its fields do not depend on too.
    pub(crate) fn in_order(fields: &[Field], parameters: Vec<Arc<Parameter>>) -> Result<Tape> {
        fields.iter().try_for_each(Field::check)?;
        let values = parameters.iter().map(|parameter| parameter.value()).collect();
        Ok(Tape { program: Arc::new(Program::of(fields, parameters)?), values })
    }

    /// The parameters, in the order their values are given in.
    pub fn parameters(&self) -> impl ExactSizeIterator<Item = &Parameter> {
        self.program.parameters.iter().map(Arc::as_ref)
    }

    /// Whether anything it computes depends on that coordinate.
    pub fn depends_on(&self, axis: Axis) -> bool {
        // No line is dead, and each reads what it is computed from.
        let program = &self.program;
        program.operands.iter().chain(&program.outputs).any(|&value| value == axis as u32)
    }

    /// The values of the parameters, in their order.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The same tape with its parameters at other values.
    ///
    /// Panics if their number is not that of the parameters, or if the tape was pruned for others.
    pub fn with_values(&self, values: &[f64]) -> Tape {
        self.at(&values.into())
    }

    /// Which of the parameters is called that: the place of its value among [`Tape::values`].
    pub fn place_of_parameter(&self, name: &str) -> Result<usize> {
        Parameter::position(self.program.parameters.iter().map(Arc::as_ref), name)
    }

    /// The same tape with some of its parameters, by their names, at other values within their ranges.
    pub fn with_parameters(&self, values: &[(&str, f64)]) -> Result<Tape> {
        let mut all = self.values.to_vec();
        for (name, value) in values {
            let place = self.place_of_parameter(name)?;
            self.program.parameters[place].check(*value)?;
            all[place] = *value;
        }
        Ok(self.with_values(&all))
    }

    /// The same as [`Tape::with_values`], of values that are shared.
    pub(crate) fn at(&self, values: &Arc<[f64]>) -> Tape {
        self.program.check_values(values);
        Tape { program: self.program.clone(), values: values.clone() }
    }

    /// The values before the first line, with the coordinates at these.
    fn leaf_values<R: Real>(&self, at: [R; 4]) -> impl Iterator<Item = R> {
        self.program.leaf_values(at, &self.values)
    }

    /// How many operations the program has in all.
    pub fn len(&self) -> usize {
        self.program.lines.len()
    }

    /// Whether the program has no operations: its outputs are coordinates, parameters or numbers.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The kernels it calls.
    pub(crate) fn kernels(&self) -> impl Iterator<Item = &Output> {
        self.program.kernels.iter()
    }

    /// About how many operations it takes, those of its kernels among them.
    pub(crate) fn cost(&self) -> usize {
        if self.program.kernels.is_empty() {
            return self.len();
        }
        let kernel = |line: &Line| match line.code {
            Code::Kernel(kernel) => self.program.kernels[kernel as usize].cost(),
            Code::Op(_) => 1,
        };
        self.program.lines.iter().map(kernel).sum()
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

/// # Tapes
///
/// The field flattened, to be read at many points.
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

impl<const N: usize> Vector<N> {
    /// The vector as a tape with an output for each component: to read it at many points.
    ///
    /// ```
    /// use fieldgrad::prelude::*;
    ///
    /// let around = Vector([-y(), x(), 0.into()]);
    /// let columns = around.tape()?.eval(&vec![[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]);
    /// assert_eq!(columns, [[0.0, -2.0], [1.0, 0.0], [0.0, 0.0]]);
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    ///
    /// With derivatives of the components it is [`Tape::of_readings`] of them.
    pub fn tape(&self) -> Result<Tape> {
        Tape::new(&self.0)
    }
}
