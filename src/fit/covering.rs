//! Growing a field that covers a mesh, or lies inside it, and is proven to.

use super::blend::DistanceSamples;
use super::grow::{Free, Grown, Growth, samples};
use super::journal::{Journal, JournalWatch};
use super::kind::PartKind;
use super::part::{digits_of, finer};
use super::target::Target;
use crate::error::Result;
use crate::measure::Bounds;
use crate::mesh::{Cover, CoverProof, Distance};
use crate::random::Random;
use std::collections::BTreeMap;

/// A field that was grown to cover a mesh, or to lie inside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Covering {
    /// The field.
    pub grown: Grown,
    /// The proof of it, with its numbers as they are written.
    pub proof: CoverProof,
}

/// How many places of the surface are looked at, of vertices at most and of others, and how many of them are seen from the start; and
/// how many of the target's points.
const VERTICES: usize = 30_000;
const OTHERS: usize = 300_000;
const PLACES: usize = 6000;
const POINTS: usize = 6000;
/// The side of a cell of which the place that is missed most is seen from then on, in parts of the whole.
const CELL: f64 = 0.015;
/// What a value of the wrong sign weighs besides, in rounds; and how many steps a round has.
const MORE: [f64; 6] = [10.0, 100.0, 1000.0, 10_000.0, 10_000.0, 10_000.0];
const STEPS: usize = 12;
/// From where on what is too much costs less than its square, in parts of the whole: volume is what is to be little.
const OUTLYING: f64 = 0.002;
/// How many digits more the numbers have: to a ten-thousandth they would miss as much as all that is left.
const DIGITS: usize = 2;
/// How exactly it is found what is missing, in parts of the whole, and the margin that is left then at least: with a margin of the
/// size of what is not known a proof is short.
const TOLERANCE: f64 = 1e-4;
const LEAST_MARGIN: f64 = 1e-4;
/// How often it is moved at most: further, where rounding ate its margin, or a cavity is left.
const TIMES: usize = 6;

impl Growth {
    /// Grows a field that nearly covers a closed mesh, or nearly lies inside it: fitted to samples of the mesh, then so that next to
    /// nothing is missing at the surface. [`Grown::covering`] makes that nothing.
    ///
    /// An error where the mesh is not closed, or as of [`Growth::grow`].
    pub fn grow_to_cover(
        &self,
        cover: Cover,
        mesh: &Distance,
        target: &Target,
        journal: &mut Journal,
        watch: &mut JournalWatch,
    ) -> Result<Grown> {
        mesh.check_closed()?;
        let dense = places(mesh)?;
        let mut grown = self.grow_and(target, DIGITS, journal, watch, |grower, parts, frame, watch| {
            let own = target.distances().unwrap_or_default();
            let stride = own.len().div_ceil(POINTS).max(1) | 1;
            let mut points =
                frame.folded(&target.points().iter().step_by(stride).copied().collect::<Vec<_>>());
            let near = |d: &f64| if d.abs() < ON * frame.reach { 0.0 } else { d / frame.reach };
            let mut distances: Vec<f64> = own.iter().step_by(stride).map(near).collect();
            let dense = frame.folded(&dense);
            points.extend(dense.iter().step_by(dense.len().div_ceil(PLACES).max(1)));
            let on_surface = samples(&dense, &vec![0.0; dense.len()], OUTLYING);
            for more in MORE {
                distances.resize(points.len(), 0.0);
                let seen = samples(&points, &distances, OUTLYING).with_sign(sign(cover), more);
                grower.fit(&seen, parts, Free::All, STEPS, watch)?;
                let missed = grower.values(&on_surface, parts).into_iter().map(|value| sign(cover) * value);
                points.extend(worst(&on_surface, &missed.collect::<Vec<_>>()));
            }
            Ok(())
        })?;
        let corners = mesh.mesh().vertices.iter().map(|&vertex| Bounds::new(vertex, vertex));
        grown.around = corners.fold(grown.around, |all, one| all.union(&one.grown(ASIDE * grown.reach)));
        Ok(grown)
    }
}

impl Grown {
    /// The same, moved outwards by what is missing so that it covers a closed mesh, or inwards so that it lies inside, with a margin
    /// to the mesh's surface in the field's value; and the proof of that. A margin of 0 stands for a small one.
    ///
    /// The proof is of the field that [`Grown::field`] and [`Grown::text`] give, to the last bit: see [`Cover`]. An error
    /// where the mesh is not closed.
    pub fn covering(self, cover: Cover, mesh: &Distance, margin: f64) -> Result<Covering> {
        mesh.check_closed()?;
        let mut grown = self;
        let wanted = (1.25 * margin).max(LEAST_MARGIN * grown.reach);
        let excess = cover.excess(&grown.field(), mesh, TOLERANCE * grown.reach)?;
        let mut missing = excess.most + wanted;
        // As they are written the bounds are rounded.
        let bounds = grown.around.grown(1e-3 * grown.reach);
        let mut proof = CoverProof::default();
        for _ in 0..TIMES {
            if missing > 0.0 {
                grown = grown.moved(sign(cover), missing);
            }
            if grown.parts.is_empty() {
                // What is nothing is inside of everything, and no use.
                break;
            }
            proof = cover.prove_with(&grown.field(), mesh, bounds, margin.max(0.5 * wanted))?;
            missing = match proof.counterexample {
                _ if !proof.has_margin() => wanted - proof.margin.min(0.0),
                Some((_, excess)) => excess.max(0.0) + wanted,
                None => break,
            };
        }
        Ok(Covering { grown, proof })
    }
}

/// The sign that a value must not have where the surface is.
fn sign(cover: Cover) -> f64 {
    match cover {
        Cover::Around => 1.0,
        Cover::Inside => -1.0,
    }
}

/// How far the bounds of the whole reach beyond the mesh, in parts of the whole.
const ASIDE: f64 = 0.05;
/// How near the surface a sample is on it, in parts of the whole.
const ON: f64 = 1e-9;

/// Places all over a mesh's surface, its vertices among them.
fn places(mesh: &Distance) -> Result<Vec<[f64; 3]>> {
    let mesh = mesh.mesh();
    let stride = mesh.vertices.len().div_ceil(VERTICES).max(1);
    let others = mesh.sampled(OTHERS, &mut Random(0))?.into_iter().map(|(point, _)| point);
    Ok(mesh.vertices.iter().step_by(stride).copied().chain(others).collect())
}

/// Of the places that are missed the one in each cell that is missed most.
fn worst(samples: &DistanceSamples, missed: &[f64]) -> Vec<[f64; 3]> {
    let mut cells: BTreeMap<[i64; 3], usize> = BTreeMap::new();
    for (n, miss) in missed.iter().enumerate().filter(|(_, miss)| **miss > 0.0) {
        let cell = samples.point(n).map(|x| (x / CELL).floor() as i64);
        let most = cells.entry(cell).or_insert(n);
        if *miss > missed[*most] {
            *most = n;
        }
    }
    cells.into_values().map(|n| samples.point(n)).collect()
}

impl Grown {
    /// The same, moved out by so much at least, or in where the sign is negative: solids by their sizes, others as a whole.
    fn moved(&self, sign: f64, by: f64) -> Grown {
        let mut moved = self.clone();
        let is_blended = self.parts.first().is_some_and(|part| part.kind == PartKind::Any);
        // As it is written it is not less.
        let digits = digits_of(finer(self.reach, self.digits));
        let step = 0.1f64.powi(digits as i32);
        let by = sign * (by / step).ceil() * step;
        match is_blended {
            true => {
                moved.offset = format!("{:.digits$}", self.offset + by).parse().unwrap_or(self.offset + by)
            }
            false => {
                let parts = self.parts.iter().map(|part| part.swollen(by).rounded(self.reach, self.digits));
                moved.parts = parts
                    .filter(|part| part.round >= 0.0 && part.size.iter().all(|side| *side > 0.0))
                    .collect();
            }
        }
        moved
    }
}
