//! The cells of an octree that hold a surface, each with the tape that is enough there.
//!
//! `cargo run --release --example octree [DEPTH]`

use fieldgrad::number::Interval;
use fieldgrad::prelude::*;
use fieldgrad::scene::built_in;
use std::time::Instant;

fn main() -> Result<()> {
    let depth = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(6);
    let scene = built_in();
    let bounds = scene.bounds().expect("the built-in scene says its bounds");
    let side = |axis: usize| Interval::new(bounds.min[axis], bounds.max[axis]);
    let tape = scene.field().tape()?;

    let (start, mut cells, mut lines, mut volume) = (Instant::now(), 0, 0, 0.0);
    tape.cells([side(0), side(1), side(2), Interval::point(1.0)], depth, &mut |cell, tape| {
        cells += 1;
        lines += tape.len();
        volume += cell.iter().map(|side| side.hi() - side.lo()).product::<f64>();
    });
    let time = start.elapsed().as_secs_f64();

    let all = 8f64.powi(depth as i32);
    println!("{cells} of {all} cells may hold the surface, {:.2} % of the box", 100.0 * cells as f64 / all);
    println!("they take up {volume:.4}; {:.0} ns a cell", 1e9 * time / f64::from(cells));
    println!("a tape has {:.1} operations in one, {} in all", lines as f64 / f64::from(cells), tape.len());
    Ok(())
}
