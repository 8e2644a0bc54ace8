//! Grants over HTTP.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Person, World};

async fn cluster(world: &World, external_id: &str) -> String {
    let body = json!({ "type": "cluster", "name": external_id, "external_id": external_id });
    let reply =
        world.post("~/resources").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    reply.json()["id"].as_str().unwrap().to_owned()
}

async fn may(world: &World, who: &Person, action: &str, cluster: &str) -> bool {
    let body =
        json!({ "principal": who.id, "action": action, "resource": { "type": "cluster", "id": cluster } });
    let reply = world.post("~/access:check").by(&world.owner).json(&body).send().await.expect(StatusCode::OK);
    reply.json()["allowed"].as_bool().unwrap()
}

#[tokio::test]
async fn q07_a_member_holds_many_roles_and_their_union_counts() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    cluster(&world, "one").await;
    let first =
        json!({ "principal": grace.id, "role": "cluster_read_only", "scope": { "resources": ["one"] } });
    let first =
        world.post("~/grants").by(&world.owner).json(&first).send().await.expect(StatusCode::CREATED).json();
    assert!(may(&world, &grace, "read:clusters", "one").await);
    assert!(!may(&world, &grace, "write:clusters", "one").await);
    let second = json!({ "principal": grace.id, "role": "editor" });
    let second =
        world.post("~/grants").by(&world.owner).json(&second).send().await.expect(StatusCode::CREATED);
    assert!(may(&world, &grace, "write:clusters", "one").await);

    let path = format!("~/grants?principal={}", grace.id);
    let list = world.get(&path).by(&world.owner).send().await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert_eq!(list["items"][0]["made_by"]["email"], "owner@example.com");
    assert_eq!(list["items"][0]["principal"]["email"], "grace@example.com");

    let path = format!("~/grants/{}", second.json()["id"].as_str().unwrap());
    let stale = world.delete(&path).by(&world.owner).header("if-match", "\"1\"").send().await;
    stale.problem(412, "stale_revision");
    let tag = second.header("etag").to_owned();
    let revoked = world.delete(&path).by(&world.owner).header("if-match", &tag).send().await;
    revoked.expect(StatusCode::NO_CONTENT);
    assert!(!may(&world, &grace, "write:clusters", "one").await);
    assert!(may(&world, &grace, "read:clusters", "one").await, "what the other role gives stays");
    let path = format!("~/grants/{}", first["id"].as_str().unwrap());
    world.delete(&path).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    assert!(!may(&world, &grace, "read:clusters", "one").await);
    world.get(&path).by(&world.owner).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn a_grant_that_cannot_be_names_the_field() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    cluster(&world, "one").await;
    let (stranger, _) = world.stranger().await;
    let with = |change: Value| {
        let mut body = json!({ "principal": grace.id, "role": "editor" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let revision = world.state().await.grants_after(None).count();
    for (change, status, code, field) in [
        (json!({ "principal": stranger.id }), 404, "not_found", "/principal"),
        (json!({ "principal": "nobody" }), 404, "not_found", "/principal"),
        (json!({ "role": "emperor" }), 404, "not_found", "/role"),
        (json!({ "scope": { "project": "nowhere" } }), 404, "not_found", "/scope/project"),
        (json!({ "scope": { "resources": ["one", "two"] } }), 404, "not_found", "/scope/resources/1"),
        (
            json!({ "scope": { "all_of": { "type": "yacht" } } }),
            422,
            "unknown_resource_type",
            "/scope/all_of/type",
        ),
        (json!({ "scope": { "resources": [] } }), 422, "empty_scope", ""),
        (json!({ "scope": { "resources": ["one"] } }), 422, "wrong_level", ""),
        (json!({ "role": "cluster_read_only" }), 422, "wrong_level", ""),
        (json!({ "role": "owner" }), 409, "handed_over_only", ""),
        (json!({ "role": "member" }), 409, "newcomer_role", ""),
        (json!({ "until": "2020-01-01T00:00:00Z" }), 422, "in_the_past", ""),
        (json!({ "until": "tomorrow" }), 422, "invalid_value", "/until"),
        (json!({ "scope": "galaxy" }), 422, "invalid_value", "/scope"),
    ] {
        let reply = world.post("~/grants").by(&world.owner).json(&with(change.clone())).send().await;
        let problem = reply.problem(status, code);
        if !field.is_empty() {
            assert_eq!(problem["errors"][0]["field"], field, "{change}");
        }
    }
    let many: Vec<String> = (0..1_001).map(|n| format!("cluster-{n}")).collect();
    let body = with(json!({ "role": "cluster_read_only", "scope": { "resources": many } }));
    world.post("~/grants").by(&world.owner).json(&body).send().await.problem(409, "limit_reached");
    assert_eq!(world.state().await.grants_after(None).count(), revision, "nothing has changed");
}

#[tokio::test]
async fn a_grant_ends_by_itself_and_granting_again_moves_the_end() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    cluster(&world, "one").await;
    let body = |until: &str| json!({ "principal": grace.id, "role": "editor", "until": until });
    let first = world.post("~/grants").by(&world.owner).json(&body("2026-11-21T13:00:00Z")).send().await;
    let first = first.expect(StatusCode::CREATED).json();
    let again = world.post("~/grants").by(&world.owner).json(&body("2026-11-21T14:00:00Z")).send().await;
    let again = again.expect(StatusCode::CREATED).json();
    assert_eq!(first["id"], again["id"]);
    world
        .post("~/grants")
        .by(&world.owner)
        .json(&body("2026-11-21T14:00:00Z"))
        .send()
        .await
        .problem(409, "already_so");
    world.advance(SignedDuration::from_mins(90));
    assert!(may(&world, &grace, "write:clusters", "one").await);
    world.advance(SignedDuration::from_mins(30));
    assert!(!may(&world, &grace, "write:clusters", "one").await);
}

#[tokio::test]
async fn a_project_admin_sees_and_makes_grants_of_the_project_only() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let ada = world.invite_and_accept("ada@example.com", &[]).await;
    let project = json!({ "name": "Production", "external_id": "prod" });
    world.post("~/projects").by(&world.owner).json(&project).send().await.expect(StatusCode::CREATED);
    let admin = json!({ "principal": grace.id, "role": "project_admin", "scope": { "project": "prod" } });
    world.post("~/grants").by(&world.owner).json(&admin).send().await.expect(StatusCode::CREATED);

    let inside = json!({ "principal": ada.id, "role": "project_read_only", "scope": { "project": "prod" } });
    world.post("~/grants").by(&grace).json(&inside).send().await.expect(StatusCode::CREATED);
    let outside = json!({ "principal": ada.id, "role": "viewer" });
    world.post("~/grants").by(&grace).json(&outside).send().await.problem(403, "permission_denied");

    let list = world.get("~/grants").by(&grace).send().await.expect(StatusCode::OK).json();
    assert_eq!(list["filtered"], true);
    for grant in list["items"].as_array().unwrap() {
        assert!(grant["scope"].get("project").is_some(), "{grant}");
    }
    let own = world.get("~/grants?project=prod").by(&world.owner).send().await.json();
    assert_eq!(own["filtered"], false);
    let hidden = world.get("~/grants?role=owner").by(&world.owner).send().await.json();
    let hidden = hidden["items"][0]["id"].as_str().unwrap().to_owned();
    world.get(&format!("~/grants/{hidden}")).by(&grace).send().await.problem(404, "not_found");
    world.get("~/grants").by(&ada).send().await.problem(403, "permission_denied");
}

#[tokio::test]
async fn a_dry_run_says_who_would_gain_what_and_writes_nothing() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let revision = world.state().await.revision();
    let body = json!({ "principal": grace.id, "role": "billing" });
    let dry =
        world.post("~/grants?dry_run=true").by(&world.owner).json(&body).send().await.expect(StatusCode::OK);
    let dry = dry.json();
    assert_eq!(dry["events"][0]["type"], "grant.made");
    assert_eq!(dry["access"]["complete"], true);
    assert_eq!(dry["access"]["lost"], json!([]));
    assert_eq!(dry["access"]["gained"][0]["principals"][0]["email"], "grace@example.com");
    assert_eq!(dry["would"]["role"], "billing");
    assert_eq!(world.state().await.revision(), revision);
}

#[tokio::test]
async fn an_idempotency_key_makes_a_grant_once() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let body = json!({ "principal": grace.id, "role": "billing" });
    let ask = |body: &Value| {
        world.post("~/grants").by(&world.owner).header("idempotency-key", "k-1").json(body).send()
    };
    let first = ask(&body).await.expect(StatusCode::CREATED);
    let again = ask(&body).await.expect(StatusCode::CREATED);
    assert_eq!(first.json(), again.json());
    let other = json!({ "principal": grace.id, "role": "viewer" });
    ask(&other).await.problem(422, "idempotency_mismatch");
}
