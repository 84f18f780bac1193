//! `fit --neural`: a network trained to be a target's signed distance, and a scene that shows it.

use super::arguments::{Common, FitVerb};
use super::fit::FitRun;
use super::progress::ProgressLine;
use super::targets::LearnedTarget;
use super::{Ending, output, signals};
use crate::error::{Error, Result};
use crate::field::Field;
use crate::file::{abandon_and_exit, check_writable, write_whole};
use crate::fit::{Ended, Target, Training};
use crate::learn::{Activation, HashGridSize, Network};
use crate::measure::Bounds;
use crate::number::Identity;
use crate::tape::Coordinates;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::{Path, PathBuf};

/// The options of `fit --neural` alone.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Networks (fit --neural)")]
pub(super) struct NeuralOptions {
    /// Train a network to be the signed distance to the target, and write it to a .safetensors file; a scene that shows it
    /// goes to --out, or beside it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scene", "shapes", "lock", "tie", "cost", "scale", "starts", "tries", "report"])]
    pub(super) neural: Option<PathBuf>,
    /// The kind of network.
    #[arg(long, value_enum, requires = "neural", default_value_t = NetworkKind::Siren)]
    network: NetworkKind,
    /// How wide hidden layers are (default: 64).
    #[arg(long, value_name = "N", requires = "neural", value_parser = clap::value_parser!(u32).range(1..=4096))]
    width: Option<u32>,
    /// How many hidden layers there are (default: 4; behind a hash grid 1).
    #[arg(long, value_name = "N", requires = "neural", value_parser = clap::value_parser!(u32).range(1..=60))]
    depth: Option<u32>,
    /// How fine the details are that it begins with: radians a unit of sines (default: 30), or the deviation of Fourier
    /// features in turns a unit (default: 0.3). The target is two units large.
    #[arg(long, value_name = "W", requires = "neural", value_parser = super::arguments::positive)]
    frequency: Option<f64>,
    /// How many frequencies Fourier features have.
    #[arg(long, value_name = "N", requires = "neural", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=2048))]
    waves: u32,
    /// How many grids a hash grid has.
    #[arg(long, value_name = "N", requires = "neural", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=32))]
    levels: u32,
    /// How many cells along an axis the coarsest and the finest of them have.
    #[arg(long, value_name = "A,B", requires = "neural", default_value = "8,128", value_parser = cells)]
    cells: [usize; 2],
    /// The most corners of a grid with features of their own: a power of two.
    #[arg(long, value_name = "N", requires = "neural", default_value_t = 1 << 15, value_parser = clap::value_parser!(u32).range(1..=1 << 22))]
    rows: u32,
    /// Mix a hash grid's features smoothly, so that normals are continuous within.
    #[arg(long, requires = "neural")]
    smooth: bool,
    /// How many steps are made (default: 2,000; of a hash grid 300).
    #[arg(long, value_name = "N", requires = "neural", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    steps: Option<u32>,
    /// How many points a step looks at, or up to 239 more.
    #[arg(long, value_name = "N", requires = "neural", default_value_t = 8192, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    batch: u32,
    /// How far the first steps go (default: 0.0005; with ReLU 0.003, of a hash grid 0.01).
    #[arg(long, value_name = "R", requires = "neural", value_parser = super::arguments::positive)]
    rate: Option<f64>,
    /// The weight of how far values are off.
    #[arg(long, value_name = "W", requires = "neural", default_value_t = 1.0, value_parser = super::arguments::not_negative)]
    value: f64,
    /// The weight of how far gradients are off the normals, on the surface (default: 0.1 where the target is points with
    /// normals, else 0).
    #[arg(long, value_name = "W", requires = "neural", value_parser = super::arguments::not_negative)]
    normal: Option<f64>,
    /// The weight of how far gradients are off length 1 (default: 0.1 where the target is points on a surface, else 0).
    #[arg(long, value_name = "W", requires = "neural", value_parser = super::arguments::not_negative)]
    eikonal: Option<f64>,
}

/// The kinds of networks that are trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum NetworkKind {
    /// Sines all through.
    Siren,
    /// Rectified linear units behind Fourier features.
    Relu,
    /// Rectified linear units behind a multi-resolution hash grid.
    Hash,
}

fn cells(text: &str) -> Result<[usize; 2], String> {
    let numbers: Result<Vec<usize>, _> = text.split(',').map(|word| word.trim().parse()).collect();
    match numbers.as_deref() {
        Ok(&[coarse, fine]) if 0 < coarse && coarse <= fine && fine <= 1 << 16 => Ok([coarse, fine]),
        Ok(&[_, _]) => Err(format!("{text} is not two numbers from 1 to 65536, the smaller first")),
        _ => Err(format!("{text:?} is no pair of whole numbers such as 8,128")),
    }
}

/// How many samples are taken of a mesh, a scene, or the space about points, unless it is said.
const SAMPLES: usize = 200_000;

impl NeuralOptions {
    /// The network before its first step.
    fn network(&self, inputs: usize, seed: u64) -> Result<Network> {
        let is_hash = self.network == NetworkKind::Hash;
        let depth = self.depth.unwrap_or(if is_hash { 1 } else { 4 }) as usize;
        let hidden = vec![self.width.unwrap_or(64) as usize; depth];
        let relu = Activation::Relu;
        match self.network {
            NetworkKind::Siren => Network::siren(inputs, &hidden, self.frequency.unwrap_or(30.0), seed),
            NetworkKind::Relu => {
                let (waves, deviation) = (self.waves as usize, self.frequency.unwrap_or(0.3));
                Network::fourier(inputs, waves, deviation, &hidden, relu, seed)
            }
            NetworkKind::Hash => {
                let size = HashGridSize {
                    coordinates: inputs,
                    levels: self.levels as usize,
                    features: 2,
                    rows: self.rows as usize,
                    cells: self.cells,
                    is_smooth: self.smooth,
                };
                Network::hash(size, &hidden, relu, seed)
            }
        }
    }

    fn training(&self, is_surface: bool, has_normals: bool, seed: u64) -> Training {
        let (steps, rate) = match self.network {
            NetworkKind::Siren => (2000, 5e-4),
            NetworkKind::Relu => (2000, 3e-3),
            NetworkKind::Hash => (300, 1e-2),
        };
        let training = Training::default()
            .with_steps(self.steps.map_or(steps, |steps| steps as usize))
            .with_batch(self.batch as usize)
            .with_rate(self.rate.unwrap_or(rate))
            .with_values(self.value)
            .with_normals(self.normal.unwrap_or(if is_surface && has_normals { 0.1 } else { 0.0 }))
            .with_eikonal(self.eikonal.unwrap_or(if is_surface { 0.1 } else { 0.0 }))
            .with_seed(seed);
        if self.network == NetworkKind::Relu { training.with_fixed_layers(1) } else { training }
    }
}

/// Trains a network.
pub(super) fn trained(file: &Path, verb: &FitVerb, common: &Common) -> Result<Ending> {
    if output::extension(file) != "safetensors" {
        return Err(output::unknown_kind(file, ".safetensors"));
    }
    check_writable(file)?;
    let (options, scene_file) = (&verb.network, verb.out());
    let shown = beside(file, &scene_file)?;
    let LearnedTarget { target, cube, is_surface } = {
        let _progress = ProgressLine::of("reading the target", 0, common);
        LearnedTarget::read(&verb.target, verb.samples.map_or(SAMPLES, |count| count as usize), common)?
    };
    let times = target.times().unwrap_or(&[0.0]);
    let ends = times.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], &t| [a.min(t), b.max(t)]);
    let moves = ends[1] > ends[0];
    let network = options.network(if moves { 4 } else { 3 }, common.seed)?;
    let training = options.training(is_surface, target.normals().is_some(), common.seed);
    let mut training_run = training.begin(&network, &target)?;

    let mark = |identity: Identity| format!("{:032x}", identity.word());
    let marks = [
        ("scene", mark(network.identity())),
        ("target", mark(target.identity())),
        ("options", mark(Identity::of(&format!("{training:?}")))),
    ];
    let (mut run, notes) = FitRun::begin(verb, common, marks)?;
    if let Some(notes) = notes {
        training_run.resume(&notes, &run.checkpoint_file())?;
    }
    while !run.is_stopped() {
        let Some(loss) = training_run.step() else { break };
        let doing =
            format!("training: step {} of {}, loss {loss:.3e}", training_run.steps(), training.steps());
        run.take_in(loss, training_run.slope(), doing);
        run.keep(|| training_run.to_json());
    }
    run.save_log()?;
    let learned = training_run.network()?;
    let left = left(&learned.field(), &target)?;
    learned.write(file)?;
    let (steps, loss) = (training_run.steps(), training_run.losses().last().copied());
    let solid = target.solid_bounds().unwrap_or(cube);
    let about = format!(
        "{learned:?}, trained on {}: {steps} steps, off by {left:.2e} in the root of the mean square.",
        verb.target.join(" and ")
    );
    let text = scene_text(&about, &shown, cube, solid, moves.then_some(ends));
    write_whole(&scene_file, |out| out.write_all(text.as_bytes()))?;
    run.settle();
    let is_done = training_run.ended() == Some(Ended::Iterations) && !run.is_stopped();
    let is_enough = verb.error.map_or(is_done, |most| left <= most);
    if common.json {
        output::print_json(&json!({
            "file": file.display().to_string(), "scene": scene_file.display().to_string(),
            "error": output::json_number(left), "loss": loss.map(output::json_number),
            "iterations": steps, "converged": is_done, "reached": is_enough,
            "weights": learned.weights().len(), "seconds": run.seconds(),
        }))?;
    } else {
        let how = match (is_done, training_run.ended()) {
            (true, _) => "",
            (_, Some(Ended::NotFinite)) => "; the loss was not finite then: try a smaller --rate",
            _ => "; stopped before it was done",
        };
        let text =
            format!("{} weights\nerror {left:.4e}, after {steps} steps{how}\n", learned.weights().len());
        output::print(text.as_bytes())?;
        output::saved(file, common)?;
        output::saved(&scene_file, common)?;
    }
    if let Some(code) = signals::told() {
        abandon_and_exit(code);
    }
    Ok(if is_enough { Ending::Done } else { Ending::Wanting })
}

/// How a scene in one file calls the network in the other: they may be in one folder, or the network in one below.
fn beside(file: &Path, scene: &Path) -> Result<String> {
    let folder = scene.parent().unwrap_or(Path::new(""));
    let inner = file.strip_prefix(folder).ok().filter(|inner| inner.is_relative());
    let is_below =
        |inner: &&Path| inner.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    match inner.filter(is_below).and_then(Path::to_str) {
        Some(inner) if !inner.contains(['"', '\\', '\n']) => Ok(inner.into()),
        _ => Err(Error::Input(format!(
            "{}: a scene in {} cannot name it: give --out a file in the same folder",
            file.display(),
            scene.display()
        ))),
    }
}

/// The root of the mean square of how far values are off at the target's points.
fn left(field: &Field, target: &Target) -> Result<f64> {
    let tape = field.tape()?;
    let times = target.times().map_or(vec![0.0; target.len()], <[f64]>::to_vec);
    let points: Vec<[f32; 4]> = target
        .points()
        .iter()
        .zip(&times)
        .map(|(&[x, y, z], &t)| [x as f32, y as f32, z as f32, t as f32])
        .collect();
    let found = tape.eval_f32(Coordinates::from(&points)).into_iter().next().unwrap_or_default();
    let distance = |n: usize| target.distances().map_or(0.0, |all| all[n]);
    let squares = found.iter().enumerate().map(|(n, &value)| (f64::from(value) - distance(n)).powi(2));
    Ok((squares.sum::<f64>() / target.len().max(1) as f64).sqrt())
}

/// A scene that shows a network, within the box that it was trained in: of what is outside it knows nothing.
fn scene_text(about: &str, file: &str, around: Bounds, solid: Bounds, times: Option<[f64; 2]>) -> String {
    let corner = |at: [f64; 3]| format!("[{}, {}, {}]", at[0], at[1], at[2]);
    let center = [0, 1, 2].map(|axis| 0.5 * (around.min[axis] + around.max[axis]));
    let size = around.size();
    let longest = solid.size().into_iter().fold(0.0, f64::max);
    let shown = solid.grown(0.02 * longest);
    let timeline = times.map_or(String::new(), |[from, to]| format!("timeline({from}, {to});\n"));
    format!(
        "// {about}\n\
         let learned = neural(\"{file}\");\n\
         // It knows nothing of what is outside of the box that it was trained in.\n\
         show(intersection(learned, box({}).translate({})));\n\
         bounds({}, {});\n{timeline}",
        corner(size),
        corner(center),
        corner(shown.min),
        corner(shown.max)
    )
}
