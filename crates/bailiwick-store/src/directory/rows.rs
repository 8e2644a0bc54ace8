//! The rows of the directory as they are read, and given where a whole row is written.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use bailiwick_core::ids::{AccountId, InvitationId, UserId};
use jiff::Timestamp;

use super::{MembershipStatus, TokenHash};

/// A user as the directory knows them.
#[derive(Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The user.
    pub user_id: UserId,
    /// The normalised email.
    pub email: String,
    /// The name to show; empty when it is not known yet.
    pub name: String,
    /// When the email was proved to be the user's.
    pub verified_at: Option<Timestamp>,
    /// The password's hash in PHC form.
    pub password_hash: Option<String>,
    /// The account that opens after sign-in.
    pub default_account: Option<AccountId>,
    /// When the user was added.
    pub created_at: Timestamp,
    /// When the user signed in last.
    pub last_sign_in_at: Option<Timestamp>,
    /// Grows by one with every change of this row, sign-ins included.
    pub revision: u64,
}

impl fmt::Debug for UserRow {
    /// Shows the id only: the rest is personal or secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserRow").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// A user's place in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Membership {
    /// The account.
    pub account_id: AccountId,
    /// How the user stands in it.
    pub status: MembershipStatus,
}

/// A signed-in browser or program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The hash of the session's secret.
    pub token_hash: TokenHash,
    /// Whose session it is.
    pub user_id: UserId,
    /// The account it is in.
    pub account_id: Option<AccountId>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was used last.
    pub seen_at: Timestamp,
    /// When it ends at the latest. The store keeps the row until it is pruned: the caller judges.
    pub expires_at: Timestamp,
    /// The address it began from.
    pub source_ip: Option<IpAddr>,
    /// What the browser or program called itself.
    pub user_agent: Option<String>,
}

/// A link that works once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// The hash of the link's secret.
    pub token_hash: TokenHash,
    /// What it is for, such as `invitation`.
    pub purpose: Cow<'static, str>,
    /// Whom it is for.
    pub user_id: UserId,
    /// The account it leads to.
    pub account_id: Option<AccountId>,
    /// The invitation it accepts.
    pub invitation_id: Option<InvitationId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; `None` for one that lasts until it is used or ended.
    pub expires_at: Option<Timestamp>,
}
