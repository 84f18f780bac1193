//! What people compose: solids, plane figures, combining, placing and warping, motion in time.
//! Uses numbers, fields, and tapes (a swept volume searches one).
//!
//! Each function is declared once (see [`mod@catalogue`]) and returns a labelled [`Field`](crate::Field). Its text says
//! whether the field is the exact distance, a bound, or neither.

#[macro_use]
pub mod catalogue;
pub mod arguments;
mod bezier;
pub mod blend;
pub mod combine;
pub mod curve;
pub mod dynamic;
mod ellipse;
pub mod grid;
pub mod into_space;
pub mod lattice;
pub mod motion;
pub mod noise;
mod orders;
mod outline;
mod parts;
pub mod place;
pub mod plane;
pub mod polyhedron;
mod saved;
pub mod solid;
mod sweep;
mod text;
pub mod time;
pub mod warp;

pub use arguments::*;
pub use blend::*;
pub(crate) use catalogue::Call;
pub use catalogue::{Claim, Entry, Joins, catalogue};
pub use combine::*;
pub use curve::*;
pub use dynamic::{Argument, ArgumentKind};
pub use lattice::*;
pub use motion::*;
pub use noise::*;
pub use parts::Parts;
pub use plane::*;
pub use polyhedron::*;
pub use solid::*;

const GROUPS: &[&[Entry]] = &[
    solid::ENTRIES,
    polyhedron::ENTRIES,
    curve::ENTRIES,
    lattice::ENTRIES,
    plane::ENTRIES,
    into_space::ENTRIES,
    combine::ENTRIES,
    blend::ENTRIES,
    place::ENTRIES,
    warp::ENTRIES,
    noise::ENTRIES,
    motion::ENTRIES,
    time::ENTRIES,
];

/// What the tests of several kinds of solid ask with.
#[cfg(test)]
mod testing {
    use crate::field::Field;

    /// The value at a point of space, at time 0.
    pub(super) fn value(field: &Field, [x, y, z]: [f64; 3]) -> f64 {
        field.value_at([x, y, z, 0.0]).unwrap()
    }

    /// Equal but for rounding.
    #[track_caller]
    pub(super) fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
    }
}

#[cfg(test)]
mod tests {
    use super::catalogue;

    /// What a reading takes is known beforehand: about the lines of a tape, and not many times as much.
    #[test]
    fn the_size_of_every_shape_is_known() {
        for entry in catalogue() {
            let field = (entry.sample)();
            let lines = field.tape().unwrap().len();
            let (name, most) = (entry.name, 4 * lines + 20);
            assert!(field.check_size(most).is_ok(), "{name}: more than {most}, and has {lines} lines");
            // What depends on time alone is not counted behind a remap.
            assert!(lines < 4 || field.check_size(lines / 2 - 1).is_err(), "{name} has {lines} lines");
        }
    }
}
