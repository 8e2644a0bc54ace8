//! The question of a control plane: may this principal do that to this?

use jiff::Timestamp;

use super::Circumstances;
use super::index::{Node, micros};
use super::scope_key::ScopeKey;
use crate::account::{Account, Called, Principal};
use crate::catalog::{Operation, PermissionIndex};
use crate::ids::{GroupId, Id, ProjectId, ResourceId, ServiceAccountId, UserId};
use crate::policy::Asked;

/// What a permission is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The account itself.
    Account,
    /// A project.
    Project(ProjectId),
    /// A resource.
    Resource(ResourceId),
}

/// A question in texts, as AuthZEN and the API put it. Ids and external ids are both understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question<'a> {
    /// `user`, `service_account` or `group`.
    pub subject_type: &'a str,
    /// The id or external id of the subject.
    pub subject_id: &'a str,
    /// A permission of the catalog, or `read`, `write` or `delete` for that of the resource type.
    pub action: &'a str,
    /// `account`, `project` or a resource type of the catalog.
    pub resource_type: &'a str,
    /// The id or external id of the resource.
    pub resource_id: &'a str,
}

impl Account {
    /// Whether the principal may do this to the target now. Does not allocate where the account has no policies.
    #[inline]
    pub fn check(
        &self,
        principal: Principal,
        permission: PermissionIndex,
        target: &Target,
        circumstances: Circumstances<'_>,
    ) -> bool {
        let Some(covering) = self.covering(target) else { return false };
        let granted = self.index.holds(principal, permission, covering, micros(circumstances.now));
        let allowed = match &self.rules {
            None => granted,
            Some(rules) => {
                let circumstances = &circumstances;
                let asked = Asked { principal, permission, target: *target, covering, circumstances };
                self.decided(rules, granted, &asked)
            }
        };
        allowed && !self.is_deleted()
    }

    /// Answers a question in texts; what is not known is not allowed. Does not allocate when ids are given and the account
    /// has no policies.
    #[inline]
    pub fn evaluate(&self, question: &Question<'_>, circumstances: Circumstances<'_>) -> bool {
        self.allowed(question, circumstances).is_some()
    }

    /// The same, with who is allowed it by which permission; `None` for a no.
    #[inline]
    pub fn allowed(
        &self,
        question: &Question<'_>,
        circumstances: Circumstances<'_>,
    ) -> Option<(Principal, PermissionIndex)> {
        let permission = self.permission_named(question.action, question.resource_type)?;
        let principal = self.principal(question.subject_type, question.subject_id)?;
        let holds = if self.rules.is_some() {
            let target = self.target(question.resource_type, question.resource_id)?;
            self.check(principal, permission, &target, circumstances)
        } else {
            let covering = self.covering_named(question.resource_type, question.resource_id)?;
            let now = micros(circumstances.now);
            !self.is_deleted() && self.index.holds(principal, permission, covering, now)
        };
        holds.then_some((principal, permission))
    }

    /// The permission of this name; `read`, `write` and `delete` alone are those of the resource type.
    #[inline]
    pub fn permission_named(&self, action: &str, resource_type: &str) -> Option<PermissionIndex> {
        self.catalog().permission(action).or_else(|| self.permission_of_type(action, resource_type))
    }

    #[cold]
    fn permission_of_type(&self, action: &str, resource_type: &str) -> Option<PermissionIndex> {
        let catalog = self.catalog();
        let of = catalog.resource_type(resource_type).and_then(|index| catalog.resource_type_at(index))?;
        match action {
            "read" => Some(of.read),
            "write" => Some(of.write),
            "delete" => Some(of.delete),
            _ => None,
        }
    }

    /// Whether any policy counts here: only then is it of use to say more of a question than who, what and where.
    #[inline]
    pub fn has_policies(&self) -> bool {
        self.rules.is_some()
    }

    /// The principal of this kind with this id or external id; it need not exist when an id is given.
    #[inline]
    pub fn principal(&self, kind: &str, reference: &str) -> Option<Principal> {
        match kind {
            "user" => match reference.parse() {
                Ok(id) => Some(Principal::Member(id)),
                Err(_) => self.find_member(reference).map(Principal::Member),
            },
            "service_account" => match reference.parse() {
                Ok(id) => Some(Principal::ServiceAccount(id)),
                Err(_) => self.find_service_account(reference).map(Principal::ServiceAccount),
            },
            "group" => match reference.parse() {
                Ok(id) => Some(Principal::Group(id)),
                Err(_) => self.find_group(reference).map(Principal::Group),
            },
            _ => None,
        }
    }

    /// The principal with this id or external id; members, groups and service accounts may share one of the latter.
    pub fn principal_called(&self, reference: &str) -> Called<Principal> {
        let prefixes = [UserId::PREFIX, GroupId::PREFIX, ServiceAccountId::PREFIX];
        let named = prefixes.into_iter().find(|prefix| reference.starts_with(prefix));
        let may_be = |prefix| named.is_none_or(|named| named == prefix);
        let member = || self.find_member(reference).map(Principal::Member);
        let group = || self.find_group(reference).map(Principal::Group);
        let machine = || self.find_service_account(reference).map(Principal::ServiceAccount);
        let found = [
            may_be(UserId::PREFIX).then(member),
            may_be(GroupId::PREFIX).then(group),
            may_be(ServiceAccountId::PREFIX).then(machine),
        ];
        let mut found = found.into_iter().flatten().flatten();
        match (found.next(), found.next()) {
            (None, _) => Called::Nothing,
            (Some(one), None) => Called::One(one),
            (Some(_), Some(_)) => Called::Several,
        }
    }

    /// The target of this type with this id or external id; `None` when there is none of that type.
    #[inline]
    pub fn target(&self, kind: &str, reference: &str) -> Option<Target> {
        match kind {
            "account" => (reference.parse() == Ok(self.id())).then_some(Target::Account),
            "project" => self.find_project(reference).map(Target::Project),
            _ => self.resource_named(kind, reference).map(|(id, _)| Target::Resource(id)),
        }
    }

    /// The scopes that cover what a question names.
    #[inline]
    fn covering_named(&self, kind: &str, reference: &str) -> Option<&[ScopeKey]> {
        match kind {
            "account" | "project" => self.target(kind, reference).and_then(|target| self.covering(&target)),
            _ => self.resource_named(kind, reference).map(|(_, node)| &*node.covering),
        }
    }

    #[inline]
    fn resource_named(&self, kind: &str, reference: &str) -> Option<(ResourceId, &Node)> {
        let id = match reference.parse() {
            Ok(id) => id,
            Err(_) => self.find_resource(reference)?,
        };
        let node = self.index.resource(id)?;
        let of = self.catalog().resource_type_at(node.resource_type?)?;
        (of.name == kind).then_some((id, node))
    }

    /// The scopes that cover a target; `None` when it does not exist.
    #[inline]
    pub(crate) fn covering(&self, target: &Target) -> Option<&[ScopeKey]> {
        match target {
            Target::Account => Some(&[ScopeKey::ACCOUNT]),
            Target::Project(id) => self.index.project(*id).map(|node| &*node.covering),
            Target::Resource(id) => self.index.resource(*id).map(|node| &*node.covering),
        }
    }

    /// The permission that one of Bailiwick's own operations asks for.
    pub fn permission_for(&self, operation: Operation) -> PermissionIndex {
        self.catalog().operation(operation)
    }
}

/// The end of a grant that is just still in force: ends are exclusive.
pub(crate) fn after(now: Timestamp) -> i64 {
    micros(now).saturating_add(1)
}
