//! Attributes: what is said of members and resources, for policies to read.
//!
//! Where a policy reads an attribute, whoever sets it decides what the policy says. So rule 1 holds for them: they hold, for
//! good, all that the statements name which read it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::decide::Decision;
use super::giver::{Giver, Named};
use super::{Account, Event, Principal, Refusal, Scope};
use crate::access::Target;
use crate::catalog::{Attribute, AttributeKind, Operation};
use crate::ids::{ResourceId, UserId};
use crate::limits;
use crate::policy::{Effect, Object, Statement, Subject};

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AttributeValue {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// A text.
    String(SmolStr),
    /// Texts, the order of which means nothing.
    List(Vec<SmolStr>),
}

/// Names and values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(BTreeMap<SmolStr, AttributeValue>);

impl Attributes {
    /// Nothing is said.
    pub(crate) const NONE: &'static Self = &Self(BTreeMap::new());

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&AttributeValue> {
        self.0.get(name)
    }

    /// All names and values, in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&SmolStr, &AttributeValue)> {
        self.0.iter()
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Sets a value, in the place of the one before.
    pub fn set(&mut self, name: impl Into<SmolStr>, value: AttributeValue) {
        self.0.insert(name.into(), value);
    }

    /// The attributes after an edit.
    fn edited(&self, changes: &AttributeChanges) -> Self {
        let mut after = self.clone();
        for (name, value) in changes {
            match value {
                Some(value) => after.set(name.clone(), value.clone()),
                None => {
                    after.0.remove(name);
                }
            }
        }
        after
    }

    /// The names that are set in only one of two, or to other values.
    pub(crate) fn changed<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a str> {
        let names = self.0.keys().chain(other.0.keys());
        names.filter(|name| self.get(name) != other.get(name)).map(SmolStr::as_str)
    }
}

impl FromIterator<(SmolStr, AttributeValue)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (SmolStr, AttributeValue)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

/// What an edit sets, and what it takes away (`None`); what it does not name stays.
pub type AttributeChanges = BTreeMap<SmolStr, Option<AttributeValue>>;

impl Attribute {
    /// The value in the one form in which it is kept.
    ///
    /// # Errors
    /// [`Refusal::WrongAttribute`] for another type than the catalog says, too much, or a text that is not among its values.
    pub fn accepts(&self, value: &AttributeValue) -> Result<AttributeValue, Refusal> {
        let text = |text: &SmolStr| {
            text.chars().count() <= limits::ATTRIBUTE_CHARACTERS
                && !text.chars().any(char::is_control)
                && (self.values.is_empty() || self.values.iter().any(|known| known == text))
        };
        let accepted = match (self.kind, value) {
            (AttributeKind::Bool, AttributeValue::Bool(_))
            | (AttributeKind::Number, AttributeValue::Number(_)) => Some(value.clone()),
            (AttributeKind::String, AttributeValue::String(one)) => text(one).then(|| value.clone()),
            (AttributeKind::List, AttributeValue::List(many)) => {
                let fits = many.len() <= limits::ATTRIBUTE_LIST && many.iter().all(text);
                let sorted: std::collections::BTreeSet<_> = many.iter().cloned().collect();
                fits.then(|| AttributeValue::List(sorted.into_iter().collect()))
            }
            _ => None,
        };
        accepted.ok_or_else(|| Refusal::WrongAttribute {
            attribute: self.name.clone(),
            expected: self.expected(),
        })
    }

    fn expected(&self) -> String {
        let text = limits::ATTRIBUTE_CHARACTERS;
        let one_of = || self.values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
        match (self.kind, self.values.is_empty()) {
            (AttributeKind::Bool, _) => "true or false".to_owned(),
            (AttributeKind::Number, _) => "a whole number".to_owned(),
            (AttributeKind::String, true) => format!("a text of at most {text} characters on one line"),
            (AttributeKind::String, false) => format!("one of {}", one_of()),
            (AttributeKind::List, true) => {
                format!("a list of at most {} texts of at most {text} characters", limits::ATTRIBUTE_LIST)
            }
            (AttributeKind::List, false) => format!("a list of some of {}", one_of()),
        }
    }
}

/// Of what attributes are set, for messages and for the look-up in the catalog.
#[derive(Debug, Clone, Copy)]
pub(super) enum Described<'a> {
    Member,
    Resource(&'a str),
}

/// Of what attributes are changed.
#[derive(Debug, Clone, Copy)]
pub(super) enum SaidOf<'a> {
    /// This one, as policies see them.
    Member(&'a Subject),
    Resource(ResourceId),
    /// A resource of this type that is about to be registered there.
    New(&'a str, Target),
}

impl Account {
    /// What is said of a member; `None` if nothing is.
    pub fn member_attributes(&self, user: UserId) -> Option<&Attributes> {
        self.member_attributes.get(&user).map(|attributes| &**attributes)
    }

    /// What is said of a target; only of resources anything is.
    pub(crate) fn target_attributes(&self, target: &Target) -> Option<&Attributes> {
        match target {
            Target::Resource(id) => self.resource(*id)?.value.attributes.as_deref(),
            Target::Account | Target::Project(_) => None,
        }
    }

    fn attribute(&self, of: Described<'_>, name: &str) -> Option<&Attribute> {
        let catalog = self.catalog();
        match of {
            Described::Member => catalog.member_attributes().find(|known| known.name == name),
            Described::Resource(of) => {
                catalog.resource_attributes(catalog.resource_type(of)?).find(|known| known.name == name)
            }
        }
    }

    /// The attributes after an edit, if the catalog has them all and takes their values.
    pub(super) fn attributes_after(
        &self,
        of: Described<'_>,
        before: &Attributes,
        changes: &AttributeChanges,
    ) -> Result<Attributes, Refusal> {
        let mut accepted = AttributeChanges::new();
        for (name, value) in changes {
            // What the catalog has dropped can still be taken away.
            let value = match value {
                None if before.get(name).is_some() => None,
                None => continue,
                Some(value) => {
                    let known = self.attribute(of, name).ok_or_else(|| Refusal::UnknownAttribute {
                        attribute: name.to_string(),
                        of: match of {
                            Described::Member => "member".to_owned(),
                            Described::Resource(of) => of.to_owned(),
                        },
                    })?;
                    Some(known.accepts(value)?)
                }
            };
            accepted.insert(name.clone(), value);
        }
        let after = before.edited(&accepted);
        if after.len() > limits::ATTRIBUTES {
            return Err(Refusal::LimitReached { what: "attributes of one thing", most: limits::ATTRIBUTES });
        }
        Ok(after)
    }
}

impl Decision<'_> {
    /// Changes what is said of a member: needs the right to edit members, and rule 1 for what policies make of it.
    pub(super) fn edit_member_attributes(
        &mut self,
        user: UserId,
        changes: &AttributeChanges,
    ) -> Result<(), Refusal> {
        self.require(Operation::WriteMembers, &Scope::Account)?;
        let before = self.account.member_attributes(user).cloned().unwrap_or_default();
        let after = self.account.attributes_after(Described::Member, &before, changes)?;
        if before == after {
            return Ok(());
        }
        let member = Subject::of(self.account, Principal::Member(user));
        self.giver.covers_readers(&before, &after, SaidOf::Member(&member))?;
        self.events.push(Event::MemberAttributesChanged { user, before, after });
        Ok(())
    }

    /// What an invitation says of the member to be, if the actor may say it.
    pub(super) fn promised_attributes(
        &self,
        changes: &AttributeChanges,
        invited: &Subject,
    ) -> Result<Option<Box<Attributes>>, Refusal> {
        if changes.is_empty() {
            return Ok(None);
        }
        self.require(Operation::WriteMembers, &Scope::Account)?;
        let before = Attributes::default();
        let after = self.account.attributes_after(Described::Member, &before, changes)?;
        self.giver.covers_readers(&before, &after, SaidOf::Member(invited))?;
        Ok((!after.is_empty()).then(|| Box::new(after)))
    }
}

impl Giver<'_> {
    /// Whether a statement gives a member nothing more by a change of what is said of them: a forbid that goes on binding them
    /// wherever it did, a permit that helps them nowhere else.
    fn gives_nothing(
        &self,
        statement: &Statement,
        member: &Subject,
        before: &Attributes,
        after: &Attributes,
    ) -> bool {
        let with = |said: &Attributes| {
            let member = Subject { attributes: said.clone(), ..member.clone() };
            self.account().applies(statement, &member, Object::Anything)
        };
        let (before, after) = (with(before), with(after));
        match statement.effect {
            Effect::Forbid => before.implies(&after),
            Effect::Permit => after.implies(&before),
        }
    }

    /// Rule 1 for attributes: the giver holds, for good, all that the statements name which read one that changes; of a resource,
    /// there.
    ///
    /// # Errors
    /// Those of [`Giver::covers_named`].
    pub(super) fn covers_readers(
        &self,
        before: &Attributes,
        after: &Attributes,
        of: SaidOf<'_>,
    ) -> Result<(), Refusal> {
        let changed: Vec<&str> = before.changed(after).collect();
        let account = self.account();
        let reads = |statement: &&Statement| changed.iter().any(|name| statement.reads(name));
        account.statements().filter(reads).try_for_each(|statement| {
            let (scope, object) = match of {
                // What is new was not bound, and whether its description lets it be registered is asked by itself.
                SaidOf::New(..) if statement.effect == Effect::Forbid => return Ok(()),
                SaidOf::Member(member) if self.gives_nothing(statement, member, before, after) => {
                    return Ok(());
                }
                SaidOf::Member(_) => (statement.scope(), Object::Anything),
                SaidOf::Resource(id) => {
                    let target = Target::Resource(id);
                    let there = statement.is_about_target(account, &target);
                    (there.then(|| Scope::of(target)), Object::There(target))
                }
                SaidOf::New(of, holder) => {
                    let Some(of) = account.catalog().resource_type(of) else { return Ok(()) };
                    let there = statement.is_at_new(account, of, &holder).then(|| Scope::of(holder));
                    (there, Object::New(of, holder, before))
                }
            };
            scope.map_or(Ok(()), |scope| self.covers_named(&Named { statement, scope, object }))
        })
    }
}
