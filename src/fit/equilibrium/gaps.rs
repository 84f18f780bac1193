//! Gaps: what constraints leave to their ends, each a number that is to be 0 or more, or 0.
//!
//! A least of several is 0 or more where each of them is. So a contact with a union is one with each of its parts, and where a ball
//! lies in a hollow between two of them, at a kink of the union's field, there is no kink in any gap.

use crate::error::Result;
use crate::field::{Field, Kind, flatten};
use crate::number::Op;

/// The room that a constraint or a range leaves to one of its ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gap {
    /// The number of the constraint; those of what settles follow.
    pub of: usize,
    pub source: GapSource,
    /// The gap is this, 1 or −1, times what the number is above the end.
    pub sign: f64,
    pub end: f64,
    pub is_equation: bool,
}

/// The number that is held from an end.
#[derive(Clone, Copy, Debug)]
pub(super) enum GapSource {
    /// An output of the tape, of which the first is the energy.
    Output(usize),
    /// A value of what settles.
    Own(usize),
}

/// A field with the least and the greatest value it may have.
pub(super) type HeldField = (Field, f64, f64);

/// The most fields that one is taken apart into.
const MOST: usize = 256;

/// The fields that constraints are made of, with the ends of each, and the gaps of these.
pub(super) fn gaps(stated: &[HeldField]) -> Result<(Vec<HeldField>, Vec<Gap>)> {
    let (mut fields, mut gaps) = (Vec::new(), Vec::new());
    for (of, (field, low, high)) in stated.iter().enumerate() {
        let mut add = |field: Field, sign: f64, end: f64, is_equation: bool| {
            let range = match (is_equation, sign > 0.0) {
                (true, _) => (end, end),
                (_, true) => (end, f64::INFINITY),
                (_, false) => (f64::NEG_INFINITY, end),
            };
            gaps.push(Gap { of, source: GapSource::Output(fields.len() + 1), sign, end, is_equation });
            fields.push((field, range.0, range.1));
        };
        if low == high {
            add(field.clone(), 1.0, *low, true);
            continue;
        }
        let flat = flatten(std::slice::from_ref(field))?.swap_remove(0);
        for (sign, end) in [(1.0, *low), (-1.0, *high)].into_iter().filter(|(_, end)| end.is_finite()) {
            parts(&flat, sign > 0.0, 0).into_iter().for_each(|part| add(part, sign, end, false));
        }
    }
    Ok((fields, gaps))
}

/// How deep sums and minima are looked into.
const DEEP: usize = 64;

/// The fields of which one is the least, or the greatest.
fn parts(of: &Field, is_least: bool, depth: usize) -> Vec<Field> {
    let whole = || vec![of.clone()];
    let Kind::Scalar(op) = of.kind() else { return whole() };
    if depth > DEEP {
        return whole();
    }
    let own = |n: usize, is_least: bool| parts(&of.parents()[n], is_least, depth + 1);
    let every = |a: Vec<Field>, b: Vec<Field>, with: fn(&Field, &Field) -> Field| -> Vec<Field> {
        a.iter().flat_map(|a| b.iter().map(move |b| with(a, b))).collect()
    };
    let found: Vec<Field> = match op {
        Op::Min if is_least => [own(0, true), own(1, true)].concat(),
        Op::Max if !is_least => [own(0, false), own(1, false)].concat(),
        Op::Neg => own(0, !is_least).iter().map(|part| -part).collect(),
        Op::Abs if !is_least => {
            let inner = |is_least| own(0, is_least);
            inner(false).into_iter().chain(inner(true).iter().map(|part| -part)).collect()
        }
        Op::Add => every(own(0, is_least), own(1, is_least), |a, b| a + b),
        Op::Sub => every(own(0, is_least), own(1, !is_least), |a, b| a - b),
        Op::Mul | Op::Div => {
            let factor = |n: usize| of.parents()[n].as_constant();
            match (op, factor(0), factor(1)) {
                (Op::Mul, Some(c), None) => {
                    own(1, is_least == (c > 0.0)).iter().map(|part| c * part).collect()
                }
                (Op::Mul, None, Some(c)) => {
                    own(0, is_least == (c > 0.0)).iter().map(|part| part * c).collect()
                }
                (Op::Div, None, Some(c)) => {
                    own(0, is_least == (c > 0.0)).iter().map(|part| part / c).collect()
                }
                _ => return whole(),
            }
        }
        _ => return whole(),
    };
    if found.len() > MOST { whole() } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::param;

    #[test]
    fn a_contact_with_a_union_is_one_with_each_part() {
        let [a, b, c] = ["a", "b", "c"].map(|name| param(name, 1.0));
        let field = 2.0 * (a.min(&b) - c.max(0.5)) - 0.25;
        let counted = |low: f64, high: f64| gaps(&[(field.clone(), low, high)]).unwrap().0.len();
        // From below 2 (a − c), 2 (a − ½), 2 (b − c) and 2 (b − ½); from above it is one.
        assert_eq!(counted(0.0, f64::INFINITY), 4);
        assert_eq!(counted(f64::NEG_INFINITY, 0.0), 1);
        assert_eq!((counted(0.0, 1.0), counted(0.0, 0.0)), (5, 1));
        let deep = (0..400).fold(a, |sum, n| sum.min(param(&format!("p{n}"), 1.0)));
        assert!(!gaps(&[(deep, 0.0, f64::INFINITY)]).unwrap().0.is_empty());
    }
}
