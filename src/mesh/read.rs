//! Meshes and points from files: OBJ, STL, PLY, glTF and 3MF, and points from text and NumPy's files too.
//!
//! What a file promises is held to its length before room is made for it. What is wrong is said with its line, or its byte.

mod affine;
mod cloud;
mod gltf;
mod obj;
mod ply;
mod polygon;
mod stl;
mod text;
mod three_mf;
mod xml;

use super::Mesh;
use crate::error::{Error, Place, Result};
use crate::file::bytes_of;
use std::path::{Component, Path};

pub use cloud::PointCloud;

/// A format that meshes are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadFormat {
    /// Wavefront's text of vertices and polygons.
    Obj,
    /// Stereolithography's triangles, as text or binary.
    Stl,
    /// The polygon file format, as text or binary.
    Ply,
    /// glTF 2.0, as text or binary.
    Gltf,
    /// 3D Manufacturing Format.
    ThreeMf,
}

impl ReadFormat {
    /// How files' names end, for messages.
    pub const KINDS: &str = ".obj, .stl, .ply, .glb, .gltf and .3mf";

    /// The format of files with that ending.
    pub fn of_ending(ending: &str) -> Option<ReadFormat> {
        match ending.to_ascii_lowercase().as_str() {
            "obj" => Some(ReadFormat::Obj),
            "stl" => Some(ReadFormat::Stl),
            "ply" => Some(ReadFormat::Ply),
            "glb" | "gltf" => Some(ReadFormat::Gltf),
            "3mf" => Some(ReadFormat::ThreeMf),
            _ => None,
        }
    }

    /// What messages call bytes that are no file.
    fn name(self) -> &'static str {
        match self {
            ReadFormat::Obj => "OBJ",
            ReadFormat::Stl => "STL",
            ReadFormat::Ply => "PLY",
            ReadFormat::Gltf => "glTF",
            ReadFormat::ThreeMf => "3MF",
        }
    }
}

/// What is wrong with a file, and where.
#[derive(Debug)]
enum Wrong {
    Line(usize, String),
    /// A line and the column in it.
    Cell(usize, usize, String),
    Byte(usize, String),
    Whole(String),
}

impl Wrong {
    fn in_file(self, shown: &str) -> Error {
        let short = |count: usize| count.try_into().unwrap_or(u32::MAX);
        let at = |line, column, problem| {
            let place = Place { file: shown.into(), line: short(line), column: short(column) };
            Error::Text { place, problem }
        };
        match self {
            Wrong::Line(line, problem) => at(line, 1, problem),
            Wrong::Cell(line, column, problem) => at(line, column, problem),
            Wrong::Byte(byte, problem) => {
                Error::File { path: shown.into(), problem: format!("{problem}, at byte {byte}") }
            }
            Wrong::Whole(problem) => Error::File { path: shown.into(), problem },
        }
    }
}

fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

impl Mesh {
    /// Reads a mesh from a file: `.obj`, `.stl`, `.ply`, `.glb`, `.gltf` or `.3mf`, by its ending.
    ///
    /// Polygons are cut into triangles. Vertices that an STL or a glTF file repeats are one if they are at the very same place.
    /// A part that a glTF or a 3MF file places several times is there several times; the third axis of a 3MF file, which is up, becomes
    /// the second.
    /// Groups, colours, texture coordinates and the normals in files are passed over. An error, with the line or the byte,
    /// where the file does not say what its format asks for, or has no faces.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Mesh> {
        let path = path.as_ref();
        Mesh::from_file_of(path, &path.display().to_string(), u64::MAX)
    }

    /// The same of a file of at most so many bytes. `shown` is what messages call it.
    pub(crate) fn from_file_of(path: &Path, shown: &str, most: u64) -> Result<Mesh> {
        let Some(format) = ReadFormat::of_ending(&ending(path)) else {
            let problem = format!("is none of {}, which meshes are read from", ReadFormat::KINDS);
            return Err(Error::File { path: shown.into(), problem });
        };
        // A file that this one names lies beside it, or in a folder there.
        let beside = |name: &str| {
            let is_plain = |part: Component| matches!(part, Component::Normal(_) | Component::CurDir);
            if !Path::new(name).components().all(is_plain) {
                return Err(Wrong::Whole(format!(
                    "its numbers are in {name:?}, which is not a file beside it"
                )));
            }
            let other = path.with_file_name(name);
            bytes_of(&other, &other.display().to_string(), most)
                .map_err(|error| Wrong::Whole(format!("its numbers: {error}")))
        };
        read(&bytes_of(path, shown, most)?, format, shown, &beside)
    }

    /// Reads a mesh from the bytes of a file.
    ///
    /// ```
    /// use fieldgrad::mesh::{Mesh, ReadFormat};
    ///
    /// let text = b"v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3 4\n";
    /// assert_eq!(Mesh::from_bytes(text, ReadFormat::Obj)?.triangles, [[0, 1, 2], [0, 2, 3]]);
    /// let wrong = Mesh::from_bytes(b"v 0 0 0\nf 1 2 3\n", ReadFormat::Obj).unwrap_err();
    /// assert_eq!(wrong.to_string(), "OBJ:2:1: vertex 2 is not there: there is 1");
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn from_bytes(bytes: &[u8], format: ReadFormat) -> Result<Mesh> {
        let beside =
            |name: &str| Err(Wrong::Whole(format!("its numbers are in {name:?}, and not in these bytes")));
        read(bytes, format, format.name(), &beside)
    }
}

/// Reads a mesh; `beside` gives the bytes of a file that it names.
fn read(
    bytes: &[u8],
    format: ReadFormat,
    shown: &str,
    beside: &dyn Fn(&str) -> std::result::Result<Vec<u8>, Wrong>,
) -> Result<Mesh> {
    let read = match format {
        ReadFormat::Obj => obj::read(bytes),
        ReadFormat::Stl => stl::read(bytes),
        ReadFormat::Ply => ply::mesh(bytes),
        ReadFormat::Gltf => gltf::read(bytes, beside),
        ReadFormat::ThreeMf => three_mf::read(bytes),
    };
    let mesh = read.map_err(|wrong| wrong.in_file(shown))?;
    match mesh.triangles.is_empty() {
        true => Err(Error::File { path: shown.into(), problem: "has no faces".into() }),
        false => Ok(mesh),
    }
}

/// How many there are, as people say it.
fn so_many(count: usize) -> String {
    match count {
        1 => "there is 1".into(),
        _ => format!("there are {count}"),
    }
}
