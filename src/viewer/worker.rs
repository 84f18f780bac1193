//! A thread that does the latest thing it was asked, and none of the things asked before.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What is called, from any thread, when an answer is there.
pub(super) type Wake = Arc<dyn Fn() + Send + Sync>;

/// A thread at work for a window, which never waits for it. It ends when this is dropped.
pub(super) struct Worker<Q, A>(Arc<Desk<Q, A>>);

struct Desk<Q, A> {
    papers: Mutex<Papers<Q, A>>,
    moved: Condvar,
    wake: Wake,
}

struct Papers<Q, A> {
    question: Option<Q>,
    answer: Option<A>,
    is_busy: bool,
    is_closed: bool,
}

impl<Q, A> Desk<Q, A> {
    fn papers(&self) -> MutexGuard<'_, Papers<Q, A>> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next question; there is none when the desk is closed.
    fn next(&self) -> Option<Q> {
        let mut papers = self.papers();
        papers.is_busy = false;
        loop {
            if papers.is_closed {
                return None;
            }
            if let Some(question) = papers.question.take() {
                papers.is_busy = true;
                return Some(question);
            }
            papers = self.moved.wait(papers).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// What a worker tells of its work, and learns.
pub(super) struct Report<'a, Q, A>(&'a Desk<Q, A>);

impl<Q, A> Report<'_, Q, A> {
    /// Gives an answer, in place of one that was not yet taken.
    pub(super) fn give(&self, answer: A) {
        self.0.papers().answer = Some(answer);
        (self.0.wake)();
    }

    /// Whether nobody waits any more for what is being done.
    pub(super) fn is_stale(&self) -> bool {
        let papers = self.0.papers();
        papers.question.is_some() || papers.is_closed
    }
}

impl<Q: Send + 'static, A: Send + 'static> Worker<Q, A> {
    /// Starts a thread that does `work` for each question.
    pub(super) fn start(wake: Wake, mut work: impl FnMut(Q, &Report<Q, A>) + Send + 'static) -> Worker<Q, A> {
        let papers = Papers { question: None, answer: None, is_busy: false, is_closed: false };
        let desk = Arc::new(Desk { papers: Mutex::new(papers), moved: Condvar::new(), wake });
        let own = desk.clone();
        std::thread::spawn(move || {
            while let Some(question) = own.next() {
                work(question, &Report(&own));
            }
        });
        Worker(desk)
    }

    /// Asks, in place of a question that was not yet begun.
    pub(super) fn ask(&self, question: Q) {
        self.0.papers().question = Some(question);
        self.0.moved.notify_one();
    }

    /// The answer, if there is a new one.
    pub(super) fn answer(&self) -> Option<A> {
        self.0.papers().answer.take()
    }

    /// Whether something was asked and is not done.
    pub(super) fn is_busy(&self) -> bool {
        let papers = self.0.papers();
        papers.is_busy || papers.question.is_some()
    }
}

impl<Q, A> Drop for Worker<Q, A> {
    fn drop(&mut self) {
        self.0.papers().is_closed = true;
        self.0.moved.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn only_the_latest_question_is_answered() {
        let (done, answered) = channel();
        let (begin, may_begin) = channel::<()>();
        let worker: Worker<i32, i32> = Worker::start(
            Arc::new(move || done.send(()).unwrap_or_default()),
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
}
