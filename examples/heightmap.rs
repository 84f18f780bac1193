//! A landscape that is a function of one's own, in a smooth union with a ball that floats on it, as a picture.
//!
//! `cargo run --release --example heightmap [PICTURE.png]`

use fieldgrad::number::Real;
use fieldgrad::prelude::*;
use fieldgrad::render::{Options, Size};
use fieldgrad::scene::Camera;

/// The height over the ground: written over [`Real`], it runs on numbers, and on fields with exact derivatives and bounds.
fn height<R: Real>(x: R, z: R) -> R {
    let n = R::constant;
    let ridge = (n(2.1) * x.clone() + n(0.7) * z.clone()).sin() * (n(1.6) * z.clone() - x.clone()).cos();
    n(0.28) * ridge + n(0.06) * (n(7.0) * x).sin() * (n(6.0) * z).sin()
}

fn main() -> Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "heightmap.png".into());
    assert_eq!(height(0.0, 0.0), 0.0);

    // What is below the height is inside; divided by how steep it is at most, a step by its value never goes too far.
    let land = (y() - height(x(), z())) / 2.0;
    let land = land.intersection(r#box([3.0, 2.0, 3.0]).translate([0.0, -0.4, 0.0])).color("#7a9e5b");
    let ball = sphere(0.35).translate([0.2, 0.45, 0.3]).color("#e07a5f");
    let field = land.smooth_union(ball, param("blend", 0.4));

    let scene = Scene::of_field(field, "heightmap")
        .with_camera(Camera::looking([3.8, 3.0, 4.7], [0.0, -0.35, 0.0]))?
        .with_bounds(Bounds::new([-1.5, -1.4, -1.5], [1.5, 0.9, 1.5]));
    let options = Options::default().size(Size { width: 480, height: 360 });
    picture(&scene, &options)?.save_png(path.as_ref())?;
    println!("{path}: the land at (0.5, 0.5) is {:.4} high", height(0.5, 0.5));
    Ok(())
}
