//! Projects that a caller may not see do not exist for them, by whatever name and wherever they are named.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api_hidden_people::project_world;
use crate::console::submit;
use crate::support::{Person, World};

/// A project next to the one that somebody is in: its external id and its id.
async fn hide_project(world: &World) -> [String; 2] {
    let project = json!({ "name": "Takeover", "external_id": "p-secret" });
    let made = world.post("~/projects").by(&world.owner).json(&project).send().await;
    let id = made.expect(StatusCode::CREATED).json()["id"].as_str().unwrap().to_owned();
    let cluster = json!({ "type": "cluster", "name": "one", "external_id": "one", "project": id });
    world.post("~/resources").by(&world.owner).json(&cluster).send().await.expect(StatusCode::CREATED);
    ["p-secret".to_owned(), id]
}

/// Everything that names a project, with the project called `PROJECT`.
fn requests(caller: &Person, other: &Person) -> Vec<(Method, String, Value)> {
    let scopes = [
        json!({ "project": "PROJECT" }),
        json!({ "all_of": { "type": "cluster", "project": "PROJECT" } }),
        json!({ "all_of": { "type": "cluster", "project": "PROJECT", "future": false } }),
    ];
    let cluster = json!({ "type": "cluster", "name": "new", "project": "PROJECT" });
    let question = json!({
        "principal": caller.id, "action": "read:clusters", "resource": { "type": "project", "id": "PROJECT" },
    });
    let mut all = vec![
        (Method::GET, "~/projects/PROJECT".to_owned(), Value::Null),
        (Method::PATCH, "~/projects/PROJECT".to_owned(), json!({ "name": "Mine" })),
        (Method::DELETE, "~/projects/PROJECT".to_owned(), Value::Null),
        (Method::POST, "~/projects/PROJECT:leave".to_owned(), Value::Null),
        (Method::DELETE, format!("~/projects/PROJECT/members/{}", other.id), Value::Null),
        (Method::GET, "~/resources?project=PROJECT".to_owned(), Value::Null),
        (Method::GET, "~/grants?project=PROJECT".to_owned(), Value::Null),
        (Method::POST, "~/resources".to_owned(), cluster.clone()),
        (Method::POST, "~/resources:register".to_owned(), json!({ "resources": [cluster] })),
        (Method::POST, "~/access:check".to_owned(), question.clone()),
        (Method::POST, "~/access:explain".to_owned(), question),
        (Method::GET, "~/access:effective?resource_type=project&resource_id=PROJECT".to_owned(), Value::Null),
    ];
    for scope in scopes {
        let role = if scope.get("project").is_some() { "project_read_only" } else { "cluster_read_only" };
        let promised = json!([{ "role": role, "scope": scope }]);
        let body = json!({ "principal": other.id, "role": role, "scope": scope });
        all.push((Method::POST, "~/grants".to_owned(), body.clone()));
        all.push((Method::POST, "~/grants?dry_run=true".to_owned(), body));
        let body = json!({ "emails": ["new@example.com"], "grants": promised });
        all.push((Method::POST, "~/invitations".to_owned(), body));
        let body = json!({ "name": "robot", "grants": promised });
        all.push((Method::POST, "~/service-accounts".to_owned(), body));
    }
    all
}

/// The answer with what was asked for taken out.
async fn answer(world: &World, by: &Person, request: &(Method, String, Value), project: &str) -> String {
    let (method, path, body) = request;
    let mut ask = world.ask(method.clone(), &path.replace("PROJECT", project)).by(by);
    if !body.is_null() {
        ask = ask.text(&body.to_string().replace("PROJECT", project));
    }
    let reply = ask.send().await;
    let mut json = reply.json();
    for changing in ["request_id", "revision"] {
        json.as_object_mut().unwrap().remove(changing);
    }
    format!("{} {json}", reply.status).replace(project, "PROJECT")
}

#[tokio::test]
async fn a_hidden_project_is_told_from_an_unknown_one_by_nothing() {
    let (world, admin) = project_world().await;
    let bob = world.invite_and_accept("bob@example.com", &[]).await;
    let hidden = hide_project(&world).await;
    let unknown = ["p-nowhere", "prj_019a0000000070008000000000000001"];
    for request in requests(&admin, &bob) {
        for (hidden, unknown) in hidden.iter().zip(unknown) {
            let told = answer(&world, &admin, &request, hidden).await;
            let wanted = answer(&world, &admin, &request, unknown).await;
            assert_eq!(told, wanted, "{request:?}");
        }
        // Each request does name the project: the owner is told of it as of no other.
        let owners = answer(&world, &world.owner, &request, &hidden[1]).await;
        if request.0 != Method::DELETE && !request.1.contains(":leave") {
            assert!(!owners.starts_with("404"), "{request:?}: {owners}");
        }
    }
    let form =
        [("emails", "new@example.com"), ("access_role", "project_read_only"), ("access_scope", "p-secret")];
    let page = submit(&world, &format!("/accounts/{}/invite", world.account), &admin, &form).await;
    assert!(page.has("This scope is gone") && !page.has("Takeover"), "{}", page.text);
}

#[tokio::test]
async fn who_holds_something_in_a_project_may_name_it_without_seeing_it() {
    let (world, _) = project_world().await;
    let hidden = hide_project(&world).await;
    // Registers clusters anywhere, and sees no project.
    let role = json!({ "name": "Registrar", "level": "account", "permissions": ["write:clusters"] });
    world.post("~/roles").by(&world.owner).json(&role).send().await.expect(StatusCode::CREATED);
    let registrar = world.invite_and_accept("registrar@example.com", &["Registrar"]).await;
    // Reads one cluster.
    let reader = world.invite_and_accept("reader@example.com", &[]).await;
    let one =
        json!({ "principal": reader.id, "role": "cluster_read_only", "scope": { "resources": ["one"] } });
    world.post("~/grants").by(&world.owner).json(&one).send().await.expect(StatusCode::CREATED);
    for name in &hidden {
        let path = format!("~/projects/{name}");
        assert!(world.get(&path).by(&registrar).send().await.status.is_client_error());
        let cluster = json!({ "type": "cluster", "name": "new", "project": name });
        world.post("~/resources").by(&registrar).json(&cluster).send().await.expect(StatusCode::CREATED);
        assert!(world.get(&path).by(&reader).send().await.status.is_client_error());
        let clusters = world.get(&format!("~/resources?project={name}")).by(&reader).send().await.json();
        assert_eq!(clusters["items"].as_array().unwrap().len(), 1, "{clusters}");
        world.post("~/resources").by(&reader).json(&cluster).send().await.problem(403, "permission_denied");
    }
    // A policy hides a project from somebody who sees the others.
    let auditor = world.invite_and_accept("auditor@example.com", &["auditor"]).await;
    let text = format!(
        "forbid (principal == User::\"{}\", action, resource in Project::\"{}\");",
        auditor.id, hidden[1]
    );
    let policy = json!({ "name": "Hidden", "text": text });
    world.post("~/policies").by(&world.owner).json(&policy).send().await.expect(StatusCode::CREATED);
    let seen = world.get("~/projects").by(&auditor).send().await.json();
    assert!(!seen.to_string().contains("Takeover") && seen["filtered"] == true, "{seen}");
    world.get("~/resources?project=p-secret").by(&auditor).send().await.problem(404, "not_found");
    world.get("~/projects/prod").by(&auditor).send().await.expect(StatusCode::OK);
}
