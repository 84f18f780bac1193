//! Holds, losses and constraints: what a scene says to those who move its parameters, as fits and pulls do: which stay,
//! which move together, what else is to be small, and what is to hold. Its words are in `words.rs`.

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
    let field = Field::from(made(draft, field)?);
    if let Some(value) = field.as_constant() {
        return Err(format!(
            "constrain needs what a fit can change, and {value} is the same whatever it does"
        ));
    }
    if let Some(axis) = Axis::ALL.into_iter().find(|&axis| field.depends_on(axis)) {
        let name = axis.name();
        return Err(format!(
            "constrain: the expression depends on {name}, and must be made of parameters alone; \
             remap(f, 1, 0, 0, 0) is f at the point [1, 0, 0] at t = 0"
        ));
    }
    if draft.constraints.len() == MAX_CONSTRAINTS {
        return Err(format!("a scene has at most {MAX_CONSTRAINTS} constraints"));
    }
    draft.constraints.push(Constraint { field, low, high, place: draft.place.clone() });
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
