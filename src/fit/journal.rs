//! The journal of a long run: what it has found so far, so that another process can go on from there.

use super::least_squares::{LeastSquares, Residuals, State};
use super::objective::{Ended, Progress, Solution};
use crate::error::{Error, Result};
use serde_json::{Value, json};

/// The notes of a long run: what its searches have found, in their order, and the state of the one under way.
///
/// A run is deterministic. So one that is gone through again with the notes of the last takes from them what was found,
/// without the work, and goes on bit for bit from the last step that was noted. As text they are JSON.
///
/// ```
/// use fieldgrad::fit::{Journal, LeastSquares, ResidualFn, UNBOUNDED};
///
/// let valley = || ResidualFn::new(2, |at: &[f64], residuals: &mut [f64], rows: Option<&mut [f64]>| {
///     residuals.copy_from_slice(&[10.0 * (at[1] - at[0] * at[0]), 1.0 - at[0]]);
///     if let Some(rows) = rows {
///         rows.copy_from_slice(&[-20.0 * at[0], 10.0, -1.0, 0.0]);
///     }
/// });
/// let (solver, start) = (LeastSquares::default(), [-1.2, 1.0]);
/// let whole = solver.solve(&mut valley(), &start, &[UNBOUNDED; 2]);
/// // Another run ends after five steps, and leaves its notes.
/// let (mut journal, mut notes) = (Journal::default(), String::new());
/// journal.solve(&solver, &mut valley(), &start, &[UNBOUNDED; 2], &mut |progress, journal| {
///     notes = journal.to_json().to_string();
///     progress.iteration < 5
/// })?;
/// let mut journal = Journal::from_json(&serde_json::from_str(&notes).unwrap(), "notes.json")?;
/// assert_eq!(journal.solve(&solver, &mut valley(), &start, &[UNBOUNDED; 2], &mut |_, _| true)?, whole);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Journal {
    notes: Vec<Note>,
    /// How many of them this run has come by.
    passed: usize,
    under_way: Option<State>,
    /// Whether a search was stopped: what comes after is not of the run as it would be.
    is_closed: bool,
    /// The file that it was read from.
    file: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Note {
    Solution(Solution),
    Numbers(Vec<f64>),
}

/// Looks at a run's progress and at its notes before each iteration, and says whether it is to go on.
pub type JournalWatch<'a> = dyn FnMut(&Progress, &Journal) -> bool + 'a;

/// Why searches end, in words.
const ENDS: [(Ended, &str); 5] = [
    (Ended::Stationary, "stationary"),
    (Ended::Settled, "settled"),
    (Ended::Narrowed, "narrowed"),
    (Ended::Iterations, "iterations"),
    (Ended::NotFinite, "not finite"),
];

impl Journal {
    /// The solution of least squares: from the notes, if they have it, else found, from where the notes say it was. One
    /// that is stopped is not found: the notes keep where it was.
    ///
    /// An error where the notes are of another run.
    pub fn solve(
        &mut self,
        by: &LeastSquares,
        of: &mut impl Residuals,
        start: &[f64],
        ranges: &[(f64, f64)],
        watch: &mut JournalWatch,
    ) -> Result<Solution> {
        if self.is_closed {
            return Ok(by.solve_in_sight(of, start, ranges, &mut |progress, _| watch(progress, self)));
        }
        match self.next() {
            Some(Note::Solution(solution)) if solution.at.len() == start.len() => return Ok(solution),
            Some(Note::Solution(solution)) => {
                return Err(self.wrong(format!("{} unknowns, not {}", solution.at.len(), start.len())));
            }
            Some(Note::Numbers(_)) => return Err(self.wrong("numbers in place of a solution".into())),
            None => {}
        }
        let from = self.under_way.take();
        let mut note = |progress: &Progress, state: &State| {
            self.under_way = Some(state.clone());
            watch(progress, self)
        };
        let solution = match from {
            None => by.solve_in_sight(of, start, ranges, &mut note),
            Some(state) => match state.problem(ranges) {
                None => by.resume(of, state, ranges, &mut note),
                Some(problem) => return Err(self.wrong(problem)),
            },
        };
        self.is_closed = solution.ended == Ended::Stopped;
        if !self.is_closed {
            self.under_way = None;
            self.note(Note::Solution(solution.clone()));
        }
        Ok(solution)
    }

    /// So many numbers, which take long to find: from the notes, if they have them.
    pub(super) fn numbers(&mut self, count: usize, find: impl FnOnce() -> Vec<f64>) -> Result<Vec<f64>> {
        if self.is_closed {
            return Ok(find());
        }
        match self.next() {
            Some(Note::Numbers(numbers)) if numbers.len() == count => Ok(numbers),
            Some(Note::Numbers(numbers)) => {
                Err(self.wrong(format!("{} numbers, not {count}", numbers.len())))
            }
            Some(Note::Solution(_)) => Err(self.wrong("a solution in place of numbers".into())),
            None => {
                let found = find();
                self.note(Note::Numbers(found.clone()));
                Ok(found)
            }
        }
    }

    fn next(&mut self) -> Option<Note> {
        let next = self.notes.get(self.passed).cloned();
        self.passed += usize::from(next.is_some());
        next
    }

    fn note(&mut self, note: Note) {
        self.notes.push(note);
        self.passed = self.notes.len();
    }

    /// That the note that was come by last is not of this run.
    fn wrong(&self, problem: String) -> Error {
        let problem = format!("is of another run: note {} has {problem}", self.passed);
        Error::File { path: self.file.clone(), problem }
    }

    /// The notes as JSON.
    pub fn to_json(&self) -> Value {
        let note = |note: &Note| match note {
            Note::Numbers(numbers) => json!({ "numbers": numbers }),
            Note::Solution(Solution { at, value, iterations, evaluations, ended }) => {
                let word = ENDS.iter().find(|(own, _)| own == ended).map(|(_, word)| *word);
                json!({
                    "at": at, "value": value, "iterations": iterations,
                    "evaluations": evaluations, "ended": word.unwrap_or_default(),
                })
            }
        };
        let state = |State { at, value, iterations, evaluations, scales, damping }: &State| {
            json!({
                "at": at, "value": value, "iterations": iterations, "evaluations": evaluations,
                "scales": scales, "damping": damping,
            })
        };
        let notes: Vec<Value> = self.notes.iter().map(note).collect();
        json!({ "found": notes, "under_way": self.under_way.as_ref().map(state) })
    }

    /// The notes of a JSON value. `file` is where errors say that they are from.
    pub fn from_json(value: &Value, file: &str) -> Result<Journal> {
        let wrong = |problem: String| Error::File { path: file.into(), problem };
        let found = value.get("found").and_then(Value::as_array);
        let found = found.ok_or_else(|| wrong("has no list \"found\"".into()))?;
        let note = |(n, note): (usize, &Value)| {
            let read = || match note.get("numbers") {
                Some(_) => numbers_of(note, "numbers").map(Note::Numbers),
                None => solution_of(note).map(Note::Solution),
            };
            read().map_err(|problem| wrong(format!("note {}: {problem}", n + 1)))
        };
        let under_way = match value.get("under_way") {
            None | Some(Value::Null) => None,
            Some(state) => {
                let state = state_of(state);
                Some(state.map_err(|problem| wrong(format!("the search under way: {problem}")))?)
            }
        };
        let notes = found.iter().enumerate().map(note).collect::<Result<_>>()?;
        Ok(Journal { notes, under_way, file: file.into(), ..Journal::default() })
    }
}

fn solution_of(note: &Value) -> std::result::Result<Solution, String> {
    let word = note.get("ended").and_then(Value::as_str).unwrap_or_default();
    let ended = ENDS.iter().find(|(_, own)| *own == word).map(|(ended, _)| *ended);
    let ended = ended.ok_or_else(|| format!("a solution does not end as {word:?}"))?;
    Ok(Solution {
        at: numbers_of(note, "at")?,
        // There is no number for it where the search could not begin.
        value: if ended == Ended::NotFinite { f64::NAN } else { number_of(note, "value")? },
        iterations: count_of(note, "iterations")?,
        evaluations: count_of(note, "evaluations")?,
        ended,
    })
}

fn state_of(state: &Value) -> std::result::Result<State, String> {
    Ok(State {
        at: numbers_of(state, "at")?,
        value: number_of(state, "value")?,
        iterations: count_of(state, "iterations")?,
        evaluations: count_of(state, "evaluations")?,
        scales: numbers_of(state, "scales")?,
        damping: number_of(state, "damping")?,
    })
}

fn numbers_of(note: &Value, name: &str) -> std::result::Result<Vec<f64>, String> {
    let numbers = note.get(name).and_then(Value::as_array).map(|all| all.iter().map(Value::as_f64).collect());
    numbers.flatten().ok_or_else(|| format!("{name:?} is no list of numbers"))
}

fn number_of(note: &Value, name: &str) -> std::result::Result<f64, String> {
    note.get(name).and_then(Value::as_f64).ok_or_else(|| format!("{name:?} is no number"))
}

fn count_of(note: &Value, name: &str) -> std::result::Result<usize, String> {
    let count = note.get(name).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| format!("{name:?} is no whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::{ResidualFn, UNBOUNDED};

    fn solve(journal: &mut Journal, watch: &mut JournalWatch) -> Result<Solution> {
        let mut square = ResidualFn::new(1, |at: &[f64], residuals: &mut [f64], rows: Option<&mut [f64]>| {
            residuals[0] = at[0] * at[0] - 2.0;
            if let Some(rows) = rows {
                rows[0] = 2.0 * at[0];
            }
        });
        journal.solve(&LeastSquares::default(), &mut square, &[3.0], &[UNBOUNDED], watch)
    }

    #[test]
    fn notes_that_are_not_of_this_run_are_errors() {
        let mut journal = Journal::default();
        let found = solve(&mut journal, &mut |_, _| true).unwrap();
        journal.numbers(2, || vec![0.1, -0.0]).unwrap();
        let text = journal.to_json().to_string();
        let read = |text: &str| Journal::from_json(&serde_json::from_str(text).unwrap(), "a.json");
        let again = &mut read(&text).unwrap();
        assert_eq!(solve(again, &mut |_, _| unreachable!()).unwrap(), found);
        assert_eq!(again.numbers(2, || unreachable!()).unwrap()[1].to_bits(), (-0.0f64).to_bits());
        // What comes then is found anew.
        assert_eq!(again.numbers(1, || vec![5.0]).unwrap(), [5.0]);
        for (text, why) in [
            ("{}", "a.json: has no list \"found\""),
            (r#"{"found": [{"numbers": [1, "a"]}]}"#, "a.json: note 1: \"numbers\" is no list of numbers"),
            (r#"{"found": [{"ended": "never"}]}"#, "a.json: note 1: a solution does not end as \"never\""),
            (
                r#"{"found": [], "under_way": 3}"#,
                "a.json: the search under way: \"at\" is no list of numbers",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), why);
        }
        let state = |at: &str, scales: &str, damping: &str| {
            format!(
                r#"{{"found": [], "under_way": {{"at": {at}, "value": 1, "iterations": 1, "evaluations": 1,
                "scales": {scales}, "damping": {damping}}}}}"#
            )
        };
        for (text, why) in [
            (r#"{"found": [{"numbers": [1]}]}"#.into(), "note 1 has numbers in place of a solution"),
            (state("[1, 2]", "[1]", "1"), "has 2 unknowns, not 1"),
            (state("[1]", "[1, 1]", "1"), "has 2 scales, not 1"),
            (state("[1]", "[0]", "1"), "has a scale that is not above 0"),
            (state("[1]", "[1]", "-1"), "has a damping of -1"),
        ] {
            let said = solve(&mut read(&text).unwrap(), &mut |_, _| true).unwrap_err().to_string();
            assert!(said.starts_with("a.json: is of another run: ") && said.ends_with(why), "{said}");
        }
    }
}
