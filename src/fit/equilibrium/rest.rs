//! A place where an energy settles, as it is told.

use nalgebra::DMatrix;

/// Where an energy settles.
#[derive(Clone, Debug, PartialEq)]
pub struct Rest {
    /// The names of what settled, in the order in which they were given.
    pub names: Vec<String>,
    /// Its values.
    pub at: Vec<f64>,
    /// The energy there.
    pub energy: f64,
    /// How hard each constraint pushes along its own derivative: the energy's derivative in the end that holds it. Positive where it
    /// is held from below, negative from above, and 0 where it does not touch.
    pub forces: Vec<f64>,
    /// Whether it stays there.
    pub stability: Stability,
    /// The constraints that touch without a push: whether they hold on decides between two derivatives.
    pub grazing: Vec<usize>,
    /// The parameters that did not settle.
    pub parameters: Vec<String>,
    /// The derivatives in each of these of all that settled; none where the place is not a function of them.
    pub(super) derivatives: Option<DMatrix<f64>>,
}

/// The effect of a small push on a thing that rests.
#[derive(Clone, Debug, PartialEq)]
pub enum Stability {
    /// It comes back: the energy rises along every free way.
    Stable,
    /// Along this way the energy neither rises nor falls to second order: it stays wherever it is put, or creeps off.
    Indifferent(Vec<f64>),
    /// It leaves along this way, along which the energy falls.
    Unstable(Vec<f64>),
    /// The energy or a contact has a kink here, of which derivatives say nothing; or contacts that touch without a push may be what
    /// keeps it.
    Undecided,
}

impl Rest {
    /// Whether it comes back from any small push.
    pub fn is_stable(&self) -> bool {
        self.stability == Stability::Stable
    }

    /// The derivative of all that settled in a parameter that did not. None where there is no such parameter, or no derivative:
    /// where the place is indifferent or at a kink, contacts are redundant and would part, or one grazes.
    pub fn derivative(&self, name: &str) -> Option<Vec<f64>> {
        let place = self.parameters.iter().position(|own| own == name)?;
        let derivatives = self.derivatives.as_ref()?;
        Some(derivatives.column(place).iter().copied().collect())
    }
}
