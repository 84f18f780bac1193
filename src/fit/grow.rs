//! Growing a field from nothing: parts where most is missing, fitted together, and those that do not pay taken out
//! again.

use super::least_squares::LeastSquares;
use super::objective::Progress;
use super::part::{NUMBERS, Part, written};
use super::problem::Fit;
use super::robust::Robust;
use super::target::Target;
use super::term::Term;
use crate::error::{Error, Result};
use crate::field::{Field, param_in};
use crate::shape::smooth_union_all;
use crate::tape::Coordinates;
use nalgebra::{Matrix3, SymmetricEigen, Vector3};
use std::fmt::Write;

/// How a field is grown to a target with signed distances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// The most parts.
    pub parts: usize,
    /// The root of the mean square of what is left, near the surface, at which it is enough.
    pub error: f64,
    /// How often the parts that pay least are put elsewhere.
    pub rounds: usize,
}

impl Default for Growth {
    fn default() -> Growth {
        Growth { parts: 20, error: 0.0, rounds: 3 }
    }
}

/// A field that was grown: parts in a smooth union.
#[derive(Clone, Debug, PartialEq)]
pub struct Grown {
    /// The parts.
    pub parts: Vec<Part>,
    /// The width of the blend between them.
    pub blend: f64,
    /// The size of the whole: the longest side of the target's box.
    pub reach: f64,
    /// The weighted cost of what is left.
    pub cost: f64,
}

/// How near the surface a sample counts in full, in parts of the whole's size.
const NEAR: f64 = 0.03;
/// The residual from which on it counts less, in the same.
const OUTLYING: f64 = 0.01;
/// The blend at the start, the narrowest and the widest, in the same.
const FIRST_BLEND: f64 = 0.03;
const MIN_BLEND: f64 = 1e-4;
const MAX_BLEND: f64 = 0.3;

impl Grown {
    /// The field, with the parts' numbers and the blend as parameters.
    pub fn field(&self) -> Field {
        let parts = self.parts.iter().zip(1..).map(|(part, n)| part.field(&format!("{n}"), self.reach));
        smooth_union_all(
            parts.collect::<Vec<_>>(),
            param_in("blend", self.blend, MIN_BLEND * self.reach, MAX_BLEND * self.reach),
        )
    }

    /// How many numbers it has.
    pub fn numbers(&self) -> usize {
        NUMBERS * self.parts.len() + 1
    }

    /// The scene's text: a part a line, and their smooth union. `about` is said in a comment at its head.
    pub fn text(&self, about: &str) -> String {
        let mut text = String::new();
        about.lines().for_each(|line| {
            let _ = writeln!(text, "// {line}");
        });
        let [blend, least, most] = [self.blend, MIN_BLEND * self.reach, MAX_BLEND * self.reach]
            .map(|width| written(width, self.reach));
        let _ = writeln!(text, "let blend = param(\"blend\", {blend}, {least}, {most});");
        for (n, part) in (1..).zip(&self.parts) {
            let _ = writeln!(text, "let part_{n} = {};", part.text(&format!("{n}"), self.reach));
        }
        let whole = (2..=self.parts.len())
            .fold("part_1".to_string(), |all, n| format!("smooth_union({all}, part_{n}, blend)"));
        let _ = writeln!(text, "show({whole});");
        text
    }
}

impl Growth {
    /// Grows a field to samples of signed distances. `watch` sees each step of each fit and may end it all: what is
    /// there then is given.
    ///
    /// An error where the target has no distances, or no sample inside.
    pub fn grow(&self, target: &Target, watch: &mut dyn FnMut(&Progress) -> bool) -> Result<Grown> {
        let Some(distances) = target.distances() else {
            return Err(Error::Input("the target's points have no signed distances".into()));
        };
        let inside =
            || distances.iter().zip(target.points()).filter(|(d, _)| **d < 0.0).map(|(_, &point)| point);
        let Some(around) = Target::new(inside().collect())?.bounds() else {
            return Err(Error::Input("no sample of the target is inside".into()));
        };
        let reach = around.size().into_iter().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
        let mut grower = Grower { growth: self, target, distances, reach, is_stopped: false };
        let mut grown = Grown { parts: Vec::new(), blend: FIRST_BLEND * reach, reach, cost: f64::INFINITY };
        // First half of them, then a quarter, then the rest, each fitted a little.
        let mut wanted = self.parts.div_ceil(2);
        while grown.parts.len() < self.parts && !grower.is_stopped {
            let before = grown.parts.len();
            grower.insert(&mut grown, wanted)?;
            if grown.parts.len() == before {
                break;
            }
            grower.fit(&mut grown, 10, watch)?;
            wanted = (wanted + (self.parts - wanted).div_ceil(2)).min(self.parts);
        }
        grower.fit(&mut grown, 15, watch)?;
        for _ in 0..self.rounds {
            if grower.is_stopped {
                break;
            }
            let mut other = grown.clone();
            grower.take_out(&mut other, (self.parts / 8).max(1))?;
            grower.insert(&mut other, self.parts)?;
            grower.fit(&mut other, 25, watch)?;
            if other.cost < grown.cost {
                grown = other;
            }
        }
        grower.fit(&mut grown, 60, watch)?;
        Ok(grown)
    }
}

struct Grower<'a> {
    growth: &'a Growth,
    target: &'a Target,
    distances: &'a [f64],
    reach: f64,
    is_stopped: bool,
}

impl Grower<'_> {
    /// What a field is at the target's points; far outside, where there is none.
    fn values(&self, field: Option<&Field>) -> Result<Vec<f64>> {
        match field {
            None => Ok(vec![self.reach; self.distances.len()]),
            Some(field) => {
                let points = self.target.points();
                Ok(field.tape()?.eval(Coordinates::from(points)).swap_remove(0))
            }
        }
    }

    /// Puts parts where the target is furthest inside and the field furthest outside, until there are so many.
    fn insert(&self, grown: &mut Grown, count: usize) -> Result<()> {
        let field = (!grown.parts.is_empty()).then(|| grown.field());
        let mut values = self.values(field.as_ref())?;
        let points = self.target.points();
        while grown.parts.len() < count {
            let missing = |n: usize| values[n].max(0.0).min(-self.distances[n]) - 0.25 * self.distances[n];
            let candidates = (0..points.len()).filter(|&n| self.distances[n] < 0.0 && values[n] > 0.0);
            let best = candidates.max_by(|&a, &b| missing(a).total_cmp(&missing(b)));
            let Some(best) = best.filter(|&n| missing(n) > 1e-4 * self.reach) else { break };
            let depth = (-self.distances[best]).max(2e-3 * self.reach);
            let part = self.part_at(points[best], depth, &values);
            let own = self.values(Some(&part.field("new", self.reach)))?;
            values.iter_mut().zip(own).for_each(|(value, own)| *value = value.min(own));
            grown.parts.push(part);
        }
        Ok(())
    }

    /// A part about a point inside the target, shaped as what is missing there.
    fn part_at(&self, at: [f64; 3], depth: f64, values: &[f64]) -> Part {
        let near = 2.5 * depth;
        let missing: Vec<Vector3<f64>> = self
            .target
            .points()
            .iter()
            .enumerate()
            .filter(|&(n, _)| self.distances[n] < 0.0 && values[n] > 0.0)
            .map(|(_, point)| Vector3::from(*point) - Vector3::from(at))
            .filter(|off| off.norm() < near)
            .collect();
        let ball = Part::ball(at, depth);
        if missing.len() < 12 {
            return ball;
        }
        let spread = missing.iter().fold(Matrix3::zeros(), |sum, off| sum + off * off.transpose());
        let axes = SymmetricEigen::new(spread / missing.len() as f64);
        let mut turn = axes.eigenvectors;
        if turn.determinant() < 0.0 {
            turn.column_mut(0).neg_mut();
        }
        let (roll, pitch, yaw) = nalgebra::Rotation3::from_matrix_unchecked(turn).euler_angles();
        // Of a ball the root of the mean square along an axis is its radius over √5.
        let half =
            axes.eigenvalues.map(|square| (5.0 * square.max(0.0)).sqrt().clamp(0.5 * depth, 2.0 * depth));
        let half: [f64; 3] = half.into();
        let round = 0.8 * half.iter().copied().fold(f64::INFINITY, f64::min);
        if half.iter().any(|side| !side.is_finite())
            || ![roll, pitch, yaw].iter().all(|angle| angle.is_finite())
        {
            return ball;
        }
        Part { at, size: half.map(|side| 2.0 * side), round, taper: 0.0, turn: [roll, pitch, yaw] }
    }

    /// Takes out the parts without which the field is least worse.
    fn take_out(&self, grown: &mut Grown, count: usize) -> Result<()> {
        for _ in 0..count {
            if grown.parts.len() < 2 {
                break;
            }
            let mut costs = Vec::new();
            for n in 0..grown.parts.len() {
                let mut without = grown.clone();
                without.parts.remove(n);
                costs.push(self.cost(&self.values(Some(&without.field()))?));
            }
            let least = (0..costs.len()).min_by(|&a, &b| costs[a].total_cmp(&costs[b]));
            grown.parts.remove(least.expect("there are two at least"));
        }
        Ok(())
    }

    fn weight(&self, distance: f64) -> f64 {
        1.0 / (1.0 + (distance / (NEAR * self.reach)).powi(2))
    }

    fn robust(&self) -> Robust {
        Robust::Huber { scale: OUTLYING * self.reach }
    }

    fn cost(&self, values: &[f64]) -> f64 {
        let costs =
            values.iter().zip(self.distances).map(|(f, &d)| self.weight(d) * self.robust().cost(f - d));
        costs.sum::<f64>() / values.len() as f64
    }

    /// Fits all numbers of all parts, in so many steps.
    fn fit(
        &mut self,
        grown: &mut Grown,
        steps: usize,
        watch: &mut dyn FnMut(&Progress) -> bool,
    ) -> Result<()> {
        if grown.parts.is_empty() || self.is_stopped {
            return Ok(());
        }
        let field = grown.field();
        let weights = self.distances.iter().map(|&d| self.weight(d)).collect();
        let term = Term::distance(&field, self.target)?.with_cost(self.robust()).with_weights(weights)?;
        let mut fit = Fit::of(&field, [term])?;
        let solver = LeastSquares { iterations: steps, value_tolerance: 1e-5, ..LeastSquares::for_fits() };
        let enough = 0.5 * self.growth.error * self.growth.error;
        let is_stopped = &mut self.is_stopped;
        let solution = fit.solve_watched(&solver, &mut |progress| {
            *is_stopped |= !watch(progress) || progress.value <= enough;
            !*is_stopped
        });
        grown.cost = solution.value;
        for (parameter, &value) in fit.unknowns().parameters().iter().zip(fit.unknowns().values()) {
            grown.set(parameter.name(), value);
        }
        Ok(())
    }
}

impl Grown {
    /// Gives a parameter of its field a value.
    fn set(&mut self, name: &str, value: f64) {
        if name == "blend" {
            self.blend = value;
            return;
        }
        let Some((own, rest)) = name.rsplit_once('_') else { return };
        let (number, axis) = rest.split_once('.').unwrap_or((rest, ""));
        let Some(part) = number.parse::<usize>().ok().and_then(|n| self.parts.get_mut(n - 1)) else { return };
        let axis = ["x", "y", "z"].iter().position(|letter| *letter == axis).unwrap_or(0);
        match own {
            "size" => part.size[axis] = value,
            "round" => part.round = value,
            "taper" => part.taper = value,
            "turn_x" => part.turn[0] = value,
            "turn_y" => part.turn[1] = value,
            "turn_z" => part.turn[2] = value,
            _ => part.at[axis] = value,
        }
    }
}
