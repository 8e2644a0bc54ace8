//! The invitations that the caller received, across accounts.

use bailiwick_client::wire::{AccountLabel, InvitationAccepted, MyInvitation, Page, PageQuery, WriteQuery};
use bailiwick_core::account::{Command, Event, Withheld, WithheldGroup};
use bailiwick_core::ids::{AccountId, InvitationId};
use serde_json::json;

use super::call::Call;
use super::operation::{Access, Operation, get, post};
use super::page::Seen;
use super::problem::Failure;
use super::respond::Answer;
use super::views::Views;
use crate::service::{Changed, Error, People, Received};

/// The operations on invitations received.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("list_my_invitations", "/me/invitations", Access::Person)
            .reads(list)
            .says(
                "List invitations received",
                "Invitations to the caller's email that wait, across accounts, expired ones included. Empty until the email \
                 is confirmed, since they are for whom the address belongs to.",
            )
            .answers(json!({ "items": [{
                "id": "inv_019a0000000070008000000000000001", "status": "pending", "email": "grace@example.com",
                "account": { "id": "acc_019a0000000070008000000000000001", "name": "Acme" },
                "sponsor": { "id": "usr_019a0000000070008000000000000002", "email": "owner@example.com" },
                "grants": [], "sent_at": "2026-11-21T12:00:00Z"
            }], "complete": true, "filtered": false })),
        post("accept_my_invitation", "/me/invitations/{invitation}:accept", Access::Person)
            .writes(accept)
            .says(
                "Accept an invitation received",
                "Joins the account. What the inviter may no longer give is left out and named in `withheld`.",
            )
            .answers(json!({
                "account": { "id": "acc_019a0000000070008000000000000001", "name": "Acme" }, "withheld": []
            }))
            .fails(&[
                "not_found", "email_not_verified", "invitation_expired", "invitation_not_pending", "invitation_void",
                "single_holder", "limit_reached",
            ]),
        post("decline_my_invitation", "/me/invitations/{invitation}:decline", Access::Person)
            .writes(decline)
            .says("Decline an invitation received", "Says no. The account may invite again.")
            .fails(&["not_found", "email_not_verified", "invitation_not_pending"]),
    ]
}

async fn list(call: Call, query: PageQuery) -> Result<Answer<Page<MyInvitation>>, Failure> {
    let page = call.page(&query)?;
    let received = match call.service.received_invitations(call.caller()?).await {
        Ok(received) => received,
        Err(Error::EmailNotVerified) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let after: Option<AccountId> = page.after()?;
    let rest = received.into_iter().filter(|one| after.is_none_or(|after| one.account > after));
    let found = page.take(rest.map(|one| (one.account, Seen::Yes(one))));
    let mut items = Vec::with_capacity(found.items.len());
    for Received { handle, invitation, .. } in found.items {
        let account = handle.snapshot();
        let people = call.service.people(Views::people_of_invitation(&account, invitation)).await?;
        items.extend(Views::new(&account, &people, call.now()).my_invitation(invitation));
    }
    Answer::json(&Page { items, next_cursor: found.next_cursor, complete: found.complete, filtered: false })
}

async fn accept(mut call: Call, query: WriteQuery, (): ()) -> Result<Answer<InvitationAccepted>, Failure> {
    let (account, invitation) = enter(&mut call).await?;
    let options = call.write_options(query.dry_run, None)?;
    let nobody = People::default();
    let shape = |changed: &Changed<'_>| {
        let views = Views::new(changed.after, &nobody, changed.now);
        let (grants, groups): (Vec<_>, Vec<_>) = changed.events.iter().map(withheld_of).unzip();
        let withheld = grants.into_iter().flatten().map(|one| views.withheld(one)).collect();
        let withheld_groups = groups.into_iter().flatten().map(|one| views.withheld_group(one)).collect();
        let account: AccountLabel = views.account_label();
        Some(InvitationAccepted { account, withheld, withheld_groups })
    };
    let command = Command::AcceptInvitation { invitation };
    let outcome = call.service.write(call.caller()?, account, &command, &options, shape).await?;
    call.written(outcome).await
}

async fn decline(mut call: Call, query: WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    let (account, invitation) = enter(&mut call).await?;
    let options = call.write_options(query.dry_run, None)?;
    let command = Command::DeclineInvitation { invitation };
    let outcome = call.service.write(call.caller()?, account, &command, &options, |_| ()).await?;
    call.done(outcome).await
}

fn withheld_of(event: &Event) -> (&[Withheld], &[WithheldGroup]) {
    match event {
        Event::InvitationAccepted { withheld, withheld_groups, .. } => (withheld, withheld_groups),
        _ => (&[], &[]),
    }
}

/// Finds the account of the invitation in the path, if it waits for the caller.
async fn enter(call: &mut Call) -> Result<(AccountId, InvitationId), Failure> {
    let received = call.service.received_invitations(call.caller()?).await?;
    let wanted = call.parameter("invitation").parse::<InvitationId>().ok();
    let found = received.into_iter().find(|one| Some(one.invitation) == wanted);
    let Received { account, handle, invitation } = found.ok_or_else(|| Failure::not_found("invitation"))?;
    call.handle = Some((account, handle));
    Ok((account, invitation))
}
