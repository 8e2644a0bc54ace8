//! Reads events.

use bailiwick_core::ids::{AccountId, Revision};
use jiff::Timestamp;
use rusqlite::types::{ToSqlOutput, Value as SqliteValue, ValueRef};
use rusqlite::{Connection, Row, Rows, ToSql, params, params_from_iter};

use super::bind::{count, first, limit, malformed, micros, parsed_option, rows, rows_of, text, time};
use super::readers::in_snapshot;
use crate::sql::events::{
    COMMIT_AT, EVENTS_AFTER, EVENTS_BACK, EVENTS_FORTH, FilteredQuery, LAST_COMMIT, Value, filtered,
    searched_to,
};
use crate::sql::sqlite_placeholders;
use crate::{
    CommitPlace, EventPage, EventPosition, EventQuery, EventRange, EventRow, EventText, EventTexts,
    StoreError, StoredEvent, TakeEvents,
};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Integer(number) => ToSqlOutput::Owned(SqliteValue::Integer(*number)),
        })
    }
}

/// The events that a query asks for.
pub fn matching(db: &Connection, query: &EventQuery) -> Result<EventPage, StoreError> {
    let events = rows_filtered(db, &filtered(query), event)?;
    let may_go_on = query.text.is_some() && events.len() < query.limit;
    let searched_to = if may_go_on { rows_filtered(db, &searched_to(query), position)?.pop() } else { None };
    Ok(EventPage { events, searched_to })
}

fn rows_filtered<T>(
    db: &Connection,
    query: &FilteredQuery,
    read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows_of(db, &sqlite_placeholders(&query.text), params_from_iter(query.values.iter()), read)
}

/// The next events in revision order.
pub fn after(
    db: &Connection,
    account_id: AccountId,
    after: Option<EventPosition>,
    rows_wanted: usize,
) -> Result<Vec<StoredEvent>, StoreError> {
    // Revisions start at 1, so this place is before every event.
    let after = after.unwrap_or(EventPosition { revision: Revision(0), sequence: 0 });
    let values =
        params![account_id.to_string(), after.revision.0.cast_signed(), after.sequence, limit(rows_wanted)];
    rows(db, &EVENTS_AFTER, values, event)
}

/// Has the events of a range taken.
pub fn read(db: &Connection, range: EventRange, take: TakeEvents) -> Result<(), StoreError> {
    let EventRange { account_id, after, to, newest_first } = range;
    let query = if newest_first { &EVENTS_BACK } else { &EVENTS_FORTH };
    in_snapshot(db, |db| {
        let mut statement = db.prepare_cached(query.for_sqlite())?;
        let account_id = account_id.to_string();
        let rows = statement.query(params![account_id, after.0.cast_signed(), to.0.cast_signed()])?;
        take(&mut Found(rows))
    })
}

struct Found<'a>(Rows<'a>);

impl EventTexts for Found<'_> {
    fn next(&mut self) -> Result<Option<EventText<'_>>, StoreError> {
        let Some(row) = self.0.next()? else { return Ok(None) };
        Ok(Some(EventText {
            revision: Revision(count(row, 0)?),
            event_type: text(row, 1)?,
            body: text(row, 2)?,
        }))
    }
}

/// The last commit at or before a time.
pub fn last_commit(
    db: &Connection,
    account_id: AccountId,
    at: Timestamp,
) -> Result<Option<CommitPlace>, StoreError> {
    first(db, &LAST_COMMIT, params![account_id.to_string(), micros(at)], commit_place)
}

/// The commit that made a revision.
pub fn commit_at(
    db: &Connection,
    account_id: AccountId,
    revision: Revision,
) -> Result<Option<CommitPlace>, StoreError> {
    first(db, &COMMIT_AT, params![account_id.to_string(), revision.0.cast_signed()], commit_place)
}

fn commit_place(row: &Row<'_>) -> Result<CommitPlace, StoreError> {
    Ok(CommitPlace { revision: Revision(count(row, 0)?), at: time(row, 1)? })
}

fn position(row: &Row<'_>) -> Result<EventPosition, StoreError> {
    let sequence = u32::try_from(count(row, 1)?).map_err(|_| malformed(row, 1))?;
    Ok(EventPosition { revision: Revision(count(row, 0)?), sequence })
}

fn event(row: &Row<'_>) -> Result<StoredEvent, StoreError> {
    Ok(StoredEvent {
        position: position(row)?,
        event: EventRow {
            at: time(row, 2)?,
            actor_kind: row.get::<_, String>(3)?.into(),
            actor_id: row.get(4)?,
            event_type: row.get::<_, String>(5)?.into(),
            target_kind: row.get::<_, Option<String>>(6)?.map(Into::into),
            target_id: row.get(7)?,
            request_id: row.get(8)?,
            source_ip: parsed_option(row, 9)?,
            body: row.get(10)?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::migrate::{MIGRATIONS, migrate};
    use super::*;
    use crate::conformance::given::id;

    /// The plan of a query in an empty database without statistics, which is what the planner has in every database.
    fn plan(query: &EventQuery) -> String {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db, MIGRATIONS).unwrap();
        let filtered = filtered(query);
        let explained = FilteredQuery { text: format!("explain query plan {}", filtered.text), ..filtered };
        let steps = rows_filtered(&db, &explained, |row| Ok(row.get::<_, String>(3)?));
        steps.unwrap().join("; ")
    }

    #[test]
    fn no_page_sorts_and_time_bounds_what_is_read() {
        let query = EventQuery::of_account(id(1), 50);
        let text = |text: &str| Some(text.to_owned());
        let from = Some(Timestamp::UNIX_EPOCH);
        let cases = [
            ("all", query.clone(), false),
            ("time", EventQuery { from, to: Some(Timestamp::MAX), ..query.clone() }, true),
            ("actor", EventQuery { actor_id: text("usr_1"), ..query.clone() }, false),
            ("type", EventQuery { type_prefix: text("member."), ..query.clone() }, false),
            (
                "time and others",
                EventQuery { from, target_id: text("usr_1"), type_prefix: text("m"), ..query },
                true,
            ),
        ];
        for (name, query, is_bounded) in cases {
            let plan = plan(&query);
            assert!(!plan.contains("TEMP B-TREE"), "{name}: {plan}");
            assert!(plan.starts_with("SEARCH events USING PRIMARY KEY (account_id=?"), "{name}: {plan}");
            assert_eq!(plan.contains("COVERING INDEX events_by_time"), is_bounded, "{name}: {plan}");
        }
    }

    #[test]
    fn going_back_and_finding_a_commit_read_no_more_than_they_answer() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db, MIGRATIONS).unwrap();
        for (query, wanted) in [
            (&EVENTS_BACK, "SEARCH events USING PRIMARY KEY (account_id=? AND revision>? AND revision<?)"),
            (&EVENTS_FORTH, "SEARCH events USING PRIMARY KEY (account_id=? AND revision>? AND revision<?)"),
            (&LAST_COMMIT, "SEARCH events USING COVERING INDEX events_by_time (account_id=? AND at<?)"),
            (&COMMIT_AT, "SEARCH events USING PRIMARY KEY (account_id=? AND revision=?)"),
        ] {
            let text = format!("explain query plan {}", query.for_sqlite());
            let values = params_from_iter(vec![1_i64; text.matches('?').count()]);
            let steps = rows_of(&db, &text, values, |row| Ok(row.get::<_, String>(3)?)).unwrap();
            assert_eq!(steps, [wanted], "no sorting");
        }
    }

    #[test]
    fn a_search_for_a_text_stops_as_soon_as_it_has_found_enough() {
        let query = EventQuery { text: Some("x".to_owned()), ..EventQuery::of_account(id(1), 50) };
        for newest_first in [true, false] {
            let plan = plan(&EventQuery { newest_first, ..query.clone() });
            assert!(plan.starts_with("CO-ROUTINE searched") && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
