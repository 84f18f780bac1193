//! The steps a block runs: which lines of a program are run as one, and where each value stands.

use super::place::{MAX_CHUNKS, Slot};
use super::step::{Chunk, Code as Loop, Pattern, Step};
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
struct Leaf {
    value: u32,
    scale: Uniform,
    shift: Uniform,
}

impl Leaf {
    fn of(value: u32) -> Leaf {
        Leaf { value, scale: Uniform::ONE, shift: Uniform::NOTHING }
    }
}

/// A line that is run, and its leaves.
struct Chosen {
    line: u32,
    code: Option<Loop>,
    leaves: Range<u32>,
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
    leaves: Vec<Leaf>,
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
            reads: vec![0; lines.len()],
            leaves: Vec::with_capacity(2 * lines.len()),
            chosen: Vec::with_capacity(lines.len()),
        };
        lines.iter().for_each(|line| fusion.read_operands(line));
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

    fn read_operands(&mut self, line: &Line) {
        self.program.operands(line).iter().for_each(|&operand| self.read(operand));
    }

    /// The line that gives a value, if it is one that is run for each point.
    fn line_of(&self, value: u32) -> Option<usize> {
        value.checked_sub(self.first).map(|line| line as usize)
    }

    fn is_uniform(&self, value: u32) -> bool {
        (self.coordinates..self.first).contains(&value)
    }

    /// Goes from the last line back, so that what reads a line is settled before the line is.
    fn choose(&mut self) {
        for (i, line) in self.lines.iter().enumerate().rev() {
            if self.reads[i] == 0 {
                continue; // all that read it have taken it in
            }
            let start = self.leaves.len() as u32;
            let code = match line.code {
                Code::Kernel(_) => {
                    self.leaves.extend(self.program.operands(line).iter().map(|&value| Leaf::of(value)));
                    None
                }
                Code::Op(op) => Some(self.choose_loop(op, line)),
            };
            self.chosen.push(Chosen { line: i as u32, code, leaves: start..self.leaves.len() as u32 });
        }
    }

    fn choose_loop(&mut self, op: Op, line: &Line) -> Loop {
        let mut pattern = Pattern::of(op);
        let start = self.leaves.len();
        for (n, &operand) in self.program.operands(line).iter().enumerate() {
            match self.inner(operand).filter(|&(_, inner)| pattern.takes_in(n, inner)) {
                Some((inner, _)) => {
                    self.take_in(inner);
                    for &value in self.program.operands(&self.lines[inner]) {
                        self.push_leaf(value);
                    }
                }
                None => self.push_leaf(operand),
            }
        }
        let changed = |leaf: &Leaf| leaf.scale != Uniform::ONE || leaf.shift != Uniform::NOTHING;
        pattern.code(self.leaves[start..].iter().any(changed))
    }

    /// The operation that gives a value, if it may be an arm: nothing else needs the value, or it costs nothing to work
    /// out again. What can be a scale and a shift is none.
    fn inner(&self, value: u32) -> Option<(usize, Op)> {
        let line = self.line_of(value)?;
        let Code::Op(op) = self.lines[line].code else { return None };
        let fits = op == Op::Neg || (self.reads[line] == 1 && self.scaled_and_shifted(value).is_none());
        fits.then_some((line, op))
    }

    /// A reader of the line works it out itself.
    fn take_in(&mut self, line: usize) {
        self.reads[line] -= 1;
        if self.reads[line] > 0 {
            self.read_operands(&self.lines[line]); // it is worked out more than once
        }
    }

    fn push_leaf(&mut self, value: u32) {
        let mut leaf = Leaf::of(value);
        if let Some(outer) = self.scaled_and_shifted(value) {
            self.take_in((value - self.first) as usize);
            leaf = outer;
            // What is shifted may have been scaled before, since ±(c·x) is (±c)·x.
            let scaled = self.scaled_and_shifted(leaf.value).filter(|inner| inner.shift == Uniform::NOTHING);
            if let Some(inner) = scaled.filter(|_| matches!(leaf.scale, Uniform::ONE | Uniform::MINUS_ONE)) {
                self.take_in((leaf.value - self.first) as usize);
                let scale = if leaf.scale == Uniform::ONE { inner.scale } else { inner.scale.minus() };
                leaf = Leaf { value: inner.value, scale, ..leaf };
            }
        }
        self.leaves.push(leaf);
    }

    /// A value as another one scaled and shifted, where that gives the same bits.
    fn scaled_and_shifted(&self, value: u32) -> Option<Leaf> {
        let line = &self.lines[self.line_of(value)?];
        let Code::Op(op) = line.code else { return None };
        let operands = self.program.operands(line);
        let (a, b) = (operands[0], *operands.get(1).unwrap_or(&0));
        let uniform = |value: u32| self.is_uniform(value).then(|| Uniform::value(value));
        let of = |value: u32, scale: Uniform, shift: Uniform| Some(Leaf { value, scale, shift });
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
        let mut writer = Writer {
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
    let mut last_reader = vec![NONE; fusion.lines.len()];
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
    let mut registers = vec![NONE; fusion.lines.len()];
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
struct Writer<'f, 'p> {
    plan: BlockPlan,
    fusion: &'f Fusion<'p>,
    registers: Vec<u32>,
    /// Where each uniform number stands among those that are read.
    slots: Vec<u32>,
}

impl Writer<'_, '_> {
    fn write(&mut self, chosen: &Chosen) {
        let fusion = self.fusion;
        let leaves = &fusion.leaves[chosen.leaves.start as usize..chosen.leaves.end as usize];
        let out = self.place(fusion.first + chosen.line);
        match (fusion.lines[chosen.line as usize].code, chosen.code) {
            (Code::Kernel(kernel), _) => {
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
            (Code::Op(_), code) => {
                let code = code.expect("an operation has a loop");
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
