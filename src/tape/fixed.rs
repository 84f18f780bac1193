//! Specialised tapes: the parameters' values and some of the coordinates put in, so that what depends on them alone is
//! computed once and for all; and tapes run elsewhere, at places that another tape says.

use super::Tape;
use super::program::{COORDINATES, Program, STAGES};
use std::sync::Arc;

/// No value yet.
const UNKNOWN: u32 = u32::MAX;

impl Tape {
    /// The tape with some of x, y, z and t at one place and all parameters at the tape's values: what depends on those
    /// alone is computed, in `f64`, and becomes constant. It has no parameters left.
    pub fn fixed(&self, at: [Option<f64>; 4]) -> Tape {
        let numbers = at.map(|at| at.unwrap_or(0.0));
        let stages = coordinate_stages(at);
        specialised(None, SourceProgram::of(self, numbers, stages))
    }

    /// The same of the tape run where another says, whose outputs are its coordinates: a field seen through a lens, without
    /// making the field's graph again. `at` is of the other's coordinates.
    pub(crate) fn fixed_through(&self, way: &Tape, at: [Option<f64>; 4]) -> Tape {
        let mut way = SourceProgram::of(way, at.map(|at| at.unwrap_or(0.0)), coordinate_stages(at));
        let outputs: [usize; 4] = std::array::from_fn(|axis| way.program.outputs[axis] as usize);
        let own = SourceProgram::of(self, outputs.map(|o| way.numbers[o]), outputs.map(|o| way.stages[o]));
        let read = own.read_coordinates();
        way.live_for(outputs.into_iter().zip(read).filter_map(|(output, is_read)| is_read.then_some(output)));
        specialised(Some((way, outputs)), own)
    }
}

/// When each coordinate is known: now, for each time, or for each point.
fn coordinate_stages(at: [Option<f64>; 4]) -> [u8; 4] {
    std::array::from_fn(|axis| if at[axis].is_some() { 0 } else { 1 + u8::from(axis < 3) })
}

/// A program that goes into a specialised one.
struct SourceProgram<'a> {
    program: &'a Program,
    /// When each value is computed: now, for each time, or for each point; and what is computed now.
    stages: Vec<u8>,
    numbers: Vec<f64>,
    /// Which lines are wanted, where not all are.
    live: Option<Vec<bool>>,
    /// What each value is called in the new program.
    renamed: Vec<u32>,
}

impl<'a> SourceProgram<'a> {
    fn of(tape: &'a Tape, at: [f64; 4], coordinates: [u8; 4]) -> SourceProgram<'a> {
        let program = &*tape.program;
        let (leaves, count) = (program.leaves(), program.leaves() + program.lines.len());
        let (mut stages, mut numbers) = (Vec::with_capacity(count), Vec::with_capacity(count));
        numbers.extend(tape.leaf_values(at));
        stages.extend(coordinates);
        stages.resize(leaves, 0);
        for line in &program.lines {
            let operands = program.operands(line);
            let stage = operands.iter().map(|&operand| stages[operand as usize]).max().unwrap_or(0);
            numbers.push(if stage > 0 { 0.0 } else { program.value_of(line, &numbers) });
            stages.push(stage);
        }
        SourceProgram { program, stages, numbers, live: None, renamed: vec![UNKNOWN; count] }
    }

    /// Which lines are computed later, in one of the stages or in any.
    fn left(&self, stage: Option<u8>) -> impl Iterator<Item = usize> {
        let of_lines = &self.stages[self.program.leaves()..];
        (0..of_lines.len()).filter(move |&i| {
            let own = of_lines[i];
            own > 0 && stage.is_none_or(|stage| own == stage) && self.live.as_ref().is_none_or(|live| live[i])
        })
    }

    /// What those lines read.
    fn read(&self) -> impl Iterator<Item = u32> {
        self.left(None).flat_map(|i| self.program.operands(&self.program.lines[i])).copied()
    }

    /// Which coordinates are read later.
    fn read_coordinates(&self) -> [bool; 4] {
        let mut read = [false; COORDINATES];
        let all = self.read().chain(self.program.outputs.iter().copied());
        all.filter(|&value| (value as usize) < COORDINATES).for_each(|value| read[value as usize] = true);
        read
    }

    /// Keeps only the lines that some values are computed from.
    fn live_for(&mut self, values: impl Iterator<Item = usize>) {
        let leaves = self.program.leaves();
        let mut live = vec![false; self.program.lines.len()];
        values.filter_map(|value| value.checked_sub(leaves)).for_each(|line| live[line] = true);
        for i in (0..live.len()).rev().filter(|&i| self.stages[leaves + i] > 0) {
            if live[i] {
                let operands = self.program.operands(&self.program.lines[i]).iter();
                operands
                    .filter_map(|&operand| (operand as usize).checked_sub(leaves))
                    .for_each(|line| live[line] = true);
            }
        }
        self.live = Some(live);
    }

    /// Leaves the coordinates that are not known yet what they are.
    fn name_coordinates(&mut self) {
        for axis in (0..COORDINATES).filter(|&axis| self.stages[axis] > 0) {
            self.renamed[axis] = axis as u32;
        }
    }

    /// Makes constants of the numbers that are read later, by lines or by `more`.
    fn name_constants(&mut self, more: &[u32], constants: &mut Vec<f64>) {
        let read: Vec<u32> = self.read().chain(more.iter().copied()).collect();
        for value in read {
            let value = value as usize;
            if self.renamed[value] == UNKNOWN && self.stages[value] == 0 {
                self.renamed[value] = (COORDINATES + constants.len()) as u32;
                constants.push(self.numbers[value]);
            }
        }
    }

    /// Writes the lines of a stage.
    fn write(&mut self, stage: u8, to: &mut Program) {
        let lines: Vec<usize> = self.left(Some(stage)).collect();
        for i in lines {
            let line = &self.program.lines[i];
            let operands = self.program.operands(line).iter();
            let name = to.push(line.code, operands.map(|&operand| self.renamed[operand as usize]));
            self.renamed[self.program.value_of_line(i)] = name;
        }
    }
}

/// The program of what is left to compute of a part, whose coordinates are its own, or these outputs of another part.
fn specialised(mut way: Option<(SourceProgram, [usize; 4])>, mut own: SourceProgram) -> Tape {
    let mut made = own.program.empty_like(Arc::new([]));
    let outputs = &own.program.outputs[..];
    match &mut way {
        Some((way, _)) => {
            way.name_coordinates();
            way.name_constants(&[], &mut made.constants);
        }
        None => own.name_coordinates(),
    }
    own.name_constants(outputs, &mut made.constants);
    for stage in 0..STAGES {
        if stage > 0 {
            if let Some((way, outputs)) = &mut way {
                way.write(stage as u8, &mut made);
                for (axis, &output) in outputs.iter().enumerate().filter(|&(axis, _)| own.stages[axis] > 0) {
                    own.renamed[axis] = way.renamed[output];
                }
            }
            own.write(stage as u8, &mut made);
        }
        made.stage_ends[stage] = made.lines.len();
    }
    made.outputs = outputs.iter().map(|&output| own.renamed[output as usize]).collect();
    Tape { program: Arc::new(made), values: Arc::new([]) }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::tape::{Machine, Tape};

    #[test]
    fn a_fixed_tape_has_no_parameters_left_and_is_the_tape_at_its_values() {
        let field = sphere(param("r", 0.5)).translate([param("at", 0.2) * t(), y(), x() - x()]);
        let tape = field.tape().unwrap().with_parameters(&[("at", 0.7)]).unwrap();
        let fixed = tape.fixed([None, None, None, Some(0.3)]);
        assert_eq!((fixed.parameters().len(), fixed.values().len()), (0, 0));
        let at = [0.3, -0.8, 0.4, 0.3];
        assert_eq!(Machine::<f64>::new(&fixed).at(at), Machine::<f64>::new(&tape).at(at));
    }

    #[test]
    fn a_tape_run_elsewhere_is_that_of_the_field_remapped() {
        let size = param("size", 0.4);
        let field = (r#box([&size, &(2 * &size), &size]).twist(0.4) | sphere(0.3)).translate([
            t(),
            Field::constant(0.1),
            0.2 * t(),
        ]);
        let to = [x() * z() + 0.3, (y() + 0.1) * z(), z() * 0.9 + x(), t()];
        let tape = Tape::new(&[field.clone(), field.dx()]).unwrap().with_values(&[0.6]);
        let way = Tape::new(&to).unwrap();
        let field = field.with_parameters(&[("size", 0.6)]).unwrap();
        let graph = Tape::new(&[field.remap(to.clone()), field.dx().remap(to)]).unwrap();
        for time in [None, Some(0.25)] {
            let seen = tape.fixed_through(&way, [None, None, None, time]);
            assert_eq!(seen.parameters().len(), 0);
            for n in 0..50 {
                let [x, y, z] = [3.1, 5.3, 7.7].map(|by| (by * f64::from(n)).sin());
                let at = [x, y, z, 0.25];
                assert_eq!(Machine::<f64>::new(&seen).at(at), Machine::<f64>::new(&graph).at(at));
            }
        }
        // What does not depend on a coordinate does not compute it.
        let flat = x().square().tape().unwrap().fixed_through(&way, [None; 4]);
        assert_eq!(flat.len(), 3);
    }
}
