//! `check`: the debugger for differentiable scenes, which says what an audit finds, with lines.

use super::arguments::{CheckVerb, Common};
use super::input::shown;
use super::machine::bounds;
use super::progress::ProgressLine;
use super::{Ending, input, output};
use crate::error::{Error, Result};
use crate::field::Field;
use crate::scene::Scene;
use crate::scene::audit::{Audit, Finding, KINK, Report};
use serde_json::{Map, Value, json};
use std::fmt::Write;

pub(super) fn run(verb: &CheckVerb, common: &Common) -> Result<Ending> {
    let scene = input::scene(&verb.scene, common)?;
    let bounds = {
        let _progress = ProgressLine::of("finding the bounds", 0, common);
        bounds(&scene)
    };
    let audit = Audit::new(&scene, bounds, verb.samples as usize, common.seed)?;
    let progress = ProgressLine::of("checking", audit.parts(), common);
    let report = audit.run(|parts| progress.advance(parts))?;
    drop(progress);
    match common.json {
        true => output::print_json(&json(&report, &scene))?,
        false => output::print(text(&report, &scene, common.quiet).as_bytes())?,
    };
    Ok(if report.problems.is_empty() { Ending::Done } else { Ending::Wanting })
}

/// A finding as an error with the scene's line, where there is one.
fn finding_text(found: &Finding, scene: &Scene) -> String {
    let at = found.at.map_or(String::new(), |at| format!(" (at {})", shown(at)));
    let count = if found.count > 1 { format!(", {} times", found.count) } else { String::new() };
    let what = format!("{}: {}{at}{count}", found.kind, found.what);
    match &found.place {
        Some(place) => scene.error_at(place, what).to_string(),
        None => Error::Undefined(what).to_string(),
    }
}

fn finding_json(found: &Finding) -> Value {
    let mut entry = Map::new();
    entry.insert("kind".into(), found.kind.into());
    entry.insert("message".into(), found.what.clone().into());
    entry.insert("count".into(), found.count.into());
    entry.insert("at".into(), found.at.map_or(Value::Null, |at| json!(at)));
    entry.insert("path".into(), found.path.iter().map(Field::title).collect());
    let place = found.place.as_ref();
    let place =
        place.map(|place| json!({ "file": &*place.file, "line": place.line, "column": place.column }));
    entry.insert("place".into(), place.unwrap_or(Value::Null));
    Value::Object(entry)
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

fn text(report: &Report, scene: &Scene, quiet: bool) -> String {
    let mut text = String::new();
    for finding in &report.problems {
        let _ = writeln!(text, "problem: {}", finding_text(finding, scene));
    }
    if quiet {
        return text;
    }
    let (kinks, others): (Vec<_>, Vec<_>) = report.notes.iter().partition(|found| found.kind == KINK);
    for finding in others {
        let _ = writeln!(text, "note: {}", finding_text(finding, scene));
    }
    if !kinks.is_empty() {
        let _ = writeln!(text, "{}", counted(kinks));
    }
    let (least, most) = report.steepness;
    let _ = writeln!(
        text,
        "{}: {} points looked at; {} derivatives compared with differences, {:.1e} apart at most; |∇ₓf| from \
             {least:.4} to {most:.4}; {} of {} short ways lead over a kink",
        scene.file(),
        report.points,
        report.compared,
        report.worst,
        report.broken,
        report.ways
    );
    let _ = writeln!(
        text,
        "{}",
        match report.problems.len() {
            0 => "no problems".into(),
            1 => "1 problem".into(),
            count => format!("{count} problems"),
        }
    );
    text
}

fn json(report: &Report, scene: &Scene) -> Value {
    json!({
        "file": scene.file(),
        "ok": report.problems.is_empty(),
        "points": report.points,
        "bounds": { "min": report.bounds.min, "max": report.bounds.max },
        "derivatives": { "compared": report.compared, "worst": report.worst },
        "steepness": [output::json_number(report.steepness.0), output::json_number(report.steepness.1)],
        "ways": { "followed": report.ways, "over_a_kink": report.broken },
        "problems": report.problems.iter().map(finding_json).collect::<Vec<_>>(),
        "notes": report.notes.iter().map(finding_json).collect::<Vec<_>>(),
    })
}
