//! Files of meshes: STL, OBJ, PLY, 3MF and binary glTF, with normals and colours where they can hold them.
//!
//! They are written here, without a library but for compression: each is a page of code, and what is written is known to the
//! byte.

mod gltf;
mod text;
mod three_mf;

use super::{Mesh, MovingMesh};
use crate::error::{Error, Result};
use crate::file::write_whole;
use std::io::{Result as Written, Write};
use std::path::Path;

/// A mesh with what files may hold besides.
#[derive(Clone, Copy, Debug)]
pub struct Dressed<'a> {
    mesh: &'a Mesh,
    normals: Option<&'a [[[f64; 3]; 3]]>,
    colors: Option<&'a [[f64; 3]]>,
    velocities: Option<&'a [[f64; 3]]>,
}

impl<'a> Dressed<'a> {
    /// A mesh with nothing besides.
    pub fn new(mesh: &'a Mesh) -> Dressed<'a> {
        Dressed { mesh, normals: None, colors: None, velocities: None }
    }

    /// The same with normals at each triangle's corners. Panics if there are not as many as triangles.
    pub fn normals(self, normals: &'a [[[f64; 3]; 3]]) -> Dressed<'a> {
        assert_eq!(normals.len(), self.mesh.triangles.len(), "normals for each triangle");
        Dressed { normals: Some(normals), ..self }
    }

    /// The same with linear colours, red, green and blue from 0 to 1, at each vertex. Panics if there are not as many as
    /// vertices.
    pub fn colors(self, colors: &'a [[f64; 3]]) -> Dressed<'a> {
        assert_eq!(colors.len(), self.mesh.vertices.len(), "a colour for each vertex");
        Dressed { colors: Some(colors), ..self }
    }

    /// The same with the velocity of each vertex, which PLY and glTF files hold: as `vx`, `vy`, `vz` and as `_VELOCITY`. Panics if
    /// there are not as many as vertices.
    pub fn velocities(self, velocities: &'a [[f64; 3]]) -> Dressed<'a> {
        assert_eq!(velocities.len(), self.mesh.vertices.len(), "a velocity for each vertex");
        Dressed { velocities: Some(velocities), ..self }
    }

    /// Writes a file of the kind its name ends in: `.stl`, `.obj`, `.ply`, `.3mf` or `.glb`. It is there whole or not at all.
    ///
    /// An STL file holds places alone, and each triangle's own normal. In a PLY file, which has one normal a vertex, those
    /// of the corners are averaged. A glTF file has a vertex for each normal that a place has, so that edges look sharp.
    /// A 3MF file holds places and colours; there the model stands upright, since its third axis is up.
    pub fn save(&self, path: &Path) -> Result<()> {
        let Some(format) = Format::of(path) else {
            let problem = format!("must end in {}", Format::KINDS);
            return Err(Error::File { path: path.display().to_string(), problem });
        };
        write_whole(path, |out| self.write(format, out))
    }

    /// Writes in a format.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> Written<()> {
        match format {
            Format::Stl => self.write_stl(out),
            Format::Obj => text::write_obj(self, out),
            Format::Ply => self.write_ply(out),
            Format::ThreeMf => three_mf::write_3mf(self, out),
            Format::Glb => gltf::write_glb(self, out),
        }
    }

    fn write_stl(&self, out: &mut dyn Write) -> Written<()> {
        let mut header = [b' '; 80];
        let text = b"binary STL of fieldgrad";
        header[..text.len()].copy_from_slice(text);
        let count = u32::try_from(self.mesh.triangles.len());
        let count =
            count.map_err(|_| std::io::Error::other("an STL file holds fewer than 2^32 triangles"))?;
        out.write_all(&header)?;
        out.write_all(&count.to_le_bytes())?;
        for n in 0..self.mesh.triangles.len() {
            let [a, b, c] = self.mesh.corners(n);
            let normal = unit(super::cross(super::minus(b, a), super::minus(c, a)));
            for number in [normal, a, b, c].into_iter().flatten() {
                out.write_all(&(number as f32).to_le_bytes())?;
            }
            out.write_all(&[0; 2])?;
        }
        Ok(())
    }

    fn write_ply(&self, out: &mut dyn Write) -> Written<()> {
        let Mesh { vertices, triangles } = self.mesh;
        let normals = self.normals.map(|normals| averaged(self.mesh, normals));
        writeln!(
            out,
            "ply\nformat binary_little_endian 1.0\ncomment made by fieldgrad\nelement vertex {}",
            vertices.len()
        )?;
        let named = [Some("xyz"), normals.as_ref().map(|_| "nxnynz"), self.velocities.map(|_| "vxvyvz")];
        for names in named.into_iter().flatten() {
            let each = names.len() / 3;
            for n in 0..3 {
                writeln!(out, "property float {}", &names[n * each..(n + 1) * each])?;
            }
        }
        if self.colors.is_some() {
            writeln!(out, "property uchar red\nproperty uchar green\nproperty uchar blue")?;
        }
        writeln!(
            out,
            "element face {}\nproperty list uchar int vertex_indices\nend_header",
            triangles.len()
        )?;
        for (n, vertex) in vertices.iter().enumerate() {
            let normal = normals.as_ref().map(|normals| normals[n]);
            let velocity = self.velocities.map(|velocities| velocities[n]);
            for number in vertex.iter().chain(normal.iter().flatten()).chain(velocity.iter().flatten()) {
                out.write_all(&(*number as f32).to_le_bytes())?;
            }
            if let Some(colors) = self.colors {
                out.write_all(&colors[n].map(srgb_byte))?;
            }
        }
        for corners in triangles {
            out.write_all(&[3])?;
            for corner in corners {
                out.write_all(&corner.to_le_bytes())?;
            }
        }
        Ok(())
    }
}

/// Writes meshes that move, one after the other, to a binary glTF file, which viewers play: each with a morph target for every
/// time but its first. Each may have linear colours for its vertices. The file is there whole or not at all.
pub fn save_moving(meshes: &[MovingMesh], colors: &[Option<Vec<[f64; 3]>>], path: &Path) -> Result<()> {
    if Format::of(path) != Some(Format::Glb) {
        let problem = "must end in .glb: other kinds of files hold no motion".into();
        return Err(Error::File { path: path.display().to_string(), problem });
    }
    write_whole(path, |out| gltf::write_moving(meshes, colors, out))
}

/// A kind of file that holds a mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// STL, the binary kind.
    Stl,
    /// Wavefront OBJ.
    Obj,
    /// PLY, the binary kind, its numbers with the least byte first.
    Ply,
    /// 3D Manufacturing Format, in millimetres.
    ThreeMf,
    /// Binary glTF 2.0.
    Glb,
}

impl Format {
    /// How files' names end, for messages.
    pub const KINDS: &str = ".stl, .obj, .ply, .3mf or .glb";

    /// The kind that a file's name says, if it is one that is written.
    pub fn of(path: &Path) -> Option<Format> {
        match path.extension()?.to_str()?.to_lowercase().as_str() {
            "stl" => Some(Format::Stl),
            "obj" => Some(Format::Obj),
            "ply" => Some(Format::Ply),
            "3mf" => Some(Format::ThreeMf),
            "glb" => Some(Format::Glb),
            _ => None,
        }
    }
}

fn unit(v: [f64; 3]) -> [f64; 3] {
    let length = super::dot(v, v).sqrt();
    if length > 0.0 { v.map(|x| x / length) } else { [0.0; 3] }
}

/// A normal for each vertex: the corners', each counted by its angle, so that how a face is cut into triangles does not
/// matter (Thürmer & Wüthrich, "Computing vertex normals from polygonal facets", 1998).
fn averaged(mesh: &Mesh, normals: &[[[f64; 3]; 3]]) -> Vec<[f64; 3]> {
    let mut sums = vec![[0.0; 3]; mesh.vertices.len()];
    for (n, own) in normals.iter().enumerate() {
        let places = mesh.corners(n);
        for k in 0..3 {
            let [to, fro] = [1, 2].map(|by| unit(super::minus(places[(k + by) % 3], places[k])));
            let angle = super::dot(to, fro).clamp(-1.0, 1.0).acos();
            let sum = &mut sums[mesh.triangles[n][k] as usize];
            (0..3).for_each(|axis| sum[axis] += angle * own[k][axis]);
        }
    }
    sums.into_iter().map(unit).collect()
}

/// A linear channel as screens have it, 0 to 1 (IEC 61966-2-1).
fn srgb(linear: f64) -> f64 {
    let linear = linear.clamp(0.0, 1.0);
    if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

fn srgb_byte(linear: f64) -> u8 {
    (255.0 * srgb(linear)).round() as u8
}
