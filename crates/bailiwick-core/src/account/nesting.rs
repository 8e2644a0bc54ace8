//! Groups in groups: what reaches a member through them, and how far they may nest.
//!
//! A member's entry in the index names the groups that the member is in, a group's entry all groups above it, so that a
//! check walks two short lists and an account without nesting pays nothing. What is above a group changes only when groups
//! are put into each other, which costs as much as there are groups below.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::Decision;
use super::{Account, MemberStatus, Principal, Refusal, pairs_of};
use crate::ids::{GroupId, Id, UserId};
use crate::limits;

impl Account {
    /// The members of a group that are people, after a key, in the order of their ids; not those of groups in it.
    pub fn group_members_after(&self, group: GroupId, after: Option<UserId>) -> impl Iterator<Item = UserId> {
        pairs_of(&self.group_members, group, after)
    }

    /// The groups that are in a group, in the order of their ids; not those in them.
    pub fn groups_in(&self, group: GroupId) -> impl Iterator<Item = GroupId> {
        pairs_of(&self.nested, group, None)
    }

    /// The groups in which a group is, in the order of their ids; not those in which they are.
    pub fn groups_holding(&self, group: GroupId) -> impl Iterator<Item = GroupId> {
        pairs_of(&self.nested_in, group, None)
    }

    /// Members and groups in a group, after a key, members first, in the order of their ids.
    pub fn group_principals_after(
        &self,
        group: GroupId,
        after: Option<Principal>,
    ) -> impl Iterator<Item = Principal> {
        let (users, after_user, after_group) = match after {
            None => (true, None, None),
            Some(Principal::Member(user)) => (true, Some(user), None),
            Some(Principal::Group(group)) => (false, None, Some(group)),
            Some(Principal::ServiceAccount(_)) => (false, None, Some(GroupId::from_uuid(uuid::Uuid::max()))),
        };
        let members = users.then(|| self.group_members_after(group, after_user)).into_iter().flatten();
        let groups = pairs_of(&self.nested, group, after_group);
        members.map(Principal::Member).chain(groups.map(Principal::Group))
    }

    /// Whether a member or group is in a group itself, not through another.
    pub fn is_in_group(&self, group: GroupId, member: Principal) -> bool {
        match member {
            Principal::Member(user) => self.group_members.contains(&(group, user)),
            Principal::Group(inner) => self.nested.contains(&(group, inner)),
            Principal::ServiceAccount(_) => false,
        }
    }

    /// The groups that a member or group is in itself, not through others.
    pub fn groups_of(&self, principal: Principal) -> Vec<GroupId> {
        match principal {
            Principal::Group(group) => self.groups_holding(group).collect(),
            Principal::Member(_) | Principal::ServiceAccount(_) => self.joined(principal).to_vec(),
        }
    }

    /// All groups that a principal is in, through others too, each once: what any of them was granted is the principal's.
    pub fn groups_with(&self, principal: Principal) -> impl Iterator<Item = GroupId> {
        let joined = self.joined(principal);
        let mut all = joined.to_vec();
        if matches!(principal, Principal::Member(_)) {
            for group in joined {
                for above in self.joined(Principal::Group(*group)) {
                    if !all.contains(above) {
                        all.push(*above);
                    }
                }
            }
        }
        all.into_iter()
    }

    /// Whether a member is in a group, be it through others.
    pub fn is_reached_by_group(&self, group: GroupId, member: UserId) -> bool {
        self.groups_with(Principal::Member(member)).any(|other| other == group)
    }

    /// The principal and the groups that it is in, through others too.
    pub(crate) fn holders(&self, principal: Principal) -> impl Iterator<Item = Principal> {
        std::iter::once(principal).chain(self.groups_with(principal).map(Principal::Group))
    }

    /// What the index keeps: the groups of a member, and all that are above a group.
    fn joined(&self, principal: Principal) -> &[GroupId] {
        self.index.subject(principal).map_or(&[], |subject| subject.groups())
    }

    /// A group and all groups in it, through others too.
    pub fn with_groups_below(&self, group: GroupId) -> BTreeSet<GroupId> {
        walk(group, |group| self.groups_in(group))
    }

    /// Whether somebody is an active member, and their membership does not end by itself.
    pub(super) fn is_lasting_member(&self, user: UserId) -> bool {
        let active = self.member(user).is_some_and(|member| member.value.status == MemberStatus::Active);
        active && self.member_until(user).is_none()
    }

    /// Whether a lasting member is in the group, be it through others.
    pub(super) fn reaches_lasting_member_through(&self, group: GroupId) -> bool {
        let lasting = |user| self.is_lasting_member(user);
        let is_plain = self.groups_in(group).next().is_none();
        if is_plain {
            return self.group_members_after(group, None).any(lasting);
        }
        let mut groups = self.with_groups_below(group).into_iter();
        groups.any(|group| self.group_members_after(group, None).any(lasting))
    }

    /// The shortest way from each of the principal's own groups to each group that it is in: the groups passed, the
    /// principal's own first.
    pub(crate) fn chains_to(&self, principal: Principal) -> BTreeMap<GroupId, Vec<Vec<GroupId>>> {
        let mut chains: BTreeMap<GroupId, Vec<Vec<GroupId>>> = BTreeMap::new();
        for own in self.groups_of(principal) {
            let mut seen = BTreeSet::from([own]);
            let mut ends = vec![vec![own]];
            while !ends.is_empty() {
                let mut next = Vec::new();
                for chain in ends {
                    let Some(last) = chain.last().copied() else { continue };
                    for above in self.groups_holding(last).filter(|above| seen.insert(*above)) {
                        next.push(chain.iter().copied().chain([above]).collect());
                    }
                    chains.entry(last).or_default().push(chain);
                }
                ends = next;
            }
        }
        chains
    }

    // Kept up to date by `evolve`.

    pub(super) fn nest(&mut self, group: GroupId, inner: GroupId) {
        self.nested.insert((group, inner));
        self.nested_in.insert((inner, group));
        self.refresh_above(inner);
    }

    pub(super) fn unnest(&mut self, group: GroupId, inner: GroupId) {
        self.nested.remove(&(group, inner));
        self.nested_in.remove(&(inner, group));
        self.refresh_above(inner);
    }

    fn refresh_above(&mut self, group: GroupId) {
        for below in self.with_groups_below(group) {
            let mut above = walk(below, |group| self.groups_holding(group));
            above.remove(&below);
            self.index.set_groups_above(below.uuid(), above.into_iter());
        }
    }

    /// Enters what is above each group after the nested groups were loaded.
    pub(super) fn load_nesting(&mut self) {
        let pairs: Vec<(GroupId, GroupId)> =
            self.nested.iter().map(|(group, inner)| (*inner, *group)).collect();
        self.nested_in.extend(pairs.iter().copied());
        let inner: BTreeSet<GroupId> = pairs.into_iter().map(|(inner, _)| inner).collect();
        for group in inner {
            let mut above = walk(group, |group| self.groups_holding(group));
            above.remove(&group);
            self.index.set_groups_above(group.uuid(), above.into_iter());
        }
    }
}

/// All that is reached from a group in steps, itself included. Ends where there is a cycle, too: a damaged row must not
/// keep an account from being loaded.
fn walk<I: Iterator<Item = GroupId>>(from: GroupId, step: impl Fn(GroupId) -> I) -> BTreeSet<GroupId> {
    let mut found = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(group) = open.pop() {
        open.extend(step(group).filter(|next| found.insert(*next)));
    }
    found
}

/// How many groups the longest chain has that starts with a group, itself included.
fn longest<I: Iterator<Item = GroupId>>(from: GroupId, step: impl Fn(GroupId) -> I) -> usize {
    let mut level = BTreeSet::from([from]);
    let mut length = 0;
    // No chain is longer than what is allowed, or there would be a cycle.
    while !level.is_empty() && length <= limits::GROUP_DEPTH {
        level = level.into_iter().flat_map(&step).collect();
        length += 1;
    }
    length
}

impl Decision<'_> {
    /// Whether a group may be put into another: no cycle, and within the limits.
    pub(super) fn may_nest(&self, group: GroupId, inner: GroupId) -> Result<(), Refusal> {
        let account = self.account;
        let below = account.with_groups_below(inner);
        if below.contains(&group) {
            return Err(Refusal::GroupCycle);
        }
        let refused = |what, most| Err(Refusal::LimitReached { what, most });
        let depth = longest(group, |group| account.groups_holding(group))
            + longest(inner, |group| account.groups_in(group));
        if depth > limits::GROUP_DEPTH {
            return refused("groups in each other, one in the next", limits::GROUP_DEPTH);
        }
        let above = walk(group, |group| account.groups_holding(group));
        let too_high = |below: &GroupId| {
            let reached = walk(*below, |group| account.groups_holding(group));
            reached.union(&above).count() > limits::GROUPS_ABOVE_GROUP + 1
        };
        if below.iter().any(too_high) {
            return refused("groups above one group", limits::GROUPS_ABOVE_GROUP);
        }
        let too_broad = |above: &GroupId| {
            account.with_groups_below(*above).union(&below).count() > limits::GROUPS_BELOW_GROUP + 1
        };
        if above.iter().any(too_broad) {
            return refused("groups below one group", limits::GROUPS_BELOW_GROUP);
        }
        Ok(())
    }
}
