//! Strict reading of what callers send: bodies and queries, with an error that names the place.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::problem::{Code, Failure, code};

/// Reads a JSON body.
///
/// # Errors
/// `malformed_json` with line and column, `too_deep`, and one of `unknown_field`, `missing_field`, `duplicate_field`,
/// `invalid_type`, `invalid_value` with a JSON pointer.
pub fn json<T: DeserializeOwned>(body: &[u8], max_depth: usize) -> Result<T, Failure> {
    // Before parsing, so that a deep text costs no stack.
    if depth(body) > max_depth {
        let detail = format!("arrays and objects may nest {max_depth} deep");
        return Err(Failure::new(&code::TOO_DEEP, detail));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().clone();
        json_failure(&path, error.inner())
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// Reads query parameters.
///
/// # Errors
/// `invalid_query` with the parameter's name.
pub fn query<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    let parameters = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(text.as_bytes()));
    serde_path_to_error::deserialize(parameters).map_err(|error| {
        let message = plain(&error.inner().to_string());
        let named = error.path().iter().find_map(|segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            _ => None,
        });
        let name = named.or_else(|| quoted(&message).map(str::to_owned)).unwrap_or_default();
        Failure::field(&code::INVALID_QUERY, format!("?{name}"), in_words(&name, message))
    })
}

/// Whether a JSON value is what `T` reads; the error in words.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<(), String> {
    serde_json::from_value::<T>(value.clone()).map(|_| ()).map_err(|error| error.to_string())
}

/// How deep a text nests at its deepest, brackets in strings not counted.
pub fn depth(text: &[u8]) -> usize {
    let (mut deepest, mut now): (usize, usize) = (0, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' if !in_string => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn malformed(error: &serde_json::Error) -> Failure {
    let (line, column) = (error.line(), error.column());
    let reason = without_place(&error.to_string()).to_owned();
    Failure::new(&code::MALFORMED_JSON, format!("{reason} at line {line} column {column}"))
}

fn json_failure(path: &Path, error: &serde_json::Error) -> Failure {
    if !error.is_data() {
        return malformed(error);
    }
    let text = error.to_string();
    let message = plain(without_place(&text));
    let kind = kind_of(&message);
    let mut pointer = pointer(path);
    // Serde names what is missing or twice in its message only, since there is no value whose path it could give.
    let names_itself = *kind == code::MISSING_FIELD || *kind == code::DUPLICATE_FIELD;
    if let Some(name) = quoted(&message).filter(|_| names_itself) {
        let name = format!("/{}", escape(name));
        if !pointer.ends_with(&name) {
            pointer.push_str(&name);
        }
    }
    let message = in_words(pointer.rsplit('/').next().unwrap_or_default(), message);
    Failure::field(kind, pointer, message)
}

/// Fields that hold a moment.
const MOMENTS: [&str; 4] = ["until", "member_until", "expires_at", "as_of"];

/// What parsers of numbers and moments say, which means something only to whoever knows them, in words and with an example.
fn in_words(field: &str, message: String) -> String {
    let is_about_the_value = ["unknown", "missing", "duplicate", "invalid type"];
    if is_about_the_value.iter().any(|start| message.starts_with(start)) {
        return message;
    }
    let number = ["invalid digit found in string", "cannot parse integer from empty string"];
    let range = ["number too large to fit in target type", "number too small to fit in target type"];
    if MOMENTS.contains(&field) {
        "is no moment: give one such as `2026-11-21T12:00:00Z`".to_owned()
    } else if number.iter().chain(&range).any(|text| message.contains(text)) {
        "is no whole number that is taken here: give one such as `100`".to_owned()
    } else {
        message
    }
}

fn kind_of(message: &str) -> &'static Code {
    let kinds: [(&str, &'static Code); 4] = [
        ("unknown field", &code::UNKNOWN_FIELD),
        ("missing field", &code::MISSING_FIELD),
        ("duplicate field", &code::DUPLICATE_FIELD),
        ("invalid type", &code::INVALID_TYPE),
    ];
    kinds
        .into_iter()
        .find(|(start, _)| message.starts_with(start))
        .map_or(&code::INVALID_VALUE, |(_, kind)| kind)
}

/// The message without the place that `serde_json` appends to it.
fn without_place(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message)
}

/// What `serde` says, without names of Rust types.
fn plain(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    let mut words = message.split(' ').peekable();
    while let Some(word) = words.next() {
        let shown = match (word, words.peek()) {
            ("struct", Some(_)) => {
                words.next();
                "an object"
            }
            ("enum", Some(_)) => {
                words.next();
                "one of its values"
            }
            _ => word,
        };
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(shown);
    }
    text.replace("a sequence", "an array").replace("a map", "an object")
}

/// The first text in backticks.
fn quoted(message: &str) -> Option<&str> {
    message.split('`').nth(1)
}

/// A JSON pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let part = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => escape(key),
            Segment::Enum { variant } => escape(variant),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&part);
    }
    pointer
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use bailiwick_client::wire::{CreateInvitations, MemberQuery};

    use super::*;

    fn body(text: &str) -> (&'static str, String, Vec<String>) {
        let failure = json::<CreateInvitations>(text.as_bytes(), 8).unwrap_err();
        let problem = failure.problem("", "");
        let fields = problem.errors.into_iter().map(|error| error.field).collect();
        (failure.code(), problem.detail, fields)
    }

    #[test]
    fn every_mistake_in_a_body_names_its_place() {
        for (text, code, fields) in [
            (r#"{"emails":["#, "malformed_json", vec![]),
            (r#"{"emails":[]} x"#, "malformed_json", vec![]),
            ("", "malformed_json", vec![]),
            (r#"{"emails":[],"rolls":[]}"#, "unknown_field", vec!["/rolls"]),
            (r#"{"roles":[]}"#, "missing_field", vec!["/emails"]),
            (r#"{"emails":[],"emails":[]}"#, "duplicate_field", vec!["/emails"]),
            (r#"{"emails":["a",3]}"#, "invalid_type", vec!["/emails/1"]),
            (
                r#"{"emails":[],"grants":[{"role":"a","scope":"here"}]}"#,
                "invalid_value",
                vec!["/grants/0/scope"],
            ),
            ("[[[[[[[[[1]]]]]]]]]", "too_deep", vec![]),
        ] {
            let (found, detail, places) = body(text);
            assert_eq!(
                (found, places.iter().map(String::as_str).collect()),
                (code, fields),
                "{text}: {detail}"
            );
            assert!(!detail.contains("struct ") && !detail.contains("CreateInvitations"), "{detail}");
        }
    }

    #[test]
    fn brackets_in_texts_do_not_count_as_nesting() {
        assert_eq!(depth(br#"{"a":"[[[[\"[["}"#), 1);
        assert_eq!(depth(b"[[],[[]]]"), 3);
        assert_eq!(depth(b"]]]["), 1);
    }

    #[test]
    fn queries_are_strict() {
        assert_eq!(query::<MemberQuery>("q=a%20b&limit=3").unwrap().q.as_deref(), Some("a b"));
        for (text, field) in
            [("limt=3", "?limt"), ("limit=x", "?limit"), ("q=a&q=b", "?q"), ("status=odd", "?status")]
        {
            let failure = query::<MemberQuery>(text).unwrap_err();
            assert_eq!(failure.problem("", "").errors[0].field, field, "{text}");
            assert_eq!(failure.code(), "invalid_query");
        }
    }
}
