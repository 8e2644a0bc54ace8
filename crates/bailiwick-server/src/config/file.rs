//! The configuration file: TOML, flattened to dotted names with their lines.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::error::{Origin, Problem, did_you_mean};
use super::keys;

/// The greatest size of a configuration file in bytes.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// One known key that the file sets.
#[derive(Debug)]
pub struct Entry {
    /// The key.
    pub key: &'static keys::Key,
    /// The value as text.
    pub text: String,
    /// The line.
    pub origin: Origin,
}

/// Reads the text of a configuration file; what is wrong goes to `problems`.
pub fn parse(path: &Path, text: &str, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut reader = Reader { path, text, entries: Vec::new(), problems };
    match DeTable::parse(text) {
        Ok(table) => reader.table("", table.get_ref()),
        Err(error) => {
            let start = error.span().map_or(0, |span| span.start);
            reader.problem(start, error.message().to_lowercase(), "the file must be TOML 1.1".to_owned());
        }
    }
    reader.entries
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    entries: Vec<Entry>,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = if prefix.is_empty() {
                key.get_ref().to_string()
            } else {
                format!("{prefix}.{}", key.get_ref())
            };
            let start = key.span().start;
            match (keys::find(&name), value.get_ref()) {
                (Some(key), value) => match scalar(value) {
                    Some(text) => self.entries.push(Entry { key, text, origin: self.origin(start) }),
                    None => self.problem(
                        start,
                        format!("the value of `{name}` has the wrong type"),
                        key.kind.hint(),
                    ),
                },
                (None, DeValue::Table(inner)) if is_table(&name) => self.table(&name, inner),
                (None, _) if is_table(&name) => self.problem(
                    start,
                    format!("`{name}` is a table"),
                    format!("write its keys below a line `[{name}]`"),
                ),
                (None, _) => self.problem(start, format!("unknown key `{name}`"), hint(&name)),
            }
        }
    }

    fn origin(&self, start: usize) -> Origin {
        let before = self.text.get(..start).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        Origin::File { path: self.path.to_owned(), line }
    }

    fn problem(&mut self, start: usize, message: String, hint: String) {
        let origin = self.origin(start);
        self.problems.push(Problem { origin, message, hint });
    }
}

fn is_table(name: &str) -> bool {
    keys::KEYS.iter().any(|key| key.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

fn hint(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    // Somebody who forgot the table wrote exactly the last part of a key.
    let exact = keys::KEYS.iter().map(|key| key.name).find(|known| known.rsplit('.').next() == Some(last));
    let tables = keys::KEYS.iter().filter_map(|key| key.name.split_once('.')).map(|(table, _)| table);
    exact.or_else(|| did_you_mean(name, keys::KEYS.iter().map(|key| key.name).chain(tables))).map_or_else(
        || "`bailiwick serve --help` and the configuration reference list the keys".to_owned(),
        |near| format!("did you mean `{near}`?"),
    )
}

/// The text of a value; a list of texts becomes one text with commas, as it is written in the environment.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number.to_string())
        }
        DeValue::Boolean(boolean) => Some(boolean.to_string()),
        DeValue::Array(items) => {
            let texts: Vec<&str> = items.iter().map(|item| item.get_ref().as_str()).collect::<Option<_>>()?;
            Some(texts.join(","))
        }
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}
