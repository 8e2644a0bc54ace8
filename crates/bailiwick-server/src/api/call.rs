//! One request on its way to its operation: who asks, about what, with what.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use axum::body::Bytes;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, IF_MATCH};
use axum::http::{HeaderMap, StatusCode, Uri};
use bailiwick_client::wire::headers::{IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_MAX_CHARS, parse_etag};
use bailiwick_core::access::Circumstances;
use bailiwick_core::account::{Account, Actor, EntityKey};
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::{AccountId, Revision, UserId};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::operation::{InputType, Operation, QueryType};
use super::page::PageRequest;
use super::problem::{Failure, code};
use super::strict;
use crate::service::{AccountHandle, Caller, Origin, Past, Service, WriteOptions};

/// The parameter of every list that its items must meet.
pub(super) const FILTER: &str = "filter";

/// A request that has found its operation, and whose caller may ask for it.
#[derive(Clone)]
pub struct Call {
    /// The use cases.
    pub service: Service,
    /// Where the request comes from.
    pub origin: Origin,
    pub(super) operation: Arc<Operation>,
    pub(super) uri: Uri,
    /// The query that the handler reads.
    pub(super) query: String,
    /// The condition on the items of a list, as asked.
    pub(super) filter: Option<String>,
    /// How much work is left for the page of a list that is answered.
    pub(super) work: Arc<AtomicUsize>,
    pub(super) headers: HeaderMap,
    pub(super) path: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
    pub(super) caller: Option<Caller>,
    pub(super) handle: Option<(AccountId, Arc<AccountHandle>)>,
    /// The one account in which a management key counts.
    pub(super) key_account: Option<AccountId>,
    /// The account as it was, if that is asked for.
    pub(super) past: Option<Past>,
}

impl Call {
    /// Who asks.
    ///
    /// # Errors
    /// `unauthenticated` when nobody is signed in, which only operations for everybody see.
    pub fn caller(&self) -> Result<&Caller, Failure> {
        self.caller.as_ref().ok_or_else(|| crate::service::Error::Unauthenticated.into())
    }

    /// Who asks, if anybody is signed in.
    pub fn signed_in(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// The caller as an actor.
    ///
    /// # Errors
    /// Those of [`Call::caller`].
    pub fn actor(&self) -> Result<Actor, Failure> {
        self.caller().map(|caller| caller.actor)
    }

    /// The person who asks.
    ///
    /// # Errors
    /// `people_only` for management keys.
    pub fn person(&self) -> Result<UserId, Failure> {
        match self.actor()? {
            Actor::User(user) => Ok(user),
            Actor::ServiceAccount { .. } | Actor::PersonalKey { .. } => {
                Err(bailiwick_core::account::Refusal::PeopleOnly.into())
            }
        }
    }

    /// The account of a management key; none for people, who name it in the path.
    pub fn key_account(&self) -> Option<AccountId> {
        self.key_account
    }

    /// Id of the account in the path.
    ///
    /// # Errors
    /// `not_found` on a path without one, which is a defect of the operation's declaration.
    pub fn account_id(&self) -> Result<AccountId, Failure> {
        self.handle.as_ref().map(|(id, _)| *id).ok_or_else(|| Failure::not_found("account"))
    }

    /// The account in the path, as of what was asked: its last durable commit, or `as_of`.
    ///
    /// An account as it was lets everybody see all of it, since who may look at the past at all is settled before
    /// ([`Account::seen_whole`]); what is changed is decided on the present in any case.
    ///
    /// # Errors
    /// Those of [`Call::account_id`].
    pub fn account(&self) -> Result<Arc<Account>, Failure> {
        if let Some(past) = &self.past {
            return Ok(Arc::clone(&past.account));
        }
        let handle = self.handle.as_ref().map(|(_, handle)| handle.snapshot());
        handle.ok_or_else(|| Failure::not_found("account"))
    }

    /// The moment by which grants and invitations have ended: the present one, or that of `as_of`.
    pub fn now(&self) -> Timestamp {
        self.past.as_ref().map_or_else(|| self.service.now(), |past| past.at)
    }

    /// Whether the caller may do this at a scope of the account.
    ///
    /// # Errors
    /// `permission_denied`, and what says that the caller may not act at all.
    pub fn authorize(
        &self,
        account: &Account,
        permission: Permission,
        scope: &bailiwick_core::account::Scope,
    ) -> Result<(), Failure> {
        Ok(account.authorize(self.actor()?, permission, scope, self.circumstances()?)?)
    }

    /// The circumstances in which the caller asks, for policies to look at.
    ///
    /// # Errors
    /// Those of [`Call::caller`].
    pub fn circumstances(&self) -> Result<Circumstances<'static>, Failure> {
        Ok(self.caller()?.circumstances(self.now()))
    }

    /// Makes what searches of the account need.
    pub async fn prepare_search(&self, account: &Arc<Account>) {
        match &self.past {
            Some(past) => self.service.prepare_search_of_past(past).await,
            None => self.service.prepare_search(account).await,
        }
    }

    /// A path parameter, decoded.
    pub fn parameter(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.as_str())
    }

    /// The path of the request without its query, as sent.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The status with which the operation answers when it is done.
    pub(super) fn status(&self) -> StatusCode {
        self.operation.status
    }

    /// Which page of the list is wanted; `query` is the whole query with `cursor` and `limit`.
    ///
    /// # Errors
    /// `invalid_query`, `invalid_cursor`.
    pub fn page(&self, query: &impl Serialize) -> Result<PageRequest, Failure> {
        let filter = self.filter.as_deref().unwrap_or_default();
        let moment = self.past.as_ref().map(|past| format!(" as of {}", past.account.revision()));
        let moment = moment.unwrap_or_default();
        let list = format!("{} {}?{filter}{moment}", self.operation.id, self.path());
        let mut page = PageRequest::new(&list, query, self.service.config().limits.page_items)?;
        page.work = Arc::clone(&self.work);
        Ok(page)
    }

    /// How a write is to be done: `dry_run` from the query, `Idempotency-Key`, and `If-Match` for the entity.
    ///
    /// # Errors
    /// `invalid_header`, `idempotency_unsupported`, `if_match_unsupported`.
    pub fn write_options(&self, dry_run: bool, entity: Option<EntityKey>) -> Result<WriteOptions, Failure> {
        Ok(WriteOptions { dry_run, expected: self.expected(entity)?, idempotency: self.idempotency()? })
    }

    fn expected(&self, entity: Option<EntityKey>) -> Result<Option<(EntityKey, Revision)>, Failure> {
        let Some(value) = self.headers.get(IF_MATCH) else { return Ok(None) };
        let text = value.to_str().unwrap_or_default().trim();
        // Whether the entity is there at all is decided further on in any case, with a better answer than 412.
        if text == "*" {
            return Ok(None);
        }
        let revision = parse_etag(text).ok_or_else(|| {
            let detail = "`If-Match` must be `*` or one `ETag` as this server gave it, in double quotes";
            Failure::new(&code::INVALID_HEADER, detail)
        })?;
        let entity = entity.ok_or_else(if_match_unsupported)?;
        Ok(Some((entity, Revision(revision))))
    }

    pub(super) fn idempotency(&self) -> Result<Option<(String, [u8; 32])>, Failure> {
        let Some(value) = self.headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
        let fits = (1..=IDEMPOTENCY_KEY_MAX_CHARS).contains(&value.len());
        let key = value.to_str().ok().filter(|key| fits && key.bytes().all(|byte| byte.is_ascii_graphic()));
        let key = key.ok_or_else(|| {
            let detail = format!(
                "`Idempotency-Key` must be 1 to {IDEMPOTENCY_KEY_MAX_CHARS} visible ASCII characters"
            );
            Failure::new(&code::INVALID_HEADER, detail)
        })?;
        let mut hash = Sha256::new();
        for part in [self.operation.id, self.path(), self.uri.query().unwrap_or_default()] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.update(&self.body);
        Ok(Some((key.to_owned(), hash.finalize().into())))
    }

    /// Refuses headers that the operation would silently ignore.
    pub(super) fn check_headers(&self) -> Result<(), Failure> {
        let given = |name: &str| self.headers.contains_key(name);
        if given(IDEMPOTENCY_KEY) && !self.operation.takes_idempotency_key {
            let detail = format!("`{}` takes no idempotency key", self.operation.id);
            return Err(Failure::new(&code::IDEMPOTENCY_UNSUPPORTED, detail));
        }
        if given(IF_MATCH.as_str()) && !self.operation.takes_if_match {
            return Err(if_match_unsupported());
        }
        Ok(())
    }

    /// The answer of the operation's own handler.
    pub(super) async fn handle(&self) -> Result<axum::http::Response<axum::body::Body>, Failure> {
        (self.operation.handler)(self.clone()).await
    }

    /// Takes the parameter `filter` out of the query, where the operation is a list.
    ///
    /// # Errors
    /// `invalid_query` when it is there twice.
    pub(super) fn take_filter(&mut self) -> Result<Option<String>, Failure> {
        if self.operation.is_list() {
            let is_filter = |(name, _): &(String, String)| name == FILTER;
            let (mut given, others): (Vec<_>, Vec<_>) = self.parameters().partition(is_filter);
            self.filter = given.pop().map(|(_, text)| text);
            if !given.is_empty() {
                return Err(Failure::field(&code::INVALID_QUERY, "?filter", "is given twice"));
            }
            if self.filter.is_some() {
                self.query = written(others);
            }
        }
        Ok(self.filter.clone())
    }

    /// A parameter of the query.
    pub(super) fn query_value(&self, name: &str) -> Option<String> {
        self.parameters().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The same call for so many items.
    pub(super) fn with_limit(&self, limit: usize) -> Self {
        self.with_query("limit", limit.to_string())
    }

    /// The same call for the page behind a cursor.
    pub(super) fn after(&self, cursor: &str) -> Self {
        self.with_query("cursor", cursor.to_owned())
    }

    fn with_query(&self, name: &str, value: String) -> Self {
        let others = self.parameters().filter(|(known, _)| known != name);
        Self { query: written(others.chain([(name.to_owned(), value)])), ..self.clone() }
    }

    fn parameters(&self) -> impl Iterator<Item = (String, String)> {
        let pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.map(|(name, value)| (name.into_owned(), value.into_owned()))
    }

    pub(super) fn parse_query<Q: QueryType>(&self) -> Result<Q, Failure> {
        strict::query(&self.query)
    }

    pub(super) fn parse_input<B: InputType>(&self) -> Result<B, Failure> {
        if self.operation.input.is_none() {
            // Some programs send an empty object where there is nothing to say.
            let empty = self.body.is_empty() || self.body.trim_ascii() == b"{}";
            return if empty {
                strict::json(b"null", 1)
            } else {
                Err(Failure::new(&code::UNEXPECTED_BODY, format!("`{}` takes no body", self.operation.id)))
            };
        }
        // RFC 9110, section 8.4: a coding that is not known is answered with 415 and what is taken.
        let encoding = self.headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("unreadable"));
        if let Some(encoding) = encoding.filter(|encoding| !encoding.trim().eq_ignore_ascii_case("identity"))
        {
            let detail = format!("the body is in the encoding `{encoding}`");
            return Err(
                Failure::new(&code::UNSUPPORTED_ENCODING, detail).with_header(ACCEPT_ENCODING, "identity")
            );
        }
        let media_type =
            self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let detail = if media_type.is_empty() {
                "the request says nothing about the type of its body".to_owned()
            } else {
                format!("the body is `{media_type}`")
            };
            return Err(Failure::new(&code::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        strict::json(&self.body, self.service.config().limits.json_depth)
    }
}

fn written(parameters: impl IntoIterator<Item = (String, String)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

fn if_match_unsupported() -> Failure {
    Failure::new(&code::IF_MATCH_UNSUPPORTED, "this operation takes no `If-Match`")
}
