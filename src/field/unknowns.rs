//! The numbers an optimiser moves, as one list: parameters without those that are locked, tied ones once, and weights.

use super::{Field, Listing, Parameter};
use crate::error::{Error, Result};
use std::collections::HashMap;

/// A flat view of the parameters of some fields: what optimisers see.
///
/// [`Unknowns::get`] and [`Unknowns::set`] take all that may move as one list of numbers. A locked parameter is not in
/// it, and parameters that are tied are one number in it. [`Unknowns::values`] is what tapes take: a value for every
/// parameter, in the order of [`Tape::together`](crate::tape::Tape::together) of the same fields. The weights of kernels,
/// which may be millions and have no names, can be taken along behind them.
///
/// ```
/// use fieldgrad::prelude::*;
/// use fieldgrad::tape::Tape;
///
/// let (r, at) = (param_in("r", 0.5, 0.1, 2.0), param_vector("at", [1.0, 0.0, 0.0]));
/// let pair = [sphere(&r).translate(at), sphere(param("s", 0.4))];
/// let mut unknowns = Unknowns::of(&pair)?;
/// unknowns.lock("at")?; // all three of a vector
/// unknowns.tie("r", "s")?; // s follows r
/// assert_eq!(unknowns.names(), ["r"]);
///
/// unknowns.set(&[0.7]);
/// let [tape] = Tape::together([&pair[..]])?;
/// let moved = tape.with_values(unknowns.values());
/// assert!(moved.parameters().zip(moved.values()).all(|(own, &value)| {
///     value == if own.name().starts_with("at") { own.value() } else { 0.7 }
/// }));
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Unknowns {
    parameters: Vec<Parameter>,
    /// Where each name is among them.
    places: HashMap<String, usize>,
    values: Vec<f64>,
    is_locked: Vec<bool>,
    /// The parameter that each follows: itself, where it is not tied.
    leads: Vec<usize>,
    /// The least and the greatest value that each, and what follows it, may have.
    ranges: Vec<(f64, f64)>,
    weights: Vec<f64>,
}

impl Unknowns {
    /// The parameters of some fields, at their declared values, in the order they first appear in.
    pub fn of(fields: &[Field]) -> Result<Unknowns> {
        fields.iter().try_for_each(Field::check)?;
        let parameters = Listing::of(fields).parameters()?;
        Ok(Unknowns::of_parameters(parameters.iter().map(|parameter| Parameter::clone(parameter)).collect()))
    }

    /// These parameters, at their values, in their order.
    pub fn of_parameters(parameters: Vec<Parameter>) -> Unknowns {
        let places = parameters.iter().enumerate().map(|(i, own)| (own.name().to_string(), i)).collect();
        Unknowns {
            places,
            values: parameters.iter().map(Parameter::value).collect(),
            is_locked: vec![false; parameters.len()],
            leads: (0..parameters.len()).collect(),
            ranges: parameters.iter().map(|own| own.range().unwrap_or((f64::MIN, f64::MAX))).collect(),
            parameters,
            weights: Vec::new(),
        }
    }

    /// The same with weights behind the parameters: those of a [tape](crate::tape::Tape::weights). They may have any value.
    pub fn with_weights(self, weights: Vec<f64>) -> Unknowns {
        Unknowns { weights, ..self }
    }

    /// All the parameters, the locked and tied ones too, as they were declared, in the order that tapes take them in.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// How many numbers may move.
    pub fn len(&self) -> usize {
        self.free().count() + self.weights.len()
    }

    /// Whether none may.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the parameters among them; one that is tied has the name of the one it follows.
    pub fn names(&self) -> Vec<&str> {
        self.free().map(|i| self.parameters[i].name()).collect()
    }

    /// The least and the greatest value each may have.
    pub fn ranges(&self) -> Vec<(f64, f64)> {
        let weights = self.weights.iter().map(|_| (f64::MIN, f64::MAX));
        self.free().map(|i| self.ranges[i]).chain(weights).collect()
    }

    /// Their values.
    pub fn get(&self) -> Vec<f64> {
        self.free().map(|i| self.values[i]).chain(self.weights.iter().copied()).collect()
    }

    /// Gives them new values, each the nearest that its range allows; where one is not a number the old one stays.
    ///
    /// Panics if their number is not [`Unknowns::len`].
    pub fn set(&mut self, values: &[f64]) {
        let free: Vec<usize> = self.free().collect();
        assert_eq!(values.len(), self.len(), "as many values as there are unknowns");
        let (values, weights) = values.split_at(free.len());
        for (i, &value) in free.into_iter().zip(values).filter(|(_, value)| !value.is_nan()) {
            let (low, high) = self.ranges[i];
            self.values[i] = value.clamp(low, high);
        }
        for (own, &weight) in self.weights.iter_mut().zip(weights).filter(|(_, weight)| !weight.is_nan()) {
            *own = weight.clamp(f64::MIN, f64::MAX);
        }
        self.follow();
    }

    /// The values of all parameters, the locked and tied ones too, in the order that tapes take them in.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The weights, in the order that [`Tape::with_weights`](crate::tape::Tape::with_weights) takes them in.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The derivative in each unknown of what has these derivatives in all parameters and weights, in the order of tapes.
    ///
    /// Panics if their numbers are not those of the parameters and the weights.
    pub fn gradient(&self, by_parameter: &[f64], by_weight: &[f64]) -> Vec<f64> {
        assert_eq!(by_parameter.len(), self.parameters.len(), "a derivative for each parameter");
        assert_eq!(by_weight.len(), self.weights.len(), "a derivative for each weight");
        let mut sums = vec![0.0; self.parameters.len()];
        self.leads.iter().zip(by_parameter).for_each(|(&lead, slope)| sums[lead] += slope);
        self.free().map(|i| sums[i]).chain(by_weight.iter().copied()).collect()
    }

    /// Leaves a parameter as it is, or all three of a vector; what is tied to it stays with it.
    pub fn lock(&mut self, name: &str) -> Result<()> {
        for i in self.named(name)? {
            let lead = self.leads[i];
            self.is_locked[lead] = true;
        }
        Ok(())
    }

    /// Lets a parameter move again, or all three of a vector.
    pub fn free_again(&mut self, name: &str) -> Result<()> {
        for i in self.named(name)? {
            let lead = self.leads[i];
            self.is_locked[lead] = false;
        }
        Ok(())
    }

    /// Whether a parameter stays as it is: by itself, or by what it is tied to.
    pub fn is_locked(&self, name: &str) -> bool {
        self.places.get(name).is_some_and(|&i| self.is_locked[self.leads[i]])
    }

    /// Makes two parameters, or two vectors, one number, or three: the second takes the value of the first and follows it
    /// within the ranges of both. An error, where these have nothing in common.
    pub fn tie(&mut self, first: &str, second: &str) -> Result<()> {
        let (a, b) = (self.named(first)?, self.named(second)?);
        if a.len() != b.len() {
            return Err(Error::Input(format!("{first} and {second} cannot be tied: one is a vector")));
        }
        let before = self.clone();
        for (a, b) in a.into_iter().zip(b) {
            let (lead, old) = (self.leads[a], self.leads[b]);
            self.leads.iter_mut().filter(|own| **own == old).for_each(|own| *own = lead);
            self.is_locked[lead] |= self.is_locked[old];
            let [(least, most), (own_least, own_most)] = [lead, old].map(|i| self.ranges[i]);
            let (low, high) = (least.max(own_least), most.min(own_most));
            self.ranges[lead] = (low, high);
            if low > high {
                *self = before;
                let problem =
                    format!("{first} and {second} cannot be tied: their ranges have nothing in common");
                return Err(Error::Input(problem));
            }
            self.values[lead] = self.values[lead].clamp(low, high);
        }
        self.follow();
        Ok(())
    }

    /// Where among the parameters those are that may move.
    fn free(&self) -> impl Iterator<Item = usize> {
        (0..self.parameters.len()).filter(|&i| self.leads[i] == i && !self.is_locked[i])
    }

    fn follow(&mut self) {
        for i in 0..self.values.len() {
            self.values[i] = self.values[self.leads[i]];
        }
    }

    /// The parameter of that name, or the parts of the vector.
    fn named(&self, name: &str) -> Result<Vec<usize>> {
        if let Some(&i) = self.places.get(name) {
            return Ok(vec![i]);
        }
        let parts = ["x", "y", "z"].iter().filter_map(|axis| self.places.get(&format!("{name}.{axis}")));
        let parts: Vec<usize> = parts.copied().collect();
        if parts.is_empty() {
            let known = self.parameters.iter().map(|own| own.name().to_string()).collect();
            return Err(Error::UnknownParameter { name: name.into(), known });
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{param, param_in, param_vector, x};

    fn unknowns() -> Unknowns {
        let [a, b, c] = param_vector("at", [1.0, 2.0, 3.0]).0;
        let field = x() * param_in("r", 0.5, 0.0, 1.0) + a * b * c + param_in("s", 0.8, 0.6, 2.0);
        Unknowns::of(&[field + param("free", 7.0)]).unwrap()
    }

    #[test]
    fn they_are_got_and_set_as_one_list() {
        let mut all = unknowns();
        assert_eq!(all.names(), ["r", "at.x", "at.y", "at.z", "s", "free"]);
        assert_eq!(all.get(), all.values());
        all.set(&[2.0, 4.0, 5.0, 6.0, f64::NAN, 8.0]);
        assert_eq!(all.get(), [1.0, 4.0, 5.0, 6.0, 0.8, 8.0]); // in their ranges
        assert_eq!(all.ranges()[0], (0.0, 1.0));
    }

    #[test]
    fn what_is_locked_is_left_out_and_what_is_tied_is_one() {
        let mut all = unknowns();
        all.lock("at").unwrap();
        all.lock("free").unwrap();
        all.tie("r", "s").unwrap();
        assert_eq!((all.names(), all.ranges()), (vec!["r"], vec![(0.6, 1.0)]));
        assert_eq!(all.values(), [0.6, 1.0, 2.0, 3.0, 0.6, 7.0]);
        all.set(&[0.9]);
        assert_eq!(all.values(), [0.9, 1.0, 2.0, 3.0, 0.9, 7.0]);
        // What is tied adds up, what is locked does not count.
        assert_eq!(all.gradient(&[1.0, 10.0, 10.0, 10.0, 2.0, 10.0], &[]), [3.0]);
        all.free_again("free").unwrap();
        assert_eq!(all.names(), ["r", "free"]);
        // A lock holds what is tied to it.
        all.lock("s").unwrap();
        assert!(all.is_locked("r") && all.is_locked("at.y") && !all.is_locked("free") && !all.is_locked("q"));
        assert_eq!(all.names(), ["free"]);
    }

    #[test]
    fn weights_stand_behind_the_parameters() {
        let mut all = unknowns().with_weights(vec![0.5, -0.5]);
        all.lock("at").unwrap();
        assert_eq!((all.len(), all.ranges().len()), (5, 5));
        assert_eq!(all.get(), [0.5, 0.8, 7.0, 0.5, -0.5]);
        all.set(&[0.6, 0.9, 8.0, 3.0, f64::NAN]);
        assert_eq!((all.weights(), all.values()), (&[3.0, -0.5][..], &[0.6, 1.0, 2.0, 3.0, 0.9, 8.0][..]));
        assert_eq!(all.gradient(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[7.0, 8.0]), [1.0, 5.0, 6.0, 7.0, 8.0]);
    }

    #[test]
    fn what_cannot_be_tied_or_is_not_there_is_an_error_and_changes_nothing() {
        let field = param_in("a", 1.0, 0.0, 1.0) + param_in("b", 2.0, 1.5, 3.0) * x();
        let mut two = Unknowns::of(&[field]).unwrap();
        let before = two.clone();
        assert!(two.tie("a", "b").is_err() && two.lock("c").is_err());
        assert_eq!(two, before);
        assert!(unknowns().tie("at", "r").is_err());
    }
}
