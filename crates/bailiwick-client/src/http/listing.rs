//! Lists, read page by page or to the end.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::call::Call;
use super::path::Path;
use super::{Client, Error};
use crate::wire::Page;

/// A list that is not read yet. Sends nothing until asked for a page.
#[derive(Debug)]
#[must_use = "nothing is read until a page is asked for"]
pub struct Listing<T> {
    client: Client,
    path: Path,
    query: Vec<(String, String)>,
    /// Where the next page starts; `None` once the list has ended.
    next: Option<Next>,
    refused: Option<Error>,
    item: PhantomData<fn() -> T>,
}

#[derive(Debug, Clone)]
enum Next {
    /// Where the caller's query says.
    Start,
    /// Behind this cursor.
    After(String),
}

/// Many pages in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct All<T> {
    /// What was read, in the list's order.
    pub items: Vec<T>,
    /// Whether the list ends here; `false` when it is longer than what was asked for.
    pub complete: bool,
    /// Whether items were left out because the caller may not see them.
    pub filtered: bool,
}

impl<T: DeserializeOwned> Listing<T> {
    pub(super) fn new(client: &Client, path: Path, query: &impl Serialize) -> Self {
        let mut call = Call::get(path.clone()).query(query);
        let refused = call.take_refused().err();
        let next = Some(Next::Start);
        Self { client: client.clone(), path, query: call.query, next, refused, item: PhantomData }
    }

    /// Only items that meet this, as they are shown: `status eq "active"` (RFC 7644 section 3.4.2.2).
    pub fn filter(mut self, filter: &str) -> Self {
        self.query.push(("filter".to_owned(), filter.to_owned()));
        self
    }

    /// The next page; `None` after the last one. After an error the same page can be asked for again.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn next_page(&mut self) -> Result<Option<Page<T>>, Error> {
        if let Some(error) = self.refused.take() {
            return Err(error);
        }
        let Some(next) = self.next.clone() else { return Ok(None) };
        let mut call = Call::get(self.path.clone());
        call.query.clone_from(&self.query);
        if let Next::After(cursor) = &next {
            call.set("cursor", cursor.clone());
        }
        let request = call.shown();
        let page: Page<T> = self.client.fetch(call).await?;
        self.next = match (&next, &page.next_cursor) {
            (_, None) => None,
            // A list that does not move on would be read for ever.
            (Next::After(before), Some(after)) if before == after => {
                return Err(Error::Protocol { request, reason: "its cursor does not move on".to_owned() });
            }
            (_, Some(after)) => Some(Next::After(after.clone())),
        };
        Ok(Some(page))
    }

    /// The first page.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn page(mut self) -> Result<Page<T>, Error> {
        Ok(self.next_page().await?.unwrap_or_else(|| Page::complete(Vec::new())))
    }

    /// Reads to the end, or until there are `most` items; says whether that was all.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn all(mut self, most: usize) -> Result<All<T>, Error> {
        let mut all = All { items: Vec::new(), complete: false, filtered: false };
        while let Some(page) = self.next_page().await? {
            all.items.extend(page.items);
            all.filtered |= page.filtered;
            if all.items.len() > most || (all.items.len() == most && self.next.is_some()) {
                all.items.truncate(most);
                return Ok(all);
            }
        }
        all.complete = true;
        Ok(all)
    }
}
