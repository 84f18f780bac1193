//! What a verb is given: the scene, with the parameters set.

use super::arguments::{Common, PlaceAndTime};
use crate::error::{Error, Result, nearest};
use crate::field::Fault;
use crate::scene::{GALLERY, Scene, built_in};
use std::path::Path;

/// The scene of that name: a file, or a scene built in. What its script prints goes to standard error.
pub(super) fn scene(name: &str, common: &Common) -> Result<Scene> {
    prepared(plain(name)?, common)
}

/// The same; without a name, the built-in scene.
pub(super) fn scene_or_built_in(name: Option<&str>, common: &Common) -> Result<Scene> {
    prepared(name.map_or_else(|| Ok(built_in()), plain)?, common)
}

fn prepared(scene: Scene, common: &Common) -> Result<Scene> {
    let values: Vec<(&str, f64)> = common.set.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let scene = scene.with_parameters(&values)?;
    if !common.quiet {
        scene.printed().iter().for_each(|line| eprintln!("{line}"));
    }
    Ok(scene)
}

/// The scene of that name, as it is declared.
pub(super) fn plain(name: &str) -> Result<Scene> {
    let path = Path::new(name);
    let exhibit = GALLERY.iter().find(|exhibit| exhibit.name == name).filter(|_| !path.is_file());
    if let Some(exhibit) = exhibit {
        return exhibit.scene();
    }
    if path.extension().is_some() || path.components().count() > 1 || path.is_file() {
        return Scene::from_file(path);
    }
    let near = nearest(name, GALLERY.iter().map(|exhibit| exhibit.name));
    let hint = match near {
        Some(near) => format!("; did you mean {near}?"),
        None => "; `fieldgrad gallery` lists the scenes that are built in".into(),
    };
    Err(Error::Input(format!("there is no scene {name:?}, neither a file nor one that is built in{hint}")))
}

/// The point, at a time of its own or at the given one.
pub(super) fn at_time(([x, y, z], own): PlaceAndTime, usual: f64) -> [f64; 4] {
    [x, y, z, own.unwrap_or(usual)]
}

/// A point as a person reads it.
pub(super) fn shown(at: [f64; 4]) -> String {
    format!("(x, y, z, t) = ({}, {}, {}, {})", at[0], at[1], at[2], at[3])
}

/// The error about a point at which the field is not finite, being `value` there: with the scene's line, if it is known.
pub(super) fn not_finite(scene: &Scene, at: [f64; 4], value: f64) -> Error {
    match scene.field().fault_at(at) {
        Ok(Some(fault)) => fault_error(scene, at, &fault),
        _ => Error::Undefined(format!("{}: at {}, the value is {value} in f32", scene.file(), shown(at))),
    }
}

/// The error about a point at which the field, or a derivative of it, is not finite: with the scene's line.
pub(super) fn fault_error(scene: &Scene, at: [f64; 4], fault: &Fault) -> Error {
    let problem = format!("at {}, {fault}", shown(at));
    let place = fault.path.iter().rev().find_map(|node| scene.place_of(node));
    match place {
        Some(place) => scene.error_at(place, problem),
        None => Error::Undefined(format!("{}: {problem}", scene.file())),
    }
}
