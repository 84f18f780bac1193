//! What an interval evaluation over a box says is not needed there, and the shorter program that is enough.
//!
//! A value may be left out where nothing that is asked can tell it from another. What the reader of a value can tell
//! is a *window* `[low, high]`: values at or below `low` all do the same to the result, and so do those at or above
//! `high`. The windows come down from the outputs: under `min(a, b)` no reader can tell an a above the most that the
//! minimum reaches, so that a chain of a thousand minima keeps, whatever its order, only what can be the least; and
//! where only the sign of the output is asked, whatever is certainly positive is dropped.
//!
//! To leave out, box by box, what intervals decide is Duff's ("Interval arithmetic and recursive subdivision for implicit
//! functions and constructive solid geometry", 1992); to shorten a tape for it, Keeter's ("Massively parallel rendering of
//! complex closed-form implicit surfaces", 2020). They decide each minimum by itself.

use super::program::{COORDINATES, Code, Line, Program};
use super::seams::Sides;
use super::{BOXES, Tape};
use crate::number::{Interval, Kernel, Op, Output, Smooth};
use std::ops::Range;
use std::sync::Arc;

/// What of the outputs is asked in a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Their values and slopes, to the last bit.
    Value,
    /// On which side of 0 they are, or that they are 0.
    Sign,
}

/// What one line turned out to be over a box.
#[derive(Clone, Copy, Debug, PartialEq)]
enum LineFinding {
    /// It is to be computed.
    Open,
    /// It may be that operand.
    Operand(u8),
    /// It may be this number throughout.
    Number(f64),
}

/// What the readers of a value can tell; `[∞, −∞]` where there are none.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Window {
    low: f64,
    high: f64,
}

impl Window {
    const ALL: Window = Window { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// An end that is not a number is no end.
    fn new(low: f64, high: f64) -> Window {
        Window {
            low: if low.is_nan() { f64::NEG_INFINITY } else { low },
            high: if high.is_nan() { f64::INFINITY } else { high },
        }
    }

    /// A little larger than the rounding, in `f64` or in `f32`, of numbers of that size.
    fn widened(self, size: f64) -> Window {
        let margin = MARGIN * (size + self.low.abs().min(f64::MAX).min(self.high.abs()));
        Window::new(self.low - margin, self.high + margin)
    }

    fn is_all(self) -> bool {
        self == Window::ALL
    }

    fn hull(self, other: Window) -> Window {
        Window { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    fn negated(self) -> Window {
        Window { low: -self.high, high: -self.low }
    }
}

/// The rounding of a few operations in `f32`.
const MARGIN: f64 = 16.0 * f32::EPSILON as f64;

/// What is needed of a program over a box: found back from the outputs, and then written out. It visits only lines
/// that are needed, and keeps its memory from one box to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Pruning {
    /// The lines that someone reads, a bit each.
    live: Vec<u64>,
    /// Of each live line, what its readers can tell, and what it turned out to be.
    windows: Vec<Window>,
    findings: Vec<LineFinding>,
    /// The live lines that are to be computed, and those that are not; the last first.
    open: Vec<u32>,
    decided: Vec<u32>,
    /// What each decided line really is: an earlier value, or a number, counted on behind the values.
    really: Vec<u32>,
    /// What each constant, number and open line is in the pruned program.
    renamed: Vec<u32>,
    /// The kernels of which less is enough, the last line's first.
    kernels: Vec<(u32, Arc<dyn Kernel>)>,
    /// The intervals of a kernel's inputs.
    inputs: Vec<Interval>,
}

/// No value yet.
const UNKNOWN: u32 = u32::MAX;

impl Pruning {
    /// The program that computes what is asked where `range(v)` bounds the values v; none where it would be more than `most`
    /// lines, with all of their kernels' work.
    pub(super) fn prune(
        &mut self,
        program: &Program,
        asked: Asked,
        most: usize,
        held: Arc<[Interval]>,
        range: impl Fn(usize) -> Interval,
    ) -> Option<Program> {
        let left = self.find(program, asked, &range);
        let less = self.prune_kernels(program, range);
        (left <= most || less).then(|| self.carry_out(program, held))
    }

    /// Finds what is enough of the kernels that are left. Says whether that is less of any.
    fn prune_kernels(&mut self, program: &Program, range: impl Fn(usize) -> Interval) -> bool {
        self.kernels.clear();
        if program.kernels.is_empty() {
            return false;
        }
        let mut last: Option<(&Line, Option<Arc<dyn Kernel>>)> = None;
        for &i in &self.open {
            let line = &program.lines[i as usize];
            let Code::Kernel(kernel) = line.code else { continue };
            let pruned = match &last {
                Some((beside, pruned)) if program.are_one_call(beside, line) => pruned.clone(),
                _ => {
                    self.inputs.clear();
                    self.inputs.extend(program.operands(line).iter().map(|&value| range(value as usize)));
                    program.kernels[kernel as usize].pruned(&self.inputs)
                }
            };
            self.kernels.extend(pruned.clone().map(|pruned| (i, pruned)));
            last = Some((line, pruned));
        }
        !self.kernels.is_empty()
    }

    /// Finds what is needed where `range(v)` bounds the values v. Says how many lines are to be computed.
    fn find(&mut self, program: &Program, asked: Asked, range: impl Fn(usize) -> Interval) -> usize {
        let (leaves, count) = (program.leaves(), program.lines.len());
        self.live.clear();
        self.live.resize(count.div_ceil(64), 0);
        self.windows.resize(count.max(self.windows.len()), Window::ALL);
        self.findings.resize(count.max(self.findings.len()), LineFinding::Open);
        self.open.clear();
        self.decided.clear();
        let least = f64::from(f32::from_bits(1)); // nothing that is not 0 is nearer to it, in `f32`
        let window = match asked {
            Asked::Value => Window::ALL,
            Asked::Sign => Window { low: -least, high: least },
        };
        program.outputs.iter().for_each(|&output| self.read(leaves, output, window));
        for word in (0..self.live.len()).rev() {
            // Operands stand before what reads them: a bit that is set on the way is below the one looked at.
            let mut seen = 0;
            while let Some(bit) = (self.live[word] & !seen).checked_ilog2() {
                seen |= 1 << bit;
                self.look_at(program, 64 * word + bit as usize, &range);
            }
        }
        self.open.len()
    }

    /// Notes that a value is read, by someone who can tell the window.
    #[inline(always)]
    fn read(&mut self, leaves: usize, value: u32, window: Window) {
        let Some(line) = (value as usize).checked_sub(leaves) else { return };
        let (word, bit) = (&mut self.live[line / 64], 1 << (line % 64));
        self.windows[line] = if *word & bit == 0 { window } else { self.windows[line].hull(window) };
        *word |= bit;
    }

    fn look_at(&mut self, program: &Program, i: usize, range: impl Fn(usize) -> Interval) {
        let (leaves, line, window) = (program.leaves(), &program.lines[i], self.windows[i]);
        let operands = program.operands(line);
        let mut read = |n: usize, window: Window| self.read(leaves, operands[n], window);
        // Bounds are looked up only where something hangs on them: in a long program each may be far from the cache.
        // What chooses nothing was dropped by its readers if it could be.
        let value = || range(leaves + i);
        let found = match line.code {
            _ if !line.chooses => {
                (0..operands.len()).for_each(|n| read(n, Window::ALL));
                LineFinding::Open
            }
            _ if window.high < f64::INFINITY && value().lo() >= window.high => {
                LineFinding::Number(value().lo().min(f64::MAX))
            }
            _ if window.low > f64::NEG_INFINITY && value().hi() <= window.low => {
                LineFinding::Number(value().hi().max(f64::MIN))
            }
            Code::Op(op) => finding(op, |n| range(operands[n] as usize), value, window, &mut read),
            Code::Kernel(_) => {
                (0..operands.len()).for_each(|n| read(n, Window::ALL));
                LineFinding::Open
            }
        };
        if let LineFinding::Operand(n) = found {
            read(n as usize, window);
        }
        self.findings[i] = found;
        if found == LineFinding::Open { &mut self.open } else { &mut self.decided }.push(i as u32);
    }

    /// The program that computes what was found to be needed, and is held to hold for those values of the parameters.
    fn carry_out(&mut self, program: &Program, held: Arc<[Interval]>) -> Program {
        let Pruning { findings, open, decided, really, renamed, kernels, .. } = self;
        let (leaves, values) = (program.leaves(), program.leaves() + program.lines.len());
        let constants = COORDINATES + program.parameters.len();
        let mut numbers = Vec::new();
        really.resize(program.lines.len().max(really.len()), UNKNOWN);
        // A decided line, or one that is computed, or a leaf.
        let real = |really: &[u32], value: u32| match (value as usize).checked_sub(leaves) {
            Some(line) if findings[line] != LineFinding::Open => really[line],
            _ => value,
        };
        for &line in decided.iter().rev() {
            really[line as usize] = match findings[line as usize] {
                LineFinding::Operand(n) => {
                    real(really, program.operands(&program.lines[line as usize])[n as usize])
                }
                LineFinding::Number(number) => {
                    numbers.push(number);
                    (values + numbers.len() - 1) as u32
                }
                LineFinding::Open => unreachable!("it was decided"),
            };
        }
        // First under the old names. The constants that are read, and the numbers, become the new constants.
        renamed.resize((values + numbers.len()).max(renamed.len()), UNKNOWN);
        let mut pruned = program.empty_like(program.parameters.clone());
        pruned.holds = Some(held).filter(|held| !held.is_empty());
        if !kernels.is_empty() {
            let mut outputs = program.kernels.to_vec();
            for (line, kernel) in kernels {
                let Code::Kernel(of) = program.lines[*line as usize].code else {
                    unreachable!("a kernel's line")
                };
                let number = outputs[of as usize].number();
                outputs[of as usize] = Output::new(kernel.clone(), number);
            }
            pruned.kernels = outputs.into();
        }
        let mut named = Vec::new();
        let mut name = |pruned: &mut Program, value: u32| {
            let (value, at) = (real(really, value), real(really, value) as usize);
            if (at < leaves || at >= values) && at >= constants && renamed[at] == UNKNOWN {
                renamed[at] = (constants + pruned.constants.len()) as u32;
                named.push(at);
                let number =
                    if at < leaves { program.constants[at - constants] } else { numbers[at - values] };
                pruned.constants.push(number);
            }
            value
        };
        pruned.lines.reserve_exact(open.len());
        pruned.operands.reserve(2 * open.len());
        for &line in open.iter().rev() {
            let line = &program.lines[line as usize];
            let start = pruned.operands.len() as u32;
            for &operand in program.operands(line) {
                let operand = name(&mut pruned, operand);
                pruned.operands.push(operand);
            }
            let operands = start..pruned.operands.len() as u32;
            pruned.lines.push(Line { code: line.code, operands, chooses: false });
        }
        pruned.outputs = program.outputs.iter().map(|&output| name(&mut pruned, output)).collect();
        // Then under the new ones, now that it is known how many constants stand before the lines.
        (0..constants).for_each(|at| renamed[at] = at as u32);
        for (new, &line) in open.iter().rev().enumerate() {
            renamed[leaves + line as usize] = pruned.value_of_line(new) as u32;
        }
        let all = pruned.operands.iter_mut().chain(&mut pruned.outputs);
        all.for_each(|value| *value = renamed[*value as usize]);
        for i in 0..pruned.lines.len() {
            let Line { code, operands, .. } = pruned.lines[i].clone();
            pruned.lines[i].chooses = pruned.chooses(code, operands);
        }
        pruned.stage_ends = program.stage_ends.map(|end| open.partition_point(|&line| line as usize >= end));
        pruned.stage_ends = pruned.stage_ends.map(|later| open.len() - later);
        // And the memory as it was.
        let lines = open.iter().map(|&line| leaves + line as usize);
        named.into_iter().chain(lines).chain(0..constants).for_each(|at| renamed[at] = UNKNOWN);
        pruned
    }
}

/// What a line may be, where its readers can tell `window`; and through `read`, what it can tell of its operands.
///
/// At a tie the first operand wins, so that the second must be strictly better.
fn finding(
    op: Op,
    arg: impl Fn(usize) -> Interval,
    value: impl Fn() -> Interval,
    window: Window,
    read: &mut impl FnMut(usize, Window),
) -> LineFinding {
    match op {
        Op::Min => {
            let (a, b) = (arg(0), arg(1));
            // What is above the most the minimum reaches is not told from anything else up there.
            let high = window.high.min(value().hi().next_up());
            if a.hi() <= b.lo() || b.lo() >= high {
                return LineFinding::Operand(0);
            } else if b.hi() < a.lo() || a.lo() >= high {
                return LineFinding::Operand(1);
            }
            (0..2).for_each(|n| read(n, Window { low: window.low, high }));
        }
        Op::Max => {
            let (a, b) = (arg(0), arg(1));
            let low = window.low.max(value().lo().next_down());
            if b.hi() <= a.lo() || b.hi() <= low {
                return LineFinding::Operand(0);
            } else if a.hi() < b.lo() || a.hi() <= low {
                return LineFinding::Operand(1);
            }
            (0..2).for_each(|n| read(n, Window { low, high: window.high }));
        }
        Op::IfLess => {
            let (a, b) = (arg(0), arg(1));
            if a.hi() < b.lo() {
                return LineFinding::Operand(2);
            } else if b.hi() <= a.lo() {
                return LineFinding::Operand(3);
            }
            (0..4).for_each(|n| read(n, if n < 2 { Window::ALL } else { window }));
        }
        Op::SmoothMin(kind) => {
            let Some(band) = band(kind) else {
                (0..3).for_each(|n| read(n, Window::ALL));
                return LineFinding::Open;
            };
            // Farther apart than the band, the blend takes off exactly nothing: with one operand at `high` and the
            // other by the band above it, the blend is at `high`, and it only grows with its operands.
            let (a, b, k) = (arg(0), arg(1), arg(2));
            let reach = k.hi().max(0.0) * band * (1.0 + MARGIN);
            let beyond = |end: f64| end + reach + MARGIN * (end.abs() + reach);
            let high = beyond(window.high.min(value().hi().next_up()));
            let clear = |near: Interval, far: Interval| near.hi() < far.lo() && beyond(near.hi()) <= far.lo();
            if clear(a, b) || b.lo() >= high {
                return LineFinding::Operand(0);
            } else if clear(b, a) || a.lo() >= high {
                return LineFinding::Operand(1);
            }
            (0..2).for_each(|n| read(n, Window::new(window.low, high)));
            read(2, Window::ALL);
        }
        Op::Floor | Op::Ceil | Op::Round | Op::Sign | Op::Ramp if value().lo() == value().hi() => {
            return LineFinding::Number(value().lo());
        }
        // Through what is monotone a window goes on to the operands.
        Op::Neg => read(0, window.negated()),
        Op::Add | Op::Sub if !window.is_all() => {
            let (a, b) = (arg(0), if op == Op::Sub { -arg(1) } else { arg(1) });
            let size = a.largest() + b.largest();
            let less = |by: Interval| Window::new(window.low - by.hi(), window.high - by.lo()).widened(size);
            read(0, less(b));
            read(1, if op == Op::Sub { less(a).negated() } else { less(a) });
        }
        Op::Mul if !window.is_all() => {
            // One factor is told in full, so that the other's readers can rely on it.
            let steady = |n: usize| arg(n).lo() > 0.0 || arg(n).hi() < 0.0;
            let (other, factor) = if steady(1) { (0, 1) } else { (1, 0) };
            read(factor, Window::ALL);
            read(other, if steady(factor) { quotient(window, arg(factor)) } else { Window::ALL });
        }
        _ => (0..op.arity()).for_each(|n| read(n, Window::ALL)),
    }
    LineFinding::Open
}

/// What can be told of a where a·by is told in the window, and `by` does not change its sign.
fn quotient(window: Window, by: Interval) -> Window {
    if by.hi() < 0.0 {
        return quotient(window.negated(), -by);
    }
    let high = window.high / if window.high >= 0.0 { by.lo() } else { by.hi() };
    let low = window.low / if window.low <= 0.0 { by.lo() } else { by.hi() };
    Window::new(low, high).widened(0.0)
}

/// How many k apart a kind of smooth minimum is exactly the plain one.
fn band(kind: Smooth) -> Option<f64> {
    match kind {
        Smooth::Exponential => Some(Smooth::EXPONENTIAL_REACH),
        Smooth::Root => None,
        _ => Some(1.0),
    }
}

/// Runs a tape on intervals, one box at a time, and prunes it to the box.
///
/// ```
/// use fieldgrad::prelude::*;
/// use fieldgrad::number::Interval;
/// use fieldgrad::tape::{Asked, Tracer};
///
/// let tape = union([sphere(1.0), sphere(1.0).translate([5.0, 0.0, 0.0])]).tape()?;
/// let mut tracer = Tracer::new(&tape);
/// let near = [Interval::new(-1.0, 1.0); 4];
/// assert!(tracer.over(near)[0].contains(-1.0));
/// let only_the_first = tracer.prune(Asked::Value).expect("the second is too far away to be the nearer");
/// assert!(only_the_first.len() < tape.len());
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tracer {
    tape: Tape,
    values: Vec<Interval>,
    outputs: Vec<Interval>,
    sides: Sides<Interval>,
    plan: Pruning,
}

impl Tracer {
    /// A tracer with the parameters at the tape's values.
    pub fn new(tape: &Tape) -> Tracer {
        let values = tape.program.memory(&tape.values);
        let sides = Sides::of(&tape.program);
        Tracer { tape: tape.clone(), values, outputs: Vec::new(), sides, plan: Pruning::default() }
    }

    /// Sets the parameters, each to a number or to a range of them.
    ///
    /// Panics if their number is not the tape's, or if the tape was pruned for others.
    pub fn set_parameters(&mut self, values: &[Interval]) {
        self.tape.program.clone().set_parameters(&mut self.values, values);
    }

    /// Bounds on the outputs over a box of space and time.
    pub fn over(&mut self, over: [Interval; 4]) -> &[Interval] {
        let program = &self.tape.program;
        self.values[..COORDINATES].copy_from_slice(&over);
        program.run(0..program.lines.len(), &mut self.values);
        if program.outputs.first().is_some_and(|&output| self.values[output as usize].contains(0.0)) {
            let run = |lines: Range<usize>, values: &mut [_]| program.run(lines, values);
            self.sides.look_apart(program, &mut self.values, &[true; BOXES], run);
        }
        self.outputs.clear();
        self.outputs.extend(program.outputs.iter().map(|&value| self.values[value as usize]));
        &self.outputs
    }

    /// The shorter tape that gives everywhere in the box last looked at what is asked; none where the tape itself is
    /// the shortest. It holds for parameters as they were set, and for no others. Whatever number type it is run on, the values and slopes are the same to the last bit if they
    /// are asked.
    pub fn prune(&mut self, asked: Asked) -> Option<Tape> {
        let program = &*self.tape.program;
        let fewer = program.lines.len().checked_sub(1)?;
        let held: Arc<[Interval]> = self.values[program.parameter_values()].into();
        let pruned = self.plan.prune(program, asked, fewer, held.clone(), |value| self.values[value])?;
        // Where the tape's own value is not among those that were looked at, one of those.
        let values = { self.tape.values.iter().zip(held.iter()) }
            .map(|(&own, held)| if held.contains(own) { own } else { held.middle() });
        let values = values.collect();
        Some(Tape { program: Arc::new(pruned), values })
    }
}
