//! A catalog as a page for people: what to review when a cloud's vocabulary changes.

use std::time::Duration;

use super::{
    Attribute, BuiltInRole, BuiltInRoleIndex, Catalog, Level, Lifetime, Operation, PermissionSet,
    RolesPerMember,
};

/// The catalog as a Markdown page: rules, roles, a matrix of permissions by role per level, permissions, resource types,
/// groups, and the permission that each operation asks for.
///
/// The page depends on nothing but the catalog, so that a checked-in copy shows a change of policy as a diff.
pub fn render_reference(catalog: &Catalog) -> String {
    let mut parts = vec![
        format!("# Catalog `{}`", catalog.name),
        catalog.description.clone(),
        "<!-- Generated from the catalog file; a test compares the two. -->".to_owned(),
        "## Rules".to_owned(),
        rules(catalog),
        "## Roles".to_owned(),
        roles(catalog),
    ];
    for (level, title) in [
        (Level::Account, "Account-level roles and what they hold"),
        (Level::Project, "Project-level roles and what they hold"),
        (Level::Resource, "Resource-level roles and what they hold"),
    ] {
        let of_level: Vec<&BuiltInRole> = catalog.roles.iter().filter(|role| role.level == level).collect();
        if !of_level.is_empty() {
            parts.extend([format!("## {title}"), matrix(catalog, &of_level)]);
        }
    }
    parts.extend(["## Permissions".to_owned(), permissions(catalog)]);
    if !catalog.resource_types.is_empty() {
        parts.extend(["## Resource types".to_owned(), resource_types(catalog)]);
    }
    if !catalog.groups.is_empty() {
        parts.extend(["## Built-in groups".to_owned(), groups(catalog)]);
    }
    if !catalog.attributes.is_empty() {
        parts.extend(["## Attributes".to_owned(), attributes(catalog)]);
    }
    parts.extend(["## Operations".to_owned(), operations(catalog)]);
    parts.join("\n\n") + "\n"
}

fn rules(catalog: &Catalog) -> String {
    let rows: Vec<Vec<String>> =
        rules_in_words(catalog).into_iter().map(|(rule, value)| vec![rule, value]).collect();
    table(&["Rule", "Value"], &rows)
}

/// Each rule with its value.
pub(super) fn rules_in_words(catalog: &Catalog) -> Vec<(String, String)> {
    let rules = &catalog.rules;
    let role =
        |index: BuiltInRoleIndex| catalog.role_at(index).map_or(String::new(), |role| code(&role.name));
    let optional = |index: Option<BuiltInRoleIndex>| index.map_or("none".to_owned(), role);
    let lifetime = match rules.invitation_lifetime {
        Lifetime::Forever => "no end".to_owned(),
        Lifetime::Limited { default, shortest, longest } if shortest == longest => words(default),
        Lifetime::Limited { default, shortest, longest } => {
            format!("{}; an account sets {} to {}", words(default), words(shortest), words(longest))
        }
    };
    let roles_per_member = match rules.roles_per_member {
        RolesPerMember::One => "one",
        RolesPerMember::Many => "any number",
    };
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let escalate =
        if catalog.escalate.is_empty() { "none".to_owned() } else { names(catalog, catalog.escalate) };
    let rows = [
        ["Role of an account's owner".to_owned(), role(rules.owner)],
        ["Role of a former owner".to_owned(), optional(rules.former_owner)],
        ["Role of every active member".to_owned(), optional(rules.newcomer)],
        ["Role of a project's creator there".to_owned(), optional(rules.project_creator)],
        ["Account-level roles per member".to_owned(), roles_per_member.to_owned()],
        ["Lifetime of an invitation".to_owned(), lifetime],
        ["Removing a member asks to retype the email".to_owned(), yes_no(rules.removal_retypes_email)],
        ["Accounts define roles of their own".to_owned(), yes_no(rules.custom_roles)],
        ["Accounts have policies".to_owned(), yes_no(rules.policies)],
        ["What a policy forbids is forbidden to owners".to_owned(), yes_no(rules.policies_bind_owner)],
        [
            "What an invitation must name".to_owned(),
            listed(rules.invitation_asks_for.iter().map(|field| field.name().to_owned())),
        ],
        [
            "What an invitation's mail carries".to_owned(),
            listed(rules.invitation_mail.iter().map(|fact| catalog.mail_fact_name(*fact))),
        ],
        ["Who has personal keys".to_owned(), rules.personal_keys.name().to_owned()],
        ["Groups of a new account".to_owned(), groups_at_start(catalog)],
        ["Permissions to grant what one does not hold".to_owned(), escalate],
    ];
    rows.map(|[rule, value]| (rule, value)).into()
}

fn listed(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.map(|word| code(&word)).collect();
    if words.is_empty() { "nothing more".to_owned() } else { words.join(", ") }
}

fn groups_at_start(catalog: &Catalog) -> String {
    let rule = catalog.rules.groups;
    let joined = rule.existing_members_join.and_then(|at| catalog.groups.get(at));
    match (rule.off_at_start, joined) {
        (false, _) => "on".to_owned(),
        (true, None) => "off until it switches them on".to_owned(),
        (true, Some(group)) => {
            format!("off until it switches them on; its members then join `{}`", group.name)
        }
    }
}

fn roles(catalog: &Catalog) -> String {
    let row = |role: &BuiltInRole| {
        let holders: Vec<&str> = [
            (role.handed_over, "handed over"),
            (role.keeps_holder, "keeps a holder"),
            (role.single_holder, "one holder"),
        ]
        .into_iter()
        .filter_map(|(applies, words)| applies.then_some(words))
        .collect();
        let level = match role.level {
            Level::Account => "account",
            Level::Project => "project",
            Level::Resource => "resource",
        };
        vec![
            code(&role.name),
            role.title.clone(),
            level.to_owned(),
            holders.join(", "),
            role.description.clone(),
        ]
    };
    table(
        &["Role", "Title", "Level", "Holders", "For what"],
        &catalog.roles.iter().map(row).collect::<Vec<_>>(),
    )
}

fn matrix(catalog: &Catalog, roles: &[&BuiltInRole]) -> String {
    let titles = roles.iter().map(|role| role.name.as_str());
    let header: Vec<&str> = std::iter::once("Permission").chain(titles).collect();
    let mut rows = Vec::with_capacity(catalog.permissions.len());
    for (index, permission) in catalog.all_permissions().iter().zip(&catalog.permissions) {
        let held =
            roles.iter().map(|role| if role.permissions.contains(index) { "yes" } else { "" }.to_owned());
        rows.push(std::iter::once(code(&permission.name)).chain(held).collect());
    }
    table(&header, &rows)
}

fn permissions(catalog: &Catalog) -> String {
    let mut rows = Vec::with_capacity(catalog.permissions.len());
    for permission in &catalog.permissions {
        let section = catalog.sections.get(permission.section).map_or("", |section| section.title.as_str());
        let api_only = if permission.api_only { " Only offered through the API." } else { "" };
        let description = format!("{}{api_only}", permission.description);
        rows.push(vec![
            code(&permission.name),
            section.to_owned(),
            names(catalog, permission.implies),
            description,
        ]);
    }
    table(&["Permission", "Section", "Implies", "What it lets people do"], &rows)
}

fn resource_types(catalog: &Catalog) -> String {
    let mut rows = Vec::with_capacity(catalog.resource_types.len());
    for resource_type in &catalog.resource_types {
        let parent = resource_type.parent.and_then(|parent| catalog.resource_type_at(parent));
        let permission = |index| code(catalog.permission_name(index));
        rows.push(vec![
            code(&resource_type.name),
            resource_type.title.clone(),
            parent.map_or("project".to_owned(), |parent| code(&parent.name)),
            permission(resource_type.read),
            permission(resource_type.write),
            permission(resource_type.delete),
        ]);
    }
    table(&["Type", "Title", "Below", "Read", "Write", "Delete"], &rows)
}

fn groups(catalog: &Catalog) -> String {
    let mut rows = Vec::with_capacity(catalog.groups.len());
    for group in &catalog.groups {
        let roles =
            group.roles.iter().filter_map(|index| catalog.role_at(*index)).map(|role| code(&role.name));
        rows.push(vec![code(&group.name), group.title.clone(), roles.collect::<Vec<_>>().join(", ")]);
    }
    table(&["Group", "Title", "Roles"], &rows)
}

fn attributes(catalog: &Catalog) -> String {
    let row = |attribute: &Attribute| {
        let values = attribute.values.iter().map(|value| code(value)).collect::<Vec<_>>().join(", ");
        vec![
            catalog.attribute_owner(attribute.of).to_owned(),
            code(&attribute.name),
            attribute.kind.name().to_owned(),
            if values.is_empty() { "any".to_owned() } else { values },
            attribute.description.clone(),
        ]
    };
    let rows: Vec<_> = catalog.attributes.iter().map(row).collect();
    table(&["Of", "Attribute", "Type", "Values", "What it says"], &rows)
}

fn operations(catalog: &Catalog) -> String {
    let row = |operation: &Operation| {
        let permission = catalog.permission_name(catalog.operation(*operation));
        vec![code(operation.name()), code(permission), operation.describe().to_owned()]
    };
    table(&["Operation", "Permission", "What it covers"], &Operation::ALL.iter().map(row).collect::<Vec<_>>())
}

fn names(catalog: &Catalog, set: PermissionSet) -> String {
    catalog.permission_names(set).map(code).collect::<Vec<_>>().join(", ")
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// A length of time in its largest whole unit.
fn words(length: Duration) -> String {
    let seconds = length.as_secs();
    let (number, unit) = match seconds {
        days if days % 86_400 == 0 => (days / 86_400, "day"),
        hours if hours % 3_600 == 0 => (hours / 3_600, "hour"),
        minutes => (minutes / 60, "minute"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// A Markdown table whose columns line up, because its source is read as often as the page.
fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let escape = |cell: &str| cell.replace('|', "\\|");
    let header: Vec<String> = header.iter().map(|cell| escape(cell)).collect();
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| escape(cell)).collect()).collect();
    let widths: Vec<usize> = header
        .iter()
        .enumerate()
        .map(|(column, title)| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.fold(title.chars().count(), usize::max)
        })
        .collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!(" {cell:width$} "));
        format!("|{}|", padded.collect::<Vec<_>>().join("|"))
    };
    let rule = widths.iter().map(|width| "-".repeat(width + 2)).collect::<Vec<_>>().join("|");
    let mut lines = vec![line(&header), format!("|{rule}|")];
    lines.extend(rows.iter().map(|row| line(row)));
    lines.join("\n")
}
