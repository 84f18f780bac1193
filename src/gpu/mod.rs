//! What runs on a GPU. Uses scenes and everything above them.
//!
//! [`shader`] writes a scene's field as WGSL or GLSL. The rest needs the feature `gpu`: [`Gpu`] is a device, and
//! [`Points`] evaluates fields on it.

#[cfg(feature = "gpu")]
mod device;
mod language;
#[cfg(feature = "gpu")]
mod points;
pub mod shader;
mod shadertoy;

#[cfg(feature = "gpu")]
pub use device::Gpu;
#[cfg(feature = "gpu")]
pub use points::Points;
#[cfg(feature = "gpu")]
pub use wgpu;
