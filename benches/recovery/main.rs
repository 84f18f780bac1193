#[path = "../../tests/support/recovery.rs"]
mod recovery;
use fieldgrad::fit::*;
use fieldgrad::prelude::*;
use recovery::Problem;
use std::time::Instant;

fn solver() -> LeastSquares {
    LeastSquares::for_fits()
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let get = |name: &str, usual: f64| {
        args.iter().position(|a| a == name).map_or(usual, |n| args[n + 1].parse().unwrap())
    };
    let count = get("--count", 50.0) as usize;
    let seed = get("--seed", 1.0) as u64;
    let samples = get("--samples", 3000.0) as usize;
    let mode = get("--mode", 0.0) as usize;
    let only = get("--only", -1.0);
    let limit = get("--limit", 10.0);
    let mut times = Vec::new();
    let mut good = 0;
    let begun = Instant::now();
    for (n, problem) in Problem::all(seed).take(count).enumerate() {
        if only >= 0.0 && n as f64 != only {
            continue;
        }
        let made = begun.elapsed().as_secs_f64();
        let target = problem.target(samples, 11).unwrap();
        let field = &problem.field;
        let clock = Instant::now();
        let mut fit = Fit::of(field, [Term::distance(field, &target).unwrap()]).unwrap();
        let compile = clock.elapsed().as_secs_f64();
        let start = problem.start_of(fit.unknowns());
        fit.set(&start);
        let first = fit.costs()[0];
        let how = match mode {
            0 => {
                let s = fit.solve(&solver());
                format!("{:?} {} {:.1e}", s.ended, s.iterations, s.value)
            }
            _ => search(field, &target, &mut fit, &start, mode, limit, &problem),
        };
        let seconds = clock.elapsed().as_secs_f64();
        let off = problem.off(fit.unknowns());
        let ok = off < 1e-6;
        good += usize::from(ok);
        times.push(seconds);
        println!(
            "{n:3} shapes {:2} numbers {:3} times {} first {first:.1e} off {off:8.1e} {} {seconds:.2} s (compile {compile:.2}, made {made:.1}) {how}",
            problem.shapes,
            problem.truth.len(),
            problem.times.len(),
            if ok { "ok  " } else { "FAIL" }
        );
        if only >= 0.0 {
            println!("{}", problem.text);
            for (own, v) in fit.unknowns().parameters().iter().zip(fit.unknowns().values()) {
                let t = problem.truth.iter().find(|x| x.0 == own.name()).unwrap().1;
                println!("{} {t} {v} {:.1e}", own.name(), (v - t) / t);
            }
        }
    }
    times.sort_by(f64::total_cmp);
    println!("{good} of {count}, median {:.2} s, worst {:.2}", times[times.len() / 2], times.last().unwrap());
}

fn search(
    field: &Field,
    target: &Target,
    fit: &mut Fit,
    start: &[f64],
    mode: usize,
    limit: f64,
    problem: &Problem,
) -> String {
    let _ = problem;
    let clock = Instant::now();
    let ranges = fit.unknowns().ranges();
    let d = target.distances().unwrap();
    // Objectives: weights by distance.
    let weighted = |scale: f64, cost: Robust| {
        let w: Vec<f64> =
            d.iter().map(|d| if scale > 0.0 { 1.0 / (1.0 + (d / scale).powi(2)) } else { 1.0 }).collect();
        Fit::of(field, [Term::distance(field, target).unwrap().with_weights(w).unwrap().with_cost(cost)])
            .unwrap()
    };
    let mut others = match mode {
        1 => vec![
            weighted(0.1, Robust::Square),
            weighted(0.0, Robust::Huber { scale: 0.02 }),
            weighted(0.3, Robust::GemanMcClure { scale: 0.1 }),
        ],
        _ => vec![],
    };
    let mut best = fit.solve(&LeastSquares { iterations: 100, ..solver() });
    let mut log = format!("{:.0e}", best.value);
    let mut round = 0;
    let enough = 1e-18;
    let mut random = recovery::Draws(77);
    let mut at = best.at.clone();
    while best.value > enough && clock.elapsed().as_secs_f64() < limit {
        if mode == 1 {
            let k = round % others.len();
            let s = solver_few().solve(&mut others[k], &at, &ranges);
            at = s.at;
        } else {
            // Perturb about the start.
            at = start.iter().map(|x| x * random.between(0.85, 1.15)).collect();
        }
        let s = LeastSquares { iterations: 60, ..solver() }.solve(fit, &at, &ranges);
        at = s.at.clone();
        log += &format!(" {:.0e}", s.value);
        if s.value < best.value {
            best = s;
        }
        round += 1;
    }
    fit.set(&best.at);
    let s = fit.solve(&solver());
    format!("{log} | {:.0e}", s.value)
}
fn solver_few() -> LeastSquares {
    LeastSquares { iterations: 30, ..LeastSquares::for_fits() }
}
