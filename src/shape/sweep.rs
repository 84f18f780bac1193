//! The swept volume: a kernel that finds the least of a field over a span of time.
//!
//! With τ the time of the least, the value is f(x, y, z, τ). By the envelope theorem its derivative in x is f_x at τ:
//! either f_t is 0 there, or τ is at an end of the span and does not move. Higher derivatives follow how τ moves,
//! dτ/dx = −f_tx/f_tt, and are again expressions evaluated at τ, so that a swept field has derivatives of every order.

use crate::error::{Error, Result};
use crate::field::{Axis, Field, Kind, Listing, if_less};
use crate::number::{Interval, Kernel};
use crate::tape::{Machine, Tape};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The least of `shape` over the times from `t0` to `t1`.
pub(super) fn swept(shape: &Field, t0: Field, t1: Field) -> Field {
    if !shape.depends_on(Axis::T) || shape.check().is_err() {
        return shape.clone();
    }
    match Sweep::of(shape) {
        Ok((sweep, parameters)) => {
            let place = Axis::ALL[..3].iter().map(|&axis| Field::coordinate(axis));
            let inputs = place.chain([t0, t1]).chain(parameters);
            let swept = crate::field::kernel(Arc::new(sweep), inputs);
            match shape.material() {
                Some(material) => swept.painted(material.clone()),
                None => swept,
            }
        }
        Err(error) => shape.with_error(error),
    }
}

/// How deep swept volumes may be nested: each searches for every step of the search around it.
const DEEPEST: usize = 3;

/// The inputs are x, y, z, t0, t1, and the shape's parameters.
const T0: usize = 3;
const T1: usize = 4;

/// Where in the span the least is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Where {
    Start,
    End,
    Inside,
}

/// An expression at the time of the least: one for each place the least may be.
struct Sweep {
    shape: Arc<Shape>,
    /// In the order of [`Where`].
    expressions: [Field; 3],
    tapes: [Tape; 3],
    derivatives: OnceLock<Vec<Arc<Sweep>>>,
}

/// The shape that is swept, ready to search.
struct Shape {
    /// f, f_t and f_tt.
    tape: Tape,
    parameters: Vec<String>,
    /// f itself, and f_t and f_tt for the derivatives of τ.
    value: Field,
    slope: Field,
    curve: Field,
    /// How deep the kernels in it are nested.
    depth: usize,
}

impl fmt::Debug for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Sweep({:?})", self.expressions)
    }
}

impl Sweep {
    fn of(shape: &Field) -> Result<(Sweep, Vec<Field>)> {
        let parameters = shape.parameters()?;
        let depth = kernel_depth(shape);
        if depth >= DEEPEST {
            return Err(Error::Undefined(format!(
                "swept volumes can be nested {DEEPEST} deep, and no deeper"
            )));
        }
        let slope = shape.dt();
        let curve = slope.dt();
        let names = parameters.iter().map(|parameter| parameter.name().to_string()).collect();
        // Every tape lists all the shape's parameters, in one order: the outputs include the shape itself.
        let tape = Tape::new(&[shape.clone(), slope.clone(), curve.clone()])?;
        let core = Arc::new(Shape { tape, parameters: names, value: shape.clone(), slope, curve, depth });
        let sweep = Sweep::at(core, std::array::from_fn(|_| shape.clone()))?;
        Ok((sweep, parameters.iter().map(Field::of_parameter).collect()))
    }

    fn at(shape: Arc<Shape>, expressions: [Field; 3]) -> Result<Sweep> {
        let tape = |expression: &Field| Tape::new(&[shape.value.clone(), expression.clone()]);
        let tapes = [tape(&expressions[0])?, tape(&expressions[1])?, tape(&expressions[2])?];
        Ok(Sweep { shape, expressions, tapes, derivatives: OnceLock::new() })
    }

    /// The derivatives in every input, made once.
    fn derivatives(&self) -> &[Arc<Sweep>] {
        self.derivatives.get_or_init(|| {
            let count = T1 + 1 + self.shape.parameters.len();
            (0..count).map(|input| Arc::new(self.raised(input))).collect()
        })
    }

    fn raised(&self, input: usize) -> Sweep {
        let zero = || Field::constant(0.0);
        let along = |field: &Field| match input {
            0..T0 => field.derivative(Axis::ALL[input]),
            T0 | T1 => zero(),
            _ => {
                let name = &self.shape.parameters[input - T1 - 1];
                field.derivative_in(name).unwrap_or_else(|_| zero())
            }
        };
        let [start, end, inside] = &self.expressions;
        let at_end = |expression: &Field, own: usize| match input == own {
            true => expression.dt(),
            false => along(expression),
        };
        // Inside, τ moves by −f_ti/f_tt; the value itself does not feel that, since f_t is 0 there.
        let drift = match self.is_value() || matches!(input, T0 | T1) {
            true => zero(),
            false => {
                let curve = &self.shape.curve;
                let moves = -along(&self.shape.slope) / curve;
                inside.dt() * if_less(0, curve.abs(), moves, 0)
            }
        };
        let expressions = [at_end(start, T0), at_end(end, T1), along(inside) + drift];
        Sweep::at(self.shape.clone(), expressions).expect("derivatives of a field that made a tape make one")
    }

    /// Whether this is the least itself, not a derivative of it.
    fn is_value(&self) -> bool {
        self.expressions[Where::Inside as usize] == self.shape.value
    }

    fn evaluate(&self, inputs: &[f64], found: (f64, Where)) -> f64 {
        let (time, place) = found;
        let mut machine = Machine::new(&self.tapes[place as usize]);
        machine.set_parameters(&inputs[T1 + 1..]);
        machine.at([inputs[0], inputs[1], inputs[2], time])[1]
    }
}

impl Kernel for Sweep {
    fn name(&self) -> &str {
        "sweep"
    }

    fn depth(&self) -> usize {
        self.shape.depth + 1
    }

    fn value(&self, inputs: &[f64]) -> f64 {
        self.evaluate(inputs, self.shape.least(inputs))
    }

    fn value_with_gradient(&self, inputs: &[f64], gradient: &mut [f64]) -> f64 {
        let found = self.shape.least(inputs);
        for (slope, derivative) in gradient.iter_mut().zip(self.derivatives()) {
            *slope = derivative.evaluate(inputs, found);
        }
        self.evaluate(inputs, found)
    }

    fn bounds(&self, inputs: &[Interval]) -> Interval {
        let (first, last) = (inputs[T0], inputs[T1]);
        let span = first.hull(last);
        if !self.is_value() {
            // At whatever time the least is found: over the whole span, and each place it may be.
            let over = |tape| run_over(tape, inputs, span)[1];
            return self.tapes.iter().map(over).reduce(Interval::hull).unwrap_or(Interval::WHOLE);
        }
        // The least over the pieces of the span is a lower bound; the value at a time certainly in the span an upper.
        const PIECES: usize = 16;
        let step = span.width() / PIECES as f64;
        let edge = |i: usize| {
            if i == PIECES { span.hi() } else { span.lo() + i as f64 * step }
        };
        let piece =
            |i: usize| run_over(&self.shape.tape, inputs, Interval::new(edge(i), edge(i + 1)))[0].lo();
        let low = (0..PIECES).map(piece).fold(f64::INFINITY, f64::min);
        let at = |time| run_over(&self.shape.tape, inputs, time)[0].hi();
        let middle = (first + last) * Interval::point(0.5);
        let high = at(first).min(at(last)).min(at(middle));
        Interval::new(low, high.max(low))
    }

    fn derivative(&self, input: usize) -> Arc<dyn Kernel> {
        self.derivatives()[input].clone()
    }
}

/// How deep the kernels of a field are nested; 0 if it has none.
fn kernel_depth(field: &Field) -> usize {
    let nodes = Listing::of(std::slice::from_ref(field)).nodes;
    let depths = nodes.iter().filter_map(|node| match node.kind() {
        Kind::Kernel(kernel) => Some(kernel.depth()),
        _ => None,
    });
    depths.max().unwrap_or(0)
}

fn run_over(tape: &Tape, inputs: &[Interval], time: Interval) -> Vec<Interval> {
    let mut machine = Machine::new(tape);
    machine.set_parameters(&inputs[T1 + 1..]);
    machine.at([inputs[0], inputs[1], inputs[2], time]).to_vec()
}

/// How many spans of time one search may look at.
const BUDGET: usize = 400;

/// A span of time still to be searched, and a lower bound on the values in it. The lowest comes first.
#[derive(PartialEq)]
struct Span {
    low: f64,
    times: (f64, f64),
}

impl Eq for Span {}

impl PartialOrd for Span {
    fn partial_cmp(&self, other: &Span) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Span {
    fn cmp(&self, other: &Span) -> Ordering {
        other.low.total_cmp(&self.low).then(other.times.0.total_cmp(&self.times.0))
    }
}

impl Shape {
    /// The time of the least over the span, and where in the span it is.
    ///
    /// Branch and bound: spans of time whose interval bound is above the best value found are dropped; where f_t
    /// keeps its sign only the ends count; where f_tt is positive Newton's method finds the one minimum.
    fn least(&self, inputs: &[f64]) -> (f64, Where) {
        let parameters = &inputs[T1 + 1..];
        let mut numbers = Machine::new(&self.tape);
        numbers.set_parameters(parameters);
        let mut bounds: Machine<Interval> = Machine::new(&self.tape);
        bounds.set_parameters(&parameters.iter().map(|&value| Interval::point(value)).collect::<Vec<_>>());
        let at = |time: f64| [inputs[0], inputs[1], inputs[2], time];
        let mut at_time = |time: f64| -> [f64; 3] {
            let out = numbers.at(at(time));
            [out[0], out[1], out[2]]
        };
        let over = |machine: &mut Machine<Interval>, a: f64, b: f64| -> [Interval; 3] {
            let [x, y, z, _] = at(0.0).map(Interval::point);
            let out = machine.at([x, y, z, Interval::new(a, b)]);
            [out[0], out[1], out[2]]
        };
        let (t0, t1) = (inputs[T0], inputs[T1]);
        let (first, last) = (t0.min(t1), t0.max(t1));
        let mut best = (first, at_time(first)[0]);
        let mut offer = |time: f64, value: f64| {
            if value < best.1 || (value == best.1 && time < best.0) {
                best = (time, value);
            }
            best.1
        };
        let mut least = offer(last, at_time(last)[0]);
        // The span with the lowest bound is looked at first, so that a budget is spent where it matters: where the
        // field does not change with time, no bound ever tells two times apart.
        let mut spans = BinaryHeap::from([Span { low: f64::NEG_INFINITY, times: (first, last) }]);
        for _ in 0..BUDGET {
            let Some(Span { low, times: (a, b) }) = spans.pop() else { break };
            if low >= least {
                break; // nor can any other
            }
            let middle = 0.5 * (a + b);
            if middle <= a || middle >= b {
                continue;
            }
            let [value, slope, curve] = over(&mut bounds, a, b);
            if value.lo() >= least || slope.lo() >= 0.0 || slope.hi() <= 0.0 {
                continue; // not here, or only at the ends, which have been offered
            }
            if curve.lo() > 0.0 {
                let time = newton(&mut at_time, a, b);
                least = offer(time, at_time(time)[0]);
                continue;
            }
            let at_middle = at_time(middle)[0];
            least = offer(middle, at_middle);
            // No point of the span is further from the middle's value than the slope allows.
            let reach = slope.largest() * 0.5 * (b - a);
            let low = value.lo().max(at_middle - reach * (1.0 + 1e-12));
            spans.extend([(a, middle), (middle, b)].map(|times| Span { low, times }));
        }
        let time = best.0;
        let place = match time {
            _ if time == first && at_time(time)[1] >= 0.0 => Where::Start,
            _ if time == last && at_time(time)[1] <= 0.0 => Where::End,
            _ => Where::Inside,
        };
        match (place, t0 <= t1) {
            (Where::Start, false) => (time, Where::End),
            (Where::End, false) => (time, Where::Start),
            _ => (time, place),
        }
    }
}

/// The least between a and b, where f_tt is positive: an end, if f_t does not change sign; else the zero of f_t by
/// Newton's method, held inside a shrinking bracket.
fn newton(at_time: &mut impl FnMut(f64) -> [f64; 3], mut a: f64, mut b: f64) -> f64 {
    if at_time(a)[1] >= 0.0 {
        return a;
    }
    if at_time(b)[1] <= 0.0 {
        return b;
    }
    let mut time = 0.5 * (a + b);
    for _ in 0..60 {
        let [_, slope, curve] = at_time(time);
        if slope == 0.0 {
            break;
        }
        if slope > 0.0 {
            b = time
        } else {
            a = time
        }
        let step = time - slope / curve;
        let next = if step > a && step < b { step } else { 0.5 * (a + b) };
        if next == time || b - a <= f64::EPSILON * a.abs().max(b.abs()) {
            break;
        }
        time = next;
    }
    time
}
