//! Conditions on the items of a list, in the filter language of SCIM (RFC 7644 section 3.4.2.2).
//!
//! `status eq "active" and not (email ew "@example.com")`. An item is judged as the API shows it, in JSON: what a caller
//! cannot see cannot be filtered by. Differing from SCIM, names of attributes are those of the API, and a path goes as deep as
//! the JSON does.

mod matching;
mod names;
mod parse;

use std::fmt;

use serde_json::Number;

pub use self::names::Shapes;

/// The greatest number of characters of a filter.
pub const MAX_CHARACTERS: usize = 4_096;

/// How deep parentheses, brackets and `not` may nest.
pub const MAX_DEPTH: usize = 32;

/// A filter that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Expression);

#[derive(Debug, Clone, PartialEq)]
enum Expression {
    Any(Vec<Expression>),
    All(Vec<Expression>),
    Not(Box<Expression>),
    Present(Path),
    Compare(Path, Comparison, Value),
    /// Some element at the path meets all of this.
    Some(Path, Box<Expression>),
}

/// Names of attributes, from the outside in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Path(Vec<String>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
}

/// What is wrong with a filter, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// In words.
    pub message: String,
    /// The number of the character, from 1.
    pub at: usize,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at character {}", self.message, self.at)
    }
}

impl std::error::Error for FilterError {}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// What is wrong with it: too long, too deep, or not of the language.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::filter(text).map(Self)
    }

    /// Whether an item meets it.
    pub fn matches(&self, item: &serde_json::Value) -> bool {
        self.0.matches(item)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn matches(filter: &str, item: &serde_json::Value) -> bool {
        Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}")).matches(item)
    }

    #[test]
    fn items_are_judged_by_what_is_shown_of_them() {
        let item = json!({
            "id": "usr_1", "status": "active", "logins": 3, "score": 0.5, "external_id": null, "mfa": true,
            "user": { "email": "Ada@Example.com", "name": "Ada \"L\"" },
            "roles": [{ "role": "admin", "until": "2027-01-01T00:00:00Z" }, { "role": "viewer" }],
            "tags": ["red", "green"], "empty": [],
        });
        for (filter, expected) in [
            (r#"status eq "active""#, true),
            (r#"status eq "ACTIVE""#, true),
            (r#"status ne "active""#, false),
            (r#"STATUS EQ "active" AND logins GT 2"#, true),
            ("logins gt 3", false),
            ("logins ge 3 and logins le 3 and logins lt 3.5", true),
            ("score eq 0.50", true),
            (r#"logins eq "3""#, false),
            ("mfa eq true and not (mfa eq false)", true),
            ("external_id pr", false),
            ("external_id eq null", true),
            ("nothing eq null", true),
            (r#"nothing ne "x""#, true),
            (r#"nothing eq "x""#, false),
            ("empty pr", false),
            ("roles pr", true),
            (r#"user.email ew "@example.com""#, true),
            (r#"user.email co "da@ex""#, true),
            (r#"user.name eq "ada \"l\"""#, true),
            (r#"user sw "A""#, false),
            (r#"roles.role eq "viewer""#, true),
            (r#"roles[role eq "admin" and until pr]"#, true),
            (r#"roles[role eq "viewer" and until pr]"#, false),
            (r#"roles.until gt "2026-12-31T23:00:00-05:00""#, false),
            (r#"roles.until ge "2027-01-01T01:00:00+01:00""#, true),
            (r#"tags eq "green""#, true),
            (r#"tags[value eq "green"]"#, true),
            (r#"status eq "x" or mfa eq true and logins eq 4"#, false),
            (r#"(status eq "x" or mfa eq true) and logins eq 3"#, true),
        ] {
            assert_eq!(matches(filter, &item), expected, "{filter}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let deep = |depth: usize| format!("{}a pr{}", "(".repeat(depth), ")".repeat(depth));
        assert!(Filter::parse(&deep(MAX_DEPTH)).is_ok());
        for (filter, message, at) in [
            (String::new(), "an attribute is missing", 1),
            ("status".to_owned(), "an operator is missing after `status`", 7),
            ("status is \"active\"".to_owned(), "there is no operator `is`", 8),
            ("status eq".to_owned(), "a value is missing", 10),
            ("status eq active".to_owned(), "`active` is no value: texts stand in double quotes", 11),
            ("status eq \"active".to_owned(), "the text has no end", 11),
            ("status eq \"a\\q\"".to_owned(), "the text is not written as in JSON", 11),
            ("status gt true".to_owned(), "only texts and numbers can be compared with `gt`", 8),
            ("logins co 3".to_owned(), "only texts can be compared with `co`", 8),
            ("(status pr".to_owned(), "`)` is missing", 11),
            ("status pr)".to_owned(), "`)` closes nothing", 10),
            ("status pr or".to_owned(), "an attribute is missing", 13),
            ("status pr status pr".to_owned(), "`and` or `or` is missing", 11),
            ("roles[role pr".to_owned(), "`]` is missing", 14),
            ("a..b pr".to_owned(), "`a..b` is no attribute", 1),
            ("a eq 1e999".to_owned(), "`1e999` is no value: texts stand in double quotes", 6),
            (deep(MAX_DEPTH + 1), "it nests more than 32 deep", 33),
            (deep(10_000), "it has more than 4096 characters", 4_097),
            ("not ".repeat(1_000), "it nests more than 32 deep", 129),
        ] {
            let error = Filter::parse(&filter).unwrap_err();
            assert_eq!((error.message.as_str(), error.at), (message, at), "{filter:.60}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fail(text in "[a-c.()\\[\\] \"\\\\0-9é]{0,60}|(a|b|not|and|or|eq|pr|\\(|\\)|\"x\"|1| ){0,40}") {
            if let Ok(filter) = Filter::parse(&text) {
                filter.matches(&json!({ "a": [1, "x", { "b": null }], "b": { "c": true } }));
            }
        }
    }
}
