//! STL, as text or binary: triangles, each with its own corners.

use super::super::weld::Weld;
use super::text::{lines, triple, words};
use super::{Mesh, Wrong};

/// The bytes before the triangles: a comment and their number.
const HEADER: usize = 84;
/// The bytes of a triangle: a normal, three corners and two bytes.
const TRIANGLE: usize = 50;

pub(super) fn read(bytes: &[u8]) -> Result<Mesh, Wrong> {
    let is_text = bytes.trim_ascii_start().starts_with(b"solid");
    let Some(count) = bytes.get(HEADER - 4..HEADER) else {
        return if is_text {
            text(bytes)
        } else {
            Err(Wrong::Whole("ends in the middle of its header".into()))
        };
    };
    let count = u32::from_le_bytes([count[0], count[1], count[2], count[3]]) as usize;
    let room = bytes.len() - HEADER;
    // Some binary files start as texts do, but few texts are just as long as the number in them says.
    let fits = room / TRIANGLE == count && room.is_multiple_of(TRIANGLE);
    match () {
        // Texts have no zeros, and headers end with them.
        _ if is_text && !fits && !bytes.contains(&0) => text(bytes),
        _ if room / TRIANGLE < count => {
            let whole = room / TRIANGLE;
            Err(Wrong::Byte(HEADER - 4, format!("promises {count} triangles and has {whole}")))
        }
        _ => binary(&bytes[HEADER..HEADER + count * TRIANGLE]),
    }
}

fn binary(bytes: &[u8]) -> Result<Mesh, Wrong> {
    let count = bytes.len() / TRIANGLE;
    // A closed surface has half as many vertices as triangles.
    let mut weld = Weld::new(count / 2 + 2);
    let mut triangles = Vec::with_capacity(count);
    for (n, own) in bytes.chunks_exact(TRIANGLE).enumerate() {
        let float = |at: usize| f32::from_le_bytes([own[at], own[at + 1], own[at + 2], own[at + 3]]);
        let mut corners = [0; 3];
        for (corner, number) in corners.iter_mut().enumerate() {
            let place = [0, 1, 2].map(|axis| f64::from(float(12 + 12 * corner + 4 * axis)));
            if !place.iter().all(|x| x.is_finite()) {
                let byte = HEADER + n * TRIANGLE + 12 + 12 * corner;
                return Err(Wrong::Byte(byte, format!("triangle {n} has a corner at {place:?}")));
            }
            *number = weld.number(place);
        }
        triangles.push(corners);
    }
    Ok(Mesh { vertices: weld.places, triangles })
}

fn text(bytes: &[u8]) -> Result<Mesh, Wrong> {
    let mut weld = Weld::new(0);
    let (mut triangles, mut corners, mut is_open, mut last) = (Vec::new(), Vec::new(), false, 0);
    for (line, text) in lines(bytes) {
        last = line;
        let mut words = words(text);
        let Some(word) = words.next() else { continue };
        match word.to_ascii_lowercase().as_slice() {
            b"vertex" => {
                if corners.len() == 3 || !is_open {
                    let where_it_is = if is_open { "after the third" } else { "outside of a facet" };
                    return Err(Wrong::Line(line, format!("a vertex stands {where_it_is}")));
                }
                corners.push(weld.number(triple(&mut words, "a vertex", line)?));
            }
            b"facet" if is_open => return Err(Wrong::Line(line, "a facet starts within another".into())),
            b"facet" => is_open = true,
            b"endfacet" => {
                let &[a, b, c] = corners.as_slice() else {
                    return Err(Wrong::Line(
                        line,
                        format!("a facet has three vertices, not {}", corners.len()),
                    ));
                };
                triangles.push([a, b, c]);
                corners.clear();
                is_open = false;
            }
            b"solid" | b"endsolid" | b"outer" | b"endloop" => (),
            _ => {
                let problem = format!("{} is no word of an STL file", super::text::shown(word));
                return Err(Wrong::Line(line, problem));
            }
        }
    }
    match is_open {
        true => Err(Wrong::Line(last, "ends in the middle of a facet".into())),
        false => Ok(Mesh { vertices: weld.places, triangles }),
    }
}
