//! The account: its people, their access, and every rule of who may do what to whom.
//!
//! [`Account::decide`] turns a command into events or a [`Refusal`]; [`Account::apply`] turns events into the next
//! account. Both are pure. The maps are persistent, so that the next account shares all that did not change.

mod above;
mod actor;
mod assertions;
mod attributes;
mod authority;
mod called;
mod catalog_change;
mod command;
mod deadlines;
mod decide;
mod draft;
mod entities;
mod event;
mod evolve;
mod former;
mod giver;
mod grants;
mod groups;
mod invitations;
mod keepers;
mod loader;
mod members;
mod membership_ends;
mod membership_of_projects;
mod nesting;
mod opening;
mod ownership;
mod places;
mod policies;
mod projects;
mod promised_groups;
mod references;
mod refusal;
mod replay;
mod resources;
mod roles;
mod rows;
mod scope;
mod service_accounts;
mod settings;
mod spread;
mod stored;
mod undo;
mod visibility;
mod weight;
mod words;

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use jiff::Timestamp;
use smol_str::SmolStr;
use uuid::Uuid;

pub use actor::Actor;
pub use assertions::AssertedOf;
pub use attributes::{AttributeChanges, AttributeValue, Attributes};
pub use called::Called;
pub use catalog_change::Renames;
pub use command::{Command, Invitee, Patch, ResourceSpec, RoleSpec};
pub use decide::Decided;
pub use draft::Draft;
pub use entities::{
    Grant, Group, Invitation, InvitationStatus, Key, Member, MemberEnd, MemberStatus, Offer, Profile,
    Project, Resource, Role, RoleAtScope, SecretHash, ServiceAccount, Settings, Versioned,
};
pub use event::{EndReason, Event, Withheld, WithheldGroup};
pub use former::{Bearer, BearingMember, BearingResource, FormerBearer};
pub use loader::{Entities, Loader, MIDDLE_KIND, RowParser};
pub use opening::open;
pub use policies::Policy;
pub use references::{ActorRef, EntityKey, InvalidRef, KeyHolder, Principal, RoleRef};
pub use refusal::{Forbidding, Kind, PermissionNames, Refusal};
pub use rows::{LoadError, Row};
pub use scope::{AllOf, Scope};
pub(crate) use spread::put_spread;
pub use undo::Undo;

use crate::access::{AccessIndex, Searched};
use crate::catalog::{Catalog, Level, PermissionSet};
use crate::ids::{
    AccountId, FormerBearerId, GrantId, GroupId, InvitationId, KeyId, OfferId, PolicyId, ProjectId,
    ResourceId, Revision, RoleId, ServiceAccountId, UserId,
};
use crate::policy::{Rulebook, Statement};

/// A tenant with all that is in it, at one revision. Cloning is cheap: clones share everything.
#[derive(Debug, Clone)]
pub struct Account {
    id: AccountId,
    revision: Revision,
    catalog: Arc<Catalog>,
    profile: Versioned<Profile>,
    /// Whether whoever looks at it was found to be allowed to see all of it: see [`Account::seen_whole`].
    is_seen_whole: bool,
    members: OrdMap<UserId, Versioned<Member>>,
    /// Only of members that have an end.
    member_ends: OrdMap<UserId, MemberEnd>,
    invitations: OrdMap<InvitationId, Arc<Versioned<Invitation>>>,
    roles: OrdMap<RoleId, Arc<Versioned<Role>>>,
    groups: OrdMap<GroupId, Arc<Versioned<Group>>>,
    group_members: OrdSet<(GroupId, UserId)>,
    /// Groups with the groups in them.
    nested: OrdSet<(GroupId, GroupId)>,
    grants: OrdMap<GrantId, Versioned<Grant>>,
    projects: OrdMap<ProjectId, Arc<Versioned<Project>>>,
    resources: OrdMap<ResourceId, Arc<Versioned<Resource>>>,
    service_accounts: OrdMap<ServiceAccountId, Arc<Versioned<ServiceAccount>>>,
    keys: OrdMap<KeyId, Arc<Versioned<Key>>>,
    offers: OrdMap<OfferId, Versioned<Offer>>,
    policies: OrdMap<PolicyId, Arc<Versioned<Policy>>>,
    /// Apart from the members, of whom most have none and there are very many.
    member_attributes: OrdMap<UserId, Arc<Attributes>>,
    /// What bore external ids that got free lately.
    former_bearers: OrdMap<FormerBearerId, Arc<Versioned<FormerBearer>>>,

    // Derived from the maps above, kept up to date by `evolve`.
    /// Groups with the groups that they are in.
    nested_in: OrdSet<(GroupId, GroupId)>,
    pub(crate) index: AccessIndex,
    /// The same read backwards, once it was needed.
    pub(crate) searched: Searched,
    /// Names that must be unique in the account, in the form in which they compare, and external ids.
    taken: OrdMap<(Taken, SmolStr), Uuid>,
    /// The one invitation of a user that still waits for an answer.
    waiting: OrdMap<UserId, InvitationId>,
    /// The waiting invitations in somebody's name.
    sponsored: OrdSet<(UserId, InvitationId)>,
    /// Direct children of a resource.
    children: OrdSet<(ResourceId, ResourceId)>,
    /// Resources of a project, at any depth.
    in_project: OrdSet<(ProjectId, ResourceId)>,
    /// Keys of a holder.
    keys_of: OrdSet<(KeyHolder, KeyId)>,
    /// Grants of roles that must keep a holder or have only one, by role and scope.
    watched: OrdSet<(RoleRef, Scope, GrantId)>,
    /// What ends by itself, in the order of its ends.
    deadlines: deadlines::Deadlines,
    /// The statements of each policy, disabled ones included.
    statements: OrdMap<PolicyId, Arc<[Arc<Statement>]>>,
    /// The statements that count; none in most accounts, whose checks ask no further.
    pub(crate) rules: Option<Arc<Rulebook>>,
}

/// A namespace in which a text stands for at most one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Taken {
    /// Names of custom roles.
    RoleName,
    /// Names of groups.
    GroupName,
    /// Names of projects.
    ProjectName,
    /// Names of service accounts.
    ServiceAccountName,
    /// Names of policies.
    PolicyName,
    /// External ids of members.
    Member,
    /// External ids of roles.
    Role,
    /// External ids of groups.
    Group,
    /// External ids of projects.
    Project,
    /// External ids of resources.
    Resource,
    /// External ids of service accounts.
    ServiceAccount,
    /// External ids that got free lately, with what bore them.
    FormerBearer,
}

impl Account {
    /// The account's id.
    pub fn id(&self) -> AccountId {
        self.id
    }

    /// The revision of the last commit that this value contains.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The vocabulary in force.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The account's own entity.
    pub fn profile(&self) -> &Versioned<Profile> {
        &self.profile
    }

    /// Whether the account was deleted.
    pub fn is_deleted(&self) -> bool {
        self.profile.value.deleted_at.is_some()
    }

    /// A member, active or inactive.
    pub fn member(&self, id: UserId) -> Option<&Versioned<Member>> {
        self.members.get(&id)
    }

    /// Members after a key, in the order of their ids.
    pub fn members_after(&self, after: Option<UserId>) -> impl Iterator<Item = (UserId, &Versioned<Member>)> {
        after_key(&self.members, after).map(|(id, member)| (*id, member))
    }

    /// How many members the account has.
    pub fn member_count(&self) -> usize {
        self.members.len()
    }

    /// How a user stands here as of the last change, invitations that wait included; `None` for strangers. A membership
    /// whose end has come since is still active in it: see [`Account::member_status_at`].
    pub fn member_status(&self, id: UserId) -> Option<MemberStatus> {
        match self.members.get(&id) {
            Some(member) => Some(member.value.status),
            None => self.waiting.get(&id).map(|_| MemberStatus::Pending),
        }
    }

    /// How a user stands here at a moment: from its end on a membership is inactive.
    pub fn member_status_at(&self, id: UserId, now: Timestamp) -> Option<MemberStatus> {
        match self.member_status(id) {
            Some(MemberStatus::Active) if self.member_ends.get(&id).is_some_and(|end| end.is_over(now)) => {
                Some(MemberStatus::Inactive)
            }
            status => status,
        }
    }

    /// When a membership ends by itself; never when `None`.
    pub fn member_until(&self, id: UserId) -> Option<Timestamp> {
        self.member_ends.get(&id).map(|end| end.until)
    }

    /// An invitation, whatever its status.
    pub fn invitation(&self, id: InvitationId) -> Option<&Versioned<Invitation>> {
        self.invitations.get(&id).map(|found| &**found)
    }

    /// Invitations after a key, in the order of their ids.
    pub fn invitations_after(
        &self,
        after: Option<InvitationId>,
    ) -> impl Iterator<Item = (InvitationId, &Versioned<Invitation>)> {
        after_key(&self.invitations, after).map(|(id, found)| (*id, &**found))
    }

    /// The invitation of a user that still waits for an answer (it may have expired).
    pub fn waiting_invitation(&self, user: UserId) -> Option<InvitationId> {
        self.waiting.get(&user).copied()
    }

    /// People whose invitation waits for an answer, after a key, in the order of their ids.
    pub fn pending_after(&self, after: Option<UserId>) -> impl Iterator<Item = (UserId, InvitationId)> {
        after_key(&self.waiting, after).map(|(user, invitation)| (*user, *invitation))
    }

    /// A custom role.
    pub fn role(&self, id: RoleId) -> Option<&Versioned<Role>> {
        self.roles.get(&id).map(|found| &**found)
    }

    /// Custom roles after a key, in the order of their ids.
    pub fn roles_after(&self, after: Option<RoleId>) -> impl Iterator<Item = (RoleId, &Versioned<Role>)> {
        after_key(&self.roles, after).map(|(id, found)| (*id, &**found))
    }

    /// A group.
    pub fn group(&self, id: GroupId) -> Option<&Versioned<Group>> {
        self.groups.get(&id).map(|found| &**found)
    }

    /// Groups after a key, in the order of their ids.
    pub fn groups_after(&self, after: Option<GroupId>) -> impl Iterator<Item = (GroupId, &Versioned<Group>)> {
        after_key(&self.groups, after).map(|(id, found)| (*id, &**found))
    }

    /// A grant.
    pub fn grant(&self, id: GrantId) -> Option<&Versioned<Grant>> {
        self.grants.get(&id)
    }

    /// Grants after a key, in the order of their ids.
    pub fn grants_after(&self, after: Option<GrantId>) -> impl Iterator<Item = (GrantId, &Versioned<Grant>)> {
        after_key(&self.grants, after).map(|(id, found)| (*id, found))
    }

    /// The principal's own grants, in the order of their ids; not those of its groups.
    pub fn grants_of(&self, principal: Principal) -> impl Iterator<Item = (GrantId, &Versioned<Grant>)> {
        let subject = self.index.subject(principal);
        let ids: std::collections::BTreeSet<GrantId> =
            subject.into_iter().flat_map(|subject| subject.grants.iter().map(|grant| grant.id)).collect();
        ids.into_iter().filter_map(|id| self.grant(id).map(|grant| (id, grant)))
    }

    /// A project.
    pub fn project(&self, id: ProjectId) -> Option<&Versioned<Project>> {
        self.projects.get(&id).map(|found| &**found)
    }

    /// Projects after a key, in the order of their ids.
    pub fn projects_after(
        &self,
        after: Option<ProjectId>,
    ) -> impl Iterator<Item = (ProjectId, &Versioned<Project>)> {
        after_key(&self.projects, after).map(|(id, found)| (*id, &**found))
    }

    /// The project for resources that name none.
    pub fn default_project(&self) -> Option<ProjectId> {
        self.projects.iter().find(|(_, project)| project.value.default).map(|(id, _)| *id)
    }

    /// How many resources are in a project, at any depth. Takes as long as there are resources.
    pub fn resource_count_in(&self, project: ProjectId) -> usize {
        pairs_of::<ProjectId, ResourceId>(&self.in_project, project, None).count()
    }

    /// A resource.
    pub fn resource(&self, id: ResourceId) -> Option<&Versioned<Resource>> {
        self.resources.get(&id).map(|found| &**found)
    }

    /// Resources after a key, in the order of their ids.
    pub fn resources_after(
        &self,
        after: Option<ResourceId>,
    ) -> impl Iterator<Item = (ResourceId, &Versioned<Resource>)> {
        after_key(&self.resources, after).map(|(id, found)| (*id, &**found))
    }

    /// The direct children of a resource.
    pub fn children_of(&self, parent: ResourceId) -> impl Iterator<Item = ResourceId> {
        pairs_of(&self.children, parent, None)
    }

    /// A service account.
    pub fn service_account(&self, id: ServiceAccountId) -> Option<&Versioned<ServiceAccount>> {
        self.service_accounts.get(&id).map(|found| &**found)
    }

    /// Service accounts after a key, in the order of their ids.
    pub fn service_accounts_after(
        &self,
        after: Option<ServiceAccountId>,
    ) -> impl Iterator<Item = (ServiceAccountId, &Versioned<ServiceAccount>)> {
        after_key(&self.service_accounts, after).map(|(id, found)| (*id, &**found))
    }

    /// A management key.
    pub fn key(&self, id: KeyId) -> Option<&Versioned<Key>> {
        self.keys.get(&id).map(|found| &**found)
    }

    /// Management keys after a key, in the order of their ids.
    pub fn keys_after(&self, after: Option<KeyId>) -> impl Iterator<Item = (KeyId, &Versioned<Key>)> {
        after_key(&self.keys, after).map(|(id, found)| (*id, &**found))
    }

    /// Offers of ownership, in the order of their ids; those that have expired included.
    pub fn offers(&self) -> impl Iterator<Item = (OfferId, &Versioned<Offer>)> {
        self.offers.iter().map(|(id, offer)| (*id, offer))
    }

    /// How many grants name a role.
    pub fn uses_of(&self, role: &RoleRef) -> usize {
        self.index.uses_of(&self.catalog, role)
    }

    /// What a role holds; nothing if it does not exist.
    pub fn permissions_of(&self, role: &RoleRef) -> PermissionSet {
        self.index.permissions_of(&self.catalog, role)
    }

    /// What people read for a role; `None` if it does not exist.
    pub fn role_title(&self, role: &RoleRef) -> Option<&str> {
        match role {
            RoleRef::BuiltIn(name) => self
                .catalog
                .role(name)
                .and_then(|index| self.catalog.role_at(index))
                .map(|role| role.title.as_str()),
            RoleRef::Custom(id) => self.role(*id).map(|role| role.value.name.as_str()),
        }
    }

    /// The level at which a role is granted; `None` if it does not exist.
    pub fn role_level(&self, role: &RoleRef) -> Option<Level> {
        match role {
            RoleRef::BuiltIn(name) => {
                self.catalog.role(name).and_then(|index| self.catalog.role_at(index)).map(|role| role.level)
            }
            RoleRef::Custom(id) => self.role(*id).map(|role| role.value.level),
        }
    }

    /// The member with this id or external id.
    pub fn find_member(&self, reference: &str) -> Option<UserId> {
        self.find(reference, Taken::Member, |id| self.member_status(*id).is_some())
    }

    /// The group with this id or external id.
    pub fn find_group(&self, reference: &str) -> Option<GroupId> {
        self.find(reference, Taken::Group, |id| self.groups.contains_key(id))
    }

    /// The project with this id or external id.
    pub fn find_project(&self, reference: &str) -> Option<ProjectId> {
        self.find(reference, Taken::Project, |id| self.projects.contains_key(id))
    }

    /// The resource with this id or external id.
    pub fn find_resource(&self, reference: &str) -> Option<ResourceId> {
        self.find(reference, Taken::Resource, |id| self.resources.contains_key(id))
    }

    /// The service account with this id or external id.
    pub fn find_service_account(&self, reference: &str) -> Option<ServiceAccountId> {
        self.find(reference, Taken::ServiceAccount, |id| self.service_accounts.contains_key(id))
    }

    /// The role with this id, external id, built-in name or custom name.
    pub fn find_role(&self, reference: &str) -> Option<RoleRef> {
        if self.catalog.role(reference).is_some() {
            return Some(RoleRef::BuiltIn(SmolStr::new(reference)));
        }
        let by_id = self.find(reference, Taken::Role, |id| self.roles.contains_key(id));
        by_id
            .or_else(|| self.taken_by(Taken::RoleName, &crate::values::folded(reference)))
            .map(RoleRef::Custom)
    }

    fn find<I: crate::ids::Id>(
        &self,
        reference: &str,
        kind: Taken,
        exists: impl Fn(&I) -> bool,
    ) -> Option<I> {
        match reference.parse::<I>() {
            Ok(id) => exists(&id).then_some(id),
            Err(_) => self.taken_by(kind, &SmolStr::new(reference)),
        }
    }

    pub(crate) fn taken_by<I: crate::ids::Id>(&self, kind: Taken, text: &SmolStr) -> Option<I> {
        self.taken.get(&(kind, text.clone())).map(|uuid| I::from_uuid(*uuid))
    }

    /// When an invitation that is sent at this moment stops working; never when `None`.
    pub(crate) fn expiry_from(&self, now: Timestamp) -> Option<Timestamp> {
        self.settings_lifetime().and_then(|lifetime| now.checked_add(lifetime).ok())
    }
}

/// Entries of an ordered map behind a key.
fn after_key<K: Ord + Clone, V: Clone>(
    map: &OrdMap<K, V>,
    after: Option<K>,
) -> impl Iterator<Item = (&K, &V)> {
    use std::ops::Bound::{Excluded, Unbounded};
    map.range((after.map_or(Unbounded, Excluded), Unbounded))
}

/// Right sides of the pairs whose left side is given, in order, behind a right side if one is given.
fn pairs_of<L: Ord + Copy, R: Ord + Copy + crate::ids::Id>(
    set: &OrdSet<(L, R)>,
    left: L,
    after: Option<R>,
) -> impl Iterator<Item = R> {
    use std::ops::Bound::{Excluded, Included, Unbounded};
    let from = after.map_or(Included((left, R::from_uuid(Uuid::nil()))), |right| Excluded((left, right)));
    set.range((from, Unbounded)).take_while(move |(other, _)| *other == left).map(|(_, right)| *right)
}
