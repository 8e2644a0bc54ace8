//! What ends by itself is recorded here, and whoever it concerns is told before.
//!
//! The account knows what is due ([`Account::lapse`]); the store knows which account is due when, since every commit says
//! so. A second process that does the same is refused by the account's revision, and finds nothing left to do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bailiwick_core::account::{Account, ActorRef, Decided};
use bailiwick_core::ids::{AccountId, UserId};
use bailiwick_store::{OutboxMessage, StoreError};
use jiff::Timestamp;
use metrics::counter;

use super::ending_mails::Telling;
use super::write::commit_of;
use super::{Error, Origin, People, Service};
use crate::telemetry::metrics::ENDS;

/// How many events are recorded in one commit: thousands that end at once hold up nobody else's writes.
const BATCH: usize = 256;
/// How many accounts that are due are looked up at once.
const PAGE: usize = 100;
/// How often it is looked for what is due when nothing is known to come: clocks are set, and what failed is tried again.
const IDLE: Duration = Duration::from_secs(30);
/// How often one account is tried anew when somebody else writes to it in between.
const ATTEMPTS: u32 = 8;

impl Service {
    /// Records what has ended by now in every account, tells of what ends soon, and answers with when it next has something
    /// to do. What fails in one account holds up no other.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn lapse_due(&self) -> Result<Option<Timestamp>, Error> {
        let mut after = None;
        loop {
            let due = self.store.due_accounts(self.now(), after, PAGE).await?;
            let Some(last) = due.last() else { break };
            after = Some(*last);
            for account in due {
                if let Err(error) = self.lapse(account.account_id).await {
                    let (account, detail) = (account.account_id, error.detail());
                    tracing::warn!(%account, %error, detail, "what has ended could not be recorded");
                }
            }
        }
        let next = self.store.due_accounts(Timestamp::MAX, None, 1).await?;
        Ok(next.first().map(|next| next.due_at))
    }

    /// Records what has ended by now in an account; answers with how many events it came to.
    ///
    /// # Errors
    /// The account cannot be loaded or written.
    pub async fn lapse(&self, id: AccountId) -> Result<usize, Error> {
        let mut recorded = 0;
        let mut attempts = 0;
        let mut people = People::default();
        let mut looked_up: BTreeSet<UserId> = BTreeSet::new();
        loop {
            self.store.ready().await;
            let Some(handle) = self.accounts.get(id).await? else { return Ok(recorded) };
            let (durable, count) = {
                let mut tip = handle.tip();
                let now = self.now();
                let before = Arc::clone(&tip.account);
                let Some(decided) = before.lapse(now, BATCH) else { return Ok(recorded) };
                let telling = Telling::of(&before, &decided.events, now);
                let unknown: Vec<UserId> =
                    telling.recipients().filter(|user| !looked_up.contains(user)).collect();
                if unknown.is_empty() {
                    let outbox = self.outbox_of(&before, &telling, &people, now)?;
                    let has_mail = !outbox.is_empty();
                    let mut commit = commit_of(&before, &decided, ActorRef::System, &Origin::default(), now);
                    commit.directory = super::directory::changes(&decided);
                    commit.outbox = outbox;
                    let receipt = self.store.commit(commit);
                    let Decided { events, account, .. } = decided;
                    tip.account = Arc::new(account);
                    let account = Arc::clone(&tip.account);
                    let durable = self.see_through(&handle, receipt, account, tip.epoch, has_mail);
                    (Ok(durable), events.len())
                } else {
                    (Err(unknown), 0)
                }
            };
            match durable {
                // Who is told is looked up without the lock, and then everything is decided anew.
                Err(unknown) => {
                    looked_up.extend(unknown.iter().copied());
                    people.extend(self.people(unknown).await?);
                }
                Ok(durable) => match durable.await {
                    Ok(()) => {
                        counter!(ENDS).increment(u64::try_from(count).unwrap_or(u64::MAX));
                        recorded += count;
                    }
                    Err(StoreError::Conflict) if attempts < ATTEMPTS => {
                        attempts += 1;
                        if let Some(fresh) = self.accounts.load(id).await? {
                            handle.replace(fresh);
                        }
                    }
                    Err(error) => return Err(error.into()),
                },
            }
        }
    }

    fn outbox_of(
        &self,
        account: &Account,
        telling: &Telling,
        people: &People,
        now: Timestamp,
    ) -> Result<Vec<OutboxMessage>, Error> {
        let link = format!("{}/accounts/{}", self.config.public_url, account.id());
        let message = |mail| {
            Ok(OutboxMessage {
                account_id: Some(account.id()),
                kind: "mail".to_owned(),
                body: serde_json::to_string(&mail).map_err(Error::internal)?,
                created_at: now,
            })
        };
        telling.mails(account, people, &link).map(message).collect()
    }

    /// Records what ends, at its moment or as soon after as this runs, until `stop` resolves.
    pub async fn keep_lapsing(self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            let wait = match self.lapse_due().await {
                Ok(next) => next.and_then(|next| self.until(next)).map_or(IDLE, |wait| wait.min(IDLE)),
                Err(error) => {
                    tracing::warn!(%error, detail = error.detail(), "it could not be looked for what has ended");
                    IDLE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.deadline_moved.notified() => {}
                () = &mut stop => return,
            }
        }
    }

    /// How long it is until a moment; `None` if it has passed, since what is due then could not be done just now.
    fn until(&self, at: Timestamp) -> Option<Duration> {
        let wait = Duration::try_from(at.duration_since(self.now())).ok()?;
        // Timers count whole milliseconds, and waking before the moment would be for nothing.
        (!wait.is_zero()).then(|| wait.saturating_add(Duration::from_millis(1)))
    }
}
