//! A network of sines learns the signed distance to a mesh.
//!
//! `cargo run --release --example fit_neural -- spot.obj spot.safetensors 2000` makes 2,000 steps of 8,192 points each and
//! writes the network, which a scene then reads: `show(neural("spot.safetensors"));`. A last number, 0.1 say, weighs
//! (|∇f| − 1)², so that the field is nearer to a distance.

use fieldgrad::fit::{Target, Training};
use fieldgrad::learn::Network;
use fieldgrad::mesh::{Distance, Mesh};
use fieldgrad::tape::{Coordinates, Tape};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [mesh, out, rest @ ..] = &given[..] else {
        return Err("fit_neural MESH OUT.safetensors [STEPS [EIKONAL]]".into());
    };
    let steps = rest.first().map_or(Ok(2000), |steps| steps.parse())?;
    let eikonal = rest.get(1).map_or(Ok(0.0), |weight| weight.parse())?;

    let distance = Distance::of(&Mesh::from_file(mesh)?)?;
    let target = Target::of_mesh(&distance, 200_000, 1)?;
    let network = Network::siren(3, &[64; 4], 30.0, 1)?;
    let training = Training::default().with_steps(steps).with_eikonal(eikonal);
    let clock = Instant::now();
    let trained = training.train_watched(&network, &target, &mut |step| {
        if step.iteration % 500 == 0 {
            println!("{:5} loss={:.6}", step.iteration, step.value);
        }
        true
    })?;
    let seconds = clock.elapsed().as_secs_f64();
    println!("{steps} steps in {seconds:.1} s, {:.2} ms each", 1e3 * seconds / steps as f64);
    trained.network.write(out)?;

    // Other points than it was trained on.
    let fresh = Target::of_mesh(&distance, 100_000, 2)?;
    let points: Vec<[f32; 3]> = fresh.points().iter().map(|point| point.map(|x| x as f32)).collect();
    let tape = Tape::new(&[trained.network.field()])?;
    let clock = Instant::now();
    let found = &tape.eval_f32(Coordinates::from(&points))[0];
    println!("{:.0} ns a point", clock.elapsed().as_secs_f64() * 1e9 / points.len() as f64);
    let offs =
        found.iter().zip(fresh.distances().expect("of a mesh")).map(|(f, d)| (f64::from(*f) - d).abs());
    let size = fresh.bounds().expect("points").size().into_iter().fold(0.0, f64::max) / 1.1;
    println!("off by {:.6} of the longest side in the mean", offs.sum::<f64>() / points.len() as f64 / size);
    Ok(())
}
