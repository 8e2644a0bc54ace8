//! Keeps what Bailiwick knows: accounts, their record, the directory of users and the outbox.
//!
//! [`Store`] is the one trait the rest of Bailiwick sees; [`SqliteStore`] is its embedded implementation. The store
//! knows ids and opaque JSON bodies, never what they mean: rules live in `bailiwick-core`.
//!
//! # Invariants
//!
//! - A [`Commit`] is written whole or not at all, and it is durable before its receipt resolves.
//! - An account's revision grows by one with every commit, and every revision has at least one event.
//! - Commits of one caller are written in the order in which [`Store::commit`] was called.
//! - Times are whole microseconds since the Unix epoch; texts are compared byte by byte.

mod catalogs;
mod commit;
mod directory;
mod entity;
mod error;
mod event;
mod idempotency;
mod operations;
mod outbox;
mod sql;
mod sqlite;
mod store;
mod usage;

#[cfg(feature = "conformance")]
pub mod conformance;

pub use catalogs::CatalogRow;
pub use commit::{
    AccountCommit, Commit, CommitReceipt, Ending, MAX_BODY_BYTES, MAX_COMMIT_BYTES, MAX_COMMIT_ROWS,
    MAX_NAME_BYTES,
};
pub use directory::{
    DirectoryChange, LinkRow, MAX_USERS_PER_BATCH, Membership, MembershipStatus, SessionRow, TokenHash,
    UserRow,
};
pub use entity::{AccountRow, EntityChange, EntityRow, EntityRows, TakeEntities};
pub use error::{StoreError, Unavailable};
pub use event::{
    AlsoTarget, CommitPlace, EventPage, EventPosition, EventQuery, EventRange, EventRow, EventText,
    EventTexts, MAX_ALSO, MAX_PAGE_ROWS, MAX_SEARCHED_EVENTS, MAX_TEXT_BYTES, MAX_TEXT_USERS, StoredEvent,
    TakeEvents,
};
pub use idempotency::IdempotencyRecord;
pub use operations::StoreFacts;
pub use outbox::{OutboxCounts, OutboxEntry, OutboxId, OutboxMessage};
pub use sqlite::{DATABASE_FILE, LOCK_FILE, OpenError, SqliteOptions, SqliteStore};
pub use store::Store;
pub use usage::{DueAccount, MAX_USES_PER_BATCH, UseRow};
