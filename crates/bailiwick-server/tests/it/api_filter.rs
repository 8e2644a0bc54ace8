//! `filter` on every list: its items are those of the whole list that meet it, page by page.

use axum::http::StatusCode;
use bailiwick_server::filter::Filter;
use serde_json::{Value, json};

use crate::api_paging::{get, lists};
use crate::support::World;

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn every_list_can_be_filtered_by_what_it_shows() {
    let world = World::new("bailiwick").await;
    let mut narrowed = 0;
    for (operation, path) in &lists(&world).await {
        let whole = get(&world, path, "").await["items"].as_array().unwrap().clone();
        let Some(Value::Object(item)) = whole.get(1).or(whole.first()) else { continue };
        let texts = item.iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
        for (name, text) in texts.map(|(name, text)| (name.clone(), text.to_owned())) {
            let filter = format!("{name} eq {}", json!(text));
            let parsed = Filter::parse(&filter).unwrap();
            let expected: Vec<_> = whole.iter().filter(|item| parsed.matches(item)).cloned().collect();
            assert!(!expected.is_empty());
            narrowed += usize::from(expected.len() < whole.len());
            let (mut joined, mut query) = (Vec::new(), format!("limit=1&filter={}", encoded(&filter)));
            loop {
                let page = get(&world, path, &query).await;
                joined.extend(page["items"].as_array().unwrap().iter().cloned());
                let Some(cursor) = page["next_cursor"].as_str() else { break };
                assert_eq!(page["complete"], false);
                query = format!("limit=1&filter={}&cursor={cursor}", encoded(&filter));
                // A cursor is for the list with its conditions.
                let unfiltered = world.get(&format!("{path}?cursor={cursor}")).by(&world.owner).send().await;
                unfiltered.problem(400, "invalid_cursor");
            }
            assert_eq!(joined, expected, "{}: {filter}", operation.id);
        }
    }
    assert!(narrowed > 20, "{narrowed}");
}

#[tokio::test]
async fn a_filter_that_is_not_understood_says_where() {
    let world = World::new("bailiwick").await;
    let deep = |depth: usize| format!("{}id pr{}", "(".repeat(depth), ")".repeat(depth));
    for (filter, message) in [
        (String::new(), "an attribute is missing at character 1"),
        ("status is \"active\"".to_owned(), "there is no operator `is` at character 8"),
        (deep(1_000), "it nests more than 32 deep at character 33"),
        (deep(10_000), "it has more than 4096 characters at character 4097"),
    ] {
        let path = format!("~/members?filter={}", encoded(&filter));
        let reply = world.get(&path).by(&world.owner).send().await;
        let problem = reply.problem(400, "invalid_query");
        assert_eq!(problem["errors"][0]["field"], "?filter");
        assert_eq!(problem["errors"][0]["message"], message);
    }
    let twice = world.get("~/members?filter=id+pr&filter=id+pr").by(&world.owner).send().await;
    twice.problem(400, "invalid_query");
    let elsewhere = world.get("~?filter=id+pr").by(&world.owner).send().await;
    elsewhere.problem(400, "invalid_query");
    let limit = world.get("~/members?filter=id+pr&limit=0").by(&world.owner).send().await;
    limit.problem(400, "invalid_query");
    world.get("~/members?filter=id+pr").by(&world.owner).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_filter_by_what_no_item_can_have_is_refused_with_the_names_that_there_are() {
    let world = World::new("bailiwick").await;
    let ask = async |list: &str, filter: &str| {
        let path = format!("~/{list}?filter={}", encoded(filter));
        world.get(&path).by(&world.owner).send().await
    };
    for (list, filter, message) in [
        (
            "members",
            "stauts eq \"active\"",
            "`stauts`: nothing is called `stauts` there; there are `attributes`, ",
        ),
        ("members", "id pr and not (user.email ew \"x\")", "`user.email`: nothing is called `user` there; "),
        ("members", "roles[rolle eq \"admin\"]", "`rolle`: nothing is called `rolle` there; there are "),
        ("members", "status.name pr", "`status.name`: nothing is called `name` there; there are none"),
        (
            "grants",
            "principal.mail pr",
            "`principal.mail`: nothing is called `mail` there; there are `email`, `id`, ",
        ),
        (
            "resources",
            "environment eq \"production\"",
            "`environment`: nothing is called `environment` there; ",
        ),
    ] {
        let problem = ask(list, filter).await.problem(400, "invalid_query");
        let error = &problem["errors"][0];
        assert_eq!(error["field"], "?filter");
        assert!(error["message"].as_str().unwrap().starts_with(message), "{filter}: {problem}");
    }
    for (list, filter) in [
        ("members", "STATUS eq \"active\" or name pr or until eq null"),
        ("members", "roles.role eq \"owner\" and roles[role eq \"owner\"]"),
        ("members", "attributes.shoe_size gt 3"),
        ("resources", "attributes.environment eq \"production\" or attributes[environment pr]"),
        ("grants", "scope eq \"account\" or scope.project pr or made_by.email pr"),
        ("events", "details.anything.at.all pr or actor.kind pr"),
        ("policies", "enabled eq true"),
    ] {
        ask(list, filter).await.expect(StatusCode::OK);
    }
}
