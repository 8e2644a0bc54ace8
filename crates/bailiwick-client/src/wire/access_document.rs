//! An account's access as one document, and the plan that leads from what is to what the document says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Attributes, GrantSpec, Level, MemberStatusChange, Patch, Scope};

/// The version of the format that this library reads and writes.
pub const ACCESS_DOCUMENT_VERSION: u32 = 1;

/// How many entries a document may have in all its sections, the members of groups included.
pub const ACCESS_DOCUMENT_ENTRIES_MAX: usize = 10_000;

/// Who has access to what in an account, by names. A section that is absent says nothing about what it would hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AccessDocument {
    /// Version of the format: 1.
    pub version: u32,
    /// What the account's administrators set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<DocumentSettings>,
    /// Projects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<DocumentProject>>,
    /// Custom roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<DocumentRole>>,
    /// Members, who are here already: somebody new is invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<DocumentMember>>,
    /// What is said of resources, which the control plane registers: none is made or pruned here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Vec<DocumentResource>>,
    /// Groups with who is in them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<DocumentGroup>>,
    /// Service accounts, without their keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_accounts: Option<Vec<DocumentServiceAccount>>,
    /// Who has which role where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<DocumentGrant>>,
    /// People who are invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitations: Option<Vec<DocumentInvitation>>,
    /// Policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<DocumentPolicy>>,
}

/// Settings of an account; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DocumentSettings {
    /// How long a new invitation lives; `null` for the catalog's default.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<u64>))]
    pub invitation_lifetime_seconds: Patch<u64>,
    /// `true` switches groups on, which is not undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups_on: Option<bool>,
    /// How long before the end of a membership, grant or key its holder is told; `null` for the default of a week.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<u64>))]
    pub ending_notice_seconds: Patch<u64>,
}

/// A project. It is the one with this external id, else the one with this name, else a new one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DocumentProject {
    /// Unique in the account without regard to case.
    pub name: String,
    /// What it is for; stays as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The caller's own name for it; stays as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// A custom role. It is the one with this external id, else the one with this name, else a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DocumentRole {
    /// Unique in the account without regard to case.
    pub name: String,
    /// What it is for; stays as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The caller's own name for it; stays as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Where it is granted; that of a role that is there cannot change.
    pub level: Level,
    /// All its permissions; implied ones are added.
    pub permissions: Vec<String>,
}

/// A member who is here already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DocumentMember {
    /// Their email, or their id or external id.
    pub member: String,
    /// The caller's own name for the person; stays as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// `active` or `inactive`; stays as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<MemberStatusChange>,
    /// When the membership ends by itself; `null` for never, and it stays as it is when absent.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub until: Patch<Timestamp>,
    /// All that is said of the member; stays as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<std::collections::HashMap<String, super::AttributeValue>>))]
    pub attributes: Option<Attributes>,
}

/// What is said of a resource that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DocumentResource {
    /// Its external id or id.
    pub resource: String,
    /// All that is said of it.
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::HashMap<String, super::AttributeValue>))]
    pub attributes: Attributes,
}

/// A group. It is the one with this external id, else the one with this name, else a new one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DocumentGroup {
    /// Unique in the account without regard to case.
    pub name: String,
    /// What it is for; stays as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The caller's own name for it; stays as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Who is in it: emails, ids or external ids of members, and `group:` before what another group is called by. When
    /// absent, nothing is said about who is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<String>>,
}

/// A service account. It is the one with this external id, else the one with this name, else a new one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DocumentServiceAccount {
    /// Unique in the account without regard to case.
    pub name: String,
    /// What it is for; stays as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The caller's own name for it; stays as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// All that it may assert when it asks, for instance `subject.department`; stays as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_assert: Option<Vec<String>>,
}

/// A role at a scope, of exactly one of `member`, `group` and `service_account`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DocumentGrant {
    /// A member, by email, id or external id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// A group, by name, id or external id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// A service account, by name, id or external id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
    /// The role, by name, id or external id.
    pub role: String,
    /// Where it counts; the whole account when absent. Projects are named as above, resources by id or external id.
    #[serde(default)]
    pub scope: Scope,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Timestamp>,
}

/// Somebody who is invited, or is a member already and then has what is promised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DocumentInvitation {
    /// The email to which the invitation goes.
    pub email: String,
    /// What the person gets beyond the newcomer role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<GrantSpec>,
    /// What to call the person until they say it themselves. Some catalogs ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Groups that the person joins, by name, id or external id. Of who is invited already, they stay as they are when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// When the membership ends that comes of it; likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub member_until: Option<Timestamp>,
    /// What will be said of the person, for policies to read; likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<std::collections::HashMap<String, super::AttributeValue>>))]
    pub attributes: Option<Attributes>,
}

/// A policy. It is the one with this name, else a new one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DocumentPolicy {
    /// Unique in the account without regard to case.
    pub name: String,
    /// What it is for; stays as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it counts; stays as it is when absent, and a new one counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Cedar. Principals and resources are named by their ids.
    pub text: String,
}

/// How a document is applied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "schema", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct ApplyQuery {
    /// Also take away what the sections of the document do not name.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub prune: bool,
    /// Only say what would happen: nothing is written.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// What leads from what is to what a document says, in the order in which it is done. Without steps there is nothing to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccessPlan {
    /// The steps. All of them are done, or none.
    pub steps: Vec<PlanStep>,
    /// What is left as it is although one might expect otherwise, with the reason.
    #[serde(default)]
    pub notes: Vec<PlanNote>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlanAction {
    /// Something comes to be.
    Create,
    /// Something that is there gets other values.
    Change,
    /// Something ends.
    Delete,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlanStep {
    /// What it does.
    pub action: PlanAction,
    /// What it is about: `settings`, `project`, `role`, `member`, `resource`, `group`, `group_member`, `service_account`,
    /// `grant`, `invitation` or `policy`.
    pub kind: String,
    /// Which one, in words.
    pub name: String,
    /// The values that change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<PlanChange>,
    /// The place in the document that asks for it, as a JSON pointer; absent for what is taken away for want of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// A value that a step changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlanChange {
    /// Which one.
    pub field: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it becomes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Something that is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlanNote {
    /// What and why, in words.
    pub message: String,
    /// The place in the document that it is about, as a JSON pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}
