//! The threads that read: each has a connection that cannot write and sees one snapshot for each job.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{StoreError, Unavailable};

/// The most reads that wait; one more is refused as busy.
pub const MAX_QUEUED_READS: usize = 4_096;

/// The most searches that wait; one more is refused as busy.
pub const MAX_QUEUED_SEARCHES: usize = 64;

/// How long a store that closes waits for loads to end.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(1);

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// The queue of reads that the threads share.
pub struct ReadQueue {
    state: Mutex<State>,
    filled: Condvar,
    left: Condvar,
}

struct State {
    jobs: VecDeque<Job>,
    searches: VecDeque<Job>,
    /// How many threads search at this moment.
    searching: usize,
    closed: bool,
    threads: usize,
}

impl State {
    /// Half of the threads search at most, so that the others are there for reads that everybody waits for, such as that of a
    /// session. A thread that is alone does both.
    fn may_search(&self) -> bool {
        self.searching < (self.threads / 2).max(1)
    }

    fn next(&mut self) -> Option<(ReadKind, Job)> {
        if self.may_search()
            && let Some(job) = self.searches.pop_front()
        {
            self.searching += 1;
            return Some((ReadKind::Search, job));
        }
        self.jobs.pop_front().map(|job| (ReadKind::Short, job))
    }
}

/// How long a read may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadKind {
    /// By a key, or a page of rows that an index finds.
    Short,
    /// Looks into many rows for few.
    Search,
}

/// A thread's place among the readers; it is given up when it is dropped, after the thread's connection.
pub struct Place(Arc<ReadQueue>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.lock().threads -= 1;
        self.0.left.notify_all();
    }
}

impl ReadQueue {
    pub fn new() -> Arc<Self> {
        let state = State {
            jobs: VecDeque::new(),
            searches: VecDeque::new(),
            searching: 0,
            closed: false,
            threads: 0,
        };
        Arc::new(Self { state: Mutex::new(state), filled: Condvar::new(), left: Condvar::new() })
    }

    /// Takes a place for a thread that is about to start.
    pub fn enter(self: &Arc<Self>) -> Place {
        self.lock().threads += 1;
        Place(Arc::clone(self))
    }

    /// Queues a read whatever becomes of its answer.
    pub fn push(&self, kind: ReadKind, job: Job) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.closed {
            return Err(StoreError::unavailable(Unavailable::Closed, "the store was closed"));
        }
        let (queue, most, full) = match kind {
            ReadKind::Short => (&mut state.jobs, MAX_QUEUED_READS, "the queue of reads is full"),
            ReadKind::Search => (&mut state.searches, MAX_QUEUED_SEARCHES, "the queue of searches is full"),
        };
        if queue.len() >= most {
            return Err(StoreError::unavailable(Unavailable::Busy, full));
        }
        queue.push_back(job);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Reads something short in one snapshot and answers with it.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.read_as(ReadKind::Short, read).await
    }

    /// Reads something in one snapshot and answers with it.
    pub async fn read_as<T: Send + 'static>(
        &self,
        kind: ReadKind,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |db| {
            // Whoever asked may have gone away while the read was waiting.
            if !reply.is_closed() {
                let _ = reply.send(in_snapshot(db, read));
            }
        });
        self.push(kind, job)?;
        let stopped = |_| Err(StoreError::unavailable(Unavailable::Closed, "the readers have stopped"));
        answer.await.unwrap_or_else(stopped)
    }

    /// Takes no more reads; those that wait are answered as closed.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.jobs.clear();
        state.searches.clear();
        drop(state);
        self.filled.notify_all();
    }

    /// Waits until the threads have let go of the file. One that serves a load which nobody takes to its end is left alone.
    pub fn wait_until_left(&self) {
        let state = self.lock();
        let wait = self.left.wait_timeout_while(state, CLOSING_TIMEOUT, |state| state.threads > 0);
        let (state, _) = wait.unwrap_or_else(PoisonError::into_inner);
        if state.threads > 0 {
            tracing::warn!(loads = state.threads, "the store closes while accounts are still being loaded");
        }
    }

    /// The next read; `None` once the queue is closed.
    fn take(&self) -> Option<(ReadKind, Job)> {
        let mut state = self.lock();
        loop {
            let next = state.next();
            if next.is_some() || state.closed {
                return next;
            }
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Reads until the queue is closed.
    pub fn run(&self, db: &Connection) {
        while let Some((kind, job)) = self.0.take() {
            job(db);
            if kind == ReadKind::Search {
                self.0.lock().searching -= 1;
            }
        }
    }
}

/// Runs a read in one read transaction.
pub fn in_snapshot<T>(
    db: &Connection,
    read: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    // Dropping it ends it; there is nothing to keep.
    let _snapshot = db.unchecked_transaction()?;
    read(db)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(threads: usize) -> (Arc<ReadQueue>, Vec<Place>) {
        let queue = ReadQueue::new();
        let places = (0..threads).map(|_| queue.enter()).collect();
        (queue, places)
    }

    fn kinds(queue: &ReadQueue, takes: usize) -> Vec<Option<ReadKind>> {
        (0..takes).map(|_| queue.lock().next().map(|(kind, _)| kind)).collect()
    }

    #[test]
    fn searches_leave_half_of_the_threads_to_other_reads() {
        for (threads, searching) in [(1, 1), (2, 1), (4, 2), (5, 2)] {
            let (queue, _places) = queue(threads);
            for _ in 0..5 {
                queue.push(ReadKind::Search, Box::new(|_| ())).unwrap();
            }
            queue.push(ReadKind::Short, Box::new(|_| ())).unwrap();
            let mut expected = vec![Some(ReadKind::Search); searching];
            expected.extend([Some(ReadKind::Short), None]);
            assert_eq!(kinds(&queue, searching + 2), expected, "{threads} threads");
            queue.lock().searching -= 1;
            assert_eq!(kinds(&queue, 2), [Some(ReadKind::Search), None], "one search has ended");
        }
    }

    #[test]
    fn too_many_searches_are_refused_and_leave_room_for_other_reads() {
        let (queue, _places) = queue(4);
        let push = |kind| queue.push(kind, Box::new(|_| ()));
        for _ in 0..MAX_QUEUED_SEARCHES {
            push(ReadKind::Search).unwrap();
        }
        assert!(matches!(push(ReadKind::Search), Err(StoreError::Unavailable { .. })));
        push(ReadKind::Short).unwrap();
    }
}
