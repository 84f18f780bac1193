//! Finds a solid's parameters from how much of each pixel it covers in twelve small pictures.
//!
//! `cargo run --release --example fit_silhouettes`

use fieldgrad::fit::{Fit, LeastSquares, SilhouetteTarget, SilhouetteTerm};
use fieldgrad::prelude::*;
use fieldgrad::render::{Lens, Size};

/// A ball joined to a turned block; what is to be found are its eight parameters.
fn model([r, x, y, z, wide, high, deep, turn]: [f64; 8]) -> Field {
    let ball = sphere(param_in("r", r, 0.05, 2.0)).translate((param("x", x), param("y", y), param("z", z)));
    let sides = [("wide", wide), ("high", high), ("deep", deep)];
    let block = r#box(sides.map(|(name, side)| param_in(name, side, 0.05, 3.0)));
    ball.union(block.rotate_y(param("turn", turn)))
}

/// Cameras about the origin, on a spiral from the top to the bottom.
fn cameras(count: u32) -> impl Iterator<Item = Lens> {
    (0..count).map(move |n| {
        let height = 1.0 - (2.0 * f64::from(n) + 1.0) / f64::from(count);
        let (angle, wide) = (2.399_963 * f64::from(n), (1.0 - height * height).sqrt());
        let eye = [4.5 * wide * angle.cos(), 4.5 * height, 4.5 * wide * angle.sin()];
        Lens::pinhole(eye, [0.0; 3], [0.0, 1.0, 0.0], 40.0)
    })
}

fn main() -> Result<()> {
    let truth = model([0.5, 0.4, 0.45, 0.1, 1.3, 0.6, 0.9, 0.5]);
    let size = Size { width: 64, height: 64 };
    let targets = cameras(12).map(|lens| SilhouetteTarget::of_field(&truth, lens, size, 0.0));
    let targets = targets.collect::<Result<Vec<_>>>()?;

    let own = model([0.4, 0.3, 0.55, 0.0, 1.1, 0.7, 1.05, 0.35]);
    let mut fit = Fit::of(&own, [])?;
    for level in SilhouetteTarget::coarse_to_fine(&targets) {
        let (start, size) = (fit.unknowns().get(), level[0].size());
        fit = Fit::of(&own, [])?.with_silhouettes(SilhouetteTerm::new(&own, level))?;
        fit.set(&start);
        let solution = fit.solve(&LeastSquares::for_fits());
        println!(
            "{} × {}: {:?} after {} iterations",
            size.width, size.height, solution.ended, solution.iterations
        );
    }
    for (name, value) in fit.unknowns().names().iter().zip(fit.unknowns().get()) {
        println!("{name} = {value:.4}");
    }
    Ok(())
}
