//! Why a request was not done, as an RFC 9457 problem document.

mod codes;
mod from_service;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use bailiwick_client::wire::headers::PROBLEM_JSON;
use bailiwick_client::wire::{FieldError, Problem};
use bailiwick_core::account::Refusal;

pub use codes::{Code, all as all_codes, code, status_of};

/// A request that was not done: what the caller is told, and apart from it what the log is told.
#[derive(Debug)]
pub struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: &'static str,
    status: StatusCode,
    title: &'static str,
    detail: String,
    hint: &'static str,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
    log: Option<String>,
    refusal: Option<Refusal>,
}

impl Failure {
    /// A failure of a kind that the reference lists, with what happened this time.
    pub fn new(code: &'static Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code: code.code,
            status: code.status,
            title: code.title,
            detail: detail.into(),
            hint: code.hint,
            errors: Vec::new(),
            headers: Vec::new(),
            log: None,
            refusal: None,
        }))
    }

    /// A failure because of one field: `pointer` is a JSON pointer into the body, or `?` and a query parameter's name.
    pub fn field(code: &'static Code, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        let (pointer, message) = (pointer.into(), message.into());
        let name = pointer.trim_start_matches(['/', '?']);
        let detail = if name.is_empty() { message.clone() } else { format!("`{name}`: {message}") };
        Self::new(code, detail).with_field(pointer, code.code, message)
    }

    /// The same with one more field error.
    #[must_use]
    pub fn with_field(mut self, pointer: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        let error = FieldError { field: pointer.into(), code: code.to_owned(), message: message.into() };
        self.0.errors.push(error);
        self
    }

    /// The same with the field errors of another one, so that a caller corrects all of them at once.
    #[must_use]
    pub fn with_fields_of(mut self, other: Self) -> Self {
        self.0.errors.extend(other.0.errors);
        self
    }

    /// The same with the field errors in the order of the places in a list that they point to.
    #[must_use]
    pub fn in_order_of_fields(mut self) -> Self {
        let place = |field: &str| field.rsplit('/').next().and_then(|last| last.parse::<usize>().ok());
        self.0.errors.sort_by_key(|error| place(&error.field));
        self
    }

    /// The same with a response header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers.push((name, value));
        }
        self
    }

    /// The same with a text for the log.
    #[must_use]
    pub fn with_log(mut self, log: impl std::fmt::Display) -> Self {
        self.0.log = Some(log.to_string());
        self
    }

    /// Stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// What only the log is told.
    pub fn log(&self) -> Option<&str> {
        self.0.log.as_deref()
    }

    /// The domain's refusal behind it, if it was one.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.0.refusal.as_ref()
    }

    /// The document for the caller. `docs` is the address of the page that describes the kinds of problems.
    pub fn problem(&self, docs: &str, request_id: &str) -> Problem {
        let inner = &*self.0;
        Problem {
            problem_type: format!("{docs}#error-{}", inner.code),
            title: inner.title.to_owned(),
            status: inner.status.as_u16(),
            code: inner.code.to_owned(),
            detail: inner.detail.clone(),
            hint: (!inner.hint.is_empty()).then(|| inner.hint.to_owned()),
            errors: inner.errors.clone(),
            request_id: Some(request_id.to_owned()),
        }
    }

    /// The response for the caller.
    pub fn response(&self, docs: &str, request_id: &str) -> Response<Body> {
        // A problem is made of texts and numbers, which always have a JSON form.
        let body = serde_json::to_vec(&self.problem(docs, request_id)).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        for (name, value) in &self.0.headers {
            headers.insert(name.clone(), value.clone());
        }
        response
    }
}
