//! What a change of catalog changes.

use std::collections::BTreeSet;

use super::reference::rules_in_words;
use super::{Catalog, Operation, PermissionSet};

/// How something differs between two catalogs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Only the new one has it.
    Added,
    /// Only the old one has it.
    Removed,
    /// Both have it, and it means something else.
    Changed,
}

impl Change {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// One thing that differs between two catalogs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `permission`, `resource type`, `role`, `group`, `rule` or `operation`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// How it differs.
    pub change: Change,
    /// In what, for what changed.
    pub detail: String,
}

/// All that differs in what the catalogs mean, kind by kind. Titles, descriptions and the order of things mean nothing here.
pub fn diff(old: &Catalog, new: &Catalog) -> Vec<Difference> {
    let mut found = Vec::new();
    let permissions = |of: &Catalog| -> Vec<(String, Vec<String>)> {
        let one = |one: &super::Permission| (one.name.clone(), vec![held("implies", of, one.implies)]);
        of.permissions.iter().map(one).collect()
    };
    compare(&mut found, "permission", &permissions(old), &permissions(new));
    let types = |of: &Catalog| -> Vec<(String, Vec<String>)> {
        let one = |one: &super::ResourceType| {
            let parent = one.parent.and_then(|parent| of.resource_type_at(parent));
            let mut facts =
                vec![format!("below {}", parent.map_or("a project", |parent| parent.name.as_str()))];
            for (verb, permission) in [("read", one.read), ("write", one.write), ("delete", one.delete)] {
                facts.push(format!("{verb} by `{}`", of.permission_name(permission)));
            }
            (one.name.clone(), facts)
        };
        of.resource_types.iter().map(one).collect()
    };
    compare(&mut found, "resource type", &types(old), &types(new));
    let roles = |of: &Catalog| -> Vec<(String, Vec<String>)> {
        let one = |one: &super::BuiltInRole| {
            let mut facts = vec![format!("level {}", one.level)];
            for (applies, words) in [
                (one.keeps_holder, "keeps a holder"),
                (one.single_holder, "one holder"),
                (one.handed_over, "handed over"),
            ] {
                facts.extend(applies.then(|| words.to_owned()));
            }
            facts.extend(of.permission_names(one.permissions).map(|name| format!("holds `{name}`")));
            (one.name.clone(), facts)
        };
        of.roles.iter().map(one).collect()
    };
    compare(&mut found, "role", &roles(old), &roles(new));
    let groups = |of: &Catalog| -> Vec<(String, Vec<String>)> {
        let one = |one: &super::BuiltInGroup| {
            let roles = one.roles.iter().filter_map(|role| of.role_at(*role));
            (one.name.clone(), roles.map(|role| format!("has `{}`", role.name)).collect())
        };
        of.groups.iter().map(one).collect()
    };
    compare(&mut found, "group", &groups(old), &groups(new));
    let stated = |of: &Catalog| -> Vec<(String, Vec<String>)> {
        rules_in_words(of).into_iter().map(|(rule, value)| (rule, vec![value])).collect()
    };
    compare(&mut found, "rule", &stated(old), &stated(new));
    let operations = |of: &Catalog| -> Vec<(String, Vec<String>)> {
        let one = |one: &Operation| {
            (one.name().to_owned(), vec![format!("`{}`", of.permission_name(of.operation(*one)))])
        };
        Operation::ALL.iter().map(one).collect()
    };
    compare(&mut found, "operation", &operations(old), &operations(new));
    found
}

fn held(verb: &str, of: &Catalog, set: PermissionSet) -> String {
    let names: Vec<String> = of.permission_names(set).map(|name| format!("`{name}`")).collect();
    if names.is_empty() { format!("{verb} nothing") } else { format!("{verb} {}", names.join(", ")) }
}

type Facts = [(String, Vec<String>)];

fn compare(found: &mut Vec<Difference>, kind: &'static str, old: &Facts, new: &Facts) {
    let of = |facts: &Facts, name: &str| {
        facts.iter().find(|(other, _)| other == name).map(|(_, facts)| facts.clone())
    };
    for (name, before) in old {
        let (change, detail) = match of(new, name) {
            None => (Change::Removed, String::new()),
            Some(after) if after == *before => continue,
            Some(after) => (Change::Changed, changed(before, &after)),
        };
        found.push(Difference { kind, name: name.clone(), change, detail });
    }
    for (name, _) in new.iter().filter(|(name, _)| of(old, name).is_none()) {
        found.push(Difference { kind, name: name.clone(), change: Change::Added, detail: String::new() });
    }
}

/// What is no longer so and what is so from now on.
fn changed(before: &[String], after: &[String]) -> String {
    let (old, new): (BTreeSet<&String>, BTreeSet<&String>) =
        (before.iter().collect(), after.iter().collect());
    let lost = before.iter().filter(|fact| !new.contains(fact)).map(|fact| format!("- {fact}"));
    let gained = after.iter().filter(|fact| !old.contains(fact)).map(|fact| format!("+ {fact}"));
    lost.chain(gained).collect::<Vec<_>>().join("; ")
}
