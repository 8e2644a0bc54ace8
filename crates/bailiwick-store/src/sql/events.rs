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

/// The events behind a revision up to another, the oldest first.
pub static EVENTS_FORTH: Query = Query::new(
    "select revision, event_type, body from events where account_id = $1 and revision > $2 and revision <= $3 \
     order by revision, sequence",
);

/// The same, the newest first.
pub static EVENTS_BACK: Query = Query::new(
    "select revision, event_type, body from events where account_id = $1 and revision > $2 and revision <= $3 \
     order by revision desc, sequence desc",
);

/// The last commit at or before a time.
pub static LAST_COMMIT: Query = Query::new(
    "select revision, at from events where account_id = $1 and at <= $2 order by at desc, revision desc limit 1",
);

/// The commit that made a revision.
pub static COMMIT_AT: Query = Query::new(
    "select revision, at from events where account_id = $1 and revision = $2 order by sequence limit 1",
);

/// What a filtered query answers with.
const COLUMNS: &str = "revision, sequence, at, actor_kind, actor_id, event_type, target_kind, target_id, request_id, \
     source_ip, body";

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

/// Writes the query that answers what is asked. A text is looked for in a bounded number of events only: those come from a
/// query within the query, which goes through them in order and stops.
pub fn filtered(query: &EventQuery) -> FilteredQuery {
    let mut filtered = FilteredQuery::new();
    let order = order(query);
    let from = filtered.place(query);
    let from = if query.text.is_some() {
        let most = filtered.rows_value(query.searched_events);
        format!("from (select {COLUMNS} {from} order by {order} limit ${most}) as searched where true")
    } else {
        from
    };
    filtered.push(&format!("select {COLUMNS} {from}"));
    filtered.add_equal("actor_kind", query.actor_kind.as_deref());
    filtered.add_equal("actor_id", query.actor_id.as_deref());
    filtered.add_equal("target_kind", query.target_kind.as_deref());
    if let Some(target) = &query.target_id {
        filtered.add_target(target, query);
    }
    if let Some(prefix) = &query.type_prefix {
        let range = filtered.types(prefix);
        filtered.push(&format!(" and {range}"));
    }
    if let Some(text) = &query.text {
        filtered.add_text(text, query);
    }
    let limit = filtered.rows_value(query.limit);
    filtered.push(&format!(" order by {order} limit ${limit}"));
    filtered
}

/// Writes the query for the last place that a search for a text looks at, which has no row when there are fewer events left.
pub fn searched_to(query: &EventQuery) -> FilteredQuery {
    let mut last = FilteredQuery::new();
    let from = last.place(query);
    let before = last.rows_value(query.searched_events.saturating_sub(1));
    last.push(&format!(
        "select revision, sequence {from} order by {} limit 1 offset ${before}",
        order(query)
    ));
    last
}

fn order(query: &EventQuery) -> &'static str {
    if query.newest_first { "revision desc, sequence desc" } else { "revision, sequence" }
}

impl FilteredQuery {
    fn new() -> Self {
        Self { text: String::new(), values: Vec::new() }
    }

    /// The part of the record that is gone through: the account, the times, and what comes after a place.
    fn place(&mut self, query: &EventQuery) -> String {
        let account = self.text_value(&query.account_id.to_string());
        let mut place = format!("from events where account_id = ${account}");
        self.add_times(query, account, &mut place);
        if let Some(after) = query.after {
            let operator = if query.newest_first { "<" } else { ">" };
            let revision = self.value(Value::Integer(after.revision.0.cast_signed()));
            let sequence = self.value(Value::Integer(i64::from(after.sequence)));
            // Writing to a `String` does not fail.
            let _ = write!(place, " and (revision, sequence) {operator} (${revision}, ${sequence})");
        }
        place
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn value(&mut self, value: Value) -> usize {
        self.values.push(value);
        self.values.len()
    }

    fn rows_value(&mut self, rows: usize) -> usize {
        self.value(Value::Integer(i64::try_from(rows).unwrap_or(i64::MAX)))
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
    fn add_times(&mut self, query: &EventQuery, account: usize, place: &mut String) {
        let mut range = String::new();
        for (operator, time) in [(">=", query.from), ("<", query.to)] {
            if let Some(time) = time {
                let number = self.value(Value::Integer(time.as_microsecond()));
                // Writing to a `String` does not fail.
                let _ = write!(range, " and at {operator} ${number}");
            }
        }
        if !range.is_empty() {
            let _ = write!(
                place,
                "{range} and revision >= (select min(revision) from events where account_id = ${account}{range}) \
                 and revision <= (select max(revision) from events where account_id = ${account}{range})"
            );
        }
    }

    /// The condition on the types that start so.
    fn types(&mut self, prefix: &str) -> String {
        // No type goes on with the last code point there is, so this is the range of all that start with the prefix.
        let first = self.text_value(prefix);
        let end = self.text_value(&format!("{prefix}\u{10ffff}"));
        format!("event_type >= ${first} and event_type < ${end}")
    }

    fn add_target(&mut self, target: &str, query: &EventQuery) {
        let number = self.text_value(target);
        let mut matches = vec![format!("target_id = ${number}")];
        for also in &query.also {
            // The type first, so that few bodies are read.
            let types = self.types(&also.type_prefix);
            let inside = self.text_value(&containing(&also.text));
            matches.push(format!(r"({types} and body like ${inside} escape '\')"));
        }
        self.push(&format!(" and ({})", matches.join(" or ")));
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
}
