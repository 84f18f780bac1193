//! Fits twenty blended balls, 81 parameters, to 100,000 points of a torus by Adam (Kingma & Ba, 2015).
//!
//! `cargo run --release --example adam [POINTS STEPS]`

use fieldgrad::prelude::*;
use fieldgrad::tape::Sum;
use std::f64::consts::TAU;
use std::time::Instant;

fn main() -> Result<()> {
    let number =
        |n: usize, usual| std::env::args().nth(n).and_then(|word| word.parse().ok()).unwrap_or(usual);
    let (count, steps) = (number(1, 100_000) as usize, number(2, 200));

    let ball = |i: usize| {
        let (sin, cos) = (TAU * i as f64 / 20.0).sin_cos();
        let place = param_vector(&format!("at{i}"), [cos, 0.0, sin]);
        sphere(param(&format!("r{i}"), 0.2)).translate(place)
    };
    let model = smooth_union_all((0..20).map(ball), param("k", 0.2));
    let tape = model.tape()?;

    // Points on a torus of radii 1 and 0.35: f should be 0 there.
    let angle = |i: usize, step: f64| TAU * (i as f64 * step).fract();
    let points: Vec<[f32; 3]> = (0..count)
        .map(|i| {
            let (u, v) = (angle(i, 0.618_034), angle(i, 0.754_878));
            let ring = 1.0 + 0.35 * v.cos();
            [ring * u.cos(), 0.35 * v.sin(), ring * u.sin()].map(|part| part as f32)
        })
        .collect();
    let [x, y, z] = [0, 1, 2].map(|axis| points.iter().map(|point| point[axis]).collect::<Vec<f32>>());

    let mut values = tape.values().to_vec();
    let (mut mean, mut spread) = (vec![0.0; values.len()], vec![0.0; values.len()]);
    let (mut sum, start) = (Sum::new(&tape), Instant::now());
    for step in 1..=steps {
        sum.set_parameters(&values);
        sum.add_loss([&x, &y, &z], |_, [f], [seed]| {
            seed.iter_mut().zip(f).for_each(|(seed, f)| *seed = 2.0 * f);
            f.iter().map(|&f| f64::from(f * f)).sum()
        });
        for (i, slope) in sum.gradient().iter().map(|slope| slope / count as f64).enumerate() {
            mean[i] = 0.9 * mean[i] + 0.1 * slope;
            spread[i] = 0.999 * spread[i] + 0.001 * slope * slope;
            let (m, v) = (mean[i] / (1.0 - 0.9f64.powi(step)), spread[i] / (1.0 - 0.999f64.powi(step)));
            values[i] -= 0.01 * m / (v.sqrt() + 1e-12);
        }
        if step == 1 || step % 50 == 0 {
            println!("step {step:3}  mean square {:.3e}", sum.total() / count as f64);
        }
    }
    let time = start.elapsed().as_secs_f64() / f64::from(steps);
    println!("{} parameters, {:.1} ms a step of {count} points", values.len(), 1e3 * time);
    Ok(())
}
