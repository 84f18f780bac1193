//! Growing a field from nothing: parts where most is missing, more than are wanted, fitted together, and those that pay
//! least taken out again.

use super::blend::{Blend, DistanceSamples, Tapes, values};
use super::journal::{Journal, JournalWatch};
use super::kind::PartKind;
use super::least_squares::LeastSquares;
use super::model::Factor;
use super::objective::{Progress, Watch};
use super::part::{NUMBERS, Part, rounded};
use super::robust::Robust;
use super::target::Target;
use crate::error::{Error, Result};
use crate::field::Field;
use crate::measure::Bounds;
use crate::random::Random;
use nalgebra::{Matrix3, Rotation3, SymmetricEigen, Vector3};

/// How a field is grown to a target with signed distances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// The most parts.
    pub parts: usize,
    /// The root of the mean square of what is left, near the surface, at which it is enough.
    pub error: f64,
    /// From how many starts it is grown, the best of which goes on. Where the target looks the same in a mirror, all but
    /// the first grow one side of it alone.
    pub starts: usize,
    /// How often parts are added then, and as many that pay least taken out.
    pub rounds: usize,
    /// The solid that each part is. Only parts of any kind are blended and mirrored.
    pub kind: PartKind,
}

impl Default for Growth {
    fn default() -> Growth {
        Growth { parts: 20, error: 0.0, starts: 2, rounds: 4, kind: PartKind::Any }
    }
}

/// A field that was grown: parts, each in a smooth union with those before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Grown {
    /// The parts, their numbers rounded as they are written.
    pub parts: Vec<Part>,
    /// The size of the whole: the longest side of the box of the target's inside.
    pub reach: f64,
    /// How many digits more its parts' numbers have than to about a ten-thousandth of what is their size.
    pub digits: usize,
    /// The box it lies in: that of the target's inside, and a tenth of its size more on each side.
    pub around: Bounds,
    /// The middle of the whole.
    pub middle: [f64; 3],
    /// The axes along which it is mirrored in that: parts are of the greater side.
    pub mirrored: [bool; 3],
    /// How far the whole is moved outwards.
    pub offset: f64,
    /// The weighted cost of what is left.
    pub cost: f64,
}

/// How near the surface a sample counts in full, in parts of the whole's size.
const NEAR: f64 = 0.04;
/// The residual from which on it counts less, in the same.
const OUTLYING: f64 = 0.01;
/// The blend of a new part, in the same.
const FIRST_BLEND: f64 = 0.03;
/// The least that a target misses where a part is put, and the least depth of one, in the same.
const MISSING: f64 = 1e-4;
const DEPTH: f64 = 2e-3;
/// Of how many samples parts are found; all are used at the end.
const SAMPLES: usize = 6000;
/// How many parts a round adds and takes out, of so many.
const ONE_IN: usize = 6;

impl Growth {
    /// Grows a field to samples of signed distances. `watch` sees each step of each fit and may end it all: what is
    /// there then is given.
    ///
    /// An error where the target has no distances, or no sample inside.
    pub fn grow(&self, target: &Target, watch: &mut Watch) -> Result<Grown> {
        self.grow_on(target, &mut Journal::default(), &mut |progress, _| watch(progress))
    }

    /// The same, with what was found before it was interrupted.
    pub fn grow_on(&self, target: &Target, journal: &mut Journal, watch: &mut JournalWatch) -> Result<Grown> {
        self.grow_and(target, 0, journal, watch, |_, _, _, _| Ok(()))
    }

    /// The same, to so many digits more, with something done to the parts at the end.
    pub(super) fn grow_and(
        &self,
        target: &Target,
        digits: usize,
        journal: &mut Journal,
        watch: &mut JournalWatch,
        finish: impl FnOnce(&mut Grower, &mut GrownParts, &GrownFrame, &mut JournalWatch) -> Result<()>,
    ) -> Result<Grown> {
        let Some(distances) = target.distances() else {
            return Err(Error::Input("the target's points have no signed distances".into()));
        };
        let inside =
            || distances.iter().zip(target.points()).filter(|(d, _)| **d < 0.0).map(|(_, &point)| point);
        let Some(around) = Target::new(inside().collect())?.bounds() else {
            return Err(Error::Input("no sample of the target is inside".into()));
        };
        let reach = around.size().into_iter().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
        let whole = target.around.unwrap_or(around);
        let middle: [f64; 3] =
            std::array::from_fn(|axis| rounded(0.5 * (whole.min[axis] + whole.max[axis]), reach));
        // From here on the whole has the size 1.
        let mut frame = GrownFrame { middle, reach, mirrored: [false; 3] };
        let points = frame.folded(target.points());
        let distances: Vec<f64> = distances.iter().map(|d| d / reach).collect();
        let mirrors = if self.kind == PartKind::Any { mirrors(&points, &distances) } else { [false; 3] };
        let mut grower = Grower {
            growth: self,
            tapes: Tapes::new()?,
            reach,
            random: Random(0),
            journal,
            error: self.error,
            is_told: false,
            is_stopped: false,
        };
        let (mut best, mut mirrored) = (GrownParts::default(), [false; 3]);
        for start in 0..self.starts.max(1) {
            if grower.is_stopped && !best.numbers.is_empty() {
                break;
            }
            grower.random = Random(start as u64);
            let own_mirrors = if start == 0 { [false; 3] } else { mirrors };
            let few = few_of(&folded(&points, own_mirrors), &distances, start);
            let own = grower.begin(&few, start > 1, watch)?;
            if own.cost < best.cost || best.numbers.is_empty() {
                (best, mirrored) = (own, own_mirrors);
            }
        }
        let points = folded(&points, mirrored);
        for round in 0..self.rounds {
            let few = few_of(&points, &distances, 0);
            best.cost = grower.cost(&few, &best.numbers);
            let mut other = best.clone();
            grower.exchange(&few, &mut other, self.parts.div_ceil(ONE_IN).max(2), round, watch)?;
            if other.cost < best.cost {
                best = other;
            }
        }
        let all = samples(&points, &distances, OUTLYING);
        grower.fit(&all, &mut best, Free::All, 60, watch)?;
        frame.mirrored = mirrored;
        // What is asked of the fit is not asked of what comes then.
        (grower.error, grower.is_stopped) = (0.0, grower.is_told);
        finish(&mut grower, &mut best, &frame, watch)?;
        let placed =
            best.numbers.chunks_exact(NUMBERS).map(|own| Part::placed(self.kind, own, middle, reach));
        let parts: Vec<Part> = placed.map(|part| part.rounded(reach, digits)).collect();
        let cost = grower.cost(&all, &best.numbers) * reach * reach;
        let around = around.grown(0.1 * reach);
        Ok(Grown { parts, reach, digits, around, middle, mirrored, offset: 0.0, cost })
    }
}

impl Grown {
    /// The field, with the parts' numbers and blends as parameters.
    pub fn field(&self) -> Field {
        let mut whole: Option<Field> = None;
        for (part, n) in self.parts.iter().zip(1..) {
            let name = n.to_string();
            let own = part.field_to(&name, self.reach, self.digits);
            whole = Some(match whole {
                None => own,
                Some(whole) if part.kind == PartKind::Any => {
                    whole.smooth_union(own, part.blend_field(&name, self.reach))
                }
                Some(whole) => whole.union(own),
            });
        }
        let mut whole = whole.unwrap_or_else(|| crate::shape::union(Vec::<Field>::new()));
        let off = self.middle.map(|x| -x);
        let axes = (0..3).filter(|&axis| self.mirrored[axis]).map(|axis| AXES[axis]);
        for (n, axis) in axes.enumerate() {
            whole = if n == 0 { whole.translate(off) } else { whole }.mirror(axis);
        }
        let whole = if self.is_mirrored() { whole.translate(self.middle) } else { whole };
        if self.offset == 0.0 { whole } else { whole.offset(self.offset) }
    }

    /// Whether it is the same on both sides of a plane.
    pub fn is_mirrored(&self) -> bool {
        self.mirrored.contains(&true)
    }

    /// How many numbers it has: the first part needs no blend.
    pub fn numbers(&self) -> usize {
        let is_blended = self.parts.first().is_some_and(|part| part.kind == PartKind::Any);
        let all: usize = self.parts.iter().map(|part| part.kind.numbers()).sum();
        all - usize::from(is_blended)
    }
}

/// The axes in the order of [`Grown::mirrored`].
pub(super) const AXES: [&str; 3] = ["x", "y", "z"];

/// How many samples are looked for in the mirror, and how much they may differ there in the mean.
const REFLECTED: usize = 1000;
const ALIKE: f64 = 2e-3;

/// The axes along which the target looks the same in a mirror at the origin: a distance in the mirror differs from that of
/// the nearest sample there by no more than they are apart.
fn mirrors(points: &[[f64; 3]], distances: &[f64]) -> [bool; 3] {
    let stride = points.len().div_ceil(REFLECTED).max(1);
    std::array::from_fn(|axis| {
        let differs = |n: usize| {
            let mut mirrored = points[n];
            mirrored[axis] = -mirrored[axis];
            let apart =
                |other: &[f64; 3]| -> f64 { (0..3).map(|axis| (other[axis] - mirrored[axis]).powi(2)).sum() };
            let squares = points.iter().map(apart).enumerate();
            let (nearest, square) = squares.min_by(|a, b| a.1.total_cmp(&b.1)).expect("there are points");
            ((distances[nearest] - distances[n]).abs() - square.sqrt()).max(0.0)
        };
        let all: Vec<f64> = (0..points.len()).step_by(stride).map(differs).collect();
        all.iter().sum::<f64>() < ALIKE * all.len() as f64
    })
}

/// Points on the greater side of mirrors at the origin.
fn folded(points: &[[f64; 3]], mirrored: [bool; 3]) -> Vec<[f64; 3]> {
    let fold = |axis: usize, x: f64| if mirrored[axis] { x.abs() } else { x };
    points.iter().map(|point| std::array::from_fn(|axis| fold(axis, point[axis]))).collect()
}

/// Where the whole is of size 1, about the origin.
pub(super) struct GrownFrame {
    middle: [f64; 3],
    pub(super) reach: f64,
    mirrored: [bool; 3],
}

impl GrownFrame {
    /// Points there, on the greater side of mirrors.
    pub(super) fn folded(&self, points: &[[f64; 3]]) -> Vec<[f64; 3]> {
        let unit =
            |point: &[f64; 3]| std::array::from_fn(|axis| (point[axis] - self.middle[axis]) / self.reach);
        folded(&points.iter().map(unit).collect::<Vec<_>>(), self.mirrored)
    }
}

/// A weighted choice of samples, about the surface; from `outlying` on a residual counts less.
pub(super) fn samples(points: &[[f64; 3]], distances: &[f64], outlying: f64) -> DistanceSamples {
    let weight = |d: f64| 1.0 / (1.0 + (d / NEAR).powi(2));
    DistanceSamples::new(points, distances, weight, Robust::Huber { scale: outlying })
}

/// Some of many samples, evenly; other ones for each start.
fn few_of(points: &[[f64; 3]], distances: &[f64], start: usize) -> DistanceSamples {
    // An odd number: samples come in fours, from on the surface to far off it.
    let stride = points.len().div_ceil(SAMPLES) | 1;
    let some = || (start % stride..points.len()).step_by(stride);
    let points: Vec<[f64; 3]> = some().map(|n| points[n]).collect();
    samples(&points, &some().map(|n| distances[n]).collect::<Vec<_>>(), OUTLYING)
}

/// The numbers of some parts, and the cost they leave.
#[derive(Clone, Debug)]
pub(super) struct GrownParts {
    numbers: Vec<f64>,
    cost: f64,
}

impl Default for GrownParts {
    fn default() -> GrownParts {
        GrownParts { numbers: Vec::new(), cost: f64::INFINITY }
    }
}

impl GrownParts {
    fn count(&self) -> usize {
        self.numbers.len() / NUMBERS
    }

    fn without(&self, part: usize) -> GrownParts {
        let mut other = self.clone();
        other.numbers.drain(part * NUMBERS..(part + 1) * NUMBERS);
        other
    }
}

/// The parts that a fit may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Free {
    All,
    Last,
}

pub(super) struct Grower<'a> {
    growth: &'a Growth,
    tapes: Tapes,
    reach: f64,
    random: Random,
    journal: &'a mut Journal,
    /// The error at which it is enough.
    error: f64,
    /// Whether the watch ended it, and whether that did or it is enough.
    is_told: bool,
    is_stopped: bool,
}

impl Grower<'_> {
    /// The values of parts at samples, in the samples' order.
    pub(super) fn values(&self, samples: &DistanceSamples, parts: &GrownParts) -> Vec<f64> {
        values(&self.tapes, samples, &parts.numbers)
    }

    fn cost(&self, samples: &DistanceSamples, numbers: &[f64]) -> f64 {
        samples.cost(&values(&self.tapes, samples, numbers))
    }

    /// Parts from nothing: first half of them, then a quarter, then the rest, each fitted a little; then half as many
    /// again, and those that pay least taken out.
    fn begin(
        &mut self,
        samples: &DistanceSamples,
        is_varied: bool,
        watch: &mut JournalWatch,
    ) -> Result<GrownParts> {
        let mut parts = GrownParts::default();
        let most = self.growth.parts;
        let mut wanted = most.div_ceil(2);
        while parts.count() < most && !self.is_stopped {
            let before = parts.count();
            self.insert(samples, &mut parts, wanted, is_varied);
            if parts.count() == before {
                break;
            }
            self.fit(samples, &mut parts, Free::All, 10, watch)?;
            wanted = (wanted + (most - wanted).div_ceil(2)).min(most);
        }
        self.fit(samples, &mut parts, Free::All, 10, watch)?;
        let mut other = parts.clone();
        self.exchange(samples, &mut other, most.div_ceil(2), 0, watch)?;
        Ok(if other.cost < parts.cost { other } else { parts })
    }

    /// Adds parts, and takes as many out that pay least.
    fn exchange(
        &mut self,
        samples: &DistanceSamples,
        parts: &mut GrownParts,
        count: usize,
        round: usize,
        watch: &mut JournalWatch,
    ) -> Result<()> {
        let wanted = parts.count().min(self.growth.parts);
        for _ in 0..count {
            let before = parts.count();
            self.insert(samples, parts, before + 1, round > 0);
            if parts.count() == before || self.is_stopped {
                break;
            }
            self.fit(samples, parts, Free::Last, 5, watch)?;
        }
        self.fit(samples, parts, Free::All, 8, watch)?;
        while parts.count() > wanted {
            let cost = |part| samples.cost(&self::values(&self.tapes, samples, &parts.without(part).numbers));
            let costs = self.journal.numbers(parts.count(), || (0..parts.count()).map(cost).collect())?;
            let least = (0..costs.len()).min_by(|&a, &b| costs[a].total_cmp(&costs[b]));
            let least = least.expect("there is one at least");
            *parts = GrownParts { cost: costs[least], ..parts.without(least) };
            self.fit(samples, parts, Free::All, 5, watch)?;
        }
        self.fit(samples, parts, Free::All, 10, watch)
    }

    /// Puts parts where the target is furthest inside and the field furthest outside, or nearly, until there are so
    /// many.
    fn insert(&mut self, samples: &DistanceSamples, parts: &mut GrownParts, count: usize, is_varied: bool) {
        let mut values = match parts.count() {
            0 => vec![1.0; samples.len()],
            _ => values(&self.tapes, samples, &parts.numbers),
        };
        while parts.count() < count {
            let mut best: Option<(f64, usize)> = None;
            for (n, (&value, &distance)) in values.iter().zip(&samples.distances).enumerate() {
                if distance >= 0.0 || value <= 0.0 {
                    continue;
                }
                let missing = value.min(-distance) - 0.25 * distance;
                let luck = if is_varied { self.random.between(0.6, 1.0) } else { 1.0 };
                if missing > MISSING && best.is_none_or(|(most, _)| luck * missing > most) {
                    best = Some((luck * missing, n));
                }
            }
            let Some((_, best)) = best else { break };
            let kind = self.growth.kind;
            let part = kind.part_of(&kind.own_of(&part_at(samples, best, &values)));
            let own = self::values(&self.tapes, samples, &part);
            values.iter_mut().zip(own).for_each(|(value, own)| *value = value.min(own));
            parts.numbers.extend(part);
        }
    }

    /// Fits numbers of parts, in so many steps.
    pub(super) fn fit(
        &mut self,
        samples: &DistanceSamples,
        parts: &mut GrownParts,
        free: Free,
        steps: usize,
        watch: &mut JournalWatch,
    ) -> Result<()> {
        let count = parts.count();
        if count == 0 || self.is_stopped {
            return Ok(());
        }
        let free = if free == Free::Last { count - 1..count } else { 0..count };
        let kind = self.growth.kind;
        let numbers = parts.numbers[free.start * NUMBERS..].chunks_exact(NUMBERS);
        let start: Vec<f64> = numbers.flat_map(|own| kind.own_of(own)).collect();
        let ranges: Vec<(f64, f64)> = kind.ranges().into_iter().cycle().take(start.len()).collect();
        let solver = LeastSquares {
            iterations: steps,
            value_tolerance: 1e-4,
            step_tolerance: 1e-10,
            slope_tolerance: 1e-10,
            factor: Factor::Normal,
        };
        let square = self.reach * self.reach;
        // Of more parts than are wanted it says nothing.
        let is_whole = count <= self.growth.parts;
        let enough = if is_whole { 0.5 * self.error * self.error } else { 0.0 };
        let (is_told, is_stopped) = (&mut self.is_told, &mut self.is_stopped);
        let from = free.start * NUMBERS;
        let mut blend = Blend { tapes: &self.tapes, samples, numbers: parts.numbers.clone(), free, kind };
        let solution =
            self.journal.solve(&solver, &mut blend, &start, &ranges, &mut |progress, journal| {
                let value = progress.value * square;
                *is_told |= !watch(&Progress { value, ..*progress }, journal);
                *is_stopped |= *is_told || value <= enough;
                !*is_stopped
            })?;
        parts.cost = solution.value;
        let found = solution.at.chunks_exact(kind.numbers()).flat_map(|own| kind.part_of(own));
        parts.numbers.splice(from.., found);
        Ok(())
    }
}

/// The numbers of a part about a sample inside the target, shaped as what is missing there.
fn part_at(samples: &DistanceSamples, at: usize, values: &[f64]) -> [f64; NUMBERS] {
    let depth = (-samples.distances[at]).max(DEPTH);
    let at = Vector3::from(samples.point(at));
    let missing: Vec<Vector3<f64>> = (0..samples.len())
        .filter(|&n| samples.distances[n] < 0.0 && values[n] > 0.0)
        .map(|n| Vector3::from(samples.point(n)) - at)
        .filter(|off| off.norm() < 2.5 * depth)
        .collect();
    let (half, turn) = axes_of(&missing, depth).unwrap_or(([depth; 3], [0.0; 3]));
    let round = 0.8 * half.iter().copied().fold(f64::INFINITY, f64::min);
    let ([x, y, z], [w, h, d], [a, b, c]) = (at.into(), half.map(|half| 2.0 * half), turn);
    [x, y, z, w, h, d, a, b, c, round, 0.0, 0.0, FIRST_BLEND]
}

/// The half axes of a cloud of points, its longest as y, and how they are turned; none, where it is too small to tell.
fn axes_of(cloud: &[Vector3<f64>], depth: f64) -> Option<([f64; 3], [f64; 3])> {
    if cloud.len() < 12 {
        return None;
    }
    let spread = cloud.iter().fold(Matrix3::zeros(), |sum, off| sum + off * off.transpose());
    let axes = SymmetricEigen::new(spread / cloud.len() as f64);
    let mut order = [0, 1, 2];
    order.sort_by(|&a, &b| axes.eigenvalues[a].total_cmp(&axes.eigenvalues[b]));
    let order = [order[0], order[2], order[1]];
    let mut turn = Matrix3::from_columns(&order.map(|n| axes.eigenvectors.column(n)));
    if turn.determinant() < 0.0 {
        turn.column_mut(0).neg_mut();
    }
    let (roll, pitch, yaw) = Rotation3::from_matrix_unchecked(turn).euler_angles();
    // Of a ball the root of the mean square along an axis is its radius over √5.
    let half = order.map(|n| (5.0 * axes.eigenvalues[n].max(0.0)).sqrt().clamp(0.5 * depth, 2.0 * depth));
    let is_finite = half.iter().chain([&roll, &pitch, &yaw]).all(|number| number.is_finite());
    is_finite.then_some((half, [roll, pitch, yaw]))
}
