//! A tone, as a probe's tracks have it, at any time between two ticks.

use super::{ProbeTracks, Recording};
use std::f64::consts::FRAC_PI_4;

/// The tone of a probe.
#[derive(Debug)]
pub(super) struct Tone {
    pitch: Vec<f64>,
    brightness: Vec<f64>,
    /// The amplitudes on the left and on the right: the volume, panned so that its power stays.
    sides: [Vec<f64>; 2],
}

/// A tone at a time: its pitch in hertz, its brightness, and its amplitudes on the left and on the right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    pub(super) pitch: f64,
    pub(super) brightness: f64,
    pub(super) sides: [f64; 2],
}

impl Tone {
    /// The tones of a recording, in the order of its probes.
    pub(super) fn all(recording: &Recording) -> Vec<Tone> {
        recording.probes.iter().filter_map(Tone::of).collect()
    }

    fn of(probe: &ProbeTracks) -> Option<Tone> {
        let values = |name: &str| probe.track(name).map(|track| track.values.as_slice());
        let (volume, pan) = (values("tone.volume")?, values("tone.pan")?);
        let side = |gain: fn(f64) -> f64| {
            let both = volume.iter().zip(pan);
            both.map(|(volume, pan)| volume * gain((pan + 1.0) * FRAC_PI_4)).collect()
        };
        let sides = [side(f64::cos), side(f64::sin)];
        let (pitch, brightness) = (values("tone.pitch")?.to_vec(), values("tone.brightness")?.to_vec());
        Some(Tone { pitch, brightness, sides })
    }

    pub(super) fn at(&self, at: &Between) -> Moment {
        let sides = self.sides.each_ref().map(|side| at.of(side));
        Moment { pitch: at.of(&self.pitch), brightness: at.of(&self.brightness), sides }
    }
}

impl Moment {
    /// The same, so many times as loud.
    pub(super) fn scaled(self, loud: f64) -> Moment {
        Moment { sides: self.sides.map(|side| loud * side), ..self }
    }
}

/// Between two ticks: which, and how far from the first to the second, eased in and out.
pub(super) struct Between {
    tick: usize,
    part: f64,
}

impl Between {
    /// At a time in ticks; before the first it is at the first.
    pub(super) fn ticks(at: f64) -> Between {
        let at = at.max(0.0);
        let part = at.fract();
        Between { tick: at as usize, part: part * part * (3.0 - 2.0 * part) }
    }

    /// A track there; beyond its last tick it is as at the last.
    pub(super) fn of(&self, values: &[f64]) -> f64 {
        let last = values.len() - 1;
        let (a, b) = (values[self.tick.min(last)], values[(self.tick + 1).min(last)]);
        a + self.part * (b - a)
    }
}
