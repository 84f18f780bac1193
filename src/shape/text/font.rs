//! The letters of `text`: strokes on a grid, drawn for this project.
//!
//! The unit is the width of the pen. Capitals are 6 high along the middle of the stroke, small letters 4, and they hang
//! down to −2; with the pen's own width a capital is 7 high. A glyph is its character, then strokes parted by `;`; a
//! stroke is corners `x,y`, and `~r` rounds the corners after it to the radius r. A stroke of one corner is a dot.

/// The printable characters of ASCII, from the space on.
const GLYPHS: [&str; 95] = [
    " ",
    "! 0,6 0,2.25; 0,0",
    "\" 0,6 0,4.5; 1.75,6 1.75,4.5",
    "# 1,0 1.5,6; 3,0 3.5,6; 0,2 4.25,2; 0.25,4 4.5,4",
    "$ 4,4.5 ~1.5 4,6 0,6 0,3 4,3 4,0 0,0 0,1.5; 2,7.25 2,6; 2,0 2,-1.25",
    "% 1,6 ~1 0,6 0,4 2,4 2,6 1,6; 4.5,2 ~1 3.5,2 3.5,0 5.5,0 5.5,2 4.5,2; 0.75,0 4.75,6",
    "& 4.5,0 ~0.8 0.2,4.8 1.6,6.6 3,4.8 ~1.3 -0.5,2 0.1,0 ~1.5 3,0 ~0 4.4,2.5",
    "' 0,6 0,4.5",
    "( 1,6.75 ~3 0,5 0,1 1,-0.75",
    ") 0,6.75 ~3 1,5 1,1 0,-0.75",
    "* 1.5,6 1.5,3; 0.2,5.25 2.8,3.75; 0.2,3.75 2.8,5.25",
    "+ 1.75,1.25 1.75,4.75; 0,3 3.5,3",
    ", 0.5,0 0,-1.25",
    "- 0,3 2.5,3",
    ". 0,0",
    "/ 0,-0.5 3,6.5",
    "0 1.75,6 ~1.75 0,6 0,0 3.5,0 3.5,6 1.75,6",
    "1 0,4.75 1.5,6 1.5,0; 0,0 3,0",
    "2 0,4.5 ~1.5 0,6 3.5,6 3.5,3.5 ~0 0,0 3.5,0",
    "3 0,4.5 ~1.5 0,6 3.5,6 3.5,3 ~0 1.5,3; 1.5,3 ~1.5 3.5,3 3.5,0 0,0 0,1.5",
    "4 3,0 3,6 0,2 4,2",
    "5 3.5,6 0,6 0,3.5 ~1.75 3.5,3.5 3.5,0 ~1.25 0,0 0,1.25",
    "6 3.4,4.75 ~1.25 3.4,6 ~1.75 0,6 ~0 0,1.75; 0,1.75 ~1.75 0,0 3.5,0 3.5,3.5 0,3.5 0,1.75",
    "7 0,6 3.5,6 1,0",
    "8 1.75,6 ~1.5 0,6 0,3 3.5,3 3.5,6 1.75,6; 1.75,3 ~1.5 0,3 0,0 3.5,0 3.5,3 1.75,3",
    "9 0.1,1.25 ~1.25 0.1,0 ~1.75 3.5,0 ~0 3.5,4.25; 3.5,4.25 ~1.75 3.5,6 0,6 0,2.5 3.5,2.5 3.5,4.25",
    ": 0,0.5; 0,3.5",
    "; 0.5,3.5; 0.5,0.25 0,-1.25",
    "< 3.5,5 0,3 3.5,1",
    "= 0,2 3.5,2; 0,4 3.5,4",
    "> 0,5 3.5,3 0,1",
    "? 0,4.5 ~1.5 0,6 3.5,6 ~1.25 3.5,3 ~0.5 1.75,3 1.75,2.25; 1.75,0",
    "@ 4.75,-0.5 ~2.25 0,-0.5 0,6 5.5,6 ~0.9 5.5,1.5 ~0 3.75,1.5; 3.75,2.75 ~0.9 3.75,4.25 1.75,4.25 1.75,1.5 3.75,1.5 3.75,2.75; 3.75,4.25 3.75,1.5",
    "A 0,0 2,6 4,0; 0.67,2 3.33,2",
    "B 0,0 0,6 ~1.5 3.5,6 3.5,3 ~0 0,3; 0,3 ~1.5 4,3 4,0 ~0 0,0",
    "C 4,4.5 ~1.5 4,6 ~2 0,6 0,0 ~1.5 4,0 4,1.5",
    "D 0,0 0,6 ~2 4,6 4,0 ~0 0,0",
    "E 3.5,6 0,6 0,0 3.5,0; 0,3 3,3",
    "F 3.5,6 0,6 0,0; 0,3 3,3",
    "G 4,4.5 ~1.5 4,6 ~2 0,6 0,0 4,0 ~0 4,3 2.25,3",
    "H 0,0 0,6; 4,0 4,6; 0,3 4,3",
    "I 0,0 0,6",
    "J 3,6 ~1.5 3,0 0,0 0,1.5",
    "K 0,0 0,6; 4,6 0,2.5; 1.4,3.72 4,0",
    "L 0,6 0,0 3.5,0",
    "M 0,0 0,6 2.5,2 5,6 5,0",
    "N 0,0 0,6 4,0 4,6",
    "O 2,6 ~2 0,6 0,0 4,0 4,6 2,6",
    "P 0,0 0,6 ~1.75 4,6 4,2.5 ~0 0,2.5",
    "Q 2,6 ~2 0,6 0,0 4,0 4,6 2,6; 2.4,1.6 4.2,-0.4",
    "R 0,0 0,6 ~1.75 4,6 4,2.5 ~0 0,2.5; 2,2.5 4,0",
    "S 4,4.5 ~1.5 4,6 0,6 0,3 4,3 4,0 0,0 0,1.5",
    "T 0,6 4,6; 2,6 2,0",
    "U 0,6 ~2 0,0 4,0 4,6",
    "V 0,6 2,0 4,6",
    "W 0,6 1.5,0 3,4.5 4.5,0 6,6",
    "X 0,0 4,6; 0,6 4,0",
    "Y 0,6 2,3 4,6; 2,3 2,0",
    "Z 0,6 4,6 0,0 4,0",
    "[ 1.25,6.75 0,6.75 0,-0.75 1.25,-0.75",
    "\\ 0,6.5 3,-0.5",
    "] 0,6.75 1.25,6.75 1.25,-0.75 0,-0.75",
    "^ 0,4 1.5,6 3,4",
    "_ 0,-1 4,-1",
    "` 0,6.25 1,5",
    "a 3.5,2 ~1.75 3.5,4 0,4 0,0 3.5,0 3.5,2; 3.5,4 3.5,0",
    "b 0,2 ~1.75 0,4 3.5,4 3.5,0 0,0 0,2; 0,6 0,0",
    "c 3.5,2.75 ~1.25 3.5,4 ~1.75 0,4 0,0 ~1.25 3.5,0 3.5,1.25",
    "d 3.5,2 ~1.75 3.5,4 0,4 0,0 3.5,0 3.5,2; 3.5,6 3.5,0",
    "e 0,2 3.5,2 ~1.75 3.5,4 0,4 0,0 ~0.6 3.4,0 3.4,0.6",
    "f 2.25,6 ~1.25 0.75,6 ~0 0.75,0; 0,4 2,4",
    "g 3.5,2 ~1.75 3.5,4 0,4 0,0 3.5,0 3.5,2; 3.5,4 ~1.75 3.5,-2 ~0 0.5,-2",
    "h 0,6 0,0; 0,2 ~1.75 0,4 3.5,4 3.5,0",
    "i 0,4 0,0; 0,6",
    "j 1.5,4 ~1.5 1.5,-2 0,-2; 1.5,6",
    "k 0,0 0,6; 3,4 0,1.4; 1.2,2.44 3.2,0",
    "l 0,6 ~1 0,0 1,0",
    "m 0,4 0,0; 0,2.5 ~1.25 0,4 2.5,4 2.5,0; 2.5,2.5 ~1.25 2.5,4 5,4 5,0",
    "n 0,4 0,0; 0,2.25 ~1.75 0,4 3.5,4 3.5,0",
    "o 1.75,4 ~1.75 0,4 0,0 3.5,0 3.5,4 1.75,4",
    "p 0,2 ~1.75 0,4 3.5,4 3.5,0 0,0 0,2; 0,4 0,-2",
    "q 3.5,2 ~1.75 3.5,4 0,4 0,0 3.5,0 3.5,2; 3.5,4 3.5,-2",
    "r 0,4 0,0; 0,2.25 ~1.75 0,4 2.25,4",
    "s 2.9,4 ~1 0,4 0,2 3,2 3,0 0.1,0",
    "t 1,5.5 ~1.25 1,0 2.5,0; 0,4 2.25,4",
    "u 0,4 ~1.75 0,0 3.5,0 3.5,1.75; 3.5,4 3.5,0",
    "v 0,4 1.75,0 3.5,4",
    "w 0,4 1.25,0 2.5,3.5 3.75,0 5,4",
    "x 0,0 3.25,4; 0,4 3.25,0",
    "y 0,4 1.75,0; 3.5,4 0.875,-2",
    "z 0,4 3.25,4 0,0 3.25,0",
    "{ 1.75,6.75 ~1 0.75,6.75 ~0.7 0.75,3 0,3; 0,3 ~0.7 0.75,3 ~1 0.75,-0.75 1.75,-0.75",
    "| 0,6.75 0,-0.75",
    "} 0,6.75 ~1 1,6.75 ~0.7 1,3 1.75,3; 1.75,3 ~0.7 1,3 ~1 1,-0.75 0,-0.75",
    "~ 0,2.4 ~0.7 0.9,3.8 2.6,2.2 3.5,3.6",
];

/// How far apart lines are.
pub(super) const LINE: f64 = 10.0;

/// A part of a stroke, along the middle of the pen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum StrokePiece {
    /// From a point on, in a unit direction, over a length.
    Line { from: [f64; 2], direction: [f64; 2], length: f64 },
    /// Of a circle: `reach` (an angle) to each side of the unit direction `middle`.
    Arc { center: [f64; 2], radius: f64, middle: [f64; 2], reach: f64 },
}

/// A character drawn: its strokes' pieces, and how far it is from its left edge to that of the next one.
pub(super) fn glyph(character: char) -> Option<(Vec<StrokePiece>, f64)> {
    let strokes = &GLYPHS.get((character as usize).checked_sub(' ' as usize)?)?[1..];
    if strokes.is_empty() {
        return Some((Vec::new(), 3.0));
    }
    let strokes: Vec<Vec<Fillet>> = strokes.split(';').map(corners).collect();
    let width = strokes.iter().flatten().map(|corner| corner.at[0]).fold(0.0, f64::max);
    Some((strokes.iter().flat_map(|stroke| pieces(stroke)).collect(), width + 2.0))
}

struct Fillet {
    at: [f64; 2],
    radius: f64,
}

fn corners(stroke: &str) -> Vec<Fillet> {
    let number = |text: &str| text.parse::<f64>().expect("a number in the font");
    let mut radius = 0.0;
    let mut corners = Vec::new();
    for word in stroke.split_whitespace() {
        match (word.strip_prefix('~'), word.split_once(',')) {
            (Some(r), _) => radius = number(r),
            (_, Some((x, y))) => corners.push(Fillet { at: [number(x), number(y)], radius }),
            _ => unreachable!("a corner or a radius in the font"),
        }
    }
    corners
}

fn pieces(stroke: &[Fillet]) -> Vec<StrokePiece> {
    let minus = |a: [f64; 2], b: [f64; 2]| [a[0] - b[0], a[1] - b[1]];
    let onward = |a: [f64; 2], d: [f64; 2], s: f64| [a[0] + d[0] * s, a[1] + d[1] * s];
    let (first, last) = (&stroke[0], &stroke[stroke.len() - 1]);
    if stroke.len() == 1 {
        return vec![StrokePiece::Line { from: first.at, direction: [1.0, 0.0], length: 0.0 }];
    }
    let mut pieces = Vec::new();
    let line = |from: [f64; 2], to: [f64; 2], pieces: &mut Vec<StrokePiece>| {
        let way = minus(to, from);
        let length = way[0].hypot(way[1]);
        if length > 1e-9 {
            pieces.push(StrokePiece::Line { from, direction: way.map(|part| part / length), length });
        }
    };
    let mut from = first.at;
    for three in stroke.windows(3) {
        let corner = &three[1];
        if corner.radius > 0.0 {
            let unit = |v: [f64; 2]| v.map(|part| part / v[0].hypot(v[1]));
            let (incoming, outgoing) =
                (unit(minus(corner.at, three[0].at)), unit(minus(three[2].at, corner.at)));
            let dot = incoming[0] * outgoing[0] + incoming[1] * outgoing[1];
            let turn = dot.clamp(-1.0, 1.0).acos();
            // The circle touches both sides at this distance from the corner; its middle is on the bisector.
            let touches = corner.radius * (turn / 2.0).tan();
            let inward = unit(minus(outgoing, incoming));
            let center = onward(corner.at, inward, corner.radius / (turn / 2.0).cos());
            line(from, onward(corner.at, incoming, -touches), &mut pieces);
            let middle = inward.map(|part| -part);
            pieces.push(StrokePiece::Arc { center, radius: corner.radius, middle, reach: turn / 2.0 });
            from = onward(corner.at, outgoing, touches);
        } else {
            line(from, corner.at, &mut pieces);
            from = corner.at;
        }
    }
    line(from, last.at, &mut pieces);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_corners_fit_their_strokes() {
        for (i, glyph) in GLYPHS.iter().enumerate() {
            let name = char::from(b' ' + i as u8);
            assert!(glyph.starts_with(name), "{name}: {glyph}");
            for stroke in glyph[1..].split(';').map(corners).filter(|stroke| !stroke.is_empty()) {
                let length: f64 =
                    stroke.windows(2).map(|p| (p[0].at[0] - p[1].at[0]).hypot(p[0].at[1] - p[1].at[1])).sum();
                let drawn: f64 = pieces(&stroke)
                    .iter()
                    .map(|piece| match piece {
                        StrokePiece::Line { length, .. } => *length,
                        // What the corner it replaces was long.
                        StrokePiece::Arc { radius, reach, .. } => 2.0 * radius * reach.tan(),
                    })
                    .sum();
                assert!((length - drawn).abs() < 1e-9, "{name}: {length} {drawn}");
            }
        }
    }
}
