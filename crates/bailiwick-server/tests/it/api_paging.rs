//! Pages of every list: they join, and a cursor counts for one list of one account only.

use axum::http::{Method, StatusCode};
use bailiwick_server::api::operation::Operation;
use bailiwick_server::api::operations;
use serde_json::{Value, json};
use utoipa::openapi::Required;

use crate::support::World;

/// The lists of the API with an address that holds more than two items; searches, which need a question, are tested apart.
pub async fn lists(world: &World) -> Vec<(Operation, String)> {
    let mut groups = Vec::new();
    for n in 0..3 {
        let grace = world.invite_and_accept(&format!("person{n}@example.com"), &["admin"]).await;
        let (id, _) = world.invite(&format!("pending{n}@example.com"), &[]).await;
        assert!(id.starts_with("inv_"));
        let create = async |path: &str, body: Value| {
            let reply = world.post(path).by(&world.owner).json(&body).send().await;
            reply.expect(StatusCode::CREATED).json()["id"].as_str().unwrap_or_default().to_owned()
        };
        groups.push(create("~/groups", json!({ "name": format!("Group {n}") })).await);
        create("~/projects", json!({ "name": format!("Project {n}") })).await;
        create("~/resources", json!({ "type": "cluster", "name": format!("Cluster {n}") })).await;
        let machine = create("~/service-accounts", json!({ "name": format!("Machine {n}") })).await;
        create("~/keys", json!({ "service_account": machine, "name": "key" })).await;
        let text = "forbid (principal, action == Action::\"delete:account\", resource);";
        create("~/policies", json!({ "name": format!("Policy {n}"), "text": text })).await;
        let path = format!("~/groups/{}/members/{}", groups[0], grace.id);
        world.put(&path).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
        let credentials = json!({ "email": "owner@example.com", "password": crate::support::PASSWORD });
        world.post("/sign-in").json(&credentials).send().await.expect(StatusCode::OK);
    }
    let asks = |one: &Operation| one.query.iter().any(|parameter| parameter.required == Required::True);
    let lists =
        operations().into_iter().filter(|one| one.method == Method::GET && one.is_list() && !asks(one));
    let path = |one: &Operation| {
        one.path.replace("{account}", &world.account.to_string()).replace("{group}", &groups[0])
    };
    lists.map(|one| (one.clone(), path(&one))).collect()
}

pub async fn get(world: &World, path: &str, query: &str) -> Value {
    world.get(&format!("{path}?{query}")).by(&world.owner).send().await.expect(StatusCode::OK).json()
}

#[tokio::test]
async fn pages_of_every_list_join_and_cursors_are_for_one_list_only() {
    let world = World::new("bailiwick").await;
    let lists = lists(&world).await;
    assert!(lists.len() > 12, "{}", lists.len());
    let mut foreign = None;
    for (operation, path) in &lists {
        let id = operation.id;
        let whole = get(&world, path, "").await;
        assert_eq!((&whole["complete"], whole.get("next_cursor")), (&json!(true), None), "{id}");
        let whole = whole["items"].as_array().unwrap().clone();
        let few = ["list_my_accounts", "list_my_invitations", "list_ownership_offers"].contains(&id);
        assert!(few || whole.len() > 2, "{id}: {whole:?}");

        let (mut joined, mut query) = (Vec::new(), "limit=1".to_owned());
        loop {
            let page = get(&world, path, &query).await;
            joined.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            assert_eq!(page["complete"], false, "{id}");
            query = format!("limit=1&cursor={cursor}");
            let other = if cursor.starts_with('A') { "B" } else { "A" };
            let tampered = format!("{other}{}", &cursor[1..]);
            for wrong in [format!("{cursor}AA"), tampered, "AAAA".to_owned(), String::new()] {
                let wrong = world.get(&format!("{path}?cursor={wrong}")).by(&world.owner).send().await;
                wrong.problem(400, "invalid_cursor");
            }
            if let Some(foreign) = foreign.replace(format!("{path}?cursor={cursor}")) {
                let (other, cursor) = foreign.split_once('?').unwrap();
                if other != path {
                    let wrong = world.get(&format!("{path}?{cursor}")).by(&world.owner).send().await;
                    wrong.problem(400, "invalid_cursor");
                }
            }
        }
        assert_eq!(joined, whole, "{id}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_account_means_nothing_here() {
    let world = World::new("bailiwick").await;
    let (stranger, elsewhere) = world.stranger().await;
    let by_both = [(&world.owner, world.account), (&stranger, elsewhere)];
    for (person, account) in by_both {
        for name in ["one", "two"] {
            let body = json!({ "type": "cluster", "name": name, "external_id": name });
            let path = format!("/accounts/{account}/resources");
            world.post(&path).by(person).json(&body).send().await.expect(StatusCode::CREATED);
        }
    }
    for list in [
        "resources?",
        "groups?",
        "events?",
        "access:who-can?action=read:clusters&resource_type=cluster&resource_id=one&kind=group&",
        "access:what-can?action=read:clusters&resource_type=cluster&",
    ] {
        let page = async |(person, account), query: &str| {
            world.get(&format!("/accounts/{account}/{list}limit=1{query}")).by(person).send().await
        };
        let cursors = [page(by_both[0], "").await, page(by_both[1], "").await].map(|page| {
            let page = page.expect(StatusCode::OK).json();
            format!("&cursor={}", page["next_cursor"].as_str().unwrap_or_else(|| panic!("{list}: {page}")))
        });
        for (own, foreign) in [(0, 1), (1, 0)] {
            page(by_both[own], &cursors[own]).await.expect(StatusCode::OK);
            page(by_both[own], &cursors[foreign]).await.problem(400, "invalid_cursor");
        }
    }
}

#[tokio::test]
async fn a_page_of_sessions_goes_on_where_it_was_after_a_session_has_ended() {
    let world = World::new("bailiwick").await;
    let credentials = json!({ "email": "owner@example.com", "password": crate::support::PASSWORD });
    for _ in 0..3 {
        world.advance(jiff::SignedDuration::from_secs(1));
        world.post("/sign-in").json(&credentials).send().await.expect(StatusCode::OK);
    }
    let whole = get(&world, "/me/sessions", "").await["items"].as_array().unwrap().clone();
    let first = get(&world, "/me/sessions", "limit=2").await;
    let ended = format!("/me/sessions/{}", whole[1]["id"].as_str().unwrap());
    world.delete(&ended).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    let rest = format!("cursor={}", first["next_cursor"].as_str().unwrap());
    let ids = |items: &[Value]| items.iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    let rest = get(&world, "/me/sessions", &rest).await;
    assert_eq!(ids(rest["items"].as_array().unwrap()), ids(&whole[2..]));
}
