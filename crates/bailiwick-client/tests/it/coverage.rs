//! Nothing that the API can do is missing from the client.

use std::path::Path;

use serde_json::Value;

/// The requests that `operations.rs` saw the client send, without their queries.
fn sent() -> Vec<(String, String)> {
    let quoted = include_str!("operations.rs").split('"');
    let lines = quoted.filter_map(|text| text.split_once(' ')).filter(|(_, path)| path.starts_with('/'));
    lines
        .map(|(method, path)| (method.to_owned(), path.split('?').next().unwrap_or(path).to_owned()))
        .collect()
}

/// Whether a path is one of a template: `{member}` stands for any name.
fn fits(path: &str, template: &str) -> bool {
    let (path, template): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), template.split('/').collect());
    path.len() == template.len()
        && path.iter().zip(template).all(|(segment, template)| match template.strip_prefix('{') {
            None => *segment == template,
            Some(rest) => {
                let action = rest.split_once('}').map_or("", |(_, action)| action);
                segment.ends_with(action) && segment.contains(':') == action.contains(':')
            }
        })
}

#[test]
fn every_operation_of_the_api_has_a_method() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let description: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let sent = sent();
    let mut missing = Vec::new();
    let mut operations = 0;
    for (template, methods) in description["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            operations += 1;
            let is_sent =
                |(sent, path): &(String, String)| sent.eq_ignore_ascii_case(method) && fits(path, template);
            if !sent.iter().any(is_sent) {
                missing.push(format!("{method} {template}"));
            }
        }
    }
    assert!(operations > 70, "the description is whole: {operations}");
    assert!(missing.is_empty(), "{missing:#?}");
}
