//! From what a use case failed with to what the caller is told.

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use bailiwick_client::wire::FieldError;
use bailiwick_core::account::Refusal;
use bailiwick_core::values::InvalidText;

use super::codes::{code, status_of};
use super::{Failure, Inner};
use crate::service::{DocumentProblem, Error, InTheWay};

/// RFC 6750 section 3. The realm tells people which system asks.
const CHALLENGE: &str = r#"Bearer realm="bailiwick""#;

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let code = refusal.code();
        let title =
            Refusal::CODES.iter().find(|(known, _, _)| *known == code).map_or("", |(_, title, _)| title);
        Self(Box::new(Inner {
            code,
            status: status_of(refusal.kind()),
            title: title.trim_end_matches('.'),
            detail: match refusal {
                Refusal::NotFound { kind: "account" } => "there is no such account".to_owned(),
                _ => refusal.to_string(),
            },
            hint: refusal.hint(),
            errors: mistakes(&refusal),
            headers: Vec::new(),
            log: None,
            refusal: Some(refusal),
        }))
    }
}

/// Each mistake in the text of a policy, with its place.
fn mistakes(refusal: &Refusal) -> Vec<FieldError> {
    let Refusal::InvalidPolicy { mistakes } = refusal else { return Vec::new() };
    let error = |mistake: &bailiwick_core::policy::Mistake| {
        let hint = mistake.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        let at =
            if mistake.snippet.is_empty() { String::new() } else { format!(" at `{}`", mistake.snippet) };
        FieldError {
            field: "/text".to_owned(),
            code: refusal.code().to_owned(),
            message: format!("{mistake}{at}{hint}"),
        }
    };
    mistakes.0.iter().map(error).collect()
}

/// A field as problems name it.
fn pointer(field: String) -> String {
    if field.starts_with('?') { field } else { format!("/{field}") }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Unauthenticated => Self::unauthenticated(text),
            Error::WrongCredentials => {
                Self::new(&code::WRONG_CREDENTIALS, text).with_header(WWW_AUTHENTICATE, CHALLENGE)
            }
            Error::TooManyAttempts { retry_after_seconds } => Self::new(&code::TOO_MANY_ATTEMPTS, text)
                .with_header(RETRY_AFTER, &retry_after_seconds.to_string()),
            Error::TooManyMails { retry_after_seconds } => Self::new(&code::TOO_MANY_MAILS, text)
                .with_header(RETRY_AFTER, &retry_after_seconds.to_string()),
            Error::StaleRevision { .. } => Self::new(&code::STALE_REVISION, text),
            Error::AsOfTooEarly { .. } => Self::field(&code::AS_OF_TOO_EARLY, "?as_of", text),
            Error::AsOfInFuture { .. } => Self::field(&code::AS_OF_IN_FUTURE, "?as_of", text),
            Error::RevisionAhead { .. } => {
                Self::new(&code::REVISION_AHEAD, text).with_header(RETRY_AFTER, "1")
            }
            Error::IdempotencyMismatch => Self::new(&code::IDEMPOTENCY_MISMATCH, text),
            Error::LinkInvalid => Self::new(&code::LINK_INVALID, text),
            Error::PasswordNotAsked => Self::field(&code::INVALID_VALUE, "/password", text),
            Error::AlreadySetUp => Self::new(&code::ALREADY_SET_UP, text),
            Error::SelfServiceOff => Self::new(&code::SELF_SERVICE_OFF, text),
            Error::EmailNotVerified => Self::new(&code::EMAIL_NOT_VERIFIED, text),
            Error::InvalidText { field, problem } => Self::invalid_text(&field, &problem),
            Error::Ambiguous { field, .. } => Self::field(&code::AMBIGUOUS, pointer(field), text),
            Error::Field { field, refusal, .. } => {
                let pointer = pointer(field);
                let (code, message) = (refusal.code(), refusal.to_string());
                let mut failure = Self::from(refusal);
                failure.0.detail = text;
                failure.with_field(pointer, code, message)
            }
            Error::InTheWay(people) => Self::in_the_way(&people, text),
            Error::Document(problems) => Self::document(&problems, text),
            Error::Password(problem) => Self::new(&code::PASSWORD_REFUSED, problem.to_string()).with_field(
                "/password",
                "password_refused",
                problem.to_string(),
            ),
            Error::EmailTaken => Self::new(&code::EMAIL_TAKEN, text),
            Error::TooLarge { .. } => Self::new(&code::TOO_LARGE, text),
            Error::Unavailable { message, detail, retry_after_seconds } => {
                Self::new(&code::UNAVAILABLE, message)
                    .with_header(RETRY_AFTER, &retry_after_seconds.to_string())
                    .with_log(detail)
            }
            Error::Internal { detail } => Self::new(&code::INTERNAL, text).with_log(detail),
        }
    }
}

impl Failure {
    /// No credential, or one that is not valid.
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(&code::UNAUTHENTICATED, detail).with_header(WWW_AUTHENTICATE, CHALLENGE)
    }

    /// Nothing of this kind in the account.
    pub fn not_found(kind: &'static str) -> Self {
        Refusal::NotFound { kind }.into()
    }

    /// People who cannot be invited, each by their place in the request.
    fn in_the_way(people: &[InTheWay], text: String) -> Self {
        let first = people.first().map_or(Refusal::Nothing, |one| one.refusal.clone());
        let mut failure = Self::from(first);
        failure.0.detail = text;
        people.iter().fold(failure, |failure, one| {
            failure.with_field(format!("/emails/{}", one.place), one.refusal.code(), one.to_string())
        })
    }

    /// What is wrong with a document, each by its place. It is about a missing permission if any of it is.
    fn document(problems: &[DocumentProblem], text: String) -> Self {
        let mut failure = match DocumentProblem::denied(problems) {
            Some(refusal) => Self::from(refusal.clone()),
            None => Self::new(&code::INVALID_DOCUMENT, text.clone()),
        };
        // What is wrong with the outcome as a whole has no place that could be corrected.
        if let [DocumentProblem { field, refusal: Some(refusal), .. }] = problems
            && field.is_empty()
        {
            failure.0.hint = refusal.hint();
        }
        failure.0.detail = text;
        problems.iter().fold(failure, |failure, problem| {
            failure.with_field(problem.field.clone(), problem.code, problem.message.clone())
        })
    }

    /// A text that a field does not take; `field` is a JSON pointer without its first slash.
    pub fn invalid_text(field: &str, problem: &InvalidText) -> Self {
        let message = problem.to_string();
        Self::new(&code::INVALID_TEXT, format!("`{field}` {message}")).with_field(
            format!("/{field}"),
            text_code(problem),
            message,
        )
    }
}

/// The stable name of what is wrong with a text.
fn text_code(problem: &InvalidText) -> &'static str {
    match problem {
        InvalidText::TooShort { .. } => "too_short",
        InvalidText::TooLong { .. } => "too_long",
        InvalidText::NotPrintable { .. } => "not_printable",
        InvalidText::WhiteSpace => "white_space",
        InvalidText::ReservedPrefix { .. } => "reserved_prefix",
        InvalidText::NotAUrl => "not_a_url",
        InvalidText::NotAnEmail => "not_an_email",
        InvalidText::InternationalLocalPart => "international_local_part",
    }
}
