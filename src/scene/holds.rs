//! What a scene says to those who move its parameters, as fits and pulls do: which stay, and which move together. Its
//! words are in `words.rs`.

use super::draft::Draft;
use super::words::nothing;
use crate::error::{Place, Result};
use crate::field::Unknowns;
use crate::shape::Argument;

/// The most calls of these words in a scene.
const MAX_HOLDS: usize = 1000;

/// A call of a word, and where it stands.
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
