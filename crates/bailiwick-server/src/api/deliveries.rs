//! Deliveries: mail that waits or was given up, so that a person who waits for an invitation can be helped.

use bailiwick_client::wire;
use bailiwick_core::account::Scope;
use bailiwick_core::catalog::Operation as Permission;
use bailiwick_store::MAX_PAGE_ROWS;
use serde_json::json;

use super::call::Call;
use super::operation::{Access, Operation, get};
use super::page::Seen;
use super::problem::Failure;
use super::respond::Answer;
use super::views;
use crate::service::Error;

/// The operation on deliveries.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("list_deliveries", "/accounts/{account}/deliveries", Access::Permission(Permission::ReadInvitations))
            .reads(list)
            .of_now()
            .says(
                "List mail that waits or failed",
                "The newest first. What was sent is deleted, so that it is not in the list. Of each mail only to whom \
                 it goes and how it stands is shown: its text has a secret link in it.",
            )
            .answers(json!({
                "items": [{
                    "id": "12", "kind": "invitation", "to": "grace@example.com", "state": "waiting",
                    "attempts": 2, "last_error": "the mail server cannot be reached",
                    "next_attempt_at": "2026-11-21T10:05:00Z",
                }],
                "complete": true,
                "filtered": false,
            })),
    ]
}

async fn list(call: Call, query: wire::DeliveryQuery) -> Result<Answer<wire::Page<wire::Delivery>>, Failure> {
    let account = call.account()?;
    call.authorize(&account, Permission::ReadInvitations, &Scope::Account)?;
    let page = call.page(&query)?;
    let after: Option<i64> = page.after()?;
    let store = call.service.store();
    let entries = store.outbox_of_account(account.id(), MAX_PAGE_ROWS).await.map_err(Error::from)?;
    let is_all = entries.len() < MAX_PAGE_ROWS;
    let mut seen = Vec::with_capacity(entries.len());
    for entry in entries.iter().filter(|entry| after.is_none_or(|after| entry.outbox_id.0 < after)) {
        let shown = views::delivery(entry).map_err(Error::internal)?;
        let fits = query.state.is_none_or(|state| state == shown.state);
        seen.push((entry.outbox_id.0, if fits { Seen::Yes(shown) } else { Seen::No }));
    }
    let mut found = page.take(seen.into_iter());
    // More than ten thousand mails in one account's outbox: what lies behind them is not reached, and the answer says so.
    found.complete &= is_all;
    Ok(Answer::json(&found)?.revision(account.revision()))
}
