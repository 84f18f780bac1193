//! Pictures on the CPU. Uses numbers, fields, tapes, letters of the shapes, bounds and scenes.
//!
//! [`picture()`] makes one of a scene and [`Film`] many, as [`Options`] say. `march` finds what rays meet; `light`,
//! `shadow` and `occlusion` say how bright it is, `scale` and `bar` what colour a number has; [`Slice`] cuts fields.

mod bar;
mod film;
mod image;
mod light;
pub mod march;
mod occlusion;
mod options;
mod picture;
mod rays;
mod scale;
mod shadow;
mod slice;

pub use film::{Film, Frames};
pub use image::Image;
pub use options::{Options, Shade};
pub use picture::picture;
pub use rays::{Lens, Size};
pub use scale::Scale;
pub use slice::{Cut, Slice};
