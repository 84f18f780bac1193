//! The system's sound device, which plays a [`LiveSound`]. The one file that knows `cpal`.

use super::LiveSound;
use crate::error::{Error, Result};
use std::sync::{Arc, Mutex, PoisonError};

/// A sound device that plays a [`LiveSound`], until it is dropped.
pub struct Speaker {
    name: String,
    problem: Problem,
    _stream: Stream,
}

/// The reason why nothing is heard any more.
type Problem = Arc<Mutex<Option<String>>>;

#[cfg(feature = "audio")]
type Stream = cpal::Stream;
#[cfg(not(feature = "audio"))]
type Stream = std::convert::Infallible;

impl Speaker {
    /// Plays a sound on the system's usual device.
    ///
    /// An error where there is none, where it can play nothing, and in a build without the feature `audio`.
    pub fn start(live: &LiveSound) -> Result<Speaker> {
        start(live)
    }

    /// The device's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Why it plays no more, if it does not: a device can be pulled out.
    pub fn problem(&self) -> Option<String> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(not(feature = "audio"))]
fn start(_: &LiveSound) -> Result<Speaker> {
    Err(Error::Unsupported("this build plays no sound: one made with --features audio does".into()))
}

#[cfg(feature = "audio")]
fn start(live: &LiveSound) -> Result<Speaker> {
    use cpal::SampleFormat as Format;
    use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
    let failed = |error: cpal::Error| Error::System(format!("the sound device: {error}"));
    let device = cpal::default_host().default_output_device();
    let device = device.ok_or_else(|| Error::System("there is no sound device".into()))?;
    let config = device.default_output_config().map_err(failed)?;
    let problem = Problem::default();
    let parts = (&device, config.config(), live, &problem);
    let stream = match config.sample_format() {
        Format::F32 => stream::<f32>(parts),
        Format::F64 => stream::<f64>(parts),
        Format::I8 => stream::<i8>(parts),
        Format::I16 => stream::<i16>(parts),
        Format::I32 => stream::<i32>(parts),
        Format::U8 => stream::<u8>(parts),
        Format::U16 => stream::<u16>(parts),
        Format::U32 => stream::<u32>(parts),
        other => return Err(Error::System(format!("the sound device wants samples of the kind {other}"))),
    };
    let stream = stream.map_err(failed)?;
    stream.play().map_err(failed)?;
    let name = device.description().map_or_else(|_| "the sound device".into(), |about| about.name().into());
    Ok(Speaker { name, problem, _stream: stream })
}

/// A stream whose samples are numbers of a kind.
#[cfg(feature = "audio")]
fn stream<T: cpal::SizedSample + cpal::FromSample<f32>>(
    (device, config, live, problem): (&cpal::Device, cpal::StreamConfig, &LiveSound, &Problem),
) -> std::result::Result<cpal::Stream, cpal::Error> {
    use cpal::ErrorKind::{DeviceChanged, RealtimeDenied, Xrun};
    use cpal::traits::DeviceTrait;
    let mut player = live.player(config.sample_rate);
    let (channels, mut own, problem) = (usize::from(config.channels), Vec::new(), problem.clone());
    let fill = move |samples: &mut [T], _: &cpal::OutputCallbackInfo| {
        own.resize(samples.len(), 0.0f32);
        player.fill(&mut own, channels, std::time::Instant::now());
        samples.iter_mut().zip(&own).for_each(|(sample, value)| *sample = T::from_sample(*value));
    };
    let fail = move |error: cpal::Error| {
        // A buffer that came too late is heard, and over.
        if !matches!(error.kind(), Xrun | DeviceChanged | RealtimeDenied) {
            *problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        }
    };
    device.build_output_stream::<T, _, _>(config, fill, fail, None)
}
