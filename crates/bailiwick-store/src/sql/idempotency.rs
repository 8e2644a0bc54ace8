//! Idempotency records.

use super::Query;

/// Records an answer under a key that has none.
pub static RECORD_ANSWER: Query = Query::new(
    "insert into idempotency_records (scope, key, fingerprint, revision, answer, created_at) \
     values ($1, $2, $3, $4, $5, $6)",
);

/// The answer under a key.
pub static RECORDED_ANSWER: Query = Query::new(
    "select fingerprint, revision, answer, created_at from idempotency_records where scope = $1 and key = $2",
);

/// Removes the oldest records made before a time.
pub static PRUNE_ANSWERS: Query = Query::new(
    "delete from idempotency_records where (scope, key) in \
     (select scope, key from idempotency_records where created_at < $1 order by created_at limit $2)",
);
