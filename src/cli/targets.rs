//! What `fit` is given to fit to: files of points, meshes, and scenes.

use super::arguments::Common;
use super::{input, machine, output};
use crate::error::{Error, Place, Result};
use crate::fit::Target;
use crate::mesh::{Distance, Mesh, Points};
use crate::npy::Array;
use std::path::Path;

/// The columns that a target's points may have, by the names in a header: the other names are left out.
const COLUMNS: [&str; 8] = ["x", "y", "z", "t", "f", "nx", "ny", "nz"];
const DISTANCE: usize = 4;

/// The target of that name: a file of points, or a mesh or a scene, of which samples are taken; `NAME@T` is at time T.
pub(super) fn read(name: &str, samples: usize, common: &Common) -> Result<Target> {
    let (name, time) = match name.rsplit_once('@').map(|(name, t)| (name, t.parse::<f64>())) {
        Some((name, Ok(t))) if t.is_finite() => (name, t),
        _ => (name, 0.0),
    };
    let path = Path::new(name);
    match output::extension(path).as_str() {
        "csv" => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Error::File { path: name.into(), problem: error.to_string() })?;
            of_csv(&text, name, time)
        }
        "npy" => {
            let array: Array<f64> = Array::open(path, name, usize::MAX)?;
            let wrong = |problem: String| Error::File { path: name.into(), problem };
            let [_, columns] = array.shape[..] else {
                return Err(wrong(format!("has {} dimensions; rows and columns are 2", array.shape.len())));
            };
            let Some(places) = places(columns) else {
                return Err(wrong(format!("has rows of {columns} numbers; {HOW_MANY}")));
            };
            if let Some(n) = array.values.iter().position(|value| !value.is_finite()) {
                let (row, value) = (n / columns, array.values[n]);
                return Err(wrong(format!("has {value} in row {row}, which is no finite number")));
            }
            of_rows(array.values.chunks_exact(columns), &places, time)
        }
        "obj" | "stl" | "ply" => of_mesh(path, samples, time, common),
        "xyz" | "txt" => of_points(path, time),
        _ => {
            let scene = input::plain(name)?;
            let around = machine::bounds(&scene);
            let longest = around.size().into_iter().fold(0.0, f64::max);
            Target::of_field(scene.field(), &around.grown(0.05 * longest), time, samples, common.seed)
        }
    }
}

/// Samples of a mesh; of a PLY file without faces its points.
fn of_mesh(path: &Path, samples: usize, time: f64, common: &Common) -> Result<Target> {
    let mesh = match Mesh::from_file(path) {
        Err(error) if output::extension(path) == "ply" => {
            return of_points(path, time).map_err(|_| error);
        }
        read => read?,
    };
    // Its sign is what the mesh's own corners say, so its size need not be exact.
    if mesh.open_edges().is_empty() && mesh.volume() < 0.0 {
        let problem = "is inside out: turn its triangles around".into();
        return Err(Error::File { path: path.display().to_string(), problem });
    }
    let target = Target::of_mesh(&Distance::of(&mesh)?, samples, common.seed)?;
    let times = vec![time; target.len()];
    target.with_times(times)
}

fn of_points(path: &Path, time: f64) -> Result<Target> {
    let Points { places, normals, .. } = Points::from_file(path)?;
    let times = vec![time; places.len()];
    let target = Target::new(places)?.with_times(times)?;
    if normals.is_empty() { Ok(target) } else { target.with_normals(normals) }
}

const HOW_MANY: &str = "a point of a target has 3, with a signed distance 4, with a normal 6, with both 7";

/// Where in a row of so many numbers each column is.
fn places(count: usize) -> Option<[Option<usize>; 8]> {
    let [f, normal] = match count {
        3 => [None, None],
        4 => [Some(3), None],
        6 => [None, Some(3)],
        7 => [Some(3), Some(4)],
        _ => return None,
    };
    let at = |n: usize| normal.map(|first| first + n);
    Some([Some(0), Some(1), Some(2), None, f, at(0), at(1), at(2)])
}

fn of_rows<'a>(
    rows: impl Iterator<Item = &'a [f64]>,
    places: &[Option<usize>; 8],
    time: f64,
) -> Result<Target> {
    let rows: Vec<&[f64]> = rows.collect();
    let column = |which: usize| places[which].map(|at| rows.iter().map(|row| row[at]).collect::<Vec<f64>>());
    let three = |first: usize| {
        let [a, b, c] = [column(first)?, column(first + 1)?, column(first + 2)?];
        Some((0..rows.len()).map(|n| [a[n], b[n], c[n]]).collect::<Vec<[f64; 3]>>())
    };
    let target = Target::new(three(0).unwrap_or_default())?;
    let target = target.with_times(column(3).unwrap_or_else(|| vec![time; rows.len()]))?;
    let target = match column(DISTANCE) {
        Some(distances) => target.with_distances(distances)?,
        None => target,
    };
    match three(DISTANCE + 1) {
        Some(normals) => target.with_normals(normals),
        None => Ok(target),
    }
}

/// The points of a CSV text: numbers by place, or a header that names columns x, y and z, and t, f (the signed
/// distance), nx, ny and nz, as `eval` writes them. Blank lines and lines that start with # are left out.
fn of_csv(text: &str, file: &str, time: f64) -> Result<Target> {
    let mut numbers: Vec<f64> = Vec::new();
    let mut header: Option<([Option<usize>; 8], usize)> = None;
    for (n, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let wrong = |problem: String| {
            let place = Place { file: file.into(), line: n as u32 + 1, column: 1 };
            Error::Text { place, problem }
        };
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim().trim_matches('"')).collect();
        let count = cells.len();
        if header.is_none() {
            if cells.iter().all(|cell| cell.parse::<f64>().is_err()) {
                let places = COLUMNS.map(|name| cells.iter().position(|cell| *cell == name));
                if let Some(axis) = (0..3).find(|&axis| places[axis].is_none()) {
                    return Err(wrong(format!("the header names no column {}", COLUMNS[axis])));
                }
                header = Some((places, count));
                continue;
            }
            let by_place =
                places(count).ok_or_else(|| wrong(format!("{HOW_MANY}, and this line {count}")))?;
            header = Some((by_place, count));
        }
        let (places, wanted) = header.as_ref().expect("it was set above");
        if *wanted != count {
            return Err(wrong(format!("there are {count} columns, and {wanted} above")));
        }
        for (i, cell) in cells.iter().enumerate() {
            let is_read = places.contains(&Some(i));
            numbers.push(match cell.parse::<f64>() {
                Ok(value) if value.is_finite() => value,
                _ if !is_read => 0.0,
                Ok(_) => return Err(wrong(format!("{cell} is no finite number"))),
                Err(_) => return Err(wrong(format!("{cell:?} is not a number"))),
            });
        }
    }
    let Some((places, count)) = header else {
        return Err(Error::Input(format!("{file} has no points")));
    };
    of_rows(numbers.chunks_exact(count), &places, time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_or_by_place() {
        let named = of_csv("x,y,z,t,f,label\n1,2,3,4,5,a\n\n6,7,8,9,10,b\n", "a.csv", 0.0).unwrap();
        let whole = Target::new(vec![[1.0, 2.0, 3.0], [6.0, 7.0, 8.0]]).unwrap();
        let whole = whole.with_times(vec![4.0, 9.0]).unwrap().with_distances(vec![5.0, 10.0]).unwrap();
        assert_eq!(named, whole);
        let placed = of_csv("1,2,3,-1,0,0,2", "a.csv", 0.5).unwrap();
        assert_eq!((placed.distances(), placed.normals()), (Some(&[-1.0][..]), Some(&[[0.0, 0.0, 1.0]][..])));
        for (text, problem) in [
            ("1,2,3\n1,2", "a.csv:2:1: there are 2 columns, and 3 above"),
            ("1,2,b", "a.csv:1:1: \"b\" is not a number"),
            ("1,2,3,4,nan,6", "a.csv:1:1: nan is no finite number"),
            ("x,y,f\n", "a.csv:1:1: the header names no column z"),
            ("", "a.csv has no points"),
        ] {
            assert_eq!(of_csv(text, "a.csv", 0.0).unwrap_err().to_string(), problem);
        }
    }
}
