//! Invitations: send, resend, copy the link, revoke, accept, decline.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::attributes::SaidOf;
use super::decide::Decision;
use super::giver::{Giver, Grantee};
use super::membership_ends::earlier;
use super::weight::width_of;
use super::{
    Account, ActorRef, Attributes, EndReason, Event, Invitation, InvitationStatus, Invitee, MemberStatus,
    Principal, Refusal, RoleAtScope, Scope, Withheld, WithheldGroup,
};
use crate::access::Circumstances;
use crate::catalog::{Lifetime, Operation, RolesPerMember};
use crate::ids::{GroupId, Id, InvitationId, UserId};
use crate::limits;
use crate::policy::Subject;

/// What everybody gets who is invited by one command.
pub(super) struct Promise {
    pub(super) grants: Vec<RoleAtScope>,
    pub(super) groups: Vec<GroupId>,
    pub(super) member_until: Option<Timestamp>,
    pub(super) attributes: Option<Box<Attributes>>,
}

impl Decision<'_> {
    pub(super) fn invite(
        &mut self,
        people: &[Invitee],
        grants: &[RoleAtScope],
        groups: &[GroupId],
        member_until: Option<Timestamp>,
        attributes: &Attributes,
    ) -> Result<(), Refusal> {
        let sponsor = self.person()?;
        let changes = attributes.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect();
        let somebody = UserId::from_uuid(Uuid::nil());
        let invited = self.account.invitee(somebody, Some(attributes), groups);
        let grantee = Grantee::One(invited.clone());
        let (grants, groups) = (
            self.promised(grants, member_until, &grantee)?,
            self.promised_groups(groups, member_until, &grantee)?,
        );
        self.may_let_in(member_until, &grantee)?;
        let attributes = self.promised_attributes(&changes, &invited)?;
        let promise = Promise { grants, groups, member_until, attributes };
        self.asks_for_role(&promise)?;
        let grants = &promise.grants;
        if people.is_empty() {
            return Err(Refusal::Nothing);
        }
        if people.len() > limits::PEOPLE_PER_INVITATION {
            return Err(Refusal::LimitReached {
                what: "people in one request",
                most: limits::PEOPLE_PER_INVITATION,
            });
        }
        if self.account.members.len() + self.account.waiting.len() + people.len() > limits::MEMBERS {
            return Err(Refusal::LimitReached { what: "members", most: limits::MEMBERS });
        }
        let single =
            |grant: &&RoleAtScope| self.account.built_in(&grant.role).is_some_and(|role| role.single_holder);
        if let Some(grant) = grants.iter().find(|grant| people.len() > 1 && single(grant)) {
            return Err(Refusal::SingleHolder { role: grant.role.clone() });
        }
        let new = people.iter().filter(|one| self.account.member(one.user).is_none()).count();
        self.make_room(new)?;
        let mut seen = BTreeSet::new();
        let mut named = BTreeSet::new();
        for Invitee { user, invitation } in people {
            if !seen.insert(*user) {
                return Err(Refusal::InvitedTwice { user: *user });
            }
            if self.account.invitation(*invitation).is_some() || !named.insert(*invitation) {
                return Err(Refusal::Taken { field: "id", value: invitation.to_string() });
            }
            match self.account.member_status_at(*user, self.now) {
                None => self.push_sent(*invitation, *user, sponsor, &promise),
                Some(MemberStatus::Pending) => self.invite_again(*invitation, *user, sponsor, &promise)?,
                Some(MemberStatus::Active) if member_until.is_some() => {
                    return Err(Refusal::MemberAlready { user: *user });
                }
                Some(MemberStatus::Inactive) => return Err(Refusal::MemberInactive { user: *user }),
                // Somebody who is in already gets the access at once: there is nothing left to accept.
                Some(MemberStatus::Active) => {
                    let before = self.events.len();
                    let grantee = Grantee::of(self.account, Principal::Member(*user));
                    for grant in grants {
                        self.require_all_over(Operation::WriteRoles, &grant.scope)?;
                        self.giver.covers_role(grant, None, &grantee)?;
                    }
                    self.add_grants(Principal::Member(*user), grants)?;
                    self.join_at_once(*user, &promise.groups)?;
                    if !changes.is_empty() {
                        self.reaches_all_that_reaches(Principal::Member(*user))?;
                        self.edit_member_attributes(*user, &changes)?;
                    }
                    if before == self.events.len() {
                        return Err(Refusal::AlreadySo {
                            what: "the person is a member and has these roles",
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// Checks what an invitation promises: it makes sense, and the actor may invite to it and holds it (rule 1).
    fn promised(
        &self,
        grants: &[RoleAtScope],
        until: Option<Timestamp>,
        invited: &Grantee,
    ) -> Result<Vec<RoleAtScope>, Refusal> {
        if grants.len() > limits::GRANTS_PER_COMMAND {
            return Err(Refusal::LimitReached {
                what: "roles in one request",
                most: limits::GRANTS_PER_COMMAND,
            });
        }
        let newcomer = self.account.newcomer_role();
        let mut promised = RoleAtScope::distinct(grants);
        promised.retain(|grant| Some(&grant.role) != newcomer.as_ref());
        if width_of(&promised) > limits::PROMISED_PER_INVITATION {
            return Err(Refusal::LimitReached {
                what: "roles and named resources in one invitation",
                most: limits::PROMISED_PER_INVITATION,
            });
        }
        if promised.is_empty() {
            self.require(Operation::WriteInvitations, &Scope::Account)?;
        }
        promised.iter().try_for_each(|grant| self.may_promise(grant, until, invited))?;
        // The newcomer role is given too, so the sponsor must hold it; every active member does.
        let at_account = promised.iter().filter(|grant| grant.scope == Scope::Account).count();
        if self.account.catalog.rules.roles_per_member == RolesPerMember::One && at_account != 1 {
            return Err(Refusal::OneRole);
        }
        Ok(promised)
    }

    /// Whether the actor may promise this in an invitation to a membership of so long: it makes sense, and they may invite there
    /// and hold it (rule 1).
    fn may_promise(
        &self,
        grant: &RoleAtScope,
        until: Option<Timestamp>,
        invited: &Grantee,
    ) -> Result<(), Refusal> {
        self.account.grantable(grant, self.now)?;
        self.require_all_over(Operation::WriteInvitations, &grant.scope)?;
        self.giver.covers_role(grant, until, invited)
    }

    /// Whether the actor may make somebody a member for so long. Every member gets the newcomer role, so that whoever's own
    /// membership ends lets nobody in for longer (rule 1).
    fn may_let_in(&self, until: Option<Timestamp>, invited: &Grantee) -> Result<(), Refusal> {
        if let Some(at) = until.filter(|at| *at <= self.now) {
            return Err(Refusal::Past { field: "member_until", at });
        }
        self.giver.covers_letting_in(until, invited)
    }

    /// Forgets the oldest invitations that have ended where new ones would be too many.
    fn make_room(&mut self, people: usize) -> Result<(), Refusal> {
        let over = (self.account.invitations.len() + people).saturating_sub(limits::INVITATIONS);
        if over == 0 {
            return Ok(());
        }
        let ended = self.account.invitations_after(None);
        let ended = ended.filter(|(_, found)| found.value.status != InvitationStatus::Pending);
        let forgotten = ended.take(over);
        let forgotten: Vec<_> = forgotten
            .map(|(id, found)| Event::InvitationForgotten { id, invitation: found.value.clone() })
            .collect();
        if forgotten.len() < over {
            return Err(Refusal::LimitReached { what: "waiting invitations", most: limits::INVITATIONS });
        }
        self.events.extend(forgotten);
        Ok(())
    }

    fn push_sent(&mut self, id: InvitationId, user: UserId, sponsor: UserId, promise: &Promise) {
        let invitation = Invitation {
            user,
            grants: promise.grants.clone(),
            groups: promise.groups.clone(),
            sponsor,
            sent_at: self.now,
            expires_at: earlier(self.account.expiry_from(self.now), promise.member_until),
            status: InvitationStatus::Pending,
            member_until: promise.member_until,
            told: false,
            attributes: promise.attributes.clone(),
        };
        self.events.push(Event::InvitationSent { id, invitation });
    }

    /// An expired invitation makes room for a new one; a live one is resent, not doubled.
    fn invite_again(
        &mut self,
        id: InvitationId,
        user: UserId,
        sponsor: UserId,
        promise: &Promise,
    ) -> Result<(), Refusal> {
        let waiting = self
            .account
            .waiting_invitation(user)
            .and_then(|id| self.account.invitation(id).map(|found| (id, found)));
        match waiting {
            Some((old, found)) if found.value.status_at(self.now) == InvitationStatus::Expired => {
                self.events.push(Event::InvitationRevoked { id: old, reason: EndReason::Replaced });
                self.push_sent(id, user, sponsor, promise);
                Ok(())
            }
            _ => Err(Refusal::AlreadyInvited { user }),
        }
    }

    pub(super) fn resend_invitation(&mut self, id: InvitationId) -> Result<(), Refusal> {
        let sponsor = self.person()?;
        let invitation = self.waiting(id)?.clone();
        self.may_invite_to(&invitation)?;
        self.may_let_in(invitation.member_until, &Grantee::One(self.account.invited(&invitation)))?;
        // The resender takes the invitation over, so that it stands or falls with who last vouched for it.
        self.events.push(Event::InvitationResent {
            id,
            before_sponsor: invitation.sponsor,
            sponsor,
            before: invitation.expires_at,
            after: earlier(self.account.expiry_from(self.now), invitation.member_until),
        });
        Ok(())
    }

    pub(super) fn copy_invitation_link(&mut self, id: InvitationId) -> Result<(), Refusal> {
        self.person()?;
        let invitation = self.waiting(id)?.clone();
        self.may_invite_to(&invitation)?;
        match invitation.status_at(self.now) {
            InvitationStatus::Pending => {}
            InvitationStatus::Expired => {
                return Err(Refusal::Expired { at: invitation.expires_at.unwrap_or(self.now) });
            }
            status => return Err(Refusal::NotPending { status }),
        }
        // Whoever has the link can be whom it lets in.
        self.may_let_in(invitation.member_until, &Grantee::One(self.account.invited(&invitation)))?;
        self.events.push(Event::InvitationLinkCopied { id });
        Ok(())
    }

    fn may_invite_to(&self, invitation: &Invitation) -> Result<(), Refusal> {
        let Invitation { grants, groups, member_until, attributes, .. } = invitation;
        let invited = self.account.invited(invitation);
        if let Some(said) = attributes {
            self.require(Operation::WriteMembers, &Scope::Account)?;
            self.giver.covers_readers(&Attributes::default(), said, SaidOf::Member(&invited))?;
        }
        if grants.is_empty() || !groups.is_empty() {
            self.require(Operation::WriteInvitations, &Scope::Account)?;
        }
        let invited = Grantee::One(invited);
        let mut there = groups.iter().copied().filter(|group| self.account.group(*group).is_some());
        there.try_for_each(|group| {
            self.may_wherever_it_reaches(Operation::WriteInvitations, group)?;
            self.giver.covers_joining(group, *member_until, &invited)
        })?;
        grants.iter().try_for_each(|grant| {
            self.require_all_over(Operation::WriteInvitations, &grant.scope)?;
            self.giver.covers_role(grant, *member_until, &invited)
        })
    }

    /// Needs the permission alone, whatever was promised: an invitation to a wrong address must never wait, and nobody holds
    /// anything by it yet.
    pub(super) fn revoke_invitation(&mut self, id: InvitationId) -> Result<(), Refusal> {
        let invitation = self.waiting(id)?;
        let scopes: Vec<Scope> = invitation.grants.iter().map(|grant| grant.scope.clone()).collect();
        if scopes.is_empty() || !invitation.groups.is_empty() {
            self.require(Operation::DeleteInvitations, &Scope::Account)?;
        }
        scopes.iter().try_for_each(|scope| self.require(Operation::DeleteInvitations, scope))?;
        self.events.push(Event::InvitationRevoked { id, reason: EndReason::Asked });
        Ok(())
    }

    /// An invitation that was not answered or revoked; it may have expired.
    fn waiting(&self, id: InvitationId) -> Result<&Invitation, Refusal> {
        let found = self.account.invitation(id).ok_or(Refusal::NotFound { kind: "invitation" })?;
        match found.value.status {
            InvitationStatus::Pending => Ok(&found.value),
            status => Err(Refusal::NotPending { status }),
        }
    }

    /// An invitation to the person who acts; those of others do not exist for them.
    fn mine(&self, id: InvitationId) -> Result<(&Invitation, UserId), Refusal> {
        let user = self.person()?;
        let unknown = Refusal::NotFound { kind: "invitation" };
        let found = self.account.invitation(id).filter(|found| found.value.user == user).ok_or(unknown)?;
        match found.value.status_at(self.now) {
            InvitationStatus::Pending => Ok((&found.value, user)),
            InvitationStatus::Expired => {
                Err(Refusal::Expired { at: found.value.expires_at.unwrap_or(self.now) })
            }
            status => Err(Refusal::NotPending { status }),
        }
    }

    pub(super) fn accept_invitation(&mut self, id: InvitationId) -> Result<(), Refusal> {
        let (invitation, user) = self.mine(id)?;
        let of = self.account.invited(invitation);
        let invited = Grantee::One(of.clone());
        let Invitation { grants, groups, sponsor, member_until, attributes, .. } = invitation.clone();
        if self.account.members.len() >= limits::MEMBERS {
            return Err(Refusal::LimitReached { what: "members", most: limits::MEMBERS });
        }
        // All that counts is what the sponsor may do now, whatever the circumstances were under which they invited.
        let circumstances = Circumstances::question(self.now);
        let giver = Giver::new(self.account, self.account, Principal::Member(sponsor), circumstances);
        let may_invite = |scope: &Scope| giver.still_may(sponsor, Operation::WriteInvitations, scope).is_ok();
        let may_let_in = giver.still_may_at_account(sponsor, Operation::WriteInvitations).is_ok();
        if !may_let_in && !grants.iter().any(|grant| may_invite(&grant.scope)) {
            return Err(Refusal::SponsorGone);
        }
        giver.covers_letting_in(member_until, &invited).map_err(|_| Refusal::SponsorGone)?;
        // An attribute that may no longer be given is not left out, since its absence may allow more.
        if let Some(said) = &attributes {
            let may_say = giver.still_may_at_account(sponsor, Operation::WriteMembers);
            may_say
                .and_then(|()| giver.covers_readers(&Attributes::default(), said, SaidOf::Member(&of)))
                .map_err(|_| Refusal::SponsorGone)?;
        }
        let mut withheld = Vec::new();
        let mut granted = Vec::new();
        for grant in grants {
            match self.still_given(&giver, sponsor, &grant, member_until, &invited) {
                Ok(()) => granted.push(grant),
                Err(refusal) => withheld.push(Withheld { grant, code: refusal.code().into() }),
            }
        }
        // Where members have exactly one role, nobody joins without it.
        let one = self.account.catalog.rules.roles_per_member == RolesPerMember::One;
        if one && !granted.iter().any(|grant| grant.scope == Scope::Account) {
            return Err(Refusal::SponsorGone);
        }
        let mut withheld_groups = Vec::new();
        let mut joined = Vec::new();
        for group in groups {
            match self.still_joined(&giver, sponsor, group, member_until, &invited) {
                Ok(()) => joined.push(group),
                Err(refusal) => withheld_groups.push(WithheldGroup { group, code: refusal.code().into() }),
            }
        }
        self.room_for(Principal::Member(user), &granted)?;
        let (at, invitation) = (self.now, Some(id));
        self.events.push(Event::MemberJoined { user, at, invitation, until: member_until });
        if let Some(after) = attributes {
            let before = Attributes::default();
            self.events.push(Event::MemberAttributesChanged { user, before, after: *after });
        }
        for grant in &granted {
            self.push_made_by(ActorRef::User(sponsor), Principal::Member(user), grant);
        }
        self.events.extend(
            joined
                .into_iter()
                .map(|group| Event::GroupMemberAdded { group, member: Principal::Member(user) }),
        );
        self.events.push(Event::InvitationAccepted { id, withheld, withheld_groups });
        Ok(())
    }

    /// What was promised can still be given by whom it was promised.
    fn still_given(
        &self,
        giver: &Giver<'_>,
        sponsor: UserId,
        grant: &RoleAtScope,
        until: Option<Timestamp>,
        invited: &Grantee,
    ) -> Result<(), Refusal> {
        self.account.grantable(grant, self.now)?;
        if self.account.is_held_by_another(grant, self.actor.principal(), self.now) {
            return Err(Refusal::SingleHolder { role: grant.role.clone() });
        }
        giver.still_may(sponsor, Operation::WriteInvitations, &grant.scope)?;
        giver.covers_role(grant, until, invited)
    }

    pub(super) fn decline_invitation(&mut self, id: InvitationId) -> Result<(), Refusal> {
        self.mine(id)?;
        self.events.push(Event::InvitationDeclined { id });
        Ok(())
    }
}

impl Account {
    /// Somebody to be, as policies will see them.
    pub(super) fn invitee(&self, user: UserId, said: Option<&Attributes>, groups: &[GroupId]) -> Subject {
        let around = groups.iter().flat_map(|group| self.groups_around(Principal::Group(*group)));
        Subject {
            principal: Principal::Member(user),
            attributes: said.cloned().unwrap_or_default(),
            groups: around.collect(),
        }
    }

    /// Who accepts an invitation, as policies will see them.
    pub(super) fn invited(&self, invitation: &Invitation) -> Subject {
        self.invitee(invitation.user, invitation.attributes.as_deref(), &invitation.groups)
    }

    /// The waiting invitations in somebody's name.
    pub(super) fn invitations_sponsored_by(&self, user: UserId) -> impl Iterator<Item = InvitationId> {
        super::pairs_of(&self.sponsored, user, None)
    }

    /// How long a new invitation lives here; for ever when `None`.
    pub fn settings_lifetime(&self) -> Option<SignedDuration> {
        match self.catalog.rules.invitation_lifetime {
            Lifetime::Forever => None,
            Lifetime::Limited { default, .. } => {
                let seconds = self.profile.value.settings.invitation_lifetime_seconds;
                let seconds = seconds.unwrap_or(default.as_secs());
                Some(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)))
            }
        }
    }
}
