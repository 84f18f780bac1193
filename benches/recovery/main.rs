//! Random scenes of 3 to 12 shapes, each number off by up to a fifth, whose parameters are to be found again.
//!
//! `cargo bench --bench recovery [-- COUNT [FIRST]]`: a row a scene, with how far off the worst parameter is in parts of
//! it, and how many are found to a millionth. The target is 3,000 signed distances.

#[path = "../../tests/support/recovery.rs"]
mod recovery;

use fieldgrad::fit::{Fit, Term};
use recovery::Problem;
use std::time::Instant;

const ENOUGH: f64 = 1e-6;

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let (count, first) = (numbers.first().copied().unwrap_or(50), numbers.get(1).copied().unwrap_or(0));
    println!("scene  shapes  numbers  times  left at first  left at last  worst off  seconds");
    let (mut found, mut all) = (0, Vec::new());
    for n in first..first + count {
        let problem = Problem::of(n);
        let target = problem.target(3000, 11).expect("it has a surface");
        let begun = Instant::now();
        let mut fit = Fit::of(&problem.field, [Term::distance(&problem.field, &target).unwrap()]).unwrap();
        let (before, after) = problem.solve(&mut fit);
        let seconds = begun.elapsed().as_secs_f64();
        let off = problem.off(fit.unknowns());
        found += usize::from(off < ENOUGH);
        all.push(seconds);
        let (shapes, numbers, times) = (problem.shapes, problem.truth.len(), problem.times.len());
        let word = if off < ENOUGH { "" } else { "  not found" };
        println!(
            "{n:5}  {shapes:6}  {numbers:7}  {times:5}  {before:13.1e}  {after:12.1e}  {off:9.1e}  {seconds:7.2}{word}"
        );
    }
    all.sort_by(f64::total_cmp);
    let (median, worst) = (all[all.len() / 2], all[all.len() - 1]);
    println!("{found} of {count} found; median {median:.2} s, longest {worst:.2} s");
}
