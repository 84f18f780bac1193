//! The straight-line program: every value assigned once, in three stages.

use crate::error::{Error, Result};
use crate::field::{Axis, Field, Kind, Listing, Parameter, Reads};
use crate::number::{Dual, Identity, Interval, Op, Output, Real};
use std::any::Any;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// What a line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Op(Op),
    /// The kernel's output of that index.
    Kernel(u32),
}

/// One line: an operation on earlier values. Operands are a range of the program's operand list, since a kernel may
/// have any number of them.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) code: Code,
    pub(crate) operands: Range<u32>,
    /// Whether it or a value it depends on is a choice, which pruning may decide.
    pub(crate) chooses: bool,
}

/// Which registers the values of a program are in.
pub(crate) struct Registers {
    /// The register each line writes. Leaves keep theirs.
    pub(crate) written: Vec<u32>,
    /// Each line's operands, in the order of the program's operand list.
    pub(crate) operands: Vec<u32>,
    /// Those of the outputs.
    pub(crate) read: Vec<u32>,
    pub(crate) count: usize,
}

/// When a value is computed.
///
/// What depends on parameters alone is computed once, what depends on t besides once for each time, and only the
/// rest for each point.
pub(crate) const STAGES: usize = 3;

/// A program over values numbered in order: x, y, z, t, then the parameters, the constants, and a value a line.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) parameters: Arc<[Arc<Parameter>]>,
    pub(crate) constants: Vec<f64>,
    pub(crate) kernels: Arc<[Output]>,
    pub(crate) lines: Vec<Line>,
    pub(crate) operands: Vec<u32>,
    /// Where each stage's lines end.
    pub(crate) stage_ends: [usize; STAGES],
    pub(crate) outputs: Vec<u32>,
    /// Where it was pruned with its parameters at some values, or between some: it says nothing of others.
    pub(crate) holds: Option<Arc<[Interval]>>,
}

/// The values of the four coordinates come first.
pub(crate) const COORDINATES: usize = 4;

impl Program {
    /// Writes fields out as one program; equal parts are computed once.
    ///
    /// `parameters` gives their order; those a field does not depend on stay in the list, unused.
    pub(crate) fn of(fields: &[Field], parameters: Vec<Arc<Parameter>>) -> Result<Program> {
        let list = Listing::flat(fields)?;
        let places: HashMap<&str, usize> =
            parameters.iter().enumerate().map(|(i, parameter)| (parameter.name(), i)).collect();
        let index_of = |parameter: &Parameter| match places.get(parameter.name()) {
            Some(&i) if *parameters[i] == *parameter => Ok(i),
            _ => Err(Error::ParameterConflict(parameter.name().into())),
        };
        let is = |node: &Field, want: usize| !node.parents().is_empty() && stage(node.reads()) == want;
        let constants = list.nodes.iter().filter_map(Field::as_constant).collect::<Vec<_>>();
        let mut program = Program {
            kernels: Arc::new([]),
            lines: Vec::new(),
            operands: Vec::new(),
            stage_ends: [0; STAGES],
            outputs: Vec::new(),
            constants,
            parameters: parameters.clone().into(),
            holds: None,
        };
        let mut kernels = Vec::new();
        let mut value_of = vec![u32::MAX; list.nodes.len()];
        let mut next_constant = COORDINATES + parameters.len();
        for (node, value) in list.nodes.iter().zip(&mut value_of) {
            match node.kind() {
                Kind::Coordinate(axis) => *value = *axis as u32,
                Kind::Parameter(parameter) => *value = (COORDINATES + index_of(parameter)?) as u32,
                Kind::Constant(_) => {
                    *value = next_constant as u32;
                    next_constant += 1;
                }
                _ => (),
            }
        }
        let order = with_calls_together(&list, eager_order(&list));
        for stage in 0..STAGES {
            for (i, node) in order.iter().map(|&i| (i, &list.nodes[i])).filter(|(_, node)| is(node, stage)) {
                let code = match node.kind() {
                    Kind::Scalar(op) => Code::Op(*op),
                    Kind::Kernel(output) => {
                        kernels.push(output.clone());
                        Code::Kernel(kernels.len() as u32 - 1)
                    }
                    _ => unreachable!("a flat listing has leaves, operations and kernels only"),
                };
                let operands = list.parents[i].iter().map(|&parent| value_of[parent as usize]);
                value_of[i] = program.push(code, operands);
            }
            program.stage_ends[stage] = program.lines.len();
        }
        program.kernels = kernels.into();
        program.outputs = list.roots.iter().map(|&root| value_of[root as usize]).collect();
        Ok(program)
    }

    /// A program with the same kernels and these parameters, and no constants or lines yet.
    pub(crate) fn empty_like(&self, parameters: Arc<[Arc<Parameter>]>) -> Program {
        Program {
            parameters,
            holds: None,
            constants: Vec::new(),
            kernels: self.kernels.clone(),
            lines: Vec::new(),
            operands: Vec::new(),
            stage_ends: [0; STAGES],
            outputs: Vec::new(),
        }
    }

    /// Adds a line and gives the number of its value.
    pub(crate) fn push(&mut self, code: Code, operands: impl Iterator<Item = u32>) -> u32 {
        let start = self.operands.len() as u32;
        self.operands.extend(operands);
        let operands = start..self.operands.len() as u32;
        let chooses = self.chooses(code, operands.clone());
        self.lines.push(Line { code, operands, chooses });
        (self.leaves() + self.lines.len() - 1) as u32
    }

    /// Whether a line with those operands is or depends on a choice.
    pub(crate) fn chooses(&self, code: Code, operands: Range<u32>) -> bool {
        let leaves = self.leaves() as u32;
        let mut operands = self.operands[operands.start as usize..operands.end as usize].iter();
        matches!(code, Code::Op(op) if op.is_choice())
            || operands.any(|&value| value >= leaves && self.lines[(value - leaves) as usize].chooses)
    }

    /// Gives every value a register, and says how many there are. Leaves, and the lines of the stages before `reuse`,
    /// keep theirs; the values of the later stages share the rest, each from its line to its last use.
    pub(crate) fn allocate(&self, reuse: usize) -> (Vec<u32>, usize) {
        let leaves = self.leaves();
        let kept = leaves + self.stage(reuse).start;
        let mut last_use = vec![0u32; leaves + self.lines.len()];
        for (i, line) in self.lines.iter().enumerate() {
            for &operand in self.operands(line) {
                last_use[operand as usize] = i as u32;
            }
        }
        for &output in &self.outputs {
            last_use[output as usize] = u32::MAX;
        }
        let mut registers: Vec<u32> = (leaves as u32..kept as u32).collect();
        let mut free: Vec<u32> = Vec::new();
        let mut count = kept;
        for i in self.stage(reuse).start..self.lines.len() {
            let operands = self.operands(&self.lines[i]);
            for (n, &operand) in operands.iter().enumerate() {
                // An operand's register is free for the result: interpreters read before they write.
                let ends = last_use[operand as usize] == i as u32;
                let first = !operands[..n].contains(&operand);
                if ends && first && operand as usize >= kept {
                    free.push(registers[operand as usize - leaves]);
                }
            }
            registers.push(free.pop().unwrap_or_else(|| {
                count += 1;
                count as u32 - 1
            }));
        }
        (registers, count)
    }

    /// The same with what is read and written in terms of registers.
    pub(crate) fn registers(&self, reuse: usize) -> Registers {
        let (written, count) = self.allocate(reuse);
        let leaves = self.leaves();
        let register_of = |&value: &u32| match (value as usize).checked_sub(leaves) {
            Some(line) => written[line],
            None => value,
        };
        let operands = self.operands.iter().map(register_of).collect();
        let read = self.outputs.iter().map(register_of).collect();
        Registers { written, operands, read, count }
    }

    /// How many values are there before the first line.
    pub(crate) fn leaves(&self) -> usize {
        COORDINATES + self.parameters.len() + self.constants.len()
    }

    /// Where among the values the parameters' are.
    pub(crate) fn parameter_values(&self) -> Range<usize> {
        COORDINATES..COORDINATES + self.parameters.len()
    }

    /// The values before the first line, in their order: the coordinates, the parameters, the constants.
    pub(crate) fn leaf_values<'a, R: Real>(
        &'a self,
        at: [R; 4],
        parameters: &'a [f64],
    ) -> impl Iterator<Item = R> + use<'a, R> {
        let known = parameters.iter().chain(&self.constants);
        at.into_iter().chain(known.map(|&value| R::constant(value)))
    }

    /// Memory for all values, with those before the first line in it.
    pub(crate) fn memory<R: Real>(&self, parameters: &[f64]) -> Vec<R> {
        let mut values = Vec::with_capacity(self.value_of_line(self.lines.len()));
        values.extend(self.leaf_values([0; 4].map(|_| R::zero()), parameters));
        values.resize(self.value_of_line(self.lines.len()), R::zero());
        values
    }

    /// What a line gives, of the values before it.
    pub(crate) fn value_of<R: Real>(&self, line: &Line, values: &[R]) -> R {
        let operands = self.operands(line);
        let arg = |n: usize| values[operands[n] as usize].clone();
        match line.code {
            Code::Op(op) => op.apply(arg),
            Code::Kernel(kernel) => {
                let inputs: Vec<R> = (0..operands.len()).map(arg).collect();
                R::kernel(&self.kernels[kernel as usize], &inputs)
            }
        }
    }

    /// Runs some lines on values in which all is that they read.
    pub(crate) fn run<R: Real>(&self, lines: Range<usize>, values: &mut [R]) {
        for i in lines {
            values[self.value_of_line(i)] = self.value_of(&self.lines[i], values);
        }
    }

    /// Which of the values a line makes.
    pub(crate) fn value_of_line(&self, line: usize) -> usize {
        self.leaves() + line
    }

    /// Puts new values of the parameters where they stand among all values. Panics if their number is not that of the
    /// parameters, or if the program was pruned for others.
    pub(crate) fn set_parameters<R: Real>(&self, to: &mut [R], values: &[R]) {
        self.check_values(values);
        to[self.parameter_values()].clone_from_slice(values);
    }

    /// Panics if these are not as many values as there are parameters, or if the program was pruned for others, as far as
    /// a number tells its value.
    pub(crate) fn check_values<R: Real>(&self, values: &[R]) {
        assert_eq!(values.len(), self.parameters.len(), "as many values as the tape has parameters");
        if let Some(holds) = &self.holds {
            let mut pairs = holds.iter().zip(values);
            assert!(
                pairs.all(|(held, value)| extent(value).is_none_or(|own| held.hull(own) == *held)),
                "a tape that was pruned holds for the values it was pruned with, and takes no others"
            );
        }
    }

    /// The value numbers a line reads.
    pub(crate) fn operands(&self, line: &Line) -> &[u32] {
        &self.operands[line.operands.start as usize..line.operands.end as usize]
    }

    /// Whether two lines are outputs of one kernel at the same inputs, so that one walk computes both.
    pub(crate) fn are_one_call(&self, a: &Line, b: &Line) -> bool {
        match (a.code, b.code) {
            (Code::Kernel(one), Code::Kernel(other)) => {
                self.kernels[one as usize].is_beside(&self.kernels[other as usize])
                    && self.operands(a) == self.operands(b)
            }
            _ => false,
        }
    }

    /// Some lines as runs without a kernel, with the kernel's line behind each; none behind the last. Kernels are rare, and
    /// break the run: what lies between them goes through the vector units.
    pub(crate) fn runs(&self, lines: Range<usize>) -> impl Iterator<Item = (Range<usize>, Option<usize>)> {
        let end = lines.end;
        let is_kernel = |&line: &usize| matches!(self.lines[line].code, Code::Kernel(_));
        let kernels = lines.clone().filter(is_kernel).map(Some).chain([None]);
        kernels.scan(lines.start, move |start, kernel| {
            let run = *start..kernel.unwrap_or(end);
            *start = run.end + 1;
            Some((run, kernel))
        })
    }

    /// The lines of a stage.
    pub(crate) fn stage(&self, stage: usize) -> Range<usize> {
        let start = if stage == 0 { 0 } else { self.stage_ends[stage - 1] };
        start..self.stage_ends[stage]
    }
}

/// What a number may be, for those that tell.
fn extent<R: Real>(value: &R) -> Option<Interval> {
    let value = value as &dyn Any;
    let number = value.downcast_ref::<f64>().or(value.downcast_ref::<Dual<f64>>().map(|dual| &dual.value));
    let number = number.or(value.downcast_ref::<Dual<f64, 1>>().map(|dual| &dual.value));
    number.map(|&number| Interval::point(number)).or(value.downcast_ref::<Interval>().copied())
}

/// The order to write a listing in: the first output's nodes as they come, and each further node as soon as what it
/// needs is there.
///
/// In the listing's own order all of the value comes before all of its x derivative, and so on: what they share would
/// have to be kept for long. In this order a derivative follows its value step by step, and registers are few.
fn eager_order(list: &Listing) -> Vec<usize> {
    let count = list.nodes.len();
    let first = list.roots.first().map_or(0, |&root| root as usize + 1); // its nodes are listed first
    // Where in the first output's nodes each node can be written; those that need none of them wait for their user.
    let mut place: Vec<usize> = (0..count).map(|i| if i < first { i } else { 0 }).collect();
    let mut waits = vec![false; count];
    let is_leaf = |i: usize| list.nodes[i].parents().is_empty();
    for i in first..count {
        let needs =
            list.parents[i].iter().map(|&parent| parent as usize).filter(|&p| !is_leaf(p) && !waits[p]);
        match needs.map(|parent| place[parent]).max() {
            Some(latest) => place[i] = latest,
            None => (place[i], waits[i]) = (first, true),
        }
    }
    for i in (first..count).rev() {
        for &parent in list.parents[i].iter().filter(|&&parent| waits[parent as usize]) {
            place[parent as usize] = place[parent as usize].min(place[i]);
        }
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&i| (place[i], i)); // stable: operands stay before what uses them
    order
}

/// An order in which the outputs of one kernel at the same inputs stand together, where the first of them stood.
fn with_calls_together(list: &Listing, order: Vec<usize>) -> Vec<usize> {
    let mut calls: HashMap<(Identity, &[u32]), Vec<usize>> = HashMap::new();
    let kernel = |i: usize| match list.nodes[i].kind() {
        Kind::Kernel(output) => Some((output.kernel_identity(), &*list.parents[i])),
        _ => None,
    };
    for &i in &order {
        if let Some(call) = kernel(i) {
            calls.entry(call).or_default().push(i);
        }
    }
    if calls.values().all(|outputs| outputs.len() == 1) {
        return order;
    }
    let mut together = Vec::with_capacity(order.len());
    for i in order {
        match kernel(i).map(|call| &calls[&call]) {
            None => together.push(i),
            Some(outputs) if outputs[0] == i => together.extend(outputs),
            Some(_) => (), // it stands beside the first
        }
    }
    together
}

fn stage(reads: Reads) -> usize {
    match (reads.space(), reads.has(Axis::T)) {
        (true, _) => 2,
        (false, true) => 1,
        (false, false) => 0,
    }
}
