//! How a shader computes a swept volume: it looks at the shape at many times, and narrows down where f falls and then
//! rises. It may miss what the search on the CPU does not, of what is there for less than a part in [`LOOKS`] of the span.

use super::moving::Moving;
use super::{PARAMETERS, T0};
use crate::error::Result;
use crate::number::Shader;
use crate::tape::Tape;
use crate::tape::text::{Body, CalledFunctions, Language};
use std::fmt::Write;

/// At how many times a shader looks, and how often a place between two is narrowed.
const LOOKS: usize = 64;
const NARROWINGS: usize = 9;

/// How a shader computes the value, or a derivative of the first order in space or in the ends of the span; none for
/// others, and for a shape that no shader can compute.
pub(super) fn shader(shape: &Moving, order: &[usize]) -> Option<Shader> {
    let which = match *order {
        [] => 0,
        [input] if input < PARAMETERS => input as u8 + 1,
        _ => return None,
    };
    let text = shape.shader.get_or_init(|| written(shape).ok()).clone()?;
    Some(Shader { numbers: [which, 0, 0, 0], ..text })
}

/// The functions in both languages.
fn written(shape: &Moving) -> Result<Shader> {
    let function = format!("sweep_{:016x}", shape.field.key().word() as u64);
    let mut used = CalledFunctions::default();
    let wgsl = text(shape, &function, Language::Wgsl, &mut used)?;
    let glsl = text(shape, &function, Language::Glsl, &mut used)?;
    let calls = used.shaders()?;
    let is_glsl = calls.iter().all(|shader| shader.glsl.is_some());
    let glsl = is_glsl.then(|| glsl.into());
    Ok(Shader { function: function.into(), numbers: [0; 4], wgsl: wgsl.into(), glsl, calls, data: None })
}

fn text(shape: &Moving, name: &str, language: Language, used: &mut CalledFunctions) -> Result<String> {
    let arguments: Vec<String> = (0..shape.parameters.len()).map(|n| format!("a{n}")).collect();
    let parameter = |name: &str| {
        let place = shape.parameters.iter().position(|own| own == name);
        place.map_or_else(String::new, |place| arguments[place].clone())
    };
    let coordinates = ["p.x", "p.y", "p.z", "t"].map(String::from);
    let body = Body { language, coordinates, parameter: &parameter };
    let mut given: Vec<(&'static str, &str)> = vec![("vec3", "p"), ("float", "t")];
    given.extend(arguments.iter().map(|name| ("float", name.as_str())));
    let mut text = String::new();
    // f and f_t, and those in space.
    let slopes = Tape::new(&[0, 1, 2].map(|axis| shape.along(&shape.field, axis)))?;
    for (tape, kind, suffix) in [(&shape.value_and_speed, "vec2", "moving"), (&slopes, "vec3", "slopes")] {
        let (lines, outputs) = body.lines_of(tape, used)?;
        let head = language.function(kind, &format!("field_{name}_{suffix}"), &given);
        let _ = write!(text, "{head}{lines}    return {};\n}}\n\n", language.vector(kind, &outputs));
    }
    let template = match language {
        Language::Wgsl => include_str!("../../../shaders/sweep.wgsl"),
        Language::Glsl => include_str!("../../../shaders/sweep.glsl"),
    };
    let declared = |name: &String| match language {
        Language::Wgsl => format!(", {name}: f32"),
        Language::Glsl => format!(", float {name}"),
    };
    let handed = |name: &String| format!(", {name}");
    let numbers = [("LOOKS", LOOKS), ("NARROWINGS", NARROWINGS), ("SPAN", T0 + 1)];
    let template = template
        .replace("NAME", name)
        .replace("ARGUMENTS", &arguments.iter().map(declared).collect::<String>())
        .replace("GIVEN", &arguments.iter().map(handed).collect::<String>());
    text += &numbers.iter().fold(template, |text, (word, number)| text.replace(word, &number.to_string()));
    Ok(text)
}
