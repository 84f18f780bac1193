//! Pictures of one number a pixel, as masks and depth images are.

use super::Size;
use crate::error::{Error, Result};
use std::io::Cursor;

/// One number a pixel of a PNG file, row by row from the top.
pub(crate) struct PngSamples {
    pub(crate) size: Size,
    pub(crate) numbers: Vec<u16>,
    /// The greatest number there may be: 255 or 65535.
    pub(crate) most: u16,
}

impl PngSamples {
    /// How opaque each pixel of a PNG file's bytes is, or how bright where all are; none of a picture in colours.
    pub(crate) fn of_png(bytes: &[u8]) -> Result<Option<PngSamples>> {
        let read = || -> std::result::Result<Option<PngSamples>, png::DecodingError> {
            let mut decoder = png::Decoder::new(Cursor::new(bytes));
            decoder.set_transformations(png::Transformations::EXPAND);
            let mut reader = decoder.read_info()?;
            let mut samples = vec![0; reader.output_buffer_size().unwrap_or(0)];
            let info = reader.next_frame(&mut samples)?;
            let (channels, bytes) = (info.color_type.samples(), info.bit_depth as usize / 8);
            let pixels = samples[..info.buffer_size()].chunks_exact(channels * bytes);
            let is_grey = |pixel: &[u8]| pixel.chunks_exact(bytes).all(|channel| channel == &pixel[..bytes]);
            if channels == 3 && !pixels.clone().all(is_grey) {
                return Ok(None);
            }
            // Alpha is the last of two or four.
            let number = |pixel: &[u8]| match pixel[(channels - 1) * bytes..] {
                [high, low, ..] => u16::from_be_bytes([high, low]),
                [own] => u16::from(own),
                [] => 0,
            };
            let size = Size { width: info.width as usize, height: info.height as usize };
            let numbers = pixels.map(number).collect();
            Ok(Some(PngSamples { size, numbers, most: if bytes == 2 { u16::MAX } else { 255 } }))
        };
        read().map_err(|error| Error::Input(format!("this is no PNG picture: {error}")))
    }
}
