//! A scene's picture, its views, and a cut through space and one through space and time, as PNG files.
//!
//! `cargo run --release --example pictures [SCENE [FOLDER]]`

use fieldgrad::prelude::*;
use fieldgrad::render::{Options, Shade, picture};
use fieldgrad::scene::{Scene, built_in};
use std::path::PathBuf;
use std::time::Instant;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let scene = arguments.next().map_or_else(|| Ok(built_in()), Scene::from_file)?;
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| ".".into()));
    let timeline = scene.timeline();
    let usual = Options::default().time(0.7 * timeline.from + 0.3 * timeline.to);
    let views = Shade::ALL.map(|(name, shade)| (name, usual.clone().shade(shade)));
    let cuts = [("cut", "z=0"), ("cut_of_time", "x=0,z=0")];
    let cuts = cuts.map(|(name, cut)| (name, usual.clone().cut(cut.parse().ok())));
    for (name, options) in views.into_iter().chain(cuts) {
        let path = folder.join(format!("{name}.png"));
        let start = Instant::now();
        picture(&scene, &options)?.save_png(&path)?;
        println!("{} in {:.2} s", path.display(), start.elapsed().as_secs_f64());
    }
    Ok(())
}
