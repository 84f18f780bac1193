//! The constraints of a scene that is fitted: whether they can hold, and what is said of them where it ends.

use super::output::json_number;
use crate::error::Result;
use crate::field::Unknowns;
use crate::fit::{Conflict, Constraints, Fit, Redundant};
use crate::number::Identity;
use crate::scene::{Constraint, Scene};
use serde_json::{Value, json};

/// The constraints of a scene on its unknowns, if it has any. An error where one is not finite at their values.
pub(super) fn of(scene: &Scene, unknowns: &Unknowns) -> Result<Option<Constraints>> {
    if scene.constraints().is_empty() {
        return Ok(None);
    }
    let mut constraints = Constraints::new(unknowns, scene.constraints().iter().map(Constraint::parts))?;
    let values = constraints.values(&unknowns.get());
    let wrong = scene.constraints().iter().zip(&values).find(|(_, value)| !value.is_finite());
    match wrong {
        None => Ok(Some(constraints)),
        Some((own, value)) => {
            let problem = format!("the constrained expression is {value} here, not a finite number");
            Err(scene.error_at(&own.place, problem))
        }
    }
}

/// A fingerprint, and with it that of a scene's constraints.
pub(super) fn marked(all: Identity, scene: &Scene) -> Identity {
    scene.constraints().iter().fold(all, |all, own| {
        let ends = [own.low, own.high].map(|end| u128::from(end.to_bits()));
        ends.into_iter().fold(all.and(own.field.key().word()), Identity::and)
    })
}

/// Why they cannot all hold, a line for each that takes part; nothing, if they can.
pub(super) fn conflict(scene: &Scene, constraints: &mut Constraints, start: &[f64]) -> Option<String> {
    let Conflict { constraints: parts, at } = constraints.nearest(start).err()?;
    let values = constraints.values(&at);
    let lines: Vec<String> = parts
        .iter()
        .map(|&n| {
            let own = &scene.constraints()[n];
            format!("{}: {}, and is {} at the nearest", own.place, wanted(own), values[n])
        })
        .collect();
    let problem = match parts.len() {
        1 => {
            "this constraint cannot hold, as far as was found: ranges and locks of parameters are against it"
        }
        _ => "these constraints conflict: no values of the parameters were found with which they all hold",
    };
    Some(format!("{problem}\n  {}", lines.join("\n  ")))
}

/// The range that a constraint is to be in, in words.
fn wanted(own: &Constraint) -> String {
    match own.low == own.high {
        true => format!("is to be {}", own.low),
        false if own.high == f64::INFINITY => format!("is to be {} or more", own.low),
        false => format!("is to be from {} to {}", own.low, own.high),
    }
}

/// A constraint where a fit has ended.
pub(super) struct HeldConstraints {
    place: String,
    wanted: String,
    low: f64,
    high: f64,
    value: f64,
    pub(super) holds: bool,
    /// Why it adds nothing, if it adds nothing.
    redundant: Option<String>,
}

/// All of them, at the values that a fit has.
pub(super) fn kept(scene: &Scene, fit: &mut Fit) -> Vec<HeldConstraints> {
    let at = fit.unknowns().get();
    let Some(constraints) = fit.constraints() else { return Vec::new() };
    let (values, broken) = (constraints.values(&at), constraints.broken(&at));
    let redundant = constraints.redundant(&at);
    let stated = scene.constraints();
    let why = |n: usize| {
        let Redundant { follows_from, .. } = redundant.iter().find(|own| own.constraint == n)?;
        let from: Vec<String> = follows_from.iter().map(|&n| stated[n].place.to_string()).collect();
        Some(match &from[..] {
            [] => "nothing that may move changes it".into(),
            [one] => format!("it follows from the one at {one}"),
            more => format!("it follows from those at {}", more.join(", ")),
        })
    };
    let of = |(n, own): (usize, &Constraint)| HeldConstraints {
        place: own.place.to_string(),
        wanted: wanted(own),
        low: own.low,
        high: own.high,
        value: values[n],
        holds: !broken.contains(&n),
        redundant: why(n),
    };
    stated.iter().enumerate().map(of).collect()
}

impl HeldConstraints {
    /// A line of its value and its range.
    pub(super) fn line(&self) -> String {
        let HeldConstraints { place, wanted, value, holds, .. } = self;
        let how = if *holds { "holds" } else { "does not hold" };
        format!("{place}: {wanted}, is {value}: {how}\n")
    }

    /// That it adds nothing, where it adds nothing.
    pub(super) fn warning(&self) -> Option<String> {
        let why = self.redundant.as_ref()?;
        Some(format!("{}: this constraint is redundant: {why}", self.place))
    }

    /// The same for programs.
    pub(super) fn json(&self) -> Value {
        json!({
            "place": self.place,
            "value": json_number(self.value),
            "low": json_number(self.low),
            "high": json_number(self.high),
            "holds": self.holds,
            "redundant": self.redundant,
        })
    }
}
