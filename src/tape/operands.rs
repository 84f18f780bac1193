//! The parts of a union: of a tape that is a least value of several, each of them.

use super::Tape;
use super::program::{COORDINATES, Code, Program};
use super::prune::{Asked, Pruning};
use crate::number::{Interval, Op, Real};
use std::sync::Arc;

impl Tape {
    /// Tapes, each with a number: where all of them are above theirs, the first output is above 0.
    ///
    /// They are the operands of a minimum, be it blended, scaled or raised; a tape that is none is its own only one. Of the
    /// operands of a maximum one is enough, if there is one that is above its number at all of some points.
    pub(crate) fn operands_of_minimum(&self, points: &[[f64; 4]]) -> Vec<(Tape, f64)> {
        let mut program = (*self.program).clone();
        let mut pruning = Pruning::default();
        let parts = operands(&program, &self.lowest(points)).into_iter().map(|(value, least)| {
            program.outputs = vec![value];
            let held = self.values.iter().map(|&value| Interval::point(value)).collect();
            let whole = |_| Interval::WHOLE;
            let part = pruning.prune(&program, Asked::Value, program.lines.len(), held, whole);
            let program = Arc::new(part.unwrap_or_else(|| program.clone()));
            (Tape { program, values: self.values.clone() }, least)
        });
        parts.collect()
    }

    /// The least that each value is at some points; where there are none, and of what is not a number, −∞.
    fn lowest(&self, points: &[[f64; 4]]) -> Vec<f64> {
        let program = &self.program;
        let mut values: Vec<f64> = program.memory(&self.values);
        let start = if points.is_empty() { f64::NEG_INFINITY } else { f64::INFINITY };
        let mut lowest = vec![start; values.len()];
        for point in points {
            values[..COORDINATES].copy_from_slice(point);
            program.run(0..program.lines.len(), &mut values);
            for (lowest, &value) in lowest.iter_mut().zip(&values) {
                *lowest = if value >= *lowest { *lowest } else { value };
                *lowest = if value.is_nan() { f64::NEG_INFINITY } else { *lowest };
            }
        }
        lowest
    }
}

/// The values that are to be above a number each for the first output to be above 0.
fn operands(program: &Program, lowest: &[f64]) -> Vec<(u32, f64)> {
    let (leaves, constants) = (program.leaves(), COORDINATES + program.parameters.len());
    let constant = |value: u32| {
        let at = value as usize;
        (at < leaves).then(|| at.checked_sub(constants)).flatten().map(|at| program.constants[at])
    };
    let (mut found, mut open) = (Vec::new(), vec![(program.outputs[0], 0.0)]);
    while let Some((value, least)) = open.pop() {
        let line = (value as usize).checked_sub(leaves).map(|line| &program.lines[line]);
        let Some((Code::Op(op), operands)) = line.map(|line| (line.code, program.operands(line))) else {
            found.push((value, least));
            continue;
        };
        let number = |n: usize| operands.get(n).and_then(|&value| constant(value));
        let above = |least: Interval| least.hi();
        let (is, to) = (Interval::point, Interval::point(least));
        match op {
            Op::Max if operands.iter().any(|&operand| lowest[operand as usize] > least) => {
                let rank = |operand: &&u32| lowest[**operand as usize];
                open.extend(
                    operands.iter().max_by(|a, b| rank(a).total_cmp(&rank(b))).map(|&best| (best, least)),
                );
            }
            Op::Min => open.extend([operands[1], operands[0]].map(|operand| (operand, least))),
            Op::SmoothMin(kind) if number(2).is_some_and(f64::is_finite) => {
                // It takes off the most where both are equal.
                let k = is(number(2).unwrap_or(0.0));
                let most = -<Interval as Real>::smooth_min(is(0.0), is(0.0), k, kind);
                open.extend([operands[1], operands[0]].map(|operand| (operand, above(to + most).max(least))));
            }
            Op::Add if number(1).is_some() => {
                open.push((operands[0], above(to - is(number(1).unwrap_or(0.0)))))
            }
            Op::Add if number(0).is_some() => {
                open.push((operands[1], above(to - is(number(0).unwrap_or(0.0)))))
            }
            Op::Sub if number(1).is_some() => {
                open.push((operands[0], above(to + is(number(1).unwrap_or(0.0)))))
            }
            Op::Mul if number(1).is_some_and(|by| by > 0.0) => {
                open.push((operands[0], above(to / is(number(1).unwrap_or(1.0)))));
            }
            Op::Mul if number(0).is_some_and(|by| by > 0.0) => {
                open.push((operands[1], above(to / is(number(0).unwrap_or(1.0)))));
            }
            _ => found.push((value, least)),
        }
    }
    found
}
