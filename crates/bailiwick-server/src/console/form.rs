//! What a person typed.

use axum::extract::{FromRequest, Request};
use subtle::ConstantTimeEq as _;

use super::answer::Failure;
use super::visitor::Visitor;
use crate::service::Service;

/// The most fields of one form: more than any page has.
const MAX_FIELDS: usize = 2_000;

/// The fields of a form, in their order; a name may come several times.
#[derive(Debug, Default, Clone)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of a field, without white space around it; empty when there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The first value as it was typed: a password may begin with a space.
    pub(super) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// All values of a field, in their order.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }

    /// Whether the field has this value among others.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|one| one == value)
    }
}

/// A posted form, from a page of the same session.
#[derive(Debug)]
pub(super) struct Submission {
    /// Who posted it.
    pub(super) visitor: Visitor,
    /// What was typed.
    pub(super) fields: Fields,
}

impl FromRequest<Service> for Submission {
    type Rejection = Failure;

    async fn from_request(request: Request, service: &Service) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::of(&mut parts, service).await?;
        let request = Request::from_parts(parts, body);
        // A browser that sends its form too slowly must not keep a connection busy for ever.
        let timeout = service.config().limits.request_timeout;
        let form = axum::Form::<Vec<(String, String)>>::from_request(request, service);
        let form = tokio::time::timeout(timeout, form).await.map_err(|_| {
            let seconds = timeout.as_secs();
            Failure::plain(
                axum::http::StatusCode::REQUEST_TIMEOUT,
                "The form took too long to arrive",
                &format!("Nothing was changed. Send it again, within {seconds} seconds."),
            )
        })?;
        let axum::Form(fields) = form.map_err(|rejection| {
            Failure::plain(rejection.status(), "The form could not be read", &rejection.body_text())
        })?;
        if fields.len() > MAX_FIELDS {
            let hint = format!("A form has at most {MAX_FIELDS} fields.");
            return Err(Failure::plain(
                axum::http::StatusCode::PAYLOAD_TOO_LARGE,
                "The form is too long",
                &hint,
            ));
        }
        let fields = Fields(fields);
        if let Some(person) = &visitor.person {
            let same: bool = person.form_token.as_bytes().ct_eq(fields.get("form_token").as_bytes()).into();
            if !same {
                return Err(Failure::plain(
                    axum::http::StatusCode::FORBIDDEN,
                    "This page is out of date",
                    "You have signed in again since it was opened. Nothing was changed; open the page anew and try again.",
                ));
            }
        }
        Ok(Self { visitor, fields })
    }
}
