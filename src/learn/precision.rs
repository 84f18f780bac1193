//! `f32` and `f64` as networks run on them: vectors of either, their products with matrices, and their functions.

use super::waves;
use crate::number::elementary;
use pulp::Simd;
use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// A floating-point number, and the vectors of it that a processor multiplies at once.
pub trait NetworkFloat:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Into<f64>
    + 'static
{
    type Vector<S: Simd>: Copy;

    fn vectors<S: Simd>(column: &[Self]) -> &[Self::Vector<S>];
    fn vectors_mut<S: Simd>(column: &mut [Self]) -> &mut [Self::Vector<S>];
    fn splat<S: Simd>(self, simd: S) -> Self::Vector<S>;
    /// a·b + c, rounded once where the processor can.
    fn multiply_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;
    fn total<S: Simd>(simd: S, vector: Self::Vector<S>) -> Self;

    fn of(value: f64) -> Self;
    fn size(self) -> Self;
    /// The whole number below one from 0 on.
    fn whole(self) -> u32;
    /// How far [`NetworkFloat::wave_near`] holds.
    const NEAR: Self;
    /// sin a for quarter 0, cos a for quarter 1, quickly, where |a| is below [`NetworkFloat::NEAR`].
    fn wave_near(self, quarter: u64) -> Self;
    /// The same for any a.
    fn wave(self, quarter: u64) -> Self;
    fn exponential(self) -> Self;
    fn tanh(self) -> Self;
    /// ln(1 + eᵃ).
    fn softplus(self) -> Self;
}

macro_rules! vectors {
    ($float:ident, $vector:ident, $as:ident, $as_mut:ident, $splat:ident, $mul_add:ident, $sum:ident) => {
        type Vector<S: Simd> = S::$vector;

        #[inline(always)]
        fn vectors<S: Simd>(column: &[Self]) -> &[S::$vector] {
            S::$as(column).0
        }
        #[inline(always)]
        fn vectors_mut<S: Simd>(column: &mut [Self]) -> &mut [S::$vector] {
            S::$as_mut(column).0
        }
        #[inline(always)]
        fn splat<S: Simd>(self, simd: S) -> S::$vector {
            simd.$splat(self)
        }
        #[inline(always)]
        fn multiply_add<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
            simd.$mul_add(a, b, c)
        }
        #[inline(always)]
        fn total<S: Simd>(simd: S, vector: S::$vector) -> Self {
            simd.$sum(vector)
        }
        #[inline(always)]
        fn of(value: f64) -> Self {
            value as $float
        }
        #[inline(always)]
        fn size(self) -> Self {
            $float::abs(self)
        }
        #[inline(always)]
        fn whole(self) -> u32 {
            self as u32
        }
    };
}

impl NetworkFloat for f32 {
    vectors!(f32, f32s, as_simd_f32s, as_mut_simd_f32s, splat_f32s, mul_add_e_f32s, reduce_sum_f32s);

    const NEAR: f32 = elementary::NEAR;

    #[inline(always)]
    fn wave_near(self, quarter: u64) -> Self {
        if quarter == 0 { elementary::sin_near(self) } else { elementary::cos_near(self) }
    }
    #[inline(always)]
    fn wave(self, quarter: u64) -> Self {
        if quarter == 0 { elementary::sin(self) } else { elementary::cos(self) }
    }
    #[inline(always)]
    fn exponential(self) -> Self {
        elementary::exp(self)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        let small = elementary::exp(-2.0 * self.abs());
        ((1.0 - small) / (1.0 + small)).copysign(self)
    }
    #[inline(always)]
    fn softplus(self) -> Self {
        let small = elementary::exp(-self.abs());
        f32::max(self, 0.0) + elementary::ln(1.0 + small)
    }
}

impl NetworkFloat for f64 {
    vectors!(f64, f64s, as_simd_f64s, as_mut_simd_f64s, splat_f64s, mul_add_e_f64s, reduce_sum_f64s);

    const NEAR: f64 = waves::NEAR;

    #[inline(always)]
    fn wave_near(self, quarter: u64) -> Self {
        waves::wave(self, quarter)
    }
    #[inline(always)]
    fn wave(self, quarter: u64) -> Self {
        match () {
            _ if self.abs() < waves::NEAR => waves::wave(self, quarter),
            _ if quarter == 0 => f64::sin(self),
            _ => f64::cos(self),
        }
    }
    #[inline(always)]
    fn exponential(self) -> Self {
        f64::exp(self)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        f64::tanh(self)
    }
    #[inline(always)]
    fn softplus(self) -> Self {
        f64::max(self, 0.0) + f64::ln_1p(f64::exp(-self.abs()))
    }
}
