//! The one thread that writes: it takes what waits, writes it in one transaction, makes it durable once, answers all.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;

use super::open;
use super::queue::{Job, Queue};
use crate::StoreError;

/// How long a store that closes waits for those who still read.
const CLOSING_TIMEOUT: Duration = Duration::from_millis(100);

/// The writing connection, and where to find the file should it have to be opened again.
pub struct Writer {
    path: PathBuf,
    max_bytes: Option<u64>,
    db: Option<Connection>,
}

impl Writer {
    pub fn new(path: PathBuf, max_bytes: Option<u64>, db: Connection) -> Self {
        Self { path, max_bytes, db: Some(db) }
    }

    /// Writes until the queue is closed and empty.
    pub fn run(mut self, queue: &Queue) {
        loop {
            let group = queue.take_group();
            if group.is_empty() {
                break;
            }
            self.write(group);
        }
        if let Some(db) = self.db.take()
            && let Err(error) = fold_log(&db)
        {
            tracing::warn!(%error, "the log was not folded into the database; the next start does it");
        }
    }

    /// Writes a group. When the database does not fail but one job does, in a way that nothing foresaw, all is undone and the
    /// group is written again with a savepoint around each job, so that only that one is refused.
    fn write(&mut self, group: Vec<Box<dyn Job>>) {
        let abandoned = match self.try_write(group, Savepoints::WhereNeeded) {
            Err(Abandoned { jobs, error }) if !error.is_unavailable() => {
                self.try_write(jobs, Savepoints::Always)
            }
            done => done,
        };
        if let Err(Abandoned { jobs, error }) = abandoned {
            for job in jobs {
                job.answer(Err(error.clone()));
            }
        }
    }

    fn try_write(&mut self, group: Vec<Box<dyn Job>>, savepoints: Savepoints) -> Result<(), Abandoned> {
        let db = match self.connection() {
            Ok(db) => db,
            Err(error) => return Err(Abandoned { jobs: group, error }),
        };
        let written = apply_group(db, group, savepoints).and_then(|applied| match execute(db, "commit") {
            Ok(()) => Ok(applied),
            Err(error) => Err(Abandoned { jobs: applied.into_iter().map(|(job, _)| job).collect(), error }),
        });
        match written {
            Ok(applied) => {
                for (job, outcome) in applied {
                    job.answer(outcome);
                }
                Ok(())
            }
            Err(abandoned) => {
                self.recover(&abandoned.error);
                Err(abandoned)
            }
        }
    }

    fn connection(&mut self) -> Result<&Connection, StoreError> {
        let db = match self.db.take() {
            Some(db) => db,
            None => open::writer(&self.path, self.max_bytes)?,
        };
        Ok(self.db.insert(db))
    }

    /// Undoes the transaction. A connection on which even that fails is dropped, and opened again for the next group.
    fn recover(&mut self, error: &StoreError) {
        tracing::error!(%error, detail = error.detail(), "a transaction failed and was undone");
        let Some(db) = &self.db else { return };
        // SQLite has undone it by itself after some errors.
        if !db.is_autocommit()
            && let Err(error) = execute(db, "rollback")
        {
            tracing::error!(%error, detail = error.detail(), "undoing failed; the database is opened again");
            self.db = None;
        }
    }
}

/// Folds the log into the database, so that the next start has nothing to recover. A long read may prevent it.
fn fold_log(db: &Connection) -> Result<(), StoreError> {
    db.busy_timeout(CLOSING_TIMEOUT)?;
    Ok(db.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))?)
}

/// Which jobs of a group get a savepoint.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Savepoints {
    WhereNeeded,
    Always,
}

/// A group of which nothing is written, because the database or one of the jobs failed.
struct Abandoned {
    jobs: Vec<Box<dyn Job>>,
    error: StoreError,
}

type Applied = Vec<(Box<dyn Job>, Result<(), StoreError>)>;

/// Applies the jobs in order, each so that its refusal does not hurt its neighbours.
fn apply_group(
    db: &Connection,
    group: Vec<Box<dyn Job>>,
    savepoints: Savepoints,
) -> Result<Applied, Abandoned> {
    let mut applied: Applied = Vec::with_capacity(group.len());
    let mut rest = group.into_iter();
    let mut failure = execute(db, "begin immediate").err();
    while failure.is_none()
        && let Some(mut job) = rest.next()
    {
        let outcome = if savepoints == Savepoints::Always || job.needs_savepoint() {
            apply_in_savepoint(db, job.as_mut())
        } else {
            apply_bare(db, job.as_mut())
        };
        match outcome {
            Ok(outcome) => applied.push((job, outcome)),
            Err(error) => {
                failure = Some(error);
                applied.push((job, Ok(())));
            }
        }
    }
    match failure {
        None => Ok(applied),
        Some(error) => {
            let jobs = applied.into_iter().map(|(job, _)| job).chain(rest).collect();
            Err(Abandoned { jobs, error })
        }
    }
}

/// Applies a job whose refusals come before its first write. The outer error means that the group has to be undone.
fn apply_bare(db: &Connection, job: &mut dyn Job) -> Result<Result<(), StoreError>, StoreError> {
    match job.apply(db) {
        Err(error) if is_fatal(db, &error) || matches!(error, StoreError::Internal { .. }) => Err(error),
        outcome => Ok(outcome),
    }
}

/// Applies a job and undoes it when it is refused. The outer error means that the group has to be undone.
fn apply_in_savepoint(db: &Connection, job: &mut dyn Job) -> Result<Result<(), StoreError>, StoreError> {
    execute(db, "savepoint job")?;
    let outcome = job.apply(db);
    match &outcome {
        Err(error) if is_fatal(db, error) => return Err(error.clone()),
        Err(_) => execute(db, "rollback to job")?,
        Ok(()) => {}
    }
    execute(db, "release job")?;
    Ok(outcome)
}

/// Whether the whole transaction is lost, and not only one job's part of it.
fn is_fatal(db: &Connection, error: &StoreError) -> bool {
    error.is_unavailable() || db.is_autocommit()
}

fn execute(db: &Connection, text: &str) -> Result<(), StoreError> {
    db.prepare_cached(text)?.execute([])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::super::migrate::{MIGRATIONS, migrate};
    use super::*;
    use crate::Unavailable;

    type Work = fn(&Connection) -> Result<(), StoreError>;

    struct Bare {
        work: Work,
        reply: oneshot::Sender<Result<(), StoreError>>,
    }

    impl Job for Bare {
        fn bytes(&self) -> usize {
            0
        }
        fn needs_savepoint(&self) -> bool {
            false
        }
        fn apply(&mut self, db: &Connection) -> Result<(), StoreError> {
            (self.work)(db)
        }
        fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
            self.reply.send(outcome).unwrap();
        }
    }

    fn write(writer: &mut Writer, works: &[Work]) -> Vec<Result<(), StoreError>> {
        let (jobs, mut answers): (Vec<Box<dyn Job>>, Vec<_>) = works
            .iter()
            .map(|work| {
                let (reply, answer) = oneshot::channel();
                (Box::new(Bare { work: *work, reply }) as Box<dyn Job>, answer)
            })
            .unzip();
        writer.write(jobs);
        answers.iter_mut().map(|answer| answer.try_recv().unwrap()).collect()
    }

    fn writer() -> (tempfile::TempDir, Writer) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("test.sqlite3");
        let mut db = Connection::open(&path).unwrap();
        migrate(&mut db, MIGRATIONS).unwrap();
        (dir, Writer::new(path, None, db))
    }

    fn facts(writer: &mut Writer) -> u32 {
        writer.connection().unwrap().query_row("select count(*) from meta", [], |row| row.get(0)).unwrap()
    }

    fn add(db: &Connection) -> Result<(), StoreError> {
        db.execute("insert into meta (key, value) select count(*), '' from meta", [])?;
        Ok(())
    }

    #[test]
    fn a_job_that_fails_unforeseen_after_writing_is_undone_alone() {
        let (_dir, mut writer) = writer();
        let broken: Work = |db| {
            add(db)?;
            Ok(db.execute_batch("insert into meta (key, value) values ('0', 'again')")?)
        };
        let outcomes = write(&mut writer, &[add, broken, add]);
        assert!(
            matches!(outcomes.as_slice(), [Ok(()), Err(StoreError::Internal { .. }), Ok(())]),
            "{outcomes:?}"
        );
        assert_eq!(facts(&mut writer), 2);
    }

    #[test]
    fn a_database_that_cannot_be_written_fails_the_whole_group_and_serves_again() {
        let (_dir, mut writer) = writer();
        let read_only: Work = |db| Ok(db.pragma_update(None, "query_only", true)?);
        let outcomes = write(&mut writer, &[add, read_only, add]);
        let is_read_only = |outcome: &Result<(), StoreError>| {
            matches!(outcome, Err(StoreError::Unavailable { reason: Unavailable::ReadOnly, .. }))
        };
        assert!(outcomes.iter().all(is_read_only), "{outcomes:?}");
        writer.connection().unwrap().pragma_update(None, "query_only", false).unwrap();
        assert_eq!(facts(&mut writer), 0);
        assert_eq!(write(&mut writer, &[add, add]), [Ok(()), Ok(())]);
        assert_eq!(facts(&mut writer), 2);
    }

    #[test]
    fn a_commit_that_fails_at_the_end_fails_the_whole_group() {
        let (_dir, mut writer) = writer();
        let orphan: Work = |db| {
            db.pragma_update(None, "defer_foreign_keys", true)?;
            Ok(db.execute_batch(
                "insert into management_keys (key_id, account_id) values ('key_0', 'acc_0')",
            )?)
        };
        let outcomes = write(&mut writer, &[add, orphan]);
        assert!(outcomes.iter().all(Result::is_err), "{outcomes:?}");
        assert_eq!(facts(&mut writer), 0);
        assert_eq!(write(&mut writer, &[add]), [Ok(())]);
    }

    #[test]
    fn a_lost_connection_is_opened_again() {
        let (_dir, mut writer) = writer();
        writer.db = None;
        assert_eq!(write(&mut writer, &[add]), [Ok(())]);
        assert_eq!(facts(&mut writer), 1);
    }
}
