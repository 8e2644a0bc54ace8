//! Attributes between the wire and the domain, which checks them.

use bailiwick_client::wire;
use bailiwick_core::account::{AttributeChanges, AttributeValue, Attributes};

fn value(value: wire::AttributeValue) -> AttributeValue {
    match value {
        wire::AttributeValue::Bool(value) => AttributeValue::Bool(value),
        wire::AttributeValue::Number(value) => AttributeValue::Number(value),
        wire::AttributeValue::String(text) => AttributeValue::String(text.into()),
        wire::AttributeValue::List(texts) => {
            AttributeValue::List(texts.into_iter().map(Into::into).collect())
        }
    }
}

/// Attributes as asked for.
pub(super) fn attributes(asked: &wire::Attributes) -> Attributes {
    asked.iter().map(|(name, one)| (name.into(), value(one.clone()))).collect()
}

/// An edit as asked for.
pub(super) fn attribute_changes(asked: wire::AttributeChanges) -> AttributeChanges {
    asked.into_iter().map(|(name, one)| (name.into(), one.map(value))).collect()
}

/// Attributes as they are shown.
pub(super) fn shown(attributes: Option<&Attributes>) -> wire::Attributes {
    let value = |value: &AttributeValue| match value {
        AttributeValue::Bool(value) => wire::AttributeValue::Bool(*value),
        AttributeValue::Number(value) => wire::AttributeValue::Number(*value),
        AttributeValue::String(text) => wire::AttributeValue::String(text.to_string()),
        AttributeValue::List(texts) => {
            wire::AttributeValue::List(texts.iter().map(ToString::to_string).collect())
        }
    };
    let all = attributes.into_iter().flat_map(Attributes::iter);
    all.map(|(name, one)| (name.to_string(), value(one))).collect()
}
