//! A commit: everything that one decision changes, written together or not at all.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bailiwick_core::ids::{AccountId, Revision};
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::{
    DirectoryChange, EntityChange, EventRow, IdempotencyRecord, OutboxMessage, StoreError, Unavailable,
};

/// The most bytes of one body: an entity, an event, an outbox message or a recorded answer.
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// The most bytes of any other text: an id, a kind, a key, an email, a name, a password's hash.
pub const MAX_NAME_BYTES: usize = 1_024;
/// The most bytes of all bodies of one commit.
pub const MAX_COMMIT_BYTES: usize = 32 << 20;
/// The most rows of each kind (changes, events, messages, directory changes) in one commit.
pub const MAX_COMMIT_ROWS: usize = 50_000;

/// Everything that one decision changes.
///
/// It is applied in the order of its fields; the first refusal is the answer. The directory may refer to the account that the same
/// commit creates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// The answer to record under the caller's idempotency key.
    pub idempotency: Option<IdempotencyRecord>,
    /// The change of one account; `None` when only the directory, the outbox or both change.
    pub account: Option<AccountCommit>,
    /// Changes of users, memberships, sessions, links, keys and platform facts, applied in order.
    pub directory: Vec<DirectoryChange>,
    /// Messages to deliver once this is durable.
    pub outbox: Vec<OutboxMessage>,
}

/// The change of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCommit {
    /// The account.
    pub account_id: AccountId,
    /// The revision the decision was made at; 0 creates the account. The new one is `expected.next()`.
    pub expected: Revision,
    /// When it was decided.
    pub at: Timestamp,
    /// Entities written or removed, applied in order.
    pub changes: Vec<EntityChange>,
    /// What happened, in order; at least one, so that the record has no gaps.
    pub events: Vec<EventRow>,
    /// Whether this is the account's last commit.
    pub ending: Ending,
    /// When the account next has something to record by itself; `None` for nothing.
    pub next_deadline: Option<Timestamp>,
}

/// Whether an account goes on after a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ending {
    /// The account goes on.
    #[default]
    None,
    /// The account is deleted: its entity rows go, its events stay, and every later commit is a conflict.
    Deleted,
}

impl Commit {
    /// Checks the stated limits, so that one commit cannot fill the memory or hold up the others.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`], or [`StoreError::Internal`] for an account commit without an event.
    pub fn check_limits(&self) -> Result<(), StoreError> {
        if let Some(account) = &self.account {
            if account.events.is_empty() {
                return Err(StoreError::internal("an account commit needs at least one event"));
            }
            check("the number of entity changes", account.changes.len(), MAX_COMMIT_ROWS)?;
            check("the number of events", account.events.len(), MAX_COMMIT_ROWS)?;
        }
        check("the number of directory changes", self.directory.len(), MAX_COMMIT_ROWS)?;
        check("the number of outbox messages", self.outbox.len(), MAX_COMMIT_ROWS)?;
        let longest = self.names().map(str::len).max().unwrap_or(0);
        check("the number of bytes of an id, a kind, a key or a name", longest, MAX_NAME_BYTES)?;
        let largest = self.bodies().map(str::len).max().unwrap_or(0);
        check("the number of bytes of a body", largest, MAX_BODY_BYTES)?;
        check("the number of bytes of a commit", self.body_bytes(), MAX_COMMIT_BYTES)
    }

    /// The bytes of all bodies: what a transaction's size is judged by.
    pub fn body_bytes(&self) -> usize {
        self.bodies().map(str::len).sum()
    }

    fn bodies(&self) -> impl Iterator<Item = &str> {
        let changes =
            self.account.iter().flat_map(|account| account.changes.iter().filter_map(|c| c.body.as_deref()));
        let events = self.account.iter().flat_map(|account| account.events.iter().map(|e| e.body.as_str()));
        let messages = self.outbox.iter().map(|message| message.body.as_str());
        let answers = self.idempotency.iter().map(|record| record.answer.as_str());
        let facts = self.directory.iter().filter_map(DirectoryChange::body);
        changes.chain(events).chain(messages).chain(answers).chain(facts)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let changes = self.account.iter().flat_map(|account| &account.changes);
        let changes = changes.flat_map(|change| [&*change.kind, &*change.id]);
        let events = self.account.iter().flat_map(|account| &account.events).flat_map(EventRow::names);
        let messages = self.outbox.iter().map(|message| &*message.kind);
        let keys = self.idempotency.iter().flat_map(|record| [&*record.scope, &*record.key]);
        changes
            .chain(events)
            .chain(messages)
            .chain(keys)
            .chain(self.directory.iter().flat_map(DirectoryChange::names))
    }
}

fn check(what: &'static str, found: usize, limit: usize) -> Result<(), StoreError> {
    if found > limit { Err(StoreError::TooLarge { what, limit }) } else { Ok(()) }
}

/// The answer to a commit that already stands in the queue.
///
/// Resolves once the commit is durable or refused. Dropping it does not take the commit back.
#[derive(Debug)]
#[must_use = "a commit may be refused"]
pub struct CommitReceipt(Answer);

#[derive(Debug)]
enum Answer {
    Known(Option<StoreError>),
    Awaited(oneshot::Receiver<Result<(), StoreError>>),
}

impl CommitReceipt {
    /// A receipt for a commit that was refused before it was queued.
    pub fn refused(error: StoreError) -> Self {
        Self(Answer::Known(Some(error)))
    }

    /// A receipt that resolves with what is sent; a dropped sender means that the store has stopped.
    pub fn awaiting(answer: oneshot::Receiver<Result<(), StoreError>>) -> Self {
        Self(Answer::Awaited(answer))
    }
}

impl Future for CommitReceipt {
    type Output = Result<(), StoreError>;

    fn poll(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Answer::Known(error) => Poll::Ready(error.take().map_or(Ok(()), Err)),
            Answer::Awaited(answer) => Pin::new(answer).poll(ctx).map(|received| {
                received.unwrap_or_else(|_| {
                    Err(StoreError::unavailable(Unavailable::Closed, "the writer has stopped"))
                })
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: usize) -> OutboxMessage {
        OutboxMessage {
            account_id: None,
            kind: "mail".to_owned(),
            body: "x".repeat(bytes),
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_body_at_the_limit_passes_and_one_byte_more_does_not() {
        let at_limit = Commit { outbox: vec![message(MAX_BODY_BYTES)], ..Commit::default() };
        assert_eq!(at_limit.check_limits(), Ok(()));
        let over = Commit { outbox: vec![message(MAX_BODY_BYTES + 1)], ..Commit::default() };
        assert_eq!(
            over.check_limits(),
            Err(StoreError::TooLarge { what: "the number of bytes of a body", limit: MAX_BODY_BYTES })
        );
    }

    #[test]
    fn every_text_of_the_directory_has_a_limit() {
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        let user_id = bailiwick_core::ids::Id::from_uuid(uuid::Uuid::nil());
        for change in [
            DirectoryChange::UpdateUserName { user_id, name: long.clone() },
            DirectoryChange::SetPassword { user_id, hash: Some(long.clone()) },
            DirectoryChange::EndLinksOfUser { user_id, purpose: long.clone().into() },
            DirectoryChange::SetMeta { key: long.clone().into(), value: None },
            DirectoryChange::SetMeta { key: "key".into(), value: Some("x".repeat(MAX_BODY_BYTES + 1)) },
        ] {
            let commit = Commit { directory: vec![change.clone()], ..Commit::default() };
            assert!(matches!(commit.check_limits(), Err(StoreError::TooLarge { .. })), "{change:?}");
        }
        let fits = DirectoryChange::UpdateUserName { user_id, name: "x".repeat(MAX_NAME_BYTES) };
        assert_eq!(Commit { directory: vec![fits], ..Commit::default() }.check_limits(), Ok(()));
    }

    #[test]
    fn bodies_add_up_to_the_commit() {
        let over = Commit { outbox: vec![message(MAX_BODY_BYTES); 33], ..Commit::default() };
        assert_eq!(
            over.check_limits(),
            Err(StoreError::TooLarge { what: "the number of bytes of a commit", limit: MAX_COMMIT_BYTES })
        );
    }
}
