//! What a request shows to say who asks: a bearer token, or the console's cookie.

use axum::http::header::{AUTHORIZATION, COOKIE, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};

use super::problem::{Failure, code};
use crate::identity::tokens::{KEY_PREFIX, ManagementKey};

/// The cookie of a session where people reach the server by HTTPS: the prefix makes browsers demand `Secure`, this host
/// and the whole of it.
const SECURE_COOKIE: &str = "__Host-bailiwick";
/// The cookie of a session elsewhere, which is on loopback.
const PLAIN_COOKIE: &str = "bailiwick";

/// What browsers say about where a request was made (Fetch Metadata).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A credential, not yet judged.
pub(super) enum Credential {
    /// A session's token.
    Session {
        /// As sent.
        token: String,
        /// Whether the browser sent it by itself, so that the request might come from anybody's page.
        by_cookie: bool,
    },
    /// A management key.
    Key(ManagementKey),
}

/// The name of the session cookie.
pub fn cookie_name(is_https: bool) -> &'static str {
    if is_https { SECURE_COOKIE } else { PLAIN_COOKIE }
}

impl Credential {
    /// The credential of a request; `Authorization` counts before a cookie.
    ///
    /// # Errors
    /// `unauthenticated` for a header that is no bearer token.
    pub(super) fn of(parts: &Parts, is_https: bool) -> Result<Option<Self>, Failure> {
        let Some(header) = parts.headers.get(AUTHORIZATION) else {
            let token = cookie(&parts.headers, cookie_name(is_https)).map(str::to_owned);
            return Ok(token.map(|token| Self::Session { token, by_cookie: true }));
        };
        let bearer = header.to_str().ok().and_then(|text| text.split_once(' '));
        let token =
            bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        let token =
            token.ok_or_else(|| Failure::unauthenticated("`Authorization` must be `Bearer` and a token"))?;
        if token.starts_with(KEY_PREFIX) {
            let key = ManagementKey::parse(token);
            return key
                .map(|key| Some(Self::Key(key)))
                .map_err(|error| Failure::unauthenticated(error.to_string()));
        }
        Ok(Some(Self::Session { token: token.to_owned(), by_cookie: false }))
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let texts = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Refuses a request that a browser made for another site's page.
///
/// # Errors
/// `cross_site` unless the browser says that the page is this server's own.
pub(super) fn same_site(headers: &HeaderMap, public_url: &str) -> Result<(), Failure> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let own = match (text(&SEC_FETCH_SITE), text(&ORIGIN)) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin == public_url,
        (None, None) => false,
    };
    if own {
        Ok(())
    } else {
        Err(Failure::new(&code::CROSS_SITE, "a request with a cookie must come from this server's own pages"))
    }
}
