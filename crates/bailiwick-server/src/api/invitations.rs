//! Invitations: send, list, look at, resend, revoke, copy the link.

use std::collections::BTreeMap;

use bailiwick_client::wire::{
    CreateInvitations, Invitation, InvitationLink, InvitationQuery, InvitationsCreated, Page, WriteQuery,
};
use bailiwick_core::access::Circumstances;
use bailiwick_core::account::{Account, Actor, Command, EntityKey, Invitation as Stored, Scope, Versioned};
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::{InvitationId, UserId};
use bailiwick_core::limits::PEOPLE_PER_INVITATION;
use bailiwick_core::values::Name;
use serde_json::{Value, json};

use super::attributes::attributes;
use super::call::Call;
use super::listing::{Needle, people_matching};
use super::operation::{Access, NoQuery, Operation, get, post};
use super::page::Seen;
use super::problem::{Failure, code};
use super::respond::{Answer, is_told};
use super::sign_in::email;
use super::views::{Views, by_email_alone, invitation_status};
use crate::service::{Changed, Error, InviteRequest, Invited, Outcome};

/// The operations on invitations.
pub(super) fn operations() -> Vec<Operation> {
    let (read, write) =
        (Access::Permission(Permission::ReadInvitations), Access::Permission(Permission::WriteInvitations));
    vec![
        post("create_invitations", "/accounts/{account}/invitations", write)
            .writes(create)
            .creates()
            .says(
                "Invite people",
                "Invites up to 100 people by email, all of them or none, and mails each a link. Each gets the newcomer role \
                 and what is named here, as far as the inviter still may give it when they accept. Who is an active member \
                 gets the grants at once, without an invitation. `member_until` ends the memberships that come of it by itself. Only people invite, not management keys.",
            )
            .takes(json!({ "emails": ["grace@example.com"], "roles": ["admin"] }))
            .answers(json!({ "invitations": [example()], "members": [] }))
            .fails(&[
                "people_only", "invalid_text", "duplicate_email", "too_large", "too_many_mails", "escalation", "outlasts_own_access", "already_invited",
                "target_inactive", "target_active", "wrong_level", "handed_over_only", "single_holder", "one_role", "in_the_past", "already_so",
                "groups_off", "invitation_incomplete", "limit_reached", "nothing_to_do", "email_taken", "empty_scope", "unknown_resource_type", "newcomer_role",
            ]),
        get("list_invitations", "/accounts/{account}/invitations", read)
            .reads(list)
            .says("List invitations", "Invitations of the account, answered ones included, the oldest first.")
            .answers(json!({ "items": [example()], "complete": true, "filtered": false })),
        get("get_invitation", "/accounts/{account}/invitations/{invitation}", read)
            .reads(show)
            .says("Get an invitation", "One invitation, whatever its status.")
            .answers(example()),
        post("resend_invitation", "/accounts/{account}/invitations/{invitation}:resend", write)
            .writes(resend)
            .if_match()
            .says(
                "Resend an invitation",
                "Mails a new link for a pending or expired invitation. Its lifetime starts again, the earlier links end, and \
                 it stands in the caller's name from now on. One invitation is mailed at most once a minute \
                 (`invitations.mail_interval`), and those of an account so often in an hour (`invitations.account_mails`).",
            )
            .answers(example())
            .fails(&["people_only", "escalation", "outlasts_own_access", "invitation_not_pending", "in_the_past", "too_many_mails"]),
        post(
            "revoke_invitation",
            "/accounts/{account}/invitations/{invitation}:revoke",
            Access::Permission(Permission::DeleteInvitations),
        )
        .writes(revoke)
        .if_match()
        .says("Revoke an invitation", "Takes a pending invitation back: its links end at once.")
        .answers(example())
        .fails(&["invitation_not_pending"]),
        post("copy_invitation_link", "/accounts/{account}/invitations/{invitation}:link", write)
            .writes(copy_link)
            .without_idempotency_key()
            .says(
                "Copy an invitation's link",
                "Makes a link to be passed on by hand; it is shown this once. It does not prove that the email is the \
                 person's, so who follows it must confirm that before invitations to other accounts are shown.",
            )
            .answers(json!({
                "link": "https://bailiwick.example.com/links/bwl_4Qm8sT1xYb0ZkR7uVn3WcE5pLh9aJd2fGi6oKq8rXt0wBz1000000",
                "expires_at": "2026-11-23T12:00:00Z"
            }))
            .fails(&["people_only", "escalation", "outlasts_own_access", "invitation_not_pending", "invitation_expired"]),
    ]
}

fn example() -> Value {
    json!({
        "id": "inv_019a0000000070008000000000000001", "user": "usr_019a0000000070008000000000000001",
        "email": "grace@example.com", "status": "pending",
        "grants": [{ "role": "admin", "title": "Admin", "scope": "account" }],
        "sponsor": { "id": "usr_019a0000000070008000000000000002", "email": "owner@example.com", "name": "Olga Owner" },
        "sent_at": "2026-11-21T12:00:00Z", "expires_at": "2026-11-28T12:00:00Z", "revision": 3
    })
}

async fn create(
    call: Call,
    query: WriteQuery,
    input: CreateInvitations,
) -> Result<Answer<InvitationsCreated>, Failure> {
    call.person()?;
    let account = call.account()?;
    let most = PEOPLE_PER_INVITATION.min(call.service.config().limits.bulk_items);
    if input.emails.len() > most {
        let message = format!("has {} email addresses, may have at most {most}", input.emails.len());
        return Err(Failure::field(&code::TOO_LARGE, "/emails", message));
    }
    let member_until = input.member_until;
    let (places, emails, wrong) = emails(&input.emails);
    let references = call.references(&account)?;
    let grants = references.grants(&input.roles, &input.grants);
    let groups = references.groups("groups", &input.groups)?;
    let name = named_as(&input)?;
    if let Some(failure) = wrong {
        // Whoever else is in the way is named in the same answer.
        let request = InviteRequest {
            emails,
            grants: grants.unwrap_or_default(),
            groups,
            name,
            member_until,
            attributes: bailiwick_core::account::Attributes::default(),
        };
        let mut others = call.service.in_the_way(call.caller()?, account.id(), &request).await?;
        for other in &mut others {
            other.place = places.get(other.place).copied().unwrap_or(other.place);
        }
        return Err(failure.with_fields_of(Error::InTheWay(others).into()).in_order_of_fields());
    }
    let grants = grants?;
    let options = call.write_options(query.dry_run, None)?;
    let (actor, now) = (call.actor()?, call.circumstances()?);
    let shape = |invited: Invited<'_>| {
        let views = Views::new(invited.account, invited.people, invited.now);
        let member = |user: &UserId| {
            let shown = views.member(*user)?;
            let is_hidden = query.dry_run && !is_told(&account, actor, *user, now);
            Some(if is_hidden { by_email_alone(shown) } else { shown })
        };
        Some(InvitationsCreated {
            invitations: invited.invitations.iter().filter_map(|id| views.invitation(*id)).collect(),
            members: invited.members.iter().filter_map(member).collect(),
        })
    };
    let attributes = attributes(&input.attributes);
    let request = InviteRequest { emails, grants, groups, name, member_until, attributes };
    let outcome = call.service.invite(call.caller()?, account.id(), &request, &options, shape).await?;
    call.written(outcome).await
}

/// What to call the invited person: for one email alone.
fn named_as(input: &CreateInvitations) -> Result<Option<Name>, Failure> {
    let Some(text) = &input.name else { return Ok(None) };
    if input.emails.len() > 1 {
        let message = "several people have no name in common: invite them one by one, or leave it out";
        return Err(Failure::field(&code::TOO_LARGE, "/name", message));
    }
    Ok(Some(super::references::name("name", text)?))
}

/// Parses emails, with the place of each; every wrong one and every repetition is named, not only the first.
fn emails(texts: &[String]) -> (Vec<usize>, Vec<bailiwick_core::values::Email>, Option<Failure>) {
    let mut parsed = Vec::with_capacity(texts.len());
    let mut parsed_places = Vec::with_capacity(texts.len());
    let mut places = BTreeMap::new();
    let mut failure: Option<Failure> = None;
    for (place, text) in texts.iter().enumerate() {
        let field = format!("emails/{place}");
        match email(&field, text) {
            Ok(email) => match places.insert(email.as_str().to_owned(), place) {
                None => {
                    parsed.push(email);
                    parsed_places.push(place);
                }
                Some(first) => {
                    let message = format!("is the same as `emails/{first}`");
                    failure = Some(match failure.take() {
                        Some(earlier) => {
                            earlier.with_field(format!("/{field}"), code::DUPLICATE_EMAIL.code, message)
                        }
                        None => Failure::field(&code::DUPLICATE_EMAIL, format!("/{field}"), message),
                    });
                }
            },
            Err(wrong) => {
                failure = Some(match failure.take() {
                    Some(earlier) => earlier.with_fields_of(wrong),
                    None => wrong,
                });
            }
        }
    }
    (parsed_places, parsed, failure)
}

async fn list(call: Call, query: InvitationQuery) -> Result<Answer<Page<Invitation>>, Failure> {
    let page = call.page(&query)?;
    let needle = Needle::new(query.q.as_ref())?;
    let account = call.account()?;
    let (now, circumstances, actor) = (call.now(), call.circumstances()?, call.actor()?);
    let after: Option<InvitationId> = page.after()?;
    let wanted = |invitation: &Stored| {
        query.status.is_none_or(|status| status == invitation_status(invitation.status_at(now)))
    };
    let q = query.q.as_ref().filter(|text| !text.is_empty());
    let people = people_matching(&call.service, account.id(), q).await?;
    let sees_all = call.authorize(&account, Permission::ReadInvitations, &Scope::Account).is_ok();
    let is_visible =
        |invitation: &Stored| sees_all || account.sees_invitation(actor, invitation, circumstances);
    let cost = |(_, found): &(InvitationId, &Versioned<Stored>)| {
        if sees_all { 1 } else { account.cost_of_seeing_invitation(&found.value) }
    };
    // Those who said no or have left are in the account no more, but their invitations are.
    let looked_at = page.within(account.invitations_after(after), cost).filter(|_| q.is_some());
    let strangers = looked_at
        .map(|(_, found)| &found.value)
        .filter(|found| account.member_status(found.user).is_none() && wanted(found) && is_visible(found));
    let strangers = call.service.people(strangers.map(|found| found.user)).await?;
    let is_found = |user| {
        let email = people.email(user).or_else(|| strangers.email(user));
        q.is_none() || email.is_some_and(|email| needle.is_in(&[email]))
    };
    let seen = |(id, found): (InvitationId, &Versioned<Stored>)| {
        let invitation = &found.value;
        // What is hidden is so whatever is asked: whether it matches would tell something of the person.
        let seen = match is_visible(invitation) {
            false => Seen::Hidden,
            true if wanted(invitation) && is_found(invitation.user) => Seen::Yes(id),
            true => Seen::No,
        };
        (id, seen)
    };
    let found = page.take_looking(account.invitations_after(after), cost, seen);
    let named = found.items.iter().flat_map(|id| Views::people_of_invitation(&account, *id));
    let people = call.service.people(named).await?;
    let views = Views::new(&account, &people, now);
    let shown = super::listing::show_page(found, |ids| {
        ids.into_iter().filter_map(|id| views.invitation(id)).collect::<Vec<_>>()
    });
    Ok(Answer::json(&shown)?.revision(account.revision()))
}

/// The invitation in the path, if the caller may see it.
fn named(call: &Call, account: &Account) -> Result<InvitationId, Failure> {
    named_where(call, account, |account, actor, invitation, now| {
        account.sees_invitation(actor, invitation, now)
    })
}

fn named_where(
    call: &Call,
    account: &Account,
    is_there_for: impl Fn(&Account, Actor, &Stored, Circumstances<'static>) -> bool,
) -> Result<InvitationId, Failure> {
    let (actor, now) = (call.actor()?, call.circumstances()?);
    let id = call.parameter("invitation").parse::<InvitationId>().ok();
    let is_there = |id: &InvitationId| {
        account.invitation(*id).is_some_and(|found| is_there_for(account, actor, &found.value, now))
    };
    id.filter(is_there).ok_or_else(|| Failure::not_found("invitation"))
}

async fn show(call: Call, _: NoQuery) -> Result<Answer<Invitation>, Failure> {
    let account = call.account()?;
    let id = named(&call, &account)?;
    let people = call.service.people(Views::people_of_invitation(&account, id)).await?;
    let shown = Views::new(&account, &people, call.now()).invitation(id);
    let shown = shown.ok_or_else(|| Failure::not_found("invitation"))?;
    Ok(Answer::entity(&shown)?.revision(account.revision()))
}

async fn resend(call: Call, query: WriteQuery, (): ()) -> Result<Answer<Invitation>, Failure> {
    let account = call.account()?;
    let id = named(&call, &account)?;
    let options = call.write_options(query.dry_run, Some(EntityKey::Invitation(id)))?;
    let shape =
        |invited: Invited<'_>| Views::new(invited.account, invited.people, invited.now).invitation(id);
    let outcome = call.service.resend_invitation(call.caller()?, account.id(), id, &options, shape).await?;
    call.written(outcome).await
}

async fn revoke(call: Call, query: WriteQuery, (): ()) -> Result<Answer<Invitation>, Failure> {
    let account = call.account()?;
    // Needs the permission alone, as ending a key does: whoever cannot look for invitations may have been told of this one.
    let id = named_where(&call, &account, |account, actor, invitation, now| {
        account.sees_invitation(actor, invitation, now) || account.ends_invitation(actor, invitation, now)
    })?;
    let people = call.service.people(Views::people_of_invitation(&account, id)).await?;
    let people = call.told(&people, query.dry_run)?;
    let options = call.write_options(query.dry_run, Some(EntityKey::Invitation(id)))?;
    let shape = |changed: &Changed<'_>| Views::new(changed.after, &people, changed.now).invitation(id);
    let command = Command::RevokeInvitation { invitation: id };
    let outcome = call.service.write(call.caller()?, account.id(), &command, &options, shape).await?;
    call.written(outcome).await
}

async fn copy_link(call: Call, query: WriteQuery, (): ()) -> Result<Answer<InvitationLink>, Failure> {
    let account = call.account()?;
    let id = named(&call, &account)?;
    if query.dry_run {
        let options = call.write_options(true, None)?;
        let command = Command::CopyInvitationLink { invitation: id };
        let outcome = call.service.write(call.caller()?, account.id(), &command, &options, |_| ()).await?;
        if let Outcome::Dry { events, access, .. } = outcome {
            return call.dry_run(None, &events, &access).await;
        }
    }
    let link = call.service.copy_invitation_link(call.caller()?, account.id(), id).await?;
    let shown =
        InvitationLink { link: bailiwick_client::wire::Secret::new(link.url), expires_at: link.expires_at };
    Ok(Answer::json(&shown)?.revision(link.revision))
}
