//! Whether a tape may jump in a box: what slopes over boxes do not say.

use super::Tape;
use super::branches::is_smooth;
use super::program::{COORDINATES, Code};
use crate::number::{Interval, Op, Smoothness};

/// Whether a tape may jump, or leave where it is defined, somewhere in a box of space, at time 0: as far as each operation's
/// operands tell.
pub(crate) fn may_jump(tape: &Tape, [x, y, z]: [Interval; 3]) -> bool {
    let program = &*tape.program;
    let mut values = program.memory::<Interval>(&tape.values);
    values[..COORDINATES].copy_from_slice(&[x, y, z, Interval::point(0.0)]);
    program.run(0..program.lines.len(), &mut values);
    program.lines.iter().enumerate().any(|(i, line)| {
        let operands = program.operands(line);
        let arg = |n: usize| values[operands[n] as usize];
        match line.code {
            Code::Op(Op::IfLess) => arg(0).hi() >= arg(1).lo() && arg(0).lo() < arg(1).hi(),
            Code::Op(Op::Floor | Op::Ceil | Op::Round | Op::Sign) => {
                values[program.value_of_line(i)].width() > 0.0
            }
            Code::Op(op) => !is_smooth(op, arg),
            Code::Kernel(kernel) => {
                let kernel = &program.kernels[kernel as usize];
                let inputs: Vec<Interval> = (0..operands.len()).map(arg).collect();
                kernel.smoothness(kernel.number(), &inputs) == Smoothness::MayJump
            }
        }
    })
}
