//! Documents that are wrong: everything that is wrong is told with its place, and nothing is changed.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::apply_by;
use crate::support::World;

fn told(problem: &Value) -> Vec<(String, String)> {
    let errors = problem["errors"].as_array().unwrap();
    let text = |error: &Value, field: &str| error[field].as_str().unwrap().to_owned();
    errors.iter().map(|error| (text(error, "field"), text(error, "code"))).collect()
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let world = World::new("bailiwick").await;
    world.invite_and_accept("grace@example.com", &[]).await;
    let document = json!({
        "version": 1,
        "projects": [{ "name": "One" }, { "name": "ONE" }, { "name": "" }],
        "roles": [
            { "name": "Readers", "level": "account", "permissions": ["read:users", "fly:planes", "swim:seas"] },
            { "name": "admin", "level": "account", "permissions": ["read:users"] },
            { "name": "Empty", "level": "account", "permissions": [] },
        ],
        "members": [{ "member": "nobody@example.com" }, { "member": "grace@example.com", "external_id": "owner@example.com" }],
        "groups": [{ "name": "On call", "external_id": "a b", "members": ["x"] }, { "name": "Two", "members": ["y", "grace@example.com", "grace@example.com"] }],
        "grants": [
            { "role": "viewer" },
            { "member": "grace@example.com", "group": "Two", "role": "viewer" },
            { "member": "grace@example.com", "role": "no such role" },
            { "group": "On call", "role": "Readers" },
            { "group": "None", "role": "viewer", "scope": { "project": "Nowhere" } },
            { "member": "grace@example.com", "role": "viewer", "scope": { "resources": ["c-1", "c-2"] } },
            { "member": "grace@example.com", "role": "viewer", "scope": { "all_of": { "type": "boat" } } },
            { "member": "grace@example.com", "role": "viewer" },
            { "member": "grace@example.com", "role": "viewer" },
        ],
        "invitations": [{ "email": "no address" }, { "email": "a@example.com" }, { "email": "A@example.com" }],
    });
    let revision = world.state().await.revision();
    let problem = apply_by(&world, &world.owner, "", &document).await.problem(422, "invalid_document");
    let expected = [
        ("/projects/1/name", "duplicate"),
        ("/projects/2/name", "invalid_text"),
        ("/roles/0/permissions/1", "unknown_permission"),
        ("/roles/0/permissions/2", "unknown_permission"),
        ("/roles/1", "taken"),
        ("/roles/2", "empty_role"),
        ("/groups/0/external_id", "invalid_text"),
        ("/members/0/member", "not_a_member"),
        ("/members/1/external_id", "email_as_external_id"),
        ("/groups/1/members/0", "not_a_member"),
        ("/groups/1/members/2", "duplicate"),
        ("/grants/0", "one_principal"),
        ("/grants/1", "one_principal"),
        ("/grants/2/role", "not_found"),
        ("/grants/4/group", "not_found"),
        ("/grants/4/scope/project", "not_found"),
        ("/grants/5/scope/resources/0", "not_found"),
        ("/grants/5/scope/resources/1", "not_found"),
        ("/grants/6/scope/all_of/type", "unknown_resource_type"),
        ("/grants/8", "duplicate"),
        ("/invitations/0/email", "invalid_text"),
        ("/invitations/2/email", "duplicate"),
    ];
    // What names a role or group whose own entry is wrong is not told again: `grants[3]` is right by itself.
    let told = told(&problem);
    let told: Vec<(&str, &str)> = told.iter().map(|(field, code)| (field.as_str(), code.as_str())).collect();
    assert_eq!(told, expected, "{problem:#}");
    assert_eq!(world.state().await.revision(), revision);
}

#[tokio::test]
async fn a_loop_of_groups_is_told_by_its_way() {
    let world = World::new("bailiwick").await;
    let document = json!({
        "version": 1,
        "groups": [
            { "name": "A", "members": ["group:B"] },
            { "name": "B", "external_id": "b", "members": ["group:C"] },
            { "name": "C", "members": ["group:a"] },
        ],
    });
    let problem = apply_by(&world, &world.owner, "", &document).await.problem(422, "invalid_document");
    let looped = problem["errors"].as_array().unwrap().iter().find(|error| error["code"] == "group_loop");
    let looped = looped.unwrap_or_else(|| panic!("{problem:#}"));
    assert_eq!(looped["field"], "/groups/2/members/0");
    assert_eq!(looped["message"], "groups would be in each other: A > B > C > A");
    let own = json!({ "version": 1, "groups": [{ "name": "A", "members": ["group:A"] }] });
    let problem = apply_by(&world, &world.owner, "", &own).await.problem(422, "invalid_document");
    assert!(told(&problem).contains(&("/groups/0/members/0".into(), "group_loop".into())), "{problem:#}");
    assert!(!world.state().await.groups_after(None).any(|(_, group)| group.value.name.as_str() == "A"));
}

#[tokio::test]
async fn what_no_document_has_is_refused_before_anything_is_compared() {
    let world = World::new("bailiwick").await;
    let many: Vec<Value> = (0..10_001).map(|number| json!({ "name": format!("g{number}") })).collect();
    for (document, code) in [
        (json!({}), "missing_field"),
        (json!({ "version": 2 }), "invalid_document"),
        (json!({ "version": "1" }), "invalid_type"),
        (json!({ "version": 1, "colours": [] }), "unknown_field"),
        (json!({ "version": 1, "policies": [{ "name": "One" }] }), "missing_field"),
        (
            json!({ "version": 1, "resources": [{ "resource": "c-1", "attributes": { "a": 1.5 } }] }),
            "invalid_value",
        ),
        (json!({ "version": 1, "grants": [{ "roel": "viewer" }] }), "unknown_field"),
        (json!({ "version": 1, "grants": [{ "member": "a" }] }), "missing_field"),
        (
            json!({ "version": 1, "grants": [{ "member": "a", "role": "b", "until": "soon" }] }),
            "invalid_value",
        ),
        (json!({ "version": 1, "groups": many }), "invalid_document"),
    ] {
        apply_by(&world, &world.owner, "", &document).await.problem(422, code);
    }
}

#[tokio::test]
async fn only_so_many_mistakes_are_told() {
    let world = World::new("bailiwick").await;
    let grants: Vec<Value> = (0..150).map(|_| json!({ "group": "None", "role": "viewer" })).collect();
    let document = json!({ "version": 1, "grants": grants });
    let problem = apply_by(&world, &world.owner, "", &document).await.problem(422, "invalid_document");
    let errors = problem["errors"].as_array().unwrap();
    assert_eq!((errors.len(), &errors[100]["message"]), (101, &json!("50 more things are wrong")));
}

#[tokio::test]
async fn the_last_holder_is_kept_whatever_a_document_says() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    let project = json!({ "name": "Search" });
    world.post("~/projects").by(&grace).json(&project).send().await.expect(StatusCode::CREATED);
    let document = json!({ "version": 1, "grants": [
        { "member": "grace@example.com", "role": "admin" },
    ] });
    // The owner prunes: the only admin of the new project is somebody else.
    let problem = apply_by(&world, &world.owner, "?prune=true", &document).await;
    let problem = problem.problem(422, "invalid_document");
    assert_eq!(told(&problem), [("/grants".to_owned(), "last_holder".to_owned())], "{problem:#}");
}

#[tokio::test]
async fn the_last_holder_is_told_at_the_entry_that_would_take_the_role() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    // Who creates a project runs it, here alone.
    let project = json!({ "name": "Search" });
    world.post("~/projects").by(&grace).json(&project).send().await.expect(StatusCode::CREATED);
    let refused = async |query: &str, document: &Value| {
        let problem = apply_by(&world, &world.owner, query, document).await.problem(422, "invalid_document");
        (told(&problem), problem.to_string())
    };
    let last = |field: &str| vec![(field.to_owned(), "last_holder".to_owned())];
    let owner = json!({ "member": "owner@example.com" });
    let both = json!({ "version": 1, "members": [owner, { "member": "grace@example.com" }], "grants": [] });
    let (found, text) = refused("?prune=true", &both).await;
    assert_eq!(found, last("/grants"), "{text}");
    assert!(text.contains("project_admin") && text.contains("is not named here"), "{text}");
    let without = json!({ "version": 1, "members": [owner] });
    let (found, text) = refused("?prune=true", &without).await;
    assert_eq!(found, last("/members"), "{text}");
    assert!(text.contains("grace@example.com"), "{text}");
    let entries = json!([owner, { "member": "grace@example.com", "status": "inactive" }]);
    let (found, text) = refused("", &json!({ "version": 1, "members": entries })).await;
    assert_eq!(found, last("/members/1/status"), "{text}");
    // What a later entry mends is nobody's mistake.
    let mended = json!({ "version": 1, "members": entries,
        "grants": [{ "member": "owner@example.com", "role": "project_admin", "scope": { "project": "Search" } }] });
    apply_by(&world, &world.owner, "", &mended).await.expect(StatusCode::OK);
}
