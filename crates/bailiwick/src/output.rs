//! What a command prints: tables for people, JSON for programs, the same fields in both.
//!
//! Everything is rendered from the JSON of the answer, so that a table cannot show less than `--json` does.

mod cell;
mod table;

use std::io::{self, IsTerminal, Write};

use bailiwick_client::All;
use bailiwick_client::wire::DryRun;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::failure::Failure;

pub use cell::one_line;

/// What a rehearsal says where policies counted.
pub const POLICIES_JUDGED: &str = "policies counted, as for a question of now: without an address, a second factor or anything said \
                                   of the request";
/// What a rehearsal says where it could not ask everything.
pub const MORE_TO_ASK: &str = "policies leave more to ask than is asked at once: more may be gained and lost, and these counts are the \
                               least there is";

/// How an answer is laid out as tables.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Its fields in the order in which they are shown; others follow.
    pub fields: &'static [&'static str],
    /// Fields that are lists and get a table of their own below, with the order of their columns.
    pub tables: &'static [(&'static str, &'static [&'static str])],
}

impl Shape {
    /// An answer that has fields only.
    pub const fn new(fields: &'static [&'static str]) -> Self {
        Self { fields, tables: &[] }
    }
}

/// Where and how answers are printed.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    /// Tables, or JSON.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether programs read it.
    pub fn is_json(self) -> bool {
        self.json
    }

    /// Prints one thing.
    pub fn record(self, item: &impl Serialize, shape: Shape) -> Result<(), Failure> {
        let value = to_value(item)?;
        if self.json {
            return print_json(&value);
        }
        print(&table::document(&value, shape, width()))
    }

    /// Prints a list, and says on stderr if that is not all of it.
    pub fn list<T: Serialize>(self, all: &All<T>, columns: &'static [&'static str]) -> Result<(), Failure> {
        self.list_or("nothing to show", all, columns)
    }

    /// The same with other words for an empty list.
    pub fn list_or<T: Serialize>(
        self,
        empty: &str,
        all: &All<T>,
        columns: &'static [&'static str],
    ) -> Result<(), Failure> {
        let items = to_value(&all.items)?;
        if self.json {
            return print_json(&json!({
                "items": items, "complete": all.complete, "filtered": all.filtered
            }));
        }
        let rows = items.as_array().map_or(&[][..], Vec::as_slice);
        if rows.is_empty() {
            note(empty);
        } else {
            print(&table::rows(rows, columns, table::Long::Cut, width()))?;
        }
        if !all.complete {
            note("there are more: raise `--limit`, or narrow the list down");
        }
        if all.filtered {
            note("what you may not see is left out");
        }
        Ok(())
    }

    /// Prints what a write would do.
    pub fn dry_run<T: Serialize>(self, plan: &DryRun<T>) -> Result<(), Failure> {
        let value = to_value(plan)?;
        if self.json {
            return print_json(&value);
        }
        note("nothing was written; this is what would happen");
        print(&table::plan(&value, width()))
    }
}

/// Says something to people, on stderr.
pub fn note(text: &str) {
    eprintln!("{text}");
}

/// A text that is good news, on a terminal in green.
pub fn green(text: &str) -> String {
    coloured(text, "32", &io::stdout())
}

/// A text that is bad news, on a terminal in red.
pub fn red(text: &str) -> String {
    coloured(text, "31", &io::stderr())
}

fn coloured(text: &str, code: &str, to: &impl IsTerminal) -> String {
    // https://no-color.org: any value but an empty one.
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if refused || !to.is_terminal() { text.to_owned() } else { format!("\u{1b}[{code}m{text}\u{1b}[0m") }
}

/// Prints a text to stdout.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", text.trim_end())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::output(&error))
}

fn print_json(value: &Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::refused(format!("cannot write JSON: {error}"), "report this as a bug"))?;
    print(&text)
}

/// The JSON of an answer; what has none says that it was done.
fn to_value(item: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(item)
        .map_err(|error| Failure::refused(format!("cannot write JSON: {error}"), "report this as a bug"))
}

/// The fields of an inner object among those of the outer one, so that both are read at once: a new key and its secret.
pub fn flattened(item: &impl Serialize, inner: &str) -> Result<Value, Failure> {
    let mut outer = match to_value(item)? {
        Value::Object(outer) => outer,
        other => return Ok(other),
    };
    let mut fields = match outer.remove(inner) {
        Some(Value::Object(fields)) => fields,
        Some(other) => Map::from_iter([(inner.to_owned(), other)]),
        None => Map::new(),
    };
    fields.append(&mut outer);
    Ok(Value::Object(fields))
}

/// The fields of an inner object as `inner.field` among those of the outer one, so that a table can show them.
pub fn lifted(item: &impl Serialize, inner: &str) -> Result<Value, Failure> {
    let mut outer = match to_value(item)? {
        Value::Object(outer) => outer,
        other => return Ok(other),
    };
    if let Some(Value::Object(fields)) = outer.remove(inner) {
        outer.extend(fields.into_iter().map(|(name, value)| (format!("{inner}.{name}"), value)));
    }
    Ok(Value::Object(outer))
}

/// The columns of the terminal on stdout; none for a file or pipe, where nothing is wrapped.
fn width() -> Option<u16> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    rustix::termios::tcgetwinsize(&stdout).ok().map(|size| size.ws_col).filter(|columns| *columns > 0)
}
