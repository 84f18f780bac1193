//! Named parameters: the numbers that sliders move and fits find.

use super::{Field, Vector};
use crate::error::{Error, Place, Result};

/// A named number that a field depends on, with the value it is declared with and, if it has one, its range.
///
/// The name says which number it is; value and range are no part of what a field is. A name has one of each in a graph:
/// where two are declared, reading the graph gives [`Error::ParameterConflict`].
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    name: String,
    value: f64,
    range: Option<(f64, f64)>,
}

impl Parameter {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The value readings use unless told otherwise.
    pub fn value(&self) -> f64 {
        self.value
    }
    /// The least and the greatest value a slider or a fit may give it.
    pub fn range(&self) -> Option<(f64, f64)> {
        self.range
    }

    /// That it may have a value.
    pub(crate) fn check(&self, value: f64) -> Result<()> {
        let (low, high) = self.range.unwrap_or((f64::MIN, f64::MAX));
        match (low..=high).contains(&value) {
            true => Ok(()),
            false => Err(Error::OutOfRange { name: self.name.clone(), value, range: self.range }),
        }
    }

    /// Which of some parameters is called that.
    pub(crate) fn position<'a>(
        known: impl Iterator<Item = &'a Parameter> + Clone,
        name: &str,
    ) -> Result<usize> {
        known.clone().position(|own| own.name() == name).ok_or_else(|| {
            let known = known.map(|own| own.name().to_string()).collect();
            Error::UnknownParameter { name: name.into(), known }
        })
    }

    /// The same parameter at another value.
    pub(crate) fn at(&self, value: f64) -> Parameter {
        Parameter { value, ..self.clone() }
    }
}

/// # Parameters as nodes
impl Field {
    /// The field that is a parameter.
    pub fn of_parameter(parameter: &Parameter) -> Field {
        Field::parameter(parameter.clone())
    }
}

/// A parameter without a range.
///
/// A size that is a parameter may wander below zero in a fit: every shape stays finite there.
#[track_caller]
pub fn param(name: &str, value: f64) -> Field {
    declare(name, value, None, Place::caller())
}

/// A parameter held between `min` and `max`.
#[track_caller]
pub fn param_in(name: &str, value: f64, min: f64, max: f64) -> Field {
    declare(name, value, Some((min, max)), Place::caller())
}

/// Three parameters, `name.x`, `name.y` and `name.z`.
#[track_caller]
pub fn param_vector(name: &str, value: [f64; 3]) -> Vector<3> {
    let place = Place::caller();
    let part = |i: usize| declare(&format!("{name}.{}", ["x", "y", "z"][i]), value[i], None, place.clone());
    Vector(std::array::from_fn(part))
}

fn declare(name: &str, value: f64, range: Option<(f64, f64)>, place: Place) -> Field {
    let problem = match range {
        _ if name.is_empty() => Some(("name", "is empty".into())),
        _ if !value.is_finite() => Some(("value", format!("is {value}, not a finite number"))),
        Some((min, max)) if !(min.is_finite() && max.is_finite()) => {
            Some(("range", format!("[{min}, {max}] is not finite")))
        }
        Some((min, max)) if min > max => Some(("range", format!("[{min}, {max}] is inverted"))),
        Some((min, max)) if !(min..=max).contains(&value) => {
            Some(("value", format!("{value} is outside its range [{min}, {max}]")))
        }
        _ => None,
    };
    let field = Field::parameter(Parameter { name: name.into(), value, range });
    match problem {
        None => field,
        Some((argument, problem)) => {
            let function = format!("param {name:?}");
            field.with_error(Error::Argument { function, argument: argument.into(), problem, place })
        }
    }
}
