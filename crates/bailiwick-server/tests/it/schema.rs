//! Whether JSON is what the OpenAPI document says: the keywords of JSON Schema that the document uses, and no others.
//!
//! Stricter than the standard in one thing: a member that is not documented is a mistake, also where more are allowed.

use bailiwick_server::api::{openapi, operations};
use serde_json::{Map, Value};

/// The document with its schemas.
pub struct Document(Value);

impl Document {
    /// As the server makes it.
    pub fn new() -> Self {
        Self(openapi::document(&operations()))
    }

    /// The schema of an operation's answer with this status, in JSON; `None` if it has no body.
    pub fn answer(&self, method: &str, path: &str, status: u16) -> Option<&Value> {
        let operation = &self.0["paths"][format!("/api/v1{path}")][method.to_lowercase()];
        let response = &operation["responses"][status.to_string()];
        assert!(response.is_object(), "{method} {path} documents no {status}");
        let content = response.get("content")?.as_object().unwrap();
        Some(&content.values().next().unwrap()["schema"])
    }

    /// The schema of an operation's request body.
    pub fn input(&self, method: &str, path: &str) -> Option<&Value> {
        let operation = &self.0["paths"][format!("/api/v1{path}")][method.to_lowercase()];
        operation.pointer("/requestBody/content/application~1json/schema")
    }

    /// What is wrong with a value, with the place; nothing if it fits.
    pub fn check(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        self.walk(schema, value, "", &mut wrong);
        wrong
    }

    fn walk(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let schema = schema.as_object().unwrap();
        for (keyword, rule) in schema {
            match keyword.as_str() {
                "$ref" => {
                    let target = self.0.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap();
                    self.walk(target, value, at, wrong);
                }
                "type" if !fits(rule, value) => wrong.push(format!("`{at}`: {value} is no {rule}")),
                "enum" if !rule.as_array().unwrap().contains(value) => {
                    wrong.push(format!("`{at}`: {value} is none of {rule}"));
                }
                "minimum" if value.as_f64().is_some_and(|number| number < rule.as_f64().unwrap()) => {
                    wrong.push(format!("`{at}`: {value} is too small"));
                }
                "format" if rule == "date-time" && !value.is_null() => {
                    if value.as_str().is_none_or(|text| text.parse::<jiff::Timestamp>().is_err()) {
                        wrong.push(format!("`{at}`: {value} is no time"));
                    }
                }
                "oneOf" | "anyOf" => {
                    let fitting = |one: &&Value| self.check(one, value).is_empty();
                    let count = rule.as_array().unwrap().iter().filter(fitting).count();
                    if count == 0 || (count > 1 && keyword == "oneOf") {
                        wrong.push(format!("`{at}`: {value} fits {count} of {keyword}"));
                    }
                }
                "items" => value.as_array().into_iter().flatten().enumerate().for_each(|(place, item)| {
                    self.walk(rule, item, &format!("{at}/{place}"), wrong);
                }),
                "properties" => self.walk_properties(schema, value, at, wrong),
                // The first four fit if they come here; the others say nothing about this value.
                "type"
                | "enum"
                | "minimum"
                | "format"
                | "propertyNames"
                | "description"
                | "required"
                | "additionalProperties" => {}
                other => panic!("`{at}`: the keyword `{other}` is not known here"),
            }
        }
    }

    fn walk_properties(&self, schema: &Map<String, Value>, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let Some(value) = value.as_object() else { return };
        let properties = schema["properties"].as_object().unwrap();
        for (name, member) in value {
            match properties.get(name) {
                Some(schema) => self.walk(schema, member, &format!("{at}/{name}"), wrong),
                None => wrong.push(format!("`{at}/{name}` is not documented")),
            }
        }
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter(|name| !value.contains_key(name.as_str().unwrap())) {
            wrong.push(format!("`{at}/{}` is missing", name.as_str().unwrap()));
        }
    }
}

fn fits(types: &Value, value: &Value) -> bool {
    let fits_one = |name: &Value| match name.as_str().unwrap() {
        "string" => value.is_string(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("the type `{other}` is not known here"),
    };
    types.as_array().map_or_else(|| fits_one(types), |several| several.iter().any(fits_one))
}

#[test]
fn mistakes_are_found() {
    let document = Document::new();
    let schema = document.input("POST", "/accounts/{account}/grants").unwrap();
    let good = serde_json::json!({ "principal": "usr_1", "role": "admin", "scope": "account" });
    assert_eq!(document.check(schema, &good), [] as [String; 0]);
    for (member, value, mistakes) in [
        ("scope", serde_json::json!("here"), 1),
        ("role", serde_json::json!(1), 1),
        ("until", serde_json::json!("tomorrow"), 1),
        ("odd", serde_json::json!(1), 1),
    ] {
        let mut wrong = good.clone();
        wrong[member] = value;
        assert_eq!(document.check(schema, &wrong).len(), mistakes, "{wrong}");
    }
    assert_eq!(document.check(schema, &serde_json::json!({ "role": "admin", "scope": "account" })).len(), 1);
}
