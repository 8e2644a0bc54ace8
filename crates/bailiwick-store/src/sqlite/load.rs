//! Streams an account's entities out of one snapshot.

use bailiwick_core::ids::{AccountId, Revision};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::bind::{count, first, text, time};
use super::readers::in_snapshot;
use crate::sql::accounts;
use crate::{AccountRows, BATCH_ROWS, EntityBatch, EntityRow, StoreError};

/// How many batches wait for the receiver before the reading waits for it.
const WAITING_BATCHES: usize = 8;

type Reply = oneshot::Sender<Result<Option<AccountRows>, StoreError>>;

/// Answers with the account and then sends its rows.
pub fn load(db: &Connection, account_id: AccountId, reply: Reply) {
    let mut reply = Some(reply);
    let outcome = in_snapshot(db, |db| {
        let account_id = account_id.to_string();
        let found = first(db, &accounts::ACCOUNT, [&account_id], |row| Ok((count(row, 0)?, time(row, 1)?)))?;
        let (sender, rows) = mpsc::channel(WAITING_BATCHES);
        let account = found.map(|(revision, created_at)| AccountRows {
            revision: Revision(revision),
            created_at,
            rows,
        });
        let exists = account.is_some();
        let is_wanted = reply.take().is_some_and(|reply| reply.send(Ok(account)).is_ok());
        if exists && is_wanted {
            send_rows(db, &account_id, &sender);
        }
        Ok(())
    });
    if let (Err(error), Some(reply)) = (outcome, reply) {
        let _ = reply.send(Err(error));
    }
}

fn send_rows(db: &Connection, account_id: &str, sender: &mpsc::Sender<Result<EntityBatch, StoreError>>) {
    if let Err(error) = try_send_rows(db, account_id, sender) {
        // A receiver that went away does not want the error either.
        let _ = sender.blocking_send(Err(error));
    }
}

fn try_send_rows(
    db: &Connection,
    account_id: &str,
    sender: &mpsc::Sender<Result<EntityBatch, StoreError>>,
) -> Result<(), StoreError> {
    let mut statement = db.prepare_cached(accounts::ENTITIES.for_sqlite())?;
    let mut found = statement.query([account_id])?;
    let mut batch = EntityBatch::default();
    while let Some(row) = found.next()? {
        batch.push(EntityRow {
            kind: text(row, 0)?,
            id: text(row, 1)?,
            revision: Revision(count(row, 2)?),
            body: text(row, 3)?,
        });
        if batch.len() == BATCH_ROWS && sender.blocking_send(Ok(std::mem::take(&mut batch))).is_err() {
            return Ok(());
        }
    }
    if !batch.is_empty() {
        let _ = sender.blocking_send(Ok(batch));
    }
    Ok(())
}
