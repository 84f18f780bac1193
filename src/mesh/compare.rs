//! How far two surfaces are apart: the measures of reconstruction, each with the error it may have.
//!
//! Points are measured against surfaces, never against other points: two sets of points of one surface are apart as well.
//! Means are taken over points that are spread by area; their errors are 1.96 standard errors, which hold the truth in 95
//! of 100 cases, and in more since the points are spread evenly. The overlap is taken over an octree whose undecided cells
//! are sampled once each. The Hausdorff distance is an interval that holds it: over a triangle the distance to *one*
//! triangle of the other surface is convex, so that its largest value at the corners bounds it from above.

mod farthest;
mod overlap;

use super::tree::normal;
use super::{Distance, Mesh, dot};
use crate::error::{Error, Result};
use crate::measure::Estimate;
use crate::random::Random;
use crate::task;
use rayon::prelude::*;

/// Options of a comparison.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Comparing {
    /// How many points of each surface are measured: 50,000 unless told otherwise.
    pub samples: usize,
    /// How many cells the overlap's octree has along its side: 128 unless told otherwise, rounded up to a power of two.
    pub resolution: usize,
    /// How near points count as the surface's in the F-score: unless told otherwise a hundredth of the longest side of the
    /// second surface's box.
    pub within: Option<f64>,
    /// Where draws begin: 0 unless told otherwise.
    pub seed: u64,
}

impl Default for Comparing {
    fn default() -> Comparing {
        Comparing { samples: 50_000, resolution: 128, within: None, seed: 0 }
    }
}

impl Comparing {
    /// The same with so many points of each surface.
    pub fn samples(self, samples: usize) -> Comparing {
        Comparing { samples, ..self }
    }

    /// The same with so many cells along the side of the overlap's octree.
    pub fn resolution(self, resolution: usize) -> Comparing {
        Comparing { resolution, ..self }
    }

    /// The same with another distance within which points count.
    pub fn within(self, within: f64) -> Comparing {
        Comparing { within: Some(within), ..self }
    }

    /// The same with other draws.
    pub fn seed(self, seed: u64) -> Comparing {
        Comparing { seed, ..self }
    }
}

/// How far points are from a surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviation {
    /// The mean distance.
    pub mean: Estimate,
    /// Bounds on the largest distance.
    pub largest: [f64; 2],
    /// The part of them that is near enough to count.
    pub within: Estimate,
}

/// Two surfaces side by side. Errors hold in 95 of 100 cases, but for the Hausdorff distance, whose bounds are proven.
///
/// ```
/// use fieldgrad::mesh::{Comparing, Comparison, Distance, Extraction};
/// use fieldgrad::prelude::*;
///
/// let ball = |r: f64| Distance::of(&sphere(r).extract(&Extraction::default().resolution(20))?.mesh);
/// let found = Comparison::of(&ball(0.9)?, &ball(1.0)?, &Comparing::default().samples(2000).resolution(32))?;
/// assert!((found.chamfer().value - 0.1).abs() < 0.01);
/// assert!(found.hausdorff()[1] < 0.12);
/// assert!((found.overlap.unwrap().value - 0.9f64.powi(3)).abs() < 0.02);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// From the first surface's points to the second.
    pub there: Deviation,
    /// From the second surface's points to the first.
    pub back: Deviation,
    /// The mean of |n·n′|, with the normal of a point and that of the other surface where it is nearest.
    pub normals: Estimate,
    /// The part that both solids have of what either has; none, where one of the surfaces is not closed.
    pub overlap: Option<Estimate>,
    /// The distance within which points counted.
    pub within: f64,
}

impl Comparison {
    /// Compares two surfaces. An error where one has no area, or is closed and inside out, and for fewer than two samples.
    pub fn of(first: &Distance, second: &Distance, options: &Comparing) -> Result<Comparison> {
        if options.samples < 2 {
            return Err(Error::Input(format!("{} samples show no mean and its error", options.samples)));
        }
        for (which, surface) in [("first", first), ("second", second)] {
            if surface.is_closed() && surface.mesh().volume() < 0.0 {
                return Err(Error::Input(format!(
                    "the {which} surface is inside out: turn its triangles around"
                )));
            }
        }
        let within = options.within.unwrap_or(0.01 * second.mesh().longest_side());
        let tolerance = 1e-4 * first.mesh().longest_side().max(second.mesh().longest_side());
        let mut random = Random(options.seed);
        let mut one_way = |from: &Distance, to: &Distance| -> Result<(Deviation, Estimate)> {
            let points = from.mesh().sampled(options.samples, &mut random)?;
            let measured = points.par_iter().map(|&(point, triangle)| {
                let closest = to.closest(point);
                let normals = [from.mesh().unit_normal(triangle), to.mesh().unit_normal(closest.triangle)];
                let agreement = dot(normals[0], normals[1]).abs();
                (closest.distance.abs(), agreement)
            });
            let (distances, agreements): (Vec<f64>, Vec<f64>) = measured.unzip();
            task::check()?;
            let mut deviation = Deviation::of(&distances, within);
            deviation.largest = farthest::farthest(from.mesh(), to, tolerance)?;
            Ok((deviation, mean_of(&agreements)))
        };
        let (there, normals_there) = one_way(first, second)?;
        let (back, normals_back) = one_way(second, first)?;
        let overlap = match first.is_closed() && second.is_closed() {
            true => overlap::overlap(first, second, options.resolution, &mut random)?,
            false => None,
        };
        Ok(Comparison { there, back, normals: between(normals_there, normals_back), overlap, within })
    }

    /// The Chamfer distance: the mean of the two mean distances.
    pub fn chamfer(&self) -> Estimate {
        between(self.there.mean, self.back.mean)
    }

    /// Bounds on the Hausdorff distance: how far a point of either surface is at most from the other.
    pub fn hausdorff(&self) -> [f64; 2] {
        [0, 1].map(|end| self.there.largest[end].max(self.back.largest[end]))
    }

    /// The F-score: the harmonic mean of the parts of both surfaces that are [within](Comparison::within) reach of the other.
    pub fn fscore(&self) -> Estimate {
        let [p, r] = [self.there.within, self.back.within];
        let sum = p.value + r.value;
        if sum == 0.0 {
            return Estimate { value: 0.0, error: p.error.max(r.error) };
        }
        let error = (r.value.powi(2) * p.error).hypot(p.value.powi(2) * r.error) * 2.0 / (sum * sum);
        Estimate { value: 2.0 * p.value * r.value / sum, error }
    }
}

impl Deviation {
    /// How far points are from a surface, of which those within a distance count.
    ///
    /// Their mean and largest distance are exact for these points; the error is that of points drawn like them.
    pub fn of_points(points: &[[f64; 3]], surface: &Distance, within: f64) -> Result<Deviation> {
        if points.is_empty() {
            return Err(Error::Input("no points, so no distance".into()));
        }
        let distances: Vec<f64> =
            points.par_iter().map(|&point| surface.closest(point).distance.abs()).collect();
        Ok(Deviation::of(&distances, within))
    }

    fn of(distances: &[f64], within: f64) -> Deviation {
        let near: Vec<f64> = distances.iter().map(|&d| f64::from(u8::from(d <= within))).collect();
        let largest = distances.iter().fold(0.0, |far: f64, &d| far.max(d));
        let mut within = mean_of(&near);
        // Where all are near, or none, some part that was not met may still be otherwise: three in as many as were.
        within.error = within.error.max(3.0 / near.len() as f64);
        Deviation { mean: mean_of(distances), largest: [largest; 2], within }
    }
}

/// The mean of what samples stand for.
fn mean_of(values: &[f64]) -> Estimate {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let spread = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    Estimate { value: mean, error: 1.96 * (spread / count).sqrt() }
}

/// The mean of two independent estimates.
fn between(one: Estimate, other: Estimate) -> Estimate {
    Estimate { value: (one.value + other.value) / 2.0, error: one.error.hypot(other.error) / 2.0 }
}

impl Mesh {
    /// The longest side of the box about its triangles.
    pub(crate) fn longest_side(&self) -> f64 {
        let side = |axis: usize| {
            let all = self.triangles.iter().flatten().map(|&vertex| self.vertices[vertex as usize][axis]);
            let none = (f64::INFINITY, f64::NEG_INFINITY);
            let (low, high) = all.fold(none, |(low, high), x| (low.min(x), high.max(x)));
            high - low
        };
        side(0).max(side(1)).max(side(2))
    }

    /// Points spread evenly over the mesh by area, each with its triangle, and so are the first of them, however many: places
    /// along the area go on by the golden ratio. An error if the mesh has no area.
    pub(crate) fn sampled(&self, count: usize, random: &mut Random) -> Result<Vec<([f64; 3], usize)>> {
        let mut area = 0.0;
        let ends: Vec<f64> = (0..self.triangles.len())
            .map(|triangle| {
                area += self.triangle_area(triangle);
                area
            })
            .collect();
        if !(area > 0.0 && area.is_finite()) {
            return Err(Error::Input("a mesh without area has no points to be drawn".into()));
        }
        let golden = (5f64.sqrt() - 1.0) / 2.0;
        let start = random.unit();
        let draw = |n: usize| {
            let at = area * (start + n as f64 * golden).fract();
            let triangle = ends.partition_point(|&end| end <= at).min(ends.len() - 1);
            let (mut u, mut v) = (random.unit(), random.unit());
            if u + v > 1.0 {
                (u, v) = (1.0 - u, 1.0 - v);
            }
            let [a, b, c] = self.corners(triangle);
            let point =
                std::array::from_fn(|axis| a[axis] + u * (b[axis] - a[axis]) + v * (c[axis] - a[axis]));
            (point, triangle)
        };
        Ok((0..count).map(draw).collect())
    }

    /// A triangle's unit normal; 0 if it has no area.
    pub(crate) fn unit_normal(&self, triangle: usize) -> [f64; 3] {
        let normal = normal(self.corners(triangle));
        let length = dot(normal, normal).sqrt();
        if length > 0.0 { normal.map(|x| x / length) } else { [0.0; 3] }
    }
}
