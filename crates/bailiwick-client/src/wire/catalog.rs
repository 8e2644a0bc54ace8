//! The vocabulary of the deployment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The one kind of scope at which a role is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The whole account.
    Account,
    /// One project with all that is in it.
    Project,
    /// All resources of a type, or named ones, with what is below them.
    Resource,
}

/// The cloud's vocabulary: resource types, permissions, built-in roles and the rules about people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Catalog {
    /// Its name, for instance `qdrant-cloud`.
    pub name: String,
    /// What people read.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Headings of permissions in the order in which they are shown.
    pub sections: Vec<CatalogSection>,
    /// All permissions, in catalog order.
    pub permissions: Vec<CatalogPermission>,
    /// All resource types, parents before children.
    pub resource_types: Vec<CatalogResourceType>,
    /// The roles that every account has.
    pub roles: Vec<CatalogRole>,
    /// The groups that every account has from its start.
    pub groups: Vec<CatalogGroup>,
    /// What may be said of members, resources and requests.
    #[serde(default)]
    pub attributes: Vec<CatalogAttribute>,
    /// Rules about people, roles and invitations.
    pub rules: CatalogRules,
    /// The permission that each of Bailiwick's own operations asks for, by the operation's name.
    pub operations: BTreeMap<String, String>,
}

/// A heading under which permissions are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CatalogSection {
    /// Stable name, for instance `iam`.
    pub name: String,
    /// What people read.
    pub title: String,
}

/// One thing that a principal may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CatalogPermission {
    /// For instance `write:clusters`.
    pub name: String,
    /// Name of its section.
    pub section: String,
    /// What it lets a person do.
    pub description: String,
    /// All permissions that come with it.
    pub implies: Vec<String>,
    /// Not offered to people when they make a role.
    pub api_only: bool,
}

/// A kind of resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CatalogResourceType {
    /// For instance `cluster`.
    pub name: String,
    /// What people read, in the plural.
    pub title: String,
    /// The type that holds it; absent when a project does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Permission to see resources of this type.
    pub read: String,
    /// Permission to register or change them.
    pub write: String,
    /// Permission to delete them.
    pub delete: String,
}

/// A role that every account has and nobody edits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CatalogRole {
    /// For instance `admin`; it is also the role's id.
    pub name: String,
    /// What people read.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Where it is granted.
    pub level: Level,
    /// What it holds, implied permissions included.
    pub permissions: Vec<String>,
    /// The last holder at a scope cannot lose it.
    pub keeps_holder: bool,
    /// Only one member holds it at a scope.
    pub single_holder: bool,
    /// Not granted or revoked, only handed over by offer and acceptance.
    pub handed_over: bool,
}

/// A group that every account has from its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CatalogGroup {
    /// Its external id in every account.
    pub name: String,
    /// What people read.
    pub title: String,
    /// The account-level roles that its members have.
    pub roles: Vec<String>,
}

/// Rules about people that differ from cloud to cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CatalogRules {
    /// The role of whoever opens an account.
    pub owner: String,
    /// What a former owner holds after handing over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_owner: Option<String>,
    /// The account-level role that every active member has without a grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newcomer: Option<String>,
    /// The project-level role that whoever creates a project gets there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_creator: Option<String>,
    /// How many account-level roles a member holds at once.
    pub roles_per_member: RolesPerMember,
    /// How long an invitation lives; absent when it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation_lifetime: Option<InvitationLifetime>,
    /// Whether a person retypes the email of the member whom they remove.
    pub removal_retypes_email: bool,
    /// Whether accounts may define roles of their own.
    pub custom_roles: bool,
    /// What an invitation must name that it may leave out elsewhere: `name`, `role`.
    #[serde(default)]
    pub invitation_asks_for: Vec<String>,
    /// What the mail of an invitation carries besides its link: `sign_in_url`, `account_id`, or a resource type with `.id` or
    /// `.url`.
    #[serde(default)]
    pub invitation_mail: Vec<String>,
    /// Who has management keys that act as themselves: `nobody`, `permitted` (who may write keys) or `everybody`.
    #[serde(default)]
    pub personal_keys: String,
    /// Whether nobody can be put into a group before the account switches its groups on.
    #[serde(default)]
    pub groups_off_at_start: bool,
    /// The built-in group that everybody joins who is a member when groups are switched on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing_members_join: Option<String>,
    /// Whether accounts may have policies.
    #[serde(default)]
    pub policies: bool,
    /// Whether what a policy forbids is forbidden to owners too, except for policies themselves.
    #[serde(default)]
    pub policies_bind_owner: bool,
}

/// How many account-level roles a member holds at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RolesPerMember {
    /// Exactly one, apart from the newcomer role: granting another replaces it.
    One,
    /// Any number.
    Many,
}

/// The lifetime of invitations and what an account may set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct InvitationLifetime {
    /// In accounts that have not set it.
    pub default_seconds: u64,
    /// The shortest that an account may set.
    pub shortest_seconds: u64,
    /// The longest that an account may set.
    pub longest_seconds: u64,
}

/// One thing that may be said of members, resources or requests, for policies to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CatalogAttribute {
    /// `member`, `resource`, `request` or a resource type.
    pub of: String,
    /// For instance `department`.
    pub name: String,
    /// `string`, `number`, `bool` or `list`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it says.
    pub description: String,
    /// The only texts that it takes; any when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}
