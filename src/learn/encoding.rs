//! The encoding before a network's layers: a multi-resolution hash grid (Müller et al. 2022). A point is turned into the
//! features at the corners of the cells it is in, of ever finer grids, mixed within each; the tables of features are
//! weights like the layers'.
//!
//! Along each axis a corner's share is s or 1 − s, s the place within the cell or a smooth ramp of it; a point's share of
//! a corner is their product, and so all derivatives of features are products of derivatives of shares.

use super::forward::Channels;
use super::precision::NetworkFloat;
use super::product::GRAIN;
use crate::number::Identity;
use std::ops::Range;

/// The size of a hash grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HashGridSize {
    /// How many coordinates a point has: 1 to 4.
    pub coordinates: usize,
    /// How many grids.
    pub levels: usize,
    /// How many features a corner has.
    pub features: usize,
    /// The most rows of a grid's table.
    pub rows: usize,
    /// How many cells an axis of the coarsest grid has, and of the finest.
    pub cells: [usize; 2],
    /// Whether features are mixed by smooth ramps, so that first derivatives are continuous, or linearly.
    pub is_smooth: bool,
}

impl HashGridSize {
    /// How many cells an axis of each grid has, growing by the same factor from one to the next. None, where the size is
    /// none.
    pub(super) fn cells_of_levels(&self) -> Option<Vec<usize>> {
        let HashGridSize { coordinates, levels, features, rows, cells: [coarse, fine], .. } = *self;
        let is_some = (1..=4).contains(&coordinates) && levels > 0 && features > 0 && rows > 0;
        if !is_some || coarse == 0 || fine < coarse || fine > 1 << 20 {
            return None;
        }
        let growth = (fine as f64 / coarse as f64).powf(1.0 / (levels.max(2) - 1) as f64);
        Some((0..levels).map(|n| (coarse as f64 * growth.powi(n as i32) + 1e-9) as usize).collect())
    }
}

/// The most grids of an encoding, cells along an axis, and features of a corner.
pub(super) const MAX_LEVELS: usize = 32;
pub(super) const MAX_CELLS: usize = 1 << 16;
pub(super) const MAX_FEATURES: usize = 16;
/// How far off, and how large or small, the box of an encoding is at most: products of this and cells are numbers in `f32`.
const MAX_SIZE: f64 = 1e20;

/// Numbers that neighbouring coordinates are multiplied by before they are mixed into a place of a table (Teschner et al.
/// 2003).
pub(super) const PRIMES: [u32; 4] = [1, 2_654_435_761, 805_459_861, 3_674_653_429];

/// The most coordinates, corners of a cell, and channels.
pub(super) const AXES: usize = 4;
pub(super) const CORNERS: usize = 1 << AXES;
const CHANNELS: usize = 15;

/// One grid: how many cells an axis has, and its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EncodingLevel {
    pub(super) cells: usize,
    pub(super) rows: usize,
    /// Where its rows begin among all the tables' numbers.
    pub(super) start: usize,
    /// Whether corners share rows.
    pub(super) is_hashed: bool,
}

/// A hash grid over a box of a network's inputs. Outside of the box the features are those of the nearest place in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GridEncoding {
    /// How many inputs there are, and where the box begins along each and how long it is.
    pub(super) inputs: usize,
    pub(super) low: [f64; AXES],
    pub(super) size: [f64; AXES],
    pub(super) features: usize,
    pub(super) is_smooth: bool,
    pub(super) levels: Vec<EncodingLevel>,
}

impl GridEncoding {
    /// Grids of so many cells, with tables of no more than so many rows. A message where there are none such.
    pub(super) fn new(
        inputs: usize,
        [low, size]: [[f64; AXES]; 2],
        features: usize,
        is_smooth: bool,
        cells: &[usize],
        rows: usize,
    ) -> Result<GridEncoding, String> {
        if !(1..=MAX_LEVELS).contains(&cells.len()) {
            return Err(format!("a hash grid has 1 to {MAX_LEVELS} levels; not {}", cells.len()));
        }
        if !(1..=MAX_FEATURES).contains(&features) {
            return Err(format!("a hash grid has 1 to {MAX_FEATURES} features a corner; not {features}"));
        }
        if !rows.is_power_of_two() || rows > 1 << 24 {
            return Err(format!("a hash grid has rows by a power of two, up to 2²⁴; not {rows}"));
        }
        let is_near = low[..inputs].iter().all(|end| end.abs() <= MAX_SIZE);
        if !(is_near && size[..inputs].iter().all(|side| (1.0 / MAX_SIZE..=MAX_SIZE).contains(side))) {
            return Err(format!("a hash grid is over a box; not from {low:?}, {size:?} large"));
        }
        let [mut low, mut size] = [low, size];
        low[inputs..].fill(0.0);
        size[inputs..].fill(1.0);
        let (mut levels, mut start) = (Vec::new(), 0);
        for &cells in cells {
            if !(1..=MAX_CELLS).contains(&cells) {
                return Err(format!("a grid has 1 to {MAX_CELLS} cells along an axis; not {cells}"));
            }
            let corners = (cells + 1).checked_pow(inputs as u32).filter(|&corners| corners <= rows);
            let rows = corners.unwrap_or(rows);
            levels.push(EncodingLevel { cells, rows, start, is_hashed: corners.is_none() });
            start += rows * features;
        }
        Ok(GridEncoding { inputs, low, size, features, is_smooth, levels })
    }

    /// A fingerprint with that of its box and its levels added.
    pub(super) fn identity(&self, of: Identity) -> Identity {
        let ends = self.low.iter().chain(&self.size).fold(of, |all, x| all.and(u128::from(x.to_bits())));
        let all = ends.and(self.inputs as u128).and(self.features as u128).and(self.is_smooth.into());
        self.levels.iter().fold(all, |all, level| all.and(level.cells as u128).and(level.rows as u128))
    }

    /// How many features a point has.
    pub(super) fn width(&self) -> usize {
        self.levels.len() * self.features
    }

    /// How many numbers all tables have.
    pub(super) fn count(&self) -> usize {
        self.levels.iter().map(|level| level.rows * self.features).sum()
    }

    /// How many corners a cell has.
    pub(super) fn corners(&self) -> usize {
        1 << self.inputs
    }

    /// The cell of a level that a point is in.
    #[inline(always)]
    pub(super) fn cell<T: NetworkFloat>(&self, level: &EncodingLevel, at: [T; AXES]) -> EncodingCell<T> {
        let (mut corner, mut jets) = ([0u32; AXES], [[T::default(); 4]; AXES]);
        for axis in 0..self.inputs {
            (corner[axis], jets[axis]) = self.along(level, axis, at[axis]);
        }
        EncodingCell { rows: self.rows(level, corner), jets }
    }

    /// The number of the cell along an axis, and the share of its far end with three derivatives.
    #[inline(always)]
    pub(super) fn along<T: NetworkFloat>(&self, level: &EncodingLevel, axis: usize, at: T) -> (u32, [T; 4]) {
        let (zero, one) = (T::default(), T::of(1.0));
        let cells = T::of(level.cells as f64);
        let turn = T::of(level.cells as f64 / self.size[axis]);
        let place = (at - T::of(self.low[axis])) * turn;
        let is_within = place >= zero && place <= cells;
        // A NaN counts as the near end.
        let held = if place > zero { place } else { zero };
        let held = if held < cells { held } else { cells };
        let cell = held.whole().min(level.cells as u32 - 1);
        let s = held - T::of(f64::from(cell));
        let turn = if is_within { turn } else { zero };
        let jet = if self.is_smooth {
            let (three, six) = (T::of(3.0), T::of(6.0));
            let (square, cube) = (turn * turn, turn * turn * turn);
            [
                s * s * (three - s - s),
                six * s * (one - s) * turn,
                six * (one - s - s) * square,
                -(six + six) * cube,
            ]
        } else {
            [s, turn, zero, zero]
        };
        (cell, jet)
    }

    /// The rows of a cell's corners, the first axis the fastest.
    #[inline(always)]
    pub(super) fn rows(&self, level: &EncodingLevel, corner: [u32; AXES]) -> [u32; CORNERS] {
        let mut rows = [0u32; CORNERS];
        let side = level.cells as u32 + 1;
        let mut stride = 1u32;
        for axis in 0..self.inputs {
            let filled = 1 << axis;
            let [near, far] = if level.is_hashed {
                [corner[axis], corner[axis] + 1].map(|at| at.wrapping_mul(PRIMES[axis]))
            } else {
                [corner[axis], corner[axis] + 1].map(|at| at * stride)
            };
            stride = stride.wrapping_mul(side);
            for n in 0..filled {
                let before = rows[n];
                let mix = |at: u32| if level.is_hashed { before ^ at } else { before + at };
                (rows[n], rows[filled + n]) = (mix(near), mix(far));
            }
        }
        if level.is_hashed {
            let mask = level.rows as u32 - 1;
            rows.iter_mut().for_each(|row| *row &= mask);
        }
        rows
    }

    /// The shares of a cell's corners, differentiated so many times along each axis.
    #[inline(always)]
    pub(super) fn shares<T: NetworkFloat>(&self, cell: &EncodingCell<T>, orders: [u8; AXES]) -> [T; CORNERS] {
        let mut shares = [T::default(); CORNERS];
        shares[0] = T::of(1.0);
        for axis in 0..self.inputs {
            let far = cell.jets[axis][usize::from(orders[axis].min(3))];
            let near = if orders[axis] == 0 { T::of(1.0) - far } else { -far };
            let filled = 1 << axis;
            for n in 0..filled {
                (shares[n], shares[filled + n]) = (shares[n] * near, shares[n] * far);
            }
        }
        shares
    }

    /// The features of columns of points, of some of the channels: the others' stay. `seeds` are the network's inputs, each a
    /// column of so many rows, and behind them the directions of each first derivative; `tables` all tables' numbers.
    #[inline(always)]
    pub(super) fn forward<T: NetworkFloat>(
        &self,
        tables: &[T],
        channels: &Channels,
        wanted: Range<usize>,
        seeds: &[T],
        into: &mut [T],
        rows: usize,
    ) {
        let size = self.width() * rows;
        let mut block = EncodingBlock::new(&wanted);
        for (n, level) in self.levels.iter().enumerate() {
            let table = &tables[level.start..level.start + level.rows * self.features];
            for start in (0..rows).step_by(LANES) {
                block.place(self, level, seeds, start, rows);
                block.share(self, channels, wanted.clone(), None);
                for feature in 0..self.features {
                    let mut sums = [[T::default(); LANES]; CHANNELS];
                    for corner in 0..self.corners() {
                        let found = block.gathered(corner, table, self.features, feature);
                        for channel in wanted.clone() {
                            for lane in 0..LANES {
                                sums[channel][lane] += block.shares[channel][corner][lane] * found[lane];
                            }
                        }
                    }
                    let column = (n * self.features + feature) * rows + start;
                    for channel in wanted.clone() {
                        into[channel * size + column..][..LANES].copy_from_slice(&sums[channel]);
                    }
                }
            }
        }
    }

    /// Sends adjoints of features, of the first so many channels, back to a level's table: they are added to it, in the order of
    /// the points, sixteen at a time.
    #[inline(always)]
    pub(super) fn send_to_table<T: NetworkFloat>(
        &self,
        number: usize,
        channels: &Channels,
        seeds: &[T],
        adjoints: &[T],
        table: &mut [T],
        rows: usize,
    ) {
        let (level, size) = (&self.levels[number], self.width() * rows);
        let count = adjoints.len() / size;
        let mut block = EncodingBlock::new(&(0..count));
        for start in (0..rows).step_by(LANES) {
            block.place(self, level, seeds, start, rows);
            block.share(self, channels, 0..count, None);
            for corner in 0..self.corners() {
                for feature in 0..self.features {
                    let column = (number * self.features + feature) * rows + start;
                    let mut sums = [T::default(); LANES];
                    for channel in 0..count {
                        let sent = &adjoints[channel * size + column..][..LANES];
                        for lane in 0..LANES {
                            sums[lane] += block.shares[channel][corner][lane] * sent[lane];
                        }
                    }
                    for lane in 0..LANES {
                        table[block.rows[corner][lane] as usize * self.features + feature] += sums[lane];
                    }
                }
            }
        }
    }

    /// Sends them back to the network's inputs: they are written to a column each, of so many points.
    #[inline(always)]
    pub(super) fn send_to_inputs<T: NetworkFloat>(
        &self,
        tables: &[T],
        channels: &Channels,
        seeds: &[T],
        adjoints: &[T],
        to_inputs: &mut [T],
        [points, rows]: [usize; 2],
    ) {
        let size = self.width() * rows;
        let count = adjoints.len() / size;
        let mut block = EncodingBlock::new(&(0..count));
        to_inputs.fill(T::default());
        for (n, level) in self.levels.iter().enumerate() {
            let table = &tables[level.start..level.start + level.rows * self.features];
            for start in (0..points).step_by(LANES) {
                block.place(self, level, seeds, start, rows);
                // The adjoint of each corner's share, channel by channel.
                let mut pulls = [[[T::default(); LANES]; CORNERS]; CHANNELS];
                for corner in 0..self.corners() {
                    for feature in 0..self.features {
                        let found = block.gathered(corner, table, self.features, feature);
                        let column = (n * self.features + feature) * rows + start;
                        for (channel, pulls) in pulls.iter_mut().enumerate().take(count) {
                            let sent = &adjoints[channel * size + column..][..LANES];
                            for lane in 0..LANES {
                                pulls[corner][lane] += sent[lane] * found[lane];
                            }
                        }
                    }
                }
                for axis in 0..self.inputs {
                    block.share(self, channels, 0..count, Some(axis));
                    let mut sums = [T::default(); LANES];
                    for (pulls, shares) in pulls.iter().zip(&block.shares).take(count) {
                        for corner in 0..self.corners() {
                            for lane in 0..LANES {
                                sums[lane] += pulls[corner][lane] * shares[corner][lane];
                            }
                        }
                    }
                    let column = &mut to_inputs[axis * points + start..(axis + 1) * points];
                    column.iter_mut().zip(sums).for_each(|(sum, more)| *sum += more);
                }
            }
        }
    }
}

/// How many points are looked at together: what columns are padded to.
const LANES: usize = GRAIN;

/// Some points in a level: their cells' corners, and how much of each every channel takes.
struct EncodingBlock<T> {
    /// The rows of the corners, point by point.
    rows: [[u32; LANES]; CORNERS],
    /// The share of the far end along each axis, with three derivatives.
    jets: [[[T; LANES]; 4]; AXES],
    /// The directions of the first derivatives.
    seeds: [[[T; LANES]; AXES]; AXES],
    /// The shares of the corners, channel by channel.
    shares: Vec<[[T; LANES]; CORNERS]>,
}

impl<T: NetworkFloat> EncodingBlock<T> {
    /// Room for channels up to the last of some.
    fn new(wanted: &Range<usize>) -> EncodingBlock<T> {
        let zero = [T::default(); LANES];
        EncodingBlock {
            rows: [[0; LANES]; CORNERS],
            jets: [[zero; 4]; AXES],
            seeds: [[zero; AXES]; AXES],
            shares: vec![[zero; CORNERS]; wanted.end],
        }
    }

    /// Finds the cells of the points from `start` on, and takes in the directions of their derivatives.
    #[inline(always)]
    fn place(
        &mut self,
        encoding: &GridEncoding,
        level: &EncodingLevel,
        seeds: &[T],
        start: usize,
        rows: usize,
    ) {
        let mut corners = [[0u32; LANES]; AXES];
        for axis in 0..encoding.inputs {
            let column = &seeds[axis * rows + start..][..LANES];
            for lane in 0..LANES {
                let (corner, jet) = encoding.along(level, axis, column[lane]);
                corners[axis][lane] = corner;
                (0..4).for_each(|order| self.jets[axis][order][lane] = jet[order]);
            }
        }
        let side = level.cells as u32 + 1;
        let mask = level.rows as u32 - 1;
        let mut stride = 1u32;
        self.rows[0] = [0; LANES];
        for axis in 0..encoding.inputs {
            let filled = 1 << axis;
            let factor = if level.is_hashed { PRIMES[axis] } else { stride };
            stride = stride.wrapping_mul(side);
            for n in 0..filled {
                for lane in 0..LANES {
                    let before = self.rows[n][lane];
                    let [near, far] =
                        [corners[axis][lane], corners[axis][lane] + 1].map(|at| at.wrapping_mul(factor));
                    let mix = |at: u32| if level.is_hashed { (before ^ at) & mask } else { before + at };
                    (self.rows[n][lane], self.rows[filled + n][lane]) = (mix(near), mix(far));
                }
            }
        }
        let directions = seeds[encoding.inputs * rows..].chunks_exact(rows);
        for (n, column) in directions.enumerate().take(AXES * encoding.inputs) {
            let into = &mut self.seeds[n / encoding.inputs][n % encoding.inputs];
            into.copy_from_slice(&column[start..start + LANES]);
        }
    }

    /// Works out the shares of some of the channels, differentiated once more along an axis, if one is given.
    #[inline(always)]
    fn share(
        &mut self,
        encoding: &GridEncoding,
        channels: &Channels,
        wanted: Range<usize>,
        once_more: Option<usize>,
    ) {
        let (inputs, firsts) = (encoding.inputs, channels.first.len());
        for channel in wanted {
            let mut sum = [[T::default(); LANES]; CORNERS];
            let orders = |more: [Option<usize>; 2]| {
                let mut orders = [0usize; AXES];
                more.into_iter().chain([once_more]).flatten().for_each(|axis| orders[axis] += 1);
                orders
            };
            if channel == 0 {
                self.add_shares(inputs, orders([None; 2]), &[T::of(1.0); LANES], &mut sum);
            } else if channel <= firsts {
                for axis in 0..inputs {
                    let by = self.seeds[channel - 1][axis];
                    self.add_shares(inputs, orders([Some(axis), None]), &by, &mut sum);
                }
            } else {
                let [a, b] = channels.second[channel - 1 - firsts];
                for (i, j) in (0..inputs).flat_map(|i| (0..inputs).map(move |j| (i, j))) {
                    let [by_i, by_j] = [self.seeds[a][i], self.seeds[b][j]];
                    let by = std::array::from_fn(|lane| by_i[lane] * by_j[lane]);
                    self.add_shares(inputs, orders([Some(i), Some(j)]), &by, &mut sum);
                }
            }
            self.shares[channel] = sum;
        }
    }

    /// Adds the shares of corners, differentiated so many times along each axis, each point's times its factor.
    #[inline(always)]
    fn add_shares(
        &self,
        inputs: usize,
        orders: [usize; AXES],
        by: &[T; LANES],
        into: &mut [[T; LANES]; CORNERS],
    ) {
        if by.iter().all(|&factor| factor == T::default()) {
            return;
        }
        let mut shares = [[T::default(); LANES]; CORNERS];
        shares[0] = *by;
        for axis in 0..inputs {
            let (filled, far) = (1 << axis, &self.jets[axis][orders[axis]]);
            let one = if orders[axis] == 0 { T::of(1.0) } else { T::default() };
            for n in 0..filled {
                for lane in 0..LANES {
                    let before = shares[n][lane];
                    shares[n][lane] = before * (one - far[lane]);
                    shares[filled + n][lane] = before * far[lane];
                }
            }
        }
        for (sum, shares) in into.iter_mut().zip(&shares).take(1 << inputs) {
            for lane in 0..LANES {
                sum[lane] += shares[lane];
            }
        }
    }

    /// A feature of the points' corners.
    #[inline(always)]
    fn gathered(&self, corner: usize, table: &[T], features: usize, feature: usize) -> [T; LANES] {
        let mut found = [T::default(); LANES];
        for lane in 0..LANES {
            found[lane] = table[self.rows[corner][lane] as usize * features + feature];
        }
        found
    }
}

/// Where a point is in a level: the rows of its cell's corners, and how the far end's share goes along each axis, with
/// three derivatives.
pub(super) struct EncodingCell<T> {
    pub(super) rows: [u32; CORNERS],
    pub(super) jets: [[T; 4]; AXES],
}
