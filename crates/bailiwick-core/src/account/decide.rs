//! From a command to events: who is asking, what they hold, and the rules that hold on every path.

use std::borrow::Cow;
use std::cell::Cell;

use jiff::Timestamp;
use uuid::Uuid;

use super::giver::{Giver, Grantee};
use super::{Account, Actor, Command, Event, Principal, Refusal, Scope};
use crate::access::Circumstances;
use crate::catalog::{Operation, PermissionSet};
use crate::ids::{Id, UserId};
use crate::policy::Subject;
use crate::values::ExternalId;

/// What a command comes to: the events, and the account after them at the next revision.
#[derive(Debug, Clone)]
pub struct Decided {
    /// What is to be recorded, in order; never empty.
    pub events: Vec<Event>,
    /// The account with the events applied.
    pub account: Account,
    /// The permissions that the actor needed and held.
    pub used: PermissionSet,
}

impl Decided {
    /// Events that took no permission, and the account with them applied.
    pub fn of(events: Vec<Event>, account: Account) -> Self {
        Self { events, account, used: PermissionSet::EMPTY }
    }
}

/// A context for one decision: the account as it is, the actor, the moment and the events so far.
pub(super) struct Decision<'a> {
    pub(super) account: &'a Account,
    /// The actor as somebody who gives access.
    pub(super) giver: Giver<'a>,
    pub(super) actor: Actor,
    pub(super) now: Timestamp,
    /// The moment and what else policies can look at.
    pub(super) circumstances: Circumstances<'a>,
    ids: &'a mut dyn FnMut() -> Uuid,
    pub(super) events: Vec<Event>,
    /// What was asked for and held, since [`Decision::require`] only looks.
    used: Cell<PermissionSet>,
}

impl Account {
    /// Decides on a command: the events that it comes to, or why not. Pure; ids are taken from `ids`.
    ///
    /// # Errors
    /// The [`Refusal`] that the caller is told.
    pub fn decide(
        &self,
        actor: Actor,
        command: &Command,
        circumstances: Circumstances<'_>,
        ids: &mut dyn FnMut() -> Uuid,
    ) -> Result<Decided, Refusal> {
        let (events, used) = Decision::of(self, None, actor, circumstances, ids).events(command)?;
        self.conclude(events, used, circumstances.now)
    }

    /// What holds for all events of a commit together, and the account after them.
    pub(super) fn conclude(
        &self,
        events: Vec<Event>,
        used: PermissionSet,
        now: Timestamp,
    ) -> Result<Decided, Refusal> {
        if self.is_seen_whole {
            return Err(Refusal::NotFound { kind: "account" });
        }
        if events.is_empty() {
            return Err(Refusal::Nothing);
        }
        let mut after = self.clone();
        after.apply(&events);
        self.keeps_holders(&events, &after)?;
        after.has_single_holders(&events, now)?;
        self.fits(&events, &after)?;
        Ok(Decided { events, account: after, used })
    }

    /// The account after events that only record, such as a sign-in or a refusal.
    pub fn record(&self, events: Vec<Event>) -> Decided {
        let mut account = self.clone();
        account.apply(&events);
        Decided::of(events, account)
    }
}

impl<'a> Decision<'a> {
    pub(super) fn of(
        account: &'a Account,
        basis: Option<&'a Account>,
        actor: Actor,
        circumstances: Circumstances<'a>,
        ids: &'a mut dyn FnMut() -> Uuid,
    ) -> Self {
        let now = circumstances.now;
        let giver = Giver::new(account, basis.unwrap_or(account), actor.principal(), circumstances);
        Self { account, giver, actor, now, circumstances, ids, events: Vec::new(), used: Cell::default() }
    }

    /// The events that a command comes to, and the permissions that it took.
    pub(super) fn events(mut self, command: &Command) -> Result<(Vec<Event>, PermissionSet), Refusal> {
        self.command(command)?;
        if self.events.is_empty() { Err(Refusal::Nothing) } else { Ok((self.events, self.used.get())) }
    }

    /// Where it counts what the actor holds at a scope: the account with the scope as that account knows it.
    pub(super) fn judged_at<'s>(&self, scope: &'s Scope) -> (&'a Account, Cow<'s, Scope>) {
        self.giver.judged_at(scope)
    }

    /// The account in which it counts what the actor holds.
    pub(super) fn basis(&self) -> &'a Account {
        self.giver.basis()
    }
}

impl Decision<'_> {
    fn command(&mut self, command: &Command) -> Result<(), Refusal> {
        self.actor_exists(command)?;
        match command {
            Command::RenameAccount { name } => self.rename_account(name),
            Command::ChangeSettings { settings } => self.change_settings(settings),
            Command::DeleteAccount => self.delete_account(),
            Command::EditMember { user, external_id, attributes } => {
                self.edit_member(*user, external_id, attributes)
            }
            Command::SetMemberEnd { user, until } => self.set_member_end(*user, *until),
            Command::SetMemberRoles { user, roles } => self.set_member_roles(*user, roles),
            Command::ActivateMember { user } => self.activate_member(*user),
            Command::DeactivateMember { user } => self.deactivate_member(*user),
            Command::RemoveMember { user } => self.remove_member(*user),
            Command::Leave => self.leave(),
            Command::Invite { people, grants, groups, member_until, attributes } => {
                self.invite(people, grants, groups, *member_until, attributes)
            }
            Command::ResendInvitation { invitation } => self.resend_invitation(*invitation),
            Command::CopyInvitationLink { invitation } => self.copy_invitation_link(*invitation),
            Command::RevokeInvitation { invitation } => self.revoke_invitation(*invitation),
            Command::AcceptInvitation { invitation } => self.accept_invitation(*invitation),
            Command::DeclineInvitation { invitation } => self.decline_invitation(*invitation),
            Command::CreateRole { role } => self.create_role(role),
            Command::EditRole { role, name, description, permissions, external_id } => self.edit_role(
                *role,
                name.as_ref(),
                description.as_ref(),
                permissions.as_deref(),
                external_id,
            ),
            Command::DeleteRole { role, reassign_to } => self.delete_role(*role, reassign_to.as_ref()),
            Command::CreateGroup { name, description, external_id } => {
                self.create_group(name, description, external_id.as_ref())
            }
            Command::EditGroup { group, name, description, external_id } => {
                self.edit_group(*group, name.as_ref(), description.as_ref(), external_id)
            }
            Command::DeleteGroup { group } => self.delete_group(*group),
            Command::AddToGroup { group, member } => self.add_to_group(*group, *member),
            Command::RemoveFromGroup { group, member } => self.remove_from_group(*group, *member),
            Command::Grant { principal, grant } => self.grant(*principal, grant),
            Command::RevokeGrant { grant } => self.revoke_grant(*grant),
            Command::CreateProject { name, description, external_id } => {
                self.create_project(name, description, external_id.as_ref())
            }
            Command::EditProject { project, name, description, external_id } => {
                self.edit_project(*project, name.as_ref(), description.as_ref(), external_id)
            }
            Command::LeaveProject { project } => self.leave_project(*project),
            Command::RemoveFromProject { project, user } => self.remove_from_project(*project, *user),
            Command::DeleteProject { project } => self.delete_project(*project),
            Command::RegisterResources { resources } => self.register_resources(resources),
            Command::EditResource { resource, name, external_id, url, attributes } => {
                self.edit_resource(*resource, name.as_ref(), external_id, url, attributes)
            }
            Command::DeleteResource { resource } => self.delete_resource(*resource),
            Command::CreateServiceAccount { name, description, external_id, grants } => {
                self.create_service_account(name, description, external_id.as_ref(), grants)
            }
            Command::EditServiceAccount { service_account, name, description, external_id, may_assert } => {
                self.edit_service_account(
                    *service_account,
                    name.as_ref(),
                    description.as_ref(),
                    external_id,
                    may_assert.as_deref(),
                )
            }
            Command::DeleteServiceAccount { service_account } => {
                self.delete_service_account(*service_account)
            }
            Command::CreateKey { key, holder, name, secret_hash, expires_at } => {
                self.create_key(*key, *holder, name, *secret_hash, *expires_at)
            }
            Command::DeleteKey { key } => self.delete_key(*key),
            Command::CreatePolicy { policy } => self.create_policy(policy),
            Command::EditPolicy { policy, name, description, text, enabled } => {
                self.edit_policy(*policy, name.as_ref(), description.as_ref(), text.as_ref(), *enabled)
            }
            Command::DeletePolicy { policy } => self.delete_policy(*policy),
            Command::OfferOwnership { to, keep } => self.offer_ownership(*to, *keep),
            Command::WithdrawOwnership { offer } => self.withdraw_ownership(*offer),
            Command::AcceptOwnership { offer } => self.accept_ownership(*offer),
            Command::DeclineOwnership { offer } => self.decline_ownership(*offer),
        }
    }

    /// Everything but answering an invitation needs an actor who may act here; for strangers there is no account.
    fn actor_exists(&self, command: &Command) -> Result<(), Refusal> {
        let answers = matches!(command, Command::AcceptInvitation { .. } | Command::DeclineInvitation { .. });
        if self.account.is_deleted() {
            return Err(Refusal::NotFound { kind: "account" });
        }
        if answers {
            return Ok(());
        }
        self.basis().may_act(self.actor, self.now)?;
        self.account.may_act(self.actor, self.now)
    }

    pub(super) fn take_id<I: Id>(&mut self) -> I {
        I::from_uuid((self.ids)())
    }

    /// The person who acts, for what machines may not do.
    pub(super) fn person(&self) -> Result<UserId, Refusal> {
        match self.actor {
            Actor::User(id) => Ok(id),
            Actor::ServiceAccount { .. } | Actor::PersonalKey { .. } => Err(Refusal::PeopleOnly),
        }
    }

    /// Requires the permission of one of Bailiwick's operations at a scope.
    pub(super) fn require(&self, operation: Operation, scope: &Scope) -> Result<(), Refusal> {
        let (account, scope) = self.judged_at(scope);
        account.authorize(self.actor, operation, &scope, self.circumstances)?;
        let mut used = self.used.get();
        used.insert(self.account.catalog.operation(operation));
        self.used.set(used);
        Ok(())
    }

    /// The same for what gives or takes access in all of the scope: no policy forbids it in a part of it.
    pub(super) fn require_all_over(&self, operation: Operation, scope: &Scope) -> Result<(), Refusal> {
        self.require(operation, scope)?;
        self.giver.may_all_over(operation, scope)
    }

    /// Rule 1 for everything that a principal has, through groups too: it is given to that principal again, for so long.
    pub(super) fn covers_all_that_reaches(
        &self,
        principal: Principal,
        until: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        let grantee = Grantee::of(self.account, principal);
        self.giver.covers_grants_that_reach(principal, until, &grantee)?;
        self.giver.covers_permits_of(&Subject::of(self.account, principal), until)
    }

    /// Rule 1 for an external id: control planes ask by it, so whoever they call so is answered for as the principal, be it that
    /// it was somebody else's before.
    pub(super) fn may_be_called(
        &self,
        principal: Principal,
        before: Option<&ExternalId>,
        after: Option<&ExternalId>,
    ) -> Result<(), Refusal> {
        if after.is_none() || after == before {
            return Ok(());
        }
        self.covers_all_that_reaches(principal, None)?;
        self.giver.covers_permits_of_bearer(principal)?;
        after.map_or(Ok(()), |after| self.may_be_known_as(principal, after))
    }
}
