//! An account in a wanted state, reached by commands only.

use std::sync::Arc;

use bailiwick_core::access::Circumstances;
use bailiwick_core::account::{
    Account, Actor, Attributes, Command, Decided, Event, Invitee, KeyHolder, Patch, Principal, Refusal,
    ResourceSpec, RoleAtScope, RoleRef, RoleSpec, Scope, SecretHash, open,
};
use bailiwick_core::catalog::{Catalog, Level};
use bailiwick_core::ids::{
    AccountId, GrantId, GroupId, Id, InvitationId, KeyId, OfferId, ProjectId, ResourceId, RoleId,
    ServiceAccountId, UserId,
};
use bailiwick_core::values::{Description, Name, RoleName};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// The catalog of this name: one that ships, or the one of these tests.
pub fn catalog(name: &str) -> Arc<Catalog> {
    let text = Catalog::bundled(name).unwrap_or(include_str!("one_role.toml"));
    Arc::new(Catalog::parse(name, text).unwrap_or_else(|errors| panic!("{errors:?}")))
}

pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub fn role_name(text: &str) -> RoleName {
    RoleName::parse(text).unwrap()
}

pub fn built_in(name: &str) -> RoleRef {
    RoleRef::BuiltIn(name.into())
}

/// A role on the whole account, without an end.
pub fn at_account(role: &str) -> RoleAtScope {
    at(built_in(role), Scope::Account)
}

pub fn at(role: RoleRef, scope: Scope) -> RoleAtScope {
    RoleAtScope { role, scope, until: None }
}

pub fn until(grant: RoleAtScope, end: Timestamp) -> RoleAtScope {
    RoleAtScope { until: Some(end), ..grant }
}

pub struct Given {
    pub account: Account,
    pub now: Timestamp,
    pub owner: UserId,
    /// All that happened, as the store would have it.
    pub history: Vec<Vec<Event>>,
    pub next_id: u128,
}

impl Given {
    pub fn new(catalog_name: &str) -> Self {
        Self::with(&catalog(catalog_name), 1)
    }

    /// Accounts of different numbers have no id in common.
    pub fn with(catalog: &Arc<Catalog>, number: u128) -> Self {
        let mut next_id = number << 64;
        let mut ids = || {
            next_id += 1;
            Uuid::from_u128(next_id)
        };
        let owner = UserId::from_uuid(ids());
        let id = AccountId::from_uuid(ids());
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let Decided { account, events, .. } = open(catalog, id, name("Acme"), owner, now, &mut ids);
        Self { account, now, owner, history: vec![events], next_id }
    }

    /// The same once more, for what is only tried.
    pub fn fork(&self) -> Self {
        let (account, history) = (self.account.clone(), self.history.clone());
        Self { account, history, ..*self }
    }

    pub fn id<I: Id>(&mut self) -> I {
        self.next_id += 1;
        I::from_uuid(Uuid::from_u128(self.next_id))
    }

    pub fn pass(&mut self, seconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }

    pub fn later(&self, seconds: i64) -> Timestamp {
        self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap()
    }

    /// Decides without applying.
    pub fn decide(&self, actor: Actor, command: &Command) -> Result<Decided, Refusal> {
        let mut next_id = self.next_id;
        let mut ids = || {
            next_id += 1;
            Uuid::from_u128(next_id)
        };
        self.account.decide(actor, command, Circumstances::question(self.now), &mut ids)
    }

    /// Decides and, if it is accepted, applies.
    pub fn by(&mut self, actor: Actor, command: &Command) -> Result<Vec<Event>, Refusal> {
        let decided = self.decide(actor, command)?;
        let events = decided.events.clone();
        self.accept(decided);
        Ok(events)
    }

    /// Applies what was decided.
    pub fn accept(&mut self, decided: Decided) {
        // No command takes more ids than this, so that the next one starts behind.
        self.next_id += 100_000;
        self.account = decided.account;
        self.history.push(decided.events);
    }

    /// Records what has ended by now, so many events at once, and answers with all of them.
    pub fn lapse(&mut self, most: usize) -> Vec<Event> {
        let mut all = Vec::new();
        while let Some(decided) = self.account.lapse(self.now, most) {
            all.extend(decided.events.clone());
            self.accept(decided);
        }
        all
    }

    pub fn when(&mut self, user: UserId, command: &Command) -> Result<Vec<Event>, Refusal> {
        self.by(Actor::User(user), command)
    }

    /// By the owner, who may.
    pub fn do_it(&mut self, command: &Command) -> Vec<Event> {
        self.when(self.owner, command).unwrap_or_else(|refusal| panic!("{command:?}: {refusal}"))
    }

    pub fn invite(
        &mut self,
        sponsor: UserId,
        user: UserId,
        grants: &[RoleAtScope],
    ) -> Result<InvitationId, Refusal> {
        let invitation = self.id();
        let people = vec![Invitee { user, invitation }];
        self.when(
            sponsor,
            &Command::Invite {
                people,
                grants: grants.to_vec(),
                groups: Vec::new(),
                member_until: None,
                attributes: Attributes::default(),
            },
        )?;
        Ok(invitation)
    }

    pub fn pending(&mut self, grants: &[RoleAtScope]) -> (UserId, InvitationId) {
        let user = self.id();
        let invitation = self.invite(self.owner, user, grants).unwrap();
        (user, invitation)
    }

    /// A new active member with these grants.
    pub fn member(&mut self, grants: &[RoleAtScope]) -> UserId {
        let (user, invitation) = self.pending(grants);
        self.when(user, &Command::AcceptInvitation { invitation }).unwrap();
        user
    }

    pub fn inactive(&mut self, grants: &[RoleAtScope]) -> UserId {
        let user = self.member(grants);
        self.do_it(&Command::DeactivateMember { user });
        user
    }

    /// A custom role with these permissions.
    pub fn role(&mut self, text: &str, level: Level, permissions: &[&str]) -> RoleRef {
        RoleRef::Custom(self.role_id(text, level, permissions))
    }

    pub fn role_id(&mut self, text: &str, level: Level, permissions: &[&str]) -> RoleId {
        let role = RoleSpec {
            name: role_name(text),
            description: Description::default(),
            level,
            permissions: permissions.iter().map(|name| (*name).into()).collect(),
            external_id: None,
        };
        match &self.do_it(&Command::CreateRole { role })[..] {
            [Event::RoleCreated { id, .. }] => *id,
            other => panic!("{other:?}"),
        }
    }

    /// A member with a custom role on the account that holds just this.
    pub fn member_who_may(&mut self, permissions: &[&str]) -> UserId {
        let text = format!("Role {}", self.next_id);
        let role = self.role(&text, Level::Account, permissions);
        self.member(&[at(role, Scope::Account)])
    }

    pub fn group(&mut self, text: &str) -> GroupId {
        let command =
            Command::CreateGroup { name: name(text), description: Description::default(), external_id: None };
        match &self.do_it(&command)[..] {
            [Event::GroupCreated { id, .. }] => *id,
            other => panic!("{other:?}"),
        }
    }

    pub fn grant(&mut self, principal: Principal, grant: RoleAtScope) -> GrantId {
        match &self.do_it(&Command::Grant { principal, grant })[..] {
            [.., Event::GrantMade { id, .. }] => *id,
            other => panic!("{other:?}"),
        }
    }

    pub fn project(&mut self, text: &str) -> ProjectId {
        let command = Command::CreateProject {
            name: name(text),
            description: Description::default(),
            external_id: None,
        };
        match &self.do_it(&command)[..] {
            [Event::ProjectCreated { id, .. }, ..] => *id,
            other => panic!("{other:?}"),
        }
    }

    pub fn resource(
        &mut self,
        of: &str,
        project: Option<ProjectId>,
        parent: Option<ResourceId>,
    ) -> ResourceId {
        let spec = ResourceSpec {
            resource_type: of.into(),
            name: name("Thing"),
            project,
            parent,
            external_id: None,
            url: None,
            attributes: Attributes::default(),
        };
        match &self.do_it(&Command::RegisterResources { resources: vec![spec] })[..] {
            [Event::ResourceRegistered { id, .. }] => *id,
            other => panic!("{other:?}"),
        }
    }

    pub fn service_account(&mut self, text: &str, grants: &[RoleAtScope]) -> ServiceAccountId {
        let command = Command::CreateServiceAccount {
            name: name(text),
            description: Description::default(),
            external_id: None,
            grants: grants.to_vec(),
        };
        match &self.do_it(&command)[..] {
            [Event::ServiceAccountCreated { id, .. }, ..] => *id,
            other => panic!("{other:?}"),
        }
    }

    pub fn create_key(
        &mut self,
        service_account: ServiceAccountId,
        expires_at: Option<Timestamp>,
    ) -> Command {
        let key = self.id();
        let secret_hash = SecretHash([7; 32]);
        let holder = KeyHolder::ServiceAccount(service_account);
        Command::CreateKey { key, holder, name: name("Key"), secret_hash, expires_at }
    }

    pub fn key(&mut self, service_account: ServiceAccountId) -> KeyId {
        let command = self.create_key(service_account, None);
        match &self.do_it(&command)[..] {
            [Event::KeyCreated { id, .. }] => *id,
            other => panic!("{other:?}"),
        }
    }

    pub fn offer(&mut self, to: UserId, keep: bool) -> OfferId {
        match &self.do_it(&Command::OfferOwnership { to, keep })[..] {
            [.., Event::OwnershipOffered { id, .. }] => *id,
            other => panic!("{other:?}"),
        }
    }

    pub fn default_project(&self) -> ProjectId {
        self.account.default_project().unwrap()
    }

    /// The principal's own grant of a role.
    pub fn grant_of(&self, principal: Principal, role: &RoleRef) -> Option<GrantId> {
        self.account.grants_of(principal).find(|(_, grant)| grant.value.role == *role).map(|(id, _)| id)
    }

    /// Whether a member may do this to the account.
    pub fn may(&self, user: UserId, permission: &str) -> bool {
        let permission = self.account.catalog().permission(permission).unwrap();
        self.account.check(
            Principal::Member(user),
            permission,
            &bailiwick_core::access::Target::Account,
            Circumstances::question(self.now),
        )
    }

    /// A role edit that changes only the permissions.
    pub fn edit_permissions(role: RoleId, permissions: &[&str]) -> Command {
        Command::EditRole {
            role,
            name: None,
            description: None,
            permissions: Some(permissions.iter().map(|name| (*name).into()).collect()),
            external_id: Patch::Keep,
        }
    }
}
