//! What is done with an invitation that waits.

use askama::Template;
use axum::extract::{Path, State};
use bailiwick_core::account::Command;
use bailiwick_core::ids::InvitationId;

use super::account_context::AccountContext;
use super::answer::{Answer, Failure, done, page};
use super::form::Submission;
use super::shell::Shell;
use super::text::{Moment, moment};
use crate::service::{Service, WriteOptions};

#[derive(Template)]
#[template(path = "console/invitation_link.html")]
struct LinkPage {
    shell: Shell,
    email: String,
    url: String,
    expires: Option<Moment>,
    back: String,
}

/// Sends it again.
pub(super) async fn resend(
    State(service): State<Service>,
    Path((account, invitation)): Path<(String, String)>,
    submission: Submission,
) -> Answer {
    let context = AccountContext::open(&service, &submission.visitor, &account).await?;
    let id = parse(&invitation)?;
    let email = email_of(&context, id).await?;
    let (caller, account, options) = (&context.person.caller, context.account.id(), WriteOptions::default());
    let resent = service.resend_invitation(caller, account, id, &options, |_| ()).await;
    resent.map_err(|error| Failure::Complaint(Box::new(context.complaint(&error))))?;
    let notice = format!("Invitation sent to {email} again. Earlier links no longer work.");
    Ok(done(&service, &back(&context, submission.fields.get("back")), &notice))
}

/// Takes it back.
pub(super) async fn revoke(
    State(service): State<Service>,
    Path((account, invitation)): Path<(String, String)>,
    submission: Submission,
) -> Answer {
    let context = AccountContext::open(&service, &submission.visitor, &account).await?;
    let id = parse(&invitation)?;
    let email = email_of(&context, id).await?;
    context.write_or_fail(&Command::RevokeInvitation { invitation: id }).await?;
    let notice = format!("Invitation of {email} revoked. Its link no longer works.");
    Ok(done(&service, &back(&context, submission.fields.get("back")), &notice))
}

/// Makes a link to pass on by hand, and shows it this once.
pub(super) async fn copy_link(
    State(service): State<Service>,
    Path((account, invitation)): Path<(String, String)>,
    submission: Submission,
) -> Answer {
    let context = AccountContext::open(&service, &submission.visitor, &account).await?;
    let id = parse(&invitation)?;
    let email = email_of(&context, id).await?;
    let made = service.copy_invitation_link(&context.person.caller, context.account.id(), id).await;
    let link = made.map_err(|error| Failure::Complaint(Box::new(context.complaint(&error))))?;
    let template = LinkPage {
        shell: context.shell("Invitation link", "members"),
        email,
        url: link.url,
        expires: link.expires_at.map(|at| moment(at, context.now)),
        back: back(&context, submission.fields.get("back")),
    };
    Ok(page(&service, None, &template.shell, &template))
}

fn parse(id: &str) -> Result<InvitationId, Failure> {
    id.parse().map_err(|_| Failure::missing("invitation"))
}

async fn email_of(context: &AccountContext<'_>, id: InvitationId) -> Result<String, Failure> {
    let found = context.account.invitation(id).filter(|_| context.may_see_invitation(id));
    let found = found.ok_or_else(|| Failure::missing("invitation"))?;
    let user = found.value.user;
    Ok(context.service.people([user]).await?.email(user).unwrap_or("this person").to_owned())
}

/// The page on which the button was: the members, or a role.
fn back(context: &AccountContext<'_>, page: &str) -> String {
    let is_role = context.account.find_role(page).is_some();
    if is_role { context.path(&format!("/roles/{page}")) } else { context.path("/members") }
}
