//! What can go wrong, each with its cause and, where there is one, its place.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// Where in a program or a scene a call stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl Place {
    /// The place of the Rust call that carries `#[track_caller]`.
    #[track_caller]
    pub fn caller() -> Place {
        Place::from(Location::caller())
    }
}

impl From<&'static Location<'static>> for Place {
    fn from(location: &'static Location<'static>) -> Place {
        Place { file: location.file().into(), line: location.line(), column: location.column() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// An error of this crate.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A function was given an argument it cannot use. The field it returned carries this until it is read.
    Argument {
        /// The function.
        function: String,
        /// The argument's name.
        argument: String,
        /// What is wrong with it.
        problem: String,
        /// The call.
        place: Place,
    },
    /// Two parameters of one field share a name but not a value and range.
    ParameterConflict(String),
    /// No parameter of that name, with the names there are.
    UnknownParameter {
        /// The name asked for.
        name: String,
        /// The field's parameters.
        known: Vec<String>,
    },
    /// The field, written out, has more operations than the limit.
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// No finite box could be shown to hold the solid.
    Unbounded,
    /// What was asked for does not exist, and why.
    Undefined(String),
    /// A text does not say what its format asks for, and where.
    Text {
        /// Where in the text.
        place: Place,
        /// What is wrong there.
        problem: String,
    },
    /// A file could not be written or read.
    File {
        /// The path.
        path: String,
        /// What the system said.
        problem: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Argument { function, argument, problem, place } => {
                write!(f, "{place}: {function}: {argument} {problem}")
            }
            Error::ParameterConflict(name) => {
                write!(f, "parameter {name:?} is declared twice, with different values or ranges")
            }
            Error::UnknownParameter { name, known } if known.is_empty() => {
                write!(f, "there is no parameter {name:?}: the field has none")
            }
            Error::UnknownParameter { name, known } => {
                write!(f, "there is no parameter {name:?}: the field has {}", known.join(", "))
            }
            Error::TooLarge { limit } => {
                write!(f, "the field, written out, has more than {limit} operations")
            }
            Error::Unbounded => {
                write!(f, "the solid is unbounded, or nothing shows that it is bounded: give bounds")
            }
            Error::Undefined(why) => write!(f, "{why}"),
            Error::Text { place, problem } => write!(f, "{place}: {problem}"),
            Error::File { path, problem } => write!(f, "{path}: {problem}"),
        }
    }
}

impl std::error::Error for Error {}

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
