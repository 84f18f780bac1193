//! Problems of Moré, Garbow and Hillstrom, "Testing unconstrained optimization software" (1981), from the paper's
//! formulas; the ranges and the values in them are those of Gay, "A trust region approach to linearly constrained
//! optimization" (1984).

use fieldgrad::fit::{ResidualFn, Residuals};
use fieldgrad::number::{Dual, Real};
use std::f64::consts::PI;

/// The most unknowns a problem has.
const MOST: usize = 12;

/// A problem: residuals whose sum of squares is to be made small.
pub struct Problem {
    pub number: usize,
    pub name: &'static str,
    pub start: &'static [f64],
    /// How many residuals there are.
    pub count: usize,
    /// The sums of squares at minima that the paper gives: the least one first.
    pub minima: &'static [f64],
}

/// A problem in ranges: its number, the lower and the upper ends, and the least sum of squares in them.
pub type Bounded = (usize, &'static [f64], &'static [f64], f64);

#[rustfmt::skip]
pub const PROBLEMS: &[Problem] = &[
    Problem { number: 1, name: "Rosenbrock", start: &[-1.2, 1.0], count: 2, minima: &[0.0] },
    Problem { number: 2, name: "Freudenstein and Roth", start: &[0.5, -2.0], count: 2, minima: &[0.0, 48.984253679] },
    Problem { number: 3, name: "Powell, badly scaled", start: &[0.0, 1.0], count: 2, minima: &[0.0] },
    Problem { number: 4, name: "Brown, badly scaled", start: &[1.0, 1.0], count: 3, minima: &[0.0] },
    Problem { number: 5, name: "Beale", start: &[1.0, 1.0], count: 3, minima: &[0.0] },
    Problem { number: 6, name: "Jennrich and Sampson", start: &[0.3, 0.4], count: 10, minima: &[124.36218236] },
    Problem { number: 7, name: "helical valley", start: &[-1.0, 0.0, 0.0], count: 3, minima: &[0.0] },
    Problem { number: 8, name: "Bard", start: &[1.0, 1.0, 1.0], count: 15, minima: &[8.2148773e-3, 17.428692] },
    Problem { number: 9, name: "Gaussian", start: &[0.4, 1.0, 0.0], count: 15, minima: &[1.1279328e-8] },
    Problem { number: 10, name: "Meyer", start: &[0.02, 4000.0, 250.0], count: 16, minima: &[87.945855] },
    Problem { number: 11, name: "Gulf research", start: &[5.0, 2.5, 0.15], count: 10, minima: &[0.0] },
    Problem { number: 12, name: "Box, three-dimensional", start: &[0.0, 10.0, 20.0], count: 10, minima: &[0.0] },
    Problem { number: 13, name: "Powell, singular", start: &[3.0, -1.0, 0.0, 1.0], count: 4, minima: &[0.0] },
    Problem { number: 14, name: "Wood", start: &[-3.0, -1.0, -3.0, -1.0], count: 6, minima: &[0.0] },
    Problem { number: 15, name: "Kowalik and Osborne", start: &[0.25, 0.39, 0.415, 0.39], count: 11, minima: &[3.0750561e-4, 1.027348e-3] },
    Problem { number: 16, name: "Brown and Dennis", start: &[25.0, 5.0, -5.0, -1.0], count: 20, minima: &[85822.2016] },
    Problem { number: 17, name: "Osborne 1", start: &[0.5, 1.5, -1.0, 0.01, 0.02], count: 33, minima: &[5.4648947e-5] },
    Problem { number: 18, name: "Biggs EXP6", start: &[1.0, 2.0, 1.0, 1.0, 1.0, 1.0], count: 13, minima: &[0.0, 5.6556499e-3, 0.30636677] },
    Problem { number: 19, name: "Osborne 2", start: &[1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5], count: 65, minima: &[4.0137736e-2] },
    Problem { number: 20, name: "Watson", start: &[0.0; 9], count: 31, minima: &[1.399760138e-6] },
    Problem { number: 21, name: "Rosenbrock, extended", start: &[-1.2, 1.0, -1.2, 1.0, -1.2, 1.0, -1.2, 1.0], count: 8, minima: &[0.0] },
    Problem { number: 25, name: "variably dimensioned", start: &[0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0], count: 12, minima: &[0.0] },
    Problem { number: 30, name: "Broyden, tridiagonal", start: &[-1.0; 10], count: 10, minima: &[0.0] },
    Problem { number: 35, name: "Chebyquad", start: &[1.0 / 9.0, 2.0 / 9.0, 3.0 / 9.0, 4.0 / 9.0, 5.0 / 9.0, 6.0 / 9.0, 7.0 / 9.0, 8.0 / 9.0], count: 8, minima: &[3.51687372568e-3] },
];

pub const BOUNDED: &[Bounded] = &[
    (3, &[0.0, 1.0], &[1.0, 9.0], 1.5125900e-10),
    (4, &[0.0, 0.00003], &[1e6, 100.0], 784.0),
    (5, &[0.6, 0.5], &[10.0, 100.0], 0.0),
    (7, &[-100.0, -1.0, -1.0], &[0.8, 1.0, 1.0], 0.99042212),
    (9, &[0.398, 1.0, -0.5], &[4.2, 2.0, 0.1], 1.1279300e-8),
];

impl Problem {
    /// Its residuals, with exact derivatives.
    pub fn residuals(&self) -> impl Residuals + '_ {
        ResidualFn::new(self.count, |at: &[f64], residuals: &mut [f64], rows: Option<&mut [f64]>| {
            let Some(rows) = rows else {
                return residuals.copy_from_slice(&residuals_of(self.number, at));
            };
            let at: Vec<Dual<f64, MOST>> = (0..at.len()).map(|n| Dual::variable(at[n], n)).collect();
            for (n, value) in residuals_of(self.number, &at).into_iter().enumerate() {
                residuals[n] = value.value;
                rows[n * at.len()..][..at.len()].copy_from_slice(&value.slope[..at.len()]);
            }
        })
    }

    /// The sum of squares at a place, and its gradient.
    pub fn squares(&self, at: &[f64], gradient: &mut [f64]) -> f64 {
        let at: Vec<Dual<f64, MOST>> = (0..at.len()).map(|n| Dual::variable(at[n], n)).collect();
        let all = residuals_of(self.number, &at);
        for (n, slope) in gradient.iter_mut().enumerate() {
            *slope = all.iter().map(|own| 2.0 * own.value * own.slope[n]).sum();
        }
        all.iter().map(|own| own.value * own.value).sum()
    }

    /// Whether a sum of squares is that of one of the minima, to a part of itself, or to what is as good as 0.
    pub fn is_minimum(&self, squares: f64, part: f64) -> bool {
        self.minima
            .iter()
            .any(|&least| squares <= least * (1.0 + part) + 1e-10 * part && squares >= least * (1.0 - part))
    }
}

const BARD: [f64; 15] =
    [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39];
const GAUSSIAN: [f64; 8] = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989];
const MEYER: [f64; 16] = [
    34780.0, 28610.0, 23650.0, 19630.0, 16370.0, 13720.0, 11540.0, 9744.0, 8261.0, 7030.0, 6005.0, 5147.0,
    4427.0, 3820.0, 3307.0, 2872.0,
];
const KOWALIK: [(f64, f64); 11] = [
    (0.1957, 4.0),
    (0.1947, 2.0),
    (0.1735, 1.0),
    (0.1600, 0.5),
    (0.0844, 0.25),
    (0.0627, 0.167),
    (0.0456, 0.125),
    (0.0342, 0.1),
    (0.0323, 0.0833),
    (0.0235, 0.0714),
    (0.0246, 0.0625),
];
const OSBORNE_1: [f64; 33] = [
    0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658, 0.628,
    0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420,
    0.414, 0.411, 0.406,
];
const OSBORNE_2: [f64; 65] = [
    1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608, 0.655, 0.616,
    0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661, 0.612, 0.558, 0.533, 0.495,
    0.500, 0.423, 0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607, 0.653, 0.672,
    0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559, 0.597, 0.625, 0.739, 0.710, 0.729, 0.720, 0.636, 0.581,
    0.428, 0.292, 0.162, 0.098, 0.054,
];

fn residuals_of<R: Real>(number: usize, at: &[R]) -> Vec<R> {
    let n = at.len();
    let x = |i: usize| at[i - 1].clone();
    let c = R::constant;
    let decay = |rate: R, t: f64| (-(rate * R::constant(t))).exp();
    match number {
        1 | 21 => (1..=n)
            .map(|i| if i % 2 == 1 { c(10.0) * (x(i + 1) - x(i).square()) } else { c(1.0) - x(i - 1) })
            .collect(),
        2 => vec![
            c(-13.0) + x(1) + ((c(5.0) - x(2)) * x(2) - c(2.0)) * x(2),
            c(-29.0) + x(1) + ((x(2) + c(1.0)) * x(2) - c(14.0)) * x(2),
        ],
        3 => vec![c(1e4) * x(1) * x(2) - c(1.0), (-x(1)).exp() + (-x(2)).exp() - c(1.0001)],
        4 => vec![x(1) - c(1e6), x(2) - c(2e-6), x(1) * x(2) - c(2.0)],
        5 => {
            let power = |i: usize| (1..i).fold(x(2), |power, _| power * x(2));
            [1.5, 2.25, 2.625].iter().zip(1..).map(|(&y, i)| c(y) - x(1) * (c(1.0) - power(i))).collect()
        }
        6 => (1..=10)
            .map(|i| c(2.0 + 2.0 * i as f64) - decay(x(1), -(i as f64)) - decay(x(2), -(i as f64)))
            .collect(),
        7 => {
            // The angle in turns, from −1/4 to 3/4.
            let half = R::if_less(x(1), c(0.0), c(0.5), c(0.0));
            let turn = (x(2) / x(1)).atan() * c(0.5 / PI) + half;
            vec![c(10.0) * (x(3) - c(10.0) * turn), c(10.0) * (x(1).hypot(x(2)) - c(1.0)), x(3)]
        }
        8 => BARD
            .iter()
            .zip(1..)
            .map(|(&y, i)| {
                let (u, v) = (f64::from(i), 16.0 - f64::from(i));
                c(y) - (x(1) + c(u) / (c(v) * x(2) + c(u.min(v)) * x(3)))
            })
            .collect(),
        9 => (1..=15usize)
            .map(|i| {
                let (t, y) = ((8.0 - i as f64) / 2.0, GAUSSIAN[i.min(16 - i) - 1]);
                x(1) * (-(x(2) * (c(t) - x(3)).square() / c(2.0))).exp() - c(y)
            })
            .collect(),
        10 => MEYER
            .iter()
            .zip(1..)
            .map(|(&y, i)| x(1) * (x(2) / (c(45.0 + 5.0 * f64::from(i)) + x(3))).exp() - c(y))
            .collect(),
        11 => (1..=10)
            .map(|i| {
                let t = f64::from(i) / 100.0;
                let y = 25.0 + (-50.0 * t.ln()).powf(2.0 / 3.0);
                (-((c(y) - x(2)).abs().pow(x(3)) / x(1))).exp() - c(t)
            })
            .collect(),
        12 => (1..=10)
            .map(|i| {
                let t = 0.1 * f64::from(i);
                decay(x(1), t) - decay(x(2), t) - x(3) * c((-t).exp() - (-10.0 * t).exp())
            })
            .collect(),
        13 => vec![
            x(1) + c(10.0) * x(2),
            c(5f64.sqrt()) * (x(3) - x(4)),
            (x(2) - c(2.0) * x(3)).square(),
            c(10f64.sqrt()) * (x(1) - x(4)).square(),
        ],
        14 => vec![
            c(10.0) * (x(2) - x(1).square()),
            c(1.0) - x(1),
            c(90f64.sqrt()) * (x(4) - x(3).square()),
            c(1.0) - x(3),
            c(10f64.sqrt()) * (x(2) + x(4) - c(2.0)),
            (x(2) - x(4)) / c(10f64.sqrt()),
        ],
        15 => KOWALIK
            .iter()
            .map(|&(y, u)| c(y) - x(1) * (c(u * u) + c(u) * x(2)) / (c(u * u) + c(u) * x(3) + x(4)))
            .collect(),
        16 => (1..=20)
            .map(|i| {
                let t = f64::from(i) / 5.0;
                (x(1) + c(t) * x(2) - c(t.exp())).square() + (x(3) + x(4) * c(t.sin()) - c(t.cos())).square()
            })
            .collect(),
        17 => OSBORNE_1
            .iter()
            .enumerate()
            .map(|(i, &y)| {
                let t = 10.0 * i as f64;
                c(y) - (x(1) + x(2) * decay(x(4), t) + x(3) * decay(x(5), t))
            })
            .collect(),
        18 => (1..=13)
            .map(|i| {
                let t = 0.1 * f64::from(i);
                let y = (-t).exp() - 5.0 * (-10.0 * t).exp() + 3.0 * (-4.0 * t).exp();
                x(3) * decay(x(1), t) - x(4) * decay(x(2), t) + x(6) * decay(x(5), t) - c(y)
            })
            .collect(),
        19 => OSBORNE_2
            .iter()
            .enumerate()
            .map(|(i, &y)| {
                let t = i as f64 / 10.0;
                let peaks = (2..=4).map(|k| x(k) * (-((c(t) - x(k + 7)).square() * x(k + 4))).exp());
                c(y) - peaks.fold(x(1) * decay(x(5), t), |sum, peak| sum + peak)
            })
            .collect(),
        20 => {
            let mut all: Vec<R> = (1..=29)
                .map(|i| {
                    let t = f64::from(i) / 29.0;
                    let sum = (1..=n).fold(c(0.0), |sum, j| sum + x(j) * c(t.powi(j as i32 - 1)));
                    let slope =
                        (2..=n).fold(c(0.0), |sum, j| sum + x(j) * c((j - 1) as f64 * t.powi(j as i32 - 2)));
                    slope - sum.square() - c(1.0)
                })
                .collect();
            all.extend([x(1), x(2) - x(1).square() - c(1.0)]);
            all
        }
        25 => {
            let sum = (1..=n).fold(c(0.0), |sum, j| sum + c(j as f64) * (x(j) - c(1.0)));
            (1..=n).map(|j| x(j) - c(1.0)).chain([sum.clone(), sum.square()]).collect()
        }
        30 => (1..=n)
            .map(|i| {
                let before = if i > 1 { x(i - 1) } else { c(0.0) };
                let after = if i < n { x(i + 1) } else { c(0.0) };
                (c(3.0) - c(2.0) * x(i)) * x(i) - before - c(2.0) * after + c(1.0)
            })
            .collect(),
        35 => (1..=n)
            .map(|i| {
                let mean = (1..=n).fold(c(0.0), |sum, j| sum + chebyshev(i, x(j))) / c(n as f64);
                let integral = if i % 2 == 0 { -1.0 / (i * i - 1) as f64 } else { 0.0 };
                mean - c(integral)
            })
            .collect(),
        other => panic!("problem {other} is not among these"),
    }
}

/// Chebyshev's polynomial of that degree, shifted to [0, 1].
fn chebyshev<R: Real>(degree: usize, x: R) -> R {
    let to = R::constant(2.0) * x - R::one();
    let (mut last, mut own) = (R::one(), to.clone());
    for _ in 1..degree {
        (last, own) = (own.clone(), R::constant(2.0) * to.clone() * own - last);
    }
    own
}
