//! The steps a block runs: which lines of a program are run as one, and where each value stands.

use super::place::{MAX_CHUNKS, Slot};
use super::step::{Chunk, LoopCode, Pattern, Step};
use crate::number::Op;
use crate::tape::program::{Code, Line, Program};
use std::ops::Range;

/// How much a block's registers may fill: more than the first-level cache, since for a long tape with many registers
/// reading each instruction costs more than the second level does.
const CACHE: usize = 512 * 1024;

/// A kernel's outputs at the same inputs, and before which step they are computed.
#[derive(Clone, Debug)]
pub(super) struct KernelStep {
    pub(super) before: usize,
    /// The line of the last of them.
    line: u32,
    /// The first of them among the program's.
    pub(super) kernel: u32,
    /// Their numbers, and where each result goes.
    pub(super) numbers: Vec<usize>,
    pub(super) outs: Vec<Slot>,
    /// Its operands among those of all kernels.
    pub(super) operands: Range<usize>,
}

/// What a block runs, and where each value stands in its memory: first the registers, each as many chunks as a block
/// has, then a chunk for each uniform value that is read.
#[derive(Clone, Debug, Default)]
pub(super) struct BlockPlan {
    pub(super) steps: Vec<Step>,
    /// For each step the place of its result, then those of its leaves.
    pub(super) places: Vec<Slot>,
    pub(super) kernels: Vec<KernelStep>,
    /// The operands of kernels.
    pub(super) operands: Vec<Slot>,
    pub(super) outputs: Vec<Slot>,
    /// The uniform values that are read.
    pub(super) uniform: Vec<Uniform>,
    /// How many chunks a block has.
    pub(super) chunks: usize,
    /// The first chunk of what is uniform.
    pub(super) uniform_start: usize,
    /// How many chunks the memory has.
    pub(super) memory: usize,
}

/// A number that is the same for all points: a value of the program or its negative, or a fixed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Uniform(u32);

impl Uniform {
    /// Adding it leaves everything as it is, zeros of either sign too.
    const NOTHING: Uniform = Uniform(0);
    const ONE: Uniform = Uniform(1);
    const MINUS_ONE: Uniform = Uniform(2);
    const FIXED: u32 = 4;

    fn value(value: u32) -> Uniform {
        Uniform(Uniform::FIXED + 2 * value)
    }

    fn minus(self) -> Uniform {
        match self {
            Uniform::ONE => Uniform::MINUS_ONE,
            Uniform::MINUS_ONE => Uniform::ONE,
            Uniform(value) => Uniform(value ^ 1),
        }
    }

    /// The number, given the program's uniform values.
    pub(super) fn number(self, values: &[f64]) -> f32 {
        match self {
            Uniform::NOTHING => -0.0,
            Uniform::ONE => 1.0,
            Uniform::MINUS_ONE => -1.0,
            Uniform(value) => {
                let number = values[((value - Uniform::FIXED) / 2) as usize] as f32;
                if value & 1 == 0 { number } else { -number }
            }
        }
    }
}

/// What a step reads: a value, scaled and shifted.
#[derive(Clone, Copy, Debug)]
struct StepOperand {
    value: u32,
    scale: Uniform,
    shift: Uniform,
}

impl StepOperand {
    fn of(value: u32) -> StepOperand {
        StepOperand { value, scale: Uniform::ONE, shift: Uniform::NOTHING }
    }
}

/// The number 1 as an operand.
const ONE: u32 = u32::MAX - 1;

/// Direction cosines of one length: products with its reciprocal, which is worked out once for all of them.
#[derive(Default)]
struct Cosines {
    /// The lines whose reciprocals these are; each is a line by itself, after those of the program.
    lengths: Vec<u32>,
    /// For each line of the program the place of its reciprocal in the list, if there are such.
    of_length: Vec<u32>,
    /// For each line that is such a product its place in the next list.
    places: Vec<u32>,
    /// Their operands.
    operands: Vec<[u32; 2]>,
}

/// A line that is run, and its leaves. Of the virtual lines after the program's each is a reciprocal.
struct Chosen {
    line: u32,
    code: Option<LoopCode>,
    leaves: Range<u32>,
}

/// The operands of an operation, the first so many of the four.
#[derive(Clone, Copy)]
struct Operands {
    values: [u32; 4],
    count: usize,
}

impl Operands {
    fn of(operands: &[u32]) -> Operands {
        let mut values = [0; 4];
        values[..operands.len()].copy_from_slice(operands);
        Operands { values, count: operands.len() }
    }

    fn all(&self) -> &[u32] {
        &self.values[..self.count]
    }
}

/// The lines that are run for each point, and which of them are taken in by others.
struct Fusion<'p> {
    program: &'p Program,
    lines: &'p [Line],
    /// Values from here on are those of the lines.
    first: u32,
    /// The values before this are the coordinates that each point has of its own.
    coordinates: u32,
    /// How often each line is read by what is run; 0 once all that read it have taken it in.
    reads: Vec<u32>,
    leaves: Vec<StepOperand>,
    cosines: Cosines,
    /// The lines that are run, the last first.
    chosen: Vec<Chosen>,
}

impl Fusion<'_> {
    fn of(program: &Program, first_stage: usize, coordinates: usize) -> Fusion<'_> {
        let start = program.stage(first_stage).start;
        let lines = &program.lines[start..];
        let mut fusion = Fusion {
            program,
            lines,
            first: program.value_of_line(start) as u32,
            coordinates: coordinates as u32,
            reads: Vec::new(),
            leaves: Vec::with_capacity(2 * lines.len()),
            cosines: Cosines::default(),
            chosen: Vec::with_capacity(lines.len()),
        };
        fusion.share_reciprocals();
        fusion.reads = vec![0; fusion.count()];
        (0..fusion.count()).for_each(|line| fusion.read_operands(line));
        for &output in &program.outputs {
            fusion.read(output);
            fusion.read(output); // twice: an output is run, whatever else reads it
        }
        fusion.choose();
        fusion
    }

    fn read(&mut self, value: u32) {
        if let Some(line) = self.line_of(value) {
            self.reads[line] += 1;
        }
    }

    fn read_operands(&mut self, line: usize) {
        match self.operation(line) {
            Some((_, operands)) => operands.all().iter().for_each(|&operand| self.read(operand)),
            None => self.program.operands(&self.lines[line]).iter().for_each(|&operand| self.read(operand)),
        }
    }

    /// How many lines there are with the reciprocals.
    fn count(&self) -> usize {
        self.lines.len() + self.cosines.lengths.len()
    }

    /// The line that gives a value, if it is one that is run for each point.
    fn line_of(&self, value: u32) -> Option<usize> {
        value.checked_sub(self.first).map(|line| line as usize).filter(|&line| line < self.count())
    }

    fn is_uniform(&self, value: u32) -> bool {
        (self.coordinates..self.first).contains(&value)
    }

    /// Finds the lengths that two cosines or more are of.
    fn share_reciprocals(&mut self) {
        let is_cosine = |line: &Line| line.code == Code::Op(Op::DirectionCosine);
        if self.lines.iter().filter(|line| is_cosine(line)).nth(1).is_none() {
            return;
        }
        let length_of = |line: &Line| self.line_of(self.program.operands(line)[1]);
        let mut counts = vec![0u32; self.lines.len()];
        for length in self.lines.iter().filter(|line| is_cosine(line)).filter_map(length_of) {
            counts[length] += 1;
        }
        let mut cosines = Cosines { of_length: vec![NONE; counts.len()], ..Cosines::default() };
        cosines.places = cosines.of_length.clone();
        for (i, line) in self.lines.iter().enumerate().filter(|(_, line)| is_cosine(line)) {
            let Some(length) = length_of(line).filter(|&length| counts[length] > 1) else { continue };
            let place = &mut cosines.of_length[length];
            if *place == NONE {
                *place = cosines.lengths.len() as u32;
                cosines.lengths.push(length as u32);
            }
            let reciprocal = self.first + (self.lines.len() as u32) + *place;
            cosines.places[i] = cosines.operands.len() as u32;
            cosines.operands.push([self.program.operands(line)[0], reciprocal]);
        }
        self.cosines = cosines;
    }

    /// A line's operation as it is run, unless the line is a kernel's.
    fn operation(&self, line: usize) -> Option<(Op, Operands)> {
        let Some(own) = self.lines.get(line) else {
            let length = self.first + self.cosines.lengths[line - self.lines.len()];
            return Some((Op::DirectionCosine, Operands::of(&[ONE, length])));
        };
        let Code::Op(op) = own.code else { return None };
        Some(match self.cosines.places.get(line) {
            Some(&place) if place != NONE => (Op::Mul, Operands::of(&self.cosines.operands[place as usize])),
            _ => (op, Operands::of(self.program.operands(own))),
        })
    }

    /// Goes from the last line back, so that what reads a line is settled before the line is.
    fn choose(&mut self) {
        for line in (0..self.lines.len()).rev() {
            match self.cosines.of_length.get(line) {
                Some(&place) if place != NONE => self.choose_line(self.lines.len() + place as usize),
                _ => (),
            }
            self.choose_line(line);
        }
    }

    fn choose_line(&mut self, line: usize) {
        if self.reads[line] == 0 {
            return; // all that read it have taken it in
        }
        let start = self.leaves.len() as u32;
        let code = match self.operation(line) {
            Some((op, operands)) => Some(self.choose_loop(op, operands)),
            None => {
                let operands = self.program.operands(&self.lines[line]);
                self.leaves.extend(operands.iter().map(|&value| StepOperand::of(value)));
                None
            }
        };
        self.chosen.push(Chosen { line: line as u32, code, leaves: start..self.leaves.len() as u32 });
    }

    fn choose_loop(&mut self, op: Op, operands: Operands) -> LoopCode {
        let mut pattern = Pattern::of(op);
        let start = self.leaves.len();
        for (n, &operand) in operands.all().iter().enumerate() {
            match self.inner(operand).filter(|&(_, inner, _)| pattern.takes_in(n, inner)) {
                Some((inner, _, operands)) => {
                    self.take_in(inner);
                    operands.all().iter().for_each(|&value| self.push_leaf(value));
                }
                None => self.push_leaf(operand),
            }
        }
        let changed = |leaf: &StepOperand| leaf.scale != Uniform::ONE || leaf.shift != Uniform::NOTHING;
        pattern.code(self.leaves[start..].iter().any(changed))
    }

    /// The operation that gives a value, if it may be an arm: nothing else needs the value, or it costs nothing to work
    /// out again. What can be a scale and a shift is none.
    fn inner(&self, value: u32) -> Option<(usize, Op, Operands)> {
        let line = self.line_of(value)?;
        let (op, operands) = self.operation(line)?;
        let fits = op == Op::Neg || (self.reads[line] == 1 && self.scaled_and_shifted(value).is_none());
        fits.then_some((line, op, operands))
    }

    /// A reader of the line works it out itself.
    fn take_in(&mut self, line: usize) {
        self.reads[line] -= 1;
        if self.reads[line] > 0 {
            self.read_operands(line); // it is worked out more than once
        }
    }

    fn push_leaf(&mut self, value: u32) {
        let mut leaf = StepOperand::of(value);
        if let Some(outer) = self.scaled_and_shifted(value) {
            self.take_in((value - self.first) as usize);
            leaf = outer;
            // What is shifted may have been scaled before, since ±(c·x) is (±c)·x.
            let scaled = self.scaled_and_shifted(leaf.value).filter(|inner| inner.shift == Uniform::NOTHING);
            if let Some(inner) = scaled.filter(|_| matches!(leaf.scale, Uniform::ONE | Uniform::MINUS_ONE)) {
                self.take_in((leaf.value - self.first) as usize);
                let scale = if leaf.scale == Uniform::ONE { inner.scale } else { inner.scale.minus() };
                leaf = StepOperand { value: inner.value, scale, ..leaf };
            }
        }
        self.leaves.push(leaf);
    }

    /// A value as another one scaled and shifted, where that gives the same bits.
    fn scaled_and_shifted(&self, value: u32) -> Option<StepOperand> {
        let (op, operands) = self.operation(self.line_of(value)?)?;
        let [a, b, ..] = operands.values;
        let uniform = |value: u32| self.is_uniform(value).then(|| Uniform::value(value));
        let of = |value: u32, scale: Uniform, shift: Uniform| Some(StepOperand { value, scale, shift });
        match (op, uniform(a), uniform(b)) {
            (Op::Add, _, Some(b)) => of(a, Uniform::ONE, b),
            (Op::Add, Some(a), _) => of(b, Uniform::ONE, a),
            (Op::Sub, _, Some(b)) => of(a, Uniform::ONE, b.minus()),
            (Op::Sub, Some(a), _) => of(b, Uniform::MINUS_ONE, a),
            (Op::Mul, _, Some(b)) => of(a, b, Uniform::NOTHING),
            (Op::Mul, Some(a), _) => of(b, a, Uniform::NOTHING),
            (Op::Neg, _, _) => of(a, Uniform::MINUS_ONE, Uniform::NOTHING),
            _ => None,
        }
    }
}

/// No step, no register, no chunk.
const NONE: u32 = u32::MAX;

impl BlockPlan {
    /// The plan for a program whose stages from `first_stage` on are run for each point, of which so many coordinates
    /// are given.
    pub(super) fn of(program: &Program, first_stage: usize, coordinates: usize) -> BlockPlan {
        let fusion = Fusion::of(program, first_stage, coordinates);
        let (registers, count) = allocate(&fusion);
        let chunks = (CACHE / (count as usize * size_of::<Chunk>())).clamp(1, MAX_CHUNKS);
        let mut writer = StepWriter {
            plan: BlockPlan { chunks, uniform_start: count as usize * chunks, ..BlockPlan::default() },
            slots: vec![NONE; (Uniform::FIXED + 2 * fusion.first) as usize],
            registers,
            fusion: &fusion,
        };
        for chosen in fusion.chosen.iter().rev() {
            writer.write(chosen);
        }
        writer.plan.outputs = program.outputs.iter().map(|&output| writer.place(output)).collect();
        let mut plan = writer.plan;
        plan.memory = plan.uniform_start + plan.uniform.len() + MAX_CHUNKS;
        plan
    }
}

/// A register for each line that is run, and how many there are; the coordinates have the first.
fn allocate(fusion: &Fusion) -> (Vec<u32>, u32) {
    let mut last_reader = vec![NONE; fusion.count()];
    for &output in &fusion.program.outputs {
        if let Some(line) = fusion.line_of(output) {
            last_reader[line] = KEPT;
        }
    }
    const KEPT: u32 = NONE - 1;
    let leaves = |chosen: &Chosen| &fusion.leaves[chosen.leaves.start as usize..chosen.leaves.end as usize];
    for chosen in &fusion.chosen {
        for line in leaves(chosen).iter().filter_map(|leaf| fusion.line_of(leaf.value)) {
            if last_reader[line] == NONE {
                last_reader[line] = chosen.line;
            }
        }
    }
    let mut registers = vec![NONE; fusion.count()];
    let (mut free, mut count) = (Vec::new(), fusion.coordinates);
    for chosen in fusion.chosen.iter().rev() {
        for line in leaves(chosen).iter().filter_map(|leaf| fusion.line_of(leaf.value)) {
            // A leaf's register is free for the result: a step reads before it writes.
            if last_reader[line] == chosen.line {
                last_reader[line] = KEPT; // freed once
                free.push(registers[line]);
            }
        }
        registers[chosen.line as usize] = free.pop().unwrap_or_else(|| {
            count += 1;
            count - 1
        });
    }
    (registers, count)
}

/// Writes a plan's steps.
struct StepWriter<'f, 'p> {
    plan: BlockPlan,
    fusion: &'f Fusion<'p>,
    registers: Vec<u32>,
    /// Where each uniform number stands among those that are read.
    slots: Vec<u32>,
}

impl StepWriter<'_, '_> {
    fn write(&mut self, chosen: &Chosen) {
        let fusion = self.fusion;
        let leaves = &fusion.leaves[chosen.leaves.start as usize..chosen.leaves.end as usize];
        let out = self.place(fusion.first + chosen.line);
        match chosen.code {
            None => {
                let Code::Kernel(kernel) = fusion.lines[chosen.line as usize].code else {
                    unreachable!("an operation has a loop")
                };
                let (before, line) = (self.plan.steps.len(), chosen.line);
                let number = fusion.program.kernels[kernel as usize].number();
                if let Some(last) = self.plan.kernels.last_mut().filter(|last| last.before == before)
                    && fusion
                        .program
                        .are_one_call(&fusion.lines[last.line as usize], &fusion.lines[line as usize])
                {
                    last.line = line;
                    last.numbers.push(number);
                    last.outs.push(out);
                    return;
                }
                let start = self.plan.operands.len();
                for leaf in leaves {
                    let place = self.place(leaf.value);
                    self.plan.operands.push(place);
                }
                let operands = start..self.plan.operands.len();
                let (numbers, outs) = (vec![number], vec![out]);
                self.plan.kernels.push(KernelStep { before, line, kernel, numbers, outs, operands });
            }
            Some(code) => {
                self.plan.steps.push(Step { code, places: self.plan.places.len() as u32 });
                self.plan.places.push(out);
                for leaf in leaves {
                    let place = self.place(leaf.value);
                    self.plan.places.push(place);
                    if code.shifts() {
                        let places = [self.uniform(leaf.scale), self.uniform(leaf.shift)];
                        self.plan.places.extend(places);
                    }
                }
            }
        }
    }

    fn place(&mut self, value: u32) -> Slot {
        let register = match self.fusion.line_of(value) {
            Some(line) => self.registers[line],
            None if value < self.fusion.coordinates => value,
            None if value == ONE => return self.uniform(Uniform::ONE),
            None => return self.uniform(Uniform::value(value)),
        };
        Slot::varying(register as usize * self.plan.chunks)
    }

    fn uniform(&mut self, uniform: Uniform) -> Slot {
        let slot = &mut self.slots[uniform.0 as usize];
        if *slot == NONE {
            *slot = self.plan.uniform.len() as u32;
            self.plan.uniform.push(uniform);
        }
        Slot::uniform(self.plan.uniform_start + *slot as usize)
    }
}
