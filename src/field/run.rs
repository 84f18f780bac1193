//! Running a graph on numbers: the reference reading, slow and obvious.
//!
//! Each node is computed once for each place it is evaluated at. A place is a *frame*: the four coordinates as numbers,
//! with a key for each that says how it was made, so that equal places are found equal on any number type. No
//! recursion: the depth of a graph is not limited by the stack.

use super::node::{Key, KeyMap};
use super::size::{spend, spent};
use super::{Axis, Field, Kind, Parameter};
use crate::error::{Error, Result};
use crate::number::{Interval, Real};
use std::collections::HashMap;

/// The most node evaluations one run may make: a remap repeated 60 times over doubles the work each time.
///
/// A field of more is refused before it is read. So many take about a second to be written out, and 300 MB: see
/// `tests/hostile.rs`.
pub const MAX_RUN: usize = 1 << 20;

pub(super) struct Frame<R> {
    values: [R; 4],
    keys: [Key; 4],
}

/// What a run knows: every frame it came through, and the value of every node it came to in each.
pub(super) struct Known<R> {
    frames: Vec<Frame<R>>,
    frame_of: HashMap<[Key; 4], usize>,
    values: KeyMap<R>,
}

impl<R: Real> Known<R> {
    /// The value of a node in a frame; none where the run had no use for it.
    pub(super) fn value(&self, field: &Field, frame: usize) -> Option<&R> {
        self.values.get(&place_key(field, &self.frames[frame]))
    }

    /// The frame a remap's child is evaluated in, where the remap itself is in another.
    pub(super) fn inner(&self, remap: &Field, frame: usize) -> Option<usize> {
        self.frame_of.get(&inner_keys(remap, &self.frames[frame])).copied()
    }

    /// The coordinates of a frame.
    pub(super) fn coordinates(&self, frame: usize) -> &[R; 4] {
        &self.frames[frame].values
    }
}

/// The keys of the coordinates a remap gives its child.
fn inner_keys<R>(remap: &Field, outer: &Frame<R>) -> [Key; 4] {
    let (child, to) = (&remap.parents()[0], &remap.parents()[1..]);
    Axis::ALL.map(|axis| {
        let i = axis as usize;
        match to[i].kind() {
            _ if !child.reads().has(axis) => outer.keys[i],
            // A bare coordinate moved nowhere is the frame's own.
            Kind::Coordinate(own) => outer.keys[*own as usize],
            _ => place_key(&to[i], outer),
        }
    })
}

enum RunStep<'a> {
    /// Have the node's value in the frame.
    Visit(&'a Field, usize),
    /// Its parents are there: apply it.
    Apply(&'a Field, usize),
    /// A remap whose coordinates are there: go into the child's frame.
    Enter(&'a Field, usize),
    /// The child is there: it is the remap's value.
    Leave(&'a Field, usize, usize),
}

/// The key of a node in a frame: what it computes there. Nodes that declare a parameter differently are not one.
fn place_key<R>(field: &Field, frame: &Frame<R>) -> Key {
    let reads = field.reads();
    let read = Axis::ALL.into_iter().filter(|&axis| reads.has(axis));
    read.fold(field.stamp(), |key, axis| key.join(frame.keys[axis as usize]))
}

/// Runs several fields at one place; equal parts are computed once. An error names a parameter that is declared twice,
/// with different values.
///
/// `seen` is shown each node at its first evaluation.
pub(crate) fn run<'a, R: Real>(
    outputs: &'a [Field],
    at: [R; 4],
    parameter: impl FnMut(&Parameter) -> R,
    seen: impl FnMut(&'a Field, &R),
) -> Result<Vec<R>> {
    let known = run_keeping(outputs, at, parameter, seen)?;
    let root = &known.frames[0];
    Ok(outputs.iter().map(|output| known.values[&place_key(output, root)].clone()).collect())
}

/// The same, and all that was found on the way.
pub(super) fn run_keeping<'a, R: Real>(
    outputs: &'a [Field],
    at: [R; 4],
    mut parameter: impl FnMut(&Parameter) -> R,
    mut seen: impl FnMut(&'a Field, &R),
) -> Result<Known<R>> {
    for output in outputs {
        output.check()?;
        output.check_size(MAX_RUN)?;
    }
    let root = Frame { values: at, keys: Axis::ALL.map(|axis| Field::coordinate(axis).key()) };
    let mut frame_of: HashMap<[Key; 4], usize> = HashMap::from([(root.keys, 0)]);
    let mut frames = vec![root];
    let mut known: KeyMap<R> = KeyMap::default();
    let mut declared: KeyMap<Key> = KeyMap::default();
    let mut steps: Vec<RunStep> = outputs.iter().rev().map(|output| RunStep::Visit(output, 0)).collect();
    while let Some(step) = steps.pop() {
        match step {
            RunStep::Visit(field, frame) => {
                if known.contains_key(&place_key(field, &frames[frame])) {
                    continue;
                }
                if matches!(field.kind(), Kind::Remap) {
                    steps.push(RunStep::Enter(field, frame));
                    let (child, to) = (&field.parents()[0], &field.parents()[1..]);
                    let read = Axis::ALL.into_iter().filter(|&axis| child.reads().has(axis));
                    steps.extend(read.map(|axis| RunStep::Visit(&to[axis as usize], frame)));
                } else {
                    steps.push(RunStep::Apply(field, frame));
                    steps.extend(field.parents().iter().rev().map(|parent| RunStep::Visit(parent, frame)));
                }
            }
            RunStep::Apply(field, frame) => {
                if let Kind::Parameter(parameter) = field.kind()
                    && *declared.entry(field.key()).or_insert(field.stamp()) != field.stamp()
                {
                    return Err(Error::ParameterConflict(parameter.name().into()));
                }
                let frame = &frames[frame];
                let leaf = |field: &Field| match field.kind() {
                    Kind::Constant(value) => R::constant(*value),
                    Kind::Coordinate(axis) => frame.values[*axis as usize].clone(),
                    Kind::Parameter(p) => parameter(p),
                    _ => unreachable!("not a leaf"),
                };
                let arg = |i: usize| known[&place_key(&field.parents()[i], frame)].clone();
                let value = field.apply(leaf, arg);
                seen(field, &value);
                known.insert(place_key(field, frame), value);
                // The size of a field is not known to the last evaluation.
                if known.len() > MAX_RUN + MAX_RUN / 2 {
                    return Err(Error::TooLarge { limit: MAX_RUN });
                }
                if !spend(1) {
                    return Err(spent());
                }
            }
            RunStep::Enter(field, outer) => {
                let (child, to) = (&field.parents()[0], &field.parents()[1..]);
                let frame = &frames[outer];
                let values = Axis::ALL.map(|axis| match child.reads().has(axis) {
                    true => known[&place_key(&to[axis as usize], frame)].clone(),
                    false => frame.values[axis as usize].clone(),
                });
                let inner = Frame { values, keys: inner_keys(field, frame) };
                let next = frames.len();
                let inner_frame = *frame_of.entry(inner.keys).or_insert(next);
                if inner_frame == next {
                    frames.push(inner);
                }
                steps.push(RunStep::Leave(field, outer, inner_frame));
                steps.push(RunStep::Visit(child, inner_frame));
            }
            RunStep::Leave(field, outer, inner) => {
                let value = known[&place_key(&field.parents()[0], &frames[inner])].clone();
                seen(field, &value);
                known.insert(place_key(field, &frames[outer]), value);
            }
        }
    }
    Ok(Known { frames, frame_of, values: known })
}

/// # Evaluation
///
/// One point at a time, straight from the graph. For many points make a [`Tape`](crate::tape::Tape) once.
impl Field {
    /// Runs the field on any number type at (x, y, z, t), parameters at the values they are declared with.
    pub fn run<R: Real>(&self, at: [R; 4]) -> Result<R> {
        self.run_with(at, |parameter| R::constant(parameter.value()))
    }

    /// Runs the field on any number type, with the parameters' values given.
    pub fn run_with<R: Real>(&self, at: [R; 4], parameter: impl FnMut(&Parameter) -> R) -> Result<R> {
        let mut values = run(std::slice::from_ref(self), at, parameter, |_, _| ())?;
        Ok(values.swap_remove(0))
    }

    /// The value at (x, y, z, t): the reference every other reading is checked against.
    ///
    /// It goes through the graph anew at each call: for more than a few points make a tape once, and read that
    /// ([`Tape::eval`](crate::tape::Tape::eval), of [`Field::tape`]).
    pub fn value_at(&self, at: [f64; 4]) -> Result<f64> {
        self.run(at)
    }

    /// A bound on the values over a box of space and time.
    pub fn bound_over(&self, over: [Interval; 4]) -> Result<Interval> {
        self.run(over)
    }
}
