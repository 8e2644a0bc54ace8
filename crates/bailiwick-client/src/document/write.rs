//! From a document to YAML that people read and compare.

use std::fmt::Write as _;

use crate::wire::{
    AccessDocument, AllOf, AttributeValue, Attributes, DocumentGrant, DocumentGroup, DocumentInvitation,
    DocumentMember, DocumentPolicy, DocumentProject, DocumentResource, DocumentRole, DocumentServiceAccount,
    DocumentSettings, GrantSpec, Patch, Scope,
};

/// Writes a document as YAML below comments, in an order of keys that never changes.
///
/// What [`read`](super::read) makes of it is the same document.
pub fn write(document: &AccessDocument, comments: &[String]) -> String {
    let mut out = String::new();
    for line in comments.iter().flat_map(|comment| comment.lines()) {
        // What a comment quotes may come from a server.
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        let _ = writeln!(out, "# {line}");
    }
    let _ = writeln!(out, "version: {}", document.version);
    if let Some(settings) = &document.settings {
        self::settings(&mut out, settings);
    }
    section(&mut out, "projects", document.projects.as_deref(), project);
    section(&mut out, "roles", document.roles.as_deref(), role);
    section(&mut out, "members", document.members.as_deref(), member);
    section(&mut out, "resources", document.resources.as_deref(), resource);
    section(&mut out, "groups", document.groups.as_deref(), group);
    section(&mut out, "service_accounts", document.service_accounts.as_deref(), service_account);
    section(&mut out, "grants", document.grants.as_deref(), grant);
    section(&mut out, "invitations", document.invitations.as_deref(), invitation);
    section(&mut out, "policies", document.policies.as_deref(), policy);
    out
}

fn settings(out: &mut String, settings: &DocumentSettings) {
    let DocumentSettings { invitation_lifetime_seconds, groups_on, ending_notice_seconds } = settings;
    let seconds = |patch: &Patch<u64>| match patch {
        Patch::Keep => None,
        Patch::Clear => Some("null".to_owned()),
        Patch::Set(seconds) => Some(seconds.to_string()),
    };
    let fields = [
        ("invitation_lifetime_seconds", seconds(invitation_lifetime_seconds)),
        ("groups_on", groups_on.map(|on| on.to_string())),
        ("ending_notice_seconds", seconds(ending_notice_seconds)),
    ];
    let fields: Vec<_> = fields.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    out.push_str(if fields.is_empty() { "\nsettings: {}\n" } else { "\nsettings:\n" });
    for (key, value) in fields {
        let _ = writeln!(out, "  {key}: {value}");
    }
}

/// Keys with their values, as written behind the colon.
type Fields = Vec<(&'static str, String)>;

fn section<T>(out: &mut String, name: &str, items: Option<&[T]>, fields: impl Fn(&T) -> Fields) {
    let Some(items) = items else { return };
    if items.is_empty() {
        let _ = writeln!(out, "\n{name}: []");
        return;
    }
    let _ = writeln!(out, "\n{name}:");
    for item in items {
        entry(out, "  ", &fields(item));
    }
}

/// An entry of a list: the first key behind a dash, the others below it.
fn entry(out: &mut String, indent: &str, fields: &Fields) {
    for (place, (key, value)) in fields.iter().enumerate() {
        let mark = if place == 0 { "- " } else { "  " };
        let _ = writeln!(out, "{indent}{mark}{key}:{value}");
    }
}

fn text(value: &str) -> String {
    format!(" {}", scalar(value))
}

/// A value that is one word in JSON too.
fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    text(value.as_str().unwrap_or_default())
}

fn push(fields: &mut Fields, key: &'static str, value: Option<&String>) {
    fields.extend(value.map(|value| (key, text(value))));
}

/// One line for each text, so that a comparison of two files shows which came and went.
fn texts(values: &[String]) -> String {
    if values.is_empty() {
        return " []".to_owned();
    }
    values.iter().fold(String::new(), |mut lines, value| {
        let _ = write!(lines, "\n      - {}", scalar(value));
        lines
    })
}

fn project(item: &DocumentProject) -> Fields {
    named(&item.name, item.description.as_ref(), item.external_id.as_ref())
}

fn service_account(item: &DocumentServiceAccount) -> Fields {
    let mut fields = named(&item.name, item.description.as_ref(), item.external_id.as_ref());
    fields.extend(item.may_assert.as_ref().map(|entries| ("may_assert", texts(entries))));
    fields
}

fn resource(item: &DocumentResource) -> Fields {
    vec![("resource", text(&item.resource)), ("attributes", attributes(&item.attributes))]
}

fn policy(item: &DocumentPolicy) -> Fields {
    let mut fields = vec![("name", text(&item.name))];
    push(&mut fields, "description", item.description.as_ref());
    fields.extend(item.enabled.map(|enabled| ("enabled", format!(" {enabled}"))));
    fields.push(("text", block(&item.text)));
    fields
}

/// Names and values, one line for each.
fn attributes(attributes: &Attributes) -> String {
    if attributes.is_empty() {
        return " {}".to_owned();
    }
    attributes.iter().fold(String::new(), |mut lines, (name, value)| {
        let value = match value {
            AttributeValue::Bool(value) => value.to_string(),
            AttributeValue::Number(value) => value.to_string(),
            AttributeValue::String(text) => scalar(text),
            AttributeValue::List(texts) => {
                let texts: Vec<String> = texts.iter().map(|text| scalar(text)).collect();
                format!("[{}]", texts.join(", "))
            }
        };
        let _ = write!(lines, "\n      {}: {value}", scalar(name));
        lines
    })
}

/// A text of several lines below its key, as it is; in double quotes where that would not be the same text.
fn block(value: &str) -> String {
    let is_plain = |c: char| matches!(c, ' '..='~' | '\n') || c.is_alphanumeric();
    // A line of nothing but spaces could be taken for the indentation.
    let is_clear = |line: &str| line.is_empty() || !line.trim().is_empty();
    let (body, mark) = match value.strip_suffix('\n') {
        Some(body) => (body, "|"),
        None => (value, "|-"),
    };
    let fits = !body.is_empty()
        && !body.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && body.chars().all(is_plain)
        && body.lines().all(is_clear);
    if !fits {
        return text(value);
    }
    body.lines().fold(format!(" {mark}"), |mut lines, line| {
        let indent = if line.is_empty() { "" } else { "      " };
        let _ = write!(lines, "\n{indent}{line}");
        lines
    })
}

fn named(name: &str, description: Option<&String>, external_id: Option<&String>) -> Fields {
    let mut fields = vec![("name", text(name))];
    push(&mut fields, "description", description);
    push(&mut fields, "external_id", external_id);
    fields
}

fn role(item: &DocumentRole) -> Fields {
    let mut fields = named(&item.name, item.description.as_ref(), item.external_id.as_ref());
    fields.push(("level", word(&item.level)));
    fields.push(("permissions", texts(&item.permissions)));
    fields
}

fn member(item: &DocumentMember) -> Fields {
    let mut fields = vec![("member", text(&item.member))];
    push(&mut fields, "external_id", item.external_id.as_ref());
    fields.extend(item.status.map(|status| ("status", word(&status))));
    match &item.until {
        Patch::Keep => {}
        Patch::Clear => fields.push(("until", " null".to_owned())),
        Patch::Set(until) => fields.push(("until", format!(" {until}"))),
    }
    fields.extend(item.attributes.as_ref().map(|all| ("attributes", attributes(all))));
    fields
}

fn group(item: &DocumentGroup) -> Fields {
    let mut fields = named(&item.name, item.description.as_ref(), item.external_id.as_ref());
    fields.extend(item.members.as_ref().map(|members| ("members", texts(members))));
    fields
}

fn grant(item: &DocumentGrant) -> Fields {
    let mut fields = Fields::new();
    push(&mut fields, "member", item.member.as_ref());
    push(&mut fields, "group", item.group.as_ref());
    push(&mut fields, "service_account", item.service_account.as_ref());
    fields.push(("role", text(&item.role)));
    fields.push(("scope", format!(" {}", scope(&item.scope))));
    fields.extend(item.until.map(|until| ("until", format!(" {until}"))));
    fields
}

fn invitation(item: &DocumentInvitation) -> Fields {
    let mut fields = vec![("email", text(&item.email))];
    push(&mut fields, "name", item.name.as_ref());
    fields.extend(item.groups.as_ref().map(|groups| ("groups", texts(groups))));
    fields.extend(item.member_until.map(|until| ("member_until", format!(" {until}"))));
    fields.extend(item.attributes.as_ref().map(|all| ("attributes", attributes(all))));
    if !item.grants.is_empty() {
        let mut lines = "\n".to_owned();
        for GrantSpec { role, scope: at, until } in &item.grants {
            let mut promised = vec![("role", text(role)), ("scope", format!(" {}", scope(at)))];
            promised.extend(until.map(|until| ("until", format!(" {until}"))));
            entry(&mut lines, "      ", &promised);
        }
        fields.push(("grants", lines.trim_end_matches('\n').to_owned()));
    }
    fields
}

fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Account => "account".to_owned(),
        Scope::Project(project) => format!("{{project: {}}}", scalar(project)),
        Scope::AllOf(AllOf { resource_type, project, future }) => {
            let project = project.as_ref().map(|project| format!(", project: {}", scalar(project)));
            let future = future.map(|future| format!(", future: {future}"));
            let (project, future) = (project.unwrap_or_default(), future.unwrap_or_default());
            format!("{{all_of: {{type: {}{project}{future}}}}}", scalar(resource_type))
        }
        Scope::Resources(names) => {
            let names: Vec<String> = names.iter().map(|name| scalar(name)).collect();
            format!("{{resources: [{}]}}", names.join(", "))
        }
    }
}

/// Words that an unquoted text must not be, here or for a reader of YAML 1.1.
const RESERVED: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];

/// A text as one scalar: as it is if nothing could take it for something else, else in double quotes.
fn scalar(value: &str) -> String {
    let is_plain = |(place, c): (usize, char)| {
        let next = value.get(place + c.len_utf8()..).and_then(|rest| rest.chars().next());
        match c {
            ' ' | ':' => next.is_some_and(char::is_alphanumeric),
            _ => c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@' | '+'),
        }
    };
    let starts = value.starts_with(|c: char| c.is_alphabetic());
    let is_word = RESERVED.iter().any(|word| value.eq_ignore_ascii_case(word));
    if starts && !is_word && value.char_indices().all(is_plain) {
        return value.to_owned();
    }
    let mut quoted = String::from('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            c if c.is_alphanumeric() => quoted.push(c),
            c if u32::from(c) > 0xffff => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::read;
    use crate::wire::{DocumentSettings, Level, MemberStatusChange};

    fn said(name: &str) -> Attributes {
        let list = AttributeValue::List(vec![name.to_owned(), "a".to_owned()]);
        let values = [
            AttributeValue::Bool(true),
            AttributeValue::Number(-3),
            AttributeValue::String(name.into()),
            list,
        ];
        values.into_iter().enumerate().map(|(number, value)| (format!("{name}{number}"), value)).collect()
    }

    fn one_with(name: &str) -> AccessDocument {
        let text = || name.to_owned();
        let some = || Some(name.to_owned());
        let grants = [
            Scope::Account,
            Scope::Project(text()),
            Scope::AllOf(AllOf { resource_type: text(), project: None, future: None }),
            Scope::AllOf(AllOf { resource_type: text(), project: some(), future: Some(false) }),
            Scope::Resources(vec![text(), text()]),
        ];
        let grants = grants.map(|scope| DocumentGrant {
            member: some(),
            role: text(),
            scope,
            until: Some("2027-01-31T12:00:00Z".parse().unwrap()),
            ..DocumentGrant::default()
        });
        let promised = GrantSpec { role: text(), scope: Scope::Project(text()), until: None };
        AccessDocument {
            version: 1,
            settings: Some(DocumentSettings {
                invitation_lifetime_seconds: Patch::Clear,
                groups_on: Some(true),
                ending_notice_seconds: Patch::Set(60),
            }),
            projects: Some(vec![
                DocumentProject { name: text(), description: some(), external_id: some() },
                DocumentProject { name: text(), ..DocumentProject::default() },
            ]),
            roles: Some(vec![DocumentRole {
                name: text(),
                description: None,
                external_id: None,
                level: Level::Resource,
                permissions: vec![text(), text()],
            }]),
            members: Some(vec![DocumentMember {
                member: text(),
                external_id: some(),
                status: Some(MemberStatusChange::Inactive),
                until: Patch::Set("2027-01-31T12:00:00Z".parse().unwrap()),
                attributes: Some(said(name)),
            }]),
            resources: Some(vec![DocumentResource { resource: text(), attributes: said(name) }]),
            groups: Some(vec![DocumentGroup {
                name: text(),
                members: Some(vec![text()]),
                ..Default::default()
            }]),
            service_accounts: Some(vec![DocumentServiceAccount {
                name: text(),
                may_assert: Some(vec![text()]),
                ..Default::default()
            }]),
            grants: Some(grants.to_vec()),
            invitations: Some(vec![
                DocumentInvitation {
                    email: text(),
                    grants: vec![promised.clone(), promised],
                    name: some(),
                    groups: Some(vec![text()]),
                    member_until: Some("2027-01-31T12:00:00Z".parse().unwrap()),
                    attributes: Some(said(name)),
                },
                DocumentInvitation { email: text(), ..DocumentInvitation::default() },
            ]),
            policies: Some(vec![
                DocumentPolicy { name: text(), text: text(), ..DocumentPolicy::default() },
                DocumentPolicy {
                    name: text(),
                    description: some(),
                    enabled: Some(false),
                    text: format!("// {name}\npermit (\n  principal,\n\n);{name}\n"),
                },
            ]),
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for name in [
            "Search",
            "read:clusters",
            "ada@example.com",
            "a b",
            "a: b",
            "a #b",
            "#a",
            "- a",
            "",
            " a",
            "a ",
            "yes",
            "NULL",
            "~",
            "017",
            "1e3",
            "0x1f",
            "2027-01-31",
            "a\"b\\c",
            "a,b",
            "[a]",
            "{a}",
            "é ü",
            "😀",
            "a\u{85}b",
            "'a'",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a`",
            "a:",
            "a :b",
            "<<",
            "=",
            "|",
            ">",
            "?",
            "group:On call",
            "a\n  b\n\nc",
            "a\n \nb",
            "a\n\n",
            "\na",
            "a\tb",
            "a\r\nb",
            "a\nb ",
            "---",
            "...",
        ] {
            let document = one_with(name);
            let text = write(&document, &["Access of `Acme`".to_owned()]);
            let read = read(&text).unwrap_or_else(|problems| panic!("{name:?}: {problems:?}\n{text}"));
            assert_eq!(read.document, document, "{name:?}\n{text}");
        }
    }

    #[test]
    fn a_document_reads_like_one() {
        let document = AccessDocument {
            version: 1,
            roles: Some(vec![DocumentRole {
                name: "Cluster reader".to_owned(),
                description: None,
                external_id: None,
                level: Level::Resource,
                permissions: vec!["read:clusters".to_owned()],
            }]),
            grants: Some(vec![DocumentGrant {
                group: Some("On call".to_owned()),
                role: "Cluster reader".to_owned(),
                scope: Scope::Resources(vec!["c-17".to_owned()]),
                ..DocumentGrant::default()
            }]),
            ..AccessDocument::default()
        };
        let expected = "# Access of Acme\nversion: 1\n\nroles:\n  - name: Cluster reader\n    level: resource\n    \
                        permissions:\n      - read:clusters\n\ngrants:\n  - group: On call\n    role: Cluster reader\n    \
                        scope: {resources: [c-17]}\n";
        assert_eq!(write(&document, &["Access of Acme\u{1b}".to_owned()]), expected);
    }

    #[test]
    fn the_text_of_a_policy_stands_as_it_is_and_its_places_are_known() {
        let policies = vec![DocumentPolicy {
            name: "Production".to_owned(),
            text: "forbid (\n  principal,\n  action,\n  resource\n);\n".to_owned(),
            ..DocumentPolicy::default()
        }];
        let document = AccessDocument { version: 1, policies: Some(policies), ..AccessDocument::default() };
        let text = write(&document, &[]);
        let expected = "version: 1\n\npolicies:\n  - name: Production\n    text: |\n      forbid (\n        principal,\n        \
                        action,\n        resource\n      );\n";
        assert_eq!(text, expected);
        let read = read(&text).unwrap();
        assert_eq!(read.place_in("/policies/0/text", 2, 3), Some((7, 9)));
        assert_eq!(text.lines().nth(6), Some("        principal,"));
        assert_eq!(read.place_in("/policies/0/name", 1, 1), None);
    }
}
