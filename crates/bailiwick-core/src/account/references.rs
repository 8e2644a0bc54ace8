//! How the things of an account are named: who holds grants and keys, roles, actors, and keys of the store.

use std::fmt;
use std::str::FromStr;

use smol_str::SmolStr;

use crate::ids::{
    FormerBearerId, GrantId, GroupId, Id, InvalidId, InvitationId, KeyId, OfferId, PolicyId, ProjectId,
    ResourceId, RoleId, ServiceAccountId, UserId, text_serde,
};

/// A text that names no principal, role or actor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct InvalidRef {
    /// What would have been right.
    pub expected: &'static str,
}

impl From<InvalidId> for InvalidRef {
    fn from(error: InvalidId) -> Self {
        Self { expected: error.prefix }
    }
}

/// Who can hold a grant. Its text is the id, whose prefix tells the kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// A member, by user.
    Member(UserId),
    /// All members of a group, those of groups in it too.
    Group(GroupId),
    /// A service account.
    ServiceAccount(ServiceAccountId),
}

text_serde!(Principal, "a text that names one");

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(id) => id.fmt(f),
            Self::Group(id) => id.fmt(f),
            Self::ServiceAccount(id) => id.fmt(f),
        }
    }
}

impl FromStr for Principal {
    type Err = InvalidRef;
    fn from_str(text: &str) -> Result<Self, InvalidRef> {
        let wrong = InvalidRef { expected: "an id that starts with `usr_`, `grp_` or `sva_`" };
        match text.get(..4) {
            Some(UserId::PREFIX) => text.parse().map(Self::Member).map_err(|_| wrong),
            Some(GroupId::PREFIX) => text.parse().map(Self::Group).map_err(|_| wrong),
            Some(ServiceAccountId::PREFIX) => text.parse().map(Self::ServiceAccount).map_err(|_| wrong),
            _ => Err(wrong),
        }
    }
}

/// Whom a management key authenticates. Its text is the id, whose prefix tells the kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyHolder {
    /// The member who made it: a personal key.
    Member(UserId),
    /// A machine of the account.
    ServiceAccount(ServiceAccountId),
}

text_serde!(KeyHolder, "a text that names one");

impl KeyHolder {
    /// The holder as a holder of grants.
    pub fn principal(self) -> Principal {
        match self {
            Self::Member(id) => Principal::Member(id),
            Self::ServiceAccount(id) => Principal::ServiceAccount(id),
        }
    }
}

impl fmt::Display for KeyHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.principal().fmt(f)
    }
}

impl FromStr for KeyHolder {
    type Err = InvalidRef;
    fn from_str(text: &str) -> Result<Self, InvalidRef> {
        match text.parse() {
            Ok(Principal::Member(id)) => Ok(Self::Member(id)),
            Ok(Principal::ServiceAccount(id)) => Ok(Self::ServiceAccount(id)),
            _ => Err(InvalidRef { expected: "an id that starts with `usr_` or `sva_`" }),
        }
    }
}

/// A role: a built-in one by its name in the catalog, or a custom one by its id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleRef {
    /// Name of a role of the catalog.
    BuiltIn(SmolStr),
    /// Id of a role of the account.
    Custom(RoleId),
}

text_serde!(RoleRef, "a text that names one");

impl fmt::Display for RoleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(name) => f.write_str(name),
            Self::Custom(id) => id.fmt(f),
        }
    }
}

impl FromStr for RoleRef {
    type Err = InvalidRef;
    fn from_str(text: &str) -> Result<Self, InvalidRef> {
        if text.starts_with(RoleId::PREFIX) {
            return text
                .parse()
                .map(Self::Custom)
                .map_err(|_| InvalidRef { expected: "an id that starts with `rol_`" });
        }
        if text.is_empty() || text.len() > 64 {
            return Err(InvalidRef {
                expected: "the name of a built-in role or an id that starts with `rol_`",
            });
        }
        Ok(Self::BuiltIn(SmolStr::new(text)))
    }
}

/// Who did something, as recorded. Its text is the id, or `system`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActorRef {
    /// A person.
    User(UserId),
    /// A machine of the account.
    ServiceAccount(ServiceAccountId),
    /// Bailiwick itself, for instance at set-up.
    System,
}

text_serde!(ActorRef, "a text that names one");

impl fmt::Display for ActorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::ServiceAccount(id) => id.fmt(f),
            Self::System => f.write_str("system"),
        }
    }
}

impl FromStr for ActorRef {
    type Err = InvalidRef;
    fn from_str(text: &str) -> Result<Self, InvalidRef> {
        match text.get(..4) {
            Some(UserId::PREFIX) => Ok(Self::User(text.parse()?)),
            Some(ServiceAccountId::PREFIX) => Ok(Self::ServiceAccount(text.parse()?)),
            _ if text == "system" => Ok(Self::System),
            _ => Err(InvalidRef { expected: "`system` or an id that starts with `usr_` or `sva_`" }),
        }
    }
}

impl Principal {
    /// The word for the kind of principal: `user`, `group` or `service_account`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Member(_) => "user",
            Self::Group(_) => "group",
            Self::ServiceAccount(_) => "service_account",
        }
    }
}

/// Kind and id of an entity: its key in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKey {
    /// The account itself.
    Profile,
    /// A member.
    Member(UserId),
    /// When a membership ends.
    MemberEnd(UserId),
    /// An invitation.
    Invitation(InvitationId),
    /// A custom role.
    Role(RoleId),
    /// A group.
    Group(GroupId),
    /// That a member or a group is in a group.
    GroupMember(GroupId, Principal),
    /// A grant.
    Grant(GrantId),
    /// A project.
    Project(ProjectId),
    /// A resource.
    Resource(ResourceId),
    /// A service account.
    ServiceAccount(ServiceAccountId),
    /// A management key.
    Key(KeyId),
    /// An offer of ownership.
    Offer(OfferId),
    /// What is said of a member.
    MemberAttributes(UserId),
    /// A policy.
    Policy(PolicyId),
    /// What bore an external id that got free.
    FormerBearer(FormerBearerId),
}

impl From<Principal> for EntityKey {
    fn from(principal: Principal) -> Self {
        match principal {
            Principal::Member(id) => Self::Member(id),
            Principal::Group(id) => Self::Group(id),
            Principal::ServiceAccount(id) => Self::ServiceAccount(id),
        }
    }
}
