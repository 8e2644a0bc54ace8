//! What the laws start from: numbered ids and small commits.

use std::ops::Range;
use std::time::Duration;

use bailiwick_core::ids::{AccountId, Id, Revision, UserId};
use jiff::Timestamp;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    AccountCommit, AccountRow, Commit, DirectoryChange, Ending, EntityChange, EntityRow, EventRow, LinkRow,
    OutboxMessage, SessionRow, Store, TakeEntities, TokenHash,
};

/// The id with a number.
pub fn id<T: Id>(number: u128) -> T {
    T::from_uuid(Uuid::from_u128(number))
}

/// So many seconds after a moment in 2026, with microseconds that must survive.
pub fn time(seconds: u64) -> Timestamp {
    Timestamp::from_microsecond(1_790_000_000_123_456).unwrap() + Duration::from_secs(seconds)
}

/// The hash with a number.
pub fn token(number: u8) -> TokenHash {
    TokenHash([number; 32])
}

/// Writes an entity.
pub fn put(kind: &'static str, id: &str, body: &str) -> EntityChange {
    EntityChange { kind: kind.into(), id: id.to_owned(), body: Some(body.to_owned()) }
}

/// Removes an entity.
pub fn remove(kind: &'static str, id: &str) -> EntityChange {
    EntityChange { kind: kind.into(), id: id.to_owned(), body: None }
}

/// An event of a type, by nobody in particular.
pub fn event(event_type: &'static str) -> EventRow {
    EventRow {
        at: time(0),
        actor_kind: "user".into(),
        actor_id: None,
        event_type: event_type.into(),
        target_kind: None,
        target_id: None,
        request_id: None,
        source_ip: None,
        body: "{}".to_owned(),
    }
}

/// A commit of an account at the revision it was decided at.
pub fn commit(
    account_id: AccountId,
    expected: u64,
    changes: Vec<EntityChange>,
    events: Vec<EventRow>,
) -> Commit {
    let account = AccountCommit {
        account_id,
        expected: Revision(expected),
        at: time(expected),
        changes,
        events,
        ending: Ending::None,
        next_deadline: None,
    };
    Commit { account: Some(account), ..Commit::default() }
}

/// A commit with one event.
pub fn touch(account_id: AccountId, expected: u64) -> Commit {
    commit(account_id, expected, Vec::new(), vec![event("account.touched")])
}

/// A commit of the directory alone.
pub fn change(directory: Vec<DirectoryChange>) -> Commit {
    Commit { directory, ..Commit::default() }
}

/// Adds a user with an email.
pub fn create_user(number: u128, email: &str) -> DirectoryChange {
    DirectoryChange::CreateUser {
        user_id: id(number),
        email: email.to_owned(),
        name: String::new(),
        verified_at: None,
        created_at: time(0),
    }
}

/// A link for a user that ends when told.
pub fn link(number: u8, user_id: UserId, expires_at: Option<Timestamp>) -> LinkRow {
    LinkRow {
        token_hash: token(number),
        purpose: "invitation".into(),
        user_id,
        account_id: None,
        invitation_id: None,
        created_at: time(0),
        expires_at,
    }
}

/// A session of a user that begins and ends when told.
pub fn session(number: u8, user_id: UserId, created: u64, expires: u64) -> SessionRow {
    SessionRow {
        token_hash: token(number),
        user_id,
        account_id: None,
        created_at: time(created),
        seen_at: time(created),
        expires_at: time(expires),
        source_ip: None,
        user_agent: None,
    }
}

/// A message about an account.
pub fn message(account_id: Option<AccountId>, body: &str, seconds: u64) -> OutboxMessage {
    OutboxMessage { account_id, kind: "mail".to_owned(), body: body.to_owned(), created_at: time(seconds) }
}

/// One entity that a load gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// The kind of entity.
    pub kind: String,
    /// The id within its kind and account.
    pub id: String,
    /// The account's revision that wrote it last.
    pub revision: Revision,
    /// The JSON body.
    pub body: String,
}

impl From<EntityRow<'_>> for Entity {
    fn from(row: EntityRow<'_>) -> Self {
        Self {
            kind: row.kind.to_owned(),
            id: row.id.to_owned(),
            revision: row.revision,
            body: row.body.to_owned(),
        }
    }
}

/// All kinds of entities.
pub const ALL_KINDS: Range<&str> = ""..MAX_TEXT;
const MAX_TEXT: &str = "\u{10FFFF}";

/// All entities of an account and its revision; `None` when it does not exist.
pub async fn entities(store: &dyn Store, account_id: AccountId) -> Option<(Revision, Vec<Entity>)> {
    entities_of(store, account_id, ALL_KINDS).await.map(|(account, rows)| (account.revision, rows))
}

/// The entities of some kinds, and the account.
pub async fn entities_of(
    store: &dyn Store,
    account_id: AccountId,
    kinds: Range<&'static str>,
) -> Option<(AccountRow, Vec<Entity>)> {
    let (sender, taken) = oneshot::channel();
    let take: TakeEntities = Box::new(move |rows| {
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(Entity::from(row));
        }
        let _ = sender.send(all);
        Ok(())
    });
    let account = store.read_entities(account_id, kinds, take).await.unwrap()?;
    Some((account, taken.await.unwrap()))
}
