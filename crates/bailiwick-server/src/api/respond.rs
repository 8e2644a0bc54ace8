//! Answers: bodies with their entity tags, revisions and locations, and what becomes of a write.

use std::borrow::Cow;
use std::marker::PhantomData;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use axum::http::{HeaderMap, Response, StatusCode};
use bailiwick_client::wire::{self, headers};
use bailiwick_core::account::{Account, Actor, Event, Scope};
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::{AccountId, Revision, UserId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::call::Call;
use super::problem::Failure;
use super::views::{Shown, Views, people_of_difference, planned_event_people};
use crate::service::{Error, Outcome, People, WriteOptions};
use bailiwick_core::access::{AccessDifference, Circumstances};

const REVISION: HeaderName = HeaderName::from_static(headers::REVISION);
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static(headers::IDEMPOTENCY_REPLAYED);

/// The answer of an operation whose body is `T`; `()` stands for none.
#[derive(Debug)]
pub struct Answer<T> {
    /// Another status than the operation's own.
    status: Option<StatusCode>,
    headers: HeaderMap,
    body: Body,
    shows: PhantomData<fn() -> T>,
}

/// Something with an id and a revision of its own.
pub trait Entity {
    /// The last part of its address, if it has one.
    fn id(&self) -> Option<&str>;
    /// The account's revision when it last changed, for its `ETag`.
    fn revision(&self) -> Option<u64>;
}

macro_rules! entities {
    ($($name:ident),* $(,)?) => {$(
        impl Entity for wire::$name {
            fn id(&self) -> Option<&str> { Some(&self.id) }
            fn revision(&self) -> Option<u64> { Some(self.revision) }
        }
    )*};
}

entities!(
    Grant,
    Group,
    Invitation,
    Key,
    Member,
    OwnershipOffer,
    Policy,
    Project,
    Resource,
    Role,
    ServiceAccount
);

macro_rules! others {
    ($($name:ident),* $(,)?) => {$(
        impl Entity for wire::$name {
            fn id(&self) -> Option<&str> { None }
            fn revision(&self) -> Option<u64> { None }
        }
    )*};
}

others!(InvitationsCreated, InvitationAccepted, ResourcesRegistered);

impl Entity for wire::Settings {
    fn id(&self) -> Option<&str> {
        None
    }
    fn revision(&self) -> Option<u64> {
        Some(self.revision)
    }
}

impl<T> Answer<T> {
    /// An answer in another media type than JSON, possibly a stream.
    pub fn raw(body: Body, media_type: &'static str) -> Self {
        let mut answer = Self { status: None, headers: HeaderMap::new(), body, shows: PhantomData };
        answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        answer
    }

    /// The same with a header; one with characters that no header takes is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// The same with the word that it was given before, to an earlier request under the same idempotency key.
    #[must_use]
    pub(super) fn replayed(self) -> Self {
        self.header(IDEMPOTENCY_REPLAYED, "true")
    }

    /// The same with the entity's revision as its `ETag`.
    #[must_use]
    pub fn etag(self, revision: u64) -> Self {
        self.header(ETAG, &headers::etag(revision))
    }

    /// The same with the account's revision on which it stands.
    #[must_use]
    pub fn revision(self, revision: Revision) -> Self {
        self.header(REVISION, &revision.to_string())
    }

    pub(super) fn into_response(self, status: StatusCode) -> Response<Body> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status.unwrap_or(status);
        *response.headers_mut() = self.headers;
        response
    }
}

impl<T: Serialize> Answer<T> {
    /// An answer in JSON.
    ///
    /// # Errors
    /// `internal` if the value has no JSON form, which is a defect.
    pub fn json(value: &T) -> Result<Self, Failure> {
        Self::in_json(value)
    }
}

impl<T: Serialize + Entity> Answer<T> {
    /// An entity in JSON with its `ETag`.
    ///
    /// # Errors
    /// Those of [`Answer::json`].
    pub fn entity(value: &T) -> Result<Self, Failure> {
        let answer = Self::json(value)?;
        Ok(match value.revision() {
            Some(revision) => answer.etag(revision),
            None => answer,
        })
    }
}

impl<T> Answer<T> {
    fn in_json(value: &impl Serialize) -> Result<Self, Failure> {
        let body = serde_json::to_vec(value).map_err(|error| Failure::from(Error::internal(error)))?;
        Ok(Self::raw(Body::from(body), "application/json"))
    }

    /// The answer to a dry run: always 200.
    fn dry_run<D: Serialize>(dry: &wire::DryRun<D>) -> Result<Self, Failure> {
        Ok(Self { status: Some(StatusCode::OK), ..Self::in_json(dry)? })
    }
}

impl Answer<()> {
    /// No body.
    pub fn done() -> Self {
        Self { status: None, headers: HeaderMap::new(), body: Body::empty(), shows: PhantomData }
    }
}

/// Whether somebody's email and name are told to a caller who rehearses: they see the person, or the invitation that waits for
/// them.
pub fn is_told(account: &Account, actor: Actor, user: UserId, now: Circumstances<'static>) -> bool {
    let invitation = account.waiting_invitation(user).and_then(|id| account.invitation(id));
    account.sees_member(actor, user, now)
        || invitation.is_some_and(|found| account.sees_invitation(actor, &found.value, now))
}

impl Call {
    /// Answers with what a write made or changed. The closure of the write gave `None` only if the entity is not there after
    /// it, which is a defect.
    ///
    /// # Errors
    /// `internal`, or what looking up people for a dry run fails with.
    pub async fn written<T>(&self, outcome: Outcome<Option<T>>) -> Result<Answer<T>, Failure>
    where
        T: Entity + Serialize + DeserializeOwned,
    {
        match outcome {
            Outcome::Done { value, revision } => self.shown(value.as_ref(), Some(revision)),
            Outcome::Replayed(replay) => {
                let value: Option<T> = serde_json::from_str(&replay.answer).map_err(Error::internal)?;
                Ok(self.shown(value.as_ref(), replay.revision)?.replayed())
            }
            Outcome::Dry { value, events, access } => self.dry_run(value, &events, &access).await,
        }
    }

    /// Answers with 204 to a write without an answer of its own.
    ///
    /// # Errors
    /// What looking up people for a dry run fails with.
    pub async fn done(&self, outcome: Outcome<()>) -> Result<Answer<()>, Failure> {
        match outcome {
            Outcome::Done { revision, .. } => Ok(Answer::done().revision(revision)),
            Outcome::Replayed(replay) => {
                let answer = Answer::done().replayed();
                Ok(match replay.revision {
                    Some(revision) => answer.revision(revision),
                    None => answer,
                })
            }
            Outcome::Dry { events, access, .. } => self.dry_run(None, &events, &access).await,
        }
    }

    /// Answers to a dry run; `would` is what the write would answer, without secrets.
    ///
    /// # Errors
    /// What looking up people fails with.
    pub async fn dry_run<T: Serialize>(
        &self,
        would: Option<T>,
        events: &[Event],
        access: &AccessDifference,
    ) -> Result<Answer<T>, Failure> {
        let account = self.account()?;
        // Who may change a role need not be allowed to see everybody who has it: those are counted, and stay ids for who may ask
        // what others may do. Nor who may grant one: a rehearsal leaves no trace, so it tells nobody who is behind an external id.
        let (actor, circumstances) = (self.actor()?, self.circumstances()?);
        let named = planned_event_people(&account, events).into_iter();
        let named = named.chain(people_of_difference(&account, access));
        let told = named.filter(|user| is_told(&account, actor, *user, circumstances));
        let people = self.service.people(told).await?;
        let asks = self.authorize(&account, Permission::CheckAccess, &Scope::Account).is_ok();
        let shown = |principal| match account.sees_principal(actor, principal, circumstances) {
            true => Shown::Whole,
            false if asks => Shown::Id,
            false => Shown::Not,
        };
        let dry = Views::new(&account, &people, self.now()).dry_run(events, access, would, shown);
        Ok(Answer::dry_run(&dry)?.revision(account.revision()))
    }

    /// Those whom an answer may name: in a rehearsal, whom the caller sees.
    ///
    /// # Errors
    /// `not_found` without an account.
    pub fn told<'a>(&self, people: &'a People, dry_run: bool) -> Result<Cow<'a, People>, Failure> {
        if !dry_run {
            return Ok(Cow::Borrowed(people));
        }
        let (account, actor, circumstances) = (self.account()?, self.actor()?, self.circumstances()?);
        Ok(Cow::Owned(people.only(|user| is_told(&account, actor, user, circumstances))))
    }

    /// The first answer again, for a request that was done before under the same idempotency key.
    ///
    /// # Errors
    /// `idempotency_mismatch` for another request, `invalid_header`.
    pub(super) async fn replayed(&self, account: AccountId) -> Result<Option<Response<Body>>, Failure> {
        if !self.operation.takes_idempotency_key {
            return Ok(None);
        }
        let options = WriteOptions { idempotency: self.idempotency()?, ..WriteOptions::default() };
        let Some(replay) = self.service.replay(self.actor()?, account, &options).await? else {
            return Ok(None);
        };
        let status = self.status();
        let mut answer = if status == StatusCode::NO_CONTENT {
            Answer::done()
        } else {
            let value: Value = serde_json::from_str(&replay.answer).map_err(Error::internal)?;
            // What `Entity` says, read from the JSON that it became.
            let mut answer = Answer::raw(Body::from(replay.answer), "application/json");
            if let Some(revision) = value.get("revision").and_then(Value::as_u64) {
                answer = answer.etag(revision);
            }
            if let Some(id) =
                value.get("id").and_then(Value::as_str).filter(|_| status == StatusCode::CREATED)
            {
                answer = answer.header(LOCATION, &self.location(id));
            }
            answer
        };
        if let Some(revision) = replay.revision {
            answer = answer.revision(revision);
        }
        Ok(Some(answer.replayed().into_response(status)))
    }

    fn shown<T: Entity + Serialize>(
        &self,
        value: Option<&T>,
        revision: Option<Revision>,
    ) -> Result<Answer<T>, Failure> {
        let value = value.ok_or_else(|| Error::internal("what was written is not there"))?;
        let mut answer = Answer::entity(value)?;
        if let Some(revision) = revision {
            answer = answer.revision(revision);
        }
        if let Some(id) = value.id().filter(|_| self.status() == StatusCode::CREATED) {
            answer = answer.header(LOCATION, &self.location(id));
        }
        Ok(answer)
    }

    /// The address of something in the collection that the request's path names.
    pub fn location(&self, id: &str) -> String {
        let path = self.path();
        // `/roles/rol_…:duplicate` makes a sibling, `/accounts/acc_…:offer-ownership` something elsewhere.
        let collection = match self.operation.path {
            "/accounts/{account}/roles/{role}:duplicate" => {
                path.rsplit_once('/').map_or(path, |(start, _)| start)
            }
            "/accounts/{account}:offer-ownership" => {
                return format!(
                    "{}/ownership-offers/{id}",
                    path.rsplit_once(':').map_or(path, |(start, _)| start)
                );
            }
            _ => path,
        };
        format!("{collection}/{id}")
    }
}
