//! Ownership: offered by the owner, accepted or declined by the member.

use bailiwick_client::wire::{OfferOwnership, OwnershipOffer, Page, PageQuery, WriteQuery};
use bailiwick_core::account::{Actor, Command, Event, Offer, Versioned};
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::OfferId;
use serde_json::{Value, json};

use super::call::Call;
use super::operation::{Access, Operation, get, post};
use super::page::Seen;
use super::problem::Failure;
use super::respond::Answer;
use super::views::Views;
use crate::service::Changed;

/// The operations on ownership.
pub(super) fn operations() -> Vec<Operation> {
    let answer = |id, verb: &'static str| post(id, verb, Access::Member);
    vec![
        post("offer_ownership", "/accounts/{account}:offer-ownership", Access::Member)
            .writes(offer)
            .creates()
            .says(
                "Offer ownership",
                "Offers ownership to another active member, who has a week to accept. Nothing changes before that. Who owns an \
                 account alone keeps it, or hands it to somebody whose membership has no end.",
            )
            .takes(json!({ "to": "usr_019a0000000070008000000000000001" }))
            .answers(example())
            .fails(&[
                "people_only", "above_you", "handed_over_only", "single_holder", "offer_pending", "yourself", "already_so",
                "target_inactive", "member_pending", "successor_ends",
            ]),
        get("list_ownership_offers", "/accounts/{account}/ownership-offers", Access::Member)
            .reads(list)
            .says(
                "List offers of ownership",
                "Offers that stand. Others than the two members concerned need the permission to read members.",
            )
            .answers(json!({ "items": [example()], "complete": true, "filtered": false })),
        answer("accept_ownership", "/accounts/{account}/ownership-offers/{offer}:accept")
            .writes(accept)
            .says("Accept ownership", "The caller becomes the owner; the former one gets what the catalog says.")
            .fails(&["people_only", "not_yours", "offer_void", "single_holder", "successor_ends"]),
        answer("decline_ownership", "/accounts/{account}/ownership-offers/{offer}:decline")
            .writes(decline)
            .says("Decline ownership", "The offer ends.")
            .fails(&["people_only", "not_yours"]),
        answer("withdraw_ownership", "/accounts/{account}/ownership-offers/{offer}:withdraw")
            .writes(withdraw)
            .says("Withdraw an offer of ownership", "The owner takes the offer back.")
            .fails(&["people_only", "not_yours"]),
    ]
}

fn example() -> Value {
    json!({
        "id": "off_019a0000000070008000000000000001", "keep": false,
        "from": { "id": "usr_019a0000000070008000000000000002", "email": "owner@example.com" },
        "to": { "id": "usr_019a0000000070008000000000000001", "email": "grace@example.com" },
        "made_at": "2026-11-21T12:00:00Z", "expires_at": "2026-11-28T12:00:00Z", "revision": 9
    })
}

fn view(views: &Views<'_>, id: OfferId, offer: &Versioned<Offer>) -> OwnershipOffer {
    let Offer { from, to, keep, made_at, expires_at } = offer.value;
    OwnershipOffer {
        id: id.to_string(),
        from: views.person(from),
        to: views.person(to),
        keep,
        made_at,
        expires_at,
        revision: offer.revision.0,
    }
}

async fn offer(
    call: Call,
    query: WriteQuery,
    input: OfferOwnership,
) -> Result<Answer<OwnershipOffer>, Failure> {
    let account = call.account()?;
    let from = call.person()?;
    let to = call.references(&account)?.member("to", &input.to)?;
    let people = call.service.people([from, to]).await?;
    let command = Command::OfferOwnership { to, keep: input.keep };
    let options = call.write_options(query.dry_run, None)?;
    let shape = |changed: &Changed<'_>| {
        let made = changed.events.iter().find_map(|event| match event {
            Event::OwnershipOffered { id, .. } => Some(*id),
            _ => None,
        });
        let found = changed.after.offers().find(|(id, _)| Some(*id) == made);
        found.map(|(id, offer)| view(&Views::new(changed.after, &people, changed.now), id, offer))
    };
    let outcome = call.service.write(call.caller()?, account.id(), &command, &options, shape).await?;
    call.written(outcome).await
}

async fn list(call: Call, query: PageQuery) -> Result<Answer<Page<OwnershipOffer>>, Failure> {
    let page = call.page(&query)?;
    let account = call.account()?;
    let now = call.now();
    let actor = call.actor()?;
    let sees_all = account
        .authorize(
            actor,
            Permission::ReadMembers,
            &bailiwick_core::account::Scope::Account,
            call.circumstances()?,
        )
        .is_ok();
    let after: Option<OfferId> = page.after()?;
    let people = account.offers().flat_map(|(_, offer)| [offer.value.from, offer.value.to]);
    let people = call.service.people(people).await?;
    let views = Views::new(&account, &people, now);
    let standing = account
        .offers()
        .filter(|(id, offer)| offer.value.expires_at > now && after.is_none_or(|after| *id > after));
    let found = page.take(standing.map(|(id, offer)| {
        let concerned = [offer.value.from, offer.value.to].map(Actor::User).contains(&actor);
        (id, if sees_all || concerned { Seen::Yes(view(&views, id, offer)) } else { Seen::Hidden })
    }));
    Ok(Answer::json(&found)?.revision(account.revision()))
}

async fn accept(call: Call, query: WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    answer(call, query, |offer| Command::AcceptOwnership { offer }).await
}

async fn decline(call: Call, query: WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    answer(call, query, |offer| Command::DeclineOwnership { offer }).await
}

async fn withdraw(call: Call, query: WriteQuery, (): ()) -> Result<Answer<()>, Failure> {
    answer(call, query, |offer| Command::WithdrawOwnership { offer }).await
}

async fn answer(
    call: Call,
    query: WriteQuery,
    command: impl Fn(OfferId) -> Command,
) -> Result<Answer<()>, Failure> {
    let offer = call.parameter("offer").parse().map_err(|_| Failure::not_found("offer of ownership"))?;
    let options = call.write_options(query.dry_run, None)?;
    let outcome =
        call.service.write(call.caller()?, call.account_id()?, &command(offer), &options, |_| ()).await?;
    call.done(outcome).await
}
