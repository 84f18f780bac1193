//! Where rays meet the surface, so that none is missed.
//!
//! Space as the picture sees it is cut into boxes of some pixels and some depth. A box whose bounds leave out 0 is
//! passed over; another is cut further, with the tape that is enough inside it, until it is small. There each ray
//! steps by what the bound on the field's rise along the rays proves to be safe: from a value f no less than |f|/rise.
//! Where that is less than a ray's tolerance it steps by the tolerance, and looks for a change of sign. So what is
//! thicker than the tolerance is never stepped over, whatever the field is, distance or not.

use super::places::values_at;
use super::rays::{Lens, Size};
use crate::error::Result;
use crate::field::Field;
use crate::number::{Interval, Intervals, Lanes, Rise};
use crate::tape::{Asked, BOXES, Block, Bounding, Boxes, Tape};
use glam::Vec3;
use rayon::prelude::*;

#[cfg(feature = "gpu")]
mod cells;

#[cfg(feature = "gpu")]
pub(crate) use cells::{Patch, cells};

/// What a ray that meets nothing has for depth.
pub const NOTHING: f32 = f32::INFINITY;

/// How deep each pixel's ray goes until it meets the surface, row by row from the top: s of [`Lens`].
///
/// Rays go through the pixels' middles. The depth is right to a quarter of a pixel's width, and what is thicker than that
/// along the ray is never missed. A ray that starts inside ends where it leaves. The same bits for any number of threads.
pub fn depths(field: &Field, lens: &Lens, size: Size, t: f64) -> Result<Vec<f32>> {
    Ok(seen(field, lens, size, t, false)?.depths)
}

/// How deep each pixel's ray goes until it is inside: as [`depths`], but for rays that start inside, which end at once. So
/// is a solid seen that is cut off where the lens begins to see.
pub fn entries(field: &Field, lens: &Lens, size: Size, t: f64) -> Result<Vec<f32>> {
    let march = March { capped: true, ..March::new(lens, size, false) };
    Ok(march.seen(field, t)?.depths)
}

/// The surface's normals where rays meet it, of length 1: ∇f in space. 0 where there is none.
pub fn normals(field: &Field, lens: &Lens, size: Size, t: f64, depths: &[f32]) -> Result<Vec<[f32; 3]>> {
    let slopes = field.gradient();
    let tape = Tape::new(&slopes[..3])?.fixed([None, None, None, Some(t)]);
    let (met, found) = met(&tape, lens, size, depths);
    let mut normals = vec![[0.0; 3]; size.pixels()];
    for (n, pixel) in met.into_iter().enumerate() {
        normals[pixel] = Vec3::new(found[0][n], found[1][n], found[2][n]).normalize_or_zero().to_array();
    }
    Ok(normals)
}

/// The pixels whose rays meet something, and a tape's outputs there, an output at a time.
pub(super) fn met(tape: &Tape, lens: &Lens, size: Size, depths: &[f32]) -> (Vec<usize>, Vec<Vec<f32>>) {
    let met: Vec<usize> = size.tiled().into_iter().filter(|&pixel| depths[pixel] < NOTHING).collect();
    let place = |&pixel: &usize| {
        let [u, v] = size.middle(pixel);
        Vec3::from(lens.at([u, v, f64::from(depths[pixel])]).map(|v| v as f32))
    };
    let places: Vec<Vec3> = met.par_iter().map(place).collect();
    let found = values_at(tape, &places);
    (met, found)
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
    March::new(lens, size, counted).seen(field, t)
}

/// The side of a tile, which is one thread's work.
const TILE: usize = 64;

/// Cells are not cut to fewer pixels across.
const FINEST: usize = 4;

/// Rays are marched through a cell if they take no more steps than this, all together: cutting it would cost as much.
const ENOUGH: f64 = 4096.0;

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

/// A part of the picture that is one thread's work.
struct Tile {
    rect: Rect,
    /// How much its depth counts against its width where it is cut.
    deep: f64,
    /// What is enough of the field there.
    tape: Tape,
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
    /// Those that are looked at, at each level of cutting.
    boxes: Vec<Boxes<Rise<BOXES>>>,
    /// The rays of a tile, row by row.
    rays: Vec<Ray>,
    /// The side all of them start on, if it is the same.
    side: Option<f32>,
    marching: Marching,
    /// The rays that have met the surface in a cell.
    met: Vec<Bracket>,
}

/// The rays that march through a cell together: a column for each thing known.
#[derive(Default)]
struct Marching {
    /// Which rays.
    which: Vec<usize>,
    u: Vec<f32>,
    v: Vec<f32>,
    s: Vec<f32>,
    /// Where the sign was last the old one, and the value there; 0 where that is not known.
    before: Vec<[f32; 2]>,
    /// At how many places along each ray the field is looked at together.
    ahead: usize,
    /// Its values there, ray by ray.
    f: Vec<f32>,
    /// Those places.
    points: [Vec<f32>; 3],
}

/// −1 inside or on the surface, else 1; also where there is no value.
fn side_of(f: f32) -> f32 {
    if f <= 0.0 { -1.0 } else { 1.0 }
}

/// How rays step through a cell.
struct Steps {
    /// Which side of the surface they are on.
    side: f32,
    /// How long a step is safe for a value of one.
    safe: f32,
    /// How much of a value at s = 1 may be rounding.
    unsure: f32,
    /// The least step, and how many of them are one.
    least: f32,
    count: f32,
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
    /// Whether rays that start inside end at once.
    capped: bool,
}

impl<'a> March<'a> {
    fn new(lens: &'a Lens, size: Size, counted: bool) -> March<'a> {
        let quarter = 0.25 * lens.across(size.step(), 1.0) as f32;
        let tolerance = match lens.parallel {
            true => [quarter, 4.0 * f32::EPSILON],
            false => [f32::MIN_POSITIVE, quarter.max(4.0 * f32::EPSILON)],
        };
        March { lens, size, tolerance, counted, capped: false }
    }

    /// What the rays meet.
    fn seen(&self, field: &Field, t: f64) -> Result<Seen> {
        let tape = self.lens.sees(field).tape()?.fixed([None, None, None, Some(t)]);
        let whole = Rect { from: [0, 0], to: [self.size.width, self.size.height] };
        let found: Vec<(Rect, Vec<Ray>)> = self
            .tiles(&[whole], &tape)
            .into_par_iter()
            .map_init(Space::default, |space, tile| (tile.rect, self.tile(&tile, space)))
            .collect();
        let place = |what: fn(&Ray) -> f32, none: f32| {
            let mut all = vec![none; self.size.pixels()];
            for (rect, rays) in &found {
                rect.copy(rays.iter().map(what), &mut all, self.size);
            }
            all
        };
        let steps = if self.counted { place(|ray| ray.steps, 0.0) } else { Vec::new() };
        Ok(Seen { depths: place(|ray| ray.depth, NOTHING), steps })
    }

    /// The tiles of some rectangles, up to sixteen, in which the field may change its sign.
    fn tiles(&self, rects: &[Rect], tape: &Tape) -> Vec<Tile> {
        let cell = |&rect: &Rect| Cell { rect, from: self.lens.near as f32, to: self.lens.far as f32 };
        let cells: Vec<Cell> = rects.iter().map(cell).collect();
        let mut boxes: Boxes<Rise<BOXES>> = Boxes::default();
        let found = self.bound(&cells, tape, &mut boxes);
        let mut open = Vec::with_capacity(cells.len());
        for (lane, cell) in cells.iter().enumerate() {
            let (value, rise) = (found.lane(lane), found.slope().lane(lane));
            if value.lo() <= 0.0 && (value.hi() >= 0.0 || self.capped) {
                let pruned = boxes.prune(tape, lane, Asked::Sign, tape.len() * 3 / 4);
                let tape = pruned.unwrap_or_else(|| tape.clone());
                open.push(Tile { rect: cell.rect, deep: self.deep(cell, value, rise), tape });
            }
        }
        let is_small = |rect: Rect| rect.width() <= TILE && rect.height() <= TILE;
        let cut = |tile: Tile| match is_small(tile.rect) {
            true => vec![tile],
            false => self.tiles(&tile.rect.split([4, 4]), &tile.tape),
        };
        open.into_par_iter().flat_map_iter(cut).collect()
    }

    /// Bounds on the field in some cells, up to sixteen, and on its rise along the rays.
    fn bound(&self, cells: &[Cell], tape: &Tape, boxes: &mut Boxes<Rise<BOXES>>) -> Rise<BOXES> {
        let [u, v, s, t] = self.bounds(cells);
        boxes.over(tape, [Rise::across(u), Rise::across(v), Rise::along(s), Rise::across(t)]);
        boxes.output(tape, 0)
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
    fn tile(&self, tile: &Tile, space: &mut Space) -> Vec<Ray> {
        let Tile { rect, deep, ref tape } = *tile;
        space.rays.clear();
        for j in rect.from[1]..rect.to[1] {
            for i in rect.from[0]..rect.to[0] {
                let [u, v] = self.size.across(i as f64 + 0.5, j as f64 + 0.5).map(|v| v as f32);
                space.rays.push(Ray { u, v, side: 1.0, depth: NOTHING, steps: 0.0 });
            }
        }
        let Space { rays, marching, .. } = &mut *space;
        let mut block = Block::new(tape);
        let starts: [Vec<f32>; 3] = [
            rays.iter().map(|ray| ray.u).collect(),
            rays.iter().map(|ray| ray.v).collect(),
            vec![self.lens.near as f32; rays.len()],
        ];
        marching.f.resize(rays.len(), 0.0);
        block.eval(starts.each_ref().map(Vec::as_slice), &mut [&mut marching.f]);
        rays.iter_mut().zip(&marching.f).for_each(|(ray, &f)| ray.side = side_of(f));
        if self.capped {
            rays.iter_mut().filter(|ray| ray.side < 0.0).for_each(|ray| {
                (ray.side, ray.depth) = (1.0, self.lens.near as f32);
            });
            if rays.iter().all(|ray| ray.depth != NOTHING) {
                return std::mem::take(&mut space.rays);
            }
        }
        space.side = Some(space.rays[0].side).filter(|&side| space.rays.iter().all(|ray| ray.side == side));
        let cell = Cell { rect, from: self.lens.near as f32, to: self.lens.far as f32 };
        self.through(cell, deep, rect, tape, 0, space);
        std::mem::take(&mut space.rays)
    }

    /// The rays of a rectangle within a tile.
    fn rays_of(rect: Rect, tile: Rect) -> impl Iterator<Item = usize> {
        let row = move |j: usize| (j - tile.from[1]) * tile.width();
        (rect.from[1]..rect.to[1])
            .flat_map(move |j| (rect.from[0]..rect.to[0]).map(move |i| row(j) + i - tile.from[0]))
    }

    /// Takes the rays of a cell through it. `deep` is how much the cell's depth counts against its width where it is cut.
    fn through(&self, cell: Cell, deep: f64, tile: Rect, tape: &Tape, level: usize, space: &mut Space) {
        if space.boxes.len() == level {
            space.boxes.push(Boxes::default());
        }
        let mut boxes = std::mem::take(&mut space.boxes[level]);
        let cells = self.sixteen(cell, deep);
        let found = self.bound(&cells, tape, &mut boxes);
        let mut whole: Option<Block> = None; // for the cells that need all of the tape
        let mut order: Vec<usize> = (0..cells.len()).collect();
        order.sort_by(|&a, &b| cells[a].from.total_cmp(&cells[b].from)); // from front to back
        for lane in order {
            let (cell, value, rise) = (cells[lane], found.lane(lane), found.slope().lane(lane));
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
            let alive = Self::rays_of(cell.rect, tile).filter(|&n| space.rays[n].depth == NOTHING).count();
            if alive == 0 {
                continue;
            }
            let pruned = boxes.prune(tape, lane, Asked::Sign, tape.len() * 3 / 4);
            let steps = alive as f64 * self.steps(&cell, value, rise, space.side);
            if steps > ENOUGH && !self.is_finest(&cell) {
                let deep = self.deep(&cell, value, rise);
                self.through(cell, deep, tile, pruned.as_ref().unwrap_or(tape), level + 1, space);
                continue;
            }
            let rise = [rise.lo() as f32, rise.hi() as f32];
            match &pruned {
                Some(tape) => self.march(cell, rise, tile, &mut Block::new(tape), space),
                None => {
                    let block = whole.get_or_insert_with(|| Block::new(tape));
                    self.march(cell, rise, tile, block, space);
                }
            }
        }
        space.boxes[level] = boxes;
    }

    /// About how many steps a ray may take through a cell.
    fn steps(&self, cell: &Cell, value: Interval, rise: Interval, side: Option<f32>) -> f64 {
        let long = f64::from(cell.to - cell.from);
        let (falls, rises) = (-rise.lo(), rise.hi());
        let (towards, far) = match side {
            Some(1.0) => (falls, value.hi()),
            Some(_) => (rises, -value.lo()),
            None => (falls.max(rises), value.hi().max(-value.lo())),
        };
        if towards <= 0.0 {
            return 1.0;
        }
        // As long as those at a quarter of the largest value; never shorter than the tolerance.
        let step = (0.25 * far / towards).max(self.least(cell));
        1.0 + long / if step.is_nan() { self.least(cell) } else { step }
    }

    /// The least step in a cell.
    fn least(&self, cell: &Cell) -> f64 {
        f64::from(self.tolerance[0] + self.tolerance[1] * cell.from)
    }

    /// Whether a cell is too small to be cut.
    fn is_finest(&self, cell: &Cell) -> bool {
        let across = cell.rect.width().max(cell.rect.height());
        across < 2 * FINEST && f64::from(cell.to - cell.from) <= 8.0 * self.least(cell)
    }

    /// How much a cell's depth counts against its width: as much as the field changes along it, of what it changes.
    fn deep(&self, cell: &Cell, value: Interval, rise: Interval) -> f64 {
        let long = f64::from(cell.to - cell.from);
        let across = cell.rect.width().max(cell.rect.height()) as f64 * self.size.step();
        let wide = self.lens.across(across, 0.5 * f64::from(cell.from + cell.to));
        let (along, all) = (rise.hi().max(-rise.lo()), value.hi() - value.lo());
        let part = along * (long + 2.0 * wide) / all;
        if part.is_finite() { part.min(1.0) } else { 1.0 }
    }

    /// Cuts a cell into sixteen: in depth first where it is much longer than wide, else each way.
    fn sixteen(&self, cell: Cell, deep: f64) -> Vec<Cell> {
        let mut pieces = [1, 1, 1];
        let Cell { rect, from, to } = cell;
        let counts = [rect.width(), rect.height()];
        for _ in 0..BOXES.ilog2() {
            let depth = deep * f64::from(to - from) / pieces[2] as f64;
            let across = |axis: usize| {
                let pixels = counts[axis] as f64 / pieces[axis] as f64;
                self.lens.across(pixels * self.size.step(), 0.5 * f64::from(from + to))
            };
            let wide = |axis: usize| counts[axis] / pieces[axis] >= 2 * FINEST;
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
    fn march(&self, cell: Cell, rise: [f32; 2], tile: Rect, block: &mut Block, space: &mut Space) {
        let Space { rays, marching, met, .. } = space;
        met.clear();
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
                least: self.least(&cell) as f32,
                count: (1.0 / self.least(&cell)) as f32,
                to: cell.to,
            };
            while !marching.which.is_empty() {
                marching.look(&steps, block);
                if self.counted {
                    marching.which.iter().for_each(|&n| rays[n].steps += marching.ahead as f32);
                }
                marching.walk(&steps, met);
            }
        }
        self.refine(met, block, rays);
    }

    /// Narrows down where the sign changes, and notes it.
    fn refine(&self, met: &mut [Bracket], block: &mut Block, rays: &mut [Ray]) {
        let width = |s: f32| self.tolerance[0] + self.tolerance[1] * s;
        let mut points: [Vec<f32>; 4] = Default::default();
        for round in 0..REFINE {
            let wide = |bracket: &&mut Bracket| bracket.to[0] - bracket.from[0] > width(bracket.from[0]);
            points.iter_mut().for_each(Vec::clear);
            for bracket in met.iter_mut().filter(wide) {
                // The secant, and now and then the middle, so that the bracket is sure to shrink.
                let at = match bracket.secant() {
                    at if at > bracket.from[0] && at < bracket.to[0] && round % 3 < 2 => at,
                    _ => 0.5 * (bracket.from[0] + bracket.to[0]),
                };
                let Ray { u, v, .. } = rays[bracket.ray];
                points.iter_mut().zip([u, v, at, 0.0]).for_each(|(column, v)| column.push(v));
            }
            if points[0].is_empty() {
                break;
            }
            let [u, v, s, f] = &mut points;
            block.eval([u, v, s], &mut [f]);
            for (bracket, (&s, &f)) in met.iter_mut().filter(wide).zip(s.iter().zip(&*f)) {
                match side_of(f) == side_of(bracket.to[1]) {
                    true => bracket.to = [s, f],
                    false => bracket.from = [s, f],
                }
            }
        }
        for bracket in met {
            let at = bracket.secant();
            let inside = at >= bracket.from[0] && at <= bracket.to[0];
            rays[bracket.ray].depth = if inside { at } else { bracket.to[0] };
        }
    }
}

/// Where along a ray the sign changes: two depths, and the values there.
#[derive(Clone, Copy, Debug)]
struct Bracket {
    ray: usize,
    from: [f32; 2],
    to: [f32; 2],
}

impl Bracket {
    /// Where a straight line between the two is 0.
    fn secant(&self) -> f32 {
        let ([a, fa], [b, fb]) = (self.from, self.to);
        a + (b - a) * (fa / (fa - fb))
    }
}

/// How often a bracket is narrowed at most: at least by half each third time, and mostly far more.
const REFINE: usize = 24;

/// So many points are looked at together where that costs little more than one.
const TOGETHER: usize = 64;

impl Marching {
    fn start(&mut self, which: impl Iterator<Item = usize>, s: f32, rays: &[Ray]) {
        for n in which {
            self.which.push(n);
            self.u.push(rays[n].u);
            self.v.push(rays[n].v);
            self.s.push(s);
            self.before.push([s, 0.0]);
        }
    }

    /// The field where the rays are, and where they are sure to come next if all their steps are as short as can be.
    fn look(&mut self, steps: &Steps, block: &mut Block) {
        let count = self.which.len();
        self.ahead = if steps.safe.is_finite() { (TOGETHER / count).clamp(1, 8) } else { 1 };
        self.f.resize(count * self.ahead, 0.0);
        if self.ahead == 1 {
            return block.eval([&self.u, &self.v, &self.s], &mut [&mut self.f]);
        }
        let [u, v, s] = &mut self.points;
        [&mut *u, v, s].into_iter().for_each(|column| column.clear());
        for i in 0..count {
            for k in 0..self.ahead {
                u.push(self.u[i]);
                v.push(self.v[i]);
                s.push(steps.ahead(self.s[i], k));
            }
        }
        block.eval([u, v, s], &mut [&mut self.f]);
    }

    /// Moves each ray on as far as is safe. Those that have crossed the surface go to `met`; those at the end are let go.
    fn walk(&mut self, steps: &Steps, met: &mut Vec<Bracket>) {
        let mut kept = 0;
        for i in 0..self.which.len() {
            let (start, mut before, mut k) = (self.s[i], self.before[i], 0);
            let next = loop {
                let (s, f) = (steps.ahead(start, k), self.f[i * self.ahead + k]);
                if side_of(f) != steps.side {
                    // On entering the cell there is nothing before: that is the place.
                    let from = if before[1] == 0.0 { [s, f] } else { before };
                    met.push(Bracket { ray: self.which[i], from, to: [s, f] });
                    break None;
                }
                if s >= steps.to {
                    break None;
                }
                before = [s, f];
                let reach = (f * steps.side - steps.unsure * s) * steps.safe;
                let next = s + if reach > steps.least { reach } else { steps.least };
                k = (k + 1).max(((next - start) * steps.count) as usize);
                if k >= self.ahead {
                    break Some(next.min(steps.to));
                }
            };
            if let Some(next) = next {
                (self.which[kept], self.u[kept], self.v[kept]) = (self.which[i], self.u[i], self.v[i]);
                (self.s[kept], self.before[kept]) = (next, before);
                kept += 1;
            }
        }
        self.which.truncate(kept);
        [&mut self.u, &mut self.v, &mut self.s].into_iter().for_each(|column| column.truncate(kept));
        self.before.truncate(kept);
    }
}

impl Steps {
    /// Where a ray is after so many of the least steps.
    fn ahead(&self, start: f32, count: usize) -> f32 {
        (start + count as f32 * self.least).min(self.to)
    }
}
