//! Numbers taken by their places, and added at places: each is the other's derivative.

use super::layout::contiguous;
use super::node::{TensorData, misfit};
use super::reduce::split;
use super::{Tensor, TensorElement};
use ndarray::IxDyn;
use std::sync::Arc;

impl<T: TensorElement> Tensor<T> {
    /// The parts at given places of an axis, place by place.
    #[track_caller]
    pub fn gather(&self, axis: usize, places: &[usize]) -> Tensor<T> {
        if self.0.value.is_err() || axis >= self.shape().len() {
            let about = format!("{axis} is none of a tensor of shape {:?}", self.shape());
            return if self.0.value.is_err() {
                self.clone()
            } else {
                Tensor::refused("gather", "axis", about)
            };
        }
        if axis == 0 {
            return self.rows(&self.shape()[1..], places.into());
        }
        let mut order: Vec<usize> = (0..self.shape().len()).collect();
        order.swap(0, axis); // its own way back
        self.permute(&order).gather(0, places).permute(&order)
    }

    /// One number for each place of a shape, which is this one's but for an axis: the number at `places` along that axis, the
    /// places in the order of the shape's.
    #[track_caller]
    pub fn take_along(&self, axis: usize, shape: &[usize], places: &[usize]) -> Tensor<T> {
        if self.0.value.is_err() {
            return self.clone();
        }
        let is_like = |n: usize| n == axis || shape[n] == self.shape()[n];
        if axis >= self.shape().len() || shape.len() != self.shape().len() || !(0..shape.len()).all(is_like) {
            let about = format!("{shape:?} is not like {:?} but for axis {axis}", self.shape());
            return Tensor::refused("take_along", "shape", about);
        }
        let side = self.shape()[axis];
        let (outer, own, inner) = split(shape, axis..axis + 1);
        if places.len() != outer * own * inner || places.iter().any(|&place| place >= side) {
            let about =
                format!("are {}, and must be one below {side} for each place of {shape:?}", places.len());
            return Tensor::refused("take_along", "places", about);
        }
        let at = |(n, &place): (usize, &usize)| (n / (own * inner) * side + place) * inner + n % inner;
        let flat: Arc<[usize]> = places.iter().enumerate().map(at).collect();
        self.reshape(&[self.len()]).rows(&[], flat).reshape(shape)
    }

    /// Rows of the first axis, each of a shape.
    #[track_caller]
    pub(super) fn rows(&self, row: &[usize], places: Arc<[usize]>) -> Tensor<T> {
        let taken = places.clone();
        let value = || {
            let count = self.shape()[0];
            if let Some(far) = taken.iter().find(|&&place| place >= count) {
                return misfit("places", format!("has {far}, and there are {count}"));
            }
            let width: usize = row.iter().product();
            let data = contiguous(self.data());
            let from = data.as_slice().expect("contiguous");
            let mut numbers = Vec::with_capacity(taken.len() * width);
            match width {
                1 => numbers.extend(taken.iter().map(|&place| from[place])),
                _ => taken.iter().for_each(|&n| numbers.extend_from_slice(&from[n * width..(n + 1) * width])),
            }
            let shape: Vec<usize> = [taken.len()].iter().chain(row).copied().collect();
            Ok(TensorData::from_shape_vec(IxDyn(&shape), numbers).expect("as many"))
        };
        Tensor::made("gather", &[self], value, move |step, _| {
            Some(step.adjoint.added_at(step.inputs[0].shape()[0], places.clone()))
        })
    }

    /// Zeros in so many rows, with each row of this added at its place, in the order they stand in.
    #[track_caller]
    pub(super) fn added_at(&self, count: usize, places: Arc<[usize]>) -> Tensor<T> {
        let row = self.shape().get(1..).unwrap_or(&[]).to_vec();
        let value = || {
            let width: usize = row.iter().product();
            let data = contiguous(self.data());
            let from = data.as_slice().expect("contiguous");
            let mut numbers = vec![T::of(0.0); count * width];
            for (n, &place) in places.iter().enumerate() {
                let (to, from) =
                    (&mut numbers[place * width..(place + 1) * width], &from[n * width..(n + 1) * width]);
                to.iter_mut().zip(from).for_each(|(to, &from)| *to += from);
            }
            let shape: Vec<usize> = [count].iter().chain(&row).copied().collect();
            Ok(TensorData::from_shape_vec(IxDyn(&shape), numbers).expect("as many"))
        };
        let (places, row) = (places.clone(), row.clone());
        Tensor::made("scatter", &[self], value, move |step, _| Some(step.adjoint.rows(&row, places.clone())))
    }
}
