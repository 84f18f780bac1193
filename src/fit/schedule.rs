//! How the rate of a descent changes from step to step.

use std::f64::consts::PI;

/// How a rate goes on after its warm-up: each gives the part of the full rate at a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Decay {
    /// It stays.
    #[default]
    Constant,
    /// Down to a part of it along half a wave of the cosine, over so many steps.
    Cosine {
        /// How many steps it takes.
        steps: usize,
        /// The part that is left at the end.
        to: f64,
    },
    /// By a factor every so many steps.
    Step {
        /// After how many steps.
        every: usize,
        /// The factor.
        by: f64,
    },
}

/// A rate over the steps of a descent.
///
/// ```
/// use fieldgrad::fit::{Decay, Schedule};
///
/// let schedule = Schedule::new(0.1).with_warm_up(10).with_decay(Decay::Cosine { steps: 100, to: 0.01 });
/// assert_eq!(schedule.rate(4), 0.05);
/// assert_eq!(schedule.rate(10), 0.1);
/// assert!((schedule.rate(110) - 0.001).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    rate: f64,
    warm_up: usize,
    decay: Decay,
}

impl Schedule {
    /// A rate that stays.
    pub fn new(rate: f64) -> Schedule {
        Schedule { rate, warm_up: 0, decay: Decay::Constant }
    }

    /// The same, reached in equal parts over so many steps.
    pub fn with_warm_up(self, steps: usize) -> Schedule {
        Schedule { warm_up: steps, ..self }
    }

    /// The same, decaying from there on.
    pub fn with_decay(self, decay: Decay) -> Schedule {
        Schedule { decay, ..self }
    }

    /// The rate of a step, counted from 0.
    pub fn rate(&self, step: usize) -> f64 {
        if step < self.warm_up {
            return self.rate * (step + 1) as f64 / self.warm_up as f64;
        }
        let step = step - self.warm_up;
        let part = match self.decay {
            Decay::Constant => 1.0,
            Decay::Cosine { steps, to } => {
                let gone = step.min(steps) as f64 / steps.max(1) as f64;
                to + (1.0 - to) * 0.5 * (1.0 + (PI * gone).cos())
            }
            Decay::Step { every, by } => by.powi((step / every.max(1)).min(i32::MAX as usize) as i32),
        };
        self.rate * part
    }
}

impl From<f64> for Schedule {
    fn from(rate: f64) -> Schedule {
        Schedule::new(rate)
    }
}
