//! Reverse mode: the derivative of an output in every parameter and coordinate, in one backward pass (Speelpenning,
//! "Compiling fast partial derivatives", 1980). On duals it gives the Hessian times a vector (Pearlmutter, "Fast exact
//! multiplication by the Hessian", 1994).

use super::Tape;
use super::program::{COORDINATES, Code, Program};
use crate::error::{Error, Result};
use crate::field::{Axis, Field, Listing};
use crate::number::op::{ConstantOp, NumberedOp, number, of_every_operation};
use crate::number::{Dual, Op, Real, partial_of};
use std::ops::Range;
use std::sync::Arc;

/// Runs a tape forward and back on one number type.
///
/// On `f64` it gives numbers, on `Field` the derivatives as fields, on `Dual<f64, 1>` Hessian-vector products.
/// It owns its share of the tape's program.
#[derive(Clone, Debug)]
pub struct Adjoint<R> {
    pub(super) program: Arc<Program>,
    pub(super) values: Vec<R>,
    pub(super) adjoints: Vec<Option<R>>,
    /// Which values depend on a parameter, a coordinate or a weight: only these are sent anything.
    varies: Vec<bool>,
}

impl<R: Real> Adjoint<R> {
    /// A machine with the parameters at the tape's values, and all coordinates at 0.
    pub fn new(tape: &Tape) -> Adjoint<R> {
        let program = &tape.program;
        let first_constant = program.parameter_values().end;
        let values = program.memory(&tape.values);
        let mut varies: Vec<bool> = (0..program.leaves()).map(|leaf| leaf < first_constant).collect();
        for line in &program.lines {
            let any = program.operands(line).iter().any(|&operand| varies[operand as usize]);
            varies.push(any || program.has_weights(line));
        }
        Adjoint { program: program.clone(), adjoints: vec![None; values.len()], values, varies }
    }

    /// Sets the parameters, in the tape's order. Panics if their number is not the tape's, or if the tape was pruned for
    /// others.
    pub fn set_parameters(&mut self, values: &[R]) {
        self.program.set_parameters(&mut self.values, values);
    }

    /// The outputs' values at a point of space and time, in order. Run before [`Adjoint::back`].
    pub fn forward(&mut self, at: [R; 4]) -> impl Iterator<Item = &R> {
        self.values[..COORDINATES].clone_from_slice(&at);
        self.program.run(0..self.program.lines.len(), &mut self.values);
        self.program.outputs.iter().map(|&output| &self.values[output as usize])
    }

    /// Sends a weight for each output back from where [`Adjoint::forward`] was; then [`Adjoint::parameters`] and
    /// [`Adjoint::coordinates`] hold the derivatives of the weighted sum of the outputs.
    pub fn back(&mut self, weights: &[R]) {
        let program = &*self.program;
        self.adjoints.fill(None);
        for (&output, weight) in program.outputs.iter().zip(weights) {
            add(&mut self.adjoints[output as usize], weight.clone());
        }
        send_back_through(program, 0..program.lines.len(), &self.values, &mut self.adjoints, &self.varies);
    }

    /// The derivative in each parameter, in the tape's order.
    pub fn parameters(&self) -> impl Iterator<Item = R> {
        self.program.parameter_values().map(|i| self.adjoint(i))
    }

    /// The derivative in each coordinate.
    pub fn coordinates(&self) -> [R; 4] {
        std::array::from_fn(|i| self.adjoint(i))
    }

    fn adjoint(&self, value: usize) -> R {
        self.adjoints[value].clone().unwrap_or_else(R::zero)
    }
}

fn add<R: Real>(total: &mut Option<R>, more: R) {
    *total = Some(match total.take() {
        Some(sum) => sum + more,
        None => more,
    });
}

/// Sends adjoints back through some of a program's lines, to the operands that vary.
pub(super) fn send_back_through<R: Real>(
    program: &Program,
    lines: Range<usize>,
    values: &[R],
    adjoints: &mut [Option<R>],
    varies: &[bool],
) {
    let leaves = program.leaves();
    for i in lines.rev() {
        let Some(adjoint) = adjoints[leaves + i].clone() else {
            continue;
        };
        let line = &program.lines[i];
        let operands = program.operands(line);
        let arg = |n: usize| values[operands[n] as usize].clone();
        let gradient = match line.code {
            Code::Op(_) => Vec::new(),
            Code::Kernel(kernel) => {
                let inputs: Vec<R> = (0..operands.len()).map(arg).collect();
                R::kernel_with_gradient(&program.kernels[kernel as usize], &inputs).1
            }
        };
        for (n, &operand) in operands.iter().enumerate() {
            if varies[operand as usize] {
                let sent = match line.code {
                    Code::Op(op) => send_back(op, n, arg, &values[leaves + i], adjoint.clone()),
                    Code::Kernel(_) => adjoint.clone().gated(gradient[n].clone()),
                };
                add(&mut adjoints[operand as usize], sent);
            }
        }
    }
}

/// What an operation sends back to its n-th operand.
pub(super) fn send_back<R: Real>(op: Op, n: usize, arg: impl Fn(usize) -> R, value: &R, adjoint: R) -> R {
    macro_rules! by_number {
        ($($number:literal)*) => {
            match op.number() {
                $($number => send_back_of::<NumberedOp<$number>, R>(n, arg, value, adjoint),)*
                _ => unreachable!("a number of an operation"),
            }
        };
    }
    of_every_operation!(by_number)
}

/// The same of an operation that is a constant: its rule alone is handed to the optimiser.
#[inline(always)]
pub(super) fn send_back_of<O: ConstantOp, R: Real>(
    n: usize,
    arg: impl Fn(usize) -> R,
    value: &R,
    adjoint: R,
) -> R {
    // A choice sends everything to what it chose and nothing to the rest, without a product.
    let choose = |a: R, b: R, then: bool| {
        let (then, otherwise) =
            if then { (adjoint.clone(), R::zero()) } else { (R::zero(), adjoint.clone()) };
        R::if_less(a, b, then, otherwise)
    };
    match const { O::OP.number() } {
        number::MIN => choose(arg(1), arg(0), n == 1),
        number::MAX => choose(arg(0), arg(1), n == 1),
        number::IF_LESS if n >= 2 => choose(arg(0), arg(1), n == 2),
        number::ADD => adjoint,
        number::SUB if n == 0 => adjoint,
        number::SUB | number::NEG => -adjoint,
        // The square alone may be infinite where the product is not.
        number::RECIP => -adjoint.gated(value.clone()).gated(value.clone()),
        _ => adjoint.gated(partial_of::<O, R>(n, arg, value)),
    }
}

/// # Derivatives in parameters
///
/// By reverse mode: as fields, and at one point. For sums over points see [`Sum`](crate::tape::Sum).
impl Field {
    /// The derivative in every parameter, as fields, in the order of [`Field::parameters`].
    pub fn parameter_gradient(&self) -> Result<Vec<Field>> {
        let tape = self.tape()?;
        let mut adjoint = Adjoint::<Field>::new(&tape);
        let known = Listing::of(std::slice::from_ref(self)).parameter_fields();
        adjoint.set_parameters(&known);
        let _ = adjoint.forward(Axis::ALL.map(Field::coordinate));
        adjoint.back(&[Field::constant(1.0)]);
        Ok(adjoint.parameters().collect())
    }

    /// The derivative in every parameter at (x, y, z, t), in the order of [`Field::parameters`].
    pub fn parameter_gradient_at(&self, at: [f64; 4]) -> Result<Vec<f64>> {
        let tape = self.tape()?;
        let mut adjoint = Adjoint::<f64>::new(&tape);
        let _ = adjoint.forward(at);
        adjoint.back(&[1.0]);
        Ok(adjoint.parameters().collect())
    }

    /// The derivative in one parameter, as a field.
    pub fn derivative_in(&self, name: &str) -> Result<Field> {
        let known = self.parameters()?;
        let Some(i) = known.iter().position(|parameter| parameter.name() == name) else {
            let known = known.iter().map(|parameter| parameter.name().to_string()).collect();
            return Err(Error::UnknownParameter { name: name.into(), known });
        };
        Ok(self.parameter_gradient()?.swap_remove(i))
    }

    /// The Hessian in space and time times a vector, without the Hessian: reverse mode over one forward direction.
    pub fn hessian_vector_at(&self, at: [f64; 4], vector: [f64; 4]) -> Result<[f64; 4]> {
        let tape = self.tape()?;
        let mut adjoint = Adjoint::<Dual<f64, 1>>::new(&tape);
        let _ = adjoint.forward(std::array::from_fn(|i| Dual { value: at[i], slope: [vector[i]] }));
        adjoint.back(&[Dual::one()]);
        Ok(adjoint.coordinates().map(|dual| dual.slope[0]))
    }

    /// The Hessian in the parameters times a vector, without the Hessian; both in the order of [`Field::parameters`].
    pub fn parameter_hessian_vector_at(&self, at: [f64; 4], vector: &[f64]) -> Result<Vec<f64>> {
        let tape = self.tape()?;
        if tape.parameters().len() != vector.len() {
            let count = tape.parameters().len();
            return Err(Error::Input(format!("a vector of {} for {count} parameters", vector.len())));
        }
        let mut adjoint = Adjoint::<Dual<f64, 1>>::new(&tape);
        let along = tape.values().iter().zip(vector).map(|(&value, &slope)| Dual { value, slope: [slope] });
        adjoint.set_parameters(&along.collect::<Vec<_>>());
        let _ = adjoint.forward(at.map(Dual::fixed));
        adjoint.back(&[Dual::one()]);
        Ok(adjoint.parameters().map(|dual| dual.slope[0]).collect())
    }
}
