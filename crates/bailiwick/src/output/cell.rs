//! Values as the text of a table's cell.

use jiff::Timestamp;
use serde_json::{Map, Number, Value};

/// A text that cannot change what the terminal does or begin another line.
pub fn one_line(text: &str) -> String {
    let is_unsafe = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let shown = |character: char| match character {
        '\n' | '\r' | '\t' => ' ',
        _ if is_unsafe(character) => '\u{fffd}',
        _ => character,
    };
    text.chars().map(shown).collect()
}

/// What a field's value looks like in a table.
pub fn text(field: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) if field.ends_with("_seconds") => seconds(number),
        Value::Number(number) => number.to_string(),
        Value::String(text) if is_moment(field) => moment(text),
        Value::String(text) => one_line(text),
        Value::Array(items) => items.iter().map(|item| text_of(field, item)).collect::<Vec<_>>().join(", "),
        Value::Object(object) if field == "details" => details(object),
        Value::Object(object) => label(object),
    }
}

fn text_of(field: &str, value: &Value) -> String {
    match value {
        Value::Array(_) => format!("[{}]", text(field, value)),
        _ => text(field, value),
    }
}

fn is_moment(field: &str) -> bool {
    field == "at" || field == "until" || field.ends_with("_at")
}

/// Seconds, and in hours if they make some: `172800 (48 h)`.
fn seconds(number: &Number) -> String {
    match number.as_u64() {
        Some(seconds) if seconds > 0 && seconds % 3600 == 0 => format!("{seconds} ({} h)", seconds / 3600),
        _ => number.to_string(),
    }
}

/// To the second: nobody reads on.
fn moment(text: &str) -> String {
    text.parse::<Timestamp>()
        .map_or_else(|_| one_line(text), |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// An object as what people call it, or in the spelling of the command line where it has one.
fn label(object: &Map<String, Value>) -> String {
    let field = |name: &str| object.get(name).and_then(Value::as_str).map(one_line);
    if let Some(scope) = scope(object) {
        return scope;
    }
    if let (Some(role), Some(at)) = (object.get("role"), object.get("scope")) {
        return held(object, &text("role", role), &text("scope", at));
    }
    if let Some(grant) = object.get("grant") {
        let code = field("code").unwrap_or_default();
        return format!("{} ({code})", text("grant", grant));
    }
    let called = ["email", "name", "title", "label", "id"].into_iter().find_map(field);
    called.unwrap_or_else(|| details(object))
}

/// `role@scope`, why it is held and until when.
fn held(object: &Map<String, Value>, role: &str, scope: &str) -> String {
    let mut held = if scope == "account" { role.to_owned() } else { format!("{role}@{scope}") };
    if let Some(group) = object.get("group").and_then(Value::as_str) {
        held.push_str(" through ");
        held.push_str(&one_line(group));
    }
    if let Some(until) = object.get("until").and_then(Value::as_str) {
        held.push_str(" until ");
        held.push_str(&moment(until));
    }
    held
}

/// A scope as the command line spells it.
fn scope(object: &Map<String, Value>) -> Option<String> {
    if object.len() != 1 {
        return None;
    }
    if let Some(project) = object.get("project").and_then(Value::as_str) {
        return Some(format!("project:{}", one_line(project)));
    }
    if let Some(Value::Object(all)) = object.get("all_of") {
        let resource_type = all.get("type").and_then(Value::as_str).unwrap_or_default();
        return Some(match all.get("project").and_then(Value::as_str) {
            Some(project) => format!("all:{}@project:{}", one_line(resource_type), one_line(project)),
            None => format!("all:{}", one_line(resource_type)),
        });
    }
    let resources = object.get("resources")?.as_array()?;
    let ids: Vec<String> = resources.iter().filter_map(Value::as_str).map(one_line).collect();
    Some(format!("resource:{}", ids.join(",")))
}

/// `name=value` for each field.
fn details(object: &Map<String, Value>) -> String {
    let pairs = object.iter().map(|(name, value)| match value {
        Value::Object(inner) if scope(inner).is_none() => format!("{name}=({})", details(inner)),
        _ => format!("{name}={}", text(name, value)),
    });
    pairs.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_become_texts() {
        let table = [
            ("id", json!("rol_1"), "rol_1"),
            ("lifetime_seconds", json!(172_800), "172800 (48 h)"),
            ("default", json!(true), "yes"),
            ("sent_at", json!("2026-01-02T03:04:05.678901Z"), "2026-01-02T03:04:05Z"),
            ("name", json!("a\u{1b}]0;b\nc\u{202e}"), "a\u{fffd}]0;b c\u{fffd}"),
            ("scope", json!("account"), "account"),
            ("scope", json!({"project": "prj_1"}), "project:prj_1"),
            ("scope", json!({"all_of": {"type": "cluster"}}), "all:cluster"),
            ("scope", json!({"all_of": {"type": "cluster", "project": "p"}}), "all:cluster@project:p"),
            ("scope", json!({"resources": ["res_1", "res_2"]}), "resource:res_1,res_2"),
            ("sponsor", json!({"id": "usr_1", "email": "ada@example.com", "name": "Ada"}), "ada@example.com"),
            (
                "roles",
                json!([
                    {"role": "base", "title": "Base", "via": "newcomer", "scope": "account"},
                    {"role": "x", "title": "X", "via": "grant", "scope": {"project": "p"},
                     "until": "2026-01-02T03:04:05Z"}
                ]),
                "base, x@project:p until 2026-01-02T03:04:05Z",
            ),
            ("details", json!({"before": {"name": "a"}, "count": 2}), "before=(name=a) count=2"),
        ];
        for (field, value, expected) in table {
            assert_eq!(text(field, &value), expected, "{value}");
        }
    }
}
