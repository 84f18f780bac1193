//! `fit`: a scene's parameters found so that its surface is a target's, or a scene grown to one.

use super::arguments::{Common, Cost, FitVerb};
use super::checkpoint::{Checkpoint, FitStep, Marks};
use super::fit_constraints::{self, HeldConstraints};
use super::fit_cover::{self, CoverReport};
use super::fit_report::{self, FoundValue};
use super::progress::ProgressLine;
use super::targets::{from_coarse, seen_term, size};
use super::{Ending, fit_doubts, fit_neural, input, output, signals, targets};
use crate::error::{Error, Result};
use crate::field::{Axis, Parameter};
use crate::file::{abandon_and_exit, check_writable, write_whole};
use crate::fit::{
    Ended, Factor, Fit, Growth, Journal, LeastSquares, Model, PartKind, Progress as At, Residuals, Robust,
    SilhouetteTarget, Solution, Target, Term, Tries, Views, starts,
};
use crate::number::Identity;
use crate::scene::{Loss, Scene};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::{Duration, Instant};

pub(super) fn run(verb: &FitVerb, common: &Common) -> Result<Ending> {
    if output::extension(&verb.out()) != "rhai" {
        return Err(output::unknown_kind(&verb.out(), ".rhai"));
    }
    check_writable(&verb.out())?;
    if let Some(log) = &verb.log {
        check_writable(log)?;
    }
    if let Some(report) = &verb.report {
        if output::extension(report) != "html" {
            return Err(output::unknown_kind(report, ".html"));
        }
        check_writable(report)?;
    }
    fit_cover::check(verb)?;
    if let Some(file) = &verb.network.neural {
        return fit_neural::trained(file, verb, common);
    }
    match (&verb.scene, verb.shapes) {
        (Some(scene), None) => fitted(scene, verb, common),
        (None, Some(shapes)) => grown(shapes, verb, common),
        (Some(_), Some(_)) => {
            Err(Error::Input("--shapes grows a scene from nothing: leave SCENE out, or --shapes".into()))
        }
        (None, None) => Err(Error::Input(
            "a SCENE to fit, or --shapes N to grow one of N shapes, or --neural FILE to train a network"
                .into(),
        )),
    }
}

/// The watch over a run: its time, its steps, its checkpoint, and whether somebody wants it to end.
pub(super) struct FitRun<'a> {
    verb: &'a FitVerb,
    begun: Instant,
    /// How long it had run before it was resumed.
    before: f64,
    course: Vec<FitStep>,
    checkpoint: Checkpoint,
    is_stopped: bool,
    is_quiet: bool,
    progress: ProgressLine,
}

impl<'a> FitRun<'a> {
    /// A run, with the journal of its checkpoint.
    fn new(verb: &'a FitVerb, common: &Common, marks: Marks) -> Result<(FitRun<'a>, Journal)> {
        let (run, notes) = FitRun::begin(verb, common, marks)?;
        let journal = notes.map(|notes| Journal::from_json(&notes, &run.checkpoint_file()));
        Ok((run, journal.transpose()?.unwrap_or_default()))
    }

    /// A run, with the notes of its checkpoint, if there is one to go on from.
    pub(super) fn begin(
        verb: &'a FitVerb,
        common: &Common,
        marks: Marks,
    ) -> Result<(FitRun<'a>, Option<Value>)> {
        let every = Duration::try_from_secs_f64(verb.checkpoint).unwrap_or(Duration::MAX);
        let mut checkpoint = Checkpoint::beside(&verb.out(), every, marks);
        check_writable(checkpoint.path())?;
        let kept = if verb.resume { checkpoint.read()? } else { None };
        if verb.resume && kept.is_none() && !common.quiet {
            eprintln!("there is no {}: the fit begins anew", checkpoint.path().display());
        }
        let (course, notes) = kept.map_or_else(Default::default, |(course, notes)| (course, Some(notes)));
        signals::end_gently();
        let run = FitRun {
            verb,
            begun: Instant::now(),
            before: course.last().map_or(0.0, |step| step.seconds),
            course,
            checkpoint,
            is_stopped: false,
            is_quiet: common.quiet,
            progress: ProgressLine::of("fitting", 0, common),
        };
        Ok((run, notes))
    }

    /// Takes in a step; whether there is to be another.
    fn goes_on(&mut self, progress: &At, journal: &Journal) -> bool {
        // Without this step, which a run that goes on from here takes in anew.
        self.keep(|| journal.to_json());
        let (steps, value) = (self.course.len() + 1, progress.value);
        self.take_in(value, progress.slope, format!("fitting: {steps} steps, {value:.3e} left"));
        !self.is_stopped
    }

    /// Writes a checkpoint, where it is time for one, or the run is to end.
    pub(super) fn keep(&mut self, notes: impl FnOnce() -> Value) {
        let own = self.begun.elapsed().as_secs_f64();
        self.is_stopped |= signals::told().is_some() || self.verb.seconds.is_some_and(|most| own >= most);
        if (self.is_stopped || self.checkpoint.is_due())
            && let Err(error) = self.checkpoint.save(&self.course, notes())
        {
            eprintln!("the fit goes on without a checkpoint: {error}");
        }
    }

    /// Takes in a step that was done.
    pub(super) fn take_in(&mut self, value: f64, slope: f64, doing: String) {
        let seconds = self.before + self.begun.elapsed().as_secs_f64();
        self.course.push(FitStep { seconds, value, slope });
        self.progress.say(doing);
    }

    /// Whether somebody wants it to end, or its time is up.
    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// The name of its checkpoint's file.
    pub(super) fn checkpoint_file(&self) -> String {
        self.checkpoint.path().display().to_string()
    }

    /// When each step was done, and what it left.
    pub(super) fn course(&self) -> &[FitStep] {
        &self.course
    }

    fn steps(&self) -> usize {
        self.course.len()
    }

    pub(super) fn seconds(&self) -> f64 {
        self.before + self.begun.elapsed().as_secs_f64()
    }

    /// Writes the log, if one is wanted.
    pub(super) fn save_log(&self) -> Result<()> {
        let Some(path) = &self.verb.log else { return Ok(()) };
        write_whole(path, |out| {
            writeln!(out, "iteration,seconds,value,slope")?;
            let mut rows = self.course.iter().enumerate();
            rows.try_for_each(|(n, FitStep { seconds, value, slope })| {
                writeln!(out, "{n},{seconds:.3},{value:e},{slope:e}")
            })
        })
    }

    /// When the scene is written: takes the checkpoint of a run that is done away, and says where that of another is.
    pub(super) fn settle(&mut self) {
        if !self.is_stopped {
            self.checkpoint.remove();
        } else if self.checkpoint.is_there() && !self.is_quiet {
            let path = self.checkpoint.path().display();
            eprintln!("{path} is kept: the same command with --resume goes on from there");
        }
    }
}

/// Fingerprints of a fit: of the scene, by what it computes, of the target, and of what it was told.
fn marks(scene: Option<&Scene>, target: &Views, verb: &FitVerb, common: &Common) -> Marks {
    let parameter = |all: Identity, own: &Parameter| {
        let ends = own.range().map_or([0.0; 2], |(low, high)| [low, high]);
        let numbers = [own.value(), ends[0], ends[1]].into_iter();
        numbers.fold(all.and_bytes(own.name().as_bytes()), |all, x| all.and(u128::from(x.to_bits())))
    };
    let of_scene = |scene: &Scene| {
        let own = Identity::of("scene").and(scene.field().key().word());
        let own = scene.parameters().iter().fold(own, parameter);
        let own = scene
            .losses()
            .iter()
            .fold(own, |all, loss| all.and(loss.field.key().word()).and(u128::from(loss.weight.to_bits())));
        let own = fit_constraints::marked(own, scene);
        let unknowns = scene.unknowns();
        unknowns.names().iter().fold(own, |all, name| all.and_bytes(name.as_bytes()))
    };
    let FitVerb { shapes, numbers, error, cost, scale, lock, tie, starts, tries, .. } = verb;
    let cover = (verb.kind, verb.cover, verb.inside);
    let told = (shapes, numbers, error, cost, scale, (lock, tie), (starts, tries), cover, common.seed);
    let seen = |all: Identity, own: &SilhouetteTarget| all.and(own.identity().word());
    let mark = |identity: Identity| format!("{:032x}", identity.word());
    [
        ("scene", scene.map_or("none".into(), |scene| mark(of_scene(scene)))),
        ("target", mark(target.silhouettes.iter().fold(target.points.identity(), seen))),
        ("options", mark(Identity::of(&format!("{told:?}")))),
    ]
}

/// The cost that residuals have.
fn cost(verb: &FitVerb, size: f64) -> Robust {
    let scale = verb.scale.unwrap_or(0.01 * size);
    match verb.cost {
        Cost::Square => Robust::Square,
        Cost::Absolute => Robust::Absolute { scale: 0.1 * scale },
        Cost::Huber => Robust::Huber { scale },
        Cost::GemanMcClure => Robust::GemanMcClure { scale },
        Cost::Cauchy => Robust::Cauchy { scale },
    }
}

fn target(verb: &FitVerb, common: &Common) -> Result<Views> {
    let _progress = ProgressLine::of("reading the target", 0, common);
    let usual = if verb.shapes.is_some() { 16_000 } else { 8000 };
    let samples = verb.samples.unwrap_or(usual) as usize;
    let all = verb.target.iter().map(|name| targets::read(name, samples, common));
    let all: Vec<Views> = all.collect::<Result<_>>()?;
    let points = Target::together(all.iter().map(|own| own.points.clone()).filter(|own| !own.is_empty()));
    let silhouettes: Vec<SilhouetteTarget> = all.into_iter().flat_map(|own| own.silhouettes).collect();
    match points.is_empty() && silhouettes.is_empty() {
        true => Err(Error::Input("the target has no points".into())),
        false => Ok(Views { points, silhouettes }),
    }
}

/// Fits the parameters of a scene.
fn fitted(name: &str, verb: &FitVerb, common: &Common) -> Result<Ending> {
    let scene = input::scene(name, common)?;
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
    let mut constraints = fit_constraints::of(&scene, &unknowns)?;
    let conflict =
        constraints.as_mut().and_then(|own| fit_constraints::conflict(&scene, own, &unknowns.get()));
    if let Some(conflict) = conflict {
        return found_wanting(&conflict, common);
    }
    let views = target(verb, common)?;
    let (target, field) = (&views.points, scene.field());
    let mut terms = Vec::new();
    if !target.is_empty() {
        let term = match target.distances() {
            Some(_) => Term::distance(field, target)?,
            None => Term::surface(field, target),
        };
        terms.push(term.with_cost(cost(verb, size(target))));
    }
    if target.normals().is_some() {
        terms.push(Term::normals(field, target)?.with_weight((0.1 * size(target)).powi(2)));
    }
    for Loss { field, weight, place, .. } in scene.losses() {
        let term = match [Axis::X, Axis::Y, Axis::Z, Axis::T].iter().any(|&axis| field.depends_on(axis)) {
            true if target.is_empty() => {
                let problem = "the loss depends on where it is, and silhouettes have no points".into();
                return Err(scene.error_at(place, problem));
            }
            true => Term::zero([field.clone()], target),
            false => Term::price([field.clone()]),
        };
        terms.push(term.with_weight(*weight));
    }
    let count = terms.len();
    let mut fit = Fit::new(unknowns, terms)?;
    let points_alone = fit.clone();
    if !views.silhouettes.is_empty() {
        fit = fit.with_silhouettes(seen_term(&views, field, views.silhouettes.clone()))?;
    }
    // Of points, if there are any, else of pixels.
    let main = if target.is_empty() { count } else { 0 };
    let error = |fit: &Fit| (2.0 * fit.costs()[main]).sqrt();
    let before = error(&fit);
    if !before.is_finite() {
        return Err(Error::Undefined(format!(
            "{}: the field is not finite everywhere at the target's points or pixels",
            scene.file()
        )));
    }
    let costs = fit.costs();
    let losses = scene.losses().iter().zip(&costs[count - scene.losses().len()..]);
    if let Some((loss, _)) = { losses }.find(|(_, cost)| !cost.is_finite()) {
        return Err(
            scene.error_at(&loss.place, "the loss is not finite at all of the target's points".into())
        );
    }
    let (start, ranges) = (fit.unknowns().get(), fit.unknowns().ranges());
    let mut idle = idle(&mut fit);
    if idle.len() == start.len() {
        let problem =
            format!("{}: at the target's points and pixels nothing depends on any parameter", scene.file());
        return Err(Error::Undefined(problem));
    }
    if let Some(mut constraints) = constraints {
        // What constraints alone depend on is moved by them.
        let seen = constraints.linearised(&start);
        idle.retain(|&n| seen.iter().all(|own| own.slope[n] == 0.0));
        fit = fit.with_constraints(constraints);
    }
    let idle = idle_doubt(&fit, &idle);
    let (mut run, mut journal) = FitRun::new(verb, common, marks(Some(&scene), &views, verb, common))?;
    let all = starts(&start, &ranges, verb.starts as usize, common.seed);
    let all = all.into_iter().map(|start| from_coarse(&points_alone, &views, field, start));
    let all: Vec<Vec<f64>> = all.collect::<Result<_>>()?;
    let (by, seed) = (LeastSquares::for_fits(), common.seed);
    let tries = Tries { by, count: verb.tries as usize, part: NEARBY, seed };
    let is_enough = |fit: &mut Fit, found: &Solution| {
        fit.set(&found.at);
        verb.error.is_none_or(|most| error(fit) <= most)
    };
    let watch = &mut |step: &At, journal: &Journal| run.goes_on(step, journal);
    let solution = tries.solve(&mut fit, &all, &ranges, &mut journal, is_enough, watch)?;
    fit.set(&solution.at);
    run.save_log()?;
    let after = error(&fit);
    let names: Vec<String> = scene.parameters().iter().map(|own| own.name().to_string()).collect();
    let values: Vec<(&str, f64)> =
        names.iter().map(String::as_str).zip(fit.unknowns().values().iter().copied()).collect();
    let text = scene.text_with(&values)?;
    write_whole(&verb.out(), |out| out.write_all(text.as_bytes()))?;
    run.settle();
    let kept = fit_constraints::kept(&scene, &mut fit);
    if let Some(path) = &verb.report {
        let title = format!("{} fitted to {}", scene.file(), verb.target.join(" and "));
        let mut facts = vec![
            ("root of the mean square left", format!("{after:.4e}, was {before:.4e}")),
            (if target.is_empty() { "pixels" } else { "samples" }, fit.len().to_string()),
            ("steps", run.steps().to_string()),
            ("seconds", format!("{:.1}", run.seconds())),
        ];
        facts.extend(kept.iter().map(|own| ("constraint", own.line())));
        let found = Scene::from_text_of(&text, verb.out())?;
        fit_report::save(path, &title, &found, &run, &facts, &found_values(&scene, &mut fit))?;
    }
    let found = field.with_parameters(&values)?;
    let doubts = idle.into_iter().chain(fit_doubts::doubt(&found, target, after)?).collect();
    let report = FitReport {
        verb,
        run: &run,
        solution: &solution,
        before: Some(before),
        after,
        doubts,
        kept,
        covered: None,
    };
    report.print(&parameters_text(&scene, &values), &values, common)?;
    report.ending()
}

/// How far from a place it is tried again, in parts of each number.
const NEARBY: f64 = 0.1;

/// The places of the unknowns that no residual depends on where they are.
fn idle(fit: &mut Fit) -> Vec<usize> {
    let at = fit.unknowns().get();
    let mut model = Model::new(at.len(), Factor::Normal);
    fit.linearise(&at, &mut model);
    let lengths = model.lengths().into_iter().enumerate();
    lengths.filter(|(_, length)| *length == 0.0).map(|(n, _)| n).collect()
}

/// That nothing depends on some of the unknowns; nothing, if there are none such.
fn idle_doubt(fit: &Fit, idle: &[usize]) -> Option<String> {
    let all = fit.unknowns().names();
    let names: Vec<&str> = idle.iter().map(|&n| all[n]).collect();
    let them = match names.len() {
        0 => return None,
        1 => "it",
        _ => "them",
    };
    let names = names.join(", ");
    Some(format!(
        "at the target's points and pixels nothing depends on {names}: lock {them} to leave {them} out"
    ))
}

/// Says that there is nothing to be found, and why.
fn found_wanting(why: &str, common: &Common) -> Result<Ending> {
    match common.json {
        true => drop(output::print_json(&json!({ "reached": false, "doubts": [why] }))?),
        false => eprintln!("{why}"),
    }
    Ok(Ending::Wanting)
}

/// Each parameter before and after, with how uncertain it is.
fn found_values(scene: &Scene, fit: &mut Fit) -> Vec<FoundValue> {
    let deviations = fit_report::deviations(fit);
    let names = fit.unknowns().names();
    let deviation = |name: &str| names.iter().position(|own| *own == name).and_then(|n| deviations[n]);
    let parameters = fit.unknowns().parameters().iter().zip(fit.unknowns().values());
    let value = |(parameter, &after): (&crate::field::Parameter, &f64)| {
        let name = parameter.name();
        FoundValue { name: name.into(), before: scene.value_of(name), after, deviation: deviation(name) }
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
fn grown(shapes: u32, verb: &FitVerb, common: &Common) -> Result<Ending> {
    let kind = fit_cover::kind(verb);
    let cover = fit_cover::asked(verb);
    let mesh = cover.map(|cover| Ok((cover, fit_cover::mesh(verb)?))).transpose()?;
    let views = target(verb, common)?;
    if !views.silhouettes.is_empty() {
        let problem = "--shapes grows a scene of points: silhouettes fit the parameters of a SCENE";
        return Err(Error::Input(problem.into()));
    }
    let (mut run, mut journal) = FitRun::new(verb, common, marks(None, &views, verb, common))?;
    let target = views.points;
    // The first part of any kind needs no blend.
    let more = usize::from(kind == PartKind::Any);
    let most = verb.numbers.map_or(usize::MAX, |numbers| (numbers as usize + more) / kind.numbers());
    let parts = (shapes as usize).min(most);
    let mut growth = Growth { parts, error: verb.error.unwrap_or(0.0), kind, ..Growth::default() };
    if mesh.is_some() {
        // What a cover is like is decided at the surface in the end.
        growth.rounds = 1;
    }
    let watch = &mut |step: &At, journal: &Journal| run.goes_on(step, journal);
    let (grown, covered) = match mesh {
        None => (growth.grow_on(&target, &mut journal, watch)?, None),
        Some((cover, mesh)) => {
            let grown = growth.grow_to_cover(cover, &mesh, &target, &mut journal, watch)?;
            // Of a proof nothing is kept before it is whole.
            signals::end_at_once();
            let covering = grown.covering(cover, &mesh, verb.margin)?;
            let report = CoverReport::of(cover, &covering, &mesh)?;
            (covering.grown, Some(report))
        }
    };
    run.save_log()?;
    let solution = Solution {
        at: Vec::new(),
        value: grown.cost,
        iterations: run.steps(),
        evaluations: run.steps(),
        ended: if run.is_stopped { Ended::Stopped } else { Ended::Settled },
    };
    let after = (2.0 * grown.cost).sqrt();
    let mut about = format!(
        "Grown to {}: {} shapes of {} numbers{}.\nLeft near the surface, root of the mean square: {after:.2e}, which is \
         {:.2} % of its size.",
        verb.target.join(" and "),
        grown.parts.len(),
        grown.numbers(),
        if grown.is_mirrored() { ", mirrored" } else { "" },
        100.0 * after / grown.reach
    );
    if let Some(covered) = &covered {
        about = format!("{about}\n{}", covered.claim(&verb.target.join(" and ")));
    }
    let text = grown.text(&about);
    let scene = Scene::from_text_of(&text, verb.out())?;
    write_whole(&verb.out(), |out| out.write_all(text.as_bytes()))?;
    fit_cover::save(verb, &grown, &about)?;
    run.settle();
    if let Some(path) = &verb.report {
        let facts = [
            ("shapes", grown.parts.len().to_string()),
            ("numbers", grown.numbers().to_string()),
            ("root of the mean square left near the surface", format!("{after:.4e}")),
            ("samples", target.len().to_string()),
            ("steps", run.steps().to_string()),
            ("seconds", format!("{:.1}", run.seconds())),
        ];
        let title = format!("Grown to {}", verb.target.join(" and "));
        fit_report::save(path, &title, &scene, &run, &facts, &[])?;
    }
    let mut doubts: Vec<String> = fit_doubts::doubt(&grown.field(), &target, after)?.into_iter().collect();
    doubts.extend(covered.iter().flat_map(|own| own.doubts(verb.margin)));
    let mut details = format!("{} shapes, {} numbers\n", grown.parts.len(), grown.numbers());
    details.extend(covered.iter().map(CoverReport::line));
    let (before, kept) = (None, Vec::new());
    let report = FitReport { verb, run: &run, solution: &solution, before, after, doubts, kept, covered };
    report.print(&details, &[], common)?;
    report.ending()
}

/// What is said of a run at its end.
struct FitReport<'a> {
    verb: &'a FitVerb,
    run: &'a FitRun<'a>,
    solution: &'a Solution,
    before: Option<f64>,
    /// The root of the mean square of what is left.
    after: f64,
    /// Why it may be no good.
    doubts: Vec<String>,
    /// The constraints of the scene.
    kept: Vec<HeldConstraints>,
    /// The proof of a cover, if one was asked for.
    covered: Option<CoverReport>,
}

impl FitReport<'_> {
    /// Whether constraints hold and it is as good as was asked; where nothing was asked, whether it is done and nobody
    /// doubts it.
    fn is_enough(&self) -> bool {
        self.kept.iter().all(|own| own.holds)
            && self.covered.as_ref().is_none_or(|own| own.is_proven(self.verb.margin))
            && match self.verb.error {
                Some(error) => self.after <= error,
                None => self.solution.ended.is_converged() && self.doubts.is_empty(),
            }
    }

    fn print(&self, details: &str, values: &[(&str, f64)], common: &Common) -> Result<()> {
        let FitReport { run, solution, before, after, .. } = self;
        let seconds = run.seconds();
        if common.json {
            let parameters: serde_json::Map<String, serde_json::Value> =
                values.iter().map(|(name, value)| (name.to_string(), output::json_number(*value))).collect();
            output::print_json(&json!({
                "file": self.verb.out().display().to_string(),
                "error": output::json_number(*after),
                "error_before": before.map(output::json_number),
                "iterations": run.steps(),
                "converged": solution.ended.is_converged(),
                "reached": self.is_enough(),
                "doubts": self.doubts,
                "parameters": parameters,
                "constraints": self.kept.iter().map(HeldConstraints::json).collect::<Vec<_>>(),
                "cover": self.covered.as_ref().map(CoverReport::json),
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
        let kept: String = self.kept.iter().map(HeldConstraints::line).collect();
        let text = format!("{details}{kept}error {after:.4e}{was}, after {} steps{how}\n", run.steps());
        output::print(text.as_bytes())?;
        let redundant: Vec<String> = self.kept.iter().filter_map(HeldConstraints::warning).collect();
        redundant.iter().chain(&self.doubts).for_each(|doubt| eprintln!("{doubt}"));
        output::saved(&self.verb.out(), common)?;
        Ok(())
    }

    fn ending(&self) -> Result<Ending> {
        if let Some(code) = signals::told() {
            abandon_and_exit(code);
        }
        Ok(if self.is_enough() { Ending::Done } else { Ending::Wanting })
    }
}
