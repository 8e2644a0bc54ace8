//! Entities: the rows that are an account's state.

use std::borrow::Cow;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntityRow<'a> {
    /// The kind of entity.
    pub kind: &'a str,
    /// The id within its kind and account.
    pub id: &'a str,
    /// The account's revision that wrote it last.
    pub revision: Revision,
    /// The JSON body, as it was given.
    pub body: &'a str,
}

/// Entities one after the other. Their texts stand in one stretch of memory, since allocating each of them would cost
/// loading more than reading does.
#[derive(Debug, Default)]
pub struct EntityBatch {
    text: String,
    rows: Vec<RowEnds>,
}

/// Where the texts of a row end: each starts where the one before it ends.
#[derive(Debug)]
struct RowEnds {
    kind: usize,
    id: usize,
    body: usize,
    revision: Revision,
}

impl EntityBatch {
    /// Adds a row at the end.
    pub fn push(&mut self, row: EntityRow<'_>) {
        let mut end = |text: &str| {
            self.text.push_str(text);
            self.text.len()
        };
        let (kind, id, body) = (end(row.kind), end(row.id), end(row.body));
        self.rows.push(RowEnds { kind, id, body, revision: row.revision });
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows in their order.
    pub fn iter(&self) -> impl Iterator<Item = EntityRow<'_>> {
        let mut start = 0;
        let mut text = move |end: usize| {
            let text = self.text.get(start..end).unwrap_or_default();
            start = end;
            text
        };
        self.rows.iter().map(move |row| EntityRow {
            kind: text(row.kind),
            id: text(row.id),
            body: text(row.body),
            revision: row.revision,
        })
    }
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
    pub rows: mpsc::Receiver<Result<EntityBatch, StoreError>>,
}
