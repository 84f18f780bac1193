//! From samples to the coefficients of natural cubic splines through them, along lines of an array, and back.

use crate::task;

/// How many lines of an array are worked on side by side.
const LINES: usize = 32;

/// Lines of an array along an axis, each made into one of another length: some side by side, entry by entry of each.
pub(super) fn along(
    values: &[f64],
    sizes: [usize; 4],
    axis: usize,
    length: usize,
    make: impl Fn(&[f64], &mut [f64], usize),
) -> Vec<f64> {
    let inner: usize = sizes[axis + 1..].iter().product();
    let outer: usize = sizes[..axis].iter().product();
    let mut out = vec![0.0; outer * length * inner];
    let (mut lines, mut made) = (vec![0.0; sizes[axis] * LINES], vec![0.0; length * LINES]);
    for o in 0..outer {
        for i in (0..inner).step_by(LINES) {
            if task::is_given_up() {
                return out;
            }
            let width = LINES.min(inner - i);
            let (lines, made) = (&mut lines[..sizes[axis] * width], &mut made[..length * width]);
            for (n, row) in lines.chunks_exact_mut(width).enumerate() {
                let start = (o * sizes[axis] + n) * inner + i;
                row.copy_from_slice(&values[start..start + width]);
            }
            make(lines, made, width);
            for (n, row) in made.chunks_exact(width).enumerate() {
                let start = (o * length + n) * inner + i;
                out[start..start + width].copy_from_slice(row);
            }
        }
    }
    out
}

/// The reciprocals of the pivots of so many samples' system by Thomas's algorithm.
pub(super) fn pivots(count: usize) -> Vec<f64> {
    let mut pivots = vec![0.0; count];
    for n in 1..count.saturating_sub(1) {
        pivots[n] = 1.0 / (4.0 - pivots[n - 1]);
    }
    pivots
}

/// The spline's coefficients at the samples themselves: c = s at the ends, and between c₋ + 4c + c₊ = 6s; of `width` lines
/// side by side.
pub(super) fn solve(pivots: &[f64], samples: &[f64], c: &mut [f64], width: usize) {
    let end = samples.len() - width;
    c[..width].copy_from_slice(&samples[..width]);
    c[end..].copy_from_slice(&samples[end..]);
    let count = samples.len() / width;
    for n in 1..count.saturating_sub(1) {
        let is_last = n + 2 == count;
        for i in 0..width {
            let at = n * width + i;
            let above = if is_last { samples[end + i] } else { 0.0 };
            c[at] = (6.0 * samples[at] - c[at - width] - above) * pivots[n];
        }
    }
    for n in (1..count.saturating_sub(2)).rev() {
        for at in n * width..(n + 1) * width {
            c[at] -= pivots[n] * c[at + width];
        }
    }
}

/// The transpose of [`solve`], which is symmetric but for the ends.
pub(super) fn solve_transposed(pivots: &[f64], adjoints: &[f64], out: &mut [f64], width: usize) {
    let end = adjoints.len() - width;
    if end < 2 * width {
        out.copy_from_slice(adjoints);
        return;
    }
    // The inner unknowns: a symmetric system M c = 6 s − e₁ s₀ − eₙ sₙ.
    let mut padded = vec![0.0; adjoints.len()];
    let between = width..end;
    padded[between.clone()].iter_mut().zip(&adjoints[between.clone()]).for_each(|(out, v)| *out = v / 6.0);
    let mut inner = vec![0.0; adjoints.len()];
    solve(pivots, &padded, &mut inner, width);
    for at in between {
        out[at] = 6.0 * inner[at];
    }
    for i in 0..width {
        out[i] = adjoints[i] - inner[width + i];
        out[end + i] = adjoints[end + i] - inner[end - width + i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(count: usize) -> Vec<f64> {
        (0..count).map(|n| (n as f64 * 1.7).sin() + 0.3 * n as f64).collect()
    }

    #[test]
    fn the_transpose_is_one() {
        for count in [2, 3, 4, 7] {
            let (a, b) = (line(count), line(2 * count)[count..].to_vec());
            let [mut forward, mut back] = [0, 1].map(|_| vec![0.0; count]);
            let pivots = pivots(count);
            solve(&pivots, &a, &mut forward, 1);
            solve_transposed(&pivots, &b, &mut back, 1);
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            assert!((dot(&forward, &b) - dot(&a, &back)).abs() < 1e-12, "{count}");
            // Lines side by side are each what it is alone.
            let twice = |line: &[f64]| line.iter().flat_map(|&v| [v, -2.0 * v]).collect::<Vec<_>>();
            let mut both = vec![0.0; 2 * count];
            solve(&pivots, &twice(&a), &mut both, 2);
            assert_eq!(both, twice(&forward));
            solve_transposed(&pivots, &twice(&b), &mut both, 2);
            assert_eq!(both, twice(&back));
        }
    }
}
