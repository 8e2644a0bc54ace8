//! Projects and resources over HTTP.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::World;

fn cluster(external_id: &str) -> Value {
    json!({ "type": "cluster", "name": external_id, "external_id": external_id })
}

fn external_ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|one| one["external_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_control_plane_registers_a_tree_and_takes_it_down_again() {
    let world = World::new("bailiwick").await;
    let machine = world.machine("control plane", &["control_plane"]).await;
    let made =
        world.post("~/resources").by(&machine).json(&cluster("one")).send().await.expect(StatusCode::CREATED);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert!(made.header("location").ends_with(&id), "{}", made.header("location"));
    let database = json!({ "type": "database", "name": "db", "parent": "one", "external_id": "db" });
    let database =
        world.post("~/resources").by(&machine).json(&database).send().await.expect(StatusCode::CREATED);
    assert_eq!(database.json()["parent"], id);
    assert_eq!(database.json()["project"], made.json()["project"]);

    world.delete("~/resources/one").by(&machine).send().await.problem(409, "has_children");
    let edit = json!({ "name": "Renamed", "external_id": null });
    let edited =
        world.patch("~/resources/db").by(&machine).json(&edit).send().await.expect(StatusCode::OK).json();
    assert_eq!((&edited["name"], edited.get("external_id")), (&json!("Renamed"), None));
    let path = format!("~/resources/{}", edited["id"].as_str().unwrap());
    world.delete(&path).by(&machine).send().await.expect(StatusCode::NO_CONTENT);
    world.delete("~/resources/one").by(&machine).send().await.expect(StatusCode::NO_CONTENT);
    world.get("~/resources/one").by(&machine).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn many_resources_are_registered_all_or_none() {
    let world = World::new("bailiwick").await;
    let many: Vec<Value> = (0..1_000).map(|n| cluster(&format!("c{n}"))).collect();
    let reply =
        world.post("~/resources:register").by(&world.owner).json(&json!({ "resources": many })).send().await;
    let made = reply.expect(StatusCode::CREATED).json();
    assert_eq!(made["resources"].as_array().unwrap().len(), 1_000);
    assert_eq!(made["resources"][999]["external_id"], "c999");

    let before = world.state().await.resources_after(None).count();
    let register = |resources: Value| {
        world.post("~/resources:register").by(&world.owner).json(&json!({ "resources": resources })).send()
    };
    let taken = json!([cluster("new"), cluster("c7")]);
    register(taken).await.problem(409, "taken");
    let twice = json!([cluster("new"), cluster("new")]);
    register(twice).await.problem(409, "taken");
    let orphan = json!([cluster("new"), { "type": "database", "name": "db", "parent": "new" }]);
    let problem = register(orphan).await.problem(404, "not_found");
    assert_eq!(problem["errors"][0]["field"], "/resources/1/parent");
    let nameless = json!([cluster("new"), { "type": "cluster", "name": "" }]);
    let problem = register(nameless).await.problem(422, "invalid_text");
    assert_eq!(problem["errors"][0]["field"], "/resources/1/name");
    let too_many: Vec<Value> = (0..1_001).map(|n| cluster(&format!("d{n}"))).collect();
    register(json!(too_many)).await.problem(409, "limit_reached");
    register(json!([])).await.problem(422, "nothing_to_do");
    assert_eq!(world.state().await.resources_after(None).count(), before);
}

#[tokio::test]
async fn a_resource_belongs_where_the_catalog_says() {
    let world = World::new("bailiwick").await;
    world.post("~/resources").by(&world.owner).json(&cluster("one")).send().await.expect(StatusCode::CREATED);
    for (body, status, code) in [
        (json!({ "type": "yacht", "name": "x" }), 422, "unknown_resource_type"),
        (json!({ "type": "database", "name": "x" }), 422, "wrong_parent"),
        (json!({ "type": "cluster", "name": "x", "parent": "one" }), 422, "wrong_parent"),
        (json!({ "type": "table", "name": "x", "parent": "one" }), 422, "wrong_parent"),
        (json!({ "type": "cluster", "name": "x", "project": "nowhere" }), 404, "not_found"),
        (json!({ "type": "cluster", "name": "x", "external_id": "one" }), 409, "taken"),
    ] {
        world.post("~/resources").by(&world.owner).json(&body).send().await.problem(status, code);
    }
}

#[tokio::test]
async fn a_list_shows_only_what_one_may_see_and_says_so() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let project = json!({ "name": "Production", "external_id": "prod" });
    world.post("~/projects").by(&world.owner).json(&project).send().await.expect(StatusCode::CREATED);
    let tree = json!({ "resources": [
        cluster("one"), cluster("two"), { "type": "volume", "name": "vol", "external_id": "vol", "project": "prod" },
    ] });
    world.post("~/resources:register").by(&world.owner).json(&tree).send().await.expect(StatusCode::CREATED);
    let grant =
        json!({ "principal": grace.id, "role": "cluster_read_only", "scope": { "resources": ["two"] } });
    world.post("~/grants").by(&world.owner).json(&grant).send().await.expect(StatusCode::CREATED);

    let list = world.get("~/resources").by(&grace).send().await.expect(StatusCode::OK).json();
    assert_eq!((external_ids(&list), &list["filtered"]), (vec!["two"], &json!(true)));
    for hidden in ["one", "vol"] {
        let path = format!("~/resources/{hidden}");
        world.get(&path).by(&grace).send().await.problem(404, "not_found");
        world.delete(&path).by(&grace).send().await.problem(404, "not_found");
        world.patch(&path).by(&grace).json(&json!({ "name": "x" })).send().await.problem(404, "not_found");
    }
    world.delete("~/resources/two").by(&grace).send().await.problem(403, "permission_denied");
    let asked = &world;
    let of = |query: &'static str| async move {
        let path = format!("~/resources?{query}");
        asked.get(&path).by(&asked.owner).send().await.expect(StatusCode::OK).json()
    };
    assert_eq!(external_ids(&of("type=cluster").await), ["one", "two"]);
    assert_eq!(external_ids(&of("project=prod").await), ["vol"]);
    assert_eq!(external_ids(&of("q=TW").await), ["two"]);
    let parent = world.get("~/resources?parent=one").by(&grace).send().await;
    assert_eq!(parent.problem(404, "not_found")["errors"][0]["field"], "?parent");
    world.get("~/resources?type=yacht").by(&grace).send().await.problem(422, "unknown_resource_type");
    world.get("~/resources?colour=red").by(&grace).send().await.problem(400, "invalid_query");
}

#[tokio::test]
async fn pages_join_and_a_cursor_of_another_list_is_refused() {
    let world = World::new("bailiwick").await;
    let tree: Vec<Value> = (0..5).map(|n| cluster(&format!("c{n}"))).collect();
    let reply =
        world.post("~/resources:register").by(&world.owner).json(&json!({ "resources": tree })).send().await;
    reply.expect(StatusCode::CREATED);
    let first = world.get("~/resources?limit=2").by(&world.owner).send().await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!((external_ids(&first), &first["complete"]), (vec!["c0", "c1"], &json!(false)));
    let path = format!("~/resources?limit=3&cursor={cursor}");
    let second = world.get(&path).by(&world.owner).send().await.json();
    assert_eq!((external_ids(&second), &second["complete"]), (vec!["c2", "c3", "c4"], &json!(true)));
    for wrong in [
        format!("~/resources?type=cluster&cursor={cursor}"),
        format!("~/resources?cursor={}x", &cursor[1..]),
        format!("~/projects?cursor={cursor}"),
        "~/resources?cursor=%00".to_owned(),
    ] {
        world.get(&wrong).by(&world.owner).send().await.problem(400, "invalid_cursor");
    }
    world.get("~/resources?limit=0").by(&world.owner).send().await.problem(400, "invalid_query");
}

#[tokio::test]
async fn a_project_with_resources_and_the_default_one_stay() {
    let world = World::new("bailiwick").await;
    let body = json!({ "name": "Production", "external_id": "prod" });
    world.post("~/projects").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let resource = json!({ "type": "cluster", "name": "c", "external_id": "c", "project": "prod" });
    world.post("~/resources").by(&world.owner).json(&resource).send().await.expect(StatusCode::CREATED);
    let list = world.get("~/projects").by(&world.owner).send().await.json();
    let default =
        list["items"].as_array().unwrap().iter().find(|project| project["default"] == true).unwrap();
    let default = format!("~/projects/{}", default["id"].as_str().unwrap());
    world.delete(&default).by(&world.owner).send().await.problem(409, "default_project");
    let shown = world.get("~/projects/prod").by(&world.owner).send().await.json();
    assert_eq!(shown["resources"], 1);
    world.delete("~/projects/prod").by(&world.owner).send().await.problem(409, "project_in_use");
    world.delete("~/resources/c").by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    let edit = json!({ "description": "What customers use." });
    let edited =
        world.patch("~/projects/prod").by(&world.owner).json(&edit).send().await.expect(StatusCode::OK);
    world.patch("~/projects/prod").by(&world.owner).json(&edit).send().await.problem(422, "nothing_to_do");
    let tag = edited.header("etag").to_owned();
    let deleted = world.delete("~/projects/prod").by(&world.owner).header("if-match", &tag).send().await;
    deleted.expect(StatusCode::NO_CONTENT);
    world.get("~/projects/prod").by(&world.owner).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn ids_of_another_account_do_not_exist() {
    let world = World::new("bailiwick").await;
    world.post("~/resources").by(&world.owner).json(&cluster("one")).send().await.expect(StatusCode::CREATED);
    let own =
        world.get("~/resources/one").by(&world.owner).send().await.json()["id"].as_str().unwrap().to_owned();
    let (stranger, elsewhere) = world.stranger().await;
    let there = |path: &str| format!("/accounts/{elsewhere}{path}");
    world.get(&there(&format!("/resources/{own}"))).by(&stranger).send().await.problem(404, "not_found");
    world.get(&there("/resources")).by(&world.owner).send().await.problem(404, "not_found");
    world.get("~/resources").by(&stranger).send().await.problem(404, "not_found");
    let body = json!({ "type": "database", "name": "db", "parent": own });
    world.post(&there("/resources")).by(&stranger).json(&body).send().await.problem(404, "not_found");
    let body =
        json!({ "principal": stranger.id, "role": "cluster_read_only", "scope": { "resources": [own] } });
    world.post(&there("/grants")).by(&stranger).json(&body).send().await.problem(404, "not_found");
    let machine = world.machine("control plane", &["control_plane"]).await;
    world.get(&there("/resources")).by(&machine).send().await.problem(404, "not_found");
}
