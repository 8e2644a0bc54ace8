//! What can be asked of an account.

use std::sync::Arc;

use jiff::Timestamp;
use smol_str::SmolStr;

use super::{
    AttributeChanges, Attributes, KeyHolder, Policy, Principal, RoleAtScope, RoleRef, SecretHash, Settings,
};
use crate::catalog::Level;
use crate::ids::{
    GrantId, GroupId, InvitationId, KeyId, OfferId, PolicyId, ProjectId, ResourceId, RoleId,
    ServiceAccountId, UserId,
};
use crate::values::{Description, ExternalId, Name, ResourceUrl, RoleName};

/// What an edit does to an optional field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Leave it as it is.
    #[default]
    Keep,
    /// Take it away.
    Clear,
    /// Give it this value.
    Set(T),
}

impl<T: Clone> Patch<T> {
    /// The field after the edit.
    pub fn apply(&self, current: Option<&T>) -> Option<T> {
        match self {
            Self::Keep => current.cloned(),
            Self::Clear => None,
            Self::Set(value) => Some(value.clone()),
        }
    }
}

/// A person to be invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitee {
    /// The user with the invited email, possibly made for this invitation.
    pub user: UserId,
    /// The id that the invitation gets, so that its link can be made in the same commit.
    pub invitation: InvitationId,
}

/// A custom role as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSpec {
    /// Unique in the account.
    pub name: RoleName,
    /// What it is for.
    pub description: Description,
    /// Where it is granted.
    pub level: Level,
    /// Names of permissions; implied ones are added.
    pub permissions: Vec<SmolStr>,
    /// The caller's own name.
    pub external_id: Option<ExternalId>,
}

/// A resource as registered by a control plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceSpec {
    /// Name of a resource type of the catalog.
    pub resource_type: SmolStr,
    /// What people read.
    pub name: Name,
    /// The project; that of the parent, or the default one, when `None`.
    pub project: Option<ProjectId>,
    /// The resource that holds it.
    pub parent: Option<ResourceId>,
    /// The caller's own name.
    pub external_id: Option<ExternalId>,
    /// Where it is reached.
    pub url: Option<ResourceUrl>,
    /// What is said of it.
    pub attributes: Attributes,
}

/// What is asked. Ids refer to entities of the same account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Change the account's name.
    RenameAccount {
        /// The new name.
        name: Name,
    },
    /// Change the account's settings.
    ChangeSettings {
        /// All settings as they shall be.
        settings: Settings,
    },
    /// Delete the account with everything in it.
    DeleteAccount,

    /// Change a member's details.
    EditMember {
        /// The member.
        user: UserId,
        /// The caller's own name for the person.
        external_id: Patch<ExternalId>,
        /// What is said of the person.
        attributes: AttributeChanges,
    },
    /// Change when a membership ends by itself.
    SetMemberEnd {
        /// The member.
        user: UserId,
        /// From when on the member may do nothing; never when `None`.
        until: Option<Timestamp>,
    },
    /// Give a member exactly these account-level roles, besides the newcomer role.
    SetMemberRoles {
        /// The member.
        user: UserId,
        /// The roles.
        roles: Vec<RoleRef>,
    },
    /// Let an inactive member act again.
    ActivateMember {
        /// The member.
        user: UserId,
    },
    /// Let a member do nothing until activated.
    DeactivateMember {
        /// The member.
        user: UserId,
    },
    /// Take a member out of the account.
    RemoveMember {
        /// The member.
        user: UserId,
    },
    /// Leave the account oneself.
    Leave,

    /// Invite people, or give members of the account the grants at once.
    Invite {
        /// The people, each once.
        people: Vec<Invitee>,
        /// What each of them gets.
        grants: Vec<RoleAtScope>,
        /// The groups that each of them joins.
        groups: Vec<GroupId>,
        /// When the memberships end that come of it.
        member_until: Option<Timestamp>,
        /// What will be said of each of them.
        attributes: Attributes,
    },
    /// Send a waiting or expired invitation again: its lifetime restarts.
    ResendInvitation {
        /// The invitation.
        invitation: InvitationId,
    },
    /// Make a link to pass on by hand.
    CopyInvitationLink {
        /// The invitation.
        invitation: InvitationId,
    },
    /// Take a waiting invitation back.
    RevokeInvitation {
        /// The invitation.
        invitation: InvitationId,
    },
    /// Accept an invitation to oneself.
    AcceptInvitation {
        /// The invitation.
        invitation: InvitationId,
    },
    /// Decline an invitation to oneself.
    DeclineInvitation {
        /// The invitation.
        invitation: InvitationId,
    },

    /// Create a custom role.
    CreateRole {
        /// What it is.
        role: RoleSpec,
    },
    /// Change a custom role; what is `None` stays.
    EditRole {
        /// The role.
        role: RoleId,
        /// A new name.
        name: Option<RoleName>,
        /// A new description.
        description: Option<Description>,
        /// All permissions as they shall be.
        permissions: Option<Vec<SmolStr>>,
        /// The caller's own name.
        external_id: Patch<ExternalId>,
    },
    /// Delete a custom role.
    DeleteRole {
        /// The role.
        role: RoleId,
        /// The role that its holders get instead; without it, a role in use is not deleted.
        reassign_to: Option<RoleRef>,
    },

    /// Create a group.
    CreateGroup {
        /// Unique in the account.
        name: Name,
        /// What it is for.
        description: Description,
        /// The caller's own name.
        external_id: Option<ExternalId>,
    },
    /// Change a group; what is `None` stays.
    EditGroup {
        /// The group.
        group: GroupId,
        /// A new name.
        name: Option<Name>,
        /// A new description.
        description: Option<Description>,
        /// The caller's own name.
        external_id: Patch<ExternalId>,
    },
    /// Delete a group with its grants.
    DeleteGroup {
        /// The group.
        group: GroupId,
    },
    /// Put a member or a group into a group.
    AddToGroup {
        /// The group.
        group: GroupId,
        /// The member, or the group whose members shall have what the other was granted.
        member: Principal,
    },
    /// Take a member or a group out of a group.
    RemoveFromGroup {
        /// The group.
        group: GroupId,
        /// The member or group.
        member: Principal,
    },

    /// Grant a role; granting it again at the same scope changes its end.
    Grant {
        /// Who gets it.
        principal: Principal,
        /// The role, where, and until when.
        grant: RoleAtScope,
    },
    /// Take a grant back.
    RevokeGrant {
        /// The grant.
        grant: GrantId,
    },

    /// Create a project.
    CreateProject {
        /// Unique in the account.
        name: Name,
        /// What it is for.
        description: Description,
        /// The caller's own name.
        external_id: Option<ExternalId>,
    },
    /// Change a project; what is `None` stays.
    EditProject {
        /// The project.
        project: ProjectId,
        /// A new name.
        name: Option<Name>,
        /// A new description.
        description: Option<Description>,
        /// The caller's own name.
        external_id: Patch<ExternalId>,
    },
    /// Give up all that oneself was granted at a project and below.
    LeaveProject {
        /// The project.
        project: ProjectId,
    },
    /// Take away all that a member was granted at a project and below.
    RemoveFromProject {
        /// The project.
        project: ProjectId,
        /// The member.
        user: UserId,
    },
    /// Delete an empty project.
    DeleteProject {
        /// The project.
        project: ProjectId,
    },

    /// Register resources: all of them or none.
    RegisterResources {
        /// The resources; a later one may not name an earlier one of the same command as its parent.
        resources: Vec<ResourceSpec>,
    },
    /// Change a resource; what is `None` stays.
    EditResource {
        /// The resource.
        resource: ResourceId,
        /// A new name.
        name: Option<Name>,
        /// The caller's own name.
        external_id: Patch<ExternalId>,
        /// Where it is reached.
        url: Patch<ResourceUrl>,
        /// What is said of it.
        attributes: AttributeChanges,
    },
    /// Delete a resource that has no children.
    DeleteResource {
        /// The resource.
        resource: ResourceId,
    },

    /// Create a service account.
    CreateServiceAccount {
        /// Unique in the account.
        name: Name,
        /// What it is for.
        description: Description,
        /// The caller's own name.
        external_id: Option<ExternalId>,
        /// What it may do.
        grants: Vec<RoleAtScope>,
    },
    /// Change a service account; what is `None` stays.
    EditServiceAccount {
        /// The service account.
        service_account: ServiceAccountId,
        /// A new name.
        name: Option<Name>,
        /// A new description.
        description: Option<Description>,
        /// The caller's own name.
        external_id: Patch<ExternalId>,
        /// All that it may assert about the questions that it asks, such as `subject.department`.
        may_assert: Option<Vec<SmolStr>>,
    },
    /// Delete a service account with its keys and grants.
    DeleteServiceAccount {
        /// The service account.
        service_account: ServiceAccountId,
    },
    /// Make a management key.
    CreateKey {
        /// The id that is part of the key's text.
        key: KeyId,
        /// Whom it authenticates.
        holder: KeyHolder,
        /// What people read in lists.
        name: Name,
        /// SHA-256 of the secret.
        secret_hash: SecretHash,
        /// When it stops working.
        expires_at: Option<Timestamp>,
    },
    /// Delete a management key, which ends it.
    DeleteKey {
        /// The key.
        key: KeyId,
    },

    /// Create a policy.
    CreatePolicy {
        /// What it is.
        policy: Policy,
    },
    /// Change a policy; what is `None` stays.
    EditPolicy {
        /// The policy.
        policy: PolicyId,
        /// A new name.
        name: Option<Name>,
        /// A new description.
        description: Option<Description>,
        /// A new text.
        text: Option<Arc<str>>,
        /// Whether it counts from now on.
        enabled: Option<bool>,
    },
    /// Delete a policy.
    DeletePolicy {
        /// The policy.
        policy: PolicyId,
    },

    /// Offer ownership to a member.
    OfferOwnership {
        /// The member.
        to: UserId,
        /// Stay an owner beside the new one.
        keep: bool,
    },
    /// Take an offer back.
    WithdrawOwnership {
        /// The offer.
        offer: OfferId,
    },
    /// Accept an offer to oneself.
    AcceptOwnership {
        /// The offer.
        offer: OfferId,
    },
    /// Decline an offer to oneself.
    DeclineOwnership {
        /// The offer.
        offer: OfferId,
    },
}

impl Command {
    /// Stable name, as recorded when the command is refused.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RenameAccount { .. } => "rename_account",
            Self::ChangeSettings { .. } => "change_settings",
            Self::DeleteAccount => "delete_account",
            Self::EditMember { .. } => "edit_member",
            Self::SetMemberEnd { .. } => "set_member_end",
            Self::SetMemberRoles { .. } => "set_member_roles",
            Self::ActivateMember { .. } => "activate_member",
            Self::DeactivateMember { .. } => "deactivate_member",
            Self::RemoveMember { .. } => "remove_member",
            Self::Leave => "leave",
            Self::Invite { .. } => "invite",
            Self::ResendInvitation { .. } => "resend_invitation",
            Self::CopyInvitationLink { .. } => "copy_invitation_link",
            Self::RevokeInvitation { .. } => "revoke_invitation",
            Self::AcceptInvitation { .. } => "accept_invitation",
            Self::DeclineInvitation { .. } => "decline_invitation",
            Self::CreateRole { .. } => "create_role",
            Self::EditRole { .. } => "edit_role",
            Self::DeleteRole { .. } => "delete_role",
            Self::CreateGroup { .. } => "create_group",
            Self::EditGroup { .. } => "edit_group",
            Self::DeleteGroup { .. } => "delete_group",
            Self::AddToGroup { .. } => "add_to_group",
            Self::RemoveFromGroup { .. } => "remove_from_group",
            Self::Grant { .. } => "grant",
            Self::RevokeGrant { .. } => "revoke_grant",
            Self::CreateProject { .. } => "create_project",
            Self::EditProject { .. } => "edit_project",
            Self::LeaveProject { .. } => "leave_project",
            Self::RemoveFromProject { .. } => "remove_from_project",
            Self::DeleteProject { .. } => "delete_project",
            Self::RegisterResources { .. } => "register_resources",
            Self::EditResource { .. } => "edit_resource",
            Self::DeleteResource { .. } => "delete_resource",
            Self::CreateServiceAccount { .. } => "create_service_account",
            Self::EditServiceAccount { .. } => "edit_service_account",
            Self::DeleteServiceAccount { .. } => "delete_service_account",
            Self::CreateKey { .. } => "create_key",
            Self::DeleteKey { .. } => "delete_key",
            Self::CreatePolicy { .. } => "create_policy",
            Self::EditPolicy { .. } => "edit_policy",
            Self::DeletePolicy { .. } => "delete_policy",
            Self::OfferOwnership { .. } => "offer_ownership",
            Self::WithdrawOwnership { .. } => "withdraw_ownership",
            Self::AcceptOwnership { .. } => "accept_ownership",
            Self::DeclineOwnership { .. } => "decline_ownership",
        }
    }
}
