//! What a field can claim to be, from the functions that made it and what each of them documents.

use crate::field::{Axis, Field, Key};
use crate::shape::{Claim, Entry, catalogue};
use std::collections::{HashMap, HashSet};

/// The calls of a graph, with what each can claim: whether it is a distance, or a bound on one.
pub(super) struct Claims {
    entries: HashMap<&'static str, &'static Entry>,
    /// Calls, and nodes without a name, each after what it was given.
    nodes: Vec<Field>,
    /// What is no steeper than a distance. Whatever computes the same is so too.
    bounded: HashSet<Key>,
}

fn in_space(field: &Field) -> bool {
    Axis::ALL[..3].iter().any(|&axis| field.depends_on(axis))
}

/// What a call was given, or arithmetic is of, that varies in space: each with its name.
fn given(field: &Field) -> Vec<(&'static str, Field)> {
    let all: Vec<(&'static str, Field)> = match field.label().filter(|label| !label.function().is_empty()) {
        Some(label) => label.arguments().to_vec(),
        None => field.parents().iter().map(|parent| ("", parent.clone())).collect(),
    };
    all.into_iter().filter(|(_, field)| in_space(field)).collect()
}

fn function(field: &Field) -> &'static str {
    field.label().map_or("", |label| label.function())
}

impl Claims {
    /// Of every call in a field's graph.
    pub(super) fn of(field: &Field) -> Claims {
        let entries = catalogue().map(|entry| (entry.name, entry)).collect();
        let mut claims = Claims { entries, nodes: Vec::new(), bounded: HashSet::new() };
        let mut seen = HashSet::new();
        let mut steps = vec![(field.clone(), false)];
        while let Some((field, ready)) = steps.pop() {
            if !ready {
                if seen.insert(field.address()) {
                    let inside = given(&field);
                    steps.push((field, true));
                    steps.extend(inside.into_iter().rev().map(|(_, input)| (input, false)));
                }
                continue;
            }
            if claims.is_bound(&field) {
                claims.bounded.insert(field.key());
            }
            claims.nodes.push(field);
        }
        claims
    }

    /// Whether the field is at most as steep as a distance, by what its functions document.
    pub(super) fn holds(&self, field: &Field) -> bool {
        self.bounded.contains(&field.key())
    }

    /// The calls that claim to be no steeper than a distance.
    pub(super) fn bounds(&self) -> impl Iterator<Item = &Field> {
        self.nodes.iter().filter(|field| !function(field).is_empty() && self.holds(field))
    }

    /// The calls that may by themselves be steeper than a distance that they were given.
    pub(super) fn breaks(&self) -> impl Iterator<Item = &Field> {
        self.nodes.iter().filter(|field| {
            let given = given(field);
            let own = match self.entries.get(function(field)).map(|entry| entry.claim) {
                Some(Claim::Neither) => true,
                Some(Claim::Keeps) => given.iter().any(|(name, _)| *name != "shape"),
                _ => false,
            };
            own && given.iter().any(|(_, input)| self.holds(input))
        })
    }

    fn is_bound(&self, field: &Field) -> bool {
        let Some(entry) = self.entries.get(function(field)) else { return false };
        let mut given = given(field).into_iter();
        match entry.claim {
            Claim::Neither => false,
            Claim::Exact | Claim::Bound => given.all(|(_, input)| self.holds(&input)),
            Claim::Keeps => given.all(|(name, input)| name == "shape" && self.holds(&input)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{t, x, y};
    use crate::shape::{sphere, torus, union};

    fn holds(field: &Field) -> bool {
        Claims::of(field).holds(field)
    }

    #[test]
    fn a_composition_claims_what_its_parts_allow() {
        let ball = sphere(0.5).translate((t(), 0, 0));
        assert!(holds(&ball) && holds(&union([ball.clone(), torus(1.0, 0.2)]).offset(0.1)));
        assert!(holds(&ball.translate([0.0; 3]).name("where it was")));
        assert!(!holds(&sphere(0.5 + 0.1 * x())), "a radius that varies in space");
        assert!(!holds(&ball.twist(1.0)) && !holds(&ball.twist(1.0).smooth_union(sphere(1), 0.1)));
        assert!(!holds(&(x().square() + y().square() - 1)));
    }

    #[test]
    fn the_first_call_that_is_no_distance_is_found() {
        let field = sphere(0.5).twist(1.0).translate([1, 0, 0]).smooth_union(torus(1.0, 0.2), 0.1);
        let claims = Claims::of(&field);
        assert_eq!(claims.breaks().map(function).collect::<Vec<_>>(), ["twist"]);
        assert_eq!(claims.bounds().map(function).collect::<Vec<_>>(), ["sphere", "torus"]);
    }
}
