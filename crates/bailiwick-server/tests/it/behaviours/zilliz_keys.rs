//! Personal and customized keys: Z15 and Z16.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;

/// Makes a key and gives its id and somebody who asks by it.
async fn key(world: &World, by: &Person, body: &Value) -> (String, Person) {
    let reply = world.post("~/keys").by(by).json(body).send().await.expect(StatusCode::CREATED);
    let shown = reply.json();
    let id = shown["key"]["id"].as_str().unwrap().to_owned();
    let token = shown["secret"].as_str().unwrap().to_owned();
    (id, Person { id: by.id.clone(), email: String::new(), token })
}

async fn world() -> (World, String, String) {
    let world = World::new("zilliz-cloud").await;
    let search = project(&world, "Search").await;
    let eu = resource(&world, "cluster", "eu", Some(&search)).await;
    (world, search, eu)
}

#[tokio::test]
async fn z15_a_personal_key_follows_its_owner_s_roles_and_dies_with_the_membership() {
    let (world, search, eu) = world().await;
    let reader = json!({ "grants": [in_project("project_read_only", &search)] });
    let grace = join(&world, &world.owner, GRACE, reader).await;
    let (id, laptop) = key(&world, &grace, &json!({ "name": "laptop" })).await;
    assert_eq!(sees(&world, &laptop).await, ["eu"]);
    assert!(!manages(&world, &laptop, &eu).await);
    let me = world.get("/me").by(&laptop).send().await.expect(StatusCode::OK).json();
    assert_eq!((&me["kind"], &me["email"]), (&json!("user"), &json!(GRACE)));

    // It gains and loses with its owner, at once.
    let more = json!({ "principal": grace.id, "role": "project_read_write", "scope": { "project": search } });
    let more = made(&world, &world.owner, "~/grants", &more).await;
    assert!(manages(&world, &laptop, &eu).await);
    world.delete(&format!("~/grants/{more}")).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    assert!(!manages(&world, &laptop, &eu).await);

    // It is seen by its owner and by who may read keys.
    let mine = world.get("~/keys").by(&grace).send().await.expect(StatusCode::OK).json();
    assert_eq!((&mine["items"][0]["id"], &mine["items"][0]["member"]), (&json!(id), &json!(grace.id)));
    let all = world.get(&format!("~/keys?member={}", grace.id)).by(&world.owner).send().await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 1);

    // It ends with its owner's activity, for good, and with the membership.
    let member = format!("~/members/{}", grace.id);
    for status in ["inactive", "active"] {
        let change = json!({ "status": status });
        world.patch(&member).by(&world.owner).json(&change).send().await.expect(StatusCode::OK);
        world.get("~/resources").by(&laptop).send().await.problem(401, "unauthenticated");
    }
    let credentials = json!({ "email": GRACE, "password": crate::support::PASSWORD });
    let again = world.post("/sign-in").json(&credentials).send().await.expect(StatusCode::OK).json();
    let grace = Person { token: again["token"].as_str().unwrap().to_owned(), ..grace };
    let (_, laptop) = key(&world, &grace, &json!({ "name": "laptop" })).await;
    assert_eq!(sees(&world, &laptop).await.len(), 1);
    world.delete(&member).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    world.get("~/resources").by(&laptop).send().await.problem(401, "unauthenticated");
    assert!(world.event_types().await.contains(&"key.deleted".to_owned()));
}

#[tokio::test]
async fn z15_a_personal_key_is_not_a_person() {
    let (world, search, _) = world().await;
    let (_, by_key) = key(&world, &world.owner, &json!({ "name": "script" })).await;
    let invite = json!({ "emails": [EVE], "grants": [in_project("project_read_only", &search)] });
    world.post("~/invitations").by(&by_key).json(&invite).send().await.problem(403, "people_only");
    let account = format!("/accounts/{}:leave", world.account);
    world.post(&account).by(&by_key).send().await.problem(403, "people_only");
    world.post(&format!("~/projects/{search}:leave")).by(&by_key).send().await.problem(403, "people_only");
    world.get("/me/invitations").by(&by_key).send().await.problem(403, "people_only");
    world.get("/me/sessions").by(&by_key).send().await.problem(403, "people_only");
    world
        .delete(&format!("/accounts/{}?confirm=Acme", world.account))
        .by(&by_key)
        .send()
        .await
        .problem(403, "people_only");
}

#[tokio::test]
async fn z15_a_personal_key_makes_none_that_outlasts_it_and_nobody_makes_one_for_another() {
    let (world, _, _) = world().await;
    let end = world.service.now().checked_add(SignedDuration::from_hours(1)).unwrap();
    let (id, brief) = key(&world, &world.owner, &json!({ "name": "brief", "expires_at": end })).await;
    let machine = made(&world, &world.owner, "~/service-accounts", &json!({ "name": "ci" })).await;
    for body in [json!({ "name": "next" }), json!({ "name": "next", "service_account": machine })] {
        world.post("~/keys").by(&brief).json(&body).send().await.problem(403, "key_outlasts");
    }
    key(&world, &brief, &json!({ "name": "next", "expires_at": end })).await;
    // A key ends itself; others end it only with the permission to.
    let grace = join(&world, &world.owner, GRACE, json!({})).await;
    world.delete(&format!("~/keys/{id}")).by(&grace).send().await.problem(403, "permission_denied");
    world.get(&format!("~/keys/{id}")).by(&grace).send().await.problem(404, "not_found");
    world.delete(&format!("~/keys/{id}")).by(&brief).send().await.expect(StatusCode::NO_CONTENT);
    world.get("~/keys").by(&brief).send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn z15_a_customized_key_has_roles_of_its_own_and_outlives_its_maker() {
    let (world, search, eu) = world().await;
    let us = resource(&world, "cluster", "us", Some(&search)).await;
    let admin = json!({ "grants": [in_project("project_admin", &search)] });
    let grace = join(&world, &world.owner, GRACE, admin).await;
    let machine = json!({
        "name": "ingest", "grants": [row("cluster_read_write", json!({ "resources": [eu] }))],
    });
    let machine = made(&world, &grace, "~/service-accounts", &machine).await;
    let (_, ingest) = key(&world, &grace, &json!({ "name": "ingest", "service_account": machine })).await;
    assert_eq!(sees(&world, &ingest).await, ["eu"]);
    assert!(manages(&world, &ingest, &eu).await && !manages(&world, &ingest, &us).await);
    let member = format!("~/members/{}", grace.id);
    world.delete(&member).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    assert!(manages(&world, &ingest, &eu).await);
}

#[tokio::test]
async fn z16_a_project_admin_gives_no_person_and_no_key_more_than_the_admin_has() {
    let (world, search, eu) = world().await;
    let other = project(&world, "Other").await;
    let us = resource(&world, "cluster", "us", Some(&other)).await;
    let admin = json!({ "grants": [in_project("project_admin", &search)] });
    let grace = join(&world, &world.owner, GRACE, admin).await;
    let alan =
        join(&world, &world.owner, ALAN, json!({ "grants": [in_project("project_read_only", &search)] }))
            .await;
    for (role, scope) in [
        ("project_admin", json!({ "project": other })),
        ("cluster_read_only", json!({ "resources": [us] })),
        ("cluster_read_only", json!({ "resources": [eu, us] })),
        ("cluster_read_only", json!({ "all_of": { "type": "cluster" } })),
        ("control_plane", json!("account")),
    ] {
        let person = json!({ "principal": alan.id, "role": role, "scope": scope });
        let refused = world.post("~/grants").by(&grace).json(&person).send().await;
        let status = refused.status;
        // What is elsewhere does not even exist for her.
        assert!(status.is_client_error(), "{role} {scope}: {}", refused.text);
        let machine = json!({ "name": "key", "grants": [row(role, scope.clone())] });
        let refused = world.post("~/service-accounts").by(&grace).json(&machine).send().await;
        assert!(refused.status.is_client_error(), "{role} {scope}: {}", refused.text);
    }
    // Nor a key of a service account that holds more, nor one that holds nothing yet and could be given anything.
    let strong = json!({ "name": "strong", "grants": [in_project("project_read_only", &search), in_project("project_read_only", &other)] });
    let strong = made(&world, &world.owner, "~/service-accounts", &strong).await;
    let empty = made(&world, &world.owner, "~/service-accounts", &json!({ "name": "empty" })).await;
    for machine in [&strong, &empty] {
        let body = json!({ "name": "mine", "service_account": machine });
        world.post("~/keys").by(&grace).json(&body).send().await.problem(403, "permission_denied");
        world.get(&format!("~/service-accounts/{machine}")).by(&grace).send().await.problem(404, "not_found");
    }
    let none = json!({ "name": "mine" });
    world.post("~/service-accounts").by(&grace).json(&none).send().await.problem(403, "permission_denied");
}
