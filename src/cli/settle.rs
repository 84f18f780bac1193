//! `settle`: where a scene's energy is least, whether it stays there, and how the place moves with the parameters that stay.

use super::arguments::{Common, SettleVerb};
use super::{Ending, fit_constraints, input, output};
use crate::error::{Error, Result};
use crate::field::Field;
use crate::file::{check_writable, write_whole};
use crate::fit::{Equilibrium, Rest, Stability};
use crate::scene::{Constraint, Scene};
use serde_json::{Value, json};
use std::fmt::Write;

pub(super) fn run(verb: &SettleVerb, common: &Common) -> Result<Ending> {
    let scene = input::scene(&verb.scene, common)?;
    if let Some(out) = &verb.out {
        if output::extension(out) != "rhai" {
            return Err(output::unknown_kind(out, ".rhai"));
        }
        check_writable(out)?;
    }
    let equilibrium = stated(&scene)?;
    let values = value_of_each(&scene, &equilibrium);
    check_finite(&scene, &equilibrium)?;
    let rest = match equilibrium.settle_from(&values) {
        Ok(rest) => rest,
        // It is the scene's own matter that nothing rests: found wanting, and not a mistake in how it was asked.
        Err(Error::Undefined(problem)) => {
            let problem = conflict(&scene)?.unwrap_or(problem);
            if common.json {
                output::print_json(&json!({ "settled": false, "problem": problem }))?;
            } else {
                eprintln!("nothing was found to rest: {problem}");
            }
            return Ok(Ending::Wanting);
        }
        Err(error) => return Err(error),
    };
    if let Some(out) = &verb.out {
        let found: Vec<(&str, f64)> =
            rest.names.iter().map(String::as_str).zip(rest.at.iter().copied()).collect();
        let text = scene.text_with(&found)?;
        write_whole(out, |file| file.write_all(text.as_bytes()))?;
    }
    match common.json {
        true => output::print_json(&as_json(&scene, &rest))?,
        false => output::print(told(&scene, &rest).as_bytes())?,
    };
    if let Some(out) = &verb.out {
        output::saved(out, common)?;
    }
    Ok(match rest.stability {
        Stability::Unstable(_) => Ending::Wanting,
        _ => Ending::Done,
    })
}

/// The equilibrium that a scene states by its energy, contacts and constraints.
fn stated(scene: &Scene) -> Result<Equilibrium> {
    let missing = |what: &str| Error::Input(format!("{}: {what}", scene.file()));
    let terms = scene.energies().iter().map(|own| own.field.clone());
    let Some(energy) = terms.reduce(|sum, term| sum + term) else {
        return Err(missing("the scene states no energy that falls, as energy(9.81 * z) does"));
    };
    if scene.settles().is_empty() {
        return Err(missing("the scene does not say what settles, as settles(\"z\") does"));
    }
    let constraints = scene.constraints().iter().map(Constraint::parts);
    let fields: Vec<Field> =
        std::iter::once(energy.clone()).chain(constraints.clone().map(|(field, ..)| field)).collect();
    // Each call by itself, so that the one whose name nothing depends on is named.
    for own in scene.settles() {
        let depends = |field: &Field| -> Result<bool> {
            let parameters = field.parameters()?;
            Ok(parameters.iter().any(|parameter| own.is_of(parameter.name())))
        };
        let mut any = false;
        for field in &fields {
            any |= depends(field)?;
        }
        if !any {
            let problem = format!("neither the energy nor any contact depends on {:?}", own.name);
            return Err(scene.error_at(&own.place, problem));
        }
    }
    let names: Vec<&str> = scene.settles().iter().map(|own| own.name.as_str()).collect();
    Equilibrium::new(&energy, &names, constraints)
}

/// The values that a scene has of an equilibrium's parameters.
fn value_of_each(scene: &Scene, equilibrium: &Equilibrium) -> Vec<f64> {
    equilibrium.names().map(|name| scene.value_of(name).unwrap_or_default()).collect()
}

/// An error where a term of the energy or a constraint is not a finite number where it starts.
fn check_finite(scene: &Scene, equilibrium: &Equilibrium) -> Result<()> {
    let terms = scene.energies().iter().map(|own| (&own.field, &own.place, "energy"));
    let constraints =
        scene.constraints().iter().map(|own| (&own.field, &own.place, "constrained expression"));
    for (field, place, what) in terms.chain(constraints) {
        let known = field.parameters()?;
        let own: Vec<(&str, f64)> = equilibrium
            .names()
            .filter(|name| known.iter().any(|parameter| parameter.name() == *name))
            .map(|name| (name, scene.value_of(name).unwrap_or_default()))
            .collect();
        let value = field.with_parameters(&own)?.value_at([0.0; 4])?;
        if !value.is_finite() {
            let problem = format!("the {what} is {value} here, not a finite number");
            return Err(scene.error_at(place, problem));
        }
    }
    Ok(())
}

/// Why constraints cannot all hold, if that is why nothing rests.
fn conflict(scene: &Scene) -> Result<Option<String>> {
    let mut unknowns = scene.unknowns();
    let settles = |name: &str| scene.settles().iter().any(|own| own.is_of(name));
    for parameter in scene.parameters().iter().filter(|own| !settles(own.name())) {
        unknowns.lock(parameter.name())?;
    }
    let Some(mut constraints) = fit_constraints::of(scene, &unknowns)? else { return Ok(None) };
    Ok(fit_constraints::conflict(scene, &mut constraints, &unknowns.get()))
}

/// A way as parts of names.
fn way(rest: &Rest, way: &[f64]) -> String {
    let parts = rest.names.iter().zip(way).filter(|(_, part)| part.abs() > 1e-6);
    parts.map(|(name, part)| format!("{name} by {part:.3}")).collect::<Vec<_>>().join(", ")
}

fn stability(rest: &Rest) -> String {
    match &rest.stability {
        Stability::Stable => "stable: it comes back from any small push".into(),
        Stability::Indifferent(along) => {
            format!("indifferent: it stays wherever it is put along {}", way(rest, along))
        }
        Stability::Unstable(along) => format!("not stable: it leaves along {}", way(rest, along)),
        Stability::Undecided => "undecided: the energy or a contact has a kink here".into(),
    }
}

fn told(scene: &Scene, rest: &Rest) -> String {
    let mut text = String::new();
    for (name, value) in rest.names.iter().zip(&rest.at) {
        let was = scene.value_of(name).unwrap_or_default();
        let _ = match was == *value {
            true => writeln!(text, "{name} = {value:?}, as it was"),
            false => writeln!(text, "{name} = {value:?}, was {was}"),
        };
    }
    let _ = writeln!(text, "energy {:?}\n{}", rest.energy, stability(rest));
    for (own, force) in scene.constraints().iter().zip(&rest.forces).filter(|(_, force)| **force != 0.0) {
        let _ = writeln!(text, "{}: pushes with {force:.6}", own.place);
    }
    for &n in &rest.grazing {
        let _ = writeln!(text, "{}: touches without a push", scene.constraints()[n].place);
    }
    if !rest.parameters.is_empty() && rest.derivative(&rest.parameters[0]).is_none() {
        let _ = writeln!(text, "it has no derivative here");
    }
    for parameter in &rest.parameters {
        let Some(slopes) = rest.derivative(parameter) else { continue };
        let moved: Vec<String> = rest
            .names
            .iter()
            .zip(slopes)
            .filter(|(_, slope)| slope.abs() > 1e-12)
            .map(|(name, slope)| format!("d{name}/d{parameter} = {slope:.9}"))
            .collect();
        let line = if moved.is_empty() { format!("{parameter} moves nothing") } else { moved.join(", ") };
        let _ = writeln!(text, "{line}");
    }
    text
}

fn as_json(scene: &Scene, rest: &Rest) -> Value {
    let numbers = |of: &[f64]| of.iter().copied().map(output::json_number).collect::<Vec<Value>>();
    let by_name = |of: &[f64]| -> Value {
        rest.names.iter().cloned().zip(numbers(of)).collect::<serde_json::Map<_, _>>().into()
    };
    let (word, along) = match &rest.stability {
        Stability::Stable => ("stable", None),
        Stability::Indifferent(along) => ("indifferent", Some(along)),
        Stability::Unstable(along) => ("unstable", Some(along)),
        Stability::Undecided => ("undecided", None),
    };
    let derivatives: serde_json::Map<String, Value> = { rest.parameters.iter() }
        .filter_map(|name| Some((name.clone(), by_name(&rest.derivative(name)?))))
        .collect();
    let pushes: Vec<Value> = { scene.constraints().iter().zip(&rest.forces) }
        .map(|(own, force)| json!({ "place": own.place.to_string(), "push": output::json_number(*force) }))
        .collect();
    json!({
        "settled": true,
        "at": by_name(&rest.at),
        "energy": output::json_number(rest.energy),
        "stability": word,
        "leaves_along": along.map(|along| by_name(along)),
        "pushes": pushes,
        "derivatives": derivatives,
    })
}
