//! The cells of pixels, between four rays each, and the part of each that an outline leaves inside.

use super::super::Size;
use super::super::march::NOTHING;
use super::chains::chains;
use super::crossing::{Crossing, RayPair, crossings};
use super::{CELLS, Outlines, PixelMove};

/// No crossing.
const NONE: u32 = u32::MAX;

/// The rays through the corners of all cells.
pub(super) struct PixelCells {
    size: Size,
    /// How many corners there are in a row.
    wide: usize,
    depths: Vec<f32>,
    /// The crossing on the way from each corner to the one on its right, and to the one below it.
    crossed: [Vec<u32>; 2],
    /// The corners of each crossing's way: that inside and that outside.
    ways: Vec<[usize; 2]>,
}

/// A corner of what is inside of a cell: of the cell, or a crossing.
#[derive(Clone, Copy)]
enum ContourBend {
    Corner(usize),
    Crossing(u32),
}

impl PixelCells {
    pub(super) fn new(size: Size, depths: Vec<f32>) -> PixelCells {
        let wide = CELLS * size.width + 1;
        let crossed = [(); 2].map(|()| vec![NONE; depths.len()]);
        let mut cells = PixelCells { size, wide, crossed, depths, ways: Vec::new() };
        for corner in 0..cells.depths.len() {
            let right = Some(corner + 1).filter(|other| other % wide != 0);
            let below = Some(corner + wide).filter(|&other| other < cells.depths.len());
            for (way, other) in [right, below].into_iter().enumerate() {
                let Some(other) = other.filter(|&other| cells.is_in(other) != cells.is_in(corner)) else {
                    continue;
                };
                cells.crossed[way][corner] = cells.ways.len() as u32;
                cells.ways.push(if cells.is_in(corner) { [corner, other] } else { [other, corner] });
            }
        }
        cells
    }

    fn is_in(&self, corner: usize) -> bool {
        self.depths[corner] < NOTHING
    }

    /// The u and v of a corner.
    fn place(&self, corner: usize) -> [f64; 2] {
        let [i, j] = [corner % self.wide, corner / self.wide].map(|at| at as f64 / CELLS as f64);
        self.size.across(i, j)
    }

    /// The cells of a pixel, by their top left corners.
    fn of_pixel(&self, pixel: usize) -> impl Iterator<Item = usize> + use<> {
        let (i, j, wide) = (pixel % self.size.width, pixel / self.size.width, self.wide);
        (0..CELLS * CELLS).map(move |n| (j * CELLS + n / CELLS) * wide + i * CELLS + n % CELLS)
    }

    /// What is around the inside of a cell: corners, and crossings by twos, where the outline leaves and comes back.
    fn around(&self, corner: usize) -> Vec<ContourBend> {
        let corners = [corner, corner + 1, corner + self.wide + 1, corner + self.wide];
        let [right, below] = &self.crossed;
        let between = [right[corner], below[corner + 1], right[corner + self.wide], below[corner]];
        let mut around = Vec::with_capacity(8);
        for (own, crossing) in corners.into_iter().zip(between) {
            around.extend(self.is_in(own).then_some(ContourBend::Corner(own)));
            around.extend((crossing != NONE).then_some(ContourBend::Crossing(crossing)));
        }
        around
    }

    /// The part of each pixel that is covered, and what moves it.
    pub(super) fn parts(&self, of: &Outlines) -> (Vec<f64>, Vec<PixelMove>) {
        let pair = |&[inside, outside]: &[usize; 2]| RayPair {
            from: self.place(inside),
            to: self.place(outside),
            depth: f64::from(self.depths[inside]),
            within: of.within,
        };
        let pairs: Vec<RayPair> = self.ways.iter().map(pair).collect();
        let found = crossings(of.gradient, of.lens, of.t, &pairs);
        // The cells that an outline goes through, and the pairs of crossings where it does.
        let mut crossed: Vec<(usize, Vec<ContourBend>)> = Vec::new();
        let mut parts = vec![0.0; self.size.pixels()];
        let whole = 1.0 / (CELLS * CELLS) as f64;
        for (pixel, part) in parts.iter_mut().enumerate() {
            for cell in self.of_pixel(pixel) {
                let around = self.around(cell);
                match around.iter().any(|bend| matches!(bend, ContourBend::Crossing(_))) {
                    true => crossed.push((pixel, around)),
                    false if !around.is_empty() => *part += whole,
                    false => (),
                }
            }
        }
        let ends: Vec<[&Crossing; 2]> = crossed
            .iter()
            .flat_map(|(_, around)| leaving(around))
            .map(|ends| ends.map(|n| &found[n as usize]))
            .collect();
        let side = self.size.step() / CELLS as f64;
        let mut chains = chains(of, &ends, side).into_iter();
        let mut moves = Vec::new();
        for (pixel, around) in &crossed {
            let mut bends: Vec<[f64; 2]> = Vec::new();
            for (n, bend) in around.iter().enumerate() {
                match bend {
                    ContourBend::Corner(corner) => bends.push(self.place(*corner)),
                    ContourBend::Crossing(own) => bends.push(found[*own as usize].at),
                }
                if let Some(ends) = leaves(around, n) {
                    let chain = chains.next().expect("a chain for each pair");
                    bends.extend(chain.iter().map(|own| own.at));
                    let [first, last] = ends.map(|n| found[n as usize]);
                    let chain: Vec<Crossing> = [&[first][..], &chain, &[last]].concat();
                    self.add_moves(*pixel, &chain, &mut moves);
                }
            }
            parts[*pixel] += area(&bends) / self.size.step().powi(2);
        }
        (parts, moves)
    }

    /// Adds how a pixel's part changes with a chain: by how fast that moves outward, over its length.
    fn add_moves(&self, pixel: usize, chain: &[Crossing], moves: &mut Vec<PixelMove>) {
        let length = |a: &Crossing, b: &Crossing| (a.at[0] - b.at[0]).hypot(a.at[1] - b.at[1]);
        for (n, own) in chain.iter().enumerate() {
            let before = if n > 0 { length(&chain[n - 1], own) } else { 0.0 };
            let behind = chain.get(n + 1).map_or(0.0, |next| length(own, next));
            let share = 0.5 * (before + behind) / self.size.step().powi(2);
            for moved in own.moved_by.iter().filter(|moved| moved.weight != 0.0) {
                moves.push(PixelMove { pixel, place: moved.place, by: share * moved.weight });
            }
        }
    }
}

/// The crossings between which the outline leaves the cell's inside, if it does so behind one of its bends.
fn leaves(around: &[ContourBend], n: usize) -> Option<[u32; 2]> {
    match (around[n], around[(n + 1) % around.len()]) {
        (ContourBend::Crossing(out), ContourBend::Crossing(back)) => Some([out, back]),
        _ => None,
    }
}

fn leaving(around: &[ContourBend]) -> impl Iterator<Item = [u32; 2]> {
    (0..around.len()).filter_map(|n| leaves(around, n))
}

/// The area of a polygon that goes around with the clock.
fn area(bends: &[[f64; 2]]) -> f64 {
    let next = bends.iter().cycle().skip(1);
    bends.iter().zip(next).map(|(a, b)| 0.5 * (a[1] * b[0] - a[0] * b[1])).sum()
}
