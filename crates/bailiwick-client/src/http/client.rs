//! Sending requests.

use std::sync::Arc;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, IF_MATCH, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;

use super::answer::{self, header};
use super::builder::bearer;
use super::call::Call;
use super::retry::{Failure, retry_after, wait_after};
use super::{ClientBuilder, Error, InAccount};
use crate::wire::{Secret, headers};

/// A client of one server, acting as one caller or as nobody. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base_url: Arc<str>,
    authorization: Option<HeaderValue>,
    retries: u32,
    /// The moment that reads of accounts are about.
    as_of: Option<Arc<str>>,
    /// The revision that reads must have.
    at_least: Option<u64>,
}

impl Client {
    /// What a client is made from, for the server at this address.
    pub fn builder(base_url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(base_url)
    }

    pub(super) fn new(
        http: reqwest::Client,
        base_url: String,
        authorization: Option<HeaderValue>,
        retries: u32,
    ) -> Self {
        let base_url = base_url.into();
        Self { http, base_url, authorization, retries, as_of: None, at_least: None }
    }

    /// The same client, acting as whom this session token or management key belongs to.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text that cannot be sent.
    pub fn with_credential(&self, credential: &Secret) -> Result<Self, Error> {
        Ok(Self { authorization: Some(bearer(credential)?), ..self.clone() })
    }

    pub(super) fn as_of(&self, moment: String) -> Self {
        Self { as_of: Some(moment.into()), ..self.clone() }
    }

    pub(super) fn at_least(&self, revision: u64) -> Self {
        Self { at_least: Some(revision), ..self.clone() }
    }

    /// Where the server is, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What belongs to an account, by id. Sends nothing yet.
    pub fn account(&self, account: impl Into<String>) -> InAccount {
        InAccount::new(self.clone(), account.into())
    }

    /// Sends a request and reads its answer.
    pub(super) async fn fetch<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        Ok(self.fetch_at(call).await?.0)
    }

    /// Sends a request and reads its answer and the account's revision.
    pub(super) async fn fetch_at<T: DeserializeOwned>(
        &self,
        mut call: Call,
    ) -> Result<(T, Option<u64>), Error> {
        let response = self.send(&mut call).await?;
        let revision = header(&response, headers::REVISION).and_then(|text| text.parse().ok());
        let body = answer::body(response, &call, &self.base_url).await?;
        Ok((answer::json(&body, &call)?, revision))
    }

    /// Sends a request, again if that is safe and useful, until it succeeds or fails for good.
    pub(super) async fn send(&self, call: &mut Call) -> Result<Response, Error> {
        call.take_refused()?;
        let mut attempt = 0;
        loop {
            let outcome = self.request(call)?.send().await;
            let failure = match &outcome {
                Err(error) if error.is_connect() => Some(Failure::NotConnected),
                Ok(response) if response.status() == StatusCode::SERVICE_UNAVAILABLE => {
                    Some(Failure::Unavailable(header(response, RETRY_AFTER.as_str()).and_then(retry_after)))
                }
                _ => None,
            };
            let wait = failure
                .filter(|_| call.is_repeatable())
                .and_then(|failure| wait_after(failure, attempt, self.retries));
            let Some(wait) = wait else {
                let response = outcome.map_err(|source| Error::unreachable(&self.base_url, source))?;
                return answer::success(response, call, &self.base_url).await;
            };
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    fn request(&self, call: &Call) -> Result<reqwest::RequestBuilder, Error> {
        let url = format!("{}{}", self.base_url, call.path.text()?);
        let mut request = self.http.request(call.method.clone(), url);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        if call.asks() {
            if let Some(moment) = self.as_of.as_deref().filter(|_| call.path.is_of_api()) {
                request = request.query(&[("as_of", moment)]);
            }
            if let Some(revision) = self.at_least {
                request = request.header(headers::AT_LEAST, revision);
            }
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.0.clone());
        }
        if let Some(revision) = call.if_match {
            request = request.header(IF_MATCH, headers::etag(revision));
        }
        if let Some(key) = &call.idempotency_key {
            let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
            if key.is_empty() || key.len() > headers::IDEMPOTENCY_KEY_MAX_CHARS || !visible {
                return Err(Error::Invalid {
                    given: key.chars().take(64).collect(),
                    reason: "is not an idempotency key",
                    hint: "use 1 to 128 visible ASCII characters, for instance a UUID",
                });
            }
            request = request.header(headers::IDEMPOTENCY_KEY, key);
        }
        if let Some(timeout) = call.timeout {
            request = request.timeout(timeout);
        }
        Ok(request)
    }
}
