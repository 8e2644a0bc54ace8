//! Sends what the outbox holds, until it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use bailiwick_store::{OutboxEntry, Store, StoreError};
use jiff::Timestamp;
use metrics::{counter, gauge};
use tokio::sync::Notify;
use uuid::Uuid;

use super::backoff::retry_after;
use super::message::render;
use super::request::MailRequest;
use super::{DeliveryError, Mailer};
use crate::service::Clock;
use crate::telemetry::metrics::{MAILS, MAILS_WAITING};

/// How many mails are taken at once.
const BATCH: usize = 32;
/// How long a taken mail is ours: longer than any attempt, so that no second attempt runs beside it.
const LEASE: Duration = Duration::from_mins(5);
/// How often the outbox is looked at when nobody says that there is mail: retries come due by themselves.
const IDLE: Duration = Duration::from_secs(15);

/// Delivers mail from the outbox.
pub struct Worker {
    store: Arc<dyn Store>,
    mailer: Arc<dyn Mailer>,
    clock: Clock,
    queued: Arc<Notify>,
}

impl Worker {
    /// A worker that is woken by `queued`.
    pub fn new(store: Arc<dyn Store>, mailer: Arc<dyn Mailer>, clock: Clock, queued: Arc<Notify>) -> Self {
        Self { store, mailer, clock, queued }
    }

    /// Sends until `stop` resolves; an attempt that has begun is finished.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            match self.send_due().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, detail = error.detail(), "the outbox could not be read"),
            }
            tokio::select! {
                () = self.queued.notified() => {}
                () = tokio::time::sleep(IDLE) => {}
                () = &mut stop => return,
            }
        }
    }

    /// Makes one attempt for each mail that is due, up to a batch; answers how many.
    pub async fn send_due(&self) -> Result<usize, StoreError> {
        let due = self.store.claim_outbox((self.clock)(), LEASE, BATCH).await?;
        let count = due.len();
        for entry in due {
            let result = self.attempt(&entry).await;
            self.settle(&entry, result).await?;
        }
        let counts = self.store.outbox_counts().await?;
        gauge!(MAILS_WAITING).set(f64::from(u32::try_from(counts.waiting).unwrap_or(u32::MAX)));
        Ok(count)
    }

    async fn attempt(&self, entry: &OutboxEntry) -> Result<(), DeliveryError> {
        let request: MailRequest = serde_json::from_str(&entry.message.body)
            .map_err(|error| DeliveryError::permanent(format!("the stored mail cannot be read: {error}")))?;
        let mail = render(&request, Uuid::now_v7(), (self.clock)())?;
        self.mailer.send(&mail).await
    }

    async fn settle(&self, entry: &OutboxEntry, result: Result<(), DeliveryError>) -> Result<(), StoreError> {
        let Err(error) = result else {
            counter!(MAILS, "result" => "sent").increment(1);
            return self.store.outbox_done(entry.outbox_id).await;
        };
        let next = retry_after(&error, entry.attempts).and_then(|wait| due_in((self.clock)(), wait));
        let result = if next.is_some() { "retry" } else { "given_up" };
        counter!(MAILS, "result" => result).increment(1);
        tracing::warn!(outbox_id = entry.outbox_id.0, attempts = entry.attempts, %error, result, "a mail was not sent");
        if let Some(next) = next {
            return self.store.outbox_failed(entry.outbox_id, &error.to_string(), next).await;
        }
        let kept = kept_of(&entry.message.body);
        self.store.outbox_given_up(entry.outbox_id, &error.to_string(), &kept).await
    }
}

/// What is kept of a mail that was given up. Its link would still let in whoever reads the database.
fn kept_of(body: &str) -> String {
    let request = serde_json::from_str::<MailRequest>(body).map(MailRequest::without_secrets);
    // Of a body that cannot be read nobody knows what is secret in it.
    let kept = request.unwrap_or_else(|_| MailRequest::unreadable());
    serde_json::to_string(&kept).unwrap_or_default()
}

fn due_in(now: Timestamp, wait: Duration) -> Option<Timestamp> {
    now.checked_add(jiff::SignedDuration::try_from(wait).ok()?).ok()
}
