//! Progress, on standard error, if that is a terminal, of whatever takes over a second.

use super::arguments::Common;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long something may take before there is a bar.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the bar is drawn anew.
const STEP: Duration = Duration::from_millis(100);
/// How many characters the bar is long.
const LENGTH: usize = 30;

/// A piece of work under way. Its bar is gone when this is dropped.
pub(super) struct ProgressLine {
    what: Arc<Mutex<String>>,
    done: Arc<AtomicUsize>,
    drawn: Option<(Sender<()>, JoinHandle<()>)>,
}

impl ProgressLine {
    /// Work of so many parts; of 0, if that is not known.
    pub(super) fn of(what: &str, parts: usize, common: &Common) -> ProgressLine {
        let (what, done) = (Arc::new(Mutex::new(what.to_string())), Arc::new(AtomicUsize::new(0)));
        let wanted = !common.quiet && std::io::stderr().is_terminal();
        let drawn = wanted.then(|| {
            let (what, done) = (what.clone(), done.clone());
            let (end, ended) = channel();
            (end, std::thread::spawn(move || draw(&what, parts, &done, &ended)))
        });
        ProgressLine { what, done, drawn }
    }

    /// Work of a number of parts that is not known does this now.
    pub(super) fn say(&self, what: String) {
        *self.what.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    /// So many parts more are done.
    pub(super) fn advance(&self, parts: usize) {
        self.done.fetch_add(parts, Ordering::Relaxed);
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.drawn.take() {
            drop(end);
            let _ = thread.join();
        }
    }
}

fn draw(what: &Mutex<String>, parts: usize, done: &AtomicUsize, ended: &Receiver<()>) {
    let start = Instant::now();
    let mut wait = PATIENCE;
    while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        wait = STEP;
        let what = what.lock().unwrap_or_else(PoisonError::into_inner).clone();
        eprint!("\r\x1b[K{}", line(&what, done.load(Ordering::Relaxed), parts, start.elapsed()));
        let _ = std::io::stderr().flush();
    }
    if wait == STEP {
        eprint!("\r\x1b[K");
    }
}

fn line(what: &str, done: usize, parts: usize, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    if parts == 0 {
        return format!("{what} … {seconds} s");
    }
    let share = done.min(parts) as f64 / parts as f64;
    let full = (share * LENGTH as f64) as usize;
    format!("{what} [{}{}] {:.0} % {seconds} s", "#".repeat(full), "-".repeat(LENGTH - full), 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_what_is_done() {
        let half = line("evaluating", 50, 100, Duration::from_secs(2));
        assert_eq!(half, format!("evaluating [{}{}] 50 % 2 s", "#".repeat(15), "-".repeat(15)));
        assert_eq!(line("measuring", 7, 0, Duration::from_secs(3)), "measuring … 3 s");
    }
}
