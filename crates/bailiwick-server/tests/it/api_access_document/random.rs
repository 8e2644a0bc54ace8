//! Random documents over random accounts: done twice is done once, and an export says what is.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{apply, export, steps, with_a_cluster};
use crate::support::World;

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    fn some<'a>(&mut self, of: &[&'a str]) -> Vec<&'a str> {
        of.iter().copied().filter(|_| self.below(2) == 0).collect()
    }
}

const PEOPLE: [&str; 3] = ["grace@example.com", "alan@example.com", "edsger@example.com"];
const GROUPS: [&str; 3] = ["On call", "Search team", "yes"];
const PROJECTS: [&str; 2] = ["Search", "null"];
const MACHINES: [&str; 2] = ["control-plane", "Ωmega 3"];

fn document(dice: &mut Dice) -> Value {
    let named = |names: Vec<&str>, dice: &mut Dice| -> Vec<Value> {
        let entry = |name: &str| match dice.below(3) {
            0 => {
                json!({ "name": name, "description": "What it is for", "external_id": format!("x-{}", name.len()) })
            }
            1 => json!({ "name": name, "description": "" }),
            _ => json!({ "name": name }),
        };
        names.into_iter().map(entry).collect()
    };
    let groups = named(GROUPS.to_vec(), dice).into_iter().map(|mut group| {
        if dice.below(4) > 0 {
            group["members"] = json!(dice.some(&PEOPLE));
        }
        group
    });
    let groups: Vec<Value> = groups.collect();
    let projects = named(PROJECTS.to_vec(), dice);
    let machines = named(MACHINES.to_vec(), dice);
    let role = |name: &str, level: &str, permissions: &[&str]| json!({ "name": name, "level": level, "permissions": permissions });
    let permissions = dice.one(&["read:users", "write:users", "read:roles"]);
    let roles = vec![
        role("Account role", "account", &[permissions]),
        role("Project role", "project", &["read:clusters"]),
        role("Cluster role", "resource", &["write:clusters"]),
    ];
    let mut grants = BTreeMap::new();
    for _ in 0..dice.below(12) {
        let (role, scope) = match dice.below(5) {
            0 => ("Account role", json!("account")),
            1 => ("Project role", json!({ "project": dice.one(&PROJECTS) })),
            2 => ("Cluster role", json!({ "resources": ["c-1"] })),
            3 => ("Cluster role", json!({ "all_of": { "type": "cluster" } })),
            _ => ("Cluster role", json!({ "all_of": { "type": "cluster", "project": dice.one(&PROJECTS) } })),
        };
        let (kind, who) = match dice.below(3) {
            0 => ("member", dice.one(&PEOPLE)),
            1 => ("group", dice.one(&GROUPS)),
            _ => ("service_account", dice.one(&MACHINES)),
        };
        let mut grant = json!({ kind: who, "role": role, "scope": scope });
        let key = grant.to_string();
        if dice.below(3) == 0 {
            grant["until"] = json!(dice.one(&["2027-01-01T00:00:00Z", "2020-01-01T00:00:00Z"]));
        }
        grants.entry(key).or_insert(grant);
    }
    let grants: Vec<Value> = grants.into_values().collect();
    let mut document = json!({
        "version": 1, "projects": projects, "roles": roles, "groups": groups, "service_accounts": machines,
        "grants": grants,
    });
    if dice.below(2) == 0 {
        let said = |dice: &mut Dice| match dice.below(3) {
            0 => json!({}),
            1 => json!({ "department": dice.one(&["search", "yes", "null"]), "clearance": dice.below(3) }),
            _ => json!({ "regions": dice.some(&["eu", "us", "Ω"]) }),
        };
        let people = dice.some(&PEOPLE);
        let people = people.into_iter().map(|email| json!({ "member": email, "attributes": said(dice) }));
        document["members"] = people.collect();
        // With all of them, so that pruning removes nobody whom a later document names.
        let missing = PEOPLE.iter().filter(|email| {
            !document["members"].as_array().unwrap().iter().any(|one| one["member"] == **email)
        });
        let missing: Vec<Value> = missing.map(|email| json!({ "member": email })).collect();
        document["members"].as_array_mut().unwrap().extend(missing);
        let environment = dice.one(&["development", "production"]);
        document["resources"] = json!([{ "resource": "c-1", "attributes": { "environment": environment } }]);
        for machine in document["service_accounts"].as_array_mut().unwrap() {
            machine["may_assert"] =
                json!(dice.some(&["subject.department", "context.ip", "resource.environment"]));
        }
    }
    if dice.below(2) == 0 {
        let text = |dice: &mut Dice| {
            let permission = dice.one(&["read:users", "write:clusters", "delete:roles"]);
            format!(
                "forbid(principal is ServiceAccount, action == Action::\"{permission}\", resource)\n  when {{ context.weekday > {} }};\n",
                dice.below(7)
            )
        };
        let called = dice.some(&["Night", "Ωmega", "no"]);
        let policies = called.into_iter().map(|name| match dice.below(3) {
            0 => json!({ "name": name, "text": text(dice), "enabled": dice.below(2) == 0 }),
            1 => json!({ "name": name, "text": text(dice), "description": "What it is for" }),
            _ => json!({ "name": name, "text": text(dice) }),
        });
        document["policies"] = policies.collect();
    }
    match dice.below(3) {
        0 => document["invitations"] = json!([]),
        1 => {
            let lifetime = 3600 * (1 + dice.below(5));
            document["settings"] = json!({ "invitation_lifetime_seconds": lifetime });
            document["invitations"] = json!([
                {
                    "email": "new@example.com", "grants": [{ "role": "Account role" }], "groups": dice.some(&GROUPS),
                    "attributes": { "clearance": dice.below(3) },
                },
                { "email": "grace@example.com", "grants": [{ "role": "Cluster role", "scope": { "resources": ["c-1"] } }] },
            ]);
        }
        _ => {}
    }
    document
}

#[tokio::test]
async fn twice_is_once_and_an_export_is_what_is() {
    let world = World::new("bailiwick").await;
    with_a_cluster(&world).await;
    for email in PEOPLE {
        world.invite_and_accept(email, &[]).await;
    }
    let mut dice = Dice(7);
    let mut did = 0;
    for round in 0..40 {
        let document = document(&mut dice);
        let prune = if dice.below(2) == 0 { "" } else { "?prune=true" };
        did += steps(&apply(&world, prune, &document).await).len();
        let revision = world.state().await.revision();
        for again in [&document, &export(&world).await] {
            let plan = apply(&world, prune, again).await;
            assert_eq!(steps(&plan), Vec::<String>::new(), "round {round}, {prune}: {again:#}");
        }
        let exported = export(&world).await;
        apply(&world, "?prune=true", &exported).await;
        assert_eq!(world.state().await.revision(), revision, "round {round}: nothing was written");
        assert_eq!(exported, export(&world).await);
    }
    assert!(did > 200, "the documents differ: {did}");
}
