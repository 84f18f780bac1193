//! Tensors by name: the weights of a network made of layers, as solvers and files see them.

use super::{Tensor, TensorElement};
use crate::error::{Error, Result};
use crate::learn::safetensors;
use std::ops::Index;
use std::path::Path;

/// Tensors with their names: what layers keep their weights in.
///
/// Those that a fit is to move are variables; constants, such as the frequencies of Fourier features, stay. A fit sees the
/// variables as one row of numbers: [`NamedTensors::objective`] is what the solvers of [`fit`](crate::fit) take.
#[derive(Clone, Debug, Default)]
pub struct NamedTensors<T: TensorElement = f32> {
    names: Vec<String>,
    tensors: Vec<Tensor<T>>,
}

impl<T: TensorElement> NamedTensors<T> {
    /// None yet.
    pub fn new() -> NamedTensors<T> {
        NamedTensors { names: Vec::new(), tensors: Vec::new() }
    }

    /// Adds a tensor as a variable; its place. One that has the name already is replaced.
    pub fn add_variable(&mut self, name: &str, tensor: Tensor<T>) -> usize {
        self.add(name, tensor.as_variable())
    }

    /// Adds a tensor as a constant; its place. One that has the name already is replaced.
    pub fn add_constant(&mut self, name: &str, tensor: Tensor<T>) -> usize {
        self.add(name, tensor.detached())
    }

    /// Adds a tensor as it is, such as one that was made of variables elsewhere; its place.
    pub fn add_made(&mut self, name: &str, tensor: Tensor<T>) -> usize {
        self.add(name, tensor)
    }

    fn add(&mut self, name: &str, tensor: Tensor<T>) -> usize {
        if let Some(place) = self.names.iter().position(|other| other == name) {
            self.tensors[place] = tensor;
            return place;
        }
        self.names.push(name.into());
        self.tensors.push(tensor);
        self.names.len() - 1
    }

    /// Another tensor at a place, a constant.
    pub(super) fn replace(&mut self, place: usize, tensor: Tensor<T>) {
        self.tensors[place] = tensor.detached();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }

    /// The tensor of a name.
    pub fn get(&self, name: &str) -> Option<&Tensor<T>> {
        self.names.iter().position(|other| other == name).map(|place| &self.tensors[place])
    }

    /// All of them, in the order they were added in.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor<T>)> {
        self.names.iter().map(String::as_str).zip(&self.tensors)
    }

    /// The variables, in that order.
    pub fn variables(&self) -> Vec<&Tensor<T>> {
        self.tensors.iter().filter(|tensor| tensor.is_tracked()).collect()
    }

    /// The variables' numbers, one tensor behind the other.
    pub fn numbers(&self) -> Result<Vec<f64>> {
        let mut all = Vec::new();
        for tensor in self.variables() {
            all.extend(tensor.to_vec()?.into_iter().map(T::to_f64));
        }
        Ok(all)
    }

    /// Sets the variables' numbers, as [`NamedTensors::numbers`] gives them.
    pub fn set_numbers(&mut self, numbers: &[f64]) -> Result<()> {
        let count: usize = self.variables().iter().map(|tensor| tensor.len()).sum();
        if count != numbers.len() {
            return Err(Error::Input(format!("{} numbers were given for {count}", numbers.len())));
        }
        let mut left = numbers;
        for tensor in self.tensors.iter_mut().filter(|tensor| tensor.is_tracked()) {
            let (own, behind) = left.split_at(tensor.len());
            *tensor = Tensor::from_vec(tensor.shape(), own.iter().map(|&number| T::of(number)).collect())
                .as_variable();
            left = behind;
        }
        Ok(())
    }

    /// The value of a loss at numbers of the variables, and its derivative in each, which is written to `gradient`.
    pub fn loss_at(
        &mut self,
        numbers: &[f64],
        gradient: &mut [f64],
        loss: impl FnOnce(&NamedTensors<T>) -> Result<Tensor<T>>,
    ) -> Result<f64> {
        self.set_numbers(numbers)?;
        let loss = loss(self)?;
        let mut left = gradient;
        for slope in loss.gradients(&self.variables())? {
            let (own, behind) = left.split_at_mut(slope.len());
            own.iter_mut().zip(slope.to_vec()?).for_each(|(to, slope)| *to = slope.to_f64());
            left = behind;
        }
        Ok(loss.item()?.to_f64())
    }

    /// A loss as an [`Objective`](crate::fit) of the variables' numbers. Where the loss is an error its value is not a
    /// number, and a solver ends: look at the loss once beforehand.
    ///
    /// ```
    /// # #[cfg(feature = "fit")] {
    /// use fieldgrad::fit::{Descent, Rule, UNBOUNDED};
    /// use fieldgrad::learn::tensor::{NamedTensors, Tensor};
    ///
    /// let mut weights = NamedTensors::<f64>::new();
    /// let center = weights.add_variable("center", Tensor::from([0.0, 0.0]));
    /// let points = Tensor::from([[1.0, 2.0], [3.0, 2.0], [2.0, 5.0]]);
    /// let start = weights.numbers()?;
    /// let mut loss = weights.objective(|weights| Ok(points.squared_loss(&weights[center].expand(&[3, 2]))));
    /// let found = Descent::new(Rule::Momentum { part: 0.0 }, 0.5).solve(&mut loss, &start, &[UNBOUNDED; 2], 60);
    /// assert!((found.at[0] - 2.0).abs() < 1e-6 && (found.at[1] - 3.0).abs() < 1e-6); // their mean
    /// # }
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn objective(
        &self,
        mut loss: impl FnMut(&NamedTensors<T>) -> Result<Tensor<T>>,
    ) -> impl FnMut(&[f64], &mut [f64]) -> f64 {
        let mut own = self.clone();
        move |numbers, gradient| own.loss_at(numbers, gradient, &mut loss).unwrap_or(f64::NAN)
    }

    /// Writes them to a `safetensors` file, whole or not at all, as `F32` or `F64`.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut tensors = Vec::new();
        for (name, tensor) in self.iter() {
            tensors.push((name, tensor.shape(), tensor.to_vec()?));
        }
        safetensors::write(path.as_ref(), &tensors)
    }

    /// Sets the numbers of all of them to those of a `safetensors` file, which must have each by its name and shape; others
    /// that it has are left alone.
    pub fn read(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let shown = path.display().to_string();
        let wrong = |problem: String| Error::File { path: shown.clone(), problem };
        let found = safetensors::read(path, &shown)?;
        let mut read = Vec::new();
        for (name, tensor) in self.iter() {
            let Some((_, shape, numbers)) = found.iter().find(|(other, ..)| other == name) else {
                return Err(wrong(format!("has no tensor {name:?}")));
            };
            if shape != tensor.shape() {
                return Err(wrong(format!("has {name:?} of shape {shape:?}, not {:?}", tensor.shape())));
            }
            if let Some(bad) = numbers.iter().find(|number| !number.is_finite()) {
                return Err(wrong(format!("has {bad} in {name:?}")));
            }
            let numbers = numbers.iter().map(|&number| T::of(number)).collect();
            let read_tensor = Tensor::from_vec(shape, numbers);
            read.push(if tensor.is_tracked() { read_tensor.as_variable() } else { read_tensor });
        }
        self.tensors = read;
        Ok(())
    }
}

impl<T: TensorElement> Index<usize> for NamedTensors<T> {
    type Output = Tensor<T>;

    fn index(&self, place: usize) -> &Tensor<T> {
        &self.tensors[place]
    }
}
