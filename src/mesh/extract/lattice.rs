//! The cells that may hold the surface, and all the corners, edges, faces and insides of them: the points between which
//! space is cut into tetrahedra.

use crate::error::{Error, Result};
use crate::measure::Bounds;
use crate::number::{Interval, Intervals};
use crate::tape::{Asked, BOXES, Boxes, Tape};
use crate::task;
use rayon::prelude::*;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// How many cells along each axis share a tape.
const TILE: usize = 4;
/// How many cells along each axis are looked into by one thread.
const REGION: usize = 32;
/// A tape is pruned where that leaves no more than this part of it.
const WORTH: f64 = 0.8;
/// How far the first plane lies before the bounds, in cells: far from where flat sides of people's shapes would lie.
const BEFORE: [f64; 3] = [0.417, 0.443, 0.461];
/// The most cells along an axis.
const MAX_CELLS: usize = 1 << 19;
/// The most cells that may hold the surface: each takes about a kilobyte.
const MAX_SURFACE: usize = 1 << 23;

/// Planes along the axes, at places that `f32` holds.
pub(super) struct Lattice {
    pub planes: [Vec<f64>; 3],
    /// A cell's side.
    pub cell: f64,
    /// The least part of the way between two points of a cell that `f32` tells apart well.
    pub nearest: f64,
}

impl Lattice {
    /// Planes about a box, so many cells along its longest side, with a part of a cell all around.
    pub fn new(bounds: Bounds, resolution: usize) -> Result<Lattice> {
        let size = bounds.size();
        let longest = size.into_iter().fold(0.0, f64::max);
        let cell = longest / resolution as f64;
        let count = |axis: usize| (size[axis] / cell + 2.0 * BEFORE[axis]).ceil() as usize;
        if resolution == 0 || resolution > MAX_CELLS || !(cell > 0.0 && cell.is_finite()) {
            return Err(Error::Input(format!(
                "{resolution} cells along a box from {:?} to {:?}: there can be from 1 to {MAX_CELLS}",
                bounds.min, bounds.max
            )));
        }
        let planes = [0, 1, 2].map(|axis| {
            let place = |n: usize| f64::from((bounds.min[axis] + cell * (n as f64 - BEFORE[axis])) as f32);
            (0..=count(axis)).map(place).collect::<Vec<f64>>()
        });
        let largest = planes.iter().flatten().fold(0.0f64, |most, plane| most.max(plane.abs()));
        if cell < 64.0 * f64::from(f32::EPSILON) * largest {
            let problem =
                format!("cells of {cell:.3e} cannot be told apart in f32 at {largest:.3e} from the origin");
            return Err(Error::Input(problem));
        }
        let nearest = (16.0 * f64::from(f32::EPSILON) * largest / cell).clamp(1e-5, 0.05);
        Ok(Lattice { planes, cell, nearest })
    }

    fn side(&self, axis: usize, from: usize, to: usize) -> Interval {
        Interval::new(self.planes[axis][from], self.planes[axis][to])
    }

    /// The sides of a part of space between planes.
    fn sides(&self, part: &CellBlock) -> [Interval; 3] {
        [0, 1, 2].map(|axis| self.side(axis, part.lo[axis], part.hi[axis]))
    }
}

/// Cells from some planes to others.
#[derive(Clone, Copy)]
struct CellBlock {
    lo: [usize; 3],
    hi: [usize; 3],
}

impl CellBlock {
    /// Pieces of it, at most `size` cells along each axis.
    fn pieces(&self, size: usize) -> Vec<CellBlock> {
        let cuts = |axis: usize| {
            let length = self.hi[axis] - self.lo[axis];
            let count = length.div_ceil(size).max(1);
            let end = move |n: usize, lo: usize| lo + length * n / count;
            let lo = self.lo[axis];
            (0..count).map(move |n| (end(n, lo), end(n + 1, lo))).collect::<Vec<_>>()
        };
        let [xs, ys, zs] = [0, 1, 2].map(cuts);
        let mut parts = Vec::with_capacity(xs.len() * ys.len() * zs.len());
        for &(x0, x1) in &xs {
            for &(y0, y1) in &ys {
                parts.extend(zs.iter().map(|&(z0, z1)| CellBlock { lo: [x0, y0, z0], hi: [x1, y1, z1] }));
            }
        }
        parts
    }

    fn longest(&self) -> usize {
        (0..3).map(|axis| self.hi[axis] - self.lo[axis]).max().unwrap_or(0)
    }
}

/// Some cells that may hold the surface, side by side, and the tape that is enough there.
pub(super) struct LatticeTile {
    pub tape: Tape,
    pub cells: Vec<[u32; 3]>,
}

/// The tiles in which bounds do not show that there is no surface, in a fixed order.
pub(super) fn tiles(tape: &Tape, lattice: &Lattice) -> Result<Vec<LatticeTile>> {
    let whole = CellBlock { lo: [0; 3], hi: [0, 1, 2].map(|axis| lattice.planes[axis].len() - 1) };
    let regions = whole.pieces(REGION);
    let found = regions.into_par_iter().map_init(Boxes::<Intervals<BOXES>>::default, |boxes, region| {
        let mut walk = LatticeWalk { lattice, boxes, tiles: Vec::new() };
        walk.look_into(tape, &[region]);
        walk.tiles
    });
    let found: Vec<Vec<LatticeTile>> = found.collect();
    task::check()?;
    let cells: usize = found.iter().flatten().map(|tile| tile.cells.len()).sum();
    if cells > MAX_SURFACE {
        return Err(Error::Input(format!(
            "{cells} cells may hold the surface, which is more than the {MAX_SURFACE} that are looked at: ask for fewer"
        )));
    }
    Ok(found.into_iter().flatten().collect())
}

struct LatticeWalk<'a> {
    lattice: &'a Lattice,
    boxes: &'a mut Boxes<Intervals<BOXES>>,
    tiles: Vec<LatticeTile>,
}

impl LatticeWalk<'_> {
    fn look_into(&mut self, tape: &Tape, parts: &[CellBlock]) {
        for parts in parts.chunks(BOXES) {
            if task::is_given_up() {
                return;
            }
            let left = self.undecided(tape, parts, true);
            for (part, pruned) in left {
                let tape = pruned.as_ref().unwrap_or(tape);
                match part.longest() {
                    0..=TILE => self.add_tile(tape, part),
                    longest => self.look_into(tape, &part.pieces(longest.div_ceil(4).max(TILE))),
                }
            }
        }
    }

    /// The parts in which bounds leave a zero, with their pruned tapes if those are asked.
    fn undecided(&mut self, tape: &Tape, parts: &[CellBlock], prune: bool) -> Vec<(CellBlock, Option<Tape>)> {
        let sides: Vec<[Interval; 3]> = parts.iter().map(|part| self.lattice.sides(part)).collect();
        over(self.boxes, tape, &sides);
        let bounds = self.boxes.output(tape, 0);
        let most = (WORTH * tape.len() as f64) as usize;
        let mut left = Vec::new();
        for (n, &part) in parts.iter().enumerate() {
            if may_be_zero(bounds, n) {
                let pruned = if prune { self.boxes.prune(tape, n, Asked::Value, most) } else { None };
                left.push((part, pruned));
            }
        }
        left
    }

    fn add_tile(&mut self, tape: &Tape, part: CellBlock) {
        let mut cells = Vec::new();
        for parts in part.pieces(1).chunks(BOXES) {
            let left = self.undecided(tape, parts, false);
            cells.extend(left.into_iter().map(|(part, _)| part.lo.map(|n| n as u32)));
        }
        if !cells.is_empty() {
            self.tiles.push(LatticeTile { tape: tape.clone(), cells });
        }
    }
}

/// Looks at up to sixteen boxes.
fn over(boxes: &mut Boxes<Intervals<BOXES>>, tape: &Tape, sides: &[[Interval; 3]]) {
    let side = |axis: usize| Intervals::around(std::array::from_fn(|n| sides[n.min(sides.len() - 1)][axis]));
    let t = Intervals::around([Interval::point(0.0); BOXES]);
    boxes.over(tape, [side(0), side(1), side(2), t]);
}

fn may_be_zero(bounds: Intervals<BOXES>, n: usize) -> bool {
    let own = bounds.lane(n);
    !(own.lo() > 0.0 || own.hi() < 0.0)
}

/// The parts of a box in which bounds leave a zero after it was halved so many times along each axis.
pub(super) fn still_undecided(tape: &Tape, cell: [Interval; 3], halvings: u32) -> Vec<[Interval; 3]> {
    let mut boxes = Boxes::<Intervals<BOXES>>::default();
    let mut open = vec![cell];
    for _ in 0..halvings {
        let halved = open.iter().flat_map(halves).collect::<Vec<_>>();
        open.clear();
        for part in halved.chunks(BOXES) {
            over(&mut boxes, tape, part);
            let bounds = boxes.output(tape, 0);
            open.extend((0..part.len()).filter(|&n| may_be_zero(bounds, n)).map(|n| part[n]));
        }
    }
    open
}

fn halves(cell: &[Interval; 3]) -> [[Interval; 3]; 8] {
    std::array::from_fn(|n| {
        [0, 1, 2].map(|axis| {
            let side = cell[axis];
            let middle = side.middle();
            if n >> axis & 1 == 0 {
                Interval::new(side.lo(), middle)
            } else {
                Interval::new(middle, side.hi())
            }
        })
    })
}

/// A point's place in the lattice with planes between the planes too: even on a plane, odd between two.
pub(super) type LatticeKey = [u32; 3];

fn packed(key: LatticeKey) -> u64 {
    (u64::from(key[0]) << 42) | (u64::from(key[1]) << 21) | u64::from(key[2])
}

/// Which axes a key is between planes along: a bit each. None for a corner, all for a cell.
pub(super) fn freedom(key: LatticeKey) -> usize {
    (key[0] & 1 | (key[1] & 1) << 1 | (key[2] & 1) << 2) as usize
}

#[derive(Default)]
pub(super) struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(byte.into()));
    }

    fn write_u64(&mut self, n: u64) {
        let mixed = (self.0 ^ n).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ (mixed >> 29);
    }
}

pub(super) type VertexNumbers = HashMap<u64, u32, BuildHasherDefault<Mixer>>;

/// What is known of all corners, edges, faces and insides of cells that may hold the surface.
#[derive(Default)]
pub(super) struct LatticePoints {
    pub keys: Vec<LatticeKey>,
    /// The first cell that each belongs to, and which of its 27 points it is.
    pub homes: Vec<(u32, u8)>,
    pub places: Vec<[f64; 3]>,
    pub values: Vec<f64>,
    /// About how ∇f is at corners.
    pub slopes: Vec<[f64; 3]>,
    /// Whether it is on the side of the solid. What is on the surface is.
    pub inside: Vec<bool>,
    /// Whether it is on the surface.
    pub on: Vec<bool>,
    /// Whether it is on a crease of the surface, or a corner.
    pub sharp: Vec<bool>,
    numbers: VertexNumbers,
    /// The 27 points of each cell: 9i + 3j + k for the one i, j, k half cells from its least corner.
    pub of_cells: Vec<[u32; 27]>,
    /// The tile of each cell.
    pub tiles: Vec<u32>,
    /// The points of each tile, by how many axes they are free along.
    pub of_tiles: Vec<[Vec<u32>; 4]>,
}

impl LatticePoints {
    pub fn of(tiles: &[LatticeTile]) -> LatticePoints {
        let mut points = LatticePoints::default();
        for (tile, of) in tiles.iter().enumerate() {
            let mut own: [Vec<u32>; 4] = Default::default();
            for cell in &of.cells {
                let number = points.of_cells.len() as u32;
                let mut all = [0; 27];
                for (local, point) in all.iter_mut().enumerate() {
                    let by = [local / 9, local / 3 % 3, local % 3];
                    let key: LatticeKey = [0, 1, 2].map(|axis| 2 * cell[axis] + by[axis] as u32);
                    let next = points.keys.len() as u32;
                    *point = *points.numbers.entry(packed(key)).or_insert(next);
                    if *point == next {
                        points.keys.push(key);
                        points.homes.push((number, local as u8));
                        own[freedom(key).count_ones() as usize].push(next);
                    }
                }
                points.of_cells.push(all);
                points.tiles.push(tile as u32);
            }
            points.of_tiles.push(own);
        }
        let count = points.keys.len();
        points.places = vec![[0.0; 3]; count];
        points.values = vec![0.0; count];
        points.slopes = vec![[0.0; 3]; count];
        points.inside = vec![false; count];
        points.on = vec![false; count];
        points.sharp = vec![false; count];
        points
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The point so many half cells from another, if it belongs to a cell that may hold the surface.
    pub fn beside(&self, point: u32, by: [i8; 3]) -> Option<u32> {
        let mut key = self.keys[point as usize];
        for axis in 0..3 {
            key[axis] = key[axis].checked_add_signed(by[axis].into())?;
        }
        self.numbers.get(&packed(key)).copied()
    }

    /// The point so many half cells from another, which belongs to the other's first cell too.
    pub fn at_home(&self, point: u32, by: [i8; 3]) -> u32 {
        let (cell, local) = self.homes[point as usize];
        let step = 9 * i32::from(by[0]) + 3 * i32::from(by[1]) + i32::from(by[2]);
        self.of_cells[cell as usize][(i32::from(local) + step) as usize]
    }

    /// The tile a point is read in.
    pub fn tile(&self, point: u32) -> usize {
        self.tiles[self.homes[point as usize].0 as usize] as usize
    }
}
