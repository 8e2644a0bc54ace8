//! What a catalog says, checked: everything here refers only to what exists.

use std::collections::BTreeMap;
use std::time::Duration;

use super::lookup::Index;
use super::{Attribute, PermissionIndex, PermissionSet};

/// Position of a resource type in [`Catalog::resource_types`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceTypeIndex(pub u16);

/// Position of a built-in role in [`Catalog::roles`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuiltInRoleIndex(pub u16);

/// A cloud's vocabulary: resource types, permissions, built-in roles and the rules about people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// The catalog's own name, for instance `qdrant-cloud`.
    pub name: String,
    /// What people read.
    pub title: String,
    /// One sentence on what this catalog is for.
    pub description: String,
    /// Sections of permissions in the order in which they are shown.
    pub sections: Vec<Section>,
    /// All permissions, in file order; positions are [`PermissionIndex`].
    pub permissions: Vec<Permission>,
    /// All resource types, in file order; positions are [`ResourceTypeIndex`].
    pub resource_types: Vec<ResourceType>,
    /// Built-in roles, in file order; positions are [`BuiltInRoleIndex`].
    pub roles: Vec<BuiltInRole>,
    /// Groups that every account has from its start.
    pub groups: Vec<BuiltInGroup>,
    /// What may be said of members, resources and requests, for policies to read.
    pub attributes: Vec<Attribute>,
    /// Rules about people, roles and invitations.
    pub rules: Rules,
    /// The permission that each of Bailiwick's own operations asks for.
    pub operations: BTreeMap<Operation, PermissionIndex>,
    /// Holders of one of these may grant what they do not hold themselves. Usually empty.
    pub escalate: PermissionSet,
    /// What makes the look-ups by name fast. Private, so that every catalog comes out of [`Catalog::parse`].
    pub(super) index: Index,
}

/// A heading under which permissions are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Stable name, for instance `iam`.
    pub name: String,
    /// What people read, for instance `Identity and access management`.
    pub title: String,
}

/// One thing that a principal may do, written `verb:noun`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// For instance `write:clusters`.
    pub name: String,
    /// Position in [`Catalog::sections`].
    pub section: usize,
    /// What it lets a person do, in one sentence.
    pub description: String,
    /// All that it implies, transitively, without itself.
    pub implies: PermissionSet,
    /// Usable through the API, but not offered to people when they make a role.
    pub api_only: bool,
}

/// A kind of resource, for instance `cluster`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceType {
    /// For instance `cluster`.
    pub name: String,
    /// What people read, in the plural, for instance `Clusters`.
    pub title: String,
    /// The type that holds resources of this type; `None` when a project does.
    pub parent: Option<ResourceTypeIndex>,
    /// Permission to see resources of this type.
    pub read: PermissionIndex,
    /// Permission to register or change resources of this type.
    pub write: PermissionIndex,
    /// Permission to delete resources of this type.
    pub delete: PermissionIndex,
}

/// The one kind of scope at which a role is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The whole account.
    Account,
    /// One project with all that is in it.
    Project,
    /// All resources of a type, or named ones, with what is below them.
    Resource,
}

impl std::fmt::Display for Level {
    /// The word of catalogs and of the API.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Account => "account",
            Self::Project => "project",
            Self::Resource => "resource",
        })
    }
}

/// A role that every account has and nobody edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltInRole {
    /// For instance `admin`; it is also the role's id.
    pub name: String,
    /// What people read, for instance `Admin`.
    pub title: String,
    /// What the role is for, in one sentence.
    pub description: String,
    /// Where it is granted.
    pub level: Level,
    /// What it holds, implied permissions included.
    pub permissions: PermissionSet,
    /// Once somebody holds it at a scope, somebody must: the last holder there cannot lose it.
    pub keeps_holder: bool,
    /// Only one member holds it at a scope.
    pub single_holder: bool,
    /// Not granted or revoked, only handed over by offer and acceptance (and held by whoever creates the account).
    pub handed_over: bool,
}

/// A group that every account has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltInGroup {
    /// Its external id in every account, for instance `auditors`.
    pub name: String,
    /// What people read.
    pub title: String,
    /// The account-level roles that its members have.
    pub roles: Vec<BuiltInRoleIndex>,
}

/// Rules about people that differ from cloud to cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The role of whoever creates an account. Where it is not `handed_over`, its holders grant it like any other.
    pub owner: BuiltInRoleIndex,
    /// What a former owner holds after handing over; nothing when `None`.
    pub former_owner: Option<BuiltInRoleIndex>,
    /// The account-level role that every active member has without a grant.
    pub newcomer: Option<BuiltInRoleIndex>,
    /// The project-level role that whoever creates a project gets there.
    pub project_creator: Option<BuiltInRoleIndex>,
    /// Whether a member holds one account-level role or any number.
    pub roles_per_member: RolesPerMember,
    /// How long an invitation lives.
    pub invitation_lifetime: Lifetime,
    /// Whether a person must retype the email of the member whom they remove.
    pub removal_retypes_email: bool,
    /// Whether accounts may define roles of their own.
    pub custom_roles: bool,
    /// Whether accounts may have policies.
    pub policies: bool,
    /// Whether what a policy forbids is forbidden to owners too, except for policies themselves.
    pub policies_bind_owner: bool,
    /// What an invitation must say that it may leave out elsewhere.
    pub invitation_asks_for: Vec<InvitationField>,
    /// What the mail of an invitation carries besides its link.
    pub invitation_mail: Vec<MailFact>,
    /// Who has management keys that act as themselves.
    pub personal_keys: PersonalKeys,
    /// How an account comes to use its groups.
    pub groups: GroupsRule,
}

/// Something that an invitation may say of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationField {
    /// What the person is called.
    Name,
    /// A role or group that the person gets.
    Role,
}

impl InvitationField {
    /// The word of the catalog file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Role => "role",
        }
    }
}

/// Something that helps an invited person to find their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailFact {
    /// Where people sign in.
    SignInUrl,
    /// The id of the account.
    AccountId,
    /// The ids of the resources of a type that the person will see.
    ResourceId(ResourceTypeIndex),
    /// Where these resources are reached.
    ResourceUrl(ResourceTypeIndex),
}

/// Who may have management keys that act as the person who made them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PersonalKeys {
    /// There are keys of service accounts only.
    #[default]
    Nobody,
    /// Members who hold the permission to write keys in the account.
    Permitted,
    /// Every active member.
    Everybody,
}

impl PersonalKeys {
    /// The word of the catalog file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Permitted => "permitted",
            Self::Everybody => "everybody",
        }
    }
}

/// How an account comes to use its groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GroupsRule {
    /// Whether nobody can be put into a group before the account switches its groups on.
    pub off_at_start: bool,
    /// The built-in group (position in [`Catalog::groups`]) that everybody joins who is a member at that moment.
    pub existing_members_join: Option<usize>,
}

/// How many account-level roles a member holds at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolesPerMember {
    /// Exactly one, apart from the newcomer role: granting another replaces it.
    One,
    /// Any number; what counts is their union.
    Many,
}

/// How long an invitation lives: the default of new accounts and what an account may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// It does not expire and accounts cannot change that.
    Forever,
    /// Expires after a time that an account sets between two bounds.
    Limited {
        /// In accounts that have not set it.
        default: Duration,
        /// The shortest that an account may set.
        shortest: Duration,
        /// The longest that an account may set.
        longest: Duration,
    },
}

macro_rules! operations {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal,)*) => {
        /// What Bailiwick itself protects: each is bound to one permission by the catalog (`[operations]`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation { $($(#[doc = $doc])* $name,)* }

        impl Operation {
            /// All of them, in the order in which the reference lists them.
            pub const ALL: &[Operation] = &[$(Operation::$name,)*];
            /// The name in the catalog file.
            pub const fn name(self) -> &'static str { match self { $(Operation::$name => $text,)* } }
            /// What it covers, in one sentence.
            pub const fn describe(self) -> &'static str { match self { $(Operation::$name => concat!($($doc),*).trim_ascii(),)* } }
        }

        /// One permission for every operation: a field each, so that a look-up always finds one.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[expect(non_snake_case, reason = "the fields are named by the variants of `Operation`")]
        pub(super) struct Bindings { $($name: PermissionIndex,)* }

        impl Bindings {
            /// `None` if an operation is bound to nothing.
            pub(super) fn new(operations: &BTreeMap<Operation, PermissionIndex>) -> Option<Self> {
                Some(Self { $($name: *operations.get(&Operation::$name)?,)* })
            }

            pub(super) const fn permission(&self, operation: Operation) -> PermissionIndex {
                match operation { $(Operation::$name => self.$name,)* }
            }
        }
    };
}

operations! {
    /// See the account, its settings and its projects.
    ReadAccount = "read_account",
    /// Rename the account and change its settings.
    WriteAccount = "write_account",
    /// Delete the account with everything in it.
    DeleteAccount = "delete_account",
    /// List members and groups and see what they hold.
    ReadMembers = "read_members",
    /// Deactivate, activate and edit members.
    WriteMembers = "write_members",
    /// Remove members.
    DeleteMembers = "delete_members",
    /// See invitations.
    ReadInvitations = "read_invitations",
    /// Invite people, resend invitations and copy their links.
    WriteInvitations = "write_invitations",
    /// Revoke invitations.
    DeleteInvitations = "delete_invitations",
    /// See roles and grants.
    ReadRoles = "read_roles",
    /// Create and edit roles, and grant and revoke them.
    WriteRoles = "write_roles",
    /// Delete roles.
    DeleteRoles = "delete_roles",
    /// Create and edit groups and change who is in them.
    WriteGroups = "write_groups",
    /// Delete groups.
    DeleteGroups = "delete_groups",
    /// Create and edit projects.
    WriteProjects = "write_projects",
    /// Delete projects.
    DeleteProjects = "delete_projects",
    /// See service accounts and management keys.
    ReadKeys = "read_keys",
    /// Create service accounts and management keys.
    WriteKeys = "write_keys",
    /// Delete service accounts and management keys.
    DeleteKeys = "delete_keys",
    /// Read the audit log.
    ReadEvents = "read_events",
    /// Ask what other principals may do (check, explain, effective, AuthZEN).
    CheckAccess = "check_access",
    /// See policies.
    ReadPolicies = "read_policies",
    /// Create and edit policies.
    WritePolicies = "write_policies",
    /// Delete policies.
    DeletePolicies = "delete_policies",
}
