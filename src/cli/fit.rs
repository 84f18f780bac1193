//! `fit`: a scene's parameters found so that its surface is a target's, or a scene grown to one.

use super::arguments::{Common, Cost, Fit as Verb};
use super::fit_report::{self, Value};
use super::progress::ProgressLine;
use super::{Ending, input, output, signals, targets};
use crate::error::{Error, Result};
use crate::file::{abandon_and_exit, check_writable, write_whole};
use crate::fit::{
    Ended, Factor, Fit, Growth, LeastSquares, Model, Part, Progress as Step, Residuals, Robust, Solution,
    Target, Term, best_of, starts,
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
    if let Some(report) = &verb.report {
        if output::extension(report) != "html" {
            return Err(output::unknown_kind(report, ".html"));
        }
        check_writable(report)?;
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
pub(super) struct Run<'a> {
    verb: &'a Verb,
    begun: Instant,
    log: String,
    /// When each step was done, and what it left.
    course: Vec<(f64, f64)>,
    iterations: usize,
    is_stopped: bool,
    progress: ProgressLine,
}

impl<'a> Run<'a> {
    fn new(verb: &'a Verb, common: &Common) -> Run<'a> {
        signals::end_gently();
        let progress = ProgressLine::of("fitting", 0, common);
        Run {
            verb,
            begun: Instant::now(),
            log: "iteration,seconds,value,slope\n".into(),
            course: Vec::new(),
            iterations: 0,
            is_stopped: false,
            progress,
        }
    }

    /// Takes in a step; whether there is to be another.
    fn goes_on(&mut self, step: &Step) -> bool {
        let seconds = self.begun.elapsed().as_secs_f64();
        let _ = writeln!(self.log, "{},{seconds:.3},{:e},{:e}", self.iterations, step.value, step.slope);
        self.course.push((seconds, step.value));
        self.iterations += 1;
        self.progress.say(format!("fitting: {} steps, {:.3e} left", self.iterations, step.value));
        self.is_stopped |= signals::told().is_some() || self.verb.seconds.is_some_and(|most| seconds >= most);
        !self.is_stopped
    }

    /// When each step was done, and what it left.
    pub(super) fn course(&self) -> &[(f64, f64)] {
        &self.course
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
    let _progress = ProgressLine::of("reading the target", 0, common);
    let usual = if verb.shapes.is_some() { 16_000 } else { 8000 };
    let samples = verb.samples.unwrap_or(usual) as usize;
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
    let (start, ranges) = (fit.unknowns().get(), fit.unknowns().ranges());
    let idle = idle(&mut fit);
    if idle.len() == start.len() {
        let problem = format!("{}: at the target's points nothing depends on any parameter", scene.file());
        return Err(Error::Undefined(problem));
    }
    if !(idle.is_empty() || common.quiet) {
        eprintln!("at the target's points nothing depends on {}", idle.join(", "));
    }
    let mut run = Run::new(verb, common);
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
    if let Some(path) = &verb.report {
        let title = format!("{} fitted to {}", scene.file(), verb.target.join(" and "));
        let facts = [
            ("root of the mean square left", format!("{after:.4e}, was {before:.4e}")),
            ("samples", fit.len().to_string()),
            ("steps", run.iterations.to_string()),
            ("seconds", format!("{:.1}", run.elapsed().as_secs_f64())),
        ];
        let found = Scene::from_text_of(&text, &verb.out)?;
        fit_report::save(path, &title, &found, &run, &facts, &found_values(&scene, &mut fit))?;
    }
    let report = Report { verb, run: &run, solution: &solution, before: Some(before), after };
    report.print(&parameters_text(&scene, &values), &values, common)?;
    report.ending()
}

/// The unknowns that no residual depends on where they are.
fn idle(fit: &mut Fit) -> Vec<String> {
    let at = fit.unknowns().get();
    let mut model = Model::new(at.len(), Factor::Normal);
    fit.linearise(&at, &mut model);
    let names = fit.unknowns().names().into_iter().zip(model.lengths());
    names.filter(|(_, length)| *length == 0.0).map(|(name, _)| name.to_string()).collect()
}

/// Each parameter before and after, with how uncertain it is.
fn found_values(scene: &Scene, fit: &mut Fit) -> Vec<Value> {
    let deviations = fit_report::deviations(fit);
    let names = fit.unknowns().names();
    let deviation = |name: &str| names.iter().position(|own| *own == name).and_then(|n| deviations[n]);
    let parameters = fit.unknowns().parameters().iter().zip(fit.unknowns().values());
    let value = |(parameter, &after): (&crate::field::Parameter, &f64)| {
        let name = parameter.name();
        Value { name: name.into(), before: scene.value_of(name), after, deviation: deviation(name) }
    };
    parameters.map(value).collect()
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
    let most = verb.numbers.map_or(usize::MAX, |numbers| (numbers as usize + 1) / Part::NUMBERS);
    let parts = (shapes as usize).min(most);
    let growth = Growth { parts, error: verb.error.unwrap_or(0.0), ..Growth::default() };
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
        "Grown to {}: {} shapes of {} numbers{}.\nLeft near the surface, root of the mean square: {after:.2e}, which is \
         {:.2} % of its size.",
        verb.target.join(" and "),
        grown.parts.len(),
        grown.numbers(),
        if grown.is_mirrored() { ", mirrored" } else { "" },
        100.0 * after / grown.reach
    );
    let text = grown.text(&about);
    let scene = Scene::from_text_of(&text, &verb.out)?;
    write_whole(&verb.out, |out| out.write_all(text.as_bytes()))?;
    if let Some(path) = &verb.report {
        let facts = [
            ("shapes", grown.parts.len().to_string()),
            ("numbers", grown.numbers().to_string()),
            ("root of the mean square left near the surface", format!("{after:.4e}")),
            ("samples", target.len().to_string()),
            ("steps", run.iterations.to_string()),
            ("seconds", format!("{:.1}", run.elapsed().as_secs_f64())),
        ];
        let title = format!("Grown to {}", verb.target.join(" and "));
        fit_report::save(path, &title, &scene, &run, &facts, &[])?;
    }
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
