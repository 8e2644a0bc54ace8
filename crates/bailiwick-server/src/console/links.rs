//! Single-use links: what they are for, shown without using them up, and followed by a posted form.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use bailiwick_core::values::{Email, InvalidText, Name};
use secrecy::SecretString;

use super::answer::{Answer, Failure, done, page};
use super::complaint::Complaint;
use super::form::{Fields, Submission};
use super::parts::{Alert, Field};
use super::shell::Shell;
use super::sign_in::enter;
use super::text::{Moment, moment};
use super::visitor::Visitor;
use crate::service::{Error, LinkPurpose, LinkView, Service, SetUp};

#[derive(Template)]
#[template(path = "console/set_up.html")]
struct SetUpPage {
    shell: Shell,
    alert: Alert,
    email: Field,
    name: Field,
    password: Field,
    account_name: Field,
}

#[derive(Template)]
#[template(path = "console/invitation.html")]
struct InvitationPage {
    shell: Shell,
    alert: Alert,
    here: String,
    inviter: String,
    account: String,
    roles: Vec<String>,
    expires: Option<Moment>,
    email: String,
    step: Step,
    name: Field,
    password: Field,
}

/// What stands between the holder of the link and the account.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Nothing: signed in as who is invited.
    Accept,
    /// A name and a password have to be chosen.
    Choose,
    /// The person has a password and is not signed in.
    SignIn,
    /// Somebody else is signed in.
    SomebodyElse(String),
}

#[derive(Template)]
#[template(path = "console/sign_in_link.html")]
struct SignInLinkPage {
    shell: Shell,
    alert: Alert,
    here: String,
    email: String,
    needs_password: bool,
    name: Field,
    password: Field,
}

/// What the link is for. Mail programs look at links before people do, so looking changes nothing.
pub(super) async fn show(
    State(service): State<Service>,
    Path(token): Path<String>,
    visitor: Visitor,
) -> Answer {
    let view = service.inspect_link(&token).await?;
    Ok(render(&service, &visitor, &view, &Fields::default(), None))
}

/// Follows the link.
pub(super) async fn follow(
    State(service): State<Service>,
    Path(token): Path<String>,
    submission: Submission,
) -> Answer {
    let Submission { visitor, fields } = submission;
    let view = service.inspect_link(&token).await?;
    let followed = match view.purpose {
        LinkPurpose::SetUp => set_up(&service, &visitor, &token, &fields).await,
        LinkPurpose::PasswordReset if fields.raw("password") != fields.raw("again") => {
            Err(Complaint::field("again", "the two passwords differ", "type the new one twice"))
        }
        _ => accept(&service, &visitor, &view, &token, &fields).await,
    };
    match followed {
        Ok(response) => Ok(response),
        Err(complaint) => Ok(render(&service, &visitor, &view, &fields, Some(&complaint))),
    }
}

/// Declines the invitation of the link.
pub(super) async fn decline(
    State(service): State<Service>,
    Path(token): Path<String>,
    submission: Submission,
) -> Answer {
    let view = service.inspect_link(&token).await?;
    let Some((_, account)) = view.account else { return Err(Failure::missing("invitation")) };
    service.decline_link(&token, &submission.visitor.origin).await?;
    let to = if submission.visitor.person.is_some() { "/me" } else { "/sign-in" };
    Ok(done(&service, to, &format!("You declined the invitation to {account}.")))
}

async fn set_up(
    service: &Service,
    visitor: &Visitor,
    token: &str,
    fields: &Fields,
) -> Result<Response, Complaint> {
    let set_up = SetUp {
        token: SecretString::from(token.to_owned()),
        email: parsed("email", "the email", fields, Email::parse)?,
        name: parsed("name", "your name", fields, Name::parse)?,
        password: SecretString::from(fields.raw("password").to_owned()),
        account_name: parsed("account_name", "the account's name", fields, Name::parse)?,
    };
    let session = service.set_up(set_up, &visitor.origin).await.map_err(|error| Complaint::of(&error))?;
    Ok(enter(service, &session, "/"))
}

async fn accept(
    service: &Service,
    visitor: &Visitor,
    view: &LinkView,
    token: &str,
    fields: &Fields,
) -> Result<Response, Complaint> {
    let name = if needs_name(view) { Some(parsed("name", "your name", fields, Name::parse)?) } else { None };
    let password = view.needs_password.then(|| SecretString::from(fields.raw("password").to_owned()));
    let signed_in = visitor.person.as_ref().map(|person| &person.caller);
    let session = service.accept_link(token, name, password, signed_in, &visitor.origin).await;
    let session = session.map_err(|error| match error {
        Error::Unauthenticated => Complaint::plain(
            StatusCode::UNAUTHORIZED,
            "Sign in as the person who is invited.",
            "Then this invitation can be accepted.",
        ),
        error => Complaint::of(&error),
    })?;
    let mut response = enter(service, &session, "/");
    let notice = match (&view.account, view.purpose) {
        (Some((_, account)), _) => format!("Welcome to {account}."),
        (None, LinkPurpose::PasswordReset) => {
            "Your password is changed. Your other sessions have ended.".to_owned()
        }
        (None, _) => String::new(),
    };
    if !notice.is_empty()
        && let Some(header) = super::visitor::notice_header(service, &notice)
    {
        response.headers_mut().append(axum::http::header::SET_COOKIE, header);
    }
    Ok(response)
}

/// People choose a name with their first password; of who forgot one, the name is known.
fn needs_name(view: &LinkView) -> bool {
    let is_named = view.user.as_ref().is_some_and(|user| !user.name.is_empty());
    view.needs_password && !(view.purpose == LinkPurpose::PasswordReset && is_named)
}

fn parsed<T>(
    field: &'static str,
    label: &str,
    fields: &Fields,
    parse: fn(&str) -> Result<T, InvalidText>,
) -> Result<T, Complaint> {
    parse(fields.get(field)).map_err(|problem| Complaint::text(field, label, &problem))
}

fn render(
    service: &Service,
    visitor: &Visitor,
    view: &LinkView,
    fields: &Fields,
    complaint: Option<&Complaint>,
) -> Response {
    let least = service.config().password.min_length;
    let password = Field::password("password", "Password", "new-password")
        .help(format!("At least {least} characters. Four or five random words are good."))
        .judged(complaint);
    let typed_name = match (fields.get("name"), &view.user) {
        ("", Some(user)) => user.name.as_str(),
        (typed, _) => typed,
    };
    let name = Field::text("name", "Your name", typed_name).fills("name").judged(complaint);
    let email = view.user.as_ref().map(|user| user.email.clone()).unwrap_or_default();
    match view.purpose {
        LinkPurpose::SetUp => {
            let account_name = Field::text("account_name", "Account name", fields.get("account_name"));
            let template = SetUpPage {
                shell: Shell::new(visitor, "Set up Bailiwick"),
                alert: Alert::unless_about(complaint, &["email", "name", "password", "account_name"]),
                email: Field::email("Email", fields.get("email")).judged(complaint),
                name,
                password,
                account_name: account_name
                    .fills("organization")
                    .focus(complaint)
                    .help("Usually your company or team. You can change it later.")
                    .judged(complaint),
            };
            page(service, complaint, &template.shell, &template)
        }
        LinkPurpose::PasswordReset => {
            let again = Field::password("again", "New password again", "new-password").judged(complaint);
            let name = needs_name(view).then_some(name);
            let password = Field { label: "New password", ..password };
            super::password_reset::choose(service, visitor, email, name, [password, again], complaint)
        }
        LinkPurpose::SignIn => {
            let template = SignInLinkPage {
                shell: Shell::new(visitor, "Sign in"),
                alert: Alert::unless_about(complaint, &["name", "password"]),
                here: visitor.here.clone(),
                email,
                needs_password: view.needs_password,
                name,
                password,
            };
            page(service, complaint, &template.shell, &template)
        }
        LinkPurpose::Invitation | LinkPurpose::InvitationCopy => {
            let account = view.account.as_ref().map(|(_, name)| name.to_string()).unwrap_or_default();
            let template = InvitationPage {
                shell: Shell::new(visitor, format!("Invitation to {account}")),
                alert: Alert::unless_about(complaint, &["name", "password"]),
                here: visitor.here.trim_end_matches("/decline").to_owned(),
                inviter: view.inviter.clone().unwrap_or_default(),
                account,
                roles: view.roles.clone(),
                expires: view.expires_at.map(|at| moment(at, service.now())),
                step: step(visitor, view),
                email,
                name: name.focus(complaint),
                password,
            };
            page(service, complaint, &template.shell, &template)
        }
    }
}

fn step(visitor: &Visitor, view: &LinkView) -> Step {
    let invited = view.user.as_ref().map(|user| user.user_id);
    match &visitor.person {
        Some(person) if Some(person.id) != invited => Step::SomebodyElse(person.user.email.clone()),
        _ if view.needs_password => Step::Choose,
        Some(_) => Step::Accept,
        None => Step::SignIn,
    }
}
