//! Relationship tuples of OpenFGA, for one stated model: people in groups, and roles of people and groups on objects.
//!
//! ```text
//! type user
//! type group      relations: member: [user, group#member]
//! type <resource> relations: <role>: [user, group#member]
//! ```
//! `account` and `organization` stand for the whole account, `project` for a project, any other type for the resource with the
//! object's id. Conditions and `user:*` have no counterpart.

use std::collections::BTreeMap;

use bailiwick_client::document::located;
use bailiwick_client::wire::{DocumentGrant, DocumentGroup, Scope};
use serde_json::Value;

use super::Imported;

/// Reads tuples. `roles` says which role a relation stands for: `viewer`, or `cluster#viewer` for one type of object.
pub fn read(text: &str, roles: &BTreeMap<String, String>) -> Imported {
    let mut imported = Imported::empty();
    let read = match located(text) {
        Ok(read) => read,
        Err(problem) => {
            imported.skip(problem.line.unwrap_or(1), problem.message);
            return imported;
        }
    };
    let inside = ["tuples", "tuple_keys"].into_iter().find(|key| read.value.get(key).is_some());
    let (list, path) = match inside {
        Some(key) => (read.value.get(key), format!("/{key}")),
        None => (Some(&read.value), String::new()),
    };
    let Some(tuples) = list.and_then(Value::as_array) else {
        imported.skip(1, "expected a list of tuples with `user`, `relation` and `object`");
        return imported;
    };
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut grants: Vec<DocumentGrant> = Vec::new();
    for (place, tuple) in tuples.iter().enumerate() {
        let line = read.line_of(&format!("{path}/{place}"));
        match fact(tuple, roles) {
            Ok(Fact::In { group, member }) => {
                let members = groups.entry(group).or_default();
                if !members.contains(&member) {
                    members.push(member);
                }
            }
            Ok(Fact::Has(grant)) => {
                if let Some(group) = &grant.group {
                    groups.entry(group.clone()).or_default();
                }
                if !grants.contains(&grant) {
                    grants.push(grant);
                }
            }
            Err(reason) => imported.skip(line, reason),
        }
    }
    let groups = groups.into_iter().map(|(name, members)| DocumentGroup {
        name,
        members: Some(members),
        ..DocumentGroup::default()
    });
    imported.document.groups = Some(groups.collect());
    imported.document.grants = Some(grants);
    imported
}

/// What a tuple says.
enum Fact {
    In { group: String, member: String },
    Has(DocumentGrant),
}

fn fact(tuple: &Value, roles: &BTreeMap<String, String>) -> Result<Fact, String> {
    let tuple = tuple.get("key").unwrap_or(tuple);
    if tuple.get("condition").is_some_and(|condition| !condition.is_null()) {
        return Err("a tuple with a condition has no counterpart".to_owned());
    }
    let text =
        |field: &str| tuple.get(field).and_then(Value::as_str).ok_or(format!("there is no text `{field}`"));
    let (user, relation, object) = (text("user")?, text("relation")?, text("object")?);
    let parts = |text: &str| {
        let split = text.split_once(':').filter(|(kind, id)| !kind.is_empty() && !id.is_empty());
        split.map(|(kind, id)| (kind.to_owned(), id.to_owned())).ok_or(format!("`{text}` is not `type:id`"))
    };
    let (subject_type, subject) = parts(user)?;
    let (object_type, object_id) = parts(object)?;
    if subject == "*" {
        return Err("everybody (`*`) has no counterpart".to_owned());
    }
    let group = match subject_type.as_str() {
        "user" => None,
        "group" => match subject.split_once('#') {
            Some((group, "member")) => Some(group.to_owned()),
            _ => return Err(format!("`{user}` is no set of members: write `group:NAME#member`")),
        },
        _ => return Err(format!("`{user}` is neither a user nor the members of a group")),
    };
    if object_type == "group" {
        if relation != "member" {
            return Err(format!("a group has members, not `{relation}`"));
        }
        let member = group.map_or(subject, |group| format!("group:{group}"));
        return Ok(Fact::In { group: object_id, member });
    }
    let role = roles.get(&format!("{object_type}#{relation}")).or_else(|| roles.get(relation));
    let role =
        role.ok_or(format!("no role is named for `{relation}`: give `--role {relation}=ROLE`"))?.clone();
    let scope = match object_type.as_str() {
        "account" | "organization" => Scope::Account,
        "project" => Scope::Project(object_id),
        _ => Scope::Resources(vec![object_id]),
    };
    let member = group.is_none().then_some(subject);
    Ok(Fact::Has(DocumentGrant { member, group, role, scope, ..DocumentGrant::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles() -> BTreeMap<String, String> {
        let pairs =
            [("viewer", "Cluster reader"), ("editor", "Editor"), ("project#editor", "Project editor")];
        pairs.map(|(relation, role)| (relation.to_owned(), role.to_owned())).into()
    }

    #[test]
    fn tuples_are_groups_and_grants() {
        let text = r#"{"tuples": [
            {"key": {"user": "user:ada@example.com", "relation": "member", "object": "group:eng"}},
            {"key": {"user": "group:eng#member", "relation": "member", "object": "group:all"}},
            {"key": {"user": "group:eng#member", "relation": "viewer", "object": "cluster:c-1"}},
            {"key": {"user": "user:ada@example.com", "relation": "editor", "object": "project:Search"}},
            {"key": {"user": "user:ada@example.com", "relation": "editor", "object": "organization:acme"}}
        ]}"#;
        let imported = read(text, &roles());
        assert_eq!(imported.unmapped, []);
        let groups = imported.document.groups.unwrap();
        assert_eq!(
            (groups[0].name.as_str(), groups[0].members.as_deref().unwrap()),
            ("all", &["group:eng".to_owned()][..])
        );
        let grants = imported.document.grants.unwrap();
        assert_eq!(grants[0].group.as_deref(), Some("eng"));
        assert_eq!(grants[0].scope, Scope::Resources(vec!["c-1".to_owned()]));
        assert_eq!(
            (grants[1].role.as_str(), &grants[1].scope),
            ("Project editor", &Scope::Project("Search".into()))
        );
        assert_eq!((grants[2].role.as_str(), &grants[2].scope), ("Editor", &Scope::Account));
    }

    #[test]
    fn what_has_no_counterpart_is_told_by_its_line() {
        let text = r#"[
            {"user": "user:*", "relation": "viewer", "object": "cluster:c-1"},
            {"user": "user:ada@example.com", "relation": "flyer", "object": "cluster:c-1"},
            {"user": "ada", "relation": "viewer", "object": "cluster:c-1"},
            {"user": "group:eng#owner", "relation": "viewer", "object": "cluster:c-1"},
            {"user": "user:ada@example.com", "relation": "viewer", "object": "cluster:c-1",
             "condition": {"name": "office_hours"}},
            {"user": "user:ada@example.com", "relation": "owner", "object": "group:eng"},
            {"relation": "viewer", "object": "cluster:c-1"}
        ]"#;
        let imported = read(text, &roles());
        let lines: Vec<usize> = imported.unmapped.iter().map(|one| one.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 8, 9]);
        assert!(imported.unmapped[1].reason.contains("--role flyer=ROLE"));
        assert!(!read("{}", &roles()).unmapped.is_empty());
        assert!(!read("[", &roles()).unmapped.is_empty());
    }
}
