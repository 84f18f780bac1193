//! The command without a verb: the built-in scene's facts, and a picture of it.

use super::arguments::Common;
use super::{Ending, output};
use crate::error::Result;
use crate::render::{Options, picture};
use crate::scene::built_in;
use serde_json::json;
use std::fmt::Write;
use std::path::Path;

/// When the drop is about to leave the pool.
const TIME: f64 = 5.3;
/// A point beside the neck between them.
const AT: [f64; 4] = [0.6, -0.2, 0.2, TIME];

pub(super) fn run(common: &Common) -> Result<Ending> {
    let values: Vec<(&str, f64)> = common.set.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let scene = built_in().with_parameters(&values)?;
    let field = scene.field();
    let path = Path::new("fieldgrad.png");
    picture(&scene, &Options { time: Some(TIME), ..Options::default() })?.save_png(path)?;

    let tape = field.tape()?;
    let here = field.value_with_gradient_at(AT)?;
    let slopes = field.parameter_gradient_at(AT)?;
    let names = field.parameters()?;
    if common.json {
        let slopes = names
            .iter()
            .zip(&slopes)
            .map(|(parameter, slope)| (parameter.name().to_string(), (*slope).into()));
        return output::print_json(&json!({
            "at": AT, "f": here.value, "gradient": here.slope,
            "parameters": slopes.collect::<serde_json::Map<_, _>>(),
            "operations": tape.len(), "file": path.display().to_string(),
        }));
    }
    let mut text = String::from("the built-in scene\n");
    let mut line = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    for parameter in &names {
        let (low, high) = parameter.range().unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        line(format!("  parameter   {} = {} in [{low}, {high}]", parameter.name(), parameter.value()));
    }
    line(format!("  operations  {} ({} of them for each point)", tape.len(), tape.len_per_point()));
    line(format!("  at (x, y, z, t) = {AT:?}"));
    line(format!("    f         {:.6}", here.value));
    line(format!("    ∇f        {:?}", here.slope.map(|slope| (slope * 1e6).round() / 1e6)));
    for (parameter, slope) in names.iter().zip(slopes) {
        line(format!("    ∂f/∂{:<7} {:.6}", parameter.name(), slope + 0.0));
    }
    line(format!("a picture of it at t = {TIME} is in {}", path.display()));
    line("`fieldgrad --help` says what else there is".into());
    output::print(text.as_bytes())
}
