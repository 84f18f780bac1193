//! Reverse mode: from a result back to the variables it stems from.

use super::node::PullbackStep;
use super::{Tensor, TensorElement};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::sync::Arc;

impl<T: TensorElement> Tensor<T> {
    /// The derivative of this number in each of the wanted tensors, as constants. An error where this is not one number, or
    /// where a wanted tensor is a constant.
    pub fn gradients(&self, wanted: &[&Tensor<T>]) -> Result<Vec<Tensor<T>>> {
        self.backward(&self.seed()?, wanted, false)
    }

    /// The same as tensors that stem from the variables too, so that they can be differentiated again.
    pub fn differentiable_gradients(&self, wanted: &[&Tensor<T>]) -> Result<Vec<Tensor<T>>> {
        self.backward(&self.seed()?, wanted, true)
    }

    /// The derivative, in each of the wanted tensors, of the sum of this tensor's numbers times the adjoint's: a
    /// vector-Jacobian product. It can be differentiated again, in the adjoint too.
    pub fn pulled_back(&self, adjoint: &Tensor<T>, wanted: &[&Tensor<T>]) -> Result<Vec<Tensor<T>>> {
        adjoint.array()?;
        if adjoint.shape() != self.shape() {
            return Err(Error::Input(format!(
                "an adjoint of shape {:?} does not go with a tensor of shape {:?}",
                adjoint.shape(),
                self.shape()
            )));
        }
        self.backward(adjoint, wanted, true)
    }

    /// The derivative of this tensor along a direction of one of the tensors it stems from: a Jacobian-vector product. It is
    /// made of two walks back: vᵀ·J is linear in v, and its derivative in v along the direction is J times that.
    pub fn pushed_forward(&self, from: &Tensor<T>, direction: &Tensor<T>) -> Result<Tensor<T>> {
        let adjoint = Tensor::zeros(self.array()?.shape()).as_variable();
        let product = self.pulled_back(&adjoint, &[from])?.remove(0);
        Ok(product.pulled_back(direction, &[&adjoint])?.remove(0))
    }

    fn seed(&self) -> Result<Tensor<T>> {
        self.item()?;
        Ok(Tensor::full(self.shape(), T::of(1.0)))
    }

    fn backward(&self, seed: &Tensor<T>, wanted: &[&Tensor<T>], is_kept: bool) -> Result<Vec<Tensor<T>>> {
        self.array()?;
        for tensor in wanted {
            tensor.array()?;
            if !tensor.is_tracked() {
                return Err(Error::Input("a derivative is wanted in a tensor that is no variable".into()));
            }
        }
        let walk = BackwardWalk::from(self, wanted);
        let mut adjoints: Vec<Option<Tensor<T>>> = vec![None; walk.tensors.len()];
        if let Some(last) = adjoints.last_mut() {
            *last = Some(seed.clone());
        }
        let constant = |tensor: &Tensor<T>| if is_kept { tensor.clone() } else { tensor.detached() };
        let mut found = vec![None; wanted.len()];
        for (place, tensor) in walk.tensors.iter().enumerate().rev() {
            let Some(adjoint) = adjoints[place].take() else { continue };
            for (n, _) in wanted.iter().enumerate().filter(|(_, other)| Arc::ptr_eq(&other.0, &tensor.0)) {
                found[n] = Some(adjoint.clone());
            }
            let Some(origin) = &tensor.0.origin else { continue };
            let inputs: Vec<Tensor<T>> = origin.inputs.iter().map(constant).collect();
            let step = PullbackStep { inputs: &inputs, value: &constant(tensor), adjoint: &adjoint };
            for (i, input) in origin.inputs.iter().enumerate() {
                let Some(&to) = walk.places.get(&Arc::as_ptr(&input.0)) else { continue };
                let Some(part) = (origin.pullback)(&step, i) else { continue };
                part.array()?;
                adjoints[to] = Some(match adjoints[to].take() {
                    Some(others) => others + part,
                    None => part,
                });
            }
        }
        let zeros = |(found, tensor): (Option<Tensor<T>>, &&Tensor<T>)| {
            found.unwrap_or_else(|| Tensor::zeros(tensor.shape()))
        };
        Ok(found.into_iter().zip(wanted).map(zeros).collect())
    }
}

/// The tensors between a result and the wanted ones, each behind its operands.
struct BackwardWalk<T: TensorElement> {
    tensors: Vec<Tensor<T>>,
    places: HashMap<*const super::node::TensorNode<T>, usize>,
}

impl<T: TensorElement> BackwardWalk<T> {
    /// In the order of a walk that goes into each tensor's operands first: it depends on the graph alone.
    fn from(result: &Tensor<T>, wanted: &[&Tensor<T>]) -> BackwardWalk<T> {
        let mut walk = BackwardWalk { tensors: Vec::new(), places: HashMap::new() };
        let mut seen = std::collections::HashSet::new();
        let mut stack = vec![(result, false)];
        while let Some((tensor, is_entered)) = stack.pop() {
            let at = Arc::as_ptr(&tensor.0);
            let inputs = tensor.0.origin.as_ref().map_or(&[][..], |origin| &origin.inputs);
            if is_entered {
                let leads = wanted.iter().any(|other| Arc::ptr_eq(&other.0, &tensor.0))
                    || inputs.iter().any(|input| walk.places.contains_key(&Arc::as_ptr(&input.0)));
                if leads {
                    walk.places.insert(at, walk.tensors.len());
                    walk.tensors.push(tensor.clone());
                }
            } else if tensor.is_tracked() && seen.insert(at) {
                stack.push((tensor, true));
                stack.extend(inputs.iter().rev().map(|input| (input, false)));
            }
        }
        walk
    }
}
