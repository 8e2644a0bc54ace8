//! Searches: who may do this to that, to what may they do this, and what may they do to it.
//!
//! A search gathers candidates from the grants that could allow it and confirms each with [`Account::check`], so that what
//! is found is always allowed. Candidates come in the order of their ids from several ordered lists at once, and the search
//! stops when its page is full: the cost is that of the page, not of the account.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Included, Unbounded};

use jiff::Timestamp;
use uuid::Uuid;

use super::index::{AccessIndex, micros};
use super::page::{Source, found, merged};
use super::scope_key::{ScopeKey, Slot};
use super::{Circumstances, Found, Page, Target};
use crate::account::{Account, Principal, Scope};
use crate::catalog::{PermissionIndex, ResourceTypeIndex};
use crate::ids::{GroupId, Id, ProjectId, ResourceId, ServiceAccountId, UserId};

/// Which kind of principal is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubjectType {
    /// Members.
    Member,
    /// Groups: what all their members may do.
    Group,
    /// Service accounts.
    ServiceAccount,
}

/// Which kind of target is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetType {
    /// The account itself.
    Account,
    /// Projects.
    Project,
    /// Resources of a type.
    Resource(ResourceTypeIndex),
}

impl SubjectType {
    /// The type that goes by this word in questions: `user`, `group` or `service_account`.
    pub fn named(text: &str) -> Option<Self> {
        match text {
            "user" => Some(Self::Member),
            "group" => Some(Self::Group),
            "service_account" => Some(Self::ServiceAccount),
            _ => None,
        }
    }

    fn has(self, principal: Principal) -> bool {
        matches!(
            (self, principal),
            (Self::Member, Principal::Member(_))
                | (Self::Group, Principal::Group(_))
                | (Self::ServiceAccount, Principal::ServiceAccount(_))
        )
    }

    /// Before the first principal of this type in the order of principals, and behind the last.
    fn ends(self) -> (Principal, Principal) {
        let (nil, max) = (Uuid::nil(), Uuid::max());
        match self {
            Self::Member => (Principal::Member(Id::from_uuid(nil)), Principal::Member(Id::from_uuid(max))),
            Self::Group => (Principal::Group(Id::from_uuid(nil)), Principal::Group(Id::from_uuid(max))),
            Self::ServiceAccount => {
                (Principal::ServiceAccount(Id::from_uuid(nil)), Principal::ServiceAccount(Id::from_uuid(max)))
            }
        }
    }
}

impl Account {
    /// The type of target that goes by this word: `account`, `project` or a resource type of the catalog.
    pub fn target_type(&self, text: &str) -> Option<TargetType> {
        match text {
            "account" => Some(TargetType::Account),
            "project" => Some(TargetType::Project),
            _ => self.catalog().resource_type(text).map(TargetType::Resource),
        }
    }

    /// Who of a type may do this to the target, a page in the order of their ids.
    pub fn search_subjects(
        &self,
        of: SubjectType,
        permission: PermissionIndex,
        target: &Target,
        circumstances: Circumstances<'_>,
        page: Page<Principal>,
    ) -> Found<Principal> {
        // A key of another type is before or behind all of this one.
        let after = page.after.filter(|after| of.has(*after));
        let candidates = self.subjects_to_ask(of, permission, target, after);
        let cost = self.cost_of_asking(permission);
        let may = |principal: &Principal| self.check(*principal, permission, target, circumstances);
        found(candidates, &page, |_| cost, may)
    }

    /// To what of a type the principal may do this, a page in the order of the ids.
    pub fn search_targets(
        &self,
        principal: Principal,
        permission: PermissionIndex,
        of: TargetType,
        circumstances: Circumstances<'_>,
        page: Page<Target>,
    ) -> Found<Target> {
        let now = circumstances.now;
        let candidates: Source<'_, Target> = match (of, page.after) {
            // Neither a grant nor a permit is for whoever does not act.
            _ if !self.acts(principal, now) => Box::new(std::iter::empty()),
            (TargetType::Account, None) => Box::new(std::iter::once(Target::Account)),
            (TargetType::Account, Some(_)) => Box::new(std::iter::empty()),
            (TargetType::Project, after) => {
                let after = match after {
                    Some(Target::Project(id)) => Some(id),
                    _ => None,
                };
                // There are few projects: each is asked for.
                Box::new(self.projects_after(after).map(|(id, _)| Target::Project(id)))
            }
            (TargetType::Resource(of), after) => {
                let after = match after {
                    Some(Target::Resource(id)) => Some(id),
                    _ => None,
                };
                Box::new(self.resources_to_ask(principal, permission, of, now, after).map(Target::Resource))
            }
        };
        let cost = self.cost_of_asking(permission);
        found(candidates, &page, |_| cost, |target| self.check(principal, permission, target, circumstances))
    }

    /// What the principal may do to the target, a page in the order of the catalog.
    pub fn search_actions(
        &self,
        principal: Principal,
        target: &Target,
        circumstances: Circumstances<'_>,
        page: Page<PermissionIndex>,
    ) -> Found<PermissionIndex> {
        let all = self.catalog().all_permissions();
        let candidates = all.iter().filter(|permission| page.after.is_none_or(|after| *permission > after));
        let cost = |permission: &PermissionIndex| self.cost_of_asking(*permission);
        found(candidates, &page, cost, |permission| self.check(principal, *permission, target, circumstances))
    }

    /// Everybody of a type who could be allowed this, in order; whoever else is not.
    ///
    /// What grants do not say is said here: what every active member has, and whatever else can allow something without
    /// one, makes everybody a candidate.
    fn subjects_to_ask(
        &self,
        of: SubjectType,
        permission: PermissionIndex,
        target: &Target,
        after: Option<Principal>,
    ) -> Source<'_, Principal> {
        let Some(covering) = self.covering(target).filter(|_| !self.is_deleted()) else {
            return Box::new(std::iter::empty());
        };
        if self.may_be_permitted(permission)
            || (of == SubjectType::Member && self.index.newcomer().contains(permission))
        {
            return self.everybody(of, after);
        }
        let (first, last) = of.ends();
        let from = after.map_or(Included(first), Excluded);
        let mut sources: Vec<Source<'_, Principal>> = Vec::new();
        let mut groups = BTreeSet::new();
        let granted = &self.backwards().granted;
        for (key, role) in self.roles_at(covering, permission) {
            if of != SubjectType::Group {
                let lower = match from {
                    Included(first) => Included((key, role, first)),
                    Excluded(after) => Excluded((key, role, after)),
                    Unbounded => Unbounded,
                };
                let found = granted.range((lower, Included((key, role, last))));
                sources.push(Box::new(found.map(|(_, _, principal)| *principal)));
            }
            let (first, last) = SubjectType::Group.ends();
            let holding = granted.range((key, role, first)..=(key, role, last));
            let holding = holding.filter_map(|(_, _, principal)| match principal {
                Principal::Group(group) => Some(*group),
                Principal::Member(_) | Principal::ServiceAccount(_) => None,
            });
            if of != SubjectType::ServiceAccount {
                groups.extend(holding.flat_map(|group| self.with_groups_below(group)));
            }
        }
        match of {
            SubjectType::Member => {
                let after = match after {
                    Some(Principal::Member(user)) => Some(user),
                    _ => None,
                };
                let inside = |group: GroupId| self.group_members_after(group, after).map(Principal::Member);
                sources
                    .extend(groups.into_iter().map(|group| Box::new(inside(group)) as Source<'_, Principal>));
            }
            SubjectType::Group => {
                let groups = groups.into_iter().map(Principal::Group);
                return Box::new(groups.filter(move |group| after.is_none_or(|after| *group > after)));
            }
            SubjectType::ServiceAccount => {}
        }
        Box::new(merged(sources))
    }

    /// All principals of a type, in order.
    fn everybody(&self, of: SubjectType, after: Option<Principal>) -> Source<'_, Principal> {
        let after = after.map(uuid_of);
        match of {
            SubjectType::Member => {
                let members = self.members_after(after.map(UserId::from_uuid));
                Box::new(members.map(|(id, _)| Principal::Member(id)))
            }
            SubjectType::Group => {
                let groups = self.groups_after(after.map(GroupId::from_uuid));
                Box::new(groups.map(|(id, _)| Principal::Group(id)))
            }
            SubjectType::ServiceAccount => {
                let machines = self.service_accounts_after(after.map(ServiceAccountId::from_uuid));
                Box::new(machines.map(|(id, _)| Principal::ServiceAccount(id)))
            }
        }
    }

    /// Scopes that cover a target, each with the roles granted there that hold the permission.
    fn roles_at(&self, covering: &[ScopeKey], permission: PermissionIndex) -> Vec<(ScopeKey, Slot)> {
        let granted = &self.backwards().granted;
        let (first, _) = SubjectType::Member.ends();
        let mut found = Vec::new();
        for key in covering {
            let mut role = 0;
            while let Some((at, next, _)) = granted.range((*key, role, first)..).next()
                && at == key
            {
                if self.index.role_holds(*next, permission) {
                    found.push((*key, *next));
                }
                let Some(behind) = next.checked_add(1) else { break };
                role = behind;
            }
        }
        found
    }

    /// All resources of a type for which the principal could be allowed this, in order.
    ///
    /// What every active member has, and whatever else can allow something without a grant, makes all of them candidates.
    fn resources_to_ask(
        &self,
        principal: Principal,
        permission: PermissionIndex,
        of: ResourceTypeIndex,
        now: Timestamp,
        after: Option<ResourceId>,
    ) -> impl Iterator<Item = ResourceId> {
        let is_member = matches!(principal, Principal::Member(_));
        let mut wanted = Places {
            all: self.may_be_permitted(permission)
                || (is_member && self.index.newcomer().contains(permission)),
            ..Places::default()
        };
        let now = micros(now);
        let subject = self.index.subject(principal);
        for holder in subject.into_iter().flat_map(|subject| self.index.holders(subject)) {
            for grant in &holder.grants {
                if grant.until > now && self.index.role_holds(grant.role, permission) {
                    wanted.grants.insert(grant.id);
                }
            }
        }
        for grant in std::mem::take(&mut wanted.grants).into_iter().filter_map(|id| self.grant(id)) {
            self.add_places(&mut wanted, &grant.value.scope, of);
        }
        self.resources_in(wanted, of, after)
    }

    /// The resources of a type in places, in order.
    pub(super) fn resources_in(
        &self,
        mut wanted: Places,
        of: ResourceTypeIndex,
        after: Option<ResourceId>,
    ) -> impl Iterator<Item = ResourceId> {
        if wanted.all {
            wanted = Places { keys: BTreeSet::from([ScopeKey::all_in_account(of)]), ..Places::default() };
        }
        let covered = &self.backwards().covered;
        let from = after.map_or(Included(ResourceId::from_uuid(Uuid::nil())), Excluded);
        let mut sources: Vec<Source<'_, ResourceId>> = Vec::with_capacity(wanted.keys.len() + 1);
        for key in wanted.keys {
            let lower = match from {
                Included(first) => Included((key, of, first)),
                Excluded(after) => Excluded((key, of, after)),
                Unbounded => Unbounded,
            };
            let upper = Included((key, of, ResourceId::from_uuid(Uuid::max())));
            sources.push(Box::new(covered.range((lower, upper)).map(|(_, _, id)| *id)));
        }
        sources
            .push(Box::new(wanted.named.into_iter().filter(move |id| after.is_none_or(|after| *id > after))));
        merged(sources)
    }

    /// Under what the resources of a type are found that a scope covers.
    pub(super) fn add_places(&self, wanted: &mut Places, scope: &Scope, of: ResourceTypeIndex) {
        let slot = |id: ProjectId| self.index.project(id).map(|node| node.slot);
        match scope {
            Scope::Account => wanted.all = true,
            Scope::Project(id) => {
                wanted.keys.extend(slot(*id).map(|slot| ScopeKey::all_in_project(of, slot)));
            }
            Scope::AllOf(all) => {
                // All of a type above covers all of a type below: a resource is always below one of its parent type.
                let covers = self.catalog().resource_type(&all.resource_type).is_some_and(|above| {
                    let parent = |below: &ResourceTypeIndex| {
                        self.catalog().resource_type_at(*below).and_then(|below| below.parent)
                    };
                    std::iter::successors(Some(of), parent).any(|one| one == above)
                });
                match all.project {
                    _ if !covers => {}
                    None => wanted.all = true,
                    Some(id) => {
                        wanted.keys.extend(slot(id).map(|slot| ScopeKey::all_in_project(of, slot)));
                    }
                }
            }
            Scope::Resources(ids) => {
                for id in &**ids {
                    let Some(node) = self.index.resource(*id) else { continue };
                    if node.resource_type == Some(of) {
                        wanted.named.insert(*id);
                    } else {
                        wanted.keys.insert(ScopeKey::resource(node.slot));
                    }
                }
            }
        }
    }
}

/// Where the resources of a type are that grants cover.
#[derive(Debug, Default)]
pub(super) struct Places {
    grants: BTreeSet<crate::ids::GrantId>,
    /// Everywhere in the account.
    pub(super) all: bool,
    /// Keys of [`super::reverse::Backwards::covered`].
    keys: BTreeSet<ScopeKey>,
    /// Named themselves.
    named: BTreeSet<ResourceId>,
}

impl AccessIndex {
    /// Whether a role holds a permission.
    fn role_holds(&self, role: Slot, permission: PermissionIndex) -> bool {
        self.role_at(role).is_some_and(|held| held.contains(permission))
    }
}

fn uuid_of(principal: Principal) -> Uuid {
    match principal {
        Principal::Member(id) => id.uuid(),
        Principal::Group(id) => id.uuid(),
        Principal::ServiceAccount(id) => id.uuid(),
    }
}
