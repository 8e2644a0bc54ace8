//! From events back to the account before them: the cost is the distance, not the size of the account.

use super::{
    Account, Event, Invitation, InvitationStatus, Key, Member, MemberStatus, Profile, Scope, SecretHash,
};
use crate::ids::{InvitationId, Revision};

/// An account on its way to an earlier revision.
///
/// Undone newest first, every event behind a revision, this is the account that replaying all events up to it gives, in
/// every answer about access too. Three things differ, which nothing needs: an entity that changed since bears the wanted
/// revision, not the earlier one at which it had changed before, a deleted key comes back as [`SecretHash::GONE`], and
/// whether somebody was told of an end stays as it is now.
#[derive(Debug, Clone)]
pub struct Undo {
    account: Account,
    to: Revision,
}

impl Undo {
    /// Starts from an account that has been at the wanted revision.
    pub fn new(mut from: Account, to: Revision) -> Self {
        // From here on, whatever is put bears it.
        from.revision = to;
        // A search of the past makes its own index, if there ever is one: keeping it up would double the way.
        from.searched = crate::access::Searched::default();
        Self { account: from, to }
    }

    /// Takes the newest event that is not undone yet back.
    pub fn event(&mut self, event: &Event) {
        self.account.undo(event);
    }

    /// The account as it was.
    pub fn finish(mut self) -> Account {
        self.account.rewrite_rules();
        debug_assert_eq!(self.account.revision, self.to);
        self.account
    }
}

impl Account {
    /// The opposite of what `evolve` does with the event. Total: an event that does not fit changes nothing.
    fn undo(&mut self, event: &Event) {
        let to = self.revision;
        match event {
            Event::AccountRenamed { before, .. } => {
                self.set_profile(Profile { name: before.clone(), ..self.profile.value.clone() });
            }
            Event::SettingsChanged { before, .. } => {
                self.set_profile(Profile { settings: before.clone(), ..self.profile.value.clone() });
            }
            Event::AccountDeleted { .. } => {
                self.set_profile(Profile { deleted_at: None, ..self.profile.value.clone() });
            }
            Event::MemberJoined { user, .. } => self.drop_member(*user),
            Event::MemberEdited { user, before, .. } => {
                self.edit_stored_member(*user, |member| member.external_id.clone_from(before));
            }
            Event::MemberActivated { user } => {
                self.edit_stored_member(*user, |member| member.status = MemberStatus::Inactive);
            }
            Event::MemberDeactivated { user } => {
                self.edit_stored_member(*user, |member| member.status = MemberStatus::Active);
            }
            Event::MemberEndChanged { user, before, .. } => {
                self.edit_stored_member(*user, |_| {});
                self.set_member_end(*user, *before);
            }
            Event::MemberExpired { user, until, before } => {
                self.edit_stored_member(*user, |member| member.status = *before);
                self.set_member_end(*user, Some(*until));
            }
            Event::MemberRemoved { user, member, until } | Event::MemberLeft { user, member, until } => {
                self.put_member(*user, Member::clone(member), to);
                self.set_member_end(*user, *until);
            }
            Event::InvitationSent { id, invitation } => self.unsend(*id, invitation),
            Event::InvitationResent { id, before_sponsor, before, .. } => {
                self.edit_stored_invitation(*id, |invitation| {
                    invitation.sponsor = *before_sponsor;
                    invitation.expires_at = *before;
                });
            }
            Event::InvitationEdited { id, before, .. } => {
                self.edit_stored_invitation(*id, |invitation| invitation.grants.clone_from(before));
            }
            // Only what waits can end in one of these ways.
            Event::InvitationRevoked { id, .. }
            | Event::InvitationAccepted { id, .. }
            | Event::InvitationDeclined { id } => self.end_invitation(*id, InvitationStatus::Pending),
            Event::InvitationForgotten { id, invitation } => {
                self.put_invitation(*id, invitation.clone(), to);
            }
            Event::RoleCreated { id, .. } => self.drop_role(*id),
            Event::RoleEdited { id, before: role, .. } | Event::RoleDeleted { id, role } => {
                self.put_role(*id, role.clone(), to);
            }
            Event::GroupCreated { id, .. } => self.drop_group(*id),
            Event::GroupEdited { id, before: group, .. } | Event::GroupDeleted { id, group } => {
                self.put_group(*id, group.clone(), to);
            }
            Event::GroupMemberAdded { group, member } => self.drop_group_member(*group, *member),
            Event::GroupMemberRemoved { group, member } => self.put_group_member(*group, *member),
            Event::GrantMade { id, .. } => self.drop_grant(*id),
            Event::GrantExtended { id, before, .. } => self.end_stored_grant(*id, *before),
            Event::GrantNarrowed { id, resource, .. } => self.edit_stored_grant(*id, |grant| {
                if let Scope::Resources(ids) = &grant.scope {
                    grant.scope = Scope::resources(ids.iter().copied().chain([*resource]));
                }
            }),
            Event::GrantRevoked { id, grant, .. } | Event::GrantExpired { id, grant } => {
                self.put_grant(*id, grant.clone(), to);
            }
            Event::ProjectCreated { id, .. } => self.drop_project(*id),
            Event::ProjectEdited { id, before: project, .. } | Event::ProjectDeleted { id, project } => {
                self.put_project(*id, project.clone(), to);
            }
            Event::ResourceRegistered { id, .. } => self.drop_resource(*id),
            Event::ResourceEdited { id, before: resource, .. } | Event::ResourceDeleted { id, resource } => {
                self.put_resource(*id, resource.clone(), to);
            }
            Event::ServiceAccountCreated { id, .. } => self.drop_service_account(*id),
            Event::ServiceAccountEdited { id, before: service_account, .. }
            | Event::ServiceAccountDeleted { id, service_account } => {
                self.put_service_account(*id, service_account.clone(), to);
            }
            Event::KeyCreated { id, .. } => self.drop_key(*id),
            Event::KeyDeleted { id, holder, name, expires_at, made_by, made_at, .. } => {
                let key = Key {
                    holder: *holder,
                    name: name.clone(),
                    secret_hash: SecretHash::GONE,
                    expires_at: *expires_at,
                    made_by: *made_by,
                    made_at: *made_at,
                    told: self.is_brief(*made_at, *expires_at),
                };
                self.put_key(*id, key, to);
            }
            Event::KeyExpired { id, holder, name, until, made_by, made_at } => {
                let key = Key {
                    holder: *holder,
                    name: name.clone(),
                    secret_hash: SecretHash::GONE,
                    expires_at: Some(*until),
                    made_by: *made_by,
                    made_at: *made_at,
                    told: self.is_brief(*made_at, Some(*until)),
                };
                self.put_key(*id, key, to);
            }
            Event::OwnershipOffered { id, .. } => self.drop_offer(*id),
            Event::OwnershipWithdrawn { id, offer, .. }
            | Event::OwnershipDeclined { id, offer }
            | Event::OwnershipExpired { id, offer }
            | Event::OwnershipAccepted { id, offer } => self.put_offer(*id, offer.clone(), to),
            Event::MemberAttributesChanged { user, before, .. } => self.put_member_attributes(*user, before),
            Event::PolicyCreated { id, .. } => self.drop_policy(*id),
            Event::PolicyEdited { id, before: policy, .. } | Event::PolicyDeleted { id, policy } => {
                self.put_policy(*id, policy.clone(), to);
            }
            Event::ExternalIdFreed { id, .. } => self.drop_former_bearer(*id),
            Event::ExternalIdForgotten { id, former } => self.put_former_bearer(*id, former.clone(), to),
            // There is nothing before the first event, and the others only record.
            Event::AccountOpened { .. }
            | Event::MemberEnding { .. }
            | Event::GrantEnding { .. }
            | Event::KeyEnding { .. }
            | Event::InvitationExpired { .. }
            | Event::InvitationLinkCopied { .. }
            | Event::SignedIn { .. }
            | Event::SignInRefused { .. }
            | Event::SignedOut { .. }
            | Event::PasswordResetLinkMade { .. }
            | Event::PasswordChanged { .. }
            | Event::Refused { .. }
            | Event::EventsExported { .. } => {}
        }
        if let Some(holder) = event.holder() {
            self.mark_changed(holder);
        }
    }

    /// Takes an invitation out that had not been sent.
    fn unsend(&mut self, id: InvitationId, sent: &Invitation) {
        if self.waiting.get(&sent.user) == Some(&id) {
            self.waiting.remove(&sent.user);
        }
        self.sponsored.remove(&(sent.sponsor, id));
        if let Some(old) = self.invitations.remove(&id) {
            self.deadlines.remove_invitation(id, &old.value);
        }
    }
}
