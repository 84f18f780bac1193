//! Textures to draw a picture in, and what is in them.

use super::device::{Gpu, numbers};
use super::program::{DEPTHS, PICTURE};
use crate::error::{Error, Result};
use crate::render::Size;

/// What one picture is drawn in. Kept for the next of the same size.
pub(super) struct FrameTextures {
    pub size: Size,
    /// How many rays a pixel has across.
    pub side: usize,
    /// How deep rays go, and how often the field was looked at.
    pub depths: wgpu::Texture,
    /// The colours of one ray a pixel, and those of all.
    pub pictures: [wgpu::Texture; 2],
}

impl FrameTextures {
    pub fn new(gpu: &Gpu, size: Size, side: usize) -> Result<FrameTextures> {
        let fine = Size { width: side * size.width, height: side * size.height };
        let depths = texture(gpu, fine, 1, DEPTHS)?;
        // The second is drawn into only where pixels have several rays.
        let second = if side > 1 { size } else { Size { width: 1, height: 1 } };
        let pictures = [texture(gpu, size, 1, PICTURE)?, texture(gpu, second, 1, PICTURE)?];
        gpu.check()?;
        Ok(FrameTextures { size, side, depths, pictures })
    }

    /// The texture that holds the picture when it is done.
    pub fn done(&self) -> &wgpu::Texture {
        &self.pictures[usize::from(self.side > 1)]
    }
}

/// An empty texture of some layers.
pub(super) fn texture(
    gpu: &Gpu,
    size: Size,
    layers: usize,
    format: wgpu::TextureFormat,
) -> Result<wgpu::Texture> {
    let limits = gpu.device().limits();
    let Size { width, height } = size;
    if width.max(height) > limits.max_texture_dimension_2d as usize
        || layers > limits.max_texture_array_layers as usize
    {
        let most = limits.max_texture_dimension_2d;
        return Err(Error::Unsupported(format!(
            "{width}×{height} rays are more than the GPU {} draws: {most} each way",
            gpu.name()
        )));
    }
    Ok(gpu.device().create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d {
            width: width as u32,
            height: height as u32,
            depth_or_array_layers: layers as u32,
        },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT
            | wgpu::TextureUsages::TEXTURE_BINDING
            | wgpu::TextureUsages::COPY_SRC
            | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    }))
}

/// A texture with some pixels of 16 bytes each, row by row.
pub(super) fn filled(
    gpu: &Gpu,
    size: Size,
    format: wgpu::TextureFormat,
    pixels: &[u8],
) -> Result<wgpu::Texture> {
    let made = texture(gpu, size, 1, format)?;
    let layout = wgpu::TexelCopyBufferLayout {
        offset: 0,
        bytes_per_row: Some(16 * size.width as u32),
        rows_per_image: None,
    };
    gpu.queue().write_texture(made.as_image_copy(), pixels, layout, made.size());
    Ok(made)
}

/// The same, of four numbers each.
pub(super) fn colored(gpu: &Gpu, size: Size, pixels: &[f32]) -> Result<wgpu::Texture> {
    filled(gpu, size, PICTURE, &super::device::bytes(pixels))
}

/// A view of a whole texture of one layer.
pub(super) fn view(of: &wgpu::Texture) -> wgpu::TextureView {
    of.create_view(&Default::default())
}

/// What is in a texture once all work is done: its numbers, row by row.
pub(super) fn read(gpu: &Gpu, texture: &wgpu::Texture) -> Result<Vec<f32>> {
    let (width, height) = (texture.width() as usize, texture.height() as usize);
    let row = width * if texture.format() == PICTURE { 16 } else { 8 };
    let padded = row.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT as usize);
    let buffer = gpu.device().create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: (padded * height) as u64,
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let layout =
        wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(padded as u32), rows_per_image: None };
    let to = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
    let mut encoder = gpu.device().create_command_encoder(&Default::default());
    encoder.copy_texture_to_buffer(texture.as_image_copy(), to, texture.size());
    gpu.queue().submit([encoder.finish()]);
    let bytes = gpu.read(&buffer)?;
    Ok(bytes.chunks(padded).flat_map(|padded| numbers(&padded[..row])).collect())
}
