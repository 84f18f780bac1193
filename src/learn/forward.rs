//! A network at columns of points: its value and its derivatives in the inputs, worked out together layer by layer.

use super::network::{Layer, Network};
use super::precision::NetworkFloat;
use super::product::{GRAIN, add_product};
use crate::number::Columns;
use pulp::{Simd, WithSimd};

/// How many numbers of each output go through the layers together: as many points, or fewer with their derivatives, so that
/// a layer's stay near the processor. Columns of three cache lines do not compete for the same places there.
const BLOCK: usize = 48;

/// Which derivatives go through the layers beside the value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Channels {
    /// The inputs in which first derivatives are taken.
    pub(super) first: Vec<usize>,
    /// Pairs of those, by their places, for second derivatives.
    pub(super) second: Vec<[usize; 2]>,
}

impl Channels {
    /// How many there are, with the value's.
    pub(super) fn count(&self) -> usize {
        1 + self.first.len() + self.second.len()
    }

    /// How many derivatives of the activations they need.
    pub(super) fn depth(&self) -> usize {
        if !self.second.is_empty() { 2 } else { usize::from(!self.first.is_empty()) }
    }

    /// The channel of the derivative in some inputs, none, one or two; there is one afterwards.
    pub(super) fn of(&mut self, inputs: &[usize]) -> JetEntry {
        match *inputs {
            [] => JetEntry::Value,
            [a] => JetEntry::First(self.first_of(a)),
            [a, b, ..] => {
                let pair = [self.first_of(a), self.first_of(b)];
                JetEntry::Second(place_of(&mut self.second, pair))
            }
        }
    }

    fn first_of(&mut self, input: usize) -> usize {
        place_of(&mut self.first, input)
    }

    /// A channel's number.
    pub(super) fn number(&self, channel: JetEntry) -> usize {
        match channel {
            JetEntry::Value => 0,
            JetEntry::First(n) => 1 + n,
            JetEntry::Second(n) => 1 + self.first.len() + n,
        }
    }
}

fn place_of<T: PartialEq>(all: &mut Vec<T>, wanted: T) -> usize {
    all.iter().position(|other| *other == wanted).unwrap_or_else(|| {
        all.push(wanted);
        all.len() - 1
    })
}

/// A value, or a derivative by its place among those of its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JetEntry {
    Value,
    First(usize),
    Second(usize),
}

/// Outputs of a network at columns of points.
pub(super) struct Forward<'a, T> {
    pub(super) network: &'a Network,
    /// Its weights in that precision.
    pub(super) weights: &'a [T],
    pub(super) channels: &'a Channels,
    /// The channel that each column of results is of.
    pub(super) wanted: &'a [usize],
    pub(super) inputs: Columns<'a, T>,
    pub(super) results: &'a mut [T],
}

impl<T: NetworkFloat> WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Forward { network, weights, channels, wanted, inputs, results } = self;
        let (all, count, layers) = (inputs.rows(), channels.count(), network.layers());
        let widest = layers.iter().map(|layer| layer.outputs.max(layer.inputs)).max().unwrap_or(1);
        let block = (BLOCK / count).next_multiple_of(GRAIN);
        let most = all.min(block).next_multiple_of(GRAIN);
        let [mut sums, mut outs] = [0, 1].map(|_| vec![T::default(); count * widest * most]);
        let mut rules = vec![T::default(); channels.depth() * widest * most];
        let mut seeds = vec![T::default(); count * inputs.len() * most];
        let mut start = 0;
        while start < all {
            let points = (all - start).min(block);
            let rows = points.next_multiple_of(GRAIN);
            match network.encoding() {
                None => seed(&mut outs, inputs, channels, start, points, rows),
                Some(encoding) => {
                    seed(&mut seeds, inputs, channels, start, points, rows);
                    let tables = &weights[network.layer_weights()..];
                    encoding.forward(tables, channels, 0..count, &seeds, &mut outs, rows);
                }
            }
            for layer in layers {
                let [given, made] = [layer.inputs, layer.outputs].map(|width| count * width * rows);
                let (given, sums) = (&outs[..given], &mut sums[..made]);
                add_sums(simd, layer, weights, given, sums, rows);
                activate(layer, channels, sums, &mut outs[..made], &mut rules, [points, rows]);
            }
            for (n, &channel) in wanted.iter().enumerate() {
                let found = &outs[channel * rows..channel * rows + points];
                results[n * all + start..n * all + start + points].copy_from_slice(found);
            }
            start += points;
        }
    }
}

/// The first layer's inputs: coordinates, and their derivatives.
#[inline(always)]
fn seed<T: NetworkFloat>(
    into: &mut [T],
    inputs: Columns<T>,
    channels: &Channels,
    start: usize,
    points: usize,
    rows: usize,
) {
    let wide = inputs.len();
    into[..channels.count() * wide * rows].fill(T::default());
    for input in 0..wide {
        into[input * rows..input * rows + points]
            .copy_from_slice(&inputs.column(input)[start..start + points]);
    }
    for (n, &input) in channels.first.iter().enumerate() {
        let column = (1 + n) * wide + input;
        into[column * rows..(column + 1) * rows].fill(T::of(1.0));
    }
}

/// A layer's weighted sums, of all channels; biases are the value's alone.
#[inline(always)]
pub(super) fn add_sums<T: NetworkFloat, S: Simd>(
    simd: S,
    layer: &Layer,
    weights: &[T],
    given: &[T],
    sums: &mut [T],
    rows: usize,
) {
    let (matrix, biases) = layer.of(weights);
    let (given, sums) =
        (given.chunks_exact(layer.inputs * rows), sums.chunks_exact_mut(layer.outputs * rows));
    for (n, (given, sums)) in given.zip(sums).enumerate() {
        if n == 0 {
            sums.chunks_exact_mut(rows).zip(biases).for_each(|(column, &bias)| column.fill(bias));
        } else {
            sums.fill(T::default());
        }
        add_product(simd, matrix, layer.inputs, given, sums, rows);
    }
}

/// A layer's outputs of its sums, of all channels, and the activation's derivatives at them, one order after the other.
#[inline(always)]
pub(super) fn activate<T: NetworkFloat>(
    layer: &Layer,
    channels: &Channels,
    sums: &[T],
    outs: &mut [T],
    rules: &mut [T],
    [points, rows]: [usize; 2],
) {
    let size = layer.outputs * rows;
    let (value, outs) = outs.split_at_mut(size);
    let (sum, sums) = sums.split_at(size);
    activate_value(layer, channels.depth(), sum, value, rules, [points, rows]);
    let (first, second) = outs.split_at_mut(channels.first.len() * size);
    let (first_sums, second_sums) = sums.split_at(channels.first.len() * size);
    let (slopes, bends) = rules.split_at((channels.depth() * size).min(size));
    for (out, sum) in first.chunks_exact_mut(size).zip(first_sums.chunks_exact(size)) {
        out.iter_mut().zip(sum).zip(slopes).for_each(|((out, &sum), &slope)| *out = slope * sum);
    }
    let (out, sum) = (second.chunks_exact_mut(size), second_sums.chunks_exact(size));
    for ((out, sum), &[a, b]) in out.zip(sum).zip(&channels.second) {
        let [a, b] = [a, b].map(|n| &first_sums[n * size..(n + 1) * size]);
        for i in 0..size {
            out[i] = slopes[i] * sum[i] + bends[i] * (a[i] * b[i]);
        }
    }
}

/// The values of a layer's sums, and so many of the activation's derivatives at them.
#[inline(always)]
pub(super) fn activate_value<T: NetworkFloat>(
    layer: &Layer,
    depth: usize,
    sums: &[T],
    values: &mut [T],
    rules: &mut [T],
    [points, rows]: [usize; 2],
) {
    let size = layer.outputs * rows;
    // Beyond the points there is nothing to work out; all at once is quicker where little is beyond them.
    let piece = if 2 * points < rows { rows } else { size };
    for (n, (sums, values)) in sums.chunks_exact(piece).zip(values.chunks_exact_mut(piece)).enumerate() {
        let used = if piece == rows { points } else { piece };
        let (sums, values) = (&sums[..used], &mut values[..used]);
        let at = |order: usize| order * size + n * piece;
        match depth {
            0 => layer.activation.columns(sums, values, &mut []),
            1 => layer.activation.columns(sums, values, &mut [&mut rules[at(0)..at(0) + used]]),
            2 => {
                let (a, b) = rules.split_at_mut(size);
                let rules = &mut [&mut a[at(0)..at(0) + used], &mut b[at(0)..at(0) + used]];
                layer.activation.columns(sums, values, rules);
            }
            _ => {
                let (a, b) = rules.split_at_mut(size);
                let (b, c) = b.split_at_mut(size);
                let rules = &mut [
                    &mut a[at(0)..at(0) + used],
                    &mut b[at(0)..at(0) + used],
                    &mut c[at(0)..at(0) + used],
                ];
                layer.activation.columns(sums, values, rules);
            }
        }
    }
}
