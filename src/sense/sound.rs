//! A recording as sound.

use super::oscillator::Oscillator;
use super::tone::{Between, Moment, Tone};
use super::{Recording, Track, wav};
use crate::error::{Error, Result};
use rayon::prelude::*;
use std::path::Path;

/// A sound, or other signals as sounds are kept: samples from -1 to 1 in a few channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Samples a second.
    pub rate: u32,
    /// The names of its channels.
    pub channels: Vec<String>,
    /// The samples, those of one time beside each other, in the order of the channels.
    pub samples: Vec<f32>,
}

/// The sample rates there can be.
const RATES: std::ops::RangeInclusive<u32> = 8000..=192_000;
/// The most samples, of all channels together.
const MAX_SAMPLES: f64 = (1u32 << 29) as f64;
/// The time in seconds in which a sound begins and ends.
const FADES: f64 = 0.004;

impl Sound {
    /// How often a second sounds are sampled where nobody says otherwise.
    pub const RATE: u32 = 48_000;

    /// The tones of a recording, in stereo.
    ///
    /// Each of n tones has an n-th of the full scale, so that none of their sums exceeds it. Between ticks all that
    /// moves a tone moves smoothly. Begins and ends take 4 ms. An error where no probe has a tone.
    pub fn of(recording: &Recording, rate: u32) -> Result<Sound> {
        let count = sample_count(recording, rate, 2)?;
        let tones = Tone::all(recording);
        if tones.is_empty() {
            return Err(Error::Input(
                "no probe of the scene has a tone: tone(probe, #{ pitch: 440 }) makes one".into(),
            ));
        }
        let share = 1.0 / tones.len() as f64;
        let played: Vec<Vec<[f32; 2]>> =
            tones.par_iter().map(|tone| played(tone, recording.clock.rate(), rate, count, share)).collect();
        let mut samples = vec![0.0f32; 2 * count];
        for (n, pair) in samples.chunks_exact_mut(2).enumerate() {
            for side in 0..2 {
                // In the order of the probes. Rounding may not carry a sum beyond what it is in truth.
                let sum: f64 = played.iter().map(|tone| f64::from(tone[n][side])).sum();
                pair[side] = sum.clamp(-1.0, 1.0) as f32;
            }
        }
        Ok(Sound { rate, channels: ["left", "right"].map(String::from).to_vec(), samples })
    }

    /// Every channel of a recording as a control voltage: from 0 to 1 over its range, or from -1 to 1 where that goes
    /// below 0. A pitch goes in octaves, so that equal steps are equal intervals.
    pub fn voltages(recording: &Recording, rate: u32) -> Result<Sound> {
        let tracks: Vec<(String, &Track)> = recording
            .probes
            .iter()
            .flat_map(|probe| {
                probe.channels.iter().map(|track| (format!("{}.{}", probe.name, track.name), track))
            })
            .collect();
        if tracks.is_empty() {
            return Err(Error::Input(
                "no probe of the scene has a channel: tone, light and touch make some".into(),
            ));
        }
        let count = sample_count(recording, rate, tracks.len())?;
        let mut samples = Vec::with_capacity(count * tracks.len());
        for n in 0..count {
            let at = Between::ticks(tick(n, rate, recording.clock.rate()));
            samples.extend(tracks.iter().map(|(_, track)| voltage(track, at.of(&track.values)) as f32));
        }
        Ok(Sound { rate, channels: tracks.into_iter().map(|(name, _)| name).collect(), samples })
    }

    /// How long it is, in seconds.
    pub fn length(&self) -> f64 {
        (self.samples.len() / self.channels.len().max(1)) as f64 / f64::from(self.rate)
    }

    /// The samples of one channel.
    pub fn channel(&self, channel: usize) -> impl Iterator<Item = f32> + '_ {
        self.samples.iter().copied().skip(channel).step_by(self.channels.len())
    }

    /// Writes it as a WAV file of 32-bit floating-point numbers.
    pub fn save_wav(&self, path: &Path) -> Result<()> {
        wav::save(self, path)
    }
}

/// How many samples a channel has.
fn sample_count(recording: &Recording, rate: u32, channels: usize) -> Result<usize> {
    if !RATES.contains(&rate) {
        let (least, most) = (RATES.start(), RATES.end());
        return Err(Error::Input(format!("{rate} samples a second: a sound has from {least} to {most}")));
    }
    let count = (recording.clock.length() * f64::from(rate)).round();
    if count * channels as f64 > MAX_SAMPLES {
        let seconds = recording.clock.length();
        return Err(Error::Input(format!(
            "{seconds} seconds are too long for a sound at {rate} samples a second"
        )));
    }
    Ok(count as usize)
}

fn voltage(track: &Track, value: f64) -> f64 {
    let [low, high] = track.range;
    if high <= low {
        return 0.0;
    }
    match track.name == "tone.pitch" {
        true => (value / low).log2() / (high / low).log2(),
        false if low < 0.0 => value / high.max(-low),
        false => (value - low) / (high - low),
    }
}

/// A tone from the recording's start to its end.
fn played(tone: &Tone, ticks: f64, rate: u32, count: usize, share: f64) -> Vec<[f32; 2]> {
    let mut oscillator = Oscillator::default();
    let fades = FADES * f64::from(rate);
    let sample = |n: usize| {
        let Moment { pitch, brightness, sides } = tone.at(&Between::ticks(tick(n, rate, ticks)));
        let value = oscillator.next(pitch / f64::from(rate), brightness);
        let from_end = (n.min(count - 1 - n) as f64 / fades).min(1.0);
        let value = value * share * from_end * from_end * (3.0 - 2.0 * from_end);
        sides.map(|side| (side * value) as f32)
    };
    (0..count).map(sample).collect()
}

/// Where a sample is, in ticks.
fn tick(sample: usize, rate: u32, ticks: f64) -> f64 {
    sample as f64 / f64::from(rate) * ticks
}
