//! Signed distances about points of a surface, estimated: by their normals, or by what they enclose.

use super::target::{Target, normal_draw};
use crate::error::{Error, Result};
use crate::measure::Bounds;
use crate::random::Random;

/// How many of the nearest points say which side a place is on.
const NEAREST: usize = 8;
/// How many cells the grid of points has along its longest side at most.
const MAX_SIDE: usize = 128;
/// How far samples lie off the points, in parts of the box's diagonal.
const OFF: [f64; 3] = [0.003, 0.01, 0.04];
/// How often a sample is drawn again, where nothing is known of it.
const DRAWS: usize = 20;

impl Target {
    /// Points of a surface with others about them and in a box, at which signed distances are estimated: sizes by the nearest
    /// points, signs by their normals (Hoppe et al. 1992), or, where they have none, by what cells without points they
    /// enclose. Where nothing is known, near points without normals, there are no samples. Points themselves have distance 0
    /// and their normals; the others have the normal 0, which says that none is known.
    ///
    /// An error where distances are known already, points are of several times, or, without normals, enclose nothing.
    ///
    /// ```
    /// use fieldgrad::fit::Target;
    /// use fieldgrad::prelude::*;
    ///
    /// let cube = Bounds::new([-1.0; 3], [1.0; 3]);
    /// let surface = Target::of_surface(&sphere(0.6), &cube, 0.0, 4000, 1)?;
    /// let target = surface.with_space(&cube, 1000, 1)?;
    /// for (at, d) in target.points().iter().zip(target.distances().unwrap()) {
    ///     let true_distance = at.iter().map(|x| x * x).sum::<f64>().sqrt() - 0.6;
    ///     assert!((d - true_distance).abs() < 0.05);
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    pub fn with_space(self, bounds: &Bounds, count: usize, seed: u64) -> Result<Target> {
        if self.distances.is_some() {
            return Err(Error::Input("the target's distances are known already".into()));
        }
        if self.times.as_ref().is_some_and(|times| times.iter().any(|&t| t != times[0])) {
            return Err(Error::Input("space about points of several times is not estimated".into()));
        }
        let Some(own) = self.bounds() else { return Err(Error::Input("the target has no points".into())) };
        let cells = PointCells::of(&self.points, &own.union(bounds));
        let outside = match self.normals {
            Some(_) => Vec::new(),
            None => cells.outside(),
        };
        let known = outside.iter().zip(&cells.starts).filter(|(is_out, _)| !**is_out).count();
        if self.normals.is_none() && known == cells.filled() {
            let problem =
                "the points enclose nothing, so that there is no telling inside from outside: give normals";
            return Err(Error::Input(problem.into()));
        }
        let diagonal = bounds.size().iter().map(|side| side * side).sum::<f64>().sqrt();
        let mut random = Random(seed);
        let (mut points, mut distances) = (self.points.clone(), vec![0.0; self.points.len()]);
        for n in 0..count {
            for _ in 0..DRAWS {
                let at: [f64; 3] = if n % 4 == 3 {
                    std::array::from_fn(|axis| bounds.min[axis] + bounds.size()[axis] * random.unit())
                } else {
                    let from = (random.unit() * self.points.len() as f64) as usize;
                    let by = OFF[n % 4] * diagonal;
                    self.points[from.min(self.points.len() - 1)].map(|x| x + by * normal_draw(&mut random))
                };
                let distance = match &self.normals {
                    Some(normals) => Some(cells.by_normals(normals, at)),
                    None => cells.by_side(&outside, at),
                };
                if let Some(distance) = distance {
                    points.push(at);
                    distances.push(distance);
                    break;
                }
            }
        }
        let more = points.len() - self.points.len();
        let times = self.times.map(|times| vec![times[0]; points.len()]);
        let normals = self.normals.map(|mut normals| {
            normals.extend(std::iter::repeat_n([0.0; 3], more));
            normals
        });
        Ok(Target { points, times, distances: Some(distances), normals, around: Some(own) })
    }
}

/// Points in the cells of a regular grid, with a cell to spare all around.
struct PointCells<'a> {
    points: &'a [[f64; 3]],
    low: [f64; 3],
    side: f64,
    counts: [usize; 3],
    /// Where each cell's points begin among `order`, and where the last one's end.
    starts: Vec<usize>,
    order: Vec<usize>,
}

impl<'a> PointCells<'a> {
    /// In a box that holds them all. A cell is as large as gaps between points may be: about six times the way from one to
    /// the next.
    fn of(points: &'a [[f64; 3]], bounds: &Bounds) -> PointCells<'a> {
        let longest = bounds.size().into_iter().fold(f64::MIN_POSITIVE, f64::max);
        let finest = longest / MAX_SIDE as f64;
        let coarse = PointCells::with_side(points, bounds, finest.max(longest / 48.0));
        let step = points.len().div_ceil(500).max(1);
        let mut ways: Vec<f64> = (0..points.len())
            .step_by(step)
            .filter_map(|n| coarse.nearest(points[n], 2).get(1).map(|(square, _)| square.sqrt()))
            .collect();
        ways.sort_by(f64::total_cmp);
        let typical = ways.get(ways.len() / 2).copied().unwrap_or(longest);
        PointCells::with_side(points, bounds, (6.0 * typical).clamp(finest, longest))
    }

    fn with_side(points: &'a [[f64; 3]], bounds: &Bounds, side: f64) -> PointCells<'a> {
        let low = bounds.min.map(|x| x - 1.5 * side);
        let counts = bounds.size().map(|length| (length / side) as usize + 4);
        let mut cells =
            PointCells { points, low, side, counts, starts: Vec::new(), order: (0..points.len()).collect() };
        let of: Vec<usize> = points.iter().map(|&point| cells.number(cells.cell(point))).collect();
        cells.order.sort_by_key(|&n| of[n]);
        let all = counts.iter().product::<usize>();
        let mut starts = vec![0; all + 1];
        of.iter().for_each(|&cell| starts[cell + 1] += 1);
        for n in 0..all {
            starts[n + 1] += starts[n];
        }
        cells.starts = starts;
        cells
    }

    fn cell(&self, at: [f64; 3]) -> [usize; 3] {
        std::array::from_fn(|axis| {
            (((at[axis] - self.low[axis]) / self.side).max(0.0) as usize).min(self.counts[axis] - 1)
        })
    }

    fn number(&self, [x, y, z]: [usize; 3]) -> usize {
        x + self.counts[0] * (y + self.counts[1] * z)
    }

    fn is_empty(&self, cell: usize) -> bool {
        self.starts[cell] == self.starts[cell + 1]
    }

    /// How many cells have points.
    fn filled(&self) -> usize {
        (0..self.starts.len() - 1).filter(|&cell| !self.is_empty(cell)).count()
    }

    /// The nearest points, the first the nearest: the squares of their distances, and which they are.
    fn nearest(&self, at: [f64; 3], count: usize) -> Vec<(f64, usize)> {
        let middle = self.cell(at);
        let mut found: Vec<(f64, usize)> = Vec::with_capacity(count + 1);
        let most = self.counts.into_iter().max().unwrap_or(1);
        for ring in 0..=most {
            let reach = |axis: usize| {
                let (from, to) = (middle[axis].saturating_sub(ring), middle[axis] + ring);
                from..=to.min(self.counts[axis] - 1)
            };
            for z in reach(2) {
                for y in reach(1) {
                    for x in reach(0) {
                        let off = [x, y, z].iter().zip(middle).map(|(&a, b)| a.abs_diff(b)).max();
                        if off != Some(ring) {
                            continue;
                        }
                        let cell = self.number([x, y, z]);
                        for &n in &self.order[self.starts[cell]..self.starts[cell + 1]] {
                            let own = self.points[n];
                            let square: f64 = (0..3).map(|axis| (own[axis] - at[axis]).powi(2)).sum();
                            let place = found.partition_point(|other| *other < (square, n));
                            found.insert(place, (square, n));
                            found.truncate(count);
                        }
                    }
                }
            }
            // Points in cells farther out are no nearer than this; a place out of the grid is farther from all.
            let sure = ring as f64 * self.side;
            if found.len() == count && found.last().is_some_and(|(square, _)| square.sqrt() <= sure) {
                break;
            }
        }
        found
    }

    /// The signed distance by the normals of the nearest points: that to their planes where it is small.
    fn by_normals(&self, normals: &[[f64; 3]], at: [f64; 3]) -> f64 {
        let nearest = self.nearest(at, NEAREST.min(self.points.len()));
        let distance = nearest[0].0.sqrt();
        let (mut side, mut sum) = (0.0, 0.0);
        for &(square, n) in &nearest {
            let height: f64 = (0..3).map(|axis| normals[n][axis] * (at[axis] - self.points[n][axis])).sum();
            let weight = 1.0 / (square + 1e-6 * self.side * self.side);
            side += weight * height;
            sum += weight;
        }
        let height = side / sum;
        match distance < 0.5 * self.side {
            true => height.clamp(-distance, distance),
            false => distance.copysign(height),
        }
    }

    /// The signed distance by which side of the cells with points a place is on; none, where that is not known.
    fn by_side(&self, outside: &[bool], at: [f64; 3]) -> Option<f64> {
        let cell = self.number(self.cell(at));
        let distance = self.nearest(at, 1)[0].0.sqrt();
        self.is_empty(cell).then_some(if outside[cell] { distance } else { -distance })
    }

    /// Which cells without points can be come to from out of the grid.
    fn outside(&self) -> Vec<bool> {
        let mut outside = vec![false; self.starts.len() - 1];
        // All around there is a layer of cells without points.
        let mut open = vec![[0usize; 3]];
        outside[0] = true;
        while let Some(cell) = open.pop() {
            for axis in 0..3 {
                for step in [-1isize, 1] {
                    let mut next = cell;
                    let Some(moved) = cell[axis].checked_add_signed(step) else { continue };
                    next[axis] = moved;
                    if moved >= self.counts[axis] {
                        continue;
                    }
                    let number = self.number(next);
                    if !outside[number] && self.is_empty(number) {
                        outside[number] = true;
                        open.push(next);
                    }
                }
            }
        }
        outside
    }
}
