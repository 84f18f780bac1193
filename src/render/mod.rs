//! Pictures on the CPU. Uses numbers, fields and tapes.

mod image;
pub mod march;
mod rays;
mod slice;

pub use image::Image;
pub use rays::{Lens, Size};
pub use slice::Slice;
