//! Triangles that face against ∇f, turned: where the surface only just enters a cell, the cell's point may lie so that the
//! triangles about it fold over one another. They meet nowhere, but a surface folds nowhere.
//!
//! Each is mended by flipping one of its edges or by collapsing one, whichever leaves all triangles about facing best, none of
//! them much farther from the surface than those there were, and none that meets another.

use super::probe::TapeProbe;
use crate::mesh::exact::are_collinear;
use crate::mesh::intersect::{Box3, BoxTree};
use crate::mesh::{Mesh, Point, cross, dot, minus};
use crate::tape::Tape;
use rayon::prelude::*;

/// The cosine between a triangle's normal and ∇f above which it faces as the surface does.
const FACING: f64 = 0.2;
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
    let mut around: Vec<Vec<u32>> = vec![Vec::new(); mesh.vertices.len()];
    for (n, corners) in mesh.triangles.iter().enumerate() {
        corners.iter().for_each(|&corner| around[corner as usize].push(n as u32));
    }
    let normals: Vec<Point> =
        (0..mesh.triangles.len()).into_par_iter().map(|n| normal(mesh.corners(n))).collect();
    let is_folded = |n: usize| {
        let corners = mesh.triangles[n];
        (0..3).any(|k| {
            let (a, b) = (corners[k], corners[(k + 1) % 3]);
            let beside = |&&other: &&u32| other as usize != n && mesh.triangles[other as usize].contains(&b);
            around[a as usize].iter().find(beside).is_some_and(|&other| {
                let other = normals[other as usize];
                dot(normals[n], other) < FOLD * (dot(normals[n], normals[n]) * dot(other, other)).sqrt()
            })
        })
    };
    let folded: Vec<usize> = (0..mesh.triangles.len()).into_par_iter().filter(|&n| is_folded(n)).collect();
    let against = folded.par_chunks(64).flat_map_iter(|some| {
        let mut probe = TapeProbe::new(tape);
        let places = some.iter().map(|&n| mesh.corners(n));
        let found = places.map(|corners| look(&mut probe, corners, cell).facing < FACING).collect::<Vec<_>>();
        some.iter().zip(found).filter(|(_, is_against)| *is_against).map(|(&n, _)| n as u32)
    });
    let against: Vec<u32> = against.collect();
    if against.is_empty() {
        return mesh;
    }
    let boxes = (0..mesh.triangles.len()).map(|n| box_of(mesh.corners(n))).collect();
    let mut unfolding = Unfolding {
        tree: BoxTree::of(boxes),
        changed: Vec::new(),
        later: BoxTree::of(Vec::new()),
        recent: Vec::new(),
        probe: TapeProbe::new(tape),
        mesh,
        around,
        cell,
        farther: FARTHER[0],
    };
    for farther in FARTHER {
        unfolding.farther = farther;
        unfolding.run(against.clone());
    }
    unfolding.left()
}

/// How a triangle lies to the surface.
#[derive(Clone, Copy)]
struct Facing {
    /// The cosine between its normal and ∇f in its middle, or just beside it if that is more.
    facing: f64,
    /// How far its middle is from the surface, about.
    off: f64,
}

fn look(probe: &mut TapeProbe, corners: [Point; 3], cell: f64) -> Facing {
    let middle = [0, 1, 2].map(|axis| corners.iter().map(|corner| corner[axis]).sum::<f64>() / 3.0);
    let long = normal(corners);
    let size = dot(long, long).sqrt();
    let mut found = Facing { facing: f64::NEG_INFINITY, off: 0.0 };
    // In a sliver beside a crease the sheet beyond may be nearer by rounding: but not from outside, of a convex one, nor
    // from inside, of one that is not.
    for aside in [0.0, ASIDE, -ASIDE] {
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

/// What a mend does: some triangles go, and others come.
struct Mend {
    gone: Vec<u32>,
    /// Each in the place of one that goes, the first of them.
    come: Vec<[u32; 3]>,
}

struct Unfolding<'a> {
    mesh: Mesh,
    /// The triangles about each vertex.
    around: Vec<Vec<u32>>,
    /// The triangles as they were.
    tree: BoxTree,
    /// Those that are others now, and a tree of them as they were some mends ago.
    changed: Vec<u32>,
    later: BoxTree,
    /// Those that have changed since.
    recent: Vec<u32>,
    probe: TapeProbe<'a>,
    cell: f64,
    /// One of [`FARTHER`].
    farther: [f64; 2],
}

/// In place of the corners of a triangle that is gone.
const GONE: [u32; 3] = [u32::MAX; 3];

impl Unfolding<'_> {
    fn run(&mut self, mut open: Vec<u32>) {
        let mut left = 8 * open.len();
        open.reverse();
        while let Some(triangle) = open.pop() {
            let corners = self.mesh.triangles[triangle as usize];
            if corners == GONE || left == 0 || self.look(corners).facing >= FACING {
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
                if let Some(facing) = self.worth(&mend)
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

    fn look(&mut self, corners: [u32; 3]) -> Facing {
        look(&mut self.probe, corners.map(|corner| self.mesh.vertices[corner as usize]), self.cell)
    }

    fn neighbours(&self, of: u32) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::with_capacity(8);
        for &triangle in &self.around[of as usize] {
            let others = self.mesh.triangles[triangle as usize].into_iter().filter(|&corner| corner != of);
            others.for_each(|corner| {
                if !found.contains(&corner) {
                    found.push(corner);
                }
            });
        }
        found
    }

    /// The other diagonal of a triangle and the one beside it.
    fn flip(&self, triangle: u32, k: usize) -> Option<Mend> {
        let corners = self.mesh.triangles[triangle as usize];
        let [a, b, c] = [corners[k], corners[(k + 1) % 3], corners[(k + 2) % 3]];
        let beside = |&&other: &&u32| other != triangle && self.mesh.triangles[other as usize].contains(&b);
        let other = *self.around[a as usize].iter().find(beside)?;
        let d = self.mesh.triangles[other as usize].into_iter().find(|&corner| corner != a && corner != b)?;
        let is_thin = |vertex: u32| self.around[vertex as usize].len() < 4;
        let is_joined = self.around[c as usize].iter().any(|&n| self.mesh.triangles[n as usize].contains(&d));
        (!is_joined && !is_thin(a) && !is_thin(b))
            .then(|| Mend { gone: vec![triangle, other], come: vec![[a, d, c], [d, b, c]] })
    }

    /// A vertex moved onto a neighbour, where the mesh stays a manifold.
    fn collapse(&self, vertex: u32, onto: u32) -> Option<Mend> {
        let neighbours = self.neighbours(vertex);
        let of_both = self.neighbours(onto).into_iter().filter(|n| neighbours.contains(n));
        if of_both.count() != 2 || neighbours.len() == 3 && self.around[onto as usize].len() == 3 {
            return None;
        }
        let own = &self.around[vertex as usize];
        let (ends, moved): (Vec<u32>, Vec<u32>) =
            own.iter().partition(|&&n| self.mesh.triangles[n as usize].contains(&onto));
        let to = |n: &u32| {
            self.mesh.triangles[*n as usize].map(|corner| if corner == vertex { onto } else { corner })
        };
        let come: Vec<[u32; 3]> = moved.iter().map(to).collect();
        (!come.is_empty()).then(|| Mend { gone: [moved, ends].concat(), come })
    }

    /// How the worst of the triangles that come faces, if all are good, and as near to the surface as those that go.
    fn worth(&mut self, mend: &Mend) -> Option<f64> {
        let before: Vec<[u32; 3]> = mend.gone.iter().map(|&n| self.mesh.triangles[n as usize]).collect();
        let (mut off, mut flattest) = (0.0f64, FLATTEST);
        for corners in before {
            let found = self.look(corners);
            off = off.max(if found.facing < FACING { 0.0 } else { found.off });
            flattest = flattest.min(self.flatness(corners));
        }
        let most = (self.farther[0] * off + self.farther[1] * self.cell).min(FARTHEST * self.cell);
        let mut worst = f64::INFINITY;
        for &corners in &mend.come {
            let Facing { facing, off } = self.look(corners);
            let [a, b, c] = corners.map(|corner| self.mesh.vertices[corner as usize]);
            if facing < FACING || off > most || self.flatness(corners) < flattest || are_collinear(a, b, c) {
                return None;
            }
            worst = worst.min(facing);
        }
        Some(worst)
    }

    /// A triangle's least height in parts of its longest side.
    fn flatness(&self, corners: [u32; 3]) -> f64 {
        let [a, b, c] = corners.map(|corner| self.mesh.vertices[corner as usize]);
        let sides = [minus(b, a), minus(c, b), minus(a, c)].map(|side| dot(side, side));
        let normal = normal([a, b, c]);
        dot(normal, normal).sqrt() / sides.into_iter().fold(f64::MIN_POSITIVE, f64::max)
    }

    /// Whether a triangle that comes meets one that is there or another that comes.
    fn meets(&self, mend: &Mend) -> bool {
        let stays = |n: u32| !mend.gone.contains(&n) && self.mesh.triangles[n as usize] != GONE;
        mend.come.iter().enumerate().any(|(k, &own)| {
            let around = box_of(own.map(|corner| self.mesh.vertices[corner as usize]));
            let mut is_met = mend.come[k + 1..].iter().any(|&other| self.mesh.corners_meet(own, other));
            let mut meet = |n: u32| {
                is_met |= !is_met && stays(n) && self.mesh.corners_meet(own, self.mesh.triangles[n as usize]);
            };
            self.tree.visit(around, &mut |n| meet(n as u32));
            self.later.visit(around, &mut |n| meet(self.changed[n]));
            self.recent.iter().for_each(|&n| meet(n));
            is_met
        })
    }

    fn make(&mut self, mend: &Mend) {
        for &n in &mend.gone {
            let corners = std::mem::replace(&mut self.mesh.triangles[n as usize], GONE);
            corners.iter().for_each(|&corner| self.around[corner as usize].retain(|&other| other != n));
        }
        for (&n, &corners) in mend.gone.iter().zip(&mend.come) {
            self.mesh.triangles[n as usize] = corners;
            corners.iter().for_each(|&corner| self.around[corner as usize].push(n));
            self.recent.push(n);
        }
        if self.recent.len() > RECENT {
            self.changed.append(&mut self.recent);
            self.changed.sort_unstable();
            self.changed.dedup();
            self.changed.retain(|&n| self.mesh.triangles[n as usize] != GONE);
            let boxes = self.changed.iter().map(|&n| box_of(self.mesh.corners(n as usize)));
            self.later = BoxTree::of(boxes.collect());
        }
    }

    fn left(self) -> Mesh {
        let mut numbers = vec![u32::MAX; self.mesh.vertices.len()];
        let mut left = Mesh::default();
        for corners in self.mesh.triangles.into_iter().filter(|&corners| corners != GONE) {
            left.triangles.push(corners.map(|corner| {
                let number = &mut numbers[corner as usize];
                if *number == u32::MAX {
                    *number = left.vertices.len() as u32;
                    left.vertices.push(self.mesh.vertices[corner as usize]);
                }
                *number
            }));
        }
        left
    }
}

/// A triangle's normal, as long as twice its area.
fn normal([a, b, c]: [Point; 3]) -> Point {
    cross(minus(b, a), minus(c, a))
}

fn box_of(corners: [Point; 3]) -> Box3 {
    let end = |pick: fn(f64, f64) -> f64| {
        [0, 1, 2].map(|axis| pick(pick(corners[0][axis], corners[1][axis]), corners[2][axis]))
    };
    [end(f64::min), end(f64::max)]
}
