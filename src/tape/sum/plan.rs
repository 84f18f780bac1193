//! The backward pass, planned: which adjoint is sent where, in which registers, and what of the forward pass it reads.

use super::back::{AdjointTarget, BackwardStep, ForwardValue, Kernels, Send, loop_of};
use super::rule::{AdjointRule, Sent, rules};
use crate::number::Op;
use crate::tape::block::first_stage_coordinates;
use crate::tape::program::{COORDINATES, Code, Program};
use std::collections::HashMap;

/// How often something is added to a lane of a sum for each chunk of points, before another sum is begun for the rest.
const MAX_ADDENDS: u32 = 16;

/// Which values depend on a parameter, or on a weight if those count, in a way that a derivative goes back through.
pub(super) fn varying(program: &Program, for_weights: bool) -> Vec<bool> {
    let parameters = COORDINATES..COORDINATES + program.parameters.len();
    let mut varies: Vec<bool> = (0..program.leaves()).map(|leaf| parameters.contains(&leaf)).collect();
    for line in &program.lines {
        let operands = program.operands(line).iter().enumerate();
        let any =
            operands.filter(|&(n, _)| passes(line.code, n)).any(|(_, &operand)| varies[operand as usize]);
        varies.push(any || for_weights && program.has_weights(line));
    }
    varies
}

fn passes(code: Code, n: usize) -> bool {
    match code {
        Code::Op(op) => rules(op)[n].sent != Sent::Nothing,
        Code::Kernel(_) => true,
    }
}

/// The values of the forward pass that the backward pass reads, of those that each point has its own of.
pub(super) fn kept(program: &Program, first_stage: usize, varies: &[bool], for_weights: bool) -> Vec<u32> {
    let mut read = vec![false; varies.len()];
    for i in per_point(program, first_stage) {
        let line = &program.lines[i];
        let operands = program.operands(line);
        if for_weights && program.has_weights(line) {
            operands.iter().for_each(|&operand| read[operand as usize] = true);
        }
        for (n, _) in operands.iter().enumerate().filter(|&(_, &operand)| varies[operand as usize]) {
            match line.code {
                Code::Op(op) => {
                    let AdjointRule { reads_operand, reads_value, .. } = rules(op)[n];
                    for (i, &operand) in operands.iter().enumerate() {
                        read[operand as usize] |= reads_operand[i];
                    }
                    read[program.value_of_line(i)] |= reads_value;
                }
                Code::Kernel(_) => operands.iter().for_each(|&operand| read[operand as usize] = true),
            }
        }
    }
    let own = |&value: &u32| read[value as usize] && !is_uniform(program, first_stage, value);
    (0..varies.len() as u32).filter(own).collect()
}

/// The lines that are run for each point.
fn per_point(program: &Program, first_stage: usize) -> std::ops::Range<usize> {
    program.stage(first_stage).start..program.lines.len()
}

/// Whether a value is the same for all points.
pub(super) fn is_uniform(program: &Program, first_stage: usize, value: u32) -> bool {
    let value = value as usize;
    value >= first_stage_coordinates(first_stage)
        && value < program.value_of_line(program.stage(first_stage).start)
}

/// What an output's seed is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seed {
    /// Nothing: no parameter moves the output.
    Unused,
    /// It is written to a register.
    Register(u32),
    /// The output is the same for all points: the seeds' sum is what matters.
    Uniform(u32),
}

/// A sum over lanes: the adjoint of a value that is the same for all points.
#[derive(Clone, Copy, Debug)]
pub(super) struct UniformSum {
    pub(super) value: u32,
    /// What is summed is the adjoint with the other sign.
    pub(super) negated: bool,
}

/// The backward pass.
#[derive(Clone, Debug)]
pub(super) struct BackwardPlan {
    pub(super) steps: Vec<BackwardStep>,
    pub(super) kernels: Kernels,
    /// How many registers there are.
    pub(super) registers: usize,
    pub(super) seeds: Vec<Seed>,
    /// The first is where what is not wanted goes.
    pub(super) sums: Vec<UniformSum>,
}

/// The adjoint of a value: a register, or what is in it with the other sign.
#[derive(Clone, Copy, Debug)]
struct AdjointRegister {
    register: u32,
    negated: bool,
}

struct Planner<'p> {
    program: &'p Program,
    first_stage: usize,
    varies: &'p [bool],
    /// Where the forward pass has left each value.
    place: &'p dyn Fn(u32) -> ForwardValue,
    adjoints: Vec<Option<AdjointRegister>>,
    /// The sum that is open for a value and a sign, and how often it is added to.
    open_sums: HashMap<(u32, bool), (u32, u32)>,
    plan: BackwardPlan,
}

/// Plans the backward pass. `place` says where the forward pass leaves a value.
pub(super) fn plan(
    program: &Program,
    first_stage: usize,
    varies: &[bool],
    place: &dyn Fn(u32) -> ForwardValue,
) -> BackwardPlan {
    let unwanted = UniformSum { value: 0, negated: false };
    let plan = BackwardPlan {
        steps: Vec::new(),
        kernels: Kernels::default(),
        registers: AdjointTarget::REGISTERS as usize,
        seeds: Vec::new(),
        sums: vec![unwanted],
    };
    let (adjoints, open_sums) = (vec![None; varies.len()], HashMap::new());
    let mut planner = Planner { program, first_stage, varies, place, adjoints, open_sums, plan };
    planner.seed(&program.outputs);
    for i in per_point(program, first_stage).rev() {
        planner.line(i);
    }
    let mut plan = planner.plan;
    share_registers(&mut plan);
    plan
}

impl Planner<'_> {
    fn seed(&mut self, outputs: &[u32]) {
        for &output in outputs {
            let seed = match self.varies[output as usize] {
                false => Seed::Unused,
                true if self.is_uniform(output) => Seed::Uniform(output),
                true => Seed::Register(self.register()),
            };
            self.plan.seeds.push(seed);
        }
        for (n, &output) in outputs.iter().enumerate() {
            if let Seed::Register(register) = self.plan.seeds[n] {
                self.pass(output, AdjointRegister { register, negated: false });
            }
        }
    }

    /// Sends the adjoint of a line to what the line reads.
    fn line(&mut self, i: usize) {
        let value = self.program.value_of_line(i) as u32;
        let Some(adjoint) = self.adjoints[value as usize] else {
            return;
        };
        let line = &self.program.lines[i];
        let operands = self.program.operands(line);
        let op = match line.code {
            Code::Op(op) => op,
            Code::Kernel(kernel) => return self.kernel(kernel, operands, adjoint),
        };
        let mut worked_out = Vec::new();
        for (n, &operand) in
            operands.iter().enumerate().filter(|&(_, &operand)| self.varies[operand as usize])
        {
            match rules(op)[n].sent {
                Sent::Nothing => (),
                Sent::Same => self.pass(operand, adjoint),
                Sent::Negated => {
                    self.pass(operand, AdjointRegister { negated: !adjoint.negated, ..adjoint });
                }
                Sent::Times(factor) if self.is_uniform(operand) => {
                    let sum = self.sum(operand, adjoint.negated);
                    let factor = (self.place)(operands[factor]);
                    self.plan.steps.push(BackwardStep::SumProduct { adjoint: adjoint.register, factor, sum });
                }
                _ => worked_out.push(n),
            }
        }
        // An operand that stands twice is sent to twice.
        let twice = |n: usize| operands[..n].contains(&operands[n]);
        let (again, once): (Vec<usize>, Vec<usize>) = worked_out.into_iter().partition(|&n| twice(n));
        for group in std::iter::once(once).chain(again.into_iter().map(|n| vec![n])) {
            if !group.is_empty() {
                self.send(op, value, operands, &group, adjoint);
            }
        }
    }

    /// What an operation sends to some of its operands, worked out together.
    fn send(&mut self, op: Op, value: u32, operands: &[u32], group: &[usize], adjoint: AdjointRegister) {
        let mut send = Send {
            run: loop_of(op, group.iter().fold(0, |mask, n| mask | 1 << n)),
            operands: [ForwardValue::NONE; 4],
            value: ForwardValue::NONE,
            adjoint: adjoint.register,
            targets: [AdjointTarget::NONE; 4],
        };
        for &n in group {
            let rule = rules(op)[n];
            for (i, &operand) in operands.iter().enumerate().filter(|&(i, _)| rule.reads_operand[i]) {
                send.operands[i] = (self.place)(operand);
            }
            if rule.reads_value {
                send.value = (self.place)(value);
            }
            send.targets[n] = self.target(operands[n], adjoint.negated);
        }
        self.plan.steps.push(BackwardStep::Send(send));
    }

    fn kernel(&mut self, kernel: u32, operands: &[u32], adjoint: AdjointRegister) {
        let start = self.plan.kernels.targets.len() as u32;
        for &operand in operands {
            let target = match self.varies[operand as usize] {
                false => AdjointTarget::NONE,
                true if self.is_uniform(operand) => self.target(operand, adjoint.negated),
                true => AdjointTarget { to: self.register(), ..AdjointTarget::NONE },
            };
            self.plan.kernels.targets.push(target);
            self.plan.kernels.inputs.push((self.place)(operand));
        }
        let range = (start, operands.len() as u32);
        let AdjointRegister { register, negated } = adjoint;
        self.plan.steps.push(BackwardStep::Kernel { kernel, range, adjoint: register, negated });
        for (n, &operand) in operands.iter().enumerate() {
            let AdjointTarget { to, .. } = self.plan.kernels.targets[start as usize + n];
            if to != AdjointTarget::UNWANTED {
                self.pass(operand, AdjointRegister { register: to, ..adjoint });
            }
        }
    }

    /// Sends an adjoint on as it is.
    fn pass(&mut self, to: u32, adjoint: AdjointRegister) {
        if self.is_uniform(to) {
            let sum = self.sum(to, adjoint.negated);
            self.plan.steps.push(BackwardStep::Sum { adjoint: adjoint.register, sum });
            return;
        }
        let joined = match self.adjoints[to as usize] {
            None => adjoint,
            Some(there) => {
                let subtract = there.negated != adjoint.negated;
                let (a, b) = (there.register, adjoint.register);
                AdjointRegister { register: self.combine(a, b, subtract), ..there }
            }
        };
        self.adjoints[to as usize] = Some(joined);
    }

    fn combine(&mut self, a: u32, b: u32, subtract: bool) -> u32 {
        let out = self.register();
        self.plan.steps.push(BackwardStep::Combine { subtract, a, b, out });
        out
    }

    /// Where what is worked out for a value goes.
    fn target(&mut self, value: u32, negated: bool) -> AdjointTarget {
        if self.is_uniform(value) {
            return AdjointTarget { sum: self.sum(value, negated), ..AdjointTarget::NONE };
        }
        let from = match self.adjoints[value as usize] {
            None => AdjointTarget::NOTHING,
            Some(there) if there.negated == negated => there.register,
            Some(there) => self.combine(AdjointTarget::NOTHING, there.register, true),
        };
        let to = self.register();
        self.adjoints[value as usize] = Some(AdjointRegister { register: to, negated });
        AdjointTarget { from, to, ..AdjointTarget::NONE }
    }

    fn is_uniform(&self, value: u32) -> bool {
        is_uniform(self.program, self.first_stage, value)
    }

    fn register(&mut self) -> u32 {
        self.plan.registers += 1;
        self.plan.registers as u32 - 1
    }

    /// The sum for a value: another one when many things have been added to the last.
    fn sum(&mut self, value: u32, negated: bool) -> u32 {
        let next = self.plan.sums.len() as u32;
        let (sum, addends) = self.open_sums.entry((value, negated)).or_insert((next, 0));
        if *addends == MAX_ADDENDS {
            (*sum, *addends) = (next, 0);
        }
        *addends += 1;
        if *sum == next {
            self.plan.sums.push(UniformSum { value, negated });
        }
        *sum
    }
}

/// Lets registers whose last reader has run be written again: planned, each is written once.
fn share_registers(plan: &mut BackwardPlan) {
    let BackwardPlan { steps, kernels, registers, seeds, .. } = plan;
    let mut last_read = vec![0; *registers];
    for (i, step) in steps.iter_mut().enumerate() {
        step.registers(kernels, |register, written| {
            if !written {
                last_read[*register as usize] = i;
            }
        });
    }
    let mut shared = vec![u32::MAX; *registers];
    let mut free = Vec::new();
    let mut count = AdjointTarget::REGISTERS;
    for own in 0..AdjointTarget::REGISTERS {
        shared[own as usize] = own;
        last_read[own as usize] = usize::MAX;
    }
    for seed in seeds {
        if let Seed::Register(register) = seed {
            shared[*register as usize] = count;
            *register = count;
            count += 1;
        }
    }
    for (i, step) in steps.iter_mut().enumerate() {
        // All is read before anything is written.
        let mut ended: Vec<u32> = Vec::new();
        step.registers(kernels, |register, written| {
            if !written && last_read[*register as usize] == i && !ended.contains(register) {
                ended.push(*register);
            }
        });
        free.extend(ended.iter().map(|&register| shared[register as usize]));
        step.registers(kernels, |register, written| {
            if written && shared[*register as usize] == u32::MAX {
                shared[*register as usize] = free.pop().unwrap_or_else(|| {
                    count += 1;
                    count - 1
                });
            }
            *register = shared[*register as usize];
        });
    }
    *registers = count as usize;
}
