//! A mesh's triangles as a proof needs them: their normals, and which of them meet a box.

use super::octree::BoxSides;
use crate::measure::cone::SlopeBounds;
use crate::mesh::{Mesh, cross, dot, minus};
use crate::number::Interval;

pub(super) struct Facets<'a> {
    pub mesh: &'a Mesh,
    /// The normals, as long as twice the area, rounding in them.
    pub normals: Vec<SlopeBounds>,
    /// What a box is grown by before it is looked at which triangles meet it: more than rounding.
    slack: f64,
}

impl Facets<'_> {
    pub fn of(mesh: &Mesh) -> Facets<'_> {
        let largest = mesh.vertices.iter().flatten().fold(0.0f64, |most, x| most.max(x.abs()));
        let normals = (0..mesh.triangles.len()).map(|n| normal(mesh.corners(n))).collect();
        Facets { mesh, normals, slack: 1e-12 * largest }
    }

    /// Those of some triangles that may meet a closed box: all that do, and few that do not.
    pub fn meeting(&self, sides: &BoxSides, among: &[u32]) -> Vec<u32> {
        among.iter().copied().filter(|&n| self.may_meet(sides, n)).collect()
    }

    fn may_meet(&self, sides: &BoxSides, triangle: u32) -> bool {
        let corners = self.mesh.corners(triangle as usize);
        for axis in 0..3 {
            let (lo, hi) = (sides[axis].lo() - self.slack, sides[axis].hi() + self.slack);
            if corners.iter().all(|corner| corner[axis] < lo)
                || corners.iter().all(|corner| corner[axis] > hi)
            {
                return false;
            }
        }
        // From the box's middle: whether the triangle's plane, and its edges seen along each axis, pass the box.
        let half = sides.map(|side| 0.5 * side.width() + self.slack);
        let middle = sides.map(Interval::middle);
        let [a, b, c] = corners.map(|corner| minus(corner, middle));
        let edges = [minus(b, a), minus(c, b), minus(a, c)];
        let normal = cross(edges[0], edges[1]);
        let is_apart = |along: [f64; 3]| {
            let reach: f64 = (0..3).map(|n| half[n] * along[n].abs()).sum();
            let at = [a, b, c].map(|corner| dot(corner, along));
            let size: f64 = (0..3).map(|n| along[n].abs() * (a[n].abs() + b[n].abs() + c[n].abs())).sum();
            let reach = reach + 1e-14 * size;
            at.iter().all(|&at| at > reach) || at.iter().all(|&at| at < -reach)
        };
        let unit = |axis: usize| [0, 1, 2].map(|n| if n == axis { 1.0 } else { 0.0 });
        !is_apart(normal) && !edges.iter().any(|&edge| (0..3).any(|axis| is_apart(cross(edge, unit(axis)))))
    }
}

fn normal([a, b, c]: [[f64; 3]; 3]) -> SlopeBounds {
    let along = |to: [f64; 3]| [0, 1, 2].map(|n| Interval::point(to[n]) - Interval::point(a[n]));
    let (u, v) = (along(b), along(c));
    [1, 2, 0].map(|n| (n, (n + 1) % 3)).map(|(i, j)| u[i] * v[j] - u[j] * v[i])
}
