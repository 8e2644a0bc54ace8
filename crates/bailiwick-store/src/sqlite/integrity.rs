//! Looks for damage in a database file and between its tables.

use rusqlite::Connection;

use super::bind::{rows, rows_of, text};
use crate::StoreError;
use crate::sql::integrity::RULES;

/// The most findings of one kind that are told.
const MAX_FINDINGS: usize = 100;

/// One sentence for each finding; none means sound.
pub fn check(db: &Connection) -> Result<Vec<String>, StoreError> {
    let pages = format!("pragma integrity_check({MAX_FINDINGS})");
    let mut findings = rows_of(db, &pages, [], |row| Ok(text(row, 0)?.to_owned()))?;
    findings.retain(|finding| finding != "ok");
    if !findings.is_empty() {
        // What the tables say means nothing when the file is damaged.
        return Ok(findings);
    }
    let references = rows_of(db, "pragma foreign_key_check", [], |row| {
        Ok(format!("a row of `{}` refers to a row of `{}` that does not exist", text(row, 0)?, text(row, 2)?))
    })?;
    findings.extend(references.into_iter().take(MAX_FINDINGS));
    for (rule, query) in &RULES {
        findings.extend(rows(db, query, [], |row| Ok(format!("{rule}: `{}`", text(row, 0)?)))?);
    }
    Ok(findings)
}
