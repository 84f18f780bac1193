//! Wavefront's OBJ: vertices and polygons, a line each.

use super::text::{lines, shown, triple, words};
use super::{Mesh, Wrong, polygon, so_many};

pub(super) fn read(bytes: &[u8]) -> Result<Mesh, Wrong> {
    let (mut vertices, mut triangles) = (Vec::new(), Vec::new());
    // Polygons may come before vertices that they name, but seldom do: they are cut when all is read.
    let mut waiting: Vec<(usize, Vec<u32>)> = Vec::new();
    let mut corners: Vec<u32> = Vec::new();
    for (line, text) in lines(bytes) {
        let mut words = words(text);
        match words.next() {
            Some(b"v") => {
                vertices.push(triple(&mut words, "a vertex", line)?);
                if vertices.len() > u32::MAX as usize {
                    return Err(Wrong::Line(line, "more vertices than can be counted".into()));
                }
            }
            Some(b"f") => {
                corners.clear();
                for word in words {
                    corners.push(corner(word, vertices.len()).map_err(|problem| Wrong::Line(line, problem))?);
                }
                if corners.len() < 3 {
                    let problem = format!("a face has three corners or more, not {}", corners.len());
                    return Err(Wrong::Line(line, problem));
                }
                match corners.iter().all(|&corner| (corner as usize) < vertices.len()) {
                    true => polygon::cut(&corners, &vertices, &mut triangles)
                        .map_err(|problem| Wrong::Line(line, problem))?,
                    false => waiting.push((line, corners.clone())),
                }
            }
            // Texture coordinates, normals, groups, materials, curves: not of the surface's shape.
            _ => (),
        }
    }
    for (line, corners) in waiting {
        if let Some(missing) = corners.iter().find(|&&corner| corner as usize >= vertices.len()) {
            let (number, count) = (u64::from(*missing) + 1, so_many(vertices.len()));
            return Err(Wrong::Line(line, format!("vertex {number} is not there: {count}")));
        }
        polygon::cut(&corners, &vertices, &mut triangles).map_err(|problem| Wrong::Line(line, problem))?;
    }
    Ok(Mesh { vertices, triangles })
}

/// The vertex of `7`, `7/2`, `7//3` or `7/2/3`, from 0; −1 is the last one so far.
fn corner(word: &[u8], count: usize) -> Result<u32, String> {
    let own = word.split(|&byte| byte == b'/').next().unwrap_or_default();
    let number: Option<i64> = std::str::from_utf8(own).ok().and_then(|text| text.parse().ok());
    match number {
        Some(0) => Err("vertices are counted from 1, not 0".into()),
        Some(number) if number > 0 => {
            u32::try_from(number - 1).map_err(|_| format!("vertex {number} is not there: {}", so_many(count)))
        }
        Some(number) => {
            let back = number.unsigned_abs();
            match (count as u64).checked_sub(back) {
                Some(place) => Ok(place as u32),
                None => Err(format!("vertex {number} is not there: so far {}", so_many(count))),
            }
        }
        None => Err(format!("{} is not the number of a vertex", shown(word))),
    }
}
