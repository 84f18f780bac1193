//! The interpreter: one for every number type.

use super::Tape;
use super::program::{Code, Program, Registers};
use crate::number::Real;
use std::sync::Arc;

/// Runs a tape on one number type. Keeps its registers, so that evaluation after evaluation allocates nothing.
///
/// It owns its share of the tape's program.
#[derive(Clone, Debug)]
pub struct Machine<R> {
    program: Arc<Program>,
    /// The register each line writes. Leaves and the first two stages keep theirs; the rest are reused.
    written: Vec<u32>,
    /// The register of each output.
    read: Vec<u32>,
    /// Each line's operands as registers, in the order of the program's operand list.
    operands: Vec<u32>,
    registers: Vec<R>,
    outputs: Vec<R>,
    /// The inputs of a kernel, gathered.
    inputs: Vec<R>,
}

impl<R: Real> Machine<R> {
    /// A machine with the parameters at the tape's values, and all coordinates at 0.
    pub fn new(tape: &Tape) -> Machine<R> {
        let program = &tape.program;
        let Registers { written, operands, read, count } = program.registers(2);
        let mut registers = Vec::with_capacity(count);
        registers.extend(tape.leaf_values([0; 4].map(|_| R::zero())));
        registers.resize(count, R::zero());
        let mut machine = Machine {
            program: program.clone(),
            written,
            read,
            operands,
            registers,
            outputs: vec![R::zero(); program.outputs.len()],
            inputs: Vec::new(),
        };
        machine.run_stage(0);
        machine.run_stage(1);
        machine
    }

    /// How many registers it has.
    pub fn register_count(&self) -> usize {
        self.registers.len()
    }

    /// Sets the parameters, in the tape's order, and computes what depends on them alone.
    ///
    /// Panics if their number is not the tape's, or if the tape was pruned for others.
    pub fn set_parameters(&mut self, values: &[R]) {
        self.program.set_parameters(&mut self.registers, values);
        self.run_stage(0);
        self.run_stage(1);
    }

    /// Sets the time, and computes what depends on it and on parameters alone.
    pub fn set_time(&mut self, t: R) {
        self.registers[3] = t;
        self.run_stage(1);
    }

    /// The outputs at a point of space, at the time last set.
    pub fn at_point(&mut self, [x, y, z]: [R; 3]) -> &[R] {
        self.registers[0] = x;
        self.registers[1] = y;
        self.registers[2] = z;
        self.run_stage(2);
        for (out, &register) in self.outputs.iter_mut().zip(&self.read) {
            *out = self.registers[register as usize].clone();
        }
        &self.outputs
    }

    /// The outputs at a point of space and time.
    pub fn at(&mut self, [x, y, z, t]: [R; 4]) -> &[R] {
        self.set_time(t);
        self.at_point([x, y, z])
    }

    fn run_stage(&mut self, stage: usize) {
        let program = &*self.program;
        let range = program.stage(stage);
        for (line, &out) in program.lines[range.clone()].iter().zip(&self.written[range]) {
            let operands = &self.operands[line.operands.start as usize..line.operands.end as usize];
            let registers = &self.registers;
            let arg = |i: usize| registers[operands[i] as usize].clone();
            let value = match line.code {
                Code::Op(op) => op.apply(arg),
                Code::Kernel(kernel) => {
                    self.inputs.clear();
                    self.inputs.extend((0..operands.len()).map(arg));
                    R::kernel(&program.kernels[kernel as usize], &self.inputs)
                }
            };
            self.registers[out as usize] = value;
        }
    }
}
