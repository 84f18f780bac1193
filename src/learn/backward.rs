//! Reverse mode over forward mode: what a network's outputs, derivatives in the inputs among them, send back to its
//! weights and its inputs.
//!
//! With s the sums of a layer, h = σ(s) its outputs, and dots for derivatives in inputs, ḣ = σ′ṡ, ḧ = σ′s̈ + σ″ṡṡ. What
//! is sent back follows term by term: an adjoint of ḧ reaches s̈ through σ′, ṡ through σ″, and s through σ″ and σ‴.

use super::forward::{Channels, activate_value, add_sums};
use super::network::{Layer, Network};
use super::precision::NetworkFloat;
use super::product::{add_outer, add_product};
use pulp::Simd;

/// What a block of points leaves in each layer on its way forward.
pub(crate) struct Trace<T> {
    channels: Channels,
    /// How many points, and how long a column is.
    points: usize,
    rows: usize,
    /// How many of the activations' derivatives are kept.
    depth: usize,
    /// The network's inputs, of all channels, and what a hash grid makes of them.
    seeds: Vec<T>,
    features: Vec<T>,
    layers: Vec<Kept<T>>,
    /// Adjoints on their way back: of a layer's outputs, and of its inputs.
    adjoints: [Vec<T>; 2],
}

struct Kept<T> {
    sums: Vec<T>,
    outs: Vec<T>,
    rules: Vec<T>,
}

impl<T: NetworkFloat> Trace<T> {
    /// Room for columns of so many points, padded to so many rows.
    pub(super) fn new(network: &Network, channels: Channels, [points, rows]: [usize; 2]) -> Trace<T> {
        // The way back needs one derivative more than the way forward.
        let (count, depth) = (channels.count(), channels.depth() + 1);
        let kept = |layer: &Layer| {
            let size = layer.outputs * rows;
            let room = |times: usize| vec![T::default(); times * size];
            Kept { sums: room(count), outs: room(count), rules: room(depth) }
        };
        let layers = network.layers();
        let widest = layers.iter().map(|layer| layer.outputs.max(layer.inputs)).max().unwrap_or(1);
        Trace {
            points,
            rows,
            depth,
            seeds: vec![T::default(); count * network.inputs() * rows],
            features: vec![T::default(); network.encoding().map_or(0, |own| count * own.width() * rows)],
            layers: layers.iter().map(kept).collect(),
            adjoints: [0, 1].map(|_| vec![T::default(); count * widest * rows]),
            channels,
        }
    }

    /// The network's inputs: each a column, and behind them those of each derivative.
    pub(super) fn seeds(&mut self) -> &mut [T] {
        &mut self.seeds
    }

    /// The results of a channel.
    pub(super) fn result(&self, channel: usize) -> &[T] {
        let last = &self.layers[self.layers.len() - 1].outs;
        &last[channel * self.rows..channel * self.rows + self.points]
    }

    /// The first layer's inputs: a hash grid's features are worked out here, of some of the channels.
    #[inline(always)]
    fn encode(&mut self, network: &Network, weights: &[T], wanted: std::ops::Range<usize>) -> FirstLayer {
        let Some(encoding) = network.encoding() else { return FirstLayer::Inputs };
        let tables = &weights[network.layer_weights()..];
        encoding.forward(tables, &self.channels, wanted, &self.seeds, &mut self.features, self.rows);
        FirstLayer::Features
    }

    /// The way forward of the values.
    #[inline(always)]
    pub(super) fn forward<S: Simd>(&mut self, simd: S, network: &Network, weights: &[T]) {
        let (rows, shape) = (self.rows, [self.points, self.rows]);
        let first = self.encode(network, weights, 0..1);
        for (n, layer) in network.layers().iter().enumerate() {
            let (before, kept) = self.layers.split_at_mut(n);
            let given = before.last().map_or(first.of(&self.seeds, &self.features), |kept| &kept.outs);
            let [inputs, outputs] = [layer.inputs, layer.outputs].map(|width| width * rows);
            let Kept { sums, outs, rules } = &mut kept[0];
            add_sums(simd, layer, weights, &given[..inputs], &mut sums[..outputs], rows);
            activate_value(layer, self.depth, &sums[..outputs], &mut outs[..outputs], rules, shape);
        }
    }

    /// The adjoints of a hash grid's features by the last backward pass, of so many channels.
    pub(super) fn sent_to_features(&self, network: &Network, channels: usize) -> &[T] {
        let width = network.encoding().map_or(0, |encoding| encoding.width());
        &self.adjoints[0][..channels * width * self.rows]
    }

    /// The way forward of the derivatives, after that of the values.
    #[inline(always)]
    pub(super) fn forward_derivatives<S: Simd>(&mut self, simd: S, network: &Network, weights: &[T]) {
        let (rows, firsts) = (self.rows, self.channels.first.len());
        let first = self.encode(network, weights, 1..self.channels.count());
        for (n, layer) in network.layers().iter().enumerate() {
            let (before, kept) = self.layers.split_at_mut(n);
            let given = before.last().map_or(first.of(&self.seeds, &self.features), |kept| &kept.outs);
            let (wide, size) = (layer.inputs * rows, layer.outputs * rows);
            let Kept { sums, outs, rules } = &mut kept[0];
            let (matrix, _) = layer.of(weights);
            for channel in 1..self.channels.count() {
                let given = &given[channel * wide..(channel + 1) * wide];
                let sums = &mut sums[channel * size..(channel + 1) * size];
                sums.fill(T::default());
                add_product(simd, matrix, layer.inputs, given, sums, rows);
            }
            for channel in 1..1 + firsts {
                let at = channel * size;
                let (out, sum) = (&mut outs[at..at + size], &sums[at..at + size]);
                out.iter_mut()
                    .zip(sum)
                    .zip(&rules[..size])
                    .for_each(|((out, &sum), &slope)| *out = slope * sum);
            }
            for (n, &[a, b]) in self.channels.second.iter().enumerate() {
                let at = (1 + firsts + n) * size;
                let [a, b] = [a, b].map(|n| &sums[(1 + n) * size..(2 + n) * size]);
                for i in 0..size {
                    outs[at + i] = rules[i] * sums[at + i] + rules[size + i] * (a[i] * b[i]);
                }
            }
        }
    }

    /// The way back. `sent` are the adjoints of each channel's results, a column of points each; the weights' are added to
    /// `to_weights`, if there is room for them, and the inputs' written to `to_inputs`. With room for the layers' weights
    /// alone, what is sent to a hash grid is left as [`Trace::sent_to_features`].
    ///
    /// With fewer channels than there are, those first ones alone go back.
    #[inline(always)]
    pub(super) fn backward<S: Simd>(
        &mut self,
        simd: S,
        network: &Network,
        [weights, transposed]: [&[T]; 2],
        sent: &[T],
        mut to_weights: Option<&mut [T]>,
        to_inputs: Option<&mut [T]>,
    ) {
        let encoding = network.encoding();
        let (points, rows) = (self.points, self.rows);
        let count = sent.len() / points;
        let [adjoints, below] = &mut self.adjoints;
        for (column, sent) in adjoints.chunks_exact_mut(rows).zip(sent.chunks_exact(points)) {
            column[..points].copy_from_slice(sent);
            column[points..].fill(T::default());
        }
        for (n, layer) in network.layers().iter().enumerate().rev() {
            let (wide, size) = (layer.inputs * rows, layer.outputs * rows);
            let kept = &self.layers[n];
            let first = if encoding.is_some() { &self.features } else { &self.seeds };
            let given = if n == 0 { first } else { &self.layers[n - 1].outs };
            send_to_sums(&self.channels, kept, &mut adjoints[..count * size], size);
            if let Some(to_weights) = to_weights.as_deref_mut() {
                let own = &mut to_weights[layer.start..layer.start + layer.count()];
                let (matrix, biases) = own.split_at_mut(layer.inputs * layer.outputs);
                for channel in 0..count {
                    let left = &adjoints[channel * size..(channel + 1) * size];
                    add_outer(simd, left, &given[channel * wide..(channel + 1) * wide], matrix, rows);
                }
                for (bias, column) in biases.iter_mut().zip(adjoints.chunks_exact(rows)) {
                    let vectors = T::vectors::<S>(column);
                    let one = T::of(1.0).splat(simd);
                    let zero = T::default().splat(simd);
                    let sum = vectors.iter().fold(zero, |sum, &more| T::multiply_add(simd, more, one, sum));
                    *bias += T::total(simd, sum);
                }
            }
            if n == 0 && to_inputs.is_none() && encoding.is_none() {
                break;
            }
            // The inputs' derivatives are constants: to the inputs only the values' adjoints go.
            let channels = if n == 0 && encoding.is_none() { 1 } else { count };
            let (matrix, _) = layer.of(transposed);
            below[..channels * wide].fill(T::default());
            for channel in 0..channels {
                let sums = &adjoints[channel * size..(channel + 1) * size];
                let below = &mut below[channel * wide..(channel + 1) * wide];
                add_product(simd, matrix, layer.outputs, sums, below, rows);
            }
            std::mem::swap(adjoints, below);
        }
        if let Some(encoding) = encoding {
            let (own, shape) = (network.layer_weights(), [points, rows]);
            let adjoints = &adjoints[..count * encoding.width() * rows];
            if let Some(tables) = to_weights.map(|all| &mut all[own..]).filter(|tables| !tables.is_empty()) {
                for (n, level) in encoding.levels.iter().enumerate() {
                    let table = &mut tables[level.start..level.start + level.rows * encoding.features];
                    encoding.send_to_table(n, &self.channels, &self.seeds, adjoints, table, rows);
                }
            }
            if let Some(to_inputs) = to_inputs {
                encoding.send_to_inputs(
                    &weights[own..],
                    &self.channels,
                    &self.seeds,
                    adjoints,
                    to_inputs,
                    shape,
                );
            }
            return;
        }
        if let Some(to_inputs) = to_inputs {
            for (into, column) in to_inputs.chunks_exact_mut(points).zip(adjoints.chunks_exact(rows)) {
                into.copy_from_slice(&column[..points]);
            }
        }
    }
}

/// The first layer's inputs.
#[derive(Clone, Copy)]
enum FirstLayer {
    Inputs,
    Features,
}

impl FirstLayer {
    #[inline(always)]
    fn of<'a, T>(self, inputs: &'a Vec<T>, features: &'a Vec<T>) -> &'a Vec<T> {
        match self {
            FirstLayer::Inputs => inputs,
            FirstLayer::Features => features,
        }
    }
}

/// Turns the adjoints of a layer's outputs into those of its sums.
#[inline(always)]
fn send_to_sums<T: NetworkFloat>(channels: &Channels, kept: &Kept<T>, adjoints: &mut [T], size: usize) {
    let count = adjoints.len() / size;
    let (slopes, rest) = kept.rules.split_at(size);
    let sum = |channel: usize| &kept.sums[channel * size..(channel + 1) * size];
    let (value, others) = adjoints.split_at_mut(size);
    value.iter_mut().zip(slopes).for_each(|(adjoint, &slope)| *adjoint = *adjoint * slope);
    if count == 1 {
        return;
    }
    let firsts = channels.first.len();
    let (first, second) = others.split_at_mut(firsts * size);
    let bends = &rest[..size];
    for (n, first) in first.chunks_exact_mut(size).enumerate() {
        let sums = sum(1 + n);
        for i in 0..size {
            value[i] += bends[i] * sums[i] * first[i];
            first[i] = first[i] * slopes[i];
        }
    }
    for ((second, &[a, b]), n) in second.chunks_exact_mut(size).zip(&channels.second).zip(1 + firsts..) {
        let (twists, sums, [sum_a, sum_b]) = (&rest[size..], sum(n), [a, b].map(|n| sum(1 + n)));
        for i in 0..size {
            let adjoint = second[i];
            value[i] += (bends[i] * sums[i] + twists[i] * sum_a[i] * sum_b[i]) * adjoint;
            first[a * size + i] += bends[i] * sum_b[i] * adjoint;
            first[b * size + i] += bends[i] * sum_a[i] * adjoint;
            second[i] = adjoint * slopes[i];
        }
    }
}

/// The layers' weights with each matrix turned over, which the way back multiplies by.
pub(crate) fn transposed<T: Copy>(network: &Network, weights: &[T]) -> Vec<T> {
    let mut turned = weights[..network.layer_weights()].to_vec();
    for layer in network.layers() {
        let (matrix, _) = layer.of(weights);
        for row in 0..layer.outputs {
            for column in 0..layer.inputs {
                turned[layer.start + column * layer.outputs + row] = matrix[row * layer.inputs + column];
            }
        }
    }
    turned
}
