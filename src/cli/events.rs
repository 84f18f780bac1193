//! `events`: when a scene's surface changes its topology.

use super::arguments::{Common, EventsVerb};
use super::progress::ProgressLine;
use super::{Ending, input, output};
use crate::error::{Error, Result};
use crate::measure::{Bounds, Events, TopologyChange};
use serde_json::json;
use std::fmt::Write;

pub(super) fn run(verb: &EventsVerb, common: &Common) -> Result<Ending> {
    let scene = input::scene(&verb.scene, common)?;
    let timeline = scene.timeline();
    let span = (verb.from.unwrap_or(timeline.from), verb.to.unwrap_or(timeline.to));
    if span.0 >= span.1 {
        return Err(Error::Input(format!("there is no time from {} to {}", span.0, span.1)));
    }
    let events = {
        let _progress = ProgressLine::of("looking for events", 0, common);
        match verb.bounds.or(scene.bounds()) {
            Some(bounds) => scene.field().events(bounds, span)?,
            None => match scene.field().bounds(span).map_err(unbounded)? {
                // A little larger, so that what touches the bounds is within.
                Some(bounds) => {
                    scene.field().events(bounds.grown(MARGIN * bounds.size()[0].max(1e-6)), span)?
                }
                None => Events::default(),
            },
        }
    };
    match common.json {
        true => {
            let found = { events.found.iter() }.map(
                |event| json!({ "time": event.time, "place": event.place, "change": name(event.change) }),
            );
            let open = { events.open.iter() }.map(
                |(Bounds { min, max }, (from, to))| json!({ "min": min, "max": max, "from": from, "to": to }),
            );
            output::print_json(&json!({
                "from": span.0,
                "to": span.1,
                "events": found.collect::<Vec<_>>(),
                "open": open.collect::<Vec<_>>(),
                "boxes": events.boxes,
            }))?
        }
        false => output::print(text(&events, span).as_bytes())?,
    };
    Ok(if events.open.is_empty() { Ending::Done } else { Ending::Wanting })
}

/// How much larger than the solid the box is that is looked through, in parts of its width.
const MARGIN: f64 = 1e-3;

fn unbounded(error: Error) -> Error {
    match error {
        Error::Unbounded => {
            Error::Input("the solid is unbounded, or nothing shows that it is bounded: give --bounds".into())
        }
        other => other,
    }
}

fn text(events: &Events, span: (f64, f64)) -> String {
    let mut text = String::new();
    let shown = |place: [f64; 3]| place.map(|x| format!("{x:.6}")).join(", ");
    if events.found.is_empty() {
        let _ = writeln!(text, "no events from {} to {}", span.0, span.1);
    }
    for event in &events.found {
        let _ = writeln!(text, "{:>14.9}  at ({})  {}", event.time, shown(event.place), said(event.change));
    }
    if !events.open.is_empty() {
        let _ = writeln!(text, "not settled, in {} boxes; --json lists all:", events.open.len());
        for (Bounds { min, max }, (from, to)) in events.open.iter().take(3) {
            let _ = writeln!(text, "  from {from:.6} to {to:.6} in ({}) to ({})", shown(*min), shown(*max));
        }
    }
    text
}

/// A kind of event as programs read it.
fn name(change: TopologyChange) -> &'static str {
    match change {
        TopologyChange::Appears => "appears",
        TopologyChange::Vanishes => "vanishes",
        TopologyChange::Joins => "joins",
        TopologyChange::Parts => "parts",
        TopologyChange::TunnelOpens => "tunnel-opens",
        TopologyChange::TunnelFills => "tunnel-fills",
        TopologyChange::CavityOpens => "cavity-opens",
        TopologyChange::CavityFills => "cavity-fills",
        TopologyChange::Touches => "touches",
        TopologyChange::Other => "other",
    }
}

/// A kind of event in words.
fn said(change: TopologyChange) -> &'static str {
    match change {
        TopologyChange::Appears => "a piece appears",
        TopologyChange::Vanishes => "a piece vanishes",
        TopologyChange::Joins => "two parts join",
        TopologyChange::Parts => "a neck parts",
        TopologyChange::TunnelOpens => "a tunnel opens",
        TopologyChange::TunnelFills => "a tunnel is filled",
        TopologyChange::CavityOpens => "a cavity opens",
        TopologyChange::CavityFills => "a cavity is filled",
        TopologyChange::Touches => "surfaces touch for an instant",
        TopologyChange::Other => "something else happens, or many of these at once",
    }
}
