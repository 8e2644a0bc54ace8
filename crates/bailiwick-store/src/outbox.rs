//! The outbox: messages that must be delivered because something was committed.

use bailiwick_core::ids::AccountId;
use jiff::Timestamp;

/// The number of a message in the outbox. Numbers are not used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutboxId(pub i64);

/// A message to deliver.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboxMessage {
    /// The account it is about.
    pub account_id: Option<AccountId>,
    /// The kind of message, such as `mail`.
    pub kind: String,
    /// The message in its deliverer's own form; it may hold a secret link, so it is deleted once delivered.
    pub body: String,
    /// When it was asked for; the first attempt is due at once.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for OutboxMessage {
    /// Leaves out the body, which may hold a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutboxMessage")
            .field("account_id", &self.account_id)
            .field("kind", &self.kind)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

/// A message that waits or was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Its number.
    pub outbox_id: OutboxId,
    /// The message.
    pub message: OutboxMessage,
    /// How often it was claimed for delivery, this time included.
    pub attempts: u32,
    /// When it is due again; `None` when it was given up.
    pub next_attempt_at: Option<Timestamp>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// How many messages the outbox holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxCounts {
    /// Messages that wait for their first attempt or the next one.
    pub waiting: u64,
    /// Messages that wait after at least one failed attempt; they are part of `waiting`.
    pub failing: u64,
    /// Messages that were given up and stay to be seen.
    pub given_up: u64,
    /// When the oldest waiting message was asked for.
    pub oldest_waiting_at: Option<Timestamp>,
}
