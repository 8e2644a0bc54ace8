//! Entities as rows of the store: kind, id and a JSON body, and back.

use serde::Serialize;
use serde::de::DeserializeOwned;
use smol_str::{SmolStr, format_smolstr};

use super::{Account, EntityKey, Principal, Versioned};
use crate::ids::{Id, Revision};

/// A stored entity.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// See [`EntityKey::kind`].
    pub kind: &'a str,
    /// See [`EntityKey::id`].
    pub id: &'a str,
    /// The account's revision when the entity last changed.
    pub revision: Revision,
    /// JSON.
    pub body: &'a str,
}

/// A row that is not what Bailiwick writes.
#[derive(Debug, thiserror::Error)]
#[error("the row `{kind}` `{id}` cannot be read: {reason}")]
pub struct LoadError {
    /// The row's kind.
    pub kind: String,
    /// The row's id.
    pub id: String,
    /// What is wrong with it.
    pub reason: String,
}

impl EntityKey {
    /// The kind, as stored.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Profile => "account",
            Self::Member(_) => "member",
            Self::MemberEnd(_) => "member_end",
            Self::Invitation(_) => "invitation",
            Self::Role(_) => "role",
            Self::Group(_) => "group",
            Self::GroupMember(..) => "group_member",
            Self::Grant(_) => "grant",
            Self::Project(_) => "project",
            Self::Resource(_) => "resource",
            Self::ServiceAccount(_) => "service_account",
            Self::Key(_) => "key",
            Self::Offer(_) => "offer",
            Self::MemberAttributes(_) => "member_attributes",
            Self::Policy(_) => "policy",
            Self::FormerBearer(_) => "former_bearer",
        }
    }

    /// The id below the kind.
    pub fn id(&self) -> SmolStr {
        match self {
            Self::Profile => SmolStr::new_static("account"),
            Self::Role(id) => format_smolstr!("{id}"),
            Self::Project(id) => format_smolstr!("{id}"),
            Self::Resource(id) => format_smolstr!("{id}"),
            Self::Group(id) => format_smolstr!("{id}"),
            Self::Member(id) | Self::MemberEnd(id) | Self::MemberAttributes(id) => format_smolstr!("{id}"),
            Self::ServiceAccount(id) => format_smolstr!("{id}"),
            Self::GroupMember(group, member) => format_smolstr!("{group}:{member}"),
            Self::Grant(id) => format_smolstr!("{id}"),
            Self::Invitation(id) => format_smolstr!("{id}"),
            Self::Key(id) => format_smolstr!("{id}"),
            Self::Offer(id) => format_smolstr!("{id}"),
            Self::Policy(id) => format_smolstr!("{id}"),
            Self::FormerBearer(id) => format_smolstr!("{id}"),
        }
    }
}

impl Account {
    /// The JSON body of an entity as it is now; `None` when it does not exist (any more).
    pub fn row_body(&self, key: EntityKey) -> Option<String> {
        match key {
            EntityKey::Profile => body(Some(&self.profile.value)),
            EntityKey::Member(id) => body(self.members.get(&id).map(|found| &found.value)),
            EntityKey::MemberEnd(id) => body(self.member_ends.get(&id)),
            EntityKey::Invitation(id) => body(self.invitation(id).map(|found| &found.value)),
            EntityKey::Role(id) => body(self.role(id).map(|found| &found.value)),
            EntityKey::Group(id) => body(self.group(id).map(|found| &found.value)),
            EntityKey::GroupMember(group, member) => self.is_in_group(group, member).then(|| "{}".to_owned()),
            EntityKey::Grant(id) => body(self.grant(id).map(|found| &found.value)),
            EntityKey::Project(id) => body(self.project(id).map(|found| &found.value)),
            EntityKey::Resource(id) => body(self.resource(id).map(|found| &found.value)),
            EntityKey::ServiceAccount(id) => body(self.service_account(id).map(|found| &found.value)),
            EntityKey::Key(id) => body(self.key(id).map(|found| &found.value)),
            EntityKey::Offer(id) => body(self.offers.get(&id).map(|found| &found.value)),
            EntityKey::MemberAttributes(id) => body(self.member_attributes(id)),
            EntityKey::Policy(id) => body(self.policy(id).map(|found| &found.value)),
            EntityKey::FormerBearer(id) => body(self.former_bearers.get(&id).map(|found| &found.value)),
        }
    }

    /// All entities, in the order of their keys: what the store must hold.
    pub fn entity_keys(&self) -> Vec<EntityKey> {
        let mut keys = vec![EntityKey::Profile];
        keys.extend(self.roles.keys().map(|id| EntityKey::Role(*id)));
        keys.extend(self.projects.keys().map(|id| EntityKey::Project(*id)));
        keys.extend(self.resources.keys().map(|id| EntityKey::Resource(*id)));
        keys.extend(self.groups.keys().map(|id| EntityKey::Group(*id)));
        keys.extend(self.members.keys().map(|id| EntityKey::Member(*id)));
        keys.extend(self.member_ends.keys().map(|id| EntityKey::MemberEnd(*id)));
        keys.extend(self.service_accounts.keys().map(|id| EntityKey::ServiceAccount(*id)));
        let joined = self.group_members.iter().map(|(group, user)| (*group, Principal::Member(*user)));
        let nested = self.nested.iter().map(|(group, inner)| (*group, Principal::Group(*inner)));
        keys.extend(joined.chain(nested).map(|(group, member)| EntityKey::GroupMember(group, member)));
        keys.extend(self.grants.keys().map(|id| EntityKey::Grant(*id)));
        keys.extend(self.invitations.keys().map(|id| EntityKey::Invitation(*id)));
        keys.extend(self.keys.keys().map(|id| EntityKey::Key(*id)));
        keys.extend(self.offers.keys().map(|id| EntityKey::Offer(*id)));
        keys.extend(self.member_attributes.keys().map(|id| EntityKey::MemberAttributes(*id)));
        keys.extend(self.policies.keys().map(|id| EntityKey::Policy(*id)));
        keys.extend(self.former_bearers.keys().map(|id| EntityKey::FormerBearer(*id)));
        keys
    }

    /// The revision at which an entity last changed; `None` when it does not exist. Group memberships, ends of memberships
    /// and attributes of members carry none.
    pub fn revision_of(&self, key: EntityKey) -> Option<Revision> {
        match key {
            EntityKey::Profile => Some(self.profile.revision),
            EntityKey::Member(id) => self.members.get(&id).map(|found| found.revision),
            EntityKey::Invitation(id) => self.invitation(id).map(|found| found.revision),
            EntityKey::Role(id) => self.role(id).map(|found| found.revision),
            EntityKey::Group(id) => self.group(id).map(|found| found.revision),
            EntityKey::GroupMember(..) | EntityKey::MemberEnd(_) | EntityKey::MemberAttributes(_) => None,
            EntityKey::Grant(id) => self.grant(id).map(|found| found.revision),
            EntityKey::Project(id) => self.project(id).map(|found| found.revision),
            EntityKey::Resource(id) => self.resource(id).map(|found| found.revision),
            EntityKey::ServiceAccount(id) => self.service_account(id).map(|found| found.revision),
            EntityKey::Key(id) => self.key(id).map(|found| found.revision),
            EntityKey::Offer(id) => self.offers.get(&id).map(|found| found.revision),
            EntityKey::Policy(id) => self.policy(id).map(|found| found.revision),
            EntityKey::FormerBearer(id) => self.former_bearers.get(&id).map(|found| found.revision),
        }
    }
}

/// Serialising these types cannot fail: no maps with other keys than strings, no fallible `Serialize`.
fn body<T: Serialize>(value: Option<&T>) -> Option<String> {
    value.and_then(|value| serde_json::to_string(value).ok())
}

impl Row<'_> {
    pub(super) fn versioned<T: DeserializeOwned>(&self) -> Result<Versioned<T>, LoadError> {
        Ok(Versioned { revision: self.revision, value: self.parse()? })
    }

    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, LoadError> {
        serde_json::from_str(self.body).map_err(|error| self.wrong(&error))
    }

    pub(super) fn key<I: Id>(&self) -> Result<I, LoadError> {
        self.id.parse().map_err(|error| self.wrong(&error))
    }

    pub(super) fn wrong(&self, reason: &dyn std::fmt::Display) -> LoadError {
        LoadError { kind: self.kind.to_owned(), id: self.id.to_owned(), reason: reason.to_string() }
    }
}
