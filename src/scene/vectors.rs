//! Arithmetic of vectors in scenes, where they are lists: `v + w`, `v - w`, `-v`, `v * s`, `s * v`, `v / s`.
//!
//! A list of two or three numbers or fields is a vector. Rhai's own `+` joins lists, and goes on to join all others:
//! those of other lengths, those that hold anything else, and lists of shapes, so that two shapes and two more are four
//! of them and not two sums.

use super::draft::Draft;
use super::script::{Shared, argument, with_draft, wrong};
use super::words::listed;
use crate::field::Field;
use crate::shape::{ArgumentKind, Claim, catalogue};
use rhai::{Array, Dynamic, Engine, EvalAltResult, FLOAT, INT, NativeCallContext};
use std::any::TypeId;

type OfFields = fn(Field, Field) -> Field;
type Outcome = Result<Dynamic, Box<EvalAltResult>>;

const SUMS: [(&str, OfFields); 2] = [("+", |a, b| a + b), ("-", |a, b| a - b)];
const PRODUCTS: [(&str, OfFields); 2] = [("*", |a, b| a * b), ("/", |a, b| a / b)];

pub(super) fn register(engine: &mut Engine, draft: &Shared<Draft>) {
    let list = TypeId::of::<Array>();
    for (symbol, apply) in SUMS {
        let draft = draft.clone();
        engine.register_raw_fn(symbol, [list; 2], move |context, given| {
            match sum(&draft, &context, given, apply) {
                Some(outcome) => outcome,
                None if symbol == "+" => {
                    let mut joined = given[0].flatten_clone(); // not the list itself, where closures share it
                    join(&mut joined, given[1].clone());
                    Ok(joined)
                }
                None => Err(unlike(symbol, given)),
            }
        });
    }
    let adding = draft.clone();
    engine.register_raw_fn("+=", [list; 2], move |context, given| {
        match sum(&adding, &context, given, |a, b| a + b) {
            Some(outcome) => *given[0] = outcome?,
            None => {
                let other = given[1].take();
                join(given[0], other);
            }
        }
        Ok(())
    });
    for (symbol, apply) in PRODUCTS {
        for scalar in scalars() {
            let of = draft.clone();
            engine.register_raw_fn(symbol, [list, scalar], move |context, given| {
                let by = Field::from(argument(given[1]));
                product(&of, &context, symbol, given, |part| apply(part, by.clone()))
            });
            if symbol == "*" {
                let of = draft.clone();
                engine.register_raw_fn(symbol, [scalar, list], move |context, given| {
                    let by = Field::from(argument(given[0]));
                    product(&of, &context, symbol, given, |part| apply(by.clone(), part))
                });
            }
        }
    }
    let negative = draft.clone();
    engine.register_raw_fn("-", [list], move |context, given| {
        product(&negative, &context, "-", given, |part| -part)
    });
}

/// The types that components have.
fn scalars() -> [TypeId; 3] {
    [TypeId::of::<INT>(), TypeId::of::<FLOAT>(), TypeId::of::<Field>()]
}

/// The sum or the difference, if the two are vectors of one length.
fn sum(
    draft: &Shared<Draft>,
    context: &NativeCallContext,
    given: &[&mut Dynamic],
    apply: OfFields,
) -> Option<Outcome> {
    let (a, b) = (vector(given[0])?, vector(given[1])?);
    let is_even = a.len() == b.len();
    let parts = a.into_iter().zip(b).map(|(a, b)| apply(a, b));
    is_even.then(|| with_draft(draft, context, |draft| listed(draft, parts)))
}

/// The vector that is among what is given, with something done to its components.
fn product(
    draft: &Shared<Draft>,
    context: &NativeCallContext,
    symbol: &str,
    given: &[&mut Dynamic],
    apply: impl Fn(Field) -> Field,
) -> Outcome {
    let parts = given.iter().find_map(|value| vector(value)).ok_or_else(|| unlike(symbol, given))?;
    with_draft(draft, context, |draft| listed(draft, parts.into_iter().map(apply)))
}

fn join(list: &mut Dynamic, other: Dynamic) {
    if let (Ok(mut list), Ok(other)) = (list.as_array_mut(), other.into_array()) {
        list.extend(other);
    }
}

fn unlike(symbol: &str, given: &[&mut Dynamic]) -> Box<EvalAltResult> {
    let kinds: Vec<String> = given.iter().map(|value| argument(value).kind()).collect();
    let must = "of lists it takes vectors, [a, b] or [a, b, c], and two of one length";
    wrong(format!("{symbol} does not go with {}: {must}", kinds.join(" and ")))
}

/// The components, if a list is a vector.
fn vector(list: &Dynamic) -> Option<Vec<Field>> {
    let entries = list.as_array_ref().ok()?;
    let is_scalar = |entry: &Dynamic| scalars().contains(&entry.type_id());
    let is_vector = (2..=3).contains(&entries.len()) && entries.iter().all(is_scalar);
    (is_vector && !are_shapes(&entries)).then(|| entries.iter().map(|part| argument(part).into()).collect())
}

/// Whether entries are shapes: none is a number, and one at least was made a shape.
fn are_shapes(entries: &[Dynamic]) -> bool {
    let fields: Vec<Field> = entries.iter().filter_map(|entry| entry.clone().try_cast()).collect();
    fields.len() == entries.len() && fields.into_iter().any(is_shape)
}

/// Whether a field has a look, or is a distance or a bound by what the shape library says of the function that made it.
fn is_shape(mut field: Field) -> bool {
    while field.material().is_none() {
        let Some(label) = field.label() else { return false };
        let Some(entry) = catalogue().find(|entry| entry.name == label.function()) else { return false };
        match (entry.arguments.first(), label.arguments().first()) {
            // What was placed, warped or timed is a shape if it was one before.
            (Some((_, ArgumentKind::Field)), Some((_, before))) => field = before.clone(),
            _ => return entry.claim != Claim::Neither,
        }
    }
    true
}
