//! A simpler tape whose output is negative where a tape's is.
//!
//! The distance to a corner (`corner.rs`) has the sign of its largest side. And many exact distances to convex solids are
//! `if_less(0, inside, outside, inside)`: inside, the largest of the distances to the planes of the faces; outside, the smallest
//! distance to a face, edge or corner, which is never negative. They are negative where `inside` is, which has fewer branches
//! and does not ask whether two formulas meet. Both are put in where a distance goes through minima, maxima, positive factors
//! and changes of sign only: behind a change of sign, those alone that leave 0 where it is.

use super::Tape;
use super::corner::{corner_at, operands_of};
use super::program::{Code, Program};
use crate::number::Op;
use std::sync::Arc;

/// What of a value is read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Demand {
    Nothing,
    IsNegative,
    Sign,
    Value,
}

impl Tape {
    /// A tape whose first output is negative exactly where this one's is.
    pub(crate) fn of_sign(&self) -> Tape {
        let program = &*self.program;
        let leaves = program.leaves();
        let mut reads = vec![Demand::Nothing; program.lines.len()];
        let note = |reads: &mut [Demand], value: u32, read: Demand| {
            if let Some(line) = (value as usize).checked_sub(leaves) {
                reads[line] = reads[line].max(read);
            }
        };
        let mut found = program.clone();
        found.outputs[0] = simpler(program, program.outputs[0], Demand::IsNegative);
        note(&mut reads, found.outputs[0], Demand::IsNegative);
        for i in (0..program.lines.len()).rev() {
            let (line, read) = (&program.lines[i], reads[i]);
            let operands = program.operands(line);
            for (n, &operand) in operands.iter().enumerate().filter(|_| read != Demand::Nothing) {
                let read = match line.code {
                    _ if read == Demand::Value => Demand::Value,
                    Code::Op(Op::Min | Op::Max) => read,
                    Code::Op(Op::Mul) if is_positive(program, operands[1 - n]) => read,
                    Code::Op(Op::Neg) => Demand::Sign,
                    _ => Demand::Value,
                };
                let operand = simpler(program, operand, read);
                found.operands[line.operands.start as usize + n] = operand;
                note(&mut reads, operand, read);
            }
        }
        Tape { program: Arc::new(found), values: self.values.clone() }
    }
}

/// A value that is as good for what is read of it.
fn simpler(program: &Program, value: u32, read: Demand) -> u32 {
    simpler_within(program, value, read, MAX_CHOICES)
}

/// How deep choices within choices are looked into.
const MAX_CHOICES: usize = 3;

fn simpler_within(program: &Program, value: u32, read: Demand, depth: usize) -> u32 {
    let mut value = value;
    loop {
        let inside = if read == Demand::IsNegative { inside_of(program, value, depth) } else { None };
        match inside.or_else(|| if read < Demand::Value { largest_of(program, value) } else { None }) {
            Some(next) => value = next,
            None => return value,
        }
    }
}

/// The largest side of a corner, if a value is the distance to one.
fn largest_of(program: &Program, value: u32) -> Option<u32> {
    let line = (value as usize).checked_sub(program.leaves())?;
    corner_at(program, line).map(|[_, largest]| largest as u32)
}

/// What a distance is inside, if it is negative where that is.
fn inside_of(program: &Program, value: u32, depth: usize) -> Option<u32> {
    let line = &program.lines[(value as usize).checked_sub(program.leaves())?];
    let &[low, high, then, otherwise] = program.operands(line) else { return None };
    if line.code != Code::Op(Op::IfLess) {
        return None;
    }
    // Above 0 a distance, and else itself.
    if constant(program, low) == Some(0.0) && high == otherwise && is_never_negative(program, then) {
        return Some(high);
    }
    // Below 0 a length turned, of which it is a part, and else one.
    let turned = operands_of(program, then, Op::Neg).and_then(|length| {
        let parts = operands_of(program, length[0], Op::Hypot)
            .or_else(|| operands_of(program, length[0], Op::Length));
        parts.filter(|parts| parts.contains(&low))
    });
    if turned.is_some() && constant(program, high) == Some(0.0) && is_never_negative(program, otherwise) {
        return Some(low);
    }
    // One or the other, with the sign of the same.
    let depth = depth.checked_sub(1)?;
    let [then, otherwise] =
        [then, otherwise].map(|value| simpler_within(program, value, Demand::IsNegative, depth));
    (then == otherwise).then_some(then)
}

fn constant(program: &Program, value: u32) -> Option<f64> {
    program.constants.get((value as usize).checked_sub(program.parameter_values().end)?).copied()
}

fn is_positive(program: &Program, value: u32) -> bool {
    constant(program, value).is_some_and(|number| number > 0.0)
}

/// Whether a value is a length, or made of such in a way that leaves it 0 or above.
fn is_never_negative(program: &Program, value: u32) -> bool {
    let mut open = vec![value];
    let mut looked_at = 0;
    while let Some(value) = open.pop() {
        looked_at += 1;
        if looked_at > 256 {
            return false;
        }
        let Some(line) = (value as usize).checked_sub(program.leaves()) else {
            if constant(program, value).is_some_and(|number| number >= 0.0) {
                continue;
            }
            return false;
        };
        let line = &program.lines[line];
        let operands = program.operands(line);
        match line.code {
            Code::Op(Op::Abs | Op::Square | Op::Sqrt | Op::Hypot | Op::Length) => {}
            Code::Op(Op::Max) if operands.iter().any(|&n| constant(program, n).is_some_and(|n| n >= 0.0)) => {
            }
            Code::Op(Op::Min | Op::Max | Op::Add) => open.extend(operands),
            Code::Op(Op::IfLess) => open.extend(&operands[2..]),
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;
    use crate::tape::Machine;

    #[test]
    fn signs_stay_and_branches_go() {
        let cone = cone(0.7, 1.4);
        let fields = [
            cone.clone(),
            cone.translate([0.2, 0.1, 0.0]).scale(0.7).union(octahedron(0.8)),
            // A value that is read for what it is too stays.
            sphere(0.9).max(&cone).min(cone.offset(0.2)),
            sphere(0.9).difference(&cone),
            sphere(0.9).difference(r#box([0.7, 0.8, 0.9]).rotate_y(0.3)),
            hex_prism(0.6, 0.9).scale(1.1),
        ];
        for (n, field) in fields.iter().enumerate() {
            let tape = field.tape().unwrap().fixed([None, None, None, Some(0.0)]);
            let sign = tape.of_sign();
            let [mut all, mut simple] = [&tape, &sign].map(Machine::<f64>::new);
            for k in 0..4000u32 {
                let at = [17, 29, 43].map(|step| f64::from(k * step % 101) / 40.0 - 1.25);
                let (is, was) = (simple.at_point(at)[0], all.at_point(at)[0]);
                assert_eq!(is < 0.0, was < 0.0, "{n} at {at:?}: {is} and {was}");
            }
        }
        let reads = |tape: &Tape| tape.program.outputs[0];
        for field in [fields[0].clone(), r#box([0.7, 0.8, 0.9])] {
            let tape = field.tape().unwrap();
            assert_ne!(reads(&tape), reads(&tape.of_sign()));
        }
    }
}
