//! The page for people: all operations on one page, so that the browser's own search finds everything.

use std::collections::BTreeMap;

use askama::Template;
use serde_json::Value;

use crate::api::openapi::parameter;
use crate::api::operation::Operation;
use crate::api::problem::{Code, all_codes};

#[derive(Template)]
#[template(path = "api/docs.html")]
struct Page {
    sections: Vec<Section>,
    codes: Vec<Code>,
}

struct Section {
    tag: &'static str,
    operations: Vec<Shown>,
}

struct Shown {
    id: &'static str,
    method: String,
    path: &'static str,
    summary: &'static str,
    description: &'static str,
    access: String,
    parameters: Vec<Parameter>,
    curl: String,
    status: u16,
    answer: String,
    errors: Vec<Code>,
}

struct Parameter {
    name: String,
    place: &'static str,
    meaning: String,
}

/// The page, made once at start.
pub(super) fn render(operations: &[Operation], public_url: &str) -> String {
    let codes: BTreeMap<&str, Code> = all_codes().into_iter().map(|code| (code.code, code)).collect();
    let mut sections: Vec<Section> = Vec::new();
    for operation in operations {
        let shown = shown(operation, public_url, &codes);
        match sections.iter_mut().find(|section| section.tag == operation.tag()) {
            Some(section) => section.operations.push(shown),
            None => sections.push(Section { tag: operation.tag(), operations: vec![shown] }),
        }
    }
    // The template only writes texts into a `String`, which cannot fail.
    Page { sections, codes: codes.into_values().collect() }.render().unwrap_or_default()
}

fn shown(operation: &Operation, public_url: &str, codes: &BTreeMap<&str, Code>) -> Shown {
    let in_path = operation.path_parameters().into_iter().map(|name| Parameter {
        name: name.to_owned(),
        place: "path",
        meaning: parameter(name).unwrap_or_default().0.to_owned(),
    });
    let in_query = operation.query.iter().map(|parameter| Parameter {
        name: parameter.name.clone(),
        place: "query",
        meaning: parameter.description.clone().unwrap_or_default(),
    });
    let header = |name: &str, meaning: &str| Parameter {
        name: name.to_owned(),
        place: "header",
        meaning: meaning.to_owned(),
    };
    let idempotency = header("Idempotency-Key", "Makes the write safe to repeat for a day.");
    let if_match = header("If-Match", "Only if the entity still has this `ETag`.");
    let headers = [(operation.takes_idempotency_key, idempotency), (operation.takes_if_match, if_match)];
    let headers = headers.into_iter().filter(|(takes, _)| *takes).map(|(_, header)| header);
    Shown {
        id: operation.id,
        method: operation.method.to_string(),
        path: operation.path,
        summary: operation.summary,
        description: operation.description,
        access: operation.access.describe(),
        parameters: in_path.chain(in_query).chain(headers).collect(),
        curl: curl(operation, public_url),
        status: operation.status.as_u16(),
        answer: operation.output_example.as_ref().map(pretty).unwrap_or_default(),
        errors: operation.errors().into_iter().filter_map(|code| codes.get(code).copied()).collect(),
    }
}

/// The request as a command line that works once ids and the token are one's own.
fn curl(operation: &Operation, public_url: &str) -> String {
    let mut path = operation.path.to_owned();
    for name in operation.path_parameters() {
        let example = parameter(name).unwrap_or_default().1;
        path = path.replace(&format!("{{{name}}}"), example);
    }
    let mut command = format!("curl -sS -X {} '{public_url}/api/v1{path}'", operation.method);
    if operation.access.needs_credential() {
        command.push_str(" \\\n  -H \"Authorization: Bearer $BAILIWICK_TOKEN\"");
    }
    if let Some(example) = &operation.input_example {
        let body = pretty(example).replace('\'', "'\\''");
        command.push_str(" \\\n  -H 'Content-Type: application/json' \\\n  -d '");
        command.push_str(&body);
        command.push('\'');
    }
    command
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
