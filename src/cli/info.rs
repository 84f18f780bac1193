//! `info`: what a scene is.

use super::arguments::{Common, InfoVerb};
use super::machine::within;
use super::progress::ProgressLine;
use super::{Ending, input, output};
use crate::error::{Error, Result};
use crate::field::{Axis, Field, Listing};
use crate::measure::{Bounds, Estimate, Measures};
use crate::number::Interval;
use crate::scene::Scene;
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::time::Duration;

pub(super) fn run(verb: &InfoVerb, common: &Common) -> Result<Ending> {
    let scene = input::scene(&verb.scene, common)?;
    let facts = Facts::of(&scene, verb, common)?;
    match common.json {
        true => output::print_json(&facts.json(&scene)),
        false => output::print(facts.text(&scene).as_bytes()),
    }
}

/// A measurement, or why there is none.
type Measured<T> = Result<T, String>;

/// How close a bound on slopes is to what is reached, in parts of it, where that is found with the work that is allowed.
const CLOSE: f64 = 0.01;
/// How much work the measurements take at most, in lines of tapes. It is work that is counted and not time, so that what is
/// said is the same everywhere.
const STEEPNESS_WORK: usize = 600_000;
const RATE_WORK: usize = 300_000;
/// In lines of tapes for each cell that is split.
const VOLUME_WORK: usize = 1_200_000;

struct Facts {
    nodes: usize,
    operations: usize,
    per_point: usize,
    time: f64,
    /// At that time; `None` where there is nothing.
    bounds: Measured<Option<Bounds>>,
    measures: Measured<Measures>,
    /// Over the scene's own bounds, or else those found, and the whole timeline.
    steepness: Measured<f64>,
    rate: Measured<f64>,
}

impl Facts {
    fn of(scene: &Scene, verb: &InfoVerb, common: &Common) -> Result<Facts> {
        let field = scene.field();
        let tape = field.tape()?;
        let timeline = scene.timeline();
        let time = verb.time.unwrap_or(timeline.from);
        let budget = Duration::from_secs_f64(verb.budget);
        let _progress = ProgressLine::of("measuring", 0, common);
        let allowed = |work: usize| (work as f64 * verb.effort) as usize;
        let slopes = |bounds: Bounds| {
            let (steepness_work, rate_work) = (allowed(STEEPNESS_WORK), allowed(RATE_WORK));
            let over = over(&bounds, timeline.from, timeline.to);
            let steepness =
                held_to(budget, field, move |field| field.lipschitz_within(over, CLOSE, steepness_work));
            let rate = match field.depends_on(Axis::T) {
                true => held_to(budget, field, move |field| field.rate_within(over, CLOSE, rate_work)),
                false => Ok(0.0),
            };
            (steepness, rate)
        };
        // Where it is and how large, and beside that how steep it is, where it is known in which box.
        let (bounds, measures, (steepness, rate)) = std::thread::scope(|scope| {
            let known = scene.bounds().map(|bounds| scope.spawn(move || slopes(bounds)));
            let bounds = held_to(budget, field, move |field| field.bounds((time, time)));
            let bounds = bounds.map_err(|why| match scene.bounds() {
                Some(_) if why == Error::Unbounded.to_string() => {
                    "none are known but the scene's own: the solid is unbounded, or nothing shows that it is bounded"
                        .into()
                }
                _ => why,
            });
            let own = bounds.clone().ok().flatten();
            let (tolerance, work) = (verb.tolerance, allowed(VOLUME_WORK));
            let given = own.map(|own| own.grown(1e-9 * longest(&own))).or(scene.bounds());
            let measures = match (given, &bounds) {
                (_, Ok(None)) => Err("there is nothing at this time".into()),
                (None, Err(why)) => Err(why.clone()),
                _ => held_to(budget, field, move |field| {
                    field.tape()?.measures_within(given, time, tolerance, work)
                }),
            };
            let nowhere = || {
                (Err("there are no bounds to look in".into()), Err("there are no bounds to look in".into()))
            };
            let found = match known {
                Some(slopes) => slopes.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                None => own.map_or_else(nowhere, slopes),
            };
            (bounds, measures, found)
        });
        Ok(Facts {
            nodes: Listing::of(std::slice::from_ref(field)).nodes.len(),
            operations: tape.len(),
            per_point: tape.len_per_point(),
            time,
            bounds,
            measures,
            steepness,
            rate,
        })
    }
}

fn longest(bounds: &Bounds) -> f64 {
    bounds.size().into_iter().fold(0.0, f64::max)
}

/// A box over a span of time.
fn over(bounds: &Bounds, from: f64, to: f64) -> [Interval; 4] {
    let side = |i: usize| Interval::new(bounds.min[i], bounds.max[i]);
    [side(0), side(1), side(2), Interval::new(from, to)]
}

fn held_to<T: Send + 'static>(
    budget: Duration,
    field: &Field,
    measure: impl FnOnce(&Field) -> Result<T> + Send + 'static,
) -> Measured<T> {
    let field = field.clone();
    match within(budget, move || measure(&field)) {
        Some(Ok(found)) => Ok(found),
        Some(Err(Error::Argument { problem, .. })) => Err(problem),
        Some(Err(error)) => Err(error.to_string()),
        None => Err(format!("not found within {} s; --budget allows more", budget.as_secs_f64())),
    }
}

impl Facts {
    fn text(&self, scene: &Scene) -> String {
        let mut text = format!("{}\n", scene.file());
        let mut line = |name: &str, what: String| {
            let _ = writeln!(text, "  {name:<11} {what}");
        };
        for parameter in scene.parameters() {
            let range = parameter.range().map_or(String::new(), |(low, high)| format!(" in [{low}, {high}]"));
            line("parameter", format!("{} = {}{range}", parameter.name(), parameter.value()));
        }
        line("objects", scene.objects().len().to_string());
        line("nodes", self.nodes.to_string());
        line("operations", format!("{} ({} of them for each point)", self.operations, self.per_point));
        let timeline = scene.timeline();
        let again = if timeline.repeats { ", over and over" } else { "" };
        line(
            "timeline",
            match timeline.from == timeline.to {
                true => format!("t = {}", timeline.from),
                false => format!("t from {} to {}{again}", timeline.from, timeline.to),
            },
        );
        if let Some(given) = scene.bounds() {
            line("its bounds", box_text(&given));
        }
        line(
            "steepness",
            said(&self.steepness, |bound| format!("{} within the bounds", at_most("|∇ₓf|", *bound))),
        );
        line("rate", said(&self.rate, |bound| at_most("|f_t|", *bound)));
        let _ = writeln!(text, "  at t = {}", self.time);
        let mut line = |name: &str, what: String| {
            let _ = writeln!(text, "    {name:<9} {what}");
        };
        line(
            "bounds",
            said(&self.bounds, |bounds| bounds.map_or("nothing is there".into(), |b| box_text(&b))),
        );
        match &self.measures {
            Ok(measures) => {
                line("volume", estimate(measures.volume));
                line("area", estimate(measures.area));
                let [x, y, z] = measures.centroid;
                line(
                    "centroid",
                    match x.error.is_finite() {
                        true => format!(
                            "({}, {}, {}) ± {}",
                            short(x.value),
                            short(y.value),
                            short(z.value),
                            short(x.error.max(y.error).max(z.error))
                        ),
                        false => "unknown: the volume may be 0".into(),
                    },
                );
            }
            Err(why) => line("volume", why.clone()),
        }
        text
    }

    fn json(&self, scene: &Scene) -> Value {
        let mut object = Map::new();
        let parameters = scene.parameters();
        let parameters = parameters.iter().map(|parameter| {
            let range = parameter.range().map(|(low, high)| [low, high]);
            json!({ "name": parameter.name(), "value": parameter.value(), "range": range })
        });
        let timeline = scene.timeline();
        let mut note = |name: &str, value: Value| {
            object.insert(name.into(), value);
        };
        note("file", scene.file().into());
        note("parameters", parameters.collect());
        note("objects", scene.objects().len().into());
        note("nodes", self.nodes.into());
        note("operations", self.operations.into());
        note("operations_per_point", self.per_point.into());
        note(
            "timeline",
            json!({ "from": timeline.from, "to": timeline.to, "repeats": timeline.repeats, "fps": timeline.fps }),
        );
        note("scene_bounds", scene.bounds().map_or(Value::Null, |bounds| box_json(&bounds)));
        note("steepness", json(&self.steepness, |bound| output::json_number(*bound)));
        note("rate", json(&self.rate, |bound| output::json_number(*bound)));
        note("time", self.time.into());
        note("bounds", json(&self.bounds, |bounds| bounds.map_or(Value::Null, |bounds| box_json(&bounds))));
        note("volume", json(&self.measures, |measures| estimate_json(measures.volume)));
        note("area", json(&self.measures, |measures| estimate_json(measures.area)));
        note(
            "centroid",
            json(&self.measures, |measures| measures.centroid.map(estimate_json).to_vec().into()),
        );
        Value::Object(object)
    }
}

fn said<T>(measured: &Measured<T>, say: impl FnOnce(&T) -> String) -> String {
    measured.as_ref().map_or_else(String::clone, say)
}

fn at_most(what: &str, bound: f64) -> String {
    if bound.is_finite() {
        format!("{what} ≤ {}", short(bound))
    } else {
        format!("no bound on {what} is known")
    }
}

/// What was measured, or an object that says why it was not.
fn json<T>(measured: &Measured<T>, write: impl FnOnce(&T) -> Value) -> Value {
    measured.as_ref().map_or_else(|why| json!({ "unknown": why }), write)
}

fn box_json(bounds: &Bounds) -> Value {
    let corner = |corner: [f64; 3]| corner.map(output::json_number);
    json!({ "min": corner(bounds.min), "max": corner(bounds.max) })
}

fn estimate_json(estimate: Estimate) -> Value {
    json!({ "value": output::json_number(estimate.value), "error": output::json_number(estimate.error) })
}

fn box_text(bounds: &Bounds) -> String {
    let corner = |corner: [f64; 3]| corner.map(short).join(", ");
    format!("[{}] to [{}]", corner(bounds.min), corner(bounds.max))
}

fn estimate(estimate: Estimate) -> String {
    format!("{} ± {}", short(estimate.value), short(estimate.error))
}

/// Six significant digits. What is 0 but for rounding outwards is 0, and so is −0.
fn short(value: f64) -> String {
    if value.abs() < f64::MIN_POSITIVE {
        return "0".into();
    }
    if !value.is_finite() {
        return value.to_string();
    }
    let digits = 5 - value.abs().log10().floor() as i32;
    match digits {
        0..=9 => {
            let text = format!("{value:.*}", digits as usize);
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
        }
        _ => format!("{value:.3e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::length;
    use crate::scene::GALLERY;

    #[test]
    fn numbers_have_six_digits_and_no_sign_of_nothing() {
        let cases =
            [(0.0, "0"), (-0.0, "0"), (4.9e-324, "0"), (-1e-310, "0"), (-0.25, "-0.25"), (1e-9, "1.000e-9")];
        for (value, expected) in cases.into_iter().chain([(1234.5678, "1234.57"), (f64::INFINITY, "inf")]) {
            assert_eq!(short(value), expected);
        }
    }

    /// The largest size of each of two fields at points spread over a box.
    fn largest(fields: [Field; 2], over: [Interval; 4]) -> Result<[f64; 2]> {
        let place = |n: usize| [0.8567, 0.7339, 0.6287, 0.5386].map(|share: f64| (n as f64 * share).fract());
        let within = |parts: [f64; 4]| std::array::from_fn(|i| over[i].lo() + parts[i] * over[i].width());
        let points: Vec<[f64; 4]> = (1..60_000).map(|n| within(place(n))).collect();
        let most = |field: Field| {
            let found = field.tape()?.eval(&points).swap_remove(0);
            Ok(found.into_iter().map(f64::abs).filter(|value| value.is_finite()).fold(0.0, f64::max))
        };
        let [a, b] = fields;
        Ok([most(a)?, most(b)?])
    }

    #[test]
    fn steepness_is_near_the_truth() -> Result<()> {
        for name in ["drop", "island", "lantern", "owl", "chess", "gears"] {
            let exhibit = GALLERY.iter().find(|exhibit| exhibit.name == name).expect("in the gallery");
            let scene = exhibit.scene()?;
            let timeline = scene.timeline();
            let over = over(&scene.bounds().expect("written there"), timeline.from, timeline.to);
            let [x, y, z, t] = scene.field().gradient();
            let [steepest, fastest] = largest([length([x, y, z]), t], over)?;
            let bound = scene.field().lipschitz_within(over, CLOSE, STEEPNESS_WORK)?;
            assert!(
                (steepest * (1.0 - 1e-9)..1.5 * steepest).contains(&bound),
                "{name}: {bound}, {steepest}"
            );
            let rate = scene.field().rate_within(over, CLOSE, RATE_WORK)?;
            assert!(rate >= fastest && rate.is_finite(), "{name}: {rate} a second, {fastest}");
        }
        Ok(())
    }
}
