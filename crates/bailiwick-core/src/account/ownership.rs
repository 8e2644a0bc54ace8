//! Ownership: offered by an owner, accepted by the member to whom it is offered.

use jiff::SignedDuration;
use smol_str::SmolStr;

use super::decide::Decision;
use super::giver::Grantee;
use super::{EndReason, Event, Grant, MemberStatus, Offer, Principal, Refusal, RoleAtScope, RoleRef, Scope};
use crate::catalog::BuiltInRole;
use crate::ids::{OfferId, UserId};
use crate::limits;

impl Decision<'_> {
    pub(super) fn offer_ownership(&mut self, to: UserId, keep: bool) -> Result<(), Refusal> {
        let from = self.person()?;
        let owner = self.owner_role()?;
        let Some((_, held)) = self.ownership_of(from) else {
            let role = reference(owner);
            return self
                .reaches_role(&role, &Scope::Account, &Grantee::Anyone)
                .and(Err(Refusal::HandedOver { role }));
        };
        if from == to {
            return Err(Refusal::Yourself);
        }
        if self.member(to)? == MemberStatus::Inactive {
            return Err(Refusal::MemberInactive { user: to });
        }
        if self.ownership_of(to).is_some() {
            return Err(Refusal::AlreadySo { what: "the member is an owner" });
        }
        if keep && owner.single_holder {
            return Err(Refusal::SingleHolder { role: reference(owner) });
        }
        // Accepting it would be refused, to somebody who can do nothing about it.
        self.lasts_beyond(to, keep, &held)?;
        let mut stale = Vec::new();
        for (id, offer) in self.account.offers() {
            // An offer of somebody who owns nothing any more can never be accepted, so it does not stand in the way.
            if offer.value.expires_at > self.now && self.owns(offer.value.from) {
                return Err(Refusal::OfferPending);
            }
            let offer = offer.value.clone();
            stale.push(Event::OwnershipWithdrawn { id, offer, reason: EndReason::Replaced });
        }
        self.events.append(&mut stale);
        let lifetime = SignedDuration::from_secs(limits::OFFER_SECONDS);
        let expires_at = self.now.checked_add(lifetime).unwrap_or(self.now);
        let id = self.take_id();
        let offer = Offer { from, to, keep, made_at: self.now, expires_at };
        self.events.push(Event::OwnershipOffered { id, offer });
        Ok(())
    }

    pub(super) fn withdraw_ownership(&mut self, id: OfferId) -> Result<(), Refusal> {
        let user = self.person()?;
        let offer = self.offer(id)?;
        if offer.from != user && self.ownership_of(user).is_none() {
            return Err(Refusal::NotYours);
        }
        self.events.push(Event::OwnershipWithdrawn { id, offer, reason: EndReason::Asked });
        Ok(())
    }

    pub(super) fn accept_ownership(&mut self, id: OfferId) -> Result<(), Refusal> {
        let to = self.person()?;
        let offer = self.offered_to(id, to)?;
        let Offer { from, keep, expires_at, .. } = offer;
        let owner = self.owner_role()?;
        let Some((old, old_grant)) =
            self.ownership_of(from).filter(|_| self.owns(from) && expires_at > self.now)
        else {
            return Err(Refusal::OfferVoid);
        };
        self.lasts_beyond(to, keep, &old_grant)?;
        let former = self
            .account
            .catalog
            .rules
            .former_owner
            .and_then(|role| self.account.catalog.role_at(role))
            .map(reference);
        let role = reference(owner);
        self.events.push(Event::OwnershipAccepted { id, offer });
        let by = super::ActorRef::User(from);
        let owner_grant = RoleAtScope { role, scope: Scope::Account, until: None };
        for (id, grant) in self.account.replaced_by(Principal::Member(to), &owner_grant) {
            self.push_revoked(id, grant, EndReason::Replaced);
        }
        self.push_made_by(by, Principal::Member(to), &owner_grant);
        if !keep {
            self.push_revoked(old, old_grant, EndReason::Replaced);
            if let Some(role) = former {
                let grant = RoleAtScope { role, scope: Scope::Account, until: None };
                if self.account.same_grant(Principal::Member(from), &grant).is_none() {
                    self.push_made_by(by, Principal::Member(from), &grant);
                }
            }
        }
        Ok(())
    }

    pub(super) fn decline_ownership(&mut self, id: OfferId) -> Result<(), Refusal> {
        let to = self.person()?;
        let offer = self.offered_to(id, to)?;
        self.events.push(Event::OwnershipDeclined { id, offer });
        Ok(())
    }

    fn offer(&self, id: OfferId) -> Result<Offer, Refusal> {
        let found = self.account.offers.get(&id).map(|offer| offer.value.clone());
        found.ok_or(Refusal::NotFound { kind: "offer of ownership" })
    }

    fn offered_to(&self, id: OfferId, user: UserId) -> Result<Offer, Refusal> {
        let offer = self.offer(id)?;
        if offer.to == user { Ok(offer) } else { Err(Refusal::NotYours) }
    }

    fn owner_role(&self) -> Result<&BuiltInRole, Refusal> {
        let catalog = &self.account.catalog;
        catalog.role_at(catalog.rules.owner).ok_or(Refusal::NotFound { kind: "role" })
    }

    /// Whoever takes over what the account hangs on stays for good.
    fn lasts_beyond(&self, to: UserId, keep: bool, held: &Grant) -> Result<(), Refusal> {
        let ends = self.account.member_until(to).filter(|_| !keep && self.account.loses_holder_to(to, held));
        ends.map_or(Ok(()), |until| Err(Refusal::SuccessorEnds { until }))
    }

    /// A membership gets no end while its member is offered what the account would hang on then: they could not accept any more,
    /// and neither they nor the owner would be told.
    pub(super) fn no_offer_waits_for(&self, user: UserId) -> Result<(), Refusal> {
        let waits = |offer: &Offer| {
            let held = || self.ownership_of(offer.from).filter(|_| self.owns(offer.from));
            offer.to == user
                && !offer.keep
                && offer.expires_at > self.now
                && held().is_some_and(|(_, held)| self.account.hangs_on(&held))
        };
        if self.account.offers().any(|(_, offer)| waits(&offer.value)) {
            return Err(Refusal::OfferedOwnership);
        }
        Ok(())
    }

    /// Whether the member owns the account and may act.
    fn owns(&self, user: UserId) -> bool {
        self.account.member_status_at(user, self.now) == Some(MemberStatus::Active)
            && self.ownership_of(user).is_some()
    }

    /// The member's own grant of the owner role.
    fn ownership_of(&self, user: UserId) -> Option<(crate::ids::GrantId, Grant)> {
        let owner = self.owner_role().ok().map(reference)?;
        self.account.account_level_grants(user).into_iter().find(|(_, grant)| grant.role == owner)
    }
}

fn reference(role: &BuiltInRole) -> RoleRef {
    RoleRef::BuiltIn(SmolStr::new(&role.name))
}
