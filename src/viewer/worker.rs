//! A thread that does the latest thing it was asked, and none of the things asked before.

use crate::task::Task;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What is called, from any thread, when an answer is there.
pub(super) type Wake = Arc<dyn Fn() + Send + Sync>;

/// A thread at work for a window, which never waits for it. It ends when this is dropped.
pub(super) struct Worker<Q, A>(Arc<Desk<Q, A>>);

/// Whether a new question is not to wait until the one under way, the second, is answered: that is given up.
pub(super) type Supersedes<Q> = fn(&Q, &Q) -> bool;

struct Desk<Q, A> {
    papers: Mutex<Papers<Q, A>>,
    moved: Condvar,
    wake: Wake,
    supersedes: Supersedes<Q>,
    /// The work on the question under way.
    task: Task,
}

struct Papers<Q, A> {
    question: Option<Q>,
    under_way: Option<Q>,
    /// Whether any new question comes before the one under way.
    yields: bool,
    answer: Option<A>,
    is_closed: bool,
    /// Since when nothing has come of what is under way.
    since: Instant,
    /// When it was begun.
    begun: Instant,
}

/// Work that is under way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Doing {
    /// What is done now, in a word or three; nothing, where that is not known.
    pub what: &'static str,
    /// Since when nothing has come of it.
    pub since: Instant,
    /// When it was begun.
    pub begun: Instant,
}

impl<Q: Clone, A> Desk<Q, A> {
    /// Waits for the next question; there is none when the desk is closed.
    fn next(&self) -> Option<Q> {
        let mut papers = self.papers();
        papers.under_way = None;
        loop {
            if papers.is_closed {
                return None;
            }
            if let Some(question) = papers.question.take() {
                papers.under_way = Some(question.clone());
                (papers.yields, papers.begun) = (false, Instant::now());
                self.task.begin();
                return Some(question);
            }
            papers = self.moved.wait(papers).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<Q, A> Desk<Q, A> {
    fn papers(&self) -> MutexGuard<'_, Papers<Q, A>> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a worker tells of its work, and learns.
pub(super) struct WorkerReport<'a, Q, A>(&'a Desk<Q, A>);

impl<Q, A> WorkerReport<'_, Q, A> {
    /// Gives an answer, in place of one that was not yet taken; not if the work was given up, whatever came of it.
    pub(super) fn give(&self, answer: A) {
        let mut papers = self.0.papers();
        if self.0.task.is_given_up() {
            return;
        }
        (papers.answer, papers.since) = (Some(answer), Instant::now());
        drop(papers);
        (self.0.wake)();
    }

    /// Whether nobody waits any more for what is being done.
    pub(super) fn is_stale(&self) -> bool {
        let papers = self.0.papers();
        papers.question.is_some() || papers.is_closed || self.0.task.is_given_up()
    }

    /// From now on any new question comes before what is being done, which is given up for it; whether there is none yet.
    pub(super) fn yields(&self) -> bool {
        self.0.papers().yields = true;
        !self.is_stale()
    }

    /// The work on the question.
    pub(super) fn task(&self) -> &Task {
        &self.0.task
    }
}

impl<Q: Clone + Send + 'static, A: Send + 'static> Worker<Q, A> {
    /// Starts a thread that does `work` for each question.
    pub(super) fn start(
        wake: Wake,
        supersedes: Supersedes<Q>,
        mut work: impl FnMut(Q, &WorkerReport<Q, A>) + Send + 'static,
    ) -> Worker<Q, A> {
        let now = Instant::now();
        let papers = Papers {
            question: None,
            under_way: None,
            yields: false,
            answer: None,
            is_closed: false,
            since: now,
            begun: now,
        };
        let (papers, moved) = (Mutex::new(papers), Condvar::new());
        let desk = Arc::new(Desk { papers, moved, wake, supersedes, task: Task::default() });
        let own = desk.clone();
        std::thread::spawn(move || {
            while let Some(question) = own.next() {
                own.task.within(|| work(question, &WorkerReport(&own)));
            }
        });
        Worker(desk)
    }

    /// Asks, in place of a question that was not yet begun. What is under way goes on, unless this supersedes it.
    pub(super) fn ask(&self, question: Q) {
        let mut papers = self.0.papers();
        let is_given_up = match &papers.under_way {
            Some(own) => papers.yields || (self.0.supersedes)(&question, own),
            None => papers.question.is_none(), // nothing is: it begins
        };
        if is_given_up {
            papers.since = Instant::now();
            if papers.under_way.is_some() {
                self.0.task.give_up();
            }
        }
        papers.question = Some(question);
        drop(papers);
        self.0.moved.notify_one();
    }

    /// Gives up what is under way, and what was asked.
    pub(super) fn give_up(&self) {
        let mut papers = self.0.papers();
        papers.question = None;
        self.0.task.give_up();
    }

    /// The answer, if there is a new one.
    pub(super) fn answer(&self) -> Option<A> {
        self.0.papers().answer.take()
    }

    /// What is under way, if something was asked and is neither done nor given up.
    pub(super) fn doing(&self) -> Option<Doing> {
        let papers = self.0.papers();
        let works = papers.under_way.is_some() && !self.0.task.is_given_up();
        let what = if works { self.0.task.does() } else { "" };
        (works || papers.question.is_some()).then_some(Doing {
            what,
            since: papers.since,
            begun: papers.begun,
        })
    }

    /// Whether something was asked and is neither done nor given up.
    pub(super) fn is_busy(&self) -> bool {
        self.doing().is_some()
    }
}

impl<Q, A> Drop for Worker<Q, A> {
    fn drop(&mut self) {
        self.0.papers().is_closed = true;
        self.0.task.give_up();
        self.0.moved.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn only_the_latest_question_is_answered() {
        let (done, answered) = channel();
        let (begin, may_begin) = channel::<()>();
        let worker: Worker<i32, i32> = Worker::start(
            Arc::new(move || done.send(()).unwrap_or_default()),
            |_, _| false,
            move |question: i32, report| {
                let _ = may_begin.recv();
                report.give(if report.is_stale() { -question } else { question });
            },
        );
        worker.ask(1);
        while worker.0.papers().question.is_some() {
            std::thread::yield_now(); // until it is begun
        }
        worker.ask(2);
        worker.ask(3);
        begin.send(()).unwrap();
        answered.recv().unwrap();
        assert_eq!(worker.answer(), Some(-1));
        begin.send(()).unwrap();
        answered.recv().unwrap();
        assert_eq!((worker.answer(), worker.answer()), (Some(3), None));
        while worker.is_busy() {
            std::thread::yield_now();
        }
    }

    /// A worker that never ends with a question below 0 unless it is given up, and says where it is.
    fn stubborn() -> (Worker<i32, i32>, std::sync::mpsc::Receiver<()>) {
        let (done, answered) = channel();
        let work = |question: i32, report: &WorkerReport<i32, i32>| {
            task::does("counting");
            if question == -2 {
                report.yields();
            }
            while question < 0 && task::check().is_ok() {
                std::thread::sleep(Duration::from_millis(1));
            }
            report.give(question);
        };
        let wake = Arc::new(move || done.send(()).unwrap_or_default());
        (Worker::start(wake, |new, own| new.rem_euclid(2) != own.rem_euclid(2), work), answered)
    }

    fn until(holds: impl Fn() -> bool) {
        let begun = Instant::now();
        while !holds() {
            assert!(begun.elapsed() < Duration::from_secs(60));
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_is_superseded_is_given_up_and_never_answered() {
        let (worker, answered) = stubborn();
        assert_eq!(worker.doing(), None);
        worker.ask(-1);
        until(|| worker.doing().is_some_and(|doing| doing.what == "counting"));
        worker.ask(5); // waits: it is odd too
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(worker.answer(), None);
        worker.ask(4);
        answered.recv().unwrap();
        assert_eq!(worker.answer(), Some(4));
        // What yields is given up for anything.
        worker.ask(-2);
        until(|| worker.0.papers().yields);
        worker.ask(6);
        answered.recv().unwrap();
        assert_eq!(worker.answer(), Some(6));
        // And for nothing.
        worker.ask(-1);
        until(|| worker.doing().is_some_and(|doing| doing.what == "counting"));
        worker.give_up();
        assert_eq!(worker.doing(), None);
        worker.ask(8);
        answered.recv().unwrap();
        assert_eq!((worker.answer(), answered.try_recv().is_ok()), (Some(8), false));
    }
}
