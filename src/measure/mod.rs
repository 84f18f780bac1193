//! What can be asked of a solid {f ≤ 0}: a file a question, each a method on [`Field`](crate::Field), and some on
//! `Tape` too, which has its parameters at whatever values.
//! Uses numbers, fields and tapes.
//!
//! [`bounds`] says where it is, [`lipschitz`] how steep its field is, [`hit`] where a ray meets it, [`quadrature`] how
//! large and heavy it is, [`closest`] which of its points is nearest, [`motion`] and [`contact`] how it moves, and
//! [`events`] when its pieces appear, join, part and vanish.
//! Answers rest on intervals: each says what is guaranteed, and what is only as good as rounding or a budget.

/// What a search queues is equal where neither comes first: `Ord` says it all, and a heap needs the rest.
macro_rules! ranked {
    ($type:ident) => {
        impl PartialOrd for $type {
            fn partial_cmp(&self, other: &$type) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Eq for $type {}

        impl PartialEq for $type {
            fn eq(&self, other: &$type) -> bool {
                self.cmp(other) == Ordering::Equal
            }
        }
    };
}

pub mod bounds;
mod cell;
pub(crate) mod claims;
mod clip;
pub mod closest;
pub(crate) mod cone;
pub mod contact;
pub mod events;
mod far;
pub mod hit;
pub mod lipschitz;
mod looker;
pub mod motion;
pub mod quadrature;
mod slope;

pub use bounds::Bounds;
pub use contact::{Contact, first_contact};
pub use events::{Event, Events, TopologyChange};
pub use hit::{Hit, Ray};
pub use quadrature::{Estimate, Measures};

use crate::error::{Error, Place};
use crate::number::Interval;
use crate::tape::{Asked, Tape, Tracer};
use std::sync::Arc;

/// A part of space and time.
type Region = [Interval; 4];

/// The two halves of a part along one axis.
fn halves(of: Region, axis: usize) -> [Region; 2] {
    let (side, middle) = (of[axis], of[axis].middle());
    [(side.lo(), middle), (middle, side.hi())].map(|(lo, hi)| {
        let mut half = of;
        half[axis] = Interval::new(lo, hi);
        half
    })
}

/// Bounds on a tape's outputs over a part, and the tape that is enough there where it is shorter.
fn look(tape: &Arc<Tape>, part: Region) -> (Vec<Interval>, Arc<Tape>) {
    let mut tracer = Tracer::new(tape);
    let outputs = tracer.over(part).to_vec();
    (outputs, tracer.prune(Asked::Value).map_or(tape.clone(), Arc::new))
}

/// Bounds on a tape's first output over a part, and the tape that is enough there, with fewer kinks where it can be: for
/// bounds, since it is rounded otherwise.
fn look_straight(tape: &Arc<Tape>, part: Region) -> (Interval, Arc<Tape>) {
    let mut tracer = Tracer::new(tape);
    let found = tracer.over(part)[0];
    (found, tracer.prune(Asked::Value).map_or_else(|| tape.clone(), |pruned| Arc::new(pruned.straightened())))
}

/// The centre of a part.
fn centre(of: Region) -> [f64; 4] {
    of.map(Interval::middle)
}

/// An argument a question cannot use.
#[track_caller]
fn unusable(function: &str, argument: &str, problem: impl Into<String>) -> Error {
    Error::Argument {
        function: function.into(),
        argument: argument.into(),
        problem: problem.into(),
        place: Place::caller(),
    }
}
