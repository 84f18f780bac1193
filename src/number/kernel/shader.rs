//! How a shader computes a kernel.

use std::borrow::Cow;
use std::sync::Arc;

/// A call, in a shader, of a function that computes a kernel's output from its inputs.
///
/// The function is called `field_NAME`; it takes the inputs as floats, and behind them the numbers as whole ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Shader {
    /// The function's name, without its `field_`: equal names have equal texts.
    pub function: Cow<'static, str>,
    /// Whole numbers it takes behind the inputs.
    pub numbers: [u8; 4],
    /// The function, and what else it needs, in WGSL.
    pub wgsl: Cow<'static, str>,
    /// The same in GLSL, if it can be had there.
    pub glsl: Option<Cow<'static, str>>,
    /// The functions that the text calls, each before those that call it.
    pub calls: Vec<Shader>,
    /// Numbers that it reads: the text calls `field_NAME_number(i)`, i an `i32`, which is written for it. On the GPU they
    /// are in a texture; a text that stands by itself has them in it, if they are few.
    pub data: Option<Arc<[f32]>>,
}
