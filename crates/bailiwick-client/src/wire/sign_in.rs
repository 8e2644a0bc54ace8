//! Signing in and setting up.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountLabel, PersonLabel, Secret, WithheldGrant, WithheldGroup};

/// Email and password.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The email.
    pub email: String,
    /// The password.
    pub password: Secret,
}

/// Whose password is forgotten.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AskPasswordReset {
    /// The email; where it is no user's, nothing is mailed.
    pub email: String,
}

/// A session that was just started.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SignedIn {
    /// The session's token, to be sent as `Authorization: Bearer`: shown now and never again.
    pub token: Secret,
    /// When the session ends by itself.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
    /// Who signed in.
    pub user: PersonLabel,
    /// The account that was opened or joined by this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountLabel>,
    /// What an invitation had promised and could no longer be given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<WithheldGrant>,
    /// Groups that it had promised and that could no longer be joined.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld_groups: Vec<WithheldGroup>,
}

/// The first owner and the first account of a deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// The token of the set-up link that the server printed at its first start.
    pub token: Secret,
    /// The owner's email.
    pub email: String,
    /// What to call the owner, 1 to 64 characters.
    pub name: String,
    /// The owner's password: up to 128 characters, and what the deployment asks for.
    pub password: Secret,
    /// Name of the account, 1 to 64 characters.
    pub account_name: String,
}
