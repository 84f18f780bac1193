//! Operations number by number: those of [`Op`], differentiated by its rules, and the operators. A tensor is a number that
//! fields run on.

use super::node::PullbackStep;
use super::piece::Pointwise;
use super::{Tensor, TensorElement};
use crate::number::{Op, Output, Real};
use std::ops::{Add, Div, Mul, Neg, Sub};

impl<T: TensorElement> PullbackStep<'_, T> {
    /// The adjoint of an operand in whose numbers the result has slopes. What counts for nothing sends nothing, however
    /// steep it is.
    pub(super) fn by_slope(&self, operand: usize, slope: &Tensor<T>) -> Option<Tensor<T>> {
        let sent = match slope.constant_number() {
            Some(number) if number == T::of(0.0) => return None,
            Some(number) if number == T::of(1.0) => self.adjoint.clone(),
            Some(number) if number == T::of(-1.0) => -self.adjoint.clone(),
            _ => self.adjoint.clone().gated(slope.clone()),
        };
        Some(sent.summed_to(self.inputs[operand].shape()))
    }
}

impl<T: TensorElement> Tensor<T> {
    /// An operation of numbers on tensors, number by number. Its derivative is [`Op::partial`]: a tensor too.
    #[track_caller]
    pub fn apply(op: Op, operands: &[&Tensor<T>]) -> Tensor<T> {
        if operands.len() != op.arity() {
            let problem = format!("are {}, where {} takes {}", operands.len(), op.name(), op.arity());
            return Tensor::refused("apply", "operands", problem);
        }
        if let Some(same) = simpler(op, operands) {
            return same;
        }
        let value = || Pointwise::Op(op).results(operands);
        Tensor::made(op.name(), operands, value, move |step, i| {
            step.by_slope(i, &op.partial(i, |n| step.inputs[n].clone(), step.value))
        })
    }

    #[track_caller]
    fn unary(&self, op: Op) -> Tensor<T> {
        Tensor::apply(op, &[self])
    }

    /// eᵃ.
    #[track_caller]
    pub fn exp(&self) -> Tensor<T> {
        self.unary(Op::Exp)
    }

    /// The natural logarithm.
    #[track_caller]
    pub fn ln(&self) -> Tensor<T> {
        self.unary(Op::Ln)
    }

    /// Sine, in radians.
    #[track_caller]
    pub fn sin(&self) -> Tensor<T> {
        self.unary(Op::Sin)
    }

    /// Cosine, in radians.
    #[track_caller]
    pub fn cos(&self) -> Tensor<T> {
        self.unary(Op::Cos)
    }

    /// √a, with derivative 0 at 0.
    #[track_caller]
    pub fn sqrt(&self) -> Tensor<T> {
        self.unary(Op::Sqrt)
    }

    /// |a|, with derivative 0 at 0.
    #[track_caller]
    pub fn abs(&self) -> Tensor<T> {
        self.unary(Op::Abs)
    }

    /// a².
    #[track_caller]
    pub fn square(&self) -> Tensor<T> {
        self.unary(Op::Square)
    }

    /// a to the power of b.
    #[track_caller]
    pub fn pow(&self, exponent: impl Into<Tensor<T>>) -> Tensor<T> {
        Tensor::apply(Op::Pow, &[self, &exponent.into()])
    }
}

/// A tensor that is as good and takes less: a product with 1 or −1, a power of 1 or 2.
fn simpler<T: TensorElement>(op: Op, operands: &[&Tensor<T>]) -> Option<Tensor<T>> {
    let number = |n: usize| operands[n].constant_number().map(T::to_f64);
    Some(match op {
        Op::Mul if number(0) == Some(1.0) => operands[1].clone(),
        Op::Mul | Op::Div | Op::Pow if number(1) == Some(1.0) => operands[0].clone(),
        Op::Mul if number(0) == Some(-1.0) => operands[1].unary(Op::Neg),
        Op::Mul if number(1) == Some(-1.0) => operands[0].unary(Op::Neg),
        Op::Pow if number(1) == Some(2.0) => operands[0].unary(Op::Square),
        _ => return None,
    })
}

impl<T: TensorElement> From<f64> for Tensor<T> {
    fn from(number: f64) -> Tensor<T> {
        Tensor::scalar(T::of(number))
    }
}

impl<T: TensorElement> From<&Tensor<T>> for Tensor<T> {
    fn from(tensor: &Tensor<T>) -> Tensor<T> {
        tensor.clone()
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident;)*) => {$(
        impl<T: TensorElement, B: Into<Tensor<T>>> $trait<B> for Tensor<T> {
            type Output = Tensor<T>;
            #[track_caller]
            fn $method(self, other: B) -> Tensor<T> {
                Tensor::apply(Op::$trait, &[&self, &other.into()])
            }
        }

        impl<T: TensorElement, B: Into<Tensor<T>>> $trait<B> for &Tensor<T> {
            type Output = Tensor<T>;
            #[track_caller]
            fn $method(self, other: B) -> Tensor<T> {
                Tensor::apply(Op::$trait, &[self, &other.into()])
            }
        }

        impl<T: TensorElement> $trait<Tensor<T>> for f64 {
            type Output = Tensor<T>;
            #[track_caller]
            fn $method(self, other: Tensor<T>) -> Tensor<T> {
                Tensor::apply(Op::$trait, &[&self.into(), &other])
            }
        }

        impl<T: TensorElement> $trait<&Tensor<T>> for f64 {
            type Output = Tensor<T>;
            #[track_caller]
            fn $method(self, other: &Tensor<T>) -> Tensor<T> {
                Tensor::apply(Op::$trait, &[&self.into(), other])
            }
        }
    )*};
}

operators! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
}

impl<T: TensorElement> Neg for Tensor<T> {
    type Output = Tensor<T>;
    #[track_caller]
    fn neg(self) -> Tensor<T> {
        self.unary(Op::Neg)
    }
}

impl<T: TensorElement> Neg for &Tensor<T> {
    type Output = Tensor<T>;
    #[track_caller]
    fn neg(self) -> Tensor<T> {
        self.unary(Op::Neg)
    }
}

macro_rules! by_operation {
    ($($one:ident $op:ident),*; $($two:ident $of_two:ident),*) => {
        $(fn $one(self) -> Self {
            self.unary(Op::$op)
        })*
        $(fn $two(self, other: Self) -> Self {
            Tensor::apply(Op::$of_two, &[&self, &other])
        })*
    };
}

/// A field runs on tensors as it does on numbers: at arrays of coordinates, and back to what they were made of.
///
/// ```
/// use fieldgrad::learn::tensor::Tensor;
/// use fieldgrad::prelude::*;
///
/// let x = Tensor::from([2.0, 0.5]).as_variable();
/// let distances = sphere(1.0).run([x.clone(), Tensor::from(0.0), Tensor::from(0.0), Tensor::from(0.0)])?;
/// assert_eq!(distances.to_vec()?, [1.0, -0.5]);
/// assert_eq!(distances.sum().gradients(&[&x])?[0].to_vec()?, [1.0, 1.0]);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
impl<T: TensorElement> Real for Tensor<T> {
    fn constant(value: f64) -> Self {
        value.into()
    }

    by_operation! {
        abs Abs, sqrt Sqrt, square Square, recip Recip, exp Exp, ln Ln, sin Sin, cos Cos, tan Tan, asin Asin, acos Acos,
        atan Atan, floor Floor, ceil Ceil, round Round, sign Sign, ramp Ramp;
        min Min, max Max, pow Pow, atan2 Atan2, modulo Modulo, hypot Hypot, direction_cosine DirectionCosine
    }

    fn length(a: Self, b: Self, c: Self) -> Self {
        Tensor::apply(Op::Length, &[&a, &b, &c])
    }

    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        Tensor::apply(Op::IfLess, &[&a, &b, &then, &otherwise])
    }

    fn gated(self, factor: Self) -> Self {
        let value = || Pointwise::Gated.results(&[&self, &factor]);
        // A product's rule: as it is where the first is not 0, and as finite factors have it there.
        Tensor::made("gated", &[&self, &factor], value, |step, i| step.by_slope(i, &step.inputs[1 - i]))
    }

    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        let of = output.clone();
        let operands: Vec<&Tensor<T>> = inputs.iter().collect();
        let value = || kernel_results(output, &operands);
        Tensor::made("kernel", &operands, value, move |step, i| {
            let slope = of.derivative(i)?;
            step.by_slope(i, &Tensor::kernel(&slope, step.inputs))
        })
    }
}

/// A kernel's output at each place of the shape that its inputs broadcast to.
fn kernel_results<T: TensorElement>(
    output: &Output,
    inputs: &[&Tensor<T>],
) -> Result<super::TensorData<T>, super::node::Misfit> {
    use super::layout::{Reader, broadcast, dense};
    let shape = broadcast(inputs.iter().map(|input| input.shape()))?;
    let count: usize = shape.iter().product();
    let (mut columns, mut column) = (Vec::with_capacity(count * inputs.len()), vec![T::of(0.0); count]);
    for input in inputs {
        Reader::new(&dense(input.data()), &shape).fill(&mut column);
        columns.extend(column.iter().map(|&number| number.to_f64()));
    }
    let mut results = vec![0.0; count];
    if count > 0 {
        T::kernel_column(output, &columns, &mut results);
    }
    let numbers = results.into_iter().map(T::of).collect();
    Ok(super::TensorData::from_shape_vec(ndarray::IxDyn(&shape), numbers).expect("as many as places"))
}
