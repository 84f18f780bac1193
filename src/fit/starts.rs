//! Several starts: where a solver may begin, so that the best of several local minima is found.

use super::objective::{Solution, project};
use crate::random::Random;

/// Places to start from: the given one first, then draws, each number over its range where that has two ends, and about
/// where it is, as far as it is from 0 or by 1, where it has not. The same for the same seed.
pub fn starts(from: &[f64], ranges: &[(f64, f64)], count: usize, seed: u64) -> Vec<Vec<f64>> {
    assert_eq!(from.len(), ranges.len(), "a range for each number");
    let mut random = Random(seed);
    let drawn = (1..count).map(|_| {
        let number = |(&x, &(low, high)): (&f64, &(f64, f64))| {
            let reach = x.abs().max(1.0);
            let is_range = high - low < f64::MAX;
            let (least, most) = if is_range { (low, high) } else { (x - reach, x + reach) };
            random.between(least, most).max(low).min(high)
        };
        from.iter().zip(ranges).map(number).collect()
    });
    std::iter::once(from.to_vec()).chain(drawn).take(count).collect()
}

/// A place near another: each number off by at most a part of itself, within its range. The same for the same seed.
pub fn near(from: &[f64], ranges: &[(f64, f64)], part: f64, seed: u64) -> Vec<f64> {
    let mut random = Random(seed);
    let mut near: Vec<f64> = from.iter().map(|x| x * (1.0 + part * random.between(-1.0, 1.0))).collect();
    project(&mut near, ranges);
    near
}

/// The best of the solutions that a solver finds from several [`starts`]: the first of those with the least value.
/// None, where there are no starts.
pub fn best_of(starts: &[Vec<f64>], solve: impl FnMut(&Vec<f64>) -> Solution) -> Option<Solution> {
    let better = |best: Solution, next: Solution| {
        if next.value < best.value || best.value.is_nan() { next } else { best }
    };
    starts.iter().map(solve).reduce(better)
}
