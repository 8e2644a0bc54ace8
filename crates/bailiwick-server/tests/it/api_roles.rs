//! Roles over HTTP.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Person, World};

/// Creates a custom role as the owner and gives its id.
async fn role(world: &World, name: &str, level: &str, permissions: &[&str]) -> String {
    let body = json!({ "name": name, "level": level, "permissions": permissions });
    let reply = world.post("~/roles").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    reply.json()["id"].as_str().unwrap().to_owned()
}

async fn grant(world: &World, principal: &Person, role: &str) -> Value {
    let body = json!({ "principal": principal.id, "role": role });
    world.post("~/grants").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED).json()
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn q09_built_in_roles_are_owner_admin_and_base_and_nobody_changes_them() {
    let world = World::new("qdrant-cloud").await;
    let list = world.get("~/roles").by(&world.owner).send().await.expect(StatusCode::OK).json();
    assert_eq!(names(&list), ["Owner", "Admin", "Base"]);
    assert_eq!(list["items"][0]["holders"], 1);
    assert_eq!(list["complete"], true);
    for built_in in ["owner", "admin", "base"] {
        let path = format!("~/roles/{built_in}");
        let edit = json!({ "permissions": ["read:profile"] });
        world.patch(&path).by(&world.owner).json(&edit).send().await.problem(409, "built_in_role");
        world.delete(&path).by(&world.owner).send().await.problem(409, "built_in_role");
    }
    let admin = world.get("~/roles/admin").by(&world.owner).send().await.json();
    let held: Vec<&str> =
        admin["permissions"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let catalog = world.get("/catalog").by(&world.owner).send().await.json();
    let all = catalog["permissions"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap());
    let missing: Vec<&str> = all.filter(|name| !held.contains(name)).collect();
    assert_eq!(missing, ["write:account", "delete:account"]);
    // Exactly one owner: nobody becomes a second one by a grant.
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let second = json!({ "principal": grace.id, "role": "owner" });
    world.post("~/grants").by(&world.owner).json(&second).send().await.problem(409, "handed_over_only");
}

#[tokio::test]
async fn q10_custom_roles_are_created_edited_duplicated_and_deleted() {
    let world = World::new("qdrant-cloud").await;
    let body = json!({
        "name": "Operators", "description": "Run clusters.", "level": "account",
        "permissions": ["write:clusters"], "external_id": "ops",
    });
    let made = world.post("~/roles").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert!(made.header("location").ends_with(&format!("/roles/{id}")), "{}", made.header("location"));
    let tag = made.header("etag").to_owned();

    for reference in [id.as_str(), "ops", "operators"] {
        let shown = world.get(&format!("~/roles/{reference}")).by(&world.owner).send().await;
        assert_eq!(shown.expect(StatusCode::OK).json(), made.json(), "{reference}");
    }
    let edit = json!({ "name": "Operations", "description": "", "external_id": null });
    let path = format!("~/roles/{id}");
    let edited = world.patch(&path).by(&world.owner).header("if-match", &tag).json(&edit).send().await;
    let edited = edited.expect(StatusCode::OK).json();
    assert_eq!(edited["name"], "Operations");
    assert_eq!(edited.get("external_id"), None);
    let stale =
        world.patch(&path).by(&world.owner).header("if-match", &tag).json(&json!({ "name": "Other" }));
    stale.send().await.problem(412, "stale_revision");

    let copy = json!({ "name": "operations" });
    let copying = format!("~/roles/{id}:duplicate");
    world.post(&copying).by(&world.owner).json(&copy).send().await.problem(409, "taken");
    let copy = world.post(&copying).by(&world.owner).json(&json!({ "name": "Night shift" })).send().await;
    let copy = copy.expect(StatusCode::CREATED);
    assert_eq!(copy.json()["permissions"], edited["permissions"]);
    assert_eq!(copy.json()["built_in"], false);
    let copy_id = copy.json()["id"].as_str().unwrap().to_owned();
    assert!(copy.header("location").ends_with(&format!("/roles/{copy_id}")), "{}", copy.header("location"));

    let list = world.get("~/roles?built_in=false").by(&world.owner).send().await.json();
    assert_eq!(names(&list), ["Operations", "Night shift"]);
    world.delete(&path).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    world.get(&path).by(&world.owner).send().await.problem(404, "not_found");
    let types = world.event_types().await;
    assert_eq!(
        types.iter().filter(|name| name.starts_with("role.")).collect::<Vec<_>>(),
        ["role.created", "role.edited", "role.created", "role.deleted",]
    );
}

#[tokio::test]
async fn q10_a_role_has_a_name_of_4_to_64_characters_and_a_permission() {
    let world = World::new("qdrant-cloud").await;
    let with = |name: &str, permissions: Value| json!({ "name": name, "level": "account", "permissions": permissions });
    let one = json!(["read:clusters"]);
    for (body, status, code, field) in [
        (with("abc", one.clone()), 422, "invalid_text", "/name"),
        (with(&"x".repeat(65), one.clone()), 422, "invalid_text", "/name"),
        (with("a\r\nBcc: x", one.clone()), 422, "invalid_text", "/name"),
        (with("admin", one.clone()), 409, "taken", ""),
        (with("Nobody", json!([])), 422, "empty_role", ""),
        (with("Nobody", json!(["fly:clusters"])), 422, "unknown_permission", ""),
        (with("Nobody", json!(["*"])), 422, "unknown_permission", ""),
    ] {
        let problem = world.post("~/roles").by(&world.owner).json(&body).send().await.problem(status, code);
        if !field.is_empty() {
            assert_eq!(problem["errors"][0]["field"], field, "{body}");
        }
    }
    assert_eq!(world.state().await.roles_after(None).count(), 0);
}

#[tokio::test]
async fn q11_writing_brings_reading_with_it_whatever_the_client_ticked() {
    let world = World::new("qdrant-cloud").await;
    let id = role(&world, "Writers", "account", &["write:clusters"]).await;
    let shown = world.get(&format!("~/roles/{id}")).by(&world.owner).send().await.json();
    assert_eq!(shown["permissions"], json!(["read:clusters", "write:clusters"]));
    let edit = json!({ "permissions": ["write:backups"] });
    let edited = world.patch(&format!("~/roles/{id}")).by(&world.owner).json(&edit).send().await.json();
    assert_eq!(edited["permissions"], json!(["read:backups", "write:backups"]));
}

#[tokio::test]
async fn q12_the_catalog_lists_every_permission_with_its_section_and_description() {
    let world = World::new("qdrant-cloud").await;
    let catalog = world.get("/catalog").by(&world.owner).send().await.expect(StatusCode::OK).json();
    let sections: Vec<&Value> =
        catalog["sections"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    let permissions = catalog["permissions"].as_array().unwrap();
    let listed = [
        (
            "identity_and_access_management",
            "read:roles write:roles delete:roles read:management_keys write:management_keys delete:management_keys \
             read:invites write:invites delete:invites read:users delete:users",
        ),
        ("cluster_api_keys", "read:api_keys write:api_keys delete:api_keys"),
        ("cluster_backups", "read:backups write:backups delete:backups restore:backups"),
        ("cluster_clusters", "read:clusters write:clusters delete:clusters"),
        ("cluster_data", "read:cluster_data write:cluster_data"),
        ("cluster_backup_schedules", "read:backup_schedules write:backup_schedules delete:backup_schedules"),
        (
            "hybrid_cloud",
            "read:hybrid_cloud_environments write:hybrid_cloud_environments delete:hybrid_cloud_environments",
        ),
        ("payment_and_billing", "read:payment_information write:payment_information"),
        ("account_management", "read:account write:account delete:account"),
        ("profile", "read:profile"),
    ];
    let found: Vec<(&str, String)> = sections
        .iter()
        .map(|section| {
            let of = permissions.iter().filter(|one| one["section"] == **section);
            let names: Vec<&str> = of.map(|one| one["name"].as_str().unwrap()).collect();
            (section.as_str().unwrap(), names.join(" "))
        })
        .collect();
    assert_eq!(found, listed.map(|(section, names)| (section, names.to_owned())));
    let api_only: Vec<&Value> = permissions.iter().filter(|one| one["api_only"] == true).collect();
    assert_eq!(api_only.iter().map(|one| &one["name"]).collect::<Vec<_>>(), ["restore:backups"]);
    let mut descriptions = std::collections::BTreeSet::new();
    for permission in permissions {
        assert!(descriptions.insert(permission["description"].as_str().unwrap()), "{permission}");
        assert!(!permission["description"].as_str().unwrap().is_empty(), "{permission}");
    }
    let write = permissions.iter().find(|one| one["name"] == "write:clusters").unwrap();
    assert_eq!(write["implies"], json!(["read:clusters"]));
    assert_eq!(catalog["operations"]["write_groups"], "write:roles");
    world.get("/catalog").send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn an_external_id_with_a_colon_is_not_taken_for_an_action() {
    let world = World::new("bailiwick").await;
    let body = json!({
        "name": "Operators", "level": "account", "permissions": ["read:clusters"], "external_id": "ops:duplicate",
    });
    world.post("~/roles").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    // The client encodes the colon of an id and leaves that of the action.
    let shown = world.get("~/roles/ops%3Aduplicate").by(&world.owner).send().await.expect(StatusCode::OK);
    assert_eq!(shown.json()["external_id"], "ops:duplicate");
    let copy = json!({ "name": "Copied" });
    let made = world.post("~/roles/ops%3Aduplicate:duplicate").by(&world.owner).json(&copy).send().await;
    assert_eq!(made.expect(StatusCode::CREATED).json()["name"], "Copied");
    let encoded = world.post("~/roles/ops%3Aduplicate").by(&world.owner).json(&copy).send().await;
    encoded.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn a_role_in_use_is_deleted_only_with_a_role_in_its_place() {
    let world = World::new("qdrant-cloud").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let old = role(&world, "Old role", "account", &["read:clusters"]).await;
    let new = role(&world, "New role", "account", &["read:backups"]).await;
    grant(&world, &grace, &old).await;
    let before = world.state().await.revision();
    let problem =
        world.delete(&format!("~/roles/{old}")).by(&world.owner).send().await.problem(409, "role_in_use");
    assert!(problem["hint"].as_str().unwrap().contains("reassign_to"), "{problem}");
    assert!(world.state().await.role(old.parse().unwrap()).is_some());
    assert!(world.state().await.revision() > before, "the refusal is recorded");

    let nowhere = format!("~/roles/{old}?reassign_to=nosuchrole");
    let problem = world.delete(&nowhere).by(&world.owner).send().await.problem(404, "not_found");
    assert_eq!(problem["errors"][0]["field"], "?reassign_to");

    let path = format!("~/roles/{old}?reassign_to={new}");
    let dry =
        world.delete(&format!("{path}&dry_run=true")).by(&world.owner).send().await.expect(StatusCode::OK);
    assert_eq!(dry.json()["access"]["gained"][0]["permissions"], json!(["read:backups"]));
    assert_eq!(dry.json()["access"]["lost"][0]["permissions"], json!(["read:clusters"]));
    assert!(world.state().await.role(old.parse().unwrap()).is_some());

    world.delete(&path).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    let held = world.get(&format!("~/roles/{new}")).by(&world.owner).send().await.json();
    assert_eq!(held["holders"], 1);
}

#[tokio::test]
async fn nobody_makes_a_role_of_what_they_do_not_hold() {
    let world = World::new("qdrant-cloud").await;
    let admin = world.invite_and_accept("admin@example.com", &["admin"]).await;
    let body = json!({ "name": "Deleters", "level": "account", "permissions": ["delete:account"] });
    let problem = world.post("~/roles").by(&admin).json(&body).send().await.problem(403, "escalation");
    assert!(problem["detail"].as_str().unwrap().contains("`delete:account`"), "{problem}");
    let copy = json!({ "name": "Owner too" });
    world.post("~/roles/owner:duplicate").by(&admin).json(&copy).send().await.problem(403, "escalation");
    let member = world.invite_and_accept("member@example.com", &[]).await;
    world.get("~/roles").by(&member).send().await.problem(403, "permission_denied");
    let (stranger, _) = world.stranger().await;
    world.get("~/roles").by(&stranger).send().await.problem(404, "not_found");
    world.post("~/roles").by(&stranger).json(&body).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn what_is_above_somebody_stays_above_them() {
    let world = World::new("bailiwick").await;
    let admin = world.invite_and_accept("admin@example.com", &["admin"]).await;
    let id = role(&world, "Closers", "account", &["read:account", "delete:account"]).await;
    let closer = world.invite_and_accept("closer@example.com", &[&id]).await;
    let path = format!("~/roles/{id}");
    let edit = json!({ "permissions": ["read:account"] });
    let problem = world.patch(&path).by(&admin).json(&edit).send().await.problem(403, "above_you");
    assert_eq!(
        problem["detail"],
        "the role `Closers` is above what you hold at `account`: you lack `delete:account`"
    );
    world.delete(&format!("{path}?reassign_to=viewer")).by(&admin).send().await.problem(403, "above_you");
    let off = json!({ "status": "inactive" });
    let member = format!("~/members/{}", closer.id);
    world.patch(&member).by(&admin).json(&off).send().await.problem(403, "above_you");
    let grants = world.get(&format!("~/grants?principal={}", closer.id)).by(&world.owner).send().await.json();
    let grant = format!("~/grants/{}", grants["items"][0]["id"].as_str().unwrap());
    world.delete(&grant).by(&admin).send().await.problem(403, "above_you");
    world.delete(&grant).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    world.patch(&path).by(&world.owner).json(&edit).send().await.expect(StatusCode::OK);
    // Who may not look is told neither what somebody holds nor where.
    let id = role(&world, "Removers", "account", &["read:account", "delete:users"]).await;
    let remover = world.invite_and_accept("remover@example.com", &[&id]).await;
    let theirs = format!("~/members/{}?confirm_email=admin@example.com", admin.id);
    let problem = world.delete(&theirs).by(&remover).send().await.problem(403, "above_you");
    assert_eq!(
        problem["detail"],
        "this is above what you hold at `account`: you lack what you may not look at"
    );
    // Nothing is above anybody once it carries nothing that they lack.
    world.patch(&path).by(&admin).json(&json!({ "name": "Readers" })).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn pages_of_roles_join_the_built_in_and_the_custom_ones() {
    let world = World::new("qdrant-cloud").await;
    for n in 0..4 {
        role(&world, &format!("Role {n}"), "account", &["read:clusters"]).await;
    }
    let mut seen = Vec::new();
    let mut path = "~/roles?limit=2".to_owned();
    loop {
        let page = world.get(&path).by(&world.owner).send().await.expect(StatusCode::OK).json();
        seen.extend(names(&page).into_iter().map(str::to_owned));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("~/roles?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ["Owner", "Admin", "Base", "Role 0", "Role 1", "Role 2", "Role 3"]);
    let found = world.get("~/roles?q=ROLE%202").by(&world.owner).send().await.json();
    assert_eq!(names(&found), ["Role 2"]);
}
