//! How often a mesh winds about a point: the solid angle that it takes up seen from there, over 4π (Jacobson, Kavan &
//! Sorkine-Hornung 2013).
//!
//! Triangles far away are taken together, as a dipole and its first moments (Barill et al. 2018), with a bound on what
//! that leaves out. The parts that leave out most are looked at closer until what was asked is decided; at last single
//! triangles, whose solid angles are exact.

use super::tree::{Child, Tree, WIDE, normal};
use super::{Mesh, cross, dot, minus};
use std::f64::consts::PI;

/// Numbers for each child of a node.
type Children = [f64; WIDE];

/// What there is of the triangles below each of a node's children.
#[derive(Clone, Debug)]
struct Multipoles {
    /// The middle of their area, from the tree's, and how far from that they reach.
    middle: [Children; 3],
    reach: Children,
    /// Their area, and the integral of the squared way from the middle over it.
    area: Children,
    second: Children,
    /// The sum of their normals, each as long as its area; and of the products of the way from the middle with them: in
    /// row i that of the way in i.
    normal: [Children; 3],
    first: [[Children; 3]; 3],
}

/// The integrals over some triangles: of 1, x, |x|², n, and x nᵀ, from the tree's middle.
#[derive(Clone, Copy, Default)]
struct Integrals {
    area: f64,
    place: [f64; 3],
    square: f64,
    normal: [f64; 3],
    first: [[f64; 3]; 3],
}

impl Integrals {
    fn of(corners: [[f64; 3]; 3]) -> Integrals {
        let across = normal(corners).map(|x| 0.5 * x);
        let area = dot(across, across).sqrt();
        let middle: [f64; 3] = std::array::from_fn(|n| (corners[0][n] + corners[1][n] + corners[2][n]) / 3.0);
        let squares: f64 = corners.iter().map(|&corner| dot(corner, corner)).sum();
        Integrals {
            area,
            place: middle.map(|x| area * x),
            square: area / 12.0 * (squares + 9.0 * dot(middle, middle)),
            normal: across,
            first: middle.map(|x| across.map(|n| x * n)),
        }
    }

    fn add(&mut self, other: &Integrals) {
        self.area += other.area;
        self.square += other.square;
        for i in 0..3 {
            self.place[i] += other.place[i];
            self.normal[i] += other.normal[i];
            for j in 0..3 {
                self.first[i][j] += other.first[i][j];
            }
        }
    }
}

/// The moments of a tree's nodes.
#[derive(Debug)]
pub(super) struct Winding {
    nodes: Vec<Multipoles>,
}

/// A part of a mesh: how often it winds about a point, as far as is known, and what that may be off.
#[derive(Clone, Copy, Debug)]
struct WindingPart {
    off: f64,
    value: f64,
    child: Child,
}

/// The parts still to be looked at closer, a heap with the one that is most off first.
#[derive(Debug, Default)]
pub(super) struct WindingParts(Vec<WindingPart>);

impl WindingParts {
    fn push(&mut self, part: WindingPart) {
        let mut place = self.0.len();
        self.0.push(part);
        while place > 0 && self.0[(place - 1) / 2].off < self.0[place].off {
            self.0.swap(place, (place - 1) / 2);
            place = (place - 1) / 2;
        }
    }

    fn pop(&mut self) -> Option<WindingPart> {
        let last = self.0.len().checked_sub(1)?;
        self.0.swap(0, last);
        let top = self.0.pop();
        let mut place = 0;
        loop {
            let children = [2 * place + 1, 2 * place + 2].into_iter().filter(|&n| n < last);
            let Some(larger) = children.max_by(|&a, &b| self.0[a].off.total_cmp(&self.0[b].off)) else {
                break;
            };
            if self.0[larger].off <= self.0[place].off {
                break;
            }
            self.0.swap(place, larger);
            place = larger;
        }
        top
    }
}

/// What rounding may do to a winding number.
const ROUNDING: f64 = 1e-9;

impl Winding {
    pub(super) fn of(mesh: &Mesh, tree: &Tree) -> Winding {
        let mut sums = vec![Integrals::default(); tree.nodes.len()];
        let empty = [0.0; WIDE];
        let none = Multipoles {
            middle: [empty; 3],
            reach: empty,
            area: empty,
            second: empty,
            normal: [empty; 3],
            first: [[empty; 3]; 3],
        };
        let mut nodes = vec![none; tree.nodes.len()];
        // Children stand behind their node.
        for node in (0..tree.nodes.len()).rev() {
            for (place, child) in tree.nodes[node].children() {
                let own = match child {
                    Child::Node(child) => sums[child],
                    Child::Packet(packet) => {
                        let packet = &tree.packets[packet];
                        let mut sum = Integrals::default();
                        for &number in &packet.numbers[..packet.count()] {
                            let corners = mesh.corners(number as usize);
                            sum.add(&Integrals::of(corners.map(|corner| minus(corner, tree.middle))));
                        }
                        sum
                    }
                };
                sums[node].add(&own);
                let sides = tree.nodes[node].corners(place).map(|side| side.map(|x| x / tree.scale()));
                let is_there = own.area > 0.0;
                let middle: [f64; 3] = std::array::from_fn(|i| match is_there {
                    true => (own.place[i] / own.area).clamp(sides[0][i], sides[1][i]),
                    false => 0.5 * (sides[0][i] + sides[1][i]),
                });
                let moments = &mut nodes[node];
                let farthest: [f64; 3] =
                    std::array::from_fn(|i| (sides[1][i] - middle[i]).max(middle[i] - sides[0][i]));
                let reach = dot(farthest, farthest).sqrt() * (1.0 + 1e-12);
                let second = own.square - 2.0 * dot(middle, own.place) + own.area * dot(middle, middle);
                let slack = 1e-14 * (own.square + own.area * dot(middle, middle));
                moments.reach[place] = reach;
                moments.area[place] = own.area;
                moments.second[place] = (second + slack).min(own.area * reach * reach);
                for i in 0..3 {
                    moments.middle[i][place] = middle[i];
                    moments.normal[i][place] = own.normal[i];
                    for j in 0..3 {
                        moments.first[i][j][place] = own.first[i][j] - middle[i] * own.normal[j];
                    }
                }
            }
        }
        Winding { nodes }
    }

    /// Pushes a node's children. Gives the sum of what is known, and how many of them nothing is known of.
    #[inline(always)]
    fn push_children(
        &self,
        tree: &Tree,
        node: usize,
        point: [f64; 3],
        around: f64,
        parts: &mut WindingParts,
    ) -> (f64, f64, usize) {
        let own = &self.nodes[node];
        let (mut values, mut offs) = ([0.0; WIDE], [0.0; WIDE]);
        for i in 0..WIDE {
            let x = [own.middle[0][i] - point[0], own.middle[1][i] - point[1], own.middle[2][i] - point[2]];
            let square = x[0] * x[0] + x[1] * x[1] + x[2] * x[2];
            let distance = square.sqrt();
            let over = 1.0 / square;
            let over_cube = over / distance;
            let (mut along, mut trace, mut twice) = (0.0, 0.0, 0.0);
            for j in 0..3 {
                along += x[j] * own.normal[j][i];
                trace += own.first[j][j][i];
                let m = &own.first[j];
                twice += x[j] * (m[0][i] * x[0] + m[1][i] * x[1] + m[2][i] * x[2]);
            }
            values[i] = (along + trace - 3.0 * twice * over) * over_cube / (4.0 * PI);
            // The derivatives of 1/r of order n are at most n!/rⁿ⁺¹.
            let nearest = (distance - own.reach[i]) * (1.0 - 1e-12);
            let over = 1.0 / nearest;
            let left_out = 3.0 * own.second[i] * over * over * over * over;
            let nearer = 1.0 / (nearest - around);
            let moved = 2.0 * around * own.area[i] * nearer * nearer * nearer;
            let off = (left_out + moved) / (4.0 * PI);
            offs[i] = if nearest > around && off < 1e3 { off } else { f64::INFINITY };
        }
        let (mut value, mut off, mut unknown) = (0.0, 0.0, 0);
        for (i, child) in tree.nodes[node].children() {
            if own.area[i] == 0.0 {
                continue;
            }
            if offs[i] < f64::INFINITY {
                value += values[i];
                off += offs[i];
            } else {
                values[i] = 0.0;
                unknown += 1;
            }
            parts.push(WindingPart { off: offs[i], value: values[i], child });
        }
        (value, off, unknown)
    }

    /// How often the mesh winds about a point, and how far off that may be: looked at until `is_enough` of it, or nothing is
    /// left to look at. One triangle may be left out, if the point is on it. What is off holds for all points `around` the point; then it may be without bound.
    #[inline(always)]
    pub(super) fn about(
        &self,
        (mesh, tree): (&Mesh, &Tree),
        point: [f64; 3],
        around: f64,
        without: Option<u32>,
        parts: &mut WindingParts,
        is_enough: impl Fn(f64, f64) -> bool,
    ) -> (f64, f64) {
        parts.0.clear();
        let from_middle = minus(point, tree.middle);
        let (mut value, mut off, mut unknown) = self.push_children(tree, 0, from_middle, around, parts);
        // What is left of those looked at to the end.
        let mut settled = 0.0;
        while unknown > 0 || !is_enough(value, settled + off.max(0.0) + ROUNDING) {
            let Some(part) = parts.pop() else { break };
            if part.off < f64::INFINITY {
                value -= part.value;
                off -= part.off;
            } else {
                unknown -= 1;
            }
            match part.child {
                Child::Node(node) => {
                    let (own, left, more) = self.push_children(tree, node, from_middle, around, parts);
                    value += own;
                    off += left;
                    unknown += more;
                }
                Child::Packet(packet) => {
                    let packet = &tree.packets[packet];
                    for lane in 0..packet.count() {
                        if without == Some(packet.numbers[lane]) {
                            continue;
                        }
                        let corners = mesh.corners(packet.numbers[lane] as usize);
                        value += solid_angle(corners, point) / (4.0 * PI);
                        if around > 0.0 {
                            let foot = packet.foot(pulp::Scalar, lane, point);
                            let nearest = dot(foot.away, foot.away).sqrt() - around;
                            let across = normal(corners);
                            let area = 0.5 * dot(across, across).sqrt();
                            settled += match nearest > 0.0 {
                                true => 2.0 * around * area / nearest.powi(3) / (4.0 * PI),
                                false => f64::INFINITY,
                            };
                        }
                    }
                }
            }
        }
        (value, settled + off.max(0.0) + ROUNDING)
    }
}

/// The solid angle that a triangle takes up, positive seen from its back (van Oosterom & Strackee 1983).
pub(super) fn solid_angle(corners: [[f64; 3]; 3], point: [f64; 3]) -> f64 {
    let [a, b, c] = corners.map(|corner| minus(corner, point));
    let [la, lb, lc] = [a, b, c].map(|x| dot(x, x).sqrt());
    let volume = dot(a, cross(b, c));
    2.0 * volume.atan2(la * lb * lc + dot(a, b) * lc + dot(b, c) * la + dot(c, a) * lb)
}
