//! Layers of weighted sums, and networks of them.

use super::{NamedTensors, Tensor, TensorElement};
use crate::learn::Activation;

/// A layer of weighted sums: x·Wᵀ + b, a row of W a sum.
#[derive(Clone, Debug)]
pub struct LinearLayer {
    weight: usize,
    bias: usize,
}

impl LinearLayer {
    /// A layer of so many inputs and sums, whose weights start uniform, within 1 over the root of the inputs.
    pub fn new<T: TensorElement>(
        weights: &mut NamedTensors<T>,
        name: &str,
        [inputs, outputs]: [usize; 2],
        seed: u64,
    ) -> LinearLayer {
        LinearLayer::within(weights, name, [inputs, outputs], 1.0 / (inputs as f64).sqrt(), seed)
    }

    /// A layer whose weights start uniform, within a bound; the biases start within 1 over the root of the inputs.
    pub fn within<T: TensorElement>(
        weights: &mut NamedTensors<T>,
        name: &str,
        [inputs, outputs]: [usize; 2],
        bound: f64,
        seed: u64,
    ) -> LinearLayer {
        let near = 1.0 / (inputs as f64).sqrt();
        let matrix = Tensor::uniform(&[outputs, inputs], -bound, bound, seed);
        let shift = Tensor::uniform(&[outputs], -near, near, !seed);
        LinearLayer {
            weight: weights.add_variable(&format!("{name}.weight"), matrix),
            bias: weights.add_variable(&format!("{name}.bias"), shift),
        }
    }

    /// The layer at rows of inputs.
    #[track_caller]
    pub fn forward<T: TensorElement>(&self, weights: &NamedTensors<T>, inputs: &Tensor<T>) -> Tensor<T> {
        inputs.matmul(&weights[self.weight].transposed()) + &weights[self.bias]
    }
}

/// A multilayer perceptron: layers one behind the other, with an activation between. Where it is told to skip, the inputs
/// come in again beside what the layer before made of them (Park et al. 2019).
#[derive(Clone, Debug)]
pub struct Perceptron {
    layers: Vec<LinearLayer>,
    activation: Activation,
    skips: Vec<usize>,
}

impl Perceptron {
    /// A network of layers by their widths, the first that of the inputs; the inputs come in again before the layers whose
    /// numbers are in `skips`. Layers start as [`LinearLayer::new`] does; those of sines as Sitzmann et al. (2020) have it, the
    /// first within 1 over the inputs, the others within √(6/inputs)/ω.
    pub fn new<T: TensorElement>(
        weights: &mut NamedTensors<T>,
        name: &str,
        widths: &[usize],
        activation: Activation,
        skips: &[usize],
        seed: u64,
    ) -> Perceptron {
        let layer = |(n, pair): (usize, &[usize])| {
            let inputs = pair[0] + if n > 0 && skips.contains(&n) { widths[0] } else { 0 };
            let bound = match activation {
                Activation::Sine { .. } if n == 0 => 1.0 / inputs as f64,
                Activation::Sine { frequency } => (6.0 / inputs as f64).sqrt() / frequency,
                _ => 1.0 / (inputs as f64).sqrt(),
            };
            let name = format!("{name}.{n}");
            LinearLayer::within(
                weights,
                &name,
                [inputs, pair[1]],
                bound,
                seed.wrapping_mul(1009).wrapping_add(n as u64),
            )
        };
        let layers = widths.windows(2).enumerate().map(layer).collect();
        Perceptron { layers, activation, skips: skips.to_vec() }
    }

    /// The network at rows of inputs.
    #[track_caller]
    pub fn forward<T: TensorElement>(&self, weights: &NamedTensors<T>, inputs: &Tensor<T>) -> Tensor<T> {
        let mut row = inputs.clone();
        for (n, layer) in self.layers.iter().enumerate() {
            if n > 0 {
                row = row.activated(self.activation);
                if self.skips.contains(&n) {
                    row = Tensor::concatenated(&[&row, inputs], inputs.shape().len().saturating_sub(1));
                }
            }
            row = layer.forward(weights, &row);
        }
        row
    }
}
