//! Policies and attributes over HTTP.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::World;

const BY_DEPARTMENT: &str = "forbid(principal is User, action == Action::\"write:clusters\", resource) unless { principal has department && principal.department == \"operations\" };";

#[tokio::test]
async fn a_policy_forbids_until_it_is_disabled_and_an_explanation_names_it() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &["editor"]).await;
    let question = json!({
        "principal": grace.id, "action": "write:clusters",
        "resource": { "type": "account", "id": world.account.to_string() },
    });
    let may = async || -> Value {
        world.post("~/access:explain").by(&world.owner).json(&question).send().await.json()
    };
    assert_eq!(may().await["allowed"], true);
    let body = json!({ "name": "Operations alone", "text": BY_DEPARTMENT });
    let made = world.post("~/policies").by(&world.owner).json(&body).send().await;
    let made = made.expect(StatusCode::CREATED).json();
    assert_eq!((&made["enabled"], &made["text"]), (&json!(true), &json!(BY_DEPARTMENT)));
    let said = may().await;
    assert_eq!(said["allowed"], false);
    assert_eq!(
        said["forbids"][0],
        json!({ "id": made["id"], "name": "Operations alone", "effect": "forbid" })
    );
    assert!(
        said["summary"].as_str().unwrap().contains("the policy Operations alone forbids it; the role "),
        "{said}"
    );
    // Who is bound learns that a policy forbids it, and which one only where they may read policies.
    let own = world.post("~/access:explain").by(&grace).json(&question).send().await.json();
    assert_eq!(own["forbids"], json!([{ "effect": "forbid" }]), "{own}");
    assert!(own["summary"].as_str().unwrap().contains(": a policy forbids it; the role "), "{own}");
    let effective = world.get("~/access:effective").by(&grace).send().await.json();
    assert_eq!(effective["policies"], true);

    let member = format!("~/members/{}", grace.id);
    let attributes = json!({ "attributes": { "department": "operations", "clearance": 3 } });
    let edited = world.patch(&member).by(&world.owner).json(&attributes).send().await;
    assert_eq!(edited.expect(StatusCode::OK).json()["attributes"], attributes["attributes"]);
    assert_eq!(may().await["allowed"], true);
    let attributes = json!({ "attributes": { "department": null } });
    let edited = world.patch(&member).by(&world.owner).json(&attributes).send().await;
    assert_eq!(edited.expect(StatusCode::OK).json()["attributes"], json!({ "clearance": 3 }));
    assert_eq!(may().await["allowed"], false);

    let policy = "~/policies/operations alone".replace(' ', "%20");
    let off = world.patch(&policy).by(&world.owner).json(&json!({ "enabled": false })).send().await;
    assert_eq!(off.expect(StatusCode::OK).json()["enabled"], false);
    assert_eq!(may().await["allowed"], true);
    world.delete(&policy).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    world.get(&policy).by(&world.owner).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn each_mistake_of_a_policy_is_told_with_its_place() {
    let world = World::new("bailiwick").await;
    let text = "permit(principal, action, resource) when {\n  principal.departement == \"x\"\n};";
    let body = json!({ "name": "Wrong", "text": text });
    let reply = world.post("~/policies").by(&world.owner).json(&body).send().await;
    let problem = reply.problem(422, "invalid_policy");
    let message = problem["errors"][0]["message"].as_str().unwrap();
    assert_eq!(problem["errors"][0]["field"], "/text");
    assert!(message.starts_with("line 2, column 3: attribute `departement`"), "{message}");
    let checked = world.post("~/policies:check").by(&world.owner).json(&json!({ "text": text })).send().await;
    let checked = checked.expect(StatusCode::OK).json();
    assert_eq!((&checked["valid"], &checked["mistakes"][0]["line"]), (&json!(false), &json!(2)));
    let fine = json!({ "text": BY_DEPARTMENT });
    let fine = world.post("~/policies:check").by(&world.owner).json(&fine).send().await.json();
    assert_eq!(fine, json!({ "valid": true, "mistakes": [] }));
    assert_eq!(world.state().await.policy_count(), 0);
    let long = json!({ "name": "Long", "text": format!("//{}", "x".repeat(20_000)) });
    world.post("~/policies").by(&world.owner).json(&long).send().await.problem(422, "invalid_policy");
    let member = format!("~/members/{}", world.owner.id);
    for (attributes, code) in
        [(json!({ "department": 3 }), "wrong_attribute"), (json!({ "shoe_size": 42 }), "unknown_attribute")]
    {
        let body = json!({ "attributes": attributes });
        world.patch(&member).by(&world.owner).json(&body).send().await.problem(422, code);
    }
}

#[tokio::test]
async fn a_text_that_is_no_policy_changes_nothing() {
    let world = World::new("bailiwick").await;
    let body = json!({ "name": "Right", "text": BY_DEPARTMENT });
    let made = world.post("~/policies").by(&world.owner).json(&body).send().await;
    let id = made.expect(StatusCode::CREATED).json()["id"].as_str().unwrap().to_owned();
    let before = world.get("~/policies").by(&world.owner).send().await.json();
    for (wrong, said) in [
        ("permit (principal, action resource);".to_owned(), "line 1, column 27: "),
        ("forbid (principal, action == Action::\"fly:x\", resource);".to_owned(), "line 1, column 30: "),
        (format!("{BY_DEPARTMENT}//{}", "x".repeat(16 * 1024)), "the policy has "),
        (BY_DEPARTMENT.repeat(21), "the policy has 21 statements"),
        ("(".repeat(10_000), "line 1, column 33: "),
    ] {
        let created = json!({ "name": "Wrong", "text": wrong });
        let edited = json!({ "text": wrong });
        for ask in
            [world.post("~/policies").json(&created), world.patch(&format!("~/policies/{id}")).json(&edited)]
        {
            let problem = ask.by(&world.owner).send().await.problem(422, "invalid_policy");
            let error = &problem["errors"][0];
            assert_eq!(error["field"], "/text", "{problem}");
            assert!(error["message"].as_str().unwrap().contains(said), "{said}: {problem}");
        }
    }
    assert_eq!(world.get("~/policies").by(&world.owner).send().await.json(), before);
}

#[tokio::test]
async fn attributes_are_given_at_invitation_and_on_resources() {
    let world = World::new("bailiwick").await;
    let body = json!({ "emails": ["ada@example.com"], "attributes": { "department": "research" } });
    let sent = world.post("~/invitations").by(&world.owner).json(&body).send().await;
    let sent = sent.expect(StatusCode::CREATED).json();
    assert_eq!(sent["invitations"][0]["attributes"], json!({ "department": "research" }));
    let body = json!({ "type": "cluster", "name": "One", "attributes": { "environment": "production" } });
    let made = world.post("~/resources").by(&world.owner).json(&body).send().await;
    assert_eq!(made.expect(StatusCode::CREATED).json()["attributes"], json!({ "environment": "production" }));
}

/// Whom a policy keeps out of production does not get there by somebody or something else.
#[tokio::test]
async fn what_a_policy_keeps_from_somebody_is_not_theirs_to_give() {
    let world = World::new("bailiwick").await;
    let contractor = world.invite_and_accept("grace@example.com", &["admin"]).await;
    let other = world.invite_and_accept("ada@example.com", &[]).await;
    let member = format!("~/members/{}", contractor.id);
    let said = json!({ "attributes": { "contractor": true } });
    world.patch(&member).by(&world.owner).json(&said).send().await.expect(StatusCode::OK);
    let text = "forbid(principal is User, action in [Action::\"write:clusters\", Action::\"delete:clusters\"], resource is Cluster) \
                when { principal has contractor && principal.contractor && resource has environment && resource.environment == \"production\" };";
    let policy = json!({ "name": "Contractors", "text": text });
    world.post("~/policies").by(&world.owner).json(&policy).send().await.expect(StatusCode::CREATED);
    let grants = json!([{ "role": "admin", "scope": "account" }]);
    let machine = json!({ "name": "Mine", "grants": grants });
    let ways = [
        ("~/service-accounts", machine.clone()),
        ("~/grants", json!({ "principal": other.id, "role": "admin", "scope": "account" })),
        ("~/invitations", json!({ "emails": ["eve@example.com"], "grants": grants })),
    ];
    for (path, body) in &ways {
        let problem = world.post(path).by(&contractor).json(body).send().await;
        let problem = problem.problem(403, "kept_back_by_policy");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("the policy `Contractors` can keep from you"), "{detail}");
    }
    let made = world.post("~/service-accounts").by(&world.owner).json(&machine).send().await;
    let made = made.expect(StatusCode::CREATED).json();
    let key = json!({ "name": "Mine", "service_account": made["id"] });
    world.post("~/keys").by(&contractor).json(&key).send().await.problem(403, "kept_back_by_policy");
    let free = json!({ "attributes": { "contractor": false } });
    world.patch(&member).by(&contractor).json(&free).send().await.problem(403, "lifts_own_policy");
    world.delete("~/policies/Contractors").by(&contractor).send().await.problem(403, "lifts_own_policy");
    // Another contractor is bound alike.
    let said =
        json!({ "emails": ["joan@example.com"], "grants": grants, "attributes": { "contractor": true } });
    world.post("~/invitations").by(&world.owner).json(&said).send().await.expect(StatusCode::CREATED);
    let alike = format!("~/members/{}", other.id);
    let contractor_too = json!({ "attributes": { "contractor": true } });
    world.patch(&alike).by(&world.owner).json(&contractor_too).send().await.expect(StatusCode::OK);
    let (path, body) = &ways[1];
    world.post(path).by(&contractor).json(body).send().await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn the_address_from_which_somebody_acts_counts() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    let text = format!(
        "forbid(principal == User::\"{}\", action in Action::\"read\", resource) unless {{ context has source_ip && context.source_ip.isInRange(ip(\"203.0.113.0/24\")) }};",
        grace.id
    );
    world.get("~/members").by(&grace).send().await.expect(StatusCode::OK);
    let body = json!({ "name": "From the office", "text": text });
    world.post("~/policies").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    world.get("~/members").by(&grace).send().await.problem(403, "forbidden_by_policy");
    world.get("~/members").by(&world.owner).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn searches_count_what_policies_permit_and_forbid() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let ada = world.invite_and_accept("ada@example.com", &["editor"]).await;
    let cluster = json!({ "type": "cluster", "name": "One", "external_id": "c-1" });
    world.post("~/resources").by(&world.owner).json(&cluster).send().await.expect(StatusCode::CREATED);
    let path = format!("~/members/{}", grace.id);
    let attributes = json!({ "attributes": { "department": "operations" } });
    world.patch(&path).by(&world.owner).json(&attributes).send().await.expect(StatusCode::OK);
    for (name, text) in [
        (
            "By department",
            "permit(principal is User, action == Action::\"write:clusters\", resource) when { principal has department && principal.department == \"operations\" };",
        ),
        ("Nobody else", BY_DEPARTMENT),
        (
            "In person",
            "permit(principal is User, action == Action::\"delete:clusters\", resource is Cluster) when { context.caller == \"person\" };",
        ),
    ] {
        let body = json!({ "name": name, "text": text });
        world.post("~/policies").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    }
    let ids = |found: &Value| -> Vec<String> {
        assert_eq!((&found["complete"], found.get("next_cursor")), (&json!(true), None), "{found}");
        found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let who =
        |action: &str| format!("~/access:who-can?action={action}&resource_type=cluster&resource_id=c-1");
    let found = world.get(&who("write:clusters")).by(&world.owner).send().await.json();
    assert_eq!(ids(&found), [grace.id.as_str()], "the owner is bound, and a role is no way around it");
    assert!(!ids(&found).contains(&ada.id));
    let what =
        |action: &str, of: &str| format!("~/access:what-can?action={action}&resource_type=cluster{of}");
    let of_grace = format!("&principal={}", grace.id);
    let found = world.get(&what("write:clusters", &of_grace)).by(&world.owner).send().await.json();
    assert_eq!(ids(&found).len(), 1);
    // Others are asked about as a question, oneself as one acts.
    let found = world.get(&what("delete:clusters", &of_grace)).by(&world.owner).send().await.json();
    assert_eq!(ids(&found).len(), 0);
    let found = world.get(&what("delete:clusters", "")).by(&grace).send().await.json();
    assert_eq!(ids(&found).len(), 1);
}

#[tokio::test]
async fn a_rehearsal_tells_who_gains_and_loses_by_a_policy_and_by_what_it_reads() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &["editor"]).await;
    let register = json!({ "resources": [{ "type": "cluster", "name": "search-eu", "external_id": "c-1" }] });
    world
        .post("~/resources:register")
        .by(&world.owner)
        .json(&register)
        .send()
        .await
        .expect(StatusCode::CREATED);
    let who = |changes: &Value| -> Vec<(String, Vec<String>, String)> {
        let texts = |list: &Value, field: &str| -> Vec<String> {
            list.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap().to_owned()).collect()
        };
        let mut all: Vec<_> = changes
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let mut emails = texts(&one["principals"], "email");
                emails.sort();
                (
                    one["permissions"][0].as_str().unwrap().to_owned(),
                    emails,
                    one["scope_words"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        all.sort();
        all
    };
    let both = || vec!["grace@example.com".to_owned(), "owner@example.com".to_owned()];
    let expected = [("write:clusters".to_owned(), both(), "the whole account".to_owned())];
    let body = json!({ "name": "Operations alone", "text": BY_DEPARTMENT });
    let dry = world.post("~/policies?dry_run=true").by(&world.owner).json(&body).send().await;
    let dry = dry.expect(StatusCode::OK).json();
    assert_eq!(who(&dry["access"]["lost"]), expected, "{dry:#}");
    let access = &dry["access"];
    assert_eq!(
        (&access["policies"], &access["unasked"], &access["complete"]),
        (&json!(true), &json!(false), &json!(true))
    );
    assert_eq!((&access["gained"], &access["principal_count"]), (&json!([]), &json!(2)));
    world.post("~/policies").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);

    let policy = "~/policies/operations%20alone?dry_run=true";
    let dry = world.delete(policy).by(&world.owner).send().await.expect(StatusCode::OK).json();
    assert_eq!(who(&dry["access"]["gained"]), expected, "{dry:#}");
    let member = format!("~/members/{}?dry_run=true", grace.id);
    let department = json!({ "attributes": { "department": "operations" } });
    let dry =
        world.patch(&member).by(&world.owner).json(&department).send().await.expect(StatusCode::OK).json();
    let alone =
        [("write:clusters".to_owned(), vec!["grace@example.com".to_owned()], "the whole account".to_owned())];
    assert_eq!(who(&dry["access"]["gained"]), alone, "{dry:#}");
    // A grant gives what no policy forbids.
    let role = json!({ "principal": grace.id, "role": "admin" });
    let dry = world.post("~/grants?dry_run=true").by(&world.owner).json(&role).send().await;
    let dry = dry.expect(StatusCode::OK).json();
    let gained = dry["access"]["gained"].as_array().unwrap();
    assert!(!gained.is_empty(), "{dry:#}");
    let forbidden =
        gained.iter().any(|one| one["permissions"].as_array().unwrap().contains(&json!("write:clusters")));
    assert!(!forbidden, "{dry:#}");
    // A forbid of one type says that the rest is not meant.
    let text = "forbid(principal, action == Action::\"write:clusters\", resource is Project);";
    let body = json!({ "name": "Projects", "text": text });
    world.delete("~/policies/operations%20alone").by(&world.owner).send().await;
    let dry = world.post("~/policies?dry_run=true").by(&world.owner).json(&body).send().await;
    let dry = dry.expect(StatusCode::OK).json();
    let lost = &dry["access"]["lost"][0];
    assert_eq!(lost["alone"], true, "{dry:#}");
    assert!(lost["scope_words"].as_str().unwrap().ends_with("alone, without what is in it"), "{lost}");
}
