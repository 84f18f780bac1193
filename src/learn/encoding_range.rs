//! Bounds on the features of a hash grid, and on their derivatives, over a box.
//!
//! Within a cell a feature is linear in each axis' share alone. So over a part of the cell it is between what it is at the
//! part's corners, and so are its derivatives in the shares.

use super::encoding::{AXES, CORNERS, EncodingLevel, GridEncoding};
use crate::number::Interval;

/// The most cells of a level that are looked at one by one.
const MAX_COVERED: usize = 64;

/// The least and the greatest number of each feature in each level's table.
pub(super) fn table_ranges(encoding: &GridEncoding, tables: &[f64]) -> Vec<Interval> {
    let mut ranges = Vec::with_capacity(encoding.width());
    for level in &encoding.levels {
        let table = &tables[level.start..level.start + level.rows * encoding.features];
        for feature in 0..encoding.features {
            let numbers = table[feature..].iter().step_by(encoding.features);
            let (low, high) =
                numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &x| (l.min(x), h.max(x)));
            ranges.push(Interval::new(low, high));
        }
    }
    ranges
}

/// Bounds on a feature over a box.
#[derive(Clone, Copy)]
pub(super) struct FeatureBounds {
    /// Its value in the middle of the box, and its values everywhere.
    pub(super) center: f64,
    pub(super) value: Interval,
    /// Its slopes, in each input.
    pub(super) slopes: [Interval; AXES],
    /// Its second derivatives.
    pub(super) bends: [[Interval; AXES]; AXES],
}

/// A part of an axis: the cells it covers, and where in the first and in the last one it begins and ends.
#[derive(Clone, Copy, Default)]
struct AxisPart {
    first: usize,
    last: usize,
    ends: [f64; 2],
    /// Whether some of it is out of the box that the grid is over, where nothing changes, or all of it.
    is_partly_out: bool,
    is_out: bool,
}

impl AxisPart {
    fn of(encoding: &GridEncoding, level: &EncodingLevel, axis: usize, side: Interval) -> AxisPart {
        let cells = level.cells as f64;
        let turn = cells / encoding.size[axis];
        let low = encoding.low[axis];
        // As far as rounding may move a point.
        let slack = 16.0 * f64::EPSILON * (turn * (low.abs() + side.largest()) + cells);
        let (from, to) = ((side.lo() - low) * turn - slack, (side.hi() - low) * turn + slack);
        let [held_from, held_to] = [from, to].map(|end| end.clamp(0.0, cells));
        let cell_of = |end: f64| (end as usize).min(level.cells - 1);
        let (first, last) = (cell_of(held_from), cell_of(held_to));
        AxisPart {
            first,
            last,
            ends: [held_from - first as f64, held_to - last as f64],
            is_partly_out: from < 0.0 || to > cells,
            is_out: to < 0.0 || from > cells,
        }
    }

    /// The part of a cell that it covers.
    fn within(&self, cell: usize) -> [f64; 2] {
        let from = if cell == self.first { self.ends[0] } else { 0.0 };
        let to = if cell == self.last { self.ends[1] } else { 1.0 };
        [from, to]
    }
}

/// The share of the far end at a place in a cell.
fn share(is_smooth: bool, at: f64) -> f64 {
    if is_smooth { at * at * (3.0 - 2.0 * at) } else { at }
}

/// The first two derivatives of the share over a part of a cell, in the input.
fn share_slopes(is_smooth: bool, [from, to]: [f64; 2], turn: f64) -> [Interval; 2] {
    if !is_smooth {
        return [Interval::point(turn), Interval::point(0.0)];
    }
    let slope = |at: f64| 6.0 * at * (1.0 - at) * turn;
    let mut slopes = Interval::new(slope(from), slope(to));
    if from < 0.5 && to > 0.5 {
        slopes = slopes.hull(Interval::point(1.5 * turn));
    }
    let bend = |at: f64| 6.0 * (1.0 - 2.0 * at) * turn * turn;
    [slopes, Interval::new(bend(to), bend(from))]
}

impl GridEncoding {
    /// Bounds on each feature over a box. `is_bent` says whether second derivatives are wanted.
    pub(super) fn over(
        &self,
        tables: &[f64],
        ranges: &[Interval],
        sides: &[Interval],
        is_bent: bool,
    ) -> Vec<FeatureBounds> {
        let mut found = Vec::with_capacity(self.width());
        for (n, level) in self.levels.iter().enumerate() {
            let table = &tables[level.start..level.start + level.rows * self.features];
            let mut parts = [AxisPart::default(); AXES];
            let mut middle = [0.0; AXES];
            for axis in 0..self.inputs {
                parts[axis] = AxisPart::of(self, level, axis, sides[axis]);
                middle[axis] = sides[axis].middle();
            }
            let cell = self.cell(level, middle);
            let shares = self.shares(&cell, [0; AXES]);
            let covered = parts[..self.inputs].iter().map(|part| part.last - part.first + 1);
            let covered = covered.fold(1usize, usize::saturating_mul);
            for feature in 0..self.features {
                let center = cell.rows[..self.corners()].iter().zip(&shares);
                let center =
                    center.map(|(&row, share)| share * table[row as usize * self.features + feature]).sum();
                let all = ranges[n * self.features + feature];
                let mut bounds = match covered <= MAX_COVERED {
                    true => self.over_cells(level, table, feature, &parts, is_bent),
                    false => self.anywhere(level, all),
                };
                bounds.center = center;
                self.settle(&mut bounds, &parts, all.largest());
                found.push(bounds);
            }
        }
        found
    }

    /// Bounds on a feature anywhere in a level, by the range of its numbers.
    fn anywhere(&self, level: &EncodingLevel, all: Interval) -> FeatureBounds {
        let zero = Interval::point(0.0);
        let mut bounds =
            FeatureBounds { center: 0.0, value: all, slopes: [zero; AXES], bends: [[zero; AXES]; AXES] };
        let steepest = if self.is_smooth { 1.5 } else { 1.0 };
        let turn = |axis: usize| level.cells as f64 / self.size[axis];
        let about = |size: f64| Interval::new(-size, size);
        for i in 0..self.inputs {
            bounds.slopes[i] = about(all.width() * steepest * turn(i));
            for j in 0..self.inputs {
                let size = match (i == j, self.is_smooth) {
                    (true, true) => 6.0 * turn(i) * turn(i),
                    (true, false) => 0.0,
                    _ => 2.0 * steepest * steepest * turn(i) * turn(j),
                };
                bounds.bends[i][j] = about(all.width() * size);
            }
        }
        bounds
    }

    /// Bounds on it in the cells that parts of the axes cover.
    fn over_cells(
        &self,
        level: &EncodingLevel,
        table: &[f64],
        feature: usize,
        parts: &[AxisPart; AXES],
        is_bent: bool,
    ) -> FeatureBounds {
        let mut at = [0; AXES];
        (0..self.inputs).for_each(|axis| at[axis] = parts[axis].first);
        let mut all: Option<FeatureBounds> = None;
        loop {
            let own = self.over_cell(level, table, feature, parts, at, is_bent);
            all = Some(match all {
                None => own,
                Some(all) => all.hull(&own),
            });
            let Some(axis) = (0..self.inputs).find(|&axis| at[axis] < parts[axis].last) else { break };
            at[axis] += 1;
            (0..axis).for_each(|axis| at[axis] = parts[axis].first);
        }
        all.expect("a box covers a cell")
    }

    fn over_cell(
        &self,
        level: &EncodingLevel,
        table: &[f64],
        feature: usize,
        parts: &[AxisPart; AXES],
        at: [usize; AXES],
        is_bent: bool,
    ) -> FeatureBounds {
        let (mut corner, mut ends) = ([0u32; AXES], [[0.0; 2]; AXES]);
        let zero = Interval::point(0.0);
        let mut slopes_of_shares = [[zero; 2]; AXES];
        for axis in 0..self.inputs {
            let within = parts[axis].within(at[axis]);
            corner[axis] = at[axis] as u32;
            ends[axis] = within.map(|at| share(self.is_smooth, at));
            let turn = level.cells as f64 / self.size[axis];
            slopes_of_shares[axis] = share_slopes(self.is_smooth, within, turn);
        }
        let rows = self.rows(level, corner);
        let mut numbers = [0.0; CORNERS];
        for (number, &row) in numbers.iter_mut().zip(&rows[..self.corners()]) {
            *number = table[row as usize * self.features + feature];
        }
        let hull = |along: [bool; AXES]| self.hull_of(numbers, &ends, along);
        let mut bounds = FeatureBounds {
            center: 0.0,
            value: hull([false; AXES]),
            slopes: [zero; AXES],
            bends: [[zero; AXES]; AXES],
        };
        for i in 0..self.inputs {
            let mut along = [false; AXES];
            along[i] = true;
            let in_share = hull(along);
            bounds.slopes[i] = in_share * slopes_of_shares[i][0];
            if !is_bent {
                continue;
            }
            bounds.bends[i][i] = in_share * slopes_of_shares[i][1];
            for j in 0..i {
                along[j] = true;
                let bend = hull(along) * slopes_of_shares[i][0] * slopes_of_shares[j][0];
                (bounds.bends[i][j], bounds.bends[j][i]) = (bend, bend);
                along[j] = false;
            }
        }
        bounds
    }

    /// Bounds on the mixture of a cell's corners over a part of it, differentiated along some of the shares.
    fn hull_of(&self, mut numbers: [f64; CORNERS], ends: &[[f64; 2]; AXES], along: [bool; AXES]) -> Interval {
        let corners = self.corners();
        for axis in 0..self.inputs {
            let bit = 1 << axis;
            for n in (0..corners).filter(|n| n & bit == 0) {
                let (near, rise) = (numbers[n], numbers[n | bit] - numbers[n]);
                let [from, to] = match along[axis] {
                    true => [rise; 2],
                    false => ends[axis].map(|end| near + end * rise),
                };
                (numbers[n], numbers[n | bit]) = (from, to);
            }
        }
        let all = numbers[..corners].iter();
        let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &x| (l.min(x), h.max(x)));
        Interval::new(low, high)
    }

    /// Takes in that nothing changes out of the box, and rounding.
    fn settle(&self, bounds: &mut FeatureBounds, parts: &[AxisPart; AXES], largest: f64) {
        let zero = Interval::point(0.0);
        let wider = |bound: Interval, by: f64| {
            let slack = 64.0 * f64::EPSILON * (bound.largest() + by);
            bound + Interval::new(-slack, slack)
        };
        bounds.value = wider(bounds.value, largest);
        for i in 0..self.inputs {
            let still = |bound: Interval, axis: usize| match parts[axis] {
                AxisPart { is_out: true, .. } => zero,
                AxisPart { is_partly_out: true, .. } => bound.hull(zero),
                _ => bound,
            };
            let turn =
                |axis: usize| self.levels.last().map_or(0.0, |level| level.cells as f64) / self.size[axis];
            bounds.slopes[i] = still(wider(bounds.slopes[i], largest * turn(i)), i);
            for j in 0..self.inputs {
                let bend = wider(bounds.bends[i][j], largest * turn(i) * turn(j));
                bounds.bends[i][j] = still(still(bend, i), j);
            }
        }
    }
}

impl FeatureBounds {
    fn hull(&self, other: &FeatureBounds) -> FeatureBounds {
        let mut all = *self;
        all.value = all.value.hull(other.value);
        for i in 0..AXES {
            all.slopes[i] = all.slopes[i].hull(other.slopes[i]);
            for j in 0..AXES {
                all.bends[i][j] = all.bends[i][j].hull(other.bends[i][j]);
            }
        }
        all
    }
}
