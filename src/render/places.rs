//! A tape's values at scattered places: pruned for boxes about groups of them, and run on blocks.

use crate::number::{Intervals, Lanes};
use crate::tape::{Asked, BOXES, Block, Boxes, Tape};
use crate::task;
use glam::Vec3;
use rayon::prelude::*;

/// How many places are looked at with one pruned tape.
const GROUP: usize = 1024;

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
    if task::is_given_up() {
        return values;
    }
    let prunes = tape.cost() > SHORT;
    if prunes {
        let about = |places: &[Vec3]| {
            let (first, places) = (places[0], places.iter().copied());
            [places.clone().fold(first, Vec3::min), places.fold(first, Vec3::max)]
        };
        look(tape, &places.chunks(GROUP).map(about).collect::<Vec<_>>(), boxes);
    }
    for (lane, group) in places.chunks(GROUP).enumerate() {
        let pruned = if prunes { enough(tape, lane, boxes) } else { None };
        let columns = [0, 1, 2].map(|axis| group.iter().map(|place| place[axis]).collect::<Vec<f32>>());
        let range = lane * GROUP..lane * GROUP + group.len();
        let mut parts: Vec<&mut [f32]> = values.iter_mut().map(|values| &mut values[range.clone()]).collect();
        let mut block = Block::new(pruned.as_ref().unwrap_or(tape));
        block.eval(columns.each_ref().map(Vec::as_slice), &mut parts);
    }
    values
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
    }
}
