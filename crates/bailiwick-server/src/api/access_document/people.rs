//! Members, and who is in which group.

use std::collections::{BTreeMap, BTreeSet};

use bailiwick_client::wire::{self, PlanAction};
use bailiwick_core::account::{Command, MemberStatus, Patch, Principal};
use bailiwick_core::ids::UserId;
use bailiwick_core::values::{Email, ExternalId, folded};
use jiff::Timestamp;

use super::plan::{Step, Words};
use super::planner::Planner;
use super::references::shown;
use super::things::change;

impl Planner<'_> {
    pub(super) fn members(&mut self) {
        let document = self.document;
        for (place, entry) in document.members.iter().flatten().enumerate() {
            let at = format!("/members/{place}");
            let Some(user) = self.accepted(&format!("{at}/member"), &entry.member) else { continue };
            if !self.named.members.insert(user) {
                let message = format!("the member `{}` stands above already", shown(&entry.member));
                self.problem(&at, "duplicate", message);
                continue;
            }
            self.external_id_of(&at, user, entry.external_id.as_ref());
            self.attributes_of(&at, user, entry.attributes.as_ref());
            match entry.until {
                wire::Patch::Keep => {}
                wire::Patch::Clear => self.ends(&at, user, None),
                wire::Patch::Set(until) => self.ends(&format!("{at}/until"), user, Some(until)),
            }
            self.status(&at, user, entry.status);
        }
    }

    fn external_id_of(&mut self, at: &str, user: UserId, wanted: Option<&String>) {
        let Some(text) = wanted else { return };
        let at = format!("{at}/external_id");
        let after = match ExternalId::parse(text) {
            Ok(after) => after,
            Err(problem) => return self.invalid(&at, &problem),
        };
        let before = self.account().member(user).and_then(|member| member.value.external_id.clone());
        if before.as_ref() == Some(&after) {
            return;
        }
        // People are called by email too: by that of another one this one would be taken for them.
        let email = Email::parse(after.as_str()).ok();
        if email.is_some_and(|email| self.people.user(&email) != Some(user)) {
            let refusal = bailiwick_core::account::Refusal::EmailAsExternalId { value: after.to_string() };
            return self.refused(&at, refusal);
        }
        let changes =
            vec![change("external_id", before.as_ref().map(ExternalId::as_str), Some(after.as_str()))];
        let step = step_of(PlanAction::Change, "member", user.into(), changes, &at);
        self.step(step, &Command::EditMember { user, external_id: Patch::Set(after), attributes: [].into() });
    }

    /// Sees to it that a membership ends then.
    pub(super) fn ends(&mut self, at: &str, user: UserId, until: Option<Timestamp>) {
        let before = self.account().member_until(user);
        if before == until || self.has_ended(at, until) {
            return;
        }
        let text = |until: Option<Timestamp>| until.map_or("never".to_owned(), |end| end.to_string());
        let changes = vec![change("until", Some(&text(before)), Some(&text(until)))];
        let step = step_of(PlanAction::Change, "member", user.into(), changes, at);
        self.step(step, &Command::SetMemberEnd { user, until });
    }

    fn status(&mut self, at: &str, user: UserId, wanted: Option<wire::MemberStatusChange>) {
        let is = self.account().member_status(user);
        let (wanted, command, words) = match wanted {
            Some(wire::MemberStatusChange::Active) => {
                (MemberStatus::Active, Command::ActivateMember { user }, ("inactive", "active"))
            }
            Some(wire::MemberStatusChange::Inactive) => {
                (MemberStatus::Inactive, Command::DeactivateMember { user }, ("active", "inactive"))
            }
            None => return,
        };
        if is == Some(wanted) {
            return;
        }
        let at = format!("{at}/status");
        let changes = vec![change("status", Some(words.0), Some(words.1))];
        self.step(step_of(PlanAction::Change, "member", user.into(), changes, &at), &command);
    }

    pub(super) fn group_members(&mut self) {
        self.loops();
        let document = self.document;
        for (place, entry) in document.groups.iter().flatten().enumerate() {
            let Some(members) = &entry.members else { continue };
            // What is wrong with the group itself has been told.
            let Some(group) = self.account().group_named(&entry.name) else { continue };
            for (number, text) in members.iter().enumerate() {
                let at = format!("/groups/{place}/members/{number}");
                let member = match text.strip_prefix(NESTED) {
                    Some(inner) => self.group(&at, inner.trim()).map(Principal::Group),
                    None => self.accepted(&at, text).map(Principal::Member),
                };
                let Some(member) = member else { continue };
                if !self.named.group_members.entry(group).or_default().insert(member) {
                    let message = format!("`{}` stands above already", shown(text));
                    self.problem(&at, "duplicate", message);
                } else if !self.account().is_in_group(group, member) {
                    let name = self.principal_words(member).and(" in ").and(entry.name.as_str());
                    let step = step_of(PlanAction::Create, "group_member", name, Vec::new(), &at);
                    self.step(step, &Command::AddToGroup { group, member });
                }
            }
            self.named.group_members.entry(group).or_default();
        }
    }

    /// Groups that would be in themselves, through others: told by the way that leads back.
    fn loops(&mut self) {
        let document = self.document;
        let groups: Vec<_> = document.groups.iter().flatten().collect();
        let place_of: BTreeMap<_, _> = groups
            .iter()
            .enumerate()
            .flat_map(|(place, group)| {
                let names = std::iter::once(&group.name).chain(&group.external_id);
                names.map(move |name| (folded(name), place))
            })
            .collect();
        let below = |place: usize| {
            let members = groups.get(place).into_iter().flat_map(|group| group.members.iter().flatten());
            let nested = members.enumerate().filter_map(|(number, text)| {
                Some((number, *place_of.get(&folded(text.strip_prefix(NESTED)?.trim()))?))
            });
            nested.collect::<Vec<_>>()
        };
        // Depth first, without recursion: documents may hold long chains.
        let mut done = BTreeSet::new();
        for start in 0..groups.len() {
            if done.contains(&start) {
                continue;
            }
            let mut way: Vec<(usize, Vec<(usize, usize)>)> = vec![(start, below(start))];
            while let Some((place, rest)) = way.last_mut() {
                let place = *place;
                let Some((number, next)) = rest.pop() else {
                    done.insert(place);
                    way.pop();
                    continue;
                };
                if let Some(first) = way.iter().position(|(on, _)| *on == next) {
                    let on = way.iter().skip(first).filter_map(|(place, _)| groups.get(*place));
                    let mut names: Vec<String> = on.map(|group| shown(&group.name)).collect();
                    names.extend(names.first().cloned());
                    let message = format!("groups would be in each other: {}", names.join(" > "));
                    self.problem(&format!("/groups/{place}/members/{number}"), "group_loop", message);
                } else if !done.contains(&next) {
                    way.push((next, below(next)));
                }
            }
        }
    }
}

/// What stands before the name of a group that is in another one.
const NESTED: &str = "group:";

/// A step of its own place in the document.
pub fn step_of(
    action: PlanAction,
    kind: &str,
    name: Words,
    changes: Vec<wire::PlanChange>,
    at: &str,
) -> Step {
    Step { action, kind: kind.to_owned(), name, changes, field: Some(at.to_owned()) }
}
