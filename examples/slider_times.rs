//! How long a slider's move takes before the first ray is marched: `cargo run --release --example slider_times`.
//!
//! The scene has 1,000 balls, each with four parameters of its own. The work is what lies between a new value and the first
//! bounds of the marcher: the scene with the value, the stage of it, and the field's tape as the lens sees it. Beside it
//! stands what the same takes where all is built anew: the text read, the stage made, the graph seen through the lens.

use fieldgrad::render::{Lens, Stage};
use fieldgrad::scene::Scene;
use std::time::{Duration, Instant};

/// The scene's text. It says where the scene is: to search for that takes longer than all else.
fn text() -> String {
    let mut text = String::from("let all = [];\n");
    for i in 0..1000 {
        let [x, y, z] = [i % 10, i / 10 % 10, i / 100].map(|n| f64::from(n) - 4.5);
        let (r, at) =
            (format!("param(\"r{i}\", 0.3, 0.1, 0.5)"), format!("param(\"at{i}\", [{x}, {y}, {z}])"));
        text += &format!("all.push(sphere({r}).translate({at}));\n");
    }
    text + "show(union(all)); camera(#{ eye: [12, 9, 15] }); bounds([-5, -5, -5], [5, 5, 5]);\n"
}

/// What is done with a new value; it says when each of its three parts is done.
type Step<'a> = &'a mut dyn FnMut(f64, &mut dyn FnMut()) -> fieldgrad::Result<()>;

/// How long the three parts of the work take, in the middle of some rounds.
fn timed(rounds: usize, step: Step) -> fieldgrad::Result<[Duration; 3]> {
    let mut times: [Vec<Duration>; 3] = Default::default();
    for round in 0..rounds {
        let (mut last, mut part) = (Instant::now(), 0);
        step(0.2 + 0.002 * round as f64, &mut || {
            times[part].push(last.elapsed());
            (last, part) = (Instant::now(), part + 1);
        })?;
    }
    Ok(times.map(|mut all| {
        all.sort();
        all[all.len() / 2]
    }))
}

fn said(what: &str, [scene, stage, seen]: [Duration; 3]) {
    println!(
        "{what}: {:?} (the scene {scene:?}, its stage {stage:?}, its tape as seen {seen:?})",
        scene + stage + seen
    );
}

fn main() -> fieldgrad::Result<()> {
    let scene = Scene::from_text(&text(), "balls.rhai")?;
    let (mut stage, shape) = (Stage::new(&scene)?, scene.field().tape()?);
    let moved = timed(101, &mut |value, done| {
        let moved = scene.with_parameters(&[("r555", value)])?;
        done();
        stage = stage.moved(&moved)?;
        let lens = Lens::of(&stage.view(0.0)?);
        done();
        let seen = lens.fixed(&shape.with_values(moved.values()), Some(0.0))?;
        done();
        assert!(seen.len() > 1000 && seen.parameters().len() == 0);
        Ok(())
    })?;
    said("moved", moved);
    let anew = timed(11, &mut |value, done| {
        let text = text().replace("\"r555\", 0.3", &format!("\"r555\", {value:?}"));
        let read = Scene::from_text(&text, "balls.rhai")?;
        done();
        let stage = Stage::new(&read)?;
        let lens = Lens::of(&stage.view(0.0)?);
        done();
        let seen = lens.sees(read.field()).tape()?.fixed([None, None, None, Some(0.0)]);
        done();
        assert!(seen.len() > 1000);
        Ok(())
    })?;
    said("anew", anew);
    Ok(())
}
