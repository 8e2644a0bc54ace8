//! Invitations.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AccountLabel, Attributes, GrantSpec, Member, PersonLabel, PrincipalLabel, PromisedGrant, Secret,
    WithheldGrant,
};

/// How an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum InvitationStatus {
    /// Waits for the person.
    Pending,
    /// The person is a member.
    Accepted,
    /// The person said no.
    Declined,
    /// Taken back.
    Revoked,
    /// Nobody answered in time; it can be sent again.
    Expired,
}

/// An invitation of a person to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Invitation {
    /// Its id, `inv_…`.
    pub id: String,
    /// The invited person's user id.
    pub user: String,
    /// The invited email.
    pub email: String,
    /// What the person is called, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How it stands.
    pub status: InvitationStatus,
    /// What the person gets beyond the newcomer role.
    pub grants: Vec<PromisedGrant>,
    /// The groups that the person joins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<PrincipalLabel>,
    /// What will be said of the person, for policies to read: names of the catalog's attributes and their values.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, super::AttributeValue>))]
    pub attributes: Attributes,
    /// In whose name it stands.
    pub sponsor: PersonLabel,
    /// When it was first sent.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub sent_at: Timestamp,
    /// When it stops working; absent when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Timestamp>,
    /// When the membership ends that comes of it; absent when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub member_until: Option<Timestamp>,
    /// The account's revision when it last changed; its `ETag`.
    pub revision: u64,
}

/// People to be invited. All of them are, or none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateInvitations {
    /// Up to 100 email addresses, each once. Who is an active member gets the grants at once.
    pub emails: Vec<String>,
    /// What to call the person until they say it themselves, for one email alone. Some catalogs ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Groups that each of them joins, by id or external id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Account-level roles for each of them, in short: id, built-in name, custom name or external id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Roles at scopes for each of them, up to 50 together with `roles`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<GrantSpec>,
    /// When the memberships end that come of it; never when absent. Not for who is a member already.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub member_until: Option<Timestamp>,
    /// What will be said of each of them, for policies to read: names of the catalog's attributes and their values.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, super::AttributeValue>))]
    pub attributes: Attributes,
}

/// What inviting did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct InvitationsCreated {
    /// The invitations that were sent.
    pub invitations: Vec<Invitation>,
    /// Those who were members already and have got the grants.
    pub members: Vec<Member>,
}

/// Which invitations to list; all conditions hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct InvitationQuery {
    /// Only those that stand so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<InvitationStatus>,
    /// Only those with this text in the email.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many items at most, from 1 to 1000; 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A link to pass on by hand. Links made earlier for the same invitation end.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct InvitationLink {
    /// The link; it works once and is shown once.
    pub link: Secret,
    /// When it stops working; absent when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Timestamp>,
}

/// An invitation as the invited person sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MyInvitation {
    /// Its id, `inv_…`.
    pub id: String,
    /// To which account.
    pub account: AccountLabel,
    /// The invited email.
    pub email: String,
    /// How it stands.
    pub status: InvitationStatus,
    /// In whose name it stands.
    pub sponsor: PersonLabel,
    /// What it gives beyond the newcomer role.
    pub grants: Vec<PromisedGrant>,
    /// The groups that one joins by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<PrincipalLabel>,
    /// When it was first sent.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub sent_at: Timestamp,
    /// When it stops working; absent when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Timestamp>,
    /// When the membership ends that comes of it; absent when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub member_until: Option<Timestamp>,
}

/// What accepting an invitation did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct InvitationAccepted {
    /// The account of which the person is now a member.
    pub account: AccountLabel,
    /// What had been promised and could no longer be given.
    #[serde(default)]
    pub withheld: Vec<WithheldGrant>,
    /// Groups that had been promised and could no longer be joined.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld_groups: Vec<WithheldGroup>,
}

/// A promised group that could not be joined at acceptance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WithheldGroup {
    /// The group.
    pub group: PrincipalLabel,
    /// Stable code of the reason.
    pub code: String,
}
