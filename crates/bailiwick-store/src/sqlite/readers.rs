//! The threads that read: each has a connection that cannot write and sees one snapshot for each job.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{StoreError, Unavailable};

/// The most reads that wait; one more is refused as busy.
pub const MAX_QUEUED_READS: usize = 4_096;

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
    closed: bool,
    threads: usize,
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
        let state = State { jobs: VecDeque::new(), closed: false, threads: 0 };
        Arc::new(Self { state: Mutex::new(state), filled: Condvar::new(), left: Condvar::new() })
    }

    /// Takes a place for a thread that is about to start.
    pub fn enter(self: &Arc<Self>) -> Place {
        self.lock().threads += 1;
        Place(Arc::clone(self))
    }

    /// Queues a read whatever becomes of its answer.
    pub fn push(&self, job: Job) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.closed {
            return Err(StoreError::unavailable(Unavailable::Closed, "the store was closed"));
        }
        if state.jobs.len() >= MAX_QUEUED_READS {
            return Err(StoreError::unavailable(Unavailable::Busy, "the queue of reads is full"));
        }
        state.jobs.push_back(job);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Reads something in one snapshot and answers with it.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.push(Box::new(move |db| {
            // Whoever asked may have gone away while the read was waiting.
            if !reply.is_closed() {
                let _ = reply.send(in_snapshot(db, read));
            }
        }))?;
        let stopped = |_| Err(StoreError::unavailable(Unavailable::Closed, "the readers have stopped"));
        answer.await.unwrap_or_else(stopped)
    }

    /// Takes no more reads; those that wait are answered as closed.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.jobs.clear();
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

    fn take(&self) -> Option<Job> {
        let mut state = self.lock();
        while state.jobs.is_empty() && !state.closed {
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.jobs.pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Reads until the queue is closed.
    pub fn run(&self, db: &Connection) {
        while let Some(job) = self.0.take() {
            job(db);
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
