//! What holds for every operation: documentation, examples, authorization, and that all that is made from the list agrees.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use axum::http::{Method, StatusCode};
use bailiwick_server::api::call::Call;
use bailiwick_server::api::operation::{Access, Effect, NoQuery, Operation, get};
use bailiwick_server::api::problem::{Failure, all_codes};
use bailiwick_server::api::respond::Answer;
use bailiwick_server::api::{openapi, operations, reference, router_of};
use serde_json::Value;

use crate::schema::Document;
use crate::support::{Person, World};

/// The path of an operation in a world: ids that are well-formed and lead to nothing, apart from the account.
fn path(operation: &Operation, account: &str) -> String {
    let mut path = operation.path.to_owned();
    for name in operation.path_parameters() {
        let value = if name == "account" { account } else { openapi::parameter(name).unwrap().1 };
        path = path.replace(&format!("{{{name}}}"), value);
    }
    path
}

async fn ask(world: &World, operation: &Operation, by: Option<&Person>) -> crate::support::Reply {
    let ask = world.ask(operation.method.clone(), &path(operation, &world.account.to_string()));
    let ask = match &operation.input_example {
        Some(example) => ask.json(example),
        None => ask,
    };
    match by {
        Some(person) => ask.by(person).send().await,
        None => ask.send().await,
    }
}

#[test]
fn every_operation_is_documented_with_examples_that_work() {
    let codes: BTreeSet<&str> = all_codes().into_iter().map(|code| code.code).collect();
    let mut ids = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    for operation in operations() {
        let id = operation.id;
        assert!(ids.insert(id), "{id} is there twice");
        assert!(
            addresses.insert((operation.method.to_string(), operation.path)),
            "{id} has the address of another"
        );
        assert!(
            operation.summary.len() > 5 && !operation.summary.ends_with('.'),
            "{id}: {:?}",
            operation.summary
        );
        assert!(operation.description.ends_with('.'), "{id}: {:?}", operation.description);
        assert_eq!(operation.check_input_example(), Ok(()), "{id}");
        let wants_answer = operation.output.is_some() && operation.media_types == ["application/json"];
        assert!(!wants_answer || operation.output_example.is_some(), "{id} has no example of its answer");
        for code in operation.errors() {
            assert!(codes.contains(code), "{id} names the unknown code {code}");
        }
        for name in operation.path_parameters() {
            assert!(openapi::parameter(name).is_some(), "{id}: {name} is not described");
        }
        for parameter in &operation.query {
            assert!(
                parameter.description.as_ref().is_some_and(|text| text.ends_with('.')),
                "{id}: {}",
                parameter.name
            );
        }
        let reads = matches!(operation.method, Method::GET);
        assert!(!reads || operation.effect == Effect::Reads, "{id} writes on GET");
    }
}

/// An account that is being opened has nobody whose access could change; whoever is not in an account yet changes none.
#[test]
fn whatever_changes_an_account_can_be_rehearsed() {
    for operation in operations().iter().filter(|operation| operation.effect == Effect::Writes) {
        let answers = operation.path.starts_with("/me/invitations/");
        let opens = operation.id == "create_account";
        let changes = operation.is_in_account() || answers;
        assert!(!changes || opens || operation.takes_query("dry_run"), "{}", operation.id);
    }
}

#[test]
fn every_example_is_what_the_schema_beside_it_says() {
    let document = Document::new();
    for Operation { id, method, path, input_example, output_example, status, .. } in operations() {
        let pairs = [
            (input_example, document.input(method.as_str(), path)),
            (output_example, document.answer(method.as_str(), path, status.as_u16())),
        ];
        for (example, schema) in pairs {
            if let (Some(example), Some(schema)) = (example, schema) {
                assert_eq!(document.check(schema, &example), [] as [String; 0], "{id}: {example}");
            }
        }
    }
}

#[tokio::test]
async fn who_is_not_signed_in_gets_401() {
    let world = World::new("bailiwick").await;
    let forged = Person { id: String::new(), email: String::new(), token: "bws_nonsense".to_owned() };
    for operation in operations().iter().filter(|operation| operation.access.needs_credential()) {
        for by in [None, Some(&forged)] {
            let reply = ask(&world, operation, by).await;
            assert!(reply.header("www-authenticate").starts_with("Bearer"), "{}", operation.id);
            reply.problem(401, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn for_a_stranger_the_account_does_not_exist() {
    let world = World::new("bailiwick").await;
    let (stranger, elsewhere) = world.stranger().await;
    let machine = world.machine("machine", &["admin"]).await;
    for operation in operations().iter().filter(|operation| operation.is_in_account()) {
        let problem = ask(&world, operation, Some(&stranger)).await.problem(404, "not_found");
        assert_eq!(problem["detail"], "there is no such account");
        // A key of this account knows nothing of another one either.
        let request = world.ask(operation.method.clone(), &path(operation, &elsewhere.to_string()));
        request.by(&machine).send().await.problem(404, "not_found");
    }
    assert!(
        !world.event_types().await.contains(&"request.refused".to_owned()),
        "strangers leave no trace in an account"
    );
}

#[tokio::test]
async fn a_member_without_the_permission_gets_403_and_it_is_recorded() {
    let world = World::new("qdrant-cloud").await;
    let member = world.invite_and_accept("base@example.com", &[]).await;
    for operation in operations().iter().filter(|operation| operation.access.permission().is_some()) {
        let before = world.events().await.len();
        let reply = ask(&world, operation, Some(&member)).await;
        let problem = reply.problem(403, "permission_denied");
        assert!(problem["detail"].as_str().unwrap().contains("this needs the permission"), "{problem}");
        let events = world.events().await;
        let refused: Value = serde_json::from_str(&events.last().unwrap().event.body).unwrap();
        assert_eq!(events.len(), before + 1, "{}", operation.id);
        assert_eq!(
            (&refused["command"], &refused["code"]),
            (&operation.id.into(), &"permission_denied".into())
        );
    }
}

#[tokio::test]
async fn an_inactive_member_may_do_nothing() {
    let world = World::new("qdrant-cloud").await;
    let member = world.invite_and_accept("grace@example.com", &["admin"]).await;
    let member_path = format!("~/members/{}", member.id);
    let body = serde_json::json!({ "status": "inactive" });
    world.patch(&member_path).by(&world.owner).json(&body).send().await.expect(StatusCode::OK);
    let credentials = serde_json::json!({ "email": member.email, "password": crate::support::PASSWORD });
    world.get("/me").by(&member).send().await.problem(401, "unauthenticated");
    let again = world.post("/sign-in").json(&credentials).send().await.expect(StatusCode::OK);
    let member = Person { token: again.json()["token"].as_str().unwrap().to_owned(), ..member };
    for operation in operations().iter().filter(|operation| operation.is_in_account()) {
        if operation.access != Access::Person {
            ask(&world, operation, Some(&member)).await.problem(403, "member_inactive");
        }
    }
}

#[tokio::test]
async fn router_and_openapi_agree() {
    let world = World::new("bailiwick").await;
    let document = world.get("/openapi.json").send().await.expect(StatusCode::OK).json();
    let mut addresses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        addresses.insert(
            path.clone(),
            item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect(),
        );
    }
    assert_eq!(addresses.values().map(BTreeSet::len).sum::<usize>(), operations().len());
    for operation in operations() {
        let documented = &addresses[&format!("/api/v1{}", operation.path)];
        assert!(documented.contains(operation.method.as_str()));
        // Every other method is refused with those that are allowed, which are those of the document.
        let path = path(&operation, &world.account.to_string());
        let reply = world.ask(Method::OPTIONS, &path).by(&world.owner).send().await;
        let allowed: BTreeSet<String> =
            reply.header("allow").split(", ").filter(|method| *method != "HEAD").map(str::to_owned).collect();
        assert_eq!(&allowed, documented, "{}", operation.path);
        reply.problem(405, "method_not_allowed");
    }
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    fn walk(value: &Value, references: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                if let Some(Value::String(reference)) = object.get("$ref") {
                    references.insert(reference.clone());
                }
                object.values().for_each(|value| walk(value, references));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, references)),
            _ => {}
        }
    }
    let document = openapi::document(&operations());
    let mut references = BTreeSet::new();
    walk(&document, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

/// Compares a generated file with the one in the repository; `UPDATE=1` writes it.
fn compare(name: &str, generated: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == generated, "docs/{name} is out of date: run the tests with UPDATE=1");
}

#[test]
fn the_committed_documents_are_up_to_date() {
    let document = openapi::document(&operations());
    compare("openapi.json", &(serde_json::to_string_pretty(&document).unwrap() + "\n"));
    compare("reference/errors.md", &reference::errors());
    compare("reference/operations.md", &reference::operations(&operations()));
}

#[tokio::test]
async fn the_page_shows_every_operation_and_error_without_a_script() {
    let world = World::new("bailiwick").await;
    let page = world.get("/docs").send().await.expect(StatusCode::OK);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; style-src 'self'"));
    for operation in operations() {
        assert!(page.text.contains(&format!("<article id=\"{}\">", operation.id)), "{}", operation.id);
    }
    for code in all_codes() {
        assert!(page.text.contains(&format!("id=\"error-{}\"", code.code)), "{}", code.code);
    }
    assert!(!page.text.contains("<script") && !page.text.contains(" style="));
    world.get("/docs.css").send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_handler_that_panics_or_hangs_is_answered_all_the_same() {
    async fn panics(_: Call, _: NoQuery) -> Result<Answer<()>, Failure> {
        panic!("a secret detail")
    }
    async fn hangs(_: Call, _: NoQuery) -> Result<Answer<()>, Failure> {
        std::future::pending().await
    }
    let short = std::time::Duration::from_millis(20);
    let mut world = World::new("bailiwick").await;
    // Only now: setting a platform up takes longer where many tests run at once.
    world.restart_with(|config| config.limits.request_timeout = short).await;
    let list = vec![
        get("panics", "/panics", Access::Anyone).reads(panics),
        get("hangs", "/hangs", Access::Anyone).reads(hangs),
    ];
    world.router = router_of(world.service.clone(), list);
    let problem = world.get("/panics").send().await.problem(500, "internal");
    assert!(!problem.to_string().contains("a secret detail"));
    let late = world.get("/hangs").send().await;
    assert_eq!(late.header("retry-after"), "1");
    late.problem(503, "timeout");
}
