//! Gradient noise in four dimensions, after Perlin (2002): a kernel with derivatives of every order in closed form.
//!
//! At each lattice corner sits a linear function with a gradient drawn by a hash of the corner; between corners they
//! are blended with the quintic fade 6u⁵ − 15u⁴ + 10u³. Each of the 16 terms is a product of four fades and a linear
//! function, so that a derivative of any order is a sum of such products again.

mod bounds;

use super::arguments::*;
use super::orders::{Orders, orders_of, output_of, raised};
use crate::field::*;
use crate::number::Arch;
use crate::number::{Columns, Derivative, Identity, Interval, Kernel, Shader, Smoothness};
use std::cell::RefCell;
use std::sync::Arc;

shapes! {
    /// A field of gradient noise in space and time: smooth, about −1 to 1, with features about `scale` across and
    /// about a second long. The same on every machine, with exact derivatives. No slope in space is above 17/scale.
    neither noise(scale: impl Positive) {
        let scale = scale.max(1e-6);
        kernel(Arc::new(Noise), [x() / &scale, y() / &scale, z() / &scale, t()])
    } as in noise(0.7);
}

/// Noise of four inputs. Its outputs are its derivatives, of every order in each input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noise;

/// The gradients are unit vectors; twice their blend spreads over about −1 to 1.
const AMPLITUDE: f64 = 2.0;

/// Inputs beyond this are so far out that `f64` no longer tells lattice cells apart.
const MAX_DISTANCE: f64 = 1e12;

impl Kernel for Noise {
    fn name(&self) -> &str {
        "noise"
    }

    fn identity(&self) -> Option<Identity> {
        Some(Identity::of("noise"))
    }

    fn value(&self, output: usize, inputs: &[f64]) -> f64 {
        let orders = orders_of(output);
        let p: [f64; 4] = std::array::from_fn(|i| inputs[i].clamp(-MAX_DISTANCE, MAX_DISTANCE));
        let cell = p.map(f64::floor);
        let within: [f64; 4] = std::array::from_fn(|i| p[i] - cell[i]);
        // For each axis: the fade's derivatives of the order wanted, and one below, at the near and the far corner.
        let weights = |lower: u8| -> [[f64; 2]; 4] {
            std::array::from_fn(|i| {
                let order = orders[i] - if lower == i as u8 { 1 } else { 0 };
                let far = fade(within[i], order);
                [if order == 0 { 1.0 - far } else { -far }, far]
            })
        };
        let gradients = gradients(cell.map(|axis| axis as i64));
        let main = weights(u8::MAX);
        let lowered: [Option<[[f64; 2]; 4]>; 4] =
            std::array::from_fn(|i| (orders[i] > 0).then(|| weights(i as u8)));
        let mut sum = 0.0;
        for corner in 0..16usize {
            let side: [usize; 4] = std::array::from_fn(|i| corner >> i & 1);
            let g = gradients[corner];
            let product = |w: &[[f64; 2]; 4]| w[0][side[0]] * w[1][side[1]] * w[2][side[2]] * w[3][side[3]];
            let linear: f64 = (0..4).map(|i| g[i] * (within[i] - side[i] as f64)).sum();
            sum += product(&main) * linear;
            // Leibniz: the linear factor has one derivative, its gradient, which leaves one order less to the fades.
            for i in 0..4 {
                if let Some(w) = &lowered[i] {
                    sum += orders[i] as f64 * product(w) * g[i];
                }
            }
        }
        AMPLITUDE * sum
    }

    /// The same sums in `f32`, at the widest vectors the machine has.
    fn values_f32(&self, outputs: &[usize], inputs: Columns<f32>, results: &mut [f32]) {
        Arch::new().dispatch(NoiseColumns { outputs, inputs, results });
    }

    fn bounds(&self, output: usize, inputs: &[Interval]) -> Interval {
        let orders = orders_of(output);
        let most = most(orders);
        let throughout = Interval::new(-most, most);
        if inputs.iter().any(|input| !input.is_finite()) {
            return throughout;
        }
        if !is_continuous(orders, inputs) {
            return throughout;
        }
        let by_cells = match orders.iter().sum() {
            0u8 => bounds::over_cells(inputs, None),
            1 => bounds::over_cells(inputs, orders.iter().position(|&order| order == 1)),
            _ => None,
        };
        let by_cells = by_cells.unwrap_or(throughout);
        // The mean value theorem: not further from the middle's value than the steepest slope allows.
        let middle: Vec<f64> = inputs.iter().map(|input| input.middle()).collect();
        let reach: f64 = (0..4).map(|i| self::most(raised(orders, i)) * inputs[i].width() * 0.5).sum();
        let reach = reach * (1.0 + 1e-12) + 1e-12 * most;
        if reach >= by_cells.width() {
            return by_cells;
        }
        let value = self.value(output, &middle);
        let (low, high) = ((value - reach).max(by_cells.lo()), (value + reach).min(by_cells.hi()));
        if low <= high { Interval::new(low, high) } else { by_cells }
    }

    fn derivative(&self, output: usize, input: usize) -> Derivative {
        Derivative::Own(output_of(raised(orders_of(output), input)))
    }

    fn smoothness(&self, output: usize, inputs: &[Interval]) -> Smoothness {
        let orders = orders_of(output);
        let is_smooth = (0..4).all(|i| is_continuous(raised(orders, i), inputs));
        match is_continuous(orders, inputs) {
            true if is_smooth => Smoothness::Smooth,
            true => Smoothness::Continuous,
            false => Smoothness::MayJump,
        }
    }

    fn shader(&self, output: usize) -> Option<Shader> {
        Some(noise_shader(orders_of(output)))
    }
}

/// Outputs at columns of points, to be compiled for each width of vector: loops over the sixteen corners.
struct NoiseColumns<'a> {
    outputs: &'a [usize],
    inputs: Columns<'a, f32>,
    results: &'a mut [f32],
}

impl pulp::NullaryFnOnce for NoiseColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let (rows, columns) = (self.inputs.rows(), [0, 1, 2, 3].map(|i| self.inputs.column(i)));
        // Neighbours are mostly in one cell.
        let mut drawn: Option<([f32; 4], [[f32; 16]; 4])> = None;
        for row in 0..rows {
            let p = columns.map(|column| column[row].clamp(-(MAX_DISTANCE as f32), MAX_DISTANCE as f32));
            let cell = p.map(f32::floor);
            let gradients = match &drawn {
                Some((last, gradients)) if *last == cell => gradients,
                _ => &drawn.insert((cell, gradients_f32(cell.map(|axis| axis as i64)))).1,
            };
            let within: [f32; 4] = std::array::from_fn(|i| p[i] - cell[i]);
            let mut linear = [0.0f32; 16];
            for i in 0..4 {
                for corner in 0..16 {
                    linear[corner] += gradients[i][corner] * (within[i] - (corner >> i & 1) as f32);
                }
            }
            for (n, &output) in self.outputs.iter().enumerate() {
                let orders = orders_of(output);
                let mut sum = dot(&corner_weights(&within, orders), &linear);
                for i in (0..4).filter(|&i| orders[i] > 0) {
                    let mut lowered = orders;
                    lowered[i] -= 1;
                    sum += f32::from(orders[i]) * dot(&corner_weights(&within, lowered), &gradients[i]);
                }
                self.results[n * rows + row] = AMPLITUDE as f32 * sum;
            }
        }
    }
}

/// How a shader computes noise's derivative of those orders.
pub(crate) fn noise_shader(orders: [u8; 4]) -> Shader {
    Shader {
        function: "noise".into(),
        numbers: orders,
        wgsl: include_str!("../../shaders/noise.wgsl").into(),
        glsl: Some(include_str!("../../shaders/noise.glsl").into()),
        calls: Vec::new(),
        data: None,
    }
}

/// Whether a derivative of noise is continuous over a box: the fades' third derivatives jump between lattice cells.
fn is_continuous(orders: Orders, inputs: &[Interval]) -> bool {
    let within_a_cell = |side: &Interval| side.is_finite() && side.lo().floor() == side.hi().floor();
    orders.iter().zip(inputs).all(|(&order, side)| order < 3 || within_a_cell(side))
}

/// No value of the derivative of those orders is larger than this.
///
/// On each axis the two corners' weights sum in size to 1, or to twice the fade's derivative; the linear factor is
/// at most the distance to the furthest corner, 2, and its gradient at most 1.
fn most(orders: Orders) -> f64 {
    let on = |orders: Orders| -> f64 { orders.map(most_of_pair).iter().product() };
    let mut most = 2.0 * on(orders);
    for i in 0..4 {
        if orders[i] > 0 {
            let mut lower = orders;
            lower[i] -= 1;
            most += f64::from(orders[i]) * on(lower);
        }
    }
    AMPLITUDE * most
}

/// The products of the corners' weights on each axis, or of their derivatives.
#[inline(always)]
fn corner_weights(within: &[f32; 4], orders: Orders) -> [f32; 16] {
    let pairs: [[f32; 2]; 4] = std::array::from_fn(|i| {
        let far = fade(f64::from(within[i]), orders[i]) as f32;
        [if orders[i] == 0 { 1.0 - far } else { -far }, far]
    });
    let two = |a: [f32; 2], b: [f32; 2]| [a[0] * b[0], a[1] * b[0], a[0] * b[1], a[1] * b[1]];
    let (low, high) = (two(pairs[0], pairs[1]), two(pairs[2], pairs[3]));
    std::array::from_fn(|corner| low[corner & 3] * high[corner >> 2])
}

/// The sum of sixteen products, in a fixed order.
#[inline(always)]
fn dot(a: &[f32; 16], b: &[f32; 16]) -> f32 {
    let mut sums = [0.0f32; 4];
    for n in 0..16 {
        sums[n & 3] += a[n] * b[n];
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// The n-th derivative of 6u⁵ − 15u⁴ + 10u³, for u from 0 to 1.
#[inline(always)]
fn fade(u: f64, order: u8) -> f64 {
    match order {
        0 => u * u * u * (u * (6.0 * u - 15.0) + 10.0),
        1 => 30.0 * u * u * (1.0 - u) * (1.0 - u),
        2 => 60.0 * u * (1.0 - u) * (1.0 - 2.0 * u),
        3 => 60.0 * (6.0 * u * (u - 1.0) + 1.0),
        4 => 360.0 * (2.0 * u - 1.0),
        5 => 720.0,
        _ => 0.0,
    }
}

/// The most the sizes of the two corners' weights on one axis add up to: 1 for the fades themselves, and twice the
/// largest size of the fade's derivative.
fn most_of_pair(order: u8) -> f64 {
    match order {
        0 => 1.0,
        1 => 2.0 * 1.875,
        2 => 2.0 * 5.7736, // at u = ½ ± √3/6, 10/√3
        3 => 2.0 * 60.0,
        4 => 2.0 * 360.0,
        5 => 2.0 * 720.0,
        _ => 0.0,
    }
}

/// The gradients at a lattice cell's corners: bit i of a corner's number says on which side of axis i it lies.
///
/// Neighbouring points ask for the same cells again and again, and drawing a cell's gradients takes ten times as long
/// as what is done with them: each thread keeps those it has drawn last.
fn gradients(cell: [i64; 4]) -> [[f64; 4]; 16] {
    drawn(cell, |drawn| drawn.1)
}

/// The same in `f32`, axis by axis.
fn gradients_f32(cell: [i64; 4]) -> [[f32; 16]; 4] {
    drawn(cell, |drawn| drawn.2)
}

/// A cell, and its corners' gradients in both layouts.
type NoiseCell = ([i64; 4], [[f64; 4]; 16], [[f32; 16]; 4]);

fn drawn<T>(cell: [i64; 4], pick: impl Fn(&NoiseCell) -> T) -> T {
    const KEPT: usize = 256;
    thread_local! {
        static LAST: RefCell<Vec<Option<NoiseCell>>> = const { RefCell::new(Vec::new()) };
    }
    // Neighbouring cells are spread over all places.
    let mixed = cell
        .iter()
        .fold(0u64, |mixed, &axis| (mixed ^ axis as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23));
    let place = mixed as usize % KEPT;
    LAST.with_borrow_mut(|last| {
        last.resize(KEPT, None);
        if last[place].as_ref().is_none_or(|(of, ..)| *of != cell) {
            let corner = |n: usize| std::array::from_fn(|i| cell[i] + (n >> i & 1) as i64);
            let drawn: [[f64; 4]; 16] = std::array::from_fn(|n| gradient(corner(n)));
            let narrow = std::array::from_fn(|i| std::array::from_fn(|n| drawn[n][i] as f32));
            last[place] = Some((cell, drawn, narrow));
        }
        pick(last[place].as_ref().expect("it was just drawn"))
    })
}

/// The unit gradient of a lattice corner, drawn by a hash: a normal deviate an axis would need logarithms, so points
/// of the cube are drawn until one is in the ball.
fn gradient(corner: [i64; 4]) -> [f64; 4] {
    let mut state = corner.iter().fold(0x2545_f491_4f6c_dd1d_u64, |hash, &axis| scramble(hash ^ axis as u64));
    loop {
        let g: [f64; 4] = std::array::from_fn(|_| {
            state = scramble(state);
            (state >> 11) as f64 * (2.0 / (1u64 << 53) as f64) - 1.0
        });
        let square: f64 = g.iter().map(|axis| axis * axis).sum();
        if square <= 1.0 && square > 0.01 {
            return g.map(|axis| axis / square.sqrt());
        }
    }
}

/// A bijective mixing of 64 bits (multiply and shift, as in splitmix64).
fn scramble(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_differences_to_any_order() {
        let mut orders = [0; 4];
        let at = [0.3, -1.7, 2.4, 0.9];
        for input in [0, 1, 0, 3] {
            let next = raised(orders, input);
            let e = 1e-5;
            let moved = |d: f64| {
                let mut at = at;
                at[input] += d;
                Noise.value(output_of(orders), &at)
            };
            let slope = (moved(e) - moved(-e)) / (2.0 * e);
            let found = Noise.value(output_of(next), &at);
            assert!((found - slope).abs() < 1e-6 * (1.0 + slope.abs()), "{next:?}");
            orders = next;
        }
    }

    #[test]
    fn the_documented_slope_is_the_one_proven() {
        assert_eq!(most([1, 0, 0, 0]), 17.0);
    }

    #[test]
    fn values_spread_over_the_documented_range_and_stay_in_bounds() {
        let (mut least, mut most) = (0f64, 0f64);
        for i in 0..20_000 {
            let at = [0.37, 0.73, 1.19, 0.53].map(|step| (i as f64 * step) % 97.0);
            let value = Noise.value(0, &at);
            (least, most) = (least.min(value), most.max(value));
            let near = at.map(|axis| Interval::new(axis - 0.01, axis + 0.01));
            assert!(Noise.bounds(0, &near).contains(value));
        }
        assert!((-1.3..-0.7).contains(&least) && (0.7..1.3).contains(&most), "{least} to {most}");
    }
}
