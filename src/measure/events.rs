//! When a solid's surface changes its topology: where f = 0 and 0 is among f's slopes in space (Morse theory; for fields with
//! kinks, f's generalised gradient: Agrachev, Pallaschke & Scholtes, "On Morse theory for piecewise smooth functions", 1997).
//!
//! Boxes of space and time are halved. One is left out where bounds show that f is not 0, or that there is a direction in space
//! along which f rises on each of its branches: then the surface in it is a sheet throughout, moving. What is left gathers about
//! the events. In each gathering Newton's method is tried on the equations that an event satisfies with one smooth branch or a
//! few (`critical.rs`); where it does not lead to one, as in the tip of a cone, halving goes on to the last digits (`cluster.rs`
//! has how boxes gather).

mod cluster;
mod critical;

use super::{Bounds, Region, centre, cone, halves, look, unusable};
use crate::error::Result;
use crate::field::Field;
use crate::number::{Dual, Interval};
use crate::tape::{Branches, Machine, Tape};
use crate::task;
use cluster::clusters;
use critical::CriticalSearch;
use rayon::prelude::*;
use std::sync::Arc;

/// How the topology of a solid's surface changes in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TopologyChange {
    /// A piece of the solid appears.
    Appears,
    /// A piece vanishes.
    Vanishes,
    /// Two parts of the solid join: pieces, or both ends of one.
    Joins,
    /// A neck of it parts.
    Parts,
    /// A tunnel through it opens.
    TunnelOpens,
    /// A tunnel is filled.
    TunnelFills,
    /// A cavity within it opens.
    CavityOpens,
    /// A cavity is filled.
    CavityFills,
    /// Surfaces touch for an instant: before and after there is nothing else.
    Touches,
    /// Something else: many of these at once, as along a circle.
    Other,
}

/// An instant at which the topology of a solid's surface changes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// The time.
    pub time: f64,
    /// Where.
    pub place: [f64; 3],
    /// How.
    pub change: TopologyChange,
}

/// The events of a span of time.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Events {
    /// Those found, in their order.
    pub found: Vec<Event>,
    /// The boxes of space and the spans of time in which it was not settled whether there are events: where f may jump or have no
    /// bounded slope, where a surface rests on another, or where boxes became too many.
    pub open: Vec<(Bounds, (f64, f64))>,
    /// How many boxes were looked at.
    pub boxes: usize,
}

/// The size of boxes whose gatherings are looked at, in parts of the whole's longest side and span.
const FINE: f64 = 1.0 / 384.0;
/// The size to which halving goes on about what Newton's method does not find.
const FINEST: f64 = 1e-7;
/// How many boxes there may be of one size: in all, and in a gathering that is halved on.
const BOXES: [usize; 2] = [400_000, 60_000];
/// How many branches f may have in a box.
const BRANCHES: usize = 48;

/// # Events
impl Field {
    /// The events of the solid's surface in a box during a span of time.
    ///
    /// None is missed, but for those named as open, and for events of one gathering that are nearer to each other than about 1
    /// part in 400 of the box and of the span. Times and places are right to about 1e-9 of the span and the box's size where
    /// few smooth branches meet, and to 1e-6 elsewhere. The sides of the box count for nothing: a solid that grows beyond them
    /// has no event there.
    ///
    /// ```
    /// use fieldgrad::measure::TopologyChange;
    /// use fieldgrad::prelude::*;
    ///
    /// // Two balls that come nearer, and touch when their centres are 1 apart.
    /// let pair = union([sphere(0.5).translate((1 - t(), 0, 0)), sphere(0.5).translate((t() - 1, 0, 0))]);
    /// let events = pair.events(Bounds::new([-2.0; 3], [2.0; 3]), (0.0, 0.8))?;
    /// let [event] = events.found[..] else { panic!("one event") };
    /// assert_eq!(event.change, TopologyChange::Joins);
    /// assert!((event.time - 0.5).abs() < 1e-9 && events.open.is_empty());
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    #[track_caller]
    pub fn events(&self, within: Bounds, span: (f64, f64)) -> Result<Events> {
        if !(span.0.is_finite() && span.1.is_finite() && span.0 < span.1) {
            return Err(unusable("events", "span", format!("{span:?} is no span of time")));
        }
        let sides = within.during(Interval::new(span.0, span.1));
        if !sides.iter().all(|side| side.is_finite() && side.width() > 0.0) {
            return Err(unusable("events", "within", "a box without a size"));
        }
        let longest = sides[..3].iter().map(|side| side.width()).fold(0.0, f64::max);
        let whole = Whole { sides, scale: [longest, longest, longest, span.1 - span.0] };
        events(&self.tape()?.fixed([None; 4]), &whole)
    }
}

/// All of space and time that is looked through, and the sizes that those of its parts are compared with.
struct Whole {
    sides: Region,
    scale: [f64; 4],
}

/// A box in which there may be an event.
#[derive(Clone)]
struct Suspect {
    part: Region,
    tape: Arc<Tape>,
    /// How much f changes over it in time, beside how much it does in space.
    haste: f64,
}

impl Suspect {
    /// The box, if bounds leave room for an event in it.
    fn of(tape: &Arc<Tape>, part: Region) -> Option<Suspect> {
        let (outputs, tape) = look(tape, part);
        if !outputs[0].contains(0.0) {
            return None;
        }
        let mut branches = Branches::new(&tape);
        let rises =
            branches.during(part, BRANCHES).is_some_and(|slopes| cone::direction(slopes.iter()).is_some());
        if rises {
            return None;
        }
        let slopes = Machine::<Dual<Interval, 4>>::new(&tape).at(Dual::variables(part))[0].slope;
        let [x, y, z, t]: [f64; 4] = std::array::from_fn(|n| slopes[n].largest() * part[n].width());
        let haste = if t == 0.0 { 0.0 } else { t / x.max(y).max(z) };
        Some(Suspect { part, tape, haste })
    }

    /// The axis along which it is to be halved to be of a size, if it is not.
    fn axis(&self, whole: &Whole, size: f64) -> Option<usize> {
        let sizes: [f64; 4] = std::array::from_fn(|n| self.part[n].width() / whole.scale[n]);
        let widest = (1..3).fold(0, |best, n| if sizes[n] > sizes[best] { n } else { best });
        // Where slopes are not bounded, time is cut as space is.
        let is_hasty = if self.haste.is_finite() { self.haste > 1.0 } else { sizes[3] > sizes[widest] };
        let least = TIMES * size;
        match () {
            _ if is_hasty && sizes[3] > least => Some(3),
            _ if sizes[widest] > size => Some(widest),
            _ => None,
        }
    }
}

/// How short a box may be in time, in parts of the span, for one that is so large in space.
const TIMES: f64 = 1e-3;

/// Halves boxes until they are of a size; those left, and whether there were not too many.
fn halved(
    mut open: Vec<Suspect>,
    whole: &Whole,
    size: f64,
    most: usize,
    boxes: &mut usize,
) -> Result<(Vec<Suspect>, bool)> {
    let mut done = Vec::new();
    while !open.is_empty() {
        task::check()?;
        if open.len() + done.len() > most {
            done.extend(open);
            return Ok((done, false));
        }
        *boxes += 2 * open.len();
        let next = open.into_par_iter().map(|suspect| match suspect.axis(whole, size) {
            None => vec![suspect],
            Some(axis) => halves(suspect.part, axis)
                .into_iter()
                .filter_map(|half| Suspect::of(&suspect.tape, half))
                .collect(),
        });
        open = Vec::new();
        for suspect in next.collect::<Vec<_>>().into_iter().flatten() {
            if suspect.axis(whole, size).is_some() { open.push(suspect) } else { done.push(suspect) }
        }
    }
    Ok((done, true))
}

fn events(tape: &Tape, whole: &Whole) -> Result<Events> {
    let mut events = Events::default();
    let tape = Arc::new(tape.clone());
    let first = Suspect::of(&tape, whole.sides).into_iter().collect();
    let (suspects, is_fine) = halved(first, whole, FINE, BOXES[0], &mut events.boxes)?;
    if !is_fine {
        events.open.push(open(&suspects));
        return Ok(events);
    }
    let search = CriticalSearch { tape: &tape, whole };
    for cluster in clusters(&suspects) {
        task::check()?;
        let found = search.found(&cluster);
        if !found.is_empty() {
            events.found.extend(found);
            continue;
        }
        let (rest, is_done) = halved(cluster, whole, FINEST, BOXES[1], &mut events.boxes)?;
        for cluster in clusters(&rest) {
            match search.seen(&cluster).filter(|_| is_done) {
                Some(event) => events.found.push(event),
                None => events.open.push(open(&cluster)),
            }
        }
    }
    one_of_each(&mut events.found, whole);
    Ok(events)
}

/// The box about a gathering, as users see it.
fn open(cluster: &[Suspect]) -> (Bounds, (f64, f64)) {
    let [x, y, z, t] = cluster::hull(cluster);
    let sides = [x, y, z];
    (Bounds { min: sides.map(Interval::lo), max: sides.map(Interval::hi) }, (t.lo(), t.hi()))
}

/// Nearer than so much, in parts of the whole, two events are one.
const SAME: f64 = 1e-6;

/// In their order, each once: gatherings side by side may have led to the same.
fn one_of_each(found: &mut Vec<Event>, whole: &Whole) {
    found.sort_by(|a, b| a.time.total_cmp(&b.time));
    let mut kept: Vec<Event> = Vec::new();
    for event in found.drain(..) {
        let is_same = |other: &Event| {
            (other.time - event.time).abs() <= SAME * whole.scale[3]
                && (0..3).all(|n| (other.place[n] - event.place[n]).abs() <= SAME * whole.scale[n])
        };
        if !kept.iter().rev().any(is_same) {
            kept.push(event);
        }
    }
    *found = kept;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    fn events_of(field: Field, span: (f64, f64)) -> Vec<Event> {
        let events = field.events(Bounds::new([-1.5, -1.4, -1.45], [1.5, 1.6, 1.55]), span).unwrap();
        assert_eq!(events.open, [], "{:?}", events.found);
        events.found
    }

    /// One event, at a time, within 1e-6.
    fn one(field: Field, span: (f64, f64), time: f64, place: [f64; 3], change: TopologyChange) {
        let found = events_of(field, span);
        let [event] = found[..] else { panic!("{found:?}") };
        assert_eq!(event.change, change, "{event:?}");
        assert!((event.time - time).abs() < 1e-6, "{event:?}");
        assert!((0..3).all(|n| (event.place[n] - place[n]).abs() < 1e-6), "{event:?}");
    }

    #[test]
    fn smooth_surfaces_change_as_morse_says() {
        let square = |of: Field| &of * &of;
        let [xx, yy, zz] = [x(), y() - 0.1, z()].map(square);
        let span = (-0.37, 0.4);
        let at = [0.0, 0.1, 0.0];
        for (a, b, c, change) in [
            (1.0, 2.0, 3.0, TopologyChange::Appears),
            (1.0, -2.0, 3.0, TopologyChange::Joins),
            (-1.0, 2.0, -3.0, TopologyChange::TunnelFills),
            (-1.0, -2.0, -1.0, TopologyChange::CavityFills),
        ] {
            let form = a * &xx + b * &yy + c * &zz;
            one(&form - (t() - 0.05), span, 0.05, at, change);
        }
        one(&xx + &yy + &zz + (t() - 0.05), span, 0.05, at, TopologyChange::Vanishes);
        one(&xx + &yy - &zz + (t() - 0.05), span, 0.05, at, TopologyChange::Parts);
        one(&xx - &yy - &zz + (t() - 0.05), span, 0.05, at, TopologyChange::TunnelOpens);
        one((t() - 0.05) - (&xx + &yy + &zz), span, 0.05, at, TopologyChange::CavityOpens);
    }

    #[test]
    fn solids_that_touch_join() {
        let pair = union([sphere(0.5).translate((1.2 - t(), 0, 0)), sphere(0.3).translate((t() - 1, 0, 0))]);
        // Centres are 2.2 − 2t apart.
        one(pair, (0.0, 0.9), 0.7, [0.0, 0.0, 0.0], TopologyChange::Joins);
        // A ball that falls on a slab, and one on its corner.
        let slab = r#box([2.0, 0.4, 2.0]);
        let ball = sphere(0.3).translate((0.1, 1.0 - t(), 0.2));
        one(slab.union(ball), (0.0, 0.8), 0.5, [0.1, 0.2, 0.2], TopologyChange::Joins);
    }

    #[test]
    fn a_drill_opens_a_tunnel() {
        // A drill with a round tip goes up through a slab: the tunnel opens where the tip comes out.
        let slab = r#box([2.0, 0.4, 2.0]);
        let drill = capsule([0.1, -3.0, 0.0], (0.1, t() - 0.5, 0.0), 0.25);
        one(slab.difference(drill), (0.0, 0.9), 0.45, [0.1, 0.2, 0.0], TopologyChange::TunnelOpens);
    }

    #[test]
    fn a_ring_closes_its_hole() {
        one(torus(0.5, 0.2 + 0.5 * t()), (0.0, 0.9), 0.6, [0.0; 3], TopologyChange::TunnelFills);
    }

    #[test]
    fn what_only_moves_has_no_events() {
        let solid = r#box([0.7, 0.5, 0.6]).difference(cylinder(0.15, 2.0)).rotate([1.0, 2.0, 0.5], t());
        assert_eq!(events_of(solid.clone(), (0.0, 1.0)), []);
        let chain = sphere(0.4).smooth_union(sphere(0.3).translate((0.5, 0.1 * sin(3 * t()), 0)), 0.2);
        assert_eq!(events_of(chain, (0.0, 1.0)), []);
    }

    #[test]
    fn questions_of_no_use_are_refused() {
        let within = Bounds::new([-1.0; 3], [1.0; 3]);
        assert!(sphere(0.5).events(within, (1.0, 0.0)).is_err());
        assert!(sphere(0.5).events(within, (0.0, f64::NAN)).is_err());
    }
}
