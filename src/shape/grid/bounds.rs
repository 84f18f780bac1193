//! Bounds on a spline and its derivatives over boxes of its cells.

use super::super::orders::Orders;
use super::Interpolation;
use super::spline::Spline;
use crate::number::Interval;

/// How many coefficients, along each axis, a block of the next level holds.
const BLOCK: usize = 4;

/// A box of so many coefficients is looked through; a larger one by its blocks.
const FEW: usize = 6;

/// The least and the most of the coefficients, and of their differences along each axis, over blocks of them, and over
/// blocks of those.
pub(super) struct Pyramid {
    levels: Vec<Level>,
}

struct Level {
    sizes: [usize; 4],
    /// Of the coefficients, then of their differences along t, x, y and z.
    bounds: [Vec<[f32; 2]>; 5],
}

const NOTHING: [f32; 2] = [f32::INFINITY, f32::NEG_INFINITY];

fn join(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0].min(b[0]), a[1].max(b[1])]
}

/// Visits the places of a box of an array, as the numbers of its rows' first places, and the rows' length.
fn rows(sizes: [usize; 4], from: [usize; 4], to: [usize; 4], mut visit: impl FnMut(usize, usize)) {
    for t in from[0]..to[0] {
        for x in from[1]..to[1] {
            for y in from[2]..to[2] {
                visit(((t * sizes[1] + x) * sizes[2] + y) * sizes[3] + from[3], to[3] - from[3]);
            }
        }
    }
}

impl Pyramid {
    pub(super) fn of(spline: &Spline) -> Pyramid {
        let mut levels: Vec<Level> = Vec::new();
        let mut sizes = spline.sizes;
        while sizes.iter().any(|&size| size > BLOCK) || levels.is_empty() {
            let smaller = sizes.map(|size| size.div_ceil(BLOCK));
            let bounds = [0, 1, 2, 3, 4].map(|what| {
                let mut bounds = vec![NOTHING; smaller.iter().product()];
                let mut at = [0; 4];
                for n in 0..sizes.iter().product() {
                    let own = match levels.last() {
                        Some(level) => level.bounds[what][n],
                        None => bound_of(spline, what, n, at),
                    };
                    let [t, x, y, z] = at.map(|place| place / BLOCK);
                    let block = ((t * smaller[1] + x) * smaller[2] + y) * smaller[3] + z;
                    bounds[block] = join(bounds[block], own);
                    for axis in (0..4).rev() {
                        at[axis] += 1;
                        if at[axis] < sizes[axis] {
                            break;
                        }
                        at[axis] = 0;
                    }
                }
                bounds
            });
            levels.push(Level { sizes: smaller, bounds });
            sizes = smaller;
        }
        Pyramid { levels }
    }

    /// Bounds on a derivative over a box, by the coefficients that stand about it.
    pub(super) fn bounds(&self, spline: &Spline, orders: Orders, sides: [Interval; 4]) -> Interval {
        if spline.vanishes(orders) {
            return Interval::point(0.0);
        }
        let (mut from, mut to) = ([0; 4], [0; 4]);
        for axis in 0..4 {
            let last = spline.counts[axis] - 1;
            let cell = |at: f64| (at.clamp(0.0, last as f64) as usize).min(last.saturating_sub(1));
            from[axis] = cell(sides[axis].lo());
            to[axis] = cell(sides[axis].hi()) + spline.taps(axis);
        }
        let order: u8 = orders.iter().sum();
        let what = match order {
            0 => Some(0),
            1 => orders.iter().position(|&order| order == 1).map(|axis| axis + 1),
            _ => None,
        };
        let is_small = (0..4).all(|axis| to[axis] - from[axis] <= FEW);
        let (low, high) = match what {
            _ if is_small => differences(spline, orders, from, to),
            Some(what) => self.over_blocks(what, from, to),
            // A difference of a higher order is a sum of so many first ones: twice as many each time.
            None => {
                let axis = orders.iter().position(|&order| order > 0).expect("a derivative");
                let [low, high] = self.over_blocks_of(axis + 1, from, to);
                let most = f64::from(low.abs().max(high.abs())) * f64::from(1u32 << (order - 1));
                (-most, most)
            }
        };
        // The coefficients are rounded to `f32`, sums of their weights to a few units of it.
        let slack = 8.0 * f64::from(f32::EPSILON) * low.abs().max(high.abs());
        Interval::new(low - slack, high + slack)
    }

    fn over_blocks(&self, what: usize, from: [usize; 4], to: [usize; 4]) -> (f64, f64) {
        let [low, high] = self.over_blocks_of(what, from, to);
        (f64::from(low), f64::from(high))
    }

    fn over_blocks_of(&self, what: usize, mut from: [usize; 4], mut to: [usize; 4]) -> [f32; 2] {
        // As far up as the box has a few blocks along each axis.
        let mut level = 0;
        loop {
            from = from.map(|place| place / BLOCK);
            to = to.map(|place| place.div_ceil(BLOCK));
            let is_small = (0..4).all(|axis| to[axis] - from[axis] <= FEW);
            if is_small || level + 1 == self.levels.len() {
                break;
            }
            level += 1;
        }
        let Level { sizes, bounds } = &self.levels[level];
        let mut all = NOTHING;
        rows(*sizes, from, to, |start, count| {
            all = bounds[what][start..start + count].iter().fold(all, |all, &own| join(all, own));
        });
        all
    }
}

/// A coefficient, or its difference along an axis to the next; nothing behind the last.
fn bound_of(spline: &Spline, what: usize, n: usize, at: [usize; 4]) -> [f32; 2] {
    let own = spline.coefficients[n];
    let Some(axis) = what.checked_sub(1) else { return [own; 2] };
    if at[axis] + 1 >= spline.sizes[axis] {
        return NOTHING;
    }
    let stride: usize = spline.sizes[axis + 1..].iter().product();
    let difference = f64::from(spline.coefficients[n + stride]) - f64::from(own);
    [(difference as f32).next_down(), (difference as f32).next_up()]
}

/// The least and the most of the coefficients' differences of those orders, over a box of them.
///
/// The n-th derivative of a B-spline of degree d is one of degree d − n of n-th differences.
fn differences(spline: &Spline, orders: Orders, from: [usize; 4], to: [usize; 4]) -> (f64, f64) {
    let mut values = Vec::new();
    rows(spline.sizes, from, to, |start, count| {
        values.extend(spline.coefficients[start..start + count].iter().map(|&value| f64::from(value)));
    });
    let mut sizes: [usize; 4] = std::array::from_fn(|axis| to[axis] - from[axis]);
    for axis in 0..4 {
        for _ in 0..orders[axis] {
            let inner: usize = sizes[axis + 1..].iter().product();
            let outer: usize = sizes[..axis].iter().product();
            let mut next = Vec::with_capacity(values.len());
            for o in 0..outer {
                for n in 0..sizes[axis] - 1 {
                    let start = (o * sizes[axis] + n) * inner;
                    next.extend((start..start + inner).map(|place| values[place + inner] - values[place]));
                }
            }
            values = next;
            sizes[axis] -= 1;
        }
    }
    debug_assert!(spline.interpolation == Interpolation::Cubic || orders.iter().all(|&order| order <= 1));
    values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)))
}
