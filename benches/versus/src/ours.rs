//! The project's side: everything this program asks of `fieldgrad` beyond building fields, in one place.

use crate::points::{Points, Time, spread};
use fieldgrad::number::Lanes;
use fieldgrad::tape::{self as bulk, Adjoint, Asked, Grid, Samples, Tape};
use fieldgrad::{Field, Result};
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
        self.pictures(side, Samples::one(t.into()), only_inside, threads)
    }

    /// One after another at several times.
    pub fn pictures(&self, side: usize, times: Samples, only_inside: bool, threads: usize) -> Vec<f32> {
        let step = 2.0 / side as f64;
        let x = Samples { start: -1.0, step, count: side };
        let y = Samples { start: 1.0 - step, step: -step, count: side };
        let asked = if only_inside { Asked::Sign } else { Asked::Value };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let grid = Grid { x, y, z: Samples::one(0.0), t: times };
        pool.install(|| grid.eval(&self.value, asked).remove(0))
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
