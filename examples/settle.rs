//! A ball in the hollow of three others: where it rests, how that moves with the radii, and the radius that brings it to a height.
//!
//! `cargo run --release --example settle [HEIGHT]`

use fieldgrad::fit::{Equilibrium, LeastSquares, ResidualFn, UNBOUNDED};
use fieldgrad::prelude::*;
use std::f64::consts::TAU;

fn main() -> Result<()> {
    let wanted = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0.3);
    let [x, y, z] = [("x", 0.01), ("y", 0.02), ("z", 0.7)].map(|(name, value)| param(name, value));
    let (r, apart) = (param("r", 0.2), param("apart", 0.35));
    let below = (0..3).map(|n| {
        let (sin, cos) = (f64::from(n) / 3.0 * TAU).sin_cos();
        sphere(0.3).translate([&apart * cos, &apart * sin, 0.0.into()])
    });
    // No ball reaches into another.
    let at = [x, y, z.clone(), 0.0.into()];
    let gaps = below.map(|ball| (ball.remap(at.clone()) - &r, 0.0, f64::INFINITY));
    let hollow = Equilibrium::new(&(9.81 * z), &["x", "y", "z"], gaps)?;

    let rest = hollow.settle()?;
    println!("{:?} = {:.9?}: {:?}", rest.names, rest.at, rest.stability);
    for name in &rest.parameters {
        println!("  moves with {name} by {:.6?}", rest.derivative(name).unwrap_or_default());
    }

    // A fit goes through it: the radius with which the ball rests at a height.
    let names: Vec<String> = hollow.names().map(String::from).collect();
    let place = |name: &str| names.iter().position(|own| own == name).expect("it is one of them");
    let mut start = vec![0.0; names.len()];
    rest.names.iter().zip(&rest.at).for_each(|(name, value)| start[place(name)] = *value);
    start[place("apart")] = 0.35;
    let height = rest.names.iter().position(|name| name == "z").expect("it settled");
    let residual = |at: &[f64], residuals: &mut [f64], rows: Option<&mut [f64]>| {
        start[place("r")] = at[0];
        let rest = hollow.settle_from(&start);
        residuals[0] = rest.as_ref().map_or(f64::NAN, |rest| rest.at[height] - wanted);
        if let (Some(rows), Ok(rest)) = (rows, rest) {
            rows[0] = rest.derivative("r").map_or(f64::NAN, |by| by[height]);
        }
    };
    let found = LeastSquares::default().solve(&mut ResidualFn::new(1, residual), &[0.2], &[UNBOUNDED]);
    println!(
        "r = {:.9} brings it to {wanted}, where √({wanted}² + 0.35²) − 0.3 = {:.9}",
        found.at[0],
        wanted.hypot(0.35) - 0.3
    );
    Ok(())
}
