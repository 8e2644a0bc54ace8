//! Scopes and ends of grants as the command line spells them.

use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// How a scope is spelled, for `--help`.
pub const SYNTAX: &str = "Scopes are spelled\n  \
    account                    the whole account\n  \
    project:REF                one project with all that is in it\n  \
    all:TYPE                   all resources of a type, now and later\n  \
    all:TYPE@project:REF       all resources of a type in one project\n  \
    today:TYPE[@project:REF]   those of a type that are there today, and none that comes later\n  \
    TYPE:REF[,REF…]            named resources of a type, with what is below them\n  \
    resource:REF[,REF…]        named resources of any type\n\
    REF is an id, an external id or a name; a scope names up to 1000 resources.\n\
    An end is a moment such as 2027-01-31T12:00:00Z, or +48h, +30d, +6mo from now.";

/// Where a grant counts, before its names are looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScopeText {
    /// The whole account.
    Account,
    /// One project.
    Project(String),
    /// All resources of a type, perhaps only of one project.
    AllOf {
        /// The resource type.
        resource_type: String,
        /// The project.
        project: Option<String>,
        /// Whether what is registered later is covered too.
        future: bool,
    },
    /// Named resources.
    Resources {
        /// Their type, if it was named.
        resource_type: Option<String>,
        /// The resources.
        names: Vec<String>,
    },
}

impl FromStr for ScopeText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no scope: write `account`, `project:REF`, `all:TYPE` or `TYPE:REF`");
        if text == "account" {
            return Ok(Self::Account);
        }
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        if kind.is_empty() || rest.is_empty() {
            return Err(wrong());
        }
        match kind {
            "project" => Ok(Self::Project(rest.to_owned())),
            "all" | "today" => match rest.split_once("@project:") {
                Some((resource_type, project)) if !resource_type.is_empty() && !project.is_empty() => {
                    let project = Some(project.into());
                    Ok(Self::AllOf { resource_type: resource_type.into(), project, future: kind == "all" })
                }
                None if !rest.contains('@') => {
                    Ok(Self::AllOf { resource_type: rest.to_owned(), project: None, future: kind == "all" })
                }
                _ => Err(wrong()),
            },
            _ => {
                let names: Vec<String> = rest.split(',').map(str::to_owned).collect();
                if names.iter().any(String::is_empty) {
                    return Err(wrong());
                }
                let resource_type = (kind != "resource").then(|| kind.to_owned());
                Ok(Self::Resources { resource_type, names })
            }
        }
    }
}

/// A role at a scope: `ROLE@SCOPE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantText {
    /// The role's id or name.
    pub role: String,
    /// Where.
    pub scope: ScopeText,
}

impl FromStr for GrantText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (role, scope) = text.split_once('@').filter(|(role, _)| !role.is_empty()).ok_or_else(|| {
            format!("`{text}` is no grant: write `ROLE@SCOPE`, for instance `admin@account`")
        })?;
        Ok(Self { role: role.to_owned(), scope: scope.parse()? })
    }
}

/// Whether somebody may do something to this: `account`, `project:REF` or `TYPE:REF`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetText {
    /// `account`, `project` or a resource type.
    pub target_type: String,
    /// Which one; empty for the account.
    pub name: String,
}

impl FromStr for TargetText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "account" {
            return Ok(Self { target_type: "account".into(), name: String::new() });
        }
        match text.split_once(':') {
            Some((target_type, name)) if !target_type.is_empty() && !name.is_empty() => {
                Ok(Self { target_type: target_type.into(), name: name.into() })
            }
            _ => Err(format!("`{text}` names nothing: write `account`, `project:REF` or `TYPE:REF`")),
        }
    }
}

/// A moment: RFC 3339, or a span from now such as `+48h`.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    let wrong =
        || format!("`{text}` is no moment: write one such as `2027-01-31T12:00:00Z`, or `+48h` from now");
    match text.strip_prefix('+') {
        None => text.parse().map_err(|_| wrong()),
        Some(span) => {
            let span: Span = span.parse().map_err(|_| wrong())?;
            // Days and months have no fixed length without a calendar; that of UTC is the one that everybody shares.
            let now = Timestamp::now().to_zoned(TimeZone::UTC);
            now.checked_add(span).map(|then| then.timestamp()).map_err(|_| wrong())
        }
    }
}

/// Where a stretch of time begins: a moment as everywhere, or a day of UTC.
pub fn first_moment(text: &str) -> Result<Timestamp, String> {
    bailiwick_client::wire::moment::parse_first(text)
        .map_or_else(|| moment(text).map_err(|_| no_time(text)), Ok)
}

/// Where a stretch of time ends: a moment as everywhere, or a day of UTC, which is in it.
pub fn last_moment(text: &str) -> Result<Timestamp, String> {
    bailiwick_client::wire::moment::parse_last(text)
        .map_or_else(|| moment(text).map_err(|_| no_time(text)), Ok)
}

fn no_time(text: &str) -> String {
    format!("`{text}` is no moment: write one such as `2027-01-31T12:00:00Z`, or a day such as `2027-01-31`")
}

/// A length of time in seconds, for instance `7d` or `36h`.
pub fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no length of time: write one such as `7d` or `36h`");
    let span: Span = text.parse().map_err(|_| wrong())?;
    let start = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let end = start.checked_add(span).map_err(|_| wrong())?;
    u64::try_from(end.timestamp().as_second()).ok().filter(|seconds| *seconds > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read() {
        let of = |resource_type: &str, project: Option<&str>, future| ScopeText::AllOf {
            resource_type: resource_type.into(),
            project: project.map(str::to_owned),
            future,
        };
        let all = |resource_type, project| of(resource_type, project, true);
        let named = |resource_type: Option<&str>, names: &[&str]| ScopeText::Resources {
            resource_type: resource_type.map(str::to_owned),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let table = [
            ("account", Some(ScopeText::Account)),
            ("project:search", Some(ScopeText::Project("search".into()))),
            ("all:cluster", Some(all("cluster", None))),
            ("all:cluster@project:search", Some(all("cluster", Some("search")))),
            ("today:cluster", Some(of("cluster", None, false))),
            ("today:cluster@project:search", Some(of("cluster", Some("search"), false))),
            ("cluster:a,b", Some(named(Some("cluster"), &["a", "b"]))),
            ("resource:res_1", Some(named(None, &["res_1"]))),
            ("", None),
            ("project", None),
            ("project:", None),
            (":x", None),
            ("all:cluster@", None),
            ("all:@project:x", None),
            ("cluster:a,,b", None),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<ScopeText>().ok(), expected, "{text}");
        }
    }

    #[test]
    fn grants_are_read() {
        let grant: GrantText = "viewer@all:cluster@project:search".parse().unwrap();
        assert_eq!(grant.role, "viewer");
        assert!(matches!(grant.scope, ScopeText::AllOf { project: Some(_), .. }));
        for wrong in ["viewer", "@account", "viewer@"] {
            assert!(wrong.parse::<GrantText>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn moments_and_lengths_are_read() {
        assert_eq!(moment("2027-01-31T12:00:00Z").unwrap().as_second(), 1_801_396_800);
        let before = Timestamp::now().as_second();
        let then = moment("+48h").unwrap().as_second();
        assert!((before + 48 * 3600..=Timestamp::now().as_second() + 48 * 3600).contains(&then));
        assert_eq!(first_moment("2027-01-31T12:00:00Z").unwrap().as_second(), 1_801_396_800);
        assert_eq!(first_moment("2027-01-31").unwrap().as_second(), 1_801_396_800 - 12 * 3600);
        assert_eq!(last_moment("2027-01-31").unwrap().as_second(), 1_801_396_800 + 12 * 3600);
        for wrong in ["2027-01-31T12:00:00", "2027-02-30", "31.1.2027", "today"] {
            assert!(first_moment(wrong).is_err(), "{wrong}");
        }
        assert_eq!(seconds("7d"), Ok(7 * 24 * 3600));
        for wrong in ["48h", "+", "+x", "tomorrow"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
        for wrong in ["0s", "-1h", "x", ""] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
