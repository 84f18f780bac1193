//! Where rays meet the surface, so that none is missed.
//!
//! Space as the picture sees it is cut into boxes of some pixels and some depth. A box whose bounds leave out 0 is
//! passed over; another is cut further, with the tape that is enough inside it, until it is small. There each ray
//! steps by what the bound on the field's rise along the rays proves to be safe: from a value f no less than |f|/rise.
//! Where that is less than a ray's tolerance it steps by the tolerance, and looks for a change of sign. So what is
//! thicker than the tolerance is never stepped over, whatever the field is, distance or not.
//!
//! Steps of |f| over a Lipschitz bound are sphere tracing (Hart 1996), bounds along a segment segment tracing (Galin et
//! al. 2020), and intervals that leave nothing out along a ray Mitchell's ("Robust ray intersection with interval
//! arithmetic", 1990).

use super::rays::{Lens, Size};
use crate::error::Result;
use crate::field::Field;
use crate::number::{Interval, Intervals, Lanes, Rise};
use crate::tape::{Asked, BOXES, Block, Bounding, Boxes, Slopes, Tape};
use crate::task;
use glam::{DVec3, Vec3};
use rayon::prelude::*;
use walk::{RayWalk, SignChange, Strides};

#[cfg(feature = "gpu")]
mod cells;
mod span_tiles;
mod walk;

#[cfg(feature = "gpu")]
pub(crate) use cells::{Patch, cells};
pub(super) use span_tiles::SpanTiles;

/// What a ray that meets nothing has for depth.
pub const NOTHING: f32 = f32::INFINITY;

/// How deep each pixel's ray goes until it meets the surface, row by row from the top: s of [`Lens`].
///
/// Rays go through the pixels' middles. The depth is right to the lens's tolerance, a quarter of a pixel's width if nothing
/// else is said, and what is thicker than that along the ray is never missed. A ray that starts inside ends where it
/// leaves. The same bits for any number of threads.
pub fn depths(field: &Field, lens: &Lens, size: Size, t: f64) -> Result<Vec<f32>> {
    Ok(seen(&field.tape()?, lens, size, t, false)?.depths)
}

/// Where rays end that start inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Where they leave.
    Leaves,
    /// At once: so is a solid seen that is cut off where the lens begins to see.
    Ends,
}

/// What the rays of a picture meet, row by row from the top.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    /// How deep each ray goes: as [`depths`].
    pub depths: Vec<f32>,
    /// The surface's normals there, of length 1: ∇f in space. 0 where nothing is met.
    pub normals: Vec<[f32; 3]>,
}

/// How deep each pixel's ray goes until it meets the surface, and the normal there.
///
/// Normals are those of what is enough of the field about the place: of a union's parts, the one that is met.
pub fn surface(field: &Field, lens: &Lens, size: Size, t: f64, inside: Inside) -> Result<Surface> {
    surface_of(&field.tape()?, lens, size, t, inside)
}

/// The same of a field's tape, its parameters at the tape's values.
pub(super) fn surface_of(tape: &Tape, lens: &Lens, size: Size, t: f64, inside: Inside) -> Result<Surface> {
    let march = March { normal: true, inside, ..March::new(lens, size, false) };
    let MarchedRays { depths, normals, .. } = march.seen(tape, t)?;
    Ok(Surface { depths, normals })
}

/// The pixels whose rays meet something, tile by tile, and where.
pub(super) fn met(lens: &Lens, size: Size, depths: &[f32]) -> (Vec<usize>, Vec<Vec3>) {
    let met: Vec<usize> = size.tiled().filter(|&pixel| depths[pixel] < NOTHING).collect();
    let place = |&pixel: &usize| {
        let [u, v] = size.middle(pixel);
        DVec3::from(lens.at([u, v, f64::from(depths[pixel])])).as_vec3()
    };
    let places = met.par_iter().map(place).collect();
    (met, places)
}

/// What a picture's rays meet, row by row from the top.
#[derive(Clone, Debug, Default)]
pub(super) struct MarchedRays {
    /// How deep each goes.
    pub depths: Vec<f32>,
    /// How often the field was looked at along each, if that was counted.
    pub steps: Vec<f32>,
    /// The normals there, if they were asked for.
    pub normals: Vec<[f32; 3]>,
}

/// The depths as [`depths`] gives them, of a field's tape with its parameters at the tape's values; also how many steps
/// rays take there, if they are to be counted.
pub(super) fn seen(tape: &Tape, lens: &Lens, size: Size, t: f64, counted: bool) -> Result<MarchedRays> {
    March::new(lens, size, counted).seen(tape, t)
}

/// The side of a tile, which is one thread's work.
const TILE: usize = 64;

/// Cells are not cut to fewer pixels across.
const MIN_SIDE: usize = 4;

/// Rays are marched through a cell if they take no more steps than this, all together: cutting it would cost as much for
/// each of the tape's lines.
const ENOUGH: f64 = 4096.0;

/// What cutting costs besides, in steps of one line.
const CUTTING: f64 = 5e5;

/// Some of a picture's pixels: those from one corner to before the other.
#[derive(Clone, Copy, Debug, Default)]
struct Rect {
    from: [usize; 2],
    to: [usize; 2],
}

impl Rect {
    /// All of a picture.
    fn whole(size: Size) -> Rect {
        Rect { from: [0, 0], to: [size.width, size.height] }
    }

    fn width(&self) -> usize {
        self.to[0] - self.from[0]
    }

    fn height(&self) -> usize {
        self.to[1] - self.from[1]
    }

    /// Copies its pixels to their places in the picture.
    fn copy<T: Copy>(&self, pixels: &[T], picture: &mut [T], size: Size) {
        for (row, pixels) in (self.from[1]..).zip(pixels.chunks_exact(self.width())) {
            let start = row * size.width + self.from[0];
            picture[start..start + self.width()].copy_from_slice(pixels);
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
struct MarchedRay {
    u: f32,
    v: f32,
    /// The sign of the field where the ray starts; at 0 it is taken to be inside. 1 if it ends where it starts inside.
    side: f32,
    /// Where it met the surface.
    depth: f32,
    /// How often the field was looked at along it.
    steps: f32,
}

/// Some pixels and some depth.
#[derive(Clone, Copy, Debug)]
struct Frustum {
    rect: Rect,
    from: f32,
    to: f32,
}

/// The memory one thread works in.
#[derive(Default)]
struct MarchMemory {
    /// Those that are looked at, at each level of cutting.
    boxes: Vec<Boxes<Rise<BOXES>>>,
    /// The tile that is worked on.
    tile: Rect,
    /// Its rays, row by row.
    rays: Vec<MarchedRay>,
    /// The normals where they met the surface, if those are asked for.
    normals: Vec<[f32; 3]>,
    /// The side all of them start on, if it is the same.
    side: Option<f32>,
    walk: RayWalk,
    /// The rays that have met the surface in a cell.
    met: Vec<SignChange>,
    slopes: Slopes,
}

impl MarchMemory {
    /// The rays of a rectangle within the tile.
    fn rays_of(&self, rect: Rect) -> impl Iterator<Item = usize> + Clone + use<> {
        let tile = self.tile;
        let row = move |j: usize| (j - tile.from[1]) * tile.width();
        (rect.from[1]..rect.to[1])
            .flat_map(move |j| (rect.from[0]..rect.to[0]).map(move |i| row(j) + i - tile.from[0]))
    }

    /// Those of them that are on their way.
    fn alive(&self, rect: Rect) -> impl Iterator<Item = usize> {
        self.rays_of(rect).filter(|&n| self.rays[n].depth == NOTHING)
    }
}

/// −1 inside or on the surface, else 1; also where there is no value.
fn side_of(f: f32) -> f32 {
    if f <= 0.0 { -1.0 } else { 1.0 }
}

struct March<'a> {
    lens: &'a Lens,
    size: Size,
    /// How exactly a depth is to be known, at s = 0 and more for each s.
    tolerance: [f32; 2],
    /// Whether steps are counted.
    counted: bool,
    /// Whether normals are asked for.
    normal: bool,
    inside: Inside,
    /// From when to when, for tapes that the time is not fixed in.
    span: [f32; 2],
}

impl<'a> March<'a> {
    fn new(lens: &'a Lens, size: Size, counted: bool) -> March<'a> {
        let part = (lens.tolerance * lens.across(size.step(), 1.0)) as f32;
        let tolerance = match lens.parallel {
            true => [part.max(f32::EPSILON * lens.far as f32), 4.0 * f32::EPSILON],
            false => [f32::MIN_POSITIVE, part.max(4.0 * f32::EPSILON)],
        };
        March { lens, size, tolerance, counted, normal: false, inside: Inside::Leaves, span: [0.0; 2] }
    }

    /// What the rays meet.
    fn seen(&self, tape: &Tape, t: f64) -> Result<MarchedRays> {
        let tape = self.lens.fixed(tape, Some(t))?;
        let tiles = self.tiles(&[Rect::whole(self.size)], &tape);
        let seen = self.through_tiles(&tiles, |tile| tile.tape.clone());
        task::check().map(|()| seen)
    }

    /// What the rays of tiles meet, of whose fields `still` tells how they are at the time.
    fn through_tiles(&self, tiles: &[Tile], still: impl Fn(&Tile) -> Tape + Sync) -> MarchedRays {
        let seen = |space: &mut MarchMemory, tile: &Tile| {
            if task::is_given_up() {
                return (tile.rect, MarchedRays::default());
            }
            self.tile(tile, &still(tile), space);
            let steps = if self.counted { &*space.rays } else { &[] };
            let steps = steps.iter().map(|ray| ray.steps).collect();
            let depths = space.rays.iter().map(|ray| ray.depth).collect();
            (tile.rect, MarchedRays { depths, steps, normals: space.normals.clone() })
        };
        let found: Vec<(Rect, MarchedRays)> = tiles.par_iter().map_init(MarchMemory::default, seen).collect();
        let pixels = self.size.pixels();
        let mut all = MarchedRays {
            depths: vec![NOTHING; pixels],
            steps: vec![0.0; if self.counted { pixels } else { 0 }],
            normals: vec![[0.0; 3]; if self.normal { pixels } else { 0 }],
        };
        for (rect, seen) in &found {
            rect.copy(&seen.depths, &mut all.depths, self.size);
            rect.copy(&seen.steps, &mut all.steps, self.size);
            rect.copy(&seen.normals, &mut all.normals, self.size);
        }
        all
    }

    /// The tiles of some rectangles, up to sixteen, in which the field may change its sign.
    fn tiles(&self, rects: &[Rect], tape: &Tape) -> Vec<Tile> {
        if task::is_given_up() {
            return Vec::new();
        }
        let cell = |&rect: &Rect| Frustum { rect, from: self.lens.near as f32, to: self.lens.far as f32 };
        let cells: Vec<Frustum> = rects.iter().map(cell).collect();
        let mut boxes: Boxes<Rise<BOXES>> = Boxes::default();
        let found = self.bound(&cells, tape, &mut boxes);
        let mut open = Vec::with_capacity(cells.len());
        for (lane, cell) in cells.iter().enumerate() {
            let (value, rise) = (found.lane(lane), found.slope().lane(lane));
            if value.lo() <= 0.0 && (value.hi() >= 0.0 || self.inside == Inside::Ends) {
                // Where all is inside only rays that end there ask, and for the normals.
                let asked = if value.hi() < 0.0 { Asked::Value } else { Asked::Sign };
                let pruned = boxes.prune(tape, lane, asked, tape.len() * 3 / 4);
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
    fn bound(&self, cells: &[Frustum], tape: &Tape, boxes: &mut Boxes<Rise<BOXES>>) -> Rise<BOXES> {
        let [u, v, s, t] = self.bounds(cells);
        boxes.over(tape, [Rise::across(u), Rise::across(v), Rise::along(s), Rise::across(t)]);
        boxes.output(tape, 0)
    }

    /// Up to sixteen cells as boxes of u, v, s and t, the last repeated.
    fn bounds(&self, cells: &[Frustum]) -> [Intervals<BOXES>; 4] {
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
            [lo[3][lane], hi[3][lane]] = self.span;
        }
        [0, 1, 2, 3].map(|axis| Intervals::new(Lanes(lo[axis]), Lanes(hi[axis])))
    }

    /// Sends the rays of a tile's pixels to where they end.
    fn tile(&self, &Tile { rect, deep, .. }: &Tile, tape: &Tape, space: &mut MarchMemory) {
        space.tile = rect;
        space.normals.clear();
        space.normals.resize(if self.normal { rect.width() * rect.height() } else { 0 }, [0.0; 3]);
        space.rays.clear();
        for j in rect.from[1]..rect.to[1] {
            for i in rect.from[0]..rect.to[0] {
                let [u, v] = self.size.across(i as f64 + 0.5, j as f64 + 0.5).map(|v| v as f32);
                space.rays.push(MarchedRay { u, v, side: 1.0, depth: NOTHING, steps: 0.0 });
            }
        }
        if self.inside == Inside::Leaves {
            self.find_sides(tape, &mut space.rays);
        }
        space.side = Some(space.rays[0].side).filter(|&side| space.rays.iter().all(|ray| ray.side == side));
        let cell = Frustum { rect, from: self.lens.near as f32, to: self.lens.far as f32 };
        self.through(cell, deep, tape, 0, space);
    }

    /// Finds on which side rays start.
    fn find_sides(&self, tape: &Tape, rays: &mut [MarchedRay]) {
        let starts: [Vec<f32>; 3] = [
            rays.iter().map(|ray| ray.u).collect(),
            rays.iter().map(|ray| ray.v).collect(),
            vec![self.lens.near as f32; rays.len()],
        ];
        let mut values = vec![0.0; rays.len()];
        Block::new(tape).eval(starts.each_ref().map(Vec::as_slice), &mut [&mut values]);
        rays.iter_mut().zip(&values).for_each(|(ray, &f)| ray.side = side_of(f));
    }

    /// Takes the rays of a cell through it. `deep` is how much the cell's depth counts against its width where it is cut.
    fn through(&self, cell: Frustum, deep: f64, tape: &Tape, level: usize, space: &mut MarchMemory) {
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
            if task::is_given_up() {
                break;
            }
            let (cell, value, rise) = (cells[lane], found.lane(lane), found.slope().lane(lane));
            if value.lo() > 0.0 || value.hi() < 0.0 {
                let side = side_of(value.lo() as f32);
                if space.side != Some(side) {
                    // A ray that comes from the other side met the surface at the cell's edge.
                    let others = space.alive(cell.rect).filter(|&n| space.rays[n].side != side);
                    let met: Vec<usize> = others.collect();
                    met.iter().for_each(|&n| space.rays[n].depth = cell.from);
                    if self.normal && !met.is_empty() {
                        let pruned = boxes.prune(tape, lane, Asked::Value, tape.len() * 3 / 4);
                        self.find_normals(&met, pruned.as_ref().unwrap_or(tape), space);
                    }
                }
                continue;
            }
            let alive = space.alive(cell.rect).count();
            if alive == 0 {
                continue;
            }
            let pruned = boxes.prune(tape, lane, Asked::Sign, tape.len() * 3 / 4);
            let left = pruned.as_ref().unwrap_or(tape).cost().max(1) as f64;
            let steps = alive as f64 * self.steps(&cell, value, rise, space.side);
            if steps > ENOUGH + CUTTING / left && !self.is_finest(&cell) {
                let deep = self.deep(&cell, value, rise);
                self.through(cell, deep, pruned.as_ref().unwrap_or(tape), level + 1, space);
                continue;
            }
            let rise = [rise.lo() as f32, rise.hi() as f32];
            match &pruned {
                Some(tape) => self.march(cell, rise, &mut Block::new(tape), space),
                None => self.march(cell, rise, whole.get_or_insert_with(|| Block::new(tape)), space),
            }
            if self.normal {
                let met: Vec<usize> = space.met.iter().map(|bracket| bracket.ray).collect();
                self.find_normals(&met, pruned.as_ref().unwrap_or(tape), space);
            }
            space.met.clear();
        }
        space.boxes[level] = boxes;
    }

    /// About how many steps a ray may take through a cell.
    fn steps(&self, cell: &Frustum, value: Interval, rise: Interval, side: Option<f32>) -> f64 {
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
    fn least(&self, cell: &Frustum) -> f64 {
        f64::from(self.tolerance[0] + self.tolerance[1] * cell.from)
    }

    /// Whether a cell is too small to be cut.
    fn is_finest(&self, cell: &Frustum) -> bool {
        let across = cell.rect.width().max(cell.rect.height());
        across < 2 * MIN_SIDE && f64::from(cell.to - cell.from) <= 8.0 * self.least(cell)
    }

    /// How much a cell's depth counts against its width: as much as the field changes along it, of what it changes.
    fn deep(&self, cell: &Frustum, value: Interval, rise: Interval) -> f64 {
        let long = f64::from(cell.to - cell.from);
        let across = cell.rect.width().max(cell.rect.height()) as f64 * self.size.step();
        let wide = self.lens.across(across, 0.5 * f64::from(cell.from + cell.to));
        let (along, all) = (rise.hi().max(-rise.lo()), value.hi() - value.lo());
        let part = along * (long + 2.0 * wide) / all;
        if part.is_finite() { part.min(1.0) } else { 1.0 }
    }

    /// Cuts a cell into sixteen: in depth first where it is much longer than wide, else each way.
    fn sixteen(&self, cell: Frustum, deep: f64) -> Vec<Frustum> {
        let mut pieces = [1, 1, 1];
        let Frustum { rect, from, to } = cell;
        let counts = [rect.width(), rect.height()];
        for _ in 0..BOXES.ilog2() {
            let depth = deep * f64::from(to - from) / pieces[2] as f64;
            let across = |axis: usize| {
                let pixels = counts[axis] as f64 / pieces[axis] as f64;
                self.lens.across(pixels * self.size.step(), 0.5 * f64::from(from + to))
            };
            let wide = |axis: usize| counts[axis] / pieces[axis] >= 2 * MIN_SIDE;
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
            .map(|(rect, n)| Frustum { rect, from: at(n), to: at(n + 1) })
            .collect()
    }

    /// Takes the rays of a small cell through it, where the field rises by no less and no more than `rise`.
    fn march(&self, cell: Frustum, rise: [f32; 2], block: &mut Block, space: &mut MarchMemory) {
        let through = space.rays_of(cell.rect);
        let MarchMemory { rays, walk, met, .. } = space;
        // Rays on one side of the surface and on the other, apart: they fear falls and rises.
        for side in [1.0, -1.0] {
            if space.side.is_some_and(|all| all != side) {
                continue;
            }
            let alive = |&n: &usize| rays[n].depth == NOTHING && rays[n].side == side;
            let start = through.clone().filter(alive).map(|n| (n, [rays[n].u, rays[n].v]));
            walk.start(start, cell.from);
            let towards = if side > 0.0 { -rise[0] } else { rise[1] };
            let steps = Strides {
                side,
                // No step is too long where the field goes the other way.
                safe: if towards > 0.0 { 0.999 / towards } else { f32::INFINITY },
                // The rounding of f, as of a sum of terms of the size of a few |s|.
                unsure: 1e-6 * rise[0].abs().max(rise[1].abs()).min(1e3),
                least: self.least(&cell) as f32,
                count: (1.0 / self.least(&cell)) as f32,
                to: cell.to,
            };
            while !walk.rays().is_empty() {
                if task::is_given_up() {
                    return;
                }
                let ahead = walk.look(&steps, block);
                if self.counted {
                    walk.rays().iter().for_each(|&n| rays[n].steps += ahead as f32);
                }
                walk.go_on(&steps, met);
            }
        }
        self.refine(met, block, rays);
    }

    /// Narrows down where the sign changes, and notes it.
    fn refine(&self, met: &mut [SignChange], block: &mut Block, rays: &mut [MarchedRay]) {
        let tolerance = |bracket: &SignChange| self.tolerance[0] + self.tolerance[1] * bracket.from[0];
        let mut points: [Vec<f32>; 4] = Default::default();
        let mut open: Vec<usize> = (0..met.len()).collect();
        for round in 0..REFINE {
            if task::is_given_up() {
                return;
            }
            points.iter_mut().for_each(Vec::clear);
            open.retain(|&i| {
                let tolerance = tolerance(&met[i]);
                let goes_on = !met[i].is_narrow(tolerance);
                if goes_on {
                    let MarchedRay { u, v, .. } = rays[met[i].ray];
                    let at = met[i].between(round, tolerance);
                    points.iter_mut().zip([u, v, at, 0.0]).for_each(|(column, v)| column.push(v));
                }
                goes_on
            });
            if open.is_empty() {
                break;
            }
            let [u, v, s, f] = &mut points;
            block.eval([u, v, s], &mut [f]);
            for ((&i, &s), &f) in open.iter().zip(&*s).zip(&*f) {
                met[i].narrow([s, f]);
            }
        }
        for bracket in met {
            let at = bracket.secant();
            let inside = at >= bracket.from[0] && at <= bracket.to[0];
            rays[bracket.ray].depth = if inside { at } else { bracket.to[0] };
        }
    }

    /// The normals where some rays met the surface, of a tape that is enough of the field there.
    fn find_normals(&self, met: &[usize], tape: &Tape, space: &mut MarchMemory) {
        let MarchMemory { rays, normals, slopes, .. } = space;
        let column = |pick: fn(&MarchedRay) -> f32| met.iter().map(|&n| pick(&rays[n])).collect::<Vec<f32>>();
        let [u, v, s] = [column(|ray| ray.u), column(|ray| ray.v), column(|ray| ray.depth)];
        let [mut du, mut dv, mut ds] = [0, 1, 2].map(|_| vec![0.0; met.len()]);
        slopes.eval(tape, [&u, &v, &s], [&mut du, &mut dv, &mut ds]);
        let slope = self.lens.slopes();
        for (i, &n) in met.iter().enumerate() {
            normals[n] = slope([u[i], v[i], s[i]], [du[i], dv[i], ds[i]]).normalize_or_zero().to_array();
        }
    }
}

/// How often a bracket is narrowed at most: at least by half each third time, and mostly far more.
const REFINE: usize = 24;
