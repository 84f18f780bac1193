//! Points from files: CSV, and NumPy arrays.

use super::output::{extension, unknown_kind};
use crate::error::{Error, Place, Result};
use crate::npy::Array;
use std::path::Path;

/// The points of a file; those that have no time get the given one.
pub(super) fn read(path: &Path, time: f64) -> Result<Vec<[f64; 4]>> {
    let shown = path.display().to_string();
    let read = || {
        std::fs::read(path).map_err(|error| Error::File { path: shown.clone(), problem: error.to_string() })
    };
    match extension(path).as_str() {
        "csv" => {
            let bytes = read()?;
            let text = std::str::from_utf8(&bytes).map_err(|error| {
                let problem = format!("is not a text: byte {} is not UTF-8", error.valid_up_to() + 1);
                Error::File { path: shown.clone(), problem }
            })?;
            of_csv(text, &shown, time)
        }
        "npy" => of_array(&Array::open(path, &shown, usize::MAX)?, &shown, time),
        _ => Err(unknown_kind(path, ".csv or .npy")),
    }
}

fn of_array(array: &Array<f64>, file: &str, time: f64) -> Result<Vec<[f64; 4]>> {
    let wrong = |problem: String| Error::File { path: file.into(), problem };
    let columns = match array.shape[..] {
        [_, columns @ (3 | 4)] => columns,
        [_, columns] => return Err(wrong(format!("has rows of {columns} numbers; a point has 3 or 4"))),
        _ => return Err(wrong(format!("has {} dimensions; rows and columns are 2", array.shape.len()))),
    };
    let rows = array.values.chunks_exact(columns).enumerate();
    rows.map(|(row, values)| match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(wrong(format!("has {value} in row {row}, which is no finite number"))),
        None => Ok([values[0], values[1], values[2], values.get(3).copied().unwrap_or(time)]),
    })
    .collect()
}

/// The points of a CSV text: three or four numbers a line, or a header that names the columns x, y, z and t. Blank
/// lines and lines that start with # are left out.
pub(super) fn of_csv(text: &str, file: &str, time: f64) -> Result<Vec<[f64; 4]>> {
    let mut points = Vec::new();
    let mut columns: Option<Columns> = None;
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let line = Line { file, number: number + 1, text: line };
        let columns = match &columns {
            Some(columns) => columns,
            None => {
                let (found, is_header) = line.columns()?;
                let found = columns.insert(found);
                if is_header {
                    continue;
                }
                found
            }
        };
        points.push(line.point(columns, time)?);
    }
    Ok(points)
}

/// Which columns the coordinates are in, and how many there are.
struct Columns {
    of: [Option<usize>; 4],
    count: usize,
}

struct Line<'a> {
    file: &'a str,
    number: usize,
    text: &'a str,
}

impl Line<'_> {
    fn cells(&self) -> impl Iterator<Item = &str> {
        self.text.split(',').map(|cell| cell.trim().trim_matches('"'))
    }

    fn wrong(&self, cell: usize, problem: String) -> Error {
        let before = self.text.split(',').take(cell).map(|cell| cell.chars().count() + 1).sum::<usize>();
        let blanks = self.text.split(',').nth(cell).unwrap_or("").chars().take_while(|c| c.is_whitespace());
        let column = (before + blanks.count() + 1) as u32;
        Error::Text { place: Place { file: self.file.into(), line: self.number as u32, column }, problem }
    }

    /// What the first line says of the columns, and whether it is a header.
    fn columns(&self) -> Result<(Columns, bool)> {
        let count = self.cells().count();
        if self.cells().all(|cell| cell.parse::<f64>().is_err()) {
            let of = ["x", "y", "z", "t"].map(|name| self.cells().position(|cell| cell == name));
            if let Some(axis) = (0..3).find(|&axis| of[axis].is_none()) {
                let name = ["x", "y", "z"][axis];
                return Err(self.wrong(0, format!("the header names no column {name}")));
            }
            return Ok((Columns { of, count }, true));
        }
        let fourth = match count {
            3 => None,
            4 => Some(3),
            _ => return Err(self.wrong(0, format!("a point has 3 or 4 numbers, and this line {count}"))),
        };
        Ok((Columns { of: [Some(0), Some(1), Some(2), fourth], count }, false))
    }

    fn point(&self, columns: &Columns, time: f64) -> Result<[f64; 4]> {
        let mut at = [0.0, 0.0, 0.0, time];
        let mut count = 0;
        for (i, cell) in self.cells().enumerate() {
            count += 1;
            let Some(axis) = columns.of.iter().position(|column| *column == Some(i)) else { continue };
            at[axis] = match cell.parse::<f64>() {
                Ok(value) if value.is_finite() => value,
                Ok(_) => return Err(self.wrong(i, format!("{cell} is no finite number"))),
                Err(_) => return Err(self.wrong(i, format!("{cell:?} is not a number"))),
            };
        }
        match count == columns.count {
            true => Ok(at),
            false => Err(self.wrong(0, format!("there are {count} columns, and {} above", columns.count))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_are_found_by_name_or_by_place() {
        let named = "\u{feff}# made by hand\nt,z,label,y,x\r\n4,3,a,2,1\n\n 8 ,7,b,\"6\",5\n";
        assert_eq!(of_csv(named, "p.csv", 0.0).unwrap(), [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]);
        assert_eq!(of_csv("1,2,3\n-4e-3,5,6", "p.csv", 0.5).unwrap()[1], [-0.004, 5.0, 6.0, 0.5]);
        assert!(of_csv("x,y,z\n", "p.csv", 0.0).unwrap().is_empty());
    }

    #[test]
    fn mistakes_are_shown_where_they_are() {
        let cases = [
            ("1,2,3\n1, b,3", "p.csv:2:4: \"b\" is not a number"),
            ("1,2,nan", "p.csv:1:5: nan is no finite number"),
            ("1,2", "p.csv:1:1: a point has 3 or 4 numbers, and this line 2"),
            ("1,2,3\n1,2,3,4", "p.csv:2:1: there are 4 columns, and 3 above"),
            ("x,y,t\n", "p.csv:1:1: the header names no column z"),
        ];
        for (text, want) in cases {
            assert_eq!(of_csv(text, "p.csv", 0.0).unwrap_err().to_string(), want);
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "([-0-9.e,xyzt#\"\n\u{1F980}]|\r\n){0,60}") {
            let _ = of_csv(&text, "p.csv", 0.0);
        }
    }
}
