//! The probes of a scene, and how each is felt: as a tone, as a light, as touch. Here they are said; the room `sense`
//! plays them.
//!
//! Whatever a probe reads is a field, evaluated where the probe is. So a channel's expression is a field too, of the
//! place and the time of the probe, and all that fields can do it can: derivatives, blends, whatever the scene has
//! given a name.

use crate::error::Place;
use crate::field::{Field, Vector};

/// One of the ways in which a probe is felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sense {
    /// It is heard.
    Tone,
    /// It is seen.
    Light,
    /// It is felt on the skin.
    Touch,
}

impl Sense {
    /// All of them.
    pub const ALL: [Sense; 3] = [Sense::Tone, Sense::Light, Sense::Touch];

    /// The word that scenes have for it.
    pub fn name(self) -> &'static str {
        match self {
            Sense::Tone => "tone",
            Sense::Light => "light",
            Sense::Touch => "touch",
        }
    }
}

/// What a channel means, in which unit, and within which limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meaning {
    /// The sense that it belongs to.
    pub sense: Sense,
    /// Its name within that.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// The least and the greatest value that it can have, whatever a scene says.
    pub limits: [f64; 2],
    /// Its meaning, in a line.
    pub means: &'static str,
}

/// How far from the origin a light can be placed.
const FAR: f64 = 1000.0;

const fn meaning(
    (sense, name): (Sense, &'static str),
    unit: &'static str,
    limits: [f64; 2],
    means: &'static str,
) -> Meaning {
    Meaning { sense, name, unit, limits, means }
}

/// Every channel there is, with its meaning: the one schema of tracks, messages and files.
pub const CHANNELS: &[Meaning] = &[
    meaning((Sense::Tone, "pitch"), "Hz", [20.0, 20_000.0], "the frequency of the tone"),
    meaning((Sense::Tone, "volume"), "1", [0.0, 1.0], "the amplitude: 0 is silence, 1 all there is"),
    meaning(
        (Sense::Tone, "brightness"),
        "1",
        [0.0, 1.0],
        "the overtones: 0 has none and is a sine, 1 has most",
    ),
    meaning((Sense::Tone, "pan"), "1", [-1.0, 1.0], "the side it comes from: -1 is left, 1 is right"),
    meaning((Sense::Light, "red"), "1", [0.0, 1.0], "the red of its colour, linear"),
    meaning((Sense::Light, "green"), "1", [0.0, 1.0], "the green of its colour, linear"),
    meaning((Sense::Light, "blue"), "1", [0.0, 1.0], "the blue of its colour, linear"),
    meaning(
        (Sense::Light, "strength"),
        "1",
        [0.0, 100.0],
        "how bright it is: 1 is the usual light of a scene",
    ),
    meaning((Sense::Light, "x"), "lengths", [-FAR, FAR], "where it is, along x"),
    meaning((Sense::Light, "y"), "lengths", [-FAR, FAR], "where it is, along y"),
    meaning((Sense::Light, "z"), "lengths", [-FAR, FAR], "where it is, along z"),
    meaning(
        (Sense::Touch, "strength"),
        "1",
        [0.0, 1.0],
        "the amplitude: 0 is nothing, 1 all an actuator gives",
    ),
    meaning((Sense::Touch, "frequency"), "Hz", [1.0, 1000.0], "how fast it vibrates"),
    meaning((Sense::Touch, "x"), "1", [-1.0, 1.0], "the direction it pushes in, along x"),
    meaning((Sense::Touch, "y"), "1", [-1.0, 1.0], "the direction it pushes in, along y"),
    meaning((Sense::Touch, "z"), "1", [-1.0, 1.0], "the direction it pushes in, along z"),
];

/// What one number of a sense is over time: an expression, its range, and how fast it may follow.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its meaning.
    pub meaning: &'static Meaning,
    /// The expression: a field, evaluated where the probe is.
    pub value: Field,
    /// The least and the greatest value: what goes beyond is held there.
    pub range: [f64; 2],
    /// The time in seconds in which it makes up for all but 1/e of a step; with 0 it follows at once.
    pub smooth: f64,
    /// The call that made it.
    pub place: Place,
}

impl Channel {
    /// Its sense and its name, as `tone.pitch`: what tracks and messages call it.
    pub fn name(&self) -> String {
        format!("{}.{}", self.meaning.sense.name(), self.meaning.name)
    }
}

/// Where a probe is over time.
#[derive(Clone, Debug)]
pub enum Way {
    /// At a place that depends on the time and on parameters alone.
    Along(Vector<3>),
    /// Wherever the field takes it.
    Follow(Box<Follow>),
}

/// A particle that a field moves.
#[derive(Clone, Debug)]
pub struct Follow {
    /// How it moves.
    pub by: By,
    /// The field; its surface is where it is 0.
    pub field: Field,
    /// Where it starts, at the start of the scene's timeline.
    pub from: Vector<3>,
    /// Its speed in lengths a second, read where it is.
    pub speed: Field,
    /// The axis about which it goes along the surface, counter-clockwise seen from its tip; read where it is.
    pub around: Vector<3>,
}

/// How a field moves a particle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Along ∇f, at its speed, to the surface, on which it then stays and with which it moves.
    Gradient,
    /// On the surface, at right angles to ∇f and to an axis, at its speed; and with the surface where that moves.
    Tangent,
    /// With the surface alone, along its normal: where the surface stands still, so does it.
    Surface,
}

impl By {
    /// All of them, by their names in scenes.
    pub const ALL: [(&'static str, By); 3] =
        [("gradient", By::Gradient), ("tangent", By::Tangent), ("surface", By::Surface)];
}

/// A point that goes through a scene and reads fields where it is.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub way: Way,
    /// The field whose value, gradient, normal speed and curvature it reads.
    pub field: Field,
    /// Other fields that it reads, by the names the scene has given them.
    pub reads: Vec<(String, Field)>,
    /// What is made of them, sense by sense.
    pub channels: Vec<Channel>,
    /// The call that made it.
    pub place: Place,
}

impl Probe {
    /// Whether it has a light that is known only by playing it: it follows a field, or its expressions slowly.
    pub(crate) fn has_played_light(&self) -> bool {
        let is_slow = |channel: &Channel| channel.smooth > 0.0 || matches!(self.way, Way::Follow(_));
        self.channels.iter().any(|channel| channel.meaning.sense == Sense::Light && is_slow(channel))
    }

    /// All that it reads: its field, those by name, those of its channels, and those that say where it is.
    pub fn fields(&self) -> Vec<&Field> {
        let mut fields = vec![&self.field];
        match &self.way {
            Way::Along(way) => fields.extend(&way.0),
            Way::Follow(follow) => {
                fields.extend([&follow.field, &follow.speed]);
                fields.extend(follow.from.0.iter().chain(&follow.around.0));
            }
        }
        fields.extend(self.reads.iter().map(|(_, field)| field));
        fields.extend(self.channels.iter().map(|channel| &channel.value));
        fields
    }
}
