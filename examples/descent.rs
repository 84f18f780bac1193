//! Fits two balls to points by gradient descent: all parameters' derivatives in one backward pass for each point.
//!
//! `cargo run --example descent`

use fieldgrad::prelude::*;
use fieldgrad::tape::Adjoint;

fn main() -> Result<()> {
    let ball = |name: &str, x: f64| {
        sphere(param(&format!("{name}.r"), 0.3)).translate((param(&format!("{name}.x"), x), 0, 0))
    };
    let model = ball("left", -0.4).smooth_union(ball("right", 0.4), 0.2);

    // Points on the surface to find: balls of radius 0.5 and 0.4 around −0.7 and 0.6.
    let target =
        sphere(0.5).translate([-0.7, 0.0, 0.0]).smooth_union(sphere(0.4).translate([0.6, 0.0, 0.0]), 0.2);
    let mut points = Vec::new();
    for i in 0..200 {
        let (height, turn) = (-1.0 + i as f64 / 100.0, i as f64 * 2.4);
        let width = (1.0 - height * height).max(0.0).sqrt();
        let mut p = [1.3 * height, width * turn.cos(), width * turn.sin(), 0.0];
        for _ in 0..20 {
            let here = target.value_with_gradient_at(p)?;
            (0..3).for_each(|axis| p[axis] -= here.value * here.slope[axis]);
        }
        points.push(p);
    }

    let tape = model.tape()?;
    let mut values: Vec<f64> = tape.parameters().map(Parameter::value).collect();
    let mut adjoint = Adjoint::<f64>::new(&tape);
    for step in 0..=200 {
        adjoint.set_parameters(&values);
        let (mut loss, mut slope) = (0.0, vec![0.0; values.len()]);
        for &p in &points {
            let f = *adjoint.forward(p).next().expect("one output");
            loss += f * f / points.len() as f64;
            adjoint.back(&[2.0 * f / points.len() as f64]);
            slope.iter_mut().zip(adjoint.parameters()).for_each(|(sum, part)| *sum += part);
        }
        values.iter_mut().zip(&slope).for_each(|(value, slope)| *value -= 0.5 * slope);
        if step % 50 == 0 {
            println!("step {step:3}  loss {loss:.3e}");
        }
    }
    for (parameter, value) in tape.parameters().zip(&values) {
        println!("{:<8} {value:+.4}", parameter.name());
    }
    Ok(())
}
