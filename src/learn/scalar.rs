//! Scalars that know what they were made of: reverse mode at its smallest, on the rules of [`Op`].
//!
//! A [`Value`] is a number with its derivative, the operation that gave it and that one's operands, as in Karpathy's
//! micrograd (2020). The derivatives are those of `number/rule.rs`, which fields and their tapes run on too: here a single
//! number goes forward, each operation leaves its slopes behind, and one walk back multiplies and adds them.

mod picture;

use super::Activation;
use crate::error::{Error, Result};
use crate::number::Op;
use std::cell::Cell;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A tape of scalar values: so many at most, in memory that is taken once. Nothing is allocated while it runs.
///
/// ```
/// use fieldgrad::learn::Scalars;
///
/// let tape = Scalars::new(100);
/// let (a, b) = (tape.value(2.0), tape.value(-3.0));
/// let start = tape.mark();
/// for _ in 0..20 {
///     let loss = (a * b + 10.0).pow(2.0) + (a - 1.0).tanh();
///     tape.zero_grads();
///     loss.backward()?;
///     for value in [a, b] {
///         value.set(value.data() - 0.02 * value.grad());
///     }
///     tape.rewind(start); // a and b stay, the graph of this step goes
/// }
/// assert!((a.data() * b.data() + 10.0).abs() < 0.1);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
pub struct Scalars {
    nodes: Box<[Node]>,
    count: Cell<usize>,
    /// How many times it was rewound: what tells a value from one that later stands in its place.
    rewound: Cell<u32>,
}

/// A value of a [`Scalars`] tape.
///
/// What is made of a value that is gone, because its tape was rewound, or of values of two tapes, or of more values than
/// the tape holds, is not a number; [`Value::backward`] says why.
#[derive(Clone, Copy)]
pub struct Value<'t> {
    tape: &'t Scalars,
    place: u32,
    rewound: u32,
}

/// A length of a tape, to rewind it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(usize);

#[derive(Default)]
struct Node {
    data: Cell<f64>,
    grad: Cell<f64>,
    made: Cell<Made>,
}

/// How a value was made: the rule, its operands, and its derivative in each.
#[derive(Clone, Copy)]
struct Made {
    rule: Rule,
    parents: [u32; 2],
    slopes: [f64; 2],
    rewound: u32,
    name: &'static str,
}

#[derive(Clone, Copy)]
enum Rule {
    /// A number that was given.
    Given,
    Op(Op),
    Activation(Activation),
}

impl Default for Made {
    fn default() -> Made {
        Made { rule: Rule::Given, parents: [NONE; 2], slopes: [0.0; 2], rewound: 0, name: "" }
    }
}

/// The places of no value: of none that is needed, of one that the tape had no room for, of one that is gone.
const NONE: u32 = u32::MAX;
const NO_ROOM: u32 = u32::MAX - 1;
const GONE: u32 = u32::MAX - 2;

impl Scalars {
    /// A tape of so many values at most.
    pub fn new(capacity: usize) -> Scalars {
        let nodes = (0..capacity.min(GONE as usize)).map(|_| Node::default()).collect();
        Scalars { nodes, count: Cell::new(0), rewound: Cell::new(0) }
    }

    /// A number that derivatives are wanted in.
    pub fn value(&self, data: f64) -> Value<'_> {
        self.push(data, Made::default())
    }

    /// How many values it holds.
    pub fn len(&self) -> usize {
        self.count.get()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How long it is now.
    pub fn mark(&self) -> Mark {
        Mark(self.len())
    }

    /// Forgets the values that were made since a mark. Those from before it stay, with their derivatives.
    pub fn rewind(&self, mark: Mark) {
        if mark.0 < self.len() {
            self.count.set(mark.0);
            self.rewound.set(self.rewound.get().wrapping_add(1));
        }
    }

    /// Sets every derivative to 0.
    pub fn zero_grads(&self) {
        self.nodes[..self.len()].iter().for_each(|node| node.grad.set(0.0));
    }

    #[inline]
    fn push(&self, data: f64, made: Made) -> Value<'_> {
        let (place, rewound) = (self.count.get(), self.rewound.get());
        let Some(node) = self.nodes.get(place) else { return self.no_value(NO_ROOM) };
        node.data.set(data);
        node.grad.set(0.0);
        node.made.set(Made { rewound, ..made });
        self.count.set(place + 1);
        Value { tape: self, place: place as u32, rewound }
    }

    fn no_value(&self, place: u32) -> Value<'_> {
        Value { tape: self, place, rewound: 0 }
    }

    /// The place of an operand, or why there is none.
    #[inline]
    fn find(&self, value: Value) -> Result<u32, u32> {
        if value.node().is_some() && std::ptr::eq(self, value.tape) {
            return Ok(value.place);
        }
        Err(if value.place == NO_ROOM { NO_ROOM } else { GONE })
    }
}

impl fmt::Debug for Scalars {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Scalars({} of {})", self.len(), self.nodes.len())
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Value(data={}, grad={})", self.data(), self.grad())
    }
}

/// An operand: a value, or a number, which becomes a value of the tape.
pub trait Operand<'t> {
    /// It as a value of the tape.
    fn on(self, tape: &'t Scalars) -> Value<'t>;
}

impl<'t> Operand<'t> for Value<'t> {
    #[inline]
    fn on(self, _: &'t Scalars) -> Value<'t> {
        self
    }
}

impl<'t> Operand<'t> for f64 {
    #[inline]
    fn on(self, tape: &'t Scalars) -> Value<'t> {
        tape.value(self)
    }
}

impl<'t> Value<'t> {
    #[inline]
    fn node(&self) -> Option<&'t Node> {
        let node = self.tape.nodes[..self.tape.len()].get(self.place as usize)?;
        (node.made.get().rewound == self.rewound).then_some(node)
    }

    /// The number; not a number where the value is gone.
    pub fn data(&self) -> f64 {
        self.node().map_or(f64::NAN, |node| node.data.get())
    }

    /// The derivative that backward passes have sent to it; not a number where the value is gone.
    pub fn grad(&self) -> f64 {
        self.node().map_or(f64::NAN, |node| node.grad.get())
    }

    /// Another number in its place. What was made of the old one stays as it is.
    pub fn set(&self, data: f64) {
        if let Some(node) = self.node() {
            node.data.set(data);
        }
    }

    /// The same value with a name, for pictures.
    pub fn named(self, name: &'static str) -> Value<'t> {
        if let Some(node) = self.node() {
            node.made.set(Made { name, ..node.made.get() });
        }
        self
    }

    /// An operation of one or two operands on this value and others. Operations that take more give what is not a number.
    #[inline]
    pub fn apply(self, op: Op, other: impl Operand<'t>) -> Value<'t> {
        let tape = self.tape;
        match op.arity() {
            1 => self.unary(op),
            2 => self.binary(op, other.on(tape)),
            _ => tape.no_value(GONE),
        }
    }

    #[inline(always)]
    fn unary(self, op: Op) -> Value<'t> {
        let place = match self.tape.find(self) {
            Ok(place) => place,
            Err(why) => return self.tape.no_value(why),
        };
        let a = self.data();
        let value = op.apply(|_| a);
        let slopes = [op.partial(0, |_| a, &value), 0.0];
        let made = Made { rule: Rule::Op(op), parents: [place, NONE], slopes, ..Made::default() };
        self.tape.push(value, made)
    }

    #[inline(always)]
    fn binary(self, op: Op, other: Value<'t>) -> Value<'t> {
        let parents = match (self.tape.find(self), self.tape.find(other)) {
            (Ok(a), Ok(b)) => [a, b],
            (Err(why), _) | (_, Err(why)) => return self.tape.no_value(why),
        };
        let args = [self.data(), other.data()];
        let value = op.apply(|i| args[i]);
        let slopes = [0, 1].map(|i| op.partial(i, |i| args[i], &value));
        self.tape.push(value, Made { rule: Rule::Op(op), parents, slopes, ..Made::default() })
    }

    /// An activation function of a network.
    #[inline(always)]
    pub fn activated(self, by: Activation) -> Value<'t> {
        let place = match self.tape.find(self) {
            Ok(place) => place,
            Err(why) => return self.tape.no_value(why),
        };
        let [value, slope, ..] = by.jet(self.data());
        let made = Made { rule: Rule::Activation(by), parents: [place, NONE], slopes: [slope, 0.0], ..Made::default() };
        self.tape.push(value, made)
    }

    /// a to the power of b.
    #[inline]
    pub fn pow(self, exponent: impl Operand<'t>) -> Value<'t> {
        self.binary(Op::Pow, exponent.on(self.tape))
    }

    /// eᵃ.
    #[inline]
    pub fn exp(self) -> Value<'t> {
        self.unary(Op::Exp)
    }

    /// The natural logarithm.
    #[inline]
    pub fn ln(self) -> Value<'t> {
        self.unary(Op::Ln)
    }

    /// Sine, in radians.
    #[inline]
    pub fn sin(self) -> Value<'t> {
        self.unary(Op::Sin)
    }

    /// The hyperbolic tangent.
    #[inline]
    pub fn tanh(self) -> Value<'t> {
        self.activated(Activation::Tanh)
    }

    /// max(0, a), with derivative 0 at 0.
    #[inline]
    pub fn relu(self) -> Value<'t> {
        self.activated(Activation::Relu)
    }

    /// 1/(1 + e⁻ᵃ).
    #[inline]
    pub fn sigmoid(self) -> Value<'t> {
        self.activated(Activation::Sigmoid)
    }

    /// The Gaussian error linear unit, as [`Activation::Gelu`] has it.
    #[inline]
    pub fn gelu(self) -> Value<'t> {
        self.activated(Activation::Gelu)
    }

    /// The backward pass: adds the derivative of this value in each given number to that one's [`Value::grad`], and sets
    /// those of the values between to what this pass sends through them.
    ///
    /// An error if the value is not on its tape: the tape had no room, or was rewound, or another tape had a part in it.
    pub fn backward(&self) -> Result<()> {
        let tape = self.tape;
        let place = match tape.find(*self) {
            Ok(place) => place as usize,
            Err(NO_ROOM) => {
                let problem = format!("the tape holds {} values, and needs more", tape.nodes.len());
                return Err(Error::Unsupported(problem));
            }
            Err(_) => {
                let problem = "a value is used after its tape was rewound, or with those of another tape";
                return Err(Error::Input(problem.into()));
            }
        };
        let nodes = &tape.nodes[..=place];
        for node in nodes {
            if !matches!(node.made.get().rule, Rule::Given) {
                node.grad.set(0.0);
            }
        }
        let root = &nodes[place].grad;
        root.set(if matches!(nodes[place].made.get().rule, Rule::Given) { root.get() + 1.0 } else { 1.0 });
        for node in nodes.iter().rev() {
            let (grad, made) = (node.grad.get(), node.made.get());
            // What counts for nothing sends nothing, however steep it is.
            if matches!(made.rule, Rule::Given) || grad == 0.0 {
                continue;
            }
            for (&parent, slope) in made.parents.iter().zip(made.slopes) {
                if let Some(parent) = nodes.get(parent as usize) {
                    parent.grad.set(parent.grad.get() + grad * slope);
                }
            }
        }
        Ok(())
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident;)*) => {
        $(
            impl<'t, T: Operand<'t>> $trait<T> for Value<'t> {
                type Output = Value<'t>;
                #[inline]
                fn $method(self, other: T) -> Value<'t> {
                    self.binary(Op::$trait, other.on(self.tape))
                }
            }

            impl<'t> $trait<Value<'t>> for f64 {
                type Output = Value<'t>;
                #[inline]
                fn $method(self, other: Value<'t>) -> Value<'t> {
                    other.tape.value(self).binary(Op::$trait, other)
                }
            }
        )*
    };
}

operators! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
}

impl<'t> Neg for Value<'t> {
    type Output = Value<'t>;
    #[inline]
    fn neg(self) -> Value<'t> {
        self.unary(Op::Neg)
    }
}
