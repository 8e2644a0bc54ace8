//! [`Store`] on SQLite: each method names its query and how its rows are read.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bailiwick_core::ids::{AccountId, KeyId, Revision, UserId};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use tokio::sync::oneshot;

use super::apply::CommitJob;
use super::bind::{self, execute, first, hash, limit, micros, parsed, rows, text, time};
use super::readers::ReadKind;
use super::{
    SqliteStore, backup, directory, events, facts, integrity, join, load, open, outbox, readers, spawn,
    stopped, usage,
};
use crate::sql::{
    accounts, catalogs, containing, directory as memberships, idempotency, outbox as messages, sessions,
    users,
};
use crate::{
    AccountRow, CatalogRow, Commit, CommitPlace, CommitReceipt, DueAccount, EventPage, EventPosition,
    EventQuery, EventRange, IdempotencyRecord, LinkRow, MAX_BODY_BYTES, MAX_PAGE_ROWS, MAX_TEXT_BYTES,
    MAX_USERS_PER_BATCH, MAX_USES_PER_BATCH, Membership, OutboxCounts, OutboxEntry, OutboxId, SessionRow,
    Store, StoreError, StoreFacts, StoredEvent, TakeEntities, TakeEvents, TokenHash, UseRow, UserRow,
};

/// The most sessions of a user that are listed.
const MAX_SESSIONS: usize = 1_000;
/// The most bytes that are kept of why a delivery failed.
const MAX_FAILURE_BYTES: usize = 1_000;

#[async_trait]
impl Store for SqliteStore {
    fn commit(&self, commit: Commit) -> CommitReceipt {
        let queued = self.check_writable().and_then(|()| commit.check_limits()).and_then(|()| {
            let (job, answer) = CommitJob::new(commit);
            self.queue.push(Box::new(job)).map(|()| answer)
        });
        queued.map_or_else(CommitReceipt::refused, CommitReceipt::awaiting)
    }

    async fn ready(&self) {
        self.queue.ready().await;
    }

    async fn read_entities(
        &self,
        account_id: AccountId,
        kinds: Range<&'static str>,
        take: TakeEntities,
    ) -> Result<Option<AccountRow>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = move |db: &Connection| {
            let read = load::load(db, account_id, kinds, take, &reply);
            // Whoever asked may have gone away.
            let _ = reply.send(read);
        };
        self.reads.push(ReadKind::Load, Box::new(job))?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    async fn account_ids(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, StoreError> {
        check_page(limit)?;
        let after = bind::text_of(after).unwrap_or_default();
        let values = move |db: &Connection| {
            rows(db, &accounts::ACCOUNT_IDS, params![after, bind::limit(limit)], |row| parsed(row, 0))
        };
        self.reads.read(values).await
    }

    async fn accounts_of(&self, user_id: UserId) -> Result<Vec<Membership>, StoreError> {
        let user_id = user_id.to_string();
        let read =
            move |db: &Connection| rows(db, &memberships::ACCOUNTS_OF_USER, [user_id], directory::membership);
        self.reads.read(read).await
    }

    async fn events(&self, query: EventQuery) -> Result<EventPage, StoreError> {
        query.check_limits()?;
        let kind = if query.text.is_some() { ReadKind::Search } else { ReadKind::Short };
        self.reads.read_as(kind, move |db| events::matching(db, &query)).await
    }

    async fn events_after(
        &self,
        account_id: AccountId,
        after: Option<EventPosition>,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        check_page(limit)?;
        self.reads.read(move |db| events::after(db, account_id, after, limit)).await
    }

    async fn read_events(&self, range: EventRange, take: TakeEvents) -> Result<(), StoreError> {
        self.reads.read_as(ReadKind::Load, move |db| events::read(db, range, take)).await
    }

    async fn last_commit(
        &self,
        account_id: AccountId,
        at: Timestamp,
    ) -> Result<Option<CommitPlace>, StoreError> {
        self.reads.read(move |db| events::last_commit(db, account_id, at)).await
    }

    async fn commit_at(
        &self,
        account_id: AccountId,
        revision: Revision,
    ) -> Result<Option<CommitPlace>, StoreError> {
        self.reads.read(move |db| events::commit_at(db, account_id, revision)).await
    }

    async fn idempotency(&self, scope: &str, key: &str) -> Result<Option<IdempotencyRecord>, StoreError> {
        let (scope, key) = (scope.to_owned(), key.to_owned());
        let read = move |db: &Connection| {
            first(db, &idempotency::RECORDED_ANSWER, [&scope, &key], |row| {
                let revision: Option<i64> = row.get(1)?;
                Ok(IdempotencyRecord {
                    scope: scope.clone(),
                    key: key.clone(),
                    fingerprint: hash(row, 0)?,
                    revision: revision.map(|revision| Revision(revision.cast_unsigned())),
                    answer: text(row, 2)?.to_owned(),
                    created_at: time(row, 3)?,
                })
            })
        };
        self.reads.read(read).await
    }

    async fn prune_idempotency(&self, before: Timestamp, rows: usize) -> Result<usize, StoreError> {
        let values = (micros(before), limit(rows));
        self.write(move |db| execute(db, &idempotency::PRUNE_ANSWERS, values)).await
    }

    async fn prune_expired(&self, now: Timestamp, rows: usize) -> Result<usize, StoreError> {
        let values = (micros(now), limit(rows));
        self.write(move |db| {
            let ended = execute(db, &sessions::PRUNE_SESSIONS, values)?;
            Ok(ended + execute(db, &sessions::PRUNE_LINKS, values)?)
        })
        .await
    }

    async fn user(&self, user_id: UserId) -> Result<Option<UserRow>, StoreError> {
        let user_id = user_id.to_string();
        self.reads.read(move |db| first(db, &users::USER, [user_id], directory::user)).await
    }

    async fn users(&self, user_ids: &[UserId]) -> Result<Vec<UserRow>, StoreError> {
        check("the number of users", user_ids.len(), MAX_USERS_PER_BATCH)?;
        let user_ids = user_ids.to_vec();
        self.reads.read(move |db| directory::users_by_id(db, user_ids)).await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<UserRow>, StoreError> {
        let email = email.to_owned();
        self.reads.read(move |db| first(db, &users::USER_BY_EMAIL, [email], directory::user)).await
    }

    async fn users_matching(
        &self,
        account_id: AccountId,
        text: &str,
        limit: usize,
    ) -> Result<Vec<UserRow>, StoreError> {
        check_page(limit)?;
        check("the number of bytes of a filter", text.len(), MAX_TEXT_BYTES)?;
        let account_id = account_id.to_string();
        let pattern = containing(&text.to_lowercase());
        let read = move |db: &Connection| {
            let values = params![account_id, pattern, bind::limit(limit)];
            rows(db, &users::USERS_MATCHING, values, directory::user)
        };
        self.reads.read(read).await
    }

    async fn any_user_exists(&self) -> Result<bool, StoreError> {
        self.reads.read(|db| Ok(first(db, &users::ANY_USER, [], |_| Ok(()))?.is_some())).await
    }

    async fn session(&self, token_hash: TokenHash) -> Result<Option<SessionRow>, StoreError> {
        self.reads
            .read(move |db| first(db, &sessions::SESSION, params![token_hash.0], directory::session))
            .await
    }

    async fn sessions_of(&self, user_id: UserId) -> Result<Vec<SessionRow>, StoreError> {
        let user_id = user_id.to_string();
        let read = move |db: &Connection| {
            let values = params![user_id, limit(MAX_SESSIONS)];
            rows(db, &sessions::SESSIONS_OF_USER, values, directory::session)
        };
        self.reads.read(read).await
    }

    async fn link(&self, token_hash: TokenHash) -> Result<Option<LinkRow>, StoreError> {
        self.reads.read(move |db| first(db, &sessions::LINK, params![token_hash.0], directory::link)).await
    }

    async fn key_account(&self, key_id: KeyId) -> Result<Option<AccountId>, StoreError> {
        let key_id = key_id.to_string();
        self.reads.read(move |db| first(db, &memberships::KEY_ACCOUNT, [key_id], |row| parsed(row, 0))).await
    }

    async fn record_uses(&self, uses: Vec<UseRow>) -> Result<(), StoreError> {
        check("the number of uses", uses.len(), MAX_USES_PER_BATCH)?;
        self.write(move |db| usage::record(db, &uses)).await
    }

    async fn uses_of(&self, account_id: AccountId, holders: &[String]) -> Result<Vec<UseRow>, StoreError> {
        check("the number of holders", holders.len(), MAX_USES_PER_BATCH)?;
        let holders = holders.to_vec();
        self.reads.read(move |db| usage::of_holders(db, account_id, &holders)).await
    }

    async fn due_accounts(
        &self,
        at: Timestamp,
        after: Option<DueAccount>,
        limit: usize,
    ) -> Result<Vec<DueAccount>, StoreError> {
        check_page(limit)?;
        self.reads.read(move |db| usage::due(db, at, after, limit)).await
    }

    async fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let key = key.to_owned();
        self.reads
            .read(move |db| first(db, &memberships::META, [key], |row| Ok(text(row, 0)?.to_owned())))
            .await
    }

    async fn record_catalog(&self, catalog: CatalogRow) -> Result<(), StoreError> {
        check("the number of bytes of a body", catalog.body.len(), MAX_BODY_BYTES)?;
        let CatalogRow { since, name, hash, body } = catalog;
        self.write(move |db| {
            execute(db, &catalogs::RECORD_CATALOG, params![micros(since), name, hash, body]).map(drop)
        })
        .await
    }

    async fn catalog_in_force(&self, at: Timestamp) -> Result<Option<CatalogRow>, StoreError> {
        let read = move |row: &Row<'_>| {
            let text = |column| text(row, column).map(str::to_owned);
            Ok(CatalogRow { since: time(row, 0)?, name: text(1)?, hash: text(2)?, body: text(3)? })
        };
        self.reads.read(move |db| first(db, &catalogs::CATALOG_IN_FORCE, [micros(at)], read)).await
    }

    async fn claim_outbox(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        check_page(limit)?;
        // A lease beyond the end of time lasts until then.
        let lease_until = now.checked_add(lease).unwrap_or(Timestamp::MAX);
        self.write(move |db| outbox::claim(db, now, lease_until, limit)).await
    }

    async fn outbox_done(&self, outbox_id: OutboxId) -> Result<(), StoreError> {
        self.write(move |db| execute(db, &messages::REMOVE_MESSAGE, [outbox_id.0]).map(drop)).await
    }

    async fn outbox_failed(
        &self,
        outbox_id: OutboxId,
        error: &str,
        next_attempt_at: Timestamp,
    ) -> Result<(), StoreError> {
        let error = reason(error);
        self.write(move |db| {
            let values = params![outbox_id.0, error, micros(next_attempt_at)];
            execute(db, &messages::FAIL_MESSAGE, values).map(drop)
        })
        .await
    }

    async fn outbox_given_up(&self, outbox_id: OutboxId, error: &str, body: &str) -> Result<(), StoreError> {
        check("the number of bytes of a body", body.len(), MAX_BODY_BYTES)?;
        let (error, body) = (reason(error), body.to_owned());
        self.write(move |db| {
            execute(db, &messages::GIVE_MESSAGE_UP, params![outbox_id.0, error, body]).map(drop)
        })
        .await
    }

    async fn prune_outbox(&self, before: Timestamp, rows: usize) -> Result<usize, StoreError> {
        let values = (micros(before), limit(rows));
        self.write(move |db| execute(db, &messages::PRUNE_MESSAGES, values)).await
    }

    async fn outbox_of_account(
        &self,
        account_id: AccountId,
        limit: usize,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        check_page(limit)?;
        let account_id = account_id.to_string();
        let read = move |db: &Connection| {
            let values = params![account_id, bind::limit(limit)];
            rows(db, &messages::MESSAGES_OF_ACCOUNT, values, outbox::entry)
        };
        self.reads.read(read).await
    }

    async fn outbox_counts(&self) -> Result<OutboxCounts, StoreError> {
        self.reads.read(outbox::counts).await
    }

    async fn backup_to(&self, path: &Path) -> Result<(), StoreError> {
        let target = path.to_owned();
        self.apart("store-backup", move |database| backup::copy(database, &target)).await
    }

    async fn check_integrity(&self) -> Result<Vec<String>, StoreError> {
        let check = |path: &Path| readers::in_snapshot(&open::reader(path)?, integrity::check);
        self.apart("store-check", check).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.reads.read(|db| Ok(db.query_row("select 1", [], |_| Ok(()))?)).await?;
        if self.is_writable { self.write(|_| Ok(())).await } else { Ok(()) }
    }

    async fn facts(&self) -> Result<StoreFacts, StoreError> {
        let path = self.path.clone();
        let facts = self.reads.read(move |db| facts::collect(db, &path)).await?;
        Ok(StoreFacts { queued_commits: self.queue.len() as u64, ..facts })
    }

    async fn close(&self) {
        self.reads.close();
        self.queue.close();
        let (reply, joined) = oneshot::channel();
        let (reads, writer) = (Arc::clone(&self.reads), Arc::clone(&self.writer));
        let waiting = spawn("store-closer", move || {
            reads.wait_until_left();
            join(&writer);
            let _ = reply.send(());
        });
        if waiting.is_ok() {
            let _ = joined.await;
        }
    }
}

/// Why a delivery failed, as long as it is kept.
fn reason(error: &str) -> String {
    error.get(..error.floor_char_boundary(MAX_FAILURE_BYTES)).unwrap_or_default().to_owned()
}

/// Checks the size of a page of a list.
fn check_page(rows: usize) -> Result<(), StoreError> {
    check("the number of rows of a page", rows, MAX_PAGE_ROWS)
}

fn check(what: &'static str, found: usize, limit: usize) -> Result<(), StoreError> {
    if found > limit { Err(StoreError::TooLarge { what, limit }) } else { Ok(()) }
}
