//! The interpreter: one for every number type.

use super::Tape;
use super::program::{COORDINATES, Code, Program};
use crate::number::Real;

/// Runs a tape on one number type. Keeps its registers, so that evaluation after evaluation allocates nothing.
#[derive(Clone, Debug)]
pub struct Machine<'t, R> {
    program: &'t Program,
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

impl<'t, R: Real> Machine<'t, R> {
    /// A machine with the parameters at their own values, and all coordinates at 0.
    pub fn new(tape: &'t Tape) -> Machine<'t, R> {
        let program = &tape.program;
        let (written, count) = program.allocate(2);
        let leaves = program.leaves();
        let register_of = |&value: &u32| match (value as usize).checked_sub(leaves) {
            Some(line) => written[line],
            None => value,
        };
        let operands = program.operands.iter().map(register_of).collect();
        let read = program.outputs.iter().map(register_of).collect();
        let mut registers = vec![R::zero(); count];
        let first_constant = COORDINATES + program.parameters.len();
        for (register, &constant) in registers[first_constant..].iter_mut().zip(&program.constants) {
            *register = R::constant(constant);
        }
        let mut machine = Machine {
            program,
            written,
            read,
            operands,
            registers,
            outputs: vec![R::zero(); program.outputs.len()],
            inputs: Vec::new(),
        };
        let values: Vec<R> = tape.parameters().map(|parameter| R::constant(parameter.value())).collect();
        machine.set_parameters(&values);
        machine
    }

    /// How many registers it has.
    pub fn register_count(&self) -> usize {
        self.registers.len()
    }

    /// Sets the parameters, in the tape's order, and computes what depends on them alone.
    ///
    /// Panics if their number is not the tape's.
    pub fn set_parameters(&mut self, values: &[R]) {
        let count = self.program.parameters.len();
        assert_eq!(values.len(), count, "as many values as the tape has parameters");
        self.registers[COORDINATES..COORDINATES + count].clone_from_slice(values);
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
        let program = self.program;
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
