//! Kinks: where an energy or a contact has a corner, the slopes on all its sides are what balances.
//!
//! The sides are seen from places around a point, as gradient sampling has it (Burke, Lewis & Overton, "A robust gradient sampling
//! algorithm for nonsmooth, nonconvex optimization", 2005; with constraints Curtis & Overton 2012): each place gives a piece, a linear
//! model of the energy or of a gap that holds on its side. Where pieces that balance leave no way free the place is a sharp corner:
//! it is stable, and moves with parameters as the corner of these pieces does.

use super::balance::pseudo_inverse;
use super::fall::{ROUNDING, violated};
use super::rest::Stability;
use super::settling::{Settling, Situation};
use super::step::StepModel;
use crate::error::Result;
use crate::random::Random;
use crate::task;
use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// A rest at a kink, as far as it is known.
pub(super) struct RestAtKink {
    pub pushes: DVector<f64>,
    pub stability: Stability,
    pub derivatives: Option<DMatrix<f64>>,
}

/// From how far around pieces are seen first and last, in units, and how many steps there are at most.
const FIRST: f64 = 1e-2;
const LAST: f64 = 1e-9;
const STEPS: usize = 300;
/// The drag of a step, in parts of what would make it as long as what was seen is far.
const DRAG: f64 = 1e-3;
/// From how far around a rest is looked at, in units.
const ASIDE: f64 = 1e-8;
/// The same, for what the energy does there, which is rounded.
const FARTHER: f64 = 1e-6;
/// A change of the energy, in parts of the steepest, that is one; a push, in the same, that is one.
const RISES: f64 = 1e-4;
const PUSHES: f64 = 1e-6;
/// A singular value of pieces, in parts of the largest, that is none; and how well the corner of more pieces than it takes is one.
const RANK: f64 = 1e-4;
const MEETS: f64 = 1e-5;

/// Which place a piece is seen from, and the gap; none for the energy.
type PieceSource = (usize, Option<usize>);

/// Linear models of the energy and of gaps: v − E and a gap after a step d, by rows over (d, v).
struct Pieces {
    rows: DMatrix<f64>,
    gaps: DVector<f64>,
    are_equations: Vec<bool>,
    of: Vec<PieceSource>,
    places: Vec<DVector<f64>>,
    steep: f64,
}

impl Settling<'_> {
    /// Downhill along kinks, by the best steps by pieces from nearer and nearer.
    pub(super) fn along_kinks(&mut self, at: &DVector<f64>, price: f64) -> Result<DVector<f64>> {
        let mut at = at.clone();
        let mut radius = FIRST;
        let own = DMatrix::identity(at.len(), at.len());
        let mut pushes = DVector::zeros(self.of.gaps.len());
        for _ in 0..STEPS {
            task::check()?;
            let pieces = self.pieces(&at, radius);
            let curvature =
                self.mean_curvature(&pieces.places, &pushes) + &own * (DRAG * pieces.steep / radius);
            let (energy, gaps) = self.measure(&at);
            let before = energy + price * violated(&gaps, self);
            let mut is_better = false;
            if let Some((model_gain, step, pushed)) = pieces.step(&curvature, price) {
                pushes = pieces.by_gap(&pushed, pushes.len());
                let is_none = step.amax() <= 1e-7 * radius || model_gain <= ROUNDING * energy.abs();
                let mut part = if is_none { 0.0 } else { 1.0 };
                while part > 0.1 && !is_better {
                    let next = &at + part * &step;
                    let (energy, gaps) = self.measure(&next);
                    is_better = before - energy - price * violated(&gaps, self) > 0.1 * part * model_gain;
                    if is_better {
                        at = next;
                    }
                    part *= 0.5;
                }
            }
            if !is_better {
                radius *= 0.1;
                if radius < LAST {
                    break;
                }
            }
        }
        Ok(at)
    }

    /// The mean of curvatures at places, taken as positive.
    fn mean_curvature(&mut self, places: &[DVector<f64>], pushes: &DVector<f64>) -> DMatrix<f64> {
        let count = self.of.free.len();
        let mut mean = DMatrix::zeros(count, count);
        for place in places {
            let curvatures = self.curvatures(place, pushes);
            let own = self.own_columns(&curvatures);
            if own.iter().all(|own| own.is_finite()) {
                mean += own / places.len() as f64;
            }
        }
        let eigen = SymmetricEigen::new(mean);
        let positive = DMatrix::from_diagonal(&eigen.eigenvalues.map(f64::abs));
        &eigen.eigenvectors * positive * eigen.eigenvectors.transpose()
    }

    /// The views from places around a point, along each axis and along as many other ways.
    fn pieces(&mut self, at: &DVector<f64>, radius: f64) -> Pieces {
        let count = at.len();
        let places = around(at, radius);
        let (energy, _) = self.measure(at);
        let mut found: Vec<(DVector<f64>, f64, PieceSource)> = Vec::new();
        let mut steep: f64 = 0.0;
        for (n, place) in places.iter().enumerate() {
            let seen = self.look(place);
            if !seen.is_finite() {
                continue;
            }
            steep = steep.max(seen.slope.amax());
            let Situation { energy: own, slope, gaps, rows } = seen;
            let back = at - place;
            let mut add = |row: DVector<f64>, gap: f64, of: Option<usize>| {
                // The same again says no more.
                let is_known = found.iter().any(|(other, known, (_, own))| {
                    *own == of && (other - &row).amax() <= 1e-9 && (known - gap).abs() <= 1e-6 * radius
                });
                if !is_known {
                    found.push((row, gap, (n, of)));
                }
            };
            let piece = |slope: DVector<f64>, of_energy: f64| slope.push(of_energy);
            add(piece(-&slope, 1.0), energy - own - slope.dot(&back), None);
            for i in 0..gaps.len() {
                let row: DVector<f64> = rows.row(i).transpose();
                let there = gaps[i] + row.dot(&back);
                if there <= 1e3 * radius || self.of.gaps[i].is_equation {
                    add(piece(row, 0.0), there, Some(i));
                }
            }
        }
        let mut rows = DMatrix::zeros(found.len(), count + 1);
        rows.row_iter_mut().zip(&found).for_each(|(mut row, (own, ..))| row.copy_from(&own.transpose()));
        let is_equation = |of: Option<usize>| of.is_some_and(|n| self.of.gaps[n].is_equation);
        Pieces {
            rows,
            gaps: DVector::from_iterator(found.len(), found.iter().map(|(_, gap, _)| *gap)),
            are_equations: found.iter().map(|(.., (_, of))| is_equation(*of)).collect(),
            of: found.into_iter().map(|(.., of)| of).collect(),
            places,
            steep: steep.max(f64::MIN_POSITIVE),
        }
    }

    /// Where a short step leads from a place by what is seen from another beside it.
    fn step_seen_from(
        &mut self,
        beside: &DVector<f64>,
        at: &DVector<f64>,
        price: f64,
    ) -> Option<DVector<f64>> {
        let seen = self.look(beside);
        let drag = seen.slope.amax() / FARTHER;
        let are_equations: Vec<bool> = self.of.gaps.iter().map(|gap| gap.is_equation).collect();
        let model = StepModel {
            slope: &seen.slope,
            curvature: &(DMatrix::identity(at.len(), at.len()) * drag),
            gaps: &(&seen.gaps + &seen.rows * (at - beside)),
            rows: &seen.rows,
            are_equations: &are_equations,
            price,
        };
        model.best().map(|found| at + found.step)
    }

    /// Whether what is seen around a place holds it there, and how it moves then.
    pub(super) fn kink_at(&mut self, at: &DVector<f64>, price: f64) -> RestAtKink {
        let mut kink = RestAtKink {
            pushes: DVector::zeros(self.of.gaps.len()),
            stability: Stability::Undecided,
            derivatives: None,
        };
        let pieces = self.pieces(at, ASIDE);
        let (energy, gaps) = self.measure(at);
        let here = energy + price * violated(&gaps, self);
        // Also where a step would lead by what is seen from one of them alone.
        let mut places = around(at, FARTHER);
        let beside = places.len();
        let alone: Vec<DVector<f64>> =
            places.iter().filter_map(|place| self.step_seen_from(place, at, price)).collect();
        places.extend(alone.into_iter().filter(|place| (place - at).norm() > 0.1 * FARTHER));
        let changes = places.iter().map(|place| {
            let (energy, gaps) = self.measure(place);
            (energy + price * violated(&gaps, self) - here) / (pieces.steep * (place - at).norm())
        });
        let changes: Vec<f64> = changes.collect();
        if let Some(n) = (0..changes.len()).find(|&n| changes[n] < -RISES) {
            let way = (&places[n] - at).component_mul(&DVector::from_vec(self.of.units.clone()));
            let size = way.amax().max(f64::MIN_POSITIVE);
            kink.stability = Stability::Unstable(way.iter().map(|own| own / size).collect());
            return kink;
        }
        let drag = DMatrix::identity(at.len(), at.len()) * (0.1 * pieces.steep / ASIDE);
        let Some((_, step, pushes)) = pieces.step(&drag, price) else { return kink };
        let active: Vec<usize> = (0..pushes.len())
            .filter(|&n| {
                let least = if pieces.of[n].1.is_some() { PUSHES * pieces.steep } else { PUSHES };
                pieces.are_equations[n] || pushes[n] > least
            })
            .collect();
        kink.pushes = pieces.by_gap(&pushes, kink.pushes.len());
        let rows = pieces.rows.select_rows(&active);
        let is_sharp = rows.nrows() > at.len() && {
            let svd = rows.clone().svd(false, false);
            svd.singular_values.min() > RANK * svd.singular_values.max()
        };
        if !is_sharp || step.amax() > 10.0 * ASIDE || changes[..beside].iter().any(|own| *own < RISES) {
            return kink;
        }
        kink.stability = Stability::Stable;
        let others = self.others();
        let mut moved = DMatrix::zeros(active.len(), others.len());
        for (row, &n) in active.iter().enumerate() {
            let (place, of) = pieces.of[n];
            let _ = self.measure(&pieces.places[place]);
            match of {
                Some(gap) => moved.set_row(row, &self.moved_by_others(&[gap], &others).row(0)),
                None => {
                    let own = self.energy_by_others(&others);
                    own.iter().enumerate().for_each(|(i, slope)| moved[(row, i)] = -slope);
                }
            }
        }
        let all = -pseudo_inverse(&rows) * &moved;
        if (&rows * &all + &moved).amax() <= MEETS * moved.amax() {
            let mut own = all.rows(0, at.len()).into_owned();
            own.row_iter_mut().zip(&self.of.units).for_each(|(mut row, unit)| row *= *unit);
            kink.derivatives = own.iter().all(|own| own.is_finite()).then_some(own);
        }
        kink
    }
}

/// Places around a point: along each axis, and along as many other ways.
fn around(at: &DVector<f64>, radius: f64) -> Vec<DVector<f64>> {
    let count = at.len();
    let mut random = Random(count as u64);
    let ways = (0..4 * count).map(|n| match n < 2 * count {
        true => DVector::from_fn(count, |i, _| match i == n / 2 {
            true => radius * if n % 2 == 0 { 1.0 } else { -1.0 },
            false => 0.0,
        }),
        false => DVector::from_fn(count, |_, _| random.between(-radius, radius)),
    });
    ways.map(|way| at + way).collect()
}

impl Pieces {
    /// The push of each gap, of all its pieces.
    fn by_gap(&self, pushes: &DVector<f64>, count: usize) -> DVector<f64> {
        let mut all = DVector::zeros(count);
        for (&(_, of), push) in self.of.iter().zip(pushes.iter()) {
            of.into_iter().for_each(|n| all[n] += push);
        }
        all
    }

    /// The best step by all pieces with a curvature; what it gains, and what they push with.
    fn step(&self, own: &DMatrix<f64>, price: f64) -> Option<(f64, DVector<f64>, DVector<f64>)> {
        let count = self.rows.ncols() - 1;
        let mut slope = DVector::zeros(count + 1);
        slope[count] = 1.0;
        let mut curvature = DMatrix::zeros(count + 1, count + 1);
        curvature.view_mut((0, 0), (count, count)).copy_from(own);
        curvature[(count, count)] = 1e-9 / self.steep;
        let are_equations = &self.are_equations;
        let (gaps, rows) = (&self.gaps, &self.rows);
        // Pieces of the energy push with 1 in all, and must not be violated.
        let price = price.max(10.0);
        let model = StepModel { slope: &slope, curvature: &curvature, gaps, rows, are_equations, price };
        let found = model.best()?;
        let step = found.step.rows(0, count).into_owned();
        Some((model.gain(&found.step), step, found.pushes))
    }
}
