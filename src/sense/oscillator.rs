//! A tone with overtones that never reaches beyond the frequencies a sound can have.

use std::f64::consts::TAU;

/// The overtones at full brightness: each has so much of the one before.
const MOST: f64 = 0.9;
/// The highest frequency in a sound, in parts of its samples a second: beyond a half it would be heard as another.
const LIMIT: f64 = 0.45;

/// A wave of harmonics of which each has a fixed share of the one before, `sin θ + a·sin 2θ + a²·sin 3θ + …`, cut off
/// at the band's limit; in closed form (Moorer 1976). The last harmonic fades as it comes to the limit, so that none
/// begins or ends at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Oscillator {
    /// Where in its period it is, from 0 to 1.
    phase: f64,
}

impl Oscillator {
    /// The next sample, at most 1 in size, of a frequency in parts of the sample rate, and a brightness.
    pub(super) fn next(&mut self, frequency: f64, brightness: f64) -> f64 {
        let frequency = frequency.clamp(0.0, LIMIT);
        let value = wave(self.phase, frequency, brightness);
        self.phase = (self.phase + frequency).fract();
        value
    }
}

fn wave(phase: f64, frequency: f64, brightness: f64) -> f64 {
    let a = MOST * brightness.clamp(0.0, 1.0);
    let (sin, cos) = (TAU * phase).sin_cos();
    if a == 0.0 {
        return sin;
    }
    // No more than a whole octave of octaves can be heard: what is left of more is below 1e-40.
    let room = if frequency > 0.0 { (LIMIT / frequency).min(1000.0) } else { 1000.0 };
    let count = room.floor();
    let fades = room - count;
    let (sin_n, cos_n) = (TAU * (count * phase).fract()).sin_cos();
    let sin_next = sin_n * cos + cos_n * sin;
    let power = a.powi(count as i32);
    let sum = (sin - power * sin_next + power * a * sin_n) / (1.0 - 2.0 * a * cos + a * a);
    let whole = sum + fades * power * sin_next;
    whole / peak(a, power, fades)
}

/// What the sum never exceeds: that of all its amplitudes; or the peak of the endless sum, 1/(1 − a²), and the
/// amplitudes that are missing from it, if that is less.
fn peak(a: f64, power: f64, fades: f64) -> f64 {
    let amplitudes = (1.0 - power) / (1.0 - a) + fades * power;
    let missing = power / (1.0 - a) - fades * power;
    amplitudes.min(1.0 / (1.0 - a * a) + missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closed_form_is_the_sum_of_its_harmonics_and_stays_within_1() {
        for (frequency, brightness) in
            [(0.01, 1.0), (0.0371, 0.6), (0.2, 0.9), (0.45, 0.5), (0.003, 0.2), (0.1, 0.0)]
        {
            let a: f64 = MOST * brightness;
            let room = LIMIT / frequency;
            let mut most: f64 = 0.0;
            for step in 0..997 {
                let phase = step as f64 / 997.0;
                let harmonic = |k: i32| a.powi(k - 1) * (TAU * phase * f64::from(k)).sin();
                let count = (room + 1e-12).floor() as i32;
                let sum: f64 = (1..=count).map(harmonic).sum::<f64>() + room.fract() * harmonic(count + 1);
                let got = wave(phase, frequency, brightness);
                let power = a.powi(count);
                assert!(
                    (got * peak(a, power, room.fract()) - sum).abs() < 1e-9,
                    "{frequency} {brightness} {phase}"
                );
                most = most.max(got.abs());
            }
            assert!(most <= 1.0 && most > 0.5, "{frequency} {brightness}: {most}");
        }
    }
}
