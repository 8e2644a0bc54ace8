//! Facts about the database file.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::bind::{count, first};
use super::migrate::schema_version;
use crate::sql::{Query, accounts, sessions, users};
use crate::{StoreError, StoreFacts};

/// Collects what the database and its files say.
pub fn collect(db: &Connection, path: &Path) -> Result<StoreFacts, StoreError> {
    let page_bytes: u32 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let free_pages: u32 = db.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    Ok(StoreFacts {
        engine: format!("SQLite {}", rusqlite::version()),
        schema_version: schema_version(db)?,
        database_bytes: file_bytes(path),
        log_bytes: file_bytes(Path::new(&log)),
        free_bytes: u64::from(free_pages) * u64::from(page_bytes),
        accounts: counted(db, &accounts::COUNT_ACCOUNTS)?,
        users: counted(db, &users::COUNT_USERS)?,
        sessions: counted(db, &sessions::COUNT_SESSIONS)?,
        queued_commits: 0,
    })
}

fn counted(db: &Connection, query: &Query) -> Result<u64, StoreError> {
    Ok(first(db, query, [], |row| count(row, 0))?.unwrap_or_default())
}

/// The log is not there before the first write and after a clean close.
fn file_bytes(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}
