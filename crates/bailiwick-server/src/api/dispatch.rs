//! The way of every request: identify, find the operation and the account, read the body, ask the handler, answer.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response};
use bailiwick_client::wire::headers::{IDEMPOTENCY_KEY, REQUEST_ID, REQUEST_ID_MAX_CHARS};
use bailiwick_core::account::{Account, Kind, Refusal};
use bailiwick_core::ids::AccountId;
use bailiwick_core::limits;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use uuid::Uuid;

use super::call::Call;
use super::credential::Credential;
use super::filtering;
use super::operation::{Access, Effect, Operation};
use super::problem::{Failure, code};
use super::routes::{Found, Routes};
use crate::service::{AccountHandle, Caller, Error, Origin, Service};

/// Where the API is served.
pub(super) const BASE: &str = "/api/v1/";

/// Operations after which the account does not exist for the caller any more.
const ENDS_OWN_ACCESS: [&str; 2] = ["leave_account", "delete_account"];

/// Headers of every answer: nothing of it is kept by caches, guessed at, framed or rendered.
const PROTECTION: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Answers a request to the API.
pub(super) async fn answer(service: Service, routes: Routes, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let request_id = request_id(&parts.headers);
    let origin = origin(&service, &parts, request_id.clone());
    let docs = format!("{}{BASE}docs", service.config().public_url);
    let is_https = service.config().is_https();
    let timeout = service.config().limits.request_timeout;
    // A task of its own: a caller who hangs up, or a time that is up, does not stop a write between commit and publishing.
    let work = tokio::spawn(perform(service, routes, parts, body, origin));
    let result = match tokio::time::timeout(timeout, work).await {
        Ok(Ok(result)) => result,
        Ok(Err(crash)) => Err(Error::internal(format_args!("a handler panicked: {crash}")).into()),
        Err(_) => Err(timed_out(timeout)),
    };
    let mut response = match result {
        Ok(response) => response,
        Err(failure) => {
            log(&failure, &request_id);
            failure.response(&docs, &request_id)
        }
    };
    finish(response.headers_mut(), &request_id, is_https);
    response
}

/// What every answer below `/api/v1` carries.
pub(super) fn finish(headers: &mut HeaderMap, request_id: &str, is_https: bool) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static(REQUEST_ID), value);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    for (name, value) in PROTECTION {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    if is_https {
        let value = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(HeaderName::from_static("strict-transport-security"), value);
    }
}

/// The caller's request id, if it gave one that can be logged, else a new one.
pub fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let usable = |id: &&str| {
        (1..=REQUEST_ID_MAX_CHARS).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
    };
    given.filter(usable).map_or_else(|| format!("req_{}", Uuid::now_v7().as_simple()), str::to_owned)
}

/// Where a request comes from, as far as trusted proxies tell it.
pub fn origin(service: &Service, parts: &Parts, request_id: String) -> Origin {
    let peer: Option<IpAddr> =
        parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    Origin {
        request_id: Some(request_id),
        source_ip: peer.map(|peer| client_address(service, &parts.headers, peer)),
        user_agent: agent.map(str::to_owned),
    }
}

/// The address behind a peer, as far as trusted proxies tell it.
pub fn client_address(service: &Service, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    service.config().trusted_proxies.client_address(peer, forwarded)
}

async fn perform(
    service: Service,
    routes: Routes,
    parts: Parts,
    body: Body,
    origin: Origin,
) -> Result<Response<Body>, Failure> {
    let path = parts.uri.path().strip_prefix(BASE).unwrap_or_default();
    let Found { operation, path } = routes.find(&parts.method, path)?;
    let credential = match Credential::of(&parts, service.config().is_https()) {
        Ok(credential) => credential,
        Err(failure) if operation.access.needs_credential() => return Err(failure),
        Err(_) => None,
    };
    let identified = identify(&service, &operation, &path, credential, &parts, &origin).await?;
    let account = identified.account;
    let mut call = Call {
        service,
        origin,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        filter: None,
        work: Arc::new(AtomicUsize::new(limits::SEARCH_WORK)),
        uri: parts.uri,
        headers: parts.headers,
        path,
        body: Bytes::new(),
        caller: identified.caller,
        handle: identified.handle,
        key_account: identified.key_account,
        past: None,
        operation,
    };
    if let Err(failure) = admit(&call, account).await {
        let gone =
            account.filter(|_| failure.refusal().is_some_and(|refusal| refusal.kind() == Kind::NotFound));
        let replayed = match gone {
            Some(account) => replayed_to_who_is_gone(call, body, account).await,
            None => None,
        };
        return replayed.ok_or(failure);
    }
    call.check_headers()?;
    call.body = read(&call, body).await?;
    // Before the handler, which may no longer find what the first request deleted.
    if let Some(account) = account
        && let Some(response) = call.replayed(account).await?
    {
        return Ok(response);
    }
    let (service, caller, handle) = (call.service.clone(), call.caller.clone(), call.handle.clone());
    let operation = Arc::clone(&call.operation);
    let answered = match call.at_its_moment().await {
        Ok(call) => filtering::answer(call).await,
        Err(failure) => Err(failure),
    };
    let failure = match answered {
        Ok(response) => return Ok(response),
        Err(failure) => failure,
    };
    // The service records refusals of writes itself.
    if let (Effect::Reads, Some(caller), Some((_, handle))) = (operation.effect, caller, handle) {
        record(&service, &caller, &handle, &operation, &failure).await;
    }
    Err(failure)
}

/// Who asks, and about which account.
#[derive(Default)]
struct Identified {
    caller: Option<Caller>,
    /// The account in the path, whether or not it exists for the caller.
    account: Option<AccountId>,
    handle: Option<(AccountId, Arc<AccountHandle>)>,
    key_account: Option<AccountId>,
}

async fn identify(
    service: &Service,
    operation: &Operation,
    path: &[(&'static str, String)],
    credential: Option<Credential>,
    parts: &Parts,
    origin: &Origin,
) -> Result<Identified, Failure> {
    let mut found = Identified::default();
    let Some(credential) = credential else {
        let anyone = !operation.access.needs_credential();
        return if anyone { Ok(found) } else { Err(Error::Unauthenticated.into()) };
    };
    let account =
        path.iter().find(|(name, _)| *name == "account").map(|(_, id)| id.parse::<AccountId>().ok());
    let caller = match &credential {
        Credential::Key(key) => {
            // The usual case first: a key of the account in the path needs no look-up in the store. An account that is not
            // in memory is loaded for a key that is known to be its own only: loading is dear, and keys are easily forged.
            let handle = match account.flatten() {
                Some(id) => service.accounts().cached(id).await.map(|handle| (id, handle)),
                None => None,
            };
            let here = handle.and_then(|(id, handle)| {
                let (account, now) = (handle.read(), service.now());
                let actor = Service::authenticate_key(&account, key, now).ok()?;
                service.usage().note_key(&account, key.id(), now);
                Some((actor, id))
            });
            let (actor, id) = match here {
                Some(here) => here,
                None => service.authenticate_key_anywhere(key).await?,
            };
            found.key_account = Some(id);
            Caller { actor, session: None, origin: origin.clone() }
        }
        Credential::Session { token, by_cookie } => {
            let (caller, _) = match service.authenticate_session(token, origin.clone()).await {
                Ok(found) => found,
                Err(Error::Unauthenticated) if !operation.access.needs_credential() => return Ok(found),
                Err(error) => return Err(error.into()),
            };
            let changes = !matches!(parts.method, Method::GET | Method::HEAD);
            if *by_cookie && changes {
                super::credential::same_site(&parts.headers, &service.config().public_url)?;
            }
            caller
        }
    };
    if let Some(id) = account {
        let id = id.ok_or_else(|| Failure::not_found("account"))?;
        // Rule 4: for a key of another account this one does not exist.
        let known = found.key_account.is_none_or(|own| own == id);
        let handle = if known { service.accounts().get(id).await? } else { None };
        found.account = Some(id);
        found.handle = handle.map(|handle| (id, handle));
    }
    found.caller = Some(caller);
    Ok(found)
}

/// Whether the caller may ask for the operation at all. Recorded if not, for those who are in the account.
async fn admit(call: &Call, account: Option<AccountId>) -> Result<(), Failure> {
    let operation = &call.operation;
    if account.is_some() && call.handle.is_none() {
        return Err(Failure::not_found("account"));
    }
    if operation.access == Access::Person {
        call.person()?;
    }
    let (Some((_, handle)), Some(caller)) = (&call.handle, &call.caller) else { return Ok(()) };
    let refused = may_ask(&handle.snapshot(), caller, operation.access, call).err();
    let Some(refusal) = refused else { return Ok(()) };
    let failure = Failure::from(refusal);
    record(&call.service, caller, handle, operation, &failure).await;
    Err(failure)
}

/// The answer to an earlier request that ended the caller's own access, for a program that did not hear it and asks again.
/// `None` for everything else: who is gone is told nothing, not even that a key was used for another request.
async fn replayed_to_who_is_gone(mut call: Call, body: Body, account: AccountId) -> Option<Response<Body>> {
    if !ENDS_OWN_ACCESS.contains(&call.operation.id) || !call.headers.contains_key(IDEMPOTENCY_KEY) {
        return None;
    }
    call.body = read(&call, body).await.ok()?;
    call.replayed(account).await.ok()?
}

fn may_ask(account: &Account, caller: &Caller, access: Access, call: &Call) -> Result<(), Refusal> {
    match access {
        Access::Anyone => Ok(()),
        Access::Permission(operation) => {
            account.authorize_anywhere(caller.actor, operation, caller.circumstances(call.now()))?;
            let permission = account.permission_for(operation);
            // What a write made use of is known once it is done, and nothing of one that is only tried.
            if call.operation.effect == Effect::Writes {
                return Ok(());
            }
            call.service.usage().note(account, caller.actor.principal(), permission, call.now());
            Ok(())
        }
        // Leaving needs no permission, so the domain alone decides who may, apart from strangers.
        Access::Person => match account.may_act(caller.actor, call.now()) {
            Err(refusal) if refusal.kind() == Kind::NotFound => Err(refusal),
            _ => Ok(()),
        },
        Access::Member | Access::SignedIn => account.may_act(caller.actor, call.now()),
    }
}

async fn record(
    service: &Service,
    caller: &Caller,
    handle: &Arc<AccountHandle>,
    operation: &Operation,
    failure: &Failure,
) {
    if let Some(refusal) = failure.refusal().filter(|refusal| refusal.kind() == Kind::Denied) {
        service.record_refused_request(handle, caller, operation.id, refusal).await;
    }
}

async fn read(call: &Call, body: Body) -> Result<Bytes, Failure> {
    let limit = call.service.config().limits.body_bytes;
    let too_large =
        || Failure::new(&code::BODY_TOO_LARGE, format!("the body may have at most {limit} bytes"));
    let announced =
        call.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > limit) {
        return Err(too_large());
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => Err(too_large()),
        Err(error) => Err(Failure::new(&code::BODY_UNREADABLE, "the body broke off").with_log(error)),
    }
}

fn timed_out(timeout: Duration) -> Failure {
    let detail = format!("the request was not done after {} seconds", timeout.as_secs());
    Failure::new(&code::TIMEOUT, detail).with_header(RETRY_AFTER, "1")
}

fn log(failure: &Failure, request_id: &str) {
    if failure.status().is_server_error() {
        tracing::error!(request_id, code = failure.code(), detail = failure.log(), "a request failed");
    } else if let Some(detail) = failure.log() {
        tracing::info!(request_id, code = failure.code(), detail, "a request was refused");
    }
}
