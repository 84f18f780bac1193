//! The numbers that kernels' functions read: a texture of them, four a texel.

use super::device::Gpu;
use super::frame;
use crate::error::{Error, Result};
use crate::render::Size;

/// How many texels a row has.
const ROW: usize = 2048;

/// The function that reads them, from the texture at a binding.
pub(super) fn reads(binding: u32) -> String {
    format!(
        "@group(0) @binding({binding}) var field_numbers: texture_2d<f32>;\n\n\
         fn field_number(i: i32) -> f32 {{\n    let texel = i / 4;\n    \
         return textureLoad(field_numbers, vec2<i32>(texel % {ROW}, texel / {ROW}), 0)[i % 4];\n}}\n\n"
    )
}

/// The texture; none if there are none. An error if they are more than the GPU holds.
pub(super) fn texture(gpu: &Gpu, numbers: &[f32]) -> Result<Option<wgpu::TextureView>> {
    if numbers.is_empty() {
        return Ok(None);
    }
    let height = numbers.len().div_ceil(4 * ROW);
    if height > gpu.device().limits().max_texture_dimension_2d as usize {
        let problem = format!("kernels read {} numbers, more than the GPU holds in a texture", numbers.len());
        return Err(Error::Unsupported(problem));
    }
    let mut texels = numbers.to_vec();
    texels.resize(4 * ROW * height, 0.0);
    let texture = frame::colored(gpu, Size { width: ROW, height }, &texels)?;
    Ok(Some(texture.create_view(&wgpu::TextureViewDescriptor::default())))
}
