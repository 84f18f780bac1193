//! The value, ∇f in space and time, and the second derivatives at a million points.
//!
//! `cargo run --release --example many_points [POINTS]`

use fieldgrad::prelude::*;
use fieldgrad::tape::{Coordinates, Reading};
use std::time::Instant;

fn main() -> Result<()> {
    let count = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(1_000_000);
    let ball = sphere(0.7).translate((0, sin(t()), 0));
    let scene = ball.smooth_union(torus(1.0, 0.2), param("blend", 0.3));
    let points: Vec<[f64; 3]> =
        (0..count).map(|i| [0.1, 0.2, 0.3].map(|step| 2.0 * (f64::from(i) * step).sin())).collect();

    // The tape is made once: what it reads is chosen here. 1 + 4 + 10 outputs.
    let tape = scene.tape_of(&[Reading::Value, Reading::Gradient, Reading::Hessian])?;
    let start = Instant::now();
    let outputs = tape.eval(Coordinates::from(&points).at_time(0.5));
    let time = start.elapsed().as_secs_f64();
    println!(
        "{} operations, {count} points, {:.0} ns a point in f64",
        tape.len(),
        1e9 * time / f64::from(count)
    );

    let coarse: Vec<[f32; 3]> = points.iter().map(|point| point.map(|part| part as f32)).collect();
    let start = Instant::now();
    let in_f32 = tape.eval_f32(Coordinates::from(&coarse).at_time(0.5));
    let time = start.elapsed().as_secs_f64();
    println!("{:.0} ns in f32", 1e9 * time / f64::from(count));

    // The mean curvature on the surface is made of both, but it is a field of its own as well.
    let [f, fx, fy, fz] = [0, 1, 2, 3].map(|output| &outputs[output]);
    let near = (0..points.len()).min_by(|&a, &b| f[a].abs().total_cmp(&f[b].abs())).expect("a point");
    let [x, y, z] = points[near];
    println!(
        "nearest the surface: f = {:.1e}, ∇ₓf = ({:.3}, {:.3}, {:.3})",
        f[near], fx[near], fy[near], fz[near]
    );
    println!("mean curvature there: {:.4}", scene.mean_curvature_at([x, y, z, 0.5])?);
    println!("largest difference of f in f32: {:.1e}", largest_difference(f, &in_f32[0]));
    Ok(())
}

fn largest_difference(fine: &[f64], coarse: &[f32]) -> f64 {
    fine.iter().zip(coarse).map(|(a, &b)| (a - f64::from(b)).abs()).fold(0.0, f64::max)
}
