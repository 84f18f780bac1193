//! How the program is told to end while it works: by Ctrl-C, by a terminal that is closed, by a system that stops.
//! The unfinished file of a write under way is removed then.

use crate::file::abandon_and_exit;

/// The exit code of a program that a signal ended, as shells know it: this and the signal's number.
const ENDED_BY: i32 = 128;

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
        if let Ok(signal) = watched.wait() {
            abandon_and_exit(ENDED_BY + signal as i32);
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
    let _ = ctrlc::set_handler(|| abandon_and_exit(ENDED_BY + INTERRUPT));
}
