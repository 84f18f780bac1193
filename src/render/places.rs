//! A tape's values, or a field's slopes, at scattered places: pruned for boxes about groups of them.

use crate::number::{Dual, Intervals, Lanes};
use crate::tape::{Asked, BOXES, Block, Boxes, Tape, Wide};
use glam::Vec3;
use rayon::prelude::*;
use std::ops::Range;

/// How many places are looked at with one pruned tape, where that is run on blocks.
const GROUP: usize = 1024;

/// How many places are one thread's work: a group for each of the boxes that are bounded together.
pub(super) const TOGETHER: usize = GROUP * BOXES;

/// How many places have their slopes found with one pruned tape.
const FEW: usize = 64;

/// Tapes as short as this are not pruned further.
const SHORT: usize = 12;

/// How many places have their slopes found at once.
const WIDTH: usize = 16;

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
    let boxes = std::slice::from_mut(boxes);
    within(tape, places, 0..places.len(), GROUP, boxes, &mut |tape, range| {
        let group = &places[range.clone()];
        let columns = [0, 1, 2].map(|axis| group.iter().map(|place| place[axis]).collect::<Vec<f32>>());
        let mut parts: Vec<&mut [f32]> = values.iter_mut().map(|values| &mut values[range.clone()]).collect();
        Block::new(tape).eval(columns.each_ref().map(Vec::as_slice), &mut parts);
    });
    values
}

/// The derivatives in space of a tape's first output where `place` says that things are; neighbours had best stand
/// together. The time is fixed in the tape. The same bits for any number of threads.
pub(super) fn slopes_at<T: Sync>(tape: &Tape, things: &[T], place: impl Fn(&T) -> Vec3 + Sync) -> Vec<Vec3> {
    let slopes = |(levels, wide, places): &mut ([Boxes; 2], Wide<Slope>, Vec<Vec3>), things: &[T]| {
        places.clear();
        places.extend(things.iter().map(&place));
        let mut slopes = vec![Vec3::ZERO; places.len()];
        within(tape, places, 0..places.len(), GROUP, levels, &mut |tape, range| {
            steep(tape, &places[range.clone()], wide, &mut slopes[range]);
        });
        slopes
    };
    things.par_chunks(TOGETHER).map_init(Default::default, slopes).flatten_iter().collect()
}

/// A value at some places with its derivatives in space.
type Slope = Dual<Lanes<WIDTH>, 3>;

/// The slopes of a tape's first output at places.
fn steep(tape: &Tape, places: &[Vec3], wide: &mut Wide<Slope>, slopes: &mut [Vec3]) {
    for (n, (places, slopes)) in places.chunks(WIDTH).zip(slopes.chunks_mut(WIDTH)).enumerate() {
        // The first again, where there are fewer.
        let (mut x, mut y, mut z) = ([places[0].x; WIDTH], [places[0].y; WIDTH], [places[0].z; WIDTH]);
        for (lane, place) in places.iter().enumerate() {
            (x[lane], y[lane], z[lane]) = (place.x, place.y, place.z);
        }
        let still = Dual::fixed(Lanes([0.0; WIDTH]));
        let [x, y, z] = Dual::variables([Lanes(x), Lanes(y), Lanes(z)]);
        if n == 0 {
            wide.over(tape, [x, y, z, still]);
        } else {
            wide.again(tape, [x, y, z, still]);
        }
        let found = wide.output(tape, 0).slope;
        for (lane, slope) in slopes.iter_mut().enumerate() {
            *slope = Vec3::new(found[0].0[lane], found[1].0[lane], found[2].0[lane]);
        }
    }
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
        let slopes = slopes_at(&tape, &places, |&place| place);
        assert!(slopes.iter().zip(&found[1]).all(|(slope, &x)| (slope.x - x).abs() < 1e-6));
        assert!(slopes_at(&tape, &[], |&place| place).is_empty());
    }
}
