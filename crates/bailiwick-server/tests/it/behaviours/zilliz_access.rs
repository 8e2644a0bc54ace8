//! Access policies as rows of scope and role: Z03, Z04, Z05, Z14.

use axum::http::StatusCode;
use serde_json::json;

use super::*;

async fn world() -> (World, String) {
    let world = World::new("zilliz-cloud").await;
    let search = project(&world, "Search").await;
    (world, search)
}

#[tokio::test]
async fn z03_either_a_project_admin_or_rows_of_access_to_clusters_and_volumes() {
    let (world, search) = world().await;
    let eu = resource(&world, "cluster", "eu", Some(&search)).await;
    let us = resource(&world, "cluster", "us", Some(&search)).await;
    let files = resource(&world, "volume", "files", Some(&search)).await;
    let rows = [
        row("cluster_read_write", json!({ "resources": [eu] })),
        row("cluster_read_only", json!({ "resources": [us] })),
        row("volume_read_only", json!({ "all_of": { "type": "volume", "project": search } })),
    ];
    let grace = join(&world, &world.owner, GRACE, json!({ "grants": rows })).await;
    assert_eq!(sees(&world, &grace).await, ["eu", "us", "files"]);
    assert!(manages(&world, &grace, &eu).await);
    assert!(!manages(&world, &grace, &us).await && !manages(&world, &grace, &files).await);

    let admin = json!({ "grants": [in_project("project_admin", &search)] });
    let alan = join(&world, &world.owner, ALAN, admin).await;
    for one in [&eu, &us, &files] {
        assert!(manages(&world, &alan, one).await);
    }
}

#[tokio::test]
async fn z04_a_row_is_a_scope_and_a_role_and_more_rows_are_granted_later() {
    let (world, search) = world().await;
    let eu = resource(&world, "cluster", "eu", Some(&search)).await;
    let us = resource(&world, "cluster", "us", Some(&search)).await;
    let rows = [row("cluster_read_only", json!({ "all_of": { "type": "cluster", "project": search } }))];
    let grace = join(&world, &world.owner, GRACE, json!({ "grants": rows })).await;
    assert!(!manages(&world, &grace, &eu).await);
    let more = json!({ "principal": grace.id, "role": "cluster_read_write", "scope": { "resources": [eu] } });
    world.post("~/grants").by(&world.owner).json(&more).send().await.expect(StatusCode::CREATED);
    assert!(manages(&world, &grace, &eu).await && !manages(&world, &grace, &us).await);
    // A role for volumes says nothing of a whole project.
    let wrong = json!({ "principal": grace.id, "role": "volume_read_only", "scope": { "project": search } });
    world.post("~/grants").by(&world.owner).json(&wrong).send().await.problem(422, "wrong_level");
}

#[tokio::test]
async fn z05_all_covers_what_comes_later_unless_today_s_list_is_frozen() {
    let (world, search) = world().await;
    resource(&world, "cluster", "eu", Some(&search)).await;
    let all = |future: bool| {
        let scope = json!({ "all_of": { "type": "cluster", "project": search, "future": future } });
        json!({ "grants": [row("cluster_read_only", scope)] })
    };
    let with = join(&world, &world.owner, GRACE, all(true)).await;
    let without = join(&world, &world.owner, ALAN, all(false)).await;
    assert_eq!(
        (sees(&world, &with).await, sees(&world, &without).await),
        (vec!["eu".to_owned()], vec!["eu".to_owned()])
    );

    // The very next check counts a cluster that is registered a moment later, or does not.
    let us = resource(&world, "cluster", "us", Some(&search)).await;
    assert!(may(&world, &with.id, "read:clusters", "cluster", &us).await);
    assert!(!may(&world, &without.id, "read:clusters", "cluster", &us).await);
    assert_eq!(sees(&world, &without).await, ["eu"]);
    // It is a scope of named resources from then on, and says so.
    let held = grant_of(&world, &without, "cluster_read_only").await;
    let held = world.get(&format!("~/grants/{held}")).by(&world.owner).send().await.json();
    assert_eq!(held["scope"]["resources"].as_array().unwrap().len(), 1, "{held}");

    // Nothing to freeze, and a grant that freezes the list of another day.
    let none = json!({ "all_of": { "type": "volume", "project": search, "future": false } });
    let none = json!({ "principal": with.id, "role": "volume_read_only", "scope": none });
    world.post("~/grants").by(&world.owner).json(&none).send().await.problem(422, "empty_scope");
    let again = json!({ "all_of": { "type": "cluster", "project": search, "future": false } });
    let again = json!({ "principal": without.id, "role": "cluster_read_only", "scope": again });
    world.post("~/grants").by(&world.owner).json(&again).send().await.expect(StatusCode::CREATED);
    assert_eq!(sees(&world, &without).await, ["eu", "us"]);
}

#[tokio::test]
async fn z05_freezing_names_no_more_than_one_scope_takes() {
    let (world, search) = world().await;
    for batch in [1_000, 1] {
        let resources: Vec<_> = (0..batch)
            .map(|number| json!({ "type": "cluster", "name": format!("c{number}"), "project": search }))
            .collect();
        let body = json!({ "resources": resources });
        world
            .post("~/resources:register")
            .by(&world.owner)
            .json(&body)
            .send()
            .await
            .expect(StatusCode::CREATED);
    }
    let grace = join(&world, &world.owner, GRACE, json!({})).await;
    let scope = json!({ "all_of": { "type": "cluster", "project": search, "future": false } });
    let body = json!({ "principal": grace.id, "role": "cluster_read_only", "scope": scope });
    let problem =
        world.post("~/grants").by(&world.owner).json(&body).send().await.problem(409, "limit_reached");
    assert!(problem["detail"].as_str().unwrap().contains("1000"), "{problem}");
}

#[tokio::test]
async fn z05_freezing_tells_nothing_of_what_is_hidden_and_gives_nothing_of_it() {
    let (world, search) = world().await;
    let eu = resource(&world, "cluster", "eu", Some(&search)).await;
    let us = resource(&world, "cluster", "us", Some(&search)).await;
    // Somebody who may grant, but holds one cluster only.
    let admin = json!({ "grants": [row("cluster_read_write", json!({ "resources": [eu] }))] });
    let grace = join(&world, &world.owner, GRACE, admin).await;
    let alan = join(&world, &world.owner, ALAN, json!({})).await;
    let scope = json!({ "all_of": { "type": "cluster", "project": search, "future": false } });
    let body = json!({ "principal": alan.id, "role": "cluster_read_only", "scope": scope });
    let refused = world.post("~/grants").by(&grace).json(&body).send().await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!refused.text.contains(&us), "{}", refused.text);
    assert!(sees(&world, &alan).await.is_empty());
}

#[tokio::test]
async fn z14_read_write_manages_read_only_sees_and_neither_manages_people() {
    let (world, search) = world().await;
    let eu = resource(&world, "cluster", "eu", Some(&search)).await;
    let body = json!({ "type": "database", "name": "main", "parent": eu });
    let main = made(&world, &world.owner, "~/resources", &body).await;
    let writer = json!({ "grants": [in_project("project_read_write", &search)] });
    let writer = join(&world, &world.owner, GRACE, writer).await;
    let reader = json!({ "grants": [in_project("project_read_only", &search)] });
    let reader = join(&world, &world.owner, ALAN, reader).await;
    assert_eq!(sees(&world, &writer).await, ["eu", "main"]);
    assert_eq!(sees(&world, &reader).await, ["eu", "main"]);
    let collection = json!({ "type": "collection", "name": "docs", "parent": main });
    world.post("~/resources").by(&reader).json(&collection).send().await.problem(403, "permission_denied");
    world.post("~/resources").by(&writer).json(&collection).send().await.expect(StatusCode::CREATED);
    assert!(manages(&world, &writer, &eu).await && !manages(&world, &reader, &eu).await);
    let invite = json!({ "emails": [EVE], "grants": [in_project("project_read_only", &search)] });
    for person in [&writer, &reader] {
        world.post("~/invitations").by(person).json(&invite).send().await.problem(403, "permission_denied");
        world.get("~/members").by(person).send().await.problem(403, "permission_denied");
    }
}
