//! The moment that a read is about: `as_of` the past, or `at_least` a revision. One place for every read of an account.

use bailiwick_client::wire::headers::AT_LEAST;
use bailiwick_core::account::Scope;
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::Revision;
use jiff::Timestamp;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::call::Call;
use super::operation::Operation;
use super::problem::{Failure, code};
use crate::service::{AsOf, Error};

/// Looks at the account as it was.
#[derive(IntoParams)]
#[expect(dead_code, reason = "the type is there for its description")]
struct AsOfQuery {
    /// Answers from the account as it was: a time in RFC 3339, for the last commit at or before it, or a revision. Grants and
    /// invitations that had ended by then count as ended. Needs the permission to read the record in the whole account,
    /// because the past may show what is hidden now; in return nothing of it is left out. What has changed since bears the
    /// revision of the answer as its `revision`.
    as_of: Option<String>,
}

/// Asks for an answer that is not too old.
#[derive(IntoParams)]
#[expect(dead_code, reason = "the type is there for its description")]
struct AtLeastQuery {
    /// Answers only from a state at least as new as this revision, as writes answer it in `Bailiwick-Revision`; the header
    /// `Bailiwick-At-Least` says the same.
    at_least: Option<u64>,
}

/// The parameters of a read of an account.
pub(super) fn parameters() -> Vec<Parameter> {
    let query = || Some(ParameterIn::Query);
    [AsOfQuery::into_params(query), AtLeastQuery::into_params(query)].concat()
}

impl Operation {
    /// Takes no `as_of`: what it answers with has no past of its own.
    #[must_use]
    pub fn of_now(mut self) -> Self {
        self.query.retain(|parameter| parameter.name != "as_of");
        self
    }
}

impl Call {
    /// The same call with its query apart from the moment, and with the account of that moment.
    ///
    /// # Errors
    /// `invalid_query`, `invalid_header`, `revision_ahead`, `as_of_too_early`, `as_of_in_future`, and `permission_denied`
    /// for a past without the permission to read the record.
    pub(super) async fn at_its_moment(mut self) -> Result<Self, Failure> {
        let (mut as_of, mut at_least) = (None, None);
        if self.query.contains("as_of") || self.query.contains("at_least") {
            let mut rest = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in url::form_urlencoded::parse(self.query.as_bytes()) {
                let taken = match &*name {
                    "as_of" => Some(&mut as_of),
                    "at_least" => Some(&mut at_least),
                    _ => None,
                };
                match taken.filter(|_| self.operation.takes_query(&name)) {
                    Some(taken) if taken.is_some() => {
                        return Err(Failure::field(
                            &code::INVALID_QUERY,
                            format!("?{name}"),
                            "is there twice",
                        ));
                    }
                    Some(taken) => *taken = Some(value.into_owned()),
                    None => {
                        rest.append_pair(&name, &value);
                    }
                }
            }
            self.query = rest.finish();
        }
        let at_least = at_least.map(|text| revision(&text).ok_or_else(no_revision)).transpose()?;
        self.reached(at_least)?;
        if let Some(text) = as_of {
            self.go_back(&text).await?;
        }
        Ok(self)
    }

    /// Whether the account here is as new as the caller wants it.
    fn reached(&self, in_query: Option<Revision>) -> Result<(), Failure> {
        let Some((_, handle)) = &self.handle else { return Ok(()) };
        let wanted = match self.headers.get(AT_LEAST) {
            Some(value) => value.to_str().ok().and_then(revision).ok_or_else(|| {
                Failure::new(&code::INVALID_HEADER, "`Bailiwick-At-Least` must be one revision")
            })?,
            None => Revision::default(),
        };
        let actual = handle.read().revision();
        let wanted = in_query.map_or(wanted, |revision| revision.max(wanted));
        if wanted > actual { Err(Error::RevisionAhead { actual: actual.0 }.into()) } else { Ok(()) }
    }

    async fn go_back(&mut self, text: &str) -> Result<(), Failure> {
        let asked = match revision(text) {
            Some(revision) => AsOf::Revision(revision),
            None => AsOf::Time(text.parse::<Timestamp>().map_err(|_| no_moment())?),
        };
        let present = self.account()?;
        self.authorize(&present, Permission::ReadEvents, &Scope::Account)?;
        self.past = Some(self.service.as_of(&present, asked).await?);
        Ok(())
    }
}

/// A revision in digits alone, as a store can hold it.
pub(crate) fn revision(text: &str) -> Option<Revision> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<u64>().ok().filter(|number| digits && i64::try_from(*number).is_ok());
    number.map(Revision)
}

fn no_revision() -> Failure {
    Failure::field(&code::INVALID_QUERY, "?at_least", "is no revision: give a whole number such as `31`")
}

fn no_moment() -> Failure {
    let message = "is no moment and no revision: give one such as `2026-11-21T12:00:00Z` or `31`";
    Failure::field(&code::INVALID_QUERY, "?as_of", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_digits_alone() {
        assert_eq!(revision("31"), Some(Revision(31)));
        for wrong in ["", "+31", "-1", "3.1", "31 ", "0x1f", "99999999999999999999", "9223372036854775808"] {
            assert_eq!(revision(wrong), None, "{wrong}");
        }
    }
}
