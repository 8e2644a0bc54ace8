//! The outbox.

use super::Query;

/// Adds a message that is due at once.
pub static ADD_MESSAGE: Query = Query::new(
    "insert into outbox (account_id, kind, body, created_at, next_attempt_at) values ($1, $2, $3, $4, $4)",
);

/// Takes due messages until the end of a lease. The outer condition on time is checked again when another node took a
/// message in between, so that none is taken twice.
pub static CLAIM_MESSAGES: Query = Query::new(
    "update outbox set attempts = attempts + 1, next_attempt_at = $2 \
     where next_attempt_at <= $1 and outbox_id in \
     (select outbox_id from outbox where next_attempt_at <= $1 order by next_attempt_at, outbox_id limit $3) \
     returning outbox_id, account_id, kind, body, created_at, attempts, next_attempt_at, last_error",
);

/// Removes a delivered message.
pub static REMOVE_MESSAGE: Query = Query::new("delete from outbox where outbox_id = $1");

/// Records a failed attempt.
pub static FAIL_MESSAGE: Query =
    Query::new("update outbox set last_error = $2, next_attempt_at = $3 where outbox_id = $1");

/// Gives a message up and replaces its body.
pub static GIVE_MESSAGE_UP: Query =
    Query::new("update outbox set last_error = $2, body = $3, next_attempt_at = null where outbox_id = $1");

/// Removes messages that were given up, the oldest first.
pub static PRUNE_MESSAGES: Query = Query::new(
    "delete from outbox where outbox_id in \
     (select outbox_id from outbox where next_attempt_at is null and created_at < $1 order by outbox_id limit $2)",
);

/// An account's messages, the newest first.
pub static MESSAGES_OF_ACCOUNT: Query = Query::new(
    "select outbox_id, account_id, kind, body, created_at, attempts, next_attempt_at, last_error \
     from outbox where account_id = $1 order by outbox_id desc limit $2",
);

/// How many messages wait, fail and were given up, and the oldest that waits.
pub static COUNT_MESSAGES: Query = Query::new(
    "select count(*) filter (where next_attempt_at is not null), \
     count(*) filter (where next_attempt_at is not null and last_error is not null), \
     count(*) filter (where next_attempt_at is null), \
     min(created_at) filter (where next_attempt_at is not null) from outbox",
);
