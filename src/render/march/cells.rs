//! Where in a picture rays may meet the surface, and how far they may step there: for what marches them elsewhere.

use super::{Frustum, March, Rect, side_of};
use crate::error::Result;
use crate::number::{Interval, Rise};
use crate::render::{Lens, Size};
use crate::tape::{Asked, BOXES, Bounding, Boxes, Tape};
use crate::task;
use rayon::prelude::*;
use std::sync::Arc;

/// Some of a picture's pixels, and the depths at which their rays may meet the surface, from front to back.
#[derive(Clone, Debug)]
pub(crate) struct Patch {
    /// The left and top pixel.
    pub from: [usize; 2],
    /// Those right of the right and below the bottom one.
    pub to: [usize; 2],
    /// The side all rays start on, −1 inside and 1 outside; 0 where that differs.
    pub side: f32,
    pub stretches: Vec<Stretch>,
}

/// A stretch of depth that holds the surface, for all that is known.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    pub from: f32,
    pub to: f32,
    /// The least and the most that the field rises there with each unit of depth.
    pub rise: [f32; 2],
    /// The side that all rays are on behind it; 0 where another stretch follows at once, or nothing does.
    pub after: f32,
    /// What is enough of the field there, of u, v and depth: it has the field's sign, and is no nearer to 0.
    pub tape: Arc<Tape>,
}

/// A field that may rise by more with each unit of depth may jump, for all that is known.
const STEEP: f64 = 1e3;

/// How deep the pieces are, for each unit of a patch's width, that are not cut further though the field may jump there.
const FINE: f64 = 0.15;

/// The same, of pieces where it does not.
const COARSE: f64 = 2.0;

/// Cuts a cell into sixteen along its depth: evenly, or far away so that each is longer than the last.
fn sixteen(cell: Frustum) -> Vec<Frustum> {
    let Frustum { rect, from, to } = cell;
    let by_ratio = from > 0.0 && to > 4.0 * from;
    let at = |n: usize| match (n, by_ratio) {
        (0, _) => from,
        (BOXES, _) => to,
        (n, true) => from * (to / from).powf(n as f32 / BOXES as f32),
        (n, false) => from + (to - from) * (n as f32 / BOXES as f32),
    };
    (0..BOXES).map(|n| Frustum { rect, from: at(n), to: at(n + 1) }).collect()
}

/// The patches of a picture that see something, of at most `small` pixels across, with the tolerance of depths: at depth 0,
/// and more for each unit of it. If they are `pruned`, stretches have no longer a tape than they need.
pub(crate) fn cells(
    tape: &Tape,
    lens: &Lens,
    size: Size,
    t: f64,
    small: usize,
    pruned: bool,
) -> Result<(Vec<Patch>, [f32; 2])> {
    let tape = lens.fixed(tape, Some(t))?;
    let march = March::new(lens, size, false);
    let tiles = march.tiles(&[Rect::whole(size)], &tape);
    let found = tiles.into_par_iter().map_init(Boxes::default, |boxes, tile| {
        let mut found = Vec::new();
        Cutter { march: &march, small, pruned }.within(tile.rect, &Arc::new(tile.tape), boxes, &mut found);
        found
    });
    let found = found.flatten_iter().collect();
    task::check()?;
    Ok((found, march.tolerance))
}

/// Cuts a view into patches of at most `small` pixels across.
struct Cutter<'a> {
    march: &'a March<'a>,
    small: usize,
    pruned: bool,
}

impl Cutter<'_> {
    /// The patches of a rectangle that see something.
    fn within(&self, rect: Rect, tape: &Arc<Tape>, boxes: &mut Boxes<Rise<BOXES>>, found: &mut Vec<Patch>) {
        let (from, to) = (self.march.lens.near as f32, self.march.lens.far as f32);
        let small = |across: usize| across.div_ceil(self.small).clamp(1, 4);
        let parts = rect.split([small(rect.width()), small(rect.height())]);
        let cells: Vec<Frustum> = parts.iter().map(|&rect| Frustum { rect, from, to }).collect();
        let bounds = self.march.bound(&cells, tape, boxes);
        let mut open = Vec::new();
        for (lane, &cell) in cells.iter().enumerate() {
            let value = bounds.lane(lane);
            if !(value.lo() > 0.0 || value.hi() < 0.0) {
                let pruned = boxes.prune(tape, lane, Asked::Sign, tape.len() * 3 / 4);
                open.push((cell, pruned.map(Arc::new)));
            }
        }
        for (cell, pruned) in open {
            let mut patch =
                Patch { from: cell.rect.from, to: cell.rect.to, side: 0.0, stretches: Vec::new() };
            self.along(cell, pruned.as_ref().unwrap_or(tape), boxes, &mut patch);
            if !patch.stretches.is_empty() {
                found.push(patch);
            }
        }
    }

    /// Whether a piece is not cut up further. Where the field may jump it is cut finer: mostly it jumps beside the
    /// surface, or in what the piece's own tape leaves out. That tape has the field's sign, and is no nearer to 0: so
    /// what its rise makes a safe step is one for the field too.
    fn ends(&self, piece: &Frustum, rise: Interval) -> bool {
        let across = piece.rect.width().max(piece.rect.height()).max(self.small) as f64;
        let middle = 0.5 * f64::from(piece.from + piece.to);
        let wide = self.march.lens.across(across * self.march.size.step(), middle);
        let deep = f64::from(piece.to - piece.from) / wide;
        let jumps = !(rise.lo() > -STEEP && rise.hi() < STEEP);
        deep <= if jumps { FINE } else { COARSE }
    }

    /// Goes through a patch's cell from front to back; says whether rays come out of its end.
    fn along(
        &self,
        cell: Frustum,
        tape: &Arc<Tape>,
        boxes: &mut Boxes<Rise<BOXES>>,
        patch: &mut Patch,
    ) -> bool {
        if task::is_given_up() {
            return false;
        }
        let pieces = sixteen(cell);
        let found = self.march.bound(&pieces, tape, boxes);
        let mut next = Vec::with_capacity(pieces.len());
        for (lane, &piece) in pieces.iter().enumerate() {
            let (value, rise) = (found.lane(lane), found.slope().lane(lane));
            let open = !(value.lo() > 0.0 || value.hi() < 0.0);
            let ends = self.ends(&piece, rise);
            let pruned = match open && (self.pruned || !ends) {
                true => boxes.prune(tape, lane, Asked::Sign, tape.len().saturating_sub(1)),
                false => None,
            };
            next.push((piece, value, rise, ends, pruned.map(Arc::new)));
        }
        for (piece, value, rise, ends, pruned) in next {
            if value.lo() > 0.0 || value.hi() < 0.0 {
                let side = side_of(value.lo() as f32);
                match patch.stretches.last_mut() {
                    None if patch.side == 0.0 => patch.side = side,
                    Some(last) if last.after == 0.0 => last.after = side,
                    _ => {}
                }
                // All rays that started on one side have met the surface before they are all on the other.
                if patch.side == -side {
                    return false;
                }
            } else if ends {
                let rise = [rise.lo() as f32, rise.hi() as f32];
                let (from, to) = (piece.from, piece.to);
                let tape = pruned.unwrap_or_else(|| tape.clone());
                patch.stretches.push(Stretch { from, to, rise, after: 0.0, tape });
            } else if !self.along(piece, pruned.as_ref().unwrap_or(tape), boxes, patch) {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NOTHING, depths};
    use super::*;
    use crate::prelude::*;

    /// What is met lies in a stretch, and what a stretch says of its rise holds.
    #[test]
    fn stretches_hold_the_surface() {
        let ball = sphere(1).twist(0.3).smooth_union(torus(1.4, 0.2).rotate_x(0.7), 0.3);
        let field = ball.union(plane([0, 1, 0], -1.5));
        let lens = Lens::pinhole([3.0, 2.0, 4.0], [0.0; 3], [0.0, 1.0, 0.0], 40.0);
        let lens = Lens { far: 50.0, ..lens };
        let size = Size { width: 90, height: 70 };
        let (tiles, _) = cells(&field.tape().unwrap(), &lens, size, 0.0, 16, false).unwrap();
        let depths = depths(&field, &lens, size, 0.0).unwrap();
        let seen = lens.sees(&field);
        let mut covered = vec![false; size.pixels()];
        let mut met = 0;
        for patch in &tiles {
            let pairs = patch.stretches.windows(2);
            assert!({ pairs }.all(|pair| pair[0].to <= pair[1].from && pair[0].from < pair[0].to));
            for (j, i) in
                (patch.from[1]..patch.to[1]).flat_map(|j| (patch.from[0]..patch.to[0]).map(move |i| (j, i)))
            {
                let n = j * size.width + i;
                assert!(!std::mem::replace(&mut covered[n], true));
                let depth = depths[n];
                if depth == NOTHING {
                    continue;
                }
                met += 1;
                let holds = |stretch: &&Stretch| stretch.from - 1e-4 <= depth && depth <= stretch.to + 1e-4;
                let stretch = patch.stretches.iter().find(holds).unwrap_or_else(|| panic!("{i} {j} {depth}"));
                let [u, v] = size.across(i as f64 + 0.5, j as f64 + 0.5);
                let at = |s: f32| seen.value_at([u, v, f64::from(s), 0.0]).unwrap();
                let rise = (at(stretch.to) - at(stretch.from)) / f64::from(stretch.to - stretch.from);
                let [least, most] = stretch.rise.map(f64::from);
                assert!(least - 1e-4 <= rise && rise <= most + 1e-4, "{rise} in {stretch:?}");
            }
        }
        assert!(met > 2000, "{met}");
        assert!(depths.iter().zip(&covered).all(|(&depth, &covered)| covered || depth == NOTHING));
    }
}
