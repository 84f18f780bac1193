//! A loss on the vertices of a field's mesh, brought back to the field's parameters: the can that holds a litre with the least
//! tin. Any loss that is a function of the mesh goes back the same way, such as a stress or a drag from another program.
//!
//! `cargo run --release --example fit_vertices`

use fieldgrad::fit::QuasiNewton;
use fieldgrad::mesh::Extraction;
use fieldgrad::prelude::*;

fn main() -> fieldgrad::Result<()> {
    // In decimetres, so that a litre is 1.
    let can = cylinder(param("r", 0.4), param("h", 1.8));
    let bounds = Bounds::new([-1.5; 3], [1.5; 3]);
    let mut loss = |at: &[f64], gradient: &mut [f64]| {
        let can = can.with_parameters(&[("r", at[0]), ("h", at[1])]).expect("both are its parameters");
        let options = Extraction::default().bounds(bounds).resolution(40);
        let found = can.extract(&options).expect("a mesh");
        let (area, volume) = (found.mesh.area(), found.mesh.volume());
        // The tin, for a can of any size of this shape; and that it is to hold a litre.
        let value = area / volume.powf(2.0 / 3.0) + (volume - 1.0).powi(2);
        let of_area = volume.powf(-2.0 / 3.0);
        let of_volume = -2.0 / 3.0 * area * volume.powf(-5.0 / 3.0) + 2.0 * (volume - 1.0);
        let slopes = found.mesh.area_gradient().into_iter().zip(found.mesh.volume_gradient());
        let slopes: Vec<[f64; 3]> =
            slopes.map(|(a, v)| [0, 1, 2].map(|n| of_area * a[n] + of_volume * v[n])).collect();
        let motion = found.vertex_motion(&can).expect("it was made of this field");
        gradient.copy_from_slice(&motion.backward(&slopes));
        value
    };
    let found =
        QuasiNewton::default().solve(&mut loss, &[0.4, 1.8], &[(0.1, 1.2); 2].map(|(a, b)| (a, 2.0 * b)));
    let [r, h] = found.at[..] else { unreachable!("two numbers") };
    println!("after {} meshes: r = {r:.4}, h = {h:.4}", found.evaluations);
    println!("the best can is as high as it is wide: h/2r = {:.4}", h / (2.0 * r));
    println!("it holds {:.4} litres", std::f64::consts::PI * r * r * h);
    Ok(())
}
