//! A fit: terms over some unknowns, as what solvers take.
//!
//! Each term has three tapes: its residuals in `f64`, for costs; those with their derivatives in the unknowns, for
//! least squares; and its fields for a [`Sum`], whose backward pass gives the gradient of any number of unknowns in
//! `f32`. Points are put in order along a curve that fills space, so that those of a block are near each other: where
//! shapes are many, few of them count there, and JᵀJ gets products of those unknowns alone.

use super::constraints::Constraints;
use super::journal::{Journal, JournalWatch};
use super::least_squares::{LeastSquares, Residuals};
use super::model::{Factor, Model};
use super::objective::{Objective, Progress, Solution, Watch};
use super::program::{TermProgram, by_unknown, moved_by, names};
use super::robust::Robust;
use super::term::{FurtherTerm, Term};
use crate::error::{Error, Result};
use crate::field::{Field, Unknowns};
use crate::mesh::morton_order;
use crate::number::Interval;
use crate::tape::{Asked, Block64, Sum, Tape, Tracer};
use nalgebra::DMatrix;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// How many points a thread takes at a time, along a tape pruned to their box.
const PIECE: usize = 256;
/// How many operations a tape has at least that is worth pruning.
const LONG: usize = 200;
/// How many points go into a product together.
const ROWS: usize = 32;
/// The part of the largest derivative at a place below which others are roundings: what an unknown that nothing
/// depends on would else be moved by.
const NOISE: f64 = 1e-14;
/// How many sums of products there are at most, each of pieces that follow each other: what threads share.
const SHARES: usize = 16;

/// Terms, the sum of which is to be made small, over unknowns.
///
/// It is what solvers take: [`Residuals`], in `f64`, and an [`Objective`], whose value and gradient are in `f32` but
/// for their sums. Both are the same bits for any number of threads.
///
/// [`Constraints`] hold where it is [solved](Fit::solve), and where [`Tries`](super::Tries) solve it; what is given to
/// other solvers is the terms alone.
///
/// ```
/// use fieldgrad::fit::{Constraints, Fit, LeastSquares, Target, Term};
/// use fieldgrad::prelude::*;
///
/// // A ball through points of a larger one, its top where the other's is not: r + y = 0.9.
/// let (r, y) = (param("r", 0.5), param("y", 0.0));
/// let ball = sphere(r.clone()).translate([0.0.into(), y.clone(), 0.0.into()]);
/// let target = Target::of_surface(&sphere(0.8), &Bounds::new([-2.0; 3], [2.0; 3]), 0.0, 500, 1)?;
/// let unknowns = Unknowns::of(&[ball.clone()])?;
/// let top = Constraints::new(&unknowns, [(r + y, 0.9, 0.9)])?;
/// let mut fit = Fit::new(unknowns, [Term::surface(&ball, &target)])?.with_constraints(top);
/// assert!(fit.solve(&LeastSquares::for_fits()).ended.is_converged());
/// let [r, y] = fit.unknowns().get()[..] else { unreachable!("two unknowns") };
/// assert!((r + y - 0.9).abs() < 1e-12 && y > 0.02);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fit {
    unknowns: Unknowns,
    terms: Vec<Prepared>,
    pub(super) further: Vec<Arc<dyn FurtherTerm>>,
    constraints: Option<Constraints>,
}

impl Fit {
    /// A fit of a field's parameters.
    pub fn of(field: &Field, terms: impl IntoIterator<Item = Term>) -> Result<Fit> {
        Fit::new(Unknowns::of(std::slice::from_ref(field))?, terms)
    }

    /// A fit of unknowns, of which those that are locked stay and those that are tied stay together.
    ///
    /// An error where a term has a parameter that is not among them, or a field of it cannot be run or derived.
    pub fn new(unknowns: Unknowns, terms: impl IntoIterator<Item = Term>) -> Result<Fit> {
        let all = names(&unknowns);
        let moved = moved_by(&unknowns);
        let terms = terms.into_iter().map(|term| Prepared::new(term, &all, &moved)).collect::<Result<_>>()?;
        Ok(Fit { unknowns, terms, further: Vec::new(), constraints: None })
    }

    /// The same under constraints of its unknowns.
    pub fn with_constraints(self, constraints: Constraints) -> Fit {
        Fit { constraints: Some(constraints), ..self }
    }

    /// Its constraints, if it has any.
    pub fn constraints(&mut self) -> Option<&mut Constraints> {
        self.constraints.as_mut()
    }

    /// The unknowns, at the values they have.
    pub fn unknowns(&self) -> &Unknowns {
        &self.unknowns
    }

    /// Gives the unknowns other values, within their ranges.
    pub fn set(&mut self, values: &[f64]) {
        self.unknowns.set(values);
    }

    /// How many residuals there are.
    pub fn len(&self) -> usize {
        let points: usize = self.terms.iter().map(|term| term.count() * term.outputs).sum();
        points + self.further.iter().map(|term| term.count()).sum::<usize>()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The terms' own values at the unknowns' values, in order, without their weights: means over points. Behind them those of
    /// silhouettes: means over pixels.
    pub fn costs(&self) -> Vec<f64> {
        let values = self.unknowns.values();
        let costs = self.terms.iter().map(|term| term.cost(values) / term.weight);
        costs.chain(self.further.iter().map(|term| term.cost(values) / term.weight())).collect()
    }

    /// Finds the unknowns by least squares, from the values they have, and leaves them at the best. Constraints hold there,
    /// unless they [cannot](super::Ended::Infeasible).
    pub fn solve(&mut self, by: &LeastSquares) -> Solution {
        self.solve_watched(by, &mut |_| true)
    }

    /// The same, watched.
    pub fn solve_watched(&mut self, by: &LeastSquares, watch: &mut Watch) -> Solution {
        let (start, ranges) = (self.unknowns.get(), self.unknowns.ranges());
        let noted = &mut |progress: &Progress, _: &Journal| watch(progress);
        let solution = self.search(by, &start, &ranges, &mut Journal::default(), noted);
        let solution = solution.expect("a new journal is of no other run");
        self.unknowns.set(&solution.at);
        solution
    }

    /// The values of all parameters where the unknowns are at a place.
    fn values(&mut self, at: &[f64]) -> Vec<f64> {
        let before = self.unknowns.get();
        self.unknowns.set(at);
        let values = self.unknowns.values().to_vec();
        self.unknowns.set(&before);
        values
    }
}

impl LeastSquares {
    /// As fits of fields are solved: by normal equations, to ten digits of the value.
    pub fn for_fits() -> LeastSquares {
        LeastSquares {
            iterations: 200,
            value_tolerance: 1e-10,
            step_tolerance: 1e-12,
            slope_tolerance: 1e-12,
            factor: Factor::Normal,
        }
    }
}

impl Residuals for Fit {
    fn cost(&mut self, at: &[f64]) -> f64 {
        let values = self.values(at);
        let cost: f64 = self.terms.iter().map(|term| term.cost(&values)).sum();
        cost + self.further.iter().map(|term| term.cost(&values)).sum::<f64>()
    }

    fn linearise(&mut self, at: &[f64], model: &mut Model) -> f64 {
        let values = self.values(at);
        let cost: f64 = self.terms.iter().map(|term| term.linearise(&values, model)).sum();
        cost + self.further.iter().map(|term| term.linearise(&values, model)).sum::<f64>()
    }

    fn search(
        &mut self,
        by: &LeastSquares,
        start: &[f64],
        ranges: &[(f64, f64)],
        journal: &mut Journal,
        watch: &mut JournalWatch,
    ) -> Result<Solution> {
        let Some(mut constraints) = self.constraints.take() else {
            return journal.solve(by, self, start, ranges, watch);
        };
        let solution = constraints.solve(by, self, start, ranges, journal, watch);
        self.constraints = Some(constraints);
        solution
    }
}

impl Objective for Fit {
    fn value(&mut self, at: &[f64], gradient: &mut [f64]) -> f64 {
        let values = self.values(at);
        let mut by_parameter = vec![0.0; values.len()];
        let sum: f64 = self.terms.iter_mut().map(|term| term.sum(&values, &mut by_parameter)).sum();
        let sum = sum + self.further.iter().map(|term| term.sum(&values, &mut by_parameter)).sum::<f64>();
        let by_weight = vec![0.0; self.unknowns.weights().len()];
        gradient.copy_from_slice(&self.unknowns.gradient(&by_parameter, &by_weight));
        sum
    }
}

/// A term, ready to be run.
#[derive(Clone, Debug)]
struct Prepared {
    /// x, y, z and t of the points; without t, where all share one.
    columns: Vec<Vec<f64>>,
    time: f64,
    /// The same in `f32`.
    singles: Vec<Vec<f32>>,
    wanted: Vec<Vec<f64>>,
    weight: f64,
    weights: Vec<f64>,
    cost: Robust,
    outputs: usize,
    residuals: TermProgram,
    /// The residuals, and behind them each one's derivatives.
    derivatives: TermProgram,
    /// For each residual the unknowns that move it.
    unknowns: Vec<Vec<usize>>,
    sum: Option<(Box<Sum>, Vec<usize>)>,
}

impl Prepared {
    fn new(term: Term, all: &[String], moved: &[Option<usize>]) -> Result<Prepared> {
        let Term { fields, at, wanted, weight, weights, cost } = term;
        if !(weight.is_finite() && weight >= 0.0) {
            return Err(Error::Input(format!("a term's weight is {weight}")));
        }
        let residuals = TermProgram::new(&fields, all)?;
        let mut outputs = fields.clone();
        let mut unknowns = Vec::new();
        for field in &fields {
            let (own, slopes) = by_unknown(field, all, moved)?;
            unknowns.push(own);
            outputs.extend(slopes);
        }
        let derivatives = TermProgram::new(&outputs, all)?;
        let order = morton_order(&at.points);
        let column = |of: &[f64]| -> Vec<f64> { order.iter().map(|&n| of[n as usize]).collect() };
        let mut columns: Vec<Vec<f64>> =
            (0..3).map(|axis| order.iter().map(|&n| at.points[n as usize][axis]).collect()).collect();
        let times = at.times.unwrap_or_default();
        let time = times.first().copied().unwrap_or(0.0);
        if times.iter().any(|&own| own != time) {
            columns.push(column(&times));
        }
        Ok(Prepared {
            time,
            singles: columns.iter().map(|own| own.iter().map(|&x| x as f32).collect()).collect(),
            columns,
            wanted: wanted.iter().map(|own| column(own)).collect(),
            weights: if weights.is_empty() { weights } else { column(&weights) },
            weight,
            cost,
            outputs: fields.len(),
            residuals,
            derivatives,
            unknowns,
            sum: None,
        })
    }

    fn count(&self) -> usize {
        self.columns[0].len()
    }

    /// What a point's cost counts in the sum.
    fn share(&self, n: usize) -> f64 {
        let own = self.weights.get(n).copied().unwrap_or(1.0);
        own * self.weight / self.count() as f64
    }

    fn wanted(&self, output: usize, n: usize) -> f64 {
        self.wanted.get(output).map_or(0.0, |own| own[n])
    }

    fn pieces(&self) -> impl IndexedParallelIterator<Item = Range<usize>> {
        let count = self.count();
        (0..count.div_ceil(PIECE)).into_par_iter().map(move |n| n * PIECE..((n + 1) * PIECE).min(count))
    }

    fn cost(&self, values: &[f64]) -> f64 {
        let tape = self.residuals.at(values);
        let costs = self.pieces().map_init(
            || (Runner::new(self, &tape), Vec::new()),
            |(runner, outputs), range| {
                runner.eval(range.clone(), outputs);
                let rows = range.len();
                let of = |(output, column): (usize, &[f64])| -> f64 {
                    let points = range.clone().zip(column);
                    points.map(|(n, f)| self.share(n) * self.cost.cost(f - self.wanted(output, n))).sum()
                };
                outputs.chunks_exact(rows).enumerate().map(of).sum::<f64>()
            },
        );
        costs.collect::<Vec<f64>>().iter().sum()
    }

    fn linearise(&self, values: &[f64], model: &mut Model) -> f64 {
        let tape = self.derivatives.at(values);
        match model.factor() {
            Factor::Triangle => self.add_rows(&tape, model),
            Factor::Normal => self.add_products(&tape, model),
        }
    }

    /// Adds each residual's row.
    fn add_rows(&self, tape: &Tape, model: &mut Model) -> f64 {
        let (mut runner, mut outputs) = (Runner::new(self, tape), Vec::new());
        let mut row = vec![0.0; model.unknowns()];
        let mut total = 0.0;
        for start in (0..self.count()).step_by(PIECE) {
            let range = start..(start + PIECE).min(self.count());
            let rows = range.len();
            runner.eval(range.clone(), &mut outputs);
            let mut first = self.outputs;
            for (output, unknowns) in self.unknowns.iter().enumerate() {
                for (i, n) in range.clone().enumerate() {
                    let residual = outputs[output * rows + i] - self.wanted(output, n);
                    total += self.share(n) * self.cost.cost(residual);
                    let root = (self.share(n) * self.cost.weight(residual)).sqrt();
                    row.fill(0.0);
                    let slope = |k: usize| outputs[(first + k) * rows + i];
                    let least = NOISE * (0..unknowns.len()).map(|k| slope(k).abs()).fold(0.0, f64::max);
                    for (k, &unknown) in unknowns.iter().enumerate().filter(|(k, _)| slope(*k).abs() > least)
                    {
                        row[unknown] = root * slope(k);
                    }
                    model.add(root * residual, &row);
                }
                first += unknowns.len();
            }
        }
        total
    }

    /// Adds JᵀJ and Jᵀr, block by block of only the unknowns that move it.
    fn add_products(&self, tape: &Tape, model: &mut Model) -> f64 {
        let pieces = self.count().div_ceil(PIECE);
        let share = pieces.div_ceil(SHARES).max(1);
        let shares = (0..pieces.div_ceil(share)).into_par_iter().map(|n| {
            let mut own = Model::new(model.unknowns(), Factor::Normal);
            let (mut runner, mut outputs, mut total) = (Runner::new(self, tape), Vec::new(), 0.0);
            for piece in n * share..((n + 1) * share).min(pieces) {
                let range = piece * PIECE..((piece + 1) * PIECE).min(self.count());
                runner.eval(range.clone(), &mut outputs);
                total += self.add_piece(range, &outputs, &mut own);
            }
            (own, total)
        });
        let shares: Vec<(Model, f64)> = shares.collect();
        shares.iter().for_each(|(own, _)| model.join(own));
        shares.iter().map(|(_, total)| total).sum()
    }

    fn add_piece(&self, range: Range<usize>, outputs: &[f64], model: &mut Model) -> f64 {
        let rows = range.len();
        let mut total = 0.0;
        let mut first = self.outputs;
        for (output, unknowns) in self.unknowns.iter().enumerate() {
            for start in (0..rows).step_by(ROWS) {
                let part = start..(start + ROWS).min(rows);
                // The residuals, and what each counts.
                let mut residuals = [0.0; ROWS];
                let mut roots = [0.0; ROWS];
                for (k, i) in part.clone().enumerate() {
                    let n = range.start + i;
                    let residual = outputs[output * rows + i] - self.wanted(output, n);
                    total += self.share(n) * self.cost.cost(residual);
                    roots[k] = (self.share(n) * self.cost.weight(residual)).sqrt();
                    residuals[k] = roots[k] * residual;
                }
                let column = |k: usize| &outputs[(first + k) * rows..][part.clone()];
                let size = |k: usize| column(k).iter().fold(0.0, |most: f64, slope| most.max(slope.abs()));
                let least = NOISE * (0..unknowns.len()).map(size).fold(0.0, f64::max);
                let active: Vec<usize> = (0..unknowns.len()).filter(|&k| size(k) > least).collect();
                let mut slopes = DMatrix::zeros(part.len(), active.len());
                for (&k, mut to) in active.iter().zip(slopes.column_iter_mut()) {
                    let weighted = column(k).iter().zip(&roots).map(|(slope, root)| slope * root);
                    to.iter_mut().zip(weighted).for_each(|(to, slope)| *to = slope);
                }
                let squares = slopes.tr_mul(&slopes);
                let along = |column: nalgebra::DVectorView<f64>| {
                    column.iter().zip(&residuals).map(|(slope, residual)| slope * residual).sum()
                };
                let along: Vec<f64> = slopes.column_iter().map(along).collect();
                let active: Vec<usize> = active.into_iter().map(|k| unknowns[k]).collect();
                model.add_products(&active, &squares, &along);
            }
            first += unknowns.len();
        }
        total
    }

    /// The term's value by the fused forward and backward pass, in `f32`; its derivatives are added to those of
    /// parameters.
    fn sum(&mut self, values: &[f64], by_parameter: &mut [f64]) -> f64 {
        let moves = self.columns.len() > 3;
        let residuals = &self.residuals;
        let (mut sum, places) = self.sum.take().unwrap_or_else(|| {
            let sum = if moves { Sum::over_times(&residuals.tape) } else { Sum::new(&residuals.tape) };
            (Box::new(sum), residuals.places.clone())
        });
        sum.set_parameters(&places.iter().map(|&place| values[place]).collect::<Vec<_>>());
        let loss = |start: usize, columns: &[&[f32]], seeds: &mut [&mut [f32]]| {
            let mut total = 0.0;
            for (output, (column, seeds)) in columns.iter().zip(seeds).enumerate() {
                for (k, (&f, seed)) in column.iter().zip(seeds.iter_mut()).enumerate() {
                    let n = start + k;
                    let residual = f64::from(f) - self.wanted(output, n);
                    let share = self.share(n);
                    total += share * self.cost.cost(residual);
                    *seed = (share * self.cost.weight(residual) * residual) as f32;
                }
            }
            total
        };
        match &self.singles[..] {
            [x, y, z] => {
                sum.set_time(self.time);
                sum.add_loss_of_columns([x, y, z], &loss);
            }
            [x, y, z, t] => sum.add_loss_of_columns([x, y, z, t], &loss),
            _ => unreachable!("three or four coordinates"),
        }
        for (&place, slope) in places.iter().zip(sum.gradient()) {
            by_parameter[place] += slope;
        }
        let total = sum.total();
        self.sum = Some((sum, places));
        total
    }
}

/// Runs a tape at a term's points, piece by piece: along what is left of it over the piece's box.
struct Runner<'a> {
    term: &'a Prepared,
    outputs: usize,
    whole: Block64,
    tracer: Option<Tracer>,
}

impl<'a> Runner<'a> {
    fn new(term: &'a Prepared, tape: &Tape) -> Runner<'a> {
        let tracer = (tape.len_per_point() > LONG).then(|| Tracer::new(tape));
        Runner { term, outputs: tape.output_count(), whole: block(term, tape), tracer }
    }

    /// Writes the outputs at some of the points to columns, one behind the other.
    fn eval(&mut self, range: Range<usize>, outputs: &mut Vec<f64>) {
        let columns = &self.term.columns;
        let pruned = self.tracer.as_mut().and_then(|tracer| {
            let side = |column: &Vec<f64>| {
                let ends = column[range.clone()]
                    .iter()
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)));
                Interval::new(ends.0, ends.1)
            };
            let t = columns.get(3).map_or(Interval::new(self.term.time, self.term.time), side);
            tracer.over([side(&columns[0]), side(&columns[1]), side(&columns[2]), t]);
            tracer.prune(Asked::Value)
        });
        let mut shorter = pruned.map(|tape| block(self.term, &tape));
        let block = shorter.as_mut().unwrap_or(&mut self.whole);
        let rows = range.len();
        outputs.resize(self.outputs * rows, 0.0);
        let mut views: Vec<&mut [f64]> = outputs.chunks_exact_mut(rows).collect();
        let axis = |n: usize| &columns[n][range.clone()];
        match columns.len() {
            3 => block.eval([axis(0), axis(1), axis(2)], &mut views),
            _ => block.eval([axis(0), axis(1), axis(2), axis(3)], &mut views),
        }
    }
}

fn block(term: &Prepared, tape: &Tape) -> Block64 {
    match term.columns.len() {
        3 => {
            let mut block = Block64::new(tape);
            block.set_time(term.time);
            block
        }
        _ => Block64::over_times(tape),
    }
}
