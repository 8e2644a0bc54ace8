//! People as a table: `email,name,role,scope,until`, one role a row.

use bailiwick_client::wire::{AllOf, DocumentInvitation, GrantSpec, Scope};
use jiff::Timestamp;

use super::{Imported, Unmapped, records};
use crate::scope::{self, ScopeText};

/// How many rows one file may have.
pub const ROWS_MAX: usize = 10_000;

/// The columns.
const COLUMNS: [&str; 5] = ["email", "name", "role", "scope", "until"];

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Counted from 1, the heading included.
    pub line: usize,
    /// Whom it is about, as written.
    pub email: String,
    /// What to call the person until they say it themselves.
    pub name: Option<String>,
    /// The role; none for the newcomer role alone.
    pub role: Option<String>,
    /// Where the role counts.
    pub scope: ScopeText,
    /// When it ends.
    pub until: Option<Timestamp>,
}

/// The rows of a table, and those that make no sense.
///
/// # Errors
/// What keeps the table as a whole from being read.
pub fn rows(text: &str) -> Result<(Vec<Row>, Vec<Unmapped>), Unmapped> {
    let wrong = |line, reason: String| Unmapped { line, reason };
    let heading = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let heading = heading.ok_or_else(|| wrong(1, "the file is empty".to_owned()))?;
    let names: Vec<String> =
        heading.trim_start_matches('\u{feff}').split(',').map(|name| name.trim().to_lowercase()).collect();
    if let Some(unknown) = names.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
        let reason = format!("there is no column `{unknown}`: the heading names {}", COLUMNS.join(", "));
        return Err(wrong(1, reason));
    }
    if let Some(twice) =
        names.iter().enumerate().find(|(place, name)| names.iter().take(*place).any(|other| other == *name))
    {
        return Err(wrong(1, format!("the column `{}` stands twice", twice.1)));
    }
    if !names.iter().any(|name| name == "email") {
        return Err(wrong(1, "the heading has no column `email`".to_owned()));
    }
    let records = records(text, true)?;
    if records.len() > ROWS_MAX {
        return Err(wrong(
            1,
            format!("there are {} rows, at most {ROWS_MAX} are taken: split the file", records.len()),
        ));
    }
    let (mut rows, mut unmapped) = (Vec::new(), Vec::new());
    for (line, record) in records {
        let value = |column: &str| {
            let place = names.iter().position(|name| name == column);
            place.and_then(|place| record.get(place)).filter(|value| !value.is_empty())
        };
        match row(line, &value) {
            Ok(row) => rows.push(row),
            Err(reason) => unmapped.push(wrong(line, reason)),
        }
    }
    Ok((rows, unmapped))
}

fn row<'a>(line: usize, value: &impl Fn(&str) -> Option<&'a str>) -> Result<Row, String> {
    let email = value("email").ok_or("there is no email")?.to_owned();
    if !email.contains('@') {
        return Err(format!("`{email}` is not an email address"));
    }
    let role = value("role").map(str::to_owned);
    let scope = value("scope").map_or(Ok(ScopeText::Account), str::parse)?;
    let until = value("until").map(scope::moment).transpose()?;
    if role.is_none() && (until.is_some() || scope != ScopeText::Account) {
        return Err("a scope or end needs a role".to_owned());
    }
    let name = value("name").map(str::to_owned);
    Ok(Row { line, email, name, role, scope, until })
}

/// The table as invitations: rows of one person become one. Who is a member already gets the roles at once.
pub fn read(text: &str) -> Imported {
    let mut imported = Imported::empty();
    let rows = match rows(text) {
        Ok((rows, unmapped)) => {
            imported.unmapped = unmapped;
            rows
        }
        Err(whole) => {
            imported.unmapped.push(whole);
            return imported;
        }
    };
    let mut invitations: Vec<DocumentInvitation> = Vec::new();
    let mut place_of = std::collections::BTreeMap::new();
    for row in rows {
        let key = row.email.to_lowercase();
        let place = *place_of.entry(key).or_insert_with(|| {
            let (email, name) = (row.email.clone(), row.name.clone());
            invitations.push(DocumentInvitation { email, name, ..DocumentInvitation::default() });
            invitations.len() - 1
        });
        let grant =
            row.role.map(|role| GrantSpec { role, scope: by_reference(&row.scope), until: row.until });
        if let Some(invitation) = invitations.get_mut(place) {
            invitation.grants.extend(grant);
        }
    }
    imported.document.invitations = Some(invitations);
    imported
}

/// A scope with its references as written: a document names projects by name, and resources by id or external id.
fn by_reference(scope: &ScopeText) -> Scope {
    match scope.clone() {
        ScopeText::Account => Scope::Account,
        ScopeText::Project(project) => Scope::Project(project),
        ScopeText::AllOf { resource_type, project, future } => {
            // Refused by the server with the way out: a document says what shall be.
            Scope::AllOf(AllOf { resource_type, project, future: (!future).then_some(false) })
        }
        ScopeText::Resources { names, .. } => Scope::Resources(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_person_become_one_invitation() {
        let text = "\u{feff}Email, name, role, scope, until\n# a comment\nada@example.com,Ada,viewer,,\n\
                    Ada@Example.com,Ada,Cluster reader,\"cluster:c-1,c-2\",2027-01-31T12:00:00Z\nalan@example.com,,,,\n";
        let imported = read(text);
        assert_eq!(imported.unmapped, []);
        let invitations = imported.document.invitations.unwrap();
        assert_eq!(invitations.len(), 2);
        assert_eq!(invitations[0].grants.len(), 2);
        assert_eq!(invitations[0].grants[1].scope, Scope::Resources(vec!["c-1".into(), "c-2".into()]));
        assert_eq!(invitations[1].grants, []);
    }

    #[test]
    fn what_makes_no_sense_is_told_by_its_line() {
        let text = "email,role,scope,until\nada,viewer,,\n,viewer,,\nada@example.com,viewer,nowhere,\n\
                    ada@example.com,viewer,,soon\nada@example.com,,project:x,\nada@example.com,viewer,,\n";
        let (rows, unmapped) = rows(text).unwrap();
        assert_eq!(rows.len(), 1);
        let lines: Vec<usize> = unmapped.iter().map(|one| one.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6]);
        for (text, reason) in [
            ("", "the file is empty"),
            ("mail\na@b.c", "there is no column `mail`"),
            ("email,email\na@b.c,d", "the column `email` stands twice"),
            ("role\nviewer", "the heading has no column `email`"),
            ("email,role\na@b.c", "it has 1 values, the heading has 2"),
        ] {
            let wrong = super::rows(text).unwrap_err();
            assert!(wrong.reason.contains(reason), "{text:?}: {wrong:?}");
        }
    }
}
