//! What a service account may assert when it asks about others: `subject.…`, `resource.…`, `context.…`, `action.…`.
//!
//! An answer then depends on its word, in the place of what is stored. So whoever lets it holds all that the statements name
//! which read the attribute (rule 1). Nothing is asserted about Bailiwick's own operations.

use std::collections::BTreeSet;
use std::net::IpAddr;

use smol_str::SmolStr;

use super::decide::Decision;
use super::{Account, AttributeValue, Refusal};
use crate::access::{Asserted, Target};
use crate::catalog::{Attribute, Catalog};
use crate::ids::ServiceAccountId;
use crate::limits;

/// Of what a property is asserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertedOf {
    /// The subject of the question.
    Subject,
    /// The resource of the question.
    Resource,
    /// The context of the question.
    Context,
    /// The action of the question; policies find it where they find the context.
    Action,
}

impl AssertedOf {
    /// The word before the point.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Resource => "resource",
            Self::Context => "context",
            Self::Action => "action",
        }
    }
}

/// How much of an entry that is none a refusal repeats.
const SHOWN_CHARACTERS: usize = 128;

/// Of what an entry names an attribute, in a few words.
fn asserted_of(entry: &str) -> &'static str {
    match entry.split_once('.').map(|(of, _)| of) {
        Some("subject") => "member",
        Some("resource") => "resource",
        Some("context" | "action") => "request",
        _ => "subject, resource, context or action",
    }
}

/// The attributes that can be asserted under a name; the two of every request are none of the catalog's.
fn declared<'c>(catalog: &'c Catalog, entry: &str) -> Option<&'c str> {
    let (of, name) = entry.split_once('.')?;
    let named = |attribute: &&Attribute| attribute.name == name;
    let of_resources = |attribute: &&Attribute| {
        use crate::catalog::AttributeOf::{Resource, ResourceType};
        named(attribute) && matches!(attribute.of, Resource | ResourceType(_))
    };
    match of {
        "subject" => catalog.member_attributes().find(named).map(|found| found.name.as_str()),
        "resource" => catalog.attributes.iter().find(of_resources).map(|found| found.name.as_str()),
        "context" if name == "ip" => Some("ip"),
        "context" if name == "mfa" => Some("mfa"),
        "context" | "action" => catalog.request_attributes().find(named).map(|found| found.name.as_str()),
        _ => None,
    }
}

impl Decision<'_> {
    /// What a service account may assert from now on, if the actor may let it.
    pub(super) fn assertable(&self, before: &[SmolStr], asked: &[SmolStr]) -> Result<Vec<SmolStr>, Refusal> {
        let most = limits::ASSERTIONS;
        let asked: BTreeSet<&SmolStr> = asked.iter().take(most + 1).collect();
        if asked.len() > most {
            return Err(Refusal::LimitReached { what: "properties that a service account may assert", most });
        }
        let mut added = Vec::new();
        for entry in asked.iter().filter(|entry| !before.contains(entry)) {
            declared(&self.account.catalog, entry).ok_or_else(|| Refusal::UnknownAttribute {
                attribute: entry.chars().take(SHOWN_CHARACTERS).collect(),
                of: asserted_of(entry).to_owned(),
            })?;
            added.push(*entry);
        }
        self.giver.covers_assertions(added.into_iter())?;
        Ok(asked.into_iter().cloned().collect())
    }
}

impl Account {
    /// Takes from the properties of a question what the service account that asks may assert. What it may not, what the
    /// catalog does not know and what is of another type counts as not said.
    pub fn asserted<'p>(
        &self,
        by: ServiceAccountId,
        target: Option<&Target>,
        properties: impl Iterator<Item = (AssertedOf, &'p str, AttributeValue)>,
    ) -> Asserted {
        let mut asserted = Asserted::default();
        let Some(may) = self.service_account(by).map(|found| &found.value.may_assert) else {
            return asserted;
        };
        if may.is_empty() {
            return asserted;
        }
        let catalog = self.catalog();
        let of_resource = match target {
            Some(Target::Resource(id)) => {
                self.resource(*id).and_then(|found| catalog.resource_type(&found.value.resource_type))
            }
            _ => None,
        };
        for (of, name, value) in properties.take(4 * limits::ATTRIBUTES) {
            let is_it = |entry: &SmolStr| {
                entry.strip_prefix(of.name()).and_then(|rest| rest.strip_prefix('.')) == Some(name)
            };
            if !may.iter().any(is_it) {
                continue;
            }
            let accepted = |known: Option<&Attribute>| known.and_then(|known| known.accepts(&value).ok());
            let named = |known: &&Attribute| known.name == name;
            let (into, accepted) = match of {
                AssertedOf::Subject => {
                    (&mut asserted.subject, accepted(catalog.member_attributes().find(named)))
                }
                AssertedOf::Resource => {
                    let of = of_resource.and_then(|of| catalog.resource_attributes(of).find(named));
                    (&mut asserted.resource, accepted(of))
                }
                AssertedOf::Context | AssertedOf::Action => match (name, &value) {
                    ("ip", AttributeValue::String(text)) => {
                        asserted.ip = text.parse::<IpAddr>().ok();
                        continue;
                    }
                    ("mfa", AttributeValue::Bool(_)) => (&mut asserted.request, Some(value.clone())),
                    _ => (&mut asserted.request, accepted(catalog.request_attributes().find(named))),
                },
            };
            if let Some(value) = accepted {
                into.set(name, value);
            }
        }
        asserted
    }
}
