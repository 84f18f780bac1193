//! Reading a tape about the surface: values, slopes, roots between two points, feature points.

use crate::mesh::Point;
pub(super) use crate::mesh::dot;
use crate::number::Dual;
use crate::tape::{Block64, Machine, Slopes, Tape};

/// The part of space that a point may be moved in: a range along each axis, of no length where it is fixed.
#[derive(Clone, Copy)]
pub(super) struct Room {
    pub lo: Point,
    pub hi: Point,
}

impl Room {
    pub fn held(&self, p: Point) -> Point {
        [0, 1, 2].map(|axis| p[axis].clamp(self.lo[axis], self.hi[axis]))
    }

    pub fn is_free(&self, axis: usize) -> bool {
        self.lo[axis] < self.hi[axis]
    }

    /// Whether a point is in it, or outside by no more than so much.
    pub fn holds(&self, p: Point, slack: f64) -> bool {
        (0..3).all(|axis| p[axis] >= self.lo[axis] - slack && p[axis] <= self.hi[axis] + slack)
    }

    pub fn middle(&self) -> Point {
        [0, 1, 2].map(|axis| 0.5 * (self.lo[axis] + self.hi[axis]))
    }

    /// The same without a part of it along each side.
    pub fn shrunk(&self, part: f64) -> Room {
        let less = |axis: usize| part * (self.hi[axis] - self.lo[axis]);
        Room { lo: [0, 1, 2].map(|n| self.lo[n] + less(n)), hi: [0, 1, 2].map(|n| self.hi[n] - less(n)) }
    }

    /// The slope without what is along fixed axes.
    fn along(&self, slope: Point) -> Point {
        [0, 1, 2].map(|axis| if self.is_free(axis) { slope[axis] } else { 0.0 })
    }
}

pub(in crate::mesh) fn between(a: Point, b: Point, s: f64) -> Point {
    [0, 1, 2].map(|axis| a[axis] + s * (b[axis] - a[axis]))
}

/// Two points with the values there, between which there is a root.
#[derive(Clone, Copy)]
pub(super) struct Bracket {
    pub ends: [Point; 2],
    pub values: [f64; 2],
}

/// Parts of a bracket that a root is narrowed down to.
const NARROW: f64 = 1e-10;
/// How often a root is narrowed at most.
const MAX_STEPS: usize = 60;

/// Reads one tape.
pub(super) struct TapeProbe<'t> {
    tape: &'t Tape,
    block: Option<Block64>,
    dual: Option<Machine<Dual<f64, 3>>>,
    columns: [Vec<f64>; 4],
}

impl<'t> TapeProbe<'t> {
    pub fn new(tape: &'t Tape) -> TapeProbe<'t> {
        TapeProbe { tape, block: None, dual: None, columns: Default::default() }
    }

    /// The values at some points.
    pub fn values(&mut self, points: impl ExactSizeIterator<Item = Point> + Clone) -> &[f64] {
        let block = self.block.get_or_insert_with(|| Block64::new(self.tape));
        let [xs, ys, zs, values] = &mut self.columns;
        for (axis, column) in [&mut *xs, ys, zs].into_iter().enumerate() {
            column.clear();
            column.extend(points.clone().map(|point| point[axis]));
        }
        values.clear();
        values.resize(xs.len(), 0.0);
        block.eval([xs, ys, zs], &mut [values]);
        values
    }

    pub fn value(&mut self, at: Point) -> f64 {
        self.values([at].into_iter())[0]
    }

    /// The value and ∇f at a point.
    pub fn slope(&mut self, [x, y, z]: Point) -> (f64, Point) {
        let machine = self.dual.get_or_insert_with(|| Machine::new(self.tape));
        let [x, y, z] = Dual::variables([x, y, z]);
        let found = machine.at_point([x, y, z])[0];
        (found.value, found.slope)
    }

    /// Where between each two points the root is, as a part of the way, by regula falsi with halvings between.
    pub fn roots(&mut self, brackets: &[Bracket]) -> Vec<f64> {
        struct RootState {
            lo: f64,
            hi: f64,
            values: [f64; 2],
            found: f64,
        }
        let start = |bracket: &Bracket| RootState { lo: 0.0, hi: 1.0, values: bracket.values, found: 0.5 };
        let mut states: Vec<RootState> = brackets.iter().map(start).collect();
        let mut open: Vec<usize> = (0..states.len()).collect();
        let mut tried = Vec::new();
        for step in 0..MAX_STEPS {
            if open.is_empty() {
                break;
            }
            tried.clear();
            for &n in &open {
                let RootState { lo, hi, values: [a, b], .. } = states[n];
                let part = a / (a - b);
                let halve = step % 3 == 2 || !(part.is_finite() && (0.0..=1.0).contains(&part));
                // Not quite an end, so that the bracket shrinks from both sides.
                let part = if halve { 0.5 } else { part.clamp(1e-3 * NARROW, 1.0 - 1e-3 * NARROW) };
                tried.push(lo + part * (hi - lo));
            }
            let places =
                open.iter().zip(&tried).map(|(&n, &s)| between(brackets[n].ends[0], brackets[n].ends[1], s));
            let places: Vec<Point> = places.collect();
            let values = self.values(places.into_iter());
            let mut left = Vec::with_capacity(open.len());
            for ((&n, &s), &value) in open.iter().zip(&tried).zip(values) {
                let state = &mut states[n];
                state.found = s;
                // The side that is kept is told half its value (Illinois), so that the next try falls beyond the root.
                if (value <= 0.0) == (state.values[0] <= 0.0) {
                    (state.lo, state.values) = (s, [value, 0.5 * state.values[1]]);
                } else {
                    (state.hi, state.values) = (s, [0.5 * state.values[0], value]);
                }
                let size = brackets[n].values[0].abs() + brackets[n].values[1].abs();
                if state.hi - state.lo > NARROW && value.abs() > 1e-14 * size {
                    left.push(n);
                }
            }
            open = left;
        }
        states.into_iter().map(|state| state.found).collect()
    }

    /// The place between two points where the sign changes.
    pub fn root(&mut self, bracket: Bracket) -> Point {
        let s = self.roots(&[bracket])[0];
        between(bracket.ends[0], bracket.ends[1], s)
    }

    /// The values and ∇f at many points, in `f32`.
    pub fn rough_slopes(&mut self, points: impl Iterator<Item = Point> + Clone) -> Vec<Point> {
        let column = |axis: usize| points.clone().map(|point| point[axis] as f32).collect::<Vec<f32>>();
        let [xs, ys, zs] = [0, 1, 2].map(column);
        let [mut dx, mut dy, mut dz] = [(); 3].map(|()| vec![0.0; xs.len()]);
        Slopes::default().eval(self.tape, [&xs, &ys, &zs], [&mut dx, &mut dy, &mut dz]);
        (0..xs.len()).map(|n| [dx[n], dy[n], dz[n]].map(f64::from)).collect()
    }

    /// A place between two points where the value has the other sign than at both, if it goes towards that from both ends:
    /// as low as where the two slopes meet, and where those found there meet the others.
    pub fn dip(
        &mut self,
        ends: [Point; 2],
        values: [f64; 2],
        slopes: [Point; 2],
        inside: bool,
    ) -> Option<(Point, f64)> {
        let turn = if inside { -1.0 } else { 1.0 };
        let way = [0, 1, 2].map(|n| ends[1][n] - ends[0][n]);
        let mut sides = [0, 1].map(|n| (n as f64, turn * values[n], turn * dot(way, slopes[n])));
        let mut found: Option<(Point, f64)> = None;
        for step in 0..16 {
            let [(l, low, down), (r, high, up)] = sides;
            if !(down < 0.0 && up > 0.0) {
                break;
            }
            let meet = (high - low + down * l - up * r) / (down - up);
            // Below both tangents nothing of a convex function lies; one that is not is given some more room.
            let least = low + down * (meet - l);
            if found.is_none() && least > 0.25 * low.min(high) || r - l < 1e-7 {
                break;
            }
            let s = meet.clamp(l + 0.02 * (r - l), r - 0.02 * (r - l));
            let at = between(ends[0], ends[1], s);
            let (value, slope) = self.slope(at);
            let (own, along) = (turn * value, dot(way, slope));
            if !own.is_finite() {
                break;
            }
            if own < 0.0 && found.is_none_or(|(_, best)| value.abs() > best.abs()) {
                found = Some((at, value));
            }
            if found.is_some() && step > 4 {
                break;
            }
            let along = turn * along;
            sides[usize::from(along > 0.0)] = (s, own, along);
        }
        found
    }

    /// A place in a room where the value has the other sign, if going down the slopes leads to one.
    pub fn seek(&mut self, room: &Room, from: Point, cell: f64, inside: bool) -> Option<(Point, f64)> {
        let room = room.shrunk(1e-3);
        let mut at = room.held(from);
        let mut found: Option<(Point, f64)> = None;
        let mut beyond = 0.1;
        let mut planes: Vec<(Point, f64)> = Vec::new();
        for step in 0..14 {
            let (value, slope) = self.slope(at);
            if !value.is_finite() {
                return found;
            }
            let other = if inside { value > 0.0 } else { value <= 0.0 };
            if other && found.is_none_or(|(_, best)| value.abs() > best.abs()) {
                found = Some((at, value));
            }
            let along = room.along(slope);
            let square = dot(along, along);
            if !(square > 0.0 && square.is_finite()) || found.is_some() && step > 8 {
                break;
            }
            // A little beyond 0, on the side that is looked for; less and less, where that is narrow.
            let size = beyond * cell * square.sqrt();
            beyond *= 0.7;
            let by = (if inside { size } else { -size } - value) / square;
            // What would lead far out of the room only shows that there is nothing near.
            if by.abs() * square.sqrt() > 2.0 * cell {
                break;
            }
            let turn = if inside { -1.0 } else { 1.0 } / square.sqrt();
            let normal = along.map(|x| turn * x);
            planes.push((normal, turn * value - dot(normal, at)));
            let next = match planes.len() {
                // Now and then to the place that is as far behind all planes met so far, where they enclose one.
                n if n % 3 == 0 => room.held(behind(&planes, at)),
                _ => room.held([0, 1, 2].map(|axis| at[axis] + by * along[axis])),
            };
            if next == at {
                break;
            }
            at = next;
        }
        found
    }

    /// A point of the surface near another, within a room, by Newton's method; none where it does not lead to one.
    pub fn onto(&mut self, room: &Room, from: Point, cell: f64) -> Option<Point> {
        let mut at = room.held(from);
        for _ in 0..8 {
            let (value, slope) = self.slope(at);
            let along = room.along(slope);
            let square = dot(along, along);
            if !(value.is_finite() && square > 0.0 && square.is_finite()) {
                return None;
            }
            if value.abs() <= 1e-10 * cell * square.sqrt() {
                return Some(at);
            }
            at = room.held([0, 1, 2].map(|axis| at[axis] - value * along[axis] / square));
        }
        let (value, slope) = self.slope(at);
        let along = room.along(slope);
        (value.abs() <= 1e-7 * cell * dot(along, along).sqrt()).then_some(at)
    }

    /// The point where sheets of the surface meet in a room: a crease's nearest to where it is started, or a corner.
    ///
    /// Each sample is a place on one of the sheets. The planes that touch the sheets there are met (the nearest point to
    /// all of them, as of dual contouring); then samples are drawn nearer to where that is and it is done again, so that
    /// what is found lies on curved sheets too, and what only bends is told from what has an edge: where a smooth surface is
    /// looked at more closely its normals agree, those beside a crease do not.
    pub fn crease(&mut self, room: &Room, samples: &[Point], start: Point, cell: f64) -> Option<Point> {
        if samples.len() < 2 {
            return None;
        }
        let mut samples = samples.to_vec();
        let mut at = start;
        let mut rank = 0;
        let inner = room.shrunk(0.01);
        for (round, &(part, least)) in ROUNDS.iter().enumerate() {
            let mut planes = Vec::with_capacity(samples.len());
            for &sample in &samples {
                let place = between(at, sample, part);
                let (value, slope) = self.slope(place);
                let along = room.along(slope);
                let length = dot(along, along).sqrt();
                if value.is_finite() && length > 1e-3 * dot(slope, slope).sqrt() {
                    let normal = along.map(|x| x / length);
                    planes.push((normal, value / length + dot(normal, [0, 1, 2].map(|n| at[n] - place[n]))));
                }
            }
            let (mut by, found) = meeting(&planes, least)?;
            rank = found;
            // A crease may pass through a corner of the room only: from the room to the crease and back.
            for _ in 0..if rank == 2 { MAX_TURNS } else { 0 } {
                let next = [0, 1, 2].map(|axis| at[axis] + by[axis]);
                if inner.holds(next, 0.0) {
                    break;
                }
                let held = inner.held(next);
                let moved = [0, 1, 2].map(|axis| held[axis] - at[axis]);
                let seen = planes.iter().map(|&(normal, distance)| (normal, distance + dot(normal, moved)));
                let (back, _) = meeting(&seen.collect::<Vec<_>>(), least)?;
                by = [0, 1, 2].map(|axis| moved[axis] + back[axis]);
            }
            if rank < 2 && (round > 0 || planes.iter().all(|plane| dot(plane.0, planes[0].0) > ALIKE)) {
                return None;
            }
            let next = [0, 1, 2].map(|axis| at[axis] + by[axis]);
            if !room.holds(next, 2.0 * cell) {
                return None;
            }
            at = next;
            // A sheet that no sample is on may pass before the point: it is one more.
            if (1..3).contains(&round) && room.holds(at, 0.0) {
                let (value, slope) = self.slope(at);
                if value.abs() > 1e-3 * cell * dot(slope, slope).sqrt() {
                    samples.push(at);
                }
            }
        }
        let (value, slope) = self.slope(at);
        let is_on = value.abs() <= 1e-5 * cell * dot(slope, slope).sqrt();
        (rank >= 2 && is_on && room.holds(at, 1e-9 * cell)).then_some(at)
    }
}

/// How near samples are drawn to the point round by round, in parts of how far they are; and from where on a direction
/// counts in which their normals differ, as a part of the mean square.
const ROUNDS: [(f64, f64); 6] =
    [(1.0, 2e-2), (0.5, 5e-3), (0.125, 1e-3), (0.02, 3e-4), (0.002, 1e-4), (0.002, 1e-4)];

/// How often a crease is followed into a room.
const MAX_TURNS: usize = 16;

/// Normals whose cosine is greater are of one flat piece.
const ALIKE: f64 = 0.99999;

pub(super) fn mean(points: &[Point]) -> Point {
    let sum = points.iter().fold([0.0; 3], |sum, p| [0, 1, 2].map(|n| sum[n] + p[n]));
    sum.map(|x| x / points.len() as f64)
}

/// How far it is to the point that is nearest to all planes, given by normals and distances; and in how many directions
/// they say anything.
fn meeting(planes: &[(Point, f64)], least: f64) -> Option<(Point, usize)> {
    if planes.is_empty() {
        return None;
    }
    let (mut matrix, mut right) = ([[0.0; 3]; 3], [0.0; 3]);
    for &(normal, distance) in planes {
        for i in 0..3 {
            right[i] -= normal[i] * distance;
            (0..3).for_each(|j| matrix[i][j] += normal[i] * normal[j]);
        }
    }
    let (values, vectors) = eigen(matrix);
    let most = values.into_iter().fold(0.0, f64::max);
    let (mut by, mut rank) = ([0.0; 3], 0);
    for n in 0..3 {
        if values[n] > least * most {
            let part = dot(vectors[n], right) / values[n];
            (0..3).for_each(|axis| by[axis] += part * vectors[n][axis]);
            rank += 1;
        }
    }
    Some((by, rank))
}

/// The place whose distances to planes differ least, given those by normals and distances from the origin; the nearest to
/// another, where that leaves some choice. Where sheets close in on a place from all sides it is in their middle.
fn behind(planes: &[(Point, f64)], near: Point) -> Point {
    // The three steps to it, and the distance that all have: four equations, held to what is near.
    const HELD: f64 = 1e-4;
    let mut rows = [[0.0; 5]; 4];
    for &(normal, distance) in planes {
        let row = [normal[0], normal[1], normal[2], -1.0, -(distance + dot(normal, near))];
        for i in 0..4 {
            (0..5).for_each(|j| rows[i][j] += row[i] * row[j]);
        }
    }
    (0..4).for_each(|i| rows[i][i] += HELD);
    for i in 0..4 {
        let row = rows[i];
        for j in (0..4).filter(|&j| j != i) {
            let factor = rows[j][i] / row[i];
            (0..5).for_each(|k| rows[j][k] -= factor * row[k]);
        }
    }
    [0, 1, 2].map(|n| near[n] + rows[n][4] / rows[n][n])
}

/// The eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's rotations.
pub(in crate::mesh) fn eigen(mut m: [[f64; 3]; 3]) -> ([f64; 3], [Point; 3]) {
    let mut vectors = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    for _ in 0..12 {
        let off = m[0][1].abs() + m[0][2].abs() + m[1][2].abs();
        if off <= 1e-300 {
            break;
        }
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            if m[p][q] == 0.0 {
                continue;
            }
            let theta = (m[q][q] - m[p][p]) / (2.0 * m[p][q]);
            let t = if theta.is_finite() {
                theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt())
            } else {
                0.0
            };
            let c = 1.0 / (t * t + 1.0).sqrt();
            let s = t * c;
            for k in 0..3 {
                (m[k][p], m[k][q]) = (c * m[k][p] - s * m[k][q], s * m[k][p] + c * m[k][q]);
            }
            for k in 0..3 {
                (m[p][k], m[q][k]) = (c * m[p][k] - s * m[q][k], s * m[p][k] + c * m[q][k]);
                (vectors[p][k], vectors[q][k]) =
                    (c * vectors[p][k] - s * vectors[q][k], s * vectors[p][k] + c * vectors[q][k]);
            }
        }
    }
    ([m[0][0], m[1][1], m[2][2]], vectors)
}
