//! Events as stored: every released shape stays readable for ever, and the reference shows one of each.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use bailiwick_core::account::Event;
use serde_json::Value;

fn from_manifest(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The samples by file name, each with its type. A new shape of a type gets a file of its own, such as
/// `member.joined.2.json`; what was released is never edited.
fn samples() -> BTreeMap<String, Value> {
    let files = std::fs::read_dir(from_manifest("tests/samples/events")).unwrap();
    let read = |file: std::io::Result<std::fs::DirEntry>| {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let sample = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, sample)
    };
    files.map(read).collect()
}

/// Whether everything that `stored` says is in `read` as well: a newer version may add fields, and loses none.
fn is_kept(stored: &Value, read: &Value) -> bool {
    match (stored, read) {
        (Value::Object(stored), Value::Object(read)) => {
            stored.iter().all(|(key, value)| read.get(key).is_some_and(|other| is_kept(value, other)))
        }
        (Value::Array(stored), Value::Array(read)) => {
            stored.len() == read.len() && stored.iter().zip(read).all(|(one, other)| is_kept(one, other))
        }
        _ => stored == read,
    }
}

#[test]
fn every_released_event_stays_readable() {
    for (name, sample) in samples() {
        let event: Event =
            serde_json::from_value(sample.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let of = event.type_name();
        assert!(
            name == of || name.strip_prefix(of).is_some_and(|rest| rest.starts_with('.')),
            "{name}: {of}"
        );
        let read = serde_json::to_value(&event).unwrap();
        assert!(is_kept(&sample, &read), "{name} loses something: {read}");
    }
}

#[test]
fn every_type_of_event_has_a_sample() {
    let samples = samples();
    let missing: Vec<&str> =
        Event::TYPES.iter().map(|(name, _)| *name).filter(|name| !samples.contains_key(*name)).collect();
    assert_eq!(missing, [""; 0], "write tests/samples/events/<type>.json");
}

#[test]
fn what_only_records_is_known_by_its_type() {
    for (name, sample) in samples() {
        let event: Event = serde_json::from_value(sample).unwrap();
        let records = Event::RECORDING_TYPES.contains(&event.type_name());
        assert_eq!(event.entities().next().is_none(), records, "{name}");
    }
}

#[test]
fn no_field_that_is_not_known_is_read_as_an_event() {
    let wrong = r#"{"type":"member.activated","user":"usr_00000000000000000000000000000001","extra":1}"#;
    assert!(serde_json::from_str::<Event>(wrong).is_err());
    assert!(serde_json::from_str::<Event>(r#"{"type":"member.vanished"}"#).is_err());
}

/// Run with `UPDATE=1` to rewrite the page, then review the diff.
#[test]
fn the_reference_of_events_matches() {
    let samples = samples();
    let mut page = "# Events\n\nWhat is recorded, in past tense. Events are stored for ever and only ever gain fields. \
                    They name people by id; names and email addresses are in the directory alone, and no secret is in \
                    any of them.\n\n<!-- Generated from the code and tests/samples/events; a test compares the two. -->\n"
        .to_owned();
    for (name, meaning) in Event::TYPES {
        let sample = samples.get(*name).map_or_else(String::new, |sample| format!("{sample:#}"));
        write!(page, "\n## `{name}`\n\n{meaning}\n\n```json\n{sample}\n```\n").unwrap();
    }
    let path = from_manifest("../../docs/reference/events.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == page, "{} differs: run the test with UPDATE=1", path.display());
}
