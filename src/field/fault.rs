//! Where a value that is no number, or an infinite one, begins.

use super::run::{Known, run_keeping};
use super::{Field, Kind, Parameter};
use crate::error::Result;
use crate::number::{Dual, Real};
use std::fmt;

/// The node at which a reading stops being finite: what it was given is, what it gave is not.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The node.
    pub node: Field,
    /// The way to it from the field that was read, which comes first.
    pub path: Vec<Field>,
    /// What the node was given.
    pub given: Vec<f64>,
    /// What it gave: its value, or if that is finite a derivative.
    pub gave: f64,
    /// Whether it is a derivative that is not finite.
    pub is_slope: bool,
    /// The coordinates the node was evaluated at, below every remap on the way.
    pub at: [f64; 4],
}

impl fmt::Display for Fault {
    /// The fault in words: `the value is NaN first at sqrt(-2), in displace > sqrt`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let what = if self.is_slope { "a derivative is" } else { "the value is" };
        let given: Vec<String> = self.given.iter().map(f64::to_string).collect();
        write!(f, "{what} {} first at {}({})", self.gave, self.node.title(), given.join(", "))?;
        let named = self.path.iter().filter(|node| node.label().is_some());
        let path: Vec<String> = named.map(|node| node.title()).collect();
        if path.is_empty() { Ok(()) } else { write!(f, ", in {}", path.join(" > ")) }
    }
}

/// # Where a value is not finite, or has a kink
impl Field {
    /// Where the value at a point, or one of its derivatives in space and time, stops being finite; `None` where all
    /// of them are.
    ///
    /// ```
    /// use fieldgrad::prelude::*;
    ///
    /// let field = sphere(0.5).translate([1, 0, 0]).displace((x() - 2).sqrt());
    /// let fault = field.fault_at([0.0; 4])?.expect("the root of −2 is none");
    /// assert_eq!((fault.node.title(), fault.given), ("sqrt".to_string(), vec![-2.0]));
    /// assert!(field.fault_at([3.0, 0.0, 0.0, 0.0])?.is_none());
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn fault_at(&self, at: [f64; 4]) -> Result<Option<Fault>> {
        let run = self.run_for_origins(at)?;
        Ok(self.fault_of(&run))
    }

    /// Where the value at a point, or its derivative in a parameter, stops being finite.
    pub fn parameter_fault_at(&self, name: &str, at: [f64; 4]) -> Result<Option<Fault>> {
        let parameter = |parameter: &Parameter| {
            let slope = [if parameter.name() == name { 1.0 } else { 0.0 }];
            Dual { value: parameter.value(), slope }
        };
        let at = at.map(Dual::<f64, 1>::fixed);
        let run = run_keeping(std::slice::from_ref(self), at, parameter, |_, _| ())?;
        Ok(self.fault_of(&run))
    }

    /// The way to the node whose gradient differs between two points while those of its inputs do not: where a kink
    /// between them begins. `None` where the gradient is the same but for `tolerance`, in parts of the steeper.
    pub fn kink_between(&self, a: [f64; 4], b: [f64; 4], tolerance: f64) -> Result<Option<Vec<Field>>> {
        let runs = [self.run_for_origins(a)?, self.run_for_origins(b)?];
        let differs = |field: &Field, frame: usize| {
            let [Some(a), Some(b)] = runs.each_ref().map(|run| run.value(field, frame)) else { return false };
            let steepest = a.slope.iter().chain(&b.slope).fold(0f64, |most, slope| most.max(slope.abs()));
            let most = (0..4).map(|i| (a.slope[i] - b.slope[i]).abs()).fold(0.0, f64::max);
            most > tolerance * steepest
        };
        let path = descent(self, &runs[0], differs);
        Ok((!path.is_empty()).then(|| path.into_iter().map(|(node, _)| node.clone()).collect()))
    }

    fn run_for_origins(&self, at: [f64; 4]) -> Result<Known<Dual<f64>>> {
        let parameter = |parameter: &Parameter| Dual::fixed(parameter.value());
        run_keeping(std::slice::from_ref(self), Dual::variables(at), parameter, |_, _| ())
    }

    fn fault_of<const N: usize>(&self, run: &Known<Dual<f64, N>>) -> Option<Fault> {
        let is_slope = run.value(self, 0).is_some_and(|dual| dual.value.is_finite());
        let wrong = |field: &Field, frame: usize| {
            let dual = run.value(field, frame)?;
            let all = if is_slope { &dual.slope[..] } else { std::slice::from_ref(&dual.value) };
            all.iter().copied().find(|value| !value.is_finite())
        };
        let path = descent(self, run, |field, frame| wrong(field, frame).is_some());
        let &(node, frame) = path.last()?;
        let given = inputs(node, frame, run).filter_map(|(input, inside)| run.value(input, inside));
        Some(Fault {
            node: node.clone(),
            given: given.map(|dual| dual.value).collect(),
            gave: wrong(node, frame)?,
            is_slope,
            at: run.coordinates(frame).each_ref().map(|dual| dual.value),
            path: path.into_iter().map(|(node, _)| node.clone()).collect(),
        })
    }
}

/// The way down from the root, from one node that shows something to the first of its inputs that does, each with its
/// frame. Empty, if the root does not show it.
fn descent<'a, R: Real>(
    root: &'a Field,
    run: &Known<R>,
    shows: impl Fn(&Field, usize) -> bool,
) -> Vec<(&'a Field, usize)> {
    let mut path = Vec::new();
    let mut next = Some((root, 0)).filter(|&(node, frame)| shows(node, frame));
    while let Some((node, frame)) = next {
        path.push((node, frame));
        next = inputs(node, frame, run).find(|&(input, inside)| shows(input, inside));
    }
    path
}

/// What a node is computed from, each with the frame it is evaluated in: of a remap first the new coordinates.
fn inputs<'a, R: Real>(
    node: &'a Field,
    frame: usize,
    run: &Known<R>,
) -> impl Iterator<Item = (&'a Field, usize)> {
    let parents = node.parents();
    let child = matches!(node.kind(), Kind::Remap).then(|| run.inner(node, frame)).flatten();
    let own = if child.is_some() { &parents[1..] } else { parents };
    own.iter().map(move |parent| (parent, frame)).chain(child.map(|inside| (&parents[0], inside)))
}

#[cfg(test)]
mod tests {
    use crate::field::{Field, param, t, x, y};

    #[test]
    fn is_found_below_remaps_at_the_coordinates_there() {
        let field = (y() - 1).ln().remap([x(), y() + x(), x(), t()]) + x();
        let fault = field.fault_at([0.25, 0.5, 0.0, 0.0]).unwrap().unwrap();
        assert_eq!((fault.node.title().as_str(), fault.given[0], fault.at[1]), ("ln", -0.25, 0.75));
        assert!(!fault.is_slope && fault.gave.is_nan());
        let titles: Vec<String> = fault.path.iter().map(Field::title).collect();
        assert_eq!(titles, ["+", "remap", "ln"]);
    }

    #[test]
    fn a_parameter_may_be_at_fault() {
        let field = x() + param("a", -1.0).sqrt() + param("b", 1.0);
        assert!(field.parameter_fault_at("b", [0.0; 4]).unwrap().is_some_and(|fault| !fault.is_slope));
        let field = x() + param("b", 2.0).square();
        assert!(field.parameter_fault_at("b", [0.0; 4]).unwrap().is_none());
        let field = x() + param("a", 1e-200).recip();
        assert_eq!(field.parameter_fault_at("a", [0.0; 4]).unwrap().unwrap().gave, f64::NEG_INFINITY);
    }

    #[test]
    fn a_kink_begins_where_operands_cross() {
        let field = (x().max(y()) - 1).remap([x() + 0.5, y(), x(), t()]) * 2;
        let path = field.kink_between([0.2, 0.7001, 0.0, 0.0], [0.2, 0.6999, 0.0, 0.0], 1e-3).unwrap();
        assert_eq!(path.unwrap().last().unwrap().title(), "max");
        assert!(field.kink_between([0.2, 0.9, 0.0, 0.0], [0.2, 0.8, 0.0, 0.0], 1e-3).unwrap().is_none());
    }

    #[test]
    fn a_slope_is_found_where_the_value_is_finite() {
        let huge = (x() * 1e200).square().ln() / (x() * 1e200); // (…)² overflows, and its logarithm is infinite
        let fault = huge.fault_at([1.0, 0.0, 0.0, 0.0]).unwrap().unwrap();
        assert_eq!((fault.node.title().as_str(), fault.gave), ("square", f64::INFINITY));
        let steep = (x() * 1e300) * (y() * 1e10 / 1e10); // finite at x = 0, its slope is not
        assert!(steep.fault_at([0.0, 1.0, 0.0, 0.0]).unwrap().is_none());
        let overflowing = (x() * 1e200) * (y() * 1e200);
        let fault = overflowing.fault_at([0.0, 1.0, 0.0, 0.0]).unwrap().unwrap();
        assert!(fault.is_slope && fault.gave.is_infinite());
    }
}
