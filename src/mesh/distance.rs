//! The distance to a mesh, exact, and on which side of it a point is.
//!
//! The side is that of the nearest face, edge or corner where the mesh is closed and does not cross itself, and else where
//! the mesh winds about the point more than half a time: also where it has holes, crosses itself or is only a heap of
//! triangles.

mod bounds;
mod crossing;
mod fronts;
mod kernel;
mod normals;

use super::tree::{Foot, Nearest, Stack, Tree};
use super::winding::{Winding, WindingParts};
use super::{Mesh, dot, morton_order};
use crate::error::{Error, Result};
use crate::field::{Axis, Field};
use crate::number::Arch;
use crate::number::Identity;
use crate::task;
use fronts::{Border, Fronts};
use normals::{Normals, Seams};
use pulp::{Simd, WithSimd};
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::{ParallelSlice, ParallelSliceMut};
use std::fmt;
use std::sync::Arc;

/// Meshes are at most so large, and larger than one over it.
const MAX_REACH: f64 = 1e60;

/// A mesh made ready to be asked for the distance to it.
///
/// ```
/// use fieldgrad::mesh::{Distance, Mesh};
///
/// let corners = vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let mesh = Mesh::new(corners, vec![[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])?;
/// let distance = Distance::of(&mesh)?;
/// assert_eq!(distance.signed(&[[0.1, 0.2, 0.2], [-3.0, 0.0, -4.0]]), [-0.1, 5.0]);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
pub struct Distance {
    mesh: Mesh,
    tree: Tree,
    normals: Normals,
    /// What tells the sides where the normals do not; none where they always do.
    winding: Option<(Winding, Fronts)>,
    is_closed: bool,
    identity: Identity,
}

/// The place of a mesh that is nearest to a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Closest {
    /// Where it is.
    pub place: [f64; 3],
    /// The number of its triangle; of several the first in the mesh.
    pub triangle: usize,
    /// How far it is from the point: negative if the point is inside.
    pub distance: f64,
    /// The distance's gradient: a unit vector, on the mesh itself its normal there.
    pub gradient: [f64; 3],
}

impl fmt::Debug for Distance {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Distance(to {} triangles)", self.mesh.triangles.len())
    }
}

/// The memory of searches one after the other, of which each may help the next.
#[derive(Debug, Default)]
struct DistanceSearch {
    stack: Stack,
    parts: WindingParts,
    /// The last point, and how far it was from the mesh.
    last: Option<([f64; 3], f64)>,
}

/// The nearest place of the mesh and the side of a point.
#[derive(Clone, Copy)]
struct At {
    nearest: Nearest,
    foot: Foot,
    /// −1 inside, 1 outside.
    side: f64,
    /// A normal of the mesh there, of any length.
    normal: [f64; 3],
}

impl Distance {
    /// The distance to a mesh. An error if it has no triangles, or is larger or smaller than numbers can square.
    pub fn of(mesh: &Mesh) -> Result<Distance> {
        if mesh.triangles.is_empty() {
            return Err(Error::Input("a mesh without triangles has no distance to it".into()));
        }
        let mesh = Mesh::new(mesh.vertices.clone(), mesh.triangles.clone())?;
        let tree = Tree::of(&mesh);
        if !(tree.reach < MAX_REACH && (tree.reach > 1.0 / MAX_REACH || tree.reach == 0.0)) {
            let wrong =
                format!("a mesh that reaches {:e} from its middle is beyond what is computed", tree.reach);
            return Err(Error::Input(wrong));
        }
        task::check()?;
        let seams = Seams::of(&mesh);
        task::check()?;
        let (is_closed, border) = (seams.border.is_empty(), Border::of(&seams));
        let normals = Normals::of(&mesh, seams, &tree);
        task::check()?;
        let winding = (!normals.is_simple).then(|| {
            let winding = Winding::of(&mesh, &tree);
            let fronts = Fronts::of(&mesh, &tree, &normals, &winding, &border);
            (winding, fronts)
        });
        task::check()?;
        let shape = Identity::of("mesh").and(mesh.vertices.len() as u128);
        let word = |bits: [u64; 2]| u128::from(bits[0]) << 64 | u128::from(bits[1]);
        let places = mesh.vertices.iter().map(|place| place.map(f64::to_bits));
        let placed = places.fold(shape, |all, [x, y, z]| all.and(word([x, y])).and(u128::from(z)));
        let corners = mesh.triangles.iter().map(|corners| corners.map(u128::from));
        let identity = corners.fold(placed, |all, [a, b, c]| all.and(a << 64 | b << 32 | c));
        Ok(Distance { mesh, tree, normals, winding, is_closed, identity })
    }

    /// The mesh.
    pub fn mesh(&self) -> &Mesh {
        &self.mesh
    }

    /// Whether the surface has no border: each edge is gone along as often one way as the other. Then the signed distance
    /// is continuous.
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// The error that says so, where the surface is not closed and so has no inside.
    pub(crate) fn check_closed(&self) -> Result<()> {
        match self.is_closed {
            true => Ok(()),
            false => Err(Error::Input("the mesh is not closed: it has no inside to be covered".into())),
        }
    }

    /// Whether the surface was proven to be closed, and not to meet itself, so that its sides are those of its normals.
    pub fn is_simple(&self) -> bool {
        self.winding.is_none()
    }

    /// The place of the mesh nearest to a point.
    pub fn closest(&self, point: [f64; 3]) -> Closest {
        let at = Arch::new().dispatch(One { distance: self, point, search: &mut DistanceSearch::default() });
        let place = std::array::from_fn(|axis| point[axis] - at.foot.away[axis]);
        Closest {
            place,
            triangle: at.nearest.triangle as usize,
            distance: at.value(),
            gradient: at.gradient(self.tree.reach),
        }
    }

    /// The signed distances of points, on all threads. Many are looked at in an order in which neighbours help each other.
    pub fn signed(&self, points: &[[f64; 3]]) -> Vec<f64> {
        const PIECE: usize = 1 << 10;
        let order = morton_order(points);
        let mut found = vec![0.0; points.len()];
        let pieces = order.par_chunks(PIECE).zip(found.par_chunks_mut(PIECE));
        pieces.for_each(|(order, found)| Arch::new().dispatch(Many { distance: self, points, order, found }));
        let mut results = vec![0.0; points.len()];
        order.iter().zip(found).for_each(|(&place, distance)| results[place as usize] = distance);
        results
    }

    /// How often the mesh winds about a point, to within 1e-8: 1 inside of a closed mesh and 0 outside, in between near holes.
    pub fn winding_number(&self, point: [f64; 3]) -> f64 {
        let made;
        let winding = match &self.winding {
            Some((winding, _)) => winding,
            None => {
                made = Winding::of(&self.mesh, &self.tree);
                &made
            }
        };
        let mut parts = WindingParts::default();
        winding.about((&self.mesh, &self.tree), point, 0.0, None, &mut parts, |_, off| off < 1e-8).0
    }

    /// The field of the signed distance.
    pub fn field(self) -> Field {
        Distance::field_of(Arc::new(self))
    }

    /// The same of a distance that others have too.
    pub(crate) fn field_of(distance: Arc<Distance>) -> Field {
        let place = Axis::ALL[..3].iter().map(|&axis| Field::coordinate(axis));
        crate::field::kernel(Arc::new(kernel::MeshDistance::of(distance)), place)
    }

    /// The identity of the mesh: of its vertices and triangles.
    pub(crate) fn content(&self) -> Identity {
        self.identity
    }

    #[inline(always)]
    fn nearest<S: Simd>(&self, simd: S, point: [f64; 3], search: &mut DistanceSearch) -> Nearest {
        // No farther than from where the last was, and from there to here.
        let within = match search.last {
            Some((last, distance)) => {
                let way = [point[0] - last[0], point[1] - last[1], point[2] - last[2]];
                (distance + dot(way, way).sqrt()) * (1.0 + 1e-9)
            }
            None => f64::INFINITY,
        };
        let nearest = self.tree.nearest(simd, point, within, &mut search.stack);
        search.last = Some((point, nearest.squared.sqrt()));
        nearest
    }

    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, point: [f64; 3], search: &mut DistanceSearch) -> At {
        let nearest = self.nearest(simd, point, search);
        let foot = self.tree.packets[nearest.packet as usize].foot(simd, nearest.lane as usize, point);
        self.with_side(nearest, foot, point, &mut search.parts)
    }

    #[inline(always)]
    fn with_side(&self, nearest: Nearest, foot: Foot, point: [f64; 3], parts: &mut WindingParts) -> At {
        let triangle = nearest.triangle as usize;
        let normal = self.normals.at(triangle, &foot);
        let is_behind = normal.map(|normal| dot(normal, foot.away) < 0.0);
        let side = match (&self.winding, is_behind) {
            (None, is_behind) => {
                if is_behind == Some(true) {
                    -1.0
                } else {
                    1.0
                }
            }
            (Some((winding, fronts)), is_behind) => {
                let distance = nearest.squared.sqrt();
                match is_behind.and_then(|is_behind| fronts.side(triangle, is_behind, distance)) {
                    Some(side) => side,
                    None => self.side_by_winding(winding, point, parts),
                }
            }
        };
        At { nearest, foot, side, normal: normal.unwrap_or(foot.normal) }
    }

    /// −1 where the mesh winds about a point more than half a time, else 1.
    fn side_by_winding(&self, winding: &Winding, point: [f64; 3], parts: &mut WindingParts) -> f64 {
        let is_enough = |value: f64, off: f64| (value - 0.5).abs() > off;
        let (number, _) = winding.about((&self.mesh, &self.tree), point, 0.0, None, parts, is_enough);
        if number > 0.5 { -1.0 } else { 1.0 }
    }
}

impl At {
    /// The signed distance.
    #[inline(always)]
    fn value(&self) -> f64 {
        self.side * self.nearest.squared.sqrt()
    }

    /// The signed distance's gradient; on the mesh, which reaches so far, its normal.
    #[inline(always)]
    fn gradient(&self, reach: f64) -> [f64; 3] {
        let away = self.foot.away;
        let square = dot(away, away);
        let is_face = self.foot.feature == super::tree::Feature::Face;
        let is_on = square <= (4.0 * f64::EPSILON * reach) * (4.0 * f64::EPSILON * reach);
        match is_face || is_on {
            true => {
                let normal = if is_face { self.foot.normal } else { self.normal };
                let length = dot(normal, normal).sqrt();
                let height = dot(normal, away);
                // Where a mesh is not simple a face may have the inside on its front.
                let sign =
                    if height == 0.0 || is_on || (height > 0.0) == (self.side > 0.0) { 1.0 } else { -1.0 };
                if length > 0.0 { normal.map(|x| sign * x / length) } else { [0.0; 3] }
            }
            false => {
                let length = self.side * square.sqrt();
                away.map(|x| x / length)
            }
        }
    }

    /// The signed distance's second derivatives, in xx, xy, xz, yy, yz and zz: 0 from a face, those of the distance to a
    /// line from an edge, and to a point from a corner; 0 on the mesh.
    fn second(&self) -> [f64; 6] {
        use super::tree::Feature;
        let distance = dot(self.foot.away, self.foot.away).sqrt();
        if self.foot.feature == Feature::Face || distance == 0.0 {
            return [0.0; 6];
        }
        let (unit, edge) = (self.foot.away.map(|x| x / distance), self.foot.edge);
        let is_corner = matches!(self.foot.feature, Feature::Corner(_));
        let over = self.side / distance;
        [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)].map(|(i, j)| {
            let own = if i == j { 1.0 } else { 0.0 } - unit[i] * unit[j];
            over * if is_corner { own } else { own - edge[i] * edge[j] }
        })
    }
}

struct One<'a> {
    distance: &'a Distance,
    point: [f64; 3],
    search: &'a mut DistanceSearch,
}

impl WithSimd for One<'_> {
    type Output = At;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> At {
        self.distance.at(simd, self.point, self.search)
    }
}

struct Many<'a> {
    distance: &'a Distance,
    points: &'a [[f64; 3]],
    /// Which of them, in which order.
    order: &'a [u32],
    found: &'a mut [f64],
}

impl WithSimd for Many<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut search = DistanceSearch::default();
        for n in 0..self.order.len() {
            let point = self.points[self.order[n] as usize];
            self.found[n] = self.distance.at(simd, point, &mut search).value();
        }
    }
}

impl Mesh {
    /// The signed distance to the mesh as a field: negative inside, exact, with unit gradients.
    ///
    /// ```
    /// use fieldgrad::mesh::Mesh;
    /// use fieldgrad::prelude::*;
    ///
    /// let corners = vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    /// let solid = Mesh::new(corners, vec![[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])?.field()?;
    /// let blended = solid.smooth_union(sphere(0.3), 0.1);
    /// assert_eq!(blended.value_at([-3.0, 0.0, -4.0, 0.0])?, 4.7);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn field(&self) -> Result<Field> {
        Ok(Distance::of(self)?.field())
    }
}
