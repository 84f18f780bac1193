//! What runs on a GPU; for now its text. Uses scenes and everything above them.
//!
//! [`shader`] writes a scene's field as WGSL or GLSL.

mod language;
pub mod shader;
mod shadertoy;
