//! The bundled catalogs, and what is said about files with mistakes.

use std::path::PathBuf;

use bailiwick_core::catalog::{
    Catalog, Level, Lifetime, Operation, PermissionSet, RolesPerMember, render_reference,
};

#[path = "catalog/mistakes.rs"]
mod mistakes;
mod mistakes_about_people;

fn bundled(name: &str) -> Catalog {
    let text = Catalog::bundled(name).expect("the catalog ships");
    Catalog::parse(&format!("catalogs/{name}.toml"), text).unwrap_or_else(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

fn set(catalog: &Catalog, names: &[&str]) -> PermissionSet {
    names.iter().map(|name| catalog.permission(name).unwrap_or_else(|| panic!("{name}"))).collect()
}

fn role<'c>(catalog: &'c Catalog, name: &str) -> &'c bailiwick_core::catalog::BuiltInRole {
    catalog.role(name).and_then(|index| catalog.role_at(index)).unwrap_or_else(|| panic!("{name}"))
}

fn matching(catalog: &Catalog, wanted: impl Fn(&str) -> bool) -> PermissionSet {
    catalog.all_permissions().iter().filter(|index| wanted(catalog.permission_name(*index))).collect()
}

#[test]
fn every_bundled_catalog_parses_under_its_own_name() {
    for (name, _) in Catalog::BUNDLED {
        assert_eq!(&bundled(name).name, name);
    }
    assert_eq!(Catalog::bundled("nothing"), None);
}

/// Run with `UPDATE=1` to rewrite the pages after a change of policy, then review the diff.
#[test]
fn the_reference_pages_match_the_catalogs() {
    for (name, _) in Catalog::BUNDLED {
        let rendered = render_reference(&bundled(name));
        let path =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/reference/catalog-{name}.md"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &rendered).expect("the page can be written");
        }
        let page = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(page == rendered, "{} differs from the catalog: run the test with UPDATE=1", path.display());
    }
}

#[test]
fn names_and_positions_lead_to_each_other() {
    for (name, _) in Catalog::BUNDLED {
        let catalog = bundled(name);
        assert_eq!(catalog.all_permissions().len(), catalog.permissions.len());
        for (index, permission) in catalog.all_permissions().iter().zip(&catalog.permissions) {
            assert_eq!(catalog.permission(&permission.name), Some(index));
            assert_eq!(catalog.permission_name(index), permission.name);
        }
        for role in &catalog.roles {
            assert_eq!(catalog.role(&role.name).and_then(|index| catalog.role_at(index)), Some(role));
        }
        for kind in &catalog.resource_types {
            let found = catalog.resource_type(&kind.name).and_then(|index| catalog.resource_type_at(index));
            assert_eq!(found, Some(kind));
        }
        for (operation, permission) in &catalog.operations {
            assert_eq!(catalog.operation(*operation), *permission);
        }
        assert_eq!(catalog.operations.len(), Operation::ALL.len());
        for unknown in ["", "*", "read:*", "read:cluster", "READ:CLUSTERS"] {
            assert_eq!(catalog.permission(unknown), None, "{unknown}");
        }
    }
}

#[test]
fn q09_admin_holds_everything_but_the_account_and_base_holds_the_profile() {
    let catalog = bundled("qdrant-cloud");
    let all = catalog.all_permissions();
    assert_eq!(role(&catalog, "owner").permissions, all);
    assert!(role(&catalog, "owner").single_holder);
    let kept_from_admin = set(&catalog, &["write:account", "delete:account"]);
    assert_eq!(role(&catalog, "admin").permissions, all.difference(&kept_from_admin));
    assert_eq!(role(&catalog, "base").permissions, set(&catalog, &["read:profile"]));
    assert_eq!(catalog.roles.len(), 3);
}

#[test]
fn q11_every_write_implies_the_read_of_the_same_noun() {
    for (name, _) in Catalog::BUNDLED {
        let catalog = bundled(name);
        for permission in &catalog.permissions {
            let Some(noun) = permission.name.strip_prefix("write:") else { continue };
            let Some(read) = catalog.permission(&format!("read:{noun}")) else {
                assert!(!permission.implies.is_empty(), "{name}: {}", permission.name);
                continue;
            };
            let write = catalog.permission(&permission.name).unwrap();
            assert!(permission.implies.contains(read), "{name}: {}", permission.name);
            assert!(catalog.close(PermissionSet::from_iter([write])).contains(read));
        }
    }
}

#[test]
fn q12_the_permissions_are_those_of_the_cloud_in_its_sections() {
    let catalog = bundled("qdrant-cloud");
    let sections = [
        (
            "Identity and access management",
            "read:roles write:roles delete:roles read:management_keys write:management_keys delete:management_keys \
             read:invites write:invites delete:invites read:users delete:users",
        ),
        ("Cluster: API keys", "read:api_keys write:api_keys delete:api_keys"),
        ("Cluster: backups", "read:backups write:backups delete:backups restore:backups"),
        ("Cluster: clusters", "read:clusters write:clusters delete:clusters"),
        ("Cluster: data", "read:cluster_data write:cluster_data"),
        ("Cluster: backup schedules", "read:backup_schedules write:backup_schedules delete:backup_schedules"),
        (
            "Hybrid cloud",
            "read:hybrid_cloud_environments write:hybrid_cloud_environments delete:hybrid_cloud_environments",
        ),
        ("Payment and billing", "read:payment_information write:payment_information"),
        ("Account management", "read:account write:account delete:account"),
        ("Profile", "read:profile"),
    ];
    let named: Vec<(&str, String)> = catalog
        .sections
        .iter()
        .enumerate()
        .map(|(position, section)| {
            let inside = catalog.permissions.iter().filter(|permission| permission.section == position);
            (
                section.title.as_str(),
                inside.map(|permission| permission.name.as_str()).collect::<Vec<_>>().join(" "),
            )
        })
        .collect();
    assert_eq!(named, sections.map(|(title, names)| (title, names.to_owned())));
    let api_only: Vec<&str> = catalog
        .permissions
        .iter()
        .filter(|permission| permission.api_only)
        .map(|p| p.name.as_str())
        .collect();
    assert_eq!(api_only, ["restore:backups"]);
    let mut descriptions: Vec<&str> = catalog.permissions.iter().map(|p| p.description.as_str()).collect();
    descriptions.sort_unstable();
    descriptions.dedup();
    assert_eq!(descriptions.len(), catalog.permissions.len(), "each has a description of its own");
}

#[test]
fn what_everybody_has_is_no_key_to_administration() {
    for (name, _) in Catalog::BUNDLED {
        let catalog = bundled(name);
        let Some(newcomer) = catalog.rules.newcomer.and_then(|index| catalog.role_at(index)) else {
            continue;
        };
        for operation in Operation::ALL {
            assert!(
                !newcomer.permissions.contains(catalog.operation(*operation)),
                "{name}: {}",
                operation.name()
            );
        }
    }
}

#[test]
fn the_catalogs_differ_in_their_rules() {
    let qdrant = bundled("qdrant-cloud").rules;
    assert_eq!(qdrant.invitation_lifetime, Lifetime::Forever);
    assert!(!qdrant.removal_retypes_email);
    assert_eq!(qdrant.project_creator, None);

    let default = bundled("bailiwick");
    let hours = |hours: u64| std::time::Duration::from_secs(hours * 3600);
    let lifetime = Lifetime::Limited { default: hours(48), shortest: hours(1), longest: hours(30 * 24) };
    assert_eq!(default.rules.invitation_lifetime, lifetime);
    assert_eq!(default.rules.roles_per_member, RolesPerMember::Many);
    assert!(default.rules.removal_retypes_email);
    assert!(!role(&default, "owner").single_holder);
    assert!(role(&default, "project_admin").keeps_holder);

    let fixed = |hours: u64| {
        let time = std::time::Duration::from_secs(hours * 3600);
        Lifetime::Limited { default: time, shortest: time, longest: time }
    };
    assert_eq!(bundled("zilliz-cloud").rules.invitation_lifetime, fixed(48));
    assert_eq!(bundled("victoriametrics-cloud").rules.invitation_lifetime, fixed(24));
    assert!(bundled("victoriametrics-cloud").rules.removal_retypes_email);
    let influx = bundled("influxdb-cloud-dedicated");
    assert!(influx.rules.groups.off_at_start);
    let joined = influx.rules.groups.existing_members_join.map(|at| influx.groups[at].name.as_str());
    assert_eq!(joined, Some("admin"));
}

#[test]
fn the_default_catalog_has_all_that_the_clouds_name() {
    let default = bundled("bailiwick");
    for (name, _) in Catalog::BUNDLED {
        let cloud = bundled(name);
        for permission in &cloud.permissions {
            let same = default.permission(&permission.name).and_then(|index| default.permission_at(index));
            let same = same.unwrap_or_else(|| panic!("{name}: {}", permission.name));
            let implied = |of: &Catalog, set| of.permission_names(set).map(str::to_owned).collect::<Vec<_>>();
            let (here, there) = (implied(&default, same.implies), implied(&cloud, permission.implies));
            assert!(
                there.iter().all(|one| here.contains(one)),
                "{name}: {}: {here:?} {there:?}",
                permission.name
            );
        }
        for kind in &cloud.resource_types {
            assert!(default.resource_type(&kind.name).is_some(), "{name}: {}", kind.name);
        }
        for fact in &cloud.rules.invitation_mail {
            let fact = cloud.mail_fact_name(*fact);
            assert!(
                default.rules.invitation_mail.iter().any(|one| default.mail_fact_name(*one) == fact),
                "{name}: {fact}"
            );
        }
    }
}

#[test]
fn the_roles_of_the_clouds_are_roles_of_the_default_catalog() {
    // Their names differ where two clouds call different things the same, such as a member.
    let pairs = [
        ("qdrant-cloud", "base", "member"),
        ("qdrant-cloud", "admin", "admin"),
        ("zilliz-cloud", "project_admin", "project_admin"),
        ("zilliz-cloud", "project_read_write", "project_read_write"),
        ("zilliz-cloud", "project_read_only", "project_read_only"),
        ("zilliz-cloud", "cluster_read_write", "cluster_read_write"),
        ("zilliz-cloud", "cluster_read_only", "cluster_read_only"),
        ("zilliz-cloud", "volume_read_write", "volume_read_write"),
        ("zilliz-cloud", "volume_read_only", "volume_read_only"),
        ("victoriametrics-cloud", "editor", "editor"),
        ("victoriametrics-cloud", "viewer", "viewer"),
        ("influxdb-cloud-dedicated", "member", "developer"),
        ("influxdb-cloud-dedicated", "auditor", "auditor"),
    ];
    let default = bundled("bailiwick");
    for (cloud, name, here) in pairs {
        let catalog = bundled(cloud);
        let here = role(&default, here).permissions;
        for permission in catalog.permission_names(role(&catalog, name).permissions) {
            assert!(here.contains(default.permission(permission).unwrap()), "{cloud}: {name}: {permission}");
        }
    }
}

#[test]
fn v01_three_roles_and_each_person_has_one() {
    let catalog = bundled("victoriametrics-cloud");
    let names: Vec<&str> = catalog.roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["admin", "editor", "viewer"]);
    assert_eq!(catalog.rules.roles_per_member, RolesPerMember::One);
    let sections: Vec<&str> = catalog.sections.iter().map(|section| section.title.as_str()).take(5).collect();
    assert_eq!(
        sections,
        ["Deployments", "Billing details", "Notifications", "Audit logs", "User management"]
    );
    let all = catalog.all_permissions();
    assert_eq!(role(&catalog, "admin").permissions, all);
    // V03 and V04: what is kept from an editor, and all that a viewer has.
    let editor = role(&catalog, "editor").permissions;
    let kept = matching(&catalog, |name| {
        ["payment_information", "users", "management_keys", "account", "access"]
            .iter()
            .any(|noun| name.ends_with(&format!(":{noun}")))
    });
    assert_eq!(editor, all.difference(&kept));
    let tabs = ["read:deployments", "read:monitoring", "read:explore", "read:alerts"];
    assert_eq!(role(&catalog, "viewer").permissions, set(&catalog, &tabs));
}

#[test]
fn i01_three_groups_hold_what_the_cloud_says() {
    let catalog = bundled("influxdb-cloud-dedicated");
    let groups: Vec<&str> = catalog.groups.iter().map(|group| group.title.as_str()).collect();
    assert_eq!(groups, ["Admin", "Member", "Auditor"]);
    assert_eq!(role(&catalog, "admin").permissions, catalog.all_permissions());
    let member = role(&catalog, "member").permissions;
    assert!(
        member.contains_all(&set(&catalog, &["read:clusters", "read:databases", "write:database_tokens"]))
    );
    let kept = ["write:databases", "delete:databases", "write:management_keys", "write:users"];
    assert!(!member.contains_any(&set(&catalog, &kept)));
    let reads = matching(&catalog, |name| name.starts_with("read:"));
    assert_eq!(role(&catalog, "auditor").permissions, reads.union(&set(&catalog, &["check:access"])));
}

#[test]
fn z01_a_project_admin_holds_whatever_a_role_below_the_account_holds() {
    for cloud in ["bailiwick", "zilliz-cloud"] {
        let catalog = bundled(cloud);
        let project_admin = role(&catalog, "project_admin");
        for below in catalog.roles.iter().filter(|role| role.level != Level::Account) {
            assert!(project_admin.permissions.contains_all(&below.permissions), "{}", below.name);
        }
        for operation in [Operation::WriteInvitations, Operation::DeleteInvitations, Operation::WriteRoles] {
            assert!(project_admin.permissions.contains(catalog.operation(operation)), "{}", operation.name());
        }
        for operation in [Operation::WriteAccount, Operation::DeleteAccount] {
            assert!(
                !project_admin.permissions.contains(catalog.operation(operation)),
                "{}",
                operation.name()
            );
        }
    }
}

#[test]
fn z14_read_write_and_read_only_do_not_manage_people() {
    for cloud in ["bailiwick", "zilliz-cloud"] {
        let catalog = bundled(cloud);
        let nouns = ["users", "invites", "roles", "groups", "management_keys", "policies"];
        let people =
            matching(&catalog, |name| name.split_once(':').is_some_and(|(_, noun)| nouns.contains(&noun)));
        let changes = matching(&catalog, |name| !name.starts_with("read:"));
        for role in catalog.roles.iter().filter(|role| role.name.contains("_read_")) {
            assert!(!role.permissions.contains_any(&people), "{}", role.name);
            let is_read_only = role.name.ends_with("_read_only");
            assert_eq!(role.permissions.contains_any(&changes), !is_read_only, "{}", role.name);
        }
    }
}

#[test]
fn v01_editor_and_viewer_stay_in_their_categories() {
    let catalog = bundled("bailiwick");
    let editor = role(&catalog, "editor").permissions;
    let wanted = ["write:deployments", "delete:deployments", "write:notifications", "read:events"];
    assert!(editor.contains_all(&set(&catalog, &wanted)));
    let not_wanted =
        matching(&catalog, |name| name.ends_with(":payment_information") || name.ends_with(":users"));
    assert!(!editor.contains_any(&not_wanted));
    let tabs = ["read:deployments", "read:monitoring", "read:explore", "read:alerts"];
    assert_eq!(role(&catalog, "viewer").permissions, set(&catalog, &tabs));
}

#[test]
fn i01_an_auditor_reads_everything_and_a_developer_makes_tokens_only() {
    let catalog = bundled("bailiwick");
    let reads = matching(&catalog, |name| name.starts_with("read:"));
    let asks = set(&catalog, &["check:access"]);
    assert_eq!(role(&catalog, "auditor").permissions, reads.union(&asks));
    let developer = role(&catalog, "developer").permissions;
    assert!(developer.contains_all(&set(&catalog, &["read:databases", "write:database_tokens"])));
    assert!(
        !developer
            .contains_any(&set(&catalog, &["write:databases", "delete:databases", "write:management_keys"]))
    );
    let groups: Vec<&str> = catalog.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(groups, ["admins", "developers", "auditors"]);
}

#[test]
fn the_example_of_the_documentation_is_a_catalog() {
    let page = include_str!("../../../../docs/catalogs.md");
    let example =
        page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("it has one");
    let first_line = page[..page.find(example).unwrap()].lines().count();
    let lines_before = "\n".repeat(first_line);
    let catalog =
        Catalog::parse("docs/catalogs.md", &format!("{lines_before}{example}")).unwrap_or_else(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            panic!("{}", lines.join("\n"))
        });
    assert_eq!(catalog.name, "my-cloud");
}

#[test]
fn the_fifth_cloud_is_a_catalog() {
    let text = include_str!("../../../../examples/managed-postgresql.toml");
    let catalog = Catalog::parse("examples/managed-postgresql.toml", text).unwrap_or_else(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    });
    assert_eq!(catalog.name, "managed-postgresql");
    let page = include_str!("../../../../docs/catalogs.md");
    assert!(page.contains("examples/managed-postgresql.toml"));
}

#[test]
fn a_difference_names_what_is_added_removed_and_changed() {
    use bailiwick_core::catalog::{Change, diff};
    let old = bundled("bailiwick");
    assert_eq!(diff(&old, &old), []);
    let text = Catalog::bundled("bailiwick").unwrap();
    let changed = text
        .replace("name = \"viewer\"", "name = \"reader\"")
        .replace(
            "\"!write:account\", \"!delete:account\"]\n\n[[roles]]\nname = \"editor\"",
            "\"!delete:account\"]\n\n[[roles]]\nname = \"editor\"",
        )
        .replace("longest = \"30d\"", "longest = \"60d\"")
        .replace("read_events = \"read:events\"", "read_events = \"read:account\"");
    let new = Catalog::parse("new.toml", &changed).unwrap();
    let found: Vec<(&str, String, Change, String)> =
        diff(&old, &new).into_iter().map(|one| (one.kind, one.name, one.change, one.detail)).collect();
    let expected = [
        ("role", "admin", Change::Changed, "+ holds `write:account`"),
        ("role", "viewer", Change::Removed, ""),
        ("role", "reader", Change::Added, ""),
        (
            "rule",
            "Lifetime of an invitation",
            Change::Changed,
            "- 2 days; an account sets 1 hour to 30 days; + 2 days; an account sets 1 hour to 60 days",
        ),
        ("operation", "read_events", Change::Changed, "- `read:events`; + `read:account`"),
    ];
    let expected =
        expected.map(|(kind, name, change, detail)| (kind, name.to_owned(), change, detail.to_owned()));
    assert_eq!(found, expected);
}
