//! The project's side: everything this program asks of `fieldgrad` beyond building fields, in one place.

use crate::points::{Points, Time, pixel, spread};
use fieldgrad::number::{Interval, Lanes};
use fieldgrad::tape::{self as bulk, Adjoint, Tape, Tracer};
use fieldgrad::{Field, Result};
use rayon::prelude::*;
use std::ops::Range;

const WIDTH: usize = 16;
type Block = Lanes<WIDTH>;

/// A field ready to be evaluated in bulk.
pub struct Ours {
    value: Tape,
    gradient: Tape,
}

impl Ours {
    pub fn new(field: &Field) -> Result<Ours> {
        Ok(Ours { value: field.tape()?, gradient: field.gradient_tape()? })
    }

    /// How many operations a value is.
    pub fn operations(&self) -> usize {
        self.value.len()
    }

    /// Values at the points of a range, handed over in pieces with the index of the first.
    pub fn values(&self, points: &Points, range: Range<usize>, mut each: impl FnMut(usize, &[f32])) {
        blocks::<1>(&self.value, points, range, |at, [values]| each(at, values));
    }

    /// Values and ∇₄f, a column each.
    pub fn gradients(&self, points: &Points, range: Range<usize>, each: impl FnMut(usize, [&[f32]; 5])) {
        blocks::<5>(&self.gradient, points, range, each);
    }

    /// Σ f², and with the eikonal term Σ f² + 0.1·(|∇ₓf| − 1)²; and its derivative in every parameter.
    pub fn loss(&self, points: &Points, eikonal: bool, threads: usize) -> (f64, Vec<f64>) {
        let tape = if eikonal { &self.gradient } else { &self.value };
        let parts = spread(points.len(), threads, |range| loss_over(tape, points, range, eikonal));
        let zero = (0.0, vec![0.0; tape.parameters().len()]);
        parts.into_iter().fold(zero, |(loss, mut slopes), (more, others)| {
            for (slope, other) in slopes.iter_mut().zip(others) {
                *slope += other;
            }
            (loss + more, slopes)
        })
    }

    /// A square picture of [−1, 1]² at z = 0: values, or where `only_inside` their signs, in value anything of it.
    pub fn picture(&self, side: usize, t: f32, only_inside: bool, threads: usize) -> Vec<f32> {
        const TILE: usize = 256;
        let across = side / TILE;
        let tile = |index: usize| {
            let corner = [index % across * TILE, index / across * TILE];
            let mut pixels = vec![0.0; TILE * TILE];
            paint(&self.value, side, corner, TILE, t, only_inside, &mut pixels, TILE);
            pixels
        };
        let tiles: Vec<Vec<f32>> = match threads {
            1 => (0..across * across).map(tile).collect(),
            _ => (0..across * across).into_par_iter().map(tile).collect(),
        };
        let mut picture = vec![0.0; side * side];
        for (index, pixels) in tiles.iter().enumerate() {
            let corner = [index % across * TILE, index / across * TILE];
            for (j, row) in pixels.chunks(TILE).enumerate() {
                let start = (corner[1] + j) * side + corner[0];
                picture[start..start + TILE].copy_from_slice(row);
            }
        }
        picture
    }
}

/// From a field to the values of its first block.
pub fn first_block(field: &Field) -> Result<f32> {
    let tape = field.tape()?;
    let mut out = [0.0; WIDTH];
    let points = [0.1, 0.2, 0.3, 0.4].map(|v| [v; WIDTH]);
    bulk::Block::over_times(&tape).eval(points.each_ref().map(|axis| &axis[..]), &mut [&mut out]);
    Ok(out[0])
}

/// Runs a tape over a range of points, block by block: the index of the first, and the outputs.
fn blocks<const N: usize>(
    tape: &Tape,
    points: &Points,
    range: Range<usize>,
    mut each: impl FnMut(usize, [&[f32]; N]),
) {
    let mut block = match points.time {
        Time::Same(t) => {
            let mut block = bulk::Block::new(tape);
            block.set_time(t.into());
            block
        }
        Time::Each(_) => bulk::Block::over_times(tape),
    };
    let size = block.points();
    let mut outputs: [Vec<f32>; N] = std::array::from_fn(|_| vec![0.0; size]);
    for start in range.clone().step_by(size) {
        let end = (start + size).min(range.end);
        let [x, y, z] = std::array::from_fn(|axis| &points.space[axis][start..end]);
        let mut views = outputs.each_mut().map(|out| &mut out[..end - start]);
        match &points.time {
            Time::Same(_) => block.eval([x, y, z], &mut views),
            Time::Each(t) => block.eval([x, y, z, &t[start..end]], &mut views),
        }
        each(start, outputs.each_ref().map(|out| &out[..end - start]));
    }
}

fn block(column: &[f32]) -> Block {
    match column.try_into() {
        Ok(full) => Lanes(full),
        Err(_) => Lanes(std::array::from_fn(|i| column[i.min(column.len() - 1)])),
    }
}

fn loss_over(tape: &Tape, points: &Points, range: Range<usize>, eikonal: bool) -> (f64, Vec<f64>) {
    let mut adjoint = Adjoint::<Block>::new(tape);
    let mut loss = 0.0;
    let mut slopes = vec![0.0; tape.parameters().len()];
    for start in range.clone().step_by(WIDTH) {
        let end = (start + WIDTH).min(range.end);
        let [x, y, z] = std::array::from_fn(|axis| block(&points.space[axis][start..end]));
        let t = match &points.time {
            Time::Same(t) => Lanes([*t; WIDTH]),
            Time::Each(t) => block(&t[start..end]),
        };
        let outputs: Vec<Block> = adjoint.forward([x, y, z, t]).copied().collect();
        let counts = |lane: usize| start + lane < end;
        let mut weights = vec![Lanes([0.0; WIDTH]); outputs.len()];
        for lane in (0..WIDTH).filter(|&lane| counts(lane)) {
            let f = outputs[0].0[lane];
            loss += f64::from(f * f);
            weights[0].0[lane] = 2.0 * f;
            if eikonal {
                let [gx, gy, gz] = [1, 2, 3].map(|i| outputs[i].0[lane]);
                let norm = (gx * gx + gy * gy + gz * gz + 1e-12).sqrt();
                loss += 0.1 * f64::from((norm - 1.0) * (norm - 1.0));
                for (i, g) in [gx, gy, gz].into_iter().enumerate() {
                    weights[i + 1].0[lane] = 0.2 * (norm - 1.0) * g / norm;
                }
            }
        }
        adjoint.back(&weights);
        for (slope, block) in slopes.iter_mut().zip(adjoint.parameters()) {
            *slope += block.0.iter().map(|&lane| f64::from(lane)).sum::<f64>();
        }
    }
    (loss, slopes)
}

/// Paints a square of a picture: pruned for the square, split while that pays.
#[allow(clippy::too_many_arguments)]
fn paint(
    tape: &Tape,
    side: usize,
    corner: [usize; 2],
    size: usize,
    t: f32,
    only_inside: bool,
    pixels: &mut [f32],
    stride: usize,
) {
    let [left, top] = pixel(corner[0], corner[1], side).map(f64::from);
    let [right, bottom] = pixel(corner[0] + size - 1, corner[1] + size - 1, side).map(f64::from);
    let over = [Interval::new(left, right), Interval::new(bottom, top), Interval::point(0.0)];
    let mut tracer = Tracer::new(tape);
    let (bounds, trace) = tracer.over([over[0], over[1], over[2], Interval::point(f64::from(t))]);
    if only_inside && (bounds[0].lo() > 0.0 || bounds[0].hi() < 0.0) {
        for row in pixels.chunks_mut(stride).take(size) {
            row[..size].fill(bounds[0].lo() as f32);
        }
        return;
    }
    let pruned = match trace.decided() > 0 {
        true => Some(tape.prune(trace)),
        false => None,
    };
    let tape = pruned.as_ref().unwrap_or(tape);
    if size > 16 && tape.len() > 16 {
        let half = size / 4;
        for (j, i) in (0..4).flat_map(|j| (0..4).map(move |i| (j, i))) {
            let corner = [corner[0] + i * half, corner[1] + j * half];
            let start = j * half * stride + i * half;
            paint(tape, side, corner, half, t, only_inside, &mut pixels[start..], stride);
        }
        return;
    }
    let mut block = bulk::Block::new(tape);
    block.set_time(t.into());
    let points: Vec<[f32; 2]> =
        (0..size * size).map(|n| pixel(corner[0] + n % size, corner[1] + n / size, side)).collect();
    let [xs, ys] = [0, 1].map(|axis| points.iter().map(|point| point[axis]).collect::<Vec<f32>>());
    let (zs, mut out) = (vec![0.0; size * size], vec![0.0; size * size]);
    block.eval([&xs, &ys, &zs], &mut [&mut out]);
    for (row, values) in pixels.chunks_mut(stride).zip(out.chunks(size)) {
        row[..size].copy_from_slice(values);
    }
}
