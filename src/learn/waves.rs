//! Sine and cosine of `f64` that a loop can be vectorised through, as `number/elementary.rs` has them for `f32`.

use std::f64::consts::FRAC_2_PI;

/// As far as they hold: within 1.5 ulp of 1 below it.
pub(super) const NEAR: f64 = 1e5;

/// π/2 in three parts: the first two have 33 bits each, so that products with whole numbers below 2²⁰ are exact.
const PARTS: [f64; 3] = [1.570_796_326_734_125_6, 6.077_100_506_303_966e-11, 2.022_266_248_795_950_6e-21];

/// Added and taken away again, it rounds to a whole number, which is left in the lowest bits of the sum.
const MAGIC: f64 = 1.5 * (1u64 << 52) as f64;

/// sin(x + quarter·π/2), for |x| below [`NEAR`].
#[inline(always)]
pub(super) fn wave(x: f64, quarter: u64) -> f64 {
    let shifted = x * FRAC_2_PI + MAGIC;
    let turns = shifted - MAGIC;
    let rest = ((x - turns * PARTS[0]) - turns * PARTS[1]) - turns * PARTS[2];
    let s = rest * rest;
    // Taylor's series: the next terms are below 1e-18 where |rest| ≤ π/4.
    let sin = S[7] * s + S[6];
    let sin = (((((sin * s + S[5]) * s + S[4]) * s + S[3]) * s + S[2]) * s + S[1]) * s + S[0];
    let sin = rest + rest * (s * sin);
    let cos = C[7] * s + C[6];
    let cos = (((((cos * s + C[5]) * s + C[4]) * s + C[3]) * s + C[2]) * s + C[1]) * s + C[0];
    let cos = 1.0 + s * cos;
    let quarters = shifted.to_bits().wrapping_add(quarter);
    let size = std::hint::select_unpredictable(quarters & 1 == 0, sin, cos);
    f64::from_bits(size.to_bits() ^ (quarters & 2) << 62)
}

const S: [f64; 8] = [
    -1.0 / 6.0,
    1.0 / 120.0,
    -1.0 / 5040.0,
    1.0 / 362_880.0,
    -1.0 / 39_916_800.0,
    1.0 / 6_227_020_800.0,
    -1.0 / 1_307_674_368_000.0,
    1.0 / 355_687_428_096_000.0,
];
const C: [f64; 8] = [
    -0.5,
    1.0 / 24.0,
    -1.0 / 720.0,
    1.0 / 40_320.0,
    -1.0 / 3_628_800.0,
    1.0 / 479_001_600.0,
    -1.0 / 87_178_291_200.0,
    1.0 / 20_922_789_888_000.0,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn waves_are_sines_and_cosines() {
        let mut random = Random(4);
        for n in 0..200_000 {
            let most = [1.0, 30.0, 3000.0, NEAR][n % 4];
            let x = random.between(-most, most);
            for (quarter, true_value) in [(0, x.sin()), (1, x.cos()), (2, -x.sin()), (3, -x.cos())] {
                let off = (wave(x, quarter) - true_value).abs();
                assert!(off <= 2.3e-16, "{quarter} at {x}: off by {off}");
            }
        }
        assert_eq!((wave(0.0, 0), wave(0.0, 1)), (0.0, 1.0));
    }
}
