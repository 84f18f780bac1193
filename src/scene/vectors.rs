//! Vectors in scenes: what they are there, and their arithmetic.
//!
//! A list of two or three numbers or fields will do wherever a function takes a vector, and in products, differences
//! and sums with vectors. Two lists alone are not added: Rhai's `+` joins them. What `vec3` and all functions of
//! vectors give is no list, so that it is.

use super::draft::Draft;
use super::script::{Shared, argument, dynamic, with_draft, wrong};
use super::words::made_vector;
use crate::field::Field;
use crate::shape::Argument;
use rhai::{Array, Dynamic, Engine, EvalAltResult, FLOAT, INT};
use std::any::TypeId;

/// A vector's components: numbers and fields.
#[derive(Clone)]
pub(super) struct Components(pub(super) Vec<Argument>);

impl IntoIterator for Components {
    type Item = Dynamic;
    type IntoIter = std::vec::IntoIter<Dynamic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().map(dynamic).collect::<Vec<_>>().into_iter()
    }
}

impl Components {
    /// The place of a component; from the end, as in lists, where `i` is negative.
    fn place(&self, i: INT) -> Result<usize, Box<EvalAltResult>> {
        let count = self.0.len() as INT;
        let place = if i < 0 { count + i } else { i };
        match (0..count).contains(&place) {
            true => Ok(place as usize),
            false => Err(wrong(format!("a vector of {count} has no component {i}"))),
        }
    }

    fn get(&self, i: INT) -> Result<Dynamic, Box<EvalAltResult>> {
        Ok(dynamic(self.0[self.place(i)?].clone()))
    }

    fn set(&mut self, i: INT, value: &Dynamic) -> Result<(), Box<EvalAltResult>> {
        let (place, value) = (self.place(i)?, argument(value));
        if !value.is_scalar() {
            let kind = value.kind();
            return Err(wrong(format!("a component of a vector is a number or a field, and this is {kind}")));
        }
        self.0[place] = value;
        Ok(())
    }

    fn text(&mut self) -> String {
        Argument::Vector(self.0.clone()).to_string()
    }
}

pub(super) fn register(engine: &mut Engine, draft: &Shared<Draft>) {
    engine.register_type_with_name::<Components>("vector");
    engine.register_iterator::<Components>();
    engine.register_fn("to_string", Components::text).register_fn("to_debug", Components::text);
    engine.register_fn("len", |vector: &mut Components| vector.0.len() as INT);
    engine.register_indexer_get(|vector: &mut Components, i: INT| vector.get(i));
    engine.register_indexer_set(|vector: &mut Components, i: INT, value: Dynamic| vector.set(i, &value));
    for (i, name) in ["x", "y", "z"].into_iter().enumerate() {
        engine.register_get(name, move |vector: &mut Components| vector.get(i as INT));
        engine
            .register_set(name, move |vector: &mut Components, value: Dynamic| vector.set(i as INT, &value));
    }

    let [list, vector] = [TypeId::of::<Array>(), TypeId::of::<Components>()];
    let scalars = [TypeId::of::<INT>(), TypeId::of::<FLOAT>(), TypeId::of::<Field>()];
    let mut operation = |symbol: &'static str, kinds: [TypeId; 2], apply: fn([Field; 2]) -> Field| {
        let draft = draft.clone();
        engine.register_raw_fn(symbol, kinds, move |context, given| {
            let parts = by_component(symbol, [0, 1].map(|i| argument(given[i])), apply).map_err(wrong)?;
            with_draft(&draft, &context, |draft| made_vector(draft, parts))
        });
    };
    for kinds in [[vector, vector], [vector, list], [list, vector]] {
        operation("+", kinds, |[a, b]| a + b);
        operation("-", kinds, |[a, b]| a - b);
    }
    operation("-", [list, list], |[a, b]| a - b);
    for many in [vector, list] {
        for scalar in scalars {
            operation("*", [many, scalar], |[a, b]| a * b);
            operation("*", [scalar, many], |[a, b]| a * b);
            operation("/", [many, scalar], |[a, b]| a / b);
        }
    }
    for many in [vector, list] {
        let draft = draft.clone();
        engine.register_raw_fn("-", [many], move |context, given| {
            let parts = by_component("-", [argument(given[0])], |[part]| -part).map_err(wrong)?;
            with_draft(&draft, &context, |draft| made_vector(draft, parts))
        });
    }
}

/// An operation on each component: of vectors of one length, of numbers and fields that go with every component.
fn by_component<const N: usize>(
    symbol: &str,
    given: [Argument; N],
    apply: impl Fn([Field; N]) -> Field,
) -> Result<Vec<Field>, String> {
    let count = given.iter().map(|one| one.entries().len()).max().unwrap_or(0);
    if !(2..=3).contains(&count) || !given.iter().all(|one| one.is_scalar() || one.is_vector(count)) {
        let kinds = given.each_ref().map(Argument::kind).join(" and ");
        let must = "a vector has two or three components, numbers or fields, and goes with one of as many";
        return Err(format!("{symbol} does not go with {kinds}: {must}"));
    }
    let component = |one: &Argument, i: usize| match one.is_scalar() {
        true => one.clone().into(),
        false => one.entries()[i].clone().into(),
    };
    Ok((0..count).map(|i| apply(given.each_ref().map(|one| component(one, i)))).collect())
}
