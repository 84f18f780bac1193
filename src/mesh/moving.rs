//! A field's surface over some time: meshes whose vertices move, each for as long as its connectivity stays the same. How they
//! slide along the surface meanwhile is in `moving/carry.rs`.

mod carry;

use super::extract::{Extracted, Extraction, bounds_during, clipped, normals_of};
use super::{Mesh, Point, dot};
use crate::error::{Error, Result};
use crate::field::Field;
use crate::measure::Bounds;
use crate::tape::{Coordinates, Tape};
use crate::task;

/// A surface at several times, as one mesh whose vertices move.
///
/// The surface has the same topology from the first time to the last: intervals show that it has no event between
/// ([`Field::events`]). So what is proven of the first mesh ([`Extracted::certify`]) holds for all.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MovingMesh {
    /// The mesh at the first time, as it was extracted.
    pub first: Extracted,
    /// The times, rising.
    pub times: Vec<f64>,
    /// Where the vertices are at each of the times, on the surface, and on its creases and corners.
    pub vertices: Vec<Vec<[f64; 3]>>,
    /// The directions away from the solid at each triangle's corners, at each of the times.
    pub normals: Vec<Vec<[[f64; 3]; 3]>>,
}

impl MovingMesh {
    /// The mesh at one of the times, by its number.
    pub fn mesh(&self, frame: usize) -> Mesh {
        Mesh { vertices: self.vertices[frame].clone(), triangles: self.first.mesh.triangles.clone() }
    }
}

/// How far a vertex goes in one step, in cells, and how many steps there are at most from one time to the next.
const STEP: f64 = 0.3;
const MAX_STEPS: usize = 32;
/// How much farther from the surface, than at first, the middles of triangles may come to lie.
const WORN: f64 = 2.0;

/// # Meshes over time
impl Field {
    /// The solid's surface at some rising times, as meshes that move: a new one begins where there is an [event](Field::events)
    /// between two times, or bounds do not rule one out, or where the triangles of the last no longer fit.
    ///
    /// Each mesh at each time is closed, a manifold and free of intersections in `f32`, as [`Field::extract`] promises. The
    /// options' own time counts for nothing.
    pub fn extract_over(&self, options: &Extraction, times: &[f64]) -> Result<Vec<MovingMesh>> {
        if times.is_empty() || !times.is_sorted_by(|a, b| a < b) || !times.iter().all(|t| t.is_finite()) {
            return Err(Error::Input("the times of a moving mesh must rise".into()));
        }
        let span = (times[0], times[times.len() - 1]);
        let Some(bounds) =
            options.bounds.map_or_else(|| bounds_during(self, span), |bounds| Ok(Some(bounds)))?
        else {
            return Ok(Vec::new());
        };
        let options = options.clone().bounds(bounds);
        let still = if times.len() > 1 { self.still(bounds, times)? } else { Vec::new() };
        let tracking = Tracking {
            field: self,
            gradient: self.gradient_tape()?,
            normals: Tape::new(&self.gradient()[..3])?,
        };
        let mut found: Vec<MovingMesh> = Vec::new();
        for (n, &time) in times.iter().enumerate() {
            task::check()?;
            let next = match found.last() {
                Some(last) if still[n - 1] => tracking.next(last, time, options.tolerance)?,
                _ => None,
            };
            match (next, found.last_mut()) {
                (Some((vertices, normals)), Some(last)) => {
                    last.times.push(time);
                    last.vertices.push(vertices);
                    last.normals.push(normals);
                }
                _ => {
                    let first = self.extract(&options.clone().time(time))?;
                    if first.mesh.triangles.is_empty() {
                        continue;
                    }
                    let (vertices, normals) =
                        (vec![first.mesh.vertices.clone()], vec![first.normals.clone()]);
                    found.push(MovingMesh { first, times: vec![time], vertices, normals });
                }
            }
        }
        Ok(found)
    }

    /// Between which times it is shown that there is no event.
    fn still(&self, bounds: Bounds, times: &[f64]) -> Result<Vec<bool>> {
        let events = clipped(self, bounds)
            .events(bounds.grown(1e-3 * bounds.size()[0]), (times[0], times[times.len() - 1]))?;
        let is_still = |ends: &[f64]| {
            let (from, to) = (ends[0], ends[1]);
            !events.found.iter().any(|event| (from..=to).contains(&event.time))
                && !events.open.iter().any(|(_, (first, last))| *first <= to && *last >= from)
        };
        Ok(times.windows(2).map(is_still).collect())
    }
}

/// The vertices of a mesh at one time, and the normals at its triangles' corners.
type TimedMesh = (Vec<Point>, Vec<[Point; 3]>);

struct Tracking<'f> {
    field: &'f Field,
    gradient: Tape,
    normals: Tape,
}

impl Tracking<'_> {
    /// The vertices and normals of a mesh at the next time, if it still fits.
    fn next(&self, last: &MovingMesh, time: f64, tolerance: f64) -> Result<Option<TimedMesh>> {
        let frame = last.times.len() - 1;
        let mut now = Extracted {
            mesh: last.mesh(frame),
            normals: Vec::new(),
            time: last.times[frame],
            unresolved: Vec::new(),
            meetings: Vec::new(),
            ..last.first.clone()
        };
        for _ in 0..MAX_STEPS {
            let motion = now.vertex_motion(self.field)?;
            let velocities = carry::velocities(&now.mesh, &motion);
            let fastest = velocities.iter().map(|own| dot(*own, *own).sqrt()).fold(0.0, f64::max);
            let left = time - now.time;
            // No farther in a step than vertices may go without passing others.
            let steps = (fastest * left / (STEP * now.cell)).ceil().clamp(1.0, MAX_STEPS as f64);
            let next = if steps == 1.0 { time } else { now.time + left / steps };
            let rounded = |place: Point| place.map(|x| f64::from(x as f32));
            let vertices: Vec<Point> = motion.at(next, &velocities).into_iter().map(rounded).collect();
            if !vertices.iter().flatten().all(|x| x.is_finite()) {
                return Ok(None);
            }
            (now.mesh.vertices, now.time) = (vertices, next);
            if next == time {
                break;
            }
        }
        if now.time != time {
            return Ok(None);
        }
        let mesh = now.mesh;
        let first = &last.first;
        let allowed = WORN * self.farthest(&first.mesh, first.time).max(tolerance * first.cell);
        let fits = mesh.degenerate_triangles().is_empty()
            && self.farthest(&mesh, time) <= allowed
            && mesh.self_intersections().is_empty();
        if !fits {
            return Ok(None);
        }
        let normals = normals_of(&self.normals, first, time, &mesh);
        Ok(Some((mesh.vertices, normals)))
    }

    /// How far from the surface the middles of triangles are at most, to first order.
    fn farthest(&self, mesh: &Mesh, time: f64) -> f64 {
        let middle = |n: usize| {
            let [a, b, c] = mesh.corners(n);
            [0, 1, 2].map(|axis| (a[axis] + b[axis] + c[axis]) / 3.0)
        };
        let middles: Vec<Point> = (0..mesh.triangles.len()).map(middle).collect();
        let columns = self.gradient.eval(Coordinates::from(&middles[..]).at_time(time));
        let off = |n: usize| {
            let slope = [1, 2, 3].map(|axis: usize| columns[axis][n]);
            columns[0][n].abs() / dot(slope, slope).sqrt().max(f64::MIN_POSITIVE)
        };
        (0..middles.len()).map(off).fold(0.0, f64::max)
    }
}
