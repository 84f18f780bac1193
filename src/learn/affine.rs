//! Bounds on a network and its derivatives over a box, by affine arithmetic (Comba and Stolfi 1993; for networks Sharp and
//! Jacobson, "Spelunking the deep", 2022).
//!
//! A form is a centre, how it changes along each side of the box, and how far off that may be. Weighted sums keep what
//! their terms have in common, which intervals forget: of a layer's sums only the bend is lost.

use super::Activation;
use super::encoding::AXES;
use super::encoding_range::FeatureBounds;
use super::forward::Channels;
use super::network::{Layer, Network};
use super::product::{GRAIN, add_product};
use super::range::MAX_ORDER;
use crate::number::{Columns, Interval};
use pulp::{Simd, WithSimd};

/// The centre, a slope along each of four sides, and the error.
const ERROR: usize = 5;

/// c + Σ sᵢεᵢ ± e, all εᵢ in [−1, 1].
#[derive(Clone, Copy, Debug, Default)]
struct AffineForm([f64; 6]);

impl AffineForm {
    /// Values within an interval, of which no more is known.
    fn flat(within: Interval) -> AffineForm {
        let error = 0.5 * within.width() * (1.0 + 4.0 * f64::EPSILON);
        AffineForm([within.middle(), 0.0, 0.0, 0.0, 0.0, error])
    }

    /// A feature over a box of such sides: what its slopes leave of it, by the mean value theorem, or what its values do.
    fn of_feature(bounds: &FeatureBounds, sides: &[Interval]) -> AffineForm {
        let flat = AffineForm::flat(bounds.value);
        let mut form = AffineForm([bounds.center, 0.0, 0.0, 0.0, 0.0, 0.0]);
        for (axis, side) in sides.iter().enumerate() {
            let half = 0.5 * side.width() * (1.0 + 4.0 * f64::EPSILON);
            form.0[1 + axis] = bounds.slopes[axis].middle() * half;
            form.0[ERROR] += 0.5 * bounds.slopes[axis].width() * half * (1.0 + 8.0 * f64::EPSILON);
        }
        form.0[ERROR] += 64.0 * f64::EPSILON * (bounds.value.largest() + form.radius());
        // Bounds by slopes are known to belong together with the other features.
        if form.0[ERROR] <= 0.5 * flat.radius() { form } else { flat }
    }

    /// How far from the centre it reaches.
    #[inline(always)]
    fn radius(&self) -> f64 {
        let [_, a, b, c, d, error] = self.0;
        a.abs() + b.abs() + c.abs() + d.abs() + error
    }

    #[inline(always)]
    fn range(&self) -> Interval {
        let radius = self.radius() * (1.0 + 4.0 * f64::EPSILON);
        Interval::new(self.0[0] - radius, self.0[0] + radius)
    }

    /// λ·self + shift, and a little more of error.
    #[inline(always)]
    fn scaled(&self, factor: f64, shift: f64, error: f64) -> AffineForm {
        let [center, rest @ ..] = self.0;
        let slack = 8.0 * f64::EPSILON * (factor.abs() * (center.abs() + self.radius()) + shift.abs());
        let mut form = AffineForm([factor * center + shift, 0.0, 0.0, 0.0, 0.0, 0.0]);
        for i in 0..4 {
            form.0[1 + i] = factor * rest[i];
        }
        form.0[ERROR] = factor.abs() * rest[4] + error + slack;
        form
    }

    #[inline(always)]
    fn plus(&self, other: &AffineForm) -> AffineForm {
        let mut form = AffineForm(std::array::from_fn(|i| self.0[i] + other.0[i]));
        form.0[ERROR] += 4.0 * f64::EPSILON * (form.0[0].abs() + form.radius());
        form
    }

    #[inline(always)]
    fn times(&self, other: &AffineForm) -> AffineForm {
        let (a, b) = (&self.0, &other.0);
        let (reach_a, reach_b) = (self.radius(), other.radius());
        let mut form = AffineForm([a[0] * b[0], 0.0, 0.0, 0.0, 0.0, 0.0]);
        for i in 1..ERROR {
            form.0[i] = a[0] * b[i] + b[0] * a[i];
        }
        let slack = 8.0 * f64::EPSILON * (a[0].abs() + reach_a) * (b[0].abs() + reach_b);
        form.0[ERROR] = a[0].abs() * b[ERROR] + b[0].abs() * a[ERROR] + reach_a * reach_b + slack;
        form
    }

    /// An activation function at a form, and so many of its derivatives.
    #[inline(always)]
    fn through<const N: usize>(&self, activation: Activation) -> [AffineForm; N] {
        let about =
            About { activation, center: self.0[0], reach: self.radius(), jet: activation.jet(self.0[0]) };
        std::array::from_fn(|order| about.linearised(self, order))
    }
}

/// An activation function about the centre of a form, as far as the form reaches.
struct About {
    activation: Activation,
    center: f64,
    reach: f64,
    jet: [f64; 4],
}

impl About {
    /// The values of a derivative there.
    #[inline(always)]
    fn range(&self, order: usize) -> Interval {
        let Activation::Sine { frequency } = self.activation else {
            let over = Interval::new(self.center - self.reach, self.center + self.reach);
            return self.activation.range(order, over);
        };
        // No farther from the centre's than a wave rises, nor than its slope there and its bend allow.
        let turn = frequency * self.reach;
        let size = frequency.powi(order as i32);
        let next = if order < MAX_ORDER { self.jet[order + 1] / frequency } else { -self.jet[2] * frequency };
        let way = (size * turn).min(next.abs() * turn + 0.5 * size * turn * turn);
        let rounding = 8.0 * f64::EPSILON * size * (1.0 + frequency * self.center.abs() + turn);
        let (low, high) = (self.jet[order] - way - rounding, self.jet[order] + way + rounding);
        Interval::new(low.max(-size - rounding), high.min(size + rounding))
    }

    /// A derivative as a form, the value itself for order 0: a line through the centre, and how far from it the values
    /// may be.
    #[inline(always)]
    fn linearised(&self, of: &AffineForm, order: usize) -> AffineForm {
        let (center, reach, jet) = (self.center, self.reach, &self.jet);
        let flat = || AffineForm::flat(self.range(order));
        match self.activation {
            Activation::Linear if order == 0 => return *of,
            Activation::Relu if order == 0 => {
                let (low, high) = (center - reach, center + reach);
                if low >= 0.0 || high <= 0.0 {
                    return if low >= 0.0 { *of } else { AffineForm::default() };
                }
                // The chord above, the parallel that touches 0 below.
                let factor = high / (high - low);
                let half = -0.5 * factor * low;
                return of.scaled(factor, half, half);
            }
            Activation::Relu => return flat(),
            _ if order >= MAX_ORDER => return flat(),
            _ => {}
        }
        // The mean value theorem: the slope is somewhere in its range.
        let slopes = self.range(order + 1);
        let factor = slopes.middle();
        let by_slope = (factor, jet[order] - factor * center, 0.5 * slopes.width() * reach);
        // Taylor's: off by half of what is in the range of the bend, times the square of the way.
        let by_bend = (order + 2 <= MAX_ORDER).then(|| {
            let bends = self.range(order + 2);
            let (low, high) = (0.5 * bends.lo().min(0.0), 0.5 * bends.hi().max(0.0));
            let (factor, square) = (jet[order + 1], reach * reach);
            let shift = jet[order] - factor * center + 0.5 * (low + high) * square;
            (factor, shift, 0.5 * (high - low) * square)
        });
        let (factor, shift, error) = match by_bend {
            Some(by_bend) if by_bend.2 < by_slope.2 => by_bend,
            _ => by_slope,
        };
        let flat = flat();
        if error >= flat.0[ERROR] || error.is_nan() {
            return flat;
        }
        // The phase of a wave is rounded too, and values of a few terms.
        let steepest = factor.abs() + jet[order + 1].abs();
        let slack = 32.0 * f64::EPSILON * (jet[order].abs() + steepest * (center.abs() + reach) + 1e-3);
        of.scaled(factor, shift, error * (1.0 + 8.0 * f64::EPSILON) + slack)
    }
}

/// A network's value and derivatives over boxes: for each of the wanted channels, bounds over each box.
pub(super) struct AffineBounds<'a> {
    pub(super) network: &'a Network,
    /// The sizes of its weights.
    pub(super) sizes: &'a [f64],
    /// The least and the greatest of each feature of a hash grid.
    pub(super) features: &'a [Interval],
    pub(super) channels: &'a Channels,
    pub(super) wanted: &'a [usize],
    pub(super) boxes: Columns<'a, Interval>,
}

/// Forms of boxes in columns, so that a matrix multiplies many at once: the centres and slopes of a layer's outputs, all
/// channels one after the other, each a row of boxes a part; and their errors.
struct Forms {
    boxes: usize,
    /// How long the rows of all parts are together, and that of errors, with what is unused behind them.
    long: usize,
    short: usize,
    parts: Vec<f64>,
    errors: Vec<f64>,
}

impl Forms {
    fn new(boxes: usize, count: usize) -> Forms {
        let (long, short) = ((ERROR * boxes).next_multiple_of(GRAIN), boxes.next_multiple_of(GRAIN));
        Forms { boxes, long, short, parts: vec![0.0; count * long], errors: vec![0.0; count * short] }
    }

    #[inline(always)]
    fn get(&self, place: usize, n: usize) -> AffineForm {
        let at = place * self.long + n;
        let part = |part: usize| self.parts[at + part * self.boxes];
        AffineForm([part(0), part(1), part(2), part(3), part(4), self.errors[place * self.short + n]])
    }

    #[inline(always)]
    fn set(&mut self, place: usize, n: usize, form: AffineForm) {
        for part in 0..ERROR {
            self.parts[place * self.long + part * self.boxes + n] = form.0[part];
        }
        self.errors[place * self.short + n] = form.0[ERROR];
    }
}

impl WithSimd for AffineBounds<'_> {
    type Output = Vec<Interval>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<Interval> {
        let AffineBounds { network, sizes, features, channels, wanted, boxes } = self;
        let (wide, count, rows) = (boxes.len(), channels.count(), boxes.rows());
        let layers = network.layers();
        let widest = layers.iter().map(|layer| layer.outputs.max(layer.inputs)).max().unwrap_or(1);
        let [mut forms, mut sums] = [0, 1].map(|_| Forms::new(rows, count * widest));
        if let Some(encoding) = network.encoding() {
            let (tables, is_bent) = (&network.weights()[network.layer_weights()..], channels.depth() > 1);
            let mut sides = Vec::new();
            for row in 0..rows {
                boxes.copy_row(row, &mut sides);
                for (n, bounds) in encoding.over(tables, features, &sides, is_bent).iter().enumerate() {
                    seed_feature(bounds, &sides, channels, [encoding.width(), n, row], &mut forms);
                }
            }
        }
        for input in (0..wide).filter(|_| network.encoding().is_none()) {
            for (n, side) in boxes.column(input).iter().enumerate() {
                let mut form = AffineForm([side.middle(), 0.0, 0.0, 0.0, 0.0, 0.0]);
                form.0[1 + input] = 0.5 * side.width() * (1.0 + 4.0 * f64::EPSILON);
                forms.set(input, n, form);
            }
        }
        for (n, &input) in channels.first.iter().enumerate().filter(|_| network.encoding().is_none()) {
            let one = AffineForm([1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
            (0..rows).for_each(|row| forms.set((1 + n) * wide + input, row, one));
        }
        for layer in layers {
            weigh(simd, layer, [network.weights(), sizes], count, &mut forms, &mut sums);
            match channels.depth() {
                0 => activate::<1>(layer, channels, &sums, &mut forms),
                1 => activate::<2>(layer, channels, &sums, &mut forms),
                _ => activate::<3>(layer, channels, &sums, &mut forms),
            }
        }
        let places = wanted.iter().flat_map(|&channel| (0..rows).map(move |row| (channel, row)));
        places.map(|(channel, row)| forms.get(channel, row).range()).collect()
    }
}

/// A feature's forms, of all channels: it is the `n`-th of `width`, over the box of a row.
fn seed_feature(
    bounds: &FeatureBounds,
    sides: &[Interval],
    channels: &Channels,
    [width, n, row]: [usize; 3],
    forms: &mut Forms,
) {
    forms.set(n, row, AffineForm::of_feature(bounds, sides));
    for (channel, &input) in channels.first.iter().enumerate() {
        debug_assert!(input < AXES);
        forms.set((1 + channel) * width + n, row, AffineForm::flat(bounds.slopes[input]));
    }
    for (channel, &[a, b]) in channels.second.iter().enumerate() {
        let [a, b] = [a, b].map(|place| channels.first[place]);
        let channel = 1 + channels.first.len() + channel;
        forms.set(channel * width + n, row, AffineForm::flat(bounds.bends[a][b]));
    }
}

/// A layer's weighted sums, of all channels.
#[inline(always)]
fn weigh<S: Simd>(
    simd: S,
    layer: &Layer,
    [weights, sizes]: [&[f64]; 2],
    count: usize,
    forms: &mut Forms,
    sums: &mut Forms,
) {
    let ((matrix, biases), (sizes, _)) = (layer.of(weights), layer.of(sizes));
    let (long, short) = (forms.long, forms.short);
    // What each term's rounding may add up to, whichever way a network is run in f64.
    let rounding = (layer.inputs + 8) as f64 * f64::EPSILON;
    for place in 0..count * layer.inputs {
        for n in 0..forms.boxes {
            let form = forms.get(place, n);
            forms.errors[place * short + n] += rounding * (form.0[0].abs() + form.radius());
        }
    }
    for channel in 0..count {
        let [from, to] = [layer.inputs, layer.outputs].map(|width| [channel * width, (channel + 1) * width]);
        let parts = &mut sums.parts[to[0] * long..to[1] * long];
        let errors = &mut sums.errors[to[0] * short..to[1] * short];
        parts.fill(0.0);
        errors.fill(0.0);
        if channel == 0 {
            for (o, &bias) in biases.iter().enumerate() {
                parts[o * long..o * long + forms.boxes].fill(bias);
                errors[o * short..o * short + forms.boxes].fill(rounding * bias.abs());
            }
        }
        add_product(simd, matrix, layer.inputs, &forms.parts[from[0] * long..from[1] * long], parts, long);
        add_product(
            simd,
            sizes,
            layer.inputs,
            &forms.errors[from[0] * short..from[1] * short],
            errors,
            short,
        );
    }
}

/// A layer's outputs of its sums, of all channels.
#[inline(always)]
fn activate<const N: usize>(layer: &Layer, channels: &Channels, sums: &Forms, forms: &mut Forms) {
    let (wide, firsts) = (layer.outputs, channels.first.len());
    for i in 0..wide {
        for row in 0..sums.boxes {
            let rules: [AffineForm; N] = sums.get(i, row).through(layer.activation);
            forms.set(i, row, rules[0]);
            for n in 1..=firsts {
                forms.set(n * wide + i, row, rules[1].times(&sums.get(n * wide + i, row)));
            }
            for (n, &[a, b]) in channels.second.iter().enumerate() {
                let at = (1 + firsts + n) * wide + i;
                let product = sums.get((1 + a) * wide + i, row).times(&sums.get((1 + b) * wide + i, row));
                forms.set(at, row, rules[1].times(&sums.get(at, row)).plus(&rules[2].times(&product)));
            }
        }
    }
}
