//! Work that can be given up, and that says what it does. Stands below all rooms.
//!
//! A [`Task`] belongs to the threads that work on it, as rayon's pool does, and is not handed from call to call: so
//! what works long asks [`check`] wherever it is, in a bound, a ray, a kernel, and nothing between has to know. Outside
//! of any task nothing is ever given up. Every piece of work that may take long asks at least every 50 ms. Where it
//! returns no errors it stops when [`is_given_up`] says so, and what it returns then is not to be used: who called it
//! asks [`check`] before they use or keep it.

use crate::error::{Error, Result};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A piece of work that several threads may do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Task(Arc<TaskState>);

#[derive(Debug, Default)]
struct TaskState {
    is_given_up: AtomicBool,
    does: Mutex<&'static str>,
}

thread_local! {
    /// The task that this thread works on.
    static OWN: RefCell<Option<Task>> = const { RefCell::new(None) };
}

impl Task {
    /// Nobody waits for it any more: its threads stop at their next look.
    pub fn give_up(&self) {
        self.0.is_given_up.store(true, Ordering::Relaxed);
    }

    /// Begins another piece of work. Nothing works on the last one any more.
    pub fn begin(&self) {
        self.0.is_given_up.store(false, Ordering::Relaxed);
        self.say("");
    }

    /// Whether nobody waits for it any more.
    pub fn is_given_up(&self) -> bool {
        self.0.is_given_up.load(Ordering::Relaxed)
    }

    /// What it does now, in a word or three; nothing, where that was not said.
    pub fn does(&self) -> &'static str {
        *self.0.does.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, what: &'static str) {
        *self.0.does.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    /// Does work of this task on this thread. What it hands to a pool of rayon's is not of the task, unless the pool is.
    pub fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = OWN.replace(Some(self.clone()));
        let done = work();
        OWN.set(before);
        done
    }

    /// A pool of threads that work on this task and nothing else, as many as the current pool has; none, where they
    /// cannot be started.
    pub fn pool(&self) -> Option<rayon::ThreadPool> {
        let own = self.clone();
        let threads = rayon::ThreadPoolBuilder::new().num_threads(rayon::current_num_threads());
        threads.start_handler(move |_| OWN.set(Some(own.clone()))).build().ok()
    }

    /// The task that this thread works on.
    pub fn own() -> Option<Task> {
        OWN.with_borrow(Option::clone)
    }
}

/// Whether nobody waits any more for what this thread does.
pub(crate) fn is_given_up() -> bool {
    OWN.with_borrow(|own| own.as_ref().is_some_and(Task::is_given_up))
}

/// [`Error::Cancelled`], where nobody waits any more for what this thread does.
pub(crate) fn check() -> Result<()> {
    if is_given_up() { Err(Error::Cancelled) } else { Ok(()) }
}

/// Says what this thread's task does from now on.
pub(crate) fn does(what: &'static str) {
    OWN.with_borrow(|own| own.iter().for_each(|task| task.say(what)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    #[test]
    fn a_task_is_given_up_on_all_of_its_threads_and_on_no_others() {
        let task = Task::default();
        let pool = task.pool().unwrap();
        let given_up = || (0..64).into_par_iter().filter(|_| is_given_up()).count();
        assert_eq!((pool.install(given_up), check()), (0, Ok(())));
        task.give_up();
        assert_eq!((pool.install(given_up), given_up(), check()), (64, 0, Ok(())));
        assert_eq!((task.within(check), check()), (Err(Error::Cancelled), Ok(())));
        task.begin();
        pool.install(|| does("counting"));
        assert_eq!((pool.install(given_up), task.does()), (0, "counting"));
    }
}
