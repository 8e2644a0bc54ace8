//! The directory: users, memberships, sessions, links and keys. It holds the personal data that events must not.

use std::borrow::Cow;
use std::fmt;

use bailiwick_core::ids::{AccountId, InvitationId, KeyId, UserId};
use jiff::Timestamp;

mod rows;

pub use self::rows::{LinkRow, Membership, SessionRow, UserRow};

/// The most users that are read at once by id.
pub const MAX_USERS_PER_BATCH: usize = 10_000;

/// The SHA-256 of a session's or link's secret: the secret itself is never kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    /// Shows the first four bytes, enough to tell two apart in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(")?;
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("…)")
    }
}

/// How a user stands in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MembershipStatus {
    /// Invited and not yet in.
    Pending,
    /// In.
    Active,
    /// Deactivated by an admin.
    Inactive,
}

impl MembershipStatus {
    /// The word that is kept.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }

    /// The status that a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "pending" => Some(Self::Pending),
            "active" => Some(Self::Active),
            "inactive" => Some(Self::Inactive),
            _ => None,
        }
    }
}

/// A change of the directory, written with the commit it is part of.
#[derive(Clone, PartialEq, Eq)]
pub enum DirectoryChange {
    /// Adds a user. [`EmailTaken`](crate::StoreError::EmailTaken) when another user has the email.
    CreateUser {
        /// The new user's id.
        user_id: UserId,
        /// The email, normalised by the caller: equal emails are equal texts.
        email: String,
        /// The name to show; empty when it is not known yet.
        name: String,
        /// When the email was proved to be the user's.
        verified_at: Option<Timestamp>,
        /// When the user was added.
        created_at: Timestamp,
    },
    /// Changes the name to show.
    UpdateUserName {
        /// The user.
        user_id: UserId,
        /// The new name.
        name: String,
    },
    /// Records that the email was proved to be the user's; the first proof counts.
    VerifyUser {
        /// The user.
        user_id: UserId,
        /// When it was proved.
        at: Timestamp,
    },
    /// Refuses the commit unless the user still has this password and stands the same about the proof of the email:
    /// [`PasswordChanged`](crate::StoreError::PasswordChanged). For what was decided by a password that was read before.
    RequirePassword {
        /// The user.
        user_id: UserId,
        /// The password's hash as it was read; `None` for a user who had none.
        hash: Option<String>,
        /// Whether the email had been proved to be the user's.
        verified: bool,
    },
    /// Refuses the commit as [`Missing`](crate::StoreError::Missing) when the session has ended. For what was decided by
    /// a session that was read before.
    RequireSession {
        /// The session's hash.
        token_hash: TokenHash,
    },
    /// Sets or removes the password.
    SetPassword {
        /// The user.
        user_id: UserId,
        /// The password's hash in PHC form.
        hash: Option<String>,
    },
    /// Sets the account that opens after sign-in.
    SetDefaultAccount {
        /// The user.
        user_id: UserId,
        /// The account.
        account_id: Option<AccountId>,
    },
    /// Records a sign-in.
    SignedIn {
        /// The user.
        user_id: UserId,
        /// When.
        at: Timestamp,
    },
    /// Adds a membership or changes its status.
    SetMembership {
        /// The user.
        user_id: UserId,
        /// The account.
        account_id: AccountId,
        /// The new status.
        status: MembershipStatus,
    },
    /// Removes a membership, which need not exist.
    EndMembership {
        /// The user.
        user_id: UserId,
        /// The account.
        account_id: AccountId,
    },
    /// Adds a single-use link.
    CreateLink(LinkRow),
    /// Uses a link up. [`LinkUsed`](crate::StoreError::LinkUsed) when it is not there or has expired at `now`.
    ConsumeLink {
        /// The link's hash.
        token_hash: TokenHash,
        /// The time to judge its end by.
        now: Timestamp,
    },
    /// Removes all links of an invitation.
    EndLinksOfInvitation {
        /// The invitation.
        invitation_id: InvitationId,
    },
    /// Removes a user's links of one purpose.
    EndLinksOfUser {
        /// The user.
        user_id: UserId,
        /// The purpose.
        purpose: Cow<'static, str>,
    },
    /// Adds a session.
    CreateSession(SessionRow),
    /// Records that a session was used; a session that has ended is left alone.
    TouchSession {
        /// The session's hash.
        token_hash: TokenHash,
        /// When it was used.
        seen_at: Timestamp,
    },
    /// Ends a session, which need not exist.
    EndSession {
        /// The session's hash.
        token_hash: TokenHash,
    },
    /// Ends a user's sessions.
    EndSessionsOfUser {
        /// The user.
        user_id: UserId,
        /// The session to keep, usually the one that asked.
        except: Option<TokenHash>,
    },
    /// Takes a user's sessions out of an account, and ends every one of them when the user is active in no account any more.
    /// Comes behind the change of the membership, by whose rows it is judged.
    TakeSessionsOut {
        /// The user.
        user_id: UserId,
        /// The account.
        account_id: AccountId,
    },
    /// Moves a session to another account, or to none. `Missing` when the session has ended.
    SetSessionAccount {
        /// The session's hash.
        token_hash: TokenHash,
        /// The account.
        account_id: Option<AccountId>,
    },
    /// Says which account a management key belongs to.
    AddKey {
        /// The key.
        key_id: KeyId,
        /// Its account.
        account_id: AccountId,
    },
    /// Removes a management key, which need not exist.
    RemoveKey {
        /// The key.
        key_id: KeyId,
    },
    /// Removes an account's memberships, keys and links, and takes sessions and defaults out of it. Part of its deletion.
    ForgetAccount {
        /// The account.
        account_id: AccountId,
    },
    /// Sets or removes a platform fact.
    SetMeta {
        /// The fact's name.
        key: Cow<'static, str>,
        /// Its value.
        value: Option<String>,
    },
}

impl DirectoryChange {
    /// The texts that are short.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let (one, other) = match self {
            Self::CreateUser { email, name, .. } => (Some(&**email), Some(&**name)),
            Self::UpdateUserName { name, .. } => (Some(&**name), None),
            Self::SetPassword { hash, .. } | Self::RequirePassword { hash, .. } => (hash.as_deref(), None),
            Self::CreateLink(link) => (Some(&*link.purpose), None),
            Self::EndLinksOfUser { purpose, .. } => (Some(&**purpose), None),
            Self::CreateSession(session) => (session.user_agent.as_deref(), None),
            Self::SetMeta { key, .. } => (Some(&**key), None),
            _ => (None, None),
        };
        one.into_iter().chain(other)
    }

    /// The text that may be long.
    pub(crate) fn body(&self) -> Option<&str> {
        match self {
            Self::SetMeta { value, .. } => value.as_deref(),
            _ => None,
        }
    }
}

impl fmt::Debug for DirectoryChange {
    /// Shows which change it is and whom it is about, never a password's hash, a name or an email.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateUser { user_id, .. } => write!(f, "CreateUser({user_id})"),
            Self::UpdateUserName { user_id, .. } => write!(f, "UpdateUserName({user_id})"),
            Self::VerifyUser { user_id, .. } => write!(f, "VerifyUser({user_id})"),
            Self::RequirePassword { user_id, verified, .. } => {
                write!(f, "RequirePassword({user_id}, {verified})")
            }
            Self::RequireSession { token_hash } => write!(f, "RequireSession({token_hash:?})"),
            Self::SetPassword { user_id, .. } => write!(f, "SetPassword({user_id})"),
            Self::SetDefaultAccount { user_id, account_id } => {
                write!(f, "SetDefaultAccount({user_id}, {account_id:?})")
            }
            Self::SignedIn { user_id, at } => write!(f, "SignedIn({user_id}, {at})"),
            Self::SetMembership { user_id, account_id, status } => {
                write!(f, "SetMembership({user_id}, {account_id}, {status:?})")
            }
            Self::EndMembership { user_id, account_id } => {
                write!(f, "EndMembership({user_id}, {account_id})")
            }
            Self::CreateLink(link) => write!(f, "CreateLink({link:?})"),
            Self::ConsumeLink { token_hash, .. } => write!(f, "ConsumeLink({token_hash:?})"),
            Self::EndLinksOfInvitation { invitation_id } => {
                write!(f, "EndLinksOfInvitation({invitation_id})")
            }
            Self::EndLinksOfUser { user_id, purpose } => write!(f, "EndLinksOfUser({user_id}, {purpose})"),
            Self::CreateSession(session) => write!(f, "CreateSession({session:?})"),
            Self::TouchSession { token_hash, seen_at } => {
                write!(f, "TouchSession({token_hash:?}, {seen_at})")
            }
            Self::EndSession { token_hash } => write!(f, "EndSession({token_hash:?})"),
            Self::EndSessionsOfUser { user_id, except } => {
                write!(f, "EndSessionsOfUser({user_id}, {except:?})")
            }
            Self::TakeSessionsOut { user_id, account_id } => {
                write!(f, "TakeSessionsOut({user_id}, {account_id})")
            }
            Self::SetSessionAccount { token_hash, account_id } => {
                write!(f, "SetSessionAccount({token_hash:?}, {account_id:?})")
            }
            Self::AddKey { key_id, account_id } => write!(f, "AddKey({key_id}, {account_id})"),
            Self::RemoveKey { key_id } => write!(f, "RemoveKey({key_id})"),
            Self::ForgetAccount { account_id } => write!(f, "ForgetAccount({account_id})"),
            Self::SetMeta { key, .. } => write!(f, "SetMeta({key})"),
        }
    }
}
