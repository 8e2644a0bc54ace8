//! From the conditions of a request to those of the store.

use bailiwick_client::wire;
use bailiwick_core::account::{Account, ActorRef, Event};
use bailiwick_store::{AlsoTarget, EventQuery, MAX_TEXT_USERS};
use jiff::Timestamp;

use crate::api::call::Call;
use crate::api::problem::{Failure, code};
use crate::api::references::{member_by_email, unknown};
use crate::service::Error;

/// Which events are wanted, the same for lists and exports.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conditions<'q> {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    actor: Option<&'q str>,
    event_type: Option<&'q str>,
    target: Option<&'q str>,
    q: Option<&'q str>,
    order: wire::Order,
}

impl<'q> From<&'q wire::EventQuery> for Conditions<'q> {
    fn from(query: &'q wire::EventQuery) -> Self {
        Self {
            from: query.from,
            to: query.to,
            actor: query.actor.as_deref(),
            event_type: query.event_type.as_deref(),
            target: query.target.as_deref(),
            q: query.q.as_deref(),
            order: query.order.unwrap_or_default(),
        }
    }
}

impl<'q> From<&'q wire::ExportQuery> for Conditions<'q> {
    fn from(query: &'q wire::ExportQuery) -> Self {
        Self {
            from: query.from,
            to: query.to,
            actor: query.actor.as_deref(),
            event_type: query.event_type.as_deref(),
            target: query.target.as_deref(),
            q: query.q.as_deref(),
            order: query.order.unwrap_or_default(),
        }
    }
}

impl Conditions<'_> {
    /// Whether the newest come first.
    pub(super) fn newest_first(&self) -> bool {
        self.order == wire::Order::Desc
    }

    /// The store's query, without a place to start and with its greatest limit.
    ///
    /// # Errors
    /// `invalid_query` for conditions that can never be right, `not_found` for an actor whom nobody knows.
    pub(super) async fn find(&self, call: &Call, account: &Account) -> Result<EventQuery, Failure> {
        let mut query = EventQuery::of_account(account.id(), bailiwick_store::MAX_PAGE_ROWS);
        (query.from, query.to) = (self.from, self.to);
        query.newest_first = self.newest_first();
        query.target_id = self.target.map(str::to_owned);
        query.also = self.target.map(concerned).unwrap_or_default();
        query.type_prefix = self.event_type.map(type_prefix).transpose()?;
        if let Some(text) = self.actor {
            add_actor(&mut query, text, call, account).await?;
        }
        if let Some(text) = self.q {
            let store = call.service.store();
            // One more than the store takes tells that there are too many.
            let users =
                store.users_matching(account.id(), text, MAX_TEXT_USERS + 1).await.map_err(Error::from)?;
            if users.len() > MAX_TEXT_USERS {
                let message = format!(
                    "matches the email or name of more than {MAX_TEXT_USERS} people: give more of it, or use `actor`"
                );
                return Err(Failure::field(&code::INVALID_QUERY, "?q", message));
            }
            query.text = Some(text.to_owned());
            query.text_user_ids = users.into_iter().map(|user| user.user_id).collect();
        }
        query.check_limits().map_err(Error::from)?;
        Ok(query)
    }
}

/// The conditions of an export as they are recorded: ids stand in for emails and names, and `…` for a text that was looked
/// for, because the record holds no personal data (rule 8).
pub(super) fn recorded(query: &wire::ExportQuery, found: &EventQuery) -> wire::ExportQuery {
    let hidden = || "…".to_owned();
    let actor = found.actor_id.as_ref().or(found.actor_kind.as_ref());
    wire::ExportQuery {
        format: None,
        actor: actor.cloned(),
        target: query.target.as_ref().map(|text| if is_id(text) { text.clone() } else { hidden() }),
        q: query.q.as_ref().map(|_| hidden()),
        ..query.clone()
    }
}

/// Whether a text has the form of an id: a prefix of three letters and 32 hexadecimal digits.
fn is_id(text: &str) -> bool {
    text.split_once('_').is_some_and(|(prefix, digits)| {
        prefix.len() == 3
            && prefix.bytes().all(|byte| byte.is_ascii_lowercase())
            && digits.len() == 32
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// Filters by who did it: an id, `system`, a member's email, or an external id.
async fn add_actor(
    query: &mut EventQuery,
    text: &str,
    call: &Call,
    account: &Account,
) -> Result<(), Failure> {
    let actor = match text.parse::<ActorRef>() {
        Ok(ActorRef::System) => {
            query.actor_kind = Some("system".to_owned());
            return Ok(());
        }
        // Whoever has left stands in the record all the same.
        Ok(actor) => actor.to_string(),
        Err(_) if text.contains('@') => {
            let user = member_by_email(&call.service, account, text).await?;
            user.ok_or_else(|| unknown("?actor", text, "actor"))?.to_string()
        }
        Err(_) => {
            let member = account.find_member(text).map(|id| id.to_string());
            let machine = || account.find_service_account(text).map(|id| id.to_string());
            member.or_else(machine).ok_or_else(|| unknown("?actor", text, "actor"))?
        }
    };
    query.actor_id = Some(actor);
    Ok(())
}

/// What happens to somebody by way of something else: a grant, a group or an invitation is the target, and they are named in
/// it. Of grants the role is too.
fn concerned(target: &str) -> Vec<AlsoTarget> {
    // A text always has a JSON form.
    let id = serde_json::to_string(target).unwrap_or_default();
    let named = |type_prefix: &str, field: &str| AlsoTarget {
        type_prefix: type_prefix.to_owned(),
        text: format!("\"{field}\":{id}"),
    };
    vec![
        named("grant.", "principal"),
        named("grant.", "role"),
        named("group.member_", "member"),
        named("invitation.sent", "user"),
    ]
}

/// A whole type stays as it is; the name of a kind gets its dot, so that `key` does not find more than `key.…`.
fn type_prefix(text: &str) -> Result<String, Failure> {
    let prefix = if text.contains('.') { text.to_owned() } else { format!("{text}.") };
    if !text.is_empty() && Event::TYPES.iter().any(|(known, _)| known.starts_with(&prefix)) {
        return Ok(prefix);
    }
    let mut kinds: Vec<&str> =
        Event::TYPES.iter().filter_map(|(known, _)| known.split_once('.')).map(|(kind, _)| kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let message = format!("is no type of event; types start with {}", kinds.join(", "));
    Err(Failure::field(&code::INVALID_QUERY, "?type", message))
}

#[cfg(test)]
mod tests {
    use super::type_prefix;

    #[test]
    fn a_kind_gets_its_dot_and_unknown_types_are_refused() {
        assert_eq!(type_prefix("member").unwrap(), "member.");
        assert_eq!(type_prefix("member.").unwrap(), "member.");
        assert_eq!(type_prefix("member.joined").unwrap(), "member.joined");
        for wrong in ["", ".", "mem", "members", "member.joine_", "MEMBER"] {
            assert_eq!(type_prefix(wrong).unwrap_err().code(), "invalid_query", "{wrong}");
        }
    }
}
