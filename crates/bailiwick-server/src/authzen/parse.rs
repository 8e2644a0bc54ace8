//! Requests, parsed where they stand: texts are borrowed from the body unless they contain escapes.
//!
//! Hand-written visitors, because derived ones accept an array where the specification wants an object.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use axum::http::{HeaderMap, header};
use bailiwick_core::account::AttributeValue;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Failure;
use crate::api::depth;

/// A subject, resource or action: which members it must have depends on where it stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Entity<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) name: Option<Cow<'a, str>>,
    /// Not looked at where no policy could.
    pub(super) properties: Option<Properties<'a>>,
}

/// A single question, an item of a batch, or a whole batch.
#[derive(Debug, Default)]
pub(super) struct Request<'a> {
    pub(super) subject: Option<Entity<'a>>,
    pub(super) action: Option<Entity<'a>>,
    pub(super) resource: Option<Entity<'a>>,
    pub(super) context: Option<Properties<'a>>,
    pub(super) semantic: Option<Cow<'a, str>>,
    pub(super) page: Option<Page<'a>>,
    pub(super) evaluations: Option<Vec<Request<'a>>>,
}

/// Which page of a search.
#[derive(Debug, Default)]
pub(super) struct Page<'a> {
    token: Option<Cow<'a, str>>,
    pub(super) limit: Option<u64>,
}

impl Page<'_> {
    /// Where to go on; an empty token is none, as it ends a search.
    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref().filter(|token| !token.is_empty())
    }
}

/// Parses a body, whose content type must be JSON: everything that is wrong with it is a 400.
pub(super) fn request<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<Request<'a>, Failure> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Failure::bad("the content type must be `application/json`"));
    }
    serde_json::from_slice(body)
        .map_err(|error| Failure::bad(format!("the body is not a valid request: {error}")))
}

/// A text, borrowed where it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// An object whose members only policies could look at: kept as it stands in the body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Properties<'a>(&'a str);

impl Properties<'_> {
    /// Whether a `context` asks why: `"explain": true`. Nearly none has the word, and only those that do are read.
    pub(super) fn asks_why(&self) -> bool {
        self.0.contains("\"explain\"")
            && self
                .each()
                .iter()
                .any(|(name, value)| name == "explain" && *value == AttributeValue::Bool(true))
    }

    /// The members that are of a type that attributes have; others say nothing.
    pub(super) fn each(&self) -> Vec<(String, AttributeValue)> {
        let members: BTreeMap<String, Value> = serde_json::from_str(self.0).unwrap_or_default();
        let known = |(name, value)| Some((name, AttributeValue::deserialize(value).ok()?));
        members.into_iter().filter_map(known).collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Properties<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&'de RawValue>::deserialize(deserializer)?.get();
        if !text.starts_with('{') {
            return Err(Error::custom("invalid type: expected an object"));
        }
        if depth(text.as_bytes()) > IGNORED_DEPTH + 1 {
            return Err(Error::custom(format_args!("values may nest {IGNORED_DEPTH} deep")));
        }
        Ok(Self(text))
    }
}

/// How deep what is ignored may nest. Skipping it costs no stack, but whoever nests deeper means harm.
const IGNORED_DEPTH: usize = 32;

/// A value that does not matter here.
struct Ignored;

impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = <&RawValue>::deserialize(deserializer)?;
        if depth(value.get().as_bytes()) > IGNORED_DEPTH {
            return Err(Error::custom(format_args!("values may nest {IGNORED_DEPTH} deep")));
        }
        Ok(Self)
    }
}

/// Sets a member once: a repeated one could mean one thing here and another to whoever wrote it (RFC 7493 section 2.3).
fn once<'de, T, V, A>(
    slot: &mut Option<T>,
    name: &'static str,
    members: &mut A,
    into: impl Fn(V) -> T,
) -> Result<(), A::Error>
where
    V: Deserialize<'de>,
    A: MapAccess<'de>,
{
    if slot.is_some() {
        return Err(Error::duplicate_field(name));
    }
    *slot = Some(into(members.next_value()?));
    Ok(())
}

impl<'de: 'a, 'a> Deserialize<'de> for Entity<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntityVisitor;
        impl<'de> Visitor<'de> for EntityVisitor {
            type Value = Entity<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Entity<'de>, A::Error> {
                let mut entity = Entity::default();
                while let Some(Text(name)) = members.next_key()? {
                    let text = |Text(text): Text<'de>| text;
                    match &*name {
                        "type" => once(&mut entity.kind, "type", &mut members, text)?,
                        "id" => once(&mut entity.id, "id", &mut members, text)?,
                        "name" => once(&mut entity.name, "name", &mut members, text)?,
                        "properties" => once(
                            &mut entity.properties,
                            "properties",
                            &mut members,
                            |it: Properties<'de>| it,
                        )?,
                        _ => {
                            members.next_value::<Ignored>()?;
                        }
                    }
                }
                Ok(entity)
            }
        }
        deserializer.deserialize_map(EntityVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Page<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PageVisitor;
        impl<'de> Visitor<'de> for PageVisitor {
            type Value = Page<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Page<'de>, A::Error> {
                let mut page = Page::default();
                while let Some(Text(name)) = members.next_key()? {
                    match &*name {
                        "token" => {
                            once(&mut page.token, "token", &mut members, |Text(text): Text<'de>| text)?;
                        }
                        "limit" => once(&mut page.limit, "limit", &mut members, |limit: u64| limit)?,
                        _ => {
                            members.next_value::<Ignored>()?;
                        }
                    }
                }
                Ok(page)
            }
        }
        deserializer.deserialize_map(PageVisitor)
    }
}

/// What `options` says of interest.
struct Options<'a>(Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Options<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OptionsVisitor;
        impl<'de> Visitor<'de> for OptionsVisitor {
            type Value = Options<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Options<'de>, A::Error> {
                let mut semantic = None;
                while let Some(Text(name)) = members.next_key()? {
                    if name == "evaluations_semantic" {
                        once(
                            &mut semantic,
                            "evaluations_semantic",
                            &mut members,
                            |Text(text): Text<'de>| text,
                        )?;
                    } else {
                        members.next_value::<Ignored>()?;
                    }
                }
                Ok(Options(semantic))
            }
        }
        deserializer.deserialize_map(OptionsVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Request<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RequestVisitor;
        impl<'de> Visitor<'de> for RequestVisitor {
            type Value = Request<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Request<'de>, A::Error> {
                let mut request = Request::default();
                let mut options = None;
                while let Some(Text(name)) = members.next_key()? {
                    let entity = |entity: Entity<'de>| entity;
                    match &*name {
                        "subject" => once(&mut request.subject, "subject", &mut members, entity)?,
                        "action" => once(&mut request.action, "action", &mut members, entity)?,
                        "resource" => once(&mut request.resource, "resource", &mut members, entity)?,
                        "context" => {
                            once(&mut request.context, "context", &mut members, |it: Properties<'de>| it)?;
                        }
                        "page" => once(&mut request.page, "page", &mut members, |page: Page<'de>| page)?,
                        "options" => {
                            once(&mut options, "options", &mut members, |Options(semantic)| semantic)?;
                        }
                        "evaluations" => {
                            once(
                                &mut request.evaluations,
                                "evaluations",
                                &mut members,
                                |items: Vec<Request<'de>>| items,
                            )?;
                        }
                        _ => {
                            members.next_value::<Ignored>()?;
                        }
                    }
                }
                request.semantic = options.flatten();
                Ok(request)
            }
        }
        deserializer.deserialize_map(RequestVisitor)
    }
}
