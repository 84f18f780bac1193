//! Holds and losses: what a scene says to those who move its parameters, as fits and pulls do: which stay, which move
//! together, and what else is to be small. Its words are in `words.rs`.

use super::draft::Draft;
use super::statements::constant;
use super::words::{first, nothing};
use crate::error::{Place, Result};
use crate::field::{Field, Unknowns};
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

/// A call that holds parameters, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    kind: Kind,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
enum Kind {
    Lock(String),
    Tie(String, String),
}

pub(super) fn lock(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let [name] = names(given);
    hold(draft, Kind::Lock(name))
}

pub(super) fn tie(draft: &mut Draft, given: Vec<Argument>) -> Result<Argument, String> {
    let [first, second] = names(given);
    if first == second {
        return Err(format!("tie: {first:?} cannot be tied to itself"));
    }
    hold(draft, Kind::Tie(first, second))
}

fn names<const N: usize>(given: Vec<Argument>) -> [String; N] {
    let mut names = given.into_iter().map(String::from);
    std::array::from_fn(|_| names.next().unwrap_or_default())
}

fn hold(draft: &mut Draft, kind: Kind) -> Result<Argument, String> {
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
            Kind::Lock(name) => unknowns.lock(name),
            Kind::Tie(first, second) => unknowns.tie(first, second),
        }
    }
}
