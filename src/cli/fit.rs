//! `fit`: a scene's parameters found so that its surface is a target's, or a scene grown to one.

use super::arguments::{Common, Cost, Fit as Verb};
use super::progress::Progress;
use super::{Ending, input, output, signals, targets};
use crate::error::{Error, Result};
use crate::file::{abandon_and_exit, check_writable, write_whole};
use crate::fit::{
    Ended, Fit, Growth, LeastSquares, Progress as Step, Robust, Solution, Target, Term, best_of, starts,
};
use crate::scene::Scene;
use serde_json::json;
use std::fmt::Write;
use std::time::{Duration, Instant};

pub(super) fn run(verb: &Verb, common: &Common) -> Result<Ending> {
    if output::extension(&verb.out) != "rhai" {
        return Err(output::unknown_kind(&verb.out, ".rhai"));
    }
    check_writable(&verb.out)?;
    if let Some(log) = &verb.log {
        check_writable(log)?;
    }
    match (&verb.scene, verb.shapes) {
        (Some(scene), None) => fitted(scene, verb, common),
        (None, Some(shapes)) => grown(shapes, verb, common),
        (Some(_), Some(_)) => {
            Err(Error::Input("--shapes grows a scene from nothing: leave SCENE out, or --shapes".into()))
        }
        (None, None) => Err(Error::Input("a SCENE to fit, or --shapes N to grow one of N shapes".into())),
    }
}

/// What watches a run: its time, its log, and whether somebody wants it to end.
struct Run<'a> {
    verb: &'a Verb,
    begun: Instant,
    log: String,
    iterations: usize,
    is_stopped: bool,
    progress: Progress,
}

impl<'a> Run<'a> {
    fn new(verb: &'a Verb, common: &Common) -> Run<'a> {
        signals::end_gently();
        let progress = Progress::of("fitting", 0, common);
        Run {
            verb,
            begun: Instant::now(),
            log: "iteration,seconds,value,slope\n".into(),
            iterations: 0,
            is_stopped: false,
            progress,
        }
    }

    /// Takes in a step; whether there is to be another.
    fn goes_on(&mut self, step: &Step) -> bool {
        let seconds = self.begun.elapsed().as_secs_f64();
        let _ = writeln!(self.log, "{},{seconds:.3},{:e},{:e}", self.iterations, step.value, step.slope);
        self.iterations += 1;
        self.progress.say(format!("fitting: {} steps, {:.3e} left", self.iterations, step.value));
        self.is_stopped |= signals::told().is_some() || self.verb.seconds.is_some_and(|most| seconds >= most);
        !self.is_stopped
    }

    /// Writes the log, if one is wanted.
    fn save_log(&self) -> Result<()> {
        match &self.verb.log {
            Some(path) => write_whole(path, |out| out.write_all(self.log.as_bytes())),
            None => Ok(()),
        }
    }

    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// The cost that residuals have.
fn cost(verb: &Verb, size: f64) -> Robust {
    let scale = verb.scale.unwrap_or(0.01 * size);
    match verb.cost {
        Cost::Square => Robust::Square,
        Cost::Absolute => Robust::Absolute { scale: 0.1 * scale },
        Cost::Huber => Robust::Huber { scale },
        Cost::GemanMcClure => Robust::GemanMcClure { scale },
        Cost::Cauchy => Robust::Cauchy { scale },
    }
}

fn target(verb: &Verb, common: &Common) -> Result<Target> {
    let _progress = Progress::of("reading the target", 0, common);
    let samples = verb.samples as usize;
    let all = verb.target.iter().map(|name| targets::read(name, samples, common));
    let all: Vec<Target> = all.collect::<Result<_>>()?;
    let whole = Target::together(all);
    match whole.len() {
        0 => Err(Error::Input("the target has no points".into())),
        _ => Ok(whole),
    }
}

/// The longest side of a target's box.
fn size(target: &Target) -> f64 {
    target.bounds().map_or(1.0, |bounds| bounds.size().into_iter().fold(0.0, f64::max)).max(f64::MIN_POSITIVE)
}

/// Fits the parameters of a scene.
fn fitted(name: &str, verb: &Verb, common: &Common) -> Result<Ending> {
    let scene = input::scene(name, common)?;
    let target = target(verb, common)?;
    let mut unknowns = scene.unknowns();
    for lock in &verb.lock {
        unknowns.lock(lock)?;
    }
    for (first, second) in &verb.tie {
        unknowns.tie(first, second)?;
    }
    if unknowns.is_empty() {
        return Err(Error::Input(format!("{}: there is no parameter that may move", scene.file())));
    }
    let field = scene.field();
    let term = match target.distances() {
        Some(_) => Term::distance(field, &target)?,
        None => Term::surface(field, &target),
    };
    let mut terms = vec![term.with_cost(cost(verb, size(&target)))];
    if target.normals().is_some() {
        terms.push(Term::normals(field, &target)?.with_weight((0.1 * size(&target)).powi(2)));
    }
    let mut fit = Fit::new(unknowns, terms)?;
    let error = |fit: &Fit| (2.0 * fit.costs()[0]).sqrt();
    let before = error(&fit);
    if !before.is_finite() {
        return Err(Error::Undefined(format!(
            "{}: the field is not finite at all of the target's points",
            scene.file()
        )));
    }
    let mut run = Run::new(verb, common);
    let (start, ranges) = (fit.unknowns().get(), fit.unknowns().ranges());
    let all = starts(&start, &ranges, verb.starts as usize, common.seed);
    let solve = |start: &Vec<f64>| {
        LeastSquares::for_fits().solve_watched(&mut fit, start, &ranges, &mut |step| run.goes_on(step))
    };
    let solution = best_of(&all, solve).expect("there is one start at least");
    fit.set(&solution.at);
    run.save_log()?;
    let after = error(&fit);
    let names: Vec<String> = scene.parameters().iter().map(|own| own.name().to_string()).collect();
    let values: Vec<(&str, f64)> =
        names.iter().map(String::as_str).zip(fit.unknowns().values().iter().copied()).collect();
    let text = scene.text_with(&values)?;
    write_whole(&verb.out, |out| out.write_all(text.as_bytes()))?;
    let report = Report { verb, run: &run, solution: &solution, before: Some(before), after };
    report.print(&parameters_text(&scene, &values), &values, common)?;
    report.ending()
}

fn parameters_text(scene: &Scene, values: &[(&str, f64)]) -> String {
    values.iter().fold(String::new(), |mut text, (name, value)| {
        let was = scene.value_of(name).unwrap_or_default();
        let _ = match was == *value {
            true => writeln!(text, "{name} = {value}, as it was"),
            false => writeln!(text, "{name} = {value}, was {was}"),
        };
        text
    })
}

/// Grows a scene of parts.
fn grown(shapes: u32, verb: &Verb, common: &Common) -> Result<Ending> {
    let target = target(verb, common)?;
    let mut run = Run::new(verb, common);
    let growth = Growth { parts: shapes as usize, error: verb.error.unwrap_or(0.0), ..Growth::default() };
    let grown = growth.grow(&target, &mut |step| run.goes_on(step))?;
    run.save_log()?;
    let solution = Solution {
        at: Vec::new(),
        value: grown.cost,
        iterations: run.iterations,
        evaluations: run.iterations,
        ended: if run.is_stopped { Ended::Stopped } else { Ended::Settled },
    };
    let after = (2.0 * grown.cost).sqrt();
    let about = format!(
        "Grown to {}: {} shapes of {} numbers, root of the mean square left near the surface {after:.2e}.",
        verb.target.join(" and "),
        grown.parts.len(),
        grown.numbers()
    );
    let text = grown.text(&about);
    Scene::from_text(&text, &verb.out.display().to_string())?;
    write_whole(&verb.out, |out| out.write_all(text.as_bytes()))?;
    let report = Report { verb, run: &run, solution: &solution, before: None, after };
    report.print(&format!("{} shapes, {} numbers\n", grown.parts.len(), grown.numbers()), &[], common)?;
    report.ending()
}

/// What is said of a run at its end.
struct Report<'a> {
    verb: &'a Verb,
    run: &'a Run<'a>,
    solution: &'a Solution,
    before: Option<f64>,
    /// The root of the mean square of what is left.
    after: f64,
}

impl Report<'_> {
    fn is_enough(&self) -> bool {
        match self.verb.error {
            Some(error) => self.after <= error,
            None => self.solution.ended.is_converged(),
        }
    }

    fn print(&self, details: &str, values: &[(&str, f64)], common: &Common) -> Result<()> {
        let Report { run, solution, before, after, .. } = self;
        let seconds = run.elapsed().as_secs_f64();
        if common.json {
            let parameters: serde_json::Map<String, serde_json::Value> =
                values.iter().map(|(name, value)| (name.to_string(), output::json_number(*value))).collect();
            output::print_json(&json!({
                "file": self.verb.out.display().to_string(),
                "error": output::json_number(*after),
                "error_before": before.map(output::json_number),
                "iterations": run.iterations,
                "converged": solution.ended.is_converged(),
                "reached": self.is_enough(),
                "parameters": parameters,
                "seconds": seconds,
            }))?;
            return Ok(());
        }
        let was = before.map_or(String::new(), |before| format!(", was {before:.4e}"));
        let how = match solution.ended {
            ended if ended.is_converged() => "",
            Ended::Stopped => "; stopped before it was done",
            _ => "; not converged",
        };
        let text = format!("{details}error {after:.4e}{was}, after {} steps{how}\n", run.iterations);
        output::print(text.as_bytes())?;
        output::saved(&self.verb.out, common)?;
        Ok(())
    }

    fn ending(&self) -> Result<Ending> {
        if let Some(code) = signals::told() {
            abandon_and_exit(code);
        }
        Ok(if self.is_enough() { Ending::Done } else { Ending::Wanting })
    }
}
