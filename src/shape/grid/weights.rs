//! The weights that coefficients have at a place between them, and places as numbers.

use crate::number::Real;

/// The most coefficients along an axis that a value is made of.
pub(super) const TAPS: usize = 4;

/// A place along an axis: `f32` or `f64`.
pub(super) trait Coordinate: Real + Copy {
    fn of(coefficient: f32) -> Self;
    /// Held between 0 and a whole number; 0 where it is not a number.
    fn held(self, last: i32) -> Self;
    /// The whole number it has passed.
    fn whole(self) -> i32;
    fn less(self, whole: i32) -> Self;
}

macro_rules! place {
    ($float:ident) => {
        impl Coordinate for $float {
            #[inline(always)]
            fn of(coefficient: f32) -> Self {
                coefficient.into()
            }
            #[inline(always)]
            fn held(self, last: i32) -> Self {
                if self > 0.0 { $float::min(self, last as $float) } else { 0.0 }
            }
            #[inline(always)]
            fn whole(self) -> i32 {
                self as i32
            }
            #[inline(always)]
            fn less(self, whole: i32) -> Self {
                self - whole as $float
            }
        }
    };
}

place!(f32);
place!(f64);

/// The weights of the four cubic B-splines over a cell, or their derivatives.
#[inline(always)]
pub(super) fn cubic<T: Real + Copy>(order: u8, w: T) -> [T; TAPS] {
    let n = T::constant;
    let (one, v) = (T::one(), T::one() - w);
    match order {
        0 => {
            let (w2, v2, sixth) = (w * w, v * v, n(1.0 / 6.0));
            [
                v2 * v * sixth,
                n(2.0 / 3.0) - w2 * (n(1.0) - n(0.5) * w),
                n(2.0 / 3.0) - v2 * (n(1.0) - n(0.5) * v),
                w2 * w * sixth,
            ]
        }
        1 => [-(v * v) * n(0.5), w * (n(1.5) * w - n(2.0)), -(v * (n(1.5) * v - n(2.0))), w * w * n(0.5)],
        2 => [v, n(3.0) * w - n(2.0), n(3.0) * v - n(2.0), w],
        3 => [-one, n(3.0), -n(3.0), one],
        _ => [T::zero(); TAPS],
    }
}

#[inline(always)]
pub(super) fn linear<T: Real + Copy>(order: u8, w: T) -> [T; TAPS] {
    let zero = T::zero();
    match order {
        0 => [T::one() - w, w, zero, zero],
        1 => [-T::one(), T::one(), zero, zero],
        _ => [zero; TAPS],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_derivatives_of_each_other() {
        for order in 0..3 {
            for w in [0.1f64, 0.4, 0.8] {
                let [low, high] = [w - 1e-5, w + 1e-5].map(|w| cubic(order, w));
                let next = cubic(order + 1, w);
                for k in 0..TAPS {
                    assert!(((high[k] - low[k]) / 2e-5 - next[k]).abs() < 1e-8, "{order} at {w}");
                }
            }
        }
    }
}
