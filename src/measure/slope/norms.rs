//! Norms of slopes in space, and of several numbers' slopes taken together. Uses numbers.

use super::Slope;
use crate::number::{Dual, Interval, Real};

/// A bound on the norm of the slopes in space.
pub(super) fn norm_of<const N: usize>(of: &Dual<Interval, N>) -> f64 {
    let squares = of.slope[..N.min(3)].iter().map(|slope| slope.square());
    squares.fold(Interval::point(0.0), |sum, square| sum + square).sqrt().hi()
}

/// A number a little larger than one that a few roundings may have made too small.
pub(super) fn rounded_up(norm: f64) -> f64 {
    norm * (1.0 + 1e-13)
}

/// A bound on |Jᵀu| for all u of length 1, where the rows of J are the slopes in space of some numbers.
pub(super) fn stretch<const N: usize, const NORM: bool>(rows: &[Slope<N, NORM>]) -> f64 {
    if !NORM {
        return f64::INFINITY;
    }
    let axes = N.min(3);
    let largest = |row: &Slope<N, NORM>, axis: usize| row.bound.slope[axis].largest();
    // By the largest sums of sizes along rows and columns: good where each number follows an axis.
    let of_row = |row: &Slope<N, NORM>| (0..axes).map(|axis| largest(row, axis)).sum::<f64>();
    let of_column = |axis: usize| rows.iter().map(|row| largest(row, axis)).sum::<f64>();
    let (row, column) = (rows.iter().map(of_row), (0..axes).map(of_column));
    let by_sums = (row.fold(0.0, f64::max) * column.fold(0.0, f64::max)).sqrt();
    // By the rows' products with each other: good where they are turned axes.
    let product = |a: &Slope<N, NORM>, b: &Slope<N, NORM>| {
        let terms = (0..axes).map(|axis| match std::ptr::eq(a, b) {
            true => a.bound.slope[axis].square(),
            false => a.bound.slope[axis] * b.bound.slope[axis],
        });
        terms.fold(Interval::point(0.0), |sum, term| sum + term).largest()
    };
    let of_products = |row: &Slope<N, NORM>| rows.iter().map(|other| product(row, other)).sum::<f64>();
    let by_products = rows.iter().map(of_products).fold(0.0, f64::max).sqrt();
    let by_norms = rows.iter().map(|row| row.norm * row.norm).sum::<f64>().sqrt();
    let least = [by_sums, by_products, by_norms].into_iter().filter(|norm| !norm.is_nan());
    rounded_up(least.fold(f64::INFINITY, f64::min))
}

/// What is 0 where each of some numbers is: known of the positive parts that a box has, some of which may be 0 throughout.
pub(super) fn above_all<const N: usize, const NORM: bool>(parts: &[Slope<N, NORM>]) -> u64 {
    let open = || parts.iter().filter(|number| !number.is_zero()).map(|number| number.part.above);
    if open().all(|above| above != 0) { open().fold(0, u64::wrapping_add) } else { 0 }
}
