//! The texts of all queries, one module per subject, portable between SQLite and PostgreSQL.
//!
//! Placeholders are PostgreSQL's `$1`. SQLite would take those for names that it numbers by first appearance, so
//! [`Query::for_sqlite`] spells them `?1`.

pub mod accounts;
pub mod catalogs;
pub mod directory;
pub mod events;
pub mod idempotency;
pub mod integrity;
pub mod outbox;
pub mod sessions;
pub mod usage;
pub mod users;

use std::sync::OnceLock;

/// A query with a name and a text that does not depend on what is asked.
pub struct Query {
    text: &'static str,
    sqlite: OnceLock<String>,
}

impl Query {
    /// A query with this portable text.
    pub const fn new(text: &'static str) -> Self {
        Self { text, sqlite: OnceLock::new() }
    }

    /// The text with SQLite's placeholders, translated once.
    pub fn for_sqlite(&self) -> &str {
        self.sqlite.get_or_init(|| sqlite_placeholders(self.text))
    }
}

/// Spells `$1` as `?1`, but not inside quoted text.
pub fn sqlite_placeholders(text: &str) -> String {
    let mut translated = String::with_capacity(text.len());
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        quoted ^= character == '\'';
        let is_placeholder =
            character == '$' && !quoted && characters.peek().is_some_and(char::is_ascii_digit);
        translated.push(if is_placeholder { '?' } else { character });
    }
    translated
}

/// A pattern for `like … escape '\'` that matches what contains the text; nothing in the text is a wildcard.
pub fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_keep_their_numbers_and_quoted_text_its_dollars() {
        let text = "select a from b where c = $2 and d = '$1' and e = $10 and f = $1";
        assert_eq!(
            sqlite_placeholders(text),
            "select a from b where c = ?2 and d = '$1' and e = ?10 and f = ?1"
        );
    }

    #[test]
    fn wildcards_are_escaped() {
        assert_eq!(containing(r"50%_a\b"), r"%50\%\_a\\b%");
    }
}
