//! What a use case can fail with: the domain's refusals, and what lies below the domain.

use bailiwick_core::account::{Kind, Refusal};
use bailiwick_core::values::InvalidText;
use bailiwick_store::{StoreError, Unavailable};

use super::{DocumentProblem, InTheWay};
use crate::identity::password::HashError;
use crate::identity::password::rules::PasswordProblem;

/// Why a request was not done. `Display` is for the caller; [`Error::detail`] is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The domain said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No credential, or one that is not valid (any more).
    #[error("sign in or send a valid management key")]
    Unauthenticated,
    /// Email and password do not belong together. It does not say which of them is wrong.
    #[error("the email address or the password is wrong")]
    WrongCredentials,
    /// Too many attempts.
    #[error("too many attempts; try again in {retry_after_seconds} seconds")]
    TooManyAttempts {
        /// For the header `Retry-After`.
        retry_after_seconds: u64,
    },
    /// More mail than an account, or one invitation, may cause.
    #[error("too many invitations were mailed; try again in {retry_after_seconds} seconds")]
    TooManyMails {
        /// For the header `Retry-After`.
        retry_after_seconds: u64,
    },
    /// The entity changed since the caller read it.
    #[error("it was changed in the meantime: its revision is {actual}")]
    StaleRevision {
        /// The revision that it has now.
        actual: u64,
    },
    /// A past before the account.
    #[error("the account was opened at {opened_at}: before that there is nothing to look at")]
    AsOfTooEarly {
        /// When it was opened.
        opened_at: jiff::Timestamp,
    },
    /// A past that has not come yet.
    #[error("that has not come yet: the account is at revision {revision} now")]
    AsOfInFuture {
        /// The revision now.
        revision: u64,
    },
    /// An answer is asked for from a state that this node has not seen.
    #[error("the account is at revision {actual} here, and the answer is asked for from a newer one")]
    RevisionAhead {
        /// The revision here.
        actual: u64,
    },
    /// The same idempotency key came with another request.
    #[error("this idempotency key was used for another request")]
    IdempotencyMismatch,
    /// A link that does not exist, was used, was replaced or has expired.
    #[error("this link is not valid: it was used, replaced or has expired")]
    LinkInvalid,
    /// A password came with a link that signs in without one.
    #[error("this link signs in without a password, so it takes none")]
    PasswordNotAsked,
    /// The platform has an owner already.
    #[error("this platform is set up already")]
    AlreadySetUp,
    /// Only operators open accounts here.
    #[error("accounts are opened by the operator of this platform")]
    SelfServiceOff,
    /// The person's email was never proved to be theirs.
    #[error("the email address is not confirmed yet")]
    EmailNotVerified,
    /// A text that the field does not take.
    #[error("`{field}` {problem}")]
    InvalidText {
        /// The field, as a JSON pointer without its first slash.
        field: String,
        /// What is wrong.
        problem: InvalidText,
    },
    /// A field names something that the domain does not take, for instance an id of another account.
    #[error("`{value}`: {refusal}")]
    Field {
        /// The field, as a JSON pointer without its first slash, or `?` and the name of a query parameter.
        field: String,
        /// As given, shortened.
        value: String,
        /// What is wrong with it.
        refusal: Refusal,
    },
    /// A field names more than one thing: whoever may name one of them could make it catch what is meant for another.
    #[error("`{value}` can mean more than one {kind}")]
    Ambiguous {
        /// The field, as in [`Error::Field`].
        field: String,
        /// As given, shortened.
        value: String,
        /// What sort of thing.
        kind: &'static str,
    },
    /// People who cannot be invited; never empty. Nobody was.
    #[error("{}", people_text(.0))]
    InTheWay(Vec<InTheWay>),
    /// What is wrong with a document; never empty. Nothing of it was done.
    #[error("{}", document_text(.0))]
    Document(Vec<DocumentProblem>),
    /// A password that is not accepted.
    #[error(transparent)]
    Password(#[from] PasswordProblem),
    /// A user with this email was made in the meantime; looking them up again finds them.
    #[error("another user has this email")]
    EmailTaken,
    /// A request over a stated limit.
    #[error("{what} is over its limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The request can be tried again later.
    #[error("{message}")]
    Unavailable {
        /// Why, in words for the caller.
        message: String,
        /// What happened, for the log.
        detail: String,
        /// For the header `Retry-After`.
        retry_after_seconds: u64,
    },
    /// A defect.
    #[error("something went wrong on our side")]
    Internal {
        /// What happened, for the log.
        detail: String,
    },
}

impl Error {
    /// A defect, with its chain for the log.
    pub fn internal(detail: impl std::fmt::Display) -> Self {
        Self::Internal { detail: detail.to_string() }
    }

    /// The refusal that the account's record shall show. Whether there is a thing that does not exist is nobody's business.
    pub(super) fn to_record(&self) -> Option<&Refusal> {
        let refusal = match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Document(problems) => DocumentProblem::denied(problems),
            _ => None,
        };
        refusal.filter(|refusal| refusal.kind() != Kind::NotFound)
    }

    /// The text for the log that `Display` leaves out.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Unavailable { detail, .. } | Self::Internal { detail } => Some(detail),
            _ => None,
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::LinkUsed => Self::LinkInvalid,
            // What was proved by it is proved no more.
            StoreError::PasswordChanged => Self::WrongCredentials,
            StoreError::Missing { what: "session" } => Self::Unauthenticated,
            StoreError::EmailTaken => Self::EmailTaken,
            StoreError::TooLarge { what, limit } => Self::TooLarge { what, limit },
            StoreError::Unavailable { reason, detail } => {
                let retry_after_seconds = if reason == Unavailable::Busy { 1 } else { 10 };
                Self::Unavailable {
                    message: format!("nothing can be stored right now: {reason}"),
                    detail,
                    retry_after_seconds,
                }
            }
            StoreError::Conflict => Self::Unavailable {
                message: "the account is changing too fast; try again".to_owned(),
                detail: "commits kept conflicting".to_owned(),
                retry_after_seconds: 1,
            },
            other => Self::internal(format_args!("{other}: {}", other.detail().unwrap_or_default())),
        }
    }
}

impl From<HashError> for Error {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy { retry_after_seconds } => Self::Unavailable {
                message: "too many people sign in right now; try again".to_owned(),
                detail: error.to_string(),
                retry_after_seconds,
            },
            other => Self::internal(other),
        }
    }
}

fn people_text(people: &[InTheWay]) -> String {
    match people {
        [one] => one.to_string(),
        many => format!("{} of these people cannot be invited, so nobody was", many.len()),
    }
}

fn document_text(problems: &[DocumentProblem]) -> String {
    match problems {
        [one] => one.message.clone(),
        many => format!("{} things are wrong with the document, so nothing of it was done", many.len()),
    }
}

/// An account that does not exist for the caller.
pub(crate) fn no_account() -> Error {
    Error::Refused(Refusal::NotFound { kind: "account" })
}
