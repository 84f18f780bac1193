//! The time a sampled field takes at random points on one thread: values, and values with their four derivatives.
//!
//! `cargo run --release --example grid_times [SIDE POINTS]`; with a third word it does a round for each line that it reads,
//! as `benches/grid/scipy_times.py` asks it to, in turn with SciPy.

use fieldgrad::prelude::*;
use fieldgrad::shape::grid::{GridSamples, Interpolation, sampled};
use fieldgrad::tape::{Block, Tape};
use std::time::Instant;

/// A number from 0 to 1 that is random, and the same for the same n: splitmix64's.
fn unit(n: u64) -> f32 {
    let mut z = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 40) as f32 / (1 << 24) as f32
}

/// The samples: a wave in units of the grid.
fn wave([i, j, k]: [usize; 3]) -> f32 {
    ((0.1 * i as f64).sin() * (0.13 * j as f64).cos() + (0.07 * k as f64).sin()) as f32
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |n: usize, usual| arguments.get(n).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (side, count): (usize, usize) = (number(0, 128), number(1, 100_000));
    let values =
        (0..side * side * side).map(|n| wave([n / side / side, n / side % side, n % side])).collect();
    let last = (side - 1) as f64;
    let samples = GridSamples::new(&[side; 3], [0.0; 4], [last, last, last, 0.0], values)?;
    let field = sampled(&samples, Interpolation::Cubic);
    let points = [0, 1, 2].map(|axis| (0..count as u64).map(|n| last as f32 * unit(3 * n + axis)).collect());
    let [fx, fy, fz, ft] = field.gradient();
    let tapes = [field.tape()?, Tape::new(&[field, fx, fy, fz, ft])?];
    let (turns, mut line) = (arguments.len() > 2, String::new());
    for _ in 0..if turns { usize::MAX } else { 3 } {
        if turns && std::io::stdin().read_line(&mut line).is_ok_and(|length| length == 0) {
            break;
        }
        let [(values, mean), (gradients, _)] = tapes.each_ref().map(|tape| timed(tape, &points));
        println!("values {values:.1} ns a point, with 4 derivatives {gradients:.1} ns, mean {mean:.6}");
    }
    Ok(())
}

/// How many nanoseconds a point takes, and the mean of the first output.
fn timed(tape: &Tape, points: &[Vec<f32>; 3]) -> (f64, f64) {
    let count = points[0].len();
    let mut outputs = vec![vec![0.0f32; count]; tape.output_count()];
    let mut views: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    let start = Instant::now();
    Block::new(tape).eval(points.each_ref().map(Vec::as_slice), &mut views);
    let time = start.elapsed().as_nanos() as f64 / count as f64;
    (time, outputs[0].iter().map(|&value| f64::from(value)).sum::<f64>() / count as f64)
}
