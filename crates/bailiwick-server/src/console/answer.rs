//! How a handler answers: a page, a redirect, or a page that says why not.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use bailiwick_core::account::Refusal;

use super::complaint::Complaint;
use super::shell::Shell;
use super::visitor::notice_header;
use crate::service::{Error, Service};

/// What every handler gives.
pub(super) type Answer = Result<Response, Failure>;

/// Why a page cannot be shown; itself a page.
#[derive(Debug)]
pub(super) enum Failure {
    /// The visitor has to sign in first.
    SignIn {
        /// The page to come back to.
        next: String,
    },
    /// The service said no.
    Complaint(Box<Complaint>),
}

impl Failure {
    /// To the sign-in page, and back afterwards.
    pub(super) fn sign_in(here: &str) -> Self {
        Self::SignIn { next: here.to_owned() }
    }

    /// A failure that only this room knows.
    pub(super) fn plain(status: StatusCode, message: &str, hint: &str) -> Self {
        Self::Complaint(Box::new(Complaint::plain(status, message, hint)))
    }

    /// Something that does not exist for whoever asks.
    pub(super) fn missing(what: &'static str) -> Self {
        Error::Refused(Refusal::NotFound { kind: what }).into()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if let Some(detail) = error.detail() {
            tracing::error!(error = %error, detail, "a page could not be shown");
        }
        Self::Complaint(Box::new(Complaint::of(&error)))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Error::Refused(refusal).into()
    }
}

impl From<bailiwick_store::StoreError> for Failure {
    fn from(error: bailiwick_store::StoreError) -> Self {
        Error::from(error).into()
    }
}

#[derive(Template)]
#[template(path = "console/failure.html")]
struct FailurePage<'a> {
    title: &'a str,
    complaint: &'a Complaint,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn { next } => {
                let next = percent_encoding::utf8_percent_encode(&next, percent_encoding::NON_ALPHANUMERIC);
                Redirect::to(&format!("/sign-in?next={next}")).into_response()
            }
            Self::Complaint(complaint) => {
                let title = match complaint.status {
                    StatusCode::NOT_FOUND => "Not found",
                    StatusCode::FORBIDDEN => "Not allowed",
                    status if status.is_server_error() => "Something went wrong",
                    _ => "Not done",
                };
                let page = FailurePage { title, complaint: &complaint };
                let mut response = html(complaint.status, &page);
                if let Some(seconds) = complaint.retry_after_seconds {
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                }
                response
            }
        }
    }
}

/// A page inside the console's frame, with the status of what was not done, if anything. What the request before had to say is
/// shown once.
pub(super) fn page(
    service: &Service,
    complaint: Option<&Complaint>,
    shell: &Shell,
    template: &impl Template,
) -> Response {
    let status = complaint.map_or(StatusCode::OK, |complaint| complaint.status);
    let mut response = html(status, template);
    if shell.notice.is_some()
        && let Some(header) = notice_header(service, "")
    {
        response.headers_mut().append(header::SET_COOKIE, header);
    }
    response
}

/// To another page, which says what was done.
pub(super) fn done(service: &Service, to: &str, notice: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    if let Some(header) = notice_header(service, notice) {
        response.headers_mut().append(header::SET_COOKIE, header);
    }
    response
}

fn html(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a template could not be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, "something went wrong on our side\n").into_response()
        }
    }
}
