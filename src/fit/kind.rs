//! The kinds of solid that a part may be kept to.

use super::part::{NUMBERS, RANGES};

/// The solid that a part is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PartKind {
    /// A rounded box, tapered and bent, and blended with others: thirteen numbers.
    #[default]
    Any,
    /// A sphere: four numbers.
    Sphere,
    /// All that is within a radius of a segment: seven numbers.
    Capsule,
    /// A box with sharp edges, turned: nine numbers.
    Box,
}

/// Which numbers of a part one of its kind's own numbers moves, and how far each.
type Moves = &'static [(usize, f64)];

const RADIUS: Moves = &[(3, 2.0), (4, 2.0), (5, 2.0), (9, 1.0)];
const ANY: &[Moves; NUMBERS] = &[
    &[(0, 1.0)],
    &[(1, 1.0)],
    &[(2, 1.0)],
    &[(3, 1.0)],
    &[(4, 1.0)],
    &[(5, 1.0)],
    &[(6, 1.0)],
    &[(7, 1.0)],
    &[(8, 1.0)],
    &[(9, 1.0)],
    &[(10, 1.0)],
    &[(11, 1.0)],
    &[(12, 1.0)],
];
/// Its length is added to a ball's sides, along its own y; a turn about its axis says nothing.
const CAPSULE: &[Moves; 7] = &[ANY[0], ANY[1], ANY[2], RADIUS, ANY[4], ANY[7], ANY[8]];
const SPHERE: &[Moves; 4] = &[ANY[0], ANY[1], ANY[2], RADIUS];
const BOX: &[Moves; 9] = &[ANY[0], ANY[1], ANY[2], ANY[3], ANY[4], ANY[5], ANY[6], ANY[7], ANY[8]];

impl PartKind {
    /// How its own numbers make those of a part, which are linear in them: all others are 0.
    pub(super) fn moves(self) -> &'static [Moves] {
        match self {
            PartKind::Any => ANY,
            PartKind::Sphere => SPHERE,
            PartKind::Capsule => CAPSULE,
            PartKind::Box => BOX,
        }
    }

    /// How many numbers of its own it has.
    pub fn numbers(self) -> usize {
        self.moves().len()
    }

    /// The numbers of a part of its own numbers.
    pub(super) fn part_of(self, own: &[f64]) -> [f64; NUMBERS] {
        let mut part = [0.0; NUMBERS];
        for (number, moves) in own.iter().zip(self.moves()) {
            moves.iter().for_each(|&(place, by)| part[place] += by * number);
        }
        part
    }

    /// Its own numbers, within their ranges, of the part of this kind that is about as large as another.
    pub(super) fn own_of(self, part: &[f64]) -> Vec<f64> {
        let own = match self {
            PartKind::Any => part.to_vec(),
            PartKind::Sphere => {
                let r = 0.5 * (part[3] * part[4] * part[5]).cbrt();
                vec![part[0], part[1], part[2], r]
            }
            PartKind::Capsule => {
                let r = 0.5 * (part[3] * part[5]).sqrt();
                vec![part[0], part[1], part[2], r, part[4] - 2.0 * r, part[7], part[8]]
            }
            PartKind::Box => part[..9].to_vec(),
        };
        own.into_iter().zip(self.ranges()).map(|(number, (low, high))| number.clamp(low, high)).collect()
    }

    /// The ranges of its own numbers, where the size of the whole is 1.
    pub(super) fn ranges(self) -> Vec<(f64, f64)> {
        let (radius, length) = ((1e-3, 1.0), (0.0, RANGES[4].1));
        match self {
            PartKind::Any => RANGES.to_vec(),
            PartKind::Sphere => [&RANGES[..3], &[radius]].concat(),
            PartKind::Capsule => [&RANGES[..3], &[radius, length], &RANGES[7..9]].concat(),
            PartKind::Box => RANGES[..9].to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_kind_has_that_kinds_numbers() {
        for kind in [PartKind::Any, PartKind::Sphere, PartKind::Capsule, PartKind::Box] {
            let own: Vec<f64> = (0..kind.numbers()).map(|n| 0.01 + 0.007 * n as f64).collect();
            let again = kind.own_of(&kind.part_of(&own));
            assert_eq!(kind.ranges().len(), own.len());
            assert!(own.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-12), "{kind:?}: {again:?}");
        }
    }
}
