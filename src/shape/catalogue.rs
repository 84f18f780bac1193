//! How a shape is declared: one function, one doc comment, one example; and the list of all of them.
//!
//! ```text
//! shapes! {
//!     /// A ball of radius `r` around the origin.
//!     exact sphere(r: impl Length) {
//!         length([x(), y(), z()]) - r
//!     } as in sphere(0.8);
//! }
//! ```
//!
//! makes the public function `sphere`, which labels its field with the call, checks its arguments by their types, and
//! enters itself in [`catalogue`]. `methods!` does the same for a method on [`Field`], and `combinations!` for a
//! function of several fields that is also a method on its first. The arguments' types are in [`super::arguments`].

use super::dynamic::{Argument, ArgumentKind};
use crate::error::{Error, Place};
use crate::field::{Field, Label};

/// What a shape's field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    /// The signed distance to the surface, everywhere (given what it documents of its arguments).
    Exact,
    /// Never more than the distance, in size: |∇f| ≤ 1, so that it is safe to step by.
    Bound,
    /// For a method: as good as what it is applied to.
    Keeps,
    /// Only its sign and its zeros are promised; the text says how steep it may be.
    Neither,
}

/// How a function joins shapes: whose surface that of the whole is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Joins {
    /// That of the nearest, as in a union.
    Nearest,
    /// That of the first: the others cut it.
    First,
    /// That of all of them: which, nobody can say.
    All,
}

/// A function of the shape library, as the catalogue lists it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name, as users type it.
    pub name: &'static str,
    /// Its documentation, a line an item.
    pub doc: &'static [&'static str],
    /// The module it stands in: `solid`, `plane`, `combine`, …
    pub group: &'static str,
    /// Its arguments and their kinds, the receiver of a method first as `shape`.
    pub arguments: &'static [(&'static str, ArgumentKind)],
    /// What its field is.
    pub claim: Claim,
    /// How it joins shapes, if that is what it does.
    pub joins: Option<Joins>,
    /// An example of it.
    pub sample: fn() -> Field,
    /// The source of the example, in Rust.
    pub sample_source: &'static str,
    /// The function, called with arguments that were found to be [of its kinds](ArgumentKind::accepts), one for each.
    pub call: fn(Vec<Argument>) -> Field,
}

impl Entry {
    /// The example as scenes write it: coordinates are names, and vectors have square brackets.
    pub fn example(&self) -> String {
        let mut text = self.sample_source.replace("super::", "").replace("r#", "");
        for axis in ["x", "y", "z", "t"] {
            text = text.replace(&format!("{axis}()"), axis);
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" .", ".");
        vectors_in_brackets(&text)
    }
}

/// `f((a, b))` is written `f([a, b])`: parentheses around a list that are no call's.
fn vectors_in_brackets(text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    // The parentheses and brackets open so far: where, and whether they are a call's or had a comma.
    let mut open: Vec<(usize, bool, bool)> = Vec::new();
    for i in 0..letters.len() {
        match letters[i] {
            '(' | '[' => {
                let called = i > 0 && (letters[i - 1].is_alphanumeric() || letters[i - 1] == '_');
                open.push((i, called, false));
            }
            ',' => {
                if let Some((_, _, has_comma)) = open.last_mut() {
                    *has_comma = true;
                }
            }
            ')' | ']' => {
                if let Some((start, false, true)) = open.pop() {
                    (letters[start], letters[i]) = ('[', ']');
                }
            }
            _ => (),
        }
    }
    letters.into_iter().collect()
}

/// Every function of the shape library.
pub fn catalogue() -> impl Iterator<Item = &'static Entry> {
    super::GROUPS.iter().copied().flatten()
}

/// A call of a shape function under way: gathers the arguments for the label and the first mistake among them.
pub struct Call {
    function: &'static str,
    arguments: Vec<(&'static str, Field)>,
    place: Place,
    error: Option<Error>,
}

impl Call {
    pub(crate) fn new(function: &'static str, place: Place) -> Call {
        Call { function, arguments: Vec::new(), place, error: None }
    }

    /// Notes an argument for the label.
    pub(crate) fn note(&mut self, argument: &'static str, field: &Field) {
        self.arguments.push((argument, field.clone()));
    }

    /// Notes a mistake; the first stays.
    pub(crate) fn wrong(&mut self, argument: &str, problem: impl Into<String>) {
        let (function, place) = (self.function.into(), self.place.clone());
        let mistake = Error::Argument { function, argument: argument.into(), problem: problem.into(), place };
        self.error.get_or_insert(mistake);
    }

    /// The result, under its label, carrying the mistake if there was one.
    pub(crate) fn finish(self, field: Field) -> Field {
        let Call { function, arguments, place, error } = self;
        let field = match error {
            Some(error) => field.with_error(error),
            None => field,
        };
        field.with_label(Label { function, arguments, place, title: None, is_made: true })
    }
}

/// The arguments of a call, as many as it takes; one that is missing is of no use to any function.
pub(super) fn one_for_each<const N: usize>(arguments: Vec<Argument>) -> [Argument; N] {
    let mut arguments = arguments.into_iter();
    std::array::from_fn(|_| arguments.next().unwrap_or(Argument::Other("nothing".into())))
}

macro_rules! claim {
    (exact) => {
        $crate::shape::Claim::Exact
    };
    (bound) => {
        $crate::shape::Claim::Bound
    };
    (keeps) => {
        $crate::shape::Claim::Keeps
    };
    (neither) => {
        $crate::shape::Claim::Neither
    };
}

macro_rules! joins {
    () => {
        None
    };
    ($how:ident) => {
        Some($crate::shape::Joins::$how)
    };
}

macro_rules! entries {
    ($($(#[doc = $doc:literal])* $claim:ident($($how:ident)?) $name:ident($($arg:ident: $kind:ident),*),
       $sample:expr, $call:expr;)*) => {
        pub(super) const ENTRIES: &[$crate::shape::Entry] = &[$($crate::shape::Entry {
            name: {
                // `r#box` is written `box` everywhere but in Rust.
                let name = stringify!($name);
                match name.as_bytes() {
                    [b'r', b'#', ..] => name.split_at(2).1,
                    _ => name,
                }
            },
            doc: &[$($doc),*],
            group: {
                let path = module_path!();
                path.split_at("fieldgrad::shape::".len()).1
            },
            arguments: &[$((stringify!($arg), $crate::shape::ArgumentKind::$kind)),*],
            claim: claim!($claim),
            joins: joins!($($how)?),
            sample: || $sample,
            sample_source: stringify!($sample),
            call: |arguments| {
                let [$($arg),*] = $crate::shape::catalogue::one_for_each(arguments);
                $call
            },
        }),*];
    };
}

/// Functions that make a shape from sizes, or of a list of shapes: then how they join them stands behind the claim.
macro_rules! shapes {
    ($($(#[doc = $doc:literal])*
       $claim:ident $(($how:ident))? $name:ident($($arg:ident: impl $kind:ident),*) $body:block
       as in $sample:expr;)*) => {
        $($(#[doc = $doc])*
        #[track_caller]
        pub fn $name($($arg: impl $kind),*) -> Field {
            #[allow(unused_mut)]
            let mut call = $crate::shape::catalogue::Call::new(
                stringify!($name).trim_start_matches("r#"), $crate::error::Place::caller());
            $(let $arg = $arg.taken(&mut call, stringify!($arg));)*
            let field: Field = $body;
            call.finish(field)
        })*
        entries! {
            $($(#[doc = $doc])* $claim($($how)?) $name($($arg: $kind),*), $sample, $name($($arg),*);)*
        }
    };
}

/// Functions of a shape, as methods under a heading.
macro_rules! methods {
    ($heading:literal $($(#[doc = $doc:literal])*
       $claim:ident $name:ident($self:ident $(, $arg:ident: impl $kind:ident)*) $body:block
       as in $sample:expr;)*) => {
        #[doc = concat!("# ", $heading)]
        impl Field {
            $($(#[doc = $doc])*
            #[track_caller]
            pub fn $name(&$self $(, $arg: impl $kind)*) -> Field {
                let mut call = $crate::shape::catalogue::Call::new(
                    stringify!($name), $crate::error::Place::caller());
                call.note("shape", $self);
                $(let $arg = $arg.taken(&mut call, stringify!($arg));)*
                let field: Field = $body;
                call.finish(field)
            })*
        }
        entries! {
            $($(#[doc = $doc])* $claim() $name(shape: Field $(, $arg: $kind)*), $sample,
              Field::from(shape).$name($($arg),*);)*
        }
    };
}

/// Functions of several fields, free and as methods on the first under a heading. Behind the claim stands how they join shapes.
macro_rules! combinations {
    ($heading:literal $($(#[doc = $doc:literal])*
       $claim:ident($how:ident) $name:ident($first:ident: impl $first_kind:ident $(, $arg:ident: impl $kind:ident)*)
       $body:block as in $sample:expr;)*) => {
        $($(#[doc = $doc])*
        #[track_caller]
        pub fn $name($first: impl $first_kind $(, $arg: impl $kind)*) -> Field {
            let mut call = $crate::shape::catalogue::Call::new(
                stringify!($name), $crate::error::Place::caller());
            let $first = $first.taken(&mut call, stringify!($first));
            $(let $arg = $arg.taken(&mut call, stringify!($arg));)*
            let field: Field = $body;
            call.finish(field)
        })*
        #[doc = concat!("# ", $heading, "\n\nThe functions of [`shape`](crate::shape), with the first operand as the receiver.")]
        impl Field {
            $($(#[doc = $doc])*
            #[track_caller]
            pub fn $name(&self $(, $arg: impl $kind)*) -> Field {
                self::$name(self $(, $arg)*)
            })*
        }
        entries! {
            $($(#[doc = $doc])* $claim($how) $name($first: $first_kind $(, $arg: $kind)*), $sample,
              $name($first $(, $arg)*);)*
        }
    };
}
