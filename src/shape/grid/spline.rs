//! The spline through samples on a grid: its coefficients, and its values and derivatives.
//!
//! Along each axis the coefficients c have (c₋₁ + 4 c₀ + c₁)/6 = the sample, and at the ends no second derivative: a
//! natural spline. Each axis has one more at either end, so that all cells are alike.

use super::super::orders::{Orders, orders_of};
use super::Interpolation;
use crate::number::{Columns, Interval, Real};
use crate::task;
use std::sync::Arc;

/// The most coefficients along an axis that a value is made of.
const TAPS: usize = 4;

pub(super) struct Spline {
    pub(super) interpolation: Interpolation,
    /// How many samples along t, x, y and z, and how many coefficients.
    pub(super) counts: [usize; 4],
    pub(super) sizes: [usize; 4],
    pub(super) samples: Arc<[f32]>,
    /// The last axis the fastest.
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
        spline
    }

    pub(super) fn coefficient_count(&self) -> usize {
        self.coefficients.len()
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
    fn cell<T: Place>(&self, axis: usize, at: T) -> (usize, T) {
        let last = self.counts[axis] - 1;
        let at = at.held(last);
        let cell = at.whole().min(last.saturating_sub(1));
        (cell, at.less(cell))
    }

    fn taps_at<T: Place>(&self, axis: usize, order: u8, at: T) -> Taps<T> {
        if self.counts[axis] == 1 {
            let one = if order == 0 { T::one() } else { T::zero() };
            return Taps { first: 0, count: 1, weights: [one, T::zero(), T::zero(), T::zero()] };
        }
        let (first, within) = self.cell(axis, at);
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

    /// The value and the derivatives in t, x, y and z at a place: one walk over the coefficients.
    #[inline(always)]
    fn value_and_slopes<T: Place>(&self, at: [T; 4]) -> [T; 5] {
        let values = [0, 1, 2, 3].map(|axis| self.taps_at(axis, 0, at[axis]));
        let slopes = [0, 1, 2, 3].map(|axis| self.taps_at(axis, 1, at[axis]).weights);
        let [t, x, y, z] = &values;
        let ([_, _, ny, nz], still) = (self.sizes, t.count == 1);
        let mut sums = [[T::zero(); TAPS]; 4]; // of the value, and with a slope in t, x and y
        for l in 0..t.count {
            for i in 0..x.count {
                let plane = ((t.first + l) * self.sizes[1] + x.first + i) * ny;
                // Along y first: what t and x weigh is the same for all its rows.
                let [mut value, mut slope] = [[T::zero(); TAPS]; 2];
                for j in 0..y.count {
                    let start = (plane + y.first + j) * nz + z.first;
                    let (wy, sy) = (y.weights[j], slopes[2][j]);
                    if let Some(row) = self.coefficients[start..].first_chunk::<TAPS>() {
                        for k in 0..TAPS {
                            let coefficient = T::of(row[k]);
                            value[k] = value[k] + wy * coefficient;
                            slope[k] = slope[k] + sy * coefficient;
                        }
                    } else {
                        for k in 0..z.count {
                            let coefficient = T::of(self.coefficients[start + k]);
                            value[k] = value[k] + wy * coefficient;
                            slope[k] = slope[k] + sy * coefficient;
                        }
                    }
                }
                let (wt, wx) = (t.weights[l], x.weights[i]);
                let [both, in_x, in_t] = [wt * wx, wt * slopes[1][i], slopes[0][l] * wx];
                for k in 0..TAPS {
                    sums[0][k] = sums[0][k] + both * value[k];
                    sums[2][k] = sums[2][k] + in_x * value[k];
                    sums[3][k] = sums[3][k] + both * slope[k];
                    if !still {
                        sums[1][k] = sums[1][k] + in_t * value[k];
                    }
                }
            }
        }
        let along_z = |sum: &[T; TAPS], weights: &[T; TAPS]| {
            (0..z.count).fold(T::zero(), |total, k| total + weights[k] * sum[k])
        };
        [
            along_z(&sums[0], &z.weights),
            along_z(&sums[1], &z.weights),
            along_z(&sums[2], &z.weights),
            along_z(&sums[3], &z.weights),
            along_z(&sums[0], &slopes[3]),
        ]
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
        let rows = inputs.rows();
        // The value's and the first derivatives' numbers, in the order of `value_and_slopes`.
        let place = |output: usize| match orders_of(output) {
            [0, 0, 0, 0] => Some(0),
            orders if orders.iter().sum::<u8>() == 1 => {
                orders.iter().position(|&order| order == 1).map(|n| n + 1)
            }
            _ => None,
        };
        let places: Option<Vec<usize>> = outputs.iter().map(|&output| place(output)).collect();
        let [t, x, y, z] = [0, 1, 2, 3].map(|axis| inputs.column(axis));
        for row in 0..rows {
            let at = [t[row], x[row], y[row], z[row]];
            match &places {
                Some(places) if places.len() > 1 => {
                    let all = self.value_and_slopes(at);
                    places.iter().enumerate().for_each(|(n, &place)| results[n * rows + row] = all[place]);
                }
                _ => {
                    for (n, &output) in outputs.iter().enumerate() {
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

/// How many lines of an array are worked on side by side.
const LINES: usize = 32;

/// Lines of an array along an axis, each made into one of another length: some side by side, entry by entry of each.
fn along(
    values: &[f64],
    sizes: [usize; 4],
    axis: usize,
    length: usize,
    make: impl Fn(&[f64], &mut [f64], usize),
) -> Vec<f64> {
    let inner: usize = sizes[axis + 1..].iter().product();
    let outer: usize = sizes[..axis].iter().product();
    let mut out = vec![0.0; outer * length * inner];
    let (mut lines, mut made) = (vec![0.0; sizes[axis] * LINES], vec![0.0; length * LINES]);
    for o in 0..outer {
        for i in (0..inner).step_by(LINES) {
            if task::is_given_up() {
                return out;
            }
            let width = LINES.min(inner - i);
            let (lines, made) = (&mut lines[..sizes[axis] * width], &mut made[..length * width]);
            for (n, row) in lines.chunks_exact_mut(width).enumerate() {
                let start = (o * sizes[axis] + n) * inner + i;
                row.copy_from_slice(&values[start..start + width]);
            }
            make(lines, made, width);
            for (n, row) in made.chunks_exact(width).enumerate() {
                let start = (o * length + n) * inner + i;
                out[start..start + width].copy_from_slice(row);
            }
        }
    }
    out
}

/// The reciprocals of the pivots of so many samples' system by Thomas's algorithm.
fn pivots(count: usize) -> Vec<f64> {
    let mut pivots = vec![0.0; count];
    for n in 1..count.saturating_sub(1) {
        pivots[n] = 1.0 / (4.0 - pivots[n - 1]);
    }
    pivots
}

/// The spline's coefficients at the samples themselves: c = s at the ends, and between c₋ + 4c + c₊ = 6s; of `width` lines
/// side by side.
fn solve(pivots: &[f64], samples: &[f64], c: &mut [f64], width: usize) {
    let end = samples.len() - width;
    c[..width].copy_from_slice(&samples[..width]);
    c[end..].copy_from_slice(&samples[end..]);
    let count = samples.len() / width;
    for n in 1..count.saturating_sub(1) {
        let is_last = n + 2 == count;
        for i in 0..width {
            let at = n * width + i;
            let above = if is_last { samples[end + i] } else { 0.0 };
            c[at] = (6.0 * samples[at] - c[at - width] - above) * pivots[n];
        }
    }
    for n in (1..count.saturating_sub(2)).rev() {
        for at in n * width..(n + 1) * width {
            c[at] -= pivots[n] * c[at + width];
        }
    }
}

/// The transpose of [`solve`], which is symmetric but for the ends.
fn solve_transposed(pivots: &[f64], adjoints: &[f64], out: &mut [f64], width: usize) {
    let end = adjoints.len() - width;
    if end < 2 * width {
        out.copy_from_slice(adjoints);
        return;
    }
    // The inner unknowns: a symmetric system M c = 6 s − e₁ s₀ − eₙ sₙ.
    let mut padded = vec![0.0; adjoints.len()];
    let between = width..end;
    padded[between.clone()].iter_mut().zip(&adjoints[between.clone()]).for_each(|(out, v)| *out = v / 6.0);
    let mut inner = vec![0.0; adjoints.len()];
    solve(pivots, &padded, &mut inner, width);
    for at in between {
        out[at] = 6.0 * inner[at];
    }
    for i in 0..width {
        out[i] = adjoints[i] - inner[width + i];
        out[end + i] = adjoints[end + i] - inner[end - width + i];
    }
}

/// A place along an axis: `f32` or `f64`.
pub(super) trait Place: Real + Copy {
    fn of(coefficient: f32) -> Self;
    /// Held between 0 and a whole number; 0 where it is not a number.
    fn held(self, last: usize) -> Self;
    /// The whole number it has passed.
    fn whole(self) -> usize;
    fn less(self, whole: usize) -> Self;
}

macro_rules! place {
    ($float:ident) => {
        impl Place for $float {
            #[inline(always)]
            fn of(coefficient: f32) -> Self {
                coefficient.into()
            }
            #[inline(always)]
            fn held(self, last: usize) -> Self {
                if self > 0.0 { $float::min(self, last as $float) } else { 0.0 }
            }
            #[inline(always)]
            fn whole(self) -> usize {
                self as usize
            }
            #[inline(always)]
            fn less(self, whole: usize) -> Self {
                self - whole as $float
            }
        }
    };
}

place!(f32);
place!(f64);

/// The weights of the four cubic B-splines over a cell, or their derivatives.
#[inline(always)]
fn cubic<T: Real + Copy>(order: u8, w: T) -> [T; TAPS] {
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
fn linear<T: Real + Copy>(order: u8, w: T) -> [T; TAPS] {
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

    #[test]
    fn the_transpose_is_one() {
        for count in [2, 3, 4, 7] {
            let (a, b) = (line(count), line(2 * count)[count..].to_vec());
            let [mut forward, mut back] = [0, 1].map(|_| vec![0.0; count]);
            let pivots = pivots(count);
            solve(&pivots, &a, &mut forward, 1);
            solve_transposed(&pivots, &b, &mut back, 1);
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            assert!((dot(&forward, &b) - dot(&a, &back)).abs() < 1e-12, "{count}");
            // Lines side by side are each what it is alone.
            let twice = |line: &[f64]| line.iter().flat_map(|&v| [v, -2.0 * v]).collect::<Vec<_>>();
            let mut both = vec![0.0; 2 * count];
            solve(&pivots, &twice(&a), &mut both, 2);
            assert_eq!(both, twice(&forward));
            solve_transposed(&pivots, &twice(&b), &mut both, 2);
            assert_eq!(both, twice(&back));
        }
    }

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
