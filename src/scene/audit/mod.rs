//! Auditing a scene: whether its field is what it seems. At points drawn in a box it looks for what is not finite, for
//! derivatives that differ from differences, for fields that are steeper than they claim, for kinks and jumps, and for
//! parameters that do nothing, next to nothing, or too much.
//!
//! ```
//! use fieldgrad::prelude::*;
//! use fieldgrad::scene::audit::Audit;
//!
//! let scene = Scene::of_field(r#box([0.8, 1.6, 0.8]).twist(2), "twisted");
//! let bounds = Bounds { min: [-1.0; 3], max: [1.0; 3] };
//! let report = Audit::new(&scene, bounds, 500, 0)?.run(|_| ())?;
//! assert!(report.problems.is_empty());
//! assert!(report.notes.iter().any(|found| found.kind == "steep")); // a twist is no distance
//! # Ok::<(), Error>(())
//! ```

mod claim;
mod difference;

use super::Scene;
use crate::error::{Place, Result};
use crate::field::{Field, Parameter};
use crate::measure::Bounds;
use crate::number::Dual;
use crate::random::Random;
use crate::tape::{Adjoint, Machine, Tape};
use claim::Claims;
use difference::{Differ, Difference};
use rayon::prelude::*;
use std::collections::HashMap;

/// A field is steeper than a distance if it is so by more than rounding.
const STEEP: f64 = 1.0 + 1e-6;
/// How far a derivative may be from the difference, in parts of the steepest.
const TOLERANCE: f64 = 1e-5;
/// A derivative in a parameter beyond this explodes, below this vanishes.
const EXPLODING: f64 = 1e6;
const VANISHING: f64 = 1e-9;
/// How many points derivatives are compared at, and kinks sought from.
const COMPARED: usize = 1000;
/// How many findings of one sort are traced to their node: each takes two readings of the whole graph.
const TRACED: usize = 100;
/// How many of the calls of a scene are audited each on its own, and at how many points.
const AUDITED: usize = 200;
const AUDIT_POINTS: usize = 400;

/// The kind of what most scenes have, and is no mistake: where solids meet, the gradient jumps.
pub const KINK: &str = "kink";

/// Something found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// Its kind in a word or two: `not finite`, `derivative`, `distance`, `dead parameter`, `kink`, `jump`, ….
    pub kind: &'static str,
    /// The finding as a sentence.
    pub what: String,
    /// A point that shows it.
    pub at: Option<[f64; 4]>,
    /// The way to the node, from the field on.
    pub path: Vec<Field>,
    /// The place in the scene that made that node.
    pub place: Option<Place>,
    /// How many points show it.
    pub count: usize,
}

/// The findings of an audit, and how much was looked at.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// Where points were drawn.
    pub bounds: Bounds,
    /// How many.
    pub points: usize,
    /// How many derivatives were compared with differences.
    pub compared: usize,
    /// How far one was off at most, in parts of the steepest.
    pub worst: f64,
    /// The least and the most |∇ₓf|.
    pub steepness: (f64, f64),
    /// How many short ways were followed.
    pub ways: usize,
    /// How many of them lead over a kink or a jump.
    pub broken: usize,
    /// What is wrong.
    pub problems: Vec<Finding>,
    /// What is worth knowing: jumps first, then what is steep, then kinks.
    pub notes: Vec<Finding>,
}

/// A look at a scene's field, at points that are drawn.
pub struct Audit<'a> {
    scene: &'a Scene,
    tape: Tape,
    bounds: Bounds,
    points: Vec<[f64; 4]>,
    /// How long space, time and nothing else are.
    scale: [f64; 4],
    seed: u64,
}

/// What was seen at a point.
struct AuditedPoint {
    at: [f64; 4],
    dual: Dual<f64>,
    /// The derivative in each of the tape's parameters.
    slopes: Vec<f64>,
}

impl AuditedPoint {
    /// |∇ₓf|.
    fn steepness(&self) -> f64 {
        steepness(&self.dual)
    }
}

fn steepness(dual: &Dual<f64>) -> f64 {
    dual.slope[..3].iter().map(|slope| slope * slope).sum::<f64>().sqrt()
}

fn steepest(dual: &Dual<f64>) -> f64 {
    dual.slope.iter().fold(0.0, |most, slope| most.max(slope.abs()))
}

impl<'a> Audit<'a> {
    /// An audit at so many points drawn in a box, besides its corners and its middles, by a seed.
    pub fn new(scene: &'a Scene, bounds: Bounds, samples: usize, seed: u64) -> Result<Audit<'a>> {
        let tape = scene.field().tape()?;
        let timeline = scene.timeline();
        let size = bounds.size();
        let scale = [size[0], size[1], size[2], timeline.to - timeline.from]
            .map(|side| if side > 0.0 { side } else { 1.0 });
        let mut audit = Audit { scene, tape, bounds, points: Vec::new(), scale, seed };
        audit.points = audit.drawn(samples);
        Ok(audit)
    }

    /// How much work it is, in the parts that [`Audit::run`] counts.
    pub fn parts(&self) -> usize {
        2 * self.points.len() + 3 * COMPARED
    }

    /// The points to look at: corners, middles and the origin first, where symmetric fields are singular; then half of
    /// them anywhere, and half of them on the surface, as near as some steps of Newton's method come.
    fn drawn(&self, count: usize) -> Vec<[f64; 4]> {
        let (timeline, bounds) = (self.scene.timeline(), self.bounds.grown(0.05 * self.scale[0]));
        let center = self.bounds.center();
        let mut points = Vec::new();
        for t in [timeline.from, 0.5 * (timeline.from + timeline.to), timeline.to] {
            points.push([0.0, 0.0, 0.0, t]);
            for corner in 0..27 {
                let side = |i: u32| {
                    [self.bounds.min, center, self.bounds.max][corner / 3usize.pow(i) % 3][i as usize]
                };
                points.push([side(0), side(1), side(2), t]);
            }
        }
        let mut random = Random(self.seed);
        let mut drawn: Vec<[f64; 4]> = Vec::new();
        for _ in 0..count {
            let [x, y, z] = [0, 1, 2].map(|i| random.between(bounds.min[i], bounds.max[i]));
            drawn.push([x, y, z, random.between(timeline.from, timeline.to)]);
        }
        drawn[count / 2..].par_chunks_mut(256).for_each(|piece| {
            let mut machine = Machine::<Dual<f64>>::new(&self.tape);
            piece.iter_mut().for_each(|at| to_surface(&mut machine, at, &bounds));
        });
        points.extend(drawn);
        points
    }

    /// Looks at everything. `advance` is told of parts that are done, on any thread.
    pub fn run(&self, advance: impl Fn(usize) + Sync) -> Result<Report> {
        let progress = &advance;
        let mut report = Report {
            bounds: self.bounds,
            points: self.points.len(),
            compared: 0,
            worst: 0.0,
            steepness: (0.0, 0.0),
            ways: 0,
            broken: 0,
            problems: Vec::new(),
            notes: Vec::new(),
        };
        let all = self.seen(progress);
        self.hunt(&all, &mut report)?;
        let finite: Vec<&AuditedPoint> = all.iter().filter(|seen| seen.dual.is_finite()).collect();
        self.compare(&finite, progress, &mut report)?;
        self.kinks(&finite, progress, &mut report)?;
        self.claims(&finite, &mut report)?;
        self.parameters(&finite, &mut report)?;
        // What matters first: where the value jumps, then what is steep, then kinks.
        report
            .notes
            .sort_by_key(|found| ["jump", "steep"].iter().position(|kind| *kind == found.kind).unwrap_or(2));
        Ok(report)
    }

    fn seen(&self, advance: &(impl Fn(usize) + Sync)) -> Vec<AuditedPoint> {
        let look = |piece: &[[f64; 4]]| -> Vec<AuditedPoint> {
            let mut duals = Machine::<Dual<f64>>::new(&self.tape);
            let mut adjoint = Adjoint::<f64>::new(&self.tape);
            let seen = piece.iter().map(|&at| {
                let _ = adjoint.forward(at);
                adjoint.back(&[1.0]);
                AuditedPoint {
                    at,
                    dual: duals.at(Dual::variables(at))[0],
                    slopes: adjoint.parameters().collect(),
                }
            });
            let seen = seen.collect();
            advance(2 * piece.len());
            seen
        };
        self.points.par_chunks(256).flat_map_iter(look).collect()
    }

    /// What is not finite, once for each node where it begins.
    fn hunt(&self, all: &[AuditedPoint], report: &mut Report) -> Result<()> {
        let names: Vec<String> = self.tape.parameters().map(|parameter| parameter.name().into()).collect();
        let mut known: HashMap<(String, Option<Place>, bool), usize> = HashMap::new();
        let is_wrong = |seen: &&AuditedPoint| {
            !(seen.dual.is_finite() && seen.slopes.iter().all(|slope| slope.is_finite()))
        };
        for seen in all.iter().filter(is_wrong).take(TRACED) {
            let fault = match seen.dual.is_finite() {
                false => self.scene.field().fault_at(seen.at)?,
                true => match seen.slopes.iter().position(|slope| !slope.is_finite()) {
                    Some(i) => self.scene.field().parameter_fault_at(&names[i], seen.at)?,
                    None => None,
                },
            };
            let Some(fault) = fault else { continue };
            let place = self.place(&fault.path);
            match known.get(&(fault.node.title(), place.clone(), fault.is_slope)) {
                Some(&i) => report.problems[i].count += 1,
                None => {
                    known.insert((fault.node.title(), place.clone(), fault.is_slope), report.problems.len());
                    let (kind, what) = ("not finite", fault.to_string());
                    report.problems.push(Finding {
                        kind,
                        what,
                        at: Some(seen.at),
                        path: fault.path,
                        place,
                        count: 1,
                    });
                }
            }
        }
        Ok(())
    }

    /// The line of the scene that made the last node of a path that has one.
    fn place(&self, path: &[Field]) -> Option<Place> {
        path.iter().rev().find_map(|node| self.scene.place_of(node)).cloned()
    }

    /// Derivatives in space, time and parameters against differences, where the field is smooth.
    fn compare(
        &self,
        finite: &[&AuditedPoint],
        advance: &(impl Fn(usize) + Sync),
        report: &mut Report,
    ) -> Result<()> {
        let step = (finite.len() / COMPARED).max(1);
        let chosen: Vec<&AuditedPoint> = finite.iter().step_by(step).copied().collect();
        let compare = |piece: &[&AuditedPoint]| -> Vec<Difference> {
            let mut differ = Differ::new(self);
            let found = piece.iter().flat_map(|seen| differ.differences(seen)).collect();
            advance(piece.len());
            found
        };
        let found: Vec<Difference> = chosen.par_chunks(64).flat_map_iter(compare).collect();
        report.compared = found.len();
        report.worst = found.iter().fold(0.0, |worst, found| worst.max(found.off));
        let wrong: Vec<&Difference> = found.iter().filter(|found| found.off > TOLERANCE).collect();
        let mut names: Vec<&str> = wrong.iter().map(|found| found.name.as_str()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let of_name = || wrong.iter().filter(|found| found.name == name);
            let Some(worst) = of_name().max_by(|a, b| a.off.total_cmp(&b.off)) else { continue };
            let what = format!(
                "the derivative in {name} is {}, and the difference quotient {}",
                worst.derivative, worst.difference
            );
            let (at, count) = (Some(worst.at), of_name().count());
            report.problems.push(Finding {
                kind: "derivative",
                what,
                at,
                path: Vec::new(),
                place: None,
                count,
            });
        }
        Ok(())
    }

    /// Kinks, where the gradient jumps, and jumps of the value, sought along short ways through space; each once for
    /// the node where it begins.
    fn kinks(
        &self,
        finite: &[&AuditedPoint],
        advance: &(impl Fn(usize) + Sync),
        report: &mut Report,
    ) -> Result<()> {
        let field = self.scene.field();
        let mut random = Random(self.seed ^ 0x5eed);
        let step = (finite.len() / COMPARED).max(1);
        let ways: Vec<([f64; 4], [f64; 4])> = finite
            .iter()
            .step_by(step)
            .map(|seen| {
                let by =
                    |i: usize, unit: f64| if i < 3 { 0.03 * self.scale[i] * (2.0 * unit - 1.0) } else { 0.0 };
                (seen.at, std::array::from_fn(|i| seen.at[i] + by(i, random.unit())))
            })
            .collect();
        let search = |piece: &[([f64; 4], [f64; 4])]| -> Vec<Break> {
            let mut machine = Machine::<Dual<f64>>::new(&self.tape);
            let found = piece.iter().filter_map(|&(a, b)| Break::between(&mut machine, a, b)).collect();
            advance(2 * piece.len());
            found
        };
        let found: Vec<Break> = ways.par_chunks(64).flat_map_iter(search).collect();
        let mut known: HashMap<(String, Option<Place>, bool), usize> = HashMap::new();
        report.broken = found.len();
        report.ways = ways.len();
        let traced = found.par_iter().take(TRACED).map(|found| {
            let path = field.kink_between(found.a, found.b, 1e-3)?.unwrap_or_default();
            Ok((found.a, found.is_jump, path))
        });
        for (a, is_jump, path) in traced.collect::<Result<Vec<_>>>()? {
            let title = path.last().map_or(String::new(), Field::title);
            let place = self.place(&path);
            let key = (title.clone(), place.clone(), is_jump);
            if let Some(&i) = known.get(&key) {
                report.notes[i].count += 1;
                continue;
            }
            known.insert(key, report.notes.len());
            let by = if title.is_empty() { String::new() } else { format!(" at {title}") };
            let (kind, what) = match is_jump {
                true => (
                    "jump",
                    format!("the value jumps{by}: what steps along the field may step over a surface"),
                ),
                false => (KINK, format!("the gradient jumps{by}")),
            };
            report.notes.push(Finding { kind, what, at: Some(a), path, place, count: 1 });
        }
        Ok(())
    }

    /// How steep the field is, and the calls of the scene: those that claim to be no steeper than a distance, and those
    /// that are the first to be so.
    fn claims(&self, finite: &[&AuditedPoint], report: &mut Report) -> Result<()> {
        let claims = Claims::of(self.scene.field());
        let slopes = || finite.iter().map(|seen| seen.steepness());
        report.steepness = (slopes().fold(f64::INFINITY, f64::min), slopes().fold(0.0, f64::max));
        let step = (finite.len() / AUDIT_POINTS).max(1);
        let points: Vec<[f64; 4]> = finite.iter().step_by(step).map(|seen| seen.at).collect();
        let steepest_at = |field: &Field| -> Result<Option<(f64, [f64; 4])>> {
            let tape = field.tape()?;
            let mut machine = Machine::<Dual<f64>>::new(&tape);
            let each = points.iter().map(|&at| (steepness(&machine.at(Dual::variables(at))[0]), at));
            Ok(each.filter(|(steep, _)| steep.is_finite()).max_by(|a, b| a.0.total_cmp(&b.0)))
        };
        let mut findings = |field: &Field, is_claim: bool| -> Result<()> {
            let Some((steep, at)) = steepest_at(field)?.filter(|(steep, _)| *steep > STEEP) else {
                return Ok(());
            };
            let title = field.title();
            let (kind, what) = match is_claim {
                true => (
                    "distance",
                    format!("{title} says it is no steeper than a distance, and |∇f| is {steep:.6}"),
                ),
                false => ("steep", format!("{title} is no distance: |∇f| is up to {steep:.4}")),
            };
            let path = vec![field.clone()];
            let place = self.place(&path);
            let list = if is_claim { &mut report.problems } else { &mut report.notes };
            match list
                .iter_mut()
                .find(|other| other.kind == kind && other.place == place && other.what == what)
            {
                Some(other) => other.count += 1,
                None => list.push(Finding { kind, what, at: Some(at), path, place, count: 1 }),
            }
            Ok(())
        };
        claims.bounds().take(AUDITED).try_for_each(|field| findings(field, true))?;
        claims.breaks().take(AUDITED).try_for_each(|field| findings(field, false))
    }

    /// Parameters that do nothing, next to nothing, or too much.
    fn parameters(&self, finite: &[&AuditedPoint], report: &mut Report) -> Result<()> {
        let looks = looks(self.scene)?;
        let known: Vec<&Parameter> = self.tape.parameters().collect();
        for parameter in self.scene.parameters() {
            let name = parameter.name();
            let slopes = known.iter().position(|other| other.name() == name).map(|i| {
                let sizes = finite.iter().map(|seen| (seen.slopes[i].abs(), seen.at));
                sizes.filter(|(size, _)| size.is_finite()).max_by(|a, b| a.0.total_cmp(&b.0))
            });
            let most = slopes.flatten();
            let (kind, what) = match most {
                _ if most.is_none_or(|(most, _)| most == 0.0) && looks.iter().any(|look| look == name) => {
                    continue;
                }
                None if !known.iter().any(|other| other.name() == name) => {
                    ("dead parameter", format!("{name} is declared, and nothing depends on it"))
                }
                None => continue, // nothing was finite, which is said already
                Some((0.0, _)) => ("dead parameter", format!("{name} has no effect at any point")),
                Some((most, _)) if most < VANISHING => {
                    ("vanishing parameter", format!("the derivative in {name} is {most:.3e} at most"))
                }
                Some((most, _)) if most > EXPLODING => {
                    ("exploding parameter", format!("the derivative in {name} is up to {most:.3e}"))
                }
                Some(_) => continue,
            };
            let place = self.scene.place_of_parameter(name).cloned();
            let at = most.filter(|(most, _)| *most > 0.0).map(|(_, at)| at);
            report.problems.push(Finding { kind, what, at, path: Vec::new(), place, count: 1 });
        }
        Ok(())
    }
}

/// Some steps of Newton's method along ∇ₓf, as long as they stay in the box.
fn to_surface(machine: &mut Machine<Dual<f64>>, at: &mut [f64; 4], bounds: &Bounds) {
    for _ in 0..8 {
        let dual = machine.at(Dual::variables(*at))[0];
        let step = dual.value / steepness(&dual).powi(2);
        let next: [f64; 3] = std::array::from_fn(|i| at[i] - step * dual.slope[i]);
        if !bounds.contains(next) {
            break; // also where the step is no number
        }
        at[..3].copy_from_slice(&next);
    }
}

/// The parameters that what is seen, heard and felt depends on, besides the shape.
fn looks(scene: &Scene) -> Result<Vec<String>> {
    let mut fields: Vec<Field> = Vec::new();
    if let Some(camera) = scene.camera() {
        fields.extend([&camera.eye, &camera.target, &camera.up].into_iter().flatten().cloned());
        fields.push(camera.fov.clone());
    }
    for light in scene.lights() {
        fields.extend(light.direction.iter().chain(&light.color).cloned());
        fields.push(light.intensity.clone());
    }
    let background = scene.background();
    fields.extend(background.horizon.iter().chain(&background.zenith).cloned());
    fields.extend(scene.field().material().into_iter().flat_map(|material| material.channels()).cloned());
    fields.extend(scene.probes().iter().flat_map(|probe| probe.fields()).cloned());
    let mut names = Vec::new();
    for field in fields {
        names.extend(field.parameters()?.iter().map(|parameter| parameter.name().to_string()));
    }
    Ok(names)
}

/// Two points next to each other between which the gradient, or the value, jumps.
struct Break {
    a: [f64; 4],
    b: [f64; 4],
    is_jump: bool,
}

impl Break {
    /// The largest break on the way from one point to another, by bisection.
    fn between(machine: &mut Machine<Dual<f64>>, a: [f64; 4], b: [f64; 4]) -> Option<Break> {
        const HALVINGS: usize = 24;
        let mut look = |at: [f64; 4]| machine.at(Dual::variables(at))[0];
        let change = |p: &Dual<f64>, q: &Dual<f64>| {
            (0..4).map(|i| (p.slope[i] - q.slope[i]).abs()).fold((p.value - q.value).abs(), f64::max)
        };
        let (mut a, mut b) = (a, b);
        let (mut at_a, mut at_b) = (look(a), look(b));
        for _ in 0..HALVINGS {
            let middle: [f64; 4] = std::array::from_fn(|i| 0.5 * (a[i] + b[i]));
            let at_middle = look(middle);
            if change(&at_a, &at_middle) >= change(&at_middle, &at_b) {
                (b, at_b) = (middle, at_middle);
            } else {
                (a, at_a) = (middle, at_middle);
            }
        }
        if !(at_a.is_finite() && at_b.is_finite()) {
            return None;
        }
        let steep = steepest(&at_a).max(steepest(&at_b));
        let length: f64 = (0..4).map(|i| (a[i] - b[i]).abs()).sum();
        let is_jump = (at_a.value - at_b.value).abs() > 100.0 * (steep + 1.0) * length;
        let is_kink = (0..4).any(|i| (at_a.slope[i] - at_b.slope[i]).abs() > 0.01 * steep);
        (is_jump || is_kink).then_some(Break { a, b, is_jump })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{kernel, x};
    use crate::number::{Derivative, Interval, Kernel};
    use std::sync::Arc;

    /// sin(a) and its derivatives, the first of which is off by this factor.
    #[derive(Debug)]
    struct Lie(f64);

    impl Kernel for Lie {
        fn name(&self) -> &str {
            "lie"
        }
        fn value(&self, order: usize, inputs: &[f64]) -> f64 {
            let factor = if order == 1 { self.0 } else { 1.0 };
            factor * (inputs[0] + order as f64 * std::f64::consts::FRAC_PI_2).sin()
        }
        fn bounds(&self, _: usize, _: &[Interval]) -> Interval {
            Interval::new(-2.0, 2.0)
        }
        fn derivative(&self, order: usize, _: usize) -> Derivative {
            Derivative::Own(order + 1)
        }
    }

    fn problems(field: Field) -> Vec<(&'static str, String)> {
        let scene = Scene::of_field(field, "lie");
        let bounds = Bounds { min: [-2.0; 3], max: [2.0; 3] };
        let report = Audit::new(&scene, bounds, 200, 1).unwrap().run(|_| ()).unwrap();
        report.problems.into_iter().map(|found| (found.kind, found.what)).collect()
    }

    #[test]
    fn a_derivative_that_is_slightly_wrong_is_found() {
        assert_eq!(problems(kernel(Arc::new(Lie(1.0)), [2 * x()])), []);
        let found = problems(kernel(Arc::new(Lie(1.001)), [2 * x()]));
        let [("derivative", what)] = &found[..] else { panic!("{found:?}") };
        assert!(what.starts_with("the derivative in x is "), "{what}");
    }
}
