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

/// A mistake in a text that a person wrote, shown as they need it: what is wrong, where, and the line itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// Where it is.
    pub place: Place,
    /// What is wrong, and what may have been meant.
    pub problem: String,
    /// The line it stands on.
    pub line: String,
    /// How many characters of the line it is about, from the place's column on.
    pub width: usize,
    /// The calls that led there, the nearest first: what was called, and where.
    pub calls: Vec<(String, Place)>,
}

/// How much of a long line is shown.
const MAX_SHOWN: usize = 160;

impl Mistake {
    /// The line, cut around the mistake if it is long; and the blanks that lead to the mistake in it.
    fn excerpt(&self) -> (String, String) {
        let column = (self.place.column as usize).max(1) - 1;
        let skipped = column.saturating_sub(MAX_SHOWN / 2);
        let shown = |c: char| if c.is_control() && c != '\t' { '\u{FFFD}' } else { c };
        let line: String = self.line.chars().skip(skipped).take(MAX_SHOWN).map(shown).collect();
        let blank = |c| if c == '\t' { '\t' } else { ' ' };
        let mut blanks: String = line.chars().take(column - skipped).map(blank).collect();
        blanks.extend(std::iter::repeat_n(' ', (column - skipped).saturating_sub(blanks.chars().count())));
        (line, blanks)
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)?;
        if !self.line.trim().is_empty() {
            let number = self.place.line.to_string();
            let margin = " ".repeat(number.len());
            let (line, blanks) = self.excerpt();
            let carets = "^".repeat(self.width.clamp(1, MAX_SHOWN / 2));
            write!(f, "\n {number} | {line}\n {margin} | {blanks}{carets}")?;
        }
        for (called, place) in &self.calls {
            write!(f, "\n in {called}, at {place}")?;
        }
        Ok(())
    }
}

/// The name nearest to one that is not known, if any is near: what a message may propose.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = name.chars().count().div_ceil(3);
    let distances = known.into_iter().map(|other| (edits(name, other), other));
    distances.filter(|(distance, _)| *distance <= most).min().map(|(_, other)| other)
}

/// How many letters must be put in, left out, changed, or swapped with their neighbour to make `a` into `b`.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            if i == 0 || j == 0 {
                table[i][j] = i + j;
                continue;
            }
            let changed = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            table[i][j] = changed.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                table[i][j] = table[i][j].min(table[i - 2][j - 2] + 1);
            }
        }
    }
    table[a.len()][b.len()]
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
    /// A parameter was given a value it may not have.
    OutOfRange {
        /// The parameter.
        name: String,
        /// The value.
        value: f64,
        /// Its range, if it has one: any finite number is within none.
        range: Option<(f64, f64)>,
    },
    /// The field, written out, has more operations than the limit.
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// No finite box could be shown to hold the solid.
    Unbounded,
    /// A number, an option or an array that a caller gave is not one that can be used, and why.
    Input(String),
    /// The thing asked for does not exist or is not finite, and why: no surface within reach, a hit that is not settled.
    Undefined(String),
    /// The thing asked for cannot be had of this: a kernel has no shader text, a format cannot hold it, it is too much.
    Unsupported(String),
    /// A graphics processor, or its driver, failed.
    Gpu(String),
    /// The system failed, or stopped the work.
    System(String),
    /// A text does not say what its format asks for, and where.
    Text {
        /// Where in the text.
        place: Place,
        /// What is wrong there.
        problem: String,
    },
    /// A scene that is not right, with the line that is not.
    Scene(Box<Mistake>),
    /// A file could not be written or read.
    File {
        /// The path.
        path: String,
        /// What the system said.
        problem: String,
    },
    /// The work was given up before it was done: nobody waited for it any more.
    Cancelled,
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
                write!(f, "there is no parameter {name:?}: the field has {}", known.join(", "))?;
                match nearest(name, known.iter().map(String::as_str)) {
                    Some(near) => write!(f, "; did you mean {near}?"),
                    None => Ok(()),
                }
            }
            Error::OutOfRange { name, value, range: Some((low, high)) } => {
                write!(f, "{name} = {value} is outside its range [{low}, {high}]")
            }
            Error::OutOfRange { name, value, range: None } => {
                write!(f, "{name} = {value} is not a finite number")
            }
            Error::TooLarge { limit } => {
                write!(f, "the field, written out, has more than {limit} operations")
            }
            Error::Unbounded => {
                write!(f, "the solid is unbounded, or nothing shows that it is bounded: give bounds")
            }
            Error::Input(why)
            | Error::Undefined(why)
            | Error::Unsupported(why)
            | Error::Gpu(why)
            | Error::System(why) => write!(f, "{why}"),
            Error::Text { place, problem } => write!(f, "{place}: {problem}"),
            Error::Scene(mistake) => write!(f, "{mistake}"),
            Error::File { path, problem } => write!(f, "{path}: {problem}"),
            Error::Cancelled => write!(f, "it was given up before it was done"),
        }
    }
}

impl std::error::Error for Error {}

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
