//! `fieldgrad` and Fidget on the same work, in turn, and a table of medians. See the README beside this package.

mod ours;
mod peer;
mod points;
mod work;

use fidget::jit::JitFunction;
use fidget::vm::VmFunction;
use fieldgrad::Field;
use fieldgrad::scene::vm::{read_vm, write_vm};
use fieldgrad::tape::Samples;
use ours::{Loss, Ours};
use peer::Peer;
use points::{Points, spread};
use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

struct Options {
    only: Option<String>,
    rounds: usize,
    points: usize,
    threads: usize,
    models: Option<PathBuf>,
    jax: Option<PathBuf>,
    peer_block: usize,
    frames: usize,
    check: bool,
}

const USAGE: &str = "versus [--only WORK] [--rounds N] [--points N] [--threads N] [--frames N] [--models DIR] \
                     [--jax FILE.json] [--peer-block N] [--check]\n\
                     WORK is part of: s20, loss, edited, prospero, hi, scenes, picture, solid, crowd";

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Options, Box<dyn Error>> {
        let mut options = Options {
            only: None,
            rounds: 7,
            points: 1_000_000,
            threads: 1,
            models: None,
            jax: None,
            peer_block: peer::BLOCK,
            frames: 100,
            check: false,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value\n{USAGE}"));
            match word.as_str() {
                "--only" => options.only = Some(value()?),
                "--rounds" => options.rounds = value()?.parse::<usize>()?.max(1),
                "--points" => options.points = value()?.parse::<usize>()?.max(1),
                "--threads" => options.threads = value()?.parse::<usize>()?.max(1),
                "--frames" => options.frames = value()?.parse::<usize>()?.max(1),
                "--models" => options.models = Some(value()?.into()),
                "--jax" => options.jax = Some(value()?.into()),
                "--peer-block" => options.peer_block = value()?.parse::<usize>()?.max(1),
                "--check" => options.check = true,
                _ => return Err(format!("{word} is not known\n{USAGE}").into()),
            }
        }
        Ok(options)
    }

    fn wants(&self, work: &str) -> bool {
        self.only.as_ref().is_none_or(|only| work.contains(only.as_str()))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read(std::env::args().skip(1))?;
    rayon::ThreadPoolBuilder::new().num_threads(options.threads).build_global()?;
    println!("{} rounds, {} thread(s), medians", options.rounds, options.threads);
    println!("| work | operations | unit | fieldgrad | Fidget JIT | Fidget VM | faster Fidget / fieldgrad |");
    println!("|---|---|---|---|---|---|---|");
    let bench = Bench { options };
    bench.s20()?;
    bench.models()?;
    bench.solids()?;
    bench.scenes()?;
    bench.crowd()
}

/// Both peers on one shape.
struct Peers {
    jit: Peer<JitFunction>,
    vm: Peer<VmFunction>,
}

struct Bench {
    options: Options,
}

/// Runs each contender once to warm up, then all in turn for so many rounds: the median seconds of each.
fn in_turn(rounds: usize, contenders: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let mut seconds = vec![Vec::new(); contenders.len()];
    for round in 0..=rounds {
        for (seconds, contender) in seconds.iter_mut().zip(contenders.iter_mut()) {
            let start = Instant::now();
            contender();
            if round > 0 {
                seconds.push(start.elapsed().as_secs_f64());
            }
        }
    }
    seconds.into_iter().map(median).collect()
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// A line of the table; `seconds` is ours, and the peers' that there are.
fn line(work: &str, operations: usize, unit: &str, seconds: &[f64], scale: f64) {
    let show = |i: usize| seconds.get(i).map_or("–".to_string(), |s| Figure(s * scale).to_string());
    let fastest = seconds[1..].iter().copied().fold(f64::INFINITY, f64::min);
    let ratio = if fastest.is_finite() { format!("{:.2} ×", fastest / seconds[0]) } else { "–".into() };
    println!("| {work} | {operations} | {unit} | {} | {} | {} | {ratio} |", show(0), show(1), show(2));
}

/// A number with as many digits after the point as it deserves.
struct Figure(f64);

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let digits = if self.0 < 10.0 {
            2
        } else if self.0 < 100.0 {
            1
        } else {
            0
        };
        write!(f, "{:.*}", digits, self.0)
    }
}

impl Bench {
    fn peers(&self, field: &Field) -> Result<Peers, Box<dyn Error>> {
        Ok(self.peers_of_text(&write_vm(field)?))
    }

    fn peers_of_text(&self, text: &str) -> Peers {
        let block = self.options.peer_block;
        Peers { jit: Peer::from_text(text, block), vm: Peer::from_text(text, block) }
    }

    /// Values and gradients at points, of ours and of the peers.
    fn points(&self, work: &str, ours: &Ours, peers: &Peers, points: &Points) {
        let (rounds, threads) = (self.options.rounds, self.options.threads);
        let count = points.len();
        let scale = 1e9 / count as f64;
        let sink = |at: usize, block: &[f32]| {
            black_box((at, block));
        };
        let seconds = in_turn(
            rounds,
            &mut [
                &mut || drop(spread(count, threads, |range| ours.values(points, range, sink))),
                &mut || drop(spread(count, threads, |range| peers.jit.values(points, range, sink))),
                &mut || drop(spread(count, threads, |range| peers.vm.values(points, range, sink))),
            ],
        );
        line(&format!("{work}: value"), ours.operations(), "ns/point", &seconds, scale);
        let columns = |at: usize, block: [&[f32]; 5]| {
            black_box((at, block));
        };
        let grads = |at: usize, block: &[fidget::types::Grad]| {
            black_box((at, block));
        };
        let seconds = in_turn(
            rounds,
            &mut [
                &mut || drop(spread(count, threads, |range| ours.gradients(points, range, columns))),
                &mut || drop(spread(count, threads, |range| peers.jit.gradients(points, range, grads))),
                &mut || drop(spread(count, threads, |range| peers.vm.gradients(points, range, grads))),
            ],
        );
        line(&format!("{work}: with gradient"), ours.operations(), "ns/point", &seconds, scale);
        if self.options.check {
            check(work, ours, peers, points);
        }
    }

    fn s20(&self) -> Result<(), Box<dyn Error>> {
        let s20 = work::S20::new();
        let block = self.options.peer_block;
        let peers = Peers { jit: Peer::from_tree(s20.tree(), block), vm: Peer::from_tree(s20.tree(), block) };
        let (standing, moving) = (s20.field(false), s20.field(true));
        if self.options.wants("s20") {
            let points = Points::random(self.options.points, Some(0.0));
            self.points("S20 standing", &Ours::new(&standing)?, &peers, &points);
            let points = Points::random(self.options.points, None);
            self.points_of_moving("S20 moving (Fidget: standing)", &Ours::new(&moving)?, &peers, &points);
        }
        if self.options.wants("loss") {
            self.losses(&moving, &Ours::new(&moving)?)?;
        }
        if self.options.wants("edited") {
            let mut edits = 0.0;
            let seconds = in_turn(
                self.options.rounds.max(21),
                &mut [
                    &mut || {
                        // A new number in it, so that nothing can be known of the field beforehand.
                        edits += 1e-6;
                        let edited = s20.field(false).translate([edits, 0.0, 0.0]);
                        assert!(ours::first_block(&edited).expect("the scene is sound").is_finite());
                    },
                    &mut || assert!(peer::first_block::<JitFunction>(s20.tree()).is_finite()),
                    &mut || assert!(peer::first_block::<VmFunction>(s20.tree()).is_finite()),
                ],
            );
            let operations = Ours::new(&standing)?.operations();
            line("S20 standing: edited, to the first block", operations, "ms", &seconds, 1e3);
        }
        Ok(())
    }

    /// As [`Bench::points`], but the peer stands still, so that there is nothing to check.
    fn points_of_moving(&self, work: &str, ours: &Ours, peers: &Peers, points: &Points) {
        let options = Options { check: false, only: None, models: None, jax: None, ..self.options };
        Bench { options }.points(work, ours, peers, points);
    }

    /// The loss over S20 and its derivatives, in turn with the values alone.
    fn losses(&self, field: &Field, ours: &Ours) -> Result<(), Box<dyn Error>> {
        let points = Points::random(self.options.points, None);
        let scale = 1e9 / points.len() as f64;
        let (rounds, threads) = (self.options.rounds, self.options.threads);
        let sink = |at: usize, block: &[f32]| {
            black_box((at, block));
        };
        let (mut plain, mut eikonal) = (Loss::new(field, false)?, Loss::new(field, true)?);
        let seconds = in_turn(
            rounds,
            &mut [
                &mut || drop(spread(points.len(), threads, |range| ours.values(&points, range, sink))),
                &mut || drop(black_box(plain.over(&points))),
                &mut || drop(black_box(eikonal.over(&points))),
            ],
        );
        line("S20 moving: values alone", ours.operations(), "ns/point", &seconds[..1], scale);
        for (n, name, op) in [(1, "", "c"), (2, " with the eikonal term", "d")] {
            let work = format!("S20 moving: loss{name} and its 141 derivatives");
            line(&work, ours.operations(), "ns/point", &[seconds[n]], scale);
            println!("| ↳ that is {:.2} times the values alone | | | | | | |", seconds[n] / seconds[0]);
            if let Some(file) = &self.options.jax {
                let jax = fastest_jax(file, op)?;
                println!(
                    "| ↳ JAX, hand-tuned ({}): {} | | ns/point | | | | {:.2} × |",
                    jax.1,
                    Figure(jax.0),
                    jax.0 / (seconds[n] * scale)
                );
            }
        }
        Ok(())
    }

    /// The public models, if they are there.
    fn models(&self) -> Result<(), Box<dyn Error>> {
        for name in ["prospero", "hi"] {
            let pictured = name == "prospero" && self.options.wants("picture");
            if !self.options.wants(name) && !pictured {
                continue;
            }
            let file = self.options.models.as_deref().unwrap_or(Path::new(".")).join(format!("{name}.vm"));
            let Ok(text) = std::fs::read_to_string(&file) else {
                println!("| {name} | skipped: {} is not there (--models DIR) | | | | | |", file.display());
                continue;
            };
            let ours = Ours::new(&read_vm(&text, &file.to_string_lossy())?)?;
            let peers = self.peers_of_text(&text);
            if self.options.wants(name) {
                self.points(&format!("{name}, 256² grid"), &ours, &peers, &Points::grid(256, 0.0));
            }
            if pictured {
                self.picture("prospero, 1024² picture", &ours, &peers, 1024, 0.0, true);
            }
        }
        Ok(())
    }

    fn picture(&self, work: &str, ours: &Ours, peers: &Peers, side: usize, t: f32, only_inside: bool) {
        let (rounds, threads) = (self.options.rounds, self.options.threads);
        let seconds = in_turn(
            rounds,
            &mut [
                &mut || drop(black_box(ours.picture(side, t, only_inside, threads))),
                &mut || drop(black_box(peers.jit.picture(side, only_inside, threads))),
                &mut || drop(black_box(peers.vm.picture(side, only_inside, threads))),
            ],
        );
        line(work, ours.operations(), "ms", &seconds, 1e3);
        if self.options.check {
            let (own, theirs) =
                (ours.picture(side, t, only_inside, 1), peers.vm.picture(side, only_inside, 1));
            let differ = own.iter().zip(theirs.iter()).filter(|(own, other)| (**own < 0.0) != other.inside());
            println!("| ↳ check | {} of {} pixels differ | | | | | |", differ.count(), own.len());
        }
    }

    /// Depths and normals of every `.vm` model there is.
    fn solids(&self) -> Result<(), Box<dyn Error>> {
        if !self.options.wants("solid") {
            return Ok(());
        }
        const SIDE: usize = 512;
        let folder = self.options.models.as_deref().unwrap_or(Path::new("."));
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "vm"));
        files.sort();
        let (rounds, threads) = (self.options.rounds, self.options.threads);
        let mut ratios = Vec::new();
        for file in files {
            let text = std::fs::read_to_string(&file)?;
            let field = read_vm(&text, &file.to_string_lossy())?;
            let peers = self.peers_of_text(&text);
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let seconds = in_turn(
                rounds,
                &mut [
                    &mut || drop(black_box(ours::solid(&field, SIDE, threads))),
                    &mut || drop(black_box(peers.jit.solid(SIDE, threads))),
                    &mut || drop(black_box(peers.vm.solid(SIDE, threads))),
                ],
            );
            line(&format!("{name}, {SIDE}³ solid"), field.tape()?.len(), "ms", &seconds, 1e3);
            ratios.push((seconds[0] / seconds[1].min(seconds[2])).ln());
            if self.options.check {
                let (depths, _) = ours::solid(&field, SIDE, threads)?;
                let theirs = peers.vm.solid(SIDE, threads);
                let step = 2.0 / SIDE as f32;
                let (mut both, mut far) = (0, 0);
                for (own, other) in depths.iter().zip(theirs.iter()) {
                    let other = 2.0 - other.depth as f32 * step;
                    if own.is_finite() && other > 0.0 && other < 2.0 {
                        both += 1;
                        far += usize::from((own - other).abs() > 2.0 * step);
                    }
                }
                let met = depths.iter().filter(|depth| depth.is_finite()).count();
                println!(
                    "| ↳ check | {met} met, {both} by both, {far} of these over two steps apart | | | | | |"
                );
            }
        }
        let mean = ratios.iter().sum::<f64>() / ratios.len().max(1) as f64;
        println!("| geometric mean of fieldgrad / faster Fidget | | | {:.2} | | | |", mean.exp());
        Ok(())
    }

    fn scenes(&self) -> Result<(), Box<dyn Error>> {
        if !self.options.wants("scenes") {
            return Ok(());
        }
        let points = Points::random(self.options.points.div_ceil(16), Some(work::STILL as f32));
        for (name, scene) in work::SCENES {
            let field = scene();
            let peers = self.peers(&field.freeze(work::STILL))?;
            self.points(name, &Ours::new(&field)?, &peers, &points);
        }
        Ok(())
    }

    /// The crowd: a 512² slice, values at every pixel, and frames of it.
    fn crowd(&self) -> Result<(), Box<dyn Error>> {
        if !self.options.wants("crowd") {
            return Ok(());
        }
        /// How many frames are made at once, so that they fit in memory.
        const AT_ONCE: usize = 20;
        for count in [10, 100, 1_000, 10_000] {
            let field = work::crowd(count);
            let ours = Ours::new(&field)?;
            let peers = self.peers(&field.freeze(0.0))?;
            self.picture(&format!("crowd of {count}, 512² slice"), &ours, &peers, 512, 0.0, false);
            let (frames, threads) = (self.options.frames, self.options.threads);
            let start = Instant::now();
            for first in (0..frames).step_by(AT_ONCE) {
                let count = AT_ONCE.min(frames - first);
                let times = Samples { start: first as f64 / 30.0, step: 1.0 / 30.0, count };
                black_box(ours.pictures(512, times, false, threads));
            }
            let seconds = start.elapsed().as_secs_f64();
            let work = format!("crowd of {count}, {frames} frames of it");
            line(&work, ours.operations(), "ms", &[seconds], 1e3);
        }
        Ok(())
    }
}

/// The largest difference between our values and slopes and the peer's.
fn check(work: &str, ours: &Ours, peers: &Peers, points: &Points) {
    let count = points.len().min(100_000);
    let mut own = vec![[0.0f32; 4]; count];
    let mut jit = own.clone();
    let mut vm = own.clone();
    ours.gradients(points, 0..count, |at, columns| {
        for (i, row) in own[at..at + columns[0].len()].iter_mut().enumerate() {
            *row = std::array::from_fn(|column| columns[column][i]);
        }
    });
    let store = |to: &mut Vec<[f32; 4]>, at: usize, from: &[fidget::types::Grad]| {
        for (row, grad) in to[at..at + from.len()].iter_mut().zip(from) {
            *row = [grad.v, grad.dx, grad.dy, grad.dz];
        }
    };
    peers.jit.gradients(points, 0..count, |at, grads| store(&mut jit, at, grads));
    peers.vm.gradients(points, 0..count, |at, grads| store(&mut vm, at, grads));
    for (name, other) in [("JIT", jit), ("VM", vm)] {
        let mut largest = [0.0f32; 2];
        let mut steeper = 0;
        let mut not_finite = 0;
        for (own, other) in own.iter().zip(&other) {
            if other.iter().any(|v| !v.is_finite()) {
                not_finite += 1;
                continue;
            }
            largest[0] = largest[0].max((own[0] - other[0]).abs());
            let slope = (1..4).fold(0.0f32, |most, i| most.max((own[i] - other[i]).abs()));
            largest[1] = largest[1].max(slope);
            steeper += usize::from(slope > 1e-2);
        }
        println!(
            "| ↳ check of {work} with the {name} | value ± {:.1e}, slope ± {:.1e}; {steeper} of {count} slopes off by \
             over 1e-2 (kinks); {not_finite} of the peer's not finite | | | | | |",
            largest[0], largest[1],
        );
    }
}

/// The least median of JAX's variants of an operation, and its name, from `jax_bench.py --json FILE`.
fn fastest_jax(file: &Path, op: &str) -> Result<(f64, String), Box<dyn Error>> {
    let results: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let of_op = results.as_array().into_iter().flatten().filter(|result| result["op"] == op);
    let figures =
        of_op.filter_map(|result| Some((result["med_ns"].as_f64()?, result["variant"].as_str()?.into())));
    let fastest = figures.min_by(|a: &(f64, String), b| a.0.total_cmp(&b.0));
    fastest.ok_or_else(|| format!("{} has no result of operation {op}", file.display()).into())
}
