//! The value and the first derivatives of a cubic spline at many places, in vectors.
//!
//! Sixteen places go together: their weights side by side, then the coefficients about each, a row along z at a time. Where
//! there are more coefficients than a cache holds, those of all sixteen are fetched before the first is read.

use super::spline::Spline;
use super::weights::{Coordinate, TAPS, cubic};
use crate::number::Arch;
use pulp::NullaryFnOnce;

/// How many places go together.
const GROUP: usize = 16;

/// From so many coefficients on they are fetched ahead: half a megabyte, about a processor's own cache.
const MANY: usize = 1 << 17;

/// Four coefficients along z, or sums of them, for each of four places in y.
type TapRows<T> = [[T; TAPS]; TAPS];

/// A cubic spline of several samples along each axis of space.
pub(super) struct Cells<'a> {
    spline: &'a Spline,
    /// How far apart coefficients are that are neighbours in t, x and y.
    strides: [usize; 3],
}

/// Where a group of places is along an axis: the first coefficient of each, and the weights in the value and the slope.
struct Along<T> {
    first: [usize; GROUP],
    values: [[T; GROUP]; TAPS],
    slopes: [[T; GROUP]; TAPS],
}

impl<T: Coordinate> Along<T> {
    /// The weights of a place.
    #[inline(always)]
    fn weights(&self, n: usize) -> SplineWeights<T> {
        let ([a, b, c, d], [p, q, r, s]) = (&self.values, &self.slopes);
        SplineWeights { value: [a[n], b[n], c[n], d[n]], slope: [p[n], q[n], r[n], s[n]] }
    }
}

/// The weights of the coefficients along an axis in the value and in the slope.
#[derive(Clone, Copy)]
struct SplineWeights<T> {
    value: [T; TAPS],
    slope: [T; TAPS],
}

impl<'a> Cells<'a> {
    pub(super) fn of(spline: &'a Spline) -> Self {
        let [_, nx, ny, nz] = spline.sizes;
        Cells { spline, strides: [nx * ny * nz, ny * nz, nz] }
    }

    /// The value (0) and the derivatives in t, x, y and z (1 to 4) that are asked for, at columns of places.
    pub(super) fn value_and_slopes<T: Coordinate>(&self, asked: &[usize], at: [&[T]; 4], results: &mut [T]) {
        let cells = self;
        match asked {
            [0] => Arch::new().dispatch(Together::<T, false> { cells, asked, at, results }),
            _ => Arch::new().dispatch(Together::<T, true> { cells, asked, at, results }),
        }
    }

    /// Where some places are along an axis.
    #[inline(always)]
    fn along<T: Coordinate, const SLOPES: bool>(&self, axis: usize, at: &[T]) -> Along<T> {
        let mut within = [T::zero(); GROUP];
        within[..at.len()].copy_from_slice(at);
        let mut along = Along { first: [0; GROUP], values: [within; TAPS], slopes: [within; TAPS] };
        for n in 0..GROUP {
            let (first, own) = self.spline.cell(axis, within[n]);
            (along.first[n], within[n]) = (first as usize, own);
        }
        for n in 0..GROUP {
            let values = cubic(0, within[n]);
            for k in 0..TAPS {
                along.values[k][n] = values[k];
            }
        }
        if SLOPES {
            for n in 0..GROUP {
                let slopes = cubic(1, within[n]);
                for k in 0..TAPS {
                    along.slopes[k][n] = slopes[k];
                }
            }
        }
        along
    }

    /// Asks the processor for the rows about a place, from a coefficient on.
    #[inline(always)]
    fn fetch(&self, start: usize) {
        #[cfg(target_arch = "x86_64")]
        if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
            const TO_ALL_CACHES: i32 = 3;
            for i in 0..TAPS {
                for j in 0..TAPS {
                    let row = &self.spline.coefficients[start + i * self.strides[1] + j * self.strides[2]..];
                    sse._mm_prefetch::<TO_ALL_CACHES>(row.as_ptr().cast());
                    sse._mm_prefetch::<TO_ALL_CACHES>(row[TAPS - 1..].as_ptr().cast());
                }
            }
        }
    }

    /// The rows from a coefficient on, summed along x by the weights in the value and, if `SLOPES`, in the slope.
    #[inline(always)]
    fn over_x<T: Coordinate, const SLOPES: bool>(
        &self,
        start: usize,
        x: &SplineWeights<T>,
    ) -> [TapRows<T>; 2] {
        let coefficients = &self.spline.coefficients[start..];
        let [mut sums, mut slopes] = [[[T::zero(); TAPS]; TAPS]; 2];
        for i in 0..TAPS {
            for j in 0..TAPS {
                let row = coefficients[i * self.strides[1] + j * self.strides[2]..].first_chunk::<TAPS>();
                let row = row.expect("there are zeros behind the last");
                for k in 0..TAPS {
                    let own = T::of(row[k]);
                    sums[j][k] = if i == 0 { x.value[i] * own } else { sums[j][k] + x.value[i] * own };
                    if SLOPES {
                        slopes[j][k] =
                            if i == 0 { x.slope[i] * own } else { slopes[j][k] + x.slope[i] * own };
                    }
                }
            }
        }
        [sums, slopes]
    }

    /// The value and, if `SLOPES`, the derivatives at the same time everywhere.
    #[inline(always)]
    fn still<T: Coordinate, const SLOPES: bool>(
        &self,
        start: usize,
        [x, y, z]: [SplineWeights<T>; 3],
    ) -> [T; 5] {
        let [sums, in_x] = self.over_x::<T, SLOPES>(start, &x);
        let values = over(&sums, &y.value);
        if !SLOPES {
            return [total(&values, &z.value), T::zero(), T::zero(), T::zero(), T::zero()];
        }
        [
            total(&values, &z.value),
            T::zero(),
            total(&over(&in_x, &y.value), &z.value),
            total(&over(&sums, &y.slope), &z.value),
            total(&values, &z.slope),
        ]
    }

    /// The same where time has samples too.
    #[inline(always)]
    fn moving<T: Coordinate, const SLOPES: bool>(
        &self,
        start: usize,
        [t, x, y, z]: [SplineWeights<T>; 4],
    ) -> [T; 5] {
        let mut sums = [T::zero(); 5];
        for l in 0..TAPS {
            let own = self.still::<T, SLOPES>(start + l * self.strides[0], [x, y, z]);
            for n in [0, 2, 3, 4] {
                sums[n] = sums[n] + t.value[l] * own[n];
            }
            sums[1] = sums[1] + t.slope[l] * own[0];
        }
        sums
    }
}

/// Rows summed by their weights.
#[inline(always)]
fn over<T: Coordinate>(rows: &TapRows<T>, weights: &[T; TAPS]) -> [T; TAPS] {
    let mut sums = [T::zero(); TAPS];
    for j in 0..TAPS {
        for k in 0..TAPS {
            sums[k] = if j == 0 { weights[0] * rows[0][k] } else { sums[k] + weights[j] * rows[j][k] };
        }
    }
    sums
}

#[inline(always)]
fn total<T: Coordinate>(row: &[T; TAPS], weights: &[T; TAPS]) -> T {
    let [a, b, c, d] = [weights[0] * row[0], weights[1] * row[1], weights[2] * row[2], weights[3] * row[3]];
    (a + b) + (c + d)
}

/// The work on columns of places, to be compiled for each width of vector.
struct Together<'a, T, const SLOPES: bool> {
    cells: &'a Cells<'a>,
    asked: &'a [usize],
    at: [&'a [T]; 4],
    results: &'a mut [T],
}

impl<T: Coordinate, const SLOPES: bool> NullaryFnOnce for Together<'_, T, SLOPES> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Together { cells, asked, at, results } = self;
        let (all, moves) = (at[0].len(), cells.spline.counts[0] > 1);
        let are_many = cells.spline.coefficients.len() > MANY;
        for start in (0..all).step_by(GROUP) {
            // No closures here: they would not be compiled for the width of vector.
            let rows = start..all.min(start + GROUP);
            let x = cells.along::<T, SLOPES>(1, &at[1][rows.clone()]);
            let y = cells.along::<T, SLOPES>(2, &at[2][rows.clone()]);
            let z = cells.along::<T, SLOPES>(3, &at[3][rows.clone()]);
            let t = if moves { Some(cells.along::<T, SLOPES>(0, &at[0][rows.clone()])) } else { None };
            let mut first = [0; GROUP];
            for n in 0..GROUP {
                first[n] = x.first[n] * cells.strides[1] + y.first[n] * cells.strides[2] + z.first[n];
                if let Some(t) = &t {
                    first[n] += t.first[n] * cells.strides[0];
                }
            }
            if are_many {
                for first in first {
                    for l in 0..if moves { TAPS } else { 1 } {
                        cells.fetch(first + l * cells.strides[0]);
                    }
                }
            }
            for n in 0..rows.len() {
                let [wx, wy, wz] = [x.weights(n), y.weights(n), z.weights(n)];
                let found = match &t {
                    None => cells.still::<T, SLOPES>(first[n], [wx, wy, wz]),
                    Some(t) => cells.moving::<T, SLOPES>(first[n], [t.weights(n), wx, wy, wz]),
                };
                for (output, &place) in asked.iter().enumerate() {
                    results[output * all + start + n] = found[place];
                }
            }
        }
    }
}
