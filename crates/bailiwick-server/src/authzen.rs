//! The OpenID AuthZEN Authorization API 1.0, per account: the question of a control plane, answered from memory.
//!
//! This is the hot path: a request is parsed where it stands, the key is hashed once, the account is read without a
//! lock and the answer is a constant. Errors are plain texts, as the specification has them.

mod batch;
mod parse;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use bailiwick_core::access::{Question, Target};
use bailiwick_core::account::Account;
use bailiwick_core::catalog::Operation;
use bailiwick_core::ids::AccountId;
use jiff::Timestamp;
use metrics::{Counter, counter};

use self::parse::Entity;
use crate::identity::tokens::ManagementKey;
use crate::service::{AccountHandle, Error, Service};
use crate::telemetry::metrics::CHECKS;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

const ALLOW: &[u8] = br#"{"decision":true}"#;
const DENY: &[u8] = br#"{"decision":false}"#;

/// What the handlers share.
struct Pdp {
    service: Service,
    allowed: Counter,
    denied: Counter,
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
    let pdp = Pdp {
        service,
        allowed: counter!(CHECKS, "decision" => "allow"),
        denied: counter!(CHECKS, "decision" => "deny"),
    };
    Router::new()
        .route("/accounts/{account}/access/v1/evaluation", post(evaluation))
        .route("/accounts/{account}/access/v1/evaluations", post(evaluations))
        .route("/.well-known/authzen-configuration/accounts/{account}", get(metadata))
        .with_state(Arc::new(pdp))
}

async fn evaluation(State(pdp): State<Arc<Pdp>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let answer = pdp.in_time(pdp.evaluation(&head, body)).await;
    respond(&head.headers, answer.map(|decision| Bytes::from_static(if decision { ALLOW } else { DENY })))
}

async fn evaluations(State(pdp): State<Arc<Pdp>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let answer = pdp.in_time(pdp.evaluations(&head, body)).await;
    respond(&head.headers, answer)
}

async fn metadata(State(pdp): State<Arc<Pdp>>, Path(account): Path<String>, headers: HeaderMap) -> Response {
    // Built from the configuration, never from `Host`; it says nothing about whether the account exists.
    let answer = account.parse::<AccountId>().map(|account| {
        let base = format!("{}/accounts/{account}", pdp.service.config().public_url);
        let body = serde_json::json!({
            "policy_decision_point": base,
            "access_evaluation_endpoint": format!("{base}/access/v1/evaluation"),
            "access_evaluations_endpoint": format!("{base}/access/v1/evaluations"),
        });
        Bytes::from(body.to_string())
    });
    let missing = |_| Failure { status: StatusCode::NOT_FOUND, message: "there is no such account".into() };
    respond(&headers, answer.map_err(missing))
}

impl Pdp {
    /// Gives up on a caller who sends the body too slowly, and on a store that does not answer.
    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let timeout = self.service.config().limits.request_timeout;
        tokio::time::timeout(timeout, answer).await.unwrap_or_else(|_| {
            let message = format!("the question was not answered after {} seconds", timeout.as_secs()).into();
            Err(Failure { status: StatusCode::SERVICE_UNAVAILABLE, message })
        })
    }

    async fn evaluation(&self, head: &Parts, body: Body) -> Result<bool, Failure> {
        let asked = self.identify(head, body).await?;
        let account = asked.account.read();
        let request = parse::request(&head.headers, &asked.body)?;
        let question = question(request.subject.as_ref(), request.action.as_ref(), request.resource.as_ref())
            .map_err(|missing| Failure::bad(missing.message()))?;
        Ok(self.decide(&account, &question, asked.now))
    }

    async fn evaluations(&self, head: &Parts, body: Body) -> Result<Bytes, Failure> {
        let asked = self.identify(head, body).await?;
        let account = asked.account.read();
        let request = parse::request(&head.headers, &asked.body)?;
        let most = self.service.config().limits.bulk_items;
        batch::answer(&request, most, |question| self.decide(&account, question, asked.now))
    }

    #[inline]
    fn decide(&self, account: &Account, question: &Question<'_>, now: Timestamp) -> bool {
        let decision = account.evaluate(question, now);
        if decision {
            self.allowed.increment(1);
        } else {
            self.denied.increment(1);
        }
        decision
    }

    /// The account that is asked, with which key; unknown accounts answer like wrong keys, so that ids cannot be probed.
    async fn identify(&self, head: &Parts, body: Body) -> Result<Asked, Failure> {
        // A request without a valid key makes no account load and no body be read.
        let key = key_of(&head.headers)?;
        let id = head.uri.path().strip_prefix("/accounts/").and_then(|rest| rest.split('/').next());
        let id: AccountId = id.and_then(|id| id.parse().ok()).ok_or(Error::Unauthenticated)?;
        let account = match self.service.accounts().cached(id).await {
            Some(account) => account,
            None => self.loaded(id, &key).await?,
        };
        let now = self.service.now();
        may_ask(&account.read(), &key, now)?;
        let most = self.service.config().limits.body_bytes;
        let body = axum::body::to_bytes(body, most).await;
        let body =
            body.map_err(|_| Failure::bad(format!("the body cannot be read or has more than {most} bytes")))?;
        Ok(Asked { account, body, now })
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

/// A request whose key may ask.
struct Asked {
    account: Arc<AccountHandle>,
    body: Bytes,
    now: Timestamp,
}

/// The key is one of the account's and its service account may ask what others may do.
fn may_ask(account: &Account, key: &ManagementKey, now: Timestamp) -> Result<(), Failure> {
    let actor = Service::authenticate_key(account, key, now)?;
    let permission = account.permission_for(Operation::CheckAccess);
    if account.check(actor.principal(), permission, &Target::Account, now) {
        return Ok(());
    }
    let name = account.catalog().permission_name(permission);
    Err(Failure {
        status: StatusCode::FORBIDDEN,
        message: format!("this key lacks the permission `{name}`").into(),
    })
}

fn key_of(headers: &HeaderMap) -> Result<ManagementKey, Failure> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let text = bearer
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let key = text.and_then(|(_, text)| ManagementKey::parse(text).ok());
    key.ok_or_else(|| Error::Unauthenticated.into())
}

/// An entity that a question needs and does not have.
#[derive(Debug, Clone, Copy)]
enum Missing {
    Subject,
    Action,
    Resource,
}

impl Missing {
    fn message(self) -> &'static str {
        match self {
            Self::Subject => "`subject` needs a `type` and an `id`",
            Self::Action => "`action` needs a `name`",
            Self::Resource => "`resource` needs a `type` and an `id`",
        }
    }
}

fn question<'a>(
    subject: Option<&'a Entity<'a>>,
    action: Option<&'a Entity<'a>>,
    resource: Option<&'a Entity<'a>>,
) -> Result<Question<'a>, Missing> {
    let (subject_type, subject_id) = subject.and_then(Entity::type_and_id).ok_or(Missing::Subject)?;
    let action = action.and_then(|action| action.name.as_deref()).ok_or(Missing::Action)?;
    let (resource_type, resource_id) = resource.and_then(Entity::type_and_id).ok_or(Missing::Resource)?;
    Ok(Question { subject_type, subject_id, action, resource_type, resource_id })
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
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(id) = asked.get(REQUEST_ID) {
        headers.insert(REQUEST_ID, id.clone());
    }
    response
}
