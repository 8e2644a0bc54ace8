//! Binds Bailiwick's types to SQLite's values and reads them back, each in its one spelling.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, Row};

use crate::sql::Query;
use crate::{StoreError, TokenHash};

/// Runs a statement and answers how many rows it changed.
pub fn execute(db: &Connection, query: &Query, values: impl Params) -> Result<usize, StoreError> {
    Ok(db.prepare_cached(query.for_sqlite())?.execute(values)?)
}

/// All rows of a query.
pub fn rows<T>(
    db: &Connection,
    query: &Query,
    values: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows_of(db, query.for_sqlite(), values, read)
}

/// All rows of a query whose text is SQLite's own.
pub fn rows_of<T>(
    db: &Connection,
    text: &str,
    values: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = db.prepare_cached(text)?;
    let mut found = statement.query(values)?;
    let mut collected = Vec::new();
    while let Some(row) = found.next()? {
        collected.push(read(row)?);
    }
    Ok(collected)
}

/// The first row of a query, if there is one.
pub fn first<T>(
    db: &Connection,
    query: &Query,
    values: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = db.prepare_cached(query.for_sqlite())?;
    let mut found = statement.query(values)?;
    found.next()?.map(read).transpose()
}

/// A time as it is kept.
pub fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// A number of rows as SQLite takes it.
pub fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// A text that may be missing, such as an id or an address.
pub fn text_of(value: Option<impl Display>) -> Option<String> {
    value.map(|value| value.to_string())
}

/// An id or an address from its text.
pub fn parsed<T: FromStr>(row: &Row<'_>, column: usize) -> Result<T, StoreError> {
    text(row, column)?.parse().map_err(|_| malformed(row, column))
}

/// An id or an address that may be missing.
pub fn parsed_option<T: FromStr>(row: &Row<'_>, column: usize) -> Result<Option<T>, StoreError> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => parsed(row, column).map(Some),
    }
}

/// A text, borrowed from the row.
pub fn text<'row>(row: &'row Row<'_>, column: usize) -> Result<&'row str, StoreError> {
    row.get_ref(column)?.as_str().map_err(|_| malformed(row, column))
}

/// A time.
pub fn time(row: &Row<'_>, column: usize) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|_| malformed(row, column))
}

/// A time that may be missing.
pub fn time_option(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>, StoreError> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => time(row, column).map(Some),
    }
}

/// A count or a revision, which is never negative.
pub fn count(row: &Row<'_>, column: usize) -> Result<u64, StoreError> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| malformed(row, column))
}

/// A hash of 32 bytes.
pub fn hash(row: &Row<'_>, column: usize) -> Result<[u8; 32], StoreError> {
    let bytes = row.get_ref(column)?.as_blob().map_err(|_| malformed(row, column))?;
    bytes.try_into().map_err(|_| malformed(row, column))
}

/// The hash of a secret.
pub fn token_hash(row: &Row<'_>, column: usize) -> Result<TokenHash, StoreError> {
    hash(row, column).map(TokenHash)
}

/// A value in the database that Bailiwick never writes.
pub fn malformed(row: &Row<'_>, column: usize) -> StoreError {
    let name = row.as_ref().column_name(column).unwrap_or("?");
    StoreError::internal(format!("the column `{name}` holds a value that cannot be read"))
}
