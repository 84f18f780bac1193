//! What the probes of the scene read over its timeline, and what is made of it; and what other programs say of
//! parameters.

use super::knobs::{Knobs, Learning};
use super::painter::with_values;
use super::values::{Given, Values};
use super::worker::{Wake, Worker};
use crate::error::{Error, Result};
use crate::scene::{Scene, Timeline};
use crate::sense::osc::Listener;
use crate::sense::{Clock, LiveSound, ProbeTracks, Recording, Speaker, midi};
use crate::task;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// The most ticks of a timeline that are played: of a long one, fewer a second.
const MAX_TICKS: f64 = 10_000.0;

/// A scene and the values of its parameters.
type SceneValues = (Arc<Scene>, Given);

/// The scene's probes, played in the background whenever it or its values change.
pub(super) struct Senses {
    player: Worker<SceneValues, (Arc<Scene>, Result<Recording>)>,
    asked: Option<SceneValues>,
    played: Option<(Arc<Scene>, Result<Recording>)>,
    listener: Option<Listener>,
    midi: Option<midi::MidiListener>,
    /// How far the learning of a knob is.
    pub(super) learning: Learning,
    live: LiveSound,
    speaker: Option<Speaker>,
    /// Whether what was played last is heard.
    is_heard: bool,
}

impl Senses {
    /// Nothing is played yet, and nothing heard.
    pub(super) fn new(wake: Wake) -> Senses {
        let supersedes = |new: &SceneValues, own: &SceneValues| !Arc::ptr_eq(&new.0, &own.0);
        let player = Worker::start(wake, supersedes, |(scene, values): SceneValues, report| {
            task::does("playing the probes");
            let recording = with_values(&scene, &values).and_then(|moved| played(&moved));
            report.give((scene, recording));
        });
        let (asked, played, listener, midi, learning) = Default::default();
        let (live, speaker, is_heard) = Default::default();
        Senses { player, asked, played, listener, midi, learning, live, speaker, is_heard }
    }

    /// Looks whether a scene is to be played, and whether it was.
    pub(super) fn look_at(&mut self, scene: &Arc<Scene>, values: Given) {
        if let Some(played) = self.player.answer() {
            (self.played, self.is_heard) = (Some(played), false);
        }
        if scene.probes().is_empty() {
            (self.asked, self.played, self.is_heard) = (None, None, false);
            return;
        }
        let is_asked = |(own, given): &SceneValues| Arc::ptr_eq(own, scene) && *given == values;
        if !self.asked.as_ref().is_some_and(is_asked) {
            self.asked = Some((scene.clone(), values));
            self.player
                .ask((scene.clone(), self.asked.as_ref().map(|asked| asked.1.clone()).unwrap_or_default()));
        }
    }

    /// The recording of a scene, if it was played: at the values it last had.
    pub(super) fn of(&self, scene: &Arc<Scene>) -> Option<&Result<Recording>> {
        self.played.as_ref().filter(|(own, _)| Arc::ptr_eq(own, scene)).map(|(_, recording)| recording)
    }

    /// From now on messages that come to an address move parameters.
    pub(super) fn listen(&mut self, at: SocketAddr, wake: Wake) -> Result<()> {
        self.listener = Some(Listener::start(at, move || wake())?);
        Ok(())
    }

    /// From now on knobs of MIDI devices move parameters.
    pub(super) fn listen_to_midi(&mut self, wake: Wake) -> Result<()> {
        self.midi = Some(midi::MidiListener::start(move || wake())?);
        Ok(())
    }

    /// The same, with messages that are handed to a listener.
    #[cfg(test)]
    pub(super) fn listen_to(&mut self, listener: midi::MidiListener) {
        self.midi = Some(listener);
    }

    /// Whether there are MIDI devices that are heard.
    pub(super) fn hears_midi(&self) -> bool {
        self.midi.is_some()
    }

    /// Moves the parameters that messages were about since this was last done; whether any was.
    pub(super) fn hear(&mut self, values: &mut Values, knobs: &mut Knobs, now: Instant) -> bool {
        let mut heard = Given::new();
        if let Some(listener) = &self.listener {
            heard = listener.values();
            heard.retain(|(name, _)| {
                let is_known = values.sliders().iter().any(|slider| slider.parameter.name() == name);
                if !is_known {
                    listener.refuse();
                }
                is_known
            });
        }
        if let Some(midi) = &self.midi {
            heard.extend(knobs.moved(&midi.values(), &mut self.learning, values));
        }
        if !heard.is_empty() {
            values.stream(&heard, now);
        }
        !heard.is_empty()
    }

    /// What is listened to, and how much was heard and refused; in words, if anything is.
    pub(super) fn says_heard(&self) -> Option<String> {
        let osc = self.listener.as_ref().map(|listener| {
            let (taken, refused) = listener.counts();
            format!("OSC at {}: {taken} taken, {refused} refused", listener.address())
        });
        let midi = self.midi.as_ref().map(|midi| {
            let (taken, others) = midi.counts();
            format!("MIDI of {}: {taken} of knobs, {others} others", midi.ports().join(", "))
        });
        let says: Vec<String> = osc.into_iter().chain(midi).collect();
        (!says.is_empty()).then(|| says.join("; "))
    }

    /// Whether tones are heard.
    pub(super) fn is_aloud(&self) -> bool {
        self.speaker.is_some()
    }

    /// Lets tones be heard, or no more.
    pub(super) fn toggle_sound(&mut self) -> Result<()> {
        self.live.silence();
        self.is_heard = false;
        self.speaker = if self.is_aloud() { None } else { Some(Speaker::start(&self.live)?) };
        Ok(())
    }

    /// Lets the tones of a scene be heard where its time is, which goes on so fast. An error where the sound device
    /// failed: it is silent then.
    pub(super) fn sound(&mut self, scene: &Arc<Scene>, time: f64, speed: f64) -> Result<()> {
        let Some(speaker) = &self.speaker else { return Ok(()) };
        if let Some(problem) = speaker.problem() {
            self.speaker = None;
            return Err(Error::System(problem));
        }
        self.live.move_to(time, speed);
        if !self.is_heard {
            match self.of(scene) {
                Some(Ok(recording)) => self.live.hear(recording),
                _ => self.live.silence(),
            }
            self.is_heard = true;
        }
        Ok(())
    }

    /// Where it listens.
    #[cfg(test)]
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.listener.as_ref().map(Listener::address)
    }
}

fn played(scene: &Scene) -> Result<Recording> {
    let Timeline { from, to, .. } = scene.timeline();
    Recording::of(scene, &Clock::spanning(from, to, MAX_TICKS)?)
}

/// The tick of a recording that is nearest to a time.
pub(super) fn tick(recording: &Recording, time: f64) -> usize {
    let at = ((time - recording.clock.from()) * recording.clock.rate()).round().max(0.0);
    (at as usize).min(recording.clock.count() - 1)
}

/// ∇f in space where a probe is, at a tick.
pub(super) fn gradient(probe: &ProbeTracks, tick: usize) -> [f64; 3] {
    ["fx", "fy", "fz"].map(|name| probe.track(name).map_or(0.0, |track| track.values[tick]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sense::osc::message;
    use std::net::UdpSocket;
    use std::time::Duration;

    #[test]
    fn messages_move_parameters_and_anything_else_changes_nothing_and_is_counted() {
        let scene = Scene::from_text("show(sphere(param(\"r\", 0.5, 0.25, 1.25)));", "a.rhai").unwrap();
        let mut values = Values::default();
        values.take(&scene.unknowns());
        let mut senses = Senses::new(Arc::new(|| ()));
        assert!(
            !senses.hear(&mut values, &mut Knobs::default(), Instant::now()) && senses.says_heard().is_none()
        );
        senses.listen("127.0.0.1:0".parse().unwrap(), Arc::new(|| ())).unwrap();
        let (to, from) = (senses.address().unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let mut hear = |packets: &[&[u8]], counts: (u64, u64)| {
            packets.iter().for_each(|packet| assert_eq!(from.send_to(packet, to).unwrap(), packet.len()));
            let begun = Instant::now();
            let mut moved = false;
            while senses.listener.as_ref().unwrap().counts() != counts {
                assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", senses.says_heard());
                moved |= senses.hear(&mut values, &mut Knobs::default(), Instant::now());
                std::thread::sleep(Duration::from_millis(2));
            }
            moved |= senses.hear(&mut values, &mut Knobs::default(), Instant::now());
            (moved, values.get("r").unwrap())
        };
        let garbage: [&[u8]; 7] = [
            b"",
            b"nonsense",
            &message("/fieldgrad/param/r", f32::NAN),
            &message("/fieldgrad/param/q", 0.75), // there is none
            &message("/elsewhere", 0.75),
            &message("/fieldgrad/param/r", 0.75)[..20],
            b"#bundle\0\0\0\0\0\0\0\0\x01\x7f\xff\xff\xff",
        ];
        assert_eq!(hear(&garbage, (0, 7)), (false, 0.5));
        assert_eq!(hear(&[&message("/fieldgrad/param/r", 0.75)], (1, 7)), (true, 0.75));
        assert_eq!(hear(&[&message("/fieldgrad/param/r", 9.0)], (2, 7)), (true, 1.25)); // its range ends there
    }
}
