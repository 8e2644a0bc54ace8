//! The caller's sessions.

use std::fmt;
use std::str::FromStr;

use bailiwick_client::wire::{Page, PageQuery, Session};
use bailiwick_store::{SessionRow, TokenHash};
use serde_json::json;

use super::call::Call;
use super::operation::{Access, NoQuery, Operation, delete, get, post};
use super::page::Seen;
use super::problem::Failure;
use super::respond::Answer;

/// How many bytes of a token's hash are a session's id: nobody has two sessions that agree in them.
const ID_BYTES: usize = 16;

/// The operations on the caller's sessions.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("list_sessions", "/me/sessions", Access::Person)
            .reads(list)
            .says("List the own sessions", "Where the caller is signed in, the newest first.")
            .answers(json!({ "items": [{
                "id": "5f1c9b0a7e3d4c2b8a6f1e0d9c8b7a65", "current": true, "created_at": "2026-11-20T08:00:00Z",
                "last_used_at": "2026-11-21T12:00:00Z", "expires_at": "2026-12-20T08:00:00Z",
                "source_ip": "192.0.2.7", "user_agent": "bailiwick/0.1.0"
            }], "complete": true, "filtered": false })),
        delete("end_session", "/me/sessions/{session}", Access::Person)
            .writes(end)
            .says("End a session", "Signs another device out, or this one.")
            .fails(&["not_found"]),
        post("end_other_sessions", "/me/sessions:end-others", Access::Person)
            .writes(end_others)
            .says("End all other sessions", "Signs the caller out everywhere but here."),
    ]
}

async fn list(call: Call, query: PageQuery) -> Result<Answer<Page<Session>>, Failure> {
    let page = call.page(&query)?;
    let caller = call.caller()?;
    let sessions = call.service.sessions(caller).await?.into_iter();
    let after: Option<Place> = page.after()?;
    let rest = sessions.map(|row| (Place::of(&row), row));
    let rest = rest.filter(|(place, _)| after.as_ref().is_none_or(|after| place.is_behind(after)));
    let shown = rest.map(|(place, row)| (place, Seen::Yes(session(&row, caller.session))));
    Answer::json(&page.take(shown))
}

/// Where a session stands in the list: by its own properties, so that a page starts at the right one even if the session
/// before it has ended.
#[derive(Clone)]
struct Place {
    /// Microseconds since the Unix epoch.
    created_at: i64,
    id: String,
}

impl Place {
    fn of(row: &SessionRow) -> Self {
        Self { created_at: row.created_at.as_microsecond(), id: id(row.token_hash) }
    }

    /// The newest come first; those of one moment in the order of their ids.
    fn is_behind(&self, other: &Self) -> bool {
        (other.created_at, &self.id) > (self.created_at, &other.id)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.created_at, self.id)
    }
}

impl FromStr for Place {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (created_at, id) = text.split_once('.').ok_or(())?;
        Ok(Self { created_at: created_at.parse().map_err(|_| ())?, id: id.to_owned() })
    }
}

async fn end(call: Call, _: NoQuery, (): ()) -> Result<Answer<()>, Failure> {
    let caller = call.caller()?;
    let wanted = call.parameter("session");
    let sessions = call.service.sessions(caller).await?;
    let found = sessions.into_iter().find(|row| id(row.token_hash) == wanted);
    let found = found.ok_or_else(|| Failure::not_found("session"))?;
    call.service.end_session(caller, found.token_hash).await?;
    Ok(Answer::done())
}

async fn end_others(call: Call, _: NoQuery, (): ()) -> Result<Answer<()>, Failure> {
    call.service.end_other_sessions(call.caller()?).await?;
    Ok(Answer::done())
}

fn session(row: &SessionRow, current: Option<TokenHash>) -> Session {
    Session {
        id: id(row.token_hash),
        current: current == Some(row.token_hash),
        created_at: row.created_at,
        last_used_at: Some(row.seen_at),
        expires_at: row.expires_at,
        source_ip: row.source_ip.map(|ip| ip.to_string()),
        user_agent: row.user_agent.clone(),
    }
}

fn id(hash: TokenHash) -> String {
    let digits = hash.0.iter().take(ID_BYTES).flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
