//! Reading answers.

use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use serde::de::DeserializeOwned;

use super::Error;
use super::call::Call;
use crate::wire::{Problem, headers};

/// The greatest number of bytes of an answer that is read into memory: 1000 items of 64 KiB.
const BODY_MAX_BYTES: usize = 64 * 1024 * 1024;

/// A header's text.
pub(super) fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

/// The answer, if it is a success; the problem otherwise.
pub(super) async fn success(response: Response, call: &Call, base_url: &str) -> Result<Response, Error> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    if status.is_redirection() {
        let to = header(&response, LOCATION.as_str()).unwrap_or("elsewhere");
        return Err(protocol(call, format!("it redirects to `{to}`, and redirects are not followed")));
    }
    if !is_json(&response) {
        return Err(protocol(call, format!("status {status} without a problem document")));
    }
    let request_id = header(&response, headers::REQUEST_ID).map(str::to_owned);
    let body = body(response, call, base_url).await?;
    let mut problem: Problem = serde_json::from_slice(&body).map_err(|error| {
        protocol(call, format!("status {status} with a problem document that is not one: {error}"))
    })?;
    if problem.request_id.is_none() {
        problem.request_id = request_id;
    }
    Err(Error::Problem(Box::new(problem)))
}

/// The whole body, up to a limit.
pub(super) async fn body(mut response: Response, call: &Call, base_url: &str) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|source| Error::unreachable(base_url, source))? {
        if body.len() + piece.len() > BODY_MAX_BYTES {
            return Err(protocol(call, format!("it is longer than {BODY_MAX_BYTES} bytes")));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// The value in a JSON body; an empty one is `null`, so that 204 reads as `()`.
pub(super) fn json<T: DeserializeOwned>(body: &[u8], call: &Call) -> Result<T, Error> {
    let body = if body.is_empty() { b"null" } else { body };
    // The error of serde_json names place and type, and could quote the text; only the place is kept.
    serde_json::from_slice(body).map_err(|error| {
        protocol(
            call,
            format!(
                "its JSON is not what this version expects (line {}, column {})",
                error.line(),
                error.column()
            ),
        )
    })
}

pub(super) fn protocol(call: &Call, reason: String) -> Error {
    Error::Protocol { request: call.shown(), reason }
}

fn is_json(response: &Response) -> bool {
    let media_type = header(response, CONTENT_TYPE.as_str()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case(headers::PROBLEM_JSON)
        || media_type.eq_ignore_ascii_case("application/json")
}
