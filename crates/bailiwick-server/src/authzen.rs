//! The OpenID AuthZEN Authorization API 1.0, per account: the question of a control plane, answered from memory.
//!
//! This is the hot path: a request is parsed where it stands, the key is hashed once, the account is read without a
//! lock and the answer is a constant. Errors are plain texts, as the specification has them.

mod batch;
mod parse;
mod reasons;
mod said;
mod search;
pub mod token;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::Poll;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::{any, get, post};
use axum::{BoxError, Router};
use bailiwick_core::access::{Asserted, Caller, Circumstances, Question, Target};
use bailiwick_core::account::{Account, Principal};
use bailiwick_core::catalog::{Operation, PermissionIndex};
use bailiwick_core::ids::AccountId;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use jiff::Timestamp;
use metrics::{Counter, counter};

use self::said::{Missing, Said, asserted};
use crate::api::client_address;
use crate::identity::tokens::ManagementKey;
use crate::service::{AccountHandle, Error, Service};
use crate::telemetry::metrics::CHECKS;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const AT_LEAST: HeaderName = HeaderName::from_static(bailiwick_client::wire::headers::AT_LEAST);
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

const ALLOW: &[u8] = br#"{"decision":true}"#;
const DENY: &[u8] = br#"{"decision":false}"#;

/// Answers questions. The listener hands them over before it looks for a route, which would cost as much as an answer.
#[derive(Clone)]
pub struct Questions(Arc<Pdp>);

/// What the handlers share.
struct Pdp {
    service: Service,
    allowed: Counter,
    denied: Counter,
}

/// How much a request asks at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Single,
    Batch,
    Search(search::Kind),
}

/// A request that is not answered with a decision.
#[derive(Debug)]
struct Failure {
    status: StatusCode,
    message: std::borrow::Cow<'static, str>,
}

impl Failure {
    fn bad(message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::UNAUTHORIZED,
        };
        if let Some(detail) = error.detail() {
            tracing::error!(detail, "an access question could not be answered");
        }
        Self { status, message: error.to_string().into() }
    }
}

/// The routes below `/accounts/{account}/access/v1` and the metadata.
pub fn router(service: Service) -> Router {
    Router::new()
        .route("/accounts/{account}/access/v1/evaluation", post(ask))
        .route("/accounts/{account}/access/v1/evaluations", post(ask))
        .route("/accounts/{account}/access/v1/search/subject", post(ask))
        .route("/accounts/{account}/access/v1/search/resource", post(ask))
        .route("/accounts/{account}/access/v1/search/action", post(ask))
        .route("/accounts/{account}/access/{*rest}", any(no_such_question))
        .route("/.well-known/authzen-configuration/accounts/{account}", get(metadata))
        .with_state(Questions::new(service))
}

/// The account's id and the form of the question, if a path asks one.
fn asked(path: &str) -> Option<(&str, Form)> {
    let (account, rest) = path.strip_prefix("/accounts/")?.split_once('/')?;
    match rest {
        "access/v1/evaluation" => Some((account, Form::Single)),
        "access/v1/evaluations" => Some((account, Form::Batch)),
        "access/v1/search/subject" => Some((account, Form::Search(search::Kind::Subject))),
        "access/v1/search/resource" => Some((account, Form::Search(search::Kind::Resource))),
        "access/v1/search/action" => Some((account, Form::Search(search::Kind::Action))),
        _ => None,
    }
}

async fn ask(State(questions): State<Questions>, request: Request) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    questions.answer(request, peer).await
}

impl Questions {
    /// Answers from the service's accounts.
    pub fn new(service: Service) -> Self {
        let decided = |decision| counter!(CHECKS, "decision" => decision);
        Self(Arc::new(Pdp { service, allowed: decided("allow"), denied: decided("deny") }))
    }

    /// Whether a request asks a question.
    pub fn is_one<B>(request: &axum::http::Request<B>) -> bool {
        request.method() == Method::POST && asked(request.uri().path()).is_some()
    }

    /// The answer to a question; 404 for any other request.
    pub async fn answer<B: HttpBody<Data = Bytes, Error: Into<BoxError>>>(
        &self,
        request: axum::http::Request<B>,
        peer: Option<IpAddr>,
    ) -> Response {
        let (head, body) = request.into_parts();
        let sender = Sender { headers: &head.headers, peer };
        let answer = match asked(head.uri.path()) {
            // What nobody looks at would seem to have counted: `as_of` above all.
            Some(_) if head.uri.query().is_some_and(|query| !query.is_empty()) => Err(Failure::bad(
                "a question takes no query parameters: ask about the past by `POST /api/v1/accounts/{account}/access:check?as_of=…`, \
                 and for a revision with the header `Bailiwick-At-Least`",
            )),
            Some((account, Form::Single)) => self.0.evaluation(account, sender, body).await,
            Some((account, Form::Batch)) => self.0.evaluations(account, sender, body).await,
            Some((account, Form::Search(kind))) => self.0.search(kind, account, sender, body).await,
            None => {
                Err(Failure { status: StatusCode::NOT_FOUND, message: "there is no such question".into() })
            }
        };
        respond(&head.headers, answer)
    }
}

/// A program that asks elsewhere is told so as a program, not by a page for people.
async fn no_such_question(headers: HeaderMap) -> Response {
    let message = "there is no such question; ask `access/v1/evaluation`, `evaluations` or `search/subject`, `resource`, `action`".into();
    respond(&headers, Err(Failure { status: StatusCode::NOT_FOUND, message }))
}

async fn metadata(
    State(questions): State<Questions>,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Response {
    // Built from the configuration, never from `Host`; it says nothing about whether the account exists.
    let answer = account.parse::<AccountId>().map(|account| {
        let base = format!("{}/accounts/{account}", questions.0.service.config().public_url);
        let body = serde_json::json!({
            "policy_decision_point": base,
            "access_evaluation_endpoint": format!("{base}/access/v1/evaluation"),
            "access_evaluations_endpoint": format!("{base}/access/v1/evaluations"),
            "search_subject_endpoint": format!("{base}/access/v1/search/subject"),
            "search_resource_endpoint": format!("{base}/access/v1/search/resource"),
            "search_action_endpoint": format!("{base}/access/v1/search/action"),
        });
        Bytes::from(body.to_string())
    });
    let missing = |_| Failure { status: StatusCode::NOT_FOUND, message: "there is no such account".into() };
    respond(&headers, answer.map_err(missing))
}

impl Pdp {
    async fn evaluation<B>(&self, account: &str, sender: Sender<'_>, body: B) -> Result<Bytes, Failure>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>>,
    {
        let asked = self.identify(account, sender, body).await?;
        let account = asked.account.read();
        let request = parse::request(sender.headers, &asked.body)?;
        let said = Said::of(&request, None);
        let question = said.question().map_err(|missing| Failure::bad(missing.message()))?;
        let decision = self.decide(&account, &question, &said, &asked);
        if said.explain() {
            let reasons = explained(&account, &question, &said, &asked, decision);
            return Ok(Bytes::from(reasons.to_string()));
        }
        Ok(Bytes::from_static(if decision { ALLOW } else { DENY }))
    }

    async fn evaluations<B>(&self, account: &str, sender: Sender<'_>, body: B) -> Result<Bytes, Failure>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>>,
    {
        let asked = self.identify(account, sender, body).await?;
        let account = asked.account.read();
        let request = parse::request(sender.headers, &asked.body)?;
        let most = self.service.config().limits.bulk_items;
        let explain = |question: &Question<'_>, said: &Said<'_>, decision| {
            explained(&account, question, said, &asked, decision)
        };
        batch::answer(&request, most, |question, said| self.decide(&account, question, said, &asked), explain)
    }

    async fn search<B>(
        &self,
        kind: search::Kind,
        account: &str,
        sender: Sender<'_>,
        body: B,
    ) -> Result<Bytes, Failure>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>>,
    {
        let asked = self.identify(account, sender, body).await?;
        let account = asked.account.snapshot();
        let request = parse::request(sender.headers, &asked.body)?;
        let key = account.key(key_of(sender.headers)?.id()).ok_or(Error::Unauthenticated)?;
        let seal = token::Seal { account: account.id(), secret: key.value.secret_hash };
        let most = self.service.config().limits.page_items;
        let asserted = if account.has_policies() {
            asserted(&account, &kind.said(Said::of(&request, None)), &asked)
        } else {
            Asserted::default()
        };
        let search = token::Asked::read(kind.word(), &request, &seal, most, &asserted)?;
        self.service.prepare_search(&account).await;
        let circumstances = Circumstances { asserted: Some(&asserted), ..Circumstances::question(asked.now) };
        search::answer(&account, kind, &search, &seal, circumstances)
    }

    #[inline]
    fn decide(&self, account: &Account, question: &Question<'_>, said: &Said<'_>, asked: &Asked) -> bool {
        let decision = if account.has_policies() {
            decided_by_policies(account, question, said, asked)
        } else {
            account.allowed(question, Circumstances::question(asked.now))
        };
        match decision {
            Some((principal, permission)) => {
                self.allowed.increment(1);
                self.service.usage().note(account, principal, permission, asked.now);
            }
            None => self.denied.increment(1),
        }
        decision.is_some()
    }

    /// The account that is asked, with which key; unknown accounts answer like wrong keys, so that ids cannot be probed.
    async fn identify<B>(&self, account: &str, sender: Sender<'_>, body: B) -> Result<Asked, Failure>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>>,
    {
        // A request without a valid key makes no account load and no body be read.
        let key = key_of(sender.headers)?;
        let id: AccountId = account.parse().map_err(|_| Error::Unauthenticated)?;
        let account = match self.service.accounts().cached(id).await {
            Some(account) => account,
            None => self.in_time(self.loaded(id, &key)).await??,
        };
        let now = self.service.now();
        let by = self.may_ask(&account.read(), &key, sender, now)?;
        if let Some(revision) = sender.headers.get(AT_LEAST) {
            reached(&account.read(), revision)?;
        }
        let body = self.read(body).await?;
        Ok(Asked { account, body, by, now })
    }

    /// The key is one of the account's and its service account may ask what others may do.
    fn may_ask(
        &self,
        account: &Account,
        key: &ManagementKey,
        sender: Sender<'_>,
        now: Timestamp,
    ) -> Result<Principal, Failure> {
        let actor = Service::authenticate_key(account, key, now)?;
        let permission = account.permission_for(Operation::CheckAccess);
        // Only policies look at the address.
        let peer = sender.peer.filter(|_| account.has_policies());
        let source_ip = peer.map(|peer| client_address(&self.service, sender.headers, peer));
        let circumstances = Circumstances { source_ip, caller: Caller::Key, ..Circumstances::question(now) };
        if account.check(actor.principal(), permission, &Target::Account, circumstances) {
            let usage = self.service.usage();
            usage.note_key(account, key.id(), now);
            usage.note(account, actor.principal(), permission, now);
            return Ok(actor.principal());
        }
        let name = account.catalog().permission_name(permission);
        Err(Failure {
            status: StatusCode::FORBIDDEN,
            message: format!("this key lacks the permission `{name}` in the whole account").into(),
        })
    }

    async fn read<B: HttpBody<Data = Bytes, Error: Into<BoxError>>>(
        &self,
        body: B,
    ) -> Result<Bytes, Failure> {
        let most = self.service.config().limits.body_bytes;
        let mut collecting = std::pin::pin!(Limited::new(body, most).collect());
        // Nearly every body arrives with its head; only for the others a clock is set.
        let at_once = std::future::poll_fn(|ctx| Poll::Ready(collecting.as_mut().poll(ctx))).await;
        let collected = match at_once {
            Poll::Ready(collected) => collected,
            Poll::Pending => self.in_time(collecting).await?,
        };
        let unreadable = |error: BoxError| {
            if error.is::<LengthLimitError>() {
                let message = format!("the body has more than {most} bytes").into();
                return Failure { status: StatusCode::PAYLOAD_TOO_LARGE, message };
            }
            Failure::bad("the body cannot be read")
        };
        Ok(collected.map_err(unreadable)?.to_bytes())
    }

    /// Gives up on a caller who sends the body too slowly, and on a store that does not answer.
    async fn in_time<T>(&self, answer: impl Future<Output = T>) -> Result<T, Failure> {
        let timeout = self.service.config().limits.request_timeout;
        tokio::time::timeout(timeout, answer).await.map_err(|_| {
            let message = format!("the question was not answered after {} seconds", timeout.as_secs()).into();
            Failure { status: StatusCode::SERVICE_UNAVAILABLE, message }
        })
    }

    /// Loads an account for a key that is known to be its own: loading is dear, and keys are easily forged.
    #[cold]
    async fn loaded(&self, id: AccountId, key: &ManagementKey) -> Result<Arc<AccountHandle>, Failure> {
        let own = self.service.store().key_account(key.id()).await.map_err(Error::from)?;
        if own != Some(id) {
            return Err(Error::Unauthenticated.into());
        }
        Ok(self.service.accounts().get(id).await?.ok_or(Error::Unauthenticated)?)
    }
}

/// From whom a request comes.
#[derive(Clone, Copy)]
struct Sender<'a> {
    headers: &'a HeaderMap,
    /// Who is connected: the caller, or a proxy.
    peer: Option<IpAddr>,
}

/// A request whose key may ask.
struct Asked {
    account: Arc<AccountHandle>,
    body: Bytes,
    /// The service account that asks.
    by: Principal,
    now: Timestamp,
}

/// The decision where the account has policies.
fn decided_by_policies(
    account: &Account,
    question: &Question<'_>,
    said: &Said<'_>,
    asked: &Asked,
) -> Option<(Principal, PermissionIndex)> {
    let asserted = asserted(account, said, asked);
    account
        .allowed(question, Circumstances { asserted: Some(&asserted), ..Circumstances::question(asked.now) })
}

/// The decision with its reason.
fn explained(
    account: &Account,
    question: &Question<'_>,
    said: &Said<'_>,
    asked: &Asked,
    decision: bool,
) -> serde_json::Value {
    let asserted = asserted(account, said, asked);
    let circumstances = Circumstances { asserted: Some(&asserted), ..Circumstances::question(asked.now) };
    reasons::explained(account, question, decision, circumstances)
}

/// The account here is as new as the caller wants it (`docs/consistency.md`).
#[cold]
fn reached(account: &Account, wanted: &HeaderValue) -> Result<(), Failure> {
    let wanted = wanted.to_str().ok().and_then(crate::api::revision_of);
    let wanted = wanted.ok_or_else(|| Failure::bad("`Bailiwick-At-Least` must be one revision"))?;
    if wanted <= account.revision() {
        return Ok(());
    }
    let message = format!("revision_ahead: the account is at revision {} here", account.revision()).into();
    Err(Failure { status: StatusCode::PRECONDITION_FAILED, message })
}

fn key_of(headers: &HeaderMap) -> Result<ManagementKey, Failure> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let text = bearer
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let key = text.and_then(|(_, text)| ManagementKey::parse(text).ok());
    key.ok_or_else(|| Error::Unauthenticated.into())
}

fn respond(asked: &HeaderMap, answer: Result<Bytes, Failure>) -> Response {
    let (status, content_type, body) = match answer {
        Ok(body) => (StatusCode::OK, JSON, body),
        Err(Failure { status, message }) => (status, TEXT, Bytes::from(message.into_owned())),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::PRECONDITION_FAILED {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(id) = asked.get(REQUEST_ID) {
        headers.insert(REQUEST_ID, id.clone());
    }
    response
}
