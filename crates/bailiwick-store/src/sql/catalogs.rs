//! Catalogs that were in force.

use super::Query;

/// Writes one down; at the same moment the later of two counts.
pub static RECORD_CATALOG: Query = Query::new(
    "insert into catalogs (since, name, hash, body) values ($1, $2, $3, $4) \
     on conflict (since) do update set name = excluded.name, hash = excluded.hash, body = excluded.body",
);

/// The one that was in force at a moment.
pub static CATALOG_IN_FORCE: Query =
    Query::new("select since, name, hash, body from catalogs where since <= $1 order by since desc limit 1");
