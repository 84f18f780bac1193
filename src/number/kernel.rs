//! Kernels: functions with code, data and derivatives of their own.
//!
//! A kernel says in one place what it is, what it computes, how it runs on columns of points, what bounds it has over
//! boxes and where it may jump, what is left of it over a box, and how a shader computes it. Three methods are asked of
//! every kernel; the others have defaults that are right though slow.

mod closure;
mod output;
mod shader;

pub use closure::Closure;
pub use output::Output;
pub use shader::Shader;

use super::Interval;
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

/// A function of several numbers that is not composed of scalar operations: a custom derivative rule, with whatever data
/// it carries.
///
/// It may have several outputs, which share one walk through its data: a distance and its gradient, say. A derivative
/// of an output is again an output, of the same kernel or of another, so that gradients, Hessians and derivatives as
/// fields all come from the three methods without a default. A kernel must be deterministic, and total in the way the
/// built-in operations are: finite for finite inputs inside its domain.
///
/// ```
/// use fieldgrad::prelude::*;
/// use std::sync::Arc;
///
/// /// sin(a); output n is its n-th derivative.
/// #[derive(Debug)]
/// struct Wave;
///
/// impl Kernel for Wave {
///     fn name(&self) -> &str { "wave" }
///     fn value(&self, n: usize, inputs: &[f64]) -> f64 { (inputs[0] + n as f64 * std::f64::consts::FRAC_PI_2).sin() }
///     fn bounds(&self, _: usize, _: &[Interval]) -> Interval { Interval::new(-1.0, 1.0) }
///     fn derivative(&self, n: usize, _: usize) -> Derivative { Derivative::Own(n + 1) }
///     fn smoothness(&self, _: usize, _: &[Interval]) -> Smoothness { Smoothness::Smooth } // so that rays step far
/// }
///
/// let wave = kernel(Arc::new(Wave), [x() * 2.0]);
/// assert!((wave.gradient_at([0.3, 0.0, 0.0, 0.0])?[0] - 2.0 * 0.6f64.cos()).abs() < 1e-15);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
///
/// What is composed of [`Real`](super::Real)'s operations needs no kernel: a function generic over `Real` that is called
/// with fields gives a field, with all derivatives, bounds and shader text. A closure with bounds is a [`Closure`].
/// [`kernel`](crate::field::kernel) applies output 0.
pub trait Kernel: Any + Debug + Send + Sync {
    /// What pictures of the graph call it.
    fn name(&self) -> &str;

    /// What it computes, as a fingerprint of its content: kernels of equal identity are one. None where there is no telling:
    /// such a kernel equals only itself.
    fn identity(&self) -> Option<Identity> {
        None
    }

    /// How deep kernels are nested here: 1, unless this one evaluates fields that have kernels in them.
    fn depth(&self) -> usize {
        1
    }

    /// About how many of a tape's operations an output takes at a point: what decides whether looking closer first pays.
    fn cost(&self) -> usize {
        64
    }

    /// An output's value at the inputs: the reference.
    fn value(&self, output: usize, inputs: &[f64]) -> f64;

    /// An interval that contains every value of an output over the inputs' intervals.
    fn bounds(&self, output: usize, inputs: &[Interval]) -> Interval;

    /// The derivative of an output in one input.
    fn derivative(&self, output: usize, input: usize) -> Derivative;

    /// How smooth an output is over the inputs' intervals. If nothing is said it may jump anywhere, and rays look at it
    /// every quarter of a pixel.
    fn smoothness(&self, _output: usize, _inputs: &[Interval]) -> Smoothness {
        Smoothness::MayJump
    }

    /// Outputs at columns of points in `f64`, a column of results after the other: the same bits as [`Kernel::value`].
    fn values(&self, outputs: &[usize], inputs: Columns<f64>, results: &mut [f64]) {
        let mut point = Vec::new();
        for row in 0..inputs.rows() {
            inputs.copy_row(row, &mut point);
            for (n, &output) in outputs.iter().enumerate() {
                results[n * inputs.rows() + row] = self.value(output, &point);
            }
        }
    }

    /// Outputs at columns of points in `f32`: what pictures and fits are made with. Which points stand beside one may move
    /// its results by no more than their rounding.
    fn values_f32(&self, outputs: &[usize], inputs: Columns<f32>, results: &mut [f32]) {
        let wide: Vec<f64> = inputs.all().iter().map(|&value| f64::from(value)).collect();
        let mut found = vec![0.0; results.len()];
        self.values(outputs, Columns::new(&wide, inputs.rows()), &mut found);
        results.iter_mut().zip(found).for_each(|(result, value)| *result = value as f32);
    }

    /// Bounds on an output over columns of boxes, as [`Kernel::bounds`].
    fn bounds_over(&self, output: usize, boxes: Columns<Interval>, results: &mut [Interval]) {
        let mut inputs = Vec::new();
        for (row, result) in results.iter_mut().enumerate() {
            boxes.copy_row(row, &mut inputs);
            *result = self.bounds(output, &inputs);
        }
    }

    /// Bounds on an output over columns of boxes, and on how it changes, across kinks and jumps, where the inputs change at
    /// rates within `rises`: on every difference quotient, so that they are Lipschitz bounds. The whole line where it may
    /// jump.
    fn rises_over(
        &self,
        output: usize,
        boxes: Columns<Interval>,
        rises: Columns<Interval>,
        values: &mut [Interval],
        slopes: &mut [Interval],
    ) {
        self.bounds_over(output, boxes, values);
        let (mut inputs, mut rates) = (Vec::new(), Vec::new());
        for (row, slope) in slopes.iter_mut().enumerate() {
            boxes.copy_row(row, &mut inputs);
            rises.copy_row(row, &mut rates);
            *slope = rise_by_derivatives(self, output, &inputs, &rates);
        }
    }

    /// The kernel that is enough while the inputs stay within intervals: the same outputs, to the last bit, for less.
    /// None where there is none.
    fn pruned(&self, _inputs: &[Interval]) -> Option<Arc<dyn Kernel>> {
        None
    }

    /// How many weights it has: numbers within its data that a fit may move.
    fn weight_count(&self) -> usize {
        0
    }

    /// The weights' values.
    fn weights(&self) -> Vec<f64> {
        Vec::new()
    }

    /// The same kernel with other weights; none if it has no weights.
    fn with_weights(&self, _weights: &[f64]) -> Option<Arc<dyn Kernel>> {
        None
    }

    /// Sends adjoints back from outputs at columns of points: adds each input's to its column, and the weights', summed
    /// over the points in their order, to `weights`.
    ///
    /// By default inputs' come from the derivatives, and weights' from central differences: write it where there are
    /// weights to fit.
    fn backward(
        &self,
        outputs: &[usize],
        inputs: Columns<f64>,
        adjoints: Columns<f64>,
        to_inputs: &mut [f64],
        to_weights: &mut [f64],
    ) {
        output::send_to_inputs(
            self.derivatives_of(outputs, inputs.len()),
            inputs,
            adjoints,
            to_inputs,
            |own, into| self.values(own, inputs, into),
        );
        output::send_to_weights(
            self.weights(),
            to_weights,
            |weights, into| {
                if let Some(moved) = self.with_weights(weights) {
                    moved.values(outputs, inputs, into);
                }
            },
            adjoints,
        );
    }

    /// Each output's derivative in each input, output after output.
    fn derivatives_of(&self, outputs: &[usize], inputs: usize) -> Vec<Derivative> {
        outputs
            .iter()
            .flat_map(|&output| (0..inputs).map(move |input| self.derivative(output, input)))
            .collect()
    }

    /// How a shader computes an output, if one can.
    fn shader(&self, _output: usize) -> Option<Shader> {
        None
    }
}

impl dyn Kernel {
    /// Bounds on how an output changes over one box, as [`Kernel::rises_over`] has them.
    pub fn rise(&self, output: usize, inputs: &[Interval], rises: &[Interval]) -> Interval {
        let (mut value, mut slope) = ([Interval::WHOLE], [Interval::WHOLE]);
        let [boxes, rates] = [inputs, rises].map(|columns| Columns::new(columns, 1));
        self.rises_over(output, boxes, rates, &mut value, &mut slope);
        slope[0]
    }
}

/// The sum of the derivatives' bounds times the inputs' rates.
fn rise_by_derivatives<K: Kernel + ?Sized>(
    kernel: &K,
    output: usize,
    inputs: &[Interval],
    rises: &[Interval],
) -> Interval {
    if rises.iter().all(|&rise| rise == Interval::point(0.0)) {
        return Interval::point(0.0);
    }
    if kernel.smoothness(output, inputs) == Smoothness::MayJump {
        return Interval::WHOLE;
    }
    let term = |(input, &rise): (usize, &Interval)| match kernel.derivative(output, input) {
        Derivative::Zero => Interval::point(0.0),
        Derivative::Own(number) => kernel.bounds(number, inputs) * rise,
        Derivative::Of(other, number) => other.bounds(number, inputs) * rise,
    };
    rises.iter().enumerate().map(term).fold(Interval::point(0.0), |sum, term| sum + term)
}

/// The derivative of a kernel's output in one input.
#[derive(Clone, Debug)]
pub enum Derivative {
    /// It does not depend on that input.
    Zero,
    /// Another output of the same kernel.
    Own(usize),
    /// An output of another kernel, of the same inputs.
    Of(Arc<dyn Kernel>, usize),
}

/// How smooth a function is over a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Smoothness {
    /// Nothing is known: it may jump.
    MayJump,
    /// It is continuous, and as steep as its derivatives' bounds say, across kinks too.
    Continuous,
    /// Its derivatives are continuous besides.
    Smooth,
}

/// Columns of numbers, one an input, all with the same number of rows; a row is a point or a box.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a, T> {
    values: &'a [T],
    rows: usize,
}

impl<'a, T: Copy> Columns<'a, T> {
    /// Columns of so many rows, that stand one after the other. Panics if they are not whole.
    pub fn new(values: &'a [T], rows: usize) -> Columns<'a, T> {
        assert!(rows > 0 && values.len().is_multiple_of(rows), "columns of {rows} rows");
        Columns { values, rows }
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many rows each has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// A column.
    pub fn column(&self, number: usize) -> &'a [T] {
        &self.values[number * self.rows..(number + 1) * self.rows]
    }

    /// All of them, one after the other.
    pub fn all(&self) -> &'a [T] {
        self.values
    }

    /// Copies a row.
    pub fn copy_row(&self, row: usize, into: &mut Vec<T>) {
        into.clear();
        into.extend(self.values[row..].iter().step_by(self.rows));
    }
}

/// A fingerprint of what something computes, 128 bits: equal for equal content, however it came to be.
///
/// With 128 well-mixed bits, a billion different ones collide with probability below 1e-20.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity(u128);

impl Identity {
    /// Of a thing that a word names.
    pub fn of(name: &str) -> Identity {
        Identity(0x6a09_e667_f3bc_c908_b2fb_1366_ea95_7d3e).and_bytes(name.as_bytes())
    }

    pub(crate) const fn from_word(word: u128) -> Identity {
        Identity(word)
    }

    pub(crate) const fn word(self) -> u128 {
        self.0
    }

    /// With a word more.
    pub const fn and(self, word: u128) -> Identity {
        let mut h = self.0 ^ word.wrapping_mul(0xc2b2_ae3d_27d4_eb4f_1656_67b1_9e37_79f9);
        h = (h ^ (h >> 67)).wrapping_mul(0xd6e8_feb8_6659_fd93_a076_1d64_78bd_642f);
        h = (h ^ (h >> 61)).wrapping_mul(0xe703_7ed1_a0b4_28db_8ebc_6af0_9c88_c6e3);
        Identity(h ^ (h >> 64))
    }

    /// With bytes more, and their number.
    pub fn and_bytes(self, bytes: &[u8]) -> Identity {
        let word = |chunk: &[u8]| chunk.iter().rev().fold(0u128, |word, &byte| word << 8 | u128::from(byte));
        bytes.chunks(16).map(word).fold(self.and(bytes.len() as u128), Identity::and)
    }
}
