//! Point clouds: from PLY, from text with a point a line, and from NumPy's files.

use super::text::shown;
use super::{Wrong, bytes_of, ending, ply};
use crate::error::{Error, Result};
use crate::npy::Array;
use std::path::Path;

/// Points as a scanner, a simulation or a table gives them, with what is known of the surface at each.
///
/// Each list beside the points is as long as theirs, or empty.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PointCloud {
    /// The points in space.
    pub points: Vec<[f64; 3]>,
    /// The time of each.
    pub times: Vec<f64>,
    /// The signed distance to the surface at each, negative inside.
    pub distances: Vec<f64>,
    /// The surface's normal at each, of any length.
    pub normals: Vec<[f64; 3]>,
}

impl PointCloud {
    /// Points with the surface's normals at them, of any lengths. An error if there are not as many of the one as of the other.
    pub fn oriented(points: Vec<[f64; 3]>, normals: Vec<[f64; 3]>) -> Result<PointCloud> {
        if points.len() != normals.len() {
            let (points, normals) = (points.len(), normals.len());
            return Err(Error::Input(format!("{points} points have {normals} normals")));
        }
        Ok(PointCloud { points, normals, ..PointCloud::default() })
    }

    /// Reads points from a file, by its ending: `.ply`; `.csv`, `.xyz` or `.txt` with a point a line; `.npy` with a point a
    /// row.
    ///
    /// A row is x, y, z; then the signed distance, if there are 4 numbers; the normal, if there are 6; both, if there are 7.
    /// In text, cells are parted by commas, semicolons or blanks, whichever the first line has. A header of names says
    /// otherwise which columns are `x`, `y`, `z`, `t` (the time), `f` (the signed distance), `nx`, `ny` and `nz`; others may
    /// hold anything. Blank lines and lines that start with `#` are left out. An error, with its line and column, where the
    /// file is none of these, has a number that is not finite, or has no points.
    pub fn from_file(path: impl AsRef<Path>) -> Result<PointCloud> {
        let path = path.as_ref();
        PointCloud::from_file_as(path, &path.display().to_string())
    }

    /// The same of a file that messages call something else.
    pub(crate) fn from_file_as(path: &Path, shown: &str) -> Result<PointCloud> {
        read(path, shown, RowMeaning::Surface)?.some().map_err(|wrong| wrong.in_file(shown))
    }

    /// Reads points from the bytes of a PLY file.
    pub fn from_ply(bytes: &[u8]) -> Result<PointCloud> {
        ply::points(bytes).and_then(PointCloud::some).map_err(|wrong| wrong.in_file("PLY"))
    }

    /// Reads points from text, one a line.
    ///
    /// ```
    /// use fieldgrad::mesh::PointCloud;
    ///
    /// let cloud = PointCloud::from_text(b"x,y,z,nx,ny,nz\n0,0,1,0,0,1\n1,0,0,1,0,0\n")?;
    /// assert_eq!((cloud.points[1], cloud.normals[0]), ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]));
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn from_text(bytes: &[u8]) -> Result<PointCloud> {
        text(bytes, RowMeaning::Surface).and_then(PointCloud::some).map_err(|wrong| wrong.in_file("points"))
    }

    /// The points of a file in space and time, of which there may be none: a row's fourth number is its time, and those
    /// without one are at the given time.
    pub(crate) fn in_space_time(path: &Path, time: f64) -> Result<Vec<[f64; 4]>> {
        let PointCloud { points, times, .. } =
            read(path, &path.display().to_string(), RowMeaning::SpaceTime)?;
        let time = |n: usize| times.get(n).copied().unwrap_or(time);
        Ok(points.iter().enumerate().map(|(n, &[x, y, z])| [x, y, z, time(n)]).collect())
    }

    fn some(self) -> Result<PointCloud, Wrong> {
        if self.points.is_empty() { Err(Wrong::Whole("has no points".into())) } else { Ok(self) }
    }

    fn push(&mut self, columns: &ColumnOrder, [x, y, z, t, f, normal @ ..]: [f64; 8]) {
        self.points.push([x, y, z]);
        self.times.extend(columns.has(3).then_some(t));
        self.distances.extend(columns.has(4).then_some(f));
        self.normals.extend((5..8).all(|n| columns.has(n)).then_some(normal));
    }
}

/// The meaning of rows that no header explains.
#[derive(Clone, Copy)]
enum RowMeaning {
    /// Samples of a surface: x, y, z, and its distance, normal or both.
    Surface,
    /// Points alone: x, y, z, and the time.
    SpaceTime,
}

const NAMES: [&str; 8] = ["x", "y", "z", "t", "f", "nx", "ny", "nz"];

/// The column of each of [`NAMES`] in a row of so many cells.
struct ColumnOrder {
    of: [Option<usize>; 8],
    count: usize,
}

impl ColumnOrder {
    /// Those of a row without a header.
    fn by_place(rows: RowMeaning, count: usize) -> Result<ColumnOrder, String> {
        let [time, distance, normal] = match (rows, count) {
            (_, 3) => [None, None, None],
            (RowMeaning::SpaceTime, 4) => [Some(3), None, None],
            (RowMeaning::Surface, 4) => [None, Some(3), None],
            (RowMeaning::Surface, 6) => [None, None, Some(3)],
            (RowMeaning::Surface, 7) => [None, Some(3), Some(4)],
            (RowMeaning::SpaceTime, _) => {
                return Err(format!("a point has 3 numbers, or 4 with its time; not {count}"));
            }
            (RowMeaning::Surface, _) => {
                let problem = "a point has 3 numbers, with a distance 4, with a normal 6, with both 7; not";
                return Err(format!("{problem} {count}"));
            }
        };
        let at = |n: usize| normal.map(|first| first + n);
        Ok(ColumnOrder { of: [Some(0), Some(1), Some(2), time, distance, at(0), at(1), at(2)], count })
    }

    /// Those that a header names.
    fn by_name(rows: RowMeaning, names: &[&str]) -> Result<ColumnOrder, String> {
        let known = match rows {
            RowMeaning::Surface => NAMES.len(),
            RowMeaning::SpaceTime => 4,
        };
        let mut of = [None; 8];
        for (own, name) in of.iter_mut().zip(NAMES).take(known) {
            *own = names.iter().position(|cell| cell.trim_start_matches("//").eq_ignore_ascii_case(name));
        }
        match (0..3).find(|&axis| of[axis].is_none()) {
            Some(axis) => Err(format!("the header names no column {}", NAMES[axis])),
            None => Ok(ColumnOrder { of, count: names.len() }),
        }
    }

    fn has(&self, which: usize) -> bool {
        self.of[which].is_some()
    }
}

fn read(path: &Path, shown: &str, rows: RowMeaning) -> Result<PointCloud> {
    let read = match ending(path).as_str() {
        "ply" => ply::points(&bytes_of(path, shown, u64::MAX)?),
        "xyz" | "txt" | "csv" => text(&bytes_of(path, shown, u64::MAX)?, rows),
        "npy" => array(&Array::open(path, shown, usize::MAX >> 4)?, rows).map_err(Wrong::Whole),
        _ => {
            let problem = "is none of .ply, .xyz, .txt, .csv and .npy, which points are read from";
            return Err(Error::File { path: shown.into(), problem: problem.into() });
        }
    };
    read.map_err(|wrong| wrong.in_file(shown))
}

fn array(array: &Array<f64>, rows: RowMeaning) -> Result<PointCloud, String> {
    let [_, wide] = array.shape[..] else {
        return Err(format!("has {} dimensions; rows and columns are 2", array.shape.len()));
    };
    let columns = ColumnOrder::by_place(rows, wide)
        .map_err(|problem| format!("has rows of {wide} numbers: {problem}"))?;
    if let Some(n) = array.values.iter().position(|value| !value.is_finite()) {
        return Err(format!("has {} in row {}, which is no finite number", array.values[n], n / wide));
    }
    let mut cloud = PointCloud::default();
    for row in array.values.chunks_exact(wide) {
        cloud.push(&columns, columns.of.map(|column| column.map_or(0.0, |column| row[column])));
    }
    Ok(cloud)
}

/// Between the cells of a line; none is blanks, however many.
type Separator = Option<char>;

/// The cells of a line.
fn cells(line: &str, separator: Separator) -> Vec<&str> {
    match separator {
        Some(separator) => line.split(separator).map(|cell| cell.trim().trim_matches('"')).collect(),
        None => line.split_whitespace().map(|cell| cell.trim_matches('"')).collect(),
    }
}

fn text(bytes: &[u8], rows: RowMeaning) -> Result<PointCloud, Wrong> {
    let mut cloud = PointCloud::default();
    let mut known: Option<(ColumnOrder, Separator)> = None;
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    for (n, bytes) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let (number, text) = (n + 1, String::from_utf8_lossy(bytes));
        let line = text.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |problem: String| Wrong::Line(number, problem);
        let (columns, separator) = match &known {
            Some(known) => known,
            None => {
                let separator = [',', ';'].into_iter().find(|&separator| line.contains(separator));
                let first = cells(line, separator);
                let is_header = first.iter().all(|cell| cell.parse::<f64>().is_err());
                let columns = match is_header {
                    true => ColumnOrder::by_name(rows, &first),
                    false => ColumnOrder::by_place(rows, first.len()),
                };
                let found = known.insert((columns.map_err(wrong)?, separator));
                if is_header {
                    continue;
                }
                found
            }
        };
        let cells = cells(line, *separator);
        if cells.len() != columns.count {
            return Err(wrong(format!("there are {} columns, and {} above", cells.len(), columns.count)));
        }
        let mut row = [0.0; 8];
        for (value, column) in row.iter_mut().zip(columns.of) {
            let Some(cell) = column.map(|column| cells[column]) else { continue };
            let problem = match cell.parse::<f64>() {
                Ok(read) if read.is_finite() => {
                    *value = read;
                    continue;
                }
                Ok(_) => format!("{cell} is no finite number"),
                Err(_) => format!("{} is not a number", shown(cell.as_bytes())),
            };
            // Cells are parts of the text, which says where they are.
            let before = &text[..cell.as_ptr() as usize - text.as_ptr() as usize];
            return Err(Wrong::Cell(number, before.chars().count() + 1, problem));
        }
        cloud.push(columns, row);
    }
    Ok(cloud)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str, rows: RowMeaning) -> Result<PointCloud> {
        super::text(text.as_bytes(), rows).map_err(|wrong| wrong.in_file("p.csv"))
    }

    #[test]
    fn columns_are_found_by_name_or_by_place() {
        let named = "\u{feff}# made by hand\nt,z,label,y,x\r\n4,3,a,2,1\n\n 8 ,7,b,\"6\",5\n";
        for rows in [RowMeaning::Surface, RowMeaning::SpaceTime] {
            let cloud = of(named, rows).unwrap();
            assert_eq!(
                (&cloud.points[..], &cloud.times[..]),
                (&[[1.0, 2.0, 3.0], [5.0, 6.0, 7.0]][..], &[4.0, 8.0][..])
            );
        }
        let [sample, event] =
            [RowMeaning::Surface, RowMeaning::SpaceTime].map(|rows| of("1 2\t3  -4e-3", rows).unwrap());
        assert_eq!((sample.distances, sample.times.len()), (vec![-0.004], 0));
        assert_eq!((event.times, event.distances.len()), (vec![-0.004], 0));
        let whole = of("1;2;3;-1;0;0;2", RowMeaning::Surface).unwrap();
        assert_eq!((whole.distances, whole.normals), (vec![-1.0], vec![[0.0, 0.0, 2.0]]));
        // What is not asked for may be anything.
        assert_eq!(of("x,y,z,f\n1,2,3,NaN", RowMeaning::SpaceTime).unwrap().points, [[1.0, 2.0, 3.0]]);
        assert_eq!(of("//X Y Z R\n1 2 3 red", RowMeaning::Surface).unwrap().points, [[1.0, 2.0, 3.0]]);
        assert!(of("x,y,z\n", RowMeaning::SpaceTime).unwrap().points.is_empty());
    }

    #[test]
    fn mistakes_are_shown_where_they_are() {
        let cases = [
            ("1,2,3\n1, b,3", "p.csv:2:4: \"b\" is not a number"),
            (" 1 2  nan", "p.csv:1:7: nan is no finite number"),
            (
                "1,2",
                "p.csv:1:1: a point has 3 numbers, with a distance 4, with a normal 6, with both 7; not 2",
            ),
            ("1,2,3\n1,2,3,4", "p.csv:2:1: there are 4 columns, and 3 above"),
            ("1,2,3\n1,,3", "p.csv:2:3: \"\" is not a number"),
            ("x,y,t\n", "p.csv:1:1: the header names no column z"),
            ("x,y,z,f\n1,2,3,-inf", "p.csv:2:7: -inf is no finite number"),
        ];
        for (text, wanted) in cases {
            assert_eq!(of(text, RowMeaning::Surface).unwrap_err().to_string(), wanted);
        }
        let said = of("1,2,3,4,5,6", RowMeaning::SpaceTime).unwrap_err().to_string();
        assert_eq!(said, "p.csv:1:1: a point has 3 numbers, or 4 with its time; not 6");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "([-0-9.e,;xyzt#\"\n\u{1F980} ]|\r\n){0,60}") {
            let _ = of(&text, RowMeaning::Surface);
        }
    }
}
