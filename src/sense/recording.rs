//! What the probes of a scene read, and what is made of it, over a span of time.

use super::{Clock, follow};
use crate::error::{Error, Result};
use crate::field::Field;
use crate::scene::{Channel, Probe, Scene, Way};
use rayon::prelude::*;

/// All that a scene's probes read, and what is made of it, at the ticks of a clock.
///
/// The same scene and the same clock give the same numbers, bit for bit, whatever the number of threads.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The clock.
    pub clock: Clock,
    /// The probes, in the order of the scene's.
    pub probes: Vec<ProbeTracks>,
    /// What went wrong and was got over, each once, with its line of the scene: a channel that was no number and was
    /// held at its last good value, a particle that found no way on and stands.
    pub faults: Vec<Error>,
}

/// What one probe reads and what is made of it.
#[derive(Clone, Debug)]
pub struct ProbeTracks {
    /// The probe's name.
    pub name: String,
    /// Where it is, at each tick.
    pub places: Vec<[f64; 3]>,
    /// What it reads there: `f`, `fx`, `fy`, `fz`, `ft`, `normal_speed`, `mean_curvature`, `gaussian_curvature`, and
    /// what the scene has named. They are as they are, held nowhere.
    pub readings: Vec<Track>,
    /// What is made of it: channels, called by their sense and name, as `tone.pitch`.
    pub channels: Vec<Track>,
}

/// A number over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Its name.
    pub name: String,
    /// Its unit, where it has one.
    pub unit: &'static str,
    /// The least and the greatest value it may have; infinite, where there is none.
    pub range: [f64; 2],
    /// Its value at each tick.
    pub values: Vec<f64>,
}

/// What a probe reads of its field, in that order.
const READINGS: [(&str, &str); 8] = [
    ("f", "lengths"),
    ("fx", ""),
    ("fy", ""),
    ("fz", ""),
    ("ft", "lengths/s"),
    ("normal_speed", "lengths/s"),
    ("mean_curvature", "1/lengths"),
    ("gaussian_curvature", "1/lengths²"),
];

impl Recording {
    /// Plays a scene's probes over a span of time.
    ///
    /// An error where the scene has none, or where a particle does not start at a surface that it is to stay on.
    pub fn of(scene: &Scene, clock: &Clock) -> Result<Recording> {
        if scene.probes().is_empty() {
            let problem = "has no probe: probe(\"name\", [x, y, z]) makes one";
            return Err(Error::File { path: scene.file().into(), problem: problem.into() });
        }
        Recording::of_probes(scene, &scene.probes().iter().collect::<Vec<_>>(), clock)
    }

    /// Plays some of a scene's probes.
    pub(super) fn of_probes(scene: &Scene, probes: &[&Probe], clock: &Clock) -> Result<Recording> {
        let played: Vec<_> = probes.par_iter().map(|probe| ProbeTracks::of(scene, probe, clock)).collect();
        let mut recording = Recording { clock: *clock, probes: Vec::new(), faults: Vec::new() };
        for played in played {
            let (probe, faults) = played?;
            recording.probes.push(probe);
            recording.faults.extend(faults);
        }
        Ok(recording)
    }

    /// The probe of that name, if there is one.
    pub fn probe(&self, name: &str) -> Option<&ProbeTracks> {
        self.probes.iter().find(|probe| probe.name == name)
    }
}

impl ProbeTracks {
    fn of(scene: &Scene, probe: &Probe, clock: &Clock) -> Result<(ProbeTracks, Vec<Error>)> {
        let times: Vec<f64> = (0..clock.count()).map(|tick| clock.at(tick)).collect();
        let mut faults = Vec::new();
        let places = match &probe.way {
            Way::Along(way) => {
                let at: Vec<[f64; 4]> = times.iter().map(|&t| [0.0, 0.0, 0.0, t]).collect();
                let columns = scene.tape_of(&way.0)?.at(scene.shared_values()).eval(&at);
                let mut places: Vec<[f64; 3]> =
                    (0..at.len()).map(|n| [0, 1, 2].map(|i: usize| columns[i][n])).collect();
                faults.extend(held_places(scene, probe, &times, &mut places));
                places
            }
            Way::Follow(follow) => {
                let (places, fault) = follow::places(scene, probe, follow, clock)?;
                faults.extend(fault);
                places
            }
        };
        let field = &probe.field;
        let mut fields: Vec<Field> = vec![field.clone()];
        fields.extend(field.gradient());
        fields.extend([field.normal_speed(), field.mean_curvature(), field.gaussian_curvature()]);
        fields.extend(probe.reads.iter().map(|(_, field)| field.clone()));
        fields.extend(probe.channels.iter().map(|channel| channel.value.clone()));
        let at: Vec<[f64; 4]> = places.iter().zip(&times).map(|([x, y, z], t)| [*x, *y, *z, *t]).collect();
        let mut columns = scene.tape_of(&fields)?.at(scene.shared_values()).eval(&at);
        let values = columns.split_off(READINGS.len() + probe.reads.len());
        let track = |(name, unit): (String, &'static str), values| Track {
            name,
            unit,
            range: [f64::NEG_INFINITY, f64::INFINITY],
            values,
        };
        let own = READINGS.map(|(name, unit)| (name.to_string(), unit)).into_iter();
        let named = probe.reads.iter().map(|(name, _)| (name.clone(), ""));
        let readings = own.chain(named).zip(columns).map(|(name, values)| track(name, values)).collect();
        let mut channels = Vec::new();
        for (channel, mut values) in probe.channels.iter().zip(values) {
            faults.extend(held(scene, probe, channel, &at, &mut values));
            let [low, high] = channel.range;
            values.iter_mut().for_each(|value| *value = value.clamp(low, high));
            smoothed(&mut values, channel.smooth * clock.rate());
            let (name, unit) = (channel.name(), channel.meaning.unit);
            channels.push(Track { name, unit, range: channel.range, values });
        }
        Ok((ProbeTracks { name: probe.name.clone(), places, readings, channels }, faults))
    }

    /// What it reads, or what is made of it, by name.
    pub fn track(&self, name: &str) -> Option<&Track> {
        self.readings.iter().chain(&self.channels).find(|track| track.name == name)
    }
}

/// Holds each value that is not finite at the last one that was, or, before there was one, at what of the channel's
/// range is nearest to 0; says where the first of them was.
fn held(
    scene: &Scene,
    probe: &Probe,
    channel: &Channel,
    at: &[[f64; 4]],
    values: &mut [f64],
) -> Option<Error> {
    let first = values.iter().position(|value| !value.is_finite())?;
    let gave = values[first];
    let [low, high] = channel.range;
    let mut last = 0.0f64.clamp(low, high);
    for value in values {
        if value.is_finite() {
            last = *value;
        } else {
            *value = last;
        }
    }
    let [x, y, z, t] = at[first];
    let fault = channel.value.fault_at(at[first]).ok().flatten();
    let place =
        fault.as_ref().and_then(|fault| fault.path.iter().rev().find_map(|node| scene.place_of(node)));
    let why =
        fault.as_ref().filter(|fault| !fault.is_slope).map_or(String::new(), |fault| format!(": {fault}"));
    let (name, channel_name) = (&probe.name, channel.name());
    let problem = format!(
        "probe {name}: {channel_name} is {gave} at t = {t}, at ({x}, {y}, {z}){why}; it is held at its last good value"
    );
    Some(scene.error_at(place.unwrap_or(&channel.place), problem))
}

/// The same of places; one before the first good one is the first good one.
fn held_places(scene: &Scene, probe: &Probe, times: &[f64], places: &mut [[f64; 3]]) -> Option<Error> {
    let is_good = |place: &[f64; 3]| place.iter().all(|part| part.is_finite());
    let first = places.iter().position(|place| !is_good(place))?;
    let mut last = places.iter().copied().find(is_good).unwrap_or_default();
    for place in &mut *places {
        if is_good(place) {
            last = *place;
        } else {
            *place = last;
        }
    }
    let (name, t) = (&probe.name, times[first]);
    let problem = format!("probe {name} is at no place at t = {t}; it is held where it last was");
    Some(scene.error_at(&probe.place, problem))
}

/// A filter of one pole, with a time constant in ticks: what is left of a step falls to 1/e in that time.
fn smoothed(values: &mut [f64], ticks: f64) {
    if ticks <= 0.0 {
        return;
    }
    let share = -(-1.0 / ticks).exp_m1();
    let mut last = values.first().copied().unwrap_or_default();
    for value in values {
        last += share * (*value - last);
        *value = last;
    }
}
