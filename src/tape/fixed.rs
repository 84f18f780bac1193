//! A tape with some of its coordinates at one place: what depends on them alone is computed once and for all.

use super::Tape;
use super::program::{COORDINATES, STAGES};

impl Tape {
    /// The tape with some of x, y, z and t at one place and all parameters at their own values: what depends on
    /// those alone is computed, in `f64`, and becomes constant.
    pub fn fixed(&self, at: [Option<f64>; 4]) -> Tape {
        let program = &self.program;
        let leaves = program.leaves();
        let mut values = vec![0.0; leaves];
        let parameters = self.parameters().map(|parameter| parameter.value());
        let known = parameters.chain(program.constants.iter().copied());
        values[COORDINATES..].iter_mut().zip(known).for_each(|(value, known)| *value = known);
        // When each value is computed: now, for each time, or for each point.
        let mut stages = vec![0; leaves];
        for (axis, at) in at.into_iter().enumerate() {
            values[axis] = at.unwrap_or(0.0);
            stages[axis] = if at.is_some() { 0 } else { 1 + usize::from(axis < 3) };
        }
        for line in &program.lines {
            let operands = program.operands(line);
            let stage = operands.iter().map(|&operand| stages[operand as usize]).max().unwrap_or(0);
            values.push(if stage > 0 { 0.0 } else { program.value_of(line, &values) });
            stages.push(stage);
        }
        let mut fixed = program.empty_like();
        let mut renamed: Vec<u32> = vec![u32::MAX; values.len()];
        (0..COORDINATES).filter(|&axis| stages[axis] > 0).for_each(|axis| renamed[axis] = axis as u32);
        let of_stage = &stages[leaves..];
        let left = |stage: usize| (0..program.lines.len()).filter(move |&i| of_stage[i] == stage);
        let read = program.lines.iter().zip(&stages[leaves..]).filter(|(_, stage)| **stage > 0);
        let read = read.flat_map(|(line, _)| program.operands(line)).chain(&program.outputs);
        for &value in read {
            let value = value as usize;
            if renamed[value] == u32::MAX && stages[value] == 0 {
                renamed[value] = (COORDINATES + program.parameters.len() + fixed.constants.len()) as u32;
                fixed.constants.push(values[value]);
            }
        }
        for stage in 0..STAGES {
            for i in left(stage).filter(|_| stage > 0) {
                let line = &program.lines[i];
                let operands = program.operands(line).iter().map(|&operand| renamed[operand as usize]);
                renamed[leaves + i] = fixed.push(line.code, operands);
            }
            fixed.stage_ends[stage] = fixed.lines.len();
        }
        fixed.outputs = program.outputs.iter().map(|&output| renamed[output as usize]).collect();
        Tape { program: fixed }
    }
}
