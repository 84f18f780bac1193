//! Constraints: fields of parameters alone, each to be within a range. Whether they hold, which conflict, and which are
//! redundant; `multipliers.rs` solves least squares under them.

use super::least_change::{Equation, Freedom, least_change};
use super::least_squares::{LeastSquares, Residuals};
use super::model::Model;
use super::multipliers::{Augmented, Penalty};
use super::program::{TermProgram, names};
use super::starts::starts;
use crate::error::{Error, Result};
use crate::field::{Axis, Field, Unknowns};
use crate::tape::Adjoint;
use nalgebra::{DMatrix, DVector};

/// How far outside of its range a constraint may be that holds, in parts of what the unknowns' units change it by; and
/// in parts of its value, as far as roundings go.
const HOLDS: f64 = 1e-9;
const ROUNDINGS: f64 = 1e-14;
/// How many iterations the way to the constraints takes at most, and from how many places it is tried.
const ITERATIONS: usize = 200;
const STARTS: usize = 12;
/// How many least changes follow at most, and their damping.
const CORRECTIONS: usize = 20;
const DAMPING: f64 = 1e-12;
/// The part of the largest violation from which a constraint takes part in a conflict.
const SHARE: f64 = 1e-3;
/// The part of a derivative's length that is left across others where it depends on them.
const ACROSS: f64 = 1e-7;

/// Equations and inequalities between unknowns: fields of parameters alone, each to be within a range. One whose range is
/// a single number is an equation.
///
/// ```
/// use fieldgrad::fit::Constraints;
/// use fieldgrad::prelude::*;
///
/// // A ladder of length 5 leans at a wall; its foot is to be from 2 to 3 off the wall.
/// let (foot, top) = (param("foot", 1.0), param("top", 4.0));
/// let ladder = length([foot.clone(), top, 0.0.into()]);
/// let unknowns = Unknowns::of(&[ladder.clone()])?;
/// let mut constraints = Constraints::new(&unknowns, [(ladder, 5.0, 5.0), (foot, 2.0, 3.0)])?;
/// assert_eq!(constraints.broken(&unknowns.get()), [0, 1]);
/// let at = constraints.nearest(&unknowns.get()).unwrap();
/// assert!((at[0].hypot(at[1]) - 5.0).abs() < 1e-12 && at[0] >= 2.0 - 1e-12);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Constraints {
    unknowns: Unknowns,
    adjoint: Adjoint<f64>,
    program: TermProgram,
    ranges: Vec<(f64, f64)>,
    /// The change that counts as 1 in each unknown.
    units: Vec<f64>,
    /// The change of each constraint by those, where the unknowns were at first: it is measured by that.
    scales: Vec<f64>,
}

/// Constraints that cannot all hold, as far as could be found.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// Those that pull against each other: a single one, where it is ranges and locks that it pulls against.
    pub constraints: Vec<usize>,
    /// The place of the unknowns where least is violated.
    pub at: Vec<f64>,
}

/// An equation that holds, near a place, where others do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redundant {
    /// The one that adds nothing.
    pub constraint: usize,
    /// Those before it that it follows from; none, where nothing that may move changes it there.
    pub follows_from: Vec<usize>,
}

/// A constraint as it is seen from a place.
#[derive(Clone, Debug)]
pub struct Linearised {
    /// Its value there.
    pub value: f64,
    /// Its derivative in each unknown.
    pub slope: Vec<f64>,
    /// The least and the greatest value it may have.
    pub range: (f64, f64),
}

impl Linearised {
    /// How far its value is outside of its range: 0 in it.
    fn excess(&self) -> f64 {
        excess(self.value, self.range)
    }
}

impl Constraints {
    /// Constraints of unknowns: fields, each with the least and the greatest value it may have.
    ///
    /// An error where a field depends on a place or on time, has a parameter that is not among the unknowns', or where no
    /// number is in a range.
    pub fn new(unknowns: &Unknowns, of: impl IntoIterator<Item = (Field, f64, f64)>) -> Result<Constraints> {
        let (mut fields, mut ranges) = (Vec::new(), Vec::new());
        for (field, low, high) in of {
            if low > high || low.is_nan() || high.is_nan() {
                return Err(Error::Input(format!(
                    "a constraint is from {low} to {high}, and no number is in that range"
                )));
            }
            if let Some(axis) = Axis::ALL.into_iter().find(|&axis| field.depends_on(axis)) {
                let name = axis.name();
                return Err(Error::Input(format!(
                    "a constraint depends on {name}, and must be made of parameters alone"
                )));
            }
            fields.push(field);
            ranges.push((low, high));
        }
        let program = TermProgram::new(&fields, &names(unknowns))?;
        let all = unknowns.get().into_iter().zip(unknowns.ranges());
        let mut own = Constraints {
            units: all.map(|(value, range)| Freedom::of(value, range).unit).collect(),
            unknowns: unknowns.clone(),
            adjoint: Adjoint::new(&program.tape),
            program,
            scales: vec![1.0; ranges.len()],
            ranges,
        };
        let rows = own.linearised(&unknowns.get());
        let scale = |row: &Linearised| Some(own.length(&row.slope)).filter(|s| *s > 0.0 && s.is_finite());
        own.scales = rows.iter().map(|row| scale(row).unwrap_or(1.0)).collect();
        Ok(own)
    }

    /// The unknowns, where they were asked about last.
    pub fn unknowns(&self) -> &Unknowns {
        &self.unknowns
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The least and the greatest value that each may have.
    pub fn ranges(&self) -> &[(f64, f64)] {
        &self.ranges
    }

    /// Their values where the unknowns are at a place.
    pub fn values(&mut self, at: &[f64]) -> Vec<f64> {
        self.unknowns.set(at);
        self.adjoint.set_parameters(&self.program.own(self.unknowns.values()));
        self.adjoint.forward([0.0; 4]).copied().collect()
    }

    /// The same with their derivatives, which are exact.
    pub fn linearised(&mut self, at: &[f64]) -> Vec<Linearised> {
        let values = self.values(at);
        let seen = values.into_iter().enumerate();
        seen.map(|(n, value)| Linearised { value, slope: self.slope(n), range: self.ranges[n] }).collect()
    }

    /// The derivative of one in each unknown, at the place where the values were asked for last.
    fn slope(&mut self, n: usize) -> Vec<f64> {
        let mut seeds = vec![0.0; self.len()];
        seeds[n] = 1.0;
        self.adjoint.back(&seeds);
        let mut by_parameter = vec![0.0; self.unknowns.parameters().len()];
        for (&place, slope) in self.program.places.iter().zip(self.adjoint.parameters()) {
            by_parameter[place] += slope;
        }
        self.unknowns.gradient(&by_parameter, &vec![0.0; self.unknowns.weights().len()])
    }

    /// The length of a derivative, measured by the unknowns' units.
    fn length(&self, slope: &[f64]) -> f64 {
        slope.iter().zip(&self.units).map(|(slope, unit)| (slope * unit).powi(2)).sum::<f64>().sqrt()
    }

    /// Those that do not hold at a place, by more than a part in 10⁹ of what the unknowns can change them by.
    pub fn broken(&mut self, at: &[f64]) -> Vec<usize> {
        let values = self.values(at);
        let holds = |n: &usize| {
            let most = HOLDS * self.scales[*n] + ROUNDINGS * values[*n].abs();
            excess(values[*n], self.ranges[*n]).abs() <= most
        };
        (0..values.len()).filter(|n| !holds(n)).collect()
    }

    /// A place near another where all hold, each unknown within its range: by least squares on what is violated, from
    /// there, and where that is no help from elsewhere in the ranges. An error where none was found.
    pub fn nearest(&mut self, at: &[f64]) -> std::result::Result<Vec<f64>, Conflict> {
        let ranges = self.unknowns.ranges();
        self.nearest_in(at, &ranges)
    }

    /// The same in other ranges.
    pub(super) fn nearest_in(
        &mut self,
        at: &[f64],
        ranges: &[(f64, f64)],
    ) -> std::result::Result<Vec<f64>, Conflict> {
        let mut best = (f64::INFINITY, at.to_vec());
        for start in starts(at, ranges, STARTS, 0) {
            let (left, found) = self.approached(&start, ranges);
            if self.broken(&found).is_empty() {
                return Ok(found);
            }
            if left < best.0 {
                best = (left, found);
            }
        }
        Err(self.conflict(best.1))
    }

    /// Where least is violated near a place, and how much that is: half the sum of the squares, as they are measured.
    pub(crate) fn approached(&mut self, at: &[f64], ranges: &[(f64, f64)]) -> (f64, Vec<f64>) {
        let penalty = self.none_yet();
        let mut violations = Augmented { of: &mut Nothing, constraints: self, penalty: &penalty };
        let solver = LeastSquares { iterations: ITERATIONS, ..LeastSquares::default() };
        let found = solver.solve(&mut violations, at, ranges);
        self.corrected(found.at, ranges)
    }

    /// The last digits: least changes in the unknowns' units, for as long as each leaves less. Least squares measure
    /// unknowns by what they change there, and are stuck where one changes next to nothing.
    fn corrected(&mut self, mut at: Vec<f64>, ranges: &[(f64, f64)]) -> (f64, Vec<f64>) {
        let freedom = |(&(low, high), &unit): (&(f64, f64), &f64)| Freedom { low, high, unit };
        let freedoms: Vec<Freedom> = ranges.iter().zip(&self.units).map(freedom).collect();
        let penalty = self.none_yet();
        let mut left = penalty.of(&self.excesses(&at, &penalty));
        for _ in 0..CORRECTIONS {
            let seen = self.linearised(&at).into_iter().zip(&self.scales);
            let pulling = seen.filter(|(own, _)| own.range.0 == own.range.1 || own.excess() != 0.0);
            let equation = |(own, scale): (Linearised, &f64)| Equation {
                residual: own.excess() / scale,
                slope: own.slope.iter().map(|slope| slope / scale).collect(),
            };
            let equations: Vec<Equation> = pulling.map(equation).collect();
            if left == 0.0 || equations.is_empty() {
                break;
            }
            let Some(next) = least_change(&equations, &at, &at, &freedoms, DAMPING) else { break };
            let next_left = penalty.of(&self.excesses(&next, &penalty));
            if next_left.is_nan() || next_left >= left {
                break;
            }
            (left, at) = (next_left, next);
        }
        (left, at)
    }

    /// How constraints pull that nothing pushes yet.
    fn none_yet(&self) -> Penalty {
        Penalty { weight: 1.0, multipliers: vec![0.0; self.len()] }
    }

    /// Those that are violated where no less can be: what they pull at there adds up to nothing.
    fn conflict(&mut self, at: Vec<f64>) -> Conflict {
        let excesses = self.excesses(&at, &self.none_yet());
        let most = excesses.iter().fold(0.0, |most: f64, own| most.max(own.abs()));
        let takes_part = |n: &usize| excesses[*n].is_nan() || excesses[*n].abs() > SHARE * most;
        Conflict { constraints: (0..self.len()).filter(takes_part).collect(), at }
    }

    /// How far each is outside of its range at a place, as it is measured, where a multiplier's push is added to it.
    pub(super) fn excesses(&mut self, at: &[f64], by: &Penalty) -> Vec<f64> {
        let values = self.values(at);
        let of = |n: usize| {
            let (low, high) = self.ranges[n];
            let scale = self.scales[n];
            excess(values[n] / scale + by.multipliers[n] / by.weight, (low / scale, high / scale))
        };
        (0..values.len()).map(of).collect()
    }

    /// The same, and those that push go to a model as residuals with the roots of their weights.
    pub(super) fn add_to(&mut self, at: &[f64], by: &Penalty, model: &mut Model) -> Vec<f64> {
        let excesses = self.excesses(at, by);
        for (n, &excess) in excesses.iter().enumerate() {
            if excess != 0.0 || self.is_equation(n) {
                let factor = by.weight.sqrt() / self.scales[n];
                let row: Vec<f64> = self.slope(n).iter().map(|slope| factor * slope).collect();
                model.add(by.weight.sqrt() * excess, &row);
            }
        }
        excesses
    }

    fn is_equation(&self, n: usize) -> bool {
        self.ranges[n].0 == self.ranges[n].1
    }

    /// The unit of each unknown.
    pub(super) fn units(&self) -> &[f64] {
        &self.units
    }

    /// The equations that add nothing to those before them near a place: by the rank of their derivatives, in a QR
    /// factorisation that takes them in their order.
    pub fn redundant(&mut self, at: &[f64]) -> Vec<Redundant> {
        let seen = self.linearised(at);
        let (mut found, mut kept) = (Vec::new(), Vec::<(usize, DVector<f64>)>::new());
        for (n, Linearised { slope, .. }) in seen.iter().enumerate().filter(|(n, _)| self.is_equation(*n)) {
            let row = DVector::from_iterator(slope.len(), slope.iter().zip(&self.units).map(|(a, b)| a * b));
            let length = row.norm();
            if length <= ACROSS * self.scales[n] {
                found.push(Redundant { constraint: n, follows_from: Vec::new() });
                continue;
            }
            let row = row / length;
            let Some(parts) = parts_of(&row, &kept) else {
                kept.push((n, row));
                continue;
            };
            let counts = kept.iter().zip(parts.iter()).filter(|(_, part)| part.abs() > ACROSS);
            let follows_from = counts.map(|((other, _), _)| *other).collect();
            found.push(Redundant { constraint: n, follows_from });
        }
        found
    }
}

/// A row in parts of others that do not depend on each other; nothing, where it is not made of them.
fn parts_of(row: &DVector<f64>, others: &[(usize, DVector<f64>)]) -> Option<DVector<f64>> {
    let columns: Vec<DVector<f64>> = others.iter().map(|(_, other)| other.clone()).collect();
    if columns.is_empty() || columns.len() > row.len() {
        return None;
    }
    let matrix = DMatrix::from_columns(&columns);
    let qr = matrix.clone().qr();
    let parts = qr.r().solve_upper_triangular(&(qr.q().transpose() * row))?;
    ((matrix * &parts - row).norm() <= ACROSS).then_some(parts)
}

/// How far a number is outside of a range: 0 in it.
fn excess(value: f64, (low, high): (f64, f64)) -> f64 {
    value - value.clamp(low, high)
}

/// No residuals at all.
struct Nothing;

impl Residuals for Nothing {
    fn cost(&mut self, _at: &[f64]) -> f64 {
        0.0
    }

    fn linearise(&mut self, _at: &[f64], _model: &mut Model) -> f64 {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{atan2, cos, hypot, param, param_in, square, x};
    use std::f64::consts::PI;

    fn all_hold(constraints: &mut Constraints, at: &[f64]) -> Vec<f64> {
        let found = constraints.nearest(at).unwrap();
        assert!(constraints.broken(&found).is_empty());
        for (value, range) in constraints.values(&found).into_iter().zip(constraints.ranges.clone()) {
            assert!(excess(value, range).abs() < 1e-12, "{value} is not in {range:?}");
        }
        found
    }

    /// Unknowns named as given, at values.
    fn unknowns(named: &[(&str, f64)]) -> (Unknowns, Vec<Field>) {
        let all: Vec<Field> = named.iter().map(|(name, value)| param(name, *value)).collect();
        (Unknowns::of(&all).unwrap(), all)
    }

    #[test]
    fn a_triangle_is_solved_as_its_angle_is_swept_from_60_to_30_degrees() {
        // A is at the origin, B on the axis of x; with the law of cosines as an equation too many.
        let (mut unknowns, all) = unknowns(&[("b", 0.9), ("cx", 0.5), ("cy", 1.2)]);
        let [b, x, y] = [0, 1, 2].map(|n| all[n].clone());
        for degrees in (30..=60).rev() {
            let angle = f64::from(degrees) * PI / 180.0;
            let across = (1.0 + 1.44 - 2.4 * angle.cos()).sqrt();
            let stated = [
                (b.clone(), 1.0, 1.0),
                (hypot(&x, &y), 1.2, 1.2),
                (atan2(&y, &x), angle, angle),
                (hypot(&x - &b, &y), across, across),
            ];
            let mut constraints = Constraints::new(&unknowns, stated).unwrap();
            let found = all_hold(&mut constraints, &unknowns.get());
            let corner = [1.0, 1.2 * angle.cos(), 1.2 * angle.sin()];
            assert!(found.iter().zip(corner).all(|(a, b)| (a - b).abs() < 1e-9), "{degrees}: {found:?}");
            let too_many = Redundant { constraint: 3, follows_from: vec![0, 1, 2] };
            assert_eq!(constraints.redundant(&found), [too_many]);
            unknowns.set(&found);
        }
    }

    #[test]
    fn a_linkage_of_four_bars_follows_its_crank() {
        let (mut unknowns, all) = unknowns(&[("px", 0.2), ("py", 0.35), ("qx", 1.1), ("qy", 0.8)]);
        let [px, py, qx, qy] = [0, 1, 2, 3].map(|n| all[n].clone());
        let mut last: Option<Vec<f64>> = None;
        for degrees in (30..=60).rev() {
            let angle = f64::from(degrees) * PI / 180.0;
            let stated = [
                (hypot(&px, &py), 0.4, 0.4),
                (atan2(&py, &px), angle, angle),
                (hypot(&qx - &px, &qy - &py), 1.0, 1.0),
                (hypot(&qx - 1.0, &qy), 0.8, 0.8),
            ];
            let mut constraints = Constraints::new(&unknowns, stated).unwrap();
            let found = all_hold(&mut constraints, &unknowns.get());
            assert_eq!(constraints.redundant(&found), []);
            if let Some(last) = last {
                // It goes on where it was, and does not flip over to the other way to close.
                let step = (found[2] - last[2]).hypot(found[3] - last[3]);
                assert!(found[3] > 0.0 && step < 0.02, "{degrees}: {found:?} from {last:?}");
            }
            unknowns.set(&found);
            last = Some(found);
        }
    }

    #[test]
    fn what_holds_stays_as_it_is() {
        let (unknowns, all) = unknowns(&[("a", 0.1), ("b", 0.7)]);
        let stated = [(&all[0] * &all[1], 0.0, 1.0), (&all[0] + 0.0, 0.1, 0.1)];
        let mut constraints = Constraints::new(&unknowns, stated).unwrap();
        assert_eq!(constraints.nearest(&[0.1, 0.7]), Ok(vec![0.1, 0.7]));
    }

    #[test]
    fn those_that_conflict_are_named() {
        let (mut unknowns, all) = unknowns(&[("a", 0.5), ("b", 0.2), ("c", 0.0)]);
        let sum = &all[0] + &all[1];
        let stated = [(sum.clone(), 1.0, 1.0), (all[2].clone(), 3.0, 3.0), (sum.clone(), 2.0, 4.0)];
        let conflict = |unknowns: &Unknowns, stated: Vec<(Field, f64, f64)>| {
            let mut constraints = Constraints::new(unknowns, stated).unwrap();
            constraints.nearest(&unknowns.get()).unwrap_err()
        };
        let found = conflict(&unknowns, stated.to_vec());
        assert_eq!(found.constraints, [0, 2]);
        assert!((found.at[0] + found.at[1] - 1.5).abs() < 1e-9, "{found:?}");
        // What no value changes, since it is locked; and what ranges do not allow.
        unknowns.lock("a").unwrap();
        assert_eq!(conflict(&unknowns, vec![(square(&all[0]), 0.3, 0.4)]).constraints, [0]);
        let narrow = param_in("n", 0.5, 0.0, 1.0);
        let one = Unknowns::of(std::slice::from_ref(&narrow)).unwrap();
        let found = conflict(&one, vec![(narrow * 2.0, 3.0, 3.0)]);
        assert_eq!((found.constraints, found.at), (vec![0], vec![1.0]));
    }

    #[test]
    fn an_unknown_that_changes_next_to_nothing_is_in_nobodys_way() {
        let (unknowns, all) = unknowns(&[("a", -0.5), ("b", 1.0)]);
        let stated = [(&all[0] + square(&all[1]) + 1.0, 0.0, 0.0)];
        let mut constraints = Constraints::new(&unknowns, stated).unwrap();
        for exponent in 3..15 {
            all_hold(&mut constraints, &[-1.0 + 1e-5, 10f64.powi(-exponent)]);
        }
    }

    #[test]
    fn one_that_cannot_be_reached_from_the_start_is_reached_from_elsewhere() {
        // At the start no step leads anywhere: the cosine is at its top.
        let angle = param_in("angle", 0.0, -1.0, 3.0);
        let unknowns = Unknowns::of(std::slice::from_ref(&angle)).unwrap();
        let mut constraints = Constraints::new(&unknowns, [(cos(angle), 0.0, 0.0)]).unwrap();
        assert!((all_hold(&mut constraints, &[0.0])[0] - 0.5 * PI).abs() < 1e-9);
    }

    #[test]
    fn redundant_ones_are_named_with_what_they_follow_from() {
        let (mut unknowns, all) = unknowns(&[("a", 0.6), ("b", 0.6), ("c", 2.0)]);
        let [a, b, c] = [0, 1, 2].map(|n| all[n].clone());
        let stated = [
            (&a + &b, 1.0, 1.0),
            (square(&c), 4.0, 4.0),
            (&a - &b, 0.0, 0.0),
            (2.0 * &a, 1.0, 1.0),
            (&a + &c, 0.0, 9.0),
        ];
        let mut constraints = Constraints::new(&unknowns, stated.clone()).unwrap();
        let found = all_hold(&mut constraints, &unknowns.get());
        let one = |constraint, from: &[usize]| Redundant { constraint, follows_from: from.to_vec() };
        assert_eq!(constraints.redundant(&found), [one(3, &[0, 2])]);
        unknowns.lock("c").unwrap();
        let mut constraints = Constraints::new(&unknowns, stated).unwrap();
        let found = all_hold(&mut constraints, &unknowns.get());
        assert_eq!(constraints.redundant(&found), [one(1, &[]), one(3, &[0, 2])]);
    }

    #[test]
    fn what_is_no_constraint_is_an_error() {
        let (unknowns, all) = unknowns(&[("a", 0.5)]);
        let said = |stated| Constraints::new(&unknowns, [stated]).unwrap_err().to_string();
        assert!(said((&all[0] * x(), 0.0, 0.0)).contains("depends on x, and must be made of parameters"));
        assert!(said((all[0].clone(), 1.0, 0.5)).contains("no number is in that range"));
        assert!(said((all[0].clone(), f64::NAN, 0.5)).contains("no number is in that range"));
        assert!(said((param("q", 1.0), 0.0, 1.0)).contains("there is no parameter \"q\""));
    }
}
