//! Regular grids of space and time: the tape pruned for ever smaller boxes, and run on blocks of points in the last.

use super::boxes::{BOXES, Boxes};
use super::prune::{Asked, Pruning};
use super::{Block, Tape};
use crate::number::{Intervals, Lanes, Real};
use crate::task;
use rayon::prelude::*;

/// Places along one axis: `count` of them, `step` apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Samples {
    /// The first.
    pub start: f64,
    /// From one to the next; may be negative.
    pub step: f64,
    /// How many.
    pub count: usize,
}

impl Samples {
    /// One place.
    pub fn one(at: f64) -> Samples {
        Samples { start: at, step: 0.0, count: 1 }
    }

    /// The middles of `count` equal parts of the way from `low` to `high`.
    pub fn middles(low: f64, high: f64, count: usize) -> Samples {
        let step = (high - low) / count as f64;
        Samples { start: low + 0.5 * step, step, count }
    }

    /// The i-th place, as the blocks take it.
    #[inline(always)]
    pub fn at(self, i: usize) -> f32 {
        (self.start + self.step * i as f64) as f32
    }
}

/// A regular grid of space and time, parallel to the axes.
///
/// ```
/// use fieldgrad::prelude::*;
/// use fieldgrad::tape::{Asked, Grid, Samples};
///
/// let pulse = sphere(0.5 + 0.2 * t().sin());
/// let side = Samples::middles(-1.0, 1.0, 64);
/// let grid = Grid { x: side, y: side, z: Samples::one(0.0), t: Samples { start: 0.0, step: 0.1, count: 10 } };
/// let values = grid.eval(&pulse.tape()?, Asked::Value).remove(0);
/// assert_eq!(values.len(), 64 * 64 * 10);
/// assert!(values[0] > 0.0 && values[64 * 32 + 32] < 0.0);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Places along x.
    pub x: Samples,
    /// Places along y.
    pub y: Samples,
    /// Places along z.
    pub z: Samples,
    /// Times.
    pub t: Samples,
}

// What things cost, in nanoseconds on the machine they were measured on (`benches/versus --only crowd`); only their
// ratios matter, and those little.

/// To run a line over sixteen boxes.
const BOX_LINE: f64 = 14.0;
/// To look at a line in pruning for one box, and to write it out and make ready for blocks if it is left.
const PRUNE_LINE: f64 = 4.0;
const KEEP_LINE: f64 = 60.0;
/// To run a line at a point.
const POINT_LINE: f64 = 0.08;

/// From how many operations on a tape is pruned for its boxes on several threads.
const LONG: usize = 1 << 9;

/// From how many points on work is shared among threads.
const SHARED: usize = 1 << 14;

/// The most points that are run together.
const LEAF: usize = 1 << 14;

impl Grid {
    /// How many points there are.
    pub fn len(&self) -> usize {
        self.axes().iter().map(|axis| axis.count).product()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tape with the axes of one place at that place.
    fn fixed(&self, tape: &Tape) -> Tape {
        tape.fixed(self.axes().map(|axis| (axis.count == 1).then(|| f64::from(axis.at(0)))))
    }

    fn axes(&self) -> [Samples; 4] {
        [self.x, self.y, self.z, self.t]
    }

    /// The tape's outputs at all points, x running fastest, then y, z and t; on all threads of the current rayon pool.
    ///
    /// The tape is [fixed](Tape::fixed) along the axes of one place, and pruned for boxes of space and time for as long
    /// as that pays. What is asked for is the same, bit for bit, as [`Block`] gives of the fixed tape at each point, and
    /// for any number of threads; where only signs are asked for, the signs alone are. Parameters are at the tape's
    /// values.
    pub fn eval(&self, tape: &Tape, asked: Asked) -> Vec<Vec<f32>> {
        let mut outputs = vec![vec![0.0; self.len()]; tape.output_count()];
        if self.is_empty() {
            return outputs;
        }
        let tape = &self.fixed(tape);
        let rows = outputs.iter_mut().map(|output| output.chunks_mut(self.x.count).collect()).collect();
        let part = GridPart { from: [0; 4], count: self.axes().map(|axis| axis.count), rows };
        let mut work =
            GridWork { axes: self.axes(), lengths: self.axes().map(|axis| axis.step.abs()), asked };
        let mut space = GridMemory::default();
        work.measure_time(tape, &mut space);
        work.descend(part, tape, 0.5, &mut space);
        outputs
    }
}

/// Some of a grid's points: a box of places, and the rows of the outputs that belong to it.
struct GridPart<'a> {
    from: [usize; 4],
    count: [usize; 4],
    /// For each output, its rows of x, one for each (y, z, t) in that order.
    rows: Vec<Vec<&'a mut [f32]>>,
}

impl<'a> GridPart<'a> {
    fn len(&self) -> usize {
        self.count.iter().product()
    }

    /// As many pieces along each axis as are said, as equal as may be.
    fn split(self, pieces: [usize; 4]) -> Vec<GridPart<'a>> {
        let GridPart { from, count, rows } = self;
        let cut = |axis: usize, piece: usize| piece * count[axis] / pieces[axis];
        let place = |part: usize| {
            let mut rest = part;
            pieces.map(|pieces| (rest % pieces, rest /= pieces).0)
        };
        let mut parts: Vec<GridPart> = (0..pieces.iter().product())
            .map(|part| {
                let (place, mut piece) = (place(part), GridPart { from, count, rows: Vec::new() });
                for axis in 0..4 {
                    piece.from[axis] += cut(axis, place[axis]);
                    piece.count[axis] = cut(axis, place[axis] + 1) - cut(axis, place[axis]);
                }
                let height = piece.count[1..].iter().product();
                piece.rows.resize_with(rows.len(), || Vec::with_capacity(height));
                piece
            })
            .collect();
        // Which pieces the rows at a place along an axis belong to.
        let piece_of: [Vec<usize>; 4] = [0, 1, 2, 3].map(|axis| {
            (0..pieces[axis]).flat_map(|p| std::iter::repeat_n(p, cut(axis, p + 1) - cut(axis, p))).collect()
        });
        for (output, rows) in rows.into_iter().enumerate() {
            let mut rows = rows.into_iter();
            for &t in &piece_of[3] {
                for &z in &piece_of[2] {
                    for (&y, mut row) in piece_of[1].iter().zip(&mut rows) {
                        let first = pieces[0] * (y + pieces[1] * (z + pieces[2] * t));
                        for part in &mut parts[first..first + pieces[0]] {
                            let (own, rest) = row.split_at_mut(part.count[0]);
                            part.rows[output].push(own);
                            row = rest;
                        }
                    }
                }
            }
        }
        parts
    }
}

/// The memory one thread works in.
#[derive(Default)]
struct GridMemory {
    boxes: Boxes,
    plan: Pruning,
    points: [Vec<f32>; 3],
    outputs: Vec<Vec<f32>>,
}

struct GridWork {
    axes: [Samples; 4],
    /// How much a step along each axis changes values, up to a common factor.
    lengths: [f64; 4],
    asked: Asked,
}

/// What is known of a part once its box has been looked at.
enum PartState {
    /// The one output's sign, and a bound that has it.
    Sign(f32),
    /// A shorter tape does.
    Shorter(Tape),
    /// The tape is as short as it gets.
    Same,
}

impl GridWork {
    /// Weighs time against space: by how much the values' bounds grow over some steps of either, at a few places.
    fn measure_time(&mut self, tape: &Tape, space: &mut GridMemory) {
        if self.axes[3].count == 1 || tape.output_count() == 0 {
            return;
        }
        // In even lanes a box of one place and several times, in odd lanes a flat one.
        let over = [0, 1, 2, 3].map(|axis| {
            let Samples { count, .. } = self.axes[axis];
            let lane = |lane: usize, steps: usize| {
                let turn = [0.618, 0.755, 0.570, 0.414][axis] * (lane / 2 + 1) as f64; // spread, but not in rows
                let first = ((turn.fract() * count as f64) as usize).min(count - 1);
                let long = (axis == 3) == lane.is_multiple_of(2);
                let last = if long { (first + count.div_ceil(16)).min(count - 1) } else { first };
                self.axes[axis].at(if steps == 0 { first } else { last })
            };
            let end = |steps: usize| Lanes(std::array::from_fn(|i| lane(i, steps)));
            let (a, b) = (end(0), end(1));
            Intervals::new(a.min(b), a.max(b))
        });
        space.boxes.over(tape, over);
        let width = |time: usize| -> f64 {
            (0..BOXES)
                .filter(|lane| lane % 2 == time)
                .map(|lane| space.boxes.output(tape, 0).lane(lane).width())
                .sum()
        };
        let steps = |axis: usize| self.axes[axis].count.div_ceil(16) as f64;
        let (across_time, across_space) = (width(0) / steps(3), width(1));
        let space_steps: f64 = (0..3)
            .filter(|&axis| self.axes[axis].count > 1)
            .map(|axis| steps(axis) * self.lengths[axis])
            .sum();
        let speed = across_time / (across_space / space_steps);
        if speed.is_finite() {
            self.lengths[3] = speed.max(f64::MIN_POSITIVE);
        }
    }

    /// Gives the part its values. `share` is how much of the tape is expected to be left in a sixteenth of the part.
    fn descend(&self, part: GridPart, tape: &Tape, share: f64, space: &mut GridMemory) {
        if task::is_given_up() {
            return;
        }
        let (points, lines) = (part.len() as f64, tape.len_per_point() as f64);
        let prunable = self.asked == Asked::Sign || tape.program.lines.iter().any(|line| line.chooses);
        let at_once = lines * (points * POINT_LINE + KEEP_LINE);
        let looked = lines * (BOX_LINE + BOXES as f64 * PRUNE_LINE) + share * at_once;
        let pays = prunable && looked < at_once;
        if !pays && part.len() <= LEAF {
            return self.run(vec![part], tape, space);
        }
        let parts = self.sixteen(part);
        if !pays {
            return self.each(parts.into_iter().map(|part| (part, None)).collect(), tape, share, space);
        }
        let most = (0.8 * tape.len() as f64) as usize;
        let mut left = Vec::new();
        let mut together: Vec<Vec<GridPart>> = Vec::new(); // by their times
        space.boxes.over(tape, self.boxes(&parts));
        let look = |(i, part): (usize, &GridPart), plan: &mut Pruning| {
            self.look(part, i, tape, most, share, &space.boxes, plan)
        };
        // Long tapes are pruned for several boxes at once: near the root there is no other work to share.
        let known: Vec<PartState> = if tape.len() >= LONG && rayon::current_num_threads() > 1 {
            parts.par_iter().enumerate().map_init(Pruning::default, |plan, part| look(part, plan)).collect()
        } else {
            parts.iter().enumerate().map(|part| look(part, &mut space.plan)).collect()
        };
        for (mut part, known) in parts.into_iter().zip(known) {
            match known {
                PartState::Sign(bound) => part.rows.iter_mut().flatten().for_each(|row| row.fill(bound)),
                PartState::Shorter(pruned) => left.push((part, Some(pruned))),
                PartState::Same if part.len() <= SMALL => {
                    match together.iter_mut().find(|parts| parts[0].from[3] == part.from[3]) {
                        Some(parts) => parts.push(part),
                        None => together.push(vec![part]),
                    }
                }
                PartState::Same => left.push((part, None)),
            }
        }
        together.into_iter().for_each(|parts| self.run(parts, tape, space));
        self.each(left, tape, share, space);
    }

    /// What is known of the i-th of the boxes looked at.
    #[expect(clippy::too_many_arguments, reason = "each is another thing")]
    fn look(
        &self,
        part: &GridPart,
        i: usize,
        tape: &Tape,
        most: usize,
        share: f64,
        boxes: &Boxes,
        plan: &mut Pruning,
    ) -> PartState {
        if self.asked == Asked::Sign && tape.output_count() == 1 {
            let bound = boxes.output(tape, 0).lane(i);
            if bound.lo() > 0.0 || bound.hi() < 0.0 {
                let nearest = if bound.lo() > 0.0 { bound.lo() } else { bound.hi() };
                return PartState::Sign(nearest.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32);
            }
        }
        // To write a shorter tape and make it ready must cost less than it saves.
        let saves = part.len() as f64 * POINT_LINE * (1.0 - share) > PRUNE_LINE + share * KEEP_LINE;
        match saves {
            true => {
                boxes.prune_by(plan, tape, i, self.asked, most).map_or(PartState::Same, PartState::Shorter)
            }
            false => PartState::Same,
        }
    }

    /// Goes on with each part, on several threads where there is work for them.
    fn each(&self, parts: Vec<(GridPart, Option<Tape>)>, tape: &Tape, share: f64, space: &mut GridMemory) {
        let whole = tape.len().max(1) as f64;
        let go_on = |(part, pruned): (GridPart, Option<Tape>), space: &mut GridMemory| match pruned {
            // What pruning left here is what it may leave farther down, when it left little.
            Some(pruned) => {
                let share = (pruned.len() as f64 / whole).clamp(0.1, 0.9);
                self.descend(part, &pruned, share, space);
            }
            None => self.descend(part, tape, share.max(0.9), space),
        };
        let points: usize = parts.iter().map(|(part, _)| part.len()).sum();
        if points >= SHARED && rayon::current_num_threads() > 1 {
            parts.into_par_iter().for_each_init(GridMemory::default, |space, part| go_on(part, space));
        } else {
            parts.into_iter().for_each(|part| go_on(part, space));
        }
    }

    /// Sixteen parts, or as many as there are points: halved four times across what is then the longest side.
    fn sixteen<'a>(&self, part: GridPart<'a>) -> Vec<GridPart<'a>> {
        let mut pieces = [1; 4];
        for _ in 0..BOXES.ilog2() {
            let length = |axis: usize| (part.count[axis] / pieces[axis]) as f64 * self.lengths[axis];
            let can = (0..4).filter(|&axis| 2 * pieces[axis] <= part.count[axis]);
            let Some(longest) = can.max_by(|&a, &b| length(a).total_cmp(&length(b))) else { break };
            pieces[longest] *= 2;
        }
        part.split(pieces)
    }

    /// The boxes of up to sixteen parts; the last is repeated.
    fn boxes(&self, parts: &[GridPart]) -> [Intervals<BOXES>; 4] {
        [0, 1, 2, 3].map(|axis| {
            let (mut lo, mut hi) = ([0.0; BOXES], [0.0; BOXES]);
            for lane in 0..BOXES {
                let part = &parts[lane.min(parts.len() - 1)];
                let first = self.axes[axis].at(part.from[axis]);
                let last = self.axes[axis].at(part.from[axis] + part.count[axis] - 1);
                (lo[lane], hi[lane]) = (first.min(last), first.max(last));
            }
            Intervals::new(Lanes(lo), Lanes(hi))
        })
    }

    /// Runs one tape at the points of some parts of the same times.
    fn run(&self, mut parts: Vec<GridPart>, tape: &Tape, space: &mut GridMemory) {
        let mut block = Block::new(tape);
        let GridMemory { points, outputs, .. } = space;
        points.iter_mut().for_each(Vec::clear);
        for part in &parts {
            let [x, y, z] = [0, 1, 2].map(|axis| part.from[axis]..part.from[axis] + part.count[axis]);
            for k in z {
                for j in y.clone() {
                    let row = points[0].len()..points[0].len() + x.len();
                    points[0].extend(x.clone().map(|i| self.axes[0].at(i)));
                    points[1].resize(row.end, self.axes[1].at(j));
                    points[2].resize(row.end, self.axes[2].at(k));
                }
            }
        }
        let count = points[0].len();
        outputs.resize_with(tape.output_count(), Vec::new);
        outputs.iter_mut().for_each(|output| output.resize(count, 0.0));
        let mut views: Vec<&mut [f32]> = outputs.iter_mut().map(|output| &mut output[..count]).collect();
        let times = parts[0].from[3]..parts[0].from[3] + parts[0].count[3];
        for (n, time) in times.enumerate() {
            block.set_time(f64::from(self.axes[3].at(time)));
            block.eval([&points[0], &points[1], &points[2]], &mut views);
            let mut start = 0;
            for part in &mut parts {
                let (width, rows) = (part.count[0], part.count[1] * part.count[2]);
                for (rows_of, values) in part.rows.iter_mut().zip(&views) {
                    let rows_now = &mut rows_of[n * rows..(n + 1) * rows];
                    for (row, values) in rows_now.iter_mut().zip(values[start..].chunks(width)) {
                        row.copy_from_slice(values);
                    }
                }
                start += width * rows;
            }
        }
    }
}

/// Parts of at most so many points are run together.
const SMALL: usize = 1 << 10;
