//! Optimisers, held to test sets with certified answers: NIST's regressions, and Moré, Garbow and Hillstrom's problems.

#[path = "support/moregarbow.rs"]
mod moregarbow;
#[path = "support/regressions.rs"]
mod regressions;

use fieldgrad::fit::{
    Decay, Descent, Ended, Factor, LeastSquares, Model, QuasiNewton, ResidualFn, Residuals, Robust, Rule,
    Schedule, UNBOUNDED, best_of, starts,
};
use moregarbow::{BOUNDED, PROBLEMS, Problem};
use regressions::regressions;

#[test]
fn all_of_nists_regressions_are_solved_from_both_starts() {
    let (mut all, mut least) = (Vec::new(), f64::INFINITY);
    for problem in regressions() {
        for start in &problem.starts {
            let ranges = vec![UNBOUNDED; start.len()];
            let solution = LeastSquares::default().solve(&mut problem.residuals(), start, &ranges);
            let digits = problem.digits(&solution.at);
            println!(
                "{:9} {digits:5.2} digits, {:?} after {} iterations, {} evaluations",
                problem.name, solution.ended, solution.iterations, solution.evaluations
            );
            let squares = 2.0 * solution.value;
            let off = (squares - problem.sum_of_squares).abs();
            // The data of Lanczos1 have 13 digits: its sum of squares, 1.4e-25, is of their roundings.
            let is_known = problem.name == "Lanczos1" || off < 1e-9 * problem.sum_of_squares;
            assert!(is_known && solution.ended.is_converged(), "{}: {squares}", problem.name);
            least = least.min(digits);
            all.push(digits);
        }
    }
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    println!(
        "{} of {}, {mean:.2} digits in the mean",
        all.iter().filter(|&&own| own >= 4.0).count(),
        all.len()
    );
    assert!(all.len() == 54 && least >= 6.0 && mean >= 9.4, "{least}, {mean}");
}

#[test]
fn uncertainties_are_the_certified_ones() {
    for problem in regressions().iter().filter(|problem| problem.name != "Lanczos1") {
        let (n, rows) = (problem.certified.len(), problem.data.len());
        let mut model = Model::new(n, Factor::Triangle);
        let value = problem.residuals().linearise(&problem.certified, &mut model);
        let variance = 2.0 * value / (rows - n) as f64;
        let covariance = model.covariance().expect("they are determined");
        for (i, certified) in problem.deviations.iter().enumerate() {
            let found = (variance * covariance[(i, i)]).sqrt();
            assert!((found / certified - 1.0).abs() < 1e-3, "{}: {found}, not {certified}", problem.name);
        }
    }
}

/// Those of the paper's problems that are not solved from ten, and from a hundred, times the paper's start: they end in
/// another minimum, or have not come to it in so many iterations.
const UNSOLVED: [(f64, &[usize]); 3] =
    [(1.0, &[]), (10.0, &[3, 5, 6, 12, 19]), (100.0, &[3, 5, 6, 11, 19, 35])];

#[test]
fn least_squares_solve_more_garbow_and_hillstroms_problems() {
    for problem in PROBLEMS {
        for (distance, unsolved) in UNSOLVED {
            if unsolved.contains(&problem.number) {
                continue;
            }
            let start = far(problem.start, distance);
            let ranges = vec![UNBOUNDED; start.len()];
            let solution = LeastSquares::default().solve(&mut problem.residuals(), &start, &ranges);
            let squares = 2.0 * solution.value;
            println!(
                "{:2} {:24} ×{distance:<3} {squares:.8e} {:?} after {}",
                problem.number, problem.name, solution.ended, solution.iterations
            );
            assert!(problem.is_minimum(squares, 1e-5), "{} from ×{distance}: {squares:e}", problem.name);
        }
    }
}

/// A start of the paper's, or its multiple; of one at 0, so many in each number.
fn far(start: &[f64], times: f64) -> Vec<f64> {
    match start.iter().all(|&x| x == 0.0) {
        true => vec![times - 1.0; start.len()],
        false => start.iter().map(|x| times * x).collect(),
    }
}

fn problem(number: usize) -> &'static Problem {
    PROBLEMS.iter().find(|own| own.number == number).expect("it is among them")
}

#[test]
fn problems_with_ranges_are_solved_in_them() {
    for &(number, low, high, least) in BOUNDED {
        let problem = problem(number);
        let ranges: Vec<(f64, f64)> = low.iter().copied().zip(high.iter().copied()).collect();
        let is_least =
            |squares: f64| squares <= least * (1.0 + 1e-5) + 1e-15 && squares >= least * (1.0 - 1e-5);
        let is_inside = |at: &[f64]| at.iter().zip(&ranges).all(|(x, (low, high))| (low..=high).contains(&x));
        let own = LeastSquares::default().solve(&mut problem.residuals(), problem.start, &ranges);
        assert!(is_least(2.0 * own.value) && is_inside(&own.at), "{}: {own:?}", problem.name);
        let mut squares = |at: &[f64], gradient: &mut [f64]| problem.squares(at, gradient);
        let other = QuasiNewton { memory: 20, ..QuasiNewton::default() };
        let other = other.solve(&mut squares, problem.start, &ranges);
        println!("{number}: {:e} and {:e}", 2.0 * own.value, other.value);
        if ![3, 4].contains(&number) {
            assert!(is_least(other.value) && is_inside(&other.at), "{}: {other:?}", problem.name);
        }
    }
}

#[test]
fn quasi_newton_solves_more_garbow_and_hillstroms_problems() {
    let mut unsolved = Vec::new();
    for problem in PROBLEMS {
        let ranges = vec![UNBOUNDED; problem.start.len()];
        let mut squares = |at: &[f64], gradient: &mut [f64]| problem.squares(at, gradient);
        let options =
            QuasiNewton { memory: 20, iterations: 20_000, value_tolerance: 0.0, slope_tolerance: 1e-12 };
        let solution = options.solve(&mut squares, problem.start, &ranges);
        println!(
            "{:2} {:24} {:.8e} {:?} after {}, {} evaluations",
            problem.number,
            problem.name,
            solution.value,
            solution.ended,
            solution.iterations,
            solution.evaluations
        );
        if !problem.is_minimum(solution.value, 1e-4) {
            unsolved.push(problem.number);
        }
    }
    // Those whose unknowns differ by ten powers of ten are for least squares.
    assert_eq!(unsolved, [3, 4, 10]);
}

/// Σ 100(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)², and its gradient.
fn valley(at: &[f64], gradient: &mut [f64]) -> f64 {
    gradient.fill(0.0);
    let mut sum = 0.0;
    for i in 0..at.len() - 1 {
        let (a, b) = (at[i + 1] - at[i] * at[i], 1.0 - at[i]);
        sum += 100.0 * a * a + b * b;
        gradient[i] -= 400.0 * a * at[i] + 2.0 * b;
        gradient[i + 1] += 200.0 * a;
    }
    sum
}

#[test]
fn many_unknowns_and_ends_of_ranges() {
    let n = 100;
    let many = QuasiNewton { iterations: 5000, ..QuasiNewton::default() };
    let free = many.solve(&mut valley, &vec![-1.0; n], &vec![UNBOUNDED; n]);
    assert!(free.value < 1e-12 && free.at.iter().skip(1).all(|x| (x - 1.0).abs() < 1e-5), "{}", free.value);
    // Where every other number may not pass 0.7, at the least place the gradient points out of the ranges, or is 0.
    let ranges: Vec<(f64, f64)> = (0..n).map(|i| if i % 2 == 0 { (-2.0, 0.7) } else { UNBOUNDED }).collect();
    let options = QuasiNewton { slope_tolerance: 1e-8, value_tolerance: 0.0, ..many };
    let held = options.solve(&mut valley, &vec![-1.0; n], &ranges);
    let mut gradient = vec![0.0; n];
    valley(&held.at, &mut gradient);
    for i in 0..n {
        let is_held = held.at[i] == ranges[i].1 && gradient[i] <= 0.0;
        assert!(gradient[i].abs() < 1e-7 || is_held, "{i}: {} with slope {}", held.at[i], gradient[i]);
    }
    assert!(held.at.iter().step_by(2).any(|&x| x == 0.7));
}

#[test]
fn normal_equations_find_what_triangles_find() {
    for problem in regressions().iter().filter(|own| ["Thurber", "Gauss1", "Misra1d"].contains(&own.name)) {
        let start = &problem.starts[1];
        let options = LeastSquares { factor: Factor::Normal, ..LeastSquares::default() };
        let solution = options.solve(&mut problem.residuals(), start, &vec![UNBOUNDED; start.len()]);
        assert!(problem.digits(&solution.at) > 6.0, "{}: {solution:?}", problem.name);
    }
}

/// A line y = 2x + 1 at 40 places, with noise, and 14 of the values far off; and how large the noise is.
fn line_with_outliers(x: f64) -> f64 {
    let n = (x * 40.0).round() as usize;
    let noise = 0.01 * ((n * n * 7 + n * 13) % 17) as f64 / 17.0 - 0.005;
    2.0 * x + 1.0 + noise + if n % 3 == 1 { 4.0 + x } else { 0.0 }
}

#[test]
fn robust_costs_leave_outliers_out() {
    let fitted = |robust: Robust, start: [f64; 2]| {
        let mut residuals =
            ResidualFn::new(40, |at: &[f64], residuals: &mut [f64], rows: Option<&mut [f64]>| {
                let places = (0..40).map(|n| n as f64 / 40.0);
                residuals
                    .iter_mut()
                    .zip(places.clone())
                    .for_each(|(r, x)| *r = at[0] * x + at[1] - line_with_outliers(x));
                if let Some(rows) = rows {
                    rows.chunks_exact_mut(2).zip(places).for_each(|(row, x)| row.copy_from_slice(&[x, 1.0]));
                }
            })
            .with_cost(robust);
        LeastSquares::default().solve(&mut residuals, &start, &[UNBOUNDED; 2]).at
    };
    let off = |at: &[f64]| (at[0] - 2.0).abs().max((at[1] - 1.0).abs());
    let square = fitted(Robust::Square, [0.0, 0.0]);
    assert!(off(&square) > 1.0, "{square:?}");
    let scale = 0.02;
    let huber = fitted(Robust::Huber { scale }, square.clone().try_into().unwrap());
    assert!(off(&huber) < 0.05, "{huber:?}");
    for cost in [Robust::GemanMcClure { scale }, Robust::Cauchy { scale }, Robust::Absolute { scale: 1e-3 }] {
        let found = fitted(cost, huber.clone().try_into().unwrap());
        assert!(off(&found) < 0.02, "{cost:?}: {found:?}");
    }
}

#[test]
fn descents_go_down_a_valley() {
    let start = [-1.2, 1.0];
    let descend = |rule: Rule, rates: Schedule, steps: usize| {
        Descent::new(rule, rates).solve(&mut valley, &start, &[UNBOUNDED; 2], steps)
    };
    let cosine = |rate: f64, steps: usize| Schedule::new(rate).with_decay(Decay::Cosine { steps, to: 0.01 });
    let adam = descend(Rule::ADAM, cosine(0.05, 4000).with_warm_up(20), 4000);
    assert!(adam.value < 1e-6, "{adam:?}");
    let momentum = descend(Rule::Momentum { part: 0.9 }, cosine(1e-3, 4000), 4000);
    assert!(momentum.value < 1e-3 && momentum.value < valley(&start, &mut [0.0; 2]), "{momentum:?}");
    let steps = Schedule::new(1e-3).with_decay(Decay::Step { every: 2000, by: 0.5 });
    assert_eq!([steps.rate(1999), steps.rate(2000), steps.rate(4500)], [1e-3, 5e-4, 2.5e-4]);
    // Decay draws numbers to 0 that nothing holds where they are.
    let decaying = Rule::Adam { mean: 0.9, square: 0.999, floor: 1e-8, decay: 0.1 };
    let flat = |_: &[f64], gradient: &mut [f64]| {
        gradient.copy_from_slice(&[1e-30, 0.0]);
        0.0
    };
    let mut descent = Descent::new(decaying, 0.1);
    let mut at = vec![0.0, 1.0];
    for _ in 0..100 {
        let mut gradient = [0.0; 2];
        flat(&at, &mut gradient);
        descent.step(&mut at, &gradient, &[UNBOUNDED; 2]);
    }
    assert!((at[1] - 0.99f64.powi(100)).abs() < 1e-12, "{at:?}");
}

#[test]
fn several_starts_find_the_best_of_several_minima() {
    // Two valleys: the deeper at 3, the nearer at −1.
    let solve = |start: &Vec<f64>| {
        let mut two = |at: &[f64], gradient: &mut [f64]| {
            let (a, b) = (at[0] + 1.0, at[0] - 3.0);
            gradient[0] = 2.0 * a * b * b + 2.0 * a * a * b - 0.1;
            a * a * b * b - 0.1 * at[0]
        };
        QuasiNewton::default().solve(&mut two, start, &[(-10.0, 10.0)])
    };
    let all = starts(&[-2.0], &[(-10.0, 10.0)], 8, 7);
    assert_eq!(all, starts(&[-2.0], &[(-10.0, 10.0)], 8, 7));
    assert!(all[0] == [-2.0] && all.len() == 8 && all != starts(&[-2.0], &[(-10.0, 10.0)], 8, 8));
    assert!((solve(&all[0]).at[0] + 1.0).abs() < 0.1);
    assert!((best_of(&all, solve).unwrap().at[0] - 3.0).abs() < 0.1);
}

#[test]
fn what_cannot_be_solved_ends_and_says_so() {
    let bad = |at: &[f64], gradient: &mut [f64]| {
        gradient.fill(f64::NAN);
        at[0].ln()
    };
    assert_eq!(QuasiNewton::default().solve(&mut { bad }, &[-1.0], &[UNBOUNDED]).ended, Ended::NotFinite);
    let nowhere = |_: &[f64], residuals: &mut [f64], rows: Option<&mut [f64]>| {
        residuals.fill(1.0);
        if let Some(rows) = rows {
            rows.fill(0.0);
        }
    };
    // Residuals that nothing moves, no unknowns, and no residuals.
    let mut still = ResidualFn::new(3, nowhere);
    let solution = LeastSquares::default().solve(&mut still, &[1.0, 2.0], &[UNBOUNDED; 2]);
    assert!(solution.at == [1.0, 2.0] && solution.ended == Ended::Stationary && solution.value == 1.5);
    assert!(LeastSquares::default().solve(&mut still, &[], &[]).ended.is_converged());
    assert!(
        LeastSquares::default()
            .solve(&mut ResidualFn::new(0, nowhere), &[1.0], &[UNBOUNDED])
            .ended
            .is_converged()
    );
    // A number that nothing depends on stays where it is, and one whose range is a point.
    let mut half = ResidualFn::new(1, |at: &[f64], residuals: &mut [f64], rows: Option<&mut [f64]>| {
        residuals[0] = at[0] * at[2] - 4.0;
        if let Some(rows) = rows {
            rows.copy_from_slice(&[at[2], 0.0, at[0]]);
        }
    });
    for factor in [Factor::Triangle, Factor::Normal] {
        let options = LeastSquares { factor, ..LeastSquares::default() };
        let found = options.solve(&mut half, &[1.0, 5.0, 2.0], &[UNBOUNDED, UNBOUNDED, (2.0, 2.0)]);
        assert!((found.at[0] - 2.0).abs() < 1e-9 && found.at[1..] == [5.0, 2.0], "{factor:?}: {found:?}");
    }
    // Who watches can end it.
    let ended =
        QuasiNewton::default().solve_watched(&mut valley, &[-1.2, 1.0], &[UNBOUNDED; 2], &mut |progress| {
            assert!(progress.value.is_finite() && progress.at.len() == 2);
            progress.iteration < 3
        });
    assert!(ended.ended == Ended::Stopped && ended.iterations == 3);
}
