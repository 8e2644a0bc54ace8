//! What waits for the writer: first in, first out, bounded in number and in bytes.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::{Notify, oneshot};

use crate::{StoreError, Unavailable};

/// The most jobs that wait; one more is refused as busy.
pub const MAX_QUEUED_JOBS: usize = 16_384;
/// The most bytes of bodies that wait; a job that goes over it is refused as busy, unless nothing else waits.
pub const MAX_QUEUED_BYTES: usize = 64 << 20;
/// The queue has room, as [`Queue::ready`] sees it, below these: the rest is for those who do not ask.
const READY_JOBS: usize = MAX_QUEUED_JOBS / 4;
const READY_BYTES: usize = MAX_QUEUED_BYTES / 4;
/// The most jobs and bytes of bodies that share one transaction.
const GROUP_JOBS: usize = 256;
const GROUP_BYTES: usize = 4 << 20;

/// Something to write.
pub trait Job: Send {
    /// Bytes of the bodies, to bound memory and transactions by.
    fn bytes(&self) -> usize;
    /// Whether it may be refused after it has written something, and so needs a savepoint of its own. Savepoints copy every page
    /// that is changed under them, which takes a third of the time of a small commit.
    fn needs_savepoint(&self) -> bool;
    /// Writes; may be called again after everything was undone.
    fn apply(&mut self, db: &Connection) -> Result<(), StoreError>;
    /// Tells the caller, once the transaction is durable or was given up.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// A [`Job`] made of a function whose result is answered.
pub struct Task<F, T> {
    work: F,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Task<F, T> {
    /// A task and where its answer arrives.
    pub fn new(work: F) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        (Self { work, result: None, reply }, answer)
    }
}

impl<F, T> Job for Task<F, T>
where
    F: FnMut(&Connection) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn bytes(&self) -> usize {
        0
    }

    fn needs_savepoint(&self) -> bool {
        true
    }

    fn apply(&mut self, db: &Connection) -> Result<(), StoreError> {
        self.result = Some((self.work)(db)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let missing = || StoreError::internal("the task was answered before it was done");
        let Self { result, reply, .. } = *self;
        // A caller that went away does not want the answer.
        let _ = reply.send(outcome.and_then(|()| result.ok_or_else(missing)));
    }
}

/// The queue between callers and the writer.
pub struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    drained: Notify,
}

struct State {
    jobs: VecDeque<Box<dyn Job>>,
    bytes: usize,
    closed: bool,
}

impl State {
    fn is_ready(&self) -> bool {
        self.closed || (self.jobs.len() < READY_JOBS && self.bytes < READY_BYTES)
    }
}

impl Queue {
    pub fn new() -> Self {
        Self {
            state: Mutex::new(State { jobs: VecDeque::new(), bytes: 0, closed: false }),
            filled: Condvar::new(),
            drained: Notify::new(),
        }
    }

    /// Puts a job at the end.
    ///
    /// # Errors
    /// Busy when the queue is full, closed when it takes no more.
    pub fn push(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let bytes = job.bytes();
        let mut state = self.lock();
        if state.closed {
            return Err(StoreError::unavailable(Unavailable::Closed, "the store was closed"));
        }
        let is_full = state.jobs.len() >= MAX_QUEUED_JOBS
            || (!state.jobs.is_empty() && state.bytes + bytes > MAX_QUEUED_BYTES);
        if is_full {
            return Err(StoreError::unavailable(Unavailable::Busy, "the queue of commits is full"));
        }
        state.bytes += bytes;
        state.jobs.push_back(job);
        let is_first = state.jobs.len() == 1;
        drop(state);
        // The writer empties the queue before it waits again, so only the first job has to wake it.
        if is_first {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Waits for jobs and takes those that share the next transaction. Empty when the queue is closed and drained.
    pub fn take_group(&self) -> Vec<Box<dyn Job>> {
        let mut state = self.lock();
        while state.jobs.is_empty() && !state.closed {
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let mut group = Vec::with_capacity(state.jobs.len().min(GROUP_JOBS));
        let mut group_bytes = 0;
        while let Some(job) = state.jobs.pop_front() {
            let bytes = job.bytes();
            if group.len() >= GROUP_JOBS || (!group.is_empty() && group_bytes + bytes > GROUP_BYTES) {
                state.jobs.push_front(job);
                break;
            }
            group_bytes += bytes;
            group.push(job);
        }
        state.bytes = state.bytes.saturating_sub(group_bytes);
        let is_ready = state.is_ready();
        drop(state);
        if is_ready {
            self.drained.notify_waiters();
        }
        group
    }

    /// Waits until there is room.
    pub async fn ready(&self) {
        loop {
            // Made before the look at the queue, so that a wake-up in between is not lost.
            let drained = self.drained.notified();
            if self.lock().is_ready() {
                return;
            }
            drained.await;
        }
    }

    /// How many jobs wait.
    pub fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    /// Takes no more jobs; those that wait are still written.
    pub fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
        self.drained.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes(usize);

    impl Job for Bytes {
        fn bytes(&self) -> usize {
            self.0
        }
        fn needs_savepoint(&self) -> bool {
            false
        }
        fn apply(&mut self, _: &Connection) -> Result<(), StoreError> {
            Ok(())
        }
        fn answer(self: Box<Self>, _: Result<(), StoreError>) {}
    }

    #[test]
    fn groups_are_bounded_in_number_and_bytes() {
        let queue = Queue::new();
        for _ in 0..=GROUP_JOBS {
            queue.push(Box::new(Bytes(0))).unwrap();
        }
        assert_eq!(queue.take_group().len(), GROUP_JOBS);
        queue.push(Box::new(Bytes(GROUP_BYTES))).unwrap();
        queue.push(Box::new(Bytes(GROUP_BYTES + 1))).unwrap();
        queue.push(Box::new(Bytes(0))).unwrap();
        let sizes: Vec<usize> = (0..3).map(|_| queue.take_group().len()).collect();
        assert_eq!(sizes, [2, 1, 1], "one over the size goes alone");
    }

    #[test]
    fn a_full_queue_refuses_and_a_closed_one_too() {
        let queue = Queue::new();
        queue.push(Box::new(Bytes(MAX_QUEUED_BYTES))).unwrap();
        let refused = queue.push(Box::new(Bytes(1))).unwrap_err();
        assert!(matches!(refused, StoreError::Unavailable { reason: Unavailable::Busy, .. }));
        assert_eq!(queue.take_group().len(), 1);
        for _ in 0..MAX_QUEUED_JOBS {
            queue.push(Box::new(Bytes(0))).unwrap();
        }
        assert!(queue.push(Box::new(Bytes(0))).is_err());
        queue.close();
        let refused = queue.push(Box::new(Bytes(0))).unwrap_err();
        assert!(matches!(refused, StoreError::Unavailable { reason: Unavailable::Closed, .. }));
        assert_eq!(queue.take_group().len(), GROUP_JOBS, "what waits is still taken");
    }

    #[tokio::test]
    async fn waiting_for_room_ends_when_the_queue_drains() {
        let queue = std::sync::Arc::new(Queue::new());
        for _ in 0..READY_JOBS {
            queue.push(Box::new(Bytes(0))).unwrap();
        }
        let waiting = {
            let queue = std::sync::Arc::clone(&queue);
            tokio::spawn(async move { queue.ready().await })
        };
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        queue.take_group();
        waiting.await.unwrap();
    }
}
