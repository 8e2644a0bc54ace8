//! Ids with what people call them, so that a reader needs no second request.

use serde::{Deserialize, Serialize};

/// An account by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccountLabel {
    /// Its id, `acc_…`.
    pub id: String,
    /// What people read.
    pub name: String,
}

/// A person by id, email and name. Email and name are absent once the person was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PersonLabel {
    /// The user's id, `usr_…`.
    pub id: String,
    /// The email.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The name, if the person gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What sort of caller acts or acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person.
    User,
    /// A machine of an account.
    ServiceAccount,
    /// Bailiwick itself.
    System,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ActorLabel {
    /// Person, machine or Bailiwick itself.
    pub kind: ActorKind,
    /// Id, or `system`.
    pub id: String,
    /// The email of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The name of a person or service account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What sort of principal holds a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PrincipalKind {
    /// A member, by user.
    Member,
    /// All members of a group.
    Group,
    /// A service account.
    ServiceAccount,
}

/// Who holds something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PrincipalLabel {
    /// Member, group or service account.
    pub kind: PrincipalKind,
    /// Its id, `usr_…`, `grp_…` or `sva_…`.
    pub id: String,
    /// The email of a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A group by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct GroupLabel {
    /// Its id, `grp_…`.
    pub id: String,
    /// What people read.
    pub name: String,
}

/// A role by id and title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RoleLabel {
    /// The role's id; the name for built-in roles.
    pub id: String,
    /// What people call the role.
    pub title: String,
}
