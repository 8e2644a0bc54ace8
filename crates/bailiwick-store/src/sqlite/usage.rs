//! Writes and reads last uses, and finds the accounts that are due.

use bailiwick_core::ids::AccountId;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::bind::{execute, limit, malformed, micros, parsed, rows, time};
use crate::sql::usage;
use crate::{DueAccount, StoreError, UseRow};

/// Records uses.
pub fn record(db: &Connection, uses: &[UseRow]) -> Result<(), StoreError> {
    for UseRow { account_id, holder_id, permission, day } in uses {
        execute(db, &usage::RECORD_USE, params![account_id.to_string(), holder_id, permission, day])?;
    }
    Ok(())
}

/// The last uses of holders, in the order in which they are named.
pub fn of_holders(
    db: &Connection,
    account_id: AccountId,
    holders: &[String],
) -> Result<Vec<UseRow>, StoreError> {
    let account = account_id.to_string();
    let mut found = Vec::new();
    for holder_id in holders {
        found.extend(rows(db, &usage::USES_OF_HOLDER, [&account, holder_id], |row| {
            let permission: String = row.get(0)?;
            let day: i64 = row.get(1)?;
            let day = i32::try_from(day).map_err(|_| malformed(row, 1))?;
            Ok(UseRow { account_id, holder_id: holder_id.clone(), permission, day })
        })?);
    }
    Ok(found)
}

/// Accounts that are due, behind one of them.
pub fn due(
    db: &Connection,
    before: Timestamp,
    after: Option<DueAccount>,
    most: usize,
) -> Result<Vec<DueAccount>, StoreError> {
    let (from, account) = match after {
        Some(DueAccount { due_at, account_id }) => (micros(due_at), account_id.to_string()),
        None => (i64::MIN, String::new()),
    };
    rows(db, &usage::DUE_ACCOUNTS, params![micros(before), from, account, limit(most)], |row| {
        Ok(DueAccount { due_at: time(row, 0)?, account_id: parsed(row, 1)? })
    })
}
