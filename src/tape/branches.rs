//! Bounds on ∇f over a box, branch by branch: where f has kinks, a box of slopes for each smooth piece.
//!
//! Over a box with an edge of the solid in it the bounds on ∇f as a whole hold 0, however small the box is. But f is one of a
//! few smooth functions at each point there, and of each of those ∇f hardly changes. So the backward pass asks, where a
//! choice is open, which operand it takes, and is run once for each answer. What an answer says of the values that are compared
//! holds for the whole run: max(q, 0) and min(q, 0) answer alike, and impossible combinations fall away.
//!
//! The slopes found hold ∇f almost everywhere, and f is continuous, so that f's generalised gradient (Clarke 1983) lies in
//! their convex hull at every point of the box.

use super::Tape;
use super::adjoint::send_back;
use super::corner::Corner;
use super::program::{COORDINATES, Code, Line, Program};
use super::seams::both;
use crate::number::{Interval, Op, Output, Real, Smoothness};
use std::f64::consts::PI;
use std::sync::Arc;

/// Bounds on ∇f in space.
pub(crate) type Slopes3 = [Interval; 3];

/// Runs a tape's first output back over boxes of space.
#[derive(Debug)]
pub(crate) struct Branches {
    program: Arc<Program>,
    /// Which values change in space.
    varies: Vec<bool>,
    /// Which lines lead to what is known to be continuous, and to nothing else: they may jump by themselves.
    joined: Vec<bool>,
    corners: Vec<Option<Corner>>,
    values: Vec<Interval>,
    adjoints: Vec<Option<Interval>>,
    found: Vec<Slopes3>,
}

/// A question that a choice asks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum ChoiceQuestion {
    /// Which of two values is the smaller: answer 0 if the first is, or they are equal.
    Smaller(u32, u32),
    /// Which operand a length that may be near 0 has its slope of, or which side a corner.
    Part(u32),
    /// At which end of its range the weight of a blend is.
    Weight(u32),
    /// Which whole number a value is rounded to, from that of an answer of 0.
    Whole(u32),
    /// On which side of its cut an angle is: answer 0 below it.
    Turn(u32),
}

/// In a question, instead of a value: 0.
const ZERO: u32 = u32::MAX;

/// Answers, and what they say of values.
#[derive(Clone, Debug, Default)]
struct Fork {
    answers: Vec<(ChoiceQuestion, usize)>,
    held: Vec<(u32, Interval)>,
}

impl Fork {
    fn answer(&self, question: ChoiceQuestion) -> Option<usize> {
        self.answers.iter().find(|(asked, _)| *asked == question).map(|(_, answer)| *answer)
    }
}

enum Outcome {
    Slopes(Slopes3),
    /// A question, and the answers that are possible.
    Asks(ChoiceQuestion, Vec<usize>),
    /// What was answered is not possible with the other answers: they say it all.
    Impossible,
    /// It may jump, or leave where it is defined.
    Unknown,
}

/// Where a blend's weights range over more than this, its ends are looked at one by one.
const WIDE: f64 = 0.05;

/// A value that may be rounded to more whole numbers than these is in too large a box.
const MAX_WHOLES: f64 = 4.0;

/// The parts of a slope that may sum to less than this are looked at one by one.
const STEEP: f64 = 0.8;

impl Branches {
    /// Of a tape whose parameters are numbers ([`Tape::fixed`]).
    pub(crate) fn new(tape: &Tape) -> Branches {
        Branches::believing(tape, |_| false)
    }

    /// The same of a tape with kernels whose last operand is known to be continuous in space, whatever it is made of: of
    /// something continuous that is smooth in pieces the generalised gradient lies in the hull of the pieces' slopes.
    pub(crate) fn believing(tape: &Tape, is_continuous: impl Fn(&Output) -> bool) -> Branches {
        let program = tape.program.clone();
        let values = program.memory::<Interval>(&tape.values);
        let mut varies: Vec<bool> = (0..program.leaves()).map(|leaf| leaf < COORDINATES - 1).collect();
        for line in &program.lines {
            varies.push(program.operands(line).iter().any(|&operand| varies[operand as usize]));
        }
        let corners = (0..program.lines.len()).map(|line| Corner::at(&program, line)).collect();
        let joined = joined(&program, is_continuous);
        Branches {
            varies,
            joined,
            corners,
            adjoints: vec![None; values.len()],
            values,
            found: Vec::new(),
            program,
        }
    }

    /// Boxes of slopes whose hull has f's generalised gradient in it at all points of a box of space, where the time is a number
    /// too; none where f may jump or be undefined, a slope is not bounded, one box of slopes has 0 in it, or there are more
    /// than `most`.
    pub(crate) fn over(&mut self, [x, y, z]: [Interval; 3], most: usize) -> Option<&[Slopes3]> {
        self.during([x, y, z, Interval::point(0.0)], most)
    }

    /// The same of a box of space and time, of a tape whose time is not a number.
    pub(crate) fn during(&mut self, sides: [Interval; 4], most: usize) -> Option<&[Slopes3]> {
        self.found.clear();
        let mut open = vec![Fork::default()];
        let mut runs = 0;
        while let Some(fork) = open.pop() {
            runs += 1;
            if runs > 3 * most || self.found.len() >= most {
                return None;
            }
            if !self.forward(sides, &fork.held) {
                continue;
            }
            match self.back(sides, &fork) {
                Outcome::Slopes(slopes) => {
                    let is_bounded = slopes.iter().all(|slope| slope.is_finite());
                    if !is_bounded || slopes.iter().all(|slope| slope.contains(0.0)) {
                        return None;
                    }
                    self.found.push(slopes);
                }
                Outcome::Asks(question, answers) => {
                    let answers = answers.into_iter().rev();
                    open.extend(answers.filter_map(|answer| self.answered(&fork, question, answer)));
                }
                Outcome::Impossible => {}
                Outcome::Unknown => return None,
            }
        }
        (!self.found.is_empty()).then_some(&self.found)
    }

    /// The values over a box, some of them known to be within bounds. Whether that is possible.
    fn forward(&mut self, sides: [Interval; 4], held: &[(u32, Interval)]) -> bool {
        let program = &*self.program;
        let is_held = |value: u32, found: Interval| {
            let mut holds = held.iter().filter(|(of, _)| *of == value);
            holds.try_fold(found, |found, (_, to)| both(found, *to))
        };
        for (n, side) in sides.into_iter().enumerate() {
            let Some(side) = is_held(n as u32, side) else { return false };
            self.values[n] = side;
        }
        for (i, line) in program.lines.iter().enumerate() {
            let value = program.value_of_line(i);
            let operands = program.operands(line);
            let found = match line.code {
                Code::Op(Op::Sub) if operands[0] == operands[1] => Interval::point(0.0),
                _ => program.value_of(line, &self.values),
            };
            let Some(found) = is_held(value as u32, found) else { return false };
            self.values[value] = found;
        }
        true
    }

    fn value(&self, of: u32) -> Interval {
        if of == ZERO { Interval::point(0.0) } else { self.values[of as usize] }
    }

    /// Which of two values is the smaller, as a question whose first is the lower number; and whether they were swapped.
    fn smaller(&self, a: u32, b: u32) -> (ChoiceQuestion, bool) {
        let is_zero = |v: u32| !self.varies[v as usize] && self.values[v as usize] == Interval::point(0.0);
        let [a, b] = [a, b].map(|v| if v != ZERO && is_zero(v) { ZERO } else { v });
        (ChoiceQuestion::Smaller(a.min(b), a.max(b)), a > b)
    }

    /// Whether the first of two values is at most the second, as far as values and answers tell.
    fn is_at_most(&self, fork: &Fork, a: u32, b: u32) -> Result<bool, ChoiceQuestion> {
        let (x, y) = (self.value(a), self.value(b));
        if x.hi() <= y.lo() || a == b {
            return Ok(true);
        } else if y.hi() <= x.lo() {
            return Ok(false);
        }
        let (question, swapped) = self.smaller(a, b);
        fork.answer(question).map(|answer| (answer == 0) != swapped).ok_or(question)
    }

    /// A fork with an answer more, if that is possible.
    fn answered(&self, fork: &Fork, question: ChoiceQuestion, answer: usize) -> Option<Fork> {
        let mut next = fork.clone();
        next.answers.push((question, answer));
        match question {
            ChoiceQuestion::Smaller(a, b) => {
                let (low, high) = if answer == 0 { (a, b) } else { (b, a) };
                let (x, y) = (self.value(low), self.value(high));
                let below = both(x, Interval::new(f64::NEG_INFINITY, y.hi()))?;
                let above = both(y, Interval::new(x.lo(), f64::INFINITY))?;
                let known = [(low, below), (high, above)].into_iter();
                next.held.extend(known.filter(|(value, _)| *value != ZERO));
            }
            ChoiceQuestion::Whole(value) => next.held.extend(self.rounded(value, answer)),
            ChoiceQuestion::Turn(value) => {
                let side = if answer == 0 {
                    Interval::new(-PI.next_up(), 0.0)
                } else {
                    Interval::new(0.0, PI.next_up())
                };
                next.held.push((value, side));
            }
            _ => {}
        }
        Some(next)
    }

    /// The whole numbers that a value is rounded to, or that a rest is the rest to: the least, and how many.
    fn wholes(&self, value: u32) -> (f64, f64) {
        let (line, found) = (self.line(value), self.value(value));
        // What was held already counts, so that answers cover what is left and no more.
        let wholes = match line.code {
            Code::Op(Op::Modulo) => {
                let [of, by] = [0, 1].map(|n| self.value(self.program.operands(line)[n]));
                (of / by).floor()
            }
            _ => found,
        };
        let least = wholes.lo().ceil();
        (least, wholes.hi().floor() - least + 1.0)
    }

    /// Bounds on a value that is rounded to the whole number of an answer, or on the rest to it; and on its operand.
    fn rounded(&self, value: u32, answer: usize) -> [(u32, Interval); 2] {
        let line = self.line(value);
        let operands = self.program.operands(line);
        let whole = Interval::point(self.wholes(value).0 + answer as f64);
        let (found, side) = match line.code {
            Code::Op(Op::Modulo) => {
                let (of, by) = (self.value(operands[0]), self.value(operands[1]));
                (of - whole * by, (whole * by).hull((whole + Interval::point(1.0)) * by))
            }
            Code::Op(Op::Floor) => (whole, Interval::new(0.0, 1.0) + whole),
            Code::Op(Op::Ceil) => (whole, Interval::new(-1.0, 0.0) + whole),
            _ => (whole, Interval::new(-0.5, 0.5) + whole),
        };
        [(value, found), (operands[0], side)]
    }

    /// A question which whole number a value is rounded to, if there are few.
    fn asks_wholes(&self, value: u32) -> Outcome {
        let (_, count) = self.wholes(value);
        match count {
            count if count < 1.0 => Outcome::Impossible,
            count if count <= MAX_WHOLES => {
                Outcome::Asks(ChoiceQuestion::Whole(value), (0..count as usize).collect())
            }
            _ => Outcome::Unknown,
        }
    }

    fn line(&self, value: u32) -> &Line {
        &self.program.lines[value as usize - self.program.leaves()]
    }

    /// Sends 1 back from the output through what was chosen.
    fn back(&mut self, sides: [Interval; 4], fork: &Fork) -> Outcome {
        let program = self.program.clone();
        let leaves = program.leaves();
        self.adjoints.fill(None);
        let output = program.outputs[0];
        self.adjoints[output as usize] = Some(Interval::point(1.0));
        for i in (0..program.lines.len()).rev() {
            let Some(adjoint) = self.adjoints[leaves + i] else { continue };
            if !self.varies[leaves + i] || adjoint == Interval::point(0.0) {
                continue;
            }
            let line = &program.lines[i];
            let operands = program.operands(line);
            let sent = match line.code {
                Code::Op(_) if self.is_corner(i) => self.send_corner(fork, i, adjoint),
                Code::Op(op) => self.send(sides, fork, op, i, adjoint),
                Code::Kernel(kernel) => {
                    let inputs: Vec<Interval> = operands.iter().map(|&n| self.values[n as usize]).collect();
                    let kernel = &program.kernels[kernel as usize];
                    if kernel.smoothness(kernel.number(), &inputs) == Smoothness::MayJump {
                        return Outcome::Unknown;
                    }
                    let gradient = Interval::kernel_with_gradient(kernel, &inputs).1;
                    let parts = operands.iter().zip(gradient);
                    parts.for_each(|(&operand, part)| self.add(operand, adjoint * part));
                    Ok(())
                }
            };
            if let Err(outcome) = sent {
                return outcome;
            }
        }
        Outcome::Slopes([0, 1, 2].map(|n| self.adjoints[n].unwrap_or(Interval::point(0.0))))
    }

    fn add(&mut self, to: u32, more: Interval) {
        if self.varies[to as usize] {
            let total = &mut self.adjoints[to as usize];
            *total = Some(total.map_or(more, |sum| sum + more));
        }
    }

    /// What an operation sends back to its operands; or a question, or that it may jump.
    fn send(
        &mut self,
        sides: [Interval; 4],
        fork: &Fork,
        op: Op,
        line: usize,
        adjoint: Interval,
    ) -> Result<(), Outcome> {
        let program = self.program.clone();
        let operands = program.operands(&program.lines[line]);
        let number = program.value_of_line(line) as u32;
        let arg = |n: usize| self.values[operands[n] as usize];
        let value = self.values[number as usize];
        let asks = |question| Outcome::Asks(question, vec![0, 1]);
        match op {
            Op::Min | Op::Max => {
                let first = self.is_at_most(fork, operands[0], operands[1]).map_err(asks)?;
                self.add(operands[usize::from(first != (op == Op::Min))], adjoint);
                return Ok(());
            }
            Op::Abs => {
                let is_below = self.is_at_most(fork, operands[0], ZERO).map_err(asks)?;
                self.add(operands[0], if is_below { -adjoint } else { adjoint });
                return Ok(());
            }
            Op::IfLess => {
                let (a, b) = (arg(0), arg(1));
                let chosen = if a.hi() < b.lo() {
                    2
                } else if a.lo() >= b.hi() {
                    3
                } else {
                    if !self.joined[line] && !self.meets(sides, fork, operands) {
                        return Err(Outcome::Unknown);
                    }
                    if self.is_at_most(fork, operands[0], operands[1]).map_err(asks)? { 2 } else { 3 }
                };
                self.add(operands[chosen], adjoint);
                return Ok(());
            }
            Op::Hypot | Op::Length => {
                return self.send_length(fork, operands, number, adjoint);
            }
            Op::SmoothMin(_) => {
                let weight = op.partial(1, arg, &value);
                let in_width = op.partial(2, arg, &value);
                let weight = if weight.width() > WIDE {
                    let question = ChoiceQuestion::Weight(number);
                    let end = fork.answer(question).ok_or_else(|| asks(question))?;
                    Interval::point(if end == 0 { weight.lo() } else { weight.hi() })
                } else {
                    weight
                };
                self.add(operands[0], adjoint * (Interval::point(1.0) - weight));
                self.add(operands[1], adjoint * weight);
                self.add(operands[2], adjoint * in_width);
                return Ok(());
            }
            Op::Floor | Op::Ceil | Op::Round | Op::Sign if value.width() == 0.0 => return Ok(()),
            Op::Floor | Op::Ceil | Op::Round if self.joined[line] => return Err(self.asks_wholes(number)),
            Op::Sign if self.joined[line] => {
                self.is_at_most(fork, operands[0], ZERO).map_err(asks)?;
                return Ok(());
            }
            Op::Floor | Op::Ceil | Op::Round | Op::Sign => return Err(Outcome::Unknown),
            Op::Modulo if self.joined[line] && arg(1).width() == 0.0 && arg(1).lo() != 0.0 => {
                let is_answered = fork.answer(ChoiceQuestion::Whole(number)).is_some();
                if !is_answered && (arg(0) / arg(1)).floor().width() > 0.0 {
                    return Err(self.asks_wholes(number));
                }
                self.add(operands[0], adjoint);
                return Ok(());
            }
            Op::Atan2 if self.joined[line] && arg(1).hi() < 0.0 && arg(0).contains(0.0) => {
                let question = ChoiceQuestion::Turn(number);
                fork.answer(question).ok_or_else(|| asks(question))?;
            }
            Op::Sub if operands[0] == operands[1] => return Ok(()),
            _ => {}
        }
        let is_cut = op == Op::Atan2 && self.joined[line] && arg(1).hi() < 0.0;
        if !is_cut && !is_smooth(op, arg) {
            return Err(Outcome::Unknown);
        }
        for (n, &operand) in operands.iter().enumerate() {
            if self.varies[operand as usize] {
                let sent = send_back(op, n, |n| self.values[operands[n] as usize], &value, adjoint);
                self.add(operand, sent);
            }
        }
        Ok(())
    }

    /// Whether both branches of an open choice are the same number where what it compares is equal.
    fn meets(&mut self, sides: [Interval; 4], fork: &Fork, operands: &[u32]) -> bool {
        let Some(equal) = both(self.value(operands[0]), self.value(operands[1])) else { return true };
        let mut held = fork.held.clone();
        held.extend([(operands[0], equal), (operands[1], equal)]);
        let [then, otherwise] = [operands[2], operands[3]];
        let is_possible = self.forward(sides, &held);
        let (a, b) = (self.value(then), self.value(otherwise));
        let meets = then == otherwise || !is_possible || a == b && a.width() == 0.0;
        self.forward(sides, &fork.held);
        meets
    }

    /// A length's slope is a unit vector, each of whose parts goes to an operand.
    fn send_length(
        &mut self,
        fork: &Fork,
        operands: &[u32],
        number: u32,
        adjoint: Interval,
    ) -> Result<(), Outcome> {
        let zero = Interval::point(0.0);
        let parts: Vec<usize> =
            (0..operands.len()).filter(|&n| self.values[operands[n] as usize] != zero).collect();
        let question = ChoiceQuestion::Part(number);
        let answered = fork.answer(question);
        if answered.is_some_and(|part| !parts.contains(&part)) {
            return Err(Outcome::Impossible);
        }
        match parts[..] {
            [] => return Ok(()),
            [only] => {
                let asks = |question| Outcome::Asks(question, vec![0, 1]);
                let is_below = self.is_at_most(fork, operands[only], ZERO).map_err(asks)?;
                self.add(operands[only], if is_below { -adjoint } else { adjoint });
                return Ok(());
            }
            _ => {}
        }
        let length = self.values[number as usize];
        let cosine = |n: usize| {
            let part = self.values[operands[n] as usize];
            let low = if part.lo() >= 0.0 { 0.0 } else { -1.0 };
            let unit = Interval::new(low, if part.hi() <= 0.0 { 0.0 } else { 1.0 });
            if length.lo() > 0.0 { both(part / length, unit).unwrap_or(unit) } else { unit }
        };
        let cosines: Vec<Interval> = parts.iter().map(|&part| cosine(part)).collect();
        let is_signed = cosines.iter().all(|cosine| cosine.lo() >= 0.0 || cosine.hi() <= 0.0);
        let least: f64 = cosines.iter().map(|cosine| cosine.lo().abs().min(cosine.hi().abs())).sum();
        if is_signed && least < STEEP {
            // The parts are all that of one sign each, and sum to 1 at least: so the slope is between those of single parts.
            let size = Interval::new(1.0, (parts.len() as f64).sqrt().next_up());
            let Some(part) = answered else { return Err(Outcome::Asks(question, parts)) };
            let is_below = cosine(part).hi() <= 0.0;
            self.add(operands[part], adjoint * if is_below { -size } else { size });
        } else {
            parts.into_iter().zip(cosines).for_each(|(n, cosine)| self.add(operands[n], adjoint * cosine));
        }
        Ok(())
    }

    /// Whether a line is the distance to a corner in this box, whatever was pruned of it: what the largest leaves out is less,
    /// and what the length leaves out is below 0.
    fn is_corner(&self, line: usize) -> bool {
        self.corners[line].as_ref().is_some_and(|Corner { largest, outside, inside }| {
            let least = self.value(*largest).lo();
            inside.iter().all(|side| outside.contains(side) || self.value(*side).hi() <= 0.0)
                && outside.iter().all(|side| inside.contains(side) || self.value(*side).hi() <= least)
        })
    }

    /// The distance to a corner has the slopes of its sides, weighted by a unit vector without parts below 0.
    fn send_corner(&mut self, fork: &Fork, line: usize, adjoint: Interval) -> Result<(), Outcome> {
        let Some(Corner { largest, outside, inside }) = &self.corners[line] else { return Ok(()) };
        let number = self.program.value_of_line(line) as u32;
        let least = self.value(*largest).lo().min(0.0);
        let all = inside.iter().chain(outside.iter().filter(|side| !inside.contains(side)));
        let all: Vec<u32> = all.copied().collect();
        let reaches = |&n: &usize| self.value(all[n]).hi() >= least;
        let sides: Vec<usize> = (0..all.len()).filter(reaches).collect();
        let beyond = sides.iter().filter(|&&side| self.value(all[side]).hi() > 0.0).count();
        let question = ChoiceQuestion::Part(number);
        let which = match (fork.answer(question), &sides[..]) {
            (Some(side), _) if !sides.contains(&side) => return Err(Outcome::Impossible),
            (Some(side), _) => side,
            (None, &[only]) => only,
            (None, _) => return Err(Outcome::Asks(question, sides)),
        };
        let most = if beyond > 1 { (beyond as f64).sqrt().next_up() } else { 1.0 };
        self.add(all[which], adjoint * Interval::new(1.0, most));
        Ok(())
    }
}

/// Which lines lead to a kernel of something continuous, as what that is made of, and to no other output.
fn joined(program: &Program, is_continuous: impl Fn(&Output) -> bool) -> Vec<bool> {
    let leaves = program.leaves();
    let is_claim = |line: &Line| match line.code {
        Code::Kernel(kernel) => is_continuous(&program.kernels[kernel as usize]),
        Code::Op(_) => false,
    };
    let mut joined = vec![false; program.lines.len()];
    if !program.lines.iter().any(is_claim) {
        return joined;
    }
    // Lines with a use elsewhere, and all that they are made of.
    let mut used = vec![false; program.lines.len()];
    let own = |value: u32| (value as usize).checked_sub(leaves);
    program.outputs.iter().filter_map(|&output| own(output)).for_each(|line| used[line] = true);
    for (i, line) in program.lines.iter().enumerate().rev() {
        let operands = program.operands(line);
        let last = operands.len().saturating_sub(1);
        for (n, line) in operands.iter().enumerate().filter_map(|(n, &operand)| Some((n, own(operand)?))) {
            if is_claim(&program.lines[i]) && n == last || joined[i] && !used[i] {
                joined[line] = true;
            } else {
                used[line] = true;
            }
        }
    }
    joined.iter().zip(used).map(|(joined, used)| *joined && !used).collect()
}

/// Whether an operation is continuous, and has a derivative, where its operands are within bounds.
pub(super) fn is_smooth(op: Op, arg: impl Fn(usize) -> Interval) -> bool {
    match op {
        Op::Div => !arg(1).contains(0.0),
        Op::Recip => !arg(0).contains(0.0),
        Op::Sqrt => arg(0).lo() >= 0.0,
        Op::Ln => arg(0).lo() > 0.0,
        Op::Asin | Op::Acos => arg(0).lo() >= -1.0 && arg(0).hi() <= 1.0,
        Op::Tan => arg(0).tan().is_finite(),
        Op::Pow => {
            let (base, exponent) = (arg(0), arg(1));
            let is_whole = exponent.width() == 0.0 && exponent.lo().fract() == 0.0;
            base.lo() > 0.0 || exponent.lo() > 0.0 && (base.lo() >= 0.0 || is_whole)
        }
        Op::Atan2 => arg(1).lo() > 0.0 || !arg(0).contains(0.0),
        Op::Modulo => !arg(1).contains(0.0) && (arg(0) / arg(1)).floor().width() == 0.0,
        Op::SmoothWeight(_) => arg(2).lo() > 0.0,
        Op::DirectionCosine => arg(1).lo() > 0.0,
        _ => true,
    }
}
