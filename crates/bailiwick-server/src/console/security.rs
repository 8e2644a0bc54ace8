//! What stands around every page: headers, and that changes come from our own pages.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::answer::Failure;
use crate::service::{Service, hex};

/// Nothing but our own files: no inline script or style, no foreign host, no frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Refuses changes that come from elsewhere, and puts the headers on every answer.
pub(super) async fn guard(State(service): State<Service>, request: Request, next: Next) -> Response {
    let is_read = request.method().is_safe();
    let mut response = if is_read || is_same_origin(request.headers(), &service.config().public_url) {
        next.run(request).await
    } else {
        Failure::plain(
            StatusCode::FORBIDDEN,
            "This form came from another site",
            "Nothing was changed. Open the console itself and try again there.",
        )
        .into_response()
    };
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not `no-referrer`, which would take the origin off our own forms.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if service.config().is_https() {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

/// Browsers say where a request comes from: by `Sec-Fetch-Site`, or where they know no such header, by `Origin`.
fn is_same_origin(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = text(header::ORIGIN) else { return false };
    let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
    origin == public_url || (!authority.is_empty() && text(header::HOST) == Some(authority))
}

/// The token that forms of a session carry: nobody without the session's secret can make it, and the secret cannot be
/// got back from it.
pub(super) fn form_token(session_secret: &str) -> String {
    let digest =
        Sha256::new().chain_update("bailiwick console form\0").chain_update(session_secret).finalize();
    hex(&digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_change_things() {
        let cases: &[(&[(&str, &str)], bool)] = &[
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://b.example")], false),
            (&[("origin", "https://b.example")], true),
            (&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")], true),
            (&[("origin", "https://evil.example"), ("host", "b.example")], false),
            (&[("origin", "null"), ("host", "b.example")], false),
            (&[("host", "b.example")], false),
            (&[], false),
        ];
        for (given, wanted) in cases {
            let headers = given.iter().map(|(name, value)| {
                (header::HeaderName::from_static(name), HeaderValue::from_static(value))
            });
            assert_eq!(is_same_origin(&headers.collect(), "https://b.example"), *wanted, "{given:?}");
        }
    }

    #[test]
    fn form_tokens_differ_by_session() {
        assert_eq!(form_token("one"), form_token("one"));
        assert_ne!(form_token("one"), form_token("two"));
    }
}
