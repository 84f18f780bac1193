//! What a step does to a block, compiled for each width of vector: one operation, or a small tree of them.
//!
//! A tree's inner results stay in the vector unit's registers, and so do the scale and shift that a leaf may have:
//! `x − c`, `c − x`, `−x` and `c·x + d` need no step of their own. Each is worked out as the operations would be one by
//! one, so that the results are the same bits.

use super::place::{ChunkMemory, MAX_CHUNKS, Slot};
use crate::number::op::{apply_known, of_every_operation};
use crate::number::{Lanes, Op, Real, Smooth};
use pulp::{Simd, WithSimd};
use std::marker::PhantomData;

/// The lanes of a chunk: one vector of AVX-512, two of AVX2, four of NEON or SSE2.
pub(in crate::tape) const WIDTH: usize = 16;
pub(in crate::tape) type Chunk = Lanes<WIDTH>;

/// A chunk's size.
const BYTES: usize = size_of::<Chunk>();

/// The most leaves a step has.
const MAX_LEAVES: usize = 10;
type Leaves = [Chunk; MAX_LEAVES];

/// An operation that may take in what two of its operands are results of.
struct Head {
    op: Op,
    /// The first of the two operands.
    first: usize,
    /// What each may be the result of.
    arms: [Op; ARMS - 1],
}

/// The ways an operand may be had: as a leaf, or from one of the head's arms.
const ARMS: usize = 4;

/// The pairs that are common in tapes of values and of gradients.
const HEADS: [Head; 7] = {
    use Op::*;
    [
        Head { op: Add, first: 0, arms: [Square, Mul, Add] },
        Head { op: Sub, first: 0, arms: [Abs, Mul, Add] },
        Head { op: Mul, first: 0, arms: [Neg, Mul, IfLess] },
        Head { op: Min, first: 0, arms: [Neg, Min, Max] },
        Head { op: Max, first: 0, arms: [Neg, Min, Max] },
        Head { op: Mix, first: 0, arms: [Mul, Add, IfLess] },
        Head { op: IfLess, first: 2, arms: [Mul, Recip, IfLess] },
    ]
};

/// The operations so light that a loop for unchanged leaves is worth having; the others scale and shift theirs always.
const LIGHT: [Op; 17] = {
    use Op::*;
    use Smooth::Cubic;
    [
        Neg,
        Abs,
        Sqrt,
        Square,
        Recip,
        Add,
        Sub,
        Mul,
        Div,
        Min,
        Max,
        Length,
        Mix,
        SmoothMin(Cubic),
        SmoothWeight(Cubic),
        IfLess,
        DirectionCosine,
    ]
};

/// How many loops there are of one kind: each operation's by itself, and the fused ones.
const PLAIN: usize = Op::ALL.len();
const KIND: usize = PLAIN + HEADS.len() * ARMS * ARMS;

/// Which loop a step runs: those of unchanged leaves, then those of leaves scaled and shifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LoopCode(u16);

/// An operation and what its operands are results of, as far as it can take them in.
#[derive(Clone, Copy)]
pub(super) struct Pattern {
    op: Op,
    head: Option<usize>,
    arms: [usize; 2],
}

impl Pattern {
    pub(super) fn of(op: Op) -> Pattern {
        let head = match op {
            Op::Add => Some(0),
            Op::Sub => Some(1),
            Op::Mul => Some(2),
            Op::Min => Some(3),
            Op::Max => Some(4),
            Op::Mix => Some(5),
            Op::IfLess => Some(6),
            _ => None,
        };
        Pattern { op, head, arms: [0; 2] }
    }

    /// Takes in the operation that operand `n` is the result of, if there is a loop for that.
    pub(super) fn takes_in(&mut self, n: usize, op: Op) -> bool {
        let Some(head) = self.head.map(|head| &HEADS[head]) else { return false };
        let Some(arm) = n.checked_sub(head.first).filter(|&arm| arm < 2) else { return false };
        let Some(found) = head.arms.iter().position(|&other| other == op) else { return false };
        self.arms[arm] = found + 1;
        true
    }

    /// The pattern of a loop's number.
    fn numbered(number: usize) -> Pattern {
        match number.checked_sub(PLAIN) {
            None => Pattern { op: Op::ALL[number], head: None, arms: [0; 2] },
            Some(fused) => {
                let (head, arms) = (fused / (ARMS * ARMS), fused % (ARMS * ARMS));
                Pattern { op: HEADS[head].op, head: Some(head), arms: [arms / ARMS, arms % ARMS] }
            }
        }
    }

    /// What the operand is a result of, if it is taken in.
    fn arm(&self, n: usize) -> Option<Op> {
        let head = &HEADS[self.head?];
        let arm = n.checked_sub(head.first).filter(|&arm| arm < 2)?;
        self.arms[arm].checked_sub(1).map(|found| head.arms[found])
    }

    /// The loop, of leaves that are scaled and shifted or not.
    pub(super) fn code(self, shifted: bool) -> LoopCode {
        let [left, right] = self.arms;
        let number = match self.head {
            Some(head) if left + right > 0 => PLAIN + (head * ARMS + left) * ARMS + right,
            _ => self.op.number(),
        };
        let shifted = shifted || !LIGHT.contains(&self.op);
        LoopCode((number + if shifted { KIND } else { 0 }) as u16)
    }
}

impl LoopCode {
    /// Whether each leaf has three places: its own, its scale's and its shift's.
    pub(super) fn shifts(self) -> bool {
        usize::from(self.0) >= KIND
    }
}

/// A value worked out of leaves: by one operation, or a tree of them.
trait ExpressionTree {
    const LEAVES: usize;
    fn value(leaves: &Leaves) -> Chunk;
}

/// The operation of that number in [`Op::ALL`], on leaves.
struct Plain<const OP: usize>;

impl<const OP: usize> ExpressionTree for Plain<OP> {
    const LEAVES: usize = Op::ALL[OP].arity();
    #[inline(always)]
    fn value(leaves: &Leaves) -> Chunk {
        apply_known!(Op::ALL[OP], Chunk, |n| leaves[n])
    }
}

/// A head with its arms, each 0 for a leaf or one more than its number.
struct Fused<const HEAD: usize, const LEFT: usize, const RIGHT: usize>;

impl<const HEAD: usize, const LEFT: usize, const RIGHT: usize> ExpressionTree for Fused<HEAD, LEFT, RIGHT> {
    const LEAVES: usize = HEADS[HEAD].op.arity() - 2 + leaves_of(HEAD, LEFT) + leaves_of(HEAD, RIGHT);
    #[inline(always)]
    fn value(leaves: &Leaves) -> Chunk {
        let first = const { HEADS[HEAD].first };
        let (left, right) = const { (leaves_of(HEAD, LEFT), leaves_of(HEAD, RIGHT)) };
        let mut operands = *leaves;
        operands[first] = arm::<HEAD, LEFT>(leaves, first);
        operands[first + 1] = arm::<HEAD, RIGHT>(leaves, first + left);
        for n in first + 2..const { HEADS[HEAD].op.arity() } {
            operands[n] = leaves[n - 2 + left + right];
        }
        apply_known!(HEADS[HEAD].op, Chunk, |n| operands[n])
    }
}

const fn leaves_of(head: usize, arm: usize) -> usize {
    if arm == 0 { 1 } else { HEADS[head].arms[arm - 1].arity() }
}

#[inline(always)]
fn arm<const HEAD: usize, const ARM: usize>(leaves: &Leaves, first: usize) -> Chunk {
    if ARM == 0 {
        leaves[first]
    } else {
        apply_known!(HEADS[HEAD].arms[ARM.saturating_sub(1)], Chunk, |n| leaves[first + n])
    }
}

/// A step over the first chunks of its operands: `places` starts with that of its result, then those of its leaves.
type StepFunction<S> = fn(S, &ChunkMemory, &[Slot], usize);

struct StepLoop<'a, T, const SHIFTED: bool> {
    memory: &'a ChunkMemory,
    places: &'a [Slot],
    chunks: usize,
    tree: PhantomData<T>,
}

impl<T: ExpressionTree, const SHIFTED: bool> WithSimd for StepLoop<'_, T, SHIFTED> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let stride = if SHIFTED { 3 } else { 1 };
        let places = &self.places[..1 + T::LEAVES * stride];
        let out = places[0].view(self.memory);
        let mut views = [(out, 0); MAX_LEAVES];
        let mut scales = [Lanes([0.0; WIDTH]); MAX_LEAVES];
        let mut shifts = scales;
        for n in 0..T::LEAVES {
            let place = places[1 + n * stride];
            // In bytes, so that the machine need not multiply.
            views[n] = (place.view(self.memory), place.mask() * BYTES);
            if SHIFTED {
                scales[n] = self.memory[places[2 + n * stride].at(0)].get();
                shifts[n] = self.memory[places[3 + n * stride].at(0)].get();
            }
        }
        let end = self.chunks.min(MAX_CHUNKS) * BYTES;
        let mut at = 0;
        while at < end {
            let mut leaves = [Lanes([0.0; WIDTH]); MAX_LEAVES];
            for n in 0..T::LEAVES {
                let (view, mask) = views[n];
                leaves[n] = view[(at & mask) / BYTES].get();
                if SHIFTED {
                    leaves[n] = leaves[n] * scales[n] + shifts[n];
                }
            }
            out[at / BYTES].set(T::value(&leaves));
            at += BYTES;
        }
    }
}

fn run<S: Simd, T: ExpressionTree, const SHIFTED: bool>(
    simd: S,
    memory: &ChunkMemory,
    places: &[Slot],
    chunks: usize,
) {
    simd.vectorize(StepLoop::<T, SHIFTED> { memory, places, chunks, tree: PhantomData });
}

/// All loops, compiled for one width of vector.
struct StepTable<S>(PhantomData<S>);

/// The loops of operations by their numbers in [`Op::ALL`].
macro_rules! plain {
    ($($op:literal)*) => { [$(run::<S, Plain<$op>, true>),*] };
    (light: $($place:literal)*) => { [$(run::<S, Plain<{ LIGHT[$place].number() }>, false>),*] };
}

/// The loops of every head, each with every arm on either side.
macro_rules! fused {
    ($shifted:literal: $($head:literal)*) => { [$(fused!(@left $shifted $head: 0 1 2 3)),*] };
    (@left $shifted:literal $head:literal: $($left:literal)*) => {
        [$(fused!(@right $shifted $head $left: 0 1 2 3)),*]
    };
    (@right $shifted:literal $head:literal $left:literal: $($right:literal)*) => {
        [$(run::<S, Fused<$head, $left, $right>, $shifted>),*]
    };
}

type FusedRuns<S> = [[[StepFunction<S>; ARMS]; ARMS]; HEADS.len()];

impl<S: Simd> StepTable<S> {
    const SHIFTED: [StepFunction<S>; PLAIN] = of_every_operation!(plain);
    const LIGHT: [StepFunction<S>; LIGHT.len()] = plain! { light: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 };
    const FUSED: [FusedRuns<S>; 2] = [fused! { false: 0 1 2 3 4 5 6 }, fused! { true: 0 1 2 3 4 5 6 }];

    /// By their codes. The places of heavy operations with unchanged leaves are filled, and not used.
    const RUNS: [StepFunction<S>; 2 * KIND] = {
        let mut runs = [Self::SHIFTED[0]; 2 * KIND];
        let mut i = 0;
        while i < 2 * KIND {
            let (kind, number) = (i / KIND, i % KIND);
            runs[i] = if number < PLAIN {
                Self::SHIFTED[number]
            } else {
                Self::FUSED[kind].as_flattened().as_flattened()[number - PLAIN]
            };
            i += 1;
        }
        let mut i = 0;
        while i < LIGHT.len() {
            runs[LIGHT[i].number()] = Self::LIGHT[i];
            i += 1;
        }
        runs
    };
}

/// A step that is no kernel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) code: LoopCode,
    /// Where its places start in the list of them.
    pub(super) places: u32,
}

/// Steps to be run at the widest vectors.
pub(super) struct Steps<'a> {
    pub(super) steps: &'a [Step],
    pub(super) places: &'a [Slot],
    pub(super) memory: &'a ChunkMemory,
    pub(super) chunks: usize,
}

impl WithSimd for Steps<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for step in self.steps {
            let places = &self.places[step.places as usize..];
            if S::IS_SCALAR {
                step.code.run_plainly(self.memory, places, self.chunks);
            } else {
                let run = StepTable::<S>::RUNS[usize::from(step.code.0)];
                run(simd, self.memory, places, self.chunks);
            }
        }
    }
}

// For machines without wide vectors there are no loops by code: they would be a third of all, for few machines.
impl LoopCode {
    fn run_plainly(self, memory: &ChunkMemory, places: &[Slot], chunks: usize) {
        let shifts = self.shifts();
        let pattern = Pattern::numbered(usize::from(self.0) % KIND);
        for c in 0..chunks.min(MAX_CHUNKS) {
            let read = |place: Slot| memory[place.at(c)].get();
            let mut next = 1;
            let mut leaf = || {
                let value = read(places[next]);
                if !shifts {
                    next += 1;
                    return value;
                }
                let (scale, shift) =
                    (memory[places[next + 1].at(0)].get(), memory[places[next + 2].at(0)].get());
                next += 3;
                value * scale + shift
            };
            let mut operands = [Lanes([0.0; WIDTH]); 4];
            for (n, operand) in operands.iter_mut().take(pattern.op.arity()).enumerate() {
                *operand = match pattern.arm(n) {
                    None => leaf(),
                    Some(inner) => {
                        let mut inputs = [Lanes([0.0; WIDTH]); 4];
                        inputs.iter_mut().take(inner.arity()).for_each(|input| *input = leaf());
                        on_chunk(inner, &inputs)
                    }
                };
            }
            memory[places[0].at(c)].set(on_chunk(pattern.op, &operands));
        }
    }
}

#[inline(never)]
fn on_chunk(op: Op, operands: &[Chunk; 4]) -> Chunk {
    op.apply(|n| operands[n])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Every pattern there is: an operation, and its arms.
    fn patterns() -> Vec<Pattern> {
        let plain = Op::ALL.into_iter().map(Pattern::of);
        let fused = HEADS.iter().flat_map(|head| {
            (1..ARMS * ARMS).map(|arms| Pattern { arms: [arms / ARMS, arms % ARMS], ..Pattern::of(head.op) })
        });
        plain.chain(fused).collect()
    }

    /// The pattern by its operations one after another, on one lane.
    fn one_by_one(pattern: Pattern, mut leaves: impl Iterator<Item = Lanes<1>>) -> Lanes<1> {
        let operands: Vec<Lanes<1>> = (0..pattern.op.arity())
            .map(|n| match pattern.arm(n) {
                Some(inner) => {
                    let inputs: Vec<_> = leaves.by_ref().take(inner.arity()).collect();
                    inner.apply(|n| inputs[n])
                }
                None => leaves.next().expect("a leaf for each operand"),
            })
            .collect();
        pattern.op.apply(|n| operands[n])
    }

    fn check(pattern: Pattern, shifted: bool, seed: usize, is_wide: bool) {
        const CHUNKS: usize = 3;
        let count = (0..2).fold(pattern.op.arity(), |count, arm| match pattern.head {
            Some(head) => count - 1 + leaves_of(head, pattern.arms[arm]),
            None => count,
        });
        let number = |place: usize| match (place * 7 + seed * 13) % 11 {
            0 => -0.0,
            1 => f32::NAN,
            2 => f32::INFINITY,
            n => (n as f32 - 6.0) * 0.37 + place as f32 * 0.001,
        };
        let memory: Vec<Cell<Chunk>> = (0..4 * MAX_LEAVES * CHUNKS + MAX_CHUNKS)
            .map(|c| Cell::new(Lanes(std::array::from_fn(|lane| number(c * WIDTH + lane)))))
            .collect();
        // Leaves of every kind in every place; the result takes the place of the first one that varies, if one does.
        let varies = |n: usize| seed >> (n % 4) & 1 == 1;
        let leaf = |n: usize| {
            if varies(n) { Slot::varying(n * CHUNKS) } else { Slot::uniform(n * CHUNKS) }
        };
        let spare = MAX_LEAVES * CHUNKS;
        let out = (0..count).find(|&n| varies(n)).map_or(Slot::varying(spare), leaf);
        let scale = |n: usize| Slot::uniform(spare + CHUNKS + n);
        let shift = |n: usize| Slot::uniform(spare + CHUNKS + MAX_LEAVES + n);
        let code = pattern.code(shifted);
        let mut places = vec![out];
        for n in 0..count {
            places.push(leaf(n));
            if code.shifts() {
                places.extend([scale(n), shift(n)]);
            }
        }
        let before: Vec<Chunk> = memory.iter().map(Cell::get).collect();
        let steps = [Step { code, places: 0 }];
        let steps = Steps { steps: &steps, places: &places, memory: &memory, chunks: CHUNKS };
        match is_wide {
            true => crate::number::Arch::new().dispatch(steps),
            false => steps.with_simd(pulp::Scalar),
        }
        for (c, lane) in (0..CHUNKS).flat_map(|c| (0..WIDTH).map(move |lane| (c, lane))) {
            let read = |place: Slot| Lanes([before[place.at(c)].0[lane]]);
            let expected = one_by_one(
                pattern,
                (0..count).map(|n| match code.shifts() {
                    true => read(leaf(n)) * read(scale(n)) + read(shift(n)),
                    false => read(leaf(n)),
                }),
            );
            let (got, want) = (memory[out.at(c)].get().0[lane], expected.0[0]);
            let same = got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan());
            assert!(same, "{:?} {:?} shifted: {shifted}: {got} is not {want}", pattern.op, pattern.arms);
        }
        for (place, chunk) in
            before.iter().enumerate().filter(|(place, _)| !(0..CHUNKS).any(|c| out.at(c) == *place))
        {
            let kept = memory[place].get().0.map(f32::to_bits) == chunk.0.map(f32::to_bits);
            assert!(kept, "a step writes nothing but its result");
        }
    }

    #[test]
    fn every_loop_is_its_operations_one_by_one() {
        for pattern in patterns() {
            for seed in 0..16 {
                for is_wide in [true, false] {
                    check(pattern, false, seed, is_wide);
                    check(pattern, true, seed, is_wide);
                }
            }
        }
    }
}
