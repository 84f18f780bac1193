//! A tape of fields, and where its parameters are among a fit's.

use crate::error::{Error, Result};
use crate::field::{Field, Unknowns};
use crate::tape::Tape;

/// A tape, and where its parameters are among all.
#[derive(Clone, Debug)]
pub(super) struct TermProgram {
    pub(super) tape: Tape,
    pub(super) places: Vec<usize>,
}

impl TermProgram {
    /// The program of fields. An error where one of their parameters is not among the names.
    pub(super) fn new(fields: &[Field], all: &[String]) -> Result<TermProgram> {
        let tape = Tape::new(fields)?;
        let places = tape.parameters().map(|own| place_of(own.name(), all)).collect::<Result<_>>()?;
        Ok(TermProgram { tape, places })
    }

    /// The tape where all parameters have these values.
    pub(super) fn at(&self, values: &[f64]) -> Tape {
        self.tape.with_values(&self.own(values))
    }

    /// The values of its parameters among those of all.
    pub(super) fn own(&self, values: &[f64]) -> Vec<f64> {
        self.places.iter().map(|&place| values[place]).collect()
    }
}

/// The unknowns that move a field, in their order, and its derivative in each; `moved` says which unknown each parameter is.
pub(super) fn by_unknown(
    field: &Field,
    all: &[String],
    moved: &[Option<usize>],
) -> Result<(Vec<usize>, Vec<Field>)> {
    let mut own: Vec<(usize, Field)> = Vec::new();
    for (parameter, slope) in field.parameters()?.iter().zip(field.parameter_gradient()?) {
        let place = place_of(parameter.name(), all)?;
        let Some(unknown) = moved[place].filter(|_| slope.as_constant() != Some(0.0)) else {
            continue;
        };
        match own.iter_mut().find(|(other, _)| *other == unknown) {
            Some((_, sum)) => *sum = &*sum + slope,
            None => own.push((unknown, slope)),
        }
    }
    own.sort_by_key(|(unknown, _)| *unknown);
    Ok(own.into_iter().unzip())
}

fn place_of(name: &str, all: &[String]) -> Result<usize> {
    let unknown = || Error::UnknownParameter { name: name.into(), known: all.to_vec() };
    all.iter().position(|own| own == name).ok_or_else(unknown)
}

/// The unknown that each parameter is: found by what it adds to a gradient.
pub(super) fn moved_by(unknowns: &Unknowns) -> Vec<Option<usize>> {
    let count = unknowns.parameters().len();
    let unknown = |i: usize| {
        let by: Vec<f64> = (0..count).map(|j| f64::from(u8::from(i == j))).collect();
        let slopes = unknowns.gradient(&by, &vec![0.0; unknowns.weights().len()]);
        slopes.iter().position(|&slope| slope != 0.0)
    };
    (0..count).map(unknown).collect()
}

/// The names of all parameters of unknowns, in their order.
pub(super) fn names(unknowns: &Unknowns) -> Vec<String> {
    unknowns.parameters().iter().map(|own| own.name().to_string()).collect()
}
