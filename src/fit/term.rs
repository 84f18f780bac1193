//! Losses: fields over points that are to be 0, or to have given values.

use super::model::Model;
use super::robust::Robust;
use super::target::Target;
use crate::error::{Error, Result};
use crate::field::{Field, Vector};

/// A part of a loss: the mean, over points, of what the residuals of one or several fields cost there.
///
/// A residual is a field less what it is to be, which is 0 where nothing else is said. So whatever can be written as a
/// field, of derivatives of others too, can be a loss; those that fits are mostly made of have names here.
///
/// ```
/// use fieldgrad::fit::{Fit, LeastSquares, Target, Term};
/// use fieldgrad::prelude::*;
///
/// let ball = sphere(param("r", 0.5)).translate(param_vector("at", [0.1, 0.0, 0.0]));
/// let truth = sphere(0.8).translate([0.3, -0.2, 0.0]);
/// let target = Target::of_surface(&truth, &Bounds::new([-2.0; 3], [2.0; 3]), 0.0, 500, 1)?;
/// let mut fit = Fit::of(&ball, [Term::surface(&ball, &target), Term::normals(&ball, &target)?.with_weight(0.1)])?;
/// let solution = fit.solve(&LeastSquares::for_fits());
/// assert!(solution.value < 1e-20 && (fit.unknowns().get()[0] - 0.8).abs() < 1e-9);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Term {
    pub(super) fields: Vec<Field>,
    pub(super) at: Target,
    /// What each field is to be at each point; empty, where that is 0.
    pub(super) wanted: Vec<Vec<f64>>,
    pub(super) weight: f64,
    /// What each point counts beside the others; empty, where that is 1.
    pub(super) weights: Vec<f64>,
    pub(super) cost: Robust,
}

impl Term {
    /// Any fields, which are to be 0 at a target's points.
    pub fn zero(fields: impl IntoIterator<Item = Field>, at: &Target) -> Term {
        Term {
            fields: fields.into_iter().collect(),
            at: at.clone(),
            wanted: Vec::new(),
            weight: 1.0,
            weights: Vec::new(),
            cost: Robust::Square,
        }
    }

    /// f against the target's signed distances. An error where it has none.
    pub fn distance(field: &Field, target: &Target) -> Result<Term> {
        let Some(distances) = &target.distances else {
            return Err(Error::Input("the target's points have no signed distances".into()));
        };
        Ok(Term { wanted: vec![distances.clone()], ..Term::zero([field.clone()], target) })
    }

    /// f = 0 at the target's points.
    pub fn surface(field: &Field, target: &Target) -> Term {
        Term::zero([field.clone()], target)
    }

    /// ∇f against the target's normals, in length too. An error where it has none.
    pub fn normals(field: &Field, target: &Target) -> Result<Term> {
        let Some(normals) = &target.normals else {
            return Err(Error::Input("the target's points have no normals".into()));
        };
        let wanted = (0..3).map(|axis| normals.iter().map(|normal| normal[axis]).collect()).collect();
        let Vector(slope) = field.spatial_gradient();
        Ok(Term { wanted, ..Term::zero(slope, target) })
    }

    /// |∇f| = 1 in space, at any points: that the field is a distance (Gropp et al. 2020).
    pub fn eikonal(field: &Field, at: &Target) -> Term {
        Term::zero([field.spatial_gradient().length() - 1], at)
    }

    /// e^(−sharpness·|f|) at points that are off the surface: that no surface is there (Sitzmann et al. 2020).
    pub fn off_surface(field: &Field, at: &Target, sharpness: f64) -> Term {
        Term::zero([(field.abs() * -sharpness).exp()], at)
    }

    /// A price on parameters, or on what is made of them alone: half the square of each expression. For parsimony,
    /// where an expression is the root of what a part costs; for ties between parameters that are to hold nearly.
    pub fn price(expressions: impl IntoIterator<Item = Field>) -> Term {
        Term::zero(expressions, &Target { points: vec![[0.0; 3]], ..Target::default() })
    }

    /// The same, times a weight.
    pub fn with_weight(self, weight: f64) -> Term {
        Term { weight: self.weight * weight, ..self }
    }

    /// The same, at another cost of residuals than half their squares.
    pub fn with_cost(self, cost: Robust) -> Term {
        Term { cost, ..self }
    }

    /// The same, with what each point counts beside the others. An error where there are not as many, or one is
    /// negative or not finite.
    pub fn with_weights(self, weights: Vec<f64>) -> Result<Term> {
        if weights.len() != self.at.len()
            || weights.iter().any(|weight| !(0.0..f64::INFINITY).contains(weight))
        {
            let problem = format!("a weight, from 0 on, for each of {} points", self.at.len());
            return Err(Error::Input(problem));
        }
        Ok(Term { weights, ..self })
    }
}

/// A loss that is no field over points. It is given the values of all parameters.
pub(super) trait FurtherTerm: std::fmt::Debug + Send + Sync {
    /// How many residuals it has.
    fn count(&self) -> usize;

    /// What it counts in the sum.
    fn weight(&self) -> f64;

    /// Its value, times its weight.
    fn cost(&self, values: &[f64]) -> f64;

    /// The same; residuals and their derivatives in the unknowns go to a model.
    fn linearise(&self, values: &[f64], model: &mut Model) -> f64;

    /// The same; its derivatives are added to those of parameters.
    fn sum(&self, values: &[f64], by_parameter: &mut [f64]) -> f64;
}
