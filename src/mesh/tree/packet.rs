//! A few triangles side by side, and how far they are from a point.

use super::super::{cross, dot, minus};
use super::{LANES, Lane};
use pulp::Simd;

/// Triangles in lanes. Behind the last triangle that there is, it is repeated.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(in crate::mesh) struct Packet {
    /// The first corner, and the edges from it to the others.
    corner: [Lane; 3],
    edges: [[Lane; 3]; 2],
    /// The unit normal, and the vectors whose products with the way from the first corner are a point's coordinates along
    /// the two edges. Those of a triangle without area are NaN.
    normal: [Lane; 3],
    along: [[Lane; 3]; 2],
    /// One over the squared lengths of the edges to the second corner, to the third, and between those; 0 for one of no
    /// length.
    over: [Lane; 3],
    /// The triangles' numbers in the mesh.
    pub(in crate::mesh) numbers: [u32; LANES],
}

/// The part of a triangle that is nearest to a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mesh) enum Feature {
    /// Its inside.
    Face,
    /// The edge from one corner to the next.
    Edge(u8),
    /// A corner.
    Corner(u8),
}

/// The nearest place of a triangle.
#[derive(Clone, Copy, Debug)]
pub(in crate::mesh) struct Foot {
    pub(in crate::mesh) feature: Feature,
    /// The way from it to the point.
    pub(in crate::mesh) away: [f64; 3],
    /// The direction of the triangle's edge, if it is on one.
    pub(in crate::mesh) edge: [f64; 3],
    /// The triangle's unit normal; 0 if it has no area.
    pub(in crate::mesh) normal: [f64; 3],
}

/// Vectors in lanes.
type Vectors<S> = [<S as Simd>::f64s; 3];

/// As many lanes as a machine's vectors have, from the chunk with that number on.
#[inline(always)]
fn chunk<S: Simd>(simd: S, lanes: &Lane, chunk: usize) -> S::f64s {
    match S::F64_LANES > LANES {
        true => simd.partial_load_f64s(lanes),
        false => S::as_simd_f64s(lanes).0[chunk],
    }
}

#[inline(always)]
fn chunks<S: Simd>(simd: S, lanes: &[Lane; 3], n: usize) -> Vectors<S> {
    [chunk(simd, &lanes[0], n), chunk(simd, &lanes[1], n), chunk(simd, &lanes[2], n)]
}

#[inline(always)]
fn put<S: Simd>(simd: S, lanes: &mut Lane, chunk: usize, values: S::f64s) {
    match S::F64_LANES > LANES {
        true => simd.partial_store_f64s(lanes, values),
        false => S::as_mut_simd_f64s(lanes).0[chunk] = values,
    }
}

#[inline(always)]
fn products<S: Simd>(simd: S, a: &Vectors<S>, b: &Vectors<S>) -> S::f64s {
    let first = simd.mul_f64s(a[0], b[0]);
    simd.mul_add_f64s(a[2], b[2], simd.mul_add_f64s(a[1], b[1], first))
}

#[inline(always)]
fn differences<S: Simd>(simd: S, a: &Vectors<S>, b: &Vectors<S>) -> Vectors<S> {
    [simd.sub_f64s(a[0], b[0]), simd.sub_f64s(a[1], b[1]), simd.sub_f64s(a[2], b[2])]
}

/// How far along an edge the nearest place is, from 0 to 1, and how far that is, squared.
#[inline(always)]
fn to_edge<S: Simd>(simd: S, from: &Vectors<S>, edge: &Vectors<S>, over: S::f64s) -> (S::f64s, S::f64s) {
    let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
    let along = simd.mul_f64s(products(simd, from, edge), over);
    let along = simd.min_f64s(simd.max_f64s(along, zero), one);
    let back = simd.neg_f64s(along);
    let mut away = *from;
    for axis in 0..3 {
        away[axis] = simd.mul_add_f64s(back, edge[axis], from[axis]);
    }
    (along, products(simd, &away, &away))
}

/// How far the parts of triangles are from a point.
struct FeatureDistances<S: Simd> {
    /// Whether the foot on the plane is within the triangle, and how far that is, squared.
    is_inside: S::m64s,
    plane: S::f64s,
    /// How far along the edges from corner 0 to 1, from 0 to 2 and from 1 to 2 the nearest place is, and how far that is,
    /// squared.
    along: [S::f64s; 3],
    edges: [S::f64s; 3],
}

impl Packet {
    /// The packet of one to [`LANES`] triangles.
    pub(super) fn of(triangles: &[(u32, [[f64; 3]; 3])]) -> Packet {
        let empty = [0.0; LANES];
        let mut packet = Packet {
            corner: [empty; 3],
            edges: [[empty; 3]; 2],
            normal: [empty; 3],
            along: [[empty; 3]; 2],
            over: [empty; 3],
            numbers: [0; LANES],
        };
        for i in 0..LANES {
            let (number, corners) = triangles[i.min(triangles.len() - 1)];
            packet.numbers[i] = number;
            let [a, b, c] = corners;
            let edges = [minus(b, a), minus(c, a)];
            let normal = normal(corners);
            let square = dot(normal, normal);
            let is_flat = !(square.is_normal() && (1.0 / square).is_finite());
            let length = square.sqrt();
            let along = [cross(edges[1], normal), cross(normal, edges[0])];
            for axis in 0..3 {
                packet.corner[axis][i] = a[axis];
                packet.normal[axis][i] = if is_flat { f64::NAN } else { normal[axis] / length };
                for n in 0..2 {
                    packet.edges[n][axis][i] = edges[n][axis];
                    packet.along[n][axis][i] = if is_flat { f64::NAN } else { along[n][axis] / square };
                }
            }
            for (n, edge) in [edges[0], edges[1], minus(edges[1], edges[0])].into_iter().enumerate() {
                let over = 1.0 / dot(edge, edge);
                packet.over[n][i] = if over.is_finite() { over } else { 0.0 };
            }
        }
        packet
    }

    #[inline(always)]
    fn parts<S: Simd>(&self, simd: S, n: usize, point: &Vectors<S>) -> FeatureDistances<S> {
        let edges = [chunks(simd, &self.edges[0], n), chunks(simd, &self.edges[1], n)];
        let over = chunks(simd, &self.over, n);
        let from = differences(simd, point, &chunks(simd, &self.corner, n));
        let height = products(simd, &from, &chunks(simd, &self.normal, n));
        let first = products(simd, &from, &chunks(simd, &self.along[0], n));
        let second = products(simd, &from, &chunks(simd, &self.along[1], n));
        let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
        let within = |a, b| simd.less_than_or_equal_f64s(a, b);
        let is_inside = simd.and_m64s(
            simd.and_m64s(within(zero, first), within(zero, second)),
            within(simd.add_f64s(first, second), one),
        );
        let (to_b, ab) = to_edge(simd, &from, &edges[0], over[0]);
        let (to_c, ac) = to_edge(simd, &from, &edges[1], over[1]);
        let (from_b, bc) = (differences(simd, &from, &edges[0]), differences(simd, &edges[1], &edges[0]));
        let (b_to_c, bc) = to_edge(simd, &from_b, &bc, over[2]);
        let plane = simd.mul_f64s(height, height);
        FeatureDistances { is_inside, plane, along: [to_b, to_c, b_to_c], edges: [ab, ac, bc] }
    }

    /// The squared distances of the triangles from a point.
    #[inline(always)]
    pub(in crate::mesh) fn squared<S: Simd>(&self, simd: S, point: [f64; 3]) -> Lane {
        let point = [simd.splat_f64s(point[0]), simd.splat_f64s(point[1]), simd.splat_f64s(point[2])];
        let mut squared = [0.0; LANES];
        for n in 0..LANES.div_ceil(S::F64_LANES) {
            let FeatureDistances { is_inside, plane, edges: [ab, ac, bc], .. } = self.parts(simd, n, &point);
            let edge = simd.min_f64s(simd.min_f64s(ab, ac), bc);
            put(simd, &mut squared, n, simd.select_f64s(is_inside, plane, edge));
        }
        squared
    }

    /// The nearest place of one of the triangles.
    #[inline(always)]
    pub(in crate::mesh) fn foot<S: Simd>(&self, simd: S, lane: usize, point: [f64; 3]) -> Foot {
        let (mut along, mut squared, mut inside) = ([[0.0; LANES]; 3], [[0.0; LANES]; 3], [0.0; LANES]);
        let splat = [simd.splat_f64s(point[0]), simd.splat_f64s(point[1]), simd.splat_f64s(point[2])];
        for n in 0..LANES.div_ceil(S::F64_LANES) {
            let parts = self.parts(simd, n, &splat);
            for edge in 0..3 {
                put(simd, &mut along[edge], n, parts.along[edge]);
                put(simd, &mut squared[edge], n, parts.edges[edge]);
            }
            let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
            put(simd, &mut inside, n, simd.select_f64s(parts.is_inside, one, zero));
        }
        let of = |lanes: &[Lane; 3]| lanes.map(|axis| axis[lane]);
        let (corner, edge, normal) = (of(&self.corner), self.edges.each_ref().map(of), of(&self.normal));
        let from = minus(point, corner);
        if inside[lane] > 0.0 {
            let height = dot(from, normal);
            let away = normal.map(|n| n * height);
            return Foot { feature: Feature::Face, away, edge: [0.0; 3], normal };
        }
        let normal = if normal[0].is_nan() { [0.0; 3] } else { normal };
        let [ab, ac, bc] = squared.map(|edge| edge[lane]);
        // As `squared` chooses; corners are at the ends of edges.
        let (which, start, edge, number, ends) = match () {
            _ if bc < if ab < ac { ab } else { ac } => {
                (2, minus(from, edge[0]), minus(edge[1], edge[0]), 1, [1, 2])
            }
            _ if ab < ac => (0, from, edge[0], 0, [0, 1]),
            _ => (1, from, edge[1], 2, [0, 2]),
        };
        let along = along[which][lane];
        let away = std::array::from_fn(|axis| start[axis] - along * edge[axis]);
        let feature = match along {
            0.0 => Feature::Corner(ends[0]),
            1.0 => Feature::Corner(ends[1]),
            _ => Feature::Edge(number),
        };
        let length = self.over[which][lane].sqrt();
        Foot { feature, away, edge: edge.map(|part| part * length), normal }
    }

    /// How many different triangles there are.
    #[inline(always)]
    pub(in crate::mesh) fn count(&self) -> usize {
        (1..LANES).find(|&i| self.numbers[i] == self.numbers[i - 1]).unwrap_or(LANES)
    }
}

/// The normal of a triangle, as long as twice its area: in twice the digits where it is nearly flat, so that it is right to
/// the last bits but for what the rounding of its length does.
pub(in crate::mesh) fn normal([a, b, c]: [[f64; 3]; 3]) -> [f64; 3] {
    let [ab, ac] = [minus(b, a), minus(c, a)];
    let plain = cross(ab, ac);
    if dot(plain, plain) > 1e-4 * dot(ab, ab) * dot(ac, ac) {
        return plain;
    }
    let [ab, ac]: [[Pair; 3]; 2] = [b, c].map(|to| std::array::from_fn(|n| Pair::difference(to[n], a[n])));
    std::array::from_fn(|n| {
        let (i, j) = ((n + 1) % 3, (n + 2) % 3);
        ab[i].times(ac[j]).minus(ab[j].times(ac[i]))
    })
}

/// A number in two parts, the second what is left of the first (Dekker 1971).
#[derive(Clone, Copy)]
struct Pair(f64, f64);

impl Pair {
    fn sum(a: f64, b: f64) -> Pair {
        let sum = a + b;
        let own = sum - a;
        Pair(sum, (a - (sum - own)) + (b - own))
    }

    fn difference(a: f64, b: f64) -> Pair {
        Pair::sum(a, -b)
    }

    fn times(self, other: Pair) -> Pair {
        let product = self.0 * other.0;
        let rest = self.0.mul_add(other.0, -product) + (self.0 * other.1 + self.1 * other.0);
        let sum = product + rest;
        Pair(sum, rest - (sum - product))
    }

    fn minus(self, other: Pair) -> f64 {
        let Pair(difference, rest) = Pair::difference(self.0, other.0);
        difference + (rest + (self.1 - other.1))
    }
}
