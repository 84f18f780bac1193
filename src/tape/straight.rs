//! Straightened tapes: what pruning leaves in pieces, taken together again. A face of a box is a plane.
//!
//! Near a face of a box, and away from its edges, its distance is length(max(q, 0), 0, 0) + min(q, 0), which is q. Bounds on
//! slopes do not see that: each term's is anything from 0 to 1.

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
}
