//! Features that points are turned into before a network sees them, so that it learns fine detail: waves, and grids of features.

use super::{HashGridSize, NamedTensors, Tensor, TensorElement};
use crate::error::{Error, Result};

/// Fourier features (Tancik et al. 2020): sin and cos of 2π times points' products with frequencies that stay.
#[derive(Clone, Debug)]
pub struct FourierFeatures {
    frequencies: usize,
}

impl FourierFeatures {
    /// So many waves over points of so many coordinates, of frequencies drawn from a normal distribution of a deviation.
    pub fn new<T: TensorElement>(
        weights: &mut NamedTensors<T>,
        name: &str,
        [coordinates, waves]: [usize; 2],
        deviation: f64,
        seed: u64,
    ) -> FourierFeatures {
        let frequencies = Tensor::normal(&[coordinates, waves], deviation, seed);
        FourierFeatures { frequencies: weights.add_constant(&format!("{name}.frequencies"), frequencies) }
    }

    /// The features of rows of points: all sines, then all cosines.
    #[track_caller]
    pub fn forward<T: TensorElement>(&self, weights: &NamedTensors<T>, points: &Tensor<T>) -> Tensor<T> {
        let turns = points.matmul(&weights[self.frequencies]) * std::f64::consts::TAU;
        Tensor::concatenated(&[&turns.sin(), &turns.cos()], points.shape().len().saturating_sub(1))
    }
}

/// Numbers that neighbouring coordinates are multiplied by before they are mixed into a place of a table (Teschner et al.
/// 2003).
const PRIMES: [usize; 4] = [1, 2_654_435_761, 805_459_861, 3_674_653_429];
/// The most numbers of a grid's features.
const MAX_FEATURES: usize = 1 << 26;

/// One grid over the unit box, its corners' features in the rows of a tensor.
#[derive(Clone, Debug)]
struct GridLevel {
    table: usize,
    /// How many cells each axis has.
    cells: usize,
    /// How many rows there are; corners share them where they are more.
    rows: usize,
}

/// A multi-resolution hash grid (Müller et al. 2022): features at the corners of ever finer grids over the unit box, mixed
/// within cells. Corners of a grid too fine for its table share rows of it.
#[derive(Clone, Debug)]
pub struct HashGrid {
    levels: Vec<GridLevel>,
    coordinates: usize,
    is_smooth: bool,
}

impl HashGrid {
    /// A grid of a size, its features uniform within 10⁻⁴ of 0. An error where the size is none.
    pub fn new<T: TensorElement>(
        weights: &mut NamedTensors<T>,
        name: &str,
        size: HashGridSize,
        seed: u64,
    ) -> Result<HashGrid> {
        let HashGridSize { coordinates, features, rows, is_smooth, .. } = size;
        let Some(cells_of_levels) = size.cells_of_levels() else {
            return Err(Error::Input(format!("there is no hash grid of {size:?}")));
        };
        let mut made = Vec::new();
        for (n, cells) in cells_of_levels.into_iter().enumerate() {
            let corners = (0..coordinates).try_fold(1usize, |all, _| all.checked_mul(cells + 1));
            let rows = corners.map_or(rows, |corners| corners.min(rows));
            if rows.checked_mul(features).is_none_or(|count| count > MAX_FEATURES) {
                return Err(Error::Input(format!(
                    "a grid of {rows} rows of {features} features is too large"
                )));
            }
            let start = Tensor::uniform(&[rows, features], -1e-4, 1e-4, seed.wrapping_mul(1009) + n as u64);
            made.push(GridLevel { table: weights.add_variable(&format!("{name}.{n}"), start), cells, rows });
        }
        Ok(HashGrid { levels: made, coordinates, is_smooth })
    }

    /// One grid with a row for each corner.
    pub fn dense<T: TensorElement>(
        weights: &mut NamedTensors<T>,
        name: &str,
        coordinates: usize,
        cells: usize,
        features: usize,
        seed: u64,
    ) -> Result<HashGrid> {
        let cells_of_both = [cells, cells];
        let size = HashGridSize {
            coordinates,
            levels: 1,
            features,
            rows: usize::MAX,
            cells: cells_of_both,
            is_smooth: false,
        };
        HashGrid::new(weights, name, size, seed)
    }

    /// The features of rows of points in the unit box, level by level. Outside of it a border cell's go on.
    #[track_caller]
    pub fn forward<T: TensorElement>(&self, weights: &NamedTensors<T>, points: &Tensor<T>) -> Tensor<T> {
        match points.shape() {
            _ if points.0.value.is_err() => return points.clone(),
            &[_, coordinates] if coordinates == self.coordinates => {}
            shape => {
                let about = format!("have shape {shape:?}, and must be rows of {}", self.coordinates);
                return Tensor::refused("forward", "points", about);
            }
        }
        let features: Vec<Tensor<T>> = self
            .levels
            .iter()
            .map(|level| level.features(&weights[level.table], points, self.is_smooth))
            .collect();
        Tensor::concatenated(&features.iter().collect::<Vec<_>>(), 1)
    }
}

impl GridLevel {
    fn features<T: TensorElement>(
        &self,
        table: &Tensor<T>,
        points: &Tensor<T>,
        is_smooth: bool,
    ) -> Tensor<T> {
        let &[count, coordinates] = points.shape() else { unreachable!("rows of points") };
        let scaled = points * self.cells as f64;
        let cell_of = |&at: &T| (at.to_f64().max(0.0) as usize).min(self.cells - 1);
        let cells: Vec<usize> = scaled.to_vec().unwrap_or_default().iter().map(cell_of).collect();
        let starts = cells.iter().map(|&cell| T::of(cell as f64)).collect();
        let within = scaled - Tensor::from_vec(&[count, coordinates], starts);
        let within = if is_smooth { Tensor::apply(crate::number::Op::Ramp, &[&within]) } else { within };

        // The corners of a cell, and how much each counts, axis by axis: the near ones first, then the far ones.
        let corners = 1 << coordinates;
        let mut shares = Tensor::full(&[count, 1], T::of(1.0));
        for axis in 0..coordinates {
            let far = within.slice(1, axis, axis + 1, 1);
            shares = Tensor::concatenated(&[&(&shares * (1.0 - &far)), &(&shares * &far)], 1);
        }
        let corner = |(point, corner): (&[usize], usize)| {
            let at = |axis: usize| point[axis] + (corner >> axis & 1);
            let side = self.cells + 1;
            match side.checked_pow(coordinates as u32) {
                Some(all) if all <= self.rows => {
                    (0..coordinates).rev().fold(0, |row, axis| row * side + at(axis))
                }
                _ => {
                    (0..coordinates).fold(0, |row, axis| row ^ at(axis).wrapping_mul(PRIMES[axis]))
                        % self.rows
                }
            }
        };
        let rows: Vec<usize> = cells
            .chunks_exact(coordinates)
            .flat_map(|point| (0..corners).map(move |n| corner((point, n))))
            .collect();
        let found = table.gather(0, &rows).reshape(&[count, corners, table.shape()[1]]);
        (found * shares.reshape(&[count, corners, 1])).sum_axis(1, false)
    }
}
