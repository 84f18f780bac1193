//! A proof that a mesh's solid lies within a field's, or a field's within a mesh's.
//!
//! Let T be the solid of a closed mesh, C = {f ≤ 0} that of a field, and let C be to hold T. *If f < 0 on each triangle, and each
//! point of T is in a box where f < 0 throughout, or that is outside of T, or in which f rises along some direction on each of its
//! branches, then T lies in C.* For T is compact, and so f has a greatest value on it. Were that 0 or more, it would not be on a
//! triangle, and so inside T, where it would be a local maximum of f, in a box of the third kind: but there f rises. So what is
//! looked at closely is the surface alone, and space only as far as that no cavity of C can hide in it; and beside the surface,
//! where f rises outwards, boxes may be large.
//!
//! The other way, with C within T, the same holds of −f and of the points of C outside T, in a box of space that C is looked at in:
//! at the faces of that the third kind is no reason, since the least value may be at one.
//!
//! How f is bounded on triangles stands in `surface.rs`.

mod surface;

use super::octree::{BoxSides, Octree};
use super::{bounds_of, grown, hull};
use crate::error::{Error, Result};
use crate::field::Field;
use crate::measure::Bounds;
use crate::measure::cone::{SlopeBounds, direction};
use crate::mesh::{Distance, Point, morton_order};
use crate::number::{Dual, Interval};
use crate::tape::{Asked, Branches, Machine, Tape, Tracer, may_jump};
use crate::task;
use rayon::prelude::*;
use surface::Search;

/// Which of two solids is to lie within the other: that of a closed mesh, and that of a field, {f ≤ 0}.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    /// The mesh's lies within the field's: nothing of it is outside.
    Around,
    /// The field's lies within the mesh's.
    Inside,
}

/// The proof, as far as there is one, that a field covers a mesh, or lies inside it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CoverProof {
    /// On the mesh's surface f is below minus this, or above this where the field's solid is inside; not above 0 where it
    /// could not be proven on the surface, and the rest is not looked at. Where f is a distance, or a bound on one, so far is the mesh from the field's surface.
    pub margin: f64,
    /// The boxes of space in which nothing was shown, those side by side taken together.
    pub open: Vec<Bounds>,
    /// A point of the one solid that is not in the other, and f there, or −f: the search ends with one.
    pub counterexample: Option<([f64; 3], f64)>,
    /// How many boxes and pieces of triangles were looked at.
    pub looks: usize,
}

impl CoverProof {
    /// Whether the surface was proven.
    pub fn has_margin(&self) -> bool {
        self.margin > 0.0
    }

    /// Whether the one solid lies within the other.
    pub fn is_proven(&self) -> bool {
        self.has_margin() && self.open.is_empty() && self.counterexample.is_none()
    }
}

/// How far a field's solid misses to cover a mesh, or is beyond it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Excess {
    /// The most that f is on the surface is no more than this; for a solid that is to be inside, the most that −f is.
    pub most: f64,
    /// A place of the surface where it is nearly so much.
    pub at: [f64; 3],
    /// What it is there, or more.
    pub found: f64,
    /// How many pieces of triangles were looked at.
    pub looks: usize,
}

impl Excess {
    /// What it says of a cover.
    fn proof(&self) -> CoverProof {
        let counterexample = (self.found > 0.0).then_some((self.at, self.found));
        CoverProof { margin: -self.most, looks: self.looks, counterexample, ..CoverProof::default() }
    }
}

/// How many branches a box may have, of tapes of how many lines they are looked at anyhow, and of longer ones in how large a box, in
/// parts of the whole.
const BRANCHES: usize = 12;
const SHORT: usize = 256;
const SMALL: f64 = 0.01;
/// How far beyond a box f is looked at, in parts of its side.
const BEYOND: f64 = 1e-9;
/// The size of pieces and boxes that are not cut further, in parts of the whole.
const SMALLEST: f64 = 1e-6;
/// By what part the true margin is to be more than one that is asked.
const SLACK: f64 = 0.2;
/// The finest tolerance that a margin is found to, in the same.
const FINEST: f64 = 1e-6;
/// How many boxes of space are looked at, at most.
const MAX_BOXES: usize = 200_000;
/// In how many heaps triangles are searched.
const HEAPS: usize = 64;

impl Cover {
    /// How far the field misses to cover the mesh, or to be inside it: at time 0, to a tolerance.
    ///
    /// ```
    /// use fieldgrad::mesh::{Cover, Distance, Extraction};
    /// use fieldgrad::prelude::*;
    ///
    /// let ball = sphere(0.7).extract(&Extraction::default().resolution(24))?.mesh;
    /// let excess = Cover::Around.excess(&sphere(0.6), &Distance::of(&ball)?, 1e-6)?;
    /// assert!((excess.most - 0.1).abs() < 1e-3);
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn excess(self, field: &Field, target: &Distance, tolerance: f64) -> Result<Excess> {
        let tape = self.tape(field)?;
        let level = self.most_tried(&tape, target)?;
        self.searched(&tape, target, level, tolerance)
    }

    /// The most at corners and middles of triangles, and where.
    fn most_tried(self, tape: &Tape, target: &Distance) -> Result<(f64, Point)> {
        let mesh = target.mesh();
        let corners = mesh.triangles.iter().flatten().map(|&n| mesh.vertices[n as usize]);
        let tried: Vec<Point> = corners.chain(middles(target)).collect();
        let values = tape.eval(&tried).swap_remove(0);
        let most = (0..tried.len()).max_by(|&a, &b| values[a].total_cmp(&values[b]));
        match most.filter(|&n| values[n].is_finite()) {
            Some(most) => Ok((values[most], tried[most])),
            None => Err(Error::Undefined("the field is not finite at all of the mesh".into())),
        }
    }

    /// The most over the triangles, of which `level` is known already.
    fn searched(self, tape: &Tape, target: &Distance, level: (f64, Point), tolerance: f64) -> Result<Excess> {
        let size = size_of(target);
        let order = morton_order(&middles(target));
        let heap = order.len().div_ceil(HEAPS).max(1);
        let found: Vec<Search> = order
            .par_chunks(heap)
            .map(|triangles| {
                let mut search = Search::new(target, size, level, tolerance);
                search.look_into(tape, triangles.to_vec());
                search
            })
            .collect();
        task::check()?;
        let looks = found.iter().map(|own| own.looks).sum();
        let upper = found.iter().map(|own| own.upper).fold(level.0, f64::max);
        let best = found.iter().map(|own| own.best).fold(level, |a, b| if b.0 > a.0 { b } else { a });
        Ok(Excess { most: upper, at: best.1, found: best.0, looks })
    }

    /// What is proven at time 0: of a solid that is to be inside, in these bounds, of the other everywhere.
    ///
    /// An error where the mesh is not closed, and so has no solid.
    ///
    /// ```
    /// use fieldgrad::mesh::{Cover, Distance, Extraction};
    /// use fieldgrad::prelude::*;
    ///
    /// let ball = Distance::of(&sphere(0.7).extract(&Extraction::default().resolution(24))?.mesh)?;
    /// let bounds = Bounds::new([-1.0; 3], [1.0; 3]);
    /// let proof = Cover::Around.prove(&sphere(0.71), &ball, bounds)?;
    /// assert!(proof.is_proven() && (proof.margin - 0.01).abs() < 1e-3);
    /// // With a hole in its middle it covers no more, though all of the surface is in it.
    /// let hollow = sphere(0.71).difference(sphere(0.1));
    /// let proof = Cover::Around.prove(&hollow, &ball, bounds)?;
    /// let (at, _) = proof.counterexample.unwrap();
    /// assert!(!proof.is_proven() && at.iter().all(|x| x.abs() < 0.1));
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn prove(self, field: &Field, target: &Distance, bounds: Bounds) -> Result<CoverProof> {
        target.check_closed()?;
        let tape = self.tape(field)?;
        let mut level = self.most_tried(&tape, target)?;
        let finest = FINEST * size_of(target);
        let (mut tolerance, mut looks) = (0.1 * level.0.abs(), 0);
        let excess = loop {
            tolerance = tolerance.max(finest);
            let excess = self.searched(&tape, target, level, tolerance)?;
            looks += excess.looks;
            level = (excess.found, excess.at);
            // To a fifth of the margin, as far as one can be told from none.
            if level.0 >= 0.0 || tolerance <= 0.2 * level.0.abs() || tolerance <= finest {
                break excess;
            }
            tolerance = 0.1 * level.0.abs();
        };
        self.proven_inside(field, target, bounds, CoverProof { looks, ..excess.proof() })
    }

    /// The same with a margin above 0 that is known beforehand: it is shown that the true one is more, or not. It is, if it is
    /// a fifth more.
    pub fn prove_with(
        self,
        field: &Field,
        target: &Distance,
        bounds: Bounds,
        margin: f64,
    ) -> Result<CoverProof> {
        target.check_closed()?;
        if !(margin > 0.0 && margin.is_finite()) {
            return Err(Error::Input(format!("a margin to be shown is above 0, not {margin}")));
        }
        let tape = self.tape(field)?;
        let tried = self.most_tried(&tape, target)?;
        // What is as good as the margin alone is not told from what is less, and is not looked at for ever.
        let level = tried.0.max(-(1.0 + SLACK) * margin);
        let excess = match level > -margin {
            true => Excess { most: level, at: tried.1, found: level, looks: 0 },
            false => {
                let tolerance = (-margin - level).max(0.1 * SLACK * margin);
                self.searched(&tape, target, (level, tried.1), tolerance)?
            }
        };
        let proof = excess.proof();
        match proof.margin >= margin {
            true => self.proven_inside(field, target, bounds, proof),
            false => Ok(CoverProof { margin: proof.margin.min(0.0), ..proof }),
        }
    }

    /// A proof on the surface, carried on inside.
    fn proven_inside(
        self,
        field: &Field,
        target: &Distance,
        bounds: Bounds,
        mut proof: CoverProof,
    ) -> Result<CoverProof> {
        if proof.has_margin() {
            self.look_through(&self.tape(field)?, target, bounds, &mut proof)?;
        }
        Ok(proof)
    }

    /// What is to be below 0: the field, or for a solid that is to be inside the field times −1.
    fn tape(self, field: &Field) -> Result<Tape> {
        let own = match self {
            Cover::Around => field.clone(),
            Cover::Inside => -field.clone(),
        };
        Ok(own.tape()?.fixed([None, None, None, Some(0.0)]))
    }

    /// Finds the boxes in which the greatest value may be.
    fn look_through(
        self,
        tape: &Tape,
        target: &Distance,
        bounds: Bounds,
        proof: &mut CoverProof,
    ) -> Result<()> {
        let around = match self {
            Cover::Around => mesh_bounds(target),
            Cover::Inside => bounds,
        };
        let root = cube_about(&around);
        let smallest = SMALLEST * root[0].width();
        let mut tasks = vec![(root, tape.clone())];
        let (mut open, mut looks) = (Vec::new(), 0);
        while !tasks.is_empty() {
            task::check()?;
            looks += tasks.len();
            if looks > MAX_BOXES || tasks[0].0[0].width() < smallest {
                open.extend(tasks.iter().map(|(sides, _)| *sides));
                break;
            }
            let look = |(sides, tape): &(BoxSides, Tape)| self.look(tape, target, sides, &around);
            let parts: Vec<BoxLook> = tasks.par_iter().map(look).collect();
            let mut next = Vec::new();
            for ((sides, _), found) in tasks.into_iter().zip(parts) {
                let tape = match found {
                    BoxLook::Settled => continue,
                    BoxLook::Split(tape) => tape,
                    BoxLook::Wrong(at, value) => {
                        if proof.counterexample.is_none_or(|(_, most)| value > most) {
                            proof.counterexample = Some((at, value));
                        }
                        continue;
                    }
                };
                let mut tree = Octree::new(sides);
                tree.split(0);
                next.extend(tree.sides[1..].iter().map(|&part| (part, tape.clone())));
            }
            tasks = next;
            if proof.counterexample.is_some() {
                break;
            }
        }
        proof.looks += looks;
        proof.open = joined(&open);
        Ok(())
    }

    /// Whether the greatest value may be in a box.
    fn look(self, tape: &Tape, target: &Distance, sides: &BoxSides, around: &Bounds) -> BoxLook {
        let beyond = grown(sides, BEYOND * sides[0].width());
        let is_apart = |n: usize| beyond[n].lo() > around.max[n] || beyond[n].hi() < around.min[n];
        if (0..3).any(is_apart) {
            return BoxLook::Settled;
        }
        let mut tracer = Tracer::new(tape);
        let [x, y, z] = beyond;
        if tracer.over([x, y, z, Interval::point(0.0)])[0].hi() < 0.0 {
            return BoxLook::Settled;
        }
        let distance = target.over(beyond);
        let is_elsewhere = match self {
            Cover::Around => distance.lo() > 0.0,
            Cover::Inside => distance.hi() < 0.0,
        };
        if is_elsewhere {
            return BoxLook::Settled;
        }
        let tape = tracer.prune(Asked::Value).unwrap_or_else(|| tape.clone());
        let is_within = |n: usize| beyond[n].lo() > around.min[n] && beyond[n].hi() < around.max[n];
        let size = around.size().into_iter().fold(0.0, f64::max);
        let is_small = beyond[0].width() < SMALL * size;
        // The mesh keeps to its bounds: what is greatest inside it is not at a face of them.
        if (self == Cover::Around || (0..3).all(is_within)) && rises(&tape, beyond, is_small) {
            return BoxLook::Settled;
        }
        let at = sides.map(Interval::middle);
        let [x, y, z] = at.map(Interval::point);
        let distance = target.over([x, y, z]);
        let is_wrong = match self {
            Cover::Around => distance.hi() < 0.0,
            Cover::Inside => {
                distance.lo() > 0.0 && (0..3).all(|n| around.min[n] <= at[n] && at[n] <= around.max[n])
            }
        };
        let value = Tracer::new(&tape).over([x, y, z, Interval::point(0.0)])[0];
        if is_wrong && value.lo() > 0.0 { BoxLook::Wrong(at, value.hi()) } else { BoxLook::Split(tape) }
    }
}

/// Whether a field is shown to rise along a direction everywhere in a box: one along which it does at the corners.
fn rises(tape: &Tape, sides: BoxSides, is_small: bool) -> bool {
    let end = |axis: usize, is_high: bool| if is_high { sides[axis].hi() } else { sides[axis].lo() };
    let mut slopes = Machine::<Dual<f64, 3>>::new(tape);
    let places = (0..9).map(|n| match n {
        8 => sides.map(Interval::middle),
        _ => [0, 1, 2].map(|axis| end(axis, n >> axis & 1 == 1)),
    });
    let seen: Vec<SlopeBounds> =
        places.map(|at| slopes.at_point(Dual::variables(at))[0].slope.map(Interval::point)).collect();
    let Some(way) = direction(seen.iter()) else { return false };
    let along = |axis: usize| Dual { value: sides[axis], slope: [Interval::point(way[axis])] };
    let found = Machine::<Dual<Interval, 1>>::new(tape).at_point([along(0), along(1), along(2)])[0];
    if found.slope[0].lo() > 0.0 && !may_jump(tape, sides) {
        return true;
    }
    // Of a long tape with many branches it is cheaper to cut the box first.
    if tape.len() > SHORT && !is_small {
        return false;
    }
    let mut branches = Branches::new(tape);
    branches.over(sides, BRANCHES).is_some_and(|own| direction(own.iter()).is_some())
}

/// What is found of a box of space.
enum BoxLook {
    /// The greatest value is not in it.
    Settled,
    /// It may be, and this tape is enough there.
    Split(Tape),
    /// Its middle is of the one solid and not of the other, with this value.
    Wrong(Point, f64),
}

/// The middles of a mesh's triangles.
fn middles(target: &Distance) -> Vec<Point> {
    let mesh = target.mesh();
    let centroid = |n: usize| {
        let corners = mesh.corners(n);
        [0, 1, 2].map(|axis| corners.iter().map(|corner| corner[axis]).sum::<f64>() / 3.0)
    };
    (0..mesh.triangles.len()).map(centroid).collect()
}

/// The longest side of a mesh's box.
fn size_of(target: &Distance) -> f64 {
    mesh_bounds(target).size().into_iter().fold(f64::MIN_POSITIVE, f64::max)
}

fn mesh_bounds(target: &Distance) -> Bounds {
    let mesh = target.mesh();
    bounds_of(&around(mesh.triangles.iter().flatten().map(|&n| mesh.vertices[n as usize])))
}

/// A cube about bounds, its middle off planes of symmetry.
fn cube_about(bounds: &Bounds) -> BoxSides {
    let (size, center) = (bounds.size().into_iter().fold(f64::MIN_POSITIVE, f64::max), bounds.center());
    let aside = [0.007, 0.011, 0.005];
    [0, 1, 2].map(|n| {
        let middle = center[n] + aside[n] * size;
        Interval::new(middle - 0.52 * size, middle + 0.52 * size)
    })
}

fn around(mut points: impl Iterator<Item = Point>) -> BoxSides {
    let first = points.next().map_or([Interval::point(0.0); 3], |point| point.map(Interval::point));
    points.fold(first, |sides, point| [0, 1, 2].map(|n| sides[n].hull(Interval::point(point[n]))))
}

/// Boxes as few bounds, those that touch taken together.
fn joined(boxes: &[BoxSides]) -> Vec<Bounds> {
    let mut parts: Vec<BoxSides> = Vec::new();
    for &sides in boxes {
        let mut own = sides;
        let touches = |a: &BoxSides, b: &BoxSides| {
            let reach = 0.1 * sides[0].width();
            (0..3).all(|n| a[n].lo() <= b[n].hi() + reach && b[n].lo() <= a[n].hi() + reach)
        };
        parts.retain(|part| {
            let is_own = touches(part, &own);
            if is_own {
                own = hull(part, &own);
            }
            !is_own
        });
        parts.push(own);
    }
    parts.iter().map(bounds_of).collect()
}
