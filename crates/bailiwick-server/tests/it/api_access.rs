//! Questions about access over HTTP.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Person, World};

async fn clusters(world: &World) {
    let tree = json!({ "resources": [
        { "type": "cluster", "name": "one", "external_id": "one" },
        { "type": "cluster", "name": "two", "external_id": "two" },
    ] });
    world.post("~/resources:register").by(&world.owner).json(&tree).send().await.expect(StatusCode::CREATED);
}

fn question(principal: &str, action: &str, of: &str, id: &str) -> Value {
    json!({ "principal": principal, "action": action, "resource": { "type": of, "id": id } })
}

async fn reader_of_one(world: &World) -> Person {
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let grant =
        json!({ "principal": grace.id, "role": "cluster_read_only", "scope": { "resources": ["one"] } });
    world.post("~/grants").by(&world.owner).json(&grant).send().await.expect(StatusCode::CREATED);
    grace
}

#[tokio::test]
async fn q18_everybody_lists_their_own_permissions_and_nobody_else_s() {
    let world = World::new("bailiwick").await;
    clusters(&world).await;
    let grace = reader_of_one(&world).await;
    let own = world.get("~/access:effective").by(&grace).send().await.expect(StatusCode::OK).json();
    assert_eq!(own["principal"]["email"], "grace@example.com");
    let at = own["at"].as_array().unwrap();
    assert_eq!((&at[0]["scope"], &at[0]["roles"][0]["id"]), (&json!("account"), &json!("member")));
    assert!(at[1]["permissions"].as_array().unwrap().contains(&json!("read:clusters")), "{own}");
    assert_eq!(own.get("permissions"), None);

    let there = "~/access:effective?resource_type=cluster&resource_id=";
    let one = world.get(&format!("{there}one")).by(&grace).send().await.expect(StatusCode::OK).json();
    let permissions = one["permissions"].as_array().unwrap();
    assert!(
        permissions.contains(&json!("read:clusters")) && permissions.contains(&json!("read:profile")),
        "{one}"
    );
    world.get(&format!("{there}two")).by(&grace).send().await.problem(404, "not_found");

    let other = format!("~/access:effective?principal={}", world.owner.id);
    world.get(&other).by(&grace).send().await.problem(403, "permission_denied");
    let herself = format!("~/access:effective?principal={}", grace.id);
    let named = world.get(&herself).by(&grace).send().await.expect(StatusCode::OK).json();
    assert_eq!((&named["principal"], &named["at"]), (&own["principal"], &own["at"]));
    let asked = world.get(&herself).by(&world.owner).send().await.expect(StatusCode::OK).json();
    assert_eq!(asked["at"], own["at"]);
    world
        .get("~/access:effective?resource_type=cluster")
        .by(&grace)
        .send()
        .await
        .problem(400, "invalid_query");
    world.get("~/access:effective?principal=nobody").by(&world.owner).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn a_check_says_yes_or_no_and_an_explanation_why() {
    let world = World::new("bailiwick").await;
    clusters(&world).await;
    let grace = reader_of_one(&world).await;
    let asked = &world;
    let ask = |path: &'static str, body: Value| async move {
        asked.post(path).by(&asked.owner).json(&body).send().await.expect(StatusCode::OK).json()
    };
    for (action, id, allowed) in
        [("read:clusters", "one", true), ("read:clusters", "two", false), ("write:clusters", "one", false)]
    {
        let body = question(&grace.id, action, "cluster", id);
        assert_eq!(ask("~/access:check", body.clone()).await["allowed"], allowed, "{body}");
        let explained = ask("~/access:explain", body.clone()).await;
        assert_eq!(explained["allowed"], allowed, "{body}");
        assert_eq!(explained["paths"].as_array().unwrap().len(), usize::from(allowed), "{explained}");
        assert_eq!(explained["principal_state"], "active");
    }
    let elsewhere = ask("~/access:explain", question(&grace.id, "read:clusters", "cluster", "two")).await;
    assert_eq!(elsewhere["missing"]["elsewhere"][0]["role"]["id"], "cluster_read_only");
    let needed = elsewhere["missing"]["grants"].as_array().unwrap();
    assert!(needed.iter().any(|grant| grant["role"]["id"] == "admin" && grant["scope"] == "account"));
    let narrow = needed.iter().find(|grant| grant["role"]["id"] == "cluster_read_only").unwrap();
    assert_eq!(narrow["scope_words"], "cluster two", "{narrow}");
    assert_eq!(
        elsewhere["summary"],
        "Grace Hopper may not `read:clusters` on cluster two: the role Cluster read-only in cluster one counts elsewhere"
    );

    let why = ask("~/access:explain", question(&grace.id, "read:clusters", "cluster", "one")).await;
    assert_eq!(why["paths"][0]["scope_words"], "cluster one", "{why}");
    let expected = "Grace Hopper may `read:clusters` on cluster one: the role Cluster read-only in cluster one allows it";
    assert_eq!(why["summary"], expected);

    let nobody = ask("~/access:explain", question("nobody", "read:clusters", "cluster", "one")).await;
    assert_eq!((&nobody["allowed"], &nobody["principal_state"]), (&json!(false), &json!("unknown")));
    assert_eq!(nobody.get("principal"), None);
    let nothing = ask("~/access:explain", question(&grace.id, "read:clusters", "cluster", "none")).await;
    assert_eq!((&nothing["allowed"], &nothing["target_exists"]), (&json!(false), &json!(false)));
    // A database is not found by the id of a cluster.
    let wrong = ask("~/access:check", question(&grace.id, "read:clusters", "database", "one")).await;
    assert_eq!(wrong["allowed"], false);
}

#[tokio::test]
async fn questions_about_others_need_a_permission_and_those_about_oneself_tell_nothing_new() {
    let world = World::new("bailiwick").await;
    clusters(&world).await;
    let grace = reader_of_one(&world).await;
    let about_owner = question(&world.owner.id, "read:clusters", "cluster", "one");
    let about_nobody = question("nobody", "read:clusters", "cluster", "one");
    for body in [&about_owner, &about_nobody] {
        world.post("~/access:check").by(&grace).json(body).send().await.problem(403, "permission_denied");
        world.post("~/access:explain").by(&grace).json(body).send().await.problem(403, "permission_denied");
    }
    let own = question(&grace.id, "read:clusters", "cluster", "one");
    let answer =
        world.post("~/access:check").by(&grace).json(&own).send().await.expect(StatusCode::OK).json();
    assert_eq!(answer["allowed"], true);
    let hidden = question(&grace.id, "read:clusters", "cluster", "two");
    let absent = question(&grace.id, "read:clusters", "cluster", "none");
    let mut hidden = world.post("~/access:explain").by(&grace).json(&hidden).send().await.json();
    let mut absent = world.post("~/access:explain").by(&grace).json(&absent).send().await.json();
    for answer in [&mut hidden, &mut absent] {
        answer.as_object_mut().unwrap().remove("summary");
    }
    assert_eq!(hidden, absent, "a cluster that one may not see looks like one that is not there");
    assert_eq!(hidden["missing"]["grants"], json!([]));
}

#[tokio::test]
async fn a_question_in_words_that_the_catalog_does_not_have_is_refused() {
    let world = World::new("bailiwick").await;
    for (body, status, code, field) in [
        (question(&world.owner.id, "fly:clusters", "cluster", "one"), 422, "unknown_permission", "/action"),
        (
            question(&world.owner.id, "read:clusters", "yacht", "one"),
            422,
            "unknown_resource_type",
            "/resource/type",
        ),
        (json!({ "principal": "x", "action": "read:clusters" }), 422, "missing_field", "/resource"),
    ] {
        for path in ["~/access:check", "~/access:explain"] {
            let problem = world.post(path).by(&world.owner).json(&body).send().await.problem(status, code);
            assert_eq!(problem["errors"][0]["field"], field, "{body}");
        }
    }
}

/// All pages of a list of one item each, by the ids in it.
async fn ids_page_by_page(world: &World, by: &Person, path: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut next = format!("{path}&limit=1");
    loop {
        let page = world.get(&next).by(by).send().await.expect(StatusCode::OK).json();
        assert_eq!(
            (&page["complete"], &page["filtered"]),
            (&json!(page["next_cursor"].is_null()), &json!(false))
        );
        found.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        let Some(cursor) = page["next_cursor"].as_str() else { return found };
        next = format!("{path}&limit=1&cursor={cursor}");
    }
}

#[tokio::test]
async fn who_may_do_something_is_listed_in_pages_and_named_for_those_who_may_read_people() {
    let world = World::new("bailiwick").await;
    clusters(&world).await;
    let grace = reader_of_one(&world).await;
    let machine = world.machine("Checker", &["auditor"]).await;
    let path = "~/access:who-can?action=read:clusters&resource_type=cluster&resource_id=one";
    let wanted = [json!(world.owner.id), json!(grace.id)];
    assert_eq!(ids_page_by_page(&world, &world.owner, path).await, wanted);
    let all = world.get(path).by(&world.owner).send().await.json();
    assert_eq!(all["items"][1]["email"], "grace@example.com");

    let machines = world.get(&format!("{path}&kind=service_account")).by(&world.owner).send().await.json();
    assert_eq!(machines["items"][0]["id"], machine.id.as_str());
    let groups = world.get(&format!("{path}&kind=group")).by(&world.owner).send().await.json();
    let named = |group: &Value| group["kind"] == "group" && group["name"].is_string();
    let groups = groups["items"].as_array().unwrap();
    assert!(!groups.is_empty() && groups.iter().all(named), "the built-in ones: {groups:?}");
    let two = "~/access:who-can?action=read:clusters&resource_type=cluster&resource_id=two";
    assert_eq!(ids_page_by_page(&world, &world.owner, two).await, wanted[..1]);

    // Who may ask what others may do and not read people learns ids.
    let role = json!({ "name": "Asker", "level": "account", "permissions": ["check:access"] });
    world.post("~/roles").by(&world.owner).json(&role).send().await.expect(StatusCode::CREATED);
    let asker = world.machine("Asker", &[]).await;
    let grant = json!({ "principal": asker.id, "role": "asker" });
    world.post("~/grants").by(&world.owner).json(&grant).send().await.expect(StatusCode::CREATED);
    let nameless = world.get(path).by(&asker).send().await.expect(StatusCode::OK).json();
    assert_eq!(nameless["items"][1], json!({ "kind": "member", "id": grace.id }));
    let path_of = |kind: &str| format!("{path}&kind={kind}");
    let nameless = world.get(&path_of("service_account")).by(&asker).send().await.json();
    assert_eq!(nameless["items"][0], json!({ "kind": "service_account", "id": machine.id }));
    let named = world.get(&path_of("service_account")).by(&world.owner).send().await.json();
    assert!(named["items"][0]["name"].is_string(), "{named}");

    world.get(path).by(&grace).send().await.problem(403, "permission_denied");
    for (query, status, code) in [
        ("action=fly:clusters&resource_type=cluster&resource_id=one", 422, "unknown_permission"),
        ("action=read:clusters&resource_type=yacht&resource_id=one", 422, "unknown_resource_type"),
        ("action=read:clusters&resource_type=cluster&resource_id=none", 404, "not_found"),
        ("action=read:clusters", 400, "invalid_query"),
        ("action=read:clusters&resource_type=cluster&resource_id=one&cursor=x", 400, "invalid_cursor"),
        ("action=read:clusters&resource_type=cluster&resource_id=one&kind=god", 400, "invalid_query"),
    ] {
        let path = format!("~/access:who-can?{query}");
        world.get(&path).by(&world.owner).send().await.problem(status, code);
    }
}

#[tokio::test]
async fn what_somebody_may_do_something_to_is_listed_and_everybody_may_ask_about_themselves() {
    let world = World::new("bailiwick").await;
    clusters(&world).await;
    let grace = reader_of_one(&world).await;
    let path = "~/access:what-can?action=read:clusters&resource_type=cluster";
    let own = world.get(path).by(&grace).send().await.expect(StatusCode::OK).json();
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
    assert_eq!((&own["items"][0]["name"], &own["items"][0]["external_id"]), (&json!("one"), &json!("one")));
    let about = format!("{path}&principal={}", grace.id);
    assert_eq!(ids_page_by_page(&world, &world.owner, &about).await, [own["items"][0]["id"].clone()]);
    assert_eq!(ids_page_by_page(&world, &world.owner, path).await.len(), 2);
    let projects = path.replace("cluster&", "project&").replace("_type=cluster", "_type=project");
    assert_eq!(ids_page_by_page(&world, &world.owner, &projects).await.len(), 1);
    let account = path.replace("_type=cluster", "_type=account");
    assert_eq!(ids_page_by_page(&world, &world.owner, &account).await, [json!(world.account.to_string())]);

    let about_owner = format!("{path}&principal={}", world.owner.id);
    world.get(&about_owner).by(&grace).send().await.problem(403, "permission_denied");
    world.get(&format!("{path}&principal=nobody")).by(&grace).send().await.problem(403, "permission_denied");
    world.get(&format!("{path}&principal=nobody")).by(&world.owner).send().await.problem(404, "not_found");
    let yacht = path.replace("_type=cluster", "_type=yacht");
    world.get(&yacht).by(&grace).send().await.problem(422, "unknown_resource_type");
    // What was registered a moment ago is found at once.
    let more = json!({ "type": "cluster", "name": "three", "external_id": "three" });
    world.post("~/resources").by(&world.owner).json(&more).send().await.expect(StatusCode::CREATED);
    assert_eq!(ids_page_by_page(&world, &world.owner, path).await.len(), 3);
}

#[tokio::test]
async fn an_external_id_that_several_principals_share_is_ambiguous() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    let shared = "employee-17";
    let path = format!("~/members/{}", grace.id);
    let edit = json!({ "external_id": shared });
    world.patch(&path).by(&world.owner).json(&edit).send().await.expect(StatusCode::OK);
    let asked = json!({
        "principal": shared, "action": "write:clusters",
        "resource": { "type": "account", "id": world.account.to_string() },
    });
    let check = world.post("~/access:check").by(&world.owner).json(&asked).send().await;
    assert_eq!(check.expect(StatusCode::OK).json()["allowed"], true);
    for kind in ["groups", "service-accounts"] {
        let body = json!({ "name": kind, "external_id": shared });
        let made = world.post(&format!("~/{kind}")).by(&world.owner).json(&body).send().await;
        let made = made.expect(StatusCode::CREATED).json()["id"].as_str().unwrap().to_owned();
        let grant = json!({ "principal": shared, "role": "admin", "scope": "account" });
        for (ask, body, field) in [
            (world.post("~/access:check"), Some(&asked), "/principal"),
            (world.post("~/access:explain"), Some(&asked), "/principal"),
            (world.get(&format!("~/access:effective?principal={shared}")), None, "?principal"),
            (
                world.get(&format!(
                    "~/access:what-can?principal={shared}&action=read:clusters&resource_type=cluster"
                )),
                None,
                "?principal",
            ),
            (world.get(&format!("~/grants?principal={shared}")), None, "?principal"),
            (world.post("~/grants"), Some(&grant), "/principal"),
        ] {
            let ask = match body {
                Some(body) => ask.json(body),
                None => ask,
            };
            let problem = ask.by(&world.owner).send().await.problem(422, "ambiguous");
            let error = &problem["errors"][0];
            assert_eq!(error["message"], "`employee-17` can mean more than one principal");
            assert_eq!(error["field"], field);
        }
        // An id means one of them.
        let mut by_id = asked.clone();
        for (id, allowed) in [(&grace.id, true), (&made, false)] {
            by_id["principal"] = json!(id);
            let check = world.post("~/access:check").by(&world.owner).json(&by_id).send().await;
            assert_eq!(check.expect(StatusCode::OK).json()["allowed"], allowed, "{id}");
        }
        // Who may not ask about others learns nothing of who shares what.
        let alan = world.invite_and_accept(&format!("{kind}@example.com"), &[]).await;
        let ask = world.post("~/access:check").by(&alan).json(&asked).send().await;
        ask.problem(403, "permission_denied");
        world
            .delete(&format!("~/{kind}/{made}"))
            .by(&world.owner)
            .send()
            .await
            .expect(StatusCode::NO_CONTENT);
    }
}
