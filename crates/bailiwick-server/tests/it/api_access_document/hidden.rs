//! What somebody does not see: a document that they export tells nothing of it, and applied again does nothing.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{apply_by, steps, with_a_cluster};
use crate::support::{Person, World};

async fn export_by(world: &World, person: &Person) -> Value {
    world.get("~/access:export").by(person).send().await.expect(StatusCode::OK).json()
}

async fn make(world: &World, path: &str, body: &Value) -> Value {
    world
        .post(&format!("~/{path}"))
        .by(&world.owner)
        .json(body)
        .send()
        .await
        .expect(StatusCode::CREATED)
        .json()
}

/// Who reads all access, and neither a cluster nor a project that it is granted on.
async fn auditor(world: &World) -> (Person, [String; 2]) {
    with_a_cluster(world).await;
    let auditor = world.invite_and_accept("auditor@example.com", &["auditor"]).await;
    let bob = world.invite_and_accept("bob@example.com", &[]).await;
    let project = make(world, "projects", &json!({ "name": "Takeover", "external_id": "p-secret" })).await;
    let project = project["id"].as_str().unwrap();
    let cluster = world.get("~/resources/c-1").by(&world.owner).send().await.json();
    let cluster = cluster["id"].as_str().unwrap();
    let scopes =
        [json!({ "resources": ["c-1"] }), json!({ "all_of": { "type": "cluster", "project": "p-secret" } })];
    let grants: Vec<Value> =
        scopes.iter().map(|scope| json!({ "role": "cluster_read_only", "scope": scope })).collect();
    for scope in &scopes {
        let grant = json!({ "principal": bob.id, "role": "cluster_read_only", "scope": scope });
        make(world, "grants", &grant).await;
    }
    make(world, "invitations", &json!({ "emails": ["waiting@example.com"], "grants": grants })).await;
    let kept =
        |what: &str| format!("forbid (principal == User::\"{}\", action, resource in {what});", auditor.id);
    let text =
        format!("{}\n{}", kept(&format!("Cluster::\"{cluster}\"")), kept(&format!("Project::\"{project}\"")));
    make(world, "policies", &json!({ "name": "Hidden", "text": text })).await;
    let ids = [cluster.to_owned(), project.to_owned()];
    (auditor, ids)
}

#[tokio::test]
async fn an_export_says_of_what_is_hidden_what_grants_say_and_no_more() {
    let world = World::new("bailiwick").await;
    let (auditor, [cluster, project]) = auditor(&world).await;
    world.get("~/resources/c-1").by(&auditor).send().await.problem(404, "not_found");
    world.get("~/projects/p-secret").by(&auditor).send().await.problem(404, "not_found");
    let document = export_by(&world, &auditor).await;
    let text = document.to_string();
    for secret in ["c-1", "search-eu", "p-secret", "Takeover"] {
        assert!(!text.contains(secret), "{secret}: {document:#}");
    }
    for place in ["grants", "invitations"] {
        let named = document[place].to_string();
        assert!(named.contains(&cluster) && named.contains(&project), "{document:#}");
    }
    for query in ["", "?dry_run=true", "?prune=true", "?prune=true&dry_run=true"] {
        let plan = apply_by(&world, &auditor, query, &document).await.expect(StatusCode::OK).json();
        assert_eq!(steps(plan.get("would").unwrap_or(&plan)), Vec::<String>::new(), "{query}");
    }
    // The owner's has the names, and applied by the auditor it names what does not exist for them.
    let owners = export_by(&world, &world.owner).await;
    assert!(
        owners["grants"].to_string().contains("c-1") && owners["projects"].to_string().contains("Takeover")
    );
}

#[tokio::test]
async fn a_document_finds_out_nothing_of_what_is_hidden() {
    let world = World::new("bailiwick").await;
    let (auditor, [cluster, project]) = auditor(&world).await;
    let other = json!({ "type": "cluster", "name": "two", "external_id": "c-2", "project": "p-secret" });
    let other = make(&world, "resources", &other).await["id"].as_str().unwrap().to_owned();
    // By its external id or name, and by the id of what nothing is granted on.
    for scope in [
        json!({ "resources": ["c-1"] }),
        json!({ "resources": ["c-2"] }),
        json!({ "resources": [other] }),
        json!({ "project": "p-secret" }),
        json!({ "all_of": { "type": "cluster", "project": "Takeover" } }),
    ] {
        let grant = json!({ "member": "bob@example.com", "role": "cluster_read_only", "scope": scope });
        let document = json!({ "version": 1, "grants": [grant] });
        let problem = apply_by(&world, &auditor, "", &document).await.problem(422, "invalid_document");
        assert_eq!(problem["errors"][0]["code"], "not_found", "{problem}");
        let text = problem.to_string();
        assert!(!text.contains(&cluster) && !text.contains(&project), "{problem}");
    }
    // By the id that the grants have: it is known, and given to nobody else by it.
    let grant = json!({ "member": "auditor@example.com", "role": "cluster_read_only", "scope": { "resources": [cluster] } });
    let document = json!({ "version": 1, "grants": [grant] });
    let refused = apply_by(&world, &auditor, "", &document).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
}

#[tokio::test]
async fn what_cannot_be_pruned_is_called_by_its_name_at_its_section() {
    let world = World::new("bailiwick").await;
    let auditor = world.invite_and_accept("auditor@example.com", &["auditor"]).await;
    make(&world, "projects", &json!({ "name": "Search" })).await;
    make(&world, "groups", &json!({ "name": "On call" })).await;
    let role = json!({ "name": "Cluster reader", "level": "resource", "permissions": ["read:clusters"] });
    make(&world, "roles", &role).await;
    world.invite_and_accept("bob@example.com", &["viewer"]).await;
    make(&world, "service-accounts", &json!({ "name": "robot" })).await;
    let empty = json!({
        "version": 1, "projects": [], "groups": [], "roles": [], "service_accounts": [],
        "grants": [{ "member": "owner@example.com", "role": "owner" },
            { "member": "owner@example.com", "role": "project_admin", "scope": { "project": "default" } }],
        "members": [{ "member": "owner@example.com" }, { "member": "bob@example.com" }],
    });
    let problem = apply_by(&world, &auditor, "?prune=true", &empty).await.problem(403, "permission_denied");
    let told: Vec<(&str, &str)> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["field"].as_str().unwrap(), error["message"].as_str().unwrap()))
        .collect();
    for (section, name) in [
        ("/grants", "the grant `bob@example.com has viewer` is not named here, and cannot be removed: "),
        ("/groups", "the group `On call` is not named here, and cannot be removed: "),
        ("/service_accounts", "the service account `robot` is not named here, and cannot be removed: "),
        ("/roles", "the role `Cluster reader` is not named here, and cannot be removed: "),
        ("/projects", "the project `Search` is not named here, and cannot be removed: "),
    ] {
        let found = told.iter().any(|(field, message)| *field == section && message.starts_with(name));
        assert!(found, "{section} {name}: {told:#?}");
    }
    assert!(told.iter().all(|(field, _)| !field.is_empty()), "{told:#?}");
}
