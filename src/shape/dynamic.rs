//! Arguments whose kind is known only when they arrive, as scene files pass them: what each function of the catalogue
//! is called with there, and what it says of an argument it cannot use.

use super::arguments::{Fields, Shapes};
use crate::error::{Error, Place};
use crate::field::{Color, Field, Points, Vector};
use std::fmt;

/// An argument of any kind.
#[derive(Clone, Debug)]
pub enum Argument {
    /// A number.
    Number(f64),
    /// A field.
    Field(Field),
    /// Text: a name, a colour, a string to draw.
    Text(String),
    /// A truth value.
    Flag(bool),
    /// A list as it was written: of a vector's components, of points, of shapes.
    List(Vec<Argument>),
    /// A vector that was calculated, by its components.
    Vector(Vec<Argument>),
    /// Named options, in the order of their names.
    Options(Vec<(String, Argument)>),
    /// Anything else, by the name of its kind.
    Other(String),
}

impl Argument {
    /// Its kind, as a message says it: `text`, `a list of 2`.
    pub fn kind(&self) -> String {
        match self {
            Argument::Number(_) => "a number".into(),
            Argument::Field(_) => "a field".into(),
            Argument::Text(_) => "text".into(),
            Argument::Flag(_) => "true or false".into(),
            Argument::List(entries) => format!("a list of {}", entries.len()),
            Argument::Vector(parts) => format!("a vector of {}", parts.len()),
            Argument::Options(_) => "a map of options".into(),
            Argument::Other(kind) => kind.clone(),
        }
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Argument::Number(value) => Some(*value),
            Argument::Field(field) => field.as_constant(),
            _ => None,
        }
    }

    pub(crate) fn entries(&self) -> &[Argument] {
        match self {
            Argument::List(entries) | Argument::Vector(entries) => entries,
            _ => &[],
        }
    }

    pub(crate) fn is_scalar(&self) -> bool {
        matches!(self, Argument::Number(_) | Argument::Field(_))
    }

    pub(crate) fn is_vector(&self, parts: usize) -> bool {
        self.entries().len() == parts && self.entries().iter().all(Argument::is_scalar)
    }
}

impl fmt::Display for Argument {
    /// As it may have been written; long lists and texts are cut short.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        const MAX_SHOWN: usize = 4;
        match self {
            Argument::Number(value) if *value != 0.0 && !(1e-5..1e16).contains(&value.abs()) => {
                write!(f, "{value:e}")
            }
            Argument::Number(value) => write!(f, "{value}"),
            Argument::Field(field) => write!(f, "{}", field.title()),
            Argument::Text(text) if text.chars().count() > 24 => {
                write!(f, "{:?}…", text.chars().take(20).collect::<String>())
            }
            Argument::Text(text) => write!(f, "{text:?}"),
            Argument::Flag(flag) => write!(f, "{flag}"),
            Argument::List(entries) | Argument::Vector(entries) => {
                write!(f, "[")?;
                for (i, entry) in entries.iter().take(MAX_SHOWN).enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    // A list within a list is only hinted at: lists may nest without end.
                    match entry {
                        Argument::List(_) | Argument::Vector(_) => write!(f, "{comma}[…]")?,
                        entry => write!(f, "{comma}{entry}")?,
                    }
                }
                write!(f, "{}]", if entries.len() > MAX_SHOWN { ", …" } else { "" })
            }
            Argument::Options(_) => write!(f, "#{{…}}"),
            Argument::Other(kind) => write!(f, "{kind}"),
        }
    }
}

/// The kind of argument a function takes: each is named like the trait its Rust function takes it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArgumentKind {
    /// The field a method is called on.
    Field,
    /// A number or a field.
    Number,
    /// A size, not negative.
    Length,
    /// A number above 0.
    Positive,
    /// A number from 1.
    Count,
    /// A whole number from 3.
    Corners,
    /// Two numbers or fields.
    Pair,
    /// Two sizes.
    Extent2,
    /// Three numbers or fields.
    Triple,
    /// Three sizes.
    Extent3,
    /// Three numbers or fields, not all 0.
    Direction,
    /// Points of the plane.
    Outline,
    /// Points of space.
    Path,
    /// Keys of an animation.
    Keys,
    /// One field or several; in scenes any number of arguments.
    Shapes,
    /// The name of an axis.
    SpaceAxis,
    /// The name of a kind of smooth minimum.
    SmoothKind,
    /// Text.
    Text,
    /// A corner of a box of space, or of space and time.
    Corner,
    /// The name of a kind of interpolation.
    Interpolation,
    /// A colour.
    Color,
    /// The start value of a parameter: a number, or three.
    Start,
    /// Named options.
    Options,
    /// A probe of the scene, by its name.
    Probe,
    /// Where a probe is: a place, or options of a particle.
    Way,
}

impl ArgumentKind {
    /// What must be given, for messages and reference pages.
    pub const fn description(self) -> &'static str {
        use ArgumentKind::*;
        match self {
            Field | Number => "a number or a field",
            Length => "a size: a number or a field, not negative",
            Positive => "a number or a field, above 0",
            Count => "a number or a field, at least 1",
            Corners => "a whole number, at least 3",
            Pair => "a vector [a, b]",
            Extent2 => "two sizes [a, b]",
            Triple => "a vector [a, b, c]",
            Extent3 => "three sizes [a, b, c]",
            Direction => "a direction [a, b, c]",
            Outline => "a list of points [[x, y], …]",
            Path => "a list of points [[x, y, z], …]",
            Keys => "a list of keys [[time, value], …]",
            Shapes => "any number of fields, or a list of them",
            SpaceAxis => "an axis: \"x\", \"y\" or \"z\"",
            SmoothKind => {
                "a kind: \"cubic\", \"quadratic\", \"quartic\", \"circular\", \"exponential\" or \"root\""
            }
            Text => "text",
            Corner => "a corner [x, y, z], or [x, y, z, t]",
            Interpolation => "how it is interpolated: \"cubic\" or \"linear\"",
            Color => "a colour: \"#rrggbb\" or [red, green, blue]",
            Start => "a number, or a vector [a, b, c]",
            Options => "options: #{ name: value, … }",
            Probe => "a probe: its name, which is what probe gives",
            Way => "a place [x, y, z] of t, or a particle: #{ follow: …, from: … }",
        }
    }

    /// Whether an argument is of this kind. Its values are checked later, by the function.
    pub fn accepts(self, argument: &Argument) -> bool {
        use ArgumentKind::*;
        match self {
            Field | Number | Length | Positive | Count | Corners => argument.is_scalar(),
            Pair | Extent2 => argument.is_vector(2),
            Triple | Extent3 | Direction => argument.is_vector(3),
            Outline | Keys => is_list(argument, |entry| entry.is_vector(2)),
            Path => is_list(argument, |entry| entry.is_vector(3)),
            Shapes => argument.is_scalar() || is_list(argument, Argument::is_scalar),
            SpaceAxis | SmoothKind | Text | Interpolation | Probe => matches!(argument, Argument::Text(_)),
            Corner => argument.is_vector(3) || argument.is_vector(4),
            Color => matches!(argument, Argument::Text(_)) || argument.is_vector(3),
            Start => argument.is_scalar() || argument.is_vector(3),
            Options => matches!(argument, Argument::Options(_)),
            Way => argument.is_vector(3) || matches!(argument, Argument::Options(_)),
        }
    }
}

fn is_list(argument: &Argument, entry: impl Fn(&Argument) -> bool) -> bool {
    matches!(argument, Argument::List(entries) if entries.iter().all(entry))
}

/// What stands for an argument that is of another kind than was asked for: it carries an error.
///
/// [`ArgumentKind::accepts`] is asked first, with a better message.
fn unusable(argument: &Argument) -> Field {
    Field::constant(0.0).with_error(Error::Argument {
        function: "call".into(),
        argument: argument.to_string(),
        problem: format!("is {}", argument.kind()),
        place: Place::caller(),
    })
}

impl From<Argument> for Field {
    fn from(argument: Argument) -> Field {
        match argument {
            Argument::Number(value) => Field::constant(value),
            Argument::Field(field) => field,
            other => unusable(&other),
        }
    }
}

impl<const N: usize> From<Argument> for Vector<N> {
    fn from(argument: Argument) -> Vector<N> {
        let entries = argument.entries();
        Vector(std::array::from_fn(|i| match entries.len() == N {
            true => entries[i].clone().into(),
            false => unusable(&argument),
        }))
    }
}

impl<const N: usize> From<Argument> for Points<N> {
    fn from(argument: Argument) -> Points<N> {
        Points(argument.entries().iter().cloned().map(Vector::from).collect())
    }
}

impl Shapes for Argument {
    fn into_fields(self) -> Fields {
        match self {
            Argument::List(entries) => entries.into_fields(),
            one => Field::from(one).into_fields(),
        }
    }
}

impl From<Argument> for String {
    fn from(argument: Argument) -> String {
        match argument {
            Argument::Text(text) => text,
            other => other.to_string(),
        }
    }
}

impl From<Argument> for Color {
    fn from(argument: Argument) -> Color {
        match argument {
            Argument::Text(text) => text.as_str().into(),
            other => Vector::<3>::from(other).into(),
        }
    }
}
