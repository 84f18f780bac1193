//! Learned fields, and the small engine at the root. Uses numbers and fields.
//!
//! [`Scalars`] is a tape of single numbers, to learn from how derivatives go backwards. A [`Network`] is a function of x, y,
//! z and t made of weighted sums and [`Activation`]s, and a kernel: its field is composed, bounded, drawn and fitted like
//! any other. [`crate::fit`] has what trains one on a shape. `tensor` (feature `ndarray`) has arrays of numbers with
//! derivatives of any order, and the layers of other networks.
//!
//! `encoding` is what may stand before a network's layers, a hash grid. `precision` and `product` are the arithmetic of columns of points, `forward` and `backward` the ways through a network,
//! `range` and `affine` its bounds.

mod activation;
mod affine;
mod backward;
mod encoding;
mod encoding_range;
mod encoding_shader;
mod forward;
mod kernel;
mod loss;
mod network;
mod precision;
mod product;
mod range;
mod safetensors;
mod scalar;
mod shader;
#[cfg(feature = "ndarray")]
pub mod tensor;
mod waves;

pub use activation::Activation;
pub use encoding::HashGridSize;
pub use kernel::neural;
pub(crate) use loss::{Batch, POINTS, PassMemory, ReadWeights, SentToGrid, Weights, add_to_table};
pub use network::{Layer, Network};
pub use scalar::{Mark, Operand, Scalars, Value};
