//! Whether the items of a list can have what a filter names: by the schema that documents them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::matching::PLAIN_ELEMENT;
use super::{Expression, Filter};

/// The schemas of a list's items and of what is in them.
#[derive(Debug)]
pub struct Shapes<'s>(pub &'s BTreeMap<String, Json>);

/// What a place can hold, as far as its schemas say.
#[derive(Default)]
struct Held<'s> {
    /// Whether anything can be there.
    is_open: bool,
    names: BTreeMap<&'s str, &'s Json>,
    is_plain: bool,
}

impl Filter {
    /// What is wrong with the first name that no item of this schema can have; `None` where all of them can be there, which
    /// is so of every name in what the schema leaves open.
    pub fn unknown_name(&self, shapes: &Shapes<'_>, item: &Json) -> Option<String> {
        unknown(&self.0, shapes, &[item])
    }
}

fn unknown(expression: &Expression, shapes: &Shapes<'_>, at: &[&Json]) -> Option<String> {
    match expression {
        Expression::Any(list) | Expression::All(list) => list.iter().find_map(|one| unknown(one, shapes, at)),
        Expression::Not(inner) => unknown(inner, shapes, at),
        Expression::Present(path) | Expression::Compare(path, ..) => shapes.below(at, &path.0).err(),
        Expression::Some(path, inner) => match shapes.below(at, &path.0) {
            Ok(below) => below.and_then(|below| unknown(inner, shapes, &below)),
            Err(message) => Some(message),
        },
    }
}

impl Shapes<'_> {
    /// The schemas at a path; none where anything can be.
    fn below<'p>(&'p self, at: &[&'p Json], path: &[String]) -> Result<Option<Vec<&'p Json>>, String> {
        let mut at = at.to_vec();
        for name in path {
            let mut held = Held::default();
            for schema in &at {
                self.add(schema, &mut held);
            }
            if held.is_open {
                return Ok(None);
            }
            let found = held.names.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            at = match found {
                Some((_, schema)) => vec![schema],
                None if held.is_plain && name == PLAIN_ELEMENT => Vec::new(),
                None => {
                    let known: Vec<String> = held.names.keys().map(|known| format!("`{known}`")).collect();
                    let path = path.join(".");
                    let there = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                    return Err(format!("`{path}`: nothing is called `{name}` there; there are {there}"));
                }
            };
        }
        Ok(Some(at))
    }

    fn add<'p>(&'p self, schema: &'p Json, held: &mut Held<'p>) {
        if let Some(target) = schema.get("$ref").and_then(Json::as_str) {
            let name = target.rsplit('/').next().unwrap_or_default();
            return match self.0.get(name) {
                Some(schema) => self.add(schema, held),
                None => held.is_open = true,
            };
        }
        let of = |key| schema.get(key).and_then(Json::as_array).into_iter().flatten();
        let alternatives = || of("oneOf").chain(of("anyOf")).chain(of("allOf"));
        for one in alternatives() {
            self.add(one, held);
        }
        if let Some(items) = schema.get("items") {
            self.add(items, held);
        }
        let properties = schema.get("properties").and_then(Json::as_object);
        held.names.extend(properties.into_iter().flatten().map(|(name, schema)| (name.as_str(), schema)));
        let is_of = |wanted: &str| match schema.get("type") {
            Some(Json::Array(types)) => types.iter().any(|of| of == wanted),
            Some(of) => of == wanted,
            None => false,
        };
        let more = schema.get("additionalProperties").is_some_and(|more| *more != Json::Bool(false));
        let says_nothing =
            schema.get("type").is_none() && properties.is_none() && alternatives().next().is_none();
        held.is_open |= more || says_nothing || (is_of("object") && properties.is_none());
        held.is_plain |= ["string", "integer", "number", "boolean"].into_iter().any(is_of);
    }
}
