//! What the OpenAPI document says of the types.

use std::collections::BTreeMap;

use bailiwick_client::wire::*;
use serde_json::{Value, json};
use utoipa::{IntoParams, PartialSchema, ToSchema};

fn schema<T: PartialSchema>() -> Value {
    serde_json::to_value(T::schema()).unwrap()
}

#[test]
fn what_a_patch_leaves_out_is_not_required_and_may_be_null() {
    let schema = schema::<UpdateMember>();
    assert_eq!(schema.get("required"), None, "{schema}");
    assert_eq!(schema["properties"]["external_id"]["type"], json!(["string", "null"]));
    assert_eq!(schema["additionalProperties"], json!(false));
}

#[test]
fn secrets_and_moments_say_what_they_are() {
    assert_eq!(
        schema::<Secret>(),
        json!({"type": "string", "format": "password",
        "description": schema::<Secret>()["description"]})
    );
    let key = schema::<CreateKey>();
    assert_eq!(key["properties"]["expires_at"]["format"], json!("date-time"));
    assert_eq!(key["properties"]["expires_at"]["type"], json!(["string", "null"]));
    let event = schema::<Event>();
    assert_eq!(event["properties"]["at"]["format"], json!("date-time"));
    assert_eq!(event["properties"]["at"]["type"], json!("string"));
}

#[test]
fn scopes_are_four_alternatives() {
    let schema = schema::<Scope>();
    assert_eq!(schema["oneOf"].as_array().map(Vec::len), Some(4), "{schema}");
    assert_eq!(schema["oneOf"][0]["enum"], json!(["account"]));
}

#[test]
fn parameters_say_what_they_are() {
    let parameters = serde_json::to_value(EventQuery::into_params(|| None)).unwrap();
    let find = |name: &str| {
        parameters.as_array().unwrap().iter().find(|parameter| parameter["name"] == name).unwrap()
    };
    for name in ["from", "to", "actor", "type", "target", "q", "order", "cursor", "limit"] {
        assert_eq!((&find(name)["in"], &find(name)["required"]), (&json!("query"), &json!(false)), "{name}");
        assert!(find(name)["description"].is_string(), "{name}");
    }
    // A moment or a day, so it has no format of its own.
    assert!(find("from")["description"].as_str().unwrap().contains("`2026-11-21`"));
}

/// Names of all schemas that a type refers to, with what they say.
fn referred<T: ToSchema>() -> BTreeMap<String, Value> {
    let mut all = Vec::new();
    T::schemas(&mut all);
    all.into_iter().map(|(name, schema)| (name, serde_json::to_value(schema).unwrap())).collect()
}

#[test]
fn pages_and_dry_runs_are_named_by_what_they_hold_and_bring_it_along() {
    assert_eq!(Page::<Member>::name(), "MemberPage");
    assert_eq!(DryRun::<Member>::name(), "MemberDryRun");
    assert_eq!(DryRun::<()>::name(), "DryRun");
    let page = schema::<Page<Member>>();
    assert_eq!(page["properties"]["items"]["items"]["$ref"], json!("#/components/schemas/Member"));
    assert_eq!(page["required"], json!(["items", "complete", "filtered"]));
    assert!(
        referred::<Page<Member>>().contains_key("Member")
            && referred::<Page<Member>>().contains_key("RoleHeld")
    );
    let dry_run = schema::<DryRun<Member>>();
    assert_eq!(dry_run["properties"]["would"]["$ref"], json!("#/components/schemas/Member"));
    assert_eq!(schema::<DryRun<()>>()["properties"].get("would"), None);
    for name in [
        "PlannedEvent",
        "EventTarget",
        "AccessChanges",
        "AccessChange",
        "AccessEnded",
        "PrincipalLabel",
        "Scope",
        "Member",
    ] {
        assert!(referred::<DryRun<Member>>().contains_key(name), "{name}");
    }
}

#[test]
fn types_of_authzen_do_not_take_the_names_of_others() {
    assert_ne!(authzen::Resource::name(), Resource::name());
    let names: Vec<String> = referred::<authzen::EvaluationRequest>().into_keys().collect();
    assert_eq!(names, ["AuthzenAction", "AuthzenResource", "AuthzenSubject"]);
}
