//! What an interval evaluation learns over a box, and the shorter program that is enough there.

use super::Tape;
use super::program::{COORDINATES, Code, Program, STAGES};
use crate::number::{Interval, Op, Real, Smooth};

/// What one line turned out to be over a box.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Finding {
    /// Nothing was learnt.
    Open,
    /// The value is always that operand's.
    Operand(u8),
    /// The value is this number throughout.
    Number(f64),
}

/// What an interval evaluation found over a box: which side of each choice can win there.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    findings: Vec<Finding>,
}

impl Trace {
    /// How many lines were decided: none means that pruning would change nothing.
    pub fn decided(&self) -> usize {
        self.findings.iter().filter(|finding| **finding != Finding::Open).count()
    }
}

/// Runs a tape on intervals and keeps what it finds.
#[derive(Clone, Debug)]
pub struct Tracer<'t> {
    tape: &'t Tape,
    values: Vec<Interval>,
    inputs: Vec<Interval>,
    outputs: Vec<Interval>,
    trace: Trace,
}

impl<'t> Tracer<'t> {
    /// A tracer with the parameters at their own values.
    pub fn new(tape: &'t Tape) -> Tracer<'t> {
        let program = &tape.program;
        let mut values = vec![Interval::point(0.0); program.leaves() + program.lines.len()];
        let parameters = tape.parameters().map(|parameter| parameter.value());
        let constants = program.constants.iter().copied();
        for (value, leaf) in values[COORDINATES..].iter_mut().zip(parameters.chain(constants)) {
            *value = Interval::point(leaf);
        }
        Tracer { tape, values, inputs: Vec::new(), outputs: Vec::new(), trace: Trace::default() }
    }

    /// Sets the parameters, each to a number or to a range of them.
    ///
    /// Panics if their number is not the tape's.
    pub fn set_parameters(&mut self, values: &[Interval]) {
        let count = self.tape.program.parameters.len();
        self.values[COORDINATES..COORDINATES + count].copy_from_slice(values);
    }

    /// Bounds on the outputs over a box of space and time, and what was found.
    pub fn over(&mut self, over: [Interval; 4]) -> (&[Interval], &Trace) {
        let program = &self.tape.program;
        let leaves = program.leaves();
        self.values[..COORDINATES].copy_from_slice(&over);
        self.trace.findings.clear();
        for (i, line) in program.lines.iter().enumerate() {
            let operands = program.operands(line);
            let values = &self.values;
            let arg = |n: usize| values[operands[n] as usize];
            let value = match line.code {
                Code::Op(op) => op.apply(arg),
                Code::Kernel(kernel) => {
                    self.inputs.clear();
                    self.inputs.extend((0..operands.len()).map(arg));
                    program.kernels[kernel as usize].bounds(&self.inputs)
                }
            };
            self.trace.findings.push(match line.code {
                Code::Op(op) => finding(op, arg, value),
                Code::Kernel(_) => Finding::Open,
            });
            self.values[leaves + i] = value;
        }
        self.outputs.clear();
        self.outputs.extend(program.outputs.iter().map(|&value| self.values[value as usize]));
        (&self.outputs, &self.trace)
    }
}

/// Only what holds for every point of the box, bit for bit, in value and in slope: at a tie the first operand wins,
/// so that the second must be strictly better.
fn finding(op: Op, arg: impl Fn(usize) -> Interval, value: Interval) -> Finding {
    let below = |a: Interval, b: Interval| a.hi() < b.lo();
    let not_above = |a: Interval, b: Interval| a.hi() <= b.lo();
    let either = |first: bool, second: bool, operands: [u8; 2]| match (first, second) {
        (true, _) => Finding::Operand(operands[0]),
        (_, true) => Finding::Operand(operands[1]),
        _ => Finding::Open,
    };
    match op {
        Op::Min => either(not_above(arg(0), arg(1)), below(arg(1), arg(0)), [0, 1]),
        Op::Max => either(not_above(arg(1), arg(0)), below(arg(0), arg(1)), [0, 1]),
        Op::IfLess => either(below(arg(0), arg(1)), not_above(arg(1), arg(0)), [2, 3]),
        Op::SmoothMin(kind) => {
            // Where the operands are further apart than the band, the blend takes off exactly nothing.
            let Some(band) = band(kind) else {
                return Finding::Open;
            };
            let reach = arg(2).max(Interval::point(0.0)) * Interval::point(band);
            let clear =
                |near: Interval, far: Interval| near.hi() < far.lo() && reach.hi() <= (far - near).lo();
            either(clear(arg(0), arg(1)), clear(arg(1), arg(0)), [0, 1])
        }
        Op::Floor | Op::Ceil | Op::Round | Op::Sign | Op::Ramp if value.lo() == value.hi() => {
            Finding::Number(value.lo())
        }
        _ => Finding::Open,
    }
}

/// How many k apart a kind of smooth minimum is exactly the plain one.
fn band(kind: Smooth) -> Option<f64> {
    match kind {
        Smooth::Exponential => Some(Smooth::EXPONENTIAL_REACH),
        Smooth::Root => None,
        _ => Some(1.0),
    }
}

impl Tape {
    /// The shorter tape that gives the same outputs, bit for bit, everywhere in the box the trace was made over.
    pub fn prune(&self, trace: &Trace) -> Tape {
        let program = &self.program;
        let leaves = program.leaves();
        let live = live_lines(program, trace);
        // What each value turned out to be: itself, an earlier one, or a number, counted on behind the values.
        let mut numbers = Vec::new();
        let mut really: Vec<u32> = (0..leaves as u32).collect();
        for (i, line) in program.lines.iter().enumerate() {
            really.push(match trace.findings[i] {
                Finding::Open => (leaves + i) as u32,
                Finding::Operand(n) => really[program.operands(line)[n as usize] as usize],
                Finding::Number(value) => {
                    numbers.push(value);
                    (leaves + program.lines.len() + numbers.len() - 1) as u32
                }
            });
        }
        // The constants that are still read, and the numbers found, are the new constants.
        let mut pruned = program.empty_like();
        pruned.constants.clear();
        let mut value_of = vec![u32::MAX; leaves + program.lines.len() + numbers.len()];
        let constants = COORDINATES + program.parameters.len();
        (0..constants).for_each(|i| value_of[i] = i as u32);
        let read = |i: usize| live[i] && trace.findings[i] == Finding::Open;
        let operands =
            (0..program.lines.len()).filter(|&i| read(i)).flat_map(|i| program.operands(&program.lines[i]));
        for &value in operands.chain(&program.outputs) {
            let value = really[value as usize] as usize;
            let constant = match value {
                _ if value_of[value] != u32::MAX => continue,
                leaf if leaf < leaves => program.constants[leaf - constants],
                line if line < leaves + program.lines.len() => continue,
                number => numbers[number - leaves - program.lines.len()],
            };
            pruned.constants.push(constant);
            value_of[value] = (constants + pruned.constants.len() - 1) as u32;
        }
        for stage in 0..STAGES {
            for i in program.stage(stage).filter(|&i| read(i)) {
                let line = &program.lines[i];
                let operands = program.operands(line).iter();
                let operands = operands.map(|&operand| value_of[really[operand as usize] as usize]);
                value_of[leaves + i] = pruned.push(line.code, operands);
            }
            pruned.stage_ends[stage] = pruned.lines.len();
        }
        let outputs = program.outputs.iter();
        pruned.outputs = outputs.map(|&output| value_of[really[output as usize] as usize]).collect();
        Tape::allocate(pruned)
    }
}

/// Which lines the outputs still need.
fn live_lines(program: &Program, trace: &Trace) -> Vec<bool> {
    let leaves = program.leaves();
    let mut live = vec![false; program.lines.len()];
    let mark = |live: &mut Vec<bool>, value: u32| {
        if let Some(line) = (value as usize).checked_sub(leaves) {
            live[line] = true;
        }
    };
    for &output in &program.outputs {
        mark(&mut live, output);
    }
    for (i, line) in program.lines.iter().enumerate().rev() {
        if live[i] {
            match trace.findings[i] {
                Finding::Open => program.operands(line).iter().for_each(|&operand| mark(&mut live, operand)),
                Finding::Operand(n) => mark(&mut live, program.operands(line)[n as usize]),
                Finding::Number(_) => (),
            }
        }
    }
    live
}
