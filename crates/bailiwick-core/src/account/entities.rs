//! What an account is made of. Every type here is one row of the store, under its kind and id.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

use super::{ActorRef, Attributes, KeyHolder, Principal, RoleRef, Scope};
use crate::catalog::Level;
use crate::ids::{GroupId, ProjectId, ResourceId, Revision, UserId};
use crate::values::{Description, ExternalId, Name, ResourceUrl, RoleName};

/// An entity and the revision of the account at which it last changed (its `ETag`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The account's revision when this last changed.
    pub revision: Revision,
    /// The entity itself.
    pub value: T,
}

/// The account's own entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// What people read.
    pub name: Name,
    /// The name of the catalog under which the account was opened.
    pub catalog: SmolStr,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// What its administrators set.
    pub settings: Settings,
    /// Set when the account was deleted: from then on it does not exist for anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
}

/// What an account's administrators set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settings {
    /// How long a new invitation lives, in seconds; the catalog's default when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation_lifetime_seconds: Option<u64>,
    /// Whether people are put into groups here; as the catalog starts accounts when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups_on: Option<bool>,
    /// How long before a membership, grant or key ends its holder is told, in seconds; 0 for never, and the default of
    /// [`crate::limits::ENDING_NOTICE_SECONDS`] when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending_notice_seconds: Option<u64>,
}

/// Whether a member may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberStatus {
    /// Invited and not yet accepted; may do nothing. Held by the invitation, not by a member entity.
    Pending,
    /// May do what grants allow.
    Active,
    /// Known, but may do nothing until activated.
    Inactive,
}

/// A user in this account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Active or inactive; a pending member is an [`Invitation`].
    pub status: MemberStatus,
    /// When the person accepted, or opened the account.
    pub joined_at: Timestamp,
    /// The caller's own name for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
}

/// When a membership ends by itself. A row of its own, so that members without an end cost no memory for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberEnd {
    /// From this moment on the member may do nothing.
    pub until: Timestamp,
    /// Whether nobody needs to be told any more that it ends: the member was, or it was made for too short a time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}

impl MemberEnd {
    /// Whether the membership has ended. An end is exclusive and counts in whole microseconds, as that of a grant.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until.as_microsecond() <= now.as_microsecond()
    }
}

/// A role at a scope, as asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RoleAtScope {
    /// The role.
    pub role: RoleRef,
    /// Where it is granted.
    pub scope: Scope,
    /// When the grant ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl RoleAtScope {
    /// Brings what was asked for into one form: named resources sorted, each role once at a scope, with the latest of
    /// the ends that were named for it.
    pub(super) fn distinct(asked: &[Self]) -> Vec<Self> {
        let mut ends = std::collections::BTreeMap::<(RoleRef, Scope), Option<Timestamp>>::new();
        for Self { role, scope, until } in asked {
            let scope = match scope {
                Scope::Resources(ids) => Scope::resources(ids.iter().copied()),
                other => other.clone(),
            };
            let end = ends.entry((role.clone(), scope)).or_insert(*until);
            *end = later(*end, *until);
        }
        ends.into_iter().map(|((role, scope), until)| Self { role, scope, until }).collect()
    }
}

/// The later of two ends, none being later than any.
pub(super) fn later(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.zip(other).map(|(one, other)| one.max(other))
}

/// How an invitation ended, if it did; expiry follows from `expires_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationStatus {
    /// Waits for the person; may have expired.
    Pending,
    /// The person is a member.
    Accepted,
    /// The person said no.
    Declined,
    /// Taken back.
    Revoked,
    /// Nobody answered in time. Never stored: [`Invitation::status_at`] derives it.
    Expired,
}

/// An invitation of a user to this account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Who is invited.
    pub user: UserId,
    /// What the person gets beyond the newcomer role.
    pub grants: Vec<RoleAtScope>,
    /// The groups that the person joins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupId>,
    /// In whose name: this person must hold what is given, now and when it is accepted.
    pub sponsor: UserId,
    /// When it was first sent.
    pub sent_at: Timestamp,
    /// When it stops working; never when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// How it stands, apart from expiry.
    pub status: InvitationStatus,
    /// When the membership ends that comes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_until: Option<Timestamp>,
    /// Whether its expiry is recorded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
    /// What will be said of the member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Box<Attributes>>,
}

impl Invitation {
    /// How it stands at a moment, expiry included.
    pub fn status_at(&self, now: Timestamp) -> InvitationStatus {
        match self.status {
            InvitationStatus::Pending if self.expires_at.is_some_and(|end| end <= now) => {
                InvitationStatus::Expired
            }
            status => status,
        }
    }
}

/// A custom role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Unique in the account without regard to case.
    pub name: RoleName,
    /// What it is for.
    #[serde(default)]
    pub description: Description,
    /// Where it is granted.
    pub level: Level,
    /// Names of permissions, closed over implication, in catalog order.
    pub permissions: Vec<SmolStr>,
    /// The caller's own name for the role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
}

/// A set of members and of other groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Unique in the account without regard to case.
    pub name: Name,
    /// What it is for.
    #[serde(default)]
    pub description: Description,
    /// The caller's own name for the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
}

/// A grant: this principal has this role at this scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who has it.
    pub principal: Principal,
    /// The role.
    pub role: RoleRef,
    /// Where it counts.
    pub scope: Scope,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Who made it.
    pub made_by: ActorRef,
    /// When it was made.
    pub made_at: Timestamp,
    /// Whether nobody needs to be told any more that it ends: somebody was, or it was made for too short a time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}

impl Grant {
    /// Whether it has not ended by itself. An end is exclusive and counts in whole microseconds, as it is indexed.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|end| end.as_microsecond() > now.as_microsecond())
    }
}

/// A part of an account that holds resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Unique in the account without regard to case.
    pub name: Name,
    /// What it is for.
    #[serde(default)]
    pub description: Description,
    /// The caller's own name for the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// Whether it is the project for resources that name none; it cannot be deleted.
    #[serde(default)]
    pub default: bool,
}

/// A typed node below a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Name of a resource type of the catalog.
    #[serde(rename = "type")]
    pub resource_type: SmolStr,
    /// What people read.
    pub name: Name,
    /// The project in which it is, through whatever parents.
    pub project: ProjectId,
    /// The resource that holds it; none directly below the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ResourceId>,
    /// The caller's own name for the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// Where it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<ResourceUrl>,
    /// What is said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Box<Attributes>>,
}

/// A machine in an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceAccount {
    /// Unique in the account without regard to case.
    pub name: Name,
    /// What it is for.
    #[serde(default)]
    pub description: Description,
    /// The caller's own name for the service account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// What it may assert when it asks about others, such as `subject.department`; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_assert: Vec<SmolStr>,
}

/// A management key: of a service account, or a personal one of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Whom it authenticates.
    pub holder: KeyHolder,
    /// What people read in lists.
    pub name: Name,
    /// SHA-256 of the secret, which itself is stored nowhere.
    pub secret_hash: SecretHash,
    /// When it stops working; never when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Who made it.
    pub made_by: ActorRef,
    /// When it was made.
    pub made_at: Timestamp,
    /// Whether nobody needs to be told any more that it ends: somebody was, or it was made for too short a time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}

/// An offer of ownership to a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The owner who offers.
    pub from: UserId,
    /// The member who may accept.
    pub to: UserId,
    /// Whether the offering owner stays an owner, where the catalog allows several.
    pub keep: bool,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it stops standing.
    pub expires_at: Timestamp,
}

/// SHA-256 of a 256-bit random secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretHash(pub [u8; 32]);

impl SecretHash {
    /// In the place of one that nobody keeps any more: the hash of a deleted key is not recorded with its end, and nothing
    /// is known to hash to this.
    pub const GONE: Self = Self([0; 32]);
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

impl Serialize for SecretHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let hex: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
        serializer.serialize_str(&hex)
    }
}

impl<'de> Deserialize<'de> for SecretHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        let pairs = text.as_bytes().chunks_exact(2);
        if text.len() != 64 {
            return Err(serde::de::Error::custom("expected 64 hexadecimal digits"));
        }
        for (byte, pair) in bytes.iter_mut().zip(pairs) {
            let pair = std::str::from_utf8(pair).map_err(serde::de::Error::custom)?;
            *byte = u8::from_str_radix(pair, 16).map_err(serde::de::Error::custom)?;
        }
        Ok(Self(bytes))
    }
}
