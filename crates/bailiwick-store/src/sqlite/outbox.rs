//! Reads and moves messages of the outbox.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::bind::{count, first, limit, malformed, micros, parsed_option, rows, time, time_option};
use crate::sql::outbox;
use crate::{OutboxCounts, OutboxEntry, OutboxId, OutboxMessage, StoreError};

/// Takes due messages until the end of a lease.
pub fn claim(
    db: &Connection,
    now: Timestamp,
    lease_until: Timestamp,
    messages: usize,
) -> Result<Vec<OutboxEntry>, StoreError> {
    let values = params![micros(now), micros(lease_until), limit(messages)];
    let mut claimed = rows(db, &outbox::CLAIM_MESSAGES, values, entry)?;
    // `returning` promises no order.
    claimed.sort_unstable_by_key(|entry| entry.outbox_id);
    Ok(claimed)
}

/// How many messages there are.
pub fn counts(db: &Connection) -> Result<OutboxCounts, StoreError> {
    let counted = first(db, &outbox::COUNT_MESSAGES, [], |row| {
        Ok(OutboxCounts {
            waiting: count(row, 0)?,
            failing: count(row, 1)?,
            given_up: count(row, 2)?,
            oldest_waiting_at: time_option(row, 3)?,
        })
    })?;
    Ok(counted.unwrap_or_default())
}

/// Reads a message.
pub fn entry(row: &Row<'_>) -> Result<OutboxEntry, StoreError> {
    Ok(OutboxEntry {
        outbox_id: OutboxId(row.get(0)?),
        message: OutboxMessage {
            account_id: parsed_option(row, 1)?,
            kind: row.get(2)?,
            body: row.get(3)?,
            created_at: time(row, 4)?,
        },
        attempts: u32::try_from(count(row, 5)?).map_err(|_| malformed(row, 5))?,
        next_attempt_at: time_option(row, 6)?,
        last_error: row.get(7)?,
    })
}
