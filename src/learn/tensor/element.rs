//! The numbers that tensors hold: `f32` and `f64`.

use crate::learn::precision::NetworkFloat;
use crate::npy::Numbers;
use crate::number::{Doubles, Lanes, Output, Real};
use std::fmt::Display;

/// A number that a tensor holds: `f32` or `f64`.
pub trait TensorElement: Real + NetworkFloat + Copy + Display {
    /// A number by itself, with the functions that a loop can be vectorised through.
    type Lane: Real + Copy;

    /// It as such.
    fn lane(self) -> Self::Lane;
    /// The number of a lane.
    fn of_lane(lane: Self::Lane) -> Self;
    /// The number as `f64`.
    fn to_f64(self) -> f64;
    /// Such numbers as NumPy's type of them.
    fn numbers(numbers: Vec<Self>) -> Numbers;
    /// A kernel's output at columns of inputs.
    fn kernel_column(output: &Output, inputs: &[f64], results: &mut [f64]);
}

macro_rules! element {
    ($float:ident, $numbers:ident, $lane:ident) => {
        impl TensorElement for $float {
            type Lane = $lane<1>;

            #[inline(always)]
            fn lane(self) -> Self::Lane {
                $lane([self])
            }
            #[inline(always)]
            fn of_lane(lane: Self::Lane) -> Self {
                lane.0[0]
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
element!(f32, Float32, Lanes);
element!(f64, Float64, Doubles);
