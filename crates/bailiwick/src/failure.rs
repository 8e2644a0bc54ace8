//! Why a command did not do what it was asked, and the exit code that says so.

mod hint;

use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

use bailiwick_client::Error;
use bailiwick_client::wire::Problem;

use crate::output::{one_line, red};

/// The exit code of what is refused, or not found, or denied.
pub const REFUSED: u8 = 1;
/// The exit code of a command line that makes no sense.
pub const USAGE: u8 = 2;
/// The exit code for a server that cannot be reached.
pub const UNREACHABLE: u8 = 3;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// The command line makes no sense.
    Usage {
        /// What is wrong with it.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// Something on this side says no: a file, a name that means two things.
    Refused {
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// The server said no, or could not be asked.
    Client(Error),
    /// Whoever reads our output has stopped reading, which is their right.
    Closed,
}

impl Failure {
    /// The command line makes no sense.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: hint.into() }
    }

    /// Something on this side says no.
    pub fn refused(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Refused { message: message.into(), hint: hint.into() }
    }

    /// A file that cannot be read or written.
    pub fn file(what: &str, path: &std::path::Path, error: &io::Error) -> Self {
        Self::refused(
            format!("cannot {what} `{}`: {error}", path.display()),
            "check that the path is right and that you may use it",
        )
    }

    /// Output that could not be written.
    pub fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Closed;
        }
        Self::refused(format!("cannot write the output: {error}"), "check where the output goes")
    }

    /// The exit code that says so.
    pub fn code(&self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::Usage { .. } | Self::Client(Error::Invalid { .. }) => USAGE,
            Self::Client(Error::Unreachable { .. } | Error::Protocol { .. }) => UNREACHABLE,
            Self::Refused { .. } | Self::Client(_) => REFUSED,
        }
    }

    /// Says it on stderr.
    pub fn report(&self) -> ExitCode {
        if let Some(text) = self.text() {
            eprintln!("{} {text}", red("error:"));
        }
        ExitCode::from(self.code())
    }

    /// The message with what is wrong in detail, and the hint at its end; none if there is nobody to read it.
    fn text(&self) -> Option<String> {
        let (mut text, hint) = match self {
            Self::Closed => return None,
            Self::Usage { message, hint } | Self::Refused { message, hint } => {
                (message.clone(), Some(hint.as_str()))
            }
            Self::Client(Error::Problem(problem)) => (problem_text(problem), Some(hint::of(problem))),
            Self::Client(error) => (one_line(&error.to_string()), error.hint()),
        };
        if let Some(hint) = hint {
            let _ = write!(text, "\nhint: {}", one_line(hint));
        }
        Some(text)
    }
}

/// Message, field errors and request id of a problem document. What comes from a server is never let through raw to a
/// terminal.
fn problem_text(problem: &Problem) -> String {
    let mut text = one_line(&problem.to_string());
    if !problem.code.is_empty() {
        let _ = write!(text, " ({})", one_line(&problem.code));
    }
    for error in problem.errors.iter().filter(|error| !problem.detail.ends_with(&error.message)) {
        let _ = write!(text, "\n  {}: {}", one_line(&error.field), one_line(&error.message));
    }
    if let Some(id) = &problem.request_id {
        let _ = write!(text, "\nrequest: {}", one_line(id));
    }
    text
}

impl std::fmt::Display for Failure {
    /// What is wrong, without what to do about it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Closed => f.write_str("nobody reads the output"),
            Self::Usage { message, .. } | Self::Refused { message, .. } => f.write_str(message),
            Self::Client(error) => error.fmt(f),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Client(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bailiwick_client::wire::FieldError;

    fn problem(hint: Option<&str>) -> Failure {
        Failure::Client(Error::Problem(Box::new(Problem {
            problem_type: "https://example.com/invalid".into(),
            title: "invalid".into(),
            status: 422,
            code: "invalid".into(),
            detail: "the request is invalid".into(),
            hint: hint.map(str::to_owned),
            errors: vec![FieldError {
                field: "/emails/0".into(),
                code: "email".into(),
                message: "`\u{1b}[31mx` is no address".into(),
            }],
            request_id: Some("req-1".into()),
        })))
    }

    #[test]
    fn a_problem_document_is_told_with_fields_request_and_hint_last() {
        let text = problem(Some("give an address")).text().unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "the request is invalid (invalid)",
                "  /emails/0: `\u{fffd}[31mx` is no address",
                "request: req-1",
                "hint: give an address"
            ]
        );
    }

    #[test]
    fn every_message_ends_with_a_hint() {
        for failure in [problem(None), Failure::usage("x", "do y"), Failure::refused("x", "do y")] {
            let text = failure.text().unwrap();
            assert!(text.lines().last().unwrap().starts_with("hint: "), "{text}");
        }
    }

    #[test]
    fn exit_codes() {
        assert_eq!(problem(None).code(), 1);
        assert_eq!(Failure::refused("x", "y").code(), 1);
        assert_eq!(Failure::usage("x", "y").code(), 2);
        assert_eq!(Failure::output(&io::ErrorKind::BrokenPipe.into()).code(), 0);
        let protocol = Error::Protocol { request: "GET /".into(), reason: "it is a page".into() };
        assert_eq!(Failure::from(protocol).code(), 3);
    }
}
