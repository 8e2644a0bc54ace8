//! Whether an item meets a filter.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::{Comparison, Expression, Path, Value};

/// The name by which an element that is no object is called inside brackets (RFC 7643 section 2.4).
pub(super) const PLAIN_ELEMENT: &str = "value";

impl Expression {
    pub(super) fn matches(&self, item: &Json) -> bool {
        match self {
            Self::Any(list) => list.iter().any(|one| one.matches(item)),
            Self::All(list) => list.iter().all(|one| one.matches(item)),
            Self::Not(inner) => !inner.matches(item),
            Self::Present(path) => found(item, &path.0).iter().any(|value| is_present(value)),
            Self::Some(Path(names), inner) => found(item, names).iter().any(|value| inner.matches(value)),
            Self::Compare(Path(names), Comparison::NotEqual, wanted) => !is_equal(item, names, wanted),
            Self::Compare(Path(names), Comparison::Equal, wanted) => is_equal(item, names, wanted),
            Self::Compare(Path(names), comparison, wanted) => {
                found(item, names).iter().any(|value| compares(value, *comparison, wanted))
            }
        }
    }
}

/// All values at a path; lists on the way are looked through element by element.
fn found<'i>(item: &'i Json, names: &[String]) -> Vec<&'i Json> {
    if let Json::Array(elements) = item {
        return elements.iter().flat_map(|element| found(element, names)).collect();
    }
    let Some((name, rest)) = names.split_first() else { return vec![item] };
    match item {
        Json::Object(fields) => {
            let field = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            field.map(|(_, value)| found(value, rest)).unwrap_or_default()
        }
        plain if name == PLAIN_ELEMENT && rest.is_empty() => vec![plain],
        _ => Vec::new(),
    }
}

fn is_present(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::String(text) => !text.is_empty(),
        Json::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

/// What is not there equals null.
fn is_equal(item: &Json, names: &[String], wanted: &Value) -> bool {
    let values = found(item, names);
    match wanted {
        Value::Null => values.iter().all(|value| value.is_null()),
        wanted => values.iter().any(|value| order(value, wanted) == Some(Ordering::Equal)),
    }
}

fn compares(value: &Json, comparison: Comparison, wanted: &Value) -> bool {
    if let (Json::String(text), Value::Text(wanted)) = (value, wanted) {
        let (text, wanted) = (text.to_lowercase(), wanted.to_lowercase());
        match comparison {
            Comparison::Contains => return text.contains(&wanted),
            Comparison::StartsWith => return text.starts_with(&wanted),
            Comparison::EndsWith => return text.ends_with(&wanted),
            _ => {}
        }
    }
    let Some(order) = order(value, wanted) else { return false };
    match comparison {
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        _ => false,
    }
}

/// How two values compare, if they are of one kind: times by the moment, other texts without regard to case.
fn order(value: &Json, wanted: &Value) -> Option<Ordering> {
    match (value, wanted) {
        (Json::Bool(value), Value::Bool(wanted)) => Some(value.cmp(wanted)),
        (Json::Number(value), Value::Number(wanted)) => match (value.as_i64(), wanted.as_i64()) {
            (Some(value), Some(wanted)) => Some(value.cmp(&wanted)),
            _ => value.as_f64()?.partial_cmp(&wanted.as_f64()?),
        },
        (Json::String(value), Value::Text(wanted)) => {
            let moments = value.parse::<Timestamp>().ok().zip(wanted.parse::<Timestamp>().ok());
            Some(match moments {
                Some((value, wanted)) => value.cmp(&wanted),
                None => value.to_lowercase().cmp(&wanted.to_lowercase()),
            })
        }
        _ => None,
    }
}
