//! Rule 1 for external ids that were another one's: control planes ask by them, so that whatever bears one next is answered for by it.
//!
//! What bore an external id is remembered for a while. Until then, giving the id to something else counts as moving there and
//! describing anew what bore it before, be it that another one made the id free: whoever does it holds on the old bearer all that
//! is granted where the new one is, and what policies name that say less of the new one or permit more of it, and is not bound by
//! those.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

use super::decide::Decision;
use super::giver::{Giver, Grantee, Named, come_alike};
use super::{
    Account, Attributes, EntityKey, Event, Principal, Project, Refusal, Resource, Scope, Taken, Versioned,
};
use crate::access::Target;
use crate::catalog::{PermissionSet, ResourceTypeIndex};
use crate::ids::{FormerBearerId, GroupId, Id, ProjectId, ResourceId, Revision, ServiceAccountId, UserId};
use crate::limits;
use crate::policy::{Effect, Object, Statement, Subject};
use crate::values::{Description, ExternalId, Name};

/// What bore an external id until it got free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerBearer {
    /// The id that got free.
    pub external_id: ExternalId,
    /// What bore it, as it was then.
    pub bearer: Bearer,
    /// When it got free.
    pub freed_at: Timestamp,
}

/// What bears an external id by which access is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bearer {
    /// A project.
    Project(ProjectId),
    /// A resource.
    Resource(Box<BearingResource>),
    /// A member.
    Member(Box<BearingMember>),
    /// A service account.
    ServiceAccount(ServiceAccountId),
}

/// A resource with what policies and grants tell it by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BearingResource {
    /// Its id.
    pub id: ResourceId,
    /// Its type.
    #[serde(rename = "type")]
    pub resource_type: SmolStr,
    /// The project in which it is.
    pub project: ProjectId,
    /// The resources that hold it with their types, the nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub above: Vec<(ResourceId, SmolStr)>,
    /// What is said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Box<Attributes>>,
}

/// A member with what policies tell them by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BearingMember {
    /// Who.
    pub user: UserId,
    /// What is said of them.
    #[serde(default)]
    pub attributes: Attributes,
    /// The groups that they are in, through others too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupId>,
}

/// By what a former bearer is found: questions name the type with the external id, those about principals not always. No type has
/// a colon in its name.
fn called(of: &str, external_id: &ExternalId) -> SmolStr {
    format_smolstr!("{of}:{}", external_id.as_str())
}

const PROJECT: &str = "project:";
const PRINCIPAL: &str = "principal:";

impl FormerBearer {
    /// Until when the id is not given to something else like a new one.
    pub fn until(&self) -> Timestamp {
        let remembered = SignedDuration::from_secs(limits::FORMER_BEARER_SECONDS);
        self.freed_at.checked_add(remembered).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn called(&self) -> SmolStr {
        let of = match &self.bearer {
            Bearer::Project(_) => PROJECT,
            Bearer::Resource(resource) => &resource.resource_type,
            Bearer::Member(_) | Bearer::ServiceAccount(_) => PRINCIPAL,
        };
        called(of, &self.external_id)
    }

    /// The entity that bore it.
    pub fn entity(&self) -> EntityKey {
        match &self.bearer {
            Bearer::Project(id) => EntityKey::Project(*id),
            Bearer::Resource(resource) => EntityKey::Resource(resource.id),
            Bearer::Member(member) => EntityKey::Member(member.user),
            Bearer::ServiceAccount(id) => EntityKey::ServiceAccount(*id),
        }
    }

    fn target(&self) -> Option<Target> {
        match &self.bearer {
            Bearer::Project(id) => Some(Target::Project(*id)),
            Bearer::Resource(resource) => Some(Target::Resource(resource.id)),
            Bearer::Member(_) | Bearer::ServiceAccount(_) => None,
        }
    }

    fn subject(&self) -> Option<Subject> {
        match &self.bearer {
            Bearer::Member(member) => Some(Subject {
                principal: Principal::Member(member.user),
                attributes: member.attributes.clone(),
                groups: member.groups.clone(),
            }),
            Bearer::ServiceAccount(id) => Some(Subject {
                principal: Principal::ServiceAccount(*id),
                attributes: Attributes::default(),
                groups: Vec::new(),
            }),
            Bearer::Project(_) | Bearer::Resource(_) => None,
        }
    }
}

impl Decision<'_> {
    /// Remembers what bears an external id that it will bear no more; a principal where there are policies.
    pub(super) fn frees(&mut self, bearer: Bearer, external_id: Option<&ExternalId>) {
        let Some(external_id) = external_id.cloned() else { return };
        // Nobody sheds a forbid where there is none, be it disabled.
        let is_principal = matches!(bearer, Bearer::Member(_) | Bearer::ServiceAccount(_));
        if is_principal && self.account.policies.is_empty() {
            return;
        }
        let former = FormerBearer { external_id, bearer, freed_at: self.now };
        let formers = &self.account.former_bearers;
        let same = self.account.taken_by(Taken::FormerBearer, &former.called());
        let oldest =
            || formers.get_min().map(|(id, _)| *id).filter(|_| formers.len() >= limits::FORMER_BEARERS);
        let replaced = same.or_else(oldest).and_then(|id| self.account.former_forgotten(id));
        self.events.extend(replaced);
        let id = self.take_id();
        self.events.push(Event::ExternalIdFreed { id, former });
    }

    /// Taking the external id of a project (no type) or resource away, while it stays, takes managing all of it.
    pub(super) fn may_rename(
        &self,
        target: Target,
        of: Option<&SmolStr>,
        freed: Option<&ExternalId>,
    ) -> Result<(), Refusal> {
        let Some(freed) = freed else { return Ok(()) };
        let catalog = &self.account.catalog;
        let managed = catalog.managing_permissions(of.and_then(|of| catalog.resource_type(of)));
        self.reaches(&managed, &Scope::of(target), &Grantee::Anyone, || {
            format!("taking the external id `{freed}` away")
        })
    }

    /// Rule 1 for a project (no type) or resource that comes to bear an external id; `next` is the account in which it does.
    ///
    /// # Errors
    /// [`Refusal::BorneByAnother`].
    pub(super) fn may_bear(
        &self,
        target: Target,
        of: Option<&SmolStr>,
        external_id: Option<&ExternalId>,
        next: impl FnOnce() -> Account,
    ) -> Result<(), Refusal> {
        let Some(external_id) = external_id else { return Ok(()) };
        let called = called(of.map_or(PROJECT, SmolStr::as_str), external_id);
        let Some(former) = self.account.former_bearer(&called, self.now) else { return Ok(()) };
        let Some(old) = former.target().filter(|old| *old != target) else { return Ok(()) };
        let next = next();
        let then = self.account.with_former(former);
        let basis = self.basis().with_former(former);
        let (principal, there) = (self.actor.principal(), Scope::of(old));
        let giver = Giver::new(&then, &basis, principal, self.circumstances);
        let moved = Moved::new(&then, &next, old, target);
        let gained = moved.gained(self.now).intersection(&self.asked_about(next.type_of(&target)));
        let granted = giver.covers(&gained, &there, None, &Grantee::Anyone);
        let others = then.statements().filter(|statement| moved.makes_a_difference_to(statement));
        let others = others.map(|statement| {
            let (scope, object) = (there.clone(), Object::There(old));
            giver.covers_named(&Named { statement, scope, object })
        });
        let refused = |_| Refusal::BorneByAnother { external_id: external_id.clone(), until: former.until() };
        std::iter::once(granted).chain(others).collect::<Result<(), _>>().map_err(refused)
    }

    /// Rule 1 for a principal that comes to bear an external id by which somebody else was known: what policies forbade that one
    /// they forbid this one too, or it is the actor's to give.
    ///
    /// # Errors
    /// [`Refusal::BorneByAnother`].
    pub(super) fn may_be_known_as(
        &self,
        principal: Principal,
        external_id: &ExternalId,
    ) -> Result<(), Refusal> {
        let account = self.account;
        let former = account.former_bearer(&called(PRINCIPAL, external_id), self.now);
        let Some((former, was)) = former.and_then(|former| former.subject().map(|was| (former, was))) else {
            return Ok(());
        };
        if was.principal == principal || !account.has_policies() {
            return Ok(());
        }
        let is = Subject::of(account, principal);
        let stays = |statement: &Statement| {
            let before = account.applies(statement, &was, Object::Anything);
            before.is_never()
                || (come_alike(statement, was.principal, principal)
                    && before.implies(&account.applies(statement, &is, Object::Anything)))
        };
        let mut lifted =
            account.named_by(|statement| statement.effect == Effect::Forbid && !stays(statement));
        lifted.try_for_each(|named| {
            let (external_id, until) = (external_id.clone(), former.until());
            self.giver.covers_named(&named).map_err(|_| Refusal::BorneByAnother { external_id, until })
        })
    }

    /// What makes a difference on a thing of this type: not the management of resources of another type.
    fn asked_about(&self, of: Option<ResourceTypeIndex>) -> PermissionSet {
        let catalog = &self.account.catalog;
        let of_others = catalog.managing_permissions(None).difference(&catalog.managing_permissions(of));
        catalog.all_permissions().difference(&of_others)
    }
}

/// What changes for policies where another thing bears an external id.
struct Moved<'a> {
    then: &'a Account,
    next: &'a Account,
    old: Target,
    new: Target,
    /// Names of attributes.
    described: BTreeSet<&'a str>,
    /// What is, or holds, the new one alone.
    joined: BTreeSet<Target>,
    /// Ids of that, and of what is, or holds, the old one alone.
    elsewhere: BTreeSet<SmolStr>,
}

impl<'a> Moved<'a> {
    fn new(then: &'a Account, next: &'a Account, old: Target, new: Target) -> Self {
        let before = then.target_attributes(&old).unwrap_or(Attributes::NONE);
        let after = next.target_attributes(&new).unwrap_or(Attributes::NONE);
        let (from, to) = (then.way_up(old), next.way_up(new));
        let elsewhere = from.symmetric_difference(&to).map(|at| format_smolstr!("{}", Scope::of(*at)));
        Self {
            then,
            next,
            old,
            new,
            described: before.changed(after).collect(),
            elsewhere: elsewhere.collect(),
            joined: to.difference(&from).copied().collect(),
        }
    }

    /// What grants of anybody carry, or of who is invited, that reach the new one, other than what they hold on the old one.
    fn gained(&self, now: Timestamp) -> PermissionSet {
        if self.joined.is_empty() {
            return PermissionSet::EMPTY;
        }
        let on_the_way = self.next.way_up(self.new);
        let types: Vec<_> = on_the_way.iter().filter_map(|at| self.next.type_of(at)).collect();
        let is_joined = |target| self.joined.contains(&target);
        let reaches = |scope: &Scope| match scope {
            Scope::Account => false,
            Scope::Project(id) => is_joined(Target::Project(*id)),
            Scope::Resources(ids) => ids.iter().any(|id| is_joined(Target::Resource(*id))),
            Scope::AllOf(all) => {
                let of = self.next.catalog.resource_type(&all.resource_type);
                all.project.is_some_and(|id| is_joined(Target::Project(id)))
                    && of.is_some_and(|of| types.contains(&of))
            }
        };
        let there = Scope::of(self.old);
        let grants = self.next.grants_after(None).map(|(_, grant)| &grant.value);
        let granted = grants.filter(|grant| grant.is_live(now) && reaches(&grant.scope)).map(|grant| {
            let had = self.then.granted_at(grant.principal, &there, None, now);
            self.next.permissions_of(&grant.role).difference(&had)
        });
        // Who accepts an invitation has it then, and whoever moved the thing is not asked again.
        let waiting = self.next.waiting.values().filter_map(|id| self.next.invitation(*id));
        let promised = waiting.flat_map(|found| &found.value.grants).filter(|grant| reaches(&grant.scope));
        let promised = promised.map(|grant| self.next.permissions_of(&grant.role));
        granted.chain(promised).fold(PermissionSet::EMPTY, |gained, one| gained.union(&one))
    }

    /// A forbid of the old one that may say less of the new one, or a permit of the new one that may have said less of the old one.
    fn makes_a_difference_to(&self, statement: &Statement) -> bool {
        let concerns = match statement.effect {
            Effect::Forbid => statement.is_about_target(self.then, &self.old),
            Effect::Permit => statement.is_about_target(self.next, &self.new),
        };
        concerns
            && (self.described.iter().any(|name| statement.reads(name))
                || statement.names().any(|id| self.elsewhere.contains(&id)))
    }
}

impl Bearer {
    pub(super) fn resource(account: &Account, id: ResourceId, resource: &Resource) -> Self {
        let up = |id: &ResourceId| account.resource(*id).and_then(|found| found.value.parent);
        let above = std::iter::successors(resource.parent, up)
            .filter_map(|id| account.resource(id).map(|found| (id, found.value.resource_type.clone())));
        Self::Resource(Box::new(BearingResource {
            id,
            resource_type: resource.resource_type.clone(),
            project: resource.project,
            above: above.collect(),
            attributes: resource.attributes.clone(),
        }))
    }

    pub(super) fn member(account: &Account, user: UserId) -> Self {
        let groups = account.groups_around(Principal::Member(user)).collect();
        let attributes = account.member_attributes(user).cloned().unwrap_or_default();
        Self::Member(Box::new(BearingMember { user, attributes, groups }))
    }
}

impl Account {
    /// What bore an external id until lately.
    fn former_bearer(&self, called: &SmolStr, now: Timestamp) -> Option<&FormerBearer> {
        let id: FormerBearerId = self.taken_by(Taken::FormerBearer, called)?;
        self.former_bearers.get(&id).map(|found| &found.value).filter(|former| former.until() > now)
    }

    /// That a former bearer is forgotten.
    pub(super) fn former_forgotten(&self, id: FormerBearerId) -> Option<Event> {
        let former = self.former_bearers.get(&id)?.value.clone();
        Some(Event::ExternalIdForgotten { id, former })
    }

    /// The account in which a former bearer is there as it was.
    fn with_former(&self, former: &FormerBearer) -> Self {
        let mut with = self.clone();
        match &former.bearer {
            Bearer::Project(id) => with.put_back_project(*id),
            Bearer::Resource(resource) => {
                with.put_back_project(resource.project);
                let mut parent = None;
                for (id, of) in resource.above.iter().rev() {
                    if with.resource(*id).is_none() {
                        with.put_back_resource(*id, of, resource.project, parent, None);
                    }
                    parent = Some(*id);
                }
                let BearingResource { id, resource_type, project, attributes, .. } = &**resource;
                with.put_back_resource(*id, resource_type, *project, parent, attributes.clone());
            }
            Bearer::Member(_) | Bearer::ServiceAccount(_) => {}
        }
        with
    }

    fn put_back_project(&mut self, id: ProjectId) {
        if self.project(id).is_none() {
            let (name, description) = (Name::default_project(), Description::default());
            let project = Project { name, description, external_id: None, default: false };
            self.put_project(id, project, self.revision);
        }
    }

    fn put_back_resource(
        &mut self,
        id: ResourceId,
        of: &SmolStr,
        project: ProjectId,
        parent: Option<ResourceId>,
        attributes: Option<Box<Attributes>>,
    ) {
        let (name, resource_type) = (Name::default_project(), of.clone());
        let resource =
            Resource { resource_type, name, project, parent, external_id: None, url: None, attributes };
        self.put_resource(id, resource, self.revision);
    }

    /// A thing and all that holds it, up to the project.
    fn way_up(&self, target: Target) -> BTreeSet<Target> {
        let holder = |target: &Target| match target {
            Target::Account | Target::Project(_) => None,
            Target::Resource(id) => self.resource(*id).map(|found| match found.value.parent {
                Some(parent) => Target::Resource(parent),
                None => Target::Project(found.value.project),
            }),
        };
        std::iter::successors(Some(target), holder).collect()
    }

    fn type_of(&self, target: &Target) -> Option<ResourceTypeIndex> {
        let Target::Resource(id) = target else { return None };
        self.catalog.resource_type(&self.resource(*id)?.value.resource_type)
    }

    pub(super) fn put_former_bearer(&mut self, id: FormerBearerId, former: FormerBearer, revision: Revision) {
        self.drop_former_bearer(id);
        self.take(Taken::FormerBearer, former.called(), id.uuid());
        self.deadlines.put_former_bearer(id, &former);
        self.former_bearers.insert(id, Arc::new(Versioned { revision, value: former }));
    }

    pub(super) fn drop_former_bearer(&mut self, id: FormerBearerId) {
        if let Some(old) = self.former_bearers.remove(&id) {
            self.untake(Taken::FormerBearer, &old.value.called());
            self.deadlines.remove_former_bearer(id, &old.value);
        }
    }
}
