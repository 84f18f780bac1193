//! Triangles that face against ∇f, turned: where the surface only just enters a cell, the cell's point may lie so that the
//! triangles about it fold over one another. They meet nowhere, but a surface folds nowhere.
//!
//! Each is mended by flipping one of its edges or by collapsing one, whichever leaves all triangles about facing best, none of
//! them much farther from the surface than those there were, and none that meets another.

use super::probe::TapeProbe;
use super::stars::{GONE, Stars, flatness, normal_of};
use crate::mesh::exact::are_collinear;
use crate::mesh::intersect::{BoxTree, box_of};
use crate::mesh::{Mesh, Point, dot};
use crate::number::Interval;
use crate::tape::{Asked, Tape, Tracer};
use rayon::prelude::*;
use std::collections::HashMap;

/// The cosine between a triangle's normal and ∇f above which it faces as the surface does.
const FACING: f64 = 0.2;
/// The same as seen in `f32`, beyond which no closer look is needed.
const CLEAR: f64 = 0.4;
/// Two triangles whose normals have a greater cosine are not looked at: neither is folded, or both are.
const FOLD: f64 = 0.4;
/// How far from the surface a triangle's middle may be: in parts of how far those that go and face well are, and in cells. At
/// first so that flat faces stay flat, and their edges where they are; then what is left may cost a little.
const FARTHER: [[f64; 2]; 2] = [[2.0, 1e-3], [2.0, 0.15]];
/// The same in cells at most.
const FARTHEST: f64 = 0.25;
/// How far beside a triangle's middle ∇f is looked at too, in cells.
const ASIDE: f64 = 1e-3;
/// How many triangles change before the tree of those that changed is made anew.
const RECENT: usize = 128;
/// The least height of a triangle, in parts of its longest side, unless one was as flat before.
const FLATTEST: f64 = 1e-3;

/// The mesh with the triangles turned that can be; the same where there are none.
pub(super) fn unfolded(mesh: Mesh, tape: &Tape, cell: f64) -> Mesh {
    let stars = Stars::of(&mesh);
    let normals: Vec<Point> =
        (0..mesh.triangles.len()).into_par_iter().map(|n| normal_of(mesh.corners(n))).collect();
    let is_folded = |n: usize| {
        let corners = mesh.triangles[n];
        (0..3).any(|k| {
            stars.beside(n as u32, [corners[k], corners[(k + 1) % 3]]).is_some_and(|other| {
                let other = normals[other as usize];
                dot(normals[n], other) < FOLD * (dot(normals[n], normals[n]) * dot(other, other)).sqrt()
            })
        })
    };
    let folded: Vec<usize> = (0..mesh.triangles.len()).into_par_iter().filter(|&n| is_folded(n)).collect();
    let against = folded.par_chunks(256).flat_map_iter(|some| {
        let mut probe = TapeProbe::new(tape);
        let rough = probe.rough_slopes(some.iter().map(|&n| middle_of(mesh.corners(n))));
        let is_against = |(&n, slope): (&usize, Point)| {
            let cosine = dot(normals[n], slope) / (dot(normals[n], normals[n]) * dot(slope, slope)).sqrt();
            (cosine < CLEAR || cosine.is_nan()) && look(&mut probe, mesh.corners(n), cell).facing < FACING
        };
        let found: Vec<bool> = some.iter().zip(rough).map(is_against).collect();
        some.iter().zip(found).filter(|(_, is_against)| *is_against).map(|(&n, _)| n as u32)
    });
    let against: Vec<u32> = against.collect();
    if against.is_empty() {
        return mesh;
    }
    let mut unfolding = Unfolding {
        tree: BoxTree::new(&mesh),
        changed: Vec::new(),
        later: BoxTree::of(Vec::new()),
        recent: Vec::new(),
        tape,
        looks: HashMap::new(),
        mesh: &mesh,
        stars,
        cell,
        farther: FARTHER[0],
    };
    for farther in FARTHER {
        unfolding.farther = farther;
        unfolding.run(against.clone());
    }
    let stars = unfolding.stars;
    stars.left(&mesh.vertices)
}

/// How a triangle lies to the surface.
#[derive(Clone, Copy)]
struct Facing {
    /// The cosine between its normal and ∇f in its middle, or just beside it if that is more and it does not face well there.
    facing: f64,
    /// How far its middle is from the surface, about.
    off: f64,
}

fn middle_of(corners: [Point; 3]) -> Point {
    [0, 1, 2].map(|axis| corners.iter().map(|corner| corner[axis]).sum::<f64>() / 3.0)
}

fn look(probe: &mut TapeProbe, corners: [Point; 3], cell: f64) -> Facing {
    let middle = middle_of(corners);
    let long = normal_of(corners);
    let size = dot(long, long).sqrt();
    let mut found = Facing { facing: f64::NEG_INFINITY, off: 0.0 };
    // In a sliver beside a crease the sheet beyond may be nearer by rounding: but not from outside, of a convex one, nor
    // from inside, of one that is not.
    for aside in [0.0, ASIDE, -ASIDE] {
        if found.facing >= FACING {
            break;
        }
        let (value, slope) =
            probe.slope([0, 1, 2].map(|axis| middle[axis] + aside * cell * long[axis] / size));
        let steep = dot(slope, slope).sqrt();
        let facing = dot(long, slope) / (size * steep);
        // Where f has no slope nothing is known, and nothing done.
        found.facing = found.facing.max(if facing.is_finite() { facing } else { 1.0 });
        if aside == 0.0 && facing.is_finite() {
            found.off = value.abs() / steep;
        }
    }
    found
}

/// A mend: some triangles go, and others come.
struct Mend {
    gone: Vec<u32>,
    /// Each in the place of one that goes, the first of them.
    come: Vec<[u32; 3]>,
}

struct Unfolding<'a> {
    /// The mesh as it was.
    mesh: &'a Mesh,
    stars: Stars,
    /// Its triangles as they were.
    tree: BoxTree,
    /// Those that are others now, and a tree of them as they were some mends ago.
    changed: Vec<u32>,
    later: BoxTree,
    /// Those that have changed since.
    recent: Vec<u32>,
    tape: &'a Tape,
    /// What was found of triangles, by their corners.
    looks: HashMap<[u32; 3], Facing>,
    cell: f64,
    /// One of [`FARTHER`].
    farther: [f64; 2],
}

impl Unfolding<'_> {
    fn run(&mut self, mut open: Vec<u32>) {
        let mut left = 8 * open.len();
        open.reverse();
        while let Some(triangle) = open.pop() {
            let corners = self.stars.triangles[triangle as usize];
            if corners == GONE
                || left == 0
                || self.looks.get(&corners).is_some_and(|own| own.facing >= FACING)
            {
                continue;
            }
            let tape = self.tape_about(corners);
            let mut probe = TapeProbe::new(&tape);
            if self.look(&mut probe, corners).facing >= FACING {
                continue;
            }
            left -= 1;
            let flips = (0..3).filter_map(|k| self.flip(triangle, k));
            let mut mends: Vec<Mend> = flips.collect();
            for k in 0..3 {
                let edge = [corners[k], corners[(k + 1) % 3]];
                mends.extend(self.collapse(edge[0], edge[1]));
                mends.extend(self.collapse(edge[1], edge[0]));
            }
            let mut best: Option<(f64, Mend)> = None;
            for mend in mends {
                if let Some(facing) = self.worth(&mut probe, &mend)
                    && best.as_ref().is_none_or(|(most, _)| facing > *most)
                    && !self.meets(&mend)
                {
                    best = Some((facing, mend));
                }
            }
            if let Some((_, mend)) = best {
                self.make(&mend);
                open.extend(mend.gone.iter().take(mend.come.len()).rev());
            }
        }
    }

    fn look(&mut self, probe: &mut TapeProbe, corners: [u32; 3]) -> Facing {
        let places = self.places(corners);
        *self.looks.entry(corners).or_insert_with(|| look(probe, places, self.cell))
    }

    /// The tape of what counts about a triangle and those that it has a corner in common with.
    fn tape_about(&self, corners: [u32; 3]) -> Tape {
        let near = corners.iter().flat_map(|&corner| &self.stars.around[corner as usize]);
        let vertices = near.flat_map(|&n| self.stars.triangles[n as usize]);
        let places = || vertices.clone().map(|vertex| self.mesh.vertices[vertex as usize]);
        let side = |axis: usize| {
            let lo = places().fold(f64::INFINITY, |lo, place| lo.min(place[axis]));
            let hi = places().fold(f64::NEG_INFINITY, |hi, place| hi.max(place[axis]));
            Interval::new(lo - 2.0 * ASIDE * self.cell, hi + 2.0 * ASIDE * self.cell)
        };
        let mut tracer = Tracer::new(self.tape);
        let _ = tracer.over([side(0), side(1), side(2), Interval::point(0.0)]);
        tracer.prune(Asked::Value).unwrap_or_else(|| self.tape.clone())
    }

    fn places(&self, corners: [u32; 3]) -> [Point; 3] {
        corners.map(|corner| self.mesh.vertices[corner as usize])
    }

    /// The other diagonal of a triangle and the one beside it.
    fn flip(&self, triangle: u32, k: usize) -> Option<Mend> {
        let corners = self.stars.triangles[triangle as usize];
        let [a, b, c] = [corners[k], corners[(k + 1) % 3], corners[(k + 2) % 3]];
        let other = self.stars.beside(triangle, [a, b])?;
        let d =
            self.stars.triangles[other as usize].into_iter().find(|&corner| corner != a && corner != b)?;
        let is_thin = |vertex: u32| self.stars.around[vertex as usize].len() < 4;
        let is_joined = self.stars.neighbours(c).contains(&d);
        (!is_joined && !is_thin(a) && !is_thin(b))
            .then(|| Mend { gone: vec![triangle, other], come: vec![[a, d, c], [d, b, c]] })
    }

    /// A vertex moved onto a neighbour, where the mesh stays a manifold.
    fn collapse(&self, vertex: u32, onto: u32) -> Option<Mend> {
        if !self.stars.may_collapse(&self.stars.neighbours(vertex), onto) {
            return None;
        }
        let own = &self.stars.around[vertex as usize];
        let (ends, moved): (Vec<u32>, Vec<u32>) =
            own.iter().partition(|&&n| self.stars.triangles[n as usize].contains(&onto));
        let to = |n: &u32| {
            self.stars.triangles[*n as usize].map(|corner| if corner == vertex { onto } else { corner })
        };
        let come: Vec<[u32; 3]> = moved.iter().map(to).collect();
        (!come.is_empty()).then(|| Mend { gone: [moved, ends].concat(), come })
    }

    /// How the worst of the triangles that come faces, if all are good, and as near to the surface as those that go.
    fn worth(&mut self, probe: &mut TapeProbe, mend: &Mend) -> Option<f64> {
        let before: Vec<[u32; 3]> = mend.gone.iter().map(|&n| self.stars.triangles[n as usize]).collect();
        let (mut off, mut flattest) = (0.0f64, FLATTEST);
        for corners in before {
            let found = self.look(probe, corners);
            off = off.max(if found.facing < FACING { 0.0 } else { found.off });
            flattest = flattest.min(self.flatness(corners));
        }
        let most = (self.farther[0] * off + self.farther[1] * self.cell).min(FARTHEST * self.cell);
        let mut worst = f64::INFINITY;
        for &corners in &mend.come {
            let Facing { facing, off } = self.look(probe, corners);
            let [a, b, c] = self.places(corners);
            if facing < FACING || off > most || self.flatness(corners) < flattest || are_collinear(a, b, c) {
                return None;
            }
            worst = worst.min(facing);
        }
        Some(worst)
    }

    fn flatness(&self, corners: [u32; 3]) -> f64 {
        let places = self.places(corners);
        flatness(places, normal_of(places))
    }

    /// Whether a triangle that comes meets one that is there or another that comes.
    fn meets(&self, mend: &Mend) -> bool {
        let stays = |n: u32| !mend.gone.contains(&n) && self.stars.triangles[n as usize] != GONE;
        mend.come.iter().enumerate().any(|(k, &own)| {
            let around = box_of(self.places(own));
            let mut is_met = mend.come[k + 1..].iter().any(|&other| self.mesh.corners_meet(own, other));
            let mut meet = |n: u32| {
                is_met |=
                    !is_met && stays(n) && self.mesh.corners_meet(own, self.stars.triangles[n as usize]);
            };
            self.tree.visit(around, &mut |n| meet(n as u32));
            self.later.visit(around, &mut |n| meet(self.changed[n]));
            self.recent.iter().for_each(|&n| meet(n));
            is_met
        })
    }

    fn make(&mut self, mend: &Mend) {
        for &n in &mend.gone {
            let corners = std::mem::replace(&mut self.stars.triangles[n as usize], GONE);
            corners.iter().for_each(|&corner| self.stars.around[corner as usize].retain(|&other| other != n));
        }
        for (&n, &corners) in mend.gone.iter().zip(&mend.come) {
            self.stars.triangles[n as usize] = corners;
            corners.iter().for_each(|&corner| self.stars.around[corner as usize].push(n));
            self.recent.push(n);
        }
        if self.recent.len() > RECENT {
            self.changed.append(&mut self.recent);
            self.changed.sort_unstable();
            self.changed.dedup();
            self.changed.retain(|&n| self.stars.triangles[n as usize] != GONE);
            let boxes = self.changed.iter().map(|&n| box_of(self.places(self.stars.triangles[n as usize])));
            self.later = BoxTree::of(boxes.collect());
        }
    }
}
