//! The same numbers in other shapes and places: reshape, permute, expand, slice, place, concatenate. What only looks at
//! numbers in another way shares them.

use super::layout::{Reader, broadcast, contiguous, dense};
use super::node::{TensorData, misfit};
use super::reduce::split;
use super::{Tensor, TensorElement};
use ndarray::{Axis, IxDyn, Slice};

impl<T: TensorElement> Tensor<T> {
    /// The same numbers, in the same order, in another shape.
    #[track_caller]
    pub fn reshape(&self, shape: &[usize]) -> Tensor<T> {
        if self.shape() == shape {
            return self.clone();
        }
        let value = || {
            let count = shape.iter().try_fold(1usize, |count, &side| count.checked_mul(side));
            if count != Some(self.len()) {
                return misfit("shape", format!("{shape:?} does not hold the numbers of {:?}", self.shape()));
            }
            Ok(contiguous(self.data()).into_shape_with_order(IxDyn(shape)).expect("as many"))
        };
        Tensor::made("reshape", &[self], value, |step, _| Some(step.adjoint.reshape(step.inputs[0].shape())))
    }

    /// The same numbers with the axes in another order: axis n of the result is axis `order[n]` of this.
    #[track_caller]
    pub fn permute(&self, order: &[usize]) -> Tensor<T> {
        let mut back = vec![usize::MAX; order.len()];
        order.iter().enumerate().for_each(|(n, &axis)| {
            if let Some(to) = back.get_mut(axis) {
                *to = n;
            }
        });
        let is_order = order.len() == self.shape().len() && back.iter().all(|&axis| axis != usize::MAX);
        let value = || match is_order {
            true => Ok(self.data().clone().permuted_axes(IxDyn(order))),
            false => misfit(
                "order",
                format!("{order:?} is none of the axes of a tensor of shape {:?}", self.shape()),
            ),
        };
        Tensor::made("permute", &[self], value, move |step, _| Some(step.adjoint.permute(&back)))
    }

    /// The last two axes, one for the other: a matrix's transpose.
    #[track_caller]
    pub fn transposed(&self) -> Tensor<T> {
        let mut order: Vec<usize> = (0..self.shape().len()).collect();
        match order[..] {
            [.., _, _] => order.swap(self.shape().len() - 2, self.shape().len() - 1),
            _ if self.0.value.is_err() => return self.clone(),
            _ => {
                return Tensor::refused(
                    "transposed",
                    "self",
                    format!("has shape {:?}, and is no matrix", self.shape()),
                );
            }
        }
        self.permute(&order)
    }

    /// The same numbers repeated along axes whose sides are 1, and along new ones in front.
    #[track_caller]
    pub fn expand(&self, shape: &[usize]) -> Tensor<T> {
        if self.shape() == shape {
            return self.clone();
        }
        let value = || {
            if broadcast([self.shape(), shape]).ok().as_deref() != Some(shape) {
                return misfit("shape", format!("{shape:?} is none that {:?} expands to", self.shape()));
            }
            let data = dense(self.data());
            let mut numbers = vec![T::of(0.0); shape.iter().product()];
            Reader::new(&data, shape).fill(&mut numbers);
            Ok(TensorData::from_shape_vec(IxDyn(shape), numbers).expect("as many"))
        };
        Tensor::made("expand", &[self], value, |step, _| Some(step.adjoint.summed_to(step.inputs[0].shape())))
    }

    /// Part of an axis: from `from` to before `to`, each `step`-th.
    #[track_caller]
    pub fn slice(&self, axis: usize, from: usize, to: usize, step: usize) -> Tensor<T> {
        let value = || {
            let side = self.shape().get(axis).copied().unwrap_or(0);
            if axis >= self.shape().len() || from > to || to > side || step == 0 {
                let about =
                    format!("{from} to {to} by {step} along axis {axis} is none of {:?}", self.shape());
                return misfit("range", about);
            }
            let part = Slice::new(from as isize, Some(to as isize), step as isize);
            let mut data = self.data().clone();
            data.slice_axis_inplace(Axis(axis), part);
            Ok(data)
        };
        Tensor::made("slice", &[self], value, move |back, _| {
            Some(back.adjoint.placed(axis, from, step, back.inputs[0].shape()[axis]))
        })
    }

    /// Along an axis, this among zeros: the first at `from`, each next one `step` further, of `side` in all.
    #[track_caller]
    pub fn placed(&self, axis: usize, from: usize, step: usize, side: usize) -> Tensor<T> {
        let own = self.shape().get(axis).copied().unwrap_or(0);
        let to = if own == 0 { from } else { from + (own - 1) * step + 1 };
        let value = || {
            if axis >= self.shape().len() || step == 0 || to > side {
                let about = format!("{side} has no place for {own} from {from} by {step} along axis {axis}");
                return misfit("side", about);
            }
            let (outer, _, inner) = split(self.shape(), axis..axis + 1);
            let data = contiguous(self.data());
            let mut numbers = vec![T::of(0.0); outer * side * inner];
            for (n, row) in data.as_slice().expect("contiguous").chunks_exact(inner.max(1)).enumerate() {
                let (block, place) = (n / own, n % own);
                let at = (block * side + from + place * step) * inner;
                numbers[at..at + inner].copy_from_slice(row);
            }
            let mut shape = self.shape().to_vec();
            shape[axis] = side;
            Ok(TensorData::from_shape_vec(IxDyn(&shape), numbers).expect("as many"))
        };
        Tensor::made("placed", &[self], value, move |back, _| Some(back.adjoint.slice(axis, from, to, step)))
    }

    /// Tensors one behind the other along an axis.
    #[track_caller]
    pub fn concatenated(tensors: &[&Tensor<T>], axis: usize) -> Tensor<T> {
        let Some(first) = tensors.first() else {
            return Tensor::refused("concatenated", "tensors", "are none".into());
        };
        let mut ends = vec![0];
        for tensor in tensors {
            ends.push(ends[ends.len() - 1] + tensor.shape().get(axis).copied().unwrap_or(0));
        }
        let side = ends[ends.len() - 1];
        let value = || {
            let mut shape = first.shape().to_vec();
            if axis >= shape.len() {
                return misfit("axis", format!("{axis} is none of a tensor of shape {shape:?}"));
            }
            for tensor in tensors {
                let mut own = tensor.shape().to_vec();
                own.get_mut(axis).into_iter().for_each(|own| *own = shape[axis]);
                if own != shape {
                    let about = format!("have shapes {:?} and {:?}", first.shape(), tensor.shape());
                    return misfit("tensors", about);
                }
            }
            shape[axis] = side;
            let (outer, _, inner) = split(&shape, axis..axis + 1);
            let parts: Vec<TensorData<T>> = tensors.iter().map(|tensor| contiguous(tensor.data())).collect();
            let mut numbers = Vec::with_capacity(outer * side * inner);
            for block in 0..outer {
                for (part, ends) in parts.iter().zip(ends.windows(2)) {
                    let run = (ends[1] - ends[0]) * inner;
                    numbers.extend_from_slice(
                        &part.as_slice().expect("contiguous")[block * run..(block + 1) * run],
                    );
                }
            }
            Ok(TensorData::from_shape_vec(IxDyn(&shape), numbers).expect("as many"))
        };
        let places = ends.clone();
        Tensor::made("concatenated", tensors, value, move |step, i| {
            Some(step.adjoint.slice(axis, places[i], places[i + 1], 1))
        })
    }
}
