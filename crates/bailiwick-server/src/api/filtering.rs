//! Lists whose items meet a `filter`: the list's own pages, read on until enough of their items do.
//!
//! A filter is about what is shown, which is known only once an item is looked up and rendered. So any list can be
//! filtered without knowing of it, and a page that took much reading ends early, with a cursor and fewer items.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use axum::body::Body;
use axum::http::Response;
use axum::http::header::CONTENT_LENGTH;
use bailiwick_client::wire::{PAGE_LIMIT_DEFAULT, Page};
use http_body_util::BodyExt as _;
use serde_json::Value;

use super::call::Call;
use super::problem::{Failure, code};
use crate::filter::{Filter, Shapes};
use crate::service::Error;

/// How many items are looked at for one page at most: some tens of milliseconds.
pub(super) const MOST_LOOKED_AT: usize = 10_000;

/// How many items are read at once.
const CHUNK: usize = 500;

/// Answers a call whose query may have a `filter`.
pub(super) async fn answer(mut call: Call) -> Result<Response<Body>, Failure> {
    let Some(text) = call.take_filter()? else { return call.handle().await };
    let filter = Filter::parse(&text)
        .map_err(|error| Failure::field(&code::INVALID_QUERY, "?filter", error.to_string()))?;
    if let Some(message) = unknown_name(&call, &filter) {
        return Err(Failure::field(&code::INVALID_QUERY, "?filter", message));
    }
    let most = call.service.config().limits.page_items;
    let asked = call.query_value("limit").map(|limit| limit.parse::<usize>());
    let wanted = match asked {
        None => most.min(usize::try_from(PAGE_LIMIT_DEFAULT).unwrap_or(most)),
        Some(Ok(limit)) if (1..=most).contains(&limit) => limit,
        // The list itself says what is wrong with it.
        Some(_) => return call.handle().await,
    };
    let mut page: Page<Value> = Page::complete(Vec::new());
    let mut looked_at = 0;
    loop {
        let work = call.work.load(Relaxed);
        let read = call.with_limit(CHUNK.min(most)).handle().await?;
        let (mut head, chunk) = take(read).await?;
        page.filtered |= chunk.filtered;
        let mut next = chunk.next_cursor;
        let count = chunk.items.len();
        looked_at += count;
        for (position, item) in chunk.items.into_iter().enumerate() {
            if !filter.matches(&item) {
                continue;
            }
            page.items.push(item);
            if page.items.len() == wanted {
                if position + 1 < count {
                    // Read once more to get the cursor of the place where this page ends, with as much work as before.
                    call.work.store(work, Relaxed);
                    let (_, exact) = take(call.with_limit(position + 1).handle().await?).await?;
                    next = exact.next_cursor;
                }
                break;
            }
        }
        let is_full =
            page.items.len() == wanted || looked_at >= MOST_LOOKED_AT || call.work.load(Relaxed) == 0;
        match next {
            Some(cursor) if !is_full => call = call.after(&cursor),
            next_cursor => {
                page.complete = next_cursor.is_none();
                page.next_cursor = next_cursor;
                head.headers.remove(CONTENT_LENGTH);
                let body = serde_json::to_vec(&page).map_err(Error::internal)?;
                return Ok(Response::from_parts(head, Body::from(body)));
            }
        }
    }
}

/// What is wrong with a name that no item of the list can have: it would meet nothing, and look as if there were nothing.
fn unknown_name(call: &Call, filter: &Filter) -> Option<String> {
    let page = call.operation.output.as_ref()?;
    let components: BTreeMap<String, Value> = page.components().into_iter().collect();
    let items = components.get(&page.name)?.pointer("/properties/items/items")?;
    filter.unknown_name(&Shapes(&components), items)
}

async fn take(response: Response<Body>) -> Result<(axum::http::response::Parts, Page<Value>), Failure> {
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(Error::internal)?.to_bytes();
    Ok((head, serde_json::from_slice(&body).map_err(Error::internal)?))
}
