//! Entities: the rows that are an account's state.

use std::borrow::Cow;
use std::sync::Arc;

use bailiwick_core::ids::Revision;
use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::StoreError;

/// How many rows one batch of a loading account has.
pub const BATCH_ROWS: usize = 1_000;

/// One entity that a commit writes or removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityChange {
    /// The kind of entity, such as `member`.
    pub kind: Cow<'static, str>,
    /// The id within its kind and account.
    pub id: String,
    /// The new body as JSON; `None` removes the entity, which need not exist.
    pub body: Option<String>,
}

/// One entity as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityRow {
    /// The kind of entity; neighbours share the text.
    pub kind: Arc<str>,
    /// The id within its kind and account.
    pub id: String,
    /// The account's revision that wrote it last.
    pub revision: Revision,
    /// The JSON body, as it was given.
    pub body: String,
}

/// An account that is being loaded: its revision, and its entities while they are read.
///
/// All rows come from one snapshot, the one in which the account has `revision`. They arrive in order of kind and id,
/// in batches of at most [`BATCH_ROWS`], so that the receiver parses one batch while the next is read. A dropped
/// receiver ends the reading.
#[derive(Debug)]
pub struct AccountRows {
    /// The account's revision.
    pub revision: Revision,
    /// When the account was created.
    pub created_at: Timestamp,
    /// The entities. The channel closes after the last batch; an error is the last thing sent.
    pub rows: mpsc::Receiver<Result<Vec<EntityRow>, StoreError>>,
}
