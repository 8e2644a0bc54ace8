//! The record of what happened, with what people call those who are named in it.

use bailiwick_client::wire;
use bailiwick_core::account::{Account, EntityKey, Event, Grant, RoleRef};
use bailiwick_core::ids::{
    GrantId, GroupId, Id, InvitationId, KeyId, OfferId, ProjectId, ResourceId, RoleId, ServiceAccountId,
    UserId,
};
use bailiwick_store::StoredEvent;
use serde_json::Value;

use super::Views;

/// Fields of stored events that nobody is shown, however deep they are. A hash of a random secret gives nothing away, but
/// a record that auditors pass on is no place for it.
const WITHHELD_FIELDS: [&str; 1] = ["secret_hash"];

impl Views<'_> {
    /// An event of the record.
    pub fn event(&self, stored: &StoredEvent) -> wire::Event {
        let event = &stored.event;
        // What the store holds was written as JSON; should it be damaged, the rest of the event is still worth showing.
        let details = details(serde_json::from_str(&event.body).unwrap_or_default());
        let target = event.target_kind.as_deref().zip(event.target_id.as_deref());
        wire::Event {
            id: format!("{}.{}", stored.position.revision, stored.position.sequence),
            revision: stored.position.revision.0,
            seq: stored.position.sequence,
            at: event.at,
            event_type: event.event_type.to_string(),
            actor: self.recorded_actor(&event.actor_kind, event.actor_id.as_deref()),
            target: target.map(|(kind, id)| self.target(kind, id, &details)),
            request_id: event.request_id.clone(),
            source_ip: event.source_ip.map(|address| address.to_string()),
            details,
        }
    }

    /// An event that would be recorded.
    pub fn planned_event(&self, event: &Event) -> wire::PlannedEvent {
        // Serialising an event cannot fail: its maps have text keys and its types no fallible `Serialize`.
        let details = details(serde_json::to_value(event).unwrap_or_default());
        wire::PlannedEvent {
            event_type: event.type_name().to_owned(),
            target: event.target().map(|(kind, id)| self.target(kind, &id, &details)),
            details,
        }
    }

    fn recorded_actor(&self, kind: &str, id: Option<&str>) -> wire::ActorLabel {
        let unknown =
            |kind| wire::ActorLabel { kind, id: id.unwrap_or("system").to_owned(), email: None, name: None };
        match id.and_then(|id| id.parse().ok()) {
            Some(actor) => self.actor(actor),
            None if kind == "service_account" => unknown(wire::ActorKind::ServiceAccount),
            None if kind == "user" => unknown(wire::ActorKind::User),
            None => unknown(wire::ActorKind::System),
        }
    }

    /// Something of the account, as events name it.
    pub(super) fn entity_target(&self, key: EntityKey) -> wire::EventTarget {
        self.target(key.kind(), &key.id(), &Value::Null)
    }

    fn target(&self, kind: &str, id: &str, details: &Value) -> wire::EventTarget {
        let label = if kind == "grant" { self.grant_label(id, details) } else { self.label(id) };
        let label = label.or_else(|| recorded_name(details).map(str::to_owned));
        wire::EventTarget { kind: kind.to_owned(), id: id.to_owned(), label }
    }

    /// Who receives a grant, and which role it is: `grace@example.com, Admin`. A grant that is gone stands in its last event.
    fn grant_label(&self, id: &str, details: &Value) -> Option<String> {
        let grant =
            id.parse::<GrantId>().ok().and_then(|id| self.account.grant(id)).map(|found| &found.value);
        let role = match grant {
            Some(grant) => Some(self.role_title(&grant.role)),
            None => recorded(details, "role")
                .and_then(|role| role.parse().ok())
                .map(|role| self.role_title(&role)),
        };
        let principal = recorded(details, "principal").map(str::to_owned);
        let principal = principal.or_else(|| grant.map(|grant| grant.principal.to_string()));
        let receiver = principal.map(|id| self.label(&id).unwrap_or(id));
        let words: Vec<String> = receiver.into_iter().chain(role).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// What people call the thing with this id today; `None` once it is gone.
    fn label(&self, id: &str) -> Option<String> {
        let account = self.account;
        let person = |user: UserId| self.email(user).or_else(|| self.name(user));
        let name = |name: &dyn std::fmt::Display| Some(name.to_string());
        match id.get(..4)? {
            UserId::PREFIX => person(id.parse().ok()?),
            InvitationId::PREFIX => {
                account.invitation(id.parse().ok()?).and_then(|found| person(found.value.user))
            }
            OfferId::PREFIX => {
                let id: OfferId = id.parse().ok()?;
                let offer = account.offers().find(|(other, _)| *other == id);
                offer.and_then(|(_, offer)| person(offer.value.to))
            }
            GroupId::PREFIX => account.group(id.parse().ok()?).and_then(|found| name(&found.value.name)),
            RoleId::PREFIX => account.role_title(&RoleRef::Custom(id.parse().ok()?)).map(str::to_owned),
            GrantId::PREFIX => {
                account.grant(id.parse().ok()?).map(|found| self.role_title(&found.value.role))
            }
            ProjectId::PREFIX => account.project(id.parse().ok()?).and_then(|found| name(&found.value.name)),
            ResourceId::PREFIX => {
                account.resource(id.parse().ok()?).and_then(|found| name(&found.value.name))
            }
            ServiceAccountId::PREFIX => {
                account.service_account(id.parse().ok()?).and_then(|found| name(&found.value.name))
            }
            KeyId::PREFIX => account.key(id.parse().ok()?).and_then(|found| name(&found.value.name)),
            _ => None,
        }
    }
}

/// Who must be looked up to show an event of the record.
pub fn people_of_event(account: &Account, stored: &StoredEvent) -> Vec<UserId> {
    let actor = stored.event.actor_id.as_deref();
    let target = stored.event.target_id.as_deref();
    let is_grant = stored.event.target_kind.as_deref() == Some("grant");
    let body =
        if is_grant { serde_json::from_str(&stored.event.body).unwrap_or_default() } else { Value::Null };
    let receiver = recorded(&body, "principal");
    actor.into_iter().chain(target).chain(receiver).filter_map(|id| person_named(account, id)).collect()
}

/// Who must be looked up to show events that would be recorded.
pub fn planned_event_people(account: &Account, events: &[Event]) -> Vec<UserId> {
    let targets = events.iter().filter_map(Event::target).filter_map(|(_, id)| person_named(account, &id));
    let receivers = events.iter().filter_map(|event| match event {
        Event::GrantMade { grant: Grant { principal, .. }, .. }
        | Event::GrantRevoked { grant: Grant { principal, .. }, .. }
        | Event::GrantExpired { grant: Grant { principal, .. }, .. }
        | Event::GrantEnding { principal, .. }
        | Event::GrantExtended { principal, .. }
        | Event::GrantNarrowed { principal, .. } => person_named(account, &principal.to_string()),
        _ => None,
    });
    targets.chain(receivers).collect()
}

/// The person whom an id stands for or leads to.
pub(super) fn person_named(account: &Account, id: &str) -> Option<UserId> {
    match id.get(..4)? {
        UserId::PREFIX => id.parse().ok(),
        InvitationId::PREFIX => account.invitation(id.parse().ok()?).map(|found| found.value.user),
        OfferId::PREFIX => {
            let id: OfferId = id.parse().ok()?;
            account.offers().find(|(other, _)| *other == id).map(|(_, offer)| offer.value.to)
        }
        _ => None,
    }
}

/// The event's own fields: without the type, which stands beside them, and without what nobody is shown.
fn details(mut body: Value) -> Value {
    if let Value::Object(fields) = &mut body {
        fields.remove("type");
    }
    withhold(&mut body);
    body
}

/// Takes out what nobody is shown.
pub fn withhold(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for field in WITHHELD_FIELDS {
                fields.remove(field);
            }
            fields.values_mut().for_each(withhold);
        }
        Value::Array(items) => items.iter_mut().for_each(withhold),
        _ => {}
    }
}

/// The name that a thing had when it was recorded, for things that are gone.
/// A text of the grant that an event is about, or of the event itself.
fn recorded<'a>(details: &'a Value, field: &str) -> Option<&'a str> {
    details.get("grant").and_then(|grant| grant.get(field)).or_else(|| details.get(field))?.as_str()
}

fn recorded_name(details: &Value) -> Option<&str> {
    let fields = details.as_object()?;
    let named = |value: &'_ Value| value.get("name").is_some_and(Value::is_string);
    let holder = fields.get("after").into_iter().chain(fields.values()).find(|value| named(value));
    holder.and_then(|value| value.get("name")).or_else(|| fields.get("name"))?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hashes_of_secrets_are_nowhere_in_details() {
        let body = json!({
            "type": "key.created",
            "key": { "name": "ci", "secret_hash": "00", "deeper": [{ "secret_hash": "11", "stays": 1 }] },
        });
        let wanted = json!({ "key": { "name": "ci", "deeper": [{ "stays": 1 }] } });
        assert_eq!(details(body), wanted);
    }

    #[test]
    fn a_deleted_thing_is_called_as_it_was_recorded() {
        assert_eq!(recorded_name(&json!({ "id": "grp_1", "group": { "name": "Ops" } })), Some("Ops"));
        assert_eq!(
            recorded_name(&json!({ "before": { "name": "Old" }, "after": { "name": "New" } })),
            Some("New")
        );
        assert_eq!(recorded_name(&json!({ "id": "key_1", "name": "ci" })), Some("ci"));
        assert_eq!(recorded_name(&json!({ "id": "grt_1" })), None);
    }
}
