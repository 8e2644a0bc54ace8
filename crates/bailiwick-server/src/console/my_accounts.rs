//! A person's accounts and the invitations to more of them.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Redirect, Response};
use bailiwick_core::account::{Command, InvitationStatus, Principal};
use bailiwick_core::ids::{AccountId, InvitationId};
use bailiwick_core::values::Name;
use bailiwick_store::MembershipStatus;

use super::account_context::AccountContext;
use super::answer::{Answer, Failure, done, page};
use super::complaint::Complaint;
use super::form::Submission;
use super::member_access::{PermissionGroup, permission_groups};
use super::member_actions::ConfirmPage;
use super::parts::Alert;
use super::text::{Moment, moment};
use super::visitor::{Person, Visitor, no_session_header};
use crate::service::{Error, Service, WriteOptions};

/// An invitation that waits for the person.
pub(super) struct ReceivedLine {
    pub(super) path: String,
    pub(super) account: String,
    pub(super) inviter: String,
    pub(super) roles: Vec<String>,
    pub(super) expires: Option<Moment>,
    pub(super) is_expired: bool,
}

/// An account that the person is in.
pub(super) struct AccountLine {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: &'static str,
    pub(super) roles: Vec<String>,
    pub(super) is_current: bool,
    pub(super) is_default: bool,
    pub(super) may_leave: bool,
}

/// Moves the session to another account.
pub(super) async fn switch(
    State(service): State<Service>,
    Path(account): Path<String>,
    submission: Submission,
) -> Answer {
    let context = AccountContext::open(&service, &submission.visitor, &account).await?;
    service.switch_account(&context.person.caller, context.account.id()).await?;
    Ok(Redirect::to("/").into_response())
}

/// Chooses the account that opens after signing in.
pub(super) async fn set_default(
    State(service): State<Service>,
    Path(account): Path<String>,
    submission: Submission,
) -> Answer {
    let context = AccountContext::open(&service, &submission.visitor, &account).await?;
    service.update_profile(&context.person.caller, None, Some(Some(context.account.id()))).await?;
    let name = &context.account.profile().value.name;
    Ok(done(&service, "/me#accounts", &format!("{name} opens when you sign in.")))
}

/// Asks before leaving.
pub(super) async fn ask_leave(
    State(service): State<Service>,
    Path(account): Path<String>,
    visitor: Visitor,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    Ok(confirm_leaving(&context, None))
}

fn confirm_leaving(context: &AccountContext<'_>, complaint: Option<&Complaint>) -> Response {
    let template = ConfirmPage {
        shell: context.shell("Leave account", ""),
        alert: Alert::unless_about(complaint, &[]),
        heading: format!("Leave {}?", context.account.profile().value.name),
        consequences: vec![
            "You lose all roles and groups in this account at once.".to_owned(),
            "Somebody has to invite you to come back.".to_owned(),
        ],
        retype: None,
        choice: None,
        action: format!("/me/accounts/{}/leave", context.account.id()),
        button: "Leave account",
        back: "/me#accounts".to_owned(),
    };
    page(context.service, complaint, &template.shell, &template)
}

/// Leaves the account.
pub(super) async fn leave(
    State(service): State<Service>,
    Path(account): Path<String>,
    submission: Submission,
) -> Answer {
    let context = AccountContext::open(&service, &submission.visitor, &account).await?;
    let name = context.account.profile().value.name.clone();
    match context.write(&Command::Leave).await {
        Ok(()) => {
            // The session may have ended with the membership.
            let is_here = context.person.account == Some(context.account.id());
            let (to, more) = if is_here {
                ("/sign-in", " Your session there has ended: sign in to go on in your other accounts.")
            } else {
                ("/me#accounts", "")
            };
            let mut response = done(&service, to, &format!("You left {name}.{more}"));
            if is_here && let Some(header) = no_session_header(&service) {
                response.headers_mut().append(header::SET_COOKIE, header);
            }
            Ok(response)
        }
        Err(error) => Ok(confirm_leaving(&context, Some(&context.complaint(&error)))),
    }
}

/// Accepts a received invitation.
pub(super) async fn accept(
    State(service): State<Service>,
    Path(path): Path<(String, String)>,
    submission: Submission,
) -> Answer {
    let person = submission.visitor.signed_in()?;
    let (account, invitation, name) = received(&service, person, &path).await?;
    let command = Command::AcceptInvitation { invitation };
    service.write(&person.caller, account, &command, &WriteOptions::default(), |_| ()).await?;
    service.switch_account(&person.caller, account).await?;
    Ok(done(&service, "/", &format!("Welcome to {name}.")))
}

/// Declines a received invitation.
pub(super) async fn decline(
    State(service): State<Service>,
    Path(path): Path<(String, String)>,
    submission: Submission,
) -> Answer {
    let person = submission.visitor.signed_in()?;
    let (account, invitation, name) = received(&service, person, &path).await?;
    let command = Command::DeclineInvitation { invitation };
    service.write(&person.caller, account, &command, &WriteOptions::default(), |_| ()).await?;
    Ok(done(&service, "/me#invitations", &format!("You declined the invitation to {name}.")))
}

/// An invitation that was received: only by who has proved that the email is theirs.
async fn received(
    service: &Service,
    person: &Person,
    (account, invitation): &(String, String),
) -> Result<(AccountId, InvitationId, Name), Failure> {
    let all = service.received_invitations(&person.caller).await?;
    let found = all
        .into_iter()
        .find(|one| one.account.to_string() == *account && one.invitation.to_string() == *invitation);
    let found = found.ok_or_else(|| Failure::missing("invitation"))?;
    let name = found.handle.read().profile().value.name.clone();
    Ok((found.account, found.invitation, name))
}

/// The invitations that wait for a person, in all accounts.
pub(super) async fn received_lines(service: &Service, person: &Person) -> Result<Vec<ReceivedLine>, Failure> {
    let received = match service.received_invitations(&person.caller).await {
        Ok(received) => received,
        Err(Error::EmailNotVerified) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let now = service.now();
    let mut lines = Vec::new();
    for one in received {
        let account = one.handle.snapshot();
        let Some(invitation) = account.invitation(one.invitation).map(|found| &found.value) else { continue };
        let titles = invitation.grants.iter().filter_map(|grant| account.role_title(&grant.role));
        let people = service.people([invitation.sponsor]).await?;
        lines.push(ReceivedLine {
            path: format!("/me/accounts/{}/invitations/{}", one.account, one.invitation),
            account: account.profile().value.name.to_string(),
            inviter: people.label(invitation.sponsor),
            roles: titles.map(str::to_owned).collect(),
            expires: invitation.expires_at.map(|at| moment(at, now)),
            is_expired: invitation.status_at(now) == InvitationStatus::Expired,
        });
    }
    Ok(lines)
}

/// The accounts of a person, and what they may do in those in which they may act.
pub(super) async fn accounts(
    service: &Service,
    person: &Person,
) -> Result<(Vec<AccountLine>, Vec<(String, Vec<PermissionGroup>)>), Failure> {
    let (mut lines, mut access) = (Vec::new(), Vec::new());
    let principal = Principal::Member(person.id);
    for membership in service.memberships(&person.caller).await? {
        let id = membership.account_id;
        if membership.status == MembershipStatus::Pending {
            continue;
        }
        let Some(handle) = service.accounts().get(id).await? else { continue };
        let account = handle.snapshot();
        let effective = account.effective(principal, service.now());
        let mut roles: Vec<String> = effective
            .at
            .iter()
            .flat_map(|at| at.roles.iter())
            .filter_map(|role| account.role_title(role).map(str::to_owned))
            .collect();
        roles.dedup();
        let name = account.profile().value.name.to_string();
        if membership.status == MembershipStatus::Active {
            access.push((name.clone(), permission_groups(&account, principal, service.now())));
        }
        lines.push(AccountLine {
            id: id.to_string(),
            name,
            status: membership.status.as_str(),
            roles,
            is_current: person.account == Some(id),
            is_default: person.user.default_account == Some(id),
            may_leave: account
                .decide(
                    person.caller.actor,
                    &Command::Leave,
                    person.caller.circumstances(service.now()),
                    &mut uuid::Uuid::now_v7,
                )
                .is_ok(),
        });
    }
    Ok((lines, access))
}
