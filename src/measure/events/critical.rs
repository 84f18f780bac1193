//! Events by Newton's method: f's active branches are 0, and a mean of their slopes in space is.
//!
//! With k branches the unknowns are a point, a time and k weights; the equations that each branch is 0, that the weighted sum of
//! the slopes is 0, and that the weights sum to 1. With one branch this is f = 0 and ∇f = 0. What kind of event it is says the
//! index: in how many directions f falls away from it. Along the common tangents of the branches that is by the eigenvalues of
//! the weighted Hessian, across them by f itself.

use super::{Event, Suspect, TopologyChange, Whole, centre, cluster::hull};
use crate::number::{Dual, Interval};
use crate::tape::{Asked, Machine, Tape, Tracer};
use nalgebra::{DMatrix, DVector, SymmetricEigen};

type Branch = Machine<Dual<Dual<f64, 4>, 4>>;

/// A branch's value, slopes and second derivatives in a point and a time.
struct Local {
    value: f64,
    slope: [f64; 4],
    second: [[f64; 4]; 4],
}

/// How many boxes of a gathering Newton's method begins in.
const STARTS: usize = 6;
/// How many branches are told apart about a place, and how many may meet in an event.
const BRANCHES: [usize; 2] = [7, 4];
/// How many steps it takes at most.
const STEPS: usize = 60;
/// How far from its gathering an event may be, in parts of the gathering's size.
const REACH: f64 = 1.0;
/// Beside an event f is looked at so far away, in parts of the whole.
const BESIDE: f64 = 3e-4;
/// How large a gathering may be that is an event, in space and in time, in parts of the whole.
const SMALL: [f64; 2] = [1e-4, 1e-6];
/// About a gathering f is looked at so far away, in parts of its size.
const AROUND: f64 = 10.0;
/// From where on a curvature, a rate or a weight is taken for 0, in parts of the others.
const NOTHING: f64 = 1e-7;

/// Looks for events in gatherings of boxes.
pub(super) struct CriticalSearch<'a> {
    pub tape: &'a Tape,
    pub whole: &'a Whole,
}

impl CriticalSearch<'_> {
    /// The events that Newton's method finds from a gathering's boxes.
    pub fn found(&self, cluster: &[Suspect]) -> Vec<Event> {
        let about = hull(cluster);
        let step = cluster.len().div_ceil(STARTS);
        let mut found: Vec<Event> = Vec::new();
        for suspect in cluster.iter().step_by(step) {
            let start = centre(suspect.part);
            let tapes = self.branches(start, suspect);
            let sets = (1u32..1 << tapes.len()).filter(|set| set.count_ones() as usize <= BRANCHES[1]);
            let mut sets: Vec<u32> = sets.collect();
            sets.sort_by_key(|set| set.count_ones());
            for set in sets {
                let mut own: Vec<Branch> =
                    (0..tapes.len()).filter(|n| set >> n & 1 == 1).map(|n| Machine::new(&tapes[n])).collect();
                let event = self.solved(&mut own, start, &about).and_then(|at| self.event(&mut own, at));
                let is_near = |event: &Event| {
                    let at = [event.place[0], event.place[1], event.place[2], event.time];
                    (0..4).all(|n| {
                        let slack = REACH * about[n].width();
                        (about[n].lo() - slack..=about[n].hi() + slack).contains(&at[n])
                            && (self.whole.sides[n].lo() - 1e-9 * self.whole.scale[n]
                                ..=self.whole.sides[n].hi() + 1e-9 * self.whole.scale[n])
                                .contains(&at[n])
                    })
                };
                if let Some(event) = event.filter(is_near) {
                    found.push(event);
                    break;
                }
            }
        }
        found
    }

    /// The tapes of the branches that f has about a box.
    fn branches(&self, start: [f64; 4], suspect: &Suspect) -> Vec<Tape> {
        let mut known: Vec<(Tape, [f64; 5])> = Vec::new();
        // Points spread over twice the box evenly (the additive recurrence R₄ of Roberts, 2018).
        const RATIOS: [f64; 4] = [0.856_674_883_9, 0.733_891_856_6, 0.628_706_721_9, 0.538_597_257_9];
        for n in 0..48 {
            let at: [f64; 4] = std::array::from_fn(|axis| {
                let part = (RATIOS[axis] * (n as f64 + 0.731)).fract();
                start[axis] + 2.0 * suspect.part[axis].width() * (part - 0.5)
            });
            let mut tracer = Tracer::new(&suspect.tape);
            tracer.over(at.map(Interval::point));
            let tape = tracer.prune(Asked::Value).unwrap_or_else(|| (*suspect.tape).clone());
            let found = Machine::<Dual<f64, 4>>::new(&tape).at(Dual::variables(start))[0];
            let slopes = [found.value, found.slope[0], found.slope[1], found.slope[2], found.slope[3]];
            let size = slopes.iter().map(|x| x.abs()).fold(0.0, f64::max);
            let is_same =
                |other: &[f64; 5]| other.iter().zip(&slopes).all(|(a, b)| (a - b).abs() <= 1e-9 * size);
            if size.is_finite() && !known.iter().any(|(_, other)| is_same(other)) && known.len() < BRANCHES[0]
            {
                known.push((tape, slopes));
            }
        }
        known.into_iter().map(|(tape, _)| tape).collect()
    }

    /// Where the branches are 0 and a mean of their slopes is: the point and time, and the weights.
    fn solved(&self, branches: &mut [Branch], start: [f64; 4], about: &[Interval; 4]) -> Option<Critical> {
        let k = branches.len();
        let mut at = start;
        let mut weights = vec![1.0 / k as f64; k];
        let mut last = f64::INFINITY;
        for step in 0..STEPS {
            let locals = locals(branches, at)?;
            let mut matrix = DMatrix::zeros(k + 4, k + 4);
            let mut rest = DVector::zeros(k + 4);
            let steepest =
                locals.iter().flat_map(|local| &local.slope[..3]).map(|x| x.abs()).fold(0.0, f64::max);
            let unit = if steepest > 0.0 { steepest } else { 1.0 };
            for (n, local) in locals.iter().enumerate() {
                rest[n] = local.value;
                for axis in 0..4 {
                    matrix[(n, axis)] = local.slope[axis] * self.whole.scale[axis];
                }
                for row in 0..3 {
                    rest[k + row] += weights[n] * local.slope[row];
                    matrix[(k + row, 4 + n)] = local.slope[row];
                    for axis in 0..4 {
                        matrix[(k + row, axis)] +=
                            weights[n] * local.second[row][axis] * self.whole.scale[axis];
                    }
                }
                matrix[(k + 3, 4 + n)] = unit;
            }
            rest[k + 3] = unit * (weights.iter().sum::<f64>() - 1.0);
            let by = matrix.svd(true, true).solve(&rest, 1e-11 * unit).ok()?;
            (0..4).for_each(|axis| at[axis] -= by[axis] * self.whole.scale[axis]);
            weights.iter_mut().enumerate().for_each(|(n, weight)| *weight -= by[4 + n]);
            let moved = by.iter().take(4).map(|x| x.abs()).fold(0.0, f64::max);
            let is_far = (0..4).any(|n| {
                let slack = 8.0 * about[n].width();
                !(about[n].lo() - slack..=about[n].hi() + slack).contains(&at[n])
            });
            if is_far || !moved.is_finite() {
                return None;
            }
            // Where steps no longer shrink there is rounding alone.
            if moved < 1e-14 || moved < 1e-9 && moved >= last || step == STEPS - 1 && moved < 1e-9 {
                return Some(Critical { at, weights });
            }
            last = moved;
        }
        None
    }

    /// The kind of event that a critical point is; none where f itself is not 0 there, or is another beside it.
    fn event(&self, branches: &mut [Branch], critical: Critical) -> Option<Event> {
        let Critical { at, weights } = critical;
        let locals = locals(branches, at)?;
        let steepest = { locals.iter() }
            .map(|local| local.slope[..3].iter().map(|x| x * x).sum::<f64>().sqrt())
            .fold(0.0, f64::max);
        let size = self.whole.scale[0];
        let curved =
            { locals.iter().flat_map(|local| local.second.iter().take(3).flat_map(|row| &row[..3])) }
                .map(|x| x.abs())
                .fold(steepest / size, f64::max);
        let sum =
            |of: &dyn Fn(&Local) -> f64| { locals.iter().zip(&weights) }.map(|(l, w)| w * of(l)).sum::<f64>();
        let most = weights.iter().fold(0.0, |most: f64, weight| most.max(weight.abs()));
        let is_mean = weights.iter().all(|&weight| weight > NOTHING && most <= 1.0 + NOTHING);
        let is_zero = locals.iter().all(|local| local.value.abs() <= 1e-9 * curved * size * size);
        let is_flat = (0..3).all(|axis| sum(&|local| local.slope[axis]).abs() <= 1e-7 * curved * size);
        let mut whole = Machine::<f64>::new(self.tape);
        let mut f = |p: [f64; 3], t: f64| whole.at([p[0], p[1], p[2], t])[0];
        let place = [at[0], at[1], at[2]];
        if !(is_mean && is_zero && is_flat && f(place, at[3]).abs() <= 1e-9 * curved * size * size) {
            return None;
        }
        // Across: the directions in which the branches differ.
        let k = locals.len();
        let mut squares = nalgebra::Matrix3::zeros();
        for local in &locals {
            let slope = nalgebra::Vector3::new(local.slope[0], local.slope[1], local.slope[2]);
            squares += slope * slope.transpose();
        }
        let axes = SymmetricEigen::new(squares);
        let mut order = [0, 1, 2];
        order.sort_by(|&a, &b| axes.eigenvalues[b].total_cmp(&axes.eigenvalues[a]));
        let across: Vec<nalgebra::Vector3<f64>> =
            order[..k.min(4) - 1].iter().map(|&n| axes.eigenvectors.column(n).into_owned()).collect();
        let along: Vec<nalgebra::Vector3<f64>> =
            order[k.min(4) - 1..].iter().map(|&n| axes.eigenvectors.column(n).into_owned()).collect();
        let far = BESIDE * size;
        let beside = |way: nalgebra::Vector3<f64>| [0, 1, 2].map(|n| place[n] + far * way[n]);
        let mut index = 0;
        if !across.is_empty() {
            let signs: Vec<bool> = { directions(across.len()).into_iter() }
                .map(|parts| {
                    across.iter().zip(parts).map(|(axis, part)| axis * part).sum::<nalgebra::Vector3<f64>>()
                })
                .map(|way| f(beside(way), at[3]) < 0.0)
                .collect();
            if signs.iter().all(|&falls| falls) {
                index += across.len();
            } else if signs.iter().any(|&falls| falls) {
                return self.looked_at(place, at[3], [far; 3]);
            }
        }
        let second = |i: usize, j: usize| sum(&|local| local.second[i][j]);
        let hessian = nalgebra::Matrix3::from_fn(second);
        let reduced =
            DMatrix::from_fn(along.len(), along.len(), |i, j| (along[i].transpose() * hessian * along[j])[0]);
        let bent = SymmetricEigen::new(reduced);
        for (n, &curvature) in bent.eigenvalues.iter().enumerate() {
            if curvature.abs() <= 1e-4 * curved {
                return self.looked_at(place, at[3], [far; 3]);
            }
            let way: nalgebra::Vector3<f64> =
                along.iter().enumerate().map(|(i, axis)| axis * bent.eigenvectors[(i, n)]).sum();
            // On to where the branches are equal again, f is as the eigenvalue says: else others than these are active.
            let to = self.leveled(branches, beside(way), at[3], &weights)?;
            if (f(to, at[3]) < 0.0) != (curvature < 0.0) {
                return None;
            }
            index += usize::from(curvature < 0.0);
        }
        let rate = sum(&|local| local.slope[3]) * self.whole.scale[3];
        let change = if rate.abs() <= NOTHING * curved * size * size {
            TopologyChange::Touches
        } else {
            changed(index, rate < 0.0)
        };
        Some(Event { time: at[3], place, change })
    }

    /// A point near another where all branches have the same value, to first order.
    fn leveled(&self, branches: &mut [Branch], near: [f64; 3], t: f64, weights: &[f64]) -> Option<[f64; 3]> {
        let locals = locals(branches, [near[0], near[1], near[2], t])?;
        let mean: f64 = locals.iter().zip(weights).map(|(local, weight)| weight * local.value).sum();
        let matrix = DMatrix::from_fn(locals.len(), 3, |n, axis| locals[n].slope[axis]);
        let rest = DVector::from_fn(locals.len(), |n, _| locals[n].value - mean);
        if locals.len() == 1 {
            return Some(near);
        }
        let by = matrix.svd(true, true).solve(&rest, 1e-9).ok()?;
        Some([0, 1, 2].map(|axis| near[axis] - by[axis]))
    }

    /// The event that a gathering of the smallest boxes is; none where it lasts, or f has the sides of a sheet about it.
    pub fn seen(&self, cluster: &[Suspect]) -> Option<Event> {
        let about = hull(cluster);
        let [x, y, z, time] = centre(about);
        let sizes: [f64; 4] = std::array::from_fn(|n| about[n].width() / self.whole.scale[n]);
        if sizes[3] > SMALL[1] || sizes[..3].iter().any(|&size| size > SMALL[0]) {
            return None;
        }
        // A gathering is long where f is flat: what is looked at about it is as long.
        let reach = [0, 1, 2].map(|n| AROUND * about[n].width().max(1e-10 * self.whole.scale[n]));
        self.looked_at([x, y, z], time, reach)
    }

    /// The event in a point, by the sides of 0 that f has on an ellipsoid about it; none where they are those of a sheet.
    fn looked_at(&self, place: [f64; 3], time: f64, reach: [f64; 3]) -> Option<Event> {
        let [x, y, z] = place;
        let mut whole = Machine::<f64>::new(self.tape);
        let [a, b, c] = reach;
        let ways = directions(3);
        let inside: Vec<bool> = { ways.iter() }
            .map(|way| whole.at([x + a * way[0], y + b * way[1], z + c * way[2], time])[0] <= 0.0)
            .collect();
        let pieces = [true, false].map(|side| pieces(&ways, &inside, side));
        let index = match pieces {
            [0, 1] => 0,
            [2, 1] => 1,
            [1, 2] => 2,
            [1, 0] => 3,
            [1, 1] => return None,
            _ => return Some(Event { time, place, change: TopologyChange::Other }),
        };
        let later = BESIDE * self.whole.scale[3];
        let [before, after] = [-later, later].map(|by| whole.at([x, y, z, time + by])[0]);
        let change = if (before <= 0.0) == (after <= 0.0) {
            TopologyChange::Touches
        } else {
            changed(index, after <= 0.0)
        };
        Some(Event { time, place, change })
    }
}

/// Where branches meet with slopes whose mean is 0.
struct Critical {
    at: [f64; 4],
    weights: Vec<f64>,
}

fn locals(branches: &mut [Branch], at: [f64; 4]) -> Option<Vec<Local>> {
    let at: [Dual<Dual<f64, 4>, 4>; 4] = std::array::from_fn(|n| Dual::variable(Dual::variable(at[n], n), n));
    let local = |branch: &mut Branch| {
        let found = &branch.at(at)[0];
        let local = Local {
            value: found.value.value,
            slope: found.value.slope,
            second: std::array::from_fn(|n| found.slope[n].slope),
        };
        let is_finite = local.value.is_finite()
            && local.slope.iter().chain(local.second.iter().flatten()).all(|x| x.is_finite());
        is_finite.then_some(local)
    };
    branches.iter_mut().map(local).collect()
}

/// The change in an event where f falls away in so many directions, and falls in time or rises.
fn changed(index: usize, grows: bool) -> TopologyChange {
    match (index, grows) {
        (0, true) => TopologyChange::Appears,
        (0, false) => TopologyChange::Vanishes,
        (1, true) => TopologyChange::Joins,
        (1, false) => TopologyChange::Parts,
        (2, true) => TopologyChange::TunnelFills,
        (2, false) => TopologyChange::TunnelOpens,
        (_, true) => TopologyChange::CavityFills,
        (_, false) => TopologyChange::CavityOpens,
    }
}

/// Directions spread over a sphere of so many dimensions: on that of three by the golden angle.
fn directions(dimensions: usize) -> Vec<Vec<f64>> {
    const COUNT: usize = 400;
    match dimensions {
        1 => vec![vec![1.0], vec![-1.0]],
        2 => (0..64)
            .map(|n| (n as f64 * std::f64::consts::TAU / 64.0).sin_cos())
            .map(|(s, c)| vec![c, s])
            .collect(),
        _ => {
            let way = |n: usize| {
                let height = 1.0 - (2.0 * n as f64 + 1.0) / COUNT as f64;
                let (s, c) = (n as f64 * std::f64::consts::PI * (3.0 - 5f64.sqrt())).sin_cos();
                let wide = (1.0 - height * height).sqrt();
                vec![wide * c, height, wide * s]
            };
            (0..COUNT).map(way).collect()
        }
    }
}

/// In how many pieces the directions on one side of 0 are, those near each other joined.
fn pieces(ways: &[Vec<f64>], inside: &[bool], side: bool) -> usize {
    // Twice as far apart as 400 directions are on the sphere.
    const NEAR: f64 = 0.25;
    let near = |a: usize, b: usize| {
        let square: f64 = ways[a].iter().zip(&ways[b]).map(|(a, b)| (a - b) * (a - b)).sum();
        square < NEAR * NEAR
    };
    let mut left: Vec<usize> = (0..ways.len()).filter(|&n| inside[n] == side).collect();
    let mut count = 0;
    while let Some(first) = left.pop() {
        count += 1;
        let mut open = vec![first];
        while let Some(at) = open.pop() {
            let (joined, rest) = left.into_iter().partition(|&n| near(at, n));
            left = rest;
            open.extend::<Vec<usize>>(joined);
        }
    }
    count
}
