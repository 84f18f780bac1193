//! Distances to corners, found among a program's lines.
//!
//! length(max(a, 0), max(b, 0), …) + min(max(a, b, …), 0) is the distance to where a, b, … are all below 0, in
//! coordinates that these are: what boxes are made of. It is convex in them and falls with none, which its terms do
//! not show one by one: the second bends down where the largest passes 0.

use super::program::{Code, Program};
use crate::number::Op;

/// The values of the length and of the largest, if a line is such a sum.
#[inline(never)]
pub(super) fn corner_at(program: &Program, line: usize) -> Option<[usize; 2]> {
    let &[a, b] = operands_of(program, (program.leaves() + line) as u32, Op::Add)?.first_chunk()?;
    corner_of(program, a, b).or_else(|| corner_of(program, b, a))
}

fn corner_of(program: &Program, outside: u32, inside: u32) -> Option<[usize; 2]> {
    let mut sides = Vec::with_capacity(3);
    let length =
        operands_of(program, outside, Op::Length).or_else(|| operands_of(program, outside, Op::Hypot))?;
    for &part in length {
        sides.push((beside_zero(program, part, Op::Max)?, false));
    }
    let largest = beside_zero(program, inside, Op::Min)?;
    let are_all = are_sides(program, largest, &mut sides) && sides.iter().all(|(_, found)| *found);
    are_all.then_some([outside as usize, largest as usize])
}

/// Whether a value is one of the sides or the largest of some; those are marked.
fn are_sides(program: &Program, value: u32, sides: &mut [(u32, bool)]) -> bool {
    if let Some((_, found)) = sides.iter_mut().find(|(side, _)| *side == value) {
        *found = true;
        return true;
    }
    operands_of(program, value, Op::Max)
        .is_some_and(|operands| operands.iter().all(|&operand| are_sides(program, operand, sides)))
}

/// The distance to a corner, of which pruning may have left only a part.
#[derive(Clone, Debug)]
pub(super) struct Corner {
    /// The largest of the sides.
    pub(super) largest: u32,
    /// The sides that the length is of.
    pub(super) outside: Vec<u32>,
    /// The sides that the largest is of.
    pub(super) inside: Vec<u32>,
}

impl Corner {
    /// The sum length(max(a, 0), …) + min(max(b, …), 0) at a line, whatever its sides are.
    pub(super) fn at(program: &Program, line: usize) -> Option<Corner> {
        let &[a, b] = operands_of(program, (program.leaves() + line) as u32, Op::Add)?.first_chunk()?;
        Corner::of(program, a, b).or_else(|| Corner::of(program, b, a))
    }

    fn of(program: &Program, outside: u32, inside: u32) -> Option<Corner> {
        let largest = beside_zero(program, inside, Op::Min)?;
        let length =
            operands_of(program, outside, Op::Length).or_else(|| operands_of(program, outside, Op::Hypot))?;
        let mut corner = Corner { largest, outside: Vec::new(), inside: Vec::new() };
        for &part in length.iter().filter(|&&part| !is_zero(program, part)) {
            corner.outside.push(beside_zero(program, part, Op::Max)?);
        }
        let mut open = vec![largest];
        while let Some(value) = open.pop() {
            match operands_of(program, value, Op::Max) {
                Some(operands) if !corner.outside.contains(&value) => open.extend(operands),
                _ => corner.inside.push(value),
            }
        }
        Some(corner)
    }
}

/// The operands of a value, if it is that operation.
pub(super) fn operands_of(program: &Program, value: u32, op: Op) -> Option<&[u32]> {
    let line = &program.lines[(value as usize).checked_sub(program.leaves())?];
    (line.code == Code::Op(op)).then(|| program.operands(line))
}

/// The other operand of a value that is that operation on something and 0.
pub(super) fn beside_zero(program: &Program, value: u32, op: Op) -> Option<u32> {
    let &[a, b] = operands_of(program, value, op)?.first_chunk()?;
    match [a, b].map(|operand| is_zero(program, operand)) {
        [_, true] => Some(a),
        [true, _] => Some(b),
        _ => None,
    }
}

pub(super) fn is_zero(program: &Program, value: u32) -> bool {
    let constant = (value as usize).checked_sub(program.parameter_values().end);
    constant.and_then(|n| program.constants.get(n)) == Some(&0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    fn corners(field: &Field) -> usize {
        let tape = field.tape().expect("a tape");
        (0..tape.program.lines.len()).filter(|&line| corner_at(&tape.program, line).is_some()).count()
    }

    #[test]
    fn boxes_are_found_and_nothing_that_is_none() {
        assert_eq!(corners(&r#box([0.4, 0.3, 0.5]).translate([t(), 0.into(), 0.into()])), 1);
        assert_eq!(corners(&rounded_box([0.4, 0.3, 0.5], 0.1).rotate_y(t())), 1);
        let [a, b, c] = [x(), y(), z()].map(|q| q.abs() - 0.5);
        let length = length([a.max(0), b.max(0), c.max(0)]);
        assert_eq!(corners(&(&length + a.max(&b).min(0))), 0, "a side is missing");
        assert_eq!(corners(&(&length + a.max(&b).max(&c).min(1))), 0, "not below 0");
        assert_eq!(corners(&(&length + a.max(&b).max(&c).max(x()).min(0))), 0, "a side too many");
        assert_eq!(corners(&(a.max(&b).max(&c).min(0) + length)), 1);
    }
}
