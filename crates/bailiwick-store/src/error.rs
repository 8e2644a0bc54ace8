//! What can go wrong when something is kept or read.

/// Why a commit was refused or a read could not be answered.
///
/// After any of these nothing of the commit is written. It is `Clone` because one failed transaction answers every
/// commit that was in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The account has another revision than expected, exists already, does not exist or was deleted.
    #[error("the account was changed by someone else in the meantime")]
    Conflict,
    /// A single-use link was used, has ended or has expired.
    #[error("the link was already used or has expired")]
    LinkUsed,
    /// Another user has the email.
    #[error("another user has this email")]
    EmailTaken,
    /// The user's password, or the proof of the email, is not what the commit was decided by.
    #[error("the password was changed in the meantime")]
    PasswordChanged,
    /// The idempotency key was recorded before: read the record and answer from it.
    #[error("the idempotency key was used before")]
    IdempotencyKeyUsed,
    /// A directory change names something that is not there, such as a user.
    #[error("the {what} does not exist")]
    Missing {
        /// The kind of thing, in the words of the design.
        what: &'static str,
    },
    /// Something in the commit or query is over its stated limit.
    #[error("{what} is over its limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The most that is taken, with its unit in `what`.
        limit: usize,
    },
    /// A file that is to be made is there already; it is never overwritten.
    #[error("the file `{path}` exists already")]
    Exists {
        /// The file.
        path: String,
    },
    /// The database cannot serve now; the same request may succeed later.
    #[error("the database is unavailable: {reason}")]
    Unavailable {
        /// What keeps it from serving.
        reason: Unavailable,
        /// What the database said, for the log.
        detail: String,
    },
    /// A defect in Bailiwick or a damaged database; trying again does not help.
    #[error("the database answered in an unexpected way")]
    Internal {
        /// What the database said, for the log.
        detail: String,
    },
}

impl StoreError {
    /// Whether the same request may succeed later without a change of its own.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// The text for the log that `Display` leaves out, if there is one.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Unavailable { detail, .. } | Self::Internal { detail } => Some(detail),
            _ => None,
        }
    }

    pub(crate) fn unavailable(reason: Unavailable, detail: impl Into<String>) -> Self {
        Self::Unavailable { reason, detail: detail.into() }
    }

    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::Internal { detail: detail.into() }
    }
}

/// What keeps the database from serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// No space is left for the database.
    #[error("the disk is full")]
    DiskFull,
    /// The database or its disk cannot be written.
    #[error("the database is read-only")]
    ReadOnly,
    /// The disk failed to read or write.
    #[error("the disk reported an error")]
    Io,
    /// Too much is waiting already, or another process holds the database.
    #[error("too much is waiting to be done")]
    Busy,
    /// The store was closed.
    #[error("it is shutting down")]
    Closed,
}
