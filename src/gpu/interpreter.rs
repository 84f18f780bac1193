//! The interpreter: a shader that runs tapes which it is handed as numbers, a texel a line.
//!
//! What an operation does is what the text says that is compiled of a tape: a case for each is written from it. A line
//! is four words: its code and the register it writes; the registers of its four operands, two in a word; and a number
//! that register 0 holds while the line runs, so that a constant costs no line of its own.

use super::device::Gpu;
use crate::error::Result;
use crate::number::Op;
use crate::shape::noise_shader;
use crate::tape::text::{CalledFunctions, Language};
use crate::tape::{Statement, Tape};
use std::collections::BTreeSet;
use std::fmt::Write;

/// How many registers it has. Tapes that need more are compiled.
const REGISTERS: usize = 256;

/// The registers of a point's x, y and z; those for constants of a line that has several; those of the outputs. The
/// values between have the others.
const POINT: u32 = 1;
const SPARE: u32 = 4;
const OUTPUTS: u32 = 8;

/// What gives its operand.
const COPY: u32 = Op::ALL.len() as u32;

/// The kernels there are cases for, in the order of their codes, which follow that of the copy.
const KERNELS: [&str; 1] = ["noise"];

/// How many lines a row of the texture has that holds them.
pub(super) const ROW: usize = 1024;

/// A line as the shader reads it.
pub(super) type ShaderLine = [u32; 4];

/// What lines do, by number.
pub(super) type Codes = BTreeSet<u32>;

fn code_of(statement: &Statement) -> Option<u32> {
    match statement {
        Statement::Op(op, _) => Some(op.number() as u32),
        Statement::Kernel(kernel, _) => {
            let function = kernel.shader()?.function;
            KERNELS.iter().position(|own| *own == function).map(|n| COPY + 1 + n as u32)
        }
    }
}

/// What the lines of a tape do.
pub(super) fn codes(tape: &Tape) -> impl Iterator<Item = u32> {
    tape.statements().filter_map(|statement| code_of(&statement))
}

/// What lines do.
pub(super) fn codes_of(lines: &[ShaderLine]) -> Codes {
    lines.iter().map(|line| line[0] & 0xffff).collect()
}

/// What an interpreter has cases for though no scene asked for it yet: all operations, so that no new one has to be
/// compiled while a scene is edited. Software drivers have no branches, and run all the cases there are: none.
pub(super) fn usual(gpu: &Gpu) -> Codes {
    if gpu.is_software() { Codes::new() } else { (0..COPY).collect() }
}

/// The lines of a tape whose time is fixed; none if it needs more registers than there are, or has a kernel that no
/// shader can compute.
pub(super) fn lines(tape: &Tape) -> Option<Vec<ShaderLine>> {
    let (mut own, count) = tape.registers();
    let first = OUTPUTS + tape.output_count() as u32;
    if first as usize + count > REGISTERS {
        return None;
    }
    own.iter_mut().for_each(|register| *register += first);
    let first_constant = 4 + tape.parameters().len() as u32;
    let leaves = first_constant + tape.constants().len() as u32;
    let constant = |value: u32| {
        let constant = value.checked_sub(first_constant).filter(|_| value < leaves)?;
        let held = (tape.constants()[constant as usize] as f32).clamp(f32::MIN, f32::MAX);
        Some(held.to_bits())
    };
    // What computes an output writes it to its place, for as long as nothing else is there.
    for (n, &output) in tape.outputs().iter().enumerate().rev() {
        if output >= leaves {
            own[(output - leaves) as usize] = OUTPUTS + n as u32;
        }
    }
    let register = |value: u32| match value {
        0..3 => POINT + value,
        _ if value >= leaves => own[(value - leaves) as usize],
        _ => 0,
    };
    let mut lines = Vec::with_capacity(tape.len() + tape.output_count());
    for (i, statement) in tape.statements().enumerate() {
        let code = code_of(&statement)?;
        let (operands, mut held) = match &statement {
            Statement::Op(_, operands) => (*operands, None),
            Statement::Kernel(kernel, operands) => {
                (*operands, Some(u32::from_le_bytes(kernel.shader()?.numbers)))
            }
        };
        let mut from = [0; 4];
        for (n, &operand) in operands.iter().enumerate() {
            from[n] = register(operand);
            let Some(bits) = constant(operand) else { continue };
            if *held.get_or_insert(bits) != bits || code > COPY {
                from[n] = SPARE + n as u32;
                lines.push([COPY | from[n] << 16, 0, 0, bits]);
            }
        }
        let [a, b, c, d] = from;
        lines.push([code | own[i] << 16, a | b << 16, c | d << 16, held.unwrap_or(0)]);
    }
    for (n, &output) in tape.outputs().iter().enumerate() {
        let (to, from) = (OUTPUTS + n as u32, register(output));
        if from != to {
            lines.push([COPY | to << 16, from, 0, constant(output).unwrap_or(0)]);
        }
    }
    Some(lines)
}

/// The shader's text, with cases for what lines do.
pub(super) fn text(codes: &Codes) -> Result<String> {
    let (mut used, mut cases) = (CalledFunctions::default(), String::new());
    let operands = ["a", "b", "c", "d"].map(String::from);
    let op = |code: u32| Op::ALL.get(code as usize).copied();
    for &code in codes.iter().filter(|&&code| code != COPY) {
        let (arity, value) = match op(code) {
            Some(op) => (op.arity(), Language::Wgsl.operation(op, &operands[..op.arity()], &mut used)),
            None => {
                let numbers = [0, 8, 16, 24].map(|by| format!("i32((line.w >> {by}u) & 0xffu)"));
                let given = [operands.as_slice(), &numbers].concat();
                (4, used.kernel(noise_shader([0; 4]), &given))
            }
        };
        let _ = writeln!(cases, "            case {code}u: {{");
        // Most lines have two operands at most, and those are there.
        for (operand, place) in
            [("c", "line.z & 0xffffu"), ("d", "line.z >> 16u")].iter().take(arity.max(2) - 2)
        {
            let _ = writeln!(cases, "                let {operand} = field_registers[{place}];");
        }
        let _ = writeln!(cases, "                value = {value};\n            }}");
    }
    Ok(format!(
        "const FIELD_ROW: u32 = {ROW}u;\nconst FIELD_POINT: u32 = {POINT}u;\n\
         var<private> field_registers: array<f32, {REGISTERS}>;\n\n{}{}",
        used.text(Language::Wgsl)?,
        include_str!("../../shaders/interpreter.wgsl").replace("            // The cases.\n", &cases)
    ))
}

/// What is in the registers of outputs, after a tape was run.
pub(super) fn outputs(count: usize) -> String {
    let output = |n: usize| format!("field_registers[{}]", OUTPUTS as usize + n);
    match count {
        1 => output(0),
        _ => format!("array<f32, {count}>({})", (0..count).map(output).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Real;
    use crate::prelude::*;
    use crate::tape::Machine;

    /// What the shader does with lines, in `f64`; kernels are not run.
    fn run(lines: &[ShaderLine], count: usize, point: [f64; 3]) -> Vec<f64> {
        let mut registers = vec![0.0; REGISTERS];
        registers[POINT as usize..][..3].copy_from_slice(&point);
        for &[what, ab, cd, held] in lines {
            registers[0] = f64::from(f32::from_bits(held));
            let from = [ab & 0xffff, ab >> 16, cd & 0xffff, cd >> 16];
            let arg = |n: usize| registers[from[n] as usize];
            let value = match Op::ALL.get((what & 0xffff) as usize) {
                Some(op) => op.apply(arg),
                None => arg(0),
            };
            registers[(what >> 16) as usize] = value;
        }
        registers[OUTPUTS as usize..][..count].to_vec()
    }

    #[test]
    fn lines_compute_what_their_tape_does() {
        let of_constants = Real::mix(Field::constant(0.25), x(), Field::constant(0.75));
        let fields = [of_constants.clone(), y(), Field::constant(2.0), of_constants];
        let mut all = vec![("constants", fields.to_vec())];
        for entry in crate::shape::catalogue() {
            let field = (entry.sample)();
            let [fx, fy, fz, _] = field.gradient();
            all.push((entry.name, vec![field, fx, fy, fz]));
        }
        let mut compared = 0;
        for (name, fields) in all {
            let tape = Tape::new(&fields).unwrap().fixed([None, None, None, Some(0.4)]);
            if codes(&tape).count() < tape.len() || codes(&tape).any(|code| code > COPY) {
                continue;
            }
            let lines = lines(&tape).unwrap_or_else(|| panic!("{name} needs too many registers"));
            let mut machine = Machine::<f64>::new(&tape);
            for point in [[0.31, -0.72, 0.53], [-1.2371, 0.4129, 0.8713], [0.0517, 0.0631, -0.0749]] {
                let found = run(&lines, fields.len(), point);
                for (found, want) in found.into_iter().zip(machine.at_point(point)) {
                    let off = (found - want).abs() / want.abs().max(1.0);
                    assert!(off < 1e-4, "{name} at {point:?}: {found}, not {want}");
                }
            }
            compared += 1;
        }
        assert!(compared > 80, "{compared}");
    }
}
