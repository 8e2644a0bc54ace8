//! A request before it is sent.

use std::time::Duration;

use reqwest::Method;
use serde::Serialize;
use serde_json::Value;

use super::Error;
use super::path::Path;

/// A request before it is sent. It holds all that is needed to send it again.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: Path,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Option<Body>,
    pub(super) if_match: Option<u64>,
    pub(super) idempotency_key: Option<String>,
    /// Instead of the client's own, where an answer may take longer.
    pub(super) timeout: Option<Duration>,
    /// Whether sending it twice does what sending it once does.
    repeatable: bool,
    /// Whether it changes nothing.
    asks: bool,
    /// What could not be put into the request.
    refused: Option<Error>,
}

/// A JSON body. It may hold a password, so `Debug` shows none of it.
#[derive(Clone)]
pub(super) struct Body(pub(super) Vec<u8>);

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

impl Call {
    fn new(method: Method, path: Path) -> Self {
        let repeatable = matches!(method, Method::GET | Method::PUT | Method::DELETE);
        Self {
            asks: method == Method::GET,
            method,
            path,
            query: Vec::new(),
            body: None,
            if_match: None,
            idempotency_key: None,
            timeout: None,
            repeatable,
            refused: None,
        }
    }

    pub(super) fn get(path: Path) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn post(path: Path) -> Self {
        Self::new(Method::POST, path)
    }

    pub(super) fn put(path: Path) -> Self {
        Self::new(Method::PUT, path)
    }

    pub(super) fn patch(path: Path) -> Self {
        Self::new(Method::PATCH, path)
    }

    pub(super) fn delete(path: Path) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// With a JSON body.
    pub(super) fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.body = Some(Body(bytes)),
            Err(_) => self.refuse("the body", "cannot be written as JSON"),
        }
        self
    }

    /// With query parameters: an object of texts, numbers and truth values.
    pub(super) fn query(mut self, query: &impl Serialize) -> Self {
        match serde_json::to_value(query) {
            Ok(Value::Object(fields)) => {
                for (name, value) in fields {
                    match value {
                        Value::Null => {}
                        Value::String(text) => self.query.push((name, text)),
                        other => self.query.push((name, other.to_string())),
                    }
                }
            }
            _ => self.refuse("the query", "cannot be written as parameters"),
        }
        self
    }

    /// Sets one query parameter, in place of any of that name.
    pub(super) fn set(&mut self, name: &str, value: String) {
        self.query.retain(|(other, _)| other != name);
        self.query.push((name.to_owned(), value));
    }

    /// Although a POST, it changes nothing: a question that is too long for a query.
    pub(super) fn only_asks(mut self) -> Self {
        (self.repeatable, self.asks) = (true, true);
        self
    }

    /// Whether it only asks, and is no rehearsal of a write.
    pub(super) fn asks(&self) -> bool {
        self.asks && !self.query.iter().any(|(name, _)| name == "dry_run")
    }

    pub(super) fn is_repeatable(&self) -> bool {
        self.repeatable || self.idempotency_key.is_some()
    }

    /// The first thing that could not be put into the request.
    pub(super) fn take_refused(&mut self) -> Result<(), Error> {
        self.refused.take().map_or(Ok(()), Err)
    }

    /// Method and path for messages, without the query.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.method, self.path.shown())
    }

    fn refuse(&mut self, given: &str, reason: &'static str) {
        let hint = "report this: the types of this crate always can";
        self.refused = Some(Error::Invalid { given: given.to_owned(), reason, hint });
    }
}
