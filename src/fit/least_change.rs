//! The least change of unknowns that solves few equations: a damped least-norm step within ranges.

use nalgebra::{DMatrix, DVector};

/// An equation as it is seen from where the unknowns are: its residual there, and its derivative in each.
#[derive(Clone, Debug)]
pub struct Equation {
    /// The number that should be 0.
    pub residual: f64,
    /// Its derivative in each unknown.
    pub slope: Vec<f64>,
}

/// How far an unknown may go, and how much of it is as much as a part of another.
#[derive(Clone, Copy, Debug)]
pub struct Freedom {
    /// The smallest value it may have.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// The change that counts as 1; 0 for one that stays as it is.
    pub unit: f64,
}

impl Freedom {
    /// The freedom of an unknown in its range. Its unit is the range's length; where that has not two ends, twice its
    /// value, and 1 at least.
    pub fn of(value: f64, (low, high): (f64, f64)) -> Freedom {
        let is_range = high - low < f64::MAX;
        Freedom { low, high, unit: if is_range { high - low } else { 2.0 * value.abs().max(0.5) } }
    }
}

/// Values as near as can be to those of `from` at which the equations, seen from the values `at`, hold: with J their
/// derivatives measured by the units, from − Jᵀ(JJᵀ + λ)⁻¹(r + J(from − at)), where λ is `damping` in parts of the largest
/// equation's JJᵀ.
///
/// An unknown that its range stops stays at its end, and the others do what is left to do. Nothing comes back where the
/// system has no solution.
pub fn least_change(
    equations: &[Equation],
    at: &[f64],
    from: &[f64],
    freedoms: &[Freedom],
    damping: f64,
) -> Option<Vec<f64>> {
    let mut next = from.to_vec();
    let mut free: Vec<usize> = (0..at.len()).filter(|&p| freedoms[p].unit > 0.0).collect();
    loop {
        // What would be left to do with the unknowns where `next` has them.
        let left = DVector::from_iterator(
            equations.len(),
            equations.iter().map(|Equation { residual, slope }| {
                residual + (0..at.len()).map(|p| slope[p] * (next[p] - at[p])).sum::<f64>()
            }),
        );
        let scaled = DMatrix::from_fn(equations.len(), free.len(), |row, i| {
            equations[row].slope[free[i]] * freedoms[free[i]].unit
        });
        let square = &scaled * scaled.transpose();
        let damping = damping * square.diagonal().max();
        if free.is_empty() || damping.is_nan() || damping <= 0.0 {
            return Some(next); // nothing else moves the equations
        }
        let damped = square + DMatrix::identity(equations.len(), equations.len()) * damping;
        let step = scaled.transpose() * damped.lu().solve(&left)?;
        let moved: Vec<(usize, f64)> =
            free.iter().zip(step.iter()).map(|(&p, step)| (p, next[p] - step * freedoms[p].unit)).collect();
        let inside = |&(p, value): &(usize, f64)| (freedoms[p].low..=freedoms[p].high).contains(&value);
        if moved.iter().all(inside) {
            moved.into_iter().for_each(|(p, value)| next[p] = value);
            return Some(next);
        }
        for (p, value) in moved.into_iter().filter(|moved| !inside(moved)) {
            next[p] = value.clamp(freedoms[p].low, freedoms[p].high);
            free.retain(|&other| other != p);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Freedom = Freedom { low: -10.0, high: 10.0, unit: 1.0 };

    fn sum_is(total: f64, at: &[f64]) -> Vec<Equation> {
        vec![Equation { residual: at.iter().sum::<f64>() - total, slope: vec![1.0; at.len()] }]
    }

    fn close(found: Option<Vec<f64>>, wanted: &[f64]) {
        let found = found.unwrap();
        assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}, not {wanted:?}");
    }

    #[test]
    fn what_is_to_do_is_shared_by_the_squares_of_the_units() {
        let at = [0.0, 0.0];
        close(least_change(&sum_is(2.0, &at), &at, &at, &[FREE; 2], 1e-10), &[1.0, 1.0]);
        let freedoms = [FREE, Freedom { unit: 2.0, ..FREE }];
        close(least_change(&sum_is(2.0, &at), &at, &at, &freedoms, 1e-10), &[0.4, 1.6]);
    }

    #[test]
    fn the_change_is_counted_from_the_start_and_not_from_where_the_equations_are_seen() {
        let (at, from) = ([5.0, -1.0], [0.0, 0.0]);
        close(least_change(&sum_is(2.0, &at), &at, &from, &[FREE; 2], 1e-10), &[1.0, 1.0]);
    }

    #[test]
    fn what_a_range_stops_is_left_to_the_others() {
        let at = [0.0; 3];
        let freedoms = [Freedom { high: 0.5, ..FREE }, FREE, Freedom { unit: 0.0, ..FREE }];
        close(least_change(&sum_is(6.0, &at), &at, &at, &freedoms, 1e-10), &[0.5, 5.5, 0.0]);
        let stuck = [Freedom { high: 0.5, ..FREE }; 3];
        close(least_change(&sum_is(6.0, &at), &at, &at, &stuck, 1e-10), &[0.5; 3]);
    }

    #[test]
    fn equations_that_nothing_moves_and_those_that_are_no_numbers_change_nothing() {
        let flat = [Equation { residual: 1.0, slope: vec![0.0] }];
        assert_eq!(least_change(&flat, &[3.0], &[3.0], &[FREE], 1e-4), Some(vec![3.0]));
        let wild = [Equation { residual: 1.0, slope: vec![f64::NAN] }];
        assert_eq!(least_change(&wild, &[3.0], &[3.0], &[FREE], 1e-4), Some(vec![3.0]));
    }
}
