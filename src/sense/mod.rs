//! Sense: what a field's gradient drives, heard, seen and felt at once. Uses everything above it.
//!
//! A scene's [`Probe`]s read fields where they are; of what they read a scene makes tones, lights and touch. A
//! [`Recording`] is all of that over a span of time, at the ticks of one [`Clock`]: tracks, which `tracks.rs` writes
//! as CSV and JSON, [`Sound`] plays and [`osc`] sends to other programs; a [`LiveSound`] is heard on a [`Speaker`] while
//! its time goes by. [`osc`] and [`midi`] hear what moves parameters.
//!
//! ```
//! use fieldgrad::prelude::*;
//! use fieldgrad::sense::{Clock, Recording};
//!
//! let scene = Scene::from_text(r##"
//!     let ball = sphere(0.5);
//!     let p = probe("p", [2 - t, 0, 0]);
//!     tone(p, #{ pitch: 220 * 2 ** ball, volume: #{ value: 1 - ball, range: [0, 0.8] } });
//!     show(ball);
//! "##, "near.rhai")?;
//! let recording = Recording::of(&scene, &Clock::new(0.0, 1.0, 250.0)?)?;
//! let pitch = recording.probes[0].track("tone.pitch").unwrap();
//! assert_eq!((pitch.values[0], pitch.values[250]), (220.0 * 2.0f64.powf(1.5), 220.0 * 2.0f64.powf(0.5)));
//! # Ok::<(), fieldgrad::Error>(())
//! ```

mod clock;
mod follow;
mod lights;
mod live;
pub mod midi;
pub mod osc;
mod oscillator;
mod recording;
mod sound;
mod speaker;
mod tone;
mod tracks;
mod wav;

pub use clock::Clock;
pub(crate) use lights::PlayedLights;
pub use live::{LivePlayer, LiveSound};
pub use recording::{ProbeTracks, Recording, Track};
pub use sound::Sound;
pub use speaker::Speaker;

#[cfg(doc)]
use crate::scene::Probe;
