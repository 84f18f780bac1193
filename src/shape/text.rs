//! Text as a field: the strokes of `font.rs`, as wide as the pen that draws them.

mod font;

use super::catalogue::Call;
use super::outline::Edge;
use super::plane::arc_distance;
use crate::field::*;
use font::{LINE, StrokePiece, glyph};

/// Text to be drawn: a `&str` or a `String` of printable ASCII, `\n` between lines.
pub trait Text: Into<String> {
    #[doc(hidden)]
    fn taken(self, call: &mut Call, argument: &'static str) -> String {
        let text = self.into();
        if let Some(unknown) = text.chars().find(|&character| character != '\n' && glyph(character).is_none())
        {
            call.wrong(
                argument,
                format!("has {unknown:?}, and only the printable characters of ASCII can be drawn"),
            );
        }
        text
    }
}
impl<T: Into<String>> Text for T {}

/// The distance to text of that height, centred.
pub(super) fn distance(text: &str, size: &Field) -> Field {
    let unit = size / 7;
    let lines: Vec<&str> = text.split('\n').collect();
    let nearer = |a: Field, b: Field| a.min(b);
    let mut nearest: Option<Field> = None;
    for (i, line) in lines.iter().enumerate() {
        let glyphs: Vec<(Vec<StrokePiece>, f64)> = line.chars().filter_map(glyph).collect();
        // The last glyph's advance ends two units right of the middle of its stroke.
        let width = glyphs.iter().map(|(_, advance)| advance).sum::<f64>() - 2.0;
        let mut at = [-width / 2.0, LINE * ((lines.len() - 1) as f64 / 2.0 - i as f64) - 3.0];
        for (pieces, advance) in glyphs {
            let glyph = pieces.iter().map(|piece| away(piece, at, &unit)).reduce(nearer);
            nearest = nearest.into_iter().chain(glyph).reduce(nearer);
            at[0] += advance;
        }
    }
    match nearest {
        Some(nearest) => nearest - unit / 2,
        None => Field::constant(NOWHERE),
    }
}

/// What a blank text is away from everything.
const NOWHERE: f64 = 1e6;

/// The distance to a piece of a stroke whose glyph stands `at`, all in units.
fn away(piece: &StrokePiece, at: [f64; 2], unit: &Field) -> Field {
    let place = |point: &[f64; 2]| Vector([0, 1].map(|i| (at[i] + point[i]) * unit));
    match piece {
        StrokePiece::Line { from, direction, length } => {
            let edge =
                Edge { from: place(from), direction: direction.map(Field::constant), length: *length * unit };
            edge.seen_from(&x(), &y()).distance()
        }
        StrokePiece::Arc { center, radius, middle: [mx, my], reach } => {
            let Vector([cx, cy]) = place(center);
            let (px, py) = (x() - cx, y() - cy);
            let (across, along) = (&px * *my - &py * *mx, px * *mx + py * *my);
            arc_distance(&across, &along, &reach.sin().into(), &reach.cos().into(), &(*radius * unit))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::text;

    #[test]
    fn a_capital_is_as_high_as_the_size() {
        let h = text("H", 1.4);
        for (at, value) in [([0.0, 0.9], 0.2), ([0.0, 0.0], -0.1), ([0.4, 0.8], 0.1), ([-0.7, 0.0], 0.2)] {
            let found = h.value_at([at[0], at[1], 0.0, 0.0]).unwrap();
            let exact = if at == [0.0, 0.9] { (0.4f64).hypot(0.3) - 0.1 } else { value };
            assert!((found - exact).abs() < 1e-12, "{at:?} {found}");
        }
    }

    #[test]
    fn lines_stack_and_a_blank_is_nothing() {
        let two = text("I\nI", 0.7);
        for y in [-0.5, 0.5] {
            assert!((two.value_at([0.0, y, 0.0, 0.0]).unwrap() + 0.05).abs() < 1e-12);
        }
        assert!(two.value_at([0.0; 4]).unwrap() > 0.1);
        assert_eq!(text(" \n", 1).value_at([0.0; 4]).unwrap(), NOWHERE);
    }

    #[test]
    fn an_unknown_character_is_a_mistake() {
        let problem = text("naïve", 1).value_at([0.0; 4]).unwrap_err().to_string();
        assert!(problem.contains('ï'), "{problem}");
    }
}
