//! What some points add to a sum, and how that of many pieces is joined: in their order, whoever works on them.

use crate::number::Columns;
use crate::tape::program::Program;
use rayon::prelude::*;
use std::ops::Range;

/// How many points a thread takes at a time.
const PIECE: usize = 8192;

/// How many pieces are summed each by itself before they are added up.
const PIECES: usize = 1024;

/// What points add to a sum.
#[derive(Clone, Debug)]
pub(super) struct PartialSum<T> {
    pub(super) total: f64,
    /// To each of the sums that the backward pass makes.
    pub(super) sums: Vec<f64>,
    /// To each output's seed.
    pub(super) seeds: Vec<f64>,
    /// The calls of kernels with weights.
    pub(super) calls: Vec<WeightedCall<T>>,
}

/// A call of a kernel with weights, in the backward pass: a column an input, and one of the adjoints sent to it.
///
/// Weights may be millions: so these are not summed for each piece of the points, but by themselves, in their order.
#[derive(Clone, Debug)]
pub(super) struct WeightedCall<T> {
    pub(super) kernel: u32,
    pub(super) rows: usize,
    pub(super) columns: Vec<T>,
}

impl<T: Clone> PartialSum<T> {
    pub(super) fn of(sums: usize, outputs: usize) -> PartialSum<T> {
        PartialSum { total: 0.0, sums: vec![0.0; sums], seeds: vec![0.0; outputs], calls: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        self.total = 0.0;
        self.sums.fill(0.0);
        self.seeds.fill(0.0);
        self.calls.clear();
    }

    fn join(&mut self, other: &PartialSum<T>) {
        let add = |to: &mut [f64], from: &[f64]| to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        self.total += other.total;
        add(&mut self.sums, &other.sums);
        add(&mut self.seeds, &other.seeds);
        self.calls.extend_from_slice(&other.calls);
    }
}

impl<T: Copy + Into<f64>> PartialSum<T> {
    /// Adds what the calls of kernels sent to their weights, in the order of the tape's weights.
    pub(super) fn send_to_weights(&self, program: &Program, all: &mut [f64]) {
        for carrier in program.carriers() {
            for &kernel in &carrier.kernels {
                self.send_to_weights_of(program, kernel, &mut all[carrier.weights.clone()]);
            }
        }
    }

    fn send_to_weights_of(&self, program: &Program, kernel: u32, weights: &mut [f64]) {
        let output = &program.kernels[kernel as usize];
        let mut columns: Vec<Vec<f64>> = Vec::new();
        for WeightedCall { rows, columns: own, .. } in self.calls.iter().filter(|call| call.kernel == kernel)
        {
            let (inputs, adjoints) = own.split_at(own.len() - rows);
            columns.resize(own.len() / rows, Vec::new());
            let counts = (0..*rows).filter(|&row| adjoints[row].into() != 0.0);
            for row in counts {
                let row_of = inputs.chunks_exact(*rows).chain([adjoints]).map(|column| column[row]);
                columns.iter_mut().zip(row_of).for_each(|(column, value)| column.push(value.into()));
            }
        }
        let rows = columns.last().map_or(0, Vec::len);
        if rows > 0 {
            let all = columns.concat();
            let (inputs, adjoints) = all.split_at(all.len() - rows);
            let (inputs, adjoints) = (Columns::new(inputs, rows), Columns::new(adjoints, rows));
            let mut to_inputs = vec![0.0; inputs.all().len()];
            output.backward(&[output.number()], inputs, adjoints, &mut to_inputs, weights);
        }
    }
}

/// What adds points to a sum of its own.
pub(super) trait Adder: Clone + Send + Sync {
    /// The floats of its points.
    type Float: Clone + Send + Sync;

    /// What has been added.
    fn part(&mut self) -> &mut PartialSum<Self::Float>;
}

/// Adds points piece by piece, in the same pieces and the same order for any number of threads.
pub(super) fn add_in_pieces<A: Adder>(
    adder: &mut A,
    count: usize,
    add: impl Fn(&mut A, Range<usize>) + Sync,
) {
    let piece = |n: usize| n * PIECE..((n + 1) * PIECE).min(count);
    let pieces = count.div_ceil(PIECE);
    if pieces <= 1 {
        return add(adder, 0..count);
    }
    for start in (0..pieces).step_by(PIECES) {
        // Workers begin without what is there.
        let part = adder.part();
        let empty = PartialSum::of(part.sums.len(), part.seeds.len());
        let mut before = std::mem::replace(part, empty);
        let own = &*adder;
        let parts: Vec<_> = (start..(start + PIECES).min(pieces))
            .into_par_iter()
            .map_init(
                || own.clone(),
                |worker, n| {
                    worker.part().clear();
                    add(worker, piece(n));
                    worker.part().clone()
                },
            )
            .collect();
        parts.iter().for_each(|part| before.join(part));
        *adder.part() = before;
    }
}

/// Panics unless there are as many columns as coordinates, all of one length, which it gives.
pub(super) fn count_of<T>(points: &[&[T]], coordinates: usize) -> usize {
    assert_eq!(points.len(), coordinates, "x, y and z, and t if each point has its own");
    let count = points[0].len();
    for (name, axis) in ["x", "y", "z", "t"].iter().zip(points) {
        assert!(axis.len() == count, "a {name} for each x: {} for {count}", axis.len());
    }
    count
}
