//! Refusals in plain words, by the field where they belong.

use axum::http::StatusCode;
use bailiwick_core::account::{Account, Refusal};
use bailiwick_core::values::InvalidText;

use super::text::{prose, sentence};
use crate::api::problem::status_of;
use crate::service::Error;

/// What a person is told when something was not done.
#[derive(Debug, Clone)]
pub(super) struct Complaint {
    /// The field it is about; the whole form when `None`.
    pub(super) field: Option<String>,
    /// What is wrong, as HTML.
    pub(super) message: String,
    /// What to do, as HTML; possibly empty.
    pub(super) hint: String,
    /// The status of the page that shows it.
    pub(super) status: StatusCode,
    /// When to try again.
    pub(super) retry_after_seconds: Option<u64>,
}

impl Complaint {
    /// What this room has to say itself.
    pub(super) fn plain(status: StatusCode, message: &str, hint: &str) -> Self {
        Self { field: None, message: prose(message), hint: prose(hint), status, retry_after_seconds: None }
    }

    /// A field that was not understood.
    pub(super) fn field(field: &str, message: &str, hint: &str) -> Self {
        let complaint = Self::plain(StatusCode::UNPROCESSABLE_ENTITY, &sentence(message), &sentence(hint));
        Self { field: Some(field.to_owned()), ..complaint }
    }

    /// A text that a field does not take.
    pub(super) fn text(field: &str, label: &str, problem: &InvalidText) -> Self {
        let message = match problem {
            InvalidText::TooShort { found: 0, .. } => format!("{label} is needed"),
            problem => format!("{label} {problem}"),
        };
        Self::field(field, &message, "")
    }

    /// The same about another field.
    pub(super) fn about(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// What the service says.
    pub(super) fn of(error: &Error) -> Self {
        Self::with_names(error, None)
    }

    /// What the service says, with the names of what it mentions by id.
    pub(super) fn with_names(error: &Error, account: Option<&Account>) -> Self {
        if let Error::InvalidText { field, problem } = error {
            let label = if field == "password" { "a password" } else { "the name" };
            return Self::text(field, label, problem);
        }
        let message = message(error, account);
        let complaint = Self::plain(status(error), &sentence(&message), &sentence(hint(error)));
        Self { field: field_of(error), retry_after_seconds: retry_after(error), ..complaint }
    }
}

fn message(error: &Error, account: Option<&Account>) -> String {
    match (error, account) {
        (Error::Refused(Refusal::Denied { permission, scope }), Some(account)) => {
            format!("this needs the permission `{permission}` in {}", account.scope_words(scope))
        }
        (Error::Refused(Refusal::Forbidden { policy, permission, scope }), Some(account)) => {
            format!("{policy} forbids you `{permission}` in {}", account.scope_words(scope))
        }
        (Error::Refused(Refusal::KeptBack { policy, missing, scope }), Some(account)) => format!(
            "you cannot give what {policy} can keep from you and does not keep from them alike: {missing} in {}",
            account.scope_words(scope)
        ),
        (Error::Refused(Refusal::Escalation { missing, scope }), Some(account)) => {
            format!("you cannot give what you do not hold: {missing} in {}", account.scope_words(scope))
        }
        (Error::Refused(Refusal::Outlasts { until, missing, scope }), Some(account)) => format!(
            "your own access ends at {until}, and what you give must end no later: {missing} in {}",
            account.scope_words(scope)
        ),
        (Error::Refused(Refusal::Above { what, missing, scope }), Some(account)) => {
            format!("{what} is above what you hold in {}: you lack {missing}", account.scope_words(scope))
        }
        (Error::Refused(Refusal::LastHolder { role, scope }), Some(account)) => {
            let title = account.role_title(role).unwrap_or("this role");
            format!("nobody would be {title} of {} any more", account.scope_words(scope))
        }
        (Error::Refused(Refusal::WrongLevel { role, .. }), Some(account)) => {
            let title = account.role_title(role).unwrap_or("this role");
            format!("the role {title} is not granted at this kind of scope")
        }
        (Error::InTheWay(people), _) => {
            let each: Vec<String> = people.iter().map(ToString::to_string).collect();
            format!("nobody was invited; {}", each.join("; "))
        }
        (error, _) => error.to_string(),
    }
}

fn hint(error: &Error) -> &'static str {
    match error {
        // The reference to the API's parameter helps nobody here.
        Error::Refused(Refusal::RoleInUse { .. }) => "choose the role that its holders get instead",
        Error::Refused(refusal) | Error::Field { refusal, .. } => refusal.hint(),
        Error::InTheWay(people) => people.first().map_or("", |one| one.refusal.hint()),
        Error::Password(problem) => problem.hint(),
        Error::Unauthenticated => "your session has ended",
        Error::WrongCredentials => {
            "check both; passwords are case-sensitive, and a forgotten one can be replaced"
        }
        Error::LinkInvalid => "ask whoever sent it for a new one",
        Error::AlreadySetUp => "sign in, or ask an owner for an invitation",
        Error::EmailNotVerified => {
            "follow a link that is mailed to you: that of an invitation, or one to choose a new password"
        }
        Error::Internal { .. } => "try again; if it happens again, tell whoever runs this platform",
        Error::Ambiguous { .. } => "name it by its id",
        Error::TooLarge { .. } => "send less at once",
        Error::TooManyMails { .. } => "meanwhile the link can be copied and passed on by hand",
        Error::Unavailable { .. } | Error::StaleRevision { .. } => "look at the page anew and try again",
        _ => "",
    }
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::Refused(refusal) => status_of(refusal.kind()),
        Error::LinkInvalid => StatusCode::NOT_FOUND,
        Error::Unauthenticated => StatusCode::UNAUTHORIZED,
        Error::TooManyAttempts { .. } | Error::TooManyMails { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::StaleRevision { .. } | Error::RevisionAhead { .. } => StatusCode::PRECONDITION_FAILED,
        Error::IdempotencyMismatch | Error::AlreadySetUp | Error::EmailTaken | Error::InTheWay(_) => {
            StatusCode::CONFLICT
        }
        Error::SelfServiceOff | Error::EmailNotVerified => StatusCode::FORBIDDEN,
        Error::WrongCredentials
        | Error::PasswordNotAsked
        | Error::InvalidText { .. }
        | Error::Field { .. }
        | Error::Ambiguous { .. }
        | Error::Document(_)
        | Error::Password(_)
        | Error::AsOfTooEarly { .. }
        | Error::AsOfInFuture { .. }
        | Error::TooLarge { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn field_of(error: &Error) -> Option<String> {
    let field = match error {
        Error::Password(_) => "password",
        Error::InTheWay(_) => "emails",
        Error::Refused(Refusal::Taken { field: "name", .. }) => "name",
        _ => return None,
    };
    Some(field.to_owned())
}

fn retry_after(error: &Error) -> Option<u64> {
    match error {
        Error::TooManyAttempts { retry_after_seconds }
        | Error::TooManyMails { retry_after_seconds }
        | Error::Unavailable { retry_after_seconds, .. } => Some(*retry_after_seconds),
        _ => None,
    }
}
