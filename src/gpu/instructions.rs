//! Tapes' lines in a texture, for an interpreter to run.

use super::device::Gpu;
use super::frame;
use super::interpreter::{self, ROW};
use crate::error::Result;
use crate::render::Size;
use crate::tape::Tape;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// The lines of some tapes, one tape behind the other.
pub(super) struct InstructionTexture {
    lines: Vec<interpreter::ShaderLine>,
    /// The first line of each tape and the one behind its last, by where the tape is.
    places: HashMap<*const Tape, [u32; 2]>,
}

/// The most rows of lines: 64 MiB.
const MAX_ROWS: usize = 4096;

impl InstructionTexture {
    /// The lines of tapes whose time is fixed; none if they are too many, or need too many registers.
    pub fn of<'t>(gpu: &Gpu, tapes: impl Iterator<Item = &'t Arc<Tape>>) -> Option<InstructionTexture> {
        let most = ROW * MAX_ROWS.min(gpu.device().limits().max_texture_dimension_2d as usize);
        let mut places = HashMap::new();
        let unlike: Vec<&Arc<Tape>> =
            tapes.filter(|tape| places.insert(Arc::as_ptr(tape), [0; 2]).is_none()).collect();
        if unlike.iter().map(|tape| tape.len()).sum::<usize>() > most {
            return None;
        }
        let written: Vec<_> =
            unlike.par_iter().map(|tape| interpreter::lines(tape)).collect::<Option<_>>()?;
        let mut lines = Vec::with_capacity(written.iter().map(Vec::len).sum());
        for (tape, own) in unlike.into_iter().zip(written) {
            let first = lines.len() as u32;
            lines.extend(own);
            places.insert(Arc::as_ptr(tape), [first, lines.len() as u32]);
        }
        (lines.len() <= most).then_some(InstructionTexture { lines, places })
    }

    /// What the lines do.
    pub fn codes(&self) -> interpreter::Codes {
        interpreter::codes_of(&self.lines)
    }

    /// Where a tape's lines are: the first, and the one behind the last.
    pub fn place(&self, tape: &Arc<Tape>) -> [u32; 2] {
        self.places.get(&Arc::as_ptr(tape)).copied().unwrap_or_default()
    }

    /// The texture that holds them.
    pub fn texture(&self, gpu: &Gpu) -> Result<wgpu::Texture> {
        let size = Size { width: ROW, height: self.lines.len().div_ceil(ROW).max(1) };
        let mut words: Vec<u32> = self.lines.as_flattened().to_vec();
        words.resize(4 * size.pixels(), 0);
        let words: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        frame::filled(gpu, size, wgpu::TextureFormat::Rgba32Uint, &words)
    }
}
