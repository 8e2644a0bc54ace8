//! Opens the database of a data directory: modes of files, the lock, settings of connections, the schema's age.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::migrate::{APPLICATION_ID, MIGRATIONS, known_version, migrate, schema_version};
use crate::StoreError;

/// The database's file in a data directory.
pub const DATABASE_FILE: &str = "bailiwick.sqlite3";
/// The file that a serving process holds locked.
pub const LOCK_FILE: &str = "lock";

/// How long a connection waits for another process (a backup, a check) to let go.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements that a connection keeps: all named queries and some filtered ones.
const CACHED_STATEMENTS: usize = 128;
/// The log is folded into the database when it has so many pages (16 MiB of 4 KiB pages): often enough for a quick start
/// after a crash, seldom enough for group commits.
const CHECKPOINT_PAGES: u32 = 4_096;
/// A log that has grown beyond this (a long backup) is cut back.
const LOG_BYTES_KEPT: u32 = 64 << 20;
/// The most memory for pages, in KiB, taken only as far as needed.
const WRITER_CACHE_KIB: i32 = 64 << 10;
pub const READER_CACHE_KIB: i32 = 4 << 10;

/// Why a data directory cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process serves the directory.
    #[error("another process already serves the data directory `{}`", dir.display())]
    InUse {
        /// The data directory.
        dir: PathBuf,
    },
    /// There is no database to read.
    #[error("there is no database at `{}`", path.display())]
    NotFound {
        /// Where it should be.
        path: PathBuf,
    },
    /// The file is not one of Bailiwick's databases.
    #[error("`{}` is not a database of Bailiwick", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer Bailiwick has written the database.
    #[error("the database has schema {found}, but this version of Bailiwick knows only up to schema {known}")]
    SchemaTooNew {
        /// The database's schema.
        found: u32,
        /// The newest schema this binary knows.
        known: u32,
    },
    /// An older Bailiwick has written the database, and this is only a look at it.
    #[error("the database has schema {found}, older than schema {known} of this version of Bailiwick")]
    SchemaTooOld {
        /// The database's schema.
        found: u32,
        /// The newest schema this binary knows.
        known: u32,
    },
    /// The operating system refused.
    #[error("cannot open `{}`", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database refused.
    #[error("cannot open the database at `{}`", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Why.
        source: StoreError,
    },
}

impl OpenError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "stop the other process, or choose another directory with `--data`",
            Self::NotFound { .. } => "check `--data`; `bailiwick serve` makes a new database",
            Self::Foreign { .. } => "check `--data`; nothing was changed in that file",
            Self::SchemaTooNew { .. } => {
                "run the newer version, or restore the backup from before the upgrade; nothing was changed"
            }
            Self::SchemaTooOld { .. } => "start `bailiwick serve` once with this version to upgrade it",
            Self::File { .. } => "check that the directory exists, is yours and has space",
            Self::Database { .. } => "check the disk, then run `bailiwick verify`",
        }
    }

    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { path: path.to_owned(), source }
    }

    fn database(path: &Path) -> impl Fn(StoreError) -> Self {
        move |source| match source {
            StoreError::Internal { detail } if detail.contains("not a database") => {
                Self::Foreign { path: path.to_owned() }
            }
            source => Self::Database { path: path.to_owned(), source },
        }
    }
}

/// Makes the data directory (mode 0700) and takes its lock, which is held as long as the file is open.
pub fn lock(dir: &Path) -> Result<File, OpenError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(OpenError::file(dir))?;
    let path = dir.join(LOCK_FILE);
    let file = private_file(&path).map_err(OpenError::file(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { dir: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(OpenError::File { path, source }),
    }
}

/// Opens or makes a file that only its owner can read.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Opens the one connection that writes, and brings the schema up to date. The lock must be held.
///
/// `max_bytes` is the size beyond which the database counts as full.
pub fn open_for_writing(path: &Path, max_bytes: Option<u64>) -> Result<Connection, OpenError> {
    // SQLite gives its log the mode of the database, so the file is made here, with a mode that does not hang on the umask.
    drop(private_file(path).map_err(OpenError::file(path))?);
    let mut db = writer(path, max_bytes).map_err(OpenError::database(path))?;
    match schema_version(&db).map_err(OpenError::database(path))? {
        found if found > known_version() => {
            return Err(OpenError::SchemaTooNew { found, known: known_version() });
        }
        0 => {
            let tables: u32 = db
                .query_row("select count(*) from sqlite_schema", [], |row| row.get(0))
                .map_err(|error| OpenError::database(path)(error.into()))?;
            if tables > 0 {
                return Err(OpenError::Foreign { path: path.to_owned() });
            }
        }
        _ => check_application(&db, path)?,
    }
    (|| {
        db.pragma_update(None, "journal_mode", "wal")?;
        migrate(&mut db, MIGRATIONS)
    })()
    .map_err(OpenError::database(path))?;
    Ok(db)
}

/// Opens the writing connection again after it broke; the schema is known to be right.
pub fn writer(path: &Path, max_bytes: Option<u64>) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    settings(&db, WRITER_CACHE_KIB)?;
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    db.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
    if let Some(max_bytes) = max_bytes {
        let page_bytes: u32 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = max_bytes.checked_div(page_bytes.into()).and_then(|pages| i64::try_from(pages).ok());
        db.pragma_update(None, "max_page_count", pages.unwrap_or(i64::MAX).max(1))?;
    }
    Ok(db)
}

/// Opens a connection that cannot write.
pub fn reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    settings(&db, READER_CACHE_KIB)?;
    db.pragma_update(None, "query_only", true)?;
    Ok(db)
}

/// Checks that a database that is only looked at is Bailiwick's and has this binary's schema.
pub fn check_for_reading(path: &Path) -> Result<(), OpenError> {
    if !fs::exists(path).map_err(OpenError::file(path))? {
        return Err(OpenError::NotFound { path: path.to_owned() });
    }
    let db = reader(path).map_err(OpenError::database(path))?;
    let found = schema_version(&db).map_err(OpenError::database(path))?;
    check_application(&db, path)?;
    let known = known_version();
    match found {
        found if found > known => Err(OpenError::SchemaTooNew { found, known }),
        found if found < known => Err(OpenError::SchemaTooOld { found, known }),
        _ => Ok(()),
    }
}

fn check_application(db: &Connection, path: &Path) -> Result<(), OpenError> {
    let found: i32 = db
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|error| OpenError::database(path)(error.into()))?;
    if found == APPLICATION_ID { Ok(()) } else { Err(OpenError::Foreign { path: path.to_owned() }) }
}

fn settings(db: &Connection, cache_kib: i32) -> Result<(), StoreError> {
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "trusted_schema", false)?;
    db.pragma_update(None, "cell_size_check", true)?;
    // Savepoints copy the pages they change; in memory, since they last for one commit.
    db.pragma_update(None, "temp_store", "memory")?;
    set_cache(db, cache_kib)
}

/// Sets the most memory for pages, in KiB.
pub fn set_cache(db: &Connection, cache_kib: i32) -> Result<(), StoreError> {
    // SQLite takes a negative number as KiB, a positive one as pages.
    Ok(db.pragma_update(None, "cache_size", -cache_kib)?)
}
