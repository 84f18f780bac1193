//! How often a mesh winds about the front of each triangle, so that a point's side is known from its nearest triangle.
//!
//! Winding numbers only change across the surface and with the way to its border: by no more than L/(4π D²) for each step
//! of a length of 1, D the distance to the border and L its length (it is a solid angle, whose gradient is the field of
//! a current along the border). So they are worked out at a few triangles and passed on to their neighbours with what
//! they may be off; without a border they are off by nothing.

use super::super::tree::Tree;
use super::super::winding::{Winding, WindingParts};
use super::super::{Mesh, dot, minus};
use super::normals::{NONE, Normals, Seams};
use crate::number::Arch;
use pulp::{Simd, WithSimd};
use std::collections::VecDeque;
use std::f64::consts::PI;

/// How much may be unknown of a winding number until it is worked out anew.
const WIDEST: f64 = 0.4;

/// The most triangles at which it is worked out.
const MAX_SEEDS: usize = 1 << 7;

/// What is known of a triangle's front.
#[derive(Clone, Copy, Debug)]
struct Front {
    /// How often the mesh winds about it, at least and at most; NaN where that is not known.
    winds: [f32; 2],
    /// How far the border is from the triangle's middle, and the corners at most.
    border: f32,
    radius: f32,
}

/// The border of a mesh.
pub(super) struct Border {
    length: f64,
    /// Its edges, as triangles without area, and their tree; none where there are none.
    tree: Option<Tree>,
}

impl Border {
    pub(super) fn of(seams: &Seams) -> Border {
        let along = |&([a, b], times): &([u32; 2], usize)| {
            let way = minus(seams.places[a as usize], seams.places[b as usize]);
            times as f64 * dot(way, way).sqrt()
        };
        let length = seams.border.iter().map(along).sum();
        let triangles: Vec<[u32; 3]> = seams.border.iter().map(|&([a, b], _)| [a, b, b]).collect();
        let edges = Mesh { vertices: seams.places.clone(), triangles };
        Border { length, tree: (!edges.triangles.is_empty()).then(|| Tree::of(&edges)) }
    }
}

/// The fronts of a mesh's triangles.
#[derive(Debug)]
pub(super) struct Fronts {
    each: Vec<Front>,
    /// The border's length.
    length: f64,
}

/// Finds how far the border is from places.
struct ToBorder<'a>(&'a Tree, &'a [[f64; 3]]);

impl WithSimd for ToBorder<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f64> {
        let mut stack = Vec::new();
        let mut distances = Vec::with_capacity(self.1.len());
        for &place in self.1 {
            distances.push(self.0.nearest(simd, place, f64::INFINITY, &mut stack).squared.sqrt());
        }
        distances
    }
}

impl Fronts {
    pub(super) fn of(
        mesh: &Mesh,
        tree: &Tree,
        normals: &Normals,
        winding: &Winding,
        border: &Border,
    ) -> Fronts {
        let count = mesh.triangles.len();
        let middle = |n: usize| {
            let [a, b, c] = mesh.corners(n);
            std::array::from_fn(|axis| (a[axis] + b[axis] + c[axis]) / 3.0)
        };
        let middles: Vec<[f64; 3]> = (0..count).map(middle).collect();
        let distances = match &border.tree {
            Some(tree) => Arch::new().dispatch(ToBorder(tree, &middles)),
            None => vec![f64::INFINITY; count],
        };
        let front = |n: usize| {
            let ways = mesh.corners(n).map(|corner| minus(corner, middles[n]));
            let radius = ways.iter().map(|&way| dot(way, way)).fold(0.0, f64::max).sqrt();
            // Rounded to where they are safe.
            let border = (distances[n] * (1.0 - 1e-6)) as f32;
            Front { winds: [f32::NAN; 2], border, radius: (radius * (1.0 + 1e-6)) as f32 }
        };
        let mut fronts = Fronts { each: (0..count).map(front).collect(), length: border.length };
        let (mut parts, mut seeds, mut queue) = (WindingParts::default(), 0, VecDeque::new());
        let mut seed = |n: usize, parts: &mut WindingParts| {
            seeds += 1;
            if seeds > MAX_SEEDS {
                return None;
            }
            // Just in front of it a triangle by itself takes up half of all that is seen.
            let is_enough = |_: f64, off: f64| off < 0.1;
            let (others, off) =
                winding.about((mesh, tree), middles[n], 0.0, Some(n as u32), parts, is_enough);
            let value = others - 0.5;
            Some(match border.tree {
                Some(_) => [(value - off) as f32, (value + off) as f32],
                None => [value.round() as f32; 2],
            })
        };
        for start in 0..count {
            let own = fronts.each[start];
            if !normals.is_clean[start] || !own.winds[0].is_nan() || own.border <= 2.0 * own.radius {
                continue;
            }
            let Some(winds) = seed(start, &mut parts) else { break };
            fronts.each[start].winds = winds;
            queue.push_back(start);
            while let Some(n) = queue.pop_front() {
                for other in normals.beside[n].into_iter().filter(|&other| other != NONE) {
                    let other = other as usize;
                    if !normals.is_clean[other] || !fronts.each[other].winds[0].is_nan() {
                        continue;
                    }
                    let [here, there] = [&fronts.each[n], &fronts.each[other]];
                    let nearest = (here.border - here.radius).min(there.border - there.radius);
                    let off = fronts.off(f64::from(here.radius + there.radius), f64::from(nearest)) as f32;
                    let mut winds = [here.winds[0] - off, here.winds[1] + off];
                    if winds[1] - winds[0] >= WIDEST as f32 {
                        if there.border <= 2.0 * there.radius {
                            continue;
                        }
                        let Some(own) = seed(other, &mut parts) else { continue };
                        winds = own;
                    }
                    fronts.each[other].winds = winds;
                    queue.push_back(other);
                }
            }
        }
        fronts
    }

    /// How much a winding number may change along a way that comes no nearer to the border.
    #[inline(always)]
    fn off(&self, way: f64, nearest: f64) -> f64 {
        match () {
            _ if self.length == 0.0 => 0.0,
            _ if nearest > 0.0 => self.length * way / (4.0 * PI * nearest * nearest) * (1.0 + 1e-6),
            _ => f64::INFINITY,
        }
    }

    /// −1 inside, 1 outside, of a point so far before or behind the nearest triangle; none where that is not known.
    #[inline(always)]
    pub(super) fn side(&self, triangle: usize, is_behind: bool, distance: f64) -> Option<f64> {
        let own = &self.each[triangle];
        let way = f64::from(own.radius) + distance;
        let off = self.off(way, f64::from(own.border) - way);
        let behind = if is_behind { 1.0 } else { 0.0 };
        let (least, most) = (f64::from(own.winds[0]) + behind - off, f64::from(own.winds[1]) + behind + off);
        match () {
            _ if least > 0.5 => Some(-1.0),
            _ if most < 0.5 => Some(1.0),
            _ => None,
        }
    }
}
