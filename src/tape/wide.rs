//! A tape run on numbers that are many lanes each, at the widest vectors the machine has.

use super::Tape;
use super::program::{Code, Program};
use crate::number::Real;
use pulp::Arch;

/// Runs tapes on one number type whose numbers are many lanes: points with their slopes, or boxes. Keeps each line's
/// value, and its memory from one tape to the next.
///
/// ```
/// use fieldgrad::prelude::*;
/// use fieldgrad::number::{Dual, Lanes, Real};
/// use fieldgrad::tape::Wide;
///
/// let tape = sphere(0.5).tape()?;
/// let x = Lanes([1.0, 2.0, 3.0, 4.0]);
/// let still = Dual::<Lanes<4>, 3>::zero();
/// let mut wide = Wide::default();
/// wide.over(&tape, [Dual::variable(x, 0), Dual::variable(Lanes([0.0; 4]), 1), still, still]);
/// let found = wide.output(&tape, 0);
/// assert_eq!((found.value.0[3], found.slope[0].0[3]), (3.5, 1.0));
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Wide<R> {
    arch: Arch,
    /// The coordinates, the parameters, the constants, and a value a line.
    pub(super) values: Vec<R>,
    inputs: Vec<R>,
}

impl<R> Default for Wide<R> {
    fn default() -> Self {
        Wide { arch: Arch::new(), values: Vec::new(), inputs: Vec::new() }
    }
}

impl<R: Real + Copy> Wide<R> {
    /// Runs a tape at some coordinates, with the parameters at their own values.
    pub fn over(&mut self, tape: &Tape, at: [R; 4]) {
        let program = &tape.program;
        let parameters = program.parameters.iter().map(|parameter| parameter.value());
        let leaves = parameters.chain(program.constants.iter().copied());
        self.values.clear();
        self.values.extend(at);
        self.values.extend(leaves.map(R::constant));
        self.values.resize(program.leaves() + program.lines.len(), R::zero());
        self.run(program);
    }

    /// Runs the tape that was run last at other coordinates.
    pub fn again(&mut self, tape: &Tape, at: [R; 4]) {
        self.values[..at.len()].copy_from_slice(&at);
        self.run(&tape.program);
    }

    fn run(&mut self, program: &Program) {
        let mut start = 0;
        while start < program.lines.len() {
            // Kernels are rare, and break the run: what lies between them goes through the vector units.
            let rest = &program.lines[start..];
            let plain =
                rest.iter().position(|line| matches!(line.code, Code::Kernel(_))).unwrap_or(rest.len());
            self.arch.dispatch(Run { program, start, end: start + plain, values: &mut self.values });
            start += plain;
            if start < program.lines.len() {
                self.run_kernel(program, start);
                start += 1;
            }
        }
    }

    fn run_kernel(&mut self, program: &Program, line: usize) {
        let Code::Kernel(kernel) = program.lines[line].code else { unreachable!("only kernels come here") };
        let operands = program.operands(&program.lines[line]);
        self.inputs.clear();
        self.inputs.extend(operands.iter().map(|&operand| self.values[operand as usize]));
        let value = R::kernel(&program.kernels[kernel as usize], &self.inputs);
        self.values[program.leaves() + line] = value;
    }

    /// An output of the tape last run.
    pub fn output(&self, tape: &Tape, output: usize) -> R {
        self.values[tape.program.outputs[output] as usize]
    }
}

/// A run of plain lines, to be compiled for each width of vector.
struct Run<'a, R> {
    program: &'a Program,
    start: usize,
    end: usize,
    values: &'a mut [R],
}

impl<R: Real + Copy> pulp::NullaryFnOnce for Run<'_, R> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Run { program, start, end, values } = self;
        let leaves = program.leaves();
        for i in start..end {
            let line = &program.lines[i];
            let Code::Op(op) = line.code else { unreachable!("kernels are not run here") };
            let operands = program.operands(line);
            values[leaves + i] = op.apply(|n| values[operands[n] as usize]);
        }
    }
}
