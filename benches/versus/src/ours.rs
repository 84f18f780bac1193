//! The project's side: everything this program asks of `fieldgrad` beyond building fields, in one place.

use crate::points::{Points, Time, pixel};
use fieldgrad::number::Interval;
use fieldgrad::tape::{self as bulk, Sum, Tape, Tracer};
use fieldgrad::{Field, Result};
use rayon::prelude::*;
use std::ops::Range;

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
    let mut out = [0.0; 16];
    let points = [0.1, 0.2, 0.3, 0.4].map(|v| [v; 16]);
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

/// A sum over points and its derivative in every parameter, ready to be taken again and again.
pub struct Loss {
    sum: Sum,
    eikonal: bool,
    parameters: Vec<f64>,
}

impl Loss {
    /// Σ f², and with the eikonal term Σ f² + 0.1·(|∇ₓf| − 1)².
    pub fn new(field: &Field, eikonal: bool) -> Result<Loss> {
        let [fx, fy, fz, _] = field.gradient();
        let tape = if eikonal { Tape::new(&[field.clone(), fx, fy, fz])? } else { field.tape()? };
        let parameters = tape.parameters().map(|parameter| parameter.value()).collect();
        Ok(Loss { sum: Sum::over_times(&tape), eikonal, parameters })
    }

    /// The loss over points that have a time each.
    pub fn over(&mut self, points: &Points) -> (f64, Vec<f64>) {
        let Time::Each(times) = &points.time else { panic!("the points share one time") };
        let [xs, ys, zs] = &points.space;
        let columns = [&xs[..], ys, zs, times];
        self.sum.set_parameters(&self.parameters);
        match self.eikonal {
            false => self.sum.add_loss(columns, |_, [values], [seeds]| squares(values, seeds)),
            true => self.sum.add_loss(columns, |_, [f, fx, fy, fz], [seeds, sx, sy, sz]| {
                squares(f, seeds) + eikonal([fx, fy, fz], [sx, sy, sz])
            }),
        }
        (self.sum.total(), self.sum.gradient())
    }
}

fn squares(values: &[f32], seeds: &mut [f32]) -> f64 {
    for (seed, &f) in seeds.iter_mut().zip(values) {
        *seed = 2.0 * f;
    }
    values.iter().map(|&f| f64::from(f * f)).sum()
}

/// Σ 0.1·(|∇ₓf| − 1)².
fn eikonal([fx, fy, fz]: [&[f32]; 3], [sx, sy, sz]: [&mut [f32]; 3]) -> f64 {
    let mut sum = 0.0;
    for i in 0..fx.len() {
        let [gx, gy, gz] = [fx[i], fy[i], fz[i]];
        let norm = (gx * gx + gy * gy + gz * gz + 1e-12).sqrt();
        let factor = 0.2 * (norm - 1.0) / norm;
        [sx[i], sy[i], sz[i]] = [gx, gy, gz].map(|g| factor * g);
        sum += 0.1 * f64::from((norm - 1.0) * (norm - 1.0));
    }
    sum
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
