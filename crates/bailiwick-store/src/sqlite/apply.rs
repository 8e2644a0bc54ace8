//! Writes one commit within a savepoint.

use rusqlite::{Connection, params};
use tokio::sync::oneshot;

use super::bind::{execute, first, micros, text_of};
use super::directory;
use super::queue::Job;
use crate::sql::{accounts, events, idempotency, outbox, usage};
use crate::{
    AccountCommit, Commit, Ending, EntityChange, EventRow, IdempotencyRecord, OutboxMessage, StoreError,
};

/// A commit in the queue.
pub struct CommitJob {
    commit: Commit,
    bytes: usize,
    reply: oneshot::Sender<Result<(), StoreError>>,
}

impl CommitJob {
    /// A job for the commit and where its answer arrives.
    pub fn new(commit: Commit) -> (Self, oneshot::Receiver<Result<(), StoreError>>) {
        let (reply, answer) = oneshot::channel();
        let bytes = commit.body_bytes();
        (Self { commit, bytes, reply }, answer)
    }
}

impl Job for CommitJob {
    fn bytes(&self) -> usize {
        self.bytes
    }

    /// What can be refused of a commit without directory changes is looked at before its first write.
    fn needs_savepoint(&self) -> bool {
        !self.commit.directory.is_empty()
    }

    fn apply(&mut self, db: &Connection) -> Result<(), StoreError> {
        if let Some(record) = &self.commit.idempotency {
            check_unanswered(db, record)?;
        }
        if let Some(account) = &self.commit.account {
            apply_account(db, account)?;
        }
        if let Some(record) = &self.commit.idempotency {
            record_answer(db, record)?;
        }
        for change in &self.commit.directory {
            directory::apply(db, change)?;
        }
        self.commit.outbox.iter().try_for_each(|message| add_message(db, message))
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        // A caller that went away does not want the answer.
        let _ = self.reply.send(outcome);
    }
}

fn check_unanswered(db: &Connection, record: &IdempotencyRecord) -> Result<(), StoreError> {
    match first(db, &idempotency::RECORDED_ANSWER, [&record.scope, &record.key], |_| Ok(()))? {
        Some(()) => Err(StoreError::IdempotencyKeyUsed),
        None => Ok(()),
    }
}

fn record_answer(db: &Connection, record: &IdempotencyRecord) -> Result<(), StoreError> {
    let values = params![
        record.scope,
        record.key,
        record.fingerprint,
        record.revision.map(|revision| revision.0.cast_signed()),
        record.answer,
        micros(record.created_at),
    ];
    execute(db, &idempotency::RECORD_ANSWER, values)?;
    Ok(())
}

fn apply_account(db: &Connection, commit: &AccountCommit) -> Result<(), StoreError> {
    let account_id = commit.account_id.to_string();
    let revision = commit.expected.next().0.cast_signed();
    let due = commit.next_deadline.map(micros);
    let guarded = if commit.expected.0 == 0 {
        execute(db, &accounts::CREATE_ACCOUNT, params![account_id, micros(commit.at), due])?
    } else {
        let expected = commit.expected.0.cast_signed();
        execute(db, &accounts::ADVANCE_ACCOUNT, params![account_id, revision, expected, due])?
    };
    if guarded == 0 {
        return Err(StoreError::Conflict);
    }
    for change in &commit.changes {
        apply_change(db, &account_id, revision, change)?;
    }
    for (event, sequence) in commit.events.iter().zip(0_u32..) {
        add_event(db, &account_id, revision, sequence, event)?;
    }
    if commit.ending == Ending::Deleted {
        execute(db, &accounts::REMOVE_ENTITIES, params![account_id])?;
        execute(db, &usage::REMOVE_USES, params![account_id])?;
        execute(db, &accounts::DELETE_ACCOUNT, params![account_id, micros(commit.at)])?;
    }
    Ok(())
}

/// The kinds of entities whose uses are kept, see [`crate::UseRow`].
const USERS: [&str; 3] = ["key", "member", "service_account"];

fn apply_change(
    db: &Connection,
    account_id: &str,
    revision: i64,
    change: &EntityChange,
) -> Result<(), StoreError> {
    let kind = change.kind.as_ref();
    if let Some(body) = &change.body {
        execute(db, &accounts::PUT_ENTITY, params![account_id, kind, change.id, revision, body])?;
        return Ok(());
    }
    execute(db, &accounts::REMOVE_ENTITY, params![account_id, kind, change.id])?;
    // Other kinds are about what bears the same id and is still there.
    if USERS.contains(&kind) {
        execute(db, &usage::REMOVE_USES_OF_HOLDER, params![account_id, change.id])?;
    }
    Ok(())
}

fn add_event(
    db: &Connection,
    account_id: &str,
    revision: i64,
    sequence: u32,
    event: &EventRow,
) -> Result<(), StoreError> {
    let values = params![
        account_id,
        revision,
        sequence,
        micros(event.at),
        event.actor_kind.as_ref(),
        event.actor_id,
        event.event_type.as_ref(),
        event.target_kind.as_deref(),
        event.target_id,
        event.request_id,
        text_of(event.source_ip),
        event.body,
    ];
    execute(db, &events::ADD_EVENT, values)?;
    Ok(())
}

fn add_message(db: &Connection, message: &OutboxMessage) -> Result<(), StoreError> {
    let account_id = text_of(message.account_id);
    let values = params![account_id, message.kind, message.body, micros(message.created_at)];
    execute(db, &outbox::ADD_MESSAGE, values)?;
    Ok(())
}
