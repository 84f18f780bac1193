//! A tape at many points, in any layout, on all threads.

use super::{Block, Block64, Coordinates, Tape};
use rayon::prelude::*;

/// How many points a thread takes at a time.
const PIECE: usize = 4096;

impl Tape {
    /// The outputs at any number of points in `f64`, a `Vec` for each output, on all threads of the current rayon pool: the
    /// same bits for any number of them.
    ///
    /// Points come as `&[[f64; 3]]`, `&[[f64; 4]]` with times, columns, or what else [`Coordinates`] are made from.
    ///
    /// ```
    /// use fieldgrad::prelude::*;
    ///
    /// let points = vec![[0.5, 0.0, 0.0], [0.0, 2.0, 0.0]];
    /// let outputs = sphere(0.5).gradient_tape()?.eval(&points);
    /// assert_eq!(outputs[0], [0.0, 1.5]); // f
    /// assert_eq!(outputs[2], [0.0, 1.0]); // ∂f/∂y
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn eval<'a>(&self, points: impl Into<Coordinates<'a, f64>>) -> Vec<Vec<f64>> {
        let points = points.into();
        with_room(self.output_count(), points.len(), |outputs| self.eval_doubles(&points, outputs))
    }

    /// The same, written to `outputs[i]` for output i. Panics if there are not as many, or their lengths are not the points'.
    pub fn eval_into<'a>(&self, points: impl Into<Coordinates<'a, f64>>, outputs: &mut [&mut [f64]]) {
        self.eval_doubles(&points.into(), outputs);
    }

    /// The outputs in `f32`, as [`Block`] gives them: several times as fast as [`Tape::eval`].
    pub fn eval_f32<'a>(&self, points: impl Into<Coordinates<'a, f32>>) -> Vec<Vec<f32>> {
        let points = points.into();
        with_room(self.output_count(), points.len(), |outputs| self.eval_floats(&points, outputs))
    }

    /// The same, written to `outputs[i]` for output i. Panics if there are not as many, or their lengths are not the points'.
    pub fn eval_f32_into<'a>(&self, points: impl Into<Coordinates<'a, f32>>, outputs: &mut [&mut [f32]]) {
        self.eval_floats(&points.into(), outputs);
    }

    fn eval_doubles(&self, points: &Coordinates<f64>, outputs: &mut [&mut [f64]]) {
        let block = || match points.shared_time() {
            None => Block64::over_times(self),
            Some(t) => {
                let mut block = Block64::new(self);
                block.set_time(t);
                block
            }
        };
        in_pieces(self, points, outputs, block, |block, [x, y, z, t], outputs| match points.shared_time() {
            Some(_) => block.eval([x, y, z], outputs),
            None => block.eval([x, y, z, t], outputs),
        });
    }

    fn eval_floats(&self, points: &Coordinates<f32>, outputs: &mut [&mut [f32]]) {
        let block = || match points.shared_time() {
            None => Block::over_times(self),
            Some(t) => {
                let mut block = Block::new(self);
                block.set_time(t.into());
                block
            }
        };
        in_pieces(self, points, outputs, block, |block, [x, y, z, t], outputs| match points.shared_time() {
            Some(_) => block.eval([x, y, z], outputs),
            None => block.eval([x, y, z, t], outputs),
        });
    }
}

/// Columns of so many numbers, filled.
fn with_room<T: Copy + Default>(
    count: usize,
    rows: usize,
    fill: impl FnOnce(&mut [&mut [T]]),
) -> Vec<Vec<T>> {
    let mut columns = vec![vec![T::default(); rows]; count];
    let mut views: Vec<&mut [T]> = columns.iter_mut().map(Vec::as_mut_slice).collect();
    fill(&mut views);
    columns
}

/// Runs all points piece by piece, each worker with a block of its own.
fn in_pieces<T: Copy + Default + Send + Sync, B>(
    tape: &Tape,
    points: &Coordinates<T>,
    outputs: &mut [&mut [T]],
    block: impl Fn() -> B + Sync,
    run: impl Fn(&mut B, [&[T]; 4], &mut [&mut [T]]) + Sync,
) {
    let (count, all) = (outputs.len(), tape.output_count());
    assert!(count == all, "a slice for each output: {count} for {all}");
    for (n, out) in outputs.iter().enumerate() {
        let (room, rows) = (out.len(), points.len());
        assert!(room == rows, "room for each point in output {n}: {room} for {rows}");
    }
    let mut pieces: Vec<Vec<&mut [T]>> = (0..points.len().div_ceil(PIECE)).map(|_| Vec::new()).collect();
    for out in outputs {
        pieces.iter_mut().zip(out.chunks_mut(PIECE)).for_each(|(piece, part)| piece.push(part));
    }
    let memory = || (block(), [(); 4].map(|()| Vec::new()));
    pieces.into_par_iter().enumerate().for_each_init(memory, |(block, columns), (n, mut outputs)| {
        let start = n * PIECE;
        points.gather(start..points.len().min(start + PIECE), columns);
        run(block, columns.each_ref().map(Vec::as_slice), &mut outputs);
    });
}
