//! Which of a field's values and derivatives a tape gives, chosen when the program runs.

use super::Tape;
use crate::error::{Error, Result};
use crate::field::{Axis, Field, Listing, Parameter, param};
use std::sync::Arc;

/// Something to read of a field at each point.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reading {
    /// f: one output.
    Value,
    /// f_x, f_y, f_z, f_t: four outputs.
    Gradient,
    /// The second derivatives, ten outputs: xx, xy, xz, xt, yy, yz, yt, zz, zt, tt.
    Hessian,
    /// The derivative in each of the tape's parameters, in their order: an output for each.
    ParameterGradient,
    /// The derivative along a direction of space and time, v·∇f: one output.
    Along([f64; 4]),
    /// The derivative along a direction of the parameters, in their order: one output.
    AlongParameters(Vec<f64>),
    /// The derivative along a tangent of the parameters that is set as the tape runs, one output for each field: the product
    /// of the Jacobian with the tangent. For each parameter `p` the tape has another, `tangent.p`, at first 0: behind all
    /// parameters, in their order. ([`Sum64`](super::Sum64) gives the Jacobian's transpose times a vector.)
    Tangent,
}

/// What the parameters of a tangent are called, before the name of the parameter.
const TANGENT: &str = "tangent.";

impl Tape {
    /// A tape of these readings of each of some fields, in their order: of the first field, then of the next.
    ///
    /// ```
    /// use fieldgrad::prelude::*;
    /// use fieldgrad::tape::{Reading, Tape};
    ///
    /// let ball = sphere(param("r", 0.5)).translate((t(), 0, 0));
    /// let tape = Tape::of_readings(&[ball], &[Reading::Value, Reading::Gradient, Reading::ParameterGradient])?;
    /// let outputs = tape.eval(&vec![[2.0, 0.0, 0.0]]);
    /// assert_eq!(outputs.concat(), [1.5, 1.0, 0.0, 0.0, -1.0, -1.0]);
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    ///
    /// Derivatives are fields, and what they share with the values is computed once. Where a *sum* over points is to be
    /// derived in many parameters, [`Sum`](super::Sum) does so by one backward pass, whatever their number.
    pub fn of_readings(fields: &[Field], readings: &[Reading]) -> Result<Tape> {
        fields.iter().try_for_each(Field::check)?;
        let parameters = Listing::of(fields).parameters()?;
        let part = |parameter: &Arc<Parameter>| param(&format!("{TANGENT}{}", parameter.name()), 0.0);
        let tangent: Vec<Field> = match readings.contains(&Reading::Tangent) {
            true => parameters.iter().map(part).collect(),
            false => Vec::new(),
        };
        let mut outputs = Vec::new();
        for field in fields {
            let by_parameter = || {
                parameters.iter().map(|parameter| match field.derivative_in(parameter.name()) {
                    Err(Error::UnknownParameter { .. }) => Ok(Field::constant(0.0)),
                    other => other,
                })
            };
            for reading in readings {
                match reading {
                    Reading::Value => outputs.push(field.clone()),
                    Reading::Gradient => outputs.extend(field.gradient()),
                    Reading::Hessian => {
                        for (i, slope) in field.gradient().iter().enumerate() {
                            outputs.extend(Axis::ALL[i..].iter().map(|&axis| slope.derivative(axis)));
                        }
                    }
                    Reading::ParameterGradient => {
                        outputs.extend(by_parameter().collect::<Result<Vec<_>>>()?);
                    }
                    Reading::Along(direction) => {
                        let slopes = field.gradient();
                        outputs.push(along(slopes.into_iter(), direction));
                    }
                    Reading::Tangent => {
                        let terms = by_parameter().zip(&tangent).map(|(slope, part)| Ok(slope? * part));
                        outputs.push(sum(terms.collect::<Result<Vec<_>>>()?.into_iter()));
                    }
                    Reading::AlongParameters(direction) => {
                        let (given, count) = (direction.len(), parameters.len());
                        if given != count {
                            let problem = format!("a direction of {given} numbers for {count} parameters");
                            return Err(Error::Input(problem));
                        }
                        let slopes = by_parameter().collect::<Result<Vec<_>>>()?;
                        outputs.push(along(slopes.into_iter(), direction));
                    }
                }
            }
        }
        let mut all = parameters;
        let further = Listing::of(&tangent).parameters()?;
        if let Some(taken) = further.iter().find(|own| all.iter().any(|other| other.name() == own.name())) {
            return Err(Error::ParameterConflict(taken.name().into()));
        }
        all.extend(further);
        Tape::in_order(&outputs, all)
    }
}

/// Σ vᵢ fᵢ.
fn along(slopes: impl Iterator<Item = Field>, direction: &[f64]) -> Field {
    sum(slopes.zip(direction).map(|(slope, &part)| slope * part))
}

fn sum(terms: impl Iterator<Item = Field>) -> Field {
    terms.reduce(|sum, term| sum + term).unwrap_or_else(|| Field::constant(0.0))
}

/// # Tapes of readings
impl Field {
    /// These readings of the field as a tape: [`Tape::of_readings`] of it alone.
    pub fn tape_of(&self, readings: &[Reading]) -> Result<Tape> {
        Tape::of_readings(std::slice::from_ref(self), readings)
    }
}
