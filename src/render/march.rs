//! Where rays meet the surface, so that none is missed.
//!
//! Space as the picture sees it is cut into boxes of some pixels and some depth. A box whose bounds leave out 0 is
//! passed over; another is cut further, with the tape that is enough inside it, until it is small. There each ray
//! steps by what the bound on the field's rise along the rays proves to be safe: from a value f no less than |f|/rise.
//! Where that is less than a ray's tolerance it steps by the tolerance, and looks for a change of sign. So what is
//! thicker than the tolerance is never stepped over, whatever the field is, distance or not.

use super::rays::{Lens, Size};
use crate::error::Result;
use crate::field::Field;
use crate::number::{Intervals, Lanes, Rise};
use crate::tape::{Asked, BOXES, Block, Bounding, Boxes, Tape};
use rayon::prelude::*;

#[cfg(feature = "gpu")]
mod cells;

#[cfg(feature = "gpu")]
pub(crate) use cells::{Tile, cells};

/// What a ray that meets nothing has for depth.
pub const NOTHING: f32 = f32::INFINITY;

/// How deep each pixel's ray goes until it meets the surface, row by row from the top: s of [`Lens`].
///
/// Rays go through the pixels' middles. The depth is right to a quarter of a pixel's width, and what is thicker along
/// the ray is never missed. A ray that starts inside ends where it leaves. The same bits for any number of threads.
pub fn depths(field: &Field, lens: &Lens, size: Size, t: f64) -> Result<Vec<f32>> {
    Ok(seen(field, lens, size, t, false)?.depths)
}

/// What a picture's rays meet, row by row from the top.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// How deep each goes.
    pub depths: Vec<f32>,
    /// How often the field was looked at along each, if that was counted.
    pub steps: Vec<f32>,
}

/// The depths as [`depths`] gives them; also how many steps rays take there, if they are to be counted.
pub(super) fn seen(field: &Field, lens: &Lens, size: Size, t: f64, counted: bool) -> Result<Seen> {
    let tape = lens.sees(field).tape()?.fixed([None, None, None, Some(t)]);
    let march = March::new(lens, size, counted);
    let whole = Rect { from: [0, 0], to: [size.width, size.height] };
    let tiles = march.tiles(whole, tape, &mut Boxes::default());
    let found: Vec<(Rect, Vec<Ray>)> = tiles
        .into_par_iter()
        .map_init(Space::default, |space, (rect, tape)| (rect, march.tile(rect, &tape, space)))
        .collect();
    let place = |what: fn(&Ray) -> f32, none: f32| {
        let mut all = vec![none; size.pixels()];
        for (rect, rays) in &found {
            rect.copy(rays.iter().map(what), &mut all, size);
        }
        all
    };
    let steps = if counted { place(|ray| ray.steps, 0.0) } else { Vec::new() };
    Ok(Seen { depths: place(|ray| ray.depth, NOTHING), steps })
}

/// What `tile` and `small` of [`March`] are here.
const TILE: usize = 64;
const SMALL: usize = 16;

/// Some of a picture's pixels: those from one corner to before the other.
#[derive(Clone, Copy, Debug)]
struct Rect {
    from: [usize; 2],
    to: [usize; 2],
}

impl Rect {
    fn width(&self) -> usize {
        self.to[0] - self.from[0]
    }

    fn height(&self) -> usize {
        self.to[1] - self.from[1]
    }

    /// Copies its pixels to their places in the picture.
    fn copy(&self, mut pixels: impl Iterator<Item = f32>, picture: &mut [f32], size: Size) {
        for row in self.from[1]..self.to[1] {
            let start = row * size.width + self.from[0];
            picture[start..start + self.width()]
                .iter_mut()
                .zip(&mut pixels)
                .for_each(|(to, pixel)| *to = pixel);
        }
    }

    fn split(&self, pieces: [usize; 2]) -> Vec<Rect> {
        let pieces = [pieces[0].min(self.width()), pieces[1].min(self.height())];
        let cut =
            |axis: usize, n: usize| self.from[axis] + n * (self.to[axis] - self.from[axis]) / pieces[axis];
        let piece =
            |i: usize, j: usize| Rect { from: [cut(0, i), cut(1, j)], to: [cut(0, i + 1), cut(1, j + 1)] };
        (0..pieces[1]).flat_map(|j| (0..pieces[0]).map(move |i| (i, j))).map(|(i, j)| piece(i, j)).collect()
    }
}

/// A ray on its way.
#[derive(Clone, Copy, Debug)]
struct Ray {
    u: f32,
    v: f32,
    /// The sign of the field where the ray starts; at 0 it is taken to be inside.
    side: f32,
    /// Where it met the surface.
    depth: f32,
    /// How often the field was looked at along it.
    steps: f32,
}

/// Some pixels and some depth.
#[derive(Clone, Copy, Debug)]
struct Cell {
    rect: Rect,
    from: f32,
    to: f32,
}

/// The memory one thread works in.
#[derive(Default)]
struct Space {
    boxes: Boxes<Rise<BOXES>>,
    /// The rays of a tile, row by row.
    rays: Vec<Ray>,
    /// The side all of them start on, if it is the same.
    side: Option<f32>,
    marching: Marching,
}

/// The rays that march through a cell together: a column for each thing known.
#[derive(Default)]
struct Marching {
    /// Which rays.
    which: Vec<usize>,
    u: Vec<f32>,
    v: Vec<f32>,
    s: Vec<f32>,
    /// The field's value at s.
    f: Vec<f32>,
    /// Where the sign was last the old one, and the value there.
    before: Vec<[f32; 2]>,
}

/// −1 inside or on the surface, else 1; also where there is no value.
fn side_of(f: f32) -> f32 {
    if f <= 0.0 { -1.0 } else { 1.0 }
}

/// Where a ray is that has gone through its cell.
const PASSED: f32 = f32::INFINITY;

/// How rays step through a cell.
struct Steps {
    /// Which side of the surface they are on.
    side: f32,
    /// How long a step is safe for a value of one.
    safe: f32,
    /// How much of a value at s = 1 may be rounding.
    unsure: f32,
    /// The least step, at s = 0 and more for each s.
    tolerance: [f32; 2],
    /// Where the cell ends.
    to: f32,
}

struct March<'a> {
    lens: &'a Lens,
    size: Size,
    /// How exactly a depth is to be known, at s = 0 and more for each s.
    tolerance: [f32; 2],
    /// Whether steps are counted.
    counted: bool,
    /// The side of a tile, which is one thread's work.
    tile: usize,
    /// Boxes of at most so many pixels across are marched through.
    small: usize,
}

impl<'a> March<'a> {
    fn new(lens: &'a Lens, size: Size, counted: bool) -> March<'a> {
        let quarter = 0.25 * lens.across(size.step(), 1.0) as f32;
        let tolerance = match lens.parallel {
            true => [quarter, 4.0 * f32::EPSILON],
            false => [f32::MIN_POSITIVE, quarter.max(4.0 * f32::EPSILON)],
        };
        March { lens, size, tolerance, counted, tile: TILE, small: SMALL }
    }

    /// The tiles of a rectangle that may see something, with the tapes that are enough for them.
    fn tiles(&self, rect: Rect, tape: Tape, boxes: &mut Boxes) -> Vec<(Rect, Tape)> {
        if rect.width() <= self.tile && rect.height() <= self.tile {
            return vec![(rect, tape)];
        }
        let parts = rect.split([4, 4]);
        let cells: Vec<Cell> = parts
            .iter()
            .map(|&rect| Cell { rect, from: self.lens.near as f32, to: self.lens.far as f32 })
            .collect();
        boxes.over(&tape, self.bounds(&cells));
        let known: Vec<Option<Tape>> =
            (0..parts.len()).map(|i| boxes.prune(&tape, i, Asked::Sign, tape.len() * 3 / 4)).collect();
        let pairs = parts.into_iter().zip(known);
        pairs
            .flat_map(|(rect, pruned)| self.tiles(rect, pruned.unwrap_or_else(|| tape.clone()), boxes))
            .collect()
    }

    /// Up to sixteen cells as boxes of u, v, s and t, the last repeated.
    fn bounds(&self, cells: &[Cell]) -> [Intervals<BOXES>; 4] {
        let (mut lo, mut hi) = ([[0.0f32; BOXES]; 4], [[0.0f32; BOXES]; 4]);
        for lane in 0..BOXES {
            let cell = &cells[lane.min(cells.len() - 1)];
            let Rect { from, to } = cell.rect;
            // Between the middles of the first and the last pixel, where the rays are.
            let first = self.size.across(from[0] as f64 + 0.5, to[1] as f64 - 0.5);
            let last = self.size.across(to[0] as f64 - 0.5, from[1] as f64 + 0.5);
            for axis in 0..2 {
                (lo[axis][lane], hi[axis][lane]) = (first[axis] as f32, last[axis] as f32);
            }
            (lo[2][lane], hi[2][lane]) = (cell.from, cell.to);
        }
        [0, 1, 2, 3].map(|axis| Intervals::new(Lanes(lo[axis]), Lanes(hi[axis])))
    }

    /// The rays of a tile's pixels, where they end.
    fn tile(&self, rect: Rect, tape: &Tape, space: &mut Space) -> Vec<Ray> {
        space.rays.clear();
        for j in rect.from[1]..rect.to[1] {
            for i in rect.from[0]..rect.to[0] {
                let [u, v] = self.size.across(i as f64 + 0.5, j as f64 + 0.5).map(|v| v as f32);
                space.rays.push(Ray { u, v, side: 1.0, depth: NOTHING, steps: 0.0 });
            }
        }
        let Space { rays, marching, .. } = &mut *space;
        marching.start(0..rays.len(), self.lens.near as f32, rays);
        marching.look(&mut Block::new(tape));
        rays.iter_mut().zip(&marching.f).for_each(|(ray, &f)| ray.side = side_of(f));
        space.side = Some(space.rays[0].side).filter(|&side| space.rays.iter().all(|ray| ray.side == side));
        let cell = Cell { rect, from: self.lens.near as f32, to: self.lens.far as f32 };
        self.through(cell, rect, tape, space);
        std::mem::take(&mut space.rays)
    }

    /// The rays of a rectangle within a tile.
    fn rays_of(rect: Rect, tile: Rect) -> impl Iterator<Item = usize> {
        let row = move |j: usize| (j - tile.from[1]) * tile.width();
        (rect.from[1]..rect.to[1])
            .flat_map(move |j| (rect.from[0]..rect.to[0]).map(move |i| row(j) + i - tile.from[0]))
    }

    /// Takes the rays of a cell through it.
    fn through(&self, cell: Cell, tile: Rect, tape: &Tape, space: &mut Space) {
        let cells = self.sixteen(cell);
        let [u, v, s, t] = self.bounds(&cells);
        space.boxes.over(tape, [Rise::across(u), Rise::across(v), Rise::along(s), Rise::across(t)]);

        let found = space.boxes.output(tape, 0);
        // The tapes of all cells first: going into one of them looks at other boxes.
        let mut next = Vec::with_capacity(cells.len());
        for (lane, &cell) in cells.iter().enumerate() {
            let (value, rise) = (found.lane(lane), found.slope().lane(lane));
            let open = value.lo() <= 0.0 && value.hi() >= 0.0;
            let most = tape.len() * 3 / 4;
            let pruned = if open { space.boxes.prune(tape, lane, Asked::Sign, most) } else { None };
            next.push((cell, value, rise, pruned));
        }
        next.sort_by(|a, b| a.0.from.total_cmp(&b.0.from)); // from front to back
        for (cell, value, rise, pruned) in next {
            if value.lo() > 0.0 || value.hi() < 0.0 {
                let side = side_of(value.lo() as f32);
                if space.side != Some(side) {
                    // A ray that comes from the other side met the surface at the cell's edge.
                    for n in Self::rays_of(cell.rect, tile) {
                        let ray = &mut space.rays[n];
                        if ray.depth == NOTHING && ray.side != side {
                            ray.depth = cell.from;
                        }
                    }
                }
                continue;
            }
            if Self::rays_of(cell.rect, tile).all(|n| space.rays[n].depth < NOTHING) {
                continue;
            }
            let tape = pruned.as_ref().unwrap_or(tape);
            if self.is_small(&cell) {
                self.march(cell, [rise.lo() as f32, rise.hi() as f32], tile, tape, space);
            } else {
                self.through(cell, tile, tape, space);
            }
        }
    }

    /// Whether rays are to be marched through a cell, rather than that it is cut up.
    fn is_small(&self, cell: &Cell) -> bool {
        let across = cell.rect.width().max(cell.rect.height());
        across <= self.small && f64::from(cell.to - cell.from) <= 2.0 * self.extent(cell)
    }

    /// How wide a cell is in space, at its middle; of no fewer than `small` pixels.
    fn extent(&self, cell: &Cell) -> f64 {
        let across = cell.rect.width().max(cell.rect.height()).max(self.small);
        self.lens.across(across as f64 * self.size.step(), 0.5 * f64::from(cell.from + cell.to))
    }

    /// Cuts a cell into sixteen: in depth first where it is much longer than wide, else each way.
    fn sixteen(&self, cell: Cell) -> Vec<Cell> {
        let mut pieces = [1, 1, 1];
        let Cell { rect, from, to } = cell;
        let counts = [rect.width(), rect.height()];
        for _ in 0..BOXES.ilog2() {
            let depth = f64::from(to - from) / pieces[2] as f64;
            let across = |axis: usize| {
                let pixels = counts[axis] as f64 / pieces[axis] as f64;
                self.lens.across(pixels * self.size.step(), 0.5 * f64::from(from + to))
            };
            let wide = |axis: usize| counts[axis] / pieces[axis] > self.small;
            let axis = match () {
                _ if wide(0) && across(0) >= depth && across(0) >= across(1) => 0,
                _ if wide(1) && across(1) >= depth => 1,
                _ => 2,
            };
            pieces[axis] *= 2;
        }
        // Far away, a piece of depth may be longer.
        let by_ratio = from > 0.0 && to > 4.0 * from;
        let at = |n: usize| match (n, by_ratio) {
            (0, _) => from,
            (n, _) if n == pieces[2] => to,
            (n, true) => from * (to / from).powf(n as f32 / pieces[2] as f32),
            (n, false) => from + (to - from) * (n as f32 / pieces[2] as f32),
        };
        let rects = rect.split([pieces[0], pieces[1]]);
        (0..pieces[2])
            .flat_map(|n| rects.iter().map(move |&rect| (rect, n)))
            .map(|(rect, n)| Cell { rect, from: at(n), to: at(n + 1) })
            .collect()
    }

    /// Takes the rays of a small cell through it, where the field rises by no less and no more than `rise`.
    fn march(&self, cell: Cell, rise: [f32; 2], tile: Rect, tape: &Tape, space: &mut Space) {
        let Space { rays, marching, .. } = space;
        let mut block = Block::new(tape);
        let mut found = Marching::default();
        // Rays on one side of the surface and on the other, apart: they fear falls and rises.
        for side in [1.0, -1.0] {
            if space.side.is_some_and(|all| all != side) {
                continue;
            }
            let alive = |&n: &usize| rays[n].depth == NOTHING && rays[n].side == side;
            marching.start(Self::rays_of(cell.rect, tile).filter(alive), cell.from, rays);
            let towards = if side > 0.0 { -rise[0] } else { rise[1] };
            let steps = Steps {
                side,
                // No step is too long where the field goes the other way.
                safe: if towards > 0.0 { 0.999 / towards } else { f32::INFINITY },
                // The rounding of f, as of a sum of terms of the size of a few |s|.
                unsure: 1e-6 * rise[0].abs().max(rise[1].abs()).min(1e3),
                tolerance: self.tolerance,
                to: cell.to,
            };
            while !marching.which.is_empty() {
                marching.look(&mut block);
                if self.counted {
                    marching.which.iter().for_each(|&n| rays[n].steps += 1.0);
                }
                if marching.step(&steps) {
                    marching.sort_out(&steps, &mut found);
                }
            }
        }
        self.refine(found, &mut block, rays);
    }

    /// Narrows down where the sign changes, between where it was the old one and where it was the new.
    fn refine(&self, mut found: Marching, block: &mut Block, rays: &mut [Ray]) {
        // A ray that has changed sides on entering the cell is at the place already.
        let mut ends: Vec<[f32; 2]> = found.s.iter().zip(&found.f).map(|(&s, &f)| [s, f]).collect();
        for round in 0..REFINE {
            for i in 0..found.which.len() {
                let ([a, fa], [b, fb]) = (found.before[i], ends[i]);
                // The secant, and now and then the middle, so that the bracket is sure to shrink.
                let secant = a + (b - a) * (fa / (fa - fb));
                let middle = 0.5 * (a + b);
                let inside = secant > a.min(b) && secant < a.max(b);
                found.s[i] = if inside && round % 3 < 2 { secant } else { middle };
            }
            found.look(block);
            for i in 0..found.which.len() {
                let (s, f) = (found.s[i], found.f[i]);
                match side_of(f) == side_of(ends[i][1]) {
                    true => ends[i] = [s, f],
                    false => found.before[i] = [s, f],
                }
            }
        }
        for (i, &n) in found.which.iter().enumerate() {
            let ([a, fa], [b, fb]) = (found.before[i], ends[i]);
            let secant = a + (b - a) * (fa / (fa - fb));
            rays[n].depth = if secant >= a && secant <= b { secant } else { b };
        }
    }
}

/// How often a bracket is narrowed: at least by half each third time, and mostly far more.
const REFINE: usize = 6;

impl Marching {
    fn start(&mut self, which: impl Iterator<Item = usize>, s: f32, rays: &[Ray]) {
        self.shorten(0);
        for n in which {
            self.which.push(n);
            self.u.push(rays[n].u);
            self.v.push(rays[n].v);
            self.s.push(s);
            self.f.push(0.0);
            self.before.push([s, 0.0]);
        }
    }

    /// The field where the rays are.
    fn look(&mut self, block: &mut Block) {
        block.eval([&self.u, &self.v, &self.s], &mut [&mut self.f]);
    }

    /// Takes over one of another's rays.
    fn push(&mut self, other: &Marching, i: usize) {
        self.which.push(other.which[i]);
        self.u.push(other.u[i]);
        self.v.push(other.v[i]);
        self.s.push(other.s[i]);
        self.f.push(other.f[i]);
        self.before.push(other.before[i]);
    }

    /// Moves each ray on as far as is safe. Says whether any has crossed the surface or is at the end.
    fn step(&mut self, steps: &Steps) -> bool {
        let Steps { side, safe, unsure, tolerance: [fixed, slope], to } = *steps;
        let mut any = false;
        for ((s, f), before) in self.s.iter_mut().zip(&self.f).zip(&mut self.before) {
            let (at, f) = (*s, *f);
            let inward = f * side;
            let reach = (inward - unsure * at) * safe;
            let least = fixed + slope * at;
            let next = at + if reach > least { reach } else { least };
            let crossed = (f <= 0.0) != (side < 0.0);
            let stays = crossed | (at >= to);
            any |= stays;
            let onward = if at >= to { PASSED } else { next.min(to) };
            *s = if crossed { at } else { onward };
            *before = if stays { *before } else { [at, f] };
        }
        any
    }

    /// Moves the rays that have crossed to `found`, and lets go of those at the end.
    fn sort_out(&mut self, steps: &Steps, found: &mut Marching) {
        let mut kept = 0;
        for i in 0..self.which.len() {
            if side_of(self.f[i]) != steps.side {
                found.push(self, i);
            } else if self.s[i] != PASSED {
                self.which[kept] = self.which[i];
                (self.u[kept], self.v[kept], self.s[kept]) = (self.u[i], self.v[i], self.s[i]);
                self.before[kept] = self.before[i];
                kept += 1;
            }
        }
        self.shorten(kept);
    }

    fn shorten(&mut self, count: usize) {
        self.which.truncate(count);
        for column in [&mut self.u, &mut self.v, &mut self.s, &mut self.f] {
            column.truncate(count);
        }
        self.before.truncate(count);
    }
}
