//! The functions between the layers of a network. Each derivative is written in what can be differentiated again.

use super::piece::Pointwise;
use super::{Tensor, TensorElement};
use crate::learn::Activation;
use crate::number::Op;

/// √(2/π), and the part of a³, of [`Activation::Gelu`].
const GELU: [f64; 2] = [0.797_884_560_802_865_4, 0.044_715];

impl<T: TensorElement> Tensor<T> {
    /// The activation function of a network's layer, number by number.
    #[track_caller]
    pub fn activated(&self, by: Activation) -> Tensor<T> {
        match by {
            Activation::Linear => self.clone(),
            Activation::Sine { frequency } => self.sine(frequency),
            Activation::Relu => self.relu(),
            Activation::Softplus { sharpness } => self.softplus(sharpness),
            Activation::Tanh => self.tanh(),
            Activation::Sigmoid => self.sigmoid(),
            Activation::Gelu => self.gelu(),
        }
    }

    /// sin(ωa) (Sitzmann et al. 2020).
    #[track_caller]
    pub fn sine(&self, frequency: f64) -> Tensor<T> {
        (self * frequency).sin()
    }

    /// max(0, a), with derivative 0 at 0.
    #[track_caller]
    pub fn relu(&self) -> Tensor<T> {
        Tensor::apply(Op::Max, &[&Tensor::from(0.0), self])
    }

    /// The hyperbolic tangent.
    #[track_caller]
    pub fn tanh(&self) -> Tensor<T> {
        let value = || Pointwise::Tanh.results(&[self]);
        Tensor::made("tanh", &[self], value, |step, i| step.by_slope(i, &(1.0 - step.value.square())))
    }

    /// 1/(1 + e⁻ᵃ).
    #[track_caller]
    pub fn sigmoid(&self) -> Tensor<T> {
        let value = || Pointwise::Sigmoid.results(&[self]);
        Tensor::made("sigmoid", &[self], value, |step, i| {
            step.by_slope(i, &(step.value * (1.0 - step.value)))
        })
    }

    /// ln(1 + e^(βa))/β.
    #[track_caller]
    pub fn softplus(&self, sharpness: f64) -> Tensor<T> {
        let bent = self * sharpness;
        let value = || Pointwise::Softplus.results(&[&bent]);
        let made =
            Tensor::made("softplus", &[&bent], value, |step, i| step.by_slope(i, &step.inputs[0].sigmoid()));
        made / sharpness
    }

    /// The Gaussian error linear unit, as [`Activation::Gelu`] has it.
    #[track_caller]
    pub fn gelu(&self) -> Tensor<T> {
        let [part, cube] = GELU;
        let bent = (self + self * self.square() * cube) * part;
        self * (1.0 + bent.tanh()) * 0.5
    }

    /// eᵃ over the sum of those along an axis.
    #[track_caller]
    pub fn softmax(&self, axis: usize) -> Tensor<T> {
        self.log_softmax(axis).exp()
    }

    /// The logarithm of [`Tensor::softmax`], without its overflow.
    #[track_caller]
    pub fn log_softmax(&self, axis: usize) -> Tensor<T> {
        // A shift by any number gives the same: by the greatest, nothing overflows.
        let shifted = self - self.detached().max_axis(axis, true);
        &shifted - shifted.exp().sum_axis(axis, true).ln()
    }
}
