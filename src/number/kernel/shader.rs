//! How a shader computes a kernel.

use std::borrow::Cow;
use std::sync::Arc;

/// A call, in a shader, of a function that computes a kernel's output from its inputs.
///
/// The function is called `field_NAME`; it takes the inputs, and behind them the numbers, and where there is data the
/// place in the buffer at which that begins. In WGSL it reads the buffer as `field_data[i]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Shader {
    /// The function's name, without its `field_`: equal names have equal texts.
    pub function: Cow<'static, str>,
    /// Whole numbers it takes behind the inputs.
    pub numbers: [u8; 4],
    /// The function, and what else it needs, in WGSL.
    pub wgsl: Cow<'static, str>,
    /// The same in GLSL, if it can be had there: Shadertoy has no buffers.
    pub glsl: Option<Cow<'static, str>>,
    /// Numbers that it reads.
    pub data: Option<ShaderData>,
}

/// Numbers that a kernel's shader reads from a buffer; equal ones, by address, are handed over once.
#[derive(Clone, Debug, PartialEq)]
pub struct ShaderData(pub Arc<[f32]>);
