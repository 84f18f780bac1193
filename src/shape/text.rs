//! Text as a field: the strokes of [`super::font`].

use super::catalogue::Call;
use crate::field::*;

/// Text to be drawn: a `&str` or a `String`.
pub trait Text: Into<String> {
    #[doc(hidden)]
    fn taken(self, _call: &mut Call, _argument: &'static str) -> String {
        self.into()
    }
}
impl<T: Into<String>> Text for T {}

pub(super) fn distance(_string: &str, size: &Field) -> Field {
    hypot(x(), y()) - size
}
