//! The one way in which an account changes: decide, commit, publish.

use std::sync::Arc;

use bailiwick_core::access::{AccessDifference, Circumstances};
use bailiwick_core::account::{
    Account, Actor, ActorRef, Command, Decided, EntityKey, Event, KeyHolder, Refusal,
};
use bailiwick_core::ids::{AccountId, Revision};
use bailiwick_store::{
    AccountCommit, Commit, DirectoryChange, Ending, EntityChange, IdempotencyRecord, OutboxMessage,
    StoreError,
};
use jiff::Timestamp;
use metrics::{counter, histogram};
use serde::Serialize;

use super::accounts::AccountHandle;
use super::durable::Durable;
use super::error::no_account;
use super::record::{event_row, refused};
use super::{Caller, Error, Origin, Service, new_id};
use crate::telemetry::metrics::{COMMIT_SECONDS, COMMITS};

/// How often a write is decided anew after somebody else's commit came between. Within one process that happens only
/// after a failed commit.
const ATTEMPTS: u32 = 8;

/// How a write is to be done.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// Decide and say what would change, but change nothing.
    pub dry_run: bool,
    /// Only if this entity still has this revision (`If-Match`).
    pub expected: Option<(EntityKey, Revision)>,
    /// The caller's idempotency key with a fingerprint of the request.
    pub idempotency: Option<(String, [u8; 32])>,
}

/// What became of a write.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It is done and durable.
    Done {
        /// The answer.
        value: T,
        /// The account's revision after it.
        revision: Revision,
    },
    /// It could be done; nothing was changed.
    Dry {
        /// The answer that it would have had.
        value: T,
        /// What would have been recorded.
        events: Vec<Event>,
        /// Who would have gained or lost what.
        access: AccessDifference,
    },
    /// It was done before, under the same idempotency key.
    Replayed(Replay),
}

/// The answer to an earlier request with the same idempotency key.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The answer as JSON.
    pub answer: String,
    /// The account's revision after it.
    pub revision: Option<Revision>,
}

/// What goes into the same transaction as the events.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Applied before the changes that follow from the events, such as a new user.
    pub(super) first: Vec<DirectoryChange>,
    /// Applied after them, such as links of invitations.
    pub(super) then: Vec<DirectoryChange>,
    /// Mail to send.
    pub(super) outbox: Vec<OutboxMessage>,
}

/// What a closure sees to shape the answer and what is stored beside the events.
pub struct Changed<'a> {
    /// The account before.
    pub before: &'a Account,
    /// The account after.
    pub after: &'a Account,
    /// What happened.
    pub events: &'a [Event],
    /// When.
    pub now: Timestamp,
}

/// The session in which something was asked for that stands in a person's name or lets somebody in from then on: it still has to be
/// there when that is stored. The proof of an email ends the sessions of before, and what was under way then must not stay.
fn required_after(caller: &Caller, events: &[Event]) -> Option<DirectoryChange> {
    let stands = events.iter().any(|event| {
        matches!(
            event,
            Event::InvitationSent { .. }
                | Event::InvitationResent { .. }
                | Event::InvitationLinkCopied { .. }
                | Event::OwnershipOffered { .. }
        )
    });
    let session = caller.session.filter(|_| stands);
    session.map(|token_hash| DirectoryChange::RequireSession { token_hash })
}

/// What is asked of an account, for an answer of type `T`.
pub(super) trait Asked<T> {
    /// What it comes to, and the answer; nothing where all is as it was asked to be.
    fn decide(
        &self,
        before: &Account,
        actor: Actor,
        now: Circumstances<'static>,
    ) -> Result<(Option<Decided>, T), Error>;

    /// The event that records that it was refused.
    fn refused(&self, refusal: &Refusal) -> Event;
}

/// One command, with what shapes the answer.
struct Single<'a, S> {
    command: &'a Command,
    shape: S,
}

impl<T, S: Fn(&Changed<'_>) -> T> Asked<T> for Single<'_, S> {
    fn decide(
        &self,
        before: &Account,
        actor: Actor,
        now: Circumstances<'static>,
    ) -> Result<(Option<Decided>, T), Error> {
        let decided = before.decide(actor, self.command, now, &mut || new_uuid())?;
        let changed = Changed { before, after: &decided.account, events: &decided.events, now: now.now };
        let value = (self.shape)(&changed);
        Ok((Some(decided), value))
    }

    fn refused(&self, refusal: &Refusal) -> Event {
        refused(self.command.name(), refusal, self.command)
    }
}

impl Service {
    /// Does a command, and shapes the answer from the account after it.
    ///
    /// # Errors
    /// Every [`Error`]; after any of them nothing has changed. Refusals of members are recorded.
    pub async fn write<T: Serialize>(
        &self,
        caller: &Caller,
        account: AccountId,
        command: &Command,
        options: &WriteOptions,
        shape: impl Fn(&Changed<'_>) -> T,
    ) -> Result<Outcome<T>, Error> {
        let first = self.required_for(caller, command).await?;
        let beside = |_: &Changed<'_>| Ok(Beside { first: first.clone(), ..Beside::default() });
        self.write_beside(caller, account, command, options, shape, beside).await
    }

    /// What must still hold of the caller when a command is stored.
    ///
    /// A personal key acts for its member with all that they are given later, and does not end with a session. So nobody makes
    /// one who came by a link that was passed on: the proof of the email ends their sessions, and no key may be left. Nor does a
    /// request make one that was under way then.
    ///
    /// # Errors
    /// [`Error::EmailNotVerified`]
    async fn required_for(&self, caller: &Caller, command: &Command) -> Result<Vec<DirectoryChange>, Error> {
        let Command::CreateKey { holder: KeyHolder::Member(user), .. } = command else {
            return Ok(Vec::new());
        };
        let user = self.store.user(*user).await?.ok_or(Error::Unauthenticated)?;
        if user.verified_at.is_none() {
            return Err(Error::EmailNotVerified);
        }
        Ok(caller
            .session
            .map(|token_hash| DirectoryChange::RequireSession { token_hash })
            .into_iter()
            .collect())
    }

    /// Like [`Service::write`], with more to store in the same transaction.
    pub(super) async fn write_beside<T: Serialize>(
        &self,
        caller: &Caller,
        account: AccountId,
        command: &Command,
        options: &WriteOptions,
        shape: impl Fn(&Changed<'_>) -> T,
        beside: impl Fn(&Changed<'_>) -> Result<Beside, Error>,
    ) -> Result<Outcome<T>, Error> {
        self.write_asked(caller, account, &Single { command, shape }, options, beside).await
    }

    /// Does what is asked, be it one command or several.
    pub(super) async fn write_asked<T: Serialize>(
        &self,
        caller: &Caller,
        account: AccountId,
        asked: &impl Asked<T>,
        options: &WriteOptions,
        beside: impl Fn(&Changed<'_>) -> Result<Beside, Error>,
    ) -> Result<Outcome<T>, Error> {
        if let Some(replay) = self.replay(caller.actor, account, options).await? {
            return Ok(Outcome::Replayed(replay));
        }
        let started = std::time::Instant::now();
        let mut attempts = 0;
        loop {
            self.store.ready().await;
            let Some(handle) = self.accounts.get(account).await? else {
                let replay = self.replay_of_queued(caller.actor, account, options).await?;
                return replay.map(Outcome::Replayed).ok_or_else(no_account);
            };
            let queued = match self.decide_and_queue(&handle, caller, asked, options, &beside) {
                Ok(Attempt::Nothing { value, revision }) => return Ok(Outcome::Done { value, revision }),
                Ok(Attempt::Dry(dry)) => return dry.outcome().await,
                Ok(Attempt::Queued(queued)) => queued,
                Err(error) => {
                    if let Some(replay) = self.replay_of_queued(caller.actor, account, options).await? {
                        return Ok(Outcome::Replayed(replay));
                    }
                    if let Some(refusal) = error.to_record().filter(|_| !options.dry_run) {
                        self.record_refused(&handle, caller, asked.refused(refusal)).await;
                    }
                    return Err(error);
                }
            };
            match queued.durable.await {
                Ok(()) => {
                    let revision = queued.revision;
                    counter!(COMMITS, "result" => "done").increment(1);
                    histogram!(COMMIT_SECONDS).record(started.elapsed());
                    return Ok(Outcome::Done { value: queued.value, revision });
                }
                Err(StoreError::IdempotencyKeyUsed) => {
                    let replay = self.replay(caller.actor, account, options).await?;
                    return replay
                        .map(Outcome::Replayed)
                        .ok_or_else(|| Error::internal("the idempotency record vanished"));
                }
                Err(StoreError::Conflict) if attempts < ATTEMPTS => {
                    counter!(COMMITS, "result" => "conflict").increment(1);
                    attempts += 1;
                    if attempts > ATTEMPTS / 2
                        && let Some(fresh) = self.accounts.load(account).await?
                    {
                        handle.replace(fresh);
                    }
                }
                Err(error) => {
                    counter!(COMMITS, "result" => "failed").increment(1);
                    return Err(error.into());
                }
            }
        }
    }

    fn decide_and_queue<T: Serialize>(
        &self,
        handle: &Arc<AccountHandle>,
        caller: &Caller,
        asked: &impl Asked<T>,
        options: &WriteOptions,
        beside: &impl Fn(&Changed<'_>) -> Result<Beside, Error>,
    ) -> Result<Attempt<T>, Error> {
        let mut tip = handle.tip();
        // Read under the lock, so that times never run backwards within an account.
        let now = self.now();
        let before = Arc::clone(&tip.account);
        let (decided, value) = asked.decide(&before, caller.actor, caller.circumstances(now))?;
        // After the decision, so that a stale revision tells strangers nothing.
        if let Some((key, expected)) = options.expected {
            let actual = before.revision_of(key).unwrap_or_default();
            if actual != expected {
                return Err(Error::StaleRevision { actual: actual.0 });
            }
        }
        let decided = match decided {
            Some(decided) => decided,
            None if options.dry_run => Decided::of(Vec::new(), Account::clone(&before)),
            None => return Ok(Attempt::Nothing { value, revision: before.revision() }),
        };
        let changed = Changed { before: &before, after: &decided.account, events: &decided.events, now };
        if options.dry_run {
            let Decided { account: after, events, .. } = decided;
            return Ok(Attempt::Dry(Box::new(Dry { value, before, after, events, now })));
        }
        let extra = beside(&changed)?;
        let has_mail = !extra.outbox.is_empty();
        let mut commit = commit_of(&before, &decided, caller.actor.reference(), &caller.origin, now);
        let derived = super::directory::changes(&decided);
        let required = required_after(caller, &decided.events);
        let before_all = required.into_iter().chain(extra.first);
        commit.directory = before_all.chain(derived).chain(extra.then).collect();
        commit.outbox = extra.outbox;
        commit.idempotency = idempotency_record(caller.actor, &decided, options, &value, now)?;
        let receipt = self.store.commit(commit);
        self.usage.note_all(&before, caller.actor, &decided.used, now);
        let account = Arc::new(decided.account);
        tip.account = Arc::clone(&account);
        let revision = account.revision();
        let durable = self.see_through(handle, receipt, account, tip.epoch, has_mail);
        Ok(Attempt::Queued(Queued { durable, revision, value }))
    }

    /// The answer to an earlier write with the same idempotency key that was still in the queue when this one was decided:
    /// on top of that one it may have been refused, for instance because the name is taken.
    async fn replay_of_queued(
        &self,
        actor: Actor,
        account: AccountId,
        options: &WriteOptions,
    ) -> Result<Option<Replay>, Error> {
        if options.idempotency.is_none() {
            return Ok(None);
        }
        // The writer answers in the order of the queue, so what stood there before is durable or refused after this.
        self.store.ping().await?;
        self.replay(actor, account, options).await
    }

    /// The answer to an earlier write of the same caller with the same idempotency key.
    ///
    /// # Errors
    /// [`Error::IdempotencyMismatch`] if the earlier one was another request.
    pub(crate) async fn replay(
        &self,
        actor: Actor,
        account: AccountId,
        options: &WriteOptions,
    ) -> Result<Option<Replay>, Error> {
        let Some((key, fingerprint)) = &options.idempotency else { return Ok(None) };
        match self.store.idempotency(&idempotency_scope(account, actor), key).await? {
            None => Ok(None),
            Some(record) if record.fingerprint == *fingerprint => {
                Ok(Some(Replay { answer: record.answer, revision: record.revision }))
            }
            Some(_) => Err(Error::IdempotencyMismatch),
        }
    }

    /// Records that a question was refused, which no command stands for: `request` names it.
    pub(crate) async fn record_refused_request(
        &self,
        handle: &Arc<AccountHandle>,
        caller: &Caller,
        request: &'static str,
        refusal: &Refusal,
    ) {
        let event = Event::Refused { command: request.into(), code: refusal.code().into(), target: None };
        self.record_refused(handle, caller, event).await;
    }

    /// Records that a member or machine of the account was refused, the same refusal once a minute. What cannot be recorded
    /// is logged, and the refusal stands all the same.
    async fn record_refused(&self, handle: &Arc<AccountHandle>, caller: &Caller, event: Event) {
        let Event::Refused { command, code, target } = &event else { return };
        let (account, actor) = (handle.read().id(), caller.actor.reference().to_string());
        if !self.refusals.admit(Some(account), actor, (command, code, target), self.now()) {
            return;
        }
        if let Err(error) = self.record(handle, caller, vec![event]).await {
            tracing::warn!(error = %error, detail = error.detail(), "a refusal could not be recorded");
        }
    }

    /// Commits events that only record.
    pub(super) async fn record(
        &self,
        handle: &Arc<AccountHandle>,
        caller: &Caller,
        events: Vec<Event>,
    ) -> Result<(), Error> {
        self.record_of(handle, caller.actor.reference(), &caller.origin, |_| events.clone()).await
    }

    /// Commits events that nobody's permission is asked for: those that only record, and ends. None are for nothing.
    pub(super) async fn record_of(
        &self,
        handle: &Arc<AccountHandle>,
        actor: ActorRef,
        origin: &Origin,
        events: impl Fn(&Account) -> Vec<Event>,
    ) -> Result<(), Error> {
        for attempt in 0..ATTEMPTS {
            self.store.ready().await;
            let durable = {
                let mut tip = handle.tip();
                let now = self.now();
                let before = Arc::clone(&tip.account);
                let events = events(&before);
                if before.is_deleted() || events.is_empty() {
                    return Ok(());
                }
                let decided = before.record(events);
                let mut commit = commit_of(&before, &decided, actor, origin, now);
                commit.directory = super::directory::changes(&decided);
                let receipt = self.store.commit(commit);
                tip.account = Arc::new(decided.account);
                self.see_through(handle, receipt, Arc::clone(&tip.account), tip.epoch, false)
            };
            match durable.await {
                Ok(()) => return Ok(()),
                // An operator's command may have recorded something beside a serving process.
                Err(StoreError::Conflict) => {
                    let id = handle.read().id();
                    if attempt > 0
                        && let Some(fresh) = self.accounts.load(id).await?
                    {
                        handle.replace(fresh);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }
}

#[expect(
    clippy::large_enum_variant,
    reason = "each write makes one and takes it apart; a box would allocate for it"
)]
enum Attempt<T> {
    /// All is as it was asked to be.
    Nothing {
        value: T,
        revision: Revision,
    },
    Dry(Box<Dry<T>>),
    Queued(Queued<T>),
}

/// What a dry run decided. Who gains and loses what is worked out after the account's lock is let go.
struct Dry<T> {
    value: T,
    before: Arc<Account>,
    after: Account,
    events: Vec<Event>,
    now: Timestamp,
}

impl<T> Dry<T> {
    /// Off the threads that serve requests: a role that a hundred thousand hold takes a while.
    async fn outcome(self) -> Result<Outcome<T>, Error> {
        let Self { value, before, after, events, now } = self;
        let compare = move || (AccessDifference::between(&before, &after, &events, now), events);
        let (access, events) = tokio::task::spawn_blocking(compare).await.map_err(Error::internal)?;
        Ok(Outcome::Dry { value, events, access })
    }
}

struct Queued<T> {
    durable: Durable,
    revision: Revision,
    value: T,
}

pub(super) fn new_uuid() -> uuid::Uuid {
    use bailiwick_core::ids::Id;
    new_id::<bailiwick_core::ids::GrantId>().uuid()
}

/// The rows and events of a decision.
pub(super) fn commit_of(
    before: &Account,
    decided: &Decided,
    actor: ActorRef,
    origin: &Origin,
    now: Timestamp,
) -> Commit {
    let deleted = decided.account.is_deleted();
    let keys: std::collections::BTreeSet<EntityKey> =
        decided.events.iter().flat_map(Event::entities).collect();
    let change = |key: EntityKey| EntityChange {
        kind: key.kind().into(),
        id: key.id().into(),
        body: decided.account.row_body(key),
    };
    let changes = if deleted { Vec::new() } else { keys.into_iter().map(change).collect() };
    let events = decided.events.iter().map(|event| event_row(event, actor, origin, now)).collect();
    let account = AccountCommit {
        account_id: before.id(),
        expected: before.revision(),
        at: now,
        changes,
        events,
        ending: if deleted { Ending::Deleted } else { Ending::None },
        next_deadline: decided.account.next_deadline(),
    };
    Commit { account: Some(account), ..Commit::default() }
}

/// The rows and events of an account that is being opened.
pub(super) fn commit_of_opening(decided: &Decided, caller: &Caller, now: Timestamp) -> Commit {
    let mut commit = commit_of(&decided.account, decided, caller.actor.reference(), &caller.origin, now);
    if let Some(account) = &mut commit.account {
        account.expected = Revision::default();
    }
    commit
}

/// What an idempotency key is unique in: nobody meets the keys of anybody else, let alone the answers under them.
fn idempotency_scope(account: AccountId, actor: Actor) -> String {
    format!("{account}/{}", actor.reference())
}

fn idempotency_record<T: Serialize>(
    actor: Actor,
    decided: &Decided,
    options: &WriteOptions,
    value: &T,
    now: Timestamp,
) -> Result<Option<IdempotencyRecord>, Error> {
    let Some((key, fingerprint)) = &options.idempotency else { return Ok(None) };
    Ok(Some(IdempotencyRecord {
        scope: idempotency_scope(decided.account.id(), actor),
        key: key.clone(),
        fingerprint: *fingerprint,
        revision: Some(decided.account.revision()),
        answer: serde_json::to_string(value).map_err(Error::internal)?,
        created_at: now,
    }))
}
