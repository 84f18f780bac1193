//! Names: what a shape function was called with, so that pictures show `smooth_union` and not forty multiplications.

use super::Field;
use crate::error::Place;

/// The call that made a node: the function's name, its arguments, its place; and a title a person gave.
#[derive(Clone, Debug)]
pub struct Label {
    pub(crate) function: &'static str,
    pub(crate) arguments: Vec<(&'static str, Field)>,
    pub(crate) place: Place,
    pub(crate) title: Option<String>,
    /// Whether the function itself made the field, so that what it promises holds: a file may say what it likes.
    pub(crate) is_made: bool,
}

impl Label {
    /// The function that made the node; empty for a node that only has a title.
    pub fn function(&self) -> &'static str {
        self.function
    }

    /// What the function was given, by name. A list has its name once for each entry.
    pub fn arguments(&self) -> &[(&'static str, Field)] {
        &self.arguments
    }

    /// Where it was called.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The name a person gave, or else the function's.
    pub fn title(&self) -> &str {
        self.title.as_deref().unwrap_or(self.function)
    }

    pub(super) fn into_fields(self) -> impl Iterator<Item = Field> {
        self.arguments.into_iter().map(|(_, field)| field)
    }
}

/// # Names
impl Field {
    /// The field, its label saying that the call stands there.
    pub(crate) fn called_at(&self, place: &Place) -> Field {
        match self.label() {
            Some(label) => self.with_label(Label { place: place.clone(), ..label.clone() }),
            None => self.clone(),
        }
    }

    /// The field under a name of your own, for pictures of the graph and for messages.
    #[track_caller]
    pub fn name(&self, title: &str) -> Field {
        let label = match self.label() {
            Some(label) => Label { title: Some(title.into()), ..label.clone() },
            None => Label {
                function: "",
                arguments: Vec::new(),
                place: Place::caller(),
                title: Some(title.into()),
                is_made: false,
            },
        };
        self.with_label(label)
    }
}
