//! The lights of probes in pictures, where only playing them tells where they are and how bright.

use super::tone::Between;
use super::{Clock, ProbeTracks, Recording};
use crate::error::Result;
use crate::scene::{Probe, Scene, Timeline};
use std::sync::{Mutex, PoisonError};

/// The most ticks that lights are played with.
const MAX_TICKS: f64 = 10_000.0;
/// How much longer than asked for is played, in parts of what was asked: the next picture of a film asks for more.
const AHEAD: f64 = 0.5;

/// The lights of a scene's probes that follow a field, or follow their expression slowly.
pub(crate) struct PlayedLights {
    scene: Scene,
    recording: Mutex<Recording>,
}

/// The way to a light at a time, and its colour times its strength.
type Shining = ([f64; 3], [f64; 3]);

impl PlayedLights {
    /// The lights over the scene's timeline.
    pub(crate) fn of(scene: &Scene) -> Result<PlayedLights> {
        let Timeline { from, to, .. } = scene.timeline();
        Ok(PlayedLights { scene: scene.clone(), recording: Mutex::new(played(scene, from, to)?) })
    }

    /// What each is at a time. Before the timeline they are as at its start; after it they go on.
    pub(crate) fn at(&self, time: f64) -> Result<Vec<Shining>> {
        let mut recording = self.recording.lock().unwrap_or_else(PoisonError::into_inner);
        let (from, to) = (recording.clock.from(), recording.clock.to());
        if time > to {
            *recording = played(&self.scene, from, time + AHEAD * (time - from))?;
        }
        let at = Between::ticks((time - from) * recording.clock.rate());
        Ok(recording.probes.iter().map(|probe| shining(probe, &at)).collect())
    }
}

fn played(scene: &Scene, from: f64, to: f64) -> Result<Recording> {
    let probes: Vec<&Probe> = scene.probes_with_played_lights().collect();
    Recording::of_probes(scene, &probes, &Clock::spanning(from, to, MAX_TICKS)?)
}

fn shining(probe: &ProbeTracks, at: &Between) -> Shining {
    let value = |name: &str| probe.track(name).map_or(0.0, |track| at.of(&track.values));
    let strength = value("light.strength");
    let color = ["light.red", "light.green", "light.blue"].map(|name| strength * value(name));
    (["light.x", "light.y", "light.z"].map(value), color)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lights_are_what_their_tracks_say_within_the_timeline_and_beyond() {
        let text = "timeline(0, 1); let ball = sphere(1);
            let p = probe(\"p\", #{ follow: \"tangent\", from: [1, 0, 0], speed: 0.5 });
            light(p, #{ color: [1, 0.5, 0], strength: #{ value: 2 * t, smooth: 0.2 } });
            let q = probe(\"q\", [0, 3, t]); light(q, #{ strength: 0.5 });
            show(ball);";
        let scene = Scene::from_text(text, "a.rhai").unwrap();
        let lights = PlayedLights::of(&scene).unwrap();
        assert_eq!(scene.lights().len(), 1); // that of q is known without being played
        let clock = Clock::new(0.0, 4.0, 250.0).unwrap();
        let recording = Recording::of(&scene, &clock).unwrap();
        let track = |name: &str, tick: usize| recording.probes[0].track(name).unwrap().values[tick];
        for tick in [0, 100, 250, 600, 1000, 200] {
            let found = lights.at(clock.at(tick)).unwrap();
            let [(way, color)] = found[..] else { panic!("{} lights", found.len()) };
            let strength = track("light.strength", tick);
            let told = [track("light.x", tick), track("light.y", tick), track("light.z", tick)];
            for (got, wanted) in
                way.iter().chain(&color).zip(told.iter().chain(&[strength, 0.5 * strength, 0.0]))
            {
                assert!((got - wanted).abs() < 1e-3, "{tick}: {way:?} {color:?}, and {told:?} {strength}");
            }
        }
        let (way, color) = lights.at(-5.0).unwrap()[0];
        assert_eq!((way, color), ([1.0, 0.0, 0.0], [0.0; 3]));
    }
}
