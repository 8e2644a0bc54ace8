//! Single-use links that arrive by mail.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountLabel, PersonLabel, PromisedGrant, Secret};

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LinkPurpose {
    /// To set up the deployment and open its first account.
    SetUp,
    /// To accept or decline an invitation.
    Invitation,
    /// To sign in without a password.
    SignIn,
    /// To choose a new password in place of a forgotten one.
    PasswordReset,
}

/// The token of a link. Asking what it is for does not use it up.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InspectLink {
    /// The last part of the link.
    pub token: Secret,
}

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LinkInfo {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// The account that it leads to; absent for set-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountLabel>,
    /// The email to which it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Who invites.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inviter: Option<PersonLabel>,
    /// What the invitation gives beyond the newcomer role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<PromisedGrant>,
    /// When it stops working; absent when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Timestamp>,
    /// Whether the person has a password already: if so, accepting asks for it; if not, accepting sets one. Always `false` for
    /// a link to choose a new one.
    pub has_password: bool,
}

/// Acceptance of what a link offers; the link is used up.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AcceptLink {
    /// The last part of the link.
    pub token: Secret,
    /// What to call a person who is new, 1 to 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The password that a new person sets, or that of a known one. Not needed by a caller who is signed in as the
    /// invited person, and refused with a link that signs in who has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
}

/// Refusal of what a link offers; the link is used up.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeclineLink {
    /// The last part of the link.
    pub token: Secret,
}
