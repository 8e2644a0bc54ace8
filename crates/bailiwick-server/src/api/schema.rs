//! JSON schemas of the wire types, by name.

use std::any::TypeId;

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

/// How a type is documented.
#[derive(Debug, Clone)]
pub struct TypeDoc {
    /// Name of its component.
    pub name: String,
    schema: fn() -> RefOr<Schema>,
    parts: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl TypeDoc {
    /// How `T` is documented; `None` for `()`, which stands for no body.
    pub fn of<T: ToSchema + 'static>() -> Option<Self> {
        (TypeId::of::<T>() != TypeId::of::<()>()).then(|| Self {
            name: component_name::<T>(),
            schema: T::schema,
            parts: T::schemas,
        })
    }

    /// The component itself and all that it refers to, as JSON.
    pub fn components(&self) -> Vec<(String, Value)> {
        let mut parts = Vec::new();
        (self.parts)(&mut parts);
        parts.push((self.name.clone(), (self.schema)()));
        let json = |schema| serde_json::to_value(schema).unwrap_or_default();
        parts.into_iter().map(|(name, schema)| (name, json(schema))).collect()
    }

    /// A reference to the component.
    pub fn reference(&self) -> Value {
        serde_json::json!({ "$ref": format!("#/components/schemas/{}", self.name) })
    }
}

/// `Member` for a plain type, `PageOfMember` for a generic one.
fn component_name<T: ToSchema>() -> String {
    let full = std::any::type_name::<T>();
    if !full.contains('<') {
        return T::name().into_owned();
    }
    let words = full.trim_end_matches('>').split('<');
    words.map(|path| path.rsplit("::").next().unwrap_or(path)).collect::<Vec<_>>().join("Of")
}

#[cfg(test)]
mod tests {
    use bailiwick_client::wire::{Member, Page};

    use super::*;

    #[test]
    fn generic_types_have_names_of_their_own() {
        assert_eq!(component_name::<Page<Member>>(), "PageOfMember");
        assert_eq!(component_name::<Member>(), "Member");
        assert!(TypeDoc::of::<()>().is_none());
    }
}
