//! Training: a network's weights moved until its field is a target's signed distance.

use super::objective::{Ended, Progress, Watch, goes_on};
use super::target::Target;
use crate::error::Result;
use crate::learn::{Network, Weights};

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
    pub(super) steps: usize,
    pub(super) batch: usize,
    pub(super) rate: f64,
    pub(super) weights: Weights,
    pub(super) fixed_layers: usize,
    pub(super) seed: u64,
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

    /// How many steps it makes.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The same with so many points a step, or up to 239 more: a multiple of 240.
    pub fn with_batch(self, batch: usize) -> Training {
        Training { batch, ..self }
    }

    /// The same with another rate at the start.
    pub fn with_rate(self, rate: f64) -> Training {
        Training { rate, ..self }
    }

    /// The same with another weight than 1 for |f − d|.
    pub fn with_values(self, weight: f64) -> Training {
        Training { weights: Weights { value: weight, ..self.weights }, ..self }
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

    /// Trains a network on a target. Its coordinates are brought to −1 to 1 for it, and back when it is done; so is time, for
    /// one that has it, but to −¼ to ¼ for a network of sines: targets are known at few times, between which it must be
    /// smooth.
    ///
    /// An error where the target has no points, or nothing is asked of the network.
    pub fn train(&self, network: &Network, target: &Target) -> Result<Trained> {
        self.train_watched(network, target, &mut |_| true)
    }

    /// The same, watched: told of the loss after each step, and ended where that is enough.
    pub fn train_watched(&self, network: &Network, target: &Target, watch: &mut Watch) -> Result<Trained> {
        let mut run = self.begin(network, target)?;
        let mut ended = Ended::Stopped;
        while let Some(loss) = run.loss() {
            let progress =
                Progress { iteration: run.steps(), value: loss, slope: run.slope(), at: run.weights() };
            if !goes_on(watch, &progress) {
                break;
            }
            run.step();
        }
        if let Some(end) = run.ended() {
            ended = end;
        }
        Ok(Trained { network: run.network()?, losses: run.losses().to_vec(), ended })
    }
}
