//! How tight bounds are, and what they cost: a row for each scene of the gallery, or of the scenes given.
//!
//! `cargo bench --bench bounds [-- NAME or FILE.rhai ...]`
//!
//! All on one thread, so that times are those of the processor. The columns:
//!
//! | column | says |
//! |---|---|
//! | `bounds` | seconds to find the solid's box at the timeline's beginning |
//! | `loose` | how far that box reaches beyond the solid, in percent of its longest side |
//! | `volume` | seconds to measure it, to 1 %, and the error that is left in percent |
//! | `slopes` | seconds to bound \|∇f\| over the scene's bounds and timeline |
//! | `steep` | that bound, beside the steepest of 200,000 points |
//! | `cells` | millions of cells of an octree of depth 8 that may hold the surface, and how many times those that do |
//! | `picture` | seconds for what rays meet at 480×360 |
//! | `lit` | seconds for a whole picture of that size |
//!
//! The solid itself is found by parallel rays from all six sides, 400 by 400 of them, within the scene's own bounds.

use fieldgrad::measure::Bounds;
use fieldgrad::number::Interval;
use fieldgrad::prelude::*;
use fieldgrad::render::march::depths;
use fieldgrad::render::{Lens, Options, Shade, Size, Stage};
use fieldgrad::scene::{GALLERY, Scene};
use fieldgrad::tape::{Coordinates, Tape};

const SIZE: Size = Size { width: 480, height: 360 };
/// How deep the octree is.
const DEPTH: u32 = 8;
/// How many rays along a side show where the solid is.
const RAYS: usize = 400;
/// How many points show how steep it is.
const POINTS: usize = 200_000;

fn main() -> Result<()> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let names: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let names = match names.is_empty() {
        true => GALLERY.iter().map(|exhibit| exhibit.name.to_string()).collect(),
        false => names,
    };
    println!(
        "{:<12} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>6} {:>7} {:>6} {:>7} {:>7}",
        "scene",
        "bounds",
        "loose",
        "volume",
        "error",
        "slopes",
        "steep",
        "truth",
        "cells",
        "times",
        "picture",
        "lit"
    );
    for name in &names {
        let scene = match GALLERY.iter().find(|exhibit| exhibit.name == name) {
            Some(exhibit) => exhibit.scene()?,
            None => Scene::from_file(name)?,
        };
        let name = name.rsplit('/').next().unwrap_or(name).trim_end_matches(".rhai");
        println!("{name:<12} {}", pool.install(|| row(&scene))?);
    }
    Ok(())
}

/// A result, and the seconds it took the processor; those of the clock where that is not known.
fn timed<T>(what: impl FnOnce() -> T) -> (T, f64) {
    #[cfg(unix)]
    let now = || {
        let time = nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID.now().expect("a clock");
        time.tv_sec() as f64 + 1e-9 * time.tv_nsec() as f64
    };
    #[cfg(not(unix))]
    let now = {
        let start = std::time::Instant::now();
        move || start.elapsed().as_secs_f64()
    };
    let start = now();
    let found = what();
    (found, now() - start)
}

fn row(scene: &Scene) -> Result<String> {
    let (field, timeline) = (scene.field(), scene.timeline());
    let (tape, t) = (field.tape()?, timeline.from);
    let (found, bounds_time) = timed(|| field.bounds((t, t)));
    let found = found.ok().flatten();
    let looked_in = scene.bounds().or(found);
    let loose = found.map_or(Ok(f64::NAN), |found| excess(field, &found, t))?;
    let (measures, volume_time) = timed(|| field.measures(found.or(looked_in), t, 0.01));
    let error = measures.map_or(f64::NAN, |measures| 100.0 * measures.volume.error / measures.volume.value);
    let Some(bounds) = looked_in else { return Ok(format!("{bounds_time:7.2}  no bounds")) };
    let over = |t: Interval| {
        let side = |i: usize| Interval::new(bounds.min[i], bounds.max[i]);
        [side(0), side(1), side(2), t]
    };
    let span = over(Interval::new(timeline.from, timeline.to));
    let (steep, slopes_time) = timed(|| field.lipschitz(span));
    let (cells, held) = count_cells(&tape, over(Interval::point(t)));
    let stage = Stage::new(scene)?;
    let options = Options::default().size(SIZE).time(t);
    let deep = options.clone().shade(Shade::Depth);
    let (picture, picture_time) = timed(|| stage.picture(&deep));
    picture?;
    let (lit, lit_time) = timed(|| stage.picture(&options));
    lit?;
    Ok(format!(
        "{bounds_time:7.2} {loose:7.2} {volume_time:7.2} {error:7.2} {slopes_time:7.2} {:7.2} {:6.2} {:7.3} {:6.2} \
         {picture_time:7.2} {lit_time:7.2}",
        steep?,
        steepest_seen(field, span)?,
        cells as f64 / 1e6,
        cells as f64 / held as f64,
    ))
}

/// How far a box reaches beyond the solid, in percent of its longest side.
fn excess(field: &Field, found: &Bounds, t: f64) -> Result<f64> {
    let (low, high) = (found.min, found.max);
    let longest = found.size().into_iter().fold(0.0, f64::max);
    let mut most = 0f64;
    for axis in 0..3 {
        for up in [false, true] {
            // From the face found, inwards.
            let mut eye = found.center();
            let (start, sign) = if up { (high[axis], -1.0) } else { (low[axis], 1.0) };
            eye[axis] = start;
            let mut target = eye;
            target[axis] += sign;
            let mut over = [0.0; 3];
            over[(axis + 1) % 3] = 1.0;
            let lens = Lens { far: high[axis] - low[axis], ..Lens::parallel(eye, target, over, longest) };
            let size = Size { width: RAYS, height: RAYS };
            let found = depths(field, &lens, size, t)?;
            let least = found.into_iter().fold(f32::INFINITY, f32::min);
            most = most.max(f64::from(least));
        }
    }
    Ok(100.0 * most / longest)
}

/// The cells of an octree that may hold the surface, and those among them that do: where corners differ in sign.
fn count_cells(tape: &Tape, over: [Interval; 4]) -> (usize, usize) {
    let (mut corners, mut cells) = ([const { Vec::new() }; 3], 0);
    tape.cells(over, DEPTH, &mut |cell, _| {
        cells += 1;
        for corner in 0..8 {
            for axis in 0..3 {
                let end = if corner >> axis & 1 == 0 { cell[axis].lo() } else { cell[axis].hi() };
                corners[axis].push(end as f32);
            }
        }
    });
    let mut values = vec![0.0; corners[0].len()];
    let points = Coordinates::from(corners.each_ref().map(Vec::as_slice)).at_time(over[3].lo() as f32);
    tape.eval_f32_into(points, &mut [&mut values]);
    let differ = |values: &&[f32]| values.iter().any(|&f| (f <= 0.0) != (values[0] <= 0.0));
    (cells, values.chunks_exact(8).filter(differ).count().max(1))
}

/// The largest |∇f| in space at points spread evenly over a box of space and time.
fn steepest_seen(field: &Field, over: [Interval; 4]) -> Result<f64> {
    // Multiples of the powers of one irrational number: Roberts, 2018.
    const GENERALISED_GOLDEN: f64 = 1.167_303_978_261_418_7;
    let points: Vec<[f64; 4]> = (1..=POINTS)
        .map(|n| {
            let part = |i: i32| (n as f64 * GENERALISED_GOLDEN.powi(-1 - i)).fract();
            [0, 1, 2, 3].map(|i| over[i].lo() + part(i as i32) * (over[i].hi() - over[i].lo()))
        })
        .collect();
    let [x, y, z, _] = field.gradient();
    let norms = length([x, y, z]).tape()?.eval(&points).swap_remove(0);
    Ok(norms.into_iter().fold(0.0, f64::max))
}
