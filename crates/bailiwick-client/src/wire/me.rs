//! The caller: profile, accounts, password, sessions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ActorKind, MemberStatus, Patch, RoleHeld, Secret};

/// Who the caller is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Me {
    /// Whether a person or a machine calls.
    pub kind: ActorKind,
    /// Id of the user or service account.
    pub id: String,
    /// What people call it, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The email of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the person has shown that the email is theirs; absent for machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    /// The account that programs use unless told otherwise; for a machine its only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_account: Option<String>,
}

/// A change of the caller's own profile; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateMe {
    /// What to call the person, 1 to 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Id of the account that programs use unless told otherwise; `null` takes it away.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub default_account: Patch<String>,
}

/// An account of the caller's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MyAccount {
    /// Its id, `acc_…`.
    pub id: String,
    /// What people read.
    pub name: String,
    /// How the caller stands there; for a machine always active.
    pub status: MemberStatus,
    /// What the caller holds there; empty unless active.
    pub roles: Vec<RoleHeld>,
    /// Whether programs use it unless told otherwise.
    pub default: bool,
}

/// A change of the caller's password. All other sessions end.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The password up to now.
    pub current: Secret,
    /// The password from now on: up to 128 characters, and what the deployment asks for.
    pub new: Secret,
}

/// A signed-in device of the caller's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Session {
    /// Its id; not the token.
    pub id: String,
    /// Whether this request came through it.
    pub current: bool,
    /// When the person signed in.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub last_used_at: Option<Timestamp>,
    /// When it ends by itself.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
    /// From where the person signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    /// With which program the person signed in, as it names itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}
