//! Training: a network's weights moved until its field is a target's signed distance.

use super::descent::{Descent, Rule};
use super::objective::{Ended, Progress, UNBOUNDED, Watch, goes_on};
use super::schedule::{Decay, Schedule};
use super::target::Target;
use crate::error::{Error, Result};
use crate::learn::{Batch, Network, POINTS, PassMemory, ReadWeights, Weights};
use crate::random::Random;
use rayon::prelude::*;

/// How a network is trained: at each step by Adam (Kingma and Ba 2015), down the loss at points drawn from a target.
///
/// The loss is the mean of |f − d|, d the distance known at a point or 0; with [`Training::with_normals`] also of
/// |∇f − n|², and with [`Training::with_eikonal`] of (|∇f| − 1)² (Gropp et al. 2020). Their derivatives go through ∇f
/// exactly. The same for the same seed, whatever the number of threads.
///
/// ```
/// use fieldgrad::fit::{Target, Training};
/// use fieldgrad::learn::Network;
/// use fieldgrad::prelude::*;
///
/// let shape = sphere(0.6).smooth_union(r#box([1.4, 0.4, 0.4]), 0.2);
/// let target = Target::of_field(&shape, &Bounds::new([-1.0; 3], [1.0; 3]), 0.0, 4000, 1)?;
/// let network = Network::siren(3, &[32, 32], 10.0, 1)?;
/// let training = Training::default().with_steps(300).with_batch(480).with_rate(2e-3);
/// let trained = training.train(&network, &target)?;
/// let learned = trained.network.field();
/// let off = (learned.value_at([0.0, 0.5, 0.2, 0.0])? - shape.value_at([0.0, 0.5, 0.2, 0.0])?).abs();
/// assert!(off < 0.02);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    steps: usize,
    batch: usize,
    rate: f64,
    weights: Weights,
    fixed_layers: usize,
    seed: u64,
}

/// A network that was trained.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The network, in the target's own units.
    pub network: Network,
    /// The loss at each step, in units of half the target's longest side.
    pub losses: Vec<f64>,
    /// Why it ended.
    pub ended: Ended,
}

impl Default for Training {
    /// 2,000 steps of 8,192 points at a rate of 5e-4, down to a fiftieth of it along a cosine.
    fn default() -> Training {
        let weights = Weights { value: 1.0, is_square: false, normal: 0.0, eikonal: 0.0 };
        Training { steps: 2000, batch: 8192, rate: 5e-4, weights, fixed_layers: 0, seed: 0 }
    }
}

impl Training {
    /// The same with so many steps.
    pub fn with_steps(self, steps: usize) -> Training {
        Training { steps, ..self }
    }

    /// The same with so many points a step, or up to 239 more: a multiple of 240.
    pub fn with_batch(self, batch: usize) -> Training {
        Training { batch, ..self }
    }

    /// The same with another rate at the start.
    pub fn with_rate(self, rate: f64) -> Training {
        Training { rate, ..self }
    }

    /// The same with squares of what is off instead of its size.
    pub fn with_squares(self) -> Training {
        Training { weights: Weights { is_square: true, ..self.weights }, ..self }
    }

    /// The same with a weight for |∇f − n|², where the target has normals.
    pub fn with_normals(self, weight: f64) -> Training {
        Training { weights: Weights { normal: weight, ..self.weights }, ..self }
    }

    /// The same with a weight for (|∇f| − 1)².
    pub fn with_eikonal(self, weight: f64) -> Training {
        Training { weights: Weights { eikonal: weight, ..self.weights }, ..self }
    }

    /// The same with so many first layers that stay as they are: 1 for the features of [`Network::fourier`].
    pub fn with_fixed_layers(self, layers: usize) -> Training {
        Training { fixed_layers: layers, ..self }
    }

    /// The same with other draws.
    pub fn with_seed(self, seed: u64) -> Training {
        Training { seed, ..self }
    }

    /// Trains a network on a target. Its coordinates are brought to −1 to 1 for it, and back when it is done.
    ///
    /// An error where the target has no points, or nothing is asked of the network.
    pub fn train(&self, network: &Network, target: &Target) -> Result<Trained> {
        self.train_watched(network, target, &mut |_| true)
    }

    /// The same, watched: told of the loss after each step, and ended where that is enough.
    pub fn train_watched(&self, network: &Network, target: &Target, watch: &mut Watch) -> Result<Trained> {
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
        let bounds =
            target.bounds().ok_or_else(|| Error::Input("a target without points trains nothing".into()))?;
        let half = 0.5 * bounds.size().into_iter().fold(0.0, f64::max);
        let scale = if half > 0.0 { half } else { 1.0 };
        let center = [0, 1, 2].map(|axis| 0.5 * (bounds.min[axis] + bounds.max[axis]));
        let mut run = TrainingRun::new(self, network, target, center, scale);

        let rates = Schedule::new(self.rate).with_decay(Decay::Cosine { steps: self.steps, to: 0.02 });
        let mut descent = Descent::new(Rule::ADAM, rates);
        let (mut at, ranges) = (network.weights().to_vec(), vec![UNBOUNDED; network.weights().len()]);
        let mut last = at.clone();
        let mut losses = Vec::new();
        let fixed: usize = network
            .layers()
            .iter()
            .take(self.fixed_layers)
            .map(|layer| (layer.inputs + 1) * layer.outputs)
            .sum();
        let ended = loop {
            if losses.len() >= self.steps {
                break Ended::Iterations;
            }
            let loss = run.loss(&at);
            run.gradient[..fixed].fill(0.0);
            if !(loss.is_finite() && run.gradient.iter().all(|slope| slope.is_finite())) {
                at = last;
                break Ended::NotFinite;
            }
            losses.push(loss);
            let slope = run.gradient.iter().fold(0.0, |most: f64, slope| most.max(slope.abs()));
            if !goes_on(watch, &Progress { iteration: losses.len() - 1, value: loss, slope, at: &at }) {
                break Ended::Stopped;
            }
            last.clone_from(&at);
            descent.step(&mut at, &run.gradient, &ranges);
        };
        let network = network.with_weights(at)?.scaled(center, scale)?;
        // Files need no more than what is trained in.
        let single = network.weights().iter().map(|&weight| f64::from(weight as f32)).collect();
        let network = network.with_weights(single)?;
        Ok(Trained { network, losses, ended })
    }
}

/// A training under way.
struct TrainingRun<'a> {
    training: &'a Training,
    target: &'a Target,
    center: [f64; 3],
    scale: f64,
    random: Random,
    read: ReadWeights,
    /// A share of the points at each step: a fixed number of them, whoever works them out.
    shares: Vec<Share>,
    /// The memory of each thread.
    passes: Vec<PassMemory>,
    /// The loss's derivative in every weight.
    gradient: Vec<f64>,
}

#[derive(Default)]
struct Share {
    batch: Batch,
    loss: f64,
    gradient: Vec<f32>,
}

impl<'a> TrainingRun<'a> {
    fn new(
        training: &'a Training,
        network: &Network,
        target: &'a Target,
        center: [f64; 3],
        scale: f64,
    ) -> TrainingRun<'a> {
        let share = || Share {
            batch: Batch {
                inputs: vec![0.0; network.inputs() * POINTS],
                distances: vec![0.0; POINTS],
                normals: vec![0.0; if training.weights.normal > 0.0 { 3 * POINTS } else { 0 }],
            },
            loss: 0.0,
            gradient: vec![0.0; network.weights().len()],
        };
        let shares: Vec<Share> = (0..training.batch.div_ceil(POINTS).max(1)).map(|_| share()).collect();
        let threads = rayon::current_num_threads().min(shares.len());
        let passes = (0..threads).map(|_| PassMemory::new(network, &training.weights)).collect();
        let (random, read) = (Random(training.seed), ReadWeights::of(network));
        let gradient = vec![0.0; network.weights().len()];
        TrainingRun { training, target, center, scale, random, read, shares, passes, gradient }
    }

    /// The loss at a step's points, with its gradient.
    fn loss(&mut self, at: &[f64]) -> f64 {
        self.draw();
        self.read.set(at);
        let (read, weights) = (&self.read, &self.training.weights);
        let each = self.shares.len().div_ceil(self.passes.len());
        self.passes.par_iter_mut().zip(self.shares.par_chunks_mut(each)).for_each(|(pass, shares)| {
            for Share { batch, loss, gradient } in shares {
                gradient.fill(0.0);
                *loss = pass.run(read, batch, weights, gradient);
            }
        });
        self.gradient.fill(0.0);
        let mean = 1.0 / (self.shares.len() * POINTS) as f64;
        let mut loss = 0.0;
        for share in &self.shares {
            loss += mean * share.loss;
            self.gradient.iter_mut().zip(&share.gradient).for_each(|(sum, &more)| *sum += f64::from(more));
        }
        self.gradient.iter_mut().for_each(|slope| *slope *= mean);
        loss
    }

    /// Draws the points of a step.
    fn draw(&mut self) {
        let (target, random, center, over) = (self.target, &mut self.random, self.center, 1.0 / self.scale);
        for Share { batch, .. } in &mut self.shares {
            for n in 0..POINTS {
                let drawn = ((random.unit() * target.len() as f64) as usize).min(target.len() - 1);
                for axis in 0..3 {
                    batch.inputs[axis * POINTS + n] =
                        ((target.points[drawn][axis] - center[axis]) * over) as f32;
                }
                if let Some(time) = batch.inputs.get_mut(3 * POINTS + n) {
                    *time = target.times.as_ref().map_or(0.0, |times| times[drawn] as f32);
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
