//! WAV files of 32-bit floating-point samples (Microsoft & IBM 1991; the extensible form from three channels on).

use super::Sound;
use crate::error::Result;
use crate::file::write_whole;
use std::path::Path;

/// The format of floating-point numbers, as a number and as what is called by it in the extensible form.
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xFFFE;
const FLOAT_ID: [u8; 16] = [3, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

pub(super) fn save(sound: &Sound, path: &Path) -> Result<()> {
    write_whole(path, |out| {
        out.write_all(&header(sound))?;
        sound.samples.iter().try_for_each(|sample| out.write_all(&sample.to_le_bytes()))
    })
}

/// All that stands before the samples.
fn header(sound: &Sound) -> Vec<u8> {
    let channels = sound.channels.len() as u16;
    let (frame, data) = (4 * u32::from(channels), 4 * sound.samples.len() as u32);
    let is_extended = channels > 2;
    let mut format = Vec::new();
    format.extend(if is_extended { EXTENSIBLE } else { FLOAT }.to_le_bytes());
    format.extend(channels.to_le_bytes());
    format.extend(sound.rate.to_le_bytes());
    format.extend((sound.rate * frame).to_le_bytes());
    format.extend((frame as u16).to_le_bytes());
    format.extend(32u16.to_le_bytes());
    format.extend(if is_extended { 22u16 } else { 0 }.to_le_bytes());
    if is_extended {
        format.extend(32u16.to_le_bytes());
        format.extend(0u32.to_le_bytes()); // the channels are of no loudspeaker
        format.extend(FLOAT_ID);
    }
    let frames = (sound.samples.len() as u32).checked_div(u32::from(channels)).unwrap_or(0);
    let mut header = b"WAVE".to_vec();
    for (name, content) in [(b"fmt ", format), (b"fact", frames.to_le_bytes().to_vec())] {
        header.extend(name);
        header.extend((content.len() as u32).to_le_bytes());
        header.extend(content);
    }
    header.extend(b"data");
    header.extend(data.to_le_bytes());
    let whole = header.len() as u32 + data;
    [b"RIFF".to_vec(), whole.to_le_bytes().to_vec(), header].concat()
}
