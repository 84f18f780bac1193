//! The checkpoint of a fit: a file beside its output, from which `fit --resume` goes on, bit for bit.

use crate::error::{Error, Place, Result};
use crate::file::{bytes_of, write_whole};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The form of the text, and how large a file is read at most.
const FORM: u64 = 1;
const MAX_BYTES: u64 = 1 << 28;

/// Fingerprints of what a fit is of, with what each is called: a checkpoint of another is of no use.
pub(super) type Marks = [(&'static str, String); 3];

/// A step of a fit: when it was done, in seconds, and what it left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FitStep {
    pub(super) seconds: f64,
    pub(super) value: f64,
    pub(super) slope: f64,
}

/// Where and how often a run is kept.
pub(super) struct Checkpoint {
    path: PathBuf,
    marks: Marks,
    every: Duration,
    last: Instant,
    is_there: bool,
}

impl Checkpoint {
    /// Of a fit with that output.
    pub(super) fn beside(out: &Path, every: Duration, marks: Marks) -> Checkpoint {
        let path = out.with_extension("checkpoint.json");
        Checkpoint { path, marks, every, last: Instant::now(), is_there: false }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is one on the disk.
    pub(super) fn is_there(&self) -> bool {
        self.is_there
    }

    /// Whether it is time for another.
    pub(super) fn is_due(&self) -> bool {
        self.last.elapsed() >= self.every
    }

    /// Writes it, whole or not at all.
    pub(super) fn save(&mut self, course: &[FitStep], notes: Value) -> Result<()> {
        let steps: Vec<[f64; 3]> = course.iter().map(|step| [step.seconds, step.value, step.slope]).collect();
        let [scene, target, options] = self.marks.each_ref().map(|(_, mark)| mark);
        let text = json!({
            "checkpoint": FORM, "fieldgrad": env!("CARGO_PKG_VERSION"),
            "scene": scene, "target": target, "options": options,
            "course": steps, "journal": notes,
        });
        write_whole(&self.path, |out| out.write_all(text.to_string().as_bytes()))?;
        (self.last, self.is_there) = (Instant::now(), true);
        Ok(())
    }

    /// The steps so far, and the notes of the run; nothing, where there is no file: the fit had not come so far.
    pub(super) fn read(&mut self) -> Result<Option<(Vec<FitStep>, Value)>> {
        let shown = self.path.display().to_string();
        if self.path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let bytes = bytes_of(&self.path, &shown, MAX_BYTES)?;
        let mut value: Value = serde_json::from_slice(&bytes).map_err(|error| {
            let place = Place {
                file: shown.as_str().into(),
                line: error.line() as u32,
                column: error.column() as u32,
            };
            Error::Text { place, problem: format!("is no checkpoint: {error}") }
        })?;
        let wrong = |problem: String| Error::File { path: shown.clone(), problem };
        match value.get("checkpoint").and_then(Value::as_u64) {
            Some(FORM) => {}
            Some(form) => return Err(wrong(format!("is a checkpoint of form {form}; {FORM} is read"))),
            None => return Err(wrong("is no checkpoint of a fit".into())),
        }
        let word = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        let (theirs, ours) = (word("fieldgrad"), env!("CARGO_PKG_VERSION"));
        if theirs != ours {
            return Err(wrong(format!("was written by fieldgrad {theirs:?}, and this is {ours}")));
        }
        if let Some((name, _)) = self.marks.iter().find(|(name, mark)| word(name) != mark) {
            let another = if *name == "options" { "with other" } else { "of another" };
            let problem = format!("is of a fit {another} {name}; without --resume it begins anew");
            return Err(wrong(problem));
        }
        let step = |step: &Value| {
            let number = |n: usize| step.get(n).and_then(Value::as_f64);
            Some(FitStep { seconds: number(0)?, value: number(1)?, slope: number(2)? })
        };
        let course = value.get("course").and_then(Value::as_array);
        let course = course.and_then(|all| all.iter().map(step).collect::<Option<Vec<FitStep>>>());
        let course = course.ok_or_else(|| wrong("\"course\" is no list of three numbers a step".into()))?;
        let notes = value.get_mut("journal").map_or(Value::Null, Value::take);
        self.is_there = true;
        Ok(Some((course, notes)))
    }

    /// Removes it: the fit is done.
    pub(super) fn remove(&mut self) {
        if self.is_there {
            let _ = std::fs::remove_file(&self.path);
            self.is_there = false;
        }
    }
}
