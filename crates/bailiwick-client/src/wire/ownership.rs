//! Offers of ownership.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PersonLabel;

/// An offer to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OfferOwnership {
    /// Id or external id of an active member.
    pub to: String,
    /// Stay an owner beside the new one, where the catalog allows several.
    #[serde(default)]
    pub keep: bool,
}

/// An offer of ownership that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OwnershipOffer {
    /// Its id, `off_…`.
    pub id: String,
    /// The owner who offers.
    pub from: PersonLabel,
    /// The member who may accept.
    pub to: PersonLabel,
    /// Whether the offering owner stays an owner.
    pub keep: bool,
    /// When it was made.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub made_at: Timestamp,
    /// When it stops standing.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
    /// The account's revision when it last changed; its `ETag`.
    pub revision: u64,
}
