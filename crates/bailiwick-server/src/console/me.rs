//! A person's own page: profile, invitations, accounts, sessions, password.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use bailiwick_core::values::Name;
use bailiwick_store::TokenHash;
use secrecy::SecretString;

use super::account_context::AccountContext;
use super::answer::{Answer, Failure, done, page};
use super::complaint::Complaint;
use super::form::{Fields, Submission};
use super::member_access::PermissionGroup;
use super::my_accounts::{AccountLine, ReceivedLine, accounts, received_lines};
use super::parts::{Alert, Field};
use super::program::program;
use super::shell::Shell;
use super::text::{Face, Moment, face, moment};
use super::visitor::{Person, Visitor};
use crate::service::{Error, Service, hex};

/// A browser or program that is signed in.
struct SessionLine {
    id: String,
    program: String,
    source_ip: String,
    created: Moment,
    seen: Moment,
    is_this: bool,
}

#[derive(Template)]
#[template(path = "console/me.html")]
struct MePage {
    shell: Shell,
    alert: Alert,
    face: Face,
    name: Field,
    current: Field,
    password: Field,
    is_verified: bool,
    received: Vec<ReceivedLine>,
    accounts: Vec<AccountLine>,
    access: Vec<(String, Vec<PermissionGroup>)>,
    sessions: Vec<SessionLine>,
}

/// The page.
pub(super) async fn show(State(service): State<Service>, visitor: Visitor) -> Answer {
    render(&service, &visitor, &Fields::default(), None).await
}

/// Changes the person's name.
pub(super) async fn rename(State(service): State<Service>, submission: Submission) -> Answer {
    let Submission { visitor, fields } = submission;
    let person = visitor.signed_in()?;
    let name = match Name::parse(fields.get("name")) {
        Ok(name) => name,
        Err(problem) => {
            let complaint = Complaint::text("name", "your name", &problem);
            return render(&service, &visitor, &fields, Some(&complaint)).await;
        }
    };
    service.update_profile(&person.caller, Some(name), None).await?;
    Ok(done(&service, "/me", "Your name is saved."))
}

/// Changes the password.
pub(super) async fn change_password(State(service): State<Service>, submission: Submission) -> Answer {
    let Submission { visitor, fields } = submission;
    let person = visitor.signed_in()?;
    let secret = |name| SecretString::from(fields.raw(name).to_owned());
    match service.change_password(&person.caller, &secret("current"), &secret("password")).await {
        Ok(()) => Ok(done(&service, "/me", "Your password is changed. Your other sessions have ended.")),
        Err(error) => {
            let complaint = match error {
                Error::WrongCredentials => {
                    Complaint::field("current", "this is not your present password", "")
                }
                error => Complaint::of(&error),
            };
            render(&service, &visitor, &fields, Some(&complaint)).await
        }
    }
}

/// Ends a session.
pub(super) async fn end_session(
    State(service): State<Service>,
    Path(session): Path<String>,
    submission: Submission,
) -> Answer {
    let person = submission.visitor.signed_in()?;
    let found = service.sessions(&person.caller).await?;
    let found = found.iter().find(|row| session_id(&row.token_hash) == session);
    let session = found.ok_or_else(|| Failure::missing("session"))?;
    service.end_session(&person.caller, session.token_hash).await?;
    Ok(done(&service, "/me#sessions", "The session has ended."))
}

/// Ends all sessions but this one.
pub(super) async fn end_other_sessions(State(service): State<Service>, submission: Submission) -> Answer {
    let person = submission.visitor.signed_in()?;
    service.end_other_sessions(&person.caller).await?;
    Ok(done(&service, "/me#sessions", "All your other sessions have ended."))
}

async fn render(
    service: &Service,
    visitor: &Visitor,
    fields: &Fields,
    complaint: Option<&Complaint>,
) -> Result<Response, Failure> {
    let person = visitor.signed_in()?;
    let user = &person.user;
    let typed =
        if fields.get("name").is_empty() && complaint.is_none() { &user.name } else { fields.get("name") };
    let typed = if fields.raw("current").is_empty() { typed } else { &user.name };
    let least = service.config().password.min_length;
    let (accounts, access) = accounts(service, person).await?;
    let template = MePage {
        shell: shell(service, visitor, person).await,
        alert: Alert::unless_about(complaint, &["name", "current", "password"]),
        face: face(person.id, Some(user)),
        name: Field::text("name", "Name", typed).fills("name").judged(complaint),
        current: Field::password("current", "Present password", "current-password").judged(complaint),
        password: Field::password("password", "New password", "new-password")
            .help(format!("At least {least} characters. Four or five random words are good."))
            .judged(complaint),
        is_verified: user.verified_at.is_some(),
        received: received_lines(service, person).await?,
        accounts,
        access,
        sessions: sessions(service, person).await?,
    };
    Ok(page(service, complaint, &template.shell, &template))
}

/// The frame with the account that the person is in, so that the way back is one step.
async fn shell(service: &Service, visitor: &Visitor, person: &Person) -> Shell {
    let title = "Your profile";
    let account = person.account.map(|id| id.to_string()).unwrap_or_default();
    match AccountContext::open(service, visitor, &account).await {
        Ok(context) => context.shell(title, ""),
        Err(_) => Shell::new(visitor, title),
    }
}

async fn sessions(service: &Service, person: &Person) -> Result<Vec<SessionLine>, Failure> {
    let now = service.now();
    let rows = service.sessions(&person.caller).await?;
    let lines = rows.into_iter().map(|row| SessionLine {
        id: session_id(&row.token_hash),
        program: row.user_agent.as_deref().map_or_else(|| "A program without a name".to_owned(), program),
        source_ip: row.source_ip.map(|ip| ip.to_string()).unwrap_or_default(),
        created: moment(row.created_at, now),
        seen: moment(row.seen_at, now),
        is_this: person.caller.session == Some(row.token_hash),
    });
    Ok(lines.collect())
}

/// Enough of the hash to tell a person's sessions apart; the hash itself stays inside.
fn session_id(hash: &TokenHash) -> String {
    hash.0.first_chunk::<8>().map_or_else(String::new, |beginning| hex(beginning))
}
