//! A member's page: who it is, what they may do and where that comes from, and what they did.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use bailiwick_core::account::{Command, Principal, Scope};
use bailiwick_core::catalog::{Operation, RolesPerMember};
use bailiwick_core::ids::UserId;
use bailiwick_store::EventQuery;

use super::account_context::AccountContext;
use super::answer::{Answer, Failure, page};
use super::audit::EventLine;
use super::complaint::Complaint;
use super::member_access::{PermissionGroup, SourceLine, permission_groups, sources};
use super::members::status_word;
use super::parts::Alert;
use super::scope_choice::{RoleChoice, ScopeChoice};
use super::shell::Shell;
use super::text::{Face, Moment, face, moment};
use super::visitor::Visitor;
use crate::service::Service;

/// How many events the page shows.
const RECENT: usize = 8;

#[derive(Template)]
#[template(path = "console/member.html")]
struct MemberPage {
    shell: Shell,
    alert: Alert,
    base: String,
    here: String,
    face: Face,
    id: String,
    external_id: Option<String>,
    status: &'static str,
    is_self: bool,
    is_unproved: bool,
    joined: Moment,
    last_sign_in: Option<Moment>,
    groups: Vec<String>,
    sources: Vec<SourceLine>,
    roles: Vec<RoleChoice>,
    is_one_role: bool,
    handed_over: Vec<String>,
    newcomer: Option<String>,
    choice: Option<ScopeChoice>,
    permissions: Vec<PermissionGroup>,
    events: Option<Vec<EventLine>>,
    may_set_roles: bool,
    may_activate: bool,
    may_deactivate: bool,
    may_remove: bool,
}

/// The page.
pub(super) async fn show(
    State(service): State<Service>,
    Path((account, member)): Path<(String, String)>,
    visitor: Visitor,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    let user = find(&context, &member)?;
    render(&context, user, None).await
}

/// The member of this id, if whoever asks may see them.
pub(super) fn find(context: &AccountContext<'_>, id: &str) -> Result<UserId, Failure> {
    let user: UserId = id.parse().map_err(|_| Failure::missing("member"))?;
    let exists = context.account.member(user).is_some() && context.may_see_member(user);
    if exists { Ok(user) } else { Err(Failure::missing("member")) }
}

/// The page, with what was wrong with a form on it.
pub(super) async fn render(
    context: &AccountContext<'_>,
    user: UserId,
    complaint: Option<&Complaint>,
) -> Result<Response, Failure> {
    let (service, account) = (context.service, &context.account);
    let member = &account.member(user).ok_or_else(|| Failure::missing("member"))?.value;
    let people = service.people([user]).await?;
    let face = face(user, people.get(user));
    let principal = Principal::Member(user);
    let held: Vec<_> = account
        .grants_of(principal)
        .filter(|(_, grant)| grant.value.scope == Scope::Account && grant.value.is_live(context.now))
        .map(|(_, grant)| grant.value.role.clone())
        .collect();
    let is_self = user == context.person.id;
    let sees_roles = is_self || context.may_anywhere(Operation::ReadRoles);
    let catalog = account.catalog();
    let handed_over = catalog.roles.iter().filter(|role| role.handed_over);
    let handed_over = handed_over
        .map(|role| role.name.as_str())
        .filter(|name| held.iter().any(|role| role.to_string() == *name));
    let events = if context.may(Operation::ReadEvents) {
        let mut query = EventQuery::of_account(account.id(), RECENT);
        query.actor_id = Some(user.to_string());
        let stored = service.store().events(query).await?;
        Some(super::audit::lines(context, stored.events).await?)
    } else {
        None
    };
    let last_sign_in = people.get(user).and_then(|user| user.last_sign_in_at);
    let template = MemberPage {
        shell: context.shell(face.label.clone(), "members"),
        alert: Alert::unless_about(complaint, &[]),
        base: context.path(""),
        here: context.path(&format!("/members/{user}")),
        id: user.to_string(),
        external_id: member.external_id.as_ref().map(ToString::to_string),
        status: status_word(member.status),
        is_self,
        is_unproved: people.get(user).is_some_and(|user| user.verified_at.is_none()),
        joined: moment(member.joined_at, context.now),
        last_sign_in: last_sign_in.map(|at| moment(at, context.now)),
        groups: account
            .groups_of(principal)
            .into_iter()
            .filter_map(|group| account.group(group).map(|group| group.value.name.to_string()))
            .collect(),
        sources: if sees_roles { sources(context, user) } else { Vec::new() },
        roles: context.account_roles(Operation::WriteRoles, |role| held.contains(role)),
        is_one_role: catalog.rules.roles_per_member == RolesPerMember::One,
        handed_over: handed_over.map(str::to_owned).collect(),
        newcomer: context.newcomer_title(),
        choice: context.scope_choice(Operation::WriteRoles),
        permissions: if sees_roles { permission_groups(account, principal, context.now) } else { Vec::new() },
        events,
        may_set_roles: context.may(Operation::WriteRoles),
        may_activate: context.would(&Command::ActivateMember { user }),
        may_deactivate: context.would(&Command::DeactivateMember { user }),
        may_remove: context.would(&Command::RemoveMember { user }),
        face,
    };
    Ok(page(service, complaint, &template.shell, &template))
}
