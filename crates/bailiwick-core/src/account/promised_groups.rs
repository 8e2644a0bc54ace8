//! Groups in invitations: who may promise one, and what becomes of it at acceptance.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::decide::Decision;
use super::giver::{Giver, Grantee};
use super::invitations::Promise;
use super::{Principal, Refusal, Scope};
use crate::catalog::{InvitationField, Operation};
use crate::ids::{GroupId, UserId};
use crate::limits;

impl Decision<'_> {
    /// Checks the groups that an invitation promises: they exist, groups are in use, and the actor holds what they were
    /// granted (rule 1). A group reaches across the account, so who promises one may invite to all of it.
    pub(super) fn promised_groups(
        &self,
        groups: &[GroupId],
        until: Option<Timestamp>,
        invited: &Grantee,
    ) -> Result<Vec<GroupId>, Refusal> {
        let groups: BTreeSet<GroupId> = groups.iter().copied().collect();
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        if groups.len() > limits::GROUPS_PER_MEMBER {
            return Err(Refusal::LimitReached {
                what: "groups of one member",
                most: limits::GROUPS_PER_MEMBER,
            });
        }
        self.require(Operation::WriteInvitations, &Scope::Account)?;
        if !self.account.groups_on() {
            return Err(Refusal::GroupsOff);
        }
        for group in &groups {
            self.account.group(*group).ok_or(Refusal::NotFound { kind: "group" })?;
            self.may_wherever_it_reaches(Operation::WriteInvitations, *group)?;
            self.giver.covers_joining(*group, until, invited)?;
        }
        Ok(groups.into_iter().collect())
    }

    /// Where the catalog asks for it, an invitation gives something.
    pub(super) fn asks_for_role(&self, promise: &Promise) -> Result<(), Refusal> {
        let asked = self.account.catalog.rules.invitation_asks_for.contains(&InvitationField::Role);
        if asked && promise.grants.is_empty() && promise.groups.is_empty() {
            return Err(Refusal::InvitationAsks { field: InvitationField::Role.name() });
        }
        Ok(())
    }

    /// Who is a member already joins the groups at once, which needs the permission to change who is in them.
    pub(super) fn join_at_once(&mut self, user: UserId, groups: &[GroupId]) -> Result<(), Refusal> {
        for group in
            groups.iter().copied().filter(|group| !self.account.is_in_group(*group, Principal::Member(user)))
        {
            self.add_to_group(group, Principal::Member(user))?;
        }
        Ok(())
    }

    /// A group that was promised is there, and who promised it may still do so.
    pub(super) fn still_joined(
        &self,
        giver: &Giver<'_>,
        sponsor: UserId,
        group: GroupId,
        until: Option<Timestamp>,
        invited: &Grantee,
    ) -> Result<(), Refusal> {
        self.account.group(group).ok_or(Refusal::NotFound { kind: "group" })?;
        giver.still_may_join(sponsor, Operation::WriteInvitations, group)?;
        giver.covers_joining(group, until, invited)
    }
}
