//! Whom events can concern, and where: nobody else's access can have changed, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use uuid::Uuid;

use crate::account::{Account, AllOf, Event, Grant, Principal, RoleRef, Scope};
use crate::ids::{GroupId, Id, ProjectId, ResourceId, UserId};

/// A scope that is not made of several: named resources are one place each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    Account,
    Project(ProjectId),
    AllOf(Arc<AllOf>),
    Resource(ResourceId),
}

impl Place {
    pub(super) fn scope(&self) -> Scope {
        match self {
            Self::Account => Scope::Account,
            Self::Project(id) => Scope::Project(*id),
            Self::AllOf(all) => Scope::AllOf(Arc::clone(all)),
            Self::Resource(id) => Scope::resources([*id]),
        }
    }
}

fn places(scope: &Scope) -> impl Iterator<Item = Place> {
    let (one, resources) = match scope {
        Scope::Account => (Some(Place::Account), &[][..]),
        Scope::Project(id) => (Some(Place::Project(*id)), &[][..]),
        Scope::AllOf(all) => (Some(Place::AllOf(Arc::clone(all))), &[][..]),
        Scope::Resources(ids) => (None, &**ids),
    };
    one.into_iter().chain(resources.iter().map(|id| Place::Resource(*id)))
}

/// What the events of a change touch. A group's members are not written out for each of its grants.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Members and service accounts with places of their own grants.
    own: Vec<(Principal, Place)>,
    /// Groups with places of theirs, which are those of everybody in them, through other groups too.
    groups: BTreeMap<GroupId, Vec<Place>>,
    /// Who came into a group or out of one.
    moved: BTreeSet<(UserId, GroupId)>,
    /// Members for whom everything begins or ends.
    whole: BTreeSet<UserId>,
}

impl Touched {
    pub(super) fn by(before: &Account, after: &Account, events: &[Event]) -> Self {
        let mut touched = Self::default();
        let mut roles = BTreeSet::new();
        for event in events {
            match event {
                Event::MemberJoined { user, .. }
                | Event::MemberEndChanged { user, .. }
                | Event::MemberExpired { user, .. }
                | Event::MemberActivated { user }
                | Event::MemberDeactivated { user }
                | Event::MemberRemoved { user, .. }
                | Event::MemberLeft { user, .. } => {
                    touched.whole.insert(*user);
                }
                Event::GroupMemberAdded { group, member } | Event::GroupMemberRemoved { group, member } => {
                    match member {
                        Principal::Member(user) => {
                            touched.moved.insert((*user, *group));
                        }
                        // Whoever is in it comes under what the group and those above it were granted.
                        Principal::Group(inner) => {
                            let places = all_places(before, after, *group);
                            touched.groups.entry(*inner).or_default().extend(places);
                        }
                        Principal::ServiceAccount(_) => {}
                    }
                }
                Event::GrantMade { grant, .. }
                | Event::GrantRevoked { grant, .. }
                | Event::GrantExpired { grant, .. } => touched.grant(grant),
                Event::GrantExtended { id, .. } | Event::GrantNarrowed { id, .. } => {
                    let found = [before, after].into_iter().filter_map(|account| account.grant(*id));
                    found.for_each(|grant| touched.grant(&grant.value));
                }
                Event::RoleEdited { id, .. } => {
                    roles.insert(RoleRef::Custom(*id));
                }
                Event::AccountDeleted { .. } => {
                    touched.whole.extend(before.members_after(None).map(|(user, _)| user));
                    for (id, _) in before.service_accounts_after(None) {
                        let grants = before.grants_of(Principal::ServiceAccount(id));
                        grants.for_each(|(_, grant)| touched.grant(&grant.value));
                    }
                }
                _ => {}
            }
        }
        roles.retain(|role| before.permissions_of(role) != after.permissions_of(role));
        touched.roles(before, &roles);
        touched
    }

    /// Members for whom everything begins or ends, and who came into a group or out of one.
    pub(super) fn moved(&self) -> impl Iterator<Item = UserId> {
        self.whole.iter().copied().chain(self.moved.iter().map(|(user, _)| *user))
    }

    fn grant(&mut self, grant: &Grant) {
        match grant.principal {
            Principal::Group(group) => self.groups.entry(group).or_default().extend(places(&grant.scope)),
            principal => self.own.extend(places(&grant.scope).map(|place| (principal, place))),
        }
    }

    /// Every grant of a role that holds something else now. What the same events made or took back is touched by them.
    fn roles(&mut self, before: &Account, roles: &BTreeSet<RoleRef>) {
        let uses: usize = roles.iter().map(|role| before.uses_of(role)).sum();
        self.own.reserve(uses);
        let all = before.grants_after(None).filter(|(_, grant)| roles.contains(&grant.value.role));
        all.take(uses).for_each(|(_, grant)| self.grant(&grant.value));
    }

    /// Calls `each` with every member and service account that is concerned, in order, with the places.
    pub(super) fn for_each(
        mut self,
        before: &Account,
        after: &Account,
        mut each: impl FnMut(Principal, &[Place]),
    ) {
        self.own.sort_unstable();
        self.own.dedup();
        for places in self.groups.values_mut() {
            places.sort_unstable();
            places.dedup();
        }
        let principals = self.principals(before, after);
        let mut own = self.own.iter().peekable();
        let mut of_groups: BTreeMap<GroupId, Vec<Place>> = BTreeMap::new();
        let mut here: Vec<Place> = Vec::new();
        for principal in principals {
            here.clear();
            while let Some((_, place)) = own.next_if(|(other, _)| *other == principal) {
                here.push(place.clone());
            }
            if let Principal::Member(user) = principal {
                if !self.groups.is_empty() {
                    for group in before.groups_with(principal).chain(after.groups_with(principal)) {
                        here.extend(self.groups.get(&group).into_iter().flatten().cloned());
                    }
                }
                for (_, group) in self.moved.range(all_of(user)) {
                    let places = of_groups.entry(*group).or_insert_with(|| all_places(before, after, *group));
                    here.extend(places.iter().cloned());
                }
                if self.whole.contains(&user) {
                    here.push(Place::Account);
                    for account in [before, after] {
                        let grants = account.grants_reaching(principal);
                        here.extend(grants.flat_map(|(.., grant)| places(&grant.value.scope)));
                    }
                }
            }
            here.sort_unstable();
            here.dedup();
            each(principal, &here);
        }
    }

    /// Members and service accounts that can be concerned, each once, in order.
    fn principals(&self, before: &Account, after: &Account) -> Vec<Principal> {
        let members_below = |account: &Account, group: GroupId| -> Vec<UserId> {
            let groups = account.with_groups_below(group).into_iter();
            groups.flat_map(|group| account.group_members_after(group, None)).collect()
        };
        let in_groups = self.groups.keys().flat_map(|group| {
            [before, after].into_iter().flat_map(move |account| members_below(account, *group))
        });
        let members =
            in_groups.chain(self.moved.iter().map(|(user, _)| *user)).chain(self.whole.iter().copied());
        let own = self.own.iter().map(|(principal, _)| *principal);
        let mut principals: Vec<Principal> = members.map(Principal::Member).chain(own).collect();
        principals.sort_unstable();
        principals.dedup();
        principals
    }
}

/// The pairs of a member with any group.
fn all_of(user: UserId) -> RangeInclusive<(UserId, GroupId)> {
    (user, GroupId::from_uuid(Uuid::nil()))..=(user, GroupId::from_uuid(Uuid::max()))
}

/// Where a group, or one above it, has anything, before or after.
fn all_places(before: &Account, after: &Account, group: GroupId) -> Vec<Place> {
    let grants = [before, after].into_iter().flat_map(|account| {
        account.holders(Principal::Group(group)).flat_map(|holder| account.grants_of(holder))
    });
    let mut places: Vec<Place> = grants.flat_map(|(_, grant)| places(&grant.value.scope)).collect();
    places.sort_unstable();
    places.dedup();
    places
}
