//! What a request says of one question: its entities, and as much of properties and context as counts.

use bailiwick_core::access::{Asserted, Question};
use bailiwick_core::account::{Account, AssertedOf, AttributeValue, Principal};

use super::Asked;
use super::parse::{Entity, Properties, Request};

/// The entities and the context of one question: an item's own, or the defaults of the batch entity by entity.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) subject: Option<Meant<'a>>,
    pub(super) action: Option<Meant<'a>>,
    pub(super) resource: Option<Meant<'a>>,
    pub(super) context: Option<&'a Properties<'a>>,
}

/// An entity of a question. Properties are its own; what it lacks of `type`, `id` and `name` is that of the batch.
#[derive(Clone, Copy)]
pub(super) struct Meant<'a> {
    own: &'a Entity<'a>,
    default: Option<&'a Entity<'a>>,
}

impl<'a> Meant<'a> {
    fn of(own: Option<&'a Entity<'a>>, default: Option<&'a Entity<'a>>) -> Option<Self> {
        own.map(|own| Self { own, default }).or(default.map(|own| Self { own, default: None }))
    }

    fn text(&self, of: fn(&'a Entity<'a>) -> Option<&'a str>) -> Option<&'a str> {
        of(self.own).or_else(|| self.default.and_then(of))
    }

    fn type_and_id(self) -> Option<(&'a str, &'a str)> {
        Some((self.text(|entity| entity.kind.as_deref())?, self.text(|entity| entity.id.as_deref())?))
    }

    fn name(self) -> Option<&'a str> {
        self.text(|entity| entity.name.as_deref())
    }

    fn properties(&self) -> Option<&'a Properties<'a>> {
        self.own.properties.as_ref()
    }
}

impl<'a> Said<'a> {
    pub(super) fn of(item: &'a Request<'a>, defaults: Option<&'a Request<'a>>) -> Self {
        let default = |of: fn(&'a Request<'a>) -> Option<&'a Entity<'a>>| defaults.and_then(of);
        Self {
            subject: Meant::of(item.subject.as_ref(), default(|all| all.subject.as_ref())),
            action: Meant::of(item.action.as_ref(), default(|all| all.action.as_ref())),
            resource: Meant::of(item.resource.as_ref(), default(|all| all.resource.as_ref())),
            context: item.context.as_ref().or(defaults.and_then(|all| all.context.as_ref())),
        }
    }

    pub(super) fn explain(&self) -> bool {
        self.context.is_some_and(Properties::asks_why)
    }

    pub(super) fn question(&self) -> Result<Question<'a>, Missing> {
        let (subject_type, subject_id) = self.subject.and_then(Meant::type_and_id).ok_or(Missing::Subject)?;
        let action = self.action.and_then(Meant::name).ok_or(Missing::Action)?;
        let (resource_type, resource_id) =
            self.resource.and_then(Meant::type_and_id).ok_or(Missing::Resource)?;
        Ok(Question { subject_type, subject_id, action, resource_type, resource_id })
    }
}

/// What the caller says of the question, as far as its service account may assert it.
#[cold]
pub(super) fn asserted(account: &Account, said: &Said<'_>, asked: &Asked) -> Asserted {
    let Principal::ServiceAccount(by) = asked.by else { return Asserted::default() };
    if account.service_account(by).is_none_or(|found| found.value.may_assert.is_empty()) {
        return Asserted::default();
    }
    let mut all: Vec<(AssertedOf, String, AttributeValue)> = Vec::new();
    for (of, properties) in [
        (AssertedOf::Context, said.context),
        (AssertedOf::Action, said.action.as_ref().and_then(Meant::properties)),
        (AssertedOf::Subject, said.subject.as_ref().and_then(Meant::properties)),
        (AssertedOf::Resource, said.resource.as_ref().and_then(Meant::properties)),
    ] {
        let each = properties.map(Properties::each).unwrap_or_default();
        all.extend(each.into_iter().map(|(name, value)| (of, name, value)));
    }
    let target = said.resource.and_then(Meant::type_and_id);
    let target = target.and_then(|(of, id)| account.target(of, id));
    let all = all.iter().map(|(of, name, value)| (*of, name.as_str(), value.clone()));
    account.asserted(by, target.as_ref(), all)
}

/// An entity that a question needs and does not have.
#[derive(Debug, Clone, Copy)]
pub(super) enum Missing {
    Subject,
    Action,
    Resource,
}

impl Missing {
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::Subject => "`subject` needs a `type` and an `id`",
            Self::Action => "`action` needs a `name`",
            Self::Resource => "`resource` needs a `type` and an `id`",
        }
    }
}
