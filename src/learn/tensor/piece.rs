//! Loops of one operation over columns of numbers, each compiled for the widest vectors of the machine.

use super::TensorElement;
use super::layout::Reader;
use super::node::{Misfit, TensorData};
use super::{Tensor, layout};
use crate::number::op::{NumberedOp, apply_known, of_every_operation};
use crate::number::{Arch, Op, Real};
use ndarray::IxDyn;
use pulp::{Simd, WithSimd};
use std::marker::PhantomData;

/// How many numbers are worked out at a time: what is read of each operand stays near the processor.
const PIECE: usize = 1024;
/// The most operands.
const MAX_OPERANDS: usize = 4;

/// A result that is worked out of operands number by number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pointwise {
    Op(Op),
    /// The first times the second, but 0 where the first is 0, however wild the second: [`Real::gated`].
    Gated,
    Tanh,
    Sigmoid,
    Softplus,
}

/// A rule that a loop is compiled for.
trait PieceRule<T: TensorElement> {
    const ARITY: usize;
    fn value(operands: &[T; MAX_OPERANDS]) -> T;

    /// The results at columns of operands, each as long as that of results.
    #[inline(always)]
    fn fill(operands: &[&[T]], out: &mut [T]) {
        let (count, none) = (out.len(), T::of(0.0));
        // A loop an arity, over slices of one length: what the compiler makes vectors of.
        match Self::ARITY {
            1 => {
                let a = &operands[0][..count];
                for i in 0..count {
                    out[i] = Self::value(&[a[i], none, none, none]);
                }
            }
            2 => {
                let (a, b) = (&operands[0][..count], &operands[1][..count]);
                for i in 0..count {
                    out[i] = Self::value(&[a[i], b[i], none, none]);
                }
            }
            _ => {
                let last = operands.len() - 1;
                let (a, b, c, d) = (operands[0], operands[1], operands[2], operands[last]);
                let (a, b, c, d) = (&a[..count], &b[..count], &c[..count], &d[..count]);
                for i in 0..count {
                    out[i] = Self::value(&[a[i], b[i], c[i], d[i]]);
                }
            }
        }
    }
}

struct Gate;
struct Curve<const N: usize>;
struct Wave<const QUARTER: u64>;

impl<T: TensorElement, const OP: usize> PieceRule<T> for NumberedOp<OP> {
    const ARITY: usize = Op::ALL[OP].arity();
    #[inline(always)]
    fn value(operands: &[T; MAX_OPERANDS]) -> T {
        T::of_lane(apply_known!(Op::ALL[OP], T::Lane, |n: usize| operands[n].lane()))
    }
}

impl<T: TensorElement> PieceRule<T> for Gate {
    const ARITY: usize = 2;
    #[inline(always)]
    fn value(operands: &[T; MAX_OPERANDS]) -> T {
        T::of_lane(operands[0].lane().gated(operands[1].lane()))
    }
}

impl<T: TensorElement, const N: usize> PieceRule<T> for Curve<N> {
    const ARITY: usize = 1;
    #[inline(always)]
    fn value(&[a, ..]: &[T; MAX_OPERANDS]) -> T {
        match N {
            0 => a.tanh(),
            1 => {
                let one = T::of(1.0);
                let small = (-a.size()).exponential(); // at most 1: nothing overflows
                let less = small / (one + small);
                if a < T::of(0.0) { less } else { one - less }
            }
            _ => a.softplus(),
        }
    }
}

/// Sines and cosines: quickly, and again where that does not hold.
impl<T: TensorElement, const QUARTER: u64> PieceRule<T> for Wave<QUARTER> {
    const ARITY: usize = 1;
    #[inline(always)]
    fn value(&[a, ..]: &[T; MAX_OPERANDS]) -> T {
        a.wave_near(QUARTER)
    }

    #[inline(always)]
    fn fill(operands: &[&[T]], out: &mut [T]) {
        let (count, mut far) = (out.len(), 0usize);
        let a = &operands[0][..count];
        for i in 0..count {
            out[i] = a[i].wave_near(QUARTER);
        }
        for i in 0..count {
            far += usize::from(a[i].size() >= T::NEAR);
        }
        if far > 0 {
            for i in 0..count {
                if a[i].size() >= T::NEAR {
                    out[i] = a[i].wave(QUARTER);
                }
            }
        }
    }
}

struct PieceLoop<'a, T, R> {
    operands: &'a [&'a [T]],
    out: &'a mut [T],
    rule: PhantomData<R>,
}

impl<T: TensorElement, R: PieceRule<T>> WithSimd for PieceLoop<'_, T, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        R::fill(self.operands, self.out);
    }
}

type PieceFunction<T> = fn(&[&[T]], &mut [T]);

fn run<T: TensorElement, R: PieceRule<T>>(operands: &[&[T]], out: &mut [T]) {
    Arch::new().dispatch(PieceLoop::<T, R> { operands, out, rule: PhantomData });
}

/// The loops of operations by their numbers in [`Op::ALL`].
struct PieceTable<T>(PhantomData<T>);

macro_rules! functions {
    ($($op:literal)*) => { [$(run::<T, NumberedOp<$op>>),*] };
}

impl<T: TensorElement> PieceTable<T> {
    const OF_OPERATIONS: [PieceFunction<T>; Op::ALL.len()] = of_every_operation!(functions);
}

impl Pointwise {
    fn function<T: TensorElement>(self) -> PieceFunction<T> {
        match self {
            Pointwise::Op(Op::Sin) => run::<T, Wave<0>>,
            Pointwise::Op(Op::Cos) => run::<T, Wave<1>>,
            Pointwise::Op(op) => PieceTable::<T>::OF_OPERATIONS[op.number()],
            Pointwise::Gated => run::<T, Gate>,
            Pointwise::Tanh => run::<T, Curve<0>>,
            Pointwise::Sigmoid => run::<T, Curve<1>>,
            Pointwise::Softplus => run::<T, Curve<2>>,
        }
    }

    /// The results at operands that broadcast to one shape.
    pub(super) fn results<T: TensorElement>(self, operands: &[&Tensor<T>]) -> Result<TensorData<T>, Misfit> {
        let shape = layout::broadcast(operands.iter().map(|operand| operand.shape()))?;
        let dense: Vec<TensorData<T>> =
            operands.iter().map(|operand| layout::dense(operand.data())).collect();
        let count = shape.iter().product();
        let numbers = worked_out(self.function(), &dense, &shape, count);
        Ok(TensorData::from_shape_vec(IxDyn(&shape), numbers).expect("as many as places"))
    }
}

fn worked_out<T: TensorElement>(
    function: PieceFunction<T>,
    operands: &[TensorData<T>],
    shape: &[usize],
    count: usize,
) -> Vec<T> {
    let mut numbers = Vec::with_capacity(count);
    let mut readers: Vec<Reader<T>> = operands.iter().map(|operand| Reader::new(operand, shape)).collect();
    let whole: Vec<Option<&[T]>> = readers.iter().map(Reader::whole).collect();
    let held: Vec<bool> = readers.iter().map(|reader| reader.only().is_some()).collect();
    let length = count.min(PIECE);
    // A result that is one number everywhere is written once.
    let mut buffers: Vec<Vec<T>> = (0..operands.len())
        .map(|n| match (whole[n], readers[n].only()) {
            (Some(_), _) => Vec::new(),
            (None, Some(number)) => vec![number; length],
            (None, None) => vec![T::of(0.0); length],
        })
        .collect();
    while numbers.len() < count {
        let (from, to) = (numbers.len(), count.min(numbers.len() + PIECE));
        for n in (0..operands.len()).filter(|&n| whole[n].is_none() && !held[n]) {
            readers[n].fill(&mut buffers[n][..to - from]);
        }
        let mut pieces: [&[T]; MAX_OPERANDS] = [&[]; MAX_OPERANDS];
        for n in 0..operands.len() {
            pieces[n] = match whole[n] {
                Some(numbers) => &numbers[from..to],
                None => &buffers[n][..to - from],
            };
        }
        numbers.resize(to, T::of(0.0));
        function(&pieces[..operands.len()], &mut numbers[from..]);
    }
    numbers
}
