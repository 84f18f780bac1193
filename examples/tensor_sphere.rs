//! A network learns the distance to a sphere from its surface alone: f = 0 there, and |∇f| = 1 everywhere (Gropp et al. 2020).
//! The second asks for the derivative of a derivative: of ∇f in the weights.
//!
//! `cargo run --release --example tensor_sphere [STEPS [OUT.safetensors]]`

use fieldgrad::fit::{Decay, Descent, Rule, Schedule, UNBOUNDED};
use fieldgrad::learn::tensor::{NamedTensors, Perceptron, Tensor};
use fieldgrad::learn::{Activation, Network};

const RADIUS: f32 = 0.6;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let steps = std::env::args().nth(1).map_or(Ok(1000), |word| word.parse())?;
    let sines = Activation::Sine { frequency: 3.0 };
    let mut weights = NamedTensors::<f32>::new();
    let network = Perceptron::new(&mut weights, "layers", &[3, 32, 32, 1], sines, &[], 1);

    // The directions of normal draws are spread evenly over the sphere.
    let draws = Tensor::normal(&[256, 3], 1.0, 2);
    let surface = &draws / draws.square().sum_axis(1, true).sqrt() * f64::from(RADIUS);
    let outside = Tensor::from([[1.0, 1.0, 1.0], [-1.0, 1.0, -1.0]]);
    let mut step = 0;
    let loss = |weights: &NamedTensors| {
        step += 1;
        let space = Tensor::uniform(&[256, 3], -1.0, 1.0, step).as_variable();
        let values = network.forward(weights, &space);
        let slopes = values.sum().differentiable_gradients(&[&space])?.remove(0);
        let eikonal = (slopes.square().sum_axis(1, false).sqrt() - 1.0).square().mean();
        let zero = network.forward(weights, &surface).square().mean();
        // Which side is outside, nothing else says.
        let side = (1.0 - network.forward(weights, &outside)).relu().mean();
        Ok(zero * 30.0 + eikonal + side * 0.1)
    };
    let start = weights.numbers()?;
    let rates = Schedule::new(3e-3).with_decay(Decay::Cosine { steps, to: 0.02 });
    let ranges = vec![UNBOUNDED; start.len()];
    let found = Descent::new(Rule::ADAM, rates).solve(&mut weights.objective(loss), &start, &ranges, steps);
    weights.set_numbers(&found.at)?;

    let path = std::env::args().nth(2).unwrap_or("sphere.safetensors".into());
    weights.write(&path)?;
    let layers = [sines, sines, Activation::Linear];
    let field = Network::from_bytes(&std::fs::read(&path)?, Some(&layers))?.field(); // as any other
    let mut worst = 0.0f64;
    for n in 0..1000 {
        let [x, y, z] = [0.755, 0.570, 0.431].map(|part| 2.0 * (f64::from(n) * part).fract() - 1.0);
        let distance = (x * x + y * y + z * z).sqrt() - f64::from(RADIUS);
        if distance.abs() < 0.2 {
            worst = worst.max((field.value_at([x, y, z, 0.0])? - distance).abs());
        }
    }
    println!("loss {:.5} after {} steps", found.value, found.iterations);
    println!("within 0.2 of the sphere the field is a distance to {worst:.3}");
    Ok(())
}
