//! What the tests of every slice use.

pub use bailiwick_core::access::Circumstances;
pub use bailiwick_core::account::{
    Actor, ActorRef, AllOf, AttributeValue, Attributes, Command, EndReason, EntityKey, Event, Grant, Group,
    Invitation, InvitationStatus, Invitee, Key, KeyHolder, Member, MemberStatus, Offer, Patch,
    PermissionNames, Policy, Principal, Project, Refusal, Resource, ResourceSpec, Role, RoleAtScope, RoleRef,
    RoleSpec, Scope, SecretHash, ServiceAccount, Settings, Withheld,
};
pub use bailiwick_core::catalog::Level;
pub use bailiwick_core::ids::{
    GrantId, GroupId, Id, InvitationId, KeyId, OfferId, ProjectId, ResourceId, RoleId, ServiceAccountId,
    UserId,
};
pub use bailiwick_core::limits;
pub use bailiwick_core::values::{Description, ExternalId};
use uuid::Uuid;

pub use crate::given::{Given, at, at_account, built_in, name, role_name, until};

impl Given {
    /// The id that the next command takes as its `number`th, counted from one.
    pub fn upcoming<I: Id>(&self, number: u128) -> I {
        I::from_uuid(Uuid::from_u128(self.next_id + number))
    }

    /// Why a person's command is refused; nothing changes, since a refusal comes without an account.
    pub fn refused(&self, user: UserId, command: &Command) -> Refusal {
        self.refused_by(Actor::User(user), command)
    }

    pub fn refused_by(&self, actor: Actor, command: &Command) -> Refusal {
        match self.decide(actor, command) {
            Ok(decided) => panic!("{command:?} came to {:?}", decided.events),
            Err(refusal) => refusal,
        }
    }

    /// A grant without an end, made by the owner just now.
    pub fn made(&self, principal: Principal, grant: RoleAtScope) -> Grant {
        self.made_by(ActorRef::User(self.owner), principal, grant)
    }

    pub fn made_by(&self, made_by: ActorRef, principal: Principal, grant: RoleAtScope) -> Grant {
        let RoleAtScope { role, scope, until } = grant;
        Grant { principal, role, scope, until, made_by, made_at: self.now, told: false }
    }

    /// The only grant of a principal as an event that takes it back.
    pub fn revoked(&self, id: GrantId, reason: EndReason) -> Event {
        Event::GrantRevoked { id, grant: self.account.grant(id).unwrap().value.clone(), reason }
    }

    /// What an offer of ownership says.
    pub fn offered(&self, id: OfferId) -> Offer {
        self.account.offers().find(|(other, _)| *other == id).unwrap().1.value.clone()
    }

    /// A membership as it is.
    pub fn membership(&self, user: UserId) -> Member {
        self.account.member(user).unwrap().value.clone()
    }

    /// The end of a key as an event.
    pub fn key_deleted(&self, id: KeyId, reason: EndReason) -> Event {
        let Key { holder, name, expires_at, made_by, made_at, .. } =
            self.account.key(id).unwrap().value.clone();
        Event::KeyDeleted { id, holder, name, expires_at, made_by, made_at, reason }
    }

    /// A machine with these grants and a key that works.
    pub fn machine(&mut self, text: &str, grants: &[RoleAtScope]) -> Actor {
        let id = self.service_account(text, grants);
        Actor::ServiceAccount { id, key: self.key(id) }
    }
}

pub fn denied(permission: &str) -> Refusal {
    denied_at(permission, Scope::Account)
}

pub fn denied_at(permission: &str, scope: Scope) -> Refusal {
    Refusal::Denied { permission: permission.to_owned(), scope }
}

/// The refusal of rule 1 with what is missing.
pub fn escalation(missing: &[&str], scope: Scope) -> Refusal {
    let names = missing.iter().map(|name| (*name).to_owned()).collect();
    Refusal::Escalation { missing: PermissionNames(names), scope }
}

/// The refusal to change or end what carries a role on the account that the actor does not hold, with what is missing.
pub fn above(role: &str, missing: &[&str]) -> Refusal {
    let missing = PermissionNames(missing.iter().map(|name| (*name).to_owned()).collect());
    Refusal::Above { what: format!("the role `{role}`"), missing, scope: Scope::Account }
}

pub fn external(text: &str) -> ExternalId {
    ExternalId::parse(text).unwrap()
}

pub fn described(text: &str) -> Description {
    Description::parse(text).unwrap()
}

pub fn too_many(what: &'static str, most: usize) -> Refusal {
    Refusal::LimitReached { what, most }
}

pub fn taken(field: &'static str, value: &str) -> Refusal {
    Refusal::Taken { field, value: value.to_owned() }
}

pub fn unknown(kind: &'static str) -> Refusal {
    Refusal::NotFound { kind }
}

/// What it takes to manage clusters and all that is in them.
pub const MANAGES_CLUSTERS: &[&str] = &[
    "write:clusters",
    "delete:clusters",
    "write:databases",
    "delete:databases",
    "write:tables",
    "delete:tables",
    "write:collections",
    "delete:collections",
    "write:backups",
    "delete:backups",
    "write:backup_schedules",
    "delete:backup_schedules",
];
