//! Policies of Casbin, for its model RBAC, with domains or without.
//!
//! A role of Casbin is a group here, with custom roles for what its lines permit: `p, role, object, action` says what,
//! `g, user, role` says who. An object is a resource type (`cluster`), one resource (`cluster:c-1`), or what a permission
//! names (`users` for `read:users`); an action is one of the verbs below, or a whole permission. A domain is a project.

use std::collections::{BTreeMap, BTreeSet};

use bailiwick_client::wire::{AllOf, Catalog, DocumentGrant, DocumentGroup, DocumentRole, Level, Scope};

use super::{Imported, records};

/// Actions that stand for the permissions `read:`, `write:` and `delete:` of a type.
const VERBS: [(&str, &[&str]); 3] = [
    ("read", &["read", "get", "list", "view", "*"]),
    ("write", &["write", "create", "update", "edit", "put", "post", "*"]),
    ("delete", &["delete", "remove", "*"]),
];

/// Matchers and effects of other models than RBAC.
const OTHER_MODELS: [&str; 7] = ["keyMatch", "regexMatch", "ipMatch", "globMatch", "eval(", "g2", "deny"];

/// Somebody that lines are about, in a domain if there are domains.
type Subject = (String, Option<String>);

/// Reads a policy, and the model if there is one. What a resource type permits is the catalog's to say.
pub fn read(policy: &str, model: Option<&str>, catalog: &Catalog) -> Imported {
    let mut imported = Imported::empty();
    if let Some((line, reason)) = model.and_then(other_model) {
        imported.skip(line, format!("the model is not RBAC: {reason}"));
        return imported;
    }
    let records = match records(policy, false) {
        Ok(records) => records,
        Err(wrong) => {
            imported.unmapped.push(wrong);
            return imported;
        }
    };
    let is_effect = |text: Option<&str>| matches!(text, Some("allow" | "deny"));
    let with_domains = model.is_some_and(|model| definition(model, "r").is_some_and(|parts| parts == 4))
        || records.iter().any(|(_, record)| match record.get(0) {
            Some("g") => record.len() > 3,
            Some("p") => record.len() > 4 && !is_effect(record.get(4)),
            _ => false,
        });
    let mut reading = Reading { with_domains, ..Reading::new(catalog) };
    for (line, record) in &records {
        let values: Vec<&str> = record.iter().collect();
        if let Err(reason) = reading.line(&values) {
            imported.skip(*line, reason);
        }
    }
    reading.finish(&mut imported);
    imported
}

/// How many parts a definition of the model has.
fn definition(model: &str, name: &str) -> Option<usize> {
    let line = model.lines().find(|line| line.split('=').next().is_some_and(|key| key.trim() == name))?;
    Some(line.split_once('=')?.1.split(',').count())
}

fn other_model(model: &str) -> Option<(usize, String)> {
    let mut lines = model.lines().enumerate();
    let other = lines.find_map(|(number, line)| {
        let word = OTHER_MODELS.into_iter().find(|word| line.contains(word))?;
        Some((number + 1, format!("`{word}` has no counterpart")))
    });
    let wrong_request = || match definition(model, "r") {
        Some(3 | 4) => None,
        _ => Some((1, "it needs `r = sub, obj, act` or `r = sub, dom, obj, act`".to_owned())),
    };
    let no_roles = || definition(model, "g").is_none().then(|| (1, "it has no `g`".to_owned()));
    other.or_else(wrong_request).or_else(no_roles)
}

struct Reading<'a> {
    catalog: &'a Catalog,
    with_domains: bool,
    /// What each subject may do where.
    permits: BTreeMap<Subject, BTreeMap<Scope, BTreeSet<String>>>,
    /// Who has each role.
    members: BTreeMap<Subject, BTreeSet<String>>,
}

impl<'a> Reading<'a> {
    fn new(catalog: &'a Catalog) -> Self {
        Self { catalog, with_domains: false, permits: BTreeMap::new(), members: BTreeMap::new() }
    }

    fn line(&mut self, values: &[&str]) -> Result<(), String> {
        match (values, self.with_domains) {
            (["p", subject, object, action] | ["p", subject, object, action, "allow"], false) => {
                self.permit(subject, None, object, action)
            }
            (
                ["p", subject, domain, object, action] | ["p", subject, domain, object, action, "allow"],
                true,
            ) => self.permit(subject, Some(domain), object, action),
            (["p", .., "deny"], _) => Err("a denial has no counterpart in roles".to_owned()),
            (["g", user, role], false) => self.assign(user, role, None),
            (["g", user, role, domain], true) => self.assign(user, role, Some(domain)),
            (["p" | "g", ..], true) => Err("a line has a domain in this policy".to_owned()),
            (["p", ..], false) => Err("expected `p, subject, object, action`".to_owned()),
            (["g", ..], false) => Err("expected `g, user, role`".to_owned()),
            ([kind, ..], _) => Err(format!("lines of the kind `{kind}` have no counterpart")),
            ([], _) => Ok(()),
        }
    }

    fn assign(&mut self, user: &str, role: &str, domain: Option<&str>) -> Result<(), String> {
        if user.is_empty() || role.is_empty() {
            return Err("a user or role is empty".to_owned());
        }
        let role = (role.to_owned(), in_domain(domain)?);
        self.members.entry(role).or_default().insert(user.to_owned());
        Ok(())
    }

    fn permit(
        &mut self,
        subject: &str,
        domain: Option<&str>,
        object: &str,
        action: &str,
    ) -> Result<(), String> {
        let domain = in_domain(domain)?;
        let (scope, permissions) = self.meant(object, action, domain.clone())?;
        let at = self.permits.entry((subject.to_owned(), domain)).or_default();
        at.entry(scope).or_default().extend(permissions);
        Ok(())
    }

    /// Where and what an object and an action are.
    fn meant(
        &self,
        object: &str,
        action: &str,
        domain: Option<String>,
    ) -> Result<(Scope, Vec<String>), String> {
        let (kind, reference) = object.split_once(':').map_or((object, None), |(kind, id)| (kind, Some(id)));
        let wide = || domain.clone().map_or(Scope::Account, Scope::Project);
        let Some(of) = self.catalog.resource_types.iter().find(|of| of.name == kind) else {
            if reference.is_some() {
                return Err(format!("there is no resource type `{kind}`"));
            }
            let named: Vec<String> = if action.contains(':') {
                vec![action.to_owned()]
            } else {
                verbs(action).map(|verb| format!("{verb}:{object}")).collect()
            };
            let known: Vec<String> = named.into_iter().filter(|name| self.is_permission(name)).collect();
            if known.is_empty() {
                return Err(format!("`{action}` on `{object}` is no permission here"));
            }
            return Ok((wide(), known));
        };
        let permissions: Vec<String> = if action.contains(':') {
            Some(action.to_owned()).filter(|name| self.is_permission(name)).into_iter().collect()
        } else {
            let of = |verb| match verb {
                "read" => of.read.clone(),
                "write" => of.write.clone(),
                _ => of.delete.clone(),
            };
            verbs(action).map(of).collect()
        };
        if permissions.is_empty() {
            return Err(format!("`{action}` is no action on a `{kind}`"));
        }
        let scope = match reference {
            Some("" | "*") | None => {
                Scope::AllOf(AllOf { resource_type: kind.to_owned(), project: domain, future: None })
            }
            Some(reference) => Scope::Resources(vec![reference.to_owned()]),
        };
        Ok((scope, permissions))
    }

    fn is_permission(&self, name: &str) -> bool {
        self.catalog.permissions.iter().any(|known| known.name == name)
    }

    /// Members of a role, those of roles that inherit it included.
    fn people_of(&self, role: &Subject) -> BTreeSet<String> {
        let (mut people, mut seen, mut next) = (BTreeSet::new(), BTreeSet::new(), vec![role.clone()]);
        while let Some(role) = next.pop() {
            if !seen.insert(role.clone()) {
                continue;
            }
            for member in self.members.get(&role).into_iter().flatten() {
                let inner = (member.clone(), role.1.clone());
                if self.members.contains_key(&inner) {
                    next.push(inner);
                } else if member.contains('@') || !self.permits.contains_key(&inner) {
                    people.insert(member.clone());
                }
            }
        }
        people
    }

    fn finish(&self, imported: &mut Imported) {
        let mut roles: BTreeMap<(Level, BTreeSet<String>), String> = BTreeMap::new();
        let mut names = BTreeSet::new();
        let mut grants = Vec::new();
        let groups: BTreeSet<&Subject> = self
            .members
            .keys()
            .chain(self.permits.keys().filter(|subject| !self.is_person(subject)))
            .collect();
        for (subject, scopes) in &self.permits {
            for (scope, permissions) in scopes {
                let level = match scope {
                    Scope::Account => Level::Account,
                    Scope::Project(_) => Level::Project,
                    Scope::AllOf(_) | Scope::Resources(_) => Level::Resource,
                };
                let role = roles.entry((level, permissions.clone())).or_insert_with(|| {
                    let base = format!("{} {}", subject.0, word(level));
                    let numbered = (2..).map(|number| format!("{base} {number}"));
                    let mut free =
                        std::iter::once(base.clone()).chain(numbered).filter(|name| !names.contains(name));
                    let name = free.next().unwrap_or_default();
                    names.insert(name.clone());
                    name
                });
                let mut grant =
                    DocumentGrant { role: role.clone(), scope: scope.clone(), ..DocumentGrant::default() };
                if groups.contains(subject) {
                    grant.group = Some(group_name(subject));
                } else {
                    grant.member = Some(subject.0.clone());
                }
                grants.push(grant);
            }
        }
        let document = &mut imported.document;
        let mut made: Vec<DocumentRole> = roles
            .into_iter()
            .map(|((level, permissions), name)| DocumentRole {
                name,
                description: None,
                external_id: None,
                level,
                permissions: permissions.into_iter().collect(),
            })
            .collect();
        made.sort_by(|one, other| one.name.cmp(&other.name));
        document.roles = Some(made);
        let groups = groups.into_iter().map(|subject| DocumentGroup {
            name: group_name(subject),
            members: Some(self.people_of(subject).into_iter().collect()),
            ..DocumentGroup::default()
        });
        document.groups = Some(groups.collect());
        document.grants = Some(grants);
    }

    /// Whether a subject of `p` is a person rather than a role that nobody has.
    fn is_person(&self, subject: &Subject) -> bool {
        let assigned = self.members.values().any(|members| members.contains(&subject.0));
        subject.0.contains('@') || (assigned && !self.members.contains_key(subject))
    }
}

fn in_domain(domain: Option<&str>) -> Result<Option<String>, String> {
    match domain {
        Some("*") => Err("every domain (`*`) has no counterpart: name a project".to_owned()),
        other => Ok(other.map(str::to_owned)),
    }
}

fn verbs(action: &str) -> impl Iterator<Item = &'static str> {
    let action = action.to_lowercase();
    VERBS.into_iter().filter(move |(_, words)| words.contains(&action.as_str())).map(|(verb, _)| verb)
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::Account => "in the account",
        Level::Project => "in a project",
        Level::Resource => "on resources",
    }
}

fn group_name(subject: &Subject) -> String {
    match &subject.1 {
        Some(domain) => format!("{} in {domain}", subject.0),
        None => subject.0.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "[request_definition]\nr = sub, obj, act\n[policy_definition]\np = sub, obj, act\n\
        [role_definition]\ng = _, _\n[policy_effect]\ne = some(where (p.eft == allow))\n[matchers]\n\
        m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act\n";

    fn catalog() -> Catalog {
        let permission = |name: &str| serde_json::json!({ "name": name, "section": "s", "description": "", "implies": [], "api_only": false });
        let permissions =
            ["read:clusters", "write:clusters", "delete:clusters", "read:users"].map(permission);
        serde_json::from_value(serde_json::json!({
            "name": "c", "title": "C", "description": "", "sections": [], "roles": [], "groups": [],
            "permissions": permissions,
            "resource_types": [{
                "name": "cluster", "title": "Cluster", "read": "read:clusters", "write": "write:clusters",
                "delete": "delete:clusters"
            }],
            "rules": {
                "owner": "owner", "roles_per_member": "many", "removal_retypes_email": false, "custom_roles": true
            },
            "operations": {},
        }))
        .unwrap()
    }

    #[test]
    fn roles_become_groups_with_custom_roles() {
        let policy = "p, viewer, cluster, read\np, editor, cluster, *\np, editor, users, read\n\
                      p, ada@example.com, cluster:c-1, write\n\ng, ada@example.com, viewer\ng, boss, editor\n\
                      g, alan@example.com, boss\n# done\n";
        let imported = read(policy, Some(MODEL), &catalog());
        assert_eq!(imported.unmapped, []);
        let document = imported.document;
        let roles: Vec<(String, usize)> =
            document.roles.unwrap().into_iter().map(|role| (role.name, role.permissions.len())).collect();
        let expected = [
            ("ada@example.com on resources", 1),
            ("editor in the account", 1),
            ("editor on resources", 3),
            ("viewer on resources", 1),
        ];
        assert_eq!(roles, expected.map(|(name, count)| (name.to_owned(), count)));
        let groups: Vec<(String, Vec<String>)> =
            document.groups.unwrap().into_iter().map(|group| (group.name, group.members.unwrap())).collect();
        let alan = || vec!["alan@example.com".to_owned()];
        assert_eq!(
            groups,
            [
                ("boss".to_owned(), alan()),
                ("editor".to_owned(), alan()),
                ("viewer".to_owned(), vec!["ada@example.com".to_owned()]),
            ]
        );
        let grants = document.grants.unwrap();
        assert_eq!(grants[0].member.as_deref(), Some("ada@example.com"));
        assert_eq!(grants[0].scope, Scope::Resources(vec!["c-1".to_owned()]));
        assert_eq!(grants.len(), 4);
    }

    #[test]
    fn domains_are_projects() {
        let policy = "p, admin, Search, cluster, read\np, admin, Search, users, read\ng, ada@example.com, admin, Search\n";
        let imported = read(policy, None, &catalog());
        assert_eq!(imported.unmapped, []);
        assert_eq!(imported.document.groups.unwrap()[0].name, "admin in Search");
        let scopes: Vec<Scope> =
            imported.document.grants.unwrap().into_iter().map(|grant| grant.scope).collect();
        let all = Scope::AllOf(AllOf {
            resource_type: "cluster".into(),
            project: Some("Search".into()),
            future: None,
        });
        assert_eq!(scopes, [Scope::Project("Search".into()), all]);
    }

    #[test]
    fn what_has_no_counterpart_is_told_by_its_line() {
        let policy = "p, viewer, boat, read\np, viewer, cluster, fly\np, viewer, cluster, read, deny\n\
                      p2, viewer, cluster, read\ng, ada\np, viewer, boat:1, read\np, viewer, cluster, read\n";
        let imported = read(policy, None, &catalog());
        let lines: Vec<usize> = imported.unmapped.iter().map(|one| one.line).collect();
        assert_eq!(lines, [1, 2, 3, 4, 5, 6], "{:?}", imported.unmapped);
        assert_eq!(imported.document.grants.unwrap().len(), 1);
        let other = MODEL.replace("r.obj == p.obj", "keyMatch(r.obj, p.obj)");
        assert!(read(policy, Some(&other), &catalog()).unmapped[0].reason.contains("keyMatch"));
        assert!(
            read(policy, Some("[matchers]\nm = true"), &catalog()).unmapped[0].reason.contains("not RBAC")
        );
    }
}
