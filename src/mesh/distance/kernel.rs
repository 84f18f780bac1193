//! The distance to a mesh as a kernel: its inputs are x, y and z, its outputs the signed distance (0), its gradient (1 to
//! 3) and its second derivatives in xx, xy, xz, yy, yz and zz (4 to 9).

use super::bounds::{Bound, Candidates, CenteredBox, DistanceBounds, Prune};
use super::{At, Distance, DistanceSearch, dot};
use crate::number::Arch;
use crate::number::{Closure, Columns, Derivative, Identity, Interval, Kernel, Smoothness};
use pulp::{Simd, WithSimd};
use std::fmt;
use std::sync::Arc;

/// The first of the second derivatives.
const SECOND: usize = 4;

/// The signed distance to a mesh, or to what of it may be nearest within a box.
pub(super) struct MeshDistance {
    distance: Arc<Distance>,
    left: Option<Arc<Candidates>>,
    identity: Identity,
}

impl fmt::Debug for MeshDistance {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.left {
            Some(left) => write!(f, "{:?} with {} packets left", self.distance, left.packets.len()),
            None => self.distance.fmt(f),
        }
    }
}

impl MeshDistance {
    pub(super) fn of(distance: Arc<Distance>) -> MeshDistance {
        MeshDistance { identity: distance.identity, distance, left: None }
    }

    fn over(&self, inputs: &[Interval], search: &mut DistanceSearch) -> Option<DistanceBounds> {
        let sides = CenteredBox::of(inputs)?;
        let over = Arch::new().dispatch(Bound { distance: &self.distance, sides, search });
        Some(over)
    }

    /// Bounds on an output where nothing is known of the inputs.
    fn anywhere(output: usize) -> Interval {
        match output {
            1..SECOND => Interval::new(-1.0, 1.0),
            _ => Interval::WHOLE,
        }
    }

    fn bound(output: usize, over: &DistanceBounds) -> Interval {
        match output {
            0 => over.value,
            1..SECOND => over.gradient[output - 1],
            _ if over.lower > 0.0 => {
                // 0, or (1 − u uᵀ)/f, or that less the edge's: the eigenvalues are 0 and 1/f.
                let most = 1.0 / over.lower * (1.0 + 1e-9);
                let side = over.side.unwrap_or(0.0);
                match output {
                    4 | 7 | 9 if side > 0.0 => Interval::new(-1e-9 * most, most),
                    4 | 7 | 9 if side < 0.0 => Interval::new(-most, 1e-9 * most),
                    _ => Interval::new(-most, most),
                }
            }
            _ => Interval::WHOLE,
        }
    }

    fn rise_of(&self, over: Option<&DistanceBounds>, rises: &[Interval]) -> Interval {
        if rises.iter().all(|&rise| rise == Interval::point(0.0)) {
            return Interval::point(0.0);
        }
        let is_continuous = self.distance.is_closed || over.is_some_and(|over| over.side.is_some());
        if !is_continuous {
            return Interval::WHOLE;
        }
        // The distance is no steeper than 1.
        let most = rises.iter().map(|rise| rise.largest().powi(2)).sum::<f64>().sqrt() * (1.0 + 1e-12);
        let steepest = Interval::new(-most, most);
        let Some(over) = over.filter(|_| most.is_finite()) else { return steepest };
        let terms = over.gradient.iter().zip(rises).map(|(&slope, &rise)| slope * rise);
        let sum = terms.fold(Interval::point(0.0), |sum, term| sum + term);
        Interval::new(sum.lo().max(-most), sum.hi().min(most))
    }
}

impl Kernel for MeshDistance {
    fn name(&self) -> &str {
        "mesh"
    }

    fn identity(&self) -> Option<Identity> {
        Some(self.identity)
    }

    fn cost(&self) -> usize {
        match &self.left {
            Some(left) => 64 + 16 * left.packets.len(),
            None => 512,
        }
    }

    fn value(&self, output: usize, inputs: &[f64]) -> f64 {
        let mut result = [0.0];
        self.values(&[output], Columns::new(&inputs[..3], 1), &mut result);
        result[0]
    }

    fn values(&self, outputs: &[usize], inputs: Columns<f64>, results: &mut [f64]) {
        Arch::new().dispatch(KernelWork { kernel: self, outputs, inputs, results, narrow: |value| value });
    }

    fn values_f32(&self, outputs: &[usize], inputs: Columns<f32>, results: &mut [f32]) {
        Arch::new().dispatch(KernelWork {
            kernel: self,
            outputs,
            inputs,
            results,
            narrow: |value| value as f32,
        });
    }

    fn bounds(&self, output: usize, inputs: &[Interval]) -> Interval {
        let over = self.over(inputs, &mut DistanceSearch::default());
        over.map_or(Self::anywhere(output), |over| Self::bound(output, &over))
    }

    fn bounds_over(&self, output: usize, boxes: Columns<Interval>, results: &mut [Interval]) {
        let (mut inputs, mut search) = (Vec::new(), DistanceSearch::default());
        for (row, result) in results.iter_mut().enumerate() {
            boxes.copy_row(row, &mut inputs);
            let over = self.over(&inputs, &mut search);
            *result = over.map_or(Self::anywhere(output), |over| Self::bound(output, &over));
        }
    }

    fn rises_over(
        &self,
        output: usize,
        boxes: Columns<Interval>,
        rises: Columns<Interval>,
        values: &mut [Interval],
        slopes: &mut [Interval],
    ) {
        let (mut inputs, mut rates, mut search) = (Vec::new(), Vec::new(), DistanceSearch::default());
        for row in 0..values.len() {
            boxes.copy_row(row, &mut inputs);
            rises.copy_row(row, &mut rates);
            let over = self.over(&inputs, &mut search);
            values[row] = over.map_or(Self::anywhere(output), |over| Self::bound(output, &over));
            slopes[row] = match output {
                0 => self.rise_of(over.as_ref(), &rates),
                // Where what is nearest changes, derivatives jump.
                _ if rates.iter().all(|&rate| rate == Interval::point(0.0)) => Interval::point(0.0),
                _ => Interval::WHOLE,
            };
        }
    }

    fn derivative(&self, output: usize, input: usize) -> Derivative {
        const NUMBERS: [[usize; 3]; 3] = [[0, 1, 2], [1, 3, 4], [2, 4, 5]];
        match output {
            0 => Derivative::Own(1 + input),
            1..SECOND => Derivative::Own(SECOND + NUMBERS[output - 1][input]),
            _ => {
                // By differences: nobody needs them often.
                let distance = self.distance.clone();
                let second = move |inputs: &[f64]| {
                    let at = distance.at_point([inputs[0], inputs[1], inputs[2]]);
                    at.second()[output - SECOND]
                };
                let name = format!("mesh second derivative {}", output - SECOND);
                let closure = Closure::new(&name, second, |_: &[Interval]| Interval::WHOLE);
                let Derivative::Own(number) = closure.derivative(0, input) else { return Derivative::Zero };
                Derivative::Of(closure, number)
            }
        }
    }

    fn smoothness(&self, output: usize, inputs: &[Interval]) -> Smoothness {
        if output > 0 {
            return Smoothness::MayJump;
        }
        let is_continuous = self.distance.is_closed
            || self.over(inputs, &mut DistanceSearch::default()).is_some_and(|over| over.side.is_some());
        if is_continuous { Smoothness::Continuous } else { Smoothness::MayJump }
    }

    fn pruned(&self, inputs: &[Interval]) -> Option<Arc<dyn Kernel>> {
        let sides = CenteredBox::of(inputs)?;
        let distance = &self.distance;
        let left = Arch::new().dispatch(Prune { distance, sides, search: &mut DistanceSearch::default() })?;
        if self.left.as_ref().is_some_and(|own| own.packets.len() <= left.packets.len() + 1) {
            return None;
        }
        let ends = left.middle.iter().map(|x| u128::from(x.to_bits()));
        let known = left.packets.iter().map(|&(_, packet)| u128::from(packet));
        let side = left.side.map_or(0, |side| u128::from(side.to_bits()));
        let identity = ends.chain(known).chain([side]).fold(distance.identity, Identity::and);
        Some(Arc::new(MeshDistance { distance: distance.clone(), left: Some(Arc::new(left)), identity }))
    }
}

impl Distance {
    /// Bounds on the signed distance over a box.
    pub(in crate::mesh) fn over(&self, sides: [Interval; 3]) -> Interval {
        let Some(sides) = CenteredBox::of(&sides) else { return Interval::WHOLE };
        let search = &mut DistanceSearch::default();
        Arch::new().dispatch(Bound { distance: self, sides, search }).value
    }

    fn at_point(&self, point: [f64; 3]) -> At {
        Arch::new().dispatch(super::One { distance: self, point, search: &mut DistanceSearch::default() })
    }
}

/// Outputs at columns of points.
struct KernelWork<'a, T, F> {
    kernel: &'a MeshDistance,
    outputs: &'a [usize],
    inputs: Columns<'a, T>,
    results: &'a mut [T],
    narrow: F,
}

impl<T: Copy + Into<f64>, F: Fn(f64) -> T> WithSimd for KernelWork<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let KernelWork { kernel, outputs, inputs, results, narrow } = self;
        let (all, rows) = (&*kernel.distance, inputs.rows());
        let (x, y, z) = (inputs.column(0), inputs.column(1), inputs.column(2));
        let mut search = DistanceSearch::default();
        let is_value = outputs == [0];
        for row in 0..rows {
            let point: [f64; 3] = [x[row].into(), y[row].into(), z[row].into()];
            if !(point[0].is_finite() && point[1].is_finite() && point[2].is_finite()) {
                (0..outputs.len()).for_each(|n| results[n * rows + row] = narrow(f64::NAN));
                continue;
            }
            let (nearest, side) = match &kernel.left {
                Some(left) => (nearest_of(all, simd, left, point), left.side),
                None => (all.nearest(simd, point, &mut search), None),
            };
            if let (true, Some(side)) = (is_value, side) {
                results[row] = narrow(side * nearest.squared.sqrt());
                continue;
            }
            let foot = all.tree.packets[nearest.packet as usize].foot(simd, nearest.lane as usize, point);
            let at = all.with_side(nearest, foot, point, &mut search.parts);
            for (n, &output) in outputs.iter().enumerate() {
                results[n * rows + row] = narrow(match output {
                    0 => at.value(),
                    1..SECOND => at.gradient(all.tree.reach)[output - 1],
                    _ => at.second()[output - SECOND],
                });
            }
        }
    }
}

/// The nearest triangle of those that are left, of several the first in the mesh.
#[inline(always)]
fn nearest_of<S: Simd>(all: &Distance, simd: S, left: &Candidates, point: [f64; 3]) -> super::Nearest {
    let way = [point[0] - left.middle[0], point[1] - left.middle[1], point[2] - left.middle[2]];
    let moved = dot(way, way).sqrt() * (1.0 + 1e-12) + 1e-14 * (all.tree.reach + left.packets[0].0);
    let (mut best, mut distance) = (super::Nearest::NONE, f64::INFINITY);
    for &(from_middle, packet) in &left.packets {
        if from_middle - moved > distance {
            break;
        }
        all.tree.look_at(simd, packet, point, &mut best);
        distance = best.squared.sqrt() * (1.0 + 1e-12);
    }
    best
}
