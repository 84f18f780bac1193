//! What the probes of the scene read over its timeline, and what is made of it; and what other programs say of
//! parameters.

use super::painter::with_values;
use super::values::{Given, Values};
use super::worker::{Wake, Worker};
use crate::error::Result;
use crate::scene::Scene;
use crate::sense::osc::Listener;
use crate::sense::{Clock, ProbeTracks, Recording};
use crate::task;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// The most ticks of a timeline that are played: of a long one, fewer a second.
const MAX_TICKS: f64 = 10_000.0;

/// A scene and the values of its parameters.
type Question = (Arc<Scene>, Given);

/// The scene's probes, played in the background whenever it or its values change.
pub(super) struct Senses {
    player: Worker<Question, (Arc<Scene>, Result<Recording>)>,
    asked: Option<Question>,
    played: Option<(Arc<Scene>, Result<Recording>)>,
    listener: Option<Listener>,
}

impl Senses {
    /// Nothing is played yet, and nothing heard.
    pub(super) fn new(wake: Wake) -> Senses {
        let supersedes = |new: &Question, own: &Question| !Arc::ptr_eq(&new.0, &own.0);
        let player = Worker::start(wake, supersedes, |(scene, values): Question, report| {
            task::does("playing the probes");
            let recording = with_values(&scene, &values).and_then(|moved| played(&moved));
            report.give((scene, recording));
        });
        Senses { player, asked: None, played: None, listener: None }
    }

    /// Looks whether a scene is to be played, and whether it was.
    pub(super) fn look_at(&mut self, scene: &Arc<Scene>, values: Given) {
        if let Some(played) = self.player.answer() {
            self.played = Some(played);
        }
        if scene.probes().is_empty() {
            (self.asked, self.played) = (None, None);
            return;
        }
        let is_asked = |(own, given): &Question| Arc::ptr_eq(own, scene) && *given == values;
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

    /// Moves the parameters that messages were about since this was last done; whether any was.
    pub(super) fn hear(&self, values: &mut Values, now: Instant) -> bool {
        let Some(listener) = &self.listener else { return false };
        let mut heard = listener.values();
        heard.retain(|(name, _)| {
            let is_known = values.sliders().iter().any(|slider| slider.parameter.name() == name);
            if !is_known {
                listener.refuse();
            }
            is_known
        });
        if !heard.is_empty() {
            values.stream(&heard, now);
        }
        !heard.is_empty()
    }

    /// What is listened to, and how much was heard and refused; in words, if anything is.
    pub(super) fn says_heard(&self) -> Option<String> {
        let listener = self.listener.as_ref()?;
        let (taken, refused) = listener.counts();
        Some(format!("OSC at {}: {taken} taken, {refused} refused", listener.address()))
    }

    /// Where it listens.
    #[cfg(test)]
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.listener.as_ref().map(Listener::address)
    }
}

fn played(scene: &Scene) -> Result<Recording> {
    let timeline = scene.timeline();
    let length = (timeline.to - timeline.from).max(1e-9);
    let clock = Clock::new(timeline.from, timeline.to, Clock::RATE.min(MAX_TICKS / length))?;
    Recording::of(scene, &clock)
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
        assert!(!senses.hear(&mut values, Instant::now()) && senses.says_heard().is_none());
        senses.listen("127.0.0.1:0".parse().unwrap(), Arc::new(|| ())).unwrap();
        let (to, from) = (senses.address().unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let mut hear = |packets: &[&[u8]], counts: (u64, u64)| {
            packets.iter().for_each(|packet| assert_eq!(from.send_to(packet, to).unwrap(), packet.len()));
            let begun = Instant::now();
            let mut moved = false;
            while senses.listener.as_ref().unwrap().counts() != counts {
                assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", senses.says_heard());
                moved |= senses.hear(&mut values, Instant::now());
                std::thread::sleep(Duration::from_millis(2));
            }
            moved |= senses.hear(&mut values, Instant::now());
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
