//! Where a ray meets the surface first, and how that moves with everything it depends on. Uses tapes.

use super::slope::Slope;
use super::{look, unusable};
use crate::error::{Error, Result};
use crate::field::Field;
use crate::number::{Dual, Interval};
use crate::tape::{Adjoint, Machine, Tape};
use crate::task;
use std::sync::Arc;

/// A ray: the points `origin` + s·`direction`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ray {
    /// Where it starts.
    pub origin: [f64; 3],
    /// Where it goes. Distances along the ray are in its lengths: give it length 1 for plain distances.
    pub direction: [f64; 3],
}

impl Ray {
    /// The point at a distance.
    pub fn at(&self, distance: f64) -> [f64; 3] {
        [0, 1, 2].map(|i| self.origin[i] + distance * self.direction[i])
    }
}

/// Where a ray meets the surface, with the derivatives of the distance.
///
/// The derivatives are those of the implicit function s(…) that keeps f(origin + s·direction, t) at 0: −f_p/(∇f·d) in
/// anything p that f depends on. Where the ray only grazes the surface, ∇f·d is 0 and the hit has no derivative:
/// they are given as 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// How far along the ray, in lengths of its direction.
    pub distance: f64,
    /// The point.
    pub point: [f64; 3],
    /// The direction of ∇f there, of length 1; 0 where ∇f is.
    pub normal: [f64; 3],
    /// Whether the field was not seen to change sign: the ray touches the surface, or passes it within the tolerance.
    pub grazing: bool,
    /// The derivative of the distance in the ray's origin.
    pub by_origin: [f64; 3],
    /// The derivative of the distance in the ray's direction.
    pub by_direction: [f64; 3],
    /// The derivative of the distance in time.
    pub by_time: f64,
    /// The derivative of the distance in each parameter, in the order of [`Field::parameters`].
    pub by_parameter: Vec<f64>,
}

/// A piece of the ray is not split further than this part of the largest coordinate on it, as a length.
const GRAZE: f64 = 1e-11;
/// The most pieces that one ray is split into.
const PIECES: usize = 200_000;
/// Nothing is looked for beyond this many lengths of the direction.
const MAX_DISTANCE: f64 = 1e9;

/// A piece of the ray, with the tape that is enough on it.
type Piece = (f64, f64, Arc<Tape>);

/// # Rays
impl Field {
    /// The first point of the surface f = 0 along a ray, from `range.0` to `range.1` lengths of its direction; `None`
    /// where there is none. The range is held to ±1e9. A ray that starts inside the solid finds its way out.
    ///
    /// No surface is missed: a piece of the ray is left behind only when intervals show that f has no zero on it. A
    /// ray that touches the surface without crossing it, or passes it closer than intervals can tell on a piece 1e-11
    /// of the scene long, is a hit too, marked `grazing`. Where f changes sign, by crossing 0 or by a jump, the hit is
    /// refined to the last digits.
    ///
    /// [`Error::Undefined`] where 200,000 pieces do not settle it, as for a ray that runs within a flat face.
    #[track_caller]
    pub fn hit(&self, ray: Ray, t: f64, range: (f64, f64)) -> Result<Option<Hit>> {
        self.tape()?.hit(ray, t, range)
    }
}

impl Tape {
    /// What [`Field::hit`] says of a field's tape, its parameters at the tape's values.
    #[track_caller]
    pub fn hit(&self, ray: Ray, t: f64, range: (f64, f64)) -> Result<Option<Hit>> {
        let finite = ray.origin.iter().chain(&ray.direction).all(|v| v.is_finite()) && t.is_finite();
        if !finite || ray.direction == [0.0; 3] {
            return Err(unusable("hit", "ray", format!("{ray:?} at t = {t} is not a ray")));
        }
        if range.0.is_nan() || range.1.is_nan() {
            return Err(unusable("hit", "range", "is not a number"));
        }
        let (from, to) = (range.0.max(-MAX_DISTANCE), range.1.min(MAX_DISTANCE));
        let tape = Arc::new(self.fixed([None; 4]));
        if from > to {
            return Ok(None);
        }
        let long = ray.direction.iter().map(|v| v * v).sum::<f64>().sqrt();
        let mut open: Vec<Piece> = vec![(from, to, tape)];
        for _ in 0..PIECES {
            task::check()?;
            let Some((from, to, tape)) = open.pop() else {
                return Ok(None);
            };
            match meet(&tape, &ray, t, from, to) {
                Meeting::Nothing => (),
                Meeting::Once(distance) => return Ok(Some(self.hit_at(&ray, distance, t, false))),
                Meeting::Unknown(tape) => {
                    let middle = split(from, to);
                    let scale = [from, to].map(|s| largest(ray.at(s))).into_iter().fold(1e-3, f64::max);
                    if (to - from) * long <= GRAZE * scale || !(from < middle && middle < to) {
                        if let Some(distance) = crossing(&tape, &ray, t, from, to) {
                            return Ok(Some(self.hit_at(&ray, distance, t, false)));
                        }
                        return Ok(Some(self.hit_at(&ray, middle, t, true)));
                    }
                    open.push((middle, to, tape.clone()));
                    open.push((from, middle, tape));
                }
            }
        }
        Err(Error::Undefined(format!("where the ray meets the surface was not settled in {PIECES} steps")))
    }

    /// What is to be known about a hit at a distance.
    fn hit_at(&self, ray: &Ray, distance: f64, t: f64, grazing: bool) -> Hit {
        let point = ray.at(distance);
        let at = [point[0], point[1], point[2], t];
        let [fx, fy, fz, ft] = Machine::<Dual<f64>>::new(self).at(Dual::variables(at))[0].slope;
        let mut back = Adjoint::<f64>::new(self);
        let _ = back.forward(at);
        back.back(&[1.0]);
        let gradient = [fx, fy, fz];
        let steepness = (fx * fx + fy * fy + fz * fz).sqrt();
        let approach: f64 = (0..3).map(|i| gradient[i] * ray.direction[i]).sum();
        let by = |slope: f64| {
            let by = -slope / approach;
            if by.is_finite() && !grazing { by } else { 0.0 }
        };
        let normal = gradient.map(|slope| if steepness > 0.0 { slope / steepness } else { 0.0 });
        Hit {
            distance,
            point,
            normal,
            grazing,
            by_origin: gradient.map(by),
            by_direction: gradient.map(|slope| by(slope) * distance),
            by_time: by(ft),
            by_parameter: back.parameters().map(by).collect(),
        }
    }
}

pub(super) fn largest(point: [f64; 3]) -> f64 {
    point.into_iter().fold(0.0, |most, v| most.max(v.abs()))
}

/// Halfway, or by a factor where the ends are of very different magnitudes: distances are looked at in octaves.
fn split(from: f64, to: f64) -> f64 {
    match (from, to) {
        _ if from >= 0.0 && to > 4.0 && from < to / 4.0 => from.max(1.0) * (to / from.max(1.0)).sqrt(),
        _ if to <= 0.0 && from < -4.0 && to > from / 4.0 => -split(-to, -from),
        _ => 0.5 * (from + to),
    }
}

/// What is known about zeros on a piece.
enum Meeting {
    Nothing,
    /// Exactly one zero, crossed, at that distance.
    Once(f64),
    /// Not known: look closer, with this tape.
    Unknown(Arc<Tape>),
}

fn meet(tape: &Arc<Tape>, ray: &Ray, t: f64, from: f64, to: f64) -> Meeting {
    let along = |s: Interval| [0, 1, 2].map(|i| point(ray.origin[i]) + s * point(ray.direction[i]));
    let [x, y, z] = along(Interval::new(from, to));
    let (outputs, tape) = look(tape, [x, y, z, point(t)]);
    if !outputs[0].contains(0.0) {
        return Meeting::Nothing;
    }
    let mut machine = Machine::<Slope<1>>::new(&tape);
    let mut bound = |from: f64, to: f64| {
        let s = Interval::new(from, to);
        let [x, y, z] = [0, 1, 2].map(|i| {
            let [x, y, z] = along(s);
            let slope = [point(ray.direction[i])];
            let value = [x, y, z][i];
            Slope::coordinate(Dual { value, slope }, i)
        });
        let time = Slope::coordinate(Dual::fixed(point(t)), 3);
        machine.at([x, y, z, time])[0].bound
    };
    let slope = bound(from, to).slope[0];
    if !slope.is_finite() {
        return Meeting::Unknown(tape);
    }
    // The mean value theorem, about the middle.
    let middle = 0.5 * (from + to);
    let mean = bound(middle, middle).value + slope * (Interval::new(from, to) - point(middle));
    if !mean.contains(0.0) {
        return Meeting::Nothing;
    }
    if slope.contains(0.0) {
        return Meeting::Unknown(tape);
    }
    // f rises or falls all along: the signs at the ends tell, where rounding leaves them.
    let rising = if slope.lo() > 0.0 { 1.0 } else { -1.0 };
    let (first, last) = (bound(from, from).value * point(rising), bound(to, to).value * point(rising));
    if first.lo() > 0.0 || last.hi() < 0.0 {
        return Meeting::Nothing;
    }
    Meeting::Once(root(&tape, ray, t, from, to, rising))
}

/// A change of sign between two distances.
fn crossing(tape: &Tape, ray: &Ray, t: f64, from: f64, to: f64) -> Option<f64> {
    let mut machine = Machine::<f64>::new(tape);
    machine.set_time(t);
    let (first, last) = (machine.at_point(ray.at(from))[0], machine.at_point(ray.at(to))[0]);
    (first * last < 0.0).then(|| root(tape, ray, t, from, to, last.signum()))
}

fn point(value: f64) -> Interval {
    Interval::point(value)
}

/// The zero of a monotone field between two distances: Newton's steps, held to a bracket that shrinks.
fn root(tape: &Tape, ray: &Ray, t: f64, from: f64, to: f64, rising: f64) -> f64 {
    let mut machine = Machine::<Dual<f64, 1>>::new(tape);
    let mut value = |s: f64| {
        let part = |i: usize| Dual { value: ray.at(s)[i], slope: [ray.direction[i]] };
        machine.at([part(0), part(1), part(2), Dual::fixed(t)])[0]
    };
    let (mut low, mut high) = (from, to);
    let mut s = 0.5 * (from + to);
    for step in 0..200 {
        let here = value(s);
        match here.value * rising {
            0.0 if here.slope[0] != 0.0 => return s,
            above if above >= 0.0 => high = s, // the first zero, should there be a stretch of them
            _ => low = s,
        }
        let newton = s - here.value / here.slope[0];
        // Every third step halves, so that the bracket shrinks whatever Newton does.
        let next = match low < newton && newton < high && step % 3 != 2 {
            true => newton,
            false => 0.5 * (low + high),
        };
        if (next - s).abs() <= f64::EPSILON * s.abs() || high - low <= f64::EPSILON * s.abs() {
            return if value(next).value.abs() < here.value.abs() { next } else { s };
        }
        s = next;
    }
    s
}
