//! Sampled fields: a kernel that interpolates values on a regular grid of space, or of space and time.
//!
//! Between samples the field is a cubic spline, whose first and second derivatives are continuous, or on request
//! linear. A spline is written in B-splines, which are never negative and sum to 1: so its values lie between the
//! coefficients about a place, and its derivatives between their differences, which is what bounds are made of
//! (de Boor, *A Practical Guide to Splines*, 1978; the coefficients as in Unser, 1999).

mod bounds;
mod cells;
mod file;
mod prefilter;
mod shader;
mod spline;
mod weights;

use super::orders::{orders_of, output_of, raised};
use crate::error::{Error, Result};
use crate::field::{Axis, Field, if_less, kernel};
use crate::number::{Columns, Derivative, Identity, Interval, Kernel, Real, Shader, Smoothness};
use bounds::Pyramid;
use spline::Spline;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// How a grid is interpolated between its samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Interpolation {
    /// By cubic splines: two continuous derivatives.
    #[default]
    Cubic,
    /// Along straight lines: continuous, with kinks at every sample.
    Linear,
}

/// Values of a function at the points of a regular grid, the first and last of them at the box's sides.
#[derive(Clone, Debug, PartialEq)]
pub struct GridSamples {
    /// How many along t, x, y and z.
    counts: [usize; 4],
    /// The box, in x, y, z and t; a grid of one time has the same values at all times.
    lower: [f64; 4],
    upper: [f64; 4],
    values: Arc<[f32]>,
}

/// The most samples a grid may have.
const MAX_SAMPLES: usize = 1 << 28;

/// The numbers of samples along t, x, y and z of an array of that shape and those values, or why they are no samples.
fn counts_of(shape: &[usize], values: &[f32]) -> Result<[usize; 4], String> {
    let counts: [usize; 4] = match *shape {
        [x, y, z] => [1, x, y, z],
        [t, x, y, z] => [t, x, y, z],
        _ => return Err(format!("has three axes, x, y and z, or four, t before them; not {}", shape.len())),
    };
    match counts.iter().try_fold(1usize, |all, &count| all.checked_mul(count)) {
        Some(0) => return Err(format!("has samples along each axis; {shape:?} has none")),
        Some(all) if all <= MAX_SAMPLES && all == values.len() => (),
        Some(all) if all <= MAX_SAMPLES => {
            return Err(format!("of {shape:?} has {all} values, not {}", values.len()));
        }
        _ => return Err(format!("has at most {MAX_SAMPLES} values")),
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(n) => Err(format!("has finite values; number {n} is {}", values[n])),
        None => Ok(counts),
    }
}

/// The box of samples that are given none: cells are cubes, the longest side goes from −1 to 1, all are centred on 0; time
/// goes from 0 to 1.
pub(crate) fn usual_box([_, x, y, z]: [usize; 4]) -> [[f64; 4]; 2] {
    let sides = [x, y, z].map(|count| (count - 1) as f64);
    let longest = sides.into_iter().fold(1.0, f64::max);
    let [x, y, z] = sides.map(|side| side / longest);
    [[-x, -y, -z, 0.0], [x, y, z, 1.0]]
}

impl GridSamples {
    /// Samples in the order of t, x, y, z, the last the fastest: as NumPy keeps an array of that shape.
    ///
    /// `counts` says how many there are along x, y and z, and before those along t if they change with it. An error if
    /// their number is another, one is not finite, or the box is empty.
    pub fn new(counts: &[usize], lower: [f64; 4], upper: [f64; 4], values: Vec<f32>) -> Result<GridSamples> {
        let wrong = |what: String| Error::Input(format!("a grid of samples {what}"));
        let counts = counts_of(counts, &values).map_err(wrong)?;
        check_box(counts, lower, upper).map_err(wrong)?;
        Ok(GridSamples { counts, lower, upper, values: values.into() })
    }

    /// The same samples in another box, which they share. An error if it is empty.
    pub fn with_box(&self, lower: [f64; 4], upper: [f64; 4]) -> Result<GridSamples> {
        let wrong = |what: String| Error::Input(format!("a grid of samples {what}"));
        check_box(self.counts, lower, upper).map_err(wrong)?;
        Ok(GridSamples { lower, upper, ..self.clone() })
    }

    /// The box: the first and the last place along x, y, z and t.
    pub fn corners(&self) -> [[f64; 4]; 2] {
        [self.lower, self.upper]
    }

    /// How many samples there are along t, x, y and z.
    pub fn counts(&self) -> [usize; 4] {
        self.counts
    }

    /// The samples, the last axis the fastest.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

/// That samples may stand in a box: along each axis with several of them it goes from less to more.
pub(crate) fn check_box(counts: [usize; 4], lower: [f64; 4], upper: [f64; 4]) -> Result<(), String> {
    for axis in (0..4).filter(|&axis| counts[(axis + 1) % 4] > 1) {
        let (from, to) = (lower[axis], upper[axis]);
        if !(from.is_finite() && to.is_finite() && from < to) {
            let name = Axis::ALL[axis].name();
            return Err(format!("goes along {name} from less to more, not from {from} to {to}"));
        }
    }
    Ok(())
}

/// The field that interpolates samples.
///
/// Beyond the box it goes on as a distance does that knows no more: with q the nearest point of the box, and f there not
/// negative, √(f² + |p − q|²), else f + |p − q|. Where the samples are a bound on a distance to what is within the box, so
/// is that. Before the first time and after the last it stands still.
pub fn sampled(samples: &GridSamples, interpolation: Interpolation) -> Field {
    placed(Arc::new(SplineKernel::of(samples, interpolation)), samples.lower, samples.upper)
}

/// The field of [`sampled`] that a kernel is in a box.
pub(crate) fn placed(grid: Arc<SplineKernel>, lower: [f64; 4], upper: [f64; 4]) -> Field {
    let counts = grid.counts();
    let coordinates = Axis::ALL.map(Field::coordinate);
    let held = |axis: usize| coordinates[axis].clone().clamp(lower[axis].into(), upper[axis].into());
    // A grid's axes are t, x, y, z; those with one sample are not read.
    let place = |axis: usize| match counts[(axis + 1) % 4] {
        1 => Field::constant(0.0),
        count => {
            let step = (upper[axis] - lower[axis]) / (count - 1) as f64;
            (held(axis) - lower[axis]) / step
        }
    };
    let within = kernel(grid, [place(3), place(0), place(1), place(2)]);
    let out = |axis: usize| match counts[axis + 1] {
        1 => Field::constant(0.0),
        _ => &coordinates[axis] - held(axis),
    };
    let away = Field::length(out(0), out(1), out(2));
    if_less(&within, 0, &within + &away, within.clone().hypot(away))
}

/// A spline in units of the grid: its inputs are places along t, x, y and z, from 0 to one less than the samples' number.
/// Its outputs are derivatives, of every order in each.
pub(crate) struct SplineKernel {
    spline: Arc<Spline>,
    /// Bounds on the coefficients, and on their differences, over blocks of them.
    pyramid: Pyramid,
    identity: Identity,
    /// How a shader computes it, once that was asked for.
    shader: OnceLock<Shader>,
}

impl fmt::Debug for SplineKernel {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Grid({:?}, {:?})", self.spline.interpolation, self.spline.counts)
    }
}

impl SplineKernel {
    /// The kernel of samples. One whose task was given up is not whole.
    pub(crate) fn of(samples: &GridSamples, interpolation: Interpolation) -> SplineKernel {
        let shape = samples.counts.iter().fold(Identity::of("grid"), |all, &count| all.and(count as u128));
        let bits = samples.values.iter().map(|value| value.to_bits());
        let content = bits.fold(shape.and(interpolation as u128), |all, bits| all.and(u128::from(bits)));
        let spline = Arc::new(Spline::of(samples.counts, &samples.values, interpolation));
        SplineKernel { pyramid: Pyramid::of(&spline), spline, identity: content, shader: OnceLock::new() }
    }

    /// How many samples there are along t, x, y and z.
    pub(crate) fn counts(&self) -> [usize; 4] {
        self.spline.counts
    }

    /// How it is interpolated.
    pub(super) fn interpolation(&self) -> Interpolation {
        self.spline.interpolation
    }

    /// The samples, the last axis the fastest.
    pub(super) fn samples(&self) -> &[f32] {
        &self.spline.samples
    }

    /// The identity of its samples and their interpolation.
    pub(crate) fn content(&self) -> Identity {
        self.identity
    }
}

impl Kernel for SplineKernel {
    fn name(&self) -> &str {
        "grid"
    }

    fn identity(&self) -> Option<Identity> {
        Some(self.identity)
    }

    fn value(&self, output: usize, inputs: &[f64]) -> f64 {
        self.spline.at(orders_of(output), [inputs[0], inputs[1], inputs[2], inputs[3]])
    }

    fn values(&self, outputs: &[usize], inputs: Columns<f64>, results: &mut [f64]) {
        self.spline.columns(outputs, inputs, results);
    }

    fn values_f32(&self, outputs: &[usize], inputs: Columns<f32>, results: &mut [f32]) {
        self.spline.columns(outputs, inputs, results);
    }

    fn bounds(&self, output: usize, inputs: &[Interval]) -> Interval {
        let orders = orders_of(output);
        let sides: [Interval; 4] = std::array::from_fn(|i| inputs[i]);
        let hull = self.pyramid.bounds(&self.spline, orders, sides);
        if !self.spline.is_continuous(orders, &sides) || !sides.iter().all(|side| side.is_finite()) {
            return hull;
        }
        // The mean value theorem: not further from the middle's value than the steepest slope allows.
        let middle = sides.map(Interval::middle);
        let value = Interval::point(self.spline.at(orders, middle));
        let terms = (0..4).filter(|&i| sides[i].width() > 0.0).map(|i| {
            self.pyramid.bounds(&self.spline, raised(orders, i), sides)
                * (sides[i] - Interval::point(middle[i]))
        });
        let by_slope = terms.fold(value, |sum, term| sum + term);
        // Splines are worked out in several roundings.
        let slack = 32.0 * f64::EPSILON * hull.largest();
        let by_slope = by_slope + Interval::new(-slack, slack);
        Interval::new(hull.lo().max(by_slope.lo()), hull.hi().min(by_slope.hi()))
    }

    fn derivative(&self, output: usize, input: usize) -> Derivative {
        let orders = raised(orders_of(output), input);
        match self.spline.vanishes(orders) {
            true => Derivative::Zero,
            false => Derivative::Own(output_of(orders)),
        }
    }

    fn smoothness(&self, output: usize, inputs: &[Interval]) -> Smoothness {
        let orders = orders_of(output);
        let sides: [Interval; 4] = std::array::from_fn(|i| inputs[i]);
        let is_smooth = (0..4).all(|i| self.spline.is_continuous(raised(orders, i), &sides));
        match self.spline.is_continuous(orders, &sides) {
            true if is_smooth => Smoothness::Smooth,
            true => Smoothness::Continuous,
            false => Smoothness::MayJump,
        }
    }

    fn shader(&self, output: usize) -> Option<Shader> {
        let shader = self.shader.get_or_init(|| shader::shader(&self.spline, self.identity));
        Some(Shader { numbers: orders_of(output), ..shader.clone() })
    }

    fn weight_count(&self) -> usize {
        self.spline.samples.len()
    }

    fn weights(&self) -> Vec<f64> {
        self.spline.samples.iter().map(|&sample| f64::from(sample)).collect()
    }

    fn with_weights(&self, weights: &[f64]) -> Option<Arc<dyn Kernel>> {
        let [t, x, y, z] = self.spline.counts;
        let values = weights.iter().map(|&weight| weight as f32).collect();
        let samples = GridSamples { counts: [t, x, y, z], lower: [0.0; 4], upper: [1.0; 4], values };
        Some(Arc::new(SplineKernel::of(&samples, self.spline.interpolation)))
    }

    fn backward(
        &self,
        outputs: &[usize],
        inputs: Columns<f64>,
        adjoints: Columns<f64>,
        to_inputs: &mut [f64],
        to_weights: &mut [f64],
    ) {
        let rows = inputs.rows();
        let mut to_coefficients =
            vec![0.0; if to_weights.is_empty() { 0 } else { self.spline.coefficient_count() }];
        for row in 0..rows {
            let at = [0, 1, 2, 3].map(|i| inputs.column(i)[row]);
            for (n, &output) in outputs.iter().enumerate() {
                let (orders, adjoint) = (orders_of(output), adjoints.column(n)[row]);
                if adjoint == 0.0 {
                    continue;
                }
                for input in 0..4 {
                    to_inputs[input * rows + row] += adjoint * self.spline.at(raised(orders, input), at);
                }
                if !to_weights.is_empty() {
                    self.spline.send_back(orders, at, adjoint, &mut to_coefficients);
                }
            }
        }
        if !to_weights.is_empty() {
            self.spline.send_to_samples(to_coefficients, to_weights);
        }
    }
}
