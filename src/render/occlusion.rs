//! Ambient occlusion: how open the sky is above a surface, told from the field along its normal.
//!
//! Over an open plane the field rises as fast as one leaves it; what it lacks is what stands around (A. Evans, "Fast
//! approximations for global illumination on dynamic scenes", 2006). Values are taken in blocks, by the tape pruned for
//! the box that holds them.

use crate::number::{Intervals, Lanes};
use crate::tape::{Asked, BOXES, Block, Boxes, Tape};
use glam::Vec3;
use rayon::prelude::*;

/// Where on a normal the field is looked at, as parts of how far occlusion reaches, and how much each counts.
const LOOKS: [(f32, f32); 5] = [(0.06, 0.24), (0.15, 0.24), (0.32, 0.2), (0.6, 0.17), (1.0, 0.15)];

/// How many places are looked at with one pruned tape.
const GROUP: usize = 256;

/// A place on a surface: its normal, and how steep the field is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stand {
    pub place: Vec3,
    pub normal: Vec3,
    pub slope: f32,
}

/// How open it is above places, 0 to 1; neighbours had best stand together. The time is fixed in the tape.
pub(super) fn openness(tape: &Tape, stands: &[Stand], reach: f32) -> Vec<f32> {
    let work = |chunk: &[Stand]| over(tape, chunk, reach);
    stands.par_chunks(GROUP * BOXES).flat_map_iter(work).collect()
}

fn over(tape: &Tape, stands: &[Stand], reach: f32) -> Vec<f32> {
    let groups: Vec<[Vec<f32>; 3]> = stands.chunks(GROUP).map(|group| looks(group, reach)).collect();
    let end = |axis: usize, pick: fn(f32, f32) -> f32| {
        let of = |lane: usize| groups[lane.min(groups.len() - 1)][axis].iter().copied();
        Lanes(std::array::from_fn(|lane| of(lane).reduce(pick).unwrap_or(0.0)))
    };
    let side = |axis: usize| Intervals::<BOXES>::new(end(axis, f32::min), end(axis, f32::max));
    let still = Lanes([0.0; BOXES]);
    let mut boxes: Boxes = Boxes::default();
    boxes.over(tape, [side(0), side(1), side(2), Intervals::new(still, still)]);
    let mut open = Vec::with_capacity(stands.len());
    for (lane, (group, [x, y, z])) in stands.chunks(GROUP).zip(&groups).enumerate() {
        let pruned = boxes.prune(tape, lane, Asked::Value, tape.len() * 3 / 4);
        let mut values = vec![0.0; x.len()];
        Block::new(pruned.as_ref().unwrap_or(tape)).eval([x, y, z], &mut [&mut values]);
        for (stand, values) in group.iter().zip(values.chunks(LOOKS.len())) {
            let lack = LOOKS.iter().zip(values).map(|(&(far, weight), value)| {
                // A field that is no distance is read as one, by its slope here.
                let risen = (value / (stand.slope.max(1e-6) * far * reach)).clamp(0.0, 1.0);
                weight * (1.0 - risen)
            });
            open.push(1.0 - lack.sum::<f32>());
        }
    }
    open
}

/// Where the field is looked at above some places.
fn looks(stands: &[Stand], reach: f32) -> [Vec<f32>; 3] {
    let at = |stand: &Stand, far: f32| stand.place + stand.normal * (far * reach);
    let all = || stands.iter().flat_map(move |stand| LOOKS.iter().map(move |&(far, _)| at(stand, far)));
    [all().map(|p| p.x).collect(), all().map(|p| p.y).collect(), all().map(|p| p.z).collect()]
}
