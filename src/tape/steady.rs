//! What of a tape is the same for all points at one time: what a shader is handed rather than works out.

use super::Tape;
use crate::field::Axis;

impl Tape {
    /// The time, the parameters, and what depends on those alone, as far as lines for points or outputs read it: the
    /// numbers of the values, rising.
    pub(crate) fn steady(&self) -> Vec<u32> {
        let program = &*self.program;
        let per_point = program.stage(2);
        let before = program.value_of_line(per_point.start);
        let parameters = program.parameter_values();
        let is_steady = |&&value: &&u32| {
            let value = value as usize;
            let leaf = value == Axis::T as usize || parameters.contains(&value);
            leaf || (program.leaves()..before).contains(&value)
        };
        let lines = program.lines[per_point].iter();
        let read = lines.flat_map(|line| program.operands(line)).chain(&program.outputs);
        let mut steady: Vec<u32> = read.filter(is_steady).copied().collect();
        steady.sort_unstable();
        steady.dedup();
        steady
    }

    /// How many lines come before those that are run for each point.
    pub(crate) fn steady_len(&self) -> usize {
        self.program.stage(2).start
    }

    /// What those values are at a time, in `f64`, with the parameters at the tape's values.
    pub(crate) fn steady_values(&self, steady: &[u32], t: f64) -> Vec<f64> {
        let program = &*self.program;
        let mut values: Vec<f64> = self.leaf_values([0.0, 0.0, 0.0, t]).collect();
        for line in &program.lines[..self.steady_len()] {
            values.push(program.value_of(line, &values));
        }
        steady.iter().map(|&value| values[value as usize]).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::tape::Tape;

    #[test]
    fn what_moves_with_time_alone_is_steady() {
        let field = sphere(param("r", 0.5)).translate([(2 * t()).sin(), t() * t(), Field::constant(0.0)]);
        let tape = Tape::new(&[field]).unwrap();
        let steady = tape.steady();
        let values = tape.steady_values(&steady, 0.7);
        for wanted in [0.5, 1.4f64.sin(), 0.7 * 0.7] {
            assert!(values.iter().any(|value| (value.abs() - wanted).abs() < 1e-12), "{wanted}: {values:?}");
        }
        assert!(steady.len() <= 4 && steady.is_sorted(), "{steady:?}");
    }
}
