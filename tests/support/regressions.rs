//! The 27 nonlinear regression problems of NIST's Statistical Reference Datasets, their models as NIST states them.

use fieldgrad::fit::{ResidualFn, Residuals};
use fieldgrad::number::{Dual, Real};
use std::f64::consts::PI;

/// The most parameters a model has.
const MOST: usize = 9;

/// A problem: a model's parameters are to be found from data.
pub struct Regression {
    pub name: &'static str,
    pub starts: [Vec<f64>; 2],
    pub certified: Vec<f64>,
    pub deviations: Vec<f64>,
    pub sum_of_squares: f64,
    /// What was measured, and where.
    pub data: Vec<(f64, Vec<f64>)>,
}

/// All of them.
pub fn regressions() -> Vec<Regression> {
    let text: &'static str = include_str!("../data/nist.txt");
    let numbers = |line: &str| line.split(' ').map(|v| v.parse().expect("a number")).collect::<Vec<f64>>();
    let problems = text.split("\n\n").skip(1).map(|part| {
        let mut lines = part.lines();
        let name = lines.next().expect("a name");
        let mut row = || numbers(lines.next().expect("a row of numbers"));
        let (starts, certified, deviations, squares) = ([row(), row()], row(), row(), row());
        let measured = |line: &str| {
            let row = numbers(line);
            (if name == "Nelson" { row[0].ln() } else { row[0] }, row[1..].to_vec())
        };
        let data = lines.map(measured).collect();
        Regression { name, starts, certified, deviations, sum_of_squares: squares[0], data }
    });
    problems.collect()
}

impl Regression {
    /// Its residuals, with exact derivatives.
    pub fn residuals(&self) -> impl Residuals + '_ {
        ResidualFn::new(self.data.len(), |at: &[f64], residuals: &mut [f64], rows: Option<&mut [f64]>| {
            let plain = |(residual, (y, x)): (&mut f64, &(f64, Vec<f64>))| {
                *residual = model::<f64>(self.name, at, x) - y
            };
            let Some(rows) = rows else { return residuals.iter_mut().zip(&self.data).for_each(plain) };
            let at: Vec<Dual<f64, MOST>> = (0..at.len()).map(|n| Dual::variable(at[n], n)).collect();
            for (n, (y, x)) in self.data.iter().enumerate() {
                let value = model(self.name, &at, x);
                residuals[n] = value.value - y;
                rows[n * at.len()..][..at.len()].copy_from_slice(&value.slope[..at.len()]);
            }
        })
    }

    /// To how many digits all parameters are the certified ones; NIST gives 11.
    pub fn digits(&self, found: &[f64]) -> f64 {
        let digits = |(b, certified): (&f64, &f64)| -((b - certified) / certified).abs().log10();
        let all = found.iter().zip(&self.certified).map(digits);
        all.fold(11.0, |least, own| if own < least { own } else { least }).max(0.0)
    }
}

fn model<R: Real>(name: &str, b: &[R], at: &[f64]) -> R {
    let number = R::constant;
    let x = number(at[0]);
    let b = |n: usize| b[n - 1].clone();
    let polynomial =
        |from: usize, to: usize| (from..=to).rev().fold(R::zero(), |sum, n| (sum + b(n)) * number(at[0]));
    let peak = |n: usize| b(n) * (-((number(at[0]) - b(n + 1)) / b(n + 2)).square()).exp();
    let decay = |n: usize, m: usize| b(n) * (-(b(m) * number(at[0]))).exp();
    let wave = |n: usize, period: R| {
        let angle = number(2.0 * PI * at[0]) / period;
        b(n) * angle.clone().cos() + b(n + 1) * angle.sin()
    };
    match name {
        "Bennett5" => b(1) * (b(2) + x).pow(-b(3).recip()),
        "BoxBOD" | "Misra1a" => b(1) * (R::one() - (-(b(2) * x)).exp()),
        "Chwirut1" | "Chwirut2" => (-(b(1) * x.clone())).exp() / (b(2) + b(3) * x),
        "DanWood" => b(1) * x.pow(b(2)),
        "Eckerle4" => b(1) / b(2) * (number(-0.5) * ((x - b(3)) / b(2)).square()).exp(),
        "ENSO" => b(1) + wave(2, number(12.0)) + wave(5, b(4)) + wave(8, b(7)),
        "Gauss1" | "Gauss2" | "Gauss3" => decay(1, 2) + peak(3) + peak(6),
        "Hahn1" | "Thurber" => (b(1) + polynomial(2, 4)) / (R::one() + polynomial(5, 7)),
        "Kirby2" => (b(1) + polynomial(2, 3)) / (R::one() + polynomial(4, 5)),
        "Lanczos1" | "Lanczos2" | "Lanczos3" => decay(1, 2) + decay(3, 4) + decay(5, 6),
        "MGH09" => b(1) * (x.clone().square() + x.clone() * b(2)) / (x.clone().square() + x * b(3) + b(4)),
        "MGH10" => b(1) * (b(2) / (x + b(3))).exp(),
        "MGH17" => b(1) + decay(2, 4) + decay(3, 5),
        "Misra1b" => b(1) * (R::one() - (R::one() + b(2) * x / number(2.0)).square().recip()),
        "Misra1c" => b(1) * (R::one() - (R::one() + number(2.0) * b(2) * x).sqrt().recip()),
        "Misra1d" => b(1) * b(2) * x.clone() / (R::one() + b(2) * x),
        "Nelson" => b(1) - b(2) * x * (-(b(3) * number(at[1]))).exp(),
        "Rat42" => b(1) / (R::one() + (b(2) - b(3) * x).exp()),
        "Rat43" => b(1) / (R::one() + (b(2) - b(3) * x).exp()).pow(b(4).recip()),
        "Roszman1" => b(1) - b(2) * x.clone() - (b(3) / (x - b(4))).atan() / number(PI),
        other => panic!("{other} is no problem of NIST's"),
    }
}
