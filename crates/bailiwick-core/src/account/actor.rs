//! Who asks.

use super::{ActorRef, Principal};
use crate::ids::{KeyId, ServiceAccountId, UserId};

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
