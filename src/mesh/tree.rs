//! A tree of boxes around a mesh's triangles, eight to a node, with the triangles side by side in its leaves.
//!
//! Boxes are in `f32`, about the mesh's middle, and rounded outward; triangles are in `f64`. What is passed over is
//! farther than what was found by more than all rounding, so that the nearest triangle is the nearest of all of them.

mod build;
mod packet;

pub(super) use packet::{Feature, Foot, Packet, normal};

use super::Mesh;
use pulp::Simd;

/// How many children a node has.
pub(super) const WIDE: usize = 8;

/// How many triangles stand side by side.
pub(super) const LANES: usize = 4;

/// A number for each of a packet's triangles.
pub(super) type Lane = [f64; LANES];

/// The rounding of a number in `f32`.
const ROUNDING: f64 = f32::EPSILON as f64 / 2.0;

/// Points farther out than this, in the unit of boxes, are looked for from here.
const FAR: f64 = 1e18;

/// A number held between −[`FAR`] and that.
#[inline(always)]
fn held(value: f64) -> f64 {
    let least = if value > -FAR { value } else { -FAR };
    if least < FAR { least } else { FAR }
}

/// A child is a packet if this is added to its number, else a node.
const PACKET: u32 = 1 << 31;

/// The boxes of a node's children. Those that are not there have boxes infinitely far away.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct WideNode {
    lower: [[f32; WIDE]; 3],
    upper: [[f32; WIDE]; 3],
    children: [u32; WIDE],
}

/// A child of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Child {
    Node(usize),
    Packet(usize),
}

impl Child {
    #[inline(always)]
    pub(super) fn of(number: u32) -> Child {
        match number & PACKET {
            0 => Child::Node(number as usize),
            _ => Child::Packet((number & !PACKET) as usize),
        }
    }
}

/// The tree of a mesh. Its first node is its root.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<WideNode>,
    pub(super) packets: Vec<Packet>,
    /// The middle of the mesh, from where boxes are measured, and half the diagonal of its box.
    pub(super) middle: [f64; 3],
    pub(super) reach: f64,
    /// What boxes are measured in is a power of two that is about one over the reach.
    scale: f64,
}

/// The nearest triangle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nearest {
    /// Its distance, squared.
    pub(super) squared: f64,
    pub(super) packet: u32,
    pub(super) lane: u32,
    /// Its number in the mesh.
    pub(super) triangle: u32,
}

impl Nearest {
    pub(super) const NONE: Nearest =
        Nearest { squared: f64::INFINITY, packet: 0, lane: 0, triangle: u32::MAX };
}

/// Children yet to be looked at, with their boxes' squared distances.
pub(super) type Stack = Vec<(f32, u32)>;

/// As many sides of boxes as a machine's vectors have lanes, from the chunk with that number on.
#[inline(always)]
fn chunk<S: Simd>(simd: S, sides: &[f32; WIDE], chunk: usize) -> S::f32s {
    match S::F32_LANES > WIDE {
        true => simd.partial_load_f32s(sides),
        false => S::as_simd_f32s(sides).0[chunk],
    }
}

impl WideNode {
    /// The squared distances of the children's boxes from a box.
    #[inline(always)]
    fn squared<S: Simd>(&self, simd: S, lower: [f32; 3], upper: [f32; 3]) -> [f32; WIDE] {
        let mut squared = [0.0; WIDE];
        for n in 0..WIDE.div_ceil(S::F32_LANES) {
            let mut sum = simd.splat_f32s(0.0);
            for axis in 0..3 {
                let below = simd.sub_f32s(chunk(simd, &self.lower[axis], n), simd.splat_f32s(upper[axis]));
                let above = simd.sub_f32s(simd.splat_f32s(lower[axis]), chunk(simd, &self.upper[axis], n));
                let out = simd.max_f32s(simd.max_f32s(below, above), simd.splat_f32s(0.0));
                sum = simd.mul_add_f32s(out, out, sum);
            }
            match S::F32_LANES > WIDE {
                true => simd.partial_store_f32s(&mut squared, sum),
                false => S::as_mut_simd_f32s(&mut squared).0[n] = sum,
            }
        }
        squared
    }

    /// A child's number, as [`Child::of`] takes it.
    #[inline(always)]
    pub(super) fn child(&self, place: usize) -> u32 {
        self.children[place]
    }

    /// The children that are there.
    pub(super) fn children(&self) -> impl Iterator<Item = (usize, Child)> + '_ {
        let is_there = |i: &usize| self.lower[0][*i] < f32::INFINITY;
        (0..WIDE).filter(is_there).map(|i| (i, Child::of(self.children[i])))
    }

    /// The box of a child, from the tree's middle and in its units.
    pub(super) fn corners(&self, child: usize) -> [[f64; 3]; 2] {
        [&self.lower, &self.upper].map(|sides| sides.map(|axis| f64::from(axis[child])))
    }
}

impl Tree {
    /// The tree of a mesh that has triangles.
    pub(super) fn of(mesh: &Mesh) -> Tree {
        build::build(mesh)
    }

    /// How many of the boxes' units a length of 1 is.
    pub(super) fn scale(&self) -> f64 {
        self.scale
    }

    /// A point from the middle in the boxes' units, no farther than [`FAR`], and what boxes may be off for that.
    #[inline(always)]
    fn narrow(&self, point: [f64; 3]) -> ([f32; 3], f64) {
        let (mut narrow, mut largest) = ([0.0; 3], 0.0);
        for axis in 0..3 {
            let own = held((point[axis] - self.middle[axis]) * self.scale);
            narrow[axis] = own as f32;
            let size = own.abs();
            largest = if size > largest { size } else { largest };
        }
        (narrow, 4.0 * ROUNDING * largest)
    }

    /// The square in `f32` that no box within a distance comes out above.
    #[inline(always)]
    fn limit(&self, distance: f64, off: f64) -> f32 {
        let most = (distance * self.scale + off) * (1.0 + 16.0 * ROUNDING);
        let square = (most * most) as f32;
        if square < f32::MAX { square } else { f32::MAX }
    }

    /// The corners of a box of a node's child, in the mesh's units.
    pub(super) fn placed(&self, corners: [[f64; 3]; 2]) -> [[f64; 3]; 2] {
        corners.map(|side| std::array::from_fn(|axis| side[axis] / self.scale + self.middle[axis]))
    }

    /// The squared distances of the boxes of a node's children from a box, in their units.
    #[inline(always)]
    pub(super) fn box_squared<S: Simd>(
        &self,
        simd: S,
        node: usize,
        middle: [f64; 3],
        half: [f64; 3],
    ) -> [f32; WIDE] {
        let (mut lower, mut upper) = ([0.0; 3], [0.0; 3]);
        for axis in 0..3 {
            let own = middle[axis] - self.middle[axis];
            lower[axis] = held((own - half[axis]) * self.scale) as f32;
            upper[axis] = held((own + half[axis]) * self.scale) as f32;
        }
        self.nodes[node].squared(simd, lower, upper)
    }

    /// The square that no box within a distance of a box comes out above.
    #[inline(always)]
    pub(super) fn box_limit(&self, distance: f64, middle: [f64; 3], half: [f64; 3]) -> f32 {
        let mut largest = 0.0;
        for axis in 0..3 {
            let size = held(((middle[axis] - self.middle[axis]).abs() + half[axis]) * self.scale);
            largest = if size > largest { size } else { largest };
        }
        self.limit(if distance > 0.0 { distance } else { 0.0 }, 4.0 * ROUNDING * largest)
    }

    /// Looks whether a packet has a triangle that is nearer to a point, or as near and earlier in the mesh.
    #[inline(always)]
    pub(super) fn look_at<S: Simd>(&self, simd: S, number: u32, point: [f64; 3], best: &mut Nearest) {
        let packet = &self.packets[number as usize];
        let squared = packet.squared(simd, point);
        for i in 0..LANES {
            let is_nearer =
                squared[i] < best.squared || squared[i] == best.squared && packet.numbers[i] < best.triangle;
            if is_nearer {
                let (lane, triangle) = (i as u32, packet.numbers[i]);
                *best = Nearest { squared: squared[i], packet: number, lane, triangle };
            }
        }
    }

    /// The triangle nearest to a point, of several equally near the first in the mesh. `within` is a distance in which there
    /// is one.
    #[inline(always)]
    pub(super) fn nearest<S: Simd>(
        &self,
        simd: S,
        point: [f64; 3],
        within: f64,
        stack: &mut Stack,
    ) -> Nearest {
        let (narrow, off) = self.narrow(point);
        let mut limit = self.limit(within, off);
        let mut best = Nearest::NONE;
        stack.clear();
        let mut next = Some(0);
        while let Some(number) = next {
            if let Child::Node(node) = Child::of(number) {
                let node = &self.nodes[node];
                let squared = node.squared(simd, narrow, narrow);
                let bottom = stack.len();
                let mut near = 0u32;
                for i in 0..WIDE {
                    near |= u32::from(squared[i] <= limit) << i;
                }
                while near > 0 {
                    let i = near.trailing_zeros() as usize;
                    near &= near - 1;
                    {
                        // The nearest last, so that it is looked at first.
                        let mut place = stack.len();
                        stack.push((squared[i], node.children[i]));
                        while place > bottom && stack[place - 1].0 < squared[i] {
                            stack[place] = stack[place - 1];
                            place -= 1;
                        }
                        stack[place] = (squared[i], node.children[i]);
                    }
                }
            } else {
                let number = number & !PACKET;
                let before = best.squared;
                self.look_at(simd, number, point, &mut best);
                if best.squared < before {
                    let own = self.limit(best.squared.sqrt(), off);
                    limit = if own < limit { own } else { limit };
                }
            }
            next = None;
            while let Some((squared, number)) = stack.pop() {
                if squared <= limit {
                    next = Some(number);
                    break;
                }
            }
        }
        if best.triangle == u32::MAX {
            // Nothing is near what is no number.
            best = Nearest { squared: f64::NAN, triangle: self.packets[0].numbers[0], ..best };
        }
        best
    }
}
