//! Tones as they are heard while somebody moves through their time.

use super::oscillator::Oscillator;
use super::tone::{Between, Moment, Tone};
use super::{Clock, Recording};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// The tones of a recording, heard where its time is: by the clock, faster, backwards, or standing still.
///
/// One side says what is heard and when; the other, the thread of a sound device, takes the samples with a
/// [`LivePlayer`]. Whatever changes in between, another recording, another time, silence, is followed within
/// milliseconds and does not click.
///
/// ```
/// use fieldgrad::prelude::*;
/// use fieldgrad::sense::{Clock, LiveSound, Recording};
/// use std::time::Instant;
///
/// let scene = Scene::from_text("let p = probe(\"p\", [1, 0, 0]); tone(p, #{ pitch: 440 }); show(sphere(1));", "a.rhai")?;
/// let live = LiveSound::default();
/// let (mut player, mut samples) = (live.player(48_000), vec![0.0; 2 * 4800]);
/// live.hear(&Recording::of(&scene, &Clock::new(0.0, 1.0, 250.0)?)?);
/// live.move_to(0.5, 0.0); // it stands still, and sounds
/// player.fill(&mut samples, 2, Instant::now());
/// assert!(samples.iter().any(|sample| sample.abs() > 0.3));
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct LiveSound(Arc<Mutex<Playing>>);

/// The tones that are to be heard, and where in time they are.
#[derive(Clone, Debug, Default)]
struct Playing {
    tones: Arc<Vec<Tone>>,
    clock: Option<Clock>,
    /// The time that the tones had at an instant, and how fast it goes since.
    time: f64,
    speed: f64,
    since: Option<Instant>,
}

impl LiveSound {
    /// From now on these tones are heard.
    pub fn hear(&self, recording: &Recording) {
        let tones = Arc::new(Tone::all(recording));
        self.change(|heard| (heard.tones, heard.clock) = (tones, Some(recording.clock)));
    }

    /// From now on nothing is heard.
    pub fn silence(&self) {
        self.change(|heard| heard.tones = Arc::default());
    }

    /// The time is this now, in seconds, and goes on so fast: 1 is by the clock, 0 stands still.
    pub fn move_to(&self, time: f64, speed: f64) {
        self.move_at(time, speed, Instant::now());
    }

    fn move_at(&self, time: f64, speed: f64, now: Instant) {
        self.change(|heard| (heard.time, heard.speed, heard.since) = (time, speed, Some(now)));
    }

    /// One that takes its samples, so many a second.
    pub fn player(&self, rate: u32) -> LivePlayer {
        let share = -(-1.0 / (FOLLOWS * f64::from(rate))).exp_m1();
        let (live, heard) = (self.clone(), Playing::default());
        LivePlayer { live, heard, rate, share, time: 0.0, voices: Vec::new() }
    }

    fn change(&self, change: impl FnOnce(&mut Playing)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The time in seconds in which a tone makes up for all but 1/e of what changed at once.
const FOLLOWS: f64 = 0.005;
/// How far, in seconds on a clock, a player's time may be from what it is told before it jumps there.
const ASTRAY: f64 = 0.1;
/// What of that it makes up for in a call.
const MADE_UP: f64 = 0.1;
/// An amplitude that nobody hears.
const INAUDIBLE: f64 = 1e-7;

/// The samples of a [`LiveSound`].
#[derive(Debug)]
pub struct LivePlayer {
    live: LiveSound,
    /// What was said last.
    heard: Playing,
    rate: u32,
    /// The part of a change that one sample makes up for.
    share: f64,
    time: f64,
    voices: Vec<Voice>,
}

/// A tone that sounds.
#[derive(Clone, Debug)]
struct Voice {
    oscillator: Oscillator,
    now: Moment,
}

impl LivePlayer {
    /// The next samples, those of one time beside each other: the left and the right in the first two channels, their
    /// mean where there is but one, silence in others.
    ///
    /// It waits for nobody: where something is being said at this moment, it goes on as it was told before.
    pub fn fill(&mut self, samples: &mut [f32], channels: usize, now: Instant) {
        if let Ok(heard) = self.live.0.try_lock() {
            self.heard = heard.clone();
        }
        let Some(clock) = self.heard.clock else { return samples.fill(0.0) };
        let speed = self.heard.speed;
        let passed = self.heard.since.map_or(0.0, |since| now.saturating_duration_since(since).as_secs_f64());
        let astray = self.heard.time + speed * passed - self.time;
        let mut step = speed / f64::from(self.rate);
        let count = samples.len() / channels.max(1);
        if speed == 0.0 || astray.abs() > ASTRAY * speed.abs() {
            self.time += astray;
        } else {
            step += MADE_UP * astray / count.max(1) as f64;
        }
        let tones = self.heard.tones.clone();
        while self.voices.len() < tones.len() {
            let begins = tones[self.voices.len()].at(&Between::ticks(self.tick(&clock)));
            self.voices.push(Voice { oscillator: Oscillator::default(), now: begins.scaled(0.0) });
        }
        for frame in samples.chunks_mut(channels.max(1)) {
            let between = Between::ticks(self.tick(&clock));
            let mut sum = [0.0; 2];
            for (n, voice) in self.voices.iter_mut().enumerate() {
                // One that is no more fades out as it was.
                let wanted = match tones.get(n) {
                    Some(tone) => tone.at(&between).scaled(1.0 / tones.len() as f64),
                    None => voice.now.scaled(0.0),
                };
                let own = voice.next(&wanted, self.share, f64::from(self.rate));
                sum = [sum[0] + own[0], sum[1] + own[1]];
            }
            self.time += step;
            frame.fill(0.0);
            // While tones come and go their shares may be more than all there is.
            match frame {
                [one] => *one = (0.5 * (sum[0] + sum[1])).clamp(-1.0, 1.0) as f32,
                [left, right, ..] => [*left, *right] = sum.map(|side| side.clamp(-1.0, 1.0) as f32),
                [] => {}
            }
        }
        let is_heard = |voice: &Voice| voice.now.sides.iter().any(|side| *side > INAUDIBLE);
        while self.voices.len() > tones.len() && !self.voices.last().is_some_and(is_heard) {
            self.voices.pop();
        }
    }

    /// Where the time is, in ticks.
    fn tick(&self, clock: &Clock) -> f64 {
        (self.time - clock.from()) * clock.rate()
    }
}

impl Voice {
    /// The next sample on both sides, a little nearer to what is wanted.
    fn next(&mut self, wanted: &Moment, share: f64, rate: f64) -> [f64; 2] {
        let follow = |now: &mut f64, wanted: f64| *now += share * (wanted - *now);
        follow(&mut self.now.pitch, wanted.pitch);
        follow(&mut self.now.brightness, wanted.brightness);
        (0..2).for_each(|side| follow(&mut self.now.sides[side], wanted.sides[side]));
        let value = self.oscillator.next(self.now.pitch / rate, self.now.brightness);
        self.now.sides.map(|side| side * value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::Scene;
    use std::time::Duration;

    const RATE: u32 = 48_000;

    fn recording(pitch: &str) -> Recording {
        let tone = format!(
            "let p = probe(\"p\", [0, 0, 0]); tone(p, #{{ pitch: {pitch}, volume: 1, brightness: 0, pan: -1 }});"
        );
        let scene = Scene::from_text(&format!("{tone} show(sphere(1));"), "a.rhai").unwrap();
        Recording::of(&scene, &Clock::new(1.0, 3.0, 250.0).unwrap()).unwrap()
    }

    /// Some calls of a device, each 10 ms after the last, with what is said before each; the left side.
    fn played(live: &LiveSound, begun: Instant, calls: usize, mut before: impl FnMut(usize)) -> Vec<f32> {
        let (mut player, mut all) = (live.player(RATE), Vec::new());
        for call in 0..calls {
            before(call);
            let mut samples = vec![7.0; 2 * 480];
            player.fill(&mut samples, 2, begun + Duration::from_millis(10 * call as u64));
            all.extend(samples.chunks(2).map(|both| both[0]));
        }
        all
    }

    /// The frequency of a tone, by where it rises through 0.
    fn frequency(samples: &[f32]) -> f64 {
        let rises: Vec<f64> = samples
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0)
            .map(|(n, pair)| n as f64 + f64::from(-pair[0] / (pair[1] - pair[0])))
            .collect();
        (rises.len() - 1) as f64 * f64::from(RATE) / (rises[rises.len() - 1] - rises[0])
    }

    #[test]
    fn a_tone_stands_still_is_moved_and_never_clicks() {
        let live = LiveSound::default();
        let heard = played(&live, Instant::now(), 60, |call| match call {
            5 => live.hear(&recording("200 * t")),
            6 => live.move_to(2.0, 0.0),
            20 => live.move_to(1.25, 0.0), // a seek
            30 => live.hear(&recording("1000")),
            45 => live.silence(),
            _ => {}
        });
        let of = |calls: std::ops::Range<usize>| &heard[480 * calls.start..480 * calls.end];
        assert!(of(0..5).iter().all(|sample| *sample == 0.0));
        for (calls, wanted) in [(12..20, 400.0), (24..30, 250.0), (34..45, 1000.0)] {
            let got = frequency(of(calls));
            assert!((got - wanted).abs() < 0.01 * wanted, "{got} where {wanted} is wanted");
        }
        assert!(of(10..45).iter().fold(0.0f32, |most, sample| most.max(sample.abs())) > 0.99);
        assert!(of(58..60).iter().all(|sample| sample.abs() < 1e-6));
        // No step is larger than a tone of 1000 Hz makes, and what a volume that follows in 5 ms adds.
        let most = heard.windows(2).fold(0.0f32, |most, pair| most.max((pair[1] - pair[0]).abs()));
        assert!(f64::from(most) < std::f64::consts::TAU * 1000.0 / f64::from(RATE) + 0.005, "{most}");
    }

    #[test]
    fn time_goes_on_between_what_is_said_and_backwards_too() {
        let live = LiveSound::default();
        live.hear(&recording("200 * t"));
        for (from, speed) in [(1.5, 1.0), (2.5, -1.0), (1.2, 2.0)] {
            let begun = Instant::now();
            live.move_at(from, speed, begun);
            let heard = played(&live, begun, 40, |_| ());
            // A chirp's mean frequency is that of the middle.
            let got = frequency(&heard[480 * 10..480 * 40]);
            let wanted = 200.0 * (from + speed * 0.25);
            assert!((got - wanted).abs() < 6.0, "{speed}: {got} where {wanted} is wanted");
        }
    }

    #[test]
    fn every_count_of_channels_is_filled() {
        let live = LiveSound::default();
        live.hear(&recording("440"));
        live.move_to(1.5, 0.0);
        for channels in [1, 2, 6] {
            let mut samples = vec![7.0; channels * 4800];
            live.player(RATE).fill(&mut samples, channels, Instant::now());
            let most = |channel: usize| {
                samples.iter().skip(channel).step_by(channels).fold(0.0f32, |a, b| a.max(b.abs()))
            };
            let wanted = if channels == 1 { 0.5 } else { 1.0 };
            assert!((most(0) - wanted).abs() < 0.01, "{channels}: {}", most(0));
            (1..channels).for_each(|channel| assert!(most(channel) < 1e-6));
        }
    }
}
