//! Arrays of numbers with derivatives: [`Tensor`]. Uses numbers.
//!
//! A tensor is a node of a graph, an operation and its operands, as a field is; its numbers are an array of `ndarray`'s. Every
//! operation stands beside its derivative, which is written in operations too: there is no end to differentiating. Those that
//! go number by number are the operations of [`Op`](crate::number::Op), with that one's rules, and so a field runs on tensors.
//!
//! `node` has the graph, `backward` the way back; `layout` and `piece` are how numbers are read and worked on, `product` how
//! matrices are multiplied.

mod activate;
mod arrange;
mod backward;
mod convolve;
mod element;
mod features;
mod gather;
mod layout;
mod linear;
mod losses;
mod named;
mod node;
mod norm;
mod piece;
mod pointwise;
mod product;
mod reduce;

pub use super::HashGridSize;
pub use convolve::{Conv2d, Windows};
pub use element::TensorElement;
pub use features::{FourierFeatures, HashGrid};
pub use linear::{LinearLayer, Perceptron};
pub use named::NamedTensors;
pub use node::{Tensor, TensorData};
pub use norm::BatchNorm;
