//! `graph`: the graph of a scene's field as a picture, for Graphviz, or for programs.

use super::arguments::{Common, GraphVerb};
use super::input::at_time;
use super::{Ending, input, output};
use crate::error::Result;
use crate::field::{Detail, Field, boxes};
use crate::scene::Scene;
use serde_json::{Map, Value, json};

pub(super) fn run(verb: &GraphVerb, common: &Common) -> Result<Ending> {
    let scene = input::scene(&verb.scene, common)?;
    let detail = if verb.full { Detail::Full } else { Detail::Names };
    let at = verb.at.map(|point| at_time(point, scene.timeline().from));
    let field = scene.field();
    let text = match output::extension(&verb.out).as_str() {
        "svg" => field.to_svg(detail, at)?,
        "dot" => field.to_dot(detail, at)?,
        "json" => format!("{:#}\n", to_json(field, &scene, detail, at)?),
        _ => return Err(output::unknown_kind(&verb.out, ".svg, .dot or .json")),
    };
    output::save(&verb.out, &text, common)
}

/// The nodes, each after those it is computed from; the last is the field.
fn to_json(field: &Field, scene: &Scene, detail: Detail, at: Option<[f64; 4]>) -> Result<Value> {
    let nodes = boxes(field, detail, at)?.into_iter().enumerate().map(|(id, node)| {
        let mut entry = Map::new();
        let mut note = |name: &str, value: Value| entry.insert(name.into(), value);
        note("id", id.into());
        note("title", node.title.into());
        note("kind", node.role.name().into());
        if let Some(function) =
            node.node.label().map(|label| label.function()).filter(|name| !name.is_empty())
        {
            note("function", function.into());
        }
        if let Some(place) = scene.place_of(&node.node) {
            note("place", json!({ "file": &*place.file, "line": place.line, "column": place.column }));
        }
        let inputs = node.inputs.iter().map(|(from, name)| json!({ "name": name, "from": from }));
        note("inputs", inputs.collect());
        let numbers = node.numbers.iter().map(|(name, value)| json!({ "name": name, "value": value }));
        note("numbers", numbers.collect());
        if let Some(dual) = node.at {
            note("value", output::json_number(dual.value));
            note("gradient", dual.slope.map(output::json_number).to_vec().into());
        }
        Value::Object(entry)
    });
    Ok(json!({ "nodes": nodes.collect::<Vec<_>>() }))
}
