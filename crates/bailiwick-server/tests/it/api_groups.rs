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
