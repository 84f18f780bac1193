//! The residuals of parts in a smooth union: what growing fits, many times over.
//!
//! All parts have one tape, made once, at other values of its parameters. Points come in pieces that lie together: only
//! the parts that may count in a piece are run there, and derivatives only of those that do count at a point, so that a
//! step costs a few parts a point and not all of them.

use super::kind::PartKind;
use super::least_squares::Residuals;
use super::model::{Factor, Model};
use super::part::{NUMBERS, solid};
use super::robust::Robust;
use crate::error::Result;
use crate::field::{Field, param};
use crate::mesh::morton_order;
use crate::number::Smooth;
use crate::tape::{Block64, Tape};
use nalgebra::DMatrix;
use rayon::prelude::*;
use std::ops::Range;

/// How many points are in a piece.
const PIECE: usize = 64;
/// How steep a part's field is taken to be at most where parts are left out: about what tapers and bends make of it.
const STEEP: f64 = 1.5;
/// How many sums there are at most: what threads share.
const SHARES: usize = 16;
/// The weight in the union below which a part's derivatives count nothing.
const FAINT: f64 = 1e-6;
/// The number of a part that is its blend.
const BLEND: usize = NUMBERS - 1;

/// Samples of signed distances, in pieces that lie together.
#[derive(Clone, Debug)]
pub(super) struct DistanceSamples {
    pub(super) columns: [Vec<f64>; 3],
    pub(super) distances: Vec<f64>,
    /// The weight of each in the sum.
    shares: Vec<f64>,
    robust: Robust,
    /// A sign, −1 or 1, and what the field's value weighs besides where it has that sign and the distance has not.
    one_sided: Option<(f64, f64)>,
    centres: [Vec<f64>; 3],
    radii: Vec<f64>,
}

impl DistanceSamples {
    pub(super) fn new(
        points: &[[f64; 3]],
        distances: &[f64],
        weight: impl Fn(f64) -> f64,
        robust: Robust,
    ) -> DistanceSamples {
        let order = morton_order(points);
        let columns: [Vec<f64>; 3] =
            [0, 1, 2].map(|axis| order.iter().map(|&n| points[n as usize][axis]).collect());
        let distances: Vec<f64> = order.iter().map(|&n| distances[n as usize]).collect();
        let shares = distances.iter().map(|&d| weight(d) / distances.len() as f64).collect();
        let (mut centres, mut radii) = ([const { Vec::new() }; 3], Vec::new());
        for start in (0..distances.len()).step_by(PIECE) {
            let range = start..(start + PIECE).min(distances.len());
            let middle: [f64; 3] = std::array::from_fn(|axis| {
                let own = columns[axis][range.clone()].iter();
                let ends = own.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &x| (a.min(x), b.max(x)));
                0.5 * (ends.0 + ends.1)
            });
            let square = |n: usize| (0..3).map(|axis| (columns[axis][n] - middle[axis]).powi(2)).sum::<f64>();
            radii.push(range.map(square).fold(0.0, f64::max).sqrt());
            (0..3).for_each(|axis| centres[axis].push(middle[axis]));
        }
        DistanceSamples { columns, distances, shares, robust, one_sided: None, centres, radii }
    }

    pub(super) fn len(&self) -> usize {
        self.distances.len()
    }

    pub(super) fn point(&self, n: usize) -> [f64; 3] {
        [0, 1, 2].map(|axis| self.columns[axis][n])
    }

    /// The same, where the field's value itself weighs so much besides, if it has a sign, −1 or 1, that the distance has not.
    pub(super) fn with_sign(self, sign: f64, more: f64) -> DistanceSamples {
        DistanceSamples { one_sided: Some((sign, more)), ..self }
    }

    /// What a field's value costs at a sample, what that changes by with the value, and how that curves.
    fn cost_at(&self, n: usize, value: f64) -> [f64; 3] {
        let (share, residual) = (self.shares[n], value - self.distances[n]);
        let weight = share * self.robust.weight(residual);
        let own = [share * self.robust.cost(residual), weight * residual, weight];
        match self.one_sided {
            Some((sign, more)) if sign * self.distances[n] <= 0.0 && sign * value > 0.0 => {
                let weight = more * share;
                [own[0] + 0.5 * weight * value * value, own[1] + weight * value, own[2] + weight]
            }
            _ => own,
        }
    }

    /// The cost of a field's values.
    pub(super) fn cost(&self, values: &[f64]) -> f64 {
        values.iter().enumerate().map(|(n, &value)| self.cost_at(n, value)[0]).sum()
    }

    fn range(&self, piece: usize) -> Range<usize> {
        piece * PIECE..((piece + 1) * PIECE).min(self.len())
    }

    fn at(&self, range: &Range<usize>) -> [&[f64]; 3] {
        [0, 1, 2].map(|axis| &self.columns[axis][range.clone()])
    }
}

/// The tapes that all parts have.
#[derive(Clone, Debug)]
pub(super) struct Tapes {
    value: Tape,
    /// The value, and its derivatives in the numbers but the blend.
    slopes: Tape,
    /// The number that each parameter of the tapes is.
    numbers: Vec<usize>,
}

impl Tapes {
    pub(super) fn new() -> Result<Tapes> {
        let names: Vec<String> = (0..BLEND).map(|n| format!("n{n:02}")).collect();
        let field = solid(&names.iter().map(|name| param(name, 0.1)).collect::<Vec<_>>());
        let own: Vec<Field> = field.parameter_gradient()?;
        let parameters = field.parameters()?;
        let slope = |name: &String| {
            let place = parameters.iter().position(|own| own.name() == name);
            own[place.expect("it is a parameter")].clone()
        };
        let outputs: Vec<Field> = std::iter::once(field.clone()).chain(names.iter().map(slope)).collect();
        let (value, slopes) = (Tape::new(&[field])?, Tape::new(&outputs)?);
        let number = |name: &str| names.iter().position(|own| own == name).expect("it is a parameter");
        let numbers: Vec<usize> = value.parameters().map(|own| number(own.name())).collect();
        let others: Vec<usize> = slopes.parameters().map(|own| number(own.name())).collect();
        assert_eq!(numbers, others, "both tapes have the parameters in one order");
        Ok(Tapes { value, slopes, numbers })
    }

    fn blocks(&self, tape: &Tape, numbers: &[f64]) -> Vec<Block64> {
        let block = |own: &[f64]| {
            let values: Vec<f64> = self.numbers.iter().map(|&n| own[n]).collect();
            Block64::new(&tape.with_values(&values))
        };
        numbers.chunks_exact(NUMBERS).map(block).collect()
    }
}

/// The smooth minimum of two numbers over a band, and its derivatives in both and in the band's width.
fn smooth(a: f64, b: f64, k: f64) -> (f64, [f64; 3]) {
    let apart = (a - b).abs();
    if apart >= k {
        return if a <= b { (a, [1.0, 0.0, 0.0]) } else { (b, [0.0, 1.0, 0.0]) };
    }
    let u = apart / k;
    // How much is added, what the larger counts, and what a wider band adds.
    let (more, other) = (Smooth::Cubic.depth(u), Smooth::Cubic.weight(u));
    let slopes = if a <= b { [1.0 - other, other] } else { [other, 1.0 - other] };
    (a.min(b) - k * more, [slopes[0], slopes[1], -(more + u * other)])
}

/// For each piece the parts that may count there.
fn near(samples: &DistanceSamples, numbers: &[f64], blocks: &[Block64]) -> Vec<Vec<usize>> {
    let [x, y, z] = &samples.centres;
    let mut blocks = blocks.to_vec();
    let values: Vec<Vec<f64>> = blocks
        .par_iter_mut()
        .map(|block| {
            let mut own = vec![0.0; x.len()];
            block.eval([x, y, z], &mut [&mut own]);
            own
        })
        .collect();
    let widest = numbers.chunks_exact(NUMBERS).map(|own| own[BLEND]).fold(0.0, f64::max);
    let of = |(n, radius): (usize, &f64)| {
        let least = values.iter().map(|own| own[n]).fold(f64::INFINITY, f64::min);
        let most = least + 2.0 * STEEP * radius + widest;
        (0..values.len()).filter(|&part| values[part][n] <= most).collect()
    };
    samples.radii.iter().enumerate().map(of).collect()
}

/// The values of the parts' union at the samples.
pub(super) fn values(tapes: &Tapes, samples: &DistanceSamples, numbers: &[f64]) -> Vec<f64> {
    let blocks = tapes.blocks(&tapes.value, numbers);
    let near = near(samples, numbers, &blocks);
    let share = near.len().div_ceil(SHARES).max(1);
    let shares = near.par_chunks(share).enumerate().map(|(n, pieces)| {
        let mut blocks = blocks.clone();
        let mut all = Vec::new();
        let mut own = [0.0; PIECE];
        for (piece, parts) in pieces.iter().enumerate() {
            let range = samples.range(n * share + piece);
            let (from, rows) = (all.len(), range.len());
            all.resize(from + rows, f64::INFINITY);
            for &part in parts {
                blocks[part].eval(samples.at(&range), &mut [&mut own[..rows]]);
                let k = numbers[part * NUMBERS + BLEND];
                all[from..].iter_mut().zip(&own).for_each(|(f, &own)| *f = smooth(*f, own, k).0);
            }
        }
        all
    });
    shares.collect::<Vec<_>>().concat()
}

/// The parts of a union, some of which are unknown.
pub(super) struct Blend<'a> {
    pub(super) tapes: &'a Tapes,
    pub(super) samples: &'a DistanceSamples,
    /// The numbers of all parts.
    pub(super) numbers: Vec<f64>,
    /// The parts whose numbers are the unknowns: those that their kind has.
    pub(super) free: Range<usize>,
    pub(super) kind: PartKind,
}

impl Blend<'_> {
    fn set(&mut self, at: &[f64]) {
        let parts = self.numbers[self.free.start * NUMBERS..].chunks_exact_mut(NUMBERS);
        let own = at.chunks_exact(self.kind.numbers());
        parts.zip(own).for_each(|(part, own)| part.copy_from_slice(&self.kind.part_of(own)));
    }

    /// Sums of products in the numbers of parts, lower half alone, as those in the unknowns.
    fn in_unknowns(&self, squares: &DMatrix<f64>, along: &[f64]) -> (DMatrix<f64>, Vec<f64>) {
        let moves = self.kind.moves();
        let count = self.free.len() * moves.len();
        let places = |unknown: usize| {
            let part = unknown / moves.len() * NUMBERS;
            moves[unknown % moves.len()].iter().map(move |&(number, by)| (part + number, by))
        };
        let entry = |i: usize, j: usize| {
            let terms =
                places(i).flat_map(|(a, by)| places(j).map(move |(b, own)| (a.max(b), a.min(b), by * own)));
            terms.map(|(a, b, by)| by * squares[(a, b)]).sum::<f64>()
        };
        let lower = DMatrix::from_fn(count, count, |i, j| if i >= j { entry(i, j) } else { 0.0 });
        (lower, (0..count).map(|n| places(n).map(|(a, by)| by * along[a]).sum()).collect())
    }
}

impl Residuals for Blend<'_> {
    fn cost(&mut self, at: &[f64]) -> f64 {
        self.set(at);
        self.samples.cost(&values(self.tapes, self.samples, &self.numbers))
    }

    fn linearise(&mut self, at: &[f64], model: &mut Model) -> f64 {
        self.set(at);
        let values = self.tapes.blocks(&self.tapes.value, &self.numbers);
        let slopes = self.tapes.blocks(&self.tapes.slopes, &self.numbers);
        let near = near(self.samples, &self.numbers, &values);
        let share = near.len().div_ceil(SHARES).max(1);
        let shares = near.par_chunks(share).enumerate().map(|(n, pieces)| {
            let mut sum = Products::new(self, values.clone(), slopes.clone());
            pieces.iter().enumerate().for_each(|(piece, parts)| sum.add(n * share + piece, parts));
            (sum.squares, sum.along, sum.total)
        });
        let unknowns: Vec<usize> = (0..at.len()).collect();
        let shares: Vec<_> = shares.collect();
        for (squares, along, _) in &shares {
            match model.factor() {
                Factor::Normal if self.kind == PartKind::Any => {
                    model.add_products(&unknowns, squares, along);
                }
                Factor::Normal => {
                    let (squares, along) = self.in_unknowns(squares, along);
                    model.add_products(&unknowns, &squares, &along);
                }
                Factor::Triangle => unreachable!("growing solves normal equations"),
            }
        }
        shares.iter().map(|(_, _, total)| total).sum()
    }
}

/// Sums of products over pieces of the samples.
struct Products<'a> {
    of: &'a Blend<'a>,
    values: Vec<Block64>,
    slopes: Vec<Block64>,
    /// The lower half of JᵀJ, and Jᵀr.
    squares: DMatrix<f64>,
    along: Vec<f64>,
    total: f64,
}

/// A part at some of the points of a piece.
struct Seen {
    part: usize,
    values: [f64; PIECE],
    /// The three that the union's value depends on: the union of those before it, the part, and its blend.
    slopes: [[f64; 3]; PIECE],
    /// The derivatives of the union's value in its numbers.
    rows: [[f64; NUMBERS]; PIECE],
    counts: [bool; PIECE],
}

impl<'a> Products<'a> {
    fn new(of: &'a Blend, values: Vec<Block64>, slopes: Vec<Block64>) -> Products<'a> {
        let unknowns = of.free.len() * NUMBERS;
        let (squares, along) = (DMatrix::zeros(unknowns, unknowns), vec![0.0; unknowns]);
        Products { of, values, slopes, squares, along, total: 0.0 }
    }

    fn add(&mut self, piece: usize, parts: &[usize]) {
        let Blend { samples, numbers, free, .. } = self.of;
        let range = samples.range(piece);
        let (at, rows) = (samples.at(&range), range.len());
        let mut union = [f64::INFINITY; PIECE];
        let mut seen: Vec<Seen> = Vec::with_capacity(parts.len());
        for &part in parts {
            let mut own = Seen {
                part,
                values: [0.0; PIECE],
                slopes: [[0.0; 3]; PIECE],
                rows: [[0.0; NUMBERS]; PIECE],
                counts: [false; PIECE],
            };
            self.values[part].eval(at, &mut [&mut own.values[..rows]]);
            let k = numbers[part * NUMBERS + BLEND];
            let points = union.iter_mut().zip(own.slopes.iter_mut()).zip(&own.values).take(rows);
            points.for_each(|((f, slopes), &value)| (*f, *slopes) = smooth(*f, value, k));
            seen.push(own);
        }
        // Back through the union: what each part's value counts in the end.
        let mut left = [1.0; PIECE];
        for own in seen.iter_mut().rev() {
            for (left, slopes) in left.iter_mut().zip(own.slopes.iter_mut()).take(rows) {
                let [before, part, blend] = *slopes;
                *slopes = [0.0, *left * part, *left * blend];
                *left *= before;
            }
        }
        seen.retain(|own| free.contains(&own.part));
        seen.iter_mut().for_each(|own| self.derive(own, at));
        for (r, f) in union.iter().enumerate().take(rows) {
            let [cost, pull, weight] = samples.cost_at(range.start + r, *f);
            self.total += cost;
            self.add_row(&seen, r, weight, pull);
        }
    }

    /// Works out the rows of a part at the points where it counts.
    fn derive(&mut self, own: &mut Seen, at: [&[f64]; 3]) {
        let wanted: Vec<usize> = (0..at[0].len()).filter(|&r| own.slopes[r][1] > FAINT).collect();
        if wanted.is_empty() {
            return;
        }
        let [x, y, z] = at.map(|axis| wanted.iter().map(|&r| axis[r]).collect::<Vec<f64>>());
        let mut outputs = vec![0.0; wanted.len() * NUMBERS];
        let mut views: Vec<&mut [f64]> = outputs.chunks_exact_mut(wanted.len()).collect();
        self.slopes[own.part].eval([&x, &y, &z], &mut views);
        for (i, &r) in wanted.iter().enumerate() {
            let [_, weight, blend] = own.slopes[r];
            for number in 0..BLEND {
                own.rows[r][number] = weight * outputs[(number + 1) * wanted.len() + i];
            }
            own.rows[r][BLEND] = blend;
            own.counts[r] = true;
        }
    }

    fn add_row(&mut self, seen: &[Seen], r: usize, weight: f64, pull: f64) {
        let count = self.along.len();
        let place = |own: &Seen| (own.part - self.of.free.start) * NUMBERS;
        for (n, own) in seen.iter().enumerate().filter(|(_, own)| own.counts[r]) {
            let first = place(own);
            for (number, slope) in own.rows[r].iter().enumerate() {
                let weighted = weight * slope;
                let j = first + number;
                self.along[j] += pull * slope;
                let column = &mut self.squares.as_mut_slice()[j * count..(j + 1) * count];
                for other in seen[n..].iter().filter(|other| other.counts[r]) {
                    let to = place(other);
                    let rows = column[to..to + NUMBERS].iter_mut().zip(&other.rows[r]);
                    rows.for_each(|(sum, other)| *sum += weighted * other);
                }
            }
        }
    }
}
