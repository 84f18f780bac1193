//! Where the points of edges, faces and cells are placed: on the surface where it passes simply, on its creases and
//! corners where it has some there; else where their sign is plain.
//!
//! What an edge decides is decided by the edge alone, a face by its edges and corners, a cell by what bounds it: so all
//! who share one agree.

use super::lattice::{Lattice, LatticePoints, LatticeTile};
use super::link::{LINKS, Link};
use super::probe::{Bracket, Room, TapeProbe, between};
use crate::error::{Error, Result};
use crate::mesh::Point;
use crate::task;
use rayon::prelude::*;

/// Nearer to the surface than so many cells a point is on it.
const ON: f64 = 1e-6;
/// How far points keep from the sides of what they stand for, in cells.
const EDGE: f64 = 1e-5;
/// How far beside a crease its sheets are looked at, in cells.
const ASIDE: f64 = 0.02;

struct Placed {
    place: Point,
    value: f64,
    inside: bool,
    on: bool,
    sharp: bool,
    /// About how ∇f is there, where that is known.
    slope: Point,
}

impl Placed {
    fn off(place: Point, value: f64) -> Placed {
        Placed { place, value, inside: value <= 0.0, on: false, sharp: false, slope: [0.0; 3] }
    }

    fn on(place: Point) -> Placed {
        Placed { place, value: 0.0, inside: true, on: true, sharp: false, slope: [0.0; 3] }
    }
}

/// Places all points, those of corners first.
pub(super) fn place(points: &mut LatticePoints, tiles: &[LatticeTile], lattice: &Lattice) -> Result<()> {
    for axes in 0..4 {
        task::check()?;
        let placed = |tile: usize| {
            let own = &points.of_tiles[tile][axes];
            let mut placing = Placing { points, lattice, probe: TapeProbe::new(&tiles[tile].tape) };
            match axes {
                _ if own.is_empty() || task::is_given_up() => Ok(Vec::new()),
                0 => placing.corners(own),
                1 => Ok(placing.edges(own)),
                _ => Ok(own.iter().map(|&point| placing.face_or_cell(point)).collect()),
            }
        };
        let all: Result<Vec<Vec<Placed>>> = (0..tiles.len()).into_par_iter().map(placed).collect();
        let all = all?;
        task::check()?;
        for (tile, placed) in all.into_iter().enumerate() {
            for (n, placed) in placed.into_iter().enumerate() {
                let point = points.of_tiles[tile][axes][n] as usize;
                points.places[point] = placed.place;
                points.values[point] = placed.value;
                points.inside[point] = placed.inside;
                points.on[point] = placed.on;
                points.sharp[point] = placed.sharp;
                points.slopes[point] = placed.slope;
            }
        }
    }
    Ok(())
}

/// Where a point may be, without a margin.
fn whole_room(points: &LatticePoints, lattice: &Lattice, point: u32) -> Room {
    let key = points.keys[point as usize];
    let end = |up: u32| [0, 1, 2].map(|axis| lattice.planes[axis][((key[axis] + up) / 2) as usize]);
    Room { lo: end(0), hi: end(1) }
}

/// Where a point may be: strictly within what it stands for, after it is rounded too.
pub(super) fn room(points: &LatticePoints, lattice: &Lattice, point: u32) -> Room {
    let whole = whole_room(points, lattice, point);
    let margin = EDGE * lattice.cell;
    let (mut lo, mut hi) = (whole.lo, whole.hi);
    for axis in (0..3).filter(|&axis| whole.is_free(axis)) {
        let above = (whole.lo[axis] + margin) as f32;
        let below = (whole.hi[axis] - margin) as f32;
        lo[axis] = above.max((whole.lo[axis] as f32).next_up()).into();
        hi[axis] = below.min((whole.hi[axis] as f32).next_down()).into();
    }
    Room { lo, hi }
}

/// A place as `f32` holds it.
pub(super) fn rounded(p: Point) -> Point {
    p.map(|x| f64::from(x as f32))
}

/// How many steps a way is looked at in.
const STEPS: usize = 16;
/// How far beyond the surface a point goes that joins pieces, as a part of the way to one that surely does.
const BEYOND: f64 = 0.02;
/// How many ways are looked at for what their steps do not show.
const MAX_WAYS: usize = 6;

/// A straight way between two places on one side of the surface.
struct StraightWay {
    ends: [Point; 2],
    inside: bool,
}

impl StraightWay {
    fn at(&self, step: usize) -> Point {
        between(self.ends[0], self.ends[1], step as f64 / STEPS as f64)
    }
}

struct Placing<'a> {
    points: &'a LatticePoints,
    lattice: &'a Lattice,
    probe: TapeProbe<'a>,
}

impl Placing<'_> {
    fn corners(&mut self, own: &[u32]) -> Result<Vec<Placed>> {
        let (points, lattice) = (self.points, self.lattice);
        let places = own.iter().map(|&point| whole_room(points, lattice, point).lo);
        let values = self.probe.values(places.clone()).to_vec();
        if let Some(n) = values.iter().position(|value| value.is_nan()) {
            let [x, y, z] = whole_room(points, lattice, own[n]).lo;
            return Err(Error::Undefined(format!("the field is not a number at ({x}, {y}, {z})")));
        }
        let most = values.iter().fold(0.0f64, |most, value| most.max(value.abs()));
        let slopes = self.probe.rough_slopes(places.clone());
        let placed = places.zip(values).zip(slopes).map(|((place, value), slope)| {
            let is_on = value.abs() <= 1e-3 * most && self.is_on(place, value);
            Placed { slope, ..if is_on { Placed::on(place) } else { Placed::off(place, value) } }
        });
        Ok(placed.collect())
    }

    fn is_on(&mut self, place: Point, value: f64) -> bool {
        let (_, slope) = self.probe.slope(place);
        value.abs() <= ON * self.lattice.cell * super::probe::dot(slope, slope).sqrt()
    }

    fn edges(&mut self, own: &[u32]) -> Vec<Placed> {
        let (points, lattice) = (self.points, self.lattice);
        let mut found: Vec<Option<Placed>> = Vec::new();
        let (mut brackets, mut of) = (Vec::new(), Vec::new());
        let ends = own.iter().map(|&point| {
            let key = points.keys[point as usize];
            let step = |way: i8| [0, 1, 2].map(|axis| if key[axis] & 1 == 1 { way } else { 0 });
            [-1, 1].map(|way| points.at_home(point, step(way)) as usize)
        });
        let ends: Vec<[usize; 2]> = ends.collect();
        let middles: Vec<Point> =
            own.iter().map(|&point| rounded(room(points, lattice, point).middle())).collect();
        let values = self.probe.values(middles.iter().copied()).to_vec();
        for (n, &[a, b]) in ends.iter().enumerate() {
            let bracket = |a: usize, b: usize| Bracket {
                ends: [points.places[a], points.places[b]],
                values: [points.values[a], points.values[b]],
            };
            let halfway = |a: usize| Bracket {
                ends: [middles[n], points.places[a]],
                values: [values[n], points.values[a]],
            };
            let middle = Placed::off(middles[n], values[n]);
            let crossed = match (points.on[a], points.on[b]) {
                (false, false) if points.inside[a] != points.inside[b] => Some(bracket(a, b)),
                (true, false) if middle.inside != points.inside[b] => Some(halfway(b)),
                (false, true) if middle.inside != points.inside[a] => Some(halfway(a)),
                _ => None,
            };
            if let Some(bracket) = crossed {
                brackets.push(bracket);
                of.push(n);
                found.push(None);
                continue;
            }
            let either_on = points.on[a] || points.on[b];
            found.push(Some(if either_on || middle.inside != points.inside[a] {
                if self.is_on(middles[n], values[n]) { Placed::on(middles[n]) } else { middle }
            } else {
                let Bracket { ends, values } = bracket(a, b);
                let slopes = [points.slopes[a], points.slopes[b]];
                match self.probe.dip(ends, values, slopes, middle.inside) {
                    Some((place, _)) => self.off_at(own[n], place),
                    None => middle,
                }
            }));
        }
        for ((s, n), bracket) in self.probe.roots(&brackets).into_iter().zip(of).zip(&brackets) {
            let place = between(bracket.ends[0], bracket.ends[1], s);
            found[n] = Some(Placed::on(rounded(room(points, lattice, own[n]).held(place))));
        }
        found.into_iter().map(|placed| placed.expect("all edges were placed")).collect()
    }

    /// A point of a place whose bounds are all on one side: on the other, if the surface dips in.
    fn sought(&mut self, point: u32, middle: Point, value: f64, inside: bool) -> Placed {
        let room = room(self.points, self.lattice, point);
        match self.probe.seek(&room, middle, self.lattice.cell, inside) {
            Some((place, _)) => self.off_at(point, place),
            None => Placed::off(middle, value),
        }
    }

    fn off_at(&mut self, point: u32, place: Point) -> Placed {
        let place = rounded(room(self.points, self.lattice, point).held(place));
        let value = self.probe.value(place);
        Placed::off(place, value)
    }

    fn face_or_cell(&mut self, point: u32) -> Placed {
        let (points, lattice) = (self.points, self.lattice);
        let link = &LINKS[super::lattice::freedom(points.keys[point as usize])];
        let room = room(points, lattice, point);
        let around = |n: usize| points.at_home(point, link.offsets[n]) as usize;
        let mut ids = [0; 26];
        let (mut plus, mut strictly_inside, mut minus) = (0u32, 0u32, 0u32);
        for n in bits(link.lower) {
            ids[n] = around(n);
            if !points.inside[ids[n]] {
                plus |= 1 << n;
            } else {
                minus |= 1 << n;
                strictly_inside |= u32::from(!points.on[ids[n]]) << n;
            }
        }
        if plus == 0 || strictly_inside == 0 {
            let middle = rounded(room.middle());
            let value = self.probe.value(middle);
            let any_on = minus & !strictly_inside != 0;
            if any_on && self.is_on(middle, value) {
                return Placed::on(middle);
            }
            let inside = plus == 0;
            return if any_on || (value <= 0.0) != inside {
                Placed::off(middle, value)
            } else {
                self.sought(point, middle, value, inside)
            };
        }
        let samples = self.samples(link, &ids, plus, strictly_inside);
        if link.is_one_piece(plus)
            && link.is_one_piece(minus)
            && let Some(placed) = self.on_surface(&room, &samples, link, &ids)
        {
            return placed;
        }
        let middle = super::probe::mean(&samples);
        let Some((place, inside)) = self.joining(link, &ids, [plus, minus]) else {
            return self.off_at(point, middle);
        };
        // As near to the surface's edges and corners as may be.
        let ends = [room.held(middle), place];
        let values = ends.map(|end| self.probe.value(end));
        if (values[0] <= 0.0) == inside {
            return self.off_at(point, middle);
        }
        let s = self.probe.roots(&[Bracket { ends, values }])[0];
        self.off_at(point, between(ends[0], ends[1], s + BEYOND * (1.0 - s)))
    }

    /// A place where several pieces of the bounds outside, or inside, are one as the field says; or one that parts them. And
    /// whether it is inside.
    ///
    /// Two pieces are joined if a straight way between them stays on their side. Of such ways the one that stays farthest
    /// from the surface is taken. Where there is none, the place is the one farthest on the other side of any.
    fn joining(&mut self, link: &Link, ids: &[usize; 26], sides: [u32; 2]) -> Option<(Point, bool)> {
        let (mut clear, mut parted) = (Vec::new(), Vec::new());
        for (side, inside) in sides.into_iter().zip([false, true]) {
            let pieces = link.pieces(side);
            let others = |n: usize| pieces[n + 1..].iter().fold(0, |all, piece| all | piece);
            let ways = pieces
                .iter()
                .enumerate()
                .flat_map(|(n, &piece)| bits(piece).flat_map(move |a| bits(others(n)).map(move |b| [a, b])));
            for way in ways {
                let way = StraightWay { ends: way.map(|n| self.points.places[ids[n]]), inside };
                let (nearest, step) = self.nearest_to_surface(&way);
                if nearest > 0.0 {
                    clear.push((nearest, step, way))
                } else {
                    parted.push((nearest, way.at(step), !inside))
                }
            }
        }
        clear.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (_, step, way) in clear.into_iter().take(MAX_WAYS) {
            match self.crossing(&way, step) {
                None => return Some((way.at(STEPS / 2), way.inside)),
                Some((nearest, place)) => parted.push((nearest, place, !way.inside)),
            }
        }
        parted.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, place, inside)| (place, inside))
    }

    /// How far from the surface a way stays at its steps, below 0 beyond it; and at which step that is.
    fn nearest_to_surface(&mut self, way: &StraightWay) -> (f64, usize) {
        let values = self.probe.values((1..STEPS).map(|step| way.at(step)));
        let sided = values.iter().map(|value| if way.inside { -value } else { *value });
        sided.zip(1..).min_by(|a, b| a.0.total_cmp(&b.0)).expect("there are steps")
    }

    /// Where a way passes to the other side between its steps, about one of them.
    fn crossing(&mut self, way: &StraightWay, step: usize) -> Option<(f64, Point)> {
        let ends = [step - 1, step + 1].map(|step| way.at(step));
        let [(a, to_a), (b, to_b)] = ends.map(|end| self.probe.slope(end));
        let (place, value) = self.probe.dip(ends, [a, b], [to_a, to_b], way.inside)?;
        Some((-value.abs(), place))
    }

    /// Points of the surface on the bounds of a face or a cell.
    fn samples(&mut self, link: &Link, ids: &[usize; 26], plus: u32, strictly_inside: u32) -> Vec<Point> {
        let points = self.points;
        let mut samples = Vec::new();
        for n in bits(link.lower & !plus & !strictly_inside) {
            if link.joined[n] & plus & link.lower != 0 {
                samples.push(points.places[ids[n]]);
            }
        }
        for n in bits(strictly_inside) {
            for other in bits(link.joined[n] & plus & link.lower) {
                let pair = [ids[n], ids[other]];
                let bracket =
                    Bracket { ends: pair.map(|p| points.places[p]), values: pair.map(|p| points.values[p]) };
                samples.push(self.probe.root(bracket));
            }
        }
        samples
    }

    /// A point of the surface in the room: on its crease or corner, or near the middle of the samples.
    fn on_surface(
        &mut self,
        room: &Room,
        samples: &[Point],
        link: &Link,
        ids: &[usize; 26],
    ) -> Option<Placed> {
        let cell = self.lattice.cell;
        // A sample on a crease says little of the sheets that meet there: places beside it do.
        let sharp = bits(link.lower).map(|n| ids[n]).filter(|&p| self.points.sharp[p]);
        let sharp: Vec<Point> = sharp.map(|p| self.points.places[p]).collect();
        let beside = sharp.iter().flat_map(|place| {
            (0..6).map(move |n| {
                let by = ASIDE * cell * if n < 3 { 1.0 } else { -1.0 };
                room.held([0, 1, 2].map(|axis| place[axis] + if axis == n % 3 { by } else { 0.0 }))
            })
        });
        let mut all = samples.to_vec();
        all.extend(beside);
        // Of a crease that only just passes, the part between where it enters and leaves is in the room.
        let mut starts = Vec::with_capacity(3);
        if !sharp.is_empty() {
            let way = super::probe::mean(&sharp);
            starts.extend([way, between(way, room.middle(), 0.1)]);
        }
        starts.push(super::probe::mean(samples));
        for start in starts {
            if let Some(place) = self.probe.crease(room, &all, start, cell) {
                return Some(Placed { sharp: true, ..Placed::on(rounded(room.held(place))) });
            }
        }
        let middle = super::probe::mean(samples);
        if let Some(place) = self.probe.onto(room, middle, cell) {
            return Some(Placed::on(rounded(room.held(place))));
        }
        // Between the middle and a point of the other sign there is some.
        let start = room.held(middle);
        let value = self.probe.value(start);
        let points = self.points;
        let far = |p: &usize| {
            let by = [0, 1, 2].map(|axis| points.places[*p][axis] - start[axis]);
            super::probe::dot(by, by)
        };
        let others =
            bits(link.lower).map(|n| ids[n]).filter(|&p| points.inside[p] != (value <= 0.0) && !points.on[p]);
        let other = others.min_by(|a, b| far(a).total_cmp(&far(b)))?;
        let bracket = Bracket { ends: [start, points.places[other]], values: [value, points.values[other]] };
        Some(Placed::on(rounded(room.held(self.probe.root(bracket)))))
    }
}

/// The numbers of the bits that are set.
pub(super) fn bits(of: u32) -> impl Iterator<Item = usize> {
    (0..32).filter(move |n| of >> n & 1 == 1)
}
