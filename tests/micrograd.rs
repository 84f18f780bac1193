//! The scalar tape, held to the same arithmetic written out, to differences, and to an allocator that counts.

use fieldgrad::learn::{Activation, Scalars, Value};
use fieldgrad::number::Op;

#[path = "../examples/micrograd.rs"]
#[allow(dead_code)]
mod example;

/// The start that the example has.
fn start() -> Vec<f64> {
    (0..41).map(|n| (12.9898 * f64::from(n)).sin()).collect()
}

/// A layer of tanh neurons, bias first, of known inputs; and the way back: from the adjoints of the outputs to those of
/// the inputs and weights. Written out without a tape.
fn forward(w: &[f64], x: &[f64]) -> Vec<f64> {
    let neuron = |w: &[f64]| x.iter().zip(&w[1..]).fold(w[0], |sum, (x, w)| sum + w * x).tanh();
    w.chunks(x.len() + 1).map(neuron).collect()
}

fn back(w: &[f64], x: &[f64], y: &[f64], sent: &[f64], to_w: &mut [f64]) -> Vec<f64> {
    let mut to_x = vec![0.0; x.len()];
    for (o, (y, sent)) in y.iter().zip(sent).enumerate() {
        let sum = sent * (1.0 - y * y);
        let row = o * (x.len() + 1);
        to_w[row] += sum;
        for i in 0..x.len() {
            to_w[row + 1 + i] += sum * x[i];
            to_x[i] += sum * w[row + 1 + i];
        }
    }
    to_x
}

#[test]
fn losses_are_those_of_the_same_arithmetic_without_a_tape() {
    let tape = Scalars::new(1000);
    let weights: Vec<Value> = start().into_iter().map(|weight| tape.value(weight)).collect();
    let mark = tape.mark();
    let mut plain = start();
    let parts = [0..16, 16..36, 36..41];
    let mut losses = Vec::new();
    for _ in 0..20 {
        let mut gradient = vec![0.0; 41];
        let mut loss = 0.0;
        for (x, truth) in example::XS.iter().zip(example::YS) {
            let mut layers = vec![x.to_vec()];
            for part in parts.clone() {
                layers.push(forward(&plain[part], &layers[layers.len() - 1]));
            }
            let off = layers[3][0] - truth;
            loss += off * off;
            let mut sent = vec![2.0 * off];
            for (n, part) in parts.iter().enumerate().rev() {
                let to_w = &mut gradient[part.clone()];
                sent = back(&plain[part.clone()], &layers[n], &layers[n + 1], &sent, to_w);
            }
        }
        plain.iter_mut().zip(&gradient).for_each(|(w, slope)| *w -= 0.1 * slope);
        let found = example::step(&tape, &weights, mark).unwrap();
        assert!((found - loss).abs() < 1e-12 * (1.0 + loss), "{found} is not {loss}");
        losses.push(found);
    }
    for (value, plain) in weights.iter().zip(&plain) {
        assert!((value.data() - plain).abs() < 1e-11, "{value:?}, not {plain}");
    }
    assert!(losses[19] < 0.1 * losses[0] && losses[19] < losses[10], "{losses:?}");
    tape.rewind(mark);
    let (predictions, _) = example::graph(&tape, &weights);
    for (y, truth) in predictions.iter().zip(example::YS) {
        assert!((y.data() - truth).abs() < 0.5, "{y:?}, not {truth}");
    }
}

#[test]
fn a_step_allocates_nothing() {
    let tape = Scalars::new(1000);
    let weights: Vec<Value> = start().into_iter().map(|weight| tape.value(weight)).collect();
    let mark = tape.mark();
    let counted = allocation_counter::measure(|| {
        for _ in 0..20 {
            example::step(&tape, &weights, mark).unwrap();
        }
    });
    assert_eq!(counted.count_total, 0);
    assert!(tape.len() > 300 && tape.len() < 500, "{tape:?}");
}

/// Holds a function's slopes to differences.
fn check(make: &dyn for<'t> Fn(Value<'t>, Value<'t>) -> Value<'t>, n: usize) {
    for at in [[0.7, 1.3], [2.1, 0.4]] {
        let value = |at: [f64; 2]| {
            let tape = Scalars::new(20);
            make(tape.value(at[0]), tape.value(at[1])).data()
        };
        let tape = Scalars::new(20);
        let given = at.map(|x| tape.value(x));
        make(given[0], given[1]).backward().unwrap();
        for i in 0..2 {
            let by = |d: f64| value(std::array::from_fn(|j| if i == j { at[j] + d } else { at[j] }));
            let slope = (by(1e-6) - by(-1e-6)) / 2e-6;
            assert!((given[i].grad() - slope).abs() < 1e-8, "{n} in {i} at {at:?}: {:?}, {slope}", given[i]);
        }
    }
}

#[test]
fn every_operation_has_its_slope() {
    let of_one: [fn(Value) -> Value; 10] = [
        |a| -a,
        |a| a.exp(),
        |a| a.ln(),
        |a| a.sin(),
        |a| a.tanh(),
        |a| a.relu(),
        |a| a.sigmoid(),
        |a| a.gelu(),
        |a| a.apply(Op::Sqrt, 0.0),
        |a| a.activated(Activation::Softplus { sharpness: 2.0 }),
    ];
    let of_two: [for<'t> fn(Value<'t>, Value<'t>) -> Value<'t>; 7] = [
        |a, b| a + b,
        |a, b| a - b,
        |a, b| a * b,
        |a, b| a / b,
        |a, b| a.pow(b),
        |a, b| 2.0 / a - 3.0 * b,
        |a, b| a.apply(Op::Atan2, b),
    ];
    of_one.iter().enumerate().for_each(|(n, make)| check(&|a, _| make(a), n));
    of_two.iter().enumerate().for_each(|(n, make)| check(&|a, b| make(a, b), 10 + n));
}

#[test]
fn a_value_used_twice_gets_both_shares_and_passes_add_up() {
    let tape = Scalars::new(20);
    let a = tape.value(3.0);
    let square = a * a;
    let sum = square + a;
    sum.backward().unwrap();
    assert_eq!((sum.data(), a.grad(), square.grad()), (12.0, 7.0, 1.0));
    sum.backward().unwrap();
    assert_eq!((a.grad(), square.grad()), (14.0, 1.0));
    tape.zero_grads();
    assert_eq!(a.grad(), 0.0);
    // 0 sends nothing through a slope that is infinite.
    let tape = Scalars::new(20);
    let zero = tape.value(0.0);
    (0.0 * zero.apply(Op::Ln, 0.0)).backward().unwrap();
    assert_eq!(zero.grad(), 0.0);
}

#[test]
fn what_is_not_on_a_tape_says_so() {
    let tape = Scalars::new(4);
    let a = tape.value(1.0);
    let mark = tape.mark();
    let b = a + 1.0;
    tape.rewind(mark);
    assert!(b.data().is_nan() && a.data() == 1.0);
    let c = a * 2.0; // stands where b stood
    assert!(b.data().is_nan() && c.data() == 2.0);
    let error = (b + c).backward().unwrap_err().to_string();
    assert!(error.contains("rewound"), "{error}");
    let full = (c + 1.0) * (c + 2.0);
    assert!(full.data().is_nan());
    let error = full.backward().unwrap_err().to_string();
    assert!(error.contains("4 values"), "{error}");
    let other = Scalars::new(4);
    assert!((other.value(1.0) + a).backward().is_err());
}

#[test]
fn a_graph_is_drawn() {
    let tape = Scalars::new(20);
    let (a, b) = (tape.value(2.0).named("a"), tape.value(-3.0).named("b"));
    let unused = a + 100.0;
    let loss = (a * b + 10.0).tanh();
    loss.backward().unwrap();
    let (svg, dot) = (loss.to_svg(), loss.to_dot());
    for text in ["a", "b", "*", "+", "tanh", "data -3", "data 10", "grad 1"] {
        assert!(svg.contains(&format!(">{text}<")), "{text} is not in {svg}");
    }
    assert!(!svg.contains("data 102") && unused.data() == 102.0);
    assert!(dot.starts_with("digraph") && dot.matches("->").count() == 5, "{dot}");
}
