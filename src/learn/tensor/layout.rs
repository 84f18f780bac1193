//! How numbers lie in memory: shapes that go together, and arrays of any strides read in the order of their places.

use super::node::{Misfit, TensorData, misfit};
use crate::learn::tensor::TensorElement;
use ndarray::IxDyn;

/// The shape that shapes broadcast to, as NumPy has it: aligned at the last axis, a side of 1 goes with any.
pub(super) fn broadcast<'a>(shapes: impl IntoIterator<Item = &'a [usize]>) -> Result<Vec<usize>, Misfit> {
    let mut all: Vec<usize> = Vec::new();
    for shape in shapes {
        if shape.len() > all.len() {
            all.splice(0..0, std::iter::repeat_n(1, shape.len() - all.len()));
        }
        let skipped = all.len() - shape.len();
        for axis in 0..shape.len() {
            let (side, own) = (&mut all[skipped + axis], shape[axis]);
            match (*side, own) {
                (a, b) if a == b || b == 1 => {}
                (1, b) => *side = b,
                _ => {
                    return misfit("operand", format!("has shape {shape:?}, which does not go with {all:?}"));
                }
            }
        }
    }
    Ok(all)
}

/// An array's numbers in the order of the places of a shape that it broadcasts to.
pub(super) struct Reader<'a, T> {
    numbers: &'a [T],
    /// The sides and steps of the outer axes, the last the fastest; where the reader is.
    sides: Vec<usize>,
    steps: Vec<usize>,
    place: Vec<usize>,
    start: usize,
    /// How long the innermost run is, how far apart its numbers are, and how many of it are read.
    run: usize,
    step: usize,
    read: usize,
}

/// An array whose numbers stand in one piece of memory, in whatever order of axes: itself if they do.
pub(super) fn dense<T: TensorElement>(data: &TensorData<T>) -> TensorData<T> {
    match data.as_slice_memory_order() {
        Some(_) if data.strides().iter().all(|&step| step >= 0) => data.clone(),
        _ => data.as_standard_layout().into_owned().into_shared(),
    }
}

/// An array whose numbers stand in one piece of memory, the last axis the fastest: itself if they do.
pub(super) fn contiguous<T: TensorElement>(data: &TensorData<T>) -> TensorData<T> {
    if data.is_standard_layout() {
        return data.clone();
    }
    let dense = dense(data);
    let mut numbers = vec![T::of(0.0); dense.len()];
    Reader::new(&dense, dense.shape()).fill(&mut numbers);
    TensorData::from_shape_vec(IxDyn(data.shape()), numbers).expect("as many")
}

impl<'a, T: TensorElement> Reader<'a, T> {
    /// A reader of a [`dense`] array.
    pub(super) fn new(data: &'a TensorData<T>, shape: &[usize]) -> Reader<'a, T> {
        let numbers = data.as_slice_memory_order().expect("dense");
        let skipped = shape.len() - data.ndim();
        let (mut sides, mut steps): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for (axis, &side) in shape.iter().enumerate().filter(|(_, side)| **side != 1) {
            let step = match axis.checked_sub(skipped) {
                Some(own) if data.shape()[own] != 1 => data.strides()[own] as usize,
                _ => 0,
            };
            // An axis that goes on where the next one ends is one with it.
            match (sides.last_mut(), steps.last_mut()) {
                (Some(before), Some(before_step)) if *before_step == step * side => {
                    *before *= side;
                    *before_step = step;
                }
                _ => {
                    sides.push(side);
                    steps.push(step);
                }
            }
        }
        let (run, step) = (sides.pop().unwrap_or(1), steps.pop().unwrap_or(0));
        let place = vec![0; sides.len()];
        Reader { numbers, sides, steps, place, start: 0, run, step, read: 0 }
    }

    /// All the numbers, where they are read as they stand.
    pub(super) fn whole(&self) -> Option<&'a [T]> {
        (self.sides.is_empty() && self.step == 1 && self.run == self.numbers.len()).then_some(self.numbers)
    }

    /// The number, where it is one everywhere.
    pub(super) fn only(&self) -> Option<T> {
        let is_one = self.step == 0 && self.steps.iter().all(|&step| step == 0);
        self.numbers.first().copied().filter(|_| is_one)
    }

    /// Reads the next numbers.
    pub(super) fn fill(&mut self, mut out: &mut [T]) {
        while !out.is_empty() {
            let count = out.len().min(self.run - self.read);
            let (now, later) = out.split_at_mut(count);
            let from = self.start + self.read * self.step;
            match self.step {
                0 => now.fill(self.numbers[from]),
                1 => now.copy_from_slice(&self.numbers[from..from + count]),
                step => {
                    let numbers = self.numbers[from..].iter().step_by(step);
                    now.iter_mut().zip(numbers).for_each(|(to, &number)| *to = number);
                }
            }
            self.read += count;
            if self.read == self.run {
                self.next_run();
            }
            out = later;
        }
    }

    fn next_run(&mut self) {
        self.read = 0;
        for axis in (0..self.sides.len()).rev() {
            self.place[axis] += 1;
            self.start += self.steps[axis];
            if self.place[axis] < self.sides[axis] {
                return;
            }
            self.start -= self.steps[axis] * self.sides[axis];
            self.place[axis] = 0;
        }
    }
}
