//! Sums, means and maxima over axes. A sum is made in an order that depends on the shape alone: in lanes of a fixed number,
//! and by halves where it is long, so that its rounding error grows with the logarithm of its length.

use super::layout::contiguous;
use super::node::{Misfit, TensorData, misfit};
use super::{Tensor, TensorElement};
use crate::number::Arch;
use ndarray::IxDyn;
use pulp::{Simd, WithSimd};

/// How many lanes a sum has, how many numbers a run has that is added up without halving it, and how many rows.
const LANES: usize = 256;
const RUN: usize = 4096;
const ROWS: usize = 64;
/// How many columns are added up together: as many as stay near the processor.
const COLUMNS: usize = 2048;

impl<T: TensorElement> Tensor<T> {
    /// The sum of all numbers.
    #[track_caller]
    pub fn sum(&self) -> Tensor<T> {
        let axes: Vec<usize> = (0..self.shape().len()).collect();
        self.sum_axes(&axes, false)
    }

    /// The sum along an axis. The axis stays, with a side of 1, where `keep` says so.
    #[track_caller]
    pub fn sum_axis(&self, axis: usize, keep: bool) -> Tensor<T> {
        self.sum_axes(&[axis], keep)
    }

    /// The sum along some axes. They stay, with a side of 1, where `keep` says so.
    #[track_caller]
    pub fn sum_axes(&self, axes: &[usize], keep: bool) -> Tensor<T> {
        let kept: Vec<usize> = self
            .shape()
            .iter()
            .enumerate()
            .map(|(n, &side)| if axes.contains(&n) { 1 } else { side })
            .collect();
        let sums = Tensor::made(
            "sum",
            &[self],
            || {
                let rank = self.shape().len();
                if let Some(axis) = axes.iter().find(|&&axis| axis >= rank) {
                    return misfit("axis", format!("{axis} is none of a tensor of shape {:?}", self.shape()));
                }
                Ok(sums(self.data(), axes))
            },
            |step, _| Some(step.adjoint.expand(step.inputs[0].shape())),
        );
        if keep { sums } else { sums.without(axes, &kept) }
    }

    /// The mean of all numbers.
    #[track_caller]
    pub fn mean(&self) -> Tensor<T> {
        self.sum() / self.len() as f64
    }

    /// The mean along some axes. They stay, with a side of 1, where `keep` says so.
    #[track_caller]
    pub fn mean_axes(&self, axes: &[usize], keep: bool) -> Tensor<T> {
        let count: usize = axes.iter().filter_map(|&axis| self.shape().get(axis)).product();
        self.sum_axes(axes, keep) / count as f64
    }

    /// The greatest number along an axis: the first of equal ones, to which alone a derivative goes; one that is not a number
    /// if there is any. The axis stays, with a side of 1, where `keep` says so.
    #[track_caller]
    pub fn max_axis(&self, axis: usize, keep: bool) -> Tensor<T> {
        let places = match self.greatest(axis) {
            Ok(places) => places,
            Err(Misfit { argument, problem }) => return Tensor::refused("max", argument, problem),
        };
        let mut kept = self.shape().to_vec();
        if let Some(side) = kept.get_mut(axis) {
            *side = 1;
        }
        let greatest = self.take_along(axis, &kept, &places);
        if keep { greatest } else { greatest.without(&[axis], &kept) }
    }

    /// The greatest of all numbers.
    #[track_caller]
    pub fn max(&self) -> Tensor<T> {
        self.reshape(&[self.len()]).max_axis(0, false)
    }

    /// Where along an axis the greatest number stands, for each place of the others.
    fn greatest(&self, axis: usize) -> Result<Vec<usize>, Misfit> {
        let Ok(data) = &self.0.value else { return Ok(Vec::new()) };
        match data.shape().get(axis) {
            None => return misfit("axis", format!("{axis} is none of a tensor of shape {:?}", data.shape())),
            Some(0) => return misfit("axis", "has no numbers, and so no greatest one"),
            _ => {}
        }
        let data = contiguous(data);
        let (outer, side, inner) = split(data.shape(), axis..axis + 1);
        let numbers = data.as_slice().expect("contiguous");
        let mut places = vec![0; outer * inner];
        for (block, places) in
            numbers.chunks_exact((side * inner).max(1)).zip(places.chunks_exact_mut(inner.max(1)))
        {
            for n in 1..side {
                for (i, place) in places.iter_mut().enumerate() {
                    let (best, now) = (block[*place * inner + i].to_f64(), block[n * inner + i].to_f64());
                    if best < now || (now.is_nan() && !best.is_nan()) {
                        *place = n;
                    }
                }
            }
        }
        Ok(places)
    }

    /// Summed over the axes along which it was broadcast from a shape.
    pub(super) fn summed_to(&self, shape: &[usize]) -> Tensor<T> {
        if self.shape() == shape {
            return self.clone();
        }
        let skipped = self.shape().len() - shape.len();
        let is_broadcast = |axis: usize| axis < skipped || shape[axis - skipped] != self.shape()[axis];
        let axes: Vec<usize> = (0..self.shape().len()).filter(|&axis| is_broadcast(axis)).collect();
        self.sum_axes(&axes, true).reshape(shape)
    }

    /// Without axes whose sides are 1.
    #[track_caller]
    fn without(&self, axes: &[usize], kept: &[usize]) -> Tensor<T> {
        if self.0.value.is_err() {
            return self.clone();
        }
        let left: Vec<usize> =
            (0..kept.len()).filter(|axis| !axes.contains(axis)).map(|axis| kept[axis]).collect();
        self.reshape(&left)
    }
}

/// How many places there are before some axes, in them, and behind.
pub(super) fn split(shape: &[usize], axes: std::ops::Range<usize>) -> (usize, usize, usize) {
    let count = |sides: &[usize]| sides.iter().product();
    (count(&shape[..axes.start]), count(&shape[axes.clone()]), count(&shape[axes.end..]))
}

/// The sums along axes, which stay with a side of 1: neighbouring axes at once, the last ones first.
fn sums<T: TensorElement>(data: &TensorData<T>, axes: &[usize]) -> TensorData<T> {
    let data = contiguous(data);
    let mut shape = data.shape().to_vec();
    let is_summed = |axis: usize| axes.contains(&axis);
    let mut numbers: Option<Vec<T>> = None;
    let mut end = shape.len();
    while end > 0 {
        if !is_summed(end - 1) {
            end -= 1;
            continue;
        }
        let start = (0..end).rev().take_while(|&axis| is_summed(axis)).last().expect("one");
        let (outer, count, inner) = split(&shape, start..end);
        let from = numbers.as_deref().unwrap_or_else(|| data.as_slice().expect("contiguous"));
        let mut out = vec![T::of(0.0); outer * inner];
        Arch::new().dispatch(AxisSums { from, out: &mut out, count, inner });
        numbers = Some(out);
        shape[start..end].fill(1);
        end = start;
    }
    match numbers {
        Some(numbers) => TensorData::from_shape_vec(IxDyn(&shape), numbers).expect("as many"),
        None => data,
    }
}

/// Sums of so many rows that stand one after the other, each so many numbers wide.
struct AxisSums<'a, T> {
    from: &'a [T],
    out: &'a mut [T],
    count: usize,
    inner: usize,
}

impl<T: TensorElement> WithSimd for AxisSums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let AxisSums { from, out, count, inner } = self;
        if count == 0 || inner == 0 {
            return;
        }
        if inner == 1 {
            for n in 0..out.len() {
                out[n] = simd.vectorize(RunSum { numbers: &from[n * count..(n + 1) * count] });
            }
            return;
        }
        for (n, sums) in out.chunks_exact_mut(inner).enumerate() {
            let rows = &from[n * count * inner..(n + 1) * count * inner];
            for (piece, sums) in sums.chunks_mut(COLUMNS).enumerate() {
                simd.vectorize(RowSums { rows: &rows[piece * COLUMNS..], inner, count, sums });
            }
        }
    }
}

/// The sum of numbers that stand one after the other.
struct RunSum<'a, T> {
    numbers: &'a [T],
}

impl<T: TensorElement> WithSimd for RunSum<'_, T> {
    type Output = T;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> T {
        let numbers = self.numbers;
        if numbers.len() > RUN {
            let half = (numbers.len() / 2).next_multiple_of(RUN);
            let (left, right) = numbers.split_at(half.min(numbers.len()));
            let left = simd.vectorize(RunSum { numbers: left });
            return if right.is_empty() { left } else { left + simd.vectorize(RunSum { numbers: right }) };
        }
        let mut lanes = [T::of(0.0); LANES];
        let mut count = LANES;
        if numbers.len() < LANES {
            lanes[..numbers.len()].copy_from_slice(numbers);
            count = numbers.len().next_power_of_two();
        } else {
            for row in numbers.chunks(LANES) {
                let (lanes, columns) = (&mut lanes[..row.len()], row.len());
                for n in 0..columns {
                    lanes[n] += row[n];
                }
            }
        }
        while count > 1 {
            count /= 2;
            let (left, right) = lanes.split_at_mut(count);
            let right = &right[..count];
            for n in 0..count {
                left[n] += right[n];
            }
        }
        lanes[0]
    }
}

/// The sums of the columns of rows.
struct RowSums<'a, T> {
    rows: &'a [T],
    inner: usize,
    count: usize,
    sums: &'a mut [T],
}

impl<T: TensorElement> WithSimd for RowSums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let RowSums { rows, inner, count, sums } = self;
        let columns = sums.len();
        if count > ROWS {
            let half = (count / 2).next_multiple_of(ROWS);
            simd.vectorize(RowSums { rows, inner, count: half, sums: &mut *sums });
            if half < count {
                let mut others = vec![T::of(0.0); columns];
                let rows = &rows[half * inner..];
                simd.vectorize(RowSums { rows, inner, count: count - half, sums: &mut others });
                for n in 0..columns {
                    sums[n] += others[n];
                }
            }
            return;
        }
        sums.copy_from_slice(&rows[..columns]);
        for row in 1..count {
            let row = &rows[row * inner..row * inner + columns];
            for n in 0..columns {
                sums[n] += row[n];
            }
        }
    }
}
