//! Single-use links: what they are for, following them, refusing them.

use bailiwick_client::wire::{self, AcceptLink, DeclineLink, InspectLink, LinkInfo, SignedIn};
use bailiwick_core::account::Event;
use bailiwick_core::ids::{AccountId, InvitationId};
use bailiwick_store::EventQuery;
use serde_json::json;

use super::call::Call;
use super::operation::{Access, NoQuery, Operation, post};
use super::problem::Failure;
use super::references::name;
use super::respond::Answer;
use super::sign_in::{shown, signed_in_example};
use super::views::Views;
use crate::service::{Error, LinkPurpose};

/// The operations on links.
pub(super) fn operations() -> Vec<Operation> {
    let token = "bwl_4Qm8sT1xYb0ZkR7uVn3WcE5pLh9aJd2fGi6oKq8rXt0wBz1000000";
    vec![
        post("link_info", "/links:inspect", Access::Anyone)
            .asks(inspect)
            .says("Inspect a link", "Says what a link is for. It is not used up by that.")
            .takes(json!({ "token": token }))
            .answers(json!({
                "purpose": "invitation", "account": { "id": "acc_019a0000000070008000000000000001", "name": "Acme" },
                "email": "grace@example.com", "expires_at": "2026-11-23T12:00:00Z", "has_password": false,
                "inviter": { "id": "usr_019a0000000070008000000000000002", "email": "owner@example.com" },
                "grants": [{ "role": "admin", "title": "Admin", "scope": "account" }]
            }))
            .fails(&["link_invalid"]),
        post("accept_link", "/links:accept", Access::Anyone)
            .writes(accept)
            .says(
                "Follow a link",
                "Accepts the invitation of a link, or signs in by it, and starts a session; the link is used up. A person \
                 without a password chooses one here, with a name. A person with a password is signed in as who is invited, \
                 or sends the password. By a link of `ask_password_reset` the password is the new one: all other sessions end, \
                 and with them all links that sign in or choose a password. A link that signs in takes no password.",
            )
            .takes(json!({ "token": token, "name": "Grace Hopper", "password": "plum violin harbor sixteen" }))
            .answers(signed_in_example())
            .fails(&[
                "link_invalid", "unauthenticated", "wrong_credentials", "too_many_attempts", "invalid_text",
                "password_refused", "invitation_not_pending", "invitation_expired", "invitation_void", "not_yours",
                "single_holder", "limit_reached", "cross_site",
            ]),
        post("decline_link", "/links:decline", Access::Anyone)
            .writes(decline)
            .says("Decline by a link", "Declines the invitation of a link. Whoever holds the link may say no.")
            .takes(json!({ "token": token }))
            .fails(&["link_invalid", "invitation_not_pending", "invitation_expired"]),
    ]
}

async fn inspect(call: Call, _: NoQuery, input: InspectLink) -> Result<Answer<LinkInfo>, Failure> {
    let view = call.service.inspect_link(input.token.expose()).await?;
    let mut info = LinkInfo {
        purpose: match view.purpose {
            LinkPurpose::SetUp => wire::LinkPurpose::SetUp,
            LinkPurpose::Invitation | LinkPurpose::InvitationCopy => wire::LinkPurpose::Invitation,
            LinkPurpose::SignIn => wire::LinkPurpose::SignIn,
            LinkPurpose::PasswordReset => wire::LinkPurpose::PasswordReset,
        },
        account: None,
        email: view.user.as_ref().map(|user| user.email.clone()),
        inviter: None,
        grants: Vec::new(),
        expires_at: view.expires_at,
        has_password: !view.needs_password,
    };
    if let (Some((account, _)), Some((_, invitation))) = (&view.account, &view.invitation)
        && let Some(handle) = call.service.accounts().get(*account).await?
    {
        let people = call.service.people([invitation.sponsor]).await?;
        let account = handle.snapshot();
        let views = Views::new(&account, &people, call.now());
        info.account = Some(views.account_label());
        info.inviter = Some(views.person(invitation.sponsor));
        info.grants = invitation.grants.iter().map(|grant| views.promised(grant)).collect();
    }
    Answer::json(&info)
}

async fn accept(call: Call, _: NoQuery, input: AcceptLink) -> Result<Answer<SignedIn>, Failure> {
    let AcceptLink { token, name: given, password } = input;
    let given = given.map(|text| name("name", &text)).transpose()?;
    let view = call.service.inspect_link(token.expose()).await?;
    if view.purpose == LinkPurpose::SetUp {
        // Setting up needs more than a link's acceptance says.
        return Err(Error::LinkInvalid.into());
    }
    let (service, password) = (&call.service, password.map(Into::into));
    let session =
        service.accept_link(token.expose(), given, password, call.signed_in(), &call.origin).await?;
    let joined = view.account.as_ref().map(|(account, _)| *account);
    let withheld = match (joined, &view.invitation) {
        (Some(account), Some((invitation, _))) => withheld(&call, account, *invitation).await?,
        _ => (Vec::new(), Vec::new()),
    };
    Answer::json(&shown(&call, session, joined, withheld).await?)
}

async fn decline(call: Call, _: NoQuery, input: DeclineLink) -> Result<Answer<()>, Failure> {
    call.service.decline_link(input.token.expose(), &call.origin).await?;
    Ok(Answer::done())
}

/// What an invitation had promised and its acceptance could no longer give, as recorded.
async fn withheld(
    call: &Call,
    account: AccountId,
    invitation: InvitationId,
) -> Result<(Vec<wire::WithheldGrant>, Vec<wire::WithheldGroup>), Failure> {
    let query = EventQuery {
        type_prefix: Some("invitation.accepted".to_owned()),
        target_id: Some(invitation.to_string()),
        ..EventQuery::of_account(account, 1)
    };
    let found = call.service.store().events(query).await.map_err(Error::from)?;
    let recorded = found.events.first().and_then(|stored| serde_json::from_str(&stored.event.body).ok());
    let nothing = (Vec::new(), Vec::new());
    let Some(Event::InvitationAccepted { withheld, withheld_groups, .. }) = recorded else {
        return Ok(nothing);
    };
    let Some(handle) = call.service.accounts().get(account).await? else { return Ok(nothing) };
    let (account, people) = (handle.snapshot(), crate::service::People::default());
    let views = Views::new(&account, &people, call.now());
    let grants = withheld.iter().map(|one| views.withheld(one)).collect();
    Ok((grants, withheld_groups.iter().map(|one| views.withheld_group(one)).collect()))
}
