//! An energy and its gaps as they are seen from a place: by reverse mode, and reverse mode on duals for curvature. Places are in units
//! of what settles, and gaps in what these change them by.

use super::Equilibrium;
use super::gaps::GapSource;
use crate::number::Dual;
use crate::tape::Adjoint;
use nalgebra::{DMatrix, DVector};

/// A search under way.
pub(super) struct Settling<'a> {
    pub of: &'a Equilibrium,
    values: Vec<f64>,
    adjoint: Adjoint<f64>,
    dual: Adjoint<Dual<f64, 1>>,
    /// The number that a gap is divided by.
    scales: Vec<f64>,
}

/// The view from a place.
#[derive(Clone, Debug)]
pub(super) struct Situation {
    pub energy: f64,
    /// The energy's derivative.
    pub slope: DVector<f64>,
    pub gaps: DVector<f64>,
    /// The gaps' derivatives, a row for each.
    pub rows: DMatrix<f64>,
}

impl Situation {
    /// The rows of some gaps.
    pub(super) fn rows_of(&self, some: &[usize]) -> DMatrix<f64> {
        self.rows.select_rows(some)
    }

    pub(super) fn is_finite(&self) -> bool {
        let all = self.slope.iter().chain(&self.gaps).chain(&self.rows);
        self.energy.is_finite() && all.into_iter().all(|own| own.is_finite())
    }
}

impl<'a> Settling<'a> {
    /// Where parameters that do not settle have these values, and gaps are measured at a place.
    pub(super) fn new(of: &'a Equilibrium, values: &[f64], start: &DVector<f64>) -> Settling<'a> {
        let tape = of.program.at(values);
        let mut settling = Settling {
            of,
            values: values.to_vec(),
            adjoint: Adjoint::new(&tape),
            dual: Adjoint::new(&tape),
            scales: vec![1.0; of.gaps.len()],
        };
        let length = |row: f64| if row > 0.0 && row.is_finite() { row } else { 1.0 };
        let rows = settling.look(start).rows;
        settling.scales = rows.row_iter().map(|row| length(row.norm())).collect();
        settling
    }

    /// The values of what settles at a place.
    pub(super) fn own_values(&self, at: &DVector<f64>) -> Vec<f64> {
        at.iter().zip(&self.of.units).map(|(own, unit)| own * unit).collect()
    }

    /// The energy and the gaps at a place.
    pub(super) fn measure(&mut self, at: &DVector<f64>) -> (f64, DVector<f64>) {
        let own = self.own_values(at);
        self.of.free.iter().zip(&own).for_each(|(&place, &value)| self.values[place] = value);
        self.adjoint.set_parameters(&self.of.program.own(&self.values));
        let outputs: Vec<f64> = self.adjoint.forward([0.0; 4]).copied().collect();
        let gaps = self.of.gaps.iter().zip(&self.scales).map(|(gap, scale)| {
            let value = match gap.source {
                GapSource::Output(n) => outputs[n],
                GapSource::Own(n) => own[n],
            };
            gap.sign * (value - gap.end) / scale
        });
        (outputs[0], DVector::from_iterator(self.scales.len(), gaps))
    }

    /// The energy and the gaps at a place, with their derivatives.
    pub(super) fn look(&mut self, at: &DVector<f64>) -> Situation {
        let (energy, gaps) = self.measure(at);
        let own = |all: Vec<f64>, of: &Equilibrium| -> Vec<f64> {
            of.free.iter().zip(&of.units).map(|(&place, unit)| all[place] * unit).collect()
        };
        let slope = own(self.by_parameter(0), self.of);
        let mut rows = DMatrix::zeros(gaps.len(), at.len());
        for n in 0..gaps.len() {
            let gap = self.of.gaps[n];
            let factor = gap.sign / self.scales[n];
            match gap.source {
                GapSource::Output(output) => {
                    let row = own(self.by_parameter(output), self.of);
                    row.iter().enumerate().for_each(|(i, part)| rows[(n, i)] = factor * part);
                }
                GapSource::Own(i) => rows[(n, i)] = factor * self.of.units[i],
            }
        }
        Situation { energy, slope: DVector::from_vec(slope), gaps, rows }
    }

    /// The derivative of an output in each parameter, where it was looked last.
    fn by_parameter(&mut self, output: usize) -> Vec<f64> {
        let mut seeds = vec![0.0; self.of.outputs()];
        seeds[output] = 1.0;
        self.adjoint.back(&seeds);
        let mut all = vec![0.0; self.values.len()];
        let own = self.adjoint.parameters();
        self.of.program.places.iter().zip(own).for_each(|(&place, own)| all[place] += own);
        all
    }

    /// How some gaps change with the parameters that do not settle, where it was looked last.
    pub(super) fn moved_by_others(&mut self, gaps: &[usize], others: &[usize]) -> DMatrix<f64> {
        let mut moved = DMatrix::zeros(gaps.len(), others.len());
        for (row, &n) in gaps.iter().enumerate() {
            let gap = self.of.gaps[n];
            if let GapSource::Output(output) = gap.source {
                let all = self.by_parameter(output);
                let factor = gap.sign / self.scales[n];
                others.iter().enumerate().for_each(|(i, &place)| moved[(row, i)] = factor * all[place]);
            }
        }
        moved
    }

    /// How the energy changes with the parameters that do not settle, where it was looked last.
    pub(super) fn energy_by_others(&mut self, others: &[usize]) -> Vec<f64> {
        let all = self.by_parameter(0);
        others.iter().map(|&place| all[place]).collect()
    }

    /// The second derivatives of the energy less what pushes times the gaps: a row for each that settles, a column for each
    /// parameter, in units where it settles.
    pub(super) fn curvatures(&mut self, at: &DVector<f64>, pushes: &DVector<f64>) -> DMatrix<f64> {
        let own = self.own_values(at);
        self.of.free.iter().zip(&own).for_each(|(&place, &value)| self.values[place] = value);
        let mut seeds = vec![Dual::fixed(0.0); self.of.outputs()];
        seeds[0] = Dual::fixed(1.0);
        for ((gap, scale), push) in self.of.gaps.iter().zip(&self.scales).zip(pushes.iter()) {
            if let GapSource::Output(n) = gap.source {
                seeds[n] = Dual::fixed(-push * gap.sign / scale);
            }
        }
        let count = self.values.len();
        let mut found = DMatrix::zeros(at.len(), count);
        for (row, &along) in self.of.free.iter().enumerate() {
            let dual = |&place: &usize| Dual {
                value: self.values[place],
                slope: [if place == along { self.of.units[row] } else { 0.0 }],
            };
            let parameters: Vec<Dual<f64, 1>> = self.of.program.places.iter().map(dual).collect();
            self.dual.set_parameters(&parameters);
            let _ = self.dual.forward([Dual::fixed(0.0); 4]);
            self.dual.back(&seeds);
            let own = self.dual.parameters();
            let places = &self.of.program.places;
            places.iter().zip(own).for_each(|(&place, own)| found[(row, place)] += own.slope[0]);
        }
        for (&place, unit) in self.of.free.iter().zip(&self.of.units) {
            found.column_mut(place).scale_mut(*unit);
        }
        found
    }

    /// Of these the columns of what settles.
    pub(super) fn own_columns(&self, curvatures: &DMatrix<f64>) -> DMatrix<f64> {
        let own = curvatures.select_columns(&self.of.free);
        0.5 * (&own + own.transpose())
    }

    /// A gap's push in parts of the constraint's own value.
    pub(super) fn force(&self, n: usize, push: f64) -> f64 {
        push * self.of.gaps[n].sign / self.scales[n]
    }
}
