//! Putting and dropping entities, each with what follows from it in the index. One `put_…` per kind, shared by events and by
//! rows that are loaded.

use std::sync::Arc;

use imbl::OrdMap;
use smol_str::SmolStr;
use uuid::Uuid;

use super::{
    Account, Attributes, Grant, Invitation, InvitationStatus, Key, Member, MemberEnd, MemberStatus, Offer,
    Principal, Profile, Project, Resource, Role, Taken, Versioned,
};
use crate::access::SubjectKind;
use crate::catalog::PermissionSet;
use crate::ids::{
    GrantId, GroupId, Id, InvitationId, KeyId, OfferId, ProjectId, ResourceId, Revision, RoleId,
    ServiceAccountId, UserId,
};
use crate::values::ExternalId;

impl Account {
    pub(super) fn set_profile(&mut self, profile: Profile) {
        self.profile = Versioned { revision: self.revision, value: profile };
    }

    pub(super) fn put_member(&mut self, user: UserId, member: Member, revision: Revision) {
        let kind = kind_of(&self.member_ends, user, member.status);
        self.take_external(Taken::Member, member.external_id.as_ref(), user.uuid());
        match self.members.insert(user, Versioned { revision, value: member }) {
            None => self.index.add_subject(user.uuid(), kind),
            Some(old) if kind_of(&self.member_ends, user, old.value.status) != kind => {
                self.index.set_kind(user.uuid(), kind);
            }
            // An entry of the index that stays the same is not copied.
            Some(_) => {}
        }
    }

    pub(super) fn put_member_attributes(&mut self, user: UserId, attributes: &Attributes) {
        if attributes.is_empty() {
            self.member_attributes.remove(&user);
        } else {
            self.member_attributes.insert(user, Arc::new(attributes.clone()));
        }
    }

    /// Enters the members, who is in which group, and the grants that are in their maps already. Projects, resources, roles,
    /// groups and service accounts are entered.
    pub(super) fn load(&mut self) {
        let kinds = self.members.iter();
        let kinds =
            kinds.map(|(user, found)| (user.uuid(), kind_of(&self.member_ends, *user, found.value.status)));
        let grants = self.grants.iter().map(|(id, found)| (*id, &found.value));
        self.index.load(&self.catalog, kinds, self.members.len(), self.group_members.iter().copied(), grants);
        for (user, found) in &self.members.clone() {
            self.take_external(Taken::Member, found.value.external_id.as_ref(), user.uuid());
        }
        for (id, found) in &self.grants.clone() {
            self.watch(*id, &found.value);
            self.deadlines.put_grant(*id, &found.value);
        }
        for (user, end) in &self.member_ends.clone() {
            self.index.set_end(user.uuid(), Some(end.until));
            self.deadlines.put_member(*user, *end);
        }
        self.load_nesting();
    }

    pub(super) fn set_member_end(&mut self, user: UserId, until: Option<jiff::Timestamp>) {
        let Some(member) = self.members.get(&user).map(|found| &found.value) else { return };
        let (status, joined_at) = (member.status, member.joined_at);
        let end = until.map(|until| MemberEnd { until, told: self.is_brief(joined_at, Some(until)) });
        self.replace_member_end(user, end);
        self.index.set_end(user.uuid(), until);
        self.index.set_kind(user.uuid(), kind_of(&self.member_ends, user, status));
    }

    pub(super) fn tell_member_end(&mut self, user: UserId) {
        let end = self.member_ends.get(&user).copied();
        self.replace_member_end(user, end.map(|end| MemberEnd { told: true, ..end }));
    }

    fn replace_member_end(&mut self, user: UserId, end: Option<MemberEnd>) {
        let old = match end {
            Some(end) => self.member_ends.insert(user, end),
            None => self.member_ends.remove(&user),
        };
        if let Some(old) = old {
            self.deadlines.remove_member(user, old);
        }
        if let Some(end) = end {
            self.deadlines.put_member(user, end);
        }
    }

    pub(super) fn edit_stored_member(&mut self, user: UserId, change: impl FnOnce(&mut Member)) {
        if let Some(mut member) = self.members.get(&user).map(|member| member.value.clone()) {
            self.untake_external(Taken::Member, member.external_id.as_ref());
            change(&mut member);
            self.put_member(user, member, self.revision);
        }
    }

    pub(super) fn drop_member(&mut self, user: UserId) {
        if let Some(old) = self.members.remove(&user) {
            self.untake_external(Taken::Member, old.value.external_id.as_ref());
        }
        self.replace_member_end(user, None);
        self.index.set_end(user.uuid(), None);
        self.index.remove_subject(user.uuid());
    }

    pub(super) fn put_invitation(&mut self, id: InvitationId, invitation: Invitation, revision: Revision) {
        if invitation.status == InvitationStatus::Pending {
            self.waiting.insert(invitation.user, id);
            self.sponsored.insert((invitation.sponsor, id));
        } else if self.waiting.get(&invitation.user) == Some(&id) {
            self.waiting.remove(&invitation.user);
        }
        self.deadlines.put_invitation(id, &invitation);
        let invitation = Arc::new(Versioned { revision, value: invitation });
        if let Some(old) = self.invitations.insert(id, Arc::clone(&invitation)) {
            self.deadlines.replace_invitation(id, &old.value, &invitation.value);
        }
    }

    pub(super) fn edit_stored_invitation(&mut self, id: InvitationId, change: impl FnOnce(&mut Invitation)) {
        if let Some(mut invitation) = self.invitations.get(&id).map(|found| found.value.clone()) {
            self.sponsored.remove(&(invitation.sponsor, id));
            change(&mut invitation);
            self.put_invitation(id, invitation, self.revision);
        }
    }

    pub(super) fn drop_ended_invitation(&mut self, id: InvitationId) {
        // Only one that has ended is forgotten, so that it is in no map of those that wait.
        if self.invitation(id).is_some_and(|found| found.value.status != InvitationStatus::Pending) {
            self.invitations.remove(&id);
        }
    }

    pub(super) fn end_invitation(&mut self, id: InvitationId, status: InvitationStatus) {
        self.edit_stored_invitation(id, |invitation| invitation.status = status);
    }

    pub(super) fn put_role(&mut self, id: RoleId, role: Role, revision: Revision) {
        self.untake_role(id);
        self.enter_role(id, &role);
        self.roles.insert(id, Arc::new(Versioned { revision, value: role }));
    }

    /// Enters the roles that are in their map already.
    pub(super) fn load_roles(&mut self) {
        for (id, found) in &self.roles.clone() {
            self.enter_role(*id, &found.value);
        }
    }

    /// Everything about a role but its entity.
    fn enter_role(&mut self, id: RoleId, role: &Role) {
        self.take(Taken::RoleName, role.name.folded(), id.uuid());
        self.take_external(Taken::Role, role.external_id.as_ref(), id.uuid());
        let permissions: PermissionSet =
            role.permissions.iter().filter_map(|name| self.catalog.permission(name)).collect();
        self.index.set_role(id, permissions);
    }

    pub(super) fn drop_role(&mut self, id: RoleId) {
        self.untake_role(id);
        self.roles.remove(&id);
        self.index.remove_role(id);
    }

    fn untake_role(&mut self, id: RoleId) {
        if let Some(old) = self.roles.get(&id).cloned() {
            self.untake(Taken::RoleName, &old.value.name.folded());
            self.untake_external(Taken::Role, old.value.external_id.as_ref());
        }
    }

    pub(super) fn put_group(&mut self, id: GroupId, group: super::Group, revision: Revision) {
        match self.groups.get(&id).cloned() {
            Some(old) => {
                self.untake(Taken::GroupName, &old.value.name.folded());
                self.untake_external(Taken::Group, old.value.external_id.as_ref());
            }
            None => self.index.add_subject(id.uuid(), SubjectKind::Group),
        }
        self.take(Taken::GroupName, group.name.folded(), id.uuid());
        self.take_external(Taken::Group, group.external_id.as_ref(), id.uuid());
        self.groups.insert(id, Arc::new(Versioned { revision, value: group }));
    }

    pub(super) fn drop_group(&mut self, id: GroupId) {
        if let Some(old) = self.groups.remove(&id) {
            self.untake(Taken::GroupName, &old.value.name.folded());
            self.untake_external(Taken::Group, old.value.external_id.as_ref());
        }
        self.index.remove_subject(id.uuid());
    }

    pub(super) fn put_group_member(&mut self, group: GroupId, member: Principal) {
        match member {
            Principal::Member(user) => {
                self.group_members.insert((group, user));
                self.index.join_group(user.uuid(), group);
            }
            Principal::Group(inner) => self.nest(group, inner),
            // Machines are in no group; see `Decision::add_to_group`.
            Principal::ServiceAccount(_) => {}
        }
    }

    pub(super) fn drop_group_member(&mut self, group: GroupId, member: Principal) {
        match member {
            Principal::Member(user) => {
                self.group_members.remove(&(group, user));
                self.index.leave_group(user.uuid(), group);
            }
            Principal::Group(inner) => self.unnest(group, inner),
            Principal::ServiceAccount(_) => {}
        }
    }

    pub(super) fn put_grant(&mut self, id: GrantId, mut grant: Grant, revision: Revision) {
        grant.scope = self.index.shared(grant.scope);
        self.watch(id, &grant);
        self.deadlines.put_grant(id, &grant);
        self.index.add_grant(&self.catalog, id, &grant);
        if let Some(backwards) = self.searched.get_mut() {
            backwards.add_grant(&self.index, &self.catalog, &grant);
        }
        self.grants.insert(id, Versioned { revision, value: grant });
    }

    fn watch(&mut self, id: GrantId, grant: &Grant) {
        if self.is_watched(&grant.role) {
            self.watched.insert((grant.role.clone(), grant.scope.clone(), id));
        }
    }

    pub(super) fn edit_stored_grant(&mut self, id: GrantId, change: impl FnOnce(&mut Grant)) {
        if let Some(mut grant) = self.grants.get(&id).map(|found| found.value.clone()) {
            self.drop_grant(id);
            change(&mut grant);
            self.put_grant(id, grant, self.revision);
        }
    }

    /// Gives a grant another end.
    pub(super) fn end_stored_grant(&mut self, id: GrantId, until: Option<jiff::Timestamp>) {
        let made_at = self.grant(id).map(|grant| grant.value.made_at);
        let told = made_at.is_some_and(|made_at| self.is_brief(made_at, until));
        self.edit_stored_grant(id, |grant| (grant.until, grant.told) = (until, told));
    }

    pub(super) fn drop_grant(&mut self, id: GrantId) {
        let Some(old) = self.grants.remove(&id) else { return };
        self.deadlines.remove_grant(id, &old.value);
        if self.is_watched(&old.value.role) {
            self.watched.remove(&(old.value.role.clone(), old.value.scope.clone(), id));
        }
        self.index.remove_grant(&self.catalog, id, &old.value);
        if let Some(backwards) = self.searched.get_mut() {
            backwards.remove_grant(&self.index, &self.catalog, id, &old.value);
        }
    }

    pub(super) fn put_project(&mut self, id: ProjectId, project: Project, revision: Revision) {
        match self.projects.get(&id).cloned() {
            Some(old) => {
                self.untake(Taken::ProjectName, &old.value.name.folded());
                self.untake_external(Taken::Project, old.value.external_id.as_ref());
            }
            None => self.index.add_project(id),
        }
        self.take(Taken::ProjectName, project.name.folded(), id.uuid());
        self.take_external(Taken::Project, project.external_id.as_ref(), id.uuid());
        self.projects.insert(id, Arc::new(Versioned { revision, value: project }));
    }

    pub(super) fn drop_project(&mut self, id: ProjectId) {
        if let Some(old) = self.projects.remove(&id) {
            self.untake(Taken::ProjectName, &old.value.name.folded());
            self.untake_external(Taken::Project, old.value.external_id.as_ref());
        }
        self.index.remove_node(id.uuid());
    }

    pub(super) fn put_resource(&mut self, id: ResourceId, resource: Resource, revision: Revision) {
        let old = self.resources.get(&id).cloned();
        if let Some(old) = &old {
            self.untake_external(Taken::Resource, old.value.external_id.as_ref());
        } else {
            let of = self.catalog.resource_type(&resource.resource_type);
            self.index.add_resource(id, of, resource.project, resource.parent);
            if let Some(backwards) = self.searched.get_mut() {
                backwards.add_resource(&self.index, id);
            }
            self.in_project.insert((resource.project, id));
            if let Some(parent) = resource.parent {
                self.children.insert((parent, id));
            }
        }
        self.take_external(Taken::Resource, resource.external_id.as_ref(), id.uuid());
        let is_other = old.is_some_and(|old| old.value.resource_type != resource.resource_type);
        self.resources.insert(id, Arc::new(Versioned { revision, value: resource }));
        if is_other {
            self.retype(id);
        }
    }

    pub(super) fn drop_resource(&mut self, id: ResourceId) {
        let Some(old) = self.resources.remove(&id) else { return };
        self.untake_external(Taken::Resource, old.value.external_id.as_ref());
        self.in_project.remove(&(old.value.project, id));
        if let Some(parent) = old.value.parent {
            self.children.remove(&(parent, id));
        }
        if let Some(backwards) = self.searched.get_mut() {
            backwards.remove_resource(&self.index, id);
        }
        self.index.remove_node(id.uuid());
    }

    pub(super) fn put_service_account(
        &mut self,
        id: ServiceAccountId,
        service_account: super::ServiceAccount,
        revision: Revision,
    ) {
        match self.service_accounts.get(&id).cloned() {
            Some(old) => {
                self.untake(Taken::ServiceAccountName, &old.value.name.folded());
                self.untake_external(Taken::ServiceAccount, old.value.external_id.as_ref());
            }
            None => self.index.add_subject(id.uuid(), SubjectKind::ServiceAccount),
        }
        self.take(Taken::ServiceAccountName, service_account.name.folded(), id.uuid());
        self.take_external(Taken::ServiceAccount, service_account.external_id.as_ref(), id.uuid());
        self.service_accounts.insert(id, Arc::new(Versioned { revision, value: service_account }));
    }

    pub(super) fn drop_service_account(&mut self, id: ServiceAccountId) {
        if let Some(old) = self.service_accounts.remove(&id) {
            self.untake(Taken::ServiceAccountName, &old.value.name.folded());
            self.untake_external(Taken::ServiceAccount, old.value.external_id.as_ref());
        }
        self.index.remove_subject(id.uuid());
    }

    pub(super) fn put_key(&mut self, id: KeyId, key: Key, revision: Revision) {
        self.drop_key(id);
        self.deadlines.put_key(id, &key);
        self.keys_of.insert((key.holder, id));
        self.keys.insert(id, Arc::new(Versioned { revision, value: key }));
    }

    pub(super) fn drop_key(&mut self, id: KeyId) {
        let Some(old) = self.keys.remove(&id) else { return };
        self.deadlines.remove_key(id, &old.value);
        self.keys_of.remove(&(old.value.holder, id));
    }

    pub(super) fn put_offer(&mut self, id: OfferId, offer: Offer, revision: Revision) {
        self.drop_offer(id);
        self.deadlines.put_offer(id, &offer);
        self.offers.insert(id, Versioned { revision, value: offer });
    }

    pub(super) fn drop_offer(&mut self, id: OfferId) {
        if let Some(old) = self.offers.remove(&id) {
            self.deadlines.remove_offer(id, &old.value);
        }
    }

    pub(super) fn take(&mut self, kind: Taken, text: SmolStr, by: Uuid) {
        self.taken.insert((kind, text), by);
    }

    pub(super) fn untake(&mut self, kind: Taken, text: &SmolStr) {
        self.taken.remove(&(kind, text.clone()));
    }

    fn take_external(&mut self, kind: Taken, external_id: Option<&ExternalId>, by: Uuid) {
        if let Some(external_id) = external_id {
            self.take(kind, SmolStr::new(external_id.as_str()), by);
        }
    }

    fn untake_external(&mut self, kind: Taken, external_id: Option<&ExternalId>) {
        if let Some(external_id) = external_id {
            self.untake(kind, &SmolStr::new(external_id.as_str()));
        }
    }
}

/// The kind of a member's entry in the index.
fn kind_of(ends: &OrdMap<UserId, MemberEnd>, user: UserId, status: MemberStatus) -> SubjectKind {
    match status {
        MemberStatus::Active if ends.contains_key(&user) => SubjectKind::EndingMember,
        MemberStatus::Active => SubjectKind::ActiveMember,
        MemberStatus::Inactive | MemberStatus::Pending => SubjectKind::InactiveMember,
    }
}
