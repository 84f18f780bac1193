//! The derivatives of a sum over points: of what was added at earlier times, and with what has been added since.

use super::partial::PartialSum;
use crate::tape::adjoint::send_back_through;
use crate::tape::program::Program;
use crate::tape::weights::weight_gradient;
use std::sync::Arc;

/// The derivatives in parameters and weights of the points of earlier times.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    program: Arc<Program>,
    first_stage: usize,
    /// Which values a parameter moves.
    varies: Arc<[bool]>,
    /// Whether the derivative in weights is asked for.
    pub(super) for_weights: bool,
    parameters: Vec<f64>,
    weights: Vec<f64>,
}

impl Settled {
    pub(super) fn none(
        program: Arc<Program>,
        first_stage: usize,
        varies: Vec<bool>,
        for_weights: bool,
    ) -> Settled {
        Settled {
            parameters: vec![0.0; program.parameters.len()],
            weights: vec![0.0; if for_weights { program.weight_count() } else { 0 }],
            varies: varies.into(),
            program,
            first_stage,
            for_weights,
        }
    }

    pub(super) fn clear(&mut self) {
        self.parameters.fill(0.0);
        self.weights.fill(0.0);
    }

    /// The derivative in every parameter, given the values that are the same for all points and what points sent to them.
    pub(super) fn gradient(&self, uniform: &[f64], sent: Vec<Option<f64>>) -> Vec<f64> {
        let adjoints = self.sent_back(uniform, sent);
        let slopes = adjoints[self.program.parameter_values()].iter().map(|adjoint| adjoint.unwrap_or(0.0));
        self.parameters.iter().zip(slopes).map(|(settled, slope)| settled + slope).collect()
    }

    /// The derivative in every weight, with what points added beside.
    pub(super) fn weight_gradient<T: Copy + Into<f64>>(
        &self,
        uniform: &[f64],
        sent: Vec<Option<f64>>,
        part: &PartialSum<T>,
    ) -> Vec<f64> {
        let mut all = self.weights.clone();
        if all.is_empty() {
            return all;
        }
        let adjoints = self.sent_back(uniform, sent);
        let lines = 0..self.program.stage(self.first_stage).start;
        let own = weight_gradient(&self.program, lines, uniform, |value| adjoints[value]);
        all.iter_mut().zip(own).for_each(|(sum, more)| *sum += more);
        part.send_to_weights(&self.program, &mut all);
        all
    }

    /// Takes in what points have added: from now on they are of another time.
    pub(super) fn settle<T: Copy + Into<f64>>(
        &mut self,
        uniform: &[f64],
        sent: Vec<Option<f64>>,
        part: &mut PartialSum<T>,
    ) {
        self.weights = self.weight_gradient(uniform, sent.clone(), part);
        self.parameters = self.gradient(uniform, sent);
        let total = part.total;
        part.clear();
        part.total = total;
    }

    /// Goes back through the lines that are the same for all points.
    fn sent_back(&self, uniform: &[f64], mut adjoints: Vec<Option<f64>>) -> Vec<Option<f64>> {
        let lines = 0..self.program.stage(self.first_stage).start;
        send_back_through(&self.program, lines, uniform, &mut adjoints, &self.varies);
        adjoints
    }
}
