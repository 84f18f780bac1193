//! What is evaluated where: points as columns, and work spread over threads.

use rayon::prelude::*;
use std::ops::Range;

/// A small generator of uniform numbers, the same on every machine (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub fn triple(&mut self, low: f64, high: f64) -> [f64; 3] {
        std::array::from_fn(|_| self.between(low, high))
    }
}

/// The time of points.
pub enum Time {
    /// One for all of them.
    Same(f32),
    /// One each.
    Each(Vec<f32>),
}

/// Points of space and time, a column a coordinate.
pub struct Points {
    pub space: [Vec<f32>; 3],
    pub time: Time,
}

impl Points {
    /// Random points of [−2, 2]³, at random times of [−2, 2] or all at one.
    pub fn random(count: usize, time: Option<f32>) -> Points {
        let mut random = Random(1);
        let mut column = || (0..count).map(|_| random.between(-2.0, 2.0) as f32).collect();
        let space = [column(), column(), column()];
        let time = match time {
            Some(t) => Time::Same(t),
            None => Time::Each(column()),
        };
        Points { space, time }
    }

    /// The points of a square picture of [−1, 1]² at z = 0, row by row from the top.
    pub fn grid(side: usize, t: f32) -> Points {
        let column = |of: fn(usize, usize, usize) -> f32| {
            (0..side * side).map(|i| of(i % side, i / side, side)).collect()
        };
        let space = [column(|i, _, side| pixel(i, 0, side)[0]), column(|_, j, side| pixel(0, j, side)[1])];
        let [x, y] = space;
        Points { space: [x, y, vec![0.0; side * side]], time: Time::Same(t) }
    }

    pub fn len(&self) -> usize {
        self.space[0].len()
    }
}

/// Where pixel (i, j) of a square picture of [−1, 1]² is: Fidget's convention.
pub fn pixel(i: usize, j: usize, side: usize) -> [f32; 2] {
    let half = side as f32 / 2.0;
    [(i as f32 - half) / half, (half - 1.0 - j as f32) / half]
}

/// Does `work` on 0..count, in one piece on one thread, else in pieces on the pool; the results in order.
pub fn spread<T: Send>(count: usize, threads: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    if threads == 1 {
        return vec![work(0..count)];
    }
    let piece = count.div_ceil(threads * 2).next_multiple_of(1024);
    let starts: Vec<usize> = (0..count).step_by(piece).collect();
    starts.into_par_iter().map(|start| work(start..(start + piece).min(count))).collect()
}
