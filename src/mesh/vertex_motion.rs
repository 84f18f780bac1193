//! How the vertices of a field's mesh move with time and with parameters, by the implicit function theorem.
//!
//! A vertex v of the mesh is where one sheet of the surface is 0, or where two meet in a crease, or three or more in a corner.
//! As a parameter p changes, each sheet f stays 0 there: ∇f·dv/dp + ∂f/∂p = 0, an equation a sheet. The vertex moves as little
//! as they ask (the pseudo-inverse): along the normal where the surface is smooth, across the crease on one, as the corner does
//! in one. Time is a parameter like any other.
//!
//! A sheet is told from the others by a look beside the vertex, on a triangle's own side of the crease: the tape that is pruned
//! to what matters there is that sheet's function beyond the crease too, and so at the vertex itself.

use super::extract::{Extracted, between, clipped, eigen};
use super::{Point, dot};
use crate::error::Result;
use crate::field::{Field, Parameter};
use crate::number::Interval;
use crate::tape::{Adjoint, Asked, Tape, Tracer};
use rayon::prelude::*;

/// How the vertices of a mesh move as the time and the parameters of its field change.
///
/// Its derivatives are those of where the vertices truly are: on the surface, on its creases and in its corners. How a vertex
/// slides along the surface is nobody's to say, and it does not.
///
/// ```
/// use fieldgrad::mesh::Extraction;
/// use fieldgrad::prelude::*;
///
/// let ball = sphere(param("r", 0.5)).translate((2 * t(), 0, 0));
/// let found = ball.extract(&Extraction::default().resolution(24))?;
/// let motion = found.vertex_motion(&ball)?;
/// // Along the normal a vertex goes as fast as the ball does in that direction.
/// for (vertex, velocity) in found.mesh.vertices.iter().zip(motion.velocities()) {
///     let normal = vertex.map(|x| x / 0.5);
///     assert!((velocity[0] * normal[0] + velocity[1] * normal[1] + velocity[2] * normal[2] - 2.0 * normal[0]).abs() < 1e-6);
/// }
/// // The derivative of the mesh's volume in the radius is about the area.
/// let slope = motion.backward(&found.mesh.volume_gradient());
/// assert!((slope[0] / found.mesh.area() - 1.0).abs() < 0.01);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct VertexMotion {
    tape: Tape,
    time: f64,
    /// The sheets that meet in vertices, those of one vertex after those of another.
    sheets: Vec<Sheet>,
    /// Where the sheets of each vertex begin, and after the last.
    first: Vec<usize>,
    places: Vec<Point>,
}

/// One sheet of the surface at a vertex.
#[derive(Clone, Debug)]
struct Sheet {
    /// A place where the tape is pruned for it; none where it is the only one.
    beside: Option<Point>,
    /// Where its derivatives are taken: the vertex, or beside it where it has none in the vertex.
    at: Point,
    /// How far the vertex moves as the sheet's value there falls by 1: a column of the pseudo-inverse of all slopes.
    pull: Point,
    /// ∂f/∂t.
    rate: f64,
}

/// How far from a vertex towards a triangle's middle sheets are told apart, in parts of the way.
const BESIDE: f64 = 1e-3;
/// Normals whose cosine is less than 1 by more are of different sheets, where they are beside the vertex, and in it.
const APART: [f64; 2] = [2e-6, 1e-9];
/// From where on a direction counts in which the normals of sheets differ, as a part of the mean square.
const COUNTS: f64 = 1e-5;
/// How far what a sheet's slope is in the vertex may turn from what it is beside it, as a cosine.
const TURNS: f64 = 0.9;
/// How many directions are looked into about a vertex where sheets meet.
const DIRECTIONS: usize = 26;
/// Nearer to 0 than so much, in cells, a branch is a sheet of the vertex.
const ON: f64 = 1e-4;
/// How often a vertex is put on its sheets by Newton's method, to the digits of `f64`.
const STEPS: usize = 3;
/// How many vertices are looked at by one thread.
const CHUNK: usize = 256;

impl Extracted {
    /// How the vertices move with the time and the parameters of the field that the mesh was made of: see [`VertexMotion`].
    pub fn vertex_motion(&self, field: &Field) -> Result<VertexMotion> {
        let field = self.bounds.map_or_else(|| field.clone(), |bounds| clipped(field, bounds));
        let tape = field.tape()?;
        let around = triangles_around(&self.mesh.triangles, self.mesh.vertices.len());
        let vertices: Vec<usize> = (0..self.mesh.vertices.len()).collect();
        let chunks = vertices.par_chunks(CHUNK).map(|chunk| {
            let mut looking = SheetProbe { adjoint: Adjoint::new(&tape), tape: &tape, time: self.time };
            chunk.iter().map(|&n| looking.sheets(self, n, &around[n])).collect::<Vec<_>>()
        });
        let mut motion = VertexMotion {
            time: self.time,
            sheets: Vec::new(),
            first: vec![0],
            places: Vec::new(),
            tape: tape.clone(),
        };
        for (place, own) in chunks.collect::<Vec<_>>().into_iter().flatten() {
            motion.places.push(place);
            motion.sheets.extend(own);
            motion.first.push(motion.sheets.len());
        }
        Ok(motion)
    }
}

impl VertexMotion {
    /// The parameters, in the order of derivatives.
    pub fn parameters(&self) -> impl ExactSizeIterator<Item = &Parameter> {
        self.tape.parameters()
    }

    /// Whether it is known how a vertex moves: some sheet has a slope there.
    pub fn is_known(&self, vertex: usize) -> bool {
        self.first[vertex] < self.first[vertex + 1]
    }

    /// Where each vertex is on the surface, to the digits of `f64`; in the mesh it is rounded to `f32`.
    pub fn places(&self) -> &[[f64; 3]] {
        &self.places
    }

    /// The velocity of each vertex: its derivative in time, 0 where that is not known.
    pub fn velocities(&self) -> Vec<[f64; 3]> {
        self.moved(&self.sheets.iter().map(|sheet| sheet.rate).collect::<Vec<_>>())
    }

    /// The derivative of each vertex in a direction of the parameters: a Jacobian–vector product.
    ///
    /// Panics if there are not as many numbers as parameters.
    pub fn along(&self, direction: &[f64]) -> Vec<[f64; 3]> {
        assert_eq!(direction.len(), self.tape.values().len(), "a number for each parameter");
        let rates = self.over_chunks(|sheet, adjoint| {
            adjoint.back(&[1.0]);
            let rate: f64 = adjoint.parameters().zip(direction).map(|(slope, by)| slope * by).sum();
            (sheet, rate)
        });
        let rates = rates.into_iter().flatten().map(|(_, rate)| rate);
        self.moved(&rates.collect::<Vec<_>>())
    }

    /// The derivative in each parameter of a loss on the vertices, of which the derivative in each vertex is given: a
    /// vector–Jacobian product, by one backward pass a sheet.
    ///
    /// The sum is the same bits for any number of threads. Panics if there are not as many slopes as vertices.
    pub fn backward(&self, slopes: &[[f64; 3]]) -> Vec<f64> {
        assert_eq!(slopes.len() + 1, self.first.len(), "a slope for each vertex");
        let mut vertex_of = vec![0; self.sheets.len()];
        for vertex in 0..slopes.len() {
            vertex_of[self.first[vertex]..self.first[vertex + 1]].fill(vertex);
        }
        let sums = self.over_chunks(|sheet, adjoint| {
            let weight = -dot(self.sheets[sheet].pull, slopes[vertex_of[sheet]]);
            if weight == 0.0 {
                return Vec::new();
            }
            adjoint.back(&[weight]);
            adjoint.parameters().collect()
        });
        let mut total = vec![0.0; self.tape.values().len()];
        for slope in sums.iter().flatten() {
            total.iter_mut().zip(slope).for_each(|(total, slope)| *total += slope);
        }
        total
    }

    /// Looks at every sheet, with the adjoint run forward in the place of its derivatives; chunk by chunk.
    fn over_chunks<T: Send>(&self, look: impl Fn(usize, &mut Adjoint<f64>) -> T + Sync) -> Vec<Vec<T>> {
        let numbers: Vec<usize> = (0..self.sheets.len()).collect();
        let chunks = numbers.par_chunks(CHUNK).map(|chunk| {
            let mut whole = Adjoint::new(&self.tape);
            let look = |&n: &usize| {
                let Sheet { beside, at: [x, y, z], .. } = self.sheets[n];
                let mut own = beside.map(|place| Adjoint::new(&pruned(&self.tape, place, self.time)));
                let adjoint = own.as_mut().unwrap_or(&mut whole);
                adjoint.forward([x, y, z, self.time]).for_each(drop);
                look(n, adjoint)
            };
            chunk.iter().map(look).collect()
        });
        chunks.collect()
    }

    /// The part of a vertex's motion along its sheets: as much as these leave it.
    pub(super) fn along_sheets(&self, vertex: usize, motion: Point) -> Point {
        let mut basis: Vec<Point> = Vec::with_capacity(3);
        let without = |mut own: Point, basis: &[Point]| {
            for way in basis {
                let part = dot(*way, own);
                (0..3).for_each(|n| own[n] -= part * way[n]);
            }
            own
        };
        for sheet in &self.sheets[self.first[vertex]..self.first[vertex + 1]] {
            let own = without(sheet.pull, &basis);
            let (square, whole) = (dot(own, own), dot(sheet.pull, sheet.pull));
            if basis.len() < 3 && square > COUNTS * whole {
                basis.push(own.map(|x| x / square.sqrt()));
            }
        }
        without(motion, &basis)
    }

    /// Where the vertices are at another time, if their sheets are there the same and no vertex has gone far: by velocities, and
    /// then onto their sheets by Newton's method.
    pub(super) fn at(&self, time: f64, velocities: &[Point]) -> Vec<Point> {
        let vertices: Vec<usize> = (0..self.places.len()).collect();
        let chunks = vertices.par_chunks(CHUNK).map(|chunk| {
            let mut whole = Adjoint::new(&self.tape);
            let moved = |&n: &usize| {
                let from = self.places[n];
                let mut at = [0, 1, 2].map(|axis| from[axis] + (time - self.time) * velocities[n][axis]);
                let sheets = &self.sheets[self.first[n]..self.first[n + 1]];
                let own = |sheet: &Sheet| {
                    sheet.beside.map(|place| Adjoint::new(&pruned(&self.tape, place, self.time)))
                };
                let mut adjoints: Vec<Option<Adjoint<f64>>> = sheets.iter().map(own).collect();
                // 0 on the surface; beside it, where a tip has its slopes, what f is there now.
                let mut level = |(sheet, own): (&Sheet, &mut Option<Adjoint<f64>>)| {
                    let adjoint = own.as_mut().unwrap_or(&mut whole);
                    if sheet.at == from { 0.0 } else { look(adjoint, None, sheet.at, self.time).value }
                };
                let levels: Vec<f64> = sheets.iter().zip(&mut adjoints).map(&mut level).collect();
                for _ in 0..STEPS {
                    let found = sheets.iter().zip(&mut adjoints).zip(&levels).map(|((sheet, own), level)| {
                        let place = [0, 1, 2].map(|axis| sheet.at[axis] + at[axis] - from[axis]);
                        let found = look(own.as_mut().unwrap_or(&mut whole), sheet.beside, place, time);
                        SheetSlope { value: found.value - level, ..found }
                    });
                    let found: Vec<SheetSlope> = found.filter(|found| has_slope(found.slope)).collect();
                    if found.is_empty() {
                        break;
                    }
                    at = toward(at, &found);
                }
                at
            };
            chunk.iter().map(moved).collect::<Vec<_>>()
        });
        chunks.collect::<Vec<_>>().concat()
    }

    /// How vertices move where the sheets' values change at such rates.
    fn moved(&self, rates: &[f64]) -> Vec<[f64; 3]> {
        let vertices = self.first.windows(2).map(|ends| {
            let own = ends[0]..ends[1];
            self.sheets[own.clone()].iter().zip(&rates[own]).fold([0.0; 3], |sum, (sheet, rate)| {
                [0, 1, 2].map(|axis| sum[axis] - rate * sheet.pull[axis])
            })
        });
        vertices.collect()
    }
}

/// One of the directions to the sides, edges and corners of a cube, a little turned, so that none lies in planes of symmetry.
fn direction(n: usize) -> Point {
    let n = if n < 13 { n } else { n + 1 };
    let [a, b, c] = [n % 3, n / 3 % 3, n / 9].map(|n| n as f64 - 1.0);
    let turned = [a + 0.05 * b - 0.03 * c, b + 0.04 * c - 0.05 * a, c + 0.03 * a - 0.04 * b];
    unit(turned).0
}

/// The numbers of the triangles around each vertex.
fn triangles_around(triangles: &[[u32; 3]], vertices: usize) -> Vec<Vec<u32>> {
    let mut around = vec![Vec::new(); vertices];
    for (n, corners) in triangles.iter().enumerate() {
        corners.iter().for_each(|&corner| around[corner as usize].push(n as u32));
    }
    around
}

/// The tape that is enough in a place.
fn pruned(tape: &Tape, [x, y, z]: Point, t: f64) -> Tape {
    let mut tracer = Tracer::new(tape);
    tracer.over([x, y, z, t].map(Interval::point));
    tracer.prune(Asked::Value).unwrap_or_else(|| tape.clone())
}

/// A function that is 0 on a sheet, with its value and slopes in a place.
struct SheetSlope {
    beside: Option<Point>,
    at: Point,
    value: f64,
    slope: Point,
    rate: f64,
}

struct SheetProbe<'t> {
    tape: &'t Tape,
    adjoint: Adjoint<f64>,
    time: f64,
}

impl SheetProbe<'_> {
    /// The sheets that meet in a vertex, by the triangles around it.
    fn sheets(&mut self, of: &Extracted, vertex: usize, around: &[u32]) -> (Point, Vec<Sheet>) {
        let mut at = of.mesh.vertices[vertex];
        let beside = |&triangle: &u32| {
            let corners = of.mesh.corners(triangle as usize);
            let middle = [0, 1, 2].map(|n| (corners[0][n] + corners[1][n] + corners[2][n]) / 3.0);
            between(at, middle, BESIDE)
        };
        let places: Vec<Point> = around.iter().map(beside).collect();
        let looks: Vec<SheetSlope> =
            places.iter().map(|&place| look(&mut self.adjoint, None, place, self.time)).collect();
        let looks: Vec<SheetSlope> = looks.into_iter().filter(|found| has_slope(found.slope)).collect();
        let Some(one) = looks.first() else { return (at, Vec::new()) };
        let here = look(&mut self.adjoint, None, at, self.time);
        let is_on = here.value.abs() <= ON * of.cell * dot(one.slope, one.slope).sqrt();
        if looks.iter().all(|found| cosine(found.slope, one.slope) > 1.0 - APART[0]) {
            // One sheet: the whole tape will do, in the vertex itself.
            let mut found = one_of(&mut self.adjoint, None, at, one, self.time);
            for _ in 0..STEPS {
                at = toward(at, std::slice::from_ref(&found));
                found = one_of(&mut self.adjoint, None, at, one, self.time);
            }
            return (at, pulled(vec![found]));
        }
        // Triangles may cut across a bent crease: all branches about the vertex that are 0 in it are sheets there.
        let reach = BESIDE * of.cell;
        let about = (0..DIRECTIONS).map(|n| {
            let place = direction(n);
            [0, 1, 2].map(|axis| at[axis] + reach * place[axis])
        });
        let about: Vec<Point> = about.collect();
        let about = about.into_iter().map(|place| look(&mut self.adjoint, None, place, self.time));
        let triangles = looks.len();
        let looks: Vec<SheetSlope> =
            looks.into_iter().chain(about.filter(|found| has_slope(found.slope))).collect();
        let mut found: Vec<(Tape, SheetSlope)> = Vec::new();
        for (n, seen) in looks.into_iter().enumerate() {
            let tape = pruned(self.tape, seen.at, self.time);
            let own = one_of(&mut Adjoint::new(&tape), Some(seen.at), at, &seen, self.time);
            let is_known = |(_, other): &(Tape, SheetSlope)| cosine(other.slope, own.slope) > 1.0 - APART[1];
            let is_zero = own.value.abs() <= ON * of.cell * dot(own.slope, own.slope).sqrt();
            let is_sheet = if own.at == at { is_zero } else { n < triangles };
            if (is_sheet || n < triangles && !is_on) && !found.iter().any(is_known) {
                found.push((tape, own));
            }
        }
        if found.is_empty() {
            return (at, Vec::new());
        }
        for _ in 0..STEPS {
            let (tapes, own): (Vec<Tape>, Vec<SheetSlope>) = found.into_iter().unzip();
            at = toward(at, &own);
            let again = tapes.into_iter().zip(own).map(|(tape, own)| {
                let next = one_of(&mut Adjoint::new(&tape), own.beside, at, &own, self.time);
                (tape, next)
            });
            found = again.collect();
        }
        (at, pulled(found.into_iter().map(|(_, found)| found).collect()))
    }
}

/// The value and slopes of a tape in a place.
fn look(adjoint: &mut Adjoint<f64>, beside: Option<Point>, at: Point, t: f64) -> SheetSlope {
    let [x, y, z] = at;
    let value = *adjoint.forward([x, y, z, t]).next().expect("one output");
    adjoint.back(&[1.0]);
    let [dx, dy, dz, rate] = adjoint.coordinates();
    SheetSlope { beside, at, value, slope: [dx, dy, dz], rate }
}

/// A sheet's function in a vertex; or beside it as it was seen, where its slope in the vertex is another: in the tip of a cone.
fn one_of(
    adjoint: &mut Adjoint<f64>,
    beside: Option<Point>,
    at: Point,
    seen: &SheetSlope,
    t: f64,
) -> SheetSlope {
    let found = look(adjoint, beside, at, t);
    if has_slope(found.slope) && cosine(found.slope, seen.slope) > TURNS && found.value.is_finite() {
        return found;
    }
    SheetSlope { beside: beside.or(seen.beside), value: 0.0, ..*seen }
}

/// Where the sheets found in a place meet, to first order.
fn toward(at: Point, found: &[SheetSlope]) -> Point {
    let pulls = pulls(found);
    let by =
        |axis: usize| found.iter().zip(&pulls).map(|(found, pull)| found.value * pull[axis]).sum::<f64>();
    [0, 1, 2].map(|axis| at[axis] - by(axis))
}

fn pulled(found: Vec<SheetSlope>) -> Vec<Sheet> {
    let pulls = pulls(&found);
    let sheet = |(found, pull): (SheetSlope, Point)| Sheet {
        beside: found.beside,
        at: found.at,
        pull,
        rate: found.rate,
    };
    found.into_iter().zip(pulls).map(sheet).collect()
}

/// The columns of the pseudo-inverse of the sheets' slopes, each weighed by its size.
fn pulls(found: &[SheetSlope]) -> Vec<Point> {
    if let [one] = found {
        let square = dot(one.slope, one.slope);
        return vec![one.slope.map(|x| x / square)];
    }
    let normals: Vec<(Point, f64)> = found.iter().map(|found| unit(found.slope)).collect();
    let mut squares = [[0.0; 3]; 3];
    for (normal, _) in &normals {
        (0..3).for_each(|i| (0..3).for_each(|j| squares[i][j] += normal[i] * normal[j]));
    }
    let (values, vectors) = eigen(squares);
    let most = values.into_iter().fold(0.0, f64::max);
    let pull = |&(normal, length): &(Point, f64)| {
        let parts =
            (0..3).filter(|&n| values[n] > COUNTS * most).map(|n| (n, dot(vectors[n], normal) / values[n]));
        parts.fold([0.0; 3], |sum, (n, part)| {
            [0, 1, 2].map(|axis| sum[axis] + part * vectors[n][axis] / length)
        })
    };
    normals.iter().map(pull).collect()
}

fn unit(slope: Point) -> (Point, f64) {
    let length = dot(slope, slope).sqrt();
    (slope.map(|x| x / length), length)
}

fn has_slope(slope: Point) -> bool {
    let square = dot(slope, slope);
    square > 0.0 && square.is_finite()
}

fn cosine(a: Point, b: Point) -> f64 {
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[cfg(test)]
mod tests {
    use crate::mesh::Extraction;
    use crate::prelude::*;

    /// How far from what they should be the vertices' derivatives are that satisfy a condition.
    fn worst(
        of: &[[f64; 3]],
        vertices: &[[f64; 3]],
        wanted: impl Fn([f64; 3]) -> Option<[f64; 3]>,
    ) -> (f64, usize) {
        let mut count = 0;
        let off = |(moved, &at): (&[f64; 3], &[f64; 3])| {
            let wanted = wanted(at)?;
            count += 1;
            Some((0..3).map(|n| (moved[n] - wanted[n]).abs()).fold(0.0, f64::max))
        };
        (of.iter().zip(vertices).filter_map(off).fold(0.0, f64::max), count)
    }

    #[test]
    fn a_box_that_grows_and_turns_takes_its_corners_along() {
        // About z by the angle t, as wide as p.
        let p = param("p", 0.4);
        let solid = r#box((2 * p, 0.6, 0.5)).rotate_z(0.3 + t());
        let found = solid.extract(&Extraction::default().resolution(20)).unwrap();
        let motion = found.vertex_motion(&solid).unwrap();
        let velocities = motion.velocities();
        let wider = motion.along(&[1.0]);
        let (s, c) = 0.3f64.sin_cos();
        let own = |[x, y, z]: [f64; 3]| [c * x + s * y, c * y - s * x, z];
        let ends = |at: [f64; 3]| {
            let [x, y, z] = own(at);
            [(x, 0.4), (y, 0.3), (z, 0.25)]
                .map(|(x, end): (f64, f64)| ((x.abs() - end).abs() < 1e-4).then_some(x.signum()))
        };
        let (off, count) = worst(&velocities, &found.mesh.vertices, |at| {
            let [x, y, z] = ends(at);
            (x.is_some() && y.is_some() && z.is_some()).then_some([-at[1], at[0], 0.0])
        });
        assert!(off < 1e-6 && count == 8, "{count} corners, off by {off}");
        let (off, count) = worst(&wider, &found.mesh.vertices, |at| {
            let [x, y, z] = ends(at);
            // Faces go along their normals, edges and corners too here.
            let along = x.unwrap_or(0.0);
            (y.is_some() || z.is_some() || x.is_some()).then_some([c * along, s * along, 0.0])
        });
        assert!(off < 1e-6 && count == found.mesh.vertices.len(), "{count} vertices, off by {off}");
    }

    #[test]
    fn what_goes_back_is_what_goes_forward() {
        let (r, d) = (param("r", 0.5), param("d", 0.3));
        let solid =
            union([sphere(r.clone()), sphere(0.4).translate((d, 0.1, 0))]).difference(r#box([0.3, 0.3, 3.0]));
        let found = solid.extract(&Extraction::default().resolution(24)).unwrap();
        let motion = found.vertex_motion(&solid).unwrap();
        let slopes: Vec<[f64; 3]> =
            (0..found.mesh.vertices.len()).map(|n| [0.1, 0.2, 0.3].map(|x| (x * n as f64).sin())).collect();
        let back = motion.backward(&slopes);
        for (n, direction) in [[1.0, 0.0], [0.0, 1.0]].iter().enumerate() {
            let forward = motion
                .along(direction)
                .iter()
                .zip(&slopes)
                .map(|(moved, slope)| super::dot(*moved, *slope))
                .sum::<f64>();
            assert!((forward - back[n]).abs() < 1e-9 * forward.abs().max(1.0), "{forward} {}", back[n]);
        }
    }

    #[test]
    fn the_tip_of_a_cone_goes_with_it() {
        let solid = cone(0.5, 1.0).translate((param("a", 0.1), 0, 0));
        let found = solid.extract(&Extraction::default().resolution(24)).unwrap();
        let motion = found.vertex_motion(&solid).unwrap();
        let tip = (0..found.mesh.vertices.len())
            .max_by(|&a, &b| found.mesh.vertices[a][1].total_cmp(&found.mesh.vertices[b][1]))
            .unwrap();
        let moved = motion.along(&[1.0])[tip];
        assert!((moved[0] - 1.0).abs() < 0.1, "{:?} moves by {moved:?}", found.mesh.vertices[tip]);
    }
}
