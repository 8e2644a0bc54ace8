//! The threads that read: each has a connection that cannot write. Short reads that wait share one snapshot.

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

/// The most short reads that share a snapshot and a waking of their thread, both of which cost more than a read by a key.
const SHARED_READS: usize = 16;

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
    loads: VecDeque<Job>,
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

    fn has_next(&self) -> bool {
        !self.jobs.is_empty() || !self.loads.is_empty() || (self.may_search() && !self.searches.is_empty())
    }

    fn next(&mut self) -> Option<Reads> {
        if self.may_search()
            && let Some(job) = self.searches.pop_front()
        {
            self.searching += 1;
            return Some(Reads::Search(job));
        }
        if let Some(job) = self.loads.pop_front() {
            return Some(Reads::Load(job));
        }
        let taken = self.jobs.len().min(SHARED_READS);
        (taken > 0).then(|| Reads::Short(self.jobs.drain(..taken).collect()))
    }
}

/// How long a read may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadKind {
    /// By a key, or a page of rows that an index finds.
    Short,
    /// All rows of an account, as fast as they are taken.
    Load,
    /// Looks into many rows for few.
    Search,
}

/// What a thread does next.
enum Reads {
    Short(Vec<Job>),
    Load(Job),
    Search(Job),
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
            loads: VecDeque::new(),
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
            ReadKind::Load => (&mut state.loads, MAX_QUEUED_READS, "the queue of loads is full"),
            ReadKind::Search => (&mut state.searches, MAX_QUEUED_SEARCHES, "the queue of searches is full"),
        };
        if queue.len() >= most {
            return Err(StoreError::unavailable(Unavailable::Busy, full));
        }
        queue.push_back(job);
        // A thread that takes reads and leaves others wakes the next one, so only the first has to wake any.
        let is_first = queue.len() == 1;
        drop(state);
        if is_first {
            self.filled.notify_one();
        }
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
                let _ = reply.send(read(db));
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
        state.loads.clear();
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

    /// The next reads; `None` once the queue is closed.
    fn take(&self) -> Option<Reads> {
        let mut state = self.lock();
        loop {
            let next = state.next();
            if next.is_some() || state.closed {
                let leaves_some = state.has_next();
                drop(state);
                if leaves_some {
                    self.filled.notify_one();
                }
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
        while let Some(reads) = self.0.take() {
            match reads {
                Reads::Short(jobs) => share_snapshot(db, jobs),
                Reads::Load(job) => job(db),
                Reads::Search(job) => {
                    share_snapshot(db, vec![job]);
                    self.0.lock().searching -= 1;
                }
            }
        }
    }
}

/// Runs reads in one read transaction. They were asked for before it began, so none sees less than it may expect.
fn share_snapshot(db: &Connection, jobs: Vec<Job>) {
    let shared = in_snapshot(db, |db| {
        for job in jobs {
            job(db);
        }
        Ok(())
    });
    // Whoever waits for one of the reads is told that it was not done, because the read's answer is dropped with it.
    if let Err(error) = shared {
        tracing::error!(%error, detail = error.detail(), "a read transaction could not be begun");
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

    /// Which reads are taken next, and how many at once.
    fn kinds(queue: &ReadQueue, takes: usize) -> Vec<Option<(ReadKind, usize)>> {
        let kind = |reads| match reads {
            Reads::Short(jobs) => (ReadKind::Short, jobs.len()),
            Reads::Load(_) => (ReadKind::Load, 1),
            Reads::Search(_) => (ReadKind::Search, 1),
        };
        (0..takes).map(|_| queue.lock().next().map(kind)).collect()
    }

    #[test]
    fn searches_leave_half_of_the_threads_to_other_reads() {
        for (threads, searching) in [(1, 1), (2, 1), (4, 2), (5, 2)] {
            let (queue, _places) = queue(threads);
            for _ in 0..5 {
                queue.push(ReadKind::Search, Box::new(|_| ())).unwrap();
            }
            queue.push(ReadKind::Short, Box::new(|_| ())).unwrap();
            let mut expected = vec![Some((ReadKind::Search, 1)); searching];
            expected.extend([Some((ReadKind::Short, 1)), None]);
            assert_eq!(kinds(&queue, searching + 2), expected, "{threads} threads");
            queue.lock().searching -= 1;
            assert_eq!(kinds(&queue, 2), [Some((ReadKind::Search, 1)), None], "one search has ended");
        }
    }

    #[test]
    fn short_reads_share_a_snapshot_and_loads_do_not() {
        let (queue, _places) = queue(4);
        for kind in [ReadKind::Load; 2].into_iter().chain([ReadKind::Short; SHARED_READS + 1]) {
            queue.push(kind, Box::new(|_| ())).unwrap();
        }
        let load = Some((ReadKind::Load, 1));
        let shared = [Some((ReadKind::Short, SHARED_READS)), Some((ReadKind::Short, 1))];
        assert_eq!(kinds(&queue, 5), [load, load, shared[0], shared[1], None]);
    }

    #[test]
    fn every_read_is_answered_whatever_waits_beside_it() {
        let db = || Connection::open_in_memory().unwrap();
        let (queue, places) = queue(3);
        let threads: Vec<_> =
            places.into_iter().map(|place| std::thread::spawn(move || place.run(&db()))).collect();
        let (sender, answers) = std::sync::mpsc::channel();
        for number in 0..1_000 {
            let kind = match number % 50 {
                0 => ReadKind::Search,
                1 => ReadKind::Load,
                _ => ReadKind::Short,
            };
            let sender = sender.clone();
            let job = move |db: &Connection| {
                let seen = db.query_row("select ?1", [number], |row| row.get(0)).unwrap();
                sender.send(seen).unwrap();
            };
            queue.push(kind, Box::new(job)).unwrap();
        }
        let mut seen: Vec<i32> = answers.iter().take(1_000).collect();
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..1_000));
        queue.close();
        for thread in threads {
            thread.join().unwrap();
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
