//! A tape's values at scattered places: pruned for boxes about groups of them, and run on blocks.

use crate::number::{Intervals, Lanes};
use crate::tape::{Asked, BOXES, Block, Boxes, Slopes, Tape};
use glam::Vec3;
use rayon::prelude::*;
use std::ops::Range;

/// How many places are looked at with one pruned tape.
const GROUP: usize = 1024;

/// How many places have their slopes found with one tape, where that is pruned further.
const FEW: usize = 64;

/// How many places are one thread's work: a group for each of the boxes that are bounded together.
pub(super) const TOGETHER: usize = GROUP * BOXES;

/// Tapes as short as this are not pruned.
const SHORT: usize = 12;

/// The outputs of a tape at places, an output at a time; neighbours had best stand together. The time is fixed in the
/// tape. The same bits for any number of threads.
pub(super) fn values_at(tape: &Tape, places: &[Vec3]) -> Vec<Vec<f32>> {
    let found: Vec<Vec<Vec<f32>>> = places
        .par_chunks(TOGETHER)
        .map_init(Boxes::default, |boxes, chunk| over(tape, chunk, boxes))
        .collect();
    (0..tape.output_count())
        .map(|output| found.iter().flat_map(|found| &found[output]).copied().collect())
        .collect()
}

/// The same of at most `TOGETHER` places, by this thread alone.
pub(super) fn over(tape: &Tape, places: &[Vec3], boxes: &mut Boxes) -> Vec<Vec<f32>> {
    let mut values = vec![vec![0.0; places.len()]; tape.output_count()];
    let levels = std::slice::from_mut(boxes);
    within(tape, places, 0..places.len(), GROUP, levels, &mut |tape, range| {
        let columns = columns(&places[range.clone()]);
        let mut parts: Vec<&mut [f32]> = values.iter_mut().map(|values| &mut values[range.clone()]).collect();
        Block::new(tape).eval(columns.each_ref().map(Vec::as_slice), &mut parts);
    });
    values
}

/// The x, the y and the z of places.
fn columns(places: &[Vec3]) -> [Vec<f32>; 3] {
    [0, 1, 2].map(|axis| places.iter().map(|place| place[axis]).collect())
}

/// The derivatives in space of a tape's first output at places; neighbours had best stand together. The time is fixed
/// in the tape. The same bits for any number of threads.
pub(super) fn slopes_at(tape: &Tape, places: &[Vec3]) -> Vec<[f32; 3]> {
    let found = |(levels, slopes): &mut ([Boxes; 2], Slopes), places: &[Vec3]| {
        let mut found = vec![[0.0; 3]; places.len()];
        within(tape, places, 0..places.len(), GROUP, levels, &mut |tape, range| {
            let columns = columns(&places[range.clone()]);
            slopes.eval(tape, columns.each_ref().map(Vec::as_slice), &mut found[range]);
        });
        found
    };
    places.par_chunks(TOGETHER).map_init(Default::default, found).flatten_iter().collect()
}

/// Gives `work` groups of some places, of at most `size`, with what of a tape is enough there; and where there are more
/// `levels`, groups within those groups.
fn within(
    tape: &Tape,
    places: &[Vec3],
    range: Range<usize>,
    size: usize,
    levels: &mut [Boxes],
    work: &mut dyn FnMut(&Tape, Range<usize>),
) {
    let Some((boxes, finer)) = levels.split_first_mut().filter(|_| tape.len() > SHORT) else {
        return work(tape, range);
    };
    let end = range.end;
    let group = |lane: usize| {
        let start = range.start + lane * size;
        start.min(end)..(start + size).min(end)
    };
    let count = range.len().div_ceil(size);
    let about = |lane: usize| {
        let places = places[group(lane)].iter().copied();
        let least = places.clone().reduce(Vec3::min).unwrap_or_default();
        [least, places.reduce(Vec3::max).unwrap_or_default()]
    };
    look(tape, &(0..count).map(about).collect::<Vec<_>>(), boxes);
    for lane in 0..count {
        let pruned = enough(tape, lane, boxes);
        within(pruned.as_ref().unwrap_or(tape), places, group(lane), FEW, finer, work);
    }
}

/// Looks at a tape over boxes of space, up to sixteen.
pub(crate) fn look(tape: &Tape, within: &[[Vec3; 2]], boxes: &mut Boxes) {
    let (mut low, mut high) = ([[0.0; BOXES]; 3], [[0.0; BOXES]; 3]);
    for lane in 0..BOXES {
        // The last again, where there are fewer.
        let [least, most] = within.get(lane).or(within.last()).copied().unwrap_or_default();
        for axis in 0..3 {
            (low[axis][lane], high[axis][lane]) = (least[axis], most[axis]);
        }
    }
    let [x, y, z] = [0, 1, 2].map(|axis| Intervals::new(Lanes(low[axis]), Lanes(high[axis])));
    let still = Lanes([0.0; BOXES]);
    boxes.over(tape, [x, y, z, Intervals::new(still, still)]);
}

/// The shorter tape that is enough in one of the boxes that were looked at; none where it is hardly shorter.
pub(crate) fn enough(tape: &Tape, lane: usize, boxes: &mut Boxes) -> Option<Tape> {
    boxes.prune(tape, lane, Asked::Value, tape.len() * 3 / 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[test]
    fn values_are_those_of_the_whole_tape() {
        let balls =
            (0..30).map(|i| sphere(0.2).translate([0.3 * f64::from(i) - 4.0, 0.1 * f64::from(i % 7), 0.0]));
        let field = union(balls.collect::<Vec<_>>());
        let fields = [field.clone(), field.gradient()[0].clone()];
        let tape = Tape::new(&fields).unwrap().fixed([None, None, None, Some(0.0)]);
        let places: Vec<Vec3> = (0..9000)
            .map(|i| Vec3::new((i / 90) as f32 * 0.1 - 5.0, (i % 90) as f32 * 0.02, (i % 3) as f32 * 0.1))
            .collect();
        let found = values_at(&tape, &places);
        let columns = [0, 1, 2].map(|axis| places.iter().map(|place| place[axis]).collect::<Vec<f32>>());
        let mut whole = vec![vec![0.0; places.len()]; 2];
        let mut parts: Vec<&mut [f32]> = whole.iter_mut().map(Vec::as_mut_slice).collect();
        Block::new(&tape).eval(columns.each_ref().map(Vec::as_slice), &mut parts);
        assert!(found == whole);
        assert!(values_at(&tape, &[]).iter().all(Vec::is_empty));
        let slopes = slopes_at(&tape, &places);
        assert!(slopes.iter().zip(&found[1]).all(|(slope, &x)| (slope[0] - x).abs() < 1e-6));
        assert!(slopes_at(&tape, &[]).is_empty());
    }
}
