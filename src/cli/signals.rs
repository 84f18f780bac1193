//! How the program is told to end while it works: by Ctrl-C, by a terminal that is closed, by a system that stops.
//! The unfinished file of a write under way is removed then.

use crate::file::abandon_and_exit;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// The exit code of a program that a signal ended, as shells know it: this and the signal's number.
const ENDED_BY: i32 = 128;

/// Whether work is under way that ends by itself when the program is told to end.
static IS_GENTLE: AtomicBool = AtomicBool::new(false);
/// The exit code that the program was told to end with; 0 before that.
static TOLD: AtomicI32 = AtomicI32::new(0);

/// From now on the program is not ended when it is told to for the first time: who called this asks [`told`] again and
/// again, leaves what is done so far whole, and ends it.
pub(super) fn end_gently() {
    IS_GENTLE.store(true, Ordering::Relaxed);
}

/// From now on the program is ended at once when it is told to.
pub(super) fn end_at_once() {
    IS_GENTLE.store(false, Ordering::Relaxed);
}

/// The exit code that the program was told to end with, if it was.
pub(super) fn told() -> Option<i32> {
    Some(TOLD.load(Ordering::Relaxed)).filter(|&code| code != 0)
}

/// Ends the program; or, at the first time, lets work that is gentle end it.
fn end(code: i32) {
    let is_first = TOLD.swap(code, Ordering::Relaxed) == 0;
    if !(is_first && IS_GENTLE.load(Ordering::Relaxed)) {
        abandon_and_exit(code);
    }
}

/// Ends the program cleanly when it is told to end. Where that cannot be waited for, the system's own way is what is
/// left.
///
/// It is called before any thread is started: threads take over which signals are left to the one that waits for them.
/// A signal that is ignored, as after `nohup` the end of a terminal is, stays so.
#[cfg(unix)]
pub(super) fn watch() {
    use nix::sys::signal::{SigSet, Signal};
    let watched: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
    if watched.thread_block().is_err() {
        return;
    }
    let wait = move || {
        while let Ok(signal) = watched.wait() {
            end(ENDED_BY + signal as i32);
        }
    };
    if std::thread::Builder::new().name("signals".into()).spawn(wait).is_err() {
        let _ = watched.thread_unblock();
    }
}

/// Ends the program cleanly at Ctrl-C.
#[cfg(not(unix))]
pub(super) fn watch() {
    const INTERRUPT: i32 = 2;
    let _ = ctrlc::set_handler(|| end(ENDED_BY + INTERRUPT));
}
