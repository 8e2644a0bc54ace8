//! The index itself and the changes that events make to it.

use std::collections::HashMap;
use std::sync::Arc;

use imbl::{OrdMap, Vector};
use jiff::Timestamp;
use smallvec::SmallVec;
use uuid::Uuid;

use super::scope_key::{Covering, ScopeKey, Slot, covering_all_of, covering_project, covering_resource};
use super::table::Table;
use crate::account::{Grant, Principal, RoleRef, Scope};
use crate::catalog::{BuiltInRoleIndex, Catalog, PermissionIndex, PermissionSet, ResourceTypeIndex};
use crate::ids::{GrantId, GroupId, Id, ProjectId, ResourceId, RoleId, UserId};

/// Up to this many grants, looking at each is faster than searching for each covering scope.
const SCAN_LIMIT: usize = 12;

/// What kind of principal a subject is, and whether it may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SubjectKind {
    ActiveMember,
    /// An active member whose membership ends by itself: when, is in [`AccessIndex::ends`].
    EndingMember,
    InactiveMember,
    Group,
    ServiceAccount,
}

/// A principal with what it was granted.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) kind: SubjectKind,
    /// Boxed, because most members of a large account are in none and it must fit into memory.
    joined: Option<Box<SmallVec<[GroupId; 2]>>>,
    /// Sorted by scope, so that many grants can be searched.
    pub(crate) grants: SmallVec<[IndexedGrant; 1]>,
}

impl Subject {
    fn new(kind: SubjectKind) -> Self {
        Self { kind, joined: None, grants: SmallVec::new() }
    }

    fn join(&mut self, group: GroupId) {
        let joined = self.joined.get_or_insert_default();
        if !joined.contains(&group) {
            joined.push(group);
        }
    }

    /// The groups that a member is in itself, and all groups above a group.
    #[inline]
    pub(crate) fn groups(&self) -> &[GroupId] {
        self.joined.as_deref().map_or(&[], |groups| groups.as_slice())
    }
}

/// One grant at one scope key: a grant of several named resources has one each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IndexedGrant {
    pub(crate) scope: ScopeKey,
    /// End in microseconds since the Unix epoch; `i64::MAX` for never.
    pub(crate) until: i64,
    pub(crate) role: Slot,
    pub(crate) id: GrantId,
}

/// A project or resource.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) slot: Slot,
    /// The type of a resource that the catalog knows; none for projects.
    pub(crate) resource_type: Option<ResourceTypeIndex>,
    pub(crate) is_project: bool,
    pub(crate) covering: Covering,
    /// What the grants weigh that name it in their scope: deleting one that none names looks at no grant, and one that many
    /// name still fits into one transaction.
    pub(crate) named: u32,
    /// The list of a scope that names this resource alone.
    pub(crate) alone: Option<Arc<[ResourceId]>>,
}

/// What a role holds, and how many grants name it.
#[derive(Debug, Clone, Copy, Default)]
struct IndexedRole {
    held: PermissionSet,
    uses: u32,
}

/// See the module above.
#[derive(Debug, Clone, Default)]
pub(crate) struct AccessIndex {
    subjects: Table<Subject>,
    /// Ends of memberships in microseconds since the Unix epoch, of those members that have one.
    ends: OrdMap<Uuid, i64>,
    nodes: Table<Node>,
    next_slot: Slot,
    /// Built-in roles at their position in the catalog, custom ones behind them.
    roles: Vector<IndexedRole>,
    role_slots: Table<Slot>,
    /// What every active member holds on the account without a grant.
    newcomer: PermissionSet,
}

/// Microseconds since the Unix epoch, the index's unit of time.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

impl AccessIndex {
    pub(crate) fn new(catalog: &Catalog) -> Self {
        let newcomer = catalog.rules.newcomer.and_then(|role| catalog.role_at(role));
        Self {
            roles: catalog.roles.iter().map(|role| IndexedRole { held: role.permissions, uses: 0 }).collect(),
            newcomer: newcomer.map(|role| role.permissions).unwrap_or_default(),
            ..Self::default()
        }
    }

    // Principals.

    pub(crate) fn add_subject(&mut self, id: Uuid, kind: SubjectKind) {
        self.subjects.insert(id, Subject::new(kind));
    }

    /// Adds many principals, who is in which group, and grants at once, none of them there yet: what
    /// [`Self::add_subject`], [`Self::join_group`] and [`Self::add_grant`] do one by one, without a copy for each.
    pub(crate) fn load<'a>(
        &mut self,
        catalog: &Catalog,
        kinds: impl Iterator<Item = (Uuid, SubjectKind)>,
        members: usize,
        group_members: impl Iterator<Item = (GroupId, UserId)>,
        grants: impl Iterator<Item = (GrantId, &'a Grant)>,
    ) {
        let mut subjects = self.subjects.filling(kinds.map(|(id, kind)| (id, Subject::new(kind))), members);
        for (group, user) in group_members {
            if let Some(subject) = subjects.get_mut(&user.uuid()) {
                subject.join(group);
            }
        }
        let mut uses = vec![0_u32; self.roles.len()];
        let mut named: HashMap<Uuid, u32, foldhash::fast::FixedState> = HashMap::default();
        for (id, grant) in grants {
            let role = self.role_slot(catalog, &grant.role);
            if let Some(subject) = subjects.get_mut(&uuid_of(grant.principal)) {
                self.put_grant(catalog, subject, id, grant, role);
            }
            if let Some(uses) = role.and_then(|slot| uses.get_mut(slot as usize)) {
                *uses = uses.saturating_add(1);
            }
            let weight = grant.scope.weight();
            for id in grant.scope.named() {
                let named = named.entry(id).or_default();
                *named = named.saturating_add(weight);
            }
        }
        self.subjects = subjects.table();
        for (role, uses) in self.roles.iter_mut().zip(uses) {
            role.uses = role.uses.saturating_add(uses);
        }
        for (id, weight) in named {
            if let Some(node) = self.nodes.get_mut(&id) {
                node.named = node.named.saturating_add(weight);
            }
        }
    }

    pub(crate) fn remove_subject(&mut self, id: Uuid) {
        self.subjects.remove(&id);
    }

    pub(crate) fn set_kind(&mut self, id: Uuid, kind: SubjectKind) {
        self.edit(id, |subject| subject.kind = kind);
    }

    /// When a membership ends; never when `None`. Its kind is set apart.
    pub(crate) fn set_end(&mut self, id: Uuid, until: Option<Timestamp>) {
        match until {
            Some(until) => self.ends.insert(id, micros(until)),
            None => self.ends.remove(&id),
        };
    }

    /// When a membership ends, in microseconds; `i64::MAX` for never. Out of the way of members that have no end.
    #[cold]
    pub(crate) fn end_of(&self, principal: Principal) -> i64 {
        self.ends.get(&uuid_of(principal)).copied().unwrap_or(i64::MAX)
    }

    pub(crate) fn join_group(&mut self, user: Uuid, group: GroupId) {
        self.edit(user, |subject| subject.join(group));
    }

    pub(crate) fn leave_group(&mut self, user: Uuid, group: GroupId) {
        self.edit(user, |subject| {
            if let Some(joined) = &mut subject.joined {
                joined.retain(|other| *other != group);
            }
            subject.joined.take_if(|joined| joined.is_empty());
        });
    }

    /// Says which groups a group is in, through others too.
    pub(crate) fn set_groups_above(&mut self, group: Uuid, above: impl Iterator<Item = GroupId>) {
        let above: SmallVec<[GroupId; 2]> = above.collect();
        self.edit(group, |subject| subject.joined = (!above.is_empty()).then(|| Box::new(above)));
    }

    fn edit(&mut self, id: Uuid, change: impl FnOnce(&mut Subject)) {
        if let Some(subject) = self.subjects.get_mut(&id) {
            change(subject);
        }
    }

    /// The principal's entry, if the id belongs to that kind of principal.
    #[inline]
    pub(crate) fn subject(&self, principal: Principal) -> Option<&Subject> {
        let (id, groups, machines) = match principal {
            Principal::Member(id) => (id.uuid(), false, false),
            Principal::Group(id) => (id.uuid(), true, false),
            Principal::ServiceAccount(id) => (id.uuid(), false, true),
        };
        let subject = self.subjects.get(&id)?;
        let matches = match subject.kind {
            SubjectKind::ActiveMember | SubjectKind::EndingMember | SubjectKind::InactiveMember => {
                !groups && !machines
            }
            SubjectKind::Group => groups,
            SubjectKind::ServiceAccount => machines,
        };
        matches.then_some(subject)
    }

    // Roles.

    pub(crate) fn set_role(&mut self, role: RoleId, permissions: PermissionSet) {
        let slot = self.role_slots.get(&role.uuid()).copied();
        if let Some(indexed) = slot.and_then(|slot| self.roles.get_mut(slot as usize)) {
            indexed.held = permissions;
        } else {
            self.role_slots.insert(role.uuid(), Slot::try_from(self.roles.len()).unwrap_or(Slot::MAX));
            self.roles.push_back(IndexedRole { held: permissions, uses: 0 });
        }
    }

    pub(crate) fn remove_role(&mut self, role: RoleId) {
        // The slot stays behind, empty: grants that name it give nothing, and slots are never reused.
        self.set_role(role, PermissionSet::EMPTY);
        self.role_slots.remove(&role.uuid());
    }

    /// What a role holds; nothing if it does not exist.
    pub(crate) fn permissions_of(&self, catalog: &Catalog, role: &RoleRef) -> PermissionSet {
        self.role(catalog, role).map(|role| role.held).unwrap_or_default()
    }

    /// How many grants name a role.
    pub(crate) fn uses_of(&self, catalog: &Catalog, role: &RoleRef) -> usize {
        self.role(catalog, role).map_or(0, |role| role.uses as usize)
    }

    /// What the role in a slot holds.
    pub(crate) fn role_at(&self, slot: Slot) -> Option<&PermissionSet> {
        self.roles.get(slot as usize).map(|role| &role.held)
    }

    fn role(&self, catalog: &Catalog, role: &RoleRef) -> Option<&IndexedRole> {
        self.role_slot(catalog, role).and_then(|slot| self.roles.get(slot as usize))
    }

    pub(crate) fn role_slot(&self, catalog: &Catalog, role: &RoleRef) -> Option<Slot> {
        match role {
            RoleRef::BuiltIn(name) => catalog.role(name).map(|index| Slot::from(index.0)),
            RoleRef::Custom(id) => self.role_slots.get(&id.uuid()).copied(),
        }
    }

    // Projects and resources.

    pub(crate) fn add_project(&mut self, project: ProjectId) {
        let slot = self.take_slot();
        let covering = covering_project(slot);
        let node = Node { slot, resource_type: None, is_project: true, covering, named: 0, alone: None };
        self.nodes.insert(project.uuid(), node);
    }

    pub(crate) fn add_resource(
        &mut self,
        id: ResourceId,
        resource_type: Option<ResourceTypeIndex>,
        project: ProjectId,
        parent: Option<ResourceId>,
    ) {
        let slot = self.take_slot();
        let Some(project_node) = self.nodes.get(&project.uuid()) else { return };
        let above = parent.and_then(|parent| self.nodes.get(&parent.uuid())).unwrap_or(project_node);
        let covering = covering_resource(slot, resource_type, project_node.slot, &above.covering);
        let alone = Some(Arc::from([id]));
        let node = Node { slot, resource_type, is_project: false, covering, named: 0, alone };
        self.nodes.insert(id.uuid(), node);
    }

    /// Gives a resource another type, or the covering that its parent has by now.
    pub(crate) fn retype_resource(
        &mut self,
        id: ResourceId,
        resource_type: Option<ResourceTypeIndex>,
        project: ProjectId,
        parent: Option<ResourceId>,
    ) {
        let Some((node, project)) = self.resource(id).zip(self.project(project)) else { return };
        let above = parent.and_then(|parent| self.resource(parent)).unwrap_or(project);
        let covering = covering_resource(node.slot, resource_type, project.slot, &above.covering);
        if let Some(node) = self.nodes.get_mut(&id.uuid()) {
            (node.resource_type, node.covering) = (resource_type, covering);
        }
    }

    pub(crate) fn remove_node(&mut self, id: Uuid) {
        self.nodes.remove(&id);
    }

    fn take_slot(&mut self) -> Slot {
        self.next_slot += 1;
        self.next_slot
    }

    #[inline]
    pub(crate) fn project(&self, id: ProjectId) -> Option<&Node> {
        self.nodes.get(&id.uuid()).filter(|node| node.is_project)
    }

    #[inline]
    pub(crate) fn resource(&self, id: ResourceId) -> Option<&Node> {
        self.nodes.get(&id.uuid()).filter(|node| !node.is_project)
    }

    // Grants.

    pub(crate) fn add_grant(&mut self, catalog: &Catalog, id: GrantId, grant: &Grant) {
        let role = self.role_slot(catalog, &grant.role);
        let principal = uuid_of(grant.principal);
        if let Some(mut subject) = self.subjects.get(&principal).cloned() {
            self.put_grant(catalog, &mut subject, id, grant, role);
            self.subjects.insert(principal, subject);
        }
        self.count(catalog, grant, u32::saturating_add);
    }

    fn put_grant(
        &self,
        catalog: &Catalog,
        subject: &mut Subject,
        id: GrantId,
        grant: &Grant,
        role: Option<Slot>,
    ) {
        // A grant that gives nothing, because the catalog has dropped its role or resource type, is still the principal's:
        // it ends with the principal.
        let role = role.unwrap_or(Slot::MAX);
        let until = grant.until.map_or(i64::MAX, micros);
        let mut keys = self.keys_of(catalog, &grant.scope);
        if keys.is_empty() {
            keys.push(ScopeKey::NOWHERE);
        }
        for scope in keys {
            let at = subject.grants.partition_point(|other| other.scope < scope);
            subject.grants.insert(at, IndexedGrant { scope, until, role, id });
        }
    }

    pub(crate) fn remove_grant(&mut self, catalog: &Catalog, id: GrantId, grant: &Grant) {
        self.edit(uuid_of(grant.principal), |subject| subject.grants.retain(|other| other.id != id));
        self.count(catalog, grant, u32::saturating_sub);
    }

    /// Counts a grant where what it names can ask whether any does.
    fn count(&mut self, catalog: &Catalog, grant: &Grant, change: impl Fn(u32, u32) -> u32) {
        let slot = self.role_slot(catalog, &grant.role);
        if let Some(role) = slot.and_then(|slot| self.roles.get_mut(slot as usize)) {
            role.uses = change(role.uses, 1);
        }
        let weight = grant.scope.weight();
        for id in grant.scope.named() {
            if let Some(node) = self.nodes.get_mut(&id) {
                node.named = change(node.named, weight);
            }
        }
    }

    /// The scope in the form in which most memory is shared: grants of one resource, of which a cluster has many, have
    /// one list between them.
    pub(crate) fn shared(&self, scope: Scope) -> Scope {
        match &scope {
            Scope::Resources(ids) => match **ids {
                [id] => self.resource(id).and_then(|node| node.alone.clone()).map_or(scope, Scope::Resources),
                _ => scope,
            },
            _ => scope,
        }
    }

    /// Whether any grant names the project or resource in its scope.
    pub(crate) fn is_named(&self, id: Uuid) -> bool {
        self.named_weight(id) > 0
    }

    /// What the grants that name the project or resource in their scope weigh together.
    pub(crate) fn named_weight(&self, id: Uuid) -> u32 {
        self.nodes.get(&id).map_or(0, |node| node.named)
    }

    /// Makes room before many rows are loaded.
    pub(crate) fn reserve(&mut self, nodes: usize, roles: usize) {
        self.nodes.resize(nodes);
        self.role_slots.resize(roles);
    }

    /// The keys under which a grant at this scope is indexed.
    pub(crate) fn keys_of(&self, catalog: &Catalog, scope: &Scope) -> SmallVec<[ScopeKey; 1]> {
        match scope {
            Scope::Account => SmallVec::from([ScopeKey::ACCOUNT]),
            Scope::Project(id) => {
                self.project(*id).map(|node| ScopeKey::project(node.slot)).into_iter().collect()
            }
            Scope::AllOf(all) => {
                let Some(of) = catalog.resource_type(&all.resource_type) else { return SmallVec::new() };
                match all.project {
                    None => SmallVec::from([ScopeKey::all_in_account(of)]),
                    Some(id) => {
                        let node = self.project(id);
                        node.map(|node| ScopeKey::all_in_project(of, node.slot)).into_iter().collect()
                    }
                }
            }
            Scope::Resources(ids) => {
                let nodes = ids.iter().filter_map(|id| self.resource(*id));
                nodes.map(|node| ScopeKey::resource(node.slot)).collect()
            }
        }
    }

    // Questions.

    /// Whether the principal holds the permission at one of the covering scopes.
    #[inline]
    pub(crate) fn holds(
        &self,
        principal: Principal,
        permission: PermissionIndex,
        covering: &[ScopeKey],
        now: i64,
    ) -> bool {
        let Some(subject) = self.subject(principal) else { return false };
        match subject.kind {
            SubjectKind::InactiveMember => return false,
            SubjectKind::EndingMember if self.end_of(principal) <= now => return false,
            SubjectKind::ActiveMember | SubjectKind::EndingMember if self.newcomer.contains(permission) => {
                return true;
            }
            SubjectKind::ActiveMember
            | SubjectKind::EndingMember
            | SubjectKind::Group
            | SubjectKind::ServiceAccount => {}
        }
        self.granted(subject, permission, covering, now)
            || subject.groups().iter().any(|group| {
                let Some(group) = self.subject(Principal::Group(*group)) else { return false };
                self.granted(group, permission, covering, now)
                    || (!group.groups().is_empty() && self.granted_above(group, permission, covering, now))
            })
    }

    /// Whether the groups above a group of a member were granted the permission.
    #[cold]
    fn granted_above(
        &self,
        group: &Subject,
        permission: PermissionIndex,
        covering: &[ScopeKey],
        now: i64,
    ) -> bool {
        let mut above = group.groups().iter().filter_map(|group| self.subject(Principal::Group(*group)));
        above.any(|group| self.granted(group, permission, covering, now))
    }

    /// A principal's own entry and those of the groups that it is in, through others too; some twice where ways meet.
    pub(crate) fn holders<'a>(&'a self, subject: &'a Subject) -> impl Iterator<Item = &'a Subject> {
        let direct = subject.groups().iter().filter_map(|group| self.subject(Principal::Group(*group)));
        // What a group's entry names is all that is above it already.
        let is_group = subject.kind == SubjectKind::Group;
        let with_above = direct.flat_map(move |group| {
            let above = if is_group { &[][..] } else { group.groups() };
            let above = above.iter().filter_map(|group| self.subject(Principal::Group(*group)));
            std::iter::once(group).chain(above)
        });
        std::iter::once(subject).chain(with_above)
    }

    #[inline]
    fn granted(
        &self,
        subject: &Subject,
        permission: PermissionIndex,
        covering: &[ScopeKey],
        now: i64,
    ) -> bool {
        Self::matching(subject, covering).any(|grant| {
            grant.until > now
                && self.roles.get(grant.role as usize).is_some_and(|role| role.held.contains(permission))
        })
    }

    /// The subject's own grants at one of the covering scopes, ended ones included.
    #[inline]
    pub(crate) fn matching<'a>(
        subject: &'a Subject,
        covering: &'a [ScopeKey],
    ) -> impl Iterator<Item = &'a IndexedGrant> {
        let (few, many) = if subject.grants.len() <= SCAN_LIMIT {
            (&*subject.grants, None)
        } else {
            (&[][..], Some(covering))
        };
        let scanned = few.iter().filter(|grant| covering.contains(&grant.scope));
        let searched = many.into_iter().flatten().flat_map(|key| {
            let from = subject.grants.partition_point(|grant| grant.scope < *key);
            let rest = subject.grants.get(from..).unwrap_or_default();
            rest.iter().take_while(|grant| grant.scope == *key)
        });
        scanned.chain(searched)
    }

    /// All that the principal holds at the covering scopes through grants that last at least until `lasting`
    /// (microseconds; `i64::MAX` for grants without an end). Nobody holds anything for longer than they are a member.
    pub(crate) fn held(&self, principal: Principal, covering: &[ScopeKey], lasting: i64) -> PermissionSet {
        let Some(subject) = self.subject(principal) else { return PermissionSet::EMPTY };
        let mut held = match subject.kind {
            SubjectKind::InactiveMember => return PermissionSet::EMPTY,
            SubjectKind::EndingMember if self.end_of(principal) < lasting => return PermissionSet::EMPTY,
            SubjectKind::ActiveMember | SubjectKind::EndingMember => self.newcomer,
            SubjectKind::Group | SubjectKind::ServiceAccount => PermissionSet::EMPTY,
        };
        for holder in self.holders(subject) {
            for grant in Self::matching(holder, covering).filter(|grant| grant.until >= lasting) {
                if let Some(role) = self.roles.get(grant.role as usize) {
                    held = held.union(&role.held);
                }
            }
        }
        held
    }

    /// The scopes that cover all resources of a type.
    pub(crate) fn covering_all_of(
        &self,
        catalog: &Catalog,
        resource_type: &str,
        project: Option<ProjectId>,
    ) -> Option<Covering> {
        let of = catalog.resource_type(resource_type)?;
        let project = match project {
            Some(id) => Some(self.project(id)?.slot),
            None => None,
        };
        Some(covering_all_of(catalog, of, project))
    }

    /// Whether a principal has a live grant of its own of a built-in role at the account.
    pub(crate) fn has_at_account(&self, principal: Principal, role: BuiltInRoleIndex, now: i64) -> bool {
        let is_it = |grant: &&IndexedGrant| {
            grant.role == Slot::from(role.0) && grant.scope == ScopeKey::ACCOUNT && grant.until > now
        };
        self.subject(principal).is_some_and(|subject| {
            subject.kind != SubjectKind::InactiveMember && subject.grants.iter().any(|grant| is_it(&grant))
        })
    }

    /// What every active member holds without a grant.
    pub(crate) fn newcomer(&self) -> &PermissionSet {
        &self.newcomer
    }
}

/// The key of a principal's entry.
fn uuid_of(principal: Principal) -> Uuid {
    match principal {
        Principal::Member(id) => id.uuid(),
        Principal::Group(id) => id.uuid(),
        Principal::ServiceAccount(id) => id.uuid(),
    }
}
