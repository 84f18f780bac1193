//! Pictures on the CPU. Uses numbers, fields and tapes.

mod image;
mod slice;

pub use image::Image;
pub use slice::Slice;
