//! From events to the next account. Total: an event that does not fit changes nothing.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use smol_str::SmolStr;

use super::{
    Account, EntityKey, Event, Grant, InvitationStatus, Key, Member, MemberStatus, Profile, Scope, Settings,
    Versioned,
};
use crate::access::{AccessIndex, Searched};
use crate::catalog::Catalog;
use crate::ids::{AccountId, Revision};
use crate::values::Name;

impl Account {
    /// An account before its first event.
    pub(crate) fn empty(id: AccountId, catalog: Arc<Catalog>) -> Self {
        let profile = Profile {
            name: Name::default_project(),
            catalog: SmolStr::new(&catalog.name),
            opened_at: jiff::Timestamp::UNIX_EPOCH,
            settings: Settings::default(),
            deleted_at: None,
        };
        Self {
            id,
            revision: Revision::default(),
            profile: Versioned { revision: Revision::default(), value: profile },
            is_seen_whole: false,
            index: AccessIndex::new(&catalog),
            searched: Searched::default(),
            catalog,
            members: OrdMap::new(),
            member_ends: OrdMap::new(),
            invitations: OrdMap::new(),
            roles: OrdMap::new(),
            groups: OrdMap::new(),
            group_members: OrdSet::new(),
            nested: OrdSet::new(),
            nested_in: OrdSet::new(),
            grants: OrdMap::new(),
            projects: OrdMap::new(),
            resources: OrdMap::new(),
            service_accounts: OrdMap::new(),
            keys: OrdMap::new(),
            offers: OrdMap::new(),
            taken: OrdMap::new(),
            waiting: OrdMap::new(),
            sponsored: OrdSet::new(),
            children: OrdSet::new(),
            in_project: OrdSet::new(),
            policies: OrdMap::new(),
            member_attributes: OrdMap::new(),
            former_bearers: OrdMap::new(),
            statements: OrdMap::new(),
            rules: None,
            keys_of: OrdSet::new(),
            watched: OrdSet::new(),
            deadlines: super::deadlines::Deadlines::default(),
        }
    }

    /// The account that a history comes to: the events of each commit, from the first on.
    pub fn replay<'e>(
        id: AccountId,
        catalog: Arc<Catalog>,
        commits: impl IntoIterator<Item = &'e [Event]>,
    ) -> Self {
        let mut account = Self::empty(id, catalog);
        commits.into_iter().for_each(|events| account.apply(events));
        account
    }

    /// Applies the events of one commit and moves to the next revision.
    pub fn apply(&mut self, events: &[Event]) {
        self.revision = self.revision.next();
        for event in events {
            self.evolve(event);
        }
        self.catch_up_with_searches();
        // Once for all policies of a commit: it looks at every one that the account has.
        let is_of_policy = |event: &Event| {
            matches!(
                event,
                Event::PolicyCreated { .. } | Event::PolicyEdited { .. } | Event::PolicyDeleted { .. }
            )
        };
        if events.iter().any(is_of_policy) {
            self.rewrite_rules();
        }
    }

    pub(super) fn evolve(&mut self, event: &Event) {
        match event {
            Event::AccountOpened { name, catalog, at } => {
                let settings = Settings::default();
                let (name, catalog) = (name.clone(), catalog.clone());
                self.set_profile(Profile { name, catalog, opened_at: *at, settings, deleted_at: None });
            }
            Event::AccountRenamed { after, .. } => {
                self.set_profile(Profile { name: after.clone(), ..self.profile.value.clone() });
            }
            Event::SettingsChanged { after, .. } => {
                self.set_profile(Profile { settings: after.clone(), ..self.profile.value.clone() });
            }
            Event::AccountDeleted { at } => {
                self.set_profile(Profile { deleted_at: Some(*at), ..self.profile.value.clone() });
            }
            Event::MemberJoined { user, at, until, .. } => {
                let member = Member { status: MemberStatus::Active, joined_at: *at, external_id: None };
                self.put_member(*user, member, self.revision);
                self.set_member_end(*user, *until);
            }
            Event::MemberEndChanged { user, after, .. } => {
                self.edit_stored_member(*user, |_| {});
                self.set_member_end(*user, *after);
            }
            Event::MemberEnding { user, .. } => self.tell_member_end(*user),
            Event::MemberExpired { user, .. } => {
                self.edit_stored_member(*user, |member| member.status = MemberStatus::Inactive);
                self.set_member_end(*user, None);
            }
            Event::MemberEdited { user, after, .. } => {
                self.edit_stored_member(*user, |member| member.external_id.clone_from(after));
            }
            Event::MemberActivated { user } => {
                self.edit_stored_member(*user, |member| member.status = MemberStatus::Active);
            }
            Event::MemberDeactivated { user } => {
                self.edit_stored_member(*user, |member| member.status = MemberStatus::Inactive);
            }
            Event::MemberRemoved { user, .. } | Event::MemberLeft { user, .. } => self.drop_member(*user),
            Event::InvitationSent { id, invitation } => {
                self.put_invitation(*id, invitation.clone(), self.revision);
            }
            Event::InvitationResent { id, sponsor, after, .. } => {
                self.edit_stored_invitation(*id, |invitation| {
                    invitation.sponsor = *sponsor;
                    invitation.expires_at = *after;
                    invitation.told = false;
                });
            }
            Event::InvitationEdited { id, after, .. } => {
                self.edit_stored_invitation(*id, |invitation| invitation.grants.clone_from(after));
            }
            Event::InvitationRevoked { id, .. } => self.end_invitation(*id, InvitationStatus::Revoked),
            Event::InvitationAccepted { id, .. } => self.end_invitation(*id, InvitationStatus::Accepted),
            Event::InvitationDeclined { id } => self.end_invitation(*id, InvitationStatus::Declined),
            Event::InvitationExpired { id, .. } => {
                self.edit_stored_invitation(*id, |invitation| invitation.told = true);
            }
            Event::InvitationForgotten { id, .. } => self.drop_ended_invitation(*id),
            Event::RoleCreated { id, role } | Event::RoleEdited { id, after: role, .. } => {
                self.put_role(*id, role.clone(), self.revision);
            }
            Event::RoleDeleted { id, .. } => self.drop_role(*id),
            Event::GroupCreated { id, group } | Event::GroupEdited { id, after: group, .. } => {
                self.put_group(*id, group.clone(), self.revision);
            }
            Event::GroupDeleted { id, .. } => self.drop_group(*id),
            Event::GroupMemberAdded { group, member } => self.put_group_member(*group, *member),
            Event::GroupMemberRemoved { group, member } => self.drop_group_member(*group, *member),
            Event::GrantMade { id, grant } => {
                let told = grant.told || self.is_brief(grant.made_at, grant.until);
                self.put_grant(*id, Grant { told, ..grant.clone() }, self.revision);
            }
            Event::GrantExtended { id, after, .. } => self.end_stored_grant(*id, *after),
            Event::GrantEnding { id, .. } => self.edit_stored_grant(*id, |grant| grant.told = true),
            Event::GrantNarrowed { id, resource, .. } => {
                self.edit_stored_grant(*id, |grant| {
                    if let Scope::Resources(ids) = &grant.scope {
                        grant.scope =
                            Scope::Resources(ids.iter().copied().filter(|id| id != resource).collect());
                    }
                });
            }
            Event::GrantRevoked { id, .. } | Event::GrantExpired { id, .. } => self.drop_grant(*id),
            Event::ProjectCreated { id, project } | Event::ProjectEdited { id, after: project, .. } => {
                self.put_project(*id, project.clone(), self.revision);
            }
            Event::ProjectDeleted { id, .. } => self.drop_project(*id),
            Event::ResourceRegistered { id, resource }
            | Event::ResourceEdited { id, after: resource, .. } => {
                self.put_resource(*id, resource.clone(), self.revision);
            }
            Event::ResourceDeleted { id, .. } => self.drop_resource(*id),
            Event::ServiceAccountCreated { id, service_account: after }
            | Event::ServiceAccountEdited { id, after, .. } => {
                self.put_service_account(*id, after.clone(), self.revision);
            }
            Event::ServiceAccountDeleted { id, .. } => self.drop_service_account(*id),
            Event::KeyCreated { id, key } => {
                let told = key.told || self.is_brief(key.made_at, key.expires_at);
                self.put_key(*id, Key { told, ..key.clone() }, self.revision);
            }
            Event::KeyEnding { id, .. } => {
                if let Some(key) = self.key(*id).map(|found| found.value.clone()) {
                    self.put_key(*id, Key { told: true, ..key }, self.revision);
                }
            }
            Event::KeyDeleted { id, .. } | Event::KeyExpired { id, .. } => self.drop_key(*id),
            Event::MemberAttributesChanged { user, after, .. } => self.put_member_attributes(*user, after),
            Event::PolicyCreated { id, policy } | Event::PolicyEdited { id, after: policy, .. } => {
                self.put_policy(*id, policy.clone(), self.revision);
            }
            Event::PolicyDeleted { id, .. } => self.drop_policy(*id),
            Event::ExternalIdFreed { id, former } => {
                self.put_former_bearer(*id, former.clone(), self.revision);
            }
            Event::ExternalIdForgotten { id, .. } => self.drop_former_bearer(*id),
            Event::OwnershipOffered { id, offer } => self.put_offer(*id, offer.clone(), self.revision),
            Event::OwnershipWithdrawn { id, .. }
            | Event::OwnershipDeclined { id, .. }
            | Event::OwnershipExpired { id, .. }
            | Event::OwnershipAccepted { id, .. } => self.drop_offer(*id),
            Event::InvitationLinkCopied { .. }
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

    /// Moves a holder of grants or members to the present revision, if it is still there.
    pub(super) fn mark_changed(&mut self, holder: EntityKey) {
        let stored = match holder {
            EntityKey::Member(id) => self.members.get_mut(&id).map(|found| &mut found.revision),
            EntityKey::Group(id) => self.groups.get_mut(&id).map(|found| &mut Arc::make_mut(found).revision),
            EntityKey::ServiceAccount(id) => {
                self.service_accounts.get_mut(&id).map(|found| &mut Arc::make_mut(found).revision)
            }
            _ => None,
        };
        if let Some(stored) = stored {
            *stored = self.revision;
        }
    }
}
