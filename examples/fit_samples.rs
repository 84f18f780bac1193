//! Fits a field's parameters to signed distances, a third of which are wrong.
//!
//! `cargo run --release --example fit_samples`

use fieldgrad::fit::{Fit, LeastSquares, Robust, Target, Term};
use fieldgrad::prelude::*;

/// A ball on a slab; what is to be found are its five parameters.
fn model([r, x, y, height, blend]: [f64; 5]) -> Field {
    let ball = sphere(param_in("r", r, 0.05, 2.0)).translate((param("x", x), param("y", y), 0));
    let slab = r#box([1.6.into(), param_in("height", height, 0.05, 2.0), 1.0.into()]);
    ball.smooth_union(slab, param_in("blend", blend, 0.01, 1.0))
}

fn main() -> Result<()> {
    let bounds = Bounds::new([-1.5; 3], [1.5; 3]);
    let samples = Target::of_field(&model([0.6, 0.2, 0.5, 0.3, 0.25]), &bounds, 0.0, 6000, 1)?;
    let spoilt = samples.distances().expect("samples of a field have distances").iter().enumerate();
    let spoilt = spoilt.map(|(n, d)| if n % 3 == 0 { d + 0.2 } else { *d }).collect();
    let target = Target::new(samples.points().to_vec())?.with_distances(spoilt)?;

    let own = model([0.4, 0.0, 0.3, 0.5, 0.1]);
    // What leaves outliers out for good begins where a milder cost ended.
    let mut fit = Fit::of(&own, [])?;
    let geman = |scale: f64| Robust::GemanMcClure { scale };
    for cost in [Robust::Square, geman(0.1), geman(0.01)] {
        let start = fit.unknowns().get();
        fit = Fit::of(&own, [Term::distance(&own, &target)?.with_cost(cost)])?;
        fit.set(&start);
        let solution = fit.solve(&LeastSquares::for_fits());
        println!("{cost:?}: {:?} after {} iterations", solution.ended, solution.iterations);
        for (name, value) in fit.unknowns().names().iter().zip(fit.unknowns().get()) {
            println!("  {name} = {value:.4}");
        }
    }
    Ok(())
}
