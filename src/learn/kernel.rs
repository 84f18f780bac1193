//! A network as a kernel: its inputs are x, y, z, or x, y, z, t; its outputs the value (0), its gradient (1 to 4) and its
//! second derivatives (from 5 on, in the order of [`PAIRS`]).

use super::affine::AffineBounds;
use super::backward::{Trace, transposed};
use super::encoding_range::table_ranges;
use super::forward::{Channels, Forward};
use super::network::Network;
use super::product::GRAIN;
use super::shader;
use crate::error::Result;
use crate::field::{Axis, Field, kernel};
use crate::number::Arch;
use crate::number::{Closure, Columns, Derivative, Identity, Interval, Kernel, Shader, Smoothness};
use pulp::{Simd, WithSimd};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The inputs that second derivatives are taken in.
const PAIRS: [[usize; 2]; 10] =
    [[0, 0], [0, 1], [0, 2], [0, 3], [1, 1], [1, 2], [1, 3], [2, 2], [2, 3], [3, 3]];

/// The first of the second derivatives.
const SECOND: usize = 5;

/// The inputs that an output is a derivative in.
pub(super) fn inputs_of(output: usize) -> Vec<usize> {
    match output {
        0 => Vec::new(),
        1..SECOND => vec![output - 1],
        _ => PAIRS[(output - SECOND).min(PAIRS.len() - 1)].to_vec(),
    }
}

/// How many points go forward and back together.
const BLOCK: usize = 48;

pub(super) struct NeuralField {
    network: Network,
    /// The weights in `f32`.
    single: Arc<[f32]>,
    transposed: OnceLock<Vec<f64>>,
    /// The weights' sizes.
    sizes: OnceLock<Vec<f64>>,
    /// The least and the greatest of each feature of a hash grid.
    features: OnceLock<Vec<Interval>>,
    shader: OnceLock<Option<Shader>>,
    identity: Identity,
}

impl fmt::Debug for NeuralField {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.network.fmt(f)
    }
}

impl Network {
    /// The network as a field. Its weights can be fitted, and its derivatives are exact up to the second.
    pub fn field(&self) -> Field {
        let inputs = Axis::ALL[..self.inputs()].iter().map(|&axis| Field::coordinate(axis));
        kernel(Arc::new(NeuralField::of(self.clone())), inputs)
    }

    /// What it computes, as a fingerprint.
    pub(crate) fn identity(&self) -> Identity {
        let layer = |all: Identity, layer: &super::Layer| {
            let number = u128::from(layer.activation.number().to_bits());
            let name = layer.activation.name().as_bytes();
            all.and(layer.inputs as u128).and(layer.outputs as u128).and_bytes(name).and(number)
        };
        let before = Identity::of("neural");
        let before = self.encoding().map_or(before, |encoding| encoding.identity(before));
        let shape = self.layers().iter().fold(before, layer);
        self.weights().iter().fold(shape, |all, weight| all.and(u128::from(weight.to_bits())))
    }
}

/// The field of a network in a `safetensors` file.
///
/// ```
/// use fieldgrad::learn::{Network, neural};
/// use fieldgrad::prelude::*;
///
/// let path = std::env::temp_dir().join(format!("field_{}.safetensors", std::process::id()));
/// Network::siren(3, &[16, 16], 5.0, 1)?.write(&path)?;
/// let learned = neural(&path)?;
/// let blended = learned.smooth_union(sphere(0.3), 0.1);
/// assert!(blended.value_at([0.0; 4])? < -0.2);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), Error>(())
/// ```
pub fn neural(path: impl AsRef<Path>) -> Result<Field> {
    Ok(Network::read(path)?.field())
}

impl NeuralField {
    fn of(network: Network) -> NeuralField {
        let single = network.weights().iter().map(|&weight| weight as f32).collect();
        let identity = network.identity();
        let (transposed, sizes, features) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        NeuralField { network, single, transposed, sizes, features, shader: OnceLock::new(), identity }
    }

    /// The channels of outputs, and each one's number.
    fn channels(outputs: &[usize]) -> (Channels, Vec<usize>) {
        let mut channels = Channels::default();
        let of: Vec<_> = outputs.iter().map(|&output| channels.of(&inputs_of(output))).collect();
        let numbers = of.into_iter().map(|channel| channels.number(channel)).collect();
        (channels, numbers)
    }

    /// Bounds on outputs over columns of boxes, output after output.
    fn over(&self, outputs: &[usize], boxes: Columns<Interval>) -> Vec<Interval> {
        let (channels, wanted) = NeuralField::channels(outputs);
        let sizes =
            self.sizes.get_or_init(|| self.network.weights().iter().map(|weight| weight.abs()).collect());
        let features = self.features.get_or_init(|| {
            let tables = &self.network.weights()[self.network.layer_weights()..];
            self.network.encoding().map_or(Vec::new(), |encoding| table_ranges(encoding, tables))
        });
        let (network, channels, wanted) = (&self.network, &channels, &wanted[..]);
        // Where a side has no end nothing is known.
        let is_known = |row: usize| (0..boxes.len()).all(|input| boxes.column(input)[row].is_finite());
        let known: Vec<bool> = (0..boxes.rows()).map(is_known).collect();
        let held: Vec<Interval>;
        let boxes = match known.iter().all(|&is_known| is_known) {
            true => boxes,
            false => {
                let finite = |side: &Interval| if side.is_finite() { *side } else { Interval::point(0.0) };
                held = boxes.all().iter().map(finite).collect();
                Columns::new(&held, boxes.rows())
            }
        };
        let mut bounds =
            Arch::new().dispatch(AffineBounds { network, sizes, features, channels, wanted, boxes });
        for column in bounds.chunks_exact_mut(known.len()) {
            let unknown = column.iter_mut().zip(&known).filter(|(_, is_known)| !**is_known);
            unknown.for_each(|(bound, _)| *bound = Interval::WHOLE);
        }
        bounds
    }

    /// The second derivatives that are those of a first one.
    fn second_of(&self, output: usize) -> Vec<usize> {
        let own = |input: usize| match self.derivative(output, input) {
            Derivative::Own(number) => number,
            _ => unreachable!("a first derivative's are outputs"),
        };
        (0..self.network.inputs()).map(own).collect()
    }

    /// The outputs that the value's derivatives are.
    fn gradient(&self) -> Vec<usize> {
        (0..=self.network.inputs()).collect()
    }
}

/// The sum of slopes times rates.
fn rise_of(slopes: &[Interval], rises: &[Interval]) -> Interval {
    let terms = slopes.iter().zip(rises).map(|(&slope, &rise)| slope * rise);
    terms.fold(Interval::point(0.0), |sum, term| sum + term)
}

impl Kernel for NeuralField {
    fn name(&self) -> &str {
        "neural"
    }

    fn identity(&self) -> Option<Identity> {
        Some(self.identity)
    }

    fn cost(&self) -> usize {
        let encoding = self.network.encoding();
        let gathered = encoding.map_or(0, |encoding| encoding.width() * encoding.corners());
        64 + (self.network.layer_weights() + 4 * gathered) / 4
    }

    fn value(&self, output: usize, inputs: &[f64]) -> f64 {
        let mut result = [0.0];
        self.values(&[output], Columns::new(inputs, 1), &mut result);
        result[0]
    }

    fn values(&self, outputs: &[usize], inputs: Columns<f64>, results: &mut [f64]) {
        let ((channels, wanted), network) = (NeuralField::channels(outputs), &self.network);
        let (channels, wanted) = (&channels, &wanted[..]);
        let weights = network.weights();
        Arch::new().dispatch(Forward { network, weights, channels, wanted, inputs, results });
    }

    fn values_f32(&self, outputs: &[usize], inputs: Columns<f32>, results: &mut [f32]) {
        let ((channels, wanted), network) = (NeuralField::channels(outputs), &self.network);
        let (channels, wanted) = (&channels, &wanted[..]);
        let weights = &self.single;
        Arch::new().dispatch(Forward { network, weights, channels, wanted, inputs, results });
    }

    fn bounds(&self, output: usize, inputs: &[Interval]) -> Interval {
        self.over(&[output], Columns::new(inputs, 1))[0]
    }

    fn bounds_over(&self, output: usize, boxes: Columns<Interval>, results: &mut [Interval]) {
        results.copy_from_slice(&self.over(&[output], boxes));
    }

    fn derivative(&self, output: usize, input: usize) -> Derivative {
        match inputs_of(output)[..] {
            [] => Derivative::Own(1 + input),
            [first] => {
                let pair = [first.min(input), first.max(input)];
                let place = PAIRS.iter().position(|other| *other == pair);
                Derivative::Own(SECOND + place.expect("all pairs are there"))
            }
            _ => {
                // By differences: nobody needs them often.
                let network = NeuralField::of(self.network.clone());
                let second = move |inputs: &[f64]| network.value(output, inputs);
                let name = format!("neural second derivative {output}");
                let closure = Closure::new(&name, second, |_: &[Interval]| Interval::WHOLE);
                let Derivative::Own(number) = closure.derivative(0, input) else { return Derivative::Zero };
                Derivative::Of(closure, number)
            }
        }
    }

    fn smoothness(&self, output: usize, _: &[Interval]) -> Smoothness {
        let is_smooth = self.network.layers().iter().all(|layer| layer.activation.is_smooth())
            && self.network.encoding().is_none_or(|encoding| encoding.is_smooth);
        match (is_smooth, output) {
            (true, _) => Smoothness::Smooth,
            (false, 0) => Smoothness::Continuous,
            _ => Smoothness::MayJump,
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
        let order = inputs_of(output).len();
        let of = match order {
            0 => self.gradient(),
            1 => [vec![output], self.second_of(output)].concat(),
            _ => vec![output],
        };
        let bounds = self.over(&of, boxes);
        let rows = values.len();
        values.copy_from_slice(&bounds[..rows]);
        let may_jump = self.smoothness(output, &[]) == Smoothness::MayJump;
        let (mut slope, mut rates) = (Vec::new(), Vec::new());
        for (row, rise) in slopes.iter_mut().enumerate() {
            rises.copy_row(row, &mut rates);
            slope.clear();
            slope.extend(bounds[row..].iter().step_by(rows).skip(1));
            *rise = match rates.iter().all(|&rate| rate == Interval::point(0.0)) {
                true => Interval::point(0.0),
                false if may_jump || order > 1 => Interval::WHOLE,
                false => rise_of(&slope, &rates),
            };
        }
    }

    fn weight_count(&self) -> usize {
        self.single.len()
    }

    fn weights(&self) -> Vec<f64> {
        self.network.weights().to_vec()
    }

    fn with_weights(&self, weights: &[f64]) -> Option<Arc<dyn Kernel>> {
        let network = self.network.with_weights(weights.to_vec()).ok()?;
        Some(Arc::new(NeuralField::of(network)))
    }

    fn backward(
        &self,
        outputs: &[usize],
        inputs: Columns<f64>,
        adjoints: Columns<f64>,
        to_inputs: &mut [f64],
        to_weights: &mut [f64],
    ) {
        let transposed = self.transposed.get_or_init(|| transposed(&self.network, self.network.weights()));
        let network = &self.network;
        Arch::new().dispatch(Back { network, transposed, outputs, inputs, adjoints, to_inputs, to_weights });
    }

    fn shader(&self, output: usize) -> Option<Shader> {
        let shader = self.shader.get_or_init(|| shader::shader(&self.network, &self.single, self.identity));
        shader::of_output(shader.as_ref()?, &inputs_of(output))
    }
}

/// What adjoints of outputs at columns of points send back.
struct Back<'a> {
    network: &'a Network,
    transposed: &'a [f64],
    outputs: &'a [usize],
    inputs: Columns<'a, f64>,
    adjoints: Columns<'a, f64>,
    to_inputs: &'a mut [f64],
    to_weights: &'a mut [f64],
}

impl WithSimd for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Back { network, transposed, outputs, inputs, adjoints, to_inputs, to_weights } = self;
        let (channels, numbers) = NeuralField::channels(outputs);
        let (all, wide, count) = (inputs.rows(), inputs.len(), channels.count());
        let mut start = 0;
        while start < all {
            let points = (all - start).min(BLOCK);
            let rows = points.next_multiple_of(GRAIN);
            let mut trace = Trace::new(network, channels.clone(), [points, rows]);
            let seeds = trace.seeds();
            for input in 0..wide {
                let column = &inputs.column(input)[start..start + points];
                seeds[input * rows..input * rows + points].copy_from_slice(column);
            }
            for (n, &input) in channels.first.iter().enumerate() {
                let column = (1 + n) * wide + input;
                seeds[column * rows..(column + 1) * rows].fill(1.0);
            }
            trace.forward(simd, network, network.weights());
            trace.forward_derivatives(simd, network, network.weights());
            let mut sent = vec![0.0; count * points];
            for (n, &channel) in numbers.iter().enumerate() {
                let column = &adjoints.column(n)[start..start + points];
                let sent = &mut sent[channel * points..(channel + 1) * points];
                sent.iter_mut().zip(column).for_each(|(sum, more)| *sum += more);
            }
            let mut back = vec![0.0; wide * points];
            let weights = (!to_weights.is_empty()).then_some(&mut *to_weights);
            trace.backward(simd, network, [network.weights(), transposed], &sent, weights, Some(&mut back));
            for input in 0..wide {
                let sums = &mut to_inputs[input * all + start..input * all + start + points];
                let back = &back[input * points..(input + 1) * points];
                sums.iter_mut().zip(back).for_each(|(sum, more)| *sum += more);
            }
            start += points;
        }
    }
}
