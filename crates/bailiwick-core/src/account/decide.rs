//! From a command to events: who is asking, what they hold, and the rules that hold on every path.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use smol_str::SmolStr;
use uuid::Uuid;

use super::{
    Account, ActorRef, Command, Event, Grant, KeyHolder, MemberStatus, PermissionNames, Principal, Project,
    Refusal, RoleAtScope, RoleRef, Scope,
};
use crate::access::{Circumstances, Target};
use crate::catalog::{Catalog, Operation, PermissionSet};
use crate::ids::{AccountId, GrantId, Id, KeyId, ProjectId, ServiceAccountId, UserId};
use crate::values::{ExternalId, Name};

/// Who asks, as identified by the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person, member or not.
    User(UserId),
    /// A machine, by one of its management keys.
    ServiceAccount {
        /// Which machine.
        id: ServiceAccountId,
        /// With which key.
        key: KeyId,
    },
    /// A program that acts for a member by one of their personal keys: with all their roles, but not in person.
    PersonalKey {
        /// For whom.
        user: UserId,
        /// With which key.
        key: KeyId,
    },
}

impl Actor {
    /// The actor as recorded.
    pub fn reference(self) -> ActorRef {
        match self {
            Self::User(id) | Self::PersonalKey { user: id, .. } => ActorRef::User(id),
            Self::ServiceAccount { id, .. } => ActorRef::ServiceAccount(id),
        }
    }

    /// The actor as a holder of grants.
    pub fn principal(self) -> Principal {
        match self {
            Self::User(id) | Self::PersonalKey { user: id, .. } => Principal::Member(id),
            Self::ServiceAccount { id, .. } => Principal::ServiceAccount(id),
        }
    }

    /// The management key by which the actor asks; none for people.
    pub fn key(self) -> Option<KeyId> {
        match self {
            Self::User(_) => None,
            Self::ServiceAccount { key, .. } | Self::PersonalKey { key, .. } => Some(key),
        }
    }
}

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

/// Events that open an account, and the account after them.
///
/// The opener becomes the first member and holds the catalog's owner role; the account gets a default project and the
/// catalog's built-in groups.
pub fn open(
    catalog: &Arc<Catalog>,
    id: AccountId,
    name: Name,
    owner: UserId,
    now: Timestamp,
    ids: &mut dyn FnMut() -> Uuid,
) -> Decided {
    let made_by = ActorRef::User(owner);
    let mut events = vec![
        Event::AccountOpened { name, catalog: SmolStr::new(&catalog.name), at: now },
        Event::MemberJoined { user: owner, at: now, invitation: None, until: None },
    ];
    let mut grant = |principal, role: &str, scope| {
        let grant = Grant {
            principal,
            role: RoleRef::BuiltIn(SmolStr::new(role)),
            scope,
            until: None,
            made_by,
            made_at: now,
            told: false,
        };
        Event::GrantMade { id: GrantId::from_uuid(ids()), grant }
    };
    let mut grants = Vec::new();
    if let Some(role) = catalog.role_at(catalog.rules.owner) {
        grants.push(grant(Principal::Member(owner), &role.name, Scope::Account));
    }
    let project = ProjectId::from_uuid(ids());
    let default_project = Project {
        name: Name::default_project(),
        description: crate::values::Description::default(),
        external_id: None,
        default: true,
    };
    events.push(Event::ProjectCreated { id: project, project: default_project });
    if let Some(role) = catalog.rules.project_creator.and_then(|role| catalog.role_at(role)) {
        let id = GrantId::from_uuid(ids());
        let role = RoleRef::BuiltIn(SmolStr::new(&role.name));
        let principal = Principal::Member(owner);
        let scope = Scope::Project(project);
        let grant = Grant { principal, role, scope, until: None, made_by, made_at: now, told: false };
        grants.push(Event::GrantMade { id, grant });
    }
    events.extend(super::groups::built_in(catalog, made_by, now, ids));
    events.append(&mut grants);
    let mut account = Account::empty(id, Arc::clone(catalog));
    account.apply(&events);
    Decided::of(events, account)
}

/// A context for one decision: the account as it is, the actor, the moment and the events so far.
pub(super) struct Decision<'a> {
    pub(super) account: &'a Account,
    /// The account in which it counts what the actor holds, where that is an older one than the account as it is.
    basis: Option<&'a Account>,
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
    pub fn decide<'c>(
        &self,
        actor: Actor,
        command: &Command,
        now: impl Into<Circumstances<'c>>,
        ids: &mut dyn FnMut() -> Uuid,
    ) -> Result<Decided, Refusal> {
        let circumstances: Circumstances<'_> = now.into();
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

    /// Rule 2: a role that must keep a holder, and had one, has one.
    fn keeps_holders(&self, events: &[Event], after: &Account) -> Result<(), Refusal> {
        let mut at_risk: BTreeSet<(RoleRef, Scope)> = BTreeSet::new();
        for event in events {
            match event {
                Event::GrantRevoked { grant, .. } => at_risk.extend(self.keeper_of(grant)),
                Event::GrantExtended { id, .. } | Event::GrantNarrowed { id, .. } => {
                    at_risk.extend(self.grant(*id).and_then(|grant| self.keeper_of(&grant.value)));
                }
                Event::MemberDeactivated { user } | Event::MemberEndChanged { user, after: Some(_), .. } => {
                    at_risk.extend(self.keepers_reaching(Principal::Member(*user)));
                }
                Event::GroupMemberRemoved { group, .. } => {
                    at_risk.extend(self.keepers_reaching(Principal::Group(*group)));
                }
                _ => {}
            }
        }
        // Deleting the account, a project or a resource takes the role's scope away with its holders.
        let gone = |scope: &Scope| after.is_deleted() || after.scope_exists(scope).is_err();
        let lost = at_risk.into_iter().find(|(role, scope)| {
            !gone(scope) && self.has_holder(role, scope) && !after.has_holder(role, scope)
        });
        match lost {
            Some((role, scope)) => Err(Refusal::LastHolder { role, scope }),
            None => Ok(()),
        }
    }

    /// Roles that must keep a holder, with their scope, that a principal has by itself and through groups.
    fn keepers_reaching(&self, principal: Principal) -> impl Iterator<Item = (RoleRef, Scope)> {
        let grants = self.holders(principal).flat_map(|holder| self.grants_of(holder));
        grants.filter_map(|(_, grant)| self.keeper_of(&grant.value))
    }

    /// Role and scope of a grant, if the role must keep a holder.
    fn keeper_of(&self, grant: &Grant) -> Option<(RoleRef, Scope)> {
        self.is_keeper(&grant.role).then(|| (grant.role.clone(), grant.scope.clone()))
    }

    /// A role that only one member holds at a scope has at most one holder there.
    fn has_single_holders(&self, events: &[Event], now: Timestamp) -> Result<(), Refusal> {
        for event in events {
            let (Event::GrantMade { id, .. } | Event::GrantExtended { id, .. }) = event else { continue };
            let Some(Grant { principal, role, scope, until, .. }) = self.grant(*id).map(|grant| &grant.value)
            else {
                continue;
            };
            if !self.built_in(role).is_some_and(|role| role.single_holder) {
                continue;
            }
            let grant = RoleAtScope { role: role.clone(), scope: scope.clone(), until: *until };
            let is_person = matches!(principal, Principal::Member(_));
            if !is_person || self.is_held_by_another(&grant, *principal, now) {
                return Err(Refusal::SingleHolder { role: grant.role });
            }
        }
        Ok(())
    }

    fn is_keeper(&self, role: &RoleRef) -> bool {
        self.built_in(role).is_some_and(|role| role.keeps_holder)
    }

    /// Whether it matters how many hold the role.
    pub(super) fn is_watched(&self, role: &RoleRef) -> bool {
        self.built_in(role).is_some_and(|role| role.keeps_holder || role.single_holder)
    }

    /// The grants of a watched role at exactly this scope.
    pub(super) fn watched_at(&self, role: &RoleRef, scope: &Scope) -> impl Iterator<Item = &Grant> {
        let from = (role.clone(), scope.clone(), GrantId::from_uuid(Uuid::nil()));
        let to = (role.clone(), scope.clone(), GrantId::from_uuid(Uuid::max()));
        self.watched.range(from..=to).filter_map(|(_, _, id)| self.grant(*id).map(|grant| &grant.value))
    }

    pub(crate) fn built_in(&self, role: &RoleRef) -> Option<&crate::catalog::BuiltInRole> {
        match role {
            RoleRef::BuiltIn(name) => self.catalog.role(name).and_then(|index| self.catalog.role_at(index)),
            RoleRef::Custom(_) => None,
        }
    }

    /// Whether an active member holds the role at exactly this scope, neither grant nor membership with an end.
    fn has_holder(&self, role: &RoleRef, scope: &Scope) -> bool {
        let mut grants = self.watched_at(role, scope);
        grants.any(|grant| grant.until.is_none() && self.reaches_lasting_member(grant.principal))
    }

    fn reaches_lasting_member(&self, principal: Principal) -> bool {
        match principal {
            Principal::Member(user) => self.is_lasting_member(user),
            Principal::Group(group) => self.reaches_lasting_member_through(group),
            Principal::ServiceAccount(_) => false,
        }
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
        Self { account, basis, actor, now, circumstances, ids, events: Vec::new(), used: Cell::default() }
    }

    /// The events that a command comes to, and the permissions that it took.
    pub(super) fn events(mut self, command: &Command) -> Result<(Vec<Event>, PermissionSet), Refusal> {
        self.command(command)?;
        if self.events.is_empty() { Err(Refusal::Nothing) } else { Ok((self.events, self.used.get())) }
    }

    /// Where it counts what the actor holds at a scope: the account with the scope as that account knows it.
    pub(super) fn judged_at<'s>(&self, scope: &'s Scope) -> (&'a Account, Cow<'s, Scope>) {
        match self.basis {
            None => (self.account, Cow::Borrowed(scope)),
            Some(basis) => (basis, Cow::Owned(basis.older_scope(scope, self.account))),
        }
    }

    /// The account in which it counts what the actor holds.
    pub(super) fn basis(&self) -> &'a Account {
        self.basis.unwrap_or(self.account)
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

    /// Rule 1: the actor holds all of this at the scope, for as long as it shall last.
    pub(super) fn covers(
        &self,
        permissions: &PermissionSet,
        scope: &Scope,
        until: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        let (account, scope) = self.judged_at(scope);
        account.covers(self.actor.principal(), permissions, &scope, until, self.circumstances)
    }

    /// Rule 1 for a role at a scope.
    pub(super) fn covers_grant(&self, grant: &RoleAtScope) -> Result<(), Refusal> {
        self.covers(&self.account.permissions_of(&grant.role), &grant.scope, grant.until)
    }

    /// Rule 1 for everything that a principal has, through groups too.
    pub(super) fn covers_all_that_reaches(&self, principal: Principal) -> Result<(), Refusal> {
        self.covers_grants_that_reach(principal)?;
        self.covers_permits_of(principal)
    }

    /// Rule 1 for everything that a principal was granted, through groups too.
    pub(super) fn covers_grants_that_reach(&self, principal: Principal) -> Result<(), Refusal> {
        self.account.holders(principal).try_for_each(|holder| self.covers_all_of(holder))
    }

    /// Rule 1 for an external id: control planes ask by it, so whoever bears it is answered for as the principal.
    pub(super) fn may_be_called(
        &self,
        principal: Principal,
        before: Option<&ExternalId>,
        after: Option<&ExternalId>,
    ) -> Result<(), Refusal> {
        if after.is_none() || after == before { Ok(()) } else { self.covers_all_that_reaches(principal) }
    }

    /// Rule 1 for the external id of a project (no type) or resource: whatever bears it next is answered for by it. So who
    /// takes it away manages all of it, and holds nothing elsewhere that they do not hold there.
    pub(super) fn may_rename(
        &self,
        scope: &Scope,
        of: Option<&SmolStr>,
        before: Option<&ExternalId>,
        after: Option<&ExternalId>,
    ) -> Result<(), Refusal> {
        let Some(before) = before.filter(|before| after != Some(before)) else { return Ok(()) };
        let catalog = &self.account.catalog;
        let managed = catalog.managing_permissions(of.and_then(|of| catalog.resource_type(of)));
        let held = self.held_anywhere();
        // What only protects Bailiwick's own operations is asked by id.
        let elsewhere = held.difference(&held.difference(&catalog.resource_permissions()));
        let what = || format!("taking the external id `{before}` away");
        self.reaches(&managed.union(&elsewhere), scope, what)
    }

    /// All that the actor was granted at any scope, through groups too.
    fn held_anywhere(&self) -> PermissionSet {
        let account = self.basis();
        let holders = account.holders(self.actor.principal());
        let grants = holders.flat_map(|holder| account.grants_of(holder));
        let live = grants.filter(|(_, grant)| grant.value.is_live(self.now));
        live.fold(PermissionSet::EMPTY, |held, (_, grant)| {
            held.union(&account.permissions_of(&grant.value.role))
        })
    }

    /// Rule 1 for everything that a principal was granted, directly.
    pub(super) fn covers_all_of(&self, principal: Principal) -> Result<(), Refusal> {
        self.account.grants_of(principal).filter(|(_, grant)| grant.value.is_live(self.now)).try_for_each(
            |(_, grant)| {
                let Grant { role, scope, until, .. } = &grant.value;
                self.covers(&self.account.permissions_of(role), scope, *until)
            },
        )
    }
}

impl Account {
    /// Whether an actor may act here at all.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for strangers, [`Refusal::NotAccepted`] for those who were invited, [`Refusal::Inactive`] for
    /// inactive members.
    pub fn may_act(&self, actor: Actor, now: Timestamp) -> Result<(), Refusal> {
        if self.is_seen_whole {
            return Ok(());
        }
        let unknown = Refusal::NotFound { kind: "account" };
        if self.is_deleted() {
            return Err(unknown);
        }
        let active = |id| match self.member_status_at(id, now) {
            Some(MemberStatus::Active) => Ok(()),
            Some(MemberStatus::Inactive) => Err(Refusal::Inactive),
            Some(MemberStatus::Pending) => Err(Refusal::NotAccepted),
            None => Err(unknown.clone()),
        };
        let live = |key, holder| {
            let key = self.key(key).filter(|key| key.value.holder == holder);
            let live = key.is_some_and(|key| key.value.expires_at.is_none_or(|end| end > now));
            if live { Ok(()) } else { Err(unknown.clone()) }
        };
        match actor {
            Actor::User(id) => active(id),
            Actor::ServiceAccount { id, key } => live(key, KeyHolder::ServiceAccount(id)),
            Actor::PersonalKey { user, key } => {
                live(key, KeyHolder::Member(user)).and_then(|()| active(user))
            }
        }
    }

    /// Whether the actor may do one of Bailiwick's own operations at a scope: the same check as customers' questions.
    ///
    /// # Errors
    /// Those of [`Account::may_act`], and [`Refusal::Denied`].
    pub fn authorize<'c>(
        &self,
        actor: Actor,
        operation: Operation,
        scope: &Scope,
        now: impl Into<Circumstances<'c>>,
    ) -> Result<(), Refusal> {
        let circumstances = now.into();
        self.may_act(actor, circumstances.now)?;
        let permission = self.catalog.operation(operation);
        if self.is_seen_whole || self.may(actor.principal(), permission, scope, circumstances) {
            return Ok(());
        }
        let permission = self.catalog.permission_name(permission).to_owned();
        Err(Refusal::Denied { permission, scope: scope.clone() })
    }

    /// Whether the actor may do an operation at the account or anywhere in it; lists are then filtered item by item.
    pub fn authorize_anywhere<'c>(
        &self,
        actor: Actor,
        operation: Operation,
        now: impl Into<Circumstances<'c>>,
    ) -> Result<(), Refusal> {
        let circumstances = now.into();
        let now = circumstances.now;
        let denied = match self.authorize(actor, operation, &Scope::Account, circumstances) {
            Err(denied @ Refusal::Denied { .. }) => denied,
            other => return other,
        };
        let permission = self.catalog.operation(operation);
        let principal = actor.principal();
        let holders = self.holders(principal);
        let mut grants = holders.flat_map(|holder| self.grants_of(holder));
        let somewhere = grants.any(|(_, grant)| {
            let at = &grant.value.scope;
            grant.value.is_live(now)
                && self.permissions_of(&grant.value.role).contains(permission)
                && (self.rules.is_none() || self.may(principal, permission, at, circumstances))
        });
        // What a policy permits is found out item by item.
        let permitted = || self.rules.as_ref().is_some_and(|rules| rules.has_permits(permission));
        if somewhere || permitted() { Ok(()) } else { Err(denied) }
    }

    /// What a principal may give at all of a scope: what it holds through grants that last as long as asked, or now if
    /// nothing is asked, without what a policy forbids it now (owners excepted). What policies permit is not the principal's to give.
    pub(crate) fn held_at<'c>(
        &self,
        principal: Principal,
        scope: &Scope,
        lasting: Option<i64>,
        now: impl Into<Circumstances<'c>>,
    ) -> PermissionSet {
        let circumstances = now.into();
        let held = self.granted_at(principal, scope, lasting, circumstances.now);
        // Owners can take any policy back, so that what it forbids them is still theirs to give.
        if self.rules.is_none() || self.is_owner(principal, circumstances.now) {
            return held;
        }
        held.difference(&self.forbidden_at(principal, &held, scope, &circumstances))
    }

    /// What a principal holds at all of a scope through grants alone.
    pub(crate) fn granted_at(
        &self,
        principal: Principal,
        scope: &Scope,
        lasting: Option<i64>,
        now: Timestamp,
    ) -> PermissionSet {
        let lasting = lasting.unwrap_or_else(|| crate::access::after(now));
        let at = |target: Target| {
            self.covering(&target).map(|covering| self.index.held(principal, covering, lasting))
        };
        match scope {
            Scope::Account => at(Target::Account),
            Scope::Project(id) => at(Target::Project(*id)),
            Scope::AllOf(all) => {
                let covering = self.index.covering_all_of(&self.catalog, &all.resource_type, all.project);
                covering.map(|covering| self.index.held(principal, &covering, lasting))
            }
            Scope::Resources(ids) => {
                let each = ids.iter().map(|id| at(Target::Resource(*id)).unwrap_or_default());
                each.reduce(|all, one| all.difference(&all.difference(&one)))
            }
        }
        .unwrap_or_default()
    }

    /// Rule 1: what the principal would give, it holds at that scope for as long, or it may escalate there.
    ///
    /// # Errors
    /// [`Refusal::Escalation`] with what is missing, [`Refusal::Outlasts`] if it is only held for less long.
    pub(crate) fn covers<'c>(
        &self,
        principal: Principal,
        permissions: &PermissionSet,
        scope: &Scope,
        until: Option<Timestamp>,
        now: impl Into<Circumstances<'c>>,
    ) -> Result<(), Refusal> {
        let now = now.into();
        let lasting = until.map_or(i64::MAX, Timestamp::as_microsecond);
        let held = self.held_at(principal, scope, Some(lasting), now);
        let missing = permissions.difference(&held);
        if missing.is_empty() || held.contains_any(&self.catalog.escalate) {
            return Ok(());
        }
        let names = PermissionNames::of(&self.catalog, &missing);
        Err(match self.held_until(principal, permissions, scope, now) {
            Some(until) => Refusal::Outlasts { until, missing: names, scope: scope.clone() },
            None => Refusal::Escalation { missing: names, scope: scope.clone() },
        })
    }
}
