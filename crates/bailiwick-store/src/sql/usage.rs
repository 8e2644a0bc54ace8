//! Last uses, and accounts that have something to do.

use super::Query;

/// Records a use, unless a later one is recorded.
pub static RECORD_USE: Query = Query::new(
    "insert into last_use (account_id, holder_id, permission, day) values ($1, $2, $3, $4) \
     on conflict (account_id, holder_id, permission) do update set day = excluded.day \
     where last_use.day < excluded.day",
);

/// The last uses of a holder.
pub static USES_OF_HOLDER: Query = Query::new(
    "select permission, day from last_use where account_id = $1 and holder_id = $2 order by permission",
);

/// Removes the uses in an account.
pub static REMOVE_USES: Query = Query::new("delete from last_use where account_id = $1");

/// Removes the uses of a holder.
pub static REMOVE_USES_OF_HOLDER: Query =
    Query::new("delete from last_use where account_id = $1 and holder_id = $2");

/// Accounts that are due before a time, behind one of them.
pub static DUE_ACCOUNTS: Query = Query::new(
    "select next_due_at, account_id from accounts where next_due_at is not null and next_due_at <= $1 \
     and (next_due_at > $2 or (next_due_at = $2 and account_id > $3)) order by next_due_at, account_id limit $4",
);
