//! Users.

use super::Query;

/// How many ids [`USERS_BY_ID`] takes.
pub const USERS_PER_QUERY: usize = 32;

/// Adds a user unless the email is taken.
pub static CREATE_USER: Query = Query::new(
    "insert into users (user_id, email, name, email_folded, name_folded, verified_at, created_at, revision) \
     values ($1, $2, $3, $4, $5, $6, $7, 1) on conflict (email) do nothing",
);

/// Changes the name.
pub static RENAME_USER: Query =
    Query::new("update users set name = $2, name_folded = $3, revision = revision + 1 where user_id = $1");

/// Records the proof of the email; the first one stays.
pub static VERIFY_USER: Query = Query::new(
    "update users set verified_at = coalesce(verified_at, $2), revision = revision + 1 where user_id = $1",
);

/// One row when the user has this password's hash and this standing about the proof of the email.
pub static PASSWORD_IS: Query = Query::new(
    "select 1 from users where user_id = $1 and password_hash is not distinct from $2 \
     and (verified_at is not null) = $3",
);

/// Sets or removes the password's hash.
pub static SET_PASSWORD: Query =
    Query::new("update users set password_hash = $2, revision = revision + 1 where user_id = $1");

/// Sets or removes the default account.
pub static SET_DEFAULT_ACCOUNT: Query =
    Query::new("update users set default_account_id = $2, revision = revision + 1 where user_id = $1");

/// Records a sign-in.
pub static SIGNED_IN: Query =
    Query::new("update users set last_sign_in_at = $2, revision = revision + 1 where user_id = $1");

/// Takes an account out of its users' defaults.
pub static FORGET_DEFAULT_ACCOUNT: Query = Query::new(
    "update users set default_account_id = null, revision = revision + 1 where default_account_id = $1",
);

/// A user by id.
pub static USER: Query = Query::new(
    "select user_id, email, name, verified_at, password_hash, default_account_id, created_at, last_sign_in_at, \
     revision from users where user_id = $1",
);

/// A user by email.
pub static USER_BY_EMAIL: Query = Query::new(
    "select user_id, email, name, verified_at, password_hash, default_account_id, created_at, last_sign_in_at, \
     revision from users where email = $1",
);

/// Up to [`USERS_PER_QUERY`] users by id; a caller with fewer repeats one.
pub static USERS_BY_ID: Query = Query::new(
    "select user_id, email, name, verified_at, password_hash, default_account_id, created_at, last_sign_in_at, \
     revision from users where user_id in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
     $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32) order by user_id",
);

/// Users of an account whose name or email matches a pattern.
pub static USERS_MATCHING: Query = Query::new(
    r"select u.user_id, u.email, u.name, u.verified_at, u.password_hash, u.default_account_id, u.created_at,
      u.last_sign_in_at, u.revision from memberships m join users u on u.user_id = m.user_id
      where m.account_id = $1 and (u.email_folded like $2 escape '\'
        or (m.status <> 'pending' and u.name_folded like $2 escape '\'))
      order by m.user_id limit $3",
);

/// One row when there is any user.
pub static ANY_USER: Query = Query::new("select 1 from users limit 1");

/// How many users there are.
pub static COUNT_USERS: Query = Query::new("select count(*) from users");
