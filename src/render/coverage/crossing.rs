//! Where an outline crosses the way from one ray to another, and how it moves.
//!
//! Along a ray the field has a least value m, at some depth. The ray meets the solid where m < 0, so an outline is where
//! m = 0, and it moves as m does: by the envelope theorem (Danskin 1967) m's derivative in anything is the field's own at
//! that depth. Where the least value is at a kink, as at an edge of a cut solid, the field's slope along the ray jumps
//! there from below 0 to above 0, and m's derivative is that mean of both sides' derivatives whose slope along the ray is 0.

use super::super::Lens;
use crate::tape::{Block64, Tape};
use glam::DVec3;
use rayon::prelude::*;

/// The way from a ray that meets the solid to one that does not, within the depths that are looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct RayPair {
    /// The u and v of the ray that meets it.
    pub from: [f64; 2],
    /// Those of the ray that does not.
    pub to: [f64; 2],
    /// About how deep the outline is.
    pub depth: f64,
    /// From where to where rays are looked at.
    pub within: [f64; 2],
}

/// A place of space, and how much the field there counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WeightedPlace {
    pub place: [f64; 3],
    pub weight: f64,
}

/// A place of an outline.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossing {
    /// Its u and v.
    pub at: [f64; 2],
    /// How deep it is.
    pub depth: f64,
    /// Which way is out, in u and v, of length 1.
    pub out: [f64; 2],
    /// How much farther out it is for as much more of the field at these places. There are two where it is at a kink.
    pub moved_by: [WeightedPlace; 2],
    /// Whether it was found. If not, nothing moves.
    pub is_found: bool,
}

/// How many pairs a thread takes at a time.
const PAIRS: usize = 64;
/// How many depths of each ray are looked at, evenly and closer and closer to where the neighbour met the solid.
const EVEN: usize = 32;
const CLOSE: i32 = 8;
/// How many steps along the way are taken at most, and how near one is to the last where no more is.
const STEPS: usize = 16;
const NEAR: f64 = 1e-9;
/// How wide a piece of a ray is, as a part of all that is looked at, where the least value is known to be in it.
const NARROW: f64 = 1e-7;
/// By what part of its length ∇f differs at both ends of such a piece at a kink.
const SMOOTH: f64 = 1e-4;
/// How many times such a piece is made smaller at most.
const CUTS: usize = 40;

/// Where outlines cross, in the order of the pairs. The tape has the field and its derivatives along x, y and z.
pub(super) fn crossings(gradient: &Tape, lens: &Lens, t: f64, pairs: &[RayPair]) -> Vec<Crossing> {
    let some = |pairs: &[RayPair]| Rays::new(gradient, lens, t).cross(pairs);
    pairs.par_chunks(PAIRS).flat_map_iter(some).collect()
}

/// The field at a depth of a ray: its value, and its slopes along u, v and the ray.
#[derive(Clone, Copy, Debug, Default)]
struct Sighting {
    depth: f64,
    value: f64,
    across: [f64; 2],
    along: f64,
    slope: DVec3,
}

/// The least value of a ray: that of the mean of two depths, which are one where the field is smooth or ends there.
#[derive(Clone, Copy, Debug, Default)]
struct Least {
    value: f64,
    ends: [Sighting; 2],
    shares: [f64; 2],
    /// Whether it is at an end of what was looked at.
    is_at_end: bool,
}

impl Least {
    fn depth(&self) -> f64 {
        self.shares[0] * self.ends[0].depth + self.shares[1] * self.ends[1].depth
    }

    /// How the least value rises with u and v.
    fn slope(&self) -> [f64; 2] {
        [0, 1].map(|i| self.shares[0] * self.ends[0].across[i] + self.shares[1] * self.ends[1].across[i])
    }

    /// The same, at one depth alone where the field is as steep at both.
    fn told_apart(self) -> Least {
        let [low, high] = self.ends;
        let is_one = (low.slope - high.slope).length() < SMOOTH * low.slope.length().max(high.slope.length());
        match is_one {
            true if self.shares[0] > self.shares[1] => Least { shares: [1.0, 0.0], ..self },
            true => Least { shares: [0.0, 1.0], ..self },
            false => self,
        }
    }
}

/// Many rays looked at together.
struct Rays<'a> {
    lens: &'a Lens,
    block: Block64,
    places: [Vec<f64>; 3],
    outputs: [Vec<f64>; 4],
}

impl Rays<'_> {
    fn new<'a>(gradient: &Tape, lens: &'a Lens, t: f64) -> Rays<'a> {
        let mut block = Block64::new(gradient);
        block.set_time(t);
        Rays { lens, block, places: Default::default(), outputs: Default::default() }
    }

    /// The field at depths of rays, which are given by u, v and s.
    fn look(&mut self, at: &[[f64; 3]]) -> Vec<Sighting> {
        self.places.iter_mut().for_each(Vec::clear);
        for &at in at {
            let place = self.lens.at(at);
            self.places.iter_mut().zip(place).for_each(|(column, x)| column.push(x));
        }
        self.outputs.iter_mut().for_each(|column| column.resize(at.len(), 0.0));
        let [x, y, z] = &self.places;
        self.block.eval([x, y, z], &mut self.outputs.each_mut().map(|column| &mut column[..]));
        let [right, up] = [self.lens.right, self.lens.up].map(DVec3::from);
        let seen = |(n, &[u, v, depth]): (usize, &[f64; 3])| {
            let slope = DVec3::new(self.outputs[1][n], self.outputs[2][n], self.outputs[3][n]);
            let spread = if self.lens.parallel { 1.0 } else { depth };
            let across = [slope.dot(right) * spread, slope.dot(up) * spread];
            Sighting {
                depth,
                value: self.outputs[0][n],
                across,
                along: slope.dot(self.lens.way([u, v])),
                slope,
            }
        };
        at.iter().enumerate().map(seen).collect()
    }

    fn cross(&mut self, pairs: &[RayPair]) -> Vec<Crossing> {
        let mut open: Vec<CrossingSearch> = pairs.iter().map(CrossingSearch::new).collect();
        for step in 0..STEPS {
            let mut going: Vec<&mut CrossingSearch> = open.iter_mut().filter(|own| !own.is_done).collect();
            if going.is_empty() {
                break;
            }
            let rays: Vec<[f64; 2]> = going.iter().map(|own| own.ray()).collect();
            let depths: Vec<Vec<f64>> = going.iter().map(|own| own.depths(step)).collect();
            let wide: Vec<f64> = going.iter().map(|own| own.pair.within[1] - own.pair.within[0]).collect();
            let least = self.least(&rays, &depths, &wide);
            going.iter_mut().zip(least).for_each(|(own, least)| own.take(least, step));
        }
        open.iter().map(|own| own.crossing(self.lens)).collect()
    }

    /// The least value along each of some rays, among and between the depths that are looked at, which rise.
    fn least(&mut self, rays: &[[f64; 2]], depths: &[Vec<f64>], wide: &[f64]) -> Vec<Least> {
        let of = |(&[u, v], depths): (&[f64; 2], &Vec<f64>)| {
            depths.iter().map(move |&s| [u, v, s]).collect::<Vec<_>>()
        };
        let at: Vec<[f64; 3]> = rays.iter().zip(depths).flat_map(of).collect();
        let seen = self.look(&at);
        // The pieces with least values of all rays, and which ray each is of.
        let (mut all, mut of): (Vec<DepthBracket>, Vec<usize>) = Default::default();
        let mut start = 0;
        for (n, depths) in depths.iter().enumerate() {
            all.extend(DepthBracket::among(&seen[start..start + depths.len()]));
            of.resize(all.len(), n);
            start += depths.len();
        }
        for cut in 0..CUTS {
            let is_open = |&k: &usize| all[k].is_open(NARROW * wide[of[k]]);
            let going: Vec<usize> = (0..all.len()).filter(is_open).collect();
            if going.is_empty() {
                break;
            }
            let place = |&k: &usize| [rays[of[k]][0], rays[of[k]][1], all[k].between(cut)];
            let at: Vec<[f64; 3]> = going.iter().map(place).collect();
            let seen = self.look(&at);
            going.iter().zip(seen).for_each(|(&k, seen)| all[k].narrow(seen));
        }
        let mut least: Vec<Option<Least>> = vec![None; rays.len()];
        for (own, n) in all.iter().map(DepthBracket::least).zip(of) {
            let is_less = least[n].is_none_or(|other| own.value < other.value);
            least[n] = if is_less { Some(own) } else { least[n] };
        }
        least.into_iter().map(|own| own.expect("each ray has a least value")).collect()
    }
}

/// A piece of a ray with a least value within.
#[derive(Clone, Copy, Debug)]
struct DepthBracket {
    low: Sighting,
    high: Sighting,
    is_at_end: bool,
}

impl DepthBracket {
    /// Those about the least of some depths, which rise, and about others that may lie lower within.
    fn among(all: &[Sighting]) -> Vec<DepthBracket> {
        let is_low = |n: usize| {
            let beside = [n.checked_sub(1).map(|n| all[n]), all.get(n + 1).copied()];
            beside.into_iter().flatten().all(|other| all[n].value <= other.value)
        };
        let found: Vec<DepthBracket> =
            (0..all.len()).filter(|&n| is_low(n)).map(|n| DepthBracket::about(all, n)).collect();
        let lowest = |own: &DepthBracket| own.low.value.min(own.high.value);
        let least = found.iter().map(lowest).fold(f64::INFINITY, f64::min);
        let may_be = |own: &DepthBracket| own.floor().min(lowest(own)) <= least;
        let mut kept: Vec<DepthBracket> = found.iter().copied().filter(may_be).collect();
        if kept.is_empty() {
            // No value is a number.
            kept.push(DepthBracket { low: all[0], high: all[0], is_at_end: true });
        }
        kept
    }

    /// That beside a depth, to the side where the field falls.
    fn about(all: &[Sighting], n: usize) -> DepthBracket {
        let own = all[n];
        let next = if own.along < 0.0 { all.get(n + 1) } else { n.checked_sub(1).map(|n| &all[n]) };
        let Some(&next) = next else {
            return DepthBracket { low: own, high: own, is_at_end: true };
        };
        let (low, high) = if own.along < 0.0 { (own, next) } else { (next, own) };
        DepthBracket { low, high, is_at_end: false }
    }

    fn is_open(&self, narrow: f64) -> bool {
        self.high.depth - self.low.depth > narrow && self.low.along != 0.0 && self.high.along != 0.0
    }

    /// The next depth to look at: where the slope would be 0 were it even, every other time in the middle.
    fn between(&self, cut: usize) -> f64 {
        let (low, high) = (&self.low, &self.high);
        let part = low.along / (low.along - high.along);
        let is_known = low.along < 0.0 && high.along > 0.0 && cut.is_multiple_of(2);
        let part = if is_known { part.clamp(0.02, 0.98) } else { 0.5 };
        low.depth + part * (high.depth - low.depth)
    }

    /// Keeps the side that has a least value for certain. Of the ends one falls inward at least; where one does not, it is no
    /// lower than the other.
    fn narrow(&mut self, seen: Sighting) {
        let is_low = match seen.along < 0.0 {
            true => self.high.along > 0.0 || seen.value <= self.low.value,
            false => self.low.along >= 0.0 && seen.value > self.high.value,
        };
        *(if is_low { &mut self.low } else { &mut self.high }) = seen;
    }

    /// How low the field may lie within, were it convex.
    fn floor(&self) -> f64 {
        let (low, high, wide) = (self.low, self.high, self.high.depth - self.low.depth);
        match (low.along < 0.0, high.along > 0.0) {
            (true, true) => self.least().value,
            (true, false) => low.value + low.along * wide,
            (false, true) => high.value - high.along * wide,
            (false, false) => low.value.min(high.value),
        }
    }

    fn least(&self) -> Least {
        let (low, high) = (self.low, self.high);
        let fall = low.along - high.along;
        let shares = match low.along < 0.0 && high.along > 0.0 {
            true => [-high.along / fall, low.along / fall],
            false if low.value < high.value => [1.0, 0.0],
            false => [0.0, 1.0],
        };
        // Where the tangents of both ends meet.
        let value = match shares.contains(&1.0) {
            true => low.value.min(high.value),
            false => {
                let meet = (high.value - low.value + low.along * low.depth - high.along * high.depth) / fall;
                low.value + low.along * (meet.clamp(low.depth, high.depth) - low.depth)
            }
        };
        Least { value, ends: [low, high], shares, is_at_end: self.is_at_end }
    }
}

/// The search for a crossing: a place on the way, held to a bracket that shrinks.
struct CrossingSearch<'a> {
    pair: &'a RayPair,
    at: f64,
    low: f64,
    high: f64,
    least: Least,
    is_done: bool,
    /// Whether the least value's depth is only known to be anywhere.
    is_wide: bool,
}

/// How far beyond its ends a crossing may be: there where a ray passes the solid nearer than marching tells.
const BEYOND: f64 = 0.25;

impl CrossingSearch<'_> {
    fn new(pair: &RayPair) -> CrossingSearch<'_> {
        let (low, high) = (-BEYOND, 1.0 + BEYOND);
        CrossingSearch { pair, at: 0.5, low, high, least: Least::default(), is_done: false, is_wide: true }
    }

    fn way(&self) -> [f64; 2] {
        [0, 1].map(|i| self.pair.to[i] - self.pair.from[i])
    }

    fn ray(&self) -> [f64; 2] {
        let way = self.way();
        [0, 1].map(|i| self.pair.from[i] + self.at * way[i])
    }

    /// The depths to look at: all along the ray at first, and then near the last.
    fn depths(&self, step: usize) -> Vec<f64> {
        let [from, to] = self.pair.within;
        let mut all: Vec<f64> = Vec::with_capacity(EVEN + 2 * CLOSE as usize + 2);
        if step < 2 || self.is_wide {
            all.extend((0..=EVEN).map(|n| from + (to - from) * n as f64 / EVEN as f64));
            let first = (to - from) / EVEN as f64;
            let close = (0..CLOSE).map(|n| first * 0.5f64.powi(n + 1));
            all.push(self.pair.depth);
            all.extend(close.flat_map(|by| [self.pair.depth - by, self.pair.depth + by]));
        } else {
            let (depth, by) = (self.least.depth(), (to - from) / EVEN as f64);
            all.extend([-1.0, -0.3, 0.0, 0.3, 1.0].map(|part| depth + part * by));
        }
        all.retain(|depth| (from..=to).contains(depth));
        all.sort_by(f64::total_cmp);
        all.dedup();
        all
    }

    /// Takes in the least value where it is, and goes on to where it is 0, by Newton's step or to the middle.
    fn take(&mut self, least: Least, step: usize) {
        self.is_wide = least.is_at_end && !self.is_wide;
        let (slope, way) = (least.slope(), self.way());
        if least.value > 0.0 {
            self.high = self.at;
        } else {
            self.low = self.at;
        }
        let newton = self.at - least.value / (slope[0] * way[0] + slope[1] * way[1]);
        self.is_done = step > 1 && (newton - self.at).abs() < NEAR;
        // The bracket may be narrower than the rounding.
        let is_within = self.low - NEAR < newton && newton < self.high + NEAR;
        let next = if is_within { newton } else { 0.5 * (self.low + self.high) };
        (self.at, self.least) = (next, least);
    }

    fn crossing(&self, lens: &Lens) -> Crossing {
        let (ray, least) = (self.ray(), self.least.told_apart());
        let slope = self.least.slope();
        let steep = slope[0].hypot(slope[1]);
        let is_found = self.is_done && steep > 0.0;
        let place = |n: usize| {
            let place = lens.at([ray[0], ray[1], least.ends[n].depth]);
            WeightedPlace { place, weight: if is_found { -least.shares[n] / steep } else { 0.0 } }
        };
        let out = slope.map(|along| if is_found { along / steep } else { 0.0 });
        let moved_by = [place(0), place(1)];
        Crossing { at: ray, depth: self.least.depth(), out, moved_by, is_found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::param;
    use crate::shape::{sphere, torus};

    #[test]
    fn the_lower_of_two_places_is_where_an_outline_is() {
        // A ring seen from its side, near the top: as high in front as behind, where what is looked at ends a little too early.
        let ring = torus(param("R", 0.9), param("r", 0.3)) | sphere(0.1);
        let [x, y, z, _] = ring.gradient();
        let tape = Tape::new(&[ring, x, y, z]).unwrap();
        let lens = Lens::parallel([0.0, 0.0, 6.0], [0.0; 3], [0.0, 1.0, 0.0], 2.0);
        for n in 0..40 {
            let within = [4.0, 6.6 + 0.005 * f64::from(n)];
            let pair = RayPair { from: [-0.5625, 0.28], to: [-0.5625, 0.32], depth: 5.168, within };
            let found = crossings(&tape, &lens, 0.0, &[pair])[0];
            let [first, second] = found.moved_by;
            let place = if first.weight < second.weight { first.place } else { second.place };
            let z = (0.9f64 * 0.9 - 0.5625 * 0.5625).sqrt();
            assert!(found.is_found && (place[1] - 0.3).abs() < 1e-8, "{n}: {found:?}");
            assert!((place[2].abs() - z).abs() < 1e-6, "{n}: {found:?}");
        }
    }
}
