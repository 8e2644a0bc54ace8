//! Events, and the one query whose text depends on what is asked: a filter that is not set is not in the text, so that the
//! database plans for those that are.

use std::fmt::Write as _;

use super::{Query, containing};
use crate::EventQuery;

/// Adds an event.
pub static ADD_EVENT: Query = Query::new(
    "insert into events (account_id, revision, sequence, at, actor_kind, actor_id, event_type, target_kind, target_id, \
     request_id, source_ip, body) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
);

/// The next events in revision order.
pub static EVENTS_AFTER: Query = Query::new(
    "select revision, sequence, at, actor_kind, actor_id, event_type, target_kind, target_id, request_id, source_ip, \
     body from events where account_id = $1 and (revision, sequence) > ($2, $3) order by revision, sequence limit $4",
);

/// What every filtered query starts with.
const FILTERED_EVENTS: &str = "select revision, sequence, at, actor_kind, actor_id, event_type, target_kind, \
     target_id, request_id, source_ip, body from events where account_id = $1";

/// A value for a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number or a time.
    Integer(i64),
}

/// The text and the values of a filtered query.
pub struct FilteredQuery {
    /// The portable text.
    pub text: String,
    /// The values, `$1` first.
    pub values: Vec<Value>,
}

/// Writes the query that answers what is asked.
pub fn filtered(query: &EventQuery) -> FilteredQuery {
    let mut filtered = FilteredQuery {
        text: FILTERED_EVENTS.to_owned(),
        values: vec![Value::Text(query.account_id.to_string())],
    };
    filtered.add_times(query);
    filtered.add_equal("actor_kind", query.actor_kind.as_deref());
    filtered.add_equal("actor_id", query.actor_id.as_deref());
    filtered.add_equal("target_kind", query.target_kind.as_deref());
    filtered.add_equal("target_id", query.target_id.as_deref());
    if let Some(prefix) = &query.type_prefix {
        // No type goes on with the last code point there is, so this is the range of all that start with the prefix.
        let first = filtered.text_value(prefix);
        let end = filtered.text_value(&format!("{prefix}\u{10ffff}"));
        filtered.push(&format!(" and event_type >= ${first} and event_type < ${end}"));
    }
    if let Some(text) = &query.text {
        filtered.add_text(text, query);
    }
    filtered.add_order(query);
    filtered
}

impl FilteredQuery {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn value(&mut self, value: Value) -> usize {
        self.values.push(value);
        self.values.len()
    }

    fn text_value(&mut self, text: &str) -> usize {
        self.value(Value::Text(text.to_owned()))
    }

    fn add_equal(&mut self, column: &str, wanted: Option<&str>) {
        if let Some(wanted) = wanted {
            let number = self.text_value(wanted);
            self.push(&format!(" and {column} = ${number}"));
        }
    }

    /// Filters by time, and bounds the revisions by what the index on time knows, so that a page of an old month does not
    /// walk over everything since. Clocks may step back, hence the least and greatest revision, not the first and last.
    fn add_times(&mut self, query: &EventQuery) {
        let mut range = String::new();
        for (operator, time) in [(">=", query.from), ("<", query.to)] {
            if let Some(time) = time {
                let number = self.value(Value::Integer(time.as_microsecond()));
                // Writing to a `String` does not fail.
                let _ = write!(range, " and at {operator} ${number}");
            }
        }
        if !range.is_empty() {
            self.push(&format!(
                "{range} and revision >= (select min(revision) from events where account_id = $1{range}) \
                 and revision <= (select max(revision) from events where account_id = $1{range})"
            ));
        }
    }

    fn add_text(&mut self, text: &str, query: &EventQuery) {
        let pattern = self.text_value(&containing(&text.to_ascii_lowercase()));
        let mut matches: Vec<String> = ["event_type", "actor_id", "target_id", "request_id", "body"]
            .iter()
            .map(|column| format!(r"lower({column}) like ${pattern} escape '\'"))
            .collect();
        for user_id in &query.text_user_ids {
            let id = user_id.to_string();
            let exact = self.text_value(&id);
            let inside = self.text_value(&containing(&id));
            matches.push(format!(
                r"actor_id = ${exact} or target_id = ${exact} or body like ${inside} escape '\'"
            ));
        }
        self.push(&format!(" and ({})", matches.join(" or ")));
    }

    fn add_order(&mut self, query: &EventQuery) {
        let (operator, direction) = if query.newest_first { ("<", " desc") } else { (">", "") };
        if let Some(after) = query.after {
            let revision = self.value(Value::Integer(after.revision.0.cast_signed()));
            let sequence = self.value(Value::Integer(i64::from(after.sequence)));
            self.push(&format!(" and (revision, sequence) {operator} (${revision}, ${sequence})"));
        }
        let limit = self.value(Value::Integer(i64::try_from(query.limit).unwrap_or(i64::MAX)));
        self.push(&format!(" order by revision{direction}, sequence{direction} limit ${limit}"));
    }
}
