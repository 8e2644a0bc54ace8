//! Sessions and single-use links.

use super::Query;

/// Adds a session.
pub static CREATE_SESSION: Query = Query::new(
    "insert into sessions (token_hash, user_id, account_id, created_at, seen_at, expires_at, source_ip, user_agent) \
     values ($1, $2, $3, $4, $5, $6, $7, $8)",
);

/// Records a later use of a session.
pub static TOUCH_SESSION: Query =
    Query::new("update sessions set seen_at = $2 where token_hash = $1 and seen_at < $2");

/// Ends a session.
pub static END_SESSION: Query = Query::new("delete from sessions where token_hash = $1");

/// Ends a user's sessions but one.
pub static END_SESSIONS_OF_USER: Query =
    Query::new("delete from sessions where user_id = $1 and token_hash <> $2");

/// Takes a user's sessions out of an account.
pub static LEAVE_ACCOUNT_OF_USER: Query =
    Query::new("update sessions set account_id = null where user_id = $1 and account_id = $2");

/// Ends the sessions of a user who is active in no account.
pub static END_SESSIONS_WITHOUT_ACCOUNT: Query = Query::new(
    "delete from sessions where user_id = $1 \
     and not exists (select 1 from memberships where user_id = $1 and status = 'active')",
);

/// Moves a session to an account or to none.
pub static SET_SESSION_ACCOUNT: Query =
    Query::new("update sessions set account_id = $2 where token_hash = $1");

/// Takes all sessions out of an account.
pub static LEAVE_ACCOUNT: Query = Query::new("update sessions set account_id = null where account_id = $1");

/// A session by its hash.
pub static SESSION: Query = Query::new(
    "select token_hash, user_id, account_id, created_at, seen_at, expires_at, source_ip, user_agent \
     from sessions where token_hash = $1",
);

/// A user's sessions, the newest first.
pub static SESSIONS_OF_USER: Query = Query::new(
    "select token_hash, user_id, account_id, created_at, seen_at, expires_at, source_ip, user_agent \
     from sessions where user_id = $1 order by created_at desc, token_hash limit $2",
);

/// Removes sessions that have expired, the oldest first.
pub static PRUNE_SESSIONS: Query = Query::new(
    "delete from sessions where token_hash in \
     (select token_hash from sessions where expires_at <= $1 order by expires_at limit $2)",
);

/// How many sessions there are.
pub static COUNT_SESSIONS: Query = Query::new("select count(*) from sessions");

/// Adds a link.
pub static CREATE_LINK: Query = Query::new(
    "insert into links (token_hash, purpose, user_id, account_id, invitation_id, created_at, expires_at) \
     values ($1, $2, $3, $4, $5, $6, $7)",
);

/// Uses a link up if it is there and has not expired.
pub static CONSUME_LINK: Query =
    Query::new("delete from links where token_hash = $1 and (expires_at is null or expires_at > $2)");

/// Removes the links of an invitation.
pub static END_LINKS_OF_INVITATION: Query = Query::new("delete from links where invitation_id = $1");

/// Removes a user's links of one purpose.
pub static END_LINKS_OF_USER: Query = Query::new("delete from links where user_id = $1 and purpose = $2");

/// Removes the links that lead to an account.
pub static END_LINKS_OF_ACCOUNT: Query = Query::new("delete from links where account_id = $1");

/// A link by its hash.
pub static LINK: Query = Query::new(
    "select token_hash, purpose, user_id, account_id, invitation_id, created_at, expires_at \
     from links where token_hash = $1",
);

/// Removes links that have expired, the oldest first.
pub static PRUNE_LINKS: Query = Query::new(
    "delete from links where token_hash in \
     (select token_hash from links where expires_at <= $1 order by expires_at limit $2)",
);
