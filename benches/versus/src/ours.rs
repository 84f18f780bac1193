//! The project's side: everything this program asks of `fieldgrad` beyond building fields, in one place.

use crate::points::{Points, Time};
use fieldgrad::render::march::{self, Inside, Surface};
use fieldgrad::render::{Lens, Size};
use fieldgrad::tape::{self as bulk, Asked, Grid, Samples, Sum, Tape};
use fieldgrad::{Field, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::ops::Range;
use std::sync::{Arc, Mutex};

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
        self.pictures(side, Samples::one(t.into()), only_inside, threads)
    }

    /// One after another at several times.
    pub fn pictures(&self, side: usize, times: Samples, only_inside: bool, threads: usize) -> Vec<f32> {
        let step = 2.0 / side as f64;
        let x = Samples { start: -1.0, step, count: side };
        let y = Samples { start: 1.0 - step, step: -step, count: side };
        let asked = if only_inside { Asked::Sign } else { Asked::Value };
        let grid = Grid { x, y, z: Samples::one(0.0), t: times };
        pool(threads).install(|| grid.eval(&self.value, asked).remove(0))
    }
}

/// The field in [−1, 1]³ as seen from z = 1 by parallel rays: depths, and normals where rays meet it.
pub fn solid(field: &Field, side: usize, threads: usize) -> Result<(Vec<f32>, Vec<[f32; 3]>)> {
    let lens = Lens::parallel([0.0, 0.0, 1.0], [0.0; 3], [0.0, 1.0, 0.0], 2.0);
    let (lens, size) = (Lens { far: 2.0, ..lens }, Size { width: side, height: side });
    pool(threads).install(|| {
        // Rays that start inside end there, as the peer has it.
        let Surface { depths, normals } = march::surface(field, &lens, size, 0.0, Inside::Ends)?;
        Ok((depths, normals))
    })
}

/// So many threads, which are kept: new ones would first have to fill their memory.
fn pool(threads: usize) -> Arc<ThreadPool> {
    static LAST: Mutex<Option<Arc<ThreadPool>>> = Mutex::new(None);
    let mut last = LAST.lock().expect("nothing fails while it is locked");
    match &*last {
        Some(pool) if pool.current_num_threads() == threads => pool.clone(),
        _ => {
            let pool = Arc::new(ThreadPoolBuilder::new().num_threads(threads).build().expect("threads"));
            *last = Some(pool.clone());
            pool
        }
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
