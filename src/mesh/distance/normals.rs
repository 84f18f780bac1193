//! The sides of a surface by its normals: at an edge that of both its triangles, at a corner that of all of them, each as
//! its angle there weighs (Bærentzen & Aanæs 2005).
//!
//! They say on which side of the nearest triangle a point is, wherever the surface is whole and does not cross itself near
//! it. Which side that is of the whole mesh is known where it is known how often the mesh winds about the front of
//! that triangle ([`fronts`](super::fronts)).

use super::super::tree::{Feature, Foot, Tree, normal};
use super::super::weld::Weld;
use super::super::{Mesh, cross, dot, minus};
use super::crossing;
use rayon::slice::ParallelSliceMut;

/// No triangle.
pub(super) const NONE: u32 = u32::MAX;

/// How a mesh's triangles hang together.
pub(super) struct Seams {
    /// The numbers of the triangles' corners, those at the same place made one, and where those are.
    triangles: Vec<[u32; 3]>,
    pub(super) places: Vec<[f64; 3]>,
    /// The triangles beside each edge, where one other goes along it, the other way.
    beside: Vec<[u32; 3]>,
    /// The edges that are gone along more often one way than the other, and how much more often.
    pub(super) border: Vec<([u32; 2], usize)>,
}

impl Seams {
    pub(super) fn of(mesh: &Mesh) -> Seams {
        let mut weld = Weld::new(mesh.vertices.len());
        let numbers: Vec<u32> = mesh.vertices.iter().map(|&place| weld.number(place)).collect();
        let triangles: Vec<[u32; 3]> =
            mesh.triangles.iter().map(|corners| corners.map(|corner| numbers[corner as usize])).collect();
        // The lesser end and the greater, the triangle and which of its edges, and whether it goes from the greater.
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
        let (mut border, mut beside) = (Vec::new(), vec![[NONE; 3]; triangles.len()]);
        for own in edges.chunk_by(|a, b| a.0 == b.0) {
            let back = own.iter().filter(|edge| edge.2 & 1 == 1).count();
            let more = back.abs_diff(own.len() - back);
            if more > 0 {
                border.push(([(own[0].0 >> 32) as u32, own[0].0 as u32], more));
            }
            if let [a, b] = own
                && more == 0
                && a.1 != b.1
            {
                beside[a.1 as usize][usize::from(a.2 >> 1)] = b.1;
                beside[b.1 as usize][usize::from(b.2 >> 1)] = a.1;
            }
        }
        Seams { triangles, places: weld.places, beside, border }
    }

    /// Which corners all their triangles, clean ones alone, go round once.
    fn whole_corners(&self, is_clean: &[bool]) -> Vec<bool> {
        let mut counts = vec![0u32; self.places.len()];
        let mut first = vec![(0u32, 0u8); self.places.len()];
        for (n, corners) in self.triangles.iter().enumerate() {
            for (at, &corner) in corners.iter().enumerate() {
                counts[corner as usize] += 1;
                first[corner as usize] = (n as u32, at as u8);
            }
        }
        let is_whole = |corner: usize| {
            let (start, mut at) = (first[corner].0, usize::from(first[corner].1));
            let (mut triangle, mut turns) = (start, 0);
            while counts[corner] > 0 && is_clean[triangle as usize] {
                // Across the edge that leaves the corner.
                triangle = self.beside[triangle as usize][at];
                turns += 1;
                if triangle == NONE {
                    return false;
                }
                let corners = &self.triangles[triangle as usize];
                let Some(place) = corners.iter().position(|&other| other as usize == corner) else {
                    return false;
                };
                at = place;
                if triangle == start || turns > counts[corner] {
                    return turns == counts[corner];
                }
            }
            false
        };
        (0..self.places.len()).map(is_whole).collect()
    }
}

/// The normals of a surface's faces, edges and corners, where it is clean: where triangles have an area and cross no
/// others.
#[derive(Debug)]
pub(super) struct Normals {
    faces: Vec<[f64; 3]>,
    pub(super) is_clean: Vec<bool>,
    /// The triangles at the edges from each corner to the next.
    pub(super) beside: Vec<[u32; 3]>,
    /// Those of the corners; 0 where a corner is not gone round once.
    corners: Vec<[f64; 3]>,
    /// The triangles' corners among those.
    of_triangles: Vec<[u32; 3]>,
    /// Whether all of the surface is clean, and gone round once everywhere.
    pub(super) is_simple: bool,
}

impl Normals {
    pub(super) fn of(mesh: &Mesh, seams: Seams, tree: &Tree) -> Normals {
        let mut is_clean = crossing::clean(mesh, &seams.triangles, tree);
        let mut faces = Vec::with_capacity(mesh.triangles.len());
        for (n, is_clean) in is_clean.iter_mut().enumerate() {
            let across = normal(mesh.corners(n));
            let length = dot(across, across).sqrt();
            if length.is_normal() && (length * length).is_normal() {
                faces.push(across.map(|x| x / length));
            } else {
                faces.push([0.0; 3]);
                *is_clean = false;
            }
        }
        let is_whole = seams.whole_corners(&is_clean);
        let mut corners = vec![[0.0; 3]; seams.places.len()];
        for (n, numbers) in seams.triangles.iter().enumerate() {
            let places = mesh.corners(n);
            for at in (0..3).filter(|&at| is_whole[numbers[at] as usize]) {
                let [to, from] = [1, 2].map(|by| minus(places[(at + by) % 3], places[at]));
                let across = cross(to, from);
                let angle = dot(across, across).sqrt().atan2(dot(to, from));
                for axis in 0..3 {
                    corners[numbers[at] as usize][axis] += angle * faces[n][axis];
                }
            }
        }
        let is_simple = is_clean.iter().all(|&is_clean| is_clean)
            && seams.triangles.iter().flatten().all(|&corner| is_whole[corner as usize]);
        let Seams { triangles, beside, .. } = seams;
        Normals { faces, is_clean, beside, corners, of_triangles: triangles, is_simple }
    }

    /// The normal, of any length, at the nearest place of a triangle; none where it says nothing about sides.
    #[inline(always)]
    pub(super) fn at(&self, triangle: usize, foot: &Foot) -> Option<[f64; 3]> {
        if !self.is_clean[triangle] {
            return None;
        }
        match foot.feature {
            Feature::Face => Some(foot.normal),
            Feature::Edge(edge) => {
                let beside = self.beside[triangle][usize::from(edge)];
                if beside == NONE || !self.is_clean[beside as usize] {
                    return None;
                }
                let beside = self.faces[beside as usize];
                Some([foot.normal[0] + beside[0], foot.normal[1] + beside[1], foot.normal[2] + beside[2]])
            }
            Feature::Corner(corner) => {
                let normal = self.corners[self.of_triangles[triangle][usize::from(corner)] as usize];
                (normal != [0.0; 3]).then_some(normal)
            }
        }
    }
}
