//! The DAG: fields, their arithmetic, remaps, kernels, parameters, materials, names and derivatives.
//! Uses numbers only, and knows nothing of shapes.
//!
//! [`Field`] is in `node`; `fold` makes nodes (constants folded, identities taken), `functions` names the arithmetic,
//! `run` runs a graph on any number type, `size` knows beforehand what that takes, `fault` finds where a NaN begins,
//! `derivative` differentiates a graph, `listing` turns it into a list, `unknowns` is what an optimiser sees of its
//! parameters, and `draw` turns it into a picture, whose boxes stand where `layout` says.

mod derivative;
mod draw;
mod fault;
mod fold;
mod functions;
mod label;
mod layout;
mod linear;
mod listing;
mod material;
mod node;
mod param;
mod run;
mod size;
mod unknowns;
mod vector;

pub use draw::Detail;
pub use fault::Fault;
pub use fold::{kernel, kernel_output};
pub use functions::*;
pub use label::Label;
pub use material::{Color, Material, linear_to_srgb, srgb_to_linear};
pub use node::{Axis, Field, Kind};
pub use param::{Parameter, param, param_in, param_vector};
pub use run::MAX_RUN;
pub use unknowns::Unknowns;
pub use vector::{Points, Vector};

#[cfg(feature = "viewer")]
pub(crate) use draw::Box;
pub(crate) use draw::{GraphDrawing, Role, boxes, short};
pub(crate) use functions::FUNCTIONS;
#[cfg(feature = "viewer")]
pub(crate) use layout::Layout;
pub(crate) use listing::{Listing, declaring, flatten};
pub(crate) use node::{Key, KeyMap, Reads};
pub(crate) use size::allow;
