//! What takes long to make, made on threads of its own.

use crate::task;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often who waits looks whether anybody waits for them.
const LOOK: Duration = Duration::from_millis(20);

/// Starts threads, and waits for the last of them when it goes: a driver that still compiles while the process ends may
/// fall over itself.
#[derive(Default)]
pub(super) struct Workshop {
    threads: Vec<JoinHandle<()>>,
}

/// What is being made, or was.
pub(super) enum Making<T> {
    Begun(Receiver<T>),
    /// None where the thread came to nothing.
    Done(Option<T>),
}

impl Workshop {
    /// Begins to make something.
    pub fn begin<T: Send + 'static>(&mut self, make: impl FnOnce() -> T + Send + 'static) -> Making<T> {
        let (made, told) = channel();
        self.threads.retain(|thread| !thread.is_finished());
        self.threads.push(std::thread::spawn(move || {
            // Nobody listens any more if something else is wanted by now.
            let _ = made.send(make());
        }));
        Making::Begun(told)
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl<T> Making<T> {
    /// Whether it is there, or never will be. `patient` waits for it, unless the work is given up meanwhile.
    pub fn is_done(&mut self, patient: bool) -> bool {
        if let Making::Begun(told) = self {
            let made = loop {
                match told.recv_timeout(if patient { LOOK } else { Duration::ZERO }) {
                    Err(RecvTimeoutError::Timeout) if patient && !task::is_given_up() => {}
                    made => break made.map_err(|error| error == RecvTimeoutError::Disconnected),
                }
            };
            match made {
                Ok(made) => *self = Making::Done(Some(made)),
                Err(true) => *self = Making::Done(None),
                Err(false) => return false,
            }
        }
        true
    }

    /// What was made, if it is there.
    pub fn made(&self) -> Option<&T> {
        match self {
            Making::Begun(_) => None,
            Making::Done(made) => made.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_there_in_the_end() {
        let (mut workshop, (begin, may_begin)) = (Workshop::default(), channel::<()>());
        let mut making = workshop.begin(move || may_begin.recv().map(|()| 7));
        assert!(!making.is_done(false) && making.made().is_none());
        begin.send(()).unwrap();
        assert!(making.is_done(true) && making.is_done(false));
        assert_eq!(making.made(), Some(&Ok(7)));
    }
}
