//! Chains of turns, shifts and scales multiplied out while a graph is written out.

use super::Field;
use crate::number::{Op, Output, Real, Smooth};
use std::ops::{Add, Div, Mul, Neg, Sub};
use std::sync::Arc;

/// So many terms a sum has at most; what has more is a term of its own.
const TERMS: usize = 4;

/// A field, and what it is as a sum of terms: each a field times what is the same for all points, its factor.
///
/// A rotation within a rotation reads x in each of the outer one's coordinates, and so reads it three times over: a box is
/// grown by each joint, and bounds by all of them together, though the whole is a rotation again. Multiplied out, each
/// term is read once, a box is turned once, and the factors are worked out once for all points. What reads no term twice
/// stays as it was written, to the last bit.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    /// As it was written.
    plain: Field,
    /// None of what is no sum: it is a term itself, or uniform.
    sum: Option<Arc<LinearSum>>,
}

#[derive(Clone, Debug)]
struct LinearSum {
    terms: Vec<LinearTerm>,
    /// What is the same for all points.
    rest: Field,
}

#[derive(Clone, Debug)]
struct LinearTerm {
    of: Field,
    factor: Field,
    /// How often it is read where the sum is as it was written.
    reads: usize,
}

impl Linear {
    pub(super) fn of(field: Field) -> Linear {
        Linear { plain: field, sum: None }
    }

    /// The field: multiplied out where that reads a term once that was read more often.
    pub(super) fn field(self) -> Field {
        match self.sum {
            Some(sum) if sum.terms.iter().any(|term| term.reads > 1) => sum.field(),
            _ => self.plain,
        }
    }

    fn is_uniform(&self) -> bool {
        !self.plain.reads().space()
    }

    /// What it is as a sum.
    fn sum(&self) -> Arc<LinearSum> {
        match &self.sum {
            Some(sum) => sum.clone(),
            None if self.is_uniform() => Arc::new(LinearSum { terms: Vec::new(), rest: self.plain.clone() }),
            None => {
                let term = LinearTerm { of: self.plain.clone(), factor: Field::constant(1.0), reads: 1 };
                Arc::new(LinearSum { terms: vec![term], rest: Field::constant(0.0) })
            }
        }
    }

    /// A sum or a difference.
    fn combined(self, other: Linear, op: Op) -> Linear {
        let written = |a: Field, b: Field| Field::scalar(op, vec![a, b]);
        if self.is_uniform() && other.is_uniform() {
            return Linear::of(written(self.plain, other.plain));
        }
        match self.sum().with(&other.sum(), op) {
            Some(sum) => Linear { plain: written(self.plain, other.plain), sum: Some(Arc::new(sum)) },
            None => Linear::of(written(self.field(), other.field())),
        }
    }

    /// Times, or divided by, what is the same for all points.
    fn scaled(self, by: Linear, op: Op) -> Linear {
        let sum = self.sum().each(|part| Field::scalar(op, vec![part.clone(), by.plain.clone()]));
        Linear { plain: Field::scalar(op, vec![self.plain, by.plain]), sum: Some(Arc::new(sum)) }
    }
}

impl LinearSum {
    /// The same with each factor, and the rest, changed.
    fn each(&self, change: impl Fn(&Field) -> Field) -> LinearSum {
        let terms = self.terms.iter().map(|term| LinearTerm { factor: change(&term.factor), ..term.clone() });
        LinearSum { terms: terms.collect(), rest: change(&self.rest) }
    }

    /// This and another added or subtracted; none where there are too many terms.
    fn with(&self, other: &LinearSum, op: Op) -> Option<LinearSum> {
        let join = |a: &Field, b: &Field| Field::scalar(op, vec![a.clone(), b.clone()]);
        let mut terms = self.terms.clone();
        for term in &other.terms {
            match terms.iter_mut().find(|own| own.of.is_same(&term.of)) {
                Some(own) => {
                    own.factor = join(&own.factor, &term.factor);
                    own.reads += term.reads;
                }
                None => {
                    let factor = join(&Field::constant(0.0), &term.factor);
                    terms.push(LinearTerm { factor, ..term.clone() });
                }
            }
        }
        (terms.len() <= TERMS).then(|| LinearSum { terms, rest: join(&self.rest, &other.rest) })
    }

    fn field(&self) -> Field {
        let product = |term: &LinearTerm| Field::scalar(Op::Mul, vec![term.of.clone(), term.factor.clone()]);
        let sum = |a: Field, b: Field| Field::scalar(Op::Add, vec![a, b]);
        let products = self.terms.iter().map(product).reduce(sum);
        products.map_or_else(|| self.rest.clone(), |products| sum(products, self.rest.clone()))
    }
}

impl Add for Linear {
    type Output = Linear;
    fn add(self, other: Linear) -> Linear {
        self.combined(other, Op::Add)
    }
}

impl Sub for Linear {
    type Output = Linear;
    fn sub(self, other: Linear) -> Linear {
        self.combined(other, Op::Sub)
    }
}

impl Neg for Linear {
    type Output = Linear;
    fn neg(self) -> Linear {
        let minus = |part: &Field| Field::scalar(Op::Neg, vec![part.clone()]);
        let sum = self.sum.as_ref().map(|sum| Arc::new(sum.each(minus)));
        Linear { plain: minus(&self.plain), sum }
    }
}

impl Mul for Linear {
    type Output = Linear;
    fn mul(self, other: Linear) -> Linear {
        match (self.is_uniform(), other.is_uniform()) {
            (false, true) => self.scaled(other, Op::Mul),
            (true, false) => {
                let plain = Field::scalar(Op::Mul, vec![self.plain.clone(), other.plain.clone()]);
                Linear { plain, ..other.scaled(self, Op::Mul) }
            }
            _ => Linear::of(Field::scalar(Op::Mul, vec![self.field(), other.field()])),
        }
    }
}

impl Div for Linear {
    type Output = Linear;
    fn div(self, other: Linear) -> Linear {
        match (self.is_uniform(), other.is_uniform()) {
            (false, true) => self.scaled(other, Op::Div),
            _ => Linear::of(Field::scalar(Op::Div, vec![self.field(), other.field()])),
        }
    }
}

/// Operations that are no sums.
macro_rules! opaque {
    ($($method:ident($($arg:ident),*) $op:ident;)*) => {$(
        fn $method(self $(, $arg: Self)*) -> Self {
            Linear::of(Field::scalar(Op::$op, vec![self.field() $(, $arg.field())*]))
        }
    )*};
}

impl Real for Linear {
    fn constant(value: f64) -> Self {
        Linear::of(Field::constant(value))
    }

    opaque! {
        abs() Abs;
        sqrt() Sqrt;
        square() Square;
        recip() Recip;
        exp() Exp;
        ln() Ln;
        sin() Sin;
        cos() Cos;
        tan() Tan;
        asin() Asin;
        acos() Acos;
        atan() Atan;
        floor() Floor;
        ceil() Ceil;
        round() Round;
        sign() Sign;
        ramp() Ramp;
        min(other) Min;
        max(other) Max;
        pow(exponent) Pow;
        atan2(x) Atan2;
        modulo(divisor) Modulo;
        hypot(other) Hypot;
        direction_cosine(length) DirectionCosine;
    }

    fn length(a: Self, b: Self, c: Self) -> Self {
        Linear::of(Field::scalar(Op::Length, vec![a.field(), b.field(), c.field()]))
    }
    fn if_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        Linear::of(Field::scalar(Op::IfLess, [a, b, then, otherwise].map(Linear::field).into()))
    }
    fn mix(a: Self, b: Self, w: Self) -> Self {
        Linear::of(Field::scalar(Op::Mix, vec![a.field(), b.field(), w.field()]))
    }
    fn smooth_min(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        Linear::of(Field::scalar(Op::SmoothMin(kind), vec![a.field(), b.field(), k.field()]))
    }
    fn smooth_weight(a: Self, b: Self, k: Self, kind: Smooth) -> Self {
        Linear::of(Field::scalar(Op::SmoothWeight(kind), vec![a.field(), b.field(), k.field()]))
    }
    fn kernel(output: &Output, inputs: &[Self]) -> Self {
        let inputs: Vec<Field> = inputs.iter().map(|input| input.clone().field()).collect();
        Linear::of(super::kernel_output(output.clone(), inputs))
    }
}
