//! A differentiable 4D signed-distance-field engine.

pub mod error;
pub mod field;
pub mod measure;
pub mod number;
pub mod shape;
pub mod tape;

pub use error::{Error, Place, Result};
pub use field::Field;

/// Everything a program that builds fields needs.
pub mod prelude {
    pub use crate::error::{Error, Result};
    pub use crate::field::*;
    pub use crate::measure::{Bounds, Contact, Estimate, Hit, Measures, Ray, first_contact};
    pub use crate::number::{Dual, Interval, Kernel, Smooth};
    pub use crate::shape::*;
}
