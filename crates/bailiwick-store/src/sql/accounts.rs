//! Accounts and their entities.

use super::Query;

/// Creates an account at revision 1 unless it exists.
pub static CREATE_ACCOUNT: Query = Query::new(
    "insert into accounts (account_id, revision, created_at, next_due_at) values ($1, 1, $2, $3) \
     on conflict (account_id) do nothing",
);

/// Moves an account from the expected revision to the next one.
pub static ADVANCE_ACCOUNT: Query = Query::new(
    "update accounts set revision = $2, next_due_at = $4 where account_id = $1 and revision = $3 and deleted_at is null",
);

/// Marks an account as deleted.
pub static DELETE_ACCOUNT: Query =
    Query::new("update accounts set deleted_at = $2, next_due_at = null where account_id = $1");

/// Writes an entity.
pub static PUT_ENTITY: Query = Query::new(
    "insert into entities (account_id, kind, id, revision, body) values ($1, $2, $3, $4, $5) \
     on conflict (account_id, kind, id) do update set revision = excluded.revision, body = excluded.body",
);

/// Removes an entity.
pub static REMOVE_ENTITY: Query =
    Query::new("delete from entities where account_id = $1 and kind = $2 and id = $3");

/// Removes all entities of an account.
pub static REMOVE_ENTITIES: Query = Query::new("delete from entities where account_id = $1");

/// The revision and the birth of an account that is not deleted.
pub static ACCOUNT: Query =
    Query::new("select revision, created_at from accounts where account_id = $1 and deleted_at is null");

/// The entities of an account whose kind is in a range, in key order.
pub static ENTITIES: Query = Query::new(
    "select kind, id, revision, body from entities where account_id = $1 and kind >= $2 and kind < $3 \
     order by kind, id",
);

/// A page of accounts that are not deleted.
pub static ACCOUNT_IDS: Query = Query::new(
    "select account_id from accounts where account_id > $1 and deleted_at is null order by account_id limit $2",
);

/// How many accounts are not deleted.
pub static COUNT_ACCOUNTS: Query = Query::new("select count(*) from accounts where deleted_at is null");
