//! A field's surface at one time as a mesh: closed, a manifold, free of intersections, with its edges and corners.
//!
//! The cells of a regular lattice that intervals do not rule out (`lattice.rs`) are cut into tetrahedra, each between a
//! cell, a face of it, an edge of that and a corner of that (Manson & Schaefer, "Isosurfaces over simplicial partitions of
//! multiresolution grids", 2010). The point that stands for an edge, a face or a cell may lie anywhere within it, so it is
//! placed on the surface, and on its crease or corner if it has one there (`place.rs`, `probe.rs`). Marching tetrahedra
//! through them cannot leave a hole or meet itself, wherever the points are placed: of a cone over a star-shaped polygon in
//! a face, and over a convex cell, no two parts overlap. That holds after rounding to `f32` too, since the lattice's planes
//! are `f32` numbers and each point stays strictly within what it stands for.
//!
//! Where sheets would touch in a point or an edge, points are taken off the surface (`march.rs`, by `link.rs`); and where
//! it is flat, vertices are taken away (`simplify.rs`). An exact look at all pairs of triangles ends it.

mod lattice;
mod link;
mod march;
mod place;
mod probe;
mod simplify;
mod stars;
mod unfold;

use super::certify::{self, Certificate};
use super::{Mesh, dot, minus};
use crate::error::{Error, Result};
use crate::field::{Field, x, y, z};
use crate::measure::Bounds;
use crate::number::Interval;
use crate::tape::{Coordinates, Tape};
use crate::task;
use lattice::{Lattice, LatticePoints, LatticeTile, still_undecided};
use march::Marched;
pub(super) use probe::{between, eigen};
use rayon::prelude::*;

/// How a surface is made a mesh.
///
/// ```
/// use fieldgrad::mesh::Extraction;
/// use fieldgrad::prelude::*;
///
/// let ring = torus(0.7, 0.25).extract(&Extraction::default().resolution(40))?;
/// assert!(ring.mesh.is_closed_manifold() && ring.mesh.self_intersections().is_empty());
/// assert_eq!(ring.mesh.genus(), Some(1));
/// assert!(ring.unresolved.is_empty());
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Extraction {
    /// How many cells there are along the longest side of the bounds: 64 unless told otherwise. Cells are cubes.
    pub resolution: usize,
    /// The box in which the surface is looked for; the solid's own bounds if there is none.
    pub bounds: Option<Bounds>,
    /// The time: 0 unless told otherwise.
    pub time: f64,
    /// How far a vertex that is taken away may lie from the triangles that are left, in cells: 0.01 unless told otherwise.
    /// With 0 all vertices are kept.
    pub tolerance: f64,
}

impl Default for Extraction {
    fn default() -> Extraction {
        Extraction { resolution: 64, bounds: None, time: 0.0, tolerance: 0.01 }
    }
}

impl Extraction {
    /// The same with so many cells along the longest side of the bounds.
    pub fn resolution(self, resolution: usize) -> Extraction {
        Extraction { resolution, ..self }
    }

    /// The same with the cells of an octree that halves the bounds so many times.
    pub fn depth(self, depth: u32) -> Extraction {
        self.resolution(1usize.checked_shl(depth).unwrap_or(usize::MAX))
    }

    /// The same in a box, at whose sides the solid is cut off.
    pub fn bounds(self, bounds: Bounds) -> Extraction {
        Extraction { bounds: Some(bounds), ..self }
    }

    /// The same at another time.
    pub fn time(self, time: f64) -> Extraction {
        Extraction { time, ..self }
    }

    /// The same with another tolerance, in cells.
    pub fn tolerance(self, tolerance: f64) -> Extraction {
        Extraction { tolerance, ..self }
    }
}

/// A surface that was made a mesh.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Extracted {
    /// The mesh: the boundary of the solid in the bounds. Its coordinates are `f32` numbers.
    pub mesh: Mesh,
    /// The directions away from the solid at each triangle's corners: ∇f of the sheet that the triangle is of.
    pub normals: Vec<[[f64; 3]; 3]>,
    /// The triangles that lie in the sides of the bounds, where the solid was cut off.
    pub caps: Vec<usize>,
    /// Boxes, each within a cell, in which no surface was seen though bounds do not rule out that there is some: parts thinner
    /// than cells may be missing there.
    pub unresolved: Vec<Bounds>,
    /// The pairs of triangles that meet though they should not: none, unless rounding to `f32` could not be mended.
    pub meetings: Vec<[usize; 2]>,
    /// The box the surface was looked for in.
    pub bounds: Option<Bounds>,
    /// The side of a cell.
    pub cell: f64,
    /// The time.
    pub time: f64,
}

impl Extracted {
    /// A proof that the mesh has the topology of the surface of the field it was made of, or where there is none: see
    /// [`Certificate`].
    ///
    /// The surface is that of the solid in the bounds, at the time of the extraction.
    pub fn certify(&self, field: &Field) -> Result<Certificate> {
        let Some(bounds) = self.bounds else { return Ok(Certificate::default()) };
        certify::certify(&clipped(field, bounds), self.time, &self.mesh, bounds, self.cell)
    }
}

/// How much larger than the solid a box is that was found for it, in parts of its longest side.
const MARGIN: f64 = 1e-3;
/// How often a cell in which no surface was seen is halved, before it is said that there may be some.
const HALVINGS: u32 = 3;

/// # Meshes
impl Field {
    /// The solid's surface at one time as a closed mesh: see [`Extraction`] and [`Extracted`].
    ///
    /// Whatever the field, the mesh is closed and a manifold, its triangles have areas and meet only where they share
    /// vertices, and they turn counter-clockwise as seen from outside. Vertices lie on the surface, to rounding in `f32` where
    /// the field is smooth or has creases that two or three smooth sheets make. Where a crease or a corner pokes through the
    /// face of a cell and does not reach the face's edges, which is so near corners mostly, the mesh is blunt by up to about half
    /// a cell. Parts of a solid thinner than a cell are found where slopes lead to them; where bounds leave room for some that
    /// were not seen, that is said. The mesh is the same bits for any number of threads.
    pub fn extract(&self, options: &Extraction) -> Result<Extracted> {
        extract(self, options)
    }
}

fn extract(field: &Field, options: &Extraction) -> Result<Extracted> {
    let t = options.time;
    if !(t.is_finite() && options.tolerance >= 0.0) {
        let problem = format!("a mesh at the time {t}, to a tolerance of {} cells", options.tolerance);
        return Err(Error::Input(problem));
    }
    let Some(bounds) =
        options.bounds.map_or_else(|| bounds_during(field, (t, t)), |bounds| Ok(Some(bounds)))?
    else {
        return Ok(Extracted::default());
    };
    // Sides that vertices can lie in.
    let bounds = Bounds { min: place::rounded(bounds.min), max: place::rounded(bounds.max) };
    let lattice = Lattice::new(bounds, options.resolution)?;
    let tape = clipped(field, bounds).tape()?.fixed([None, None, None, Some(t)]);
    let tiles = lattice::tiles(&tape, &lattice)?;
    let mut points = LatticePoints::of(&tiles);
    place::place(&mut points, &tiles, &lattice)?;
    march::settle(&mut points, &tiles, &lattice);
    let mut marched = march::march(&points, &tiles, &lattice)?;
    let unresolved = unresolved(&tiles, &marched.seen, &lattice);
    drop(points);
    let (mesh, meetings) = finished(&mut marched, options.tolerance * lattice.cell);
    let mesh = if meetings.is_empty() { unfold::unfolded(mesh, &tape, lattice.cell) } else { mesh };
    task::check()?;
    let sides: Vec<_> = (0..mesh.triangles.len()).map(|n| side_of(&mesh, n, bounds, lattice.cell)).collect();
    let normals = normals(&Tape::new(&field.gradient()[..3])?, &sides, t, &mesh);
    let caps = (0..sides.len()).filter(|&n| sides[n].is_some()).collect();
    task::check()?;
    Ok(Extracted {
        mesh,
        normals,
        caps,
        unresolved,
        meetings,
        bounds: Some(bounds),
        cell: lattice.cell,
        time: t,
    })
}

/// How often what rounding has brought together is put apart.
const MENDS: usize = 4;

/// The mesh with few triangles where it is flat, looked at for where it meets itself, and mended there; and where it still does.
fn finished(marched: &mut Marched, tolerance: f64) -> (Mesh, Vec<[usize; 2]>) {
    for _ in 0..MENDS {
        let flat = marched.mesh.degenerate_triangles();
        if !flat.is_empty() {
            marched.mend(flat.into_iter());
            continue;
        }
        if tolerance > 0.0
            && let Some(mesh) = simplify::simplified(&marched.mesh, tolerance)
        {
            return (mesh, Vec::new());
        }
        let meetings = marched.mesh.self_intersections();
        if meetings.is_empty() {
            break;
        }
        marched.mend(meetings.into_iter().flatten());
    }
    (marched.mesh.clone(), marched.mesh.self_intersections())
}

/// A box about the solid throughout a span of time, with a little room.
pub(super) fn bounds_during(field: &Field, span: (f64, f64)) -> Result<Option<Bounds>> {
    let found = field.bounds(span)?;
    Ok(found.map(|found| {
        let longest = found.size().into_iter().fold(0.0, f64::max);
        found.grown(if longest > 0.0 { longest * MARGIN } else { MARGIN })
    }))
}

/// The field of what of a solid is within a box.
pub(super) fn clipped(field: &Field, bounds: Bounds) -> Field {
    let axes = [x(), y(), z()];
    let sides = (0..3).map(|n| (bounds.min[n] - &axes[n]).max(&axes[n] - bounds.max[n]));
    sides.fold(field.clone(), |field, side| field.max(side))
}

/// The boxes in which no surface was seen and bounds leave some.
fn unresolved(tiles: &[LatticeTile], seen: &[bool], lattice: &Lattice) -> Vec<Bounds> {
    let firsts = tiles.iter().scan(0, |next, tile| {
        let first = *next;
        *next += tile.cells.len();
        Some(first)
    });
    let firsts: Vec<usize> = firsts.collect();
    let side = |cell: &[u32; 3], axis: usize| {
        let [from, to] = [0, 1].map(|up| lattice.planes[axis][cell[axis] as usize + up]);
        Interval::new(from, to)
    };
    let found = tiles.par_iter().zip(&firsts).map(|(tile, &first)| {
        let unseen = tile.cells.iter().enumerate().filter(|(n, _)| !seen[first + n]);
        let left = unseen.filter_map(|(_, cell)| {
            let parts = still_undecided(&tile.tape, [0, 1, 2].map(|axis| side(cell, axis)), HALVINGS);
            parts.into_iter().reduce(|a, b| [0, 1, 2].map(|axis| a[axis].hull(b[axis])))
        });
        left.collect::<Vec<_>>()
    });
    let found: Vec<Vec<[Interval; 3]>> = found.collect();
    let bounds =
        |sides: [Interval; 3]| Bounds { min: sides.map(|side| side.lo()), max: sides.map(|side| side.hi()) };
    found.into_iter().flatten().map(bounds).collect()
}

/// How far from a side of the box a corner may be that lies in it, in cells.
const BESIDE: f64 = 1e-6;

/// The side of a box that a triangle lies in, as an outward normal.
fn side_of(mesh: &Mesh, triangle: usize, bounds: Bounds, cell: f64) -> Option<[f64; 3]> {
    let corners = mesh.corners(triangle);
    let unit = |axis: usize, length: f64| [0, 1, 2].map(|n| if n == axis { length } else { 0.0 });
    (0..3).find_map(|axis| {
        let lies_at = |end: f64| corners.iter().all(|corner| (corner[axis] - end).abs() <= BESIDE * cell);
        match () {
            _ if lies_at(bounds.min[axis]) => Some(unit(axis, -1.0)),
            _ if lies_at(bounds.max[axis]) => Some(unit(axis, 1.0)),
            _ => None,
        }
    })
}

/// How far from a corner towards its triangle's middle ∇f is looked at, in parts of the way: on the triangle's own side of
/// creases, and at the corner as far as eyes can tell.
const ASIDE: f64 = 1e-3;

/// The directions away from the solid at the corners of a mesh's triangles at another time: of one that has those of another,
/// by the tape of ∇f in space.
pub(super) fn normals_of(tape: &Tape, of: &Extracted, t: f64, mesh: &Mesh) -> Vec<[[f64; 3]; 3]> {
    let Some(bounds) = of.bounds else { return Vec::new() };
    let mut sides = vec![None; mesh.triangles.len()];
    of.caps.iter().for_each(|&n| sides[n] = side_of(&of.mesh, n, bounds, of.cell));
    normals(tape, &sides, t, mesh)
}

/// The directions away from the solid at triangles' corners, by the tape of ∇f in space.
fn normals(tape: &Tape, sides: &[Option<[f64; 3]>], t: f64, mesh: &Mesh) -> Vec<[[f64; 3]; 3]> {
    let places = |n: usize| {
        let corners = mesh.corners(n);
        let middle = [0, 1, 2].map(|axis| (corners[0][axis] + corners[1][axis] + corners[2][axis]) / 3.0);
        corners.map(|corner| probe::between(corner, middle, ASIDE))
    };
    let places: Vec<[f64; 3]> = (0..mesh.triangles.len()).into_par_iter().flat_map_iter(places).collect();
    let slopes = tape.eval(Coordinates::from(&places[..]).at_time(t));
    let normal = |n: usize| {
        let [a, b, c] = mesh.corners(n);
        let flat = unit(super::cross(minus(b, a), minus(c, a)));
        if let Some(side) = sides[n] {
            return [side; 3];
        }
        [0, 1, 2].map(|corner| {
            let slope = unit([0, 1, 2].map(|axis| slopes[axis][3 * n + corner]));
            // Where ∇f is of another sheet, or of none, it is the triangle's own.
            if dot(slope, flat) > 0.5 { slope } else { flat }
        })
    };
    (0..mesh.triangles.len()).into_par_iter().map(normal).collect()
}

/// A direction's unit vector; 0 for what has none.
fn unit(v: [f64; 3]) -> [f64; 3] {
    let length = dot(v, v).sqrt();
    if length > 0.0 && length.is_finite() { v.map(|x| x / length) } else { [0.0; 3] }
}
