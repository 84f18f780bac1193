//! What tests of the GPU use: a device, and how unlike two pictures are.
#![allow(dead_code)]

use fieldgrad::gpu::Gpu;
use fieldgrad::render::{Image, Size};
use fieldgrad::scene::Scene;

/// Whatever device there is. Where there is none tests are skipped, and fail only if `FIELDGRAD_REQUIRE_GPU=1`.
pub fn gpu() -> Option<Gpu> {
    match Gpu::headless() {
        Ok(gpu) => Some(gpu),
        Err(error) if std::env::var_os("FIELDGRAD_REQUIRE_GPU").is_some_and(|v| v == "1") => {
            panic!("{error}")
        }
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

pub fn scene(text: &str) -> Scene {
    Scene::from_text(text, "test.rhai").unwrap()
}

/// How many pixels of two pictures differ by more than 2 of 255.
pub fn unlike(a: &Image, b: &Image) -> usize {
    let (a, b) = (a.to_srgb(), b.to_srgb());
    let far = |(a, b): (&[u8], &[u8])| a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > 2);
    a.chunks(3).zip(b.chunks(3)).filter(|&pair| far(pair)).count()
}

pub const SMALL: Size = Size { width: 96, height: 72 };

pub const MOVING: &str = r##"let r = param("r", 0.8, 0.2, 1.2);
    show(smooth_union(sphere(r).scale(1 + 0.2 * t).color("#e07a5f"), box([0.5, 0.5, 2]).translate([1, 0.2 * t, 0]), 0.3));
    camera(#{ eye: [2, 1.5, 5] }); light(#{ direction: [1, 2, 1] }); light(#{ direction: [-2, 1, 1], intensity: 0.4 });
    timeline(0, 2); bounds([-2, -2, -2], [2, 2, 2]);"##;
