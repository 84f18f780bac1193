//! The loss of a network at points of a shape, with its derivative in every weight.
//!
//! Terms in ∇f are differentiated exactly, in reverse over forward mode along one direction a point. A pass back gives
//! g = ∇f, and the loss's own derivative v in it; the derivative of the loss in the weights is then that of v·∇f, v held
//! still, which is how f changes along v: one tangent beside the value, whatever the number of inputs.

use super::backward::{Trace, transposed};
use super::forward::Channels;
use super::network::Network;
use crate::number::Arch;
use pulp::{Simd, WithSimd};

/// How many points a loss is worked out for together. Columns are an odd number of cache lines long, so that their beginnings
/// do not compete for the same places in the cache.
pub(crate) const POINTS: usize = 240;

/// What is asked of the value and the gradient, each times its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Weights {
    /// |f − d|, or its square.
    pub(crate) value: f64,
    pub(crate) is_square: bool,
    /// |∇f − n|².
    pub(crate) normal: f64,
    /// (|∇f| − 1)².
    pub(crate) eikonal: f64,
}

impl Weights {
    fn need_gradient(&self) -> bool {
        self.normal != 0.0 || self.eikonal != 0.0
    }
}

/// Points in columns: coordinates, distances, and three columns of normals where they are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) inputs: Vec<f32>,
    pub(crate) distances: Vec<f32>,
    pub(crate) normals: Vec<f32>,
}

/// A network's weights as passes read them.
pub(crate) struct ReadWeights {
    network: Network,
    weights: Vec<f32>,
    transposed: Vec<f32>,
}

impl ReadWeights {
    pub(crate) fn of(network: &Network) -> ReadWeights {
        ReadWeights { network: network.clone(), weights: Vec::new(), transposed: Vec::new() }
    }

    /// Other weights.
    pub(crate) fn set(&mut self, weights: &[f64]) {
        self.weights.clear();
        self.weights.extend(weights.iter().map(|&weight| weight as f32));
        self.transposed = transposed(&self.network, &self.weights);
    }
}

/// A batch's backward pass as a hash grid goes on with it: the network's inputs of all channels, and the adjoints of features.
#[derive(Debug, Default)]
pub(crate) struct SentToGrid {
    seeds: Vec<f32>,
    adjoints: Vec<f32>,
}

/// Adds what batches sent back to the table of a level, in their order: whoever works it out, the sum is the same.
pub(crate) fn add_to_table<'a>(
    network: &Network,
    weights: &Weights,
    level: usize,
    sent: impl Iterator<Item = &'a SentToGrid>,
    table: &mut [f32],
) {
    let channels = channels_of(weights);
    for sent in sent {
        Arch::new().dispatch(TableRun { network, channels: &channels, level, sent, table });
    }
}

struct TableRun<'a> {
    network: &'a Network,
    channels: &'a Channels,
    level: usize,
    sent: &'a SentToGrid,
    table: &'a mut [f32],
}

impl WithSimd for TableRun<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let TableRun { network, channels, level, sent: SentToGrid { seeds, adjoints }, table } = self;
        if let Some(encoding) = network.encoding() {
            encoding.send_to_table(level, channels, seeds, adjoints, table, POINTS);
        }
    }
}

/// The value, and where the loss asks something of ∇f its change along a direction that each point has for itself.
fn channels_of(weights: &Weights) -> Channels {
    let mut channels = Channels::default();
    if weights.need_gradient() {
        channels.of(&[0]);
    }
    channels
}

/// The memory of passes one after the other.
pub(crate) struct PassMemory {
    trace: Trace<f32>,
    /// The adjoints of the value and of its change along a direction.
    sent: Vec<f32>,
    slopes: Vec<f32>,
}

impl PassMemory {
    pub(crate) fn new(network: &Network, weights: &Weights) -> PassMemory {
        let channels = channels_of(weights);
        let sent = vec![0.0; channels.count() * POINTS];
        let trace = Trace::new(network, channels, [POINTS; 2]);
        PassMemory { trace, sent, slopes: vec![0.0; network.inputs() * POINTS] }
    }

    /// The loss summed over a batch; its derivatives in the layers' weights are added to `gradient`, and what a hash grid is
    /// sent is left in `grid`.
    pub(crate) fn run(
        &mut self,
        read: &ReadWeights,
        batch: &Batch,
        weights: &Weights,
        gradient: &mut [f32],
        grid: &mut SentToGrid,
    ) -> f64 {
        let loss = Arch::new().dispatch(LossRun { pass: self, read, batch, weights, gradient });
        if read.network.encoding().is_some() {
            let channels = self.sent.len() / POINTS;
            grid.adjoints.clear();
            grid.adjoints.extend_from_slice(self.trace.sent_to_features(&read.network, channels));
            grid.seeds.clear();
            grid.seeds.extend_from_slice(self.trace.seeds());
        }
        loss
    }
}

struct LossRun<'a> {
    pass: &'a mut PassMemory,
    read: &'a ReadWeights,
    batch: &'a Batch,
    weights: &'a Weights,
    gradient: &'a mut [f32],
}

impl WithSimd for LossRun<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let LossRun { pass: PassMemory { trace, sent, slopes }, read, batch, weights, gradient } = self;
        let ReadWeights { network, weights: numbers, transposed } = read;
        let wide = network.inputs();
        trace.seeds()[..wide * POINTS].copy_from_slice(&batch.inputs);
        trace.forward(simd, network, numbers);
        let mut loss = 0.0;
        for (n, (&value, &distance)) in trace.result(0).iter().zip(&batch.distances).enumerate() {
            let off = value - distance;
            let (term, slope) = match weights.is_square {
                true => (off * off, 2.0 * off),
                false => (off.abs(), if off == 0.0 { 0.0 } else { off.signum() }),
            };
            loss += weights.value * f64::from(term);
            sent[n] = weights.value as f32 * slope;
        }
        if !weights.need_gradient() {
            trace.backward(simd, network, [numbers, transposed], sent, Some(gradient), None);
            return loss;
        }
        let (values, along) = sent.split_at_mut(POINTS);
        along.fill(1.0);
        trace.backward(simd, network, [numbers, transposed], along, None, Some(slopes));
        loss += pull(slopes, &batch.normals, weights);
        slopes[3 * POINTS..].fill(0.0); // nothing is asked of the change with time
        trace.seeds()[wide * POINTS..].copy_from_slice(slopes);
        trace.forward_derivatives(simd, network, numbers);
        debug_assert_eq!(values.len(), along.len());
        trace.backward(simd, network, [numbers, transposed], sent, Some(gradient), None);
        loss
    }
}

/// What is asked of gradients, which become its derivatives in them.
#[inline(always)]
fn pull(slopes: &mut [f32], normals: &[f32], weights: &Weights) -> f64 {
    let (eikonal, normal) = (weights.eikonal as f32, weights.normal as f32);
    let mut loss = 0.0;
    for n in 0..POINTS {
        let slope = [0, 1, 2].map(|axis| slopes[axis * POINTS + n]);
        let length = (slope[0] * slope[0] + slope[1] * slope[1] + slope[2] * slope[2]).sqrt();
        let off = length - 1.0;
        loss += weights.eikonal * f64::from(off * off);
        let by_length = if length > 0.0 { 2.0 * eikonal * off / length } else { 0.0 };
        let known = |axis: usize| normals.get(axis * POINTS + n).copied();
        // Where a normal is 0 none is known.
        let is_known = [0, 1, 2].iter().any(|&axis| known(axis).is_some_and(|part| part != 0.0));
        for axis in 0..3 {
            let mut pulled = by_length * slope[axis];
            if let (true, Some(wanted)) = (is_known, known(axis)) {
                let off = slope[axis] - wanted;
                loss += weights.normal * f64::from(off * off);
                pulled += 2.0 * normal * off;
            }
            slopes[axis * POINTS + n] = pulled;
        }
    }
    loss
}
