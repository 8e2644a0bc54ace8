//! Members, and the roles that a principal has.

use bailiwick_client::wire;
use bailiwick_core::account::{MemberStatus, Principal, RoleAtScope};
use bailiwick_core::ids::{GroupId, UserId};

use super::{Views, scope};
use crate::api::attributes::shown as shown_attributes;

impl Views<'_> {
    /// A member, or who was invited and has not answered; `None` for strangers.
    pub fn member(&self, user: UserId) -> Option<wire::Member> {
        let row = self.people.get(user);
        let shown = wire::Member {
            id: user.to_string(),
            email: row.map(|row| row.email.clone()).unwrap_or_default(),
            email_verified: row.map(|row| row.verified_at.is_some()),
            name: self.name_of_member(user),
            status: wire::MemberStatus::Pending,
            joined_at: None,
            until: None,
            last_sign_in_at: row.and_then(|row| row.last_sign_in_at),
            auth_methods: row.map(auth_methods).unwrap_or_default(),
            external_id: None,
            attributes: shown_attributes(self.account.member_attributes(user)),
            roles: Vec::new(),
            invitation: None,
            revision: 0,
        };
        if let Some(member) = self.account.member(user) {
            return Some(wire::Member {
                status: status(self.account.member_status_at(user, self.now).unwrap_or(member.value.status)),
                joined_at: Some(member.value.joined_at),
                until: self.account.member_until(user),
                external_id: member.value.external_id.as_ref().map(ToString::to_string),
                roles: self.roles_held(Principal::Member(user)),
                revision: member.revision.0,
                ..shown
            });
        }
        let id = self.account.waiting_invitation(user)?;
        let invitation = self.account.invitation(id)?;
        Some(wire::Member {
            // When somebody else last signed in, or what they proved elsewhere, is not for an account to know before they join it.
            last_sign_in_at: None,
            auth_methods: Vec::new(),
            email_verified: None,
            roles: invitation.value.grants.iter().map(|grant| self.promised_role(grant)).collect(),
            until: invitation.value.member_until,
            invitation: Some(id.to_string()),
            revision: invitation.revision.0,
            ..shown
        })
    }

    /// The roles that a principal has: by its own grants, as everybody, and through groups. Those that have ended by
    /// themselves are left out.
    pub fn roles_held(&self, principal: Principal) -> Vec<wire::RoleHeld> {
        let mut held = Vec::new();
        if let (Principal::Member(_), Some(role)) = (principal, self.account.newcomer_role()) {
            held.push(wire::RoleHeld {
                role: role.to_string(),
                title: self.role_title(&role),
                via: wire::RoleSource::Newcomer,
                grant: None,
                group: None,
                scope: wire::Scope::Account,
                until: None,
            });
        }
        self.add_granted(&mut held, principal, None);
        for group in self.account.groups_with(principal) {
            self.add_granted(&mut held, Principal::Group(group), Some(group));
        }
        held
    }

    fn add_granted(&self, held: &mut Vec<wire::RoleHeld>, holder: Principal, group: Option<GroupId>) {
        let live = self.account.grants_of(holder).filter(|(_, grant)| grant.value.is_live(self.now));
        held.extend(live.map(|(id, grant)| wire::RoleHeld {
            role: grant.value.role.to_string(),
            title: self.role_title(&grant.value.role),
            via: if group.is_some() { wire::RoleSource::Group } else { wire::RoleSource::Grant },
            grant: Some(id.to_string()),
            group: group.map(|group| group.to_string()),
            scope: scope(&grant.value.scope),
            until: grant.value.until,
        }));
    }

    fn promised_role(&self, grant: &RoleAtScope) -> wire::RoleHeld {
        wire::RoleHeld {
            role: grant.role.to_string(),
            title: self.role_title(&grant.role),
            via: wire::RoleSource::Grant,
            grant: None,
            group: None,
            scope: scope(&grant.scope),
            until: grant.until,
        }
    }

    /// Whether a member has a role anywhere, for filters: as everybody, by a live grant, or through a group.
    pub fn has_role(&self, user: UserId, role: &bailiwick_core::account::RoleRef) -> bool {
        let member = Principal::Member(user);
        let holders = self.account.groups_with(member).map(Principal::Group).chain([member]);
        let mut grants = holders.flat_map(|holder| self.account.grants_of(holder));
        let granted = grants.any(|(_, grant)| grant.value.role == *role && grant.value.is_live(self.now));
        let member = self.account.member(user).is_some();
        granted || (member && self.account.newcomer_role().as_ref() == Some(role)) || {
            let waiting = self.account.waiting_invitation(user).and_then(|id| self.account.invitation(id));
            waiting.is_some_and(|found| found.value.grants.iter().any(|grant| grant.role == *role))
        }
    }

    /// A role at a scope as an invitation promises it.
    pub fn promised(&self, grant: &RoleAtScope) -> wire::PromisedGrant {
        let RoleAtScope { role, scope: at, until } = grant;
        wire::PromisedGrant {
            role: role.to_string(),
            title: self.role_title(role),
            scope: scope(at),
            until: *until,
        }
    }
}

/// A member as somebody may be told of them who named them by their email and does not see them.
pub fn by_email_alone(member: wire::Member) -> wire::Member {
    wire::Member {
        name: None,
        email_verified: None,
        last_sign_in_at: None,
        auth_methods: Vec::new(),
        external_id: None,
        attributes: wire::Attributes::default(),
        ..member
    }
}

/// How somebody can sign in.
fn auth_methods(row: &bailiwick_store::UserRow) -> Vec<String> {
    row.password_hash.iter().map(|_| "password".to_owned()).collect()
}

/// How a member stands.
fn status(status: MemberStatus) -> wire::MemberStatus {
    match status {
        MemberStatus::Pending => wire::MemberStatus::Pending,
        MemberStatus::Active => wire::MemberStatus::Active,
        MemberStatus::Inactive => wire::MemberStatus::Inactive,
    }
}
