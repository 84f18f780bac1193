//! `bench`: this project's own figures on the machine at hand. Medians; some ten seconds in all.

use super::arguments::Common;
use super::machine::processor;
use super::progress::ProgressLine;
use super::{Ending, output};
use crate::error::Result;
use crate::field::{Field, param, sin, t};
use crate::random::Random;
use crate::scene::built_in;
use crate::shape::{gyroid, sphere};
use crate::tape::{Adjoint, Block, Machine, Tape};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How many points are evaluated together.
const POINTS: usize = 1 << 16;
/// How many a thread takes at a time.
const PIECE: usize = 4096;
/// The time they share.
const TIME: f64 = 0.7;
/// How many are, where each takes long.
const FEW: usize = 1 << 12;
/// How many points a first picture begins with.
const FIRST: usize = 256;
/// How long each figure is measured, and how often at least.
const PATIENCE: Duration = Duration::from_millis(350);
const MIN_ROUNDS: usize = 7;

/// A field by its name.
type Subject = (&'static str, fn() -> Field);

const SUBJECTS: [Subject; 3] = [
    ("twenty smoothly blended spheres that swing", || twenty_spheres()),
    ("the built-in scene", || built_in().field().clone()),
    ("a ball of gyroid", || {
        sphere(1.2).smooth_intersection(gyroid(0.6, 0.08), param("blend", 0.05)).rotate_y(t())
    }),
];

/// Spheres whose centres swing along each axis by itself, under the cubic smooth minimum; centres, amplitudes, radii
/// and the blend are 141 parameters.
fn twenty_spheres() -> Field {
    let mut random = Random(20);
    let k = param("k", 0.3);
    let spheres: Vec<Field> = (0..20)
        .map(|i| {
            let mut along = |axis: usize| {
                let center = param(&format!("center{i}.{axis}"), random.between(-1.0, 1.0));
                let amplitude = param(&format!("amplitude{i}.{axis}"), random.between(-0.5, 0.5));
                let (frequency, phase) =
                    (random.between(0.5, 3.0), random.between(0.0, std::f64::consts::TAU));
                center + amplitude * sin(frequency * t() + phase)
            };
            let place = (along(0), along(1), along(2));
            sphere(param(&format!("radius{i}"), random.between(0.15, 0.45))).translate(place)
        })
        .collect();
    spheres.into_iter().reduce(|all, next| all.smooth_min(next, &k)).expect("there are twenty")
}

/// What was measured of a subject: seconds for one of its units.
struct Figure {
    name: &'static str,
    unit: &'static str,
    seconds: f64,
}

pub(super) fn run(common: &Common) -> Result<Ending> {
    let progress = ProgressLine::of("measuring", SUBJECTS.len() * 7, common);
    let mut found = Vec::new();
    for (name, make) in SUBJECTS {
        found.push((name, make().tape()?.len(), figures(make, &progress)?));
    }
    drop(progress);
    match common.json {
        true => output::print_json(&json(&found)),
        false => output::print(text(&found).as_bytes()),
    }
}

/// Points of [−1.5, 1.5]³.
fn points(count: usize) -> [Vec<f32>; 3] {
    let mut random = Random(1);
    std::array::from_fn(|_| (0..count).map(|_| random.between(-1.5, 1.5) as f32).collect())
}

fn figures(make: fn() -> Field, progress: &ProgressLine) -> Result<Vec<Figure>> {
    let field = make();
    let (tape, gradient) = (field.tape()?, field.gradient_tape()?);
    let [xs, ys, zs] = points(POINTS);
    let mut figures = Vec::new();
    let mut note = |name, unit, count: usize, work: &mut dyn FnMut()| {
        figures.push(Figure { name, unit, seconds: median(work) / count as f64 });
        progress.advance(1);
    };
    let mut one_thread = |name, tape: &Tape| {
        let mut block = Block::new(tape);
        block.set_time(TIME);
        let mut outputs = vec![vec![0f32; POINTS]; tape.output_count()];
        note(name, "a point", POINTS, &mut || {
            let mut views: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
            block.eval([&xs, &ys, &zs], &mut views);
            black_box(&outputs);
        });
    };
    one_thread("values in f32, one thread", &tape);
    one_thread("values with gradients in f32, one thread", &gradient);
    for (name, tape) in
        [("values in f32, all threads", &tape), ("values with gradients in f32, all threads", &gradient)]
    {
        note(name, "a point", POINTS, &mut || {
            let pieces = xs.par_chunks(PIECE).zip(ys.par_chunks(PIECE)).zip(zs.par_chunks(PIECE));
            let first = || {
                let mut block = Block::new(tape);
                block.set_time(TIME);
                (block, vec![vec![0f32; PIECE]; tape.output_count()])
            };
            pieces.for_each_init(first, |(block, outputs), ((xs, ys), zs)| {
                let mut views: Vec<&mut [f32]> = outputs.iter_mut().map(|out| &mut out[..xs.len()]).collect();
                block.eval([xs, ys, zs], &mut views);
                black_box(outputs);
            });
        });
    }
    let mut machine = Machine::<f64>::new(&tape);
    machine.set_time(TIME);
    note("values in f64, one thread", "a point", FEW, &mut || {
        for i in 0..FEW {
            black_box(machine.at_point([xs[i], ys[i], zs[i]].map(f64::from)));
        }
    });
    let mut adjoint = Adjoint::<f64>::new(&tape);
    note("derivatives in all parameters in f64, one thread", "a point", FEW, &mut || {
        for i in 0..FEW {
            let _ = adjoint.forward([xs[i], ys[i], zs[i], TIME as f32].map(f64::from));
            adjoint.back(&[1.0]);
            black_box(adjoint.coordinates());
        }
    });
    let mut outputs = vec![0f32; FIRST];
    note("first block of 256 values after an edit", "an edit", 1, &mut || {
        let tape = black_box(make()).tape().expect("it made one before");
        Block::new(&tape).eval([&xs[..FIRST], &ys[..FIRST], &zs[..FIRST]], &mut [&mut outputs]);
        black_box(&outputs);
    });
    Ok(figures)
}

/// The median of some runs, in seconds.
fn median(work: &mut dyn FnMut()) -> f64 {
    work(); // caches fill, threads start
    let start = Instant::now();
    let mut runs = Vec::new();
    while runs.len() < MIN_ROUNDS || start.elapsed() < PATIENCE {
        let begin = Instant::now();
        work();
        runs.push(begin.elapsed().as_secs_f64());
    }
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
}

type Found = [(&'static str, usize, Vec<Figure>)];

fn text(found: &Found) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let threads = rayon::current_num_threads();
    let mut text = format!("fieldgrad {version} on {}, {threads} threads; medians\n", processor());
    for (name, operations, figures) in found {
        let _ = writeln!(text, "\n{name}, {operations} operations");
        for Figure { name, unit, seconds } in figures {
            let time = match seconds {
                s if *s < 1e-6 => format!("{:.2} ns", s * 1e9),
                s if *s < 1e-3 => format!("{:.2} µs", s * 1e6),
                s => format!("{:.2} ms", s * 1e3),
            };
            let _ = writeln!(text, "  {name:<50} {time:>10} {unit}");
        }
    }
    text
}

fn json(found: &Found) -> Value {
    let fields = found.iter().map(|(name, operations, figures)| {
        let figures = figures
            .iter()
            .map(|Figure { name, unit, seconds }| json!({ "name": name, "unit": unit, "seconds": seconds }));
        json!({ "name": name, "operations": operations, "figures": figures.collect::<Vec<_>>() })
    });
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "processor": processor(),
        "threads": rayon::current_num_threads(),
        "fields": fields.collect::<Vec<_>>(),
    })
}
