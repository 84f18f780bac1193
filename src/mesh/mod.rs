//! Triangle meshes: a field's surface as one, files of them, and the distance to one.

mod certify;
mod compare;
mod distance;
mod exact;
mod extract;
mod intersect;
mod morton;
mod moving;
mod point_surface;
mod point_tree;
mod read;
mod section;
mod topology;
mod tree;
mod vertex_motion;
mod weld;
mod winding;
mod write;

pub use certify::{Certificate, Cover, CoverProof, Excess};
pub use compare::{Comparing, Comparison, Deviation};
pub use distance::{Closest, Distance};
pub use extract::{Extracted, Extraction};
pub use moving::MovingMesh;
pub use point_surface::PointSurface;
pub use read::{PointCloud, ReadFormat};
pub use section::{OutlineFormat, Section};
pub use vertex_motion::VertexMotion;
pub use write::{Dressed, Format, save_moving};

pub(crate) use morton::morton_order;

use crate::error::{Error, Result};

/// A place.
type Point = [f64; 3];

/// A surface of triangles in space.
///
/// A triangle's corners go round it counter-clockwise, seen from outside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mesh {
    /// Where the vertices are.
    pub vertices: Vec<[f64; 3]>,
    /// The numbers of each triangle's three vertices.
    pub triangles: Vec<[u32; 3]>,
}

impl Mesh {
    /// A mesh of triangles between vertices, or the error that names a triangle without a vertex or a place that is not
    /// finite.
    pub fn new(vertices: Vec<[f64; 3]>, triangles: Vec<[u32; 3]>) -> Result<Mesh> {
        if let Some(n) = vertices.iter().position(|vertex| !vertex.iter().all(|x| x.is_finite())) {
            return Err(Error::Input(format!(
                "vertex {n} of a mesh is at {:?}, which is not finite",
                vertices[n]
            )));
        }
        let count = vertices.len();
        if let Some(n) =
            triangles.iter().position(|corners| corners.iter().any(|&corner| corner as usize >= count))
        {
            let corners = triangles[n];
            return Err(Error::Input(format!(
                "triangle {n} of a mesh has the vertices {corners:?}, and there are {count} vertices"
            )));
        }
        Ok(Mesh { vertices, triangles })
    }

    /// The places of a triangle's corners.
    pub fn corners(&self, triangle: usize) -> [[f64; 3]; 3] {
        self.triangles[triangle].map(|vertex| self.vertices[vertex as usize])
    }

    /// The volume that the surface encloses, negative where it is inside out.
    ///
    /// Of a surface with holes it is the volume that cones from the first vertex to the triangles take up.
    pub fn volume(&self) -> f64 {
        let from = self.vertices.first().copied().unwrap_or_default();
        let cone = |corners: [[f64; 3]; 3]| {
            let [a, b, c] = corners.map(|corner| minus(corner, from));
            dot(a, cross(b, c)) / 6.0
        };
        (0..self.triangles.len()).map(|n| cone(self.corners(n))).sum()
    }

    /// The surface's area.
    pub fn area(&self) -> f64 {
        (0..self.triangles.len()).map(|n| self.triangle_area(n)).sum()
    }

    /// The derivative of the volume in each vertex.
    pub fn volume_gradient(&self) -> Vec<[f64; 3]> {
        self.gradient(|[_, b, c]| cross(b, c).map(|x| x / 6.0))
    }

    /// The derivative of the area in each vertex, in which a triangle without area counts for nothing.
    pub fn area_gradient(&self) -> Vec<[f64; 3]> {
        self.gradient(|[a, b, c]| {
            let across = cross(minus(b, a), minus(c, a));
            let length = dot(across, across).sqrt();
            if length > 0.0 { cross(across, minus(c, b)).map(|x| 0.5 * x / length) } else { [0.0; 3] }
        })
    }

    /// The sums over triangles of what each gives for its first corner, for each of its corners in turn.
    fn gradient(&self, of_first: impl Fn([Point; 3]) -> Point) -> Vec<Point> {
        let mut sums = vec![[0.0; 3]; self.vertices.len()];
        for (n, own) in self.triangles.iter().enumerate() {
            let corners = self.corners(n);
            for k in 0..3 {
                let slope = of_first([0, 1, 2].map(|by| corners[(k + by) % 3]));
                let sum = &mut sums[own[k] as usize];
                (0..3).for_each(|axis| sum[axis] += slope[axis]);
            }
        }
        sums
    }

    /// The area of one triangle.
    pub fn triangle_area(&self, triangle: usize) -> f64 {
        let [a, b, c] = self.corners(triangle);
        let across = cross(minus(b, a), minus(c, a));
        0.5 * dot(across, across).sqrt()
    }
}

pub(crate) fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|n| a[n] - b[n])
}

pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tetrahedron with three edges of length 1 along the axes.
    fn tetrahedron() -> Mesh {
        let vertices = vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        Mesh::new(vertices, vec![[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]).unwrap()
    }

    #[test]
    fn a_tetrahedron_has_its_volume_and_area() {
        let mut mesh = tetrahedron();
        assert!((mesh.volume() - 1.0 / 6.0).abs() < 1e-15);
        assert!((mesh.area() - (1.5 + 0.75f64.sqrt())).abs() < 1e-15);
        mesh.triangles.iter_mut().for_each(|corners| corners.swap(0, 1));
        assert!((mesh.volume() + 1.0 / 6.0).abs() < 1e-15, "inside out");
    }

    #[test]
    fn triangles_without_vertices_are_refused() {
        let told = Mesh::new(vec![[0.0; 3]], vec![[0, 0, 1]]).unwrap_err().to_string();
        assert!(told.contains("triangle 0") && told.contains("there are 1 vertices"), "{told}");
        assert!(Mesh::new(vec![[0.0, f64::NAN, 0.0]], vec![]).is_err());
    }
}
