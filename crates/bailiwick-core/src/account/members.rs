//! Members: edit, activate, deactivate, remove, leave.

use super::decide::Decision;
use super::{
    Account, AttributeChanges, Attributes, Bearer, EndReason, Event, KeyHolder, Member, MemberStatus, Patch,
    Principal, Refusal, Scope, Taken,
};
use crate::catalog::Operation;
use crate::ids::UserId;
use crate::values::ExternalId;

impl Decision<'_> {
    pub(super) fn edit_member(
        &mut self,
        user: UserId,
        external_id: &Patch<ExternalId>,
        attributes: &AttributeChanges,
    ) -> Result<(), Refusal> {
        self.require(Operation::WriteMembers, &Scope::Account)?;
        self.member(user)?;
        let before = self.account.member(user).and_then(|member| member.value.external_id.clone());
        let after = external_id.apply(before.as_ref());
        if before == after && attributes.is_empty() {
            return Err(Refusal::Nothing);
        }
        self.reaches_all_that_reaches(Principal::Member(user))?;
        self.edit_member_attributes(user, attributes)?;
        if before != after {
            self.free_external_id(Taken::Member, after.as_ref())?;
            self.may_be_called(Principal::Member(user), before.as_ref(), after.as_ref())?;
            self.frees(Bearer::member(self.account, user), before.as_ref());
            self.events.push(Event::MemberEdited { user, before, after });
        }
        Ok(())
    }

    pub(super) fn activate_member(&mut self, user: UserId) -> Result<(), Refusal> {
        self.require(Operation::WriteMembers, &Scope::Account)?;
        let status = self.member(user)?;
        if status == MemberStatus::Active {
            return Err(Refusal::AlreadySo { what: "the member is active" });
        }
        let until = self.account.member_until(user);
        if let Some(at) = until.filter(|at| *at <= self.now) {
            return Err(Refusal::Past { field: "until", at });
        }
        // Rule 1: activating gives back all that the member was granted, through groups too.
        self.covers_membership(user, until)?;
        self.events.push(Event::MemberActivated { user });
        Ok(())
    }

    pub(super) fn deactivate_member(&mut self, user: UserId) -> Result<(), Refusal> {
        self.require(Operation::WriteMembers, &Scope::Account)?;
        let status = self.member(user)?;
        if self.actor.principal() == Principal::Member(user) {
            return Err(Refusal::Yourself);
        }
        if status == MemberStatus::Inactive {
            return Err(Refusal::AlreadySo { what: "the member is inactive" });
        }
        self.reaches_all_that_ends_with(Principal::Member(user))?;
        self.end_what_stands_in_the_name_of(user);
        self.events.push(Event::MemberDeactivated { user });
        Ok(())
    }

    pub(super) fn remove_member(&mut self, user: UserId) -> Result<(), Refusal> {
        self.require(Operation::DeleteMembers, &Scope::Account)?;
        self.member(user)?;
        if self.actor.principal() == Principal::Member(user) {
            return Err(Refusal::Yourself);
        }
        self.reaches_all_that_ends_with(Principal::Member(user))?;
        let until = self.account.member_until(user);
        let member = self.take_out(user)?;
        self.events.push(Event::MemberRemoved { user, member, until });
        Ok(())
    }

    pub(super) fn leave(&mut self) -> Result<(), Refusal> {
        let user = self.person()?;
        let until = self.account.member_until(user);
        let member = self.take_out(user)?;
        self.events.push(Event::MemberLeft { user, member, until });
        Ok(())
    }

    /// Everything that ends with a membership, before the membership itself, which is the answer.
    fn take_out(&mut self, user: UserId) -> Result<Member, Refusal> {
        let member = self.account.member(user).ok_or(Refusal::NotFound { kind: "member" })?.value.clone();
        self.frees(Bearer::member(self.account, user), member.external_id.as_ref());
        self.end_what_stands_in_the_name_of(user);
        self.revoke_all_of(Principal::Member(user));
        let principal = Principal::Member(user);
        let groups = self.account.groups_of(principal).into_iter();
        self.events.extend(groups.map(|group| Event::GroupMemberRemoved { group, member: principal }));
        if let Some(before) = self.account.member_attributes(user).cloned() {
            let after = Attributes::default();
            self.events.push(Event::MemberAttributesChanged { user, before, after });
        }
        Ok(member)
    }

    /// Rule 3: personal keys, invitations and offers of somebody who may no longer act end with them.
    fn end_what_stands_in_the_name_of(&mut self, user: UserId) {
        self.events.extend(self.account.ended_in_the_name_of(user));
    }
}

impl Account {
    /// The end of all personal keys, invitations and offers that stand in somebody's name.
    pub fn ended_in_the_name_of(&self, user: UserId) -> impl Iterator<Item = Event> {
        let reason = EndReason::SponsorGone;
        let keys = self.keys_of(KeyHolder::Member(user));
        let keys = keys.filter_map(move |id| self.key_deleted(id, reason));
        let invitations = self.invitations_sponsored_by(user);
        let invitations = invitations.map(move |id| Event::InvitationRevoked { id, reason });
        let offers =
            self.offers().filter(move |(_, offer)| offer.value.from == user || offer.value.to == user);
        keys.chain(invitations).chain(offers.map(move |(id, offer)| Event::OwnershipWithdrawn {
            id,
            offer: offer.value.clone(),
            reason,
        }))
    }
}
