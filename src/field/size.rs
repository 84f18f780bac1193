//! How large a graph is: how many evaluations of a node it takes to read it, known beforehand; and how many nodes a
//! thread may make.
//!
//! A graph of a hundred nodes can take more readings than there are atoms: forty warps of a field by itself double what
//! is to be evaluated forty times. So each node carries how many evaluations a reading of it takes. For what is made of
//! several parts that number is their sum as long as that is small enough to be let through; it is too large where parts
//! are shared, and is then counted anew, each node once. A remap's child is counted when the remap is made, and from then
//! on weighs as much as it takes in each place it is evaluated at: so that no count looks into a remap, and none takes
//! longer than the part of the graph that is new. What two remaps share (the same child's part at the same place) is
//! counted twice, except for what does not depend on space: that is evaluated once for all places at one time.

use super::node::KeyMap;
use super::{Axis, Field, Kind};
use crate::error::{Error, Result};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many evaluations a node takes with all that it is computed from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Evaluations {
    /// All of them.
    all: u32,
    /// Those of nodes that depend on space: they are made again wherever a remap evaluates them.
    in_space: u32,
}

/// Numbers up to this are told apart: there is no reading of so many evaluations.
const MAX_COUNT: u32 = (1 << 31) - 1;

impl Evaluations {
    fn and(self, other: Evaluations) -> Evaluations {
        Evaluations {
            all: self.all.saturating_add(other.all).min(MAX_COUNT),
            in_space: self.in_space.saturating_add(other.in_space).min(MAX_COUNT),
        }
    }

    /// What a node adds to those of its parents that are evaluated where it is itself.
    fn own(kind: &Kind, parents: &[Field], reads: super::Reads) -> Evaluations {
        let all = match kind {
            Kind::Constant(_) | Kind::Coordinate(_) | Kind::Parameter(_) => 0,
            Kind::Scalar(_) | Kind::Kernel(_) => 1,
            Kind::Remap => {
                let child = parents[0].0.size.known();
                let stands = parents[1 + Axis::T as usize].is_coordinate(Axis::T);
                1 + if stands { child.in_space } else { child.all }
            }
        };
        Evaluations { all: all.min(MAX_COUNT), in_space: if reads.space() { all.min(MAX_COUNT) } else { 0 } }
    }
}

/// What a node knows of its size. It may come to know it better, but never larger.
#[derive(Debug)]
pub(super) struct NodeCount(AtomicU64);

/// Whether parts that are shared were counted once.
const COUNTED: u64 = 1 << 63;

impl NodeCount {
    /// The size of a node of those parents, as a sum.
    pub(super) fn of(kind: &Kind, parents: &[Field], reads: super::Reads) -> NodeCount {
        if let Kind::Remap = kind {
            parents[0].count();
        }
        let own = Evaluations::own(kind, parents, reads);
        let here = if let Kind::Remap = kind { &parents[1..] } else { parents };
        let sum = here.iter().fold(own, |sum, parent| sum.and(parent.0.size.known()));
        NodeCount::new(sum, sum.all <= 1)
    }

    fn new(known: Evaluations, is_counted: bool) -> NodeCount {
        NodeCount(AtomicU64::new(NodeCount::word(known, is_counted)))
    }

    fn word(known: Evaluations, is_counted: bool) -> u64 {
        u64::from(known.all) | u64::from(known.in_space) << 31 | if is_counted { COUNTED } else { 0 }
    }

    fn known(&self) -> Evaluations {
        let word = self.0.load(Ordering::Relaxed);
        Evaluations { all: word as u32 & MAX_COUNT, in_space: (word >> 31) as u32 & MAX_COUNT }
    }

    fn is_counted(&self) -> bool {
        self.0.load(Ordering::Relaxed) & COUNTED != 0
    }
}

impl Clone for NodeCount {
    fn clone(&self) -> NodeCount {
        NodeCount(AtomicU64::new(self.0.load(Ordering::Relaxed)))
    }
}

impl Field {
    /// Counts each node once, if that is not done yet: of those that are evaluated where the field itself is.
    fn count(&self) {
        if self.0.size.is_counted() {
            return;
        }
        let mut seen: KeyMap<()> = KeyMap::default();
        let mut sum = Evaluations::default();
        let mut stack = vec![self];
        while let Some(field) = stack.pop() {
            if field.parents().is_empty() || seen.insert(field.key(), ()).is_some() {
                continue;
            }
            sum = sum.and(Evaluations::own(field.kind(), field.parents(), field.reads()));
            stack.extend(match field.kind() {
                Kind::Remap => &field.parents()[1..],
                _ => field.parents(),
            });
        }
        spend(seen.len() as u64);
        self.0.size.0.store(NodeCount::word(sum, true), Ordering::Relaxed);
    }

    /// An error if a reading of the field takes more evaluations than the limit. It costs next to nothing.
    pub(crate) fn check_size(&self, limit: usize) -> Result<()> {
        if self.0.size.known().all as usize > limit {
            self.count();
        }
        match self.0.size.known().all as usize > limit {
            true => Err(Error::TooLarge { limit }),
            false => Ok(()),
        }
    }
}

thread_local! {
    /// How many more steps this thread may take: nodes made, and nodes evaluated.
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// Holds what this thread does to so many steps from here on: a node made, or evaluated, is one. What it makes beyond
/// them carries an error, and a reading beyond them is one.
pub(crate) fn allow(steps: u64) {
    LEFT.set(steps);
}

/// Takes steps. Whether there were as many left.
pub(super) fn spend(steps: u64) -> bool {
    let left = LEFT.get();
    LEFT.set(left.saturating_sub(steps));
    left >= steps
}

/// What is said where none are left.
pub(super) fn spent() -> Error {
    Error::Unsupported(
        "too many nodes are made: those of derivatives, and what is thrown away, count too".into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{length, sin, t, x, y, z};

    /// How many evaluations a reading takes, leaves not counted, by making one.
    fn found(field: &Field) -> usize {
        let mut count = 0;
        let seen = |field: &Field, _: &f64| count += usize::from(!field.parents().is_empty());
        super::super::run::run(std::slice::from_ref(field), [0.3; 4], |p| p.value(), seen).unwrap();
        count
    }

    fn counted(field: &Field) -> usize {
        field.count();
        field.0.size.known().all as usize
    }

    fn moved(field: &Field, by: impl Into<Field>) -> Field {
        field.remap([x() - by.into(), y(), z(), t()])
    }

    #[test]
    fn sizes_are_those_of_readings() {
        let ball = || length([x(), y(), z()]) - 1;
        let mut chain = ball();
        for i in 0..50 {
            chain = moved(&moved(&chain, i).min(ball()), sin(y()));
        }
        let (counted, found) = (counted(&chain), found(&chain));
        assert!((found..=2 * found).contains(&counted), "{counted}, not {found}");
    }

    #[test]
    fn what_is_shared_counts_once_and_what_is_evaluated_elsewhere_again() {
        let mut shared = x();
        for _ in 0..100 {
            shared = sin(&shared) * &shared;
        }
        assert!(shared.check_size(200).is_ok() && shared.check_size(199).is_err());
        let mut warped = sin(x());
        let mut sizes = Vec::new();
        for _ in 0..200 {
            warped = moved(&warped, &warped);
            sizes.push(counted(&warped));
        }
        assert!(sizes.windows(2).all(|pair| pair[0] < pair[1] || pair[0] == MAX_COUNT as usize), "{sizes:?}");
        assert!(sizes[3] < 60 && warped.check_size(1 << 30).is_err(), "{sizes:?}");
    }

    #[test]
    fn what_depends_on_time_alone_is_evaluated_once_for_all_places() {
        let mut clock = t();
        for _ in 0..1000 {
            clock = sin(clock);
        }
        let ball = length([x(), y(), z()]) - clock;
        let all = (0..1000).map(|i| moved(&ball, i)).reduce(|a, b| a.min(b)).unwrap();
        assert!(all.check_size(20_000).is_ok(), "{:?}", all.0.size);
    }

    #[test]
    fn a_thread_makes_no_more_than_it_is_allowed() {
        let made = std::thread::spawn(|| {
            allow(1000);
            let mut field = x();
            while field.check().is_ok() {
                field = sin(&field) + 1;
            }
            (LEFT.get(), field.check().is_err(), (x() + y()).check().is_err())
        });
        assert_eq!(made.join().unwrap(), (0, true, true));
        assert!((x() + y()).check().is_ok(), "other threads make what they like");
    }
}
