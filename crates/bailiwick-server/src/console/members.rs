//! The people of an account: members, and invitations that wait.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use bailiwick_core::access::Work;
use bailiwick_core::account::{Command, Grant, InvitationStatus, MemberStatus, Principal, RoleRef, Scope};
use bailiwick_core::catalog::Operation;
use bailiwick_core::ids::{InvitationId, UserId};
use bailiwick_core::limits;
use bailiwick_store::{MAX_PAGE_ROWS, UserRow};
use serde::Deserialize;

use super::account_context::AccountContext;
use super::answer::{Answer, page};
use super::shell::Shell;
use super::text::{Face, Moment, counted, face, moment};
use super::visitor::Visitor;
use crate::api::page::{Seen, look_through};
use crate::service::{People, Service};

/// How many people a page shows.
const PAGE: usize = 50;
/// How many people a search by text looks at.
const MAX_FOUND: usize = 200;
/// How many roles a row shows before it says how many more there are.
const MAX_ROLES: usize = 3;
/// What is said where a page shows few because most are not for the person's eyes.
const LOOKED_FAR: &str = "There are more to look through: go on to the next page.";

/// What the list is narrowed to.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    status: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
}

/// One person of the list.
pub(super) struct Row {
    pub(super) face: Face,
    pub(super) href: Option<String>,
    pub(super) is_self: bool,
    /// Nothing shows yet that the email is theirs.
    pub(super) is_unproved: bool,
    pub(super) status: &'static str,
    pub(super) roles: Vec<Chip>,
    pub(super) more_roles: usize,
    pub(super) joined: Option<Moment>,
    pub(super) last_sign_in: Option<Moment>,
    pub(super) invitation: Option<PendingRow>,
}

/// What a row of an invitation offers.
pub(super) struct PendingRow {
    pub(super) path: String,
    pub(super) expires: Option<Moment>,
    pub(super) is_expired: bool,
    pub(super) may_resend: bool,
    pub(super) may_copy_link: bool,
    pub(super) may_revoke: bool,
}

/// A role in a few words.
#[derive(Debug, Clone)]
pub(super) struct Chip {
    pub(super) title: String,
    /// Where it counts; empty for the whole account.
    pub(super) scope: String,
    pub(super) is_owner: bool,
}

#[derive(Template)]
#[template(path = "console/members.html")]
struct MembersPage {
    shell: Shell,
    base: String,
    count: String,
    status: String,
    q: String,
    rows: Vec<Row>,
    notes: Vec<String>,
    next: Option<String>,
    is_first: bool,
    may_invite: bool,
    back_role: String,
}

/// Somebody in the list, before their row is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Member(UserId),
    Pending(InvitationId, UserId),
}

/// To the members.
pub(super) async fn account_home(Path(account): Path<String>) -> Answer {
    let account = percent_encoding::utf8_percent_encode(&account, percent_encoding::NON_ALPHANUMERIC);
    Ok(Redirect::to(&format!("/accounts/{account}/members").replace("%5F", "_")).into_response())
}

/// The list.
pub(super) async fn list(
    State(service): State<Service>,
    Path(account): Path<String>,
    visitor: Visitor,
    Query(filter): Query<Filter>,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit_anywhere(Operation::ReadMembers, "list_members").await?;
    let text: String = filter.q.trim().chars().take(120).collect();
    let mut notes = Vec::new();
    if !context.may(Operation::ReadMembers) {
        notes.push("You see yourself and the members of what you look after.".to_owned());
    }
    if !context.may_anywhere(Operation::ReadInvitations) {
        notes.push("Invitations that wait are not shown to you, except your own.".to_owned());
    } else if !context.may(Operation::ReadInvitations) {
        notes.push("You see the invitations that wait to what you look after.".to_owned());
    }
    let wanted = |status: &str| filter.status.is_empty() || filter.status == status;
    let (entries, next) = if text.is_empty() {
        let (entries, last) = visible(&context, entries_after(&context, &filter.after, wanted), PAGE);
        let next = last.map(|last| match last {
            Entry::Member(user) => user.to_string(),
            Entry::Pending(invitation, _) => invitation.to_string(),
        });
        if next.is_some() && entries.len() < PAGE {
            notes.push(LOOKED_FAR.to_owned());
        }
        (entries, next)
    } else {
        let found = service.store().users_matching(context.account.id(), &text, MAX_PAGE_ROWS).await?;
        // Judged before they are counted: how many there are tells nothing of people who are not shown.
        let matching = found.iter().filter_map(|user| entry_of(&context, user.user_id, wanted));
        let (entries, last) = visible(&context, matching, MAX_FOUND);
        if last.is_some() || found.len() == MAX_PAGE_ROWS {
            notes.push("More people may match. Type more to narrow the search down.".to_owned());
        }
        (entries, None)
    };
    let people = service.people(entries.iter().map(|entry| match entry {
        Entry::Member(user) | Entry::Pending(_, user) => *user,
    }));
    let people = people.await?;
    let template = MembersPage {
        shell: context.shell("Members", "members"),
        base: context.path(""),
        count: counted(context.account.member_count(), "member", "members"),
        rows: entries.into_iter().map(|entry| row(&context, &people, entry)).collect(),
        status: filter.status,
        q: text,
        notes,
        next,
        is_first: filter.after.is_empty(),
        may_invite: context.may_anywhere(Operation::WriteInvitations),
        back_role: String::new(),
    };
    Ok(page(&service, None, &template.shell, &template))
}

/// Those of the entries that the person may see, `most` at most, and behind which one more may follow. As in lists of the
/// API, it takes questions to find out who sees somebody, and a page ends with its work.
fn visible(
    context: &AccountContext<'_>,
    entries: impl Iterator<Item = Entry>,
    most: usize,
) -> (Vec<Entry>, Option<Entry>) {
    let (sees_members, sees_invitations) =
        (context.may(Operation::ReadMembers), context.may(Operation::ReadInvitations));
    let account = &context.account;
    let cost = |entry: &Entry| match entry {
        Entry::Member(_) if sees_members => 1,
        Entry::Pending(..) if sees_invitations => 1,
        Entry::Member(user) => account.cost_of_seeing_member(*user),
        Entry::Pending(id, _) => {
            account.invitation(*id).map_or(1, |found| account.cost_of_seeing_invitation(&found.value))
        }
    };
    let look = |entry: Entry| {
        let is_visible = match entry {
            Entry::Member(user) => sees_members || context.may_see_member(user),
            Entry::Pending(id, _) => sees_invitations || context.may_see_invitation(id),
        };
        (entry, if is_visible { Seen::Yes(entry) } else { Seen::Hidden })
    };
    let found = look_through(entries, most, &mut Work::new(limits::SEARCH_WORK), cost, look);
    (found.items, found.next)
}

/// Invitations that wait first, then members, each in the order of the people's ids.
fn entries_after<'c>(
    context: &'c AccountContext<'_>,
    after: &str,
    wanted: impl Fn(&str) -> bool + Copy + 'c,
) -> Box<dyn Iterator<Item = Entry> + 'c> {
    let after_member: Option<UserId> = after.parse().ok();
    let after_invitation: Option<InvitationId> = after.parse().ok();
    let members = context
        .account
        .members_after(after_member)
        .filter(move |(_, member)| wanted(status_word(member.value.status)))
        .map(|(user, _)| Entry::Member(user));
    if after_member.is_some() || !wanted("pending") {
        return Box::new(members);
    }
    let after_invitation = after_invitation.and_then(|id| context.account.invitation(id));
    let pending = context
        .account
        .pending_after(after_invitation.map(|found| found.value.user))
        .map(|(user, id)| Entry::Pending(id, user));
    Box::new(pending.chain(members))
}

fn entry_of(context: &AccountContext<'_>, user: UserId, wanted: impl Fn(&str) -> bool) -> Option<Entry> {
    let status = context.account.member_status_at(user, context.now)?;
    if !wanted(status_word(status)) {
        return None;
    }
    if status == MemberStatus::Pending {
        return Some(Entry::Pending(context.account.waiting_invitation(user)?, user));
    }
    Some(Entry::Member(user))
}

/// The word for a status, as filtered by and shown.
pub(super) fn status_word(status: MemberStatus) -> &'static str {
    match status {
        MemberStatus::Pending => "pending",
        MemberStatus::Active => "active",
        MemberStatus::Inactive => "inactive",
    }
}

fn row(context: &AccountContext<'_>, people: &People, entry: Entry) -> Row {
    match entry {
        Entry::Member(user) => member_row(context, people, user),
        Entry::Pending(id, user) => pending_row(context, people, id, user),
    }
}

/// The row of a member.
pub(super) fn member_row(context: &AccountContext<'_>, people: &People, user: UserId) -> Row {
    let account = &context.account;
    let member = account.member(user).map(|member| &member.value);
    let grants = account.grants_of(Principal::Member(user)).map(|(_, grant)| &grant.value);
    let groups = account.groups_with(Principal::Member(user)).flat_map(|group| {
        account.grants_of(Principal::Group(group)).map(|(_, grant)| &grant.value).collect::<Vec<_>>()
    });
    let mut held: Vec<&Grant> = grants.chain(groups).filter(|grant| grant.is_live(context.now)).collect();
    held.sort_by_key(|grant| grant.scope.level());
    let mut roles: Vec<Chip> = held.iter().map(|grant| chip(context, &grant.role, &grant.scope)).collect();
    roles.dedup_by(|one, other| one.title == other.title && one.scope == other.scope);
    if roles.is_empty() {
        roles.extend(account.newcomer_role().map(|role| chip(context, &role, &Scope::Account)));
    }
    let more_roles = roles.len().saturating_sub(MAX_ROLES);
    roles.truncate(MAX_ROLES);
    let last_sign_in = people.get(user).and_then(|user| user.last_sign_in_at);
    Row {
        face: face(user, people.get(user)),
        href: Some(context.path(&format!("/members/{user}"))),
        is_self: user == context.person.id,
        is_unproved: people.get(user).is_some_and(|user| user.verified_at.is_none()),
        status: member.map_or("inactive", |member| status_word(member.status)),
        roles,
        more_roles,
        joined: member.map(|member| moment(member.joined_at, context.now)),
        last_sign_in: last_sign_in.map(|at| moment(at, context.now)),
        invitation: None,
    }
}

/// The row of an invitation that waits.
pub(super) fn pending_row(
    context: &AccountContext<'_>,
    people: &People,
    id: InvitationId,
    user: UserId,
) -> Row {
    let invitation = context.account.invitation(id).map(|found| &found.value);
    let grants = invitation.map(|invitation| invitation.grants.as_slice()).unwrap_or_default();
    let mut roles: Vec<Chip> = grants.iter().map(|grant| chip(context, &grant.role, &grant.scope)).collect();
    let more_roles = roles.len().saturating_sub(MAX_ROLES);
    roles.truncate(MAX_ROLES);
    let is_expired =
        invitation.is_some_and(|invitation| invitation.status_at(context.now) == InvitationStatus::Expired);
    // Until they accept, the account knows the email that it invited and no more.
    let invited = people.get(user).map(|user| UserRow { name: String::new(), ..user.clone() });
    Row {
        face: face(user, invited.as_ref()),
        href: None,
        is_self: false,
        is_unproved: false,
        status: if is_expired { "expired" } else { "pending" },
        roles,
        more_roles,
        joined: None,
        last_sign_in: None,
        invitation: Some(PendingRow {
            path: context.path(&format!("/invitations/{id}")),
            expires: invitation
                .and_then(|invitation| invitation.expires_at)
                .map(|at| moment(at, context.now)),
            is_expired,
            may_resend: context.would(&Command::ResendInvitation { invitation: id }),
            may_copy_link: context.would(&Command::CopyInvitationLink { invitation: id }),
            may_revoke: context.would(&Command::RevokeInvitation { invitation: id }),
        }),
    }
}

/// A role in a few words.
pub(super) fn chip(context: &AccountContext<'_>, role: &RoleRef, scope: &Scope) -> Chip {
    let account = &context.account;
    let owner = account.catalog().role_at(account.catalog().rules.owner).map(|owner| owner.name.as_str());
    Chip {
        title: account.role_title(role).map_or_else(|| role.to_string(), str::to_owned),
        scope: if *scope == Scope::Account { String::new() } else { account.scope_words(scope) },
        is_owner: matches!(role, RoleRef::BuiltIn(name) if Some(name.as_str()) == owner),
    }
}
