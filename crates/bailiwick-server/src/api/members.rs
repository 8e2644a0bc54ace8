//! Members: list, look at, change, remove.

use bailiwick_client::wire::{self, Member, MemberQuery, Page, RemoveMemberQuery, UpdateMember, WriteQuery};
use bailiwick_core::account::{Account, Command, EntityKey, Patch, Refusal, Scope};
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::UserId;
use bailiwick_core::values::Email;
use jiff::Timestamp;
use serde_json::json;

use super::attributes::attribute_changes;
use super::call::Call;
use super::listing::{Needle, people_matching};
use super::operation::{Access, NoQuery, Operation, delete, get, patch};
use super::page::Seen;
use super::problem::{Failure, code};
use super::references::{References, external_id_patch};
use super::respond::Answer;
use super::views::Views;
use crate::service::{Changed, People};

/// The operations on members.
pub(super) fn operations() -> Vec<Operation> {
    let example = || {
        json!({
            "id": "usr_019a0000000070008000000000000001", "email": "grace@example.com", "email_verified": true, "name": "Grace Hopper",
            "status": "active", "joined_at": "2026-11-02T09:30:00Z", "last_sign_in_at": "2026-11-20T08:00:00Z",
            "roles": [{ "role": "admin", "title": "Admin", "via": "grant",
                "grant": "grt_019a0000000070008000000000000002", "scope": "account" }],
            "revision": 12
        })
    };
    vec![
        get("list_members", "/accounts/{account}/members", Access::Permission(Permission::ReadMembers))
            .reads(list)
            .says(
                "List members",
                "Members of the account with what they hold, pending ones included, in the order of their ids. All \
                 conditions of the query hold together.",
            )
            .answers(json!({ "items": [example()], "complete": true, "filtered": false })),
        get("get_member", "/accounts/{account}/members/{member}", Access::Permission(Permission::ReadMembers))
            .reads(get_one)
            .says("Get a member", "One member with what they hold and why. The `ETag` serves as `If-Match` of changes: it changes with the \
                 member's own grants too, but not with those of their groups.")
            .answers(example()),
        patch("update_member", "/accounts/{account}/members/{member}", Access::Member)
            .writes(update)
            .if_match()
            .says(
                "Change a member",
                "Changes one thing of a member: the external id and attributes, all account-level roles, the status, or when the membership ends \
                 by itself (`until`). Naming several \
                 of them in one request is refused, because each is decided and recorded by itself. Deactivating closes \
                 the account to the member at once; with the last account in which they are active their sessions end. Roles need the permission to write roles, the rest that to write members.",
            )
            .takes(json!({ "roles": ["admin"] }))
            .answers(example())
            .fails(&[
                "permission_denied", "one_change", "nothing_to_do", "invalid_text", "email_as_external_id", "taken", "escalation", "outlasts_own_access", "above_you",
                "last_holder", "ownership_offered", "handed_over_only", "single_holder", "newcomer_role", "one_role", "wrong_level", "yourself",
                "already_so", "member_pending", "target_inactive", "limit_reached", "in_the_past", "unknown_attribute", "wrong_attribute",
            ]),
        delete(
            "remove_member",
            "/accounts/{account}/members/{member}",
            Access::Permission(Permission::DeleteMembers),
        )
        .writes(remove)
        .if_match()
        .says(
            "Remove a member",
            "Takes an active or inactive member out of the account: grants and invitations made in their name end \
             at once, and so do their sessions if it was the last account in which they were active. A pending member is not removed; revoke the invitation instead. Where the catalog says so, \
             `confirm_email` must be the member's email.",
        )
        .fails(&["not_confirmed", "above_you", "last_holder", "yourself", "member_pending", "handed_over_only"]),
    ]
}

async fn list(call: Call, query: MemberQuery) -> Result<Answer<Page<Member>>, Failure> {
    let page = call.page(&query)?;
    let account = call.account()?;
    let now = call.now();
    let circumstances = call.circumstances()?;
    let references = References::new(&account, call.actor()?, circumstances)?;
    let role = query.role.as_deref().map(|text| references.role("?role", text)).transpose()?;
    let group = query.group.as_deref().map(|text| references.group("?group", text)).transpose()?;
    let after: Option<UserId> = page.after()?;
    let needle = Needle::new(query.q.as_ref())?;
    let q = query.q.as_ref().filter(|text| !text.is_empty());
    let people = people_matching(&call.service, account.id(), q).await?;
    let views = Views::new(&account, &people, now);
    let wanted = |user: UserId| {
        query.status.is_none_or(|status| status_of(&account, user, now) == Some(status))
            && role.as_ref().is_none_or(|role| views.has_role(user, role))
            && group.is_none_or(|group| account.is_reached_by_group(group, user))
            && (q.is_none() || mentions(&account, &people, user, &needle))
    };
    let actor = call.actor()?;
    let sees_all = call.authorize(&account, Permission::ReadMembers, &Scope::Account).is_ok();
    let cost = |id: &UserId| {
        if sees_all { 1 } else { account.cost_of_seeing_member(*id) }
    };
    let seen = |id| {
        // Who is hidden is so whatever is asked: whether they match would tell something of them.
        let seen = match sees_all || account.sees_member(actor, id, circumstances) {
            false => Seen::Hidden,
            true if wanted(id) => Seen::Yes(id),
            true => Seen::No,
        };
        (id, seen)
    };
    let found = page.take_looking(everybody(&account, after), cost, seen);
    let people = call.service.people(found.items.iter().copied()).await?;
    let views = Views::new(&account, &people, now);
    let items = found.items.into_iter().filter_map(|id| views.member(id)).collect();
    let shown =
        Page { items, next_cursor: found.next_cursor, complete: found.complete, filtered: found.filtered };
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

async fn get_one(call: Call, _: NoQuery) -> Result<Answer<Member>, Failure> {
    let account = call.account()?;
    let (actor, now) = (call.actor()?, call.circumstances()?);
    let user = account.find_member(call.parameter("member"));
    let user = user.filter(|user| account.sees_member(actor, *user, now));
    let user = user.ok_or_else(|| Failure::not_found("member"))?;
    let people = call.service.people([user]).await?;
    let member = Views::new(&account, &people, call.now()).member(user);
    let member = member.ok_or_else(|| Failure::not_found("member"))?;
    Ok(Answer::entity(&member)?.revision(account.revision()))
}

async fn update(call: Call, query: WriteQuery, input: UpdateMember) -> Result<Answer<Member>, Failure> {
    let account = call.account()?;
    let user = account.find_member(call.parameter("member")).ok_or_else(|| Failure::not_found("member"))?;
    let command = command(&call, &account, user, input)?;
    let options = call.write_options(query.dry_run, Some(EntityKey::Member(user)))?;
    let people = call.service.people([user]).await?;
    is_own_email(&call, &account, &command, people.email(user))?;
    let people = call.told(&people, query.dry_run)?;
    let shape = |changed: &Changed<'_>| Views::new(changed.after, &people, changed.now).member(user);
    let outcome = call.service.write(call.caller()?, account.id(), &command, &options, shape).await?;
    call.written(outcome).await
}

fn command(call: &Call, account: &Account, user: UserId, input: UpdateMember) -> Result<Command, Failure> {
    let UpdateMember { external_id, attributes, roles, status, until } = input;
    let edits = external_id != wire::Patch::Keep || !attributes.is_empty();
    if edits && roles.is_none() && status.is_none() && until == wire::Patch::Keep {
        let external_id = external_id_patch(&external_id)?;
        return Ok(Command::EditMember { user, external_id, attributes: attribute_changes(attributes) });
    }
    match (external_id, roles, status, until) {
        (wire::Patch::Keep, None, None, wire::Patch::Keep) => Err(Refusal::Nothing.into()),
        _ if edits => Err(one_change()),
        (wire::Patch::Keep, Some(roles), None, wire::Patch::Keep) => {
            let references = References::new(account, call.actor()?, call.circumstances()?)?;
            Ok(Command::SetMemberRoles { user, roles: references.roles("roles", &roles)? })
        }
        (wire::Patch::Keep, None, Some(wire::MemberStatusChange::Active), wire::Patch::Keep) => {
            Ok(Command::ActivateMember { user })
        }
        (wire::Patch::Keep, None, Some(wire::MemberStatusChange::Inactive), wire::Patch::Keep) => {
            Ok(Command::DeactivateMember { user })
        }
        (wire::Patch::Keep, None, None, wire::Patch::Clear) => {
            Ok(Command::SetMemberEnd { user, until: None })
        }
        (wire::Patch::Keep, None, None, wire::Patch::Set(until)) => {
            Ok(Command::SetMemberEnd { user, until: Some(until) })
        }
        _ => Err(one_change()),
    }
}

fn one_change() -> Failure {
    let detail =
        "`roles`, `status`, `until` and the rest (`external_id`, `attributes`) are changed one at a time";
    Failure::new(&code::ONE_CHANGE, detail)
}

/// An external id that is an email address is the member's own: people are called by email too, and by that of another one
/// this one would be taken for them.
fn is_own_email(call: &Call, account: &Account, command: &Command, own: Option<&str>) -> Result<(), Failure> {
    let Command::EditMember { external_id: Patch::Set(external_id), .. } = command else { return Ok(()) };
    let given = Email::parse(external_id.as_str()).ok();
    // Only to whom the domain would not refuse it, since the answer tells whether it is the email.
    let may = account
        .authorize(call.actor()?, Permission::WriteMembers, &Scope::Account, call.circumstances()?)
        .is_ok();
    match given {
        Some(email) if may && own != Some(email.as_str()) => {
            Err(Refusal::EmailAsExternalId { value: external_id.to_string() }.into())
        }
        _ => Ok(()),
    }
}

async fn remove(call: Call, query: RemoveMemberQuery, (): ()) -> Result<Answer<()>, Failure> {
    let account = call.account()?;
    let user = account.find_member(call.parameter("member")).ok_or_else(|| Failure::not_found("member"))?;
    if account.member(user).is_some() && account.catalog().rules.removal_retypes_email {
        let people = call.service.people([user]).await?;
        let email = people.email(user).unwrap_or_default();
        let retyped = query.confirm_email.as_deref().map(|text| text.trim().to_lowercase());
        if retyped.as_deref() != Some(email) {
            let message = "must be the email of the member, retyped";
            return Err(Failure::field(&code::NOT_CONFIRMED, "?confirm_email", message));
        }
    }
    let options = call.write_options(query.dry_run, Some(EntityKey::Member(user)))?;
    let command = Command::RemoveMember { user };
    let outcome = call.service.write(call.caller()?, account.id(), &command, &options, |_| ()).await?;
    call.done(outcome).await
}

/// Members and people whose invitation waits, in the order of their ids, behind a key. Lazy: a page costs what it shows.
fn everybody(account: &Account, after: Option<UserId>) -> impl Iterator<Item = UserId> {
    let mut members = account.members_after(after).map(|(id, _)| id).peekable();
    let mut pending = account.pending_after(after).map(|(id, _)| id).peekable();
    std::iter::from_fn(move || match (members.peek(), pending.peek()) {
        (Some(member), Some(invited)) if invited < member => pending.next(),
        (Some(member), Some(invited)) => {
            // Nobody is both, but if somebody were, they would be listed once.
            if invited == member {
                pending.next();
            }
            members.next()
        }
        (Some(_), None) => members.next(),
        (None, _) => pending.next(),
    })
}

fn status_of(account: &Account, user: UserId, now: Timestamp) -> Option<wire::MemberStatus> {
    account.member_status_at(user, now).map(|status| match status {
        bailiwick_core::account::MemberStatus::Pending => wire::MemberStatus::Pending,
        bailiwick_core::account::MemberStatus::Active => wire::MemberStatus::Active,
        bailiwick_core::account::MemberStatus::Inactive => wire::MemberStatus::Inactive,
    })
}

fn mentions(account: &Account, people: &People, user: UserId, needle: &Needle) -> bool {
    let row = people.get(user);
    let external_id = account.member(user).and_then(|member| member.value.external_id.as_ref());
    let texts = [
        row.map(|row| row.email.as_str()),
        row.map(|row| row.name.as_str()),
        external_id.map(bailiwick_core::values::ExternalId::as_str),
    ];
    needle.is_in(&texts.map(Option::unwrap_or_default))
}
