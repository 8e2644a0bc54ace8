//! What is said of members and resources, and what service accounts may say: for policies to read.

use std::collections::BTreeSet;

use bailiwick_client::wire::{self, PlanAction, PlanChange};
use bailiwick_core::account::{AttributeChanges, AttributeValue, Attributes, Command, Patch, Refusal};
use bailiwick_core::catalog::Attribute;
use bailiwick_core::ids::{ServiceAccountId, UserId};

use super::people::step_of;
use super::planner::Planner;
use super::references::shown;
use super::things::change;
use crate::api::attributes;
use crate::api::references::References;

/// Of what something is said.
#[derive(Debug, Clone, Copy)]
pub enum Of<'a> {
    Member,
    /// A resource of this type.
    Resource(&'a str),
}

impl Planner<'_> {
    /// Attributes in the form in which they are kept; nothing where one of them is wrong, and every such one is told.
    pub(super) fn said(&mut self, at: &str, of: Of<'_>, said: &wire::Attributes) -> Option<Attributes> {
        let mut accepted = Attributes::default();
        let mut is_right = true;
        for (name, value) in attributes::attributes(said).iter() {
            let catalog = self.account().catalog();
            let named = |known: &&Attribute| known.name == *name;
            let known = match of {
                Of::Member => catalog.member_attributes().find(named),
                Of::Resource(of) => {
                    let of = catalog.resource_type(of);
                    of.and_then(|of| catalog.resource_attributes(of).find(named))
                }
            };
            let refused = match known.map(|known| known.accepts(value)) {
                Some(Ok(value)) => {
                    accepted.set(name.clone(), value);
                    continue;
                }
                Some(Err(refusal)) => refusal,
                None => Refusal::UnknownAttribute {
                    attribute: shown(name),
                    of: match of {
                        Of::Member => "member".to_owned(),
                        Of::Resource(of) => of.to_owned(),
                    },
                },
            };
            self.refused(&format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), refused);
            is_right = false;
        }
        is_right.then_some(accepted)
    }

    pub(super) fn attributes_of(&mut self, at: &str, user: UserId, wanted: Option<&wire::Attributes>) {
        let at = format!("{at}/attributes");
        let Some(after) = wanted.and_then(|wanted| self.said(&at, Of::Member, wanted)) else { return };
        let before = self.account().member_attributes(user).cloned().unwrap_or_default();
        let (attributes, changes) = edit(&before, &after);
        if !attributes.is_empty() {
            let step = step_of(PlanAction::Change, "member", user.into(), changes, &at);
            self.step(step, &Command::EditMember { user, external_id: Patch::Keep, attributes });
        }
    }

    pub(super) fn resources(&mut self) {
        let document = self.document;
        let mut seen = BTreeSet::new();
        for (place, entry) in document.resources.iter().flatten().enumerate() {
            let at = format!("/resources/{place}");
            let references = References::new(self.account(), self.actor, self.circumstances).ok();
            let found = references.and_then(|references| references.resource("", &entry.resource).ok());
            let found = found.and_then(|id| Some((id, self.account().resource(id)?.value.clone())));
            let name = shown(&entry.resource);
            let Some((resource, found)) = found else {
                let message =
                    format!("there is no resource with the id or external id `{name}` in this account");
                self.problem(&format!("{at}/resource"), "not_found", message);
                continue;
            };
            if !seen.insert(resource) {
                self.problem(&at, "duplicate", format!("the resource `{name}` stands above already"));
                continue;
            }
            let of = Of::Resource(&found.resource_type);
            let at = format!("{at}/attributes");
            let Some(after) = self.said(&at, of, &entry.attributes) else { continue };
            let before = found.attributes.map(|all| *all).unwrap_or_default();
            let (attributes, changes) = edit(&before, &after);
            if !attributes.is_empty() {
                let name = format!("{} {}", found.resource_type, found.name);
                let step = step_of(PlanAction::Change, "resource", name.into(), changes, &at);
                let (name, external_id, url) = (None, Patch::Keep, Patch::Keep);
                self.step(step, &Command::EditResource { resource, name, external_id, url, attributes });
            }
        }
    }

    /// What a service account may assert.
    pub(super) fn assertions(&mut self, place: usize, id: ServiceAccountId, wanted: Option<&Vec<String>>) {
        let Some(wanted) = wanted else { return };
        let Some(found) = self.account().service_account(id) else { return };
        let before: BTreeSet<&str> = found.value.may_assert.iter().map(AsRef::as_ref).collect();
        let after: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
        if before == after {
            return;
        }
        let listed = |all: &BTreeSet<&str>| all.iter().map(|text| shown(text)).collect::<Vec<_>>().join(" ");
        let listed = [listed(&before), listed(&after)].map(|text| Some(text).filter(|text| !text.is_empty()));
        let changes = vec![change("may_assert", listed[0].as_deref(), listed[1].as_deref())];
        let name = found.value.name.as_str().into();
        let step = step_of(
            PlanAction::Change,
            "service_account",
            name,
            changes,
            &format!("/service_accounts/{place}/may_assert"),
        );
        let command = Command::EditServiceAccount {
            service_account: id,
            name: None,
            description: None,
            external_id: Patch::Keep,
            may_assert: Some(after.into_iter().map(Into::into).collect()),
        };
        self.step(step, &command);
    }
}

/// What leads from some attributes to others, for the command and for people.
pub fn edit(before: &Attributes, after: &Attributes) -> (AttributeChanges, Vec<PlanChange>) {
    let names: BTreeSet<_> = before.iter().chain(after.iter()).map(|(name, _)| name).collect();
    let changed = names.into_iter().filter(|name| before.get(name) != after.get(name));
    let edits = changed.map(|name| {
        let text = |value: Option<&AttributeValue>| value.map(words);
        let shown = change(name, text(before.get(name)).as_deref(), text(after.get(name)).as_deref());
        ((name.clone(), after.get(name).cloned()), shown)
    });
    edits.unzip()
}

/// A value in words.
pub fn words(value: &AttributeValue) -> String {
    match value {
        AttributeValue::Bool(value) => value.to_string(),
        AttributeValue::Number(value) => value.to_string(),
        AttributeValue::String(text) => text.to_string(),
        AttributeValue::List(texts) => texts.join(", "),
    }
}
