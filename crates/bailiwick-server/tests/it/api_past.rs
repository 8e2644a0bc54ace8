//! Accounts as they were, and answers that are new enough.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{Person, World};

/// A story of an hour: Grace joins with a role that ends, the role is edited, she is removed, and so is the cluster.
struct Story {
    world: World,
    grace: Person,
    /// The moment and the revision when Grace could read the cluster.
    then: (Timestamp, u64),
}

async fn read(world: &World, person: &Person, path: &str) -> Value {
    world.get(path).by(person).send().await.expect(StatusCode::OK).json()
}

async fn revision(world: &World) -> u64 {
    world.state().await.revision().0
}

async fn story() -> Story {
    let world = World::new("bailiwick").await;
    let cluster = json!({ "resources": [{ "type": "cluster", "name": "one", "external_id": "one" }] });
    world
        .post("~/resources:register")
        .by(&world.owner)
        .json(&cluster)
        .send()
        .await
        .expect(StatusCode::CREATED);
    let role = json!({ "name": "Reader", "level": "resource", "permissions": ["read:clusters"] });
    world.post("~/roles").by(&world.owner).json(&role).send().await.expect(StatusCode::CREATED);
    world.advance(SignedDuration::from_mins(10));
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let until = world.service.now().checked_add(SignedDuration::from_mins(20)).unwrap();
    let grant = json!({
        "principal": grace.id, "role": "Reader", "scope": { "resources": ["one"] }, "until": until,
    });
    world.post("~/grants").by(&world.owner).json(&grant).send().await.expect(StatusCode::CREATED);
    let then = (world.service.now(), revision(&world).await);
    world.advance(SignedDuration::from_mins(30));
    let edit = json!({ "name": "Backup reader", "permissions": ["read:backups"] });
    world.patch("~/roles/Reader").by(&world.owner).json(&edit).send().await.expect(StatusCode::OK);
    let path = format!("~/members/{}?confirm_email=grace@example.com", grace.id);
    world.delete(&path).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    world.delete("~/resources/one").by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    Story { world, grace, then }
}

#[tokio::test]
async fn an_account_is_read_as_it_was_by_time_and_by_revision() {
    let Story { world, grace, then: (time, revision) } = story().await;
    let question = json!({
        "principal": grace.id, "action": "read:clusters", "resource": { "type": "cluster", "id": "one" },
    });
    let ask = async |path: &str| {
        world.post(path).by(&world.owner).json(&question).send().await.expect(StatusCode::OK)
    };
    assert_eq!(ask("~/access:check").await.json()["allowed"], false);
    for as_of in [time.to_string(), revision.to_string()] {
        let decision = ask(&format!("~/access:check?as_of={as_of}")).await;
        assert_eq!(decision.json(), json!({ "allowed": true, "revision": revision }));
        assert_eq!(decision.header("bailiwick-revision"), revision.to_string());
        let why = ask(&format!("~/access:explain?as_of={as_of}")).await.json();
        assert_eq!(why["paths"][0]["role"]["title"], "Reader", "{why}");
        assert_eq!(why["paths"][0]["scope_words"], "cluster one");
        let members = read(&world, &world.owner, &format!("~/members?as_of={as_of}")).await;
        assert_eq!(members["items"].as_array().unwrap().len(), 2);
        let path = format!("~/members/{}?as_of={as_of}", grace.id);
        assert_eq!(read(&world, &world.owner, &path).await["email"], "grace@example.com");
        let found = format!("~/members?q=grace@example.com&as_of={as_of}");
        assert_eq!(read(&world, &world.owner, &found).await["items"][0]["id"], grace.id.as_str());
        let resource = read(&world, &world.owner, &format!("~/resources/one?as_of={as_of}")).await;
        assert_eq!(resource["name"], "one");
        assert!(resource["revision"].as_u64().unwrap() <= revision);
        let role = read(&world, &world.owner, &format!("~/roles/reader?as_of={as_of}")).await;
        assert_eq!(role["permissions"], json!(["read:clusters"]));
        let grants =
            read(&world, &world.owner, &format!("~/grants?principal={}&as_of={as_of}", grace.id)).await;
        assert_eq!((&grants["items"][0]["role"], &grants["filtered"]), (&role["id"], &json!(false)));
        let path = format!("~/access:effective?principal={}&as_of={as_of}", grace.id);
        assert_eq!(read(&world, &world.owner, &path).await["at"].as_array().unwrap().len(), 2);
    }
    // The grant had ended a while later, though nobody had touched it.
    let ended = time.checked_add(SignedDuration::from_mins(25)).unwrap();
    assert_eq!(ask(&format!("~/access:check?as_of={ended}")).await.json()["allowed"], false);
    let why = ask(&format!("~/access:explain?as_of={ended}")).await.json();
    assert_eq!(why["missing"]["ended"].as_array().unwrap().len(), 1, "{why}");
    // From the beginning too, and as it is now.
    let first = read(&world, &world.owner, "~/members?as_of=1").await;
    assert_eq!(first["items"].as_array().unwrap().len(), 1);
    let now = world.state().await.revision();
    let same = read(&world, &world.owner, &format!("~/roles?as_of={now}")).await;
    assert_eq!(same, read(&world, &world.owner, "~/roles").await);
}

#[tokio::test]
async fn every_revision_read_back_is_what_was_read_then() {
    let world = World::new("bailiwick").await;
    let mut seen = Vec::new();
    for number in 0..12 {
        let body = json!({ "name": format!("Group {number}") });
        world.post("~/groups").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
        if number % 3 == 2 {
            let list = read(&world, &world.owner, "~/groups").await;
            let id = list["items"][number / 3]["id"].as_str().unwrap().to_owned();
            world
                .delete(&format!("~/groups/{id}"))
                .by(&world.owner)
                .send()
                .await
                .expect(StatusCode::NO_CONTENT);
        }
        let names = names(&read(&world, &world.owner, "~/groups").await);
        seen.push((revision(&world).await, names));
    }
    for (revision, expected) in seen {
        let back = read(&world, &world.owner, &format!("~/groups?as_of={revision}")).await;
        assert_eq!(names(&back), expected, "{revision}");
    }
}

fn names(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_past_needs_the_permission_to_read_the_record_and_hides_nothing_from_it() {
    let Story { world, then: (_, revision), .. } = story().await;
    let plain = world.invite_and_accept("plain@example.com", &["viewer"]).await;
    let auditor = world.invite_and_accept("auditor@example.com", &["auditor"]).await;
    let path = format!("~/resources?as_of={revision}");
    let can_read_events = read(&world, &auditor, "~/events").await["items"].is_array();
    assert!(can_read_events);
    assert_eq!(names(&read(&world, &auditor, &path).await), ["one"], "who was no member then may look");
    let problem = world.get(&path).by(&plain).send().await.problem(403, "permission_denied");
    assert!(problem["detail"].as_str().unwrap().contains("this needs the permission"), "{problem}");
    let events = world.events().await;
    let refused: Value = serde_json::from_str(&events.last().unwrap().event.body).unwrap();
    assert_eq!(refused["command"], "list_resources");
    // Not even about oneself.
    let own = format!("~/access:effective?as_of={revision}");
    world.get(&own).by(&plain).send().await.problem(403, "permission_denied");
    let (stranger, _) = world.stranger().await;
    world.get(&path).by(&stranger).send().await.problem(404, "not_found");
    // The operation's own permission is needed too, now.
    let nobody = world.invite_and_accept("nobody@example.com", &[]).await;
    world
        .get(&format!("~/groups?as_of={revision}"))
        .by(&nobody)
        .send()
        .await
        .problem(403, "permission_denied");
}

#[tokio::test]
async fn moments_that_are_none_are_told_so() {
    let Story { world, then: (time, revision), .. } = story().await;
    let ask = async |path: &str| world.get(path).by(&world.owner).send().await;
    let long_ago = time.checked_sub(SignedDuration::from_hours(24 * 365)).unwrap();
    for early in [long_ago.to_string(), "0".to_owned()] {
        let problem = ask(&format!("~/roles?as_of={early}")).await.problem(422, "as_of_too_early");
        assert_eq!(problem["errors"][0]["field"], "?as_of");
    }
    let tomorrow = time.checked_add(SignedDuration::from_hours(24)).unwrap();
    for future in [tomorrow.to_string(), "9000".to_owned()] {
        ask(&format!("~/roles?as_of={future}")).await.problem(422, "as_of_in_future");
    }
    for wrong in ["yesterday", "", "-1", "1.5", "2026-13-01T00:00:00Z", "99999999999999999999"] {
        let problem = ask(&format!("~/roles?as_of={wrong}")).await.problem(400, "invalid_query");
        assert_eq!(problem["errors"][0]["field"], "?as_of", "{wrong}");
    }
    ask(&format!("~/roles?as_of={revision}&as_of={revision}")).await.problem(400, "invalid_query");
    // What has no past refuses the parameter like any that it does not know, and so do writes.
    ask(&format!("~/events?as_of={revision}")).await.problem(400, "invalid_query");
    ask(&format!("~/deliveries?as_of={revision}")).await.problem(400, "invalid_query");
    let body = json!({ "name": "Group" });
    let write = world.post(&format!("~/groups?as_of={revision}")).by(&world.owner).json(&body);
    write.send().await.problem(400, "invalid_query");
}

#[tokio::test]
async fn pages_of_the_past_belong_together() {
    let Story { world, then: (time, revision), .. } = story().await;
    let first = read(&world, &world.owner, &format!("~/members?limit=1&as_of={revision}")).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    // By time it is the same revision.
    for as_of in [revision.to_string(), time.to_string()] {
        let path = format!("~/members?limit=1&as_of={as_of}&cursor={cursor}");
        let second = read(&world, &world.owner, &path).await;
        assert_eq!((second["items"].as_array().unwrap().len(), &second["complete"]), (1, &json!(true)));
    }
    for other in ["~/members?limit=1".to_owned(), format!("~/members?limit=1&as_of={}", revision - 1)] {
        let path = format!("{other}&cursor={cursor}");
        world.get(&path).by(&world.owner).send().await.problem(400, "invalid_cursor");
    }
}

#[tokio::test]
async fn an_answer_is_as_new_as_it_is_asked_for_or_there_is_none() {
    let world = World::new("bailiwick").await;
    let body = json!({ "name": "Group" });
    let made = world.post("~/groups").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let written: u64 = made.header("bailiwick-revision").parse().unwrap();
    let ahead = written + 1;
    for path in ["~/groups", "~/events", "~", "~/access:effective"] {
        let list = world.get(&format!("{path}?at_least={written}")).by(&world.owner).send().await;
        let at: u64 = list.expect(StatusCode::OK).header("bailiwick-revision").parse().unwrap();
        assert!(at >= written, "{path}");
        let reply = world.get(&format!("{path}?at_least={ahead}")).by(&world.owner).send().await;
        assert_eq!(reply.header("retry-after"), "1", "{path}");
        reply.problem(412, "revision_ahead");
        let by_header = world.get(path).by(&world.owner).header("bailiwick-at-least", &ahead.to_string());
        by_header.send().await.problem(412, "revision_ahead");
    }
    let question = json!({
        "principal": world.owner.id, "action": "read:account",
        "resource": { "type": "account", "id": world.account.to_string() },
    });
    let check = format!("~/access:check?at_least={ahead}");
    world.post(&check).by(&world.owner).json(&question).send().await.problem(412, "revision_ahead");
    world.get("~/groups?at_least=soon").by(&world.owner).send().await.problem(400, "invalid_query");
    let wrong = world.get("~/groups").by(&world.owner).header("bailiwick-at-least", "\"3\"");
    wrong.send().await.problem(400, "invalid_header");
    // It is no way to learn of an account of others.
    let (stranger, _) = world.stranger().await;
    world.get(&format!("~/groups?at_least={ahead}")).by(&stranger).send().await.problem(404, "not_found");
}
