//! Who is told that something ends soon, and in which words.

use std::collections::BTreeMap;

use bailiwick_core::account::{Account, ActorRef, Event, KeyHolder, MemberStatus, Principal};
use bailiwick_core::ids::{GrantId, KeyId, UserId};
use jiff::Timestamp;

use super::People;
use crate::delivery::message::moment;
use crate::delivery::request::{Action, MailRequest, Notice, SecretLink};
use crate::delivery::text;

/// How many things one mail names; the rest is counted.
const MOST_IN_A_MAIL: usize = 20;

/// What is told to whom: all of one commit in one mail.
pub(super) struct Telling(BTreeMap<UserId, Vec<String>>);

impl Telling {
    /// What these events tell.
    pub(super) fn of(account: &Account, events: &[Event], now: Timestamp) -> Self {
        let mut told: BTreeMap<UserId, Vec<String>> = BTreeMap::new();
        let told_of = |event: &Event| match event {
            Event::MemberEnding { user, until } => {
                let name = text::name(account.profile().value.name.as_str());
                let text = format!(
                    "Your membership of {name} ends on {}. From then on you can do nothing there.",
                    moment(*until)
                );
                Some((*user, text))
            }
            Event::GrantEnding { id, until, .. } => grant_ending(account, *id, *until),
            Event::KeyEnding { id, until, .. } => key_ending(account, *id, *until),
            _ => None,
        };
        for (user, text) in events.iter().filter_map(told_of) {
            // Who may do nothing there is told nothing of it either.
            if account.member_status_at(user, now) == Some(MemberStatus::Active) {
                told.entry(user).or_default().push(text);
            }
        }
        Self(told)
    }

    /// Whose emails are needed.
    pub(super) fn recipients(&self) -> impl Iterator<Item = UserId> {
        self.0.keys().copied()
    }

    /// The mails, to those who are known.
    pub(super) fn mails(
        &self,
        account: &Account,
        people: &People,
        link: &str,
    ) -> impl Iterator<Item = MailRequest> {
        let name = text::name(account.profile().value.name.as_str());
        self.0.iter().filter_map(move |(user, told)| {
            let to = people.email(*user)?.to_owned();
            let mut paragraphs: Vec<String> = told.iter().take(MOST_IN_A_MAIL).cloned().collect();
            if told.len() > MOST_IN_A_MAIL {
                paragraphs.push(format!("And {} more.", told.len() - MOST_IN_A_MAIL));
            }
            paragraphs.push("If it is needed for longer, ask an administrator of the account.".to_owned());
            let label = format!("Open {name}");
            let action = Some(Action { label, link: SecretLink::new(link), expires_at: None });
            let subject = format!("Access to {name} ends soon");
            Some(MailRequest::Notice(Notice { to, subject, paragraphs, action }))
        })
    }
}

/// A person's own grant is told to them; that of a group or machine to whoever made it.
fn grant_ending(account: &Account, id: GrantId, until: Timestamp) -> Option<(UserId, String)> {
    let grant = &account.grant(id)?.value;
    let role = text::name(account.role_title(&grant.role).unwrap_or_default());
    let scope = text::line(&account.scope_words(&grant.scope), text::MAX_NOTE / 2);
    let until = moment(until);
    let of = match grant.principal {
        Principal::Member(user) => {
            return Some((user, format!("Your role {role} in {scope} ends on {until}.")));
        }
        Principal::Group(id) => {
            format!("the group {}", text::name(account.group(id)?.value.name.as_str()))
        }
        Principal::ServiceAccount(id) => {
            format!("the service account {}", text::name(account.service_account(id)?.value.name.as_str()))
        }
    };
    let text = format!("The role {role} of {of} in {scope}, which you granted, ends on {until}.");
    Some((maker(grant.made_by)?, text))
}

fn key_ending(account: &Account, id: KeyId, until: Timestamp) -> Option<(UserId, String)> {
    let key = &account.key(id)?.value;
    let (name, until) = (text::name(key.name.as_str()), moment(until));
    let of = match key.holder {
        KeyHolder::Member(user) => {
            return Some((user, format!("Your personal key {name} stops working on {until}.")));
        }
        KeyHolder::ServiceAccount(id) => text::name(account.service_account(id)?.value.name.as_str()),
    };
    let text = format!(
        "The management key {name} of the service account {of}, which you made, stops working on {until}."
    );
    Some((maker(key.made_by)?, text))
}

fn maker(made_by: ActorRef) -> Option<UserId> {
    match made_by {
        ActorRef::User(user) => Some(user),
        ActorRef::ServiceAccount(_) | ActorRef::System => None,
    }
}
