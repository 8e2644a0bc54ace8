//! Why a request led to nothing.

use crate::wire::Problem;

/// Why a request led to nothing. `Display` is the message for people; [`Error::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No answer came: wrong address, server down, network, TLS, or it took too long.
    #[error("the server at `{base_url}` cannot be reached: {reason}")]
    Unreachable {
        /// Where the client looked for the server.
        base_url: String,
        /// What went wrong, in a few words.
        reason: &'static str,
        /// The error below.
        #[source]
        source: reqwest::Error,
    },
    /// The server said no.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// An answer came that is not one of Bailiwick's: a proxy's page, a redirect, another version.
    #[error("the answer to `{request}` was not understood: {reason}")]
    Protocol {
        /// Method and path.
        request: String,
        /// What was wrong with the answer.
        reason: String,
    },
    /// The request could not even be made from what the caller gave.
    #[error("`{given}` {reason}")]
    Invalid {
        /// As given; never a secret.
        given: String,
        /// What is wrong with it.
        reason: &'static str,
        /// What to do about it.
        hint: &'static str,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Unreachable { .. } => {
                Some("check the address, and that the server runs (`bailiwick serve`)")
            }
            Self::Problem(problem) => problem.hint.as_deref(),
            Self::Protocol { .. } => Some(
                "check that the address is that of a Bailiwick server of this version, with nothing else in between",
            ),
            Self::Invalid { hint, .. } => Some(hint),
        }
    }

    /// The problem document, if the server said no.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// The stable code of the problem, if the server said no.
    pub fn code(&self) -> Option<&str> {
        self.problem().map(|problem| problem.code.as_str())
    }

    /// The HTTP status, if the server said no.
    pub fn status(&self) -> Option<u16> {
        self.problem().map(|problem| problem.status)
    }

    pub(super) fn unreachable(base_url: &str, source: reqwest::Error) -> Self {
        let reason = if source.is_timeout() {
            "it took too long to answer"
        } else if source.is_connect() {
            "no connection could be made"
        } else {
            "the connection broke"
        };
        // The URL of the request holds what the caller looks for, which need not be in every log.
        Self::Unreachable { base_url: base_url.to_owned(), reason, source: source.without_url() }
    }
}
