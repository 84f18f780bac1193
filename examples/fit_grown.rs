//! Grows a field of parts to samples of a solid, from nothing, and writes it as a scene.
//!
//! `cargo run --release --example fit_grown [PARTS SAMPLES [FILE.rhai]]`

use fieldgrad::fit::{Growth, Target};
use fieldgrad::prelude::*;
use std::time::Instant;

fn main() -> Result<()> {
    let word = |n: usize| std::env::args().nth(n);
    let number = |n: usize, usual| word(n).and_then(|word| word.parse().ok()).unwrap_or(usual);
    let (parts, samples) = (number(1, 6), number(2, 6000));

    let truth = torus(0.7, 0.25).smooth_union(r#box([0.3, 1.2, 0.3]).translate([0.7, 0.0, 0.0]), 0.1);
    let bounds = Bounds::new([-1.2, -0.9, -1.2], [1.2, 0.9, 1.2]);
    let target = Target::of_field(&truth, &bounds, 0.0, samples, 1)?;

    let start = Instant::now();
    let growth = Growth { parts, ..Growth::default() };
    let grown = growth.grow(&target, &mut |_| true)?;
    let (count, numbers, time) = (grown.parts.len(), grown.numbers(), start.elapsed().as_secs_f64());
    println!("{count} parts of {numbers} numbers in {time:.1} s");

    // How much of the two is in both, of all that is in either, on a grid.
    let places: Vec<[f64; 3]> = (0..40 * 40 * 40)
        .map(|n| [n / 1600, n / 40 % 40, n % 40].map(|i| -1.2 + 2.4 * (i as f64 + 0.5) / 40.0))
        .collect();
    let inside = |field: &Field| -> Result<Vec<bool>> {
        Ok(field.tape()?.eval(&places).swap_remove(0).iter().map(|f| *f < 0.0).collect())
    };
    let (own, other) = (inside(&grown.field())?, inside(&truth)?);
    let count =
        |of: &dyn Fn(bool, bool) -> bool| own.iter().zip(&other).filter(|(a, b)| of(**a, **b)).count();
    println!("intersection over union {:.3}", count(&|a, b| a && b) as f64 / count(&|a, b| a || b) as f64);
    if let Some(file) = word(3) {
        std::fs::write(&file, grown.text("A ring with a post."))
            .map_err(|error| Error::System(error.to_string()))?;
        println!("{file} is written");
    }
    Ok(())
}
