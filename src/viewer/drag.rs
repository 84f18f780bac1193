//! Pulling at the surface: the parameters that make it follow a hand, by damped least squares on exact derivatives.
//!
//! A hand holds the surface at p with normal n and moves to q. Wanted are parameters θ with f(q, θ) = 0 whose surface
//! at q still faces as it did at p, so that a ball that is pulled aside moves aside and does not grow. The residuals'
//! derivatives are exact by reverse mode over duals, and the next θ is the [least change](least_change) since the hand took
//! hold that does it, with each parameter measured by its range. Which way it faces is given up where both cannot be had.
//!
//! The scene's constraints are equations among these, and weigh more; where the hand has led, the values are brought to where
//! the constraints hold exactly, as far as they can.

use crate::error::Result;
use crate::field::{Field, Parameter, Unknowns};
use crate::fit::{Constraints, Equation, Freedom, Linearised, least_change};
use crate::number::Dual;
use crate::tape::{Adjoint, Tape};
use glam::DVec3;
use std::sync::Arc;

/// The surface, held at a point.
pub(super) struct Grip {
    tape: Tape,
    /// The field's parameters, as they may move.
    unknowns: Unknowns,
    freedoms: Vec<Freedom>,
    constraints: Constraints,
    /// Whether the field has a parameter that may move.
    is_loose: bool,
    start: DVec3,
    time: f64,
    /// Two directions across the normal.
    across: [DVec3; 2],
    /// How large the scene is: what its residuals and its damping are measured by.
    size: f64,
}

/// The field at a point, with its exact derivatives there in space and in all unknowns.
struct FieldAtPoint {
    value: f64,
    slope: DVec3,
    by_unknown: Vec<f64>,
    slope_by_unknown: Vec<DVec3>,
}

/// In how many steps the way of the hand is gone, so that the nearest of several solutions is found.
const STRIDES: usize = 8;
/// How often a step is corrected.
const CORRECTIONS: usize = 6;
/// What one radian of facing elsewhere counts, in scene sizes.
const FACING: f64 = 0.25;
/// The damping, in parts of the square of the largest residual's derivative.
const DAMPING: f64 = 1e-4;
/// How much more a constraint weighs than the hand.
const HELD: f64 = 10.0;

impl Grip {
    /// Takes hold of a field's surface at a point. The unknowns are those of the scene's constraints: its parameters, at
    /// the values they have.
    pub(super) fn at(
        field: &Field,
        mut constraints: Constraints,
        point: [f64; 3],
        time: f64,
        size: f64,
    ) -> Result<Grip> {
        let unknowns = constraints.unknowns().clone();
        let own = field.parameters()?;
        // The field has them as its text does: their values here are put in where it is read.
        let declared = |parameter: &Parameter| {
            let own = own.iter().find(|own| own.name() == parameter.name());
            Arc::new(own.unwrap_or(parameter).clone())
        };
        let all = unknowns.parameters().iter().map(declared).collect();
        let tape = Tape::in_order(std::slice::from_ref(field), all)?;
        let is_own = |parameter: &Parameter| own.iter().any(|own| own.name() == parameter.name());
        let moves: Vec<f64> =
            unknowns.parameters().iter().map(|one| f64::from(u8::from(is_own(one)))).collect();
        let moves = unknowns.gradient(&moves, &[]);
        let held = constraints.linearised(&unknowns.get());
        let is_held = |n: usize| held.iter().any(|own| own.slope[n] != 0.0);
        let freedom = |(n, (value, range)): (usize, (f64, (f64, f64)))| match moves[n] > 0.0 || is_held(n) {
            true => Freedom::of(value, range),
            false => Freedom { unit: 0.0, ..Freedom::of(value, range) },
        };
        let all = unknowns.get().into_iter().zip(unknowns.ranges()).enumerate();
        let freedoms: Vec<Freedom> = all.map(freedom).collect();
        let is_loose = moves.iter().zip(&freedoms).any(|(moves, own)| *moves > 0.0 && own.unit > 0.0);
        let (start, size) = (DVec3::from(point), size.max(1e-6));
        let across = [DVec3::X, DVec3::Y];
        let mut grip = Grip { tape, unknowns, freedoms, constraints, is_loose, start, time, across, size };
        let normal = grip.read(start, &grip.unknowns.get()).slope.normalize_or(DVec3::Y);
        let (a, b) = normal.any_orthonormal_pair();
        grip.across = [a, b];
        Ok(grip)
    }

    /// Whether there is any parameter to move.
    pub(super) fn is_loose(&self) -> bool {
        self.is_loose
    }

    /// Where the surface was taken hold of.
    pub(super) fn start(&self) -> [f64; 3] {
        self.start.into()
    }

    /// The values of the field's parameters with which its surface goes through `to`, or as near as they allow.
    ///
    /// They depend on where the hand is and not on how it came there: back at the start is as it was.
    pub(super) fn pulled(&self, to: [f64; 3]) -> Vec<(String, f64)> {
        let to = DVec3::from(to);
        let mut values = self.unknowns.get();
        let mut constraints = self.constraints.clone();
        for stride in 1..=STRIDES {
            let at = self.start.lerp(to, stride as f64 / STRIDES as f64);
            let start = self.unknowns.get();
            for _ in 0..CORRECTIONS {
                values = self.corrected(&mut constraints, &start, &values, at, FACING * self.size);
            }
            let facing = values.clone();
            for _ in 0..CORRECTIONS {
                values = self.corrected(&mut constraints, &facing, &values, at, 0.0);
            }
        }
        let (_, values) = constraints.approached(&values, &self.unknowns.ranges());
        let mut unknowns = self.unknowns.clone();
        unknowns.set(&values);
        let names = unknowns.parameters().iter().map(|parameter| parameter.name().to_string());
        names.zip(unknowns.values().iter().copied()).collect()
    }

    fn read(&self, at: DVec3, values: &[f64]) -> FieldAtPoint {
        let mut unknowns = self.unknowns.clone();
        unknowns.set(values);
        let mut adjoint = Adjoint::<Dual<f64>>::new(&self.tape);
        let all: Vec<Dual<f64>> = unknowns.values().iter().map(|&value| Dual::fixed(value)).collect();
        adjoint.set_parameters(&all);
        let found = adjoint.forward(Dual::variables([at.x, at.y, at.z, self.time])).next().cloned();
        adjoint.back(&[Dual::fixed(1.0)]);
        let by: Vec<Dual<f64>> = adjoint.parameters().collect();
        let space = |dual: &Dual<f64>| DVec3::new(dual.slope[0], dual.slope[1], dual.slope[2]);
        let part = |of: &dyn Fn(&Dual<f64>) -> f64| -> Vec<f64> {
            unknowns.gradient(&by.iter().map(of).collect::<Vec<_>>(), &[])
        };
        let [x, y, z] = [0, 1, 2].map(|axis| part(&move |dual| dual.slope[axis]));
        let found = found.unwrap_or(Dual::fixed(0.0));
        FieldAtPoint {
            value: found.value,
            slope: space(&found),
            by_unknown: part(&|dual| dual.value),
            slope_by_unknown: (0..x.len()).map(|n| DVec3::new(x[n], y[n], z[n])).collect(),
        }
    }

    /// One step from `values` towards a surface that goes through a point and, as far as `facing` counts, faces as at
    /// the start: the values nearest to those of `from` that do it, as far as can be seen from here.
    fn corrected(
        &self,
        constraints: &mut Constraints,
        from: &[f64],
        values: &[f64],
        at: DVec3,
        facing: f64,
    ) -> Vec<f64> {
        let reading = self.read(at, values);
        let steep = reading.slope.length();
        if !reading.value.is_finite() || steep.is_nan() || steep < 1e-9 {
            return values.to_vec();
        }
        let rows = if facing > 0.0 { 3 } else { 1 };
        let tilt = |slope: DVec3, i: usize| facing * self.across[i].dot(slope) / steep;
        let by = |row: usize, p: usize| {
            let part = match row {
                0 => reading.by_unknown[p] / steep,
                _ => tilt(reading.slope_by_unknown[p], row - 1),
            };
            if part.is_finite() { part } else { 0.0 }
        };
        let own = [reading.value / steep, tilt(reading.slope, 0), tilt(reading.slope, 1)];
        let equations: Vec<Equation> = (0..rows)
            .map(|row| Equation {
                residual: own[row],
                slope: (0..values.len()).map(|p| by(row, p)).collect(),
            })
            .collect();
        let damping = if rows == 1 { 1e-6 * DAMPING } else { DAMPING };
        self.changed(equations, constraints.linearised(values), values, from, damping)
    }

    /// The least change that solves the hand's equations and keeps constraints, as they are seen from `values`.
    fn changed(
        &self,
        mut equations: Vec<Equation>,
        constraints: Vec<Linearised>,
        values: &[f64],
        from: &[f64],
        damping: f64,
    ) -> Vec<f64> {
        let length = |slope: &[f64]| -> f64 {
            let parts =
                slope.iter().zip(&self.freedoms).map(|(slope, freedom)| (slope * freedom.unit).powi(2));
            parts.sum::<f64>().sqrt()
        };
        let hand = equations.len();
        let weight = HELD * length(&equations[0].slope);
        let weight = if weight > 0.0 { weight } else { 1.0 };
        let equation = |Linearised { value, slope, .. }: &Linearised, wanted: f64| {
            let factor = weight / length(slope);
            let slope = slope.iter().map(|slope| factor * slope).collect();
            Equation { residual: factor * (value - wanted), slope }
        };
        let is_seen = |own: &Linearised| length(&own.slope) > 0.0 && length(&own.slope).is_finite();
        let mut open: Vec<Linearised> = constraints.into_iter().filter(is_seen).collect();
        let equalities = open.extract_if(.., |own| own.range.0 == own.range.1);
        equations.extend(equalities.map(|own| equation(&own, own.range.0)));
        loop {
            // It is in parts of the largest equation, and means the hand's.
            let damping = if equations.len() > hand { damping / (HELD * HELD) } else { damping };
            let Some(next) = least_change(&equations, values, from, &self.freedoms, damping) else {
                return values.to_vec();
            };
            // What would leave its range there stops at its end.
            let seen = |own: &Linearised| -> f64 {
                let moved =
                    next.iter().zip(values).zip(&own.slope).map(|((to, at), slope)| slope * (to - at));
                own.value + moved.sum::<f64>()
            };
            let before = equations.len();
            for own in open.extract_if(.., |own| !(own.range.0..=own.range.1).contains(&seen(own))) {
                let (low, high) = own.range;
                let end = if seen(&own) < low { low } else { high };
                equations.push(equation(&own, end));
            }
            if equations.len() == before {
                return next;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{Constraint, Scene};

    /// The constraints of a scene on unknowns.
    fn held(scene: &Scene, unknowns: &Unknowns) -> Constraints {
        Constraints::new(unknowns, scene.constraints().iter().map(Constraint::parts)).unwrap()
    }

    /// What pulling a scene's surface from one point to another makes of its parameters.
    fn pulled(text: &str, from: [f64; 3], to: [f64; 3], locked: &[&str]) -> Vec<(String, f64)> {
        let scene = Scene::from_text(text, "a.rhai").unwrap();
        let field = scene.field();
        let on_surface = field.value_at([from[0], from[1], from[2], 0.0]).unwrap();
        assert!(on_surface.abs() < 1e-9, "a hand holds the surface: {on_surface}");
        let mut unknowns = scene.unknowns();
        locked.iter().for_each(|name| unknowns.lock(name).unwrap());
        let grip = Grip::at(field, held(&scene, &unknowns), from, 0.0, 1.0).unwrap();
        let values = grip.pulled(to);
        let back = grip.pulled(from);
        for (name, value) in back {
            let place = unknowns.parameters().iter().position(|own| own.name() == name).unwrap();
            let start = unknowns.values()[place];
            assert!((value - start).abs() < 1e-9, "back at the start, {name} is {value} and was {start}");
        }
        let given: Vec<(&str, f64)> = values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let left = field.with_parameters(&given).unwrap().value_at([to[0], to[1], to[2], 0.0]).unwrap();
        println!("{given:?}, f = {left:e}");
        values
    }

    fn close(values: &[(String, f64)], name: &str, wanted: f64, tolerance: f64) {
        let value = values.iter().find(|(own, _)| own == name).unwrap().1;
        assert!((value - wanted).abs() <= tolerance, "{name} = {value}, not {wanted}");
    }

    const BALL: &str = "let r = param(\"r\", 0.5, 0.1, 2);";

    #[test]
    fn a_ball_is_pulled_larger() {
        let scene = format!("{BALL} show(sphere(r));");
        close(&pulled(&scene, [0.0, 0.5, 0.0], [0.0, 0.8, 0.0], &[]), "r", 0.8, 1e-6);
        close(&pulled(&scene, [0.0, 0.5, 0.0], [0.3, 0.4, 0.0], &[]), "r", 0.5, 1e-6);
        close(&pulled(&scene, [0.0, 0.5, 0.0], [3.0, 4.0, 0.0], &[]), "r", 2.0, 0.0);
    }

    #[test]
    fn what_a_slider_has_moved_is_pulled_from_there() {
        let scene = Scene::from_text(&format!("{BALL} show(sphere(r));"), "a.rhai").unwrap();
        let unknowns = scene.with_parameters(&[("r", 0.9)]).unwrap().unknowns();
        let grip = Grip::at(scene.field(), held(&scene, &unknowns), [0.0, 0.9, 0.0], 0.0, 1.0).unwrap();
        close(&grip.pulled([0.0, 0.7, 0.0]), "r", 0.7, 1e-6);
    }

    #[test]
    fn a_ball_that_can_move_moves_along_and_keeps_its_size() {
        let scene = format!(
            "{BALL} let c = param(\"c\", [0.0, 0.0, 0.0]); show(sphere(r).translate(c)); bounds([-2, -2, -2], [2, 2, 2]);"
        );
        let aside = pulled(&scene, [0.0, 0.5, 0.0], [0.6, 0.5, 0.0], &[]);
        close(&aside, "c.x", 0.6, 1e-2);
        close(&aside, "r", 0.5, 2e-2);
        close(&aside, "c.z", 0.0, 1e-9);
        // Without its size it can do it no other way.
        let locked = pulled(&scene, [0.0, 0.5, 0.0], [0.6, 0.5, 0.0], &["r"]);
        close(&locked, "c.x", 0.6, 1e-2);
        close(&locked, "r", 0.5, 0.0);
        // Outwards, both size and place may do it: the sum is what was pulled.
        let out = pulled(&scene, [0.0, 0.5, 0.0], [0.0, 0.9, 0.0], &[]);
        let part = |name: &str| out.iter().find(|(own, _)| own == name).unwrap().1;
        assert!((part("r") + part("c.y") - 0.9).abs() < 1e-6);
    }

    #[test]
    fn what_its_range_stops_leaves_the_rest_to_others() {
        let scene = "let h = param(\"h\", 1.0, 0.1, 1.2); let y = param(\"y\", 0.0, -0.3, 0.3);
                     show(box([1, h, 1]).translate([0, y, 0]));";
        let values = pulled(scene, [0.1, 0.5, 0.1], [0.1, 0.85, 0.1], &[]);
        close(&values, "h", 1.2, 1e-9);
        close(&values, "y", 0.25, 1e-6);
    }

    #[test]
    fn what_is_locked_or_has_no_part_in_it_stays() {
        let scene = format!(
            "{BALL} let far = param(\"far\", 0.3, 0.1, 1);
             show(sphere(r)); show(sphere(far).translate([5, 0, 0]));"
        );
        let values = pulled(&scene, [0.0, 0.5, 0.0], [0.0, 0.7, 0.0], &[]);
        close(&values, "r", 0.7, 1e-6);
        close(&values, "far", 0.3, 0.0);
        close(&pulled(&scene, [0.0, 0.5, 0.0], [0.0, 0.7, 0.0], &["r"]), "r", 0.5, 0.0);
    }

    #[test]
    fn what_the_scene_locks_stays_and_what_it_ties_moves_together() {
        let scene = "let a = param(\"a\", 0.5, 0.1, 2); let b = param(\"b\", 0.5, 0.1, 2); let c = param(\"c\", 0.0, -1, 1);
                     tie(\"a\", \"b\"); lock(\"c\");
                     show(sphere(a).translate([0, c, 0])); show(sphere(b).translate([5, 0, 0]));";
        let values = pulled(scene, [0.0, 0.5, 0.0], [0.0, 0.7, 0.0], &[]);
        close(&values, "a", 0.7, 1e-6);
        close(&values, "b", 0.7, 1e-6);
        close(&values, "c", 0.0, 0.0);
    }

    #[test]
    fn what_the_scene_constrains_holds_wherever_the_hand_is() {
        let scene = |constrained: &str| {
            format!(
                "let a = param(\"a\", 0.5, 0.1, 2); let b = param(\"b\", 0.5, 0.3, 2); {constrained}
                 show(sphere(a)); show(sphere(b).translate([5, 0, 0]));"
            )
        };
        let pull =
            |constrained: &str, to: f64| pulled(&scene(constrained), [0.0, 0.5, 0.0], [0.0, to, 0.0], &[]);
        // What is not of the surface that is pulled makes up for it, as far as its range goes.
        let sum = "constrain(a + b, 1);";
        close(&pull(sum, 0.6), "a", 0.6, 1e-6);
        close(&pull(sum, 0.6), "b", 0.4, 1e-6);
        close(&pull(sum, 0.9), "a", 0.7, 1e-9);
        close(&pull(sum, 0.9), "b", 0.3, 1e-9);
        // A range stops at its end, and lets go of what moves back.
        let range = "constrain(a, 0.2, 0.6);";
        close(&pull(range, 0.9), "a", 0.6, 1e-9);
        close(&pull(range, 0.4), "a", 0.4, 1e-6);
        close(&pull("constrain(a, 0.2, 0.5);", 0.4), "a", 0.4, 1e-6);
        // Neither those that say the same twice nor those that cannot hold are in the way.
        close(&pull("constrain(a + b, 1); constrain(2 * a, 2 - 2 * b);", 0.6), "b", 0.4, 1e-6);
        let torn = Scene::from_text(&scene("constrain(a, 0.5); constrain(a, 0.6);"), "a.rhai").unwrap();
        let grip = Grip::at(torn.field(), held(&torn, &torn.unknowns()), [0.0, 0.5, 0.0], 0.0, 1.0).unwrap();
        close(&grip.pulled([0.0, 0.9, 0.0]), "a", 0.55, 1e-6);
    }

    #[test]
    fn a_blend_is_pulled_out() {
        // In the middle between two balls the surface is higher the wider the blend: k/6 more at the most.
        let scene = "let k = param(\"k\", 0.6, 0.1, 2);
                     show(smooth_union(sphere(0.5).translate([-0.4, 0, 0]), sphere(0.5).translate([0.4, 0, 0]), k));";
        let field = Scene::from_text(scene, "a.rhai").unwrap().field().clone();
        let height = |field: &Field| {
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..80 {
                let middle = 0.5 * (low + high);
                match field.value_at([0.0, middle, 0.0, 0.0]).unwrap() < 0.0 {
                    true => low = middle,
                    false => high = middle,
                }
            }
            low
        };
        let wider = height(&field.with_parameters(&[("k", 0.9)]).unwrap());
        let values = pulled(scene, [0.0, height(&field), 0.0], [0.0, wider, 0.0], &[]);
        close(&values, "k", 0.9, 1e-6);
    }
}
