//! Fitting: what makes a field like a target, and what solves it. Uses numbers, fields, tapes, shapes and measures.
//!
//! Solvers know nothing of fields. [`Descent`] goes down any [`Objective`] by its gradient, [`QuasiNewton`] learns
//! curvature from its steps, [`LeastSquares`] solves [`Residuals`]; all keep unknowns in ranges, and can be
//! [watched](Watch) and ended. [`least_change`] is one step by few equations, as a hand that pulls at a surface asks. [`Robust`] costs leave outliers out, [`starts`] begin several times, and [`Tries`] again where what was found is not enough.
//!
//! A [`Target`] is points with what is known there, a [`Term`] a loss that fields have at such points, and a [`Fit`]
//! the sum of terms over [`Unknowns`](crate::field::Unknowns): it is what all solvers take. [`Growth`] makes a field
//! of [`Part`]s from nothing, one that [covers](Growth::grow_to_cover) a mesh too, provably, and [`Training`] moves the weights of a
//! [network](crate::learn::Network), a [`TrainingRun`] step by step.
//!
//! With the feature `images` a [`SilhouetteTerm`] is a loss over pixels: how much of each a solid covers, as cameras see it,
//! against [`SilhouetteTarget`]s; [`Views`] are pictures with their cameras, as `transforms.json` lists them.
//!
//! [`Constraints`] are what is to hold exactly where a fit ends, and where a pull does: equations and ranges of fields of
//! parameters, solved by multipliers around least squares. Those that conflict, or are redundant, are named.
//!
//! An [`Equilibrium`] is where an energy of parameters is least under constraints; the place's derivative in the other parameters is
//! exact, so that fits go through it.
//!
//! A [`Journal`] is what a long run has found so far: another goes on from it, bit for bit.
//!
//! `model` is how least squares see residuals, `line_search` how far to go, `problem` how terms are run on tapes.

mod blend;
mod collision;
mod constraints;
mod covering;
mod descent;
mod equilibrium;
mod grow;
mod grown;
mod journal;
mod kind;
mod least_change;
mod least_squares;
mod line_search;
mod model;
mod multipliers;
mod objective;
mod part;
mod problem;
mod program;
mod quasi_newton;
mod robust;
mod schedule;
#[cfg(feature = "images")]
mod silhouettes;
mod space;
mod starts;
mod target;
mod term;
mod training;
mod training_run;
mod tries;
#[cfg(feature = "images")]
mod views;

pub use collision::CollisionFormat;
pub use constraints::{Conflict, Constraints, Linearised, Redundant};
pub use covering::Covering;
pub use descent::{Descent, Rule};
pub use equilibrium::{Equilibrium, Rest, Stability};
pub use grow::{Grown, Growth};
pub use journal::{Journal, JournalWatch};
pub use kind::PartKind;
pub use least_change::{Equation, Freedom, least_change};
pub use least_squares::{LeastSquares, ResidualFn, Residuals};
pub use model::{Factor, Model};
pub use objective::{Ended, Objective, Progress, Solution, UNBOUNDED, Watch};
pub use part::Part;
pub use problem::Fit;
pub use quasi_newton::QuasiNewton;
pub use robust::Robust;
pub use schedule::{Decay, Schedule};
#[cfg(feature = "images")]
pub use silhouettes::{SilhouetteTarget, SilhouetteTerm};
pub use starts::{best_of, near, starts};
pub use target::Target;
pub use term::Term;
pub use training::{Trained, Training};
pub use training_run::TrainingRun;
pub use tries::Tries;
#[cfg(feature = "images")]
pub use views::Views;
