//! What is done to a member.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use bailiwick_core::account::{Command, Principal, RoleRef};
use bailiwick_core::catalog::Operation;
use bailiwick_core::ids::{GrantId, UserId};

use super::account_context::AccountContext;
use super::answer::{Answer, Failure, done, page};
use super::complaint::Complaint;
use super::form::{Fields, Submission};
use super::member::{find, render};
use super::parts::{Alert, Field};
use super::shell::Shell;
use super::visitor::Visitor;
use crate::service::Service;

/// A question before something that is not easily undone.
#[derive(Template)]
#[template(path = "console/confirm.html")]
pub(super) struct ConfirmPage {
    pub(super) shell: Shell,
    pub(super) alert: Alert,
    pub(super) heading: String,
    pub(super) consequences: Vec<String>,
    pub(super) retype: Option<Field>,
    pub(super) choice: Option<(String, Vec<(String, String)>)>,
    pub(super) action: String,
    pub(super) button: &'static str,
    pub(super) back: String,
}

/// Sets the roles in the whole account.
pub(super) async fn set_roles(
    State(service): State<Service>,
    Path((account, member)): Path<(String, String)>,
    submission: Submission,
) -> Answer {
    let Submission { visitor, fields } = submission;
    let context = AccountContext::open(&service, &visitor, &account).await?;
    let user = find(&context, &member)?;
    let command = roles_command(&context, user, &fields);
    act(&context, user, command, "Roles saved.").await
}

/// Boxes that are not open cannot be unticked, and roles that are handed over have no box: what is held of them stays.
fn roles_command(context: &AccountContext<'_>, user: UserId, fields: &Fields) -> Result<Command, Complaint> {
    let mut roles = Vec::new();
    for role in fields.all("role").filter(|role| !role.is_empty()) {
        roles.push(context.role_named(role)?);
    }
    let handed_over = |role: &RoleRef| match role {
        RoleRef::BuiltIn(name) => {
            let catalog = context.account.catalog();
            catalog.role(name).and_then(|index| catalog.role_at(index)).is_some_and(|role| role.handed_over)
        }
        RoleRef::Custom(_) => false,
    };
    let held = context.account.grants_of(Principal::Member(user)).map(|(_, grant)| &grant.value);
    let held = held
        .filter(|grant| grant.scope == bailiwick_core::account::Scope::Account && grant.is_live(context.now));
    roles.extend(held.filter(|grant| handed_over(&grant.role)).map(|grant| grant.role.clone()));
    roles.sort();
    roles.dedup();
    Ok(Command::SetMemberRoles { user, roles })
}

/// Grants a role at a scope.
pub(super) async fn grant(
    State(service): State<Service>,
    Path((account, member)): Path<(String, String)>,
    submission: Submission,
) -> Answer {
    let Submission { visitor, fields } = submission;
    let context = AccountContext::open(&service, &visitor, &account).await?;
    let user = find(&context, &member)?;
    let grants = context.chosen_access(&fields);
    let command = grants.and_then(|grants| {
        let grant = grants
            .into_iter()
            .next()
            .ok_or_else(|| Complaint::field("access", "choose a role and where it counts", ""))?;
        Ok(Command::Grant { principal: Principal::Member(user), grant })
    });
    act(&context, user, command, "Access added.").await
}

/// Takes a grant back.
pub(super) async fn revoke_grant(
    State(service): State<Service>,
    Path((account, member, grant)): Path<(String, String, String)>,
    submission: Submission,
) -> Answer {
    let context = AccountContext::open(&service, &submission.visitor, &account).await?;
    let user = find(&context, &member)?;
    let id: GrantId = grant.parse().map_err(|_| Failure::missing("grant"))?;
    let is_theirs =
        context.account.grant(id).is_some_and(|grant| grant.value.principal == Principal::Member(user));
    if !is_theirs {
        return Err(Failure::missing("grant"));
    }
    act(&context, user, Ok(Command::RevokeGrant { grant: id }), "Access removed.").await
}

/// Lets the member act again.
pub(super) async fn activate(
    State(service): State<Service>,
    Path((account, member)): Path<(String, String)>,
    submission: Submission,
) -> Answer {
    let context = AccountContext::open(&service, &submission.visitor, &account).await?;
    let user = find(&context, &member)?;
    act(&context, user, Ok(Command::ActivateMember { user }), "The member is active again.").await
}

/// Asks before deactivating.
pub(super) async fn ask_deactivate(
    State(service): State<Service>,
    Path((account, member)): Path<(String, String)>,
    visitor: Visitor,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    let user = find(&context, &member)?;
    context.admit(Operation::WriteMembers, "deactivate_member").await?;
    confirm_deactivation(&context, user, None).await
}

async fn confirm_deactivation(
    context: &AccountContext<'_>,
    user: UserId,
    complaint: Option<&Complaint>,
) -> Answer {
    let label = context.service.people([user]).await?.label(user);
    let back = context.path(&format!("/members/{user}"));
    let template = ConfirmPage {
        shell: context.shell("Deactivate member", "members"),
        alert: Alert::unless_about(complaint, &[]),
        heading: format!("Deactivate {label}?"),
        consequences: vec![
            "They can do nothing in this account until somebody activates them again.".to_owned(),
            "The account is closed to them at once, and invitations in their name are revoked.".to_owned(),
            "Their roles are kept for when they come back.".to_owned(),
        ],
        retype: None,
        choice: None,
        action: format!("{back}/deactivate"),
        button: "Deactivate",
        back,
    };
    Ok(page(context.service, complaint, &template.shell, &template))
}

/// Deactivates the member.
pub(super) async fn deactivate(
    State(service): State<Service>,
    Path((account, member)): Path<(String, String)>,
    submission: Submission,
) -> Answer {
    let context = AccountContext::open(&service, &submission.visitor, &account).await?;
    let user = find(&context, &member)?;
    match context.write(&Command::DeactivateMember { user }).await {
        Ok(()) => {
            Ok(done(&service, &context.path(&format!("/members/{user}")), "The member is deactivated."))
        }
        Err(error) => confirm_deactivation(&context, user, Some(&context.complaint(&error))).await,
    }
}

/// Asks before removing.
pub(super) async fn ask_remove(
    State(service): State<Service>,
    Path((account, member)): Path<(String, String)>,
    visitor: Visitor,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    let user = find(&context, &member)?;
    context.admit(Operation::DeleteMembers, "remove_member").await?;
    confirm_removal(&context, user, "", None).await
}

async fn confirm_removal(
    context: &AccountContext<'_>,
    user: UserId,
    typed: &str,
    complaint: Option<&Complaint>,
) -> Answer {
    let people = context.service.people([user]).await?;
    let back = context.path(&format!("/members/{user}"));
    let email = people.email(user).unwrap_or_default().to_owned();
    let retypes = context.account.catalog().rules.removal_retypes_email && !email.is_empty();
    let retype = Field {
        kind: "email",
        most: 254,
        ..Field::text("confirm_email", "Type their email to confirm", typed)
    };
    let template = ConfirmPage {
        shell: context.shell("Remove member", "members"),
        alert: Alert::unless_about(complaint, &["confirm_email"]),
        heading: format!("Remove {}?", people.label(user)),
        consequences: vec![
            "They lose all roles and groups in this account, and it is closed to them at once.".to_owned(),
            "Invitations in their name are revoked.".to_owned(),
            "To let them in again, invite them anew.".to_owned(),
        ],
        retype: retypes.then(|| retype.help(email).judged(complaint)),
        choice: None,
        action: format!("{back}/remove"),
        button: "Remove member",
        back,
    };
    Ok(page(context.service, complaint, &template.shell, &template))
}

/// Removes the member.
pub(super) async fn remove(
    State(service): State<Service>,
    Path((account, member)): Path<(String, String)>,
    submission: Submission,
) -> Answer {
    let Submission { visitor, fields } = submission;
    let context = AccountContext::open(&service, &visitor, &account).await?;
    let user = find(&context, &member)?;
    let people = service.people([user]).await?;
    let typed = fields.get("confirm_email");
    let retypes = context.account.catalog().rules.removal_retypes_email;
    if retypes && people.email(user).is_some_and(|email| !email.eq_ignore_ascii_case(typed)) {
        let complaint =
            Complaint::field("confirm_email", "this is not the member's email", "type it as shown");
        return confirm_removal(&context, user, typed, Some(&complaint)).await;
    }
    match context.write(&Command::RemoveMember { user }).await {
        Ok(()) => {
            let notice = format!("{} is no longer a member.", people.label(user));
            Ok(done(&service, &context.path("/members"), &notice))
        }
        Err(error) => confirm_removal(&context, user, typed, Some(&context.complaint(&error))).await,
    }
}

/// Does it and goes back to the member's page, or says there why not.
async fn act(
    context: &AccountContext<'_>,
    user: UserId,
    command: Result<Command, Complaint>,
    notice: &str,
) -> Result<Response, Failure> {
    let written = match command {
        Ok(command) => context.write(&command).await.map_err(|error| context.complaint(&error)),
        Err(complaint) => Err(complaint),
    };
    match written {
        Ok(()) => Ok(done(context.service, &context.path(&format!("/members/{user}")), notice)),
        Err(complaint) => render(context, user, Some(&complaint)).await,
    }
}
