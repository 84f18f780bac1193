//! Tensors as nodes of a graph: numbers, and how they were made.

use super::TensorElement;
use super::layout::contiguous;
use crate::error::{Error, Place, Result};
use crate::npy::NumpyArray;
use crate::random::Random;
use ndarray::{ArcArray, ArrayBase, Dimension, IxDyn, OwnedRepr};
use std::fmt;
use std::sync::Arc;

/// The numbers of a tensor: an array of `ndarray`'s that copies share.
pub type TensorData<T> = ArcArray<T, IxDyn>;

/// An n-dimensional array that knows what it was made of: a node of a graph, as micrograd's `Value` is, of many numbers.
///
/// Operations take broadcast operands, as NumPy's do. A tensor that stems from a [variable](Tensor::as_variable) keeps its
/// operands and the rule of its derivative; the rules are operations on tensors too, so a gradient can be differentiated
/// again. A wrong argument travels with the tensor to its first reading, which returns the error.
///
/// ```
/// use fieldgrad::learn::tensor::Tensor;
///
/// let x = Tensor::from([1.0, 2.0, 3.0]).as_variable();
/// let cubes = (&x * &x * &x).sum();
/// let slope = cubes.differentiable_gradients(&[&x])?.remove(0);
/// assert_eq!(slope.to_vec()?, [3.0, 12.0, 27.0]);
/// assert_eq!(slope.sum().gradients(&[&x])?[0].to_vec()?, [6.0, 12.0, 18.0]);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
pub struct Tensor<T: TensorElement = f32>(pub(super) Arc<TensorNode<T>>);

impl<T: TensorElement> Clone for Tensor<T> {
    fn clone(&self) -> Tensor<T> {
        Tensor(self.0.clone())
    }
}

pub(super) struct TensorNode<T: TensorElement> {
    pub(super) value: Result<TensorData<T>>,
    /// Whether derivatives are wanted in it, or in what it was made of.
    pub(super) is_tracked: bool,
    pub(super) origin: Option<TensorOrigin<T>>,
}

/// How a tensor was made.
pub(super) struct TensorOrigin<T: TensorElement> {
    pub(super) name: &'static str,
    pub(super) inputs: Vec<Tensor<T>>,
    pub(super) pullback: Box<Pullback<T>>,
}

/// The adjoint of one of a result's operands, from that of the result and the operand's number; nothing where that is 0.
pub(super) type Pullback<T> = dyn Fn(&PullbackStep<T>, usize) -> Option<Tensor<T>> + Send + Sync;

/// An operation on the way back: its operands, its result, and the adjoint that comes in.
pub(super) struct PullbackStep<'a, T: TensorElement> {
    pub(super) inputs: &'a [Tensor<T>],
    pub(super) value: &'a Tensor<T>,
    pub(super) adjoint: &'a Tensor<T>,
}

/// An argument that an operation cannot use.
pub(super) struct Misfit {
    pub(super) argument: &'static str,
    pub(super) problem: String,
}

pub(super) fn misfit<R>(argument: &'static str, problem: impl Into<String>) -> Result<R, Misfit> {
    Err(Misfit { argument, problem: problem.into() })
}

/// Chains of many thousand operations are dropped one by one: not by recursion.
impl<T: TensorElement> Drop for TensorNode<T> {
    fn drop(&mut self) {
        let mut left = self.origin.take().map_or_else(Vec::new, |origin| origin.inputs);
        while let Some(tensor) = left.pop() {
            if let Some(mut node) = Arc::into_inner(tensor.0) {
                left.extend(node.origin.take().map_or_else(Vec::new, |origin| origin.inputs));
            }
        }
    }
}

impl<T: TensorElement> Tensor<T> {
    /// The numbers of an array, as constants.
    pub fn new<D: Dimension>(array: ArrayBase<OwnedRepr<T>, D>) -> Tensor<T> {
        Tensor::of_data(array.into_dyn().into_shared())
    }

    /// Numbers of a shape, the last axis the fastest.
    #[track_caller]
    pub fn from_vec(shape: &[usize], numbers: Vec<T>) -> Tensor<T> {
        let count = numbers.len();
        match TensorData::from_shape_vec(IxDyn(shape), numbers) {
            Ok(data) => Tensor::of_data(data),
            Err(_) => {
                Tensor::refused("from_vec", "numbers", format!("has {count} numbers, not those of {shape:?}"))
            }
        }
    }

    /// The numbers of a NumPy array of any type, as constants.
    pub fn from_numpy(array: &NumpyArray) -> Tensor<T> {
        Tensor::from_vec(array.shape(), array.to_f64().into_iter().map(T::of).collect())
    }

    /// The numbers as a NumPy array, of float32 or float64.
    pub fn to_numpy(&self) -> Result<NumpyArray> {
        NumpyArray::new(self.array()?.shape(), T::numbers(self.to_vec()?))
    }

    /// A number, of no axes.
    pub fn scalar(number: T) -> Tensor<T> {
        Tensor::of_data(TensorData::from_elem(IxDyn(&[]), number))
    }

    /// The same number everywhere.
    pub fn full(shape: &[usize], number: T) -> Tensor<T> {
        Tensor::of_data(TensorData::from_elem(IxDyn(shape), number))
    }

    /// Zeros.
    pub fn zeros(shape: &[usize]) -> Tensor<T> {
        Tensor::full(shape, T::of(0.0))
    }

    /// Uniform draws from `low` to `high`, the same for the same seed.
    pub fn uniform(shape: &[usize], low: f64, high: f64, seed: u64) -> Tensor<T> {
        let mut random = Random(seed);
        let numbers = (0..shape.iter().product()).map(|_| T::of(random.between(low, high))).collect();
        Tensor::from_vec(shape, numbers)
    }

    /// Normal draws of mean 0 and a deviation, the same for the same seed (Box and Muller 1958).
    pub fn normal(shape: &[usize], deviation: f64, seed: u64) -> Tensor<T> {
        let mut random = Random(seed);
        let mut draw = || {
            let (radius, angle) = (1.0 - random.unit(), std::f64::consts::TAU * random.unit());
            T::of(deviation * (-2.0 * radius.ln()).sqrt() * angle.cos())
        };
        Tensor::from_vec(shape, (0..shape.iter().product()).map(|_| draw()).collect())
    }

    pub(super) fn of_data(data: TensorData<T>) -> Tensor<T> {
        Tensor(Arc::new(TensorNode { value: Ok(data), is_tracked: false, origin: None }))
    }

    /// The same numbers as a variable: one that derivatives are taken in.
    pub fn as_variable(&self) -> Tensor<T> {
        Tensor(Arc::new(TensorNode { value: self.0.value.clone(), is_tracked: true, origin: None }))
    }

    /// The same numbers as constants: derivatives do not go through.
    pub fn detached(&self) -> Tensor<T> {
        if !self.0.is_tracked {
            return self.clone();
        }
        Tensor(Arc::new(TensorNode { value: self.0.value.clone(), is_tracked: false, origin: None }))
    }

    /// A tensor that carries an error.
    #[track_caller]
    pub(super) fn refused(function: &str, argument: &str, problem: String) -> Tensor<T> {
        let error = Error::Argument {
            function: function.into(),
            argument: argument.into(),
            problem,
            place: Place::caller(),
        };
        Tensor(Arc::new(TensorNode { value: Err(error), is_tracked: false, origin: None }))
    }

    /// The result of an operation: its value is worked out unless an operand carries an error.
    #[track_caller]
    pub(super) fn made(
        name: &'static str,
        inputs: &[&Tensor<T>],
        value: impl FnOnce() -> Result<TensorData<T>, Misfit>,
        pullback: impl Fn(&PullbackStep<T>, usize) -> Option<Tensor<T>> + Send + Sync + 'static,
    ) -> Tensor<T> {
        if let Some(wrong) = inputs.iter().find(|input| input.0.value.is_err()) {
            return (*wrong).clone();
        }
        let data = match value() {
            Ok(data) => data,
            Err(Misfit { argument, problem }) => return Tensor::refused(name, argument, problem),
        };
        let is_tracked = inputs.iter().any(|input| input.0.is_tracked);
        let origin = is_tracked.then(|| TensorOrigin {
            name,
            inputs: inputs.iter().map(|&input| input.clone()).collect(),
            pullback: Box::new(pullback),
        });
        Tensor(Arc::new(TensorNode { value: Ok(data), is_tracked, origin }))
    }

    /// The numbers; the error that the tensor carries, if it does.
    pub fn array(&self) -> Result<&TensorData<T>> {
        self.0.value.as_ref().map_err(Error::clone)
    }

    /// The numbers of a tensor that is known to carry no error.
    pub(super) fn data(&self) -> &TensorData<T> {
        self.0.value.as_ref().expect("operations look at their operands first")
    }

    /// The numbers, the last axis the fastest.
    pub fn to_vec(&self) -> Result<Vec<T>> {
        Ok(contiguous(self.array()?).as_slice().expect("contiguous").to_vec())
    }

    /// The number of a tensor that holds one.
    pub fn item(&self) -> Result<T> {
        let data = self.array()?;
        let only = data.iter().next().filter(|_| data.len() == 1);
        only.copied()
            .ok_or_else(|| Error::Input(format!("a tensor of shape {:?} is not one number", data.shape())))
    }

    /// How many numbers there are along each axis; none where it carries an error.
    pub fn shape(&self) -> &[usize] {
        self.0.value.as_ref().map_or(&[], |data| data.shape())
    }

    /// How many numbers it holds.
    pub fn len(&self) -> usize {
        self.0.value.as_ref().map_or(0, |data| data.len())
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether derivatives can be taken in it: whether it is a variable, or stems from one.
    pub fn is_tracked(&self) -> bool {
        self.0.is_tracked
    }

    /// The operation that made it; nothing for numbers that were given, and for constants.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.origin.as_ref().map(|origin| origin.name)
    }

    /// The number that it is, where it is one constant.
    pub(super) fn constant_number(&self) -> Option<T> {
        match &self.0.value {
            Ok(data) if data.ndim() == 0 && !self.0.is_tracked => data.first().copied(),
            _ => None,
        }
    }
}

impl<T: TensorElement> fmt::Debug for Tensor<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.0.value {
            Ok(data) => write!(f, "Tensor({:?}, {})", data.shape(), self.operation().unwrap_or("given")),
            Err(error) => write!(f, "Tensor({error})"),
        }
    }
}

impl<T: TensorElement, const N: usize> From<[T; N]> for Tensor<T> {
    fn from(numbers: [T; N]) -> Tensor<T> {
        Tensor::new(ndarray::Array1::from_iter(numbers))
    }
}

impl<T: TensorElement, const M: usize, const N: usize> From<[[T; N]; M]> for Tensor<T> {
    fn from(rows: [[T; N]; M]) -> Tensor<T> {
        Tensor::from_vec(&[M, N], rows.into_iter().flatten().collect())
    }
}
