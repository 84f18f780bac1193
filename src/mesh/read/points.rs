//! Points, with normals or without: from PLY, from text with a point a line, and from NumPy's files.

use super::text::{lines, number, shown};
use super::{Wrong, bytes_of, ending, ply};
use crate::error::{Error, Result};
use crate::npy::Array;
use std::path::Path;

/// Points of a surface, as a scanner gives them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// Where they are.
    pub places: Vec<[f64; 3]>,
    /// The surface's normals there, of any length; as many as there are points, or none.
    pub normals: Vec<[f64; 3]>,
}

impl Points {
    /// Reads points from a file, by its ending: `.ply`; `.xyz`, `.txt` or `.csv` with a point a line; `.npy` with a point a
    /// row.
    ///
    /// In a row there are x, y, z, and behind them the normal if there are six numbers or more. In text they are parted
    /// by blanks, commas or semicolons; a first line of names says which columns are `x`, `y`, `z`, `nx`, `ny` and `nz`;
    /// what follows a `#` is passed over.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Points> {
        let path = path.as_ref();
        let shown = path.display().to_string();
        let read = match ending(path).as_str() {
            "ply" => ply::points(&bytes_of(path, &shown, u64::MAX)?),
            "xyz" | "txt" | "csv" => text(&bytes_of(path, &shown, u64::MAX)?),
            "npy" => rows(Array::open(path, &shown, usize::MAX >> 4)?),
            _ => {
                let problem = "is none of .ply, .xyz, .txt, .csv and .npy, which points are read from";
                return Err(Error::File { path: shown, problem: problem.into() });
            }
        };
        read.and_then(Points::some).map_err(|wrong| wrong.in_file(&shown))
    }

    /// Reads points from the bytes of a PLY file.
    pub fn from_ply(bytes: &[u8]) -> Result<Points> {
        ply::points(bytes).and_then(Points::some).map_err(|wrong| wrong.in_file("PLY"))
    }

    /// Reads points from text, one a line.
    ///
    /// ```
    /// use fieldgrad::mesh::Points;
    ///
    /// let points = Points::from_text(b"x,y,z,nx,ny,nz\n0,0,1,0,0,1\n1,0,0,1,0,0\n")?;
    /// assert_eq!((points.places[1], points.normals[0]), ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]));
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn from_text(bytes: &[u8]) -> Result<Points> {
        text(bytes).and_then(Points::some).map_err(|wrong| wrong.in_file("points"))
    }

    fn some(self) -> Result<Points, Wrong> {
        if self.places.is_empty() { Err(Wrong::Whole("has no points".into())) } else { Ok(self) }
    }
}

fn columns(line: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let parts = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b';');
    line.split(parts).filter(|word| !word.is_empty())
}

fn text(bytes: &[u8]) -> Result<Points, Wrong> {
    let mut points = Points::default();
    // Which columns are the place and the normal.
    let mut which: Option<[Option<usize>; 6]> = None;
    let mut row = Vec::new();
    for (line, text) in lines(bytes) {
        let text = text.split(|&byte| byte == b'#').next().unwrap_or_default();
        let mut words = columns(text).peekable();
        let Some(first) = words.peek() else { continue };
        let is_first = points.places.is_empty() && which.is_none();
        if is_first && number(first, line).is_err() && first.iter().any(u8::is_ascii_alphabetic) {
            let names: Vec<Vec<u8>> = words.map(|word| word.trim_ascii().to_ascii_lowercase()).collect();
            let place = |name: &str| {
                names.iter().position(|own| own == name.as_bytes() || own == format!("{name:?}").as_bytes())
            };
            let places = ["x", "y", "z", "nx", "ny", "nz"].map(place);
            if places[..3].contains(&None) {
                let problem = format!("columns are called x, y and z, and not {}", shown(text));
                return Err(Wrong::Line(line, problem));
            }
            which = Some(places);
            continue;
        }
        row.clear();
        for word in words {
            // What is behind the last column that is read may be anything.
            let is_read = match which {
                Some(which) => which.contains(&Some(row.len())),
                None => row.len() < 6,
            };
            row.push(if is_read { number(word, line)? } else { 0.0 });
        }
        let usual = match row.len() {
            6.. => [Some(0), Some(1), Some(2), Some(3), Some(4), Some(5)],
            _ => [Some(0), Some(1), Some(2), None, None, None],
        };
        let own = *which.get_or_insert(usual);
        let has_normals = own[3..].iter().all(Option::is_some);
        let at = |n: usize| own[n].and_then(|column| row.get(column)).copied();
        let (place, normal) = ([at(0), at(1), at(2)], [at(3), at(4), at(5)]);
        let [Some(x), Some(y), Some(z)] = place else {
            return Err(Wrong::Line(line, format!("a point has three numbers, not {}", row.len())));
        };
        points.places.push([x, y, z]);
        if has_normals {
            let [Some(x), Some(y), Some(z)] = normal else {
                return Err(Wrong::Line(
                    line,
                    format!("a point and its normal have six numbers, not {}", row.len()),
                ));
            };
            points.normals.push([x, y, z]);
        }
    }
    Ok(points)
}

fn rows(array: Array<f64>) -> Result<Points, Wrong> {
    let (count, wide) = match array.shape[..] {
        [count, wide] if wide == 3 || wide >= 6 => (count, wide),
        _ => {
            let problem =
                format!("has rows of three numbers, or of six or more; not the shape {:?}", array.shape);
            return Err(Wrong::Whole(problem));
        }
    };
    if let Some(n) = array.values.iter().position(|value| !value.is_finite()) {
        return Err(Wrong::Whole(format!("has finite values; number {n} is {}", array.values[n])));
    }
    let part = |from: usize| {
        let row = |n: usize| std::array::from_fn(|i| array.values[n * wide + from + i]);
        (0..count).map(row).collect()
    };
    Ok(Points { places: part(0), normals: if wide >= 6 { part(3) } else { Vec::new() } })
}
