//! What holds for requests of all kinds: idempotency keys, dry runs, cookies, request ids, other sites, races.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::World;

#[tokio::test]
async fn idempotency_keys_give_the_first_answer_again() {
    let world = World::new("bailiwick").await;
    let body = json!({ "emails": ["grace@example.com"], "roles": ["admin"] });
    let ask = |key: &str, body: &Value| {
        world.post("~/invitations").by(&world.owner).header("idempotency-key", key).json(body)
    };
    let first = ask("one", &body).send().await.expect(StatusCode::CREATED);
    let again = ask("one", &body).send().await.expect(StatusCode::CREATED);
    assert_eq!(again.json(), first.json());
    assert_eq!(again.header("bailiwick-revision"), first.header("bailiwick-revision"));
    ask("one", &json!({ "emails": ["ada@example.com"] })).send().await.problem(422, "idempotency_mismatch");
    ask("two", &body).send().await.problem(409, "already_invited");
    let long = "x".repeat(129);
    for key in ["", "a b", &long] {
        ask(key, &body).send().await.problem(400, "invalid_header");
    }
    let me =
        world.patch("/me").by(&world.owner).header("idempotency-key", "one").json(&json!({ "name": "O" }));
    me.send().await.problem(400, "idempotency_unsupported");
    assert_eq!(world.event_types().await.iter().filter(|event| *event == "invitation.sent").count(), 1);
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let before = (world.state().await.revision(), world.events().await.len());
    let path = format!("~/members/{}?dry_run=true", grace.id);
    let reply = world.patch(&path).by(&world.owner).json(&json!({ "roles": ["admin"] })).send().await;
    let dry = reply.expect(StatusCode::OK).json();
    assert_eq!(dry["events"][0]["type"], "grant.made");
    assert_eq!(dry["access"]["gained"][0]["principals"][0]["email"], "grace@example.com");
    assert!(dry["would"]["roles"].as_array().unwrap().iter().any(|role| role["role"] == "admin"), "{dry}");
    let path = format!("{path}&confirm_email=grace@example.com");
    let member = world.delete(&path).by(&world.owner).send().await.expect(StatusCode::OK).json();
    assert!(
        member["events"].as_array().unwrap().iter().any(|event| event["type"] == "member.removed"),
        "{member}"
    );
    assert_eq!((world.state().await.revision(), world.events().await.len()), before);
}

#[tokio::test]
async fn a_cookie_needs_a_request_of_our_own_pages() {
    let world = World::new("bailiwick").await;
    let cookie = format!("bailiwick={}", world.owner.token);
    let origin = world.service.config().public_url.clone();
    world.get("/me").header("cookie", &cookie).send().await.expect(StatusCode::OK);
    let rename = || world.patch("~").header("cookie", &cookie).json(&json!({ "name": "Stolen" }));
    rename().send().await.problem(403, "cross_site");
    rename().header("sec-fetch-site", "cross-site").send().await.problem(403, "cross_site");
    rename()
        .header("sec-fetch-site", "same-site")
        .header("origin", &origin)
        .send()
        .await
        .problem(403, "cross_site");
    rename().header("origin", "https://evil.example").send().await.problem(403, "cross_site");
    assert_eq!(world.state().await.profile().value.name.as_str(), "Acme");
    rename().header("sec-fetch-site", "same-origin").send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn request_ids_are_echoed_if_they_can_be_logged() {
    let world = World::new("bailiwick").await;
    let with = |id: &str| world.get("/me").by(&world.owner).header("x-request-id", id);
    assert_eq!(with("abc-1").send().await.header("x-request-id"), "abc-1");
    for id in ["", "a b", &"x".repeat(129)] {
        assert!(with(id).send().await.header("x-request-id").starts_with("req_"));
    }
    let body = json!({ "emails": ["grace@example.com"] });
    let invite = world.post("~/invitations").by(&world.owner).header("x-request-id", "trace-7").json(&body);
    invite.send().await.expect(StatusCode::CREATED);
    let events = world.events().await;
    assert_eq!(events.last().unwrap().event.request_id.as_deref(), Some("trace-7"));
}

#[tokio::test]
async fn an_idempotency_key_counts_after_a_restart_and_is_its_callers_own() {
    let mut world = World::new("bailiwick").await;
    let ada = world.invite_and_accept("ada@example.com", &["admin"]).await;
    let body = json!({ "name": "Search" });
    let first = world.post("~/groups").by(&world.owner).header("idempotency-key", "k-1").json(&body);
    let first = first.send().await.expect(StatusCode::CREATED);
    let path = format!("~/groups/{}", first.json()["id"].as_str().unwrap());
    let gone = world.delete(&path).by(&world.owner).header("idempotency-key", "k-2").send().await;
    gone.expect(StatusCode::NO_CONTENT);
    let events = world.event_types().await;
    world.restart().await;
    let again = world.post("~/groups").by(&world.owner).header("idempotency-key", "k-1").json(&body);
    let again = again.send().await.expect(StatusCode::CREATED);
    assert_eq!(again.text, first.text);
    assert_eq!((again.header("idempotency-replayed"), first.header("idempotency-replayed")), ("true", ""));
    for name in ["location", "etag", "bailiwick-revision"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    // The group is gone, and the answer to its deletion is still there.
    let again = world.delete(&path).by(&world.owner).header("idempotency-key", "k-2").send().await;
    assert_eq!(again.expect(StatusCode::NO_CONTENT).header("idempotency-replayed"), "true");
    world.delete(&path).by(&world.owner).send().await.problem(404, "not_found");
    let other = world.post("~/groups").by(&ada).header("idempotency-key", "k-1").json(&body);
    let other = other.send().await.expect(StatusCode::CREATED);
    assert_ne!(other.json()["id"], first.json()["id"], "a key of her own, though it reads the same");
    assert_eq!(other.header("idempotency-replayed"), "");
    let again = world.post("~/groups").by(&world.owner).header("idempotency-key", "k-1").json(&body);
    assert_eq!(again.send().await.text, first.text);
    assert_eq!(world.event_types().await.len(), events.len() + 1);
}

#[tokio::test]
async fn pages_of_other_sites_are_told_nothing() {
    let world = World::new("bailiwick").await;
    for (path, status) in [("/me", 200), ("/nothing", 404), ("/openapi.json", 200), ("/docs", 200)] {
        let reply = world.get(path).by(&world.owner).header("origin", "https://evil.example").send().await;
        assert_eq!(reply.status.as_u16(), status, "{path}");
        assert!(reply.headers.keys().all(|name| !name.as_str().starts_with("access-control-")), "{path}");
        for name in ["x-content-type-options", "content-security-policy", "referrer-policy", "x-request-id"] {
            assert_ne!(reply.header(name), "", "{path} {name}");
        }
    }
    let preflight =
        world.ask(axum::http::Method::OPTIONS, "~/members").header("origin", "https://evil.example");
    let preflight = preflight.header("access-control-request-method", "GET").send().await;
    assert!(preflight.headers.keys().all(|name| !name.as_str().starts_with("access-control-")));
    preflight.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn of_two_owners_who_leave_at_once_one_stays() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    let body = json!({ "to": grace.id, "keep": true });
    let offer = world.post("~:offer-ownership").by(&world.owner).json(&body).send().await;
    let id = offer.expect(StatusCode::CREATED).json()["id"].as_str().unwrap().to_owned();
    let accept = world.post(&format!("~/ownership-offers/{id}:accept")).by(&grace).send().await;
    accept.expect(StatusCode::NO_CONTENT);
    // The default project keeps its administrator too.
    let projects = world.get("~/projects").by(&world.owner).send().await.json();
    let project = &projects["items"][0]["id"];
    let grant = json!({ "principal": grace.id, "role": "project_admin", "scope": { "project": project } });
    world.post("~/grants").by(&world.owner).json(&grant).send().await.expect(StatusCode::CREATED);
    let leave = |person| world.post("~:leave").by(person).send();
    let (one, other) = tokio::join!(leave(&world.owner), leave(&grace));
    let (gone, stays) = if one.status == StatusCode::NO_CONTENT { (one, other) } else { (other, one) };
    gone.expect(StatusCode::NO_CONTENT);
    stays.problem(409, "last_holder");
    assert_eq!(world.state().await.member_count(), 1);
}
