//! What lists have in common: the text that items are searched for, and pages whose items are shown at the end.

use bailiwick_client::wire::Page;
use bailiwick_core::ids::AccountId;
use bailiwick_core::values::Email;
use bailiwick_store::MAX_PAGE_ROWS;

use super::problem::{Failure, code};
use crate::service::{Error, People, Service};

/// The greatest number of characters of a text that a list is searched for: that of the longest description.
pub const NEEDLE_MAX_CHARACTERS: usize = 256;

/// A text to look for, without regard to case; nothing is a wildcard.
#[derive(Debug, Clone, Default)]
pub struct Needle(Option<String>);

impl Needle {
    /// The text of the query parameter `q`; everything matches when it is absent.
    ///
    /// # Errors
    /// `invalid_query` for a text over [`NEEDLE_MAX_CHARACTERS`].
    pub fn new(q: Option<&String>) -> Result<Self, Failure> {
        let long = q.is_some_and(|text| text.chars().nth(NEEDLE_MAX_CHARACTERS).is_some());
        if long {
            let message = format!("may have at most {NEEDLE_MAX_CHARACTERS} characters");
            return Err(Failure::field(&code::INVALID_QUERY, "?q", message));
        }
        Ok(Self(q.map(|text| text.to_lowercase())))
    }

    /// Whether one of the texts has it.
    pub fn is_in(&self, texts: &[&str]) -> bool {
        let Some(needle) = &self.0 else { return true };
        texts.iter().any(|text| text.to_lowercase().contains(needle))
    }
}

/// The people in an account whose email or name has the text, nobody when there is none: what is looked for costs no look-up
/// of everybody.
///
/// # Errors
/// `invalid_query` for a text that more people match than are read at once.
pub async fn people_matching(
    service: &Service,
    account: AccountId,
    q: Option<&String>,
) -> Result<People, Failure> {
    let mut people = People::default();
    if let Some(text) = q {
        let found =
            service.store().users_matching(account, text, MAX_PAGE_ROWS).await.map_err(Error::from)?;
        if found.len() == MAX_PAGE_ROWS {
            let message = format!(
                "matches the email or name of more than {} people: give more of it",
                MAX_PAGE_ROWS - 1
            );
            return Err(Failure::field(&code::INVALID_QUERY, "?q", message));
        }
        for user in found {
            people.add(user);
        }
        // Somebody who has left is in accounts as they were, and is found by the whole email.
        if let Ok(email) = Email::parse(text) {
            let user = service.store().user_by_email(email.as_str()).await.map_err(Error::from)?;
            if let Some(user) = user {
                people.add(user);
            }
        }
    }
    Ok(people)
}

/// The page with its items shown, all of them at once so that what they need is looked up once.
pub fn show_page<K, T>(page: Page<K>, show: impl FnOnce(Vec<K>) -> Vec<T>) -> Page<T> {
    let Page { items, next_cursor, complete, filtered } = page;
    Page { items: show(items), next_cursor, complete, filtered }
}
