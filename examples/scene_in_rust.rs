//! A scene made in Rust: shapes, camera, lights, timeline, bounds. Its field is saved as text, and read back.
//!
//! `cargo run --release --example scene_in_rust [FIELD.json]`

use fieldgrad::prelude::*;
use fieldgrad::scene::{Background, Camera, Light, Timeline};

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "bounce.field.json".into());

    let drop = sphere(param_in("r", 0.5, 0.1, 1.0)).translate((0, 0.2 + abs(sin(t())), 0));
    let pool = r#box([3.0, 0.3, 3.0]).translate([0.0, -0.6, 0.0]).displace(0.02 * noise(0.4));
    let field = drop.color("#e07a5f").name("drop").smooth_union(pool.color("#3d405b"), param("blend", 0.3));

    let scene = Scene::of_field(field, "bounce")
        .with_camera(Camera::looking((3.0 * cos(0.2 * t()), 2, 3.0 * sin(0.2 * t())), [0.0; 3]).with_fov(45))?
        .with_lights([
            Light::from_direction([1, 2, 1]),
            Light::from_direction([-1, 1, 0]).with_intensity(0.3),
        ])?
        .with_background(Background::of("#f8f9fa", "#ced4da"))?
        .with_timeline(Timeline { to: 6.3, ..Timeline::default() })
        .with_bounds(Bounds::new([-1.6, -0.8, -1.6], [1.6, 1.8, 1.6]));
    let eye = scene.camera().expect("it was given one").at(1.0)?.eye;
    println!("{} parameters; at t = 1 the eye is at {eye:.2?}", scene.parameters().len());

    std::fs::write(&path, scene.field().to_json()?)?;
    let back = Field::from_json(&std::fs::read_to_string(&path)?)?;
    assert!(back == *scene.field(), "the same graph");
    let at = [0.3, 0.1, 0.2, 1.0];
    println!("{path}: f = {} at {at:?}, as before: {}", back.value_at(at)?, scene.field().value_at(at)?);
    Ok(())
}
