//! Lists where policies are asked for each item: a page does so much work and no more, and the next goes on behind it.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use bailiwick_core::access::{Circumstances, Target};
use bailiwick_core::limits;
use serde_json::{Value, json};

use crate::console::{look, members};
use crate::support::{Person, World};

/// How many statements the account's policies have that name every permission.
const STATEMENTS: usize = 200;
/// How many clusters, members and grants there are to look at, at least.
const MANY: usize = 100;

/// A world with many policies, none of which says anything to Grace but that she sees the clusters of production.
async fn world() -> (World, Person) {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let nobody = format!("permit (principal == User::\"{}\", action, resource);", world.owner.id);
    for number in 1..STATEMENTS / limits::STATEMENTS_PER_POLICY {
        policy(&world, &format!("Policy {number}"), &nobody.repeat(limits::STATEMENTS_PER_POLICY)).await;
    }
    let production = "permit (principal is User, action == Action::\"read:clusters\", resource is Cluster) \
                      when { resource has environment && resource.environment == \"production\" };";
    let rest = nobody.repeat(limits::STATEMENTS_PER_POLICY - 1);
    policy(&world, "Production", &format!("{production}{rest}")).await;
    let clusters: Vec<Value> = (0..MANY)
        .map(|number| {
            let environment = if number % 30 == 29 { "production" } else { "development" };
            let name = format!("c-{number}");
            json!({
                "type": "cluster", "name": name, "external_id": name, "attributes": { "environment": environment },
            })
        })
        .collect();
    let body = json!({ "resources": clusters });
    world.post("~/resources:register").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    (world, grace)
}

async fn policy(world: &World, name: &str, text: &str) {
    let body = json!({ "name": name, "text": text });
    world.post("~/policies").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
}

/// The pages of a list, read to the end.
async fn pages(world: &World, person: &Person, path: &str) -> Vec<Value> {
    let mut pages: Vec<Value> = Vec::new();
    loop {
        let cursor = pages.last().map(|page| page["next_cursor"].as_str().unwrap());
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page =
            world.get(&format!("{path}{cursor}")).by(person).send().await.expect(StatusCode::OK).json();
        let is_last = page["complete"] == true;
        assert_eq!(is_last, page.get("next_cursor").is_none());
        pages.push(page);
        if is_last {
            return pages;
        }
    }
}

fn external_ids(pages: &[Value]) -> Vec<&str> {
    let items = pages.iter().flat_map(|page| page["items"].as_array().unwrap());
    items.map(|item| item["external_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_list_of_hidden_resources_is_complete_in_pages_that_end_with_their_work() {
    let (world, grace) = world().await;
    let account = world.state().await;
    let principal = format!("User::{}", grace.id);
    let read = account.catalog().permission("read:clusters").unwrap();
    let cost: usize = ["read:clusters", "write:clusters", "delete:clusters"]
        .map(|name| account.cost_of_asking(account.catalog().permission(name).unwrap()))
        .iter()
        .sum();
    assert!(cost > 3 * (STATEMENTS - 2), "{cost} for {principal}");
    let at_once = limits::SEARCH_WORK / cost;
    let seen = ["c-29", "c-59", "c-89"];
    let now = Circumstances::question(world.service.now());
    for external_id in seen {
        let id = account.find_resource(external_id).unwrap();
        let principal = bailiwick_core::account::Principal::Member(grace.id.parse().unwrap());
        assert!(account.check(principal, read, &Target::Resource(id), now));
    }

    for query in ["?limit=100", "?limit=100&type=cluster", "?limit=100&filter=name+pr"] {
        let pages = pages(&world, &grace, &format!("~/resources{query}")).await;
        assert_eq!(external_ids(&pages), seen, "{query}");
        assert!(pages.len() >= MANY.div_ceil(at_once), "{query}: {} pages of {at_once}", pages.len());
        assert!(pages.iter().all(|page| page["filtered"] == true || page["complete"] == true), "{query}");
    }
    let exact = pages(&world, &grace, "~/resources?limit=100").await;
    assert_eq!(exact.len(), MANY.div_ceil(at_once), "pages of {at_once}");
    for query in ["?limit=1", "?limit=2&filter=type+eq+%22cluster%22", "?limit=1&q=c-"] {
        let pages = pages(&world, &grace, &format!("~/resources{query}")).await;
        assert_eq!(external_ids(&pages), seen, "{query}");
    }
    // The owner sees all of it, by grants, for which policies are asked too.
    let all = pages(&world, &world.owner, "~/resources?limit=100").await;
    let ids = external_ids(&all);
    assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (MANY, MANY));
    assert!(all.len() > 1);
}

#[tokio::test]
async fn lists_of_people_grants_and_machines_end_with_their_work_too() {
    let (world, grace) = world().await;
    let at = json!({ "resources": (0..60).map(|number| format!("c-{number}")).collect::<Vec<_>>() });
    for number in 0..5 {
        let email = format!("p{number}@example.com");
        let person = world.invite_and_accept(&email, &[]).await;
        let machine = json!({ "name": format!("m{number}") });
        let machine = world.post("~/service-accounts").by(&world.owner).json(&machine).send().await;
        let machine = machine.expect(StatusCode::CREATED).json()["id"].clone();
        let key = json!({ "service_account": machine, "name": "key" });
        world.post("~/keys").by(&world.owner).json(&key).send().await.expect(StatusCode::CREATED);
        for principal in [json!(person.id), machine] {
            let body = json!({ "principal": principal, "role": "cluster_read_only", "scope": at });
            world.post("~/grants").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
        }
        let grants = json!([{ "role": "cluster_read_only", "scope": at }]);
        let body = json!({ "emails": [format!("i{number}@example.com")], "grants": grants });
        world.post("~/invitations").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    }
    // Who may read these nowhere yet is admitted to the lists, where they are looked for one by one.
    let text = "permit (principal is User, action in Action::\"read\", resource is Volume);";
    policy(&world, "Volumes", text).await;
    for (list, shown) in
        [("members", 1), ("grants", 0), ("invitations", 0), ("service-accounts", 0), ("keys", 0)]
    {
        for query in ["", "&filter=id+pr"] {
            let found = pages(&world, &grace, &format!("~/{list}?limit=100{query}")).await;
            let items: Vec<_> =
                found.iter().flat_map(|page| page["items"].as_array().unwrap()).cloned().collect();
            assert_eq!(items.len(), shown, "{list}{query}: {items:?}");
            assert!(found.len() > 4, "{list}{query}: {} pages", found.len());
        }
        let all = pages(&world, &world.owner, &format!("~/{list}?limit=100")).await;
        assert_eq!(all.len(), 1, "{list}");
        assert!(all[0]["items"].as_array().unwrap().len() >= 5, "{list}");
    }
    // The console's list goes on in the same way, and shows Grace herself on one of its pages.
    let (mut path, mut looked_at, mut rows) = (members(&world), 0, 0);
    loop {
        let page = look(&world, &path, Some(&grace)).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        (looked_at, rows) = (looked_at + 1, rows + page.text.matches("class=\"who\"").count());
        let Some((before, _)) = page.text.split_once("\" rel=\"next\"") else { break };
        path = before.rsplit_once("href=\"").unwrap().1.replace("&#38;", "&").replace("&amp;", "&");
    }
    assert!(looked_at > 4 && rows == 1, "{looked_at} pages, {rows} rows");
}

#[tokio::test]
async fn what_is_frozen_as_it_is_today_is_not_looked_for_without_end() {
    let (world, grace) = world().await;
    let frozen = json!({ "all_of": { "type": "cluster", "future": false } });
    let body = json!({ "principal": grace.id, "role": "cluster_read_only", "scope": frozen });
    let refused = world.post("~/grants").by(&grace).json(&body).send().await.problem(422, "too_large");
    assert!(refused["detail"].as_str().unwrap().contains("policies"), "{refused}");
}
