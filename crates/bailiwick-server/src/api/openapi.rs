//! The OpenAPI 3.1 document, made from the list of operations.

use std::collections::BTreeMap;

use bailiwick_client::wire::{DryRun, ExportFormat, Member, Order, Problem, headers};
use serde_json::{Map, Value, json};

use super::operation::Operation;
use super::problem::{Code, all_codes};
use super::schema::TypeDoc;

/// What path parameters stand for.
const PARAMETERS: [(&str, &str, &str); 15] = [
    ("account", "Id of the account.", "acc_019a0000000070008000000000000001"),
    ("member", "Id or external id of a member.", "usr_019a0000000070008000000000000001"),
    ("invitation", "Id of an invitation.", "inv_019a0000000070008000000000000001"),
    ("role", "Id, name or external id of a role.", "rol_019a0000000070008000000000000001"),
    ("group", "Id or external id of a group.", "grp_019a0000000070008000000000000001"),
    ("grant", "Id of a grant.", "grt_019a0000000070008000000000000001"),
    ("project", "Id or external id of a project.", "prj_019a0000000070008000000000000001"),
    ("resource", "Id or external id of a resource.", "res_019a0000000070008000000000000001"),
    ("service_account", "Id or external id of a service account.", "sva_019a0000000070008000000000000001"),
    ("key", "Id of a management key.", "key_019a0000000070008000000000000001"),
    ("policy", "Id or name of a policy.", "pol_019a0000000070008000000000000001"),
    ("offer", "Id of an offer of ownership.", "off_019a0000000070008000000000000001"),
    ("session", "Id of a session.", "0123456789abcdef0123456789abcdef"),
    ("event", "Id of an event.", "17.0"),
    ("delivery", "Id of a delivery.", "1"),
];

/// What a path parameter stands for, and an example of it.
pub fn parameter(name: &str) -> Option<(&'static str, &'static str)> {
    PARAMETERS.iter().find(|(known, _, _)| *known == name).map(|(_, text, example)| (*text, *example))
}

/// The document. It names no server, so that it is the same everywhere.
pub fn document(operations: &[Operation]) -> Value {
    let codes: BTreeMap<&str, Code> = all_codes().into_iter().map(|code| (code.code, code)).collect();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let path = paths.entry(format!("/api/v1{}", operation.path)).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(operation.method.as_str().to_lowercase(), described(operation, &codes));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bailiwick",
            "version": "1",
            "summary": "User management and access control of a managed database cloud.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas(operations),
            "securitySchemes": {
                "session": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "bws_…",
                    "description": "The token of a session, from `sign_in`.",
                },
                "management_key": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "bwk_…",
                    "description": "A management key of a service account.",
                },
            },
        },
    })
}

fn schemas(operations: &[Operation]) -> BTreeMap<String, Value> {
    let own = operations.iter().flat_map(|operation| [&operation.input, &operation.output]);
    // The last two occur in queries only, which do not name the types of their parameters.
    let others = [TypeDoc::of::<Problem>(), TypeDoc::of::<ExportFormat>(), TypeDoc::of::<Order>()];
    let types = own.flatten().cloned().chain(others.into_iter().flatten());
    let mut schemas: BTreeMap<String, Value> = types.flat_map(|doc| doc.components()).collect();
    // What a dry run would answer is described where it is used, so the component says nothing about it.
    let dry_run = TypeDoc::of::<DryRun<Member>>().map(|doc| (doc.name.clone(), doc.components()));
    if let Some((name, components)) = dry_run {
        for (component, mut schema) in components {
            if component == name {
                if let Some(would) = schema.pointer_mut("/properties/would") {
                    *would = json!({ "description": "What the write would answer; absent where that has no body or holds a secret." });
                }
                schemas.insert("DryRun".to_owned(), schema);
            } else {
                schemas.insert(component, schema);
            }
        }
    }
    schemas
}

fn described(operation: &Operation, codes: &BTreeMap<&str, Code>) -> Value {
    let mut described = json!({
        "operationId": operation.id,
        "tags": [operation.tag()],
        "summary": operation.summary,
        "description": operation.description,
        "x-access": operation.access.describe(),
        "parameters": parameters(operation),
        "responses": responses(operation, codes),
        "security": if operation.access.needs_credential() {
            json!([{ "session": [] }, { "management_key": [] }])
        } else {
            json!([])
        },
    });
    if let (Some(permission), Some(object)) = (operation.access.permission(), described.as_object_mut()) {
        object.insert("x-permission".to_owned(), json!(permission.name()));
    }
    if let (Some(input), Some(object)) = (&operation.input, described.as_object_mut()) {
        let mut content = json!({ "schema": input.reference() });
        if let (Some(example), Some(content)) = (&operation.input_example, content.as_object_mut()) {
            content.insert("example".to_owned(), example.clone());
        }
        let body = json!({ "required": true, "content": { "application/json": content } });
        object.insert("requestBody".to_owned(), body);
    }
    described
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let in_path = operation.path_parameters().into_iter().map(|name| {
        let (text, example) = parameter(name).unwrap_or_default();
        json!({ "name": name, "in": "path", "required": true, "description": text, "example": example,
            "schema": { "type": "string", "maxLength": 512 } })
    });
    let in_query =
        operation.query.iter().map(|parameter| serde_json::to_value(parameter).unwrap_or_default());
    let header = |name: &str, text: &str| {
        json!({ "name": name, "in": "header", "required": false, "description": text,
            "schema": { "type": "string" } })
    };
    let mut all: Vec<Value> = in_path.chain(in_query).collect();
    if operation.takes_idempotency_key {
        let text = "Makes the write safe to repeat: 1 to 128 visible ASCII characters, remembered for a day and for its sender \
                    alone.";
        all.push(header("Idempotency-Key", text));
    }
    if operation.takes_if_match {
        let text = "Lets the write pass only if the entity still has this `ETag`; `*` for any.";
        all.push(header("If-Match", text));
    }
    if operation.takes_query("at_least") {
        all.push(header("Bailiwick-At-Least", "The same as `at_least`; where both are given, both hold."));
    }
    all.push(header(
        "X-Request-ID",
        "Names the request in logs and events: 1 to 128 visible ASCII characters; echoed.",
    ));
    all
}

fn responses(operation: &Operation, codes: &BTreeMap<&str, Code>) -> Value {
    let mut responses: BTreeMap<String, Value> = BTreeMap::new();
    responses.insert(operation.status.as_u16().to_string(), success(operation));
    if operation.takes_query("dry_run") {
        let dry = json!({ "$ref": "#/components/schemas/DryRun" });
        let schema = responses.get_mut("200");
        let schema = schema.and_then(|done| done.pointer_mut("/content/application~1json/schema"));
        if let Some(schema) = schema {
            *schema = json!({ "anyOf": [schema.clone(), dry] });
        } else {
            let text = "What the write would do, with `dry_run=true`.";
            let dry = json!({ "description": text, "content": { "application/json": { "schema": dry } } });
            responses.insert("200".to_owned(), dry);
        }
    }
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    let general = ["timeout", "unavailable", "internal", "invalid_header"];
    let known = operation.errors().into_iter().chain(general).filter_map(|name| codes.get(name));
    for code in known {
        by_status.entry(code.status.as_u16()).or_default().push(code.code);
    }
    for (status, mut names) in by_status {
        names.sort_unstable();
        let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let problem = json!({
            "description": format!("A problem: {list}."),
            "content": { headers::PROBLEM_JSON: { "schema": { "$ref": "#/components/schemas/Problem" } } },
        });
        responses.insert(status.to_string(), problem);
    }
    json!(responses)
}

fn success(operation: &Operation) -> Value {
    let mut headers = Map::new();
    let text = |text: &str| json!({ "description": text, "schema": { "type": "string" } });
    headers.insert("X-Request-ID".to_owned(), text("Names the request."));
    if operation.is_in_account() {
        headers.insert(
            "Bailiwick-Revision".to_owned(),
            text("The account's revision after the write, or of the read."),
        );
    }
    if operation.takes_idempotency_key {
        headers.insert(
            "Idempotency-Replayed".to_owned(),
            text("`true` where an earlier request with the same `Idempotency-Key` did it, and this is its answer."),
        );
    }
    if operation.status == axum::http::StatusCode::CREATED {
        headers.insert("Location".to_owned(), text("The address of what was made, if it is one thing."));
    }
    let mut success = json!({ "description": "Done.", "headers": headers });
    if let (Some(output), Some(object)) = (&operation.output, success.as_object_mut()) {
        let mut content = Map::new();
        for media_type in operation.media_types {
            let mut entry = json!({ "schema": output.reference() });
            if let (Some(example), Some(entry)) = (&operation.output_example, entry.as_object_mut()) {
                entry.insert("example".to_owned(), example.clone());
            }
            content.insert((*media_type).to_owned(), entry);
        }
        object.insert("content".to_owned(), Value::Object(content));
    }
    success
}
