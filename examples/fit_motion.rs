//! Finds how something moves from clouds of points at several times: an orbit's radius, speed and phase, and a ball's size.
//!
//! `cargo run --release --example fit_motion`

use fieldgrad::fit::{Fit, LeastSquares, Robust, Target, Term};
use fieldgrad::prelude::*;

fn orbit([size, r, speed, phase]: [f64; 4]) -> Field {
    let angle = param("speed", speed) * t() + param("phase", phase);
    let r = param_in("r", r, 0.1, 3.0);
    sphere(param_in("size", size, 0.05, 1.0)).translate([&r * angle.cos(), 0.into(), &r * angle.sin()])
}

fn main() -> Result<()> {
    let truth = orbit([0.3, 1.2, 1.7, 0.5]);
    let bounds = Bounds::new([-2.0; 3], [2.0; 3]);
    // Twelve clouds of a hundred points, a tenth of a second apart, off by up to a hundredth.
    let noise = |n: usize| 0.02 * ((n as f64 * 0.618_034).fract() - 0.5);
    let cloud = |n: u32| {
        let time = 0.1 * f64::from(n);
        let exact = Target::of_surface(&truth, &bounds, time, 100, n.into())?;
        let noisy = exact.points().iter().enumerate();
        let noisy =
            noisy.map(|(i, [x, y, z])| [x + noise(3 * i), y + noise(3 * i + 1), z + noise(3 * i + 2)]);
        Target::new(noisy.collect())?.with_times(vec![time; 100])
    };
    let target = Target::together((0..12).map(cloud).collect::<Result<Vec<_>>>()?);

    let own = orbit([0.2, 1.0, 1.4, 0.3]);
    let mut fit = Fit::of(&own, [Term::surface(&own, &target).with_cost(Robust::Huber { scale: 0.02 })])?;
    let solution = fit.solve(&LeastSquares::for_fits());
    println!(
        "{} points at 12 times, {:?} after {} iterations",
        target.len(),
        solution.ended,
        solution.iterations
    );
    for (name, value) in fit.unknowns().names().iter().zip(fit.unknowns().get()) {
        println!("{name} = {value:.3}");
    }
    Ok(())
}
