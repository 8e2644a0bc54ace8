//! Mail on its way.

use bailiwick_client::wire;
use bailiwick_store::OutboxEntry;

use crate::delivery::request::MailRequest;

/// A message of the outbox that this version of Bailiwick cannot read.
#[derive(Debug, thiserror::Error)]
#[error("a message of the outbox cannot be read: {0}")]
pub struct Unreadable(#[from] serde_json::Error);

/// A message that waits or was given up: of its body only to whom it goes, since the body has a secret link in it.
pub fn delivery(entry: &OutboxEntry) -> Result<wire::Delivery, Unreadable> {
    let request: MailRequest = serde_json::from_str(&entry.message.body)?;
    let state = match entry.next_attempt_at {
        Some(_) => wire::DeliveryState::Waiting,
        None => wire::DeliveryState::Failed,
    };
    Ok(wire::Delivery {
        id: entry.outbox_id.0.to_string(),
        kind: request.kind().to_owned(),
        to: request.to().to_owned(),
        state,
        attempts: entry.attempts,
        last_error: entry.last_error.clone(),
        next_attempt_at: entry.next_attempt_at,
    })
}
