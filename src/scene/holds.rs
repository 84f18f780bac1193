//! Holds, losses, constraints and energies: what a scene says to those who move its parameters, as fits, pulls and falls do: which
//! stay, which move together, what else is to be small, what is to hold, and what settles. Its words are in `words.rs`.

use super::draft::Draft;
use super::statements::constant;
use super::words::{first, made, nothing};
use crate::error::{Place, Result};
use crate::field::{Axis, Field, Unknowns};
use crate::shape::Argument;

/// The most calls of these words in a scene.
const MAX_HOLDS: usize = 1000;

/// The most losses of a scene.
const MAX_LOSSES: usize = 100;

/// A scalar that a fit is to make small beside what it leaves of its target.
#[derive(Clone, Debug)]
pub struct Loss {
    /// The scalar: at a target's points it is to be 0. One that depends on no place is taken once.
    pub field: Field,
    /// The weight of half the mean of its squares.
    pub weight: f64,
    /// The call that states it.
    pub place: Place,
}

pub(super) fn loss(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let weight = given.get(1).map_or(Ok(1.0), |weight| constant("loss: weight", weight))?;
    if weight < 0.0 {
        return Err(format!("loss: weight is {weight}, and must be 0 or more"));
    }
    let field = first(given);
    if let Some(value) = field.as_constant() {
        return Err(format!("loss needs what a fit can change, and {value} is the same whatever it does"));
    }
    if draft.losses.len() == MAX_LOSSES {
        return Err(format!("a scene has at most {MAX_LOSSES} losses"));
    }
    if draft.is_own() {
        let place = draft.place.clone();
        draft.losses.push(Loss { field, weight, place });
    }
    Ok(nothing())
}

/// The most constraints of a scene.
const MAX_CONSTRAINTS: usize = 1000;

/// A number made of parameters that is to be within a range where a fit or a pull ends.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// The number: a field that depends on no place and on no time.
    pub field: Field,
    /// The least value it may have.
    pub low: f64,
    /// The greatest: the same, where it is an equation.
    pub high: f64,
    /// The call that states it.
    pub place: Place,
}

impl Constraint {
    /// The number, and the least and the greatest value it may have: as fits take a constraint.
    pub fn parts(&self) -> (Field, f64, f64) {
        (self.field.clone(), self.low, self.high)
    }
}

pub(super) fn constrain(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let expression = Field::from(given[0].clone());
    let (field, low, high) = match &given[1..] {
        [low, high] => (expression, constant("constrain: low", low)?, constant("constrain: high", high)?),
        // What is to be a number is shown as it is; of what is to be as another, the difference is.
        [value] if value.as_number().is_some() => {
            let value = constant("constrain: value", value)?;
            (expression, value, value)
        }
        [value] => (expression - Field::from(value.clone()), 0.0, 0.0),
        _ => (expression, 0.0, 0.0),
    };
    if low > high {
        return Err(format!("constrain: low is {low}, and must not be more than high, which is {high}"));
    }
    add_constraint(draft, "constrain", field, low, high)
}

pub(super) fn contact(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    add_constraint(draft, "contact", first(given), 0.0, f64::INFINITY)
}

/// A number made of parameters, for a word.
fn of_parameters(draft: &mut Draft, word: &str, field: Field) -> Result<Field, String> {
    let field = Field::from(made(draft, field)?);
    if let Some(value) = field.as_constant() {
        return Err(format!("{word} needs what a fit can change, and {value} is the same whatever it does"));
    }
    if let Some(axis) = Axis::ALL.into_iter().find(|&axis| field.depends_on(axis)) {
        let name = axis.name();
        return Err(format!(
            "{word}: the expression depends on {name}, and must be made of parameters alone; \
             remap(f, 1, 0, 0, 0) is f at the point [1, 0, 0] at t = 0"
        ));
    }
    Ok(field)
}

fn add_constraint(
    draft: &mut Draft,
    word: &str,
    field: Field,
    low: f64,
    high: f64,
) -> Result<Argument, String> {
    let field = of_parameters(draft, word, field)?;
    if draft.constraints.len() == MAX_CONSTRAINTS {
        return Err(format!("a scene has at most {MAX_CONSTRAINTS} constraints"));
    }
    draft.constraints.push(Constraint { field, low, high, place: draft.place.clone() });
    Ok(nothing())
}

/// A term of the energy that falls where a scene settles.
#[derive(Clone, Debug)]
pub struct Energy {
    /// The term: a field that depends on no place and on no time.
    pub field: Field,
    /// The call that states it.
    pub place: Place,
}

/// The most terms of an energy, and the most calls that say what settles.
const MAX_ENERGIES: usize = 1000;

pub(super) fn energy(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let field = of_parameters(draft, "energy", first(given))?;
    if draft.energies.len() == MAX_ENERGIES {
        return Err(format!("a scene has at most {MAX_ENERGIES} energies"));
    }
    draft.energies.push(Energy { field, place: draft.place.clone() });
    Ok(nothing())
}

/// A parameter, or all three of a vector, that settles.
#[derive(Clone, Debug)]
pub struct Settles {
    /// Its name.
    pub name: String,
    /// The call that says so.
    pub place: Place,
}

impl Settles {
    /// Whether a parameter of that name is meant.
    pub fn is_of(&self, name: &str) -> bool {
        let part = name.strip_prefix(&self.name);
        part.is_some_and(|part| ["", ".x", ".y", ".z"].contains(&part))
    }
}

pub(super) fn settles(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let [name] = names(given);
    if draft.settles.len() == MAX_ENERGIES {
        return Err(format!("a scene has at most {MAX_ENERGIES} calls of settles"));
    }
    draft.settles.push(Settles { name, place: draft.place.clone() });
    Ok(nothing())
}

/// A call that holds parameters, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    kind: HoldKind,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
enum HoldKind {
    Lock(String),
    Tie(String, String),
}

pub(super) fn lock(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let [name] = names(given);
    hold(draft, HoldKind::Lock(name))
}

pub(super) fn tie(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let [first, second] = names(given);
    if first == second {
        return Err(format!("tie: {first:?} cannot be tied to itself"));
    }
    hold(draft, HoldKind::Tie(first, second))
}

fn names<const N: usize>(given: Vec<Argument>) -> [String; N] {
    let mut names = given.into_iter().map(String::from);
    std::array::from_fn(|_| names.next().unwrap_or_default())
}

fn hold(draft: &mut Draft, kind: HoldKind) -> Result<Argument, String> {
    if draft.holds.len() == MAX_HOLDS {
        return Err(format!("a scene has at most {MAX_HOLDS} calls of lock and tie"));
    }
    let place = draft.place.clone();
    draft.holds.push(Hold { kind, place });
    Ok(nothing())
}

impl Hold {
    /// Holds unknowns so. An error where there are none of those names, or they cannot be tied.
    pub(super) fn apply(&self, unknowns: &mut Unknowns) -> Result<()> {
        match &self.kind {
            HoldKind::Lock(name) => unknowns.lock(name),
            HoldKind::Tie(first, second) => unknowns.tie(first, second),
        }
    }
}
