//! The roles of an account, and the page of each.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use bailiwick_core::account::{Command, Principal, RoleRef};
use bailiwick_core::catalog::{Level, Operation};
use bailiwick_core::ids::{InvitationId, RoleId, UserId};

use super::account_context::AccountContext;
use super::answer::{Answer, Failure, done, page};
use super::complaint::Complaint;
use super::form::Submission;
use super::member_access::{SectionLines, by_section};
use super::member_actions::ConfirmPage;
use super::members::{Row, member_row, pending_row};
use super::parts::Alert;
use super::shell::Shell;
use super::visitor::Visitor;
use crate::service::Service;

/// How many holders a role's page shows.
const MAX_HOLDERS: usize = 200;

/// A role in the list.
struct RoleLine {
    href: String,
    title: String,
    description: String,
    level: &'static str,
    permissions: usize,
    grants: usize,
    is_newcomer: bool,
}

#[derive(Template)]
#[template(path = "console/roles.html")]
struct RolesPage {
    shell: Shell,
    base: String,
    groups: Vec<(&'static str, Vec<RoleLine>)>,
    may_create: bool,
}

#[derive(Template)]
#[template(path = "console/role.html")]
struct RolePage {
    shell: Shell,
    base: String,
    back_role: String,
    title: String,
    description: String,
    level: &'static str,
    sections: Vec<SectionLines>,
    rows: Vec<Row>,
    others: Vec<String>,
    is_complete: bool,
    is_custom: bool,
    is_newcomer: bool,
    may_invite: bool,
    may_edit: bool,
    may_create: bool,
    may_delete: bool,
}

/// The word for a level.
pub(super) fn level_word(level: Level) -> &'static str {
    match level {
        Level::Account => "whole account",
        Level::Project => "projects",
        Level::Resource => "resources",
    }
}

/// The list.
pub(super) async fn list(
    State(service): State<Service>,
    Path(account): Path<String>,
    visitor: Visitor,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit_anywhere(Operation::ReadRoles, "list_roles").await?;
    let account = &context.account;
    let newcomer = account.newcomer_role();
    let line = |role: RoleRef, title: &str, description: &str, level| RoleLine {
        href: context.path(&format!("/roles/{role}")),
        title: title.to_owned(),
        description: description.to_owned(),
        level: level_word(level),
        permissions: account.permissions_of(&role).len(),
        grants: account.uses_of(&role),
        is_newcomer: newcomer.as_ref() == Some(&role),
    };
    let built_in = account.catalog().roles.iter().map(|role| {
        let reference = RoleRef::BuiltIn(role.name.as_str().into());
        line(reference, &role.title, &role.description, role.level)
    });
    let custom = account.roles_after(None).map(|(id, role)| {
        let role = &role.value;
        line(RoleRef::Custom(id), role.name.as_str(), role.description.as_str(), role.level)
    });
    let template = RolesPage {
        shell: context.shell("Roles", "roles"),
        base: context.path(""),
        groups: vec![("Made by this account", custom.collect()), ("Built in", built_in.collect())],
        may_create: account.catalog().rules.custom_roles && context.may(Operation::WriteRoles),
    };
    Ok(page(&service, None, &template.shell, &template))
}

/// The page of a role: its people and its permissions.
pub(super) async fn show(
    State(service): State<Service>,
    Path((account, role)): Path<(String, String)>,
    visitor: Visitor,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit_anywhere(Operation::ReadRoles, "get_role").await?;
    let account = &context.account;
    let role = account.find_role(&role).ok_or_else(|| Failure::missing("role"))?;
    let (mut members, mut others) = (Vec::<UserId>::new(), Vec::new());
    // Counting stops the walk over the account's grants as soon as all of the role are found.
    let uses = account.uses_of(&role);
    let grants = account.grants_after(None).filter(|(_, grant)| grant.value.role == role);
    for (_, grant) in grants.take(uses.min(MAX_HOLDERS)) {
        match grant.value.principal {
            Principal::Member(id) if context.may_see_member(id) => members.push(id),
            Principal::Member(_) => {}
            Principal::Group(id) => {
                others.extend(account.group(id).map(|group| format!("Group {}", group.value.name)));
            }
            Principal::ServiceAccount(id) => {
                let found = account.service_account(id);
                others.extend(found.map(|found| format!("Service account {}", found.value.name)));
            }
        }
    }
    members.sort();
    members.dedup();
    let pending = promised(&context, &role);
    let is_complete = uses <= MAX_HOLDERS && pending.len() <= MAX_HOLDERS;
    let people = service.people(members.iter().copied().chain(pending.iter().map(|(_, user)| *user))).await?;
    let mut rows: Vec<Row> = pending
        .iter()
        .take(MAX_HOLDERS)
        .map(|(id, user)| pending_row(&context, &people, *id, *user))
        .collect();
    rows.extend(members.iter().map(|user| member_row(&context, &people, *user)));
    let (title, description) = words(&context, &role);
    let built_in = match &role {
        RoleRef::BuiltIn(name) => account.catalog().role(name).and_then(|at| account.catalog().role_at(at)),
        RoleRef::Custom(_) => None,
    };
    let is_custom = built_in.is_none();
    let may_write = context.may(Operation::WriteRoles);
    let is_newcomer = account.newcomer_role().as_ref() == Some(&role);
    let is_handed_over = built_in.is_some_and(|role| role.handed_over);
    let template = RolePage {
        shell: context.shell(title.clone(), "roles"),
        base: context.path(""),
        back_role: role.to_string(),
        title,
        description,
        level: account.role_level(&role).map_or("", level_word),
        sections: by_section(account.catalog(), &account.permissions_of(&role)),
        rows,
        others,
        is_complete,
        is_custom,
        is_newcomer,
        may_invite: context.may_anywhere(Operation::WriteInvitations) && !is_newcomer && !is_handed_over,
        may_edit: is_custom && may_write,
        may_create: account.catalog().rules.custom_roles && may_write,
        may_delete: is_custom && context.may(Operation::DeleteRoles),
    };
    Ok(page(&service, None, &template.shell, &template))
}

/// The invitations that wait and promise a role, as far as the person may see them, one more than are shown at the most.
fn promised(context: &AccountContext<'_>, role: &RoleRef) -> Vec<(InvitationId, UserId)> {
    let promises = |id: InvitationId| {
        let found = context.account.invitation(id);
        found.is_some_and(|found| found.value.grants.iter().any(|grant| grant.role == *role))
    };
    let waiting = context.account.pending_after(None).filter(|(_, id)| promises(*id));
    let seen = waiting.filter(|(_, id)| context.may_see_invitation(*id)).map(|(user, id)| (id, user));
    seen.take(MAX_HOLDERS + 1).collect()
}

fn words(context: &AccountContext<'_>, role: &RoleRef) -> (String, String) {
    let account = &context.account;
    let title = account.role_title(role).unwrap_or_default().to_owned();
    let description = match role {
        RoleRef::BuiltIn(name) => {
            let found = account.catalog().role(name).and_then(|index| account.catalog().role_at(index));
            found.map(|role| role.description.clone())
        }
        RoleRef::Custom(id) => account.role(*id).map(|role| role.value.description.to_string()),
    };
    (title, description.unwrap_or_default())
}

/// Asks before deleting.
pub(super) async fn ask_delete(
    State(service): State<Service>,
    Path((account, role)): Path<(String, String)>,
    visitor: Visitor,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit(Operation::DeleteRoles, "delete_role").await?;
    let role = custom(&context, &role)?;
    Ok(confirm(&context, role, None))
}

/// The custom role of this id; built-in ones stay.
pub(super) fn custom(context: &AccountContext<'_>, role: &str) -> Result<RoleId, Failure> {
    match context.account.find_role(role) {
        Some(RoleRef::Custom(id)) => Ok(id),
        Some(role) => Err(bailiwick_core::account::Refusal::BuiltInRole { role }.into()),
        None => Err(Failure::missing("role")),
    }
}

fn confirm(context: &AccountContext<'_>, id: RoleId, complaint: Option<&Complaint>) -> Response {
    let account = &context.account;
    let role = RoleRef::Custom(id);
    let (title, _) = words(context, &role);
    let uses = account.uses_of(&role);
    let level = account.role_level(&role);
    let mut options = vec![(String::new(), "Nothing".to_owned())];
    let built_in =
        account.catalog().roles.iter().filter(|role| Some(role.level) == level && !role.handed_over);
    options.extend(built_in.map(|role| (role.name.clone(), role.title.clone())));
    let others =
        account.roles_after(None).filter(|(other, role)| *other != id && Some(role.value.level) == level);
    options.extend(others.map(|(other, role)| (other.to_string(), role.value.name.to_string())));
    let back = context.path(&format!("/roles/{id}"));
    let template = ConfirmPage {
        shell: context.shell("Delete role", "roles"),
        alert: Alert::unless_about(complaint, &[]),
        heading: format!("Delete the role {title}?"),
        consequences: vec![match uses {
            0 => "Nobody has it.".to_owned(),
            1 => "One grant names it. A role in use is deleted only when its holders get another one."
                .to_owned(),
            uses => format!(
                "{uses} grants name it. A role in use is deleted only when its holders get another one."
            ),
        }],
        retype: None,
        choice: (uses > 0).then(|| ("Its holders get instead".to_owned(), options)),
        action: format!("{back}/delete"),
        button: "Delete role",
        back,
    };
    page(context.service, complaint, &template.shell, &template)
}

/// Deletes a custom role.
pub(super) async fn delete(
    State(service): State<Service>,
    Path((account, role)): Path<(String, String)>,
    submission: Submission,
) -> Answer {
    let Submission { visitor, fields } = submission;
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit(Operation::DeleteRoles, "delete_role").await?;
    let id = custom(&context, &role)?;
    let (title, _) = words(&context, &RoleRef::Custom(id));
    let reassign_to = match fields.get("choice") {
        "" => Ok(None),
        reference => context.role_named(reference).map(Some),
    };
    let deleted = match reassign_to {
        Ok(reassign_to) => {
            let written = context.write(&Command::DeleteRole { role: id, reassign_to }).await;
            written.map_err(|error| context.complaint(&error))
        }
        Err(complaint) => Err(complaint),
    };
    match deleted {
        Ok(()) => Ok(done(&service, &context.path("/roles"), &format!("The role {title} is deleted."))),
        Err(complaint) => Ok(confirm(&context, id, Some(&complaint))),
    }
}
