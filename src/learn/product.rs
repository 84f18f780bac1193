//! Products of matrices with columns of points. A matrix stands row by row; columns stand one after the other, each a
//! whole number of vectors long. Every sum is made in the order of its terms, so that a point's result does not depend on
//! the points beside it.

use super::precision::NetworkFloat;
use pulp::Simd;

/// Columns are a multiple of so many numbers long: a vector of AVX-512 in `f32`, two in `f64`.
pub(crate) const GRAIN: usize = 16;

/// The rows of a matrix, and the vectors of columns, that stay in registers together: with the vectors of inputs beside
/// them they are fifteen, of the sixteen that processors without AVX-512 have.
const ROWS: usize = 4;
const VECTORS: usize = 3;

/// Adds to each output column the matrix's row times the input columns. The matrix is `outputs.len()/rows` high.
#[inline(always)]
pub(crate) fn add_product<T: NetworkFloat, S: Simd>(
    simd: S,
    matrix: &[T],
    width: usize,
    inputs: &[T],
    outputs: &mut [T],
    rows: usize,
) {
    let height = outputs.len() / rows;
    let (inputs, outputs) = (T::vectors::<S>(inputs), T::vectors_mut::<S>(outputs));
    let long = rows * size_of::<T>() / size_of::<T::Vector<S>>();
    let mut at = 0;
    while at < long {
        let mut row = 0;
        // Three vectors, or the four that are left as two and two.
        let across = match long - at {
            1 => 1,
            2 | 4 => 2,
            _ => VECTORS,
        };
        while row < height {
            let matrix = &matrix[row * width..];
            let outputs = &mut outputs[row * long + at..];
            let inputs = &inputs[at..];
            row += match (across, height - row) {
                (VECTORS, ROWS..) => tile::<T, S, ROWS, VECTORS>(simd, matrix, width, inputs, outputs, long),
                (VECTORS, _) => tile::<T, S, 1, VECTORS>(simd, matrix, width, inputs, outputs, long),
                (2, ROWS..) => tile::<T, S, ROWS, 2>(simd, matrix, width, inputs, outputs, long),
                (2, _) => tile::<T, S, 1, 2>(simd, matrix, width, inputs, outputs, long),
                (_, ROWS..) => tile::<T, S, ROWS, 1>(simd, matrix, width, inputs, outputs, long),
                (..) => tile::<T, S, 1, 1>(simd, matrix, width, inputs, outputs, long),
            };
        }
        at += across;
    }
}

/// So many rows of the matrix at so many vectors of points; the number of rows.
#[inline(always)]
fn tile<T: NetworkFloat, S: Simd, const R: usize, const V: usize>(
    simd: S,
    matrix: &[T],
    width: usize,
    inputs: &[T::Vector<S>],
    outputs: &mut [T::Vector<S>],
    long: usize,
) -> usize {
    let mut sums = [[T::default().splat(simd); V]; R];
    for r in 0..R {
        for v in 0..V {
            sums[r][v] = outputs[r * long + v];
        }
    }
    let rows: [&[T]; R] = std::array::from_fn(|r| &matrix[r * width..(r + 1) * width]);
    for (i, input) in inputs.chunks(long).take(width).enumerate() {
        let input = &input[..V];
        for r in 0..R {
            let factor = rows[r][i].splat(simd);
            for v in 0..V {
                sums[r][v] = T::multiply_add(simd, factor, input[v], sums[r][v]);
            }
        }
    }
    for r in 0..R {
        for v in 0..V {
            outputs[r * long + v] = sums[r][v];
        }
    }
    R
}

/// Adds to a matrix, row by row, the products of each of the left columns with each of the right ones, summed over the
/// points.
#[inline(always)]
pub(crate) fn add_outer<T: NetworkFloat, S: Simd>(
    simd: S,
    left: &[T],
    right: &[T],
    matrix: &mut [T],
    rows: usize,
) {
    let (height, width) = (left.len() / rows, right.len() / rows);
    let (left, right) = (T::vectors::<S>(left), T::vectors::<S>(right));
    let long = rows * size_of::<T>() / size_of::<T::Vector<S>>();
    let mut row = 0;
    while row < height {
        let mut column = 0;
        let tall = height - row >= 4;
        while column < width {
            let (left, right) = (&left[row * long..], &right[column * long..]);
            let matrix = &mut matrix[row * width + column..];
            column += match (tall, width - column) {
                (true, 3..) => outer_tile::<T, S, 4, 3>(simd, left, right, matrix, width, long),
                (true, _) => outer_tile::<T, S, 4, 1>(simd, left, right, matrix, width, long),
                (false, 3..) => outer_tile::<T, S, 1, 3>(simd, left, right, matrix, width, long),
                (false, _) => outer_tile::<T, S, 1, 1>(simd, left, right, matrix, width, long),
            };
        }
        row += if tall { 4 } else { 1 };
    }
}

#[inline(always)]
fn outer_tile<T: NetworkFloat, S: Simd, const R: usize, const C: usize>(
    simd: S,
    left: &[T::Vector<S>],
    right: &[T::Vector<S>],
    matrix: &mut [T],
    width: usize,
    long: usize,
) -> usize {
    let mut sums = [[T::default().splat(simd); C]; R];
    let lefts: [&[T::Vector<S>]; R] = std::array::from_fn(|r| &left[r * long..(r + 1) * long]);
    let rights: [&[T::Vector<S>]; C] = std::array::from_fn(|c| &right[c * long..(c + 1) * long]);
    for at in 0..long {
        for r in 0..R {
            for c in 0..C {
                sums[r][c] = T::multiply_add(simd, lefts[r][at], rights[c][at], sums[r][c]);
            }
        }
    }
    for r in 0..R {
        for c in 0..C {
            matrix[r * width + c] += T::total(simd, sums[r][c]);
        }
    }
    C
}
