//! MIDI 1.0 control changes (MIDI Association, 1996): knobs and faders, for what they move. The one file that knows
//! `midir`.

use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A knob or a fader: a controller's number, on one of sixteen channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Controller {
    /// The channel, from 1 to 16.
    pub channel: u8,
    /// The number, from 0 to 119.
    pub number: u8,
}

impl fmt::Display for Controller {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.channel {
            1 => write!(f, "CC {}", self.number),
            channel => write!(f, "CC {} of channel {channel}", self.number),
        }
    }
}

/// The most significant half of a control change's first byte.
const CONTROL_CHANGE: u8 = 0xb;
/// The first number that is of no controller, but says how a channel works.
const MODES: u8 = 120;
/// The largest value.
const MAX_VALUE: u8 = 127;

/// The controller that a message is about, and where it is, from 0 to 1; none, where it is another message or none.
///
/// ```
/// use fieldgrad::sense::midi::{Controller, control_change};
///
/// assert_eq!(control_change(&[0xb0, 21, 127]), Some((Controller { channel: 1, number: 21 }, 1.0)));
/// assert_eq!(control_change(&[0x90, 60, 100]), None); // a note
/// ```
pub fn control_change(message: &[u8]) -> Option<(Controller, f64)> {
    let [status, number, value] = *message else { return None };
    (status >> 4 == CONTROL_CHANGE && number < MODES && value <= MAX_VALUE).then(|| {
        let controller = Controller { channel: (status & 0xf) + 1, number };
        (controller, f64::from(value) / f64::from(MAX_VALUE))
    })
}

/// Hears control changes, of devices or of whoever hands it messages.
#[derive(Clone, Debug, Default)]
pub struct MidiListener {
    heard: Arc<Mutex<MidiHeard>>,
    /// The devices it hears.
    ports: Vec<String>,
    /// That they are heard as long as this lives.
    _connections: Arc<Mutex<Connections>>,
}

/// Where controllers are that moved since it was last asked, and how many messages there were.
#[derive(Debug, Default)]
struct MidiHeard {
    values: BTreeMap<Controller, f64>,
    taken: u64,
    others: u64,
}

impl MidiHeard {
    /// Takes in a message; whether it was of a controller.
    fn take(&mut self, message: &[u8]) -> bool {
        let found = control_change(message);
        match found {
            Some((controller, value)) => {
                self.values.insert(controller, value);
                self.taken += 1;
            }
            None => self.others += 1,
        }
        found.is_some()
    }
}

#[derive(Default)]
struct Connections {
    #[cfg(feature = "midi")]
    _own: Vec<midir::MidiInputConnection<()>>,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Connections")
    }
}

impl MidiListener {
    /// Hears every MIDI device that is there now; calls `wake` whenever a controller moves.
    ///
    /// An error where there is none, and in a build without the feature `midi`.
    pub fn start(wake: impl Fn() + Clone + Send + 'static) -> Result<MidiListener> {
        start(wake)
    }

    /// Takes in a message; whether it was of a controller. Any other changes nothing and is counted.
    pub fn hear(&self, message: &[u8]) -> bool {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).take(message)
    }

    /// The devices it hears.
    pub fn ports(&self) -> &[String] {
        &self.ports
    }

    /// The controllers that moved since this was last asked, and where each is, from 0 to 1.
    pub fn values(&self) -> Vec<(Controller, f64)> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut heard.values).into_iter().collect()
    }

    /// How many messages were of controllers, and how many were others.
    pub fn counts(&self) -> (u64, u64) {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        (heard.taken, heard.others)
    }
}

#[cfg(not(feature = "midi"))]
fn start(_: impl Fn() + Clone + Send + 'static) -> Result<MidiListener> {
    Err(Error::Unsupported("this build hears no MIDI: one made with --features midi does".into()))
}

#[cfg(feature = "midi")]
fn start(wake: impl Fn() + Clone + Send + 'static) -> Result<MidiListener> {
    let input = || {
        let made = midir::MidiInput::new("fieldgrad");
        made.map_err(|error| Error::System(format!("MIDI devices: {error}")))
    };
    let (first, mut listener, mut own) = (input()?, MidiListener::default(), Vec::new());
    for port in first.ports() {
        let name = first.port_name(&port).unwrap_or_else(|_| port.id());
        let (heard, wake) = (listener.heard.clone(), wake.clone());
        let hear = move |_: u64, message: &[u8], (): &mut ()| {
            if heard.lock().unwrap_or_else(PoisonError::into_inner).take(message) {
                wake();
            }
        };
        let connected = input()?.connect(&port, "fieldgrad", hear, ());
        own.push(connected.map_err(|error| Error::System(format!("the MIDI device {name}: {error}")))?);
        listener.ports.push(name);
    }
    if own.is_empty() {
        return Err(Error::System("there is no MIDI device".into()));
    }
    listener._connections = Arc::new(Mutex::new(Connections { _own: own }));
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_changes_are_heard_and_all_else_is_counted() {
        let listener = MidiListener::default();
        for message in [&[0xb0, 7, 0][..], &[0xb0, 7, 64], &[0xbf, 119, 127]] {
            assert!(listener.hear(message));
        }
        let others: [&[u8]; 8] = [
            &[],
            &[0xb0],
            &[0xb0, 7],
            &[0xb0, 7, 128],
            &[0xb0, 123, 0], // all notes off
            &[0x90, 60, 100],
            &[0xf8],
            &[0xf0, 0x7e, 0x7f, 6, 1, 0xf7],
        ];
        assert!(!others.iter().any(|message| listener.hear(message)));
        let (low, high) = (Controller { channel: 1, number: 7 }, Controller { channel: 16, number: 119 });
        assert_eq!(listener.values(), [(low, 64.0 / 127.0), (high, 1.0)]);
        assert_eq!((listener.values(), listener.counts()), (vec![], (3, 8)));
        assert_eq!([low, high].map(|own| own.to_string()), ["CC 7", "CC 119 of channel 16"]);
    }

    #[test]
    #[cfg(not(feature = "midi"))]
    fn a_build_without_midi_says_how_one_with_it_is_made() {
        assert!(MidiListener::start(|| ()).unwrap_err().to_string().contains("--features midi"));
    }
}
