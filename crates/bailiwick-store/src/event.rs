//! Events: what happened in an account, kept for ever in revision order.

use std::borrow::Cow;
use std::net::IpAddr;

use bailiwick_core::ids::{AccountId, Revision, UserId};
use jiff::Timestamp;

use crate::StoreError;

/// The most rows of one page of anything.
pub const MAX_PAGE_ROWS: usize = 10_001;
/// The most bytes of a text that is searched for.
pub const MAX_TEXT_BYTES: usize = 256;
/// The most users that a text search of events takes in [`EventQuery::text_user_ids`].
pub const MAX_TEXT_USERS: usize = 20;
/// The most events that one query looks for a text in: each costs some ten microseconds, so this bounds a miss to less than
/// half a second.
pub const MAX_SEARCHED_EVENTS: usize = 20_000;

/// One thing that happened. Its revision and place come from the commit it is part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// When it happened.
    pub at: Timestamp,
    /// The kind of actor, such as `user` or `service_account`.
    pub actor_kind: Cow<'static, str>,
    /// Who did it; `None` for the platform itself.
    pub actor_id: Option<String>,
    /// What happened, such as `invitation.sent`.
    pub event_type: Cow<'static, str>,
    /// The kind of thing it happened to.
    pub target_kind: Option<Cow<'static, str>>,
    /// The thing it happened to.
    pub target_id: Option<String>,
    /// The request that asked for it.
    pub request_id: Option<String>,
    /// The address the request came from.
    pub source_ip: Option<IpAddr>,
    /// The event as JSON. Never a secret and no personal data beyond ids.
    pub body: String,
}

impl EventRow {
    /// All texts but the body.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let target_kind = self.target_kind.as_deref();
        let optional =
            [self.actor_id.as_deref(), target_kind, self.target_id.as_deref(), self.request_id.as_deref()];
        [&*self.actor_kind, &*self.event_type].into_iter().chain(optional.into_iter().flatten())
    }
}

/// The place of an event in its account: events are ordered by revision, then by sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventPosition {
    /// The revision that the event's commit made.
    pub revision: Revision,
    /// The place within the commit, from 0.
    pub sequence: u32,
}

/// An event with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// The event's place in its account.
    pub position: EventPosition,
    /// What happened.
    pub event: EventRow,
}

/// The events that a query has found, and whether it has looked at all there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventPage {
    /// The events, in the query's order.
    pub events: Vec<StoredEvent>,
    /// Where the search for a text stopped because it had looked at as many events as it may: pass it as
    /// [`EventQuery::after`] to go on. `None` when it stopped at the end, or because it had found as many as were asked for.
    pub searched_to: Option<EventPosition>,
}

impl EventPage {
    /// The first `rows` of the events, found with a limit of one more, and where the next page starts; `None` at the end.
    pub fn cut_to(self, rows: usize) -> (Vec<StoredEvent>, Option<EventPosition>) {
        let Self { mut events, searched_to } = self;
        let has_more = events.len() > rows;
        events.truncate(rows);
        let last = events.last().map(|event| event.position);
        (events, if has_more { last } else { searched_to })
    }
}

/// Which events of an account are wanted. Every filter that is set must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventQuery {
    /// The account.
    pub account_id: AccountId,
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
    /// By this kind of actor.
    pub actor_kind: Option<String>,
    /// By this actor.
    pub actor_id: Option<String>,
    /// With a type that starts so: `invitation.` or a whole type.
    pub type_prefix: Option<String>,
    /// To this kind of thing.
    pub target_kind: Option<String>,
    /// To this thing.
    pub target_id: Option<String>,
    /// Also these, where a `target_id` is asked for: what happened to another thing and concerns this one. At most
    /// [`MAX_ALSO`].
    pub also: Vec<AlsoTarget>,
    /// With this text in the type, an id or the body. ASCII letters match in either case; nothing is a wildcard.
    pub text: Option<String>,
    /// Users whose name or email has the text: their events match the text too. At most [`MAX_TEXT_USERS`].
    pub text_user_ids: Vec<UserId>,
    /// How many events the text is looked for in before the query gives up: see [`EventPage::searched_to`]. At least 1, at
    /// most [`MAX_SEARCHED_EVENTS`]; without a text it means nothing.
    pub searched_events: usize,
    /// The newest first, or the oldest.
    pub newest_first: bool,
    /// Only what comes after this place in the chosen order.
    pub after: Option<EventPosition>,
    /// At most so many; ask for one more than is shown to learn whether there are more. At most [`MAX_PAGE_ROWS`].
    pub limit: usize,
}

/// How many kinds of events a filter by target takes in besides those to the target itself.
pub const MAX_ALSO: usize = 8;

/// Events whose body names a thing that is not their target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlsoTarget {
    /// Their types start so.
    pub type_prefix: String,
    /// This is in their body.
    pub text: String,
}

impl EventQuery {
    /// All events of an account, the newest first.
    pub fn of_account(account_id: AccountId, limit: usize) -> Self {
        Self {
            account_id,
            from: None,
            to: None,
            actor_kind: None,
            actor_id: None,
            type_prefix: None,
            target_kind: None,
            target_id: None,
            also: Vec::new(),
            text: None,
            text_user_ids: Vec::new(),
            searched_events: MAX_SEARCHED_EVENTS,
            newest_first: true,
            after: None,
            limit,
        }
    }

    /// Checks the stated limits.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub fn check_limits(&self) -> Result<(), StoreError> {
        let texts = [
            &self.actor_kind,
            &self.actor_id,
            &self.type_prefix,
            &self.target_kind,
            &self.target_id,
            &self.text,
        ];
        if texts.into_iter().flatten().any(|text| text.len() > MAX_TEXT_BYTES) {
            return Err(StoreError::TooLarge {
                what: "the number of bytes of a filter",
                limit: MAX_TEXT_BYTES,
            });
        }
        let long = |also: &AlsoTarget| also.type_prefix.len().max(also.text.len()) > MAX_TEXT_BYTES;
        if self.also.len() > MAX_ALSO || self.also.iter().any(long) {
            return Err(StoreError::TooLarge { what: "a filter by target", limit: MAX_ALSO });
        }
        if self.text_user_ids.len() > MAX_TEXT_USERS {
            return Err(StoreError::TooLarge {
                what: "the number of users of a text filter",
                limit: MAX_TEXT_USERS,
            });
        }
        if self.searched_events > MAX_SEARCHED_EVENTS {
            return Err(StoreError::TooLarge {
                what: "the number of events that a text is looked for in",
                limit: MAX_SEARCHED_EVENTS,
            });
        }
        if self.limit > MAX_PAGE_ROWS {
            return Err(StoreError::TooLarge { what: "the number of rows of a page", limit: MAX_PAGE_ROWS });
        }
        Ok(())
    }
}

/// Events of an account by the revisions that they made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRange {
    /// The account.
    pub account_id: AccountId,
    /// Behind this revision.
    pub after: Revision,
    /// Up to this one.
    pub to: Revision,
    /// The newest first, or the oldest.
    pub newest_first: bool,
}

/// An event while it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventText<'a> {
    /// The revision that its commit made.
    pub revision: Revision,
    /// What happened.
    pub event_type: &'a str,
    /// The event as JSON.
    pub body: &'a str,
}

/// The events of a range while they are read, in its order, all from one snapshot.
pub trait EventTexts {
    /// The next event; `None` after the last.
    ///
    /// # Errors
    /// What the database answers.
    fn next(&mut self) -> Result<Option<EventText<'_>>, StoreError>;
}

/// Takes the events of a range as they are read, on a thread of the store, so that none of their texts is copied. What it
/// makes of them leaves it by a channel of its own. An error of the texts is passed on.
pub type TakeEvents = Box<dyn FnOnce(&mut dyn EventTexts) -> Result<(), StoreError> + Send>;

/// A commit of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitPlace {
    /// The revision that the commit made.
    pub revision: Revision,
    /// When.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_on_after_what_it_shows_or_where_the_search_stopped() {
        let at = |revision| EventPosition { revision: Revision(revision), sequence: 0 };
        let event = |revision| StoredEvent {
            position: at(revision),
            event: EventRow {
                at: Timestamp::UNIX_EPOCH,
                actor_kind: "system".into(),
                actor_id: None,
                event_type: "account.created".into(),
                target_kind: None,
                target_id: None,
                request_id: None,
                source_ip: None,
                body: String::new(),
            },
        };
        let cut = |revisions: &[u64], searched_to| {
            let page = EventPage { events: revisions.iter().copied().map(event).collect(), searched_to };
            let (events, next) = page.cut_to(2);
            (events.len(), next)
        };
        assert_eq!(cut(&[9, 8, 7], None), (2, Some(at(8))), "a full page goes on after its last event");
        assert_eq!(cut(&[9, 8, 7], Some(at(5))), (2, Some(at(8))), "what was found is not passed over");
        assert_eq!(cut(&[9], Some(at(5))), (1, Some(at(5))));
        assert_eq!(cut(&[], Some(at(5))), (0, Some(at(5))), "an empty page is not the end");
        assert_eq!(cut(&[9, 8], None), (2, None));
    }
}
