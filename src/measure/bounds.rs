//! Where a solid is: a tight box, by intervals alone. Uses tapes.

use super::far::Far;
use super::looker::{AxisSlopes, Looker, is_coarse};
use super::slope::Slope;
use super::{Region, centre, halves, look, look_straight, unusable};
use crate::error::{Error, Result};
use crate::field::{Axis, Field};
use crate::number::Interval;
use crate::tape::{Angle, BOXES, Careful, Machine, Tape};
use crate::task;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::f64::consts::PI;
use std::sync::Arc;

/// A box of space with sides along the axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The corner with the least coordinates.
    pub min: [f64; 3],
    /// The corner with the greatest.
    pub max: [f64; 3],
}

impl Bounds {
    /// The box between two opposite corners, given in any order.
    pub fn new(a: [f64; 3], b: [f64; 3]) -> Bounds {
        Bounds { min: [0, 1, 2].map(|i| a[i].min(b[i])), max: [0, 1, 2].map(|i| a[i].max(b[i])) }
    }

    /// The box around points; none, where there are none.
    pub fn around(points: &[[f64; 3]]) -> Option<Bounds> {
        let boxes = points.iter().map(|&point| Bounds::new(point, point));
        boxes.reduce(|all, one| all.union(&one))
    }

    /// Its three sides.
    pub fn size(&self) -> [f64; 3] {
        [0, 1, 2].map(|i| self.max[i] - self.min[i])
    }

    /// Its centre.
    pub fn center(&self) -> [f64; 3] {
        [0, 1, 2].map(|i| 0.5 * self.min[i] + 0.5 * self.max[i])
    }

    /// The smallest box that contains both.
    pub fn union(&self, other: &Bounds) -> Bounds {
        Bounds {
            min: [0, 1, 2].map(|i| self.min[i].min(other.min[i])),
            max: [0, 1, 2].map(|i| self.max[i].max(other.max[i])),
        }
    }

    /// Whether the point is inside or on the surface.
    pub fn contains(&self, point: [f64; 3]) -> bool {
        (0..3).all(|i| self.min[i] <= point[i] && point[i] <= self.max[i])
    }

    /// The same box with `margin` more on every side.
    pub fn grown(&self, margin: f64) -> Bounds {
        Bounds { min: self.min.map(|v| v - margin), max: self.max.map(|v| v + margin) }
    }

    pub(super) fn longest(&self) -> f64 {
        self.size().into_iter().fold(0.0, f64::max)
    }

    /// The box over a span of time.
    pub(super) fn during(&self, t: Interval) -> Region {
        let side = |i: usize| Interval::new(self.min[i], self.max[i]);
        [side(0), side(1), side(2), t]
    }
}

/// Beyond this distance nothing is tried: a solid that is not within is called unbounded.
const MAX_DISTANCE: f64 = 1e9;
/// How often a cone of directions, or the span of time, is halved along one axis.
const CONE_DEPTH: u32 = 10;
/// How many cones are tried for one face and radius.
const CONES: usize = 5_000;
/// Angles are from minus this to this.
const HALF_TURN: f64 = PI.next_up();
/// How fine a face is resolved, in parts of the longest side.
const FINENESS: f64 = 1e-3;
/// How fine faces are resolved at first, until the size is known.
const ROUGHNESS: f64 = 2e-2;
/// How much work a face may take, in lines of tapes for sixteen boxes.
const WORK: usize = 500_000;
/// The work of a look at the shortest tape.
const MIN_COST: usize = 10;

/// # Bounding boxes
impl Field {
    /// A box that contains the solid {f ≤ 0} at every time of a span; `None` where the solid is proven empty.
    ///
    /// The box is guaranteed: everything outside is excluded by intervals, out to infinity. It is tight to about a
    /// thousandth of its longest side for fields that behave like distances near their surface; a field whose intervals
    /// are loose there (a warp that mixes the axes at a high rate), or that turns far within the span, may run out of
    /// the work that a face is allowed and get a wider box (by some per cent), never a smaller one.
    ///
    /// [`Error::Unbounded`] where no finite box can be shown to hold the solid: it reaches beyond 1e9 from the origin,
    /// or the field does not grow plainly enough for intervals to tell.
    #[track_caller]
    pub fn bounds(&self, over_time: (f64, f64)) -> Result<Option<Bounds>> {
        self.tape()?.bounds(over_time)
    }
}

impl Tape {
    /// What [`Field::bounds`] says of a field's tape, its parameters at the tape's values.
    #[track_caller]
    pub fn bounds(&self, over_time: (f64, f64)) -> Result<Option<Bounds>> {
        let (from, to) = over_time;
        if !(from.is_finite() && to.is_finite()) {
            return Err(unusable("bounds", "over_time", format!("({from}, {to}) is not a finite span")));
        }
        let moves = self.depends_on(Axis::T);
        let span = if moves { Interval::new(from, to) } else { Interval::point(from) };
        let tape = Arc::new(self.fixed([None, None, None, (span.width() == 0.0).then_some(from)]));
        let radius = radius_of(&tape, span);
        task::check()?;
        let radius = radius.ok_or(Error::Unbounded)?;
        let mut bounds = Bounds::new([-radius; 3], [radius; 3]);
        // The tolerance follows the size, which is known only once the faces are found.
        for _ in 0..64 {
            let size = bounds.longest();
            for (axis, up) in FACES {
                let whole = bounds.during(span);
                let end = ReachSearch::new(whole, axis, up).furthest(&tape, size * ROUGHNESS, WORK / 8);
                task::check()?;
                let Some(end) = end else { return Ok(None) };
                let face = if up { &mut bounds.max } else { &mut bounds.min };
                face[axis] = end;
            }
            if bounds.longest() > 0.5 * size || bounds.longest() == 0.0 {
                break;
            }
        }
        let (whole, tolerance) = (bounds.during(span), bounds.longest() * FINENESS);
        let ends: Vec<Option<f64>> = { FACES.into_par_iter() }
            .map(|(axis, up)| ReachSearch::new(whole, axis, up).furthest(&tape, tolerance, WORK))
            .collect();
        task::check()?;
        for ((axis, up), end) in FACES.into_iter().zip(ends) {
            let Some(end) = end else { return Ok(None) };
            let face = if up { &mut bounds.max } else { &mut bounds.min };
            face[axis] = end;
        }
        Ok(Some(bounds))
    }
}

/// The faces of a box: an axis each, down or up.
const FACES: [(usize, bool); 6] = [(0, false), (0, true), (1, false), (1, true), (2, false), (2, true)];

/// A radius R such that f > 0 wherever a coordinate is beyond ±R.
///
/// A union is looked at by its parts, each of which is to be positive there: so the cones of one are not cut for another.
fn radius_of(tape: &Tape, span: Interval) -> Option<f64> {
    let radius = |most: f64, (part, least): (Tape, f64)| {
        let mut cones = Cones { machine: Careful::new(&part), least, span };
        let mut radius = most;
        while radius < 2.0 * MAX_DISTANCE {
            if task::is_given_up() {
                return None;
            }
            if FACES.into_iter().all(|(axis, up)| cones.are_outside(axis, up, radius)) {
                return Some(radius);
            }
            radius *= 8.0;
        }
        None
    };
    // Of an intersection the operand that is positive far away is looked at alone, and all of it where that is not enough.
    let by_parts = |points: &[[f64; 4]]| tape.operands_of_minimum(points).into_iter().try_fold(1.0, radius);
    by_parts(&far_points(span)).or_else(|| by_parts(&[]))
}

/// Points far away on all sides, when a span of time begins, and when it ends.
fn far_points(span: Interval) -> Vec<[f64; 4]> {
    let far = [0.0, MAX_DISTANCE, -MAX_DISTANCE];
    let places = (1..27).map(|n| [far[n % 3], far[n / 3 % 3], far[n / 9]]);
    places.flat_map(|[x, y, z]| [span.lo(), span.hi()].map(|t| [x, y, z, t])).collect()
}

/// The cones over the faces of a cube, in which a tape is to be above a number.
struct Cones {
    machine: Careful<Far>,
    least: f64,
    span: Interval,
}

/// Part of a cone: of its directions and of time, and of angles besides. A twist's angle turns through all there are however
/// narrow the cone, and what is turned is known at each of them: so each is looked at apart.
#[derive(Clone)]
struct Cone {
    sides: Region,
    /// Of each angle, where it is one of a part of the turn.
    angles: Vec<Option<Angle>>,
    /// How often each of the sides and angles was halved.
    depth: Vec<u32>,
}

impl Cones {
    /// Whether f is above the least all over the cone about an axis, from a distance on. It is split where it must be, along
    /// the side that helps most.
    fn are_outside(&mut self, axis: usize, up: bool, radius: f64) -> bool {
        let mut sides = [Interval::new(-1.0, 1.0); 4];
        sides[axis] = Interval::point(if up { 1.0 } else { -1.0 });
        sides[3] = self.span;
        let angles = self.machine.angle_count();
        let whole = Cone { sides, angles: vec![None; angles], depth: vec![0; 4 + angles] };
        let least = self.least;
        if self.value(&whole, radius).is_above(least) {
            return true;
        }
        let mut open = vec![whole];
        for _ in 0..CONES {
            let Some(cone) = open.pop() else { return true };
            if task::is_given_up() {
                return false;
            }
            self.value(&cone, radius);
            let parts: Vec<(usize, [Cone; 2])> =
                (0..4 + angles).filter_map(|side| Some((side, self.halves(&cone, side)?))).collect();
            let split = |(side, parts): (usize, [Cone; 2])| {
                let values = parts.each_ref().map(|part| self.value(part, radius));
                (side, parts, values)
            };
            let merit = |values: &[Far; 2]| {
                let settled = values.iter().filter(|far| far.is_above(least)).count();
                let [a, b] = values.map(Far::merit);
                (settled, a.0.min(b.0), a.1.min(b.1))
            };
            type Split = (usize, [Cone; 2], [Far; 2]);
            let better = |a: &Split, b: &Split| {
                let order = merit(&a.2).partial_cmp(&merit(&b.2)).unwrap_or(Ordering::Equal);
                order.then(cone.depth[b.0].cmp(&cone.depth[a.0])) // else the one that was split less
            };
            let Some((_, parts, values)) = parts.into_iter().map(split).max_by(better) else { return false };
            let left = parts.into_iter().zip(values).filter(|(_, value)| !value.is_above(least));
            open.extend(left.map(|(part, _)| part));
        }
        open.is_empty()
    }

    /// Bounds on f over a part.
    fn value(&mut self, cone: &Cone, radius: f64) -> Far {
        let [x, y, z] = [0, 1, 2].map(|i| Far::along(cone.sides[i], radius));
        let least = self.least;
        self.machine.at([x, y, z, Far::flat(cone.sides[3])], &cone.angles, |far| !far.is_above(least))
    }

    /// The two halves of the part that was looked at last; none where that side is a point, or fine enough.
    fn halves(&self, cone: &Cone, side: usize) -> Option<[Cone; 2]> {
        if cone.depth[side] >= CONE_DEPTH {
            return None;
        }
        let mut parts = [cone.clone(), cone.clone()];
        parts.iter_mut().for_each(|part| part.depth[side] += 1);
        let cut = |whole: Interval| {
            let middle = whole.middle();
            [Interval::new(whole.lo(), middle), Interval::new(middle, whole.hi())]
        };
        let Some(which) = side.checked_sub(4) else {
            let halves = cut(cone.sides[side]);
            parts.iter_mut().zip(halves).for_each(|(part, half)| part.sides[side] = half);
            return (cone.sides[side].width() > 0.0).then_some(parts);
        };
        let range = self.machine.angle(which).range();
        let (whole, held): (_, fn(Interval) -> Angle) = match cone.angles[which] {
            Some(Angle::Turned(part)) => (part, Angle::Turned),
            None if range.width() > 2.0 * HALF_TURN => (Interval::new(-HALF_TURN, HALF_TURN), Angle::Turned),
            _ => (range, Angle::Own),
        };
        parts.iter_mut().zip(cut(whole)).for_each(|(part, half)| part.angles[which] = Some(held(half)));
        (whole.width() > 0.0).then_some(parts)
    }
}

/// A part that may hold some of the solid.
struct Candidate {
    /// How far it goes in the direction asked for.
    reach: f64,
    /// How much the field varies along each axis: see [`Variation`].
    sides: [f64; 4],
    part: Region,
    tape: Arc<Tape>,
}

impl Candidate {
    /// How much the field varies where it varies most.
    fn size(&self) -> f64 {
        self.sides.into_iter().fold(0.0, f64::max)
    }

    /// The parts of it, cut four times along the axis along which the field then varies most.
    fn parts(&self) -> Vec<Region> {
        let mut sides = self.sides;
        let mut parts = vec![self.part];
        while parts.len() < BOXES {
            let axis = largest_of(sides);
            sides[axis] *= 0.5;
            parts = parts.into_iter().flat_map(|part| halves(part, axis)).collect();
        }
        parts
    }
}

impl Ord for Candidate {
    /// The farthest first, then the smallest.
    fn cmp(&self, other: &Candidate) -> Ordering {
        self.reach.total_cmp(&other.reach).then(other.size().total_cmp(&self.size()))
    }
}

ranked!(Candidate);

/// A search for how far the solid may reach along an axis, up or down.
struct ReachSearch {
    whole: Region,
    axis: usize,
    up: bool,
    looker: Looker,
}

impl ReachSearch {
    fn new(whole: Region, axis: usize, up: bool) -> ReachSearch {
        ReachSearch { whole, axis, up, looker: Looker::default() }
    }

    /// How far the solid may reach, found until what is open is no larger than the tolerance, or for so much work, in lines of
    /// tapes; `None` where there is none of it.
    fn furthest(&mut self, tape: &Arc<Tape>, tolerance: f64, work: usize) -> Option<f64> {
        let mut open: BinaryHeap<Candidate> = self.candidates(tape, &[self.whole]).into();
        let mut done = 0;
        while done < work && !task::is_given_up() {
            // A face of the whole was found before: nothing is beyond it.
            if open.peek()?.size() <= tolerance {
                break;
            }
            let top = open.pop()?;
            // By itself a part is looked at more patiently than sixteen together are: where an angle is cut, too.
            let (bound, tape) = look_straight(&top.tape, top.part);
            done += tape.cost().max(MIN_COST);
            if bound.lo() <= 0.0 {
                open.extend(self.candidates(&tape, &top.parts()));
            }
        }
        let reach = open.peek()?.reach;
        Some(if self.up { reach } else { -reach })
    }

    /// Those of at most sixteen parts in which one tape is enough that may hold some of the solid.
    fn candidates(&mut self, tape: &Arc<Tape>, parts: &[Region]) -> Vec<Candidate> {
        if !parts.iter().all(is_coarse) {
            return self.close_candidates(tape, parts);
        }
        let bounds = self.looker.bounds(tape, parts);
        let parts =
            { parts.iter().zip(bounds) }.filter_map(|(&part, bound)| (bound.lo() <= 0.0).then_some(part));
        let parts: Vec<Region> = parts.collect();
        if parts.is_empty() {
            return Vec::new();
        }
        let (slopes, values) = (self.looker.slopes(tape, &parts), self.looker.at_centres(tape, &parts));
        let found = parts.into_iter().zip(slopes.into_iter().zip(values));
        let candidate = |(part, (slopes, value)): (Region, _)| {
            self.candidate(tape.clone(), part, Variation::of(part, self.whole, slopes, value))
        };
        found.filter_map(candidate).collect()
    }

    /// The same, a part at a time in `f64`.
    fn close_candidates(&self, tape: &Arc<Tape>, parts: &[Region]) -> Vec<Candidate> {
        let candidate = |&part: &Region| {
            let (outputs, tape) = look(tape, part);
            if outputs[0].lo() > 0.0 {
                return None;
            }
            let varies = variation(&tape, part, self.whole);
            self.candidate(tape, part, varies)
        };
        parts.iter().filter_map(candidate).collect()
    }

    fn candidate(&self, tape: Arc<Tape>, part: Region, varies: Variation) -> Option<Candidate> {
        let end = part[self.axis];
        let reach = if self.up { end.hi() } else { -end.lo() };
        (varies.least <= 0.0).then_some(Candidate { reach, sides: varies.sides, part, tape })
    }
}

/// What the slopes say about a field over a part.
pub(super) struct Variation {
    /// By how much it varies along each axis, as a distance: |f_i|·width/|∇ₓf|. So time counts as far as the surface can move
    /// meanwhile, and a flat face is cut across, never along. Where slopes are not known, these are the part's sides, and time
    /// counts in proportion to the whole.
    sides: [f64; 4],
    /// By the mean value theorem f is nowhere less.
    pub(super) least: f64,
    /// Nor greater.
    pub(super) most: f64,
}

impl Variation {
    /// From bounds on the slopes that hold for every difference, and from f at the centre.
    fn of(part: Region, whole: Region, slope: AxisSlopes, value: Interval) -> Variation {
        let steepest = slope[..3].iter().map(|slope| slope.largest()).fold(0.0, f64::max);
        let widths = part.map(Interval::width);
        let mut sides: [f64; 4] = std::array::from_fn(|i| slope[i].largest() * widths[i] / steepest);
        let (mut least, mut most) = (f64::NEG_INFINITY, f64::INFINITY);
        if sides.iter().all(|side| side.is_finite()) {
            let middle = centre(part);
            let mean = (0..4).fold(value, |mean, i| mean + slope[i] * (part[i] - Interval::point(middle[i])));
            (least, most) = (mean.lo(), mean.hi());
        } else {
            let longest = whole[..3].iter().map(|side| side.width()).fold(0.0, f64::max);
            let later = widths[3] * longest / whole[3].width();
            sides = [widths[0], widths[1], widths[2], if widths[3] > 0.0 { later } else { 0.0 }];
        }
        Variation { sides, least, most }
    }
}

fn largest_of(sides: [f64; 4]) -> usize {
    (1..4).fold(0, |best, i| if sides[i] > sides[best] { i } else { best })
}

/// Looks at the slopes over a part.
pub(super) fn variation(tape: &Tape, part: Region, whole: Region) -> Variation {
    let slope = Machine::<Slope<4>>::new(tape).at(Slope::variables(part))[0].bound.slope;
    let value = Machine::<Interval>::new(tape).at(centre(part).map(Interval::point))[0];
    Variation::of(part, whole, slope, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[test]
    fn turned_boxes_are_bounded_and_planes_are_not() -> Result<()> {
        let turned = r#box([1.0, 2.0, 0.5]).rotate([1.0, 0.4, -0.7], 0.9);
        assert!(turned.bounds((0.0, 0.0))?.is_some());
        assert!(turned.rotate([0.0, 1.0, 1.0], t()).bounds((0.0, 0.5))?.is_some());
        assert_eq!((x() + 2 * y() - 1).bounds((0.0, 1.0)), Err(Error::Unbounded));
        Ok(())
    }
}
