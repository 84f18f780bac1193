//! `check`: the debugger for differentiable scenes. Looks, at points drawn in the scene's bounds, for what is not
//! finite, for derivatives that differ from differences, for fields that are steeper than they claim, for kinks and
//! jumps, and for parameters that do nothing, next to nothing, or too much.

use super::arguments::{Check, Common};
use super::claim::Claims;
use super::input::{said, shown};
use super::machine::bounds;
use super::progress::Progress;
use super::random::Random;
use super::{Ending, input, output};
use crate::error::{Error, Place, Result};
use crate::field::{Field, Parameter};
use crate::measure::Bounds;
use crate::number::Dual;
use crate::scene::Scene;
use crate::tape::{Adjoint, Machine, Tape};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::fmt::Write;

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
/// How many parameters are compared at one point; at the next point the next ones.
const PARAMETERS: usize = 16;
/// How many of the calls of a scene are audited each on its own, and at how many points.
const AUDITED: usize = 200;
const AUDIT_POINTS: usize = 400;

pub(super) fn run(verb: &Check, common: &Common) -> Result<Ending> {
    let scene = input::scene(&verb.scene, common)?;
    let report = Checker::new(&scene, verb, common)?.checked(common)?;
    match common.json {
        true => output::print_json(&report.json(&scene))?,
        false => output::print(report.text(&scene, common.quiet).as_bytes())?,
    };
    Ok(if report.problems.is_empty() { Ending::Done } else { Ending::Wanting })
}

/// The kind of what most scenes have, and is no mistake.
const KINK: &str = "kink";

/// Something found.
struct Finding {
    kind: &'static str,
    what: String,
    at: Option<[f64; 4]>,
    /// The way to the node, from the field on.
    path: Vec<Field>,
    place: Option<Place>,
    /// How many points show it.
    count: usize,
}

/// What was looked at and what was found.
#[derive(Default)]
struct Report {
    bounds: Option<Bounds>,
    points: usize,
    compared: usize,
    worst: f64,
    steepness: (f64, f64),
    /// How many short ways were followed, and how many of them lead over a kink or a jump.
    ways: usize,
    broken: usize,
    problems: Vec<Finding>,
    notes: Vec<Finding>,
}

struct Checker<'a> {
    scene: &'a Scene,
    tape: Tape,
    bounds: Bounds,
    points: Vec<[f64; 4]>,
    /// How long space, time and nothing else are.
    scale: [f64; 4],
    seed: u64,
}

/// What was seen at a point.
struct Seen {
    at: [f64; 4],
    dual: Dual<f64>,
    /// The derivative in each of the tape's parameters.
    slopes: Vec<f64>,
}

impl Seen {
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

impl<'a> Checker<'a> {
    fn new(scene: &'a Scene, verb: &Check, common: &Common) -> Result<Checker<'a>> {
        let tape = scene.field().tape()?;
        let timeline = scene.timeline();
        let bounds = {
            let _progress = Progress::of("finding the bounds", 0, common);
            bounds(scene)
        };
        let size = bounds.size();
        let scale = [size[0], size[1], size[2], timeline.to - timeline.from]
            .map(|side| if side > 0.0 { side } else { 1.0 });
        let mut checker = Checker { scene, tape, bounds, points: Vec::new(), scale, seed: common.seed };
        checker.points = checker.drawn(verb.samples as usize);
        Ok(checker)
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

    fn checked(&self, common: &Common) -> Result<Report> {
        let progress = Progress::of("checking", 2 * self.points.len() + 3 * COMPARED, common);
        let mut report = Report { bounds: Some(self.bounds), points: self.points.len(), ..Report::default() };
        let all = self.seen(&progress);
        self.hunt(&all, &mut report)?;
        let finite: Vec<&Seen> = all.iter().filter(|seen| seen.dual.is_finite()).collect();
        self.compare(&finite, &progress, &mut report)?;
        self.kinks(&finite, &progress, &mut report)?;
        self.audit(&finite, &mut report)?;
        self.parameters(&finite, &mut report)?;
        // What matters first: where the value jumps, then what is steep, then kinks.
        report
            .notes
            .sort_by_key(|found| ["jump", "steep"].iter().position(|kind| *kind == found.kind).unwrap_or(2));
        Ok(report)
    }

    fn seen(&self, progress: &Progress) -> Vec<Seen> {
        let look = |piece: &[[f64; 4]]| -> Vec<Seen> {
            let mut duals = Machine::<Dual<f64>>::new(&self.tape);
            let mut adjoint = Adjoint::<f64>::new(&self.tape);
            let seen = piece.iter().map(|&at| {
                let _ = adjoint.forward(at);
                adjoint.back(&[1.0]);
                Seen { at, dual: duals.at(Dual::variables(at))[0], slopes: adjoint.parameters().collect() }
            });
            let seen = seen.collect();
            progress.advance(2 * piece.len());
            seen
        };
        self.points.par_chunks(256).flat_map_iter(look).collect()
    }

    /// What is not finite, once for each node where it begins.
    fn hunt(&self, all: &[Seen], report: &mut Report) -> Result<()> {
        let names: Vec<String> = self.tape.parameters().map(|parameter| parameter.name().into()).collect();
        let mut known: HashMap<(String, Option<Place>, bool), usize> = HashMap::new();
        let is_wrong =
            |seen: &&Seen| !(seen.dual.is_finite() && seen.slopes.iter().all(|slope| slope.is_finite()));
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
                    let (kind, what) = ("not finite", said(&fault));
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
    fn compare(&self, finite: &[&Seen], progress: &Progress, report: &mut Report) -> Result<()> {
        let step = (finite.len() / COMPARED).max(1);
        let chosen: Vec<&Seen> = finite.iter().step_by(step).copied().collect();
        let compare = |piece: &[&Seen]| -> Vec<Difference> {
            let mut differ = Differ::new(self);
            let found = piece.iter().flat_map(|seen| differ.differences(seen)).collect();
            progress.advance(piece.len());
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
    fn kinks(&self, finite: &[&Seen], progress: &Progress, report: &mut Report) -> Result<()> {
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
            progress.advance(2 * piece.len());
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
    fn audit(&self, finite: &[&Seen], report: &mut Report) -> Result<()> {
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
    fn parameters(&self, finite: &[&Seen], report: &mut Report) -> Result<()> {
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

/// The parameters that what is seen depends on, besides the shape.
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
    let mut names = Vec::new();
    for field in fields {
        names.extend(field.parameters()?.iter().map(|parameter| parameter.name().to_string()));
    }
    Ok(names)
}

/// A derivative and the difference quotient it should be.
struct Difference {
    name: String,
    at: [f64; 4],
    derivative: f64,
    difference: f64,
    /// How far they are apart, in parts of the steepest derivative, or of 1 if that is more.
    off: f64,
}

/// Takes differences of a tape's values.
struct Differ<'t> {
    checker: &'t Checker<'t>,
    values: Machine<f64>,
    duals: Machine<Dual<f64>>,
    adjoint: Adjoint<f64>,
    parameters: Vec<f64>,
    /// The parameter that is compared next.
    next: usize,
}

/// The steps tried, in parts of the scale: a short one where the field is not smooth over a long one.
const STEPS: [f64; 2] = [1e-4, 1e-6];

impl<'t> Differ<'t> {
    fn new(checker: &'t Checker<'t>) -> Differ<'t> {
        let tape = &checker.tape;
        let parameters = tape.values().to_vec();
        Differ {
            checker,
            values: Machine::new(tape),
            duals: Machine::new(tape),
            adjoint: Adjoint::new(tape),
            parameters,
            next: 0,
        }
    }

    fn differences(&mut self, seen: &Seen) -> Vec<Difference> {
        let mut found = Vec::new();
        let scale = self.checker.scale;
        for (i, name) in ["x", "y", "z", "t"].into_iter().enumerate() {
            let moved = |d: f64| {
                let mut at = seen.at;
                at[i] += d;
                at
            };
            let step = STEPS.iter().map(|step| step * scale[i]).find(|&step| {
                let [below, above] = [-step, step].map(|d| self.duals.at(Dual::variables(moved(d)))[0]);
                let size = steepest(&seen.dual).max(1.0);
                let smooth = |i: usize| is_smooth(below.slope[i], seen.dual.slope[i], above.slope[i], size);
                below.is_finite() && above.is_finite() && (0..4).all(smooth)
            });
            let Some(step) = step else { continue };
            let quotient =
                |step: f64| (self.values.at(moved(step))[0] - self.values.at(moved(-step))[0]) / (2.0 * step);
            found.extend(extrapolated(quotient, step, seen.dual.slope[i], &seen.dual).map(
                |(difference, off)| Difference {
                    name: name.into(),
                    at: seen.at,
                    derivative: seen.dual.slope[i],
                    difference,
                    off,
                },
            ));
        }
        for _ in 0..PARAMETERS.min(self.parameters.len()) {
            let i = self.next;
            self.next = (i + 1) % self.parameters.len();
            let own = self.parameters[i];
            let step = STEPS[0] * own.abs().max(1e-2);
            let slope = seen.slopes[i];
            let mut moved = |d: f64| {
                let mut values = self.parameters.clone();
                values[i] += d;
                self.adjoint.set_parameters(&values);
                let value = self.adjoint.forward(seen.at).next().copied().unwrap_or(f64::NAN);
                self.adjoint.back(&[1.0]);
                (value, self.adjoint.parameters().nth(i).unwrap_or(f64::NAN))
            };
            let size = steepest(&seen.dual).max(slope.abs()).max(1.0);
            if is_smooth(moved(-step).1, slope, moved(step).1, size) {
                let name =
                    || self.checker.tape.parameters().nth(i).map_or(String::new(), |own| own.name().into());
                let quotient = |step: f64| (moved(step).0 - moved(-step).0) / (2.0 * step);
                found.extend(extrapolated(quotient, step, slope, &seen.dual).map(|(difference, off)| {
                    Difference { name: name(), at: seen.at, derivative: slope, difference, off }
                }));
            }
        }
        found
    }
}

/// Whether a derivative, here and a step below and above, changes as that of a smooth function does: little, and as much
/// on the one side as on the other. Beside a kink it does not. Never for what is no number.
fn is_smooth(below: f64, here: f64, above: f64, size: f64) -> bool {
    let little = [below, above].iter().all(|there| (there - here).abs() <= 0.02 * size);
    little && (below + above - 2.0 * here).abs() <= 0.3 * TOLERANCE * size
}

/// The difference quotient by Richardson's extrapolation, and how far the derivative is from it, where it converges.
fn extrapolated(
    mut quotient: impl FnMut(f64) -> f64,
    step: f64,
    derivative: f64,
    dual: &Dual<f64>,
) -> Option<(f64, f64)> {
    let (coarse, fine) = (quotient(step), quotient(0.5 * step));
    let size = steepest(dual).max(derivative.abs()).max(1.0);
    // What rounding alone may do to the quotient.
    let noise = 8.0 * f64::EPSILON * (dual.value.abs() + 1.0) / step;
    let difference = (4.0 * fine - coarse) / 3.0;
    let off = ((derivative - difference).abs() - noise).max(0.0) / size;
    ((coarse - fine).abs() <= 1e-4 * size + noise).then_some((difference, off))
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

impl Finding {
    /// As an error with the scene's line, where there is one.
    fn shown(&self, scene: &Scene) -> String {
        let at = self.at.map_or(String::new(), |at| format!(" (at {})", shown(at)));
        let count = if self.count > 1 { format!(", {} times", self.count) } else { String::new() };
        let what = format!("{}: {}{at}{count}", self.kind, self.what);
        match &self.place {
            Some(place) => scene.error_at(place, what).to_string(),
            None => Error::Undefined(what).to_string(),
        }
    }

    fn json(&self) -> Value {
        let mut entry = Map::new();
        entry.insert("kind".into(), self.kind.into());
        entry.insert("message".into(), self.what.clone().into());
        entry.insert("count".into(), self.count.into());
        entry.insert("at".into(), self.at.map_or(Value::Null, |at| json!(at)));
        entry.insert("path".into(), self.path.iter().map(Field::title).collect());
        let place = self.place.as_ref();
        let place =
            place.map(|place| json!({ "file": &*place.file, "line": place.line, "column": place.column }));
        entry.insert("place".into(), place.unwrap_or(Value::Null));
        Value::Object(entry)
    }
}

/// Kinks as a line: how many, and the places that show most. Where solids meet there is one, and nothing wrong.
fn counted(mut kinks: Vec<&Finding>) -> String {
    const NAMED: usize = 3;
    kinks.sort_by_key(|kink| std::cmp::Reverse(kink.count));
    let named = kinks.iter().take(NAMED).map(|kink| {
        let node = kink.path.last().map_or("the field".into(), Field::title);
        kink.place.as_ref().map_or(node.clone(), |place| format!("{node} at {place}"))
    });
    let named: Vec<String> = named.collect();
    let rest = if kinks.len() > NAMED { ", …" } else { "" };
    let many = if kinks.len() == 1 { "1 place".into() } else { format!("{} places", kinks.len()) };
    format!(
        "note: kink: the gradient jumps at {many} of the graph, as it does where solids meet: {}{rest}",
        named.join(", ")
    )
}

impl Report {
    fn text(&self, scene: &Scene, quiet: bool) -> String {
        let mut text = String::new();
        for finding in &self.problems {
            let _ = writeln!(text, "problem: {}", finding.shown(scene));
        }
        if quiet {
            return text;
        }
        let (kinks, others): (Vec<_>, Vec<_>) = self.notes.iter().partition(|found| found.kind == KINK);
        for finding in others {
            let _ = writeln!(text, "note: {}", finding.shown(scene));
        }
        if !kinks.is_empty() {
            let _ = writeln!(text, "{}", counted(kinks));
        }
        let (least, most) = self.steepness;
        let _ = writeln!(
            text,
            "{}: {} points looked at; {} derivatives compared with differences, {:.1e} apart at most; |∇ₓf| from \
             {least:.4} to {most:.4}; {} of {} short ways lead over a kink",
            scene.file(),
            self.points,
            self.compared,
            self.worst,
            self.broken,
            self.ways
        );
        let _ = writeln!(
            text,
            "{}",
            match self.problems.len() {
                0 => "no problems".into(),
                1 => "1 problem".into(),
                count => format!("{count} problems"),
            }
        );
        text
    }

    fn json(&self, scene: &Scene) -> Value {
        json!({
            "file": scene.file(),
            "ok": self.problems.is_empty(),
            "points": self.points,
            "bounds": self.bounds.map(|bounds| json!({ "min": bounds.min, "max": bounds.max })),
            "derivatives": { "compared": self.compared, "worst": self.worst },
            "steepness": [output::json_number(self.steepness.0), output::json_number(self.steepness.1)],
            "ways": { "followed": self.ways, "over_a_kink": self.broken },
            "problems": self.problems.iter().map(Finding::json).collect::<Vec<_>>(),
            "notes": self.notes.iter().map(Finding::json).collect::<Vec<_>>(),
        })
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
        let common = Common { set: Vec::new(), threads: None, seed: 1, quiet: true, json: false };
        let verb = Check { scene: "lie".into(), samples: 200 };
        let report = Checker::new(&scene, &verb, &common).unwrap().checked(&common).unwrap();
        report.problems.into_iter().map(|found| (found.kind, found.what)).collect()
    }

    #[test]
    fn a_derivative_that_is_slightly_wrong_is_found() {
        assert_eq!(problems(kernel(Arc::new(Lie(1.0)), [2 * x()])), []);
        let found = problems(kernel(Arc::new(Lie(1.001)), [2 * x()]));
        let [("derivative", what)] = &found[..] else { panic!("{found:?}") };
        assert!(what.starts_with("the derivative in x is "), "{what}");
    }

    #[test]
    fn a_kink_is_not_smooth_however_slight() {
        assert!(is_smooth(0.99, 1.0, 1.01, 1.0) && is_smooth(1.0, 1.0, 1.0, 1.0));
        assert!(!is_smooth(1.0, 1.0, 1.001, 1.0) && !is_smooth(f64::NAN, 1.0, 1.0, 1.0));
    }
}
