//! Entities: the rows that are an account's state.

use std::borrow::Cow;

use bailiwick_core::ids::Revision;
use jiff::Timestamp;

use crate::StoreError;

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

/// The entities of an account while they are read, in order of kind and id, all from one snapshot.
pub trait EntityRows {
    /// The next entity; `None` after the last.
    ///
    /// # Errors
    /// What the database answers, and [`Closed`](crate::Unavailable::Closed) when nobody waits for the entities any more.
    fn next(&mut self) -> Result<Option<EntityRow<'_>>, StoreError>;
}

/// Takes the entities of an account as they are read, on a thread of the store, so that none of their texts is copied. What
/// it makes of them leaves it by a channel of its own. An error of the rows is passed on.
pub type TakeEntities = Box<dyn FnOnce(&mut dyn EntityRows) -> Result<(), StoreError> + Send>;

/// What is known of an account besides its entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountRow {
    /// The account's revision.
    pub revision: Revision,
    /// When the account was created.
    pub created_at: Timestamp,
}
