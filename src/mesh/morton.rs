//! Morton's order of points, in which neighbours stand together.

use rayon::slice::ParallelSliceMut;

/// The numbers of points along Morton's curve, which fills the cube about them.
pub(crate) fn morton_order(points: &[[f64; 3]]) -> Vec<u32> {
    const FEW: usize = 32;
    const CELLS: f64 = 1023.0;
    if points.len() < FEW {
        return (0..points.len() as u32).collect();
    }
    let finite = || points.iter().filter(|point| point.iter().all(|x| x.is_finite()));
    let lower: [f64; 3] = std::array::from_fn(|axis| finite().fold(f64::INFINITY, |low, p| low.min(p[axis])));
    let upper: [f64; 3] =
        std::array::from_fn(|axis| finite().fold(f64::NEG_INFINITY, |up, p| up.max(p[axis])));
    let side = (0..3).fold(0.0f64, |side, axis| side.max(upper[axis] - lower[axis]));
    let key = |point: &[f64; 3]| {
        let cell = |axis: usize| spread(((point[axis] - lower[axis]) / side * CELLS) as u32 & 1023);
        cell(0) | cell(1) << 1 | cell(2) << 2
    };
    let mut keys: Vec<u64> =
        points.iter().enumerate().map(|(n, point)| u64::from(key(point)) << 32 | n as u64).collect();
    keys.par_sort_unstable();
    keys.into_iter().map(|key| key as u32).collect()
}

/// Ten bits, two zeros between each two.
fn spread(bits: u32) -> u32 {
    let bits = (bits | bits << 16) & 0x0300_00ff;
    let bits = (bits | bits << 8) & 0x0300_f00f;
    let bits = (bits | bits << 4) & 0x030c_30c3;
    (bits | bits << 2) & 0x0924_9249
}
