//! Memberships that end by themselves: how somebody's membership gets an end, another one, or none any more.

use jiff::Timestamp;

use super::decide::Decision;
use super::entities::later;
use super::giver::Grantee;
use super::{Event, Principal, Refusal, Scope};
use crate::catalog::Operation;
use crate::ids::UserId;
use crate::policy::Subject;

impl Decision<'_> {
    pub(super) fn set_member_end(&mut self, user: UserId, until: Option<Timestamp>) -> Result<(), Refusal> {
        self.require(Operation::WriteMembers, &Scope::Account)?;
        self.member(user)?;
        if let Some(at) = until.filter(|at| *at <= self.now) {
            return Err(Refusal::Past { field: "until", at });
        }
        let before = self.account.member_until(user);
        if before == until {
            return Err(Refusal::Nothing);
        }
        self.reaches_all_that_ends_with(Principal::Member(user))?;
        // Rule 1: whoever stays for longer has for longer all that they were granted.
        if later(before, until) != before {
            self.covers_membership(user, until)?;
        }
        if before.is_none() {
            self.no_offer_waits_for(user)?;
        }
        self.events.push(Event::MemberEndChanged { user, before, after: until });
        Ok(())
    }

    /// Rule 1 for a membership that lasts so long: the newcomer role, and all that reaches the member, each for as long as
    /// it and the membership last.
    pub(super) fn covers_membership(&self, user: UserId, until: Option<Timestamp>) -> Result<(), Refusal> {
        let member = Principal::Member(user);
        let grantee = Grantee::of(self.account, member);
        self.giver.covers_newcomer(until, &grantee)?;
        self.giver.covers_grants_that_reach(member, until, &grantee)?;
        self.giver.covers_permits_of(&Subject::of(self.account, member), until)
    }
}

/// The earlier of two ends, any being earlier than none.
pub(super) fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
