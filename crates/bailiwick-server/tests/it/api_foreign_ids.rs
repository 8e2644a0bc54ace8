//! Ids of another account do not exist: in every path parameter, and wherever a body or a query names something.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use bailiwick_core::ids::AccountId;
use bailiwick_server::api::{Operation, operations};
use serde_json::{Value, json};

use crate::support::{Person, World};

/// One of everything in an account, by the name of its path parameter.
async fn one_of_everything(world: &World, account: AccountId, by: &Person) -> BTreeMap<&'static str, String> {
    let mut ids = BTreeMap::new();
    let create = async |path: &str, body: Value| {
        let path = format!("/accounts/{account}/{path}");
        world.post(&path).by(by).json(&body).send().await.expect(StatusCode::CREATED).json()
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let role = json!({ "name": "Operators", "level": "account", "permissions": ["read:clusters"] });
    ids.insert("role", text(&create("roles", role).await["id"]));
    ids.insert("group", text(&create("groups", json!({ "name": "Search" })).await["id"]));
    let grant = json!({ "principal": ids["group"], "role": ids["role"], "scope": "account" });
    ids.insert("grant", text(&create("grants", grant).await["id"]));
    ids.insert("project", text(&create("projects", json!({ "name": "Live" })).await["id"]));
    let resource = json!({ "type": "cluster", "name": "one", "project": ids["project"] });
    ids.insert("resource", text(&create("resources", resource).await["id"]));
    let machine = create("service-accounts", json!({ "name": "Machine" })).await;
    ids.insert("service_account", text(&machine["id"]));
    let key = json!({ "service_account": ids["service_account"], "name": "key" });
    ids.insert("key", text(&create("keys", key).await["key"]["id"]));
    let invited = create("invitations", json!({ "emails": ["pending@example.com"] })).await;
    ids.insert("invitation", text(&invited["invitations"][0]["id"]));
    ids.insert("member", by.id.clone());
    let policy = json!({ "name": "Policy", "text": "forbid(principal, action == Action::\"delete:clusters\", resource);" });
    ids.insert("policy", text(&create("policies", policy).await["id"]));
    ids
}

#[tokio::test]
async fn no_path_leads_to_anything_of_another_account() {
    let world = World::new("bailiwick").await;
    let (stranger, elsewhere) = world.stranger().await;
    let mut foreign = one_of_everything(&world, elsewhere, &stranger).await;
    // An offer of ownership needs somebody to whom it is made.
    foreign.insert("offer", "off_019a0000000070008000000000000001".to_owned());
    let revision = async || {
        let there = world.service.accounts().get(elsewhere).await.unwrap().unwrap();
        there.snapshot().revision()
    };
    let before = (revision().await, world.state().await.entity_count());
    let mut asked = 0;
    for operation in operations().into_iter().filter(Operation::is_in_account) {
        let names: Vec<&str> =
            operation.path_parameters().into_iter().filter(|name| *name != "account").collect();
        if names.is_empty() {
            continue;
        }
        let mut path = operation.path.replace("{account}", &world.account.to_string());
        for name in names {
            path = path.replace(&format!("{{{name}}}"), &foreign[name]);
        }
        let query =
            if operation.id == "remove_member" { "?confirm_email=stranger@elsewhere.example" } else { "" };
        let ask = world.ask(operation.method.clone(), &format!("{path}{query}")).by(&world.owner);
        let ask = match &operation.input_example {
            Some(example) => ask.json(example),
            None => ask,
        };
        ask.send().await.problem(404, "not_found");
        asked += 1;
    }
    assert!(asked > 25, "{asked}");
    assert_eq!((revision().await, world.state().await.entity_count()), before, "nothing changed anywhere");
}

#[tokio::test]
async fn no_body_names_anything_of_another_account() {
    let world = World::new("bailiwick").await;
    let (stranger, elsewhere) = world.stranger().await;
    let foreign = one_of_everything(&world, elsewhere, &stranger).await;
    let own = one_of_everything(&world, world.account, &world.owner).await;
    let before = world.state().await.entity_count();
    let id = |name: &str| foreign[name].as_str();
    let mine = |name: &str| own[name].as_str();
    let grant = |scope: Value| json!({ "principal": mine("group"), "role": "admin", "scope": scope });
    let question = |principal: &str, of: &str, about: &str| json!({ "principal": principal, "action": "read:clusters", "resource": { "type": of, "id": about } });
    for (path, body, field) in [
        ("grants", json!({ "principal": id("group"), "role": "admin", "scope": "account" }), "/principal"),
        ("grants", json!({ "principal": stranger.id, "role": "admin", "scope": "account" }), "/principal"),
        ("grants", json!({ "principal": mine("group"), "role": id("role"), "scope": "account" }), "/role"),
        ("grants", grant(json!({ "project": id("project") })), "/scope/project"),
        (
            "grants",
            grant(json!({ "all_of": { "type": "cluster", "project": id("project") } })),
            "/scope/all_of/project",
        ),
        ("grants", grant(json!({ "resources": [mine("resource"), id("resource")] })), "/scope/resources/1"),
        ("invitations", json!({ "emails": ["x@example.com"], "roles": [id("role")] }), "/roles/0"),
        ("resources", json!({ "type": "cluster", "name": "c", "project": id("project") }), "/project"),
        ("resources", json!({ "type": "database", "name": "d", "parent": id("resource") }), "/parent"),
        ("service-accounts", json!({ "name": "M", "roles": [id("role")] }), "/roles/0"),
        ("keys", json!({ "service_account": id("service_account"), "name": "k" }), "/service_account"),
    ] {
        let reply = world.post(&format!("~/{path}")).by(&world.owner).json(&body).send().await;
        let problem = reply.problem(404, "not_found");
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
    }
    let offer = world.post("~:offer-ownership").by(&world.owner).json(&json!({ "to": stranger.id }));
    offer.send().await.problem(404, "not_found");
    let roles = world.patch(&format!("~/members/{}", world.owner.id)).by(&world.owner);
    roles.json(&json!({ "roles": [id("role")] })).send().await.problem(404, "not_found");
    for path in [
        format!("~/roles/{}?reassign_to={}", mine("role"), id("role")),
        format!("~/groups/{}/members/{}", mine("group"), stranger.id),
    ] {
        world.delete(&path).by(&world.owner).send().await.problem(404, "not_found");
    }
    for query in [
        format!("members?role={}", id("role")),
        format!("members?group={}", id("group")),
        format!("grants?principal={}", id("group")),
        format!("resources?project={}", id("project")),
        format!("resources?parent={}", id("resource")),
        format!("keys?service_account={}", id("service_account")),
        format!("access:effective?principal={}", id("group")),
        format!("access:effective?resource_type=cluster&resource_id={}", id("resource")),
    ] {
        world.get(&format!("~/{query}")).by(&world.owner).send().await.problem(404, "not_found");
    }
    // A question is answered, and the answer is that of something that does not exist.
    for body in [
        question(&stranger.id, "account", &world.account.to_string()),
        question(&world.owner.id, "account", &elsewhere.to_string()),
        question(&world.owner.id, "cluster", id("resource")),
        question(&world.owner.id, "project", id("project")),
    ] {
        let reply = world.post("~/access:check").by(&world.owner).json(&body).send().await;
        assert_eq!(reply.expect(StatusCode::OK).json()["allowed"], false, "{body}");
    }
    assert_eq!(world.state().await.entity_count(), before, "nothing changed");
}
