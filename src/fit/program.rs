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
        let place = |name: &str| {
            let unknown = || Error::UnknownParameter { name: name.into(), known: all.to_vec() };
            all.iter().position(|own| own == name).ok_or_else(unknown)
        };
        let places = tape.parameters().map(|own| place(own.name())).collect::<Result<_>>()?;
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

/// The names of all parameters of unknowns, in their order.
pub(super) fn names(unknowns: &Unknowns) -> Vec<String> {
    unknowns.parameters().iter().map(|own| own.name().to_string()).collect()
}
