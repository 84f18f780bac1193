//! The numbers that tensors hold: `f32` and `f64`, one at a time and in chunks that a processor works on at once.

use crate::learn::precision::NetworkFloat;
use crate::npy::Numbers;
use crate::number::{Doubles, Lanes, Output, Real};
use std::fmt::Display;

/// A number that a tensor holds: `f32` or `f64`.
pub trait TensorElement: Real + NetworkFloat + Copy + Display {
    /// So many numbers, worked on together by the same rules: as long as a cache line.
    type Chunk: Real + Copy;
    /// How many numbers a chunk has.
    const WIDTH: usize;

    /// The chunk of the first numbers of a slice.
    fn chunk_of(numbers: &[Self]) -> Self::Chunk;
    /// The numbers of a chunk.
    fn numbers_of(chunk: &Self::Chunk) -> &[Self];
    /// Each number of a chunk through a rule.
    fn each(chunk: Self::Chunk, rule: impl Fn(Self) -> Self) -> Self::Chunk;
    /// The number as `f64`.
    fn to_f64(self) -> f64;
    /// Such numbers as NumPy's type of them.
    fn numbers(numbers: Vec<Self>) -> Numbers;
    /// A kernel's output at columns of inputs.
    fn kernel_column(output: &Output, inputs: &[f64], results: &mut [f64]);
}

macro_rules! element {
    ($float:ident, $numbers:ident, $chunk:ident, $width:literal) => {
        impl TensorElement for $float {
            type Chunk = $chunk<$width>;
            const WIDTH: usize = $width;

            #[inline(always)]
            fn chunk_of(numbers: &[Self]) -> Self::Chunk {
                let mut chunk = $chunk([0.0; $width]);
                chunk.0.copy_from_slice(&numbers[..$width]);
                chunk
            }
            #[inline(always)]
            fn numbers_of(chunk: &Self::Chunk) -> &[Self] {
                &chunk.0
            }
            #[inline(always)]
            fn each(mut chunk: Self::Chunk, rule: impl Fn(Self) -> Self) -> Self::Chunk {
                for i in 0..$width {
                    chunk.0[i] = rule(chunk.0[i]);
                }
                chunk
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            fn numbers(numbers: Vec<Self>) -> Numbers {
                Numbers::$numbers(numbers)
            }
            fn kernel_column(output: &Output, inputs: &[f64], results: &mut [f64]) {
                output.values(
                    &[output.number()],
                    crate::number::Columns::new(inputs, results.len()),
                    results,
                );
            }
        }
    };
}
element!(f32, Float32, Lanes, 16);
element!(f64, Float64, Doubles, 8);
