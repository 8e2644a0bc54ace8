//! Memberships, management keys and platform facts.

use super::Query;

/// Adds a membership or changes its status.
pub static SET_MEMBERSHIP: Query = Query::new(
    "insert into memberships (user_id, account_id, status) values ($1, $2, $3) \
     on conflict (user_id, account_id) do update set status = excluded.status",
);

/// Removes a membership.
pub static END_MEMBERSHIP: Query =
    Query::new("delete from memberships where user_id = $1 and account_id = $2");

/// Removes an account's memberships.
pub static END_MEMBERSHIPS_OF_ACCOUNT: Query = Query::new("delete from memberships where account_id = $1");

/// The accounts a user is in.
pub static ACCOUNTS_OF_USER: Query =
    Query::new("select account_id, status from memberships where user_id = $1 order by account_id");

/// Says which account a key belongs to.
pub static ADD_KEY: Query = Query::new("insert into management_keys (key_id, account_id) values ($1, $2)");

/// Removes a key.
pub static REMOVE_KEY: Query = Query::new("delete from management_keys where key_id = $1");

/// Removes an account's keys.
pub static REMOVE_KEYS_OF_ACCOUNT: Query = Query::new("delete from management_keys where account_id = $1");

/// The account of a key.
pub static KEY_ACCOUNT: Query = Query::new("select account_id from management_keys where key_id = $1");

/// Sets a platform fact.
pub static SET_META: Query = Query::new(
    "insert into meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value",
);

/// Removes a platform fact.
pub static REMOVE_META: Query = Query::new("delete from meta where key = $1");

/// A platform fact.
pub static META: Query = Query::new("select value from meta where key = $1");
