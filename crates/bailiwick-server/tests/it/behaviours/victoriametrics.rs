//! Three roles, statuses, the user list and the audit log: V01 to V13.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::support::PASSWORD;

async fn world() -> World {
    World::new("victoriametrics-cloud").await
}

/// A user with one role, invited as the catalog asks for.
async fn user(world: &World, email: &str, role: &str) -> Person {
    join(world, &world.owner, email, json!({ "name": "Somebody", "roles": [role] })).await
}

async fn set(world: &World, by: &Person, person: &Person, change: Value) -> StatusCode {
    world.patch(&format!("~/members/{}", person.id)).by(by).json(&change).send().await.status
}

#[tokio::test]
async fn v01_three_roles_and_exactly_one_for_each_user() {
    let world = world().await;
    let catalog = world.get("/catalog").by(&world.owner).send().await.json();
    let names = catalog["roles"].as_array().unwrap().iter().map(|role| role["title"].clone());
    assert_eq!(names.collect::<Vec<_>>(), [json!("Admin"), json!("Editor"), json!("Viewer")]);
    let grace = user(&world, GRACE, "viewer").await;
    assert_eq!(roles(&world, &grace).await, ["viewer"]);
    // Another one takes its place; none, or two, are refused.
    let body = json!({ "principal": grace.id, "role": "editor" });
    world.post("~/grants").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    assert_eq!(roles(&world, &grace).await, ["editor"]);
    let path = format!("~/members/{}", grace.id);
    for wrong in [json!([]), json!(["editor", "viewer"])] {
        let body = json!({ "roles": wrong });
        world.patch(&path).by(&world.owner).json(&body).send().await.problem(409, "one_role");
    }
    // Any admin makes another one, without offering anything; the last one stays.
    assert_eq!(set(&world, &world.owner, &grace, json!({ "roles": ["admin"] })).await, StatusCode::OK);
    let owner = world.owner.clone();
    assert_eq!(set(&world, &grace, &owner, json!({ "roles": ["viewer"] })).await, StatusCode::OK);
    let last = world.patch(&path).by(&grace).json(&json!({ "roles": ["viewer"] })).send().await;
    last.problem(409, "last_holder");
}

#[tokio::test]
async fn v02_v03_v04_what_each_role_may_do() {
    let world = world().await;
    let (admin, editor, viewer) = (
        user(&world, GRACE, "admin").await,
        user(&world, ALAN, "editor").await,
        user(&world, EVE, "viewer").await,
    );
    let prod = resource(&world, "deployment", "prod", None).await;
    let everybody = [&admin, &editor, &viewer];
    for (action, expected) in [
        ("read:deployments", [true, true, true]),
        ("read:monitoring", [true, true, true]),
        ("read:explore", [true, true, true]),
        ("read:alerts", [true, true, true]),
        ("read:deployment_settings", [true, true, false]),
        ("read:deployment_access", [true, true, false]),
        ("read:rules", [true, true, false]),
        ("write:deployments", [true, true, false]),
        ("delete:deployments", [true, true, false]),
        ("write:notifications", [true, true, false]),
        ("read:events", [true, true, false]),
        ("read:payment_information", [true, false, false]),
        ("read:users", [true, false, false]),
        ("write:users", [true, false, false]),
        ("delete:users", [true, false, false]),
    ] {
        for (person, expected) in everybody.into_iter().zip(expected) {
            let answer = may(&world, &person.id, action, "deployment", &prod).await;
            assert_eq!(answer, expected, "{action} {}", person.email);
        }
    }
    // And Bailiwick's own operations follow.
    for (path, expected) in
        [("~/members", [200, 403, 403]), ("~/events", [200, 200, 403]), ("~/roles", [200, 403, 403])]
    {
        for (person, expected) in everybody.into_iter().zip(expected) {
            assert_eq!(world.get(path).by(person).send().await.status, expected, "{path} {}", person.email);
        }
    }
    assert!(manages(&world, &editor, &prod).await && !manages(&world, &viewer, &prod).await);
}

#[tokio::test]
async fn v05_active_pending_and_inactive() {
    let world = world().await;
    let body = json!({ "emails": [GRACE], "name": "Grace", "roles": ["viewer"] });
    world.post("~/invitations").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let status = async |status: &str| {
        let list = world.get(&format!("~/members?status={status}")).by(&world.owner).send().await.json();
        list["items"].as_array().unwrap().iter().map(|one| one["email"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(status("pending").await, [json!(GRACE)]);
    let token = world.mailed_token(GRACE).await;
    let grace = world.accept(&token, GRACE).await;
    assert!(status("active").await.contains(&json!(GRACE)));
    assert_eq!(set(&world, &world.owner, &grace, json!({ "status": "inactive" })).await, StatusCode::OK);
    assert_eq!(status("inactive").await, [json!(GRACE)]);
    // Registered, and may do nothing; an admin activates.
    let deployments = world.get("~/resources").by(&grace).send().await;
    assert!([StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&deployments.status));
    assert_eq!(set(&world, &world.owner, &grace, json!({ "status": "active" })).await, StatusCode::OK);
    assert!(status("active").await.contains(&json!(GRACE)));
}

#[tokio::test]
async fn v06_the_list_shows_email_status_role_last_active_and_auth_method() {
    let world = world().await;
    let grace = user(&world, GRACE, "viewer").await;
    let shown = member(&world, &grace).await;
    assert_eq!((&shown["email"], &shown["status"]), (&json!(GRACE), &json!("active")));
    assert_eq!(
        (&shown["roles"][0]["title"], &shown["auth_methods"]),
        (&json!("Viewer"), &json!(["password"]))
    );
    let seen = |shown: &Value| shown["last_sign_in_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let before = seen(&shown);
    world.advance(SignedDuration::from_hours(5));
    again(&world, &grace).await;
    world.service.settled().await;
    let shown = member(&world, &grace).await;
    assert_eq!(seen(&shown).duration_since(before), SignedDuration::from_hours(5));
    // Of somebody who has not accepted nothing of this is known here.
    let body = json!({ "emails": [ALAN], "name": "Alan", "roles": ["viewer"] });
    world.post("~/invitations").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let pending = world.get("~/members?status=pending").by(&world.owner).send().await.json();
    let pending = &pending["items"][0];
    assert!(pending["last_sign_in_at"].is_null() && pending["auth_methods"].is_null(), "{pending}");
}

#[tokio::test]
async fn v07_an_invitation_names_everything_and_leaves_a_pending_user() {
    let world = world().await;
    for (body, code) in [
        (json!({ "emails": [GRACE], "roles": ["viewer"] }), "invitation_incomplete"),
        (json!({ "emails": [GRACE], "name": "Grace" }), "one_role"),
    ] {
        let reply = world.post("~/invitations").by(&world.owner).json(&body).send().await;
        assert_eq!(reply.json()["code"], code, "{body}");
    }
    let nobody = json!({ "name": "Grace", "roles": ["viewer"] });
    world.post("~/invitations").by(&world.owner).json(&nobody).send().await.problem(422, "missing_field");
    let two = json!({ "emails": [GRACE, ALAN], "name": "Grace", "roles": ["viewer"] });
    world.post("~/invitations").by(&world.owner).json(&two).send().await.problem(422, "too_large");
    let body = json!({ "emails": [GRACE], "name": "Grace Hopper", "roles": ["viewer"] });
    let sent = world.post("~/invitations").by(&world.owner).json(&body).send().await;
    let sent = sent.expect(StatusCode::CREATED).json();
    assert_eq!(
        (&sent["invitations"][0]["status"], &sent["invitations"][0]["email"]),
        (&json!("pending"), &json!(GRACE))
    );
    let list = world.get("~/members?status=pending").by(&world.owner).send().await.json();
    assert_eq!(list["items"][0]["email"], GRACE);
}

#[tokio::test]
async fn v08_v09_v12_a_link_lives_24_hours_is_resent_and_accepting_makes_active() {
    let world = world().await;
    let body = json!({ "emails": [GRACE], "name": "Grace", "roles": ["viewer"] });
    let sent = world.post("~/invitations").by(&world.owner).json(&body).send().await;
    let id = sent.expect(StatusCode::CREATED).json()["invitations"][0]["id"].as_str().unwrap().to_owned();
    let old = world.mailed_token(GRACE).await;
    world.advance(SignedDuration::from_hours(24));
    let accept = json!({ "token": old, "name": "Grace", "password": PASSWORD });
    world.post("/links:accept").json(&accept).send().await.problem(410, "link_invalid");
    let (path, owner) = (format!("~/invitations/{id}"), again(&world, &world.owner).await);
    let shown = world.get(&path).by(&owner).send().await.json();
    assert_eq!(shown["status"], "expired");
    let resent = world.post(&format!("{path}:resend")).by(&owner).send().await.expect(StatusCode::OK);
    assert_eq!(resent.json()["status"], "pending");
    let token = world.mailed_token(GRACE).await;
    let grace = world.accept(&token, GRACE).await;
    let list = world.get("~/members?status=active").by(&owner).send().await.expect(StatusCode::OK).json();
    let active: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert!(active.contains(&&json!(grace.id)), "{list}");
}

#[tokio::test]
async fn v10_an_edit_changes_role_details_and_status() {
    let world = world().await;
    let grace = user(&world, GRACE, "viewer").await;
    for change in
        [json!({ "roles": ["editor"] }), json!({ "external_id": "emp-7" }), json!({ "status": "inactive" })]
    {
        assert_eq!(set(&world, &world.owner, &grace, change.clone()).await, StatusCode::OK, "{change}");
    }
    let shown = member(&world, &grace).await;
    assert_eq!((&shown["external_id"], &shown["status"]), (&json!("emp-7"), &json!("inactive")));
    assert_eq!(shown["roles"][0]["role"], "editor");
}

#[tokio::test]
async fn v11_removing_asks_for_the_email_and_the_person_must_be_invited_anew() {
    let world = world().await;
    let grace = user(&world, GRACE, "viewer").await;
    let path = format!("~/members/{}", grace.id);
    for wrong in ["", "?confirm_email=grace@example.org"] {
        world.delete(&format!("{path}{wrong}")).by(&world.owner).send().await.problem(422, "not_confirmed");
    }
    let right = format!("{path}?confirm_email={GRACE}");
    world.delete(&right).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    world.get(&path).by(&world.owner).send().await.problem(404, "not_found");
    let back = json!({ "status": "active" });
    world.patch(&path).by(&world.owner).json(&back).send().await.problem(404, "not_found");
    let body = json!({ "emails": [GRACE], "name": "Grace", "roles": ["viewer"] });
    world.post("~/invitations").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn v13_the_audit_log_says_who_when_what_before_and_after_and_exports_what_is_filtered() {
    let world = world().await;
    let grace = user(&world, GRACE, "admin").await;
    world.advance(SignedDuration::from_hours(1));
    let since = world.service.now();
    let body = json!({ "name": "Acme Labs" });
    world
        .patch(&format!("/accounts/{}", world.account))
        .by(&grace)
        .json(&body)
        .send()
        .await
        .expect(StatusCode::OK);
    let filter = format!("actor={}&from={since}", grace.id);
    let found =
        world.get(&format!("~/events?{filter}")).by(&world.owner).send().await.expect(StatusCode::OK).json();
    let found = found["items"].as_array().unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    let renamed = &found[0];
    assert_eq!(renamed["type"], "account.renamed");
    assert_eq!(
        (&renamed["details"]["before"], &renamed["details"]["after"]),
        (&json!("Acme"), &json!("Acme Labs"))
    );
    assert_eq!(renamed["actor"]["id"], json!(grace.id));
    let export = world.get(&format!("~/events:export?{filter}")).by(&world.owner).send().await;
    let export = export.expect(StatusCode::OK);
    assert_eq!(export.text.lines().filter(|line| line.contains("account.renamed")).count(), 1);
    assert!(!export.text.contains("member.joined"), "{}", export.text);
}
