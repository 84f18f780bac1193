//! Least squares without any field: NIST's problem Misra1a, with the uncertainty of what is found.
//!
//! `cargo run --release --example fit_curve`

use fieldgrad::fit::{Factor, LeastSquares, Model, ResidualFn, Residuals, UNBOUNDED};

/// Volume against pressure, in dental research on monomolecular adsorption (NIST's Statistical Reference Datasets).
const DATA: [(f64, f64); 14] = [
    (10.07, 77.6),
    (14.73, 114.9),
    (17.94, 141.1),
    (23.93, 190.8),
    (29.61, 239.9),
    (35.18, 289.0),
    (40.02, 332.8),
    (44.82, 378.4),
    (50.76, 434.8),
    (55.05, 477.3),
    (61.01, 536.8),
    (66.40, 593.1),
    (75.47, 689.1),
    (81.78, 760.0),
];

fn main() {
    // y = b1·(1 − e^(−b2·x))
    let mut residuals =
        ResidualFn::new(DATA.len(), |b: &[f64], residuals: &mut [f64], mut rows: Option<&mut [f64]>| {
            for (n, (y, x)) in DATA.into_iter().enumerate() {
                let left = (-b[1] * x).exp();
                residuals[n] = b[0] * (1.0 - left) - y;
                if let Some(rows) = &mut rows {
                    rows[2 * n..][..2].copy_from_slice(&[1.0 - left, b[0] * x * left]);
                }
            }
        });
    let found = LeastSquares::default().solve(&mut residuals, &[500.0, 0.0001], &[UNBOUNDED; 2]);

    let mut model = Model::new(2, Factor::Triangle);
    residuals.linearise(&found.at, &mut model);
    let variance = 2.0 * found.value / (DATA.len() - 2) as f64;
    let covariance = model.covariance().expect("both are determined by the data");
    println!(
        "{:?} after {} iterations, sum of squares {:.10e}",
        found.ended,
        found.iterations,
        2.0 * found.value
    );
    for (n, certified) in
        ["2.3894212918E+02 ± 2.7070075241E+00", "5.5015643181E-04 ± 7.2668688436E-06"].iter().enumerate()
    {
        let deviation = (variance * covariance[(n, n)]).sqrt();
        println!("b{} = {:.10e} ± {deviation:.4e}, certified {certified}", n + 1, found.at[n]);
    }
}
