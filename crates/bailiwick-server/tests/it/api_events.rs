//! The record and its export over HTTP.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::World;

async fn list(world: &World, query: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("~/events?limit=3&{query}{cursor}");
        let page = world.get(&path).by(&world.owner).send().await.expect(StatusCode::OK).json();
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

async fn export(world: &World, query: &str) -> Vec<Value> {
    let path = format!("~/events:export?{query}");
    let reply = world.get(&path).by(&world.owner).send().await.expect(StatusCode::OK);
    assert_eq!(reply.header("content-type"), "application/jsonl");
    reply.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn the_record_says_who_did_what_to_whom() {
    let world = World::new("qdrant-cloud").await;
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    let body = json!({ "name": "Search team" });
    let ask = world.post("~/groups").by(&grace).header("x-request-id", "request-7").json(&body);
    ask.send().await.expect(StatusCode::CREATED);
    let newest = list(&world, "").await.remove(0);
    assert_eq!(newest["type"], "group.created");
    assert_eq!(newest["actor"]["email"], "grace@example.com");
    assert_eq!(newest["target"]["label"], "Search team");
    assert_eq!(newest["request_id"], "request-7");
    assert_eq!(newest["details"]["group"]["name"], "Search team");
    assert_eq!(newest["details"].get("type"), None);
    let sent = list(&world, "type=invitation.sent").await.remove(0);
    assert_eq!(sent["target"]["label"], "grace@example.com");
    assert!(!sent["details"].to_string().contains('@'), "personal data stays in the directory: {sent}");
}

#[tokio::test]
async fn conditions_narrow_the_list_and_hold_together() {
    let world = World::new("qdrant-cloud").await;
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    world.advance(SignedDuration::from_hours(1));
    let body = json!({ "name": "Search team" });
    let group = world.post("~/groups").by(&grace).json(&body).send().await.expect(StatusCode::CREATED).json();

    assert_eq!(types(&list(&world, "type=group").await), ["group.created"]);
    assert_eq!(types(&list(&world, "from=2026-11-21T13:00:00Z").await), ["group.created"]);
    let target = format!("target={}", group["id"].as_str().unwrap());
    assert_eq!(types(&list(&world, &target).await), ["group.created"]);
    assert_eq!(types(&list(&world, "q=search%20TEAM").await), ["group.created"]);
    for actor in [grace.id.as_str(), "grace@example.com", "GRACE@example.com"] {
        let found = list(&world, &format!("actor={actor}")).await;
        assert!(found.iter().all(|event| event["actor"]["id"] == grace.id.as_str()), "{actor}");
        assert_eq!(found[0]["type"], "group.created");
    }
    let about_grace = list(&world, "q=grace").await;
    assert!(types(&about_grace).contains(&"invitation.sent"), "found by email, which no event holds");
    let all = list(&world, "").await;
    let mut oldest_first = list(&world, "order=asc").await;
    oldest_first.reverse();
    assert_eq!(all, oldest_first);
    assert_eq!(list(&world, "to=2026-11-21T12:00:00Z").await, [] as [Value; 0]);

    for (query, status, code, field) in [
        ("type=mem", 400, "invalid_query", "?type"),
        ("actor=nobody", 404, "not_found", "?actor"),
        ("actor=stranger@elsewhere.example", 404, "not_found", "?actor"),
        ("from=yesterday", 400, "invalid_query", "?from"),
        ("limit=100000", 400, "invalid_query", "?limit"),
        ("cursor=AAAA", 400, "invalid_cursor", "?cursor"),
    ] {
        let problem =
            world.get(&format!("~/events?{query}")).by(&world.owner).send().await.problem(status, code);
        assert_eq!(problem["errors"][0]["field"], field, "{query}");
    }
    let long = format!("~/events?q={}", "x".repeat(257));
    world.get(&long).by(&world.owner).send().await.problem(422, "too_large");
}

#[tokio::test]
async fn a_day_is_taken_for_all_of_it_and_what_is_no_moment_is_told_in_words() {
    let world = World::new("qdrant-cloud").await;
    let all = list(&world, "").await;
    assert_eq!(list(&world, "from=2026-11-21&to=2026-11-21").await, all, "the day itself is in it");
    assert_eq!(export(&world, "from=2026-11-21&to=2026-11-21&order=desc").await.len(), all.len());
    assert_eq!(list(&world, "to=2026-11-20").await, [] as [Value; 0]);
    assert_eq!(list(&world, "from=2026-11-22").await, [] as [Value; 0]);
    let told = async |path: &str| {
        let problem = world.get(path).by(&world.owner).send().await.problem(400, "invalid_query");
        problem["errors"][0]["message"].as_str().unwrap().to_owned()
    };
    let moment = "is no moment: give one such as `2026-11-21T12:00:00Z`, or a day such as `2026-11-21`";
    assert_eq!(told("~/events?from=yesterday").await, moment);
    assert_eq!(told("~/events?to=2026-11-31").await, moment);
    let number = "is no whole number that is taken here: give one such as `100`";
    for limit in ["abc", "", "-1", "99999999999"] {
        assert_eq!(told(&format!("~/members?limit={limit}")).await, number, "{limit}");
    }
    let grant = json!({ "principal": world.owner.id, "role": "admin", "scope": "account", "until": "soon" });
    let problem =
        world.post("~/grants").by(&world.owner).json(&grant).send().await.problem(422, "invalid_value");
    assert_eq!(problem["errors"][0]["message"], "is no moment: give one such as `2026-11-21T12:00:00Z`");
}

#[tokio::test]
async fn what_concerns_somebody_is_found_by_them() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let ada = world.invite_and_accept("ada@example.com", &["admin"]).await;
    let grant = |principal: &str| {
        let body = json!({ "principal": principal, "role": "viewer", "scope": "account" });
        world.post("~/grants").by(&ada).json(&body)
    };
    let id =
        grant(&grace.id).send().await.expect(StatusCode::CREATED).json()["id"].as_str().unwrap().to_owned();
    grant(&world.owner.id).send().await.expect(StatusCode::CREATED);
    world.delete(&format!("~/grants/{id}")).by(&ada).send().await.expect(StatusCode::NO_CONTENT);
    let groups = world.get("~/groups?q=auditors").by(&world.owner).send().await.json();
    let group = groups["items"][0]["id"].as_str().unwrap();
    let put = world.put(&format!("~/groups/{group}/members/{}", grace.id)).by(&world.owner).send().await;
    assert!(put.status.is_success(), "{}", put.text);

    let about = list(&world, &format!("target={}&order=asc", grace.id)).await;
    let wanted = [
        "invitation.sent",
        "member.joined",
        "sign_in.succeeded",
        "grant.made",
        "grant.revoked",
        "group.member_added",
    ];
    assert_eq!(types(&about), wanted);
    for event in &about[3..5] {
        assert_eq!(event["target"]["label"], "grace@example.com, Viewer", "{event}");
    }
    // The role is what a grant is about too, and who made a grant is not.
    assert_eq!(
        types(&list(&world, "target=viewer&type=grant").await),
        ["grant.revoked", "grant.made", "grant.made"]
    );
    assert!(!types(&list(&world, &format!("target={}", ada.id)).await).contains(&"grant.revoked"));
}

#[tokio::test]
async fn a_text_that_too_many_people_match_is_refused_rather_than_cut_off() {
    let world = World::new("qdrant-cloud").await;
    let emails: Vec<String> = (0..21).map(|n| format!("person{n}@crowd.example")).collect();
    let invite = json!({ "emails": emails });
    world.post("~/invitations").by(&world.owner).json(&invite).send().await.expect(StatusCode::CREATED);
    let refused = world.get("~/events?q=crowd").by(&world.owner).send().await.problem(400, "invalid_query");
    assert_eq!(refused["errors"][0]["field"], "?q");
    assert_eq!(types(&list(&world, "q=person20@").await), ["invitation.sent"]);
}

#[tokio::test]
async fn an_export_holds_exactly_what_the_list_shows_and_is_recorded() {
    let world = World::new("qdrant-cloud").await;
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    world.invite("ada@example.com", &[]).await;
    for query in
        ["", "type=invitation", "order=asc", "actor=grace@example.com&order=asc", "q=grace", "target=grace"]
    {
        let listed = list(&world, query).await;
        assert_eq!(listed.is_empty(), query == "target=grace", "{query}");
        assert_eq!(export(&world, query).await, listed, "{query}");
    }
    let recorded = list(&world, "type=events.exported").await;
    assert_eq!(recorded.len(), 6);
    assert_eq!(recorded[0]["details"]["format"], "jsonl");
    let filter = |n: usize| recorded[n]["details"]["filter"].clone();
    assert_eq!(filter(0), r#"{"target":"…"}"#);
    assert_eq!(filter(1), r#"{"q":"…"}"#);
    assert_eq!(filter(2), json!({ "actor": grace.id, "order": "asc" }).to_string());
    assert_eq!(filter(4), r#"{"type":"invitation"}"#);
    for event in &recorded {
        assert!(!event["details"].to_string().contains("grace"), "no personal data: {event}");
    }
}

#[tokio::test]
async fn a_csv_export_reads_back_and_runs_no_formula() {
    let world = World::new("qdrant-cloud").await;
    let name = "=HYPERLINK(\"http://x\",\"y\")";
    world
        .post("~/groups")
        .by(&world.owner)
        .json(&json!({ "name": name }))
        .send()
        .await
        .expect(StatusCode::CREATED);
    let reply = world.get("~/events:export?format=csv&order=asc").by(&world.owner).send().await;
    let reply = reply.expect(StatusCode::OK);
    assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(reply.header("content-disposition"), "attachment; filename=\"events.csv\"");
    let mut reader = csv::Reader::from_reader(reply.text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let listed = list(&world, "order=asc").await;
    // The export itself stands in the list by now.
    assert_eq!(rows.len() + 1, listed.len());
    for (row, event) in rows.iter().zip(&listed) {
        let cell = |column: &str| row.get(header.iter().position(|name| name == column).unwrap()).unwrap();
        assert_eq!(
            (cell("id"), cell("type")),
            (event["id"].as_str().unwrap(), event["type"].as_str().unwrap())
        );
        assert_eq!(serde_json::from_str::<Value>(cell("details")).unwrap(), event["details"]);
    }
    let labels: Vec<&str> = rows.iter().map(|row| row.get(9).unwrap()).collect();
    assert!(labels.contains(&format!("'{name}").as_str()), "{labels:?}");
    assert!(rows.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])));
}

#[tokio::test]
async fn an_export_of_many_pages_is_whole() {
    let world = World::new("bailiwick").await;
    let tree: Vec<Value> =
        (0..1_000).map(|n| json!({ "type": "cluster", "name": format!("c{n}") })).collect();
    for _ in 0..3 {
        let body = json!({ "resources": tree });
        let reply = world.post("~/resources:register").by(&world.owner).json(&body).send().await;
        reply.expect(StatusCode::CREATED);
    }
    for order in ["asc", "desc"] {
        let exported = export(&world, &format!("type=resource&order={order}")).await;
        let mut ids: Vec<&str> =
            exported.iter().map(|event| event["target"]["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 3_000);
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 3_000);
    }
}

#[tokio::test]
async fn the_record_is_for_those_who_may_read_it() {
    let world = World::new("qdrant-cloud").await;
    let member = world.invite_and_accept("member@example.com", &[]).await;
    let (stranger, _) = world.stranger().await;
    for path in ["~/events", "~/events:export", "~/deliveries"] {
        world.get(path).by(&member).send().await.problem(403, "permission_denied");
        world.get(path).by(&stranger).send().await.problem(404, "not_found");
        world.get(path).send().await.problem(401, "unauthenticated");
    }
    assert_eq!(list(&world, "type=events.exported").await.len(), 0);
    let refused = list(&world, "type=request.refused").await;
    assert_eq!(refused[0]["actor"]["email"], "member@example.com");
}

#[tokio::test]
async fn mail_that_waits_is_seen_without_its_link() {
    let world = World::new("qdrant-cloud").await;
    world.invite("grace@example.com", &[]).await;
    world.invite("ada@example.com", &[]).await;
    let first = world.get("~/deliveries?limit=1").by(&world.owner).send().await.expect(StatusCode::OK);
    assert_eq!(first.json()["items"][0]["to"], "ada@example.com");
    assert_eq!(first.json()["items"][0]["state"], "waiting");
    assert!(!first.text.contains("bwl_") && !first.text.contains("/links/"), "{}", first.text);
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let second =
        world.get(&format!("~/deliveries?limit=1&cursor={cursor}")).by(&world.owner).send().await.json();
    assert_eq!((&second["items"][0]["to"], &second["complete"]), (&json!("grace@example.com"), &json!(true)));
    let failed = async || world.get("~/deliveries?state=failed").by(&world.owner).send().await.json();
    assert_eq!(failed().await["items"], json!([]));

    let store = world.service.store();
    let mails = store.outbox_of_account(world.account, 10).await.unwrap();
    let again = world.service.now() + SignedDuration::from_mins(5);
    let body = mails[0].message.body.clone();
    store.outbox_given_up(mails[0].outbox_id, "no such mailbox", &body).await.unwrap();
    store.outbox_failed(mails[1].outbox_id, "the server is gone", again).await.unwrap();
    let failed = failed().await;
    let items = failed["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["to"]), (1, &json!("ada@example.com")));
    assert_eq!((&items[0]["last_error"], items[0].get("next_attempt_at")), (&json!("no such mailbox"), None));
    let waiting = world.get("~/deliveries?state=waiting").by(&world.owner).send().await.json();
    let item = &waiting["items"][0];
    assert_eq!(
        (&item["to"], &item["last_error"]),
        (&json!("grace@example.com"), &json!("the server is gone"))
    );
    assert_eq!(item["next_attempt_at"], again.to_string());
}
