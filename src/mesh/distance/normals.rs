//! The sides of a closed surface by its normals: at an edge that of both its triangles, at a corner that of all of them,
//! each as its angle there weighs (Bærentzen & Aanæs 2005).

use super::super::tree::{Feature, Foot, Tree, normal};
use super::super::weld::Weld;
use super::super::{Mesh, cross, dot, minus};
use super::crossing;
use rayon::slice::ParallelSliceMut;

/// The normals of a surface's faces, edges and corners.
#[derive(Debug)]
pub(super) struct Normals {
    faces: Vec<[f64; 3]>,
    /// The triangles at the edges from each corner to the next.
    beside: Vec<[u32; 3]>,
    corners: Vec<[f64; 3]>,
    /// The triangles' corners among those.
    of_triangles: Vec<[u32; 3]>,
}

/// How a mesh's triangles hang together.
pub(super) struct Seams {
    /// The numbers of the triangles' corners, those at the same place made one.
    triangles: Vec<[u32; 3]>,
    corners: usize,
    /// The triangles beside each edge, if each has one other, which goes along it the other way.
    beside: Option<Vec<[u32; 3]>>,
    /// Whether each edge is gone along as often one way as the other.
    pub(super) is_closed: bool,
}

impl Seams {
    pub(super) fn of(mesh: &Mesh) -> Seams {
        let mut weld = Weld::new(mesh.vertices.len());
        let numbers: Vec<u32> = mesh.vertices.iter().map(|&place| weld.number(place)).collect();
        let triangles: Vec<[u32; 3]> =
            mesh.triangles.iter().map(|corners| corners.map(|corner| numbers[corner as usize])).collect();
        // The lesser end, the greater, the triangle and which of its edges, and whether it goes from the greater.
        let mut edges: Vec<(u64, u32, u8)> = Vec::with_capacity(3 * triangles.len());
        for (n, corners) in triangles.iter().enumerate() {
            for edge in 0..3 {
                let (from, to) = (corners[edge], corners[(edge + 1) % 3]);
                if from != to {
                    let key = u64::from(from.min(to)) << 32 | u64::from(from.max(to));
                    edges.push((key, n as u32, (edge as u8) << 1 | u8::from(from > to)));
                }
            }
        }
        edges.par_sort_unstable();
        let is_plain = edges.len() == 3 * triangles.len();
        let (mut is_closed, mut are_pairs) = (true, is_plain);
        let mut beside = vec![[u32::MAX; 3]; triangles.len()];
        for own in edges.chunk_by(|a, b| a.0 == b.0) {
            let back = own.iter().filter(|edge| edge.2 & 1 == 1).count();
            is_closed &= 2 * back == own.len();
            match own {
                [a, b] if a.2 & 1 != b.2 & 1 && a.1 != b.1 => {
                    beside[a.1 as usize][usize::from(a.2 >> 1)] = b.1;
                    beside[b.1 as usize][usize::from(b.2 >> 1)] = a.1;
                }
                _ => are_pairs = false,
            }
        }
        Seams { triangles, corners: weld.places.len(), beside: are_pairs.then_some(beside), is_closed }
    }

    /// Whether the triangles at each corner go round it once.
    fn are_fans(&self, beside: &[[u32; 3]]) -> bool {
        let mut counts = vec![0u32; self.corners];
        let mut first = vec![(0u32, 0u8); self.corners];
        for (n, corners) in self.triangles.iter().enumerate() {
            for (at, &corner) in corners.iter().enumerate() {
                counts[corner as usize] += 1;
                first[corner as usize] = (n as u32, at as u8);
            }
        }
        (0..self.corners).filter(|&corner| counts[corner] > 0).all(|corner| {
            let (start, mut at) = (first[corner].0, usize::from(first[corner].1));
            let (mut triangle, mut turns) = (start, 0);
            loop {
                // Across the edge that leaves the corner.
                triangle = beside[triangle as usize][at];
                turns += 1;
                let Some(place) =
                    self.triangles[triangle as usize].iter().position(|&other| other as usize == corner)
                else {
                    return false;
                };
                at = place;
                if triangle == start || turns > counts[corner] {
                    return turns == counts[corner];
                }
            }
        })
    }
}

impl Normals {
    /// The normals of a closed surface in which each edge has two triangles, each corner is gone round once, all triangles
    /// have an area, and none meets another but at its edges and corners; none of another.
    pub(super) fn of(mesh: &Mesh, seams: Seams, tree: &Tree) -> Option<Normals> {
        let beside = seams.beside.as_ref()?;
        if !seams.are_fans(beside) {
            return None;
        }
        let mut faces = Vec::with_capacity(mesh.triangles.len());
        for n in 0..mesh.triangles.len() {
            let across = normal(mesh.corners(n));
            let length = dot(across, across).sqrt();
            if !(length.is_normal() && (length * length).is_normal()) {
                return None;
            }
            faces.push(across.map(|x| x / length));
        }
        if crossing::may_cross(mesh, &seams.triangles, tree) {
            return None;
        }
        let mut corners = vec![[0.0; 3]; seams.corners];
        for (n, numbers) in seams.triangles.iter().enumerate() {
            let places = mesh.corners(n);
            for at in 0..3 {
                let [to, from] = [1, 2].map(|by| minus(places[(at + by) % 3], places[at]));
                let across = cross(to, from);
                let angle = dot(across, across).sqrt().atan2(dot(to, from));
                for axis in 0..3 {
                    corners[numbers[at] as usize][axis] += angle * faces[n][axis];
                }
            }
        }
        Some(Normals { faces, beside: seams.beside?, corners, of_triangles: seams.triangles })
    }

    /// The normal, of any length, at the nearest place of a triangle.
    #[inline(always)]
    pub(super) fn at(&self, triangle: usize, foot: &Foot) -> [f64; 3] {
        match foot.feature {
            Feature::Face => foot.normal,
            Feature::Edge(edge) => {
                let beside = self.faces[self.beside[triangle][usize::from(edge)] as usize];
                [foot.normal[0] + beside[0], foot.normal[1] + beside[1], foot.normal[2] + beside[2]]
            }
            Feature::Corner(corner) => {
                self.corners[self.of_triangles[triangle][usize::from(corner)] as usize]
            }
        }
    }
}
