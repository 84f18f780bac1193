//! Images: rows of colours, written whole or not at all.

use crate::error::{Error, Result};
use crate::field::{linear_to_srgb, srgb_to_linear};
use crate::file::write_whole;
use std::io::{Cursor, Write};
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
    /// Reads a PNG file's bytes, in sRGB. What is seen through is as if it was not.
    pub fn from_png(bytes: &[u8]) -> Result<Image> {
        let read = || -> Result<Image, png::DecodingError> {
            let mut decoder = png::Decoder::new(Cursor::new(bytes));
            decoder.set_transformations(png::Transformations::normalize_to_color8());
            let mut reader = decoder.read_info()?;
            let mut samples = vec![0; reader.output_buffer_size().unwrap_or(0)];
            let info = reader.next_frame(&mut samples)?;
            let linear: Vec<f32> = (0..=255).map(|v| srgb_to_linear(f64::from(v) / 255.0) as f32).collect();
            let pixel = |samples: &[u8]| match samples {
                [r, g, b, ..] => [*r, *g, *b].map(|v| linear[usize::from(v)]),
                _ => [linear[usize::from(samples[0])]; 3],
            };
            let pixels = samples[..info.buffer_size()].chunks_exact(info.color_type.samples()).map(pixel);
            let (width, height) = (info.width as usize, info.height as usize);
            Ok(Image { width, height, pixels: pixels.collect() })
        };
        read().map_err(|error| Error::Input(format!("this is no PNG picture: {error}")))
    }

    /// Puts another picture on this one, its left and top at a place. What does not fit is left out.
    pub fn put(&mut self, other: &Image, [left, top]: [usize; 2]) {
        let wide = other.width.min(self.width.saturating_sub(left));
        let rows = other.pixels.chunks(other.width.max(1)).zip(top..self.height);
        for (row, j) in rows.filter(|_| wide > 0) {
            let start = j * self.width + left;
            self.pixels[start..start + wide].copy_from_slice(&row[..wide]);
        }
    }

    /// A part of it, from a place on. What there is not is black.
    pub fn part(&self, [left, top]: [usize; 2], [width, height]: [usize; 2]) -> Image {
        let at = |i: usize, j: usize| match i < self.width && j < self.height {
            true => self.pixels[j * self.width + i],
            false => [0.0; 3],
        };
        let pixels = (0..height).flat_map(|j| (0..width).map(move |i| (i, j)));
        let pixels = pixels.map(|(i, j)| at(left + i, top + j)).collect();
        Image { width, height, pixels }
    }

    /// The picture in sRGB with 8 bits a channel, as screens take it: red, green and blue of each pixel.
    pub fn to_srgb(&self) -> Vec<u8> {
        let screen = |v: f32| (linear_to_srgb(v.clamp(0.0, 1.0) as f64) * 255.0).round() as u8;
        self.pixels.iter().flatten().map(|&v| screen(v)).collect()
    }

    /// The picture as a PNG file, in sRGB with 8 bits a channel.
    pub fn to_png(&self) -> Result<Vec<u8>> {
        self.to_marked_png(None)
    }

    /// The same with a fingerprint in it of what it was made from.
    pub(super) fn to_marked_png(&self, mark: Option<&str>) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut encoder = encoder(&mut bytes, self.width, self.height);
        let written =
            marked(&mut encoder, mark).and_then(|()| encoder.write_header()).and_then(|mut writer| {
                writer.write_image_data(&self.to_srgb())?;
                writer.finish()
            });
        match written {
            Ok(()) => Ok(bytes),
            Err(error) => Err(Error::System(format!("the picture cannot be written as PNG: {error}"))),
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

/// The name of the text in a picture that is a fingerprint of what it was made from.
pub(super) const MARK: &str = "fieldgrad";

/// Puts a fingerprint into a PNG file, if there is one.
pub(super) fn marked<W: Write>(
    encoder: &mut png::Encoder<'_, W>,
    mark: Option<&str>,
) -> Result<(), png::EncodingError> {
    mark.map_or(Ok(()), |mark| encoder.add_text_chunk(MARK.into(), mark.into()))
}

/// An error about a file.
pub(super) fn about(path: &Path, problem: impl ToString) -> Error {
    Error::File { path: path.display().to_string(), problem: problem.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_read_as_they_were_written_put_together_and_cut() {
        let level = |n: usize| srgb_to_linear((n % 256) as f64 / 255.0) as f32;
        let pixels = (0..256).map(|n| [level(n), level(3 * n), level(7 * n)]).collect();
        let image = Image { width: 32, height: 8, pixels };
        let read = Image::from_png(&image.to_png().unwrap()).unwrap();
        assert_eq!(read, image);
        assert!(Image::from_png(b"no picture").is_err());
        let mut large = Image { width: 40, height: 12, pixels: vec![[0.0; 3]; 480] };
        large.put(&image, [5, 3]);
        assert_eq!(large.part([5, 3], [32, 8]), image);
        large.put(&image, [39, 11]);
        assert_eq!(large.part([39, 11], [2, 1]).pixels, [image.pixels[0], [0.0; 3]]);
        large.put(&image, [99, 99]);
    }
}
