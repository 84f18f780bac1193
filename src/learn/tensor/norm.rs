//! Batch normalisation (Ioffe and Szegedy 2015).

use super::{NamedTensors, Tensor, TensorElement};
use crate::error::Result;

/// A layer that brings each channel, the second axis, to mean 0 and variance 1, and then to a scale and a shift that are
/// fitted. While it is trained it does so by the batch at hand; afterwards by the means and variances it has seen.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    scale: usize,
    shift: usize,
    mean: usize,
    variance: usize,
    /// Added to a variance.
    pub floor: f64,
    /// How much of what was seen a new batch replaces.
    pub momentum: f64,
}

impl BatchNorm {
    /// A layer of so many channels.
    pub fn new<T: TensorElement>(weights: &mut NamedTensors<T>, name: &str, channels: usize) -> BatchNorm {
        let (zeros, ones) = (Tensor::zeros(&[channels]), Tensor::full(&[channels], T::of(1.0)));
        BatchNorm {
            scale: weights.add_variable(&format!("{name}.weight"), ones.clone()),
            shift: weights.add_variable(&format!("{name}.bias"), zeros.clone()),
            mean: weights.add_constant(&format!("{name}.running_mean"), zeros),
            variance: weights.add_constant(&format!("{name}.running_var"), ones),
            floor: 1e-5,
            momentum: 0.1,
        }
    }

    /// The layer at a batch (row, channel, and any axes behind), by that batch's own means and variances.
    #[track_caller]
    pub fn forward_training<T: TensorElement>(
        &self,
        weights: &NamedTensors<T>,
        batch: &Tensor<T>,
    ) -> Tensor<T> {
        let axes = other_axes(batch);
        let off = batch - batch.mean_axes(&axes, true);
        let variance = off.square().mean_axes(&axes, true);
        self.scaled(weights, off / (variance + self.floor).sqrt())
    }

    /// The layer at a batch, by the means and variances it has seen.
    #[track_caller]
    pub fn forward<T: TensorElement>(&self, weights: &NamedTensors<T>, batch: &Tensor<T>) -> Tensor<T> {
        let shape = channel_shape(batch);
        let off = batch - weights[self.mean].reshape(&shape);
        self.scaled(weights, off / (weights[self.variance].reshape(&shape) + self.floor).sqrt())
    }

    fn scaled<T: TensorElement>(&self, weights: &NamedTensors<T>, batch: Tensor<T>) -> Tensor<T> {
        let shape = channel_shape(&batch);
        batch * weights[self.scale].reshape(&shape) + weights[self.shift].reshape(&shape)
    }

    /// Takes a batch's means and unbiased variances into what was seen.
    pub fn update<T: TensorElement>(&self, weights: &mut NamedTensors<T>, batch: &Tensor<T>) -> Result<()> {
        let (batch, axes) = (batch.detached(), other_axes(batch));
        let channels = weights[self.mean].len();
        let count = batch.len() as f64 / channels as f64;
        let off = &batch - batch.mean_axes(&axes, true);
        let variance = off.square().mean_axes(&axes, false) * (count / (count - 1.0).max(1.0));
        for (place, seen) in [(self.mean, batch.mean_axes(&axes, false)), (self.variance, variance)] {
            let mixed = &weights[place] * (1.0 - self.momentum) + seen * self.momentum;
            mixed.array()?;
            weights.replace(place, mixed);
        }
        Ok(())
    }
}

/// All axes but the second.
fn other_axes<T: TensorElement>(batch: &Tensor<T>) -> Vec<usize> {
    (0..batch.shape().len()).filter(|&axis| axis != 1).collect()
}

/// The shape of one number a channel, that goes with a batch.
fn channel_shape<T: TensorElement>(batch: &Tensor<T>) -> Vec<usize> {
    batch.shape().iter().enumerate().skip(1).map(|(axis, &side)| if axis == 1 { side } else { 1 }).collect()
}
