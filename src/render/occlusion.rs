//! Ambient occlusion: how open the sky is above a surface, told from the field along its normal.
//!
//! Over an open plane the field rises as fast as one leaves it; what it lacks is what stands around (A. Evans, "Fast
//! approximations for global illumination on dynamic scenes", 2006).

use super::places::{self, TOGETHER};
use crate::tape::{Boxes, Tape};
use glam::Vec3;
use rayon::prelude::*;

/// Where on a normal the field is looked at, as parts of how far occlusion reaches, and how much each counts.
pub(crate) const LOOKS: [(f32, f32); 5] = [(0.06, 0.24), (0.15, 0.24), (0.32, 0.2), (0.6, 0.17), (1.0, 0.15)];

/// A place on a surface: its normal, and how steep the field is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stand {
    pub place: Vec3,
    pub normal: Vec3,
    pub slope: f32,
}

/// How open it is above places, 0 to 1; neighbours had best stand together. The time is fixed in the tape.
pub(super) fn openness(tape: &Tape, stands: &[Stand], reach: f32) -> Vec<f32> {
    let chunks = stands.par_chunks(TOGETHER / LOOKS.len());
    chunks.map_init(Boxes::default, |boxes, chunk| over(tape, chunk, reach, boxes)).flatten_iter().collect()
}

fn over(tape: &Tape, stands: &[Stand], reach: f32, boxes: &mut Boxes) -> Vec<f32> {
    let looks = |stand: &Stand| LOOKS.map(|(far, _)| stand.place + stand.normal * (far * reach));
    let places: Vec<Vec3> = stands.iter().flat_map(looks).collect();
    let values = &places::over(tape, &places, boxes)[0];
    let open = |(stand, values): (&Stand, &[f32])| {
        let lack = LOOKS.iter().zip(values).map(|(&(far, weight), value)| {
            // A field that is no distance is read as one, by its slope here.
            let risen = (value / (stand.slope.max(1e-6) * far * reach)).clamp(0.0, 1.0);
            weight * (1.0 - risen)
        });
        1.0 - lack.sum::<f32>()
    };
    stands.iter().zip(values.chunks(LOOKS.len())).map(open).collect()
}
