//! What Zilliz Cloud, VictoriaMetrics Cloud and InfluxDB Cloud Dedicated document, through the HTTP API, each named after its id.

mod influxdb;
mod victoriametrics;
mod zilliz;
mod zilliz_access;
mod zilliz_keys;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Person, World};

const GRACE: &str = "grace@example.com";
const ALAN: &str = "alan@example.com";
const EVE: &str = "eve@example.com";

/// Registers a resource and gives its id.
async fn resource(world: &World, of: &str, name: &str, project: Option<&str>) -> String {
    let mut body = json!({ "type": of, "name": name });
    if let Some(project) = project {
        body["project"] = json!(project);
    }
    made(world, &world.owner, "~/resources", &body).await
}

/// Makes something and gives its id.
async fn made(world: &World, by: &Person, path: &str, body: &Value) -> String {
    let reply = world.post(path).by(by).json(body).send().await.expect(StatusCode::CREATED);
    reply.json()["id"].as_str().unwrap().to_owned()
}

async fn project(world: &World, name: &str) -> String {
    made(world, &world.owner, "~/projects", &json!({ "name": name })).await
}

/// Invites one person by somebody with what the body says, and has them accept by the mailed link.
async fn join(world: &World, by: &Person, email: &str, body: Value) -> Person {
    let mut body = body;
    body["emails"] = json!([email]);
    world.post("~/invitations").by(by).json(&body).send().await.expect(StatusCode::CREATED);
    let token = world.mailed_token(email).await;
    world.accept(&token, email).await
}

/// A row of an access policy: a role and where.
#[expect(clippy::needless_pass_by_value, reason = "scopes are written where they are passed")]
fn row(role: &str, scope: Value) -> Value {
    json!({ "role": role, "scope": scope })
}

fn in_project(role: &str, project: &str) -> Value {
    row(role, json!({ "project": project }))
}

/// The names of the resources that somebody sees, in order.
async fn sees(world: &World, person: &Person) -> Vec<String> {
    let list = world.get("~/resources").by(person).send().await.expect(StatusCode::OK).json();
    let names = list["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned());
    names.collect()
}

/// Whether somebody may rename a resource; undone by nobody, so that each call gives another name.
async fn manages(world: &World, person: &Person, resource: &str) -> bool {
    let name = format!("renamed {}", world.state().await.revision());
    let path = format!("~/resources/{resource}");
    let reply = world.patch(&path).by(person).json(&json!({ "name": name })).send().await;
    reply.status == StatusCode::OK
}

async fn may(world: &World, principal: &str, action: &str, of: &str, id: &str) -> bool {
    let question = json!({ "principal": principal, "action": action, "resource": { "type": of, "id": id } });
    let reply = world.post("~/access:check").by(&world.owner).json(&question).send().await;
    reply.expect(StatusCode::OK).json()["allowed"] == true
}

async fn member(world: &World, person: &Person) -> Value {
    let path = format!("~/members/{}", person.id);
    world.get(&path).by(&world.owner).send().await.expect(StatusCode::OK).json()
}

/// The roles of a member with their scopes, as `role` or `role@scope`.
async fn roles(world: &World, person: &Person) -> Vec<String> {
    let shown = member(world, person).await;
    let words = shown["roles"].as_array().unwrap().iter().map(|held| {
        let role = held["role"].as_str().unwrap();
        let scope = &held["scope"];
        if scope == "account" { role.to_owned() } else { format!("{role}@{scope}") }
    });
    let mut words: Vec<String> = words.collect();
    words.sort();
    words
}

/// The id of a person's own grant of a role.
async fn grant_of(world: &World, person: &Person, role: &str) -> String {
    let path = format!("~/grants?principal={}&role={role}", person.id);
    let list = world.get(&path).by(&world.owner).send().await.expect(StatusCode::OK).json();
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

/// The same person with a session of now.
async fn again(world: &World, person: &Person) -> Person {
    let body = json!({ "email": person.email, "password": crate::support::PASSWORD });
    let reply = world.post("/sign-in").json(&body).send().await.expect(StatusCode::OK);
    Person::of(&reply, &person.email)
}
