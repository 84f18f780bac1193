//! What runs on a GPU. Uses scenes and everything above them.
//!
//! [`shader`] writes a scene's field as WGSL or GLSL, and [`TextFormat`] names the texts for other programs. The rest needs the feature `gpu`: [`Gpu`] is a device,
//! [`Evaluator`] evaluates fields on it, and [`Painter`] draws the pictures that [`render`](crate::render) draws; a
//! [`Drawer`] does so for as long as the GPU works, and goes over to the CPU.

#[cfg(feature = "gpu")]
mod device;
#[cfg(feature = "gpu")]
mod drawer;
#[cfg(feature = "gpu")]
mod evaluator;
mod export;
#[cfg(feature = "gpu")]
mod frame;
#[cfg(feature = "gpu")]
mod instructions;
#[cfg(feature = "gpu")]
mod interpreter;
#[cfg(feature = "gpu")]
mod making;
#[cfg(feature = "gpu")]
mod numbers;
#[cfg(feature = "gpu")]
mod painter;
#[cfg(feature = "gpu")]
mod program;
pub mod shader;
mod shadertoy;
#[cfg(feature = "gpu")]
mod shot;
#[cfg(feature = "gpu")]
mod work;

#[cfg(feature = "gpu")]
pub use device::Gpu;
#[cfg(feature = "gpu")]
pub use drawer::Drawer;
#[cfg(feature = "gpu")]
pub use evaluator::Evaluator;
pub use export::TextFormat;
#[cfg(feature = "gpu")]
pub use painter::Painter;
#[cfg(feature = "gpu")]
pub use wgpu;
#[cfg(feature = "gpu")]
pub use work::Compiling;
