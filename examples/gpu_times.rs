//! How long the GPU's pictures take: to compile, and for each frame. `cargo run --example gpu_times [SCENE]…`

use fieldgrad::gpu::{Gpu, Painter};
use fieldgrad::render::{Options, Shade, Size};
use fieldgrad::scene::GALLERY;
use std::time::{Duration, Instant};

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn main() -> Result<(), fieldgrad::Error> {
    let gpu = Gpu::headless()?;
    println!("{}, 640×360, one ray a pixel, milliseconds", gpu.name());
    println!(
        "{:>12}  {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}",
        "scene", "march", "shade", "frame", "depths", "set", "cpu"
    );
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for exhibit in GALLERY.iter().filter(|e| wanted.is_empty() || wanted.iter().any(|w| w == e.name)) {
        let scene = exhibit.scene()?;
        let start = Instant::now();
        let Ok(mut painter) = Painter::new(&gpu, &scene) else { continue };
        let march = start.elapsed();
        let size = Size { width: 640, height: 360 };
        let options = Options::default().size(size).samples(1);
        let start = Instant::now();
        painter.picture(&options.clone().size(Size { width: 8, height: 8 }))?;
        let shade = start.elapsed();
        painter.picture(&options)?;
        const FRAMES: u32 = 5;
        let timeline = scene.timeline();
        let at = |n: u32| timeline.from + (timeline.to - timeline.from) * f64::from(n) / f64::from(FRAMES);
        let start = Instant::now();
        for n in 0..FRAMES {
            painter.picture(&options.clone().time(at(n)))?;
        }
        let frame = start.elapsed() / FRAMES;
        let start = Instant::now();
        for n in 0..FRAMES {
            painter.depths(&options.clone().time(at(n)).shade(Shade::Depth))?;
        }
        let depths = start.elapsed() / FRAMES;
        let start = Instant::now();
        painter.set(&scene.parameters().iter().take(1).map(|p| (p.name(), p.value())).collect::<Vec<_>>())?;
        let set = start.elapsed();
        let start = Instant::now();
        painter.stage().picture(&options)?;
        let cpu = start.elapsed();
        let columns = [march, shade, frame, depths, set, cpu].map(|time| format!("{:7.0}", ms(time)));
        println!("{:>12}  {}", exhibit.name, columns.join(" "));
    }
    Ok(())
}
