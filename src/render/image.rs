//! Images: rows of colours, written whole or not at all.

use crate::error::{Error, Result};
use crate::field::linear_to_srgb;
use crate::file::write_whole;
use std::io::Write;
use std::path::Path;

/// A picture in memory: rows from the top, colours in linear red, green and blue.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Row by row from the top left.
    pub pixels: Vec<[f32; 3]>,
}

impl Image {
    /// The picture in sRGB with 8 bits a channel, as screens take it: red, green and blue of each pixel.
    pub fn to_srgb(&self) -> Vec<u8> {
        let screen = |v: f32| (linear_to_srgb(v.clamp(0.0, 1.0) as f64) * 255.0).round() as u8;
        self.pixels.iter().flatten().map(|&v| screen(v)).collect()
    }

    /// The picture as a PNG file, in sRGB with 8 bits a channel.
    pub fn to_png(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let written = encoder(&mut bytes, self.width, self.height).write_header().and_then(|mut writer| {
            writer.write_image_data(&self.to_srgb())?;
            writer.finish()
        });
        match written {
            Ok(()) => Ok(bytes),
            Err(error) => Err(Error::Undefined(format!("the picture cannot be written as PNG: {error}"))),
        }
    }

    /// Writes the picture as a PNG file, which is there whole or not at all.
    pub fn save_png(&self, path: &Path) -> Result<()> {
        let bytes = self.to_png()?;
        write_whole(path, |out| out.write_all(&bytes))
    }
}

/// What writes a PNG file as [`Image`]s are written.
pub(super) fn encoder<W: Write>(to: W, width: usize, height: usize) -> png::Encoder<'static, W> {
    let mut encoder = png::Encoder::new(to, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    encoder
}

/// An error about a file.
pub(super) fn about(path: &Path, problem: impl ToString) -> Error {
    Error::File { path: path.display().to_string(), problem: problem.to_string() }
}
