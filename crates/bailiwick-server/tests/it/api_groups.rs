//! Groups over HTTP.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn a_group_gives_its_members_what_it_was_granted() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let body = json!({ "name": "Search team", "external_id": "team-search" });
    let made =
        world.post("~/groups").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED).json();
    let grant = json!({ "principal": "team-search", "role": "editor" });
    world.post("~/grants").by(&world.owner).json(&grant).send().await.expect(StatusCode::CREATED);

    let member = format!("~/groups/team-search/members/{}", grace.id);
    world.put(&member).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    let revision = world.state().await.revision();
    world.put(&member).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    assert_eq!(world.state().await.revision(), revision, "the second `PUT` changes nothing");
    let rehearsed = world.put(&format!("{member}?dry_run=true")).by(&world.owner).send().await;
    assert_eq!(rehearsed.expect(StatusCode::OK).json()["events"], json!([]));

    let group = world.get("~/groups/team-search").by(&world.owner).send().await.json();
    assert_eq!((&group["members"], &group["roles"][0]["role"]), (&json!(1), &json!("editor")));
    let members = world.get("~/groups/team-search/members").by(&world.owner).send().await.json();
    let held = members["items"][0]["roles"].as_array().unwrap();
    let through = held.iter().find(|role| role["via"] == "group").unwrap();
    assert_eq!((&through["role"], &through["group"]), (&json!("editor"), &made["id"]));

    world.delete(&member).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    world.delete(&member).by(&world.owner).send().await.problem(404, "not_found");
    world.delete("~/groups/team-search").by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    world.get("~/groups/team-search").by(&world.owner).send().await.problem(404, "not_found");
}

/// A group of this name, which goes by it in lower case.
async fn group(world: &World, name: &str) -> serde_json::Value {
    let body = json!({ "name": name, "external_id": name.to_lowercase() });
    world.post("~/groups").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED).json()
}

#[tokio::test]
async fn a_group_in_a_group_has_what_the_outer_was_granted_and_an_explanation_names_both() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let (outer, inner) = (group(&world, "Everybody").await, group(&world, "Search").await);
    let grant = json!({ "principal": "everybody", "role": "auditor" });
    world.post("~/grants").by(&world.owner).json(&grant).send().await.expect(StatusCode::CREATED);
    let member = format!("~/groups/search/members/{}", grace.id);
    let nested = "~/groups/everybody/members/search";
    world.put(&member).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    let rehearsed = format!("{nested}?dry_run=true");
    let rehearsed = world.put(&rehearsed).by(&world.owner).send().await.expect(StatusCode::OK).json();
    let gained = rehearsed["access"]["gained"].as_array().unwrap();
    let mut gaining = gained.iter().flat_map(|one| one["principals"].as_array().unwrap());
    assert!(gaining.any(|one| one["id"] == grace.id.as_str()), "{rehearsed}");
    for _ in 0..2 {
        world.put(nested).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    }
    world.put("~/groups/search/members/everybody").by(&world.owner).send().await.problem(409, "group_cycle");
    world.put("~/groups/search/members/nobody").by(&world.owner).send().await.problem(404, "not_found");

    let shown = world.get("~/groups/search").by(&world.owner).send().await.json();
    assert_eq!(shown["member_of"], json!([{ "id": outer["id"], "name": "Everybody" }]));
    assert_eq!(shown["roles"][0]["role"], "auditor");
    let shown = world.get("~/groups/everybody").by(&world.owner).send().await.json();
    assert_eq!((&shown["members"], &shown["groups"][0]["id"]), (&json!(0), &inner["id"]));
    let inside = world.get("~/groups/everybody/members").by(&world.owner).send().await.json();
    assert_eq!((&inside["items"][0]["kind"], &inside["items"][0]["id"]), (&json!("group"), &inner["id"]));
    let found = world.get("~/members?group=everybody").by(&world.owner).send().await.json();
    assert_eq!(found["items"][0]["id"], grace.id.as_str());

    let question = json!({ "principal": grace.id, "action": "read:events",
        "resource": { "type": "account", "id": world.account.to_string() } });
    let why = world.post("~/access:explain").by(&world.owner).json(&question).send().await.json();
    let names: Vec<_> =
        why["paths"][0]["through"].as_array().unwrap().iter().map(|group| &group["name"]).collect();
    assert_eq!(names, ["Search", "Everybody"]);
    let words = "the role Auditor in the whole account through the groups Search and Everybody allows it";
    assert!(why["summary"].as_str().unwrap().ends_with(words), "{why}");

    world.delete(nested).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    world.delete(nested).by(&world.owner).send().await.problem(404, "not_found");
    let why = world.post("~/access:explain").by(&world.owner).json(&question).send().await.json();
    assert_eq!(why["allowed"], false);
}

#[tokio::test]
async fn members_and_groups_of_a_group_come_in_pages() {
    let world = World::new("bailiwick").await;
    group(&world, "Everybody").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let mut wanted = vec![json!(grace.id)];
    for name in ["One", "Two", "Three"] {
        wanted.push(group(&world, name).await["id"].clone());
    }
    for id in &wanted {
        let path = format!("~/groups/everybody/members/{}", id.as_str().unwrap());
        world.put(&path).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    }
    let mut found = Vec::new();
    let mut path = "~/groups/everybody/members?limit=1".to_owned();
    loop {
        let page = world.get(&path).by(&world.owner).send().await.expect(StatusCode::OK).json();
        found.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("~/groups/everybody/members?limit=1&cursor={cursor}");
    }
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn an_external_id_that_a_member_and_a_group_share_names_neither() {
    let world = World::new("bailiwick").await;
    group(&world, "Everybody").await;
    group(&world, "Same").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let named = format!("~/members/{}", grace.id);
    let body = json!({ "external_id": "same" });
    world.patch(&named).by(&world.owner).json(&body).send().await.expect(StatusCode::OK);
    world.put("~/groups/everybody/members/same").by(&world.owner).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn nobody_fills_a_group_that_has_more_than_they_hold() {
    let world = World::new("qdrant-cloud").await;
    let admin = world.invite_and_accept("admin@example.com", &["admin"]).await;
    let strong = json!({ "name": "Deleters", "level": "account", "permissions": ["delete:account"] });
    world.post("~/roles").by(&world.owner).json(&strong).send().await.expect(StatusCode::CREATED);
    let group = json!({ "name": "Strong ones", "external_id": "strong" });
    world.post("~/groups").by(&world.owner).json(&group).send().await.expect(StatusCode::CREATED);
    let grant = json!({ "principal": "strong", "role": "deleters" });
    world.post("~/grants").by(&world.owner).json(&grant).send().await.expect(StatusCode::CREATED);
    let own = format!("~/groups/strong/members/{}", admin.id);
    world.put(&own).by(&admin).send().await.problem(403, "escalation");
    assert_eq!(world.event_types().await.last().map(String::as_str), Some("request.refused"));
}

#[tokio::test]
async fn names_and_external_ids_of_groups_are_unique() {
    let world = World::new("bailiwick").await;
    let first = json!({ "name": "Search", "external_id": "search" });
    world.post("~/groups").by(&world.owner).json(&first).send().await.expect(StatusCode::CREATED);
    for (body, status, code) in [
        (json!({ "name": "SEARCH" }), 409, "taken"),
        (json!({ "name": "Other", "external_id": "search" }), 409, "taken"),
        (json!({ "name": "Other", "external_id": "a b" }), 422, "invalid_text"),
        (json!({ "name": "Other", "external_id": "grp_1" }), 422, "invalid_text"),
        (json!({ "name": "" }), 422, "invalid_text"),
        (json!({ "name": "Other", "colour": "red" }), 422, "unknown_field"),
    ] {
        world.post("~/groups").by(&world.owner).json(&body).send().await.problem(status, code);
    }
    assert_eq!(
        world
            .state()
            .await
            .groups_after(None)
            .filter(|(_, group)| group.value.name.as_str() == "Other")
            .count(),
        0
    );
}

#[tokio::test]
async fn a_group_that_has_changed_since_it_was_read_is_not_deleted() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let body = json!({ "name": "Search team", "external_id": "team-search" });
    world.post("~/groups").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let path = "~/groups/team-search";
    let read = async || world.get(path).by(&world.owner).send().await.header("etag").to_owned();
    let delete = async |tag: &str| world.delete(path).by(&world.owner).header("if-match", tag).send().await;

    let empty = read().await;
    let member = format!("{path}/members/{}", grace.id);
    world.put(&member).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    delete(&empty).await.problem(412, "stale_revision");
    let powerless = read().await;
    let grant = json!({ "principal": "team-search", "role": "editor" });
    world.post("~/grants").by(&world.owner).json(&grant).send().await.expect(StatusCode::CREATED);
    delete(&powerless).await.problem(412, "stale_revision");
    delete(&read().await).await.expect(StatusCode::NO_CONTENT);
}
