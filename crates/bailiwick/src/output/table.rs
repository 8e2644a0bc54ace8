//! Tables.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table, Width};
use serde_json::{Value, json};

use super::Shape;
use super::cell::text;

const EVENTS: &[&str] = &["type", "target", "details"];
const CHANGES: &[&str] = &["who", "where", "permissions"];
const ENDED: &[&str] = &["what", "which"];

/// A column takes at least so much room for its texts to be broken into lines.
const WRAP_MIN: usize = 20;
/// And so much for objects of which only the beginning is shown.
const CUT_MIN: usize = 12;
/// Between columns.
const GAP: u16 = 2;
/// How many members of a list within a cell are shown by name, where they may be cut.
const NAMED: usize = 4;

/// How much of an object within a cell is shown, where it may be cut, in characters.
const OBJECT_MAX: usize = 48;

/// What becomes of long lists and objects within a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Long {
    /// The first few, and how many more; the beginning.
    Cut,
    /// All, since that is what was asked for.
    Whole,
}

/// A list: one line for each item. What does not fit on a terminal is left out from the right, and named.
pub fn rows(items: &[Value], columns: &[&'static str], long: Long, width: Option<u16>) -> String {
    let present: BTreeSet<&str> =
        items.iter().filter_map(Value::as_object).flat_map(|item| item.keys().map(String::as_str)).collect();
    let columns: Vec<(&str, Vec<String>)> = ordered(&present, columns)
        .into_iter()
        .map(|column| (column, items.iter().map(|item| in_row(column, item.get(column), long)).collect()))
        .collect();
    let widths = columns.iter().map(|(name, cells)| {
        let longest = cells.iter().map(|cell| cell.chars().count()).max();
        let is_cut =
            long == Long::Cut && items.iter().any(|item| item.get(*name).is_some_and(Value::is_object));
        (longest.unwrap_or_default().max(name.chars().count()), is_cut)
    });
    let fits = fitted(widths, width.map(usize::from));
    let mut table = new_table(width);
    let shown = || columns.iter().zip(&fits).filter(|(_, fit)| **fit != Fit::Hidden);
    table.set_header(shown().map(|((name, _), _)| *name));
    for index in 0..items.len() {
        let cell = |(column, fit): (&(&str, Vec<String>), &Fit)| {
            let cell = column.1.get(index).cloned().unwrap_or_default();
            if let Fit::Cut(room) = fit { cut(cell, usize::from(room - GAP)) } else { cell }
        };
        table.add_row(Row::from(shown().map(cell).collect::<Vec<_>>()));
    }
    for (column, (_, fit)) in table.column_iter_mut().zip(shown()) {
        column.set_padding((0, GAP)).set_constraint(match fit {
            Fit::Wrapped(room) => ColumnConstraint::Absolute(Width::Fixed(*room)),
            Fit::Whole | Fit::Cut(_) | Fit::Hidden => ColumnConstraint::ContentWidth,
        });
    }
    let hidden: Vec<&str> = columns
        .iter()
        .zip(&fits)
        .filter(|(_, fit)| **fit == Fit::Hidden)
        .map(|((name, _), _)| *name)
        .collect();
    let mut text = finished(&table);
    if !hidden.is_empty() {
        let _ = write!(text, "\n(no room for {}: `--json` shows all)", hidden.join(", "));
    }
    text
}

fn in_row(column: &str, value: Option<&Value>, long: Long) -> String {
    match value {
        None => String::new(),
        Some(Value::Array(members)) if long == Long::Cut && members.len() > NAMED + 1 => {
            let named: Vec<Value> = members.iter().take(NAMED).cloned().collect();
            format!("{} and {} more", text(column, &Value::Array(named)), members.len() - NAMED)
        }
        Some(value @ Value::Object(_)) if long == Long::Cut => cut(text(column, value), OBJECT_MAX),
        Some(value) => text(column, value),
    }
}

/// At most so many characters.
fn cut(mut text: String, most: usize) -> String {
    if text.chars().count() > most
        && let Some((end, _)) = text.char_indices().nth(most.saturating_sub(1))
    {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// How a column is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Whole,
    Wrapped(u16),
    Cut(u16),
    Hidden,
}

/// What fits side by side, from the left. One column's texts are broken into lines, or cut, if that makes it fit.
fn fitted(widths: impl Iterator<Item = (usize, bool)>, room: Option<usize>) -> Vec<Fit> {
    let Some(mut room) = room else { return widths.map(|_| Fit::Whole).collect() };
    let gap = usize::from(GAP);
    let fit = |(width, is_cut): (usize, bool)| {
        if width + gap <= room {
            room -= width + gap;
            return Fit::Whole;
        }
        let least = if is_cut { CUT_MIN } else { WRAP_MIN };
        if room < least + gap {
            return Fit::Hidden;
        }
        let taken = u16::try_from(std::mem::take(&mut room)).unwrap_or(u16::MAX);
        if is_cut { Fit::Cut(taken) } else { Fit::Wrapped(taken) }
    };
    widths.map(fit).collect()
}

/// One thing: a line for each field, and a table below for each of its lists.
pub fn document(value: &Value, shape: Shape, width: Option<u16>) -> String {
    let Some(object) = value.as_object() else { return text("", value) };
    let is_below = |name: &str| shape.tables.iter().any(|(below, _)| *below == name);
    let present = object.keys().map(String::as_str).filter(|name| !is_below(name)).collect();
    let mut table = new_table(width);
    for field in ordered(&present, shape.fields) {
        let shown = object.get(field).map(|value| text(field, value)).unwrap_or_default();
        table.add_row(vec![field.to_owned(), shown]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    let mut parts = Vec::new();
    if !present.is_empty() {
        parts.push(finished(&table));
    }
    for (name, columns) in shape.tables {
        let Some(items) = object.get(*name).and_then(Value::as_array).filter(|items| !items.is_empty())
        else {
            continue;
        };
        parts.push(section(name, items, columns, width));
    }
    parts.join("\n\n")
}

/// What a write would do.
pub fn plan(value: &Value, width: Option<u16>) -> String {
    let found = |path: &str| value.pointer(path).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut parts = vec![section("events", found("/events"), EVENTS, width)];
    let (gained, lost, ended) = (found("/access/gained"), found("/access/lost"), found("/access/ended"));
    let is = |path: &str| value.pointer(path).and_then(Value::as_bool) == Some(true);
    if gained.is_empty() && lost.is_empty() && !is("/access/unasked") {
        parts.push("nobody gains or loses access".to_owned());
    }
    for (name, changes, all) in
        [("access gained", gained, "/access/gained_count"), ("access lost", lost, "/access/lost_count")]
    {
        if changes.is_empty() {
            continue;
        }
        let rows: Vec<Value> = changes.iter().map(change).collect();
        parts.push(section(name, &rows, CHANGES, width));
        let all = value.pointer(all).and_then(Value::as_u64).unwrap_or_default();
        let shown = u64::try_from(changes.len()).unwrap_or(u64::MAX);
        if all > shown {
            parts.push(format!("and {} more entries that concern fewer", all - shown));
        }
    }
    if is("/access/policies") {
        parts.push(super::POLICIES_JUDGED.to_owned());
    }
    if is("/access/unasked") {
        parts.push(super::MORE_TO_ASK.to_owned());
    }
    if !ended.is_empty() {
        let rows: Vec<Value> = ended.iter().map(end).collect();
        parts.push(section("ends", &rows, ENDED, width));
    }
    if let Some(would) = value.get("would").filter(|would| !would.is_null()) {
        parts.push(format!("would:\n{}", document(would, Shape::new(&["id", "name", "email"]), width)));
    }
    parts.join("\n\n")
}

/// Who gains or loses what where, in names.
fn change(value: &Value) -> Value {
    let who = some_of(value, "principals", "principal_count", |one| {
        ["name", "email", "id"].into_iter().find_map(|field| one.get(field))
    });
    let words = value.get("scope_words").filter(|words| words.as_str().is_some_and(|text| !text.is_empty()));
    let place = words.or_else(|| value.get("scope")).cloned();
    let permissions = value.get("permissions").cloned();
    json!({ "who": who, "where": place, "permissions": permissions })
}

/// What ends, in names.
fn end(value: &Value) -> Value {
    let count = value.get("count").and_then(Value::as_u64).unwrap_or_default();
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default().replace('_', " ");
    let plural = if count == 1 { "" } else { "s" };
    let which =
        some_of(value, "items", "count", |one| ["label", "id"].into_iter().find_map(|field| one.get(field)));
    json!({ "what": format!("{count} {kind}{plural}"), "which": which })
}

/// The members of a list by what people call them, and how many more there are.
fn some_of(value: &Value, list: &str, count: &str, called: impl Fn(&Value) -> Option<&Value>) -> String {
    let items = value.get(list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let named: Vec<&str> = items.iter().filter_map(|one| called(one)?.as_str()).collect();
    let shown = u64::try_from(items.len()).unwrap_or(u64::MAX);
    match value.get(count).and_then(Value::as_u64).unwrap_or(shown).saturating_sub(shown) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn section(name: &str, items: &[Value], columns: &[&'static str], width: Option<u16>) -> String {
    if items.is_empty() {
        format!("{name}: none")
    } else {
        format!("{name}:\n{}", rows(items, columns, Long::Whole, width))
    }
}

/// Those of the known columns that occur, then any others.
fn ordered<'a>(present: &BTreeSet<&'a str>, known: &[&'static str]) -> Vec<&'a str> {
    let mut columns: Vec<&str> = known.iter().filter_map(|column| present.get(column).copied()).collect();
    columns.extend(present.iter().filter(|column| !known.contains(column)));
    columns
}

fn new_table(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    match width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table
}

fn finished(table: &Table) -> String {
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_left_out() {
        let items = [json!({"id": "a", "zone": 1, "name": "x"}), json!({"id": "b", "until": null})];
        let shown = rows(&items, &["id", "name", "absent"], Long::Cut, None);
        let header: Vec<&str> = shown.lines().next().unwrap().split_whitespace().collect();
        assert_eq!(header, ["id", "name", "until", "zone"]);
        assert_eq!(shown.lines().count(), 3);
    }

    #[test]
    fn a_plan_names_what_does_not_happen_too() {
        let shown = plan(
            &json!({"events": [{"type": "member.removed"}], "access": {"gained": [], "lost": []}}),
            None,
        );
        assert!(shown.contains("member.removed"), "{shown}");
        assert!(shown.contains("nobody gains or loses access"), "{shown}");
    }

    #[test]
    fn a_plan_names_people_places_and_how_many_more_there_are() {
        let lost = json!({
            "scope": {"resources": ["res_1"]}, "scope_words": "cluster prod", "permissions": ["read:clusters"],
            "principal_count": 7, "principals_complete": false,
            "principals": [{"kind": "member", "id": "usr_1", "email": "g@example.com", "name": "Grace"},
                           {"kind": "member", "id": "usr_2", "email": "a@example.com"},
                           {"kind": "service_account", "id": "sva_1"}],
        });
        let ended = json!({"kind": "service_account", "count": 2, "complete": false,
                           "items": [{"kind": "service_account", "id": "sva_1", "label": "ci"}]});
        let access = json!({"gained": [], "lost": [lost], "lost_count": 3, "ended": [ended]});
        let shown = plan(&json!({"events": [], "access": access}), None);
        let lines = shown.lines().collect::<Vec<_>>().join("|");
        assert!(
            lines.contains("Grace, a@example.com, sva_1 and 4 more  cluster prod  read:clusters"),
            "{shown}"
        );
        assert!(
            lines.contains("and 2 more entries") && lines.contains("2 service accounts  ci and 1 more"),
            "{shown}"
        );
        assert!(!lines.contains("nobody") && !lines.contains("access gained"), "{shown}");
    }

    #[test]
    fn narrow_terminals_break_one_text_and_name_what_has_no_room() {
        let items =
            [json!({"id": "a", "description": "many words that fit into no line of that width", "until": 1})];
        let shown = rows(&items, &["id", "description"], Long::Cut, Some(30));
        let lines: Vec<&str> = shown.lines().collect();
        let (last, table) = lines.split_last().unwrap();
        assert!(table.iter().all(|line| line.chars().count() <= 30), "{shown}");
        assert!(table.len() > 2 && shown.contains("width"), "{shown}");
        assert_eq!(*last, "(no room for until: `--json` shows all)");
        let wide = rows(&items, &["id", "description"], Long::Cut, Some(200));
        assert_eq!(wide.lines().count(), 2, "{wide}");
    }

    #[test]
    fn an_object_shows_as_much_as_there_is_room() {
        let items = [json!({"id": "a", "details": {"from": "viewer", "to": "editor"}, "seq": 1})];
        let shown = rows(&items, &["id", "details"], Long::Cut, Some(24));
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1].trim_end(), "a   from=viewer to=ed…", "{shown}");
        assert_eq!(lines[2..], ["(no room for seq: `--json` shows all)"]);
    }

    #[test]
    fn long_lists_in_a_cell_say_how_many_there_are() {
        let items = [json!({"permissions": ["a", "b", "c", "d", "e", "f"]})];
        assert!(rows(&items, &[], Long::Cut, None).contains("a, b, c, d and 2 more"));
        assert!(rows(&items, &[], Long::Whole, None).contains("a, b, c, d, e, f"));
    }
}
