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
    nodes: Box<[ScalarNode]>,
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

/// A value and how it was made: the rule, its operands, and its derivative in each.
struct ScalarNode {
    data: Cell<f64>,
    grad: Cell<f64>,
    slopes: Cell<[f64; 2]>,
    parents: Cell<[u32; 2]>,
    /// How often the tape had been rewound.
    rewound: Cell<u32>,
    rule: Cell<ScalarRule>,
    name: Cell<&'static str>,
}

#[derive(Clone, Copy, Default)]
enum ScalarRule {
    /// A number that was given.
    #[default]
    Given,
    Op(Op),
    Activation(Activation),
}

/// The places of no value: of none that is needed, of one that the tape had no room for, of one that is gone.
const NONE: u32 = u32::MAX;
const NO_ROOM: u32 = u32::MAX - 1;
const GONE: u32 = u32::MAX - 2;

impl Scalars {
    /// A tape of so many values at most.
    pub fn new(capacity: usize) -> Scalars {
        let node = |_| ScalarNode {
            data: Cell::default(),
            grad: Cell::default(),
            slopes: Cell::default(),
            parents: Cell::new([NONE; 2]),
            rewound: Cell::default(),
            rule: Cell::default(),
            name: Cell::default(),
        };
        let nodes = (0..capacity.min(GONE as usize)).map(node).collect();
        Scalars { nodes, count: Cell::new(0), rewound: Cell::new(0) }
    }

    /// A number that derivatives are wanted in.
    pub fn value(&self, data: f64) -> Value<'_> {
        self.push(data, ScalarRule::Given, [NONE; 2], [0.0; 2])
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

    #[inline(always)]
    fn push(&self, data: f64, rule: ScalarRule, parents: [u32; 2], slopes: [f64; 2]) -> Value<'_> {
        let (place, rewound) = (self.count.get(), self.rewound.get());
        let Some(node) = self.nodes.get(place) else { return self.no_value(NO_ROOM) };
        node.data.set(data);
        node.grad.set(0.0);
        node.slopes.set(slopes);
        node.parents.set(parents);
        node.rewound.set(rewound);
        node.rule.set(rule);
        node.name.set("");
        self.count.set(place + 1);
        Value { tape: self, place: place as u32, rewound }
    }

    fn no_value(&self, place: u32) -> Value<'_> {
        Value { tape: self, place, rewound: 0 }
    }

    /// Why there is no node of a value.
    #[cold]
    fn why_none(&self, value: Value) -> u32 {
        if value.place == NO_ROOM && std::ptr::eq(self, value.tape) { NO_ROOM } else { GONE }
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
    fn node(&self) -> Option<&'t ScalarNode> {
        let place = self.place as usize;
        let node = self.tape.nodes.get(place)?;
        (node.rewound.get() == self.rewound && place < self.tape.count.get()).then_some(node)
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
            node.name.set(name);
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
        self.through(ScalarRule::Op(op), |a| {
            let value = op.apply(|_| a);
            [value, op.partial(0, |_| a, &value)]
        })
    }

    /// A function of this value, which gives its value and slope.
    #[inline(always)]
    fn through(self, rule: ScalarRule, function: impl Fn(f64) -> [f64; 2]) -> Value<'t> {
        let Some(node) = self.node() else { return self.tape.no_value(self.tape.why_none(self)) };
        let [value, slope] = function(node.data.get());
        self.tape.push(value, rule, [self.place, NONE], [slope, 0.0])
    }

    #[inline(always)]
    fn binary(self, op: Op, other: Value<'t>) -> Value<'t> {
        let tape = self.tape;
        let (Some(a), Some(b), true) = (self.node(), other.node(), std::ptr::eq(tape, other.tape)) else {
            let of = if self.node().is_none() { self } else { other };
            return tape.no_value(tape.why_none(of));
        };
        let args = [a.data.get(), b.data.get()];
        let value = op.apply(|i| args[i]);
        let slopes = [op.partial(0, |i| args[i], &value), op.partial(1, |i| args[i], &value)];
        tape.push(value, ScalarRule::Op(op), [self.place, other.place], slopes)
    }

    /// An activation function of a network.
    #[inline(always)]
    pub fn activated(self, by: Activation) -> Value<'t> {
        self.through(ScalarRule::Activation(by), |a| {
            let [value, slope, ..] = by.jet(a);
            [value, slope]
        })
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
        if self.node().is_none() {
            return Err(match tape.why_none(*self) {
                NO_ROOM => {
                    Error::Unsupported(format!("the tape holds {} values, and needs more", tape.nodes.len()))
                }
                _ => {
                    let problem = "a value is used after its tape was rewound, or with those of another tape";
                    Error::Input(problem.into())
                }
            });
        }
        let nodes = &tape.nodes[..=self.place as usize];
        let is_made = |node: &ScalarNode| node.parents.get()[0] != NONE;
        for node in nodes.iter().filter(|node| is_made(node)) {
            node.grad.set(0.0);
        }
        let root = &nodes[nodes.len() - 1].grad;
        root.set(root.get() + 1.0);
        for node in nodes.iter().rev() {
            let (grad, parents, slopes) = (node.grad.get(), node.parents.get(), node.slopes.get());
            // What counts for nothing sends nothing, however steep it is.
            if grad == 0.0 {
                continue;
            }
            for i in 0..2 {
                if let Some(parent) = nodes.get(parents[i] as usize) {
                    parent.grad.set(parent.grad.get() + grad * slopes[i]);
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
