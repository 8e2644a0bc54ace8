//! The account itself: its name, its ownership, its end.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use bailiwick_core::account::{Command, MemberStatus, Principal, RoleRef, Settings};
use bailiwick_core::catalog::{Lifetime, Operation};
use bailiwick_core::ids::{OfferId, UserId};
use bailiwick_core::values::{Email, Name};

use super::account_context::AccountContext;
use super::answer::{Answer, Failure, done, page};
use super::complaint::Complaint;
use super::form::{Fields, Submission};
use super::member_actions::ConfirmPage;
use super::parts::{Alert, Field};
use super::shell::Shell;
use super::text::{Moment, duration_words, moment};
use super::visitor::Visitor;
use crate::service::Service;

/// An offer of ownership.
struct OfferLine {
    path: String,
    from: String,
    to: String,
    expires: Moment,
    is_expired: bool,
    is_mine_to_answer: bool,
    is_mine_to_withdraw: bool,
}

#[derive(Template)]
#[template(path = "console/settings.html")]
struct SettingsPage {
    shell: Shell,
    alert: Alert,
    base: String,
    id: String,
    name: Field,
    opened: Moment,
    catalog: String,
    offers: Vec<OfferLine>,
    offer: Field,
    lifetimes: Vec<(u64, String, bool)>,
    may_rename: bool,
    may_leave: bool,
    may_keep: bool,
    is_owner: bool,
    may_delete: bool,
}

/// The page.
pub(super) async fn show(
    State(service): State<Service>,
    Path(account): Path<String>,
    visitor: Visitor,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    if !context.sees_settings() {
        context.admit_anywhere(Operation::ReadAccount, "get_account").await?;
    }
    render(&context, &Fields::default(), None).await
}

/// Gives the account another name.
pub(super) async fn rename(
    State(service): State<Service>,
    Path(account): Path<String>,
    submission: Submission,
) -> Answer {
    let Submission { visitor, fields } = submission;
    let context = AccountContext::open(&service, &visitor, &account).await?;
    admit(&context, "update_account").await?;
    let renamed = match Name::parse(fields.get("name")) {
        Ok(name) => {
            let written = context.write(&Command::RenameAccount { name }).await;
            written.map_err(|error| context.complaint(&error))
        }
        Err(problem) => Err(Complaint::text("name", "the name", &problem)),
    };
    answer(&context, &fields, renamed, "The account is renamed.").await
}

/// Goes back to the page, or shows it with what was typed and why that was not done.
async fn answer(
    context: &AccountContext<'_>,
    fields: &Fields,
    written: Result<(), Complaint>,
    notice: &str,
) -> Answer {
    match written {
        Ok(()) => Ok(done(context.service, &context.path("/settings"), notice)),
        Err(complaint) => render(context, fields, Some(&complaint)).await,
    }
}

/// Refuses a form of this page to people who may not look at it, and records that.
async fn admit(context: &AccountContext<'_>, request: &'static str) -> Result<(), Failure> {
    if context.sees_settings() { Ok(()) } else { context.admit(Operation::ReadAccount, request).await }
}

/// Sets how long new invitations live.
pub(super) async fn set_lifetime(
    State(service): State<Service>,
    Path(account): Path<String>,
    submission: Submission,
) -> Answer {
    let Submission { visitor, fields } = submission;
    let context = AccountContext::open(&service, &visitor, &account).await?;
    admit(&context, "update_settings").await?;
    let written = match fields.get("seconds").parse() {
        Ok(seconds) => {
            let before = context.account.profile().value.settings.clone();
            let settings = Settings { invitation_lifetime_seconds: Some(seconds), ..before };
            let written = context.write(&Command::ChangeSettings { settings }).await;
            written.map_err(|error| context.complaint(&error))
        }
        Err(_) => Err(Complaint::field("seconds", "this is not a time", "choose one of the list")),
    };
    answer(&context, &fields, written, "The lifetime of invitations is saved.").await
}

/// The lifetimes that the catalog allows, of those that people usually want, and the one that is set.
fn lifetimes(context: &AccountContext<'_>) -> Vec<(u64, String, bool)> {
    const USUAL_HOURS: [u64; 8] = [1, 12, 24, 48, 72, 7 * 24, 14 * 24, 30 * 24];
    let account = &context.account;
    let (Lifetime::Limited { shortest, longest, .. }, Some(set)) =
        (account.catalog().rules.invitation_lifetime, account.settings_lifetime())
    else {
        return Vec::new();
    };
    let set = set.as_secs().unsigned_abs();
    let mut all: Vec<u64> = USUAL_HOURS.into_iter().map(|hours| hours * 3_600).collect();
    all.retain(|seconds| (shortest.as_secs()..=longest.as_secs()).contains(seconds));
    all.push(set);
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(|seconds| (seconds, duration_words(seconds), seconds == set)).collect()
}

/// Offers ownership to a member.
pub(super) async fn offer(
    State(service): State<Service>,
    Path(account): Path<String>,
    submission: Submission,
) -> Answer {
    let Submission { visitor, fields } = submission;
    let context = AccountContext::open(&service, &visitor, &account).await?;
    admit(&context, "offer_ownership").await?;
    let typed = fields.get("to");
    let user = match Email::parse(typed) {
        Ok(email) => service.store().user_by_email(email.as_str()).await?,
        Err(_) => None,
    };
    let member =
        user.filter(|user| context.account.member_status(user.user_id) == Some(MemberStatus::Active));
    let offered = match member {
        None => Err(Complaint::field("to", "no active member has this email", "invite them first")),
        Some(user) => {
            let command = Command::OfferOwnership { to: user.user_id, keep: fields.has("keep", "yes") };
            context.write(&command).await.map_err(|error| context.complaint(&error).about("to"))
        }
    };
    let notice = format!("Ownership is offered to {typed}, who has to accept it here in the settings.");
    answer(&context, &fields, offered, &notice).await
}

/// Accepts, declines or withdraws an offer.
pub(super) async fn answer_offer(
    State(service): State<Service>,
    Path((account, offer, answer)): Path<(String, String, String)>,
    submission: Submission,
) -> Answer {
    let context = AccountContext::open(&service, &submission.visitor, &account).await?;
    let offer: OfferId = offer.parse().map_err(|_| Failure::missing("offer"))?;
    let (command, notice) = match answer.as_str() {
        "accept" => (Command::AcceptOwnership { offer }, "You own this account now."),
        "decline" => (Command::DeclineOwnership { offer }, "You declined ownership."),
        "withdraw" => (Command::WithdrawOwnership { offer }, "The offer is withdrawn."),
        _ => return Err(Failure::missing("page")),
    };
    context.write_or_fail(&command).await?;
    // Who declined may have had nothing else to see there.
    let is_seen = answer != "decline" || context.may_anywhere(Operation::ReadAccount);
    let to = if is_seen { context.path("/settings") } else { "/me".to_owned() };
    Ok(done(&service, &to, notice))
}

/// Asks before deleting the account.
pub(super) async fn ask_delete(
    State(service): State<Service>,
    Path(account): Path<String>,
    visitor: Visitor,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit(Operation::DeleteAccount, "delete_account").await?;
    Ok(confirm_deletion(&context, "", None))
}

fn confirm_deletion(context: &AccountContext<'_>, typed: &str, complaint: Option<&Complaint>) -> Response {
    let name = context.account.profile().value.name.to_string();
    let template = ConfirmPage {
        shell: context.shell("Delete account", "settings"),
        alert: Alert::unless_about(complaint, &["confirm_name"]),
        heading: format!("Delete {name} with everything in it?"),
        consequences: vec![
            "All members lose their access at once, and all management keys stop working.".to_owned(),
            "This cannot be undone. The audit log is kept by the operator of this platform.".to_owned(),
        ],
        retype: Some(
            Field::text("confirm_name", "Type the account's name to confirm", typed)
                .help(name)
                .judged(complaint),
        ),
        choice: None,
        action: context.path("/delete"),
        button: "Delete account",
        back: context.path("/settings"),
    };
    page(context.service, complaint, &template.shell, &template)
}

/// Deletes the account.
pub(super) async fn delete(
    State(service): State<Service>,
    Path(account): Path<String>,
    submission: Submission,
) -> Answer {
    let Submission { visitor, fields } = submission;
    let context = AccountContext::open(&service, &visitor, &account).await?;
    let typed = fields.get("confirm_name");
    let name = context.account.profile().value.name.to_string();
    if typed != name {
        let complaint =
            Complaint::field("confirm_name", "this is not the account's name", "type it as shown");
        return Ok(confirm_deletion(&context, typed, Some(&complaint)));
    }
    match context.write(&Command::DeleteAccount).await {
        Ok(()) => Ok(done(&service, "/me", &format!("{name} is deleted."))),
        Err(error) => Ok(confirm_deletion(&context, typed, Some(&context.complaint(&error)))),
    }
}

async fn render(
    context: &AccountContext<'_>,
    fields: &Fields,
    complaint: Option<&Complaint>,
) -> Result<Response, Failure> {
    let account = &context.account;
    let profile = &account.profile().value;
    let people: Vec<UserId> =
        account.offers().flat_map(|(_, offer)| [offer.value.from, offer.value.to]).collect();
    let people = context.service.people(people).await?;
    let me = context.person.id;
    let owner = account.catalog().role_at(account.catalog().rules.owner);
    let owner_role = owner.map(|role| RoleRef::BuiltIn(role.name.as_str().into()));
    let is_owner = account
        .grants_of(Principal::Member(me))
        .any(|(_, grant)| Some(&grant.value.role) == owner_role.as_ref() && grant.value.is_live(context.now));
    let offers = account.offers().map(|(id, offer)| OfferLine {
        path: context.path(&format!("/ownership/{id}")),
        from: people.label(offer.value.from),
        to: people.label(offer.value.to),
        expires: moment(offer.value.expires_at, context.now),
        is_expired: offer.value.expires_at <= context.now,
        is_mine_to_answer: offer.value.to == me && offer.value.expires_at > context.now,
        is_mine_to_withdraw: offer.value.from == me || is_owner,
    });
    let offers: Vec<OfferLine> = offers.filter(|line| line.is_mine_to_answer || is_owner).collect();
    let is_retyped = !fields.get("name").is_empty();
    let name = if is_retyped { fields.get("name").to_owned() } else { profile.name.to_string() };
    let template = SettingsPage {
        shell: context.shell("Settings", "settings"),
        alert: Alert::unless_about(complaint, &["name", "to"]),
        base: context.path(""),
        id: account.id().to_string(),
        name: Field::text("name", "Account name", &name).judged(complaint),
        opened: moment(profile.opened_at, context.now),
        catalog: account.catalog().title.clone(),
        offers,
        offer: Field { kind: "email", most: 254, ..Field::text("to", "Email of a member", fields.get("to")) }
            .judged(complaint),
        lifetimes: lifetimes(context),
        may_leave: context.would(&Command::Leave),
        may_rename: context.may(Operation::WriteAccount),
        may_keep: owner.is_some_and(|owner| !owner.single_holder),
        is_owner,
        may_delete: context.may(Operation::DeleteAccount),
    };
    Ok(page(context.service, complaint, &template.shell, &template))
}
