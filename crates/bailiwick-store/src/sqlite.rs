//! The embedded database: one file, one thread that writes, a few that read.

mod apply;
mod backup;
mod bind;
mod directory;
mod error;
mod events;
mod facts;
mod integrity;
mod load;
mod migrate;
mod open;
mod outbox;
mod queue;
mod readers;
mod store;
mod usage;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

pub use self::open::{DATABASE_FILE, LOCK_FILE, OpenError};

use self::queue::{Queue, Task};
use self::readers::ReadQueue;
use self::writer::Writer;
use crate::{StoreError, Unavailable};

/// How to open a [`SqliteStore`].
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// The data directory. It is made with mode 0700 if it does not exist.
    pub dir: PathBuf,
    /// How many threads read, each with a connection. A load holds one until its receiver has taken all rows.
    pub readers: usize,
    /// The size beyond which the database counts as full; `None` leaves that to the disk.
    pub max_bytes: Option<u64>,
}

impl SqliteOptions {
    /// Four readers and no limit of size.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), readers: 4, max_bytes: None }
    }
}

/// A [`Store`](crate::Store) in a SQLite file.
///
/// One process at a time opens a data directory for writing; any number may look at it with
/// [`open_for_reading`](Self::open_for_reading) meanwhile. Dropping the store writes what is queued first.
///
/// At most 16,384 commits and 64 MiB of bodies wait to be written, and 4,096 reads to be read.
pub struct SqliteStore {
    path: PathBuf,
    queue: Arc<Queue>,
    reads: Arc<ReadQueue>,
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
    is_writable: bool,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens a data directory for serving, makes it if need be, and brings its schema up to date. Blocks for the time of it.
    pub fn open(options: &SqliteOptions) -> Result<Self, OpenError> {
        let lock = open::lock(&options.dir)?;
        Self::open_locked(options, Some(lock))
    }

    /// Opens a data directory for writing while another process serves it: that process keeps accounts in memory, so
    /// only what it cannot know yet may be written, such as a new account. The schema must be up to date.
    pub fn open_beside(options: &SqliteOptions) -> Result<Self, OpenError> {
        open::check_for_reading(&options.dir.join(DATABASE_FILE))?;
        Self::open_locked(options, None)
    }

    fn open_locked(options: &SqliteOptions, lock: Option<std::fs::File>) -> Result<Self, OpenError> {
        let path = options.dir.join(DATABASE_FILE);
        let db = open::open_for_writing(&path, options.max_bytes)?;
        let store = Self::start_readers(path, options.readers, true)?;
        let writer = Writer::new(store.path.clone(), options.max_bytes, db);
        let queue = Arc::clone(&store.queue);
        let started = spawn("store-writer", move || {
            writer.run(&queue);
            // The directory is free for another process only when the last write is done.
            drop(lock);
        });
        let handle = started.map_err(|source| store.open_error(source))?;
        *store.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
        Ok(store)
    }

    /// Opens a data directory only to look at it, while another process may serve it. Every write is refused.
    pub fn open_for_reading(dir: &Path) -> Result<Self, OpenError> {
        Self::open_file_for_reading(&dir.join(DATABASE_FILE))
    }

    /// Opens a database file, for instance a backup, only to look at it.
    pub fn open_file_for_reading(path: &Path) -> Result<Self, OpenError> {
        open::check_for_reading(path)?;
        let store = Self::start_readers(path.to_owned(), 1, false)?;
        store.queue.close();
        Ok(store)
    }

    fn start_readers(path: PathBuf, readers: usize, is_writable: bool) -> Result<Self, OpenError> {
        let store = Self {
            path,
            queue: Arc::new(Queue::new()),
            reads: ReadQueue::new(),
            writer: Arc::new(Mutex::new(None)),
            is_writable,
        };
        for number in 0..readers.max(1) {
            let db = open::reader(&store.path).map_err(|source| store.open_error(source))?;
            let place = store.reads.enter();
            spawn(&format!("store-reader-{number}"), move || {
                place.run(&db);
                drop(db);
                drop(place);
            })
            .map_err(|source| store.open_error(source))?;
        }
        Ok(store)
    }

    fn open_error(&self, source: StoreError) -> OpenError {
        OpenError::Database { path: self.path.clone(), source }
    }

    /// Has the writer do something in a transaction.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.check_writable()?;
        let (task, answer) = Task::new(work);
        self.queue.push(Box::new(task))?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Does something long on a thread of its own, so that it holds up no reads.
    async fn apart<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Path) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let path = self.path.clone();
        spawn(name, move || {
            // A caller that went away does not want the answer.
            let _ = reply.send(work(&path));
        })?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    fn check_writable(&self) -> Result<(), StoreError> {
        if self.is_writable {
            return Ok(());
        }
        Err(StoreError::unavailable(Unavailable::ReadOnly, "the store was opened for reading only"))
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.reads.close();
        self.queue.close();
        self.reads.wait_until_left();
        join(&self.writer);
    }
}

fn join(thread: &Mutex<Option<JoinHandle<()>>>) {
    let handle = thread.lock().unwrap_or_else(PoisonError::into_inner).take();
    if handle.is_some_and(|handle| handle.join().is_err()) {
        tracing::error!("the writer of the store has panicked");
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(|error| {
        StoreError::unavailable(Unavailable::Busy, format!("no thread could be started: {error}"))
    })
}

fn stopped() -> StoreError {
    StoreError::unavailable(Unavailable::Closed, "the store has stopped")
}
