//! Products of matrices. Panels of both are laid out as the processor reads them and multiplied in tiles that stay in its
//! registers (Goto and van de Geijn 2008). Each number of a product is summed in one order, whatever the number of threads
//! and wherever its tile lies.

use super::layout::{broadcast, dense};
use super::node::{Misfit, TensorData, misfit};
use super::{Tensor, TensorElement};
use crate::number::Arch;
use ndarray::IxDyn;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// How many vectors of a row a tile has.
const VECTORS: usize = 2;
/// How many numbers of each sum are added up before the next panels are laid out.
const DEPTH: usize = 384;
/// How many rows and columns a panel has: what stays in the processor's second cache.
const ROWS: usize = 192;
const COLUMNS: usize = 2048;
/// How many multiplications are worth another thread.
const WORTH: usize = 1 << 20;

/// A matrix of numbers somewhere in memory: its first, and how far apart rows and columns are.
#[derive(Clone, Copy)]
struct MatrixView<'a, T> {
    numbers: &'a [T],
    row: usize,
    column: usize,
}

impl<T: TensorElement> Tensor<T> {
    /// The product of matrices, the last two axes of each; the axes before are broadcast.
    ///
    /// ```
    /// use fieldgrad::learn::tensor::Tensor;
    ///
    /// let turn = Tensor::from([[0.0, -1.0], [1.0, 0.0]]);
    /// let points = Tensor::from([[3.0], [4.0]]);
    /// assert_eq!(turn.matmul(&points).to_vec()?, [-4.0, 3.0]);
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    #[track_caller]
    pub fn matmul(&self, other: &Tensor<T>) -> Tensor<T> {
        Tensor::made(
            "matmul",
            &[self, other],
            || product_of(self, other),
            |step, i| {
                let product = match i {
                    0 => step.adjoint.matmul(&step.inputs[1].transposed()),
                    _ => step.inputs[0].transposed().matmul(step.adjoint),
                };
                Some(product.summed_to(step.inputs[i].shape()))
            },
        )
    }
}

fn product_of<T: TensorElement>(left: &Tensor<T>, right: &Tensor<T>) -> Result<TensorData<T>, Misfit> {
    let (Some((batch, &[rows, depth])), Some((other_batch, &[also_depth, columns]))) =
        (left.shape().split_last_chunk::<2>(), right.shape().split_last_chunk::<2>())
    else {
        return misfit(
            "operand",
            format!("of shape {:?} times {:?} is no matrix", left.shape(), right.shape()),
        );
    };
    if depth != also_depth {
        let about = format!("has shape {:?}, which does not go behind {:?}", right.shape(), left.shape());
        return misfit("operand", about);
    }
    let batch = broadcast([batch, other_batch])?;
    let (left, right) = (dense(left.data()), dense(right.data()));
    let count: usize = batch.iter().product();
    let mut numbers = vec![T::of(0.0); count * rows * columns];
    if depth > 0 && rows * columns > 0 {
        for (n, out) in numbers.chunks_exact_mut(rows * columns).enumerate() {
            let (left, right) = (matrix(&left, &batch, n), matrix(&right, &batch, n));
            add_product(left, right, [rows, depth, columns], out);
        }
    }
    let shape: Vec<usize> = batch.iter().chain(&[rows, columns]).copied().collect();
    Ok(TensorData::from_shape_vec(IxDyn(&shape), numbers).expect("as many"))
}

/// The matrix of a place of the batch.
fn matrix<'a, T: TensorElement>(
    data: &'a TensorData<T>,
    batch: &[usize],
    mut place: usize,
) -> MatrixView<'a, T> {
    let own = data.ndim() - 2;
    let mut start = 0;
    for axis in (0..batch.len()).rev() {
        let at = place % batch[axis];
        place /= batch[axis];
        if let Some(axis) = (axis + own).checked_sub(batch.len())
            && data.shape()[axis] != 1
        {
            start += at * data.strides()[axis] as usize;
        }
    }
    let step = |axis: usize| if data.shape()[axis] == 1 { 0 } else { data.strides()[axis] as usize };
    let numbers = &data.as_slice_memory_order().expect("dense")[start..];
    MatrixView { numbers, row: step(own), column: step(own + 1) }
}

/// Adds a product to numbers that stand row by row.
fn add_product<T: TensorElement>(
    left: MatrixView<T>,
    right: MatrixView<T>,
    [rows, depth, columns]: [usize; 3],
    out: &mut [T],
) {
    let is_shared = rows > ROWS && rows * depth * columns >= WORTH && rayon::current_num_threads() > 1;
    let mut packed = Vec::new();
    for from in (0..columns).step_by(COLUMNS) {
        let wide = COLUMNS.min(columns - from);
        for at in (0..depth).step_by(DEPTH) {
            let deep = DEPTH.min(depth - at);
            let part =
                MatrixView { numbers: &right.numbers[at * right.row + from * right.column..], ..right };
            Arch::new().dispatch(Pack { from: part, deep, wide, to: &mut packed, is_right: true });
            let block = |n: usize, out: &mut [T]| {
                let high = ROWS.min(rows - n * ROWS);
                let start = n * ROWS * left.row + at * left.column;
                let turned =
                    MatrixView { numbers: &left.numbers[start..], row: left.column, column: left.row };
                let mut panel = Vec::new();
                Arch::new().dispatch(Pack {
                    from: turned,
                    deep,
                    wide: high,
                    to: &mut panel,
                    is_right: false,
                });
                let out = &mut out[from..];
                Arch::new().dispatch(Tiles { left: &panel, right: &packed, deep, high, wide, columns, out });
            };
            match is_shared {
                true => out.par_chunks_mut(ROWS * columns).enumerate().for_each(|(n, out)| block(n, out)),
                false => out.chunks_mut(ROWS * columns).enumerate().for_each(|(n, out)| block(n, out)),
            }
        }
    }
}

/// The rows of a tile: as many as registers hold.
#[inline(always)]
const fn tile_rows<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 12 } else { 6 }
}

/// Lays out a part of a matrix in strips as wide as a tile, each row by row, filled up with zeros: of the left one its
/// transpose.
struct Pack<'a, T> {
    from: MatrixView<'a, T>,
    deep: usize,
    wide: usize,
    to: &'a mut Vec<T>,
    is_right: bool,
}

impl<T: TensorElement> WithSimd for Pack<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Pack { from, deep, wide, to, is_right } = self;
        let tile = match is_right {
            true => VECTORS * size_of::<T::Vector<S>>() / size_of::<T>(),
            false => tile_rows::<S>(),
        };
        let strips = wide.div_ceil(tile);
        to.clear();
        to.resize(strips * tile * deep, T::of(0.0));
        for (strip, to) in to.chunks_exact_mut(tile * deep).enumerate() {
            let own = tile.min(wide - strip * tile);
            let numbers = &from.numbers[strip * tile * from.column..];
            if from.column == 1 {
                for (row, to) in to.chunks_exact_mut(tile).enumerate() {
                    to[..own].copy_from_slice(&numbers[row * from.row..row * from.row + own]);
                }
            } else {
                for row in 0..deep {
                    let (to, numbers) = (&mut to[row * tile..row * tile + own], &numbers[row * from.row..]);
                    for column in 0..own {
                        to[column] = numbers[column * from.column];
                    }
                }
            }
        }
    }
}

/// Adds the product of panels to numbers, tile by tile.
struct Tiles<'a, T> {
    left: &'a [T],
    right: &'a [T],
    deep: usize,
    high: usize,
    wide: usize,
    /// How far apart rows of the numbers are.
    columns: usize,
    out: &'a mut [T],
}

impl<T: TensorElement> WithSimd for Tiles<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match const { tile_rows::<S>() } {
            12 => self.all::<S, 12>(simd),
            _ => self.all::<S, 6>(simd),
        }
    }
}

impl<T: TensorElement> Tiles<'_, T> {
    #[inline(always)]
    fn all<S: Simd, const R: usize>(self, simd: S) {
        let tile = VECTORS * size_of::<T::Vector<S>>() / size_of::<T>();
        for (n, right) in self.right.chunks_exact(tile * self.deep).enumerate() {
            let (right, from) = (T::vectors::<S>(right).as_chunks::<VECTORS>().0, n * tile);
            let wide = tile.min(self.wide - from);
            for (m, left) in self.left.chunks_exact(R * self.deep).enumerate() {
                let out = &mut self.out[m * R * self.columns + from..];
                let high = R.min(self.high - m * R);
                add_tile::<T, S, R>(simd, left.as_chunks::<R>().0, right, out, self.columns, [high, wide]);
            }
        }
    }
}

/// Adds a tile, whose sums are made in registers, to numbers: so many rows and columns of it.
#[inline(always)]
fn add_tile<T: TensorElement, S: Simd, const R: usize>(
    simd: S,
    left: &[[T; R]],
    right: &[[T::Vector<S>; VECTORS]],
    out: &mut [T],
    stride: usize,
    [high, wide]: [usize; 2],
) {
    let mut sums = [[T::of(0.0).splat(simd); VECTORS]; R];
    for k in 0..left.len().min(right.len()) {
        for r in 0..R {
            let factor = left[k][r].splat(simd);
            for v in 0..VECTORS {
                sums[r][v] = T::multiply_add(simd, factor, right[k][v], sums[r][v]);
            }
        }
    }
    let tile = VECTORS * size_of::<T::Vector<S>>() / size_of::<T>();
    // By constant places alone: the sums stay in registers.
    for r in 0..R {
        if r < high && wide == tile {
            let row = T::vectors_mut::<S>(&mut out[r * stride..r * stride + tile]);
            for v in 0..VECTORS {
                row[v] = T::multiply_add(simd, sums[r][v], T::of(1.0).splat(simd), row[v]);
            }
        } else if r < high {
            let mut all = [T::of(0.0); 64];
            T::vectors_mut::<S>(&mut all)[..VECTORS].copy_from_slice(&sums[r]);
            for c in 0..wide {
                out[r * stride + c] += all[c];
            }
        }
    }
}
