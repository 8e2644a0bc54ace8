//! The way in and out.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Redirect, Response};
use bailiwick_core::catalog::Operation;
use secrecy::SecretString;
use serde::Deserialize;

use super::answer::{Answer, done, page};
use super::complaint::Complaint;
use super::form::Submission;
use super::parts::{Alert, Field};
use super::shell::Shell;
use super::visitor::{Visitor, no_session_header, session_header};
use crate::service::{Service, SignInRequest, SignedIn};

/// Where to go after signing in.
#[derive(Debug, Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
    #[serde(default)]
    email: String,
}

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage {
    shell: Shell,
    alert: Alert,
    email: Field,
    password: Field,
    next: String,
}

/// To the members of the person's account, or to what they may see.
pub(super) async fn home(State(service): State<Service>, visitor: Visitor) -> Answer {
    let Some(person) = &visitor.person else {
        return Ok(Redirect::to("/sign-in").into_response());
    };
    let mut to = "/me".to_owned();
    if let Some(id) = person.account
        && let Some(handle) = service.accounts().get(id).await?
    {
        let seen = handle
            .read()
            .authorize_anywhere(
                person.caller.actor,
                Operation::ReadMembers,
                person.caller.circumstances(service.now()),
            )
            .is_ok();
        if seen {
            to = format!("/accounts/{id}/members");
        }
    }
    Ok(Redirect::to(&to).into_response())
}

/// The form.
pub(super) async fn form(State(service): State<Service>, visitor: Visitor, query: Query<Next>) -> Answer {
    if visitor.person.is_some() {
        return Ok(Redirect::to(local(&query.next)).into_response());
    }
    Ok(show(&service, &visitor, &query.email, &query.next, None))
}

/// Signs in.
pub(super) async fn submit(State(service): State<Service>, submission: Submission) -> Answer {
    let Submission { visitor, fields } = submission;
    let (email, next) = (fields.get("email").to_owned(), fields.get("next").to_owned());
    let password = SecretString::from(fields.raw("password").to_owned());
    match service.sign_in(SignInRequest { email: email.clone(), password }, &visitor.origin).await {
        Ok(session) => Ok(enter(&service, &session, local(&next))),
        Err(error) => Ok(show(&service, &visitor, &email, &next, Some(&Complaint::of(&error)))),
    }
}

/// Signs out.
pub(super) async fn sign_out(State(service): State<Service>, submission: Submission) -> Answer {
    let Submission { visitor, fields } = submission;
    if let Some(person) = &visitor.person {
        service.sign_out(&person.caller).await?;
    }
    let next = fields.get("next");
    let to = if next.is_empty() { "/sign-in" } else { local(next) };
    let mut response = done(&service, to, "You are signed out.");
    if let Some(header) = no_session_header(&service) {
        response.headers_mut().append(header::SET_COOKIE, header);
    }
    Ok(response)
}

/// To a page, with a new session.
pub(super) fn enter(service: &Service, session: &SignedIn, to: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    if let Some(header) = session_header(service, session) {
        response.headers_mut().append(header::SET_COOKIE, header);
    }
    response
}

fn show(
    service: &Service,
    visitor: &Visitor,
    email: &str,
    next: &str,
    complaint: Option<&Complaint>,
) -> Response {
    let shell = Shell::new(visitor, "Sign in");
    let email_field = Field::email("Email", email);
    let password = Field::password("password", "Password", "current-password");
    let is_known = !email.is_empty();
    let template = SignInPage {
        alert: Alert::unless_about(complaint, &[]),
        email: if is_known { email_field } else { email_field.focus(complaint) },
        password: if is_known { password.focus(complaint) } else { password },
        next: next.to_owned(),
        shell,
    };
    page(service, complaint, &template.shell, &template)
}

/// Only a page of this console: a path of its own, which no browser takes for another host.
fn local(next: &str) -> &str {
    let is_path = next.starts_with('/') && !next.starts_with("//");
    let is_plain = next.chars().all(|c| !c.is_control() && c != '\\' && !c.is_whitespace());
    if is_path && is_plain { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(local("/accounts/acc_1/members?status=pending"), "/accounts/acc_1/members?status=pending");
        for next in
            ["", "https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil", "evil", "\\\\e"]
        {
            assert_eq!(local(next), "/", "{next:?}");
        }
    }
}
