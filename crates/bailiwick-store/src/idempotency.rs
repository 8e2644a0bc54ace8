//! Idempotency records: the answer to a request that may be sent again.

use bailiwick_core::ids::Revision;
use jiff::Timestamp;

/// The answer that was given to a request with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// What the key is unique in: the account with the caller, say.
    pub scope: String,
    /// The caller's key.
    pub key: String,
    /// A hash of the request, to tell a repetition from another request under the same key.
    pub fingerprint: [u8; 32],
    /// The revision that the request made, if it changed an account.
    pub revision: Option<Revision>,
    /// The answer, in the caller's own form.
    pub answer: String,
    /// When it was given.
    pub created_at: Timestamp,
}
