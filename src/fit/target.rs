//! What a field is to be like: points, with signed distances or normals where they are known.

use crate::error::{Error, Result};
use crate::field::Field;
use crate::measure::Bounds;
use crate::mesh::{Distance, PointCloud};
use crate::number::Identity;
use crate::random::Random;
use crate::tape::{Coordinates, Tape};

/// Points of space and time, with what is known there of the surface that a field is to have.
///
/// ```
/// use fieldgrad::fit::Target;
/// use fieldgrad::prelude::*;
///
/// // Anything that is sampled, as columns.
/// let points = vec![[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]];
/// let normals = vec![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
/// let target = Target::new(points)?.with_distances(vec![0.0, 1.0])?.with_normals(normals)?;
/// assert_eq!(target.len(), 2);
/// // Another field, sampled near its surface and in a box around it.
/// let box_around = Bounds::new([-1.5; 3], [1.5; 3]);
/// let target = Target::of_field(&sphere(1.0), &box_around, 0.0, 1000, 1)?;
/// assert!(target.distances().unwrap().iter().any(|d| *d < -0.5));
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Target {
    pub(super) points: Vec<[f64; 3]>,
    /// None, where all are at time 0.
    pub(super) times: Option<Vec<f64>>,
    pub(super) distances: Option<Vec<f64>>,
    pub(super) normals: Option<Vec<[f64; 3]>>,
    /// The box that the solid is known to have, or to be in the middle of.
    pub(super) around: Option<Bounds>,
}

impl Target {
    /// Points at time 0. An error names one that is not finite.
    pub fn new(points: Vec<[f64; 3]>) -> Result<Target> {
        check("point", points.iter().map(|point| &point[..]))?;
        Ok(Target { points, ..Target::default() })
    }

    /// The same at times of their own. An error where there are not as many, or one is not finite.
    pub fn with_times(self, times: Vec<f64>) -> Result<Target> {
        check("time", times.iter().map(std::slice::from_ref))?;
        self.count("time", times.len())?;
        Ok(Target { times: Some(times), ..self })
    }

    /// The same with the signed distance to the surface at each, negative inside. An error where there are not as many, or
    /// one is not finite.
    pub fn with_distances(self, distances: Vec<f64>) -> Result<Target> {
        check("distance", distances.iter().map(std::slice::from_ref))?;
        self.count("distance", distances.len())?;
        Ok(Target { distances: Some(distances), ..self })
    }

    /// The same with the outward normal at each, brought to length 1. An error where there are not as many, or one is not
    /// finite.
    pub fn with_normals(self, normals: Vec<[f64; 3]>) -> Result<Target> {
        check("normal", normals.iter().map(|normal| &normal[..]))?;
        self.count("normal", normals.len())?;
        let unit = |normal: [f64; 3]| {
            let length = normal.iter().map(|part| part * part).sum::<f64>().sqrt();
            if length > 0.0 { normal.map(|part| part / length) } else { normal }
        };
        Ok(Target { normals: Some(normals.into_iter().map(unit).collect()), ..self })
    }

    fn count(&self, what: &str, count: usize) -> Result<()> {
        match self.points.len() {
            points if points == count => Ok(()),
            points => Err(Error::Input(format!("a {what} for each point: {count} for {points}"))),
        }
    }

    /// The points of a cloud with all that is known there; at a time, where it knows none. An error as of
    /// [`Target::with_distances`] and its kin.
    pub fn of_cloud(cloud: PointCloud, t: f64) -> Result<Target> {
        let PointCloud { points, times, distances, normals } = cloud;
        let times = if times.is_empty() { vec![t; points.len()] } else { times };
        let mut target = Target::new(points)?.with_times(times)?;
        if !distances.is_empty() {
            target = target.with_distances(distances)?;
        }
        if normals.is_empty() { Ok(target) } else { target.with_normals(normals) }
    }

    /// Samples of a field at a time: seven of eight on its surface or moved off it, by nothing, 0.003, 0.01 and 0.04 of the
    /// box's diagonal in turn (in the root of the mean square, along each axis), and the rest all over the box. With them is
    /// the field's own value, which is the signed distance where the field is one. The same for the same seed.
    ///
    /// An error where the field has no surface in the box, or is not finite somewhere in it.
    pub fn of_field(field: &Field, bounds: &Bounds, t: f64, count: usize, seed: u64) -> Result<Target> {
        let tape = field.gradient_tape()?;
        let mut random = Random(seed);
        let surface = on_surface(&tape, bounds, t, of_surface_in(count), &mut random)?;
        let points = spread(surface, bounds, count, &mut random);
        let columns = tape.eval(Coordinates::from(&points).at_time(t));
        let values = columns.into_iter().next().unwrap_or_default();
        if let Some(n) = values.iter().position(|value| !value.is_finite()) {
            let problem = format!("the target is {} at {:?}", values[n], points[n]);
            return Err(Error::Undefined(problem));
        }
        let times = vec![t; points.len()];
        let target = Target::new(points)?.with_times(times)?.with_distances(values)?;
        Ok(Target { around: Some(*bounds), ..target })
    }

    /// Samples of a mesh with their exact signed distances, spread about its surface, by area, and in a box that is a tenth
    /// larger, as [`Target::of_field`] spreads them. The same for the same seed.
    ///
    /// ```
    /// use fieldgrad::fit::Target;
    /// use fieldgrad::mesh::{Distance, Extraction};
    /// use fieldgrad::prelude::*;
    ///
    /// let ball = sphere(1.0).extract(&Extraction::default().resolution(30))?.mesh;
    /// let target = Target::of_mesh(&Distance::of(&ball)?, 1000, 1)?;
    /// let off = |(at, d): (&[f64; 3], &f64)| (at.iter().map(|x| x * x).sum::<f64>().sqrt() - 1.0 - d).abs();
    /// assert!(target.points().iter().zip(target.distances().unwrap()).map(off).all(|off| off < 0.01));
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn of_mesh(distance: &Distance, count: usize, seed: u64) -> Result<Target> {
        let mesh = distance.mesh();
        let Some(bounds) = Bounds::around(&mesh.vertices) else {
            return Err(Error::Input("a mesh without vertices is no target".into()));
        };
        let longest = bounds.size().into_iter().fold(0.0, f64::max);
        let all = Target::of_mesh_within(distance, &bounds.grown(0.05 * longest), count, seed)?;
        Ok(Target { normals: None, ..all })
    }

    /// The same, spread about the mesh's surface and in a box of one's own: a network knows nothing of where it saw no points.
    /// Those on the surface have its normal, the others 0, which says that none is known.
    pub fn of_mesh_within(distance: &Distance, bounds: &Bounds, count: usize, seed: u64) -> Result<Target> {
        let mesh = distance.mesh();
        let around = Bounds::around(&mesh.vertices);
        let mut random = Random(seed);
        let (surface, triangles): (Vec<[f64; 3]>, Vec<usize>) =
            mesh.sampled(of_surface_in(count), &mut random)?.into_iter().unzip();
        let points = spread(surface, bounds, count, &mut random);
        let distances = distance.signed(&points);
        let normal = |n: usize| match triangles.get(n) {
            Some(&triangle) if n.is_multiple_of(OFF.len()) => mesh.unit_normal(triangle),
            _ => [0.0; 3],
        };
        let normals = (0..points.len()).map(normal).collect();
        Ok(Target { around, ..Target::new(points)?.with_distances(distances)?.with_normals(normals)? })
    }

    /// The same with the box that the solid is known to have.
    pub fn with_solid(self, bounds: Bounds) -> Target {
        Target { around: Some(bounds), ..self }
    }

    /// The box that the solid is known to have, else that around all points; none, where there are none.
    pub fn solid_bounds(&self) -> Option<Bounds> {
        self.around.or_else(|| self.bounds())
    }

    /// Points on a field's surface at a time, with its normals. An error as of [`Target::of_field`].
    pub fn of_surface(field: &Field, bounds: &Bounds, t: f64, count: usize, seed: u64) -> Result<Target> {
        let tape = field.gradient_tape()?;
        let points = on_surface(&tape, bounds, t, count, &mut Random(seed))?;
        let columns = tape.eval(Coordinates::from(&points).at_time(t));
        let normals = (0..points.len()).map(|n| [columns[1][n], columns[2][n], columns[3][n]]).collect();
        let times = vec![t; points.len()];
        Target::new(points)?.with_times(times)?.with_normals(normals)
    }

    /// All points of several targets. Distances and normals are kept where all have them.
    pub fn together(targets: impl IntoIterator<Item = Target>) -> Target {
        let join = |mut all: Target, next: Target| {
            let [own, other] = [&all, &next].map(|of| of.times.clone().unwrap_or(vec![0.0; of.points.len()]));
            all.times = Some([own, other].concat());
            all.points.extend(next.points);
            all.around = all.around.zip(next.around).map(|(own, other)| own.union(&other));
            all.distances = all.distances.zip(next.distances).map(|(own, other)| [own, other].concat());
            all.normals = all.normals.zip(next.normals).map(|(own, other)| [own, other].concat());
            all
        };
        targets.into_iter().reduce(join).unwrap_or_default()
    }

    /// A fingerprint of all that is known.
    pub fn identity(&self) -> Identity {
        let number = |all: Identity, x: &f64| all.and(u128::from(x.to_bits()));
        let list = |all: Identity, own: Option<&[f64]>| match own {
            None => all.and(0),
            Some(own) => own.iter().fold(all.and(1 + own.len() as u128), number),
        };
        let ends = self.around.map(|bounds| [bounds.min, bounds.max].concat());
        [
            Some(self.points.as_flattened()),
            self.times.as_deref(),
            self.distances.as_deref(),
            self.normals.as_ref().map(|own| own.as_flattened()),
            ends.as_deref(),
        ]
        .into_iter()
        .fold(Identity::of("target"), list)
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Where they are.
    pub fn points(&self) -> &[[f64; 3]] {
        &self.points
    }

    /// When they are, if not all are at time 0.
    pub fn times(&self) -> Option<&[f64]> {
        self.times.as_deref()
    }

    /// The signed distances, if they are known.
    pub fn distances(&self) -> Option<&[f64]> {
        self.distances.as_deref()
    }

    /// The normals, if they are known.
    pub fn normals(&self) -> Option<&[[f64; 3]]> {
        self.normals.as_deref()
    }

    /// The box around all points; none, where there are none.
    pub fn bounds(&self) -> Option<Bounds> {
        Bounds::around(&self.points)
    }
}

fn check<'a>(what: &str, mut rows: impl Iterator<Item = &'a [f64]>) -> Result<()> {
    match rows.position(|row| row.iter().any(|x| !x.is_finite())) {
        Some(n) => Err(Error::Input(format!("{what} {n} of a target is not finite"))),
        None => Ok(()),
    }
}

/// How many of so many samples are near the surface, or on it.
fn of_surface_in(count: usize) -> usize {
    (7 * count).div_ceil(8)
}

/// How far samples lie off the surface, in parts of the box's diagonal.
const OFF: [f64; 4] = [0.0, 0.003, 0.01, 0.04];

/// Samples of points on a surface: of four one stays there, and the others move by as much as [`OFF`] says; and more that are
/// all over the box.
fn spread(mut points: Vec<[f64; 3]>, bounds: &Bounds, count: usize, random: &mut Random) -> Vec<[f64; 3]> {
    let diagonal = bounds.size().iter().map(|side| side * side).sum::<f64>().sqrt();
    for (n, point) in points.iter_mut().enumerate() {
        let by = OFF[n % OFF.len()] * diagonal;
        *point = point.map(|x| x + by * normal_draw(random));
    }
    while points.len() < count {
        points.push(in_box(bounds, random));
    }
    points.truncate(count);
    points
}

fn in_box(bounds: &Bounds, random: &mut Random) -> [f64; 3] {
    let (low, size) = (bounds.min, bounds.size());
    std::array::from_fn(|axis| low[axis] + size[axis] * random.unit())
}

/// A draw from the normal distribution (Box and Muller 1958).
pub(super) fn normal_draw(random: &mut Random) -> f64 {
    let (u, v) = (1.0 - random.unit(), random.unit());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// How often points are drawn before a surface is said not to be there.
const ROUNDS: usize = 40;
/// How often a point is moved towards the surface.
const STEPS: usize = 12;

/// Points on the surface of a gradient tape's field, in a box: drawn in the box and moved by Newton's steps.
fn on_surface(
    tape: &Tape,
    bounds: &Bounds,
    t: f64,
    count: usize,
    random: &mut Random,
) -> Result<Vec<[f64; 3]>> {
    let size = bounds.size().into_iter().fold(0.0, f64::max);
    let mut found = Vec::with_capacity(count);
    for _ in 0..ROUNDS {
        let mut points: Vec<[f64; 3]> = (0..count.max(64)).map(|_| in_box(bounds, random)).collect();
        for _ in 0..STEPS {
            let columns = tape.eval(Coordinates::from(&points).at_time(t));
            for (n, point) in points.iter_mut().enumerate() {
                let slope = [columns[1][n], columns[2][n], columns[3][n]];
                let square: f64 = slope.iter().map(|part| part * part).sum();
                // No step is longer than a tenth of the box: far away fields may be flat.
                let step = columns[0][n] / square;
                let length = columns[0][n].abs() / square.sqrt();
                let step = if length > 0.1 * size { step * 0.1 * size / length } else { step };
                if step.is_finite() {
                    (0..3).for_each(|axis| point[axis] -= step * slope[axis]);
                }
            }
        }
        let values = &tape.eval(Coordinates::from(&points).at_time(t))[0];
        let is_there = |(n, point): (usize, [f64; 3])| {
            (values[n].abs() < 1e-9 * size.max(1.0) && bounds.contains(point)).then_some(point)
        };
        found.extend(points.into_iter().enumerate().filter_map(is_there));
        if found.len() >= count {
            found.truncate(count);
            return Ok(found);
        }
    }
    match found.len() {
        0 => Err(Error::Undefined("the target has no surface in its bounds".into())),
        // The few that are found stand for the others.
        few => Ok((0..count).map(|n| found[n % few]).collect()),
    }
}
