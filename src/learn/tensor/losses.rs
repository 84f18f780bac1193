//! How far predictions are from what is wanted: losses, each the mean over all numbers.

use super::{Tensor, TensorElement};
use crate::number::Op;

impl<T: TensorElement> Tensor<T> {
    /// The mean of the squares of the differences.
    #[track_caller]
    pub fn squared_loss(&self, wanted: &Tensor<T>) -> Tensor<T> {
        (self - wanted).square().mean()
    }

    /// The mean of the sizes of the differences.
    #[track_caller]
    pub fn absolute_loss(&self, wanted: &Tensor<T>) -> Tensor<T> {
        (self - wanted).abs().mean()
    }

    /// The mean of half the squares of differences up to a size, and of the tangents of that beyond it (Huber 1964).
    #[track_caller]
    pub fn huber_loss(&self, wanted: &Tensor<T>, size: f64) -> Tensor<T> {
        let off = self - wanted;
        let (far, near) = ((off.abs() - 0.5 * size) * size, off.square() * 0.5);
        Tensor::apply(Op::IfLess, &[&size.into(), &off.abs(), &far, &near]).mean()
    }

    /// The mean of −ln of the share that [`Tensor::softmax`] over the last axis gives to the class of each row.
    #[track_caller]
    pub fn cross_entropy(&self, classes: &[usize]) -> Tensor<T> {
        let mut shape = self.shape().to_vec();
        let Some(axis) = shape.len().checked_sub(1) else {
            let is_wrong = self.0.value.is_err();
            let about = "has no axis of classes";
            return if is_wrong {
                self.clone()
            } else {
                Tensor::refused("cross_entropy", "self", about.into())
            };
        };
        shape[axis] = 1;
        -self.log_softmax(axis).take_along(axis, &shape, classes).mean()
    }

    /// The mean cross entropy of chances, 0 to 1, and those that the sigmoids of these numbers are. It is
    /// ln(1 + eᵃ) − a·chance: nothing overflows.
    #[track_caller]
    pub fn binary_cross_entropy(&self, chances: &Tensor<T>) -> Tensor<T> {
        (self.softplus(1.0) - self * chances).mean()
    }
}
