//! Equilibria: where an energy is stationary under constraints, whether what rests there stays there, and how the place moves with
//! parameters.
//!
//! The way there (`fall.rs`) is that of a body which falls slowly through honey: each step is the best by a quadratic model with a
//! drag, which lessens (a step of the implicit Euler method for −∇E with contacts; pseudo-transient continuation, Kelley & Keyes
//! 1998), with a price for what is violated (`step.rs`). The place itself (`balance.rs`) is that of Newton's method on Karush, Kuhn
//! and Tucker's equations of the contacts that push, to the last digits. It is stable where the Lagrangian curves upwards along
//! every way that the contacts leave free; at kinks (`kink.rs`) it is one where all that is seen around it holds it. And since those equations hold whatever the parameters are, the implicit function theorem
//! gives the place's derivative in each of them, without a step of the way there (Fiacco, "Introduction to Sensitivity and Stability
//! Analysis in Nonlinear Programming", 1983).

mod balance;
mod fall;
mod gaps;
mod kink;
mod rest;
mod settling;
mod step;

pub use rest::{Rest, Stability};

use super::constraints::Constraints;
use super::least_change::Freedom;
use super::program::TermProgram;
use crate::error::{Error, Result};
use crate::field::{Axis, Field, Parameter, Unknowns};
use gaps::{Gap, GapSource};
use nalgebra::DVector;
use settling::Settling;

/// An energy of parameters, some of which settle where it is least, under constraints: contacts, volumes that are kept, links.
///
/// ```
/// use fieldgrad::fit::Equilibrium;
/// use fieldgrad::prelude::*;
///
/// // A ball of radius r in a round bowl of radius R, which is pulled to the side with half its weight.
/// let (x, y) = (param("x", 0.1), param("y", -0.2));
/// let gap = param("R", 1.0) - param("r", 0.25) - hypot(x.clone(), y.clone());
/// let energy = y - 0.5 * x;
/// let rest = Equilibrium::new(&energy, &["x", "y"], [(gap, 0.0, f64::INFINITY)])?.settle()?;
/// assert!(rest.is_stable() && (rest.at[1] + 0.75 / 1.25f64.sqrt()).abs() < 1e-12);
/// let by_radius = rest.derivative("R").unwrap();
/// assert!((by_radius[1] + 1.0 / 1.25f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Equilibrium {
    parameters: Vec<Parameter>,
    /// Which of them settle.
    free: Vec<usize>,
    /// The change that counts as 1 in each of these.
    units: Vec<f64>,
    /// How many constraints there are.
    stated: usize,
    /// The fields these are made of, each with its ends.
    held: Vec<(Field, f64, f64)>,
    gaps: Vec<Gap>,
    /// The energy, and what is held.
    program: TermProgram,
}

impl Equilibrium {
    /// An energy that is to be least over the named parameters, or all three of a vector; each constraint is a field with the
    /// least and the greatest value it may have. Their ranges are constraints too.
    ///
    /// An error where a name is unknown, a field depends on a place or on time, or no number is in a range.
    pub fn new(
        energy: &Field,
        free: &[&str],
        constraints: impl IntoIterator<Item = (Field, f64, f64)>,
    ) -> Result<Equilibrium> {
        let stated: Vec<(Field, f64, f64)> = constraints.into_iter().collect();
        let fields: Vec<Field> =
            std::iter::once(energy.clone()).chain(stated.iter().map(|(field, ..)| field.clone())).collect();
        for field in &fields {
            if let Some(axis) = Axis::ALL.into_iter().find(|&axis| field.depends_on(axis)) {
                let name = axis.name();
                return Err(Error::Input(format!(
                    "an energy or a constraint depends on {name}, and must be made of parameters alone"
                )));
            }
        }
        if let Some((_, low, high)) =
            stated.iter().find(|(_, low, high)| low.is_nan() || high.is_nan() || low > high)
        {
            return Err(Error::Input(format!(
                "a constraint is from {low} to {high}, and no number is in that range"
            )));
        }
        let unknowns = Unknowns::of(&fields)?;
        let parameters = unknowns.parameters().to_vec();
        let known: Vec<String> = parameters.iter().map(|own| own.name().to_string()).collect();
        let mut places = Vec::new();
        for name in free {
            let parts = ["", ".x", ".y", ".z"].map(|part| format!("{name}{part}"));
            let place = |part: &String| known.iter().position(|own| own == part);
            let own: Vec<usize> = parts.iter().filter_map(place).collect();
            if own.is_empty() {
                return Err(Error::UnknownParameter { name: name.to_string(), known });
            }
            places.extend(own);
        }
        let mut seen = Vec::new();
        places.retain(|place| {
            !seen.contains(place) && {
                seen.push(*place);
                true
            }
        });
        let (held, mut gaps) = gaps::gaps(&stated)?;
        let range = |n: usize| parameters[n].range().unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        for (own, &place) in places.iter().enumerate() {
            let (low, high) = range(place);
            let (of, source) = (stated.len() + own, GapSource::Own(own));
            let ends = [(1.0, low), (-1.0, high)];
            let ends = ends.into_iter().filter(|(sign, end)| end.is_finite() && (low < high || *sign > 0.0));
            gaps.extend(ends.map(|(sign, end)| Gap { of, source, sign, end, is_equation: low == high }));
        }
        let units = places.iter().map(|&n| Freedom::of(parameters[n].value(), range(n)).unit).collect();
        let fields: Vec<Field> =
            std::iter::once(energy.clone()).chain(held.iter().map(|(field, ..)| field.clone())).collect();
        let program = TermProgram::new(&fields, &known)?;
        Ok(Equilibrium { stated: stated.len(), held, gaps, units, program, free: places, parameters })
    }

    /// The names of all parameters, in the order of their values.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().map(Parameter::name)
    }

    /// Where it settles from the values that the parameters declare.
    pub fn settle(&self) -> Result<Rest> {
        self.settle_from(&self.parameters.iter().map(Parameter::value).collect::<Vec<_>>())
    }

    /// Where it settles from other values of all the parameters, in the order of [`Equilibrium::names`].
    ///
    /// An error where the constraints cannot all hold, where nothing keeps the energy from falling without end, and where no place
    /// was found at which the forces balance.
    pub fn settle_from(&self, values: &[f64]) -> Result<Rest> {
        if values.len() != self.parameters.len() {
            let (given, wanted) = (values.len(), self.parameters.len());
            return Err(Error::Input(format!("{given} values are given for {wanted} parameters")));
        }
        let start = self.feasible(values)?;
        let mut settling = Settling::new(self, values, &start);
        let fallen = settling.fall(start)?;
        settling.rest(fallen)
    }

    /// The number of the tape's outputs.
    fn outputs(&self) -> usize {
        self.held.len() + 1
    }

    /// The name of one that settles.
    fn name(&self, own: usize) -> &str {
        self.parameters[self.free[own]].name()
    }

    /// A near place where all constraints hold, in units.
    fn feasible(&self, values: &[f64]) -> Result<DVector<f64>> {
        let unlimited = (f64::NEG_INFINITY, f64::INFINITY);
        let own = |(&n, unit): (&usize, &f64)| {
            let (low, high) = self.parameters[n].range().unwrap_or(unlimited);
            values[n].clamp(low, high) / unit
        };
        let mut start = DVector::from_iterator(self.free.len(), self.free.iter().zip(&self.units).map(own));
        if self.held.is_empty() {
            return Ok(start);
        }
        let parameter = |(n, of): (usize, &Parameter)| of.at(values[n]);
        let mut unknowns =
            Unknowns::of_parameters(self.parameters.iter().enumerate().map(parameter).collect());
        for n in (0..self.parameters.len()).filter(|n| !self.free.contains(n)) {
            unknowns.lock(self.parameters[n].name())?;
        }
        let mut constraints = Constraints::new(&unknowns, self.held.iter().cloned())?;
        let found = constraints.nearest(&unknowns.get()).map_err(|conflict| {
            let mut which: Vec<usize> = conflict.constraints.iter().map(|&n| self.gaps[n].of + 1).collect();
            which.dedup();
            let which: Vec<String> = which.iter().map(usize::to_string).collect();
            let (s, which) = (if which.len() > 1 { "s" } else { "" }, which.join(", "));
            Error::Undefined(format!("constraint{s} {which} cannot hold together, as far as was found"))
        })?;
        // Unknowns are in the order of the parameters.
        let mut order: Vec<usize> = (0..self.free.len()).collect();
        order.sort_by_key(|&own| self.free[own]);
        order.iter().zip(found).for_each(|(&own, found)| start[own] = found / self.units[own]);
        Ok(start)
    }
}
