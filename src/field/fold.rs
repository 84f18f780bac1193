//! Making nodes: constants folded, identities taken, materials and errors passed on.
//!
//! An identity may drop an operand that does not matter (0·a is 0), so a NaN there is dropped with it; none changes
//! the value of a finite computation but in the last bit (a³ for `pow(a, 3)`).

use super::material::material_of;
use super::{Field, Kind};
use crate::number::{Kernel, Op, Output, Real, Smooth};
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};
use std::sync::Arc;

impl Field {
    /// An operation on fields, simplified.
    #[track_caller]
    pub(crate) fn scalar(op: Op, parents: Vec<Field>) -> Field {
        if parents.iter().any(|parent| parent.error().is_some()) {
            return Field::scalar_node(op, parents); // what carries an error is never folded away
        }
        let folded = parents.iter().map(Field::as_constant).collect::<Option<Vec<f64>>>();
        if let Some(value) = folded.map(|args| op.apply(|i| args[i])).filter(|value| value.is_finite()) {
            return Field::constant(value);
        }
        if let Some(same) = identity(op, &parents) {
            return same;
        }
        let material = match parents.iter().any(|parent| parent.material().is_some()) {
            true => material_of(op, &parents),
            false => None,
        };
        Field::scalar_node(op, parents).with_material_of(material)
    }

    fn scalar_op(&self) -> Option<Op> {
        match self.kind() {
            Kind::Scalar(op) => Some(*op),
            _ => None,
        }
    }

    /// The operand of a node of that operation.
    fn under(&self, op: Op) -> Option<&Field> {
        (self.scalar_op() == Some(op)).then(|| &self.parents()[0])
    }

    /// Whether the value may be infinite or NaN where another branch was chosen over it.
    fn may_blow_up(&self, depth: usize) -> bool {
        match self.kind() {
            Kind::Scalar(Op::Recip | Op::Div | Op::Ln | Op::Pow | Op::Exp | Op::Tan | Op::Sqrt) => true,
            Kind::Scalar(Op::Asin | Op::Acos | Op::Modulo) => true,
            Kind::Scalar(Op::Neg | Op::Square | Op::Mul | Op::Add | Op::Sub | Op::Abs) => {
                depth == 0 || self.parents().iter().any(|parent| parent.may_blow_up(depth - 1))
            }
            _ => false,
        }
    }
}

/// A simpler field that is the same number.
fn identity(op: Op, parents: &[Field]) -> Option<Field> {
    use Op::*;
    let a = &parents[0];
    let b = parents.get(1).unwrap_or(a);
    let unary = |op, a: &Field| Field::scalar(op, vec![a.clone()]);
    let binary = |op, a: &Field, b: &Field| Field::scalar(op, vec![a.clone(), b.clone()]);
    // Operands that declare a parameter differently are kept apart, so that the conflict is found.
    let same = parents.len() > 1 && a.is_same(b);
    Some(match op {
        Neg => a.under(Neg)?.clone(),
        Abs if a.under(Abs).is_some() => a.clone(),
        Abs | Square if a.under(Neg).is_some() => unary(op, a.under(Neg)?),
        Square => unary(Square, a.under(Abs)?),
        Add if a.is(0.0) => b.clone(),
        Add | Sub if b.is(0.0) => a.clone(),
        Sub if same => Field::constant(0.0),
        Sub if a.is(0.0) => unary(Neg, b),
        Add if b.under(Neg).is_some() => binary(Sub, a, b.under(Neg)?),
        Add if a.under(Neg).is_some() => binary(Sub, b, a.under(Neg)?),
        Sub => binary(Add, a, b.under(Neg)?),
        Mul if a.is(0.0) || b.is(0.0) => Field::constant(0.0),
        Mul if a.is(1.0) => b.clone(),
        Mul | Div if b.is(1.0) => a.clone(),
        Mul if a.is(-1.0) => unary(Neg, b),
        Mul | Div if b.is(-1.0) => unary(Neg, a),
        Mul if same => unary(Square, a),
        Div if a.is(0.0) && b.as_constant() != Some(0.0) => Field::constant(0.0),
        Div if a.is(1.0) => unary(Recip, b),
        Min | Max if same => a.clone(),
        Pow if b.is(0.0) => Field::constant(1.0),
        Pow if b.is(1.0) => a.clone(),
        Pow if b.is(2.0) => unary(Square, a),
        Pow if b.is(3.0) => binary(Mul, a, &unary(Square, a)),
        Pow if b.is(4.0) => unary(Square, &unary(Square, a)),
        Pow if b.is(-1.0) => unary(Recip, a),
        Hypot if a.is(0.0) => unary(Abs, b),
        Hypot if b.is(0.0) => unary(Abs, a),
        DirectionCosine if a.is(0.0) => Field::constant(0.0),
        DirectionCosine if b.under(Abs).is_some_and(|inner| inner.is_same(a)) => unary(Sign, a),
        Length => {
            let zero = parents.iter().position(|parent| parent.is(0.0))?;
            let rest: Vec<Field> = (0..3).filter(|&i| i != zero).map(|i| parents[i].clone()).collect();
            Field::scalar(Hypot, rest)
        }
        Mix if parents[2].is(0.0) || same => a.clone(),
        Mix if parents[2].is(1.0) => b.clone(),
        SmoothMin(_) if parents[2].as_constant().is_some_and(|k| k <= 0.0) => binary(Min, a, b),
        IfLess => {
            let (then, otherwise) = (&parents[2], &parents[3]);
            if same {
                return Some(otherwise.clone());
            }
            if then.is_same(otherwise) && then.material() == otherwise.material() {
                return Some(then.clone());
            }
            if let (Some(a), Some(b)) = (a.as_constant(), b.as_constant()) {
                return Some(if a < b { then } else { otherwise }.clone());
            }
            let alike = |branch: &Field| {
                let [c, d] = [0, 1].map(|i| branch.parents().get(i));
                branch.scalar_op() == Some(IfLess)
                    && c.is_some_and(|c| c.is_same(a))
                    && d.is_some_and(|d| d.is_same(b))
            };
            let branches = match (alike(then), alike(otherwise)) {
                (false, false) => return None,
                (true, _) => [then.parents()[2].clone(), otherwise.clone()],
                (_, true) => [then.clone(), otherwise.parents()[3].clone()],
            };
            let [then, otherwise] = branches;
            Field::scalar(IfLess, vec![a.clone(), b.clone(), then, otherwise])
        }
        _ => return None,
    })
}

/// The first output of a kernel, applied to inputs: a function with code and derivatives of its own, as a field.
pub fn kernel(kernel: Arc<dyn Kernel>, inputs: impl IntoIterator<Item = impl Into<Field>>) -> Field {
    kernel_output(Output::new(kernel, 0), inputs)
}

/// An output of a kernel, applied to inputs. What shares inputs shares the walk that computes it.
pub fn kernel_output(output: Output, inputs: impl IntoIterator<Item = impl Into<Field>>) -> Field {
    Field::kernel_node(output, inputs.into_iter().map(Into::into).collect())
}

/// Running a field on fields gives a new graph: this is what makes a derivative a field.
impl Real for Field {
    fn constant(value: f64) -> Self {
        Field::constant(value)
    }
    fn abs(self) -> Self {
        Field::scalar(Op::Abs, vec![self])
    }
    fn sqrt(self) -> Self {
        Field::scalar(Op::Sqrt, vec![self])
    }
    fn square(self) -> Self {
        Field::scalar(Op::Square, vec![self])
    }
    fn recip(self) -> Self {
        Field::scalar(Op::Recip, vec![self])
    }
    fn exp(self) -> Self {
        Field::scalar(Op::Exp, vec![self])
    }
    fn ln(self) -> Self {
        Field::scalar(Op::Ln, vec![self])
    }
    fn sin(self) -> Self {
        Field::scalar(Op::Sin, vec![self])
    }
    fn cos(self) -> Self {
        Field::scalar(Op::Cos, vec![self])
    }
    fn tan(self) -> Self {
        Field::scalar(Op::Tan, vec![self])
    }
    fn asin(self) -> Self {
        Field::scalar(Op::Asin, vec![self])
    }
    fn acos(self) -> Self {
        Field::scalar(Op::Acos, vec![self])
    }
    fn atan(self) -> Self {
        Field::scalar(Op::Atan, vec![self])
    }
    fn floor(self) -> Self {
        Field::scalar(Op::Floor, vec![self])
    }
    fn ceil(self) -> Self {
        Field::scalar(Op::Ceil, vec![self])
    }
    fn round(self) -> Self {
        Field::scalar(Op::Round, vec![self])
    }
    fn sign(self) -> Self {
        Field::scalar(Op::Sign, vec![self])
    }
    fn ramp(self) -> Self {
        Field::scalar(Op::Ramp, vec![self])
    }
    fn min(self, other: Self) -> Self {
        Field::scalar(Op::Min, vec![self, other])
    }
    fn max(self, other: Self) -> Self {
        Field::scalar(Op::Max, vec![self, other])
    }
    fn pow(self, exponent: Self) -> Self {
        Field::scalar(Op::Pow, vec![self, exponent])
    }
    fn atan2(self, x: Self) -> Self {
        Field::scalar(Op::Atan2, vec![self, x])
    }
    fn modulo(self, divisor: Self) -> Self {
        Field::scalar(Op::Modulo, vec![self, divisor])
    }
    fn hypot(self, other: Self) -> Self {
        Field::scalar(Op::Hypot, vec![self, other])
    }
    fn direction_cosine(self, length: Self) -> Self {
        Field::scalar(Op::DirectionCosine, vec![self, length])
    }
    fn length(a: Self, b: Self, c: Self) -> Self {
        Field::scalar(Op::Length, vec![a, b, c])
    }
    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        Field::scalar(Op::IfLess, vec![a, b, then, otherwise])
    }
    fn mix(a: Self, b: Self, w: Self) -> Self {
        Field::scalar(Op::Mix, vec![a, b, w])
    }
    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        Field::scalar(Op::SmoothMin(kind), vec![a, b, k])
    }
    fn smooth_weight(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        Field::scalar(Op::SmoothWeight(kind), vec![a, b, k])
    }
    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        kernel_output(output.clone(), inputs.iter())
    }
    fn gated(self, factor: Self) -> Self {
        if self.is(0.0) || !factor.may_blow_up(3) {
            return self * factor;
        }
        Real::if_less(Field::constant(0.0), Real::abs(self.clone()), self * factor, Field::constant(0.0))
    }
}

macro_rules! from_number {
    ($($number:ty),*) => {$(
        impl From<$number> for Field {
            #[track_caller]
            fn from(value: $number) -> Field {
                Field::constant(value as f64)
            }
        }
    )*};
}

from_number!(f64, f32, i32, u32, i64, u64, usize);

impl From<&Field> for Field {
    fn from(field: &Field) -> Field {
        field.clone()
    }
}

/// `field ∘ anything`, `&field ∘ anything`, `number ∘ field` and `field ∘= anything`.
///
/// Of numbers on the left there is one kind with a point and one without, so that the compiler knows which is meant in
/// `(8.0 * x()).sin()`.
macro_rules! operator {
    ($($trait:ident $method:ident $assign:ident $assigned:ident $op:ident;)*) => {$(
        impl<T: Into<Field>> $trait<T> for Field {
            type Output = Field;
            #[track_caller]
            fn $method(self, other: T) -> Field {
                Field::scalar(Op::$op, vec![self, other.into()])
            }
        }
        impl<T: Into<Field>> $trait<T> for &Field {
            type Output = Field;
            #[track_caller]
            fn $method(self, other: T) -> Field {
                Field::scalar(Op::$op, vec![self.clone(), other.into()])
            }
        }
        impl<T: Into<Field>> $assign<T> for Field {
            #[track_caller]
            fn $assigned(&mut self, other: T) {
                *self = $trait::$method(&*self, other);
            }
        }
        operator!(@number $trait $method f64 i32);
    )*};
    (@number $trait:ident $method:ident $($number:ident)*) => {$(
        impl $trait<Field> for $number {
            type Output = Field;
            #[track_caller]
            fn $method(self, other: Field) -> Field {
                $trait::$method(Field::from(self), other)
            }
        }
        impl $trait<&Field> for $number {
            type Output = Field;
            #[track_caller]
            fn $method(self, other: &Field) -> Field {
                $trait::$method(Field::from(self), other)
            }
        }
    )*};
}

operator! {
    Add add AddAssign add_assign Add;
    Sub sub SubAssign sub_assign Sub;
    Mul mul MulAssign mul_assign Mul;
    Div div DivAssign div_assign Div;
    Rem rem RemAssign rem_assign Modulo;
}

impl Neg for Field {
    type Output = Field;
    fn neg(self) -> Field {
        Field::scalar(Op::Neg, vec![self])
    }
}

impl Neg for &Field {
    type Output = Field;
    fn neg(self) -> Field {
        -self.clone()
    }
}
