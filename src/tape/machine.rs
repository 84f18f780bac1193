//! The interpreter: one for every number type.

use super::Tape;
use super::program::{COORDINATES, Code};
use crate::number::Real;

/// Runs a tape on one number type. Keeps its registers, so that evaluation after evaluation allocates nothing.
#[derive(Clone, Debug)]
pub struct Machine<'t, R> {
    tape: &'t Tape,
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
        let mut registers = vec![R::zero(); tape.register_count];
        let first_constant = COORDINATES + program.parameters.len();
        for (register, &constant) in registers[first_constant..].iter_mut().zip(&program.constants) {
            *register = R::constant(constant);
        }
        let mut machine = Machine {
            tape,
            operands: program.operands.iter().map(|&value| tape.register_of(value) as u32).collect(),
            registers,
            outputs: vec![R::zero(); program.outputs.len()],
            inputs: Vec::new(),
        };
        let values: Vec<R> = tape.parameters().map(|parameter| R::constant(parameter.value())).collect();
        machine.set_parameters(&values);
        machine
    }

    /// Sets the parameters, in the tape's order, and computes what depends on them alone.
    ///
    /// Panics if their number is not the tape's.
    pub fn set_parameters(&mut self, values: &[R]) {
        let count = self.tape.program.parameters.len();
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
        for (out, &value) in self.outputs.iter_mut().zip(&self.tape.program.outputs) {
            *out = self.registers[self.tape.register_of(value)].clone();
        }
        &self.outputs
    }

    /// The outputs at a point of space and time.
    pub fn at(&mut self, [x, y, z, t]: [R; 4]) -> &[R] {
        self.set_time(t);
        self.at_point([x, y, z])
    }

    fn run_stage(&mut self, stage: usize) {
        let program = &self.tape.program;
        let range = program.stage(stage);
        for (line, &out) in program.lines[range.clone()].iter().zip(&self.tape.registers[range]) {
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
