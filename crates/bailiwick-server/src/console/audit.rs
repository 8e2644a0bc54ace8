//! The audit log.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, Query, State};
use bailiwick_core::account::Event;
use bailiwick_core::catalog::Operation;
use bailiwick_core::ids::{Revision, UserId};
use bailiwick_store::{
    EventPage, EventPosition, EventQuery, MAX_SEARCHED_EVENTS, MAX_TEXT_USERS, StoredEvent,
};
use jiff::Timestamp;
use serde::Deserialize;

use super::account_context::AccountContext;
use super::answer::{Answer, Failure, page};
use super::audit_sentence::{Names, users_in};
use super::complaint::Complaint;
use super::parts::Alert;
use super::shell::Shell;
use super::text::{Face, Moment, face, moment};
use super::visitor::Visitor;
use crate::api::references::member_by_email;
use crate::api::views::withhold;
use crate::service::Service;

/// How many events a page shows.
const PAGE: usize = 50;
/// The most characters of a filter.
const MAX_FILTER: usize = 200;

/// What the log is narrowed to.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    actor: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
}

/// One event in words.
pub(super) struct EventLine {
    pub(super) at: Moment,
    pub(super) actor: String,
    pub(super) actor_face: Option<Face>,
    pub(super) sentence: String,
    pub(super) kind: String,
    pub(super) revision: u64,
    pub(super) request_id: String,
    pub(super) source_ip: String,
    /// Before and after, where something changed.
    pub(super) change: Option<(String, String)>,
    /// The whole record.
    pub(super) record: String,
}

#[derive(Template)]
#[template(path = "console/audit.html")]
struct AuditPage {
    shell: Shell,
    alert: Alert,
    base: String,
    filter: Filter,
    kinds: Vec<&'static str>,
    lines: Vec<EventLine>,
    note: Option<String>,
    next: Option<String>,
    export: String,
    is_filtered: bool,
}

/// The log, the newest first.
pub(super) async fn list(
    State(service): State<Service>,
    Path(account): Path<String>,
    visitor: Visitor,
    Query(filter): Query<Filter>,
) -> Answer {
    let context = AccountContext::open(&service, &visitor, &account).await?;
    context.admit(Operation::ReadEvents, "list_events").await?;
    let mut note = None;
    let actor = actor_id(&context, &filter).await?;
    let (found, complaint) = match query(&context, &filter, &actor, &mut note).await? {
        Ok(query) => (service.store().events(query).await?, None),
        Err(complaint) => (EventPage::default(), Some(complaint)),
    };
    if found.searched_to.is_some() {
        let bound = format!(
            "This text was looked for in {MAX_SEARCHED_EVENTS} events. “Older events” looks further back."
        );
        note = Some(note.map_or_else(|| bound.clone(), |note| format!("{note} {bound}")));
    }
    let (shown, next) = found.cut_to(PAGE);
    let next = next.map(|at| {
        let after = format!("{}.{}", at.revision, at.sequence);
        format!("{}?{}", context.path("/audit"), address(&filter, &[("after", &after)]))
    });
    let filters = [&filter.from, &filter.to, &filter.actor, &filter.kind, &filter.q];
    let template = AuditPage {
        shell: context.shell("Audit log", "audit"),
        alert: Alert::unless_about(complaint.as_ref(), &[]),
        base: context.path(""),
        kinds: kinds(),
        lines: lines(&context, shown).await?,
        note,
        next,
        export: format!(
            "/api/v1/accounts/{}/events:export?{}",
            context.account.id(),
            api_address(&filter, &actor)
        ),
        is_filtered: filters.iter().any(|text| !text.is_empty()),
        filter,
    };
    Ok(page(&service, complaint.as_ref(), &template.shell, &template))
}

/// The kinds of events by their first word, each once.
fn kinds() -> Vec<&'static str> {
    let first = Event::TYPES.iter().filter_map(|(kind, _)| kind.split_once('.').map(|(first, _)| first));
    first.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The actor of the filter as an id: the email of somebody in the account is looked up.
async fn actor_id(context: &AccountContext<'_>, filter: &Filter) -> Result<String, Failure> {
    let actor = filter.actor.trim();
    if !actor.contains('@') {
        return Ok(actor.to_owned());
    }
    let user = member_by_email(context.service, &context.account, actor).await?;
    // Nobody outside the account acts in it: an id that no event has finds nothing.
    Ok(user.map_or_else(|| "nobody".to_owned(), |user| user.to_string()))
}

async fn query(
    context: &AccountContext<'_>,
    filter: &Filter,
    actor: &str,
    note: &mut Option<String>,
) -> Result<Result<EventQuery, Complaint>, Failure> {
    let texts = [&filter.actor, &filter.kind, &filter.q];
    if texts.iter().any(|text| text.len() > MAX_FILTER) {
        let message = format!("a filter has at most {MAX_FILTER} characters");
        return Ok(Err(Complaint::field("q", &message, "type less")));
    }
    let mut query = EventQuery::of_account(context.account.id(), PAGE + 1);
    for (text, place) in [(&filter.from, &mut query.from), (&filter.to, &mut query.to)] {
        *place = match time(text) {
            Ok(at) => at,
            Err(complaint) => return Ok(Err(complaint)),
        };
    }
    query.actor_id = Some(actor.to_owned()).filter(|actor| !actor.is_empty());
    query.type_prefix = Some(filter.kind.clone()).filter(|kind| !kind.is_empty());
    let text = filter.q.trim();
    if !text.is_empty() {
        query.text = Some(text.to_owned());
        let store = context.service.store();
        let users = store.users_matching(context.account.id(), text, MAX_TEXT_USERS + 1).await?;
        if users.len() > MAX_TEXT_USERS {
            *note = Some(format!(
                "More than {MAX_TEXT_USERS} people match this text; events of the first {MAX_TEXT_USERS} are shown."
            ));
        }
        query.text_user_ids = users.iter().take(MAX_TEXT_USERS).map(|user| user.user_id).collect();
    }
    let place = filter.after.split_once('.');
    query.after = place.and_then(|(revision, sequence)| {
        Some(EventPosition { revision: Revision(revision.parse().ok()?), sequence: sequence.parse().ok()? })
    });
    Ok(Ok(query))
}

/// What date and time fields of browsers give, in UTC.
fn time(text: &str) -> Result<Option<Timestamp>, Complaint> {
    if text.is_empty() {
        return Ok(None);
    }
    let civil: Option<jiff::civil::DateTime> = text.parse().ok();
    let zoned = civil.and_then(|civil| civil.to_zoned(jiff::tz::TimeZone::UTC).ok());
    let at = zoned.map(|zoned| zoned.timestamp()).or_else(|| text.parse().ok());
    at.map(Some).ok_or_else(|| {
        Complaint::field("from", "this is not a time", "write it like 2026-11-21T09:30, in UTC")
    })
}

fn address(filter: &Filter, more: &[(&str, &str)]) -> String {
    let own = [
        ("from", filter.from.as_str()),
        ("to", &filter.to),
        ("actor", &filter.actor),
        ("type", &filter.kind),
        ("q", &filter.q),
    ];
    encode(own.iter().chain(more))
}

/// The same filter in the words of the API, which exports exactly what is shown.
fn api_address(filter: &Filter, actor: &str) -> String {
    let exact = |text: &str| time(text).ok().flatten().map(|at| at.to_string()).unwrap_or_default();
    let (from, to) = (exact(&filter.from), exact(&filter.to));
    let own = [
        ("from", from.as_str()),
        ("to", &to),
        ("actor", actor),
        ("type", &filter.kind),
        ("q", filter.q.trim()),
    ];
    encode(own.iter())
}

fn encode<'a>(pairs: impl Iterator<Item = &'a (&'a str, &'a str)>) -> String {
    let mut encoder = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.filter(|(_, value)| !value.is_empty()) {
        encoder.append_pair(name, value);
    }
    encoder.finish()
}

/// Events in words, with the names of everybody in them.
pub(super) async fn lines(
    context: &AccountContext<'_>,
    stored: Vec<StoredEvent>,
) -> Result<Vec<EventLine>, Failure> {
    let mut ids: BTreeSet<UserId> = BTreeSet::new();
    for event in &stored {
        ids.extend(event.event.actor_id.as_deref().and_then(|id| id.parse::<UserId>().ok()));
        ids.extend(users_in(&event.event.body));
    }
    let people = context.service.people(ids).await?;
    let names = Names { account: &context.account, people: &people };
    Ok(stored.into_iter().map(|stored| line(&names, stored, context.now)).collect())
}

fn line(names: &Names<'_>, stored: StoredEvent, now: Timestamp) -> EventLine {
    let StoredEvent { position, event } = stored;
    let parsed: Option<Event> = serde_json::from_str(&event.body).ok();
    let mut record: serde_json::Value = serde_json::from_str(&event.body).unwrap_or_default();
    withhold(&mut record);
    let change = match (record.get("before"), record.get("after")) {
        (None, None) => None,
        (before, after) => Some((pretty(before), pretty(after))),
    };
    let user = event.actor_id.as_deref().and_then(|id| id.parse::<UserId>().ok());
    let actor = match (&event.actor_id, user) {
        (_, Some(user)) => names.people.label(user),
        (Some(id), None) => names.service_account(id),
        (None, None) => "Bailiwick".to_owned(),
    };
    EventLine {
        at: moment(event.at, now),
        actor,
        actor_face: user.map(|user| face(user, names.people.get(user))),
        sentence: parsed.map_or_else(|| event.event_type.to_string(), |event| names.sentence(&event, user)),
        kind: event.event_type.to_string(),
        revision: position.revision.0,
        request_id: event.request_id.unwrap_or_default(),
        source_ip: event.source_ip.map(|ip| ip.to_string()).unwrap_or_default(),
        change,
        record: pretty(Some(&record)),
    }
}

fn pretty(value: Option<&serde_json::Value>) -> String {
    match value {
        None | Some(serde_json::Value::Null) => "nothing".to_owned(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(value) => serde_json::to_string_pretty(value).unwrap_or_default(),
    }
}
