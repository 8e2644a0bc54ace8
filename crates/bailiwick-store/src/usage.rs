//! When what somebody holds was last made use of, and which accounts have something to do.

use bailiwick_core::ids::AccountId;
use jiff::Timestamp;

/// The most uses that are recorded at once, and the most holders whose uses are read at once.
pub const MAX_USES_PER_BATCH: usize = 10_000;

/// The day on which something was last made use of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UseRow {
    /// In which account.
    pub account_id: AccountId,
    /// Id of the member, service account or key.
    pub holder_id: String,
    /// The permission; empty for a key.
    pub permission: String,
    /// Days since the Unix epoch, in UTC.
    pub day: i32,
}

/// An account that has something to record by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueAccount {
    /// Since when.
    pub due_at: Timestamp,
    /// Which.
    pub account_id: AccountId,
}
