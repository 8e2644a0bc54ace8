//! Facts about the database for the people who run it.

/// What `doctor` and the metrics say about the database.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreFacts {
    /// The database and its version, such as `SQLite 3.50.0`.
    pub engine: String,
    /// The number of the newest migration that was applied.
    pub schema_version: u32,
    /// Bytes of the database.
    pub database_bytes: u64,
    /// Bytes of the write-ahead log.
    pub log_bytes: u64,
    /// Bytes inside the database that are free to be used again.
    pub free_bytes: u64,
    /// Accounts that are not deleted.
    pub accounts: u64,
    /// Users in the directory.
    pub users: u64,
    /// Sessions, expired ones that were not pruned yet included.
    pub sessions: u64,
    /// Commits that wait to be written now.
    pub queued_commits: u64,
}
