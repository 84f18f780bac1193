//! How long a slider's move takes before the first ray is marched: `cargo run --release --example slider_times`.
//!
//! The scene has 1,000 balls, each with four parameters of its own. The work is what lies between a new value and the first
//! bounds of the marcher: the scene with the value, the stage of it, and the field's tape as the lens sees it. Beside it
//! stands what the same takes where all is built anew: the text read, the stage made, the graph seen through the lens.

use fieldgrad::Result;
use fieldgrad::render::{Lens, Stage};
use fieldgrad::scene::Scene;
use std::time::Instant;

/// The scene's text, with one ball's radius. It says where the scene is: to search for that takes longer than all else.
fn text(radius: f64) -> String {
    let mut text = String::from("let all = [];\n");
    for i in 0..1000 {
        let [x, y, z] = [i % 10, i / 10 % 10, i / 100].map(|n| f64::from(n) - 4.5);
        let r = if i == 555 { radius } else { 0.3 };
        text += &format!(
            "all.push(sphere(param(\"r{i}\", {r:?}, 0.1, 0.5)).translate(param(\"at{i}\", [{x}, {y}, {z}])));\n"
        );
    }
    text + "show(union(all)); camera(#{ eye: [12, 9, 15] }); bounds([-5, -5, -5], [5, 5, 5]);\n"
}

/// Says the median time of a step, over some rounds with a new value each.
fn timed(what: &str, rounds: usize, mut step: impl FnMut(f64) -> Result<usize>) -> Result<()> {
    let mut times = Vec::new();
    for round in 0..rounds {
        let start = Instant::now();
        assert!(step(0.2 + 0.002 * round as f64)? > 1000);
        times.push(start.elapsed());
    }
    times.sort();
    println!("{what}: {:?}", times[rounds / 2]);
    Ok(())
}

fn main() -> Result<()> {
    let scene = Scene::from_text(&text(0.3), "balls.rhai")?;
    let (mut stage, shape) = (Stage::new(&scene)?, scene.field().tape()?);
    timed("moved", 101, |value| {
        let moved = scene.with_parameters(&[("r555", value)])?;
        stage = stage.moved(&moved)?;
        let lens = Lens::of(&stage.view(0.0)?);
        Ok(lens.fixed(&shape.with_values(moved.values()), Some(0.0))?.len())
    })?;
    timed("anew", 11, |value| {
        let read = Scene::from_text(&text(value), "balls.rhai")?;
        let lens = Lens::of(&Stage::new(&read)?.view(0.0)?);
        Ok(lens.sees(read.field()).tape()?.fixed([None, None, None, Some(0.0)]).len())
    })
}
