//! The spline through samples on a grid: its coefficients, and its values and derivatives.
//!
//! Along each axis the coefficients c have (c₋₁ + 4 c₀ + c₁)/6 = the sample, and at the ends no second derivative: a
//! natural spline. Each axis has one more at either end, so that all cells are alike.

use super::super::orders::{Orders, orders_of};
use super::Interpolation;
use super::prefilter::{along, pivots, solve, solve_transposed};
use super::weights::{Place, TAPS, cubic, linear};
use crate::number::{Columns, Interval};
use pulp::{Arch, NullaryFnOnce};
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

/// Four coefficients along z, for each of four places in y.
type Rows<T> = [[T; TAPS]; TAPS];

/// How many places are worked on together: their weights side by side, then the coefficients of each.
const GROUP: usize = 16;

/// Where a group of places is along an axis: the first coefficient of each, and the weights in the value and the slope.
struct Along<T> {
    first: [i32; GROUP],
    values: [[T; GROUP]; TAPS],
    slopes: [[T; GROUP]; TAPS],
}

impl<T: Place> Along<T> {
    #[inline(always)]
    fn at(&self, n: usize) -> (Taps<T>, [T; TAPS]) {
        let [a, b, c, d] = &self.values;
        let weights = [a[n], b[n], c[n], d[n]];
        let [a, b, c, d] = &self.slopes;
        (Taps { first: self.first[n] as usize, count: TAPS, weights }, [a[n], b[n], c[n], d[n]])
    }
}

/// The value and, if `SLOPES`, the first derivatives of a spline that is [full](Spline::is_full) at columns of places, to be
/// compiled for each width of vector.
struct Together<'a, T, const SLOPES: bool> {
    spline: &'a Spline,
    /// Which of `Spline::value_and_slopes` each output is.
    places: &'a [usize],
    inputs: Columns<'a, T>,
    results: &'a mut [T],
}

impl<T: Place, const SLOPES: bool> NullaryFnOnce for Together<'_, T, SLOPES> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Together { spline, places, inputs, results } = self;
        let all = inputs.rows();
        for start in (0..all).step_by(GROUP) {
            let rows = start..all.min(start + GROUP);
            let moves = spline.counts[0] > 1;
            let t = moves.then(|| spline.along::<T, SLOPES>(0, &inputs.column(0)[rows.clone()]));
            let x = spline.along::<T, SLOPES>(1, &inputs.column(1)[rows.clone()]);
            let y = spline.along::<T, SLOPES>(2, &inputs.column(2)[rows.clone()]);
            let z = spline.along::<T, SLOPES>(3, &inputs.column(3)[rows.clone()]);
            let still = (spline.taps_at(0, 0, T::zero()), [T::zero(); TAPS]);
            for n in 0..rows.len() {
                let t = match &t {
                    Some(t) => t.at(n),
                    None => still,
                };
                let found = spline.value_and_slopes::<T, SLOPES, true>(&[t, x.at(n), y.at(n), z.at(n)]);
                for (output, &place) in places.iter().enumerate() {
                    results[output * all + start + n] = found[place];
                }
            }
        }
    }
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
    fn cell<T: Place>(&self, axis: usize, at: T) -> (i32, T) {
        let last = self.counts[axis] as i32 - 1; // `MAX_SAMPLES` is less than that holds
        let at = at.held(last);
        let cell = at.whole().min((last - 1).max(0));
        (cell, at.less(cell))
    }

    fn taps_at<T: Place>(&self, axis: usize, order: u8, at: T) -> Taps<T> {
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

    fn derivative_at<T: Place>(&self, orders: Orders, at: [T; 4]) -> T {
        let [t, x, y, z] = [0, 1, 2, 3].map(|axis| self.taps_at(axis, orders[axis], at[axis]));
        let mut sum = [T::zero(); TAPS];
        self.rows(
            &[t, x, y],
            z.first,
            |weights, row| {
                let weight = weights[0] * weights[1] * weights[2];
                for (sum, &coefficient) in sum.iter_mut().zip(row) {
                    *sum = *sum + weight * T::of(coefficient);
                }
            },
            |k| [t.weights[k[0]], x.weights[k[1]], y.weights[k[2]]],
            z.count,
        );
        (0..z.count).fold(T::zero(), |total, k| total + z.weights[k] * sum[k])
    }

    /// Whether a value is made of four coefficients along each axis of space.
    fn is_full(&self) -> bool {
        (1..4).all(|axis| self.taps(axis) == TAPS)
    }

    /// The value and, if `SLOPES`, the derivatives in t, x, y and z at a place, of what is known of it along each axis: one
    /// walk over the coefficients. `FULL` says that the spline [is](Spline::is_full).
    ///
    /// Along x first, so that each row of coefficients along z is multiplied as a whole.
    #[inline(always)]
    fn value_and_slopes<T: Place, const SLOPES: bool, const FULL: bool>(
        &self,
        [(t, in_t), x, y, z]: &[(Taps<T>, [T; TAPS]); 4],
    ) -> [T; 5] {
        let [_, nx, ny, nz] = self.sizes;
        let rows = if FULL { TAPS } else { y.0.count };
        let place = |l: usize| (((t.first + l) * nx + x.0.first) * ny + y.0.first) * nz + z.0.first;
        if t.count == 1 {
            let [sums, sums_x] = self.over_x::<T, SLOPES, FULL>(place(0), x, rows);
            return over_y_and_z::<T, SLOPES>(&sums, &sums_x, None, y, z, rows);
        }
        // Of the value, and with a slope in t and in x.
        let [mut sums, mut sums_x, mut sums_t] = [[[T::zero(); TAPS]; TAPS]; 3];
        for l in 0..t.count {
            let [own, own_x] = self.over_x::<T, SLOPES, FULL>(place(l), x, rows);
            for j in 0..TAPS {
                for k in 0..TAPS {
                    sums[j][k] = sums[j][k] + t.weights[l] * own[j][k];
                    if SLOPES {
                        sums_x[j][k] = sums_x[j][k] + t.weights[l] * own_x[j][k];
                        sums_t[j][k] = sums_t[j][k] + in_t[l] * own[j][k];
                    }
                }
            }
        }
        over_y_and_z::<T, SLOPES>(&sums, &sums_x, Some(&sums_t), y, z, rows)
    }

    /// Rows of coefficients along z, for each place in y: weighed along x, and with the slopes in x.
    #[inline(always)]
    fn over_x<T: Place, const SLOPES: bool, const FULL: bool>(
        &self,
        first: usize,
        (x, in_x): &(Taps<T>, [T; TAPS]),
        rows: usize,
    ) -> [Rows<T>; 2] {
        let [_, _, ny, nz] = self.sizes;
        let [mut sums, mut slopes] = [[[T::zero(); TAPS]; TAPS]; 2];
        for i in 0..if FULL { TAPS } else { x.count } {
            for j in 0..rows {
                let row = self.row(first + (i * ny + j) * nz);
                for k in 0..TAPS {
                    sums[j][k] = sums[j][k] + x.weights[i] * T::of(row[k]);
                    if SLOPES {
                        slopes[j][k] = slopes[j][k] + in_x[i] * T::of(row[k]);
                    }
                }
            }
        }
        [sums, slopes]
    }

    /// Four coefficients along z.
    #[inline(always)]
    fn row(&self, start: usize) -> &[f32; TAPS] {
        self.coefficients[start..].first_chunk().expect("there are zeros behind the last")
    }

    /// Visits the rows of coefficients about a place, each with its weights.
    #[inline(always)]
    fn rows<T: Place>(
        &self,
        taps: &[Taps<T>; 3],
        first: usize,
        mut visit: impl FnMut([T; 3], &[f32]),
        weights: impl Fn([usize; 3]) -> [T; 3],
        count: usize,
    ) {
        let [t, x, y] = taps;
        for l in 0..t.count {
            for i in 0..x.count {
                for j in 0..y.count {
                    let plane = ((t.first + l) * self.sizes[1] + x.first + i) * self.sizes[2] + y.first + j;
                    let start = plane * self.sizes[3] + first;
                    visit(weights([l, i, j]), &self.coefficients[start..start + count]);
                }
            }
        }
    }

    /// Outputs at columns of places.
    pub(super) fn columns<T: Place>(&self, outputs: &[usize], inputs: Columns<T>, results: &mut [T]) {
        // The value's and the first derivatives' numbers, in the order of `value_and_slopes`.
        let place = |output: usize| match orders_of(output) {
            [0, 0, 0, 0] => Some(0),
            orders if orders.iter().sum::<u8>() == 1 => {
                orders.iter().position(|&order| order == 1).map(|n| n + 1)
            }
            _ => None,
        };
        match outputs.iter().map(|&output| place(output)).collect::<Option<Vec<usize>>>() {
            Some(places) if self.is_full() => {
                let (spline, places) = (self, &places[..]);
                match places {
                    [0] => Arch::new().dispatch(Together::<T, false> { spline, places, inputs, results }),
                    _ => Arch::new().dispatch(Together::<T, true> { spline, places, inputs, results }),
                }
            }
            Some(places) => self.each(&places, inputs, results),
            None => {
                let [t, x, y, z] = [0, 1, 2, 3].map(|axis| inputs.column(axis));
                for row in 0..inputs.rows() {
                    let at = [t[row], x[row], y[row], z[row]];
                    for (n, &output) in outputs.iter().enumerate() {
                        results[n * inputs.rows() + row] = self.derivative_at(orders_of(output), at);
                    }
                }
            }
        }
    }

    /// The value and slopes that stand at places of `value_and_slopes`, at columns of places.
    fn each<T: Place>(&self, places: &[usize], inputs: Columns<T>, results: &mut [T]) {
        for row in 0..inputs.rows() {
            let along = [0, 1, 2, 3].map(|axis| {
                let at = inputs.column(axis)[row];
                (self.taps_at(axis, 0, at), self.taps_at(axis, 1, at).weights)
            });
            let all = self.value_and_slopes::<T, true, false>(&along);
            places.iter().enumerate().for_each(|(n, &place)| results[n * inputs.rows() + row] = all[place]);
        }
    }

    /// Where some places are along an axis of several samples, on a cubic spline.
    #[inline(always)]
    fn along<T: Place, const SLOPES: bool>(&self, axis: usize, at: &[T]) -> Along<T> {
        let mut own = [T::zero(); GROUP];
        own[..at.len()].copy_from_slice(at);
        let mut along = Along { first: [0; GROUP], values: [own; TAPS], slopes: [own; TAPS] };
        for n in 0..GROUP {
            (along.first[n], own[n]) = self.cell(axis, own[n]);
        }
        for n in 0..GROUP {
            let values = cubic(0, own[n]);
            (0..TAPS).for_each(|k| along.values[k][n] = values[k]);
        }
        if SLOPES {
            for n in 0..GROUP {
                let slopes = cubic(1, own[n]);
                (0..TAPS).for_each(|k| along.slopes[k][n] = slopes[k]);
            }
        }
        along
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

/// The value and, if `SLOPES`, the derivatives in t, x, y and z, of rows of coefficients along z that were weighed along the
/// other axes: for the value, with the slopes in x, and with those in t.
#[inline(always)]
fn over_y_and_z<T: Place, const SLOPES: bool>(
    sums: &Rows<T>,
    sums_x: &Rows<T>,
    sums_t: Option<&Rows<T>>,
    (y, in_y): &(Taps<T>, [T; TAPS]),
    (z, in_z): &(Taps<T>, [T; TAPS]),
    rows: usize,
) -> [T; 5] {
    let along_y = |sums: &Rows<T>, weights: &[T; TAPS]| {
        let mut all = [T::zero(); TAPS];
        for j in 0..rows {
            for k in 0..TAPS {
                all[k] = all[k] + weights[j] * sums[j][k];
            }
        }
        all
    };
    let along_z = |sums: [T; TAPS], weights: &[T; TAPS]| {
        let pair = |k: usize| weights[k] * sums[k] + weights[k + 1] * sums[k + 1];
        pair(0) + pair(2)
    };
    let values = along_y(sums, &y.weights);
    let value = along_z(values, &z.weights);
    if !SLOPES {
        return [value, T::zero(), T::zero(), T::zero(), T::zero()];
    }
    [
        value,
        sums_t.map_or(T::zero(), |sums| along_z(along_y(sums, &y.weights), &z.weights)),
        along_z(along_y(sums_x, &y.weights), &z.weights),
        along_z(along_y(sums, in_y), &z.weights),
        along_z(values, in_z),
    ]
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
