//! Straightened tapes: what pruning leaves in pieces, taken together again. A face of a box is a plane.
//!
//! Near a face of a box, and away from its edges, its distance is length(max(q, 0), 0, 0) + min(q, 0), which is q. Bounds on
//! slopes do not see that: each term's is anything from 0 to 1. Likewise a figure whose side and distance are found by
//! themselves, ±|a| by the sign of a, is a near one of its edges: it does not jump there.

use super::Tape;
use super::corner::{beside_zero, is_zero, operands_of};
use super::program::{Code, Program};
use super::prune::{Asked, Pruning};
use crate::number::{Interval, Op};
use std::sync::Arc;

impl Tape {
    /// The same function of real numbers by fewer and smoother operations, where some can be taken together: lengths of one
    /// part or two, and the positive and the negative part of one number. It is rounded otherwise.
    pub(crate) fn straightened(self) -> Tape {
        let Some(program) = straightened(&self.program) else { return self };
        let held = self.values.iter().map(|&value| Interval::point(value)).collect();
        let most = program.lines.len();
        let alive = Pruning::default().prune(&program, Asked::Value, most, held, |_| Interval::WHOLE);
        Tape { program: Arc::new(alive.unwrap_or(program)), values: self.values }
    }
}

/// The program with shorter lines, and those that nobody reads any more still in it; none where nothing changes.
fn straightened(program: &Program) -> Option<Program> {
    let leaves = program.leaves();
    let mut straight = program.clone();
    let mut really: Vec<u32> = (0..program.value_of_line(program.lines.len()) as u32).collect();
    let mut changes = false;
    for i in 0..straight.lines.len() {
        let (code, range) = (straight.lines[i].code, straight.lines[i].operands.clone());
        let range = range.start as usize..range.end as usize;
        straight.operands[range.clone()].iter_mut().for_each(|value| *value = really[*value as usize]);
        let Code::Op(op) = code else { continue };
        let operands: Vec<u32> = straight.operands[range.clone()].to_vec();
        let same = match op {
            Op::Length | Op::Hypot => {
                let parts = operands.iter().filter(|&&part| !is_zero(&straight, part));
                let parts: Vec<u32> = parts.copied().collect();
                match parts[..] {
                    [part] if is_never_negative(&straight, part) => Some(part),
                    [_] | [_, _] if parts.len() < operands.len() => {
                        let start = range.start;
                        straight.operands[start..start + parts.len()].copy_from_slice(&parts);
                        let line = &mut straight.lines[i];
                        line.operands.end = (start + parts.len()) as u32;
                        line.code = Code::Op(if parts.len() == 1 { Op::Abs } else { Op::Hypot });
                        changes = true;
                        None
                    }
                    _ => None,
                }
            }
            Op::Add => {
                let [a, b] = [operands[0], operands[1]];
                let whole = |above: u32, below: u32| {
                    let q = beside_zero(&straight, above, Op::Max)?;
                    (beside_zero(&straight, below, Op::Min)? == q).then_some(q)
                };
                match (is_zero(&straight, a), is_zero(&straight, b)) {
                    (_, true) => Some(a),
                    (true, _) => Some(b),
                    _ => whole(a, b).or_else(|| whole(b, a)),
                }
            }
            Op::IfLess => match signed_part(&straight, &operands) {
                Some((number, false)) => Some(number),
                Some((number, true)) => {
                    straight.operands[range.start] = number;
                    let line = &mut straight.lines[i];
                    line.operands.end = line.operands.start + 1;
                    line.code = Code::Op(Op::Neg);
                    changes = true;
                    None
                }
                None => None,
            },
            _ => None,
        };
        if let Some(same) = same {
            really[leaves + i] = same;
            changes = true;
        }
    }
    straight.outputs.iter_mut().for_each(|value| *value = really[*value as usize]);
    changes.then_some(straight)
}

/// The number that a choice between −|a| and |a| by the sign of a is, and whether with the other sign.
fn signed_part(program: &Program, operands: &[u32]) -> Option<(u32, bool)> {
    let &[side, zero, below, above] = operands.first_chunk()?;
    let is_opposite = operands_of(program, below, Op::Neg)? == [above] && is_zero(program, zero);
    let (a, is_negative) = if is_opposite { sign_of(program, side)? } else { return None };
    is_size_of(program, above, a).then_some((a, is_negative))
}

/// The number whose sign a value is, 1 where it is not below 0 and else −1, and whether it is the opposite of that: a choice
/// between the two, or its product with such constants.
fn sign_of(program: &Program, value: u32) -> Option<(u32, bool)> {
    let (mut open, mut found, mut is_negative) = (vec![value], None, false);
    while let Some(value) = open.pop() {
        let number = constant(program, value);
        if let Some(number) = number.filter(|number| number.abs() == 1.0) {
            is_negative ^= number < 0.0;
        } else if let Some(factors) = operands_of(program, value, Op::Mul) {
            open.extend(factors);
        } else {
            let &[a, zero, below, above] = operands_of(program, value, Op::IfLess)?.first_chunk()?;
            let (below, above) = (constant(program, below)?, constant(program, above)?);
            if found.is_some() || !is_zero(program, zero) || below != -above || above.abs() != 1.0 {
                return None;
            }
            (found, is_negative) = (Some(a), is_negative ^ (above < 0.0));
        }
    }
    found.map(|a| (a, is_negative))
}

/// Whether a value is |a|, written as that or as a choice.
fn is_size_of(program: &Program, value: u32, a: u32) -> bool {
    if let Some(operands) = operands_of(program, value, Op::Abs) {
        return operands == [a];
    }
    let is_choice = |&[left, zero, below, above]: &[u32; 4]| {
        let is_opposite = operands_of(program, below, Op::Neg).is_some_and(|operands| operands == [a]);
        left == a && above == a && is_zero(program, zero) && is_opposite
    };
    let operands = operands_of(program, value, Op::IfLess).and_then(|operands| operands.first_chunk());
    operands.is_some_and(is_choice)
}

fn constant(program: &Program, value: u32) -> Option<f64> {
    let constant = (value as usize).checked_sub(program.parameter_values().end)?;
    program.constants.get(constant).copied()
}

fn is_never_negative(program: &Program, value: u32) -> bool {
    let is = |op: Op| operands_of(program, value, op).is_some();
    [Op::Abs, Op::Length, Op::Hypot, Op::Sqrt, Op::Square, Op::Exp].into_iter().any(is)
        || beside_zero(program, value, Op::Max).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;
    use crate::tape::{Machine, Tracer};

    #[test]
    fn a_box_is_a_plane_at_its_face() -> Result<()> {
        let tape = r#box([1.0, 2.0, 3.0]).tape()?;
        let mut tracer = Tracer::new(&tape);
        let [x, y] = [Interval::new(0.4, 0.6), Interval::new(-0.2, 0.3)];
        tracer.over([x, y, y, Interval::point(0.0)]);
        let near = tracer.prune(Asked::Value).expect("a part of it is enough").straightened();
        assert!(near.len() <= 3, "{}", near.len());
        let (mut whole, mut face) = (Machine::<f64>::new(&tape), Machine::<f64>::new(&near));
        for n in 0..50 {
            let at = [0.4 + 0.004 * f64::from(n), 0.01 * f64::from(n) - 0.2, 0.1, 0.0];
            let (a, b) = (whole.at(at)[0], face.at(at)[0]);
            assert!((a - b).abs() < 1e-15, "{a} {b}");
        }
        let edge = [Interval::new(0.4, 0.6), Interval::new(0.9, 1.1)];
        tracer.over([edge[0], edge[1], y, Interval::point(0.0)]);
        let near = tracer.prune(Asked::Value).expect("a part of it is enough").straightened();
        let (mut whole, mut edge) = (Machine::<f64>::new(&tape), Machine::<f64>::new(&near));
        for n in 0..400 {
            let at = [0.4 + 0.01 * f64::from(n % 20), 0.9 + 0.01 * f64::from(n / 20), 0.1, 0.0];
            assert!((whole.at(at)[0] - edge.at(at)[0]).abs() < 1e-15);
        }
        Ok(())
    }

    #[test]
    fn a_polygon_is_a_line_at_its_edge() -> Result<()> {
        let corners = [[-0.5, -0.4], [0.6, -0.3], [0.4, 0.5], [0.05, 0.25], [-0.4, 0.6]];
        let tape = polygon(corners).tape()?;
        let around = |v: f64| Interval::new(v - 0.02, v + 0.02);
        for (i, [ax, ay]) in corners.into_iter().enumerate() {
            let [bx, by] = corners[(i + 1) % corners.len()];
            let middle = [0.5 * (ax + bx), 0.5 * (ay + by)];
            let mut tracer = Tracer::new(&tape);
            tracer.over([around(middle[0]), around(middle[1]), Interval::point(0.0), Interval::point(0.0)]);
            let near = tracer.prune(Asked::Value).expect("a part of it is enough").straightened();
            let chooses = |line: &crate::tape::program::Line| line.code == Code::Op(Op::IfLess);
            assert!(!near.program.lines.iter().any(chooses), "edge {i}: {} lines", near.len());
            let (mut whole, mut edge) = (Machine::<f64>::new(&tape), Machine::<f64>::new(&near));
            for n in 0..100 {
                let off = |n: i32| 0.004 * f64::from(n % 10) - 0.019;
                let at = [middle[0] + off(n), middle[1] + off(n / 10), 0.3, 0.0];
                let (a, b) = (whole.at(at)[0], edge.at(at)[0]);
                assert!((a - b).abs() < 1e-15, "edge {i} at {at:?}: {a} {b}");
            }
        }
        Ok(())
    }
}
