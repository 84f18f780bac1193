//! A first field: composed, read, differentiated in space and time and in a parameter, and measured.
//!
//! `cargo run --example first_field`

use fieldgrad::prelude::*;

fn main() -> Result<()> {
    let k = param("blend", 0.35);
    let drop = sphere(0.7).translate((0, 1.2 * sin(t()), 0));
    let pool = r#box([4.0, 0.4, 4.0]).translate([0.0, -1.0, 0.0]);
    let scene = drop.smooth_union(pool, k);

    let at = [0.6, -0.5, 0.2, 5.1];
    let here = scene.value_with_gradient_at(at)?;
    println!("f          {:+.6}", here.value);
    for (axis, slope) in Axis::ALL.iter().zip(here.slope) {
        println!("∂f/∂{}      {slope:+.6}", axis.name());
    }
    for (parameter, slope) in scene.parameters()?.iter().zip(scene.parameter_gradient_at(at)?) {
        println!("∂f/∂{}  {slope:+.6}", parameter.name());
    }

    // The same derivative as a field: a new graph, to compose or to differentiate again.
    let speed = scene.normal_speed();
    println!("the surface moves along its normal at {:+.6} here", speed.value_at(at)?);

    // Bounds over a box of space and time: nothing of the solid is where f is certainly positive.
    let over = [(1.0, 1.5), (0.5, 1.0), (0.0, 0.5), (0.0, 0.1)].map(|(low, high)| Interval::new(low, high));
    println!("f over a box of space and time is in {:?}", scene.bound_over(over)?);
    Ok(())
}
