//! What is wrong with a catalog file, and where.

use std::fmt;
use std::ops::Range;

/// One thing that is wrong in a catalog file.
///
/// `Display` writes two lines: `file:line:column: message`, and below it the hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogError {
    /// The file name that was given to [`super::Catalog::parse`].
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, counted in characters.
    pub column: usize,
    /// What is wrong, in the words of the file.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, hint } = self;
        write!(f, "{file}:{line}:{column}: {message}\n  hint: {hint}")
    }
}

impl std::error::Error for CatalogError {}

/// Collects all problems of one file, so that its author sees them at once.
#[derive(Default)]
pub(super) struct Problems(Vec<(usize, String, String)>);

impl Problems {
    pub(super) fn add(&mut self, span: &Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.0.push((span.start, message.into(), hint.into()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The errors in file order.
    pub(super) fn into_errors(mut self, file: &str, text: &str) -> Vec<CatalogError> {
        self.0.sort_by_key(|(offset, ..)| *offset);
        let locate = |(offset, message, hint)| {
            let (line, column) = position(text, offset);
            CatalogError { file: file.to_owned(), line, column, message, hint }
        };
        self.0.into_iter().map(locate).collect()
    }
}

/// Line and column, both from 1, of a byte offset.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).map_or(0, |line| line.chars().count());
    (before.matches('\n').count() + 1, column + 1)
}

/// `did you mean …` for the known name that is nearest to what was written, or else all that is known.
pub(super) fn suggest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    nearest(written, known.iter().copied()).map_or_else(
        || match known.as_slice() {
            [] => "none is declared in this file".to_owned(),
            // More than a line of names helps nobody to find one.
            few if few.len() <= 12 => format!("known here: {}", quoted(few)),
            _ => "look for the right name in this file, or declare this one".to_owned(),
        },
        |name| format!("did you mean `{name}`?"),
    )
}

/// The known name that is at most a quarter of its letters away from what was written.
pub(super) fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let distance = |name: &'k str| (strsim::osa_distance(written, name), name);
    let (distance, name) = known.into_iter().map(distance).min()?;
    (distance * 4 <= name.chars().count().max(4)).then_some(name)
}

/// The names in backticks, separated by commas.
pub(super) fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_characters_from_one() {
        assert_eq!(position("ab\ncd", 0), (1, 1));
        assert_eq!(position("ab\ncd", 4), (2, 2));
        assert_eq!(position("é = 1", 3), (1, 3));
        assert_eq!(position("ab", 99), (1, 3));
    }

    #[test]
    fn only_a_near_name_is_suggested() {
        assert_eq!(nearest("write:clusterz", ["read:clusters", "write:clusters"]), Some("write:clusters"));
        assert_eq!(nearest("titel", ["title", "name"]), Some("title"));
        assert_eq!(nearest("colour", ["title", "name"]), None);
        assert_eq!(suggest("colour", ["title", "name"]), "known here: `title`, `name`");
        assert_eq!(suggest("colour", []), "none is declared in this file");
    }
}
