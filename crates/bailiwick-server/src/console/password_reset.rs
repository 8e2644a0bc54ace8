//! A forgotten password: asking for a link, and the page where it leads.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use bailiwick_core::values::Email;
use serde::Deserialize;

use super::answer::{Answer, page};
use super::complaint::Complaint;
use super::form::Submission;
use super::parts::{Alert, Field};
use super::shell::Shell;
use super::visitor::Visitor;
use crate::service::Service;

/// The email that was typed on the page before.
#[derive(Debug, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    email: String,
}

#[derive(Template)]
#[template(path = "console/forgot_password.html")]
struct ForgotPage {
    shell: Shell,
    alert: Alert,
    email: Field,
    is_asked: bool,
}

#[derive(Template)]
#[template(path = "console/new_password.html")]
struct NewPasswordPage {
    shell: Shell,
    alert: Alert,
    here: String,
    email: String,
    name: Option<Field>,
    password: Field,
    again: Field,
}

/// The form that asks for a link.
pub(super) async fn form(State(service): State<Service>, visitor: Visitor, query: Query<Typed>) -> Answer {
    Ok(show(&service, &visitor, &query.email, false, None))
}

/// Mails a link, if a user has the email. The page that says so is the same if none has.
pub(super) async fn ask(State(service): State<Service>, submission: Submission) -> Answer {
    let Submission { visitor, fields } = submission;
    let typed = fields.get("email");
    let email = match Email::parse(typed) {
        Ok(email) => email,
        Err(problem) => {
            let complaint = Complaint::text("email", "the email", &problem);
            return Ok(show(&service, &visitor, typed, false, Some(&complaint)));
        }
    };
    let asked = service.ask_password_reset(&email, &visitor.origin).await;
    let complaint = asked.err().map(|error| Complaint::of(&error));
    Ok(show(&service, &visitor, typed, complaint.is_none(), complaint.as_ref()))
}

fn show(
    service: &Service,
    visitor: &Visitor,
    typed: &str,
    is_asked: bool,
    complaint: Option<&Complaint>,
) -> Response {
    let template = ForgotPage {
        shell: Shell::new(visitor, "Forgot your password?"),
        alert: Alert::unless_about(complaint, &["email"]),
        email: Field::email("Email", typed).focus(complaint).judged(complaint),
        is_asked,
    };
    page(service, complaint, &template.shell, &template)
}

/// The page to choose a new password, once and again.
pub(super) fn choose(
    service: &Service,
    visitor: &Visitor,
    email: String,
    name: Option<Field>,
    [password, again]: [Field; 2],
    complaint: Option<&Complaint>,
) -> Response {
    let template = NewPasswordPage {
        shell: Shell::new(visitor, "Choose a new password"),
        alert: Alert::unless_about(complaint, &["name", "password", "again"]),
        here: visitor.here.clone(),
        email,
        name,
        password: password.focus(complaint),
        again,
    };
    page(service, complaint, &template.shell, &template)
}
