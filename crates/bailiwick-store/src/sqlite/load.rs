//! Reads an account's entities out of one snapshot.

use std::ops::Range;

use bailiwick_core::ids::{AccountId, Revision};
use rusqlite::{Connection, Rows};
use tokio::sync::oneshot;

use super::bind::{count, first, text, time};
use super::open::{READER_CACHE_KIB, set_cache};
use super::readers::in_snapshot;
use crate::sql::accounts;
use crate::{AccountRow, EntityRow, EntityRows, StoreError, TakeEntities, Unavailable};

/// The most memory for pages while entities are read, in KiB. They are read once, one after the other, so keeping them would
/// only take the place of the account.
const LOAD_CACHE_KIB: i32 = 256;

/// After how many rows to look whether anybody still waits.
const ROWS_BETWEEN_LOOKS: u32 = 1_024;

type Reply = oneshot::Sender<Result<Option<AccountRow>, StoreError>>;

/// Has the entities of some kinds taken, as long as somebody waits for the reply.
pub fn load(
    db: &Connection,
    account_id: AccountId,
    kinds: Range<&'static str>,
    take: TakeEntities,
    reply: &Reply,
) -> Result<Option<AccountRow>, StoreError> {
    set_cache(db, LOAD_CACHE_KIB)?;
    let loaded = in_snapshot(db, |db| {
        let account_id = account_id.to_string();
        let account = first(db, &accounts::ACCOUNT, [&account_id], |row| {
            Ok(AccountRow { revision: Revision(count(row, 0)?), created_at: time(row, 1)? })
        })?;
        if account.is_some() {
            let mut statement = db.prepare_cached(accounts::ENTITIES.for_sqlite())?;
            let rows = statement.query([account_id.as_str(), kinds.start, kinds.end])?;
            take(&mut Found { rows, reply, until_look: 0 })?;
        }
        Ok(account)
    });
    set_cache(db, READER_CACHE_KIB)?;
    loaded
}

struct Found<'a> {
    rows: Rows<'a>,
    reply: &'a Reply,
    until_look: u32,
}

impl EntityRows for Found<'_> {
    fn next(&mut self) -> Result<Option<EntityRow<'_>>, StoreError> {
        if let Some(left) = self.until_look.checked_sub(1) {
            self.until_look = left;
        } else if self.reply.is_closed() {
            return Err(StoreError::unavailable(Unavailable::Closed, "nobody waits for the entities"));
        } else {
            self.until_look = ROWS_BETWEEN_LOOKS;
        }
        let Some(row) = self.rows.next()? else { return Ok(None) };
        Ok(Some(EntityRow {
            kind: text(row, 0)?,
            id: text(row, 1)?,
            revision: Revision(count(row, 2)?),
            body: text(row, 3)?,
        }))
    }
}
