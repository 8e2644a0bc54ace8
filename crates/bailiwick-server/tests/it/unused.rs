//! Who has more than they make use of, over HTTP.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::{Person, World};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Asks an access question as control planes do.
async fn evaluate(world: &World, machine: &Person, subject: &Person, action: &str) -> bool {
    let body = json!({
        "subject": { "type": "user", "id": subject.id }, "action": { "name": action },
        "resource": { "type": "account", "id": world.account.to_string() },
    });
    let request = Request::post(format!("/accounts/{}/access/v1/evaluation", world.account))
        .header("authorization", format!("Bearer {}", machine.token))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let router = bailiwick_server::authzen::router(world.service.clone());
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
    serde_json::from_slice::<Value>(&body).unwrap()["decision"].as_bool().unwrap()
}

async fn report(world: &World, by: &Person, query: &str) -> Vec<Value> {
    world.service.record_uses().await.unwrap();
    let reply = world.get(&format!("~/access:unused{query}")).by(by).send().await.expect(StatusCode::OK);
    reply.json()["items"].as_array().unwrap().clone()
}

fn of<'a>(report: &'a [Value], who: &Person) -> &'a Value {
    report.iter().find(|item| item["principal"]["id"] == who.id.as_str()).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn the_report_names_who_is_dormant_and_what_is_broader_than_its_use() {
    let world = World::new("bailiwick").await;
    world.service.record_uses().await.unwrap();
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    let idle = world.invite_and_accept("idle@example.com", &["viewer"]).await;
    let reporter = world.machine("Reporter", &["admin"]).await;
    let silent = world.machine("Silent", &["viewer"]).await;
    let former = world.machine("Former", &["admin"]).await;
    world.get("~/members").by(&former).send().await.expect(StatusCode::OK);
    world.advance(DAY * 100);
    let newcomer = world.machine("Newcomer", &["admin"]).await;

    assert!(evaluate(&world, &reporter, &grace, "write:clusters").await);
    assert!(!evaluate(&world, &reporter, &idle, "write:clusters").await, "what is refused is no use");
    let all = report(&world, &reporter, "").await;

    let found = of(&all, &grace);
    assert_eq!((&found["dormant"], &found["last_used"]), (&json!(false), &json!("2027-03-01")));
    assert_eq!(found["known_since"], "2026-12-01T12:00:00Z", "90 days");
    let role = &found["roles"][0];
    assert_eq!((&role["role"]["id"], role["grants"].as_array().unwrap().len()), (&json!("admin"), 1));
    assert_eq!(role["used"], json!(["read:clusters", "write:clusters"]), "with what it implies");
    assert!(role["unused"].as_array().unwrap().contains(&json!("write:users")));
    assert_eq!(
        role["suggestion"],
        json!({ "name": "Admin (as used)", "level": "account", "permissions": role["used"] })
    );

    let found = of(&all, &idle);
    assert_eq!((&found["dormant"], found.get("last_used")), (&json!(true), None));
    assert_eq!(found["roles"][0].get("suggestion"), None, "nothing would do");
    let found = of(&all, &former);
    assert_eq!(
        (&found["dormant"], &found["last_used"]),
        (&json!(true), &json!("2026-11-21")),
        "too long ago"
    );
    assert_eq!(found["keys"][0]["last_used"], "2026-11-21");
    let found = of(&all, &silent);
    assert_eq!((&found["dormant"], &found["keys"][0]["name"]), (&json!(true), &json!("key")));
    let found = of(&all, &reporter);
    assert_eq!((&found["dormant"], &found["keys"]), (&json!(false), &json!([])));
    assert_eq!(of(&all, &newcomer), &Value::Null, "too new to say");

    // A key says when it was last used, in its own list too.
    let keys = world.get("~/keys").by(&reporter).send().await.json();
    let last = |name: &Person| {
        let keys = keys["items"].as_array().unwrap();
        keys.iter().find(|key| key["service_account"] == name.id.as_str()).unwrap().get("last_used").cloned()
    };
    assert_eq!((last(&reporter), last(&silent)), (Some(json!("2027-03-01")), None));

    // What is suggested can be created and takes the broader one's place.
    let suggestion = role["suggestion"].clone();
    world.post("~/roles").by(&reporter).json(&suggestion).send().await.expect(StatusCode::CREATED);
    let change = json!({ "roles": ["Admin (as used)"] });
    let path = format!("~/members/{}", grace.id);
    world.patch(&path).by(&reporter).json(&change).send().await.expect(StatusCode::OK);
    assert!(evaluate(&world, &reporter, &grace, "write:clusters").await);
    assert_eq!(of(&report(&world, &reporter, "").await, &grace), &Value::Null);
}

#[tokio::test]
async fn the_report_is_filtered_and_paged_and_for_those_who_may() {
    let world = World::new("bailiwick").await;
    world.service.record_uses().await.unwrap();
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    let body = json!({ "name": "Operators" });
    let group = world.post("~/groups").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let group = Person { id: group.json()["id"].as_str().unwrap().to_owned(), ..grace.clone() };
    world.put(&format!("~/groups/{}/members/{}", group.id, grace.id)).by(&world.owner).send().await;
    let body = json!({ "principal": group.id, "role": "editor" });
    world.post("~/grants").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let machine = world.machine("Reporter", &["admin"]).await;
    world.advance(DAY * 40);
    assert!(evaluate(&world, &machine, &grace, "read:clusters").await);

    let all = report(&world, &machine, "").await;
    let kinds: Vec<&str> = all.iter().map(|item| item["principal"]["kind"].as_str().unwrap()).collect();
    let built_in = world.state().await.groups_after(None).count() - 1;
    assert_eq!(kinds[..2], ["member"; 2]);
    assert_eq!(kinds[2..kinds.len() - 1], ["group"].repeat(built_in + 1)[..], "those without members too");
    assert_eq!(kinds.last(), Some(&"service_account"));
    assert_eq!(all[0]["known_since"], "2026-11-21T12:00:00Z", "nothing is known of before");
    assert_eq!(of(&all, &group)["dormant"], false, "a member makes use of what it gives");
    assert_eq!(report(&world, &machine, "?kind=group").await.len(), built_in + 1);
    let dormant = report(&world, &machine, "?dormant=true&days=30").await;
    assert_eq!(dormant.len(), 1 + built_in, "the owner: {dormant:?}");
    assert_eq!(
        of(&report(&world, &machine, &format!("?principal={}", grace.id)).await, &grace)["dormant"],
        false
    );

    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("~/access:unused?limit=1{cursor}");
        let page = world.get(&path).by(&machine).send().await.expect(StatusCode::OK).json();
        paged.extend(page["items"].as_array().unwrap().clone());
        assert_eq!(page["complete"], page.get("next_cursor").is_none());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    // What the one who asks makes use of differs by what they asked.
    let ids = |items: &[Value]| items.iter().map(|item| item["principal"]["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&paged), ids(&all));
    world
        .get(&format!("~/access:unused?limit=1&days=30{cursor}"))
        .by(&machine)
        .send()
        .await
        .problem(400, "invalid_cursor");
    world.get("~/access:unused?days=0").by(&machine).send().await.problem(400, "invalid_query");
    world.get("~/access:unused?principal=nobody").by(&machine).send().await.problem(404, "not_found");
    let poor = world.machine("Poor", &["viewer"]).await;
    world.get("~/access:unused").by(&poor).send().await.problem(403, "permission_denied");
    let (_, other) = world.stranger().await;
    let path = format!("/accounts/{other}/access:unused");
    world.get(&path).by(&machine).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn uses_outlast_a_restart_and_operations_of_ones_own_count() {
    let mut world = World::new("bailiwick").await;
    world.service.record_uses().await.unwrap();
    let reporter = world.machine("Reporter", &["admin"]).await;
    world.advance(DAY * 40);
    let body = json!({ "name": "Search" });
    world.post("~/projects").by(&reporter).json(&body).send().await.expect(StatusCode::CREATED);
    world.get("~/members").by(&reporter).send().await.expect(StatusCode::OK);
    // Tried only, so not made use of.
    world.post("~/groups?dry_run=true").by(&reporter).json(&body).send().await.expect(StatusCode::OK);
    world.service.clone().keep_recording_uses(std::future::ready(())).await;
    world.restart().await;
    let all = report(&world, &reporter, "?days=30").await;
    let used = of(&all, &reporter)["roles"][0]["used"].as_array().unwrap().clone();
    let catalog = world.service.catalog();
    for (operation, is_used) in [
        (bailiwick_core::catalog::Operation::WriteProjects, true),
        (bailiwick_core::catalog::Operation::ReadMembers, true),
        (bailiwick_core::catalog::Operation::WriteGroups, false),
        (bailiwick_core::catalog::Operation::DeleteMembers, false),
    ] {
        let name = json!(catalog.permission_name(catalog.operation(operation)));
        assert_eq!(used.contains(&name), is_used, "{name}: {used:?}");
    }
}
