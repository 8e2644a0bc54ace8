//! Inviting people.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use bailiwick_core::account::{RoleAtScope, Scope};
use bailiwick_core::catalog::{InvitationField, Lifetime, Operation, RolesPerMember};
use bailiwick_core::limits;
use bailiwick_core::values::{Email, Name};
use serde::Deserialize;

use super::account_context::AccountContext;
use super::answer::{Answer, done, page};
use super::complaint::Complaint;
use super::form::{Fields, Submission};
use super::parts::{Alert, Field};
use super::scope_choice::{RoleChoice, ScopeChoice};
use super::shell::Shell;
use super::text::{counted, duration_words};
use super::visitor::Visitor;
use crate::service::{InviteRequest, Outcome, Service, WriteOptions};

/// How many wrong addresses are named before the others are counted.
const NAMED: usize = 20;

/// What is chosen already, for links from a role's page.
#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    role: String,
}

/// A row of a role and where it counts.
struct AccessRow {
    role: String,
    scope: String,
    until: String,
}

#[derive(Template)]
#[template(path = "console/invite.html")]
struct InvitePage {
    shell: Shell,
    alert: Alert,
    emails: String,
    emails_wrong: Option<Complaint>,
    /// Where the catalog asks for it.
    name: Option<Field>,
    roles: Vec<RoleChoice>,
    is_one_role: bool,
    newcomer: Option<String>,
    choice: Option<ScopeChoice>,
    rows: Vec<AccessRow>,
    most: usize,
    lifetime: String,
    back: String,
}

/// The form.
pub(super) async fn form(
    State(service): State<Service>,
    Path(account): Path<String>,
    visitor: Visitor,
    chosen: Query<Chosen>,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit_anywhere(Operation::WriteInvitations, "invite").await?;
    Ok(render(&context, &Fields::default(), &chosen.role, None))
}

/// Sends the invitations.
pub(super) async fn submit(
    State(service): State<Service>,
    Path(account): Path<String>,
    submission: Submission,
) -> Answer {
    let Submission { visitor, fields } = submission;
    let context = AccountContext::open(&service, &visitor, &account).await?;
    match invite(&context, &fields).await {
        Ok(notice) => Ok(done(&service, &context.path("/members"), &notice)),
        Err(complaint) => Ok(render(&context, &fields, "", Some(&complaint))),
    }
}

async fn invite(context: &AccountContext<'_>, fields: &Fields) -> Result<String, Complaint> {
    let emails = emails(fields.get("emails"))?;
    let mut grants = Vec::new();
    for role in fields.all("role").filter(|role| !role.is_empty()) {
        grants.push(RoleAtScope { role: context.role_named(role)?, scope: Scope::Account, until: None });
    }
    grants.extend(context.chosen_access(fields)?);
    let name = match fields.get("name") {
        "" => None,
        text => Some(Name::parse(text).map_err(|problem| Complaint::text("name", "the name", &problem))?),
    };
    let request = InviteRequest {
        emails,
        grants,
        groups: Vec::new(),
        name,
        member_until: None,
        attributes: bailiwick_core::account::Attributes::default(),
    };
    let options = WriteOptions::default();
    let (caller, account) = (&context.person.caller, context.account.id());
    let shape = |invited: crate::service::Invited<'_>| {
        let first = invited.invitations.first().and_then(|id| invited.account.invitation(*id));
        let first = first.and_then(|found| invited.people.email(found.value.user)).unwrap_or_default();
        (invited.invitations.len(), invited.members.len(), first.to_owned())
    };
    let outcome = context.service.invite(caller, account, &request, &options, shape).await;
    match outcome.map_err(|error| context.complaint(&error))? {
        Outcome::Done { value: (sent, members, first), .. } => Ok(match (sent, members) {
            (1, 0) => format!("Invitation sent to {first}."),
            (0, members) => format!("{} got the roles at once.", counted(members, "member", "members")),
            (sent, 0) => format!("{} sent.", counted(sent, "invitation", "invitations")),
            (sent, members) => format!(
                "{} sent; {} got the roles at once.",
                counted(sent, "invitation", "invitations"),
                counted(members, "member", "members")
            ),
        }),
        Outcome::Dry { .. } | Outcome::Replayed(_) => {
            let error = crate::service::Error::internal("an invitation was not written");
            Err(Complaint::of(&error))
        }
    }
}

/// Emails between commas, semicolons, spaces or line breaks; each once.
fn emails(text: &str) -> Result<Vec<Email>, Complaint> {
    let mut emails = Vec::new();
    let mut known = BTreeSet::new();
    let words =
        text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).filter(|word| !word.is_empty());
    let mut wrong = Vec::new();
    for word in words {
        match Email::parse(word) {
            Ok(email) if known.insert(email.as_str().to_owned()) => emails.push(email),
            Ok(_) => {}
            Err(problem) => {
                let shown: String = word.chars().take(80).collect();
                wrong.push(format!("`{shown}` {problem}"));
            }
        }
    }
    if !wrong.is_empty() {
        // Enough to correct a list; a pasted letter is not repeated word by word.
        let more = wrong.len().saturating_sub(NAMED);
        wrong.truncate(NAMED);
        if more > 0 {
            wrong.push(format!("{more} more are no addresses either"));
        }
        return Err(Complaint::field("emails", &wrong.join("; "), "check the spelling"));
    }
    if emails.is_empty() {
        return Err(Complaint::field("emails", "an email address is needed", ""));
    }
    if emails.len() > limits::PEOPLE_PER_INVITATION {
        let most = limits::PEOPLE_PER_INVITATION;
        return Err(Complaint::field("emails", &format!("at most {most} people are invited at once"), ""));
    }
    Ok(emails)
}

fn render(
    context: &AccountContext<'_>,
    fields: &Fields,
    chosen: &str,
    complaint: Option<&Complaint>,
) -> Response {
    let account = &context.account;
    let preset = account.find_role(chosen);
    let roles = context.account_roles(Operation::WriteInvitations, |role| {
        fields.has("role", &role.to_string()) || preset.as_ref().is_some_and(|preset| preset == role)
    });
    let chosen_below = if roles.iter().any(|role| role.is_chosen) { "" } else { chosen };
    let mut untils = fields.all("access_until");
    let mut rows: Vec<AccessRow> = fields
        .all("access_role")
        .zip(fields.all("access_scope"))
        .map(|(role, scope)| AccessRow {
            role: role.to_owned(),
            scope: scope.to_owned(),
            until: untils.next().unwrap_or_default().to_owned(),
        })
        .collect();
    if rows.is_empty() {
        rows.push(AccessRow {
            role: preset
                .as_ref()
                .filter(|_| !chosen_below.is_empty())
                .map(ToString::to_string)
                .unwrap_or_default(),
            scope: String::new(),
            until: String::new(),
        });
    }
    let house = &account.catalog().rules;
    let lifetime = match (house.invitation_lifetime, account.settings_lifetime()) {
        (Lifetime::Forever, _) | (_, None) => {
            "The link in the mail works once, until the invitation is revoked.".to_owned()
        }
        (_, Some(lifetime)) => {
            let seconds = lifetime.as_secs().unsigned_abs();
            format!("The link in the mail works once, within {}.", duration_words(seconds))
        }
    };
    let about_emails = |complaint: &&Complaint| complaint.field.as_deref() == Some("emails");
    let template = InvitePage {
        shell: context.shell("Invite people", "members"),
        alert: Alert::unless_about(complaint, &["emails", "name"]),
        emails: fields.get("emails").to_owned(),
        emails_wrong: complaint.filter(about_emails).cloned(),
        name: house
            .invitation_asks_for
            .contains(&InvitationField::Name)
            .then(|| Field::text("name", "Name", fields.get("name")).judged(complaint)),
        is_one_role: house.roles_per_member == RolesPerMember::One,
        newcomer: context.newcomer_title(),
        choice: context.scope_choice(Operation::WriteInvitations),
        roles,
        rows,
        most: limits::PEOPLE_PER_INVITATION,
        lifetime,
        back: context.path("/members"),
    };
    page(context.service, complaint, &template.shell, &template)
}

#[cfg(test)]
mod tests {
    use super::emails;

    #[test]
    fn emails_are_separated_by_anything_usual() {
        let found = emails("Ann@Example.com, bob@example.com\ncarol@example.com; ann@example.com").unwrap();
        let found: Vec<&str> = found.iter().map(bailiwick_core::values::Email::as_str).collect();
        assert_eq!(found, ["ann@example.com", "bob@example.com", "carol@example.com"]);
    }

    #[test]
    fn what_is_no_email_is_named() {
        let complaint = emails("bob, ann@example.com, carol@").unwrap_err();
        for word in ["bob", "carol@"] {
            assert!(complaint.message.contains(&format!("<code>{word}</code>")), "{}", complaint.message);
        }
        assert!(emails(" ,").is_err());
    }
}
