//! Memberships that end by themselves: how somebody's membership gets an end, another one, or none any more.

use jiff::Timestamp;

use super::decide::Decision;
use super::entities::later;
use super::{Account, Event, Grant, Principal, Refusal, Scope};
use crate::catalog::{Operation, PermissionSet};
use crate::ids::UserId;

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
        self.reaches_all_that_reaches(Principal::Member(user))?;
        // Rule 1: whoever stays for longer has for longer all that they were granted.
        if later(before, until) != before {
            self.covers_membership(user, until)?;
        }
        self.events.push(Event::MemberEndChanged { user, before, after: until });
        Ok(())
    }

    /// Rule 1 for a membership that lasts so long: the newcomer role, and all that reaches the member, each for as long as
    /// it and the membership last.
    pub(super) fn covers_membership(&self, user: UserId, until: Option<Timestamp>) -> Result<(), Refusal> {
        self.covers_newcomer(until)?;
        let holders = self.account.holders(Principal::Member(user));
        let mut grants = holders.flat_map(|holder| self.account.grants_of(holder));
        grants.try_for_each(|(_, grant)| {
            let Grant { role, scope, until: end, .. } = &grant.value;
            let live = grant.value.is_live(self.now);
            if !live {
                return Ok(());
            }
            self.covers(&self.account.permissions_of(role), scope, earlier(*end, until))
        })?;
        self.covers_permits_of(Principal::Member(user))
    }

    /// Rule 1 for the role that every member has without a grant.
    pub(super) fn covers_newcomer(&self, until: Option<Timestamp>) -> Result<(), Refusal> {
        self.account.covers_newcomer(self.actor.principal(), until, self.now)
    }
}

impl Account {
    /// Whether a principal holds for so long what every member has without a grant.
    ///
    /// # Errors
    /// Those of [`Account::covers`].
    pub(super) fn covers_newcomer(
        &self,
        principal: Principal,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        // A machine has no membership and lets nobody in, but may keep those in who are.
        match principal {
            Principal::Member(_) => {
                let newcomer: PermissionSet = *self.index.newcomer();
                self.covers(principal, &newcomer, &Scope::Account, until, now)
            }
            Principal::Group(_) | Principal::ServiceAccount(_) => Ok(()),
        }
    }
}

/// The earlier of two ends, any being earlier than none.
pub(super) fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
