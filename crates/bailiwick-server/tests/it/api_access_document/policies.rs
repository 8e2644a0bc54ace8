//! Policies, attributes and what else a document says beside roles: done twice is done once, and no way around a rule.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{apply, apply_by, export, notes, steps, with_a_cluster};
use crate::support::World;

const FORBID: &str = "forbid (\n  principal,\n  action == Action::\"delete:clusters\",\n  resource is Cluster\n)\nwhen { resource has environment && resource.environment == \"production\" };\n";

fn everything() -> Value {
    json!({
        "version": 1,
        "settings": { "ending_notice_seconds": 3600 },
        "members": [{
            "member": "grace@example.com", "until": "2027-01-31T12:00:00Z",
            "attributes": { "department": "search", "clearance": 3, "contractor": false, "regions": ["us", "eu", "us"] },
        }],
        "resources": [{ "resource": "c-1", "attributes": { "environment": "production" } }],
        "groups": [{ "name": "On call" }],
        "service_accounts": [{ "name": "gateway", "may_assert": ["subject.department", "context.ip"] }],
        "invitations": [{
            "email": "alan@example.com", "groups": ["On call"], "member_until": "2027-06-30T12:00:00Z",
            "attributes": { "department": "research" }, "grants": [{ "role": "viewer" }],
        }],
        "policies": [
            { "name": "Production", "description": "Nobody deletes it", "text": FORBID },
            { "name": "Later", "enabled": false, "text": "permit(principal, action, resource is Project);" },
        ],
    })
}

#[tokio::test]
async fn a_document_says_attributes_ends_assertions_and_policies() {
    let world = World::new("bailiwick").await;
    with_a_cluster(&world).await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let dry = apply(&world, "?dry_run=true", &everything()).await;
    assert_eq!(dry["access"]["policies"], true, "{dry}");
    let lost = dry["access"]["lost"].as_array().unwrap();
    assert!(lost.iter().any(|one| one["permissions"] == json!(["delete:clusters"])), "{lost:?}");
    let plan = apply(&world, "", &everything()).await;
    let expected = [
        "change settings settings",
        "create service_account gateway",
        "change service_account gateway",
        "create group On call",
        "change member grace@example.com",
        "change member grace@example.com",
        "change resource cluster search-eu",
        "create invitation alan@example.com",
        "create policy Production",
        "create policy Later",
    ];
    assert_eq!(steps(&plan), expected);
    let member = world.get(&format!("~/members/{}", grace.id)).by(&world.owner).send().await.json();
    let said =
        json!({ "department": "search", "clearance": 3, "contractor": false, "regions": ["eu", "us"] });
    assert_eq!(
        (&member["attributes"], &member["until"]),
        (&said, &json!("2027-01-31T12:00:00Z")),
        "{member}"
    );
    let question = json!({
        "principal": "owner@example.com", "action": "delete:clusters", "resource": { "type": "cluster", "id": "c-1" },
    });
    let answer = world.post("~/access:check").by(&world.owner).json(&question).send().await;
    assert_eq!(answer.expect(StatusCode::OK).json()["allowed"], false);

    let revision = world.state().await.revision();
    let exported = export(&world).await;
    assert_eq!(exported["policies"][1]["text"], FORBID, "{exported:#}");
    assert_eq!(exported["invitations"][0]["groups"], json!(["On call"]), "{exported:#}");
    for document in [&everything(), &exported] {
        for query in ["", "?dry_run=true"] {
            let plan = apply(&world, query, document).await;
            assert_eq!(steps(plan.get("would").unwrap_or(&plan)), Vec::<String>::new(), "{document:#}");
        }
    }
    assert_eq!(steps(&apply(&world, "?prune=true", &exported).await), Vec::<String>::new());
    assert_eq!(world.state().await.revision(), revision);

    // What an invitation promises is there after the acceptance, and is seen to.
    let alan = world.accept(&world.mailed_token("alan@example.com").await, "alan@example.com").await;
    assert_eq!(steps(&apply(&world, "", &everything()).await), Vec::<String>::new());
    let gone = json!({ "attributes": { "department": null } });
    world
        .patch(&format!("~/members/{}", alan.id))
        .by(&world.owner)
        .json(&gone)
        .send()
        .await
        .expect(StatusCode::OK);
    assert_eq!(steps(&apply(&world, "", &everything()).await), ["change member alan@example.com"]);

    // Another text, another state, and what is not named goes.
    let other = json!({ "version": 1, "policies": [
        { "name": "production", "enabled": false, "text": "forbid(principal, action, resource is Cluster);" },
    ] });
    assert_eq!(steps(&apply(&world, "", &other).await), ["change policy Production"]);
    assert_eq!(steps(&apply(&world, "?prune=true", &other).await), ["delete policy Later"]);
    let less = json!({ "version": 1, "members": [{ "member": "grace@example.com", "until": null, "attributes": {} }] });
    assert_eq!(steps(&apply(&world, "", &less).await).len(), 2);
    let member = world.get(&format!("~/members/{}", grace.id)).by(&world.owner).send().await.json();
    assert!(member.get("until").is_none() && member.get("attributes").is_none(), "{member}");
}

#[tokio::test]
async fn a_promise_changes_only_in_what_the_document_names() {
    let world = World::new("bailiwick").await;
    apply(&world, "", &everything_of_alan()).await;
    let more = json!({ "version": 1, "invitations": [{ "email": "alan@example.com", "grants": [{ "role": "editor" }] }] });
    assert_eq!(steps(&apply(&world, "", &more).await), ["change invitation alan@example.com"]);
    let exported = export(&world).await;
    let alan = &exported["invitations"][0];
    assert_eq!(alan["attributes"], json!({ "department": "research" }), "{alan}");
    assert_eq!(
        (&alan["groups"], &alan["member_until"]),
        (&json!(["On call"]), &json!("2027-06-30T12:00:00Z"))
    );
}

fn everything_of_alan() -> Value {
    let Value::Object(all) = everything() else { panic!() };
    let kept =
        all.into_iter().filter(|(key, _)| ["version", "groups", "invitations"].contains(&key.as_str()));
    Value::Object(kept.collect())
}

async fn refused(world: &World, document: &Value) -> Vec<(String, String, String)> {
    let revision = world.state().await.revision();
    let problem = apply_by(world, &world.owner, "", document).await.problem(422, "invalid_document");
    assert_eq!(world.state().await.revision(), revision, "nothing was changed");
    let errors = problem["errors"].as_array().unwrap();
    let text = |error: &Value, field: &str| error[field].as_str().unwrap().to_owned();
    errors.iter().map(|error| (text(error, "field"), text(error, "code"), text(error, "message"))).collect()
}

#[tokio::test]
async fn each_mistake_about_policies_and_attributes_is_told_with_its_place() {
    let world = World::new("bailiwick").await;
    with_a_cluster(&world).await;
    world.invite_and_accept("grace@example.com", &[]).await;
    let long = format!("// {}\n{FORBID}", "x".repeat(16 * 1024));
    let told = refused(&world, &json!({
        "version": 1,
        "members": [{ "member": "grace@example.com", "attributes": {
            "departement": "search", "clearance": "three", "a/b": 1, "regions": "eu",
        } }],
        "resources": [
            { "resource": "c-1", "attributes": { "environment": "prod" } },
            { "resource": "c-1", "attributes": {} },
            { "resource": "c-2", "attributes": {} },
        ],
        "service_accounts": [{ "name": "gateway", "may_assert": ["subject.shoe_size"] }],
        "invitations": [{ "email": "alan@example.com", "name": "\u{1}", "groups": ["None"] }],
        "policies": [
            { "name": "Syntax", "text": "forbid(principal,\n  acton, resource);" },
            { "name": "Type", "text": "forbid(principal is User, action, resource)\nwhen { principal.departement == \"x\" };" },
            { "name": "Long", "text": long },
            { "name": "SYNTAX", "text": FORBID },
            { "name": "Nowhere", "text": "forbid(principal in Group::\"On call\", action, resource);" },
        ],
    })).await;
    let places: Vec<(&str, &str)> =
        told.iter().map(|(field, code, _)| (field.as_str(), code.as_str())).collect();
    let expected = [
        ("/service_accounts/0/may_assert", "unknown_attribute"),
        ("/members/0/attributes/a~1b", "unknown_attribute"),
        ("/members/0/attributes/clearance", "wrong_attribute"),
        ("/members/0/attributes/departement", "unknown_attribute"),
        ("/members/0/attributes/regions", "wrong_attribute"),
        ("/resources/0/attributes/environment", "wrong_attribute"),
        ("/resources/1", "duplicate"),
        ("/resources/2/resource", "not_found"),
        ("/invitations/0/name", "invalid_text"),
        ("/policies/0/text", "invalid_policy"),
        ("/policies/1/text", "invalid_policy"),
        ("/policies/2/text", "invalid_policy"),
        ("/policies/3/name", "duplicate"),
        ("/policies/4/text", "invalid_policy"),
    ];
    assert_eq!(places, expected, "{told:#?}");
    let message = |place: usize| {
        told[places.iter().position(|(field, _)| *field == format!("/policies/{place}/text")).unwrap()]
            .2
            .as_str()
    };
    assert!(message(0).starts_with("line 2, column 3: "), "{}", message(0));
    assert!(message(1).starts_with("line 2, column 8: "), "{}", message(1));
    assert!(message(2).contains("bytes") && message(2).contains("at most 16384 bytes"), "{}", message(2));
    assert!(message(4).contains("there is no `Group::\"On call\"`"), "{}", message(4));
}

#[tokio::test]
async fn more_policies_than_an_account_takes_are_refused_and_none_is_made() {
    let world = World::new("bailiwick").await;
    let policy = |number| json!({ "name": format!("p{number}"), "text": "permit(principal, action, resource is Project);" });
    let policies: Vec<Value> = (0..=1_000).map(policy).collect();
    let told = refused(&world, &json!({ "version": 1, "policies": policies })).await;
    assert_eq!((told.len(), told[0].0.as_str(), told[0].1.as_str()), (1, "/policies/1000", "limit_reached"));
    assert_eq!(world.state().await.policy_count(), 0);
}

#[tokio::test]
async fn a_catalog_without_policies_takes_none() {
    let world = World::new("zilliz-cloud").await;
    let document = json!({ "version": 1, "policies": [{ "name": "One", "text": "permit(principal, action, resource);" }] });
    let told = refused(&world, &document).await;
    assert_eq!((told[0].0.as_str(), told[0].1.as_str()), ("/policies/0", "no_policies"));
}

#[tokio::test]
async fn what_the_catalog_asks_of_an_invitation_it_asks_of_a_document_too() {
    let world = World::new("victoriametrics-cloud").await;
    let mut document = json!({ "version": 1, "invitations": [
        { "email": "grace@example.com", "grants": [{ "role": "editor" }] },
    ] });
    let told = refused(&world, &document).await;
    assert_eq!((told[0].0.as_str(), told[0].1.as_str()), ("/invitations/0", "invitation_incomplete"));
    assert!(world.service.store().user_by_email("grace@example.com").await.unwrap().is_none());
    document["invitations"][0]["name"] = json!("Grace");
    document["invitations"][0]["grants"] = json!([]);
    assert!(!refused(&world, &document).await.is_empty(), "nor without a role");
    document["invitations"][0]["grants"] = json!([{ "role": "editor" }]);
    assert_eq!(steps(&apply(&world, "", &document).await), ["create invitation grace@example.com"]);
    let exported = export(&world).await;
    assert_eq!(exported["invitations"][0]["name"], "Grace", "so that it can be applied again");
    assert_eq!(steps(&apply(&world, "?prune=true", &exported).await), Vec::<String>::new());
}

#[tokio::test]
async fn no_document_moves_more_by_policies_than_its_author_holds() {
    let world = World::new("bailiwick").await;
    with_a_cluster(&world).await;
    let policy = json!({ "name": "Bound", "text": "forbid(principal is User, action == Action::\"write:clusters\", resource is Cluster) unless { principal has department && principal.department == \"operations\" };" });
    let role = json!({
        "name": "Policy makers", "level": "account",
        "permissions": ["read:account", "read:users", "write:users", "read:roles", "read:invites", "read:management_keys",
            "read:policies", "write:policies", "delete:policies", "write:clusters"],
    });
    apply(&world, "", &json!({ "version": 1, "roles": [role], "policies": [policy] })).await;
    let mallory = world.invite_and_accept("mallory@example.com", &["Policy makers"]).await;
    let revision = async || world.state().await.policies_after(None).count();
    let permit =
        |action: &str| format!("permit(principal, action == Action::\"{action}\", resource is Cluster);");
    for (what, document) in [
        (
            "a permit of what they lack",
            json!({ "version": 1, "policies": [{ "name": "More", "text": permit("delete:clusters") }] }),
        ),
        (
            "lifting what binds them",
            json!({ "version": 1, "policies": [{ "name": "Bound", "enabled": false, "text": policy["text"] }] }),
        ),
        (
            "an attribute of their own",
            json!({ "version": 1, "members": [{ "member": "mallory@example.com", "attributes": { "department": "operations" } }] }),
        ),
        (
            "one after the other",
            json!({
                "version": 1,
                "members": [{ "member": "mallory@example.com", "attributes": { "department": "operations" } }],
                "policies": [{ "name": "Bound", "enabled": false, "text": policy["text"] }],
            }),
        ),
    ] {
        let before = revision().await;
        let reply = apply_by(&world, &mallory, "", &document).await;
        assert!(reply.status == StatusCode::FORBIDDEN, "{what}: {:?}", reply.json());
        assert_eq!(revision().await, before);
    }
    let prune = json!({ "version": 1, "policies": [] });
    let reply = apply_by(&world, &mallory, "?prune=true", &prune).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN, "pruning lifts what binds them: {:?}", reply.json());
    // Who may not see policies neither exports them nor says any.
    let seeing = ["read:account", "read:users", "read:roles", "read:invites", "read:management_keys"];
    let role = json!({ "name": "Seeing", "level": "account", "permissions": seeing });
    world.post("~/roles").by(&world.owner).json(&role).send().await.expect(StatusCode::CREATED);
    let grace = world.invite_and_accept("grace@example.com", &["Seeing"]).await;
    world.get(super::EXPORT).by(&grace).send().await.problem(403, "permission_denied");
    apply_by(&world, &grace, "", &prune).await.problem(403, "permission_denied");
    let plan = apply_by(&world, &grace, "", &json!({ "version": 1, "groups": [] })).await;
    assert!(notes(&plan.expect(StatusCode::OK).json()).is_empty());
}
