//! Who looks at a page, by the session in the cookie.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use bailiwick_core::ids::{AccountId, UserId};
use bailiwick_store::UserRow;
use secrecy::ExposeSecret as _;

use super::answer::Failure;
use super::security::form_token;
use crate::api::cookie_name;
use crate::service::{Caller, Error, Origin, Service, SignedIn};

/// Whoever looks at a page.
#[derive(Debug)]
pub(super) struct Visitor {
    /// Where the request comes from.
    pub(super) origin: Origin,
    /// Who it is, when signed in.
    pub(super) person: Option<Person>,
    /// What the request before has to say, such as that something was done.
    pub(super) notice: Option<String>,
    /// The page itself, to come back to after signing in.
    pub(super) here: String,
}

/// A person who is signed in.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// As the service knows them.
    pub(super) caller: Caller,
    /// The id in the directory.
    pub(super) id: UserId,
    /// The directory's row.
    pub(super) user: UserRow,
    /// The account the session is in.
    pub(super) account: Option<AccountId>,
    /// What forms of this session carry.
    pub(super) form_token: String,
}

impl Visitor {
    /// Reads the cookie; a session that has ended is as good as none.
    pub(super) async fn of(parts: &mut Parts, service: &Service) -> Result<Self, Failure> {
        let origin = crate::api::origin(service, parts, crate::api::request_id(&parts.headers));
        let secure = service.config().is_https();
        let person = match cookie(&parts.headers, cookie_name(secure)) {
            Some(token) => person(service, token, &origin).await?,
            None => None,
        };
        let notice = cookie(&parts.headers, notice_cookie(secure));
        let notice = notice.and_then(|text| percent_encoding::percent_decode_str(text).decode_utf8().ok());
        let notice = notice.map(std::borrow::Cow::into_owned).filter(|text| !text.is_empty());
        let here = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        Ok(Self { origin, person, notice, here })
    }

    /// The person, or the way to the sign-in page.
    pub(super) fn signed_in(&self) -> Result<&Person, Failure> {
        self.person.as_ref().ok_or_else(|| Failure::sign_in(&self.here))
    }
}

impl FromRequestParts<Service> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Failure> {
        Self::of(parts, service).await
    }
}

async fn person(service: &Service, token: &str, origin: &Origin) -> Result<Option<Person>, Failure> {
    let (caller, session) = match service.authenticate_session(token, origin.clone()).await {
        Ok(found) => found,
        Err(Error::Unauthenticated) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let user = service.user_of(&caller).await?;
    let form_token = form_token(token);
    Ok(Some(Person { caller, id: session.user_id, user, account: session.account_id, form_token }))
}

fn notice_cookie(secure: bool) -> &'static str {
    if secure { "__Host-bailiwick-notice" } else { "bailiwick-notice" }
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// The header that gives the browser its session.
pub(super) fn session_header(service: &Service, session: &SignedIn) -> Option<HeaderValue> {
    let seconds = session.expires_at.duration_since(service.now()).as_secs().max(0);
    cookie_header(service, cookie_name, session.token.expose_secret(), "Lax", seconds)
}

/// The header that takes the session away again.
pub(super) fn no_session_header(service: &Service) -> Option<HeaderValue> {
    cookie_header(service, cookie_name, "", "Lax", 0)
}

/// The header that carries one sentence over a redirect.
pub(super) fn notice_header(service: &Service, text: &str) -> Option<HeaderValue> {
    let encoded = percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let seconds = if text.is_empty() { 0 } else { 60 };
    cookie_header(service, notice_cookie, &encoded, "Strict", seconds)
}

fn cookie_header(
    service: &Service,
    name: fn(bool) -> &'static str,
    value: &str,
    same_site: &str,
    seconds: i64,
) -> Option<HeaderValue> {
    let secure = service.config().is_https();
    let suffix = if secure { "; Secure" } else { "" };
    let name = name(secure);
    HeaderValue::from_str(&format!(
        "{name}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={seconds}{suffix}"
    ))
    .ok()
}
