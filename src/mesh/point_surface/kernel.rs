//! The field of a surface through points as a kernel: its inputs are x, y and z, its outputs the value (0), its gradient (1
//! to 3) and its second derivatives in xx, xy, xz, yy, yz and zz (4 to 9).

use super::bounds::PointBounds;
use super::{PointSurface, SECOND};
use crate::number::{Closure, Columns, Derivative, Identity, Interval, Kernel, Smoothness};
use std::sync::Arc;

/// The first of the second derivatives.
const FIRST: usize = 4;

/// The field of a surface.
#[derive(Debug)]
pub(super) struct PointKernel(pub(super) Arc<PointSurface>);

impl PointKernel {
    fn over(&self, inputs: &[Interval]) -> Option<PointBounds> {
        self.0.over([inputs[0], inputs[1], inputs[2]])
    }

    fn bound(output: usize, over: &PointBounds) -> Interval {
        match output {
            0 => over.value(),
            1..FIRST => over.gradient(output - 1),
            _ => over.second(output - FIRST),
        }
    }
}

impl Kernel for PointKernel {
    fn name(&self) -> &str {
        "points"
    }

    fn identity(&self) -> Option<Identity> {
        Some(self.0.content())
    }

    fn cost(&self) -> usize {
        1024
    }

    fn value(&self, output: usize, inputs: &[f64]) -> f64 {
        let mut result = [0.0];
        self.values(&[output], Columns::new(&inputs[..3], 1), &mut result);
        result[0]
    }

    fn values(&self, outputs: &[usize], inputs: Columns<f64>, results: &mut [f64]) {
        let (mut open, mut weights, mut near) = (Vec::new(), Vec::new(), 0);
        let (surface, rows) = (&*self.0, inputs.rows());
        let order = match outputs.iter().max() {
            None | Some(0) => 0,
            Some(1..FIRST) => 1,
            _ => 2,
        };
        for row in 0..rows {
            let at = [0, 1, 2].map(|axis| inputs.column(axis)[row]);
            if !at.iter().all(|x| x.abs() <= super::MAX_PLACE) {
                (0..outputs.len()).for_each(|n| results[n * rows + row] = f64::NAN);
                continue;
            }
            near = surface.weigh(at, near, &mut open, &mut weights);
            let found = surface.moments(at, near, &weights, order);
            for (n, &output) in outputs.iter().enumerate() {
                results[n * rows + row] = match output {
                    0 => found.value,
                    1..FIRST => found.gradient[output - 1],
                    _ => found.second[output - FIRST],
                };
            }
        }
    }

    fn bounds(&self, output: usize, inputs: &[Interval]) -> Interval {
        self.over(inputs).map_or(Interval::WHOLE, |over| Self::bound(output, &over))
    }

    fn rises_over(
        &self,
        output: usize,
        boxes: Columns<Interval>,
        rises: Columns<Interval>,
        values: &mut [Interval],
        slopes: &mut [Interval],
    ) {
        let (mut inputs, mut rates) = (Vec::new(), Vec::new());
        for row in 0..values.len() {
            boxes.copy_row(row, &mut inputs);
            rises.copy_row(row, &mut rates);
            let over = self.over(&inputs);
            values[row] = over.as_ref().map_or(Interval::WHOLE, |over| Self::bound(output, over));
            slopes[row] = match (output, &over) {
                _ if rates.iter().all(|&rate| rate == Interval::point(0.0)) => Interval::point(0.0),
                (_, None) => Interval::WHOLE,
                (0..FIRST, Some(over)) => {
                    let terms = rates.iter().enumerate().map(|(axis, &rate)| match output {
                        0 => over.gradient(axis) * rate,
                        _ => over.second(number(output - 1, axis)) * rate,
                    });
                    terms.fold(Interval::point(0.0), |sum, term| sum + term)
                }
                _ => Interval::WHOLE,
            };
        }
    }

    fn derivative(&self, output: usize, input: usize) -> Derivative {
        match output {
            0 => Derivative::Own(1 + input),
            1..FIRST => Derivative::Own(FIRST + number(output - 1, input)),
            _ => {
                // By differences: nobody needs them often.
                let surface = PointKernel(self.0.clone());
                let second = move |inputs: &[f64]| surface.value(output, inputs);
                let name = format!("points second derivative {}", output - FIRST);
                let closure = Closure::new(&name, second, |_: &[Interval]| Interval::WHOLE);
                let Derivative::Own(number) = closure.derivative(0, input) else { return Derivative::Zero };
                Derivative::Of(closure, number)
            }
        }
    }

    fn smoothness(&self, _: usize, _: &[Interval]) -> Smoothness {
        Smoothness::Smooth
    }
}

/// The number of a second derivative.
fn number(i: usize, j: usize) -> usize {
    SECOND.iter().position(|&pair| pair == [i.min(j), i.max(j)]).expect("all pairs of axes are there")
}
