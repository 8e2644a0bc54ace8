//! The record of what happened: as a list, and as an export of exactly the same events.

mod csv;
mod export;
mod filter;

use bailiwick_client::wire;
use bailiwick_core::account::Scope;
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_core::ids::Revision;
use bailiwick_store::EventPosition;
use serde_json::json;

use self::filter::Conditions;
use super::call::Call;
use super::operation::{Access, Operation, get};
use super::problem::{Failure, code};
use super::respond::Answer;
use super::views::{Views, people_of_event};
use crate::service::Error;

/// The operations on events.
pub(super) fn operations() -> Vec<Operation> {
    let read = Access::Permission(Permission::ReadEvents);
    vec![
        get("list_events", "/accounts/{account}/events", read)
            .reads(list)
            .of_now()
            .says(
                "List events",
                "The newest first, unless `order` says otherwise. All conditions hold together. `q` looks into type, \
                 ids, request id and details, and finds the events of people by their email or name too, as long as at \
                 most 20 people match. A request looks for it in up to 20,000 events: a page may then be empty and have a \
                 `next_cursor` all the same.",
            )
            .answers(json!({ "items": [example()], "complete": true, "filtered": false })),
        get("export_events", "/accounts/{account}/events:export", read)
            .reads(export::export)
            .of_now()
            .in_media_types(&["application/jsonl", "text/csv; charset=utf-8"])
            .says(
                "Export events",
                "All events that the conditions leave, without an end: as JSON lines in the form of the list, or as \
                 comma-separated values with a header (RFC 4180), in which a cell that a spreadsheet would take for a \
                 formula starts with an apostrophe. What happens after the request has come in is not part of it. The \
                 export itself is recorded.",
            )
            .answers(example()),
    ]
}

fn example() -> serde_json::Value {
    json!({
        "id": "17.0",
        "revision": 17,
        "seq": 0,
        "at": "2026-11-21T10:00:00Z",
        "type": "member.joined",
        "actor": {
            "kind": "user", "id": "usr_0197a2b4c6d87e0f9a1b2c3d4e5f6070", "email": "ada@example.com",
            "name": "Ada",
        },
        "target": {
            "kind": "member", "id": "usr_0197a2b4c6d87e0f9a1b2c3d4e5f6070", "label": "ada@example.com",
        },
        "request_id": "7f1c0c52",
        "source_ip": "192.0.2.7",
        "details": { "user": "usr_0197a2b4c6d87e0f9a1b2c3d4e5f6070", "at": "2026-11-21T10:00:00Z" },
    })
}

async fn list(call: Call, query: wire::EventQuery) -> Result<Answer<wire::Page<wire::Event>>, Failure> {
    let account = call.account()?;
    call.authorize(&account, Permission::ReadEvents, &Scope::Account)?;
    let page = call.page(&query)?;
    let mut wanted = Conditions::from(&query).find(&call, &account).await?;
    wanted.after = page.after.as_deref().map(position).transpose()?;
    // One more than is shown tells whether more follows.
    wanted.limit = page.limit + 1;
    let found = call.service.store().events(wanted).await.map_err(Error::from)?;
    let (found, next) = found.cut_to(page.limit);
    let named = found.iter().flat_map(|event| people_of_event(&account, event));
    let people = call.service.people(named).await?;
    let views = Views::new(&account, &people, call.now());
    let items: Vec<wire::Event> = found.iter().map(|event| views.event(event)).collect();
    let next = next.map(|at| page.cursor(&format!("{}.{}", at.revision, at.sequence)));
    Ok(Answer::json(&wire::Page::new(items, next))?.revision(account.revision()))
}

/// The place of an event from its id.
fn position(id: &str) -> Result<EventPosition, Failure> {
    let parts = id.split_once('.').and_then(|(revision, sequence)| {
        Some(EventPosition { revision: Revision(revision.parse().ok()?), sequence: sequence.parse().ok()? })
    });
    parts.ok_or_else(|| Failure::new(&code::INVALID_CURSOR, "the cursor is damaged"))
}
