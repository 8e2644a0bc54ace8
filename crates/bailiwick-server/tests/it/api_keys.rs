//! Service accounts and management keys over HTTP.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Person, World};

async fn machine(world: &World) {
    let body = json!({ "name": "Control plane", "external_id": "cp", "roles": ["admin"] });
    let made = world.post("~/service-accounts").by(&world.owner).json(&body).send().await;
    let made = made.expect(StatusCode::CREATED).json();
    assert_eq!((&made["roles"][0]["role"], &made["keys"]), (&json!("admin"), &json!(0)));
}

fn holder(secret: &str) -> Person {
    Person { id: String::new(), email: String::new(), token: secret.to_owned() }
}

#[tokio::test]
async fn q15_a_management_key_is_shown_once_listed_by_prefix_and_deleted() {
    let world = World::new("qdrant-cloud").await;
    machine(&world).await;
    let body = json!({ "service_account": "cp", "name": "ci" });
    let made = world.post("~/keys").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    let key = made.json()["key"].clone();
    let prefix = key["prefix"].as_str().unwrap().trim_end_matches('…');
    assert!(secret.starts_with(prefix) && prefix.len() < 20, "{prefix}");
    assert!(made.header("location").ends_with(key["id"].as_str().unwrap()), "{}", made.header("location"));
    assert_eq!(made.header("cache-control"), "no-store");

    let list = world.get("~/keys").by(&world.owner).send().await.expect(StatusCode::OK);
    assert_eq!(list.json()["items"], json!([key]));
    let random = secret.rsplit('_').next().unwrap();
    assert!(!list.text.contains(random) && !list.text.contains("hash"), "{}", list.text);

    let me = world.get("~/access:effective").by(&holder(&secret)).send().await.expect(StatusCode::OK).json();
    assert_eq!(me["principal"]["kind"], "service_account", "it acts for the account, not for a person");
    let invite = json!({ "emails": ["x@example.com"] });
    world.post("~/invitations").by(&holder(&secret)).json(&invite).send().await.problem(403, "people_only");

    let path = format!("~/keys/{}", key["id"].as_str().unwrap());
    world.delete(&path).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    world.get("~/access:effective").by(&holder(&secret)).send().await.problem(401, "unauthenticated");
    world.get(&path).by(&world.owner).send().await.problem(404, "not_found");
    assert_eq!(world.get("~/keys").by(&world.owner).send().await.json()["items"], json!([]));
}

#[tokio::test]
async fn q15_a_key_stops_at_its_end() {
    let world = World::new("qdrant-cloud").await;
    machine(&world).await;
    let body = |end: &str| json!({ "service_account": "cp", "name": "short", "expires_at": end });
    let past = world.post("~/keys").by(&world.owner).json(&body("2026-11-21T11:00:00Z")).send().await;
    past.problem(422, "in_the_past");
    let made = world.post("~/keys").by(&world.owner).json(&body("2026-11-21T13:00:00Z")).send().await;
    let secret = made.expect(StatusCode::CREATED).json()["secret"].as_str().unwrap().to_owned();
    world.get("~/roles").by(&holder(&secret)).send().await.expect(StatusCode::OK);
    world.advance(SignedDuration::from_hours(1));
    world.get("~/roles").by(&holder(&secret)).send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn the_secret_of_a_key_is_nowhere_in_the_record() {
    let world = World::new("qdrant-cloud").await;
    machine(&world).await;
    let body = json!({ "service_account": "cp", "name": "ci" });
    let dry =
        world.post("~/keys?dry_run=true").by(&world.owner).json(&body).send().await.expect(StatusCode::OK);
    assert_eq!(dry.json()["events"][0]["type"], "key.created");
    assert!(!dry.text.contains("hash") && !dry.text.contains("bwk_"), "{}", dry.text);
    let made = world.post("~/keys").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    for event in world.events().await {
        assert!(!event.event.body.contains(&secret[40..]), "{}", event.event.body);
    }
    for path in ["~/events", "~/events:export", "~/events:export?format=csv"] {
        let shown = world.get(path).by(&world.owner).send().await.expect(StatusCode::OK);
        assert!(shown.text.contains("key.created") && !shown.text.contains("secret_hash"), "{}", shown.text);
    }
    let with_key =
        world.post("~/keys").by(&world.owner).header("idempotency-key", "k").json(&body).send().await;
    with_key.problem(400, "idempotency_unsupported");
}

#[tokio::test]
async fn nobody_makes_a_key_for_more_than_they_hold() {
    let world = World::new("qdrant-cloud").await;
    let keys = json!({
        "name": "Key makers", "level": "account",
        "permissions": ["write:management_keys", "delete:management_keys", "write:roles"],
    });
    world.post("~/roles").by(&world.owner).json(&keys).send().await.expect(StatusCode::CREATED);
    let maker = world.invite_and_accept("maker@example.com", &["Key makers"]).await;
    machine(&world).await;
    let body = json!({ "service_account": "cp", "name": "ci" });
    world.post("~/keys").by(&maker).json(&body).send().await.problem(403, "escalation");
    let body = json!({ "name": "Mine", "roles": ["admin"] });
    world.post("~/service-accounts").by(&maker).json(&body).send().await.problem(403, "escalation");
    let member = world.invite_and_accept("member@example.com", &[]).await;
    world.get("~/keys").by(&member).send().await.problem(403, "permission_denied");
}

#[tokio::test]
async fn a_service_account_is_edited_and_deleted_with_its_keys() {
    let world = World::new("qdrant-cloud").await;
    machine(&world).await;
    let key = json!({ "service_account": "cp", "name": "ci" });
    let key =
        world.post("~/keys").by(&world.owner).json(&key).send().await.expect(StatusCode::CREATED).json();
    let edit = json!({ "name": "Robot", "description": "Registers clusters." });
    let edited = world.patch("~/service-accounts/cp").by(&world.owner).json(&edit).send().await;
    assert_eq!(edited.expect(StatusCode::OK).json()["keys"], 1);
    let list = world.get("~/service-accounts?q=robo").by(&world.owner).send().await.json();
    assert_eq!(list["items"][0]["external_id"], "cp");
    let unknown = json!({ "name": "Other", "roles": ["admin", "emperor"] });
    let problem = world.post("~/service-accounts").by(&world.owner).json(&unknown).send().await;
    assert_eq!(problem.problem(404, "not_found")["errors"][0]["field"], "/roles/1");
    world.delete("~/service-accounts/cp").by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    let secret = key["secret"].as_str().unwrap();
    world.get("~/roles").by(&holder(secret)).send().await.problem(401, "unauthenticated");
    world.get("~/service-accounts/cp").by(&world.owner).send().await.problem(404, "not_found");
}
