//! A mesh that is being changed: its triangles, some of them gone, and those about each vertex.

use crate::mesh::{Mesh, Point, cross, dot, minus};

/// In place of the corners of a triangle that is gone.
pub(super) const GONE: [u32; 3] = [u32::MAX; 3];

pub(super) struct Stars {
    pub triangles: Vec<[u32; 3]>,
    /// The triangles about each vertex; none about those that are gone.
    pub around: Vec<Vec<u32>>,
}

impl Stars {
    pub fn of(mesh: &Mesh) -> Stars {
        let mut around: Vec<Vec<u32>> = vec![Vec::new(); mesh.vertices.len()];
        for (n, corners) in mesh.triangles.iter().enumerate() {
            corners.iter().for_each(|&corner| around[corner as usize].push(n as u32));
        }
        Stars { triangles: mesh.triangles.clone(), around }
    }

    /// The vertices that a vertex has an edge to.
    pub fn neighbours(&self, of: u32) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::with_capacity(8);
        for &triangle in &self.around[of as usize] {
            for corner in self.triangles[triangle as usize] {
                if corner != of && !found.contains(&corner) {
                    found.push(corner);
                }
            }
        }
        found
    }

    /// The triangle beside another, across the edge between two of its corners.
    pub fn beside(&self, triangle: u32, [a, b]: [u32; 2]) -> Option<u32> {
        let mut all = self.around[a as usize].iter().copied();
        all.find(|&other| other != triangle && self.triangles[other as usize].contains(&b))
    }

    /// Whether a vertex, of such neighbours, may be moved onto one of them: they are joined through exactly the two triangles
    /// of their edge (the link condition), and are not all of a tetrahedron.
    pub fn may_collapse(&self, neighbours: &[u32], onto: u32) -> bool {
        let of_both = self.neighbours(onto).into_iter().filter(|n| neighbours.contains(n)).count();
        of_both == 2 && !(neighbours.len() == 3 && self.around[onto as usize].len() == 3)
    }

    /// The mesh of the triangles that are left, its vertices at such places.
    pub fn left(self, places: &[Point]) -> Mesh {
        let mut numbers = vec![u32::MAX; places.len()];
        let mut mesh = Mesh::default();
        for corners in self.triangles.into_iter().filter(|&corners| corners != GONE) {
            mesh.triangles.push(corners.map(|corner| {
                let number = &mut numbers[corner as usize];
                if *number == u32::MAX {
                    *number = mesh.vertices.len() as u32;
                    mesh.vertices.push(places[corner as usize]);
                }
                *number
            }));
        }
        mesh
    }
}

/// A triangle's normal, as long as twice its area.
pub(super) fn normal_of([a, b, c]: [Point; 3]) -> Point {
    cross(minus(b, a), minus(c, a))
}

/// A triangle's least height in parts of its longest side.
pub(super) fn flatness([a, b, c]: [Point; 3], normal: Point) -> f64 {
    let longest =
        [minus(b, a), minus(c, b), minus(a, c)].map(|side| dot(side, side)).into_iter().fold(0.0, f64::max);
    dot(normal, normal).sqrt() / longest
}
