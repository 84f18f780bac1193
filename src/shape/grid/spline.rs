//! The spline through samples on a grid: its coefficients, and its values and derivatives.
//!
//! Along each axis the coefficients c have (c₋₁ + 4 c₀ + c₁)/6 = the sample, and at the ends no second derivative: a
//! natural spline. Each axis has one more at either end, so that all cells are alike.

use super::super::orders::{Orders, orders_of};
use super::Interpolation;
use super::cells::Cells;
use super::prefilter::{along, pivots, solve, solve_transposed};
use super::weights::{Coordinate, TAPS, cubic, linear};
use crate::number::{Columns, Interval};
use std::sync::Arc;

pub(super) struct Spline {
    pub(super) interpolation: Interpolation,
    /// How many samples along t, x, y and z, and how many coefficients.
    pub(super) counts: [usize; 4],
    pub(super) sizes: [usize; 4],
    pub(super) samples: Arc<[f32]>,
    /// The last axis the fastest; behind the last there are zeros, so that all can be read four at a time.
    pub(super) coefficients: Vec<f32>,
}

/// Where along an axis a place is: its first coefficient, and each one's weight; only one, where there is one sample.
#[derive(Clone, Copy)]
struct Taps<T> {
    first: usize,
    count: usize,
    weights: [T; TAPS],
}

impl Spline {
    pub(super) fn of(counts: [usize; 4], samples: &Arc<[f32]>, interpolation: Interpolation) -> Spline {
        let mut spline = Spline {
            interpolation,
            counts,
            sizes: counts,
            samples: samples.clone(),
            coefficients: Vec::new(),
        };
        if interpolation == Interpolation::Linear {
            spline.coefficients = samples.to_vec();
        } else {
            let mut values: Vec<f64> = samples.iter().map(|&sample| f64::from(sample)).collect();
            for axis in (0..4).filter(|&axis| counts[axis] > 1) {
                let pivots = pivots(counts[axis]);
                values = along(&values, spline.sizes, axis, counts[axis] + 2, |lines, out, width| {
                    let end = out.len() - width;
                    solve(&pivots, lines, &mut out[width..end], width);
                    for i in 0..width {
                        out[i] = 2.0 * out[width + i] - out[2 * width + i];
                        out[end + i] = 2.0 * out[end - width + i] - out[end - 2 * width + i];
                    }
                });
                spline.sizes[axis] = counts[axis] + 2;
            }
            spline.coefficients = values.iter().map(|&value| value as f32).collect();
        }
        spline.coefficients.extend([0.0; TAPS - 1]);
        spline
    }

    pub(super) fn coefficient_count(&self) -> usize {
        self.sizes.iter().product()
    }

    /// The polynomials' degree.
    fn degree(&self) -> u8 {
        match self.interpolation {
            Interpolation::Cubic => 3,
            Interpolation::Linear => 1,
        }
    }

    /// How many coefficients along an axis a value is made of.
    pub(super) fn taps(&self, axis: usize) -> usize {
        if self.counts[axis] == 1 { 1 } else { usize::from(self.degree()) + 1 }
    }

    /// Whether a derivative is 0 everywhere.
    pub(super) fn vanishes(&self, orders: Orders) -> bool {
        (0..4).any(|axis| orders[axis] > if self.counts[axis] == 1 { 0 } else { self.degree() })
    }

    /// Whether a derivative is continuous over a box: of a spline's highest but one, and within cells.
    pub(super) fn is_continuous(&self, orders: Orders, sides: &[Interval; 4]) -> bool {
        (0..4).all(|axis| {
            let within_a_cell = sides[axis].lo().floor() == sides[axis].hi().floor();
            self.counts[axis] == 1
                || orders[axis] < self.degree()
                || orders[axis] > self.degree()
                || within_a_cell
        })
    }

    /// The cell along an axis that a place is in, and how far; places beyond the ends are at them.
    #[inline(always)]
    pub(super) fn cell<T: Coordinate>(&self, axis: usize, at: T) -> (i32, T) {
        let last = self.counts[axis] as i32 - 1; // `MAX_SAMPLES` is less than that holds
        let at = at.held(last);
        let cell = at.whole().min((last - 1).max(0));
        (cell, at.less(cell))
    }

    fn taps_at<T: Coordinate>(&self, axis: usize, order: u8, at: T) -> Taps<T> {
        if self.counts[axis] == 1 {
            let one = if order == 0 { T::one() } else { T::zero() };
            return Taps { first: 0, count: 1, weights: [one, T::zero(), T::zero(), T::zero()] };
        }
        let (first, within) = self.cell(axis, at);
        let first = first as usize;
        match self.interpolation {
            Interpolation::Cubic => Taps { first, count: 4, weights: cubic(order, within) },
            Interpolation::Linear => Taps { first, count: 2, weights: linear(order, within) },
        }
    }

    /// A derivative at a place.
    pub(super) fn at(&self, orders: Orders, at: [f64; 4]) -> f64 {
        self.derivative_at(orders, at)
    }

    fn derivative_at<T: Coordinate>(&self, orders: Orders, at: [T; 4]) -> T {
        let [t, x, y, z] = [0, 1, 2, 3].map(|axis| self.taps_at(axis, orders[axis], at[axis]));
        let mut sum = [T::zero(); TAPS];
        self.rows(
            &[t, x, y],
            z.first,
            |[l, i, j], row| {
                let weight = t.weights[l] * x.weights[i] * y.weights[j];
                for (sum, &coefficient) in sum.iter_mut().zip(row) {
                    *sum = *sum + weight * T::of(coefficient);
                }
            },
            z.count,
        );
        (0..z.count).fold(T::zero(), |total, k| total + z.weights[k] * sum[k])
    }

    /// The value and the derivatives in t, x, y and z at a place: one walk over the coefficients.
    fn value_and_slopes<T: Coordinate>(&self, at: [T; 4]) -> [T; 5] {
        let [t, x, y, z] = [0, 1, 2, 3].map(|axis| self.taps_at(axis, 0, at[axis]));
        let slopes = [0, 1, 2, 3].map(|axis| self.taps_at(axis, 1, at[axis]).weights);
        let mut sums = [T::zero(); 5];
        self.rows(
            &[t, x, y],
            z.first,
            |[l, i, j], row| {
                let [mut own, mut in_z] = [T::zero(); 2];
                for (k, &coefficient) in row.iter().enumerate() {
                    own = own + z.weights[k] * T::of(coefficient);
                    in_z = in_z + slopes[3][k] * T::of(coefficient);
                }
                let [wt, wx, wy] = [t.weights[l], x.weights[i], y.weights[j]];
                let weights =
                    [wt * wx * wy, slopes[0][l] * wx * wy, wt * slopes[1][i] * wy, wt * wx * slopes[2][j]];
                (0..4).for_each(|n| sums[n] = sums[n] + weights[n] * own);
                sums[4] = sums[4] + weights[0] * in_z;
            },
            z.count,
        );
        sums
    }

    /// Visits the rows of coefficients about a place, each with its number among them along t, x and y.
    #[inline(always)]
    fn rows<T: Coordinate>(
        &self,
        taps: &[Taps<T>; 3],
        first: usize,
        mut visit: impl FnMut([usize; 3], &[f32]),
        count: usize,
    ) {
        let [t, x, y] = taps;
        for l in 0..t.count {
            for i in 0..x.count {
                for j in 0..y.count {
                    let plane = ((t.first + l) * self.sizes[1] + x.first + i) * self.sizes[2] + y.first + j;
                    let start = plane * self.sizes[3] + first;
                    visit([l, i, j], &self.coefficients[start..start + count]);
                }
            }
        }
    }

    /// Outputs at columns of places.
    pub(super) fn columns<T: Coordinate>(&self, outputs: &[usize], inputs: Columns<T>, results: &mut [T]) {
        let (rows, [t, x, y, z]) = (inputs.rows(), [0, 1, 2, 3].map(|axis| inputs.column(axis)));
        let places: Option<Vec<usize>> = outputs.iter().map(|&output| place_of(orders_of(output))).collect();
        match places {
            Some(places) if (1..4).all(|axis| self.taps(axis) == TAPS) => {
                Cells::of(self).value_and_slopes(&places, [t, x, y, z], results);
            }
            Some(places) if places.len() > 1 => {
                for row in 0..rows {
                    let all = self.value_and_slopes([t[row], x[row], y[row], z[row]]);
                    places.iter().enumerate().for_each(|(n, &place)| results[n * rows + row] = all[place]);
                }
            }
            _ => {
                for (n, &output) in outputs.iter().enumerate() {
                    for row in 0..rows {
                        let at = [t[row], x[row], y[row], z[row]];
                        results[n * rows + row] = self.derivative_at(orders_of(output), at);
                    }
                }
            }
        }
    }

    /// Adds what an adjoint of a derivative at a place is of each coefficient.
    pub(super) fn send_back(&self, orders: Orders, at: [f64; 4], adjoint: f64, to: &mut [f64]) {
        let [t, x, y, z] = [0, 1, 2, 3].map(|axis| self.taps_at(axis, orders[axis], at[axis]));
        for l in 0..t.count {
            for i in 0..x.count {
                for j in 0..y.count {
                    let plane = ((t.first + l) * self.sizes[1] + x.first + i) * self.sizes[2] + y.first + j;
                    let start = plane * self.sizes[3] + z.first;
                    let weight = adjoint * t.weights[l] * x.weights[i] * y.weights[j];
                    for k in 0..z.count {
                        to[start + k] += weight * z.weights[k];
                    }
                }
            }
        }
    }

    /// Adds what adjoints of the coefficients are of the samples: the way that made the coefficients, transposed.
    pub(super) fn send_to_samples(&self, mut adjoints: Vec<f64>, to: &mut [f64]) {
        let mut sizes = self.sizes;
        for axis in (0..4).rev() {
            let count = self.counts[axis];
            if sizes[axis] == count {
                continue;
            }
            let pivots = pivots(count);
            adjoints = along(&adjoints, sizes, axis, count, |lines, out, width| {
                let end = lines.len() - width;
                let mut inner = lines[width..end].to_vec();
                for i in 0..width {
                    // The ends: out[0] = 2 c₀ − c₁.
                    let (low, high) = (lines[i], lines[end + i]);
                    inner[i] += 2.0 * low;
                    inner[width + i] -= low;
                    inner[(count - 1) * width + i] += 2.0 * high;
                    inner[(count - 2) * width + i] -= high;
                }
                solve_transposed(&pivots, &inner, out, width);
            });
            sizes[axis] = count;
        }
        to.iter_mut().zip(adjoints).for_each(|(sum, adjoint)| *sum += adjoint);
    }
}

/// Where a value or a first derivative stands in what [`Spline::value_and_slopes`] gives.
fn place_of(orders: Orders) -> Option<usize> {
    match orders {
        [0, 0, 0, 0] => Some(0),
        _ if orders.iter().sum::<u8>() == 1 => orders.iter().position(|&order| order == 1).map(|n| n + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(count: usize) -> Vec<f64> {
        (0..count).map(|n| (n as f64 * 1.7).sin() + 0.3 * n as f64).collect()
    }

    #[test]
    fn splines_go_through_their_samples_and_are_straight_where_those_are() {
        for count in [1, 2, 3, 4, 5, 9] {
            let samples: Arc<[f32]> = line(count).iter().map(|&value| value as f32).collect();
            let spline = Spline::of([1, 1, 1, count], &samples, Interpolation::Cubic);
            for (n, &sample) in samples.iter().enumerate() {
                let found = spline.at([0; 4], [0.0, 0.0, 0.0, n as f64]);
                assert!((found - f64::from(sample)).abs() < 1e-6, "{n} of {count}: {found}, not {sample}");
            }
            let straight: Arc<[f32]> = (0..count).map(|n| 2.0 - 0.5 * n as f32).collect();
            let spline = Spline::of([1, 1, 1, count], &straight, Interpolation::Cubic);
            let middle = 0.5 * (count - 1) as f64 + 0.1 * f64::from(count > 1);
            assert!((spline.at([0; 4], [0.0, 0.0, 0.0, middle]) - (2.0 - 0.5 * middle)).abs() < 1e-6);
        }
    }
}
