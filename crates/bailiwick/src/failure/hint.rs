//! What to do about a problem, in the words of the command line.

use bailiwick_client::wire::Problem;

/// What to do about a problem. The server's own hint stands, unless it speaks of requests and headers to somebody who has
/// typed a command.
pub fn of(problem: &Problem) -> &str {
    match problem.code.as_str() {
        "unauthenticated" => "sign in by `bailiwick login`, or set `BAILIWICK_TOKEN`",
        "wrong_credentials" => {
            "check both; `bailiwick login EMAIL --forgot` mails a link to choose a new password"
        }
        "not_found" => "check the name or id, and by `bailiwick whoami` the account",
        "stale_revision" => "look at how it is now, then decide again, with its new `revision`",
        "too_many_attempts" | "unavailable" => "wait a little, then try again",
        "too_many_mails" => {
            "wait a little; `bailiwick invitation link` makes a link to pass on by hand meanwhile"
        }
        "idempotency_unsupported" => "leave `--idempotency-key` out",
        "if_match_unsupported" => "leave `--if-revision` out",
        "unknown_permission" => "`bailiwick role permissions` lists the permissions",
        "unknown_resource_type" => "`bailiwick resource types` lists the resource types",
        "invalid_query" if names(problem, "?as_of") => {
            "give `--as-of` a moment such as `2026-11-21T12:00:00Z`, or a revision such as `31`"
        }
        // Only a parameter that the server does not know tells of another version, not a value that it does not take.
        "invalid_query" if !problem.errors.iter().any(|error| error.message.contains("unknown field")) => {
            "see `--help` for what the option takes"
        }
        "no_route" | "method_not_allowed" | "unknown_field" | "missing_field" | "invalid_query" => {
            "the server may be of another version than `bailiwick --version`"
        }
        _ => problem.hint.as_deref().unwrap_or_else(|| of_status(problem.status)),
    }
}

fn names(problem: &Problem, field: &str) -> bool {
    problem.errors.iter().any(|error| error.field == field)
}

/// What to do about a problem that brings no hint of its own.
fn of_status(status: u16) -> &'static str {
    match status {
        401 => "sign in by `bailiwick login`, or set `BAILIWICK_TOKEN`",
        403 => "ask somebody who holds the permission; `bailiwick access effective` shows yours",
        404 => "check the name or id, and by `bailiwick whoami` the account",
        409 | 412 => "look at how it is now, then decide again",
        429 | 503 => "wait a little, then try again",
        _ => "see `--help` for what the command takes",
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_client::wire::FieldError;

    use super::*;

    #[test]
    fn only_an_unknown_parameter_tells_of_another_version() {
        for (field, message, hint) in [
            ("?as_of", "is no moment", "give `--as-of` a moment"),
            ("?limit", "must be from 1 to 1000", "see `--help`"),
            ("?colour", "unknown field `colour`, expected `cursor`", "the server may be of another version"),
        ] {
            let error =
                FieldError { field: field.into(), code: "invalid_query".into(), message: message.into() };
            let problem = Problem {
                problem_type: "https://example.com/invalid".into(),
                title: "invalid".into(),
                status: 400,
                code: "invalid_query".into(),
                detail: message.into(),
                hint: Some("correct the parameter".into()),
                errors: vec![error],
                request_id: None,
            };
            assert!(of(&problem).starts_with(hint), "{field}: {}", of(&problem));
        }
    }
}
