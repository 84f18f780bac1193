//! A training under way: step by step, noted, and gone on with.

use super::descent::{Descent, Rule};
use super::objective::{Ended, UNBOUNDED};
use super::schedule::{Decay, Schedule};
use super::target::Target;
use super::training::Training;
use crate::error::{Error, Result};
use crate::learn::{
    Activation, Batch, Network, POINTS, PassMemory, ReadWeights, SentToGrid, Weights, add_to_table,
};
use crate::random::Random;
use rayon::prelude::*;
use serde_json::{Value, json};

/// A training under way. [`Training::begin`] makes one, and [`TrainingRun::step`] its steps.
///
/// Its state can be written down after any step; another run that is told of it goes on from there, bit for bit.
///
/// ```
/// use fieldgrad::fit::{Target, Training};
/// use fieldgrad::learn::Network;
/// use fieldgrad::prelude::*;
///
/// let target = Target::of_field(&sphere(0.6), &Bounds::new([-1.0; 3], [1.0; 3]), 0.0, 500, 1)?;
/// let network = Network::siren(3, &[8, 8], 10.0, 1)?;
/// let training = Training::default().with_steps(8).with_batch(240);
/// let mut run = training.begin(&network, &target)?;
/// (0..3).for_each(|_| assert!(run.step().is_some()));
/// let notes = run.to_json();
/// let mut other = training.begin(&network, &target)?;
/// other.resume(&notes, "notes.json")?;
/// while other.step().is_some() {}
/// assert_eq!(other.network()?, training.train(&network, &target)?.network);
/// # Ok::<(), Error>(())
/// ```
pub struct TrainingRun<'a> {
    training: &'a Training,
    network: &'a Network,
    target: &'a Target,
    units: Units,
    descent: Descent,
    ranges: Vec<(f64, f64)>,
    at: Vec<f64>,
    last: Vec<f64>,
    losses: Vec<f64>,
    ended: Option<Ended>,
    /// Whether the loss of the step to be made is worked out.
    is_looked_at: bool,
    random: Random,
    /// Where that was before the last draw.
    drawn_from: u64,
    read: ReadWeights,
    /// A share of the points at each step: a fixed number of them, whoever works them out.
    shares: Vec<Share>,
    /// The memory of each thread.
    passes: Vec<PassMemory>,
    /// The loss's derivative in every weight, and in the tables of a hash grid, before they are in that.
    gradient: Vec<f64>,
    tables: Vec<Vec<f32>>,
}

/// The scales that bring a network's inputs to −1 to 1.
#[derive(Clone, Copy)]
struct Units {
    center: [f64; 3],
    scale: f64,
    /// The middle of time, and what of it is 1.
    time: [f64; 2],
}

#[derive(Default)]
struct Share {
    batch: Batch,
    loss: f64,
    gradient: Vec<f32>,
    grid: SentToGrid,
}

impl Training {
    /// Begins to train a network on a target, as [`Training::train`] does to its end.
    ///
    /// An error where the target has no points, or nothing is asked of the network.
    pub fn begin<'a>(&'a self, network: &'a Network, target: &'a Target) -> Result<TrainingRun<'a>> {
        let Weights { value, normal, eikonal, .. } = self.weights;
        let all = [value, normal, eikonal, self.rate];
        if !all.iter().all(|weight| *weight >= 0.0 && weight.is_finite()) {
            return Err(Error::Input(format!(
                "a training's rate and weights are numbers from 0 on, not {all:?}"
            )));
        }
        if normal > 0.0 && target.normals().is_none() {
            return Err(Error::Input("the target has no normals to train on".into()));
        }
        let units = Units::of(network, target)?;
        let share = || Share {
            batch: Batch {
                inputs: vec![0.0; network.inputs() * POINTS],
                distances: vec![0.0; POINTS],
                normals: vec![0.0; if normal > 0.0 { 3 * POINTS } else { 0 }],
            },
            gradient: vec![0.0; network.layer_weights()],
            ..Share::default()
        };
        let shares: Vec<Share> = (0..self.batch.div_ceil(POINTS).max(1)).map(|_| share()).collect();
        let threads = rayon::current_num_threads().min(shares.len());
        let rates = Schedule::new(self.rate).with_decay(Decay::Cosine { steps: self.steps, to: 0.02 });
        let count = network.weights().len();
        Ok(TrainingRun {
            training: self,
            network,
            target,
            units,
            descent: Descent::new(rule_for(network), rates),
            ranges: vec![UNBOUNDED; count],
            at: network.weights().to_vec(),
            last: network.weights().to_vec(),
            losses: Vec::new(),
            ended: None,
            is_looked_at: false,
            random: Random(self.seed),
            drawn_from: self.seed,
            read: ReadWeights::of(network),
            shares,
            passes: (0..threads).map(|_| PassMemory::new(network, &self.weights)).collect(),
            gradient: vec![0.0; count],
            tables: network.table_lengths().into_iter().map(|length| vec![0.0; length]).collect(),
        })
    }
}

/// Adam as published; for a hash grid as Müller et al. (2022) say: a row of a table is seen now and then, by few points, and
/// its slopes are small.
fn rule_for(network: &Network) -> Rule {
    match network.layer_weights() < network.weights().len() {
        true => Rule::Adam { mean: 0.9, square: 0.99, floor: 1e-15, decay: 0.0 },
        false => Rule::ADAM,
    }
}

impl Units {
    fn of(network: &Network, target: &Target) -> Result<Units> {
        let bounds =
            target.bounds().ok_or_else(|| Error::Input("a target without points trains nothing".into()))?;
        let half = 0.5 * bounds.size().into_iter().fold(0.0, f64::max);
        let scale = if half > 0.0 { half } else { 1.0 };
        let center = [0, 1, 2].map(|axis| 0.5 * (bounds.min[axis] + bounds.max[axis]));
        let times = target.times().unwrap_or(&[0.0]).iter();
        let ends = times.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], &t| [a.min(t), b.max(t)]);
        let is_wave = matches!(network.layers()[0].activation, Activation::Sine { .. });
        let reach = if is_wave { 0.25 } else { 1.0 };
        let half = 0.5 * (ends[1] - ends[0]) / reach;
        let time = [0.5 * (ends[0] + ends[1]), if half > 0.0 { half } else { 1.0 }];
        Ok(Units { center, scale, time })
    }
}

impl TrainingRun<'_> {
    /// How many steps it has made.
    pub fn steps(&self) -> usize {
        self.descent.steps()
    }

    /// The loss at each step.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// The weights as they are, in the units that they are trained in.
    pub fn weights(&self) -> &[f64] {
        &self.at
    }

    /// The derivative of the last loss in every weight.
    pub fn gradient(&self) -> &[f64] {
        &self.gradient
    }

    /// Why it ended, if it did: as many steps were made as were asked for, or the loss is not finite.
    pub fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// The largest derivative of the loss at the last step.
    pub fn slope(&self) -> f64 {
        self.gradient.iter().fold(0.0, |most: f64, slope| most.max(slope.abs()))
    }

    /// The loss at the points of the step that is to be made; none, where none is.
    pub fn loss(&mut self) -> Option<f64> {
        if self.is_looked_at {
            return self.losses.last().copied();
        }
        if self.steps() >= self.training.steps {
            self.ended = Some(Ended::Iterations);
        }
        if self.ended.is_some() {
            return None;
        }
        self.drawn_from = self.random.0;
        let loss = self.work_out();
        if !(loss.is_finite() && self.gradient.iter().all(|slope| slope.is_finite())) {
            self.at.clone_from(&self.last);
            self.ended = Some(Ended::NotFinite);
            return None;
        }
        self.is_looked_at = true;
        self.losses.push(loss);
        Some(loss)
    }

    /// Makes a step: the loss before it, at its points. None where it ended.
    pub fn step(&mut self) -> Option<f64> {
        let loss = self.loss()?;
        self.last.clone_from(&self.at);
        self.descent.step(&mut self.at, &self.gradient, &self.ranges);
        self.is_looked_at = false;
        Some(loss)
    }

    /// The network as it is, in the target's own units.
    pub fn network(&self) -> Result<Network> {
        let Units { center, scale, time } = self.units;
        let mut network = self.network.with_weights(self.at.clone())?.scaled(center, scale)?;
        if network.inputs() == 4 {
            network = network.moved_along(3, time[0], time[1])?;
        }
        // Files need no more than what is trained in.
        let single = network.weights().iter().map(|&weight| f64::from(weight as f32)).collect();
        network.with_weights(single)
    }

    /// Its state after its last step, as JSON.
    pub fn to_json(&self) -> Value {
        let (steps, means, squares) = self.descent.memory();
        let random = if self.is_looked_at { self.drawn_from } else { self.random.0 };
        json!({
            "steps": steps, "random": format!("{random:016x}"), "losses": words_of(&self.losses[..steps]),
            "weights": words_of(&self.at), "means": words_of(means), "squares": words_of(squares),
        })
    }

    /// Goes on from what another run of the same training had come to. `file` is where errors say that it is from.
    pub fn resume(&mut self, notes: &Value, file: &str) -> Result<()> {
        let read = || {
            let steps = notes.get("steps").and_then(Value::as_u64).ok_or("\"steps\" is no whole number")?;
            let word = notes.get("random").and_then(Value::as_str);
            let word = word.and_then(|word| u64::from_str_radix(word, 16).ok());
            let random = word.ok_or("\"random\" is no word of 16 digits")?;
            let numbers = |name: &str, count: usize| match numbers_of(notes.get(name)) {
                Some(numbers) if numbers.len() == count => Ok(numbers),
                Some(numbers) => Err(format!("{name:?} has {} numbers, not {count}", numbers.len())),
                None => Err(format!("{name:?} is no list of finite numbers")),
            };
            let steps = usize::try_from(steps).map_err(|_| "\"steps\" is too many")?;
            let (count, seen) = (self.at.len(), if steps == 0 { 0 } else { self.at.len() });
            let [at, means, squares] =
                [numbers("weights", count)?, numbers("means", seen)?, numbers("squares", seen)?];
            Ok((steps, random, numbers("losses", steps)?, at, means, squares))
        };
        let found = read().map_err(|problem: String| {
            let problem = format!("is of another training: {problem}");
            Error::File { path: file.into(), problem }
        })?;
        let (steps, random, losses, at, means, squares) = found;
        self.descent = self.descent.clone().with_memory(steps, means, squares);
        self.random = Random(random);
        self.last.clone_from(&at);
        (self.losses, self.at, self.ended, self.is_looked_at) = (losses, at, None, false);
        Ok(())
    }

    /// The loss at a step's points, with its gradient.
    fn work_out(&mut self) -> f64 {
        self.draw();
        self.read.set(&self.at);
        let (read, weights) = (&self.read, &self.training.weights);
        let each = self.shares.len().div_ceil(self.passes.len());
        self.passes.par_iter_mut().zip(self.shares.par_chunks_mut(each)).for_each(|(pass, shares)| {
            for Share { batch, loss, gradient, grid } in shares {
                gradient.fill(0.0);
                *loss = pass.run(read, batch, weights, gradient, grid);
            }
        });
        let (layers, rest) = self.gradient.split_at_mut(self.network.layer_weights());
        layers.fill(0.0);
        let mean = 1.0 / (self.shares.len() * POINTS) as f64;
        let mut loss = 0.0;
        for share in &self.shares {
            loss += mean * share.loss;
            layers.iter_mut().zip(&share.gradient).for_each(|(sum, &more)| *sum += f64::from(more));
        }
        layers.iter_mut().for_each(|slope| *slope *= mean);
        let fixed = self.network.layers().iter().take(self.training.fixed_layers);
        let fixed: usize = fixed.map(|layer| (layer.inputs + 1) * layer.outputs).sum();
        layers[..fixed].fill(0.0);
        let mut parts = Vec::new();
        let mut rest = rest;
        for table in &mut self.tables {
            let (part, others) = rest.split_at_mut(table.len());
            parts.push((table, part));
            rest = others;
        }
        let (network, shares) = (self.network, &self.shares);
        parts.into_par_iter().enumerate().for_each(|(level, (table, part))| {
            table.fill(0.0);
            add_to_table(network, weights, level, shares.iter().map(|share| &share.grid), table);
            part.iter_mut().zip(&*table).for_each(|(slope, &sum)| *slope = mean * f64::from(sum));
        });
        loss
    }

    /// Draws the points of a step.
    fn draw(&mut self) {
        let Units { center, scale, time } = self.units;
        let (target, random, over) = (self.target, &mut self.random, 1.0 / scale);
        for Share { batch, .. } in &mut self.shares {
            for n in 0..POINTS {
                let drawn = ((random.unit() * target.len() as f64) as usize).min(target.len() - 1);
                for axis in 0..3 {
                    batch.inputs[axis * POINTS + n] =
                        ((target.points[drawn][axis] - center[axis]) * over) as f32;
                }
                if let Some(at) = batch.inputs.get_mut(3 * POINTS + n) {
                    let t = target.times.as_ref().map_or(0.0, |times| times[drawn]);
                    *at = ((t - time[0]) / time[1]) as f32;
                }
                batch.distances[n] = target.distances.as_ref().map_or(0.0, |all| (all[drawn] * over) as f32);
                if let (false, Some(normals)) = (batch.normals.is_empty(), &target.normals) {
                    for axis in 0..3 {
                        batch.normals[axis * POINTS + n] = normals[drawn][axis] as f32;
                    }
                }
            }
        }
    }
}

/// Numbers bit for bit, sixteen digits each.
fn words_of(numbers: &[f64]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(16 * numbers.len());
    for number in numbers {
        let _ = write!(text, "{:016x}", number.to_bits());
    }
    text
}

/// The numbers of such words, if all are finite.
fn numbers_of(value: Option<&Value>) -> Option<Vec<f64>> {
    let text = value?.as_str().filter(|text| text.len().is_multiple_of(16))?;
    let word = |word: &[u8]| u64::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok();
    let numbers = text.as_bytes().chunks_exact(16).map(|chunk| word(chunk).map(f64::from_bits));
    numbers.map(|number| number.filter(|number| number.is_finite())).collect()
}
