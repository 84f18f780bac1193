//! Bounds on noise and on its first derivatives over a box, lattice cell by lattice cell.
//!
//! In a cell the noise is a blend, axis after axis, of sixteen linear functions: over a box it lies between the blends of
//! their least and of their greatest values. Its derivative along an axis is the same blend of their gradients, and
//! the fade's derivative times the blend, over the other axes, of what the functions on the axis' two sides differ by.

use super::{AMPLITUDE, MAX_DISTANCE, fade, gradients};
use crate::number::Interval;

/// A box over more cells than this has the bounds that hold throughout.
const MAX_CELLS: f64 = 24.0;

/// A part of what rounding can do, to sums of some thirty terms.
const SLACK: f64 = 1e-13;

/// The least and the most.
type Range = [f64; 2];

/// Bounds over a box; for no axis on the value, else on the derivative along it. None for a box over many cells.
pub(super) fn over_cells(inputs: &[Interval], axis: Option<usize>) -> Option<Interval> {
    let sides: [Range; 4] = std::array::from_fn(|i| {
        [inputs[i].lo(), inputs[i].hi()].map(|end| end.clamp(-MAX_DISTANCE, MAX_DISTANCE))
    });
    let first = sides.map(|[low, _]| low.floor());
    let last =
        sides.map(|[low, high]| if high > low { (high.ceil() - 1.0).max(low.floor()) } else { low.floor() });
    let counts: [f64; 4] = std::array::from_fn(|i| last[i] - first[i] + 1.0);
    if counts.iter().product::<f64>() > MAX_CELLS {
        return None;
    }
    let mut all: Range = [f64::INFINITY, f64::NEG_INFINITY];
    let mut cell = first;
    loop {
        let within = std::array::from_fn(|i| {
            [(sides[i][0] - cell[i]).clamp(0.0, 1.0), (sides[i][1] - cell[i]).clamp(0.0, 1.0)]
        });
        let own = in_cell(&gradients(cell.map(|place| place as i64)), &within, axis);
        all = [all[0].min(own[0]), all[1].max(own[1])];
        let Some(next) = (0..4).find(|&i| cell[i] < last[i]) else { break };
        cell[next] += 1.0;
        cell[..next].copy_from_slice(&first[..next]);
    }
    let size = AMPLITUDE * (all[0].abs().max(all[1].abs()) + 8.0);
    Some(Interval::new(AMPLITUDE * all[0] - SLACK * size, AMPLITUDE * all[1] + SLACK * size))
}

fn in_cell(gradients: &[[f64; 4]; 16], within: &[Range; 4], axis: Option<usize>) -> Range {
    let weights = within.map(|ends| ends.map(|end| fade(end, 0)));
    match axis {
        None => {
            blend(std::array::from_fn(|corner| linear(&gradients[corner], within, corner)), &weights, None)
        }
        Some(axis) => {
            let slopes = blend(std::array::from_fn(|corner| [gradients[corner][axis]; 2]), &weights, None);
            let rift = |corner: usize| {
                let (near, far) = (corner & !(1 << axis), corner | 1 << axis);
                let change = std::array::from_fn(|i| gradients[far][i] - gradients[near][i]);
                linear(&change, within, near).map(|end| end - gradients[far][axis])
            };
            let rift = blend(std::array::from_fn(rift), &weights, Some(axis));
            let [from, to] = within[axis];
            let ends = [fade(from, 1), fade(to, 1)];
            let most = if from <= 0.5 && to >= 0.5 { fade(0.5, 1) } else { ends[0].max(ends[1]) };
            let least = ends[0].min(ends[1]);
            let corners = [rift[0] * least, rift[0] * most, rift[1] * least, rift[1] * most];
            let low = corners.iter().fold(f64::INFINITY, |low, &end| low.min(end));
            let high = corners.iter().fold(f64::NEG_INFINITY, |high, &end| high.max(end));
            [slopes[0] + low, slopes[1] + high]
        }
    }
}

/// A corner's linear function over a part of the cell.
fn linear(gradient: &[f64; 4], within: &[Range; 4], corner: usize) -> Range {
    let mut sum = [0.0; 2];
    for i in 0..4 {
        let side = (corner >> i & 1) as f64;
        let ends = within[i].map(|end| gradient[i] * (end - side));
        sum[0] += ends[0].min(ends[1]);
        sum[1] += ends[0].max(ends[1]);
    }
    sum
}

/// Blends what the corners have, axis after axis; along the axis that is left out both sides have the same.
fn blend(mut corners: [Range; 16], weights: &[Range; 4], left_out: Option<usize>) -> Range {
    for i in (0..4).rev() {
        for corner in 0..1 << i {
            let (near, far) = (corners[corner], corners[corner | 1 << i]);
            if left_out == Some(i) {
                continue;
            }
            let at = |end: usize, weight: f64| near[end] + weight * (far[end] - near[end]);
            let [low, high] = weights[i];
            corners[corner] = [at(0, low).min(at(0, high)), at(1, low).max(at(1, high))];
        }
    }
    corners[0]
}
