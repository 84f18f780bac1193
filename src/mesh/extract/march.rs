//! The surface through the tetrahedra: marching tetrahedra whose points may lie on the surface themselves.
//!
//! A point on the surface counts as inside, so that each tetrahedron has triangles between its points inside and those
//! outside as it always has; but a triangle's corner on an edge from a point on the surface is that point. All corners
//! that become one point were a disc of the surface about it: which is so, and stays so for edges and triangles between
//! points on the surface, wherever `settle` leaves a point on the surface.

use super::lattice::{Lattice, LatticePoints, LatticeTile, freedom};
use super::link::LINKS;
use super::place::{bits, room, rounded};
use super::probe::{Bracket, TapeProbe, between, dot};
use crate::error::Result;
use crate::mesh::Mesh;
use crate::mesh::Point;
use crate::task;
use rayon::prelude::*;
use std::collections::HashMap;

/// How far a point that may not be on the surface goes inside, in cells.
const INSIDE: f64 = 0.1;

/// Takes points off the surface where sheets of it would touch in them.
pub(super) fn settle(points: &mut LatticePoints, tiles: &[LatticeTile], lattice: &Lattice) {
    let on: Vec<u32> = (0..points.len() as u32).filter(|&n| points.on[n as usize]).collect();
    let wrong: Vec<bool> = on.par_iter().map(|&point| !is_simple(points, point)).collect();
    let first = on.iter().zip(&wrong).filter(|(_, wrong)| **wrong).map(|(&point, _)| point).collect();
    take_off(points, tiles, lattice, first);
    // Edges and triangles between points on the surface. Each pass only takes points off.
    let on: Vec<u32> = on.into_iter().filter(|&n| points.on[n as usize]).collect();
    let pinched: Vec<bool> = on.par_iter().map(|&point| has_pinched_edge(points, point)).collect();
    for (&point, _) in on.iter().zip(&pinched).filter(|(_, pinched)| **pinched) {
        if points.on[point as usize] && has_pinched_edge(points, point) {
            take_off(points, tiles, lattice, vec![point]);
        }
    }
}

/// The points about a point that are outside, and those that are not known; a bit each.
fn outside_about(points: &LatticePoints, point: u32) -> (u32, u32) {
    let link = &LINKS[freedom(points.keys[point as usize])];
    let (mut plus, mut unknown) = (0u32, 0u32);
    for (n, &by) in link.offsets.iter().enumerate() {
        match points.beside(point, by) {
            Some(other) => plus |= u32::from(!points.inside[other as usize]) << n,
            None => unknown |= 1 << n,
        }
    }
    (plus, unknown)
}

/// Whether what is outside about a point on the surface is one piece, and what is inside is too: two discs.
fn is_simple(points: &LatticePoints, point: u32) -> bool {
    let link = &LINKS[freedom(points.keys[point as usize])];
    let (plus, unknown) = outside_about(points, point);
    unknown == 0 && link.is_one_piece(plus) && link.is_one_piece(link.all() & !plus)
}

/// Whether the surface touches itself along an edge, or in a triangle, between a point on it and others on it.
fn has_pinched_edge(points: &LatticePoints, point: u32) -> bool {
    let link = &LINKS[freedom(points.keys[point as usize])];
    let (plus, _) = outside_about(points, point);
    let mut on = 0u32;
    for (n, &by) in link.offsets.iter().enumerate() {
        on |= u32::from(points.beside(point, by).is_some_and(|other| points.on[other as usize])) << n;
    }
    bits(on).any(|other| {
        let ring = link.joined[other];
        let (out, within) = (ring & plus, ring & !plus);
        let is_torn = out != 0 && (within == 0 || !link.is_one_piece(out));
        // A triangle of three on the surface with both its sides outside.
        is_torn || bits(ring & on).any(|third| (ring & link.joined[third] & !plus) == 0)
    })
}

/// Puts points that were on the surface inside it.
fn take_off(points: &mut LatticePoints, tiles: &[LatticeTile], lattice: &Lattice, off: Vec<u32>) {
    for point in off {
        let own = room(points, lattice, point).shrunk(0.02);
        let mut probe = TapeProbe::new(&tiles[points.tile(point)].tape);
        let mut at = points.places[point as usize];
        for _ in 0..4 {
            let (value, slope) = probe.slope(at);
            let along = [0, 1, 2].map(|axis| if own.is_free(axis) { slope[axis] } else { 0.0 });
            let square = dot(along, along);
            let wanted = -INSIDE * lattice.cell * square.sqrt();
            if !(square > 0.0 && square.is_finite()) || value <= wanted {
                break;
            }
            at = own.held([0, 1, 2].map(|axis| at[axis] + (wanted - value) * along[axis] / square));
        }
        let at = rounded(at);
        let n = point as usize;
        points.on[n] = false;
        let value = probe.value(at);
        if value < points.values[n].min(0.0) {
            (points.places[n], points.values[n]) = (at, value);
        }
    }
}

/// The points of a tetrahedron among a cell's 27: its inside, a face, an edge of that, a corner of that; and whether
/// they turn the way that a corner and the three axes do.
const TETRAHEDRA: [([usize; 4], bool); 48] = tetrahedra();

const fn tetrahedra() -> [([usize; 4], bool); 48] {
    let orders = [
        ([9, 3, 1], true),
        ([3, 1, 9], true),
        ([1, 9, 3], true),
        ([9, 1, 3], false),
        ([3, 9, 1], false),
        ([1, 3, 9], false),
    ];
    let mut all = [([0; 4], false); 48];
    let mut n = 0;
    while n < 48 {
        let (steps, turns) = orders[n / 8];
        let mut corners = [13; 4];
        let (mut k, mut even) = (0, turns);
        while k < 3 {
            let up = (n >> k) & 1 == 1;
            corners[k + 1] = if up { corners[k] + steps[k] } else { corners[k] - steps[k] };
            even = even == up;
            k += 1;
        }
        all[n] = (corners, even);
        n += 1;
    }
    all
}

/// A corner of the mesh: a point on the surface, or a place between one inside and one outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct MeshCorner(u32, u32);

/// No point.
const NONE: u32 = u32::MAX;

/// A mesh before anything is taken away.
pub(super) struct Marched {
    pub mesh: Mesh,
    /// The vertices that lie between two points, with those: halfway they are far from all others.
    crossings: Vec<(u32, [Point; 2])>,
    /// Of each cell, whether there is any of the mesh within.
    pub seen: Vec<bool>,
}

impl Marched {
    /// Puts what lies between two points halfway, where triangles meet or have no area: rounding has brought it too near to
    /// something else there.
    pub fn mend(&mut self, wrong: impl Iterator<Item = usize>) {
        let mut is_wrong = vec![false; self.mesh.vertices.len()];
        wrong
            .for_each(|n| self.mesh.triangles[n].iter().for_each(|&corner| is_wrong[corner as usize] = true));
        for &(vertex, [a, b]) in self.crossings.iter().filter(|(vertex, _)| is_wrong[*vertex as usize]) {
            self.mesh.vertices[vertex as usize] = rounded(between(a, b, 0.5));
        }
    }
}

/// The surface through all cells.
pub(super) fn march(points: &LatticePoints, tiles: &[LatticeTile], lattice: &Lattice) -> Result<Marched> {
    let cells = || points.of_cells.par_iter();
    let is_mixed = |cell: &[u32; 27]| {
        let inside = cell.iter().filter(|&&point| points.inside[point as usize]).count();
        inside > 0 && inside < 27
    };
    let seen: Vec<bool> = cells().map(is_mixed).collect();
    let pieces = points.of_cells.par_chunks(1024).map(|cells| {
        let mut corners = Vec::new();
        for cell in cells.iter().filter(|cell| is_mixed(cell)) {
            for (tetrahedron, even) in &TETRAHEDRA {
                add_triangles(points, tetrahedron.map(|n| cell[n]), *even, &mut corners);
            }
        }
        corners
    });
    let corners: Vec<[MeshCorner; 3]> = pieces.collect::<Vec<_>>().concat();
    task::check()?;
    // Numbers in the order of first use.
    let mut of_points = vec![NONE; points.len()];
    let mut between_points: HashMap<MeshCorner, u32> = HashMap::new();
    let (mut vertices, mut crossings) = (Vec::new(), Vec::new());
    let mut triangles = Vec::with_capacity(corners.len());
    for triangle in corners {
        triangles.push(triangle.map(|corner| {
            let MeshCorner(inside, outside) = corner;
            let next = vertices.len() as u32;
            let number = match outside {
                NONE => &mut of_points[inside as usize],
                _ => between_points.entry(corner).or_insert(NONE),
            };
            if *number == NONE {
                *number = next;
                vertices.push(if outside == NONE { points.places[inside as usize] } else { [0.0; 3] });
                if outside != NONE {
                    crossings.push((next, corner));
                }
            }
            *number
        }));
    }
    let places = crossings.par_iter().map(|&(_, MeshCorner(inside, outside))| {
        let ends = [inside, outside].map(|n| points.places[n as usize]);
        let values = [inside, outside].map(|n| points.values[n as usize]);
        // The cell of the two is that of the one that is more of a cell.
        let more = |n: u32| freedom(points.keys[n as usize]).count_ones();
        let home = if more(inside) > more(outside) { inside } else { outside };
        let mut probe = TapeProbe::new(&tiles[points.tile(home)].tape);
        let s = probe.roots(&[Bracket { ends, values }])[0].clamp(lattice.nearest, 1.0 - lattice.nearest);
        rounded(between(ends[0], ends[1], s))
    });
    let places: Vec<Point> = places.collect();
    for ((number, _), place) in crossings.iter().zip(places) {
        vertices[*number as usize] = place;
    }
    let ends = |MeshCorner(inside, outside)| [inside, outside].map(|n: u32| points.places[n as usize]);
    let crossings = crossings.into_iter().map(|(vertex, corner)| (vertex, ends(corner))).collect();
    Ok(Marched { mesh: Mesh { vertices, triangles }, crossings, seen })
}

/// Adds the triangles between a tetrahedron's points inside and those outside, seen from outside counter-clockwise.
fn add_triangles(
    points: &LatticePoints,
    corners: [u32; 4],
    even: bool,
    triangles: &mut Vec<[MeshCorner; 3]>,
) {
    let inside = corners.map(|point| points.inside[point as usize]);
    let crossing = |a: usize, b: usize| {
        let (a, b) = if inside[a] { (corners[a], corners[b]) } else { (corners[b], corners[a]) };
        if points.on[a as usize] { MeshCorner(a, NONE) } else { MeshCorner(a, b) }
    };
    let mut add = |[a, b, c]: [MeshCorner; 3], flip: bool| {
        if a != b && b != c && c != a {
            triangles.push(if flip { [a, c, b] } else { [a, b, c] });
        }
    };
    let count = inside.iter().filter(|inside| **inside).count();
    match count {
        1 | 3 => {
            let lone = (0..4).find(|&n| inside[n] == (count == 1)).expect("one of four");
            let mut others = (0..4).filter(|&n| n != lone);
            let all = [(); 3].map(|()| crossing(lone, others.next().expect("three others")));
            add(all, (even == (lone % 2 == 0)) != (count == 1));
        }
        2 => {
            let mut order = [0; 4];
            let (mut n, mut swaps) = (0, 0);
            for k in (0..4).filter(|&k| inside[k]) {
                swaps += k - n;
                order[n] = k;
                n += 1;
            }
            for k in (0..4).filter(|&k| !inside[k]) {
                order[n] = k;
                n += 1;
            }
            let [a, b, c, d] = order;
            let flip = even != (swaps % 2 == 0);
            let [ac, ad, bd, bc] = [crossing(a, c), crossing(a, d), crossing(b, d), crossing(b, c)];
            add([ac, ad, bd], flip);
            add([ac, bd, bc], flip);
        }
        _ => {}
    }
}
