//! A perceptron of 41 numbers learns four points: the example that micrograd (Karpathy 2020) begins with.
//!
//! `cargo run --release --example micrograd -- graph.svg` prints the loss of each step, and draws the last graph.

use fieldgrad::learn::{Mark, Scalars, Value};

/// The four points.
pub const XS: [[f64; 3]; 4] = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]];
/// Their classes.
pub const YS: [f64; 4] = [1.0, -1.0, -1.0, 1.0];

/// A layer of neurons: each the tanh of its inputs' weighted sum, bias first.
fn layer<'t, const I: usize, const O: usize>(weights: &[Value<'t>], x: [Value<'t>; I]) -> [Value<'t>; O] {
    let neuron = |w: &[Value<'t>]| x.iter().zip(&w[1..]).fold(w[0], |sum, (&x, &w)| sum + w * x).tanh();
    std::array::from_fn(|o| neuron(&weights[o * (I + 1)..(o + 1) * (I + 1)]))
}

/// MLP(3, [4, 4, 1]).
fn perceptron<'t>(weights: &[Value<'t>], x: [Value<'t>; 3]) -> Value<'t> {
    let first: [Value; 4] = layer(&weights[..16], x);
    let second: [Value; 4] = layer(&weights[16..36], first);
    layer::<4, 1>(&weights[36..], second)[0]
}

/// The graph of the four predictions and their loss, on a tape that holds no more than the weights.
pub fn graph<'t>(tape: &'t Scalars, weights: &[Value<'t>]) -> ([Value<'t>; 4], Value<'t>) {
    let predictions = XS.map(|x| perceptron(weights, x.map(|x| tape.value(x))));
    let errors = predictions.iter().zip(YS).map(|(&y, truth)| (y - truth).pow(2.0));
    (predictions, errors.reduce(|sum, error| sum + error).expect("four"))
}

/// A step down the gradient, on a tape without the last step's graph; the loss before it.
pub fn step(tape: &Scalars, weights: &[Value], start: Mark) -> fieldgrad::Result<f64> {
    tape.rewind(start);
    let (_, loss) = graph(tape, weights);
    tape.zero_grads();
    loss.backward()?;
    weights.iter().for_each(|weight| weight.set(weight.data() - 0.1 * weight.grad()));
    Ok(loss.data())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tape = Scalars::new(1000);
    let weights: Vec<Value> = (0..41).map(|n| tape.value((12.9898 * f64::from(n)).sin())).collect();
    let start = tape.mark();
    for k in 0..20 {
        println!("{k} loss={:.6}", step(&tape, &weights, start)?);
    }
    tape.rewind(start);
    let (predictions, loss) = graph(&tape, &weights);
    println!("predictions {:.4?}", predictions.map(|y| y.data()));
    if let Some(path) = std::env::args().nth(1) {
        std::fs::write(path, loss.to_svg())?;
    }
    let clock = std::time::Instant::now();
    (0..10_000).try_for_each(|_| step(&tape, &weights, start).map(drop))?;
    println!("{:.2} µs a step", clock.elapsed().as_secs_f64() * 100.0);
    Ok(())
}
