//! Claims of the shape library on how steep its fields are, written into a field for those who bound
//! its slopes. Uses numbers, fields and shapes.
//!
//! That a distance is no steeper than 1 is a theorem about its shape, which bounds on its operations seldom prove: a coil's
//! nearest point is found by iterations, a superquadric is a quotient by what is 0 on its axis, and a copy that was turned
//! to its place counts as turned by anything where a box sees many of them. What a function claims `tests/claims.rs` holds;
//! what a claim leaves open, as a coil's does a hair beside the line where two nearest points merge, is open here too.

use crate::field::{Axis, Field, Kind, kernel_output};
use crate::number::{Derivative, Identity, Interval, Kernel, Op, Output, Smoothness};
use crate::shape::{Claim, Entry, catalogue};
use std::any::Any;
use std::collections::HashMap;
use std::f64::consts::SQRT_2;
use std::sync::Arc;

/// How close to 1 the steepness of what is exact is held to be.
const ROUNDING: f64 = 1e-9;

/// A claim on a field, as a kernel of a place and the field's value there: output 0 is that value, which changes no faster
/// with the place than is claimed.
#[derive(Debug)]
pub(super) struct Claimed {
    /// A bound on the norm of the derivative in the place.
    pub(super) steepest: f64,
    /// Whether the value changes with the place alone.
    pub(super) stands: bool,
}

impl Claimed {
    /// The claim that an output of a kernel is.
    pub(super) fn of(output: &Output) -> Option<&Claimed> {
        let kernel: &dyn Kernel = &***output;
        (kernel as &dyn Any).downcast_ref().filter(|_| output.number() == 0)
    }

    fn on(self, field: &Field) -> Field {
        let [x, y, z] = [Axis::X, Axis::Y, Axis::Z].map(Field::coordinate);
        kernel_output(Output::new(Arc::new(self), 0), [x, y, z, field.without_material()])
    }
}

/// Output 1 is the derivative in the value.
impl Kernel for Claimed {
    fn name(&self) -> &str {
        "claimed"
    }
    fn identity(&self) -> Option<Identity> {
        let word = u128::from(self.steepest.to_bits()) << 1 | u128::from(self.stands);
        Some(Identity::of("claimed").and(word))
    }
    fn cost(&self) -> usize {
        1
    }
    fn value(&self, output: usize, inputs: &[f64]) -> f64 {
        if output == 0 { inputs[3] } else { 1.0 }
    }
    fn bounds(&self, output: usize, inputs: &[Interval]) -> Interval {
        if output == 0 { inputs[3] } else { Interval::point(1.0) }
    }
    fn derivative(&self, output: usize, input: usize) -> Derivative {
        if output == 0 && input == 3 { Derivative::Own(1) } else { Derivative::Zero }
    }
    fn smoothness(&self, _output: usize, _inputs: &[Interval]) -> Smoothness {
        Smoothness::Smooth
    }
}

/// Whether an output of a kernel is a claim: its last operand is continuous in space.
pub(crate) fn is_claim(output: &Output) -> bool {
    Claimed::of(output).is_some()
}

/// Which claims matter.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Of {
    /// All of them.
    Space,
    /// Those on what does not change with time by itself.
    Standing,
}

/// The same field, with claims written into it: on the outermost calls of the shape library that have one, in their own
/// coordinates. Without materials.
pub(crate) fn with_claims(field: &Field, of: Of) -> Field {
    let steepness = Steepness::of_parts(field);
    let claimed = |part: &Field| {
        let stands = !part.depends_on(Axis::T);
        let matters = part.label().is_some() && part.reads().space() && (stands || of == Of::Space);
        let steepest = steepness.of(part);
        (matters && steepest < f64::INFINITY).then(|| Claimed { steepest, stands }.on(part))
    };
    let mut done: HashMap<usize, Field> = HashMap::new();
    let mut steps = vec![(field, false)];
    while let Some((part, ready)) = steps.pop() {
        let address = part.address();
        if done.contains_key(&address) {
            continue;
        }
        if ready {
            let parents = part.parents().iter().map(|parent| done[&parent.address()].clone()).collect();
            done.insert(address, rebuilt(part, parents));
        } else if let Some(claimed) = claimed(part) {
            done.insert(address, claimed);
        } else {
            steps.push((part, true));
            steps.extend(part.parents().iter().map(|parent| (parent, false)));
        }
    }
    done.remove(&field.address()).unwrap_or_else(|| field.clone())
}

/// The same operation on other parents.
fn rebuilt(field: &Field, parents: Vec<Field>) -> Field {
    match (field.kind(), &parents[..]) {
        (Kind::Scalar(op), _) => Field::scalar(*op, parents),
        (Kind::Kernel(output), _) => kernel_output(output.clone(), parents),
        (Kind::Remap, [child, x, y, z, t]) => child.remap([x, y, z, t].map(Field::clone)),
        _ => field.without_material(),
    }
}

/// Bounds on |∇ₓf| of the parts of a field, each in its own coordinates and over all of them: infinite where none is known.
struct Steepness {
    known: HashMap<usize, f64>,
}

impl Steepness {
    fn of_parts(field: &Field) -> Steepness {
        let entries: HashMap<&str, &Entry> = catalogue().map(|entry| (entry.name, entry)).collect();
        let mut steepness = Steepness { known: HashMap::new() };
        let mut steps = vec![(field, false)];
        while let Some((part, ready)) = steps.pop() {
            if steepness.known.contains_key(&part.address()) {
                continue;
            }
            if !ready {
                let arguments = part.label().into_iter().flat_map(|label| label.arguments());
                steps.push((part, true));
                steps.extend(arguments.map(|(_, argument)| (argument, false)));
                steps.extend(part.parents().iter().map(|parent| (parent, false)));
                continue;
            }
            let by_call = steepness.by_call(part, &entries).unwrap_or(f64::INFINITY);
            let found = by_call.min(steepness.by_operation(part));
            steepness.known.insert(part.address(), if found.is_nan() { f64::INFINITY } else { found });
        }
        steepness
    }

    fn of(&self, part: &Field) -> f64 {
        self.known.get(&part.address()).copied().unwrap_or(f64::INFINITY)
    }

    /// By the claim of the function that made it: as steep as the steepest of the fields it was given, or 1. What else it was
    /// given has to be the same everywhere.
    fn by_call(&self, field: &Field, entries: &HashMap<&str, &Entry>) -> Option<f64> {
        let label = field.label().filter(|label| label.is_made)?;
        let entry = entries.get(label.function())?;
        let times = match entry.name {
            "round_union" | "chamfer_union" => SQRT_2,
            _ if entry.claim == Claim::Neither => return None,
            _ => 1.0,
        };
        let joins = entry.joins.is_some() || entry.name == "morph";
        let is_shape = |name: &str| name == "shape" || joins && ["shapes", "a", "b"].contains(&name);
        let (shapes, others): (Vec<_>, Vec<_>) =
            label.arguments().iter().partition(|(name, _)| is_shape(name));
        let holds = match entry.name {
            // Beyond its ends an average is steeper than both.
            "blend" => others.iter().all(|(_, w)| w.as_constant().is_some_and(|w| (0.0..=1.0).contains(&w))),
            // At right angles to its height, if it is the same at all heights.
            "extrude" => shapes.iter().all(|(_, figure)| !figure.depends_on(Axis::Z)),
            _ => true,
        };
        let uniform = others.iter().all(|(_, argument)| !argument.reads().space());
        let steepest = shapes.iter().map(|(_, shape)| self.of(shape)).fold(1.0, f64::max);
        (holds && uniform).then_some(steepest * times * (1.0 + ROUNDING))
    }

    /// By the operation, where its own steepness is bounded over all numbers.
    fn by_operation(&self, field: &Field) -> f64 {
        let parents = field.parents();
        let op = match field.kind() {
            _ if !field.reads().space() => return 0.0,
            Kind::Coordinate(_) => return 1.0,
            Kind::Scalar(op) => *op,
            _ => return f64::INFINITY,
        };
        let all = || parents.iter().map(|parent| self.of(parent));
        let factor = |i: usize| parents[i].as_constant().map(f64::abs);
        let is_uniform = |i: usize| !parents[i].reads().space();
        match op {
            Op::Neg | Op::Abs | Op::Sin | Op::Cos | Op::Atan => self.of(&parents[0]),
            Op::Floor | Op::Ceil | Op::Round | Op::Sign => 0.0,
            Op::Ramp => 1.5 * self.of(&parents[0]),
            Op::Min | Op::Max => all().fold(0.0, f64::max),
            Op::Add | Op::Sub => all().sum(),
            Op::Mul => match (factor(0), factor(1)) {
                (Some(factor), _) => factor * self.of(&parents[1]),
                (_, Some(factor)) => factor * self.of(&parents[0]),
                _ => f64::INFINITY,
            },
            Op::Div => factor(1).map_or(f64::INFINITY, |by| self.of(&parents[0]) / by),
            Op::Modulo if is_uniform(1) => self.of(&parents[0]),
            Op::SmoothMin(_) if is_uniform(2) => self.of(&parents[0]).max(self.of(&parents[1])),
            Op::IfLess => self.of(&parents[2]).max(self.of(&parents[3])),
            _ => f64::INFINITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Label;
    use crate::prelude::*;

    fn claimed(field: &Field) -> f64 {
        Steepness::of_parts(field).of(field)
    }

    /// No larger than 1 but for what is allowed for rounding.
    fn is_one(steepness: f64) -> bool {
        (1.0..1.0 + 1e-7).contains(&steepness)
    }

    fn ring() -> Field {
        sphere(0.3).translate([1.0, 0.1, 0.0]).polar_repeat(7).rotate_y(t() * 2).translate([0.0, 0.2, 0.0])
    }

    #[test]
    fn claims_change_no_value() {
        let leaning = ring().displace(0.1 * (3 * x()).sin()).shear([0.2, 0.1]);
        for field in [ring(), leaning.union(r#box([0.5, 0.3, 0.2])), leaning.smooth_union(ring(), 0.2) * 2] {
            for of in [Of::Space, Of::Standing] {
                let with = with_claims(&field, of);
                for n in 0..50 {
                    let at = [0.07, 0.11, 0.13, 0.05].map(|step| (step * f64::from(n * n)).sin());
                    assert_eq!(with.value_at(at).unwrap(), field.value_at(at).unwrap());
                    assert_eq!(with.gradient_at(at).unwrap(), field.gradient_at(at).unwrap());
                }
            }
        }
    }

    #[test]
    fn distances_are_known_where_operations_do_not_show_them() {
        let side = Interval::new(-1.4, 1.5);
        let over = [side, side, side, Interval::new(0.0, 6.0)];
        let coil = helix(0.5, 0.1, 0.4) & r#box([2.0, 1.5, 2.0]);
        for solid in [ring(), coil, superquadric([0.9, 0.7, 0.6], 0.3, 0.3).shell(0.1).rotate_x(t())] {
            let found = solid.lipschitz(over).unwrap();
            assert!(is_one(found), "{}: {found}", solid.title());
        }
        // Turned at two radians a second, and nowhere further than 1.5·√2 from the axis.
        let (rate, most) = (ring().rate_within(over, 0.01, 100_000).unwrap(), 2.0 * 1.5 * SQRT_2);
        assert!((2.0..1.2 * most).contains(&rate), "{rate}, at most {most}");
    }

    #[test]
    fn only_what_is_claimed_is_believed() {
        let swollen = sphere(0.3 + 0.4 * (3 * x()).sin());
        let (ball, half) = (sphere(0.5), r#box([1.0, 0.4, 0.3]));
        assert!(is_one(claimed(&ball.smooth_union(&half, 0.2).rotate_z(t()).mirror("x").offset(0.1))));
        assert!(is_one(claimed(&ball.blend(&half, 0.4))));
        assert!(is_one(claimed(&circle(0.4).extrude(0.5))));
        assert!((claimed(&(2 * ball.union(&half))) - 2.0).abs() < 1e-7);
        assert!((claimed(&ball.round_union(&half, 0.1)) - SQRT_2).abs() < 1e-7);
        for unknown in [
            swollen.clone(),
            swollen.union(&half),
            ball.blend(&half, 2),
            ball.blend(&half, 0.5 + x()),
            circle(0.4 + 0.1 * z()).extrude(0.5),
            ball.extrude(0.5),
            ball.twist(1),
            ball.translate((0, 0.1 * (5 * x()).sin(), 0)),
            ball.square(),
        ] {
            assert_eq!(claimed(&unknown), f64::INFINITY, "{}", unknown.title());
        }
        // A file may say that anything is a ball.
        let label = |is_made| Label { is_made, ..ball.label().unwrap().clone() };
        assert!(is_one(claimed(&x().square().with_label(label(true)))));
        assert_eq!(claimed(&x().square().with_label(label(false))), f64::INFINITY);
    }
}
