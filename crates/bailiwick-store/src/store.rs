//! The trait that every database behind Bailiwick implements.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use bailiwick_core::ids::{AccountId, KeyId, Revision, UserId};
use jiff::Timestamp;

use crate::{
    AccountRow, CatalogRow, Commit, CommitPlace, CommitReceipt, DueAccount, EventPage, EventPosition,
    EventQuery, EventRange, IdempotencyRecord, LinkRow, Membership, OutboxCounts, OutboxEntry, OutboxId,
    SessionRow, StoreError, StoreFacts, StoredEvent, TakeEntities, TakeEvents, TokenHash, UseRow, UserRow,
};

/// Keeps accounts, their record, the directory and the outbox.
///
/// Everything read after a receipt resolved shows what was committed. Every method may answer
/// [`StoreError::Unavailable`] or [`StoreError::Internal`]; other errors are named where they occur.
#[async_trait]
pub trait Store: Send + Sync {
    /// Writes a commit whole, or refuses it whole.
    ///
    /// The commit stands in the queue when this returns, before the receipt is first polled: callers that hold a lock
    /// on an account get their commits written in the order of their calls. A commit that follows a refused one of the
    /// same account is refused by its revision too. The receipt resolves when the commit is durable.
    ///
    /// # Errors
    /// Through the receipt: [`StoreError::Conflict`], [`StoreError::LinkUsed`], [`StoreError::EmailTaken`],
    /// [`StoreError::IdempotencyKeyUsed`], [`StoreError::PasswordChanged`], [`StoreError::Missing`],
    /// [`StoreError::TooLarge`], and [`Busy`](crate::Unavailable::Busy) when the queue is full, which callers of [`ready`](Self::ready) do not see.
    fn commit(&self, commit: Commit) -> CommitReceipt;

    /// Waits until the queue of commits has room. Call it before a lock is taken, so that waiting holds up nobody.
    async fn ready(&self);

    /// Has the entities taken whose kind is in a range, compared byte by byte, and answers with the account of the same
    /// snapshot; `None`, with nothing taken, when it does not exist or was deleted.
    ///
    /// Who reads a large account in parts, several at the same time, compares the revisions that they were read at.
    async fn read_entities(
        &self,
        account_id: AccountId,
        kinds: Range<&'static str>,
        take: TakeEntities,
    ) -> Result<Option<AccountRow>, StoreError>;

    /// Accounts that are not deleted, in order of id, after the given one. At most `limit`.
    async fn account_ids(&self, after: Option<AccountId>, limit: usize)
    -> Result<Vec<AccountId>, StoreError>;

    /// The accounts a user is in, in order of id.
    async fn accounts_of(&self, user_id: UserId) -> Result<Vec<Membership>, StoreError>;

    /// The events that a query asks for, in its order; those of a deleted account too. Searches for a text wait for each
    /// other, never other reads for all of them.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] when a filter is over its limit.
    async fn events(&self, query: EventQuery) -> Result<EventPage, StoreError>;

    /// The next events in revision order, for replay: pass the last position of a page to get the next one.
    async fn events_after(
        &self,
        account_id: AccountId,
        after: Option<EventPosition>,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError>;

    /// Has the events of a range of revisions taken, for going back or forth in a history.
    async fn read_events(&self, range: EventRange, take: TakeEvents) -> Result<(), StoreError>;

    /// The last commit at or before a time; `None` when the account had none.
    async fn last_commit(
        &self,
        account_id: AccountId,
        at: Timestamp,
    ) -> Result<Option<CommitPlace>, StoreError>;

    /// The commit that made a revision; `None` when there is none.
    async fn commit_at(
        &self,
        account_id: AccountId,
        revision: Revision,
    ) -> Result<Option<CommitPlace>, StoreError>;

    /// The answer recorded under an idempotency key.
    async fn idempotency(&self, scope: &str, key: &str) -> Result<Option<IdempotencyRecord>, StoreError>;

    /// Removes idempotency records made before a time, at most `limit`; answers how many.
    async fn prune_idempotency(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError>;

    /// Removes sessions and links that have expired, at most `limit` of each; answers how many.
    async fn prune_expired(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError>;

    /// A user by id.
    async fn user(&self, user_id: UserId) -> Result<Option<UserRow>, StoreError>;

    /// The users among the given ids, in order of id, without repetition. At most
    /// [`MAX_USERS_PER_BATCH`](crate::MAX_USERS_PER_BATCH) ids.
    async fn users(&self, user_ids: &[UserId]) -> Result<Vec<UserRow>, StoreError>;

    /// A user by normalised email.
    async fn user_by_email(&self, email: &str) -> Result<Option<UserRow>, StoreError>;

    /// Users in an account whose email has the text in it, or whose name has and who are not pending, in order of id. Letters
    /// match in either case; nothing is a wildcard.
    async fn users_matching(
        &self,
        account_id: AccountId,
        text: &str,
        limit: usize,
    ) -> Result<Vec<UserRow>, StoreError>;

    /// Whether there is any user at all: a platform without one still has to be set up.
    async fn any_user_exists(&self) -> Result<bool, StoreError>;

    /// A session by its hash, expired or not.
    async fn session(&self, token_hash: TokenHash) -> Result<Option<SessionRow>, StoreError>;

    /// A user's sessions, the newest first, expired or not. At most 1,000.
    async fn sessions_of(&self, user_id: UserId) -> Result<Vec<SessionRow>, StoreError>;

    /// A link by its hash, expired or not. A used one is gone.
    async fn link(&self, token_hash: TokenHash) -> Result<Option<LinkRow>, StoreError>;

    /// The account of a management key.
    async fn key_account(&self, key_id: KeyId) -> Result<Option<AccountId>, StoreError>;

    /// Records that permissions and keys were made use of, unless a later day is recorded; at most
    /// [`MAX_USES_PER_BATCH`](crate::MAX_USES_PER_BATCH).
    async fn record_uses(&self, uses: Vec<UseRow>) -> Result<(), StoreError>;

    /// The last uses of holders in an account, by holder as they are named and by permission; at most
    /// [`MAX_USES_PER_BATCH`](crate::MAX_USES_PER_BATCH) holders.
    async fn uses_of(&self, account_id: AccountId, holders: &[String]) -> Result<Vec<UseRow>, StoreError>;

    /// Accounts that have something to record by itself at a time, the longest due first, behind one of them.
    async fn due_accounts(
        &self,
        at: Timestamp,
        after: Option<DueAccount>,
        limit: usize,
    ) -> Result<Vec<DueAccount>, StoreError>;

    /// A platform fact.
    async fn meta(&self, key: &str) -> Result<Option<String>, StoreError>;

    /// Writes down that a catalog is in force from a moment on.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] for a body over [`MAX_BODY_BYTES`](crate::MAX_BODY_BYTES).
    async fn record_catalog(&self, catalog: CatalogRow) -> Result<(), StoreError>;

    /// The catalog that was in force at a moment; `None` before the first one.
    async fn catalog_in_force(&self, at: Timestamp) -> Result<Option<CatalogRow>, StoreError>;

    /// Takes messages that are due, the longest due first, for the time of the lease; when that is over and the message was
    /// neither [done](Self::outbox_done) nor [failed](Self::outbox_failed), it is due again.
    async fn claim_outbox(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<OutboxEntry>, StoreError>;

    /// Removes a delivered message.
    async fn outbox_done(&self, outbox_id: OutboxId) -> Result<(), StoreError>;

    /// Records why an attempt failed and when the next is due.
    async fn outbox_failed(
        &self,
        outbox_id: OutboxId,
        error: &str,
        next_attempt_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Records why the last attempt failed and gives the message up. It stays to be seen, with this body in place of its
    /// own: what nobody sends any more must not keep its secrets.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] for a body over [`MAX_BODY_BYTES`](crate::MAX_BODY_BYTES).
    async fn outbox_given_up(&self, outbox_id: OutboxId, error: &str, body: &str) -> Result<(), StoreError>;

    /// Removes messages that were given up and asked for before a time, at most `limit`; answers how many.
    async fn prune_outbox(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError>;

    /// An account's messages that wait or were given up, the newest first.
    async fn outbox_of_account(
        &self,
        account_id: AccountId,
        limit: usize,
    ) -> Result<Vec<OutboxEntry>, StoreError>;

    /// How many messages wait, fail and were given up.
    async fn outbox_counts(&self) -> Result<OutboxCounts, StoreError>;

    /// Writes a copy of the whole database as of one moment to a new file while the store goes on serving.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the file is there already, [`StoreError::Internal`] when the copy does not pass its check.
    async fn backup_to(&self, path: &Path) -> Result<(), StoreError>;

    /// Looks for damage: of the file, of references, and of accounts whose events do not lead up to their revision
    /// without a gap. Answers with one sentence for each finding; none means sound.
    async fn check_integrity(&self) -> Result<Vec<String>, StoreError>;

    /// Answers when both reading and the writer respond.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Facts about the database for the people who run it.
    async fn facts(&self) -> Result<StoreFacts, StoreError>;

    /// Writes what is queued, then stops; later calls answer [`Closed`](crate::Unavailable::Closed).
    async fn close(&self);
}
