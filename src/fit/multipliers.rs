//! Least squares under constraints: the method of multipliers (Hestenes 1969, Powell 1969; for ranges Rockafellar 1973).
//!
//! A constraint c that is to be in [l, h] is a residual among the others, √w·(c + λ/w − the nearest in [l, h]): it pulls
//! back by w times what is violated, and pushes by λ beforehand. Each round solves these least squares with λ held, and
//! takes what the constraint pulled with in the end for the next λ. So they hold in the limit at a moderate weight w, where
//! a penalty alone would need one that drowns all else. The last step goes the short way to where they hold to all digits.

use super::constraints::Constraints;
use super::journal::{Journal, JournalWatch};
use super::least_squares::{LeastSquares, Residuals};
use super::model::{Factor, Model};
use super::objective::{Ended, Progress, Solution};
use crate::error::Result;

/// How many rounds there are at most.
const ROUNDS: usize = 20;
/// The weight at first, in multiples of the largest curvature that the residuals have along an unknown; what it grows by
/// where a round leaves more than a part of what was violated; and the most it grows by in all.
const FIRST_WEIGHT: f64 = 10.0;
const HEAVIER: f64 = 10.0;
const LEFT: f64 = 0.1;
const HEAVIEST: f64 = 1e6;
/// How far the first round is gone, as its value tolerance, and by what the next ones are finer.
const ROUGH: f64 = 1e-4;
const FINER: f64 = 1e-2;
/// The most that may be violated at the end, before the last step: as constraints are measured; and where that step changes the
/// value by less than the tolerance.
const EXACT: f64 = 1e-10;
const NEAR: f64 = 1e-6;

/// How hard violated constraints pull, and what each pushes with beforehand.
#[derive(Clone, Debug)]
pub(super) struct Penalty {
    pub(super) weight: f64,
    pub(super) multipliers: Vec<f64>,
}

impl Penalty {
    /// Its cost where nothing is violated.
    fn offset(&self) -> f64 {
        self.multipliers.iter().map(|push| push * push).sum::<f64>() / (2.0 * self.weight)
    }

    /// Its cost where constraints are so far outside of their ranges.
    pub(super) fn of(&self, excesses: &[f64]) -> f64 {
        0.5 * self.weight * excesses.iter().map(|own| own * own).sum::<f64>()
    }
}

/// Residuals with those of constraints among them.
pub(super) struct Augmented<'a, R> {
    pub(super) of: &'a mut R,
    pub(super) constraints: &'a mut Constraints,
    pub(super) penalty: &'a Penalty,
}

impl<R: Residuals> Residuals for Augmented<'_, R> {
    fn cost(&mut self, at: &[f64]) -> f64 {
        self.of.cost(at) + self.penalty.of(&self.constraints.excesses(at, self.penalty))
    }

    fn linearise(&mut self, at: &[f64], model: &mut Model) -> f64 {
        let own = self.of.linearise(at, model);
        own + self.penalty.of(&self.constraints.add_to(at, self.penalty, model))
    }
}

impl Constraints {
    /// The unknowns that make residuals small where all constraints hold, from a start, within ranges.
    ///
    /// All hold at the solution, whatever ended it, unless it ended as [infeasible](Ended::Infeasible): then it is where
    /// least is violated, and its value is infinite. It goes through a journal as searches without constraints do.
    pub fn solve(
        &mut self,
        by: &LeastSquares,
        of: &mut impl Residuals,
        start: &[f64],
        ranges: &[(f64, f64)],
        journal: &mut Journal,
        watch: &mut JournalWatch,
    ) -> Result<Solution> {
        let feasible = match self.nearest_in(start, ranges) {
            Ok(at) => at,
            Err(conflict) => {
                let (at, value, ended) = (conflict.at, f64::INFINITY, Ended::Infeasible);
                return Ok(Solution { at, value, iterations: 0, evaluations: 0, ended });
            }
        };
        let mut solution = self.rounds(by, of, &feasible, ranges, journal, watch)?;
        let (_, at) = self.approached(&solution.at, ranges);
        solution.at = at;
        if !self.broken(&solution.at).is_empty() {
            solution.at = feasible;
            if solution.ended != Ended::Stopped {
                solution.ended = Ended::Iterations;
            }
        }
        solution.value = of.cost(&solution.at);
        Ok(solution)
    }

    /// Round by round to where constraints nearly hold.
    fn rounds<R: Residuals>(
        &mut self,
        by: &LeastSquares,
        of: &mut R,
        start: &[f64],
        ranges: &[(f64, f64)],
        journal: &mut Journal,
        watch: &mut JournalWatch,
    ) -> Result<Solution> {
        let weight = self.first_weight(of, start);
        let mut penalty = Penalty { weight, multipliers: vec![0.0; self.len()] };
        let (at, value, ended) = (start.to_vec(), f64::NAN, Ended::Iterations);
        let mut solution = Solution { at, value, iterations: 0, evaluations: 0, ended };
        let mut before = f64::INFINITY;
        for round in 0..ROUNDS {
            let rough = by.value_tolerance.max(ROUGH * FINER.powi(round as i32));
            let own = LeastSquares { value_tolerance: rough, ..*by };
            let (iterations, offset) = (solution.iterations, penalty.offset());
            let mut watch_round = |progress: &Progress, journal: &Journal| {
                let (iteration, value) = (iterations + progress.iteration, progress.value - offset);
                watch(&Progress { iteration, value: value.max(0.0), ..*progress }, journal)
            };
            let mut augmented = Augmented { of: &mut *of, constraints: &mut *self, penalty: &penalty };
            let found = journal.solve(&own, &mut augmented, &solution.at, ranges, &mut watch_round)?;
            solution = Solution {
                iterations: iterations + found.iterations,
                evaluations: solution.evaluations + found.evaluations,
                ..found
            };
            if matches!(solution.ended, Ended::Stopped | Ended::NotFinite) {
                break;
            }
            let (change, gain) = self.push(&solution.at, &mut penalty);
            if change <= EXACT || (change <= NEAR && gain <= by.value_tolerance * of.cost(&solution.at)) {
                break;
            }
            if round + 1 == ROUNDS && change > NEAR {
                solution.ended = Ended::Iterations;
            }
            if change > LEFT * before {
                penalty.weight = (HEAVIER * penalty.weight).min(HEAVIEST * weight);
            }
            before = change;
        }
        Ok(solution)
    }

    /// The weight of the first round.
    fn first_weight(&mut self, of: &mut impl Residuals, at: &[f64]) -> f64 {
        let mut model = Model::new(at.len(), Factor::Normal);
        of.linearise(at, &mut model);
        let curvatures =
            model.lengths().into_iter().zip(self.units()).map(|(length, unit)| (length * unit).powi(2));
        let largest = curvatures.fold(0.0, f64::max);
        if largest > 0.0 && largest.is_finite() { FIRST_WEIGHT * largest } else { 1.0 }
    }

    /// Takes what constraints pull with at a place for multipliers. The largest change of one, in what is violated, and
    /// about what it changes the value by to violate nothing.
    fn push(&mut self, at: &[f64], penalty: &mut Penalty) -> (f64, f64) {
        let next: Vec<f64> =
            self.excesses(at, penalty).into_iter().map(|excess| penalty.weight * excess).collect();
        let pairs = next.iter().zip(&penalty.multipliers);
        let changes: Vec<f64> = pairs.map(|(next, own)| (next - own).abs() / penalty.weight).collect();
        let gain = next.iter().zip(&changes).map(|(push, change)| push.abs() * change).sum();
        penalty.multipliers = next;
        (changes.into_iter().fold(0.0, f64::max), gain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{Field, Unknowns, param};
    use crate::fit::{ResidualFn, UNBOUNDED};

    /// Half the squared distance from a point.
    fn distance<const N: usize>(to: [f64; N]) -> impl Residuals {
        ResidualFn::new(N, move |at: &[f64], residuals: &mut [f64], rows: Option<&mut [f64]>| {
            (0..N).for_each(|n| residuals[n] = at[n] - to[n]);
            if let Some(rows) = rows {
                rows.fill(0.0);
                (0..N).for_each(|n| rows[n * N + n] = 1.0);
            }
        })
    }

    fn numbers<const N: usize>() -> (Unknowns, [Field; N]) {
        let all: [Field; N] = std::array::from_fn(|n| param(&format!("p{n}"), 1.0 + n as f64));
        (Unknowns::of(&all).unwrap(), all)
    }

    fn solved<const N: usize>(
        stated: Vec<(Field, f64, f64)>,
        to: [f64; N],
        journal: &mut Journal,
    ) -> Solution {
        let (unknowns, _) = numbers::<N>();
        let mut constraints = Constraints::new(&unknowns, stated).unwrap();
        let (by, ranges) = (LeastSquares::default(), [UNBOUNDED; N]);
        let solve =
            constraints.solve(&by, &mut distance(to), &unknowns.get(), &ranges, journal, &mut |_, _| true);
        solve.unwrap()
    }

    #[test]
    fn the_nearest_point_is_found_on_a_plane_and_in_a_slab() {
        let (_, [a, b, c]) = numbers();
        let sum = a + b + c;
        for (low, high, wanted) in [
            (0.0, 0.0, [1.0, -2.0, 1.0]),
            (2.0, 4.0, [2.0, -1.0, 2.0]), // 3 is inside
            (4.5, f64::INFINITY, [2.5, -0.5, 2.5]),
        ] {
            let found = solved(vec![(sum.clone(), low, high)], [2.0, -1.0, 2.0], &mut Journal::default());
            assert!(found.ended.is_converged(), "{found:?}");
            let off = found.at.iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(off < 1e-9, "{found:?}, not {wanted:?}");
        }
    }

    #[test]
    fn the_nearest_point_of_a_circle_is_found_with_the_constraint_stated_twice() {
        let (_, [a, b]) = numbers();
        let circle = a.square() + b.square();
        let twice = vec![(circle.clone(), 4.0, 4.0), (circle.sqrt(), 2.0, 2.0)];
        let found = solved(twice, [3.0, 4.0], &mut Journal::default());
        // Along the circle it is known to half the digits of its value, which is that of the residuals alone.
        assert!((found.at[0] - 1.2).abs() < 1e-6 && (found.at[1] - 1.6).abs() < 1e-6, "{found:?}");
        let off = found.at[0].hypot(found.at[1]) - 2.0;
        assert!((found.value - 4.5).abs() < 1e-12 && off.abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn where_they_conflict_it_ends_as_infeasible() {
        let (_, [a, b]) = numbers();
        let found = solved(vec![(a.clone() + b, 1.0, 1.0), (a, 3.0, 3.0)], [0.0; 2], &mut Journal::default());
        assert!(found.ended.is_converged(), "those do not conflict: {found:?}");
        let (_, [a, _]) = numbers::<2>();
        let found = solved(vec![(a.clone(), 1.0, 1.0), (a, 3.0, 4.0)], [0.0; 2], &mut Journal::default());
        assert_eq!((found.ended, found.value), (Ended::Infeasible, f64::INFINITY));
    }

    #[test]
    fn one_that_is_stopped_anywhere_goes_on_to_the_same_bits() {
        let (unknowns, [a, b, c]) = numbers();
        let stated = [(&a * &b + c.square(), 3.0, 3.0), (a - c, -1.0, 0.5)];
        let run = |journal: &mut Journal, most: usize| {
            let mut constraints = Constraints::new(&unknowns, stated.clone()).unwrap();
            let (by, ranges) = (LeastSquares::default(), [UNBOUNDED; 3]);
            let (mut steps, mut notes) = (0, String::new());
            let mut watch = |_: &Progress, journal: &Journal| {
                notes = journal.to_json().to_string();
                steps += 1;
                steps <= most
            };
            let of = &mut distance([2.0, -1.0, 4.0]);
            let found = constraints.solve(&by, of, &unknowns.get(), &ranges, journal, &mut watch).unwrap();
            assert!(constraints.broken(&found.at).is_empty(), "it holds wherever it is stopped");
            (found, steps, notes)
        };
        let (whole, steps, _) = run(&mut Journal::default(), usize::MAX);
        assert!(steps > 3 && whole.ended.is_converged());
        for most in 0..steps {
            let (stopped, _, notes) = run(&mut Journal::default(), most);
            assert_eq!(stopped.ended, Ended::Stopped);
            let mut journal =
                Journal::from_json(&serde_json::from_str(&notes).unwrap(), "notes.json").unwrap();
            assert_eq!(run(&mut journal, usize::MAX).0, whole);
        }
    }
}
