//! Access documents over HTTP: what they do, what they refuse, and that doing them twice is doing them once.

mod hidden;
mod mistakes;
mod policies;
mod random;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Person, Reply, World};

const APPLY: &str = "~/access:apply";
const EXPORT: &str = "~/access:export";

pub async fn apply_by(world: &World, person: &Person, query: &str, document: &Value) -> Reply {
    world.post(&format!("{APPLY}{query}")).by(person).json(document).send().await
}

pub async fn apply(world: &World, query: &str, document: &Value) -> Value {
    apply_by(world, &world.owner, query, document).await.expect(StatusCode::OK).json()
}

pub async fn export(world: &World) -> Value {
    world.get(EXPORT).by(&world.owner).send().await.expect(StatusCode::OK).json()
}

/// Each step in a few words.
pub fn steps(plan: &Value) -> Vec<String> {
    let steps = plan["steps"].as_array().unwrap_or_else(|| panic!("no steps in {plan}"));
    let text = |step: &Value, field: &str| step[field].as_str().unwrap().to_owned();
    steps
        .iter()
        .map(|step| format!("{} {} {}", text(step, "action"), text(step, "kind"), text(step, "name")))
        .collect()
}

fn notes(plan: &Value) -> Vec<&str> {
    plan["notes"].as_array().unwrap().iter().map(|note| note["message"].as_str().unwrap()).collect()
}

async fn with_a_cluster(world: &World) {
    let resources =
        json!({ "resources": [{ "type": "cluster", "name": "search-eu", "external_id": "c-1" }] });
    world
        .post("~/resources:register")
        .by(&world.owner)
        .json(&resources)
        .send()
        .await
        .expect(StatusCode::CREATED);
}

fn everything() -> Value {
    json!({
        "version": 1,
        "settings": { "invitation_lifetime_seconds": 86_400 },
        "projects": [{ "name": "Search", "description": "All that finds things", "external_id": "p-1" }],
        "roles": [
            { "name": "Cluster reader", "level": "resource", "permissions": ["read:clusters"] },
            { "name": "Auditors", "level": "account", "permissions": ["read:users", "read:roles"] },
        ],
        "members": [{ "member": "grace@example.com", "external_id": "employee-17" }],
        "groups": [{ "name": "On call", "members": ["grace@example.com"] }],
        "service_accounts": [{ "name": "control-plane", "external_id": "cp" }],
        "grants": [
            { "group": "On call", "role": "Cluster reader", "scope": { "resources": ["c-1"] } },
            { "group": "On call", "role": "Cluster reader", "scope": { "all_of": { "type": "cluster", "project": "Search" } } },
            { "service_account": "control-plane", "role": "Auditors", "until": "2027-01-31T12:00:00Z" },
            { "member": "grace@example.com", "role": "project_admin", "scope": { "project": "Search" } },
        ],
        "invitations": [{ "email": "alan@example.com", "grants": [{ "role": "Auditors", "scope": "account" }] }],
    })
}

#[tokio::test]
async fn one_document_makes_all_access_in_one_commit() {
    let world = World::new("bailiwick").await;
    with_a_cluster(&world).await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let before = world.state().await.revision();
    let plan = apply(&world, "", &everything()).await;
    assert_eq!(
        steps(&plan),
        [
            "change settings settings",
            "create project Search",
            "create role Cluster reader",
            "create role Auditors",
            "create service_account control-plane",
            "create group On call",
            "change member grace@example.com",
            "create group_member grace@example.com in On call",
            "create grant On call has Cluster reader on cluster search-eu",
            "create grant On call has Cluster reader on all clusters in project Search",
            "create grant control-plane has Auditors",
            "create grant grace@example.com has project_admin on project Search",
            "create invitation alan@example.com",
        ]
    );
    assert_eq!(world.state().await.revision(), before.next(), "one commit");
    let question = json!({
        "principal": "employee-17", "action": "read:clusters", "resource": { "type": "cluster", "id": "c-1" }
    });
    let answer = world.post("~/access:check").by(&world.owner).json(&question).send().await;
    assert_eq!(answer.expect(StatusCode::OK).json()["allowed"], true);
    // The invitation was mailed like any other, and works.
    let token = world.mailed_token("alan@example.com").await;
    let alan = world.accept(&token, "alan@example.com").await;
    world.get("~/members").by(&alan).send().await.expect(StatusCode::OK);
    world.get("~/members").by(&grace).send().await;

    // Again, it is done already; and so is what an export says.
    for document in [everything(), export(&world).await] {
        for query in ["", "?dry_run=true"] {
            let plan = apply(&world, query, &document).await;
            let plan = plan.get("would").unwrap_or(&plan);
            assert_eq!(steps(plan), Vec::<String>::new(), "{document}");
        }
    }
    let revision = world.state().await.revision();
    let plan = apply(&world, "?prune=true", &export(&world).await).await;
    assert_eq!((steps(&plan).len(), world.state().await.revision()), (0, revision), "{plan}");
}

#[tokio::test]
async fn a_rehearsal_tells_events_and_access_and_changes_nothing() {
    let world = World::new("bailiwick").await;
    with_a_cluster(&world).await;
    world.invite_and_accept("grace@example.com", &[]).await;
    let revision = world.state().await.revision();
    let dry = apply(&world, "?dry_run=true", &everything()).await;
    assert_eq!(dry["would"]["steps"].as_array().unwrap().len(), 13, "{dry}");
    assert_eq!(dry["would"]["steps"][12]["name"], "alan@example.com");
    let events: Vec<&str> =
        dry["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert!(events.contains(&"invitation.sent") && events.contains(&"group.member_added"), "{events:?}");
    let gained = dry["access"]["gained"].as_array().unwrap();
    let mut gaining = gained.iter().flat_map(|one| one["principals"].as_array().unwrap());
    assert!(gaining.any(|one| one["email"] == "grace@example.com"), "{gained:?}");
    assert_eq!(world.state().await.revision(), revision);
    let found = world.get("~/groups?q=On%20call").by(&world.owner).send().await.json();
    assert_eq!(found["items"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn what_is_not_named_stays_unless_it_is_pruned() {
    let world = World::new("bailiwick").await;
    with_a_cluster(&world).await;
    for email in ["grace@example.com", "alan@example.com"] {
        world.invite_and_accept(email, &[]).await;
    }
    let mut document = everything();
    document["groups"][0]["members"] = json!(["grace@example.com", "alan@example.com"]);
    apply(&world, "", &document).await;

    let less = json!({
        "version": 1,
        "projects": [],
        "roles": [{ "name": "Cluster reader", "level": "resource", "permissions": ["read:clusters"] }],
        "groups": [{ "name": "on CALL", "members": ["grace@example.com"] }],
        "service_accounts": [],
        "grants": [{ "group": "On call", "role": "Cluster reader", "scope": { "resources": ["c-1"] } }],
        "invitations": [],
    });
    let plan = apply(&world, "", &less).await;
    assert_eq!(steps(&plan), ["change group On call"], "the name's case, and nothing else");
    let plan = apply(&world, "?prune=true", &less).await;
    let gone = steps(&plan);
    for expected in [
        "delete group_member alan@example.com in on CALL",
        "delete grant on CALL has Cluster reader on all clusters in project Search",
        "delete grant control-plane has Auditors",
        "delete group Admins",
        "delete service_account control-plane",
        "delete role Auditors",
        "delete project Search",
    ] {
        assert!(gone.iter().any(|step| step == expected), "{expected} in {gone:#?}");
    }
    assert!(!gone.iter().any(|step| step.starts_with("delete member")), "members are not named: {gone:#?}");
    assert!(
        notes(&plan).iter().any(|note| note.starts_with("owner@example.com has owner is kept")),
        "{plan}"
    );
    let plan = apply(&world, "?prune=true", &less).await;
    assert_eq!(steps(&plan), Vec::<String>::new());
}

#[tokio::test]
async fn members_are_removed_only_where_they_are_listed_and_never_oneself() {
    let world = World::new("bailiwick").await;
    for email in ["grace@example.com", "alan@example.com"] {
        world.invite_and_accept(email, &[]).await;
    }
    let document =
        json!({ "version": 1, "members": [{ "member": "grace@example.com", "status": "inactive" }] });
    let plan = apply(&world, "", &document).await;
    assert_eq!(steps(&plan), ["change member grace@example.com"]);
    let plan = apply(&world, "?prune=true", &document).await;
    assert_eq!(steps(&plan), ["delete member alan@example.com"]);
    assert_eq!(
        notes(&plan),
        ["owner@example.com is kept: you cannot take yourself out by leaving yourself out"]
    );
    assert_eq!(world.state().await.member_count(), 2);
}

#[tokio::test]
async fn an_invitation_says_what_somebody_has_before_and_after_they_accept() {
    let world = World::new("bailiwick").await;
    let document = json!({
        "version": 1,
        "groups": [{ "name": "On call", "members": ["grace@example.com"] }],
        "grants": [{ "member": "grace@example.com", "role": "viewer" }],
        "invitations": [{ "email": "Grace@Example.com", "grants": [{ "role": "editor" }] }],
    });
    let plan = apply(&world, "", &document).await;
    assert_eq!(steps(&plan), ["create group On call", "create invitation grace@example.com"]);
    assert_eq!(notes(&plan).len(), 2, "group and grant wait for the acceptance: {plan}");
    assert_eq!(steps(&apply(&world, "", &document).await), Vec::<String>::new());
    // Another promise ends the old link.
    let old = world.mailed_token("grace@example.com").await;
    let mut other = document.clone();
    other["invitations"][0]["grants"] = json!([{ "role": "editor", "until": "2027-01-01T00:00:00Z" }]);
    assert_eq!(steps(&apply(&world, "", &other).await), ["change invitation grace@example.com"]);
    let body = json!({ "token": old, "name": "Grace", "password": crate::support::PASSWORD });
    world.post("/links:accept").json(&body).send().await.problem(410, "link_invalid");
    let grace = world.accept(&world.mailed_token("grace@example.com").await, "grace@example.com").await;
    // Now what waited is done, and what was promised is there.
    let plan = apply(&world, "", &other).await;
    let expected =
        ["create group_member grace@example.com in On call", "create grant grace@example.com has viewer"];
    assert_eq!(steps(&plan), expected);
    let pruned = steps(&apply(&world, "?prune=true", &other).await);
    assert!(!pruned.iter().any(|step| step.contains("grace")), "{pruned:?}");
    world.get("~/projects").by(&grace).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn nobody_gives_by_a_document_what_they_do_not_hold() {
    let world = World::new("qdrant-cloud").await;
    let admin = world.invite_and_accept("admin@example.com", &["admin"]).await;
    world.invite_and_accept("grace@example.com", &[]).await;
    let strong = json!({
        "version": 1,
        "roles": [{ "name": "Deleters", "level": "account", "permissions": ["delete:account"] }],
        "groups": [{ "name": "Mine", "members": ["admin@example.com"] }],
        "grants": [
            { "group": "Mine", "role": "Deleters" },
            { "member": "grace@example.com", "role": "owner" },
        ],
    });
    let revision = world.state().await.revision();
    for query in ["?dry_run=true", ""] {
        let problem = apply_by(&world, &admin, query, &strong).await.problem(403, "escalation");
        let fields: Vec<&str> =
            problem["errors"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
        assert_eq!(fields, ["/roles/0", "/grants/1"], "{problem}");
    }
    let types = world.event_types().await;
    assert_eq!(types.last().map(String::as_str), Some("request.refused"), "it is on the record");
    assert_eq!(world.state().await.revision(), revision.next(), "and nothing else has changed");
    // Their own role, made stronger and then used in the same document.
    let role = json!({ "name": "Editors", "level": "account", "permissions": ["read:users"] });
    world.post("~/roles").by(&world.owner).json(&role).send().await.expect(StatusCode::CREATED);
    let own = json!({ "principal": admin.id, "role": "editors" });
    world.post("~/grants").by(&world.owner).json(&own).send().await.expect(StatusCode::CREATED);
    let raised = json!({
        "version": 1,
        "roles": [{ "name": "Editors", "level": "account", "permissions": ["read:users", "delete:account"] }],
    });
    apply_by(&world, &admin, "", &raised).await.problem(403, "escalation");
}

#[tokio::test]
async fn who_may_not_see_everything_neither_exports_nor_applies() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    world.get(EXPORT).by(&grace).send().await.problem(403, "permission_denied");
    let document = json!({ "version": 1 });
    apply_by(&world, &grace, "", &document).await.problem(403, "permission_denied");
    let (stranger, _) = world.stranger().await;
    world.get(EXPORT).by(&stranger).send().await.problem(404, "not_found");
    apply_by(&world, &stranger, "", &document).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_machine_applies_documents_but_invites_nobody() {
    let world = World::new("bailiwick").await;
    let machine = world.machine("deployer", &["admin"]).await;
    let document = json!({ "version": 1, "groups": [{ "name": "On call" }], "service_accounts": [], "grants": [
        { "member": "owner@example.com", "role": "owner" },
        { "member": "owner@example.com", "role": "project_admin", "scope": { "project": "default" } },
    ] });
    let reply = apply_by(&world, &machine, "?prune=true", &document).await.expect(StatusCode::OK).json();
    let kept = notes(&reply);
    assert!(kept.contains(&"deployer is kept: it is yourself"), "{reply}");
    assert!(kept.contains(&"deployer has admin is kept: it is your own access"), "{reply}");
    let document = json!({ "version": 1, "invitations": [{ "email": "grace@example.com" }] });
    apply_by(&world, &machine, "", &document).await.problem(403, "people_only");
    let user = world.service.store().user_by_email("grace@example.com").await.unwrap();
    assert!(user.is_none(), "nobody was made for an invitation that was refused");
}

#[tokio::test]
async fn an_account_that_changed_since_it_was_read_is_left_alone() {
    let world = World::new("bailiwick").await;
    let revision = world.state().await.revision().to_string();
    let document = json!({ "version": 1, "groups": [{ "name": "On call" }] });
    let ask = |tag: &str| world.post(APPLY).by(&world.owner).header("if-match", tag).json(&document);
    let stale = format!("\"{}\"", revision.parse::<u64>().unwrap() - 1);
    ask(&stale).send().await.problem(412, "stale_revision");
    ask(&format!("\"{revision}\"")).send().await.expect(StatusCode::OK);
    ask(&format!("\"{revision}\"")).send().await.problem(412, "stale_revision");
}

#[tokio::test]
async fn the_same_key_gives_the_same_plan_again() {
    let world = World::new("bailiwick").await;
    let document = json!({ "version": 1, "invitations": [{ "email": "grace@example.com" }] });
    let ask = || world.post(APPLY).by(&world.owner).header("idempotency-key", "k-1").json(&document);
    let first = ask().send().await.expect(StatusCode::OK);
    let second = ask().send().await.expect(StatusCode::OK);
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(first.json(), second.json());
    assert_eq!(steps(&first.json()), ["create invitation grace@example.com"]);
}

#[tokio::test]
async fn the_last_holder_is_replaced_by_one_document() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    world.invite_and_accept("alan@example.com", &[]).await;
    let project = json!({ "name": "Search" });
    world.post("~/projects").by(&grace).json(&project).send().await.expect(StatusCode::CREATED);
    let mut document = export(&world).await;
    let grants = document["grants"].as_array_mut().unwrap();
    let hers = grants.iter_mut().find(|grant| grant["scope"]["project"] == "Search").unwrap();
    hers["member"] = json!("alan@example.com");
    let plan = apply(&world, "?prune=true", &document).await;
    let expected = [
        "create grant alan@example.com has project_admin on project Search",
        "delete grant grace@example.com has project_admin on project Search",
    ];
    assert_eq!(steps(&plan), expected);
}

#[tokio::test]
async fn groups_in_groups_are_made_exported_and_pruned() {
    let world = World::new("bailiwick").await;
    world.invite_and_accept("grace@example.com", &[]).await;
    let document = json!({ "version": 1, "groups": [
        { "name": "All", "members": ["group:Search team"] },
        { "name": "Search team", "members": ["grace@example.com"] },
    ] });
    let plan = apply(&world, "", &document).await;
    assert!(steps(&plan).contains(&"create group_member Search team in All".to_owned()), "{plan}");
    let exported = export(&world).await;
    let groups = exported["groups"].as_array().unwrap();
    let all = groups.iter().find(|group| group["name"] == "All").unwrap();
    assert_eq!(all["members"], json!(["group:Search team"]));
    assert_eq!(steps(&apply(&world, "?prune=true", &exported).await), Vec::<String>::new());
    let emptied = json!({ "version": 1, "groups": [{ "name": "All", "members": [] }] });
    let plan = apply(&world, "?prune=true&dry_run=true", &emptied).await;
    let gone = steps(&plan["would"]);
    assert_eq!(gone.first().map(String::as_str), Some("delete group_member Search team in All"), "{gone:?}");
}
