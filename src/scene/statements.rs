//! What only scenes have: parameters, what is shown, materials, and the settings. Each is a word of `words.rs`.

use super::draft::Draft;
use super::settings::{Background, Camera, Light, Timeline, moves_in_space};
use super::words::{argument, first, made, nothing};
use crate::error::nearest;
use crate::field::{Color, Field, Vector};
use crate::measure::Bounds;
use crate::shape::{Argument, ArgumentKind as Kind, Fields, Shapes};

/// A number that must be known while the script runs.
pub(super) fn constant(what: &str, given: &Argument) -> Result<f64, String> {
    let value =
        given.as_number().ok_or_else(|| format!("{what} is {}, and must be a number", given.kind()))?;
    match value.is_finite() {
        true => Ok(value),
        false => Err(format!("{what} is {value}, not a finite number")),
    }
}

fn constant_vector(what: &str, given: &Argument) -> Result<[f64; 3], String> {
    if !given.is_vector(3) {
        return Err(format!("{what} is {given}, and must be a vector"));
    }
    let mut vector = [0.0; 3];
    for (value, part) in vector.iter_mut().zip(given.entries()) {
        *value = constant(what, part)?;
    }
    Ok(vector)
}

/// A corner of a box of space, or of space and time: x, y, z, and t where there is one.
pub(super) fn constant_corner(what: &str, given: &Argument, moves: bool) -> Result<[f64; 4], String> {
    let parts = given.entries();
    if parts.len() != 3 + usize::from(moves) {
        let (is, must) = match moves {
            true => ("changes with time", "four numbers [x, y, z, t]"),
            false => ("stands still", "three numbers [x, y, z]"),
        };
        return Err(format!("{what} is {given}; the file {is}, and a corner of its box is {must}"));
    }
    let mut corner = [0.0; 4];
    for (value, part) in corner.iter_mut().zip(parts) {
        *value = constant(what, part)?;
    }
    Ok(corner)
}

pub(super) fn parameter(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let name = String::from(given[0].clone());
    let range = match &given[2..] {
        [min, max] => Some((constant("param: min", min)?, constant("param: max", max)?)),
        _ => None,
    };
    let mut declare = |name: &str, value: &Argument, part| {
        let field = draft.declare(name, constant("param: value", value)?, range, part)?;
        made(draft, field)
    };
    match &given[1] {
        Argument::List(parts) | Argument::Vector(parts) => {
            let name_of = |i: usize| format!("{name}.{}", ["x", "y", "z"][i]);
            let parts = parts.iter().enumerate().map(|(i, value)| declare(&name_of(i), value, Some(i)));
            Ok(Argument::Vector(parts.collect::<Result<_, _>>()?))
        }
        value => declare(&name, value, None),
    }
}

pub(super) fn show(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let Fields(shapes) = argument(given, 0).into_fields();
    if shapes.is_empty() {
        return Err("show needs a shape to show, as in show(sphere(1))".into());
    }
    for shape in shapes {
        if let Some(value) = shape.as_constant() {
            return Err(format!("show needs a shape, and {value} is the same everywhere"));
        }
        if draft.is_own() {
            draft.shown.push((shape, draft.place.clone()));
        }
    }
    Ok(nothing())
}

/// The options of a call, each taken by its name.
pub(super) struct CallOptions<'a> {
    pub(super) function: &'a str,
    /// Whether options may differ from point to point, as a material does.
    in_space: bool,
    given: Vec<(String, Argument)>,
}

impl<'a> CallOptions<'a> {
    /// An option that the function has not is a mistake.
    pub(super) fn new(function: &'a str, given: Argument, known: &[&str]) -> Result<CallOptions<'a>, String> {
        let given = match given {
            Argument::Options(given) => given,
            _ => Vec::new(),
        };
        for (name, _) in &given {
            if !known.contains(&name.as_str()) {
                let meant = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("; did you mean {near}?"),
                    None => format!(", but {}", known.join(", ")),
                };
                return Err(format!("{function} has no option {name:?}{meant}"));
            }
        }
        Ok(CallOptions { function, in_space: false, given })
    }

    /// An option as it was given, of whatever kind.
    pub(super) fn get(&self, name: &str) -> Option<&Argument> {
        self.given.iter().find(|(own, _)| own == name).map(|(_, given)| given)
    }

    pub(super) fn take(&self, name: &str, kind: Kind) -> Result<Option<Argument>, String> {
        let Some(given) = self.get(name) else { return Ok(None) };
        match kind.accepts(given) {
            true => Ok(Some(given.clone())),
            false => {
                let (function, is, must) = (self.function, given.kind(), kind.description());
                Err(format!("{function}: {name} is {is}, and must be {must}"))
            }
        }
    }

    /// A number or a field, within limits where it is a constant.
    fn number(
        &self,
        name: &str,
        allowed: impl Fn(f64) -> bool,
        must: &str,
        to: &mut Field,
    ) -> Result<(), String> {
        if let Some(given) = self.take(name, Kind::Number)? {
            let field = Field::from(given);
            if let Some(value) = field.as_constant().filter(|value| !allowed(*value)) {
                return Err(format!("{}: {name} is {value}, and must be {must}", self.function));
            }
            *to = self.checked(name, [field])?[0].clone();
        }
        Ok(())
    }

    fn vector(&self, name: &str, to: &mut [Field; 3]) -> Result<(), String> {
        if let Some(given) = self.take(name, Kind::Triple)? {
            *to = self.checked(name, Vector::from(given).0)?;
        }
        Ok(())
    }

    fn color(&self, name: &str, to: &mut [Field; 3]) -> Result<(), String> {
        if let Some(given) = self.take(name, Kind::Color)? {
            *to = self.checked(name, colored(self.function, name, given)?)?;
        }
        Ok(())
    }

    /// That what has one value at a time has one.
    fn checked<const N: usize>(&self, name: &str, fields: [Field; N]) -> Result<[Field; N], String> {
        match fields.iter().find_map(moves_in_space) {
            Some(problem) if !self.in_space => Err(format!("{}: {name} {problem}", self.function)),
            _ => Ok(fields),
        }
    }
}

pub(super) fn colored(function: &str, what: &str, given: Argument) -> Result<[Field; 3], String> {
    Color::from(given).0.map_err(|problem| format!("{function}: {what} {problem}"))
}

pub(super) fn material(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let known = ["color", "roughness", "metallic", "emission"];
    let options =
        CallOptions { in_space: true, ..CallOptions::new("material", argument(given.clone(), 1), &known)? };
    let shape = first(given);
    let mut material = shape.material().cloned().unwrap_or_default();
    let share = |value: f64| (0.0..=1.0).contains(&value);
    options.color("color", &mut material.color)?;
    options.number("roughness", share, "from 0 to 1", &mut material.roughness)?;
    options.number("metallic", share, "from 0 to 1", &mut material.metallic)?;
    options.color("emission", &mut material.emission)?;
    made(draft, shape.painted(material))
}

pub(super) fn camera(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let options = CallOptions::new("camera", argument(given, 0), &["eye", "target", "up", "fov"])?;
    let mut camera = Camera::default();
    options.vector("eye", &mut camera.eye)?;
    options.vector("target", &mut camera.target)?;
    options.vector("up", &mut camera.up)?;
    let angle = |value: f64| value > 0.0 && value < 180.0;
    options.number("fov", angle, "above 0 and below 180 degrees", &mut camera.fov)?;
    if camera.eye == camera.target {
        return Err("camera: its eye is its target, so that it looks nowhere".into());
    }
    if draft.is_own() {
        draft.camera = Some(camera);
    }
    Ok(nothing())
}

pub(super) fn light(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let options = CallOptions::new("light", argument(given, 0), &["direction", "color", "intensity"])?;
    let mut light = Light::default();
    options.vector("direction", &mut light.direction)?;
    options.color("color", &mut light.color)?;
    options.number("intensity", |value| value >= 0.0, "0 or more", &mut light.intensity)?;
    if light.has_no_direction() {
        return Err("light: direction is the zero vector, which has no direction".into());
    }
    if draft.is_own() {
        draft.lights.push(light);
    }
    Ok(nothing())
}

pub(super) fn background(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let (horizon, zenith) = (&given[0], &given[given.len() - 1]);
    let background = Background {
        horizon: colored("background", "color", horizon.clone())?,
        zenith: colored("background", "color", zenith.clone())?,
    };
    let mut channels = background.horizon.iter().chain(&background.zenith);
    if let Some(problem) = channels.find_map(moves_in_space) {
        return Err(format!("background: a colour {problem}"));
    }
    if draft.is_own() {
        draft.background = Some(background);
    }
    Ok(nothing())
}

pub(super) fn timeline(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let (from, to) = (constant("timeline: from", &given[0])?, constant("timeline: to", &given[1])?);
    if to < from {
        return Err(format!("timeline: it ends at {to}, before it starts at {from}"));
    }
    let options = CallOptions::new("timeline", argument(given, 2), &["loop", "fps"])?;
    let mut timeline = Timeline { from, to, ..Timeline::default() };
    if let Some((_, given)) = options.given.iter().find(|(name, _)| name == "loop") {
        let Argument::Flag(repeats) = given else {
            return Err(format!("timeline: loop is {}, and must be true or false", given.kind()));
        };
        timeline.repeats = *repeats;
    }
    if let Some(given) = options.take("fps", Kind::Number)? {
        timeline.fps = constant("timeline: fps", &given)?;
        if !(timeline.fps > 0.0 && timeline.fps <= 1000.0) {
            return Err(format!("timeline: fps is {}, and must be above 0, at most 1000", timeline.fps));
        }
    }
    if draft.is_own() {
        draft.timeline = Some(timeline);
    }
    Ok(nothing())
}

pub(super) fn bounds(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let (min, max) = (constant_vector("bounds: min", &given[0])?, constant_vector("bounds: max", &given[1])?);
    for (axis, (min, max)) in ["x", "y", "z"].iter().zip(min.iter().zip(&max)) {
        if min >= max {
            return Err(format!("bounds: in {axis} they go from {min} to {max}, and must go up"));
        }
    }
    if draft.is_own() {
        draft.bounds = Some(Bounds::new(min, max));
    }
    Ok(nothing())
}
